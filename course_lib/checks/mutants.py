"""Mutants of an exercise's reference: its source with one small thing changed.

A check that passes one doesn't see that thing. Docstrings, annotations, decorators and error
messages stay as they are.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from course_lib.checks import mutations
from course_lib.checks.mutations import Scope, replaced
from course_lib.checks.sources import compiled

UNTOUCHED = ("annotation", "returns", "decorator_list", "type_params", "msg")
SHORT = 24  # characters of a part that a label shows whole


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """A reference with one change.

    Attributes:
        label: line, counted from the first one below the docstring, and change:
            ``"line 4: ….mean(2) → ….sum(2)"``. No two mutants of a reference share one, and it
            stays the same while the source does.
        line: where the changed source differs first.
        answer: the function or class, in its module's namespace.
    """

    label: str
    line: str
    answer: Any


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Where a node hangs: ``parent.field``, or ``parent.field[index]`` and what follows it."""

    parent: Any
    field: str
    index: int | None
    node: Any
    span: int = 1

    def put(self, nodes: Sequence[ast.AST]) -> Any:
        """Put other nodes there (a single one where there is no index); the field as it was."""
        before = getattr(self.parent, self.field)
        if self.index is None:
            after: Any = nodes[0]
        else:
            after = [*before[: self.index], *nodes, *before[self.index + self.span :]]
        if not after and isinstance(self.node, ast.stmt):
            after = [ast.Pass()]
        setattr(self.parent, self.field, after)
        return before


def make_mutants(reference: Callable[..., Any]) -> Iterator[Mutant]:
    """Every mutant of a function or class, from top to bottom, no source twice.

    Args:
        reference: at the top level of its module. Where it calls itself by name, its mutants
            call it too.
    """
    tree = ast.parse(textwrap.dedent(inspect.getsource(reference)))
    namespace = vars(inspect.getmodule(reference))
    scope = mutations.scope_of(tree.body[0], namespace)
    original, labels = ast.unparse(tree), Counter[str]()
    seen = {original}
    first_line = _body(tree.body[0])[0].lineno
    for place, nodes, label in _changes(tree.body[0], scope):
        before = place.put(nodes)
        source = ast.unparse(tree)
        setattr(place.parent, place.field, before)
        if source in seen:
            continue
        seen.add(source)
        if not _is_python(source):  # `nonlocal total` wants a `total = 0` around it
            continue
        line = getattr(place.node, "lineno", first_line) - first_line + 1
        where = f"line {line}" if line > 0 else "signature"
        text = f"{where}: {label or _before_and_after(place, nodes)}"
        labels[text] += 1
        if labels[text] > 1:
            text += f" ({labels[text]})"
        yield Mutant(
            label=text,
            line=_first_difference(original, source),
            answer=compiled(
                source,
                f"<mutant of {reference.__module__}.{reference.__name__}, {text}>",
                reference.__name__,
                namespace,
            ),
        )


def _changes(
    definition: ast.AST, scope: Scope
) -> Iterator[tuple[_Place, Sequence[ast.AST], str | None]]:
    """Where which nodes may stand instead; with a label where before and after don't tell it."""
    for place in _places(definition):
        node, parent = place.node, place.parent
        if isinstance(node, ast.stmt):
            for statements, label in mutations.of_statement(node):
                yield place, statements, label
            yield from _moved_down(place)
        elif isinstance(node, ast.keyword) and node.arg:
            yield place, [], f"without `{_brief(node)}`"
        elif isinstance(node, ast.expr) and not isinstance(getattr(node, "ctx", None), ast.Store):
            if place.field == "ifs":
                yield place, [], f"without `if {_brief(node)}`"
            if place.field in ("test", "ifs"):
                yield place, [mutations.of_test(node)], None
            if isinstance(node, ast.Call) and isinstance(parent, ast.Expr):
                others = mutations.of_call(node, scope)  # without it, the statement is empty
            elif isinstance(node, ast.Tuple | ast.List) and isinstance(parent, ast.Compare):
                others = iter(())  # `in` doesn't ask for the order
            elif isinstance(parent, ast.UnaryOp) and isinstance(node, ast.Constant):
                others = iter(())  # the number with its sign has had its turn
            else:
                others = mutations.of_expression(node, scope)
            for other in others:
                yield place, [other], None


def _moved_down(place: _Place) -> Iterator[tuple[_Place, Sequence[ast.AST], str]]:
    """A statement after the one that follows it."""
    assert place.index is not None
    following = getattr(place.parent, place.field)[place.index + 1 : place.index + 2]
    for other in following:
        if not isinstance(other, ast.Return | ast.Raise | ast.FunctionDef):
            head = mutations.head_of(place.node)
            yield replace(place, span=2), [other, place.node], f"`{head}` after the next statement"


def _places(node: Any) -> Iterator[_Place]:
    """Everything below the node that may be changed, as it is read."""
    if isinstance(node, ast.JoinedStr | ast.Raise):
        return
    for field, value in ast.iter_fields(node):
        if field in UNTOUCHED:
            continue
        children = list(enumerate(value)) if isinstance(value, list) else [(None, value)]
        if field == "body" and isinstance(node, ast.FunctionDef | ast.ClassDef):
            children = children[len(value) - len(_body(node)) :]
        for index, child in children:
            if isinstance(child, ast.AST):
                yield _Place(parent=node, field=field, index=index, node=child)
                yield from _places(child)


def _body(node: Any) -> list[ast.stmt]:
    """The statements of a function or class, below its docstring."""
    return node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body


def _is_python(source: str) -> bool:
    try:
        compile(source, "<mutant>", "exec", dont_inherit=True)
    except SyntaxError:
        return False
    return True


def _before_and_after(place: _Place, nodes: Sequence[ast.AST]) -> str:
    """The change in short; a bare number beside what it stands in."""
    bare = isinstance(place.node, ast.Constant | ast.Slice | ast.Tuple)
    if bare and isinstance(place.parent, ast.expr | ast.keyword):
        before = _brief(place.parent)
        field = place.put(nodes)
        after = _brief(place.parent)
        setattr(place.parent, place.field, field)
    else:
        before, after = _brief(place.node), _brief(nodes[0])
    if before == after:
        before, after = ast.unparse(place.node), ast.unparse(nodes[0])
    return f"{before} → {after}"


def _brief(node: Any) -> str:
    """The node's source, with ``…`` for its longer parts."""

    def short(part: Any) -> Any:
        if isinstance(part, list):
            return [short(one) for one in part]
        if isinstance(part, ast.keyword):
            return replaced(part, value=short(part.value))
        if not isinstance(part, ast.expr) or len(ast.unparse(part)) <= SHORT:
            return part
        if isinstance(node, ast.Call) and part is node.func and isinstance(part, ast.Attribute):
            return replaced(part, value=short(part.value))
        return ast.Name("…")

    return ast.unparse(replaced(node, **{f: short(value) for f, value in ast.iter_fields(node)}))


def _first_difference(original: str, changed: str) -> str:
    before, after = original.splitlines(), changed.splitlines()
    different = (new for old, new in zip(before, after, strict=False) if old != new)
    return next(different, "").strip()
