"""Exercise 02.4: a map of how real each part of a picture looks."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from course_lib.checks.attempt import Call, describe
from course_lib.checks.function import Case, Function
from course_lib.checks.result import Wrong
from course_lib.checks.slips import Slip
from course_lib.checks.task import Task, texts
from course_lib.exercises.lesson_02.confidence_map import zoo
from course_lib.models.pix2pix import confidence_map

SIGMOID = "logits.sigmoid()"
WAY = 'mode="bilinear", align_corners=False'

# What may stand in place of the sigmoid.
VALUES = {
    "logits": "The sigmoid is missing: your map holds logits. The sigmoid makes them "
    "probabilities.",
    "logits.sigmoid().sigmoid()": "The sigmoid is taken twice: your map only reaches from ½ to "
    "0.73.",
    "(1 - logits.sigmoid())": "Your map is upside down, 1 − D: it shows how generated each part "
    "looks. 1 stands for real.",
    "logits.tanh()": "You take the tanh, from −1 to 1; the sigmoid goes from 0 to 1.",
    "logits.flatten(1).softmax(1).reshape(logits.shape)": "You take the softmax over the patches, "
    "so that they compete for a sum of 1. Each patch has its own verdict: the sigmoid of its own "
    "logit.",
    "logits.clamp(0, 1)": "You cut the logits off at 0 and 1. The sigmoid makes probabilities of "
    "them.",
    "(logits > 0).float()": "You round each patch's verdict to 0 or 1. The map shows how sure "
    "D is.",
    "logits.sigmoid().mean((2, 3), keepdim=True).expand_as(logits)": "Your map has one value for "
    "the whole picture, the mean of its patches. Each part gets its own.",
    "stretched(logits)": "You stretch each picture's logits from 0 to 1, so that every map has a 0 "
    "and a 1, however sure D is. The sigmoid makes probabilities of them.",
    "stretched(logits.sigmoid())": "You stretch each picture's map from 0 to 1, so that every map "
    "has a 0 and a 1, however sure D is. Leave the sigmoid's values as they are.",
}
# What may stand in place of the interpolation.
WAYS = {
    'mode="nearest"': 'Each patch becomes a block of one value, as mode="nearest" makes them, what '
    'F.interpolate takes unless told: the docstring asks for "bilinear".',
    'mode="nearest-exact"': 'Each patch becomes a block of one value, as mode="nearest-exact" '
    'makes them; the docstring asks for "bilinear".',
    'mode="bilinear", align_corners=True': "You interpolate with align_corners=True, which puts "
    "the outer patches' centres on the picture's border; the docstring has False.",
    'mode="bicubic", align_corners=False': "You interpolate bicubically, which overshoots: a "
    "probability may leave [0, 1]. The docstring asks for bilinear interpolation.",
    'mode="bilinear", align_corners=False, antialias=True': "You interpolate with antialias=True, "
    "which blurs where a map gets smaller. The docstring asks for plain bilinear interpolation.",
}

SLIPS = (
    *(Slip(f"{SIGMOID} → {values}", says=says) for values, says in VALUES.items()),
    *(Slip(f"{WAY} → {way}", says=says) for way, says in WAYS.items()),
    *(
        Slip(
            f"{SIGMOID} → logits",
            f"{WAY} → {way}",
            says=f"The sigmoid is missing. Besides: {says}",
        )
        for way, says in WAYS.items()
    ),
    Slip(
        f"{SIGMOID} → logits",
        "align_corners=False) → align_corners=False).sigmoid()",
        says="You interpolate the logits and take the sigmoid afterwards. The docstring has the "
        "sigmoid first: half-way between a patch of 0.99 and one of 0.5 the map then has 0.745.",
    ),
    Slip(
        "align_corners=False) → align_corners=False).sigmoid()",
        says="The sigmoid is taken twice, before and after the interpolation: your map only "
        "reaches from ½ to 0.73.",
    ),
    Slip(
        f"{WAY}) → mode='bicubic').clamp(0, 1)",
        says="You interpolate bicubically; the docstring asks for bilinear interpolation.",
    ),
    Slip("size=size → size=size[::-1]", gets="height and width are swapped"),
    Slip("size=size → size=size[0]", gets="both sides come from one number"),
    Slip(f"return {SIGMOID}", gets="isn't enlarged"),
    Slip(f"{WAY}) → {WAY}).squeeze()", gets="an axis of length one"),
    Slip(f"{WAY}) → {WAY})[:, 0]", gets="an axis of length one"),
    Slip(f"{SIGMOID} → logits[:1].sigmoid()", gets="one map for each picture"),
    Slip(f"{WAY}) → {WAY}).repeat(1, 3, 1, 1)", gets="no colours"),
    Slip(f"{WAY} → mode='linear'", gets="your function raises"),
    Slip("size=size → scale_factor=size", gets="the map is N×1×H×W"),
    Slip(f"{WAY}) → {WAY}).numpy()", gets="a tensor is expected"),
    Slip(
        "return F → return 255 * F",
        f"{WAY}) → {WAY}).to(torch.uint8)",
        gets="floats are expected",
    ),
    Slip("return torch.full((len(logits), 1, *size), 0.5)", gets="whatever it is called with"),
)


def stretched(values: torch.Tensor) -> torch.Tensor:
    """Each picture's values from 0 to 1."""
    low, high = values.amin((2, 3), keepdim=True), values.amax((2, 3), keepdim=True)
    return (values - low) / (high - low + 1e-8)


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Batches and single pictures, one row of patches and many; larger, smaller and equal sizes."""
    generator = torch.Generator().manual_seed(int(rng.integers(2**32)))
    h, w = (int(side) for side in rng.choice(range(2, 8), 2, replace=False))
    for shape, size in (
        ((2, 1, h, w), (int(rng.integers(20, 30)), int(rng.integers(31, 40)))),
        ((1, 1, w, h), (8 * w, 8 * h)),
        ((3, 1, 4, 4), torch.Size([21, 13])),
        ((1, 1, 3, 3), (24, 24)),
        ((2, 1, 1, 3), (5, 8)),
        ((1, 1, 8, 9), (4, 3)),
        ((2, 1, 5, 4), (5, 4)),
        ((1, 1, 7, 7), (61, 61)),  # 7 · (61 / 7) is less than 61 in floating point
    ):
        on = f"logits of size {'×'.join(map(str, shape))} and a picture of {size[0]}×{size[1]}"
        logits = 4 * torch.randn(*shape, generator=generator)
        yield Case(on=on, args=(logits, size))
    sure = torch.tensor([200.0, -200.0]).reshape(1, 1, 1, 2)
    yield Case(on="logits of 200 and −200", args=(sure, (2, 4)))


def look(call: Call, case: Case) -> None:
    """Say which mistake gives a map of this type or shape."""
    value, (logits, size) = call.value, case.args
    if not isinstance(value, torch.Tensor):
        return
    if not value.is_floating_point():
        raise Wrong(f"Your function returns a tensor of {value.dtype}; floats are expected.")
    if value.isnan().any():
        raise Wrong(
            f"On {call.on}, your function returns NaN: the exponential of a large logit is "
            "infinity. torch.sigmoid knows how to avoid it."
        )
    right = (len(logits), 1, *size)
    if value.shape != right:
        raise Wrong(
            f"On {call.on}, your function returns {describe(value)}; the map is N×1×H×W, here "
            f"{'×'.join(map(str, right))}{_what_shape(tuple(value.shape), logits, *size)}."
        )


def _what_shape(have: tuple[int, ...], logits: torch.Tensor, height: int, width: int) -> str:
    n = len(logits)
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
        return ": one value for each pixel, no colours"
    if have == (n, height, width, 1):
        return ": the channel comes before height and width"
    return ""


TASK = Task(
    **texts(__file__),
    reference=confidence_map,
    examine=Function(
        example=Case(on="logits of 0 everywhere", args=(torch.zeros(1, 1, 2, 2), (3, 5))),
        cases=cases,
        meaning="N×1×H×W",
        look=look,
    ),
    lesson_size=lambda rng: (torch.zeros(4, 1, 30, 30), (256, 256)),
    slips=SLIPS,
    names={"stretched": stretched},
    written=zoo.WRITTEN,
    valid=zoo.VALID,
    equivalent={
        "line 1: without `align_corners=False`": "F.interpolate doesn't align corners unless told."
    },
)
