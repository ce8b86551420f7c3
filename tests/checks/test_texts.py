"""What learners read about an exercise, a quiz or a faulty run, read from TOML."""

from __future__ import annotations

from pathlib import Path

import pytest

from course_lib.checks.faulty_runs import read_faulty_runs
from course_lib.checks.questions import read_quiz
from course_lib.checks.task import texts
from course_lib.checks.texts import read_texts

EXERCISE = """
id = "00.1"
title = "Rain"
difficulty = 1
minutes = 5
needed_for = "the lesson"
hints = ["Look.", "Think.", "Write."]
"""
QUIZ = """
[[question]]
text = "Which?"
[[question.option]]
text = "This."
right = true
why = "It is."
[[question.option]]
text = "That."
why = "It isn't."
"""
RUNS = """
[faults]
swap = "real and fake swapped"
none = "none"
[axes."loss"]
limits = [0, 1]
curves = { loss_d = "discriminator" }
[runs.A]
fault = "swap"
alt = "A curve falls."
why = { swap = "It falls.", none = "It would stay." }
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "exercise.toml"


def test_wrapped_words_are_joined_and_code_keeps_its_lines(file: Path) -> None:
    wrapped = 'text = """\nSum over\nthe rows:\n    a = b\n    return a\nand\ndone."""'
    file.write_text(wrapped, encoding="utf-8")
    assert read_texts(file)["text"] == "Sum over the rows:\n    a = b\n    return a\nand done."


def test_a_file_that_is_no_toml_is_named(file: Path) -> None:
    file.write_text("text = ", encoding="utf-8")
    with pytest.raises(ValueError, match=r"exercise\.toml is not valid TOML: Invalid value"):
        read_texts(file)


def test_an_exercise_has_a_header_and_three_hints(file: Path) -> None:
    file.write_text(EXERCISE, encoding="utf-8")
    read = texts(str(file.with_name("__init__.py")))
    assert (read["header"].title, read["hints"]) == ("Rain", ("Look.", "Think.", "Write."))


@pytest.mark.parametrize(
    ("old", "new"),
    [('"Think.", ', ""), ('title = "Rain"', ""), ("minutes = 5", "minute = 5"), ("hints", "hint")],
)
def test_an_exercise_with_another_form_is_refused(file: Path, old: str, new: str) -> None:
    file.write_text(EXERCISE.replace(old, new), encoding="utf-8")
    with pytest.raises(ValueError, match=r"exercise\.toml needs id, title, .* three hints"):
        texts(str(file.with_name("__init__.py")))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[question", "[questions", "'question' is missing"),
        ("option]]", "options]]", "'option' is missing"),
        ("why =", "because =", "text, why and right"),
    ],
)
def test_a_quiz_with_another_form_is_refused(file: Path, old: str, new: str, message: str) -> None:
    file.write_text(QUIZ, encoding="utf-8")
    assert read_quiz(file)[0].right == "a"
    file.write_text(QUIZ.replace(old, new), encoding="utf-8")
    with pytest.raises(ValueError, match=rf"exercise\.toml: .*{message}"):
        read_quiz(file)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("limits", "limit", "'limits' is missing"),
        ("[faults]", "[fault]", "'faults' is missing"),
        ("alt", "text", "'alt' is missing"),
        ("swap = ", "swapped = ", "'swap' is missing"),
        ('none = "none"', "", "it needs 2 to 26"),
    ],
)
def test_faulty_runs_with_another_form_are_refused(
    file: Path, old: str, new: str, message: str
) -> None:
    file.write_text(RUNS, encoding="utf-8")
    read = read_faulty_runs(file, "07")
    assert read.runs["A"].recording == "07_a"
    assert read.axes.limits == {"loss": (0.0, 1.0)}
    file.write_text(RUNS.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        read_faulty_runs(file, "07")
