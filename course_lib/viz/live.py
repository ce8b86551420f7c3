"""Losses and metrics, drawn while a network trains."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from IPython.core.getipython import get_ipython
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from course_lib.viz.curves import put_legend, running_mean, series_looks
from course_lib.viz.output import checked_alt, figure_png, image_html
from course_lib.viz.progress import Progress
from course_lib.viz.style import panels

# Axis label → {key of the training record: label of its curve}.
GAME = {
    "loss": {"loss_d": "discriminator", "loss_g": "generator"},
    "PSNR on held-out pictures (dB)": {"psnr": "restored"},
}
SHARE = 0.015  # of the time may go into drawing; with the rest, training loses under 2 %


class LivePlot:
    """A training callback: plots that update in place, and a progress bar.

    It redraws at most once a second, and so seldom that training loses less than 2 % of its
    time. Each step is a thin line, the running mean over 2 % of the steps so far a bold one.
    In an executed notebook one figure remains, the last; outside notebooks only the
    progress is shown.

    Example:
        ``live = LivePlot(steps=300)``, then ``train(…, callbacks=[monitor, live])``, then
        ``live.close(alt="Losses and PSNR over 300 steps: …")``. Callbacks that add to the
        record come first.
    """

    def __init__(self, plots: Mapping[str, Mapping[str, str]] = GAME, *, steps: int) -> None:
        """Prepare the figure; it is shown after a second of training.

        Args:
            plots: axis label → {key of the record: label of its curve}, one to six axes;
                the default shows both players' losses, and the PSNR.
            steps: how many records will come, for the expected time.

        Raises:
            ValueError: no plots or more than six, too many curves in one, or no steps.
        """
        self.steps = steps
        self._figure, axes = panels(len(plots))
        self._curves = [
            curve
            for (ylabel, labels), ax in zip(plots.items(), axes, strict=True)
            for curve in _prepare(ax, ylabel, labels, steps)
        ]
        self._waiting: list[Mapping[str, float]] = []
        self._progress = Progress(steps)
        if get_ipython() is not None:
            figure_png(self._figure, fast=True)  # the first one is slow: now, not while training
        self._next_draw = time.perf_counter() + 1
        self._handle: Any = None
        self._closed = False

    def __call__(self, record: Mapping[str, float]) -> None:
        """Take the record of one step: its ``step``, and any of the plotted keys."""
        self._waiting.append(record)  # to read a loss from a GPU at each step would slow it down
        self._progress(record)
        if get_ipython() is not None and time.perf_counter() >= self._next_draw:
            self._take()
            self._draw(f"Training so far. {self._latest()}")

    def resume(self, history: Sequence[Mapping[str, float]]) -> None:
        """Take the steps that a run had taken before it was cut, or all of one that had ended."""
        for curve in self._curves:
            curve.x.clear()
            curve.y.clear()
        self._waiting = list(history)
        self._progress.resume(history)

    def close(self, *, alt: str) -> None:
        """Draw the final figure; the last measured values are added to its alternative text.

        Args:
            alt: what the curves show; see `show`.

        Raises:
            ValueError: ``alt`` isn't a sentence.
        """
        self._take()
        alt = f"{checked_alt(alt)} {self._latest()}"
        if self._closed:
            return
        self._closed = True
        self._progress.close()
        if get_ipython() is None:
            print(alt)
        else:
            self._draw(alt, final=True)

    def _take(self) -> None:
        """Put the records that wait into the curves."""
        for record in self._waiting:
            for curve in self._curves:
                if curve.key in record:
                    curve.x.append(record["step"])
                    curve.y.append(record[curve.key])
        self._waiting = []

    def _draw(self, alt: str, *, final: bool = False) -> None:
        begun = time.perf_counter()
        for curve in filter(lambda curve: curve.y, self._curves):
            window = max(1, len(curve.y) // 50)
            curve.thin.set_data(curve.x, curve.y)
            curve.bold.set_data(running_mean(curve.x, window), running_mean(curve.y, window))
        for ax in self._figure.axes:
            ax.relim()
            ax.autoscale_view(scalex=False)
        png = figure_png(self._figure, fast=not final)
        html = image_html(png, alt=alt, width=int(self._figure.bbox.width) // 2)
        bundle = {"text/html": html, "text/plain": alt}
        if self._handle is None:
            self._handle = display(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)
        now = time.perf_counter()
        self._next_draw = now + max(1.0, (now - begun) * (1 / SHARE - 1))

    def _latest(self) -> str:
        """The last value of every curve, in words."""
        last = [
            f"{curve.bold.get_label()} {curve.y[-1]:.3g} ({curve.ylabel})"
            for curve in self._curves
            if curve.y
        ]
        return f"At step {self._progress.done} of {self.steps}: {', '.join(last) or 'no values'}."


@dataclass(kw_only=True)
class _Curve:
    """One key of the record: its two lines, and its points so far."""

    key: str
    ylabel: str
    thin: Line2D
    bold: Line2D
    x: list[float] = field(default_factory=list)
    y: list[float] = field(default_factory=list)


def _prepare(ax: Axes, ylabel: str, labels: Mapping[str, str], steps: int) -> list[_Curve]:
    """Empty axes, and the curves that will be drawn there."""
    ax.set(xlabel="step", ylabel=ylabel, xlim=(0, steps))
    curves = []
    for key, look in zip(labels, series_looks(list(labels.values())).values(), strict=True):
        thin = ax.plot([], [], color=look["color"], linestyle="-", linewidth=1, alpha=0.35)[0]
        bold = ax.plot([], [], **(look | {"marker": ""}), label=labels[key])[0]
        curves.append(_Curve(key=key, ylabel=ylabel, thin=thin, bold=bold))
    put_legend(ax)
    return curves
