"""Overview of a lesson for its readers: the exercises, and the time that a learner needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from course_lib.authoring.rules import Lesson

if TYPE_CHECKING:
    from course_lib.checks.task import Header

READING_MINUTES = 60  # of a lesson, besides its exercises: reading, predicting, trying out


def headers(lesson: Lesson) -> list[Header]:
    """Return the headers of a lesson's exercises, in order.

    Raises:
        ValueError: an exercise isn't declared in `course_lib.exercises`.
    """
    from course_lib.exercises import exercise

    return [exercise(cell.exercise).header for cell in lesson.cells if cell.answers]


def hours(lesson: Lesson) -> float:
    """Estimate the hours that a learner needs for a lesson, rounded to half hours."""
    minutes = sum(header.minutes for header in headers(lesson)) + READING_MINUTES
    return round(minutes / 30) / 2
