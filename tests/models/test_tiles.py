from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from course_lib.data.photos import load_photo
from course_lib.metrics import psnr
from course_lib.models import tiles
from course_lib.models.baseline import BaselineGenerator
from course_lib.models.pix2pix import UNetGenerator
from course_lib.models.tiles import restore_picture
from course_lib.ranges import from_model, to_model, to_uint8

PHOTO = load_photo("coffee")  # 400×600


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).random((height, width, 3), np.float32)


def blurred(photo: np.ndarray) -> torch.Tensor:
    """1×3×H×W, something for a generator to mend."""
    return nn.functional.avg_pool2d(to_model([photo]), 3, stride=1, padding=1)


@pytest.fixture(scope="module")
def trained() -> UNetGenerator:
    """A small U-Net that has learnt to sharpen photographs."""
    torch.manual_seed(0)
    generator = UNetGenerator(depth=4, base_channels=8, dropout=0)
    optimizer = torch.optim.Adam(generator.parameters(), 3e-3)
    clean, rainy = to_model([PHOTO]), blurred(PHOTO)
    rng = np.random.default_rng(0)
    for _ in range(80):
        y, x = rng.integers(0, (400 - 48, 600 - 48), (2, 2)).T
        crops = [(..., slice(a, a + 48), slice(b, b + 48)) for a, b in zip(y, x, strict=True)]
        restored = generator(torch.cat([rainy[crop] for crop in crops]))
        loss = (restored - torch.cat([clean[crop] for crop in crops])).abs().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return generator


class Recorder(nn.Module):
    """Gives pictures back, and remembers their sizes."""

    def __init__(self, most: int = 10**9) -> None:
        super().__init__()
        self.sizes: list[tuple[int, int]] = []
        self.multiple = 1
        self.most = most

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.sizes.append((x.shape[-2], x.shape[-1]))
        if x.shape[-1] * x.shape[-2] > self.most:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return x


def test_tiles_of_a_trained_network_show_no_seam_in_a_photograph(trained) -> None:
    rainy = from_model(blurred(PHOTO))[0]
    whole = restore_picture(trained, rainy)
    assert psnr(whole, PHOTO) > 22  # a picture, not noise
    tiled = restore_picture(trained, rainy, tile=128)
    difference = (tiled - whole) * 255  # grey levels
    assert np.abs(difference).max() > 0.01  # the tiles do see less
    assert np.abs(np.diff(difference, axis=0)).max() < 1
    assert np.abs(np.diff(difference, axis=1)).max() < 1


@pytest.mark.parametrize("depth", [2, 3])
def test_tiles_equal_the_whole_where_the_overlap_covers_what_the_network_sees(depth) -> None:
    torch.manual_seed(0)
    generator = UNetGenerator(depth=depth, base_channels=4)
    with torch.no_grad():
        for parameter in generator.parameters():
            parameter.mul_(10)  # so that what is far away counts, too
    generator(torch.rand(4, 3, 64, 64))  # the running statistics move away from 0 and 1
    rainy = noise(149, 211)
    field = width_that_changes(generator)
    whole = restore_picture(generator, rainy)
    assert whole.std() > 0.1
    tiled = restore_picture(generator, rainy, tile=2 * field + 32, overlap=2 * field)
    np.testing.assert_allclose(tiled, whole, rtol=0, atol=1e-5)
    # Smaller overlaps don't do: the test sees what it is about.
    rough = restore_picture(generator, rainy, tile=32, overlap=4)
    assert np.abs(rough - whole).max() > 1e-3


def width_that_changes(generator: nn.Module) -> int:
    """How far an output of the network looks in one direction, there and back."""
    generator.eval()
    widest = 0
    for column in range(64, 72):  # of all positions in the strides' grid
        picture = torch.rand(1, 3, 128, 128).requires_grad_()
        generator(picture)[..., 60:68, column].sum().backward()
        assert picture.grad is not None
        seen = picture.grad.abs().sum((0, 1, 2)).nonzero()
        widest = max(widest, int((seen - column).abs().max()))
    generator.train()
    return 2 * widest


