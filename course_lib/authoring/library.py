"""Read exercise objects from the library's files, without importing them.

An instructor's cell shows the object's source lines. A student's cell shows the signature and
docstring of the function, or of the class and each public method.
"""

from __future__ import annotations

import ast
import tokenize
from dataclasses import dataclass
from pathlib import Path

import course_lib
from course_lib.authoring import names
from course_lib.files import read_text

ROOT = Path(course_lib.__file__).parent.parent
STUB = "...  # your code goes here"


class NotAnExercise(ValueError):
    """The object can't be an exercise; the message says why and how to fix it."""


@dataclass(frozen=True, kw_only=True)
class LibraryObject:
    """A function or class of the library that an exercise asks for.

    Attributes:
        module: ``"course_lib.losses"``.
        name: ``"discriminator_loss"``.
        source: its lines in the file.
        stub: the signature and docstring that a student starts from.
        free: the global names that it needs, also in annotations and defaults.
        beside: the names that its module defines rather than imports.
        constants: the names of ``beside`` that are neither functions nor classes.
    """

    module: str
    name: str
    source: str
    stub: str
    free: frozenset[str]
    beside: frozenset[str]
    constants: frozenset[str]


def read(module: str, name: str, root: Path = ROOT) -> LibraryObject:
    """Read ``name`` of ``module`` from the files below ``root``.

    Raises:
        NotAnExercise: no such file or object, a decorator, or a missing docstring.
    """
    path = root.joinpath(*module.split(".")).with_suffix(".py")
    if not path.exists():
        raise NotAnExercise(
            f"there is no {path.relative_to(root)}: import {name} from the module that defines it"
        )
    text = read_text(path)
    tree = ast.parse(text)
    node = _find(tree, name, module)
    lines = text.splitlines()
    source = "\n".join(lines[node.lineno - 1 : node.end_lineno])
    defined = names.defined(tree)
    return LibraryObject(
        module=module,
        name=name,
        source=source,
        stub=_class_stub(node, lines) if isinstance(node, ast.ClassDef) else _stub(node, lines),
        free=names.free(source),
        beside=frozenset(defined),
        constants=frozenset(key for key, is_constant in defined.items() if is_constant),
    )


def _find(tree: ast.Module, name: str, module: str) -> ast.FunctionDef | ast.ClassDef:
    found = [
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name
    ]
    if len(found) != 1:
        there = "is defined more than once" if found else "is not a top-level def or class"
        raise NotAnExercise(
            f"{name} {there} in {module}: an exercise is one def or class at the left margin "
            "of the module that it is imported from"
        )
    if found[0].decorator_list:
        raise NotAnExercise(
            f"{name} in {module} is decorated, and a learner's version would not be: "
            "take the decorator off, or make an undecorated kernel the exercise"
        )
    return found[0]


def _stub(node: ast.FunctionDef | ast.ClassDef, lines: list[str], method: str = "") -> str:
    """Return signature and docstring as in the file, and a place for the answer."""
    called = f"{method}.{node.name}" if method else node.name
    if ast.get_docstring(node) is None:
        if node.name != "__init__":
            raise NotAnExercise(
                f"{called} has no docstring: say shapes, ranges, the formula and a tiny example, "
                "for this is all that a student sees"
            )
        last = node.lineno - 1 + _head_length(lines[node.lineno - 1 :])
    else:
        last = node.body[0].end_lineno or node.lineno
    first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
    indent = " " * node.body[0].col_offset
    return "\n".join([*lines[first - 1 : last], indent + STUB])


def _head_length(lines: list[str]) -> int:
    """Count the lines of the signature: up to the end of the first logical line."""
    tokens = tokenize.generate_tokens(iter([line + "\n" for line in lines]).__next__)
    return next(token.end[0] for token in tokens if token.type == tokenize.NEWLINE)


def _class_stub(node: ast.ClassDef, lines: list[str]) -> str:
    head = _stub(node, lines).removesuffix(STUB).rstrip()
    methods = [
        _stub(item, lines, node.name)
        for item in node.body
        if isinstance(item, ast.FunctionDef)
        and (item.name == "__init__" or not item.name.startswith("_"))
    ]
    return "\n\n".join([head, *methods])
