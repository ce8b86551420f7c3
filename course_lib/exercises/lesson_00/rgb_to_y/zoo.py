"""Exercise 00.3: answers in styles that differ from the reference's."""

from __future__ import annotations

import numpy as np
import torch

W = np.array([65.481, 128.553, 24.966])


def _scale_255(image):
    r, g, b = image[..., 0], image[..., 1], image[..., 2]
    return 16.0 + 65.481 * r + 128.553 * g + 24.966 * b


def _bracket_forgotten(image):
    r, g, b = image[..., 0], image[..., 1], image[..., 2]
    return 16 + (65.481 * r + 128.553 * g + 24.966 * b) / 255


def _last_term_divided(image):
    r, g, b = image[..., 0], image[..., 1], image[..., 2]
    return 16 + 65.481 * r + 128.553 * g + 24.966 * b / 255


def _bgr(image):
    b, g, r = np.moveaxis(image, -1, 0)
    return (16 + 65.481 * r + 128.553 * g + 24.966 * b) / 255


def _only_three_axes(image):
    return (16 + 65.481 * image[:, :, 0] + 128.553 * image[:, :, 1] + 24.966 * image[:, :, 2]) / 255


def _axis_two(image):
    return (16 + (image * np.array([65.481, 128.553, 24.966])).sum(axis=2)) / 255


def _first_axis(image):
    return (16 + np.tensordot(W, np.resize(image, (3, *image.shape[1:])), 1)) / 255


def _in_place(image):
    image *= np.array([65.481, 128.553, 24.966])
    return (16 + image.sum(-1)) / 255


def _by_channels(image):
    red, green, blue = image[..., 0], image[..., 1], image[..., 2]
    return (16 + 65.481 * red + 128.553 * green + 24.966 * blue) / 255


def _by_einsum(image):
    return 16 / 255 + np.einsum("...c,c->...", image, np.array([65.481, 128.553, 24.966]) / 255)


def _from_full_range(image):
    full = image @ np.array([0.299, 0.587, 0.114])
    return (16 + 219 * full) / 255


def _by_torch(image):
    weights = torch.tensor([65.481, 128.553, 24.966], dtype=torch.float32)
    return ((16 + torch.from_numpy(image).float() @ weights) / 255).numpy()


def _by_scikit_image(image):
    from skimage.color import rgb2ycbcr

    return rgb2ycbcr(image)[..., 0] / 255


WRITTEN = {
    _scale_255: "on the scale 0 to 255",
    _bracket_forgotten: "without dividing it by 255",
    _last_term_divided: "Only the last term is divided",
    _bgr: "blue, green, red",
    _only_three_axes: "may be one pixel, or many pictures: `image[..., 0]`",
    _axis_two: "the colours' axis is -1",
    _first_axis: "sums over the first axis",
    _in_place: "changes its input `image`",
    lambda image: np.dot(image, W / 255): "offset 16 is missing",
    lambda image: (16 + 255 * (image @ np.array([0.299, 0.587, 0.114]))) / 255: "the full range",
    lambda image: (16 + (image * W).sum(axis=-1, keepdims=True)) / 255: "keepdims",
    lambda image: float(((16 + image @ W) / 255).mean()): "a numpy array is expected",
    lambda image: print((16 + image @ W) / 255): "prints and returns None",
}

VALID = (_by_channels, _by_einsum, _from_full_range, _by_torch, _by_scikit_image)
