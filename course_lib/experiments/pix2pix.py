"""Pix2Pix games as lessons 02 and 03 play them; what they compare is a `Variant`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Literal

import numpy as np
import torch
from torch import nn
from torch.utils.data import Dataset

from course_lib.data.augment import Crops, MergedCrops, rainy_pairs
from course_lib.data.crops import CropDataset, PairCrops, held_out_batch, make_loader
from course_lib.data.pair import Batch
from course_lib.data.recolour import RecolouredCrops
from course_lib.experiments.games import (
    CROPS,
    FRAMES,
    HELD_OUT,
    Game,
    Played,
    held_out_drops,
    rainy_psnr,
    seed_photos,
)
from course_lib.metrics import discriminator_accuracy
from course_lib.models.pix2pix import PatchDiscriminator, UNetGenerator, Upsampling
from course_lib.profiles import Profile
from course_lib.training.checkpoints import Record
from course_lib.training.loop import Schedule, Step, generator_only, train
from course_lib.training.observers import Monitor, Samples, judge, measure, restore
from course_lib.training.pix2pix import Pix2Pix, Techniques
from course_lib.training.rates import linear_decay
from course_lib.training.steps import training_schedule

SEEDS = (0, 1, 2, 3, 4)
BETAS = (0.5, 0.999)  # report, Models and Optimization; Isola et al. 2016, §3.3
FIXED_PAIRS = 40  # of the finite training set, 8 of each photograph

Data = Literal["fixed", "flips and crops", "drops", "recoloured", "merged"]


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One way to play; as it stands, Pix2Pix as lesson 02 plays it.

    Attributes:
        techniques: losses and labels.
        skips, input_skip, upsampling: see `UNetGenerator`.
        rate_g, rate_d: learning rates, times the profile's.
        d_every, g_every: see `training_schedule`.
        data: what the networks see. ``"fixed"``: the same 40 crops again and again.
            ``"flips and crops"``: 8 rainy pictures of each photograph, cropped and mirrored at
            random. ``"drops"``: new drops on every crop. ``"recoloured"``: those, in another
            light. ``"merged"``: recoloured crops under drops, light and heavy rain, and of one
            photograph more, the validation one.
    """

    techniques: Techniques = field(default_factory=Techniques)
    skips: bool = True
    input_skip: bool = True
    upsampling: Upsampling = "transposed"
    rate_g: float = 1.0
    rate_d: float = 1.0
    d_every: int = 1
    g_every: int = 1
    data: Data = "recoloured"

    @property
    def schedule(self) -> Schedule:
        """Who learns when; without an adversary, the generator alone."""
        if self.techniques.adversarial == "none":
            return generator_only
        return partial(training_schedule, d_every=self.d_every, g_every=self.g_every)


def set_up(profile: Profile, seed: int, variant: Variant | None = None) -> Game:
    """Photographs, crops and networks for a seed."""
    how = variant or Variant()
    paper = profile.name == "paper"  # plays as the texts do, without the lessons' additions
    split, photos = seed_photos(profile, seed)
    dataset = _dataset(
        "drops" if paper and how.data == "recoloured" else how.data,
        {name: photos[name] for name in split.train},
        {name: photos[name] for name in split.validation},
        profile,
        seed,
    )
    torch.manual_seed(seed)
    generator, discriminator = networks(profile, how)
    return Game(
        dataset=dataset,
        loader=make_loader(
            dataset,
            batch_size=profile.batch_size,
            steps=profile.steps,
            workers=profile.workers,
        ),
        held_out=held_out_drops(profile, seed),
        generator=generator,
        discriminator=discriminator,
    )


