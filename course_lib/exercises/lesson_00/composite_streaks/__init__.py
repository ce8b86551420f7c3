"""Exercise 00.1: lay rain streaks over a photograph."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from course_lib.checks.attempt import Call
from course_lib.checks.function import Case, Function
from course_lib.checks.result import Wrong
from course_lib.checks.slips import Slip
from course_lib.checks.task import Task, texts
from course_lib.data.streaks import Streaks, composite_streaks
from course_lib.exercises.lesson_00.composite_streaks import zoo

# Of a mixture that may exceed 1, clipped and unclipped. a is α with its third axis, L the light.
MIXTURES = {
    "clean + a * L": "You add the rain to the photograph as it is, I = B + α·L. While a drop "
    "covers the pixel, the background is hidden: it gets the share 1 − α.",
    "clean + a": "You add α itself to the photograph and leave out the drops' light L.",
    "a * clean + (1 - a) * L": "The shares are swapped: you give the photograph α and the drop's "
    "light 1 − α.",
    "(1 - a) * clean + L": "The drops' light has the full share everywhere: multiply L by α.",
    "(1 - a) * clean + a * L[::-1]": "The light's colours are in the order blue, green, red; L and "
    "the picture have red first.",
    "(1 - a) * clean + a * L.mean()": "All three colours get the same light: L has one value for "
    "each colour.",
    "(1 - a) * clean + a * L[0]": "All three colours get the first value of the light: L has one "
    "value for each colour.",
    "np.where(a > 0, L, clean)": "A covered pixel shows the drop's light alone, however short it "
    "was covered: mix by the share α instead of choosing.",
    "np.maximum(clean, a * L)": "You take the brighter one of photograph and rain: mix them by the "
    "share α.",
    "1 - (1 - clean) * (1 - a * L)": "This is the `screen` blend of drawing programs, "
    "1 − (1 − B)·(1 − α·L). In the docstring's formula the background gets the share 1 − α.",
    "(1 - a[:, :, 0]) * clean + a[:, :, 0] * L": "α meets the wrong axis of the picture: it has no "
    "third axis, so that its columns line up with the colours. `alpha[..., None]` puts one at the "
    "end: H×W×1, one value for each pixel.",
    "(1 - np.stack([a[:, :, 0]] * 3)) * clean + a[:, :, 0] * L": "α has its third axis in front, "
    "3×H×W. The picture is H×W×3: `alpha[..., None]` puts the axis at the end.",
    "(1 - a[:, None, :, 0]) * clean + a[:, None, :, 0] * L": "α meets the wrong axis of the "
    "picture: it has to get its new axis at the end, as in `alpha[..., None]`.",
}
NAMES = "a, L = streaks.alpha[..., None], np.asarray(streaks.light)\nreturn "

SLIPS = (
    *(Slip(f"{NAMES}np.clip({mixture}, 0, 1)", says=says) for mixture, says in MIXTURES.items()),
    *(
        Slip(NAMES + mixture, says=f"{says} Besides, the picture isn't clipped to [0, 1].")
        for mixture, says in MIXTURES.items()
    ),
    Slip(
        "np.clip(rainy, 0, 1) → rainy",
        says="Your picture goes above white, because the light may exceed 1: clip the finished "
        "picture to [0, 1].",
    ),
    Slip("return clean.copy()", says="You return the photograph without any rain."),
    Slip(
        " + alpha * streaks.light → ",
        says="The drops add no light: the term α·L is missing.",
    ),
    Slip(
        "* streaks.light → * np.ones(3)",
        says="The drops are white in your picture: L is missing from α·L.",
    ),
    Slip(
        "streaks.light → np.minimum(streaks.light, 1)",
        says="You clip the light L to 1 before it is mixed. A bright sky may exceed white; only "
        "the finished picture I is clipped.",
    ),
    Slip(
        "np.clip(rainy, 0, 1) → rainy / max(1, rainy.max())",
        says="You divide a picture that exceeds 1 by its largest value. A camera cuts off what "
        "exceeds 1 and leaves the rest as it is: use np.clip.",
    ),
    Slip(
        "np.clip(rainy, 0, 1) → rainy / rainy.max()",
        says="You divide the picture by its largest value. A camera cuts off what exceeds 1 and "
        "leaves the rest as it is: use np.clip.",
    ),
    Slip(
        "np.clip(rainy, 0, 1) → 255 * np.clip(rainy, 0, 1)",
        gets="not in [0, 255]",
    ),
)


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Pictures of many sizes under a light of three different values, some of it above white.

    The first is 3×3: there an α on the wrong axis fits by chance, and gets its diagnosis instead
    of an error message about shapes.
    """
    tall, wide = int(rng.integers(8, 13)), int(rng.integers(4, 8))
    for turn, size in enumerate(((3, 3), (tall, wide), (wide, tall), (1, 5), (tall, 3), (1, 1))):
        yield _case(size, turn, rng, np.float64)
        yield _case(size, turn, rng, np.float32)


def _case(
    size: tuple[int, int], turn: int, rng: np.random.Generator, dtype: type[np.floating]
) -> Case:
    """The three colours take turns to have the light above white."""
    height, width = size
    alpha = rng.random(size)
    alpha[rng.random(size) < 0.2] = 0
    alpha[:, -1] = rng.uniform(0.1, 1, height)  # rain in every row
    alpha.flat[0] = 1  # a pixel that shows the drop alone, brighter than white
    light = np.roll([1.7, 0.4, 0.8], turn) + rng.uniform(0, 0.1, 3)
    streaks = Streaks(alpha.astype(dtype), light.astype(dtype))
    return Case(
        on=f"a {np.dtype(dtype)} picture of {height}×{width} pixels",
        args=(rng.random((height, width, 3)).astype(dtype), streaks),
        group="pictures of 3×3 pixels" if size == (3, 3) else "",
    )


def look(call: Call, case: Case) -> None:
    """The picture stays in the range that the lesson's pictures have."""
    value = call.value
    if isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.max(initial=0) > 10:
        raise Wrong(
            f"Your values go up to {value.max():.4g}: the picture is in [0, 1], not in "
            "[0, 255]. Nothing has to be multiplied by 255."
        )


TASK = Task(
    **texts(__file__),
    reference=composite_streaks,
    examine=Function(
        example=Case(
            on="one pixel, half covered",
            args=(np.full((1, 1, 3), 0.2), Streaks(np.array([[0.5]]), np.full(3, 0.8))),
        ),
        cases=cases,
        meaning="H×W×3",
        tolerance=1e-5,
        look=look,
        # What the notebook has made before this exercise.
        notebook={"alpha": "streaks.alpha", "light": "streaks.light", "photo": "clean"},
    ),
    lesson_size=lambda rng: (
        rng.random((256, 384, 3)),
        Streaks(rng.random((256, 384)), np.array([0.8, 0.9, 1.1])),
    ),
    slips=SLIPS,
    written=zoo.WRITTEN,
    valid=zoo.VALID,
    equivalent={
        "line 3: np.clip(rainy, 0, 1) → np.clip(0, rainy, 1)": "0 clipped to between I and 1 is "
        "the larger one of 0 and I, at most 1.",
        "line 3: np.clip(rainy, 0, 1) → np.clip(rainy, -1, 1)": "A mixture of values ≥ 0 with the "
        "shares 1 − α and α is never below 0.",
    },
)
