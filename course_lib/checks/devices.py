"""Try an answer on a GPU that need not be there, with PyTorch's FakeTensorMode.

Fake tensors have a shape, a type and a device, and no numbers. PyTorch's own rules say which
operations may bring two devices together, except for convolutions.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from course_lib.checks.result import Wrong
from course_lib.checks.sandbox import one_call
from course_lib.checks.watchdog import TimedOut, TimeLimit

TWO_DEVICES = "found two different devices"
MEND = (
    "Make new tensors where the others are: `torch.ones_like(x)`, `x.new_zeros(…)`, or "
    "`torch.ones(…, device=x.device)`."
)


def works_on_gpu(
    function: Callable[..., Any],
    reference: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    limit: TimeLimit,
    *,
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
        may_return_from_cpu: where its result lies makes no difference.

    Raises:
        Wrong: the answer brings tensors on the CPU and on the GPU together, reads a tensor on the
            GPU with numpy, or returns a tensor on the CPU.
    """
    from torch._subclasses.fake_tensor import FakeTensorMode

    try:
        with FakeTensorMode(allow_non_fake_inputs=False), _OnGPU():
            moved_args, moved_kwargs = _moved((args, kwargs), {})
            right = reference(*moved_args, **moved_kwargs)
    except Exception:  # the reference reads a value, as float(…) does
        right = None
    try:
        with one_call(), FakeTensorMode(allow_non_fake_inputs=False), _OnGPU():
            moved_args, moved_kwargs = _moved((args, kwargs), {})
            value = limit.call(lambda: function(*moved_args, **moved_kwargs))
    except _Numpy:
        raise Wrong(
            "With tensors on the GPU, your function fails: numpy can't read them there. Compute "
            "with torch."
        ) from None
    except TimedOut:
        return
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        if TWO_DEVICES in str(error):
            raise Wrong(
                "With tensors on the GPU, your function fails: it makes a tensor on the CPU and "
                f"computes with both. {MEND}"
            ) from None
        return
    if may_return_from_cpu:
        return
    for mine, theirs in zip(_tensors(value), _tensors(right), strict=False):
        if mine.device != theirs.device and (mine.ndim or theirs.device.type == "cuda"):
            raise Wrong(
                f"With tensors on the GPU, your function returns a tensor on the "
                f"{'GPU' if mine.is_cuda else 'CPU'}. {MEND}"
            )


class _Numpy(BaseException):
    """A tensor on the GPU was about to be read by numpy."""


# FakeTensorMode (PyTorch 2.11) refuses two devices everywhere but in these.
CONVOLUTIONS = {
    getattr(torch, f"conv{kind}{axes}d") for kind in ("", "_transpose") for axes in (1, 2, 3)
}


class _OnGPU(TorchFunctionMode):
    """Refuses what FakeTensorMode lets through and a GPU doesn't.

    A backward pass does nothing: without a GPU, its engine doesn't start.
    """

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func in (Tensor.numpy, Tensor.__array__) and args[0].is_cuda:
            raise _Numpy
        if func in CONVOLUTIONS:
            devices = {one.device for one in _tensors([*args, *kwargs.values()])}
            if len(devices) > 1:
                raise RuntimeError(f"{TWO_DEVICES} {', '.join(map(str, devices))}")
        if func is Tensor.backward:
            return None
        return func(*args, **kwargs)


def _moved(value: Any, memo: dict[int, Any]) -> Any:
    """The value with fake tensors on the GPU in place of its tensors.

    Args:
        value: anything; networks and optimizers are copied.
        memo: id of a tensor → the fake one that replaces it.
    """
    if isinstance(value, Tensor):
        if id(value) not in memo:
            fake = torch.empty(value.shape, dtype=value.dtype, device="cuda")
            fake = nn.Parameter(fake) if isinstance(value, nn.Parameter) else fake
            memo[id(value)] = fake.requires_grad_(value.requires_grad)
        return memo[id(value)]
    if isinstance(value, nn.Module | torch.optim.Optimizer):
        for tensor in _tensors_inside(value):
            _moved(tensor, memo)
        return copy.deepcopy(value, memo)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(_moved(one, memo) for one in value))
    if type(value) in (list, tuple):
        return type(value)(_moved(one, memo) for one in value)
    if type(value) is dict:
        return {key: _moved(one, memo) for key, one in value.items()}
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