def networks(
    profile: Profile, variant: Variant | None = None
) -> tuple[UNetGenerator, PatchDiscriminator]:
    """Fresh networks of a profile's widths, weights drawn from torch's global generator."""
    how = variant or Variant()
    paper = profile.name == "paper"
    generator = UNetGenerator(
        depth=6,
        base_channels=profile.base_channels,
        dropout=0,
        skips=how.skips,
        input_skip=how.input_skip and not paper,
        upsampling=how.upsampling,
    )
    discriminator = PatchDiscriminator(
        base_channels=profile.base_channels,
        n_layers=profile.patch_layers,
        # With batch norm D's verdict on unseen photographs hangs on the batch they come in.
        norm=nn.BatchNorm2d if paper else nn.InstanceNorm2d,
    )
    return generator, discriminator


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
    steps = Pix2Pix(techniques=how.techniques)
    samples = Samples(
        game.generator, game.held_out.rainy[:CROPS], every=max(1, profile.steps // FRAMES)
    )
    optimizers = [
        torch.optim.Adam(network.parameters(), rate * profile.learning_rate, BETAS, fused=True)
        for network, rate in ((game.generator, how.rate_g), (game.discriminator, how.rate_d))
    ]
    history = train(
        game.generator,
        game.discriminator,
        game.loader,
        optimizer_g=optimizers[0],
        optimizer_d=optimizers[1],
        seed=seed,
        d_step=d_step or steps.d_step,
        g_step=g_step or steps.g_step,
        schedule=how.schedule,
        schedulers=[linear_decay(optimizer, profile.steps) for optimizer in optimizers],
        callbacks=[
            Monitor(game.generator, game.discriminator, game.held_out, every=profile.log_every),
            SeenAccuracy(game, profile, seed),
            samples,
        ],
    )
    return Played(game=game, history=history, frames=samples.frames)


@cache
def first_game(profile: Profile, variant: Variant) -> Played:
    """The game of seed 0; a row, a recording and weights that show it share one training."""
    return play(profile, 0, variant)


def any_game(profile: Profile, seed: int, variant: Variant) -> Played:
    """The game of any seed, where nothing is changed but what a `Variant` changes."""
    return play(profile, seed, variant) if seed else first_game(profile, variant)


class SeenAccuracy:
    """Adds D's accuracy on new crops of the photographs that it trains on, as ``accuracy_seen``.

    Beside the accuracy on held-out photographs it tells what D has learnt by heart.
    """

    def __init__(self, game: Game, profile: Profile, seed: int) -> None:
        split, photos = seed_photos(profile, seed)
        self.game, self.every = game, profile.log_every
        self.crops = held_out_batch(
            {name: photos[name] for name in split.train},
            "drops",
            profile.image_size,
            seed,
            count=HELD_OUT,
            scale=1 / profile.shrink,
        )

    def __call__(self, record: Record) -> None:
        """Measure, if it is time."""
        if record["step"] % self.every == 0:
            discriminator, rainy = self.game.discriminator, self.crops.rainy
            restored = restore(self.game.generator, rainy)
            record["accuracy_seen"] = discriminator_accuracy(
                judge(discriminator, self.crops.clean, rainy),
                judge(discriminator, restored, rainy),
            )


def last_quarter(history: Sequence[Record], key: str) -> float:
    """The mean of what was measured in the last quarter of the steps."""
    begin = 0.75 * history[-1]["step"]
    return float(np.mean([r[key] for r in history if r["step"] > begin and key in r]))


def end(played: Played) -> dict[str, float]:
    """How a game has ended: quality on held-out crops, and how fair its last quarter was."""
    now = measure(played.game.generator, played.game.discriminator, played.game.held_out)
    history = played.history
    learnt = any("loss_d" in record for record in history)
    return {
        "psnr_rainy": rainy_psnr(played.game.held_out),
        "psnr": now["psnr"],
        "ssim": now["ssim"],
        "detail": 100 * now["detail"],
        "loss_g": last_quarter(history, "loss_g"),
        "loss_d": last_quarter(history, "loss_d") if learnt else 0.0,
        "accuracy_d": 100 * last_quarter(history, "accuracy_d"),
        "accuracy_seen": 100 * last_quarter(history, "accuracy_seen"),
    }


def _dataset(
    data: Data,
    photos: dict[str, np.ndarray],
    validation: dict[str, np.ndarray],
    profile: Profile,
    seed: int,
) -> Dataset[Batch]:
    size, scale = profile.image_size, 1 / profile.shrink
    drops = CropDataset(photos, "drops", size, seed, scale=scale)
    if data == "fixed":
        crops = [drops.pair(n) for n in range(FIXED_PAIRS)]
        return PairCrops(crops, size, seed, mirror=False, random_crops=False)
    if data == "flips and crops":
        pairs = rainy_pairs(photos, "drops", seed, count=FIXED_PAIRS, scale=scale)
        return PairCrops(pairs, size, seed)
    if data == "drops":
        return drops
    if data == "recoloured":
        return RecolouredCrops(drops, seed)
    everything = photos | validation
    parts: list[Crops] = [
        CropDataset(everything, kind, size, seed, scale=scale)
        for kind in ("drops", "light", "heavy")
    ]
    return RecolouredCrops(MergedCrops(parts, seed, weights=(2, 1, 1)), seed)
