"""Exercise 02.1: wrong answers and valid alternatives."""

from __future__ import annotations

import functools
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.checks.task import Equivalent, WrongAnswer

Norm = Callable[[int], nn.Module]


def _made(
    convolution: nn.Module, norm: nn.Module | None, activation: nn.Module | None
) -> nn.Sequential:
    """One network of what isn't None."""
    layers = (convolution, norm, activation)
    return nn.Sequential(*(layer for layer in layers if layer is not None))


def _convolution(in_channels: int, out_channels: int) -> nn.Conv2d:
    return nn.Conv2d(in_channels, out_channels, 4, 2, 1, bias=False)


def _with_bias(in_channels: int, out_channels: int, *, norm: Norm | None) -> nn.Module:
    convolution = nn.Conv2d(in_channels, out_channels, 4, stride=2, padding=1)
    return _made(convolution, norm(out_channels) if norm else None, nn.LeakyReLU(0.2))


def _with_bias_if_no_norm(in_channels: int, out_channels: int, *, norm: Norm | None) -> nn.Module:
    convolution = nn.Conv2d(in_channels, out_channels, 4, 2, 1, bias=norm is None)
    return _made(convolution, norm(out_channels) if norm else None, nn.LeakyReLU(0.2))


def _with_bias_if_instance_norm(
    in_channels: int, out_channels: int, *, norm: Norm | None
) -> nn.Module:
    convolution = nn.Conv2d(in_channels, out_channels, 4, 2, 1, bias=norm is nn.InstanceNorm2d)
    return _made(convolution, norm(out_channels) if norm else None, nn.LeakyReLU(0.2))


def _kernel_3(in_channels: int, out_channels: int, *, norm: Norm | None) -> nn.Module:
    convolution = nn.Conv2d(in_channels, out_channels, 3, stride=2, padding=1, bias=False)
    return _made(convolution, norm(out_channels) if norm else None, nn.LeakyReLU(0.2))


def _kernel_2(in_channels: int, out_channels: int, *, norm: Norm | None) -> nn.Module:
    convolution = nn.Conv2d(in_channels, out_channels, 2, stride=2, bias=False)
    return _made(convolution, norm(out_channels) if norm else None, nn.LeakyReLU(0.2))


def _no_padding(in_channels: int, out_channels: int, *, norm: Norm | None) -> nn.Module:
    convolution = nn.Conv2d(in_channels, out_channels, 4, stride=2, bias=False)
    return _made(convolution, norm(out_channels) if norm else None, nn.LeakyReLU(0.2))


def _stride_1(in_channels: int, out_channels: int, *, norm: Norm | None) -> nn.Module:
    convolution = nn.Conv2d(in_channels, out_channels, 4, padding=1, bias=False)
    return _made(convolution, norm(out_channels) if norm else None, nn.LeakyReLU(0.2))


def _pooled(in_channels: int, out_channels: int, *, norm: Norm | None) -> nn.Module:
    convolution = nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False)
    block = _made(convolution, norm(out_channels) if norm else None, nn.LeakyReLU(0.2))
    return nn.Sequential(block, nn.MaxPool2d(2))


def _transposed(in_channels: int, out_channels: int, *, norm: Norm | None) -> nn.Module:
    convolution = nn.ConvTranspose2d(in_channels, out_channels, 4, 2, 1, bias=False)
    return _made(convolution, norm(out_channels) if norm else None, nn.LeakyReLU(0.2))


def _two_convolutions(in_channels: int, out_channels: int, *, norm: Norm | None) -> nn.Module:
    first = nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False)
    second = _convolution(out_channels, out_channels)
    return _made(
        nn.Sequential(first, second), norm(out_channels) if norm else None, nn.LeakyReLU(0.2)
    )


def _channels_swapped(in_channels: int, out_channels: int, *, norm: Norm | None) -> nn.Module:
    convolution = _convolution(out_channels, in_channels)
    return _made(convolution, norm(out_channels) if norm else None, nn.LeakyReLU(0.2))


