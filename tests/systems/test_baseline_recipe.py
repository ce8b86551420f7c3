"""The baseline's recipe: its paper profile, its head start, and a D that judges patches."""

from __future__ import annotations

from dataclasses import replace

import torch

from course_lib import profiles
from course_lib.data.pair import Batch
from course_lib.models.pix2pix import PatchDiscriminator
from course_lib.systems import baseline

SMOKE = profiles.pick("01", "smoke")


def test_the_paper_profile_is_experiment_1_and_takes_a_step() -> None:
    paper = profiles.pick("01", "paper")
    assert (paper.image_size, paper.batch_size, paper.base_channels) == (256, 16, 32)
    assert paper.steps == 200 * 860 // 16
    rainy, clean = torch.rand(2, 2, 3, 256, 256) * 2 - 1  # 2 of the 16 pairs, for memory's sake
    batch = Batch(rainy, clean, torch.zeros(2, 1, 256, 256))
    (record,) = replace(baseline.set_up(paper, 0), loader=[batch]).train()
    assert record["loss_d"] > 0 < record["loss_g"]


def test_in_a_head_start_only_the_discriminator_learns() -> None:
    system = baseline.head_start(SMOKE, 0)
    before = [p.clone() for p in system.generator.parameters()]
    history = system.train()
    assert len(history) == SMOKE.steps
    assert history[-1]["loss_d"] < history[0]["loss_d"]
    assert all(map(torch.equal, before, system.generator.parameters()))


def test_with_patches_the_generator_begins_as_it_does_without() -> None:
    wide = profiles.pick("02", "smoke")
    plain, patches = baseline.set_up(SMOKE, 0), baseline.set_up(SMOKE, 0, patches=wide)
    assert isinstance(patches.discriminator, PatchDiscriminator)
    assert not patches.discriminator.conditional
    pairs = zip(plain.generator.parameters(), patches.generator.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)
