"""The style of all figures: colours that colour-blind readers can tell apart, large text."""

from __future__ import annotations

import matplotlib as mpl
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Figures are rendered at 200 dots an inch and shown at half of their pixels, so 100 CSS pixels
# an inch: sharp on dense screens, and text of 12 points is 16.7 CSS pixels high.
DPI = 200
WIDTH = 9.0  # inches of a full-width figure, 900 CSS pixels
FONT_POINTS = 12

# Chosen so that every two colours differ by CIEDE2000 ≥ 20 under each kind of colour
# blindness, and each has a contrast ≥ 3:1 against white. Series that a figure compares also
# differ in line style and marker, for print without colour.
RAINY = "#777777"
CLEAN = "#000000"
RESTORED = "#1E88E5"
GENERATOR = "#D55E00"
DISCRIMINATOR = "#332288"
SIXTH = "#900000"

# The look of a series whose label is one of the course's words.
ROLES = {
    "rainy": {"color": RAINY, "linestyle": ":", "marker": "v"},
    "clean": {"color": CLEAN, "linestyle": "--", "marker": "D"},
    "restored": {"color": RESTORED, "linestyle": "-", "marker": "o"},
    "generator": {"color": GENERATOR, "linestyle": "-", "marker": "^"},
    "discriminator": {"color": DISCRIMINATOR, "linestyle": "--", "marker": "s"},
}
# Lines to compare with look as the rainy input does, with which none shares a plot.
REFERENCES = {"even game": ROLES["rainy"]}

# The looks that other series get, in this order.
SERIES = (
    {"color": RESTORED, "linestyle": "-", "marker": "o"},
    {"color": GENERATOR, "linestyle": "--", "marker": "^"},
    {"color": DISCRIMINATOR, "linestyle": "-.", "marker": "s"},
    {"color": RAINY, "linestyle": ":", "marker": "v"},
    {"color": SIXTH, "linestyle": (0, (6, 1, 1, 1, 1, 1)), "marker": "P"},
    {"color": CLEAN, "linestyle": (0, (8, 3)), "marker": "D"},
)


def use_style() -> None:
    """Set the course's style for all matplotlib figures made from now on.

    Importing `course_lib.viz` has done this already.
    """
    mpl.rcParams.update(
        {
            "figure.dpi": DPI,
            "savefig.dpi": "figure",
            "figure.figsize": (WIDTH, 3.6),
            "figure.facecolor": "white",  # not transparent: dark pages would hide the text
            "savefig.facecolor": "white",
            "font.family": "DejaVu Sans",  # comes with matplotlib, so figures are alike everywhere
            "font.size": FONT_POINTS,
            "axes.titlesize": FONT_POINTS,
            "axes.labelsize": FONT_POINTS,
            "xtick.labelsize": FONT_POINTS - 1,
            "ytick.labelsize": FONT_POINTS - 1,
            "legend.fontsize": FONT_POINTS - 1,
            "legend.frameon": False,
            "legend.handlelength": 3.0,  # long enough to show the line style
            "axes.prop_cycle": cycler(
                color=[look["color"] for look in SERIES],
                linestyle=[look["linestyle"] for look in SERIES],
            ),
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "grid.color": "#DDDDDD",
            "axes.axisbelow": True,
            "lines.linewidth": 2.0,
            "lines.markersize": 6.0,
            "image.interpolation": "nearest",
            "image.cmap": "cividis",
        }
    )


def panels(count: int = 1, *, columns: int | None = None) -> tuple[Figure, list[Axes]]:
    """Make a figure of the course's standard width with ``count`` axes, in reading order.

    Args:
        count: 1 to 6; a figure with more is hard to read.
        columns: axes beside each other; without it 1 to 3, whichever fits.

    Raises:
        ValueError: no axes, more than six, or no columns.
    """
    if not 1 <= count <= 6:
        raise ValueError(f"a figure has 1 to 6 panels, not {count}: show two figures")
    columns = columns or (3 if count in (3, 5, 6) else min(count, 2))
    if columns < 1:
        raise ValueError(f"columns is {columns}; a figure has at least one")
    columns = min(columns, count)
    rows = -(-count // columns)
    height = {1: 4.0, 2: 3.4}.get(columns, 3.0)
    # Not pyplot: its figures live until somebody closes them, and a notebook draws them twice.
    figure = Figure(figsize=(WIDTH, height * rows), layout="constrained")
    axes = [figure.add_subplot(rows, columns, n + 1) for n in range(count)]
    return figure, axes