def _docstring_example(in_channels: int, out_channels: int, *, norm: Norm | None) -> nn.Module:
    return _made(_convolution(3, 16), norm(16) if norm else None, nn.LeakyReLU(0.2))


def _depthwise(in_channels: int, out_channels: int, *, norm: Norm | None) -> nn.Module:
    spread = nn.Conv2d(in_channels, in_channels, 4, 2, 1, bias=False, groups=in_channels)
    mixed = nn.Conv2d(in_channels, out_channels, 1, bias=False)
    return _made(
        nn.Sequential(spread, mixed), norm(out_channels) if norm else None, nn.LeakyReLU(0.2)
    )


def _mirrored(in_channels: int, out_channels: int, *, norm: Norm | None) -> nn.Module:
    convolution = nn.Conv2d(in_channels, out_channels, 4, 2, 1, bias=False, padding_mode="reflect")
    return _made(convolution, norm(out_channels) if norm else None, nn.LeakyReLU(0.2))


def _always_batch_norm(in_channels: int, out_channels: int, *, norm: Norm | None) -> nn.Module:
    return _made(
        _convolution(in_channels, out_channels), nn.BatchNorm2d(out_channels), nn.LeakyReLU(0.2)
    )


def _batch_norm_if_any(in_channels: int, out_channels: int, *, norm: Norm | None) -> nn.Module:
    layer = nn.BatchNorm2d(out_channels) if norm else None
    return _made(_convolution(in_channels, out_channels), layer, nn.LeakyReLU(0.2))


def _never_a_norm(in_channels: int, out_channels: int, *, norm: Norm | None) -> nn.Module:
    return _made(_convolution(in_channels, out_channels), None, nn.LeakyReLU(0.2))


def _norm_without_numbers_forgotten(
    in_channels: int, out_channels: int, *, norm: Norm | None
) -> nn.Module:
    layer = None if norm is None or norm is nn.InstanceNorm2d else norm(out_channels)
    return _made(_convolution(in_channels, out_channels), layer, nn.LeakyReLU(0.2))


def _two_norms(in_channels: int, out_channels: int, *, norm: Norm | None) -> nn.Module:
    layer = nn.Sequential(norm(out_channels), norm(out_channels)) if norm else None
    return _made(_convolution(in_channels, out_channels), layer, nn.LeakyReLU(0.2))


def _norm_of_in_channels(in_channels: int, out_channels: int, *, norm: Norm | None) -> nn.Module:
    layer = norm(in_channels) if norm else None
    return _made(_convolution(in_channels, out_channels), layer, nn.LeakyReLU(0.2))


def _norm_first(in_channels: int, out_channels: int, *, norm: Norm | None) -> nn.Module:
    convolution = _convolution(in_channels, out_channels)
    return nn.Sequential(
        norm(in_channels) if norm else nn.Identity(), convolution, nn.LeakyReLU(0.2)
    )


def _norm_not_called(in_channels: int, out_channels: int, *, norm: Any) -> nn.Module:
    return _made(_convolution(in_channels, out_channels), norm, nn.LeakyReLU(0.2))


def _none_called(in_channels: int, out_channels: int, *, norm: Any) -> nn.Module:
    return nn.Sequential(
        _convolution(in_channels, out_channels), norm(out_channels), nn.LeakyReLU(0.2)
    )


def _none_as_layer(in_channels: int, out_channels: int, *, norm: Norm | None) -> nn.Module:
    layer: Any = norm(out_channels) if norm else None
    return nn.Sequential(_convolution(in_channels, out_channels), layer, nn.LeakyReLU(0.2))


def _norm_made_in_each_call(in_channels: int, out_channels: int, *, norm: Norm | None) -> nn.Module:
    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.convolution = _convolution(in_channels, out_channels)

        def forward(self, x: Tensor) -> Tensor:
            x = self.convolution(x)
            return F.leaky_relu(norm(out_channels)(x) if norm else x, 0.2)

    return Block()


