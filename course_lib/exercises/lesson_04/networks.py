"""Small networks to count in exercise 04.5, what their layers do, whether they stay as they are."""

from __future__ import annotations

import contextlib
import copy
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules import module as torch_module

GLOBAL_HOOKS: dict[int, Any] = torch_module._global_forward_hooks

# What an answer may replace for a while, to see each call.
PLACES = [
    (owner, name)
    for owner in (nn.Module, nn.Conv2d, nn.ConvTranspose2d, nn.Linear)
    for name in ("__call__", "_call_impl", "forward")
    if name in vars(owner)
]


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A network to count.

    Attributes:
        on: what is special about it, in words.
        model: the network.
        size: side of the picture.
    """

    on: str
    model: nn.Module
    size: int


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


def trials(rng: np.random.Generator) -> list[Trial]:
    """Networks of random widths, the plainest first; pictures of other sizes for each."""
    a, b, c = (int(n) for n in rng.choice((4, 5, 7, 8), 3, replace=False))
    sizes = [2 * int(n) for n in rng.choice(range(5, 11), 4, replace=False)]
    grouped = nn.Sequential(
        nn.Conv2d(3, 6, 1, bias=False), nn.LeakyReLU(0.2), nn.Conv2d(6, 3 * a, 3, groups=3)
    )
    transposed = nn.ConvTranspose2d(2 * a, 2 * b, 4, stride=2, padding=1, groups=2)
    partly_frozen = nn.Sequential(nn.Conv2d(3, b, 3, padding=1), Block(b), Block(b))
    partly_frozen[1].eval()
    partly_frozen[1].requires_grad_(False)
    models: dict[str, nn.Module] = {
        "one 5×5 convolution": nn.Conv2d(3, a, 5, padding=2),
        "a convolution with stride 2, then a dilated one": nn.Sequential(
            nn.Conv2d(3, a, 3, stride=2, padding=1), nn.ReLU(), nn.Conv2d(a, b, 3, dilation=2)
        ),
        "a convolution whose kernel is 1×5": nn.Sequential(
            nn.Conv2d(3, c, (1, 5), padding=(0, 2)), nn.Tanh()
        ),
        "a convolution in 3 groups": grouped,
        "a transposed convolution": nn.Sequential(
            nn.Conv2d(3, 1, 3), nn.ReLU(), nn.ConvTranspose2d(1, c, 4, stride=2, padding=1)
        ),
        "a transposed convolution in 2 groups": nn.Sequential(nn.Conv2d(3, 2 * a, 1), transposed),
        "linear layers": nn.Sequential(
            nn.Conv2d(3, c, 3, stride=2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(c, b),
            nn.ReLU(), nn.Linear(b, a, bias=False),
        ),
        "a linear layer at every pixel": PerPixel(b, c),
        "blocks with batch norm": nn.Sequential(nn.Conv2d(3, c, 3, bias=False), Block(c), Block(c)),
        "a convolution that runs twice": UsedTwice(a),
        "a convolution under two names": TwoNames(c),
        "blocks of which one is in eval mode": partly_frozen,
        "a network whose `conditional` is True": Judge(channels=b, conditional=True),
        "a network whose `conditional` is False": Judge(channels=c, conditional=False),
    }  # fmt: skip
    return [
        Trial(on=f"{on} and {size}×{size} pixels", model=model, size=size)
        for (on, model), size in zip(models.items(), 4 * sizes, strict=False)
    ]


@dataclass(frozen=True, kw_only=True)
class Run:
    """One call of a layer.

    Attributes:
        layer: that was called.
        came, gave: shapes of what it got and of what it put out.
        side: of the picture that passes through the network.
        containers: how many modules it lies in, itself left out.
        child: whether it is the network's own child.
        names: under how many it is known.
    """

    layer: Any
    came: tuple[int, ...]
    gave: tuple[int, ...]
    side: int
    containers: int
    child: bool
    names: int

    @property
    def values(self) -> int:
        """How many numbers it puts out."""
        return math.prod(self.gave)

    @property
    def given(self) -> int:
        """How many numbers it gets."""
        return math.prod(self.came)

    @property
    def filter(self) -> int:
        """How many weights one of its filters has."""
        return self.layer.weight[0].numel()

    @property
    def weights(self) -> int:
        """How many weights it has, the bias left out."""
        return self.layer.weight.numel()

    @property
    def kernel(self) -> int:
        """How many positions the kernel has."""
        return math.prod(self.layer.kernel_size)

    @property
    def bias(self) -> int:
        """An addition for each value put out, where it has a bias."""
        return self.values if self.layer.bias is not None else 0


def runs(trial: Trial, size: int) -> list[Run]:
    """The calls of the layers of a network while a picture passes through, containers left out."""
    model = copy.deepcopy(trial.model).eval()
    found: list[Run] = []
    known = [one for _, one in model.named_modules(remove_duplicate=False)]

    def note(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        found.append(
            Run(
                layer=layer,
                came=tuple(inputs[0].shape),
                gave=tuple(output.shape),
                side=size,
                containers=sum(layer in set(one.modules()) for one in model.modules()) - 1,
                child=layer in set(model.children()),
                names=sum(one is layer for one in known),
            )
        )

    for one in model.modules():
        if not list(one.children()):
            one.register_forward_hook(note)
    pictures = 1 + getattr(model, "conditional", False)
    with torch.no_grad():
        model(*[torch.zeros(1, 3, size, size)] * pictures)
    return found


class AsItWas:
    """A network's state before a call, to compare with what it is afterwards."""

    def __init__(self, model: nn.Module) -> None:
        self.model = model
        self.hooks_for_all = len(GLOBAL_HOOKS)
        self.methods = [getattr(*place) for place in PLACES]
        self.modes = [(name, one, one.training) for name, one in model.named_modules()]
        self.numbers = {name: one.clone() for name, one in model.state_dict().items()}
        self.learning = [one.requires_grad for one in model.parameters()]

    def fault(self) -> str:
        """What is different now, in words; empty where nothing is."""
        return next(self._faults(), "")

    def _faults(self) -> Iterator[str]:
        hooks = [(one._forward_hooks, one._forward_pre_hooks) for _, one, _ in self.modes]
        left = len(GLOBAL_HOOKS) - self.hooks_for_all + sum(len(a) + len(b) for a, b in hooks)
        if left:
            yield (
                f"Your function leaves {left} hook{'s' if left > 1 else ''} behind: every "
                "later call of the network counts on. Keep what register_forward_hook returns, and "
                "call its remove() in the end."
            )
        of_classes = self.methods != [getattr(*place) for place in PLACES]
        if of_classes or any("forward" in vars(one) for _, one, _ in self.modes):
            yield (
                "Your function leaves another `forward` in the network's layers; put back what "
                "was there."
            )
        yield from self._of_modes()
        now = self.model.state_dict()
        for name, before in self.numbers.items():
            if not torch.equal(before, now.get(name, before[None])):
                yield self._of_numbers(name)
        if len(now) > len(self.numbers):
            yield f"Your function adds `{(now.keys() - self.numbers.keys()).pop()}` to the network."
        if self.learning != [one.requires_grad for one in self.model.parameters()]:
            yield (
                "Your function changes requires_grad of the network's weights; torch.no_grad() "
                "saves gradients without that."
            )
        if any(one.grad is not None for one in self.model.parameters()):
            yield "Your function leaves gradients in the network's weights."

    def _of_modes(self) -> Iterator[str]:
        moved = [(name, one, mode) for name, one, mode in self.modes if one.training != mode]
        if not moved:
            return
        mend = "Note each module's `training` before model.eval(), and put it back."
        if all(before for _, _, before in moved):
            yield (
                f"Your function leaves the network in eval mode, where it was in train mode. {mend}"
            )
        name, one, _ = next(entry for entry in moved if not entry[2])
        yield (
            f"Your function leaves the network's `{name}` ({type(one).__name__}) in train mode, "
            f"where it was in eval mode: model.train() switches everything. {mend}"
        )

    def _of_numbers(self, name: str) -> str:
        if "running_" in name or "num_batches" in name:
            return (
                f"After your call, the running statistics `{name}` have moved: in train mode a "
                "batch norm follows whatever passes through. Pass the picture in eval mode."
            )
        return f"Your function changes the network's weight `{name}`."


@contextlib.contextmanager
def torch_put_back() -> Iterator[None]:
    """Hooks on all networks, and the forwards of torch's own classes, are as before afterwards."""
    hooks, methods = dict(GLOBAL_HOOKS), [getattr(*place) for place in PLACES]
    try:
        yield
    finally:
        GLOBAL_HOOKS.clear()
        GLOBAL_HOOKS.update(hooks)
        for place, method in zip(PLACES, methods, strict=True):
            setattr(*place, method)
