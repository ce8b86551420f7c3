from __future__ import annotations

import numpy as np
import pytest

from course_lib.artifacts.mask import detect, regions
from course_lib.artifacts.metrics import iou
from course_lib.artifacts.planted import KINDS, plant, plant_picture, random_region
from course_lib.artifacts.texture import distance_map
from course_lib.data.photos import load_photo

PHOTO = np.asarray(load_photo("astronaut"))[60:316, 100:356]


@pytest.mark.parametrize("kind", KINDS)
def test_the_picture_changes_inside_the_mask_alone_and_the_seed_decides(kind) -> None:
    planted, again, other = (
        plant(PHOTO, kind, np.random.default_rng(seed), share=0.1) for seed in (0, 0, 1)
    )
    assert planted.mask.mean() == pytest.approx(0.1, abs=0.01)
    changed = (planted.picture != PHOTO).any(-1)
    assert not changed[~planted.mask].any()
    assert changed[planted.mask].mean() > 0.5
    np.testing.assert_array_equal(planted.picture, again.picture)
    assert (planted.mask != other.mask).any()


def test_a_region_is_mostly_one() -> None:
    for seed in range(5):
        region = random_region((200, 300), np.random.default_rng(seed), 0.08)
        labels, _ = regions(region)
        assert np.bincount(labels.ravel())[1:].max() > 0.7 * region.sum()


def test_d_sees_texture_and_is_blind_to_colour() -> None:
    flat = np.asarray(load_photo("rocket"))[:256, 200:456]
    found = plant(flat, "false texture", np.random.default_rng(0), share=0.15)
    detected = detect(found.picture, flat, min_area=200)
    assert iou(detected, found.mask) > 0.6
    colour = plant(PHOTO, "shifted colour", np.random.default_rng(0), share=0.15)
    inside = colour.mask & ~detect(colour.picture, PHOTO, min_area=0)
    assert inside.sum() > 0.9 * colour.mask.sum()
    assert np.median(distance_map(colour.picture, PHOTO)[colour.mask]) > 0.95


def test_what_cannot_be_planted_is_refused() -> None:
    with pytest.raises(ValueError, match="no kind of artifact 'rain': there are amplified detail"):
        plant(PHOTO, "rain", np.random.default_rng(0))
    with pytest.raises(ValueError, match="above 0 and below 1; it is 1"):
        random_region((10, 10), np.random.default_rng(0), 1)
    with pytest.raises(ValueError, match="16 pixels on both sides; the picture is 1×40"):
        random_region((1, 40), np.random.default_rng(0), 0.1)


def test_a_region_of_another_picture_is_planted_where_it_differs_most() -> None:
    spoilt = PHOTO.copy()
    spoilt[:, 128:] = 255 - spoilt[:, 128:]  # the left half stays as it is
    found = plant_picture(PHOTO, spoilt, np.random.default_rng(0), share=0.1)
    assert found.mask[:, 128:].sum() > 0.8 * found.mask.sum()
    assert not (found.picture != PHOTO)[~found.mask].any()
    with pytest.raises(ValueError, match="give one size"):
        plant_picture(PHOTO, spoilt[1:], np.random.default_rng(0))
