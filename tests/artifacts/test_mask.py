from __future__ import annotations

import numpy as np
import pytest

from course_lib.artifacts.mask import (
    artifact_mask,
    detect,
    regions,
    without_small_regions,
)

BARE = {"erosions": 0, "dilations": 0, "holes": False, "min_area": 0}


def test_each_step_does_what_its_setting_says() -> None:
    distance = np.ones((40, 50))
    distance[10:20, 10:30] = 0.5
    distance[14, 14] = 1.0  # a hole
    distance[35, 45] = 0.1  # one pixel
    bare = artifact_mask(distance, 1.0, **BARE)
    assert bare.sum() == 200
    eroded = artifact_mask(distance, 1.0, dilations=0, holes=False, min_area=0)
    assert not eroded[35, 45]
    assert eroded[12:18, 17:28].all()
    grown = {"erosions": 0, "dilations": 2, "holes": False, "min_area": 0, "square": 3}
    assert artifact_mask(distance, 1.0, **grown)[8:22, 8:32].all()
    filled = artifact_mask(distance, 1.0, erosions=0, dilations=0, min_area=0)
    assert filled[14, 14]
    large = {"erosions": 0, "dilations": 0, "min_area": 1}
    assert not artifact_mask(distance, 1.0, **large)[35, 45]


def test_weights_spare_classes_with_natural_texture() -> None:
    distance = np.full((20, 20), 0.6)
    weights = np.ones((20, 20))
    weights[:, 10:] = 1 / 0.8
    mask = artifact_mask(distance, weights, **BARE)
    assert mask[:, :10].all()
    assert not mask[:, 10:].any()


def test_artifacts_at_the_border_are_not_eroded_by_it() -> None:
    distance = np.ones((30, 30))
    distance[:6, :6] = 0
    once = {"dilations": 0, "holes": False, "min_area": 0}
    assert artifact_mask(distance, 1.0, **once)[:4, :4].all()


def test_regions_touch_at_corners_and_small_ones_go() -> None:
    mask = np.zeros((10, 10), bool)
    mask[0:3, 0:3] = mask[3:5, 3:5] = mask[8, 8] = True
    assert regions(mask)[1] == 2
    assert without_small_regions(mask, 12).sum() == 13
    assert without_small_regions(mask, 13).sum() == 0
    assert regions(np.zeros((4, 4), bool))[1] == 0


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"threshold": 0.0}, "threshold is above 0, at most 1; it is 0.0"),
        ({"square": 4}, "its side is odd; it is 4"),
        ({"dilations": -1}, "are 0 or more; they are 1, -1 and 4000"),
    ],
)
def test_bad_settings_are_refused(settings, words) -> None:
    with pytest.raises(ValueError, match=words):
        artifact_mask(np.ones((9, 9)), **settings)


def test_what_detect_cannot_use_is_refused() -> None:
    picture = np.zeros((60, 60, 3), np.uint8)
    with pytest.raises(ValueError, match="one of official, paper, not 'mine'"):
        detect(picture, picture, preset="mine")
    with pytest.raises(ValueError, match=r"weights are \(50, 50\), the picture is \(60, 60\)"):
        detect(picture, picture, weights=np.ones((50, 50)))
    with pytest.raises(ValueError, match=r"weights are above 0; the smallest is 0"):
        detect(picture, picture, weights=np.zeros((60, 60)))
    assert not detect(picture, picture).any()
