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

    Which ones fit follows from what the reference takes and returns at the lesson's size. A class
    that makes networks is replaced by a function that does; other classes get none.
    """
    reference = task.reference
    makes_networks = isinstance(reference, type) and issubclass(reference, nn.Module)
    if (isinstance(reference, type) and not makes_networks) or not task.slips:
        return
    args = task.lesson_size(np.random.default_rng(0))
    value = reference(*args, **task.lesson_keywords)
    for name, after, words in _careless(args, value):
        yield f"generic: {name}", _around(reference, after), words


def _around(reference: Answer, after: Callable[[Any, tuple[Any, ...]], Any]) -> Answer:
    @functools.wraps(reference, updated=())
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
    if isinstance(value, nn.Module):
        yield from _careless_networks(value)
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


class _Around(nn.Module):
    """A network, and something around its forward."""

    def __init__(self, network: nn.Module, forward: Callable[[Any, torch.Tensor], Any]) -> None:
        super().__init__()
        self.network, self.function = network, forward

    def forward(self, x: torch.Tensor) -> Any:
        """Whatever the function makes of the network and its input."""
        return self.function(self.network, x)


def _careless_networks(
    first: nn.Module,
) -> Iterator[tuple[str, Callable[[Any, tuple[Any, ...]], Any], str]]:
    yield "a class", lambda network, args: type(network), "returns the class"
    yield "made in eval mode", lambda network, args: network.eval(), "comes in eval mode"
    yield "frozen", lambda network, args: network.requires_grad_(False), "requires_grad"
    yield "same network", _once_for_all(), "have the same weights"
    for name, forward, words in (
        ("without return", lambda network, x: None, "forward returns None"),
        ("a list", lambda network, x: [network(x)], "forward returns a list"),
        ("no gradient", torch.no_grad()(lambda network, x: network(x)), "no gradient flows"),
        ("writes over", lambda network, x: network(x.mul_(2)), "writes over"),
        ("noise", lambda network, x: network(x) + torch.rand(1).item(), "gives something else"),
        ("on the CPU", lambda network, x: network(x) + torch.zeros(x.shape[0], 1, 1, 1), "CPU"),
        ("in float", lambda network, x: network(x.float()), "After network.double()"),
        ("eval in forward", lambda network, x: network.eval()(x), "switches its mode"),
    ):
        yield name, functools.partial(_around_it, forward), words
    yield "hidden", _hidden, "no optimizer finds them"
    yield "one weight more", _one_more, "that nothing depends on"


def _around_it(forward: Callable[[Any, torch.Tensor], Any], network: Any, args: Any) -> nn.Module:
    return _Around(network, forward)


def _hidden(network: Any, args: Any) -> nn.Module:
    return _Around(nn.Identity(), lambda _, x: network(x))


def _one_more(network: Any, args: Any) -> nn.Module:
    return _Around(nn.ModuleList([network, nn.Linear(2, 2)]), lambda both, x: both[0](x))


def _once_for_all() -> Callable[[Any, tuple[Any, ...]], Any]:
    made: dict[str, Any] = {}
    return lambda network, args: made.setdefault(repr(args), network)


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
