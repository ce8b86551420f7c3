"""A slider over a recorded training run: pictures and curves at the same step."""

from __future__ import annotations

import textwrap
from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course_lib.results.recordings import ENLARGED, Recording, sprite
from course_lib.viz.curves import put_legend, running_mean, series_looks
from course_lib.viz.grids import sheet_figure
from course_lib.viz.output import checked_alt, data_url, figure_png, image_html, with_still
from course_lib.viz.style import WIDTH, panels

Plots = Mapping[str, Mapping[str, str]]

_FOLDER = Path(__file__).parent
_ROW = 2.5  # inches of a row of plots: low, so that they are seen together with the pictures


class Scrubber(anywidget.AnyWidget):
    """A slider over the frames of a recorded run, for mouse, touch and keyboard.

    Above, the rainy crops, what G made of them at that step, and the clean ones; below, the
    curves with a line at the step, and their values there. Everything happens in the page: once
    shown it needs neither a kernel nor a network. Where widgets aren't shown, its still is:
    four frames from the first to the last, and the curves.

    Example:
        ``Scrubber(recordings.load("lesson-01-a"), curves={"loss": {"loss_d": "discriminator",
        "loss_g": "generator"}}, alt="The crops turn into one grey pattern while …")``.
    """

    _esm = _FOLDER / "scrubber.js"
    _css = _FOLDER / "scrubber.css"
    _ipython_display_ = None  # ipywidgets 7, Colab's, would leave the still out

    alt = traitlets.Unicode().tag(sync=True)
    sprite = traitlets.Bytes().tag(sync=True)
    crops = traitlets.Dict().tag(sync=True)
    figure = traitlets.Dict().tag(sync=True)
    plots: traitlets.List = traitlets.List().tag(sync=True)
    steps = traitlets.List(traitlets.Int()).tag(sync=True)

    def __init__(
        self,
        recording: Recording,
        *,
        curves: Plots,
        alt: str,
        limits: Mapping[str, tuple[float, float]] | None = None,
        log: Collection[str] = (),
    ) -> None:
        """Prepare the slider; as the last line of a cell it shows itself.

        A thin line is what was measured, a bold one its running mean over 2 % of the points.
        The value printed at a step is the last one measured up to it.

        Args:
            recording: the run.
            curves: axis label → {key of the recording: label of its curve}, one to four axes.
            alt: what pictures and curves show, for readers who can't see them; see `show`.
            limits: axis label → lowest and highest value shown, the same for runs that are to
                be compared; without them an axis fits its own curves.
            log: labels of the axes that are logarithmic.

        Raises:
            ValueError: no axes or more than four, a key that wasn't recorded, too many curves
                in one of the axes, ``alt`` isn't a sentence, pictures of more than 1.5 MB.
        """
        alt = checked_alt(alt)
        _require_curves(recording, curves)
        steps = [step for step, _ in recording.frames]
        figure, axes = _draw(recording, curves)
        for ax, axis in zip(axes, curves, strict=True):
            ax.set_yscale("log" if axis in log else "linear")
            ax.set_ylim(*(limits or {}).get(axis, (None, None)))
        self._png = figure_png(figure)
        self._recording = recording
        count, height, width = recording.rainy.shape[:3]
        super().__init__(
            alt=alt,
            sprite=sprite(recording),
            crops={"count": count, "height": height, "width": width, "enlarged": ENLARGED},
            figure={
                "src": data_url(self._png),
                "width": int(figure.bbox.width) // 2,
                "alt": _summary(recording, curves),
            },
            plots=[
                {
                    "axis": axis,
                    "area": _area(ax),
                    "last": ax.get_xlim()[1],
                    "curves": [
                        {"label": label, "values": _values(*recording.curves[key], steps)}
                        for key, label in labels.items()
                    ],
                }
                for ax, (axis, labels) in zip(axes, curves.items(), strict=True)
            ],
            steps=steps,
        )

    def still(self) -> str:
        """Return four frames between the rainy and the clean crops, and the curves, as HTML."""
        frames = self._recording.frames
        # Rounded like this, two frames of a short run may be the same one.
        telling = dict.fromkeys(round(n) for n in np.linspace(0, len(frames) - 1, 4))
        rows = {
            "rainy": list(self._recording.rainy),
            **{f"G, step {frames[n][0]}": list(frames[n][1]) for n in telling},
            "clean": list(self._recording.clean),
        }
        sheet, width = sheet_figure(rows)
        pictures = image_html(
            figure_png(sheet), alt=f"{self.alt} Rows: {'; '.join(rows)}.", width=width
        )
        plots = image_html(self._png, alt=self.figure["alt"], width=self.figure["width"])
        return f"<div>{pictures}</div><div>{plots}</div>"

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict, dict]:
        return with_still(super()._repr_mimebundle_(**kwargs), self.still(), self.alt)


def _draw(recording: Recording, curves: Plots) -> tuple[Figure, list[Axes]]:
    """Draw the plots side by side, from step 0 to the run's last step."""
    figure, axes = panels(len(curves), columns=2)
    figure.set_size_inches(WIDTH, _ROW * -(-len(curves) // 2))
    shown = [recording.curves[key][0] for labels in curves.values() for key in labels]
    last = max([recording.frames[-1][0], *(steps[-1] for steps in shown)])
    for ax, (axis, labels) in zip(axes, curves.items(), strict=True):
        looks = series_looks(list(labels.values()))
        for key, label in labels.items():
            steps, values = recording.curves[key]
            ax.plot(steps, values, color=looks[label]["color"], linestyle="-", lw=1, alpha=0.35)
            window = max(1, len(steps) // 50)
            smooth = (running_mean(steps, window), running_mean(values, window))
            ax.plot(*smooth, **(looks[label] | {"marker": ""}), label=label)
        ax.set(xlabel="step", ylabel=textwrap.fill(axis, 18), xlim=(0, last))
        put_legend(ax)
    return figure, axes


def _area(ax: Axes) -> list[float]:
    """Return left, top, width and height of axes, as fractions of the figure."""
    box = ax.get_position()
    return [box.x0, 1 - box.y1, box.width, box.height]


def _values(steps: Sequence[float], values: Sequence[float], frames: Sequence[int]) -> list[str]:
    """Return the value that is read out at each frame: the last one up to it, or the first."""
    return [f"{values[max(0, bisect_right(steps, frame) - 1)]:.3g}" for frame in frames]


def _summary(recording: Recording, curves: Plots) -> str:
    """Describe the first, last, lowest and highest value of each curve, in words."""
    plots = []
    for axis, labels in curves.items():
        parts = []
        for key, label in labels.items():
            values = recording.curves[key][1]
            parts.append(
                f"{label} begins at {values[0]:.3g}, ends at {values[-1]:.3g}, and stays between "
                f"{min(values):.3g} and {max(values):.3g}"
            )
        plots.append(f"{axis}: {'; '.join(parts)}.")
    return f"Curves over the steps of the run. {' '.join(plots)}"


def _require_curves(recording: Recording, curves: Plots) -> None:
    if not 1 <= len(curves) <= 4:
        raise ValueError(f"a scrubber has 1 to 4 plots, not {len(curves)}: leave some out")
    for axis, labels in curves.items():
        if unknown := [key for key in labels if key not in recording.curves]:
            raise ValueError(
                f"the plot {axis!r} wants {unknown[0]!r}, which {recording.name!r} hasn't "
                f"recorded; there are {', '.join(recording.curves)}"
            )
