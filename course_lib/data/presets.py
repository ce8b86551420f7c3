"""The parameter ranges of each kind of rain; parameters are drawn for every canvas.

The ranges are tuned so that over the embedded photographs each kind measures like real rain
(`rain_statistics`), and looks like it. Those of `any_streaks`, `noise_streaks` and `any_drops`
are wider on purpose.
"""

from __future__ import annotations

import numpy as np

from course_lib.data.blurred_noise import BlurredNoise
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


def between(rng: np.random.Generator, low: float, high: float) -> float:
    """A value whose logarithm is spread evenly: as often near ``low`` as near ``high``."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def any_wind(rng: np.random.Generator) -> float:
    """An angle of fall in degrees: mostly steep, in one of five pictures any up to 60."""
    gale, steep, any_angle = rng.random(), rng.normal(0, 15), rng.uniform(-60, 60)
    return float(any_angle if gale < 0.2 else np.clip(steep, -60, 60))


def any_streaks(rng: np.random.Generator) -> StreakParameters:
    """Streaks of all lengths, widths, densities and strengths, in any wind."""
    length = between(rng, 8, 120)
    width = between(rng, 0.8, max(1.0, min(5.0, length / 6)))
    return StreakParameters(
        density=between(rng, 0.3, 6) * between(rng, 1, 600 / (length * width + 40)),
        length=length,
        width=width,
        angle=any_wind(rng),
        spread=rng.uniform(0, 5),
        opacity=rng.uniform(0.15, 0.95),
        layers=int(rng.integers(1, 5)),
        focus=width * rng.uniform(0, 1.5),
        rain_rate=between(rng, 3, 80),
        veil=max(0.0, rng.uniform(-0.2, 0.15)),
        gain=rng.uniform(1, 2.2),
    )


def noise_streaks(rng: np.random.Generator) -> BlurredNoise:
    """Dense rain as image editors make it, from faint drizzle to thick white strokes."""
    return BlurredNoise(
        share=between(rng, 0.002, 0.2),
        length=between(rng, 8, 80),
        width=between(rng, 0.3, 1.5),
        angle=any_wind(rng),
        opacity=rng.uniform(0.15, 0.8),
        gain=rng.uniform(1.1, 2.2),
        black=rng.uniform(0, 0.9),
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


def any_drops(rng: np.random.Generator) -> DropParameters:
    """Drops from fine mist to large ones, nearly in focus to far out of focus."""
    defocus = between(rng, 2, 16)
    radius = max(2.0, defocus * between(rng, 0.35, 1.2))
    return DropParameters(
        coverage=rng.uniform(0.1, 0.6),
        radius=radius,
        radius_spread=rng.uniform(0.3, 0.8),
        largest=radius * between(rng, 2, 7),
        defocus=defocus,
        mist=max(0.0, rng.uniform(-0.1, 0.3)),
        contact_angle=rng.uniform(25, 50),
        sag=rng.uniform(0, 0.5),
    )
