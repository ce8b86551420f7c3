"""Exercise 04.5: small networks to count."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from course_lib.checks.function import Case


class Net(nn.Module):
    """Layers under their names, and a function that calls them.

    Args:
        function: of the network and a picture 1×3×H×W.
        layers: its layers.
    """

    def __init__(self, function: Callable[[Any, Tensor], Tensor], **layers: nn.Module) -> None:
        super().__init__()
        self.function = function
        for name, layer in layers.items():
            self.add_module(name, layer)

    def forward(self, picture: Tensor) -> Tensor:
        """What the function makes of the picture."""
        return self.function(self, picture)


def block(channels: int) -> nn.Module:
    """A convolution with a batch norm, and a shortcut around them."""
    convolution = nn.Conv2d(channels, channels, 3, padding=1)
    body = nn.Sequential(nn.Sequential(convolution, nn.BatchNorm2d(channels)), nn.ReLU())
    return Net(lambda net, x: x + net.body(x), body=body)


class Judge(nn.Module):
    """A discriminator; with a rainy picture beside the other where it is conditional."""

    def __init__(self, *, channels: int, conditional: bool) -> None:
        super().__init__()
        self.conditional = conditional
        self.blocks = nn.Sequential(
            nn.Conv2d(6 if conditional else 3, channels, 4, stride=2, padding=1), nn.ReLU()
        )
        self.linear = nn.Linear(channels, 1)

    def forward(self, *pictures: Tensor) -> Tensor:
        """One or two pictures, 1×3×H×W → 1×1."""
        if len(pictures) != 1 + self.conditional:
            wants = "two pictures" if self.conditional else "one picture"
            raise TypeError(
                f"this network's `conditional` is {self.conditional}: it takes {wants}, got "
                f"{len(pictures)}"
            )
        return self.linear(self.blocks(torch.cat(pictures, dim=1)).mean((2, 3)))


class Centred(nn.Conv2d):
    """A subclass: filters whose weights add up to zero."""

    def forward(self, x: Tensor) -> Tensor:
        """As nn.Conv2d."""
        weight = self.weight - self.weight.mean((1, 2, 3), keepdim=True)
        return self._conv_forward(x, weight, self.bias)


class Doubling(nn.ConvTranspose2d):
    """A subclass."""


class Scores(nn.Linear):
    """A subclass."""


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Networks of random widths, each with something of its own; a group for each kind of layer."""
    a, b, c = (int(n) for n in rng.choice((4, 5, 7, 8), 3, replace=False))
    grouped = nn.Sequential(
        nn.Conv2d(3, 6, 1, bias=False), nn.LeakyReLU(0.2), nn.Conv2d(6, 3 * a, 3, groups=3)
    )
    transposed = nn.ConvTranspose2d(2 * a, 2 * b, 4, stride=2, padding=1, groups=2)
    partly_frozen = nn.Sequential(nn.Conv2d(3, b, 3, padding=1), block(b), block(b))
    partly_frozen[1].eval()
    partly_frozen[1].requires_grad_(False)
    trained = nn.Sequential(nn.Conv2d(3, a, 3, bias=False), block(a))
    trained(torch.ones(2, 3, 6, 6)).sum().backward()
    trained[0].register_forward_hook(_look)
    networks: dict[str, dict[str, nn.Module]] = {
        "convolutions": {
            "one 5×5 convolution": nn.Conv2d(3, a, 5, padding=2),
            "a convolution with stride 2, then a dilated one": nn.Sequential(
                nn.Conv2d(3, a, 3, stride=2, padding=1), nn.ReLU(), nn.Conv2d(a, b, 3, dilation=2)
            ),
            "a convolution whose kernel is 1×5": nn.Sequential(
                nn.Conv2d(3, c, (1, 5), padding=(0, 2)), nn.Tanh()
            ),
            "a convolution that puts out no square": nn.Conv2d(3, c, (1, 5)),
            "a convolution in 3 groups": grouped,
            "a convolution from 3 channels to 3": nn.Conv2d(3, 3, 3),
        },
        "transposed convolutions": {
            "a transposed convolution": nn.Sequential(
                nn.Conv2d(3, 1, 3), nn.ReLU(), nn.ConvTranspose2d(1, c, 4, stride=2, padding=1)
            ),
            "a transposed convolution in 2 groups": nn.Sequential(
                nn.Conv2d(3, 2 * a, 1), transposed
            ),
        },
        "linear layers": {
            "two linear layers": nn.Sequential(
                nn.Conv2d(3, c, 3, stride=2), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
                nn.Linear(c, b), nn.ReLU(), nn.Linear(b, a, bias=False),
            ),
            "a linear layer at every pixel": Net(
                lambda net, x: net.mix(net.first(x).relu().movedim(1, -1)),
                first=nn.Conv2d(3, b, 3, padding=1), mix=nn.Linear(b, c),
            ),
        },
        "subclasses of layers": {
            "a subclass of nn.Conv2d": nn.Sequential(Centred(3, a, 3), nn.ReLU()),
            "subclasses of nn.ConvTranspose2d and nn.Linear": nn.Sequential(
                nn.Conv2d(3, 2, 1), Doubling(2, a, 2, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
                Scores(a, 1),
            ),
        },
        "": {
            "blocks with batch norm": nn.Sequential(
                nn.Conv2d(3, c, 3, bias=False), block(c), block(c)
            ),
            "a convolution that runs twice": Net(
                lambda net, x: net.shared(net.halve(net.shared(net.widen(x)))),
                widen=nn.Conv2d(3, a, 1), shared=nn.Conv2d(a, a, 3, padding=1),
                halve=nn.MaxPool2d(2),
            ),
            "a convolution under two names": Net(
                lambda net, x: net.layers(x),
                convolution=(one := nn.Conv2d(3, c, 3)), layers=nn.Sequential(one, nn.ReLU()),
            ),
            "a layer norm, whose weights have two axes": nn.Sequential(
                nn.Conv2d(3, b, 3), nn.AdaptiveAvgPool2d(4), nn.LayerNorm([4, 4])
            ),
            "layers called conv, conv1 and conv10": Net(
                lambda net, x: net.conv10(net.conv1(net.conv(x))),
                conv=nn.Conv2d(3, b, 3), conv1=nn.Conv2d(b, b, 1),
                conv10=nn.Sequential(nn.Conv2d(b, 2, 1)),
            ),
            "blocks of which one is in eval mode": partly_frozen,
            "a network with gradients and a hook": trained,
            "a network whose `conditional` is True": Judge(channels=b, conditional=True),
            "a network whose `conditional` is False": Judge(channels=c, conditional=False),
        },
    }  # fmt: skip
    sizes = [2 * int(n) for n in rng.choice(range(5, 11), 4, replace=False)]
    number = 0
    for group, some in networks.items():
        for on, network in some.items():
            size = sizes[number % 4]
            number += 1
            yield Case(args=(network, size), on=f"{on} and {size}×{size} pixels", group=group)


def _look(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
    """A hook of the caller's, which stays."""
