"""Curves over steps or settings, with the spread over seeds as a band."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from course_lib.viz.output import show
from course_lib.viz.style import FONT_POINTS, REFERENCES, ROLES, SERIES, panels

Series = Mapping[str, tuple[ArrayLike, ArrayLike]]


def curves(
    series: Series,
    *,
    xlabel: str,
    ylabel: str,
    title: str = "",
    yscale: str = "linear",
    alt: str,
) -> None:
    """Show one line per series, with a band from the lowest to the highest seed.

    Args:
        series: label → (x, y) with x of length N and y of length N for one run, or S×N for
            S seeds. A label that is one of the course's words, such as ``"restored"`` or
            ``"generator"``, has the same look in all figures.
        xlabel: what x is, with its unit.
        ylabel: what y is, with its unit, such as ``"PSNR (dB)"``.
        title: what all curves have in common; empty for none.
        yscale: ``"linear"`` or ``"log"``.
        alt: what the curves do, for readers who can't see them; see `show`.

    Raises:
        ValueError: no or too many series, x and y of different lengths.
    """
    figure, (axes,) = panels()
    draw_curves(axes, series, xlabel=xlabel, ylabel=ylabel, title=title, yscale=yscale)
    show(figure, alt=alt)


def draw_curves(
    axes: Axes,
    series: Series,
    *,
    xlabel: str,
    ylabel: str,
    title: str = "",
    yscale: str = "linear",
) -> None:
    """Draw what `curves` shows into one of the axes of `panels`, for figures with several."""
    looks = series_looks(list(series))
    seeds: set[int] = set()
    for label, (x, y) in series.items():
        x, runs = np.asarray(x, float), np.atleast_2d(np.asarray(y, float))
        if x.ndim != 1 or runs.shape[1:] != x.shape:
            raise ValueError(
                f"series {label!r} has x of the shape {x.shape} and y of {np.shape(y)}: "
                "x holds N values, y N values or S×N for S seeds"
            )
        look = looks[label]
        # Markers on a few of many points tell lines apart without hiding them.
        every = max(1, len(x) // 8)
        axes.plot(x, runs.mean(axis=0), **look, markevery=every, label=label)
        if len(runs) > 1:
            low, high = runs.min(axis=0), runs.max(axis=0)
            axes.fill_between(x, low, high, color=look["color"], alpha=0.2, linewidth=0)
            seeds.add(len(runs))
    axes.set(xlabel=xlabel, ylabel=ylabel, yscale=yscale)
    if seeds:
        counts = " to ".join(str(n) for n in sorted({min(seeds), max(seeds)}))
        title = "\n".join(filter(None, [title, f"mean and range of {counts} seeds"]))
    put_legend(axes, title)


def running_mean(numbers: Sequence[float], window: int) -> np.ndarray:
    """Return the running mean over ``window`` values; it is ``window`` − 1 values shorter."""
    return np.convolve(numbers, np.full(window, 1 / window), "valid")


def put_legend(axes: Axes, title: str = "") -> None:
    """Put the legend and the title above the axes, where they can't hide a curve."""
    short = all(len(label) <= 16 for label in axes.get_legend_handles_labels()[1])
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=2 if short else 1,
        columnspacing=1.5,
        title=title or None,
        title_fontsize=FONT_POINTS,
        alignment="left",
        borderaxespad=0.2,
    )


def series_looks(labels: Sequence[str]) -> dict[str, dict]:
    """Return colour, line style and marker of each series: its role's, or the next free ones.

    Raises:
        ValueError: no series, or more than can be told apart.
    """
    if not 1 <= len(labels) <= len(SERIES):
        raise ValueError(
            f"one plot shows 1 to {len(SERIES)} series that can be told apart, not {len(labels)}: "
            "draw two panels"
        )
    known = ROLES | REFERENCES
    looks = {label: known[label] for label in labels if label in known}
    taken = {look["color"] for look in looks.values()}
    free = (look for look in SERIES if look["color"] not in taken)
    return {label: looks[label] if label in looks else next(free) for label in labels}
