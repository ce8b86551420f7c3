"""Fresh copies of arguments, for calls that must not see what another call left behind."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn


def copied(value: Any) -> Any:
    """A copy of tensors, arrays, networks and generators, also in containers of them.

    A tensor that asks for gradients comes as a network's output does, not as a leaf, because
    working in place on a leaf is an error and on an output it isn't.
    """
    if isinstance(value, Tensor):
        fresh = value.detach().clone()
        return fresh.requires_grad_() * 1 if value.requires_grad else fresh
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, torch.Generator):
        return value.clone_state()
    if isinstance(value, nn.Module):
        network = copy.deepcopy(value)
        for mine, theirs in zip(network.parameters(), value.parameters(), strict=True):
            mine.grad = copied(theirs.grad)  # which deepcopy leaves out
        return network
    if isinstance(value, np.random.Generator):
        return copy.deepcopy(value)
    if isinstance(value, tuple) and hasattr(value, "_fields"):  # a named tuple
        return type(value)(*map(copied, value))
    if type(value) in (list, tuple):
        return type(value)(map(copied, value))
    if type(value) is dict:
        return {key: copied(one) for key, one in value.items()}
    return value
