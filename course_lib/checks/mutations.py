"""What may stand in a line of code instead: the small slips that `mutants` makes one at a time."""

from __future__ import annotations

import ast
import builtins
import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

OPERATORS: dict[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Add: (ast.Sub, ast.Mult),
    ast.Sub: (ast.Add, ast.Div),
    ast.Mult: (ast.Div, ast.Add),
    ast.Div: (ast.Mult, ast.FloorDiv),
    ast.FloorDiv: (ast.Div, ast.Mult),
    ast.Mod: (ast.FloorDiv, ast.Mult),
    ast.Pow: (ast.Mult, ast.Div),
    ast.MatMult: (ast.Mult,),
    ast.BitAnd: (ast.BitOr, ast.BitXor),
    ast.BitOr: (ast.BitAnd, ast.BitXor),
    ast.BitXor: (ast.BitAnd, ast.BitOr),
    ast.LShift: (ast.RShift,),
    ast.RShift: (ast.LShift,),
}
COMMUTATIVE = (ast.Add, ast.Mult, ast.BitAnd, ast.BitOr, ast.BitXor)

# The first one is the opposite.
COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Eq: (ast.NotEq, ast.LtE, ast.GtE),
    ast.NotEq: (ast.Eq, ast.Lt, ast.Gt),
    ast.Lt: (ast.GtE, ast.LtE, ast.NotEq),
    ast.LtE: (ast.Gt, ast.Lt, ast.Eq),
    ast.Gt: (ast.LtE, ast.GtE, ast.NotEq),
    ast.GtE: (ast.Lt, ast.Gt, ast.Eq),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}

# What a function or method might be mistaken for.
NAMES = {
    "mean": ("sum",), "sum": ("mean", "max"), "max": ("min",), "min": ("max",),
    "amax": ("amin",), "amin": ("amax",), "argmax": ("argmin",), "argmin": ("argmax",),
    "maximum": ("minimum",), "minimum": ("maximum",), "any": ("all",), "all": ("any",),
    "std": ("var",), "var": ("std",), "abs": ("square",), "square": ("abs",), "sqrt": ("square",),
    "log10": ("log", "log2"), "log2": ("log",), "log": ("log2",), "exp": ("expm1",),
    "rint": ("floor", "ceil"), "floor": ("ceil", "rint"), "ceil": ("floor", "rint"),
    "cumsum": ("cumprod",), "sigmoid": ("tanh",), "tanh": ("sigmoid",),
    "ones_like": ("zeros_like",), "zeros_like": ("ones_like",),
    "ones": ("zeros",), "zeros": ("ones",), "train": ("eval",), "eval": ("train",),
}  # fmt: skip
HEAD = 44  # characters of a statement in a label
REDUCTIONS = {"mean", "sum", "max", "min", "amax", "amin", "any", "all", "std", "var", "prod"}


@dataclass(frozen=True, kw_only=True)
class Scope:
    """The names around an expression.

    Attributes:
        module: its module's globals.
        variables: parameters and local names of the function or class → the line that makes them
            known, and their annotation.
        attributes: expression → those that it is asked for: ``{"batch": {"rainy", "clean"}}``.
    """

    module: Mapping[str, Any]
    variables: Mapping[str, tuple[int, str]]
    attributes: Mapping[str, tuple[str, ...]]

    def stand_ins(self, name: str, line: int) -> Iterator[str]:
        """Other variables that are known by then; of the same type, where types are told."""
        annotation = self.variables[name][1]
        for other, (known, its_annotation) in self.variables.items():
            same = not annotation or not its_annotation or annotation == its_annotation
            if other != name and known < line and same:
                yield other


def scope_of(definition: ast.AST, module: Mapping[str, Any]) -> Scope:
    """The names of a function or class in a module with these globals."""
    variables: dict[str, tuple[int, str]] = {}
    attributes: dict[str, dict[str, None]] = {}
    for node in ast.walk(definition):
        if isinstance(node, ast.arg):
            annotation = ast.unparse(node.annotation) if node.annotation else ""
            variables[node.arg] = (node.lineno, annotation)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            variables.setdefault(node.id, (node.lineno, ""))
        elif isinstance(node, ast.Attribute):
            attributes.setdefault(ast.unparse(node.value), {})[node.attr] = None
    return Scope(
        module=module,
        variables=variables,
        attributes={
            value: tuple(names)
            for value, names in attributes.items()
            if not isinstance(module.get(value), ModuleType)
        },
    )


