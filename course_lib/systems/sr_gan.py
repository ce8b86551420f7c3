"""A GAN that begins as its MSE twin (DeSRA, eq. 2), with LDL's loss as an option."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import nn
from torch.nn.functional import avg_pool2d, pad

from course_lib.data.crops import make_loader
from course_lib.data.pair import Batch
from course_lib.losses import discriminator_loss, generator_loss
from course_lib.models.pix2pix import PatchDiscriminator
from course_lib.systems.system import System, adam
from course_lib.systems.twins import CachedCrops
from course_lib.training.pix2pix import frozen
from course_lib.training.rates import linear_decay

BETAS = (0.9, 0.99)  # of Adam, as in Real-ESRGAN's code
RATE = 2e-4
SLOPE = 0.2  # of the discriminator's LeakyReLU
WINDOW = 7  # pixels, of LDL's local variance and of the mean in `fine_detail`


@dataclass(kw_only=True)
class SRGan:
    """The steps of both players, for `training.loop.train`: its methods `d_step` and `g_step`.

    The perceptual loss of the papers compares features of VGG, whose weights aren't available
    without a download. Here the features are those of the discriminator, which learns meanwhile
    (Wang et al. 2018, *High-resolution image synthesis and semantic manipulation with conditional
    GANs*, eq. 4). They know less of what things are, and more of how fine detail looks.

    Attributes:
        pixels, features, adversarial: λ1, λ2 and λ3 of eq. 2, 0 or more.
        artifacts: weight of `artifact_loss`, LDL's; it needs the reference.
        reference: the MSE twin; its parameters don't change.
    """

    pixels: float = 1.0
    features: float = 1.0
    adversarial: float = 0.05
    artifacts: float = 0.0
    reference: nn.Module | None = None

    def __post_init__(self) -> None:
        weights = (self.pixels, self.features, self.adversarial, self.artifacts)
        if min(weights) < 0:
            raise ValueError(f"weights of losses are 0 or more; they are {weights}")
        if self.artifacts and self.reference is None:
            raise ValueError("LDL's loss compares with a reference: give the MSE twin")

    def d_step(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        batch: Batch,
        optimizer: torch.optim.Optimizer,
    ) -> torch.Tensor:
        """One step of the discriminator: tell photographs from enlarged pictures."""
        optimizer.zero_grad()
        with torch.no_grad():
            fake = generator(batch.rainy)
        loss = discriminator_loss(
            discriminator(fine_detail(batch.clean)), discriminator(fine_detail(fake))
        )
        loss.backward()
        optimizer.step()
        return loss.detach()

    def g_step(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        batch: Batch,
        optimizer: torch.optim.Optimizer,
    ) -> torch.Tensor:
        """One step of the generator by eq. 2; returns its loss before the update."""
        optimizer.zero_grad()
        enlarged = generator(batch.rainy)
        loss = self.pixels * (enlarged - batch.clean).abs().mean()
        if self.artifacts and self.reference is not None:
            with torch.no_grad():
                steady = self.reference(batch.rainy)
            loss = loss + self.artifacts * artifact_loss(enlarged, steady, batch.clean)
        judge = cast(PatchDiscriminator, discriminator)
        with frozen(discriminator):
            fake = judge.features(fine_detail(enlarged))
            with torch.no_grad():
                real = judge.features(fine_detail(batch.clean))
            apart = [(a - b).abs().mean() for a, b in zip(fake, real, strict=True)]
            loss = loss + self.features * torch.stack(apart).mean()
            loss = loss + self.adversarial * generator_loss(judge.logit(fake[-1]))
            loss.backward()
        optimizer.step()
        return loss.detach()


def fine_detail(pictures: torch.Tensor) -> torch.Tensor:
    """What the discriminator judges: pictures N×3×H×W less the mean of 7×7 pixels, times 6.

    The twins agree in everything else. A discriminator that sees whole pictures takes hundreds of
    steps to find the difference.
    """
    mean = avg_pool2d(pictures, WINDOW, 1, WINDOW // 2, count_include_pad=False)
    return 6 * (pictures - mean)


def artifact_loss(gan: torch.Tensor, reference: torch.Tensor, clean: torch.Tensor) -> torch.Tensor:
    """LDL's loss: L1, weighted by how likely each pixel is an artifact (Liang et al. 2022, §3.2).

    The weight is the local variance of the residual in windows of 7×7, times the fifth root of
    the residual's variance in the picture, where the GAN's residual is larger than the
    reference's. LDL's reference is the mean of the GAN's weights over the last steps; here it is
    the MSE twin.

    Args:
        gan, reference, clean: N×3×H×W in [0, 1], sides of four or more.
    """
    residual, steady = ((clean - one).abs().sum(1, keepdim=True) for one in (gan, reference))
    with torch.no_grad():
        border = WINDOW // 2
        around = pad(residual, (border,) * 4, mode="reflect")
        mean = avg_pool2d(around, WINDOW, stride=1)
        square = avg_pool2d(around.square(), WINDOW, stride=1)
        count = WINDOW**2
        local = (square - mean.square()).clamp(min=0) * count / (count - 1)
        weight = residual.var((1, 2, 3), keepdim=True) ** 0.2 * local
        weight = torch.where(residual > steady, weight, 0)
    return (weight * (clean - gan).abs()).mean()


def set_up(
    generator: nn.Module,
    inputs: torch.Tensor,
    targets: torch.Tensor,
    losses: SRGan,
    *,
    steps: int,
    seed: int = 0,
    batch_size: int = 8,
    rate: float = RATE,
) -> System:
    """A generator that was trained on the mean squared error, against a fresh discriminator.

    Args:
        generator: inputs → pictures N×3×H×W in [0, 1]; it is trained in place.
        inputs, targets: see `CachedCrops`; targets are photographs in [0, 1].
        losses: weights of the terms of eq. 2.
        steps, seed, batch_size, rate: of the training; the rates fall to 0 in the second half.
    """
    torch.manual_seed(seed)
    discriminator = PatchDiscriminator(in_channels=3, base_channels=32, n_layers=2, norm=None)
    for layer in discriminator.modules():
        if isinstance(layer, nn.Conv2d):  # torch's own weights let signals fade without norms
            nn.init.kaiming_normal_(layer.weight, SLOPE)
    optimizers = [adam(one, rate, BETAS) for one in (generator, discriminator)]
    return System(
        seed=seed,
        generator=generator,
        discriminator=discriminator,
        loader=make_loader(CachedCrops(inputs, targets, seed), batch_size=batch_size, steps=steps),
        optimizer_g=optimizers[0],
        optimizer_d=optimizers[1],
        d_step=losses.d_step,
        g_step=losses.g_step,
        schedulers=[linear_decay(one, steps) for one in optimizers],
    )
