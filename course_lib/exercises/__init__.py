"""Exercises, quizzes and faulty runs: what a lesson asks of its learners.

``ex = exercise("01.3")``, then ``ex.check(answer)``, ``ex.hint()``, ``ex.solution()``,
``ex.use(answer)``. ``quiz("01")`` and ``diagnose("01", "A")`` ask questions and explain the
answers.

Each lesson has a package ``lesson_NN``, whose ``TASKS`` are its exercises in order. Besides hints
and a check, an exercise has a zoo: the wrong answers and the valid alternatives that prove
the check. ``quiz.py`` holds the lesson's ``QUIZ``, ``faulty_runs.py`` the
recorded runs to diagnose, and ``profiles.toml`` the sizes at which the lesson runs.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import pkgutil
from types import ModuleType
from typing import TYPE_CHECKING

from course_lib.checks import faulty_runs
from course_lib.checks.faulty_runs import FaultQuestion
from course_lib.checks.learner import Exercise
from course_lib.checks.lesson_quiz import LessonQuiz

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
    return LessonQuiz(lesson, declared(lesson, "quiz").QUIZ)


def diagnose(lesson: str, letter: str) -> FaultQuestion:
    """Return a recorded run of a broken GAN with the question which fault it has.

    As the last line of a cell it shows itself.

    Args:
        lesson: number of the lesson, such as ``"01"``.
        letter: letter of the run, such as ``"A"``.

    Raises:
        ValueError: the lesson has no such run.
    """
    module = declared(lesson, "faulty_runs")
    runs = {run.letter: run for run in module.FAULTY_RUNS}
    if letter not in runs:
        raise ValueError(f"lesson {lesson} has no run {letter!r}: there are {', '.join(runs)}")
    return FaultQuestion(lesson, runs[letter], module.AXES)


def show_run(recording: str, *, alt: str) -> viz.Scrubber:
    """Return a recorded run, drawn on the axes that all runs of its lesson share.

    Args:
        recording: its name in the assets, which begins with the lesson's number.
        alt: alternative text, see `viz.Scrubber`.

    Raises:
        ValueError: there is no such recording, or its lesson has no faulty runs.
    """
    axes = declared(recording[:2], "faulty_runs").AXES
    return faulty_runs.show_run(recording, axes, alt=alt)


def lessons() -> list[str]:
    """Return the numbers of the lessons that have exercises: ``["00", "01"]``."""
    names = (module.name for module in pkgutil.iter_modules(__path__))
    return sorted(name.removeprefix("lesson_") for name in names if name.startswith("lesson_"))


def having(part: str) -> list[str]:
    """Return the numbers of the lessons that have a part, ``"quiz"`` or ``"faulty_runs"``."""
    name = f"{__name__}.lesson_{{}}.{part}"
    return [number for number in lessons() if importlib.util.find_spec(name.format(number))]


def declared(lesson: str, part: str) -> ModuleType:
    """Import the module in which a lesson declares a part, ``"quiz"`` or ``"faulty_runs"``.

    Raises:
        ValueError: the lesson has no such part.
    """
    if lesson not in having(part):
        raise ValueError(
            f"lesson {lesson!r} has no {part.replace('_', ' ')}; these lessons have: "
            f"{', '.join(having(part)) or 'none'}"
        )
    return importlib.import_module(f"{__name__}.lesson_{lesson}.{part}")


@functools.cache
def _exercises(lesson: str) -> dict[str, Exercise]:
    module = importlib.import_module(f"{__name__}.lesson_{lesson}")
    return {task.header.id: Exercise(task) for task in module.TASKS}
