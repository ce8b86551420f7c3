"""Products of `make reproduce`: result tables, recordings and pretrained weights, as declared."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from course_lib.results.tables import PROVENANCE, SEED

if TYPE_CHECKING:
    from course_lib.profiles import Profile
    from course_lib.results.recordings import Recording
    from course_lib.results.weights import Trained

Value = str | int | float
# Names of the parameters of `Table.measured`, and of the columns that every table has.
RESERVED = {SEED, *PROVENANCE, "name", "unit", "claim", "source", "claim_is"}


@dataclass(frozen=True, kw_only=True)
class SweepRun:
    """One run of a sweep, which becomes one row of its table."""

    settings: Mapping[str, Value]
    seed: int

    def __str__(self) -> str:
        words = (f"{column}={value}" for column, value in self.settings.items())
        return ", ".join((*words, f"seed {self.seed}"))


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """A sweep over settings and seeds, whose result is one table.

    Attributes:
        name: name of the table, which begins with the lesson's number: ``"01_faults"``.
        about: the question that the sweep answers, in a sentence.
        settings: settings of each kind of run, all with the same keys; they become columns.
        seeds: seeds with which each setting is run.
        run: function that measures one run, given its settings, its seed and the lesson's
            profile. It returns all metrics as finite numbers. They must depend on nothing else:
            not on earlier runs, not on a global seed. It runs with the profile's threads.
        tolerances: metric → allowed difference when the run is repeated, in the metric's own
            unit. It names every metric, in the order of the columns.
        times: metrics that are times, which differ from run to run even on one machine.
        revision: revision of the recipe that the runs train by. It rises with each change of the
            code that alters their last digits on one machine. A row states in ``versions`` by
            which revision it was made, so that rows of an earlier one are compared within
            tolerances.
        lacks: function that says in words what a run with these settings needs and this machine
            doesn't have, such as a data set; it returns an empty text if the run can be done.
    """

    name: str
    about: str
    settings: tuple[Mapping[str, Value], ...]
    seeds: tuple[int, ...]
    run: Callable[[Mapping[str, Value], int, Profile], Mapping[str, float]]
    tolerances: Mapping[str, float]
    times: tuple[str, ...] = ()
    revision: int = 1
    lacks: Callable[[Mapping[str, Value]], str] = field(default=lambda settings: "", repr=False)

    def __post_init__(self) -> None:
        _check_name(self.name)
        problem = _problem(self)
        if problem:
            raise ValueError(f"experiment {self.name}: {problem}")

    @property
    def runs(self) -> tuple[SweepRun, ...]:
        """The runs, in the order of the table's rows."""
        return tuple(SweepRun(settings=s, seed=seed) for s in self.settings for seed in self.seeds)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the table."""
        return (*self.settings[0], SEED, *self.tolerances, *PROVENANCE)


@dataclass(frozen=True, kw_only=True)
class RecordedRun:
    """A run that becomes a recording, see `course_lib.results.recordings`.

    Attributes:
        name: name of the recording, which begins with the lesson's number: ``"01_healthy"``.
        make: function that does the run at a profile. `make reproduce` adds the provenance to
            the recording's ``about``.
    """

    name: str
    make: Callable[[Profile], Recording]

    def __post_init__(self) -> None:
        _check_name(self.name)


@dataclass(frozen=True, kw_only=True)
class TrainedWeights:
    """Networks that become pretrained weights, see `course_lib.results.weights`.

    Attributes:
        name: name of the weights, which begins with the lesson's number: ``"02_pix2pix"``.
        make: function that trains them at a profile. `make reproduce` adds the provenance to
            their ``about``.
    """

    name: str
    make: Callable[[Profile], Trained]

    def __post_init__(self) -> None:
        _check_name(self.name)


@dataclass(frozen=True, kw_only=True)
class Declared:
    """The products that `make reproduce` makes for one lesson."""

    lesson: str
    experiments: tuple[Experiment, ...] = ()
    recordings: tuple[RecordedRun, ...] = ()
    weights: tuple[TrainedWeights, ...] = ()

    def __post_init__(self) -> None:
        for kind in (self.experiments, self.recordings, self.weights):
            names = [one.name for one in kind]
            for name in names:
                if not name.startswith(f"{self.lesson}_") or names.count(name) > 1:
                    raise ValueError(
                        f"lesson {self.lesson} declares {name!r}: a name begins with "
                        f"'{self.lesson}_' and is given once"
                    )


def _check_name(name: str) -> None:
    if not re.fullmatch(r"\d\d_[a-z0-9_]+", name):
        raise ValueError(
            f"{name!r} is no name: it needs the lesson's number, then small letters, digits and "
            "underscores, such as '01_faults'"
        )


def _problem(experiment: Experiment) -> str:
    """Return the first fault of a declaration; ``""`` if there is none."""
    settings, seeds, metrics = experiment.settings, experiment.seeds, experiment.tolerances
    if not (settings and seeds and metrics):
        return "it needs settings, seeds and tolerances, one of each at least"
    for other in settings[1:]:
        if list(other) != list(settings[0]):
            return f"all settings need the same keys in one order: {settings[0]} and {other}"
    if len(set(seeds)) < len(seeds):
        return f"a seed is given twice: {seeds}"
    if len({tuple(map(str, one.values())) for one in settings}) < len(settings):
        return "a setting is given twice"
    for column in (*settings[0], *metrics):
        if not column.isidentifier() or keyword.iskeyword(column) or column in RESERVED:
            return f"{column!r} can't be a column: it is reserved, or isn't a Python name"
    if set(settings[0]) & set(metrics):
        return f"both a setting and a metric: {', '.join(set(settings[0]) & set(metrics))}"
    for metric, allowed in metrics.items():
        if not 0 <= allowed < float("inf"):
            return f"the tolerance of {metric} is {allowed}; it needs a number from 0 on"
    for metric in experiment.times:
        if metric not in metrics:
            return f"{metric} is among its times, and no metric; there are {', '.join(metrics)}"
    return ""
