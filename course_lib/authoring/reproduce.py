"""`make reproduce`: computes what lessons declare in `course_lib.experiments`, run by run.

Each run is on disk before the next begins, so that whatever stops it costs the running one at
most; the same command goes on from there. All runs share this process. A process for each
would add seconds of imports to every row, and outlive a killed parent, to guard against rows
that depend on rows before them; `verify` recomputes single rows in a fresh process anyway.
"""

from __future__ import annotations

import contextlib
import fcntl
import math
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from course_lib import hardware, profiles
from course_lib.authoring import checkout, model_card, table_file
from course_lib.authoring.table_file import Row, metric_text, setting_text
from course_lib.experiments import Declared, Experiment, RecordedRun, Run, TrainedWeights, Value
from course_lib.files import remove_unfinished
from course_lib.profiles import Profile
from course_lib.results import recordings, weights
from course_lib.results.tables import COMPLETE, PROVENANCE, SEED
from course_lib.results.weights import Trained

# Packages whose versions may move a number.
VERSIONS = ("python", "torch", "numpy", "scikit-image", "clearing-the-rain")
ASSETS = Path("course_lib") / "assets"
SETTINGS = ("batch_size", "image_size", "shrink", "base_channels")  # that a card states
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of one product.

    Attributes:
        name: of the table, the recording or the weights.
        computed: runs that were done now.
        skipped: runs that were there.
        stale: rows that nothing declares, in words; they are still in the file.
    """

    name: str
    computed: int
    skipped: int
    stale: tuple[str, ...] = ()


class Watcher(Protocol):
    """Is told how the work goes on."""

    def run_starts(self, name: str, run: str, number: int, total: int, left: float | None) -> None:
        """The ``number``-th of a product's runs starts; ``left``: seconds to the product's end."""

    def run_ends(self, seconds: float) -> None:
        """It has ended, and its result is on disk."""


def reproduce(
    declared: Declared,
    *,
    profile: str,
    watcher: Watcher,
    fresh: bool = False,
    root: Path = checkout.ROOT,
) -> list[Outcome]:
    """Compute what a lesson declares and what isn't there yet.

    Tables hold the rows of several profiles; a recording and weights are of one run: they are
    made at `tables.COMPLETE`, the profile that lessons show, whichever is asked for.

    Args:
        declared: see `course_lib.experiments.of`.
        profile: one of `profiles.NAMES`.
        watcher: is told how it goes.
        fresh: compute everything at this profile again. Old rows leave a table when its first
            new one is there.
        root: the git checkout.

    Raises:
        ValueError: no such lesson or profile, no git checkout, uncommitted changes in the
            library, a file that isn't the experiment's table, a run that doesn't return its
            metrics as finite numbers, another process at work on the same tables.
        KeyboardInterrupt: the user stopped it.
    """
    size = profiles.pick(declared.lesson, profile)
    job = _Job(size=size, commit=checkout.head(root), root=root, fresh=fresh, watcher=watcher)
    shown = profiles.pick(declared.lesson, COMPLETE)
    single = replace(job, size=shown, fresh=fresh and size.name == COMPLETE)
    with _alone(root / ASSETS / "tables"):
        tables = [_fill(experiment, job) for experiment in declared.experiments]
        recorded = [_record(one, single) for one in declared.recordings]
        return tables + recorded + [_train(one, single) for one in declared.weights]


def compute(experiment: Experiment, run: Run, size: Profile) -> dict[str, str]:
    """Do one run with the threads that are set: its metrics as they stand in a table.

    Raises:
        ValueError: it doesn't return the metrics that the experiment declares, or one of them
            isn't a finite number.
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
    """Whether a recording is there, of the profile that lessons show, and whole.

    A killed process may leave half of one.
    """
    try:
        return recordings.load(name, folder).about.get("profile") == COMPLETE
    except ValueError:
        return False


def is_trained(name: str, folder: Path) -> bool:
    """Whether weights are there, of the profile that lessons show, and whole."""
    try:
        return weights.read(name, folder).about.get("profile") == COMPLETE
    except ValueError:
        return False


