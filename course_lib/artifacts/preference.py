"""A blind test of preference: two pictures side by side, one choice (DeSRA, §4.4)."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import comb
from pathlib import Path

import numpy as np

from course_lib.files import read_text, write_whole

COLUMNS = ("picture", "left", "right", "chosen")
LIMIT = 1_000_000  # bytes of a file of answers


def preference_p_value(wins: int, trials: int) -> float:
    """How likely a result so far from a draw is if nobody has a preference.

    It is the two-sided binomial test: the chance that one of the two sides wins at least as often
    as the more frequent one did, if each choice is a fair coin.

    Args:
        wins: choices of one side, 0 to trials.
        trials: all choices, 1 or more.

    Returns:
        The p-value, above 0 and at most 1.

    Raises:
        ValueError: numbers out of range.

    Example:
        9 of 10 choices for one side: 9 or 10 heads have a chance of 11 / 1024. So do 9 or 10
        tails. The p-value is 22 / 1024 = 0.021.
    """
    if trials < 1 or not 0 <= wins <= trials:
        raise ValueError(f"wins are 0 to trials, at least one trial; there are {wins} of {trials}")
    most = max(wins, trials - wins)
    tail = sum(comb(trials, n) for n in range(most, trials + 1)) / 2**trials
    return min(1.0, 2 * tail)


@dataclass(frozen=True, kw_only=True)
class Trial:
    """Two versions of one picture.

    Attributes:
        picture: its name.
        left, right: names of the versions, such as ``"before"`` and ``"after"``; the person who
            chooses doesn't see them.
    """

    picture: str
    left: str
    right: str


def shuffled(pictures: Sequence[str], versions: tuple[str, str], seed: int) -> list[Trial]:
    """Put pictures in a random order, and the two versions of each on random sides.

    Each version is on the left in half of the trials, or in one more than half.

    Args:
        pictures: names, each once.
        versions: names of the two versions.
        seed: ≥ 0, the only source of chance.

    Raises:
        ValueError: no picture, one twice, or two versions of one name.
    """
    if not pictures or len(set(pictures)) != len(pictures) or versions[0] == versions[1]:
        raise ValueError(
            f"a test needs pictures, each once, and two versions; these are {list(pictures)} and "
            f"{versions}"
        )
    rng = np.random.default_rng((seed, 11))
    order = [pictures[n] for n in rng.permutation(len(pictures))]
    swaps = rng.permutation([n % 2 for n in range(len(pictures))]).tolist()
    return [
        Trial(picture=name, left=versions[swap], right=versions[1 - swap])
        for name, swap in zip(order, swaps, strict=True)
    ]


def write_answers(path: Path, answers: Sequence[tuple[Trial, str]]) -> None:
    """Write the trials and what was chosen in each, a CSV file; an older one is replaced.

    Raises:
        ValueError: a choice that was none of the two versions.
        OSError: a full disk, or a folder that can't be written.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for trial, chosen in answers:
        if chosen not in (trial.left, trial.right):
            raise ValueError(f"{chosen!r} is none of {trial.left!r} and {trial.right!r}")
        writer.writerow((trial.picture, trial.left, trial.right, chosen))
    write_whole(path, text.getvalue().encode())


def count_answers(paths: Sequence[Path]) -> Mapping[str, int]:
    """Count how often each version was chosen, over the files of several people.

    Raises:
        ValueError: a file that `write_answers` didn't write; it names the line.
        OSError: a file that can't be read.
    """
    counts: dict[str, int] = {}
    for path in paths:
        rows = list(csv.reader(io.StringIO(read_text(path, LIMIT))))
        if not rows or tuple(rows[0]) != COLUMNS:
            raise ValueError(f"{path} doesn't begin with the line {','.join(COLUMNS)}")
        for number, row in enumerate(rows[1:], start=2):
            if len(row) != len(COLUMNS) or row[3] not in row[1:3]:
                raise ValueError(f"{path}, line {number} holds no choice between two versions")
            for version in row[1:3]:
                counts.setdefault(version, 0)
            counts[row[3]] += 1
    return counts
