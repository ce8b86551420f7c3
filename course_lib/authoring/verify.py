"""`make reproduce VERIFY=1`: check whether the code still measures what ``assets`` holds.

It changes nothing and needs no git, so it also works with uncommitted changes.

A run that is repeated on the same processor, with the same number of threads, the same versions
and the same revision of its recipe, must give all printed digits of its row. For other rows there
are tolerances. They are wide where training is chaotic: two machines diverge within a hundred steps
of a GAN. A GPU always counts as another machine, because it sums in a different order each time.
Recordings and weights must exist, but aren't made again; the same code makes the tables.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from course_lib import hardware, profiles
from course_lib.authoring import checkout, model_card, table_file
from course_lib.authoring.reproduce import (
    ASSETS,
    ProductWatcher,
    compute,
    is_recorded,
    is_trained,
    surroundings,
    threads,
)
from course_lib.experiments.products import Declared, Experiment, SweepRun
from course_lib.profiles import Profile
from course_lib.results.tables import COMPLETE, remake

# Decimal tolerances aren't exact in binary: 0.3 − 0.2 is a little less than 0.1.
_ROUNDING = 1e-9


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One metric of one run, as in the table and as computed again.

    Attributes:
        table, run, metric: their names.
        old: value in the table.
        new: value computed now.
        allowed: allowed difference; None: none at all.
    """

    table: str
    run: str
    metric: str
    old: float
    new: float
    allowed: float | None

    @property
    def difference(self) -> float:
        """The new value minus the old one."""
        return self.new - self.old

    @property
    def ok(self) -> bool:
        """Whether the difference is allowed."""
        if self.allowed is None:
            return self.new == self.old
        return abs(self.difference) <= self.allowed + _ROUNDING * max(1, abs(self.old))


@dataclass(frozen=True, kw_only=True)
class Verification:
    """The outcome of verifying a lesson's products.

    Attributes:
        comparisons: all metrics of the repeated runs.
        problems: missing, incomplete or stale products, one line each.
        whole: recordings and weights that are complete.
        left_out: tables whose runs can't be repeated on this machine, with what it lacks.
    """

    comparisons: tuple[Comparison, ...]
    problems: tuple[str, ...]
    whole: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether all products exist and agree."""
        return not self.problems and all(one.ok for one in self.comparisons)


def verify(
    declared: Declared,
    *,
    profile: str,
    rng: np.random.Generator,
    watcher: ProductWatcher,
    root: Path = checkout.ROOT,
) -> Verification:
    """Repeat one random run of each of a lesson's tables, and look for missing products.

    Args:
        declared: see `course_lib.experiments.of`.
        profile: profile of the rows.
        rng: chooses the rows.
        watcher: receives the progress.
        root: the folder that holds ``course_lib``.

    Raises:
        ValueError: no such lesson or profile, a file that isn't the experiment's table, a run
            that doesn't return its metrics as finite numbers.
    """
    size = profiles.pick(declared.lesson, profile)
    comparisons: list[Comparison] = []
    problems: list[str] = []
    left_out: list[str] = []
    for experiment in declared.experiments:
        rows = table_file.read(root / ASSETS / "tables" / f"{experiment.name}.csv", experiment)
        state = table_file.examine(rows, experiment, profile)
        problems += judge(state, experiment, profile)
        lacking = [experiment.lacks(run.settings) for run, _ in state.done]
        possible = [one for one, words in zip(state.done, lacking, strict=True) if not words]
        if possible:
            comparisons += _again(experiment, possible, size, rng, watcher)
        if words := sorted({one for one in lacking if one}):
            count = f"{len(state.done) - len(possible)} of {len(state.done)} rows"
            left_out.append(
                f"{experiment.name}: {count} can't be repeated here: {'; '.join(words)}"
            )
    whole: list[str] = []
    for recorded in declared.recordings:
        if is_recorded(recorded.name, root / ASSETS / "recordings"):
            whole.append(recorded.name)
        else:
            problems.append(f"recording {recorded.name} is {_missing(recorded.name, 'it')}")
    for trained in declared.weights:
        name, folder = trained.name, root / ASSETS / "weights"
        if not is_trained(name, folder):
            problems.append(f"weights {name} are {_missing(name, 'them')}")
        elif not model_card.is_current(name, folder):
            problems.append(f"card of weights {name} is out of date: `{remake(name)}` writes it")
        else:
            whole.append(f"weights of {name}")
    return Verification(
        comparisons=tuple(comparisons),
        problems=tuple(problems),
        whole=tuple(whole),
        left_out=tuple(left_out),
    )


def _missing(name: str, it: str) -> str:
    return f"missing, damaged or not of profile {COMPLETE}: `{remake(name)}` makes {it}"


def judge(state: table_file.State, experiment: Experiment, profile: str) -> list[str]:
    """Return the problems of a table that need no computation: missing and stale rows."""
    problems = []
    if state.missing:
        lacking, total = len(state.missing), len(experiment.runs)
        problems.append(
            f"table {experiment.name} lacks {lacking} of {total} runs at profile {profile}: "
            f"`{remake(experiment.name, profile)}` computes them"
        )
    if state.stale:
        rows = "; ".join(table_file.label(row, experiment) for row in state.stale)
        problems.append(
            f"table {experiment.name} has stale rows, which nothing declares: {rows}. "
            "Delete these lines"
        )
    return problems


def _again(
    experiment: Experiment,
    done: Sequence[tuple[SweepRun, table_file.Row]],
    size: Profile,
    rng: np.random.Generator,
    watcher: ProductWatcher,
) -> list[Comparison]:
    run, row = done[int(rng.integers(len(done)))]
    watcher.run_starts(experiment.name, str(run), 1, 1, float(row["seconds"]))
    start = time.perf_counter()
    with threads(size.threads):
        found = compute(experiment, run, size)
    watcher.run_ends(time.perf_counter() - start)
    exact = _made_here(row, size, experiment.revision)
    return [
        Comparison(
            table=experiment.name,
            run=str(run),
            metric=metric,
            old=float(row[metric]),
            new=float(found[metric]),
            allowed=None if exact and metric not in experiment.times else tolerance,
        )
        for metric, tolerance in experiment.tolerances.items()
    ]


def _made_here(row: table_file.Row, size: Profile, revision: int) -> bool:
    """Whether nothing that is known to alter the digits has changed since a row was made."""
    here = {column: str(value) for column, value in surroundings(size, revision).items()}
    if here["device"] != hardware.processor():  # a GPU
        return False
    then, now = (_packages(one["versions"]) for one in (row, here))
    return then == now and all(row[column] == here[column] for column in ("device", "threads"))


def _packages(versions: str) -> set[str]:
    """Return the versions of all packages except the course itself."""
    return {one for one in versions.split("; ") if not one.startswith("clearing-the-rain ")}
