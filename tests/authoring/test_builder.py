from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

from course_lib import profiles
from course_lib.authoring import builder, library
from course_lib.authoring.rules import LessonError
from course_lib.authoring.source import read, read_all
from course_lib.exercises import exercise

Write = Callable[..., Path]
EXERCISE = '# %% exercise="00.1"\nfrom course_lib.fake import double\n'
REBUILD = "run `make build` and commit what it writes"
CHECK = 'ex = exercise("00.1")\nex.check(double)\ndouble = ex.use(double)\n'


def header(exercise_id: str) -> str:
    return f"### Exercise {exercise_id}"


def make(path: Path, root: Path, edition: builder.Edition = "student") -> nbformat.NotebookNode:
    return builder.build(path, edition, root=root, header=header)


def sources(notebook: nbformat.NotebookNode) -> dict[str, str]:
    return {cell.id: cell.source for cell in notebook.cells}


def test_student_gets_the_stub_and_the_instructor_the_answer(
    write: Write, library_root: Path
) -> None:
    student = sources(make(write(), library_root))["exercise-00-1"]
    instructor = sources(make(write(), library_root, "instructor"))["exercise-00-1"]
    assert student.startswith("def double(x")
    assert student.endswith("...  # your code goes here")
    assert "np.add" not in student
    assert instructor.endswith("return np.add(x, x)  # the same as 2·x")


def test_header_stands_above_the_exercise_and_help_below_its_check(
    write: Write, library_root: Path
) -> None:
    student = make(write(), library_root)
    ids = [cell.id for cell in student.cells]
    at = ids.index("exercise-00-1-header")
    assert ids[at : at + 4] == [
        "exercise-00-1-header",
        "exercise-00-1",
        "exercise-00-1-check",
        "exercise-00-1-help",
    ]
    assert student.cells[at].source == "### Exercise 00.1"
    help_lines = '# exercise("00.1").hint()\n# exercise("00.1").solution()'
    assert student.cells[at + 3].source.endswith(f"\n{help_lines}")
    assert "exercise-00-1-help" not in sources(make(write(), library_root, "instructor"))


def test_help_names_its_exercise_whatever_the_check_calls_it(
    write: Write, library_root: Path
) -> None:
    path = write((CHECK, CHECK.replace("ex ", "task ").replace("ex.", "task.")))
    assert '# exercise("00.1").hint()' in sources(make(path, library_root))["exercise-00-1-help"]


def test_same_source_gives_the_same_valid_bytes_without_outputs(
    write: Write, library_root: Path
) -> None:
    first, second = (builder.to_text(make(write(), library_root)) for _ in range(2))
    assert first == second
    notebook = nbformat.reads(first, as_version=4)
    nbformat.validate(notebook)
    assert not any(cell.get("outputs") for cell in notebook.cells)
    assert notebook.metadata == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
        "accelerator": "GPU",
        "colab": {"gpuType": "T4", "provenance": [], "toc_visible": True},
    }


def test_a_cell_keeps_its_id_when_others_change_and_equal_cells_differ(
    write: Write, library_root: Path
) -> None:
    before = sources(make(write(), library_root))
    path = write(("# About", "# More about"), ("double(np.ones(2))", "1\n\n# %%\n1"))
    after = sources(make(path, library_root))
    assert len(set(after)) == len(after)
    (seed_cell,) = (name for name, text in before.items() if "seed = 0" in text)
    assert seed_cell in after
    ones = [name for name, text in after.items() if text == "1"]
    assert ones[1] == f"{ones[0]}-2"


def test_instructor_cells_stay_out_of_the_student_edition(write: Write, library_root: Path) -> None:
    path = write(("double(np.ones(2))", 'double(2)\n\n# %% tags=["instructor"]\nsecret = 1'))
    assert "secret = 1" not in sources(make(path, library_root)).values()
    assert "secret = 1" in sources(make(path, library_root, "instructor")).values()


def test_parameters_tag_reaches_the_notebook(write: Write, library_root: Path) -> None:
    tagged = [
        c for c in make(write(), library_root).cells if "parameters" in c.metadata.get("tags", [])
    ]
    assert [cell.source for cell in tagged] == ['profile = "auto"\nseed = 0']


