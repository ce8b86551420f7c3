"""Exercise 02.3: answers in styles that differ from the reference's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from course_lib.losses import generator_loss

bce = F.binary_cross_entropy_with_logits


def _distance(distance):
    """The loss with something in the place of L1."""
    return lambda fake_logits, restored, clean, *, lambda_l1: (
        generator_loss(fake_logits) + lambda_l1 * distance(restored, clean)
    )


def _term(adversarial):
    """The loss with something in the place of −log D."""
    return lambda fake_logits, restored, clean, *, lambda_l1: (
        adversarial(fake_logits) + lambda_l1 * F.l1_loss(restored, clean)
    )


def _sum_over_the_batch(fake_logits, restored, clean, *, lambda_l1):
    total = generator_loss(fake_logits)
    for ours, truth in zip(restored, clean, strict=True):
        total = total + lambda_l1 * F.l1_loss(ours, truth)
    return total


def _weighted_average(fake_logits, restored, clean, *, lambda_l1):
    l1 = F.l1_loss(restored, clean)
    return (1 - lambda_l1) * generator_loss(fake_logits) + lambda_l1 * l1


def _pair(fake_logits, restored, clean, *, lambda_l1):
    return generator_loss(fake_logits), lambda_l1 * F.l1_loss(restored, clean)


def _in_place(fake_logits, restored, clean, *, lambda_l1):
    restored -= clean
    return generator_loss(fake_logits) + lambda_l1 * restored.abs().mean()


def _own_name(fake_logits, restored, clean, lam=100):
    return generator_loss(fake_logits) + lam * F.l1_loss(restored, clean)


def _docstring_example(fake_logits, restored, clean, *, lambda_l1):
    return 10.693 + 0 * (fake_logits.sum() + restored.sum())


def _paper_by_default(fake_logits, restored, clean, *, lambda_l1):
    return generator_loss(fake_logits) + (lambda_l1 or 100) * F.l1_loss(restored, clean)


def _by_functions(fake_logits, restored, clean, *, lambda_l1):
    return F.softplus(-fake_logits).mean() + lambda_l1 * F.l1_loss(restored, clean.detach())


def _by_modules(fake_logits, restored, clean, lambda_l1=100.0):
    adversarial = nn.BCEWithLogitsLoss()(fake_logits, torch.ones_like(fake_logits))
    reconstruction = nn.L1Loss()(restored, clean)
    loss = adversarial
    loss += reconstruction * lambda_l1
    return loss


def _by_hand(fake_logits, restored, clean, *, lambda_l1):
    total = -F.logsigmoid(fake_logits).sum() / fake_logits.numel()
    for ours, truth in zip(restored, clean, strict=True):
        difference = torch.where(ours > truth, ours - truth, truth - ours)
        total = total + lambda_l1 * difference.sum() / restored.numel()
    return total


def _by_norm(fake_logits, restored, clean, *, lambda_l1):
    l1 = torch.linalg.vector_norm(clean - restored, ord=1) / clean.numel()
    return torch.stack([generator_loss(fake_logits), lambda_l1 * l1]).sum()


def _only_where_it_counts(fake_logits, restored, clean, *, lambda_l1):
    loss = generator_loss(fake_logits)
    return loss + lambda_l1 * (restored - clean).abs().mean() if lambda_l1 else loss


WRITTEN: dict[Callable[..., Any], str] = {
    _distance(
        lambda x, y: (x - y).abs().flatten(1).sum(1).mean()
    ): "divide by the number of pictures",
    _distance(lambda x, y: (x - y).abs().sum(1).mean()): "of the three channels up",
    _distance(lambda x, y: abs(x.mean() - y.mean())): "first abs, then mean",
    _distance(lambda x, y: F.l1_loss((x + 1) / 2, (y + 1) / 2)): "bring the pictures to [0, 1]",
    _distance(lambda x, y: torch.sqrt((x - y).pow(2)).mean()): "is NaN",
    _term(lambda x: bce(x, torch.zeros_like(x))): "the discriminator's own term for fakes",
    _term(
        lambda x: torch.log(1 - torch.sigmoid(x)).mean()
    ): "first term. This is the saturating loss",
    _term(lambda x: bce(x, torch.ones_like(x), reduction="sum")): "first term. You add the terms",
    _term(lambda x: -torch.log(torch.sigmoid(x)).mean()): "logarithm is lost",
    _term(lambda x: -torch.log(torch.sigmoid(x) + 1e-8).mean()): "add 1e-08 to the probabilities",
    _term(lambda x: bce(x, torch.ones(len(x), 1))): "give the targets theirs",
    torch.no_grad()(_distance(F.l1_loss)): "no gradient flows",
    _sum_over_the_batch: "sum over the batch",
    _weighted_average: "The weights are 1 − λ and λ",
    _pair: "add the two terms",
    _in_place: "changes its input `restored`",
    _own_name: "can't be called as the lesson calls it",
    _docstring_example: "whatever it is called with",
    _paper_by_default: "λ = 0",
}

VALID = (_by_functions, _by_modules, _by_hand, _by_norm, _only_where_it_counts)
