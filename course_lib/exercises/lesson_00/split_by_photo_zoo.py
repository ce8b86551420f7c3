"""Exercise 00.2: wrong answers and valid alternatives."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from course_lib.checks.task import Equivalent, WrongAnswer
from course_lib.data.photos import split_by_photo

Parts = list[list[int]]


def _by_picture(
    names: Sequence[str], fractions: Sequence[float], rng: np.random.Generator
) -> Parts:
    order = rng.permutation(len(names))
    cuts = (np.cumsum(fractions)[:-1] * len(names)).astype(int)
    return [sorted(part.tolist()) for part in np.split(order, cuts)]


def _in_order(names: Sequence[str], fractions: Sequence[float], rng: np.random.Generator) -> Parts:
    photos = sorted(set(names))
    cuts = np.rint(np.cumsum(fractions) * len(photos)).astype(int)[:-1]
    parts = np.split(np.array(photos), cuts)
    return [[i for i, name in enumerate(names) if name in part] for part in parts]


def _own_seed(names: Sequence[str], fractions: Sequence[float], rng: np.random.Generator) -> Parts:
    photos = np.random.default_rng(0).permutation(sorted(set(names)))
    cuts = np.rint(np.cumsum(fractions) * len(photos)).astype(int)[:-1]
    _refuse(fractions)
    return [[i for i, n in enumerate(names) if n in part] for part in np.split(photos, cuts)]


def _global_generator(
    names: Sequence[str], fractions: Sequence[float], rng: np.random.Generator
) -> Parts:
    photos = sorted(set(names))
    random.shuffle(photos)
    return _deal(names, photos, fractions)


def _order_of_a_set(
    names: Sequence[str], fractions: Sequence[float], rng: np.random.Generator
) -> Parts:
    return _deal(names, [str(name) for name in rng.permutation(list(set(names)))], fractions)


def _names_instead(
    names: Sequence[str], fractions: Sequence[float], rng: np.random.Generator
) -> list[list[str]]:
    photos = rng.permutation(sorted(set(names)))
    cuts = np.rint(np.cumsum(fractions) * len(photos)).astype(int)[:-1]
    return [[name for name in names if name in part] for part in np.split(photos, cuts)]


def _one_index_a_photo(
    names: Sequence[str], fractions: Sequence[float], rng: np.random.Generator
) -> Parts:
    photos = rng.permutation(sorted(set(names)))
    cuts = np.rint(np.cumsum(fractions) * len(photos)).astype(int)[:-1]
    return [sorted(names.index(p) for p in part) for part in np.split(photos, cuts)]


def _numbers_of_photos(
    names: Sequence[str], fractions: Sequence[float], rng: np.random.Generator
) -> Parts:
    order = rng.permutation(len(set(names)))
    cuts = np.rint(np.cumsum(fractions) * len(order)).astype(int)[:-1]
    return [sorted(part.tolist()) for part in np.split(order, cuts)]


def _rounding_loses(
    names: Sequence[str], fractions: Sequence[float], rng: np.random.Generator
) -> Parts:
    photos, start, parts = list(rng.permutation(sorted(set(names)))), 0, []
    for fraction in fractions:
        end = start + int(fraction * len(photos))
        parts.append([i for i, name in enumerate(names) if name in photos[start:end]])
        start = end
    return parts


def _shares_of_pictures(
    names: Sequence[str], fractions: Sequence[float], rng: np.random.Generator
) -> Parts:
    parts: Parts = [[] for _ in fractions]
    number = 0
    for photo in rng.permutation(sorted(set(names))):
        if len(parts[number]) >= fractions[number] * len(names) and number < len(parts) - 1:
            number += 1
        parts[number] += [i for i, name in enumerate(names) if name == photo]
    return [sorted(part) for part in parts]


def _drawn_with_replacement(
    names: Sequence[str], fractions: Sequence[float], rng: np.random.Generator
) -> Parts:
    photos = sorted(set(names))
    drawn = rng.choice(photos, len(photos))
    cuts = np.rint(np.cumsum(fractions) * len(photos)).astype(int)[:-1]
    return [[i for i, name in enumerate(names) if name in part] for part in np.split(drawn, cuts)]


def _each_part_from_all(
    names: Sequence[str], fractions: Sequence[float], rng: np.random.Generator
) -> Parts:
    photos, parts = sorted(set(names)), []
    for fraction in fractions:
        chosen = rng.choice(photos, round(fraction * len(photos)), replace=False)
        parts.append([i for i, name in enumerate(names) if name in chosen])
    return parts


def _names_shuffled(
    names: Sequence[str], fractions: Sequence[float], rng: np.random.Generator
) -> Parts:
    order = rng.permutation(names)
    cuts = np.rint(np.cumsum(fractions) * len(order)).astype(int)[:-1]
    return [[i for i, name in enumerate(names) if name in part] for part in np.split(order, cuts)]


def _cuts_overlap(
    names: Sequence[str], fractions: Sequence[float], rng: np.random.Generator
) -> Parts:
    photos = list(rng.permutation(sorted(set(names))))
    ends = [round(total * len(photos)) for total in np.cumsum(fractions)]
    starts = [0, *(end - 1 for end in ends[:-1])]
    parts = [set(photos[start:end]) for start, end in zip(starts, ends, strict=True)]
    return [[i for i, name in enumerate(names) if name in part] for part in parts]


def _first_example(
    names: Sequence[str], fractions: Sequence[float], rng: np.random.Generator
) -> Parts:
    return [[0], [1]]


def _empty_parts(
    names: Sequence[str], fractions: Sequence[float], rng: np.random.Generator
) -> Parts:
    return [[] for _ in fractions]


def _last_part_empty(
    names: Sequence[str], fractions: Sequence[float], rng: np.random.Generator
) -> Parts:
    parts = split_by_photo(names, fractions, rng)
    return [*parts[:-1], []]


def _result_of_shuffle(
    names: Sequence[str], fractions: Sequence[float], rng: np.random.Generator
) -> Parts:
    photos = rng.shuffle(sorted(set(names)))
    return _deal(names, photos, fractions)  # type: ignore[arg-type]


def _result_of_sort(
    names: Sequence[str], fractions: Sequence[float], rng: np.random.Generator
) -> Parts:
    photos = rng.permutation(list(set(names)).sort())  # type: ignore[call-overload]
    cuts = np.rint(np.cumsum(fractions) * len(photos)).astype(int)[:-1]
    return [[i for i, name in enumerate(names) if name in part] for part in np.split(photos, cuts)]


def _returns_shuffled(
    names: list[str], fractions: Sequence[float], rng: np.random.Generator
) -> None:
    return rng.shuffle(sorted(set(names)))


def _returns_the_error(
    names: Sequence[str], fractions: Sequence[float], rng: np.random.Generator
) -> Parts | ValueError:
    if not np.isclose(sum(fractions), 1):
        return ValueError("the fractions don't sum to 1")
    return split_by_photo(names, fractions, rng)


def _drawn_part_by_part(
    names: Sequence[str], fractions: Sequence[float], rng: np.random.Generator
) -> Parts:
    photos = sorted(set(names))
    part_of = {photo: rng.choice(len(fractions), p=fractions) for photo in photos}
    return [[i for i, n in enumerate(names) if part_of[n] == k] for k in range(len(fractions))]


def _exact_sum(names: Sequence[str], fractions: Sequence[float], rng: np.random.Generator) -> Parts:
    if sum(fractions) != 1:
        raise ValueError("fractions must sum to 1")
    return split_by_photo(names, fractions, rng)


def _accepts_any_sum(
    names: Sequence[str], fractions: Sequence[float], rng: np.random.Generator
) -> Parts:
    return _deal(names, [str(p) for p in rng.permutation(sorted(set(names)))], fractions)


def _unsorted(names: Sequence[str], fractions: Sequence[float], rng: np.random.Generator) -> Parts:
    photos = rng.permutation(sorted(set(names)))
    cuts = np.rint(np.cumsum(fractions) * len(photos)).astype(int)[:-1]
    return [
        [i for photo in part for i, name in enumerate(names) if name == photo]
        for part in np.split(photos, cuts)
    ]


def _shuffles_the_input(
    names: list[str], fractions: Sequence[float], rng: np.random.Generator
) -> Parts:
    rng.shuffle(names)
    return split_by_photo(names, fractions, rng)


def _two_parts_only(
    names: Sequence[str], fractions: Sequence[float], rng: np.random.Generator
) -> Parts:
    photos = rng.permutation(sorted(set(names)))
    cut = round(fractions[0] * len(photos))
    parts = (photos[:cut], photos[cut:])
    return [[i for i, name in enumerate(names) if name in part] for part in parts]


def _refuse(fractions: Sequence[float]) -> None:
    if abs(sum(fractions) - 1) > 1e-6:
        raise ValueError(f"fractions sum to {sum(fractions)}")


def _deal(names: Sequence[str], photos: Sequence[str], fractions: Sequence[float]) -> Parts:
    """Photographs in this order, cut by the floor of the running sum."""
    cuts = [int(total * len(photos) + 1e-9) for total in np.cumsum(fractions)[:-1]]
    return _cut(names, photos, [0, *cuts, len(photos)])


def _cut(names: Sequence[str], photos: Sequence[str], cuts: Sequence[int]) -> Parts:
    part_of = {
        photo: number
        for number, (start, end) in enumerate(pairwise(cuts))
        for photo in photos[start:end]
    }
    return [
        [i for i, name in enumerate(names) if part_of[name] == number]
        for number in range(len(cuts) - 1)
    ]


def _each_share_rounded_down(
    names: Sequence[str], fractions: Sequence[float], rng: np.random.Generator
) -> Parts:
    photos = [str(photo) for photo in rng.permutation(sorted(set(names)))]
    sizes = [int(fraction * len(photos)) for fraction in fractions[:-1]]
    return _cut(names, photos, [0, *np.cumsum(sizes, dtype=int), len(photos)])


def _each_share_rounded(
    names: Sequence[str], fractions: Sequence[float], rng: np.random.Generator
) -> Parts:
    photos = [str(photo) for photo in rng.permutation(sorted(set(names)))]
    sizes = [round(fraction * len(photos)) for fraction in fractions[:-1]]
    return _cut(names, photos, [0, *np.cumsum(sizes, dtype=int), len(photos)])


def _by_floor(names: Sequence[str], fractions: Sequence[float], rng: np.random.Generator) -> Parts:
    _refuse(fractions)
    photos = sorted(set(names))
    rng.shuffle(photos)
    return _deal(names, photos, fractions)


def _by_ceiling_in_order_of_appearance(
    names: Sequence[str], fractions: Sequence[float], rng: np.random.Generator
) -> list[np.ndarray]:
    _refuse(fractions)
    photos = list(dict.fromkeys(names))
    order = rng.permutation(len(photos))
    cuts = [int(np.ceil(total * len(photos) - 1e-9)) for total in np.cumsum(fractions)]
    parts = np.split(order, cuts[:-1])
    number_of = np.array([photos.index(name) for name in names])
    return [np.nonzero(np.isin(number_of, part))[0] for part in parts]


def _by_unique(
    names: Sequence[str], fractions: Sequence[float], rng: np.random.Generator
) -> tuple[list[int], ...]:
    _refuse(fractions)
    photos, inverse = np.unique(names, return_inverse=True)
    place = rng.permutation(len(photos))[inverse]
    ends = np.round(np.cumsum(fractions) * len(photos))
    part = np.searchsorted(ends, place, side="right")
    return tuple(np.flatnonzero(part == k).tolist() for k in range(len(fractions)))


def _by_choice(names: Sequence[str], fractions: Sequence[float], rng: np.random.Generator) -> Parts:
    _refuse(fractions)
    left, count, parts, dealt = sorted(set(names)), len(set(names)), [], 0
    for total in np.cumsum(fractions)[:-1]:
        size = round(total * count) - dealt
        dealt += size
        chosen = {str(photo) for photo in rng.choice(left, size=size, replace=False)}
        parts.append([i for i, name in enumerate(names) if name in chosen])
        left = [photo for photo in left if photo not in chosen]
    parts.append([i for i, name in enumerate(names) if name in left])
    return parts


WRONG = (
    WrongAnswer(answer=_by_picture, diagnosis="your function deals out pictures"),
    WrongAnswer(answer=_in_order, diagnosis="Every seed gives the same split"),
    WrongAnswer(answer=_own_seed, diagnosis="Every seed gives the same split"),
    WrongAnswer(answer=_global_generator, diagnosis="a generator other than `rng`"),
    WrongAnswer(answer=_order_of_a_set, diagnosis="in the order of a set"),
    WrongAnswer(answer=_names_instead, diagnosis="Your parts hold names"),
    WrongAnswer(answer=_one_index_a_photo, diagnosis="one for each photograph"),
    WrongAnswer(answer=_numbers_of_photos, diagnosis="those of the"),
    WrongAnswer(answer=_rounding_loses, diagnosis="are in no part"),
    WrongAnswer(answer=_shares_of_pictures, diagnosis="shares count photographs, not pictures"),
    WrongAnswer(answer=_each_share_rounded_down, diagnosis="are rounded one by one"),
    WrongAnswer(answer=_each_share_rounded, diagnosis="are rounded one by one"),
    WrongAnswer(answer=_drawn_part_by_part, diagnosis="sizes are left to chance"),
    WrongAnswer(answer=_drawn_with_replacement, diagnosis="replace=False"),
    WrongAnswer(answer=_each_part_from_all, diagnosis="raw without replacement"),
    WrongAnswer(answer=_names_shuffled, diagnosis="take each photograph once"),
    WrongAnswer(answer=_cuts_overlap, diagnosis="your cuts overlap"),
    WrongAnswer(answer=_first_example, diagnosis="your parts hold 2 pictures in all"),
    WrongAnswer(answer=_empty_parts, diagnosis="your parts hold 0 pictures in all"),
    WrongAnswer(answer=_last_part_empty, diagnosis="is one left out"),
    WrongAnswer(answer=_result_of_shuffle, diagnosis="`rng.shuffle` works in place and returns"),
    WrongAnswer(answer=_result_of_sort, diagnosis="`sorted(…)` gives a sorted list back"),
    WrongAnswer(answer=_returns_shuffled, diagnosis="returns None: `rng.shuffle` works in place"),
    WrongAnswer(answer=_returns_the_error, diagnosis="write `raise ValueError(...)`"),
    WrongAnswer(answer=_exact_sum, diagnosis="0.9999999999999999"),
    WrongAnswer(answer=_accepts_any_sum, diagnosis="promises a ValueError"),
    WrongAnswer(answer=_unsorted, diagnosis="not ascending"),
    WrongAnswer(answer=_shuffles_the_input, diagnosis="changes its input `names`"),
    WrongAnswer(answer=_two_parts_only, diagnosis="one for each of the"),
)

VALID = (_by_floor, _by_ceiling_in_order_of_appearance, _by_unique, _by_choice)

EQUIVALENT = (
    Equivalent(
        mutant="line 1: `if not np.isclose(sum(fractions), 1):` after the next statement",
        why="It still raises before anything is returned.",
    ),
    Equivalent(
        mutant="line 1: np.isclose(sum(fractions), 1) → np.isclose(1, sum(fractions))",
        why="The tolerance is relative to the other number, which differs by 0.001%.",
    ),
    Equivalent(
        mutant="line 4: np.rint(…) → np.cumsum(fractions) * len(photos)",
        why="Rounded towards zero by astype, the running sum is off by less than one "
        "photograph, as the docstring allows.",
    ),
    Equivalent(
        mutant="line 4: np.rint(…) → np.floor(…)",
        why="Rounded down, the running sum is off by less than one photograph, as the "
        "docstring allows.",
    ),
    Equivalent(
        mutant="line 4: np.rint(…) → np.ceil(…)",
        why="Rounded up, the running sum is off by less than one photograph, as the "
        "docstring allows.",
    ),
    Equivalent(
        mutant="line 5: set(part) → part",
        why="`in` finds a name in an array too; the set is only faster.",
    ),
)
