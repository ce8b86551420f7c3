import numpy as np
import pytest

from course_lib.data.photos import load_photo
from course_lib.restoration.defects import measure_defects

PHOTO = np.asarray(load_photo("coffee"))[:200, :300]


def test_a_photograph_that_comes_back_as_it_is_has_no_defect():
    assert measure_defects(PHOTO, PHOTO) == (0, 0, 0, 0, 1)


def test_dots_are_counted_and_those_of_the_photograph_are_not():
    spoilt = PHOTO.copy()
    places = np.s_[20:180:20, 20:280:20]
    spoilt[places] = np.where(PHOTO[places].mean(-1, keepdims=True) < 128, 255, 0)
    dots = 8 * 13
    found = measure_defects(PHOTO, spoilt).specks * PHOTO[..., 0].size / 1e6
    assert 0.9 * dots <= found <= 1.2 * dots
    assert measure_defects(spoilt, PHOTO).specks < 0.2 * measure_defects(PHOTO, spoilt).specks


def test_a_tint_is_a_shift_of_one_colour_and_not_of_the_light():
    tinted = PHOTO.astype(float)
    tinted[..., 0] += 6
    found = measure_defects(PHOTO, tinted.clip(0, 255).astype(np.uint8))
    assert found.tint == pytest.approx(4, abs=0.6)
    grey = PHOTO.clip(0, 240)
    assert measure_defects(grey, grey + np.uint8(9)).tint < 0.01


@pytest.mark.parametrize("stride", [2, 4, 8])
@pytest.mark.parametrize("axis", [0, 1])
def test_a_faint_grid_stands_out(stride, axis):
    rows, columns = np.indices(PHOTO.shape[:2])
    noise = np.random.default_rng(0).normal(0, 2, PHOTO.shape[:2])
    grid = 4 * ((rows, columns)[axis] % stride == 0)
    plain, spoilt = (
        (PHOTO + change[..., None]).clip(0, 255).astype(np.uint8)
        for change in (noise, noise + grid)
    )
    assert measure_defects(PHOTO, plain).grid < 3
    assert measure_defects(PHOTO, spoilt).grid > 8


def test_pictures_of_two_sizes_are_refused():
    with pytest.raises(ValueError, match="two pictures of one size"):
        measure_defects(PHOTO, PHOTO[1:])


def test_blots_of_colour_are_seen_though_they_cancel_in_the_mean():
    spoilt = PHOTO.astype(int)
    spoilt[20:60, 20:60] += [40, -20, -20]
    spoilt[80:120, 20:60] -= [40, -20, -20]
    found = measure_defects(PHOTO, spoilt.clip(0, 255).astype(np.uint8))
    assert found.blots > 20 * max(found.tint, 0.1)


def test_a_darker_picture_shifts_without_a_tint():
    grey = np.full((64, 64, 3), 128, np.uint8)
    found = measure_defects(grey, grey - np.uint8(9))
    assert (found.shift, found.tint, found.blots) == (9, 0, 0)
