"""Exercise 06.4: the p-value of a preference test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from course_lib.artifacts.preference import preference_p_value
from course_lib.checks import expect
from course_lib.checks.attempt import Call, describe
from course_lib.checks.function import Case, Function, Refusal
from course_lib.checks.result import Wrong
from course_lib.checks.shorthand import slips_that_get, slips_that_say
from course_lib.checks.task import Task, texts
from course_lib.exercises.lesson_06.preference_p_value import zoo

TAIL = "sum(comb(trials, n) for n in range(most, trials + 1)) / 2**trials"

# Edits of the reference → the whole diagnosis.
SAYS = {
    "min(1.0, 2 * tail) → min(1.0, tail)": "You count one side only. Without a preference, the "
    "other version could have won as often: double the tail.",
    "min(1.0, 2 * tail) → 2 * tail": "Your p-value can be above 1: with a draw, the two tails "
    "share their middle. Take 1 at most.",
    "range(most, trials + 1) → range(most + 1, trials + 1)": "Your tail leaves out the result "
    "itself: results at least as far from a draw count.",
    "range(most, trials + 1) → range(most, trials)": "Your tail leaves out the case in which all "
    "trials go to one side.",
    "range(most, trials + 1) → [most]": "You take the chance of exactly this result. Results that "
    "are farther from a draw count, too.",
    "max(wins, trials - wins) → wins": "Your tail begins at wins. If the other side won more "
    "often, begin there: take the larger of both counts.",
    f"{TAIL} → 1 - {TAIL}": "You give the chance of the opposite: that the result is nearer to a "
    "draw.",
}
# Edits of the reference → words of the examiner's own diagnosis.
FOUND = {
    "2**trials → 2 ** (trials - 1)": "gives",
    "max(wins, trials - wins) → min(wins, trials - wins)": "gives",
}


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Small and large tests, draws, and all choices for one side."""
    for trials in (7, 12, 20, 300):
        for wins in sorted({0, trials, *rng.integers(0, trials + 1, 2).tolist()}):
            yield Case(args=(wins, trials), on=f"{wins} wins in {trials} trials")
    for wins, trials in ((1, 1), (0, 1), (5, 10), (4, 9), (3, 4)):
        yield Case(args=(wins, trials), on=f"{wins} wins in {trials} trials")


def read(call: Call, right: float) -> float:
    """The p-value.

    Raises:
        Wrong: no number.
    """
    value = expect.returned(call)
    try:
        return float(value)
    except (TypeError, ValueError):
        raise Wrong(f"Your function returns {describe(value)}; one number is expected.") from None


def refusals(rng: np.random.Generator) -> Iterator[Refusal]:
    """No trial, and wins that can't be."""
    for wins, trials in ((0, 0), (0, -1), (-1, 5), (6, 5)):
        yield Refusal(args=(wins, trials), on=f"{wins} wins in {trials} trials")


def lesson_size(rng: np.random.Generator) -> tuple[Any, ...]:
    """The paper's test: 20 pictures, 15 people."""
    return 247, 300


TASK = Task(
    **texts(__file__),
    reference=preference_p_value,
    examine=Function(
        example=Case(on="the docstring's example", args=(9, 10)),
        cases=cases,
        meaning="the p-value",
        tolerance=1e-6,
        read=read,
        refusals=refusals,
    ),
    lesson_size=lesson_size,
    slips=(*slips_that_say(SAYS), *slips_that_get(FOUND)),
    written=zoo.WRITTEN,
    valid=zoo.VALID,
    equivalent={
        "line 1: `if trials < 1 or not 0 <= wins <= trials:` after the next statement": "The check "
        "may come later.",
        "line 3: max(wins, trials - wins) → max(trials - wins, wins)": "The larger of two.",
        "line 4: trials + 1 → trials + 2": "comb(n, n + 1) is 0.",
        "line 5: min(1.0, 2 * tail) → min(2 * tail, 1.0)": "The smaller of two.",
    },
)
