"""The four sizes at which every lesson runs, and what each may cost."""

from __future__ import annotations

from dataclasses import dataclass

NAMES = ("smoke", "cpu", "gpu", "paper")
EPOCHS = 10  # of lesson 04's run
PAPER_EPOCHS = 20  # of it at the paper profile; the paper doesn't tell
HEADROOM = 2  # a budget of CPU time over what was measured; machines and their load differ


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What one run of a lesson at one profile may use; the runner fails a lesson beyond it.

    Attributes:
        steps: training steps, over all the runs inside the lesson.
        cpu_seconds: user and system time of the lesson's process and its children, on the
            hardware the profile is for: `HEADROOM` times what was measured. Where a profile
            asks for a GPU and has no ``gpu_minutes`` yet, an estimate.
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
            small crop still shows a piece of a scene.
        batch_size: pairs a step.
        steps: steps of the lesson's main training run.
        epochs: of that run, for what follows epochs and not steps.
        base_channels: width of the networks.
        patch_layers: halvings of a patch discriminator; small crops want small patches.
        log_every: steps between two measurements on held-out pictures.
        threads: of torch on the CPU. Networks as narrow as those of the small profiles hardly
            gain from a second one, and slow down tenfold when another program wants its core.
        workers: processes that prepare data beside training; 0 does it in the main process.
        budget: what the whole lesson may use.
        gpu_minutes: how long the lesson's code ran on a GPU; None where that wasn't measured,
            or where the profile is for CPUs.
        cpu_hours: for profiles that ask for a GPU, how long they would take on the CPU that
            budgets were measured on, extrapolated from one step (`benchmarks/paper.py`).
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
    """How long a lesson's code runs, or None where nobody has measured that.

    Args:
        profile: of the lesson.
        gpu: whether it trains on a GPU.
        speed: of the CPU, over that of the one budgets were measured on; see `hardware.speed`.
    """
    if profile.cpu_hours is None:  # narrow networks: the CPU sets the pace, GPU or not
        return profile.budget.cpu_seconds / HEADROOM / 60 / speed
    return profile.gpu_minutes if gpu else 60 * profile.cpu_hours / speed


def _lesson_00(name: str, *, image_size: int, cpu_seconds: float) -> Profile:
    """Lesson 00 trains nothing; its profiles differ in the size of the pictures."""
    return Profile(
        name=name,
        image_size=image_size,
        batch_size=1,
        steps=0,
        base_channels=0,
        log_every=1,
        workers=0,
        budget=Budget(steps=0, cpu_seconds=cpu_seconds, memory_mb=1500),
    )


def _pix2pix(
    *, steps: int, cpu_seconds: float, gpu_steps: int, cpu_hours: float, paper_hours: float
) -> dict[str, Profile]:
    """Lessons 02 and 03 play the same game; lesson 02 trains a baseline beside it.

    Args:
        steps, gpu_steps: of the whole lesson, at cpu and at gpu.
        cpu_seconds: of its budget at cpu.
        cpu_hours, paper_hours: of its gpu and paper profiles on a CPU.
    """
    paper_steps = 200 * 860 // 16  # report, Experiment 2: 200 epochs of 860 pairs, batches of 16
    sizes = (
        Profile(
            name="smoke",
            image_size=32,
            shrink=4,
            batch_size=4,
            steps=20,
            base_channels=4,
            patch_layers=1,
            log_every=5,
            workers=0,
            budget=Budget(steps=40, cpu_seconds=40, memory_mb=1700),
        ),
        Profile(
            name="cpu",
            image_size=64,
            shrink=3,
            batch_size=8,
            steps=1500,
            base_channels=12,
            patch_layers=2,
            log_every=50,
            workers=1,
            budget=Budget(steps=steps, cpu_seconds=cpu_seconds, memory_mb=2000),
        ),
        Profile(
            name="gpu",
            image_size=256,
            batch_size=16,
            steps=4000,
            base_channels=64,
            log_every=100,
            threads=4,
            workers=2,
            budget=Budget(steps=gpu_steps, cpu_seconds=6000, memory_mb=8000),
            cpu_hours=cpu_hours,
        ),
        Profile(
            name="paper",
            image_size=256,
            batch_size=16,
            steps=paper_steps,
            base_channels=64,
            log_every=500,
            threads=4,
            workers=2,
            budget=Budget(steps=2 * paper_steps, cpu_seconds=20000, memory_mb=8000),
            cpu_hours=paper_hours,
        ),
    )
    return {profile.name: profile for profile in sizes}


