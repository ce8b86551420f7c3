from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from PIL import Image

from course_lib.data.augment import MergedCrops, clean_pictures, more_scenes, rainy_pairs
from course_lib.data.crops import CropDataset, PairCrops, make_loader
from course_lib.data.folders import SideBySideFolder
from course_lib.data.pair import Batch, Pair
from course_lib.data.photos import load_photo

PHOTOS = {name: load_photo(name)[:120, :160] for name in ("chelsea", "coffee", "rocket")}


def flat(level: int, name: str = "flat") -> Pair:
    """A pair of one grey, which names the dataset that an item came from."""
    grey = np.full((20, 20, 3), level, np.uint8)
    return Pair(rainy=grey, clean=grey, mask=grey[..., 0] > 255, name=name)


def same(a: Pair, b: Pair) -> bool:
    return np.array_equal(a.rainy, b.rainy) and np.array_equal(a.clean, b.clean)


def test_each_photograph_gives_four_scenes_and_stays_as_it_is():
    before = {name: photo.copy() for name, photo in PHOTOS.items()}
    scenes = more_scenes(PHOTOS)
    assert len(scenes) == 4 * len(PHOTOS)
    for name, photo in before.items():
        np.testing.assert_array_equal(PHOTOS[name], photo)
        np.testing.assert_array_equal(scenes[name], photo)
        half = scenes[f"{name}, half"]
        assert half.shape == (60, 80, 3)
        assert abs(half.mean() - photo.mean()) < 1
        for scene, negative in ((photo, f"{name}, negative"), (half, f"{name}, half, negative")):
            assert (scene.astype(int) + scenes[negative] == 255).all()
    CropDataset(scenes, "light", 16, 0)


def test_each_pair_has_a_rain_of_its_own_that_depends_on_seed_and_number_alone():
    few, many = rainy_pairs(PHOTOS, "drops", 4), rainy_pairs(PHOTOS, "drops", 4, count=7)
    assert [pair.name for pair in many] == [*PHOTOS, *PHOTOS, "chelsea"]
    assert len(few) == 3
    assert all(same(a, b) for a, b in zip(few, many, strict=False))
    for pair in many:
        np.testing.assert_array_equal(pair.clean, PHOTOS[pair.name])
        assert 0.02 < pair.mask.mean() < 0.98
    assert len({pair.rainy.tobytes() for pair in many}) == 7
    (other, *_) = rainy_pairs(PHOTOS, "drops", 5)
    assert (other.rainy != few[0].rainy).any()


def test_drops_of_a_finite_set_scale_with_small_pictures():
    wall = {"wall": np.random.default_rng(0).integers(0, 256, (160, 160, 3), dtype=np.uint8)}

    def outline(scale: float) -> float:
        """Length of the drops' outlines over their area, mean of several rains."""
        masks = [pair.mask for pair in rainy_pairs(wall, "drops", 0, count=4, scale=scale)]
        return float(np.mean([np.abs(np.diff(m.astype(int))).sum() / m.sum() for m in masks]))

    assert outline(0.25) > 2 * outline(1.0)


@pytest.mark.parametrize(
    ("photos", "settings", "message"),
    [
        ({}, {}, "0 pairs of 0 photographs"),
        (PHOTOS, {"count": 0}, "0 pairs of 3 photographs"),
        (PHOTOS, {"seed": -1}, "0 or more; it is -1"),
        (PHOTOS, {"kind": "snow"}, "no kind of rain 'snow'"),
    ],
)
def test_a_finite_set_that_cannot_be_made_is_refused(photos, settings, message):
    with pytest.raises(ValueError, match=message):
        rainy_pairs(photos, **({"kind": "drops", "seed": 0} | settings))


def test_fresh_drops_fall_on_the_clean_halves_of_real_pairs(tmp_path):
    for name, photo in PHOTOS.items():
        streaked = np.clip(photo.astype(int) + 60, 0, 255).astype(np.uint8)
        Image.fromarray(np.hstack([photo, streaked])).save(tmp_path / f"{name}.png")
    pictures = clean_pictures(SideBySideFolder(tmp_path))
    assert list(pictures) == list(PHOTOS)
    for name, picture in pictures.items():
        np.testing.assert_array_equal(picture, PHOTOS[name])
        assert picture.base is None, "the file's rainy half stays in memory too"
    dataset = CropDataset(pictures, "drops", 100, 0)
    wet = [dataset.pair(n) for n in range(12)]
    assert len({pair.mask.tobytes() for pair in wet}) == 12
    assert {pair.name for pair in wet} == set(PHOTOS)


