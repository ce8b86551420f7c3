"""Measure what a network may spoil in a photograph: specks, colours, a grid.

No clean picture is needed. All measures compare a restored photograph with the photograph itself,
so that its own specks and grids don't count.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter, median_filter

from course_lib.data.pair import LUMA

SPECK = 24  # levels of 0..255 by which a pixel leaves the median of its surroundings
BLOT = 8.0  # pixels, σ of the blur that leaves blots of colour


class Defects(NamedTuple):
    """Defects of one restored photograph.

    Attributes:
        specks: pixels in a million that leave the median of their 5×5 surroundings by more than
            24 levels of luma in the restored photograph, and don't in the original.
        shift: largest shift of a colour's mean, levels. Some of it is right: streaks are bright.
        tint: largest shift of a colour's mean against the mean shift of all three, levels.
        blots: change of colour over tens of pixels, levels; a thousandth of the picture has more.
        grid: how much stronger the change is at the frequencies of a stride of 2, 4 or 8 pixels
            than at the frequencies next to them; about 1 where there is no grid.
    """

    specks: float
    shift: float
    tint: float
    blots: float
    grid: float


def measure_defects(before: np.ndarray, after: np.ndarray) -> Defects:
    """Measure the defects of a restored photograph.

    Args:
        before: the photograph, uint8 H×W×3, 32×32 pixels or more.
        after: the restored one, of the same size.

    Raises:
        ValueError: the sizes differ, or are too small.
    """
    if before.shape != after.shape or min(before.shape[:2]) < 32:
        raise ValueError(
            f"two pictures of one size, 32×32 or more, are compared; these are {before.shape} "
            f"and {after.shape}"
        )
    old, new = (picture @ LUMA for picture in (before, after))
    leaves = [np.abs(luma - median_filter(luma, 5)) > SPECK for luma in (old, new)]
    specks = 1e6 * float((leaves[1] & ~leaves[0]).mean())
    shift = after.mean((0, 1)) - before.mean((0, 1))
    change = after.astype(np.float32) - before
    colours = gaussian_filter(change - change.mean(-1, keepdims=True), (BLOT, BLOT, 0))
    return Defects(
        specks=specks,
        shift=float(np.abs(shift).max()),
        tint=float(np.abs(shift - shift.mean()).max()),
        blots=float(np.quantile(np.abs(colours).max(-1), 0.999)),
        grid=_grid(new - old),
    )


def _grid(change: np.ndarray) -> float:
    """The largest ratio of a stride's frequency to its neighbours, along rows or columns."""
    largest = 1.0
    for lines in (change, change.T):
        length = lines.shape[1] // 8 * 8
        power = (np.abs(np.fft.rfft(lines[:, :length])) ** 2).mean(0)
        for stride in (2, 4, 8):
            at = length // stride
            near = [power[n] for n in (at - 3, at - 2, at + 2, at + 3) if 0 < n < len(power)]
            largest = max(largest, float((power[at] + 1e-9) / (np.mean(near) + 1e-9)))
    return largest
