"""GRASPP-GAN's games as lesson 04 plays them, and Pix2Pix's on the same photographs."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Literal

import numpy as np
import torch
from torch import nn

from course_lib.data.augment import MergedCrops, more_scenes
from course_lib.data.crops import CropDataset, held_out_batch, make_loader
from course_lib.data.pair import Batch
from course_lib.data.recolour import RecolouredCrops
from course_lib.experiments import pix2pix
from course_lib.experiments.games import CROPS, FRAMES, Game, Played, rainy_psnr, seed_photos
from course_lib.experiments.pix2pix import last_quarter
from course_lib.losses import adversarial_loss
from course_lib.metrics import psnr, ssim
from course_lib.models.graspp import RASPP, Output, RainDiscriminator
from course_lib.profiles import Profile, pick
from course_lib.ranges import from_model
from course_lib.training.graspp import Graspp, LossWeights, generator_first
from course_lib.training.loop import Schedule, Step, every_step, generator_only, train
from course_lib.training.observers import Monitor, Samples, restore
from course_lib.training.pix2pix import Pix2Pix
from course_lib.training.rates import PlateauDecay, linear_decay

SEEDS = (0, 1, 2, 3, 4)
BETAS = (0.9, 0.999)  # of Adam; the paper names none
STREAKS = ("light", "heavy", "wide")  # like Rain-I, Rain-II and Rain-III in character
ALONE = 2  # epochs of the generator's own (§4.1)
PATIENCE = 1  # epochs without a better loss that are let pass; with 0, noise stops the training
VIEW = 96  # side of the crops to measure on, pixels
HELD_OUT = 24  # crops of each kind of rain to measure on
WATCHED = 4  # of them, while training
PRINTED_RATE_D = 0.1  # §4.1
PIX2PIX_STEPS = 2.25  # of Pix2Pix for each of GRASPP-GAN's, so that both get the same CPU time


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One way to play; as it stands, GRASPP-GAN as lesson 04 plays it.

    Attributes:
        system: ``"pix2pix"`` plays lesson 02's game instead, with lesson 02's networks and
            settings at the same profile, for as long; the rest but the rain is GRASPP-GAN's.
        rain: what falls on the training crops, one of `course_lib.data.rain.KINDS`, or
            ``"all"``: light, heavy and wide streaks, each as likely.
        weights: of the three losses; with β = 0 there is no discriminator.
        output: see `RASPP`.
        rate_d: the discriminator's learning rate; the generator's unless given, but the printed
            0.1 at the paper profile.
        adversarial: the third loss.
        plateau: rates fall by the paper's rule, as they do at the paper profile; else in a straight
            line from the middle of the run on.
        epoch: steps of an epoch, after which the rule looks; the profile's unless given.
    """

    system: Literal["graspp", "pix2pix"] = "graspp"
    rain: str = "light"
    weights: LossWeights = field(default_factory=LossWeights)
    output: Output = "residual"
    rate_d: float | None = None
    adversarial: Callable[[torch.Tensor], torch.Tensor] = adversarial_loss
    plateau: bool = False
    epoch: int | None = None


def stages(profile: Profile) -> tuple[int, ...] | None:
    """The paper's widths at its own profile, else `RASPP`'s own."""
    c = profile.base_channels
    return (c, 2 * c, 4 * c, 8 * c) if profile.name == "paper" else None


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


