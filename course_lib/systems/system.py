"""A system that is ready to be trained, and what recipes share: photographs and Adam."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from course_lib.data.crops import StepLoader, held_out_batch
from course_lib.data.pair import Batch
from course_lib.data.photos import Split, load_photo, photo_split, shrink
from course_lib.profiles import Profile
from course_lib.training.checkpoints import Record
from course_lib.training.loop import Callback, Schedule, Step, every_step, generator_only, train
from course_lib.training.rates import warm_up_then_decay
from course_lib.training.run import Run

if TYPE_CHECKING:
    from lightning_fabric import Fabric

HELD_OUT = 32  # crops under drops to measure on
BETAS = (0.9, 0.999)  # of Adam, where a network learns alone


@dataclass(frozen=True, kw_only=True)
class System:
    """Two networks and all that trains them, for one seed at one profile.

    Attributes:
        seed: of the training; data and initial weights have been drawn from it too.
        generator, discriminator: fresh.
        loader: the training batches, as many as the training has steps.
        optimizer_g, optimizer_d, d_step, g_step, schedule, schedulers: as `train` takes them.
        callbacks: that belong to the recipe, such as learning rates that fall on a plateau.
    """

    seed: int
    generator: nn.Module
    discriminator: nn.Module
    loader: Iterable[Batch]
    optimizer_g: torch.optim.Optimizer
    optimizer_d: torch.optim.Optimizer
    d_step: Step
    g_step: Step
    schedule: Schedule = every_step
    schedulers: Sequence[torch.optim.lr_scheduler.LRScheduler] = ()
    callbacks: Sequence[Callback] = ()

    def train(
        self,
        callbacks: Sequence[Callback] = (),
        *,
        run: Run | None = None,
        fabric: Fabric | None = None,
    ) -> list[Record]:
        """Train it once; callbacks, run and fabric are those of `train`, as is the result."""
        return train(
            self.generator,
            self.discriminator,
            self.loader,
            optimizer_g=self.optimizer_g,
            optimizer_d=self.optimizer_d,
            seed=self.seed,
            d_step=self.d_step,
            g_step=self.g_step,
            schedule=self.schedule,
            schedulers=self.schedulers,
            callbacks=[*callbacks, *self.callbacks],
            run=run,
            fabric=fabric,
        )


def adam(network: nn.Module, rate: float, betas: tuple[float, float]) -> torch.optim.Adam:
    """Adam in one pass over all weights, which takes a fraction of the time."""
    return torch.optim.Adam(network.parameters(), rate, betas, fused=True)


def no_step(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: torch.optim.Optimizer
) -> torch.Tensor:
    """The step of a player that doesn't learn."""
    return torch.zeros(())


def one_network(
    network: nn.Module, loader: StepLoader, rate: float, seed: int, step: Step
) -> System:
    """A system in which one network learns alone; the loop's discriminator never does.

    Args:
        network: in the generator's place.
        loader: its batches.
        rate: Adam's highest learning rate; see `warm_up_then_decay`.
        seed: of the training.
        step: of the network.
    """
    optimizer, unused = adam(network, rate, BETAS), nn.Linear(1, 1)
    return System(
        seed=seed,
        generator=network,
        discriminator=unused,
        loader=loader,
        optimizer_g=optimizer,
        optimizer_d=torch.optim.SGD(unused.parameters(), 0.0),
        d_step=no_step,
        g_step=step,
        schedule=generator_only,
        schedulers=[warm_up_then_decay(optimizer, len(loader))],
    )


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
