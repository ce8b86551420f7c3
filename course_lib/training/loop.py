"""The two-optimizer loop."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from course_lib import usage
from course_lib.data.pair import Batch
from course_lib.training.steps import discriminator_step, generator_step

if TYPE_CHECKING:
    from lightning_fabric import Fabric

Record = dict[str, float]
Step = Callable[[nn.Module, nn.Module, Batch, torch.optim.Optimizer], torch.Tensor]


def make_fabric(devices: int | str = 1, num_nodes: int = 1) -> Fabric:
    """Where training runs: one device unless more are asked for.

    Several devices train by DDP, whose default of broadcasting batch-norm buffers breaks
    when a network runs twice a step, as a discriminator does; so that is off.
    """
    from lightning_fabric import Fabric
    from lightning_fabric.strategies import DDPStrategy

    several = num_nodes > 1 or devices not in (1, "1")
    strategy = DDPStrategy(broadcast_buffers=False) if several else "auto"
    return Fabric(devices=devices, num_nodes=num_nodes, strategy=strategy)


def step_seed(seed: int, step: int, rank: int = 0) -> int:
    """The seed of everything random inside one step, dropout for example."""
    return int(np.random.SeedSequence((seed, step, rank)).generate_state(1)[0])


def gradient_norm(network: nn.Module) -> float:
    """The Euclidean length of all the network's gradients together, as the last step left them."""
    gradients = [p.grad for p in network.parameters() if p.grad is not None]
    return float(nn.utils.get_total_norm(gradients))


def train(
    generator: nn.Module,
    discriminator: nn.Module,
    loader: Iterable[Batch],
    *,
    optimizer_g: torch.optim.Optimizer,
    optimizer_d: torch.optim.Optimizer,
    seed: int,
    d_step: Step = discriminator_step,
    g_step: Step = generator_step,
    first_step: int = 1,
    callbacks: Sequence[Callable[[Record], None]] = (),
    fabric: Fabric | None = None,
) -> list[Record]:
    """Play the game once for every batch of ``loader``: one step of D, then one of G.

    What happens in step k depends only on (seed, k) and the networks, because the batch does
    and because torch's generator is seeded anew in each step.

    Args:
        generator, discriminator: trained in place; they end up on the fabric's device.
        loader: one `Batch` a step; its length is the number of steps.
        optimizer_g, optimizer_d: over the parameters of each.
        seed: of the run.
        d_step, g_step: the steps to play, yours if you like.
        first_step: the number of the loader's first batch, where a run goes on.
        callbacks: each is given every step's record and may add to it.
        fabric: devices and precision; by default one device, the fastest there is.

    Returns:
        One record a step: step, loss_d, loss_g, grad_d, grad_g, and what callbacks add.
    """
    fabric = fabric or make_fabric()
    fabric.launch()
    generator, optimizer_g = fabric.setup(generator, optimizer_g)
    discriminator, optimizer_d = fabric.setup(discriminator, optimizer_d)
    for network in (generator, discriminator):
        # A third faster on a CPU.
        nn.utils.convert_conv2d_weight_memory_format(network, torch.channels_last)
    history: list[Record] = []
    for step, batch in enumerate(loader, start=first_step):
        torch.manual_seed(step_seed(seed, step, fabric.global_rank))
        batch = Batch(*(tensor.to(fabric.device, non_blocking=True) for tensor in batch))
        generator.train()
        discriminator.train()
        record: Record = {"step": step}
        record["loss_d"] = float(d_step(generator, discriminator, batch, optimizer_d))
        record["grad_d"] = gradient_norm(discriminator)
        record["loss_g"] = float(g_step(generator, discriminator, batch, optimizer_g))
        record["grad_g"] = gradient_norm(generator)
        for callback in callbacks:
            callback(record)
        history.append(record)
        usage.count_steps()
    return history


def series(history: Sequence[Record], key: str) -> tuple[list[float], list[float]]:
    """The steps at which ``key`` was recorded, and its values, ready to be plotted.

    Raises:
        ValueError: no record has the key.
    """
    points = [(record["step"], record[key]) for record in history if key in record]
    if not points:
        known = sorted({key for record in history for key in record})
        raise ValueError(f"no record has {key!r}; there are {', '.join(known)}")
    steps, values = zip(*points, strict=True)
    return list(steps), list(values)
