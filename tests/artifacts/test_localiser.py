from __future__ import annotations

import numpy as np
import pytest
import torch

from course_lib.artifacts.localiser import (
    HoleLocaliser,
    filled_hole,
    localiser_map,
    train_localiser,
)
from course_lib.artifacts.metrics import iou
from course_lib.data.photos import load_photo, shrink
from course_lib.ranges import to_model


def test_a_filled_hole_changes_its_mask_alone() -> None:
    photo = load_photo("coffee")[:128, :128]
    for seed in range(6):
        hole = filled_hole(photo, np.random.default_rng(seed))
        assert 0.02 < hole.mask.mean() < 0.31
        changed = (hole.picture != photo).any(-1)
        assert not (changed & ~hole.mask).any()
        assert changed[hole.mask].mean() > 0.5


def test_training_repeats_to_the_bit_and_leaves_the_global_generator() -> None:
    photo = shrink(load_photo("coffee"), 2)
    state = torch.get_rng_state()
    first, second = (train_localiser([photo], steps=2, seed=3) for _ in range(2))
    assert torch.equal(torch.get_rng_state(), state)
    picture = photo[:64, :80]
    found = localiser_map(first, picture)
    assert found.shape == (64, 80)
    assert ((found >= 0) & (found <= 1)).all()
    np.testing.assert_array_equal(found, localiser_map(second, picture))


@pytest.mark.slow
def test_it_finds_blurred_holes_better_than_chance() -> None:
    learn = [shrink(load_photo(name), 2) for name in ("astronaut", "chelsea", "motorcycle")]
    network = train_localiser(learn, steps=120)
    holes = [
        filled_hole(load_photo("coffee")[:192, :192], np.random.default_rng(n)) for n in range(8)
    ]
    inside = [localiser_map(network, one.picture)[one.mask].mean() for one in holes]
    outside = [localiser_map(network, one.picture)[~one.mask].mean() for one in holes]
    assert np.mean(inside) > np.mean(outside) + 0.1
    everything = np.mean([one.mask.mean() for one in holes])
    found = [iou(localiser_map(network, one.picture) > 0.5, one.mask) for one in holes]
    assert np.mean(found) > everything


def test_small_photographs_are_refused() -> None:
    with pytest.raises(ValueError, match="no photograph has 96 pixels on both sides"):
        train_localiser([np.zeros((95, 200, 3), np.uint8)])


def test_pictures_of_odd_sides_get_a_map_of_their_size() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (31, 45, 3), dtype=np.uint8)
    network = HoleLocaliser().eval()
    assert localiser_map(network, picture).shape == (31, 45)
    even = picture[:30, :44]
    expected = network(to_model(even[None]))[0, 0].sigmoid().detach().numpy()
    np.testing.assert_allclose(localiser_map(network, even), expected, rtol=1e-6)
