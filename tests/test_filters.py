import numpy as np
import torch
import torch.nn.functional as F
from scipy import ndimage

from course_lib.data.photos import load_photo
from course_lib.filters import sobel_kernels


def laid_on(picture: np.ndarray) -> np.ndarray:
    """Both kernels on every 3×3 piece of an H×W picture, as a layer lays them: 2×H−2×W−2."""
    kernels = torch.from_numpy(sobel_kernels())[:, None].double()
    return F.conv2d(torch.from_numpy(picture)[None, None], kernels)[0].numpy()


def test_on_a_photograph_the_kernels_give_what_scipys_sobel_gives() -> None:
    photo = load_photo("astronaut").mean(-1)[100:180, 200:300]
    across, down = laid_on(photo)
    assert np.abs(across).max() > 100
    np.testing.assert_allclose(across, ndimage.sobel(photo, axis=1)[1:-1, 1:-1], atol=1e-9)
    np.testing.assert_allclose(down, ndimage.sobel(photo, axis=0)[1:-1, 1:-1], atol=1e-9)


def test_a_ramp_that_gains_1_a_pixel_gives_8_in_its_own_direction_and_0_in_the_other() -> None:
    to_the_right = np.tile(np.arange(6.0), (5, 1))
    across, down = laid_on(to_the_right)
    assert (across == 8).all()
    assert (down == 0).all()
    across, down = laid_on(to_the_right.T)
    assert (across == 0).all()
    assert (down == 8).all()


def test_the_kernels_are_ready_for_a_layer() -> None:
    kernels = sobel_kernels()
    assert kernels.shape == (2, 3, 3)
    assert kernels.dtype == np.float32
