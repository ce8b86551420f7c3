"""Exercise 04.5: wrong answers and valid alternatives."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_hook

from course_lib.checks.task import Equivalent, WrongAnswer
from course_lib.exercises.lesson_04.multiply_adds_walks import (
    COUNTED,
    WALKS,
    pictures,
    right,
    walk,
)


def _parameters(model: nn.Module, size: int) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def _learning_parameters(model: nn.Module, size: int) -> int:
    return sum(one.numel() for one in model.parameters() if one.requires_grad)


def _all_at_full_size(model: nn.Module, size: int) -> int:
    return walk(
        model, size, lambda one, *_: size**2 * one.weight.numel() if isinstance(one, COUNTED) else 0
    )


def _without_a_pass(model: nn.Module, size: int) -> int:
    layers = [layer for layer in model.modules() if isinstance(layer, nn.Conv2d)]
    return sum(layer.weight.numel() * size**2 for layer in layers)


def _per_pixel(model: nn.Module, size: int) -> int:
    return walk(model, size, right) // size**2


def _of_fixed_size(model: nn.Module, size: int) -> int:
    return walk(model, 64, right)


def _once_per_layer(model: nn.Module, size: int) -> int:
    by_layer: dict[nn.Module, int] = {}
    walk(model, size, lambda *call: by_layer.update({call[0]: right(*call)}) or 0)
    return sum(by_layer.values())


def _last_layer(model: nn.Module, size: int) -> int:
    total = 0

    def products(layer: Any, given: Tensor, output: Tensor) -> int:
        nonlocal total
        total = right(layer, given, output) or total
        return 0

    walk(model, size, products)
    return total


def _two_pictures(model: nn.Module, size: int) -> int:
    wide = [picture.expand(2, -1, -1, -1) for picture in pictures(model, size)]
    found: list[int] = []
    model = copy.deepcopy(model).eval()
    for layer in model.modules():
        layer.register_forward_hook(
            lambda one, inputs, out: found.append(right(one, inputs[0], out))
        )
    model(*wide)
    return sum(found)


class _Counter:
    """What the answers below, which work on the network itself, count with."""

    def __init__(self) -> None:
        self.total = 0

    def __call__(self, layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        self.total += right(layer, inputs[0], output)


def _hooks(model: nn.Module, counter: Any) -> list[Any]:
    return [layer.register_forward_hook(counter) for layer in model.modules()]


def _hooks_left(model: nn.Module, size: int) -> int:
    counter, modes = _Counter(), [(layer, layer.training) for layer in model.modules()]
    _hooks(model, counter)
    with torch.no_grad():
        model.eval()(*pictures(model, size))
    for layer, mode in modes:
        layer.training = mode
    return counter.total


def _remove_not_called(model: nn.Module, size: int) -> int:
    hooks = _hooks(model, counter := _Counter())
    modes = [(layer, layer.training) for layer in model.modules()]
    model.eval()(*pictures(model, size))
    for hook in hooks:
        hook.remove  # noqa: B018
    for layer, mode in modes:
        layer.training = mode
    return counter.total


def _hook_for_all_left(model: nn.Module, size: int) -> int:
    register_module_forward_hook(counter := _Counter())
    copy.deepcopy(model).eval()(*pictures(model, size))
    return counter.total


def _forward_left(model: nn.Module, size: int) -> int:
    counter = _Counter()
    modes = [(layer, layer.training) for layer in model.modules()]
    for layer in model.modules():

        def forward(*inputs: Tensor, layer: nn.Module = layer, before: Any = layer.forward) -> Any:
            output = before(*inputs)
            counter(layer, inputs, output)
            return output

        vars(layer)["forward"] = forward
    model.eval()(*pictures(model, size))
    for layer, mode in modes:
        layer.training = mode
    return counter.total


def _left_in_eval_mode(model: nn.Module, size: int) -> int:
    hooks = _hooks(model, counter := _Counter())
    with torch.no_grad():
        model.eval()(*pictures(model, size))
    for hook in hooks:
        hook.remove()
    return counter.total


def _all_to_train_mode(model: nn.Module, size: int) -> int:
    total = _left_in_eval_mode(model, size)
    model.train()
    return total


def _all_to_the_mode_of_the_whole(model: nn.Module, size: int) -> int:
    training = model.training
    total = _left_in_eval_mode(model, size)
    model.train(training)
    return total


def _in_train_mode(model: nn.Module, size: int) -> int:
    hooks = _hooks(model, counter := _Counter())
    with torch.no_grad():
        model(*pictures(model, size))
    for hook in hooks:
        hook.remove()
    return counter.total


def _frozen(model: nn.Module, size: int) -> int:
    model.requires_grad_(False)
    return walk(model, size, right)


def _weights_of_one(model: nn.Module, size: int) -> int:
    for parameter in model.parameters():
        nn.init.ones_(parameter)
    return walk(model, size, right)


def _backwards_too(model: nn.Module, size: int) -> int:
    modes = [(layer, layer.training) for layer in model.modules()]
    model.eval()(*pictures(model, size)).sum().backward()
    for layer, mode in modes:
        layer.training = mode
    return walk(model, size, right)


def _buffers(model: nn.Module, size: int) -> int:
    model.register_buffer("total_ops", torch.zeros(1))
    return walk(model, size, right)


def _gradients_off(model: nn.Module, size: int) -> int:
    torch.set_grad_enabled(False)
    return walk(model, size, right)


_SEEN: list[int] = []


def _never_from_zero(model: nn.Module, size: int) -> int:
    _SEEN.append(walk(model, size, right))
    return sum(_SEEN)


def _kept_in_a_default(model: nn.Module, size: int, found: list[int] = []) -> int:  # noqa: B006
    found.append(walk(model, size, right))
    return sum(found)


def _nonlocal_forgotten(model: nn.Module, size: int) -> int:
    total = 0

    def count(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        total += right(layer, inputs[0], output)  # noqa: F823, F841

    model = copy.deepcopy(model).eval()
    _hooks(model, count)
    model(*pictures(model, size))
    return total


def _hook_returns(model: nn.Module, size: int) -> int:
    counter = _Counter()

    def count(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        counter(layer, inputs, output)
        return counter.total

    model = copy.deepcopy(model).eval()
    _hooks(model, count)
    model(*pictures(model, size))
    return counter.total


def _inputs_as_tensor(model: nn.Module, size: int) -> int:
    found: list[int] = []
    model = copy.deepcopy(model).eval()
    for layer in model.modules():
        layer.register_forward_hook(lambda one, inputs, out: found.append(inputs.numel()))
    model(*pictures(model, size))
    return sum(found)


def _one_picture_for_all(model: nn.Module, size: int) -> int:
    model = copy.deepcopy(model).eval()
    _hooks(model, counter := _Counter())
    model(torch.zeros(1, 3, size, size))
    return counter.total


def _has_the_attribute(model: nn.Module, size: int) -> int:
    model = copy.deepcopy(model).eval()
    _hooks(model, counter := _Counter())
    model(*[torch.zeros(1, 3, size, size)] * (2 if hasattr(model, "conditional") else 1))
    return counter.total


def _all_have_the_attribute(model: nn.Module, size: int) -> int:
    model = copy.deepcopy(model).eval()
    _hooks(model, counter := _Counter())
    conditional: Any = model.conditional
    model(*[torch.zeros(1, 3, size, size)] * (2 if conditional else 1))
    return counter.total


def _tensor(model: nn.Module, size: int) -> Tensor:
    return torch.tensor(walk(model, size, right))


def _by_layer(model: nn.Module, size: int) -> dict[str, int]:
    return {"total": walk(model, size, right)}


def _prints(model: nn.Module, size: int) -> None:
    print(walk(model, size, right))


def _constant(model: nn.Module, size: int) -> int:
    return 60_000


def _in_place(model: nn.Module, size: int) -> int:
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


def _by_sizes(model: nn.Module, size: int) -> int:
    """Copies, names of classes, and sizes of kernels."""

    def products(layer: Any, given: Tensor, output: Tensor) -> int:
        if type(layer).__name__ == "Conv2d":
            k, m = layer.kernel_size
            return output.numel() * layer.in_channels // layer.groups * k * m
        if type(layer).__name__ == "ConvTranspose2d":
            k, m = layer.kernel_size
            return given.numel() * layer.out_channels // layer.groups * k * m
        if isinstance(layer, nn.Linear):
            return output.numel() // layer.out_features * layer.weight.numel()
        return 0

    return walk(model, size, products)


def _by_flop_counter(model: nn.Module, size: int) -> int:
    """Torch's own counter, which counts multiplications and additions apart."""
    from torch.utils.flop_counter import FlopCounterMode

    model = copy.deepcopy(model).eval()
    with FlopCounterMode(display=False) as counter:
        model(*pictures(model, size))
    return counter.get_total_flops() // 2


