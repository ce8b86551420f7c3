"""Exercise 04.3: what a chain of atrous convolutions sees."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate
from operator import mul

import numpy as np
import torch

from course_lib.checks import expect
from course_lib.checks.attempt import Attempt, Call, describe
from course_lib.checks.function import Case, Function
from course_lib.checks.result import Wrong
from course_lib.checks.shorthand import slips_that_get, slips_that_say
from course_lib.checks.task import Task, texts
from course_lib.exercises.lesson_04.effective_receptive_field import zoo
from course_lib.models.graspp import effective_receptive_field

LOOP = "for rate in rates:"
LENGTH = "(kernel_size - 1) * rate + 1"
CONVOLVE = "np.convolve(ways, kernel)"


# Other rates to walk through, and other results made of the right counts.
RATES = {
    "[1] * len(rates)": "The rates make no difference: you count as if all of them were 1. With "
    "rate r, each weight lies r pixels from the next.",
    "[int(np.prod(rates))]": "This is one convolution whose rate is the product of all rates. They "
    "follow one another, each with its own.",
    "[sum(rates)] if len(rates) else []": "This is one convolution whose rate is the sum of all "
    "rates. They follow one another, each with its own.",
    "[max(rates)] if len(rates) else []": "This is one convolution with the largest of the rates. "
    "They follow one another, and each widens what is seen.",
    "accumulate(rates, mul)": "Your rates multiply from one convolution to the next. That is what "
    "strides do; here all strides are 1, and each convolution keeps its own rate.",
    "[1, *accumulate(rates, mul)][:-1]": "You take the rates for strides, so that each "
    "convolution's weights lie as far apart as the rates before it say. All strides are 1; a rate "
    "spaces its own convolution's weights.",
    "range(1, len(rates) + 1)": "You space the weights by the number of the convolution, 1, 2, 3 "
    "and so on, not by its rate.",
    "rates[-1:]": "Only the last rate counts: does each round of your loop forget what the rounds "
    "before it found?",
    "rates[:1]": "Only the first rate counts: does your loop end after its first round?",
    "rates[:1] * len(rates)": "Every convolution has the rate of the first one for you. Each has "
    "its own.",
    "[max(rates)] * len(rates) if len(rates) else []": "Every convolution has the largest of the "
    "rates for you. Each has its own.",
    "accumulate(rates)": "Your rates add up from one convolution to the next. Each convolution "
    "keeps its own rate; only what is seen adds up.",
    "dict.fromkeys(rates)": "A rate that comes twice counts once for you. Each number in `rates` "
    "is a convolution.",
    "[max(rate - 1, 1) for rate in rates]": "Your weights lie r − 1 pixels from the next. With "
    "rate r they lie r from the next, with r − 1 free between them.",
    "rates[1:]": "The first convolution is left out.",
    "rates[:-1]": "The last convolution is left out.",
    "[rate + 1 for rate in rates]": "You leave r pixels free between two weights, so that each "
    "lies r + 1 from the next. With rate r it lies r from the next; r − 1 are free.",
    "[2 * rate for rate in rates]": "You leave 2·r − 1 pixels free between two weights, so that "
    "each lies 2·r from the next. The docstring has r from the next, with r − 1 free.",
}
COUNTS = {
    "(ways > 0).astype(int)": "You count 1 for each pixel that is seen, however often. There may "
    "be several ways from it to the output's middle: add them.",
    "np.ones_like(ways)": "You return a 1 for every pixel of the receptive field. The docstring "
    "asks how many ways lead from each to the output's middle, 0 where it falls into a gap.",
    "0 * ways": "Your counts are all 0: do they start with 0, or have your kernels no weights? "
    "Before any convolution there is one way, [1].",
    "ways[: len(ways) // 2 + 1]": "Your result ends in the middle. Half of the pixels that are "
    "seen lie on the other side.",
    "ways[len(ways) // 2 :]": "Your result begins in the middle. Half of the pixels that are seen "
    "lie on the other side.",
    "np.flatnonzero(ways) - len(ways) // 2": "These are the places of the pixels that are seen. "
    "The docstring asks for one number for every pixel from the first to the last: how many ways "
    "lead from it to the output's middle.",
    "np.flatnonzero(ways)": "These are the indices of the pixels that are seen. The docstring asks "
    "for one number for every pixel from the first to the last: how many ways lead from it to the "
    "output's middle.",
    "ways[ways > 0]": "You leave out the pixels that fall into gaps. They have a place in the "
    "result too, with the number 0.",
    "ways.astype(np.uint8)": "Your counts begin anew at 256: the type of your array holds no more. "
    "dtype=int does.",
    "ways.astype(np.int8)": "Your counts turn negative above 127: the type of your array holds no "
    "more. dtype=int does.",
}
NO_CHAIN = "return np.ones(1, dtype=int) if not len(rates) else "
EACH = "Here each one works on the output of the one before: convolve with each kernel in turn."
SAYS: dict[str | tuple[str, ...], str] = {
    **{f"{LOOP} → for rate in {other}:": says for other, says in RATES.items()},
    **{f"return ways → return {other}": says for other, says in COUNTS.items()},
    "kernel[::rate] = 1 → kernel[:] = 1": "Your kernels have a weight at every pixel, so that "
    "nothing falls into a gap. An atrous kernel has k weights, each r pixels from the next, and "
    "zeros between them.",
    f"{NO_CHAIN}sum(np.pad(comb(r, kernel_size), (kernel_size - 1) * (max(rates) - r) // 2) "
    "for r in rates)": "You add the kernels around a common middle, as if the convolutions were "
    f"parallel paths, as in ASPP. {EACH}",
    f"{NO_CHAIN}sum(np.pad(comb(r, kernel_size), (0, (kernel_size - 1) * (max(rates) - r))) "
    "for r in rates)": "You add the kernels from the left, as if the convolutions were parallel "
    f"paths. {EACH}",
    f"{NO_CHAIN}np.concatenate([comb(r, kernel_size) for r in rates])": "You put the kernels one "
    "behind the other. A convolution widens what is seen to both sides, and ways add up: convolve "
    "with each kernel in turn.",
    f"{LENGTH} → 2 * rate + 1": "Your kernels have three weights whatever `kernel_size` says.",
    "kernel[::rate] = 1 → kernel[[0, len(kernel) // 2, -1]] = 1": "Your kernels have three "
    "weights, two at their ends and one in the middle, whatever `kernel_size` says.",
    (f"{LENGTH} → (rate - 1) * kernel_size + 1", "kernel[::rate] → kernel[::kernel_size]"): ""
    "`kernel_size` and the rate are swapped: your kernels have as many weights as the rate says.",
    f"{LENGTH} → kernel_size * rate": "Your kernels are k·r long, so that r − 1 zeros follow their "
    "last weight, and pixels that are never seen stand at the end of your result. From the first "
    "weight to the last there are (k − 1)·r + 1 pixels.",
    f"{LENGTH} → kernel_size * rate + 1": "Your kernels have k + 1 weights: (k − 1)·r + 1 pixels "
    "reach from the first of k weights to the last.",
    f"{LENGTH} → max((kernel_size - 1) * rate, 1)": "Your kernels have k − 1 weights: (k − 1)·r "
    "pixels end just before the last of k weights; it needs one more.",
    f'{CONVOLVE} → np.convolve(ways, kernel, "same")': "Your result is cut off at both ends, as by "
    'np.convolve with mode="same". With every convolution more is seen; np.convolve keeps all of '
    "it unless told a mode.",
    f'{CONVOLVE} → np.convolve(ways, kernel, "valid")': "Your result keeps only the places where "
    "one of two rows covers the other whole, as np.correlate does unless told a mode, and "
    'np.convolve with mode="valid". mode="full" keeps all.',
    f"ways = {CONVOLVE} → wider = np.zeros(len(ways) + len(kernel) - 1, dtype=int)\n"
    "        for n in range(kernel_size):\n"
    "            wider[n * rate : n * rate + len(ways)] = ways\n"
    "        ways = wider": "Where two ways lead over one pixel, the later one overwrites the "
    "earlier: add them, with += in place of =.",
    f"{NO_CHAIN}np.cumsum([(kernel_size - 1) * r for r in rates]) + 1": "This is how far each "
    "convolution of the chain sees, one number for each of them. The docstring asks for one number "
    "for each pixel: how many ways lead from it to the output's middle.",
}
FOUND = {
    **{
        f"return ways → return {other}": words
        for other, words in {
            "ways > 0": "True or False. The docstring asks how many",
            "len(ways)": "the length of the receptive field. The",
            "int((ways > 0).sum())": "how many pixels are seen. The",
            "ways / ways.sum()": "so that they add up to 1",
            "ways / ways.max()": "so that the largest is 1",
            "np.outer(ways, ways)": "one direction only",
            "ways[None, None]": "leave out those of size 1",
            "dict(enumerate(ways.tolist()))": "a dict of",
            "np.pad(ways, 1)": "has zeros at its ends",
            "2 * ways": "Your values are 2 times",
            "ways.tolist()": "numpy arrays: return np.array(ways)",
            "torch.tensor(ways)": "numpy arrays: return ways.numpy()",
        }.items()
    },
    "ones(1, dtype=int) → ones(1)": "your function returns floats",
    "np.ones(1, dtype=int) → np.array([], dtype=int)": "your function raises ValueError",
    "return np.array([1, 0, 2, 0, 3, 0, 2, 0, 1])": "your function gives [1, 0, 2, 0, 3",
}


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Random chains, a long one, equal rates, rates in a tuple; no gap to see, no convolution."""
    rates = [int(rate) for rate in rng.permutation(range(2, 7))]
    some = ([rates[0], 1, rates[1]], 7), ([3, 2, 4, 6], 3), ((rates[3],), 5), ((4, 2, 1, 2), 5)
    same = ([1, 1], 3), ([1, 3], 3), ([3, 3, 3], 3), ([1] * 5, 5), ([2] * 7, 5)
    # In the first one several ways meet, whatever the rates.
    for chain, k in ((rates[2:5], 5), (rates[:2], 3), *some, *same, (rates[:2], 1), ([], 3)):
        on = f"the rates {chain}" if chain else "no convolution at all (rates is [])"
        group = "a chain of convolutions" if chain and k > 1 else ""
        yield Case(on=f"{on} and k = {k}", args=(chain, k), group=group)


