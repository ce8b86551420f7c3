"""A local NIQE: how far the statistics of each patch lie from those of natural photographs.

It follows Mittal et al. 2012 (*Making a "completely blind" image quality analyzer*), fitted on
the embedded photographs instead of the authors' 125, so its values are not those of published
tables. DeSRA compares its own detector with a map of NIQE (§4.2).
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter, zoom
from scipy.special import gamma

from course_lib.data.photos import PHOTOS, load_photo
from course_lib.metrics import rgb_to_y

PATCH = 96  # pixels, side of the patches whose statistics are compared (Mittal et al., §III)
SHARP = 0.75  # patches of the photographs that are at least so sharp, compared with the sharpest
WINDOW_SIGMA = 7 / 6
SHAPES = np.arange(0.2, 10.001, 0.001)  # of the generalised Gaussians that are tried
RATIOS = gamma(2 / SHAPES) ** 2 / (gamma(1 / SHAPES) * gamma(3 / SHAPES))
NEIGHBOURS = (0, 1), (1, 0), (1, 1), (1, -1)


class NaturalModel(NamedTuple):
    """What patches of natural photographs have in common: 36 features, mean and covariance."""

    mean: np.ndarray
    covariance: np.ndarray


def niqe(picture: np.ndarray, *, patch: int = PATCH) -> float:
    """How unnatural a picture is, one number: lower is said to be better.

    Args:
        picture: uint8 H×W×3, at least two patches.
        patch: side of the patches, pixels, even.

    Raises:
        ValueError: fewer than two patches fit.
    """
    found = _features(picture, patch)[0].reshape(-1, 36)
    if len(found) < 2:
        raise ValueError(
            f"the picture is {picture.shape[0]}×{picture.shape[1]}; NIQE compares at least two "
            f"patches of {patch}×{patch}"
        )
    model = natural_model(patch)
    covariance = (model.covariance + np.cov(found, rowvar=False)) / 2
    away = found.mean(axis=0) - model.mean
    return float(np.sqrt(away @ np.linalg.pinv(covariance) @ away))


def niqe_map(picture: np.ndarray, *, patch: int = 32) -> np.ndarray:
    """How unnatural each place of a picture is.

    Args:
        picture: uint8 H×W×3.
        patch: side of the patches, pixels, even.

    Returns:
        H×W float64; each patch has one value, its Mahalanobis distance from natural ones, and
        between the middles of patches the map is linear.

    Raises:
        ValueError: no patch fits.
    """
    height, width = picture.shape[:2]
    found, _ = _features(picture, patch)
    model = natural_model(patch)
    away = found - model.mean
    squared = np.einsum("...i,ij,...j", away, np.linalg.pinv(model.covariance), away)
    values = np.sqrt(np.maximum(squared, 0))
    middles = [
        ((np.arange(side) + 0.5) / patch - 0.5).clip(0, count - 1)
        for side, count in zip((height, width), values.shape, strict=True)
    ]
    return _linear(values, *middles)


@cache
def natural_model(patch: int = PATCH) -> NaturalModel:
    """The model of the sharp patches of the embedded photographs."""
    chosen = []
    for name in PHOTOS:
        found, sharpness = _features(load_photo(name), patch)
        chosen.append(found[sharpness >= SHARP * sharpness.max()])
    features = np.concatenate(chosen)
    return NaturalModel(features.mean(axis=0), np.cov(features, rowvar=False))


def _features(picture: np.ndarray, patch: int) -> tuple[np.ndarray, np.ndarray]:
    """36 features of each patch, rows×columns×36, and how sharp the patches are."""
    if patch < 4 or patch % 2:
        raise ValueError(f"patches have an even side of 4 or more; it is {patch}")
    rows, columns = picture.shape[0] // patch, picture.shape[1] // patch
    if not rows or not columns:
        raise ValueError(
            f"the picture is {picture.shape[0]}×{picture.shape[1]}: "
            f"no patch of {patch}×{patch} fits"
        )
    luma = rgb_to_y(picture[: rows * patch, : columns * patch])
    found = []
    for side in (patch, patch // 2):
        normalised, deviation = _normalise(luma)
        if side == patch:
            sharpness = _patches(deviation, side).mean(axis=-1)
        products = [normalised * np.roll(normalised, step, (0, 1)) for step in NEIGHBOURS]
        found.append(_shape_and_spread(_patches(normalised, side)))
        found += [_asymmetric(_patches(one, side)) for one in products]
        luma = zoom(luma, 0.5, order=3, grid_mode=True, mode="nearest")
    return np.concatenate(found, axis=-1), sharpness


def _normalise(luma: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Luma less its local mean, over its local standard deviation plus 1; and that deviation."""
    blur = {"sigma": WINDOW_SIGMA, "truncate": 2.6, "mode": "nearest"}
    mean = gaussian_filter(luma, **blur)
    variance = gaussian_filter(luma**2, **blur) - mean**2
    deviation = np.sqrt(np.abs(variance))
    return (luma - mean) / (deviation + 1), deviation


def _patches(plane: np.ndarray, side: int) -> np.ndarray:
    """H×W → rows × columns × pixels of a patch."""
    rows, columns = plane.shape[0] // side, plane.shape[1] // side
    cut = plane.reshape(rows, side, columns, side).swapaxes(1, 2)
    return cut.reshape(rows, columns, side * side)


def _fit(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Shape and left and right spread of an asymmetric generalised Gaussian, for each patch."""
    left = np.sqrt(_mean_where(values**2, values < 0))
    right = np.sqrt(_mean_where(values**2, values >= 0))
    skew = left / np.maximum(right, 1e-9)
    square = (values**2).mean(axis=-1)
    ratio = np.abs(values).mean(axis=-1) ** 2 / np.maximum(square, 1e-12)
    ratio *= (skew**3 + 1) * (skew + 1) / (skew**2 + 1) ** 2
    # Ratios rise with the shape.
    shape = SHAPES[np.searchsorted(RATIOS, ratio).clip(0, len(SHAPES) - 1)]
    scale = np.sqrt(gamma(1 / shape) / gamma(3 / shape))
    return shape, left * scale, right * scale


def _mean_where(values: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    return (values * chosen).sum(axis=-1) / np.maximum(chosen.sum(axis=-1), 1)


def _shape_and_spread(values: np.ndarray) -> np.ndarray:
    shape, left, right = _fit(values)
    return np.stack([shape, (left + right) / 2], axis=-1)


def _asymmetric(values: np.ndarray) -> np.ndarray:
    shape, left, right = _fit(values)
    mean = (right - left) * gamma(2 / shape) / gamma(1 / shape)
    return np.stack([shape, mean, left, right], axis=-1)


def _linear(values: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Values at fractional rows and columns, linear between the whole ones."""
    across = np.stack([np.interp(columns, np.arange(values.shape[1]), row) for row in values])
    down = np.arange(values.shape[0])
    return np.stack([np.interp(rows, down, one) for one in across.T], axis=-1)
