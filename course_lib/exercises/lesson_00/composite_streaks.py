"""Exercise 00.1: lay rain streaks over a photograph."""

from __future__ import annotations

import numpy as np

from course_lib.checks import expect
from course_lib.checks.attempt import Attempt
from course_lib.checks.expect import Case
from course_lib.checks.result import Wrong
from course_lib.checks.static_analysis import arrays_from_outside
from course_lib.checks.task import Header, Task
from course_lib.data.streaks import Streaks, composite_streaks
from course_lib.exercises.lesson_00 import composite_streaks_zoo as zoo

HEADER = Header(
    id="00.1",
    title="Rain over a photograph",
    difficulty=2,
    minutes=10,
    needed_for="every rainy picture in this lesson",
)

HINTS = (
    "Write the formula for one pixel and one colour first, as in the docstring's example. Then "
    "look at the shapes: α is H×W, B is H×W×3, L has three values.",
    "α needs a third axis of length one to meet all three colours: `alpha[..., None]` is H×W×1. "
    "The photograph shows through for the share 1 − α, the drop's light for the share α. What "
    "is brighter than white is clipped, last of all.",
    "Almost the code:\n"
    "    alpha = streaks.alpha[..., None]\n"
    "    rainy = (1 - alpha) * ... + alpha * ...\n"
    "    return np.clip(rainy, ..., ...)",
)


def _mixed(clean: np.ndarray, streaks: Streaks) -> np.ndarray:
    """The formula without its clipping."""
    alpha = streaks.alpha[..., None]
    return (1 - alpha) * clean + alpha * streaks.light


def _along(alpha: np.ndarray, clean: np.ndarray, streaks: Streaks) -> np.ndarray:
    """With α on some axis of the picture; NaN, which explains nothing, where it doesn't fit."""
    try:
        return np.clip((1 - alpha) * clean + alpha * streaks.light, 0, 1)
    except ValueError:
        return np.full(clean.shape, np.nan)


MISCONCEPTIONS = {
    "you return the photograph without any rain.": lambda clean, streaks: clean,
    "α meets the wrong axis of the picture: it has no third axis, or has it in front, so that its "
    "columns line up with the colours. `alpha[..., None]` puts it at the end: H×W×1, one value a "
    "pixel.": (lambda clean, streaks: _along(streaks.alpha, clean, streaks)),
    "α meets the wrong axis of the picture: it has to get its new axis at the end, as in "
    "`alpha[..., None]`.": (lambda clean, streaks: _along(streaks.alpha[:, None], clean, streaks)),
    "you add the rain to the photograph as it is, I = B + α·L. While a drop covers the pixel, "
    "the background is hidden: it gets the share 1 − α.": (
        lambda clean, streaks: np.clip(clean + streaks.alpha[..., None] * streaks.light, 0, 1)
    ),
    "you add α itself to the photograph and leave out the drops' light L.": (
        lambda clean, streaks: np.clip(clean + streaks.alpha[..., None], 0, 1)
    ),
    "the shares are swapped: you give the photograph α and the drop's light 1 − α.": (
        lambda clean, streaks: np.clip(
            _mixed(clean, Streaks(1 - streaks.alpha, streaks.light)), 0, 1
        )
    ),
    "the drops' light has the full share everywhere: L has to be multiplied by α.": (
        lambda clean, streaks: np.clip((1 - streaks.alpha[..., None]) * clean + streaks.light, 0, 1)
    ),
    "the drops add no light: the term α·L is missing.": (
        lambda clean, streaks: (1 - streaks.alpha[..., None]) * clean
    ),
    "the drops are white in your picture: L is missing from α·L.": (
        lambda clean, streaks: _mixed(clean, Streaks(streaks.alpha, np.ones(3)))
    ),
    "you clip the light L to 1 before it is mixed. A bright sky may exceed white; only the "
    "finished picture I is clipped.": (
        lambda clean, streaks: _mixed(clean, Streaks(streaks.alpha, np.minimum(streaks.light, 1)))
    ),
    "you divide the picture by its largest value. A camera cuts off what exceeds 1 and leaves "
    "the rest as it is: np.clip.": (
        lambda clean, streaks: _mixed(clean, streaks) / max(1, _mixed(clean, streaks).max())
    ),
    "you divide the picture by its largest value. A camera cuts off what exceeds 1 and leaves "
    "the rest as it is: use np.clip.": (
        lambda clean, streaks: _mixed(clean, streaks) / _mixed(clean, streaks).max()
    ),
    "the light's colours are in the order blue, green, red; L and the picture have red first.": (
        lambda clean, streaks: np.clip(
            _mixed(clean, Streaks(streaks.alpha, streaks.light[::-1])), 0, 1
        )
    ),
    "all three colours get the same light: L has one value a colour.": (
        lambda clean, streaks: np.clip(
            _mixed(clean, Streaks(streaks.alpha, streaks.light.mean())), 0, 1
        )
    ),
    "all three colours get the first value of the light: L has one value a colour.": (
        lambda clean, streaks: np.clip(
            _mixed(clean, Streaks(streaks.alpha, streaks.light[0])), 0, 1
        )
    ),
    "a covered pixel shows the drop's light alone, however short it was covered: mix by the "
    "share α instead of choosing.": (
        lambda clean, streaks: np.clip(
            np.where(streaks.alpha[..., None] > 0, streaks.light, clean), 0, 1
        )
    ),
    "you take the brighter one of photograph and rain: mix them by the share α.": (
        lambda clean, streaks: np.clip(
            np.maximum(clean, streaks.alpha[..., None] * streaks.light), 0, 1
        )
    ),
    "this is the `screen` blend of drawing programs, 1 − (1 − B)·(1 − α·L); the docstring's "
    "formula hides the background by 1 − α.": (
        lambda clean, streaks: np.clip(
            1 - (1 - clean) * (1 - streaks.alpha[..., None] * streaks.light), 0, 1
        )
    ),
}


