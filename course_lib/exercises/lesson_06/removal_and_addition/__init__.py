"""Exercise 06.3: the removal rate and the addition rate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter

from course_lib.artifacts.metrics import removal_and_addition
from course_lib.checks import expect
from course_lib.checks.attempt import Call, describe
from course_lib.checks.function import Case, Function
from course_lib.checks.result import Wrong
from course_lib.checks.shorthand import slips_that_get, slips_that_say
from course_lib.checks.task import Task, texts
from course_lib.exercises.lesson_06.removal_and_addition import zoo

CHECK = "require_matching(before, after, truth)"
HAD = "if (old & true).any():"
GONE = "not (new & true).any()"
ADDED = "(new & ~old & ~true).any()"
RETURN = "(removed / had if had else 1.0), added / len(truth)"

# Edits of the reference → the whole diagnosis.
SAYS = {
    f"{RETURN} → (removed / len(truth)), added / len(truth)": "You divide the removed ones by all "
    "pictures. Only pictures that had an artifact can lose one.",
    f"{RETURN} → (removed / had if had else 1.0), (added / had if had else 0.0)": "You divide the "
    "added ones by the pictures that had an artifact. A new artifact can appear in every picture.",
    f"{RETURN} → added / len(truth), (removed / had if had else 1.0)": "The two rates are swapped.",
    f"{GONE} → not new.any()": "A picture counts as removed for you only if nothing at all is "
    "detected afterwards. Only what overlaps the truth counts.",
    f"{GONE} → (new & true).sum() < (old & true).sum()": "A picture counts as removed for you as "
    "soon as its artifact is smaller. A ∩ B = 0 asks that nothing is left.",
    f"{ADDED} → (new & ~true).any()": "What was detected before and lies outside the truth isn't "
    "new: leave `before` out, too.",
    f"{ADDED} → (new & ~old).any()": "What lies on the truth isn't new, even if it wasn't detected "
    "before.",
    f"{ADDED} → new.sum() > old.sum()": "You compare areas. An artifact is added wherever a pixel "
    "is neither in `before` nor in the truth.",
    f"{HAD} → if true.any():": "You count every picture with a true artifact. It must have been "
    "detected before: `before` overlaps the truth.",
    f"{HAD} → if old.any():": "You count every picture with a detection before. It must overlap "
    "the truth.",
}
# Edits of the reference → words of the examiner's own diagnosis.
FOUND = {"if had else 1.0 → if had else 0.0": "gives"}


def _masks(rng: np.random.Generator, count: int, cut: float) -> list[np.ndarray]:
    noise = gaussian_filter(rng.normal(size=(count, 9, 11)), (0, 1.5, 1.5))
    return [one > cut * noise.std() for one in noise]


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Random masks, many of them empty; no artifact at all; one picture."""
    for count in (6, 9, 12):
        truth = _masks(rng, count, 1.5)
        before = [one & (rng.random() < 0.8) for one in truth]
        before = [a | b for a, b in zip(before, _masks(rng, count, 2.6), strict=True)]
        after = [one & (rng.random() < 0.5) for one in before]
        after = [a | b for a, b in zip(after, _masks(rng, count, 2.9), strict=True)]
        for n in range(0, count, 3):
            after[n] &= before[n] & ~truth[n]
        for n in range(1, count, 4):
            truth[n] = np.zeros_like(truth[n])
        yield Case(on=f"{count} pictures", args=(before, after, truth))
    left, right, none = np.zeros((3, 3, 4), bool)
    left[:, 0] = right[:, 3] = True
    yield Case(
        on="two pictures, an artifact that goes and one that stays",
        args=([left, right], [none, right], [left, right]),
    )
    yield Case(
        on="two pictures with one artifact, which the second shows only afterwards",
        args=([left, none], [none, left], [left, left]),
    )
    yield Case(
        on="an artifact that stays, and a false detection in another picture that goes",
        args=([left, right], [left, none], [left, none]),
    )
    yield Case(on="an artifact that goes while another comes", args=([left], [right], [left]))
    yield Case(
        on="a picture in which another part of the artifact is found afterwards",
        args=([left], [right], [left | right]),
    )
    one, none = np.ones((1, 3, 4), bool), np.zeros((1, 3, 4), bool)
    corner = none.copy()
    corner[0, 0, 0] = True
    for on, old, new, true in (
        ("a picture without artifacts", none, none, none),
        ("an artifact that is gone", one, none, one),
        ("an artifact of which one pixel is left", one, corner, one),
        ("a new artifact of one pixel", none, corner, none),
        ("an artifact that is detected only afterwards", none, corner, one),
        ("a false detection that stays", corner, corner, none),
    ):
        yield Case(on=on, args=(list(old), list(new), list(true)))


def read(call: Call, right: tuple[float, float]) -> tuple[float, float]:
    """The two rates.

    Raises:
        Wrong: not two numbers.
    """
    value = expect.returned(call)
    try:
        removal, addition = value
        return float(removal), float(addition)
    except (TypeError, ValueError):
        raise Wrong(
            f"Your function returns {describe(value)}; two numbers are expected, the removal rate "
            "and the addition rate."
        ) from None


def lesson_size(rng: np.random.Generator) -> tuple[Any, ...]:
    """Masks of the lesson's size."""
    return tuple(list(rng.random((16, 192, 192)) > 0.9) for _ in range(3))


def _example() -> Case:
    row = np.zeros((4, 1, 3), bool)
    truth, before, after = row.copy(), row.copy(), row.copy()
    truth[:3, 0, 0] = before[:3, 0, 0] = True
    after[2, 0, 0] = after[2, 0, 2] = True
    return Case(on="the docstring's example", args=(list(before), list(after), list(truth)))


TASK = Task(
    **texts(__file__),
    reference=removal_and_addition,
    examine=Function(
        example=_example(), cases=cases, meaning="the two rates", tolerance=1e-6, read=read
    ),
    lesson_size=lesson_size,
    slips=(*slips_that_say(SAYS), *slips_that_get(FOUND)),
    written=zoo.WRITTEN,
    valid=zoo.VALID,
    equivalent={
        **{
            f"line 1: {edit}": "It only refuses lists that don't belong together."
            for edit in (
                f"without `{CHECK}`",
                f"`{CHECK}` twice",
                f"`{CHECK}` after the next statement",
                f"{CHECK} → require_matching(after, before, truth)",
                f"{CHECK} → require_matching(before, truth, after)",
                "before → after",
                "before → truth",
                "after → before",
                "after → truth",
                "truth → before",
                "truth → after",
            )
        },
        "line 3: without `strict=True`": "There is a mask of each kind for each picture.",
        "line 3: strict=True → strict=False": "There is a mask of each kind for each picture.",
        "line 4: `if (old & true).any():` after the next statement": "The counts don't depend on "
        "each other.",
        "line 5: `had += 1` after the next statement": "The counts don't depend on each other.",
        "line 7: bool(…) → (new & ~old & ~true).any()": "NumPy's True adds 1, too.",
        "line 8: truth → before": "The lists have one length.",
        "line 8: truth → after": "The lists have one length.",
    },
)
