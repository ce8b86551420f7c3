from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from course_lib.artifacts.niqe import _fit, natural_model, niqe, niqe_map
from course_lib.data.photos import load_photo

PHOTO = load_photo("astronaut")


def test_the_fit_finds_the_shape_and_both_spreads() -> None:
    """A Gaussian has shape 2, Laplace's distribution has shape 1."""
    rng = np.random.default_rng(0)
    gauss, laplace = rng.normal(size=200_000), rng.laplace(size=200_000)
    for drawn, shape, spread in ((gauss, 2, np.sqrt(2)), (laplace, 1, 1)):
        found, left, right = _fit(drawn[None])
        assert found[0] == pytest.approx(shape, rel=0.02)
        assert left[0] == pytest.approx(spread, rel=0.03)
        assert right[0] == pytest.approx(spread, rel=0.03)


def test_blur_and_noise_are_less_natural_than_the_photograph() -> None:
    rng = np.random.default_rng(0)
    noisy = (PHOTO + rng.normal(0, 25, PHOTO.shape)).clip(0, 255).astype(np.uint8)
    blurred = gaussian_filter(PHOTO, (3, 3, 0))
    plain = niqe(PHOTO)
    assert niqe(noisy) > 1.3 * plain
    assert niqe(blurred) > 1.3 * plain


def test_the_map_is_high_where_a_patch_was_spoilt() -> None:
    spoilt = PHOTO.copy()
    rng = np.random.default_rng(0)
    spoilt[192:256, 192:256] = rng.integers(0, 256, (64, 64, 3))
    found = niqe_map(spoilt)
    assert found.shape == PHOTO.shape[:2]
    assert np.isfinite(found).all()
    inside = np.zeros_like(found, bool)
    inside[200:248, 200:248] = True
    assert found[inside].mean() > 1.2 * found[~inside].mean()


def test_flat_pictures_have_finite_values() -> None:
    flat = np.full((200, 200, 3), 128, np.uint8)
    assert np.isfinite(niqe(flat))
    assert np.isfinite(niqe_map(flat)).all()


def test_pictures_without_room_for_patches_are_refused() -> None:
    with pytest.raises(ValueError, match="96×191; NIQE compares at least two"):
        niqe(PHOTO[:96, :191])
    with pytest.raises(ValueError, match="no patch of 32×32 fits"):
        niqe_map(PHOTO[:20])
    with pytest.raises(ValueError, match="it is 7"):
        niqe_map(PHOTO, patch=7)


def test_the_model_has_36_features() -> None:
    model = natural_model()
    assert model.mean.shape == (36,)
    assert model.covariance.shape == (36, 36)
