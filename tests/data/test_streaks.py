from dataclasses import replace

import numpy as np
import pytest

from course_lib.data.streaks import (
    StreakParameters,
    Streaks,
    composite_streaks,
    draw_alpha,
    terminal_speed,
)

RAIN = StreakParameters()
ONE_LAYER = StreakParameters(layers=1, density=2)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def lean(alpha: np.ndarray) -> float:
    """Direction of the streaks in degrees from the vertical, "/" positive."""
    gy, gx = np.gradient(alpha)
    return float(np.degrees(np.arctan2(2 * (gx * gy).mean(), (gx**2 - gy**2).mean()) / 2))


def test_composite_mixes_background_and_light_by_alpha() -> None:
    clean = np.full((1, 2, 3), 0.2)
    rainy = composite_streaks(clean, Streaks(np.array([[0.0, 0.5]]), np.array([0.8, 0.4, 0.2])))
    np.testing.assert_allclose(rainy[0, 0], 0.2)
    np.testing.assert_allclose(rainy[0, 1], [0.5, 0.3, 0.2])


def test_composite_saturates_at_white() -> None:
    rainy = composite_streaks(np.ones((1, 1, 3)), Streaks(np.array([[0.5]]), np.full(3, 1.5)))
    np.testing.assert_array_equal(rainy, 1)


def test_alpha_is_a_share_of_the_canvas_size() -> None:
    alpha = draw_alpha(replace(RAIN, density=20, opacity=1), (70, 110), rng())
    assert alpha.shape == (70, 110)
    assert alpha.dtype == np.float32
    assert alpha.min() >= 0
    assert 0.9 < alpha.max() <= 1


def test_the_same_generator_state_draws_the_same_rain() -> None:
    np.testing.assert_array_equal(
        draw_alpha(RAIN, (64, 64), rng(3)), draw_alpha(RAIN, (64, 64), rng(3))
    )
    assert not np.array_equal(
        draw_alpha(RAIN, (64, 64), rng(3)), draw_alpha(RAIN, (64, 64), rng(4))
    )


@pytest.mark.parametrize("angle", [-60, -25, 0, 15, 60])
def test_streaks_lean_by_the_angle(angle: float) -> None:
    # Wide and long: differences of pixels misjudge the slope of thin lines.
    broad = replace(ONE_LAYER, angle=angle, spread=0, width=8, length=120, density=0.2)
    assert lean(draw_alpha(broad, (600, 600), rng())) == pytest.approx(angle, abs=1.5)


def test_coverage_grows_in_proportion_to_density() -> None:
    depth = [
        -np.log1p(-draw_alpha(replace(RAIN, density=d), (600, 600), rng())).mean() for d in (1, 4)
    ]
    assert depth[1] / depth[0] == pytest.approx(4, rel=0.1)


def test_the_streaks_of_lighter_rain_stay_in_place_when_density_grows() -> None:
    few = draw_alpha(replace(ONE_LAYER, density=1), (200, 200), rng(1))
    more = draw_alpha(replace(ONE_LAYER, density=3), (200, 200), rng(1))
    assert few.max() > 0.2
    assert (more >= few - 1e-5).all()


def vertical_extent(alpha: np.ndarray) -> float:
    """Mean length of the vertical runs where rain is seen, pixels."""
    seen = alpha > 0.02
    starts = seen[1:] & ~seen[:-1]
    return float(seen.sum() / starts.sum())


def test_streaks_are_as_long_as_told() -> None:
    sparse = replace(ONE_LAYER, density=0.3, spread=0, width=1.5)
    extents = [
        vertical_extent(draw_alpha(replace(sparse, length=n), (900, 900), rng(2))) for n in (30, 90)
    ]
    assert extents[1] / extents[0] == pytest.approx(3, rel=0.3)


def mean_profile(parameters: StreakParameters) -> np.ndarray:
    """The cross-section of one upright streak, averaged along it and over sub-pixel places."""
    single = replace(parameters, spread=0, layers=1, density=0.1)
    rows = []
    for seed in range(40):
        alpha = draw_alpha(single, (61, 61), rng(seed)).astype(float)
        row = -np.log1p(-alpha[30])
        if row.sum() > 0.05:
            rows.append(np.roll(row, 30 - int(row.argmax())) / row.max())
    return np.mean(rows, axis=0)


def test_wider_and_more_defocused_streaks_are_broader() -> None:
    widths = [
        mean_profile(p).sum()
        for p in (
            replace(RAIN, width=2, focus=0),
            replace(RAIN, width=6, focus=0),
            replace(RAIN, width=2, focus=6),
        )
    ]
    assert widths[1] > 1.7 * widths[0]
    assert widths[2] > 1.7 * widths[0]


def test_defocus_spreads_a_streak_without_adding_water() -> None:
    sharp, blurred = (
        -np.log1p(-draw_alpha(replace(ONE_LAYER, opacity=0.2, focus=f), (700, 700), rng())).sum()
        for f in (0.0, 3.0)
    )
    assert blurred == pytest.approx(sharp, rel=0.1)


def test_edges_are_antialiased_so_that_no_streak_is_a_ruler_line() -> None:
    alpha = draw_alpha(replace(ONE_LAYER, angle=7, opacity=0.5), (400, 400), rng())
    covered = alpha[alpha > 0.01]
    levels = np.histogram(covered, bins=10, range=(0.01, 0.5))[0] / covered.size
    assert levels.max() < 0.5  # a drawn line would have one level
    assert (levels[:6] > 0.02).all()


def test_farther_layers_hold_more_and_thinner_streaks() -> None:
    near = draw_alpha(replace(RAIN, layers=1), (400, 400), rng(5))
    deep = draw_alpha(replace(RAIN, layers=4), (400, 400), rng(5))
    assert (deep >= near - 1e-5).all()
    far = deep - near
    assert (far > 0.01).mean() > 2 * (near > 0.01).mean()
    assert vertical_extent(far) < 0.6 * vertical_extent(near)


def test_terminal_speed_grows_with_the_drop_to_nearly_ten_metres_a_second() -> None:
    speeds = terminal_speed(np.array([0.5, 1.0, 2.0, 6.0]))
    assert (np.diff(speeds) > 0).all()
    assert speeds[1] == pytest.approx(9.6 * (1 - np.exp(-0.6)))
    assert 9 < speeds[3] < 9.6


def test_enlarged_rain_covers_as_much() -> None:
    small = draw_alpha(RAIN, (250, 250), rng())
    large = draw_alpha(RAIN.scaled(4), (1000, 1000), rng())
    assert large.mean() == pytest.approx(small.mean(), rel=0.05)


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (200, 3)])
def test_rain_falls_on_the_smallest_canvas(size: tuple[int, int]) -> None:
    assert draw_alpha(replace(RAIN, density=30), size, rng()).shape == size


def test_no_density_is_no_rain() -> None:
    assert not draw_alpha(replace(RAIN, density=0), (50, 50), rng()).any()


def test_impossible_rain_is_refused() -> None:
    with pytest.raises(ValueError, match="angle is 80°"):
        StreakParameters(angle=80)
    with pytest.raises(ValueError, match="layers is 0"):
        StreakParameters(layers=0)


@pytest.mark.parametrize(
    ("name", "value"),
    [("density", -1), ("length", -5), ("rain_rate", -3), ("width", 0), ("opacity", 3), ("veil", 2)],
)
def test_rain_that_cannot_fall_is_refused_by_name(name, value):
    with pytest.raises(ValueError, match=f"{name} is .*; it is {value}"):
        StreakParameters(**{name: value})
