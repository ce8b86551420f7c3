"""Exercise 01.2: answers in styles that differ from the reference's."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

bce = F.binary_cross_entropy_with_logits


def _saturating(fake_logits):
    return torch.log(1 - torch.sigmoid(fake_logits)).mean()


def _sigmoid_twice(fake_logits):
    probability = torch.sigmoid(fake_logits)
    return nn.BCEWithLogitsLoss()(probability, torch.ones_like(probability))


def _sigmoid_forgotten(fake_logits):
    return nn.BCELoss()(fake_logits, torch.ones_like(fake_logits))


def _cross_entropy_of_probabilities(fake_logits):
    probability = fake_logits.sigmoid()
    return F.binary_cross_entropy(probability, torch.ones_like(probability))


def _rewrapped(fake_logits):
    return torch.tensor(bce(fake_logits, torch.ones_like(fake_logits)).item())


def _rewrapped_with_gradient(fake_logits):
    loss = bce(fake_logits.detach(), torch.ones_like(fake_logits))
    return loss.requires_grad_()


def _no_return(fake_logits):
    bce(fake_logits, torch.ones_like(fake_logits))


def _in_place(fake_logits):
    return F.softplus(fake_logits.neg_()).mean()


def _branch_that_overflows(fake_logits):
    small = torch.log1p(torch.exp(-fake_logits))
    return torch.where(fake_logits < -30, -fake_logits, small).mean()


def _mean_over_the_batch_only(fake_logits):
    return F.softplus(-fake_logits).mean(0).sum()


def _by_softplus(fake_logits):
    return F.softplus(-fake_logits).mean()


def _by_logsigmoid(fake_logits):
    return -F.logsigmoid(fake_logits).flatten().sum() / fake_logits.numel()


def _by_module(fake_logits):
    return nn.BCEWithLogitsLoss(reduction="none")(
        fake_logits, fake_logits.new_ones(fake_logits.shape)
    ).mean()


def _by_two_classes(fake_logits):
    flat = fake_logits.reshape(-1)
    scores = torch.stack([torch.zeros_like(flat), flat], dim=1)
    return F.cross_entropy(scores, torch.ones(len(flat), dtype=torch.long, device=flat.device))


def _by_the_stable_formula(fake_logits):  # its gradient at a logit of exactly 0 is another
    return (torch.clamp(-fake_logits, min=0) + torch.log1p(torch.exp(-fake_logits.abs()))).mean()


def _by_size_weighted_rows(fake_logits):
    rows = [F.softplus(-row).mean() for row in fake_logits]
    return torch.stack(rows).sum() / len(rows)


WRITTEN = {
    _saturating: "saturating loss log(1 − D)",
    _sigmoid_twice: "sigmoid is applied twice",
    _sigmoid_forgotten: "Logits are any numbers, not probabilities",
    _cross_entropy_of_probabilities: "as F.binary_cross_entropy does",
    _rewrapped: "no gradient flows",
    _rewrapped_with_gradient: "no gradient flows",
    _no_return: "is the `return` missing",
    _in_place: "changes its input `fake_logits`",
    _branch_that_overflows: "is NaN",
    _mean_over_the_batch_only: "add the terms of a picture's logits up",
    lambda fake: -bce(fake, torch.zeros_like(fake)): "saturating loss log(1 − D)",
    lambda fake: bce(fake, torch.ones_like(fake), reduction="sum"): "terms of all logits up",
    lambda fake: -F.logsigmoid(fake): "take every mean over all values",
    lambda fake: -torch.log(torch.sigmoid(fake)).mean(): "its logarithm is lost",
    lambda fake: -torch.log(torch.sigmoid(fake) + 1e-7).mean(): "add 1e-07 to the probabilities",
    lambda fake: -torch.log(torch.sigmoid(fake) + 3e-4).mean(): "add 0.0003 to the probabilities",
    lambda fake: -torch.log(fake.sigmoid().clamp(min=1e-8)).mean(): "to at least 1e-08",
    lambda fake: -fake.sigmoid().clamp(1e-3, 1 - 1e-3).log().mean(): "between 0.001 and 1 − 0.001",
    lambda fake: F.softplus(-fake.clamp(-10, 10)).mean(): "clamp the logits to ±10",
    lambda fake: -torch.log(fake.double().sigmoid()).mean(): "its logarithm is lost",
    lambda fake: math_log_2(fake): "whatever it is called with",
}


def math_log_2(fake_logits):
    return torch.log(torch.tensor(2.0)) + 0 * fake_logits.sum()


VALID = (
    _by_softplus,
    _by_logsigmoid,
    _by_module,
    _by_two_classes,
    _by_the_stable_formula,
    _by_size_weighted_rows,
)
