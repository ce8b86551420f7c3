import pytest
import torch

from course_lib.models.padding import pad_to_multiple


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (3, 3), (5, 8), (37, 53), (8, 16), (9, 7)])
@pytest.mark.parametrize("multiple", [1, 4, 8, 64])
def test_both_sides_grow_to_the_next_multiple_around_the_picture(size, multiple) -> None:
    image = torch.rand(2, 3, *size)
    padded, (rows, columns) = pad_to_multiple(image, multiple)
    for before, after in zip(size, padded.shape[-2:], strict=True):
        assert after % multiple == 0
        assert 0 <= after - before < multiple
    assert torch.equal(padded[..., rows, columns], image)
    for side, cut in zip(padded.shape[-2:], (rows, columns), strict=True):
        below = side - cut.stop
        assert cut.start <= below <= cut.start + 1  # the odd pixel at the end


def test_the_border_mirrors_the_picture_without_its_edge_pixel() -> None:
    row = torch.tensor([1.0, 2, 3, 4, 5, 6]).expand(1, 1, 4, 6)
    padded, _ = pad_to_multiple(row, 4)
    assert padded[0, 0, 0].tolist() == [2, 1, 2, 3, 4, 5, 6, 5]


def test_pictures_too_small_to_mirror_repeat_their_last_pixels() -> None:
    image = torch.tensor([[1.0, 2], [3, 4]])[None, None]
    padded, _ = pad_to_multiple(image, 8)
    assert padded[0, 0, 0].tolist() == [1, 1, 1, 1, 2, 2, 2, 2]
    assert padded[0, 0, -1].tolist() == [3, 3, 3, 3, 4, 4, 4, 4]


def test_a_picture_of_the_right_size_stays_as_it_is() -> None:
    image = torch.rand(1, 3, 8, 16)
    padded, cut = pad_to_multiple(image, 8)
    assert torch.equal(padded, image)
    assert cut == (slice(0, 8), slice(0, 16))
