"""Exercise 05.2: answers in styles that differ from the reference's."""

from __future__ import annotations

import numpy as np


def _one_number(gan, mse, *, c):
    return float(((2 * gan * mse + c) / (gan**2 + mse**2 + c)).mean())


def _in_place(gan, mse, *, c):
    product = 2 * gan * mse + c
    gan **= 2
    gan += mse**2 + c
    return product / gan


def _distance(gan, mse, *, c):
    return (gan - mse) ** 2 / (gan**2 + mse**2 + c)


def _guarded(gan, mse, *, c):
    flat = (gan < 1e-6) & (mse < 1e-6)
    similar = (2 * gan * mse + c) / (gan**2 + mse**2 + c)
    return np.where(flat, 0, similar)


def _over_255(gan, mse, *, c):
    gan, mse = gan / 255, mse / 255
    return (2 * gan * mse + c) / (gan**2 + mse**2 + c)


def _as_one_less_a_distance(gan, mse, *, c):
    return 1 - np.square(gan - mse) / (gan * gan + mse * mse + c)


def _by_loops(gan, mse, *, c):
    found = np.empty(np.shape(gan))
    for place in np.ndindex(found.shape):
        x, y = float(gan[place]), float(mse[place])
        found[place] = (2 * x * y + c) / (x**2 + y**2 + c)
    return found


def _by_parts(gan, mse, *, c):
    below = np.add(np.power(gan, 2), np.power(mse, 2)) + c
    return np.divide(c + gan * mse * 2, below)


def _by_means(gan, mse, *, c):
    product, squares = gan * mse, np.stack([gan, mse]) ** 2
    return (product + c / 2) / (squares.mean(axis=0) + c / 2)


WRITTEN = {
    _one_number: "returns",
    _in_place: "changes its input",
    _distance: "other way round",
    _guarded: "flat",
    _over_255: "divide the standard deviations by 255",
}

VALID = (_as_one_less_a_distance, _by_loops, _by_parts, _by_means)
