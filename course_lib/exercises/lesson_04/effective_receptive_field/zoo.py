"""Exercise 04.3: answers in styles that differ from the reference's."""

from __future__ import annotations

from collections import Counter
from functools import reduce
from itertools import product

import numpy as np
import torch
import torch.nn.functional as F


def comb(rate, kernel_size):
    """The kernel of an atrous convolution: kernel_size ones, each rate pixels from the next."""
    kernel = np.zeros((kernel_size - 1) * rate + 1, dtype=int)
    kernel[::rate] = 1
    return kernel


def _length(rates, kernel_size):
    return 1 + sum((kernel_size - 1) * rate for rate in rates)


def _parallel_paths(rates, kernel_size):
    reach = (kernel_size - 1) * max(rates, default=0) // 2
    ways = np.zeros(2 * reach + 1, dtype=int)
    for rate in rates:
        for weight in range(kernel_size):
            ways[reach + (weight - kernel_size // 2) * rate] += 1
    return ways


def _float_tensor(rates, kernel_size):
    ways = torch.ones(1, 1, 1)
    for rate in rates:
        ways = F.conv_transpose1d(ways, torch.ones(1, 1, kernel_size), dilation=rate)
    return ways.flatten()


def _zeros_behind_the_last_weight(rates, kernel_size):
    ways = np.ones(1, dtype=int)
    for rate in rates:
        ways = np.convolve(ways, np.kron(np.ones(kernel_size, int), [1] + [0] * (rate - 1)))
    return ways


def _cut_by_a_negative_index(rates, kernel_size):
    ways = np.ones(1, dtype=int)
    for rate in rates:
        kernel = np.kron(np.ones(kernel_size, int), [1] + [0] * (rate - 1))
        ways = np.convolve(ways, kernel[: -(rate - 1)])
    return ways


def _reach_of_each(rates, kernel_size):
    seen, reach = 1, []
    for rate in rates:
        seen += (kernel_size - 1) * rate
        reach.append(seen)
    return reach


def _without_gaps(rates, kernel_size):
    ways = Counter({0: 1})
    for rate in rates:
        longer = Counter()
        for place, number in ways.items():
            for n in range(kernel_size):
                longer[place + n * rate] += number
        ways = longer
    return [ways[place] for place in sorted(ways)]


def _list_of_one(rates, kernel_size):
    return _by_offsets(rates, kernel_size) if rates else [1]


def _pops(rates, kernel_size):
    ways = np.ones(1, dtype=int)
    while rates:
        ways = np.convolve(ways, comb(rates.pop(), kernel_size))
    return ways


def _begins_with_the_first(rates, kernel_size):
    ways = comb(rates[0], kernel_size)
    for rate in rates[1:]:
        ways = np.convolve(ways, comb(rate, kernel_size))
    return ways


def _keeps_from_call_to_call(rates, kernel_size, kernels=[]):  # noqa: B006
    for rate in rates:
        kernels.append(comb(rate, kernel_size))
    del kernels[:-4]  # lest it grow from check to check
    return reduce(np.convolve, kernels, np.ones(1, dtype=int))


def _in_place(rates, kernel_size):
    ways = []
    for number in _by_offsets(rates, kernel_size):
        ways.append(int(number))
    return ways.append(0)


def _by_offsets(rates, kernel_size):
    ways = np.zeros(_length(rates, kernel_size), dtype=int)
    middle = len(ways) // 2
    ways[middle] = 1
    for rate in rates:
        steps = range(-(kernel_size // 2), kernel_size // 2 + 1)
        ways = np.sum([np.roll(ways, rate * n) for n in steps], axis=0)
    return ways


def _by_dictionaries(rates, kernel_size):
    ways = {0: 1}
    for rate in reversed(rates):
        longer = {}
        for place, number in ways.items():
            for n in range(kernel_size):
                longer[place + n * rate] = longer.get(place + n * rate, 0) + number
        ways = longer
    return np.array([ways.get(place, 0) for place in range(max(ways) + 1)])


def _by_polynomials(rates, kernel_size):
    chain = np.poly1d([1])
    for rate in rates:
        chain = chain * np.poly1d(([1] + [0] * (rate - 1)) * (kernel_size - 1) + [1])
    return chain.coeffs


def _by_kron(rates, kernel_size):
    ways = np.array([1])
    for rate in rates:
        kernel = np.kron(np.ones(kernel_size, dtype=int), np.eye(1, rate, dtype=int)[0])
        ways = np.correlate(ways, kernel[: len(kernel) - rate + 1], mode="full")
    return ways


def _by_torch(rates, kernel_size):
    ways = torch.ones(1, 1, 1)
    for rate in rates:
        ways = F.conv_transpose1d(ways, torch.ones(1, 1, kernel_size), dilation=rate)
    return ways[0, 0].long().numpy()


def _by_gradients(rates, kernel_size):
    pixels = torch.zeros(1, 1, _length(rates, kernel_size), dtype=torch.double).requires_grad_()
    out = pixels
    for rate in rates:
        out = F.conv1d(out, torch.ones(1, 1, kernel_size, dtype=torch.double), dilation=rate)
    return torch.autograd.grad(out.sum(), pixels)[0][0, 0].numpy().astype(int)


def _by_recursion(rates, kernel_size):
    if len(rates) == 0:
        return np.array([1])
    before = _by_recursion(rates[:-1], kernel_size)
    reach = (kernel_size - 1) * rates[-1]
    return sum(np.pad(before, (n * rates[-1], reach - n * rates[-1])) for n in range(kernel_size))


def _by_counting(rates, kernel_size):
    steps = [[n * rate for n in range(kernel_size)] for rate in rates]
    ends = [sum(way) for way in product(*steps)]
    return np.bincount(ends)


def _by_fourier(rates, kernel_size):
    n = _length(rates, kernel_size)
    spectrum = np.ones(n, dtype=complex)
    for rate in rates:
        spectrum *= np.fft.fft(comb(rate, kernel_size), n)
    return np.rint(np.fft.ifft(spectrum).real).astype(np.int32)


WRITTEN = {
    _parallel_paths: "as if the convolutions were parallel paths",
    _float_tensor: "your function returns floats",
    _zeros_behind_the_last_weight: "our kernels are k·r long",
    _cut_by_a_negative_index: "your function raises ValueError",
    _reach_of_each: "how far each convolution of the chain sees",
    _without_gaps: "ou leave out the pixels that fall into gaps",
    _list_of_one: "(rates is []) and k = 3 your function returns a l",
    _pops: "changes its input `rates`",
    _begins_with_the_first: "On no convolution at all",
    _keeps_from_call_to_call: "keeps something from earlier calls",
    _in_place: "works in place and returns None",
}

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
