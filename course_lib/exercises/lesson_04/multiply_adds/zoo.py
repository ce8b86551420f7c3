"""Exercise 04.5: answers in styles that differ from the reference's."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_hook
from torch.utils.flop_counter import FlopCounterMode

from course_lib.checks.copies import twin_of

COUNTED = (nn.Conv2d, nn.Linear, nn.ConvTranspose2d)


def right(layer, given, output):
    """The products of one call of a layer."""
    if isinstance(layer, nn.ConvTranspose2d):
        return given.numel() * layer.weight[0].numel()
    return output.numel() * layer.weight[0].numel() if isinstance(layer, COUNTED) else 0


def pictures(model, size):
    """What a network is called with."""
    return [torch.zeros(1, 3, size, size)] * (1 + bool(getattr(model, "conditional", False)))


def calls(model, size, layers=None):
    """Each call of a layer, or of these layers as often as they come: layer, input, output."""
    found, places = [], {}
    twin = twin_of(model, places).eval()
    for layer in list(model.modules()) if layers is None else layers:
        places[id(layer)].register_forward_hook(
            lambda one, inputs, output: found.append((one, inputs[0], output))
        )
    with torch.no_grad():
        twin(*pictures(model, size))
    return found


def walk(model, size, products, layers=None):
    """The sum of a rule over all calls of layers."""
    return sum(int(products(*call)) for call in calls(model, size, layers))


def _then(change):
    """A right count that leaves the network changed."""

    def answer(model, size):
        total = walk(model, size, right)
        change(model)
        return total

    return answer


def _hooks(model, found):
    """Hooks that put the products of each call into a list."""

    def count(layer, inputs, output):
        found.append(right(layer, inputs[0], output))

    return [layer.register_forward_hook(count) for layer in model.modules()]


def _hook_returns(model, size):
    found = []
    model = twin_of(model, {}).eval()
    for layer in model.modules():
        layer.register_forward_hook(lambda one, given, out: found.append(out) or len(found))
    model(*pictures(model, size))
    return len(found)


def _in_place(model, size):
    """On the network itself, put back even where it fails; pictures of random numbers."""
    modes = {name: layer.training for name, layer in model.named_modules()}
    hooks = _hooks(model, found := [])
    try:
        model.eval()
        with torch.inference_mode():
            model(*map(torch.rand_like, pictures(model, size)))
    finally:
        for hook in hooks:
            hook.remove()
        for name, mode in modes.items():
            model.get_submodule(name).training = mode
    return sum(found)


def _by_sizes(model, size):
    """Copies, and sizes of kernels."""

    def products(layer, given, output):
        if isinstance(layer, nn.Linear):
            return output.numel() * layer.in_features
        if not isinstance(layer, COUNTED):
            return 0
        transposed = isinstance(layer, nn.ConvTranspose2d)
        values, channels = (given, "out_channels") if transposed else (output, "in_channels")
        return (
            values.numel() * getattr(layer, channels) // layer.groups * math.prod(layer.kernel_size)
        )

    return walk(model, size, products)


def _by_flop_counter(model, size):
    """Torch's own counter, which counts multiplications and additions apart."""
    model = twin_of(model, {}).eval()
    with FlopCounterMode(display=False) as counter:
        model(*pictures(model, size))
    return counter.get_total_flops() // 2


def _by_patching(model, size):
    """Other forwards for a while, instead of hooks."""
    total = 0

    def counted(layer, forward, x):
        nonlocal total
        output = forward(x)
        total += right(layer, x, output)
        return output

    modes = {layer: layer.training for layer in model.modules()}
    layers = [layer for layer in modes if isinstance(layer, COUNTED)]
    for layer in layers:
        vars(layer)["forward"] = partial(counted, layer, layer.forward)
    model.eval()(*pictures(model, size))
    for layer in layers:
        del layer.forward
    for layer, mode in modes.items():
        layer.training = mode
    return total


