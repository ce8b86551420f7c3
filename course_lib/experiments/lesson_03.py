"""Lesson 03's products: each technique alone and together, other data, games with one fault."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import torch
from torch import nn

from course_lib.data.pair import Batch
from course_lib.experiments.lesson_02 import TOLERANCES, record, weights_of
from course_lib.experiments.pix2pix import SEEDS, end, train_once
from course_lib.experiments.products import Experiment, RecordedRun, TrainedWeights, Value
from course_lib.losses import pix2pix_loss, target_loss
from course_lib.profiles import Profile
from course_lib.results.recordings import Recording
from course_lib.results.weights import Trained
from course_lib.systems import pix2pix
from course_lib.systems.pix2pix import (
    FLIPS,
    RATE_G,
    REPORT,
    SMOOTHING,
    STABILISED,
    Pix2PixSettings,
)
from course_lib.training.loop import Step
from course_lib.training.pix2pix import Pix2Pix, Techniques

# The game to diagnose. With λ = 100 L1 restores the picture whatever goes wrong in the game.
DIAGNOSED = Pix2PixSettings(techniques=Techniques(lambda_l1=10))

# Untouched Pix2Pix is lesson 02's.
VARIANTS: dict[str, Pix2PixSettings] = {
    "smoothing": Pix2PixSettings(techniques=Techniques(smoothing=SMOOTHING)),
    "flips": Pix2PixSettings(techniques=Techniques(flips=FLIPS)),
    "two rates": Pix2PixSettings(rate_g=RATE_G),
    "G twice as often": Pix2PixSettings(d_every=2),
    "smoothing, two rates": Pix2PixSettings(
        techniques=Techniques(smoothing=SMOOTHING), rate_g=RATE_G
    ),
    "the report's three": REPORT,
    "all, and a slower D": STABILISED,
    "contrastive": Pix2PixSettings(techniques=Techniques(lambda_contrastive=10)),
}
# New drops on every crop are lesson 02's "own colours".
DATA: dict[str, Pix2PixSettings] = {
    "40 fixed crops": Pix2PixSettings(data="fixed"),
    "flips and crops": Pix2PixSettings(data="flips and crops"),
    "merged": Pix2PixSettings(data="merged"),
}


def _techniques(settings: Mapping[str, Value], seed: int, profile: Profile) -> dict[str, float]:
    return end(train_once(profile, seed, VARIANTS[str(settings["variant"])]))


def _data(settings: Mapping[str, Value], seed: int, profile: Profile) -> dict[str, float]:
    return end(train_once(profile, seed, DATA[str(settings["data"])]))


def attached_d_step(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: torch.optim.Optimizer
) -> torch.Tensor:
    """D's step with a fault: the fakes aren't detached, so G gets gradients that help D."""
    generator.zero_grad()
    optimizer.zero_grad()
    real_logits = discriminator(batch.rainy, batch.clean)
    fake_logits = discriminator(batch.rainy, generator(batch.rainy))
    loss = target_loss(real_logits, torch.ones_like(real_logits))
    loss = loss + target_loss(fake_logits, torch.zeros_like(fake_logits))
    loss.backward()
    optimizer.step()
    return loss.detach()


def piled_g_step(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: torch.optim.Optimizer
) -> torch.Tensor:
    """G's step after `attached_d_step`: what that left in G isn't cleared."""
    restored = generator(batch.rainy)
    logits = discriminator(batch.rainy, restored)
    loss = pix2pix_loss(logits, restored, batch.clean, lambda_l1=DIAGNOSED.techniques.lambda_l1)
    loss.backward()
    optimizer.step()
    return loss.detach()


def swapped_labels_step(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: torch.optim.Optimizer
) -> torch.Tensor:
    """D's step with a fault: it is taught to call clean pictures fake, and restored ones real."""
    return Pix2Pix(smooth=wrong_labels).d_step(generator, discriminator, batch, optimizer)


def wrong_labels(logits: torch.Tensor, is_real: bool, *, smoothing: float) -> torch.Tensor:
    """0 for real pictures, 1 for restored ones."""
    return torch.full_like(logits, 0.0 if is_real else 1.0)


def frozen_norms_d_step(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: torch.optim.Optimizer
) -> torch.Tensor:
    """D's step with a fault: both networks are in eval mode, so batch norm never sees a batch."""
    generator.eval()
    discriminator.eval()
    return Pix2Pix().d_step(generator, discriminator, batch, optimizer)


FAULTS: dict[str, dict[str, Step]] = {
    "none": {},
    "the fakes aren't detached in D's step": {"d_step": attached_d_step, "g_step": piled_g_step},
    "real and fake swapped in D's step": {"d_step": swapped_labels_step},
    "D's learning rate is a hundred times too large": {},
    "batch norm is in eval mode while training": {"d_step": frozen_norms_d_step},
}


def _faulty(name: str, fault: str, profile: Profile) -> Recording:
    fast = fault.startswith("D's learning rate")
    how = replace(DIAGNOSED, rate_d=100) if fast else DIAGNOSED
    return record(name, profile, settings=how, fault=fault, steps=FAULTS[fault])


def _shown(name: str, settings: Pix2PixSettings, profile: Profile) -> Recording:
    return record(name, profile, settings=settings)


def _weights(profile: Profile) -> Trained:
    return weights_of(
        train_once(profile, 0, STABILISED),
        "The generator and the discriminator of Pix2Pix after lesson 03's game, in which the "
        "discriminator is held back.",
    )


EXPERIMENTS = (
    Experiment(
        name="03_techniques",
        about="What each technique does to Pix2Pix, alone and together with others.",
        settings=tuple({"variant": variant} for variant in VARIANTS),
        seeds=SEEDS,
        revision=pix2pix.REVISION,
        run=_techniques,
        tolerances=TOLERANCES,
    ),
    Experiment(
        name="03_data",
        about="What more or other training data does to Pix2Pix.",
        settings=tuple({"data": data} for data in DATA),
        seeds=SEEDS,
        revision=pix2pix.REVISION,
        run=_data,
        tolerances=TOLERANCES,
    ),
)
# The gallery: name of the recording → the variant that it shows.
GALLERY: dict[str, Pix2PixSettings] = {
    "03_smoothing": VARIANTS["smoothing"],
    "03_flips": VARIANTS["flips"],
    "03_two_rates": VARIANTS["two rates"],
    "03_ratio": VARIANTS["G twice as often"],
    "03_report": VARIANTS["the report's three"],
    "03_stabilised": STABILISED,
}
RECORDINGS = (
    *(RecordedRun(name=name, make=partial(_shown, name, how)) for name, how in GALLERY.items()),
    *(
        RecordedRun(name=name, make=partial(_faulty, name, fault))
        for name, fault in zip(("03_healthy", "03_a", "03_b", "03_c", "03_d"), FAULTS, strict=True)
    ),
)
WEIGHTS = (TrainedWeights(name="03_stabilised", make=_weights),)
