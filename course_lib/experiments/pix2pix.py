"""Pix2Pix as the experiments of lessons 02 and 03 train and measure it."""

from __future__ import annotations

from functools import cache
from typing import Any

from course_lib.data.crops import held_out_batch
from course_lib.experiments.trained import (
    TrainedSystem,
    last_quarter,
    rainy_psnr,
    train_watched,
)
from course_lib.metrics import discriminator_accuracy
from course_lib.profiles import Profile
from course_lib.systems import pix2pix
from course_lib.systems.pix2pix import Pix2PixSettings
from course_lib.systems.system import HELD_OUT, System, held_out_drops, seed_photos
from course_lib.training.checkpoints import Record
from course_lib.training.observers import judge, measure, restore

SEEDS = (0, 1, 2, 3, 4)


def train_pix2pix(
    profile: Profile, seed: int, settings: Pix2PixSettings | None = None, **parts: Any
) -> TrainedSystem:
    """Train Pix2Pix and watch it; ``parts``, such as faulty steps, go to its recipe."""
    system = pix2pix.set_up(profile, seed, settings, **parts)
    return train_watched(
        system,
        held_out_drops(profile, seed),
        profile=profile,
        steps=profile.steps,
        callbacks=[SeenAccuracy(system, profile, seed)],
    )


@cache
def _seed_0(profile: Profile, settings: Pix2PixSettings) -> TrainedSystem:
    return train_pix2pix(profile, 0, settings)


def train_once(
    profile: Profile, seed: int, settings: Pix2PixSettings | None = None
) -> TrainedSystem:
    """Train Pix2Pix; with seed 0 once, which a row, a recording and weights share."""
    how = settings or Pix2PixSettings()
    return train_pix2pix(profile, seed, how) if seed else _seed_0(profile, how)


class SeenAccuracy:
    """Adds D's accuracy on new crops of the photographs that it trains on, as ``accuracy_seen``.

    Beside the accuracy on held-out photographs it tells what D has learnt by heart.
    """

    def __init__(self, system: System, profile: Profile, seed: int) -> None:
        split, photos = seed_photos(profile, seed)
        self.system, self.every = system, profile.log_every
        self.crops = held_out_batch(
            {name: photos[name] for name in split.train},
            "drops",
            profile.image_size,
            seed,
            count=HELD_OUT,
            scale=1 / profile.shrink,
        )

    def __call__(self, record: Record) -> None:
        """Measure, if it is time."""
        if record["step"] % self.every == 0:
            discriminator, rainy = self.system.discriminator, self.crops.rainy
            restored = restore(self.system.generator, rainy)
            record["accuracy_seen"] = discriminator_accuracy(
                judge(discriminator, self.crops.clean, rainy),
                judge(discriminator, restored, rainy),
            )


def end(trained: TrainedSystem) -> dict[str, float]:
    """How a training has ended: quality on held-out crops, and how fair its last quarter was."""
    now = measure(trained.system.generator, trained.system.discriminator, trained.held_out)
    history = trained.history
    learnt = any("loss_d" in record for record in history)
    return {
        "psnr_rainy": rainy_psnr(trained.held_out),
        "psnr": now["psnr"],
        "ssim": now["ssim"],
        "detail": 100 * now["detail"],
        "loss_g": last_quarter(history, "loss_g"),
        "loss_d": last_quarter(history, "loss_d") if learnt else 0.0,
        "accuracy_d": 100 * last_quarter(history, "accuracy_d"),
        "accuracy_seen": 100 * last_quarter(history, "accuracy_seen"),
    }
