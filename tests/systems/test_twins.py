from __future__ import annotations

import numpy as np
import pytest
import torch

from course_lib.data.photos import load_photo
from course_lib.models.sr import RRDBNet, SRResNet
from course_lib.systems import real_esrgan, twins

PHOTOS = {"coffee": load_photo("coffee"), "small": load_photo("coffee")[:40]}


@pytest.fixture(scope="module")
def crops():
    return twins.degraded_crops(PHOTOS, 6, seed=1, size=48)


def test_crops_come_from_photographs_large_enough_and_from_the_seed(crops) -> None:
    low, high = crops
    assert {one.shape for one in low} == {(12, 12, 3)}
    assert {one.shape for one in high} == {(48, 48, 3)}
    again, other = (twins.degraded_crops(PHOTOS, 6, seed=s, size=48) for s in (1, 2))
    assert all((a == b).all() for a, b in zip(low, again[0], strict=True))
    assert any((a != b).any() for a, b in zip(low, other[0], strict=True))
    with pytest.raises(ValueError, match="no photograph has 48 pixels"):
        twins.degraded_crops({"small": PHOTOS["small"]}, 1, seed=0, size=48)


def test_a_head_on_cached_features_gives_the_pictures_of_its_network(crops) -> None:
    torch.manual_seed(0)
    network = RRDBNet(blocks=3, features=8, growth=4)
    torch.nn.init.constant_(network.conv_last.bias, 0.5)
    pair = real_esrgan.set_up(network)
    inputs = pair.features(crops[0])
    assert inputs.shape == (6, 16, 12, 12)
    ours = twins.enlarged(pair.gan, inputs)
    for one in pair.pictures(crops[0][0]):
        np.testing.assert_array_equal(one, ours[0])
    theirs = twins.enlarged(network, twins.unit_tensor(crops[0]))
    assert ours[0].shape == (48, 48, 3)
    assert max(np.abs(a.astype(int) - b).max() for a, b in zip(ours, theirs, strict=True)) <= 1


def test_each_epoch_has_every_crop_once_in_a_new_order() -> None:
    inputs = torch.arange(5.0).reshape(5, 1, 1, 1)
    data = twins.CachedCrops(inputs, inputs, seed=3)
    order = [int(data[n].rainy) for n in range(15)]
    assert all(sorted(order[n : n + 5]) == list(range(5)) for n in (0, 5, 10))
    assert order[:5] != order[5:10] or order[5:10] != order[10:]
    assert data.settings != twins.CachedCrops(inputs, inputs + 1, seed=3).settings
    with pytest.raises(ValueError, match="there are 5 and 4"):
        twins.CachedCrops(inputs, inputs[1:], seed=3)


def test_training_on_the_mean_squared_error_raises_the_psnr_and_repeats_to_the_bit(crops) -> None:
    low, high = crops
    found = []
    for _ in range(2):
        torch.manual_seed(0)
        network = SRResNet(4, blocks=2, features=8)
        inputs = twins.unit_tensor(low)
        before = twins.mean_psnr(network, inputs, high)
        twins.set_up(network, inputs, twins.unit_tensor(high), steps=40, rate=3e-3).train()
        found.append(network.state_dict())
        assert twins.mean_psnr(network, inputs, high) > before + 0.3
    assert all(torch.equal(a, b) for a, b in zip(*(s.values() for s in found), strict=True))
