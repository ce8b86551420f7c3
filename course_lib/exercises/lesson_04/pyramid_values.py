"""What right layers give when a forward of exercise 04.4 puts them together wrongly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.checks.expect import sentence
from course_lib.exercises.lesson_04.pyramids import (
    Activation,
    Padding,
    Path,
    leaky,
    same,
    through,
)

RIGHT = "LeakyReLU of slope 0.2"

ACTIVATIONS: dict[str, Activation] = {
    RIGHT: leaky,
    "no activation": lambda x: x,
    "ReLU": F.relu,
    "LeakyReLU of slope 0.01, which it has unless told": F.leaky_relu,
    "LeakyReLU of slope 0.02": lambda x: F.leaky_relu(x, 0.02),
    "LeakyReLU of slope 0.1": lambda x: F.leaky_relu(x, 0.1),
    "LeakyReLU of slope 0.3": lambda x: F.leaky_relu(x, 0.3),
    "ELU": F.elu,
    "GELU": F.gelu,
    "SiLU": F.silu,
    "a sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
}


def _symmetric(x: Tensor, rate: int) -> Tensor:
    """As numpy's "symmetric" has it: the outermost pixels come twice."""
    for dim in (2, 3):
        mirror = x.flip(dim)
        x = torch.cat([mirror.narrow(dim, -rate, rate), x, mirror.narrow(dim, 0, rate)], dim)
    return x


PADDINGS: dict[str, Padding] = {
    "mirrored with their outermost pixels repeated; reflection leaves these out of the mirror, so "
    "that b c d becomes c b c d c": _symmetric,
    "padded with their outermost pixels, again and again; reflection goes back into the picture": (
        lambda x, rate: F.pad(x, (rate,) * 4, mode="replicate")
    ),
    "padded with zeros; reflection goes back into the picture": (
        lambda x, rate: F.pad(x, (rate,) * 4)
    ),
    "padded with the pixels of the opposite side; reflection goes back into the picture": (
        lambda x, rate: F.pad(x, (rate,) * 4, mode="circular")
    ),
}


def fault_of_shape(x: Tensor, paths: Sequence[Path], out: Tensor) -> str:
    """How right outputs of all paths make something of a wrong shape; empty where that's unknown.

    Args:
        x: what went in.
        paths: what is right.
        out: what came out.
    """
    return next(_faults_of_shape(x, paths, out), "")


def _faults_of_shape(x: Tensor, paths: Sequence[Path], out: Tensor) -> Iterator[str]:
    given = [through(x, path) for path in paths]
    for dim, axis in ((0, "the pictures of the batch"), (2, "the height"), (3, "the width")):
        if out.shape == torch.cat(given, dim).shape:
            yield (
                f"Your outputs lie behind one another along {axis} (dim={dim}); they lie behind "
                "one another as channels, dim=1."
            )
    if out.ndim == 5:
        yield (
            "Your forward stacks the outputs along an axis of their own; torch.cat with dim=1 puts "
            "them behind one another as channels."
        )
    if out.shape == given[0].shape:
        stack = torch.stack(given)
        for what, mixed in (
            ("add the paths' outputs up", stack.sum(0)),
            ("average the paths' outputs", stack.mean(0)),
            ("take the largest of the paths' outputs", stack.amax(0)),
            ("multiply the paths' outputs", stack.prod(0)),
        ):
            if same(out, mixed):
                yield f"You {what}; they lie behind one another as channels: torch.cat, dim=1."
        for path, one in zip(paths, given, strict=True):
            if same(out, one):
                yield (
                    f"Only what the path of rate {path.rate} gives comes out: collect the outputs "
                    "of all paths, and put them behind one another."
                )


def fault_of_values(x: Tensor, paths: Sequence[Path], out: Tensor) -> str:
    """As `fault_of_shape`, for wrong values of the right shape."""
    return next(_faults_of_values(x, paths, out), "")


def _faults_of_values(x: Tensor, paths: Sequence[Path], out: Tensor) -> Iterator[str]:
    given = [through(x, path) for path in paths]
    parts = out.chunk(len(paths), dim=1)
    order = [
        next((path.rate for path, one in zip(paths, given, strict=True) if same(part, one)), 0)
        for part in parts
    ]
    if all(order) and len(set(order)) == 1:
        yield f"Your forward gives the output of rate {order[0]} {len(order)} times."
    if all(order):
        yield (
            f"Your outputs lie in the order of the rates {', '.join(map(str, order))}, where "
            f"`rates` is {', '.join(str(path.rate) for path in paths)}: keep the order of `rates`."
        )
    if same(out, torch.stack(given, dim=2).flatten(1, 2)):
        yield (
            "Your channels take turns: the first of each path, then the second of each. The "
            "paths lie behind one another, whole."
        )
    for how, pad in PADDINGS.items():
        if same(out, torch.cat([through(x, path, pad=pad) for path in paths], dim=1)):
            yield f'Your features are {how}: padding_mode="reflect", or F.pad with mode="reflect".'
    if same(out, torch.cat([through(leaky(x), path, last=_nothing) for path in paths], dim=1)):
        yield "Your activations come before the convolutions; each comes behind one."
    for (first, one), (last, other) in product(ACTIVATIONS.items(), repeat=2):
        if same(out, torch.cat([through(x, path, first=one, last=other) for path in paths], 1)):
            yield _of_activations(first, last)


def _nothing(x: Tensor) -> Tensor:
    return x


def _of_activations(first: str, last: str) -> str:
    if first == last:
        return f"Behind both convolutions of your paths comes {first}; it is {RIGHT}."
    wrong = [
        f"behind your {name} convolutions comes {activation}"
        for name, activation in (("atrous", first), ("pointwise", last))
        if activation != RIGHT
    ]
    return f"{sentence(', and '.join(wrong))}; it is {RIGHT}."
