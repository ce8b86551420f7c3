"""Pyramids to ask an answer for in exercise 04.4, and what those that it makes do when called."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

Activation = Callable[[Tensor], Tensor]
Padding = Callable[[Tensor, int], Tensor]

NAMES = ("input", "weight", "bias", "stride", "padding", "dilation", "groups")

# What a forward may call and shouldn't, in words.
STRANGE = {
    "batch_norm": "batch norm", "instance_norm": "instance norm", "group_norm": "group norm",
    "layer_norm": "layer norm", "prelu": "PReLU, which learns its slope", "dropout": "dropout",
    "dropout2d": "dropout", "interpolate": "F.interpolate", "max_pool2d": "max-pooling",
    "avg_pool2d": "average pooling", "adaptive_avg_pool2d": "average pooling",
    "conv_transpose2d": "a transposed convolution",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What an answer is asked for, and features to put through what it makes.

    Attributes:
        in_channels, out_channels: two different numbers.
        rates: of the paths, no two alike.
        told: whether the answer is given them; they are its own default otherwise.
        features: N×in_channels×H×W, not square.
    """

    in_channels: int
    out_channels: int
    rates: Sequence[int]
    told: bool
    features: Tensor

    @property
    def args(self) -> tuple[Any, ...]:
        """Of the call."""
        return (self.in_channels, self.out_channels, *([self.rates] if self.told else []))

    @property
    def on(self) -> str:
        """The call in words."""
        return f"ASPP({', '.join(map(str, self.args))})"

    @property
    def shape(self) -> tuple[int, ...]:
        """Of what comes out."""
        n, _, height, width = self.features.shape
        return n, len(self.rates) * self.out_channels, height, width


@dataclass(frozen=True, kw_only=True)
class Convolution:
    """One call of a convolution; or of a linear layer, which is a pointwise one.

    Attributes:
        weight, bias: its own tensors.
        kernel: height and width.
        stride, padding, dilation: along the height; padding by itself, which is with zeros.
        groups: into which the channels are parted.
        channels: of what it is given.
        height: of what it is given; 0 for a linear layer.
    """

    weight: Tensor
    bias: Tensor | None
    kernel: tuple[int, ...]
    stride: int
    padding: int
    dilation: int
    groups: int
    channels: int
    height: int


