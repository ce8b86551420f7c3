import math

import numpy as np
import pytest
import torch
from scipy import ndimage

from course_lib.data.photos import load_photo
from course_lib.losses import (
    SobelGradient,
    adversarial_loss,
    contrastive_loss,
    discriminator_loss,
    flip_labels,
    fooling_loss,
    generator_loss,
    gradient_loss,
    picture_loss,
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


@pytest.fixture(scope="module")
def photographs() -> torch.Tensor:
    """Two pieces of a photograph, 2×3×40×52 in [−1, 1]."""
    photo = torch.tensor(load_photo("chelsea"), dtype=torch.float64) / 127.5 - 1
    pieces = [photo[60:100, 100:152], photo[120:160, 180:232]]
    return torch.stack(pieces).permute(0, 3, 1, 2)


def sobel(picture: np.ndarray, axis: int) -> np.ndarray:
    """scipy's operator on each channel of a C×H×W picture whose border is mirrored."""
    return np.stack([ndimage.sobel(channel, axis, mode="mirror") for channel in picture])


def test_the_sobel_layer_is_scipys_operator_on_each_channel_with_a_mirrored_border(
    photographs,
) -> None:
    across, down = SobelGradient()(photographs)
    for picture, ours_across, ours_down in zip(photographs.numpy(), across, down, strict=True):
        np.testing.assert_allclose(ours_across.numpy(), sobel(picture, 1), atol=1e-12)
        np.testing.assert_allclose(ours_down.numpy(), sobel(picture, 0), atol=1e-12)


@pytest.mark.parametrize("shape", [(1, 1, 2, 2), (2, 5, 3, 7), (3, 3, 8, 2)])
def test_gradients_are_as_large_as_the_pictures_and_of_their_type(shape) -> None:
    for dtype in (torch.float32, torch.float64):
        for gradient in SobelGradient()(torch.zeros(shape, dtype=dtype)):
            assert gradient.shape == shape
            assert gradient.dtype == dtype


def test_gradients_lie_where_the_pictures_do() -> None:
    for gradient in SobelGradient()(torch.zeros(1, 3, 4, 4, device="meta")):
        assert gradient.device.type == "meta"


def test_nobody_trains_the_sobel_layer_and_yours_is_the_one_that_is_laid_on() -> None:
    assert not list(SobelGradient().parameters())
    assert not SobelGradient().state_dict()
    kernels = np.zeros((2, 3, 3), np.float32)
    kernels[0, 1, 2] = kernels[1, 0, 1] = 1  # the pixel to the right, and the one above
    picture = torch.arange(12.0).reshape(1, 1, 3, 4)
    right, above = SobelGradient(kernels)(picture)
    assert torch.equal(right[..., :-1], picture[..., 1:])
    assert torch.equal(above[..., 1:, :], picture[..., :-1, :])


@pytest.mark.parametrize(
    ("shape", "got"), [((3, 8, 8), "3×8×8"), ((1, 3, 1, 8), "1×3×1×8"), ((), "one number")]
)
def test_the_sobel_layer_refuses_what_has_no_gradient(shape, got) -> None:
    with pytest.raises(ValueError, match=f"N×C×H×W, at least 2×2 pixels; got {got}"):
        SobelGradient()(torch.zeros(shape))


@pytest.mark.parametrize(
    ("kernels", "got"),
    [
        (torch.zeros(2, 3, 8, 8), "2×3×8×8"),  # whose numbers numpy would take
        (torch.zeros(2, 3, 8, 8).requires_grad_(), "2×3×8×8"),  # and wouldn't
        (np.zeros((3, 3)), "3×3"),
        (1.0, "one number"),
    ],
)
def test_the_sobel_layer_is_made_of_kernels_and_not_of_pictures(kernels, got) -> None:
    mend = r"nothing; got " + got + r"\. Pictures .*: SobelGradient\(\)\(pictures\)"
    with pytest.raises(ValueError, match=mend):
        SobelGradient(kernels)


def test_gradient_losses_are_those_of_a_loop_over_the_pictures(photographs) -> None:
    clean = photographs
    restored = clean + 0.1 * torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))
    restored[1] += clean[0]  # the two pictures are not equally bad
    norms, squares = [], []
    for ours, truth in zip(restored.numpy(), clean.numpy(), strict=True):
        differences = [sobel(ours, axis) - sobel(truth, axis) for axis in (1, 0)]
        norms.append(sum(math.sqrt((one**2).sum()) for one in differences))
        squares.append(sum((one**2).mean() for one in differences))
    assert float(gradient_loss(restored, clean)) == pytest.approx(sum(norms) / 2)
    mse = gradient_loss(restored, clean, reduction="mse")
    assert float(mse) == pytest.approx(sum(squares) / 2)


