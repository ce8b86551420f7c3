"""Exercise 05.3: answers in styles that differ from the reference's."""

from __future__ import annotations

from collections import defaultdict

import numpy as np


def _per_picture(distances, labels, *, percentile=85):
    found = defaultdict(list)
    for distance, label in zip(distances, labels, strict=True):
        for one in np.unique(label):
            found[int(one)].append(np.percentile(distance[label == one], 100 - percentile))
    return {key: float(np.mean(values)) for key, values in found.items()}


def _from_the_bottom(distances, labels, *, percentile=85):
    found = {}
    for one in {int(k) for label in labels for k in label.flat}:
        values = np.concatenate([d[k == one] for d, k in zip(distances, labels, strict=True)])
        found[one] = float(np.percentile(values, percentile))
    return found


def _as_a_list(distances, labels, *, percentile=85):
    values = np.concatenate([d.ravel() for d in distances])
    classes = np.concatenate([k.ravel() for k in labels])
    chosen = [values[classes == one] for one in np.unique(classes)]
    return [float(np.percentile(one, 100 - percentile)) for one in chosen]


def _of_one_size(distances, labels, *, percentile=85):
    values, classes = np.stack(distances), np.stack(labels)
    return {
        int(one): float(np.percentile(values[classes == one], 100 - percentile))
        for one in np.unique(classes)
    }


def _all_classes(distances, labels, *, percentile=85):
    values = np.concatenate([d.ravel() for d in distances])
    classes = np.concatenate([k.ravel() for k in labels])
    found = {}
    for one in range(int(classes.max()) + 1):
        chosen = values[classes == one]
        found[one] = float(np.percentile(chosen, 100 - percentile)) if len(chosen) else 1.0
    return found


def _by_loops(distances, labels, *, percentile=85):
    found = defaultdict(list)
    for distance, label in zip(distances, labels, strict=True):
        for d, one in zip(distance.flat, label.flat, strict=True):
            found[int(one)].append(float(d))
    return {one: np.percentile(values, 100 - percentile) for one, values in found.items()}


def _by_quantiles(distances, labels, *, percentile=85):
    values, classes = (
        np.hstack([np.ravel(d) for d in distances]),
        np.hstack([np.ravel(k) for k in labels]),
    )
    return {
        k: np.quantile(values[classes == k], 1 - percentile / 100) for k in set(classes.tolist())
    }


def _by_negation(distances, labels, *, percentile=85):
    values = -np.concatenate([d.ravel() for d in distances])
    classes = np.concatenate([k.ravel() for k in labels])
    found = {}
    for one in np.unique(classes):
        found[int(one)] = -float(np.percentile(values[classes == one], percentile))
    return found


def _by_sorting(distances, labels, *, percentile=85):
    values = np.concatenate([d.flatten() for d in distances])
    classes = np.concatenate([k.flatten() for k in labels])
    found = {}
    for one in sorted(set(classes.tolist())):
        ascending = np.sort(values[classes == one])
        place = (1 - percentile / 100) * (len(ascending) - 1)
        found[one] = float(np.interp(place, np.arange(len(ascending)), ascending))
    return found


WRITTEN = {
    _per_picture: "of each picture",
    _from_the_bottom: "counts from the bottom",
    _as_a_list: "dict",
    _of_one_size: "raises ValueError",
    _all_classes: "occur",
}

VALID = (_by_loops, _by_quantiles, _by_negation, _by_sorting)
