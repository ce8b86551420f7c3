"""Exercise 00.3: wrong answers and valid alternatives."""

from __future__ import annotations

import numpy as np
import torch

from course_lib.checks.task import Equivalent, WrongAnswer

WEIGHTS = np.array([65.481, 128.553, 24.966])


def _of_docstring_example(image: np.ndarray) -> np.ndarray:
    return (16 + 128.553 * image[..., 1]) / 255


def _scale_255(image: np.ndarray) -> np.ndarray:
    r, g, b = image[..., 0], image[..., 1], image[..., 2]
    return 16.0 + 65.481 * r + 128.553 * g + 24.966 * b


def _bracket_forgotten(image: np.ndarray) -> np.ndarray:
    r, g, b = image[..., 0], image[..., 1], image[..., 2]
    return 16 + (65.481 * r + 128.553 * g + 24.966 * b) / 255


def _last_term_divided(image: np.ndarray) -> np.ndarray:
    r, g, b = image[..., 0], image[..., 1], image[..., 2]
    return 16 + 65.481 * r + 128.553 * g + 24.966 * b / 255


def _no_offset(image: np.ndarray) -> np.ndarray:
    return np.dot(image, np.array([65.481, 128.553, 24.966]) / 255)


def _jpeg_luma(image: np.ndarray) -> np.ndarray:
    return 0.299 * image[..., 0] + 0.587 * image[..., 1] + 0.114 * image[..., 2]


def _rgb2gray(image: np.ndarray) -> np.ndarray:
    return 0.2126 * image[..., 0] + 0.7152 * image[..., 1] + 0.0722 * image[..., 2]


def _jpeg_luma_with_offset(image: np.ndarray) -> np.ndarray:
    return (16 + 255 * (image @ np.array([0.299, 0.587, 0.114]))) / 255


def _bgr(image: np.ndarray) -> np.ndarray:
    b, g, r = np.moveaxis(image, -1, 0)
    return (16 + 65.481 * r + 128.553 * g + 24.966 * b) / 255


def _as_if_uint8(image: np.ndarray) -> np.ndarray:
    image = image / 255.0
    return (16 + image @ np.array([65.481, 128.553, 24.966])) / 255


def _rounded_like_matlab_uint8(image: np.ndarray) -> np.ndarray:
    return np.round(16 + image @ np.array([65.481, 128.553, 24.966])) / 255


def _channel_mean(image: np.ndarray) -> np.ndarray:
    return np.mean(image, axis=-1)


def _only_three_axes(image: np.ndarray) -> np.ndarray:
    return (16 + 65.481 * image[:, :, 0] + 128.553 * image[:, :, 1] + 24.966 * image[:, :, 2]) / 255


def _axis_two(image: np.ndarray) -> np.ndarray:
    return (16 + (image * np.array([65.481, 128.553, 24.966])).sum(axis=2)) / 255


def _only_offset_divided(image: np.ndarray) -> np.ndarray:
    return 16 / 255 + image @ np.array([65.481, 128.553, 24.966])


def _mistyped(image: np.ndarray) -> np.ndarray:
    return (16 + image @ np.array([65.481, 128.553, 24.996])) / 255


def _other_offset(image: np.ndarray) -> np.ndarray:
    return (0.16 + image @ np.array([65.481, 128.553, 24.966])) / 255


def _swapped(image: np.ndarray) -> np.ndarray:
    return (16 + image @ np.array([65.481, 24.966, 128.553])) / 255


def _first_axis(image: np.ndarray) -> np.ndarray:
    return (16 + np.tensordot(WEIGHTS, np.resize(image, (3, *image.shape[1:])), 1)) / 255


def _not_summed(image: np.ndarray) -> np.ndarray:
    return (16 + image * np.array([65.481, 128.553, 24.966])) / 255


def _in_place(image: np.ndarray) -> np.ndarray:
    image *= np.array([65.481, 128.553, 24.966])
    return (16 + image.sum(-1)) / 255


