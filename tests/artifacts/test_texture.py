from __future__ import annotations

import numpy as np
import pytest
import torch

from course_lib.artifacts import texture
from course_lib.data.photos import load_photo

PHOTO = np.asarray(load_photo("coffee"))[100:180, 150:250]
RNG = np.random.default_rng(0)
NOISY = (PHOTO + RNG.integers(-40, 41, PHOTO.shape)).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("shape", ["uniform", "gaussian"])
def test_the_local_variance_is_that_of_each_window(shape) -> None:
    found = texture.local_variance(PHOTO, window=5, shape=shape)
    weights = np.outer(*[texture.window_weights(5, shape)] * 2)
    assert found.shape == (76, 96, 3)
    for y, x in ((0, 0), (30, 51), (75, 95)):
        patch = PHOTO[y : y + 5, x : x + 5].astype(float)
        for c in range(3):
            mean = (weights * patch[..., c]).sum()
            expected = (weights * (patch[..., c] - mean) ** 2).sum()
            assert found[y, x, c] == pytest.approx(expected, abs=1e-6)
    std = texture.local_variance(PHOTO[..., 0], window=5, shape=shape) ** 0.5
    np.testing.assert_allclose(std, found[..., 0] ** 0.5)


@pytest.mark.parametrize("variant", ["paper", "official"])
def test_a_batch_gives_the_maps_of_its_pictures_and_gradients(variant) -> None:
    gan, mse = (
        torch.from_numpy(one / 127.5 - 1).permute(2, 0, 1)[None].float().requires_grad_()
        for one in (NOISY, PHOTO)
    )
    found = texture.distance_maps(gan, mse, variant=variant)
    expected = texture.distance_map(NOISY, PHOTO, variant=variant)
    np.testing.assert_allclose(found[0, 0].detach().numpy(), expected, atol=1e-4)
    found.mean().backward()
    assert torch.isfinite(gan.grad).all()
    assert gan.grad.abs().sum() > 0


def test_flat_patches_are_alike_for_the_official_code_and_differ_for_the_paper() -> None:
    flat = np.full((40, 40, 3), 77, np.uint8)
    assert texture.distance_map(flat, flat, variant="official") == pytest.approx(1)
    assert texture.distance_map(flat, flat, variant="paper") == pytest.approx(0, abs=1e-6)
    nearly = torch.full((1, 3, 40, 40), 0.73) + 1e-7 * torch.rand(1, 3, 40, 40)
    for variant in ("paper", "official"):
        assert torch.isfinite(texture.distance_maps(nearly, nearly, variant=variant)).all()


def test_the_differences_are_those_of_the_equations() -> None:
    gan, mse = np.array([4.0, 0.0, 3.0]), np.array([1.0, 0.0, 3.0])
    np.testing.assert_allclose(texture.difference(gan, mse), [9, 0, 0])
    np.testing.assert_allclose(texture.relative_difference(gan, mse), [9 / 8, 0, 0])
    assert np.isfinite(texture.relative_difference(gan, 0 * gan)).all()
    found = texture.similarity(gan**2, mse**2, variant="paper", c=0.5)
    np.testing.assert_allclose(found, [8 / 17.5, 0, 18 / 18.5], atol=1e-3)
    assert texture.similarity(gan**2, mse**2, c=0.5)[1] == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"gan": PHOTO / 255}, "gan is float64; D is defined on levels, uint8"),
        ({"mse": PHOTO[:-1]}, "of one size are compared; these are"),
        ({"gan": PHOTO[..., 0], "mse": PHOTO[..., 0]}, "two pictures H×W×3"),
        ({"window": 10}, "its size is odd; it is 10"),
        ({"window": 91}, "smaller than the window of 91×91"),
        ({"variant": "mine"}, "a variant is paper or official, not 'mine'"),
        ({"shape": "round"}, "uniform or gaussian, not 'round'"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_words(change, words) -> None:
    arguments = {"gan": NOISY, "mse": PHOTO, **change}
    with pytest.raises((TypeError, ValueError), match=words):
        texture.distance_map(**arguments)


def test_the_plain_formulas_are_those_of_the_fast_ones() -> None:
    """Lesson 05 asks for the plain ones."""
    other = np.roll(PHOTO, 3, axis=0) // 2
    deviations = [texture.local_std(one, 11) for one in (PHOTO, other)]
    variances = [texture.local_variance(one) for one in (PHOTO, other)]
    for deviation, variance in zip(deviations, variances, strict=True):
        np.testing.assert_allclose(deviation, variance**0.5, atol=1e-5)
    plain = texture.texture_distance(*deviations, c=texture.C)
    np.testing.assert_allclose(plain, texture.similarity(*variances), atol=1e-6)
    cross = np.zeros((3, 3))
    cross[1, 1] = 9
    assert texture.local_std(cross, 3) == pytest.approx(8**0.5)
    example = texture.texture_distance(np.array(30.0), np.array(10.0), c=50)
    assert example == pytest.approx(0.619, abs=1e-3)
