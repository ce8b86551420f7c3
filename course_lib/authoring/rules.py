"""Rules for the cells of a lesson. A broken rule raises an error that says how to fix it."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

from course_lib.authoring import library
from course_lib.authoring.library import LibraryObject, NotAnExercise


class LessonError(ValueError):
    """A lesson breaks a rule; the message names the lesson, the cell and the fix."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cell of a lesson's source.

    Attributes:
        index: its position in the source, from 1.
        kind: ``"markdown"`` or ``"code"``.
        text: its content.
        tags: ``parameters``, ``instructor`` or others.
        exercise: the id of the exercise, or ``""`` if the cell isn't an exercise.
        answers: the object that the exercise asks for.
        checks: the id of the exercise that this cell checks, or ``""``.
    """

    index: int
    kind: str
    text: str
    tags: tuple[str, ...] = ()
    exercise: str = ""
    answers: LibraryObject | None = None
    checks: str = ""

    @property
    def instructor(self) -> bool:
        """Whether only the instructor edition has this cell."""
        return "instructor" in self.tags

    def __str__(self) -> str:
        first = self.text.strip().partition("\n")[0]
        if self.exercise:
            return f"exercise {self.exercise} (cell {self.index}, {first!r})"
        return f"cell {self.index} ({first[:60]!r})"


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """A lesson that keeps all rules.

    Attributes:
        number: ``"01"``.
        name: the file's name without its ending, ``"01_baseline_gan"``.
        title: its first heading, without its number.
        cells: in reading order.
    """

    number: str
    name: str
    title: str
    cells: tuple[Cell, ...]


def title(cells: Sequence[Cell]) -> str:
    """Return the heading that the first cell begins with, without "Lesson 00: "."""
    if not cells or cells[0].kind != "markdown" or not cells[0].text.startswith("# "):
        raise LessonError("top: the first cell must be text that begins with `# Title`")
    heading = cells[0].text.partition("\n")[0].removeprefix("# ").strip()
    return re.sub(r"^Lesson \d+: ", "", heading)


def frame(cells: Sequence[Cell], number: str) -> None:
    """Check that all code is Python, one cell holds the parameters, and one begins the run."""
    for cell in cells:
        _parse(cell)
    parameters = [cell for cell in cells if "parameters" in cell.tags]
    if len(parameters) != 1:
        raise LessonError(
            f'{_list(parameters)} tagged "parameters", needs exactly one: `# %% tags='
            '["parameters"]` over `profile = "auto"` and `seed = 0`'
        )
    _parameters(parameters[0])
    setups = [cell for cell in cells if any(_is_begin(node) for node in _walk(cell))]
    if len(setups) != 1:
        raise LessonError(
            f"{_list(setups)} calling results.begin, needs exactly one: the set-up cell ends with "
            f'`results.begin(lesson="{number}", profile=profile, seed=seed)`'
        )
    _setup(setups[0], number)
    if setups[0].index < parameters[0].index:
        _refuse(setups[0], "the set-up cell must stand below the parameters cell")


def exercise_cell(
    cell: Cell, number: str, earlier: Sequence[Cell], bound: frozenset[str], root: Path
) -> Cell:
    """Return an exercise cell with the object that its import names.

    Args:
        cell: the cell as in the source.
        number: the lesson's number.
        earlier: the lesson's earlier exercises.
        bound: the names that earlier cells bind.
        root: the folder in which `course_lib` lies.
    """
    if not re.fullmatch(rf"{number}\.[1-9]\d*", cell.exercise):
        _refuse(cell, f'in this lesson an id is "{number}.1", "{number}.2" and so on')
    for other in earlier:
        if other.exercise == cell.exercise:
            _refuse(cell, f"the id is taken by cell {other.index}: take the next number")
    match _parse(cell):
        case [
            ast.ImportFrom(module=str(module), level=0, names=[ast.alias(name=name, asname=None)])
        ] if cell.kind == "code" and name != "*":
            pass
        case _:
            _refuse(
                cell,
                "an exercise cell is exactly one import of one object, "
                "such as `from course_lib.losses import discriminator_loss`",
            )
    try:
        answers = library.read(module, name, root)
    except NotAnExercise as error:
        _refuse(cell, str(error))
    _names(cell, answers, bound)
    return replace(cell, answers=answers)


def check_cell(cell: Cell | None, asked: Cell) -> Cell:
    """Return the cell below an exercise, with the id of the exercise that it checks."""
    assert asked.answers is not None
    name, variable, checked, used = asked.answers.name, "", "", ""
    for node in _parse(cell) if cell else []:
        match node:
            case ast.Assign(
                targets=[ast.Name(id=target)],
                value=ast.Call(
                    func=ast.Name(id="exercise"), args=[ast.Constant(value=asked.exercise)]
                ),
            ):
                variable = target
            case ast.Expr(
                value=ast.Call(
                    func=ast.Attribute(value=ast.Name(id=on), attr="check"),
                    args=[ast.Name(id=given)],
                )
            ) if given == name:
                checked = on
            case ast.Assign(
                targets=[ast.Name(id=target)],
                value=ast.Call(
                    func=ast.Attribute(value=ast.Name(id=on), attr="use"),
                    args=[ast.Name(id=given)],
                ),
            ) if target == given == name:
                used = on
    if cell is None or not variable or not variable == checked == used:
        _refuse(
            asked,
            f'the cell below it must hold the lines `ex = exercise("{asked.exercise}")`, '
            f"`ex.check({name})` and `{name} = ex.use({name})`",
        )
    return replace(cell, checks=asked.exercise)


def between(lessons: Sequence[Lesson]) -> None:
    """Check that no two lessons share a number, and no two exercises an object."""
    numbers: dict[str, str] = {}
    asked: dict[tuple[str, str], str] = {}
    for lesson in lessons:
        if lesson.number in numbers:
            raise LessonError(
                f"{lesson.name}: {numbers[lesson.number]} has that number: take another"
            )
        numbers[lesson.number] = lesson.name
        for cell in lesson.cells:
            if cell.answers is None:
                continue
            key = (cell.answers.module, cell.answers.name)
            if key in asked:
                raise LessonError(
                    f"{lesson.name}, {cell}: exercise {asked[key]} asks for {key[1]} already; "
                    "a name belongs to one exercise, so import it here without an exercise id"
                )
            asked[key] = cell.exercise


def _refuse(cell: Cell, why: str) -> NoReturn:
    raise LessonError(f"{cell}: {why}")


def _list(cells: Sequence[Cell]) -> str:
    places = ", ".join(str(cell.index) for cell in cells)
    return f"cells {places} are" if len(cells) > 1 else "no cell is"


def _parse(cell: Cell) -> list[ast.stmt]:
    if cell.kind != "code":
        return []
    try:
        return ast.parse(cell.text).body
    except SyntaxError as error:
        _refuse(
            cell,
            f"its line {error.lineno} isn't Python ({error.msg}); a lesson runs as .py too, "
            "so leave magics and shell lines out",
        )


def _walk(cell: Cell) -> list[ast.AST]:
    return [inner for node in _parse(cell) for inner in ast.walk(node)]


def _names(cell: Cell, answers: LibraryObject, bound: frozenset[str]) -> None:
    """Check that earlier cells bind every name that the answer needs."""
    for name in sorted(answers.free):
        uses = f"{answers.name} uses {name}"
        if name in answers.constants:
            _refuse(
                cell,
                f"{uses}, a constant of {answers.module}, which the notebook doesn't show: "
                "write the value into the function, or make it an argument",
            )
        if name in answers.beside and name.startswith("_"):
            _refuse(
                cell,
                f"{uses}, a private helper in {answers.module}, which the notebook doesn't show: "
                "write it into the function, or make it public and import it above",
            )
        if name == answers.name:
            _refuse(cell, f"{name} names itself in an annotation or default: put it in quotes")
    if missing := sorted(answers.free - bound):
        _refuse(
            cell,
            f"{answers.name} uses {' and '.join(missing)}, which no cell above binds: "
            "import what it needs in one of them",
        )


def _parameters(cell: Cell) -> None:
    found = set()
    for node in _parse(cell):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if _is_literal(value):
                found.add(name)
            case _:
                _refuse(
                    cell,
                    f"its line {node.lineno} isn't `name = literal`; the runner replaces these "
                    "values, so compute from them in a later cell",
                )
    if missing := {"profile", "seed"} - found:
        _refuse(cell, f"it must set {' and '.join(sorted(missing))}")


def _is_literal(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except ValueError:
        return False
    return True


def _is_begin(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="results"), attr="begin")):
            return True
        case ast.Call(func=ast.Name(id="begin")):
            return True
    return False


def _setup(cell: Cell, number: str) -> None:
    match _parse(cell)[-1]:
        case ast.Expr(value=ast.Call(keywords=keywords) as call) if _is_begin(call):
            given = {word.arg: word.value for word in keywords}
        case _:
            _refuse(cell, "results.begin(…) must be its last line, so that its answer is shown")
    match given.get("lesson"):
        case ast.Constant(value=value) if value == number:
            pass
        case _:
            _refuse(cell, f'results.begin(…) must be given lesson="{number}"')
