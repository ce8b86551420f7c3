from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from course_lib.artifacts.mask import detect
from course_lib.data.photos import load_photo, shrink
from course_lib.models.pix2pix import PatchDiscriminator
from course_lib.systems import deletion
from course_lib.systems.deletion import FinetuneSettings
from course_lib.systems.twins import Twins

HOW = FinetuneSettings(steps=30, rate=3e-3, min_area=40, every=10)


class Enlarger(nn.Module):
    """Nearest neighbours, sharpened by a parameter."""

    def __init__(self, sharper: float) -> None:
        super().__init__()
        self.sharper = nn.Parameter(torch.tensor(sharper))

    def forward(self, low: torch.Tensor) -> torch.Tensor:
        large = nn.functional.interpolate(low, scale_factor=2.0)
        fine = large - nn.functional.avg_pool2d(large, 3, 1, 1, count_include_pad=False)
        return large + self.sharper * fine


@pytest.fixture
def twins() -> Twins:
    return Twins(shared=nn.Identity(), gan=Enlarger(3.0), mse=Enlarger(0.0), scale=2)


@pytest.fixture(scope="module")
def low() -> list[np.ndarray]:
    photo = shrink(load_photo("coffee"), 2)
    return [photo[y : y + 48, x : x + 48] for y in (0, 60, 120) for x in (0, 80, 160, 240)]


def test_pairs_have_the_largest_artifacts_first_and_targets_of_both_twins(twins, low) -> None:
    pairs = deletion.make_pairs(twins, low, replace(HOW, feather=0.0), most=5)
    shares = pairs.masks.mean((1, 2, 3))
    assert len(pairs.positions) == len(pairs.inputs) == 5
    assert (shares.diff() <= 0).all()
    for picture, mask, position in zip(pairs.targets, pairs.masks, pairs.positions, strict=True):
        gan, mse = (np.moveaxis(one, -1, 0) / 255 for one in twins.pictures(low[position]))
        expected = np.where(mask.numpy() == 1, mse, gan)
        np.testing.assert_allclose(picture.numpy(), expected, atol=1e-6)


def test_a_target_of_ones_own_is_used(twins, low) -> None:
    pairs = deletion.make_pairs(twins, low, HOW, target=lambda mse, gan, mask: 0 * mse)
    assert not pairs.targets.any()


def test_no_artifact_is_an_error_that_says_what_to_do(twins, low) -> None:
    same = Twins(shared=nn.Identity(), gan=twins.mse, mse=twins.mse, scale=2)
    with pytest.raises(ValueError, match="none of 12 pictures has an artifact of more than 40"):
        deletion.make_pairs(same, low, HOW)


def test_finetuning_removes_artifacts_and_leaves_the_twins_alone(twins, low) -> None:
    before = copy.deepcopy(twins.gan.state_dict())
    how = replace(HOW, rate=0.1)
    system, _ = deletion.set_up(twins, deletion.make_pairs(twins, low, how), how)
    system.train()
    assert all(torch.equal(before[key], value) for key, value in twins.gan.state_dict().items())
    after = deletion.finetuned(twins, system.generator)
    areas = [
        np.mean([detect(*one.pictures(picture), min_area=40).mean() for picture in low])
        for one in (twins, after)
    ]
    assert areas[1] < 0.7 * areas[0]


def test_the_learners_step_is_called_and_gets_masks(twins, low) -> None:
    seen = []

    def step(generator, batch, optimizer):
        seen.append(batch)
        return torch.zeros(())

    pairs = deletion.make_pairs(twins, low, HOW, most=6)
    system, _ = deletion.set_up(twins, pairs, HOW, step=step)
    system.train()
    assert len(seen) == HOW.steps
    assert seen[0].mask.shape == (4, 1, 96, 96)
    assert set(seen[0].mask.unique().tolist()) <= {0.0, 1.0}


def test_a_known_discriminator_plays_on_and_the_first_one_stays(twins, low) -> None:
    torch.manual_seed(0)
    judge = PatchDiscriminator(in_channels=3, base_channels=8, n_layers=2, norm=None)
    known = Twins(shared=nn.Identity(), gan=twins.gan, mse=twins.mse, scale=2, discriminator=judge)
    before = copy.deepcopy(judge.state_dict())
    system, _ = deletion.set_up(known, deletion.make_pairs(known, low, HOW), HOW)
    history = system.train()
    assert all(np.isfinite(one["loss_d"]) for one in history)
    moved = system.discriminator.state_dict()
    assert any(not torch.equal(moved[key], value) for key, value in before.items())
    assert all(torch.equal(judge.state_dict()[key], value) for key, value in before.items())


def test_stopping_early_goes_back_to_the_best_held_out_score(twins, low) -> None:
    pairs = deletion.make_pairs(twins, low[:6], HOW)
    held_out = deletion.make_pairs(twins, low[6:], HOW)
    system, keep = deletion.set_up(twins, pairs, HOW, held_out=held_out)
    history = system.train()
    scores = {one["step"]: one["score"] for one in history if "score" in one}
    assert list(scores) == [10, 20, 30]
    assert keep.best == max(scores.values())
    keep.restore()
    assert keep.step == max(scores, key=scores.get)
    with torch.no_grad():
        errors = [
            float((system.generator(one[None]) - target).abs().mean())
            for one, target in zip(held_out.inputs, held_out.targets, strict=True)
        ]
    assert keep.best == pytest.approx(-np.mean(errors), rel=1e-4)
