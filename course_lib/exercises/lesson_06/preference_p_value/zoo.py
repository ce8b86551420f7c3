"""Exercise 06.4: answers in styles that differ from the reference's."""

from __future__ import annotations

import math
from math import comb

import numpy as np
from scipy import stats


def _checked(wins, trials):
    if trials <= 0 or wins < 0 or wins > trials:
        raise ValueError("wins")


def _one_sided(wins, trials):
    return float(stats.binom.sf(wins - 1, trials, 0.5))


def _greater(wins, trials):
    return stats.binomtest(wins, trials, alternative="greater").pvalue


def _normal(wins, trials):
    z = abs(wins - trials / 2) / math.sqrt(trials / 4)
    return math.erfc(z / math.sqrt(2))


def _share(wins, trials):
    return max(wins, trials - wins) / trials


def _of_exactly_this(wins, trials):
    return float(stats.binom.pmf(wins, trials, 0.5))


def _in_percent(wins, trials):
    return 100 * _by_scipy(wins, trials)


def _by_scipy(wins, trials):
    _checked(wins, trials)
    return stats.binomtest(wins, trials).pvalue


def _by_distances(wins, trials):
    _checked(wins, trials)
    far = abs(2 * wins - trials)
    return sum(comb(trials, n) for n in range(trials + 1) if abs(2 * n - trials) >= far) / 2**trials


def _by_survival(wins, trials):
    _checked(wins, trials)
    most = max(wins, trials - wins)
    return min(1, 2 * stats.binom.sf(most - 1, trials, 0.5))


def _by_lower_tail(wins, trials):
    _checked(wins, trials)
    least = min(wins, trials - wins)
    tail = np.array([math.exp(_log_share(n, trials)) for n in range(least + 1)]).sum()
    return np.minimum(1.0, 2 * tail)


def _log_share(n, trials):
    ways = math.lgamma(trials + 1) - math.lgamma(n + 1) - math.lgamma(trials - n + 1)
    return ways - trials * math.log(2)


WRITTEN = {
    _one_sided: "gives",
    _greater: "gives",
    _normal: "gives",
    _share: "gives",
    _of_exactly_this: "gives",
    _in_percent: "gives",
}

VALID = (_by_scipy, _by_distances, _by_survival, _by_lower_tail)
