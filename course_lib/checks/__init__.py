"""The engine that checks a learner's answer and says what is wrong with it.

``ex = exercise("01.3")``, then ``ex.check(answer)``, ``ex.hint()``, ``ex.solution()``,
``ex.use(answer)``. ``quiz("01")`` and ``diagnose("01", "A")`` ask questions and explain the
answers.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import pkgutil
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from course_lib.checks.diagnosis import Diagnosis
    from course_lib.checks.learner import Exercise
    from course_lib.checks.quizzes import Quiz


def exercise(exercise_id: str) -> Exercise:
    """An exercise by its id, such as ``"01.3"``: always the same object.

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
    """The ids of all exercises, in order."""
    return [exercise_id for lesson in lessons() for exercise_id in _exercises(lesson)]


def quiz(lesson: str) -> Quiz:
    """A lesson's quiz; as the last line of a cell it shows itself.

    Raises:
        ValueError: the lesson has none.
    """
    from course_lib.checks.quizzes import Quiz

    return Quiz(lesson, declared(lesson, "quiz").QUIZ)


def diagnose(lesson: str, letter: str) -> Diagnosis:
    """A recorded run of a broken GAN and the question which fault it has.

    As the last line of a cell it shows itself.

    Args:
        lesson: such as ``"01"``.
        letter: of the run: ``"A"``.

    Raises:
        ValueError: the lesson has no such run.
    """
    from course_lib.checks.diagnosis import Diagnosis

    cases = {case.letter: case for case in declared(lesson, "diagnosis").CASES}
    if letter not in cases:
        raise ValueError(f"lesson {lesson} has no run {letter!r}: there are {', '.join(cases)}")
    return Diagnosis(lesson, cases[letter])


def lessons() -> list[str]:
    """The numbers of the lessons that have exercises: ``["00", "01"]``."""
    import course_lib.exercises

    names = [module.name for module in pkgutil.iter_modules(course_lib.exercises.__path__)]
    return sorted(name.removeprefix("lesson_") for name in names if name.startswith("lesson_"))


@functools.cache
def _exercises(lesson: str) -> dict[str, Exercise]:
    from course_lib.checks.learner import Exercise

    module = importlib.import_module(f"course_lib.exercises.lesson_{lesson}")
    return {task.header.id: Exercise(task) for task in module.TASKS}


def declared(lesson: str, what: str) -> ModuleType:
    """The module of a lesson that declares its quiz or its diagnosis.

    Raises:
        ValueError: the lesson has none.
    """
    name = "course_lib.exercises.lesson_{}." + what
    having = [number for number in lessons() if importlib.util.find_spec(name.format(number))]
    if lesson not in having:
        raise ValueError(
            f"no {what} for lesson {lesson!r}: there is one for {', '.join(having) or 'none'}"
        )
    return importlib.import_module(name.format(lesson))
