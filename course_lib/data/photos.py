"""The photographs that come with the course's packages, and how they are split."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def split_by_photo(
    names: Sequence[str], fractions: Sequence[float], rng: np.random.Generator
) -> list[list[int]]:
    """Split pictures into parts so that no photograph is in two of them.

    Many pictures can come from one photograph: other crops, other rain. If some of them
    train a network and others test it, the test measures memory. So whole photographs are
    shuffled and dealt out, and each picture follows its photograph.

    Args:
        names: for each picture, the name of the photograph it was made from; names repeat.
        fractions: the share of the *photographs* that goes to each part; they sum to 1.
        rng: decides which photograph goes where. The same seed gives the same split.

    Returns:
        One list a fraction, in that order, each with the indices into ``names`` of its
        pictures, ascending. A part's number of photographs is its share, to within one.

    Raises:
        ValueError: the fractions don't sum to 1.

    Example:
        For names ``["cat", "cat", "sea", "sky"]`` and fractions (2/3, 1/3), one possible
        result is ``[[0, 1, 3], [2]]``: cat and sky in the first part, sea in the second.
    """
    if not np.isclose(sum(fractions), 1):
        raise ValueError(f"the fractions {list(fractions)} sum to {sum(fractions)}, not to 1")
    photos = rng.permutation(sorted(set(names)))
    cuts = np.rint(np.cumsum(fractions) * len(photos)).astype(int)[:-1]
    parts = [set(part) for part in np.split(photos, cuts)]
    return [[i for i, name in enumerate(names) if name in part] for part in parts]