def _keeps_the_axis(image: np.ndarray) -> np.ndarray:
    return (16 + (image * WEIGHTS).sum(axis=-1, keepdims=True)) / 255


def _single_number(image: np.ndarray) -> float:
    return float(((16 + image @ WEIGHTS) / 255).mean())


def _prints(image: np.ndarray) -> None:
    print((16 + image @ WEIGHTS) / 255)


def _by_channels(image: np.ndarray) -> np.ndarray:
    red, green, blue = image[..., 0], image[..., 1], image[..., 2]
    return (16 + 65.481 * red + 128.553 * green + 24.966 * blue) / 255


def _by_einsum(image: np.ndarray) -> np.ndarray:
    return 16 / 255 + np.einsum("...c,c->...", image, np.array([65.481, 128.553, 24.966]) / 255)


def _from_full_range(image: np.ndarray) -> np.ndarray:
    full = image @ np.array([0.299, 0.587, 0.114])
    return (16 + 219 * full) / 255


def _by_torch(image: np.ndarray) -> np.ndarray:
    weights = torch.tensor([65.481, 128.553, 24.966], dtype=torch.float32)
    return ((16 + torch.from_numpy(image).float() @ weights) / 255).numpy()


def _by_scikit_image(image: np.ndarray) -> np.ndarray:
    from skimage.color import rgb2ycbcr

    return rgb2ycbcr(image)[..., 0] / 255


WRONG = (
    WrongAnswer(
        answer=_of_docstring_example, diagnosis="of red is 0, not 65.481; the weight of blue is 0"
    ),
    WrongAnswer(answer=_scale_255, diagnosis="on the scale 0 to 255"),
    WrongAnswer(answer=_bracket_forgotten, diagnosis="without dividing it by 255"),
    WrongAnswer(answer=_only_offset_divided, diagnosis="divide only the 16 by 255"),
    WrongAnswer(answer=_last_term_divided, diagnosis="Only the last term is divided"),
    WrongAnswer(answer=_no_offset, diagnosis="offset 16 is missing"),
    WrongAnswer(answer=_jpeg_luma, diagnosis="as in JPEG files"),
    WrongAnswer(answer=_rgb2gray, diagnosis="high-definition television"),
    WrongAnswer(answer=_jpeg_luma_with_offset, diagnosis="weights are those of the full range"),
    WrongAnswer(
        answer=_mistyped, diagnosis="n your formula the weight of blue is 24.996, not 24.966."
    ),
    WrongAnswer(answer=_other_offset, diagnosis="the offset is 0.16, not 16"),
    WrongAnswer(answer=_swapped, diagnosis="of green is 24.966, the weight of blue is 128.553"),
    WrongAnswer(answer=_bgr, diagnosis="blue, green, red"),
    WrongAnswer(answer=_as_if_uint8, diagnosis="they are in [0, 1] already"),
    WrongAnswer(answer=_rounded_like_matlab_uint8, diagnosis="round Y to 8-bit steps"),
    WrongAnswer(answer=_channel_mean, diagnosis="plain mean of the three channels"),
    WrongAnswer(
        answer=_only_three_axes, diagnosis="may be one pixel, or many pictures: `image[..., 0]`"
    ),
    WrongAnswer(answer=_axis_two, diagnosis="the colours' axis is -1"),
    WrongAnswer(answer=_first_axis, diagnosis="sums over the first axis"),
    WrongAnswer(answer=_not_summed, diagnosis="doesn't add them up"),
    WrongAnswer(answer=_in_place, diagnosis="changes its input `image`"),
    WrongAnswer(answer=_keeps_the_axis, diagnosis="keepdims"),
    WrongAnswer(answer=_single_number, diagnosis="a numpy array is expected"),
    WrongAnswer(answer=_prints, diagnosis="prints and returns None"),
)

VALID = (_by_channels, _by_einsum, _from_full_range, _by_torch, _by_scikit_image)

EQUIVALENT = (
    Equivalent(
        mutant="line 1: np.array(…) → [65.481, 128.553, 24.966]",
        why="`@` makes an array of the list.",
    ),
)
