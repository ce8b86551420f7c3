"""Records of a lesson's run in its notebook: its start, its measurements, its resources.

`course run` reads them. Each is an output of type `MIMETYPE`, which front ends ignore, with a text
for people.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from course_lib import durations, hardware, profiles, usage
from course_lib.profiles import Profile
from course_lib.results.measured import Measured
from course_lib.usage import Usage

ASSETS = Path(__file__).parent.parent / "assets"
MIMETYPE = "application/vnd.clearing-the-rain.results+json"
_READY = {"tables over seeds": "tables", "recorded runs": "recordings"}  # folders of ASSETS


@dataclass(frozen=True, kw_only=True)
class Started:
    """The start of a lesson's run; as the last line of the set-up cell it shows itself.

    Attributes:
        lesson: number of the lesson, such as ``"01"``.
        profile: one of `profiles.NAMES`, never ``"auto"``.
        seed: seed of the run.
        device: name of the hardware.
        python: folder of the Python that runs the lesson.
        pretrained: whether the lesson loads pretrained networks instead of training them.
    """

    lesson: str
    profile: str
    seed: int
    device: str
    python: str
    pretrained: bool = False

    def __str__(self) -> str:
        line = f"Lesson {self.lesson}, profile {self.profile}, on {self.device}, seed {self.seed}"
        settings = profiles.LESSONS.get(self.lesson, {}).get(self.profile)
        if settings is None:
            return line
        spared = " with training, less with pretrained weights" if self.pretrained else ""
        line = f"{line}: {_cost(settings)}{spared}, at most {settings.budget.memory_mb} MB."
        ready = [
            what for what, kind in _READY.items() if any(ASSETS.glob(f"{kind}/{self.lesson}_*"))
        ]
        if self.pretrained:
            ready.append("pretrained weights")
        if not ready:
            return line
        told = " and ".join(filter(None, (", ".join(ready[:-1]), ready[-1])))
        return f"{line} {told[0].upper()}{told[1:]} come ready-made; the rest is computed now."

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {MIMETYPE: {"started": asdict(self)}, "text/plain": str(self)}


@dataclass(frozen=True, kw_only=True)
class Finished:
    """The resources of a run; as the last line of the runner's own cell it shows itself."""

    used: Usage

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        used = self.used
        text = f"{used.steps} steps, {used.cpu_seconds} CPU-seconds, {used.memory_mb} MB"
        return {MIMETYPE: {"used": asdict(used)}, "text/plain": text}


@dataclass(frozen=True, kw_only=True)
class Collected:
    """The records in an executed notebook; None for those that the run never reached."""

    started: Started | None
    measured: tuple[Measured, ...]
    used: Usage | None


def begin(*, lesson: str, profile: str = "auto", seed: int, pretrained: bool = False) -> Started:
    """Begin a lesson's run. The last line of every lesson's set-up cell is this call.

    Args:
        lesson, profile, seed: values of the parameters cell.
        pretrained: whether the lesson loads pretrained weights instead of training.

    Raises:
        ValueError: there is no such profile, or it has no pretrained weights.
    """
    name = profiles.pick_name(profile)
    if pretrained:
        from course_lib.results import weights

        weights.require_profile(name)
    return Started(
        lesson=lesson,
        profile=name,
        seed=seed,
        device=hardware.device_name(),
        python=sys.prefix,
        pretrained=pretrained,
    )


def finish() -> Finished:
    """End a run, and return the resources that the process has used."""
    return Finished(used=usage.measure())


def bundle(measured: Sequence[Measured]) -> dict[str, Any]:
    """Return the part of a results table's mimebundle that `course run` reads."""
    return {MIMETYPE: {"measured": [asdict(row) for row in measured]}}


def collect(notebook: Any) -> Collected:
    """Read the records in an executed notebook (an nbformat node)."""
    payloads = [
        output["data"][MIMETYPE]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if MIMETYPE in output.get("data", {})
    ]
    started = [Started(**p["started"]) for p in payloads if "started" in p]
    used = [Usage(**p["used"]) for p in payloads if "used" in p]
    return Collected(
        started=started[-1] if started else None,
        measured=tuple(Measured(**row) for p in payloads for row in p.get("measured", ())),
        used=used[-1] if used else None,
    )


def _cost(settings: Profile) -> str:
    """Return how long the lesson's code will run on this device, in words."""
    import torch

    gpu = torch.cuda.is_available()
    minutes = profiles.minutes(settings, gpu=gpu, speed=hardware.speed())
    if minutes is None:
        return "the time on a GPU hasn't been measured yet"
    told = f"about {durations.duration(60 * minutes)}"
    if settings.cpu_hours and not gpu:
        return f'{told} without a GPU (profile = "cpu" is the size for this machine)'
    return told
