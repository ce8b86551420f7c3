"""A small network that tells kinds of rain apart."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn


class RainClassifier(nn.Module):
    """Picture → a logit for each kind of rain: N×3×H×W in [−1, 1] → N×classes.

    Blocks of a 3×3 convolution with stride 2, batch norm and ReLU; the mean over the picture; a
    linear layer. So it takes pictures of any size.

    Args:
        classes: number of kinds.
        widths: channels of the blocks.
    """

    def __init__(self, classes: int = 3, widths: Sequence[int] = (16, 24, 32, 48, 64, 64)) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in zip((3, *widths), widths, strict=False):
            layers += [
                nn.Conv2d(before, after, 3, stride=2, padding=1, bias=False),
                nn.BatchNorm2d(after),
                nn.ReLU(inplace=True),
            ]
        self.blocks = nn.Sequential(*layers)
        self.linear = nn.Linear(widths[-1], classes)

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """N×3×H×W in [−1, 1] → N×classes logits."""
        return self.linear(self.blocks(picture).mean((2, 3)))
