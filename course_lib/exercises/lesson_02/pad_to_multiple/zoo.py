"""Exercise 02.5: answers in styles that differ from the reference's."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


def _borders(image, multiple):
    """What is missing on top, at the bottom, to the left and to the right."""
    rows, columns = -image.shape[-2] % multiple, -image.shape[-1] % multiple
    return rows // 2, rows - rows // 2, columns // 2, columns - columns // 2


def _right(image, multiple):
    return _by_ceil(image, multiple)


def _a_whole_multiple_more(image, multiple):
    height, width = image.shape[-2:]
    rows, columns = multiple - height % multiple, multiple - width % multiple
    top, left = rows // 2, columns // 2
    sides = (left, columns - left, top, rows - top)
    fits = rows - top < height and columns - left < width
    padded = F.pad(image, sides, mode="reflect" if fits else "replicate")
    return padded, (slice(top, top + height), slice(left, left + width))


def _all_zeros(image, multiple):
    padded, (rows, columns) = _right(image, multiple)
    zeros = torch.zeros_like(padded)
    zeros[..., rows, columns] = image
    return zeros, (rows, columns)


def _resized(image, multiple):
    height, width = (math.ceil(side / multiple) * multiple for side in image.shape[-2:])
    return F.interpolate(image, size=(height, width)), (slice(0, height), slice(0, width))


def _always_reflect(image, multiple):
    top, bottom, left, right = _borders(image, multiple)
    padded = nn.ReflectionPad2d((left, right, top, bottom))(image)
    return padded, (slice(top, top + image.shape[2]), slice(left, left + image.shape[3]))


def _a_module(image, multiple):
    top, bottom, left, right = _borders(image, multiple)
    return nn.ReflectionPad2d((left, right, top, bottom)), _right(image, multiple)[1]


WRITTEN = {
    _a_whole_multiple_more: "grows by a whole multiple",
    _all_zeros: "filled with zeros",
    _resized: "only the border may be new",
    _always_reflect: "A border can only be mirrored where",
    _a_module: "a tensor is expected",
}


def _by_ceil(image, multiple):
    height, width = image.shape[2], image.shape[3]
    new_height = math.ceil(height / multiple) * multiple
    new_width = (width + multiple - 1) // multiple * multiple
    top, left = (new_height - height) // 2, (new_width - width) // 2
    bottom, right = new_height - height - top, new_width - width - left
    try:
        padded = F.pad(image, (left, right, top, bottom), mode="reflect")
    except RuntimeError:
        padded = F.pad(image, (left, right, top, bottom), mode="replicate")
    return padded, (slice(top, new_height - bottom), slice(left, new_width - right))


def _by_modules(image, multiple):
    height, width = image.shape[-2:]
    missing = [(multiple - side % multiple) % multiple for side in (height, width)]
    (top, bottom), (left, right) = [(m // 2, math.ceil(m / 2)) for m in missing]
    layer = nn.ReplicationPad2d if bottom >= height or right >= width else nn.ReflectionPad2d
    padded = layer((left, right, top, bottom))(image)
    rows = slice(top, -bottom if bottom else None)
    return padded, (rows, slice(left, -right or None))


def _by_indices(image, multiple):
    ats, cuts, mirror = [], [], True
    for side in image.shape[-2:]:
        more = -side % multiple
        ats.append(torch.arange(-(more // 2), side + more - more // 2))
        cuts.append(slice(more // 2, more // 2 + side, 1))
        mirror = mirror and more - more // 2 < side
    for n, side in enumerate(image.shape[-2:]):
        if mirror:
            folded = ats[n].abs()
            ats[n] = torch.where(folded < side, folded, 2 * (side - 1) - folded)
        else:
            ats[n] = ats[n].clamp(0, side - 1)
    return image[:, :, ats[0]][:, :, :, ats[1]], (cuts[0], cuts[1])


def _by_numpy(image, multiple):
    top, bottom, left, right = _borders(image, multiple)
    mode = "reflect" if bottom < image.shape[2] and right < image.shape[3] else "edge"
    array = image.detach().cpu().numpy()
    padded = np.pad(array, ((0, 0), (0, 0), (top, bottom), (left, right)), mode=mode)
    cut = [slice(top, top + image.shape[2]), slice(left, left + image.shape[3])]
    return [torch.from_numpy(padded).to(image), cut]


VALID = (_by_ceil, _by_modules, _by_indices, _by_numpy)
