from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn.functional import pad

from course_lib.artifacts.detectors import absolute_difference, ldl_map
from course_lib.artifacts.texture import local_std
from course_lib.data.photos import load_photo

MSE = np.asarray(load_photo("coffee"))[:60, :80]
NOISE = np.random.default_rng(0).integers(-30, 31, MSE.shape)
GAN = (MSE + NOISE).clip(0, 255).astype(np.uint8)


def test_the_absolute_difference_is_d_of_each_colour() -> None:
    found = absolute_difference(GAN, MSE, variant="paper", window=7)
    assert found.shape == MSE.shape[:2]
    sigmas = [local_std(one.astype(float), 7) for one in (GAN, MSE)]
    expected = ((sigmas[0] - sigmas[1]) ** 2).mean(-1)
    np.testing.assert_allclose(found[3:-3, 3:-3], expected)
    assert not absolute_difference(MSE, MSE).any()


def test_ldls_map_is_the_local_variance_of_the_residual_times_its_spread() -> None:
    residual = np.abs(GAN / 255 - MSE / 255).sum(-1)
    padded = pad(torch.from_numpy(residual)[None, None], [3] * 4, mode="reflect")
    windows = padded.unfold(2, 7, 1).unfold(3, 7, 1)
    local = windows.var(dim=(-1, -2), unbiased=True)[0, 0].numpy()
    expected = torch.from_numpy(residual).var().item() ** 0.2 * local
    np.testing.assert_allclose(ldl_map(GAN, MSE), expected, atol=1e-12)
    assert not ldl_map(MSE, MSE).any()


@pytest.mark.parametrize("detector", [absolute_difference, ldl_map])
def test_pictures_of_different_sizes_are_refused(detector) -> None:
    with pytest.raises(ValueError, match="crop them alike"):
        detector(GAN, MSE[1:])
