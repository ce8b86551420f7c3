"""Exercise 04.3: what a chain of atrous convolutions sees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch

from course_lib.checks import expect
from course_lib.checks.attempt import Attempt, Call, describe
from course_lib.checks.expect import Case
from course_lib.checks.result import Wrong
from course_lib.checks.task import Header, Task
from course_lib.exercises.lesson_04 import effective_receptive_field_zoo as zoo
from course_lib.exercises.lesson_04.chains import MISCONCEPTIONS, Formula
from course_lib.models.graspp import effective_receptive_field

HEADER = Header(
    id="04.3",
    title="What a chain of atrous convolutions sees",
    difficulty=2,
    minutes=15,
    needed_for="drawing reach and gaps of atrous convolutions",
)

HINTS = (
    "Do the docstring's example by hand. Without a convolution there is one way, from the middle "
    "to itself. Which pixels does the last convolution look at, and which ones does the one before "
    "look at from each of these?",
    "Write a convolution of rate r as a row of k ones with r − 1 zeros between them. A convolution "
    "more lays such a row at every pixel that was seen so far, as often as it was seen, and adds "
    "everything up. That is what np.convolve does with two rows.",
    "Almost the code:\n"
    "    ways = np.ones(1, dtype=int)\n"
    "    for rate in rates:\n"
    "        kernel = np.zeros(..., dtype=int)\n"
    "        kernel[::...] = 1\n"
    "        ways = np.convolve(...)\n"
    "    return ways",
)


def examine(attempt: Attempt, rng: np.random.Generator) -> None:
    """Random chains, the docstring's, a long one; then no gap to see, and no convolution."""
    rates = [int(rate) for rate in rng.permutation(range(2, 7))]
    cases = [
        _case(rates[2:5], 5),  # several ways meet, whatever the rates
        _case(rates[:2], 3),
        _case([rates[0], 1, rates[1]], 7),
        _case([3, 2, 4, 6], 3),
        _case((rates[3],), 5),
        _case((4, 2, 1, 2), 5),
        _case([1, 1], 3),
        _case([2, 2], 3),
        _case([1] * 5, 5),
    ]
    got = [_of(attempt, case) for case in cases]
    _judge(attempt, got, cases, MISCONCEPTIONS)
    for edge in (_case(rates[:2], 1), _case([], 3)):
        _judge(attempt, [_of(attempt, edge)], [edge], {})
    for case in (*cases, edge):
        _numpy(case.call(attempt))


def _case(rates: Sequence[int], kernel_size: int) -> Case:
    chain = f"the rates {rates}" if rates else "no convolution at all (rates is [])"
    return Case(on=f"{chain} and k = {kernel_size}", args=(rates, kernel_size))


def _of(attempt: Attempt, case: Case) -> np.ndarray:
    """The answer's numbers, which are whole and lie along one axis."""
    call = case.call(attempt)
    counts = _counts(call, case.of(effective_receptive_field))
    expect.untouched(call)
    return counts


def _counts(call: Call, right: np.ndarray) -> np.ndarray:
    """The call's value as an array of whole numbers, though it be a list or a tensor of them.

    Raises:
        Wrong: it is something else.
    """
    given = expect.returned(call)
    value = _as_array(given, call)
    if value.ndim == 0:
        raise Wrong(_one_number(value.item(), right, call))
    if value.ndim > 1:
        raise Wrong(_too_many_axes(given, value, call))
    if value.dtype.kind == "b":
        raise Wrong(
            "Your function says whether each pixel is seen, True or False. The docstring asks how "
            "many ways lead from it to the output's middle, a whole number."
        )
    if value.dtype.kind == "f":
        expect.finite(call, value)
        if len(value):
            raise Wrong(_floats(value, right, call))
    return value.astype(int)


def _as_array(given: object, call: Call) -> np.ndarray:
    """A copy of numbers, however many axes they have.

    Raises:
        Wrong: there is something else than numbers.
    """
    if isinstance(given, dict):
        raise Wrong(
            f"Your function returns {describe(given)}; an array is expected: the counts in order, "
            "from the first pixel that is seen to the last, with 0 for those in a gap."
        )
    try:
        if isinstance(given, torch.Tensor):
            given = given.detach().cpu().numpy()
        value = np.array(given)
    except (TypeError, ValueError, RuntimeError):
        value = np.array(None)
    if value.dtype.kind not in "biuf":
        raise Wrong(
            f"On {call.on}, your function returns {describe(given)}; an array of whole numbers is "
            "expected, one a pixel."
        )
    return value