def read(call: Call, right: np.ndarray) -> np.ndarray:
    """The call's value as an array of whole numbers, though it be a list or a tensor of them."""
    given = expect.returned(call)
    on = f"On {call.on}, your function returns"
    value = _as_array(given)
    if isinstance(given, dict):
        raise Wrong(
            f"Your function returns {describe(given)}; an array is expected: the counts in order, "
            "from the first pixel that is seen to the last, with 0 for those in a gap."
        )
    if value.dtype.kind not in "biuf":
        raise Wrong(f"{on} {describe(given)}; an array of whole numbers is expected, one a pixel.")
    if value.ndim == 0:
        what = {
            len(right): ", the length of the receptive field",
            right.sum(): ", the number of all ways",
            np.count_nonzero(right): ", how many pixels are seen",
            right.max(): ", the ways from the middle",
        }.get(value.item(), "")
        raise Wrong(
            f"{on} one number, {value:.4g}{what}. The docstring asks for one number a pixel, in an "
            "array: how many ways lead from it to the output's middle."
        )
    if value.ndim > 1 and isinstance(given, tuple | list):
        raise Wrong(
            f"{on} {describe(given)}, which aren't all numbers; one row of numbers is expected, "
            "one a pixel."
        )
    if value.ndim > 1 and max(value.shape) == value.size:
        raise Wrong(
            f"{on} {describe(given)}; a single axis is expected, one number a pixel: leave out "
            "those of size 1."
        )
    if value.ndim > 1:
        raise Wrong(
            f"{on} {describe(given)}; the docstring asks for one direction only: a single axis, "
            "one number a pixel."
        )
    if value.dtype.kind == "b":
        raise Wrong(
            "Your function says whether each pixel is seen, True or False. The docstring asks how "
            "many ways lead from it to the output's middle, a whole number."
        )
    if value.dtype.kind == "f" and len(value):
        expect.finite(call, value)
        raise Wrong(_floats(value, right, call))
    if len(value) != len(right) and np.array_equal(np.trim_zeros(value), right):
        raise Wrong(
            f"On {call.on}, your result has zeros at its ends, for pixels that are never seen. The "
            "first and the last number are the outermost pixels that are."
        )
    return value.astype(int)


