"""Result tables: what `make reproduce` measured over many runs, as lessons show it.

A table is ``assets/tables/NAME.csv``, one row a run. Its columns, from the left: the settings,
``seed``, the metrics, and `PROVENANCE`. A name begins with its lesson's number.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from course_lib.files import read_text
from course_lib.results.measured import Measured

if TYPE_CHECKING:
    import pandas as pd

FOLDER = Path(__file__).parent.parent / "assets" / "tables"
SEED = "seed"
PROVENANCE = ("profile", "seconds", "date", "device", "threads", "versions", "parent_commit")
TEXTS = ("profile", "date", "device", "versions", "parent_commit")  # even if they look like numbers
LIMIT = 10_000_000  # bytes of one table
CELL = 1000  # characters of one cell
_WHOLE = re.compile(r"-?[0-9]+")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?(e[-+]?[0-9]+)?")
COMPLETE = "cpu"  # the profile that every table holds; rows of others may stand beside


@dataclass(frozen=True, kw_only=True, eq=False)
class Table:
    """The runs of one experiment at one profile, or some of them.

    Attributes:
        name: such as ``"01_faults"``.
        rows: one run a row, in the columns of the file.
    """

    name: str
    rows: pd.DataFrame

    @property
    def settings(self) -> tuple[str, ...]:
        """The columns that tell the runs apart, without the seed."""
        columns = list(self.rows.columns)
        return tuple(columns[: columns.index(SEED)])

    @property
    def metrics(self) -> tuple[str, ...]:
        """The columns that were measured."""
        columns = list(self.rows.columns)
        return tuple(columns[columns.index(SEED) + 1 : -len(PROVENANCE)])

    def select(self, **settings: str | int | float) -> Table:
        """The runs with these settings, such as ``select(fault="none")``; ``seed`` is one too.

        Raises:
            ValueError: the table has no such setting, or no such run.
        """
        known = (*self.settings, SEED)
        rows = self.rows
        for column, value in settings.items():
            if column not in known:
                raise ValueError(
                    f"table {self.name} has no setting {column!r}; there are {', '.join(known)}"
                )
            chosen = rows[rows[column] == value]
            if chosen.empty:
                there = ", ".join(repr(other) for other in rows[column].unique().tolist())
                raise ValueError(
                    f"table {self.name} has no run with {column}={value!r}; there are {there}"
                )
            rows = chosen
        return replace(self, rows=rows)

    def measured(
        self,
        metric: str,
        /,
        *,
        name: str,
        unit: str = "",
        claim: float | None = None,
        source: str = "",
        claim_is: str = "",
        **settings: str | int | float,
    ) -> Measured:
        """A metric's mean and sample standard deviation over the seeds of one setting.

        Args:
            metric: a column of the table.
            name, unit, claim, source, claim_is: of the `Measured`.
            settings: as in `select`; they have to leave one run a seed.

        Raises:
            ValueError: no such metric, setting or run; or the runs left differ in more than
                the seed, so that their spread would not be one over seeds.
        """
        if metric not in self.metrics:
            raise ValueError(
                f"table {self.name} has no metric {metric!r}; there are {', '.join(self.metrics)}"
            )
        rows = self.select(**settings).rows
        mixed = [column for column in self.settings if rows[column].nunique() > 1]
        if mixed:
            hints = (f"{c}={rows[c].tolist()[0]!r}" for c in mixed)
            raise ValueError(
                f"these runs of table {self.name} differ in {', '.join(mixed)}: choose one of "
                f"each, such as measured({metric!r}, …, {', '.join(hints)})"
            )
        return Measured(
            name=name,
            value=rows[metric].mean(),
            unit=unit,
            spread=rows[metric].std(ddof=1) if len(rows) > 1 else None,
            over=_count(len(rows), "seed"),
            claim=claim,
            source=source,
            claim_is=claim_is,
        )

    def against(
        self,
        claims: Mapping[str, Sequence[float]],
        column: str,
        metrics: Mapping[str, str],
        /,
        *,
        source: str,
        **settings: str | int | float,
    ) -> list[Measured]:
        """Several metrics of several settings next to a paper's numbers, as `measured` gives them.

        Args:
            claims: value of a setting → the paper's numbers, one for each metric.
            column: the setting, such as ``"detector"``.
            metrics: metric → its words.
            source: of the numbers.
            settings: as in `measured`.

        Raises:
            ValueError: not one number for each metric, or as `measured`.
        """
        for value, numbers in claims.items():
            if len(numbers) != len(metrics):
                raise ValueError(
                    f"{value!r} has {len(numbers)} numbers, and there are {len(metrics)} metrics"
                )
        return [
            self.select(**{column: value}, **settings).measured(
                metric, name=f"{words}, {value}", claim=claims[value][n], source=source
            )
            for n, (metric, words) in enumerate(metrics.items())
            for value in claims
        ]

    def means(
        self,
        values: Sequence[str | int],
        column: str,
        metrics: Mapping[str, str],
        /,
        **settings: str | int | float,
    ) -> list[dict[str, str | int | float | None]]:
        """The mean over seeds of several metrics, one row for each value of a setting.

        Args:
            values, column: of the setting.
            metrics: metric → heading of its column.
            settings: as in `measured`.

        Raises:
            ValueError: two columns of one heading, or as `measured`.
        """
        headings = [column, *metrics.values()]
        if len(set(headings)) < len(headings):
            raise ValueError(f"each column needs a heading of its own; they are {headings}")
        return [
            {column: value}
            | {
                words: self.select(**{column: value}, **settings).measured(metric, name=words).value
                for metric, words in metrics.items()
            }
            for value in values
        ]

    def provenance(self) -> str:
        """Where these runs come from and how to make them again, in one line for readers."""
        rows = self.rows
        profile = str(rows["profile"].iloc[0])
        places = [
            f"{device} ({_count(threads, 'thread')})"
            for device, threads in rows[["device", "threads"]].drop_duplicates().to_numpy()
        ]
        days = sorted({date[:10] for date in rows["date"]})
        torches = rows["versions"].str.extract(r"(torch [^\s;]+)", expand=False)
        commits = [commit[:7] for commit in rows["parent_commit"].unique()]
        parts = (
            _count(rows[SEED].nunique(), "seed"),
            f"profile {profile}",
            days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}",
            " and ".join(places),
            " and ".join(torches.dropna().unique()),
            f"{'commit' if len(commits) == 1 else 'commits'} {' and '.join(commits)}",
        )
        return f"{', '.join(filter(None, parts))}; remake: {remake(self.name, profile)}"


def remake(name: str, profile: str = COMPLETE) -> str:
    """The command that makes a table: ``"make reproduce LESSONS=01"``."""
    size = "" if profile == COMPLETE else f" PROFILE={profile}"
    return f"make reproduce LESSONS={name[:2]}{size}"


def load_table(name: str, *, profile: str = COMPLETE, folder: Path = FOLDER) -> Table:
    """The runs of a table at a profile; those of ``cpu`` where it has none of that profile.

    Args:
        name: such as ``"01_faults"``.
        profile: the lesson's own, so that a lesson on a GPU shows the runs of GPUs if there are
            any. What is shown is told by `Table.provenance`.
        folder: where tables lie.

    Raises:
        ValueError: no such table (the message names the command that makes it), a file that
            is no table, or no runs of either profile.
    """
    import pandas as pd

    path = folder / f"{name}.csv"
    if not path.exists():
        known = ", ".join(sorted(other.stem for other in folder.glob("*.csv"))) or "none"
        raise ValueError(
            f"there is no table {name!r} (there are: {known}); `{remake(name)}` makes it"
        )
    header, lines = read_rows(path)
    rows = pd.DataFrame(lines, columns=header)
    for column in header:
        if column not in TEXTS:
            rows[column] = _typed(rows[column].tolist())
    there = set(rows["profile"])
    shown = profile if profile in there else COMPLETE
    table = Table(name=name, rows=rows[rows["profile"] == shown].reset_index(drop=True))
    if table.rows.empty:
        raise ValueError(
            f"table {name} has no runs of profile {shown} (it has: {', '.join(sorted(there))}); "
            f"`{remake(name, shown)}` makes them"
        )
    return table


def read_rows(path: Path) -> tuple[list[str], list[list[str]]]:
    """The header of a table's file and its rows, as texts, one run a row.

    Raises:
        ValueError: the file isn't UTF-8, is too large or is no CSV; its columns aren't those of a
            result table; or a row has another number of cells, a seed that is no whole number
            from 0 on, a metric that isn't a finite number, an empty cell where it should say
            where it comes from, or the profile, settings and seed of another row. The message
            names the file, the line and the fix.
    """
    numbered = list(_cells(path))
    header = numbered[0][1] if numbered else []
    _require_columns(path, header)
    seed = header.index(SEED)
    first: dict[tuple[str | int | float, ...], int] = {}
    for number, line in numbered[1:]:
        if len(line) != len(header):
            problem = f"has {len(line)} cells, not {len(header)}"
        else:
            problem = _problem(header, line)
        if problem:
            raise ValueError(f"{path}, line {number} {problem}; {_mend(path.stem, number)}")
        key = (line[-len(PROVENANCE)], *(_typed([text])[0] for text in line[: seed + 1]))
        if key in first:
            raise ValueError(
                f"{path}, line {number} has the profile, settings and seed of line {first[key]}, "
                f"which would count the same run twice; {_mend(path.stem, number)}"
            )
        first[key] = number
    return header, [line for _, line in numbered[1:]]


def _cells(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The cells of each row of a CSV file, with the number of the row's last line."""
    try:
        text = read_text(path, LIMIT)
    except ValueError as error:
        raise ValueError(f"{error}, or {_mend(path.stem)}") from None
    if "\0" in text:
        number = text.count("\n", 0, text.index("\0")) + 1
        raise ValueError(
            f"{path}, line {number} has a NUL byte: save the file as UTF-8, or {_mend(path.stem)}"
        )
    reader = csv.reader(io.StringIO(text), strict=True)
    try:
        for line in reader:
            if any(len(cell) > CELL for cell in line):
                raise csv.Error(f"a cell is longer than {CELL} characters")
            yield reader.line_num, line
    except csv.Error as error:
        raise ValueError(
            f"{path}, line {reader.line_num} is no row of a table ({error}); "
            f"{_mend(path.stem, reader.line_num)}"
        ) from None


