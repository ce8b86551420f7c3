"""Exercise 04.1: wrong answers and valid alternatives."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import torch
from scipy.ndimage import sobel

from course_lib.checks.task import Equivalent, WrongAnswer

X = ((-1, 0, 1), (-2, 0, 2), (-1, 0, 1))
Y = ((-1, -2, -1), (0, 0, 0), (1, 2, 1))

KEPT = np.array([X, Y], np.float32)
TURNING = np.array([X, Y], np.float32)


def _kernels(smoothing: list[float], difference: list[float]) -> np.ndarray:
    across = np.outer(smoothing, difference)
    return np.stack([across, across.T]).astype(np.float32)


def _changed_places() -> np.ndarray:
    return np.array([Y, X], np.float32)


def _outer_the_other_way() -> np.ndarray:
    across = np.outer([-1, 0, 1], [1, 2, 1])
    return np.stack([across, across.T]).astype(np.float32)


def _turned_round() -> np.ndarray:
    return np.array([X, Y], np.float32)[:, ::-1, ::-1].copy()


def _last_minus_next() -> np.ndarray:
    return _kernels([1, 2, 1], [1, 0, -1])


def _y_upwards() -> np.ndarray:
    return np.array([X, [[1, 2, 1], [0, 0, 0], [-1, -2, -1]]], np.float32)


def _y_by_rotation() -> np.ndarray:
    across = np.array(X, np.float32)
    return np.stack([across, np.rot90(across)])


def _x_leftwards() -> np.ndarray:
    down = np.array(Y, np.float32)
    return np.stack([np.rot90(down, -1), down])


def _changed_places_and_turned() -> np.ndarray:
    return -np.array([Y, X], np.float32)


def _both_across() -> np.ndarray:
    across = np.array(X, np.float32)
    return np.stack([across, across])


def _both_downwards() -> np.ndarray:
    down = np.array(Y).T.T
    return np.stack([down, down]).astype(np.float32)


def _transposed_rows_alone() -> np.ndarray:
    smoothing, difference = np.array([1, 2, 1]), np.array([-1, 0, 1])
    across, down = np.outer(smoothing, difference), np.outer(smoothing.T, difference.T)
    return np.stack([across, down]).astype(np.float32)


def _divided_by_8() -> np.ndarray:
    return np.array([X, Y], np.float32) / 8


def _divided_by_4() -> np.ndarray:
    return _kernels([0.25, 0.5, 0.25], [-1, 0, 1])


def _normalised() -> np.ndarray:
    kernels = np.array([X, Y], np.float32)
    return kernels / np.linalg.norm(kernels[0])


def _one_divided() -> np.ndarray:
    return np.array([X, Y], np.float32) / np.array([1, 2], np.float32)[:, None, None]


def _two_pixels_apart_halved() -> np.ndarray:
    return _kernels([1, 2, 1], [-0.5, 0, 0.5])


def _smoothing_2_4_2() -> np.ndarray:
    return _kernels([2, 4, 2], [-1, 0, 1])


def _prewitt() -> np.ndarray:
    return _kernels([1, 1, 1], [-1, 0, 1])


def _scharr() -> np.ndarray:
    return _kernels([3, 10, 3], [-1, 0, 1])


def _scharr_divided() -> np.ndarray:
    return _kernels([3, 10, 3], [-1, 0, 1]) / 32


def _not_smoothed() -> np.ndarray:
    return _kernels([0, 1, 0], [-1, 0, 1])


def _forward_difference() -> np.ndarray:
    return _kernels([0, 1, 0], [0, -1, 1])


def _smoothed_forward_difference() -> np.ndarray:
    return _kernels([1, 2, 1], [0, -1, 1])


def _blur() -> np.ndarray:
    return _kernels([1, 2, 1], [1, 2, 1]) / 16


def _difference_twice() -> np.ndarray:
    return _kernels([-1, 0, 1], [-1, 0, 1])


def _laplacian() -> np.ndarray:
    kernel = np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]], np.float32)
    return np.stack([kernel, kernel])


def _only_y_prewitt() -> np.ndarray:
    return np.array([X, [[-1, -1, -1], [0, 0, 0], [1, 1, 1]]], np.float32)


def _diagonal() -> np.ndarray:
    return np.array([[[-2, -1, 0], [-1, 0, 1], [0, 1, 2]], Y], np.float32)


def _slip_of_the_pen() -> np.ndarray:
    return np.array([[[-1, 0, 1], [-2, 0, 2], [-1, 0, -1]], Y], np.float32)


def _zeros() -> np.ndarray:
    return np.zeros((2, 3, 3), np.float32)


def _not_filled() -> np.ndarray:
    kernels = np.zeros((2, 3, 3), np.float32)
    kernels[0] = np.outer([1, 2, 1], [-1, 0, 1])
    return kernels


def _float64() -> np.ndarray:
    return np.array([X, Y], float)


def _ints() -> np.ndarray:
    return np.array([X, Y])


def _half() -> np.ndarray:
    return np.array([X, Y], np.float16)


def _for_a_convolution() -> np.ndarray:
    return np.array([X, Y], np.float32)[:, None]


def _stacked_last() -> np.ndarray:
    return np.stack([np.array(X), np.array(Y)], axis=-1).astype(np.float32)


def _below_each_other() -> np.ndarray:
    return np.concatenate([X, Y]).astype(np.float32)


def _product_value_by_value() -> np.ndarray:
    smoothing, difference = np.array([1, 2, 1]), np.array([-1, 0, 1])
    return np.stack([smoothing * difference, difference * smoothing]).astype(np.float32)


def _only_x() -> np.ndarray:
    return np.array(X, np.float32)


def _tuple() -> tuple[np.ndarray, np.ndarray]:
    return np.array(X, np.float32), np.array(Y, np.float32)


def _nested_lists() -> list[Any]:
    return [[list(row) for row in kernel] for kernel in (X, Y)]


def _tensor() -> torch.Tensor:
    return torch.tensor([X, Y], dtype=torch.float32)


def _tensor_not_stacked() -> np.ndarray:
    return np.stack(np.outer([1, 2, 1], [-1, 0, 1]), np.outer([-1, 0, 1], [1, 2, 1]))  # type: ignore[call-overload]


def _prints() -> None:
    print(np.array([X, Y], np.float32))


def _of_a_picture(picture: np.ndarray) -> np.ndarray:
    return np.stack([sobel(picture, 1), sobel(picture, 0)])


def _kept_outside() -> np.ndarray:
    return KEPT


def _kept_as_default(kernels: np.ndarray = np.array([X, Y], np.float32)) -> np.ndarray:  # noqa: B008
    return kernels


@functools.cache
def _cached() -> np.ndarray:
    return np.array([X, Y], np.float32)


def _changes_what_lives_on() -> np.ndarray:
    kernels = TURNING.copy()
    TURNING[:] *= -1
    return kernels


def _by_hand() -> np.ndarray:
    kernel_x = [[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]
    kernel_y = [[-1.0, -2.0, -1.0], [0.0, 0.0, 0.0], [1.0, 2.0, 1.0]]
    return np.array([kernel_x, kernel_y], dtype="float32")


def _by_broadcasting() -> np.ndarray:
    smoothing = np.array([1, 2, 1], np.float32)
    difference = np.array([-1, 0, 1], np.float32)
    kernels = np.empty((2, 3, 3), np.float32)
    kernels[0] = smoothing[:, None] * difference
    kernels[1] = difference[:, None] * smoothing
    return kernels


def _by_loops() -> np.ndarray:
    kernels = np.zeros((2, 3, 3), np.float32)
    for row in range(3):
        for column in range(3):
            kernels[0, row, column] = (column - 1) * (2 - abs(row - 1))
            kernels[1, column, row] = kernels[0, row, column]
    return kernels


def _by_rotating() -> np.ndarray:
    across = np.array(X, dtype=np.float32)
    return np.stack((across, np.rot90(across, k=-1)), axis=0)


def _by_asking_scipy() -> np.ndarray:
    point = np.zeros((3, 3), np.float32)
    point[1, 1] = 1
    return -np.stack([sobel(point, axis) for axis in (1, 0)])


def _by_torch() -> np.ndarray:
    smoothing, difference = torch.tensor([1.0, 2.0, 1.0]), torch.tensor([-1.0, 0.0, 1.0])
    across = torch.outer(smoothing, difference)
    return torch.stack([across, across.mT]).numpy()


WRONG = (
    WrongAnswer(answer=_changed_places, diagnosis="have changed places"),
    WrongAnswer(answer=_outer_the_other_way, diagnosis="have changed places"),
    WrongAnswer(answer=_turned_round, diagnosis="Your kernels are turned round"),
    WrongAnswer(answer=_last_minus_next, diagnosis="Your kernels are turned round"),
    WrongAnswer(answer=_y_upwards, diagnosis="Your ∇y has its sign turned"),
    WrongAnswer(answer=_y_by_rotation, diagnosis="Your ∇y has its sign turned"),
    WrongAnswer(answer=_x_leftwards, diagnosis="Your ∇x has its sign turned"),
    WrongAnswer(answer=_changed_places_and_turned, diagnosis="have changed places"),
    WrongAnswer(answer=_both_across, diagnosis="Both of your kernels look across"),
    WrongAnswer(answer=_both_downwards, diagnosis="Both of your kernels look downwards"),
    WrongAnswer(answer=_transposed_rows_alone, diagnosis="Both of your kernels look across"),
    WrongAnswer(answer=_divided_by_8, diagnosis="Your kernels are divided by 8"),
    WrongAnswer(answer=_divided_by_4, diagnosis="Your kernels are divided by 4"),
    WrongAnswer(answer=_normalised, diagnosis="Your kernels are divided by 3.464"),
    WrongAnswer(answer=_one_divided, diagnosis="Your ∇y is divided by 2"),
    WrongAnswer(answer=_two_pixels_apart_halved, diagnosis="Your kernels are divided by 2"),
    WrongAnswer(answer=_smoothing_2_4_2, diagnosis="Your kernels are multiplied by 2"),
    WrongAnswer(answer=_prewitt, diagnosis="In both of your kernels, the smoothing has the"),
    WrongAnswer(answer=_scharr, diagnosis="as in Scharr's operator"),
    WrongAnswer(answer=_scharr_divided, diagnosis="as in Scharr's operator"),
    WrongAnswer(answer=_not_smoothed, diagnosis="this is the plain difference"),
    WrongAnswer(answer=_forward_difference, diagnosis="next neighbour, and nothing is smoothed"),
    WrongAnswer(answer=_smoothed_forward_difference, diagnosis="is compared with its next neigh"),
    WrongAnswer(answer=_blur, diagnosis="this is a blur"),
    WrongAnswer(answer=_difference_twice, diagnosis="the difference is taken in both directions"),
    WrongAnswer(answer=_laplacian, diagnosis="this is the Laplacian"),
    WrongAnswer(answer=_only_y_prewitt, diagnosis="In your ∇y, the smoothing has the weights 1"),
    WrongAnswer(answer=_diagonal, diagnosis="In your ∇x, the difference is taken along a diag"),
    WrongAnswer(answer=_slip_of_the_pen, diagnosis="at [2, 2] stands -1 where 1 belongs"),
    WrongAnswer(answer=_zeros, diagnosis="In your ∇x, 6 of the 9 weights differ"),
    WrongAnswer(answer=_not_filled, diagnosis="In your ∇y, 6 of the 9 weights differ"),
    WrongAnswer(answer=_float64, diagnosis="are float64; float32 is asked for"),
    WrongAnswer(answer=_ints, diagnosis=", whole numbers; float32 is asked for"),
    WrongAnswer(answer=_half, diagnosis="are float16; float32 is asked for"),
    WrongAnswer(answer=_for_a_convolution, diagnosis="SobelGradient adds it"),
    WrongAnswer(answer=_stacked_last, diagnosis="stack them along the first axis"),
    WrongAnswer(answer=_below_each_other, diagnosis="only below each other"),
    WrongAnswer(answer=_product_value_by_value, diagnosis="np.outer makes a 3×3 table"),
    WrongAnswer(answer=_only_x, diagnosis="one of them is missing"),
    WrongAnswer(answer=_tuple, diagnosis="a tuple of 2; one array"),
    WrongAnswer(answer=_nested_lists, diagnosis="and np.array of nested lists"),
    WrongAnswer(answer=_tensor, diagnosis="the docstring asks for a numpy array"),
    WrongAnswer(answer=_tensor_not_stacked, diagnosis="On being called, your function raises"),
    WrongAnswer(answer=_prints, diagnosis="prints and returns None"),
    WrongAnswer(answer=_of_a_picture, diagnosis="can't be called as the lesson calls it"),
    WrongAnswer(answer=_kept_outside, diagnosis="hands out the same array in each call"),
    WrongAnswer(answer=_kept_as_default, diagnosis="hands out the same array in each call"),
    WrongAnswer(answer=_cached, diagnosis="hands out the same array in each call"),
    WrongAnswer(answer=_changes_what_lives_on, diagnosis="other kernels when it is called again"),
)

VALID = (_by_hand, _by_broadcasting, _by_loops, _by_rotating, _by_asking_scipy, _by_torch)

LISTS = "np.outer takes a list as it takes an array."

EQUIVALENT = (
    Equivalent(mutant="line 1: np.array([1, 2, 1]) → [1, 2, 1]", why=LISTS),
    Equivalent(mutant="line 1: np.array([-1, 0, 1]) → [-1, 0, 1]", why=LISTS),
)
