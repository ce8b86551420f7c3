"""The baseline GAN of the course: an encoder, a bottleneck of 128 numbers, a decoder.

Source: "Deraining water drops with GAN", section Models and Optimization, first model. The
report leaves open the grid that the encoder pools to and the decoder starts from, and how
the generator ends; our choices stand in the classes' docstrings.
"""

from __future__ import annotations

import torch
from torch import nn


def conv_block(in_channels: int, out_channels: int) -> nn.Sequential:
    """3×3 convolution, batch norm, ReLU; the size stays."""
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(inplace=True),
    )


class Encoder(nn.Module):
    """Four convolution blocks, average pooling after every second one, then ``outputs`` numbers.

    N×3×H×W in [−1, 1] → N×outputs. Adaptive pooling makes any H, W ≥ 16 possible.

    Open in the report: the grid of the adaptive pooling. We pool to 4×4; a single cell would
    throw away where things are, and the report's pictures do show light and dark regions in
    their places.

    Args:
        base_channels: width of the first two blocks; the other two are twice as wide.
        outputs: 128 for the generator's latent, 1 for the discriminator's logit.
    """

    def __init__(self, *, base_channels: int = 32, outputs: int = 128) -> None:
        super().__init__()
        c = base_channels
        self.features = nn.Sequential(
            conv_block(3, c),
            conv_block(c, c),
            nn.AvgPool2d(2),
            conv_block(c, 2 * c),
            conv_block(2 * c, 2 * c),
            nn.AvgPool2d(2),
            nn.AdaptiveAvgPool2d(4),
        )
        self.head = nn.Linear(2 * c * 4 * 4, outputs)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """N×3×H×W → N×outputs."""
        return self.head(self.features(pictures).flatten(1))


class Decoder(nn.Module):
    """Latent → picture: a linear layer, then four blocks of batch norm, ReLU and 3×3 convolution.

    N×latent → N×3×size×size in [−1, 1]. The mirror of `Encoder`: an upsampling stands before
    the first and the third block, so that the last convolution draws at full size (after the
    last block it would double finished pixels). Open in the report: the starting grid, here a
    quarter of the size, as two doublings ask for; the ending, here tanh.

    Args:
        size: side of the pictures, a multiple of 4.
        latent: length of the latent vector.
        base_channels: width of the last two blocks; the first two are twice as wide.
    """

    def __init__(self, *, size: int, latent: int = 128, base_channels: int = 32) -> None:
        super().__init__()
        if size % 4:
            raise ValueError(f"size={size} is not a multiple of 4; use {size // 4 * 4}")
        c, grid = base_channels, size // 4
        self.expand = nn.Sequential(
            nn.Linear(latent, 2 * c * grid * grid), nn.Unflatten(1, (2 * c, grid, grid))
        )
        self.draw = nn.Sequential(
            nn.Upsample(scale_factor=2),
            *self._block(2 * c, 2 * c),
            *self._block(2 * c, c),
            nn.Upsample(scale_factor=2),
            *self._block(c, c),
            *self._block(c, 3),
            nn.Tanh(),
        )

    @staticmethod
    def _block(in_channels: int, out_channels: int) -> list[nn.Module]:
        return [
            nn.BatchNorm2d(in_channels),
            nn.ReLU(inplace=True),
            nn.Conv2d(in_channels, out_channels, 3, padding=1),
        ]

    def forward(self, latent: torch.Tensor) -> torch.Tensor:
        """N×latent → N×3×size×size in [−1, 1]."""
        return self.draw(self.expand(latent))


class BaselineGenerator(nn.Module):
    """Rainy picture → 128 numbers → restored picture.

    N×3×size×size in [−1, 1] → the same. The linear layer fixes the size.

    Args:
        size: side of the pictures, a multiple of 4.
        base_channels: width, 32 in the report.
        latent: length of the bottleneck, 128 in the report.

    Raises:
        ValueError: in `forward`, a picture of another size.
    """

    def __init__(self, *, size: int, base_channels: int = 32, latent: int = 128) -> None:
        super().__init__()
        self.size = size
        self.encoder = Encoder(base_channels=base_channels, outputs=latent)
        self.decoder = Decoder(size=size, latent=latent, base_channels=base_channels)

    def forward(self, rainy: torch.Tensor) -> torch.Tensor:
        """N×3×size×size in [−1, 1] → restored, the same shape and range."""
        if rainy.shape[-2:] != (self.size, self.size):
            height, width = rainy.shape[-2:]
            raise ValueError(
                f"this generator draws {self.size}×{self.size} pictures, got {height}×{width}; "
                f"crop to {self.size}×{self.size}, or build it with size={height}"
            )
        return self.decoder(self.encoder(rainy))


def baseline_discriminator(*, base_channels: int = 32) -> Encoder:
    """The generator's encoder ending in one logit: N×3×H×W in [−1, 1] → N×1."""
    return Encoder(base_channels=base_channels, outputs=1)
