"""GRASPP-GAN as the experiments of lesson 04 train and measure it, and Pix2Pix on the same rain."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Literal

import numpy as np
import torch
from torch import nn

from course_lib.data.pair import Batch
from course_lib.experiments.trained import (
    CROPS,
    TrainedSystem,
    last_quarter,
    rainy_psnr,
    train_watched,
)
from course_lib.losses import adversarial_loss
from course_lib.metrics import psnr, ssim
from course_lib.profiles import Profile, pick
from course_lib.ranges import from_model
from course_lib.systems import graspp, pix2pix
from course_lib.systems.graspp import STREAKS, GrasppSettings, held_out_rain
from course_lib.training.observers import restore

SEEDS = (0, 1, 2, 3, 4)
WATCHED = 4  # crops of each kind of rain to measure on while training
PIX2PIX_STEPS = 2.25  # of Pix2Pix for each of GRASPP-GAN's, so that both get the same CPU time


@dataclass(frozen=True, kw_only=True)
class Contestant:
    """What a row of lesson 04's tables trains.

    Attributes:
        settings: of GRASPP-GAN.
        adversarial: its third loss.
        system: ``"pix2pix"`` trains lesson 02's Pix2Pix instead, at the same profile of lesson
            02, on the settings' rain, for as long.
    """

    settings: GrasppSettings = field(default_factory=GrasppSettings)
    adversarial: Callable[[torch.Tensor], torch.Tensor] = adversarial_loss
    system: Literal["graspp", "pix2pix"] = "graspp"


def train_contestant(
    profile: Profile, seed: int, contestant: Contestant | None = None, **parts: Any
) -> TrainedSystem:
    """Train and watch it; ``parts`` go to `systems.graspp.set_up`, such as a faulty step."""
    what = contestant or Contestant()
    rain = what.settings.rain
    if what.system == "pix2pix":
        longer = 1 if profile.name == "paper" else PIX2PIX_STEPS
        steps = round(longer * profile.steps)
        size = replace(pick("02", profile.name), steps=steps, workers=profile.workers)
        dataset = graspp.training_crops(profile, seed, rain, size=size.image_size)
        system = pix2pix.set_up(size, seed, dataset=dataset)
    else:
        steps = profile.steps
        system = graspp.set_up(profile, seed, what.settings, adversarial=what.adversarial, **parts)
    kinds = STREAKS if rain == "all" else (rain,)
    watched = [
        held_out_rain(profile, seed, kind, count=WATCHED * len(STREAKS) // len(kinds))
        for kind in kinds
    ]
    held_out = Batch(*(torch.cat(parts) for parts in zip(*watched, strict=True)))
    return train_watched(system, held_out, profile=profile, steps=steps, shown=shown(held_out))


def shown(crops: Batch) -> Batch:
    """Of the crops to watch as many as a recording shows, spread over the kinds of rain."""
    return Batch(*(part[:: len(part) // CROPS][:CROPS] for part in crops))


@cache
def _seed_0(profile: Profile, contestant: Contestant) -> tuple[TrainedSystem, float]:
    return _timed(profile, 0, contestant)


def train_once(
    profile: Profile, seed: int, contestant: Contestant | None = None
) -> tuple[TrainedSystem, float]:
    """Train it, and the CPU seconds that this process spent on it.

    With seed 0 it is trained once, which rows, a recording and weights share.
    """
    what = contestant or Contestant()
    return _timed(profile, seed, what) if seed else _seed_0(profile, what)


def _timed(profile: Profile, seed: int, contestant: Contestant) -> tuple[TrainedSystem, float]:
    """Workers, which make crops, don't count."""
    begun = time.process_time()
    trained = train_contestant(profile, seed, contestant)
    return trained, time.process_time() - begun


def scores(generator: nn.Module, held_out: Batch) -> dict[str, float]:
    """PSNR of doing nothing, PSNR and SSIM of the restored pictures, means over the crops."""
    restored, clean = from_model(restore(generator, held_out.rainy)), from_model(held_out.clean)
    pairs = list(zip(restored, clean, strict=True))
    return {
        "psnr_rainy": rainy_psnr(held_out),
        "psnr": float(np.mean([psnr(x, y) for x, y in pairs])),
        "ssim": float(np.mean([ssim(x, y) for x, y in pairs])),
    }


def end(trained: TrainedSystem) -> dict[str, float]:
    """How fair the last quarter of a training was; accuracy 0 where no discriminator learnt."""
    learnt = any("loss_d" in record for record in trained.history)
    return {
        "loss_g": last_quarter(trained.history, "loss_g"),
        "loss_d": last_quarter(trained.history, "loss_d") if learnt else 0.0,
        "accuracy_d": 100 * last_quarter(trained.history, "accuracy_d") if learnt else 0.0,
    }
