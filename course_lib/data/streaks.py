"""Rain streaks: falling drops, smeared by the exposure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from scipy.special import ndtri


class Streaks(NamedTuple):
    """Drawn rain, ready to lie over a photograph.

    Attributes:
        alpha: H×W in [0, 1], the share of the exposure during which a drop covered the pixel.
        light: three values ≥ 0, the colour seen in the drops. A bright sky may exceed 1,
            which is white.
    """

    alpha: np.ndarray
    light: np.ndarray


def composite_streaks(clean: np.ndarray, streaks: Streaks) -> np.ndarray:
    """Lay rain streaks over a photograph: I = (1 − α)·B + α·L, saturated at white.

    While a drop covers a pixel, for the share α of the exposure, the camera sees the
    drop's light L there instead of the background B. What exceeds 1 is clipped to 1,
    as in a camera.

    Args:
        clean: B, H×W×3 floats in [0, 1].
        streaks: ``streaks.alpha`` is α, H×W in [0, 1], one value a pixel for all three
            colours; ``streaks.light`` is L, three values, one a colour.

    Returns:
        The rainy picture I, H×W×3 floats in [0, 1].

    Example:
        A pixel of value 0.2 that a drop of light 0.8 covers for half of the exposure
        becomes 0.5·0.2 + 0.5·0.8 = 0.5.
    """
    alpha = streaks.alpha[..., None]  # H×W → H×W×1, so that it meets all three colours
    rainy = (1 - alpha) * clean + alpha * streaks.light
    return np.clip(rainy, 0, 1)


@dataclass(frozen=True, kw_only=True)
class StreakParameters:
    """One kind of rain. Lengths are in pixels of a picture of about 480×720.

    ``length``, ``width`` and ``opacity`` are those of an average drop at the front of the
    nearest layer; the others follow by size and perspective.

    Attributes:
        density: streaks of the nearest layer on 100×100 pixels.
        length: how far the drop moves in the picture while the shutter is open: speed ·
            exposure · focal length / distance. This is the motion blur.
        width: of a sharp streak, where α is half of its peak.
        angle: from the vertical, degrees, at most 60 either way; positive leans like "/".
        spread: standard deviation of the angle from streak to streak, degrees.
        opacity: peak α of a sharp streak, 0 to 1. Geometry alone would give width / length,
            the share of the exposure that the drop covers a pixel; streaks in pictures stand
            out more, since the sky that lights the drops is brighter than white.
        layers: depth layers, each beginning half as far again as the one before.
        focus: width of the blur that being out of focus adds to the nearest layer's streaks;
            it shrinks as 1 / distance. Blurred streaks are wider and fainter.
        rain_rate: R in mm/h; heavier rain has larger drops beside the small ones.
        veil: share of the background that the rain too far to be seen as streaks replaces by
            its light, 0 to 1.
        gain: the drops' light over the scene's, half of which is white sky (`Scene.light`).
    """

    density: float = 1.5
    length: float = 40.0
    width: float = 1.6
    angle: float = 0.0
    spread: float = 2.0
    opacity: float = 0.5
    layers: int = 4
    focus: float = 1.0
    rain_rate: float = 10.0
    veil: float = 0.0
    gain: float = 1.4

    def __post_init__(self) -> None:
        if abs(self.angle) > 60:
            raise ValueError(f"streaks fall within 60° of the vertical; the angle is {self.angle}°")
        for name in ("density", "length", "spread", "focus", "gain", "rain_rate"):
            if not 0 <= getattr(self, name) < np.inf:
                raise ValueError(f"{name} is 0 or more; it is {getattr(self, name)}")
        if not 0 < self.width < np.inf:
            raise ValueError(f"width is greater than 0; it is {self.width}")
        for name in ("opacity", "veil"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is a share from 0 to 1; it is {getattr(self, name)}")
        if self.layers < 1:
            raise ValueError(f"rain has at least one depth layer; layers is {self.layers}")

    def scaled(self, factor: float) -> StreakParameters:
        """The same rain in a picture enlarged by ``factor``."""
        return replace(
            self,
            density=self.density / factor**2,
            length=self.length * factor,
            width=self.width * factor,
            focus=self.focus * factor,
        )


def draw_alpha(
    parameters: StreakParameters, size: tuple[int, int], rng: np.random.Generator
) -> np.ndarray:
    """Draw rain: the share α of the exposure during which drops cover each pixel.

    Args:
        parameters: what falls.
        size: height and width of the canvas, pixels.
        rng: decides where each drop falls.

    Returns:
        α, H×W float32 in [0, 1].
    """
    optical_depth = np.zeros(size)  # −log(1 − α): this, not α, adds up where streaks cross
    # Own generators, so that one layer's number of streaks doesn't move the others' places.
    for layer, seed in enumerate(rng.integers(2**63, size=parameters.layers)):
        streaks = _place_streaks(parameters, 1.5**layer, size, np.random.default_rng(seed))
        # Thin streaks together, wide ones together: a part has one cross-section size in pixels.
        order = np.argsort(streaks.radius)
        samples = 2 * (streaks.length + 2) * (streaks.radius + 2)
        for part in np.array_split(order, 4 + int(samples.sum() / 1e6)):
            optical_depth += _draw_streaks(_PlacedStreaks(*(f[part] for f in streaks)), size)
    return (-np.expm1(-optical_depth)).astype(np.float32)


class _PlacedStreaks(NamedTuple):
    """N streaks of one layer, each field N floats; pixels, and the angle in radians."""

    x: np.ndarray
    y: np.ndarray
    length: np.ndarray
    radius: np.ndarray
    angle: np.ndarray
    alpha: np.ndarray
    taper: np.ndarray
    waves: np.ndarray
    phase: np.ndarray


def terminal_speed(diameter: np.ndarray) -> np.ndarray:
    """How fast drops fall through still air, m/s; the diameter is in mm."""
    return 9.6 * (1 - np.exp(-0.6 * diameter**1.1))


def _place_streaks(
    parameters: StreakParameters, nearest: float, size: tuple[int, int], rng: np.random.Generator
) -> _PlacedStreaks:
    height, width = size
    # Streaks whose middle lies outside reach in. The fastest fall at twice the mean speed.
    margin = (parameters.length + 3 * parameters.width + parameters.focus) / nearest
    # A slab of air farther away by the factor z, and as much thicker, shows z³ times the drops.
    per_pixel = parameters.density * 1e-4 * nearest**3
    places = np.random.default_rng(rng.integers(2**63))
    n = rng.poisson(per_pixel * (height + 2 * margin) * (width + 2 * margin))
    # A row a streak: with a greater density, those that were there stay where they are.
    chance = places.random((n, 9)).T

    # Marshall-Palmer: N(D) ∝ exp(−4.1·R^−0.21·D). Drops under 0.8 mm are too faint to see.
    excess = parameters.rain_rate**0.21 / 4.1
    diameter = 0.8 - excess * np.log1p(-chance[0])
    size_ratio = diameter / (0.8 + excess)
    speed_ratio = terminal_speed(diameter) / terminal_speed(np.array(0.8 + excess))

    distance = nearest * (1 + 0.5 * chance[1])
    width_sharp = parameters.width * size_ratio / distance
    radius = np.hypot(width_sharp, parameters.focus / distance)
    covered = np.minimum(size_ratio / speed_ratio, 1.5)  # share of the exposure, width / length
    alpha = parameters.opacity * covered * (0.4 + 0.6 * chance[2]) * width_sharp / radius
    tilt = parameters.angle + parameters.spread * ndtri(chance[3])
    return _PlacedStreaks(
        x=(width + 2 * margin) * chance[4] - margin,
        y=(height + 2 * margin) * chance[5] - margin,
        length=parameters.length * speed_ratio / distance,
        radius=radius,
        angle=np.radians(tilt.clip(-75, 75)),
        alpha=alpha.clip(0, 0.95),
        taper=0.15 + 0.75 * chance[6],
        waves=0.5 + 2 * chance[7],
        phase=chance[8],
    )


def _draw_streaks(streaks: _PlacedStreaks, size: tuple[int, int]) -> np.ndarray:
    """Row by row: each streak's cross-section, integrated over the pixels that it meets."""
    height, width = size
    lean = np.tan(streaks.angle)
    half = streaks.length / 2 + streaks.radius
    half_rows = half * np.cos(streaks.angle) + streaks.radius * np.abs(np.sin(streaks.angle))
    first = np.floor(streaks.y - half_rows).clip(0, height).astype(int)
    last = np.ceil(streaks.y + half_rows).clip(0, height).astype(int)
    rows = last - first
    of = np.repeat(np.arange(len(rows)), rows)  # the streak that each drawn row belongs to
    y = np.arange(rows.sum()) - np.repeat(np.cumsum(rows) - rows, rows) + first[of]

    centre = streaks.x[of] - lean[of] * (y - streaks.y[of])
    radius = streaks.radius / np.cos(streaks.angle)  # of the cut along the row
    reach = int(np.ceil(radius.max(initial=0) + 0.5))
    meets = (centre > -reach) & (centre < width + reach)
    of, y, centre = of[meets], y[meets], centre[meets, None]

    x = np.floor(centre) + np.arange(-reach, reach + 1)
    edges = np.floor(centre) - centre + np.arange(-reach, reach + 2) - 0.5
    coverage = np.diff(_bell_integral(edges / radius[of, None]), axis=1) * radius[of, None]

    # −1 at the upper end, 1 at the lower; a slanted streak ends at a right angle to itself.
    middle = (y - streaks.y[of]) / np.cos(streaks.angle[of])
    along = (middle[:, None] - (x - centre) * np.sin(streaks.angle[of, None])) / half[of, None]
    fade = ((1 - np.abs(along)) / streaks.taper[of, None]).clip(0, 1)
    # A falling drop wobbles, which shows as waves of brightness (Garg and Nayar 2006).
    waves = middle / half[of] * streaks.waves[of] + streaks.phase[of]
    alpha = streaks.alpha[of] * (0.85 + 0.15 * np.sin(2 * np.pi * waves))

    depth = -np.log1p(-(alpha[:, None] * fade**2 * (3 - 2 * fade) * coverage).clip(0, 0.98))
    inside = (x >= 0) & (x < width)
    pixels = (y[:, None] * width + x)[inside].astype(np.int64)
    drawn = np.bincount(pixels, weights=depth[inside], minlength=height * width)
    return drawn.reshape(size)


def _bell_integral(u: np.ndarray) -> np.ndarray:
    """Integral from 0 to u of the streak's cross-section (1 − u²)², which ends at |u| = 1."""
    u = u.clip(-1, 1)
    return u - 2 / 3 * u**3 + u**5 / 5
