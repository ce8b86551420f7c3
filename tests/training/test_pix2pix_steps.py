from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import nn

from course_lib import losses
from course_lib.data.pair import Batch
from course_lib.models.pix2pix import PatchDiscriminator, UNetGenerator
from course_lib.training.pix2pix import Pix2Pix, Techniques, judge_both


class Players:
    """A small game, the same each time, with optimizers whose step is minus the gradient."""

    def __init__(self, **techniques: Any) -> None:
        torch.manual_seed(0)
        self.generator: nn.Module = UNetGenerator(depth=3, base_channels=2, dropout=0)
        self.discriminator: nn.Module = PatchDiscriminator(base_channels=2, n_layers=1)
        rainy, clean = torch.rand(2, 4, 3, 16, 16) * 2 - 1
        self.batch = Batch(rainy, clean, torch.zeros(4, 1, 16, 16))
        self.game = Pix2Pix(techniques=Techniques(**techniques))

    def d_step(self) -> float:
        optimizer = torch.optim.SGD(self.discriminator.parameters(), 1)
        return float(self.game.d_step(self.generator, self.discriminator, self.batch, optimizer))

    def g_step(self) -> float:
        optimizer = torch.optim.SGD(self.generator.parameters(), 1)
        return float(self.game.g_step(self.generator, self.discriminator, self.batch, optimizer))

    def logits(self) -> tuple[torch.Tensor, torch.Tensor]:
        """For the clean and for the restored pictures; the networks stay as they are."""
        generator, discriminator = copy.deepcopy((self.generator, self.discriminator))
        with torch.no_grad():
            real = discriminator(self.batch.rainy, self.batch.clean)
            return real, discriminator(self.batch.rainy, generator(self.batch.rainy))

    def l1(self) -> float:
        with torch.no_grad():
            restored = copy.deepcopy(self.generator)(self.batch.rainy)
        return float((restored - self.batch.clean).abs().mean())


def parameters(network: nn.Module) -> list[torch.Tensor]:
    return [p.detach().clone() for p in network.parameters()]


def same(network: nn.Module, before: list[torch.Tensor]) -> list[bool]:
    return [torch.equal(a, b) for a, b in zip(before, network.parameters(), strict=True)]


def test_the_discriminators_step_moves_all_of_it_and_nothing_else() -> None:
    players = Players()
    g, d = parameters(players.generator), parameters(players.discriminator)
    players.d_step()
    assert not any(same(players.discriminator, d))
    assert all(same(players.generator, g))
    assert all(p.grad is None for p in players.generator.parameters())


@pytest.mark.parametrize("contrastive", [0, 1])
def test_the_generators_step_moves_all_of_it_and_nothing_else(contrastive) -> None:
    players = Players(lambda_contrastive=contrastive)
    players.d_step()
    players.discriminator.zero_grad()
    g, d = parameters(players.generator), parameters(players.discriminator)
    players.g_step()
    assert not any(same(players.generator, g))
    assert all(same(players.discriminator, d))
    assert all(p.grad is None and p.requires_grad for p in players.discriminator.parameters())


def test_what_was_frozen_before_a_step_is_frozen_after_it_and_even_after_an_error() -> None:
    players = Players()
    players.discriminator.logit.requires_grad_(False)
    before = [p.requires_grad for p in players.discriminator.parameters()]
    players.g_step()
    players.batch = players.batch._replace(clean=torch.zeros(4, 3, 5, 5))
    with pytest.raises(RuntimeError):
        players.g_step()
    assert [p.requires_grad for p in players.discriminator.parameters()] == before


def test_the_generator_restores_a_batch_once_for_both_steps_and_then_the_next_anew() -> None:
    players, calls = Players(), []
    players.generator.register_forward_hook(lambda *_: calls.append(1))
    norm = players.generator.downs[1][1]
    for _ in range(3):
        players.d_step()
        players.g_step()
    assert len(calls) == 3
    assert norm.num_batches_tracked == 3
    players.g_step()  # a step of G alone
    assert len(calls) == 4
    players.d_step()
    players.batch = Batch(*(x.clone() for x in players.batch))
    players.g_step()  # another batch than D's
    assert len(calls) == 6