def test_budgets_become_a_table_of_the_profiles(
    write: Write, library_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    budget = profiles.Budget(steps=9, cpu_seconds=9, memory_mb=1500)
    smoke = profiles.Profile(
        name="smoke", image_size=8, batch_size=1, steps=9,
        base_channels=1, log_every=1, workers=0, budget=budget,
    )  # fmt: skip
    monkeypatch.setitem(profiles.LESSONS, "00", {"smoke": smoke})
    title = make(write(("# About", "# {{budgets}}\n#\n# About")), library_root).cells[0].source
    assert "{{" not in title
    assert "| `smoke` | any CPU: does it run? | 4 s | 1.5 GB | none |" in title


def test_the_learners_own_time_stands_below_the_budgets() -> None:
    for lesson in read_all(library.ROOT / "solutions"):
        minutes = [exercise(c.exercise).header.minutes for c in lesson.cells if c.answers]
        text = "\n".join(c.source for c in builder.assemble(lesson, "student").cells)
        own = re.search(r"about ([\d.]+) hours, (\d+) minutes of them for the (\d+) ex", text)
        assert (int(own[2]), int(own[3])) == (sum(minutes), len(minutes))
        assert 60 * float(own[1]) == pytest.approx(sum(minutes) + 60, abs=15)


def test_budgets_of_a_lesson_without_profiles_are_refused(
    write: Write, library_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(profiles.LESSONS, "00", raising=False)
    with pytest.raises(LessonError, match=r"no budgets.*lesson_00/profiles\.toml"):
        make(write(("# About", "# {{budgets}}")), library_root)


REFUSED = {
    "a second statement": (
        (EXERCISE, EXERCISE + "x = 1\n"),
        r"exercise 00\.1 .*exactly one import of one object",
    ),
    "two names in one import": (
        ("import double\n", "import double, Mean\n"),
        "exactly one import of one object",
    ),
    "another name for the object": (
        ("import double\n", "import double as twice\n"),
        "exactly one import of one object",
    ),
    "no such module": (("course_lib.fake", "course_lib.none"), "there is no course_lib/none.py"),
    "no such object": (
        ("fake import double\n", "fake import triple\n"),
        "triple is not a top-level def or class in course_lib.fake",
    ),
    "a constant": (("import double\n", "import SCALE\n"), "SCALE is not a top-level def or class"),
    "an unbound annotation": (
        ("from numpy.typing import NDArray\n", ""),
        "double uses NDArray, which no cell above binds: import",
    ),
    "an unbound name": (("import numpy as np\n", ""), "double uses np, which no cell above binds"),
    "another lesson's id": (('"00.1"', '"01.1"'), r'in this lesson an id is "00\.1"'),
    "an id twice": (
        ("# %%\ndouble(np", EXERCISE + "# %%\n" + CHECK + "# %%\ndouble(np"),
        "the id is taken by cell 4",
    ),
    "no check below": (("ex.check(double)\n", ""), r"must hold the lines `ex = exerc"),
    "no use below": (
        ("double = ex.use(double)", "ex.use(double)"),
        r"`double = ex\.use\(double\)`",
    ),
    "another exercise's check": (('exercise("00.1")', 'exercise("00.2")'), "must hold the lines"),
    "no parameters": ((' tags=["parameters"]', ""), 'no cell is tagged "parameters"'),
    "parameters twice": (
        ("# %%\ndouble(np", '# %% tags=["parameters"]\nk = 1\n\n# %%\ndouble(np'),
        'cells 2, 6 are tagged "parameters"',
    ),
    "a computed parameter": (
        ("seed = 0", "seed = 2 * 3"),
        r"cell 2 .*line 2 isn't `name = literal`",
    ),
    "a missing parameter": (("seed = 0\n", ""), "must set seed"),
    "no kernelspec": (("name: python3\n", "name: other\n"), "no kernelspec named python3"),
    "half a kernelspec": (
        ("#     display_name: Python 3\n", ""),
        "'display_name' is a required property; copy the header",
    ),
    "no set-up cell": (
        ('results.begin(lesson="00", profile=profile, seed=seed)', ""),
        r"no cell is calling results\.begin",
    ),
    "begin isn't last": (("seed=seed)", "seed=seed)\nx = 1"), "must be its last line"),
    "begin with another number": (('lesson="00"', 'lesson="01"'), 'must be given lesson="00"'),
    "a magic": (("double(np.ones(2))", "%timeit double(2)"), r"cell 6 .*isn't Python.*magics"),
    "a commented magic, which jupytext turns into one": (
        ("double(np.ones(2))", "# %matplotlib inline"),
        "isn't Python",
    ),
    "no title": (("# # Doubling", "# Doubling"), "must be text that begins with `# Title`"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_lesson_is_refused_with_its_name_and_the_mend(
    case: str, write: Write, library_root: Path
) -> None:
    change, message = REFUSED[case]
    with pytest.raises(LessonError, match=message) as refusal:
        make(write(change), library_root)
    assert str(refusal.value).startswith("00_doubling, ")
    assert "\n" not in str(refusal.value)


REFUSED_LIBRARY = {
    "a decorator": (("def double", "@cache\ndef double"), "double in .* is decorated"),
    "defined twice": (("SCALE = 2.0", "def double(x): ..."), "defined more than once"),
    "not at the top level": (
        ("def double", "class Group:\n    def double(self): ...\n\n\ndef other"),
        "not a top-level def",
    ),
    "no docstring": (('"""Twice x.\n\n    Args:\n        x: any shape.\n    """', "x = x"),
                     "double has no docstring"),
    "a private helper": (("np.add(x, x)", "_hidden(2 * x)"), "_hidden, a private helper in"),
    "a module constant": (("np.add(x, x)", "SCALE * x"), "SCALE, a constant of course_lib.fake"),
    "a constant as default": (("(x: NDArray)", "(x: NDArray = SCALE)"), "SCALE, a constant of"),
    "a public helper that isn't imported": (
        ("np.add(x, x)", "Mean(x)"), "Mean, which no cell above binds"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED_LIBRARY)
def test_object_that_can_be_no_exercise_is_refused(
    case: str, write: Write, library_root: Path
) -> None:
    (old, new), message = REFUSED_LIBRARY[case]
    fake = library_root / "course_lib" / "fake.py"
    text = fake.read_text()
    assert old in text
    fake.write_text(text.replace(old, new))
    with pytest.raises(LessonError, match=message) as refusal:
        make(write(), library_root)
    assert "exercise 00.1" in str(refusal.value)


def test_class_without_a_methods_docstring_is_refused(write: Write, library_root: Path) -> None:
    fake = library_root / "course_lib" / "fake.py"
    text = fake.read_text().replace("-> Mean | None", "-> float")
    fake.write_text(
        text.replace('"""Take one more value.\n\n        x: a number.\n        """', "pass")
    )
    with pytest.raises(LessonError, match=r"Mean\.update has no docstring"):
        make(_asking_for_mean(write), library_root)


def test_class_that_annotates_with_itself_is_refused(write: Write, library_root: Path) -> None:
    with pytest.raises(LessonError, match="Mean names itself in an annotation"):
        make(_asking_for_mean(write), library_root)


def _asking_for_mean(write: Write) -> Path:
    return write(
        ("import double\n", "import Mean\n"),
        ("ex.check(double)", "ex.check(Mean)"),
        ("double = ex.use(double)", "Mean = ex.use(Mean)"),
    )


def test_name_bound_only_for_instructors_is_refused(write: Write, library_root: Path) -> None:
    instructor = '# %% tags=["instructor"]\nfrom numpy.typing import NDArray\n\n'
    path = write(("from numpy.typing import NDArray\n", ""), (EXERCISE, instructor + EXERCISE))
    with pytest.raises(LessonError, match="NDArray, which no cell above binds"):
        make(path, library_root)


def test_object_asked_for_by_two_lessons_is_refused(write: Write, library_root: Path) -> None:
    first = write()
    write(("00", "01"), name="01_again.py")
    with pytest.raises(LessonError, match=r"01_again.*exercise 00\.1 asks for double already"):
        read_all(first.parent, library_root)


def test_two_lessons_of_one_number_are_refused(write: Write, library_root: Path) -> None:
    first = write()
    write(name="00_again.py")
    with pytest.raises(LessonError, match=r"00_doubling: 00_again has that number"):
        read_all(first.parent, library_root)


def test_file_with_another_name_is_refused(write: Write, library_root: Path) -> None:
    with pytest.raises(LessonError, match="two digits"):
        read(write(name="Doubling.py"), library_root)


def test_a_lesson_links_another_by_its_number(write: Write, library_root: Path) -> None:
    write(name="01_more.py")
    path = write(("# About", "# See {{lesson 01}}. About"))
    assert "See [lesson 01](01_more.ipynb). About" in make(path, library_root).cells[0].source
    path = write(("# About", "# See {{lesson 07}}. About"))
    with pytest.raises(LessonError, match="cell 1: it links lesson 07; there are 00, 01"):
        make(path, library_root)


@pytest.fixture
def root(write: Write, publish: Callable[[Path], Path]) -> Path:
    """A course whose lesson has no exercises, and so needs neither a library nor headers."""
    path = write((EXERCISE, "# %%\n"), (CHECK, "double = len\n"))
    return publish(path.parent.parent)


def test_drift_gate_is_silent_after_a_build_and_building_again_changes_nothing(
    root: Path,
) -> None:
    written = ["00_doubling.ipynb", "README.md", "CITATION.cff"]
    assert [path.name for path in builder.build_all(root)] == written
    assert builder.stale(root) == []
    assert builder.build_all(root) == []


def test_drift_gate_names_what_differs_is_missing_or_has_no_source(
    root: Path,
) -> None:
    assert [line.split(" ", 1)[1] for line in builder.stale(root)] == [
        f"is missing: {REBUILD}",
        f"is out of date: {REBUILD}",
        f"is out of date: {REBUILD}",
    ]
    path, *_ = builder.build_all(root)
    text = path.read_text()
    path.write_text(text.replace("About", "Over"))
    assert builder.stale(root) == [f"{path} differs from its source: {REBUILD}"]
    path.write_text("<<<<<<< HEAD")
    assert builder.stale(root) == [f"{path} is no notebook: {REBUILD}"]
    run = nbformat.reads(text, as_version=4)
    run.cells[-1].outputs = [nbformat.v4.new_output("stream", text="2")]
    nbformat.write(run, path)
    assert builder.stale(root) == [f"{path} has outputs, and only the builder writes it: {REBUILD}"]
    path.write_text(text)
    gone = root / "notebooks" / "07_gone.ipynb"
    gone.write_text(text)
    (line,) = builder.stale(root)
    assert line.startswith(f"{gone} has no lesson in {root}/solutions: delete it, or move it")


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe", "früh".encode("latin-1"), b"[]", b"{}", b'{"cells": 1}', b"[" * 100_000],
)
def test_a_damaged_notebook_is_named_and_built_again(root: Path, content: bytes) -> None:
    path, *_ = builder.build_all(root)
    whole = path.read_bytes()
    path.write_bytes(content)
    assert builder.stale(root) == [f"{path} is no notebook: {REBUILD}"]
    assert builder.build_all(root) == [path]
    assert path.read_bytes() == whole


@pytest.mark.parametrize("name", ["README.md", "CITATION.cff", "pyproject.toml"])
def test_a_page_in_another_encoding_is_named(root: Path, name: str) -> None:
    (root / name).write_bytes("früh".encode("latin-1"))
    with pytest.raises(ValueError, match=rf"{name}, line 1 isn't UTF-8"):
        builder.build_all(root)


def test_a_lesson_in_another_encoding_and_settings_that_are_none_are_named(root: Path) -> None:
    (root / "pyproject.toml").write_text("<<<<<<< HEAD")
    with pytest.raises(ValueError, match=r"pyproject\.toml is no TOML"):
        builder.build_all(root)
    (lesson,) = (root / "solutions").glob("*.py")
    lesson.write_bytes(lesson.read_bytes() + "# früh".encode("latin-1"))
    with pytest.raises(ValueError, match=rf"{lesson.name}, line \d+ isn't UTF-8"):
        builder.build_all(root)


def test_a_full_disk_leaves_the_notebook_that_was_there(root: Path, monkeypatch) -> None:
    path, *_ = builder.build_all(root)
    path.write_text("of an older version")

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match=f"No space left on device: '{path}'"):
        builder.build_all(root)
    assert path.read_text() == "of an older version"


def test_building_leaves_a_learners_notebooks_alone(root: Path) -> None:
    builder.build_all(root)
    mine = [root / "notebooks" / name for name in ("00_doubling-Copy1.ipynb", "09_mine.ipynb")]
    for path in mine:
        path.write_text("my work")
    assert builder.build_all(root) == []
    assert [path.read_text() for path in mine] == ["my work", "my work"]


def test_exercise_without_a_declaration_is_refused(write: Write, library_root: Path) -> None:
    def unknown(exercise_id: str) -> str:
        raise ValueError(f"no exercise {exercise_id!r}")

    with pytest.raises(LessonError, match=r"00_doubling.*declare it in course_lib/exercises"):
        builder.build(write(), "student", root=library_root, header=unknown)
