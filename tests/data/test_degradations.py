from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from course_lib.data.degradations import Degradation, degrade
from course_lib.data.photos import load_photo
from course_lib.metrics import psnr

PHOTO = np.asarray(load_photo("coffee"))[:240, :320]
CLEAN = Degradation(blur=(0, 0), noise=(0, 0), quality=(95, 95))


def test_the_picture_becomes_smaller_and_depends_on_the_seed_alone() -> None:
    first, again, other = (degrade(PHOTO, np.random.default_rng(n)) for n in (1, 1, 2))
    assert first.shape == (60, 80, 3)
    assert first.dtype == np.uint8
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@pytest.mark.parametrize(
    "worse", [{"blur": (6, 6)}, {"noise": (10, 10)}, {"quality": (20, 20)}], ids=str
)
def test_each_part_does_harm(worse) -> None:
    def same_draws(how: Degradation) -> np.ndarray:
        return degrade(PHOTO, np.random.default_rng(0), how)

    clean = same_draws(CLEAN)
    small = PHOTO.reshape(60, 4, 80, 4, 3).mean((1, 3)).round().astype(np.uint8)
    assert psnr(clean, small) > 30
    assert psnr(same_draws(replace(CLEAN, **worse)), small) < psnr(clean, small) - 2


def test_a_second_time_does_more_harm() -> None:
    once, twice = (
        degrade(PHOTO, np.random.default_rng(0), Degradation(twice=twice, quality=(45, 50)))
        for twice in (False, True)
    )
    small = PHOTO.reshape(60, 4, 80, 4, 3).mean((1, 3)).round().astype(np.uint8)
    assert once.shape == twice.shape
    assert psnr(twice, small) < psnr(once, small)


def test_an_aliased_picture_holds_single_pixels_of_the_photograph() -> None:
    checks = (255 * (np.indices((64, 64)).sum(0) % 2))[..., None].repeat(3, -1).astype(np.uint8)
    mean, aliased = (
        degrade(checks, np.random.default_rng(0), replace(CLEAN, aliased=aliased))
        for aliased in (False, True)
    )
    assert np.abs(mean.astype(int) - 128).max() < 5
    assert np.isin(np.rint(aliased / 255), (0, 1)).all()
    assert np.abs(aliased.astype(int) - 128).min() > 120


def test_grey_noise_is_the_same_in_all_colours() -> None:
    grey = replace(CLEAN, noise=(20, 20), grey_noise=1.0, scale=1)
    flat = np.full((64, 64, 3), 128, np.uint8)
    noisy = degrade(flat, np.random.default_rng(0), grey).astype(int)
    assert noisy.std() > 15
    assert np.abs(noisy[..., 0] - noisy[..., 2]).mean() < 3  # JPEG alone


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"scale": 0}, "scale is 1 or more; it is 0"),
        ({"blur": (2, 1)}, "blur is the lowest and the highest, from 0 to 50; it is 2 and 1"),
        ({"quality": (10, 100)}, "quality is the lowest and the highest, from 1 to 95"),
        ({"grey_noise": 2}, "grey_noise is a share from 0 to 1; it is 2"),
    ],
)
def test_bad_settings_are_refused(settings, words) -> None:
    with pytest.raises(ValueError, match=words):
        Degradation(**settings)


def test_sides_that_do_not_divide_are_refused() -> None:
    with pytest.raises(ValueError, match=r"multiples of 4; this one is \(239, 320, 3\): crop it"):
        degrade(PHOTO[1:], np.random.default_rng(0))
    with pytest.raises(TypeError, match="this one is float64"):
        degrade(PHOTO / 255, np.random.default_rng(0))
