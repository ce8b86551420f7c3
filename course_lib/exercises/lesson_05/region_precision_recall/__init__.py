"""Exercise 05.5: precision and recall of regions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter, generate_binary_structure, label

from course_lib.artifacts.metrics import region_precision_recall
from course_lib.checks import expect
from course_lib.checks.attempt import Call, describe
from course_lib.checks.function import Case, Formula, Function
from course_lib.checks.result import Wrong
from course_lib.checks.shorthand import slips_that_get, slips_that_say
from course_lib.checks.task import Task, texts
from course_lib.exercises.lesson_05.region_precision_recall import zoo

BOTH = "return correct(detected, truth), correct(truth, detected)"
SHARE = "other[labels == n].mean() > p"

# Edits of the reference → the whole diagnosis.
SAYS = {
    f"{BOTH} → return correct(truth, detected), correct(detected, truth)": "Precision and recall "
    "are swapped: precision counts the detected regions, recall the true ones.",
    f"{BOTH} → return (correct(detected, truth),) * 2": "You give the precision twice.",
    f"{BOTH} → return (correct(truth, detected),) * 2": "You give the recall twice.",
    f"{SHARE} → other[labels == n].mean() >= p": "A region of which exactly the share p is covered "
    "doesn't count: more than p is asked for.",
    f"{SHARE} → other[labels == n].any()": "A region counts for you if the other mask touches it. "
    "More than the share p of its area must be covered.",
    f"{SHARE} → other[labels == n].all()": "A region counts for you if the other mask covers all "
    "of it. More than the share p is enough.",
    f"{SHARE} → other[labels == n].mean() > 0.5": "Your p is 0.5, whatever the argument says.",
    f"{SHARE} → other[labels == n].sum() > p * other.sum()": "You compare with the area of the "
    "other mask. The share is that of the region itself.",
    "else 1.0 → else 0.0": "An empty mask has no wrong region: the docstring counts it as 1.",
    f"{SHARE} → (other & (labels == n)).sum() / (other | (labels == n)).sum() > p": "You take the "
    "intersection over the union. The share is the covered part of the region's area.",
}
# Edits of the reference → words of the examiner's own diagnosis.
FOUND = {
    "range(1, count + 1) → range(count)": "gives",
    "range(1, count + 1) → range(1, count)": "gives",
    'else 1.0 → else float("nan")': "nan",
    f"{BOTH} → return correct(detected, truth)": "two numbers",
}


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Random regions, shares on both sides of p and on it, corners that touch, empty masks."""
    for p in (0.5, 0.3, 0.5, 0.8):
        size = tuple(rng.integers(30, 45, 2).tolist())
        truth, extra = (gaussian_filter(rng.normal(size=size), 2.5) for _ in range(2))
        detected = truth + 0.8 * extra > 0.1
        yield Case(
            on=f"masks of {size[0]}×{size[1]} and p={p}",
            args=(detected, truth > 0.08),
            kwargs={"p": p},
        )
    truth, detected = np.zeros((2, 9, 12), bool)
    truth[1:5, 1:5] = truth[6:8, 8:11] = True
    detected[1:3, 1:5] = detected[3, 1] = detected[6:8, 8:10] = detected[0, 8:11] = True
    yield Case(on="a region of which 9 of 16 pixels are found", args=(detected, truth))
    half = truth.copy()
    half[3:] = False
    yield Case(on="a region of which half is found", args=(half, truth), kwargs={"p": 0.5})
    quarter = half.copy()
    quarter[2:] = False
    yield Case(on="a region of which a quarter is found", args=(quarter, truth))
    corners = np.zeros((8, 8), bool)
    corners[1:3, 1:3] = corners[3:6, 3:6] = True
    yield Case(on="a region whose parts touch at a corner", args=(corners, np.roll(corners, 1, 1)))
    empty = np.zeros((5, 6), bool)
    for on, one, other in (
        ("nothing detected", empty, ~empty),
        ("no artifact", ~empty, empty),
        ("two empty masks", empty, empty.copy()),
    ):
        yield Case(on=on, args=(one, other))


def read(call: Call, right: tuple[float, float]) -> tuple[float, float]:
    """Precision and recall.

    Raises:
        Wrong: not two numbers.
    """
    value = expect.returned(call)
    try:
        precision, recall = value
        return float(precision), float(recall)
    except (TypeError, ValueError):
        raise Wrong(
            f"Your function returns {describe(value)}; two numbers are expected, the precision and "
            "the recall."
        ) from None


def more_known(got: Sequence[Any], cases: Sequence[Case]) -> dict[str, Formula]:
    """Pixels in place of regions, and other neighbours."""

    def pixels(detected: np.ndarray, truth: np.ndarray, *, p: float = 0.5) -> tuple[float, float]:
        both = (detected & truth).sum()
        return (
            float(both / detected.sum()) if detected.any() else 1.0,
            float(both / truth.sum()) if truth.any() else 1.0,
        )

    def four(detected: np.ndarray, truth: np.ndarray, *, p: float = 0.5) -> tuple[float, float]:
        found = []
        for mask, other in ((detected, truth), (truth, detected)):
            labels, count = label(mask, generate_binary_structure(2, 1))
            right = [other[labels == n].mean() > p for n in range(1, count + 1)]
            found.append(float(np.mean(right)) if right else 1.0)
        return found[0], found[1]

    return {
        "You count pixels. Eq. 12 and 13 count regions: each is right or wrong as a whole.": pixels,
        "Parts that touch at a corner are two regions for you. They are one: use `regions`.": four,
    }


ONE_AXIS = "There is one axis only."
TASK = Task(
    **texts(__file__),
    reference=region_precision_recall,
    examine=Function(
        example=Case(
            on="the docstring's example",
            args=(
                np.pad(np.ones((1, 3), bool), ((0, 0), (0, 2))),
                np.ones((1, 5), bool),
            ),
            kwargs={"p": 0.7},
        ),
        cases=cases,
        meaning="precision and recall",
        tolerance=1e-6,
        read=read,
        more_known=more_known,
    ),
    lesson_size=lambda rng: tuple(
        gaussian_filter(rng.normal(size=(2, 224, 224)), (0, 6, 6)) > 0.02
    ),
    slips=(*slips_that_say(SAYS), *slips_that_get(FOUND)),
    written=zoo.WRITTEN,
    valid=zoo.VALID,
    equivalent={
        "line 3: other[labels == n].mean() → other[labels == n].mean(axis=0)": ONE_AXIS,
        "line 3: other[labels == n].mean() → other[labels == n].mean(axis=-1)": ONE_AXIS,
        "line 4: covered → count": "The list is empty if there is no region.",
        "line 4: float(np.mean(covered)) → np.mean(covered)": "NumPy's float64 is a float.",
        "line 4: np.mean(covered) → np.mean(covered, axis=0)": ONE_AXIS,
        "line 4: np.mean(covered) → np.mean(covered, axis=-1)": ONE_AXIS,
    },
)
