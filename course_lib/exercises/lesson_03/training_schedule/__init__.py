"""Exercise 03.4: whose turn it is."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from course_lib.checks import expect
from course_lib.checks.attempt import Call, describe
from course_lib.checks.function import Case, Function
from course_lib.checks.result import Wrong
from course_lib.checks.slips import Slip
from course_lib.checks.task import Task, texts
from course_lib.exercises.lesson_03.training_schedule import zoo
from course_lib.training.steps import training_schedule

D, G = "step % d_every == 0", "step % g_every == 0"

# Both players by one rule of the step and the player's number N.
RULES = {
    "(step - 1) % N == 0": "You count from 0: with d_every=3, your D learns in steps 1, 4 and 7. "
    "The first step is 1, and D learns in steps 3, 6 and 9.",
    "(step + 1) % N == 0": "You are one step early: each player learns in the step before its "
    "multiples.",
    "step % N != 0": "Each player learns in all steps but its own: step % d_every is 0, which "
    "counts as False, in the steps in which D learns.",
    "N % step == 0": "Each player learns where the step divides its number: the modulo is the "
    "wrong way round. step % d_every is what is left over of the step.",
    "step // N == 0": "Each player learns in the steps below its number and never again, as `//` "
    "or `<` asks. % gives what is left over: step % d_every is 0 in every d_every-th step.",
    "step <= N": "Each player learns up to its number and never again. It learns in every multiple "
    "of it.",
    "step >= N": "Each player learns from its number on, in every step. It learns in the multiples "
    "of it only.",
    "step > N": "Each player learns from the step after its number on, in every step. It learns in "
    "the multiples of it only.",
    "step == N": "Each player learns once, in the step of its number. It learns in every multiple "
    "of it.",
    "step % N == 1": "Each player learns where the step leaves 1 over, not 0: with a number of 1 "
    "it never does.",
    "(step & N - 1) == 0": "You look at the last bits of the step, as if numbers were powers of 2.",
}
# Both truth values.
PAIRS = {
    f"{G}, {D}": "The two are swapped: you return (whether G learns, whether D learns). D comes "
    "first, and learns in every `d_every`-th step.",
    f"{D}, {D}": "Both players follow `d_every`: G learns in every `g_every`-th step.",
    f"{G}, {G}": "Both players follow `g_every`: D learns in every `d_every`-th step.",
    f"{D}, step % d_every != 0": "G learns where D doesn't: in your schedule they take turns. G "
    "goes by `g_every`, and both may learn in one step.",
    f"step % g_every != 0, {G}": "D learns where G doesn't: in your schedule they take turns. D "
    "goes by `d_every`, and both may learn in one step.",
    f"{D}, {G} and step % d_every != 0": "G learns only where D doesn't: an `elif` or `else` shuts "
    "it out. Both may learn in one step.",
    f"{D} and step % g_every != 0, {G}": "D learns only where G doesn't: an `elif` or `else` shuts "
    "it out. Both may learn in one step.",
    f"*(({D} and {G},) * 2),": "Each player learns only where both are due: each goes by its own "
    "number alone.",
    f"*(({D} or {G},) * 2),": "Each player learns where either of the two is due: each goes by its "
    "own number alone.",
    "(step - 1) % (d_every + g_every) < d_every, (step - 1) % (d_every + g_every) >= d_every": "In "
    "your schedule D learns in `d_every` steps, then G in `g_every` steps, and so on. `d_every` "
    "isn't how many steps, but from how many steps D learns in one.",
    f"True, {G}": "Your D learns in every step; it learns in every `d_every`-th.",
    f"{D}, True": "Your G learns in every step; it learns in every `g_every`-th.",
    "True, True": "Both players learn in every step, whatever their numbers are.",
    "False, False": "No player ever learns.",
}
SLIPS = (
    *(
        Slip(
            f"{D}, {G} → {rule.replace('N', 'd_every')}, {rule.replace('N', 'g_every')}", says=says
        )
        for rule, says in RULES.items()
    ),
    *(Slip(f"{D}, {G} → {pair}", says=says) for pair, says in PAIRS.items()),
    Slip(f"{D}, {G} → step % d_every, step % g_every", gets="comparing it with 0 gives"),
    Slip(f"{D}, {G} → int({D}), int({G})", gets="True or False is expected"),
    Slip(f"{D}, {G} → {D}", gets="returns one truth value"),
    Slip(f"{D}, {G} → {D} == step % g_every", gets="returns one truth value"),
    Slip(f"{D}, {G} → {{'d': {D}, 'g': {G}}}", gets="a dict of 2"),
    Slip(f"{D}, {G} → ['D' * ({D}), 'G' * ({G})]", gets="True or False is expected"),
    Slip(f"{D}, {G} → step % d_every == 0 and step <= 10**6, {G}", gets="(False, "),
    Slip("*, d_every: int, g_every: int → d: int, g: int", gets="can't be called as the lesson"),
)


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """First steps for equal, multiple and coprime numbers; late steps; numbers never reached."""
    for d, g in ((1, 1), (2, 1), (1, 3), (3, 2), (2, 4), (6, 4), (3, 3), (40, 30)):
        for step in range(1, 14):
            yield Case(args=(step,), kwargs={"d_every": d, "g_every": g})
    for _ in range(8):
        d, g = (int(n) for n in rng.choice(range(2, 200), 2, replace=False))
        step = int(rng.integers(10**6, 10**9))
        for late in (step - step % d, step - step % g, step - step % (d * g), step // 2 * 2 + 1):
            yield Case(args=(late,), kwargs={"d_every": d, "g_every": g})


def read(call: Call, right: tuple[bool, bool]) -> tuple[bool, bool]:
    """The call's value as two truth values.

    Raises:
        Wrong: anything else.
    """
    value = expect.returned(call)
    if isinstance(value, bool | np.bool_):
        raise Wrong(
            "Your function returns one truth value; two are expected, first whether D learns, then "
            "whether G learns: return d_learns, g_learns."
        )
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise Wrong(
            f"On {call.on}, your function returns {describe(value)}; a tuple of two is expected: "
            "(whether D learns, whether G learns)."
        )
    for one, player in zip(value, "DG", strict=True):
        if not isinstance(one, bool | np.bool_):
            mend = "comparing it with 0 gives" if type(one) is int else "a comparison gives"
            raise Wrong(
                f"On {call.on}, your function returns {describe(one)} for {player}; True or False "
                f"is expected, which {mend}."
            )
    return bool(value[0]), bool(value[1])


BELOW = "No remainder of positive numbers is below 0."

TASK = Task(
    **texts(__file__),
    reference=training_schedule,
    examine=Function(
        example=Case(args=(3,), kwargs={"d_every": 3, "g_every": 1}), cases=cases, read=read
    ),
    lesson_size=lambda rng: (1,),
    lesson_keywords={"d_every": 2, "g_every": 1},
    slips=SLIPS,
    written=zoo.WRITTEN,
    valid=zoo.VALID,
    equivalent={
        f"line 1: {D} → step % d_every <= 0": BELOW,
        f"line 1: {G} → step % g_every <= 0": BELOW,
    },
)
