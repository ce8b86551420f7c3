"""Pix2Pix, lessons 02 and 03: plain, and stabilised.

Sources: Isola et al. 2016 and its released code; "Deraining water drops with GAN", Experiments 2
and 3. The paper profile trains as they do; the others have what small crops and few photographs
need: a skip from the input, instance norm in D, recoloured crops, and larger learning rates.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal

import numpy as np
import torch
from torch import nn
from torch.utils.data import Dataset

from course_lib.data.augment import Crops, MergedCrops, rainy_pairs
from course_lib.data.crops import CropDataset, PairCrops, make_loader
from course_lib.data.pair import Batch
from course_lib.data.recolour import RecolouredCrops
from course_lib.losses import contrastive_loss, flip_labels, pix2pix_loss, smooth_labels
from course_lib.models.pix2pix import PatchDiscriminator, UNetGenerator, Upsampling
from course_lib.profiles import Profile, pick
from course_lib.systems.system import System, adam, seed_photos
from course_lib.training.loop import Step, generator_only
from course_lib.training.pix2pix import Pix2Pix, Techniques
from course_lib.training.rates import linear_decay
from course_lib.training.steps import training_schedule

REVISION = 2  # one more with each change that alters the bits of a training run
DEPTH = 6  # halvings; report, Experiment 2
BETAS = (0.5, 0.999)  # of Adam; report, Models and Optimization; Isola et al., §3.3
LEARNING_RATE = 2e-4  # report, Models and Optimization; Isola et al., §3.3
SHORT_LEARNING_RATE = 1e-3  # where there are few steps
SHORT = ("smoke", "cpu")  # the profiles with few steps
FIXED_PAIRS = 40  # of the finite training set, 8 of each photograph

Data = Literal["fixed", "flips and crops", "drops", "recoloured", "merged"]


@dataclass(frozen=True, kw_only=True)
class Pix2PixSettings:
    """What may be changed; as it stands, Pix2Pix as lesson 02 trains it.

    Attributes:
        techniques: losses and labels.
        skips, input_skip, upsampling: see `UNetGenerator`; the paper profile has no input skip.
        norm_d: of the discriminator. With batch norm its verdict on unseen photographs depends
            on the batch that they come in; the paper profile has it nevertheless.
        rate_g, rate_d: learning rates, times the profile's.
        decay: whether the rates fall to 0 in the second half, as in Isola's released code.
        d_every, g_every: see `training_schedule`.
        data: what the networks see. ``"fixed"``: the same 40 crops again and again.
            ``"flips and crops"``: 8 rainy pictures of each photograph, cropped and mirrored at
            random. ``"drops"``: new drops on every crop, as the paper profile has them in place
            of ``"recoloured"``: those, in another light. ``"merged"``: recoloured crops under
            drops, light and heavy rain, and of one photograph more, the validation one.
    """

    techniques: Techniques = field(default_factory=Techniques)
    skips: bool = True
    input_skip: bool = True
    upsampling: Upsampling = "transposed"
    norm_d: Literal["instance", "batch"] = "instance"
    rate_g: float = 1.0
    rate_d: float = 1.0
    decay: bool = True
    d_every: int = 1
    g_every: int = 1
    data: Data = "recoloured"


# Report, Experiment 3: labels 0.9 and 0.1, 5 to 10 % of them flipped, rates 0.0005 and 0.0002.
SMOOTHING, FLIPS, RATE_G = 0.1, 0.1, 2.5
REPORT = Pix2PixSettings(techniques=Techniques(smoothing=SMOOTHING, flips=FLIPS), rate_g=RATE_G)
# D is still ahead with these, so it learns in every second step, at a fifth of its rate; both
# numbers were chosen on the validation photographs.
STABILISED = replace(REPORT, rate_d=0.2, d_every=2)

# On Rain800, see `data_scripts/train_real.py`.
RAIN800 = replace(
    pick("02", "cpu"), name="rain800", image_size=96, base_channels=16, steps=3000, workers=0
)
RAIN800_SETTINGS = Pix2PixSettings(
    techniques=Techniques(smoothing=SMOOTHING), norm_d="batch", decay=False
)


def stabilised(profile: Profile) -> Pix2PixSettings:
    """Lesson 03's settings; the paper profile has the report's three techniques alone."""
    return REPORT if profile.name == "paper" else STABILISED


def set_up(
    profile: Profile,
    seed: int,
    settings: Pix2PixSettings | None = None,
    *,
    loss: Callable[..., torch.Tensor] = pix2pix_loss,
    smooth: Callable[..., torch.Tensor] = smooth_labels,
    flip: Callable[..., torch.Tensor] = flip_labels,
    contrast: Callable[..., torch.Tensor] = contrastive_loss,
    schedule: Callable[..., tuple[bool, bool]] = training_schedule,
    d_step: Step | None = None,
    g_step: Step | None = None,
    dataset: Dataset[Batch] | None = None,
) -> System:
    """Pix2Pix at one profile.

    Args:
        profile: of lesson 02 or 03: steps, batches, size of the crops, width of the networks.
        seed: of the photographs, the crops and the initial weights.
        settings: lesson 02's unless given.
        loss, smooth, flip, contrast: see `Pix2Pix`.
        schedule: see `training_schedule`.
        d_step, g_step: in place of those of `Pix2Pix`.
        dataset: to train on, in place of `Pix2PixSettings.data`.
    """
    how = settings or Pix2PixSettings()
    generator, discriminator = networks(profile, seed, how)
    rate = learning_rate(profile)
    optimizer_g = adam(generator, how.rate_g * rate, BETAS)
    optimizer_d = adam(discriminator, how.rate_d * rate, BETAS)
    steps = Pix2Pix(
        techniques=how.techniques, loss=loss, smooth=smooth, flip=flip, contrast=contrast
    )
    alone = how.techniques.adversarial == "none"
    return System(
        seed=seed,
        generator=generator,
        discriminator=discriminator,
        loader=make_loader(
            dataset or training_crops(profile, seed, how.data),
            batch_size=profile.batch_size,
            steps=profile.steps,
            workers=profile.workers,
        ),
        optimizer_g=optimizer_g,
        optimizer_d=optimizer_d,
        d_step=d_step or steps.d_step,
        g_step=g_step or steps.g_step,
        schedule=generator_only
        if alone
        else partial(schedule, d_every=how.d_every, g_every=how.g_every),
        schedulers=[linear_decay(one, profile.steps) for one in (optimizer_g, optimizer_d)]
        if how.decay
        else [],
    )


def learning_rate(profile: Profile) -> float:
    """Both players' rate at a profile."""
    return SHORT_LEARNING_RATE if profile.name in SHORT else LEARNING_RATE


