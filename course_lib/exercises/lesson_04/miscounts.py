"""Exercise 04.5's misconceptions: how a count goes wrong, and which ways explain an answer's.

A wrong count has one of a few ways to count convolutions, transposed convolutions, linear layers
and the rest, to pick which calls count, and to scale the sum. All are tried, up to three wrong ways
at a time, and explain an answer where they give its counts of all networks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import Any

from torch import nn

from course_lib.exercises.lesson_04.networks import Run, Trial, runs

ACTIVATIONS = (nn.ReLU, nn.LeakyReLU, nn.Tanh)
POOLING = (nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d)
AT_A_TIME = 3  # wrong ways


COUNTED = (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)

Rule = Callable[[Run], int]
Pick = Callable[[list[Run]], list[Run]]

CONVOLUTIONS: dict[str, Rule] = {
    "": lambda run: run.values * run.filter,
    "Your convolutions multiply at every position of what comes in. A stride leaves positions out: "
    "count the values that come out.": lambda run: math.prod(run.came[2:]) * run.weights,
    "Your convolutions all multiply at as many positions as the picture has pixels, whatever size "
    "comes out of them.": lambda run: run.side**2 * run.weights,
    "Your convolutions multiply every value that comes in with a whole filter. That holds for "
    "transposed ones; here it is every value that comes out.": lambda run: run.given * run.filter,
    "Your convolutions forget groups: a filter sees only in_channels / groups of the channels.": (
        lambda run: run.values * run.layer.in_channels * run.kernel
    ),
    "Your convolutions forget the channels that come in: a filter spans them all, or those of its "
    "group.": lambda run: run.values * run.kernel,
    "Your convolutions forget the channels that come out: there is one filter for each.": (
        lambda run: math.prod(run.gave[2:]) * run.filter
    ),
    "Your convolutions forget the kernel: a filter has kernel height times kernel width weights "
    "for each channel that comes in.": lambda run: run.values * run.filter // run.kernel,
    "Your convolutions take one side of the kernel only; a filter has height times width.": (
        lambda run: run.values * run.filter // run.kernel * run.layer.kernel_size[0]
    ),
    "Your convolutions take one side of the kernel squared; a kernel may be 1×5.": (
        lambda run: run.values * run.filter // run.kernel * run.layer.kernel_size[0] ** 2
    ),
    "Your convolutions take the kernel's width squared; a kernel may be 1×5.": (
        lambda run: run.values * run.filter // run.kernel * run.layer.kernel_size[1] ** 2
    ),
    "Your convolutions forget groups, and take one side of the kernel squared: "
    "layer.weight[0].numel() knows both.": (
        lambda run: run.values * run.layer.in_channels * run.layer.kernel_size[0] ** 2
    ),
    "Your convolutions take every kernel for 3×3.": (
        lambda run: run.values * run.filter // run.kernel * 9
    ),
    "Your convolutions count the gaps between the weights that dilation makes; nothing is "
    "multiplied there.": lambda run: run.values * run.filter // run.kernel * _spread(run.layer),
    "Your convolutions count each weight once. A filter is laid at many positions, and multiplies "
    "at each: take the number of values that come out.": lambda run: run.weights,
    "Your convolutions take one side of what comes out, where height times width counts.": (
        lambda run: run.gave[-1] * run.weights
    ),
    "Your convolutions count the bias too; the docstring leaves it out.": (
        lambda run: run.values * run.filter + run.bias
    ),
    "Your convolutions count nothing.": lambda run: 0,
}

TRANSPOSED: dict[str, Rule] = {
    "": lambda run: run.given * run.filter,
    "Your transposed convolutions multiply for every value that comes out; there it is every value "
    "that comes in.": lambda run: run.values * run.filter,
    "Your transposed convolutions are counted as convolutions are, by what comes out; there it is "
    "every value that comes in that is multiplied.": (
        lambda run: run.values * run.layer.in_channels // run.layer.groups * run.kernel
    ),
    "Your transposed convolutions are counted as convolutions are, by what comes out, and groups "
    "are forgotten; it is given.numel() * layer.weight[0].numel().": (
        lambda run: run.values * run.layer.in_channels * run.kernel
    ),
    "Your transposed convolutions forget groups.": (
        lambda run: run.given * run.layer.out_channels * run.kernel
    ),
    "Your transposed convolutions forget the channels that come out.": (
        lambda run: run.given * run.kernel
    ),
    "Your transposed convolutions take the channels that come in, as `layer.weight[:, 0]` does. "
    "Every value that comes in is multiplied for the channels that come out: layer.weight[0].": (
        lambda run: run.given * run.layer.in_channels * run.kernel
    ),
    "Your transposed convolutions count each weight once, though a filter is used at many "
    "positions.": lambda run: run.weights,
    "Your transposed convolutions count the bias too; the docstring leaves it out.": (
        lambda run: run.given * run.filter + run.bias
    ),
    "Transposed convolutions are left out: nn.ConvTranspose2d is no nn.Conv2d.": lambda run: 0,
}

LINEAR: dict[str, Rule] = {
    "": lambda run: run.values * run.filter,
    "A linear layer counts once for you, however often it is applied. At every pixel it multiplies "
    "anew: take the number of values that come out.": lambda run: run.weights,
    "Your linear layers multiply every value that comes in with a whole filter. That holds for "
    "transposed convolutions; here it is every value that comes out.": (
        lambda run: run.given * run.filter
    ),
    "Your linear layers count a product for each value that comes out; each is a sum over all "
    "values that come in.": lambda run: run.values,
    "Your linear layers count the bias too; the docstring leaves it out.": (
        lambda run: run.values * run.filter + run.bias
    ),
    "Linear layers are left out.": lambda run: 0,
}

OTHERS: dict[str, Rule] = {
    "": lambda run: 0,
    "Norms count for you, with one product a value; the docstring leaves them out.": (
        lambda run: run.values if isinstance(run.layer, nn.BatchNorm2d) else 0
    ),
    "Norms count for you, with two products a value; the docstring leaves them out.": (
        lambda run: 2 * run.values if isinstance(run.layer, nn.BatchNorm2d) else 0
    ),
    "Activations count for you; the docstring leaves them out.": (
        lambda run: run.values if isinstance(run.layer, ACTIVATIONS) else 0
    ),
    "Norms and activations count for you; the docstring leaves them out.": (
        lambda run: run.values if isinstance(run.layer, (nn.BatchNorm2d, *ACTIVATIONS)) else 0
    ),
    "Pooling counts for you, with one product for each value that comes out; the docstring leaves "
    "it out.": lambda run: run.values if isinstance(run.layer, POOLING) else 0,
    "Pooling counts for you, with one product for each value that comes in; the docstring leaves "
    "it out.": lambda run: run.given if isinstance(run.layer, POOLING) else 0,
    "Max-pooling counts for you, with one product for each value that comes out; the docstring "
    "leaves it out.": lambda run: run.values if isinstance(run.layer, nn.MaxPool2d) else 0,
    "Max-pooling counts for you, with one product for each value that comes in; the docstring "
    "leaves it out.": lambda run: run.given if isinstance(run.layer, nn.MaxPool2d) else 0,
    "Every layer counts for you; only convolutions, transposed ones and linear layers should.": (
        lambda run: run.values
    ),
}

PICKS: dict[str, Pick] = {
    "": lambda runs: runs,
    "Only the network's own children count for you, not the layers inside them: model.modules() "
    "has all, at any depth.": lambda runs: [run for run in runs if run.child],
    "A network that is a layer itself doesn't count for you: model.modules() has the network too, "
    "model.children() hasn't.": lambda runs: [run for run in runs if run.containers],
    "A layer that runs twice counts once for you.": lambda runs: list(
        {id(run.layer): run for run in reversed(runs)}.values()
    ),
    "Of a layer that runs twice, only the last call counts for you.": lambda runs: list(
        {id(run.layer): run for run in runs}.values()
    ),
    "A layer counts again for every container around it.": lambda runs: [
        run for run in runs for _ in range(run.containers + 1)
    ],
    "A layer that is known under two names counts twice for you, though it runs once: "
    "model.modules() has each layer once.": lambda runs: [
        run for run in runs for _ in range(run.names)
    ],
    "Only the last layer counts: is `total = …` where `total += …` belongs?": lambda runs: [
        run for run in runs if isinstance(run.layer, COUNTED)
    ][-1:],
    "Only the first layer counts.": lambda runs: [
        run for run in runs if isinstance(run.layer, COUNTED)
    ][:1],
}

FULL_SIZE = (
    "You multiply a layer's weights by the pixels of the picture. Layers put out pictures of other "
    "sizes: a hook sees which"
)
PRODUCTS = (
    "A filter is laid at many positions, and multiplies at each: go by what comes out of the layers"
)

Whole = Callable[[nn.Module, list[Run]], int]


def _every(rule: Rule, kinds: Any = COUNTED, *, once: bool = False) -> Whole:
    """The sum over runs of these kinds of layers; over layers instead, where each counts once."""

    def whole(model: nn.Module, runs: list[Run]) -> int:
        some = {id(run.layer): run for run in runs}.values() if once else runs
        return sum(rule(run) for run in some if isinstance(run.layer, kinds))

    return whole


# Counts that go wrong everywhere alike.
WHOLES: tuple[tuple[str, Whole], ...] = (
    (
        f"You count the network's parameters, which is what it stores. {PRODUCTS}.",
        lambda model, runs: sum(one.numel() for one in model.parameters()),
    ),
    (
        f"You count the parameters that learn, which is what training changes. {PRODUCTS}.",
        lambda model, runs: sum(one.numel() for one in model.parameters() if one.requires_grad),
    ),
    (f"You count each weight once. {PRODUCTS}.", _every(lambda run: run.weights)),
    (f"You count each weight once. {PRODUCTS}.", _every(lambda run: run.weights, once=True)),
    (f"{FULL_SIZE}.", _every(lambda run: run.side**2 * run.weights)),
    (f"{FULL_SIZE}, and how often.", _every(lambda run: run.side**2 * run.weights, once=True)),
    (
        f"{FULL_SIZE}, and how often. Transposed convolutions and linear layers count too.",
        _every(lambda run: run.side**2 * run.weights, nn.Conv2d, once=True),
    ),
    (
        "You multiply every value that comes into a layer with every value that comes out. A "
        "filter meets only the values below it: layer.weight[0].numel() products for each value.",
        _every(lambda run: run.given * run.values),
    ),
    (
        "You count biases too; the docstring leaves them out.",
        _every(lambda run: _right(run) + run.bias),
    ),
    (
        "You count multiplications and additions apart, and the bias too, as FLOPs do. The "
        "docstring counts a multiplication with its addition once, and leaves the bias out.",
        _every(lambda run: 2 * _right(run) + run.bias),
    ),
)

Scale = Callable[[int, int], float]

SCALES: dict[str, Scale] = {
    "": lambda total, size: total,
    "Your totals are twice as large. Do you count multiplications and additions apart, as FLOPs "
    "do, or pass two pictures through?": lambda total, size: 2 * total,
    "You divide by the number of pixels; the docstring asks for the whole picture.": (
        lambda total, size: total // size**2
    ),
    "You multiply by the number of pixels again, though what comes out of a layer has them all.": (
        lambda total, size: total * size**2
    ),
}

SIZES = (32, 64, 128, 224, 256)


def _spread(layer: nn.Conv2d) -> int:
    """How many pixels lie below a dilated kernel, gaps and all."""
    return math.prod(
        rate * (side - 1) + 1 for rate, side in zip(layer.dilation, layer.kernel_size, strict=True)
    )


def _right(run: Run) -> int:
    by = run.given if isinstance(run.layer, nn.ConvTranspose2d) else run.values
    return by * run.filter


Ways = tuple[str, str, str, str, str, str]

RIGHT: Ways = ("",) * 6

PARTS: tuple[dict[str, Any], ...] = (CONVOLUTIONS, TRANSPOSED, LINEAR, OTHERS, PICKS, SCALES)


def explained(trials: Sequence[Trial], counts: Sequence[float]) -> str:
    """Which misconceptions give these counts of these networks, in words; empty if none do."""
    if not any(counts):
        return (
            "Your total stays 0, whatever the network. Do the hooks hang on the layers before the "
            "picture passes through, and does the hook add to the total of your function "
            "(`nonlocal total`)?"
        )
    calls = [runs(trial, trial.size) for trial in trials]
    for text, whole in WHOLES:
        tried = zip(trials, calls, counts, strict=True)
        if all(whole(trial.model, some) == count for trial, some, count in tried):
            return text
    for ways in _ways():
        tried = zip(trials, calls, counts, strict=True)
        if all(_total(ways, some, trial.size) == count for trial, some, count in tried):
            return " ".join(text for text in ways if text)
    for size in SIZES:
        tried_at = ((runs(trial, size), count) for trial, count in zip(trials, counts, strict=True))
        if all(_total(RIGHT, some, size) == count for some, count in tried_at):
            return f"Your picture has {size}×{size} pixels, whatever `size` says."
    return ""


def _ways() -> Iterator[Ways]:
    """Combinations of wrong ways, the fewest first."""
    for n in range(1, AT_A_TIME + 1):
        for parts in combinations(range(len(PARTS)), n):
            yield from _of_parts(RIGHT, parts)


def _of_parts(ways: Ways, parts: tuple[int, ...]) -> Iterator[Ways]:
    if not parts:
        yield ways
        return
    for text in list(PARTS[parts[0]])[1:]:
        changed: Any = (*ways[: parts[0]], text, *ways[parts[0] + 1 :])
        yield from _of_parts(changed, parts[1:])


def _total(ways: Ways, calls: list[Run], size: int) -> float:
    convolutions, transposed, linear, others, pick, scale = ways
    total = 0
    for run in PICKS[pick](calls):
        if isinstance(run.layer, nn.Conv2d):
            total += CONVOLUTIONS[convolutions](run)
        elif isinstance(run.layer, nn.ConvTranspose2d):
            total += TRANSPOSED[transposed](run)
        elif isinstance(run.layer, nn.Linear):
            total += LINEAR[linear](run)
        else:
            total += OTHERS[others](run)
    return SCALES[scale](total, size)
