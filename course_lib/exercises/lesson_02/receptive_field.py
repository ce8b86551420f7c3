"""Exercise 02.2: how much of a picture one answer sees."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from itertools import accumulate

import numpy as np

from course_lib.checks import expect
from course_lib.checks.attempt import Attempt, Call, describe
from course_lib.checks.expect import Case
from course_lib.checks.result import Wrong
from course_lib.checks.task import Header, Task
from course_lib.exercises.lesson_02 import receptive_field_zoo as zoo
from course_lib.models.pix2pix import receptive_field

HEADER = Header(
    id="02.2",
    title="How much of a picture one answer sees",
    difficulty=2,
    minutes=10,
    needed_for="choosing the size of the discriminator's patches",
)

HINTS = (
    "Do the docstring's example by hand: one answer of the network, what does it see of the "
    "layer before it? And what do these values see of the layer before that one?",
    "Keep one number, how many values you see so far. It is 1 at the output. Go through the "
    "layers from the last one to the first, and in each replace it by the docstring's formula. "
    "What is left behind the first layer are pixels.",
    "Almost the code:\n"
    "    seen = 1\n"
    "    for kernel, stride in reversed(...):\n"
    "        seen = ...\n"
    "    return seen",
)

Layers = Sequence[tuple[int, int]]
Formula = Callable[[Layers], int]

PATCH_GAN = [(4, 2), (4, 2), (4, 2), (4, 1), (4, 1)]


def _backwards(step: Callable[[int, int, int], int], start: int = 1) -> Formula:
    """Another formula in place of (r − 1)·s + k, of r, k and s, from the last layer back."""

    def field(layers: Layers) -> int:
        seen = start
        for kernel, stride in reversed(layers):
            seen = step(seen, kernel, stride)
        return seen

    return field


def _jumps(layers: Layers) -> list[int]:
    """How many pixels lie between two neighbours of each layer's input, and of the output."""
    return list(accumulate((stride for _, stride in layers), operator.mul, initial=1))


MISCONCEPTIONS: dict[str, Formula] = {
    "your walk goes from the first layer to the last. Start at the output, with the last layer: "
    "reversed(layers).": lambda layers: receptive_field(layers[::-1]),
    "the strides have no effect: your result grows by k − 1 a layer. Behind a stride of 2, each "
    "further value is two pixels away.": lambda layers: 1 + sum(k - 1 for k, _ in layers),
    "you add the kernel sizes up. Neighbouring values see pixels in common, and a stride moves "
    "them apart: walk back layer by layer.": lambda layers: sum(k for k, _ in layers),
    "you multiply the kernel sizes. Neighbouring values see pixels in common: r of them see "
    "(r − 1)·s + k values, not r·k.": lambda layers: math.prod(k for k, _ in layers),
    "you multiply the strides: that is how many times smaller the output is than the picture, "
    "not how much one value sees.": lambda layers: math.prod(s for _, s in layers),
    "this is the largest kernel. Each layer widens what the layers behind it see.": (
        lambda layers: max((k for k, _ in layers), default=1)
    ),
    "you take r·s + k. Of r neighbours, the first sees k values, and only the other r − 1 add a "
    "stride each: (r − 1)·s + k.": _backwards(lambda r, k, s: r * s + k),
    "you take (r + 1)·s + k; the docstring has (r − 1)·s + k.": _backwards(
        lambda r, k, s: (r + 1) * s + k
    ),
    "you start with 0 values. At the output, one value sees 1.": _backwards(
        lambda r, k, s: (r - 1) * s + k, start=0
    ),
    "kernel and stride are swapped: each layer is (kernel size, stride).": _backwards(
        lambda r, k, s: (r - 1) * k + s
    ),
    "you take (r − 1)·s + k − 1 in each layer, one value less than the docstring's formula.": (
        _backwards(lambda r, k, s: (r - 1) * s + k - 1)
    ),
    "you take (r − 1)·s + k + 1 in each layer, one value more than the docstring's formula.": (
        _backwards(lambda r, k, s: (r - 1) * s + k + 1)
    ),
    "you take 2 away in each layer, as for padding. That is the formula for sizes of pictures; "
    "padding doesn't change how far one value sees.": _backwards(
        lambda r, k, s: (r - 1) * s + k - 2
    ),
    "you multiply by the stride after adding the kernel, (r − 1 + k)·s: in the docstring's "
    "formula only r − 1 is multiplied.": _backwards(lambda r, k, s: (r - 1 + k) * s),
    "each layer's own stride counts in your sum already, where only those of the layers before "
    "it move its values apart.": lambda layers: (
        1 + sum((k - 1) * jump for (k, _), jump in zip(layers, _jumps(layers)[1:], strict=True))
    ),
    "only the stride of the layer just before counts in your sum; those of all layers before "
    "multiply.": lambda layers: (
        1
        + sum(
            (k - 1) * before
            for (k, _), before in zip(layers, [1, *(s for _, s in layers)], strict=False)
        )
    ),
    "this is the patch's area; the docstring asks for its side.": (
        lambda layers: receptive_field(layers) ** 2
    ),
    "only the last layer counts: does your loop end after its first round?": (
        lambda layers: receptive_field(layers[-1:])
    ),
    "only the first layer counts: does your loop end after its first round, or forget what the "
    "rounds before it found?": lambda layers: receptive_field(layers[:1]),
    "the first layer is left out.": lambda layers: receptive_field(layers[1:]),
    "the last layer is left out.": lambda layers: receptive_field(layers[:-1]),
}


def examine(attempt: Attempt, rng: np.random.Generator) -> None:
    """Random layers, one layer, the 70×70 PatchGAN, no layer; lists and tuples."""
    lists: list[Layers] = [_layers(rng, n) for n in (2, 3, 5, 4, 1)]
    cases = [
        Case(on=f"the layers {layers}", args=(layers,))
        for layers in [*lists, PATCH_GAN, tuple(_layers(rng, 3))]
    ]
    got = []
    for case in cases:
        call = case.call(attempt)
        got.append(_pixels(call))
        expect.untouched(call)
    expect.values(got, cases, receptive_field, MISCONCEPTIONS, tolerance=1e-9, unit=" pixels")
    nothing = Case(on="no layers at all", args=([],))
    expect.values([_pixels(nothing.call(attempt))], [nothing], receptive_field, {})


def _layers(rng: np.random.Generator, n: int) -> list[tuple[int, int]]:
    """``n`` layers whose first and last strides aren't 1, which would hide mistakes."""
    kernels, strides = rng.integers(2, 8, n), rng.integers(1, 4, n)
    strides[[0, -1]] = rng.integers(2, 5, 2)
    return [(int(k), int(s)) for k, s in zip(kernels, strides, strict=True)]


def _pixels(call: Call) -> float:
    """The call's value, which is a whole number and not a float."""
    value = expect.number(call)
    expect.finite(call, value)
    if not float.is_integer(value) or np.asarray(call.value).dtype.kind == "f":
        raise Wrong(
            f"On {call.on}, your function returns {describe(call.value)} as a float. Pixels are "
            "counted: an int is expected. Is there a division, or a float to start from?"
        )
    return value


TASK = Task(
    header=HEADER,
    reference=receptive_field,
    hints=HINTS,
    examine=examine,
    lesson_size=lambda rng: (PATCH_GAN,),
    wrong=zoo.WRONG,
    valid=zoo.VALID,
)
