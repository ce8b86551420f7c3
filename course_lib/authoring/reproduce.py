"""`make reproduce`: compute the products that lessons declare in `course_lib.experiments`.

Each run is written before the next begins, so an interruption costs at most one run; the same
command resumes. All runs share one process: a process per run would add seconds of imports to every
row and outlive a killed parent. `verify` recomputes single rows in a fresh process, which shows
whether rows depend on earlier rows.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

import filelock

from course_lib import hardware, profiles
from course_lib.authoring import checkout, model_card, table_file
from course_lib.authoring.table_file import Row, metric_text, setting_text
from course_lib.experiments.products import (
    Declared,
    Experiment,
    RecordedRun,
    SweepRun,
    TrainedWeights,
    Value,
)
from course_lib.files import remove_unfinished
from course_lib.profiles import Profile
from course_lib.results import recordings, weights
from course_lib.results.tables import COMPLETE, PROVENANCE, SEED
from course_lib.results.weights import Trained

# Packages whose versions may change a result.
VERSIONS = ("python", "torch", "numpy", "scikit-image", "clearing-the-rain")
ASSETS = Path("course_lib") / "assets"
LOCK = Path("build") / "reproduce.lock"
SETTINGS = ("batch_size", "image_size", "shrink", "base_channels")  # stated on the model card
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class ProductOutcome:
    """The outcome for one product.

    Attributes:
        name: name of the table, the recording or the weights.
        computed: number of runs that were computed now.
        skipped: number of runs that existed.
        stale: descriptions of rows that no experiment declares; they remain in the file.
        left_out: runs that can't be done on this machine, with what it lacks.
    """

    name: str
    computed: int
    skipped: int
    stale: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


class ProductWatcher(Protocol):
    """Receives the progress of the computation."""

    def run_starts(self, name: str, run: str, number: int, total: int, left: float | None) -> None:
        """Run ``number`` of ``total`` starts; ``left``: expected seconds until the last ends."""

    def run_ends(self, seconds: float) -> None:
        """The run has ended, and its result is on disk."""


def reproduce(
    declared: Declared,
    *,
    profile: str,
    watcher: ProductWatcher,
    fresh: bool = False,
    root: Path = checkout.ROOT,
) -> list[ProductOutcome]:
    """Compute the products of a lesson that don't exist yet.

    Tables hold rows of several profiles. Recordings and weights come from a single run and are
    always made at profile `tables.COMPLETE`, which the lessons show.

    Args:
        declared: see `course_lib.experiments.of`.
        profile: one of `profiles.NAMES`.
        watcher: receives the progress.
        fresh: compute everything at this profile again. Old rows are removed from a table when
            its first new row is written.
        root: the git checkout.

    Raises:
        ValueError: no such lesson or profile, no git checkout, uncommitted changes in the
            library, a file that isn't the experiment's table, a run that doesn't return its
            metrics as finite numbers, another process that computes in the same checkout.
        KeyboardInterrupt: the user stopped it.
    """
    size = profiles.pick(declared.lesson, profile)
    job = _Job(size=size, commit=checkout.head(root), root=root, fresh=fresh, watcher=watcher)
    shown = profiles.pick(declared.lesson, COMPLETE)
    single = replace(job, size=shown, fresh=fresh and size.name == COMPLETE)
    with _locked(root):
        # What a killed process was writing goes.
        names = (f"{one.name}.csv" for one in declared.experiments)
        remove_unfinished(root / ASSETS / "tables", *names)
        tables = [_fill(experiment, job) for experiment in declared.experiments]
        recorded = [_record(one, single) for one in declared.recordings]
        return tables + recorded + [_train(one, single) for one in declared.weights]


def compute(experiment: Experiment, run: SweepRun, size: Profile) -> dict[str, str]:
    """Do one run with the current number of threads; return its metrics as written in a table.

    Raises:
        ValueError: the run doesn't return the declared metrics, or one of them isn't finite.
    """
    found = experiment.run(run.settings, run.seed, size)
    where = f"{experiment.name} ({run})"
    if set(found) != set(experiment.tolerances):
        raise ValueError(
            f"{where} returned the metrics {', '.join(sorted(found)) or 'none'}; its tolerances "
            f"name {', '.join(sorted(experiment.tolerances))}: let them agree"
        )
    values = {metric: float(found[metric]) for metric in experiment.tolerances}
    for metric, value in values.items():
        if not math.isfinite(value):
            raise ValueError(
                f"{where}: {metric} is {value}, and a table holds finite numbers; let the run "
                "return a number that says what happened. Rows that are done stay"
            )
    return {metric: metric_text(value) for metric, value in values.items()}


def is_recorded(name: str, folder: Path) -> bool:
    """Whether a complete recording of the profile that lessons show exists."""
    try:
        return recordings.load(name, folder).about.get("profile") == COMPLETE
    except ValueError:
        return False


def is_trained(name: str, folder: Path) -> bool:
    """Whether complete weights of the profile that lessons show exist."""
    try:
        return weights.read(name, folder).about.get("profile") == COMPLETE
    except ValueError:
        return False


def surroundings(size: Profile, revision: int = 1) -> dict[str, str | int]:
    """Return the device, threads and versions that a row computed here states.

    The revision of an experiment's recipe is one of the versions; the first isn't written.
    """
    found = hardware.versions()
    versions = [f"{name} {found[name]}" for name in VERSIONS]
    if revision > 1:
        versions.append(f"recipe {revision}")
    return {
        "device": hardware.name(),
        "threads": size.threads,
        "versions": "; ".join(versions),
    }


@contextlib.contextmanager
def threads(number: int) -> Iterator[None]:
    """Set the number of torch's CPU threads; restore the old number afterwards."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@dataclass(frozen=True, kw_only=True)
