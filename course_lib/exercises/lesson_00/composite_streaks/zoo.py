"""Exercise 00.1: answers in styles that differ from the reference's."""

from __future__ import annotations

import numpy as np
import torch

# As in the notebook, where a cell above the exercise makes them.
alpha = np.full((96, 96), 0.1)
light = np.array([0.86, 0.87, 0.88])


def _stacked_in_front(clean, streaks):
    alpha_rgb = np.stack([streaks.alpha] * 3, axis=0)
    return np.clip((1 - alpha_rgb) * clean + alpha_rgb * streaks.light, 0, 1)


def _alpha_of_the_notebook(clean, streaks):
    alpha_3d = alpha[..., None]
    return np.clip((1 - alpha_3d) * clean + alpha_3d * streaks.light, 0, 1)


def _light_of_the_notebook(clean, streaks):
    mixed = [
        (1 - streaks.alpha) * clean[..., c] + streaks.alpha * light[c] for c in range(len(light))
    ]
    return np.stack(mixed, axis=-1).clip(0, 1)


def _square_only(clean, streaks):
    size = clean.shape[0]
    rainy = np.zeros((size, size, 3))
    for row in range(size):
        for column in range(size):
            a = streaks.alpha[row, column]
            rainy[row, column] = (1 - a) * clean[row, column] + a * streaks.light
    return np.clip(rainy, 0, 1)


def _three_rows(clean, streaks):
    rainy = clean.copy()
    for row in range(3):
        if row < len(rainy):
            a = streaks.alpha[row][:, None]
            rainy[row] = (1 - a) * clean[row] + a * streaks.light
    return np.clip(rainy, 0, 1)


def _height_for_width(clean, streaks):
    width, height = clean.shape[:2]
    alpha = streaks.alpha.reshape(height, width).T[..., None]
    return np.clip((1 - alpha) * clean + alpha * streaks.light, 0, 1)


def _hard_mask(clean, streaks):
    rainy = clean.copy()
    rainy[streaks.alpha > 0] = streaks.light
    return rainy.clip(0, 1)


def _in_place(clean, streaks):
    alpha = streaks.alpha[..., None]
    clean *= 1 - alpha
    clean += alpha * streaks.light
    return np.clip(clean, 0, 1)


def _endless(clean, streaks):
    rainy = clean + streaks.alpha[..., None]
    while rainy.max() > 0:
        rainy = np.clip(rainy, 0, 1)
    return rainy


def _uint8(clean, streaks):
    alpha = streaks.alpha[..., None]
    rainy = (1 - alpha) * clean + alpha * streaks.light
    return (np.clip(rainy, 0, 1) * 255).astype(np.uint8)


def _grey(clean, streaks):
    rainy = (1 - streaks.alpha) * clean.mean(-1) + streaks.alpha * np.mean(streaks.light)
    return np.clip(rainy, 0, 1)


def _by_loops(clean, streaks):
    rainy = np.empty_like(clean)
    height, width, _ = clean.shape
    for row in range(height):
        for column in range(width):
            for colour in range(3):
                a = streaks.alpha[row, column]
                mixed = (1 - a) * clean[row, column, colour] + a * streaks.light[colour]
                rainy[row, column, colour] = min(1.0, mixed)
    return rainy


def _as_interpolation(clean, streaks):
    rainy = clean.copy()
    rainy += streaks.alpha[:, :, np.newaxis] * (np.array(streaks.light) - rainy)
    return np.minimum(rainy, 1.0)


def _by_einsum(clean, streaks):
    through = np.einsum("hw,hwc->hwc", 1 - streaks.alpha, clean)
    rainy = through + np.einsum("hw,c->hwc", streaks.alpha, streaks.light)
    rainy[rainy > 1] = 1
    return rainy


def _by_torch(clean, streaks):
    alpha = torch.from_numpy(streaks.alpha)[..., None]
    light = torch.from_numpy(streaks.light)
    return torch.lerp(torch.from_numpy(clean), light, alpha).clamp(0, 1).numpy()


WRITTEN = {
    _stacked_in_front: "has its third axis in front",
    _alpha_of_the_notebook: "uses the notebook's `alpha`",
    _light_of_the_notebook: "uses the notebook's `light`",
    _square_only: "your function",
    _three_rows: "values differ; at [3, ",
    _height_for_width: "values differ",
    _hard_mask: "shows the drop's light alone",
    _in_place: "changes its input `clean`",
    _endless: "doesn't come back",
    _uint8: "floats are expected",
    _grey: "the result is H×W×3",
    lambda clean, streaks: clean: "without any rain",
}

VALID = (_by_loops, _as_interpolation, _by_einsum, _by_torch)
