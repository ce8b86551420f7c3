"""Try an answer on a GPU that need not be there, with PyTorch's FakeTensorMode.

Fake tensors have a shape, a type and a device, and no numbers. PyTorch's own rules say which
operations may bring two devices together, except for convolutions and generators.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any, Literal

import torch
from torch import Generator, Tensor, nn
from torch.overrides import TorchFunctionMode

from course_lib.checks.result import Wrong
from course_lib.checks.sandbox import one_call
from course_lib.checks.watchdog import TimedOut, TimeLimit

TWO_DEVICES = "found two different devices"
MEND = (
    "Make new tensors where the others are: `torch.ones_like(x)`, `x.new_zeros(…)`, or "
    "`torch.ones(…, device=x.device)`."
)
MEND_DRAWS = (
    "Draw on the generator's device, torch.rand(…, generator=generator, "
    "device=generator.device), and bring the draws to the other tensors: `.to(x.device)`."
)
Device = Literal["cpu", "cuda"]


def works_on_gpu(
    function: Callable[..., Any],
    reference: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    limit: TimeLimit,
    *,
    tensors: Device = "cuda",
    generators: Device = "cpu",
    may_return_from_cpu: bool = False,
) -> None:
    """The answer computes with tensors on a GPU, and its result lies where the reference's does.

    What fake tensors can't tell, such as a branch on a tensor's values, passes, and so does
    whatever comes after it.

    Args:
        function: the answer.
        reference: the library's function, which says where the result belongs.
        args, kwargs: ordinary arguments on the CPU; tensors in them, also in lists, tuples,
            dictionaries, networks and optimizers, are replaced by fake ones on the GPU. A
            backward pass does nothing there.
        limit: the time of the check.
        tensors, generators: where the answer's tensors and torch generators are.
        may_return_from_cpu: where its result lies makes no difference.

    Raises:
        Wrong: the answer brings tensors on the CPU and on the GPU together, reads a tensor on the
            GPU with numpy, draws on another device than the generator's, or returns a tensor on
            another device than the reference does.
    """
    from torch._subclasses.fake_tensor import FakeTensorMode

    draws = any(isinstance(one, Generator) for one in (*args, *kwargs.values()))
    on = f"With tensors on the {_name(tensors)}"
    on += f" and a generator on the {_name(generators)}" if draws else ""

    def given() -> tuple[tuple[Any, ...], dict[str, Any]]:
        return _moved((args, kwargs), {}, tensors, generators)

    try:
        with FakeTensorMode(allow_non_fake_inputs=False), _OnGPU():
            moved_args, moved_kwargs = given()
            right = reference(*moved_args, **moved_kwargs)
    except Exception:  # the reference reads a value, as float(…) does
        right = None
    try:
        with one_call(), FakeTensorMode(allow_non_fake_inputs=False), _OnGPU(limit):
            moved_args, moved_kwargs = given()
            value = limit.call(lambda: function(*moved_args, **moved_kwargs), patience=1.0)
    except _Numpy:
        there = "what is on the GPU" if draws else "them there"
        raise Wrong(
            f"{on}, your function fails: numpy can't read {there}. Compute with torch."
        ) from None
    except _Draws as error:
        raise Wrong(f"{on}, your function fails: {error}. {MEND_DRAWS}") from None
    except TimedOut:
        return
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        if TWO_DEVICES in str(error):
            if draws:
                raise Wrong(
                    f"{on}, your function fails: it computes with a tensor on the CPU and one on "
                    f"the GPU. {MEND_DRAWS}"
                ) from None
            raise Wrong(
                f"{on}, your function fails: it makes a tensor on the CPU and computes with both. "
                f"{MEND}"
            ) from None
        return
    if may_return_from_cpu:
        return
    for mine, theirs in zip(_tensors(value), _tensors(right), strict=False):
        if mine.device != theirs.device and (mine.ndim or theirs.device.type == "cuda"):
            raise Wrong(
                f"{on}, your function returns a tensor on the {_name(mine.device.type)}. "
                f"{MEND_DRAWS if draws else MEND}"
            )


def _name(device: str) -> str:
    return "GPU" if device == "cuda" else "CPU"


class GeneratorOnGPU(Generator):
    """A generator on the CPU that says it is the GPU's; fake tensors take its word for it."""

    device = torch.device("cuda", 0)


