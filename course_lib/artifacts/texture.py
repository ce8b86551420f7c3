"""Local texture, and how much two pictures differ in it (DeSRA, §3.2).

`distance_map` compares whole pictures. The steps that lead to it are functions of their own: the
local standard deviation σ (eq. 3), the absolute difference d (eq. 4), the relative difference d'
(eq. 5), and the similarity D (eq. 7), which is near 1 where both pictures have the same texture and
near 0 where only one of them has.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Literal, TypeVar

import numpy as np
import torch
from torch import nn

from course_lib.filters import gaussian_window

Shape = Literal["uniform", "gaussian"]
Variant = Literal["paper", "official"]
SHAPES: dict[Variant, Shape] = {"paper": "uniform", "official": "gaussian"}
WINDOW = 11
SIGMA = 1.5  # of the Gaussian window, pixels
C = (0.03 * 255) ** 2  # of eq. 7, for levels of 0..255; SSIM's C₂
STRIP = 48  # pixels; wide enough for fast products, and narrow enough for few zeros in them
TINY = 1e-8  # keeps square roots and divisions finite on flat patches
Array = TypeVar("Array", np.ndarray, torch.Tensor)


def window_weights(window: int = WINDOW, shape: Shape = "uniform") -> np.ndarray:
    """The weights of a window along one axis; they sum to 1.

    Raises:
        ValueError: an even window, or no such shape.
    """
    if window < 1 or window % 2 == 0:
        raise ValueError(f"a window has a centre, so its size is odd; it is {window}")
    if shape == "uniform":
        return np.full(window, 1 / window)
    if shape == "gaussian":
        return gaussian_window(window, SIGMA)
    raise ValueError(f"a window is uniform or gaussian, not {shape!r}")


def local_variance(pictures: Array, *, window: int = WINDOW, shape: Shape = "uniform") -> Array:
    """The variance of the levels around each pixel, never below 0.

    Args:
        pictures: H×W or H×W×C array, each channel on its own; or N×C×H×W tensor.
        window: side of the window, pixels, odd.
        shape: of its weights.

    Returns:
        The valid area, where the whole window lies inside: both sides are smaller by window − 1.
        Arrays are float64, tensors keep their type.

    Raises:
        ValueError: a picture smaller than the window, or as `window_weights`.
    """
    weights = window_weights(window, shape)
    if isinstance(pictures, torch.Tensor):
        _require_room(pictures.shape[-2], pictures.shape[-1], window)
        centred = pictures - pictures.mean((-2, -1), keepdim=True)
        mean, square = (_mean_of_tensor(one, weights) for one in (centred, centred.square()))
        return (square - mean.square()).clamp(min=0)
    _require_room(pictures.shape[0], pictures.shape[1], window)
    channels = pictures[..., None] if pictures.ndim == 2 else pictures
    with ThreadPoolExecutor() as threads:  # NumPy lets others work while it multiplies
        found = list(
            threads.map(lambda n: _variance(channels[..., n], weights), range(channels.shape[2]))
        )
    return found[0] if pictures.ndim == 2 else np.stack(found, axis=-1)


def local_std(image: np.ndarray, window: int) -> np.ndarray:
    """The standard deviation of the levels in the window around each pixel, σ of eq. 3.

    All pixels of the window count alike. `local_variance` gives its square, faster.

    Args:
        image: H×W, or H×W×C with each channel on its own; any numbers.
        window: side of the window, pixels, odd.

    Returns:
        float64, of the area where the whole window lies inside: (H−window+1)×(W−window+1), or
        that ×C.

    Example:
        Around the middle of the rows 0 0 0, 0 9 0 and 0 0 0, a window of 3 has the mean 1, the
        variance (8·1 + 64) / 9 = 8 and the standard deviation 2.83.
    """
    levels = np.asarray(image, np.float64)
    around = np.lib.stride_tricks.sliding_window_view(levels, (window, window), axis=(0, 1))
    return around.std(axis=(-2, -1))


def texture_distance(gan: np.ndarray, mse: np.ndarray, *, c: float) -> np.ndarray:
    """How alike two textures are, D: 1 for equal standard deviations, near 0 where one is flat.

    D = (2·σx·σy + c) / (σx² + σy² + c), SSIM's contrast term, as the authors' code computes it.
    Eq. 7 prints c in the denominator alone.

    Args:
        gan, mse: σx and σy, of one shape.
        c: a constant above 0, in squared levels.

    Returns:
        D, of the same shape, above 0 and at most 1.

    Example:
        σx = 30, σy = 10 and c = 50 give (600 + 50) / (900 + 100 + 50) = 0.619.
    """
    return (2 * gan * mse + c) / (gan**2 + mse**2 + c)


def difference(gan: Array, mse: Array) -> Array:
    """The absolute difference in texture, d = (σx − σy)² (eq. 4), of two maps of σ."""
    return (gan - mse) ** 2


def relative_difference(gan: Array, mse: Array) -> Array:
    """The relative difference, d' = (σx − σy)² / (2·σx·σy) (eq. 5), of two maps of σ.

    Where both are flat it is 0; where one is, it is large and finite.
    """
    return difference(gan, mse) / (2 * gan * mse + TINY)


def similarity(gan: Array, mse: Array, *, variant: Variant = "official", c: float = C) -> Array:
    """The similarity D of the textures (eq. 7), from two maps of the variance σ².

    Args:
        gan, mse: σ² of levels of 0..255.
        variant: ``"paper"``: C is in the denominator alone, so two flat patches have D near 0, as
            if only one had texture. ``"official"``: the authors' code, with C in the numerator
            too, as in SSIM; two flat patches have D = 1.
        c: the constant C.

    Raises:
        ValueError: no such variant.
    """
    if variant not in SHAPES:
        raise ValueError(f"a variant is paper or official, not {variant!r}")
    both = 2 * ((gan + TINY) * (mse + TINY)) ** 0.5
    both += c if variant == "official" else 0
    both /= gan + mse + c
    return both


def distance_map(
    gan: np.ndarray,
    mse: np.ndarray,
    *,
    variant: Variant = "official",
    window: int = WINDOW,
    shape: Shape | None = None,
) -> np.ndarray:
    """D between a GAN's picture and that of its MSE twin: the mean of the three colours' D.

    Args:
        gan, mse: uint8 H×W×3.
        variant: see `similarity`.
        window: side of the window, pixels, odd.
        shape: of the window; None takes the paper's uniform or the official Gaussian one.

    Returns:
        H×W float64. `valid` cuts out the area where the whole window lies inside the picture;
        around it, the nearest values are repeated.

    Raises:
        TypeError: pictures other than uint8.
        ValueError: pictures of different sizes, grey ones, or as `local_variance`.
    """
    for name, picture in (("gan", gan), ("mse", mse)):
        if picture.dtype != np.uint8:
            raise TypeError(f"{name} is {picture.dtype}; D is defined on levels, uint8 0..255")
    if gan.shape != mse.shape or gan.ndim != 3 or gan.shape[2] != 3:
        raise ValueError(
            f"two pictures H×W×3 of one size are compared; these are {gan.shape} and {mse.shape}"
        )
    if variant not in SHAPES:
        raise ValueError(f"a variant is paper or official, not {variant!r}")
    weights = window_weights(window, shape or SHAPES[variant])
    _require_room(gan.shape[0], gan.shape[1], window)

    def of_colour(n: int) -> np.ndarray:
        variances = (_variance(one[..., n], weights) for one in (gan, mse))
        return similarity(*variances, variant=variant)

    with ThreadPoolExecutor() as threads:  # NumPy lets others work while it multiplies
        red, green, blue = threads.map(of_colour, range(3))
    return np.pad((red + green + blue) / 3, window // 2, mode="edge")


def distance_maps(
    gan: torch.Tensor,
    mse: torch.Tensor,
    *,
    variant: Variant = "official",
    window: int = WINDOW,
    shape: Shape | None = None,
) -> torch.Tensor:
    """`distance_map` of a batch: N×3×H×W in [−1, 1] twice → N×1×H×W, with gradients.

    Raises:
        ValueError: as `distance_map`.
    """
    if gan.shape != mse.shape or gan.ndim != 4:
        raise ValueError(
            f"two batches N×3×H×W of one size are compared; these are {tuple(gan.shape)} and "
            f"{tuple(mse.shape)}"
        )
    if variant not in SHAPES:
        raise ValueError(f"a variant is paper or official, not {variant!r}")
    chosen = shape or SHAPES[variant]
    variances = [local_variance(127.5 * one, window=window, shape=chosen) for one in (gan, mse)]
    found = similarity(*variances, variant=variant).mean(1, keepdim=True)
    return nn.functional.pad(found, [window // 2] * 4, mode="replicate")


def valid(padded: Array, window: int = WINDOW) -> Array:
    """The area of a map H×W of `distance_map` where the whole window lies inside the picture."""
    edge = window // 2
    height, width = padded.shape[-2:]
    return padded[..., edge : height - edge, edge : width - edge]


def _variance(channel: np.ndarray, weights: np.ndarray) -> np.ndarray:
    levels = channel.astype(np.float64)
    mean, square = (_mean(one, weights) for one in (levels, levels * levels))
    return np.maximum(square - mean * mean, 0)


def _mean(picture: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """As `filters.local_mean`, much faster: each strip of pixels is a product of matrices."""
    more = len(weights) - 1
    height, width = picture.shape[0] - more, picture.shape[1] - more
    band = np.zeros((STRIP, STRIP + more))
    for n in range(STRIP):
        band[n, n : n + len(weights)] = weights
    rows, found = np.empty((height, picture.shape[1])), np.empty((height, width))
    for at in range(0, height, STRIP):
        n = min(STRIP, height - at)
        np.matmul(band[:n, : n + more], picture[at : at + n + more], out=rows[at : at + n])
    for at in range(0, width, STRIP):
        n = min(STRIP, width - at)
        found[:, at : at + n] = rows[:, at : at + n + more] @ band[:n, : n + more].T
    return found


def _mean_of_tensor(pictures: torch.Tensor, weights: np.ndarray) -> torch.Tensor:
    n, channels, height, width = pictures.shape
    kernel = torch.as_tensor(weights, dtype=pictures.dtype, device=pictures.device)
    flat = pictures.reshape(n * channels, 1, height, width)
    flat = nn.functional.conv2d(flat, kernel.reshape(1, 1, -1, 1))
    flat = nn.functional.conv2d(flat, kernel.reshape(1, 1, 1, -1))
    return flat.reshape(n, channels, *flat.shape[-2:])


def _require_room(height: int, width: int, window: int) -> None:
    if min(height, width) < window:
        raise ValueError(
            f"the picture is {height}×{width}, smaller than the window of {window}×{window} pixels"
        )
