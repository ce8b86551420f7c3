"""A lesson is added by its solution, its exercises and its experiments alone.

A copy of the course gets a toy lesson. Everything that lists lessons has to find it there.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAIN = "from course_lib.cli import main; main()"
NUMBER, NAME, TITLE = "99", "99_a_toy", "A lesson that nobody listed"
LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", ".*_cache", ".hypothesis", "__pycache__", "build", "runs", "work", "*.egg-info"
)

SOLUTION = f'''\
# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Lesson {NUMBER}: {TITLE}
#
# {{{{budgets}}}}
#
# It follows {{{{lesson 01}}}}.

# %% tags=["parameters"]
profile = "auto"
seed = 0

# %%
from course_lib import results
from course_lib.exercises import exercise

results.begin(lesson="{NUMBER}", profile=profile, seed=seed)

# %% exercise="{NUMBER}.1"
from course_lib.durations import duration

# %%
ex = exercise("{NUMBER}.1")
ex.check(duration)
duration = ex.use(duration)

# %% [markdown]
# ## Quiz
#
# {{{{quiz}}}}

# %%
from course_lib.exercises import quiz

quiz("{NUMBER}")
'''

EXERCISE = f'''\
"""Exercise {NUMBER}.1: a length of time in words."""

from dataclasses import replace

from course_lib.checks.result import Wrong
from course_lib.durations import duration
from course_lib.exercises.lesson_00 import TASKS

ANY = TASKS[0]


def examine(attempt, rng):
    if attempt.call(90.0, on="90 seconds").value != "1 min 30 s":
        raise Wrong("90 seconds are 1 min 30 s.")


TASK = replace(
    ANY,
    header=replace(ANY.header, id="{NUMBER}.1", title="A length of time", minutes=30),
    reference=duration,
    examine=examine,
    lesson_size=lambda rng: (90.0,),
    lesson_keywords={{}},
    slips=(),
    equivalent={{}},
)
'''

QUIZ = """
[[question]]
text = "How long is a second?"

[[question.option]]
text = "A second."
right = true
why = "It is what it is."

[[question.option]]
text = "A minute."
why = "That is sixty of them."
"""

ADDED = {
    f"solutions/{NAME}.py": SOLUTION,
    f"course_lib/exercises/lesson_{NUMBER}/__init__.py": f'''\
"""Lesson {NUMBER}: a toy."""

from course_lib.exercises.lesson_{NUMBER} import duration

TASKS = (duration.TASK,)
''',
    f"course_lib/exercises/lesson_{NUMBER}/duration.py": EXERCISE,
    f"course_lib/exercises/lesson_{NUMBER}/quiz.toml": QUIZ,
    f"course_lib/exercises/lesson_{NUMBER}/profiles.toml": 'like = "00"\n',
    f"course_lib/experiments/lesson_{NUMBER}.py": f'''\
"""Lesson {NUMBER}'s product: a table of seeds."""

from course_lib.experiments.products import Experiment