def _graspp() -> dict[str, Profile]:
    """Lesson 04. Batch norm wants crops of many pictures and kinds of rain, so they are small."""
    paper_steps = PAPER_EPOCHS * 8000 // 4
    sizes = (
        Profile(
            name="smoke",
            image_size=32,
            batch_size=4,
            steps=20,
            epochs=EPOCHS,
            base_channels=4,
            log_every=5,
            workers=0,
            budget=Budget(steps=20, cpu_seconds=41, memory_mb=2200),
        ),
        Profile(
            name="cpu",
            image_size=32,
            batch_size=16,
            steps=600,
            epochs=EPOCHS,
            base_channels=16,
            log_every=60,
            workers=1,
            budget=Budget(steps=600, cpu_seconds=170, memory_mb=2400),
        ),
        Profile(
            name="gpu",
            image_size=128,
            batch_size=16,
            steps=4000,
            epochs=EPOCHS,
            base_channels=32,
            log_every=100,
            threads=4,
            workers=2,
            budget=Budget(steps=4000, cpu_seconds=6000, memory_mb=8000),
            cpu_hours=11,
        ),
        Profile(
            name="paper",  # §4.1, but for the epochs, which it doesn't tell
            image_size=128,
            batch_size=4,
            steps=paper_steps,
            epochs=PAPER_EPOCHS,
            base_channels=64,
            log_every=500,
            threads=4,
            workers=2,
            budget=Budget(steps=paper_steps, cpu_seconds=20000, memory_mb=12000),
            cpu_hours=310,
        ),
    )
    return {profile.name: profile for profile in sizes}


# Lesson id → profile name → settings. Numbers of the paper profile are the paper's own.
LESSONS: dict[str, dict[str, Profile]] = {
    "00": {
        profile.name: profile
        for profile in (
            _lesson_00("smoke", image_size=224, cpu_seconds=30),
            _lesson_00("cpu", image_size=224, cpu_seconds=30),
            _lesson_00("gpu", image_size=256, cpu_seconds=30),
            _lesson_00("paper", image_size=256, cpu_seconds=30),
        )
    },
    "01": {
        profile.name: profile
        for profile in (
            Profile(
                name="smoke",
                image_size=32,
                shrink=4,
                batch_size=4,
                steps=20,
                base_channels=4,
                log_every=5,
                workers=0,
                budget=Budget(steps=60, cpu_seconds=32, memory_mb=1700),
            ),
            Profile(
                name="cpu",
                image_size=64,
                shrink=3,
                batch_size=8,
                steps=1000,
                base_channels=8,
                log_every=50,
                workers=1,
                budget=Budget(steps=2200, cpu_seconds=220, memory_mb=2000),
            ),
            Profile(
                name="gpu",
                image_size=256,
                batch_size=16,
                steps=4000,
                base_channels=32,
                log_every=100,
                threads=4,
                workers=2,
                budget=Budget(steps=8200, cpu_seconds=6000, memory_mb=8000),
                cpu_hours=11,
            ),
            Profile(
                name="paper",  # report, Experiment 1: 200 epochs of 860 pairs in batches of 16
                image_size=256,
                batch_size=16,
                steps=200 * 860 // 16,
                base_channels=32,
                log_every=500,
                threads=4,
                workers=2,
                budget=Budget(steps=2 * 200 * 860 // 16 + 200, cpu_seconds=20000, memory_mb=8000),
                cpu_hours=29,
            ),
        )
    },
    "02": _pix2pix(steps=2500, cpu_seconds=360, gpu_steps=8000, cpu_hours=17, paper_hours=47),
    "03": _pix2pix(steps=1500, cpu_seconds=210, gpu_steps=4000, cpu_hours=8, paper_hours=20),
    "04": _graspp(),
}


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
