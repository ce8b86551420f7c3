"""The paper profiles, proven by one step of each training: seconds, memory, extrapolated cost.

One full step of both players, at the profile's picture size, batch and width, on this machine. A
whole lesson is as many steps of each of its trainings. The gpu profiles of lessons 01 to 03 have
the same pictures, batches and widths, and fewer steps; lesson 04's is timed by itself.
"""

from __future__ import annotations

import time
from dataclasses import replace

import torch
from lightning_fabric import Fabric

from course_lib import hardware, usage
from course_lib.data.crops import CropDataset, make_loader
from course_lib.data.pair import Batch
from course_lib.data.photos import load_photo, photo_split
from course_lib.profiles import Profile, pick
from course_lib.systems import baseline, graspp, pix2pix
from course_lib.systems.baseline import l1_step, no_step
from course_lib.systems.system import System
from course_lib.training.loop import every_step, make_fabric


def first_batch(settings: Profile, kind: str) -> list[Batch]:
    """One batch of the profile's crops; how long it takes is printed."""
    photos = {name: load_photo(name) for name in photo_split(0).train}
    dataset = CropDataset(photos, kind, settings.image_size, seed=0)
    start = time.perf_counter()
    batches = list(make_loader(dataset, batch_size=settings.batch_size, steps=1))
    took = time.perf_counter() - start
    print(f"first batch of {kind} with its canvases: {took:.1f} s", flush=True)
    return batches


def seconds(system: System, batches: list[Batch], fabric: Fabric) -> tuple[float, dict[str, float]]:
    """How long one step takes, and its record."""
    start = time.perf_counter()
    (record,) = replace(system, loader=batches, schedule=every_step).train(fabric=fabric)
    return time.perf_counter() - start, dict(record)


def main() -> None:
    small, settings = pick("01", "paper"), pick("02", "paper")
    torch.set_num_threads(settings.threads)
    print(f"{hardware.name()}\n")
    batches = first_batch(settings, "drops")
    fabric = make_fabric()
    control = baseline.set_up(small, 0, d_step=no_step, g_step=l1_step)
    one, alone, patches, plain, stabilised = (
        seconds(system, batches, fabric)
        for system in (
            baseline.set_up(small, 0),
            control,
            baseline.set_up(small, 0, patches=settings),
            pix2pix.set_up(settings, 0),
            pix2pix.set_up(settings, 0, pix2pix.stabilised(settings)),
        )
    )
    narrow, wide = (
        seconds(graspp.set_up(size, 0), first_batch(size, "light"), fabric)
        for size in (pick("04", "gpu"), pick("04", "paper"))
    )
    # Lesson, the profiles that such steps make up, the trainings.
    trainings = (
        ("01", ("gpu", "paper"), {"the baseline": one, "its generator with L1": alone}),
        ("02", ("gpu", "paper"), {"Pix2Pix": plain, "the baseline with a patch head": patches}),
        ("03", ("gpu", "paper"), {"Pix2Pix, stabilised": stabilised}),
        ("04", ("gpu",), {"GRASPP-GAN, narrow": narrow}),
        ("04", ("paper",), {"GRASPP-GAN": wide}),
    )
    for lesson, profiles, parts in trainings:
        for name, (took, record) in parts.items():
            losses = f"losses {record.get('loss_d', 0):.3f} (D), {record['loss_g']:.3f} (G)"
            print(f"{lesson}: one step of {name} takes {took:.1f} s, {losses}")
        for profile in profiles:
            hours = pick(lesson, profile).steps * sum(took for took, _ in parts.values()) / 3600
            print(f"{lesson}: at profile {profile} about {hours:.0f} hours here")
    print(f"peak memory {usage.measure().memory_mb / 1000:.1f} GB")


if __name__ == "__main__":
    main()