def _by_hook_for_all(model, size):
    """One hook for all networks, on a device that holds no numbers."""
    found = []
    model = twin_of(model, {}).eval().to("meta")
    handle = register_module_forward_hook(
        lambda layer, inputs, output: found.append(right(layer, inputs[0], output))
    )
    model(*(picture.to("meta") for picture in pictures(model, size)))
    handle.remove()
    return sum(found)


def _leaves_by_name(model, size):
    names = [name for name, _ in model.named_modules()]
    leaves = [name for name in names if sum(one.startswith(name) for one in names) == 1]
    return walk(model, size, right, [model.get_submodule(name) for name in leaves])


def _groups_and_transposed(model, size):
    def products(one, given, out):
        if isinstance(one, nn.Conv2d):
            return out.numel() * one.in_channels * one.kernel_size[0] * one.kernel_size[1]
        return out.numel() * one.weight[0].numel() if isinstance(one, COUNTED) else 0

    return walk(model, size, products)


WRITTEN = {
    _then(lambda model: model.eval()): "in eval mode",
    _then(lambda model: model.train()): "in train mode",
    _then(lambda model: model.train(model.training)): "in train mode",
    _then(lambda model: model.train()(*pictures(model, 4))): "mode",
    _then(lambda model: _hooks(model, [])): "with a hook of yours",
    _then(lambda model: register_module_forward_hook(lambda *call: None)): "with a hook of yours",
    _then(lambda model: [one._forward_hooks.clear() for one in model.modules()]): "its hooks",
    _then(lambda model: setattr(model, "forward", model.forward)): "another `forward`",
    _then(lambda model: model.requires_grad_(False)): "requires_grad switched off",
    _then(lambda model: [nn.init.ones_(one) for one in model.parameters()]): "with other weights",
    _then(lambda model: sum(one.sum() for one in model.parameters()).backward()): "gradients",
    _then(lambda model: model.zero_grad()): "without the gradients it had",
    _then(lambda model: model.register_buffer("total_ops", torch.zeros(1))): "`total_ops`",
    lambda model, size, seen=[]: seen.append(walk(model, size, right)) or sum(seen): "keeps",
    _hook_returns: "let your hook return nothing",
    lambda *args: int(sum(np.float32(right(*call)) for call in calls(*args))): "32 bits can't",
    _leaves_by_name: "layers called conv, conv1 and conv10",
    _groups_and_transposed: "On convolutions: Your convolutions forget groups",
    lambda model, size: {"total": walk(model, size, right)}: "one number is expected",
    lambda model, size: print(walk(model, size, right)): "prints and returns None",
    lambda model, size: 60_000: "gives 60,000 whatever it is called with",
}

VALID = (
    _in_place, _by_sizes, _by_flop_counter, _by_patching, _by_hook_for_all,
    partial(walk, products=right), lambda model, size: np.int64(walk(model, size, right)),
)  # fmt: skip

ORDER = "Neither of the two statements needs what the other does."
FILTERS = "All filters of a layer have as many weights."
SIZE = "Only the picture's size counts."

EQUIVALENT = {
    "line 3: `def count(layer: nn.Module, inputs: tuple[t…` after the next statement": ORDER,
    "line 6: layer.weight[0] → layer.weight[-1]": FILTERS,
    "line 8: layer.weight[0] → layer.weight[-1]": FILTERS,
    "line 8: inputs[0] → inputs[-1]": "A transposed convolution gets one tensor.",
    "line 10: `modes = [(layer, layer.training) for layer …` after the next statement": ORDER,
    "line 11: `hooks = [layer.register_forward_hook(count)…` after the next statement": ORDER,
    "line 12: torch.zeros(1, 3, size, size) → torch.ones(1, 3, size, size)": SIZE,
    "line 14: without `with torch.no_grad():`, its body kept": "Gradients only take memory.",
    "line 17: `for hook in hooks:` after the next statement": ORDER,
    "line 18: `hook.remove()` twice": "A hook that is gone can be removed again.",
}