def _require_columns(path: Path, header: Sequence[str]) -> None:
    if len(set(header)) < len(header) or "" in header:
        problem = "has a column without a name or two of one name"
    elif tuple(header[-len(PROVENANCE) :]) != PROVENANCE or SEED not in header:
        problem = (
            f"lacks the columns of a result table, {SEED} and, at the end, {', '.join(PROVENANCE)}"
        )
    elif header.index(SEED) + 1 >= len(header) - len(PROVENANCE):
        problem = f"has no metrics, which stand between {SEED} and {PROVENANCE[0]}"
    else:
        return
    raise ValueError(f"{path} {problem}; {_mend(path.stem)}")


def _problem(header: Sequence[str], line: Sequence[str]) -> str:
    """What is wrong with a row; ``""`` if nothing is."""
    row = dict(zip(header, line, strict=True))
    if not re.fullmatch("0|[1-9][0-9]*", row[SEED]):
        return f"has the {SEED} {row[SEED]!r}, not a whole number from 0 on"
    metrics = header[header.index(SEED) + 1 : -len(PROVENANCE)]
    for column in (*metrics, "seconds", "threads"):
        if not _NUMBER.fullmatch(row[column]) or not math.isfinite(float(row[column])):
            return f"has the {column} {row[column]!r}, not a finite number"
    empty = [column for column in PROVENANCE if not row[column]]
    return f"has no {', '.join(empty)}" if empty else ""


def _typed(texts: list[str]) -> list[int] | list[float] | list[str]:
    """A column's cells as numbers, exactly, if all of them are numbers.

    Not by pandas: it takes words such as "none" for gaps, and its versions differ in the last
    bit of a float, by which `Table.select` would miss it.
    """
    if all(_WHOLE.fullmatch(text) for text in texts):
        return [int(text) for text in texts]
    if all(_NUMBER.fullmatch(text) for text in texts):
        return [float(text) for text in texts]
    return texts


def _mend(name: str, line: int | None = None) -> str:
    """What to do with a damaged table, or a line of it."""
    what = "it" if line is None else "the line"
    return f"take {what} from the last commit, or delete {what} and run `{remake(name)}`"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
