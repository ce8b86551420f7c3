"""Delete artifacts: targets without them, and what changes (DeSRA, §3.3)."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter

from course_lib.artifacts.mask import require_mask
from course_lib.filters import high_pass

SIGMA = 1.5  # of the blur that takes fine detail away, pixels


def pseudo_ground_truth(
    mse: np.ndarray, gan: np.ndarray, mask: np.ndarray, *, feather: float = 0.0
) -> np.ndarray:
    """The GAN's picture with the MSE twin's in place of its artifacts: ỹ = M·y_MSE + (1−M)·y_GAN.

    This is eq. 10. A soft border avoids edges that no photograph has.

    Args:
        mse, gan: uint8 H×W×3.
        mask: M, bool H×W, True where there are artifacts.
        feather: σ of the blur of the mask, pixels; 0 gives eq. 10 as it is printed.

    Returns:
        uint8 H×W×3.

    Raises:
        ValueError: sizes that differ, a mask that isn't bool, or a feather below 0.

    Example:
        Where the mask is True, the result is the MSE twin's pixel: levels 90 (MSE) and 200 (GAN)
        give 90. Elsewhere it is the GAN's, 200.
    """
    if mse.shape != gan.shape:
        raise ValueError(f"the pictures are {mse.shape} and {gan.shape}: give two of one size")
    require_mask(mask, gan.shape[:2])
    if not 0 <= feather < np.inf:
        raise ValueError(f"feather is 0 or more pixels; it is {feather}")
    share = mask.astype(np.float64)
    if feather:
        share = gaussian_filter(share, feather)
    share = share[..., None]
    return np.rint(share * mse + (1 - share) * gan).astype(np.uint8)


def detail_kept(before: np.ndarray, after: np.ndarray, outside: np.ndarray) -> float:
    """How much fine detail a picture has outside of masks, compared with an earlier one.

    Fine detail is the mean absolute difference of the grey picture from itself, blurred.

    Args:
        before, after: uint8 H×W×3.
        outside: bool H×W, where to measure.

    Returns:
        1 when nothing is lost; the MSE twin has about half. NaN where there is nothing to measure.
    """
    fine = [np.abs(high_pass(one.mean(axis=-1), SIGMA))[outside] for one in (before, after)]
    if not outside.any() or not fine[0].any():
        return float("nan")
    return float(fine[1].mean() / fine[0].mean())
