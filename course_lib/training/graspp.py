"""The two steps of GRASPP-GAN, and its two epochs without an adversary."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import nn

from course_lib.data.pair import Batch
from course_lib.losses import (
    Reduction,
    adversarial_loss,
    discriminator_loss,
    gradient_loss,
    picture_loss,
)
from course_lib.training.pix2pix import frozen, judge_both


@dataclass(frozen=True, kw_only=True)
class LossWeights:
    """What the generator minimises: L2 + α·L_g + β·L_gan (Wang et al., eq. 1).

    As it stands, with the paper's weights and norms, this is GRASPP-GAN. ``beta=0`` makes it
    GRASPP, and ``alpha=0, beta=0`` RASPP.

    Attributes:
        alpha: α, of the gradient loss, 1 in the paper.
        beta: β, of the adversarial loss, 0.001 in the paper.
        reduction: of L2 and L_g: ``"norm"`` as printed, or ``"mse"``. The norm of a picture's
            difference grows with the root of its size, a mean square doesn't, so α and β weigh
            something else with each.
    """

    alpha: float = 1.0
    beta: float = 0.001
    reduction: Reduction = "norm"

    def __post_init__(self) -> None:
        if min(self.alpha, self.beta) < 0:
            raise ValueError(
                f"weights of losses are 0 or more; alpha is {self.alpha}, beta {self.beta}"
            )
        if self.reduction not in ("norm", "mse"):
            raise ValueError(f'reduction is "norm" or "mse", not {self.reduction!r}')


@dataclass(kw_only=True)
class Graspp:
    """The steps of both networks, for `training.loop.train`: its methods `d_step` and `g_step`.

    The generator's loss has the term L_gan only in a step in which the discriminator has learnt
    from the same batch. The schedule therefore decides when L_gan comes in: `generator_first`, or
    `loop.generator_only`, which leaves it out.

    Attributes:
        weights: of the three losses.
        gradient: `losses.gradient_loss`.
        adversarial: `losses.adversarial_loss`.
    """

    weights: LossWeights = field(default_factory=LossWeights)
    gradient: Callable[..., torch.Tensor] = gradient_loss
    adversarial: Callable[[torch.Tensor], torch.Tensor] = adversarial_loss
    _kept: tuple[Batch, torch.Tensor] | None = field(default=None, init=False, repr=False)

    def d_step(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        batch: Batch,
        optimizer: torch.optim.Optimizer,
    ) -> torch.Tensor:
        """One step of the discriminator: tell (rainy, clean) from (rainy, restored), §3.4.

        Returns its loss before the update.
        """
        restored = generator(batch.rainy)
        self._kept = batch, restored
        optimizer.zero_grad()
        loss = discriminator_loss(
            *judge_both(discriminator, batch.rainy, batch.clean, restored.detach())
        )
        loss.backward()
        optimizer.step()
        return loss.detach()

    def g_step(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        batch: Batch,
        optimizer: torch.optim.Optimizer,
    ) -> torch.Tensor:
        """One step of the generator: close to the truth, its edges too, and taken for clean.

        Returns its loss before the update, eq. 1.
        """
        kept, self._kept = self._kept, None
        judged = kept is not None and kept[0] is batch
        restored = kept[1] if kept and judged else generator(batch.rainy)
        how = self.weights
        optimizer.zero_grad()
        loss = picture_loss(restored, batch.clean, reduction=how.reduction)
        if how.alpha:
            loss = loss + how.alpha * self.gradient(restored, batch.clean, reduction=how.reduction)
        with frozen(discriminator):
            if how.beta and judged:
                loss = loss + how.beta * self.adversarial(discriminator(batch.rainy, restored))
            loss.backward()
        optimizer.step()
        return loss.detach()


def generator_first(step: int, *, alone: int) -> tuple[bool, bool]:
    """The schedule in which the generator learns alone for the first ``alone`` steps.

    The paper trains it for two epochs before the discriminator comes in (§4.1).

    Returns:
        (whether D learns, whether G learns).
    """
    return step > alone, True
