import math

import pytest
import torch

from course_lib.losses import (
    contrastive_loss,
    discriminator_loss,
    flip_labels,
    fooling_loss,
    generator_loss,
    pix2pix_loss,
    smooth_labels,
    target_loss,
)


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


def test_pix2pix_adds_lambda_times_the_mean_absolute_difference() -> None:
    restored = torch.zeros(2, 3, 4, 4)
    loss = pix2pix_loss(torch.zeros(2, 1, 3, 3), restored, restored + 0.1, lambda_l1=100)
    assert float(loss) == pytest.approx(math.log(2) + 10)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        # −(t·log σ(x) + (1 − t)·log(1 − σ(x))), with σ(0) = ½ and σ(log 3) = ¾
        ("bce", (math.log(2) - math.log(3 / 4)) / 2),
        ("lsgan", ((0 - 0) ** 2 + (math.log(3) - 1) ** 2) / 2),
        # targets 0 and 1: 1 + 0, and 1 − log 3 < 0, which counts nothing
        ("hinge", (1 + 0) / 2),
    ],
)
def test_target_losses_are_those_computed_by_hand(kind, expected) -> None:
    logits, targets = torch.tensor([[0.0], [math.log(3)]]), torch.tensor([[0.0], [1.0]])
    assert float(target_loss(logits, targets, kind)) == pytest.approx(expected)


def test_smoothed_targets_count_as_they_are() -> None:
    logit, target = torch.tensor([math.log(3)]), torch.tensor([0.9])
    expected = -(0.9 * math.log(3 / 4) + 0.1 * math.log(1 / 4))
    assert float(target_loss(logit, target)) == pytest.approx(expected)
    assert float(target_loss(logit, target, "lsgan")) == pytest.approx((math.log(3) - 0.9) ** 2)


def test_plain_targets_make_the_discriminators_loss() -> None:
    real, fake = torch.randn(2, 4, 1, 5, 5, generator=torch.Generator().manual_seed(0))
    ours = target_loss(real, smooth_labels(real, True, smoothing=0))
    ours = ours + target_loss(fake, smooth_labels(fake, False, smoothing=0))
    assert float(ours) == pytest.approx(float(discriminator_loss(real, fake)))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("bce", (math.log(2) - math.log(3 / 4)) / 2),
        ("lsgan", (1 + (math.log(3) - 1) ** 2) / 2),
        ("hinge", -math.log(3) / 2),
    ],
)
def test_fooling_losses_are_those_computed_by_hand(kind, expected) -> None:
    logits = torch.tensor([[0.0], [math.log(3)]])
    assert float(fooling_loss(logits, kind)) == pytest.approx(expected)


def test_losses_of_no_known_kind_are_refused() -> None:
    for loss in (lambda x: target_loss(x, x, "wgan"), lambda x: fooling_loss(x, "wgan")):
        with pytest.raises(ValueError, match=r'"bce", "lsgan" or "hinge", not \'wgan\''):
            loss(torch.zeros(1))


def test_flips_turn_the_share_that_was_asked_for_and_leave_the_labels_given() -> None:
    labels = torch.full((100, 100), 0.9)
    flipped = flip_labels(labels, 0.1, torch.Generator().manual_seed(0))
    assert float((flipped < 0.5).float().mean()) == pytest.approx(0.1, abs=0.01)
    assert {round(x, 3) for x in flipped.unique().tolist()} == {0.1, 0.9}
    assert (labels == 0.9).all()


def test_the_contrastive_loss_teaches_the_restored_picture_alone() -> None:
    clean, rainy = torch.zeros(1, 3, 4, 4), torch.ones(1, 3, 4, 4)
    for picture in (clean, rainy):
        picture.requires_grad_()
    restored = torch.full((1, 3, 4, 4), 0.25, requires_grad=True)
    loss = contrastive_loss(restored, clean, rainy, lambda x: [2 * x, 3 * x[..., :1]])
    assert loss.item() == pytest.approx(0.25)
    loss.backward()
    assert restored.grad is not None
    assert (restored.grad >= 0).all()  # towards the clean picture is down
    assert clean.grad is None
    assert rainy.grad is None
