from dataclasses import replace

import numpy as np
import pytest

from course_lib.data.drops import (
    BLURS,
    FRAME,
    GRID,
    REACH,
    DropParameters,
    Drops,
    draw_drops,
    lay_drops,
    merge_touching,
    refract,
    wide_views,
)

SHARP = DropParameters(defocus=0.7, sag=0)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def one_drop(parameters: DropParameters, radius: float = 30) -> Drops:
    """A lens with one drop somewhere, found by trying seeds."""
    single = replace(
        parameters, radius=radius, largest=2 * radius, radius_spread=0.01, coverage=0.02
    )
    for seed in range(300):
        drops = draw_drops(single, (160, 160), rng(seed))
        inside = drops.alpha > 0.5
        border = np.concatenate([drops.alpha[[0, -1]].ravel(), drops.alpha[:, [0, -1]].ravel()])
        if 0.5 < inside.sum() / (np.pi * radius**2) < 1.5 and not border.any():
            return drops
    raise AssertionError("no seed gave a single drop well inside")


def halves(drops: Drops, seen: np.ndarray) -> tuple[np.ndarray, ...]:
    """Colours in the upper, lower, left and right third of the drop, means."""
    y, x = np.nonzero(drops.alpha > 0.9)
    colour = seen[y, x]
    v, h = (y - y.mean()) / np.ptp(y), (x - x.mean()) / np.ptp(x)
    return tuple(colour[where].mean(axis=0) for where in (v < -0.17, v > 0.17, h < -0.17, h > 0.17))


def test_a_drop_shows_the_scene_upside_down_and_mirrored() -> None:
    miniature = np.zeros((64, 64, 3), np.float32)
    miniature[:32, :, 0] = 1  # red above
    miniature[:, 32:, 1] = 1  # green on the right
    views = wide_views(miniature, np.zeros(3))
    drops = one_drop(SHARP)
    seen = lay_drops(np.zeros((160, 160, 3), np.float32), drops, views)
    above, below, left, right = halves(drops, seen)
    assert below[0] > above[0] + 0.3
    assert left[1] > right[1] + 0.3


def test_a_drop_shows_the_whole_scene_shrunken() -> None:
    """Every quarter of the scene, border included, is seen in one drop of 60 pixels."""
    drops = one_drop(replace(SHARP, contact_angle=45))
    cells = drops.seen[0][drops.alpha > 0.9] % GRID**2
    down, right = (c / GRID * 2 * REACH - REACH for c in np.divmod(cells, GRID))
    for tangent, half_frame in ((right, FRAME[0]), (down, FRAME[1])):
        assert tangent.min() < -half_frame
        assert tangent.max() > half_frame


def test_refraction_obeys_snell_and_fresnel() -> None:
    bend, passed = refract(np.array([0.0, 0.5, 0.9]))
    assert bend[0] == 0
    assert bend[1] == pytest.approx(np.arcsin(1.33 * 0.5) - np.arcsin(0.5))
    assert passed[0] == pytest.approx(1 - (0.33 / 2.33) ** 2)
    assert 0.9 < passed[1] < passed[0]
    assert passed[2] == pytest.approx(0)  # total reflection


def test_the_rim_is_darker_than_the_middle() -> None:
    drops = one_drop(replace(SHARP, contact_angle=45, sag=0.3))
    light = (drops.weight.sum(0) / np.maximum(drops.alpha, 1e-6))[drops.alpha > 0.9]
    assert light.min() < 0.5 * light.max()


def test_drops_hang_below_their_middle() -> None:
    rows = np.nonzero((one_drop(replace(SHARP, sag=0.4)).alpha > 0.5).any(axis=1))[0]
    columns = np.nonzero((one_drop(replace(SHARP, sag=0.4)).alpha > 0.5).any(axis=0))[0]
    assert np.ptp(rows) > 1.1 * np.ptp(columns)


def test_defocus_softens_the_outline_and_the_picture_inside() -> None:
    noise = rng().random((64, 64, 3)).astype(np.float32)
    views = wide_views(noise, np.ones(3))
    detail = []
    edge = []
    for defocus in (1, 8):
        drops = one_drop(replace(SHARP, defocus=defocus))
        seen = lay_drops(np.zeros((160, 160, 3), np.float32), drops, views)
        inside = drops.alpha > 0.99
        detail.append(np.abs(np.diff(seen[..., 0], axis=1))[inside[:, 1:]].mean())
        edge.append(((drops.alpha > 0.1) & (drops.alpha < 0.9)).sum())
    assert detail[1] < 0.5 * detail[0]
    assert edge[1] > 4 * edge[0]


