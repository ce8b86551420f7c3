"""Read a lesson's source, `solutions/NN_name.py`, and check that it keeps the rules."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import jupytext
import nbformat

from course_lib.authoring import library, names, rules
from course_lib.authoring.rules import Cell, Lesson, LessonError
from course_lib.files import read_text

_NAME = re.compile(r"(\d\d)_[a-z0-9_]+")
_LINK = re.compile(r"\{\{lesson (\d\d)\}\}")


def read(path: Path, root: Path = library.ROOT) -> Lesson:
    """Read a lesson and check that it keeps the rules.

    Args:
        path: `solutions/NN_name.py`, jupytext's py:percent.
        root: the folder in which `course_lib` lies.

    Raises:
        LessonError: a rule is broken; the message names the lesson, the cell and the mend.
    """
    if path.suffix != ".py" or not (match := _NAME.fullmatch(path.stem)):
        raise LessonError(
            f"{path.name}: a lesson's source is called like 00_rain_and_numbers.py, "
            "two digits and small letters"
        )
    try:
        return _read(path, match[1], root)
    except LessonError as error:
        raise LessonError(f"{path.stem}, {error}") from None


def read_all(folder: Path, root: Path = library.ROOT) -> list[Lesson]:
    """Read every lesson of a folder, in order.

    Raises:
        LessonError: a rule is broken, in one lesson or between two.
    """
    lessons = [read(path, root) for path in lesson_files(folder)]
    if not lessons:
        raise LessonError(f"no lessons in {folder}: run this from the course's own folder")
    rules.between(lessons)
    return lessons


def lesson_files(folder: Path) -> list[Path]:
    """Return the sources of all lessons in a folder, in order."""
    return sorted(folder.glob("[0-9]*.py"))


def _read(path: Path, number: str, root: Path) -> Lesson:
    try:
        notebook = jupytext.reads(read_text(path), fmt="py:percent")
    except nbformat.ValidationError as error:
        raise LessonError(
            f"header: {error.message}; copy the header (# --- … # ---) of another lesson"
        ) from None
    if notebook.metadata.get("kernelspec", {}).get("name") != "python3":
        raise LessonError(
            "header: no kernelspec named python3, without which papermill ignores the "
            "parameters; copy the header (# --- … # ---) of another lesson"
        )
    names = {other.stem[:2]: other.stem for other in lesson_files(path.parent)}
    cells = [
        Cell(
            index=index,
            kind=cell.cell_type,
            text=_with_links(cell.source, index, names),
            tags=tuple(cell.metadata.get("tags", ())),
            exercise=str(cell.metadata.get("exercise", "")),
        )
        for index, cell in enumerate(notebook.cells, start=1)
    ]
    rules.frame(cells, number)
    return Lesson(
        number=number,
        name=path.stem,
        title=rules.title(cells),
        cells=tuple(_with_exercises(cells, number, root)),
    )


def _with_links(text: str, index: int, names: Mapping[str, str]) -> str:
    """Replace each ``{{lesson NN}}`` by a link to that lesson's notebook."""

    def link(match: re.Match[str]) -> str:
        number = match[1]
        if number not in names:
            raise LessonError(
                f"cell {index}: it links lesson {number}; there are {', '.join(names)}"
            )
        return f"[lesson {number}]({names[number]}.ipynb)"

    return _LINK.sub(link, text)


def _with_exercises(cells: Sequence[Cell], number: str, root: Path) -> list[Cell]:
    """Return the cells; exercise cells know their stub, check cells the id of their exercise."""
    bound: set[str] = set()
    done: list[Cell] = []
    for cell in cells:
        asked = done[-1] if done and done[-1].exercise else None
        if asked:
            cell = rules.check_cell(cell, asked)
        elif cell.exercise:
            earlier = [other for other in done if other.exercise]
            cell = rules.exercise_cell(cell, number, earlier, frozenset(bound), root)
        if cell.kind == "code" and not cell.instructor:
            bound |= names.bound(cell.text)
        done.append(cell)
    if done[-1].exercise:
        rules.check_cell(None, done[-1])
    return done