def _numpy(call: Call) -> None:
    """The lesson asks for ``ways > 0``, which lists can't answer."""
    if isinstance(call.value, np.ndarray):
        return
    mend = "ways.numpy()" if isinstance(call.value, torch.Tensor) else "np.array(ways)"
    raise Wrong(
        f"The numbers are right, but on {call.on} your function returns {describe(call.value)}. "
        f"The lesson goes on with numpy arrays: return {mend}."
    )


def _one_number(value: float, right: np.ndarray, call: Call) -> str:
    what = {
        len(right): ", the length of the receptive field",
        right.sum(): ", the number of all ways",
        np.count_nonzero(right): ", how many pixels are seen",
        right.max(): ", the ways from the middle",
    }.get(value, "")
    return (
        f"On {call.on}, your function returns one number, {value:.4g}{what}. The docstring asks "
        "for one number a pixel, in an array: how many ways lead from it to the output's middle."
    )


def _too_many_axes(given: object, value: np.ndarray, call: Call) -> str:
    what = f"On {call.on}, your function returns {describe(given)}"
    if isinstance(given, tuple | list):
        return f"{what}, which aren't all numbers; one row of numbers is expected, one a pixel."
    if max(value.shape) == value.size:
        return f"{what}; a single axis is expected, one number a pixel: leave out those of size 1."
    return f"{what}; the docstring asks for one direction only: a single axis, one number a pixel."


def _floats(value: np.ndarray, right: np.ndarray, call: Call) -> str:
    if np.allclose(value, np.rint(value), atol=1e-4):
        return (
            f"On {call.on}, your function returns floats. Ways are counted, so that whole numbers "
            "are expected: numpy makes floats unless told dtype=int, and a division or torch's "
            "convolution makes them too. .round().astype(int) brings them back."
        )
    for total, words in (
        (right.sum(), "so that they add up to 1"),
        (right.max(), "so that the largest is 1"),
    ):
        if expect.close(value, right / total, 1e-4):
            return (
                f"Your numbers are divided by {total} here, {words}. The docstring asks for the "
                "number of ways itself, which is whole."
            )
    fraction = value[np.abs(value - np.rint(value)) > 1e-4][0]
    return (
        f"On {call.on}, your function returns numbers such as {fraction:.4g}, which aren't whole. "
        "The docstring asks how many ways there are, which are counted."
    )


def _judge(
    attempt: Attempt,
    got: Sequence[np.ndarray],
    cases: Sequence[Case],
    misconceptions: Mapping[str, Formula],
) -> None:
    """The answer's counts are the reference's. Unlike `expect.values`, lengths may differ."""
    failed = [
        (value, case)
        for value, case in zip(got, cases, strict=True)
        if not np.array_equal(value, case.of(effective_receptive_field))
    ]
    if not failed:
        return
    value, case = failed[0]
    if not np.array_equal(_of(attempt, case), value):
        raise Wrong(
            f"On {case.on}, two calls give different results: something is kept from one call to "
            "the next, in a default argument or outside your function. Begin each call anew."
        )
    for diagnosis, formula in misconceptions.items():
        if all(np.array_equal(value, case.of(formula)) for value, case in failed):
            everywhere = len(failed) == len(cases)
            raise Wrong(expect.sentence(diagnosis) if everywhere else f"On {case.on}: {diagnosis}")
    raise Wrong(_difference(failed))


def _difference(failed: Sequence[tuple[np.ndarray, Case]]) -> str:
    """How wrong counts differ from the right ones, by their number first."""
    for value, case in failed:
        right = case.of(effective_receptive_field)
        if len(value) == len(right):
            continue
        if np.array_equal(np.trim_zeros(value), right):
            return (
                f"On {case.on}, your result has zeros at its ends, for pixels that are never seen. "
                "The first and the last number are the outermost pixels that are."
            )
        return (
            f"On {case.on}, your function returns {_numbers(value)}; right would be "
            f"{_numbers(right)}, one for each pixel from the first that is seen to the last."
        )
    values, cases = zip(*failed, strict=True)
    return expect.difference(
        values, [case.of(effective_receptive_field) for case in cases], cases[0].on
    )


def _numbers(counts: np.ndarray) -> str:
    return str(counts.tolist()) if len(counts) <= 12 else f"{len(counts)} numbers"


TASK = Task(
    header=HEADER,
    reference=effective_receptive_field,
    hints=HINTS,
    examine=examine,
    lesson_size=lambda rng: ([1, 2, 4, 8], 3),
    wrong=zoo.WRONG,
    valid=zoo.VALID,
    equivalent=zoo.EQUIVALENT,
)
