"""Masks of artifacts, from a map of D (DeSRA, §3.2 and A.2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from course_lib.artifacts.semantics import released_weights
from course_lib.artifacts.texture import WINDOW, Variant, distance_map, valid

EIGHT = np.ones((3, 3), bool)  # regions touch at corners too


@dataclass(frozen=True, kw_only=True)
class MaskSettings:
    """How a map of D becomes a mask.

    Attributes:
        variant: of D, see `texture.similarity`.
        threshold: a pixel is suspicious where its weighted D is below it.
        square: side of the square that erodes and dilates, pixels.
        erosions, dilations: how often.
        holes: whether holes are filled.
        min_area: regions of so many pixels or fewer are dropped.
    """

    variant: Variant = "official"
    threshold: float = 0.7
    square: int = 5
    erosions: int = 1
    dilations: int = 3
    holes: bool = True
    min_area: int = 4000

    def __post_init__(self) -> None:
        if not 0 < self.threshold <= 1:
            raise ValueError(f"threshold is above 0, at most 1; it is {self.threshold}")
        if self.square < 1 or self.square % 2 == 0:
            raise ValueError(f"a square has a centre, so its side is odd; it is {self.square}")
        if min(self.erosions, self.dilations, self.min_area) < 0:
            raise ValueError(
                "erosions, dilations and min_area are 0 or more; they are "
                f"{self.erosions}, {self.dilations} and {self.min_area}"
            )


# The authors' code dilates three times. The paper (A.2) names the same steps, says nothing of how
# often or of the area, and has C in the denominator alone.
PRESETS = {"official": MaskSettings(), "paper": MaskSettings(variant="paper", dilations=1)}


def artifact_mask(
    distance: np.ndarray, weights: np.ndarray | float = 1.0, settings: MaskSettings | None = None
) -> np.ndarray:
    """Turn a map of D into a mask of artifacts.

    Args:
        distance: H×W, D.
        weights: 1/A of eq. 9 for each pixel, H×W, or for all; 1 or more.
        settings: see `MaskSettings`; None takes the authors'.

    Returns:
        H×W bool.

    Raises:
        ValueError: weights of another size, or not above 0.
    """
    how = settings or MaskSettings()
    if np.ndim(weights) and np.shape(weights) != distance.shape:
        raise ValueError(
            f"weights are {np.shape(weights)}, the map is {distance.shape}: one for each pixel"
        )
    if not np.min(weights) > 0:
        raise ValueError(f"weights are above 0; the smallest is {np.min(weights)}")
    mask = np.minimum(distance * weights, 1) < how.threshold
    square = np.ones((how.square, how.square), bool)
    if how.erosions:  # a border erodes nothing
        mask = ndimage.binary_erosion(mask, square, iterations=how.erosions, border_value=1)
    if how.dilations:
        mask = ndimage.binary_dilation(mask, square, iterations=how.dilations)
    if how.holes:
        mask = ndimage.binary_fill_holes(mask, EIGHT)
    return without_small_regions(mask, how.min_area)


def detect(
    gan: np.ndarray,
    mse: np.ndarray,
    *,
    preset: str = "official",
    class_map: np.ndarray | None = None,
    weights: np.ndarray | None = None,
    min_area: int | None = None,
) -> np.ndarray:
    """Find the artifacts of a GAN's picture by the picture of its MSE twin.

    Args:
        gan, mse: uint8 H×W×3.
        preset: a name in `PRESETS`.
        class_map: H×W indices of ADE20K's classes, which the authors' table weighs.
        weights: 1/A of eq. 9 for each pixel, H×W, instead; with neither, every pixel has 1.
        min_area: instead of the preset's, pixels.

    Returns:
        H×W bool. The border of half a window, where D isn't known, is False.

    Raises:
        ValueError: no such preset, both a class map and weights, or as `distance_map`,
            `artifact_mask` and `semantics.released_weights`.
    """
    if class_map is not None and weights is not None:
        raise ValueError("give a class map or weights, not both")
    if class_map is not None:
        weights = released_weights(class_map)
    if preset not in PRESETS:
        raise ValueError(f"a preset is one of {', '.join(PRESETS)}, not {preset!r}")
    how = PRESETS[preset]
    if min_area is not None:
        how = MaskSettings(**{**vars(how), "min_area": min_area})
    if weights is not None and weights.shape != gan.shape[:2]:
        raise ValueError(f"weights are {weights.shape}, the picture is {gan.shape[:2]}")
    distance = valid(distance_map(gan, mse, variant=how.variant))
    inside = 1.0 if weights is None else valid(weights)
    return np.pad(artifact_mask(distance, inside, how), WINDOW // 2)


def require_mask(mask: np.ndarray, size: tuple[int, int]) -> None:
    """Raise ValueError unless a mask is bool and of a size, H×W."""
    if mask.dtype != bool or mask.shape != size:
        raise ValueError(
            f"a mask is bool, {size[0]}×{size[1]}; this one is {mask.dtype}, "
            f"{'×'.join(map(str, mask.shape))}"
        )


def regions(mask: np.ndarray) -> tuple[np.ndarray, int]:
    """Number the regions of a mask: H×W int32, 0 outside, and how many there are."""
    labels, count = ndimage.label(mask, EIGHT)
    return labels, int(count)


def without_small_regions(mask: np.ndarray, area: int) -> np.ndarray:
    """A mask without the regions of so many pixels or fewer."""
    labels, _ = regions(mask)
    keep = np.bincount(labels.ravel()) > area
    keep[0] = False
    return keep[labels]
