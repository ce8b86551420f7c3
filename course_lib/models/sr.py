"""Generators for super-resolution: Real-ESRGAN's RRDBNet, and a small one to train here."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn
from torch.nn.functional import interpolate

from course_lib.models.residual_unet import EDSRBlock

SLOPE = 0.2  # of leaky ReLUs
SCALE = 0.2  # of what residual blocks add


class DenseBlock(nn.Module):
    """Five 3×3 convolutions, each of which sees all that came before: N×C×H×W → the same.

    Args:
        features: C.
        growth: channels that each of the first four adds.
    """

    def __init__(self, features: int = 64, growth: int = 32) -> None:
        super().__init__()
        for n in range(1, 5):
            width = features + (n - 1) * growth
            self.add_module(f"conv{n}", nn.Conv2d(width, growth, 3, padding=1))
        self.conv5 = nn.Conv2d(features + 4 * growth, features, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """N×C×H×W → N×C×H×W."""
        seen = [x]
        for n in range(1, 5):
            convolved = self.get_submodule(f"conv{n}")(torch.cat(seen, 1))
            seen.append(nn.functional.leaky_relu(convolved, SLOPE))
        added: torch.Tensor = self.conv5(torch.cat(seen, 1))
        return x + SCALE * added


class RRDB(nn.Module):
    """Three dense blocks with a connection around them: N×C×H×W → the same.

    From ESRGAN (Wang et al. 2018, *ESRGAN: Enhanced super-resolution generative adversarial
    networks*, §3.1).
    """

    def __init__(self, features: int = 64, growth: int = 32) -> None:
        super().__init__()
        self.rdb1 = DenseBlock(features, growth)
        self.rdb2 = DenseBlock(features, growth)
        self.rdb3 = DenseBlock(features, growth)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """N×C×H×W → N×C×H×W."""
        added: torch.Tensor = self.rdb3(self.rdb2(self.rdb1(x)))
        return x + SCALE * added


class RRDBNet(nn.Module):
    """The generator of Real-ESRGAN ×4: N×3×H×W in [0, 1] → N×3×4H×4W, not clamped.

    Real-ESRGAN (Wang et al. 2021, *Real-ESRGAN: Training real-world blind super-resolution with
    pure synthetic data*, §3.4) took it from ESRGAN unchanged. Parameters have the names of the
    released files.

    Args:
        blocks: number of RRDBs; 23 in the released weights, 16,697,987 parameters.
        features, growth: see `DenseBlock`.
    """

    def __init__(self, blocks: int = 23, features: int = 64, growth: int = 32) -> None:
        super().__init__()
        self.width, self.growth = features, growth
        self.conv_first = nn.Conv2d(3, features, 3, padding=1)
        self.body = nn.Sequential(*(RRDB(features, growth) for _ in range(blocks)))
        self.conv_body = nn.Conv2d(features, features, 3, padding=1)
        self.conv_up1 = nn.Conv2d(features, features, 3, padding=1)
        self.conv_up2 = nn.Conv2d(features, features, 3, padding=1)
        self.conv_hr = nn.Conv2d(features, features, 3, padding=1)
        self.conv_last = nn.Conv2d(features, 3, 3, padding=1)

    def forward(self, low: torch.Tensor) -> torch.Tensor:
        """N×3×H×W in [0, 1] → N×3×4H×4W."""
        first = self.conv_first(low)
        return self.tail(first, self.body(first))

    def features(self, low: torch.Tensor, blocks: int) -> torch.Tensor:
        """What the last blocks and the tail see of a picture: N×3×H×W → N×2C×H×W.

        The first C channels are those before the body, the others those after all but its last
        ``blocks`` blocks. `RRDBHead` goes on from there.
        """
        first = self.conv_first(low)
        return torch.cat([first, self.body[: len(self.body) - blocks](first)], 1)

    def tail(self, first: torch.Tensor, deep: torch.Tensor) -> torch.Tensor:
        """The layers behind the body: features N×C×H×W of before and after it → N×3×4H×4W."""
        x = first + self.conv_body(deep)
        for convolution in (self.conv_up1, self.conv_up2):
            larger = interpolate(x, scale_factor=2.0, mode="nearest")
            x = nn.functional.leaky_relu(convolution(larger), SLOPE)
        restored: torch.Tensor = self.conv_last(nn.functional.leaky_relu(self.conv_hr(x), SLOPE))
        return restored


class RRDBHead(RRDBNet):
    """The last blocks of an `RRDBNet` and its tail: N×2C×H×W, its `features` → N×3×4H×4W.

    A generator and its MSE twin that share everything before them differ in a head alone.

    Args:
        blocks: number of RRDBs; two of 64 features have 1,588,291 parameters with the tail.
        features, growth: see `DenseBlock`.
    """

    def __init__(self, blocks: int = 2, features: int = 64, growth: int = 32) -> None:
        super().__init__(blocks, features, growth)
        del self.conv_first

    @classmethod
    def of(cls, network: RRDBNet, blocks: int = 2) -> RRDBHead:
        """A copy of a network's last blocks and tail.

        Raises:
            ValueError: the network has fewer blocks.
        """
        skipped = len(network.body) - blocks
        if not 0 < blocks <= len(network.body):
            raise ValueError(f"a head has 1 to {len(network.body)} blocks; it is to have {blocks}")
        head = cls(blocks, network.width, network.growth)
        state = {}
        for key, value in network.state_dict().items():
            part, _, rest = key.partition(".")
            if part == "body":
                number, _, rest = rest.partition(".")
                key = f"body.{int(number) - skipped}.{rest}"
                if int(number) < skipped:
                    continue
            if part != "conv_first":
                state[key] = value
        head.load_state_dict(state)
        return head

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """N×2C×H×W → N×3×4H×4W."""
        first, deep = features.chunk(2, 1)
        return self.tail(first, self.body(deep))


class SRResNet(nn.Module):
    """A small generator for super-resolution: N×3×H×W in [0, 1] → N×3×sH×sW, not clamped.

    As SRGAN's (Ledig et al. 2017, *Photo-realistic single image super-resolution using a generative
    adversarial network*, §2.1) without norms, as EDSR found better, and beside a bilinear
    enlargement, so that a fresh network already gives a blurred picture.

    Args:
        scale: s, 2 or 4.
        blocks: residual blocks.
        features: channels.

    Raises:
        ValueError: another scale.
    """

    def __init__(self, scale: int = 4, blocks: int = 8, features: int = 32) -> None:
        super().__init__()
        if scale not in (2, 4):
            raise ValueError(f"scale is 2 or 4; it is {scale}")
        self.scale = scale
        self.first = nn.Conv2d(3, features, 3, padding=1)
        self.blocks = nn.Sequential(*(EDSRBlock(features) for _ in range(blocks)))
        # Nearest neighbours and a convolution: a pixel shuffle leaves a grid.
        widths = [features, *[features] * (scale // 4), features // 2]
        self.enlarge = nn.Sequential(
            *(
                layer
                for one, other in pairwise(widths)
                for layer in (
                    nn.Upsample(scale_factor=2, mode="nearest"),
                    nn.Conv2d(one, other, 3, padding=1),
                    nn.LeakyReLU(SLOPE),
                )
            )
        )
        self.last = nn.Conv2d(features // 2, 3, 3, padding=1)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)  # type: ignore[arg-type]

    def forward(self, low: torch.Tensor) -> torch.Tensor:
        """N×3×H×W in [0, 1] → N×3×sH×sW."""
        first = self.first(low)
        detail: torch.Tensor = self.last(self.enlarge(first + self.blocks(first)))
        factor = float(self.scale)
        return detail + interpolate(low, scale_factor=factor, mode="bilinear", align_corners=False)
