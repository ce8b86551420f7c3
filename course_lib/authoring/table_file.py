"""Result tables as files: reading, writing, and comparing with their experiment.

Rows are kept as the texts of the file, so rewriting a table doesn't change existing rows.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from course_lib import profiles
from course_lib.experiments.products import Experiment, SweepRun, Value
from course_lib.files import write_whole
from course_lib.results.tables import SEED, read_rows, remake

Row = dict[str, str]


@dataclass(frozen=True, kw_only=True)
class State:
    """The rows of a table, compared with its experiment.

    Attributes:
        done: declared runs of the profile that the table holds, with their rows.
        missing: declared runs of the profile that the table lacks.
        stale: rows of any profile that aren't declared or occur twice.
    """

    done: tuple[tuple[SweepRun, Row], ...]
    missing: tuple[SweepRun, ...]
    stale: tuple[Row, ...]


def metric_text(value: float) -> str:
    """Format a metric for a table: six digits, whole numbers in full."""
    return str(int(value)) if value.is_integer() else f"{value:.6g}"


def setting_text(value: Value) -> str:
    """A setting as it stands in a table, in full, since runs are told apart by it: 1.0 is 1."""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return str(value)


def read(path: Path, experiment: Experiment) -> list[Row]:
    """The rows of a table; none if there is no file.

    Raises:
        ValueError: the file's columns aren't those that the experiment declares, or see
            `tables.read_rows`.
    """
    if not path.exists():
        return []
    header, lines = read_rows(path)
    if tuple(header) != experiment.columns:
        raise ValueError(
            f"{path} has the columns {', '.join(header)}; {experiment.name} declares "
            f"{', '.join(experiment.columns)}. Delete the file, then "
            f"`{remake(experiment.name)}` computes it anew"
        )
    return [dict(zip(header, line, strict=True)) for line in lines]


def write(path: Path, experiment: Experiment, rows: Sequence[Row]) -> None:
    """Write a table, sorted by profile, then in the declared order, stale rows last."""
    order = {_key(run.settings, run.seed): n for n, run in enumerate(experiment.runs)}
    names = profiles.NAMES

    def rank(row: Mapping[str, str]) -> tuple[int, int]:
        size = names.index(row["profile"]) if row["profile"] in names else len(names)
        return size, order.get(_key_of(row, experiment), len(order))

    text = io.StringIO()
    writer = csv.DictWriter(text, experiment.columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(sorted(rows, key=rank))
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, text.getvalue().encode())


def examine(rows: Sequence[Row], experiment: Experiment, profile: str) -> State:
    """Compare the rows of a table with its experiment, at a profile."""
    declared = {_key(run.settings, run.seed): run for run in experiment.runs}
    held: dict[tuple[str, tuple[str, ...]], Row] = {}
    stale = []
    for row in rows:
        key = (row["profile"], _key_of(row, experiment))
        if key[0] not in profiles.NAMES or key[1] not in declared:
            stale.append(row)
        else:
            held[key] = row
    return State(
        done=tuple(
            (run, held[profile, key]) for key, run in declared.items() if (profile, key) in held
        ),
        missing=tuple(run for key, run in declared.items() if (profile, key) not in held),
        stale=tuple(stale),
    )


def label(row: Row, experiment: Experiment) -> str:
    """Describe a row in words: ``"fault=none, seed 2, profile cpu"``."""
    words = [f"{column}={row[column]}" for column in experiment.settings[0]]
    return ", ".join([*words, f"seed {row[SEED]}", f"profile {row['profile']}"])


def _key(settings: Mapping[str, Value], seed: int) -> tuple[str, ...]:
    return (*map(setting_text, settings.values()), str(seed))


def _key_of(row: Mapping[str, str], experiment: Experiment) -> tuple[str, ...]:
    return (*(row[column] for column in experiment.settings[0]), row[SEED])
