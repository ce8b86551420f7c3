"""Pix2Pix: a U-Net that restores, and a PatchGAN that judges every patch.

Sources: Isola et al. 2016, *Image-to-image translation with conditional adversarial networks*,
§3.2 and appendix 6.1, and "Deraining water drops with GAN", Experiment 2. Where the paper and
its authors' released network differ, we follow the network.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Literal

import torch
import torch.nn.functional as F
from torch import nn

from course_lib.models.padding import pad_to_multiple

Norm = Callable[[int], nn.Module]
Upsampling = Literal["transposed", "nearest"]
WIDEST = 8  # times base_channels; deeper blocks don't grow wider
ALMOST = 0.98  # white and black have no finite inverse tanh


def down_block(
    in_channels: int, out_channels: int, *, norm: Callable[[int], nn.Module] | None
) -> nn.Sequential:
    """Half the size: 4×4 convolution with stride 2 and padding 1, norm, LeakyReLU of slope 0.2.

    The convolution has no bias, with a norm or without: a norm would take it out again, and the
    authors' network has none in its first block either.

    Args:
        in_channels, out_channels: of the pictures that go in and come out.
        norm: makes the norm when it is called with a number of channels, such as
            ``nn.BatchNorm2d``; None leaves the norm out.

    Returns:
        A network N×in_channels×H×W → N×out_channels×H/2×W/2, for even H and W. It learns the
        convolution's weights and those of the norm, and nothing else. All are parameters of the
        network, in whatever form, and new ones for each block. The network works on any device.

    Example:
        ``down_block(3, 16, norm=None)`` has 3·16·4·4 = 768 weights, and turns 3×64×64 into
        16×32×32.
    """
    layers: list[nn.Module] = [
        nn.Conv2d(in_channels, out_channels, 4, stride=2, padding=1, bias=False)
    ]
    if norm is not None:
        layers.append(norm(out_channels))
    layers.append(nn.LeakyReLU(0.2, inplace=True))
    return nn.Sequential(*layers)


def up_block(
    in_channels: int,
    out_channels: int,
    *,
    norm: Norm | None,
    dropout: float = 0.0,
    upsampling: Upsampling = "transposed",
) -> nn.Sequential:
    """Twice the size: ReLU, a 4×4 transposed convolution with stride 2, norm, dropout.

    N×in_channels×H×W → N×out_channels×2H×2W. A block without a norm has a bias.

    Args:
        upsampling: ``"transposed"``, or ``"nearest"`` for doubled pixels and a 3×3 convolution,
            which can't draw a checkerboard (Odena et al. 2016).
    """
    bias = norm is None
    layers: list[nn.Module] = [nn.ReLU(inplace=True)]
    if upsampling == "transposed":
        layers.append(nn.ConvTranspose2d(in_channels, out_channels, 4, 2, 1, bias=bias))
    elif upsampling == "nearest":
        layers.append(nn.Upsample(scale_factor=2))
        layers.append(nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=bias))
    else:
        raise ValueError(f'upsampling is "transposed" or "nearest", not {upsampling!r}')
    if norm is not None:
        layers.append(norm(out_channels))
    if dropout:
        layers.append(nn.Dropout(dropout))
    return nn.Sequential(*layers)


class UNetGenerator(nn.Module):
    """Rainy picture → restored picture, with a skip connection at every size.

    N×3×H×W in [−1, 1] → the same. Pictures of any size: they are padded to a multiple of
    2^depth and cropped back.

    ``UNetGenerator(depth=8, base_channels=64)`` is Isola's U-Net-256 (54,413,955 parameters).
    The report's network, "six downsampling blocks … five upsampling blocks", is ``depth=6``:
    six halvings, five doublings, and the output layer, which doubles once more, or 256 pixels
    would come out as 128. The report gives every block a batch norm, but took its code from
    Isola's, in which the first and the innermost have none; so do we. A batch norm in the
    innermost, which at 64 pixels is 1×1, would turn a batch of one into zeros.

    The activation of a down block is part of the skip, as in the released network, where a
    LeakyReLU in place has the same effect.

    Args:
        depth: number of halvings, ≥ 2.
        base_channels: width of the first block; it doubles up to eight times that.
        norm: makes the norms; None for none.
        dropout: share of numbers that are dropped in the wide inner blocks while training.
        skips: False leaves the skip connections out, to see what they carry.
        upsampling: see `up_block`.
        input_skip: True adds one more skip, from the rainy picture to the very end, so that the
            network draws what has to change and not the whole picture. Neither Isola's network
            nor the report's has it. Added before the last tanh, as the inverse tanh of the
            rainy picture, so that the result stays in [−1, 1].

    Raises:
        ValueError: a depth below 2, no such upsampling; in `forward`, not three channels.
    """

    def __init__(
        self,
        *,
        depth: int = 8,
        base_channels: int = 64,
        norm: Norm | None = nn.BatchNorm2d,
        dropout: float = 0.5,
        skips: bool = True,
        upsampling: Upsampling = "transposed",
        input_skip: bool = False,
    ) -> None:
        super().__init__()
        if depth < 2:
            raise ValueError(f"a U-Net halves at least twice; depth is {depth}")
        self.multiple, self.skips, self.input_skip = 2**depth, skips, input_skip
        widths = [base_channels * min(2**n, WIDEST) for n in range(depth)]
        self.downs = nn.ModuleList(
            down_block(before, after, norm=norm if 0 < n < depth - 1 else None)
            for n, (before, after) in enumerate(pairwise([3, *widths]))
        )
        self.ups = nn.ModuleList()
        for n in reversed(range(1, depth)):  # from the innermost out
            innermost = n == depth - 1
            self.ups.append(
                up_block(
                    widths[n] if innermost or not skips else 2 * widths[n],
                    widths[n - 1],
                    norm=norm,
                    dropout=dropout if 4 <= n < depth - 1 else 0.0,
                    upsampling=upsampling,
                )
            )
        last = widths[0] if not skips else 2 * widths[0]
        self.output = up_block(last, 3, norm=None, upsampling=upsampling)
        initialise(self)

    def forward(self, rainy: torch.Tensor) -> torch.Tensor:
        """N×3×H×W in [−1, 1] → restored, the same shape and range."""
        if rainy.ndim != 4 or rainy.shape[1] != 3:
            raise ValueError(
                f"this generator takes N×3×H×W, got {'×'.join(map(str, rainy.shape))}; "
                "a single picture needs a batch axis: picture[None]"
            )
        x, (rows, columns) = pad_to_multiple(rainy, self.multiple)
        if not x.is_cuda:  # the innermost kernels are large, and reordering them takes longest
            x = x.contiguous()
        skipped = []
        for down in self.downs:
            x = down(x)
            skipped.append(x)
        x = skipped.pop().clone()  # the innermost goes on; the next ReLU works in place
        for up in self.ups:
            x = up(x)
            skip = skipped.pop()
            if self.skips:
                x = torch.cat([skip, x], dim=1)
        drawn = self.output(x)[..., rows, columns]
        if self.input_skip:
            drawn = drawn + torch.atanh(ALMOST * rainy)
        return torch.tanh(drawn)


class PatchDiscriminator(nn.Module):
    """A discriminator that answers for every patch: pictures → a grid of logits.

    N×in_channels×H×W in [−1, 1] → N×1×h×w. ``PatchDiscriminator()`` is Isola's 70×70 PatchGAN
    (2,768,705 parameters), which has 30×30 answers for 256×256 pixels.

    Called with several pictures, it judges them together: ``discriminator(rainy, restored)``
    concatenates the rainy picture and the other one, which makes the GAN conditional.

    Args:
        in_channels: 6 for the rainy picture and another; 3 for a picture alone.
        base_channels: width of the first block; it doubles up to eight times that.
        n_layers: number of halvings, ≥ 1. The patch is 16, 34, 70 or 142 pixels wide for
            1, 2, 3 or 4, see `receptive_field`.
        norm: makes the norms; None for none.

    Raises:
        ValueError: n_layers below 1; in `forward`, another number of channels, or pictures
            smaller than one patch's grid.
    """

    def __init__(
        self,
        *,
        in_channels: int = 6,
        base_channels: int = 64,
        n_layers: int = 3,
        norm: Norm | None = nn.BatchNorm2d,
    ) -> None:
        super().__init__()
        if n_layers < 1:
            raise ValueError(f"a PatchGAN halves at least once; n_layers is {n_layers}")
        self.in_channels, self.smallest = in_channels, 3 * 2**n_layers
        widths = [base_channels * min(2**n, WIDEST) for n in range(n_layers + 1)]
        first = nn.Sequential(
            nn.Conv2d(in_channels, widths[0], 4, stride=2, padding=1),
            nn.LeakyReLU(0.2, inplace=True),
        )
        halving = [down_block(a, b, norm=norm) for a, b in pairwise(widths[:-1])]
        wide = nn.Sequential(
            nn.Conv2d(widths[-2], widths[-1], 4, padding=1, bias=False),
            norm(widths[-1]) if norm else nn.Identity(),
            nn.LeakyReLU(0.2, inplace=True),
        )
        self.blocks = nn.ModuleList([first, *halving, wide])
        self.logit = nn.Conv2d(widths[-1], 1, 4, padding=1)
        initialise(self)

    @property
    def conditional(self) -> bool:
        """Whether it wants to see the rainy picture too."""
        return self.in_channels > 3

    def features(self, *pictures: torch.Tensor) -> list[torch.Tensor]:
        """What every block but the last sees in the pictures: N×C×h×w each, from fine to coarse."""
        x = torch.cat(pictures, dim=1)
        if x.shape[1] != self.in_channels:
            raise ValueError(
                f"this discriminator judges {self.in_channels} channels, got {x.shape[1]}; call "
                + (
                    "discriminator(rainy, picture)"
                    if self.conditional
                    else "discriminator(picture)"
                )
            )
        if min(x.shape[-2:]) < self.smallest:
            raise ValueError(
                f"pictures of {x.shape[-2]}×{x.shape[-1]} are too small for this discriminator: "
                f"give it {self.smallest}×{self.smallest} or more, or build it with fewer n_layers"
            )
        seen = []
        for block in self.blocks:
            x = block(x)
            seen.append(x)
        return seen

    def forward(self, *pictures: torch.Tensor) -> torch.Tensor:
        """Pictures of in_channels channels together → N×1×h×w logits."""
        return self.logit(self.features(*pictures)[-1])


def initialise(network: nn.Module) -> None:
    """Isola's initial weights: convolutions N(0, 0.02), norms N(1, 0.02), biases 0 (§6.2).

    They are drawn from torch's global generator, so seed it before you build a network.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(module.weight, 0, 0.02)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1, 0.02)
        else:
            continue
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def convolutions(network: nn.Module) -> list[tuple[int, int]]:
    """Kernel size and stride of each convolution, in order, as `receptive_field` takes them.

    For networks that are one chain of convolutions, as a `PatchDiscriminator` is.
    """
    return [
        (module.kernel_size[0], module.stride[0])
        for module in network.modules()
        if isinstance(module, nn.Conv2d)
    ]