def test_a_step_of_the_generator_alone_is_the_one_that_follows_an_idle_discriminators() -> None:
    alone, after = Players(), Players()
    optimizer = torch.optim.SGD(after.discriminator.parameters(), 0)  # learns nothing
    after.game.d_step(after.generator, after.discriminator, after.batch, optimizer)
    assert alone.g_step() == after.g_step()
    assert all(same(alone.generator, parameters(after.generator)))


@pytest.mark.parametrize(
    ("norm", "passes"), [(nn.InstanceNorm2d, 1), (None, 1), (nn.BatchNorm2d, 2)]
)
def test_one_pass_for_clean_and_restored_pictures_gives_what_two_give(norm, passes) -> None:
    players, calls = Players(), []
    torch.manual_seed(1)
    discriminator = PatchDiscriminator(base_channels=4, n_layers=2, norm=norm)
    two = copy.deepcopy(discriminator)
    rainy, clean, _ = players.batch
    restored = players.generator(rainy).detach()
    discriminator.register_forward_hook(lambda *_: calls.append(1))
    ours = judge_both(discriminator, rainy, clean, restored)
    assert len(calls) == passes
    theirs = two(rainy, clean), two(rainy, restored)
    torch.testing.assert_close(ours, theirs)
    for logits in (ours, theirs):
        losses.discriminator_loss(*logits).backward()
    for a, b in zip(discriminator.parameters(), two.parameters(), strict=True):
        torch.testing.assert_close(a.grad, b.grad)
    for a, b in zip(discriminator.buffers(), two.buffers(), strict=True):
        torch.testing.assert_close(a, b)


@pytest.mark.parametrize("step", ["d_step", "g_step"])
def test_left_over_gradients_do_not_count_in_pix2pix(step) -> None:
    clean, stale = Players(), Players()
    for network in (stale.generator, stale.discriminator):
        for parameter in network.parameters():
            parameter.grad = torch.full_like(parameter, 5)
    for players in (clean, stale):
        getattr(players, step)()
    assert all(same(clean.generator, parameters(stale.generator)))
    assert all(same(clean.discriminator, parameters(stale.discriminator)))


def test_the_plain_game_has_the_papers_losses() -> None:
    players = Players()
    real, fake = players.logits()
    l1 = players.l1()
    assert players.d_step() == pytest.approx(float(losses.discriminator_loss(real, fake)))
    _, fake = players.logits()  # D has moved
    expected = float(losses.generator_loss(fake)) + 100 * l1
    assert players.g_step() == pytest.approx(expected, rel=1e-5)


def test_without_l1_the_generator_only_fools() -> None:
    players = Players(lambda_l1=0)
    _, fake = players.logits()
    assert players.g_step() == pytest.approx(float(losses.generator_loss(fake)), rel=1e-5)


def test_without_an_adversary_l1_alone_teaches_and_the_discriminator_stays() -> None:
    players = Players(adversarial="none", lambda_l1=10)
    d, l1 = parameters(players.discriminator), players.l1()
    assert players.d_step() == 0
    assert all(same(players.discriminator, d))
    assert players.g_step() == pytest.approx(10 * l1)
    gradients = [p.grad for p in players.generator.parameters()]
    reference = Players()
    restored = reference.generator(reference.batch.rainy)
    (10 * (restored - reference.batch.clean).abs().mean()).backward()
    for ours, theirs in zip(gradients, reference.generator.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs.grad)


def test_lsgan_wants_squares_of_both_players() -> None:
    players = Players(adversarial="lsgan", lambda_l1=2)
    (real, fake), l1 = players.logits(), players.l1()
    expected = (real - 1).square().mean() + fake.square().mean()
    assert players.d_step() == pytest.approx(float(expected), rel=1e-5)
    _, fake = players.logits()
    expected = (fake - 1).square().mean() + 2 * l1
    assert players.g_step() == pytest.approx(float(expected), rel=1e-5)


