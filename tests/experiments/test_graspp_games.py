"""Games of lesson 04: what a `Variant` changes, and what a profile does."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from torch import nn

from course_lib import profiles
from course_lib.data.augment import MergedCrops
from course_lib.data.crops import CropDataset
from course_lib.data.recolour import RecolouredCrops
from course_lib.experiments import graspp
from course_lib.experiments.graspp import PIX2PIX_STEPS, PRINTED_RATE_D, Variant, end, play, set_up
from course_lib.losses import adversarial_loss
from course_lib.models.graspp import RASPP, RainDiscriminator
from course_lib.models.pix2pix import PatchDiscriminator, UNetGenerator
from course_lib.training.graspp import LossWeights

pytestmark = pytest.mark.slow

SMOKE = profiles.pick("04", "smoke")
PAPER = replace(SMOKE, name="paper", base_channels=2)  # plays like it, in a second
ALONE = 2 * SMOKE.steps // SMOKE.epochs


def weights(network: nn.Module) -> torch.Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in network.parameters()])


def has(network: nn.Module, kind: type[nn.Module]) -> bool:
    return any(isinstance(module, kind) for module in network.modules())


@pytest.fixture
def rates(monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, float]]:
    """Fills with both players' rates before each of G's steps."""
    seen: list[tuple[float, float]] = []
    make = graspp._optimizers

    def watched(*given: object) -> list[torch.optim.Optimizer]:
        optimizers = make(*given)
        optimizers[0].register_step_pre_hook(
            lambda *_: seen.append(tuple(one.param_groups[0]["lr"] for one in optimizers))
        )
        return optimizers

    monkeypatch.setattr(graspp, "_optimizers", watched)
    return seen


def test_the_lessons_game_has_more_scenes_other_light_and_no_norm_in_d() -> None:
    game = set_up(SMOKE, 0)
    assert isinstance(game.generator, RASPP)
    assert isinstance(game.discriminator, RainDiscriminator)
    assert not has(game.discriminator, nn.BatchNorm2d)
    assert isinstance(game.dataset, RecolouredCrops)


def test_the_paper_profile_plays_without_what_the_lesson_adds() -> None:
    game = set_up(PAPER, 0)
    assert has(game.discriminator, nn.BatchNorm2d)
    assert isinstance(game.dataset, CropDataset)


def test_all_rain_is_merged_and_watched_in_equal_parts() -> None:
    light, mixed = set_up(SMOKE, 0), set_up(PAPER, 0, Variant(rain="all"))
    assert isinstance(mixed.dataset, MergedCrops)
    assert len(mixed.held_out.rainy) == len(light.held_out.rainy)


def test_d_joins_after_two_epochs() -> None:
    played = play(SMOKE, 0)
    learnt = [record["step"] for record in played.history if "loss_d" in record]
    assert learnt == list(range(ALONE + 1, SMOKE.steps + 1))


def test_without_beta_the_discriminator_is_left_alone() -> None:
    played = play(SMOKE, 0, Variant(weights=LossWeights(beta=0)))
    assert not any("loss_d" in record for record in played.history)
    assert end(played)["loss_d"] == end(played)["accuracy_d"] == 0
    before = set_up(SMOKE, 0).discriminator
    assert weights(played.game.discriminator).equal(weights(before))


def test_rates_fall_in_a_straight_line_from_the_middle(rates: list) -> None:
    play(SMOKE, 0)
    of_g = [g for g, _ in rates]
    assert of_g[: SMOKE.steps // 2] == [SMOKE.learning_rate] * (SMOKE.steps // 2)
    assert of_g[-1] < 0.2 * SMOKE.learning_rate
    assert of_g == sorted(of_g, reverse=True)


def test_the_papers_rule_cuts_rates_to_a_tenth(rates: list) -> None:
    play(SMOKE, 0, Variant(plateau=True, epoch=1))
    of_g = [g for g, _ in rates]
    assert of_g[: ALONE + 1] == [SMOKE.learning_rate] * (ALONE + 1)
    cuts = [new / old for old, new in pairwise(of_g) if new != old]
    assert cuts
    assert cuts == pytest.approx([0.1] * len(cuts))


def test_the_printed_rate_of_d_is_that_of_the_paper_profile_alone(rates: list) -> None:
    play(SMOKE, 0)
    assert rates[0] == (SMOKE.learning_rate, SMOKE.learning_rate)
    rates.clear()
    play(PAPER, 0)
    assert rates[0] == (SMOKE.learning_rate, PRINTED_RATE_D)
    rates.clear()
    play(SMOKE, 0, Variant(rate_d=0.5))
    assert rates[0] == (SMOKE.learning_rate, 0.5)


def test_another_adversarial_loss_trains_another_generator() -> None:
    loud = Variant(weights=LossWeights(beta=30))
    turned = replace(loud, adversarial=lambda logits: -adversarial_loss(logits))
    one, other = (play(SMOKE, 0, how).game.generator for how in (loud, turned))
    assert not weights(one).equal(weights(other))


def test_pix2pix_plays_its_own_game_for_as_long() -> None:
    played = play(SMOKE, 0, Variant(system="pix2pix"))
    assert isinstance(played.game.generator, UNetGenerator)
    assert isinstance(played.game.discriminator, PatchDiscriminator)
    assert len(played.history) == PIX2PIX_STEPS * SMOKE.steps
    assert all("loss_d" in record for record in played.history)
