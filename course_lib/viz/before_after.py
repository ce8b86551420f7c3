"""A slider between two pictures of the same size, such as before and after."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets

from course_lib.viz.output import checked_alt, data_url, image_html, png_file, with_still
from course_lib.viz.sheet import picture_uint8

_FOLDER = Path(__file__).parent


class BeforeAfter(anywidget.AnyWidget):
    """A slider between two pictures, for mouse, touch and keyboard (arrows, Home, End).

    Everything happens in the page: once shown it needs neither a kernel nor a network. Where
    widgets aren't shown, its still is: both pictures side by side.
    """

    _esm = _FOLDER / "before_after.js"
    _css = _FOLDER / "before_after.css"
    _ipython_display_ = None  # ipywidgets 7, Colab's, would leave the still out

    before = traitlets.Unicode().tag(sync=True)
    after = traitlets.Unicode().tag(sync=True)
    labels = traitlets.List(traitlets.Unicode()).tag(sync=True)
    alts = traitlets.List(traitlets.Unicode()).tag(sync=True)
    size = traitlets.List(traitlets.Int()).tag(sync=True)
    width = traitlets.Int().tag(sync=True)

    def __init__(
        self,
        before: np.ndarray,
        after: np.ndarray,
        *,
        labels: tuple[str, str] = ("rainy", "clean"),
        alts: tuple[str, str],
    ) -> None:
        """Prepare the slider; as the last line of a cell it shows itself.

        Args:
            before: shown left of the boundary; H×W×3 or H×W, uint8 or floats in [0, 1].
            after: shown right of it; the same size.
            labels: what the two are, in the course's words.
            alts: what each of the two shows, for readers who can't see it; see `show`.

        Raises:
            ValueError: pictures of different sizes, alternative texts that aren't sentences.
            TypeError, ValueError: pixels of another type or range.
        """
        first = picture_uint8(before, what=f"before ({labels[0]})")
        second = picture_uint8(after, what=f"after ({labels[1]})")
        if first.shape != second.shape:
            (h, w), (h2, w2) = first.shape[:2], second.shape[:2]
            raise ValueError(
                f"before is {h}×{w} and after {h2}×{w2} (height×width): crop them alike"
            )
        height, width = first.shape[:2]
        self._pngs = png_file(first), png_file(second)
        super().__init__(
            before=data_url(self._pngs[0]),
            after=data_url(self._pngs[1]),
            labels=list(labels),
            alts=[f"{label}: {checked_alt(alt)}" for label, alt in zip(labels, alts, strict=True)],
            size=[width, height],
            # A small crop is enlarged by a whole number, so that its pixels are seen.
            width=width * max(1, 512 // width),
        )

    def still(self) -> str:
        """Return both pictures side by side, as HTML, for pages without widgets."""
        figures = "".join(
            '<figure style="margin:0;flex:0 1 auto">'
            + image_html(png, alt=alt, width=self.width, pixelated=True)
            + f"<figcaption>{escape(label)}</figcaption></figure>"
            for png, label, alt in zip(self._pngs, self.labels, self.alts, strict=True)
        )
        return f'<div style="display:flex;flex-wrap:wrap;gap:8px">{figures}</div>'

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict, dict]:
        return with_still(super()._repr_mimebundle_(**kwargs), self.still(), "\n".join(self.alts))
