"""Small twins, trained in minutes: for super-resolution, and for deraining.

The MSE twin comes first and the GAN from it, as DeSRA describes (§3).
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import nn

from course_lib.data.degradations import Degradation, Degrade
from course_lib.data.rainy_camera import RainyCamera
from course_lib.models.sr import SRResNet
from course_lib.systems import sr_gan, twins
from course_lib.systems.sr_gan import SRGan
from course_lib.systems.system import System
from course_lib.systems.twins import Twins
from course_lib.training.loop import Callback

EASY = Degradation(blur=(0.4, 2.0), noise=(0.0, 3.0), quality=(75, 95))


@dataclass(frozen=True, kw_only=True)
class SmallTwinSettings:
    """How small twins are built and trained.

    Attributes:
        scale, blocks, features: see `SRResNet`; a network that is given has its own.
        crops, size: how many crops both learn from, and their side, pixels.
        batch_size: crops of a step.
        mse_steps, gan_steps: of the two trainings.
        mse_rate, gan_rate: their highest learning rates.
        losses: of the GAN.
        degradation: of the inputs.
    """

    scale: int = 4
    blocks: int = 8
    features: int = 32
    crops: int = 400
    size: int = 96
    batch_size: int = 8
    mse_steps: int = 400
    gan_steps: int = 200
    mse_rate: float = 2e-3
    gan_rate: float = 3e-4
    losses: SRGan = field(default_factory=lambda: SRGan(features=0.3, adversarial=0.07))
    degradation: Degrade = EASY


# For a derainer, which begins as a trained network.
DERAINER = SmallTwinSettings(
    scale=1,
    crops=200,
    mse_steps=200,
    gan_steps=300,
    mse_rate=1e-3,
    gan_rate=1e-3,
    losses=SRGan(features=0.5, adversarial=0.2),
    degradation=RainyCamera(),
)


@dataclass(frozen=True, kw_only=True)
class LearnedCrops:
    """What both networks learn from: inputs N×3×h×w and targets N×3×sh×sw in [0, 1]."""

    inputs: torch.Tensor
    targets: torch.Tensor


def crops(
    photographs: Mapping[str, np.ndarray], settings: SmallTwinSettings, seed: int
) -> LearnedCrops:
    """Draw the crops of photographs, name → uint8 H×W×3, and degrade them."""
    low, high = twins.degraded_crops(
        photographs, settings.crops, seed, size=settings.size, how=settings.degradation
    )
    return LearnedCrops(inputs=twins.unit_tensor(low), targets=twins.unit_tensor(high))


def network(settings: SmallTwinSettings) -> SRResNet:
    """A fresh network of either twin."""
    return SRResNet(settings.scale, settings.blocks, settings.features)


def mse_system(
    learn: LearnedCrops, settings: SmallTwinSettings, seed: int, start: nn.Module | None = None
) -> System:
    """An MSE twin and its training; it begins as a copy of ``start``, or as a fresh network."""
    torch.manual_seed(seed)
    return twins.set_up(
        network(settings) if start is None else copy.deepcopy(start),
        learn.inputs,
        learn.targets,
        steps=settings.mse_steps,
        seed=seed,
        rate=settings.mse_rate,
        batch_size=settings.batch_size,
    )


def gan_system(
    mse: nn.Module, learn: LearnedCrops, settings: SmallTwinSettings, seed: int
) -> System:
    """A GAN that begins as the trained MSE twin, which stays as it is, and its training."""
    return sr_gan.set_up(
        copy.deepcopy(mse),
        learn.inputs,
        learn.targets,
        settings.losses,
        steps=settings.gan_steps,
        seed=seed,
        rate=settings.gan_rate,
        batch_size=settings.batch_size,
    )


def train(
    photographs: Mapping[str, np.ndarray],
    settings: SmallTwinSettings,
    seed: int = 0,
    *,
    start: nn.Module | None = None,
    callbacks: Sequence[Callback] = (),
) -> Twins:
    """Train an MSE twin, and a GAN from it.

    Args:
        photographs: name → uint8 H×W×3, to learn from.
        settings: of both trainings.
        seed: of the crops and the initial weights.
        start: inputs → pictures, N×3×H×W in [0, 1] each; the MSE twin begins as a copy of it. None
            takes a fresh `SRResNet`.
        callbacks: of both trainings.
    """
    learn = crops(photographs, settings, seed)
    first = mse_system(learn, settings, seed, start)
    first.train(callbacks)
    second = gan_system(first.generator, learn, settings, seed)
    second.train(callbacks)
    return Twins(
        shared=nn.Identity(),
        gan=second.generator.eval(),
        mse=first.generator.eval(),
        scale=settings.scale,
        discriminator=second.discriminator,
    )
