"""Other detectors of artifacts, to compare DeSRA with (DeSRA, tables 1, 2 and 4)."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import uniform_filter

from course_lib.artifacts.texture import SHAPES, Variant, difference, local_variance
from course_lib.ranges import same_pictures

LDL_THRESHOLDS = 0.001, 0.005, 0.01
LDL_WINDOW = 7


def absolute_difference(
    gan: np.ndarray, mse: np.ndarray, *, variant: Variant = "official", window: int = 11
) -> np.ndarray:
    """d of eq. 4, the mean of the three colours, as table 4's first row uses it.

    Args:
        gan, mse: uint8 H×W×3.
        variant: whose window, see `texture.distance_map`.
        window: its side, pixels.

    Returns:
        H×W float64, squared levels; large where textures differ.
    """
    same_pictures(gan, mse)
    deviations = [
        local_variance(one, window=window, shape=SHAPES[variant]) ** 0.5 for one in (gan, mse)
    ]
    return np.pad(difference(*deviations).mean(axis=-1), window // 2, mode="edge")


def ldl_map(gan: np.ndarray, mse: np.ndarray) -> np.ndarray:
    """LDL's map of how likely each pixel is an artifact, with the MSE twin in place of the truth.

    The residual is the sum of the three colours' absolute differences. The map is its local
    variance in windows of 7×7, times the fifth root of its variance in the whole picture (Liang et
    al. 2022, *Details or artifacts*). DeSRA compares it with the thresholds of
    `LDL_THRESHOLDS`.

    Args:
        gan, mse: uint8, or floats in [0, 1]; H×W×3.

    Returns:
        H×W float64, 0 where the pictures agree.
    """
    restored, reference = same_pictures(gan, mse)
    residual = np.abs(restored - reference).sum(axis=-1)
    count = LDL_WINDOW**2
    mean = uniform_filter(residual, LDL_WINDOW, mode="mirror")
    square = uniform_filter(residual**2, LDL_WINDOW, mode="mirror")
    local = np.maximum(square - mean**2, 0) * count / (count - 1)  # unbiased
    return residual.var(ddof=1) ** 0.2 * local
