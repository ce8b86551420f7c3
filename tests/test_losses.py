import math

import pytest
import torch

from course_lib.losses import discriminator_loss, generator_loss


def test_undecided_discriminator_costs_two_log_two() -> None:
    zeros = torch.zeros(3, 1)
    assert float(discriminator_loss(zeros, zeros)) == pytest.approx(2 * math.log(2))
    assert float(generator_loss(zeros)) == pytest.approx(math.log(2))


def test_losses_are_the_logarithms_of_the_papers() -> None:
    real, fake = torch.tensor([[0.3], [-2.0]]), torch.tensor([[1.5], [0.1]])
    d_real, d_fake = torch.sigmoid(real), torch.sigmoid(fake)
    expected = -(d_real.log().mean() + (1 - d_fake).log().mean())
    assert float(discriminator_loss(real, fake)) == pytest.approx(float(expected), rel=1e-5)
    assert float(generator_loss(fake)) == pytest.approx(float(-d_fake.log().mean()), rel=1e-5)


def test_the_sure_discriminator_still_teaches_the_generator() -> None:
    logits = torch.full((2, 1), -60.0, requires_grad=True)
    loss = generator_loss(logits)
    loss.backward()
    assert loss.item() == pytest.approx(60)
    assert logits.grad is not None
    assert float(logits.grad.sum()) == pytest.approx(-1)


def test_batches_of_real_and_fake_may_differ_in_size() -> None:
    assert discriminator_loss(torch.zeros(2, 1), torch.zeros(6, 1)).shape == ()
