"""Small twins for super-resolution, trained in minutes: for machines without Real-ESRGAN's weights.

The MSE twin comes first and the GAN from it, as DeSRA describes (§3).
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import nn

from course_lib.data.degradations import Degradation
from course_lib.models.sr import SRResNet
from course_lib.systems import sr_gan, twins
from course_lib.systems.sr_gan import SRGan
from course_lib.systems.twins import Twins
from course_lib.training.loop import Callback

EASY = Degradation(scale=2, blur=(0.4, 1.6), noise=(0.0, 3.0), quality=(75, 95))


@dataclass(frozen=True, kw_only=True)
class SmallSRSettings:
    """How small twins are built and trained.

    Attributes:
        scale, blocks, features: see `SRResNet`.
        crops, size: how many crops both learn from, and their side, pixels.
        batch_size: crops of a step.
        mse_steps, gan_steps: of the two trainings.
        mse_rate, gan_rate: their highest learning rates.
        losses: of the GAN.
        degradation: of the small pictures.
    """

    scale: int = 2
    blocks: int = 6
    features: int = 32
    crops: int = 200
    size: int = 64
    batch_size: int = 8
    mse_steps: int = 300
    gan_steps: int = 300
    mse_rate: float = 3e-3
    gan_rate: float = 1e-3
    losses: SRGan = field(default_factory=lambda: SRGan(pixels=0.1, adversarial=0.1))
    degradation: Degradation = EASY


def train(
    photographs: Mapping[str, np.ndarray],
    settings: SmallSRSettings,
    seed: int = 0,
    *,
    callbacks: Sequence[Callback] = (),
) -> Twins:
    """Train an MSE twin, and a GAN from it.

    Args:
        photographs: name → uint8 H×W×3, to learn from.
        settings: of both trainings.
        seed: of the crops and the initial weights.
        callbacks: of both trainings.
    """
    low, high = twins.degraded_crops(
        photographs, settings.crops, seed, size=settings.size, how=settings.degradation
    )
    inputs, targets = twins.unit_tensor(low), twins.unit_tensor(high)
    torch.manual_seed(seed)
    mse = SRResNet(settings.scale, settings.blocks, settings.features)
    twins.set_up(
        mse,
        inputs,
        targets,
        steps=settings.mse_steps,
        seed=seed,
        rate=settings.mse_rate,
        batch_size=settings.batch_size,
    ).train(callbacks)
    gan = copy.deepcopy(mse)
    sr_gan.set_up(
        gan,
        inputs,
        targets,
        settings.losses,
        steps=settings.gan_steps,
        seed=seed,
        rate=settings.gan_rate,
        batch_size=settings.batch_size,
    ).train(callbacks)
    return Twins(shared=nn.Identity(), gan=gan.eval(), mse=mse.eval(), scale=settings.scale)
