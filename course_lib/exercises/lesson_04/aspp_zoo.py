"""Exercise 04.4: wrong answers and valid alternatives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.checks.task import Equivalent, WrongAnswer
from course_lib.exercises.lesson_04.aspp_variants import VARIANTS, InParts


class _LastOnly(InParts):
    def forward(self, x: Tensor) -> Tensor:
        for path in self.paths:
            out = path(x)
        return out


class _WithItsInput(InParts):
    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x, *(path(x) for path in self.paths)], dim=1)


class _CallsTheModuleList(InParts):
    def forward(self, x: Tensor) -> Tensor:
        return self.paths(x)


class _OneAfterAnother(InParts):
    def forward(self, x: Tensor) -> Tensor:
        for path in self.paths:
            x = path(x)
        return x


class _OneAfterAnotherThatFit(nn.Module):
    def __init__(self, into: int, out: int, rates: Sequence[int] = (1, 2, 4)) -> None:
        super().__init__()
        parts, self.paths = InParts(1, 1), nn.ModuleList()
        for rate in rates:
            self.paths.append(parts.path(into, out, rate))
            into = out

    def forward(self, x: Tensor) -> Tensor:
        outputs = []
        for path in self.paths:
            x = path(x)
            outputs.append(x)
        return torch.cat(outputs, dim=1)


class _ConvolutionShared(InParts):
    def __init__(self, into: int, out: int, rates: Sequence[int] = (1, 2, 4)) -> None:
        super().__init__(into, out, (1,))
        self.rates = rates

    def forward(self, x: Tensor) -> Tensor:
        outputs = []
        for rate in self.rates:
            atrous, *rest = self.paths[0].children()
            padded = F.pad(x, (rate,) * 4, mode="reflect")
            seen = F.conv2d(padded, atrous.weight, atrous.bias, dilation=rate)  # type: ignore[arg-type]
            outputs.append(nn.Sequential(*rest)(seen))
        return torch.cat(outputs, dim=1)


class _PointwiseShared(InParts):
    def __init__(self, into: int, out: int, rates: Sequence[int] = (1, 2, 4)) -> None:
        nn.Module.__init__(self)
        one = nn.Conv2d(out, out, 1)
        self.paths = nn.ModuleList(
            nn.Sequential(self.atrous(into, out, rate), self.first(), one, self.last())
            for rate in rates
        )


class _PointwiseAtTheEnd(InParts):
    def __init__(self, into: int, out: int, rates: Sequence[int] = (1, 2, 4)) -> None:
        super().__init__(into, out, rates)
        self.mix = nn.Conv2d(len(rates) * out, len(rates) * out, 1)

    def path(self, into: int, out: int, rate: int) -> nn.Module:
        return nn.Sequential(self.atrous(into, out, rate), self.first())

    def join(self, outputs: list[Tensor]) -> Tensor:
        return self.last()(self.mix(torch.cat(outputs, dim=1)))


class _Projected(_PointwiseAtTheEnd):
    def __init__(self, into: int, out: int, rates: Sequence[int] = (1, 2, 4)) -> None:
        super().__init__(into, out, rates)
        self.mix = nn.Conv2d(len(rates) * out, out, 1)


class _Enlarged(InParts):
    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([F.interpolate(path(x), x.shape[-2:]) for path in self.paths], dim=1)

    def atrous(self, into: int, out: int, rate: int) -> nn.Module:
        return nn.Conv2d(into, out, 3, dilation=rate)

    def path(self, into: int, out: int, rate: int) -> nn.Module:
        return super().path(into, out, min(rate, 2))


class _PathOfOneByOne(InParts):
    """DeepLab's pyramid has a path that looks at single pixels too."""

    def __init__(self, into: int, out: int, rates: Sequence[int] = (1, 2, 4)) -> None:
        super().__init__(into, out, rates)
        self.paths.insert(0, nn.Sequential(nn.Conv2d(into, out, 1), nn.LeakyReLU(0.2)))


class _PathOfTheMean(InParts):
    """DeepLab's pyramid has a path that looks at the whole picture too."""

    def __init__(self, into: int, out: int, rates: Sequence[int] = (1, 2, 4)) -> None:
        super().__init__(into, out, rates)
        self.mean = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(into, out, 1))

    def forward(self, x: Tensor) -> Tensor:
        mean = self.mean(x).expand(-1, -1, *x.shape[2:])
        return torch.cat([*(path(x) for path in self.paths), mean], dim=1)


class _PlainList(InParts):
    def __init__(self, into: int, out: int, rates: Sequence[int] = (1, 2, 4)) -> None:
        nn.Module.__init__(self)
        self.layers = [self.path(into, out, rate) for rate in rates]

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([layer(x) for layer in self.layers], dim=1)


