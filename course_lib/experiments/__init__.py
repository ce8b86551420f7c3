"""What `make reproduce` computes: one module a lesson, ``lesson_NN``, that declares it.

Such a module has ``EXPERIMENTS``, sweeps that become result tables; ``RECORDINGS``, single runs
that become recorded runs for the widgets; and, where a lesson can do without training,
``WEIGHTS``, networks that come trained. Each may be empty.
"""

from __future__ import annotations

import importlib
import keyword
import pkgutil
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from course_lib.results.tables import PROVENANCE, SEED

if TYPE_CHECKING:
    from course_lib.profiles import Profile
    from course_lib.results.recordings import Recording
    from course_lib.results.weights import Trained

Value = str | int | float
# What `Table.measured` takes beside the settings.
RESERVED = {SEED, *PROVENANCE, "name", "unit", "claim", "source", "claim_is"}


@dataclass(frozen=True, kw_only=True)
class Run:
    """One row of a table, before it is computed."""

    settings: Mapping[str, Value]
    seed: int

    def __str__(self) -> str:
        words = (f"{column}={value}" for column, value in self.settings.items())
        return ", ".join((*words, f"seed {self.seed}"))


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """A sweep over settings and seeds, whose result is one table.

    Attributes:
        name: of the table, lesson first: ``"01_faults"``.
        about: what it finds out, in a sentence.
        settings: of each kind of run, all with the same keys; they become columns.
        seeds: each setting is run with every one of them.
        run: measures one run, given its settings, its seed and the lesson's profile. It
            returns all the metrics as finite numbers, and it must depend on nothing else:
            not on runs before it, not on a global seed. It runs with the profile's threads.
        tolerances: metric → by how much a run may differ when it is done again, in the
            metric's own unit. It names every metric, in the order of the columns.
        times: metrics that are times, which differ from run to run even on one machine.
        revision: of the recipe that its runs train by: it rises with each change of the code that
            alters their last digits on one machine. A row says in ``versions`` by which it was
            made, so that rows of an earlier one are compared within tolerances.
    """

    name: str
    about: str
    settings: tuple[Mapping[str, Value], ...]
    seeds: tuple[int, ...]
    run: Callable[[Mapping[str, Value], int, Profile], Mapping[str, float]]
    tolerances: Mapping[str, float]
    times: tuple[str, ...] = ()
    revision: int = 1

    def __post_init__(self) -> None:
        _check_name(self.name)
        problem = _problem(self)
        if problem:
            raise ValueError(f"experiment {self.name}: {problem}")

    @property
    def runs(self) -> tuple[Run, ...]:
        """All its runs, in the order of the table's rows."""
        return tuple(Run(settings=s, seed=seed) for s in self.settings for seed in self.seeds)

    @property
    def columns(self) -> tuple[str, ...]:
        """Those of its table."""
        return (*self.settings[0], SEED, *self.tolerances, *PROVENANCE)


@dataclass(frozen=True, kw_only=True)
class RecordedRun:
    """One run that is kept as a recording, see `course_lib.results.recordings`.

    Attributes:
        name: of the recording, lesson first: ``"01_healthy"``.
        make: does the run at the lesson's profile. The provenance is added to its ``about``.
    """

    name: str
    make: Callable[[Profile], Recording]

    def __post_init__(self) -> None:
        _check_name(self.name)


@dataclass(frozen=True, kw_only=True)
class TrainedWeights:
    """Networks that are kept as pretrained weights, see `course_lib.results.weights`.

    Attributes:
        name: of the weights, lesson first: ``"02_pix2pix"``.
        make: trains them at the lesson's profile. The provenance is added to their ``about``.
    """

    name: str
    make: Callable[[Profile], Trained]

    def __post_init__(self) -> None:
        _check_name(self.name)


@dataclass(frozen=True, kw_only=True)
class Declared:
    """All that `make reproduce` makes for one lesson."""

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


def of(lesson: str) -> Declared:
    """What is declared for a lesson, such as ``of("01")``.

    Raises:
        ValueError: the lesson has no experiments.
    """
    if lesson not in lessons():
        known = ", ".join(lessons()) or "none yet"
        raise ValueError(f"lesson {lesson!r} has nothing to reproduce; lessons that do: {known}")
    module = importlib.import_module(f"{__name__}.lesson_{lesson}")
    return Declared(
        lesson=lesson,
        experiments=tuple(module.EXPERIMENTS),
        recordings=tuple(module.RECORDINGS),
        weights=tuple(getattr(module, "WEIGHTS", ())),
    )


def lessons() -> list[str]:
    """The numbers of the lessons that have experiments."""
    names = (module.name for module in pkgutil.iter_modules(__path__))
    return sorted(name.removeprefix("lesson_") for name in names if name.startswith("lesson_"))


def _check_name(name: str) -> None:
    if not re.fullmatch(r"\d\d_[a-z0-9_]+", name):
        raise ValueError(
            f"{name!r} is no name: it needs the lesson's number, then small letters, digits and "
            "underscores, such as '01_faults'"
        )


def _problem(experiment: Experiment) -> str:
    """What is wrong with a declaration; ``""`` if nothing is."""
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
