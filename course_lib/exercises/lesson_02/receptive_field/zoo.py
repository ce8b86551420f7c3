"""Exercise 02.2: answers in styles that differ from the reference's."""

from __future__ import annotations

from functools import reduce

import numpy as np


def _forwards(layers):
    seen = 1
    for kernel, stride in layers:
        seen = (seen - 1) * stride + kernel
    return seen


def _sum_of_kernels(layers):
    return sum(kernel for kernel, _ in layers)


def _product_of_kernels(layers):
    field = 1
    for kernel, _ in layers:
        field *= kernel
    return field


def _returns_in_the_loop(layers):
    seen = 1
    for kernel, stride in reversed(layers):
        seen = (seen - 1) * stride + kernel
        return seen
    return seen


def _forgets_what_it_found(layers):
    seen = 1
    for kernel, stride in reversed(layers):
        seen = (1 - 1) * stride + kernel
    return seen


def _needs_a_layer(layers):
    seen = layers[-1][0]
    for kernel, stride in layers[-2::-1]:
        seen = (seen - 1) * stride + kernel
    return seen


def _reverses_in_place(layers):
    layers.reverse()
    return _forwards(layers)


def _result_of_reverse(layers):
    seen = 1
    for kernel, stride in layers.reverse():
        seen = (seen - 1) * stride + kernel
    return seen


def _pops(layers):
    seen = 1
    while layers:
        kernel, stride = layers.pop()
        seen = (seen - 1) * stride + kernel
    return seen


def _lists_only(layers):
    layers = layers.copy()
    layers.reverse()
    return _forwards(layers)


def _by_jumps(layers):
    seen, jump = 1, 1
    for kernel, stride in layers:
        seen += (kernel - 1) * jump
        jump *= stride
    return seen


def _by_recursion(layers):
    if not layers:
        return 1
    (kernel, stride), *rest = layers
    return stride * (_by_recursion(rest) - 1) + kernel


def _by_reduce(layers):
    return reduce(lambda seen, layer: seen * layer[1] + layer[0] - layer[1], layers[::-1], 1)


def _by_numpy(layers):
    kernels, strides = np.array(layers, dtype=int).reshape(-1, 2).T
    jumps = np.concatenate([[1], np.cumprod(strides)])[:-1]
    return 1 + np.sum((kernels - 1) * jumps)


def _by_the_ends(layers):
    first = last = 0
    for n in range(len(layers) - 1, -1, -1):
        first, last = first * layers[n][1], last * layers[n][1] + layers[n][0] - 1
    return last - first + 1


def _overflows(layers):
    kernels, strides = np.array(layers, dtype=np.int32).reshape(-1, 2).T
    jumps = np.concatenate([[1], np.cumprod(strides, dtype=np.int32)])[:-1]
    return 1 + np.sum((kernels - 1) * jumps, dtype=np.int32)


WRITTEN = {
    _forwards: "from the first layer to the last",
    _sum_of_kernels: "add the kernel sizes",
    _product_of_kernels: "multiply the kernel sizes",
    _returns_in_the_loop: "nly the last layer counts",
    _forgets_what_it_found: "forget what the rounds before it found",
    _needs_a_layer: "On no layers at all, your function raises",
    _reverses_in_place: "changes its input `layers`",
    _result_of_reverse: "works in place and returns None",
    _pops: "changes its input `layers`",
    _lists_only: "'tuple' object has no attribute",
    _overflows: "On 35 layers of stride 2",
}

VALID = (_by_jumps, _by_recursion, _by_reduce, _by_numpy, _by_the_ends)
