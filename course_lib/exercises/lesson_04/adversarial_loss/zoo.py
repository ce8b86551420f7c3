"""Exercise 04.6: answers in styles that differ from the reference's."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from course_lib.losses import generator_loss

bce = F.binary_cross_entropy_with_logits


def _as_printed_in_pieces(fake_logits):
    d = torch.sigmoid(fake_logits)
    return torch.log(d + 1e-8).mean()


def _sigmoid_twice_as_printed(fake_logits):
    d = torch.sigmoid(fake_logits)
    return -bce(d, torch.ones_like(d))


def _log_of_sigmoid(fake_logits):
    return -torch.log(torch.sigmoid(fake_logits)).mean()


def _log_of_mean(fake_logits):
    return -torch.log(torch.sigmoid(fake_logits).mean())


def _targets_of_one_size(fake_logits):
    return bce(fake_logits, torch.ones(len(fake_logits), 1))


def _targets_on_the_cpu(fake_logits):
    return bce(fake_logits, torch.ones(fake_logits.shape))


def _by_numpy(fake_logits):
    return torch.tensor(np.logaddexp(0, -fake_logits.detach().numpy()).mean())


def _detached_with_gradient(fake_logits):
    return (-F.logsigmoid(fake_logits.detach()).mean()).requires_grad_()


def _in_place(fake_logits):
    return F.softplus(fake_logits.neg_()).mean()


def _no_return(fake_logits):
    -F.logsigmoid(fake_logits).mean()


def _whatever_it_is_called_with(fake_logits):
    return torch.log(torch.tensor(2.0)) + 0 * fake_logits.sum()


def _sorted_by_the_sign(fake_logits):
    return F.logsigmoid(fake_logits).mean() * -fake_logits.sign().mean().sign()


def _by_module(fake_logits):
    return nn.BCEWithLogitsLoss()(fake_logits, torch.ones_like(fake_logits))


def _by_absolute_value(fake_logits):
    return nn.LogSigmoid()(fake_logits).abs().mean()


def _by_loop(fake_logits):
    loss = fake_logits.new_zeros(())
    for logit in fake_logits.flatten():
        loss = loss - F.logsigmoid(logit)
    return loss / fake_logits.numel()


def _by_logaddexp(fake_logits):
    return torch.logaddexp(torch.zeros_like(fake_logits), -fake_logits).mean()


WRITTEN = {
    _as_printed_in_pieces: "learns to be recognised",
    _sigmoid_twice_as_printed: "as they are. And your sign is the paper's",
    _log_of_sigmoid: "its logarithm is lost",
    _log_of_mean: "the logarithm of the mean of D",
    _targets_of_one_size: "give the targets theirs",
    _targets_on_the_cpu: "on the GPU",
    _by_numpy: "no gradient flows",
    _detached_with_gradient: "no gradient flows",
    _in_place: "changes its input `fake_logits` in place",
    _no_return: "is the `return` missing",
    _whatever_it_is_called_with: "whatever it is called with",
    _sorted_by_the_sign: "your function gives",
    lambda fake: F.logsigmoid(fake).mean(): "our sign is the paper's as printed, E[log D(G(",
    lambda fake: fake.sigmoid().mean(): "is missing. And your sign is the paper's",
    lambda fake: torch.log(fake.sigmoid() + 1e-3).mean(): "add 0.001 to the probabilities",
    lambda fake: F.logsigmoid(-fake).mean(): "his is log(1 − D). Its sign is right",
    lambda fake: torch.log(1 - fake.sigmoid()).mean(): "his is log(1 − D). Its sign is right",
    lambda fake: bce(fake, torch.zeros_like(fake)): "own term for restored pictures",
    lambda fake: F.logsigmoid(fake).sum(): "larger steps. And your sign is the paper's",
    lambda fake: -F.logsigmoid(fake).sum() / fake.shape[0]: "divide by the number of pictures",
    lambda fake: -F.logsigmoid(fake): "take every mean over all values",
    lambda fake: -F.logsigmoid(fake).mean(0): "take every mean over all values",
    lambda fake: -torch.log(fake).mean(): "the logarithm of the logits",
    lambda fake: -torch.log(fake.sigmoid() + 1e-7).mean(): "below −16.1",
    lambda fake: -fake.sigmoid().clamp(min=1e-8).log().mean(): "to at least 1e-08",
    lambda fake: -torch.log10(torch.sigmoid(fake)).mean(): "to the base 10",
    lambda fake: (1 - torch.sigmoid(fake)).mean(): "his is 1 − D",
    lambda fake: bce(fake, torch.full_like(fake, 0.9)): "The target is 0.9",
}

VALID = (
    lambda fake_logits: generator_loss(fake_logits),
    lambda fake_logits: F.softplus(-fake_logits).mean(),
    _by_module,
    _by_absolute_value,
    _by_loop,
    _by_logaddexp,
)
