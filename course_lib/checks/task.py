"""What a lesson's module declares about an exercise."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypedDict

import numpy as np

from course_lib.checks.attempt import Attempt
from course_lib.checks.slips import Slip
from course_lib.checks.texts import read_texts

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


class Texts(TypedDict):
    """What an exercise's ``exercise.toml`` holds, as `Task` takes it."""

    header: Header
    hints: tuple[str, str, str]


def texts(module: str) -> Texts:
    """Read the ``exercise.toml`` beside an exercise's module.

    Args:
        module: the module's ``__file__``.

    Raises:
        ValueError: the file lacks a key, has one too many, or not three hints.
    """
    path = Path(module).with_name("exercise.toml")
    stated = read_texts(path)
    try:
        first, second, third = stated.pop("hints")
        return Texts(header=Header(**stated), hints=(first, second, third))
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"{path} needs id, title, difficulty, minutes, needed_for and three hints: {error}"
        ) from None


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
        slips: wrong answers as edits of the reference.
        names: what slips use besides the names of the reference's module and of `slips.COMMON`.
        written: wrong answers in styles that differ from the reference's → words of the
            diagnosis that each must get; at least five.
        valid: right answers in other styles, at least four.
        equivalent: label of a mutant that may pass → why no input that the docstring permits tells
            it from the reference.
    """

    header: Header
    reference: Callable[..., Any]
    hints: tuple[str, str, str]
    examine: Callable[[Attempt, np.random.Generator], None]
    lesson_size: Callable[[np.random.Generator], tuple[Any, ...]]
    lesson_keywords: Mapping[str, Any] = field(default_factory=dict)
    slips: tuple[Slip, ...] = ()
    names: Mapping[str, Any] = field(default_factory=dict)
    written: Mapping[Any, str] = field(default_factory=dict)
    valid: tuple[Callable[..., Any], ...]
    equivalent: Mapping[str, str] = field(default_factory=dict)

    @functools.cached_property
    def known(self) -> dict[str, Callable[..., Any]]:
        """Whole diagnosis → the wrong function or class that it recognises."""
        return {
            slip.says: slip.answer(self.reference, self.names) for slip in self.slips if slip.says
        }

    def wrong_answers(self) -> Iterator[tuple[str, Callable[..., Any], str]]:
        """Name, function or class, and words of its diagnosis, for every wrong answer."""
        seen = Counter[str]()
        for name, answer, words in self._wrong_answers():
            seen[name] += 1
            yield name if seen[name] == 1 else f"{name} ({seen[name]})", answer, words

    def _wrong_answers(self) -> Iterator[tuple[str, Callable[..., Any], str]]:
        for slip in self.slips:
            answer = self.known.get(slip.says) or slip.answer(self.reference, self.names)
            yield slip.label, answer, slip.expected
        for number, (answer, words) in enumerate(self.written.items(), 1):
            yield name_of(answer, f"written {number}"), answer, words

    def valid_answers(self) -> Iterator[tuple[str, Callable[..., Any]]]:
        """Name, and function or class, for every valid alternative."""
        for number, answer in enumerate(self.valid, 1):
            yield name_of(answer, f"valid {number}"), answer


def name_of(answer: Callable[..., Any], otherwise: str) -> str:
    """The name of a function or class; lambdas have none."""
    name = getattr(answer, "__name__", "<lambda>")
    return otherwise if name == "<lambda>" else name.strip("_")
