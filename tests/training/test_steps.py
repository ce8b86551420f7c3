import copy

import pytest
import torch
from torch import nn

from course_lib.data.pair import Batch
from course_lib.models.baseline import BaselineGenerator, baseline_discriminator
from course_lib.training.steps import discriminator_step, generator_step


@pytest.fixture
def game() -> tuple[nn.Module, nn.Module, Batch]:
    torch.manual_seed(0)
    batch = Batch(torch.rand(3, 3, 16, 16), torch.rand(3, 3, 16, 16), torch.zeros(3, 1, 16, 16))
    return (
        BaselineGenerator(size=16, base_channels=4),
        baseline_discriminator(base_channels=4),
        batch,
    )


def weights(network: nn.Module) -> list[torch.Tensor]:
    return [p.detach().clone() for p in network.parameters()]


def moved(network: nn.Module, before: list[torch.Tensor]) -> bool:
    return any(not torch.equal(a, b) for a, b in zip(before, network.parameters(), strict=True))


def test_discriminator_step_moves_only_the_discriminator(game) -> None:
    generator, discriminator, batch = game
    g, d = weights(generator), weights(discriminator)
    optimizer = torch.optim.Adam(discriminator.parameters())
    discriminator_step(generator, discriminator, batch, optimizer)
    assert moved(discriminator, d)
    assert not moved(generator, g)
    assert all(p.grad is None for p in generator.parameters())


def test_generator_step_moves_only_the_generator(game) -> None:
    generator, discriminator, batch = game
    g, d = weights(generator), weights(discriminator)
    generator_step(generator, discriminator, batch, torch.optim.Adam(generator.parameters()))
    assert moved(generator, g)
    assert not moved(discriminator, d)


@pytest.mark.parametrize("step", [discriminator_step, generator_step])
def test_left_over_gradients_do_not_count(game, step) -> None:
    def after(stale: float) -> list[torch.Tensor]:
        generator, discriminator, batch = copy.deepcopy(game)
        own = discriminator if step is discriminator_step else generator
        for p in own.parameters():
            p.grad = torch.full_like(p, stale)
        step(generator, discriminator, batch, torch.optim.SGD(own.parameters(), 0.1))
        return weights(own)

    assert all(torch.equal(a, b) for a, b in zip(after(0), after(5), strict=True))


def test_each_step_lowers_its_own_loss(game) -> None:
    generator, discriminator, batch = game
    optimizer_d = torch.optim.SGD(discriminator.parameters(), 0.02)
    losses = [discriminator_step(generator, discriminator, batch, optimizer_d) for _ in range(8)]
    assert losses[-1] < losses[0]
    optimizer_g = torch.optim.SGD(generator.parameters(), 0.02)
    losses = [generator_step(generator, discriminator, batch, optimizer_g) for _ in range(8)]
    assert losses[-1] < losses[0]
