"""The paper profiles, proven by one step of each training: seconds, memory, extrapolated cost.

One full step of both players, at the profile's picture size, batch and width, on this machine. A
whole lesson is as many steps of each of its trainings. The gpu profiles of lessons 01 to 03 have
the same pictures, batches and widths, and fewer steps; lesson 04's is timed by itself.
"""

from __future__ import annotations

import time

import torch
from lightning_fabric import Fabric
from torch import nn

from course_lib import hardware, usage
from course_lib.data.crops import CropDataset, make_loader
from course_lib.data.pair import Batch
from course_lib.data.photos import load_photo, photo_split
from course_lib.experiments.graspp import stages
from course_lib.experiments.lesson_01 import l1_step, no_step
from course_lib.models.baseline import BaselineGenerator, baseline_discriminator
from course_lib.models.graspp import RASPP, RainDiscriminator
from course_lib.models.pix2pix import PatchDiscriminator, UNetGenerator
from course_lib.profiles import Profile, pick
from course_lib.training.graspp import Graspp
from course_lib.training.loop import Step, make_fabric, train
from course_lib.training.pix2pix import Pix2Pix
from course_lib.training.steps import discriminator_step, generator_step

Steps = tuple[Step, Step]
GAN: Steps = discriminator_step, generator_step
L1: Steps = no_step, l1_step


def baseline(settings: Profile) -> tuple[nn.Module, nn.Module]:
    return (
        BaselineGenerator(size=settings.image_size, base_channels=settings.base_channels),
        baseline_discriminator(base_channels=settings.base_channels),
    )


def with_patch_head(settings: Profile) -> tuple[nn.Module, nn.Module]:
    head = PatchDiscriminator(
        in_channels=3, base_channels=settings.base_channels, n_layers=settings.patch_layers
    )
    return baseline(pick("01", settings.name))[0], head


def pix2pix(settings: Profile) -> tuple[nn.Module, nn.Module]:
    return (
        UNetGenerator(depth=6, base_channels=settings.base_channels, dropout=0),
        PatchDiscriminator(base_channels=settings.base_channels, n_layers=settings.patch_layers),
    )


def graspp(settings: Profile) -> tuple[nn.Module, nn.Module]:
    norm = nn.BatchNorm2d if settings.name == "paper" else None
    return (
        RASPP(width=settings.base_channels, stages=stages(settings)),
        RainDiscriminator(base_channels=settings.base_channels, norm=norm),
    )


def first_batch(settings: Profile, kind: str) -> list[Batch]:
    """One batch of the profile's crops; how long it takes is printed."""
    photos = {name: load_photo(name) for name in photo_split(0).train}
    dataset = CropDataset(photos, kind, settings.image_size, seed=0)
    start = time.perf_counter()
    batches = list(make_loader(dataset, batch_size=settings.batch_size, steps=1))
    took = time.perf_counter() - start
    print(f"first batch of {kind} with its canvases: {took:.1f} s", flush=True)
    return batches


def seconds(
    networks: tuple[nn.Module, nn.Module], steps: Steps, batches: list[Batch], fabric: Fabric
) -> tuple[float, dict[str, float]]:
    """How long one step takes, and its record."""
    generator, discriminator = networks
    start = time.perf_counter()
    (record,) = train(
        generator,
        discriminator,
        batches,
        optimizer_g=torch.optim.Adam(generator.parameters(), 2e-4),
        optimizer_d=torch.optim.Adam(discriminator.parameters(), 2e-4),
        seed=0,
        d_step=steps[0],
        g_step=steps[1],
        fabric=fabric,
    )
    return time.perf_counter() - start, record


def main() -> None:
    settings = pick("02", "paper")
    torch.set_num_threads(settings.threads)
    print(f"{hardware.name()}\n")
    batches = first_batch(settings, "drops")
    fabric, pix2pix_game, graspp_game = make_fabric(), Pix2Pix(), Graspp()
    one = seconds(baseline(pick("01", "paper")), GAN, batches, fabric)
    alone = seconds(baseline(pick("01", "paper")), L1, batches, fabric)
    patches = seconds(with_patch_head(settings), GAN, batches, fabric)
    both = seconds(pix2pix(settings), (pix2pix_game.d_step, pix2pix_game.g_step), batches, fabric)
    steps = graspp_game.d_step, graspp_game.g_step
    narrow, wide = (
        seconds(graspp(size), steps, first_batch(size, "light"), fabric)
        for size in (pick("04", "gpu"), pick("04", "paper"))
    )
    # Lesson, the profiles that such steps make up, the trainings.
    trainings = (
        ("01", ("gpu", "paper"), {"the baseline": one, "its generator with L1": alone}),
        ("02", ("gpu", "paper"), {"Pix2Pix": both, "the baseline with a patch head": patches}),
        ("03", ("gpu", "paper"), {"Pix2Pix, stabilised": both}),
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
