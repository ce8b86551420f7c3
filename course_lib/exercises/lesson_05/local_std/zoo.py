"""Exercise 05.1: answers in styles that differ from the reference's."""

from __future__ import annotations

import numpy as np
import torch
from scipy.ndimage import generic_filter, uniform_filter


def _means(image, window, kind=np.float64):
    """Local means of the levels and of their squares, of the area where the window fits."""
    levels = np.asarray(image).astype(kind)
    edge = window // 2
    size = (window, window, 1)[: levels.ndim]
    inside = np.s_[edge : levels.shape[0] - edge, edge : levels.shape[1] - edge]
    return uniform_filter(levels, size)[inside], uniform_filter(levels**2, size)[inside]


def _same_size(image, window):
    levels = np.asarray(image, float)
    size = (window, window, 1)[: levels.ndim]
    mean, square = uniform_filter(levels, size), uniform_filter(levels**2, size)
    return np.sqrt(np.maximum(square - mean**2, 0))


def _squares_of_bytes(image, window):
    image = np.asarray(image)
    mean, _ = _means(image, window)
    _, square = (
        _means(image, window) if image.dtype != np.uint8 else (0, _means(image**2, window)[0])
    )
    return np.sqrt(np.maximum(square - mean**2, 0))


def _unclipped_root(image, window):
    mean, square = _means(image, window, np.float32)
    return np.sqrt(square.astype(np.float64) - mean.astype(np.float64) ** 2)


def _in_single_precision(image, window):
    mean, square = _means(image, window, np.float32)
    return np.sqrt(np.maximum(square - mean**2, 0)).astype(np.float64)


def _grey(image, window):
    image = np.asarray(image, float)
    mean, square = _means(image if image.ndim == 2 else image.mean(axis=-1), window)
    return np.sqrt(np.maximum(square - mean**2, 0))


def _of_all_colours(image, window):
    levels = np.asarray(image, float)
    around = np.lib.stride_tricks.sliding_window_view(levels, (window, window), axis=(0, 1))
    if levels.ndim == 2:
        return around.std(axis=(-2, -1))
    return np.repeat(around.std(axis=(-3, -2, -1))[..., None], levels.shape[2], axis=-1)


def _always_five(image, window):
    mean, square = _means(image, 5)
    return np.sqrt(np.maximum(square - mean**2, 0))


def _by_two_means(image, window):
    mean, square = _means(image, window)
    return np.sqrt(np.clip(square - mean * mean, 0, None))


def _by_loops(image, window):
    levels = np.asarray(image, dtype=float)
    rows, columns = levels.shape[0] - window + 1, levels.shape[1] - window + 1
    found = np.zeros((rows, columns, *levels.shape[2:]))
    for y in range(rows):
        for x in range(columns):
            found[y, x] = levels[y : y + window, x : x + window].std(axis=(0, 1))
    return found


def _by_torch(image, window):
    levels = torch.from_numpy(np.array(image, dtype=np.float64))
    around = levels.unfold(0, window, 1).unfold(1, window, 1)
    return around.var(dim=(-2, -1), correction=0).sqrt().numpy()


def _by_generic_filter(image, window):
    levels = np.asarray(image, float)
    edge = window // 2
    planes = levels[..., None] if levels.ndim == 2 else levels
    found = np.stack(
        [generic_filter(planes[..., c], np.std, window) for c in range(planes.shape[2])], axis=-1
    )[edge : levels.shape[0] - edge, edge : levels.shape[1] - edge]
    return found[..., 0] if levels.ndim == 2 else found


WRITTEN = {
    _same_size: "the whole window lies inside",
    _squares_of_bytes: "squares of uint8 wrap around",
    _unclipped_root: "values differ",
    _in_single_precision: "values differ",
    _grey: "one map for each channel",
    _of_all_colours: "all three colours together",
    _always_five: "Only pixels count",
}

VALID = (_by_two_means, _by_loops, _by_torch, _by_generic_filter)
