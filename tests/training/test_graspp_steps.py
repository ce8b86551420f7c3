from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from course_lib import losses
from course_lib.data.pair import Batch
from course_lib.models.graspp import RASPP, RainDiscriminator
from course_lib.training.graspp import Graspp, LossWeights, generator_first


class Players:
    """A small game, the same each time, with optimizers whose step is minus the gradient.

    Attributes:
        seed: of the discriminator's weights; all else stays the same.
    """

    def __init__(self, *, seed: int = 0, **weights: Any) -> None:
        torch.manual_seed(0)
        self.generator: nn.Module = RASPP(width=2, stages=(2,), output="direct")
        rainy, clean = torch.rand(2, 4, 3, 16, 16) * 2 - 1
        self.batch = Batch(rainy, clean, torch.zeros(4, 1, 16, 16))
        torch.manual_seed(1 + seed)
        self.discriminator: nn.Module = RainDiscriminator(base_channels=2)
        self.game = Graspp(weights=LossWeights(**weights))

    def d_step(self) -> float:
        optimizer = torch.optim.SGD(self.discriminator.parameters(), 1)
        return float(self.game.d_step(self.generator, self.discriminator, self.batch, optimizer))

    def g_step(self) -> float:
        optimizer = torch.optim.SGD(self.generator.parameters(), 1)
        return float(self.game.g_step(self.generator, self.discriminator, self.batch, optimizer))

    def another_batch(self) -> None:
        self.batch = Batch(*(tensor.clone() for tensor in self.batch))

    def restored(self) -> torch.Tensor:
        with torch.no_grad():
            return copy.deepcopy(self.generator)(self.batch.rainy)

    def logits(self) -> tuple[torch.Tensor, torch.Tensor]:
        """For the clean and for the restored pictures; the networks stay as they are."""
        discriminator, restored = copy.deepcopy(self.discriminator), self.restored()
        with torch.no_grad():
            real = discriminator(self.batch.rainy, self.batch.clean)
            return real, discriminator(self.batch.rainy, restored)


def parameters(network: nn.Module) -> list[torch.Tensor]:
    return [p.detach().clone() for p in network.parameters()]


def same(network: nn.Module, before: list[torch.Tensor]) -> list[bool]:
    return [torch.equal(a, b) for a, b in zip(before, network.parameters(), strict=True)]


LOUD = {"alpha": 2.5, "beta": 7.0}  # so that each term shows


def test_as_it_stands_it_weighs_its_losses_as_the_paper_does() -> None:
    assert Graspp().weights == LossWeights(alpha=1, beta=0.001, reduction="norm")


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({"alpha": -1}, "alpha is -1, beta 0.001"),
        ({"beta": -0.5}, r"weights of losses are 0 or more; alpha is 1.0, beta -0.5"),
        ({"reduction": "l1"}, 'reduction is "norm" or "mse", not \'l1\''),
    ],
)
def test_weights_that_make_no_sense_are_refused(weights, message) -> None:
    with pytest.raises(ValueError, match=message):
        LossWeights(**weights)


def test_the_discriminators_step_moves_all_of_it_and_nothing_else() -> None:
    players = Players()
    g, d = parameters(players.generator), parameters(players.discriminator)
    players.d_step()
    assert not any(same(players.discriminator, d))
    assert all(same(players.generator, g))
    assert all(p.grad is None for p in players.generator.parameters())


def test_the_discriminator_learns_clean_from_restored_beside_the_rainy_picture() -> None:
    players = Players()
    real, fake = players.logits()
    expected = F.softplus(-real).mean() + F.softplus(fake).mean()
    assert players.d_step() == pytest.approx(float(expected), rel=1e-5)


@pytest.mark.parametrize("judged", [False, True])
def test_the_generators_step_moves_all_of_it_and_nothing_else(judged) -> None:
    players = Players(**LOUD)
    if judged:
        players.d_step()
        players.discriminator.zero_grad()
    g, d = parameters(players.generator), parameters(players.discriminator)
    players.g_step()
    assert not any(same(players.generator, g))
    assert all(same(players.discriminator, d))
    assert all(p.grad is None and p.requires_grad for p in players.discriminator.parameters())


@pytest.mark.parametrize("reduction", ["norm", "mse"])
def test_the_generators_loss_is_the_sum_of_its_three_terms(reduction) -> None:
    players = Players(reduction=reduction, **LOUD)
    players.d_step()
    _, fake = players.logits()  # D has moved
    difference = players.restored() - players.batch.clean
    across, down = losses.SobelGradient()(difference)
    if reduction == "norm":
        l2, l_g = (
            sum(float(one.square().sum().sqrt()) for one in maps) / 4
            for maps in (difference, [*across, *down])
        )
    else:
        l2 = float(difference.square().mean())
        l_g = float(across.square().mean() + down.square().mean())
    expected = l2 + 2.5 * l_g + 7 * float(F.softplus(-fake).mean())
    assert players.g_step() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("reduction", ["norm", "mse"])
