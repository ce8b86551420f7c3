"""GRASPP-GAN, lesson 04: an atrous network with a loss on gradients, and D from epoch 3 on.

Source: Wang et al., *Gradient information guided deraining*. The paper profile plays as §4.1 says;
the others have four scenes of each photograph, recoloured crops, no norm in D, and one learning
rate for both players, which falls in a straight line.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

import torch
from torch import nn
from torch.utils.data import Dataset

from course_lib.data.augment import MergedCrops, more_scenes
from course_lib.data.crops import CropDataset, held_out_batch, make_loader
from course_lib.data.pair import Batch
from course_lib.data.recolour import RecolouredCrops
from course_lib.losses import adversarial_loss, gradient_loss
from course_lib.models.graspp import ASPP, RASPP, Output, RainDiscriminator
from course_lib.profiles import Profile, pick
from course_lib.systems.system import System, adam, seed_photos
from course_lib.training.graspp import Graspp, LossWeights, generator_first
from course_lib.training.loop import Step, generator_only
from course_lib.training.rates import PlateauDecay, linear_decay

REVISION = 2  # one more with each change that alters the bits of a training run
LEARNING_RATE = 1e-3  # of both players; §4.1 has it for G
PRINTED_RATE_D = 0.1  # §4.1
BETAS = (0.9, 0.999)  # of Adam; the paper names none
ALONE = 2  # epochs of the generator's own (§4.1)
PATIENCE = 1  # epochs without a better loss that are let pass; with 0, noise stops the training
STREAKS = ("light", "heavy", "wide")  # like Rain-I, Rain-II and Rain-III in character
VIEW = 96  # side of the crops to measure on, pixels
HELD_OUT = 24  # crops of each kind of rain to measure on

# On Rain800, see `data_scripts/train_real.py`.
RAIN800 = replace(
    pick("04", "cpu"),
    name="rain800",
    image_size=48,
    batch_size=8,
    base_channels=24,
    steps=20000,
    epochs=20,
    workers=0,
)
RAIN800_OWN_RAIN_STEPS = 14000  # with the course's rain on half of its crops


@dataclass(frozen=True, kw_only=True)
class GrasppSettings:
    """What may be changed; as it stands, GRASPP-GAN as lesson 04 trains it.

    Attributes:
        rain: what falls on the training crops, one of `course_lib.data.rain.KINDS`, or
            ``"all"``: light, heavy and wide streaks, each as likely.
        weights: of the three losses; with β = 0 there is no discriminator.
        output: see `RASPP`.
        rate_d: the discriminator's learning rate; the generator's unless given, but the printed
            0.1 at the paper profile.
        plateau: rates fall by the paper's rule, as they do at the paper profile; else in a straight
            line from the middle of the run on.
        epoch: steps of an epoch, after which the rule looks; the profile's unless given.
    """

    rain: str = "light"
    weights: LossWeights = field(default_factory=LossWeights)
    output: Output = "residual"
    rate_d: float | None = None
    plateau: bool = False
    epoch: int | None = None


def set_up(
    profile: Profile,
    seed: int,
    settings: GrasppSettings | None = None,
    *,
    aspp: Callable[..., nn.Module] = ASPP,
    gradient: Callable[..., torch.Tensor] = gradient_loss,
    adversarial: Callable[[torch.Tensor], torch.Tensor] = adversarial_loss,
    d_step: Step | None = None,
    g_step: Step | None = None,
    dataset: Dataset[Batch] | None = None,
) -> System:
    """GRASPP-GAN at one profile.

    Args:
        profile: of lesson 04: steps, epochs, batches, size of the crops, width of the networks.
        seed: of the photographs, the crops and the initial weights.
        settings: lesson 04's unless given.
        aspp: see `RASPP`.
        gradient, adversarial: losses, see `Graspp`.
        d_step, g_step: in place of those of `Graspp`.
        dataset: to train on; the settings' rain on the seed's photographs unless given.
    """
    how = settings or GrasppSettings()
    paper = profile.name == "paper"
    generator, discriminator = networks(profile, seed, how, aspp=aspp)
    rate_d = PRINTED_RATE_D if paper else LEARNING_RATE
    optimizer_g = adam(generator, LEARNING_RATE, BETAS)
    optimizer_d = adam(discriminator, rate_d if how.rate_d is None else how.rate_d, BETAS)
    both = optimizer_g, optimizer_d
    epoch = max(1, profile.steps // profile.epochs)
    alone = ALONE * epoch if how.weights.beta else 0  # steps
    steps = Graspp(weights=how.weights, gradient=gradient, adversarial=adversarial)
    plateau = how.plateau or paper
    return System(
        seed=seed,
        generator=generator,
        discriminator=discriminator,
        loader=make_loader(
            dataset or training_crops(profile, seed, how.rain),
            batch_size=profile.batch_size,
            steps=profile.steps,
            workers=profile.workers,
        ),
        optimizer_g=optimizer_g,
        optimizer_d=optimizer_d,
        d_step=d_step or steps.d_step,
        g_step=g_step or steps.g_step,
        schedule=partial(generator_first, alone=alone) if how.weights.beta else generator_only,
        schedulers=[] if plateau else [linear_decay(one, profile.steps) for one in both],
        callbacks=[PlateauDecay(both, epoch=how.epoch or epoch, patience=PATIENCE, begin=alone)]
        if plateau
        else [],
    )


def networks(
    profile: Profile,
    seed: int,
    settings: GrasppSettings | None = None,
    *,
    aspp: Callable[..., nn.Module] = ASPP,
) -> tuple[RASPP, RainDiscriminator]:
    """Fresh networks of a profile's width, at the paper profile of the paper's widths."""
    how = settings or GrasppSettings()
    paper, c = profile.name == "paper", profile.base_channels
    torch.manual_seed(seed)
    return (
        RASPP(
            width=c,
            stages=(c, 2 * c, 4 * c, 8 * c) if paper else None,
            output=how.output,
            aspp=aspp,
        ),
        RainDiscriminator(base_channels=c, norm=nn.BatchNorm2d if paper else None),
    )


def training_crops(
    profile: Profile, seed: int, rain: str = "light", *, size: int | None = None
) -> Dataset[Batch]:
    """Rain on crops of the seed's training photographs.

    Args:
        rain: see `GrasppSettings`.
        size: side of the crops, pixels; the profile's unless given.
    """
    split, photos = seed_photos(profile, seed)
    paper = profile.name == "paper"
    scenes = {name: photos[name] for name in split.train}
    crops = [
        CropDataset(
            scenes if paper else more_scenes(scenes),
            kind,
            size or profile.image_size,
            seed,
            scale=1 / profile.shrink,
        )
        for kind in (STREAKS if rain == "all" else (rain,))
    ]
    merged = MergedCrops(crops, seed) if len(crops) > 1 else crops[0]
    return merged if paper else RecolouredCrops(merged, seed)


def held_out_rain(profile: Profile, seed: int, kind: str, *, count: int = HELD_OUT) -> Batch:
    """Crops of the seed's test photographs under one kind of rain."""
    split, photos = seed_photos(profile, seed)
    return held_out_batch(
        {name: photos[name] for name in split.test},
        kind,
        max(VIEW, profile.image_size),
        seed,
        count=count,
        scale=1 / profile.shrink,
    )
