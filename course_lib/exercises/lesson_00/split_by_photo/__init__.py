"""Exercise 00.2: a split that doesn't leak."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence

import numpy as np

from course_lib.checks import expect
from course_lib.checks.attempt import Attempt, Call, describe
from course_lib.checks.result import Wrong
from course_lib.checks.shorthand import slips_that_get
from course_lib.checks.task import Task, texts
from course_lib.data.photos import split_by_photo
from course_lib.exercises.lesson_00.split_by_photo import zoo

Parts = list[list[int]]

ONCE = "sorted(set(names))"
SUM = "np.isclose(sum(fractions), 1)"
PICTURES = "[i for i, name in enumerate(names) if name in part]"
FOUND = {
    f"{ONCE} → names": "take each photograph once",
    f"rng.permutation({ONCE}) → np.array({ONCE})": "Every seed gives the same split",
    "rng.permutation → np.random.default_rng(0).permutation": "Every seed gives",
    "rng.permutation → np.random.permutation": "a generator other than `rng`",
    f"{ONCE} → list(set(names))": "in the order of a set",
    "[[i for → [[name for": "Your parts hold names",
    f"{PICTURES} → sorted(map(list(names).index, part))": "one for each photograph",
    f"rng.permutation({ONCE}) → rng.choice({ONCE}, len(set(names)))": "replace=False",
    "return [[0], [1]]": "your parts hold 2 pictures in all",
    "return [[] for _ in fractions]": "your parts hold 0 pictures in all",
    "in parts] → in [*parts[:-1], []]]": "is one left out",
    "rng.permutation(sorted → rng.shuffle(sorted": "works in place and returns",
    f"{ONCE} → list(set(names)).sort()": "`sorted(…)` gives a sorted list",
    f"return rng.shuffle({ONCE})": "returns None: `rng.shuffle` works in place",
    "raise ValueError → return ValueError": "write `raise ValueError(...)`",
    f"not {SUM} → sum(fractions) != 1": "0.9999999999999999",
    f"not {SUM} → sum(fractions) > 2": "promises a ValueError",
    f"{SUM} → np.isclose(sum(fractions), 1, 0.05)": "sum to 0.96",
    f"not {SUM} → sum(fractions) > 1 + 1e-9": "the fractions (0.5, 0.4)",
    "np.rint(np.cumsum(fractions) → np.rint(np.array(fractions)": "your cuts overlap",
    ".astype(int)[:-1] → .astype(int)[:1]": "one for each of the",
    "if name in part] → if any(name.startswith(photo) for photo in part)]": "to part",
    "if name in part] → if name in ' '.join(part)]": "to part",
    "return [[i for → rng.shuffle(names)\n    return [[i for": "changes its input `names`",
}

# Fractions, and numbers of photographs.
SPLITS: tuple[tuple[Sequence[float], int], ...] = (
    ((0.75, 0.25), 12),
    ((0.5, 0.25, 0.25), 16),
    ([0.25, 0.75], 9),
    ((0.5, 0.5), 2),
    ((0.125, 0.5, 0.375), 8),
    ((1.0,), 4),
    # Shares rounded one by one (down, to the nearest, up) leave the last part too many or none.
    *(((0.2,) * 5, photos) for photos in (9, 8, 6)),
    ((0.25,) * 4, 7),
    ((0.125,) * 6 + (0.25,), 11),
    ((0.3, 0.1, 0.1, 0.3, 0.2), 9),
    *6 * (((0.5, 0.5), 16),),
)


def examine(attempt: Attempt, rng: np.random.Generator) -> None:
    """Splits of random lists, in which a photograph has one picture or many."""
    for fractions, photos in SPLITS:
        _split(attempt, _names(photos, rng), fractions, int(rng.integers(2**32)))
    _split(attempt, tuple(_names(4, rng)), (1.0,), 0)
    prefixes = [f"sea{'_' * n}" for n in range(1, 7) for _ in range(n)]
    for seed in rng.integers(2**32, size=3):
        _split(attempt, rng.permutation(prefixes).tolist(), (0.5, 0.5), int(seed))
    _float_sums(attempt, rng)
    _same_seed_same_split(attempt, rng)
    _other_seed_other_split(attempt, rng)
    _each_pair_meets_and_parts(attempt, rng)
    names = _names(6, rng)
    for wrong in ((0.5, 0.4), (0.8, 0.3), (0.6, 0.2, 0.1), (0.5, 0.46), (0.7, 0.32), (0.5,)):
        on = f"the fractions {wrong}, which sum to {sum(wrong):.3g}"
        attempt.refuses(names, wrong, np.random.default_rng(0), on=on)


def _names(photos: int, rng: np.random.Generator) -> list[str]:
    """Names of pictures, mixed: the first photograph has as many as all others together."""
    photographs = [f"photo_{n:02}" for n in rng.permutation(100)[:photos]]
    counts = [3 * photos, *rng.integers(1, 5, photos - 1)]
    return rng.permutation(np.repeat(photographs, counts)).tolist()


def _split(attempt: Attempt, names: Sequence[str], fractions: Sequence[float], seed: int) -> Parts:
    """One call, of which everything is asked that the docstring promises of one call."""
    photos = len(set(names))
    on = f"{len(names)} pictures of {photos} photographs and the fractions {tuple(fractions)}"
    call = attempt.call(names, fractions, np.random.default_rng(seed), on=on)
    parts = _parts(call, names, fractions)
    expect.untouched(call)
    count = Counter(index for part in parts for index in part)
    if photos < len(names) and set(count) == set(range(photos)):
        raise Wrong(
            f"Your parts hold the numbers 0 to {photos - 1}, those of the {photos} photographs; "
            f"the result holds the indices of all {len(names)} pictures."
        )
    if len(count) < photos / 2:
        raise Wrong(
            f"On {on}, your parts hold {len(count)} pictures in all. The parts together hold the "
            "index of every picture."
        )
    _no_photo_twice(parts, names)
    _each_index_once(count, names, len(parts), on)
    for part in parts:
        if part != sorted(part):
            raise Wrong(
                f"On {on}, the indices of a part are not ascending: they start with "
                f"{part[:4]}. Sort them, or collect them in the order of the names."
            )
    _sizes(attempt, parts, names, fractions, on)
    return parts


def _parts(call: Call, names: Sequence[str], fractions: Sequence[float]) -> Parts:
    """The result as lists of integers; arrays and tuples of them will do."""
    value, lists = expect.returned(call), list | tuple | np.ndarray
    if not isinstance(value, lists):
        raise Wrong(f"Your function returns {describe(value)}; a list of lists is expected.")
    for part in value:
        if isinstance(part, set | frozenset):
            raise Wrong("Your parts are sets, which have no order: return sorted lists.")
        if not isinstance(part, lists):
            raise Wrong(
                f"Your function returns {describe(value)} that holds {describe(part)}; each part "
                "is a list of indices."
            )
    items = [item for part in value for item in part]
    if any(isinstance(item, str) for item in items):
        raise Wrong(
            "Your parts hold names; the result holds indices into `names`, so that each picture "
            "can be found: use enumerate(names)."
        )
    if not all(isinstance(item, int | np.integer) for item in items):
        raise Wrong(f"Your parts hold {describe(items[0])}; indices are whole numbers.")
    if len(value) != len(fractions):
        raise Wrong(
            f"On {call.on}, your function returns {len(value)} parts; there is one for each of the "
            f"{len(fractions)} fractions."
        )
    if items and not (min(items) >= 0 and max(items) < len(names)):
        raise Wrong(
            f"On {call.on}, there is the index {max(items)} in your result; the names end at "
            f"{len(names) - 1}."
        )
    return [[int(item) for item in part] for part in value]


def _no_photo_twice(parts: Parts, names: Sequence[str]) -> None:
    dealt = [{names[index] for index in part} for part in parts]
    where = {
        photo: [number for number, photos in enumerate(dealt, 1) if photo in photos]
        for photo in sorted(set().union(*dealt))
    }
    twice = [photo for photo, numbers in where.items() if len(numbers) > 1]
    if not twice:
        return
    first, second = where[twice[0]][:2]
    pictures = [sum(name in photos for name in names) for photos in dealt]
    if pictures != [len(set(part)) for part in parts]:
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


def _each_index_once(count: Counter[int], names: Sequence[str], parts: int, on: str) -> None:
    lost = [index for index in range(len(names)) if index not in count]
    photos = sorted({names[index] for index in lost})
    if lost and len(count) == len(set(names)):
        raise Wrong(
            f"On {on}, your parts hold {len(count)} indices, one for each photograph; every "
            "picture of a photograph goes into its part."
        )
    if lost:
        text = f"On {on}, {len(lost)} pictures are in no part, those of {photos[0]!r} for example. "
        text += "The parts together hold every picture: "
        if len(photos) < parts:  # rounding down loses less than one photograph a part
            raise Wrong(f"{text}watch what rounding leaves over.")
        raise Wrong(
            f"{text}is one left out, or does the list of photographs that you cut lack some? It "
            "does when they are drawn with replacement, as `rng.choice` draws unless told "
            "replace=False; `rng.permutation` has each once."
        )
    index, times = count.most_common(1)[0]
    if times > 1:
        raise Wrong(f"On {on}, the index {index} is in a part more than once.")


def _sizes(
    attempt: Attempt, parts: Parts, names: Sequence[str], fractions: Sequence[float], on: str
) -> None:
    sizes = [len({names[i] for i in part}) for part in parts]
    shares = np.multiply(fractions, len(set(names)))
    off = np.abs(sizes - shares)
    if off.max() <= 1 + 1e-6:
        return
    _sizes_by_chance(attempt, fractions)
    if len(parts) > 2 and off[:-1].max() < 1:
        raise Wrong(
            f"On {on}, the last part has {sizes[-1]} photographs; its share is {shares[-1]:.3g}. "
            "Your parts are rounded one by one, and the last one takes what that leaves over. "
            "Round the running sum of the shares instead: it is never off by more than one."
        )
    n = off.argmax()
    drawn = np.array([sizes, *_sizes_of_seeds(attempt, names, fractions, on)])
    if (np.abs(np.sort(drawn) - np.sort(shares)) <= 1 + 1e-6).all():
        raise Wrong(
            f"On {on}, part {n + 1} has {sizes[n]} photographs; its share is {shares[n]:.3g}. Your "
            "parts have the right sizes, but lie in another order than `fractions`."
        )
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
    try:
        drawn = np.array(_sizes_of_seeds(attempt, renamed, fractions, on))
    except Wrong:  # it needs names like the course's
        return
    if (np.abs(drawn - np.multiply(fractions, len(photos))) <= 1 + 1e-6).all():
        raise Wrong(
            f"Your function takes photographs with similar names for one, such as {photos[0]!r} "
            f"and {photos[1]!r}. Two pictures show one photograph only if their names are equal."
        )


def _sizes_by_chance(attempt: Attempt, fractions: Sequence[float]) -> None:
    """Do the sizes differ with the seed, where each photograph has one picture?"""
    names = [f"photo_{n:02}" for n in range(16)]
    on = f"16 photographs with one picture each and the fractions {tuple(fractions)}"
    sizes = ["+".join(map(str, one)) for one in _sizes_of_seeds(attempt, names, fractions, on)]
    first, *others = dict.fromkeys(sizes)
    if others:
        raise Wrong(
            f"Your parts' sizes are left to chance: on {on}, one seed gives {first}, another "
            f"{others[0]}. A part's number of photographs is its share, to within one: shuffle the "
            "photographs and cut the shuffled list."
        )


def _sizes_of_seeds(
    attempt: Attempt, names: Sequence[str], fractions: Sequence[float], on: str
) -> list[list[int]]:
    """How many photographs each part has, for several seeds."""
    splits = (
        _parts(attempt.call(names, fractions, np.random.default_rng(seed), on=on), names, fractions)
        for seed in range(12)
    )
    return [[len({names[index] for index in part}) for part in parts] for parts in splits]


def _float_sums(attempt: Attempt, rng: np.random.Generator) -> None:
    """0.57 + 0.35 + 0.08 isn't 1 in floating point, not even by Python 3.12's careful `sum`."""
    names, fractions = _names(10, rng), (0.57, 0.35, 0.08)
    _, error = attempt.outcome(names, fractions, np.random.default_rng(0), on="")
    if isinstance(error, ValueError):
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
    # Renamed alike, they are split alike, unless a set gives the order: that follows from hashes.
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


ANY_ROUNDING = "The running sum is off by less than one photograph, as the docstring allows."

TASK = Task(
    **texts(__file__),
    reference=split_by_photo,
    examine=examine,
    lesson_size=lambda rng: (_names(40, rng), (0.6, 0.2, 0.2), np.random.default_rng(0)),
    slips=tuple(slips_that_get(FOUND)),
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
