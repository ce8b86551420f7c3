from __future__ import annotations

import numpy as np
import pytest
import torch

from course_lib.data.crops import CropDataset, make_loader
from course_lib.data.photos import load_photo
from course_lib.data.recolour import RecolouredCrops


@pytest.fixture(scope="module")
def crops() -> CropDataset:
    return CropDataset({"coffee": load_photo("coffee")}, "drops", 48, seed=1)


def test_both_pictures_of_a_pair_get_the_same_light(crops: CropDataset) -> None:
    """Where the rain changed nothing, rainy and clean have to stay equal."""
    recoloured = RecolouredCrops(crops, seed=1)
    for n in range(4):
        before, after = crops.pair(n), recoloured.pair(n)
        equal = (before.rainy == before.clean).all(-1)
        assert (after.rainy[equal] == after.clean[equal]).all()
        assert (after.clean != before.clean).mean() > 0.5
        assert (after.mask == before.mask).all()


def test_each_colour_keeps_its_order_of_light_and_dark(crops: CropDataset) -> None:
    before, after = crops.pair(0).clean, RecolouredCrops(crops, seed=1).pair(0).clean
    for channel in range(3):
        order = np.argsort(before[..., channel], axis=None, kind="stable")
        assert (np.diff(after[..., channel].flat[order].astype(int)) >= 0).all()


def test_an_item_depends_on_seed_and_number_alone(crops: CropDataset) -> None:
    one, again, other = (RecolouredCrops(crops, seed=seed) for seed in (1, 1, 2))
    assert (one.pair(3).rainy == again.pair(3).rainy).all()
    assert (one.pair(3).rainy != other.pair(3).rainy).any()
    batch = next(iter(make_loader(one, batch_size=2, steps=1)))
    assert torch.equal(batch.rainy[1], one[1].rainy)


def test_a_run_knows_whose_colours_it_saw(crops: CropDataset) -> None:
    settings = RecolouredCrops(crops, seed=1).settings
    assert settings != RecolouredCrops(crops, seed=2).settings
    assert settings.items() > crops.settings.items()


def test_negative_seed_is_refused(crops: CropDataset) -> None:
    with pytest.raises(ValueError, match="it is -1"):
        RecolouredCrops(crops, seed=-1)


def test_without_spread_all_three_colours_change_alike(crops: CropDataset) -> None:
    grey = CropDataset({"grey": np.dstack([load_photo("coffee")[..., 1]] * 3)}, "light", 48, seed=1)
    alike, apart = (RecolouredCrops(grey, seed=1, spread=s).pair(0).clean for s in (0, 1))
    assert (alike == alike[..., :1]).all()
    assert (apart != apart[..., :1]).any()
    assert RecolouredCrops(crops, 1).settings != RecolouredCrops(crops, 1, spread=0).settings
    with pytest.raises(ValueError, match=r"it is 1\.5"):
        RecolouredCrops(crops, 1, spread=1.5)
