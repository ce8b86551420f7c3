"""A sheet of pixels for pictures and text. It never resamples a picture."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from matplotlib.figure import Figure
from matplotlib.textpath import TextPath

from course_lib.ranges import to_uint8
from course_lib.viz.style import DPI, FONT_POINTS

LINE = 46  # pixels from one line of text to the next
LETTER = 18  # pixels that a letter takes on average, with something to spare
ASCENT = 12  # pixels from a line's bottom up to its baseline
ORANGE = np.array([213, 94, 0], np.uint8)  # style.GENERATOR, seen well over photographs


@dataclass(kw_only=True)
class Sheet:
    """A white sheet of H×W pixels. Matplotlib's axes would resample pictures."""

    height: int
    width: int
    pixels: np.ndarray = field(init=False)
    texts: list[tuple[int, int, str]] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.pixels = np.full((self.height, self.width, 3), 255, np.uint8)

    def paste(self, picture: np.ndarray, *, left: int, top: int, scale: int = 1) -> None:
        """Paste a uint8 H×W×3 picture, each of its pixels as scale×scale pixels."""
        enlarged = picture.repeat(scale, axis=0).repeat(scale, axis=1)
        self.pixels[top : top + enlarged.shape[0], left : left + enlarged.shape[1]] = enlarged

    def frame(self, *, left: int, top: int, height: int, width: int, thickness: int = 5) -> None:
        """Draw a frame around a region, without changing the region."""
        for inset, colour in ((thickness + 2, 255), (thickness, ORANGE)):
            y, x = max(0, top - inset), max(0, left - inset)
            outer = self.pixels[y : top + height + inset, x : left + width + inset]
            inside = self.pixels[top : top + height, left : left + width].copy()
            outer[:] = colour
            self.pixels[top : top + height, left : left + width] = inside

    def text(self, text: str, *, left: int, bottom: int) -> None:
        """Write lines of text, the last one just above ``bottom``."""
        for n, line in enumerate(reversed(text.split("\n"))):
            self.texts.append((left, bottom - n * LINE - ASCENT, line))

    def figure(self) -> Figure:
        """Return the sheet as a figure with exactly its pixels."""
        # Half a pixel more: a width like 57/200 inch times 200 dots falls just short of 57.
        size = ((self.width + 0.5) / DPI, (self.height + 0.5) / DPI)
        figure = Figure(figsize=size, dpi=DPI)
        figure.figimage(self.pixels, origin="upper")
        for left, baseline, line in self.texts:
            figure.text(
                left / self.width,
                1 - baseline / self.height,
                line,
                va="baseline",
                fontsize=FONT_POINTS,
                parse_math=False,  # a dollar sign in a title is a dollar sign
            )
        return figure


def text_width(text: str) -> int:
    """Return the width of a text's longest line, in pixels of a sheet."""
    paths = [TextPath((0, 0), line, size=FONT_POINTS) for line in text.split("\n") if line]
    return round(max((path.get_extents().x1 for path in paths), default=0) * DPI / 72)


def picture_uint8(picture: np.ndarray, *, what: str) -> np.ndarray:
    """Convert a picture to uint8 H×W×3; grey H×W becomes three equal colours.

    Args:
        picture: uint8, bool, or floats in [0, 1]; H×W×3 or H×W.
        what: names the picture in errors.

    Raises:
        ValueError: another shape, or values outside [0, 1].
        TypeError: another type of number.
    """
    picture = np.asarray(picture)
    if picture.ndim not in (2, 3) or (picture.ndim == 3 and picture.shape[2] != 3):
        raise ValueError(
            f"{what} has the shape {picture.shape}; a picture is H×W×3, or H×W if it is grey. "
            "A network's output is turned into pictures by ranges.from_model"
        )
    if picture.dtype == bool:
        picture = picture.astype(np.float32)
    picture = to_uint8(picture)
    return picture if picture.ndim == 3 else np.stack([picture] * 3, axis=2)
