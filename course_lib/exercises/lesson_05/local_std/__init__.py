"""Exercise 05.1: the local standard deviation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from scipy.ndimage import uniform_filter

from course_lib.artifacts.texture import local_std, local_variance
from course_lib.checks.attempt import Call
from course_lib.checks.function import Case, Formula, Function
from course_lib.checks.result import Wrong
from course_lib.checks.shorthand import slips_that_get, slips_that_say
from course_lib.checks.task import Task, texts
from course_lib.exercises.lesson_05.local_std import zoo

STD = "around.std(axis=(-2, -1))"
WINDOWS = "levels, (window, window), axis=(0, 1)"
OF_ALL = "np.sqrt(((around - levels.mean((0, 1))[..., None, None]) ** 2).mean((-2, -1)))"

# Edits of the reference → the whole diagnosis.
SAYS = {
    f"{STD} → around.var(axis=(-2, -1))": "You return the variance. The standard deviation is its "
    "root.",
    f"{STD} → around.std(axis=(-2, -1), ddof=1)": "You divide the sum of squares by the number of "
    "pixels less one. Here all pixels of the window are known, so divide by their number.",
    f"{STD} → np.abs(around - around.mean((-2, -1), keepdims=True)).mean((-2, -1))": "You take the "
    "mean of the absolute distances from the mean, not the root of the mean of their squares.",
    f"{STD} → around.mean(axis=(-2, -1))": "You return the mean of each window.",
    f"{STD} → np.sqrt((around**2).mean(axis=(-2, -1)))": "You take the root of the mean of the "
    "squares. The mean of the window has to be subtracted first.",
    f"{STD} → around.std(axis=-1).mean(axis=-1)": "You take the standard deviation of each row of "
    "the window and then their mean. Take one standard deviation over all of its pixels.",
    f"{STD} → around.std(axis=-2).mean(axis=-1)": "You take the standard deviation of each column "
    "of the window and then their mean. Take one standard deviation over all of its pixels.",
    f"{STD} → around.max((-2, -1)) - around.min((-2, -1))": "You return the difference between the "
    "largest and the smallest level of the window.",
    f"{STD} → {OF_ALL}": "You subtract the mean of the whole picture. Each window has its own "
    "mean.",
    f"{STD} → {STD} / 255": "You divide by 255, and the docstring's example keeps the levels as "
    "they are.",
}
# Edits of the reference → words of the examiner's own diagnosis.
FOUND = {
    f"{WINDOWS} → levels, (window // 2, window // 2), axis=(0, 1)": "the whole window lies inside",
    f"{WINDOWS} → levels, (window, 1), axis=(0, 1)": "the whole window lies inside",
    f"{STD} → {STD}[..., None]": "one map for each channel",
    "return 0.0": "returns",
}

FLOATS = "NumPy's own `std` subtracts the mean first, and takes it of bytes in float64."


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Grey and colour pictures, not square, of bytes and floats; flat ones; windows 1 to 7."""
    for turn, kind in enumerate((np.uint8, np.float64, np.float32)):
        height, width = rng.choice(range(9, 15), 2, replace=False)
        levels = rng.integers(0, 256, (height, width, 3)).astype(kind)
        window = (5, 3, 7)[turn]
        for picture, words in ((levels[..., 0], "grey"), (levels, "colour")):
            yield Case(
                on=f"a {words} picture of {height}×{width} ({picture.dtype}), window {window}",
                args=(picture.copy(), window),
                group=f"{words} pictures",
            )
    flat = np.full((8, 9), 254.7, np.float32)
    yield Case(on="a flat, bright picture of 8×9 (float32), window 5", args=(flat, 5))
    bright = 250 + rng.uniform(0, 0.1, (9, 8)).astype(np.float32)
    yield Case(on="a bright picture of 9×8 with little texture (float32)", args=(bright, 5))
    line = rng.uniform(0, 255, (9, 9))
    yield Case(on="a picture as large as the window, 9×9", args=(line, 9))
    yield Case(on="a picture of 6×7 pixels, window 1", args=(rng.uniform(0, 255, (6, 7)), 1))


def look(call: Call, case: Case) -> None:
    """Sizes: the window's border is the most frequent mistake."""
    image, window = case.args
    value = call.value
    if not isinstance(value, np.ndarray):
        return
    right = (image.shape[0] - window + 1, image.shape[1] - window + 1, *image.shape[2:])
    if value.shape != right and value.ndim != image.ndim:
        raise Wrong(
            f"On {call.on}, your result has the shape {value.shape}. There is one map for each "
            f"channel of the picture: {right}."
        )
    if value.shape != right:
        raise Wrong(
            f"On {call.on}, your result has the shape {value.shape}. Only pixels count around "
            f"which the whole window lies inside the picture: {right}."
        )


def more_known(got: Sequence[Any], cases: Sequence[Case]) -> dict[str, Formula]:
    """Mistakes that need more than an edit: bytes that wrap, colours in one window."""
    return {
        "You square the levels while they are uint8: squares of uint8 wrap around at 256. Turn the "
        "picture into floats first.": _squares_of_bytes,
        "You take one standard deviation over all three colours together. Each channel has its "
        "own.": _of_all_colours,
    }


def _squares_of_bytes(image: np.ndarray, window: int) -> np.ndarray:
    if image.dtype != np.uint8:
        return local_std(image, window)
    mean = _local_mean(image, window)
    return np.sqrt(np.maximum(_local_mean(image**2, window) - mean**2, 0))


def _local_mean(image: np.ndarray, window: int) -> np.ndarray:
    edge = window // 2
    size = (window, window, 1)[: image.ndim]
    means = uniform_filter(image.astype(np.float64), size)
    return means[edge : image.shape[0] - edge, edge : image.shape[1] - edge]


def _of_all_colours(image: np.ndarray, window: int) -> np.ndarray:
    if image.ndim == 2:
        return local_std(image, window)
    mean = _local_mean(image, window)
    variance = local_variance(image, window=window)
    together = variance.mean(-1) + mean.var(-1)
    return np.repeat(np.sqrt(together)[..., None], image.shape[2], axis=-1)


TASK = Task(
    **texts(__file__),
    reference=local_std,
    examine=Function(
        example=Case(
            on="the docstring's example",
            args=(np.array([[0.0, 0, 0], [0, 9, 0], [0, 0, 0]]), 3),
        ),
        cases=cases,
        meaning="the area where the whole window lies inside",
        tolerance=1e-3,
        look=look,
        more_known=more_known,
        not_finite=lambda case: (
            " The variance falls below 0 there by rounding: compute in float64 "
            "and clip it at 0 before the root."
        ),
    ),
    lesson_size=lambda rng: (rng.integers(0, 256, (224, 224, 3)).astype(np.uint8), 11),
    slips=(*slips_that_say(SAYS), *slips_that_get(FOUND)),
    written=zoo.WRITTEN,
    valid=zoo.VALID,
    equivalent={
        "line 1: np.asarray(image, np.float64) → image": FLOATS,
        "line 2: levels → image": FLOATS,
        "line 2: axis=(0, 1) → axis=(1, 0)": "The window is square.",
        "line 3: axis=(-2, -1) → axis=(-1, -2)": "The same pixels, in another order.",
    },
)
