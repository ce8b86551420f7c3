"""What an exercise states as tables: slips, and what to do about errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from course_lib.checks.slips import Slip


def slips_that_say(table: Mapping[Any, str]) -> Iterator[Slip]:
    """Slips from a table: an edit, or a tuple of edits → the whole diagnosis."""
    for edits, diagnosis in table.items():
        yield Slip(*_several(edits), says=diagnosis)


def slips_that_get(table: Mapping[Any, str]) -> Iterator[Slip]:
    """Slips from a table: an edit, or a tuple of edits → words of the examiner's own diagnosis."""
    for edits, words in table.items():
        yield Slip(*_several(edits), gets=words)


def _several(edits: str | tuple[str, ...]) -> tuple[str, ...]:
    return (edits,) if isinstance(edits, str) else edits


def mends(table: Mapping[str, str]) -> Callable[[BaseException, Any], str]:
    """An examiner's `explain` from a table.

    Args:
        table: words of an error, as Python prints it with its type → what the diagnosis adds.
            The first row that fits counts.
    """

    def explain(error: BaseException, case: Any) -> str:
        text = f"{type(error).__name__}: {error}"
        return next((mend for words, mend in table.items() if words in text), "")

    return explain
