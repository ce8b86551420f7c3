"""Static analysis of an answer, for mistakes that its values and errors don't show."""

from __future__ import annotations

import ast
import dis
import inspect
import textwrap
from collections.abc import Callable, Iterator
from types import CodeType
from typing import Any

import numpy as np
import torch

# Methods that work in place and return None → what returns the result.
IN_PLACE = {
    "shuffle": "`rng.permutation(…)` gives a shuffled copy back",
    "sort": "`sorted(…)` gives a sorted list back",
    "reverse": "`[::-1]` gives a reversed copy back",
    "append": "the longer list is the one before the dot",
    "extend": "the longer list is the one before the dot",
}


def arrays_from_outside(function: Callable[..., Any]) -> set[str]:
    """Return the names of arrays and tensors that a function takes from the notebook."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    if not isinstance(code, CodeType):
        return set()
    outside = getattr(inspect.unwrap(function), "__globals__", {})
    return {
        name
        for name in _names_outside(code)
        if isinstance(outside.get(name), np.ndarray | torch.Tensor)
    }


def _names_outside(code: CodeType) -> Iterator[str]:
    for step in dis.get_instructions(code):
        if step.opname == "LOAD_GLOBAL":
            yield step.argval
    for inner in code.co_consts:  # comprehensions and functions inside
        if isinstance(inner, CodeType):
            yield from _names_outside(inner)


def result_of_working_in_place(function: Callable[..., Any]) -> str:
    """Describe the first method in `IN_PLACE` whose result is used; ``""`` if there is none."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):  # no source, or a piece of a line as lambdas have
        return ""
    statements = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in IN_PLACE
            and id(node) not in statements
            and ast.unparse(node.func.value) not in ("np", "numpy", "torch")  # np.sort returns
        ):
            return (
                f"`{ast.unparse(node.func)}` works in place and returns None: give it a line of "
                f"its own, without `=` or `return`; {IN_PLACE[node.func.attr]}."
            )
    return ""