def examine(attempt: Attempt, rng: np.random.Generator) -> None:
    """Pictures of many sizes under a light of three different values, some of it above white.

    The first is 3×3: there an α on the wrong axis fits by chance, and gets its diagnosis
    instead of an error message about shapes.
    """
    tall, wide = int(rng.integers(8, 13)), int(rng.integers(4, 8))
    try:
        for size in ((3, 3), (tall, wide), (wide, tall), (1, 5), (tall, 3)):
            cases = [_case(size, rng, np.float64), _case(size, rng, np.float32)]
            _compare(attempt, cases)
    except Wrong:
        for name in sorted(arrays_from_outside(attempt.function) & set(ARGUMENTS)):
            raise Wrong(
                f"Your function uses the notebook's `{name}`, which a cell above has made, not "
                f"its own argument: `{ARGUMENTS[name]}`. So it fits a single picture."
            ) from None
        raise


# What the notebook has made before this exercise → what the function is called with.
ARGUMENTS = {"alpha": "streaks.alpha", "light": "streaks.light", "photo": "clean"}


def _case(size: tuple[int, int], rng: np.random.Generator, dtype: type[np.floating]) -> Case:
    height, width = size
    alpha = rng.random(size)
    alpha[rng.random(size) < 0.2] = 0
    alpha.flat[0] = 1  # a pixel that shows the drop alone, brighter than white
    light = rng.permutation([0.4, 0.8, 1.7]) + rng.uniform(0, 0.1, 3)
    streaks = Streaks(alpha.astype(dtype), light.astype(dtype))
    return Case(
        on=f"a {np.dtype(dtype)} picture of {height}×{width} pixels",
        args=(rng.random((height, width, 3)).astype(dtype), streaks),
    )


def _compare(attempt: Attempt, cases: list[Case]) -> None:
    got = []
    for case in cases:
        call = case.call(attempt)
        picture = expect.array(call, case.args[0].shape, "H×W×3")
        expect.finite(call, picture)
        if picture.max() > 1 + 1e-5 or picture.min() < -1e-5:
            raise Wrong(_range(case, picture))
        expect.untouched(call)
        got.append(picture)
    expect.values(got, cases, composite_streaks, MISCONCEPTIONS, tolerance=1e-5)


def _range(case: Case, picture: np.ndarray) -> str:
    low, high = picture.min(), picture.max()
    if high > 10:
        return (
            f"Your values go up to {high:.4g}: the picture is in [0, 1], not in [0, 255]. "
            "Nothing has to be multiplied by 255."
        )
    if expect.close(picture, case.of(_mixed), 1e-5):
        return (
            f"Your values go up to {high:.4g}, above white, because the light may exceed 1: "
            "clip the finished picture to [0, 1]."
        )
    for diagnosis, formula in MISCONCEPTIONS.items():
        if expect.close(picture.clip(0, 1), case.of(formula), 1e-5):
            return f"{expect.sentence(diagnosis)} Besides, the picture isn't clipped to [0, 1]."
    return (
        f"Your values are in [{low:.4g}, {high:.4g}]. The picture is in [0, 1]: clip it last of "
        "all, and see whether photograph and light get the shares 1 − α and α."
    )


def _lesson_size(rng: np.random.Generator) -> tuple[np.ndarray, Streaks]:
    return rng.random((256, 384, 3)), Streaks(rng.random((256, 384)), np.array([0.8, 0.9, 1.1]))


TASK = Task(
    header=HEADER,
    reference=composite_streaks,
    hints=HINTS,
    examine=examine,
    lesson_size=_lesson_size,
    wrong=zoo.WRONG,
    valid=zoo.VALID,
    equivalent=zoo.EQUIVALENT,
)