class _Job:
    size: Profile
    commit: str
    root: Path
    fresh: bool
    watcher: ProductWatcher

    def start(self, name: str, run: str, number: int, total: int, left: float | None) -> None:
        """Begin a run, after checking that the library is still that of the commit."""
        checkout.require_unchanged(self.commit, self.root)
        self.watcher.run_starts(name, run, number, total, left)

    def do(
        self, make: Callable[[], T], revision: int = 1
    ) -> tuple[T, dict[str, str | int | float]]:
        """Call ``make`` with the profile's threads; return the result and its provenance."""
        start = time.perf_counter()
        with threads(self.size.threads):
            made = make()
        provenance = {
            "profile": self.size.name,
            "seconds": round(time.perf_counter() - start, 1),
            "date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            **surroundings(self.size, revision),
            "parent_commit": self.commit[:12],
        }
        return made, {column: provenance[column] for column in PROVENANCE}


def _fill(experiment: Experiment, job: _Job) -> ProductOutcome:
    """Compute the missing rows of a table."""
    path = job.root / ASSETS / "tables" / f"{experiment.name}.csv"
    rows = table_file.read(path, experiment)
    if job.fresh:
        rows = [row for row in rows if row["profile"] != job.size.name]
    before = table_file.examine(rows, experiment, job.size.name)
    lacking = [experiment.lacks(run.settings) for run in before.missing]
    possible = [run for run, words in zip(before.missing, lacking, strict=True) if not words]
    for n, run in enumerate(possible):
        left = _expected(rows, possible[n:], job.size.name)
        number = len(before.done) + n + 1
        job.start(experiment.name, str(run), number, len(experiment.runs), left)
        metrics, provenance = job.do(
            partial(compute, experiment, run, job.size), experiment.revision
        )
        settings = {column: setting_text(value) for column, value in run.settings.items()}
        origin = {column: str(value) for column, value in provenance.items()}
        rows.append({**settings, SEED: str(run.seed), **metrics, **origin})
        table_file.write(path, experiment, rows)
        job.watcher.run_ends(float(provenance["seconds"]))
    return ProductOutcome(
        name=experiment.name,
        computed=len(possible),
        skipped=len(before.done),
        stale=tuple(table_file.label(row, experiment) for row in before.stale),
        left_out=tuple(
            f"{run}: {words}" for run, words in zip(before.missing, lacking, strict=True) if words
        ),
    )


def _record(recorded: RecordedRun, job: _Job) -> ProductOutcome:
    """Make a recording if it doesn't exist."""
    folder = job.root / ASSETS / "recordings"
    remove_unfinished(folder / recorded.name, *recordings.FILES)
    if not job.fresh and is_recorded(recorded.name, folder):
        return ProductOutcome(name=recorded.name, computed=0, skipped=1)
    job.start(recorded.name, f"a recorded run, always at profile {COMPLETE}", 1, 1, None)
    recording, provenance = job.do(partial(recorded.make, job.size))
    if recording.name != recorded.name:
        raise ValueError(f"the run declared as {recorded.name} recorded {recording.name!r}")
    recordings.save(replace(recording, about={**recording.about, **provenance}), folder)
    job.watcher.run_ends(float(provenance["seconds"]))
    return ProductOutcome(name=recorded.name, computed=1, skipped=0)


def _train(declared: TrainedWeights, job: _Job) -> ProductOutcome:
    """Train weights if they don't exist; write their card always, because it may be outdated."""
    name, folder = declared.name, job.root / ASSETS / "weights"
    shown = f"weights of {name}"
    remove_unfinished(folder / name, *weights.FILES, model_card.FILE)
    if not job.fresh and is_trained(name, folder):
        model_card.write(name, folder)
        return ProductOutcome(name=shown, computed=0, skipped=1)
    job.start(shown, f"always at profile {COMPLETE}", 1, 1, None)
    (trained, metrics), provenance = job.do(partial(_trained, declared, job.size))
    settings = {key: getattr(job.size, key) for key in SETTINGS}
    about = {**trained.about, **settings, **provenance}
    weights.save(
        name, trained.networks, trained.history, about=about, metrics=metrics, folder=folder
    )
    model_card.write(name, folder)
    job.watcher.run_ends(float(provenance["seconds"]))
    return ProductOutcome(name=shown, computed=1, skipped=0)


def _trained(declared: TrainedWeights, size: Profile) -> tuple[Trained, Mapping[str, float]]:
    """Return trained networks, rounded as they will be saved, and their metrics."""
    trained = declared.make(size)
    weights.round_to_half(trained.networks)
    return trained, trained.measure()


def _expected(rows: Sequence[Row], runs: Sequence[SweepRun], profile: str) -> float | None:
    """Estimate the seconds that runs will take from finished runs; None if there are none.

    The estimate for a run is the mean over runs with the same settings, or else over all.
    """
    done = [row for row in rows if row["profile"] == profile]
    if not done:
        return None

    def one(settings: Mapping[str, Value]) -> float:
        texts = {column: setting_text(value) for column, value in settings.items()}
        alike = [row for row in done if texts.items() <= row.items()] or done
        return sum(float(row["seconds"]) for row in alike) / len(alike)

    return sum(one(run.settings) for run in runs)


@contextlib.contextmanager
def _locked(root: Path) -> Iterator[None]:
    """Keep other processes from computing in this checkout: one would lose the other's rows."""
    lock = root / LOCK
    lock.parent.mkdir(parents=True, exist_ok=True)
    try:
        with filelock.FileLock(lock, timeout=0):
            yield
    except filelock.Timeout:
        raise ValueError(
            f"another process is computing tables in {root / ASSETS}: wait for it, or stop it"
        ) from None
