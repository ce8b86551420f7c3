"""What rain does to a picture, in ten numbers: to compare synthetic rain with real rain.

Synthetic rain turns into a toy unnoticed: white lines that any filter removes. These numbers,
measured on real rain and on ours, are one guard against it; looking is the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from scipy.ndimage import sobel

from course_lib.data.pair import LUMA, visible_change
from course_lib.filters import high_pass


@dataclass(frozen=True, kw_only=True)
class RainStatistics:
    """How a rainy picture differs from the clean one; luminance Y in 0..255.

    Attributes:
        psnr: of the rainy picture against the clean one, RGB, dB.
        affected: share of the pixels whose luminance changed by more than 12 levels.
        brighter: share that became brighter by more than 12.
        darker: share that became darker by more than 12.
        mean_change: mean change of luminance over the affected pixels, levels; 0 without any.
        horizontal_gradient: mean |horizontal Sobel response| of Y, rainy over clean.
        vertical_gradient: the same for the vertical one.
        tilt: direction of what was added, degrees from the vertical, −90 to 90; positive
            leans like "/". From the structure tensor of the change.
        directionality: how much of the change has that direction, 0 (none) to 1 (all):
            the structure tensor's coherence. Below 0.4 the tilt means nothing.
        high_frequency: mean |Y less its Gaussian blur of 2 pixels|, rainy over clean.
    """

    psnr: float
    affected: float
    brighter: float
    darker: float
    mean_change: float
    horizontal_gradient: float
    vertical_gradient: float
    tilt: float
    directionality: float
    high_frequency: float


def measure(rainy: np.ndarray, clean: np.ndarray) -> RainStatistics:
    """The statistics of one pair, both uint8 H×W×3.

    Raises:
        ValueError: rainy and clean are the same picture, or the clean one is the same along
            rows or columns, so that the ratios would divide by zero.
    """
    y_rainy, y_clean = rainy @ LUMA, clean @ LUMA
    change = y_rainy - y_clean
    squared_error = np.mean((rainy.astype(np.float32) - clean) ** 2)
    across, upright = _mean_sobel(y_clean, axis=1), _mean_sobel(y_clean, axis=0)
    if squared_error == 0 or min(across, upright) < 1e-6:
        fault = "rainy and clean are equal" if squared_error == 0 else "the clean picture is flat"
        raise ValueError(
            f"{fault}: there is nothing to compare; measure a photograph that rain changed"
        )

    affected = visible_change(rainy, clean)
    gx, gy = sobel(change, axis=1), sobel(change, axis=0)
    xx, xy, yy = (gx * gx).mean(), (gx * gy).mean(), (gy * gy).mean()
    return RainStatistics(
        psnr=float(10 * np.log10(255**2 / squared_error)),
        affected=float(affected.mean()),
        brighter=float((affected & (change > 0)).mean()),
        darker=float((affected & (change < 0)).mean()),
        mean_change=float(change[affected].mean()) if affected.any() else 0.0,
        horizontal_gradient=_mean_sobel(y_rainy, axis=1) / across,
        vertical_gradient=_mean_sobel(y_rainy, axis=0) / upright,
        # The gradient stands at a right angle on the streaks, so its angle from the
        # horizontal is theirs from the vertical; y points down, hence "/" is positive.
        tilt=float(np.degrees(np.arctan2(2 * xy, xx - yy)) / 2),
        directionality=float(np.hypot(xx - yy, 2 * xy) / max(xx + yy, 1e-12)),
        high_frequency=_mean_detail(y_rainy) / _mean_detail(y_clean),
    )


def _mean_sobel(luminance: np.ndarray, axis: int) -> float:
    return float(np.abs(sobel(luminance, axis=axis)).mean())


def _mean_detail(luminance: np.ndarray) -> float:
    return float(np.abs(high_pass(luminance, 2)).mean())


def summarise(statistics: Iterable[RainStatistics]) -> dict[str, dict[str, float]]:
    """For each attribute its ``mean``, ``std``, ``min`` and ``max`` over the pairs.

    The tilt's mean is of its absolute value (rain leans either way), its std of the signed
    one.
    """
    rows = [asdict(one) for one in statistics]
    if not rows:
        raise ValueError("no statistics to summarise: the set has no pairs")
    summary = {}
    for key in rows[0]:
        values = np.array([row[key] for row in rows])
        mean = np.abs(values).mean() if key == "tilt" else values.mean()
        summary[key] = {
            "mean": float(mean),
            "std": float(values.std()),
            "min": float(values.min()),
            "max": float(values.max()),
        }
    return summary


TABLE_HEAD = (
    "| rain (pairs) | PSNR (range) | affected | brighter / darker | mean change where affected "
    "| horizontal / vertical gradient | tilt from vertical | high-frequency energy |\n"
    "|---|---|---|---|---|---|---|---|"
)


def table_row(name: str, measured: Sequence[RainStatistics]) -> str:
    """One Markdown row of the table under `TABLE_HEAD`: means over the measured pairs."""
    s = summarise(measured)
    mean = {key: value["mean"] for key, value in s.items()}
    tilt = f"{mean['tilt']:.0f}° ± {s['tilt']['std']:.0f}°"
    return (
        f"| {name} ({len(measured)}) "
        f"| {mean['psnr']:.1f} ({s['psnr']['min']:.1f}-{s['psnr']['max']:.1f}) "
        f"| {mean['affected']:.0%} "
        f"| {mean['brighter']:.0%} / {mean['darker']:.0%} "
        f"| {mean['mean_change']:+.0f} "
        f"| {mean['horizontal_gradient']:.2f} / {mean['vertical_gradient']:.2f} "
        f"| {tilt if mean['directionality'] >= 0.4 else 'none'} "
        f"| {mean['high_frequency']:.2f} |"
    )
