"""The network of `course restore`: a U-Net of residual blocks that predicts what rain has added.

It follows EDSR (Lim et al. 2017, *Enhanced deep residual networks for single image
super-resolution*, §3.1) in its blocks, which have no norm, and DRUNet (Zhang et al. 2021,
*Plug-and-play image restoration with deep denoiser prior*, §3.2) in putting such blocks into a
U-Net.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import nn

from course_lib.models.padding import pad_to_multiple


class EDSRBlock(nn.Module):
    """Two 3×3 convolutions with a ReLU between them, added to what came in: N×C×H×W → the same.

    The second convolution is 0 at first, so that a fresh network of any depth changes nothing.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)  # type: ignore[arg-type]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """N×C×H×W → N×C×H×W."""
        return x + self.second(torch.relu(self.first(x)))


class ResidualUNet(nn.Module):
    """Rainy picture → restored picture: N×3×H×W in [−1, 1] → the same shape.

    Each 2×2 square of pixels becomes one place with twelve channels, so that no pixel is lost
    and every convolution costs a quarter. Each further level halves the size again, by a 2×2
    convolution of stride 2. On the way up, a 1×1 convolution and `nn.PixelShuffle` double the
    size; the features of the way down are added. The output is subtracted from the rainy
    picture. Values may leave [−1, 1].

    Args:
        widths: channels of the levels, from the first to the lowest.
        blocks: number of blocks of each level on the way down; the lowest level has them once,
            every other one again on the way up.

    Raises:
        ValueError: no level, not as many widths as blocks, or one below 1; in `forward`, not three
            channels.
    """

    def __init__(self, widths: Sequence[int] = (48, 96), blocks: Sequence[int] = (3, 3)) -> None:
        super().__init__()
        if not widths or len(widths) != len(blocks) or min(*widths, *blocks) < 1:
            raise ValueError(
                "a network has at least one level, and each one a width and a number of blocks of "
                f"1 or more; widths are {tuple(widths)}, blocks {tuple(blocks)}"
            )
        self.multiple = 2 ** len(widths)
        self.stem = nn.Conv2d(12, widths[0], 3, padding=1)
        levels = list(zip(widths, blocks, strict=True))
        self.down = nn.ModuleList(_blocks(width, count) for width, count in levels)
        self.up = nn.ModuleList(_blocks(width, count) for width, count in levels[:-1])
        pairs = list(pairwise(widths))
        self.halvings = nn.ModuleList(
            nn.Conv2d(above, below, 2, stride=2) for above, below in pairs
        )
        self.doublings = nn.ModuleList(
            nn.Sequential(nn.Conv2d(below, 4 * above, 1), nn.PixelShuffle(2))
            for above, below in pairs
        )
        self.last = nn.Conv2d(widths[0], 12, 3, padding=1)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)  # type: ignore[arg-type]

    def forward(self, rainy: torch.Tensor) -> torch.Tensor:
        """N×3×H×W in [−1, 1] → restored, N×3×H×W."""
        if rainy.ndim != 4 or rainy.shape[1] != 3:
            raise ValueError(
                f"this generator takes N×3×H×W, got {'×'.join(map(str, rainy.shape))}; "
                "a single picture needs a batch axis: picture[None]"
            )
        padded, (rows, columns) = pad_to_multiple(rainy, self.multiple)
        x = self.stem(nn.functional.pixel_unshuffle(padded, 2))
        kept = []
        for n in range(len(self.up)):
            kept.append(self.down[n](x))
            x = self.halvings[n](kept[-1])
        x = self.down[-1](x)
        for n in reversed(range(len(self.up))):
            x = self.up[n](kept.pop() + self.doublings[n](x))
        added = nn.functional.pixel_shuffle(self.last(x), 2)[..., rows, columns]
        return rainy - added


class UnitRange(nn.Module):
    """A network for pictures in [−1, 1], made to take and give pictures in [0, 1]: N×3×H×W."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """N×3×H×W in [0, 1] → the same shape."""
        return (self.network(2 * picture - 1) + 1) / 2


def _blocks(width: int, count: int) -> nn.Sequential:
    return nn.Sequential(*(EDSRBlock(width) for _ in range(count)))
