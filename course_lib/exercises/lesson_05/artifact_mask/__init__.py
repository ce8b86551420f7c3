"""Exercise 05.4: a mask of artifacts from a map of D."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter

from course_lib.artifacts.mask import artifact_mask
from course_lib.checks import expect
from course_lib.checks.attempt import Call, describe
from course_lib.checks.function import Case, Function
from course_lib.checks.result import Wrong
from course_lib.checks.shorthand import slips_that_get, slips_that_say
from course_lib.checks.task import Task, texts
from course_lib.exercises.lesson_05.artifact_mask import zoo

MASK = "np.minimum(distance * weights, 1) < threshold"
ERODE = "mask = ndimage.binary_erosion(mask, element, iterations=erosions, border_value=1)"
DILATE = "mask = ndimage.binary_dilation(mask, element, iterations=dilations)"
FILL = "mask = ndimage.binary_fill_holes(mask, np.ones((3, 3), bool))"
SMALL = "without_small_regions(mask, min_area)"
SWAPPED = (f"{ERODE} → pass", f"{DILATE} → {DILATE}\n    if erosions:\n        {ERODE}")

# Edits of the reference → the whole diagnosis.
SAYS = {
    f"{MASK} → np.minimum(distance * weights, 1) > threshold": "Your mask is the other way round: "
    "a pixel is suspicious where D is below the threshold.",
    "distance * weights, 1 → distance / weights, 1": "You divide D by the weights. They are 1 / A, "
    "so eq. 9's D / A is D times the weight.",
    "distance * weights, 1 → distance, 1": "The weights make no difference: multiply D by them "
    "before you compare it with the threshold.",
    f"{ERODE} → pass": "Your mask isn't eroded.",
    f"{DILATE} → pass": "Your mask isn't dilated.",
    f"{FILL} → pass": "Holes stay in your mask.",
    f"{SMALL} → mask": "Small regions stay in your mask.",
    SWAPPED: "You dilate before you erode. Eroding first takes single pixels away; dilating first "
    "makes large regions of them.",
    ", border_value=1 → ": "Your erosion takes the world beyond the border of the picture for "
    "empty, so it erodes artifacts at the border from outside. Give it border_value=1.",
    "iterations=erosions → iterations=1": "You erode once, however often the argument says.",
    "iterations=dilations → iterations=1": "You dilate once, however often the argument says.",
    "iterations=dilations → iterations=erosions": "You dilate as often as you erode.",
    "binary_fill_holes(mask, np.ones((3, 3), bool)) → binary_fill_holes(mask)": "You fill a hole "
    "that has an opening at a corner. Such a hole stays: give binary_fill_holes a square of 3×3.",
    f"if erosions:\n        {ERODE} → {ERODE}": "With erosions = 0, you erode until nothing "
    "changes: SciPy takes 0 iterations for that. Leave the step out.",
    f"if dilations:\n        {DILATE} → {DILATE}": "With dilations = 0, you dilate until nothing "
    "changes: SciPy takes 0 iterations for that. Leave the step out.",
    f"{SMALL} → without_small_regions(mask, 4000)": "You drop regions of 4000 pixels or fewer, "
    "whatever min_area is.",
    f"{SMALL} → without_small_regions(mask, min_area - 1)": "Regions of exactly min_area pixels "
    "are to be dropped too.",
    "np.ones((square, square), bool) → np.ones((5, 5), bool)": "Your square has the side 5, "
    "whatever the argument says.",
    "np.ones((square, square), bool) → ndimage.generate_binary_structure(2, 1)": "You erode and "
    "dilate with a cross of three pixels. The docstring asks for a square of the given side.",
    "if holes: → if not holes:": "You fill holes where `holes` is False, and leave them where it "
    "is True.",
    f"{MASK} → np.minimum(distance * weights, 1) < 0.7": "Your threshold is 0.7, whatever the "
    "argument says.",
}
# Edits of the reference → words of the examiner's own diagnosis.
FOUND = {
    f"{SMALL} → {SMALL}.astype(float)": "bool",
}


SETTINGS: tuple[dict[str, Any], ...] = (
    {"min_area": 30},
    {"min_area": 30, "dilations": 1, "square": 3, "threshold": 0.6},
    {"min_area": 0, "erosions": 2, "dilations": 3, "square": 3},
    {"min_area": 12, "erosions": 0, "dilations": 2, "square": 3, "holes": False},
    {"min_area": 0, "erosions": 0, "dilations": 0, "holes": False, "threshold": 0.9},
    {},
)


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Maps with large and small dips, a ring around a hole, dips at the border, weights."""
    for n, settings in enumerate(SETTINGS):
        size = tuple(rng.integers(60, 90, 2).tolist())
        distance = _map(size, rng)
        weights = 1.0 if n % 2 else rng.choice([1, 1 / 0.75], size)
        said = ", ".join(f"{key}={value}" for key, value in settings.items())
        yield Case(
            on=f"a map of {size[0]}×{size[1]} and {said or 'no settings'}",
            args=(distance, weights),
            kwargs=settings,
            group=said,
        )
    large = np.ones((70, 160))
    large[5:55, 10:90] = large[5:55, 95:155] = 0.1
    large[55, 10] = 0.1  # 4001
    still = {"erosions": 0, "dilations": 0}
    yield Case(on="regions of 4001 and 3000 pixels", args=(large.copy(),), kwargs=still)
    large[55, 10] = 1
    yield Case(on="regions of 4000 and 3000 pixels", args=(large.copy(),), kwargs=still)
    thin = np.ones((24, 30))
    thin[4:20, 5:25] = 0.1
    thin[5:19, 6:24] = 1  # a frame, one pixel wide
    yield Case(on="a thin frame", args=(thin.copy(),), kwargs={**still, "min_area": 0})
    corner = thin.copy()
    corner[4, 24] = 1  # its corner is open
    yield Case(on="a thin frame, open at a corner", args=(corner,), kwargs={**still, "min_area": 0})
    touching = np.ones((9, 9))
    touching[1:4, 1:4] = touching[4:7, 4:7] = 0.1
    yield Case(
        on="two squares that touch at a corner", args=(touching,), kwargs={**still, "min_area": 10}
    )
    thin[4, 12:14] = 1
    closes = {"erosions": 0, "dilations": 1, "square": 3, "min_area": 0}
    yield Case(on="a thin frame with a gap of two pixels", args=(thin.copy(),), kwargs=closes)
    exact = np.ones((12, 20))
    exact[2:6, 2:5] = exact[2:6, 10:14] = 0.5
    bare = {"erosions": 0, "dilations": 0, "min_area": 12}
    yield Case(on="two regions of 12 and 16 pixels and min_area=12", args=(exact,), kwargs=bare)
    low = {"threshold": 1.0, "min_area": 0, "erosions": 0, "dilations": 0}
    yield Case(on="a map of 1 everywhere", args=(np.ones((9, 9)),), kwargs=low)


