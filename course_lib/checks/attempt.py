"""Call a learner's function so that nothing it does can harm the check or the notebook."""

from __future__ import annotations

import functools
import inspect
import linecache
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import ModuleType, TracebackType
from typing import Any

import numpy as np
import torch
from torch import nn

from course_lib.checks.result import Wrong
from course_lib.checks.sandbox import Printed, one_call
from course_lib.checks.snapshot import Left, Snapshot
from course_lib.checks.static_analysis import result_of_working_in_place
from course_lib.checks.watchdog import TimedOut, TimeLimit

# Where None was taken for a list or an array; numpy makes an array without axes of it.
SIGNS_OF_NONE = ("NoneType", "dimension 0", "0-d", "unsized")


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call of the answer that came back.

    Attributes:
        value: what it returned.
        on: what it was called with, in words: ``"a picture of 5×9 pixels"``.
        changed: names of the arguments whose values the call changed.
        switched: global switches that it left in another position, in words.
        left: how it left the networks among its arguments: name, what it changed, in words.
        printed: whether anything has been printed so far.
        in_place: what explains a None, as `result_of_working_in_place` says it.
    """

    value: Any
    on: str
    changed: tuple[str, ...] = ()
    switched: tuple[str, ...] = ()
    left: tuple[tuple[str, Left, str], ...] = ()
    printed: bool = False
    in_place: str = ""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """An answer under a time limit, and how the lesson calls it.

    Attributes:
        function: the learner's.
        reference: the library's, whose signature counts.
        limit: the time for all calls together.
        known: whole diagnosis → the wrong function or class that it recognises.
        printed: where its output goes.
    """

    function: Callable[..., Any]
    reference: Callable[..., Any]
    limit: TimeLimit
    known: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    printed: Printed = field(default_factory=Printed)

    def call(self, *args: Any, on: str, **kwargs: Any) -> Call:
        """Call the answer.

        Arguments that hold numbers (arrays, tensors, lists and tuples of them) are compared
        with what they were before; networks, optimizers and generators may change.

        Args:
            on: what the arguments are, in words, for the diagnosis.

        Raises:
            Wrong: it can't be called so, raised, stopped Python, or didn't come back.
        """
        call, error = self.outcome(*args, on=on, **kwargs)
        if error is not None:
            raise Wrong(f"On {on}, your function raises {describe_error(error, self.function)}")
        assert call is not None
        return call

    def refuses(
        self, *args: Any, on: str, promised: type[Exception] = ValueError, **kwargs: Any
    ) -> None:
        """The answer must raise an error, as its docstring promises.

        Args:
            on: what is wrong with the arguments, in words.
            promised: the error in the docstring; a ValueError does for a TypeError too.

        Raises:
            Wrong: it returns something, or raises an error of another kind.
        """
        call, error = self.outcome(*args, on=on, **kwargs)
        if error is None:
            assert call is not None
            kind = call.value if inspect.isclass(call.value) else type(call.value)
            if issubclass(kind, BaseException):
                raise Wrong(
                    f"On {on}, your function returns the {kind.__name__} instead of raising it, "
                    f"so that whoever calls it goes on with it: write `raise {kind.__name__}(...)`."
                )
            raise Wrong(
                f"On {on}, your function returns {describe(call.value)}; "
                f"the docstring promises a {promised.__name__} there."
            )
        if not isinstance(error, ValueError | promised):
            raise Wrong(
                f"On {on}, the docstring promises a {promised.__name__}; "
                f"your function raises {describe_error(error, self.function)}"
            )

    def outcome(
        self, *args: Any, on: str, **kwargs: Any
    ) -> tuple[Call, None] | tuple[None, BaseException]:
        """As `call`, but an error that the answer raises is returned beside None.

        Raises:
            Wrong: it can't be called so, or didn't come back.
        """
        self._must_accept(args, kwargs)
        given = {**dict(zip(names_of(self.reference), args, strict=False)), **kwargs}
        before = {name: _copy(value) for name, value in given.items()}
        networks = {
            name: Snapshot(value) for name, value in given.items() if isinstance(value, nn.Module)
        }
        try:
            with one_call(self._modules) as seen:
                value = self.limit.call(lambda: self.function(*args, **kwargs))
        except TimedOut:
            raise Wrong(f"On {on}, {self.limit.why()}") from None
        except KeyboardInterrupt as error:
            if seen.interrupted:
                raise
            return None, error
        except BaseException as error:
            return None, error
        changed = tuple(name for name in given if not _same(given[name], before[name]))
        return Call(
            value=value,
            on=on,
            changed=changed,
            switched=tuple(seen.switched),
            left=tuple(
                (name, kind, words)
                for name, snapshot in networks.items()
                for kind, words in snapshot.changes()
            ),
            printed=bool(self.printed.tell()),
            in_place=result_of_working_in_place(self.function) if value is None else "",
        ), None

    @property
    def _modules(self) -> tuple[ModuleType, ...]:
        """The module of the reference, which the answer might change to have its way."""
        module = inspect.getmodule(self.reference)
        return (module,) if module else ()

    @functools.cached_property
    def _signature(self) -> inspect.Signature | None:
        try:
            return inspect.signature(self.function)
        except (TypeError, ValueError):  # some compiled functions don't tell
            return None

    def _must_accept(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if not self._signature:
            return
        try:
            self._signature.bind(*args, **kwargs)
        except TypeError as error:
            names = ", ".join(names_of(self.reference))
            what, head = ("function", "the exercise")
            if inspect.isclass(self.function):
                what, head = ("class", "its __init__")
            raise Wrong(
                f"Your {what} can't be called as the lesson calls it, with ({names}): {error}. "
                f"Keep the first line of {head} as it is."
            ) from None


@functools.lru_cache(maxsize=32)
def names_of(function: Callable[..., Any]) -> tuple[str, ...]:
    """The names of the parameters of a function of the library's, or of a slip."""
    return tuple(inspect.signature(function).parameters)