def test_the_gradient_loss_of_a_ramp_is_the_docstrings() -> None:
    clean = torch.zeros(2, 3, 64, 64)
    restored = clean + 0.01 * torch.arange(64.0)
    assert float(gradient_loss(restored, clean)) == pytest.approx(8.73, abs=0.005)
    mse = float(gradient_loss(restored, clean, reduction="mse"))
    assert mse == pytest.approx(0.0062, abs=5e-7)


def test_picture_losses_are_those_of_a_loop_over_the_pictures(photographs) -> None:
    clean, restored = photographs, photographs.flip(0)
    restored = torch.stack([restored[0], clean[1] + 0.1])
    norms = [math.sqrt(((a - b) ** 2).sum()) for a, b in zip(restored, clean, strict=True)]
    assert float(picture_loss(restored, clean)) == pytest.approx(sum(norms) / 2)
    squares = ((restored - clean) ** 2).mean()
    assert float(picture_loss(restored, clean, reduction="mse")) == pytest.approx(float(squares))


@pytest.mark.parametrize("reduction", ["norm", "mse"])
@pytest.mark.parametrize("loss", [gradient_loss, picture_loss])
def test_where_pictures_agree_losses_are_zero_and_teach_finite_gradients(
    loss, reduction, photographs
) -> None:
    agreeing = photographs.clone().requires_grad_()
    value = loss(agreeing, photographs, reduction=reduction)
    value.backward()
    assert value.item() == 0
    assert agreeing.grad is not None
    assert not agreeing.grad.any()
    one_off = photographs.clone()
    one_off[0, 0, 5, 5] += 0.5
    one_off.requires_grad_()
    loss(one_off, photographs, reduction=reduction).backward()
    assert one_off.grad is not None
    assert one_off.grad.isfinite().all()
    assert one_off.grad[0, 0, 5, 5] > 0  # less of it is better
    assert not one_off.grad[1].any()


@pytest.mark.parametrize("loss", [gradient_loss, picture_loss])
def test_there_is_no_other_reduction(loss) -> None:
    with pytest.raises(ValueError, match='reduction is "norm" or "mse", not \'sum\''):
        loss(torch.zeros(1, 3, 4, 4), torch.zeros(1, 3, 4, 4), reduction="sum")


def test_a_generator_that_minimises_the_adversarial_loss_is_taken_for_clean_more_often() -> None:
    logits = torch.tensor([[-5.0], [0.0], [5.0]], requires_grad=True)
    (slope,) = torch.autograd.grad(adversarial_loss(logits), logits)
    assert (slope < 0).all()  # downhill, every logit rises
    assert slope[0] < slope[1] < slope[2]  # the picture that is seen through learns most
    seen_through, taken_for_clean = torch.tensor([[-5.0]]), torch.tensor([[5.0]])
    assert adversarial_loss(seen_through) > adversarial_loss(taken_for_clean) > 0


def test_the_adversarial_loss_is_the_mean_of_minus_log_d_for_large_logits_too() -> None:
    logits = torch.tensor([[0.0], [math.log(3)], [-200.0]])  # D is ½, ¾ and almost 0
    expected = (math.log(2) - math.log(3 / 4) + 200) / 3
    assert float(adversarial_loss(logits)) == pytest.approx(expected)
