"""Exercise 04.5: small networks to count."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn

from course_lib.checks.function import Case


class PerPixel(nn.Module):
    """A linear layer that mixes the channels of every pixel."""

    def __init__(self, middle: int, out: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, middle, 3, padding=1)
        self.mix = nn.Linear(middle, out)

    def forward(self, picture: Tensor) -> Tensor:
        """1×3×H×W → 1×H×W×out."""
        return self.mix(self.first(picture).relu().movedim(1, -1))


class UsedTwice(nn.Module):
    """One convolution that runs at full size and at half."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.widen = nn.Conv2d(3, channels, 1)
        self.shared = nn.Conv2d(channels, channels, 3, padding=1)
        self.halve = nn.MaxPool2d(2)

    def forward(self, picture: Tensor) -> Tensor:
        """1×3×H×W → 1×channels×H/2×W/2."""
        return self.shared(self.halve(self.shared(self.widen(picture))))


class TwoNames(nn.Module):
    """One convolution under two names; it runs once."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(3, channels, 3)
        self.layers = nn.Sequential(self.convolution, nn.ReLU())

    def forward(self, picture: Tensor) -> Tensor:
        """1×3×H×W → 1×channels×(H−2)×(W−2)."""
        return self.layers(picture)


class Block(nn.Module):
    """A convolution with a batch norm, and a shortcut around them."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1), nn.BatchNorm2d(channels)),
            nn.ReLU(),
        )

    def forward(self, x: Tensor) -> Tensor:
        """The same shape."""
        return x + self.body(x)


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


class Prefixes(nn.Module):
    """Layers whose names are the beginnings of others' names."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, channels, 3)
        self.conv1 = nn.Conv2d(channels, channels, 1)
        self.conv10 = nn.Sequential(nn.Conv2d(channels, 2, 1))

    def forward(self, picture: Tensor) -> Tensor:
        """1×3×H×W → 1×2×(H−2)×(W−2)."""
        return self.conv10(self.conv1(self.conv(picture)))


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Networks of random widths, each with something of its own; a group for each kind of layer."""
    a, b, c = (int(n) for n in rng.choice((4, 5, 7, 8), 3, replace=False))
    grouped = nn.Sequential(
        nn.Conv2d(3, 6, 1, bias=False), nn.LeakyReLU(0.2), nn.Conv2d(6, 3 * a, 3, groups=3)
    )
    transposed = nn.ConvTranspose2d(2 * a, 2 * b, 4, stride=2, padding=1, groups=2)
    partly_frozen = nn.Sequential(nn.Conv2d(3, b, 3, padding=1), Block(b), Block(b))
    partly_frozen[1].eval()
    partly_frozen[1].requires_grad_(False)
    trained = nn.Sequential(nn.Conv2d(3, a, 3, bias=False), Block(a))
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
            "a linear layer at every pixel": PerPixel(b, c),
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
                nn.Conv2d(3, c, 3, bias=False), Block(c), Block(c)
            ),
            "a convolution that runs twice": UsedTwice(a),
            "a convolution under two names": TwoNames(c),
            "layers called conv, conv1 and conv10": Prefixes(b),
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
