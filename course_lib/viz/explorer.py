"""A picture with sliders: turn one and see what it does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import Any

import ipywidgets
import numpy as np

from course_lib.viz.before_after import png_file, with_still
from course_lib.viz.canvas import picture_uint8
from course_lib.viz.output import checked_alt, image_html

Render = Callable[..., tuple[np.ndarray, str]]


class Explorer(ipywidgets.VBox):
    """Controls above the picture that they make; the still shows the picture as it stands.

    Attributes:
        controls: name → control; setting a control's ``value`` redraws, too.
    """

    def __init__(
        self, render: Render, controls: Mapping[str, ipywidgets.ValueWidget], *, alt: str
    ) -> None:
        """Draw the picture for the controls' first values.

        Args:
            render: called with the controls' values by name; gives the picture (H×W×3 or
                H×W, uint8 or floats in [0, 1]) and a line of text about it, such as its PSNR.
                It should take less than 100 ms, and make its own random generator from a
                seed, so that a picture depends on the values alone.
            controls: name → an ipywidgets control with a ``value``, such as a FloatSlider. Its
                ``description`` is what the reader sees; without one, the name.
            alt: what the picture shows, for readers who can't see it; see `show`. The values
                of the controls and the line of text are added to it.

        Raises:
            ValueError: no controls, ``alt`` isn't a sentence.
        """
        if not controls:
            raise ValueError("an explorer needs at least one control")
        self._render, self._alt = render, checked_alt(alt)
        self.controls = dict(controls)
        self._picture = ipywidgets.HTML()
        for name, control in self.controls.items():
            control.description = control.description or name
            control.style.description_width = "9em"
            control.layout.width = "min(30em, 100%)"
            control.observe(self._redraw, names="value")
        self._draw()
        super().__init__([*self.controls.values(), self._picture])

    def still(self) -> str:
        """The picture for the present values, as HTML, for pages without widgets."""
        return self._picture.value

    def _redraw(self, change: Any) -> None:
        try:
            self._draw()
        except Exception as error:  # a widget's callback has nobody else to tell
            message = f"{type(error).__name__}: {error}"
            self._picture.value = f'<p role="alert">{escape(message)}</p>'

    def _draw(self) -> None:
        values = {name: control.value for name, control in self.controls.items()}
        picture, line = self._render(**values)
        pixels = picture_uint8(picture, what="the explorer's picture")
        width = pixels.shape[1]
        image = image_html(
            png_file(pixels, compress_level=1),
            alt=f"{self._alt} {self._settings()}. {line}",
            width=width * max(1, 768 // width),
            pixelated=True,
        )
        self._picture.value = (
            f'<figure style="margin:0">{image}'
            f'<figcaption aria-live="polite">{escape(line)}</figcaption></figure>'
        )

    def _settings(self) -> str:
        return ", ".join(f"{c.description} {c.value}" for c in self.controls.values())

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict, dict]:
        return with_still(super()._repr_mimebundle_(**kwargs), self.still(), self._alt)
