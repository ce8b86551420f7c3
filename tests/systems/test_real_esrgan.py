from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from course_lib.data.photos import PHOTOS, load_photo
from course_lib.models.sr import RRDBHead, RRDBNet
from course_lib.systems import real_esrgan
from course_lib.systems.real_esrgan import MSETwinSettings
from course_lib.tensor_files import write_tensors

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


@pytest.fixture
def fetched(monkeypatch):
    """A small network in the place of Real-ESRGAN."""
    torch.manual_seed(0)
    network = RRDBNet(blocks=3, features=8, growth=4)
    monkeypatch.setattr(real_esrgan, "load_released", lambda name: network)
    return network


def test_a_twin_from_a_file_changes_the_head_of_the_mse_twin_alone(fetched, tmp_path) -> None:
    path = tmp_path / "twin.safetensors"
    state = {key: one.half() for key, one in RRDBHead(2, 8, 4).state_dict().items()}
    write_tensors(path, state, {"title": "a twin"})
    pair = real_esrgan.released_pair(path)
    assert torch.equal(pair.mse.conv_last.weight, state["conv_last.weight"].float())
    assert torch.equal(pair.gan.conv_last.weight, fetched.conv_last.weight)
    assert real_esrgan.about_shipped(path) == {"title": "a twin"}


def test_a_twin_of_another_network_or_a_damaged_one_is_refused(fetched, tmp_path) -> None:
    path = tmp_path / "twin.safetensors"
    write_tensors(path, RRDBHead(1, 8, 4).state_dict(), {})
    with pytest.raises(ValueError, match="doesn't hold the last blocks of real-esrgan"):
        real_esrgan.released_pair(path)
    path.write_bytes(b"{")
    with pytest.raises(ValueError, match="install the course again"):
        real_esrgan.released_pair(path)
    with pytest.raises(ValueError, match="install the course again"):
        real_esrgan.released_pair(tmp_path / "none.safetensors")


def test_the_shipped_twin_is_small_and_credits_its_photographs() -> None:
    about = real_esrgan.about_shipped()
    assert about["parameters"] == "1,588,291"
    assert real_esrgan.SHIPPED_FILE.stat().st_size < 4e6
    names = {one["name"] for one in about["photographs"]}
    assert not names & {*real_esrgan.HELD_OUT, *real_esrgan.UNSEEN, *PHOTOS}
    assert all(one["credit"] != "no credit given" for one in about["photographs"])
    assert about["measured"]
