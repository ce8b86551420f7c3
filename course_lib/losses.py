"""The losses of the course, each as its paper gives it."""

from __future__ import annotations

import torch
import torch.nn.functional as F


def discriminator_loss(real_logits: torch.Tensor, fake_logits: torch.Tensor) -> torch.Tensor:
    """What the discriminator minimises: −log D(x) for real pictures, −log(1 − D(G)) for fakes.

    D = sigmoid(logit) is the probability that a picture is real. Each term is the mean over
    all logits of its batch, and the two means are added (Goodfellow et al. 2014, eq. 1, with
    the sign turned because we minimise).

    Args:
        real_logits: any shape, the discriminator's logits for real pictures.
        fake_logits: any shape, its logits for generated pictures.

    Returns:
        A scalar tensor ≥ 0 that gradients flow through, finite for large logits too.

    Example:
        When all logits are 0, D is ½ everywhere and the loss is 2·log 2 ≈ 1.386.
    """
    real = F.binary_cross_entropy_with_logits(real_logits, torch.ones_like(real_logits))
    fake = F.binary_cross_entropy_with_logits(fake_logits, torch.zeros_like(fake_logits))
    return real + fake


def generator_loss(fake_logits: torch.Tensor) -> torch.Tensor:
    """What the generator minimises: −log D(G), the non-saturating loss.

    Minimising log(1 − D(G)) instead, as the minimax game is written, gives almost no
    gradient while the discriminator is sure of itself (Goodfellow et al. 2014, §3).

    Args:
        fake_logits: any shape, the discriminator's logits for generated pictures;
            D = sigmoid(logit).

    Returns:
        A scalar tensor ≥ 0, the mean over all logits, that gradients flow through,
        finite for large logits too.

    Example:
        When all logits are 0, the loss is log 2 ≈ 0.693.
    """
    return F.binary_cross_entropy_with_logits(fake_logits, torch.ones_like(fake_logits))
