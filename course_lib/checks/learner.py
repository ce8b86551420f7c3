"""The object that a learner talks to: check, hint, solution, use."""

from __future__ import annotations

import inspect
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from course_lib.checks import view
from course_lib.checks.attempt import Attempt, describe, describe_error
from course_lib.checks.result import Result, Wrong
from course_lib.checks.sandbox import Printed, one_call, sandbox
from course_lib.checks.stubs import is_stub
from course_lib.checks.task import Header, Task
from course_lib.checks.watchdog import TimedOut, TimeLimit

SECONDS = 1.5  # for all calls of a check together
SECONDS_AT_LESSON_SIZE = 0.4
TOO_SLOW = 10  # times the reference
NOTICEABLE = 0.005  # seconds; below, slowness doesn't matter


class Exercise:
    """One exercise of the course, as `course_lib.exercises.exercise` gives it.

    Attributes:
        task: what the lesson's module declares.
    """

    def __init__(self, task: Task) -> None:
        self.task = task
        self._hints_shown = 0
        self._verdicts: dict[int, tuple[object, Result]] = {}  # id → the object, kept alive

    def __repr__(self) -> str:
        return f"Exercise {self.header.id} · {self.header.title}"

    @property
    def header(self) -> Header:
        """Id, title, difficulty, minutes, what it is needed for."""
        return self.task.header

    @property
    def name(self) -> str:
        """The name of the function that the exercise asks for."""
        return self.task.reference.__name__

    def markdown_header(self) -> str:
        """What stands above the exercise's cell."""
        return self.header.markdown()

    def check(self, answer: Any, *, seed: int | None = None) -> None:
        """Show what `run` says about an answer."""
        view.show_verdict(self.header, self.name, self.run(answer, seed=seed))

    def run(self, answer: Any, *, seed: int | None = None) -> Result:
        """Check an answer without showing anything.

        Args:
            answer: the learner's function itself, not its result.
            seed: of the random inputs; new ones each time when left out. The seed of a `Result`
                gives the same verdict again.
        """
        seed = secrets.randbits(32) if seed is None else seed
        result = replace(self._verdict(answer, seed), seed=seed)
        self._verdicts[id(answer)] = (answer, result)
        return result

    def hint(self) -> None:
        """Show a hint, and one more each time."""
        self._hints_shown = min(self._hints_shown + 1, len(self.task.hints))
        view.show_hints(self.header, self.task.hints, self._hints_shown)

    def solution(self) -> None:
        """Show the library's source."""
        view.show_code(inspect.getsource(self.task.reference))

    def use(self, answer: Any) -> Any:
        """The function that the lesson goes on with: a learner's that passes, else the library's.

        Says whose it is. Uses the verdict that was given for this very object; checks it first
        where there is none.
        """
        _, result = self._verdicts.get(id(answer), (None, None))
        result = result or self.run(answer)
        view.show_choice(self.header, self.name, result)
        return answer if result.status == "passed" and not result.replaced else self.task.reference

    def _verdict(self, answer: Any, seed: int) -> Result:
        if answer is self.task.reference:
            return Result(status="library", diagnosis=f"This is the library's own {self.name}.")
        if not callable(answer):
            return Result(
                status="wrong",
                diagnosis=f"The check got {describe(answer)}, not a function: pass the function "
                f"itself, `{self.name}`, without calling it.",
            )
        if is_stub(answer):
            return Result(
                status="not attempted",
                diagnosis=f"`{self.name}` has no body yet: write it in place of the dots.",
            )
        rng = np.random.default_rng(seed)
        diagnosis = note = ""
        with sandbox(seed) as printed:
            try:
                self._examine(answer, rng, printed)
                note = self._slow(answer, rng) or self._fails_in_channels_last(answer, rng)
            except Wrong as wrong:
                diagnosis = str(wrong)
        if diagnosis:
            return Result(status="wrong", diagnosis=diagnosis, printed=printed.getvalue())
        said = printed.getvalue()
        return Result(status="passed", diagnosis=note, printed=said, replaced=bool(note))

    def _examine(
        self, answer: Callable[..., Any], rng: np.random.Generator, printed: Printed
    ) -> None:
        with TimeLimit(SECONDS) as limit:
            attempt = Attempt(
                function=answer,
                reference=self.task.reference,
                limit=limit,
                known=self.task.known,
                printed=printed,
            )
            try:
                self.task.examine(attempt, rng)
            except Wrong:
                raise
            except Exception as error:  # an answer stranger than this check foresaw
                raise Wrong(
                    "Your function returns something that the check can't work with "
                    f"({type(error).__name__}: {error})."
                ) from error

    def _slow(self, answer: Callable[..., Any], rng: np.random.Generator) -> str:
        """A note on an answer that is much slower than the reference; else empty."""
        times_slower = self._times_slower(answer, rng)
        if times_slower < TOO_SLOW:
            return ""
        return (
            f"It takes at least {times_slower:.0f} times as long as the library's at the size "
            "of the lesson, which therefore goes on with the library's. Operations on whole "
            "arrays are fast: numpy and torch run them in compiled code."
        )

    def _fails_in_channels_last(self, answer: Callable[..., Any], rng: np.random.Generator) -> str:
        """A note on an answer that needs another memory format than the lesson's; else empty."""
        given = self.task.lesson_size(rng)
        arguments = tuple(
            one.contiguous(memory_format=torch.channels_last)
            if isinstance(one, torch.Tensor) and one.ndim == 4
            else one
            for one in given
        )
        if all(one is other for one, other in zip(given, arguments, strict=True)):
            return ""
        try:
            _seconds(answer, arguments, self.task.lesson_keywords, SECONDS_AT_LESSON_SIZE)
        except Wrong as wrong:
            return (
                "It fails on pictures whose memory format is channels_last. The lesson trains on "
                f"such pictures, and therefore goes on with the library's. {wrong}. Where "
                ".view fails, .reshape works."
            )
        return ""

    def _times_slower(self, answer: Callable[..., Any], rng: np.random.Generator) -> float:
        """How many times the reference's time the answer takes; 0 where nobody would notice."""
        size, keywords = self.task.lesson_size, self.task.lesson_keywords
        reference = min(_seconds(self.task.reference, size(rng), keywords, 9.9) for _ in range(3))
        best = float("inf")
        for _ in range(3):
            best = min(best, _seconds(answer, size(rng), keywords, SECONDS_AT_LESSON_SIZE))
            if best <= NOTICEABLE:
                return 0.0
            if best < TOO_SLOW * reference or best >= SECONDS_AT_LESSON_SIZE:
                break
        return best / reference


def _seconds(
    function: Callable[..., Any],
    arguments: tuple[Any, ...],
    keywords: Mapping[str, Any],
    limit: float,
) -> float:
    """CPU seconds of this thread for one call; ``limit`` when it takes longer.

    Raises:
        Wrong: the function raises an error.
    """
    with TimeLimit(limit) as time_limit, one_call() as seen:
        start = time.thread_time()
        try:
            time_limit.call(lambda: function(*arguments, **keywords))
        except TimedOut:
            return limit
        except BaseException as error:
            if seen.interrupted:
                raise
            raise Wrong(
                "On inputs of the lesson's size, your function raises "
                + describe_error(error, function)
            ) from None
        return time.thread_time() - start
