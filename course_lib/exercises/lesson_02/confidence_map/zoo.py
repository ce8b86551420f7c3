"""Exercise 02.4: answers in styles that differ from the reference's."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


def _nearest(logits, size):
    return F.interpolate(torch.sigmoid(logits), size=size)


def _corners_aligned_by_module(logits, size):
    return nn.UpsamplingBilinear2d(size)(logits.sigmoid())


def _softmax(logits, size):
    shares = F.softmax(logits.flatten(1), dim=1).view_as(logits)
    return F.interpolate(shares, size=size, mode="bilinear", align_corners=False)


def _stretched(logits, size):
    low = logits.amin(dim=(1, 2, 3), keepdim=True)
    high = logits.amax(dim=(1, 2, 3), keepdim=True)
    share = (logits - low) / (high - low + 1e-8)
    return F.interpolate(share, size=size, mode="bilinear", align_corners=False)


def _one_verdict(logits, size):
    return logits.sigmoid().mean(dim=(2, 3), keepdim=True).expand(-1, -1, *size)


def _one_factor(logits, size):
    factor = size[0] / logits.shape[-1]
    return F.interpolate(logits.sigmoid(), scale_factor=factor, mode="bilinear")


def _whole_factors(logits, size):
    factors = (size[0] // logits.shape[2], size[1] // logits.shape[3])
    return F.interpolate(logits.sigmoid(), scale_factor=factors, mode="bilinear")


def _in_place(logits, size):
    logits.sigmoid_()
    return F.interpolate(logits, size=size, mode="bilinear", align_corners=False)


def _exponentials(logits, size):
    confidence = logits.exp() / (1 + logits.exp())
    return F.interpolate(confidence, size=size, mode="bilinear", align_corners=False)


def _sigmoid_then_bilinear(logits, size):
    return F.interpolate(torch.sigmoid(logits), size, mode="bilinear")


def _by_module(logits, size):
    network = nn.Sequential(nn.Sigmoid(), nn.Upsample(size=size, mode="bilinear"))
    return network(logits)


def _by_grid_sample(logits, size):
    confidence = 1 / (1 + torch.exp(-logits))
    rows, columns = ((2 * torch.arange(side, device=logits.device) + 1) / side - 1 for side in size)
    grid = torch.stack(torch.meshgrid(columns, rows, indexing="xy"), dim=-1)
    grid = grid.expand(len(logits), -1, -1, -1)
    return F.grid_sample(confidence, grid, padding_mode="border", align_corners=False)


def _weights(patches, side):
    """What each patch contributes to each pixel: side×patches."""
    at = np.clip((np.arange(side) + 0.5) * patches / side - 0.5, 0, patches - 1)
    return np.maximum(0, 1 - np.abs(at[:, None] - np.arange(patches)))


def _by_numpy(logits, size):
    confidence = 1 / (1 + np.exp(-logits.detach().double().cpu().numpy()))
    rows, columns = _weights(logits.shape[2], size[0]), _weights(logits.shape[3], size[1])
    enlarged = np.einsum("yh,nchw,xw->ncyx", rows, confidence, columns, optimize=True)
    return torch.from_numpy(enlarged).to(logits)


def _picture_by_picture(logits, size):
    maps = []
    for logit in logits:
        maps.append(F.interpolate(logit.sigmoid()[None], size=tuple(size), mode="bilinear"))
    return torch.cat(maps)


WRITTEN = {
    _nearest: 'as mode="nearest" makes',
    _corners_aligned_by_module: "align_corners=True",
    _softmax: "softmax over the patches",
    _stretched: "stretch each picture's logits",
    _one_verdict: "one value for the whole picture",
    _one_factor: "the map is N×1×H×W",
    _whole_factors: "the map is N×1×H×W",
    _in_place: "changes its input `logits`",
    _exponentials: "exponential of a large logit",
}

VALID = (_sigmoid_then_bilinear, _by_module, _by_grid_sample, _by_numpy, _picture_by_picture)
