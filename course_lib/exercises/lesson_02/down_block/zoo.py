"""Exercise 02.1: answers in styles that differ from the reference's."""

from __future__ import annotations

import functools
from collections import OrderedDict

import torch
import torch.nn.functional as F
from torch import nn


class _Block(nn.Module):
    """Layers as attributes, activation as a function."""

    def __init__(self, in_channels, out_channels, norm):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 4, 2, 1, bias=False)
        self.norm = norm(out_channels) if norm else nn.Identity()

    def forward(self, x):
        return F.leaky_relu(self.norm(self.conv(x)), 0.2)


def _with(forward, base=_Block):
    """A maker of blocks with another forward."""
    block = type("Block", (base,), {"forward": forward})
    return lambda in_channels, out_channels, *, norm: block(in_channels, out_channels, norm)


def _mirrored(self, x):
    padded = F.pad(x, (1, 1, 1, 1), mode="reflect")
    return F.leaky_relu(self.norm(F.conv2d(padded, self.conv.weight, stride=2)), 0.2)


def _norm_last(self, x):
    x = self.conv(x)
    return self.norm(torch.where(x > 0, x, 0.2 * x))


def _remembers(self, x):
    self.seen = getattr(self, "seen", 0) + 1
    return _Block.forward(self, x) * (1 if self.seen < 6 else 2)


def _standardised_by_hand(self, x):
    x = self.conv(x)
    x = (x - x.mean((0, 2, 3), keepdim=True)) / (x.var((0, 2, 3), keepdim=True) + 1e-5).sqrt()
    return F.leaky_relu(x, 0.2)


class _ListBlock(_Block):
    def __init__(self, in_channels, out_channels, norm):
        super().__init__(in_channels, out_channels, norm)
        self.layers = [nn.Conv2d(in_channels, out_channels, 4, 2, 1, bias=False), self.norm]

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return F.leaky_relu(x, 0.2)


class _BufferBlock(_Block):
    def __init__(self, in_channels, out_channels, norm):
        super().__init__(in_channels, out_channels, norm)
        weight = self.conv.weight.detach()
        del self.conv
        self.register_buffer("weight", weight)

    def forward(self, x):
        return F.leaky_relu(self.norm(F.conv2d(x, self.weight, stride=2, padding=1)), 0.2)


def _depthwise(in_channels, out_channels, *, norm):
    block = _Block(in_channels, out_channels, norm)
    spread = nn.Conv2d(in_channels, in_channels, 4, 2, 1, bias=False, groups=in_channels)
    block.conv = nn.Sequential(spread, nn.Conv2d(in_channels, out_channels, 1, bias=False))
    return block


def _norm_in_each_call(in_channels, out_channels, *, norm):
    block = _Block(in_channels, out_channels, None)
    block.forward = lambda x: F.leaky_relu(
        norm(out_channels)(block.conv(x)) if norm else block.conv(x), 0.2
    )
    return block


def _always_batch_norm(in_channels, out_channels, *, norm):
    return _right(in_channels, out_channels, norm=nn.BatchNorm2d)


def _norm_only_where_channels_change(in_channels, out_channels, *, norm):
    return _right(in_channels, out_channels, norm=None if in_channels == out_channels else norm)


def _shortcut_where_channels_fit(in_channels, out_channels, *, norm):
    if in_channels == out_channels:
        return _with(lambda self, x: _Block.forward(self, x) + F.avg_pool2d(x, 2))(
            in_channels, out_channels, norm=norm
        )
    return _right(in_channels, out_channels, norm=norm)


def _in_eval_mode(in_channels, out_channels, *, norm):
    return _right(in_channels, out_channels, norm=norm).eval()


def _weight_norm(in_channels, out_channels, *, norm):
    block = _Block(in_channels, out_channels, norm)
    nn.utils.parametrizations.weight_norm(block.conv)
    return block


def _takes_pictures(x, in_channels, out_channels, norm=None):
    return _right(in_channels, out_channels, norm=norm)(x)


@functools.cache
def _same_block_again(in_channels, out_channels, *, norm):
    return _right(in_channels, out_channels, norm=norm)


