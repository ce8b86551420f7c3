import numpy as np
import pytest

from course_lib.data.blurred_noise import BlurredNoise, draw_noise


def drawn(seed: int = 0, **parameters: float) -> np.ndarray:
    return draw_noise(BlurredNoise(**parameters), (120, 160), np.random.default_rng(seed))


def test_alpha_is_a_share_and_one_pixel_in_a_hundred_exceeds_the_opacity():
    alpha = drawn(opacity=0.4)
    assert alpha.dtype == np.float32
    assert alpha.shape == (120, 160)
    assert 0 <= alpha.min() < alpha.max() <= 1
    assert (alpha > 0.4).mean() == pytest.approx(0.01, abs=0.002)


@pytest.mark.parametrize("angle", [-40.0, 0.0, 25.0])
def test_streaks_lean_by_the_angle(angle):
    alpha = drawn(angle=angle, length=25, share=0.005)
    up = 10  # pixels higher on the same streak, it lies so many columns to the right
    columns = max(range(-15, 16), key=lambda c: (alpha[up:] * np.roll(alpha[:-up], -c, 1)).sum())
    assert np.degrees(np.arctan(columns / up)) == pytest.approx(angle, abs=4)


def test_a_longer_blur_makes_longer_streaks():
    def change_downwards(length: float) -> float:
        alpha = drawn(length=length, share=0.005)
        return float(np.abs(np.diff(alpha, axis=0)).mean() / np.abs(np.diff(alpha, axis=1)).mean())

    assert change_downwards(60) < 0.6 * change_downwards(15)


def test_scaled_rain_has_longer_wider_and_fewer_streaks():
    rain = BlurredNoise(share=0.04, length=10, width=1)
    assert rain.scaled(2) == BlurredNoise(share=0.01, length=20, width=2)


def test_rain_that_hardly_falls_is_no_division_by_zero():
    assert drawn(share=0).max() == 0
    assert np.isfinite(drawn(share=1e-5)).all()


def test_levels_make_the_darkest_share_black_and_keep_the_brightest():
    dense = {"share": 0.2, "length": 40.0, "opacity": 0.4}
    grey, cut = drawn(**dense), drawn(**dense, black=0.6)
    assert (grey == 0).mean() < 0.01
    assert (cut == 0).mean() == pytest.approx(0.6, abs=0.01)
    assert (cut > 0.4).mean() == pytest.approx(0.01, abs=0.002)
    assert cut.mean() < 0.5 * grey.mean()


@pytest.mark.parametrize(
    "wrong",
    [
        {"angle": 61},
        {"share": 1.1},
        {"opacity": -0.1},
        {"width": -1},
        {"gain": np.nan},
        {"black": 1},
    ],
)
def test_impossible_rain_is_refused(wrong):
    [(name, value)] = wrong.items()
    with pytest.raises(ValueError, match=f"{name}.*{value}"):
        BlurredNoise(**wrong)
