"""Compile changed copies of a reference's source, with lines that error messages can quote."""

from __future__ import annotations
import __future__

import ast
import inspect
import linecache
import textwrap
from collections.abc import Callable, Mapping
from typing import Any


def source_of(reference: Callable[..., Any]) -> tuple[str, str, str]:
    """The dedented source of a function or class: signature, docstring, and what is below."""
    source = textwrap.dedent(inspect.getsource(reference))
    (definition,) = ast.parse(source).body
    assert isinstance(definition, ast.FunctionDef | ast.ClassDef)
    lines, first = source.splitlines(keepends=True), definition.body[0]
    begin = first.lineno - 1
    end = first.end_lineno if ast.get_docstring(definition) is not None else begin
    return "".join(lines[:begin]), "".join(lines[begin:end]), "".join(lines[end:])


def compiled(source: str, filename: str, name: str, namespace: Mapping[str, Any]) -> Any:
    """The function or class ``name`` that the source defines.

    Args:
        source: of the definition.
        filename: under which tracebacks quote its lines.
        name: of the function or class.
        namespace: what its free names mean.
    """
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    # Annotations stay text: the module may have imported their names for type checkers only.
    flags = __future__.annotations.compiler_flag
    names = dict(namespace)
    exec(compile(source, filename, "exec", flags=flags, dont_inherit=True), names)
    return names[name]
