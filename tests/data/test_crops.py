from __future__ import annotations

import functools
import operator
import pickle
import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from course_lib.data import crops
from course_lib.data.crops import (
    CropDataset,
    PairCrops,
    StepSampler,
    as_tensors,
    held_out_batch,
    make_loader,
)
from course_lib.data.folders import PairedFolder, SideBySideFolder
from course_lib.data.pair import Batch, Pair
from course_lib.data.photos import load_photo, photo_split
from course_lib.data.pictures import BadPicture
from course_lib.data.rain import RainMix
from course_lib.ranges import to_model

NAMES = ("chelsea", "coffee", "motorcycle")
PHOTOS = {name: load_photo(name) for name in NAMES}


def same(a: Batch, b: Batch) -> bool:
    return all(torch.equal(x, y) for x, y in zip(a, b, strict=True))


def find(crop: np.ndarray, photo: np.ndarray) -> list[tuple[int, int]]:
    """Where a crop lies in a photograph."""
    size = len(crop)
    corner = (photo[: -size + 1 or None, : -size + 1 or None] == crop[0, 0]).all(-1)
    return [
        (y, x)
        for y, x in np.argwhere(corner).tolist()
        if np.array_equal(photo[y : y + size, x : x + size], crop)
    ]


def test_an_item_is_a_batch_of_one_without_its_axis():
    item = CropDataset(PHOTOS, "light", 48, 0)[5]
    assert isinstance(item, Batch)
    assert item.rainy.shape == item.clean.shape == (3, 48, 48)
    assert item.mask.shape == (1, 48, 48)
    assert {tensor.dtype for tensor in item} == {torch.float32}
    assert -1 <= item.rainy.min() < item.rainy.max() <= 1
    assert set(item.mask.unique().tolist()) == {0.0, 1.0}


def test_the_tensors_of_a_pair_are_its_pixels_scaled():
    rng = np.random.default_rng(0)
    rainy, clean = rng.integers(0, 256, (2, 5, 7, 3), dtype=np.uint8)
    mask = rng.random((5, 7)) < 0.5
    item = as_tensors(Pair(rainy=rainy, clean=clean, mask=mask))
    torch.testing.assert_close(item.rainy, to_model([rainy])[0])
    np.testing.assert_allclose(item.clean[2, 1, 4], clean[1, 4, 2] / 127.5 - 1, atol=1e-6)
    np.testing.assert_array_equal(item.mask[0], mask)


@settings(max_examples=20, deadline=None)
@given(n=st.integers(0, 2**40), seed=st.integers(0, 2**40))
def test_an_item_depends_on_seed_and_number_alone(n, seed):
    fresh, used = (CropDataset(PHOTOS, "haze", 16, seed) for _ in range(2))
    used[n + 1], used[0]
    assert same(fresh[n], used[n])


def test_items_differ_by_number_and_by_seed():
    dataset, other = (CropDataset(PHOTOS, "light", 32, seed) for seed in (0, 1))
    seen = {dataset[n].rainy.numpy().tobytes() for n in range(200)}
    assert len(seen) == 200
    assert not seen & {other[n].rainy.numpy().tobytes() for n in range(200)}


def test_clean_crops_come_from_everywhere_in_every_photograph_half_of_them_mirrored():
    dataset = CropDataset(PHOTOS, "haze", 24, 3)
    mirrored, places = 0, {name: [] for name in NAMES}
    for n in range(240):
        pair = dataset.pair(n)
        upright = find(pair.clean, PHOTOS[pair.name])
        turned = find(pair.clean[:, ::-1], PHOTOS[pair.name])
        assert upright or turned
        mirrored += bool(turned)
        places[pair.name] += upright or turned
    assert 80 < mirrored < 160
    for name, found in places.items():
        assert len(found) > 50
        height, width = PHOTOS[name].shape[:2]
        y, x = np.array(found).T
        assert y.min() < 0.1 * height < 0.8 * height < y.max()
        assert x.min() < 0.1 * width < 0.8 * width < x.max()


def test_a_crop_may_be_as_large_as_the_photograph():
    photo = {"square": np.ascontiguousarray(PHOTOS["chelsea"][:, :300])}
    pair = CropDataset(photo, "light", 300, 0).pair(0)
    assert pair.clean.shape == (300, 300, 3)


