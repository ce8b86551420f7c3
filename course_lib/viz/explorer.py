"""A picture that is redrawn when sliders move."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import ipywidgets
import numpy as np

from course_lib.viz.output import checked_alt, image_html, png_file, with_still
from course_lib.viz.sheet import picture_uint8

Render = Callable[..., np.ndarray | tuple[np.ndarray, str]]


class Explorer(ipywidgets.VBox):
    """Controls above the picture that they produce; the still shows the current picture.

    Attributes:
        controls: name → control; setting a control's ``value`` redraws, too.

    Example:
        ``Explorer(render, density=(0.2, 6.0, 1.5), kind=["light", "heavy"], alt="…")`` calls
        ``render(density=1.5, kind="light")``, and again whenever the reader changes one.
    """

    _ipython_display_ = None  # ipywidgets 7, Colab's, would leave the still out

    def __init__(self, render: Render, *, alt: str, **controls: Any) -> None:
        """Draw the picture for the controls' first values.

        Args:
            render: called with the controls' values by name; gives the picture (H×W×3 or
                H×W, uint8 or floats in [0, 1]), or the picture and a line of text about it,
                such as its PSNR. It should take less than 100 ms, and make its own random
                generator from a seed, so that the picture depends on the values alone.
            alt: what the picture shows, for readers who can't see it; see `show`. The values
                of the controls and the line of text are added to it.
            controls: name → (lowest, highest, first value), a slider, which has whole numbers
                if all three are; or a list of words to choose from, the first one first; or any
                ipywidgets control with a ``value``.

        Raises:
            ValueError: no controls, one that is none of these, ``alt`` isn't a sentence.
        """
        if not controls:
            raise ValueError("an explorer needs at least one control")
        self._render, self._alt = render, checked_alt(alt)
        self.controls = {name: _control(name, control) for name, control in controls.items()}
        self._picture = ipywidgets.HTML()
        for control in self.controls.values():
            control.observe(self._redraw, names="value")
        self._draw()
        super().__init__([*self.controls.values(), self._picture])

    def still(self) -> str:
        """Return the picture for the current values, as HTML, for pages without widgets."""
        return self._picture.value

    def _redraw(self, change: Any) -> None:
        try:
            self._draw()
        except Exception as error:  # a widget's callback has nobody else to tell
            message = f"{type(error).__name__}: {error}"
            self._picture.value = f'<p role="alert">{escape(message)}</p>'

    def _draw(self) -> None:
        drawn = self._render(**{name: control.value for name, control in self.controls.items()})
        picture, line = drawn if isinstance(drawn, tuple) else (drawn, "")
        pixels = picture_uint8(picture, what="the explorer's picture")
        width = pixels.shape[1]
        image = image_html(
            png_file(pixels, compress_level=1),
            alt=f"{self._alt} {self._settings()}. {line}".strip(),
            width=width * max(1, 512 // width),
            pixelated=True,
        )
        self._picture.value = (
            '<figure style="margin:0">'
            f'<figcaption aria-live="polite">{escape(line)}</figcaption>{image}</figure>'
        )

    def _settings(self) -> str:
        return ", ".join(f"{c.description} {c.value}" for c in self.controls.values())

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict, dict]:
        # ipywidgets 7 has no bundle of its own.
        view = {"version_major": 2, "version_minor": 0, "model_id": self.model_id}
        data = {"application/vnd.jupyter.widget-view+json": view}
        return with_still(data, self.still(), self._alt)


def _control(name: str, given: Any) -> ipywidgets.ValueWidget:
    if isinstance(given, ipywidgets.ValueWidget):
        control = given
    elif isinstance(given, list) and all(isinstance(word, str) for word in given):
        control = ipywidgets.Dropdown(options=given)
    elif isinstance(given, tuple) and len(given) == 3 and given[0] <= given[2] <= given[1]:
        low, high, first = given
        if all(isinstance(value, int) for value in given):
            control = ipywidgets.IntSlider(first, min=low, max=high)
        else:
            step = (high - low) / 100
            control = ipywidgets.FloatSlider(first, min=low, max=high, step=step)
    else:
        raise ValueError(
            f"the control {name!r} is {given!r}; give (lowest, highest, first value), a list of "
            "words to choose from, or an ipywidgets control"
        )
    control.description = control.description or name.replace("_", " ")
    control.style.description_width = "11em"
    control.layout.width = "min(32em, 95%)"
    return control
