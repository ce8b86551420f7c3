"""The two steps of Pix2Pix, with each stabilising technique as a setting."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from course_lib.data.pair import Batch
from course_lib.losses import (
    contrastive_loss,
    flip_labels,
    fooling_loss,
    pix2pix_loss,
    smooth_labels,
    target_loss,
)


@dataclass(frozen=True, kw_only=True)
class Techniques:
    """The losses and the stabilising techniques; the defaults are Pix2Pix itself.

    The optimizers hold the learning rates, and the schedule says how often each network learns.

    Attributes:
        adversarial: the loss of both players, see `losses.target_loss`; ``"none"`` leaves the
            discriminator out, so that L1 alone teaches.
        lambda_l1: λ, the weight of L1 in the generator's loss.
        smoothing: of labels, 0.1 in the report: real 0.9, fake 0.1.
        flips: share of labels that are turned round, 0.05 to 0.1 in the report.
        lambda_contrastive: weight of the contrastive loss in the generator's loss. Its feature
            space is the discriminator's: what each of its blocks sees in a picture beside the
            rainy one.
    """

    adversarial: Literal["bce", "lsgan", "hinge", "none"] = "bce"
    lambda_l1: float = 100.0
    smoothing: float = 0.0
    flips: float = 0.0
    lambda_contrastive: float = 0.0

    def __post_init__(self) -> None:
        if self.adversarial not in ("bce", "lsgan", "hinge", "none"):
            raise ValueError(
                f'adversarial is "bce", "lsgan", "hinge" or "none", not {self.adversarial!r}'
            )
        if not 0 <= self.smoothing < 0.5:
            raise ValueError(f"smoothing is from 0 to below 0.5; it is {self.smoothing}")
        if not 0 <= self.flips <= 1:
            raise ValueError(f"flips is a share from 0 to 1; it is {self.flips}")
        if min(self.lambda_l1, self.lambda_contrastive) < 0:
            raise ValueError(
                f"weights of losses are 0 or more; lambda_l1 is {self.lambda_l1}, "
                f"lambda_contrastive {self.lambda_contrastive}"
            )
        if self.adversarial == "hinge" and (self.smoothing or self.flips):
            raise ValueError(
                "the hinge loss asks only on which side of ±1 a logit lies, so it has no soft or "
                'noisy labels: take smoothing=0 and flips=0, or adversarial="bce"'
            )


@dataclass(kw_only=True)
class Pix2Pix:
    """The steps of both networks, for `training.loop.train`: its methods `d_step` and `g_step`.

    The generator restores each batch once, and both steps use the result: D's step doesn't change
    G, so that G would give the same again.

    Attributes:
        techniques: losses and stabilising techniques.
        loss: of the generator against a discriminator with cross-entropy, `losses.pix2pix_loss`.
        smooth, flip, contrast: `losses.smooth_labels`, `flip_labels` and `contrastive_loss`.
    """

    techniques: Techniques = field(default_factory=Techniques)
    loss: Callable[..., torch.Tensor] = pix2pix_loss
    smooth: Callable[..., torch.Tensor] = smooth_labels
    flip: Callable[..., torch.Tensor] = flip_labels
    contrast: Callable[..., torch.Tensor] = contrastive_loss
    _kept: tuple[Batch, torch.Tensor] | None = field(default=None, init=False, repr=False)

    def d_step(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        batch: Batch,
        optimizer: torch.optim.Optimizer,
    ) -> torch.Tensor:
        """One step of the discriminator: tell (rainy, clean) from (rainy, restored).

        Returns its loss before the update, the sum of both terms. (Isola et al. halve it, which
        Adam all but undoes.) Without an adversarial loss it does nothing.
        """
        if self.techniques.adversarial == "none":
            return torch.zeros(())
        restored = generator(batch.rainy)
        self._kept = batch, restored
        optimizer.zero_grad()
        real_logits, fake_logits = judge_both(
            discriminator, batch.rainy, batch.clean, restored.detach()
        )
        loss = self._term(real_logits, True) + self._term(fake_logits, False)
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
        """One step of the generator: fool the discriminator, and come close to the truth.

        Returns its loss before the update.
        """
        kept, self._kept = self._kept, None
        restored = kept[1] if kept and kept[0] is batch else generator(batch.rainy)
        optimizer.zero_grad()
        with frozen(discriminator):
            loss = self._generator_loss(discriminator, batch, restored)
            loss.backward()
        optimizer.step()
        return loss.detach()

    def _term(self, logits: torch.Tensor, is_real: bool) -> torch.Tensor:
        """The discriminator's loss on one kind of pictures."""
        how = self.techniques
        labels = self.smooth(logits, is_real, smoothing=how.smoothing)
        if how.flips:
            labels = self.flip(labels, how.flips, torch.default_generator)
        assert how.adversarial != "none"  # then D has no step
        return target_loss(logits, labels, how.adversarial)

    def _generator_loss(
        self, discriminator: Any, batch: Batch, restored: torch.Tensor
    ) -> torch.Tensor:
        how = self.techniques
        if how.adversarial == "bce":
            logits = discriminator(batch.rainy, restored)
            loss = self.loss(logits, restored, batch.clean, lambda_l1=how.lambda_l1)
        else:
            loss = how.lambda_l1 * (restored - batch.clean).abs().mean()
            if how.adversarial != "none":
                logits = discriminator(batch.rainy, restored)
                loss = loss + fooling_loss(logits, how.adversarial)
        if how.lambda_contrastive:
            loss = loss + how.lambda_contrastive * self.contrast(
                restored,
                batch.clean,
                batch.rainy,
                partial(discriminator.features, batch.rainy),
            )
        return loss


def judge_both(
    discriminator: nn.Module, rainy: torch.Tensor, clean: torch.Tensor, restored: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """A conditional discriminator's logits for the clean and for the restored pictures.

    Batch norm takes its mean and spread from the batch, so with it clean and restored pictures
    pass in two batches. Without it nothing depends on the batch, and they pass in one, which is
    faster.

    rainy, clean, restored: N×3×H×W in [−1, 1].
    """
    if any(isinstance(module, _BatchNorm) for module in discriminator.modules()):
        return discriminator(rainy, clean), discriminator(rainy, restored)
    logits = discriminator(torch.cat([rainy, rainy]), torch.cat([clean, restored]))
    real, fake = logits.chunk(2)
    return real, fake


@contextmanager
def frozen(network: nn.Module) -> Iterator[None]:
    """Gradients flow through the network, and none are computed for its parameters."""
    parameters = [p for p in network.parameters() if p.requires_grad]
    for parameter in parameters:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in parameters:
            parameter.requires_grad_(True)