class _PlainDict(InParts):
    def __init__(self, into: int, out: int, rates: Sequence[int] = (1, 2, 4)) -> None:
        nn.Module.__init__(self)
        self.by_rate = {rate: [self.path(into, out, rate)] for rate in rates}

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([path(x) for (path,) in self.by_rate.values()], dim=1)


class _MadeInForward(InParts):
    def __init__(self, into: int, out: int, rates: Sequence[int] = (1, 2, 4)) -> None:
        nn.Module.__init__(self)
        self.settings = into, out, rates

    def forward(self, x: Tensor) -> Tensor:
        into, out, rates = self.settings
        return torch.cat([self.path(into, out, rate)(x) for rate in rates], dim=1)


class _PointwiseMadeInForward(InParts):
    def path(self, into: int, out: int, rate: int) -> nn.Module:
        return nn.Sequential(self.atrous(into, out, rate), self.first())

    def join(self, outputs: list[Tensor]) -> Tensor:
        mixed = [nn.Conv2d(one.shape[1], one.shape[1], 1)(one) for one in outputs]
        return torch.cat([F.leaky_relu(one, 0.2) for one in mixed], dim=1)


class _OneTooMany(InParts):
    def __init__(self, into: int, out: int, rates: Sequence[int] = (1, 2, 4)) -> None:
        super().__init__(into, out, rates)
        self.fusion = nn.Conv2d(len(rates) * out, out, 1)


class _NoInit(InParts):
    def __init__(self, into: int, out: int, rates: Sequence[int] = (1, 2, 4)) -> None:
        self.paths = nn.ModuleList(self.path(into, out, rate) for rate in rates)


class _NoInitPlainList(_PlainList):
    def __init__(self, into: int, out: int, rates: Sequence[int] = (1, 2, 4)) -> None:
        self.layers = [self.path(into, out, rate) for rate in rates]


class _NoModule:
    def __init__(self, into: int, out: int, rates: Sequence[int] = (1, 2, 4)) -> None:
        self.paths = [InParts(1, 1).path(into, out, rate) for rate in rates]

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([path(x) for path in self.paths], dim=1)


class _NoForward(nn.Module):
    def __init__(self, into: int, out: int, rates: Sequence[int] = (1, 2, 4)) -> None:
        super().__init__()
        self.paths = InParts(into, out, rates).paths


class _NoRates(InParts):
    def __init__(self, into: int, out: int) -> None:
        super().__init__(into, out)


class _TuplesOnly(InParts):
    def __init__(self, into: int, out: int, rates: Any = (1, 2, 4)) -> None:
        super().__init__(into, out, rates + ())  # noqa: RUF005


class _WearsRatesOut(InParts):
    def __init__(self, into: int, out: int, rates: Any = (1, 2, 4)) -> None:
        super().__init__(into, out, list(rates))
        if isinstance(rates, list):
            rates.clear()


class _Misspelt(InParts):
    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([path(x) for path in self.path], dim=1)  # type: ignore[attr-defined]


class _InEvalMode(InParts):
    def __init__(self, into: int, out: int, rates: Sequence[int] = (1, 2, 4)) -> None:
        super().__init__(into, out, rates)
        self.eval()


class _Frozen(InParts):
    def __init__(self, into: int, out: int, rates: Sequence[int] = (1, 2, 4)) -> None:
        super().__init__(into, out, rates)
        self.requires_grad_(False)


class _WithoutGradients(InParts):
    @torch.no_grad()
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x)


class _OnePathDetached(InParts):
    def join(self, outputs: list[Tensor]) -> Tensor:
        return torch.cat([outputs[0].detach(), *outputs[1:]], dim=1)


class _LeakyByHand(InParts):
    last = nn.Identity

    def join(self, outputs: list[Tensor]) -> Tensor:
        x = torch.cat(outputs, dim=1)
        out = F.relu(x)
        out -= 0.2 * F.relu(-x)  # relu's gradient needs what it gave
        return out


class _LayersOfTheClass(InParts):
    made: dict[tuple[int, ...], nn.ModuleList] = {}  # noqa: RUF012

    def __init__(self, into: int, out: int, rates: Sequence[int] = (1, 2, 4)) -> None:
        super().__init__(into, out, rates)
        self.paths = self.made.setdefault((into, out, *rates), self.paths)


class _Network(InParts):
    __name__ = "_made_already"


_made_already = _Network(8, 5)


def _on_features(x: Tensor, in_channels: int, out_channels: int) -> Tensor:
    return InParts(in_channels, out_channels)(x)


