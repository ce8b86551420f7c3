"""Exercise 04.5: small networks to count."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from functools import partial
from itertools import cycle
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import Conv2d, ConvTranspose2d, Linear, ReLU, Sequential

from course_lib.checks.function import Case
from course_lib.models.pix2pix import PatchDiscriminator


class Net(nn.ModuleDict):
    """Layers under their names, and a function of the network and a picture 1×3×H×W."""

    def __init__(self, function: Callable[[Any, Tensor], Tensor], **layers: nn.Module) -> None:
        super().__init__(layers)
        self.function = function

    def forward(self, picture: Tensor) -> Tensor:
        return self.function(self, picture)


def block(channels: int) -> nn.Module:
    """A convolution with a batch norm, and a shortcut around them."""
    convolution = Conv2d(channels, channels, 3, padding=1)
    body = Sequential(Sequential(convolution, nn.BatchNorm2d(channels)), ReLU())
    return Net(lambda net, x: x + net.body(x), body=body)


class Centred(Conv2d):
    """A subclass with a forward of its own: filters whose weights add up to zero."""

    def forward(self, x: Tensor) -> Tensor:
        weight = self.weight - self.weight.mean((1, 2, 3), keepdim=True)
        return self._conv_forward(x, weight, self.bias)


Doubling = type("Doubling", (ConvTranspose2d,), {})
Scores = type("Scores", (Linear,), {})


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Networks of random widths, each with something of its own; a group for each kind of layer."""
    a, b, c = (int(n) for n in rng.choice((4, 5, 7, 8), 3, replace=False))
    partly_frozen = Sequential(Conv2d(3, b, 3, padding=1), block(b), block(b))
    partly_frozen[1].eval().requires_grad_(False)
    trained = Sequential(Conv2d(3, a, 3, bias=False), block(a))
    trained(torch.ones(2, 3, 6, 6)).sum().backward()
    trained[0].register_forward_hook(lambda layer, inputs, output: None)
    two_names = Sequential(Conv2d(3, c, 3), ReLU())
    two_names[1].before = two_names[0]
    flat = nn.AdaptiveAvgPool2d(1), nn.Flatten()
    discriminator = partial(PatchDiscriminator, base_channels=b, n_layers=1)
    networks: dict[str, dict[str, nn.Module]] = {
        "convolutions": {
            "one 5×5 convolution": Conv2d(3, a, 5, padding=2),
            "a convolution with stride 2, then a dilated one": Sequential(
                Conv2d(3, a, 3, stride=2, padding=1), ReLU(), Conv2d(a, b, 3, dilation=2)
            ),
            "a 1×5 convolution": Sequential(Conv2d(3, c, (1, 5)), nn.Tanh()),
            "a convolution in 3 groups": Sequential(
                Conv2d(3, 6, 1, bias=False), nn.LeakyReLU(0.2), Conv2d(6, 3 * a, 3, groups=3)
            ),
            "a convolution from 3 channels to 3": Conv2d(3, 3, 3),
        },
        "transposed convolutions": {
            "a transposed convolution": Sequential(
                Conv2d(3, 1, 3), ReLU(), ConvTranspose2d(1, c, 4, stride=2, padding=1)
            ),
            "a transposed convolution in 2 groups": Sequential(
                Conv2d(3, 2 * a, 1), ConvTranspose2d(2 * a, 2 * b, 4, 2, padding=1, groups=2)
            ),
        },
        "linear layers": {
            "two linear layers": Sequential(
                Conv2d(3, c, 3, stride=2), *flat, Linear(c, b), ReLU(), Linear(b, a, bias=False)
            ),
            "a linear layer at every pixel": Net(
                lambda net, x: net.mix(net.first(x).relu().movedim(1, -1)),
                first=Conv2d(3, b, 3, padding=1),
                mix=Linear(b, c),
            ),
        },
        "subclasses of layers": {
            "a subclass of nn.Conv2d": Sequential(Centred(3, a, 3), ReLU()),
            "subclasses of nn.ConvTranspose2d and nn.Linear": Sequential(
                Conv2d(3, 2, 1), Doubling(2, a, 2, 2), *flat, Scores(a, 1)
            ),
        },
        "": {
            "blocks with batch norm": Sequential(Conv2d(3, c, 3, bias=False), block(c), block(c)),
            "a convolution that runs twice": Net(
                lambda net, x: net.shared(net.halve(net.shared(net.widen(x)))),
                widen=Conv2d(3, a, 1),
                shared=Conv2d(a, a, 3, padding=1),
                halve=nn.MaxPool2d(2),
            ),
            "a layer norm, whose weights have two axes": Sequential(
                Conv2d(3, b, 3), nn.AdaptiveAvgPool2d(4), nn.LayerNorm([4, 4])
            ),
            "a convolution under two names": two_names,
            "layers called conv, conv1 and conv10": Sequential(
                OrderedDict(conv=Conv2d(3, b, 3), conv1=Conv2d(b, b, 1), conv10=block(b))
            ),
            "blocks of which one is in eval mode": partly_frozen,
            "a network with gradients and a hook": trained,
            "a network whose `conditional` is True": discriminator(in_channels=6),
            "a network whose `conditional` is False": discriminator(in_channels=3),
        },
    }
    sizes = cycle(rng.permutation(range(10, 22, 2)).tolist())
    for group, some in networks.items():
        for on, network in some.items():
            size = next(sizes)
            yield Case(args=(network, size), on=f"{on} and {size}×{size} pixels", group=group)
