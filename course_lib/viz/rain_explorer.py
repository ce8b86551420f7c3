"""Sliders for the physical quantities of rain, above the photograph with that rain."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import ipywidgets
import numpy as np

from course_lib.data.rain import heavy_rain, light_rain, synthesize_streaks, wide_rain
from course_lib.data.streaks import StreakParameters
from course_lib.metrics import psnr
from course_lib.viz.explorer import Explorer

_KINDS = {"light": light_rain, "heavy": heavy_rain, "wide": wide_rain}
# Quantity → lowest and highest value, step, and what the reader sees.
_SLIDERS = {
    "density": (0.0, 7.0, 0.1, "density (in 100×100)"),
    "length": (5.0, 120.0, 1.0, "length (pixels)"),
    "width": (0.5, 5.0, 0.1, "width (pixels)"),
    "angle": (-60.0, 60.0, 1.0, "angle (degrees)"),
    "focus": (0.0, 6.0, 0.1, "blur (pixels)"),
    "opacity": (0.0, 1.0, 0.01, "opacity"),
    "veil": (0.0, 0.5, 0.01, "veil"),
}


class RainExplorer(Explorer):
    """Streaks on a photograph, redrawn when a slider moves, with the PSNR.

    Choosing a kind sets the sliders to one shower of that kind. The seed alone decides where
    the drops fall, so that everything else can be compared.
    """

    def __init__(self, photo: np.ndarray, *, kind: str = "light", alt: str) -> None:
        """Draw the first picture.

        Args:
            photo: uint8 H×W×3; a crop of about 256×256 follows the sliders smoothly.
            kind: ``"light"``, ``"heavy"`` or ``"wide"``, to begin with.
            alt: what the photograph shows, and what to look for; see `show`.

        Raises:
            ValueError: no such kind, ``alt`` isn't a sentence.
        """
        if kind not in _KINDS:
            raise ValueError(f"no kind of streaks {kind!r}: there are {', '.join(_KINDS)}")
        self._photo, shower = photo, _shower(kind)
        sliders: dict[str, Any] = {
            name: ipywidgets.FloatSlider(
                getattr(shower, name), min=low, max=high, step=step, description=text
            )
            for name, (low, high, step, text) in _SLIDERS.items()
        }
        kinds = ipywidgets.Dropdown(options=list(_KINDS), value=kind)
        kinds.observe(self._choose, names="value")  # before the explorer's own redrawing
        super().__init__(self._rain, alt=alt, kind=kinds, **sliders, seed=(0, 20, 0))

    def _rain(self, *, kind: str, seed: int, **quantities: Any) -> tuple[np.ndarray, str]:
        parameters = replace(_shower(kind), **quantities)
        pair = synthesize_streaks(self._photo, parameters, np.random.default_rng(seed))
        decibels = f"{psnr(pair.rainy, pair.clean):.1f}".replace("inf", "∞")  # without rain
        return pair.rainy, f"PSNR {decibels} dB"

    def _choose(self, change: Any) -> None:
        shower = _shower(change["new"])
        for name in _SLIDERS:  # silently: the change of kind redraws once for all of them
            self.controls[name].unobserve(self._redraw, names="value")
            self.controls[name].value = getattr(shower, name)
            self.controls[name].observe(self._redraw, names="value")


def _shower(kind: str) -> StreakParameters:
    """Draw rain of the kind, always the same."""
    drawn = _KINDS[kind](np.random.default_rng(0))
    rounded = {f.name: round(getattr(drawn, f.name), 2) for f in fields(drawn)}
    return replace(drawn, **rounded)