def _plain_list(in_channels: int, out_channels: int, *, norm: Norm | None) -> nn.Module:
    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers: list[nn.Module] = [_convolution(in_channels, out_channels)]
            self.layers += [norm(out_channels)] if norm else []

        def forward(self, x: Tensor) -> Tensor:
            for layer in self.layers:
                x = layer(x)
            return F.leaky_relu(x, 0.2)

    return Block()


def _relu(in_channels: int, out_channels: int, *, norm: Norm | None) -> nn.Module:
    convolution = _convolution(in_channels, out_channels)
    return _made(convolution, norm(out_channels) if norm else None, nn.ReLU())


def _slope_of_torch(in_channels: int, out_channels: int, *, norm: Norm | None) -> nn.Module:
    convolution = _convolution(in_channels, out_channels)
    return _made(convolution, norm(out_channels) if norm else None, nn.LeakyReLU())


def _slope_0_1(in_channels: int, out_channels: int, *, norm: Norm | None) -> nn.Module:
    convolution = _convolution(in_channels, out_channels)
    return _made(convolution, norm(out_channels) if norm else None, nn.LeakyReLU(0.1))


def _inplace_as_slope(in_channels: int, out_channels: int, *, norm: Norm | None) -> nn.Module:
    convolution = _convolution(in_channels, out_channels)
    return _made(convolution, norm(out_channels) if norm else None, nn.LeakyReLU(True))


def _elu(in_channels: int, out_channels: int, *, norm: Norm | None) -> nn.Module:
    convolution = _convolution(in_channels, out_channels)
    return _made(convolution, norm(out_channels) if norm else None, nn.ELU(0.2))


def _prelu(in_channels: int, out_channels: int, *, norm: Norm | None) -> nn.Module:
    convolution = _convolution(in_channels, out_channels)
    return _made(convolution, norm(out_channels) if norm else None, nn.PReLU(init=0.2))


def _no_activation(in_channels: int, out_channels: int, *, norm: Norm | None) -> nn.Module:
    return _made(
        _convolution(in_channels, out_channels), norm(out_channels) if norm else None, None
    )


def _activation_first(in_channels: int, out_channels: int, *, norm: Norm | None) -> nn.Module:
    convolution = _convolution(in_channels, out_channels)
    return _made(nn.LeakyReLU(0.2), convolution, norm(out_channels) if norm else None)


def _activation_first_in_place(
    in_channels: int, out_channels: int, *, norm: Norm | None
) -> nn.Module:
    convolution = _convolution(in_channels, out_channels)
    return _made(nn.LeakyReLU(0.2, inplace=True), convolution, norm(out_channels) if norm else None)


def _norm_last(in_channels: int, out_channels: int, *, norm: Norm | None) -> nn.Module:
    convolution = _convolution(in_channels, out_channels)
    return _made(convolution, nn.LeakyReLU(0.2), norm(out_channels) if norm else None)


class _Functional(nn.Module):
    """Layers in ``forward``, some of them wrong."""

    def __init__(
        self,
        convolution: nn.Module,
        norm: nn.Module,
        forward: Callable[[nn.Module, nn.Module, Tensor], Tensor],
    ) -> None:
        super().__init__()
        self.convolution, self.norm, self.function = convolution, norm, forward

    def forward(self, x: Tensor) -> Tensor:
        return self.function(self.convolution, self.norm, x)


def _functional_slope(in_channels: int, out_channels: int, *, norm: Norm | None) -> nn.Module:
    convolution, layer, _ = _right(in_channels, out_channels, norm=norm)
    return _Functional(convolution, layer, lambda conv, norm, x: F.leaky_relu(norm(conv(x))))


def _functional_relu(in_channels: int, out_channels: int, *, norm: Norm | None) -> nn.Module:
    convolution, layer, _ = _right(in_channels, out_channels, norm=norm)
    return _Functional(convolution, layer, lambda conv, norm, x: F.relu(norm(conv(x))))


