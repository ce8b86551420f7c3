"""A GPU that isn't there: what an answer would do on two devices, tried on the CPU alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from course_lib.checks.attempt import Attempt
from course_lib.checks.result import Wrong
from course_lib.checks.sandbox import one_call
from course_lib.checks.watchdog import TimedOut

GPU = torch.device("cuda", 0)

MOVES: tuple[Any, ...] = (Tensor.to, Tensor.type_as, Tensor.cpu)

# Indices and masks may lie on the CPU, whatever they pick from.
PICKS: tuple[Any, ...] = (Tensor.__getitem__, Tensor.__setitem__)

TO_NUMPY: tuple[Any, ...] = (Tensor.numpy, Tensor.__array__)


class GeneratorOnGPU(torch.Generator):
    """A generator that says it is the GPU's."""

    device = GPU


def on_gpu(tensor: Tensor) -> Tensor:
    """A copy of the tensor that `try_on_gpu` takes for one on the GPU."""
    return _placed(tensor.detach().clone(), True)


def try_on_gpu(attempt: Attempt, *args: Any, on: str, mend: str, **kwargs: Any) -> None:
    """The answer keeps two devices apart, and its result lies where its first argument does.

    An answer that fails here for another reason does what only a real GPU can judge, and passes.

    Args:
        attempt: the answer.
        args, kwargs: its arguments; tensors of `on_gpu` and a `GeneratorOnGPU` are on the GPU.
        on: what they are, in words.
        mend: what to do about a mistake.

    Raises:
        Wrong: it brings them together, or its result lies elsewhere.
    """
    function: Callable[..., Any] = attempt.function
    try:
        with one_call(), _TwoDevices():
            value = attempt.limit.call(lambda: function(*args, **kwargs))
    except _Mixed as error:
        raise Wrong(f"On {on}, your function stops: {error}. {mend}") from None
    except (Exception, TimedOut):
        return
    if isinstance(value, Tensor) and value.ndim and _is_on_gpu(value) != _is_on_gpu(args[0]):
        place = "GPU" if _is_on_gpu(value) else "CPU"
        raise Wrong(f"On {on}, your function returns a tensor on the {place}. {mend}")


class _Mixed(RuntimeError):
    """What lies on two devices has been brought together."""


class _TwoDevices(TorchFunctionMode):
    """Keeps account of where each tensor would lie, and refuses what a GPU would."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        if func == Tensor.device.__get__:
            return GPU if _is_on_gpu(args[0]) else func(*args)
        here = _goal(func, args, kwargs)
        generator = kwargs.get("generator")
        if generator is not None and isinstance(generator, GeneratorOnGPU) != here:
            theirs, ours = ("CPU", "GPU") if here else ("GPU", "CPU")
            raise _Mixed(f"a generator on the {theirs} can't draw numbers on the {ours}")
        if func in MOVES:
            moved = args[0] if _is_on_gpu(args[0]) == here else args[0].clone()
            named = ("cpu" if isinstance(one, str | torch.device) else one for one in args[1:])
            args = (moved, *named)
        if "device" in kwargs:
            kwargs["device"] = "cpu"
        result = func(*args, **kwargs)
        for tensor in _tensors(result):
            _placed(tensor, here)
        return result


def _goal(func: Any, args: Any, kwargs: Any) -> bool:
    """Does the result lie on the GPU?

    Raises:
        _Mixed: it can't be computed.
    """
    if func is Tensor.cpu:
        return False
    named = [*args[1:], *kwargs.values()] if func in MOVES else [kwargs.get("device")]
    places = [place for place in map(_place, named) if place is not None]
    if places:
        return places[0]
    given = list(_tensors([args, kwargs]))
    here = any(map(_is_on_gpu, given))
    if here and func in TO_NUMPY:
        raise _Mixed("numpy can't read a tensor on the GPU")
    if here and func not in PICKS and any(t.ndim and not _is_on_gpu(t) for t in given):
        raise _Mixed("it reckons with a tensor on the GPU and one on the CPU")
    return here


def _placed(tensor: Tensor, on_gpu: bool) -> Tensor:
    tensor.is_on_gpu = on_gpu  # type: ignore[attr-defined]
    return tensor


def _is_on_gpu(tensor: Tensor) -> bool:
    return getattr(tensor, "is_on_gpu", False)


def _place(value: Any) -> bool | None:
    """Is it on the GPU, or the GPU's name? None for what has no place."""
    if isinstance(value, Tensor):
        return _is_on_gpu(value)
    if isinstance(value, str | torch.device):
        return torch.device(value).type == GPU.type
    return None


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, dict):
        yield from _tensors(list(value.values()))
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _tensors(one)
