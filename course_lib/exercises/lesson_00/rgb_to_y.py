"""Exercise 00.3: the luma that deraining papers score."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from course_lib.checks import expect
from course_lib.checks.attempt import Attempt, Call, describe_error
from course_lib.checks.expect import Case
from course_lib.checks.result import Wrong
from course_lib.checks.task import Header, Task
from course_lib.exercises.lesson_00 import rgb_to_y_zoo as zoo
from course_lib.metrics import rgb_to_y

HEADER = Header(
    id="00.3",
    title="The luma that papers score",
    difficulty=1,
    minutes=8,
    needed_for="the PSNR on luma in exercise 00.4",
)

HINTS = (
    "Read the formula in the docstring: three weights, one for each colour, an offset, and one "
    "division. The colours are on the last axis.",
    "A weighted sum over the last axis is a product with a vector: `image @ weights`, or "
    "`image[..., 0]` and its two sisters. The offset 16 is inside the bracket that is divided "
    "by 255.",
    "Almost the code:\n"
    "    weights = np.array([65.481, 128.553, 24.966])\n"
    "    return (16 + ... @ weights) / ...",
)

WEIGHTS = np.array([65.481, 128.553, 24.966])

Formula = Callable[[np.ndarray], np.ndarray]

MISCONCEPTIONS: dict[str, Formula] = {
    "you return Y on the scale 0 to 255: divide the whole bracket by 255, the offset too.": (
        lambda image: 16 + image @ WEIGHTS
    ),
    "you add 16 without dividing it by 255: it stands inside the bracket.": (
        lambda image: 16 + image @ WEIGHTS / 255
    ),
    "only the last term is divided by 255: `/` comes before `+`, so set brackets round the whole "
    "sum.": lambda image: 16 + image @ [65.481, 128.553, 24.966 / 255],
    "the offset 16 is missing: black has Y = 16/255, not 0.": lambda image: image @ WEIGHTS / 255,
    "this is the full-range luma 0.299·R + 0.587·G + 0.114·B, as in JPEG files and OpenCV. "
    "Papers that compare PSNR on Y use MATLAB's studio range, 16 to 235.": (
        lambda image: image @ [0.299, 0.587, 0.114]
    ),
    "this is the full-range luma of high-definition television, 0.2126·R + 0.7152·G + 0.0722·B, "
    "that scikit-image's rgb2gray has too; the docstring's weights are others.": (
        lambda image: image @ [0.2126, 0.7152, 0.0722]
    ),
    "the offset is there, but the weights are those of the full range: with 0.299, 0.587 and "
    "0.114 white would have Y = 271/255. Take the docstring's weights.": (
        lambda image: 16 / 255 + image @ [0.299, 0.587, 0.114]
    ),
    "the weights meet the channels in the order blue, green, red, as OpenCV reads pictures. "
    "Here the order is red, green, blue.": lambda image: (16 + image @ WEIGHTS[::-1]) / 255,
    "you divide the colours by 255, but they are in [0, 1] already: only the bracket is "
    "divided.": lambda image: (16 + image / 255 @ WEIGHTS) / 255,
    "you divide only the 16 by 255, where the whole bracket is divided; or you multiply the "
    "colours by 255, where these weights are made for colours in [0, 1].": (
        lambda image: (16 + image * 255 @ WEIGHTS) / 255
    ),
    "you divide by 256; 8-bit values go from 0 to 255, so 255 is the divisor.": (
        lambda image: (16 + image @ WEIGHTS) / 256
    ),
    "you round Y to 8-bit steps: the difference of two pictures loses its small values so.": (
        lambda image: np.rint(16 + image @ WEIGHTS) / 255
    ),
    "you round the weights to whole numbers: take all their digits, 65.481, 128.553 and "
    "24.966.": lambda image: (16 + image @ [65, 129, 25]) / 255,
    "this is the plain mean of the three channels: green counts about five times as much as "
    "blue, because the eye sees it brighter.": lambda image: image.mean(-1),
}


def examine(attempt: Attempt, rng: np.random.Generator) -> None:
    """Random pictures of any number of axes, three pixels high and wide ones among them."""
    shapes = [tuple(rng.choice(range(4, 12), 2, replace=False)), (3, 7), (6, 3), (3, 3)]
    cases = [
        Case(on=f"a picture of {h}×{w} pixels", args=(rng.random((h, w, 3)),)) for h, w in shapes
    ]
    height, width = rng.integers(4, 9, 2)
    cases += [
        Case(on="a float32 picture", args=(rng.random((height, width + 9, 3)).astype(np.float32),)),
        Case(on="a single pixel, an array of three values", args=(rng.random(3),)),
        Case(on="four pictures at once, N×H×W×3", args=(rng.random((4, height, width, 3)),)),
    ]
    got = []
    for case in cases:
        call = _call(attempt, case)
        _sums_over_colours(call.value, case.args[0])
        got.append(expect.array(call, case.args[0].shape[:-1], "Y without the last axis"))
        expect.finite(call, got[-1])
        expect.untouched(call)
    known = MISCONCEPTIONS | _other_weights(got[0], cases[0])
    expect.values(got, cases, rgb_to_y, known, tolerance=1e-5)


def _call(attempt: Attempt, case: Case) -> Call:
    """Call the answer; errors that come with other than three axes say so."""
    call, error = attempt.outcome(*case.args, on=case.on)
    if call is not None:
        return call
    assert error is not None
    text = f"On {case.on}, your function raises {describe_error(error, attempt.function)}"
    if case.args[0].ndim != 3:
        text += (
            ". The docstring's …×3 may be one pixel, or many pictures: `image[..., 0]` is red in "
            "all of them, and the colours' axis is -1."
        )
    raise Wrong(text)


def _other_weights(got: np.ndarray, case: Case) -> dict[str, Formula]:
    """Where the answer is a weighted sum, but not this one: the diagnosis, and its formula."""
    (image,) = case.args
    ones = np.ones((*image.shape[:-1], 1))
    terms = np.concatenate([ones, image], axis=-1).reshape(-1, 4)
    have = np.round(255 * np.linalg.lstsq(terms, got.ravel(), rcond=None)[0], 3) + 0.0  # no −0
    right = np.array([16, *WEIGHTS])
    off = [n for n in range(4) if abs(have[n] - right[n]) > 0.002]
    if not have[1:].any() or not 1 <= len(off) <= 3:
        return {}
    if np.allclose(sorted(have), sorted(right), rtol=0, atol=0.002):
        given = ", ".join(f"{name} is {have[n]:g}" for n, name in enumerate(TERMS) if n in off)
        text = f"the numbers are right, but in other places: in your formula {given}."
    else:
        wrong = [f"{TERMS[n]} is {have[n]:g}, not {right[n]:g}" for n in off]
        text = f"in your formula {'; '.join(wrong)}."
    return {text: lambda image: (have[0] + image @ have[1:]) / 255}


TERMS = ("the offset", "the weight of red", "the weight of green", "the weight of blue")


def _sums_over_colours(value: object, image: np.ndarray) -> None:
    if not isinstance(value, np.ndarray) or image.ndim < 2:
        return
    if value.shape == image.shape:
        raise Wrong(
            "Your function weights the three colours but doesn't add them up: the result still "
            "has its last axis of three. Sum over the last axis."
        )
    if value.shape == (*image.shape[:-1], 1):
        raise Wrong("Your function keeps a last axis of length one: leave out keepdims.")
    if value.shape == image.shape[1:] != image.shape[:-1]:
        raise Wrong("Your function sums over the first axis; the colours are on the last one.")


TASK = Task(
    header=HEADER,
    reference=rgb_to_y,
    hints=HINTS,
    examine=examine,
    lesson_size=lambda rng: (rng.random((256, 384, 3)),),
    wrong=zoo.WRONG,
    valid=zoo.VALID,
    equivalent=zoo.EQUIVALENT,
)
