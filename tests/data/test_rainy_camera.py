from __future__ import annotations

import numpy as np
import pytest

from course_lib.data.degradations import Degradation
from course_lib.data.photos import load_photo
from course_lib.data.rainy_camera import SHARP, RainyCamera

PHOTO = load_photo("coffee")[:96, :128]


def test_rain_falls_and_the_camera_adds_its_faults() -> None:
    perfect = Degradation(scale=1, blur=(0, 0), noise=(0, 0), quality=(95, 95))
    rainy = RainyCamera(kinds=("heavy",), camera=perfect)(PHOTO, np.random.default_rng(1))
    poor = RainyCamera(kinds=("heavy",), camera=SHARP)(PHOTO, np.random.default_rng(1))
    assert rainy.shape == poor.shape == PHOTO.shape
    assert rainy.astype(int).mean() > PHOTO.mean() + 5  # streaks are bright
    assert np.abs(rainy.astype(int) - poor).mean() > 2


def test_the_generator_is_the_only_source_of_chance() -> None:
    camera = RainyCamera()
    first, again, other = (camera(PHOTO, np.random.default_rng(n)) for n in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"kinds": ()}, "at least one kind"),
        ({"kinds": ("hail",)}, "hail"),
        ({"camera": Degradation()}, "the camera's scale is 4: give 1"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(arguments, words) -> None:
    with pytest.raises(ValueError, match=words):
        RainyCamera(**arguments)
