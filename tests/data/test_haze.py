import numpy as np
import pytest

from course_lib.data.haze import Haze, add_haze, draw_haze, guess_depth, known_depth, scale_depth
from course_lib.data.photos import load_photo


def test_haze_follows_the_scattering_equation() -> None:
    haze = Haze(density=1.2, airlight=np.full(3, 0.8))
    clean = np.array([[[0.1, 0.5, 0.9], [0.1, 0.5, 0.9]]])
    rainy = add_haze(clean, np.array([[0.0, 0.5]]), haze)
    np.testing.assert_allclose(rainy[0, 0], clean[0, 0])
    t = np.exp(-0.6)
    np.testing.assert_allclose(rainy[0, 1], clean[0, 1] * t + 0.8 * (1 - t))


def test_endless_haze_is_the_airlight() -> None:
    haze = Haze(density=100, airlight=np.array([0.7, 0.8, 0.9]))
    rainy = add_haze(np.zeros((1, 1, 3)), np.ones((1, 1)), haze)
    np.testing.assert_allclose(rainy[0, 0], [0.7, 0.8, 0.9])


def test_drawn_haze_fills_the_ranges_of_reside() -> None:
    rng = np.random.default_rng(0)
    drawn = [draw_haze(rng) for _ in range(300)]
    densities = [haze.density for haze in drawn]
    airlights = [haze.airlight[0] for haze in drawn]
    assert 0.4 <= min(densities) < 0.45
    assert 1.55 < max(densities) <= 1.6
    assert 0.7 <= min(airlights) < 0.72
    assert 0.98 < max(airlights) <= 1


@pytest.mark.parametrize("hole", [np.nan, np.inf])
def test_holes_in_a_depth_map_take_the_nearest_depth(hole: float) -> None:
    depth = np.array([[2.0, hole, hole, hole, 4.0]])
    np.testing.assert_allclose(scale_depth(depth)[0, [0, 1, 3, 4]], [0.5, 0.5, 1, 1])


@pytest.mark.parametrize(
    ("depth", "message"),
    [
        (np.full((2, 2), np.nan), "0 finite values"),
        (np.ones(4), "shape 4"),
        (np.zeros((2, 2)), "not all zero"),
        (np.array([[-1.0, 1.0]]), "from -1 to 1"),
    ],
)
def test_an_unusable_depth_map_is_refused(depth: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        scale_depth(depth)


def test_the_guessed_depth_is_smooth_and_grows_upwards() -> None:
    photo = load_photo("china")
    depth = guess_depth(photo)
    assert depth.shape == photo.shape[:2]
    assert depth.min() >= 0
    assert 0.8 < depth.max() <= 1
    assert depth[:50].mean() > depth[-50:].mean() + 0.3
    steps = max(np.abs(np.diff(depth, axis=axis)).max() for axis in (0, 1))
    assert steps < 0.02


def test_the_guess_survives_black_and_tiny_pictures() -> None:
    for shape in ((1, 1, 3), (3, 90, 3), (64, 64, 3)):
        assert np.isfinite(guess_depth(np.zeros(shape, np.uint8))).all()


def test_the_motorcycle_brings_its_measured_depth_without_holes() -> None:
    depth = known_depth("motorcycle")
    assert depth is not None
    assert depth.shape == load_photo("motorcycle").shape[:2]
    assert np.isfinite(depth).all()
    assert depth.max() == 1
    # The wall above the bench is farther than the wheel; its calibration says 5 m against 2 m.
    assert depth.min() == pytest.approx((7.19 + 31.09) / (59.9 + 31.09), abs=0.02)
    assert depth[40:120, 420:480].mean() > 1.3 * depth[380:440, 300:400].mean()


def test_other_photographs_have_no_known_depth() -> None:
    assert known_depth("china") is None