@pytest.mark.parametrize("size", [(1, 1), (37, 53), (64, 65), (33, 129), (32, 7), (97, 31)])
def test_a_picture_of_any_size_comes_back_in_its_place(size) -> None:
    rainy = noise(*size)
    for options in ({}, {"tile": 32, "overlap": 8}, {"tile": 31, "overlap": 30}):
        restored = restore_picture(nn.Identity(), rainy, **options)
        np.testing.assert_allclose(restored, rainy, rtol=0, atol=1e-6)
    unet = UNetGenerator(depth=4, base_channels=2)
    tiled = restore_picture(unet, rainy, tile=48, overlap=16)
    assert tiled.shape == rainy.shape
    np.testing.assert_allclose(tiled, restore_picture(unet, rainy), rtol=0, atol=0.1)


def test_untiled_it_is_what_the_generator_gives_in_eval_mode(trained) -> None:
    crop = PHOTO[:101, :67]
    with torch.no_grad():
        expected = from_model(trained.eval()(to_model([crop])))[0]
    trained.train()
    np.testing.assert_array_equal(restore_picture(trained, crop), to_uint8(expected))
    in_float = restore_picture(trained, crop / 255)
    assert in_float.dtype == np.float64
    np.testing.assert_allclose(in_float, expected, rtol=0, atol=1e-6)


def test_modes_and_running_statistics_are_as_before_even_after_an_error() -> None:
    generator = UNetGenerator(depth=2, base_channels=2)
    generator.downs[1].eval()  # frozen, as in fine-tuning
    modes = [module.training for module in generator.modules()]
    before = {name: value.clone() for name, value in generator.state_dict().items()}
    restore_picture(generator, noise(16, 16))
    generator.multiple = 1  # the network's own padding then gives tiles another size
    generator.register_forward_hook(lambda *_: torch.zeros(1))
    with pytest.raises(ValueError, match="keeps the size"):
        restore_picture(generator, noise(16, 16))
    assert [module.training for module in generator.modules()] == modes
    assert all(torch.equal(before[name], value) for name, value in generator.state_dict().items())


def test_tiles_lie_on_the_generators_grid_and_overlap_enough() -> None:
    class Places(nn.Module):
        """Shows where pieces come from: the picture's values are its own coordinates."""

        multiple = 16

        def __init__(self) -> None:
            super().__init__()
            self.corners: list[tuple[int, int]] = []

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            assert x.shape == (1, 3, 64, 64)
            corner = (x[0, :2, 0, 0] + 1) / 2 * 255
            self.corners.append((round(float(corner[0])), round(float(corner[1]))))
            return x

    rows, columns = np.mgrid[:192, :176]
    picture = np.dstack([rows, columns, rows]).astype(np.uint8)
    places = Places()
    restore_picture(places, picture, tile=70, overlap=20)
    vertical, horizontal = (sorted(set(x)) for x in zip(*places.corners, strict=True))
    for starts, length in ((vertical, 192), (horizontal, 176)):
        assert starts[0] == 0
        assert starts[-1] == length - 64
        assert all(start % 16 == 0 for start in starts)
        assert all(after - before <= 64 - 20 for before, after in pairwise(starts))


def test_unasked_tiles_share_four_multiples() -> None:
    recorder = Recorder()
    recorder.multiple = 64
    restore_picture(recorder, noise(1, 1024 + 768), tile=1024)
    assert len(recorder.sizes) == 2
    restore_picture(recorder, noise(1, 1024 + 768 + 1), tile=1024)
    assert len(recorder.sizes) == 2 + 3


