"""Exercise 04.4: answers in styles that differ from the reference's."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn


class _InParts(nn.Module):
    """Right, and made of parts that wrong ones replace."""

    def __init__(self, into, out, rates=(1, 2, 4)):
        super().__init__()
        self.paths = nn.ModuleList(self.path(into, out, rate) for rate in rates)

    def path(self, into, out, rate):
        return nn.Sequential(
            self.atrous(into, out, rate), nn.LeakyReLU(0.2), nn.Conv2d(out, out, 1), self.last()
        )

    def atrous(self, into, out, rate):
        return nn.Conv2d(into, out, 3, dilation=rate, padding=rate, padding_mode="reflect")

    def last(self):
        return nn.LeakyReLU(0.2)

    def forward(self, x):
        return self.join([path(x) for path in self.paths])

    def join(self, outputs):
        return torch.cat(outputs, dim=1)


def _joined(join):
    """A class that does something else with the paths' outputs."""
    return type("_Joined", (_InParts,), {"join": join})


class _ShortcutWhereChannelsFit(_InParts):
    def forward(self, x):
        outputs = [path(x) for path in self.paths]
        return torch.cat([one + x if one.shape == x.shape else one for one in outputs], dim=1)


class _OnlySquare(_InParts):
    def forward(self, x):
        out = super().forward(x)
        return out.reshape(len(x), -1, x.shape[2], x.shape[2])


class _OnlyOnePicture(_InParts):
    def forward(self, x):
        return torch.cat([path(x)[0] for path in self.paths])[None]


class _MadeInForward(_InParts):
    def __init__(self, into, out, rates=(1, 2, 4)):
        nn.Module.__init__(self)
        self.settings = into, out, rates

    def forward(self, x):
        into, out, rates = self.settings
        return torch.cat([self.path(into, out, rate)(x) for rate in rates], dim=1)


class _LeakyByHand(_InParts):
    last = nn.Identity

    def join(self, outputs):
        x = torch.cat(outputs, dim=1)
        out = F.relu(x)
        out -= 0.2 * F.relu(-x)  # relu's gradient needs what it gave
        return out


class _ByAttributes(nn.Module):
    """Layers as attributes, padding and activations as functions."""

    def __init__(self, in_channels, out_channels, rates=(1, 2, 4)):
        super().__init__()
        self.rates = tuple(rates)
        for n, rate in enumerate(rates):
            setattr(self, f"atrous{n}", nn.Conv2d(in_channels, out_channels, 3, dilation=rate))
            setattr(self, f"pointwise{n}", nn.Conv2d(out_channels, out_channels, (1, 1)))

    def forward(self, x):
        outputs = []
        for n, rate in enumerate(self.rates):
            padded = F.pad(x, [rate, rate, rate, rate], "reflect")
            seen = F.leaky_relu(getattr(self, f"atrous{n}")(padded), 0.2)
            seen = getattr(self, f"pointwise{n}")(seen)
            outputs.append(torch.where(seen > 0, seen, 0.2 * seen))
        return torch.concat(outputs, -3)


class _ByDict(nn.Module):
    """Places as keys, padding as a layer, activations in place, all at the end."""

    def __init__(self, in_channels, out_channels, rates=(1, 2, 4)):
        super().__init__()
        self.paths = nn.ModuleDict()
        self.act = nn.LeakyReLU(0.2, inplace=True)
        for n, rate in sorted(enumerate(rates), key=lambda pair: pair[1]):  # in another order
            pad = nn.ReflectionPad2d(rate)
            atrous = nn.LazyConv2d(out_channels, kernel_size=3, dilation=(rate, rate))
            pointwise = nn.Conv2d(out_channels, out_channels, 1, padding="same")
            self.paths[str(n)] = nn.Sequential(pad, atrous, self.act, pointwise)

    def forward(self, x):
        return self.act(torch.cat([self.paths[str(n)](x) for n in range(len(self.paths))], dim=1))