def _functional_norm_last(in_channels: int, out_channels: int, *, norm: Norm | None) -> nn.Module:
    convolution, layer, _ = _right(in_channels, out_channels, norm=norm)
    return _Functional(convolution, layer, lambda conv, norm, x: norm(F.leaky_relu(conv(x), 0.2)))


def _functional_activation_first(
    in_channels: int, out_channels: int, *, norm: Norm | None
) -> nn.Module:
    convolution, layer, _ = _right(in_channels, out_channels, norm=norm)
    return _Functional(convolution, layer, lambda conv, norm, x: norm(conv(F.leaky_relu(x, 0.2))))


def _functional_mirrored(in_channels: int, out_channels: int, *, norm: Norm | None) -> nn.Module:
    convolution = nn.Conv2d(in_channels, out_channels, 4, 2, bias=False)
    return _Functional(
        nn.Sequential(nn.ReflectionPad2d(1), convolution),
        norm(out_channels) if norm else nn.Identity(),
        lambda conv, norm, x: F.leaky_relu(norm(conv(x)), 0.2),
    )


def _dropout(in_channels: int, out_channels: int, *, norm: Norm | None) -> nn.Module:
    convolution = _convolution(in_channels, out_channels)
    block = _made(convolution, norm(out_channels) if norm else None, nn.LeakyReLU(0.2))
    return block.append(nn.Dropout(0.5))


def _list(in_channels: int, out_channels: int, *, norm: Norm | None) -> list[nn.Module]:
    return list(_right(in_channels, out_channels, norm=norm))


def _module_list(in_channels: int, out_channels: int, *, norm: Norm | None) -> nn.Module:
    return nn.ModuleList(_right(in_channels, out_channels, norm=norm))


def _sequential_of_a_list(in_channels: int, out_channels: int, *, norm: Norm | None) -> nn.Module:
    layers: Any = _list(in_channels, out_channels, norm=norm)
    return nn.Sequential(layers)


def _sequential_with_a_function(
    in_channels: int, out_channels: int, *, norm: Norm | None
) -> nn.Module:
    activation: Any = F.leaky_relu
    return nn.Sequential(_convolution(in_channels, out_channels), activation)


def _function(
    in_channels: int, out_channels: int, *, norm: Norm | None
) -> Callable[[Tensor], Tensor]:
    block = _right(in_channels, out_channels, norm=norm)
    return lambda pictures: block(pictures)


def _class(in_channels: int, out_channels: int, *, norm: Norm | None) -> type[nn.Module]:
    class DownBlock(nn.Module):
        pass

    return DownBlock


def _applied(in_channels: int, out_channels: int, *, norm: Norm | None) -> Tensor:
    return _right(in_channels, out_channels, norm=norm)(torch.zeros(1, in_channels, 8, 8))


def _takes_pictures(x: Tensor, in_channels: int, out_channels: int, norm: Any = None) -> Tensor:
    return _right(in_channels, out_channels, norm=norm)(x)


def _no_return(in_channels: int, out_channels: int, *, norm: Norm | None) -> None:
    _right(in_channels, out_channels, norm=norm)


def _forward_without_return(in_channels: int, out_channels: int, *, norm: Norm | None) -> nn.Module:
    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = _right(in_channels, out_channels, norm=norm)

        def forward(self, x: Tensor) -> None:
            self.layers(x)

    return Block()


def _detached(in_channels: int, out_channels: int, *, norm: Norm | None) -> nn.Module:
    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = _right(in_channels, out_channels, norm=norm)

        @torch.no_grad()
        def forward(self, x: Tensor) -> Tensor:
            return self.layers(x)

    return Block()


def _in_eval_mode(in_channels: int, out_channels: int, *, norm: Norm | None) -> nn.Module:
    return _right(in_channels, out_channels, norm=norm).eval()


def _frozen(in_channels: int, out_channels: int, *, norm: Norm | None) -> nn.Module:
    return _right(in_channels, out_channels, norm=norm).requires_grad_(False)