def test_only_large_pictures_are_tiled_unasked(monkeypatch) -> None:
    recorder = Recorder()
    monkeypatch.setattr(tiles, "LARGEST", 200)
    restore_picture(recorder, noise(400, 100))
    assert recorder.sizes == [(400, 100)]
    recorder.sizes.clear()
    restore_picture(recorder, noise(401, 100))
    assert set(recorder.sizes) == {(200, 100)}


def test_without_enough_gpu_memory_tiles_shrink_and_it_says_so() -> None:
    recorder, rainy = Recorder(most=80 * 80), noise(200, 300)
    with pytest.warns(UserWarning, match="too little memory") as caught:
        restored = restore_picture(recorder, rainy, overlap=20)
    assert [str(w.message).rpartition("tile=")[2] for w in caught] == ["150", "75"]
    assert {w.filename for w in caught} == {__file__}
    assert recorder.sizes[-1] == (75, 75)
    np.testing.assert_allclose(restored, rainy, rtol=0, atol=1e-6)


@pytest.mark.filterwarnings("ignore:the GPU has too little memory")
@pytest.mark.parametrize("overlap", [None, 0, 20])
def test_memory_that_does_not_suffice_for_any_tile_is_an_error(overlap) -> None:
    with pytest.raises(torch.OutOfMemoryError):
        restore_picture(Recorder(most=0), noise(20, 30), overlap=overlap)


@pytest.mark.parametrize("shape", [(16, 16), (1, 16, 16, 3), (16, 16, 4), (0, 16, 3), (3, 16, 16)])
def test_what_is_not_one_picture_is_refused(shape) -> None:
    with pytest.raises(ValueError, match=r"one picture H×W×3, got the shape"):
        restore_picture(nn.Identity(), np.zeros(shape, np.uint8))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tile": 63, "overlap": 0}, "tile=63 is too small.* take tile=64 or more"),
        ({"tile": 64}, "take tile=128 or more"),
        ({"tile": 256, "overlap": 256}, "tile=256 is too small.* take tile=320 or more"),
        ({"tile": 255, "overlap": 130}, "overlap by 192 then; take tile=256 or more"),
        ({"tile": 256, "overlap": -1}, "overlap=-1 is negative"),
    ],
)
def test_tiles_that_cannot_be_laid_are_refused_with_the_mend(options, message) -> None:
    generator = UNetGenerator(depth=6, base_channels=1)
    with pytest.raises(ValueError, match=message):
        restore_picture(generator, noise(8, 8), **options)


def test_ranges_are_as_strict_as_elsewhere_in_the_course() -> None:
    with pytest.raises(ValueError, match=r"values in \[0, 1\]"):
        restore_picture(nn.Identity(), noise(8, 8) * 2 - 1)
    with pytest.raises(TypeError, match="int64"):
        restore_picture(nn.Identity(), np.zeros((8, 8, 3), np.int64))


def test_a_generator_of_one_size_gives_its_own_error() -> None:
    with pytest.raises(ValueError, match="this generator draws 16×16 pictures, got 20×16"):
        restore_picture(BaselineGenerator(size=16, base_channels=2), noise(20, 16))


def test_progress_is_told_after_each_tile():
    told = []
    picture = np.zeros((40, 60, 3), np.uint8)
    restore_picture(nn.Conv2d(3, 3, 1), picture, tile=32, overlap=8, progress=told.append)
    assert len(told) > 2
    assert told == sorted(told)
    assert told[-1] == 1
    told.clear()
    restore_picture(nn.Conv2d(3, 3, 1), picture, progress=told.append)
    assert told == [1]


@pytest.mark.parametrize("size", [(1, 4_000_000), (3, 400_000), (400_000, 1), (2000, 1000), (5, 7)])
def test_a_small_copy_has_no_more_pixels_than_asked(size):
    found = tiles.shrunk(np.zeros((*size, 3), np.uint8), 350_000)
    assert 0 < found.shape[0] * found.shape[1] <= 350_000
    assert found.shape[0] * found.shape[1] > 0.6 * min(350_000, size[0] * size[1])
