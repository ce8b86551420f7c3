"""Scenes for training steps: small networks, an optimizer and batches."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from course_lib.checks.watched_networks import (
    CallRecord,
    SmallDiscriminator,
    SmallGenerator,
    WatchedAdam,
    WatchedSGD,
)
from course_lib.data.pair import Batch


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What the networks, the batch and the optimizer of a scene are like.

    Attributes:
        on: all that in words: ``"a batch of 3 pictures"``.
        n, height, width: of the batch.
        patch: the discriminator gives one logit for each patch, else one for each picture.
        norm: both networks have batch norm.
        mixed_modes: the generator and the discriminator's batch norm are in eval mode.
        frozen: one parameter of the player has requires_grad False. An answer may raise an error
            there, as torch.autograd.grad does.
        adam: the optimizer is Adam, after three steps.
        calls: how many steps are taken in a row, on different batches.
        gain: of both networks' last layers. Their weights are as much smaller, so that only
            gradients grow.
        silent: the discriminator answers logit 0 to everything.
        sure: the discriminator gives the clean picture logit 4, and the generated one −4. For a
            batch of one picture, and one logit.
    """

    on: str
    n: int = 3
    height: int = 6
    width: int = 9
    patch: bool = True
    norm: bool = False
    mixed_modes: bool = False
    frozen: bool = False
    adam: bool = False
    calls: int = 1
    gain: float = 1.0
    silent: bool = False
    sure: bool = False


SETTINGS = (
    Setting(on="two small networks and a batch of 3 pictures"),
    Setting(
        on="a batch of one picture, and a discriminator that tells clean from generated",
        n=1,
        height=8,
        width=5,
        patch=False,
        sure=True,
    ),
    Setting(on="two small networks with batch norm and a batch of 4 pictures", n=4, norm=True),
    Setting(
        on="a generator in eval mode and a discriminator whose batch norm is in eval mode",
        norm=True,
        mixed_modes=True,
    ),
    Setting(on="two small networks with large gradients", gain=1000.0),
    Setting(on="two steps in a row with Adam", n=2, adam=True, calls=2),
    Setting(on="two small networks of which one parameter is frozen", n=2, frozen=True),
    Setting(on="a discriminator that answers logit 0 to everything", n=2, silent=True),
)


@dataclass(frozen=True, kw_only=True)
class StepScene:
    """Networks, an optimizer and batches; gradients are left over from earlier steps.

    Attributes:
        networks: by name.
        player: the name of the network that learns.
        optimizer: of its parameters.
        calls: the arguments of each step to take, one after the other.
        pictures: of each step, what its batch holds, by name: ``"batch.rainy"``.
        record: what happens.
    """

    networks: Mapping[str, nn.Module]
    player: str
    optimizer: torch.optim.Optimizer
    calls: tuple[tuple[Any, ...], ...]
    pictures: tuple[Mapping[str, Tensor], ...]
    record: CallRecord


def gan_scene(
    seed: int,
    setting: Setting,
    *,
    player: Literal["generator", "discriminator"],
    conditional: bool = False,
) -> StepScene:
    """A generator, a discriminator, and steps ``(generator, discriminator, batch, optimizer)``.

    The same scene each time it is called with the same arguments.

    Args:
        seed: of weights, left-over gradients and pictures.
        setting: what they are like.
        player: whose step it is.
        conditional: the discriminator takes the rainy pictures too.
    """
    draw, record = torch.Generator().manual_seed(seed), CallRecord()
    how: dict[str, Any] = {"norm": setting.norm, "gain": setting.gain}
    generator = SmallGenerator(record, **how)
    discriminator = SmallDiscriminator(record, patch=setting.patch, conditional=conditional, **how)
    for network in (generator, discriminator):
        _draw_weights(network, setting.gain, draw)
    if setting.silent:
        _scale_last_layer(discriminator, 0)
    if setting.mixed_modes:
        generator.eval()
        discriminator.layers[1].eval()
    networks: dict[str, Any] = {"generator": generator, "discriminator": discriminator}
    own = networks[player]
    if setting.frozen:
        own.layers[0].weight.requires_grad_(False)
    optimizer = _optimizer(own.parameters(), record, draw, adam=setting.adam)
    for network in networks.values():
        _leave_gradients_and_hooks(network, player, record, draw)
    batches = [_batch(setting, draw) for _ in range(setting.calls)]
    _limit_logits(generator, discriminator, batches)
    if setting.sure:
        _make_sure(generator, discriminator, batches[0])
    return StepScene(
        networks=networks,
        player=player,
        optimizer=optimizer,
        calls=tuple((generator, discriminator, batch, optimizer) for batch in batches),
        pictures=tuple({"batch.rainy": one.rainy, "batch.clean": one.clean} for one in batches),
        record=record,
    )


