"""Blocks to ask an answer for in exercise 02.1, and what may be wrong with those it returns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.checks.attempt import describe

Norm = Callable[[int], nn.Module]
Formula = Callable[[Tensor, Tensor, nn.Module], Tensor]

NORMS = (
    nn.BatchNorm1d, nn.BatchNorm2d, nn.InstanceNorm1d, nn.InstanceNorm2d, nn.GroupNorm,
    nn.LayerNorm, nn.LocalResponseNorm,
)  # fmt: skip
POOLS = (nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d)
PADDINGS = (nn.ZeroPad2d, nn.ConstantPad2d, nn.ReflectionPad2d, nn.ReplicationPad2d)
ACTIVATIONS = (
    nn.LeakyReLU, nn.ReLU, nn.ReLU6, nn.PReLU, nn.RReLU, nn.ELU, nn.SELU, nn.GELU, nn.SiLU,
    nn.Mish, nn.Tanh, nn.Sigmoid, nn.Softplus,
)  # fmt: skip
DROPOUTS = (nn.Dropout, nn.Dropout2d)


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What an answer is asked for, and pictures to put through what it returns.

    Attributes:
        in_channels, out_channels: two different numbers.
        norm: as an answer gets it.
        kind: the class of the norm that this makes; None for none.
        name: of the norm, in words.
        pictures: N×in_channels×H×W, not square.
    """

    in_channels: int
    out_channels: int
    norm: Norm | None
    kind: type[nn.Module] | None
    name: str
    pictures: Tensor

    @property
    def on(self) -> str:
        """The call in words."""
        return f"{self.in_channels} channels in, {self.out_channels} out and norm={self.name}"

    @property
    def shape(self) -> tuple[int, ...]:
        """Of what comes out."""
        n, _, height, width = self.pictures.shape
        return n, self.out_channels, height // 2, width // 2


def fault_of_form(trial: Trial, block: nn.Module) -> str:
    """What is wrong with numbers and sizes of its layers, in words; empty where nothing is."""
    return next(_faults_of_form(trial, list(block.modules())), "")


def _faults_of_form(trial: Trial, layers: list[nn.Module]) -> Iterator[str]:
    if _of(layers, nn.ConvTranspose2d):
        yield "Your convolution is a transposed one, which doubles the size: nn.Conv2d halves it."
    convolutions = _of(layers, nn.Conv2d)
    if len(convolutions) > 1:
        yield f"Your block has {len(convolutions)} convolutions; it is made of one."
    if pools := _of(layers, *POOLS):
        yield (
            f"Your block halves by pooling ({type(pools[0]).__name__}); in a U-Net the "
            "convolution halves, by its stride of 2."
        )
    for one in convolutions:
        yield from _faults_of_convolution(trial, one, padded=bool(_of(layers, *PADDINGS)))
    yield from _faults_of_norm(trial, _of(layers, *NORMS))
    if _of(layers, nn.PReLU):
        yield "Your activation is PReLU, which learns its slope; LeakyReLU has 0.2."


def _faults_of_convolution(trial: Trial, one: nn.Conv2d, *, padded: bool) -> Iterator[str]:
    channels, right = (one.in_channels, one.out_channels), (trial.in_channels, trial.out_channels)
    if channels == right[::-1]:
        yield "in_channels and out_channels are swapped in your convolution."
    elif channels != right:
        yield (
            f"On {trial.on}, your convolution makes {channels[1]} channels of {channels[0]}: use "
            "in_channels and out_channels."
        )
    if one.kernel_size != (4, 4):
        yield (
            f"Your convolution's kernel is {_by(one.kernel_size)}; the docstring asks for 4×4, "
            "which a stride of 2 divides evenly."
        )
    if one.stride != (2, 2):
        yield (
            f"Your convolution's stride is {one.stride[0]}; a stride of 2 halves the size."
            + (" It is 1 unless told." if one.stride == (1, 1) else "")
        )
    if one.padding != (1, 1) and not padded:
        yield (
            f"Your convolution's padding is {one.padding[0]}, so that pictures don't come out half "
            "as large; the docstring asks for 1."
            + (" It is 0 unless told." if one.padding == (0, 0) else "")
        )
    if one.bias is not None:
        yield (
            f"On {trial.on}, your convolution has a bias, {trial.out_channels} numbers more to "
            "learn. The docstring asks for none, whatever `norm` is: bias=False."
        )


