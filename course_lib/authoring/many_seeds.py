"""Judge every answer of the zoo over many seeds, in pieces that a stop doesn't lose."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import course_lib
from course_lib.authoring.zoo import Entry, Record, entries, judge, mapping
from course_lib.exercises import exercise_ids

AT_THE_LIMIT = 1000.0  # milliseconds; an answer that takes longer is judged once
CODE = (
    *("checks", "exercises", "authoring/zoo.py"),
    *("losses.py", "metrics.py", "models", "training", "data", "ranges.py"),
)


def judge_many(
    ids: Sequence[str] | None, seeds: int, record: Path, *, jobs: int = 1
) -> Iterator[tuple[Entry, dict[str, Any]]]:
    """Judge each answer with the seeds 0, 1, 2 and so on.

    A line is added to the record after each answer. Answers that the record holds for the same
    code and at least as many seeds are not judged again.

    Args:
        ids: of the exercises; all where none are named.
        seeds: how many, ≥ 1.
        record: a file of JSON lines in a folder that exists.
        jobs: how many processes share the work.

    Yields:
        Each answer and its line: ``seeds`` judged, ``failed`` as a list of seed, status and
        diagnosis, ``milliseconds`` a verdict.

    Raises:
        ValueError: a line of the record is no JSON of this function.
    """
    code = _digest()
    done = {
        (line["exercise"], line["kind"], line["name"]): line
        for line in _lines(record)
        if line["code"] == code and line["asked"] >= seeds
    }
    chosen = exercise_ids() if ids is None else ids
    places = [(one, n) for one in chosen for n in range(len(_entries(one)))]
    todo = [place for place in places if _key(place) not in done]
    with mapping(jobs) as every:
        judged = iter(every(functools.partial(_judged, seeds=seeds), todo))
        for place in places:
            line = done.get(_key(place))
            if line is None:
                line = {"code": code, "asked": seeds, **next(judged)}
                with record.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(line, ensure_ascii=False) + "\n")
            yield _entry(place), line


@functools.cache
def _entries(exercise_id: str) -> tuple[Entry, ...]:
    return tuple(entries([exercise_id]))


def _entry(place: tuple[str, int]) -> Entry:
    """Functions can't be sent to another process, but their places can."""
    exercise_id, number = place
    return _entries(exercise_id)[number]


def _key(place: tuple[str, int]) -> tuple[str, str, str]:
    entry = _entry(place)
    return entry.exercise, entry.kind, entry.name


def _judged(place: tuple[str, int], *, seeds: int) -> dict[str, Any]:
    entry = _entry(place)
    records: list[Record] = []
    for seed in range(seeds):
        records.append(judge(entry, seed=seed))
        if records[-1].milliseconds > AT_THE_LIMIT:
            break
    return {
        "exercise": entry.exercise,
        "kind": entry.kind,
        "name": entry.name,
        "seeds": len(records),
        "failed": [[one.seed, one.status, one.diagnosis] for one in records if not one.ok],
        "milliseconds": round(sum(one.milliseconds for one in records) / len(records), 2),
    }


def _lines(record: Path) -> Iterator[dict[str, Any]]:
    if not record.exists():
        return
    text = record.read_text(encoding="utf-8")
    whole = text[: text.rfind("\n") + 1]  # a kill may leave a part of the last line
    if len(whole) < len(text):
        record.write_text(whole, encoding="utf-8")
    for number, line in enumerate(whole.splitlines(), 1):
        try:
            found = json.loads(line)
            found["exercise"], found["kind"], found["name"], found["code"], found["asked"]
        except (ValueError, KeyError, TypeError):
            raise ValueError(
                f"{record}, line {number} is no verdict of `course check-zoo --seeds`: delete the "
                "line, or name another file"
            ) from None
        yield found


def _digest() -> str:
    """Of the code that verdicts depend on."""
    package = Path(course_lib.__file__).parent
    files = [file for part in CODE for file in (package / part).rglob("*.py")]
    files += [package / part for part in CODE if part.endswith(".py")]
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(str(file.relative_to(package)).encode() + file.read_bytes())
    return digest.hexdigest()[:16]
