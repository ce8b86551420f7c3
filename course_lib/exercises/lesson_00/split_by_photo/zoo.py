"""Exercise 00.2: answers in styles that differ from the reference's."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np


def _refuse(fractions):
    if abs(sum(fractions) - 1) > 1e-6:
        raise ValueError(f"fractions sum to {sum(fractions)}")


def _shuffled(names, rng):
    return [str(photo) for photo in rng.permutation(sorted(set(names)))]


def _collected(names, parts):
    """The indices of the pictures of each part's photographs."""
    return [[i for i, name in enumerate(names) if name in part] for part in parts]


def _cut(names, photos, ends):
    return _collected(names, [photos[start:end] for start, end in pairwise([0, *ends])])


def _deal(names, photos, fractions):
    """Photographs in this order, cut by the floor of the running sum."""
    return _cut(names, photos, [int(total * len(photos) + 1e-9) for total in np.cumsum(fractions)])


def _by_picture(names, fractions, rng):
    order = rng.permutation(len(names))
    cuts = (np.cumsum(fractions)[:-1] * len(names)).astype(int)
    return [sorted(part.tolist()) for part in np.split(order, cuts)]


def _global_generator(names, fractions, rng):
    photos = sorted(set(names))
    random.shuffle(photos)
    return _deal(names, photos, fractions)


def _numbers_of_photos(names, fractions, rng):
    order = rng.permutation(len(set(names)))
    cuts = np.rint(np.cumsum(fractions) * len(order)).astype(int)[:-1]
    return [sorted(part.tolist()) for part in np.split(order, cuts)]


def _rounding_loses(names, fractions, rng):
    photos = _shuffled(names, rng)
    return _cut(names, photos, np.cumsum([int(fraction * len(photos)) for fraction in fractions]))


def _shares_of_pictures(names, fractions, rng):
    parts = [[] for _ in fractions]
    number = 0
    for photo in _shuffled(names, rng):
        if len(parts[number]) >= fractions[number] * len(names) and number < len(parts) - 1:
            number += 1
        parts[number] += [i for i, name in enumerate(names) if name == photo]
    return [sorted(part) for part in parts]


def _each_part_from_all(names, fractions, rng):
    photos = sorted(set(names))
    sizes = [round(fraction * len(photos)) for fraction in fractions]
    return _collected(names, [rng.choice(photos, size, replace=False) for size in sizes])


def _cuts_overlap(names, fractions, rng):
    photos = _shuffled(names, rng)
    ends = [round(total * len(photos)) for total in np.cumsum(fractions)]
    return _collected(names, [photos[max(a - 1, 0) : b] for a, b in pairwise([0, *ends])])


def _drawn_part_by_part(names, fractions, rng):
    photos = sorted(set(names))
    part_of = {photo: rng.choice(len(fractions), p=fractions) for photo in photos}
    return [[i for i, n in enumerate(names) if part_of[n] == k] for k in range(len(fractions))]


def _unsorted(names, fractions, rng):
    photos = rng.permutation(sorted(set(names)))
    cuts = np.rint(np.cumsum(fractions) * len(photos)).astype(int)[:-1]
    return [
        [i for photo in part for i, name in enumerate(names) if name == photo]
        for part in np.split(photos, cuts)
    ]


def _two_parts_only(names, fractions, rng):
    photos = _shuffled(names, rng)
    return _cut(names, photos, [round(fractions[0] * len(photos)), len(photos)])


def _each_share(rounded):
    """Shares rounded one by one; the last part takes what they leave over."""

    def answer(names, fractions, rng):
        photos = _shuffled(names, rng)
        sizes = [rounded(fraction * len(photos)) for fraction in fractions[:-1]]
        return _cut(names, photos, [*np.cumsum(sizes, dtype=int), len(photos)])

    return answer


def _by_floor(names, fractions, rng):
    _refuse(fractions)
    photos = sorted(set(names))
    rng.shuffle(photos)
    return _deal(names, photos, fractions)


def _by_ceiling_in_order_of_appearance(names, fractions, rng):
    _refuse(fractions)
    photos = list(dict.fromkeys(names))
    order = rng.permutation(len(photos))
    cuts = [int(np.ceil(total * len(photos) - 1e-9)) for total in np.cumsum(fractions)]
    number_of = np.array([photos.index(name) for name in names])
    return [np.nonzero(np.isin(number_of, part))[0] for part in np.split(order, cuts[:-1])]


def _by_unique(names, fractions, rng):
    _refuse(fractions)
    photos, inverse = np.unique(names, return_inverse=True)
    place = rng.permutation(len(photos))[inverse]
    ends = np.round(np.cumsum(fractions) * len(photos))
    part = np.searchsorted(ends, place, side="right")
    return tuple(np.flatnonzero(part == k).tolist() for k in range(len(fractions)))


def _by_choice(names, fractions, rng):
    _refuse(fractions)
    left, count, parts = sorted(set(names)), len(set(names)), []
    for total in np.cumsum(fractions)[:-1]:
        size = len(left) - round((1 - total) * count)
        parts.append({str(photo) for photo in rng.choice(left, size=size, replace=False)})
        left = [photo for photo in left if photo not in parts[-1]]
    return _collected(names, [*parts, left])


WRITTEN = {
    _by_picture: "your function deals out pictures",
    _global_generator: "a generator other than `rng`",
    _numbers_of_photos: "those of the",
    _rounding_loses: "are in no part",
    _shares_of_pictures: "shares count photographs, not pictures",
    _each_share(int): "are rounded one by one",
    _each_share(round): "are rounded one by one",
    _drawn_part_by_part: "sizes are left to chance",
    _each_part_from_all: "raw without replacement",
    _cuts_overlap: "your cuts overlap",
    _unsorted: "not ascending",
    _two_parts_only: "one for each of the",
}

VALID = (_by_floor, _by_ceiling_in_order_of_appearance, _by_unique, _by_choice)
