"""Exercise 04.1: answers in styles that differ from the reference's."""

from __future__ import annotations

import functools

import numpy as np
import torch
from scipy.ndimage import sobel

X = ((-1, 0, 1), (-2, 0, 2), (-1, 0, 1))
Y = ((-1, -2, -1), (0, 0, 0), (1, 2, 1))

KEPT = np.array([X, Y], np.float32)
TURNING = np.array([X, Y], np.float32)


def _turned_round():
    return np.array([X, Y], np.float32)[:, ::-1, ::-1].copy()


def _y_by_rotation():
    across = np.array(X, np.float32)
    return np.stack([across, np.rot90(across)])


def _tensor():
    return torch.tensor([X, Y], dtype=torch.float32)


def _of_a_picture(picture):
    return np.stack([sobel(picture, 1), sobel(picture, 0)])


def _kept_outside():
    return KEPT


def _kept_as_default(kernels=np.array([X, Y], np.float32)):  # noqa: B008
    return kernels


@functools.cache
def _cached():
    return np.array([X, Y], np.float32)


def _changes_what_lives_on():
    kernels = TURNING.copy()
    TURNING[:] *= -1
    return kernels


def _by_hand():
    kernel_x = [[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]
    kernel_y = [[-1.0, -2.0, -1.0], [0.0, 0.0, 0.0], [1.0, 2.0, 1.0]]
    return np.array([kernel_x, kernel_y], dtype="float32")


def _by_broadcasting():
    smoothing = np.array([1, 2, 1], np.float32)
    difference = np.array([-1, 0, 1], np.float32)
    kernels = np.empty((2, 3, 3), np.float32)
    kernels[0] = smoothing[:, None] * difference
    kernels[1] = difference[:, None] * smoothing
    return kernels


def _by_loops():
    kernels = np.zeros((2, 3, 3), np.float32)
    for row in range(3):
        for column in range(3):
            kernels[0, row, column] = (column - 1) * (2 - abs(row - 1))
            kernels[1, column, row] = kernels[0, row, column]
    return kernels


def _by_rotating():
    across = np.array(X, dtype=np.float32)
    return np.stack((across, np.rot90(across, k=-1)), axis=0)


def _by_asking_scipy():
    point = np.zeros((3, 3), np.float32)
    point[1, 1] = 1
    return -np.stack([sobel(point, axis) for axis in (1, 0)])


def _by_torch():
    smoothing, difference = torch.tensor([1.0, 2.0, 1.0]), torch.tensor([-1.0, 0.0, 1.0])
    across = torch.outer(smoothing, difference)
    return torch.stack([across, across.mT]).numpy()


WRITTEN = {
    _turned_round: "Your kernels are rotated by 180°",
    _y_by_rotation: "Your ∇y has the wrong sign",
    _tensor: "the docstring asks for a numpy array",
    _of_a_picture: "can't be called as the lesson calls it",
    _kept_outside: "hands out the same array in each call",
    _kept_as_default: "hands out the same array in each call",
    _cached: "hands out the same array in each call",
    _changes_what_lives_on: "other kernels when it is called again",
}

VALID = (_by_hand, _by_broadcasting, _by_loops, _by_rotating, _by_asking_scipy, _by_torch)
