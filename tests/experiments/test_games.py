"""Games of lessons 02 and 03: what a `Variant` changes, and what a profile does."""

from __future__ import annotations

from dataclasses import replace

import pytest
from torch import nn

from course_lib import profiles
from course_lib.data.crops import CropDataset
from course_lib.data.recolour import RecolouredCrops
from course_lib.experiments.games import Game
from course_lib.experiments.pix2pix import Variant, any_game, end, last_quarter, play, set_up
from course_lib.models.pix2pix import PatchDiscriminator, UNetGenerator
from course_lib.training.pix2pix import Techniques

pytestmark = pytest.mark.slow

SMOKE = replace(profiles.pick("02", "smoke"), steps=8, log_every=4)


def networks(game: Game) -> tuple[UNetGenerator, PatchDiscriminator]:
    assert isinstance(game.generator, UNetGenerator)
    assert isinstance(game.discriminator, PatchDiscriminator)
    return game.generator, game.discriminator


def test_lessons_add_a_skip_instance_norm_and_other_light() -> None:
    game = set_up(SMOKE, 0)
    generator, discriminator = networks(game)
    assert generator.input_skip
    assert any(isinstance(m, nn.InstanceNorm2d) for m in discriminator.modules())
    assert isinstance(game.dataset, RecolouredCrops)


def test_the_paper_profile_plays_without_what_lessons_add() -> None:
    game = set_up(replace(SMOKE, name="paper"), 0)
    generator, discriminator = networks(game)
    assert not generator.input_skip
    assert any(isinstance(m, nn.BatchNorm2d) for m in discriminator.modules())
    assert isinstance(game.dataset, CropDataset)


def test_a_game_without_an_adversary_leaves_the_discriminator_alone() -> None:
    played = play(SMOKE, 0, Variant(techniques=Techniques(adversarial="none")))
    assert not any("loss_d" in record for record in played.history)
    assert end(played)["loss_d"] == 0
    _, before = networks(set_up(SMOKE, 0))
    _, after = networks(played.game)
    for key, tensor in before.state_dict().items():
        assert tensor.equal(after.state_dict()[key])


def test_discriminator_learns_as_often_and_as_fast_as_told() -> None:
    played = play(SMOKE, 1, Variant(d_every=4, rate_d=0))
    learnt = [record["step"] for record in played.history if "loss_d" in record]
    assert len(learnt) == SMOKE.steps // 4
    _, before = networks(set_up(SMOKE, 1))
    _, after = networks(played.game)
    for key, weight in before.named_parameters():
        assert weight.equal(after.get_parameter(key)), key


def test_the_first_game_is_trained_once() -> None:
    assert any_game(SMOKE, 0, Variant()) is any_game(SMOKE, 0, Variant())
    assert any_game(SMOKE, 1, Variant()) is not any_game(SMOKE, 1, Variant())


def test_the_last_quarter_takes_what_was_measured_there() -> None:
    history = [{"step": n, "loss": float(n)} for n in range(1, 9)]
    history[6]["accuracy"] = 0.5
    history[1]["accuracy"] = 1.0
    assert last_quarter(history, "loss") == pytest.approx(7.5)
    assert last_quarter(history, "accuracy") == 0.5