@functools.cache
def _same_block_again(in_channels: int, out_channels: int, *, norm: Norm | None) -> nn.Module:
    return _right(in_channels, out_channels, norm=norm)


def _right(in_channels: int, out_channels: int, *, norm: Norm | None) -> nn.Sequential:
    layer = nn.Identity() if norm is None else norm(out_channels)
    return nn.Sequential(_convolution(in_channels, out_channels), layer, nn.LeakyReLU(0.2))


class _DownBlock(nn.Module):
    def __init__(self, in_channels: int, out_channels: int, norm: Norm | None) -> None:
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

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(F.pad(x, (1, 1, 1, 1)))
        if self.norm is not None:
            x = self.norm(x)
        return torch.where(x > 0, x, 0.2 * x)


def _by_class(in_channels: int, out_channels: int, *, norm: Norm | None) -> nn.Module:
    return _DownBlock(in_channels, out_channels, norm)


class _WithParameter(nn.Module):
    def __init__(self, in_channels: int, out_channels: int, norm: nn.Module) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels, 4, 4))
        nn.init.normal_(self.weight, 0, 0.02)
        self.after = norm

    def forward(self, x: Tensor) -> Tensor:
        x = self.after(F.conv2d(x, self.weight, None, stride=2, padding=1))
        return F.leaky_relu(x, negative_slope=0.2)


def _by_parameter(in_channels: int, out_channels: int, *, norm: Norm | None) -> nn.Module:
    return _WithParameter(in_channels, out_channels, norm(out_channels) if norm else nn.Identity())


def _by_names(in_channels: int, out_channels: int, *, norm: Norm | None = None) -> nn.Module:
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    layers["conv"] = nn.LazyConv2d(out_channels, 4, 2, 1, bias=False)
    if norm:
        layers["norm"] = norm(out_channels)
    layers["activation"] = nn.LeakyReLU(negative_slope=0.2, inplace=True)
    return nn.Sequential(layers)


def _by_appending(in_channels: int, out_channels: int, norm: Norm | None) -> nn.Module:
    block = nn.Sequential(nn.ZeroPad2d(1))
    block.append(nn.Conv2d(in_channels, out_channels, 4, 2, 0, 1, 1, False))
    if norm is not None:
        block.append(nn.Sequential(norm(out_channels)))
    return block.append(nn.RReLU(0.2, 0.2))