class _ByAttributes(nn.Module):
    """Layers as attributes, padding and activations as functions."""

    def __init__(self, in_channels: int, out_channels: int, rates: Any = (1, 2, 4)) -> None:
        super().__init__()
        self.rates = tuple(rates)
        for n, rate in enumerate(rates):
            setattr(self, f"atrous{n}", nn.Conv2d(in_channels, out_channels, 3, dilation=rate))
            setattr(self, f"pointwise{n}", nn.Conv2d(out_channels, out_channels, (1, 1)))

    def forward(self, x: Tensor) -> Tensor:
        outputs = []
        for n, rate in enumerate(self.rates):
            padded = F.pad(x, [rate, rate, rate, rate], "reflect")
            seen = F.leaky_relu(getattr(self, f"atrous{n}")(padded), 0.2)
            seen = getattr(self, f"pointwise{n}")(seen)
            outputs.append(torch.where(seen > 0, seen, 0.2 * seen))
        return torch.concat(outputs, -3)


class _ByDict(nn.Module):
    """Rates as keys, padding as a layer, activations in place, all at the end."""

    def __init__(
        self, in_channels: int, out_channels: int, rates: Sequence[int] = (1, 2, 4)
    ) -> None:
        super().__init__()
        self.paths = nn.ModuleDict()
        self.act = nn.LeakyReLU(0.2, inplace=True)
        for rate in sorted(rates):  # made in another order than it is used in
            pad = nn.ReflectionPad2d(rate)
            atrous = nn.LazyConv2d(out_channels, kernel_size=3, dilation=(rate, rate))
            pointwise = nn.Conv2d(out_channels, out_channels, 1, padding="same")
            self.paths[str(rate)] = nn.Sequential(pad, atrous, self.act, pointwise)
        self.rates = rates

    def forward(self, x: Tensor) -> Tensor:
        return self.act(torch.cat([self.paths[str(rate)](x) for rate in self.rates], dim=1))


class _ByParameters(nn.Module):
    """No layers, only weights; written into the result's channels, the last path first."""

    def __init__(self, in_channels: int, out_channels: int, rates: Any = (1, 2, 4)) -> None:
        super().__init__()
        n, o = len(rates), out_channels
        self.rates = rates
        self.wide = nn.ParameterList(0.1 * torch.randn(o, in_channels, 3, 3) for _ in range(n))
        self.wide_bias = nn.ParameterList(torch.zeros(o) for _ in range(n))
        self.mix = nn.ParameterList(0.1 * torch.randn(o, o, 1, 1) for _ in range(n))
        self.mix_bias = nn.ParameterList(torch.zeros(o) for _ in range(n))

    def forward(self, x: Tensor) -> Tensor:
        n, o = len(self.rates), len(self.wide_bias[0])
        out = x.new_empty(len(x), n * o, *x.shape[2:])
        for k in reversed(range(n)):
            rate = self.rates[k]
            padded = F.pad(x, (rate,) * 4, mode="reflect")
            seen = F.conv2d(padded, self.wide[k], self.wide_bias[k], 1, 0, rate)
            seen = F.conv2d(torch.maximum(seen, 0.2 * seen), self.mix[k], self.mix_bias[k])
            out[:, k * o : (k + 1) * o] = torch.maximum(seen, 0.2 * seen)
        return out


class _PaddedOnce(nn.Module):
    """One padding as wide as the largest rate; all pointwise convolutions in one, in groups."""

    def __init__(
        self, in_channels: int, out_channels: int, rates: Sequence[int] = (1, 2, 4)
    ) -> None:
        super().__init__()
        n = len(rates)
        self.most = max(rates)
        self.atrous = nn.ModuleList(
            nn.Conv2d(in_channels, out_channels, 3, dilation=r) for r in rates
        )
        self.pointwise = nn.Conv2d(n * out_channels, n * out_channels, 1, groups=n)

    def forward(self, x: Tensor) -> Tensor:
        padded, (height, width) = F.pad(x, (self.most,) * 4, mode="reflect"), x.shape[2:]
        seen = []
        for layer in self.atrous:
            wide = layer(padded)
            top, left = (wide.shape[2] - height) // 2, (wide.shape[3] - width) // 2
            seen.append(wide[:, :, top : top + height, left : left + width])
        act = nn.LeakyReLU(0.2)
        return act(self.pointwise(act(torch.cat(seen, dim=1))))


