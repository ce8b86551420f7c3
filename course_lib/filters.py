"""Small filters that several parts of the course share."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import correlate1d, gaussian_filter


def gaussian_window(size: int, sigma: float) -> np.ndarray:
    """A one-dimensional Gaussian of odd ``size`` whose values sum to 1."""
    if size % 2 == 0:
        raise ValueError(f"a window has a centre, so its size is odd; got {size}")
    x = np.arange(size) - size // 2
    window = np.exp(-0.5 * (x / sigma) ** 2)
    return window / window.sum()


def local_mean(picture: np.ndarray, window: np.ndarray) -> np.ndarray:
    """The weighted mean of each neighbourhood that lies wholly inside the picture.

    Args:
        picture: H×W floats.
        window: n weights, used along both axes (the filter is separable).

    Returns:
        (H−n+1)×(W−n+1) floats.

    Raises:
        ValueError: the picture is smaller than the window.
    """
    if min(picture.shape) < len(window):
        height, width = picture.shape
        raise ValueError(
            f"the picture is {height}×{width}, smaller than the {len(window)}-pixel window; "
            "use a larger crop"
        )
    r = len(window) // 2
    for axis in (0, 1):
        picture = correlate1d(picture, window, axis=axis)
    return picture[r : picture.shape[0] - r, r : picture.shape[1] - r]


def high_pass(picture: np.ndarray, sigma: float) -> np.ndarray:
    """What a Gaussian blur of ``sigma`` pixels takes away: the fine detail of an H×W picture."""
    return picture - gaussian_filter(picture, sigma, mode="nearest")


def sobel_kernels() -> np.ndarray:
    """The two kernels of the Sobel operator: how fast a picture changes across, and downwards.

    Each takes the difference of the next pixel and the last in its own direction, weights −1, 0
    and 1, and smooths in the other direction with the weights 1, 2 and 1, so that noise counts
    less. Don't flip the kernels: like `nn.Conv2d`, the course computes a cross-correlation.

    Returns:
        2×3×3 float32, rows before columns: ∇x, which is positive where the picture gets brighter
        to the right, then ∇y, positive where it gets brighter downwards. No factor
        divides the weights: on a ramp that gains 1 a pixel to the right, ∇x gives 8 and ∇y gives 0.
    """
    smoothing, difference = np.array([1, 2, 1]), np.array([-1, 0, 1])
    across = np.outer(smoothing, difference)
    return np.stack([across, across.T]).astype(np.float32)
