"""Pix2Pix's recipe: what its settings change, and what a profile does."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import nn

from course_lib import profiles
from course_lib.data.crops import CropDataset
from course_lib.data.pair import Batch
from course_lib.data.recolour import RecolouredCrops
from course_lib.models.pix2pix import convolutions, receptive_field
from course_lib.systems import pix2pix
from course_lib.systems.pix2pix import Pix2PixSettings
from course_lib.systems.system import System
from course_lib.training.pix2pix import Techniques

SMOKE = replace(profiles.pick("02", "smoke"), steps=8)
PAPER = replace(SMOKE, name="paper")  # plays like it, in a second


def quick(system: System) -> System:
    """The system with a batch of noise instead of rain that has to be drawn."""
    rainy, clean = torch.rand(2, 2, 3, 32, 32) * 2 - 1
    return replace(system, loader=[Batch(rainy, clean, torch.zeros(2, 1, 32, 32))] * SMOKE.steps)


def rates(system: System) -> tuple[float, float]:
    return tuple(one.param_groups[0]["lr"] for one in (system.optimizer_g, system.optimizer_d))


def test_lessons_add_a_skip_instance_norm_other_light_and_faster_rates() -> None:
    system = pix2pix.set_up(SMOKE, 0)
    assert system.generator.input_skip
    assert any(isinstance(m, nn.InstanceNorm2d) for m in system.discriminator.modules())
    assert isinstance(pix2pix.training_crops(SMOKE, 0), RecolouredCrops)
    assert rates(system) == (1e-3, 1e-3)


def test_the_paper_profile_trains_without_what_lessons_add() -> None:
    system = pix2pix.set_up(PAPER, 0)
    assert not system.generator.input_skip
    assert any(isinstance(m, nn.BatchNorm2d) for m in system.discriminator.modules())
    assert isinstance(pix2pix.training_crops(PAPER, 0), CropDataset)
    assert rates(system) == (2e-4, 2e-4)


def test_the_paper_profile_is_experiment_2_and_takes_a_step() -> None:
    paper = profiles.pick("02", "paper")
    assert (paper.image_size, paper.batch_size) == (256, 16)
    assert paper.steps == 200 * 860 // 16
    system = pix2pix.set_up(paper, 0)
    assert receptive_field(convolutions(system.discriminator)) == 70
    rainy, clean = torch.rand(2, 2, 3, 256, 256) * 2 - 1  # 2 of the 16 pairs, for memory's sake
    batch = Batch(rainy, clean, torch.zeros(2, 1, 256, 256))
    (record,) = replace(system, loader=[batch]).train()
    assert record["loss_d"] > 0 < record["loss_g"]


def test_held_back_discriminators_learn_seldom_and_slowly_but_for_the_paper_profile() -> None:
    slow = pix2pix.set_up(SMOKE, 0, pix2pix.stabilised(SMOKE))
    assert rates(slow) == (2.5e-3, 0.2e-3)
    assert [slow.schedule(step) for step in (1, 2)] == [(False, True), (True, True)]
    reported = pix2pix.set_up(PAPER, 0, pix2pix.stabilised(PAPER))
    assert rates(reported) == (5e-4, 2e-4)
    assert reported.schedule(1) == (True, True)


def test_rates_fall_to_nothing_in_the_second_half_if_they_decay() -> None:
    system = quick(pix2pix.set_up(SMOKE, 0))
    seen = []
    system.train([lambda record: seen.append(rates(system))])
    assert seen[SMOKE.steps // 2 - 1] == (1e-3, 1e-3)
    assert seen[-1] == (0, 0)
    assert not pix2pix.set_up(SMOKE, 0, Pix2PixSettings(decay=False)).schedulers


def test_without_an_adversary_the_discriminator_is_left_alone() -> None:
    alone = Pix2PixSettings(techniques=Techniques(adversarial="none"))
    system = quick(pix2pix.set_up(SMOKE, 0, alone))
    before = [p.clone() for p in system.discriminator.parameters()]
    history = system.train()
    assert not any("loss_d" in record for record in history)
    assert all(map(torch.equal, before, system.discriminator.parameters()))


def test_the_discriminator_learns_as_often_and_as_fast_as_told() -> None:
    system = quick(pix2pix.set_up(SMOKE, 1, Pix2PixSettings(d_every=4, rate_d=0)))
    before = [p.clone() for p in system.discriminator.parameters()]
    learnt = [record["step"] for record in system.train() if "loss_d" in record]
    assert len(learnt) == SMOKE.steps // 4
    assert all(map(torch.equal, before, system.discriminator.parameters()))