def _faults_of_norm(trial: Trial, norms: list[Any]) -> Iterator[str]:
    if trial.kind is None:
        if norms:
            yield (
                f"With norm=None, your block has {describe(norms[0])} nevertheless; None leaves "
                "the norm out."
            )
        return
    for norm in norms:
        if type(norm) is not trial.kind:
            yield (
                f"With norm={trial.name}, your block has {describe(norm)}: it doesn't use `norm`. "
                "Call what you are given, norm(out_channels)."
            )
        channels = getattr(norm, "num_features", getattr(norm, "num_channels", None))
        if channels != trial.out_channels:
            why = "in_channels" if channels == trial.in_channels else "another number"
            yield (
                f"On {trial.on}, your norm is made for {channels} channels, {why}; it comes after "
                "the convolution, where there are out_channels."
            )
    if len(norms) > 1:
        yield f"With norm={trial.name}, your block has {len(norms)} norms; there is one."


def fault_of_values(block: nn.Module, pictures: Tensor) -> str:
    """What is wrong with kinds and order of its layers, in words; empty where nothing shows."""
    return next(_faults_of_values(block, pictures), "")


def _faults_of_values(block: nn.Module, pictures: Tensor) -> Iterator[str]:
    layers = list(block.modules())
    if dropouts := _of(layers, *DROPOUTS):
        yield f"Your block has {describe(dropouts[0])}; the docstring asks for none."
    for one in _of(layers, nn.Conv2d):
        if one.padding_mode != "zeros":
            yield f'Your convolution pads with "{one.padding_mode}"; padding=1 means zeros.'
    activations = _of(layers, *ACTIVATIONS)
    if len(activations) > 1:
        yield f"Your block has {len(activations)} activations; there is one."
    for one in activations:
        if type(one) is not nn.LeakyReLU:
            yield f"Your activation is {type(one).__name__}; the docstring asks for LeakyReLU."
        elif one.negative_slope != 0.2:
            yield f"Your LeakyReLU has the slope {one.negative_slope:g}; it should be 0.2."
    order = _order(block, pictures)
    if order and order != [name for name in ORDER if name in order]:
        yield f"Your layers come in the order {', '.join(order)}; it is {', '.join(ORDER)}."


ORDER = {"convolution": (nn.Conv2d,), "norm": NORMS, "activation": ACTIVATIONS}


def _order(block: nn.Module, pictures: Tensor) -> list[str]:
    """The layers of the block as they are called."""
    called: list[str] = []
    hooks = [
        layer.register_forward_pre_hook(lambda *_, name=name: called.append(name))
        for layer in block.modules()
        for name, kinds in ORDER.items()
        if isinstance(layer, kinds)
    ]
    with torch.no_grad():
        block(pictures.clone())
    for hook in hooks:
        hook.remove()
    return called


def right_values(pictures: Tensor, weight: Tensor, norm: nn.Module) -> Tensor:
    """Convolution, norm, LeakyReLU of slope 0.2.

    Args:
        pictures: N×in_channels×H×W.
        weight: of the convolution, out_channels×in_channels×4×4.
        norm: nn.Identity() where there is none.
    """
    return F.leaky_relu(norm(F.conv2d(pictures, weight, stride=2, padding=1)), 0.2)


def _activated(activation: Callable[[Tensor], Tensor]) -> Formula:
    return lambda x, weight, norm: activation(norm(F.conv2d(x, weight, stride=2, padding=1)))


def _mirrored(x: Tensor, weight: Tensor, norm: nn.Module) -> Tensor:
    padded = F.pad(x, (1, 1, 1, 1), mode="reflect")
    return F.leaky_relu(norm(F.conv2d(padded, weight, stride=2)), 0.2)


def _norm_last(x: Tensor, weight: Tensor, norm: nn.Module) -> Tensor:
    return norm(F.leaky_relu(F.conv2d(x, weight, stride=2, padding=1), 0.2))


WRONG_VALUES: dict[str, Formula] = {
    "Your block has no norm, though `norm` makes one: call it with out_channels, and put it "
    "between convolution and activation.": (
        lambda x, weight, norm: right_values(x, weight, nn.Identity())
    ),
    "Your norm comes after the activation; the order is convolution, norm, activation.": _norm_last,
    "Your activation comes before the convolution; the order is convolution, norm, activation.": (
        lambda x, weight, norm: norm(F.conv2d(F.leaky_relu(x, 0.2), weight, stride=2, padding=1))
    ),
    "Your block has no activation: LeakyReLU of slope 0.2 comes last.": _activated(lambda x: x),
    "Your LeakyReLU has the slope 0.01, as it has unless told; it should be 0.2.": (
        _activated(F.leaky_relu)
    ),
    "Your activation is ReLU, which lets nothing negative through; the docstring asks for "
    "LeakyReLU of slope 0.2.": _activated(F.relu),
    "Your convolution mirrors the picture at its border; padding=1 means zeros.": _mirrored,
}


def _of(layers: list[nn.Module], *kinds: type[nn.Module]) -> list[Any]:
    return [layer for layer in layers if isinstance(layer, kinds)]


def _by(size: tuple[int, ...]) -> str:
    return "×".join(map(str, size))
