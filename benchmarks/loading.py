"""Share of training time that is spent waiting for data, at the settings of lesson 01.

The loop of the lesson, with a clock around the loader: what a step waits for its batch, over
what the step takes as a whole. The course aims below 5 %.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator

import torch

from course_lib.data.crops import CropDataset, make_loader
from course_lib.data.pair import Batch
from course_lib.data.photos import load_photo, photo_split, shrink
from course_lib.models.baseline import BaselineGenerator, baseline_discriminator
from course_lib.profiles import pick
from course_lib.training.loop import train


class Clocked:
    """A loader, and how long its user has waited for it."""

    def __init__(self, batches: list[Batch] | Iterator[Batch]) -> None:
        self._batches = iter(batches)
        self.waited = 0.0

    def __iter__(self) -> Iterator[Batch]:
        return self

    def __next__(self) -> Batch:
        start = time.perf_counter()
        try:
            return next(self._batches)
        finally:
            self.waited += time.perf_counter() - start


def share_waited(kind: str, profile: str, steps: int) -> tuple[float, float]:
    """Waiting over all time, and seconds a step; the canvases are drawn before the clock starts."""
    settings = pick("01", profile)
    torch.set_num_threads(settings.threads)
    photos = {n: shrink(load_photo(n), settings.shrink) for n in photo_split(0).train}
    dataset = CropDataset(photos, kind, settings.image_size, seed=0, scale=1 / settings.shrink)
    for n in range(200):
        dataset[n]
    generator = BaselineGenerator(size=settings.image_size, base_channels=settings.base_channels)
    discriminator = baseline_discriminator(base_channels=settings.base_channels)
    loader = make_loader(
        dataset, batch_size=settings.batch_size, steps=steps, workers=settings.workers
    )
    clocked = Clocked(iter(loader))
    start = time.perf_counter()
    train(
        generator,
        discriminator,
        clocked,
        optimizer_g=torch.optim.Adam(generator.parameters(), 2e-4),
        optimizer_d=torch.optim.Adam(discriminator.parameters(), 2e-4),
        seed=0,
    )
    total = time.perf_counter() - start
    return clocked.waited / total, total / steps


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", default="cpu")
    parser.add_argument("--steps", type=int, default=100)
    arguments = parser.parse_args()
    for kind in ("light", "heavy", "drops", "haze"):
        share, seconds = share_waited(kind, arguments.profile, arguments.steps)
        print(f"{kind:8} waiting {share:6.1%} of the time, {1000 * seconds:.0f} ms a step")


if __name__ == "__main__":
    main()
