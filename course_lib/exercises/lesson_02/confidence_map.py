"""Exercise 02.4: a map of how real each part of a picture looks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.checks import expect
from course_lib.checks.attempt import Attempt, Call, describe
from course_lib.checks.expect import Case
from course_lib.checks.result import Wrong
from course_lib.checks.task import Header, Task
from course_lib.exercises.lesson_01.losses import devices
from course_lib.exercises.lesson_02 import confidence_map_zoo as zoo
from course_lib.models.pix2pix import confidence_map

HEADER = Header(
    id="02.4",
    title="A map of how real each part looks",
    difficulty=2,
    minutes=8,
    needed_for="the confidence maps that the widget lays over pictures",
)

HINTS = (
    "Two things happen, in this order: each logit becomes a probability, then the small grid "
    "becomes as large as the picture. Look up F.interpolate for the second one.",
    "The sigmoid makes a logit of 0 into ½, large ones into nearly 1. F.interpolate takes the "
    'new height and width as `size`, the kind of interpolation as `mode`; "nearest" is what it '
    'takes unless told, and "bilinear" is asked for.',
    "Almost the code:\n"
    "    confidence = logits....\n"
    '    return F.interpolate(confidence, size=..., mode="bilinear", align_corners=...)',
)

Size = tuple[int, int]
Map = Callable[[Tensor, Size], Tensor]
Enlarge = Callable[[Tensor, Size], Tensor]


def _enlarge(values: Tensor, size: Size) -> Tensor:
    return F.interpolate(values, size=size, mode="bilinear", align_corners=False)


def _of(values: Callable[[Tensor], Tensor], enlarge: Enlarge = _enlarge) -> Map:
    """A map of other values than the sigmoid, or enlarged in another way."""
    return lambda logits, size: enlarge(values(logits), size)


def _stretched(values: Tensor) -> Tensor:
    """Each picture's values from 0 to 1."""
    low, high = values.amin((2, 3), keepdim=True), values.amax((2, 3), keepdim=True)
    return (values - low) / (high - low)


VALUES: dict[str, Map] = {
    "the sigmoid is missing: your map holds logits. The sigmoid makes them probabilities.": _of(
        lambda x: x
    ),
    "you interpolate the logits and take the sigmoid afterwards. The docstring has the sigmoid "
    "first: half-way between a patch of 0.99 and one of 0.5 the map then has 0.745.": (
        lambda logits, size: _enlarge(logits, size).sigmoid()
    ),
    "the sigmoid is taken twice: your map only reaches from ½ to 0.73.": _of(
        lambda x: x.sigmoid().sigmoid()
    ),
    "the sigmoid is taken twice, before and after the interpolation: your map only reaches from "
    "½ to 0.73.": lambda logits, size: _enlarge(logits.sigmoid(), size).sigmoid(),
    "your map is upside down, 1 − D: it shows how generated each part looks. 1 stands for "
    "real.": _of(lambda x: 1 - x.sigmoid()),
    "you take the tanh, from −1 to 1; the sigmoid goes from 0 to 1.": _of(torch.tanh),
    "you take the softmax over the patches, so that they compete for a sum of 1. Each patch has "
    "its own verdict: the sigmoid of its own logit.": _of(
        lambda x: x.flatten(1).softmax(1).reshape(x.shape)
    ),
    "you cut the logits off at 0 and 1. The sigmoid makes probabilities of them.": _of(
        lambda x: x.clamp(0, 1)
    ),
    "you stretch each picture's logits from 0 to 1, so that every map has a 0 and a 1, however "
    "sure D is. The sigmoid makes probabilities of them.": _of(_stretched),
    "you stretch each picture's map from 0 to 1, so that every map has a 0 and a 1, however sure "
    "D is. Leave the sigmoid's values as they are.": _of(lambda x: _stretched(x.sigmoid())),
    "you round each patch's verdict to 0 or 1; the map shows how sure D is.": _of(
        lambda x: (x > 0).float()
    ),
    "your map has one value for the whole picture, the mean of its patches. Each part gets its "
    "own.": _of(lambda x: x.sigmoid().mean((2, 3), keepdim=True).expand_as(x)),
}

WAYS: dict[str, Enlarge] = {
    'each patch becomes a block of one value, as mode="nearest" makes them, what F.interpolate '
    'takes unless told: the docstring asks for "bilinear".': (
        lambda values, size: F.interpolate(values, size=size, mode="nearest")
    ),
    'each patch becomes a block of one value, as mode="nearest-exact" makes them; the docstring '
    'asks for "bilinear".': (
        lambda values, size: F.interpolate(values, size=size, mode="nearest-exact")
    ),
    "you interpolate with align_corners=True, which puts the outer patches' centres on the "
    "picture's border; the docstring has False.": lambda values, size: F.interpolate(
        values, size=size, mode="bilinear", align_corners=True
    ),
    "you interpolate bicubically, which overshoots: a probability may leave [0, 1]. The "
    "docstring asks for bilinear interpolation.": lambda values, size: F.interpolate(
        values, size=size, mode="bicubic", align_corners=False
    ),
    "you interpolate bicubically; the docstring asks for bilinear interpolation.": (
        lambda values, size: F.interpolate(
            values, size=size, mode="bicubic", align_corners=False
        ).clamp(0, 1)
    ),
}