def test_mirroring_turns_rain_truth_and_mask_together():
    """Where nothing is marked, rainy and clean are nearly equal; a mask left unturned fails."""
    dataset = CropDataset(PHOTOS, "light", 64, 0)
    for n in range(40):
        pair = dataset.pair(n)
        luma = (pair.rainy.astype(float) - pair.clean) @ [0.299, 0.587, 0.114]
        assert np.abs(luma[~pair.mask]).max() < 14
        assert np.abs(luma[pair.mask]).min(initial=255) > 10


def test_several_rains_fall_and_each_is_drawn_once(monkeypatch):
    drawn = []
    original = crops.draw_canvas

    def count(kind: str, size: tuple[int, int], rng: np.random.Generator, *, scale: float):
        drawn.append((kind, size, scale))
        return original(kind, size, rng, scale=scale)

    monkeypatch.setattr(crops, "draw_canvas", count)
    crops._drawn.cache_clear()
    dataset = CropDataset(PHOTOS, "light", 16, 0, scale=0.5)
    dataset[0]
    assert drawn == [("light", (208, 208), 0.5)]
    for n in range(200):
        dataset[n]
    assert len(drawn) == crops.CANVASES
    again = CropDataset(PHOTOS, "light", 16, 0, scale=0.5)  # another run of the same lesson
    for n in range(200):
        assert (again.pair(n).rainy == dataset.pair(n).rainy).all()
    assert len(drawn) == crops.CANVASES


def test_a_rain_falls_from_many_places_of_its_canvas():
    wall = {"wall": np.full((32, 32, 3), 90, np.uint8)}
    dataset = CropDataset(wall, "light", 32, 0, canvases=1)
    assert len({dataset.pair(n).rainy.tobytes() for n in range(100)}) > 95


def test_a_photograph_smaller_than_the_crops_is_named_with_the_mend():
    message = "'chelsea' is 300×451, crops of 320×320 don't fit; take crops of at most 300"
    with pytest.raises(ValueError, match=message):
        CropDataset(PHOTOS, "light", 320, 0)
    with pytest.raises(ValueError, match=message):
        held_out_batch(PHOTOS, "light", 320, 0, 4)
    with pytest.raises(ValueError, match="photos is empty"):
        CropDataset({}, "light", 32, 0)


@given(
    share=st.integers(1, 5),
    world_size=st.integers(1, 4),
    start=st.integers(0, 10),
    more=st.integers(0, 10),
)
def test_steps_take_consecutive_items_and_processes_share_them_without_repeats(
    share, world_size, start, more
):
    batch, steps = share * world_size, start + more
    ranks = [list(StepSampler(batch, steps, start, rank, world_size)) for rank in range(world_size)]
    assert all(len(StepSampler(batch, steps, start)) == len(own) == more for own in ranks)
    for k, slices in enumerate(zip(*ranks, strict=True), start=start):
        assert {len(part) for part in slices} == {share}
        assert [n for part in slices for n in part] == list(range(k * batch, (k + 1) * batch))


def test_a_batch_that_cannot_be_shared_evenly_is_refused():
    with pytest.raises(ValueError, match="a batch of 10 can't be dealt out to 4 processes"):
        StepSampler(10, 5, world_size=4)
    with pytest.raises(ValueError, match="rank 2 is not one of 2 processes"):
        StepSampler(10, 5, rank=2, world_size=2)


def test_a_loader_gives_batches_of_the_items_in_order():
    dataset = CropDataset(PHOTOS, "light", 24, 0)
    batches = list(make_loader(dataset, batch_size=3, steps=4))
    assert len(batches) == 4
    assert all(isinstance(batch, Batch) for batch in batches)
    assert batches[0].rainy.shape == (3, 3, 24, 24)
    assert batches[0].mask.shape == (3, 1, 24, 24)
    for k, batch in enumerate(batches):
        for i in range(3):
            assert same(Batch(*(tensor[i] for tensor in batch)), dataset[3 * k + i])


@pytest.mark.parametrize("workers", [0, 1])
def test_batches_are_laid_out_with_the_channels_last(workers):
    loader = make_loader(
        CropDataset(PHOTOS, "light", 48, 3), batch_size=2, steps=1, workers=workers
    )
    (batch,) = loader
    assert all(part.is_contiguous(memory_format=torch.channels_last) for part in batch)


