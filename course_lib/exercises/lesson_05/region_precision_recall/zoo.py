"""Exercise 05.5: answers in styles that differ from the reference's."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from skimage.measure import label

EIGHT = np.ones((3, 3), int)


def _shares(mask, other, structure=EIGHT):
    labels, count = ndimage.label(mask, structure)
    return np.atleast_1d(ndimage.mean(other, labels, np.arange(1, count + 1))) if count else None


def _pixels(detected, truth, *, p=0.5):
    both = (detected & truth).sum()
    precision = both / detected.sum() if detected.any() else 1.0
    return float(precision), float(both / truth.sum()) if truth.any() else 1.0


def _four_neighbours(detected, truth, *, p=0.5):
    cross = ndimage.generate_binary_structure(2, 1)
    shares = _shares(detected, truth, cross), _shares(truth, detected, cross)
    return tuple(1.0 if one is None else float((one > p).mean()) for one in shares)


def _divides_by_zero(detected, truth, *, p=0.5):
    found = []
    for mask, other in ((detected, truth), (truth, detected)):
        labels, count = ndimage.label(mask, EIGHT)
        right = sum(other[labels == n].mean() > p for n in range(1, count + 1))
        found.append(right / count)
    return tuple(found)


def _one_number(detected, truth, *, p=0.5):
    shares = _shares(detected, truth)
    return 1.0 if shares is None else float((shares > p).mean())


def _touches(detected, truth, *, p=0.5):
    shares = _shares(detected, truth), _shares(truth, detected)
    return tuple(1.0 if one is None else float((one > 0).mean()) for one in shares)


def _by_means(detected, truth, *, p=0.5):
    shares = _shares(detected, truth), _shares(truth, detected)
    return tuple(1.0 if one is None else float((one > p).mean()) for one in shares)


def _by_scikit_image(detected, truth, *, p=0.5):
    found = []
    for mask, other in ((detected, truth), (truth, detected)):
        labels = label(mask, connectivity=2)
        numbers = np.unique(labels[mask])
        right = [np.count_nonzero(other & (labels == n)) > p * (labels == n).sum() for n in numbers]
        found.append(sum(right) / len(right) if right else 1.0)
    return found[0], found[1]


def _by_counts(detected, truth, *, p=0.5):
    def share(mask, other):
        labels, count = ndimage.label(mask, EIGHT)
        if count == 0:
            return 1.0
        area = np.bincount(labels.ravel())[1:]
        inside = np.bincount(labels[other].ravel(), minlength=count + 1)[1:]
        return np.count_nonzero(inside > p * area) / count

    return share(detected, truth), share(truth, detected)


def _as_a_list(detected, truth, *, p=0.5):
    return list(_by_means(detected, truth, p=p))


WRITTEN = {
    _pixels: "count pixels",
    _four_neighbours: "touch at a corner",
    _divides_by_zero: "ZeroDivisionError",
    _one_number: "two numbers",
    _touches: "touch",
}

VALID = (_by_means, _by_scikit_image, _by_counts, _as_a_list)