def test_clean_pictures_of_one_name_have_to_be_one_picture():
    pairs = rainy_pairs(PHOTOS, "light", 0, count=5)
    assert list(clean_pictures(pairs)) == list(PHOTOS)
    with pytest.raises(ValueError, match="two pairs named 'flat' have different clean pictures"):
        clean_pictures([flat(1), flat(2)])


def test_merged_items_come_from_each_dataset_as_often_as_its_weight_says():
    parts = [PairCrops([flat(level)], 16, 0) for level in (10, 20, 30)]

    def shares(weights: tuple[float, ...] | None) -> list[float]:
        merged = MergedCrops(parts, 0, weights=weights)
        levels = [int(merged.pair(n).clean[0, 0, 0]) for n in range(600)]
        return [levels.count(level) / 600 for level in (10, 20, 30)]

    assert shares(None) == pytest.approx([1 / 3] * 3, abs=0.06)
    assert shares((861, 249, 0)) == pytest.approx([0.776, 0.224, 0], abs=0.06)


def test_a_merged_item_is_that_item_of_the_dataset_drawn_for_seed_and_number():
    rain, pairs = (
        CropDataset(PHOTOS, "light", 24, 0),
        PairCrops(rainy_pairs(PHOTOS, "drops", 0), 24, 0),
    )
    merged, again, other = (MergedCrops([rain, pairs], seed) for seed in (2, 2, 3))
    again.pair(50)
    drawn = [same(merged.pair(n), rain.pair(n)) for n in range(30)]
    for n in range(30):
        assert same(merged.pair(n), again.pair(n))
        assert drawn[n] or same(merged.pair(n), pairs.pair(n))
    assert 5 < sum(drawn) < 25
    assert drawn != [same(other.pair(n), rain.pair(n)) for n in range(30)]


# Where there are fewer cores than workers, or where threads run already, torch and Python warn.
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")
def test_merged_batches_are_the_same_bytes_with_worker_processes_and_after_a_resume():
    def batches(workers: int, start: int = 0) -> list[Batch]:
        parts = [
            CropDataset(PHOTOS, "drops", 16, 0),
            PairCrops(rainy_pairs(PHOTOS, "light", 0), 16, 0),
        ]
        merged = MergedCrops(parts, 0)
        return list(make_loader(merged, batch_size=4, steps=5, start=start, workers=workers))

    alone, helped, resumed = batches(0), batches(2), batches(0, start=3)
    assert len(alone) == len(helped) == 5
    for a, b in zip([*alone, *alone[3:]], [*helped, *resumed], strict=True):
        assert all(torch.equal(x, y) for x, y in zip(a, b, strict=True))


def test_the_settings_of_merged_data_name_all_that_a_run_depends_on():
    def settings(level: int = 1, seed: int = 0, weights: tuple[int, int] = (1, 3)) -> str:
        parts = [CropDataset(PHOTOS, "light", 16, 0), PairCrops([flat(level)], 16, 0)]
        loader = make_loader(MergedCrops(parts, seed, weights=weights), batch_size=2, steps=1)
        plain = (bool, int, float, str, list)  # what a run keeps of its settings
        assert all(isinstance(value, plain) for value in loader.settings.values())
        return json.dumps(loader.settings)

    assert settings() == settings(weights=(2, 6))
    assert len({settings(), settings(level=2), settings(seed=1), settings(weights=(1, 2))}) == 4


@pytest.mark.parametrize(
    ("sizes", "weights", "seed", "message"),
    [
        ((), None, 0, "0 weights for 0 datasets"),
        ((16, 16), (1,), 0, "1 weights for 2 datasets"),
        ((16, 16), (3, -1), 0, r"weights are 0 or more, .* they are \(3, -1\)"),
        ((16, 16), (0, 0), 0, r"weights are 0 or more, .* they are \(0, 0\)"),
        ((16, 12), None, 0, "crops of 16, 12 pixels make no batch together"),
        ((16, 16), None, -1, "0 or more; it is -1"),
    ],
)
def test_datasets_that_cannot_be_merged_are_refused(sizes, weights, seed, message):
    with pytest.raises(ValueError, match=message):
        MergedCrops([PairCrops([flat(1)], size, 0) for size in sizes], seed, weights=weights)
