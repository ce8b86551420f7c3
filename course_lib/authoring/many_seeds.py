"""Judge every answer of the zoo over many seeds, in pieces that a stop doesn't lose."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import course_lib
from course_lib.authoring.zoo import Entry, entries, judge, mapping
from course_lib.exercises import exercise_ids

AT_THE_LIMIT = 1000.0  # milliseconds; an answer that takes longer is judged once
CODE = (
    *("checks", "authoring/zoo.py", "exercises/__init__.py", "losses.py", "metrics.py"),
    *("models", "training", "data", "filters.py", "files.py", "ranges.py"),
)


def judge_many(
    ids: Sequence[str] | None, seeds: int, record: Path, *, jobs: int = 1
) -> Iterator[dict[str, Any]]:
    """Judge each answer with the seeds 0, 1, 2 and so on.

    A line is added to the record for each exercise and seed. What the record holds for the same
    code is not judged again.

    Args:
        ids: of the exercises; all where none are named.
        seeds: how many, ≥ 1.
        record: a file of JSON lines in a folder that exists.
        jobs: how many processes share the work.

    Yields:
        A line for each exercise and seed: ``exercise``, ``seed``, the ``answers`` that were
        judged, the ``misjudged`` as a list of kind, name, status and diagnosis, and the names of
        those that are ``late``: they reach the time limit, and only seed 0 judges them.

    Raises:
        ValueError: a line of the record is no JSON of this function.
    """
    chosen = exercise_ids() if ids is None else ids
    codes = {one: _digest(one) for one in chosen}
    done = {
        (line["exercise"], line["seed"]): line
        for line in _lines(record)
        if line["code"] == codes.get(line["exercise"])
    }
    with mapping(jobs) as every:
        late: dict[str, list[str]] = {}
        for some in (range(1), range(1, seeds)):
            places = [(one, seed) for seed in some for one in chosen]
            todo = [place for place in places if place not in done]
            judged = iter(every(functools.partial(_judged, late=dict(late)), todo))
            for place in places:
                line = done.get(place)
                if line is None:
                    line = {"code": codes[place[0]], **next(judged)}
                    with record.open("a", encoding="utf-8") as file:
                        file.write(json.dumps(line, ensure_ascii=False) + "\n")
                if not line["seed"]:
                    late[line["exercise"]] = line["late"]
                yield line


@functools.cache
def _entries(exercise_id: str) -> tuple[Entry, ...]:
    return tuple(entries([exercise_id]))


def _judged(place: tuple[str, int], *, late: dict[str, list[str]]) -> dict[str, Any]:
    exercise_id, seed = place
    skipped = late.get(exercise_id, [])
    records = [judge(one, seed=seed) for one in _entries(exercise_id) if one.name not in skipped]
    return {
        "exercise": exercise_id,
        "seed": seed,
        "answers": len(records),
        "misjudged": [
            [one.kind, one.name, one.status, one.diagnosis] for one in records if not one.ok
        ],
        "late": [one.name for one in records if one.milliseconds > AT_THE_LIMIT],
    }


def _lines(record: Path) -> Iterator[dict[str, Any]]:
    if not record.exists():
        return
    text = record.read_bytes()
    whole = text[: text.rfind(b"\n") + 1]  # a kill may leave a part of the last line
    if len(whole) < len(text):
        record.write_bytes(whole)
    for number, line in enumerate(whole.split(b"\n")[:-1], 1):
        try:
            found = json.loads(line)
            found["exercise"], found["seed"], found["code"], found["misjudged"], found["late"]
        except (ValueError, KeyError, TypeError):
            raise ValueError(
                f"{record}, line {number} is no verdict of `course check-zoo --seeds`: delete the "
                "line, or name another file"
            ) from None
        yield found


def _digest(exercise_id: str) -> str:
    """Of the code that an exercise's verdicts depend on."""
    package = Path(course_lib.__file__).parent
    digest = hashlib.sha256()
    for part in (*CODE, f"exercises/lesson_{exercise_id[:2]}"):
        path = package / part
        for file in [path] if path.is_file() else sorted(path.rglob("*.py")):
            digest.update(str(file.relative_to(package)).encode() + file.read_bytes())
    return digest.hexdigest()[:16]
