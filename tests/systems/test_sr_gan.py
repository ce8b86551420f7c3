from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from course_lib.artifacts.detectors import ldl_map
from course_lib.data.photos import load_photo
from course_lib.metrics import high_frequency_energy, psnr
from course_lib.models.sr import SRResNet
from course_lib.systems import sr_gan, twins
from course_lib.systems.sr_gan import SRGan, artifact_loss


@pytest.mark.slow
def test_the_twins_differ_as_twins_do() -> None:
    """On held-out pictures the MSE twin has the higher PSNR and less fine detail."""
    low, high = twins.degraded_crops({"coffee": load_photo("coffee")}, 24, seed=1, size=64)
    test, truth = twins.degraded_crops({"china": load_photo("china")}, 8, seed=2, size=64)
    torch.manual_seed(0)
    mse = SRResNet(4, blocks=2, features=16)
    inputs = twins.unit_tensor(low)
    twins.set_up(mse, inputs, twins.unit_tensor(high), steps=100, rate=2e-3, batch_size=8).train()
    gan = copy.deepcopy(mse)
    losses = SRGan(pixels=0.1, adversarial=0.1)
    targets = twins.unit_tensor(high)
    sr_gan.set_up(gan, inputs, targets, losses, steps=100, rate=1e-3).train()
    pictures = [twins.enlarged(one, twins.unit_tensor(test)) for one in (mse, gan)]
    scores = [np.mean([psnr(a, b) for a, b in zip(one, truth, strict=True)]) for one in pictures]
    detail = [np.mean([high_frequency_energy(a) for a in one]) for one in pictures]
    assert scores[0] > scores[1] + 0.3
    assert detail[1] > 1.2 * detail[0]


def test_artifacts_weigh_where_the_gan_is_worse_than_its_reference() -> None:
    rng = np.random.default_rng(0)
    clean = rng.random((20, 24, 3)).astype(np.float32)
    gan = (clean + rng.normal(0, 0.1, clean.shape)).clip(0, 1).astype(np.float32)
    tensors = [torch.from_numpy(one).permute(2, 0, 1)[None] for one in (gan, clean)]
    expected = (ldl_map(gan, clean)[..., None] * np.abs(clean - gan)).mean()
    worse = tensors[0], tensors[1], tensors[1]  # the reference is perfect
    assert artifact_loss(*worse).item() == pytest.approx(expected, rel=1e-3)
    better = tensors[0], 1 - tensors[1].round(), tensors[1]
    assert artifact_loss(*better) < 0.1 * artifact_loss(*worse)


def test_gradients_reach_the_generator_and_not_the_discriminator() -> None:
    torch.manual_seed(0)
    low, high = twins.degraded_crops({"coffee": load_photo("coffee")}, 8, seed=1, size=48)
    generator = SRResNet(4, blocks=1, features=8)
    losses = SRGan(artifacts=1.0, reference=copy.deepcopy(generator))
    inputs, targets = twins.unit_tensor(low), twins.unit_tensor(high)
    system = sr_gan.set_up(generator, inputs, targets, losses, steps=1)
    before = [copy.deepcopy(one.state_dict()) for one in (generator, system.discriminator)]
    [batch] = system.loader
    losses.g_step(generator, system.discriminator, batch, system.optimizer_g)
    after = [one.state_dict() for one in (generator, system.discriminator)]
    assert any(not torch.equal(before[0][key], after[0][key]) for key in after[0])
    assert all(torch.equal(before[1][key], after[1][key]) for key in after[1])


def test_impossible_losses_are_refused() -> None:
    with pytest.raises(ValueError, match="0 or more"):
        SRGan(pixels=-1)
    with pytest.raises(ValueError, match="give the MSE twin"):
        SRGan(artifacts=1.0)


def test_the_discriminator_sees_fine_detail_and_no_brightness() -> None:
    flat = torch.full((1, 3, 20, 24), 0.7)
    assert sr_gan.fine_detail(flat).abs().max() < 1e-5
    spot = flat.clone()
    spot[..., 10, 12] += 0.1
    found = sr_gan.fine_detail(spot)
    assert found[0, 0, 10, 12] == pytest.approx(6 * 0.1 * 48 / 49, rel=1e-3)
