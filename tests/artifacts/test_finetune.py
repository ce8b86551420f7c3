from __future__ import annotations

import numpy as np
import pytest

from course_lib.artifacts.finetune import detail_kept, pseudo_ground_truth
from course_lib.data.photos import load_photo

PHOTO = load_photo("chelsea")[:64, :80]


def test_artifacts_become_the_twins_pixels_and_all_else_stays_the_gans() -> None:
    mse, gan = np.full((6, 8, 3), 90, np.uint8), np.full((6, 8, 3), 200, np.uint8)
    mask = np.zeros((6, 8), bool)
    mask[2:4, 3:5] = True
    target = pseudo_ground_truth(mse, gan, mask)
    assert target.dtype == np.uint8
    assert (target[mask] == 90).all()
    assert (target[~mask] == 200).all()
    assert (mse == 90).all()
    assert (gan == 200).all()


def test_a_feathered_mask_has_no_edge() -> None:
    mse, gan = np.zeros((1, 41, 3), np.uint8), np.full((1, 41, 3), 200, np.uint8)
    mask = np.zeros((1, 41), bool)
    mask[:, 20:] = True
    row = pseudo_ground_truth(mse, gan, mask, feather=3)[0, :, 0].astype(int)
    assert (np.diff(row) <= 0).all()
    assert np.abs(np.diff(row)).max() < 40
    assert (row[0], row[-1]) == (200, 0)


@pytest.mark.parametrize(
    ("mask", "feather", "message"),
    [
        (np.zeros((64, 79), bool), 0, "64×80; this one is bool, 64×79"),
        (np.zeros((64, 80)), 0, "this one is float64"),
        (np.zeros((64, 80), bool), -1, "it is -1"),
        (np.zeros((64, 80), bool), np.nan, "it is nan"),
    ],
)
def test_what_cannot_be_merged_is_refused(mask, feather, message) -> None:
    with pytest.raises(ValueError, match=message):
        pseudo_ground_truth(PHOTO, PHOTO, mask, feather=feather)
    with pytest.raises(ValueError, match="one size"):
        pseudo_ground_truth(PHOTO[1:], PHOTO, mask)


def test_a_blurred_picture_keeps_little_detail_and_only_the_outside_counts() -> None:
    outside = np.ones(PHOTO.shape[:2], bool)
    outside[:, 40:] = False
    spoilt = PHOTO.copy()
    spoilt[:, 50:] = 0
    assert detail_kept(PHOTO, spoilt, outside) == 1
    smooth = np.full_like(PHOTO, 128)
    assert detail_kept(PHOTO, smooth, outside) == 0
    assert np.isnan(detail_kept(smooth, PHOTO, outside))
    assert np.isnan(detail_kept(PHOTO, PHOTO, ~np.ones_like(outside)))
    with pytest.raises(ValueError, match="a mask is bool"):
        detail_kept(PHOTO, PHOTO, outside.astype(np.uint8))
    with pytest.raises(ValueError, match="give two of one size"):
        detail_kept(PHOTO, PHOTO[1:], outside)
