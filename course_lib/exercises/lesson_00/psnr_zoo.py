"""Exercise 00.4: wrong answers and valid alternatives."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch

from course_lib.checks.task import Equivalent, WrongAnswer
from course_lib.metrics import rgb_to_y
from course_lib.ranges import same_pictures, to_unit


def _pictures(
    restored: np.ndarray, clean: np.ndarray, channel: str
) -> tuple[np.ndarray, np.ndarray]:
    """The right beginning, on which most of the wrong answers go on."""
    restored, clean = same_pictures(restored, clean)
    if channel not in ("rgb", "y_matlab"):
        raise ValueError(f"no channel {channel}")
    if channel == "y_matlab":
        restored, clean = rgb_to_y(restored), rgb_to_y(clean)
    return restored, clean


def _peak_255(restored: np.ndarray, clean: np.ndarray, *, channel: str = "rgb") -> float:
    restored, clean = _pictures(restored, clean, channel)
    mse = np.mean((restored - clean) ** 2)
    return float("inf") if mse == 0 else 20 * np.log10(255 / np.sqrt(mse))


def _never_to_unit(restored: np.ndarray, clean: np.ndarray, *, channel: str = "rgb") -> float:
    restored, clean = restored.astype(float), clean.astype(float)
    if channel == "y_matlab":
        restored, clean = rgb_to_y(restored), rgb_to_y(clean)
    return -10 * np.log10(np.mean((restored - clean) ** 2))


def _twenty(restored: np.ndarray, clean: np.ndarray, *, channel: str = "rgb") -> float:
    restored, clean = _pictures(restored, clean, channel)
    return 20 * np.log10(1 / np.mean((restored - clean) ** 2))


def _ten_of_the_root(restored: np.ndarray, clean: np.ndarray, *, channel: str = "rgb") -> float:
    restored, clean = _pictures(restored, clean, channel)
    return 10 * np.log10(1 / np.sqrt(np.mean((restored - clean) ** 2)))


def _natural_log(restored: np.ndarray, clean: np.ndarray, *, channel: str = "rgb") -> float:
    restored, clean = _pictures(restored, clean, channel)
    return -10 * math.log(np.mean((restored - clean) ** 2))


def _sign(restored: np.ndarray, clean: np.ndarray, *, channel: str = "rgb") -> float:
    restored, clean = _pictures(restored, clean, channel)
    return 10 * np.log10(np.mean((restored - clean) ** 2))


def _absolute(restored: np.ndarray, clean: np.ndarray, *, channel: str = "rgb") -> float:
    restored, clean = _pictures(restored, clean, channel)
    return -10 * np.log10(np.mean(np.abs(restored - clean)))


def _sum(restored: np.ndarray, clean: np.ndarray, *, channel: str = "rgb") -> float:
    restored, clean = _pictures(restored, clean, channel)
    return -10 * np.log10(np.sum((restored - clean) ** 2))


def _mean_over_pixels_only(
    restored: np.ndarray, clean: np.ndarray, *, channel: str = "rgb"
) -> float:
    restored, clean = _pictures(restored, clean, channel)
    height, width = clean.shape[:2]
    return -10 * np.log10(np.sum((restored - clean) ** 2) / (height * width))


def _mean_of_three(restored: np.ndarray, clean: np.ndarray, *, channel: str = "rgb") -> float:
    restored, clean = _pictures(restored, clean, channel)
    return float(np.mean(-10 * np.log10(np.mean((restored - clean) ** 2, axis=(0, 1)))))


def _one_a_colour(restored: np.ndarray, clean: np.ndarray, *, channel: str = "rgb") -> np.ndarray:
    restored, clean = _pictures(restored, clean, channel)
    return -10 * np.log10(np.mean((restored - clean) ** 2, axis=(0, 1)))


def _brightest_is_peak(restored: np.ndarray, clean: np.ndarray, *, channel: str = "rgb") -> float:
    restored, clean = _pictures(restored, clean, channel)
    return 20 * np.log10(clean.max() / np.sqrt(np.mean((restored - clean) ** 2)))


def _always_by_255(restored: np.ndarray, clean: np.ndarray, *, channel: str = "rgb") -> float:
    restored, clean = restored / 255, clean / 255
    if channel == "y_matlab":
        restored, clean = rgb_to_y(restored), rgb_to_y(clean)
    return float(-10 * np.log10(np.mean((restored - clean) ** 2)))


def _luma_of_the_difference(
    restored: np.ndarray, clean: np.ndarray, *, channel: str = "rgb"
) -> float:
    restored, clean = same_pictures(restored, clean)
    error = restored - clean
    if channel == "y_matlab":
        error = rgb_to_y(error)
    return float(-10 * np.log10(np.mean(error**2)))


def _luma_of_the_square(restored: np.ndarray, clean: np.ndarray, *, channel: str = "rgb") -> float:
    restored, clean = same_pictures(restored, clean)
    squared = (restored - clean) ** 2
    if channel == "y_matlab":
        squared = rgb_to_y(squared)
    return float(-10 * np.log10(np.mean(squared)))


def _shapes_compared_only(
    restored: np.ndarray, clean: np.ndarray, *, channel: str = "rgb"
) -> float:
    restored, clean = to_unit(restored), to_unit(clean)
    if restored.shape != clean.shape:
        raise ValueError("sizes differ")
    if channel not in ("rgb", "y_matlab"):
        raise ValueError(f"no channel {channel}")
    if channel == "y_matlab":
        restored, clean = rgb_to_y(restored), rgb_to_y(clean)
    return float(-10 * np.log10(np.mean((restored - clean) ** 2)))


def _axes_counted_only(restored: np.ndarray, clean: np.ndarray, *, channel: str = "rgb") -> float:
    if restored.ndim == clean.ndim != 3:
        raise ValueError("H×W×3")
    return _shapes_compared_only(restored, clean, channel=channel)


def _divides_by_zero(restored: np.ndarray, clean: np.ndarray, *, channel: str = "rgb") -> float:
    restored, clean = _pictures(restored, clean, channel)
    return 10 * math.log10(1 / float(np.mean((restored - clean) ** 2)))


def _wraps_round(restored: np.ndarray, clean: np.ndarray, *, channel: str = "rgb") -> float:
    if channel == "y_matlab" or restored.dtype != np.uint8 or clean.dtype != np.uint8:
        restored, clean = _pictures(restored, clean, channel)
        return -10 * np.log10(np.mean((restored - clean) ** 2))
    difference = (restored - clean).astype(np.float64)
    return 10 * np.log10(255**2 / np.mean(difference**2))


def _squares_wrap_round(restored: np.ndarray, clean: np.ndarray, *, channel: str = "rgb") -> float:
    if channel == "y_matlab" or restored.dtype != np.uint8 or clean.dtype != np.uint8:
        restored, clean = _pictures(restored, clean, channel)
        return -10 * np.log10(np.mean((restored - clean) ** 2))
    return 10 * np.log10(255**2 / np.mean((restored - clean) ** 2))


def _bytes_never_converted(
    restored: np.ndarray, clean: np.ndarray, *, channel: str = "rgb"
) -> float:
    if channel == "y_matlab":
        restored, clean = rgb_to_y(restored), rgb_to_y(clean)
    return -10 * np.log10(np.mean((restored - clean) ** 2))


def _peak_255_for_all(restored: np.ndarray, clean: np.ndarray, *, channel: str = "rgb") -> float:
    restored, clean = restored.astype(float), clean.astype(float)
    if channel == "y_matlab":
        restored, clean = rgb_to_y(restored), rgb_to_y(clean)
    return 10 * np.log10(255**2 / np.mean((restored - clean) ** 2))


def _channel_and_conversion_forgotten(
    restored: np.ndarray, clean: np.ndarray, *, channel: str = "rgb"
) -> float:
    return 10 * np.log10(1 / np.mean((restored / 1.0 - clean / 1.0) ** 2))


def _peak_219(restored: np.ndarray, clean: np.ndarray, *, channel: str = "rgb") -> float:
    restored, clean = _pictures(restored, clean, channel)
    peak = 219 / 255 if channel == "y_matlab" else 1
    return 10 * np.log10(peak**2 / np.mean((restored - clean) ** 2))


def _luma_of_bytes(restored: np.ndarray, clean: np.ndarray, *, channel: str = "rgb") -> float:
    if channel == "y_matlab":
        restored, clean = rgb_to_y(restored), rgb_to_y(clean)
    return float(-10 * np.log10(np.mean((to_unit(restored) - to_unit(clean)) ** 2)))


def _luma_before_same_pictures(
    restored: np.ndarray, clean: np.ndarray, *, channel: str = "rgb"
) -> float:
    if channel == "y_matlab":
        restored, clean = rgb_to_y(restored), rgb_to_y(clean)
    return float(_by_root(restored, clean))


def _unwritten_luma(image: np.ndarray) -> Any:
    return None


def _luma_is_none(restored: np.ndarray, clean: np.ndarray, *, channel: str = "rgb") -> float:
    restored, clean = _pictures(restored, clean, "rgb")
    lumas = _unwritten_luma(restored), _unwritten_luma(clean)
    if channel == "y_matlab":
        restored, clean = lumas
    return -10 * np.log10(np.mean((restored - clean) ** 2))


def _channel_ignored(restored: np.ndarray, clean: np.ndarray, *, channel: str = "rgb") -> float:
    restored, clean = _pictures(restored, clean, "rgb")
    return -10 * np.log10(np.mean((restored - clean) ** 2))


def _full_range_luma(restored: np.ndarray, clean: np.ndarray, *, channel: str = "rgb") -> float:
    restored, clean = _pictures(restored, clean, "rgb")
    if channel == "y_matlab":
        restored, clean = (p @ np.array([0.299, 0.587, 0.114]) for p in (restored, clean))
    return -10 * np.log10(np.mean((restored - clean) ** 2))


def _epsilon(restored: np.ndarray, clean: np.ndarray, *, channel: str = "rgb") -> float:
    restored, clean = _pictures(restored, clean, channel)
    return -10 * np.log10(np.mean((restored - clean) ** 2) + 1e-12)


def _hundred_when_equal(restored: np.ndarray, clean: np.ndarray, *, channel: str = "rgb") -> float:
    restored, clean = _pictures(restored, clean, channel)
    mse = np.mean((restored - clean) ** 2)
    return 100.0 if mse == 0 else -10 * np.log10(mse)


def _fails_when_equal(restored: np.ndarray, clean: np.ndarray, *, channel: str = "rgb") -> float:
    restored, clean = _pictures(restored, clean, channel)
    return -10 * math.log10(np.mean((restored - clean) ** 2))


def _sizes_unchecked(restored: np.ndarray, clean: np.ndarray, *, channel: str = "rgb") -> float:
    restored, clean = to_unit(restored), to_unit(clean)
    if channel not in ("rgb", "y_matlab"):
        raise ValueError(channel)
    if channel == "y_matlab":
        restored, clean = rgb_to_y(restored), rgb_to_y(clean)
    return float(-10 * np.log10(np.mean((restored - clean) ** 2)))


def _any_channel_is_rgb(restored: np.ndarray, clean: np.ndarray, *, channel: str = "rgb") -> float:
    known = channel if channel == "y_matlab" else "rgb"
    restored, clean = _pictures(restored, clean, known)
    return -10 * np.log10(np.mean((restored - clean) ** 2))


def _any_float(restored: np.ndarray, clean: np.ndarray, *, channel: str = "rgb") -> float:
    pictures = []
    for picture in (restored, clean):
        if picture.dtype == np.uint8:
            picture = picture / 255
        pictures.append(rgb_to_y(picture) if channel == "y_matlab" else picture)
    sizes = {picture.shape[:2] for picture in (restored, clean)}
    if len(sizes) > 1 or any(p.shape[2:] != (3,) for p in (restored, clean)):
        raise ValueError("sizes")
    if channel not in ("rgb", "y_matlab"):
        raise ValueError("channel")
    return -10 * np.log10(np.mean((pictures[0] - pictures[1]) ** 2))


def _asserts(restored: np.ndarray, clean: np.ndarray, *, channel: str = "rgb") -> float:
    assert restored.shape == clean.shape
    restored, clean = _pictures(restored, clean, channel)
    return -10 * np.log10(np.mean((restored - clean) ** 2))


def _in_place(restored: np.ndarray, clean: np.ndarray, *, channel: str = "rgb") -> float:
    restored, clean = _pictures(restored, clean, channel)
    restored -= clean
    return -10 * np.log10(np.mean(restored**2))


def _prints(restored: np.ndarray, clean: np.ndarray, *, channel: str = "rgb") -> None:
    restored, clean = _pictures(restored, clean, channel)
    print("PSNR:", -10 * np.log10(np.mean((restored - clean) ** 2)))


def _docstring_example(restored: np.ndarray, clean: np.ndarray, *, channel: str = "rgb") -> float:
    return 20.0


def _not_squared(restored: np.ndarray, clean: np.ndarray, *, channel: str = "rgb") -> float:
    restored, clean = _pictures(restored, clean, channel)
    return float(-10 * np.log10(np.mean(restored - clean)))


def _size_of_the_mean(restored: np.ndarray, clean: np.ndarray, *, channel: str = "rgb") -> float:
    restored, clean = _pictures(restored, clean, channel)
    return float(-10 * np.log10(abs(np.mean(restored - clean))))


def _bytes_by_their_values(
    restored: np.ndarray, clean: np.ndarray, *, channel: str = "rgb"
) -> float:
    for picture in (restored, clean):
        if picture.dtype != np.uint8 and (picture.min() < 0 or picture.max() > 2):
            raise ValueError("not a picture in [0, 1]")
    restored, clean = (p.clip(0, 1) if p.dtype != np.uint8 else p for p in (restored, clean))
    return float(_by_root(restored, clean, channel=channel))


def _by_root(restored: np.ndarray, clean: np.ndarray, *, channel: str = "rgb") -> np.floating:
    restored, clean = _pictures(restored, clean, channel)
    root = np.sqrt(np.square(restored - clean).mean())
    return 20 * np.log10(1 / root)


def _by_math(restored: np.ndarray, clean: np.ndarray, *, channel: str = "rgb") -> float:
    restored, clean = _pictures(restored, clean, channel)
    mse = sum(float(d) ** 2 for d in (restored - clean).ravel()) / clean.size
    return 10 * math.log10(1 / mse) if mse > 0 else math.inf


def _by_dist(restored: np.ndarray, clean: np.ndarray, *, channel: str = "rgb") -> float:
    restored, clean = _pictures(restored, clean, channel)
    mse = math.dist(restored.ravel(), clean.ravel()) ** 2 / clean.size
    return -10 * math.log10(mse) if mse else math.inf


def _by_torch(restored: np.ndarray, clean: np.ndarray, *, channel: str = "rgb") -> torch.Tensor:
    restored, clean = _pictures(restored, clean, channel)
    a, b = torch.from_numpy(restored).float(), torch.from_numpy(clean).float()
    return -10 * torch.log10(torch.nn.functional.mse_loss(a, b))


def _by_scikit_image(restored: np.ndarray, clean: np.ndarray, *, channel: str = "rgb") -> float:
    from skimage.metrics import peak_signal_noise_ratio

    restored, clean = _pictures(restored, clean, channel)
    return peak_signal_noise_ratio(clean, restored, data_range=1)


def _without_to_unit(restored: np.ndarray, clean: np.ndarray, *, channel: str = "rgb") -> float:
    pictures = []
    for picture in (restored, clean):
        if picture.dtype == np.uint8:
            picture = picture.astype(np.float64) / 255
        elif picture.dtype.kind != "f" or picture.min() < 0 or picture.max() > 1:
            raise ValueError("pictures are uint8 or floats in [0, 1]")
        pictures.append(picture)
    if pictures[0].shape != pictures[1].shape or clean.ndim != 3 or clean.shape[-1] != 3:
        raise ValueError("two pictures H×W×3 of one size are compared")
    if channel == "y_matlab":
        pictures = [rgb_to_y(picture) for picture in pictures]
    elif channel != "rgb":
        raise ValueError(f"unknown channel {channel}")
    mse = np.mean((pictures[0] - pictures[1]) ** 2, dtype=np.float64)
    return np.inf if mse == 0 else float(10 * np.log10(1.0 / mse))


WRONG = (
    WrongAnswer(answer=_peak_255, diagnosis="48.13 dB too high"),
    WrongAnswer(answer=_never_to_unit, diagnosis="48.13 dB too low"),
    WrongAnswer(answer=_always_by_255, diagnosis="or you divide by 255, where the pictures are"),
    WrongAnswer(answer=_luma_of_the_difference, diagnosis="its offset 16/255 counts as an error"),
    WrongAnswer(answer=_luma_of_the_square, diagnosis="`rgb_to_y` of the squared differences"),
    WrongAnswer(answer=_twenty, diagnosis="20·log₁₀ of the mean squared error"),
    WrongAnswer(answer=_ten_of_the_root, diagnosis="10·log₁₀ of the root"),
    WrongAnswer(answer=_natural_log, diagnosis="natural logarithm"),
    WrongAnswer(answer=_sign, diagnosis="sign is turned"),
    WrongAnswer(answer=_absolute, diagnosis="mean absolute error"),
    WrongAnswer(answer=_sum, diagnosis="add the squared errors up"),
    WrongAnswer(answer=_mean_over_pixels_only, diagnosis="squared errors of the three colours"),
    WrongAnswer(answer=_mean_of_three, diagnosis="PSNR of each colour"),
    WrongAnswer(answer=_one_a_colour, diagnosis="one number is expected"),
    WrongAnswer(answer=_brightest_is_peak, diagnosis="brightest value of the picture"),
    WrongAnswer(answer=_wraps_round, diagnosis="difference while the pictures are still uint8"),
    WrongAnswer(answer=_squares_wrap_round, diagnosis="square the difference while"),
    WrongAnswer(answer=_channel_ignored, diagnosis="he channel makes no difference"),
    WrongAnswer(answer=_full_range_luma, diagnosis="0.299·R + 0.587·G"),
    WrongAnswer(answer=_peak_219, diagnosis="you take 219/255 for the peak"),
    WrongAnswer(answer=_bytes_never_converted, diagnosis="never turn the uint8 pictures"),
    WrongAnswer(answer=_peak_255_for_all, diagnosis="48.13 dB too high"),
    WrongAnswer(answer=_channel_and_conversion_forgotten, diagnosis="channel makes no difference"),
    WrongAnswer(answer=_luma_of_bytes, diagnosis="gets floats in 0 to 255"),
    WrongAnswer(answer=_luma_before_same_pictures, diagnosis="`same_pictures` gets the two lumas"),
    WrongAnswer(answer=_luma_is_none, diagnosis="is `rgb_to_y` from exercise 00.3 written?"),
    WrongAnswer(answer=_epsilon, diagnosis="hides that two pictures are equal"),
    WrongAnswer(answer=_hundred_when_equal, diagnosis="hides that two pictures are equal"),
    WrongAnswer(answer=_fails_when_equal, diagnosis="A zero error has its own answer"),
    WrongAnswer(answer=_divides_by_zero, diagnosis="A zero error has its own answer"),
    WrongAnswer(answer=_sizes_unchecked, diagnosis="docstring promises a ValueError"),
    WrongAnswer(answer=_shapes_compared_only, diagnosis="On two grey pictures H×W"),
    WrongAnswer(answer=_axes_counted_only, diagnosis="On two pictures of one colour, H×W×1"),
    WrongAnswer(answer=_any_channel_is_rgb, diagnosis='On channel="Y"'),
    WrongAnswer(answer=_any_float, diagnosis="On float pictures in 0 to 255"),
    WrongAnswer(answer=_not_squared, diagnosis="squar"),
    WrongAnswer(answer=_size_of_the_mean, diagnosis="mean of the errors without squaring them"),
    WrongAnswer(answer=_bytes_by_their_values, diagnosis="one value of 1.2"),
    WrongAnswer(answer=_asserts, diagnosis="raises AssertionError"),
    WrongAnswer(answer=_in_place, diagnosis="changes its input `restored`"),
    WrongAnswer(answer=_prints, diagnosis="prints and returns None"),
    WrongAnswer(answer=_docstring_example, diagnosis="whatever it is called with"),
)

VALID = (_by_root, _by_math, _by_dist, _by_torch, _by_scikit_image, _without_to_unit)

EQUIVALENT = (
    Equivalent(
        mutant="line 1: `restored, clean = same_pictures(restored, c…` after the next statement",
        why="Which error comes first when there are two, the docstring leaves open.",
    ),
    Equivalent(
        mutant="line 1: same_pictures(restored, clean) → same_pictures(clean, restored)",
        why="The squared error is the same both ways.",
    ),
    Equivalent(
        mutant="line 2: `if channel not in ('rgb', 'y_matlab'):` after the next statement",
        why="Which error comes first when there are two, the docstring leaves open.",
    ),
    Equivalent(
        mutant="line 4: channel == 'y_matlab' → channel >= 'y_matlab'",
        why="Of the two channels that are left here, only this one isn't smaller.",
    ),
    Equivalent(
        mutant="line 5: (rgb_to_y(restored), rgb_to_y(clean)) → (rgb_to_y(clean), "
        "rgb_to_y(restored))",
        why="The squared error is the same both ways.",
    ),
    Equivalent(
        mutant="line 6: restored - clean → clean - restored",
        why="The squared error is the same both ways.",
    ),
    Equivalent(
        mutant="line 7: without `if mean_squared_error == 0:`",
        why="numpy's logarithm of 0 is −infinity, so that the result is the same (with a warning).",
    ),
    Equivalent(
        mutant="line 7: mean_squared_error == 0 → mean_squared_error <= 0",
        why="A mean of squares is never below 0.",
    ),
    Equivalent(
        mutant="line 7: mean_squared_error → channel",
        why="A text is never 0, so that numpy's logarithm of 0 gives the same infinity.",
    ),
    Equivalent(
        mutant="line 7: mean_squared_error == 0 → mean_squared_error == -1",
        why="It never is −1, so that numpy's logarithm of 0 gives the same infinity.",
    ),
    Equivalent(
        mutant="line 8: without `return float('inf')`",
        why="numpy's logarithm of 0 is −infinity, so that the result is the same (with a warning).",
    ),
    Equivalent(
        mutant="line 9: float(…) → -10 * …",
        why="numpy's float64 is a float.",
    ),
)
