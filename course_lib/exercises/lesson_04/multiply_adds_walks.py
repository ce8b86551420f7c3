"""Exercise 04.5: wrong answers that hook the wrong layers, or add up something else."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.checks.task import WrongAnswer

Products = Callable[[Any, Tensor, Tensor], float]

COUNTED = nn.Conv2d | nn.Linear | nn.ConvTranspose2d
POOLING = nn.MaxPool2d | nn.AvgPool2d | nn.AdaptiveAvgPool2d


def right(layer: Any, given: Tensor, output: Tensor) -> int:
    if isinstance(layer, nn.ConvTranspose2d):
        return given.numel() * layer.weight[0].numel()
    return output.numel() * layer.weight[0].numel() if isinstance(layer, COUNTED) else 0


def pictures(model: nn.Module, size: int) -> list[Tensor]:
    return [torch.zeros(1, 3, size, size)] * (1 + bool(getattr(model, "conditional", False)))


def walk(model: nn.Module, size: int, products: Products, layers: Any = None) -> Any:
    """Hooks on the layers of a copy, a pass, and the sum of what the hooks found."""
    found: list[float] = []
    model = copy.deepcopy(model)

    def hook(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        found.append(products(layer, inputs[0], output))

    for layer in layers(model) if layers else model.modules():
        layer.register_forward_hook(hook)
    with torch.no_grad():
        model.eval()(*pictures(model, size))
    return sum(found)


def _convolutions(rule: Products) -> Products:
    """The rule for convolutions, what is right for the rest."""
    return lambda layer, given, output: (
        rule(layer, given, output) if type(layer) is nn.Conv2d else right(layer, given, output)
    )


def _with(rule: Products, kinds: Any) -> Products:
    """What is right, and the rule for other kinds of layers."""
    return lambda layer, given, output: (
        rule(layer, given, output) if isinstance(layer, kinds) else right(layer, given, output)
    )


def _only(*kinds: type[nn.Module]) -> Products:
    return lambda layer, given, output: (
        right(layer, given, output) if isinstance(layer, kinds) else 0
    )


# What each makes of a layer, of what it gets and of what it puts out.
PRODUCTS: dict[str, tuple[Products, str]] = {
    "_size_of_what_comes_in": (
        _convolutions(lambda one, given, out: given.shape[2] * given.shape[3] * one.weight.numel()),
        "at every position of what comes in",
    ),
    "_in_times_filter": (
        _convolutions(lambda one, given, out: given.numel() * one.weight[0].numel()),
        "every value that comes in with a whole filter",
    ),
    "_groups_forgotten": (
        _convolutions(
            lambda one, given, out: (
                out.numel() * one.in_channels * one.kernel_size[0] * one.kernel_size[1]
            )
        ),
        "Your convolutions forget groups",
    ),
    "_groups_and_side": (
        _convolutions(
            lambda one, given, out: out.numel() * one.in_channels * one.kernel_size[0] ** 2
        ),
        "forget groups, and take one side of the kernel squared",
    ),
    "_five_by_five": (
        _convolutions(lambda one, given, out: out.numel() * one.weight[0, :, 0, 0].numel() * 25),
        "there are",
    ),
    "_side_squared": (
        _convolutions(
            lambda one, given, out: out.numel() * len(one.weight[0]) * one.kernel_size[0] ** 2
        ),
        "take one side of the kernel squared",
    ),
    "_three_by_three": (
        _convolutions(lambda one, given, out: out.numel() * len(one.weight[0]) * 9),
        "every kernel for 3×3",
    ),
    "_side_once": (
        _convolutions(
            lambda one, given, out: out.numel() * len(one.weight[0]) * one.kernel_size[0]
        ),
        "one side of the kernel only",
    ),
    "_channels_in_forgotten": (
        _convolutions(lambda one, given, out: out.numel() * one.weight[0, 0].numel()),
        "forget the channels that come in",
    ),
    "_channels_out_forgotten": (
        _convolutions(lambda one, given, out: out[0, 0].numel() * one.weight[0].numel()),
        "forget the channels that come out",
    ),
    "_kernel_forgotten": (
        _convolutions(lambda one, given, out: out.numel() * len(one.weight[0])),
        "forget the kernel",
    ),
    "_gaps": (
        _convolutions(
            lambda one, given, out: (
                out.numel()
                * len(one.weight[0])
                * (one.dilation[0] * (one.kernel_size[0] - 1) + 1)
                * (one.dilation[1] * (one.kernel_size[1] - 1) + 1)
            )
        ),
        "the gaps between the weights",
    ),
    "_one_side": (
        _convolutions(lambda one, given, out: out.shape[-1] * one.weight.numel()),
        "one side of what comes out",
    ),
    "_weights": (
        lambda one, given, out: one.weight.numel() if isinstance(one, COUNTED) else 0,
        "You count each weight once",
    ),
    "_bias_of_convolutions": (
        _convolutions(
            lambda one, given, out: out.numel() * (one.weight[0].numel() + (one.bias is not None))
        ),
        "Your convolutions count the bias too",
    ),
    "_in_times_out": (
        lambda one, given, out: given.numel() * out.numel() if isinstance(one, COUNTED) else 0,
        "every value that comes into a layer with every value that comes out",
    ),
    "_bias": (
        lambda one, given, out: (
            right(one, given, out)
            + (out.numel() if isinstance(one, COUNTED) and one.bias is not None else 0)
        ),
        "You count biases too",
    ),
    "_norms": (_with(lambda one, given, out: 2 * out.numel(), nn.BatchNorm2d), "Norms count"),
    "_all_with_weights": (
        lambda one, given, out: (
            out.numel() * one.weight[0].numel() if hasattr(one, "weight") else 0
        ),
        "every value that comes in. Norms count for you",
    ),
    "_activations": (
        _with(lambda one, given, out: out.numel(), nn.ReLU | nn.LeakyReLU | nn.Tanh),
        "Activations count",
    ),
    "_transposed_by_what_comes_out": (
        lambda one, given, out: (
            out.numel() * one.weight[0].numel() if isinstance(one, COUNTED) else 0
        ),
        "Your transposed convolutions multiply for every value that comes out",
    ),
    "_transposed_as_convolutions": (
        _with(
            lambda one, given, out: out.numel() * one.weight[:, 0].numel() // one.groups,
            nn.ConvTranspose2d,
        ),
        "Your transposed convolutions are counted as convolutions are",
    ),
    "_transposed_forgotten": (_only(nn.Conv2d, nn.Linear), "Transposed convolutions are left out"),
    "_linear_forgotten": (_only(nn.Conv2d, nn.ConvTranspose2d), "Linear layers are left out"),
    "_convolutions_only": (_only(nn.Conv2d), "is no nn.Conv2d. Linear layers are left out"),
    "_linear_once": (
        _with(lambda one, given, out: one.weight.numel(), nn.Linear),
        "A linear layer counts once for you",
    ),
    "_linear_by_what_comes_in": (
        _with(lambda one, given, out: given.numel() * one.weight[0].numel(), nn.Linear),
        "Your linear layers multiply every value that comes in",
    ),
    "_all_by_what_comes_in": (
        lambda one, given, out: (
            given.numel() * one.weight[0].numel() if isinstance(one, COUNTED) else 0
        ),
        "it is every value that comes out. Your linear layers multiply every value that comes in",
    ),
    "_transposed_by_channels_in": (
        _with(lambda one, given, out: given.numel() * one.weight[:, 0].numel(), nn.ConvTranspose2d),
        "Your transposed convolutions take the channels that come in",
    ),
    "_flops_and_bias": (
        lambda one, given, out: (
            2 * right(one, given, out)
            + (out.numel() if isinstance(one, COUNTED) and one.bias is not None else 0)
        ),
        "multiplications and additions apart, and the bias too",
    ),
    "_pooling": (
        _with(lambda one, given, out: out.numel(), POOLING),
        "Pooling counts for you, with one product for each value that comes out",
    ),
    "_pooling_by_what_comes_in": (
        _with(lambda one, given, out: given.numel(), POOLING),
        "Pooling counts for you, with one product for each value that comes in",
    ),
    "_max_pooling_by_its_kernel": (
        _with(lambda one, given, out: out.numel() * one.kernel_size**2, nn.MaxPool2d),
        "Max-pooling counts for you, with one product for each value that comes in",
    ),
    "_twice": (lambda one, given, out: 2 * right(one, given, out), "twice as large"),
    "_nothing": (lambda one, given, out: 0, "stays 0"),
    "_float": (lambda one, given, out: float(right(one, given, out)), "an int is expected"),
}

# Which layers each hooks.
LAYERS: dict[str, tuple[Callable[[nn.Module], Any], str]] = {
    "_children": (lambda model: model.children(), "Only the network's own children"),
    "_below": (lambda model: list(model.modules())[1:], "a layer itself doesn't count"),
    "_for_each_container": (
        lambda model: [layer for outer in model.modules() for layer in outer.modules()],
        "again for every container",
    ),
    "_for_each_name": (
        lambda model: [one for _, one in model.named_modules(remove_duplicate=False)],
        "known under two names",
    ),
}


def _walks() -> Iterator[WrongAnswer]:
    for name, (products, diagnosis) in PRODUCTS.items():
        yield WrongAnswer(answer=_answer(name, products=products), diagnosis=diagnosis)
    for name, (layers, diagnosis) in LAYERS.items():
        answer = _answer(name, products=right, layers=layers)
        yield WrongAnswer(answer=answer, diagnosis=diagnosis)


def _answer(name: str, **settings: Any) -> Callable[[nn.Module, int], Any]:
    def answer(model: nn.Module, size: int) -> Any:
        return walk(model, size, **settings)

    answer.__name__ = name
    return answer


WALKS = tuple(_walks())
