"""Share of training time that is spent waiting for data: lesson 01, networks of `course restore`.

The training itself, with a clock around the loader: what a step waits for its batch, over what the
step takes as a whole. The course aims below 2 %. The first batches, for which the worker processes
start, come before the clock. The networks draw new rains all the time, in a worker process.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace

import torch

from course_lib.data.crops import CropDataset
from course_lib.data.pair import Batch
from course_lib.data.photos import load_photo, photo_split, shrink
from course_lib.profiles import pick
from course_lib.systems import baseline, restorer
from course_lib.systems.system import System

WARM_UP = 10  # steps before the clock


class Clocked:
    """A loader, and how long its user has waited for it and worked with it since the warm-up."""

    def __init__(self, batches: Iterable[Batch]) -> None:
        self.batches = batches
        self.waited, self.begun = 0.0, 0.0

    def __iter__(self) -> Iterator[Batch]:
        batches = iter(self.batches)
        for step in itertools.count(1):
            start = time.perf_counter()
            batch = next(batches, None)
            if batch is None:
                return
            if step == WARM_UP:
                self.begun = time.perf_counter()
            elif step > WARM_UP:
                self.waited += time.perf_counter() - start
            yield batch


def lesson(kind: str, profile: str, steps: int) -> System:
    """Lesson 01's baseline; the canvases are drawn before training begins."""
    settings = replace(pick("01", profile), steps=WARM_UP + steps)
    torch.set_num_threads(settings.threads)
    photos = {n: shrink(load_photo(n), settings.shrink) for n in photo_split(0).train}
    dataset = CropDataset(photos, kind, settings.image_size, seed=0, scale=1 / settings.shrink)
    for n in range(200):
        dataset[n]
    return baseline.set_up(settings, 0, dataset=dataset)


def network(name: str, steps: int) -> System:
    """A network of `course restore` on one thread, with one worker."""
    torch.set_num_threads(1)
    recipe = replace(restorer.SETTINGS[name], steps=WARM_UP + steps)
    return restorer.set_up(restorer.embedded(), recipe, workers=1)


def share_waited(system: System) -> tuple[float, float]:
    """Waiting over all time, and seconds a step."""
    clocked = Clocked(system.loader)
    steps = len(replace(system, loader=clocked).train()) - WARM_UP
    total = time.perf_counter() - clocked.begun
    return clocked.waited / total, total / steps


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", default="cpu")
    parser.add_argument("--steps", type=int, default=100)
    arguments = parser.parse_args()
    systems = {
        kind: lesson(kind, arguments.profile, arguments.steps)
        for kind in ("light", "heavy", "drops", "haze")
    }
    systems |= {name: network(name, arguments.steps) for name in restorer.SETTINGS}
    for name, system in systems.items():
        share, seconds = share_waited(system)
        print(f"{name:8} waiting {share:6.1%} of the time, {1000 * seconds:.0f} ms a step")


if __name__ == "__main__":
    main()
