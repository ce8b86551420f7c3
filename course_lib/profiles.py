"""The four sizes at which every lesson runs, and what each may cost."""

from __future__ import annotations

from dataclasses import dataclass

NAMES = ("smoke", "cpu", "gpu", "paper")


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What one run of a lesson at one profile may use; the runner fails a lesson beyond it.

    Attributes:
        steps: training steps, over all the runs inside the lesson.
        cpu_seconds: user and system time of the lesson's process and its children.
        memory_mb: peak resident memory.
    """

    steps: int
    cpu_seconds: float
    memory_mb: int


@dataclass(frozen=True, kw_only=True)
class Profile:
    """The settings of one lesson at one size.

    Attributes:
        name: one of `NAMES`.
        minutes: how long the lesson's code runs on the hardware the profile is for.
        image_size: side of the training crops, pixels.
        batch_size: pairs a step.
        steps: steps of the lesson's main training run.
        base_channels: width of the networks.
        log_every: steps between two measurements on held-out pictures.
        workers: processes that prepare data beside training; 0 does it in the main process.
        budget: what the whole lesson may use.
    """

    name: str
    minutes: float
    image_size: int
    batch_size: int
    steps: int
    base_channels: int
    log_every: int
    workers: int
    budget: Budget


# Lesson id → profile name → settings. Numbers of the paper profile are the paper's own.
LESSONS: dict[str, dict[str, Profile]] = {}


def pick_name(name: str = "auto") -> str:
    """The profile's name; ``"auto"`` looks at the hardware: ``gpu`` with CUDA, else ``cpu``.

    Raises:
        ValueError: no such profile.
    """
    if name == "auto":
        import torch

        return "gpu" if torch.cuda.is_available() else "cpu"
    if name not in NAMES:
        raise ValueError(f"no profile {name!r}: choose auto, {', '.join(NAMES)}")
    return name


def pick(lesson: str, name: str = "auto") -> Profile:
    """The profile of a lesson, such as ``pick("01", "cpu")``.

    Raises:
        ValueError: no such lesson or profile.
    """
    if lesson not in LESSONS:
        raise ValueError(f"no lesson {lesson!r}: there are {', '.join(sorted(LESSONS))}")
    return LESSONS[lesson][pick_name(name)]