def _map(size: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """D near 1, with dips."""
    noise = gaussian_filter(rng.normal(size=size), 4)
    distance = (0.8 + 0.25 * noise / noise.std()).clip(0.05, 1)
    for _ in range(12):  # single pixels
        distance[tuple(rng.integers(0, side) for side in size)] = 0.1
    y, x = np.mgrid[: size[0], : size[1]]
    away = np.hypot(y - 30, x - 30)
    distance[(away > 8) & (away < 16)] = 0.3  # a ring
    distance[:9, -14:] = 0.2  # at the border
    return distance


def read(call: Call, right: np.ndarray) -> np.ndarray:
    """The mask as numbers.

    Raises:
        Wrong: no bool array, or another size.
    """
    value = expect.returned(call)
    if not isinstance(value, np.ndarray) or value.dtype != bool:
        raise Wrong(f"Your function returns {describe(value)}; a bool array H×W is expected.")
    if value.shape != np.shape(right):
        raise Wrong(f"On {call.on}, your mask is {value.shape}, and the map is {np.shape(right)}.")
    return value.astype(float)


AT_MOST = "The threshold is at most 1."
NOT_ASKED = "The exercise doesn't ask for refusals; the library's function has them."
CHECKED = "`require_settings(distance, weights, thresho…`"
NAMES = ("erosions", "dilations", "min_area")
REFUSED = (
    f"without {CHECKED}",
    f"{CHECKED} twice",
    f"{CHECKED} after the next statement",
    "(erosions, dilations, min_area) → (dilations, erosions, min_area)",
    "(erosions, dilations, min_area) → (erosions, min_area, dilations)",
    *(f"{a} → {b}" for a in NAMES for b in ("square", *NAMES) if a != b),
)

TASK = Task(
    **texts(__file__),
    reference=artifact_mask,
    examine=Function(
        example=Case(
            on="the docstring's example",
            args=(np.pad(np.full((3, 3), 0.2), 3, constant_values=1.0),),
            kwargs={"min_area": 8, "erosions": 0, "dilations": 0},
        ),
        cases=cases,
        meaning="H×W bool",
        read=read,
    ),
    lesson_size=lambda rng: (rng.uniform(0, 1, (224, 224)), 1.0),
    lesson_keywords={"min_area": 200},
    slips=(*slips_that_say(SAYS), *slips_that_get(FOUND)),
    written=zoo.WRITTEN,
    valid=zoo.VALID,
    equivalent={
        **{f"line 1: {change}": NOT_ASKED for change in REFUSED},
        "line 2: `mask = np.minimum(distance * weights, 1) < …` after the next statement": "The "
        "square doesn't depend on the mask.",
        "line 2: np.minimum(distance * weights, 1) → distance * weights": AT_MOST,
        "line 2: np.minimum(distance * weights, 1) → np.minimum(1, distance * weights)": "The "
        "smaller one of two is the same both ways.",
        "line 2: np.minimum(distance * weights, 1) → np.minimum(distance * weights, 2)": AT_MOST,
        "line 5: border_value=1 → border_value=2": "Any number but 0 is True.",
        "line 5: border_value=1 → border_value=-1": "Any number but 0 is True.",
    },
)