def of_statement(node: ast.stmt) -> Iterator[tuple[list[ast.stmt], str | None]]:
    """The statement left out, done twice, or its own slips.

    Yields:
        The statements to put there, and what that is called; None where before and after tell it.
    """
    if isinstance(node, ast.Pass):
        return
    head = head_of(node)
    yield [], f"without `{head}`"
    match node:
        case ast.With():
            yield node.body, f"without `{head}`, its body kept"
        case ast.Expr():
            yield [node, node], f"`{head}` twice"
        case ast.AugAssign(target, operator, value):
            for op in OPERATORS[type(operator)]:
                yield [ast.AugAssign(target, op(), value)], None
            yield [ast.Assign([target], value, lineno=node.lineno)], None
        case ast.Raise(ast.Call(error, args)):
            yield (
                [ast.Raise(ast.Call(ast.Name("RuntimeError"), args, []), None)],
                f"raise {ast.unparse(error)} → raise RuntimeError",
            )


def head_of(node: ast.stmt) -> str:
    """The start of a statement, for a label."""
    head = ast.unparse(node).splitlines()[0]
    return head if len(head) <= HEAD else head[: HEAD - 1] + "…"


def of_test(node: ast.expr) -> ast.expr:
    """The condition negated."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        opposite = COMPARISONS[type(node.ops[0])][0]
        return ast.Compare(node.left, [opposite()], node.comparators)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return node.operand
    return ast.UnaryOp(ast.Not(), node)


def of_expression(node: ast.expr, scope: Scope) -> Iterator[ast.expr]:
    """What may stand instead of an expression whose parts stay as they are.

    Args:
        node: read, not assigned to.
        scope: the names around it.
    """
    match node:
        case ast.BinOp(left, operator, right):
            yield from (ast.BinOp(left, op(), right) for op in OPERATORS[type(operator)])
            if not isinstance(operator, COMMUTATIVE):
                yield ast.BinOp(right, operator, left)
            yield left
            yield right
        case ast.UnaryOp(ast.USub(), ast.Constant(int() | float() as value)):
            yield from map(_literal, _other_numbers(-value))
        case ast.UnaryOp(ast.USub() | ast.Not() | ast.Invert(), operand):
            yield operand
        case ast.BoolOp(both, values):
            yield ast.BoolOp(ast.Or() if isinstance(both, ast.And) else ast.And(), values)
            yield from (_unless_alone(rest, ast.BoolOp(both, rest)) for rest in _one_less(values))
        case ast.Compare(left, ops, comparators):
            for n, comparison in enumerate(ops):
                for other in COMPARISONS[type(comparison)]:
                    yield ast.Compare(left, [*ops[:n], other(), *ops[n + 1 :]], comparators)
        case ast.Name(name) if name in scope.variables:
            yield from map(ast.Name, scope.stand_ins(name, node.lineno))
        case ast.Attribute(value, name):
            for attribute in scope.attributes.get(ast.unparse(value), ()):
                if attribute != name:
                    yield ast.Attribute(value, attribute)
        case ast.Constant(bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(int() | float() as value):
            yield from map(_literal, _other_numbers(value))
        case ast.Constant(str() as value):
            yield ast.Constant(value + "?")
        case ast.Subscript(value, ast.Name() | ast.BinOp() as index):
            for step in (ast.Add(), ast.Sub()):
                yield ast.Subscript(value, ast.BinOp(index, step, ast.Constant(1)))
        case ast.Subscript(value, ast.Tuple(axes)):
            for rest in _one_less(axes):
                yield ast.Subscript(value, _unless_alone(rest, ast.Tuple(rest)))
        case ast.Slice():
            for bound in ("lower", "upper", "step"):
                if (end := getattr(node, bound)) is not None:
                    yield replaced(node, **{bound: None})
                if isinstance(end, ast.Name | ast.BinOp | ast.Call):
                    yield replaced(node, **{bound: ast.BinOp(end, ast.Add(), ast.Constant(1))})
        case ast.Tuple(items) | ast.List(items):
            yield from (replaced(node, elts=other) for other in _neighbours_swapped(items))
        case ast.Call():
            yield from _left_out(node, scope)
            yield from of_call(node, scope)


def of_call(node: ast.Call, scope: Scope) -> Iterator[ast.expr]:
    """The call under another name, with its arguments in another order, over other axes."""
    function, args, keywords = node.func, node.args, node.keywords
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    for other in NAMES.get(name, ()):
        if isinstance(function, ast.Attribute):
            yield replaced(node, func=replaced(function, attr=other))
        elif other in scope.module or hasattr(builtins, other):
            yield replaced(node, func=ast.Name(other))
    yield from (replaced(node, args=other) for other in _neighbours_swapped(args))
    for values in _neighbours_swapped([keyword.value for keyword in keywords]):
        others = [replaced(k, value=value) for k, value in zip(keywords, values, strict=True)]
        yield replaced(node, keywords=others)
    if name not in REDUCTIONS or not isinstance(function, ast.Attribute):
        return
    reduced = [] if _is_method(node, scope) else args[:1]
    axis = [keyword for keyword in keywords if keyword.arg in ("axis", "dim")]
    if len(args) > len(reduced) or axis:
        yield replaced(node, args=reduced, keywords=[k for k in keywords if k not in axis])
        keep = ast.keyword("keepdims", ast.Constant(True))  # torch knows this name too, and `axis`
        yield replaced(node, keywords=[*keywords, keep])
    else:
        for n in (0, -1):
            yield replaced(node, keywords=[*keywords, ast.keyword("axis", _literal(n))])


def replaced(node: Any, **fields: Any) -> Any:
    """A copy of the node with other fields; what is below it is shared."""
    changed = copy.copy(node)
    vars(changed).update(fields)
    return changed


def _left_out(node: ast.Call, scope: Scope) -> Iterator[ast.expr]:
    """What the call works on: ``x`` for ``x.method(…)`` and ``f(x, …)``."""
    is_method = _is_method(node, scope)
    if is_method and isinstance(node.func, ast.Attribute):
        yield node.func.value
    first = node.args[0] if node.args else ast.Starred(node)
    nothing_to_work_on = ast.Starred | ast.GeneratorExp
    if not isinstance(
        first, nothing_to_work_on | ast.Constant if is_method else nothing_to_work_on
    ):
        yield first


def _is_method(node: ast.Call, scope: Scope) -> bool:
    """Does it belong to a value, not to a module or class such as ``torch.nn.functional``?"""
    owner = node.func
    while isinstance(owner, ast.Attribute):
        owner = owner.value
    known = scope.module.get(owner.id) if isinstance(owner, ast.Name) else None
    return isinstance(node.func, ast.Attribute) and not isinstance(known, ModuleType | type)


def _other_numbers(value: Any) -> list[Any]:
    others = dict.fromkeys((value + 1, value - 1, 0, 2 * value, -value))
    return [other for other in others if other != value]


def _literal(value: Any) -> ast.expr:
    """A number as it is written: a minus is an operator."""
    return ast.Constant(value) if value >= 0 else ast.UnaryOp(ast.USub(), ast.Constant(-value))


def _neighbours_swapped(items: Sequence[ast.expr]) -> Iterator[list[ast.expr]]:
    for n in range(len(items) - 1):
        yield [*items[:n], items[n + 1], items[n], *items[n + 2 :]]


def _one_less(items: Sequence[ast.expr]) -> Iterator[list[ast.expr]]:
    for n in range(len(items)):
        yield [*items[:n], *items[n + 1 :]]


def _unless_alone(items: Sequence[ast.expr], together: ast.expr) -> ast.expr:
    return items[0] if len(items) == 1 else together