def receptive_field(layers: Sequence[tuple[int, int]]) -> int:
    """How many pixels of the input, in one direction, a single output value can see.

    Walk from the output back to the input. One output sees 1 value. Through a layer of kernel
    k and stride s, r neighbouring values see (r − 1)·s + k values of the layer's input.

    Args:
        layers: (kernel size, stride) of each convolution, in the order in which a picture
            passes them.

    Returns:
        The side of the patch, pixels. No layer at all sees 1 pixel.

    Example:
        Two layers, ``[(4, 2), (3, 1)]``: backwards, 1 value sees (1 − 1)·1 + 3 = 3 values of
        the second layer's input, and these see (3 − 1)·2 + 4 = 8 pixels.
    """
    seen = 1
    for kernel, stride in reversed(layers):
        seen = (seen - 1) * stride + kernel
    return seen


def confidence_map(logits: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """How real a PatchGAN finds each part of a picture, as a map of the picture's size.

    The sigmoid of every patch's logit, then bilinear interpolation to the picture
    (``align_corners=False``).

    Args:
        logits: N×1×h×w, of a patch discriminator.
        size: height H and width W of the picture.

    Returns:
        N×1×H×W in [0, 1], 1 where D is sure that the picture is real.

    Example:
        Logits of 0 everywhere give a map of ½ everywhere.
    """
    return F.interpolate(logits.sigmoid(), size=size, mode="bilinear", align_corners=False)