WRITTEN = {
    _with(lambda self, x: F.leaky_relu(self.norm(self.conv(x)))): "slope 0.01, as it has unless",
    _with(lambda self, x: F.relu(self.norm(self.conv(x)))): "lets nothing negative through",
    _with(lambda self, x: self.norm(self.conv(x))): "no activation",
    _with(lambda self, x: self.norm(self.conv(F.leaky_relu(x, 0.2)))): "activation comes before",
    _with(_norm_last): "norm comes after the activation",
    _with(_mirrored): "mirrors the picture at its border",
    _with(_standardised_by_hand): "the docstring",
    _with(_remembers): "keeps something from earlier calls",
    _with(lambda self, x: self.norm(self.conv(x)) and None): "raises RuntimeError",
    _with(lambda self, x: None): "Is its `return` missing?",
    _with(torch.no_grad()(_Block.forward)): "no gradient flows",
    _with(lambda self, x: _Block.forward(self, x.detach())): "the gradients aren't those",
    _with(lambda self, x: _Block.forward(self, x) * torch.ones(1)): "tensor on the CPU",
    _with(lambda self, x: _Block.forward(self, x.float())): "After network.double()",
    _with(lambda self, x: _Block.forward(self, x[:2])): "gives size 2×",
    _with(_ListBlock.forward, _ListBlock): "keeps layers in a plain list, `self.layers`",
    _with(_BufferBlock.forward, _BufferBlock): "numbers",
    _depthwise: "calls 2 convolutions where 1 convolution should be",
    _norm_in_each_call: "made anew in each call",
    _always_batch_norm: "always has a BatchNorm2d",
    _norm_only_where_channels_change: "calls no batch norm",
    _shortcut_where_channels_fit: "average pooling",
    _in_eval_mode: "comes in eval mode",
    _weight_norm: "learns",
    _takes_pictures: "can't be called as the lesson calls it",
    _same_block_again: "have the same weights",
}


def _right(in_channels, out_channels, *, norm):
    convolution = nn.Conv2d(in_channels, out_channels, 4, 2, 1, bias=False)
    layer = nn.Identity() if norm is None else norm(out_channels)
    return nn.Sequential(convolution, layer, nn.LeakyReLU(0.2))


class _DownBlock(nn.Module):
    def __init__(self, in_channels, out_channels, norm):
        super().__init__()
        self.norm = norm(out_channels) if norm else None
        self.conv = nn.Conv2d(
            in_channels=in_channels,
            out_channels=out_channels,
            kernel_size=(4, 4),
            stride=(2, 2),
            padding="valid",
            bias=False,
        )

    def forward(self, x):
        x = self.conv(F.pad(x, (1, 1, 1, 1)))
        if self.norm is not None:
            x = self.norm(x)
        return torch.where(x > 0, x, 0.2 * x)


def _by_class(in_channels, out_channels, *, norm):
    return _DownBlock(in_channels, out_channels, norm)


class _WithParameter(nn.Module):
    def __init__(self, in_channels, out_channels, norm):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels, 4, 4))
        nn.init.normal_(self.weight, 0, 0.02)
        self.after = norm

    def forward(self, x):
        x = self.after(F.conv2d(x, self.weight, None, stride=2, padding=1))
        return F.leaky_relu(x, negative_slope=0.2)


def _by_parameter(in_channels, out_channels, *, norm):
    return _WithParameter(in_channels, out_channels, norm(out_channels) if norm else nn.Identity())


class _Unfolded(_WithParameter):
    """The convolution as a product of matrices."""

    def forward(self, x):
        n, _, height, width = x.shape
        columns = F.unfold(x, 4, stride=2, padding=1)
        x = (self.weight.flatten(1) @ columns).reshape(n, -1, height // 2, width // 2)
        return F.leaky_relu(self.after(x), 0.2)


def _by_unfolding(in_channels, out_channels, *, norm):
    return _Unfolded(in_channels, out_channels, norm(out_channels) if norm else nn.Identity())


def _by_names(in_channels, out_channels, *, norm=None):
    layers = OrderedDict()
    layers["conv"] = nn.LazyConv2d(out_channels, 4, 2, 1, bias=False)
    if norm:
        layers["norm"] = norm(out_channels)
    layers["activation"] = nn.LeakyReLU(negative_slope=0.2, inplace=True)
    return nn.Sequential(layers)


def _by_appending(in_channels, out_channels, norm):
    block = nn.Sequential(nn.ZeroPad2d(1))
    block.append(nn.Conv2d(in_channels, out_channels, 4, 2, 0, 1, 1, False))
    if norm is not None:
        block.append(nn.Sequential(norm(out_channels)))
    return block.append(nn.RReLU(0.2, 0.2))


class _Halving(nn.Conv2d):
    """A subclass of the layer."""

    def __init__(self, in_channels, out_channels):
        super().__init__(in_channels, out_channels, 4, stride=2, padding=1, bias=False)


def _by_subclass(in_channels, out_channels, *, norm):
    layers = [_Halving(in_channels, out_channels)]
    layers += [norm(out_channels)] if norm else []
    return nn.Sequential(*layers, nn.LeakyReLU(0.2))


VALID = (
    _right, _by_class, _by_parameter, _by_unfolding, _by_names, _by_appending, _by_subclass,
    _with(_Block.forward),
)  # fmt: skip
