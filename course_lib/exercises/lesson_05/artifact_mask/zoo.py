"""Exercise 05.4: answers in styles that differ from the reference's."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from skimage import morphology

from course_lib.artifacts.mask import without_small_regions

EIGHT = np.ones((3, 3), bool)


def _steps(
    distance,
    weights=1.0,
    *,
    threshold=0.7,
    square=5,
    erosions=1,
    dilations=3,
    holes=True,
    min_area=4000,
    order="edh",
    border=1,
):
    mask = np.asarray(distance) * weights < threshold
    element = np.ones((square, square))
    for step in order:
        if step == "e" and erosions:
            mask = ndimage.binary_erosion(mask, element, iterations=erosions, border_value=border)
        if step == "d" and dilations:
            mask = ndimage.binary_dilation(mask, element, iterations=dilations)
        if step == "h" and holes:
            mask = ndimage.binary_fill_holes(mask, EIGHT)
    return without_small_regions(mask, min_area)


def _dilates_first(distance, weights=1.0, **settings):
    return _steps(distance, weights, order="deh", **settings)


def _border_is_empty(distance, weights=1.0, **settings):
    return _steps(distance, weights, border=0, **settings)


def _settings_of_the_paper(distance, weights=1.0, **settings):
    return _steps(distance, weights)


def _as_numbers(distance, weights=1.0, **settings):
    return _steps(distance, weights, **settings).astype(np.uint8) * 255


def _four_neighbours(distance, weights=1.0, *, min_area=4000, **settings):
    mask = _steps(distance, weights, min_area=0, **settings)
    labels, _ = ndimage.label(mask)
    keep = np.bincount(labels.ravel()) > min_area
    keep[0] = False
    return keep[labels]


def _by_scikit_image(
    distance,
    weights=1.0,
    *,
    threshold=0.7,
    square=5,
    erosions=1,
    dilations=3,
    holes=True,
    min_area=4000,
):
    mask = np.clip(distance * weights, 0, 1) < threshold
    element = np.ones((square, square), dtype=np.uint8)
    edge = square // 2
    for _ in range(erosions):
        padded = np.pad(mask, edge, constant_values=True)
        mask = morphology.erosion(padded, element)[edge : edge + mask.shape[0], edge:][
            :, : mask.shape[1]
        ]
    for _ in range(dilations):
        padded = np.pad(mask, edge, constant_values=False)
        mask = morphology.dilation(padded, element)[edge : edge + mask.shape[0], edge:][
            :, : mask.shape[1]
        ]
    if holes:
        mask = ndimage.binary_fill_holes(mask, structure=EIGHT)
    labels, count = ndimage.label(mask, EIGHT)
    for n in range(1, count + 1):
        if (labels == n).sum() <= min_area:
            mask = mask & (labels != n)
    return mask


def _by_filters(
    distance,
    weights=1.0,
    *,
    threshold=0.7,
    square=5,
    erosions=1,
    dilations=3,
    holes=True,
    min_area=4000,
):
    mask = distance * weights < threshold
    for _ in range(erosions):
        mask = ndimage.minimum_filter(mask, square, mode="constant", cval=True)
    for _ in range(dilations):
        mask = ndimage.maximum_filter(mask, square, mode="constant", cval=False)
    if holes:
        labels, count = ndimage.label(~mask)
        touching = {*labels[0], *labels[-1], *labels[:, 0], *labels[:, -1]}
        outside = np.isin(labels, list(touching - {0}))
        if holes:
            mask = ndimage.binary_fill_holes(mask, EIGHT) if count else mask | ~outside
    return without_small_regions(mask, min_area)


def _in_a_loop(
    distance,
    weights=1.0,
    *,
    threshold=0.7,
    square=5,
    erosions=1,
    dilations=3,
    holes=True,
    min_area=4000,
):
    mask = np.less(np.multiply(distance, weights), threshold)
    steps = [lambda m: ndimage.binary_erosion(m, np.ones((square,) * 2), border_value=True)]
    steps *= erosions
    steps += [lambda m: ndimage.binary_dilation(m, np.ones((square,) * 2))] * dilations
    for step in steps:
        mask = step(mask)
    mask = ndimage.binary_fill_holes(mask, EIGHT) if holes else mask
    return without_small_regions(mask, min_area)


def _by_larger_squares(
    distance,
    weights=1.0,
    *,
    threshold=0.7,
    square=5,
    erosions=1,
    dilations=3,
    holes=True,
    min_area=4000,
):
    """n times a square of side s is once one of side n·(s − 1) + 1."""
    mask = distance * weights < threshold
    small = np.ones((erosions * (square - 1) + 1,) * 2, bool)
    large = np.ones((dilations * (square - 1) + 1,) * 2, bool)
    mask = ndimage.binary_dilation(ndimage.binary_erosion(mask, small, border_value=1), large)
    if holes:
        mask = ndimage.binary_fill_holes(mask, EIGHT)
    return without_small_regions(mask, min_area)


WRITTEN = {
    _dilates_first: "dilate before you erode",
    _border_is_empty: "beyond the border",
    _settings_of_the_paper: "whatever min_area is",
    _as_numbers: "bool",
    _four_neighbours: "touch at a corner",
    lambda distance, weights=1.0, **settings: distance < 0.7: "differ",
}

VALID = (_by_scikit_image, _by_filters, _in_a_loop, _by_larger_squares)
