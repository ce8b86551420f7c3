"""Names that a piece of code binds, and free names that it needs, found by parsing alone."""

from __future__ import annotations

import ast
import builtins
import symtable
from collections.abc import Iterator

_LOOP = "__variable_of_a_comprehension"
# A module has these without binding them.
_GIVEN = frozenset(dir(builtins)) | {"__name__", "__doc__", "__file__"}


def bound(code: str) -> frozenset[str]:
    """Return the global names that ``code`` binds: imports, assignments, defs, loop targets.

    Names bound by a star import are missing, because only running it would show them.
    """
    tree = ast.parse(code)
    # From Python 3.12 on, symtable counts the variables of comprehensions among the rest.
    for node in ast.walk(tree):
        if isinstance(node, ast.comprehension):
            for inner in ast.walk(node.target):
                if isinstance(inner, ast.Name):
                    inner.id = _LOOP
    table = symtable.symtable(ast.unparse(tree), "<cell>", "exec")
    return frozenset(
        symbol.get_name()
        for symbol in table.get_symbols()
        if symbol.is_assigned() or symbol.is_imported()
    ) - {_LOOP}


def free(definition: str) -> frozenset[str]:
    """Return the global names that one def or class needs, also in annotations and defaults.

    Builtins are left out. So is the object's own name in a recursive call; but a class that names
    itself in an annotation needs that name before it exists.
    """
    module = symtable.symtable(definition, "<definition>", "exec")
    own = bound(definition)
    needed: set[str] = set()
    for table in _scopes(module):
        later = table.get_type() == "function"
        for symbol in table.get_symbols():
            name = symbol.get_name()
            of_loop = table is module and symbol.is_assigned() and name not in own
            outside = symbol.is_referenced() and symbol.is_global() and not of_loop
            if outside and not (later and name in own):
                needed.add(name)
    return frozenset(needed - _GIVEN)


def defined(tree: ast.Module) -> dict[str, bool]:
    """Return the names that a module defines rather than imports; True for constants."""
    found: dict[str, bool] = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found[node.name] = False
        elif not isinstance(node, ast.Import | ast.ImportFrom):
            for inner in ast.walk(node):
                if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
                    found[inner.id] = True
    return found


def _scopes(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    yield table
    for child in table.get_children():
        yield from _scopes(child)
