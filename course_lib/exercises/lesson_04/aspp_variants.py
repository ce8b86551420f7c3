"""Exercise 04.4: wrong answers that differ from a right one in one part."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.checks.task import WrongAnswer

Variants = dict[str, tuple[Callable[..., Any], str]]


class InParts(nn.Module):
    """Right, and made of parts that wrong ones replace."""

    def __init__(
        self, in_channels: int, out_channels: int, rates: Sequence[int] = (1, 2, 4)
    ) -> None:
        super().__init__()
        into, out, rates = self.arguments(in_channels, out_channels, rates)
        self.paths = nn.ModuleList(self.path(into, out, rate) for rate in rates)

    def arguments(self, into: int, out: int, rates: Sequence[int]) -> tuple[Any, ...]:
        return into, out, rates

    def path(self, into: int, out: int, rate: int) -> nn.Module:
        return nn.Sequential(
            self.atrous(into, out, rate), self.first(), self.pointwise(out), self.last()
        )

    def atrous(self, into: int, out: int, rate: int) -> nn.Module:
        return nn.Conv2d(into, out, 3, dilation=rate, padding=rate, padding_mode="reflect")

    def first(self) -> nn.Module:
        return nn.LeakyReLU(0.2)

    def pointwise(self, out: int) -> nn.Module:
        return nn.Conv2d(out, out, 1)

    def last(self) -> nn.Module:
        return nn.LeakyReLU(0.2)

    def forward(self, x: Tensor) -> Tensor:
        return self.join([path(x) for path in self.paths])

    def join(self, outputs: list[Tensor]) -> Tensor:
        return torch.cat(outputs, dim=1)


def _variants(part: str, variants: Variants) -> Iterator[WrongAnswer]:
    """Classes that differ from `InParts` in one part.

    Args:
        part: the method that each replaces.
        variants: name of the class → the part, and the diagnosis that it must get.
    """
    for name, (other, diagnosis) in variants.items():
        answer = type(name, (InParts,), {part: staticmethod(other)})
        yield WrongAnswer(answer=answer, diagnosis=diagnosis)


def _wide(into: int, out: int, rate: int, *, mode: Any = "reflect", **other: Any) -> nn.Module:
    """An atrous convolution that is right unless told."""
    settings = {"kernel_size": 3, "dilation": rate, "padding": rate, "padding_mode": mode}
    return nn.Conv2d(into, out, **(settings | other))


class _Bordered(nn.Module):
    """Padding by hand.

    Args:
        rate: how many rows and columns come to each side.
        border: makes what comes before the first and what comes behind the last ones.
    """

    def __init__(self, rate: int, border: Callable[..., tuple[Tensor, Tensor]]) -> None:
        super().__init__()
        self.rate, self.border = rate, border

    def forward(self, x: Tensor) -> Tensor:
        for dim in (2, 3):
            first, last = x.narrow(dim, 0, self.rate), x.narrow(dim, -self.rate, self.rate)
            before, behind = self.border(first, last, dim)
            x = torch.cat([before, x, behind], dim)
        return x


def _bordered(border: Callable[..., tuple[Tensor, Tensor]]) -> Callable[..., nn.Module]:
    return lambda i, o, r: nn.Sequential(_Bordered(r, border), _wide(i, o, r, padding=0))


def _outermost(first: Tensor, last: Tensor, dim: int) -> tuple[Tensor, Tensor]:
    return first.narrow(dim, 0, 1).expand_as(first), last.narrow(dim, -1, 1).expand_as(last)


ATROUS: Variants = {
    "_Zeros": (lambda i, o, r: _wide(i, o, r, mode="zeros"), "padded with zeros"),
    "_ZerosByHand": (
        lambda i, o, r: nn.Sequential(nn.ZeroPad2d(r), _wide(i, o, r, padding=0)),
        "padded with zeros",
    ),
    "_Replicated": (lambda i, o, r: _wide(i, o, r, mode="replicate"), 'padded by "replicate"'),
    "_Circular": (lambda i, o, r: _wide(i, o, r, mode="circular"), 'padded by "circular"'),
    "_SymmetricByHand": (
        _bordered(lambda first, last, dim: (first.flip(dim), last.flip(dim))),
        "mirrored with their outermost pixels repeated",
    ),
    "_ReplicatedByHand": (_bordered(_outermost), "with their outermost pixels, again and again"),
    "_ZerosByCat": (
        _bordered(lambda first, last, dim: (0 * first, 0 * last)),
        "Your features are padded with zeros; reflection",
    ),
    "_CircularByHand": (
        _bordered(lambda first, last, dim: (last, first)),
        "with the pixels of the opposite side",
    ),
    "_PaddedByOne": (lambda i, o, r: _wide(i, o, r, padding=1), "features are padded by 1"),
    "_NotPadded": (lambda i, o, r: _wide(i, o, r, padding=0), "features are padded by 0"),
    "_PaddedByTwo": (lambda i, o, r: _wide(i, o, r, padding=max(r, 2)), "are padded by 2"),
    "_NotDilated": (lambda i, o, r: _wide(i, o, r, dilation=1), "dilation 1, as they have unless"),
    "_NeitherDilatedNorPadded": (
        lambda i, o, r: _wide(i, o, r, dilation=1, padding=1),
        "dilation 1, as they have unless told",
    ),
    "_OneMore": (lambda i, o, r: _wide(i, o, r + 1), "have the dilations 2, 3, 5"),
    "_Kernel5": (lambda i, o, r: _wide(i, o, r, kernel_size=5, padding=2 * r), "kernel of 5×5"),
    "_Strided": (lambda i, o, r: _wide(i, o, r, stride=2), "the stride 2"),
    "_ChannelsSwapped": (lambda i, o, r: _wide(o, i, r), "are swapped"),
    "_NoBias": (lambda i, o, r: _wide(i, o, r, bias=False), "have no bias"),
}

POINTWISE: Variants = {
    "_PointwiseOf3x3": (lambda out: _wide(out, out, 1), "is 3×3 too"),
    "_NoBiasOfPointwise": (lambda out: nn.Conv2d(out, out, 1, bias=False), "have no bias"),
}

PATH: Variants = {
    "_NoPointwise": (
        lambda i, o, r: nn.Sequential(_wide(i, o, r), nn.LeakyReLU(0.2)),
        "no pointwise",
    ),
    "_PointwiseFirst": (
        lambda i, o, r: nn.Sequential(
            nn.Conv2d(i, o, 1), nn.LeakyReLU(0.2), _wide(o, o, r), nn.LeakyReLU(0.2)
        ),
        "pointwise convolution comes before",
    ),
    "_Depthwise": (
        lambda i, o, r: nn.Sequential(
            _wide(i, i, r, groups=i), nn.LeakyReLU(0.2), nn.Conv2d(i, o, 1), nn.LeakyReLU(0.2)
        ),
        "have groups",
    ),
    "_WidenedByPointwise": (
        lambda i, o, r: nn.Sequential(
            _wide(i, i, r), nn.LeakyReLU(0.2), nn.Conv2d(i, o, 1), nn.LeakyReLU(0.2)
        ),
        "one of your atrous convolutions makes",
    ),
    "_ActivationsFirst": (
        lambda i, o, r: nn.Sequential(
            nn.LeakyReLU(0.2), _wide(i, o, r), nn.LeakyReLU(0.2), nn.Conv2d(o, o, 1)
        ),
        "activations come before the convolutions",
    ),
    "_ActivationFirstInPlace": (
        lambda i, o, r: nn.Sequential(
            nn.LeakyReLU(0.2, inplace=True), _wide(i, o, r), nn.LeakyReLU(0.2), nn.Conv2d(o, o, 1)
        ),
        "writes over the features",
    ),
    "_NoActivation": (
        lambda i, o, r: nn.Sequential(_wide(i, o, r), nn.Conv2d(o, o, 1)),
        "Behind both convolutions of your paths comes no activation",
    ),
    "_SlopeAndReLU": (
        lambda i, o, r: nn.Sequential(
            _wide(i, o, r), nn.LeakyReLU(), nn.Conv2d(o, o, 1), nn.ReLU()
        ),
        "unless told, and behind your pointwise convolutions comes ReLU",
    ),
    "_SlopeOfTorch": (
        lambda i, o, r: nn.Sequential(
            _wide(i, o, r), nn.LeakyReLU(), nn.Conv2d(o, o, 1), nn.LeakyReLU()
        ),
        "Behind both convolutions of your paths comes LeakyReLU of slope 0.01",
    ),
}

FIRST: Variants = {
    "_NoFirstActivation": (nn.Identity, "Behind your atrous convolutions comes no activation"),
    "_BatchNorm": (
        lambda: nn.Sequential(nn.LazyBatchNorm2d(), nn.LeakyReLU(0.2)),
        "calls batch norm",
    ),
    "_LearntSlope": (lambda: nn.PReLU(init=0.2), "calls PReLU"),
}

LAST: Variants = {
    "_NoLastActivation": (nn.Identity, "Behind your pointwise convolutions comes no activation"),
    "_ReLULast": (nn.ReLU, "Behind your pointwise convolutions comes ReLU"),
    "_LastSlopeOfTorch": (nn.LeakyReLU, "Behind your pointwise convolutions comes LeakyReLU of"),
    "_NormWithoutWeights": (
        lambda: nn.Sequential(nn.InstanceNorm2d(1), nn.LeakyReLU(0.2)),
        "calls instance norm",
    ),
    "_Dropout": (lambda: nn.Sequential(nn.LeakyReLU(0.2), nn.Dropout(0.1)), "calls dropout"),
}

JOIN: Variants = {
    "_Backwards": (lambda outputs: torch.cat(outputs[::-1], dim=1), "order of the rates 4, 2, 1"),
    "_FirstRepeated": (
        lambda outputs: torch.cat([outputs[0] for _ in outputs], dim=1),
        "the output of rate 1 3 times",
    ),
    "_LastRepeated": (
        lambda outputs: outputs[-1].repeat(1, len(outputs), 1, 1),
        "the output of rate 4 3 times",
    ),
    "_InTurns": (
        lambda outputs: torch.stack(outputs, dim=2).flatten(1, 2),
        "channels take turns",
    ),
    "_AlongTheBatch": (torch.cat, "dim=0"),
    "_AlongTheHeight": (lambda outputs: torch.cat(outputs, dim=2), "along the height"),
    "_AlongTheWidth": (lambda outputs: torch.cat(outputs, dim=-1), "along the width"),
    "_Stacked": (lambda outputs: torch.stack(outputs, dim=1), "an axis of their own"),
    "_Added": (sum, "ou add the paths' outputs up"),
    "_Averaged": (lambda outputs: sum(outputs) / len(outputs), "ou average the paths' outputs"),
    "_List": (lambda outputs: outputs, "returns a list of 3"),
    "_NoReturn": (lambda outputs: None, "forward returns None"),
}

ARGUMENTS: Variants = {
    "_OneReachForAll": (lambda i, o, r: (i, o, [r[-1] for _ in r]), "all have the dilation 4"),
    "_FixedRates": (lambda i, o, r: (i, o, (1, 2, 4)), "go through `rates`"),
    "_AlwaysThree": (lambda i, o, r: (i, o, (*r, 1, 2)[:3]), "(3×3) convolutions 3 times"),
    "_Sorted": (lambda i, o, r: (i, o, sorted(r)), "rates 1, 2, 5, where `rates` is 2, 1, 5"),
    "_OfTheExample": (lambda i, o, r: (8, 5, r), "atrous convolutions makes 5 channels of 8"),
    "_ChannelsShared": (lambda i, o, r: (i, o // len(r), r), "your paths share out_channels"),
}

VARIANTS = (
    *_variants("arguments", ARGUMENTS),
    *_variants("atrous", ATROUS),
    *_variants("pointwise", POINTWISE),
    *_variants("path", PATH),
    *_variants("first", FIRST),
    *_variants("last", LAST),
    *_variants("join", JOIN),
)