def networks(
    profile: Profile, seed: int, settings: Pix2PixSettings | None = None
) -> tuple[UNetGenerator, PatchDiscriminator]:
    """Fresh networks of a profile's width."""
    how = settings or Pix2PixSettings()
    paper = profile.name == "paper"
    torch.manual_seed(seed)
    generator = UNetGenerator(
        depth=DEPTH,
        base_channels=profile.base_channels,
        dropout=0,
        skips=how.skips,
        input_skip=how.input_skip and not paper,
        upsampling=how.upsampling,
    )
    discriminator = PatchDiscriminator(
        base_channels=profile.base_channels,
        n_layers=profile.patch_layers,
        norm=nn.BatchNorm2d if paper or how.norm_d == "batch" else nn.InstanceNorm2d,
    )
    return generator, discriminator


def training_crops(profile: Profile, seed: int, data: Data = "recoloured") -> Dataset[Batch]:
    """What the networks see, see `Pix2PixSettings`."""
    split, photos = seed_photos(profile, seed)
    train = {name: photos[name] for name in split.train}
    size, scale = profile.image_size, 1 / profile.shrink
    drops = CropDataset(train, "drops", size, seed, scale=scale)
    if data == "fixed":
        crops = [drops.pair(n) for n in range(FIXED_PAIRS)]
        return PairCrops(crops, size, seed, mirror=False, random_crops=False)
    if data == "flips and crops":
        pairs = rainy_pairs(train, "drops", seed, count=FIXED_PAIRS, scale=scale)
        return PairCrops(pairs, size, seed)
    if data == "drops" or (data == "recoloured" and profile.name == "paper"):
        return drops
    if data == "recoloured":
        return RecolouredCrops(drops, seed)
    everything: dict[str, np.ndarray] = train | {name: photos[name] for name in split.validation}
    parts: list[Crops] = [
        CropDataset(everything, kind, size, seed, scale=scale)
        for kind in ("drops", "light", "heavy")
    ]
    return RecolouredCrops(MergedCrops(parts, seed, weights=(2, 1, 1)), seed)
