"""Build notebooks from the source of a lesson: the instructor and the student edition.

The same source gives the same bytes, so a comparison shows whether a committed notebook is current.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

import nbformat
from nbformat import NotebookNode

from course_lib import durations, profiles
from course_lib.authoring import colab, library, overview, readme, release, source
from course_lib.authoring.release import Release
from course_lib.authoring.rules import Cell, Lesson, LessonError
from course_lib.files import read_text, write_whole

Edition = Literal["student", "instructor"]
SOLUTIONS, NOTEBOOKS = "solutions", "notebooks"
BUDGETS = "{{budgets}}"
QUIZ = "{{quiz}}"
QUIZ_AS_TEXT = "<details><summary>The quiz as text</summary>"
_REBUILD = "run `make build` and commit what it writes"
_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
    **colab.METADATA,
}


def exercise_header(exercise_id: str) -> str:
    """Return the Markdown above an exercise: title, difficulty, minutes, what it is needed for."""
    from course_lib.exercises import exercise

    return exercise(exercise_id).markdown_header()


def build(
    source_path: Path,
    edition: Edition,
    *,
    root: Path = library.ROOT,
    header: Callable[[str], str] = exercise_header,
) -> NotebookNode:
    """Build the notebook of one lesson, without outputs.

    Args:
        source_path: `solutions/NN_name.py`.
        edition: the student edition has stubs, the instructor edition answers.
        root: the folder in which `course_lib` lies.
        header: exercise id → Markdown above the exercise.

    Raises:
        LessonError: the lesson breaks a rule.
    """
    return assemble(source.read(source_path, root), edition, header=header)


def assemble(
    lesson: Lesson,
    edition: Edition,
    *,
    published: Release | None = None,
    header: Callable[[str], str] = exercise_header,
) -> NotebookNode:
    """Build the notebook of a lesson that has been read.

    The student edition of a published release has cells for Colab under its title.
    """
    repeats: Counter[str] = Counter()
    cells: list[NotebookNode] = []
    for cell in lesson.cells:
        if cell.instructor and edition == "student":
            continue
        if cell.answers:
            name = f"exercise-{cell.exercise.replace('.', '-')}"
            cells.append(_markdown(_header(lesson, cell, header), f"{name}-header"))
            answer = cell.answers.source if edition == "instructor" else cell.answers.stub
            cells.append(_code(answer, name, {"exercise": cell.exercise}))
        elif cell.checks:
            name = f"exercise-{cell.checks.replace('.', '-')}"
            cells.append(_code(cell.text, f"{name}-check"))
            if edition == "student":
                cells.append(_code(_help(cell.checks), f"{name}-help"))
        else:
            name = _name(cell, repeats)
            if cell.kind == "markdown":
                text = _with_quiz(cell, _with_budgets(cell, lesson), lesson.number, edition)
                cells.append(_markdown(text, name))
            else:
                cells.append(_code(cell.text, name, {"tags": list(cell.tags)} if cell.tags else {}))
    if published and edition == "student":
        cells[1:1] = colab.cells(lesson, published)
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=_METADATA)
    nbformat.validate(notebook)
    return notebook


def is_check(cell_id: str) -> bool:
    """Whether a cell of this id checks an exercise."""
    return cell_id.startswith("exercise-") and cell_id.endswith("-check")


def to_text(notebook: NotebookNode) -> str:
    """Return the text of a notebook's file."""
    return nbformat.writes(notebook) + "\n"


def budget_table(settings: Mapping[str, profiles.Profile]) -> str:
    """Return the time and memory of a lesson at each profile, as a Markdown table."""
    runs_on = {
        "smoke": "any CPU: does it run?",
        "cpu": "2 CPU cores",
        "gpu": "one GPU, such as Colab's T4",
        "paper": "the paper's hardware",
    }
    rows = [
        f"| `{name}` | {runs_on[name]} | {_time(profile)} "
        f"| {profile.budget.memory_mb / 1000:.1f} GB | none |"
        for name, profile in settings.items()
    ]
    head = ["| profile | runs on | time | memory, at most | download |", "|---|---|--:|--:|--:|"]
    return "\n".join([*head, *rows])


def build_all(root: Path) -> list[Path]:
    """Write the student edition of every lesson, and the generated parts of other files.

    Other notebooks may be a learner's and aren't touched.

    Args:
        root: the course's folder.

    Returns:
        The files that changed.

    Raises:
        LessonError: a lesson breaks a rule; then nothing is written.
        ValueError: the release's settings are wrong, or a file lacks the place of a generated part.
    """
    changed = []
    files = _files(root)
    (root / NOTEBOOKS).mkdir(exist_ok=True)
    for path, text in files.items():
        if text is None or (path.exists() and path.read_bytes() == text.encode()):
            continue
        write_whole(path, text.encode())
        changed.append(path)
    return changed


