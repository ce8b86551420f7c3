"""Artifacts put into pictures on purpose, so that their exact masks are known."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter

from course_lib.artifacts.mask import regions

SMALLEST = 16  # pixels of a picture's side
SMOOTH = 12.0  # σ of the noise whose peaks are the regions, pixels of a picture of 256
TRIES = 8  # regions
EDGE = 2.0  # σ of the transition at a region's border, pixels


class Planted(NamedTuple):
    """A picture with an artifact.

    Attributes:
        picture: uint8 H×W×3.
        mask: bool H×W, where the artifact is.
    """

    picture: np.ndarray
    mask: np.ndarray


def random_region(size: tuple[int, int], rng: np.random.Generator, share: float) -> np.ndarray:
    """One connected region with a smooth border: bool H×W.

    It covers the share of the picture, or less if the border cuts parts off.

    Raises:
        ValueError: a share that isn't above 0 and below 1, or a side below 16 pixels.
    """
    if not 0 < share < 1:
        raise ValueError(f"a region covers a share above 0 and below 1; it is {share}")
    if min(size) < SMALLEST:
        raise ValueError(
            f"a region needs {SMALLEST} pixels on both sides; the picture is {size[0]}×{size[1]}"
        )
    sigma = SMOOTH * max(size) / 256
    noise = gaussian_filter(rng.normal(size=size), sigma, mode="reflect")
    peak = np.unravel_index(noise.argmax(), size)
    y, x = np.ogrid[: size[0], : size[1]]
    away = np.hypot(y - peak[0], x - peak[1])
    height = noise / noise.std() - away / (max(size) / 16)
    labels, _ = regions(height > np.quantile(height, 1 - share))
    return labels == labels[peak]


def _amplified(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    fine = picture - gaussian_filter(picture, (1.5, 1.5, 0), mode="nearest")
    return picture + rng.uniform(3, 6) * fine


def _false_texture(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Waves of one direction, about four pixels long, that come and go."""
    height, width = picture.shape[:2]
    angle, length = rng.uniform(0, np.pi), rng.uniform(3, 6)
    y, x = np.mgrid[:height, :width]
    bend = 3 * gaussian_filter(rng.normal(size=(height, width)), 6.0) * 6
    waves = np.sin(2 * np.pi * (x * np.cos(angle) + y * np.sin(angle) + bend) / length)
    return picture + rng.uniform(25, 45) * waves[..., None]


def _shifted_colour(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Another colour, of the same variance: D cannot see it."""
    shift = rng.normal(size=3)
    shift -= shift.mean()
    return picture + 30 * shift / np.abs(shift).max()


KINDS: dict[str, Callable[[np.ndarray, np.random.Generator], np.ndarray]] = {
    "amplified detail": _amplified,
    "false texture": _false_texture,
    "shifted colour": _shifted_colour,
}


def plant(
    picture: np.ndarray, kind: str, rng: np.random.Generator, *, share: float = 0.1
) -> Planted:
    """Put an artifact into a picture.

    Args:
        picture: uint8 H×W×3, such as the MSE twin's or a GAN's without artifacts.
        kind: a name in `KINDS`.
        rng: the only source of chance.
        share: of the picture that the artifact covers.

    Raises:
        ValueError: no such kind, or a share out of range.
    """
    if kind not in KINDS:
        raise ValueError(f"there is no kind of artifact {kind!r}: there are {', '.join(KINDS)}")
    return _blended(picture, KINDS[kind](picture.astype(np.float64), rng), rng, share)


def plant_picture(
    picture: np.ndarray, spoilt: np.ndarray, rng: np.random.Generator, *, share: float = 0.1
) -> Planted:
    """Put a region of another picture into a picture, such as of a GAN in an unstable state.

    Args:
        picture, spoilt: uint8 H×W×3.
        rng: the only source of chance.
        share: of the picture that the artifact covers.

    Raises:
        ValueError: pictures of different sizes, or a share out of range.
    """
    if picture.shape != spoilt.shape:
        raise ValueError(f"the pictures are {picture.shape} and {spoilt.shape}: give one size")
    return _blended(picture, spoilt.astype(np.float64), rng, share)


def _blended(
    picture: np.ndarray, spoilt: np.ndarray, rng: np.random.Generator, share: float
) -> Planted:
    """The spoilt picture inside a region, where it fades towards the border.

    The artifacts of DeSRA are obvious. So of several regions, the one that changes most is taken.
    """
    regions = [random_region(picture.shape[:2], rng, share) for _ in range(TRIES)]
    change = np.abs(spoilt - picture).mean(-1)
    mask = max(regions, key=lambda region: float(change[region].mean()))
    weight = np.where(mask, gaussian_filter(mask.astype(np.float64), EDGE), 0)[..., None]
    mixed = picture + weight * (spoilt - picture)
    return Planted(np.rint(mixed).clip(0, 255).astype(np.uint8), mask)
