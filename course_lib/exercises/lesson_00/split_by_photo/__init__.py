"""Exercise 00.2: a split that doesn't leak."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from course_lib.checks import expect
from course_lib.checks.attempt import Attempt, describe
from course_lib.checks.result import Wrong
from course_lib.checks.slips import Slip
from course_lib.checks.task import Task, texts
from course_lib.data.photos import split_by_photo
from course_lib.exercises.lesson_00.split_by_photo import zoo

Parts = list[list[int]]

DEALT = "for part in parts]"

SLIPS = (
    Slip(
        "sorted(set(names)) → names",
        gets="take each photograph once",
    ),
    Slip(
        "rng.permutation(sorted(set(names))) → np.array(sorted(set(names)))",
        gets="Every seed gives the same split",
    ),
    Slip("rng.permutation → np.random.default_rng(0).permutation", gets="Every seed gives"),
    Slip("rng.permutation → np.random.permutation", gets="a generator other than `rng`"),
    Slip("sorted(set(names)) → list(set(names))", gets="in the order of a set"),
    Slip("[[i for → [[name for", gets="Your parts hold names"),
    Slip(
        f"for i, name in enumerate(names) if name in part] {DEALT} → "
        f"for i in sorted(list(names).index(photo) for photo in part)] {DEALT}",
        gets="one for each photograph",
    ),
    Slip(
        "rng.permutation(sorted(set(names))) → rng.choice(sorted(set(names)), len(set(names)))",
        gets="replace=False",
    ),
    Slip("return [[0], [1]]", gets="your parts hold 2 pictures in all"),
    Slip("return [[] for _ in fractions]", gets="your parts hold 0 pictures in all"),
    Slip(f"{DEALT} → for part in [*parts[:-1], []]]", gets="is one left out"),
    Slip("rng.permutation(sorted → rng.shuffle(sorted", gets="works in place and returns"),
    Slip("sorted(set(names)) → list(set(names)).sort()", gets="`sorted(…)` gives a sorted list"),
    Slip(
        "return rng.shuffle(sorted(set(names)))", gets="returns None: `rng.shuffle` works in place"
    ),
    Slip("raise ValueError → return ValueError", gets="write `raise ValueError(...)`"),
    Slip("not np.isclose(sum(fractions), 1) → sum(fractions) != 1", gets="0.9999999999999999"),
    Slip("not np.isclose(sum(fractions), 1) → sum(fractions) > 2", gets="promises a ValueError"),
    Slip("np.isclose(sum(fractions), 1) → np.isclose(sum(fractions), 1, 0.05)", gets="sum to 0.96"),
    Slip(
        "not np.isclose(sum(fractions), 1) → sum(fractions) > 1 + 1e-9",
        gets="the fractions (0.5, 0.4)",
    ),
    Slip("np.rint(np.cumsum(fractions) → np.rint(np.array(fractions)", gets="your cuts overlap"),
    Slip(".astype(int)[:-1] → .astype(int)[:1]", gets="one for each of the"),
    Slip("if name in part] → if any(name.startswith(photo) for photo in part)]", gets="to part"),
    Slip(f"if name in part] {DEALT} → if name in ' '.join(part)] {DEALT}", gets="to part"),
    Slip(
        "return [[i for → rng.shuffle(names)\n    return [[i for", gets="changes its input `names`"
    ),
)

# Shares rounded one by one (down, to the nearest, up) leave the last part too many or none.
MANY_PARTS = (
    ((0.2,) * 5, 9),
    ((0.2,) * 5, 8),
    ((0.2,) * 5, 6),
    ((0.25,) * 4, 7),
    ((0.125,) * 6 + (0.25,), 11),
    ((0.3, 0.1, 0.1, 0.3, 0.2), 9),
)


def examine(attempt: Attempt, rng: np.random.Generator) -> None:
    """Splits of random lists, in which a photograph has one picture or many."""
    for fractions, photos in (
        ((0.75, 0.25), 12),
        ((0.5, 0.25, 0.25), 16),
        ([0.25, 0.75], 9),
        ((0.5, 0.5), 2),
        ((0.125, 0.5, 0.375), 8),
        ((1.0,), 4),
    ):
        names = _names(photos, rng)
        _split(attempt, names, fractions, int(rng.integers(2**32)))
    _split(attempt, tuple(names), fractions, 0)
    for many, photos in MANY_PARTS:
        _split(attempt, _names(photos, rng), many, int(rng.integers(2**32)))
    for _ in range(6):
        _split(attempt, _names(16, rng), (0.5, 0.5), int(rng.integers(2**32)))
    prefixes = [f"sea{'_' * n}" for n in range(1, 7) for _ in range(n)]
    for seed in rng.integers(2**32, size=3):
        _split(attempt, [str(one) for one in rng.permutation(prefixes)], (0.5, 0.5), int(seed))
    _float_sums(attempt, rng)
    _same_seed_same_split(attempt, rng)
    _other_seed_other_split(attempt, rng)
    _each_pair_meets_and_parts(attempt, rng)
    names = _names(6, rng)
    for wrong in ((0.5, 0.4), (0.8, 0.3), (0.6, 0.2, 0.1), (0.5, 0.46), (0.7, 0.32), (0.5,)):
        attempt.refuses(
            names,
            wrong,
            np.random.default_rng(0),
            on=f"the fractions {wrong}, which sum to {sum(wrong):.3g}",
        )


def _names(photos: int, rng: np.random.Generator, stem: str = "photo") -> list[str]:
    """Names of pictures, mixed: the first photograph has as many as all others together."""
    numbers = [int(n) for n in rng.permutation(100)[:photos]]
    counts = [3 * photos, *(int(n) for n in rng.integers(1, 5, photos - 1))]
    names = [
        f"{stem}_{n:02}" for n, count in zip(numbers, counts, strict=True) for _ in range(count)
    ]
    return [str(name) for name in rng.permutation(names)]


def _split(attempt: Attempt, names: Sequence[str], fractions: Sequence[float], seed: int) -> Parts:
    """One call, of which everything is asked that the docstring promises of one call."""
    photos = len(set(names))
    on = f"{len(names)} pictures of {photos} photographs and the fractions {tuple(fractions)}"
    call = attempt.call(names, fractions, np.random.default_rng(seed), on=on)
    parts = _parts(expect.returned(call), names, fractions, on)
    expect.untouched(call)
    _numbers_of_pictures(parts, names)
    _not_a_handful(parts, names, on)
    _no_photo_twice(parts, names)
    _each_index_once(parts, names, on)
    for part in parts:
        if part != sorted(part):
            raise Wrong(
                f"On {on}, the indices of a part are not ascending: they start with "
                f"{part[:4]}. Sort them, or collect them in the order of the names."
            )
    _sizes(attempt, parts, names, fractions, on)
    return parts


def _parts(value: Any, names: Sequence[str], fractions: Sequence[float], on: str) -> Parts:
    """The result as lists of integers; arrays and tuples of them will do."""
    if not isinstance(value, list | tuple | np.ndarray):
        raise Wrong(f"Your function returns {describe(value)}; a list of lists is expected.")
    parts = []
    for part in value:
        if isinstance(part, set | frozenset):
            raise Wrong("Your parts are sets, which have no order: return sorted lists.")
        if not isinstance(part, list | tuple | np.ndarray):
            raise Wrong(
                f"Your function returns {describe(value)} that holds {describe(part)}; each part "
                "is a list of indices."
            )
        parts.append(list(part))
    items = [item for part in parts for item in part]
    if any(isinstance(item, str) for item in items):
        raise Wrong(
            "Your parts hold names; the result holds indices into `names`, so that each picture "
            "can be found: use enumerate(names)."
        )
    if not all(isinstance(item, int | np.integer) for item in items):
        raise Wrong(f"Your parts hold {describe(items[0])}; indices are whole numbers.")
    if len(parts) != len(fractions):
        raise Wrong(
            f"On {on}, your function returns {len(parts)} parts; there is one for each of the "
            f"{len(fractions)} fractions."
        )
    if items and not (min(items) >= 0 and max(items) < len(names)):
        raise Wrong(
            f"On {on}, there is the index {max(items)} in your result; the names end at "
            f"{len(names) - 1}."
        )
    return [[int(item) for item in part] for part in parts]


def _numbers_of_pictures(parts: Parts, names: Sequence[str]) -> None:
    photos, indices = len(set(names)), {index for part in parts for index in part}
    if photos < len(names) and indices == set(range(photos)):
        raise Wrong(
            f"Your parts hold the numbers 0 to {photos - 1}, those of the {photos} photographs; "
            f"the result holds the indices of all {len(names)} pictures."
        )


def _not_a_handful(parts: Parts, names: Sequence[str], on: str) -> None:
    held = len({index for part in parts for index in part})
    if held < len(set(names)) / 2:
        raise Wrong(
            f"On {on}, your parts hold {held} pictures in all. The parts together hold the index "
            "of every picture."
        )


def _no_photo_twice(parts: Parts, names: Sequence[str]) -> None:
    where: dict[str, list[int]] = {}  # photograph → the parts that hold pictures of it
    for number, part in enumerate(parts, 1):
        for photo in sorted({names[index] for index in part}):
            where.setdefault(photo, []).append(number)
    twice = [photo for photo, numbers in where.items() if len(numbers) > 1]
    if not twice:
        return
    first, second = where[twice[0]][:2]
    if not all(_holds_whole_photos(part, names) for part in parts):
        raise Wrong(
            f"Pictures of the photograph {twice[0]!r} are in part {first} and in part {second}: "
            "your function deals out pictures. What is tested has then been seen in training. "
            "Deal out whole photographs."
        )
    text = (
        f"The photograph {twice[0]!r} is dealt out twice, with all its pictures: to part {first} "
        f"and to part {second}. "
    )
    if len(where) < len(set(names)):
        raise Wrong(
            f"{text}Others are dealt to no part. Draw without replacement: shuffle each photograph "
            "once with `rng.permutation`, and cut. Every call of `rng.choice` draws from all "
            "again, and puts back what it has drawn unless told replace=False; `names` has each "
            "photograph as often as it has pictures."
        )
    raise Wrong(
        f"{text}If the list that you cut still has the names several times, take each photograph "
        "once before you shuffle: sorted(set(names)). If not, your cuts overlap: a part begins "
        "where the one before it ends, at the running sum of the shares."
    )


def _holds_whole_photos(part: list[int], names: Sequence[str]) -> bool:
    photos = {names[index] for index in part}
    return {index for index, name in enumerate(names) if name in photos} == set(part)


def _each_index_once(parts: Parts, names: Sequence[str], on: str) -> None:
    count = Counter(index for part in parts for index in part)
    missing = len(names) - len(count)
    if missing and len(count) == len(set(names)):
        raise Wrong(
            f"On {on}, your parts hold {len(count)} indices, one for each photograph; every "
            "picture of a photograph goes into its part."
        )
    if missing:
        lost = sorted({names[i] for i in range(len(names)) if i not in count})
        text = (
            f"On {on}, {missing} pictures are in no part, those of {lost[0]!r} for example. The "
            "parts together hold every picture: "
        )
        if len(lost) < len(parts):  # rounding down loses less than one photograph a part
            raise Wrong(f"{text}watch what rounding leaves over.")
        raise Wrong(
            f"{text}is one left out, or does the list of photographs that you cut lack some? It "
            "does when they are drawn with replacement, as `rng.choice` draws unless told "
            "replace=False; `rng.permutation` has each once."
        )
    twice = [index for index, times in count.items() if times > 1]
    if twice:
        raise Wrong(f"On {on}, the index {twice[0]} is in a part more than once.")


def _sizes(
    attempt: Attempt, parts: Parts, names: Sequence[str], fractions: Sequence[float], on: str
) -> None:
    photos = len(set(names))
    sizes = [len({names[i] for i in part}) for part in parts]
    shares = [fraction * photos for fraction in fractions]
    off = [abs(size - share) for size, share in zip(sizes, shares, strict=True)]
    if max(off) <= 1 + 1e-6:
        return
    _sizes_by_chance(attempt, fractions)
    if len(parts) > 2 and max(off[:-1]) < 1:
        raise Wrong(
            f"On {on}, the last part has {sizes[-1]} photographs; its share is {shares[-1]:.3g}. "
            "Your parts are rounded one by one, and the last one takes what that leaves over. "
            "Round the running sum of the shares instead: it is never off by more than one."
        )
    n = int(np.argmax(off))
    _names_cut(attempt, names, fractions, on)
    raise Wrong(
        f"On {on}, part {n + 1} has {sizes[n]} photographs; its share is {shares[n]:.3g}. The "
        "shares count photographs, not pictures: cut the shuffled list of photographs where the "
        "running sum of the shares falls."
    )


def _names_cut(attempt: Attempt, names: Sequence[str], fractions: Sequence[float], on: str) -> None:
    """Are the sizes right where names have nothing in common?"""
    photos = sorted(set(names))
    letters = dict(zip(photos, (chr(ord("A") + n) * 3 for n in range(len(photos))), strict=True))
    renamed = [letters[name] for name in names]
    call, _ = attempt.outcome(renamed, fractions, np.random.default_rng(0), on=on)
    if call is None:
        return
    parts = _parts(call.value, renamed, fractions, on)
    sizes = [len({renamed[i] for i in part}) for part in parts]
    if all(abs(s - f * len(photos)) <= 1 + 1e-6 for s, f in zip(sizes, fractions, strict=True)):
        raise Wrong(
            f"Your function takes photographs with similar names for one, such as {photos[0]!r} "
            f"and {photos[1]!r}. Two pictures show one photograph only if their names are equal."
        )


def _sizes_by_chance(attempt: Attempt, fractions: Sequence[float]) -> None:
    """Do the sizes differ with the seed, where each photograph has one picture?"""
    names = [f"photo_{n:02}" for n in range(16)]
    on = f"16 photographs with one picture each and the fractions {tuple(fractions)}"
    sizes = []
    for seed in range(12):
        call = attempt.call(names, fractions, np.random.default_rng(seed), on=on)
        parts = _parts(expect.returned(call), names, fractions, on)
        sizes.append("+".join(str(len(part)) for part in parts))
    if len(set(sizes)) > 1:
        other = next(one for one in sizes if one != sizes[0])
        raise Wrong(
            f"Your parts' sizes are left to chance: on {on}, one seed gives {sizes[0]}, another "
            f"{other}. A part's number of photographs is its share, to within one: shuffle the "
            "photographs and cut the shuffled list."
        )


def _float_sums(attempt: Attempt, rng: np.random.Generator) -> None:
    """0.57 + 0.35 + 0.08 is 0.9999999999999999 in floating point, and is right.

    So it is however it is summed, too: from Python 3.12 on `sum` loses less, and finds 1 for most.
    """
    names, fractions = _names(10, rng), (0.57, 0.35, 0.08)
    call, error = attempt.outcome(names, fractions, np.random.default_rng(0), on="")
    if isinstance(error, ValueError) and call is None:
        raise Wrong(
            "Your function refuses the fractions (0.57, 0.35, 0.08): in floating point they sum "
            "to 0.9999999999999999, not to 1. Compare with np.isclose or math.isclose."
        )
    _split(attempt, names, fractions, 0)


def _same_seed_same_split(attempt: Attempt, rng: np.random.Generator) -> None:
    names, seed = _names(14, rng), int(rng.integers(2**32))
    first = _split(attempt, names, (0.5, 0.5), seed)
    if _split(attempt, names, (0.5, 0.5), seed) != first:
        raise Wrong(
            "The same seed gives two different splits: something is drawn from a generator other "
            "than `rng`, such as np.random's or random's own. Draw from `rng` only."
        )
    # Renamed in the same alphabetical order, the pictures are split alike, unless the order came
    # from a set: that one follows the names' hashes, which change when Python restarts.
    for stem in ("scene", "shot"):
        renamed = [name.replace("photo", stem) for name in names]
        if _split(attempt, renamed, (0.5, 0.5), seed) != first:
            raise Wrong(
                "The same seed gives another split once Python is restarted: your photographs "
                "come in the order of a set, which is a different one each time. Sort them "
                "before you shuffle: sorted(set(names))."
            )


def _other_seed_other_split(attempt: Attempt, rng: np.random.Generator) -> None:
    names = _names(6, rng)
    splits = [_split(attempt, names, (0.5, 0.5), seed) for seed in range(40)]
    if all(split == splits[0] for split in splits):
        raise Wrong(
            "Every seed gives the same split: `rng` isn't used, or replaced by a generator with "
            "a seed of its own. Shuffle the photographs with it: rng.permutation(...)."
        )
    for photo in set(names):
        if len({photo in {names[i] for i in split[0]} for split in splits}) == 1:
            raise Wrong(
                f"The photograph {photo!r} goes to the same part for each of 40 seeds: not all "
                "photographs are shuffled."
            )


def _each_pair_meets_and_parts(attempt: Attempt, rng: np.random.Generator) -> None:
    names = _names(8, rng)
    photos = sorted(set(names))
    firsts = [{names[i] for i in _split(attempt, names, (0.5, 0.5), seed)[0]} for seed in range(60)]
    for one, other in itertools.combinations(photos, 2):
        for found, words in ((True, "always"), (False, "never")):
            if all(((one in first) == (other in first)) == found for first in firsts):
                raise Wrong(
                    f"{one!r} and {other!r} are {words} in the same part, whatever the seed: the "
                    "photographs aren't shuffled, but only start at another one. "
                    "rng.permutation gives every order the same chance."
                )


def _lesson_size(rng: np.random.Generator) -> tuple[list[str], tuple[float, ...], Any]:
    return _names(40, rng), (0.6, 0.2, 0.2), np.random.default_rng(0)


ANY_ROUNDING = "The running sum is off by less than one photograph, as the docstring allows."

TASK = Task(
    **texts(__file__),
    reference=split_by_photo,
    examine=examine,
    lesson_size=_lesson_size,
    slips=SLIPS,
    written=zoo.WRITTEN,
    valid=zoo.VALID,
    equivalent={
        "line 1: `if not np.isclose(sum(fractions), 1):` after the next statement": "It still "
        "raises before it returns.",
        "line 1: np.isclose(sum(fractions), 1) → np.isclose(1, sum(fractions))": "The tolerance "
        "is relative to the other number, which differs by 0.001 %.",
        "line 4: np.rint(…) → np.cumsum(fractions) * len(photos)": ANY_ROUNDING,
        "line 4: np.rint(…) → np.floor(…)": ANY_ROUNDING,
        "line 4: np.rint(…) → np.ceil(…)": ANY_ROUNDING,
        "line 5: set(part) → part": "`in` finds a name in an array too; the set is only faster.",
    },
)