def test_the_generators_gradient_is_that_of_its_three_terms(reduction) -> None:
    players = Players(reduction=reduction, **LOUD)
    players.d_step()
    generator, discriminator = copy.deepcopy((players.generator, players.discriminator))
    rainy, clean, _ = players.batch
    restored = generator(rainy)
    loss = losses.picture_loss(restored, clean, reduction=reduction)
    loss = loss + 2.5 * losses.gradient_loss(restored, clean, reduction=reduction)
    loss = loss + 7 * losses.adversarial_loss(discriminator(rainy, restored))
    loss.backward()
    players.g_step()
    for ours, theirs in zip(players.generator.parameters(), generator.parameters(), strict=True):
        torch.testing.assert_close(ours.grad, theirs.grad)


@pytest.mark.parametrize("judged", [False, True])
def test_without_alpha_and_beta_the_picture_alone_teaches(judged) -> None:
    players = Players(alpha=0, beta=0)
    l2 = float(losses.picture_loss(players.restored(), players.batch.clean))
    if judged:
        players.d_step()
    assert players.g_step() == pytest.approx(l2, rel=1e-5)


def after_the_discriminators(seed: int, lead_up: str, **weights: Any) -> list[torch.Tensor]:
    """G's parameters after a step with a D of that seed."""
    players = Players(seed=seed, **weights)
    if lead_up != "alone":
        players.d_step()
    if lead_up == "another batch":
        players.another_batch()
    if lead_up == "twice":  # the second of G's steps has no D's before it
        optimizer = torch.optim.SGD(players.generator.parameters(), 0)
        players.game.g_step(players.generator, players.discriminator, players.batch, optimizer)
    players.g_step()
    return parameters(players.generator)


@pytest.mark.parametrize(
    ("lead_up", "beta", "has_a_say"),
    [
        ("judged", 7.0, True),
        ("judged", 0.0, False),
        ("alone", 7.0, False),
        ("another batch", 7.0, False),
        ("twice", 7.0, False),
    ],
)
def test_the_discriminator_has_a_say_only_after_its_own_step_on_the_batch(
    lead_up, beta, has_a_say
) -> None:
    one, other = (after_the_discriminators(seed, lead_up, beta=beta) for seed in (0, 1))
    assert all(map(torch.equal, one, other)) != has_a_say


def test_the_generator_restores_a_batch_once_for_both_steps_and_then_the_next_anew() -> None:
    players, calls = Players(), []
    players.generator.register_forward_hook(lambda *_: calls.append(1))
    for _ in range(3):
        players.d_step()
        players.g_step()
    assert len(calls) == 3
    assert players.generator.encoder[1].num_batches_tracked == 3
    players.g_step()  # a step of G alone
    assert len(calls) == 4
    players.d_step()
    players.another_batch()
    players.g_step()
    assert len(calls) == 6


@pytest.mark.parametrize("step", ["d_step", "g_step"])
def test_left_over_gradients_do_not_count(step) -> None:
    clean, stale = Players(**LOUD), Players(**LOUD)
    for network in (stale.generator, stale.discriminator):
        for parameter in network.parameters():
            parameter.grad = torch.full_like(parameter, 5)
    for players in (clean, stale):
        getattr(players, step)()
    assert all(same(clean.generator, parameters(stale.generator)))
    assert all(same(clean.discriminator, parameters(stale.discriminator)))


def test_what_was_frozen_before_a_step_is_frozen_after_it() -> None:
    players = Players()
    players.discriminator.linear.requires_grad_(False)
    before = [p.requires_grad for p in players.discriminator.parameters()]
    players.d_step()
    players.g_step()
    assert [p.requires_grad for p in players.discriminator.parameters()] == before


def test_the_learners_losses_are_the_ones_that_are_played() -> None:
    players = Players(reduction="mse", **LOUD)
    asked: list[tuple[str, Any]] = []

    def gradient(restored: torch.Tensor, clean: torch.Tensor, **how: Any) -> torch.Tensor:
        assert clean is players.batch.clean
        asked.append(("gradient", how))
        return 100 + 0 * restored.mean()

    def adversarial(logits: torch.Tensor) -> torch.Tensor:
        asked.append(("adversarial", tuple(logits.shape)))
        return 1000 + 0 * logits.mean()

    players.game.gradient, players.game.adversarial = gradient, adversarial
    players.d_step()
    l2 = float((players.restored() - players.batch.clean).square().mean())
    assert players.g_step() == pytest.approx(l2 + 2.5 * 100 + 7 * 1000, rel=1e-5)
    assert asked == [("gradient", {"reduction": "mse"}), ("adversarial", (4, 1))]


def test_a_loss_of_weight_0_is_not_computed() -> None:
    def never(*arguments: Any, **named: Any) -> torch.Tensor:
        raise AssertionError

    players = Players(alpha=0, beta=0)
    players.game.gradient = players.game.adversarial = never
    players.d_step()
    players.g_step()


def test_the_generator_learns_alone_first_and_then_both() -> None:
    turns = [generator_first(step, alone=3) for step in range(1, 6)]
    assert turns == [(False, True)] * 3 + [(True, True)] * 2
    assert generator_first(1, alone=0) == (True, True)
