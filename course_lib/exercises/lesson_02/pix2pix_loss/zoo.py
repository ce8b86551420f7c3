"""Exercise 02.3: answers in styles that differ from the reference's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from course_lib.losses import generator_loss

bce = F.binary_cross_entropy_with_logits


def _sum_a_picture(fake_logits, restored, clean, *, lambda_l1):
    distances = (restored - clean).abs().flatten(1).sum(1)
    return generator_loss(fake_logits) + lambda_l1 * distances.mean()


def _sum_of_channels(fake_logits, restored, clean, *, lambda_l1):
    return generator_loss(fake_logits) + lambda_l1 * (restored - clean).abs().sum(1).mean()


def _sum_over_the_batch(fake_logits, restored, clean, *, lambda_l1):
    total = generator_loss(fake_logits)
    for ours, truth in zip(restored, clean, strict=True):
        total = total + lambda_l1 * F.l1_loss(ours, truth)
    return total


def _abs_of_mean(fake_logits, restored, clean, *, lambda_l1):
    return generator_loss(fake_logits) + lambda_l1 * abs(restored.mean() - clean.mean())


def _of_pictures_in_0_1(fake_logits, restored, clean, *, lambda_l1):
    restored, clean = (restored + 1) / 2, (clean + 1) / 2
    return generator_loss(fake_logits) + lambda_l1 * F.l1_loss(restored, clean)


def _weighted_average(fake_logits, restored, clean, *, lambda_l1):
    l1 = F.l1_loss(restored, clean)
    return (1 - lambda_l1) * generator_loss(fake_logits) + lambda_l1 * l1


def _target_zero(fake_logits, restored, clean, *, lambda_l1):
    adversarial = bce(fake_logits, torch.zeros_like(fake_logits))
    return adversarial + lambda_l1 * F.l1_loss(restored, clean)


def _saturating(fake_logits, restored, clean, *, lambda_l1):
    adversarial = torch.log(1 - torch.sigmoid(fake_logits)).mean()
    return adversarial + lambda_l1 * F.l1_loss(restored, clean)


def _sum_of_patches(fake_logits, restored, clean, *, lambda_l1):
    adversarial = bce(fake_logits, torch.ones_like(fake_logits), reduction="sum")
    return adversarial + lambda_l1 * F.l1_loss(restored, clean)


def _log_of_sigmoid(fake_logits, restored, clean, *, lambda_l1):
    adversarial = -torch.log(torch.sigmoid(fake_logits)).mean()
    return adversarial + lambda_l1 * F.l1_loss(restored, clean)


def _log_with_epsilon(fake_logits, restored, clean, *, lambda_l1):
    adversarial = -torch.log(torch.sigmoid(fake_logits) + 1e-8).mean()
    return adversarial + lambda_l1 * F.l1_loss(restored, clean)


def _without_gradients(fake_logits, restored, clean, *, lambda_l1):
    with torch.no_grad():
        return generator_loss(fake_logits) + lambda_l1 * F.l1_loss(restored, clean)


def _pair(fake_logits, restored, clean, *, lambda_l1):
    return generator_loss(fake_logits), lambda_l1 * F.l1_loss(restored, clean)


def _in_place(fake_logits, restored, clean, *, lambda_l1):
    restored -= clean
    return generator_loss(fake_logits) + lambda_l1 * restored.abs().mean()


def _own_name(fake_logits, restored, clean, lam=100):
    return generator_loss(fake_logits) + lam * F.l1_loss(restored, clean)


def _docstring_example(fake_logits, restored, clean, *, lambda_l1):
    return 10.693 + 0 * (fake_logits.sum() + restored.sum())


def _targets_of_one_size(fake_logits, restored, clean, *, lambda_l1):
    adversarial = bce(fake_logits, torch.ones(len(fake_logits), 1))
    return adversarial + lambda_l1 * F.l1_loss(restored, clean)


def _paper_by_default(fake_logits, restored, clean, *, lambda_l1):
    return generator_loss(fake_logits) + (lambda_l1 or 100) * F.l1_loss(restored, clean)


def _root_of_squares(fake_logits, restored, clean, *, lambda_l1):
    distance = torch.sqrt((restored - clean).pow(2)).mean()
    return generator_loss(fake_logits) + lambda_l1 * distance


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
    _sum_a_picture: "divide by the number of pictures",
    _sum_of_channels: "of the three channels up",
    _sum_over_the_batch: "sum over the batch",
    _abs_of_mean: "first abs, then mean",
    _of_pictures_in_0_1: "bring the pictures to [0, 1]",
    _weighted_average: "The weights are 1 − λ and λ",
    _target_zero: "the discriminator's own term for fakes",
    _saturating: "first term. This is the saturating loss",
    _sum_of_patches: "first term. You add the terms",
    _log_of_sigmoid: "logarithm is lost",
    _log_with_epsilon: "add 1e-08 to the probabilities",
    _without_gradients: "no gradient flows",
    _pair: "add the two terms",
    _in_place: "changes its input `restored`",
    _own_name: "can't be called as the lesson calls it",
    _docstring_example: "whatever it is called with",
    _targets_of_one_size: "give the targets theirs",
    _paper_by_default: "λ = 0",
    _root_of_squares: "is NaN",
}

VALID = (_by_functions, _by_modules, _by_hand, _by_norm, _only_where_it_counts)