def test_a_resumed_loader_goes_on_where_the_first_would_have():
    dataset = CropDataset(PHOTOS, "light", 24, 0)
    whole = list(make_loader(dataset, batch_size=2, steps=6))
    rest = list(make_loader(CropDataset(PHOTOS, "light", 24, 0), batch_size=2, steps=6, start=4))
    assert len(rest) == 2
    assert all(same(a, b) for a, b in zip(whole[4:], rest, strict=True))


def test_iterating_leaves_the_global_generator_alone():
    loader = make_loader(CropDataset(PHOTOS, "haze", 16, 0), batch_size=1, steps=2)
    torch.manual_seed(0)
    expected = torch.get_rng_state()
    list(loader)
    assert torch.equal(torch.get_rng_state(), expected)


# Where there are fewer cores than workers, or where threads run already, torch and Python warn.
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")
def test_worker_processes_give_the_same_bytes_and_never_repeat_a_crop():
    def run(workers: int) -> list[Batch]:
        dataset = CropDataset(PHOTOS, "mixture", 24, 7)
        return list(make_loader(dataset, batch_size=4, steps=6, workers=workers))

    alone, *others = (run(workers) for workers in (0, 1, 2))
    for batches in others:
        assert len(batches) == 6
        assert all(same(a, b) for a, b in zip(alone, batches, strict=True))
    seen = {picture.numpy().tobytes() for batch in alone for picture in batch.rainy}
    assert len(seen) == 24


def test_a_dataset_survives_being_sent_to_a_process():
    dataset = CropDataset(PHOTOS, "drops", 24, 0)
    assert same(pickle.loads(pickle.dumps(dataset))[3], dataset[3])


def test_processes_that_train_together_see_one_batch():
    dataset = CropDataset(PHOTOS, "haze", 16, 0)
    (whole,) = make_loader(dataset, batch_size=4, steps=1)
    halves = [
        next(iter(make_loader(dataset, batch_size=4, steps=1, rank=rank, world_size=2)))
        for rank in range(2)
    ]
    assert same(whole, Batch(*(torch.cat(parts) for parts in zip(*halves, strict=True))))


def test_held_out_pairs_are_fixed_spread_and_each_under_its_own_rain():
    photos = {name: load_photo(name) for name in photo_split(0).test}
    batch = held_out_batch(photos, "light", 64, 0, 9)
    assert batch.rainy.shape == (9, 3, 64, 64)
    assert batch.mask.shape == (9, 1, 64, 64)
    assert same(batch, held_out_batch(photos, "light", 64, 0, 9))
    first, second = photos.values()
    for n, photo in ((0, first), (1, second)):
        y, x = (photo.shape[0] - 63) // 2, (photo.shape[1] - 63) // 2
        centre = to_model([photo[y : y + 64, x : x + 64]])[0]
        assert torch.equal(batch.clean[n], centre)
    assert len({clean.numpy().tobytes() for clean in batch.clean}) == 9
    wall = {"wall": np.full((99, 99, 3), 90, np.uint8)}
    rainy = held_out_batch(wall, "light", 64, 0, 9).rainy
    assert len({picture.numpy().tobytes() for picture in rainy}) == 9


def test_held_out_places_stay_when_the_rain_changes_with_the_seed():
    one, two = (held_out_batch(PHOTOS, "light", 48, seed, 6) for seed in (0, 1))
    assert torch.equal(one.clean, two.clean)
    assert not torch.equal(one.rainy, two.rainy)


def test_held_out_crops_cover_the_photograph():
    """Of 16 crops of one photograph, some begin in each of its quarters."""
    ramp = np.zeros((256, 256, 3), np.uint8)
    ramp[..., 0], ramp[..., 1] = np.arange(256)[:, None], np.arange(256)
    clean = held_out_batch({"ramp": ramp}, "haze", 8, 0, 16).clean
    corners = ((clean[:, :2, 0, 0] + 1) * 127.5).round().numpy()
    quarters = {(y > 124, x > 124) for y, x in corners}
    assert len(quarters) == 4


def test_held_out_batch_refuses_nothing_to_crop():
    with pytest.raises(ValueError, match="0 pairs of 3 photographs"):
        held_out_batch(PHOTOS, "light", 32, 0, 0)


@pytest.fixture
def folder(tmp_path) -> PairedFolder:
    """Five pairs; each clean one has a grey level of its own, the rainy is 50 levels brighter."""
    for side, extra in (("rainy", 50), ("clean", 0)):
        (tmp_path / side).mkdir()
        for k in range(5):
            level = 20 * (k + 1) + extra
            Image.new("L", (40 + k, 30)).point(lambda _, v=level: v).save(
                tmp_path / side / f"{k}.png"
            )
    return PairedFolder(tmp_path)


