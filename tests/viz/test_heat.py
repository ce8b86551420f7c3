from __future__ import annotations

import numpy as np
import pytest

from course_lib.viz import heat

PICTURE = np.full((4, 6, 3), (200, 100, 0), np.uint8)


def test_sure_is_yellow_and_unsure_dark_blue() -> None:
    values = np.zeros((4, 6))
    values[:, 3:] = 1
    shown = heat(PICTURE, values, opacity=1)
    blue, yellow = shown[0, 0], shown[0, 5]
    assert blue[2] > blue[0]
    assert yellow[0] > 0.9
    assert yellow[2] < 0.4
    assert yellow.mean() > blue.mean() + 0.3  # also without colour vision


def test_without_opacity_the_picture_is_itself() -> None:
    assert np.allclose(heat(PICTURE, np.zeros((4, 6)), opacity=0), PICTURE / 255)


def test_the_picture_stays_visible_below() -> None:
    picture = PICTURE.copy()
    picture[:2] = 255
    shown = heat(picture, np.full((4, 6), 0.5), opacity=0.5)
    assert (shown[:2] > shown[2:] + 0.1).all()


@pytest.mark.parametrize(
    ("values", "opacity", "message"),
    [
        (np.zeros((6, 4)), 0.5, "6×4 and the picture 4×6"),
        (np.full((4, 6), 3.0), 0.5, "take the sigmoid"),
        (np.zeros((4, 6)), 2.0, "opacity is a share"),
    ],
)
def test_maps_that_do_not_fit_are_refused(values: np.ndarray, opacity: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        heat(PICTURE, values, opacity=opacity)