def set_up(profile: Profile, seed: int, variant: Variant | None = None) -> Game:
    """Photographs, crops and networks for a seed; the crops to watch are under all its rain.

    The paper profile plays as the paper does, without the lesson's additional scenes and light.
    """
    how = variant or Variant()
    split, photos = seed_photos(profile, seed)
    kinds = STREAKS if how.rain == "all" else (how.rain,)
    size = pick("02", profile.name) if how.system == "pix2pix" else profile
    paper = profile.name == "paper"
    scenes = {name: photos[name] for name in split.train}
    crops = [
        CropDataset(
            scenes if paper else more_scenes(scenes),
            kind,
            size.image_size,
            seed,
            scale=1 / profile.shrink,
        )
        for kind in kinds
    ]
    plain = MergedCrops(crops, seed) if len(crops) > 1 else crops[0]
    dataset = plain if paper else RecolouredCrops(plain, seed)
    watched = [
        held_out_rain(profile, seed, kind, count=WATCHED * len(STREAKS) // len(kinds))
        for kind in kinds
    ]
    torch.manual_seed(seed)
    generator, discriminator = _networks(profile, size, how)
    return Game(
        dataset=dataset,
        loader=make_loader(
            dataset,
            batch_size=size.batch_size,
            steps=_steps(profile, how),
            workers=profile.workers,
        ),
        held_out=Batch(*(torch.cat(parts) for parts in zip(*watched, strict=True))),
        generator=generator,
        discriminator=discriminator,
    )


def _steps(profile: Profile, how: Variant) -> int:
    longer = PIX2PIX_STEPS if how.system == "pix2pix" and profile.name != "paper" else 1
    return round(longer * profile.steps)


def _networks(profile: Profile, size: Profile, how: Variant) -> tuple[nn.Module, nn.Module]:
    if how.system == "pix2pix":
        return pix2pix.networks(size)
    return (
        RASPP(width=profile.base_channels, stages=stages(profile), output=how.output),
        RainDiscriminator(
            base_channels=profile.base_channels,
            norm=nn.BatchNorm2d if profile.name == "paper" else None,
        ),
    )


def play(
    profile: Profile,
    seed: int,
    variant: Variant | None = None,
    *,
    d_step: Step | None = None,
    g_step: Step | None = None,
) -> Played:
    """Train one game; steps may be given to put a fault into them."""
    how = variant or Variant()
    game = set_up(profile, seed, how)
    steps = _steps(profile, how)
    players = _players(how)
    samples = Samples(game.generator, shown(game.held_out.rainy), every=max(1, steps // FRAMES))
    optimizers = _optimizers(game, profile, how)
    by_plateau = how.plateau or (profile.name == "paper" and how.system == "graspp")
    plateau = [_plateau(optimizers, profile, how)] if by_plateau else []
    history = train(
        game.generator,
        game.discriminator,
        game.loader,
        optimizer_g=optimizers[0],
        optimizer_d=optimizers[1],
        seed=seed,
        d_step=d_step or players.d_step,
        g_step=g_step or players.g_step,
        schedule=_schedule(profile, how),
        schedulers=[] if plateau else [linear_decay(one, steps) for one in optimizers],
        callbacks=[
            Monitor(game.generator, game.discriminator, game.held_out, every=profile.log_every),
            samples,
            *plateau,
        ],
    )
    return Played(game=game, history=history, frames=samples.frames)


def _plateau(
    optimizers: list[torch.optim.Optimizer], profile: Profile, how: Variant
) -> PlateauDecay:
    epoch = how.epoch or _epoch(profile)
    begin = ALONE * _epoch(profile) if how.weights.beta else 0
    return PlateauDecay(optimizers, epoch=epoch, patience=PATIENCE, begin=begin)


def _epoch(profile: Profile) -> int:
    return max(1, profile.steps // profile.epochs)


def shown(crops: torch.Tensor) -> torch.Tensor:
    """Of the crops to watch as many as a recording shows, spread over the kinds of rain."""
    return crops[:: len(crops) // CROPS][:CROPS]


def _players(how: Variant) -> Graspp | Pix2Pix:
    if how.system == "pix2pix":
        return Pix2Pix()
    return Graspp(weights=how.weights, adversarial=how.adversarial)


def _schedule(profile: Profile, how: Variant) -> Schedule:
    if how.system == "pix2pix":
        return every_step
    if not how.weights.beta:
        return generator_only
    return partial(generator_first, alone=ALONE * _epoch(profile))


def _optimizers(game: Game, profile: Profile, how: Variant) -> list[torch.optim.Optimizer]:
    betas, rate = BETAS, profile.learning_rate
    rate_d = PRINTED_RATE_D if profile.name == "paper" else rate
    if how.system == "pix2pix":
        betas, rate = pix2pix.BETAS, pick("02", profile.name).learning_rate
        rate_d = rate
    rate_d = rate_d if how.rate_d is None else how.rate_d
    return [
        torch.optim.Adam(network.parameters(), rate, betas, fused=True)
        for network, rate in ((game.generator, rate), (game.discriminator, rate_d))
    ]


@cache
def first_game(profile: Profile, variant: Variant) -> tuple[Played, float]:
    """The game of seed 0 and its CPU seconds; rows, a recording and weights share it."""
    return timed(profile, 0, variant)


def any_game(profile: Profile, seed: int, variant: Variant) -> tuple[Played, float]:
    """The game of any seed, and the CPU seconds that this process spent on it."""
    return timed(profile, seed, variant) if seed else first_game(profile, variant)


def timed(profile: Profile, seed: int, variant: Variant) -> tuple[Played, float]:
    """A game and the CPU seconds of this process; workers, which make crops, don't count."""
    begun = time.process_time()
    played = play(profile, seed, variant)
    return played, time.process_time() - begun


def scores(generator: nn.Module, held_out: Batch) -> dict[str, float]:
    """PSNR of doing nothing, PSNR and SSIM of the restored pictures, means over the crops."""
    restored, clean = from_model(restore(generator, held_out.rainy)), from_model(held_out.clean)
    pairs = list(zip(restored, clean, strict=True))
    return {
        "psnr_rainy": rainy_psnr(held_out),
        "psnr": float(np.mean([psnr(x, y) for x, y in pairs])),
        "ssim": float(np.mean([ssim(x, y) for x, y in pairs])),
    }


def end(played: Played) -> dict[str, float]:
    """How fair the last quarter of a game was; accuracy 0 where no discriminator played."""
    learnt = any("loss_d" in record for record in played.history)
    return {
        "loss_g": last_quarter(played.history, "loss_g"),
        "loss_d": last_quarter(played.history, "loss_d") if learnt else 0.0,
        "accuracy_d": 100 * last_quarter(played.history, "accuracy_d") if learnt else 0.0,
    }
