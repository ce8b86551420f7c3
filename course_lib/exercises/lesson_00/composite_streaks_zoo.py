"""Exercise 00.1: wrong answers and valid alternatives."""

from __future__ import annotations

import numpy as np
import torch

from course_lib.checks.task import Equivalent, WrongAnswer
from course_lib.data.streaks import Streaks


def _unclipped(clean: np.ndarray, streaks: Streaks) -> np.ndarray:
    alpha = streaks.alpha[:, :, None]
    return alpha * streaks.light + (1 - alpha) * clean


def _additive(clean: np.ndarray, streaks: Streaks) -> np.ndarray:
    rain = streaks.alpha[..., np.newaxis] * np.asarray(streaks.light)
    return np.clip(clean + rain, 0, 1)


def _additive_unclipped(clean: np.ndarray, streaks: Streaks) -> np.ndarray:
    return clean + streaks.alpha[..., None] * streaks.light


def _only_alpha(clean: np.ndarray, streaks: Streaks) -> np.ndarray:
    return np.minimum(1, clean + np.stack([streaks.alpha] * 3, -1))


def _swapped(clean: np.ndarray, streaks: Streaks) -> np.ndarray:
    alpha = streaks.alpha[..., None]
    return np.clip(alpha * clean + (1 - alpha) * streaks.light, 0, 1)


def _wrong_axis(clean: np.ndarray, streaks: Streaks) -> np.ndarray:
    alpha = streaks.alpha
    return np.clip((1 - alpha) * clean + alpha * streaks.light, 0, 1)


def _stacked_in_front(clean: np.ndarray, streaks: Streaks) -> np.ndarray:
    alpha_rgb = np.stack([streaks.alpha] * 3, axis=0)
    return np.clip((1 - alpha_rgb) * clean + alpha_rgb * streaks.light, 0, 1)


# As in the notebook, where a cell above the exercise makes them.
alpha = np.full((96, 96), 0.1)
light = np.array([0.86, 0.87, 0.88])


def _alpha_of_the_notebook(clean: np.ndarray, streaks: Streaks) -> np.ndarray:
    alpha_3d = alpha[..., None]
    return np.clip((1 - alpha_3d) * clean + alpha_3d * streaks.light, 0, 1)


def _light_of_the_notebook(clean: np.ndarray, streaks: Streaks) -> np.ndarray:
    mixed = [
        (1 - streaks.alpha) * clean[..., c] + streaks.alpha * light[c] for c in range(len(light))
    ]
    return np.stack(mixed, axis=-1).clip(0, 1)


def _middle_axis(clean: np.ndarray, streaks: Streaks) -> np.ndarray:
    alpha = streaks.alpha[:, None, :]
    return np.clip((1 - alpha) * clean + alpha * streaks.light, 0, 1)


def _square_only(clean: np.ndarray, streaks: Streaks) -> np.ndarray:
    size = clean.shape[0]
    rainy = np.zeros((size, size, 3))
    for row in range(size):
        for column in range(size):
            a = streaks.alpha[row, column]
            rainy[row, column] = (1 - a) * clean[row, column] + a * streaks.light
    return np.clip(rainy, 0, 1)


def _three_rows(clean: np.ndarray, streaks: Streaks) -> np.ndarray:
    rainy = clean.copy()
    for row in range(3):
        if row < len(rainy):
            a = streaks.alpha[row][:, None]
            rainy[row] = (1 - a) * clean[row] + a * streaks.light
    return np.clip(rainy, 0, 1)


def _height_for_width(clean: np.ndarray, streaks: Streaks) -> np.ndarray:
    width, height = clean.shape[:2]
    alpha = streaks.alpha.reshape(height, width).T[..., None]
    return np.clip((1 - alpha) * clean + alpha * streaks.light, 0, 1)


def _light_clipped_first(clean: np.ndarray, streaks: Streaks) -> np.ndarray:
    alpha, light = streaks.alpha[..., None], np.clip(streaks.light, 0, 1)
    return (1 - alpha) * clean + alpha * light


def _normalised(clean: np.ndarray, streaks: Streaks) -> np.ndarray:
    alpha = streaks.alpha[..., None]
    rainy = (1 - alpha) * clean + alpha * streaks.light
    return rainy / rainy.max()


def _grey_light(clean: np.ndarray, streaks: Streaks) -> np.ndarray:
    alpha = streaks.alpha[..., None]
    return np.clip((1 - alpha) * clean + alpha * np.mean(streaks.light), 0, 1)


def _hard_mask(clean: np.ndarray, streaks: Streaks) -> np.ndarray:
    rainy = clean.copy()
    rainy[streaks.alpha > 0] = streaks.light
    return rainy.clip(0, 1)


def _in_place(clean: np.ndarray, streaks: Streaks) -> np.ndarray:
    alpha = streaks.alpha[..., None]
    clean *= 1 - alpha
    clean += alpha * streaks.light
    return np.clip(clean, 0, 1)


def _uint8(clean: np.ndarray, streaks: Streaks) -> np.ndarray:
    alpha = streaks.alpha[..., None]
    rainy = (1 - alpha) * clean + alpha * streaks.light
    return (np.clip(rainy, 0, 1) * 255).astype(np.uint8)