def describe(value: object) -> str:
    """A value's kind and size in words, without calling any of its own methods."""
    if value is None:
        return "None"
    if isinstance(value, torch.Tensor):
        return "a tensor" + _size(value)
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype}" + _size(value)
    if type(value) is bool:
        return f"the truth value {value}"
    if type(value) in (int, float, complex):
        return f"the number {value:.5g}"
    if isinstance(value, np.generic):
        return f"the number {value:.5g}" if value.dtype.kind in "fiu" else f"the value {value}"
    if type(value) is str:
        return f"the text {value[:40]!r}"
    if type(value) in (list, tuple, dict, set):
        return f"a {type(value).__name__} of {len(value)}"  # type: ignore[arg-type]
    if inspect.isgenerator(value):
        return "a generator (is there a `yield` where `return` belongs?)"
    if inspect.iscoroutine(value):
        value.close()
        return "a coroutine (is there an `async` before `def`?)"
    if inspect.isroutine(value):
        return "a function (are its parentheses missing?)"
    name = type(value).__name__
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


def describe_error(error: BaseException, function: Callable[..., Any]) -> str:
    """An error in one or two sentences: its kind, the learner's line, its message."""
    if isinstance(error, SystemExit):
        return "SystemExit: it calls exit(), which would end Python. Use `return` instead."
    try:
        message = " ".join(str(error).split())
    except Exception:  # an error class of the learner's own may fail here
        message = ""
    message = message if len(message) <= 300 else message[:299] + "…"
    text = f"{type(error).__name__}{_line_of(error, function)}{': ' if message else ''}{message}"
    if isinstance(error, NameError) and not isinstance(error, UnboundLocalError):
        text += ". Is it spelled so, and has the cell that defines it been run?"
    if "does not require grad" in message:
        text += (
            ". Nothing that learns is connected to this loss: is a torch.no_grad() block too "
            "wide, or a .detach() too many?"
        )
    if any(sign in message for sign in SIGNS_OF_NONE) and (
        in_place := result_of_working_in_place(function)
    ):
        text += f". {in_place}"
    if isinstance(error, RecursionError):
        text += ". The function calls itself without an end."
    return text


def _line_of(error: BaseException, function: Callable[..., Any]) -> str:
    """The deepest line inside the learner's own file or cell: ``in the line "x = 1 + image"``."""
    file, line = _file_of(function), 0
    for trace in _traces(error.__traceback__):
        if trace.tb_frame.f_code.co_filename == file:
            line = trace.tb_lineno
    text = linecache.getline(file, line).strip() if line else ""
    return f' in the line "{text}"' if text else ""


def _file_of(function: Callable[..., Any]) -> str:
    """The file or cell of a function, or of a class's own methods; empty where none is known."""
    function = inspect.unwrap(function)
    own = vars(function).values() if inspect.isclass(function) else (function,)
    codes = (getattr(one, "__code__", None) for one in own)
    return next((code.co_filename for code in codes if code is not None), "")


def _traces(trace: TracebackType | None) -> Iterator[TracebackType]:
    while trace is not None:
        yield trace
        trace = trace.tb_next


def _size(value: torch.Tensor | np.ndarray) -> str:
    if value.ndim == 0:
        return f" holding the number {value.item():.5g}"
    return f" of size {'×'.join(map(str, value.shape))}"


def _copy(value: Any) -> Any:
    """A copy of what an answer must leave alone; None for what it may change."""
    if isinstance(value, torch.Tensor):
        return value.detach().clone()
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, list | tuple):
        return [_copy(item) for item in value]
    if isinstance(value, str | int | float):
        return value
    return None


def _same(value: Any, copy: Any) -> bool:
    if isinstance(value, torch.Tensor):
        return value.shape == copy.shape and torch.equal(value.detach(), copy)
    if isinstance(value, np.ndarray):
        return value.shape == copy.shape and np.array_equal(value, copy, equal_nan=True)
    if isinstance(value, list | tuple):
        return len(value) == len(copy) and all(map(_same, value, copy))
    return copy is None or value == copy
