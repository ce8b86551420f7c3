"""The zoo: every exercise's wrong answers, valid alternatives and mutants, put before its check."""

from __future__ import annotations

import faulthandler
import multiprocessing
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import Any, Literal

from course_lib.checks.generic import generic_answers
from course_lib.checks.learner import Exercise
from course_lib.checks.mutants import Mutant, make_mutants
from course_lib.checks.result import Status
from course_lib.checks.task import Task
from course_lib.exercises import exercise, exercise_ids

Kind = Literal["wrong", "valid"]

MUTANT_SEEDS = (0, 1, 2)  # a mutant has to be found out with each
REFERENCE_DRAWS = 10  # what is right must pass whatever is drawn


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One inhabitant.

    Attributes:
        exercise: its id.
        kind: whether the check must reject or pass it.
        name: of the answer's function.
        answer: the function.
        expected: the part of the diagnosis that a wrong one must get.
        draws: how many times a tour judges it, each time with other random inputs.
    """

    exercise: str
    kind: Kind
    name: str
    answer: Callable[..., Any]
    expected: str = ""
    draws: int = 1


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
    """The zoo of these exercises, of all where none are named.

    Of each come its wrong answers, its valid ones, and last the reference itself.
    """
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
        yield Entry(
            exercise=exercise_id,
            kind="valid",
            name="the reference",
            answer=_same(task.reference),
            draws=REFERENCE_DRAWS,
        )


def _same(reference: Callable[..., Any]) -> Callable[..., Any]:
    """The reference as an answer: the library's own object would be recognised."""

    def the_same(*args: Any, **kwargs: Any) -> Any:
        return reference(*args, **kwargs)

    return the_same


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
    task = replace(task, slips=())  # what a mutant's mistake is called takes most of the time
    passing = [mutant for mutant in mutants if any(_passes(mutant, task, seed) for seed in seeds)]
    labels = {mutant.label for mutant in passing}
    return Hunt(
        exercise=task.header.id,
        made=len(mutants),
        killed=len(mutants) - len(passing),
        justified=len(labels & task.equivalent.keys()),
        survivors=tuple(mutant for mutant in passing if mutant.label not in task.equivalent),
        stale=tuple(label for label in task.equivalent if label not in labels),
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


def run_zoo(
    ids: Sequence[str] | None = None,
    *,
    seed: int | None = None,
    mutants: bool = True,
    jobs: int = 1,
) -> Zoo:
    """Put the whole zoo, or that of some exercises, before the checks.

    Args:
        ids: of the exercises; all when left out.
        seed: of the checks' random inputs. When left out, answers get a new one each, and mutants
            `MUTANT_SEEDS`.
        mutants: whether to make them and put them before the checks too.
        jobs: how many processes share the work.
    """
    chosen = exercise_ids() if ids is None else list(ids)
    with mapping(jobs) as every:
        records = every(partial(_judged, seed=seed), chosen)
        hunts = every(partial(_hunted, seed=seed), chosen if mutants else [])
        return Zoo(records=tuple(chain.from_iterable(records)), hunts=tuple(hunts))


@contextmanager
def mapping(jobs: int) -> Iterator[Callable[..., Iterable[Any]]]:
    """``map``, or one like it whose calls run in so many processes from the start."""
    if jobs == 1:
        yield map
        return
    # Not forked: the threads that torch may have here don't survive that.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(jobs, context, initializer=_prepare)
    try:
        yield pool.map
    finally:
        pool.shutdown(cancel_futures=True)


def _prepare() -> None:
    import torch

    faulthandler.enable()  # a process that dies says in which check
    torch.set_num_threads(1)


@contextmanager
def _named(exercise_id: str) -> Iterator[None]:
    """An error of a check's own says of which exercise."""
    try:
        yield
    except Exception as error:
        error.add_note(f"while the check of exercise {exercise_id} ran")
        raise


def _judged(exercise_id: str, *, seed: int | None) -> list[Record]:
    """A record of each answer: of its last draw, or the first with which its check errs."""
    with _named(exercise_id):
        return [_drawn(entry, seed) for entry in entries([exercise_id])]


def _drawn(entry: Entry, seed: int | None) -> Record:
    for draw in range(entry.draws):
        record = judge(entry, seed=None if seed is None else seed + draw)
        if not record.ok:
            break
    return record


def _hunted(exercise_id: str, *, seed: int | None) -> Hunt:
    """The hunt, without the mutants' functions: other processes couldn't send them."""
    with _named(exercise_id):
        found = hunt(exercise(exercise_id).task, seeds=MUTANT_SEEDS if seed is None else (seed,))
    return replace(found, survivors=tuple(replace(one, answer=None) for one in found.survivors))
