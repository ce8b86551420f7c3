"""A lesson's quiz, readable in the student edition where no kernel runs."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from course_lib.authoring import builder, page
from course_lib.authoring.rules import LessonError
from course_lib.exercises import quiz

ABOUT = ("# About $x + x$.", "# About $x + x$.\n#\n# {{quiz}}")


def quiz_cell(path: Path, root: Path, edition: builder.Edition) -> str:
    notebook = builder.build(path, edition, root=root, header=lambda name: f"### {name}")
    assert builder.QUIZ not in builder.to_text(notebook)
    (cell,) = (c.source for c in notebook.cells if "About" in c.source)
    return cell


def test_the_student_edition_holds_the_quiz_folded_up(
    write: Callable[..., Path], library_root: Path
) -> None:
    text = quiz_cell(write(ABOUT), library_root, "student")
    assert "About $x + x$.\n\n<details><summary>The quiz as text</summary>\n<p>" in text
    assert quiz("00").html() in text
    assert text.count("<details>") == text.count("</details>") == 6
    # Markdown would end the block at an empty line and read what follows as its own.
    assert "\n\n" not in text.partition("<details>")[2]


def test_the_instructor_edition_leaves_it_to_the_widgets_still(
    write: Callable[..., Path], library_root: Path
) -> None:
    text = quiz_cell(write(ABOUT), library_root, "instructor")
    assert text.endswith("About $x + x$.")


def test_the_page_of_a_student_edition_keeps_every_word(
    write: Callable[..., Path], library_root: Path
) -> None:
    path = write(ABOUT)
    notebook = builder.build(path, "student", root=library_root, header=lambda name: f"### {name}")
    html, defects = page.render(notebook, "Title")
    assert defects == []
    lines = re.findall(r"<li>.*</li>", quiz("00").html())
    assert len(lines) == 40
    assert all(line in html for line in lines)


def test_a_lesson_without_a_quiz_cannot_show_it(
    write: Callable[..., Path], library_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(lesson: str) -> None:
        raise ValueError("no quiz for lesson '00'")

    monkeypatch.setattr("course_lib.exercises.quiz", none)
    with pytest.raises(LessonError, match=r"no quiz.*course_lib/exercises/lesson_00/quiz\.py"):
        quiz_cell(write(ABOUT), library_root, "student")