def test_hinge_wants_margins_of_d_and_the_logit_itself_of_g() -> None:
    players = Players(adversarial="hinge", lambda_l1=2)
    (real, fake), l1 = players.logits(), players.l1()
    expected = (1 - real).clamp(min=0).mean() + (1 + fake).clamp(min=0).mean()
    assert players.d_step() == pytest.approx(float(expected), rel=1e-5)
    _, fake = players.logits()
    assert players.g_step() == pytest.approx(float(-fake.mean() + 2 * l1), rel=1e-5)


def test_smoothing_softens_both_of_the_discriminators_targets_and_not_the_generators() -> None:
    players, plain = Players(smoothing=0.1), Players()
    real, fake = players.logits()
    bce = nn.functional.binary_cross_entropy_with_logits
    expected = bce(real, torch.full_like(real, 0.9)) + bce(fake, torch.full_like(fake, 0.1))
    assert players.d_step() == pytest.approx(float(expected), rel=1e-5)
    assert Players(smoothing=0.1).g_step() == plain.g_step()


def test_flips_turn_targets_round_by_the_steps_seed_and_only_the_discriminators() -> None:
    players = Players(flips=1)
    real, fake = players.logits()
    assert players.d_step() == pytest.approx(float(losses.discriminator_loss(fake, real)))
    assert Players(flips=1).g_step() == Players().g_step()

    def loss(seed: int) -> float:
        some = Players(flips=0.3)
        torch.manual_seed(seed)
        return some.d_step()

    assert loss(1) == loss(1)
    assert loss(1) != loss(2)


def test_the_contrastive_loss_is_added_in_the_discriminators_features() -> None:
    plain, players = Players().g_step(), Players(lambda_contrastive=7)
    generator, discriminator = copy.deepcopy((players.generator, players.discriminator))
    rainy, clean, _ = players.batch
    with torch.no_grad():
        contrast = losses.contrastive_loss(
            generator(rainy), clean, rainy, lambda x: discriminator.features(rainy, x)
        )
    assert contrast > 0.1
    assert players.g_step() == pytest.approx(plain + 7 * float(contrast), rel=1e-5)


def test_the_learners_losses_are_the_ones_that_are_played() -> None:
    players = Players(smoothing=0.1, flips=0.1, lambda_contrastive=1)
    asked = []

    def asks(name: str, answer: Any) -> Any:
        def call(*arguments: Any, **named: Any) -> Any:
            asked.append(name)
            return answer(*arguments, **named)

        return call

    players.game.loss = asks("loss", losses.pix2pix_loss)
    players.game.smooth = asks("smooth", losses.smooth_labels)
    players.game.flip = asks("flip", losses.flip_labels)
    players.game.contrast = asks("contrast", losses.contrastive_loss)
    players.d_step()
    assert asked == ["smooth", "flip"] * 2
    players.g_step()
    assert asked[4:] == ["loss", "contrast"]


@pytest.mark.parametrize(
    ("techniques", "message"),
    [
        ({"adversarial": "wgan"}, "not 'wgan'"),
        ({"smoothing": 0.5}, "smoothing is from 0 to below 0.5; it is 0.5"),
        ({"smoothing": -0.1}, "it is -0.1"),
        ({"flips": 1.5}, "flips is a share from 0 to 1; it is 1.5"),
        ({"lambda_l1": -1}, "lambda_l1 is -1"),
        ({"lambda_contrastive": -1}, "lambda_contrastive -1"),
        ({"adversarial": "hinge", "smoothing": 0.1}, "no soft or noisy labels"),
        ({"adversarial": "hinge", "flips": 0.1}, "no soft or noisy labels"),
    ],
)
def test_techniques_that_make_no_sense_are_refused(techniques, message) -> None:
    with pytest.raises(ValueError, match=message):
        Techniques(**techniques)
