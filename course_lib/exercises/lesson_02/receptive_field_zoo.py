"""Exercise 02.2: wrong answers and valid alternatives."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np

from course_lib.checks.task import WrongAnswer

Layers = Sequence[tuple[int, int]]


def _forwards(layers: Layers) -> int:
    seen = 1
    for kernel, stride in layers:
        seen = (seen - 1) * stride + kernel
    return seen


def _stride_forgotten(layers: Layers) -> int:
    seen = 1
    for kernel, _ in reversed(layers):
        seen = seen + kernel - 1
    return seen


def _sum_of_kernels(layers: Layers) -> int:
    return sum(kernel for kernel, _ in layers)


def _product_of_kernels(layers: Layers) -> int:
    field = 1
    for kernel, _ in layers:
        field *= kernel
    return field


def _product_of_strides(layers: Layers) -> int:
    return int(np.prod([stride for _, stride in layers]))


def _largest_kernel(layers: Layers) -> int:
    return max([kernel for kernel, _ in layers] or [1])


def _all_neighbours_stride(layers: Layers) -> int:
    seen = 1
    for kernel, stride in reversed(layers):
        seen = seen * stride + kernel
    return seen


def _plus_one(layers: Layers) -> int:
    seen = 1
    for kernel, stride in reversed(layers):
        seen = (seen + 1) * stride + kernel
    return seen


def _starts_with_zero(layers: Layers) -> int:
    seen = 0
    for kernel, stride in reversed(layers):
        seen = (seen - 1) * stride + kernel
    return seen


def _kernel_and_stride_swapped(layers: Layers) -> int:
    seen = 1
    for stride, kernel in reversed(layers):
        seen = (seen - 1) * stride + kernel
    return seen


def _one_less(layers: Layers) -> int:
    seen = 1
    for kernel, stride in layers[::-1]:
        seen = (seen - 1) * stride + (kernel - 1)
    return seen


def _one_more(layers: Layers) -> int:
    seen = 1
    for kernel, stride in layers[::-1]:
        seen = (seen - 1) * stride + kernel + 1
    return seen


def _without_padding(layers: Layers) -> int:
    seen, padding = 1, 1
    for kernel, stride in reversed(layers):
        seen = (seen - 1) * stride + kernel - 2 * padding
    return seen


def _everything_times_stride(layers: Layers) -> int:
    seen = 1
    for kernel, stride in reversed(layers):
        seen = (seen - 1 + kernel) * stride
    return seen


def _own_stride_too_early(layers: Layers) -> int:
    seen, jump = 1, 1
    for kernel, stride in layers:
        jump *= stride
        seen += (kernel - 1) * jump
    return seen


def _only_the_stride_before(layers: Layers) -> int:
    seen, jump = 1, 1
    for kernel, stride in layers:
        seen += (kernel - 1) * jump
        jump = stride
    return seen


def _area(layers: Layers) -> int:
    side = _by_jumps(layers)
    return side * side


def _returns_in_the_loop(layers: Layers) -> int:
    seen = 1
    for kernel, stride in reversed(layers):
        seen = (seen - 1) * stride + kernel
        return seen
    return seen


def _forgets_what_it_found(layers: Layers) -> int:
    seen = 1
    for kernel, stride in reversed(layers):
        seen = (1 - 1) * stride + kernel
    return seen


def _first_layer_left_out(layers: Layers) -> int:
    seen = 1
    for n in range(len(layers) - 1, 0, -1):
        kernel, stride = layers[n]
        seen = (seen - 1) * stride + kernel
    return seen


def _last_layer_left_out(layers: Layers) -> int:
    seen = 1
    for kernel, stride in layers[-2::-1]:
        seen = (seen - 1) * stride + kernel
    return seen


def _nothing_sees_nothing(layers: Layers) -> int:
    if not layers:
        return 0
    return _by_jumps(layers)


def _needs_a_layer(layers: Layers) -> int:
    seen = layers[-1][0]
    for kernel, stride in layers[-2::-1]:
        seen = (seen - 1) * stride + kernel
    return seen


def _reverses_in_place(layers: Any) -> int:
    layers.reverse()
    return _forwards(layers)


def _result_of_reverse(layers: Any) -> int:
    seen = 1
    for kernel, stride in layers.reverse():
        seen = (seen - 1) * stride + kernel
    return seen


def _pops(layers: Any) -> int:
    seen = 1
    while layers:
        kernel, stride = layers.pop()
        seen = (seen - 1) * stride + kernel
    return seen


def _lists_only(layers: Any) -> int:
    layers = layers.copy()
    layers.reverse()
    return _forwards(layers)


def _float(layers: Layers) -> float:
    seen = 1.0
    for kernel, stride in reversed(layers):
        seen = (seen - 1) * stride + kernel
    return seen


def _both_sides(layers: Layers) -> tuple[int, int]:
    side = _by_jumps(layers)
    return side, side


def _of_the_paper(layers: Layers) -> int:
    return 70 + 0 * len(layers)


def _prints(layers: Layers) -> None:
    print(_by_jumps(layers))


def _by_jumps(layers: Layers) -> int:
    seen, jump = 1, 1
    for kernel, stride in layers:
        seen += (kernel - 1) * jump
        jump *= stride
    return seen


def _by_recursion(layers: Layers) -> int:
    if not layers:
        return 1
    (kernel, stride), *rest = layers
    return stride * (_by_recursion(rest) - 1) + kernel


def _by_reduce(layers: Layers) -> int:
    return reduce(lambda seen, layer: seen * layer[1] + layer[0] - layer[1], layers[::-1], 1)


def _by_numpy(layers: Layers) -> int:
    kernels, strides = np.array(layers, dtype=int).reshape(-1, 2).T
    jumps = np.concatenate([[1], np.cumprod(strides)])[:-1]
    return 1 + np.sum((kernels - 1) * jumps)


def _by_the_ends(layers: Layers) -> int:
    first = last = 0
    for n in range(len(layers) - 1, -1, -1):
        first, last = first * layers[n][1], last * layers[n][1] + layers[n][0] - 1
    return last - first + 1


WRONG = (
    WrongAnswer(answer=_forwards, diagnosis="from the first layer to the last"),
    WrongAnswer(answer=_stride_forgotten, diagnosis="strides have no effect"),
    WrongAnswer(answer=_sum_of_kernels, diagnosis="add the kernel sizes up"),
    WrongAnswer(answer=_product_of_kernels, diagnosis="multiply the kernel sizes"),
    WrongAnswer(answer=_product_of_strides, diagnosis="how many times smaller the output is"),
    WrongAnswer(answer=_largest_kernel, diagnosis="the largest kernel"),
    WrongAnswer(answer=_all_neighbours_stride, diagnosis="ou take r·s + k"),
    WrongAnswer(answer=_plus_one, diagnosis="ou take (r + 1)·s + k"),
    WrongAnswer(answer=_starts_with_zero, diagnosis="start with 0 values"),
    WrongAnswer(answer=_kernel_and_stride_swapped, diagnosis="ernel and stride are swapped"),
    WrongAnswer(answer=_one_less, diagnosis="one value less"),
    WrongAnswer(answer=_one_more, diagnosis="one value more"),
    WrongAnswer(answer=_without_padding, diagnosis="as for padding"),
    WrongAnswer(answer=_everything_times_stride, diagnosis="after adding the kernel"),
    WrongAnswer(answer=_own_stride_too_early, diagnosis="own stride counts in your sum already"),
    WrongAnswer(answer=_only_the_stride_before, diagnosis="stride of the layer just before"),
    WrongAnswer(answer=_area, diagnosis="the patch's area"),
    WrongAnswer(answer=_returns_in_the_loop, diagnosis="only the last layer counts"),
    WrongAnswer(answer=_forgets_what_it_found, diagnosis="forget what the rounds before it found"),
    WrongAnswer(answer=_first_layer_left_out, diagnosis="he first layer is left out"),
    WrongAnswer(answer=_last_layer_left_out, diagnosis="he last layer is left out"),
    WrongAnswer(answer=_nothing_sees_nothing, diagnosis="no layers at all, your function gives 0"),
    WrongAnswer(answer=_needs_a_layer, diagnosis="On no layers at all, your function raises"),
    WrongAnswer(answer=_reverses_in_place, diagnosis="changes its input `layers`"),
    WrongAnswer(answer=_result_of_reverse, diagnosis="works in place and returns None"),
    WrongAnswer(answer=_pops, diagnosis="changes its input `layers`"),
    WrongAnswer(answer=_lists_only, diagnosis="'tuple' object has no attribute"),
    WrongAnswer(answer=_float, diagnosis="an int is expected"),
    WrongAnswer(answer=_both_sides, diagnosis="one number is expected"),
    WrongAnswer(answer=_of_the_paper, diagnosis="whatever it is called with"),
    WrongAnswer(answer=_prints, diagnosis="prints and returns None"),
)

VALID = (_by_jumps, _by_recursion, _by_reduce, _by_numpy, _by_the_ends)
