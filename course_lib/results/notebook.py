"""What a lesson's run leaves in its notebook for the runner: how it began, results, usage.

Each is an output under `MIMETYPE`, which front ends skip, beside the text a person reads.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from course_lib import durations, hardware, profiles, usage
from course_lib.profiles import Profile
from course_lib.usage import Usage

ASSETS = Path(__file__).parent.parent / "assets"
MIMETYPE = "application/vnd.clearing-the-rain.results+json"
_READY = {"tables over seeds": "tables", "recorded runs": "recordings"}  # folders of ASSETS
# Decimals that a measurement in this unit deserves; others show three digits.
_DECIMALS = {"dB": 2, "%": 1}


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One row of a lesson's table of results.

    Attributes:
        name: what was measured, such as ``"PSNR of the restored pictures"``.
        value: the measured value, the mean where there are several; None where it can't be
            had here ("n/a"), such as LPIPS without its weights.
        unit: ``"dB"``, ``"%"``; empty for a pure number.
        spread: standard deviation over seeds or pictures, in the same unit.
        over: what the spread runs over, such as ``"5 seeds"``.
        claim: the paper's value in the same unit.
        source: where the paper says so, such as ``"report 1, table 2"``.
        claim_is: stands before the claimed value: ``"acceptable above"`` for a threshold that
            the paper didn't measure, ``"70 to"`` for a range.
    """

    name: str
    value: float | None
    unit: str = ""
    spread: float | None = None
    over: str = ""
    claim: float | None = None
    source: str = ""
    claim_is: str = ""

    def __post_init__(self) -> None:
        for key in ("value", "spread", "claim"):
            given = getattr(self, key)
            if given is None:
                continue
            number = float(given)  # NumPy's and torch's numbers can't be written as JSON
            if not math.isfinite(number):
                raise ValueError(
                    f"{key} of {self.name!r} is {number}; a result is a finite number, "
                    "or None where there is none"
                )
            object.__setattr__(self, key, number)

    def text(self) -> str:
        """What was measured: ``"27.34 ± 0.41 dB (5 seeds)"``, ``"n/a"`` without a value."""
        if self.value is None:
            return "n/a"
        decimals = _decimals(self.unit, self.value, self.spread)
        spread = "" if self.spread is None else f" ± {self.spread:.{decimals}f}"
        over = f" ({self.over})" if self.over else ""
        return f"{_signed(self.value, decimals)}{spread} {self.unit}".rstrip() + over

    def claim_text(self) -> str:
        """The paper's value: ``"28.10 dB"``, ``"acceptable above 20.00 dB"``, or ``""``."""
        if self.claim is None:
            return ""
        number = _signed(self.claim, _decimals(self.unit, self.claim))
        return f"{self.claim_is} {number} {self.unit}".strip()


@dataclass(frozen=True, kw_only=True)
class Started:
    """How a lesson's run began; as the last line of the set-up cell it shows itself.

    Attributes:
        lesson: the lesson's number, such as ``"01"``.
        profile: one of `profiles.NAMES`, never ``"auto"``.
        seed: of the run.
        device: the hardware in words.
        python: where the Python that runs the lesson is installed.
        pretrained: whether networks come trained instead of being trained in the lesson.
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
    """What the run has used; shows itself as the last line of the runner's own cell."""

    used: Usage

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        used = self.used
        text = f"{used.steps} steps, {used.cpu_seconds} CPU-seconds, {used.memory_mb} MB"
        return {MIMETYPE: {"used": asdict(used)}, "text/plain": text}


@dataclass(frozen=True, kw_only=True)
class Collected:
    """What an executed notebook holds; None where it never got so far."""

    started: Started | None
    measured: tuple[Measured, ...]
    used: Usage | None


def begin(*, lesson: str, profile: str = "auto", seed: int, pretrained: bool = False) -> Started:
    """Begin a lesson's run. The last line of every lesson's set-up cell is this call.

    Args:
        lesson, profile, seed: as the parameters cell has them.
        pretrained: whether the lesson loads pretrained weights instead of training.

    Raises:
        ValueError: no such profile; pretrained weights asked for at a profile that has none.
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
    """End a run: what the process has used since it started."""
    return Finished(used=usage.measure())


def bundle(measured: Sequence[Measured]) -> dict[str, Any]:
    """The part of a results table's mimebundle that the runner reads."""
    return {MIMETYPE: {"measured": [asdict(row) for row in measured]}}


def collect(notebook: Any) -> Collected:
    """Read what an executed notebook (an nbformat node) says about its run."""
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
    """How long the lesson's code will run on the device at hand, in words."""
    import torch

    gpu = torch.cuda.is_available()
    minutes = profiles.minutes(settings, gpu=gpu, speed=hardware.speed())
    if minutes is None:
        return "how long that takes on a GPU hasn't been measured yet"
    told = f"about {durations.duration(60 * minutes)}"
    if settings.cpu_hours and not gpu:
        return f'{told} without a GPU (profile = "cpu" is the size for this machine)'
    return told


def _decimals(unit: str, value: float, spread: float | None = None) -> int:
    if unit in _DECIMALS:
        return _DECIMALS[unit]
    largest = max(abs(value), spread or 0)
    if largest == 0 or (spread is None and value.is_integer()):
        return 0
    return max(0, 2 - math.floor(math.log10(largest)))


def _signed(number: float, decimals: int) -> str:
    return f"{number:.{decimals}f}".replace("-", "−")
