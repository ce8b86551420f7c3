"""Which layers a network calls, in whatever style it is written.

`Trace` notes the calls of layers while a network runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

CONVOLUTION = ("input", "weight", "bias", "stride", "padding", "dilation", "groups")
TRANSPOSED = (*CONVOLUTION[:5], "output_padding", "groups", "dilation")
STATISTICS = ("input", "running_mean", "running_var", "weight", "bias")

# Function → its name in diagnoses, and the names of its arguments.
LAYERS: Mapping[Callable[..., Any], tuple[str, Sequence[str]]] = {
    F.conv2d: ("convolution", CONVOLUTION),
    F.conv_transpose2d: ("transposed convolution", TRANSPOSED),
    F.linear: ("linear layer", ("input", "weight", "bias")),
    F.batch_norm: ("batch norm", (*STATISTICS, "training", "momentum", "eps")),
    F.instance_norm: ("instance norm", (*STATISTICS, "use_input_stats", "momentum", "eps")),
    F.group_norm: ("group norm", ("input", "num_groups", "weight", "bias", "eps")),
    F.layer_norm: ("layer norm", ("input", "normalized_shape", "weight", "bias", "eps")),
    F.prelu: ("PReLU", ("input", "weight")),
}

# Calls without weights that tell how a network differs, in words. Several may do the same.
ACTIVATIONS: Mapping[str, str] = {
    "leaky_relu": "LeakyReLU", "leaky_relu_": "LeakyReLU", "relu": "ReLU", "relu_": "ReLU",
    "relu6": "ReLU6", "rrelu": "RReLU", "elu": "ELU", "selu": "SELU", "gelu": "GELU",
    "silu": "SiLU", "mish": "Mish", "softplus": "Softplus", "sigmoid": "a sigmoid", "tanh": "tanh",
}  # fmt: skip
OTHERS: Mapping[str, str] = {
    "dropout": "dropout", "dropout2d": "dropout", "feature_dropout": "dropout",
    "interpolate": "F.interpolate", "max_pool2d": "max-pooling", "avg_pool2d": "average pooling",
    "adaptive_avg_pool2d": "average pooling", "adaptive_max_pool2d": "max-pooling",
    "pixel_shuffle": "a pixel shuffle", "local_response_norm": "local response norm",
}  # fmt: skip
NO_ACTIVATIONS = frozenset(OTHERS.values())
PADDED = {
    "constant": "zeros", "reflect": "reflection", "replicate": "replication",
    "circular": "the opposite side",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class Layer:
    """One call of a layer.

    Attributes:
        function: of `LAYERS`.
        given: its arguments, by name.
        out: what it gave, without a gradient; None until it has.
        averages: running mean and variance before the call and after it, where it has any.
    """

    function: Callable[..., Any]
    given: Mapping[str, Any]
    out: Tensor | None = None
    averages: tuple[tuple[Tensor, ...], tuple[Tensor, ...]] = ((), ())

    @property
    def kind(self) -> str:
        """Its name in diagnoses."""
        return LAYERS[self.function][0]

    @property
    def weight(self) -> Tensor | None:
        """What it learns; None for a norm without weights."""
        return self.given.get("weight")

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the weight, without the 1×1 of a pointwise convolution; a norm's channels."""
        if self.weight is None:
            return (self.given["input"].shape[1],)
        size = tuple(self.weight.shape)
        return size[:2] if size[2:] == (1, 1) and self.function is F.conv2d else size

    @property
    def key(self) -> tuple[Any, ...]:
        """The same for layers that may take each other's weights."""
        kind = F.conv2d if self.function is F.linear else self.function
        return kind, self.shape, self.weight is None, self.given.get("bias") is None

    @property
    def kernel(self) -> tuple[int, ...]:
        """Height and width of a convolution's kernel."""
        return tuple(self.weight.shape[2:]) if self.weight is not None else ()

    @property
    def channels(self) -> tuple[int, int]:
        """Of a convolution or a linear layer: in and out."""
        assert self.weight is not None
        one, other = self.weight.shape[:2]
        groups = self.given.get("groups", 1)
        if self.function is F.conv_transpose2d:
            return one, other * groups
        return other * groups, one

    def setting(self, name: str) -> Any:
        """Stride, dilation or padding, as a pair where the sides differ; groups; or epsilon."""
        value = self.given.get(name, {"stride": 1, "dilation": 1, "groups": 1}.get(name, 0))
        if isinstance(value, list | tuple):
            return value[0] if len(set(value)) == 1 else tuple(value)
        return value

    def parts(self) -> Iterator[Layer]:
        """A convolution in groups as one for each; itself where it has none."""
        groups = self.given.get("groups", 1)
        if self.function is not F.conv2d or groups == 1:
            yield self
            return
        for n in range(groups):
            given = {
                name: one.chunk(groups, 1 if name == "input" else 0)[n]
                for name in ("input", "weight", "bias")
                if (one := self.given.get(name)) is not None
            }
            out = None if self.out is None else self.out.chunk(groups, 1)[n]
            yield replace(self, given={**self.given, **given, "groups": 1}, out=out)


class Trace(TorchFunctionMode):
    """Notes what a network calls while it runs.

    Attributes:
        layers: those of `LAYERS`, in order.
        others: activations and `OTHERS`, in words, in order.
        paddings: how features were padded, in words.
        order: layers and others together.
    """

    def __init__(self) -> None:
        super().__init__()
        self.layers: list[Layer] = []
        self.others: list[str] = []
        self.paddings: list[str] = []
        self.order: list[str] = []

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "")
        if func not in LAYERS:
            if name == "pad":
                mode = kwargs.get("mode", args[2] if len(args) > 2 else "constant")
                self.paddings.append(PADDED.get(mode, str(mode)))
            elif name in ACTIVATIONS or name in OTHERS:
                self.others.append(_other(name, args, kwargs))
                self.order.append(self.others[-1])
            return func(*args, **kwargs)
        layer = Layer(function=func, given=by_name(func, args, kwargs))
        if func is F.conv2d and layer.setting("padding") not in (0, "valid"):
            self.paddings.append("zeros")
        place = len(self.layers)
        self.layers.append(layer)
        self.order.append(layer.kind)
        before = averages(layer.given)
        out = func(*args, **kwargs)
        after = averages(layer.given)
        self.layers[place] = replace(layer, out=out.detach().clone(), averages=(before, after))
        return out


def by(size: Sequence[int]) -> str:
    """Sizes as they are written: 3×5."""
    return "×".join(map(str, size))


def by_name(func: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a call of a layer, by name."""
    return {**dict(zip(LAYERS[func][1], args, strict=False)), **kwargs}


def averages(given: Mapping[str, Any]) -> tuple[Tensor, ...]:
    """Copies of the running mean and variance among a layer's arguments."""
    both = given.get("running_mean"), given.get("running_var")
    return tuple(one.detach().clone() for one in both if one is not None)


def _other(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
    text = ACTIVATIONS.get(name) or OTHERS[name]
    if text == "LeakyReLU":
        slope = kwargs.get("negative_slope", args[1] if len(args) > 1 else 0.01)
        return f"LeakyReLU of slope {float(slope):g}"
    return text
