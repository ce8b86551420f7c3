"""Exercise 06.1: pseudo ground truth."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter

from course_lib.artifacts.finetune import pseudo_ground_truth
from course_lib.checks import expect
from course_lib.checks.attempt import Call, describe
from course_lib.checks.function import Case, Function, Refusal
from course_lib.checks.result import Wrong
from course_lib.checks.shorthand import slips_that_get, slips_that_say
from course_lib.checks.task import Task, texts
from course_lib.exercises.lesson_06.pseudo_ground_truth import zoo

MIX = "share * mse + (1 - share) * gan"
ROUNDED = f"np.rint({MIX}).astype(np.uint8)"

# Edits of the reference → the whole diagnosis.
SAYS = {
    f"{MIX} → share * gan + (1 - share) * mse": "The pictures are swapped: the artifacts stay, and "
    "the rest becomes the MSE twin's.",
    f"{ROUNDED} → mse": "You return the MSE twin's picture everywhere. Outside the mask, the GAN's "
    "detail must stay.",
    f"{ROUNDED} → gan": "You return the GAN's picture: the artifacts stay.",
    f"{ROUNDED} → np.rint((mse.astype(float) + gan) / 2).astype(np.uint8)": "You take the mean of "
    "both pictures everywhere, whatever the mask is.",
    f"{MIX} → share * mse": "Outside the mask, your picture is black. Add (1 − M)·y_GAN.",
    f"{MIX} → share * mse + gan": "Inside the mask, you add both pictures. Take the GAN's away "
    "there: (1 − M)·y_GAN.",
}
# Edits of the reference → words of the examiner's own diagnosis.
FOUND = {
    ".astype(np.uint8) → ": "uint8",
    f"{ROUNDED} → ({MIX}).astype(np.uint8)": "1",
}


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Random pictures and masks, with and without a soft border; all and nothing masked."""
    for height, width, feather in ((9, 14, 0.0), (16, 11, 2.0), (12, 12, 0.7)):
        mse, gan = rng.integers(0, 256, (2, height, width, 3), dtype=np.uint8)
        mask = gaussian_filter(rng.normal(size=(height, width)), 1.5) > 0
        yield Case(
            on=f"pictures of {height}×{width} pixels and a feather of {feather}",
            args=(mse, gan, mask),
            kwargs={"feather": feather} if feather else {},
            group="feather" if feather else "hard",
        )
    mse, gan = rng.integers(0, 256, (2, 5, 6, 3), dtype=np.uint8)
    yield Case(on="a mask without a pixel", args=(mse, gan, np.zeros((5, 6), bool)))
    yield Case(on="a mask of all pixels", args=(mse, gan, np.ones((5, 6), bool)))


def read(call: Call, right: np.ndarray) -> np.ndarray:
    """The picture as numbers.

    Raises:
        Wrong: no picture of the right size and type.
    """
    value = expect.returned(call)
    if not isinstance(value, np.ndarray) or value.dtype != np.uint8 or value.shape != right.shape:
        raise Wrong(
            f"On {call.on}, your function returns {describe(value)}; a uint8 picture of "
            f"{right.shape} is expected."
        )
    return value.astype(np.float64)


def lesson_size(rng: np.random.Generator) -> tuple[Any, ...]:
    """Two pictures and a mask of the lesson's size."""
    mse, gan = rng.integers(0, 256, (2, 160, 160, 3), dtype=np.uint8)
    return mse, gan, rng.random((160, 160)) > 0.5


def refusals(rng: np.random.Generator) -> Iterator[Refusal]:
    """Pictures of two sizes, a mask of numbers or of another size, a negative feather."""
    mse, gan = rng.integers(0, 256, (2, 5, 6, 3), dtype=np.uint8)
    mask = np.ones((5, 6), bool)
    yield Refusal(args=(mse, gan[:1], mask[:1]), on="pictures of two sizes")
    yield Refusal(args=(mse[:1], gan, mask), on="pictures of two sizes")
    yield Refusal(args=(mse, gan, mask.astype(np.uint8)), on="a mask of numbers")
    yield Refusal(args=(mse, gan, mask[:, :1]), on="a mask of another size")
    for feather in (-1.0, -0.1, np.inf):
        yield Refusal(args=(mse, gan, mask), kwargs={"feather": feather}, on=f"feather = {feather}")


CHECKED = "Checks may come in any order, and twice."
TASK = Task(
    **texts(__file__),
    reference=pseudo_ground_truth,
    examine=Function(
        example=Case(
            on="the docstring's example",
            args=(
                np.full((1, 2, 3), 90, np.uint8),
                np.full((1, 2, 3), 200, np.uint8),
                np.array([[True, False]]),
            ),
        ),
        cases=cases,
        meaning="the pseudo ground truth",
        tolerance=0.01,
        read=read,
        refusals=refusals,
    ),
    lesson_size=lesson_size,
    slips=(*slips_that_say(SAYS), *slips_that_get(FOUND)),
    written=zoo.WRITTEN,
    valid=zoo.VALID,
    equivalent={
        "line 1: `if mse.shape != gan.shape:` after the next statement": CHECKED,
        "line 3: `require_mask(mask, gan.shape[:2])` twice": CHECKED,
        "line 3: `require_mask(mask, gan.shape[:2])` after the next statement": CHECKED,
        "line 3: gan → mse": "Both have one size by then.",
        "line 4: `if not 0 <= feather < np.inf:` after the next statement": CHECKED,
        "line 4: 0 <= feather < np.inf → 0 <= feather != np.inf": "Only infinity isn't below it.",
        "line 7: `if feather:` after the next statement": "A blur along an axis of one pixel "
        "changes nothing.",
    },
)
