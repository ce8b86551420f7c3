"""How well masks of artifacts fit, and what finetuning has removed (DeSRA, §4.1 and §4.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from course_lib.artifacts.mask import regions


def iou(detected: np.ndarray, truth: np.ndarray) -> float:
    """Intersection over union of two masks H×W (eq. 11), 0 to 1; 1 if both are empty."""
    _require_masks(detected, truth)
    union = int((detected | truth).sum())
    return float((detected & truth).sum() / union) if union else 1.0


@dataclass(frozen=True, kw_only=True)
class RegionCounts:
    """Regions of masks, counted; counts of several pictures are added.

    Attributes:
        correct, detected: regions found that lie on an artifact, and all that were found.
        recalled, true: artifacts that were found, and all that there are.
    """

    correct: int = 0
    detected: int = 0
    recalled: int = 0
    true: int = 0

    @property
    def precision(self) -> float:
        """Share of the detected regions that are correct; 1 if none was detected."""
        return self.correct / self.detected if self.detected else 1.0

    @property
    def recall(self) -> float:
        """Share of the artifacts that were found; 1 if there is none."""
        return self.recalled / self.true if self.true else 1.0

    def __add__(self, other: RegionCounts) -> RegionCounts:
        pairs = zip(vars(self).items(), vars(other).values(), strict=True)
        return RegionCounts(**{key: one + two for (key, one), two in pairs})


def region_precision_recall(
    detected: np.ndarray, truth: np.ndarray, *, p: float = 0.5
) -> tuple[float, float]:
    """Precision and recall of the regions of one picture (eq. 12 and 13).

    A region is a connected part of a mask; parts that touch at a corner are connected. It counts
    as correct if the other mask covers more than the share p of its area.

    Args:
        detected, truth: bool H×W.
        p: a share from 0 to 1.

    Returns:
        The share of the detected regions that the truth covers, 1 if nothing was detected; and
        the share of the true regions that the detection covers, 1 if there is none.

    Example:
        The truth has one region, and a detection covers 60 % of it and nothing else. Precision
        and recall are 1 with p = 0.5. With p = 0.7 the recall is 0.
    """

    def correct(mask: np.ndarray, other: np.ndarray) -> float:
        labels, count = regions(mask)
        covered = [other[labels == n].mean() > p for n in range(1, count + 1)]
        return float(np.mean(covered)) if covered else 1.0

    return correct(detected, truth), correct(truth, detected)


def count_regions(
    detected: np.ndarray, truth: np.ndarray, *, p: float = 0.5, at_least: bool = False
) -> RegionCounts:
    """Count regions by the share of their area that the other mask covers (eq. 12 and 13).

    Args:
        detected, truth: bool H×W.
        p: a region counts if more than this share of it is covered.
        at_least: the share may also be p itself, as in the authors' code.
    """
    _require_masks(detected, truth)
    if not 0 <= p <= 1:
        raise ValueError(f"p is a share from 0 to 1; it is {p}")
    correct, of = _covered(detected, truth, p, at_least)
    recalled, true = _covered(truth, detected, p, at_least)
    return RegionCounts(correct=correct, detected=of, recalled=recalled, true=true)


def _covered(mask: np.ndarray, by: np.ndarray, p: float, at_least: bool) -> tuple[int, int]:
    labels, count = regions(mask)
    area = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    inside = np.bincount(labels[by].ravel(), minlength=count + 1)[1:]
    share = inside / np.maximum(area, 1)
    return int((share >= p).sum() if at_least else (share > p).sum()), count


def require_matching(*masks: Sequence[np.ndarray]) -> None:
    """Raise ValueError unless there is one mask, bool H×W, of each kind for every picture."""
    counts = [len(one) for one in masks]
    if not counts[0] or len(set(counts)) > 1:
        raise ValueError(f"one mask of each kind for a picture, at least one; there are {counts}")
    for found in zip(*masks, strict=True):
        for one in found:
            _require_masks(found[0], one)


def area_removed(after: Sequence[np.ndarray], before: Sequence[np.ndarray]) -> float:
    """Share of the area of artifacts on which none is left, over all pictures; 1 if none was there.

    Args:
        after, before: bool H×W, the artifacts of each picture after and before finetuning.

    Raises:
        ValueError: as `removal_and_addition`.
    """
    require_matching(before, after)
    area = sum(int(one.sum()) for one in before)
    gone = sum(int((old & ~new).sum()) for old, new in zip(before, after, strict=True))
    return gone / area if area else 1.0


def removal_and_addition(
    before: Sequence[np.ndarray], after: Sequence[np.ndarray], truth: Sequence[np.ndarray]
) -> tuple[float, float]:
    """How many pictures finetuning repairs, and in how many it makes a new artifact (§4.3).

    A picture had an artifact if ``before`` overlaps the truth. The artifact is removed if ``after``
    doesn't overlap the truth anywhere. An artifact is added if ``after`` has a pixel that is
    neither in ``before`` nor in the truth.

    Args:
        before, after: what was detected in each picture before and after finetuning, bool H×W.
        truth: where artifacts are, bool H×W.

    Returns:
        The removal rate, a share of the pictures that had an artifact, 1 if none had; and the
        addition rate, a share of all pictures.

    Raises:
        ValueError: no picture, not one mask of each kind for a picture, or masks that aren't bool
            H×W of one size.

    Example:
        Of four pictures, three had an artifact. It is gone from two of them. The third still has
        it, and a new one beside it. The removal rate is 2/3 and the addition rate 1/4.
    """
    require_matching(before, after, truth)
    had = removed = added = 0
    for old, new, true in zip(before, after, truth, strict=True):
        if (old & true).any():
            had += 1
            removed += not (new & true).any()
        added += bool((new & ~old & ~true).any())
    return (removed / had if had else 1.0), added / len(truth)


def _require_masks(one: np.ndarray, other: np.ndarray) -> None:
    for mask in (one, other):
        if mask.dtype != bool or mask.ndim != 2:
            raise ValueError(f"a mask is bool H×W; this one is {mask.dtype}, {mask.shape}")
    if one.shape != other.shape:
        raise ValueError(
            f"two masks of one size are compared; these are {one.shape}, {other.shape}"
        )
