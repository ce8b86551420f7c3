from __future__ import annotations

from pathlib import Path

import pytest

from course_lib import profiles
from course_lib.authoring import builder, page, source
from course_lib.authoring.rules import Lesson
from course_lib.exercises import exercise_ids

ROOT = Path(__file__).parent.parent.parent
SOLUTIONS = sorted((ROOT / "solutions").glob("[0-9]*.py"))


@pytest.fixture(scope="module", params=SOLUTIONS, ids=lambda path: path.stem)
def lesson(request: pytest.FixtureRequest) -> Lesson:
    return source.read(request.param)


def test_student_edition_holds_no_answer(lesson: Lesson) -> None:
    student = builder.assemble(lesson, "student")
    texts = {cell.id: cell.source for cell in student.cells}
    for cell in lesson.cells:
        if cell.answers:
            shown = texts[f"exercise-{cell.exercise.replace('.', '-')}"]
            assert shown == cell.answers.stub
            last_line = cell.answers.source.splitlines()[-1].strip()
            assert last_line not in shown


def test_editions_differ_only_in_answers_help_and_instructor_cells(lesson: Lesson) -> None:
    student, instructor = (
        builder.assemble(lesson, edition) for edition in ("student", "instructor")
    )  # type: ignore[arg-type]
    own = {cell.id: cell.source for cell in student.cells}
    theirs = {cell.id: cell.source for cell in instructor.cells}
    exercises = {f"exercise-{c.exercise.replace('.', '-')}" for c in lesson.cells if c.exercise}
    helps = {f"{key}-help" for key in exercises}
    quizzes = {key for key, text in own.items() if builder.QUIZ_AS_TEXT in text}
    differ = {key for key in own if own[key] != theirs.get(key)}
    assert differ == exercises | helps | quizzes


def test_lesson_has_all_profiles_and_shows_their_budgets(lesson: Lesson) -> None:
    assert tuple(profiles.LESSONS[lesson.number]) == profiles.NAMES
    assert any(builder.BUDGETS in cell.text for cell in lesson.cells)
    shown = "\n".join(cell.source for cell in builder.assemble(lesson, "student").cells)
    assert builder.BUDGETS not in shown
    assert "| `smoke` |" in shown


def test_text_renders_without_defects(lesson: Lesson) -> None:
    _, defects = page.render(builder.assemble(lesson, "student"), lesson.title)
    assert defects == []


def test_every_declared_exercise_is_in_a_lesson_and_the_other_way_round() -> None:
    asked = [
        c.exercise for one in source.read_all(ROOT / "solutions") for c in one.cells if c.exercise
    ]
    assert sorted(asked) == sorted(exercise_ids())


def test_committed_notebooks_fit_their_sources() -> None:
    assert builder.stale(ROOT) == []