class Trace(TorchFunctionMode):
    """Writes down which convolutions run, in which order, whatever modules they are in.

    Attributes:
        convolutions: as they were called.
        modes: of the paddings that were called for themselves.
        strange: what else was called of `STRANGE`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.convolutions: list[Convolution] = []
        self.modes: list[str] = []
        self.strange: list[str] = []

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = dict(zip(NAMES, args, strict=False)) | (kwargs or {})
        name = getattr(func, "__name__", "")
        if name in ("conv2d", "linear"):
            self.convolutions.append(_convolution(**given))
        elif name == "pad":
            self.modes.append(given.get("mode", args[2] if len(args) > 2 else "constant"))
        elif name in STRANGE:
            self.strange.append(STRANGE[name])
        return func(*args, **(kwargs or {}))

    @property
    def atrous(self) -> list[Convolution]:
        """The 3×3 convolutions."""
        return [one for one in self.convolutions if one.kernel == (3, 3)]

    @property
    def pointwise(self) -> list[Convolution]:
        """The 1×1 convolutions; one whose groups are whole paths counts as several."""
        return [
            part
            for one in self.convolutions
            if one.kernel == (1, 1)
            for part in (_parted(one) if one.groups > 1 else [one])
        ]


def _convolution(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Convolution:
    kernel = tuple(weight.shape[2:]) or (1, 1)
    dilated = _first(dilation)
    if isinstance(padding, str):
        padding = dilated * (kernel[0] // 2) if padding == "same" else 0
    return Convolution(
        weight=weight,
        bias=bias,
        kernel=kernel,
        stride=_first(stride),
        padding=_first(padding),
        dilation=dilated,
        groups=groups,
        channels=input.shape[-3] if weight.ndim == 4 else input.shape[-1],
        height=input.shape[-2] if weight.ndim == 4 else 0,
    )


def _first(value: Any) -> int:
    return value if isinstance(value, int) else value[0]


def _parted(one: Convolution) -> list[Convolution]:
    weights = one.weight.chunk(one.groups)
    biases = [None] * one.groups if one.bias is None else one.bias.chunk(one.groups)
    return [
        replace(one, weight=weight, bias=bias, groups=1, channels=one.channels // one.groups)
        for weight, bias in zip(weights, biases, strict=True)
    ]


@dataclass(frozen=True, kw_only=True)
class Path:
    """What one path learns, and its rate.

    Attributes:
        rate: of the atrous convolution.
        atrous, atrous_bias: out_channels×in_channels×3×3, out_channels.
        pointwise, pointwise_bias: out_channels×out_channels×1×1, out_channels.
    """

    rate: int
    atrous: Tensor
    atrous_bias: Tensor
    pointwise: Tensor
    pointwise_bias: Tensor


def leaky(x: Tensor) -> Tensor:
    """The activation that the docstring asks for."""
    return F.leaky_relu(x, 0.2)


def mirrored(x: Tensor, rate: int) -> Tensor:
    """The padding that the docstring asks for."""
    return F.pad(x, (rate,) * 4, mode="reflect")


def through(
    x: Tensor,
    path: Path,
    *,
    pad: Padding = mirrored,
    first: Activation = leaky,
    last: Activation = leaky,
) -> Tensor:
    """What a path gives.

    Args:
        x: N×in_channels×H×W.
        path: its weights.
        pad: before the atrous convolution, as far as its rate.
        first, last: behind the atrous convolution, behind the pointwise one.
    """
    padded = pad(x, path.rate)
    seen = F.conv2d(padded, path.atrous, path.atrous_bias, dilation=path.rate)
    return last(F.conv2d(first(seen), path.pointwise, path.pointwise_bias))


def right_values(x: Tensor, paths: Sequence[Path]) -> Tensor:
    """All paths' outputs behind one another."""
    return torch.cat([through(x, path) for path in paths], dim=1)


def paths_of(trial: Trial, trace: Trace) -> list[Path]:
    """Convolutions that were called first to those called first, in the order of the rates.

    Args:
        trial: whose rates they have.
        trace: has as many atrous and as many pointwise convolutions, all with a bias.
    """
    order = _order(trial, trace)
    return [_of(trial, trace, path, called) for path, called in enumerate(order)]


def paths_that_give(out: Tensor, trial: Trial, trace: Trace) -> list[Path] | None:
    """As `paths_of`, with pointwise convolutions called in any order; None where none give this."""
    left, paths = _order(trial, trace), []
    for number, part in enumerate(out.chunk(len(left), dim=1)):
        for called in left:
            path = _of(trial, trace, number, called)
            if same(part, through(trial.features, path)):
                paths.append(path)
                left.remove(called)
                break
        else:
            return None
    return paths


def _order(trial: Trial, trace: Trace) -> list[int]:
    """Which atrous convolution has the first rate, the second and so on; as called if in doubt."""
    rates, called = list(trial.rates), [one.dilation for one in trace.atrous]
    if sorted(called) == sorted(rates):
        return [called.index(rate) for rate in rates]
    return list(range(len(called)))


def _of(trial: Trial, trace: Trace, number: int, mixed_by: int) -> Path:
    """The path of a number, whose pointwise convolution was called as which."""
    atrous = trace.atrous[_order(trial, trace)[number]]
    pointwise = trace.pointwise[mixed_by]
    assert atrous.bias is not None
    assert pointwise.bias is not None
    return Path(
        rate=trial.rates[number],
        atrous=atrous.weight,
        atrous_bias=atrous.bias,
        pointwise=pointwise.weight.reshape(*pointwise.weight.shape[:2], 1, 1),
        pointwise_bias=pointwise.bias,
    )


def same(have: Tensor, want: Tensor) -> bool:
    """The same values, as far as the order of sums allows."""
    return have.shape == want.shape and torch.allclose(have, want, rtol=1e-4, atol=1e-4)


def by(size: Sequence[int]) -> str:
    """Sizes as they are written: 3×5."""
    return "×".join(map(str, size))