def surroundings(size: Profile, revision: int = 1) -> dict[str, str | int]:
    """What a row computed here states of where it was made: device, threads and versions.

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
    """So many of torch's threads on the CPU; as many as before afterwards."""
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
    watcher: Watcher

    def start(self, name: str, run: str, number: int, total: int, left: float | None) -> None:
        """Begin a run, if the library is still that of the commit."""
        checkout.require_unchanged(self.commit, self.root)
        self.watcher.run_starts(name, run, number, total, left)

    def do(
        self, make: Callable[[], T], revision: int = 1
    ) -> tuple[T, dict[str, str | int | float]]:
        """Make something with the profile's threads; the result and its provenance."""
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


def _fill(experiment: Experiment, job: _Job) -> Outcome:
    """Compute the rows that a table lacks."""
    path = job.root / ASSETS / "tables" / f"{experiment.name}.csv"
    rows = table_file.read(path, experiment)
    if job.fresh:
        rows = [row for row in rows if row["profile"] != job.size.name]
    before = table_file.examine(rows, experiment, job.size.name)
    for n, run in enumerate(before.missing):
        left = _expected(rows, before.missing[n:], job.size.name)
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
    return Outcome(
        name=experiment.name,
        computed=len(before.missing),
        skipped=len(before.done),
        stale=tuple(table_file.label(row, experiment) for row in before.stale),
    )


def _record(recorded: RecordedRun, job: _Job) -> Outcome:
    """Make a recording that isn't there."""
    folder = job.root / ASSETS / "recordings"
    remove_unfinished(folder / recorded.name)
    if not job.fresh and is_recorded(recorded.name, folder):
        return Outcome(name=recorded.name, computed=0, skipped=1)
    job.start(recorded.name, f"a recorded run, always at profile {COMPLETE}", 1, 1, None)
    recording, provenance = job.do(partial(recorded.make, job.size))
    if recording.name != recorded.name:
        raise ValueError(f"the run declared as {recorded.name} recorded {recording.name!r}")
    recordings.save(replace(recording, about={**recording.about, **provenance}), folder)
    job.watcher.run_ends(float(provenance["seconds"]))
    return Outcome(name=recorded.name, computed=1, skipped=0)


def _train(declared: TrainedWeights, job: _Job) -> Outcome:
    """Train weights that aren't there; their card is written in any case, for it may say more."""
    name, folder = declared.name, job.root / ASSETS / "weights"
    shown = f"weights of {name}"
    remove_unfinished(folder / name)
    if not job.fresh and is_trained(name, folder):
        model_card.write(name, folder)
        return Outcome(name=shown, computed=0, skipped=1)
    job.start(shown, f"always at profile {COMPLETE}", 1, 1, None)
    (trained, metrics), provenance = job.do(partial(_trained, declared, job.size))
    settings = {key: getattr(job.size, key) for key in SETTINGS}
    about = {**trained.about, **settings, **provenance}
    weights.save(
        name, trained.networks, trained.history, about=about, metrics=metrics, folder=folder
    )
    model_card.write(name, folder)
    job.watcher.run_ends(float(provenance["seconds"]))
    return Outcome(name=shown, computed=1, skipped=0)


def _trained(declared: TrainedWeights, size: Profile) -> tuple[Trained, Mapping[str, float]]:
    """Trained networks, rounded as they will be saved, and what they measure so."""
    trained = declared.make(size)
    weights.round_to_half(trained.networks)
    return trained, trained.measure()


def _expected(rows: Sequence[Row], runs: Sequence[Run], profile: str) -> float | None:
    """The seconds that runs will take by those that are done; None if none is.

    A run takes as long as others of its settings did, or else as the mean of all.
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
def _alone(folder: Path) -> Iterator[None]:
    """Lock a folder: of two processes that rewrite one table, one would lose its rows.

    What a killed one was writing goes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ValueError(
                f"another process is computing tables in {folder}: wait for it, or stop it"
            ) from None
        remove_unfinished(folder)
        yield
    finally:
        os.close(handle)