def test_real_pairs_come_once_an_epoch_in_an_order_of_their_own(folder):
    dataset = PairCrops(folder, 16, 0)
    epochs = [[dataset.pair(5 * epoch + i).name for i in range(5)] for epoch in range(6)]
    assert all(sorted(epoch) == folder.names for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) > 3
    again = PairCrops(folder, 16, 0)
    assert [again.pair(n).name for n in range(10, 15)] == epochs[2]
    other = PairCrops(folder, 16, 1)
    assert [other.pair(n).name for n in range(30)] != functools.reduce(operator.iadd, epochs, [])


def test_crops_of_real_pairs_keep_the_twins_together(folder):
    batch = next(iter(make_loader(PairCrops(folder, 16, 0), batch_size=5, steps=1)))
    assert batch.rainy.shape == (5, 3, 16, 16)
    torch.testing.assert_close(batch.rainy - batch.clean, torch.full((5, 3, 16, 16), 50 / 127.5))
    assert batch.mask.min() == 1


def test_pairs_held_in_memory_give_the_crops_of_their_folder(folder):
    on_disk, in_memory = PairCrops(folder, 16, 3), PairCrops(list(folder), 16, 3)
    assert all(same(on_disk[n], in_memory[n]) for n in range(12))
    with pytest.raises(ValueError, match=r"the pair '\d' is 30×4\d, crops of 31×31 don't fit"):
        PairCrops(list(folder), 31, 0)[0]
    with pytest.raises(ValueError, match="there is no pair to take crops of"):
        PairCrops([], 16, 0)


@pytest.fixture
def ramp() -> Pair:
    """A pair whose values tell where they lie: red the row, green the column."""
    clean = np.zeros((40, 50, 3), np.uint8)
    clean[..., 0], clean[..., 1] = np.arange(40)[:, None], np.arange(50)
    return Pair(rainy=clean + 9, clean=clean, mask=clean[..., 1] > 25, name="ramp")


def test_mirroring_and_random_crops_are_switched_off_apart(ramp):
    """Each switch leaves what the other draws as it is."""

    def corners(**switches: bool) -> list[tuple[int, int, bool]]:
        dataset = PairCrops([ramp], 16, 0, **switches)
        found = []
        for n in range(40):
            pair = dataset.pair(n)
            row, left, right = *pair.clean[0, 0, :2].tolist(), int(pair.clean[0, -1, 1])
            np.testing.assert_array_equal(pair.rainy, pair.clean + 9)
            np.testing.assert_array_equal(pair.mask, pair.clean[..., 1] > 25)
            found.append((row, min(left, right), left > right))
        return found

    both = corners()
    assert 8 < sum(mirrored for *_, mirrored in both) < 32
    assert len(set(both)) > 30
    assert corners(mirror=False) == [(y, x, False) for y, x, _ in both]
    assert corners(random_crops=False) == [(12, 17, mirrored) for *_, mirrored in both]
    assert set(corners(mirror=False, random_crops=False)) == {(12, 17, False)}


def test_without_augmentation_a_finite_set_comes_over_and_over():
    endless = CropDataset(PHOTOS, "light", 24, 0)
    finite = [endless.pair(n) for n in range(6)]
    dataset = PairCrops(finite, 24, 0, mirror=False, random_crops=False)
    epochs = [[dataset.pair(6 * epoch + i).rainy.tobytes() for i in range(6)] for epoch in range(5)]
    assert all(sorted(epoch) == sorted(p.rainy.tobytes() for p in finite) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) > 1


def test_settings_tell_other_pairs_and_other_augmentation_apart(folder, ramp):
    other = Pair(rainy=ramp.rainy, clean=ramp.rainy, mask=ramp.mask, name="ramp")
    datasets = [
        PairCrops(folder, 16, 0),
        PairCrops([ramp], 16, 0),
        PairCrops([other], 16, 0),
        PairCrops([ramp], 16, 0, mirror=False),
        PairCrops([ramp], 16, 0, random_crops=False),
    ]
    assert len({str(dataset.settings) for dataset in datasets}) == 5
    assert PairCrops([ramp], 16, 0).settings == datasets[1].settings


