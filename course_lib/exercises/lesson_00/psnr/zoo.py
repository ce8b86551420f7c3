"""Exercise 00.4: answers in styles that differ from the reference's."""

from __future__ import annotations

import math

import numpy as np
import torch
from skimage.metrics import peak_signal_noise_ratio

from course_lib.metrics import rgb_to_y
from course_lib.ranges import same_pictures, to_unit


def _lumas(restored, clean, channel):
    return (rgb_to_y(restored), rgb_to_y(clean)) if channel == "y_matlab" else (restored, clean)


def _pictures(restored, clean, channel):
    """The right beginning, on which most of the wrong answers go on."""
    restored, clean = same_pictures(restored, clean)
    if channel not in ("rgb", "y_matlab"):
        raise ValueError(f"no channel {channel}")
    return _lumas(restored, clean, channel)


def _scored(score):
    """The right beginning, and a score of its own."""
    return lambda restored, clean, *, channel="rgb": score(*_pictures(restored, clean, channel))


def _plain(restored, clean):
    return 10 * np.log10(1 / np.mean((restored - clean) ** 2))


def _root(restored, clean):
    return 20 * np.log10(1 / np.sqrt(np.square(restored - clean).mean()))


def _decibels(mse):
    return 10 * math.log10(1 / mse) if mse > 0 else math.inf


def _by_torch(restored, clean):
    a, b = torch.from_numpy(restored).float(), torch.from_numpy(clean).float()
    return -10 * torch.log10(torch.nn.functional.mse_loss(a, b))


def _never_to_unit(restored, clean, *, channel="rgb"):
    return _plain(*_lumas(restored.astype(float), clean.astype(float), channel))


def _always_by_255(restored, clean, *, channel="rgb"):
    return _plain(*_lumas(restored / 255, clean / 255, channel))


def _bytes_never_converted(restored, clean, *, channel="rgb"):
    return _plain(*_lumas(restored, clean, channel))


def _peak_255_for_all(restored, clean, *, channel="rgb"):
    restored, clean = _lumas(restored.astype(float), clean.astype(float), channel)
    return 10 * np.log10(255**2 / np.mean((restored - clean) ** 2))


def _channel_and_conversion_forgotten(restored, clean, *, channel="rgb"):
    return _plain(restored / 1.0, clean / 1.0)


def _luma_of_bytes(restored, clean, *, channel="rgb"):
    restored, clean = _lumas(restored, clean, channel)
    return float(_plain(to_unit(restored), to_unit(clean)))


def _luma_before_same_pictures(restored, clean, *, channel="rgb"):
    return float(_root(*same_pictures(*_lumas(restored, clean, channel))))


def _luma_is_none(restored, clean, *, channel="rgb"):
    restored, clean = _pictures(restored, clean, "rgb")
    if channel == "y_matlab":
        restored, clean = None, None  # as from an unwritten rgb_to_y
    return _plain(restored, clean)


def _full_range_luma(restored, clean, *, channel="rgb"):
    restored, clean = _pictures(restored, clean, "rgb")
    if channel == "y_matlab":
        restored, clean = (p @ np.array([0.299, 0.587, 0.114]) for p in (restored, clean))
    return _plain(restored, clean)


def _shapes_compared_only(restored, clean, *, channel="rgb"):
    restored, clean = to_unit(restored), to_unit(clean)
    if restored.shape != clean.shape or channel not in ("rgb", "y_matlab"):
        raise ValueError("sizes differ, or no such channel")
    return float(_plain(*_lumas(restored, clean, channel)))


def _axes_counted_only(restored, clean, *, channel="rgb"):
    if restored.ndim == clean.ndim != 3:
        raise ValueError("H×W×3")
    return _shapes_compared_only(restored, clean, channel=channel)


def _any_float(restored, clean, *, channel="rgb"):
    pair = [p / 255 if p.dtype == np.uint8 else p for p in (restored, clean)]
    if restored.shape[:2] != clean.shape[:2] or any(p.shape[2:] != (3,) for p in pair):
        raise ValueError("sizes")
    if channel not in ("rgb", "y_matlab"):
        raise ValueError("channel")
    return _plain(*_lumas(*pair, channel))


def _bytes_by_their_values(restored, clean, *, channel="rgb"):
    for picture in (restored, clean):
        if picture.dtype != np.uint8 and (picture.min() < 0 or picture.max() > 2):
            raise ValueError("not a picture in [0, 1]")
    restored, clean = (p.clip(0, 1) if p.dtype != np.uint8 else p for p in (restored, clean))
    return float(_root(*_pictures(restored, clean, channel)))


def _in_place(restored, clean, *, channel="rgb"):
    restored, clean = _pictures(restored, clean, channel)
    restored -= clean
    return _plain(restored, 0)


def _without_to_unit(restored, clean, *, channel="rgb"):
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


WRITTEN = {
    _never_to_unit: "48.13 dB too low",
    _always_by_255: "or you divide by 255, where the pictures are",
    _bytes_never_converted: "never turn the uint8 pictures",
    _peak_255_for_all: "48.13 dB too high",
    _channel_and_conversion_forgotten: "channel makes no difference",
    _luma_of_bytes: "gets floats in 0 to 255",
    _luma_before_same_pictures: "`same_pictures` gets something else, such as the two lumas",
    _luma_is_none: "is `rgb_to_y` from exercise 00.3 written?",
    _full_range_luma: "0.299·R + 0.587·G",
    _scored(
        lambda r, c: 10 * np.log10((0.8588 if c.ndim == 2 else 1) ** 2 / np.mean((r - c) ** 2))
    ): "you take 219/255 for the peak",
    _scored(
        lambda r, c: float(np.mean(-10 * np.log10(np.mean((r - c) ** 2, axis=(0, 1)))))
    ): "PSNR of each colour",
    _shapes_compared_only: "On two grey pictures H×W",
    _axes_counted_only: "On two pictures of one colour, H×W×1",
    _any_float: "On float pictures in 0 to 255",
    _bytes_by_their_values: "one value of 1.2",
    _in_place: "changes its input `restored`",
    _scored(lambda r, c: 10 * math.log10(1 / float(np.mean((r - c) ** 2)))): "A zero error has its",
}

VALID = (
    _scored(_root),
    _scored(_by_torch),
    _scored(lambda r, c: _decibels(sum(float(d) ** 2 for d in (r - c).ravel()) / c.size)),
    _scored(lambda r, c: _decibels(math.dist(r.ravel(), c.ravel()) ** 2 / c.size)),
    _scored(lambda r, c: peak_signal_noise_ratio(c, r, data_range=1)),
    _without_to_unit,
)
