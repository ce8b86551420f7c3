"""How close a restored picture is to the clean one, and how a generator fails.

Pictures are H×W×3, uint8 or floats in [0, 1]; each function scores one picture, because
tables average scores over pictures, never squared errors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from course_lib.ranges import to_unit

if TYPE_CHECKING:
    import torch


def rgb_to_y(image: np.ndarray) -> np.ndarray:
    """The luma that deraining papers score: Y = (16 + 65.481·R + 128.553·G + 24.966·B) / 255.

    This is MATLAB's rgb2ycbcr (ITU-R BT.601, studio range): black is 16/255, not 0, and white
    is 235/255, not 1.

    Args:
        image: …×3, red, green and blue as floats in [0, 1].

    Returns:
        Y, the shape of ``image`` without its last axis, floats in [16/255, 235/255].

    Example:
        A pure green pixel (0, 1, 0) has Y = (16 + 128.553) / 255 ≈ 0.567.
    """
    return (16 + image @ np.array([65.481, 128.553, 24.966])) / 255


def psnr(restored: np.ndarray, clean: np.ndarray, *, channel: str = "rgb") -> float:
    """Peak signal-to-noise ratio in decibels: −10·log₁₀ of the mean squared error.

    Args:
        restored: H×W×3, uint8 or floats in [0, 1].
        clean: the truth, of the same size.
        channel: ``"rgb"`` takes the mean over pixels and colours; ``"y_matlab"`` compares
            the lumas of `rgb_to_y` only. The peak is 1 in both.

    Returns:
        The PSNR of this one picture; infinite when the two are equal.

    Raises:
        ValueError: sizes differ, floats outside [0, 1], or an unknown ``channel``.
        TypeError: neither uint8 nor float.

    Example:
        If every value is off by 0.1, the mean squared error is 0.01 and the PSNR 20 dB.
    """
    restored, clean = to_unit(restored), to_unit(clean)
    if restored.shape != clean.shape:
        raise ValueError(f"restored is {restored.shape} and clean {clean.shape}: crop them alike")
    if channel not in ("rgb", "y_matlab"):
        raise ValueError(f'channel is "rgb" or "y_matlab", not {channel!r}')
    if channel == "y_matlab":
        restored, clean = rgb_to_y(restored), rgb_to_y(clean)
    mean_squared_error = np.mean((restored - clean) ** 2)
    if mean_squared_error == 0:
        return float("inf")
    return float(-10 * np.log10(mean_squared_error))


def output_diversity(outputs: torch.Tensor) -> torch.Tensor:
    """How different a generator's outputs for different inputs are: 0 when it has collapsed.

    The mean absolute difference between two outputs (over channels and pixels), averaged
    over all pairs of two *different* outputs.

    Args:
        outputs: N×3×H×W, N ≥ 2, any range.

    Returns:
        A scalar tensor ≥ 0, in the units of ``outputs``.

    Raises:
        ValueError: fewer than two outputs.

    Example:
        Three flat pictures of value 0, 0 and 1 have the pair distances 0, 1 and 1,
        so their diversity is 2/3.
    """
    n = len(outputs)
    if n < 2:
        raise ValueError(f"diversity compares outputs with each other; got {n}, needs at least 2")
    distances = (outputs[:, None] - outputs[None]).abs().flatten(2).mean(2)  # N×N, diagonal 0
    return distances.sum() / (n * (n - 1))
