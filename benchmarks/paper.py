"""The paper profile of lesson 01, proven by one step of it: seconds, memory, extrapolated cost.

One full step, both players, at the profile's picture size, batch and width, on this machine, and
one of L1 alone. The whole lesson is as many steps of each, and a head start. The gpu profile has
the same pictures, batch and width, and fewer steps.
"""

from __future__ import annotations

import time

import torch

from course_lib import usage
from course_lib.data.crops import CropDataset, make_loader
from course_lib.data.photos import load_photo, photo_split
from course_lib.experiments.lesson_01 import l1_step, no_step
from course_lib.models.baseline import BaselineGenerator, baseline_discriminator
from course_lib.profiles import pick
from course_lib.training.checkpoints import Record
from course_lib.training.loop import Step, make_fabric, train
from course_lib.training.steps import discriminator_step, generator_step


def main() -> None:
    settings = pick("01", "paper")
    torch.set_num_threads(settings.threads)
    photos = {name: load_photo(name) for name in photo_split(0).train}
    dataset = CropDataset(photos, "drops", settings.image_size, seed=0)
    generator = BaselineGenerator(size=settings.image_size, base_channels=settings.base_channels)
    discriminator = baseline_discriminator(base_channels=settings.base_channels)
    fabric = make_fabric()
    start = time.perf_counter()
    batches = list(make_loader(dataset, batch_size=settings.batch_size, steps=1))
    loaded = time.perf_counter()

    def one_step(d_step: Step, g_step: Step) -> tuple[float, Record]:
        """Seconds of one step, and its record."""
        start = time.perf_counter()
        (record,) = train(
            generator,
            discriminator,
            batches,
            optimizer_g=torch.optim.Adam(generator.parameters(), 2e-4),
            optimizer_d=torch.optim.Adam(discriminator.parameters(), 2e-4),
            seed=0,
            d_step=d_step,
            g_step=g_step,
            fabric=fabric,
        )
        return time.perf_counter() - start, record

    step, record = one_step(discriminator_step, generator_step)
    print(f"first batch with its canvases: {loaded - start:.1f} s")
    print(f"one step on {fabric.device}: {step:.1f} s, losses {record['loss_d']:.3f} (D), ", end="")
    print(f"{record['loss_g']:.3f} (G); peak memory {usage.measure().memory_mb / 1000:.1f} GB")
    l1, _ = one_step(no_step, l1_step)
    print(f"one step of L1 alone: {l1:.1f} s")
    for name in ("gpu", "paper"):
        hours = pick("01", name).steps * (step + l1) / 3600
        print(f"the lesson at profile {name}: about {hours:.0f} hours here")


if __name__ == "__main__":
    main()
