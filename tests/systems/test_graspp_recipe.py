"""GRASPP-GAN's recipe: what its settings change, and what a profile does."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from torch import nn

from course_lib import profiles
from course_lib.data.augment import MergedCrops
from course_lib.data.crops import CropDataset
from course_lib.data.pair import Batch
from course_lib.data.recolour import RecolouredCrops
from course_lib.losses import adversarial_loss
from course_lib.models.graspp import RASPP, RainDiscriminator
from course_lib.systems import graspp
from course_lib.systems.graspp import PRINTED_RATE_D, GrasppSettings, set_up
from course_lib.systems.system import System
from course_lib.training.graspp import LossWeights

SMOKE = profiles.pick("04", "smoke")
PAPER = replace(SMOKE, name="paper", base_channels=2)  # plays like it, in a second
ALONE = 2 * SMOKE.steps // SMOKE.epochs


def weights(network: nn.Module) -> torch.Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in network.parameters()])


def has(network: nn.Module, kind: type[nn.Module]) -> bool:
    return any(isinstance(module, kind) for module in network.modules())


def rates(system: System) -> list[tuple[float, float]]:
    """Both players' rates before each of G's steps."""
    seen: list[tuple[float, float]] = []
    both = system.optimizer_g, system.optimizer_d
    system.optimizer_g.register_step_pre_hook(
        lambda *_: seen.append(tuple(one.param_groups[0]["lr"] for one in both))
    )
    system.train()
    return seen


def test_the_lesson_has_more_scenes_other_light_and_no_norm_in_d() -> None:
    system = set_up(SMOKE, 0)
    assert isinstance(system.generator, RASPP)
    assert isinstance(system.discriminator, RainDiscriminator)
    assert not has(system.discriminator, nn.BatchNorm2d)
    assert isinstance(graspp.training_crops(SMOKE, 0), RecolouredCrops)


def test_the_paper_profile_trains_without_what_the_lesson_adds() -> None:
    assert has(set_up(PAPER, 0).discriminator, nn.BatchNorm2d)
    assert isinstance(graspp.training_crops(PAPER, 0), CropDataset)
    assert isinstance(graspp.training_crops(PAPER, 0, "all"), MergedCrops)


def test_the_paper_profile_has_the_papers_numbers_and_takes_a_step() -> None:
    paper = profiles.pick("04", "paper")
    assert (paper.image_size, paper.batch_size) == (128, 4)
    assert paper.steps / paper.epochs == 8000 / 4
    system = set_up(paper, 0)
    widths = {m.out_channels for m in system.generator.encoder.modules() if hasattr(m, "stride")}
    assert widths >= {64, 128, 256, 512}
    rainy, clean = torch.rand(2, 1, 3, 48, 48) * 2 - 1  # a part of one pair, for time's sake
    batch = Batch(rainy, clean, torch.zeros(1, 1, 48, 48))
    (record,) = replace(system, loader=[batch], schedule=lambda step: (True, True)).train()
    assert record["loss_d"] > 0 < record["loss_g"]


def test_d_joins_after_two_epochs() -> None:
    learnt = [record["step"] for record in set_up(SMOKE, 0).train() if "loss_d" in record]
    assert learnt == list(range(ALONE + 1, SMOKE.steps + 1))


def test_without_beta_the_discriminator_is_left_alone() -> None:
    system = set_up(SMOKE, 0, GrasppSettings(weights=LossWeights(beta=0)))
    before = weights(system.discriminator)
    assert not any("loss_d" in record for record in system.train())
    assert weights(system.discriminator).equal(before)


def test_rates_fall_in_a_straight_line_from_the_middle() -> None:
    of_g = [g for g, _ in rates(set_up(SMOKE, 0))]
    assert of_g[: SMOKE.steps // 2] == [1e-3] * (SMOKE.steps // 2)
    assert of_g[-1] < 0.2 * 1e-3
    assert of_g == sorted(of_g, reverse=True)


def test_the_papers_rule_cuts_rates_to_a_tenth() -> None:
    of_g = [g for g, _ in rates(set_up(SMOKE, 0, GrasppSettings(plateau=True, epoch=1)))]
    assert of_g[: ALONE + 1] == [1e-3] * (ALONE + 1)
    cuts = [new / old for old, new in pairwise(of_g) if new != old]
    assert cuts
    assert cuts == pytest.approx([0.1] * len(cuts))


def test_the_printed_rate_of_d_is_that_of_the_paper_profile_alone() -> None:
    assert rates(set_up(SMOKE, 0))[0] == (1e-3, 1e-3)
    assert rates(set_up(PAPER, 0))[0] == (1e-3, PRINTED_RATE_D)
    assert rates(set_up(SMOKE, 0, GrasppSettings(rate_d=0.5)))[0] == (1e-3, 0.5)


def test_another_adversarial_loss_trains_another_generator() -> None:
    loud = GrasppSettings(weights=LossWeights(beta=30))
    one, other = (
        set_up(SMOKE, 0, loud),
        set_up(SMOKE, 0, loud, adversarial=lambda logits: -adversarial_loss(logits)),
    )
    one.train(), other.train()
    assert not weights(one.generator).equal(weights(other.generator))
