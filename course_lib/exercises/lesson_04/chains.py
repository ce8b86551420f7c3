"""What exercise 04.3 may be answered with instead: chains that are counted wrongly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate
from operator import mul
from typing import Literal

import numpy as np

from course_lib.models.graspp import effective_receptive_field

Rates = Sequence[int]
Formula = Callable[[Rates, int], np.ndarray]
Kernel = Callable[[int, int], np.ndarray]


def comb(rate: int, kernel_size: int) -> np.ndarray:
    """The kernel of an atrous convolution: kernel_size ones, each rate pixels from the next."""
    kernel = np.zeros((kernel_size - 1) * rate + 1, dtype=int)
    kernel[::rate] = 1
    return kernel


def _long(length: Callable[[int, int], int]) -> Kernel:
    """A kernel of another length, with a one at every rate-th place."""

    def kernel(rate: int, k: int) -> np.ndarray:
        weights = np.zeros(max(length(rate, k), 1), dtype=int)
        weights[::rate] = 1
        return weights

    return kernel


def _ends_and_middle(rate: int, k: int) -> np.ndarray:
    kernel = np.zeros((k - 1) * rate + 1, dtype=int)
    kernel[[0, len(kernel) // 2, -1]] = 1
    return kernel


def _chain(kernel: Kernel, mode: Literal["full", "same", "valid"] = "full") -> Formula:
    """The convolutions one after another, with another kernel, or `np.convolve` in another mode."""

    def counts(rates: Rates, k: int) -> np.ndarray:
        ways = np.ones(1, dtype=int)
        for rate in rates:
            ways = np.convolve(ways, kernel(rate, k), mode)
        return ways

    return counts


def _of_rates(other: Callable[[Rates], Rates]) -> Formula:
    """The right counts of other rates."""
    return lambda rates, k: effective_receptive_field(other(rates), k)


def _of_counts(other: Callable[[np.ndarray], np.ndarray]) -> Formula:
    """Something else made of the right counts."""
    return lambda rates, k: other(effective_receptive_field(rates, k))


def _parallel(rates: Rates, k: int) -> np.ndarray:
    together = np.zeros((k - 1) * max(rates) + 1, dtype=int)
    for rate in rates:
        kernel = comb(rate, k)
        margin = (len(together) - len(kernel)) // 2
        together[margin : margin + len(kernel)] += kernel
    return together


def _parallel_from_the_left(rates: Rates, k: int) -> np.ndarray:
    together = np.zeros((k - 1) * max(rates) + 1, dtype=int)
    for rate in rates:
        together[: (k - 1) * rate + 1] += comb(rate, k)
    return together


def _overwritten(rates: Rates, k: int) -> np.ndarray:
    ways = np.ones(1, dtype=int)
    for rate in rates:
        wider = np.zeros(len(ways) + (k - 1) * rate, dtype=int)
        for n in range(k):
            wider[n * rate : n * rate + len(ways)] = ways
        ways = wider
    return ways


def _reach_of_each(rates: Rates, k: int) -> np.ndarray:
    return np.cumsum([(k - 1) * rate for rate in rates]) + 1


def _offsets(ways: np.ndarray) -> np.ndarray:
    return np.flatnonzero(ways) - len(ways) // 2


MISCONCEPTIONS: dict[str, Formula] = {
    "the rates make no difference: you count as if all of them were 1. With rate r, each weight "
    "lies r pixels from the next.": _of_rates(lambda rates: [1] * len(rates)),
    "your kernels have a weight at every pixel, so that nothing falls into a gap. An atrous kernel "
    "has k weights, each r pixels from the next, and zeros between them.": (
        _chain(lambda rate, k: np.ones((k - 1) * rate + 1, dtype=int))
    ),
    "you count 1 for each pixel that is seen, however often. There may be several ways from it to "
    "the output's middle: add them up.": _of_counts(lambda ways: (ways > 0).astype(int)),
    "you return a 1 for every pixel of the receptive field. The docstring asks how many ways lead "
    "from each to the output's middle, 0 where it falls into a gap.": _of_counts(np.ones_like),
    "this is one convolution whose rate is the product of all rates. They follow one another, "
    "each with its own.": _of_rates(lambda rates: [int(np.prod(rates))]),
    "this is one convolution whose rate is the sum of all rates. They follow one another, each "
    "with its own.": _of_rates(lambda rates: [sum(rates)]),
    "this is one convolution with the largest of the rates. They follow one another, and each "
    "widens what is seen.": _of_rates(lambda rates: [max(rates)]),
    "your rates multiply from one convolution to the next. That is what strides do; here all "
    "strides are 1, and each convolution keeps its own rate.": (
        _of_rates(lambda rates: list(accumulate(rates, mul)))
    ),
    "you take the rates for strides, so that each convolution's weights lie as far apart as the "
    "rates before it say. All strides are 1; a rate moves its own convolution's weights apart.": (
        _of_rates(lambda rates: [1, *accumulate(rates, mul)][:-1])
    ),
    "you space the weights by the number of the convolution, 1, 2, 3 and so on, not by its rate.": (
        _of_rates(lambda rates: range(1, len(rates) + 1))
    ),
    "only the last rate counts: does each round of your loop forget what the rounds before it "
    "found?": _of_rates(lambda rates: rates[-1:]),
    "only the first rate counts: does your loop end after its first round?": (
        _of_rates(lambda rates: rates[:1])
    ),
    "the first convolution is left out.": _of_rates(lambda rates: rates[1:]),
    "the last convolution is left out.": _of_rates(lambda rates: rates[:-1]),
    "you add the kernels up around a common middle, as if the convolutions were parallel paths, "
    "as in ASPP. Here each one works on what the one before puts out: convolve with each kernel "
    "in turn.": _parallel,
    "you add the kernels up, laid one over the other from the left, as if the convolutions were "
    "parallel paths. Here each one works on what the one before puts out: convolve with each "
    "kernel in turn.": _parallel_from_the_left,
    "you put the kernels one behind the other. A convolution widens what is seen to both sides, "
    "and ways add up: convolve with each kernel in turn.": (
        lambda rates, k: np.concatenate([comb(rate, k) for rate in rates])
    ),
    "your counts are all 0: do they start with 0, or have your kernels no weights? Before any "
    "convolution there is one way, [1].": _of_counts(np.zeros_like),
    "your kernels have three weights whatever `kernel_size` says.": (
        lambda rates, k: effective_receptive_field(rates, 3)
    ),
    "your kernels have three weights, two at their ends and one in the middle, whatever "
    "`kernel_size` says.": _chain(_ends_and_middle),
    "`kernel_size` and the rate are swapped: your kernels have as many weights as the rate says.": (
        _chain(lambda rate, k: comb(k, rate))
    ),
    "your kernels are k·r long, so that r − 1 zeros follow their last weight, and pixels that are "
    "never seen stand at the end of your result. From the first weight to the last there are "
    "(k − 1)·r + 1 pixels.": _chain(_long(lambda rate, k: k * rate)),
    "your kernels have k + 1 weights: (k − 1)·r + 1 pixels reach from the first of k weights to "
    "the last.": _chain(_long(lambda rate, k: k * rate + 1)),
    "your kernels have k − 1 weights: (k − 1)·r pixels end just before the last of k weights; it "
    "needs one more.": _chain(_long(lambda rate, k: (k - 1) * rate)),
    "you leave r pixels free between two weights, so that each lies r + 1 from the next. With rate "
    "r it lies r from the next; r − 1 are free.": _of_rates(lambda rates: [r + 1 for r in rates]),
    "you leave 2·r − 1 pixels free between two weights, so that each lies 2·r from the next: r "
    "from the next, with r − 1 free, is what the docstring has.": (
        _of_rates(lambda rates: [2 * r for r in rates])
    ),
    'your result is cut off at both ends, as it is by np.convolve with mode="same". With every '
    "convolution more is seen; np.convolve keeps all of it unless told a mode.": (
        _chain(comb, mode="same")
    ),
    "your result keeps only the places where one of two rows covers the other whole, as "
    'np.correlate does unless told a mode, and np.convolve with mode="valid". mode="full" keeps '
    "all.": _chain(comb, mode="valid"),
    "where two ways lead over one pixel, the later one overwrites the earlier: add them, "
    "with += in place of =.": _overwritten,
    "your result ends in the middle. Half of the pixels that are seen lie on the other side.": (
        _of_counts(lambda ways: ways[: len(ways) // 2 + 1])
    ),
    "your result begins in the middle. Half of the pixels that are seen lie on the other side.": (
        _of_counts(lambda ways: ways[len(ways) // 2 :])
    ),
    "this is how far each convolution of the chain sees, one number for each of them. The "
    "docstring asks for one a pixel: how many ways lead from it to the output's middle.": (
        _reach_of_each
    ),
    "these are the places of the pixels that are seen. The docstring asks for one number for every "
    "pixel from the first to the last: how many ways lead from it to the output's middle.": (
        _of_counts(_offsets)
    ),
    "these are the indices of the pixels that are seen. The docstring asks for one number for "
    "every pixel from the first to the last: how many ways lead from it to the output's middle.": (
        _of_counts(np.flatnonzero)
    ),
    "you leave out the pixels that fall into gaps. They have a place in the result too, with the "
    "number 0.": _of_counts(lambda ways: ways[ways > 0]),
    "your counts begin anew at 256: the type of your array holds no more. dtype=int does.": (
        _of_counts(lambda ways: ways.astype(np.uint8))
    ),
    "your counts turn negative above 127: the type of your array holds no more. dtype=int does.": (
        _of_counts(lambda ways: ways.astype(np.int8))
    ),
}
