"""GRASPP-GAN: a generator that never halves the picture, and a discriminator of rain.

Source: Wang et al., *Gradient information guided deraining with a novel network and adversarial
training*, §3. There is no official code; each docstring says what the paper leaves open and what
we chose.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Literal

import numpy as np
import torch
from torch import nn

Norm = Callable[[int], nn.Module]
Output = Literal["residual", "direct"]


class ASPP(nn.Module):
    """Atrous spatial pyramid pooling: parallel convolutions of several reaches, concatenated.

    Each number in `rates` has a path with weights of its own, also where a rate comes twice: a
    3×3 atrous convolution of that rate, from in_channels to out_channels; LeakyReLU of slope
    0.2; a pointwise (1×1) convolution from out_channels to out_channels; LeakyReLU of slope 0.2
    again. All paths get the same input. Their outputs are concatenated along the channels, in the
    order of the rates. Every atrous convolution is padded by reflection, as far as it reaches, so
    that height and width stay as they are. All convolutions have a bias. The network learns
    their weights and biases and nothing else. All are parameters of the network, in whatever
    form: one parameter for all paths will do too. The network works on any device. (Wang et al.,
    §3.2. The activations, the bias and the concatenation are our choices; the paper doesn't say.
    It pads "symmetrically", which we read as reflection, as in its encoder.)

    Args:
        in_channels: of the features that come in.
        out_channels: of each path.
        rates: one for each path, ≥ 1: how many pixels two neighbouring weights of the kernel
            lie apart. The paper takes 1, 2 and 4.

    Example:
        ``ASPP(8, 5)`` turns features of 8×20×30 into 15×20×30: five channels for each rate.
    """

    def __init__(
        self, in_channels: int, out_channels: int, rates: Sequence[int] = (1, 2, 4)
    ) -> None:
        super().__init__()
        self.paths = nn.ModuleList()
        for rate in rates:
            atrous = nn.Conv2d(
                in_channels, out_channels, 3, dilation=rate, padding=rate, padding_mode="reflect"
            )
            pointwise = nn.Conv2d(out_channels, out_channels, 1)
            self.paths.append(
                nn.Sequential(atrous, nn.LeakyReLU(0.2), pointwise, nn.LeakyReLU(0.2))
            )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """N×in_channels×H×W → N×(number of rates · out_channels)×H×W."""
        return torch.cat([path(x) for path in self.paths], dim=1)


class ResidualBlock(nn.Module):
    """ResNet-18's block at stride 1: two 3×3 convolutions, and a shortcut around them.

    N×in_channels×H×W → N×out_channels×H×W. Where the widths differ, the shortcut is a 1×1
    convolution with a norm, as in ResNet (He et al. 2015, §3.3, option B).
    """

    def __init__(self, in_channels: int, out_channels: int, *, norm: Norm) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *_convolution(in_channels, out_channels, 3, norm),
            nn.LeakyReLU(0.2, inplace=True),
            *_convolution(out_channels, out_channels, 3, norm),
        )
        self.shortcut = (
            nn.Identity()
            if in_channels == out_channels
            else nn.Sequential(*_convolution(in_channels, out_channels, 1, norm))
        )
        self.activation = nn.LeakyReLU(0.2, inplace=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """N×in_channels×H×W → N×out_channels×H×W."""
        return self.activation(self.body(x) + self.shortcut(x))


class RASPP(nn.Module):
    """Rainy picture → restored picture, by a ResNet-18 that keeps the size, ASPP and fusion.

    N×3×H×W in [−1, 1] → the same shape. The encoder is ResNet-18 with every stride set to 1,
    reflection padding and LeakyReLU; `ASPP` looks at its features with three reaches; three 3×3
    convolutions fuse them, the first two with batch norm and ReLU (Wang et al., §3.2).

    The paper's text is ``RASPP(width=64, stages=(64, 128, 256, 512))``. It costs 12.2 million
    multiply-adds a pixel, about fourteen times what the paper's time on its graphics card leaves
    room for. ResNet doubles its channels where it halves the picture, so that each stage costs
    the same; without halving, each stage costs four times the one before. So the default keeps
    the width: 16 channels throughout cost 0.06 million, and let the network learn in minutes on
    a CPU.

    Open in the paper, and chosen here: the stem is ResNet's 7×7 convolution; its max-pooling is
    left out (it would halve the picture, or with stride 1 spread every bright spot); two blocks
    a stage; ASPP's paths and the fusion have ``width`` channels; the slope of LeakyReLU is 0.2,
    that of eq. 4; the fusion, which the paper pads "symmetrically", is padded by reflection as
    the encoder is; nothing comes after the last convolution, so that values may leave [−1, 1].

    Args:
        width: channels of the stem, of each path of ASPP, and of the fusion.
        stages: channels of the encoder's stages, two residual blocks each; ``(width,) * 4``
            unless given.
        rates: of ASPP.
        output: ``"residual"``: the network draws what the rain has added, which is subtracted
            from the rainy picture. Its last weights are 0 at first, so that training starts from
            the rainy picture. ``"direct"``: it draws the restored picture. Open in the paper;
            residual learns faster.
        norm: makes the encoder's norms.
        aspp: makes the pyramid, `ASPP` or yours.

    Raises:
        ValueError: a width below 1, no stage, no rate, no such output; in `forward`, not three
            channels, or a picture too small to be reflected at its border.
    """

    def __init__(
        self,
        *,
        width: int = 16,
        stages: Sequence[int] | None = None,
        rates: Sequence[int] = (1, 2, 4),
        output: Output = "residual",
        norm: Norm = nn.BatchNorm2d,
        aspp: Callable[[int, int, Sequence[int]], nn.Module] = ASPP,
    ) -> None:
        super().__init__()
        stages = (width,) * 4 if stages is None else tuple(stages)
        if min((width, *stages)) < 1 or not stages:
            raise ValueError(
                f"a network has at least one channel everywhere and one stage; width is {width}, "
                f"stages is {stages}"
            )
        if not rates or min(rates) < 1:
            raise ValueError(f"rates are 1 or more, one at least; they are {tuple(rates)}")
        if output not in ("residual", "direct"):
            raise ValueError(f'output is "residual" or "direct", not {output!r}')
        self.output, self.smallest = output, 1 + max(STEM // 2, *rates)
        encoder: list[nn.Module] = [
            *_convolution(3, width, STEM, norm),
            nn.LeakyReLU(0.2, inplace=True),
        ]
        for before, after in pairwise((width, *stages)):
            encoder.append(ResidualBlock(before, after, norm=norm))
            encoder.append(ResidualBlock(after, after, norm=norm))
        self.encoder = nn.Sequential(*encoder)
        self.aspp = aspp(stages[-1], width, rates)
        last = nn.Conv2d(width, 3, 3, padding=1, padding_mode="reflect")
        if output == "residual":
            last.load_state_dict({key: 0 * value for key, value in last.state_dict().items()})
        self.fusion = nn.Sequential(
            *_convolution(len(rates) * width, width, 3, nn.BatchNorm2d),
            nn.ReLU(inplace=True),
            *_convolution(width, width, 3, nn.BatchNorm2d),
            nn.ReLU(inplace=True),
            last,
        )

    def forward(self, rainy: torch.Tensor) -> torch.Tensor:
        """N×3×H×W in [−1, 1] → restored, N×3×H×W."""
        if rainy.ndim != 4 or rainy.shape[1] != 3:
            raise ValueError(
                f"this generator takes N×3×H×W, got {'×'.join(map(str, rainy.shape))}; "
                "a single picture needs a batch axis: picture[None]"
            )
        if min(rainy.shape[-2:]) < self.smallest:
            raise ValueError(
                f"pictures of {rainy.shape[-2]}×{rainy.shape[-1]} are too small to be mirrored at "
                f"their borders; give this generator {self.smallest}×{self.smallest} or more"
            )
        drawn = self.fusion(self.aspp(self.encoder(rainy)))
        return rainy - drawn if self.output == "residual" else drawn


class RainDiscriminator(nn.Module):
    """The discriminator: a rainy picture and another one → one logit for each pair.

    Twice N×3×H×W in [−1, 1] → N×1. Four blocks of a convolution with stride 2 and LeakyReLU of
    slope 0.2, all but the first with a norm between them; the mean over the picture; a linear
    layer (Wang et al., §3.4 and Fig. 4). Unlike a PatchGAN it gives no verdict of places: only
    the mean of what it sees reaches its one answer.

    Open in the paper, and chosen here: the kernels of the last three blocks, 4×4 as the first
    one's; the padding, a zero on each side; the widths, which double from block to block; and the
    initial weights, those of He et al. 2015 (eq. 15), with which differences between pictures
    come through four blocks even without norms.

    Args:
        base_channels: width of the first block.
        norm: makes the norms; the paper's is batch norm. None leaves them out: real and restored
            pictures come in batches of their own, a batch norm takes the mean out of each, and a
            mean over the picture is all that this network's answer is made of. So with batch
            norm it begins to learn late.

    Raises:
        ValueError: in `forward`, not six channels together, or pictures below 16×16.
    """

    conditional = True

    def __init__(self, *, base_channels: int = 64, norm: Norm | None = nn.BatchNorm2d) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(6, base_channels, 4, stride=2, padding=1)]
        layers.append(nn.LeakyReLU(0.2, inplace=True))
        widths = [base_channels * 2**n for n in range(4)]
        for before, after in pairwise(widths):
            layers.append(nn.Conv2d(before, after, 4, stride=2, padding=1, bias=norm is None))
            if norm is not None:
                layers.append(norm(after))
            layers.append(nn.LeakyReLU(0.2, inplace=True))
        self.blocks = nn.Sequential(*layers)
        self.linear = nn.Linear(widths[-1], 1)
        for module in self.blocks.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, a=0.2)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, rainy: torch.Tensor, picture: torch.Tensor) -> torch.Tensor:
        """Rainy and clean, or rainy and restored → N×1 logits; D = sigmoid(logit) is "real"."""
        if rainy.shape != picture.shape or rainy.ndim != 4 or rainy.shape[1] != 3:
            raise ValueError(
                "this discriminator is shown two pictures of one size, each N×3×H×W; got "
                f"{'×'.join(map(str, rainy.shape))} and {'×'.join(map(str, picture.shape))}"
            )
        if min(rainy.shape[-2:]) < 16:
            raise ValueError(
                f"pictures of {rainy.shape[-2]}×{rainy.shape[-1]} can't be halved four times; give "
                "this discriminator 16×16 or more"
            )
        return self.linear(self.blocks(torch.cat([rainy, picture], dim=1)).mean((2, 3)))


STEM = 7  # side of ResNet's first kernel, pixels


def _convolution(
    in_channels: int, out_channels: int, kernel: int, norm: Norm
) -> tuple[nn.Module, nn.Module]:
    """A convolution with reflection padding that keeps the size, and its norm."""
    convolution = nn.Conv2d(
        in_channels,
        out_channels,
        kernel,
        padding=kernel // 2,
        padding_mode="reflect",
        bias=False,
    )
    return convolution, norm(out_channels)


def effective_receptive_field(rates: Sequence[int], kernel_size: int) -> np.ndarray:
    """Which pixels a chain of atrous convolutions sees, and how often, along one direction.

    The convolutions follow one another with stride 1. One with rate r looks at ``kernel_size``
    values, each r pixels from the next. So a pixel of the input may reach the output's middle on
    several ways through the chain, or on none, where it falls into a gap between the weights
    ("gridding").

    Args:
        rates: of the convolutions, in order, each ≥ 1.
        kernel_size: k, odd, the same for all.

    Returns:
        Whole numbers, one a pixel: the number of ways from it to the output's middle. The first
        and the last are the outermost pixels that are seen at all, so that the length is the
        receptive field; without a convolution it is ``[1]``.

    Example:
        Two convolutions of k = 3 and rate 1 see 5 pixels, ``[1, 2, 3, 2, 1]`` times. With rate
        2 they see 9 pixels, ``[1, 0, 2, 0, 3, 0, 2, 0, 1]`` times: every other one never.
    """
    ways = np.ones(1, dtype=int)
    for rate in rates:
        kernel = np.zeros((kernel_size - 1) * rate + 1, dtype=int)
        kernel[::rate] = 1
        ways = np.convolve(ways, kernel)
    return ways