class _ByParameters(nn.Module):
    """No layers, only weights; written into the result's channels, the last path first."""

    def __init__(self, in_channels, out_channels, rates=(1, 2, 4)):
        super().__init__()
        self.rates, n, o = rates, len(rates), out_channels
        self.wide = nn.ParameterList(0.1 * torch.randn(o, in_channels, 3, 3) for _ in range(n))
        self.wide_bias = nn.ParameterList(torch.zeros(o) for _ in range(n))
        self.mix = nn.ParameterList(0.1 * torch.randn(o, o, 1, 1) for _ in range(n))
        self.mix_bias = nn.ParameterList(torch.zeros(o) for _ in range(n))

    def forward(self, x):
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

    def __init__(self, in_channels, out_channels, rates=(1, 2, 4)):
        super().__init__()
        n = len(rates)
        self.most = max(rates)
        self.atrous = nn.ModuleList(
            nn.Conv2d(in_channels, out_channels, 3, dilation=r) for r in rates
        )
        self.pointwise = nn.Conv2d(n * out_channels, n * out_channels, 1, groups=n)

    def forward(self, x):
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

    def __init__(self, in_channels, out_channels, rates=(1, 2, 4)):
        settings = {"padding": "same", "padding_mode": "reflect"}
        super().__init__(
            nn.Conv2d(in_channels, out_channels, 3, dilation=r, **settings) for r in rates
        )
        self.mix = nn.ModuleList(nn.Linear(out_channels, out_channels) for _ in rates)

    def forward(self, x):
        seen = [F.leaky_relu(atrous(x), 0.2).movedim(1, -1) for atrous in list(self)[:-1]]
        # The other way round, which no hook can pair.
        pairs = list(zip(seen, self.mix, strict=True))[::-1]
        mixed = torch.cat([mix(one) for one, mix in pairs][::-1], -1)
        return F.leaky_relu(mixed, 0.2).movedim(-1, 1)


class _StackedWeights(nn.Module):
    """One parameter of each kind for all paths."""

    def __init__(self, in_channels, out_channels, rates=(1, 2, 4)):
        super().__init__()
        n, o = len(rates), out_channels
        self.rates = list(rates)
        self.wide = nn.Parameter(0.1 * torch.randn(n, o, in_channels, 3, 3))
        self.mix = nn.Parameter(0.1 * torch.randn(n, o, o, 1, 1))
        self.bias = nn.Parameter(torch.zeros(n, 2, o))

    def forward(self, x):
        outputs = []
        for rate, wide, mix, bias in zip(self.rates, self.wide, self.mix, self.bias, strict=True):
            padded = F.pad(x, (rate,) * 4, mode="reflect")
            seen = F.leaky_relu(F.conv2d(padded, wide, bias[0], dilation=rate), 0.2)
            outputs.append(F.leaky_relu(F.conv2d(seen, mix, bias[1]), 0.2))
        return torch.cat(outputs, dim=1)


class _Atrous(nn.Conv2d):
    """A subclass of the layer."""

    def __init__(self, in_channels, out_channels, rate):
        super().__init__(in_channels, out_channels, 3, dilation=rate)

    def forward(self, x):
        return super().forward(F.pad(x, (self.dilation[0],) * 4, mode="reflect"))


class _BySubclass(_InParts):
    atrous = _Atrous


class _LastFirst(_InParts):
    """A loop over the reversed paths, whose results are reversed again."""

    def forward(self, x):
        return self.join([path(x) for path in reversed(self.paths)][::-1])


class _BiasApart(_InParts):
    """Biases that are added, not given to the convolutions."""

    def forward(self, x):
        outputs = []
        for atrous, first, pointwise, last in self.paths:
            rate = atrous.dilation[0]
            padded = F.pad(x, (rate,) * 4, mode="reflect")
            x1 = F.conv2d(padded, atrous.weight, dilation=rate) + atrous.bias[:, None, None]
            x2 = torch.einsum("oi,nihw->nohw", pointwise.weight[..., 0, 0], first(x1))
            outputs.append(last(x2 + pointwise.bias[:, None, None]))
        return torch.cat(outputs, dim=1)


def _by_function(in_channels, out_channels, rates=(1, 2, 4)):
    """A function that makes a network, as the lesson's `aspp` may be too."""
    return _InParts(in_channels, out_channels, rates)


def _on_features(x, in_channels, out_channels):
    return _InParts(in_channels, out_channels)(x)


WRITTEN = {
    _joined(lambda self, outputs: torch.cat(outputs[::-1], dim=1)): "reverse order",
    _joined(lambda self, outputs: torch.cat(outputs[:1] * len(outputs), 1)): "what the first path",
    _joined(lambda self, outputs: sum(outputs)): "add the paths' outputs up",
    _joined(lambda self, outputs: tuple(outputs)): "returns a tuple of 3",
    _joined(torch.no_grad()(_InParts.join)): "no gradient flows",
    _ShortcutWhereChannelsFit: "it puts them together otherwise",
    _OnlySquare: ", called with size ",
    _OnlyOnePicture: "gives size 1×",
    _MadeInForward: "made anew in each call",
    _LeakyByHand: "gradients can't be computed",
    _on_features: "can't be called as the lesson calls it",
}

VALID = (
    _InParts, _ByAttributes, _ByDict, _ByParameters, _PaddedOnce, _ByLinear, _by_function,
    _StackedWeights, _BySubclass, _LastFirst, _BiasApart,
)  # fmt: skip
