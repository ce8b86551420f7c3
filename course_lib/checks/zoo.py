"""The zoo: every exercise's wrong answers and valid alternatives, put before its check."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from course_lib.checks import exercise, exercise_ids
from course_lib.checks.result import Status

Kind = Literal["wrong", "valid"]


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
    """

    exercise: str
    kind: Kind
    name: str
    expected: str
    status: Status
    diagnosis: str
    ok: bool
    milliseconds: float


def entries(ids: Sequence[str] | None = None) -> Iterator[Entry]:
    """The zoo of these exercises, of all where none are named; wrong answers first."""
    for exercise_id in exercise_ids() if ids is None else ids:
        task = exercise(exercise_id).task
        for wrong in task.wrong:
            yield Entry(
                exercise=exercise_id,
                kind="wrong",
                name=wrong.answer.__name__,
                answer=wrong.answer,
                expected=wrong.diagnosis,
            )
        for valid in task.valid:
            yield Entry(exercise=exercise_id, kind="valid", name=valid.__name__, answer=valid)


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
    )


def run_zoo(ids: Sequence[str] | None = None, *, seed: int | None = None) -> list[Record]:
    """Put the whole zoo, or that of some exercises, before the checks.

    Args:
        ids: of the exercises; all when left out.
        seed: of the checks' random inputs; new ones when left out.
    """
    return [judge(entry, seed=seed) for entry in entries(ids)]
