"""Exercise 04.3: wrong answers and valid alternatives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import reduce
from itertools import product
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from course_lib.checks.task import Equivalent, WrongAnswer

Rates = Sequence[int]


def _kernel(rate: int, kernel_size: int) -> np.ndarray:
    kernel = np.zeros((kernel_size - 1) * rate + 1, dtype=int)
    kernel[::rate] = 1
    return kernel


def _length(rates: Rates, kernel_size: int) -> int:
    return 1 + sum((kernel_size - 1) * rate for rate in rates)


def _booleans(rates: Rates, kernel_size: int) -> np.ndarray:
    return _by_offsets(rates, kernel_size) > 0


def _once_each(rates: Rates, kernel_size: int) -> np.ndarray:
    ways = np.ones(1, dtype=int)
    for rate in rates:
        ways = np.minimum(np.convolve(ways, _kernel(rate, kernel_size)), 1)
    return ways


def _all_ones(rates: Rates, kernel_size: int) -> np.ndarray:
    return np.ones(_length(rates, kernel_size), dtype=int)


def _rates_ignored(rates: Rates, kernel_size: int) -> np.ndarray:
    ways = np.ones(1, dtype=int)
    for _ in rates:
        ways = np.convolve(ways, np.ones(kernel_size, dtype=int))
    return ways


def _filled_kernels(rates: Rates, kernel_size: int) -> np.ndarray:
    ways = np.ones(1, dtype=int)
    for rate in rates:
        ways = np.convolve(ways, np.ones((kernel_size - 1) * rate + 1, dtype=int))
    return ways


def _rates_multiplied(rates: Rates, kernel_size: int) -> np.ndarray:
    return _kernel(int(np.prod(rates)), kernel_size)


def _rates_added(rates: Rates, kernel_size: int) -> np.ndarray:
    return _kernel(sum(rates), kernel_size) if rates else np.ones(1, dtype=int)


def _rates_grow(rates: Rates, kernel_size: int) -> np.ndarray:
    ways, step = np.ones(1, dtype=int), 1
    for rate in rates:
        step *= rate
        ways = np.convolve(ways, _kernel(step, kernel_size))
    return ways


def _as_strides(rates: Rates, kernel_size: int) -> np.ndarray:
    ways, jump = np.ones(1, dtype=int), 1
    for rate in rates:
        ways = np.convolve(ways, _kernel(jump, kernel_size))
        jump *= rate
    return ways


def _only_the_last(rates: Rates, kernel_size: int) -> np.ndarray:
    ways = np.ones(1, dtype=int)
    for rate in rates:
        ways = np.convolve(np.ones(1, dtype=int), _kernel(rate, kernel_size))
    return ways


def _returns_in_the_loop(rates: Rates, kernel_size: int) -> np.ndarray:
    ways = np.ones(1, dtype=int)
    for rate in rates:
        ways = np.convolve(ways, _kernel(rate, kernel_size))
        return ways
    return ways


def _starts_with_the_second(rates: Rates, kernel_size: int) -> np.ndarray:
    return _by_offsets(rates[1:], kernel_size)


def _number_for_rate(rates: Rates, kernel_size: int) -> np.ndarray:
    ways = np.ones(1, dtype=int)
    for rate, _ in enumerate(rates, start=1):
        ways = np.convolve(ways, _kernel(rate, kernel_size))
    return ways


def _parallel_paths(rates: Rates, kernel_size: int) -> np.ndarray:
    reach = (kernel_size - 1) * max(rates, default=0) // 2
    ways = np.zeros(2 * reach + 1, dtype=int)
    for rate in rates:
        for weight in range(kernel_size):
            ways[reach + (weight - kernel_size // 2) * rate] += 1
    return ways


def _side_by_side(rates: Rates, kernel_size: int) -> np.ndarray:
    return np.concatenate([_kernel(rate, kernel_size) for rate in rates])


def _shares(rates: Rates, kernel_size: int) -> np.ndarray:
    ways = np.ones(1)
    for rate in rates:
        ways = np.convolve(ways, _kernel(rate, kernel_size) / kernel_size)
    return ways


def _of_the_largest(rates: Rates, kernel_size: int) -> np.ndarray:
    ways = _by_offsets(rates, kernel_size)
    return ways / ways.max()


def _floats(rates: Rates, kernel_size: int) -> np.ndarray:
    ways = np.ones(1)
    for rate in rates:
        kernel = np.zeros((kernel_size - 1) * rate + 1)
        kernel[::rate] = 1
        ways = np.convolve(ways, kernel)
    return ways


def _float_tensor(rates: Rates, kernel_size: int) -> torch.Tensor:
    ways = torch.ones(1, 1, 1)
    for rate in rates:
        ways = F.conv_transpose1d(ways, torch.ones(1, 1, kernel_size), dilation=rate)
    return ways.flatten()


def _map(rates: Rates, kernel_size: int) -> np.ndarray:
    ways = _by_offsets(rates, kernel_size)
    return np.outer(ways, ways)


def _axes_of_torch(rates: Rates, kernel_size: int) -> np.ndarray:
    return _by_offsets(rates, kernel_size)[None, None]


def _starts_with_zero(rates: Rates, kernel_size: int) -> np.ndarray:
    ways = np.array([0])
    for rate in rates:
        ways = np.convolve(ways, _kernel(rate, kernel_size))
    return ways


def _starts_empty(rates: Rates, kernel_size: int) -> np.ndarray:
    ways = np.array([], dtype=int)
    for rate in rates:
        ways = np.convolve(ways, _kernel(rate, kernel_size))
    return ways


def _kernel_of_three(rates: Rates, kernel_size: int) -> np.ndarray:
    ways = np.ones(1, dtype=int)
    for rate in rates:
        ways = np.convolve(ways, [1] + [0] * (rate - 1) + [1] + [0] * (rate - 1) + [1])
    return ways


def _three_weights(rates: Rates, kernel_size: int) -> np.ndarray:
    ways = np.ones(1, dtype=int)
    for rate in rates:
        kernel = np.zeros((kernel_size - 1) * rate + 1, dtype=int)
        kernel[0] = kernel[len(kernel) // 2] = kernel[-1] = 1
        ways = np.convolve(ways, kernel)
    return ways


def _kernel_and_rate_swapped(rates: Rates, kernel_size: int) -> np.ndarray:
    ways = np.ones(1, dtype=int)
    for rate in rates:
        kernel = np.zeros((rate - 1) * kernel_size + 1, dtype=int)
        kernel[::kernel_size] = 1
        ways = np.convolve(ways, kernel)
    return ways


def _zeros_behind_the_last_weight(rates: Rates, kernel_size: int) -> np.ndarray:
    ways = np.ones(1, dtype=int)
    for rate in rates:
        ways = np.convolve(ways, np.kron(np.ones(kernel_size, int), [1] + [0] * (rate - 1)))
    return ways


def _cut_by_a_negative_index(rates: Rates, kernel_size: int) -> np.ndarray:
    ways = np.ones(1, dtype=int)
    for rate in rates:
        kernel = np.kron(np.ones(kernel_size, int), [1] + [0] * (rate - 1))
        ways = np.convolve(ways, kernel[: -(rate - 1)])
    return ways


def _one_weight_more(rates: Rates, kernel_size: int) -> np.ndarray:
    ways = np.ones(1, dtype=int)
    for rate in rates:
        kernel = np.zeros(kernel_size * rate + 1, dtype=int)
        kernel[::rate] = 1
        ways = np.convolve(ways, kernel)
    return ways


def _one_weight_less(rates: Rates, kernel_size: int) -> np.ndarray:
    ways = np.ones(1, dtype=int)
    for rate in rates:
        kernel = np.zeros((kernel_size - 1) * rate, dtype=int)
        kernel[::rate] = 1
        ways = np.convolve(ways, kernel)
    return ways


def _rate_pixels_free(rates: Rates, kernel_size: int) -> np.ndarray:
    return _by_offsets([rate + 1 for rate in rates], kernel_size)


def _cut_off(rates: Rates, kernel_size: int) -> np.ndarray:
    ways = np.ones(1, dtype=int)
    for rate in rates:
        ways = np.convolve(ways, _kernel(rate, kernel_size), mode="same")
    return ways


def _only_where_covered(rates: Rates, kernel_size: int) -> np.ndarray:
    ways = np.ones(1, dtype=int)
    for rate in rates:
        ways = np.correlate(ways, _kernel(rate, kernel_size))
    return ways


def _overwrites(rates: Rates, kernel_size: int) -> np.ndarray:
    ways = np.ones(1, dtype=int)
    for rate in rates:
        wider = np.zeros(len(ways) + (kernel_size - 1) * rate, dtype=int)
        for n in range(kernel_size):
            wider[n * rate : n * rate + len(ways)] = ways
        ways = wider
    return ways


def _half(rates: Rates, kernel_size: int) -> np.ndarray:
    ways = _by_offsets(rates, kernel_size)
    return ways[len(ways) // 2 :]


def _only_the_length(rates: Rates, kernel_size: int) -> int:
    seen = 1
    for rate in rates:
        seen += (kernel_size - 1) * rate
    return seen


def _how_many_are_seen(rates: Rates, kernel_size: int) -> int:
    return int((_by_offsets(rates, kernel_size) > 0).sum())


def _reach_of_each(rates: Rates, kernel_size: int) -> list[int]:
    seen, reach = 1, []
    for rate in rates:
        seen += (kernel_size - 1) * rate
        reach.append(seen)
    return reach


def _places(rates: Rates, kernel_size: int) -> list[int]:
    seen = {0}
    for rate in rates:
        seen = {
            p + n * rate for p in seen for n in range(-(kernel_size // 2), kernel_size // 2 + 1)
        }
    return sorted(seen)


def _without_gaps(rates: Rates, kernel_size: int) -> list[int]:
    ways = Counter({0: 1})
    for rate in rates:
        longer = Counter[int]()
        for place, number in ways.items():
            for n in range(kernel_size):
                longer[place + n * rate] += number
        ways = longer
    return [ways[place] for place in sorted(ways)]


def _dictionary(rates: Rates, kernel_size: int) -> dict[int, int]:
    return dict(enumerate(_by_offsets(rates, kernel_size).tolist()))


def _padded(rates: Rates, kernel_size: int) -> np.ndarray:
    return np.pad(_by_offsets(rates, kernel_size), 1)


def _weighted(rates: Rates, kernel_size: int) -> np.ndarray:
    return 2 * _by_offsets(rates, kernel_size)


def _list(rates: Rates, kernel_size: int) -> list[int]:
    return _by_offsets(rates, kernel_size).tolist()


def _tensor(rates: Rates, kernel_size: int) -> torch.Tensor:
    return _float_tensor(rates, kernel_size).long()


def _list_of_one(rates: Rates, kernel_size: int) -> Any:
    return _by_offsets(rates, kernel_size) if rates else [1]


def _small_type(rates: Rates, kernel_size: int) -> np.ndarray:
    ways = np.ones(1, dtype=np.uint8)
    for rate in rates:
        ways = np.convolve(ways, _kernel(rate, kernel_size).astype(np.uint8))
    return ways


def _pops(rates: Any, kernel_size: int) -> np.ndarray:
    ways = np.ones(1, dtype=int)
    while rates:
        ways = np.convolve(ways, _kernel(rates.pop(), kernel_size))
    return ways


def _begins_with_the_first(rates: Rates, kernel_size: int) -> np.ndarray:
    ways = _kernel(rates[0], kernel_size)
    for rate in rates[1:]:
        ways = np.convolve(ways, _kernel(rate, kernel_size))
    return ways


def _keeps_from_call_to_call(
    rates: Rates,
    kernel_size: int,
    kernels: list[np.ndarray] = [],  # noqa: B006
) -> np.ndarray:
    for rate in rates:
        kernels.append(_kernel(rate, kernel_size))
    del kernels[:-4]  # lest it grow from check to check
    return reduce(np.convolve, kernels, np.ones(1, dtype=int))


def _prints(rates: Rates, kernel_size: int) -> None:
    print(_by_offsets(rates, kernel_size))


def _in_place(rates: Rates, kernel_size: int) -> Any:
    ways: list[int] = []
    for number in _by_offsets(rates, kernel_size):
        ways.append(int(number))
    return ways.append(0)


def _of_the_docstring(rates: Rates, kernel_size: int) -> np.ndarray:
    return np.array([1, 0, 2, 0, 3, 0, 2, 0, 1])


def _by_offsets(rates: Rates, kernel_size: int) -> np.ndarray:
    ways = np.zeros(_length(rates, kernel_size), dtype=int)
    middle = len(ways) // 2
    ways[middle] = 1
    for rate in rates:
        steps = range(-(kernel_size // 2), kernel_size // 2 + 1)
        ways = np.sum([np.roll(ways, rate * n) for n in steps], axis=0)
    return ways


def _by_dictionaries(rates: Rates, kernel_size: int) -> np.ndarray:
    ways = {0: 1}
    for rate in reversed(rates):
        longer: dict[int, int] = {}
        for place, number in ways.items():
            for n in range(kernel_size):
                longer[place + n * rate] = longer.get(place + n * rate, 0) + number
        ways = longer
    return np.array([ways.get(place, 0) for place in range(max(ways) + 1)])


def _by_polynomials(rates: Rates, kernel_size: int) -> np.ndarray:
    chain = np.poly1d([1])
    for rate in rates:
        chain = chain * np.poly1d(([1] + [0] * (rate - 1)) * (kernel_size - 1) + [1])
    return chain.coeffs


def _by_kron(rates: Rates, kernel_size: int) -> np.ndarray:
    ways = np.array([1])
    for rate in rates:
        kernel = np.kron(np.ones(kernel_size, dtype=int), np.eye(1, rate, dtype=int)[0])
        ways = np.correlate(ways, kernel[: len(kernel) - rate + 1], mode="full")
    return ways


def _by_torch(rates: Rates, kernel_size: int) -> np.ndarray:
    ways = torch.ones(1, 1, 1)
    for rate in rates:
        ways = F.conv_transpose1d(ways, torch.ones(1, 1, kernel_size), dilation=rate)
    return ways[0, 0].long().numpy()


def _by_gradients(rates: Rates, kernel_size: int) -> np.ndarray:
    pixels = torch.zeros(1, 1, _length(rates, kernel_size), dtype=torch.double).requires_grad_()
    out = pixels
    for rate in rates:
        out = F.conv1d(out, torch.ones(1, 1, kernel_size, dtype=torch.double), dilation=rate)
    return torch.autograd.grad(out.sum(), pixels)[0][0, 0].numpy().astype(int)


def _by_recursion(rates: Rates, kernel_size: int) -> np.ndarray:
    if len(rates) == 0:
        return np.array([1])
    before = _by_recursion(rates[:-1], kernel_size)
    reach = (kernel_size - 1) * rates[-1]
    return sum(np.pad(before, (n * rates[-1], reach - n * rates[-1])) for n in range(kernel_size))  # type: ignore[return-value]


def _by_counting(rates: Rates, kernel_size: int) -> np.ndarray:
    steps = [[n * rate for n in range(kernel_size)] for rate in rates]
    ends = [sum(way) for way in product(*steps)]
    return np.bincount(ends)


def _by_fourier(rates: Rates, kernel_size: int) -> np.ndarray:
    n = _length(rates, kernel_size)
    spectrum = np.ones(n, dtype=complex)
    for rate in rates:
        spectrum *= np.fft.fft(_kernel(rate, kernel_size), n)
    return np.rint(np.fft.ifft(spectrum).real).astype(np.int32)


WRONG = (
    WrongAnswer(answer=_only_the_length, diagnosis="the length of the receptive field. The"),
    WrongAnswer(answer=_how_many_are_seen, diagnosis="how many pixels are seen. The docstring"),
    WrongAnswer(answer=_booleans, diagnosis="True or False. The docstring asks how many"),
    WrongAnswer(answer=_once_each, diagnosis="ou count 1 for each pixel that is seen"),
    WrongAnswer(answer=_all_ones, diagnosis="a 1 for every pixel of the receptive field"),
    WrongAnswer(answer=_rates_ignored, diagnosis="he rates make no difference"),
    WrongAnswer(answer=_filled_kernels, diagnosis="our kernels have a weight at every pixel"),
    WrongAnswer(answer=_rates_multiplied, diagnosis="one convolution whose rate is the product"),
    WrongAnswer(answer=_rates_added, diagnosis="one convolution whose rate is the sum"),
    WrongAnswer(answer=_rates_grow, diagnosis="our rates multiply from one convolution to"),
    WrongAnswer(answer=_as_strides, diagnosis="ou take the rates for strides"),
    WrongAnswer(answer=_only_the_last, diagnosis="only the last rate counts"),
    WrongAnswer(answer=_returns_in_the_loop, diagnosis="only the first rate counts"),
    WrongAnswer(answer=_starts_with_the_second, diagnosis="he first convolution is left out"),
    WrongAnswer(answer=_number_for_rate, diagnosis="by the number of the convolution"),
    WrongAnswer(answer=_parallel_paths, diagnosis="as if the convolutions were parallel paths"),
    WrongAnswer(answer=_side_by_side, diagnosis="put the kernels one behind the other"),
    WrongAnswer(answer=_shares, diagnosis="so that they add up to 1"),
    WrongAnswer(answer=_of_the_largest, diagnosis="so that the largest is 1"),
    WrongAnswer(answer=_floats, diagnosis="your function returns floats"),
    WrongAnswer(answer=_float_tensor, diagnosis="your function returns floats"),
    WrongAnswer(answer=_map, diagnosis="one direction only"),
    WrongAnswer(answer=_axes_of_torch, diagnosis="leave out those of size 1"),
    WrongAnswer(answer=_starts_with_zero, diagnosis="our counts are all 0"),
    WrongAnswer(answer=_starts_empty, diagnosis="your function raises ValueError"),
    WrongAnswer(answer=_kernel_of_three, diagnosis="have three weights whatever `kernel_size`"),
    WrongAnswer(answer=_three_weights, diagnosis="two at their ends and one in the middle"),
    WrongAnswer(answer=_kernel_and_rate_swapped, diagnosis="the rate are swapped"),
    WrongAnswer(answer=_zeros_behind_the_last_weight, diagnosis="our kernels are k·r long"),
    WrongAnswer(answer=_cut_by_a_negative_index, diagnosis="your function raises ValueError"),
    WrongAnswer(answer=_one_weight_more, diagnosis="our kernels have k + 1 weights"),
    WrongAnswer(answer=_one_weight_less, diagnosis="our kernels have k − 1 weights"),
    WrongAnswer(answer=_rate_pixels_free, diagnosis="ou leave r pixels free"),
    WrongAnswer(answer=_cut_off, diagnosis="our result is cut off at both ends"),
    WrongAnswer(answer=_only_where_covered, diagnosis="as np.correlate does unless told a mode"),
    WrongAnswer(answer=_overwrites, diagnosis="the later one overwrites the earlier"),
    WrongAnswer(answer=_half, diagnosis="our result begins in the middle"),
    WrongAnswer(answer=_reach_of_each, diagnosis="how far each convolution of the chain sees"),
    WrongAnswer(answer=_places, diagnosis="hese are the places of the pixels"),
    WrongAnswer(answer=_without_gaps, diagnosis="ou leave out the pixels that fall into gaps"),
    WrongAnswer(answer=_dictionary, diagnosis="a dict of"),
    WrongAnswer(answer=_padded, diagnosis="has zeros at its ends"),
    WrongAnswer(answer=_weighted, diagnosis="Your values are 2 times"),
    WrongAnswer(answer=_list, diagnosis="goes on with numpy arrays: return np.array(ways)"),
    WrongAnswer(answer=_tensor, diagnosis="goes on with numpy arrays: return ways.numpy()"),
    WrongAnswer(answer=_list_of_one, diagnosis="(rates is []) and k = 3 your function returns a l"),
    WrongAnswer(answer=_small_type, diagnosis="our counts begin anew at 256"),
    WrongAnswer(answer=_pops, diagnosis="changes its input `rates`"),
    WrongAnswer(answer=_begins_with_the_first, diagnosis="On no convolution at all"),
    WrongAnswer(answer=_keeps_from_call_to_call, diagnosis="something is kept from one call"),
    WrongAnswer(answer=_prints, diagnosis="prints and returns None"),
    WrongAnswer(answer=_in_place, diagnosis="works in place and returns None"),
    WrongAnswer(answer=_of_the_docstring, diagnosis="your function returns [1, 0, 2, 0, 3, 0, 2"),
)

VALID = (
    _by_offsets,
    _by_dictionaries,
    _by_polynomials,
    _by_kron,
    _by_torch,
    _by_gradients,
    _by_recursion,
    _by_counting,
    _by_fourier,
)

EQUIVALENT = (
    Equivalent(
        mutant="line 5: np.convolve(ways, kernel) → np.convolve(kernel, ways)",
        why="A convolution is the same either way round.",
    ),
)
