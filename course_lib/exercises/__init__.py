"""Exercises, quizzes and faulty runs: what a lesson asks of its learners.

``ex = exercise("01.3")``, then ``ex.check(answer)``, ``ex.hint()``, ``ex.solution()``,
``ex.use(answer)``. ``quiz("01")`` and ``diagnose("01", "A")`` ask questions and explain the
answers.

Each lesson has a package ``lesson_NN``, whose ``TASKS`` are its exercises in order. Besides hints
and a check, an exercise has a zoo: the wrong answers and the valid alternatives that prove
the check. Beside them lie ``quiz.toml``, ``faulty_runs.toml``, the recorded runs to diagnose, and
``profiles.toml``, the sizes at which the lesson runs.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from pathlib import Path
from typing import TYPE_CHECKING

from course_lib.checks import faulty_runs
from course_lib.checks.faulty_runs import FaultQuestion, FaultyRuns, read_faulty_runs
from course_lib.checks.learner import Exercise
from course_lib.checks.lesson_quiz import LessonQuiz
from course_lib.checks.questions import read_quiz

if TYPE_CHECKING:
    from course_lib import viz


def exercise(exercise_id: str) -> Exercise:
    """Return an exercise by its id, such as ``"01.3"``: always the same object.

    Raises:
        ValueError: there is no such exercise.
    """
    lesson = exercise_id.partition(".")[0]
    exercises = _exercises(lesson) if lesson in lessons() else {}
    if exercise_id not in exercises:
        known = ", ".join(exercises or (f"{number}.1, …" for number in lessons()))
        raise ValueError(f"no exercise {exercise_id!r}; there are {known}")
    return exercises[exercise_id]


def exercise_ids() -> list[str]:
    """Return the ids of all exercises, in order."""
    return [exercise_id for lesson in lessons() for exercise_id in _exercises(lesson)]


def quiz(lesson: str) -> LessonQuiz:
    """Return a lesson's quiz; as the last line of a cell it shows itself.

    Raises:
        ValueError: the lesson has none.
    """
    return LessonQuiz(lesson, read_quiz(_file(lesson, "quiz")))


def diagnose(lesson: str, letter: str) -> FaultQuestion:
    """Return a recorded run of a broken GAN with the question which fault it has.

    As the last line of a cell it shows itself.

    Args:
        lesson: number of the lesson, such as ``"01"``.
        letter: letter of the run, such as ``"A"``.

    Raises:
        ValueError: the lesson has no such run.
    """
    declared = faulty_runs_of(lesson)
    if letter not in declared.runs:
        letters = ", ".join(declared.runs)
        raise ValueError(f"lesson {lesson} has no run {letter!r}: there are {letters}")
    return FaultQuestion(lesson, declared.runs[letter], declared.axes)


def show_run(recording: str, *, alt: str) -> viz.Scrubber:
    """Return a recorded run, drawn on the axes that all runs of its lesson share.

    Args:
        recording: its name in the assets, which begins with the lesson's number.
        alt: alternative text, see `viz.Scrubber`.

    Raises:
        ValueError: there is no such recording, or its lesson has no faulty runs.
    """
    return faulty_runs.show_run(recording, faulty_runs_of(recording[:2]).axes, alt=alt)


def faulty_runs_of(lesson: str) -> FaultyRuns:
    """Return the recorded runs that a lesson lets learners diagnose.

    Raises:
        ValueError: it has none.
    """
    return read_faulty_runs(_file(lesson, "faulty_runs"), lesson)


def lessons() -> list[str]:
    """Return the numbers of the lessons that have exercises: ``["00", "01"]``."""
    names = (module.name for module in pkgutil.iter_modules(__path__))
    return sorted(name.removeprefix("lesson_") for name in names if name.startswith("lesson_"))


def having(part: str) -> list[str]:
    """Return the numbers of the lessons that have a part, ``"quiz"`` or ``"faulty_runs"``."""
    return [number for number in lessons() if _path(number, part).exists()]


def _file(lesson: str, part: str) -> Path:
    """Raises ValueError where the lesson has no such part."""
    if lesson not in having(part):
        raise ValueError(
            f"lesson {lesson!r} has no {part.replace('_', ' ')}; these lessons have: "
            f"{', '.join(having(part)) or 'none'}"
        )
    return _path(lesson, part)


def _path(lesson: str, part: str) -> Path:
    return Path(__file__).with_name(f"lesson_{lesson}") / f"{part}.toml"


@functools.cache
def _exercises(lesson: str) -> dict[str, Exercise]:
    module = importlib.import_module(f"{__name__}.lesson_{lesson}")
    return {task.header.id: Exercise(task) for task in module.TASKS}