def stale(root: Path) -> list[str]:
    """Return what is wrong with the committed files, and how to fix it.

    Args:
        root: the course's folder.

    Raises:
        LessonError: a lesson breaks a rule.
        ValueError: the release's settings are wrong, or a file lacks the place of a generated part.
    """
    found = []
    for path, text in _files(root).items():
        if text is None:
            found.append(
                f"{path} has no lesson in {root / SOLUTIONS}: delete it, or move it out of here"
            )
        elif not path.exists():
            found.append(f"{path} is missing: {_REBUILD}")
        elif (there := path.read_bytes()) != text.encode():
            what = _difference(there) if path.suffix == ".ipynb" else "is out of date"
            found.append(f"{path} {what}: {_REBUILD}")
    return found


def _difference(content: bytes) -> str:
    try:
        notebook = nbformat.reads(content.decode(), as_version=4)
        outputs = any(cell.get("outputs") for cell in notebook.cells)
    except Exception:  # merge markers, or any other JSON, at which nbformat raises what it likes
        return "is no notebook"
    return "has outputs, and only the builder writes it" if outputs else "differs from its source"


def _files(root: Path) -> dict[Path, str | None]:
    """Return each generated file with its text; None for a notebook without a lesson."""
    lessons = source.read_all(root / SOLUTIONS)
    published = release.read(root / "pyproject.toml")
    files: dict[Path, str | None] = dict.fromkeys(sorted((root / NOTEBOOKS).glob("*.ipynb")))
    for lesson in lessons:
        path = root / NOTEBOOKS / f"{lesson.name}.ipynb"
        files[path] = to_text(assemble(lesson, "student", published=published))
    readme_path, citation_path = root / "README.md", root / "CITATION.cff"
    text, cited = (read_text(path) for path in (readme_path, citation_path))
    files[readme_path] = readme.write(text, published, lessons)
    files[citation_path] = release.citation(cited, published)
    return files


def _header(lesson: Lesson, cell: Cell, header: Callable[[str], str]) -> str:
    try:
        return header(cell.exercise)
    except ValueError as error:
        raise LessonError(
            f"{lesson.name}, {cell}: {error}; declare it in course_lib/exercises"
        ) from None


def _with_budgets(cell: Cell, lesson: Lesson) -> str:
    if BUDGETS not in cell.text:
        return cell.text
    number = lesson.number
    if number not in profiles.LESSONS:
        raise LessonError(
            f"lesson {number}, {cell}: it has no budgets; declare its profiles in "
            f"course_lib/exercises/lesson_{number}/profiles.toml"
        )
    shown = f"{budget_table(profiles.LESSONS[number])}\n\n{_own_time(lesson)}".rstrip()
    return cell.text.replace(BUDGETS, shown)


def _with_quiz(cell: Cell, text: str, lesson: str, edition: Edition) -> str:
    """Put the quiz as text into the student edition, whose reader may have no kernel.

    The instructor edition is executed, and its page shows the still of the widget.
    """
    if QUIZ not in text:
        return text
    if edition == "instructor":
        return text.replace(QUIZ, "").rstrip()
    from course_lib.exercises import quiz

    try:
        questions = quiz(lesson).html()
    except ValueError as error:
        raise LessonError(
            f"lesson {lesson}, {cell}: {error}; declare it in "
            f"course_lib/exercises/lesson_{lesson}/quiz.py"
        ) from None
    return text.replace(QUIZ, f"{QUIZ_AS_TEXT}\n{questions}\n</details>")


def _name(cell: Cell, repeats: Counter[str]) -> str:
    """Return a cell id, made from the cell's content and from how often it came before."""
    digest = hashlib.sha256(f"{cell.kind}\n{cell.text}".encode()).hexdigest()[:12]
    repeats[digest] += 1
    return digest if repeats[digest] == 1 else f"{digest}-{repeats[digest]}"


def _help(exercise_id: str) -> str:
    return (
        "# Stuck? Take away a # and run this cell; each hint says more than the one before.\n"
        f'# exercise("{exercise_id}").hint()\n'
        f'# exercise("{exercise_id}").solution()'
    )


def _own_time(lesson: Lesson) -> str:
    """Return how long a learner needs for the lesson, as a line of Markdown."""
    own = [header.minutes for header in overview.headers(lesson)]
    if not own:
        return ""
    return (
        f"Your own time: about {overview.hours(lesson):g} hours, {sum(own)} minutes of them for "
        f"the {f'{len(own)} exercises' if len(own) > 1 else 'exercise'}."
    )


def _time(profile: profiles.Profile) -> str:
    """Return how long a profile takes on its hardware; if that wasn't measured, on a CPU."""
    needs_gpu = profile.cpu_hours is not None
    if (minutes := profiles.minutes(profile, gpu=needs_gpu)) is not None:
        return f"{minutes:.2g} min" if minutes >= 1 else durations.duration(60 * minutes)
    return f"not measured on a GPU yet; about {profile.cpu_hours:g} h on 2 CPU cores"


def _markdown(text: str, name: str) -> NotebookNode:
    return nbformat.v4.new_markdown_cell(text, id=name)


def _code(text: str, name: str, metadata: dict[str, object] | None = None) -> NotebookNode:
    return nbformat.v4.new_code_cell(text, id=name, metadata=metadata or {})
