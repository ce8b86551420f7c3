"""Exercise 02.2: how much of a picture one answer sees."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from course_lib.checks.function import Case, Function
from course_lib.checks.slips import Slip
from course_lib.checks.task import Task, texts
from course_lib.exercises.lesson_02.receptive_field import zoo
from course_lib.models.pix2pix import receptive_field

PATCH_GAN = [(4, 2), (4, 2), (4, 2), (4, 1), (4, 1)]
STEP = "(seen - 1) * stride + kernel"
WALK = "reversed(layers)"


def step(formula: str, says: str) -> Slip:
    """A slip with another formula in place of (r − 1)·s + k."""
    return Slip(f"{STEP} → {formula}", says=says)


SLIPS = (
    Slip(
        f"{WALK} → layers",
        says="Your walk goes from the first layer to the last. Start at the output, with the last "
        "layer: reversed(layers).",
    ),
    step(
        "seen + kernel - 1",
        "The strides have no effect: your result grows by k − 1 a layer. Behind a stride of 2, "
        "each further value is two pixels away.",
    ),
    Slip(
        "return sum(k for k, _ in layers)",
        says="You add the kernel sizes. Neighbouring values see pixels in common, and a stride "
        "moves them apart: walk back layer by layer.",
    ),
    step(
        "seen * kernel",
        "You multiply the kernel sizes. Neighbouring values see pixels in common: r of them see "
        "(r − 1)·s + k values, not r·k.",
    ),
    step(
        "seen * stride",
        "You multiply the strides. That is how many times smaller the output is than the "
        "picture, not how much one value sees.",
    ),
    Slip(
        "return max((k for k, _ in layers), default=1)",
        says="This is the largest kernel. Each layer widens what the layers behind it see.",
    ),
    step(
        "seen * stride + kernel",
        "You take r·s + k. Of r neighbours, the first sees k values, and only the other r − 1 "
        "add a stride each: (r − 1)·s + k.",
    ),
    step(
        "(seen + 1) * stride + kernel", "You take (r + 1)·s + k; the docstring has (r − 1)·s + k."
    ),
    Slip("seen = 1 → seen = 0", says="You start with 0 values. At the output, one value sees 1."),
    Slip(
        "for kernel, stride in → for stride, kernel in",
        says="Kernel and stride are swapped: each layer is (kernel size, stride).",
    ),
    step(
        f"{STEP} - 1",
        "You take (r − 1)·s + k − 1 in each layer, one value less than the docstring's formula.",
    ),
    step(
        f"{STEP} + 1",
        "You take (r − 1)·s + k + 1 in each layer, one value more than the docstring's formula.",
    ),
    step(
        f"{STEP} - 2",
        "You subtract 2 in each layer, as for padding. That is the formula for sizes of pictures; "
        "padding doesn't change how far one value sees.",
    ),
    step(
        "(seen - 1 + kernel) * stride",
        "You multiply by the stride after adding the kernel, (r − 1 + k)·s: in the docstring's "
        "formula only r − 1 is multiplied.",
    ),
    Slip(
        "seen, jump = 1, 1\nfor kernel, stride in layers:\n    jump *= stride\n"
        "    seen += (kernel - 1) * jump\nreturn seen",
        says="Each layer's own stride counts in your sum already. Only the strides of the layers "
        "before it move its values apart.",
    ),
    Slip(
        "seen, jump = 1, 1\nfor kernel, stride in layers:\n    seen += (kernel - 1) * jump\n"
        "    jump = stride\nreturn seen",
        says="Only the stride of the layer just before counts in your sum; those of all layers "
        "before multiply.",
    ),
    Slip("return seen → return seen**2", says="This is the patch's area. Return its side."),
    Slip(
        f"{WALK} → layers[-1:]",
        says="Only the last layer counts: does your loop end after its first round?",
    ),
    Slip(
        f"{WALK} → layers[:1]",
        says="Only the first layer counts: does your loop end after its first round, or forget "
        "what the rounds before it found?",
    ),
    Slip(f"{WALK} → layers[:0:-1]", says="The first layer is left out."),
    Slip(f"{WALK} → layers[-2::-1]", says="The last layer is left out."),
    Slip("seen = 1 → seen = 1 if layers else 0", gets="On no layers at all: your function gives 0"),
    Slip("seen = 1 → seen = 1.0", gets="an int is expected"),
    Slip("return seen → return seen, seen", gets="one number is expected"),
    Slip("return 70 + 0 * len(layers)", gets="whatever it is called with"),
)


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Random layers, one layer, the 70×70 PatchGAN, no layer; lists and tuples; large numbers."""
    for n in (2, 3, 5, 4, 1):
        yield Case(args=(_layers(rng, n),), on=f"{n} layers" if n > 1 else "one layer")
    yield Case(args=(PATCH_GAN,), on="the layers of PatchGAN")
    yield Case(args=(tuple(_layers(rng, 3)),), on="a tuple of layers")
    yield Case(args=([],), on="no layers at all")
    yield Case(args=([(1, 1)],), on="one layer that sees a pixel")
    yield Case(args=([(2, 3), (3, 2)],), on="a stride larger than its kernel")
    yield Case(args=([(3, 2), (1, 2), (3, 1)],), on="layers with a 1×1 of stride 2 among them")


def rare(rng: np.random.Generator) -> Iterator[Case]:
    """Large numbers."""
    yield Case(args=([(3, 2)] * 35,), on="35 layers of stride 2")


def _layers(rng: np.random.Generator, n: int) -> list[tuple[int, int]]:
    """``n`` layers whose first and last strides aren't 1, which would hide mistakes."""
    kernels, strides = rng.integers(2, 8, n), rng.integers(1, 4, n)
    strides[[0, -1]] = rng.integers(2, 5, 2)
    return [(int(k), int(s)) for k, s in zip(kernels, strides, strict=True)]


TASK = Task(
    **texts(__file__),
    reference=receptive_field,
    examine=Function(
        example=Case(args=([(4, 2), (3, 1)],), on="the docstring's layers"),
        cases=cases,
        rare=rare,
        unit=" px",
    ),
    lesson_size=lambda rng: (PATCH_GAN,),
    slips=SLIPS,
    written=zoo.WRITTEN,
    valid=zoo.VALID,
)
