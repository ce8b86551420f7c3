"""Exercise 04.5: answers in styles that differ from the reference's."""

from __future__ import annotations

import copy
from functools import partial

import numpy as np
import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_hook

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
    """Each call of a layer: the layer, what it got, what it gave.

    Args:
        model: stays as it is.
        size: of the picture.
        layers: which layers, as often as they count; all when left out.
    """
    found, places = [], {}
    twin = copy.deepcopy(model, places).eval()
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


class _Counter:
    """What the answers below, which work on the network itself, count with."""

    def __init__(self):
        self.total = 0

    def __call__(self, layer, inputs, output):
        self.total += right(layer, inputs[0], output)


def _hooks(model, counter):
    return [layer.register_forward_hook(counter) for layer in model.modules()]


def _left_in_eval_mode(model, size):
    hooks = _hooks(model, counter := _Counter())
    with torch.no_grad():
        model.eval()(*pictures(model, size))
    for hook in hooks:
        hook.remove()
    return counter.total


def _hook_for_all_left(model, size):
    register_module_forward_hook(counter := _Counter())
    copy.deepcopy(model).eval()(*pictures(model, size))
    return counter.total


def _forward_left(model, size):
    counter = _Counter()
    modes = [(layer, layer.training) for layer in model.modules()]
    for layer in model.modules():

        def forward(*inputs, layer=layer, before=layer.forward):
            output = before(*inputs)
            counter(layer, inputs, output)
            return output

        vars(layer)["forward"] = forward
    model.eval()(*pictures(model, size))
    for layer, mode in modes:
        layer.training = mode
    return counter.total


def _all_to_train_mode(model, size):
    total = _left_in_eval_mode(model, size)
    model.train()
    return total


def _all_to_the_mode_of_the_whole(model, size):
    training = model.training
    total = _left_in_eval_mode(model, size)
    model.train(training)
    return total


def _frozen(model, size):
    model.requires_grad_(False)
    return walk(model, size, right)


def _weights_of_one(model, size):
    for parameter in model.parameters():
        nn.init.ones_(parameter)
    return walk(model, size, right)


def _backwards_too(model, size):
    modes = [(layer, layer.training) for layer in model.modules()]
    model.eval()(*pictures(model, size)).sum().backward()
    for layer, mode in modes:
        layer.training = mode
    return walk(model, size, right)


def _buffers(model, size):
    model.register_buffer("total_ops", torch.zeros(1))
    return walk(model, size, right)


def _kept_in_a_default(model, size, found=[]):  # noqa: B006
    found.append(walk(model, size, right))
    return sum(found)


def _hook_returns(model, size):
    counter = _Counter()

    def count(layer, inputs, output):
        counter(layer, inputs, output)
        return counter.total

    model = copy.deepcopy(model).eval()
    _hooks(model, count)
    model(*pictures(model, size))
    return counter.total


def _one_picture_for_all(model, size):
    model = copy.deepcopy(model).eval()
    _hooks(model, counter := _Counter())
    model(torch.zeros(1, 3, size, size))
    return counter.total


def _two_pictures(model, size):
    wide = [picture.expand(2, -1, -1, -1) for picture in pictures(model, size)]
    found = []
    model = copy.deepcopy(model).eval()
    for layer in model.modules():
        layer.register_forward_hook(
            lambda one, inputs, out: found.append(right(one, inputs[0], out))
        )
    model(*wide)
    return sum(found)


def _in_place(model, size):
    """On the network itself, put back even where it fails."""
    modes = {name: layer.training for name, layer in model.named_modules()}
    hooks = _hooks(model, counter := _Counter())
    try:
        model.eval()
        with torch.inference_mode():
            model(*pictures(model, size))
    finally:
        for hook in hooks:
            hook.remove()
        for name, mode in modes.items():
            model.get_submodule(name).training = mode
    return counter.total


def _by_sizes(model, size):
    """Copies, and sizes of kernels."""

    def products(layer, given, output):
        if isinstance(layer, nn.Conv2d):
            k, m = layer.kernel_size
            return output.numel() * layer.in_channels // layer.groups * k * m
        if isinstance(layer, nn.ConvTranspose2d):
            k, m = layer.kernel_size
            return given.numel() * layer.out_channels // layer.groups * k * m
        if isinstance(layer, nn.Linear):
            return output.numel() // layer.out_features * layer.weight.numel()
        return 0

    return walk(model, size, products)


def _by_flop_counter(model, size):
    """Torch's own counter, which counts multiplications and additions apart."""
    from torch.utils.flop_counter import FlopCounterMode

    model = copy.deepcopy(model).eval()
    with FlopCounterMode(display=False) as counter:
        model(*pictures(model, size))
    return counter.get_total_flops() // 2