def test_a_drop_smaller_than_the_blur_disc_stays_faint() -> None:
    sprinkle = replace(SHARP, radius=4, radius_spread=0.01, largest=6, coverage=0.02, defocus=12)
    assert 0.05 < draw_drops(sprinkle, (200, 200), rng()).alpha.max() < 0.4


def test_merged_drops_sit_at_the_weighted_mean_and_keep_their_area() -> None:
    x, y, radius = merge_touching(
        np.array([0.0, 6.0, 50.0]), np.array([0.0, 0.0, 50.0]), np.array([4.0, 3.0, 2.0])
    )
    np.testing.assert_allclose(sorted(x), [6 * 9 / 25, 50])
    np.testing.assert_allclose(sorted(y), [0, 50])
    np.testing.assert_allclose(sorted(radius), [2, 5])


def test_merging_goes_on_until_no_two_drops_touch() -> None:
    x, y = rng().uniform(0, 200, (2, 150))
    x, y, radius = merge_touching(x, y, np.full(150, 5.0))
    distance = np.hypot(x[:, None] - x, y[:, None] - y)
    np.fill_diagonal(distance, np.inf)
    assert 1 < len(x) < 150
    assert (distance >= radius[:, None] + radius).all()
    assert (radius**2).sum() == pytest.approx(150 * 25)


def test_coverage_is_reached() -> None:
    alpha = [
        draw_drops(replace(SHARP, coverage=c), (400, 400), rng()).alpha.mean() for c in (0.1, 0.25)
    ]
    np.testing.assert_allclose(alpha, [0.1, 0.25], rtol=0.3)


def test_the_same_generator_state_draws_the_same_lens() -> None:
    first, again, other = (draw_drops(DropParameters(), (90, 70), rng(s)) for s in (1, 1, 2))
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(first.alpha, other.alpha)


def test_where_there_is_no_drop_the_picture_is_untouched() -> None:
    clean = rng().random((160, 160, 3)).astype(np.float32)
    drops = one_drop(SHARP)
    rainy = lay_drops(clean, drops, wide_views(clean, np.ones(3)))
    np.testing.assert_array_equal(rainy[drops.alpha == 0], clean[drops.alpha == 0])
    assert not np.allclose(rainy, clean)


def test_mist_mixes_in_the_mean_of_the_wide_view() -> None:
    clean = np.zeros((50, 50, 3), np.float32)
    drops = draw_drops(DropParameters(coverage=0, mist=0.25), (50, 50), rng())
    rainy = lay_drops(clean, drops, wide_views(np.full((8, 8, 3), 0.6), np.full(3, 0.6)))
    np.testing.assert_allclose(rainy, 0.15, atol=1e-6)


def test_alpha_weight_and_cells_stay_in_range() -> None:
    drops = draw_drops(DropParameters(coverage=0.5, radius=5), (120, 200), rng())
    assert drops.alpha.shape == (120, 200)
    assert drops.seen.shape == drops.weight.shape == (2, 120, 200)
    assert 0 <= drops.alpha.min() < drops.alpha.max() <= 1 + 1e-6
    assert (drops.weight >= 0).all()
    assert (drops.weight.sum(0) <= drops.alpha + 1e-5).all()
    assert 0 <= drops.seen.min() <= drops.seen.max() < len(BLURS) * GRID**2


@pytest.mark.parametrize("size", [(1, 1), (5, 300), (300, 2)])
def test_pictures_smaller_than_a_drop_get_wet_too(size: tuple[int, int]) -> None:
    wet = replace(DropParameters(coverage=0.4), radius=40, largest=90)
    assert max(draw_drops(wet, size, rng(s)).alpha.max() for s in range(8)) > 0.5


def test_views_hold_the_sky_above_and_the_scene_in_the_middle() -> None:
    views = wide_views(np.full((16, 16, 3), 0.2), np.array([0.0, 0.0, 2.0])).reshape(
        len(BLURS), GRID, GRID, 3
    )
    np.testing.assert_allclose(views[0, GRID // 2, GRID // 2], 0.2, atol=1e-3)
    np.testing.assert_allclose(views[0, 0, 0], [0, 0, 2], atol=1e-3)


def test_full_coverage_is_refused() -> None:
    with pytest.raises(ValueError, match="coverage is 1"):
        DropParameters(coverage=1)


@pytest.mark.parametrize(
    ("name", "value"), [("radius", 0), ("mist", 2), ("defocus", -0.5), ("contact_angle", 95)]
)
def test_drops_that_cannot_be_are_refused_by_name(name, value):
    with pytest.raises(ValueError, match=f"{name} is .*; it is {value}"):
        DropParameters(**{name: value})
