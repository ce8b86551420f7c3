"""The parameter ranges of each kind of rain; parameters are drawn for every canvas.

The ranges are tuned so that over the embedded photographs each kind measures like real rain
(`rain_statistics`), and looks like it.
"""

from __future__ import annotations

import numpy as np

from course_lib.data.drops import DropParameters
from course_lib.data.streaks import StreakParameters


def wind(rng: np.random.Generator) -> float:
    """An angle of fall in degrees, spread as in Rain100L, which has none beyond 30."""
    return float(np.clip(rng.normal(0, 12), -30, 30))


def light_rain(rng: np.random.Generator) -> StreakParameters:
    """Separate bright streaks before a clear background, as in Rain100L."""
    return StreakParameters(
        density=rng.uniform(2, 4),
        length=rng.uniform(25, 50),
        width=rng.uniform(1.2, 1.9),
        angle=wind(rng),
        spread=rng.uniform(1, 3),
        opacity=rng.uniform(0.5, 0.8),
        focus=rng.uniform(0.3, 1.2),
        rain_rate=rng.uniform(4, 12),
        gain=rng.uniform(1.2, 1.5),
    )


def heavy_rain(rng: np.random.Generator) -> StreakParameters:
    """A downpour: streaks at every distance before a grey veil."""
    return StreakParameters(
        density=rng.uniform(5, 7),
        length=rng.uniform(45, 80),
        width=rng.uniform(1.8, 2.6),
        angle=wind(rng),
        spread=rng.uniform(2, 4),
        opacity=rng.uniform(0.7, 0.95),
        focus=rng.uniform(1, 2.5),
        rain_rate=rng.uniform(30, 80),
        veil=rng.uniform(0.08, 0.18),
        gain=rng.uniform(1.15, 1.35),
    )


def wide_rain(rng: np.random.Generator) -> StreakParameters:
    """Large drops close to the lens: few broad streaks with blurred edges."""
    return StreakParameters(
        density=rng.uniform(1.0, 2.0),
        length=rng.uniform(80, 140),
        width=rng.uniform(3, 5),
        angle=wind(rng),
        spread=rng.uniform(1, 3),
        opacity=rng.uniform(0.6, 0.85),
        layers=3,
        focus=rng.uniform(3, 6),
        rain_rate=rng.uniform(15, 40),
        gain=rng.uniform(1.2, 1.5),
    )


def wet_lens(rng: np.random.Generator) -> DropParameters:
    """Drops on the lens or on a window close before it."""
    defocus = rng.uniform(6.5, 14)
    return DropParameters(
        coverage=rng.uniform(0.45, 0.55),
        radius=defocus * rng.uniform(0.4, 0.8),
        radius_spread=rng.uniform(0.4, 0.7),
        largest=defocus * rng.uniform(2.5, 4),
        defocus=defocus,
        mist=rng.uniform(0.1, 0.22),
        contact_angle=rng.uniform(30, 45),
        sag=rng.uniform(0.1, 0.4),
    )