class _Numpy(BaseException):
    """A tensor on the GPU was about to be read by numpy."""


class _Draws(BaseException):
    """A generator was about to draw on another device than its own."""


# FakeTensorMode (PyTorch 2.11) refuses two devices everywhere but in these.
CONVOLUTIONS = {
    getattr(torch, f"conv{kind}{axes}d") for kind in ("", "_transpose") for axes in (1, 2, 3)
}


class _OnGPU(TorchFunctionMode):
    """Refuses what FakeTensorMode lets through and a GPU doesn't.

    A backward pass does nothing: without a GPU, its engine doesn't start.

    Args:
        limit: after whose time every function of torch raises `TimedOut`.
    """

    def __init__(self, limit: TimeLimit | None = None) -> None:
        super().__init__()
        self.limit = limit

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if self.limit and self.limit.passed:
            raise TimedOut
        kwargs = kwargs or {}
        if func in (Tensor.numpy, Tensor.__array__) and args[0].is_cuda:
            raise _Numpy
        _same_device_as_generator([*args, *kwargs.values()], kwargs.get("device"))
        if func in CONVOLUTIONS:
            devices = {one.device for one in _tensors([*args, *kwargs.values()])}
            if len(devices) > 1:
                raise RuntimeError(f"{TWO_DEVICES} {', '.join(map(str, devices))}")
        if func is Tensor.backward:
            return None
        return func(*args, **kwargs)


def _same_device_as_generator(given: list[Any], device: Any) -> None:
    """Drawn numbers lie where a call says, or its tensors are, or on the CPU."""
    generator = next((one for one in given if isinstance(one, Generator)), None)
    if generator is None:
        return
    if device is None:
        device = next((tensor.device for tensor in _tensors(given)), "cpu")
    there, here = generator.device.type, torch.device(device).type
    if there != here:
        raise _Draws(f"a generator on the {_name(there)} can't draw numbers on the {_name(here)}")


def _moved(value: Any, memo: dict[int, Any], tensors: Device, generators: Device) -> Any:
    """The value with fake tensors on a device in place of its tensors.

    Args:
        value: anything; networks and optimizers are copied.
        memo: id of a tensor → the fake one that replaces it.
        tensors, generators: where they are.
    """

    def move(value: Any) -> Any:
        return _moved(value, memo, tensors, generators)

    if isinstance(value, Tensor):
        if id(value) not in memo:
            fake = torch.empty(value.shape, dtype=value.dtype, device=tensors)
            fake = nn.Parameter(fake) if isinstance(value, nn.Parameter) else fake
            memo[id(value)] = fake.requires_grad_(value.requires_grad)
        return memo[id(value)]
    if isinstance(value, Generator):
        return GeneratorOnGPU() if generators == "cuda" else value.clone_state()
    if isinstance(value, nn.Module | torch.optim.Optimizer):
        for tensor in _tensors_inside(value):
            move(tensor)
        return copy.deepcopy(value, memo)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*map(move, value))
    if type(value) in (list, tuple):
        return type(value)(map(move, value))
    if type(value) is dict:
        return {key: move(one) for key, one in value.items()}
    return value


def _tensors_inside(value: nn.Module | torch.optim.Optimizer) -> Iterator[Tensor]:
    if isinstance(value, nn.Module):
        yield from value.parameters()
        yield from value.buffers()
        return
    for group in value.param_groups:
        yield from group["params"]
    for state in value.state.values():
        yield from (one for one in state.values() if isinstance(one, Tensor))


def _tensors(value: Any) -> list[Tensor]:
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, list | tuple):
        return [tensor for one in value for tensor in _tensors(one)]
    return []
