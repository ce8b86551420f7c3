"""Masks of artifacts, from a map of D (DeSRA, §3.2 and A.2)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from course_lib.artifacts.semantics import released_weights
from course_lib.artifacts.texture import WINDOW, Variant, distance_map, valid

EIGHT = np.ones((3, 3), bool)  # regions touch at corners too
MIN_AREA = 4000  # pixels, of the authors' code


class Preset(NamedTuple):
    """How a map of D becomes a mask, where the paper and the authors' code differ.

    Attributes:
        variant: of D, see `texture.similarity`.
        dilations: how often the mask is dilated.
    """

    variant: Variant
    dilations: int


# The paper (A.2) says nothing of how often to dilate, and has C in the denominator alone.
PRESETS = {"official": Preset("official", 3), "paper": Preset("paper", 1)}


def artifact_mask(
    distance: np.ndarray,
    weights: np.ndarray | float = 1.0,
    *,
    threshold: float = 0.7,
    square: int = 5,
    erosions: int = 1,
    dilations: int = 3,
    holes: bool = True,
    min_area: int = 4000,
) -> np.ndarray:
    """Turn a map of D into a mask of artifacts, in five steps.

    1. A pixel is suspicious where D times its weight is below the threshold.
    2. Erode the mask by a square, then
    3. dilate it by the same square. Nothing is eroded from beyond the picture's border.
    4. Fill holes. An opening at a corner is enough that a hole isn't one.
    5. Drop small regions. Parts that touch at a corner are one region.

    Args:
        distance: H×W, D.
        weights: 1/A of eq. 9, H×W or one number, above 0.
        threshold: above 0, at most 1.
        square: side of the square, pixels, odd.
        erosions, dilations: how often steps 2 and 3 are done; 0 leaves a step out.
        holes: whether step 4 is done.
        min_area: step 5 drops regions of so many pixels or fewer.

    Returns:
        H×W bool.

    Example:
        D is 1 but for 0.2 on 3×3 pixels. Without erosion and dilation and with min_area = 8, the
        mask has these nine pixels. With min_area = 9 it is empty.
    """
    require_settings(distance, weights, threshold, square, (erosions, dilations, min_area))
    mask = np.minimum(distance * weights, 1) < threshold
    element = np.ones((square, square), bool)
    if erosions:
        mask = ndimage.binary_erosion(mask, element, iterations=erosions, border_value=1)
    if dilations:
        mask = ndimage.binary_dilation(mask, element, iterations=dilations)
    if holes:
        mask = ndimage.binary_fill_holes(mask, np.ones((3, 3), bool))
    return without_small_regions(mask, min_area)


def require_settings(
    distance: np.ndarray,
    weights: np.ndarray | float,
    threshold: float,
    square: int,
    counts: tuple[int, int, int],
) -> None:
    """Raise ValueError for arguments that `artifact_mask` can't use."""
    if np.ndim(weights) and np.shape(weights) != distance.shape:
        raise ValueError(
            f"weights are {np.shape(weights)}, the map is {distance.shape}: one for each pixel"
        )
    if not np.min(weights) > 0:
        raise ValueError(f"weights are above 0; the smallest is {np.min(weights)}")
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold is above 0, at most 1; it is {threshold}")
    if square < 1 or square % 2 == 0:
        raise ValueError(f"a square has a centre, so its side is odd; it is {square}")
    if min(counts) < 0:
        raise ValueError(
            "erosions, dilations and min_area are 0 or more; they are "
            f"{counts[0]}, {counts[1]} and {counts[2]}"
        )


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
    if weights is not None and weights.shape != gan.shape[:2]:
        raise ValueError(f"weights are {weights.shape}, the picture is {gan.shape[:2]}")
    distance = valid(distance_map(gan, mse, variant=how.variant))
    inside = 1.0 if weights is None else valid(weights)
    area = MIN_AREA if min_area is None else min_area
    mask = artifact_mask(distance, inside, dilations=how.dilations, min_area=area)
    return np.pad(mask, WINDOW // 2)


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
