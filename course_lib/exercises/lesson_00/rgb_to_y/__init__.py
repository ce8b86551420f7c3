"""Exercise 00.3: the luma that deraining papers score."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from course_lib.checks.attempt import Call
from course_lib.checks.function import Case, Formula, Function
from course_lib.checks.result import Wrong
from course_lib.checks.slips import Slip
from course_lib.checks.task import Task, texts
from course_lib.exercises.lesson_00.rgb_to_y import zoo
from course_lib.metrics import rgb_to_y

W = np.array([65.481, 128.553, 24.966])
TERMS = ("the offset", "the weight of red", "the weight of green", "the weight of blue")

SLIPS = (
    Slip(
        "return 16 + image @ W",
        says="You return Y on the scale 0 to 255. Divide the whole bracket by 255, the offset too.",
    ),
    Slip(
        "return 16 + image @ W / 255",
        says="You add 16 without dividing it by 255: the offset is inside the bracket.",
    ),
    Slip(
        "return 16 + image @ [65.481, 128.553, 24.966 / 255]",
        says="Only the last term is divided by 255, because `/` comes before `+`. Put brackets "
        "around the whole sum.",
    ),
    Slip(
        "return image @ W / 255",
        says="The offset 16 is missing: black has Y = 16/255, not 0.",
    ),
    Slip(
        "return image @ [0.299, 0.587, 0.114]",
        says="This is the full-range luma 0.299·R + 0.587·G + 0.114·B, as in JPEG files and "
        "OpenCV. Papers that compare PSNR on Y use MATLAB's studio range, 16 to 235.",
    ),
    Slip(
        "return image @ [0.2126, 0.7152, 0.0722]",
        says="This is the luma of high-definition television, 0.2126·R + 0.7152·G + 0.0722·B, "
        "which scikit-image's rgb2gray has too. The docstring's weights are others.",
    ),
    Slip(
        "return 16 / 255 + image @ [0.299, 0.587, 0.114]",
        says="The offset is right, but the weights are those of the full range: with 0.299, 0.587 "
        "and 0.114 white has Y = 271/255. Take the docstring's weights.",
    ),
    Slip(
        "return (16 + image @ W[::-1]) / 255",
        says="The weights meet the channels in the order blue, green, red, as OpenCV reads "
        "pictures. Here the order is red, green, blue.",
    ),
    Slip(
        "return (16 + image / 255 @ W) / 255",
        says="You divide the colours by 255, but they are in [0, 1] already. Only the bracket is "
        "divided.",
    ),
    Slip(
        "return (16 + image * 255 @ W) / 255",
        says="You divide only the 16 by 255, where the whole bracket is divided; or you multiply "
        "the colours by 255, although these weights are made for colours in [0, 1].",
    ),
    Slip(
        "return (16 + image @ W) / 256",
        says="You divide by 256. 8-bit values go from 0 to 255, so the divisor is 255.",
    ),
    Slip(
        "return np.rint(16 + image @ W) / 255",
        says="You round Y to 8-bit steps. The difference of two pictures loses its small values.",
    ),
    Slip(
        "return (16 + image @ [65, 129, 25]) / 255",
        says="You round the weights to whole numbers. Take all their digits: 65.481, 128.553 and "
        "24.966.",
    ),
    Slip(
        "return image.mean(-1)",
        says="This is the plain mean of the three channels. Green counts about five times as much "
        "as blue, because the eye sees green as brighter.",
    ),
    Slip("24.966 → 24.996", gets="the weight of blue is 24.996, not 24.966."),
    Slip("16 → 0.16", gets="the offset is 0.16, not 16"),
    Slip(
        "[65.481, 128.553, 24.966] → [65.481, 24.966, 128.553]",
        gets="of green is 24.966, the weight of blue is 128.553",
    ),
    Slip("image @ → image * ", gets="doesn't add them up"),
    Slip(
        "return (16 + image[..., 1] * 128.553) / 255",
        gets="of red is 0, not 65.481; the weight of blue is 0",
    ),
)


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Random pictures of any number of axes; pictures three pixels high or wide among them."""
    for h, w in [
        tuple(rng.choice(range(4, 12), 2, replace=False)),
        (3, 7),
        (6, 3),
        (3, 3),
        (1, 5),
        (4, 1),
    ]:
        yield Case(on=f"a picture of {h}×{w} pixels", args=(rng.random((h, w, 3)),))
    height, width = rng.choice(range(5, 9), 2, replace=False)
    yield Case(on="a float32 picture", args=(rng.random((height, width + 9, 3), np.float32),))
    yield Case(on="a single pixel, an array of three values", args=(rng.random(3),))
    yield Case(on="four pictures at once, N×H×W×3", args=(rng.random((4, height, width, 3)),))


def look(call: Call, case: Case) -> None:
    """The colours are on the last axis, and the sum over them goes away."""
    value, image = call.value, case.args[0]
    if not isinstance(value, np.ndarray) or image.ndim < 2 or not image.size:
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


def explain(error: BaseException, case: Case) -> str:
    """More about errors that come with other than three axes."""
    if case.args[0].ndim == 3:
        return ""
    return (
        ". The docstring's …×3 may be one pixel, or many pictures: `image[..., 0]` is red in all "
        "of them, and the colours' axis is -1."
    )


def other_weights(got: Sequence[np.ndarray], cases: Sequence[Case]) -> Mapping[str, Formula]:
    """Where the answer is a weighted sum, but not this one: the diagnosis, and its formula."""
    values, image = got[0], cases[0].args[0]
    terms = np.concatenate([np.ones((*image.shape[:-1], 1)), image], axis=-1).reshape(-1, 4)
    have = np.round(255 * np.linalg.lstsq(terms, values.ravel(), rcond=None)[0], 3) + 0.0  # no −0
    right = np.array([16, *W])
    off = [n for n in range(4) if abs(have[n] - right[n]) > 0.002]
    if not have[1:].any() or not 1 <= len(off) <= 3:
        return {}
    if np.allclose(sorted(have), sorted(right), rtol=0, atol=0.002):
        given = ", ".join(f"{TERMS[n]} is {have[n]:g}" for n in off)
        text = f"The numbers are right, but in other places: in your formula {given}."
    else:
        wrong = [f"{TERMS[n]} is {have[n]:g}, not {right[n]:g}" for n in off]
        text = f"In your formula {'; '.join(wrong)}."
    return {text: lambda image: (have[0] + image @ have[1:]) / 255}


TASK = Task(
    **texts(__file__),
    reference=rgb_to_y,
    examine=Function(
        example=Case(on="a pure green pixel", args=(np.array([0.0, 1.0, 0.0]),)),
        cases=cases,
        meaning="Y without the last axis",
        tolerance=1e-5,
        look=look,
        explain=explain,
        more_known=other_weights,
    ),
    lesson_size=lambda rng: (rng.random((256, 384, 3)),),
    slips=SLIPS,
    names={"W": W},
    written=zoo.WRITTEN,
    valid=zoo.VALID,
    equivalent={"line 1: np.array(…) → [65.481, 128.553, 24.966]": "`@` makes an array of it."},
)
