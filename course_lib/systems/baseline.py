"""The baseline GAN, lesson 01: an encoder and decoder against an encoder with one logit.

Source: "Deraining water drops with GAN", Experiment 1.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.utils.data import Dataset

from course_lib.data.crops import CropDataset, make_loader
from course_lib.data.pair import Batch
from course_lib.models.baseline import BaselineGenerator, Encoder, baseline_discriminator
from course_lib.models.pix2pix import PatchDiscriminator
from course_lib.profiles import Profile
from course_lib.systems.system import System, no_step, seed_photos
from course_lib.training.loop import Step
from course_lib.training.steps import discriminator_step, generator_step

REVISION = 1  # one more with each change that alters the bits of a training run
LEARNING_RATE = 2e-4  # of both players; the report's Models section has 1e-3
BETAS = (0.9, 0.999)  # of Adam
HEAD_START_STEPS = 200  # in which D learns alone
HEAD_START_RATE = 1e-3  # of that D, so that it is far ahead soon


def set_up(
    profile: Profile,
    seed: int,
    *,
    d_step: Step = discriminator_step,
    g_step: Step = generator_step,
    learning_rate: float | None = None,
    patches: Profile | None = None,
    dataset: Dataset[Batch] | None = None,
) -> System:
    """The baseline GAN at one profile.

    Args:
        profile: of lesson 01: steps, batches, size of the crops, width of the networks.
        seed: of the photographs, the crops and the initial weights.
        d_step, g_step: of the two players.
        learning_rate: of both; `LEARNING_RATE` unless given.
        patches: lesson 02's profile, if D shall judge patches of a picture as it does there.
        dataset: to train on; drops on the seed's photographs unless given.
    """
    rate = LEARNING_RATE if learning_rate is None else learning_rate
    generator, discriminator = networks(profile, seed, patches=patches)
    return System(
        seed=seed,
        generator=generator,
        discriminator=discriminator,
        loader=make_loader(
            dataset or training_crops(profile, seed),
            batch_size=profile.batch_size,
            steps=profile.steps,
            workers=profile.workers,
        ),
        optimizer_g=torch.optim.Adam(generator.parameters(), rate, BETAS),
        optimizer_d=torch.optim.Adam(discriminator.parameters(), rate, BETAS),
        d_step=d_step,
        g_step=g_step,
    )


def head_start(profile: Profile, seed: int, *, d_step: Step = discriminator_step) -> System:
    """The same GAN, in which only the discriminator learns, for a short time and fast."""
    generator, discriminator = networks(profile, seed)
    return System(
        seed=seed,
        generator=generator,
        discriminator=discriminator,
        loader=make_loader(
            training_crops(profile, seed),
            batch_size=profile.batch_size,
            steps=min(HEAD_START_STEPS, profile.steps),
        ),
        optimizer_g=torch.optim.Adam(generator.parameters(), HEAD_START_RATE, BETAS),
        optimizer_d=torch.optim.Adam(discriminator.parameters(), HEAD_START_RATE, BETAS),
        d_step=d_step,
        g_step=no_step,
    )


def networks(
    profile: Profile, seed: int, *, patches: Profile | None = None
) -> tuple[BaselineGenerator, Encoder | PatchDiscriminator]:
    """Fresh networks of a profile's width; for `patches` see `set_up`."""
    torch.manual_seed(seed)
    generator = BaselineGenerator(size=profile.image_size, base_channels=profile.base_channels)
    discriminator: Encoder | PatchDiscriminator
    if patches is None:
        discriminator = baseline_discriminator(base_channels=profile.base_channels)
    else:
        torch.manual_seed(seed)
        discriminator = PatchDiscriminator(
            in_channels=3, base_channels=patches.base_channels, n_layers=patches.patch_layers
        )
    for network in (generator, discriminator):  # faster with small kernels on large pictures
        nn.utils.convert_conv2d_weight_memory_format(network, torch.channels_last)
    return generator, discriminator


def training_crops(profile: Profile, seed: int) -> CropDataset:
    """Drops on crops of the seed's training photographs."""
    split, photos = seed_photos(profile, seed)
    return CropDataset(
        {name: photos[name] for name in split.train},
        "drops",
        profile.image_size,
        seed,
        scale=1 / profile.shrink,
    )


def l1_step(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: torch.optim.Optimizer
) -> torch.Tensor:
    """G's step without an adversary: the mean absolute difference from the truth."""
    optimizer.zero_grad()
    loss = (generator(batch.rainy) - batch.clean).abs().mean()
    loss.backward()
    optimizer.step()
    return loss.detach()
