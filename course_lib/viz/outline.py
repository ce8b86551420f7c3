"""A picture on which a reader outlines regions, such as artifacts."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets

from course_lib.viz.output import checked_alt, data_url, image_html, png_file, with_still
from course_lib.viz.sheet import picture_uint8

_FOLDER = Path(__file__).parent
EMPTY = "No outline yet. Click corners, or use the arrow keys and Space; Enter closes the outline."


class Outline(anywidget.AnyWidget):
    """A picture to draw outlines on, with mouse, touch or keyboard.

    Where widgets aren't shown, its still is: the picture with the outlines so far.

    Attributes:
        outlines: each a list of corners (x, y) in pixels; setting it redraws and scores.

    Example:
        ``Outline(gan, score=lambda mask: f"IoU {iou(mask, truth):.2f}", alt="…")``.
    """

    _esm = _FOLDER / "outline.js"
    _css = _FOLDER / "outline.css"
    _ipython_display_ = None  # ipywidgets 7, Colab's, would leave the still out

    picture = traitlets.Unicode().tag(sync=True)
    alt = traitlets.Unicode().tag(sync=True)
    size = traitlets.List(traitlets.Int()).tag(sync=True)
    width = traitlets.Int().tag(sync=True)
    outlines: traitlets.List = traitlets.List().tag(sync=True)
    verdict = traitlets.Unicode(EMPTY).tag(sync=True)

    def __init__(
        self, picture: np.ndarray, *, score: Callable[[np.ndarray], str], alt: str
    ) -> None:
        """Prepare the picture; as the last line of a cell it shows itself.

        Args:
            picture: H×W×3 or H×W, uint8 or floats in [0, 1].
            score: called with the mask, bool H×W, after each change of the outlines; gives a line
                of text.
            alt: what the picture shows, for readers who can't see it; see `show`.

        Raises:
            ValueError: ``alt`` isn't a sentence.
            TypeError, ValueError: pixels of another type or range.
        """
        self._pixels, self._score = picture_uint8(picture, what="picture"), score
        height, width = self._pixels.shape[:2]
        super().__init__(
            picture=data_url(png_file(self._pixels)),
            alt=checked_alt(alt),
            size=[width, height],
            width=width * max(1, 640 // width),
        )
        self.observe(self._scored, names="outlines")

    @traitlets.validate("outlines")
    def _sound(self, proposal: Any) -> list:
        from course_lib.artifacts.truth import polygon_mask  # loads torch

        width, height = self.size
        try:
            polygon_mask(proposal["value"], height, width)
        except ValueError as error:
            raise traitlets.TraitError(str(error)) from None
        return list(proposal["value"])

    @property
    def mask(self) -> np.ndarray:
        """What the outlines enclose: bool H×W."""
        from course_lib.artifacts.truth import polygon_mask  # loads torch

        width, height = self.size
        return polygon_mask(self.outlines, height, width)

    def save(self, path: Path | str) -> None:
        """Write the outlines as labelme does, a JSON file.

        Raises:
            FileExistsError: there is a file of this name; it stays.
            OSError: a full disk, or a folder that can't be written.
        """
        from course_lib.artifacts.truth import write_labelme

        width, height = self.size
        write_labelme(Path(path), self.outlines, height, width)

    def still(self) -> str:
        """Return the picture, in orange what was outlined, and the score, as HTML."""
        shown = self._pixels.copy()
        mask = self.mask
        shown[mask] = shown[mask] // 2 + np.array([115, 80, 0], np.uint8)
        picture = image_html(png_file(shown), alt=self.alt, width=self.width, pixelated=True)
        return f"{picture}<p>{escape(self.verdict)}</p>"

    def _scored(self, change: Any) -> None:
        try:
            self.verdict = self._score(self.mask) if self.outlines else EMPTY
        except Exception as error:  # a widget's callback has nobody else to tell
            self.verdict = f"{type(error).__name__}: {error}"

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict, dict]:
        return with_still(super()._repr_mimebundle_(**kwargs), self.still(), self.alt)