def test_a_real_pair_smaller_than_the_crops_is_named_with_its_folder(folder):
    message = re.escape(f"of {folder.path} is 30×4") + r"\d, crops of 31×31 don't fit; .*most 30"
    with pytest.raises(ValueError, match=message):
        PairCrops(folder, 31, 0)[0]


def test_a_bad_file_stops_training_with_its_name_and_can_be_skipped(folder):
    (folder.path / "rainy/3.png").write_bytes(b"cut")
    dataset = PairCrops(folder, 16, 0)
    with pytest.raises(BadPicture, match=r"rainy/3\.png is not a sound picture"):
        [dataset[n] for n in range(5)]
    with pytest.warns(UserWarning, match=r"left out 1 bad file, .*3\.png"):
        rest = PairCrops(PairedFolder(folder.path, on_bad="skip"), 16, 0)
    assert sorted(rest.pair(n).name for n in range(4)) == ["0", "1", "2", "4"]


def test_crops_of_rain800_come_from_both_halves_alike(real_data):
    dataset = PairCrops(SideBySideFolder(real_data / "rain800/test_syn"), 64, 0)
    error = [
        ((pair.rainy.astype(float) - pair.clean) ** 2).mean()
        for pair in (dataset.pair(n) for n in range(30))
    ]
    psnr = 10 * np.log10(255**2 / np.array(error))
    assert 18 < psnr.mean() < 25  # 21.15 dB over whole pictures; crops misplaced give about 12


@pytest.mark.parametrize(
    ("kind", "seed", "message"),
    [("hail", 0, "no kind of rain 'hail': there are light"), ("light", -1, "0 or more; it is -1")],
)
def test_a_wrong_setting_is_refused_before_training_starts(kind, seed, message):
    with pytest.raises(ValueError, match=message):
        CropDataset({"grey": np.zeros((40, 40, 3), np.uint8)}, kind, 32, seed)


def rains(dataset: CropDataset, n: int) -> bytes:
    return dataset.pair(n).rainy.tobytes()


def test_a_rolling_pool_depends_on_the_item_and_not_on_what_was_asked_before():
    def fresh() -> CropDataset:
        return CropDataset(PHOTOS, "light", 16, 0, canvases=3, renew_every=4)

    used = fresh()
    forwards = [rains(used, n) for n in range(60)]
    assert [rains(used, n) for n in reversed(range(60))] == forwards[::-1]
    assert [rains(fresh(), n) for n in (0, 31, 59)] == [forwards[n] for n in (0, 31, 59)]


def test_a_rolling_pool_replaces_its_oldest_rain_at_each_interval(monkeypatch):
    drawn = []
    original = np.random.default_rng

    def watched(seed):
        if isinstance(seed, tuple) and len(seed) == 3:
            drawn.append(seed[1])
        return original(seed)

    crops._drawn.cache_clear()
    dataset = CropDataset(PHOTOS, "light", 16, 0, canvases=3, renew_every=100)
    monkeypatch.setattr(np.random, "default_rng", watched)
    for n in range(500):
        if n % 100 == 0:
            drawn.clear()
        dataset[n]
        if n % 100 == 99:
            replaced = n // 100 - 1
            assert sorted(drawn) == ([0, 1, 2] if n == 99 else [3 + replaced])


def test_without_rolling_a_larger_pool_begins_with_the_same_rains():
    few, many = (CropDataset(PHOTOS, "light", 16, 0, canvases=count) for count in (2, 5))
    for place in range(2):
        alpha = [one._canvas(place, 0).streaks.alpha for one in (few, many)]
        np.testing.assert_array_equal(*alpha)


@pytest.mark.parametrize(("canvases", "renew_every"), [(0, None), (16, 0)])
def test_a_pool_without_rain_is_refused(canvases, renew_every):
    with pytest.raises(ValueError, match="a pool holds at least one rain"):
        CropDataset(PHOTOS, "light", 16, 0, canvases=canvases, renew_every=renew_every)


def test_the_rains_of_a_mix_are_among_the_settings():
    mixes = RainMix(kinds={"light": 1, "none": 1}), RainMix(kinds={"light": 1, "none": 2})
    texts = [CropDataset(PHOTOS, mix, 16, 0).settings["kind of rain"] for mix in mixes]
    assert "none" in texts[0]
    assert texts[0] != texts[1]
    assert make_loader(CropDataset(PHOTOS, mixes[0], 16, 0), batch_size=2, steps=1).settings
