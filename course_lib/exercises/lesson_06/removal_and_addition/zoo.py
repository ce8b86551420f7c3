"""Exercise 06.3: answers in styles that differ from the reference's."""

from __future__ import annotations

import numpy as np


def _shares_of_area(before, after, truth):
    b, a, t = (np.stack(one) for one in (before, after, truth))
    had = (b & t).sum()
    return 1 - (a & t).sum() / max(had, 1), (a & ~b & ~t).sum() / t.size


def _without_truth(before, after, truth):
    had = [(o, n) for o, n in zip(before, after, strict=True) if o.any()]
    gone = [not (o & n).any() for o, n in had]
    new = [(n & ~o).any() for o, n in zip(before, after, strict=True)]
    return float(np.mean(gone)) if gone else 1.0, float(np.mean(new))


def _counts(before, after, truth):
    had = [(o & t).any() for o, t in zip(before, truth, strict=True)]
    gone = [h and not (n & t).any() for h, n, t in zip(had, after, truth, strict=True)]
    new = [(n & ~(o | t)).any() for o, n, t in zip(before, after, truth, strict=True)]
    return sum(gone), sum(new)


def _in_percent(before, after, truth):
    removal, addition = _by_lists(before, after, truth)
    return 100 * removal, 100 * addition


def _only_removal(before, after, truth):
    return _by_lists(before, after, truth)[0]


def _changes_masks(before, after, truth):
    for old, true in zip(before, truth, strict=True):
        old &= true
    return _by_lists(before, after, truth)


def _by_lists(before, after, truth):
    trios = list(zip(before, after, truth, strict=True))
    gone = [not (n & t).any() for o, n, t in trios if (o & t).any()]
    new = [bool((n & ~(o | t)).any()) for o, n, t in trios]
    return (float(np.mean(gone)) if gone else 1.0), float(np.mean(new))


def _by_stacks(before, after, truth):
    b, a, t = (np.array(one).reshape(len(one), -1) for one in (before, after, truth))
    had = (b & t).any(1)
    gone = had & ~(a & t).any(1)
    added = (a & ~b & ~t).any(1)
    return gone.sum() / had.sum() if had.any() else 1.0, added.mean()


def _by_logical_functions(before, after, truth):
    had = gone = new = 0
    for n in range(len(truth)):
        if np.logical_and(before[n], truth[n]).sum() > 0:
            had += 1
            if np.logical_and(after[n], truth[n]).sum() == 0:
                gone += 1
        known = np.logical_or(before[n], truth[n])
        new += int(np.logical_or(after[n], known).sum() > known.sum())
    return (gone / had) if had > 0 else 1.0, new / len(truth)


def _as_an_array(before, after, truth):
    return np.array(_by_lists(before, after, truth))


WRITTEN = {
    _shares_of_area: "gives",
    _without_truth: "gives",
    _counts: "gives",
    _in_percent: "gives",
    _only_removal: "two numbers",
    _changes_masks: "changes its input",
}

VALID = (_by_lists, _by_stacks, _by_logical_functions, _as_an_array)
