"""Exercise 03.4: whose turn it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from course_lib.checks import expect
from course_lib.checks.attempt import Attempt, Call, describe
from course_lib.checks.result import Wrong
from course_lib.checks.task import Header, Task
from course_lib.exercises.lesson_03 import training_schedule_zoo as zoo
from course_lib.training.steps import training_schedule

HEADER = Header(
    id="03.4",
    title="Whose turn it is",
    difficulty=1,
    minutes=6,
    needed_for="the runs with unequal numbers of steps",
)

HINTS = (
    "Write down the steps in which D learns for d_every=3. What have these numbers in common, and "
    "which operator asks for that?",
    "step % d_every is what is left over when step is divided by d_every: 0 in every d_every-th "
    "step. The comparison with 0 gives True or False. Do the same for G, and return both.",
    "Almost the code:\n"
    "    d_learns = step % d_every == ...\n"
    "    g_learns = ...\n"
    "    return d_learns, g_learns",
)

Steps = tuple[int, int, int]  # step, d_every, g_every
Schedule = Callable[[int, int, int], tuple[bool, bool]]
Answers = Mapping[Steps, tuple[bool, bool]]


def _each(rule: Callable[[int, int], bool]) -> Schedule:
    """Both players by one rule of the step and the player's number."""
    return lambda step, d, g: (rule(step, d), rule(step, g))


MISCONCEPTIONS: dict[str, Schedule] = {
    "the two are swapped: you return (whether G learns, whether D learns). D comes first, and "
    "learns in every `d_every`-th step.": lambda step, d, g: (step % g == 0, step % d == 0),
    "both players follow `d_every`: G learns in every `g_every`-th step.": (
        lambda step, d, g: (step % d == 0, step % d == 0)
    ),
    "both players follow `g_every`: D learns in every `d_every`-th step.": (
        lambda step, d, g: (step % g == 0, step % g == 0)
    ),
    "you count from 0: with d_every=3, your D learns in steps 1, 4 and 7. The first step is 1, and "
    "D learns in steps 3, 6 and 9.": _each(lambda step, n: (step - 1) % n == 0),
    "you are one step early: each player learns in the step before its multiples.": (
        _each(lambda step, n: (step + 1) % n == 0)
    ),
    "each player learns in all steps but its own: step % d_every is 0, which counts as False, in "
    "the steps in which D learns.": _each(lambda step, n: step % n != 0),
    "each player learns where the step divides its number: the modulo is the wrong way round. "
    "step % d_every is what is left over of the step.": _each(lambda step, n: n % step == 0),
    "each player learns in the steps below its number and never again, as `//` or `<` asks. % "
    "gives what is left over: step % d_every is 0 in every d_every-th step.": _each(
        lambda step, n: step // n == 0
    ),
    "each player learns up to its number and never again. It learns in every multiple of it.": (
        _each(lambda step, n: step <= n)
    ),
    "each player learns from its number on, in every step. It learns in the multiples of it "
    "only.": _each(lambda step, n: step >= n),
    "each player learns from the step after its number on, in every step. It learns in the "
    "multiples of it only.": _each(lambda step, n: step > n),
    "each player learns once, in the step of its number. It learns in every multiple of it.": (
        _each(lambda step, n: step == n)
    ),
    "each player learns where the step leaves 1 over, not 0: with a number of 1 it never does.": (
        _each(lambda step, n: step % n == 1)
    ),
    "G learns where D doesn't: in your schedule they take turns. G goes by `g_every`, and both "
    "may learn in one step.": lambda step, d, g: (step % d == 0, step % d != 0),
    "D learns where G doesn't: in your schedule they take turns. D goes by `d_every`, and both "
    "may learn in one step.": lambda step, d, g: (step % g != 0, step % g == 0),
    "G learns only where D doesn't: an `elif` or `else` shuts it out. Both may learn in one "
    "step.": lambda step, d, g: (step % d == 0, step % g == 0 and step % d != 0),
    "D learns only where G doesn't: an `elif` or `else` shuts it out. Both may learn in one "
    "step.": lambda step, d, g: (step % d == 0 and step % g != 0, step % g == 0),
    "each player learns only where both are due: each goes by its own number alone.": (
        lambda step, d, g: ((step % d, step % g) == (0, 0),) * 2
    ),
    "each player learns where either of the two is due: each goes by its own number alone.": (
        lambda step, d, g: (0 in (step % d, step % g),) * 2
    ),
    "in your schedule D learns in `d_every` steps, then G in `g_every` steps, and so on. "
    "`d_every` isn't how many steps, but from how many steps D learns in one.": (
        lambda step, d, g: ((step - 1) % (d + g) < d, (step - 1) % (d + g) >= d)
    ),
    "your D learns in every step; it learns in every `d_every`-th.": (
        lambda step, d, g: (True, step % g == 0)
    ),
    "your G learns in every step; it learns in every `g_every`-th.": (
        lambda step, d, g: (step % d == 0, True)
    ),
    "both players learn in every step, whatever their numbers are.": lambda step, d, g: (True,) * 2,
    "no player ever learns.": lambda step, d, g: (False,) * 2,
}

