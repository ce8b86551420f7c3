"""Profiles: the four sizes at which every lesson runs, and the budget of each.

A lesson declares its profiles in ``course_lib/exercises/lesson_NN/profiles.toml``. That is data, so
reading it loads none of the lesson's code.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NAMES = ("smoke", "cpu", "gpu", "paper")
HEADROOM = 2  # a budget of CPU time is this many times the measured time: machines differ


@dataclass(frozen=True, kw_only=True)
class Budget:
    """The resources that one run of a lesson may use; `course run` fails a lesson that uses more.

    Attributes:
        steps: training steps, over all the runs inside the lesson.
        cpu_seconds: user and system time of the lesson's process and its children, on the
            hardware the profile is for: `HEADROOM` times the measured time, or an estimate if
            the profile needs a GPU and has no ``gpu_minutes`` yet.
        memory_mb: peak resident memory of the lesson's process.
    """

    steps: int
    cpu_seconds: float
    memory_mb: int


@dataclass(frozen=True, kw_only=True)
class Profile:
    """The settings of one lesson at one size.

    Attributes:
        name: one of `NAMES`.
        image_size: side of the crops, pixels.
        shrink: photographs are shrunk by this whole number before they are cropped, so that a
            small crop still shows a part of a scene.
        batch_size: pairs per step.
        steps: steps of the lesson's main training run.
        epochs: epochs of that run, for schedules that count epochs.
        base_channels: width of the networks.
        patch_layers: number of stride-2 layers in a patch discriminator; small crops need
            small patches.
        log_every: steps between two measurements on held-out pictures.
        threads: number of torch's threads on the CPU. The narrow networks of the small profiles
            hardly gain from a second thread, and slow down tenfold if another program needs the
            second core.
        workers: processes that prepare data during training; 0 prepares it in the main process.
        budget: budget of the whole lesson.
        gpu_minutes: measured time of the lesson's code on a GPU; None if it wasn't measured, or
            if the profile is for CPUs.
        cpu_hours: for profiles that need a GPU, the time on the CPU that budgets were measured
            on, extrapolated from one step (`benchmarks/paper.py`).
    """

    name: str
    image_size: int
    shrink: int = 1
    batch_size: int
    steps: int
    epochs: int = 1
    base_channels: int
    patch_layers: int = 3
    log_every: int
    threads: int = 1
    workers: int
    budget: Budget
    gpu_minutes: float | None = None
    cpu_hours: float | None = None


def minutes(profile: Profile, *, gpu: bool, speed: float = 1.0) -> float | None:
    """Estimate the minutes that a lesson's code runs; None if that wasn't measured.

    Args:
        profile: the lesson's profile.
        gpu: whether it trains on a GPU.
        speed: speed of this CPU divided by that of the CPU that budgets were measured on; see
            `hardware.speed`.
    """
    if profile.cpu_hours is None:  # narrow networks: the CPU limits the speed, even with a GPU
        return profile.budget.cpu_seconds / HEADROOM / 60 / speed
    return profile.gpu_minutes if gpu else 60 * profile.cpu_hours / speed


# The settings that most lessons share. A lesson's profiles.toml states what differs.
BASE: dict[str, dict[str, Any]] = {
    "smoke": {
        "image_size": 32,
        "batch_size": 4,
        "steps": 20,
        "base_channels": 4,
        "log_every": 5,
        "workers": 0,
        "budget": {"memory_mb": 1700},
    },
    "cpu": {
        "image_size": 64,
        "batch_size": 8,
        "log_every": 50,
        "workers": 1,
        "budget": {"memory_mb": 2000},
    },
    "gpu": {
        "image_size": 256,
        "batch_size": 16,
        "steps": 4000,
        "log_every": 100,
        "threads": 4,
        "workers": 2,
        "budget": {"cpu_seconds": 6000, "memory_mb": 8000},
    },
    "paper": {
        "image_size": 256,
        "batch_size": 16,
        "log_every": 500,
        "threads": 4,
        "workers": 2,
        "budget": {"cpu_seconds": 20000, "memory_mb": 8000},
    },
}


def read_all(folder: Path) -> dict[str, dict[str, Profile]]:
    """Read the profiles of every lesson in a folder.

    Each ``lesson_NN/profiles.toml`` states how the lesson differs from `BASE`: keys at the top
    hold for all four sizes, those in a table such as ``[cpu]`` for that size. ``like = "02"``
    begins with lesson 02's profiles instead of `BASE`.

    Returns:
        Lesson number → name of the profile → profile.

    Raises:
        ValueError: a file isn't TOML, or doesn't describe four profiles; the message names it.
    """
    paths = {
        path.parent.name.removeprefix("lesson_"): path
        for path in sorted(folder.glob("lesson_[0-9][0-9]/profiles.toml"))
    }
    return {lesson: _profiles(lesson, paths) for lesson in paths}


def _profiles(lesson: str, paths: Mapping[str, Path]) -> dict[str, Profile]:
    found = {}
    for name, settings in _settings(lesson, paths).items():
        try:
            found[name] = Profile(name=name, **{**settings, "budget": Budget(**settings["budget"])})
        except TypeError as error:  # a key too many or too few
            reason = str(error).partition("__init__() ")[2]
            raise ValueError(f"{paths[lesson]}: profile {name} {reason}") from None
    return found


def _settings(
    lesson: str, paths: Mapping[str, Path], above: tuple[str, ...] = ()
) -> dict[str, dict[str, Any]]:
    """Return profile name → settings, merged with those that the lesson builds on."""
    path = paths[lesson]
    try:
        stated = tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} can't be read as TOML: {error}") from None
    base = BASE
    if (like := stated.pop("like", None)) is not None:
        if like not in paths or like in (lesson, *above):
            others = ", ".join(number for number in paths if number != lesson)
            raise ValueError(f"{path}: like = {like!r} names no other lesson: {others}")
        base = _settings(like, paths, (lesson, *above))
    sizes = {name: stated.pop(name, {}) for name in NAMES}
    return {name: _merged(_merged(base[name], stated), own) for name, own in sizes.items()}


def _merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    budget = {**base.get("budget", {}), **changes.get("budget", {})}
    return {**base, **changes, "budget": budget}


# Lesson number → profile name → profile. Numbers of the paper profile are the paper's own.
LESSONS = read_all(Path(__file__).parent / "exercises")


def pick_name(name: str = "auto") -> str:
    """Return the profile's name; ``"auto"`` becomes ``"gpu"`` with CUDA, else ``"cpu"``.

    Raises:
        ValueError: there is no such profile.
    """
    if name == "auto":
        import torch

        return "gpu" if torch.cuda.is_available() else "cpu"
    if name not in NAMES:
        raise ValueError(f"no profile {name!r}: choose auto, {', '.join(NAMES)}")
    return name


def pick(lesson: str, name: str = "auto") -> Profile:
    """Return a profile of a lesson, such as ``pick("01", "cpu")``.

    Raises:
        ValueError: there is no such lesson or profile.
    """
    if lesson not in LESSONS:
        raise ValueError(f"no lesson {lesson!r}: there are {', '.join(sorted(LESSONS))}")
    return LESSONS[lesson][pick_name(name)]
