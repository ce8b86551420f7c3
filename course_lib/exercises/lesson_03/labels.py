"""What the checks of soft and of noisy labels have in common: one label for each entry."""

from __future__ import annotations

import torch
from torch import Tensor

from course_lib.checks import expect
from course_lib.checks.attempt import Call, describe
from course_lib.checks.result import Wrong


def size(shape: torch.Size | tuple[int, ...]) -> str:
    """A shape in words."""
    return "×".join(map(str, shape)) or "one number"


def one_for_each(call: Call, given: Tensor, name: str, mend: str) -> Tensor:
    """The call's value: a tensor with the shape, type and device of the one that was given.

    Args:
        call: what came back.
        given: logits or labels.
        name: what they are called: ``"logits"``.
        mend: what gives all three right.

    Raises:
        Wrong: another shape, type or device.
    """
    value = expect.returned(call)
    if not isinstance(value, Tensor):
        raise Wrong(
            f"On {call.on}, your function returns {describe(value)}; a tensor is expected, with "
            f"one label for each of the {name}. {mend}"
        )
    if value.shape != given.shape:
        raise Wrong(
            f"On {call.on}, your function returns {describe(value)}; there is one label for each "
            f"of the {name}, here {size(given.shape)}. {mend}"
        )
    if value.dtype != given.dtype:
        raise Wrong(
            f"Your labels are of the type {value.dtype} where the {name} are of {given.dtype}. "
            f"{mend}"
        )
    if value.device != given.device:
        raise Wrong(
            f"Your labels lie on the device {value.device} where the {name} lie on "
            f"{given.device}. {mend}"
        )
    return value
