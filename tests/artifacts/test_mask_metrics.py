from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from course_lib.artifacts.metrics import (
    RegionCounts,
    area_removed,
    count_regions,
    iou,
    region_precision_recall,
    removal_and_addition,
)


def boxes(*places: tuple[int, int, int, int]) -> np.ndarray:
    mask = np.zeros((40, 40), bool)
    for top, left, height, width in places:
        mask[top : top + height, left : left + width] = True
    return mask


NONE = boxes()


def test_iou_is_the_share_of_the_union_and_defined_for_empty_masks() -> None:
    assert iou(boxes((0, 0, 10, 10)), boxes((0, 5, 10, 10))) == pytest.approx(50 / 150)
    assert iou(NONE, NONE) == 1
    assert iou(NONE, boxes((0, 0, 2, 2))) == iou(boxes((0, 0, 2, 2)), NONE) == 0


def test_regions_count_by_how_much_of_them_is_covered() -> None:
    truth = boxes((0, 0, 10, 10), (20, 20, 10, 10))
    detected = boxes((0, 0, 10, 4), (20, 20, 10, 12), (35, 0, 3, 3))
    found = count_regions(detected, truth)
    assert found == RegionCounts(correct=2, detected=3, recalled=1, true=2)
    assert (found.precision, found.recall) == (pytest.approx(2 / 3), 0.5)


def test_a_region_of_which_just_p_is_covered_counts_in_the_code_and_not_in_the_paper() -> None:
    truth, detected = boxes((0, 0, 10, 10)), boxes((0, 5, 10, 10))
    assert count_regions(detected, truth, p=0.5).correct == 0
    assert count_regions(detected, truth, p=0.5, at_least=True).correct == 1


def test_scores_of_empty_masks_are_defined_and_counts_add_up() -> None:
    nothing = count_regions(NONE, NONE)
    assert (nothing.precision, nothing.recall) == (1, 1)
    missed = count_regions(NONE, boxes((0, 0, 3, 3)))
    assert (missed.precision, missed.recall) == (1, 0)
    false = count_regions(boxes((0, 0, 3, 3)), NONE)
    assert (false.precision, false.recall) == (0, 1)
    assert missed + false == RegionCounts(detected=1, true=1)


def test_removal_addition_and_area_are_counted_over_pictures() -> None:
    before = [boxes((0, 0, 10, 10), (20, 20, 10, 10)), boxes((5, 5, 10, 10)), NONE]
    after = [boxes((0, 0, 10, 5)), NONE, boxes((0, 0, 2, 2))]
    assert removal_and_addition(before, after, before) == (0.5, pytest.approx(1 / 3))
    assert area_removed(after, before) == pytest.approx(250 / 300)
    assert removal_and_addition([NONE], [NONE], [NONE]) == (1, 0)
    assert area_removed([NONE], [NONE]) == 1


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: iou(NONE.astype(np.uint8), NONE), "a mask is bool H×W; this one is uint8"),
        (lambda: iou(NONE, NONE[:-1]), "two masks of one size"),
        (lambda: count_regions(NONE, NONE, p=2), "p is a share from 0 to 1; it is 2"),
        (lambda: area_removed([], []), r"at least one; there are \[0, 0\]"),
        (lambda: removal_and_addition([NONE], [NONE] * 2, [NONE]), r"there are \[1, 2, 1\]"),
        (lambda: removal_and_addition([NONE], [NONE[:1]], [NONE]), "two masks of one size"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(call, words) -> None:
    with pytest.raises(ValueError, match=words):
        call()


def test_the_plain_precision_and_recall_are_those_of_the_counts() -> None:
    """Lesson 05 asks for the plain ones."""
    rng = np.random.default_rng(0)
    for _ in range(20):
        detected, truth = (gaussian_filter(rng.normal(size=(40, 50)), 3) > 0.05 for _ in range(2))
        counts = count_regions(detected, truth, p=0.4)
        found = region_precision_recall(detected, truth, p=0.4)
        assert found == pytest.approx((counts.precision, counts.recall))
    nothing = np.zeros((5, 5), bool)
    assert region_precision_recall(nothing, nothing) == (1, 1)
    assert region_precision_recall(nothing, ~nothing) == (1, 0)
