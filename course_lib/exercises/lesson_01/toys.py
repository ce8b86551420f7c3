"""Small networks that remember what happened to them, for the checks of both steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from course_lib.data.pair import Batch

Player = Literal["generator", "discriminator"]

LEARNING_RATE = 0.1


class ToyGenerator(nn.Module):
    """N×3×H×W → N×3×H×W in [−1, 1]; `seen` and `modes` tell with what and in which."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, 4, 3, padding=1), nn.LeakyReLU(0.2), nn.Conv2d(4, 3, 3, padding=1)
        )
        self.seen: list[Tensor] = []
        self.modes: list[bool] = []

    def forward(self, rainy: Tensor) -> Tensor:
        self.seen.append(rainy.detach().clone())
        self.modes.append(self.training)
        return torch.tanh(self.layers(rainy))


class ToyDiscriminator(nn.Module):
    """N×3×H×W → logits, N×1 or N×1×h×w; `seen`, `attached`, `recorded` and `modes` tell how."""

    def __init__(self, *, patch: bool, norm: bool) -> None:
        super().__init__()
        self.patch = patch
        self.layers = nn.Sequential(
            nn.Conv2d(3, 6, 3, stride=2, padding=1),
            nn.BatchNorm2d(6) if norm else nn.Identity(),
            nn.LeakyReLU(0.2),
            nn.Conv2d(6, 1, 3, padding=1),
        )
        self.seen: list[Tensor] = []
        self.modes: list[bool] = []
        self.attached: list[bool] = []
        self.recorded: list[bool] = []

    def forward(self, pictures: Tensor) -> Tensor:
        self.seen.append(pictures.detach().clone())
        self.modes.append(self.training)
        self.attached.append(pictures.requires_grad)
        self.recorded.append(torch.is_grad_enabled())
        logits = self.layers(pictures)
        return logits if self.patch else logits.mean((2, 3))


class WatchedSGD(torch.optim.SGD):
    """Plain gradient descent that writes down when it is called."""

    def __init__(self, parameters: list[nn.Parameter]) -> None:
        super().__init__(parameters, lr=LEARNING_RATE)
        self.events: list[str] = []

    def step(self, closure: Any = None) -> Any:
        self.events.append("step")
        return super().step(closure)

    def zero_grad(self, set_to_none: bool = True) -> None:
        self.events.append("zero_grad")
        super().zero_grad(set_to_none)


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Two networks, a batch, and gradients left over in both networks from earlier steps.

    Attributes:
        generator: plain, without batch norm or dropout.
        discriminator: with batch norm or without.
        batch: pictures that aren't square.
        optimizer: of the player whose step it is.
        player: whose step it is.
        before: both networks' parameters, flat, before the step.
        stale: their left-over gradients, flat.
        reached: the players whose parameters a backward pass has come to.
    """

    generator: ToyGenerator
    discriminator: ToyDiscriminator
    batch: Batch
    optimizer: WatchedSGD
    player: Player
    before: dict[Player, Tensor]
    stale: dict[Player, Tensor]
    reached: set[Player]

    @property
    def arguments(self) -> tuple[nn.Module, nn.Module, Batch, torch.optim.Optimizer]:
        """As a step takes them."""
        return self.generator, self.discriminator, self.batch, self.optimizer

    def network(self, player: Player) -> nn.Module:
        return self.generator if player == "generator" else self.discriminator

    def movement(self, player: Player) -> Tensor:
        """How far each parameter is from where it started, flat."""
        return flat(self.network(player)) - self.before[player]


def build_scene(
    seed: int,
    player: Player,
    *,
    n: int = 3,
    height: int = 6,
    width: int = 9,
    patch: bool = True,
    norm: bool = False,
) -> Scene:
    """The same scene each time it is called with the same arguments."""
    draw = torch.Generator().manual_seed(seed)
    generator, discriminator = ToyGenerator(), ToyDiscriminator(patch=patch, norm=norm)
    networks: dict[Player, nn.Module] = {"generator": generator, "discriminator": discriminator}
    for network in networks.values():
        for parameter in network.parameters():
            parameter.data = 0.4 * torch.randn(parameter.shape, generator=draw)
            parameter.grad = torch.randn(parameter.shape, generator=draw)
    optimizer = WatchedSGD(list(networks[player].parameters()))
    reached: set[Player] = set()
    for name, network in networks.items():
        for parameter in network.parameters():
            parameter.register_hook(lambda _, name=name: reached.add(name))
    for parameter in networks[player].parameters():
        parameter.register_hook(lambda _: optimizer.events.append("backward"))
    rainy, clean = (2 * torch.rand(2, n, 3, height, width, generator=draw) - 1).unbind(0)
    mask = (torch.rand(n, 1, height, width, generator=draw) > 0.5).float()
    return Scene(
        generator=generator,
        discriminator=discriminator,
        batch=Batch(rainy, clean, mask),
        optimizer=optimizer,
        player=player,
        before={name: flat(network) for name, network in networks.items()},
        stale={name: flat_gradients(network) for name, network in networks.items()},
        reached=reached,
    )


def flat(network: nn.Module) -> Tensor:
    """A copy of all parameters in one row."""
    return torch.cat([parameter.detach().flatten() for parameter in network.parameters()]).clone()


def flat_gradients(network: nn.Module) -> Tensor:
    """A copy of all gradients in one row, zeros where there are none."""
    return torch.cat(
        [
            (torch.zeros_like(p) if p.grad is None else p.grad.detach()).flatten()
            for p in network.parameters()
        ]
    ).clone()


Objective = Callable[[nn.Module, nn.Module, Batch], Tensor]


def movement_of(objective: Objective, scene: Scene) -> Tensor:
    """How the player's parameters move when it minimises something, in one clean step."""
    scene.optimizer.zero_grad()
    objective(scene.generator, scene.discriminator, scene.batch).backward()
    scene.optimizer.step()
    return scene.movement(scene.player)
