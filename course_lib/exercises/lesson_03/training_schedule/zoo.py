"""Exercise 03.4: wrong answers and valid alternatives."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from course_lib.checks.task import Equivalent, WrongAnswer


def _from_zero(step: int, *, d_every: int, g_every: int) -> tuple[bool, bool]:
    return (step - 1) % d_every == 0, (step - 1) % g_every == 0


def _one_early(step: int, *, d_every: int, g_every: int) -> tuple[bool, bool]:
    return (step + 1) % d_every == 0, (step + 1) % g_every == 0


def _modulo_swapped(step: int, *, d_every: int, g_every: int) -> tuple[bool, bool]:
    return d_every % step == 0, g_every % step == 0


def _whole_division(step: int, *, d_every: int, g_every: int) -> tuple[bool, bool]:
    return step // d_every == 0, step // g_every == 0


def _remainders(step: int, *, d_every: int, g_every: int) -> tuple[int, int]:
    return step % d_every, step % g_every


def _remainders_as_truth(step: int, *, d_every: int, g_every: int) -> tuple[bool, bool]:
    return bool(step % d_every), bool(step % g_every)


def _zero_or_one(step: int, *, d_every: int, g_every: int) -> tuple[int, int]:
    return int(step % d_every == 0), int(step % g_every == 0)


def _only_d(step: int, *, d_every: int, g_every: int) -> bool:
    return step % d_every == 0


def _chained(step: int, *, d_every: int, g_every: int) -> bool:
    return step % d_every == 0 == step % g_every


def _below(step: int, *, d_every: int, g_every: int) -> tuple[bool, bool]:
    return step < d_every, step < g_every


def _up_to(step: int, *, d_every: int, g_every: int) -> tuple[bool, bool]:
    return step <= d_every, step <= g_every


def _from_then_on(step: int, *, d_every: int, g_every: int) -> tuple[bool, bool]:
    return step >= d_every, step >= g_every


def _once(step: int, *, d_every: int, g_every: int) -> tuple[bool, bool]:
    return step == d_every, step == g_every


def _one_left_over(step: int, *, d_every: int, g_every: int) -> tuple[bool, bool]:
    return step % d_every == 1, step % g_every == 1


def _swapped(step: int, *, d_every: int, g_every: int) -> tuple[bool, bool]:
    return step % g_every == 0, step % d_every == 0


def _d_for_both(step: int, *, d_every: int, g_every: int) -> tuple[bool, bool]:
    return step % d_every == 0, step % d_every == 0


def _turns(step: int, *, d_every: int, g_every: int) -> tuple[bool, bool]:
    d_learns = step % d_every == 0
    return d_learns, not d_learns


def _else(step: int, *, d_every: int, g_every: int) -> tuple[bool, bool]:
    if step % d_every == 0:
        return True, False
    if step % g_every == 0:
        return False, True
    return False, False


def _both_due(step: int, *, d_every: int, g_every: int) -> tuple[bool, bool]:
    due = step % d_every == 0 and step % g_every == 0
    return due, due


def _phases(step: int, *, d_every: int, g_every: int) -> tuple[bool, bool]:
    place = (step - 1) % (d_every + g_every)
    return place < d_every, place >= d_every


def _g_always(step: int, *, d_every: int, g_every: int) -> tuple[bool, bool]:
    return step % d_every == 0, True


def _always(step: int, *, d_every: int, g_every: int) -> tuple[bool, bool]:
    return True, True


def _tuple_of_true(step: int, *, d_every: int, g_every: int) -> tuple[bool, bool]:
    return (step % d_every == 0 or True), (step % g_every == 0)


def _names(step: int, *, d_every: int, g_every: int) -> dict[str, bool]:
    return {"d": step % d_every == 0, "g": step % g_every == 0}


def _texts(step: int, *, d_every: int, g_every: int) -> list[str]:
    return ["D" if step % d_every == 0 else "", "G" if step % g_every == 0 else ""]


def _only_small_numbers(step: int, *, d_every: int, g_every: int) -> tuple[bool, bool]:
    return step in range(0, 1000, d_every), step in range(0, 1000, g_every)


def _docstring_example(step: int, *, d_every: int, g_every: int) -> tuple[bool, bool]:
    return step == 3, True


def _by_position(step: int, d: int, g: int) -> tuple[bool, bool]:
    return step % d == 0, step % g == 0


def _endless(step: int, *, d_every: int, g_every: int) -> tuple[bool, bool]:
    turn = 0
    while turn != step:
        turn += d_every
    return True, True


def _by_not(step: int, *, d_every: int, g_every: int) -> tuple[bool, bool]:
    return not step % d_every, not step % g_every


def _by_division(step: int, *, d_every: int, g_every: int) -> list[bool]:
    return [(step // every) * every == step for every in (d_every, g_every)]


def _by_divisor(step: int, *, d_every: int, g_every: int) -> tuple[bool, bool]:
    return math.gcd(step, d_every) == d_every, math.gcd(step, g_every) == g_every


def _by_branches(step: int, *, d_every: int, g_every: int) -> tuple[bool, bool]:
    d_learns = g_learns = False
    if step % d_every == 0:
        d_learns = True
    if step % g_every < 1:
        g_learns = True
    return d_learns, g_learns


def _by_numpy(step: int, *, d_every: int, g_every: int) -> tuple[Any, ...]:
    return tuple(np.mod(step, np.array([d_every, g_every])) == 0)


WRONG = (
    WrongAnswer(answer=_from_zero, diagnosis="ou count from 0"),
    WrongAnswer(answer=_one_early, diagnosis="one step early"),
    WrongAnswer(answer=_modulo_swapped, diagnosis="the modulo is the wrong way round"),
    WrongAnswer(answer=_whole_division, diagnosis="in the steps below its number and never again"),
    WrongAnswer(answer=_remainders, diagnosis="True or False is expected"),
    WrongAnswer(answer=_remainders_as_truth, diagnosis="in all steps but its own"),
    WrongAnswer(answer=_zero_or_one, diagnosis="True or False is expected"),
    WrongAnswer(answer=_only_d, diagnosis="returns one truth value"),
    WrongAnswer(answer=_chained, diagnosis="returns one truth value"),
    WrongAnswer(answer=_below, diagnosis="in the steps below its number and never again"),
    WrongAnswer(answer=_up_to, diagnosis="up to its number and never again"),
    WrongAnswer(answer=_from_then_on, diagnosis="from its number on, in every step"),
    WrongAnswer(answer=_once, diagnosis="learns once"),
    WrongAnswer(answer=_one_left_over, diagnosis="leaves 1 over"),
    WrongAnswer(answer=_swapped, diagnosis="he two are swapped"),
    WrongAnswer(answer=_d_for_both, diagnosis="oth players follow `d_every`"),
    WrongAnswer(answer=_turns, diagnosis="G learns where D doesn't"),
    WrongAnswer(answer=_else, diagnosis="G learns only where D doesn't"),
    WrongAnswer(answer=_both_due, diagnosis="only where both are due"),
    WrongAnswer(answer=_phases, diagnosis="in `d_every` steps, then G in `g_every` steps"),
    WrongAnswer(answer=_g_always, diagnosis="our G learns in every step"),
    WrongAnswer(answer=_always, diagnosis="oth players learn in every step"),
    WrongAnswer(answer=_tuple_of_true, diagnosis="our D learns in every step"),
    WrongAnswer(answer=_names, diagnosis="a dict of 2"),
    WrongAnswer(answer=_texts, diagnosis="True or False is expected"),
    WrongAnswer(answer=_only_small_numbers, diagnosis="in the multiples of"),
    WrongAnswer(answer=_docstring_example, diagnosis="your D learns in step 3 of the first 16"),
    WrongAnswer(answer=_by_position, diagnosis="can't be called as the lesson calls it"),
    WrongAnswer(answer=_endless, diagnosis="doesn't come back"),
)

VALID = (_by_not, _by_division, _by_divisor, _by_branches, _by_numpy)

EQUIVALENT = (
    Equivalent(
        mutant="line 1: step % d_every == 0 → step % d_every <= 0",
        why="No remainder of positive numbers is below 0.",
    ),
    Equivalent(
        mutant="line 1: step % g_every == 0 → step % g_every <= 0",
        why="No remainder of positive numbers is below 0.",
    ),
)
