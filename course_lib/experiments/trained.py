"""A trained system and what was seen on the way; what the experiments of all lessons measure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from course_lib.data.pair import Batch
from course_lib.metrics import psnr
from course_lib.profiles import Profile
from course_lib.ranges import from_model
from course_lib.systems.system import System
from course_lib.training.checkpoints import Record
from course_lib.training.loop import Callback
from course_lib.training.observers import Monitor, Samples

CROPS = 4  # of those to measure on, shown in recorded runs
FRAMES = 20  # of a recorded run, beside the first


@dataclass(frozen=True, kw_only=True)
class TrainedSystem:
    """A system after training.

    Attributes:
        system: with trained networks.
        held_out: pairs that were measured on.
        history: one record a step.
        frames: (step, restored pictures N×H×W×3 uint8), through the training.
    """

    system: System
    held_out: Batch
    history: list[Record]
    frames: list[tuple[int, np.ndarray]]


def train_watched(
    system: System,
    held_out: Batch,
    *,
    profile: Profile,
    steps: int,
    shown: Batch | None = None,
    callbacks: Sequence[Callback] = (),
) -> TrainedSystem:
    """Train a system and watch it.

    Args:
        system: fresh.
        held_out: pairs to measure on, as often as the profile says.
        steps: of the training.
        shown: pairs for the frames; the first of those to measure on unless given.
        callbacks: that see each step's record after it was measured.
    """
    rainy = (shown or Batch(*(part[:CROPS] for part in held_out))).rainy
    samples = Samples(system.generator, rainy, every=max(1, steps // FRAMES))
    monitor = Monitor(system.generator, system.discriminator, held_out, every=profile.log_every)
    history = system.train([monitor, *callbacks, samples])
    return TrainedSystem(system=system, held_out=held_out, history=history, frames=samples.frames)


def rainy_psnr(held_out: Batch) -> float:
    """The PSNR of doing nothing, dB."""
    rainy, clean = from_model(held_out.rainy), from_model(held_out.clean)
    return float(np.mean([psnr(x, y) for x, y in zip(rainy, clean, strict=True)]))


def last_quarter(history: Sequence[Record], key: str) -> float:
    """The mean of what was measured in the last quarter of the steps."""
    begin = 0.75 * history[-1]["step"]
    return float(np.mean([r[key] for r in history if r["step"] > begin and key in r]))
