"""The zoo: every exercise's wrong answers, valid alternatives and mutants, put before its check."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from course_lib.checks.generic import generic_answers
from course_lib.checks.learner import Exercise
from course_lib.checks.mutants import Mutant, make_mutants
from course_lib.checks.result import Status
from course_lib.checks.task import Task
from course_lib.exercises import exercise, exercise_ids

Kind = Literal["wrong", "valid"]

MUTANT_SEEDS = (0, 1, 2)  # a mutant has to be found out with each


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One inhabitant.

    Attributes:
        exercise: its id.
        kind: whether the check must reject or pass it.
        name: of the answer's function.
        answer: the function.
        expected: the part of the diagnosis that a wrong one must get.
    """

    exercise: str
    kind: Kind
    name: str
    answer: Callable[..., Any]
    expected: str = ""


@dataclass(frozen=True, kw_only=True)
class Record:
    """What the check made of an entry.

    Attributes:
        exercise, kind, name, expected: as in `Entry`.
        status: of the verdict.
        diagnosis: that it got.
        ok: the check did as it must.
        milliseconds: wall time of the check.
        seed: of its random inputs.
    """

    exercise: str
    kind: Kind
    name: str
    expected: str
    status: Status
    diagnosis: str
    ok: bool
    milliseconds: float
    seed: int


def entries(ids: Sequence[str] | None = None) -> Iterator[Entry]:
    """The zoo of these exercises, of all where none are named; wrong answers first."""
    for exercise_id in exercise_ids() if ids is None else ids:
        task = exercise(exercise_id).task
        for name, answer, words in task.wrong_answers():
            yield Entry(
                exercise=exercise_id, kind="wrong", name=name, answer=answer, expected=words
            )
        for name, answer, words in generic_answers(task):
            yield Entry(
                exercise=exercise_id, kind="wrong", name=name, answer=answer, expected=words
            )
        for name, answer in task.valid_answers():
            yield Entry(exercise=exercise_id, kind="valid", name=name, answer=answer)


def judge(entry: Entry, *, seed: int | None = None) -> Record:
    """Put one entry before its check."""
    start = time.perf_counter()
    result = exercise(entry.exercise).run(entry.answer, seed=seed)
    milliseconds = 1000 * (time.perf_counter() - start)
    if entry.kind == "valid":
        ok = result.status == "passed"
    else:
        ok = result.status == "wrong" and entry.expected in result.diagnosis
    return Record(
        exercise=entry.exercise,
        kind=entry.kind,
        name=entry.name,
        expected=entry.expected,
        status=result.status,
        diagnosis=result.diagnosis,
        ok=ok,
        milliseconds=milliseconds,
        seed=result.seed,
    )


@dataclass(frozen=True, kw_only=True)
class Hunt:
    """What became of the mutants of an exercise's reference.

    Attributes:
        exercise: its id.
        made: how many there are.
        killed: how many the check rejected each time.
        justified: how many passed and are declared equivalent.
        survivors: the others.
        stale: labels declared equivalent that no passing mutant bears.
    """

    exercise: str
    made: int
    killed: int
    justified: int
    survivors: tuple[Mutant, ...]
    stale: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Every mutant was killed or justified, every justification needed."""
        return not self.survivors and not self.stale


def hunt(task: Task, *, seeds: Sequence[int] = MUTANT_SEEDS) -> Hunt:
    """Put every mutant of the task's reference before its check."""
    mutants = list(make_mutants(task.reference))
    passing = [mutant for mutant in mutants if any(_passes(mutant, task, seed) for seed in seeds)]
    labels = {mutant.label for mutant in passing}
    return Hunt(
        exercise=task.header.id,
        made=len(mutants),
        killed=len(mutants) - len(passing),
        justified=len(labels & task.may_pass.keys()),
        survivors=tuple(mutant for mutant in passing if mutant.label not in task.may_pass),
        stale=tuple(label for label in task.may_pass if label not in labels),
    )


def _passes(mutant: Mutant, task: Task, seed: int) -> bool:
    return Exercise(task).run(mutant.answer, seed=seed).status == "passed"


@dataclass(frozen=True, kw_only=True)
class Zoo:
    """A tour of the zoo.

    Attributes:
        records: of the wrong answers and the valid alternatives.
        hunts: of the mutants, one an exercise.
    """

    records: tuple[Record, ...]
    hunts: tuple[Hunt, ...]

    @property
    def ok(self) -> bool:
        """Every check did as it must."""
        return all(one.ok for one in self.records) and all(one.ok for one in self.hunts)


def run_zoo(ids: Sequence[str] | None = None, *, seed: int | None = None) -> Zoo:
    """Put the whole zoo, or that of some exercises, before the checks.

    Args:
        ids: of the exercises; all when left out.
        seed: of the checks' random inputs for wrong and valid answers; new ones when left out.
    """
    return Zoo(
        records=tuple(judge(entry, seed=seed) for entry in entries(ids)),
        hunts=tuple(hunt(exercise(one).task) for one in (exercise_ids() if ids is None else ids)),
    )
