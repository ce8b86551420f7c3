"""What a lesson's module declares about an exercise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from course_lib.checks.attempt import Attempt

DIFFICULTY = ("", "a warm-up", "easy", "some thought", "hard", "very hard")


@dataclass(frozen=True, kw_only=True)
class Header:
    """What a learner reads above an exercise.

    Attributes:
        id: lesson and number: ``"01.3"``.
        title: a few words.
        difficulty: 1 (a warm-up) to 5 (very hard).
        minutes: for a learner who has read the section before it.
        needed_for: what uses the answer next.
    """

    id: str
    title: str
    difficulty: int
    minutes: int
    needed_for: str

    def markdown(self) -> str:
        """The header as Markdown, the same for everyone who reads it aloud or on a page."""
        dots = "●" * self.difficulty + "○" * (5 - self.difficulty)
        return (
            f"### Exercise {self.id} · {self.title}\n\n"
            f"Difficulty {dots} ({self.difficulty} of 5, {DIFFICULTY[self.difficulty]}) · "
            f"about {self.minutes} minutes · needed for {self.needed_for}"
        )


@dataclass(frozen=True, kw_only=True)
class WrongAnswer:
    """A mistake that learners make, and what the check must say about it.

    Attributes:
        answer: the learner's function.
        diagnosis: a part of the diagnosis that it must get, which names the mistake.
    """

    answer: Callable[..., Any]
    diagnosis: str


@dataclass(frozen=True, kw_only=True)
class Equivalent:
    """A mutant of the reference that passes because it is right: it does the same.

    Attributes:
        mutant: its label, as `course check-zoo` shows it.
        why: no input that the docstring permits tells it from the reference.
    """

    mutant: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Task:
    """One exercise.

    Attributes:
        header: what the learner reads.
        reference: the library's function: its signature and docstring are the exercise.
        hints: three of them: where to look, the idea, almost the code.
        examine: tries the answer on random inputs drawn from the generator; raises `Wrong`.
        lesson_size: arguments of the size at which the lesson calls it, for the time it takes.
        lesson_keywords: those that it calls it with by name.
        wrong: the zoo, at least six.
        valid: right answers in another style, at least two.
        equivalent: mutants of the reference that may pass.
    """

    header: Header
    reference: Callable[..., Any]
    hints: tuple[str, str, str]
    examine: Callable[[Attempt, np.random.Generator], None]
    lesson_size: Callable[[np.random.Generator], tuple[Any, ...]]
    wrong: tuple[WrongAnswer, ...]
    valid: tuple[Callable[..., Any], ...]
    equivalent: tuple[Equivalent, ...] = ()
    lesson_keywords: Mapping[str, Any] = field(default_factory=dict)