def _by_patching(model: nn.Module, size: int) -> int:
    """Other forwards for a while, instead of hooks."""
    total = 0
    before: dict[nn.Module, Any] = {}

    def counted(layer: Any, x: Tensor) -> Tensor:
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


def _by_hook_for_all(model: nn.Module, size: int) -> int:
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

    def __call__(self, model: nn.Module, size: int) -> int:
        model, counter, seen = copy.deepcopy(model), _Counter(), set()

        def visit(layer: nn.Module) -> None:
            if id(layer) not in seen:
                seen.add(id(layer))
                layer.register_forward_hook(counter)
            for child in layer.children():
                visit(child)

        visit(model.eval())
        model(*(torch.rand(1, 3, size, size) for _ in pictures(model, size)))
        return counter.total


WRONG = (
    *WALKS,
    WrongAnswer(answer=_parameters, diagnosis="count the network's parameters"),
    WrongAnswer(answer=_learning_parameters, diagnosis="count the parameters that learn"),
    WrongAnswer(answer=_all_at_full_size, diagnosis="a layer's weights by the pixels"),
    WrongAnswer(answer=_without_a_pass, diagnosis="a hook sees which, and how often."),
    WrongAnswer(answer=_per_pixel, diagnosis="divide by the number of pixels"),
    WrongAnswer(answer=_of_fixed_size, diagnosis="64×64 pixels, whatever `size` says"),
    WrongAnswer(answer=_once_per_layer, diagnosis="only the last call counts"),
    WrongAnswer(answer=_last_layer, diagnosis="where `total += …` belongs"),
    WrongAnswer(answer=_two_pictures, diagnosis="or pass two pictures through"),
    WrongAnswer(answer=_hooks_left, diagnosis="hook behind"),
    WrongAnswer(answer=_remove_not_called, diagnosis="hook behind"),
    WrongAnswer(answer=_hook_for_all_left, diagnosis="hook behind"),
    WrongAnswer(answer=_forward_left, diagnosis="leaves another `forward`"),
    WrongAnswer(answer=_left_in_eval_mode, diagnosis="leaves the network in eval mode"),
    WrongAnswer(answer=_all_to_train_mode, diagnosis="in train mode, where it was in eval mode"),
    WrongAnswer(
        answer=_all_to_the_mode_of_the_whole, diagnosis="in train mode, where it was in eval mode"
    ),
    WrongAnswer(answer=_in_train_mode, diagnosis="running statistics"),
    WrongAnswer(answer=_frozen, diagnosis="changes requires_grad"),
    WrongAnswer(answer=_weights_of_one, diagnosis="changes the network's weight"),
    WrongAnswer(answer=_backwards_too, diagnosis="leaves gradients"),
    WrongAnswer(answer=_buffers, diagnosis="adds `total_ops`"),
    WrongAnswer(answer=_gradients_off, diagnosis="switches gradients off"),
    WrongAnswer(answer=_never_from_zero, diagnosis="has to start at 0 in each call"),
    WrongAnswer(answer=_kept_in_a_default, diagnosis="has to start at 0 in each call"),
    WrongAnswer(answer=_nonlocal_forgotten, diagnosis="`nonlocal`, and its name"),
    WrongAnswer(answer=_hook_returns, diagnosis="let your hook return nothing"),
    WrongAnswer(answer=_inputs_as_tensor, diagnosis="inputs[0] is the first tensor"),
    WrongAnswer(answer=_one_picture_for_all, diagnosis="it takes two pictures, got 1"),
    WrongAnswer(answer=_has_the_attribute, diagnosis="it takes one picture, got 2"),
    WrongAnswer(answer=_all_have_the_attribute, diagnosis="Not every network has it"),
    WrongAnswer(answer=_tensor, diagnosis="a Python int is expected"),
    WrongAnswer(answer=_by_layer, diagnosis="one number is expected"),
    WrongAnswer(answer=_prints, diagnosis="prints and returns None"),
    WrongAnswer(answer=_constant, diagnosis="gives 60,000 whatever it is called with"),
)

