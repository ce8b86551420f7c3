"""A small network that finds artifacts in one picture, without the MSE twin.

It is made like PAL4Inpainting (Zhang et al. 2022, *Perceptual artifacts localization for
inpainting*), one of DeSRA's baselines: it learns from pictures with filled holes, and is then tried
on the artifacts of other networks.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from scipy.ndimage import gaussian_filter
from torch import nn

from course_lib.artifacts.planted import Planted, plant_picture
from course_lib.models.padding import pad_to_multiple
from course_lib.ranges import to_model

CROP = 96  # pixels
BATCH = 8
WIDTH = 32  # channels
BLUR, GAIN = 7, 5.0  # window of the mean that is taken away, pixels; and what is left is multiplied
RARE = 3.0  # times as heavy: a mistake inside a hole, because holes are small
SHARES = 0.03, 0.3  # of a crop that is filled
RATE = 3e-3


class HoleLocaliser(nn.Module):
    """Pictures N×3×H×W in [−1, 1], even sides → a logit of "filled" for each pixel, N×1×H×W.

    It sees fine detail alone, so that it doesn't learn which things and colours its photographs
    show.
    """

    def __init__(self, width: int = WIDTH) -> None:
        super().__init__()
        layers = [*_convolution(3, width // 2, 3), *_convolution(width // 2, width, 4, stride=2)]
        for dilation in (1, 2, 4, 2, 1):
            layers += _convolution(width, width, 3, dilation=dilation)
        self.layers = nn.Sequential(*layers, nn.Conv2d(width, 1, 1))

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """N×3×H×W → N×1×H×W."""
        blurred = nn.functional.avg_pool2d(pictures, BLUR, 1, BLUR // 2, count_include_pad=False)
        found = self.layers(GAIN * (pictures - blurred))
        return nn.functional.interpolate(found, scale_factor=2.0, mode="bilinear")


def _convolution(
    before: int, after: int, side: int, *, stride: int = 1, dilation: int = 1
) -> list[nn.Module]:
    edge = (side - 1) // 2 * dilation
    layer = nn.Conv2d(before, after, side, stride, edge, dilation, bias=False)
    return [layer, nn.BatchNorm2d(after), nn.LeakyReLU(0.2)]


def filled_hole(picture: np.ndarray, rng: np.random.Generator) -> Planted:
    """Fill a region as a weak inpainter does: with pixels from elsewhere, or with a blur.

    Args:
        picture: uint8 H×W×3.
        rng: the only source of chance.
    """
    if rng.random() < 0.5:
        shift = rng.integers(16, 48, 2) * rng.choice([-1, 1], 2)
        filling = np.roll(picture, shift, (0, 1))
    else:
        sigma = rng.uniform(2, 6)
        blurred = gaussian_filter(picture.astype(np.float64), (sigma, sigma, 0))
        grain = rng.normal(0, rng.uniform(0, 8), picture.shape)
        filling = np.rint(blurred + grain).clip(0, 255).astype(np.uint8)
    return plant_picture(picture, filling, rng, share=rng.uniform(*SHARES))


def train_localiser(
    photographs: Sequence[np.ndarray], *, steps: int = 400, seed: int = 0
) -> HoleLocaliser:
    """Train a localiser on crops of photographs with filled holes.

    Args:
        photographs: uint8 H×W×3, both sides 96 pixels or more.
        steps: of Adam, batches of eight.
        seed: ≥ 0; the result depends on it and the photographs alone.

    Raises:
        ValueError: no photograph is large enough.
    """
    large = [one for one in photographs if min(one.shape[:2]) >= CROP]
    if not large:
        raise ValueError(f"no photograph has {CROP} pixels on both sides")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = HoleLocaliser()
    optimizer = torch.optim.Adam(network.parameters(), RATE)
    fall = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for step in range(steps):
        planted = [_crop(large, np.random.default_rng((seed, step, n, 7))) for n in range(BATCH)]
        pictures = torch.cat([to_model(one.picture[None]) for one in planted])
        masks = torch.from_numpy(np.stack([one.mask for one in planted]))[:, None].float()
        optimizer.zero_grad()
        nn.functional.binary_cross_entropy_with_logits(
            network(pictures), masks, pos_weight=torch.tensor(RARE)
        ).backward()
        optimizer.step()
        fall.step()
    return network.eval()


def _crop(photographs: Sequence[np.ndarray], rng: np.random.Generator) -> Planted:
    photo = photographs[int(rng.integers(len(photographs)))]
    top, left = (int(rng.integers(side - CROP + 1)) for side in photo.shape[:2])
    return filled_hole(photo[top : top + CROP, left : left + CROP], rng)


@torch.no_grad()
def localiser_map(network: HoleLocaliser, picture: np.ndarray) -> np.ndarray:
    """How likely each pixel of a picture, uint8 H×W×3, is part of an artifact: H×W, 0 to 1."""
    padded, (rows, columns) = pad_to_multiple(to_model(picture[None]), 2)
    logits = network(padded)[0, 0, rows, columns]
    found: np.ndarray = logits.sigmoid().double().numpy()
    return found
