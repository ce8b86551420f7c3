import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course_lib.ranges import from_model, to_model, to_uint8, to_unit


def every_level() -> np.ndarray:
    return np.arange(256, dtype=np.uint8).repeat(3).reshape(16, 16, 3)


def test_uint8_survives_the_way_to_the_networks_and_back() -> None:
    photo = every_level()
    assert np.array_equal(to_uint8(from_model(to_model([photo]))[0]), photo)


def test_model_range_is_minus_one_to_one_channels_first() -> None:
    photo = np.zeros((4, 6, 3), np.uint8)
    photo[1, 2] = 255, 0, 127
    tensor = to_model([photo])
    assert tensor.shape == (1, 3, 4, 6)
    assert tensor.dtype == torch.float32
    assert tensor[0, :, 1, 2].tolist() == pytest.approx([1, -1, -1 / 255])


def test_overshooting_network_output_is_clipped() -> None:
    assert from_model(torch.tensor([[[[-3.0]], [[0.0]], [[7.0]]]])).ravel().tolist() == [0, 0.5, 1]


@given(st.floats(0, 1))
def test_to_uint8_rounds_to_the_nearest_level(value: float) -> None:
    level = int(to_uint8(np.full((1, 1, 3), value))[0, 0, 0])
    assert abs(level - value * 255) <= 0.5 + 1e-4


def test_a_picture_in_model_range_is_refused_with_the_mend() -> None:
    with pytest.raises(ValueError, match=r"\[-1, 1\].*from_model"):
        to_unit(np.array([-1.0, 1.0]))


def test_nan_is_refused() -> None:
    with pytest.raises(ValueError, match="nan"):
        to_unit(np.array([0.0, np.nan]))


def test_integers_other_than_uint8_are_refused_by_name() -> None:
    with pytest.raises(TypeError, match="int64"):
        to_unit(np.array([0, 255]))


def test_pictures_of_different_sizes_are_refused_with_their_shapes() -> None:
    with pytest.raises(ValueError, match=r"\(4, 4, 3\).*\(5, 4, 3\)"):
        to_model([np.zeros((4, 4, 3), np.uint8), np.zeros((5, 4, 3), np.uint8)])