def _scaled_255(clean: np.ndarray, streaks: Streaks) -> np.ndarray:
    alpha = streaks.alpha[..., None]
    return np.clip(255 * ((1 - alpha) * clean + alpha * streaks.light), 0, 255)


def _no_return(clean: np.ndarray, streaks: Streaks) -> None:
    alpha = streaks.alpha[..., None]
    np.clip((1 - alpha) * clean + alpha * streaks.light, 0, 1)


def _unchanged(clean: np.ndarray, streaks: Streaks) -> np.ndarray:
    return clean


def _grey(clean: np.ndarray, streaks: Streaks) -> np.ndarray:
    rainy = (1 - streaks.alpha) * clean.mean(-1) + streaks.alpha * np.mean(streaks.light)
    return np.clip(rainy, 0, 1)


def _endless(clean: np.ndarray, streaks: Streaks) -> np.ndarray:
    rainy = clean + streaks.alpha[..., None]
    while rainy.max() > 0:
        rainy = np.clip(rainy, 0, 1)
    return rainy


def _by_loops(clean: np.ndarray, streaks: Streaks) -> np.ndarray:
    rainy = np.empty_like(clean)
    height, width, _ = clean.shape
    for row in range(height):
        for column in range(width):
            for colour in range(3):
                a = streaks.alpha[row, column]
                mixed = (1 - a) * clean[row, column, colour] + a * streaks.light[colour]
                rainy[row, column, colour] = min(1.0, mixed)
    return rainy


def _as_interpolation(clean: np.ndarray, streaks: Streaks) -> np.ndarray:
    rainy = clean.copy()
    rainy += streaks.alpha[:, :, np.newaxis] * (np.array(streaks.light) - rainy)
    return np.minimum(rainy, 1.0)


def _by_einsum(clean: np.ndarray, streaks: Streaks) -> np.ndarray:
    through = np.einsum("hw,hwc->hwc", 1 - streaks.alpha, clean)
    rainy = through + np.einsum("hw,c->hwc", streaks.alpha, streaks.light)
    rainy[rainy > 1] = 1
    return rainy


def _by_torch(clean: np.ndarray, streaks: Streaks) -> np.ndarray:
    alpha = torch.from_numpy(streaks.alpha)[..., None]
    light = torch.from_numpy(streaks.light)
    return torch.lerp(torch.from_numpy(clean), light, alpha).clamp(0, 1).numpy()


WRONG = (
    WrongAnswer(answer=_unclipped, diagnosis="clip the finished picture"),
    WrongAnswer(answer=_additive, diagnosis="I = B + α·L"),
    WrongAnswer(answer=_additive_unclipped, diagnosis="Besides, the picture isn't clipped"),
    WrongAnswer(answer=_only_alpha, diagnosis="leave out the drops' light"),
    WrongAnswer(answer=_swapped, diagnosis="shares are swapped"),
    WrongAnswer(answer=_wrong_axis, diagnosis="its columns line up with the colours"),
    WrongAnswer(answer=_stacked_in_front, diagnosis="or has it in front"),
    WrongAnswer(answer=_alpha_of_the_notebook, diagnosis="uses the notebook's `alpha`"),
    WrongAnswer(answer=_light_of_the_notebook, diagnosis="uses the notebook's `light`"),
    WrongAnswer(answer=_middle_axis, diagnosis="its new axis at the end"),
    WrongAnswer(answer=_square_only, diagnosis="your function"),
    WrongAnswer(answer=_three_rows, diagnosis="of the values differ: at [3, "),
    WrongAnswer(answer=_height_for_width, diagnosis="values differ"),
    WrongAnswer(answer=_light_clipped_first, diagnosis="before it is mixed"),
    WrongAnswer(answer=_normalised, diagnosis="divide the picture by its largest value"),
    WrongAnswer(answer=_grey_light, diagnosis="colours get the same light"),
    WrongAnswer(answer=_hard_mask, diagnosis="shows the drop's light alone"),
    WrongAnswer(answer=_in_place, diagnosis="changes its input `clean`"),
    WrongAnswer(answer=_uint8, diagnosis="floats are expected"),
    WrongAnswer(answer=_scaled_255, diagnosis="not in [0, 255]"),
    WrongAnswer(answer=_no_return, diagnosis="is the `return` missing"),
    WrongAnswer(answer=_unchanged, diagnosis="without any rain"),
    WrongAnswer(answer=_grey, diagnosis="the result is H×W×3"),
    WrongAnswer(answer=_endless, diagnosis="doesn't come back"),
)

VALID = (_by_loops, _as_interpolation, _by_einsum, _by_torch)

EQUIVALENT = (
    Equivalent(
        mutant="line 3: np.clip(rainy, 0, 1) → np.clip(0, rainy, 1)",
        why="0 clipped to between I and 1 is the larger one of 0 and I, at most 1.",
    ),
    Equivalent(
        mutant="line 3: np.clip(rainy, 0, 1) → np.clip(rainy, -1, 1)",
        why="A mixture of values ≥ 0 with the shares 1 − α and α is never below 0.",
    ),
)