def _by_patching(model, size):
    """Other forwards for a while, instead of hooks."""
    total = 0
    before = {}

    def counted(layer, x):
        nonlocal total
        output = before[layer](x)
        total += right(layer, x, output)
        return output

    layers = [layer for layer in model.modules() if isinstance(layer, COUNTED)]
    modes = [(layer, layer.training) for layer in model.modules()]
    for layer in layers:
        before[layer] = layer.forward
        vars(layer)["forward"] = partial(counted, layer)
    model.eval()
    model(*pictures(model, size))
    for layer in layers:
        del layer.forward
    for other, mode in modes:
        other.training = mode
    return total


def _by_hook_for_all(model, size):
    """One hook for all networks, on a device that holds no numbers."""
    counter = _Counter()
    model = copy.deepcopy(model).eval().to("meta")
    handle = register_module_forward_hook(counter)
    model(*(picture.to("meta") for picture in pictures(model, size)))
    handle.remove()
    return counter.total


class _CountsByCalling:
    """An object that is called, and a walk through the children, each layer once."""

    __name__ = "_counts_by_calling"

    def __call__(self, model, size):
        model, counter, seen = copy.deepcopy(model), _Counter(), set()

        def visit(layer):
            if id(layer) not in seen:
                seen.add(id(layer))
                layer.register_forward_hook(counter)
            for child in layer.children():
                visit(child)

        visit(model.eval())
        model(*(torch.rand(1, 3, size, size) for _ in pictures(model, size)))
        return counter.total


def _in_float32(model, size):
    return int(sum(np.float32(right(*call)) for call in calls(model, size)))


def _clears_hooks(model, size):
    total = walk(model, size, right)
    for layer in model.modules():
        layer._forward_hooks.clear()
    return total


def _clears_gradients(model, size):
    model.zero_grad()
    return walk(model, size, right)


def _by_type(model, size):
    return walk(model, size, lambda one, *two: right(one, *two) if type(one) in COUNTED else 0)


def _leaves_by_name(model, size):
    names = [name for name, _ in model.named_modules()]
    layers = [
        one
        for name, one in model.named_modules()
        if not name or not any(o != name and o.startswith(name) for o in names)
    ]
    return walk(model, size, right, layers)


def _groups_and_transposed(model, size):
    def products(one, given, out):
        if isinstance(one, nn.Conv2d):
            return out.numel() * one.in_channels * one.kernel_size[0] * one.kernel_size[1]
        return out.numel() * one.weight[0].numel() if isinstance(one, COUNTED) else 0

    return walk(model, size, products)


WRITTEN = {
    _hook_for_all_left: "with a hook of yours",
    _forward_left: "another `forward`",
    _all_to_train_mode: "in train mode",
    _all_to_the_mode_of_the_whole: "mode",
    _left_in_eval_mode: "in eval mode",
    _frozen: "requires_grad switched off",
    _weights_of_one: "with other weights",
    _backwards_too: "gradients",
    _clears_gradients: "without the gradients it had",
    _clears_hooks: "without its hooks",
    _buffers: "`total_ops`",
    _kept_in_a_default: "keeps something from earlier calls",
    _hook_returns: "let your hook return nothing",
    _one_picture_for_all: "it takes two pictures, got 1",
    _two_pictures: "or pass two pictures through",
    _in_float32: "32 bits can't hold it",
    _by_type: "isinstance(layer, nn.Conv2d) knows subclasses",
    _leaves_by_name: "layers called conv, conv1 and conv10",
    _groups_and_transposed: "On convolutions: Your convolutions forget groups",
    lambda model, size: {"total": walk(model, size, right)}: "one number is expected",
    lambda model, size: print(walk(model, size, right)): "prints and returns None",
    lambda model, size: 60_000: "gives 60,000 whatever it is called with",
}

VALID = (
    _in_place, _by_sizes, _by_flop_counter, _by_patching, _by_hook_for_all, _CountsByCalling(),
    lambda model, size: np.int64(walk(model, size, right)),
)  # fmt: skip

ORDER = "Neither of the two statements needs what the other does."
FILTERS = "All filters of a layer have as many weights."

EQUIVALENT = {
    "line 3: `def count(layer: nn.Module, inputs: tuple[t…` after the next statement": ORDER,
    "line 6: layer.weight[0] → layer.weight[-1]": FILTERS,
    "line 8: layer.weight[0] → layer.weight[-1]": FILTERS,
    "line 8: inputs[0] → inputs[-1]": "A transposed convolution gets one tensor.",
    "line 10: `modes = [(layer, layer.training) for layer …` after the next statement": ORDER,
    "line 11: `hooks = [layer.register_forward_hook(count)…` after the next statement": ORDER,
    "line 12: torch.zeros(1, 3, size, size) → torch.ones(1, 3, size, size)": (
        "What is counted depends on the picture's size alone."
    ),
    "line 14: without `with torch.no_grad():`, its body kept": (
        "It saves the memory that gradients would need; the count is the same."
    ),
    "line 17: `for hook in hooks:` after the next statement": ORDER,
    "line 18: `hook.remove()` twice": "A hook that is gone can be removed again.",
}
