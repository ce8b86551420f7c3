"""What the games of all lessons have in common: photographs, crops, and a record of the play."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch import nn
from torch.utils.data import Dataset

from course_lib.data.crops import StepLoader, held_out_batch
from course_lib.data.pair import Batch
from course_lib.data.photos import Split, load_photo, photo_split, shrink
from course_lib.metrics import psnr
from course_lib.profiles import Profile
from course_lib.ranges import from_model
from course_lib.training.checkpoints import Record

HELD_OUT = 32  # crops to measure on
CROPS = 4  # of them, shown in recorded runs
FRAMES = 20  # of a recorded run, beside the first


@dataclass(frozen=True, kw_only=True)
class Game:
    """One seed's data and fresh networks, as a lesson makes them."""

    dataset: Dataset[Batch]
    loader: StepLoader
    held_out: Batch
    generator: nn.Module
    discriminator: nn.Module


@dataclass(frozen=True, kw_only=True)
class Played:
    """A game after training."""

    game: Game
    history: list[Record]
    frames: list[tuple[int, np.ndarray]]


def seed_photos(profile: Profile, seed: int) -> tuple[Split, dict[str, np.ndarray]]:
    """The names of a seed's photographs in each part, and all of them at the profile's size."""
    split = photo_split(seed)
    names = (*split.train, *split.validation, *split.test)
    return split, {name: shrink(load_photo(name), profile.shrink) for name in names}


def held_out_drops(profile: Profile, seed: int) -> Batch:
    """Crops of the seed's test photographs under drops, the same in all lessons."""
    split, photos = seed_photos(profile, seed)
    return held_out_batch(
        {name: photos[name] for name in split.test},
        "drops",
        profile.image_size,
        seed,
        count=HELD_OUT,
        scale=1 / profile.shrink,
    )


def rainy_psnr(held_out: Batch) -> float:
    """The PSNR of doing nothing, dB."""
    rainy, clean = from_model(held_out.rainy), from_model(held_out.clean)
    return float(np.mean([psnr(x, y) for x, y in zip(rainy, clean, strict=True)]))