EXPERIMENTS = (
    Experiment(
        name="{NUMBER}_seeds",
        about="Which seed a run has.",
        settings=({{"factor": 2}},),
        seeds=(0, 1, 2, 3, 4),
        run=lambda settings, seed, profile: {{"product": float(settings["factor"] * seed)}},
        tolerances={{"product": 0.0}},
    ),
)
RECORDINGS = ()
''',
}
GENERATED = {
    f"notebooks/{NAME}.ipynb",
    "README.md",
    f"course_lib/assets/tables/{NUMBER}_seeds.csv",
}

Call = Callable[..., str]


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not {".git", "__pycache__", "build"} & set(path.parts)
    }


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A git checkout of the course with the toy lesson, built."""
    folder = tmp_path_factory.mktemp("toy") / "course"
    shutil.copytree(ROOT, folder, ignore=LEFT_OUT)
    git = ["git", "-c", "user.name=A", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
    before = contents(folder)
    for name, text in ADDED.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "Add a toy lesson"]):
        subprocess.run([*git, *words], cwd=folder, check=True)
    call(folder, "build")
    call(folder, "reproduce", NUMBER)
    after = contents(folder)
    touched = {name for name in before | after if before.get(name) != after.get(name)}
    assert touched == {*ADDED, *GENERATED}
    return folder


def call(folder: Path, *words: str, code: str = MAIN) -> str:
    """What the course in a folder says to a command."""
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_readme_lists_and_links_it_with_its_badge(checkout: Path) -> None:
    text = (checkout / "README.md").read_text()
    (row,) = (line for line in text.splitlines() if line.startswith(f"| {NUMBER} |"))
    assert f"[{TITLE}](notebooks/{NAME}.ipynb) | A length of time | 1.5 |" in row
    assert re.search(rf"\[!\[Open lesson {NUMBER} in Colab\]\(.*/notebooks/{NAME}\.ipynb\)", row)


@pytest.mark.slow
def test_its_notebook_has_badge_budgets_time_link_and_quiz(checkout: Path) -> None:
    text = (checkout / "notebooks" / f"{NAME}.ipynb").read_text()
    for part in (
        f"blob/v0.1.0/notebooks/{NAME}.ipynb",
        "| `smoke` |",
        "Your own time: about 1.5 hours, 30 minutes of them for the exercise.",
        "[lesson 01](01_baseline_gan.ipynb)",
        "The quiz as text",
    ):
        assert part in text
    assert call(checkout, "build", "--check") == ""


@pytest.mark.slow
def test_commands_find_it(checkout: Path) -> None:
    assert re.search(rf"lessons .*\b{NUMBER}\b", call(checkout, "doctor"))
    shown = call(checkout, "run", "--profile", "smoke", NUMBER)
    assert f"passed {NUMBER} {TITLE}" in shown
    shown = call(checkout, "reproduce", "--verify", NUMBER)
    assert "the repeated runs agree with their tables" in shown


LISTS = """
from course_lib import exercises, experiments, profiles
print(exercises.lessons()[-1], exercises.exercise_ids()[-1], exercises.having("quiz")[-1])
print(experiments.lessons()[-1], list(profiles.LESSONS)[-1])
"""


@pytest.mark.slow
def test_the_librarys_lists_hold_it(checkout: Path) -> None:
    said = call(checkout, code=LISTS).split()
    assert said == [NUMBER, f"{NUMBER}.1", NUMBER, NUMBER, NUMBER]


@pytest.mark.slow
def test_the_tests_take_it_up(checkout: Path) -> None:
    folders = ["lessons", "zoo", "test_profiles.py", "checks", "browser"]
    collected = call(
        checkout,
        *("--collect-only", "-p", "no:cacheprovider"),  # quiet by its configuration
        *(f"tests/{name}" for name in folders),
        code="import sys, pytest; sys.exit(pytest.main(sys.argv[1:]))",
    )
    for test in (
        f"test_lessons.py::test_student_edition_holds_no_answer[{NAME}]",
        f"test_zoo.py::test_hints_unfold_towards_the_code[{NUMBER}.1]",
        f"test_profiles.py::test_every_lesson_has_the_four_profiles_within_the_courses_limits[{NUMBER}]",
        f"test_questions.py::test_a_quiz_has_five_questions_both_kinds_among_them[{NUMBER}]",
        f"test_jupyterlab.py::test_every_cell_runs_unattempted[{NUMBER}]",
        f"test_jupyterlab.py::test_the_quiz_is_answered_by_keyboard[{NUMBER}]",
    ):
        assert test in collected


def test_ci_names_no_lessons() -> None:
    """CI runs the lessons that there are."""
    for path in [*(ROOT / ".ci").iterdir(), *(ROOT / ".github").rglob("*.yml")]:
        if path.is_file():
            found = re.findall(r"(?i)lessons\s*=.*\b\d\d\b.*", path.read_text(encoding="utf-8"))
            assert not found, f"{path.name} lists lessons: {found}"