WRONG = (
    WrongAnswer(answer=_with_bias, diagnosis="your convolution has a bias"),
    WrongAnswer(answer=_with_bias_if_no_norm, diagnosis="norm=None, your convolution has a bias"),
    WrongAnswer(
        answer=_with_bias_if_instance_norm,
        diagnosis="norm=nn.InstanceNorm2d, your convolution has a bias",
    ),
    WrongAnswer(answer=_kernel_3, diagnosis="kernel is 3×3"),
    WrongAnswer(answer=_kernel_2, diagnosis="kernel is 2×2"),
    WrongAnswer(answer=_no_padding, diagnosis="padding is 0"),
    WrongAnswer(answer=_stride_1, diagnosis="stride is 1"),
    WrongAnswer(answer=_pooled, diagnosis="halves by pooling"),
    WrongAnswer(answer=_transposed, diagnosis="which doubles the size"),
    WrongAnswer(answer=_two_convolutions, diagnosis="has 2 convolutions"),
    WrongAnswer(answer=_channels_swapped, diagnosis="swapped in your convolution"),
    WrongAnswer(answer=_docstring_example, diagnosis="makes 16 channels of 3"),
    WrongAnswer(answer=_depthwise, diagnosis="has 2 convolutions"),
    WrongAnswer(answer=_mirrored, diagnosis='pads with "reflect"'),
    WrongAnswer(answer=_always_batch_norm, diagnosis="With norm=None, your block has a BatchNorm"),
    WrongAnswer(answer=_batch_norm_if_any, diagnosis="it doesn't use `norm`"),
    WrongAnswer(answer=_never_a_norm, diagnosis="has no norm: is `norm` left out"),
    WrongAnswer(
        answer=_norm_without_numbers_forgotten, diagnosis="no norm, though `norm` makes one"
    ),
    WrongAnswer(answer=_two_norms, diagnosis="has 2 norms"),
    WrongAnswer(answer=_norm_of_in_channels, diagnosis="channels, in_channels"),
    WrongAnswer(answer=_norm_first, diagnosis="it comes after the convolution"),
    WrongAnswer(answer=_norm_not_called, diagnosis="`norm` makes the layer when it is called"),
    WrongAnswer(answer=_none_called, diagnosis="there is nothing to call"),
    WrongAnswer(answer=_none_as_layer, diagnosis="and no layer: leave it out"),
    WrongAnswer(answer=_norm_made_in_each_call, diagnosis="called anew each time"),
    WrongAnswer(answer=_plain_list, diagnosis="no weights that an optimizer finds"),
    WrongAnswer(answer=_relu, diagnosis="activation is ReLU"),
    WrongAnswer(answer=_slope_of_torch, diagnosis="has the slope 0.01"),
    WrongAnswer(answer=_slope_0_1, diagnosis="has the slope 0.1"),
    WrongAnswer(answer=_inplace_as_slope, diagnosis="has the slope 1"),
    WrongAnswer(answer=_elu, diagnosis="activation is ELU"),
    WrongAnswer(answer=_prelu, diagnosis="activation is PReLU"),
    WrongAnswer(answer=_no_activation, diagnosis="no activation"),
    WrongAnswer(answer=_activation_first, diagnosis="order activation, convolution, norm;"),
    WrongAnswer(answer=_activation_first_in_place, diagnosis="writes over the pictures"),
    WrongAnswer(answer=_norm_last, diagnosis="order convolution, activation, norm;"),
    WrongAnswer(answer=_functional_slope, diagnosis="as it has unless told"),
    WrongAnswer(answer=_functional_relu, diagnosis="lets nothing negative through"),
    WrongAnswer(answer=_functional_norm_last, diagnosis="norm comes after the activation"),
    WrongAnswer(answer=_functional_activation_first, diagnosis="activation comes before the conv"),
    WrongAnswer(answer=_functional_mirrored, diagnosis="mirrors the picture at its border"),
    WrongAnswer(answer=_dropout, diagnosis="has a Dropout"),
    WrongAnswer(answer=_list, diagnosis="makes one network of the layers"),
    WrongAnswer(answer=_module_list, diagnosis="a ModuleList, which can't be called"),
    WrongAnswer(answer=_sequential_of_a_list, diagnosis="layers one by one"),
    WrongAnswer(answer=_sequential_with_a_function, diagnosis="That is a function"),
    WrongAnswer(answer=_function, diagnosis="returns a function"),
    WrongAnswer(answer=_class, diagnosis="the class DownBlock"),
    WrongAnswer(answer=_applied, diagnosis="returns a tensor"),
    WrongAnswer(answer=_takes_pictures, diagnosis="can't be called as the lesson calls it"),
    WrongAnswer(answer=_no_return, diagnosis="is the `return` missing"),
    WrongAnswer(answer=_forward_without_return, diagnosis="missing in its forward"),
    WrongAnswer(answer=_detached, diagnosis="don't flow through all of your block"),
    WrongAnswer(answer=_in_eval_mode, diagnosis="comes in eval mode"),
    WrongAnswer(answer=_frozen, diagnosis="requires_grad switched off"),
    WrongAnswer(answer=_same_block_again, diagnosis="with the same weights"),
)

VALID = (_right, _by_class, _by_parameter, _by_names, _by_appending)

EQUIVALENT = (
    Equivalent(
        mutant="line 6: without `inplace=True`",
        why="In place or not, the activation gives the same; in place it takes less memory.",
    ),
    Equivalent(
        mutant="line 6: inplace=True → inplace=False",
        why="In place or not, the activation gives the same; in place it takes less memory.",
    ),
)