def _as_array(given: object) -> np.ndarray:
    """A copy of numbers, however many axes they have; of something else where they aren't all."""
    try:
        return np.array(given.detach().cpu() if isinstance(given, torch.Tensor) else given)
    except (TypeError, ValueError, RuntimeError):
        return np.array(None)


def _floats(value: np.ndarray, right: np.ndarray, call: Call) -> str:
    for total, words in ((right.sum(), "they add up to 1"), (right.max(), "the largest is 1")):
        if total > 1 and expect.close(value, right / total, 1e-4):
            return (
                f"Your numbers are divided by {total} here, so that {words}. The docstring asks "
                "for the number of ways itself, which is whole."
            )
    fractions = value[np.abs(value - np.rint(value)) > 1e-4]
    if len(fractions):
        return (
            f"On {call.on}, your function returns numbers such as {fractions[0]:.4g}, which aren't "
            "whole. The docstring asks how many ways there are, which are counted."
        )
    return (
        f"On {call.on}, your function returns floats. Ways are counted, so that whole numbers are "
        "expected: numpy makes floats unless told dtype=int, and a division or torch's convolution "
        "makes them too. .round().astype(int) brings them back."
    )


def goes_on_with_numpy(attempt: Attempt, rng: np.random.Generator) -> None:
    """The lesson asks for ``ways > 0``, which lists can't answer."""
    for case in cases(rng):
        call = attempt.call(*case.args, on=case.on)
        if not isinstance(call.value, np.ndarray):
            mend = "ways.numpy()" if isinstance(call.value, torch.Tensor) else "np.array(ways)"
            raise Wrong(
                f"The numbers are right, but on {call.on} your function returns "
                f"{describe(call.value)}. The lesson goes on with numpy arrays: return {mend}."
            )


TASK = Task(
    **texts(__file__),
    reference=effective_receptive_field,
    examine=Function(
        example=Case(
            on="the rates [2, 2] and k = 3", args=([2, 2], 3), group="a chain of convolutions"
        ),
        cases=cases,
        read=read,
        then=goes_on_with_numpy,
    ),
    lesson_size=lambda rng: ([1, 2, 4, 8], 3),
    slips=(*slips_that_say(SAYS), *slips_that_get(FOUND)),
    names={"accumulate": accumulate, "mul": mul, "comb": zoo.comb},
    written=zoo.WRITTEN,
    valid=zoo.VALID,
    equivalent={
        "line 5: np.convolve(ways, kernel) → np.convolve(kernel, ways)": "A convolution is "
        "symmetric in its two rows.",
    },
)
