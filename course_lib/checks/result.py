"""What a check says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Status = Literal["passed", "not attempted", "wrong", "library"]


class Wrong(Exception):
    """Raised inside a check; its text is the diagnosis."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """The verdict on one answer.

    Attributes:
        status: ``"passed"``, ``"not attempted"``, ``"wrong"``, or ``"library"`` where the
            answer is the library's own object.
        diagnosis: what the answer does, in words, or a note on one that passed.
        printed: what the answer printed while it was checked, cut to a few lines.
        replaced: the answer passed, but the lesson goes on with the library's, because the answer
            is far slower or fails on tensors laid out in memory as the lesson's are.
        seed: of the check's random inputs; ``exercise("01.3").check(answer, seed=…)`` repeats it.
    """

    status: Status
    diagnosis: str = ""
    printed: str = ""
    replaced: bool = False
    seed: int = 0