MISCONCEPTIONS: dict[str, Map] = (
    VALUES
    | {text: _of(torch.sigmoid, enlarge) for text, enlarge in WAYS.items()}
    | {
        f"the sigmoid is missing, and besides, {text}": _of(lambda x: x, enlarge)
        for text, enlarge in WAYS.items()
    }
)


def examine(attempt: Attempt, rng: np.random.Generator) -> None:
    """Batches and single pictures, one row of patches and many, sizes that aren't square."""
    generator = torch.Generator().manual_seed(int(rng.integers(2**32)))
    h, w = (int(side) for side in rng.choice(range(2, 8), 2, replace=False))
    cases = [
        Case(
            on=f"logits of size {'×'.join(map(str, shape))} and a picture of {size[0]}×{size[1]}",
            args=(4 * torch.randn(*shape, generator=generator), size),
        )
        for shape, size in (
            ((2, 1, h, w), (int(rng.integers(20, 30)), int(rng.integers(31, 40)))),
            ((1, 1, w, h), (8 * w, 8 * h)),
            ((3, 1, 4, 4), torch.Size([21, 13])),
            ((1, 1, 3, 3), (24, 24)),
            ((2, 1, 1, 3), (5, 8)),
        )
    ]
    got = []
    for case in cases:
        call = case.call(attempt)
        got.append(_map(call, *case.args))
        expect.untouched(call)
    expect.values(got, cases, confidence_map, MISCONCEPTIONS)
    _sure(attempt)
    for device in devices()[1:]:
        logits, size = cases[0].args
        attempt.call(logits.to(device), size, on="logits on the GPU")


def _map(call: Call, logits: Tensor, size: Size) -> np.ndarray:
    """The call's value as an array, once it is a tensor of floats of the right shape.

    Raises:
        Wrong: it isn't.
    """
    value = expect.returned(call)
    if not isinstance(value, Tensor):
        raise Wrong(
            f"Your function returns {describe(value)}; a tensor is expected, as the logits are one."
        )
    if not value.is_floating_point():
        raise Wrong(f"Your function returns a tensor of {value.dtype}; floats are expected.")
    right = (len(logits), 1, *size)
    if value.shape != right:
        raise Wrong(
            f"On {call.on}, your function returns {describe(value)}; the map is N×1×H×W, here "
            f"{'×'.join(map(str, right))}{_what_shape(tuple(value.shape), logits, size)}."
        )
    array = value.detach().cpu().numpy()
    expect.finite(call, array)
    return array


def _what_shape(have: tuple[int, ...], logits: Tensor, size: Size) -> str:
    n, (height, width) = len(logits), size
    if have == (n, 1, width, height):
        return ": height and width are swapped"
    if have == tuple(logits.shape):
        return ": the grid of patches isn't enlarged"
    if have in ((n, 1, height, height), (n, 1, width, width)):
        return ": both sides come from one number of `size`"
    if n > 1 and have == (1, 1, height, width):
        return ": there is one map for each picture of the batch"
    if have in ((n, height, width), (height, width)):
        return ": an axis of length one is squeezed or indexed away"
    if have == (n, 3, height, width):
        return ": one value a pixel, no colours"
    if have == (n, height, width, 1):
        return ": the channel comes before height and width"
    return ""


def _sure(attempt: Attempt) -> None:
    """Logits of ±200 are probabilities of 1 and 0, not infinity divided by infinity."""
    call = attempt.call(
        torch.tensor([200.0, -200.0]).reshape(1, 1, 1, 2), (2, 4), on="logits of 200 and −200"
    )
    value = expect.returned(call)
    if isinstance(value, Tensor) and value.isnan().any():
        raise Wrong(
            "On logits of 200 and −200, your function returns NaN: the exponential of a large "
            "logit is infinity. torch.sigmoid knows how to avoid it."
        )


def _lesson_size(rng: np.random.Generator) -> tuple[Tensor, Size]:
    return torch.zeros(4, 1, 30, 30), (256, 256)


TASK = Task(
    header=HEADER,
    reference=confidence_map,
    hints=HINTS,
    examine=examine,
    lesson_size=_lesson_size,
    wrong=zoo.WRONG,
    valid=zoo.VALID,
    equivalent=zoo.EQUIVALENT,
)