class _ByLinear(nn.ModuleList):
    """A list of paths itself; pointwise convolutions are linear layers over channels."""

    def __init__(
        self, in_channels: int, out_channels: int, rates: Sequence[int] = (1, 2, 4)
    ) -> None:
        atrous = [
            nn.Conv2d(
                in_channels, out_channels, 3, padding="same", dilation=r, padding_mode="reflect"
            )
            for r in rates
        ]
        super().__init__(atrous)
        self.mix = nn.ModuleList(nn.Linear(out_channels, out_channels) for _ in rates)

    def forward(self, x: Tensor) -> Tensor:
        seen = [F.leaky_relu(atrous(x), 0.2).movedim(1, -1) for atrous in list(self)[:-1]]
        # The other way round, which no hook can pair.
        pairs = list(zip(seen, self.mix, strict=True))[::-1]
        return F.leaky_relu(torch.cat([mix(one) for one, mix in pairs][::-1], -1), 0.2).movedim(
            -1, 1
        )


def _by_function(
    in_channels: int, out_channels: int, rates: Sequence[int] = (1, 2, 4)
) -> nn.Module:
    """A function that makes a network, as the lesson's `aspp` may be too."""
    return InParts(in_channels, out_channels, rates)


WRONG = (
    *VARIANTS,
    WrongAnswer(answer=_LastOnly, diagnosis="Only what the path of rate 4 gives"),
    WrongAnswer(answer=_WithItsInput, diagnosis="is expected: out_channels for each rate"),
    WrongAnswer(answer=_CallsTheModuleList, diagnosis="A ModuleList only keeps layers"),
    WrongAnswer(answer=_OneAfterAnother, diagnosis="what a path before them gives"),
    WrongAnswer(answer=_OneAfterAnotherThatFit, diagnosis="what a path before them gives"),
    WrongAnswer(answer=_ConvolutionShared, diagnosis="share one atrous convolution"),
    WrongAnswer(answer=_PointwiseShared, diagnosis="share one pointwise convolution"),
    WrongAnswer(answer=_PointwiseAtTheEnd, diagnosis="comes behind the concatenation"),
    WrongAnswer(answer=_Projected, diagnosis="comes behind the concatenation"),
    WrongAnswer(answer=_Enlarged, diagnosis="dilations 1, 2, 2"),
    WrongAnswer(answer=_PathOfOneByOne, diagnosis="as in DeepLab's pyramid"),
    WrongAnswer(answer=_PathOfTheMean, diagnosis="as in DeepLab's pyramid"),
    WrongAnswer(answer=_PlainList, diagnosis="plain list, `self.layers`"),
    WrongAnswer(answer=_PlainDict, diagnosis="plain dict, `self.by_rate`"),
    WrongAnswer(answer=_MadeInForward, diagnosis="not anew in each call"),
    WrongAnswer(answer=_PointwiseMadeInForward, diagnosis="not anew in each call"),
    WrongAnswer(answer=_OneTooMany, diagnosis="belong to none of the convolutions"),
    WrongAnswer(answer=_NoInit, diagnosis="begins with `super().__init__()`"),
    WrongAnswer(answer=_NoInitPlainList, diagnosis="doesn't begin with `super().__init__()`"),
    WrongAnswer(answer=_NoModule, diagnosis="is no nn.Module"),
    WrongAnswer(answer=_NoForward, diagnosis="Its second method is `def forward(self, x)`"),
    WrongAnswer(answer=_NoRates, diagnosis="can't be called as the lesson calls it"),
    WrongAnswer(answer=_TuplesOnly, diagnosis='in the line "super().__init__(into, out, rates + ('),
    WrongAnswer(answer=_WearsRatesOut, diagnosis="changes `rates`, the list"),
    WrongAnswer(answer=_Misspelt, diagnosis='in the line "return torch.cat([path(x) for path in'),
    WrongAnswer(answer=_InEvalMode, diagnosis="comes in eval mode"),
    WrongAnswer(answer=_Frozen, diagnosis="requires_grad switched off"),
    WrongAnswer(answer=_WithoutGradients, diagnosis="no gradient flows through your network"),
    WrongAnswer(answer=_OnePathDetached, diagnosis="the gradients aren't those"),
    WrongAnswer(answer=_LeakyByHand, diagnosis="gradients can't be computed"),
    WrongAnswer(answer=_LayersOfTheClass, diagnosis="have the same weights"),
    WrongAnswer(answer=_made_already, diagnosis="a network that is made already"),
    WrongAnswer(answer=_on_features, diagnosis="can't be called as the lesson calls it"),
)

VALID = (
    InParts, _ByAttributes, _ByDict, _ByParameters, _PaddedOnce, _ByLinear, _by_function,
)  # fmt: skip

EQUIVALENT = (
    Equivalent(
        mutant="line 4: `super().__init__()` twice",
        why="The second time, the network is still empty, and is made empty again.",
    ),
    Equivalent(
        mutant="line 7: `atrous = nn.Conv2d(in_channels, out_channel…` after the next statement",
        why="Which of the two layers draws its initial weights first is open.",
    ),
)
