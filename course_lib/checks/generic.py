"""Wrong answers that every exercise gets: the right function, and something careless around it."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import nn

from course_lib.checks.task import Task

Answer = Callable[..., Any]


def generic_answers(task: Task) -> Iterator[tuple[str, Answer, str]]:
    """Name, function, and words of its diagnosis, for every careless answer that fits the task.

    Which ones fit follows from what the reference takes and returns at the lesson's size. Classes
    get none: a wrapped class is no class.
    """
    reference = task.reference
    if isinstance(reference, type) or not task.slips:
        return
    args = task.lesson_size(np.random.default_rng(0))
    value = reference(*args, **task.lesson_keywords)
    for name, after, words in _careless(args, value):
        yield f"generic: {name}", _around(reference, after), words


def _around(reference: Answer, after: Callable[[Any, tuple[Any, ...]], Any]) -> Answer:
    @functools.wraps(reference)
    def answer(*args: Any, **kwargs: Any) -> Any:
        return after(reference(*args, **kwargs), (*args, *kwargs.values()))

    return answer


def _careless(
    args: tuple[Any, ...], value: Any
) -> Iterator[tuple[str, Callable[[Any, tuple[Any, ...]], Any], str]]:
    yield "returns None", lambda value, args: None, "returns None"
    yield "prints", lambda value, args: print(value), "prints and returns None"
    yield "exits", lambda value, args: sys.exit(), "SystemExit"
    yield "KeyboardInterrupt", lambda value, args: _raise(KeyboardInterrupt()), "KeyboardInterrupt"
    yield "switches gradients off", _switch_gradients_off, "switches gradients off"
    if any(isinstance(one, np.ndarray | torch.Tensor) for one in args):
        yield "writes over its input", _write_over, "changes its input"
    if any(isinstance(one, nn.Module) for one in args):
        yield "eval mode", lambda value, args: _networks(args, nn.Module.eval, value), "eval mode"
        yield "requires_grad", _freeze, "requires_grad"
    if isinstance(value, torch.Tensor | np.ndarray | float | int | np.generic):
        yield "remembers", _remembering(), ""
    if isinstance(value, torch.Tensor) and value.ndim == 0 and value.requires_grad:
        yield "detached", lambda value, args: value.detach(), "gradient"
        yield "a number", lambda value, args: value.item(), "a scalar tensor is expected"


def _raise(error: BaseException) -> None:
    raise error


def _switch_gradients_off(value: Any, args: tuple[Any, ...]) -> Any:
    torch.set_grad_enabled(False)
    return value


def _write_over(value: Any, args: tuple[Any, ...]) -> Any:
    first = next(one for one in args if isinstance(one, np.ndarray | torch.Tensor))
    with torch.no_grad():
        first[...] = 0
    return value


def _networks(args: tuple[Any, ...], change: Callable[[nn.Module], Any], value: Any) -> Any:
    for one in args:
        if isinstance(one, nn.Module):
            change(one)
    return value


def _freeze(value: Any, args: tuple[Any, ...]) -> Any:
    return _networks(args, lambda network: network.requires_grad_(False), value)


def _remembering() -> Callable[[Any, tuple[Any, ...]], Any]:
    """Right the first time, and otherwise when the same arguments come again."""
    seen: set[str] = set()

    def after(value: Any, args: tuple[Any, ...]) -> Any:
        key = repr(args)
        again = key in seen
        seen.add(key)
        return value + 1 if again else value

    return after
