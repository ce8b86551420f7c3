"""Try an answer on a GPU that need not be there, with PyTorch's FakeTensorMode.

Fake tensors have a shape, a type and a device, and no numbers. PyTorch's own rules say which
operations may bring two devices together, except for convolutions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from course_lib.checks.copies import copied
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
) -> None:
    """The answer computes with tensors on a GPU, and its result lies where the reference's does.

    What fake tensors can't tell, such as a branch on a tensor's values, passes, and so does
    whatever comes after it.

    Args:
        function: the answer.
        reference: the library's function, which says where the result belongs.
        args, kwargs: ordinary arguments on the CPU; tensors in them, also in networks, lists,
            tuples and dictionaries, are replaced by fake ones on the GPU.
        limit: the time of the check.

    Raises:
        Wrong: the answer brings tensors on the CPU and on the GPU together, reads a tensor on the
            GPU with numpy, or returns a tensor on the CPU.
    """
    from torch._subclasses.fake_tensor import FakeTensorMode

    theirs, ours = (copied((args, kwargs)) for _ in range(2))
    try:
        with FakeTensorMode(allow_non_fake_inputs=False):
            right = reference(*_moved(theirs[0]), **_moved(theirs[1]))
    except Exception:  # the reference reads a value, as float(…) does
        right = None
    try:
        with one_call(), FakeTensorMode(allow_non_fake_inputs=False), _Guard():
            value = limit.call(lambda: function(*_moved(ours[0]), **_moved(ours[1])))
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


class _Guard(TorchFunctionMode):
    """Refuses what FakeTensorMode lets through and a GPU doesn't."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func in (Tensor.numpy, Tensor.__array__) and args[0].is_cuda:
            raise _Numpy
        if func in CONVOLUTIONS:
            devices = {one.device for one in _tensors([*args, *kwargs.values()])}
            if len(devices) > 1:
                raise RuntimeError(f"{TWO_DEVICES} {', '.join(map(str, devices))}")
        return func(*args, **kwargs)


def _moved(value: Any) -> Any:
    """The value with fake tensors on the GPU in place of its tensors; networks change in place."""
    if isinstance(value, Tensor):
        fake = torch.empty(value.shape, dtype=value.dtype, device="cuda")
        if isinstance(value, nn.Parameter):
            return nn.Parameter(fake, value.requires_grad)
        return fake.requires_grad_(value.requires_grad)
    if isinstance(value, nn.Module):
        fakes: dict[int, Tensor] = {}  # a tensor that two layers share stays one
        for module in value.modules():
            for tensors in (module._parameters, module._buffers):
                for name, tensor in tensors.items():
                    if tensor is not None and id(tensor) not in fakes:
                        fakes[id(tensor)] = _moved(tensor)
                    if tensor is not None:
                        tensors[name] = fakes[id(tensor)]  # type: ignore[assignment]
        return value
    if type(value) in (list, tuple):
        return type(value)(map(_moved, value))
    if type(value) is dict:
        return {key: _moved(one) for key, one in value.items()}
    return value


def _tensors(value: Any) -> list[Tensor]:
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, list | tuple):
        return [tensor for one in value for tensor in _tensors(one)]
    return []
