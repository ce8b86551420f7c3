"""The engine that checks a learner's answer and says what is wrong with it.

``ex = exercise("01.3")``, then ``ex.check(answer)``, ``ex.hint()``, ``ex.solution()``,
``ex.use(answer)``.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from course_lib.checks.learner import Exercise


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