def _draw_weights(network: Any, gain: float, draw: torch.Generator) -> None:
    for layer in network.layers:
        for parameter in layer.parameters():
            noise = torch.randn(parameter.shape, generator=draw)
            parameter.data = 0.4 * noise if parameter.ndim > 1 else 0.2 * noise
        if isinstance(layer, nn.BatchNorm2d):
            layer.weight.data += 1
            layer.running_mean = 0.2 * torch.randn(layer.num_features, generator=draw)
            layer.running_var = 0.5 + torch.rand(layer.num_features, generator=draw)
            layer.num_batches_tracked = torch.tensor(2)
    _scale_last_layer(network, 1 / gain)


def _scale_last_layer(network: Any, factor: float) -> None:
    for parameter in network.layers[-1].parameters():
        parameter.data *= factor


def _limit_logits(
    generator: SmallGenerator, discriminator: SmallDiscriminator, batches: Iterable[Batch]
) -> None:
    """No logit is beyond ±3, so that losses by way of probabilities don't overflow."""
    g, d = copy.deepcopy((generator, discriminator))
    with torch.no_grad():
        largest = max(
            float(d(*_condition(d, batch), pictures).abs().max())
            for batch in batches
            for pictures in (batch.clean, g(batch.rainy))
        )
    if largest > 3:
        _scale_last_layer(discriminator, 3 / largest)


def _condition(discriminator: SmallDiscriminator, batch: Batch) -> tuple[Tensor, ...]:
    return (batch.rainy,) if discriminator.conditional else ()


def _make_sure(generator: SmallGenerator, discriminator: SmallDiscriminator, batch: Batch) -> None:
    given = _condition(discriminator, batch)
    with torch.no_grad():
        real = discriminator(*given, batch.clean)
        fake = discriminator(*given, generator(batch.rainy))
    middle = float(real + fake) / (2 * discriminator.gain)
    discriminator.get_parameter("layers.3.bias").data -= middle
    _scale_last_layer(discriminator, 8 / float(real - fake))


def _optimizer(
    parameters: Iterable[nn.Parameter], record: CallRecord, draw: torch.Generator, *, adam: bool
) -> torch.optim.Optimizer:
    if not adam:
        optimizer: Any = WatchedSGD(parameters, lr=0.1)
    else:
        optimizer = WatchedAdam(parameters, lr=0.01)
        for _ in range(3):
            for parameter in optimizer.param_groups[0]["params"]:
                parameter.grad = 0.1 * torch.randn(parameter.shape, generator=draw)
            optimizer.step()
    optimizer.record = record
    return optimizer


def _leave_gradients_and_hooks(
    network: nn.Module, player: str, record: CallRecord, draw: torch.Generator
) -> None:
    name = str(network.name)

    def note(_: Tensor) -> None:
        record.reached.add(name)
        if name == player:
            record.events.append("backward")

    for parameter in network.parameters():
        if parameter.requires_grad:
            parameter.grad = torch.randn(parameter.shape, generator=draw)
            parameter.register_hook(note)
    network.register_forward_hook(lambda *_: None)  # a hook of whoever calls the step


def _batch(setting: Setting, draw: torch.Generator) -> Batch:
    size = setting.n, 3, setting.height, setting.width
    rainy, clean = (2 * torch.rand(2, *size, generator=draw) - 1).unbind(0)
    mask = torch.rand(setting.n, 1, *size[2:], generator=draw) > 0.5
    return Batch(rainy, clean, mask.float())
