"""Tell an exercise that nobody has started from one that is wrong."""

from __future__ import annotations

import dis
import inspect
from types import CodeType, FunctionType

# What stands in every function's bytecode, whatever it does (names differ between Pythons).
NOTHING = {
    "RESUME", "NOP", "CACHE", "PRECALL", "PUSH_NULL", "COPY_FREE_VARS", "MAKE_CELL", "NOT_TAKEN",
}  # fmt: skip


def is_stub(answer: object) -> bool:
    """Is this a function without a body, or a class whose public methods all are?

    A docstring, ``...``, ``pass``, ``return``, ``return None`` and ``raise NotImplementedError``
    are no body. Read from the bytecode, so that no source file is needed; a computation whose
    ``return`` was forgotten has bytecode, and is an attempt.
    """
    if inspect.isclass(answer):
        methods = [
            value
            for name, value in vars(answer).items()
            if isinstance(value, FunctionType) and not name.startswith("_")
        ]
        return bool(methods) and all(map(is_stub, methods))
    code = getattr(answer, "__code__", None)
    return isinstance(code, CodeType) and _does_nothing(code)


def _does_nothing(code: CodeType) -> bool:
    steps = [i for i in dis.get_instructions(code) if i.opname not in NOTHING]
    names = [step.opname for step in steps]
    if names in (["LOAD_CONST", "RETURN_VALUE"], ["RETURN_CONST"]):
        return steps[0].argval is None or steps[0].argval is ...
    return (
        names[:1] == ["LOAD_GLOBAL"]
        and steps[0].argval == "NotImplementedError"
        and "RAISE_VARARGS" in names
    )