VALID: tuple[Callable[..., Any], ...] = (
    _in_place, _by_sizes, _by_flop_counter, _by_patching, _by_hook_for_all, _CountsByCalling(),
)  # fmt: skip

ORDER = "Neither of the two statements needs what the other does."
FILTERS = "All filters of a layer have as many weights."

EQUIVALENT = (
    Equivalent(
        mutant="line 3: `def count(layer: nn.Module, inputs: tuple[t…` after the next statement",
        why=ORDER,
    ),
    Equivalent(mutant="line 6: layer.weight[0] → layer.weight[-1]", why=FILTERS),
    Equivalent(mutant="line 8: layer.weight[0] → layer.weight[-1]", why=FILTERS),
    Equivalent(
        mutant="line 8: inputs[0] → inputs[-1]",
        why="A transposed convolution gets one tensor.",
    ),
    Equivalent(
        mutant="line 10: `modes = [(layer, layer.training) for layer …` after the next statement",
        why=ORDER,
    ),
    Equivalent(
        mutant="line 11: `hooks = [layer.register_forward_hook(count)…` after the next statement",
        why=ORDER,
    ),
    Equivalent(
        mutant="line 12: torch.zeros(1, 3, size, size) → torch.ones(1, 3, size, size)",
        why="What is counted depends on the picture's size alone.",
    ),
    Equivalent(
        mutant="line 14: without `with torch.no_grad():`, its body kept",
        why="It saves the memory that gradients would need; the count is the same.",
    ),
    Equivalent(mutant="line 17: `for hook in hooks:` after the next statement", why=ORDER),
    Equivalent(
        mutant="line 18: `hook.remove()` twice",
        why="A hook that is gone can be removed again.",
    ),
)
