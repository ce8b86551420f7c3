"""What a function may leave behind in a network that it was given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import torch
from torch import nn
from torch.nn.modules import module

Left = Literal[
    "mode", "requires_grad", "hooks", "forward", "gradients", "buffers", "averages", "weights"
]
Tensors = Mapping[str, torch.Tensor | None]

_HOOKS = (
    "_forward_hooks",
    "_forward_pre_hooks",
    "_backward_hooks",
    "_backward_pre_hooks",
    "_state_dict_hooks",
)

# Hooks on all networks: kind → handles and hooks.
GLOBAL_HOOKS: Mapping[str, dict[int, Any]] = {
    name: hooks
    for name, hooks in vars(module).items()
    if name.startswith("_global_") and isinstance(hooks, dict)
}


def hooks_on_all_networks() -> bool:
    """Whether there are any, as an answer may leave them."""
    return any(GLOBAL_HOOKS.values())


class Snapshot:
    """A network's modes, flags, hooks, gradients, buffers and weights at one moment.

    Args:
        network: it is read, never changed.
    """

    def __init__(self, network: nn.Module) -> None:
        self.network = network
        self.modes = {name: one.training for name, one in network.named_modules()}
        self.hooks = _hooks(network)
        self.forwards = _forwards(network)
        self.flags = {name: one.requires_grad for name, one in network.named_parameters()}
        self.gradients = {
            name: None if one.grad is None else one.grad.detach().clone()
            for name, one in network.named_parameters()
        }
        self.buffers = {name: one.detach().clone() for name, one in network.named_buffers()}
        self.weights = {name: one.detach().clone() for name, one in network.named_parameters()}

    def changes(self) -> Iterator[tuple[Left, str]]:
        """What is otherwise now: the kind of thing, and in words what happened to it."""
        modes = {name: one.training for name, one in self.network.named_modules()}
        if modes != self.modes:
            off = any(self.modes.get(name) and not mode for name, mode in modes.items())
            other = [name for name, mode in modes.items() if self.modes.get(name) != mode]
            part = "" if "" in other else f"with its layer `{other[0]}` "
            yield "mode", f"{part}in {'eval' if off else 'train'} mode"
        flags = {name: one.requires_grad for name, one in self.network.named_parameters()}
        if flags != self.flags:
            off = any(self.flags.get(name) and not flag for name, flag in flags.items())
            yield "requires_grad", f"with requires_grad switched {'off' if off else 'on'}"
        hooks = _hooks(self.network)
        if hooks != self.hooks:
            added = hooks - self.hooks
            yield "hooks", "with a hook of yours" if added else "without its hooks"
        if _forwards(self.network) != self.forwards:
            yield "forward", "with another `forward` in its layers"
        parameters = dict(self.network.named_parameters())
        gradients = {name: one.grad for name, one in parameters.items()}
        if not _same(gradients, self.gradients):
            cleared = all(one is None or not one.any() for one in gradients.values())
            yield "gradients", "without the gradients it had" if cleared else "with other gradients"
        buffers = dict(self.network.named_buffers())
        if buffers.keys() != self.buffers.keys():
            names = sorted(buffers.keys() ^ self.buffers.keys())
            yield "buffers", f"with other buffers than before: `{'`, `'.join(names)}`"
        elif not _same(buffers, self.buffers):
            yield "averages", "with other batch-norm averages (or other buffers)"
        if not _same(parameters, self.weights):
            yield "weights", "with other weights"


def _hooks(network: nn.Module) -> set[tuple[str, int]]:
    found = {
        (kind + name, handle)
        for name, one in network.named_modules()
        for kind in _HOOKS
        for handle in getattr(one, kind, ())
    }
    for name, parameter in network.named_parameters():
        for kind in ("_backward_hooks", "_post_accumulate_grad_hooks"):
            found |= {(name, handle) for handle in getattr(parameter, kind, None) or ()}
    for kind, hooks in GLOBAL_HOOKS.items():
        found |= {(kind, handle) for handle in hooks}
    return found


def _forwards(network: nn.Module) -> dict[str, int]:
    """Layers whose own `forward` takes the place of their class's."""
    return {
        name: id(vars(one)["forward"])
        for name, one in network.named_modules()
        if "forward" in vars(one)
    }


def _same(now: Tensors, before: Tensors) -> bool:
    return now.keys() == before.keys() and all(
        one is other or (one is not None and other is not None and _equal(one.detach(), other))
        for one, other in ((now[name], before[name]) for name in now)
    )


def _equal(one: torch.Tensor, other: torch.Tensor) -> bool:
    return one.shape == other.shape and torch.allclose(one, other, rtol=0, atol=0, equal_nan=True)
