"""One training step of the generator, and one of the discriminator."""

from __future__ import annotations

import torch
from torch import nn

from course_lib.data.pair import Batch
from course_lib.losses import discriminator_loss, generator_loss


def discriminator_step(
    generator: nn.Module,
    discriminator: nn.Module,
    batch: Batch,
    optimizer: torch.optim.Optimizer,
) -> torch.Tensor:
    """One step of the discriminator: tell clean photographs from generated ones.

    The generator only delivers fakes: its parameters do not move, and no gradient reaches
    them. Gradients that it has from its own steps stay as they are. Gradients left over in the
    discriminator from earlier steps must not count. Clean and generated pictures meet the
    discriminator in two calls, because batch norm would mix them in one. Call no network more
    often than that: batch norm's averages move with each call. Both networks keep their modes,
    requires_grad flags and hooks.

    Args:
        generator: rainy N×3×H×W in [−1, 1] → restored, the same shape.
        discriminator: pictures N×3×H×W → logits, any shape.
        batch: ``batch.rainy`` goes into the generator, ``batch.clean`` is real.
        optimizer: holds the discriminator's parameters.

    Returns:
        The `discriminator_loss` before the update, a scalar: a tensor or a number.

    Example:
        A discriminator that answers logit 0 to everything has the loss 2·log 2 ≈ 1.386 here.
    """
    with torch.no_grad():
        fake = generator(batch.rainy)
    optimizer.zero_grad()
    loss = discriminator_loss(discriminator(batch.clean), discriminator(fake))
    loss.backward()
    optimizer.step()
    return loss.detach()


def generator_step(
    generator: nn.Module,
    discriminator: nn.Module,
    batch: Batch,
    optimizer: torch.optim.Optimizer,
) -> torch.Tensor:
    """One step of the generator: make pictures that the discriminator takes for real.

    Gradients flow through the discriminator, but its parameters do not move. Gradients may stay
    behind in them: its own step clears them. Gradients left over in the generator from earlier
    steps must not count. Call each network once, because batch norm's averages move with each
    call. Both networks keep their modes, requires_grad flags and hooks.

    Args:
        generator: rainy N×3×H×W in [−1, 1] → restored, the same shape.
        discriminator: pictures N×3×H×W → logits, any shape.
        batch: only ``batch.rainy`` is needed.
        optimizer: holds the generator's parameters.

    Returns:
        The `generator_loss` before the update, a scalar: a tensor or a number.

    Example:
        Against a discriminator that answers logit 0 to everything the loss is log 2 ≈ 0.693.
    """
    optimizer.zero_grad()
    loss = generator_loss(discriminator(generator(batch.rainy)))
    loss.backward()
    optimizer.step()
    return loss.detach()


def training_schedule(step: int, *, d_every: int, g_every: int) -> tuple[bool, bool]:
    """Which players learn in a step: D in every ``d_every``-th, G in every ``g_every``-th.

    So ``d_every=2, g_every=1`` trains the generator twice as often as the discriminator.

    Args:
        step: the number of the step; the first is 1.
        d_every, g_every: ≥ 1. D learns in the steps d_every, 2·d_every, 3·d_every and so on,
            and G likewise.

    Returns:
        (whether D learns, whether G learns).

    Example:
        With d_every=3 and g_every=1, steps 1 to 4 give (False, True), (False, True),
        (True, True) and (False, True).
    """
    return step % d_every == 0, step % g_every == 0
