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
