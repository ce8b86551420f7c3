from dataclasses import replace

import numpy as np
import pytest
import torch

from course_lib.data.photos import PHOTOS, load_photo
from course_lib.data.rain import RainMix
from course_lib.restoration.networks import KINDS
from course_lib.systems import restorer

FREE = {name: np.asarray(load_photo("china")) for name in ("sea", "path")}
ALL = restorer.embedded() | FREE
TINY = replace(
    restorer.STREAKS,
    rain=RainMix(kinds={"heavy": 1}),
    widths=(8, 8),
    blocks=(1, 1),
    image_size=32,
    batch_size=4,
    steps=50,
    learning_rate=3e-3,
    canvases=4,
    renew_steps=None,
)


def test_photographs_to_validate_on_are_not_learnt_from():
    learnt = restorer.scenes(ALL, 32)
    held_out = restorer.validation_scenes(ALL)
    assert {name.split(", ")[0] for name in learnt} == {*PHOTOS, *FREE} - {*restorer.VALIDATION}
    assert held_out.keys() == {"astronaut", "motorcycle", "path"}
    assert held_out["path"].shape[0] == (FREE["path"].shape[0] + 1) // 2


def test_each_photograph_is_used_at_every_size_that_crops_fit_into():
    learnt = restorer.scenes(ALL, 110, negatives=True)
    small = "hopper, 1/3", "china, 1/3"  # 170 and 142 pixels on the shorter side
    assert all(f"china, 1/{factor}" in learnt for factor in (1, 2, 3))
    assert min(min(photo.shape[:2]) for photo in learnt.values()) >= 110
    assert {f"{name}, negative" for name in small} <= learnt.keys()
    assert "china, 1/1, negative" not in learnt
    np.testing.assert_array_equal(learnt["china, 1/2, negative"], 255 - learnt["china, 1/2"])
    assert "chelsea, 1/3" not in learnt  # 100 pixels


def test_training_makes_rainy_pictures_cleaner_and_repeats_to_the_bit():
    states = []
    for _ in range(2):
        system = restorer.set_up(ALL, TINY, seed=1)
        system.train()
        states.append(system.generator.state_dict())
    crops = restorer.training_crops(ALL, TINY, 1)
    rainy, clean, _ = map(torch.stack, zip(*(crops[n] for n in range(32)), strict=True))
    with torch.no_grad():
        restored = system.generator(rainy)
    before, after = (restorer.psnr_loss(x, clean) for x in (rainy, restored))
    assert after < before - 0.1
    assert all(torch.equal(x, y) for x, y in zip(*(s.values() for s in states), strict=True))


@pytest.mark.parametrize("settings", restorer.SETTINGS.values(), ids=restorer.SETTINGS)
def test_the_header_of_a_file_builds_the_network_of_the_recipe(settings):
    how = settings.network()
    built = KINDS[how.pop("kind")](**how)
    trained = restorer.set_up(ALL, replace(settings, image_size=32, canvases=1)).generator
    assert {k: v.shape for k, v in built.state_dict().items()} == {
        k: v.shape for k, v in trained.state_dict().items()
    }


@pytest.mark.parametrize(("name", "megabytes"), [("streaks", 2), ("drops", 4)])
def test_the_weights_stay_within_their_size(name, megabytes):
    settings = restorer.SETTINGS[name]
    network = restorer.ResidualUNet(settings.widths, settings.blocks)
    assert 2 * sum(one.numel() for one in network.parameters()) <= megabytes * 1e6


def test_the_psnr_loss_falls_by_the_same_for_each_decibel():
    clean = torch.zeros(2, 3, 8, 8)
    errors = torch.tensor([0.5, 0.1]).reshape(2, 1, 1, 1)
    loss, tenth = (restorer.psnr_loss(clean + e, clean) for e in (errors, errors / 10**0.5))
    assert (loss - tenth).item() == pytest.approx(np.log(10), rel=0.1)
    assert loss.item() == pytest.approx(errors.square().log().mean().item(), abs=0.1)
    assert torch.isfinite(restorer.psnr_loss(clean, clean))


def test_gradients_are_clipped():
    network = torch.nn.Conv2d(3, 3, 1)
    optimizer = torch.optim.SGD(network.parameters(), lr=1.0)
    before = [one.detach().clone() for one in network.parameters()]
    batch = restorer.Batch(1e4 * torch.ones(1, 3, 4, 4), torch.zeros(1, 3, 4, 4), torch.zeros(1))
    restorer.restoration_step(network, network, batch, optimizer)
    moved = [a.detach() - b for a, b in zip(network.parameters(), before, strict=True)]
    norm = torch.cat([one.flatten() for one in moved]).norm()
    assert norm.item() == pytest.approx(restorer.CLIP, rel=1e-3)


def test_the_classifier_sees_the_kinds_in_turn_and_learns():
    settings = replace(restorer.CLASSIFIER, image_size=64, batch_size=9, steps=2, canvases=2)
    system = restorer.set_up_classifier(ALL, settings)
    batch = next(iter(system.loader))
    kinds = batch.mask.flatten().tolist()
    assert all(found in (n % 3, 2) for n, found in enumerate(kinds))
    assert kinds[2::3] == [2, 2, 2]
    assert {0, 1} <= set(kinds)
    rainy, clean = batch.rainy[2::3], batch.clean[2::3]
    assert (rainy - clean).abs().mean() < 0.05  # JPEG alone
    for _ in range(60):
        loss = restorer.classification_step(
            system.generator, system.discriminator, batch, system.optimizer_g
        )
    assert loss < 0.4  # a guess has log 3, 1.1
    assert len(system.train()) == 2


def test_a_crop_with_hardly_any_rain_counts_as_one_without(monkeypatch):
    settings = replace(restorer.CLASSIFIER, image_size=32, canvases=2)
    crops = restorer.KindCrops(ALL, settings, seed=0)
    kinds = {int(crops[n].mask) for n in range(30)}
    assert kinds == {0, 1, 2}
    monkeypatch.setattr(restorer, "LEAST_RAIN", 1.1)
    assert {int(crops[n].mask) for n in range(6)} == {2}


@pytest.mark.parametrize("settings", restorer.SETTINGS.values(), ids=restorer.SETTINGS)
def test_the_pool_of_rains_is_renewed_as_the_recipe_says(settings):
    crops = restorer.training_crops(ALL, settings, 0)
    assert settings.renew_steps
    items = settings.renew_steps * settings.batch_size
    assert crops.settings["items between two new rains"] == items
