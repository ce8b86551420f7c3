from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from course_lib.data.photos import load_photo
from course_lib.models.sr import RRDBNet
from course_lib.systems import real_esrgan
from course_lib.systems.real_esrgan import MSETwinSettings

SETTINGS = MSETwinSettings(crops=8, held_out=4, size=48, steps=24, every=6)


@pytest.fixture
def pair():
    torch.manual_seed(0)
    network = RRDBNet(blocks=3, features=8, growth=4)
    return real_esrgan.set_up(network)


def test_training_changes_the_mse_twin_alone_and_raises_its_held_out_psnr(pair) -> None:
    before = copy.deepcopy(pair.gan.state_dict())
    photos = {"coffee": load_photo("coffee")}
    system, keep = real_esrgan.mse_training(pair, photos, photos, SETTINGS)
    history = system.train()
    scores = [record["score"] for record in history if "score" in record]
    assert len(scores) == 4
    assert keep.best == max(scores) > scores[0]
    assert all(torch.equal(before[key], one) for key, one in pair.gan.state_dict().items())
    assert any(not torch.equal(before[key], one) for key, one in pair.mse.state_dict().items())


def test_the_best_weights_come_back(pair) -> None:
    photos = {"coffee": load_photo("coffee")}
    system, keep = real_esrgan.mse_training(pair, photos, photos, SETTINGS)
    system.train()
    torch.nn.init.zeros_(pair.mse.conv_last.weight)
    keep.restore()
    gan, mse = pair.pictures(np.zeros((12, 12, 3), np.uint8))
    assert gan.shape == mse.shape == (48, 48, 3)
    assert pair.mse.conv_last.weight.abs().sum() > 0


def test_photographs_that_decide_or_test_are_never_learnt_from() -> None:
    assert not {*real_esrgan.HELD_OUT} & {*real_esrgan.UNSEEN}
    assert len(real_esrgan.UNSEEN) == 8


def test_without_the_released_weights_the_command_is_named(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    assert not real_esrgan.available()
    with pytest.raises(FileNotFoundError, match="course models fetch real-esrgan"):
        real_esrgan.set_up()
