"""A GAN that removes streaks, made from the network of `course restore`, which is its MSE twin."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from torch import nn

from course_lib.data.crops import make_loader
from course_lib.systems import restorer, sr_gan
from course_lib.systems.restorer import STREAKS, RestorerSettings
from course_lib.systems.sr_gan import SRGan
from course_lib.systems.system import System


@dataclass(frozen=True, kw_only=True)
class DerainGANSettings:
    """How the MSE twin becomes a GAN.

    Attributes:
        crops: the rain and the crops, as the MSE twin had them.
        steps, batch_size, rate: of the training.
        losses: weights of the terms of eq. 2 of DeSRA.
    """

    crops: RestorerSettings = STREAKS
    steps: int = 400
    batch_size: int = 8
    rate: float = 2e-4
    losses: SRGan = field(
        default_factory=lambda: SRGan(pixels=0.1, adversarial=0.1, in_unit_range=False)
    )


def set_up(
    mse: nn.Module,
    photographs: Mapping[str, np.ndarray],
    settings: DerainGANSettings | None = None,
    seed: int = 0,
) -> System:
    """Set up the training of a GAN that begins as a copy of its MSE twin.

    Args:
        mse: N×3×H×W in [−1, 1] → the same, such as the network for streaks; it isn't changed.
        photographs: name → uint8 H×W×3, to learn from.
        settings: None takes the defaults.
        seed: of the crops and of the discriminator.

    Returns:
        The system; its generator becomes the GAN twin.
    """
    settings = settings or DerainGANSettings()
    crops = restorer.training_crops(photographs, settings.crops, seed)
    loader = make_loader(crops, batch_size=settings.batch_size, steps=settings.steps)
    gan = copy.deepcopy(mse)
    return sr_gan.against_discriminator(gan, loader, settings.losses, seed=seed, rate=settings.rate)