PAIRS = ((1, 1), (2, 1), (1, 3), (3, 2), (2, 4), (5, 3))  # d_every, g_every
LAST = 16  # step that is asked for


def examine(attempt: Attempt, rng: np.random.Generator) -> None:
    """The first steps for some numbers, then late steps for random ones."""
    asked = [(step, d, g) for d, g in PAIRS for step in range(1, LAST + 1)]
    for _ in range(12):
        d, g = (int(n) for n in rng.choice(range(1, 9), 2, replace=False))
        step = int(rng.integers(1000, 100_000))
        asked.append((step - step % d * int(rng.integers(2)), d, g))
        asked.append((step - step % g, d, g))
    got = {key: _call(attempt, key) for key in asked}
    right = {key: _reference(*key) for key in asked}
    if got == right:
        return
    for diagnosis, schedule in MISCONCEPTIONS.items():
        if all(got[key] == tuple(map(bool, schedule(*key))) for key in asked):
            raise Wrong(expect.sentence(diagnosis))
    raise Wrong(_first_difference(got, right))


def _reference(step: int, d_every: int, g_every: int) -> tuple[bool, bool]:
    return training_schedule(step, d_every=d_every, g_every=g_every)


def _call(attempt: Attempt, key: Steps) -> tuple[bool, bool]:
    step, d_every, g_every = key
    call = attempt.call(
        step,
        d_every=d_every,
        g_every=g_every,
        on=f"step {step} with d_every={d_every} and g_every={g_every}",
    )
    pair = _two(call)
    expect.untouched(call)
    return pair


def _two(call: Call) -> tuple[bool, bool]:
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
        if isinstance(one, bool | np.bool_):
            continue
        number = type(one) is int
        raise Wrong(
            f"On {call.on}, your function returns {describe(one)} for {player}; True or False is "
            f"expected, which {'comparing it with 0 gives' if number else 'a comparison gives'}."
        )
    return bool(value[0]), bool(value[1])


def _first_difference(got: Answers, right: Answers) -> str:
    """When a player learns in the answer's schedule, and when it must."""
    step, d, g = next(key for key in got if got[key] != right[key])
    which = 0 if got[step, d, g][0] != right[step, d, g][0] else 1
    player, name = (("D", "d_every"), ("G", "g_every"))[which]
    if (d, g) not in PAIRS or step > LAST:
        learns = "learns" if got[step, d, g][which] else "rests"
        return (
            f"In step {step} with d_every={d} and g_every={g}, your {player} {learns}; it learns "
            f"in the multiples of {name} only."
        )
    mine, theirs = (
        _words([s for s in range(1, LAST + 1) if answers[s, d, g][which]])
        for answers in (got, right)
    )
    return (
        f"With d_every={d} and g_every={g}, your {player} learns {mine} of the first {LAST}; it "
        f"has to learn {theirs}, in every {name}-th."
    )


def _words(steps: list[int]) -> str:
    if not steps:
        return "in no step"
    if len(steps) == LAST:
        return "in all"
    return f"in step{'s' if len(steps) > 1 else ''} {', '.join(map(str, steps))}"


TASK = Task(
    header=HEADER,
    reference=training_schedule,
    hints=HINTS,
    examine=examine,
    lesson_size=lambda rng: (1,),
    lesson_keywords={"d_every": 2, "g_every": 1},
    wrong=zoo.WRONG,
    valid=zoo.VALID,
    equivalent=zoo.EQUIVALENT,
)
