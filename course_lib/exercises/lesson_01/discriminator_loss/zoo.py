"""Exercise 01.1: answers in styles that differ from the reference's."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

bce = F.binary_cross_entropy_with_logits


def _maximised(real_logits, fake_logits):
    return F.logsigmoid(real_logits).mean() + F.logsigmoid(-fake_logits).mean()


def _pooled(real_logits, fake_logits):
    both = torch.cat([real_logits.flatten(), fake_logits.flatten()])
    targets = torch.cat([torch.ones(real_logits.numel()), torch.zeros(fake_logits.numel())])
    return bce(both, targets)


def _pooled_and_doubled(real_logits, fake_logits):
    return 2 * _pooled(real_logits, fake_logits)


def _added_before_the_mean(real_logits, fake_logits):
    return (F.softplus(-real_logits) + F.softplus(fake_logits)).mean()


def _no_reduction(real_logits, fake_logits):
    real = bce(real_logits, torch.ones_like(real_logits), reduction="none")
    return real + bce(fake_logits, torch.zeros_like(fake_logits), reduction="none")


def _sigmoid_twice(real_logits, fake_logits):
    real, fake = torch.sigmoid(real_logits), torch.sigmoid(fake_logits)
    return bce(real, torch.ones_like(real)) + bce(fake, torch.zeros_like(fake))


def _sigmoid_forgotten(real_logits, fake_logits):
    real = F.binary_cross_entropy(real_logits, torch.ones_like(real_logits))
    return real + F.binary_cross_entropy(fake_logits, torch.zeros_like(fake_logits))


def _log_of_sigmoid(real_logits, fake_logits):
    real, fake = torch.sigmoid(real_logits), torch.sigmoid(fake_logits)
    return -torch.log(real).mean() - torch.log(1 - fake).mean()


def _log_with_epsilon(real_logits, fake_logits):
    real, fake = torch.sigmoid(real_logits), torch.sigmoid(fake_logits)
    return -torch.log(real + 1e-8).mean() - torch.log(1 - fake + 1e-8).mean()


def _log_with_a_large_epsilon(real_logits, fake_logits):
    real, fake = torch.sigmoid(real_logits), torch.sigmoid(fake_logits)
    return -(torch.log(real + 1e-5).mean() + torch.log(1 - fake + 1e-5).mean())


def _log_with_a_tiny_epsilon(real_logits, fake_logits):
    real, fake = torch.sigmoid(real_logits), torch.sigmoid(-fake_logits)
    return -(torch.log(real + 1e-12).mean() + torch.log(fake + 1e-12).mean())


def _log_of_clamped(real_logits, fake_logits):
    real = torch.sigmoid(real_logits).clamp(1e-7, 1 - 1e-7)
    fake = torch.sigmoid(fake_logits).clamp(1e-7, 1 - 1e-7)
    return -torch.log(real).mean() - torch.log(1 - fake).mean()


def _log_of_exponential(real_logits, fake_logits):
    return torch.log(1 + torch.exp(-real_logits)).mean() + torch.log(1 + fake_logits.exp()).mean()


def _one_minus_log(real_logits, fake_logits):
    return -(F.logsigmoid(real_logits).mean() + (1 - F.logsigmoid(fake_logits)).mean())


def _cross_entropy_of_probabilities(real_logits, fake_logits):
    real, fake = torch.sigmoid(real_logits), torch.sigmoid(fake_logits)
    return F.binary_cross_entropy(real, torch.ones_like(real)) + F.binary_cross_entropy(
        fake, torch.zeros_like(fake)
    )


def _fakes_detached(real_logits, fake_logits):
    fake_logits = fake_logits.detach()
    return F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()


def _without_gradients(real_logits, fake_logits):
    with torch.no_grad():
        return F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()


def _square_batches(real_logits, fake_logits):
    n = real_logits.shape[0]
    ones, zeros = torch.ones(n, 1), torch.zeros(n, 1)
    return bce(real_logits, ones) + bce(fake_logits, zeros)


def _targets_of_the_real_batch(real_logits, fake_logits):
    ones = torch.ones_like(real_logits)
    return bce(real_logits, ones) + bce(fake_logits, 1 - ones)


def _targets_on_the_cpu(real_logits, fake_logits):
    ones, zeros = torch.ones(real_logits.shape), torch.zeros(fake_logits.shape)
    criterion = nn.BCEWithLogitsLoss()
    return criterion(real_logits, ones) + criterion(fake_logits, zeros)


def _pair(real_logits, fake_logits):
    return F.softplus(-real_logits).mean(), F.softplus(fake_logits).mean()


def _by_logsigmoid(real_logits, fake_logits):
    real = -F.logsigmoid(real_logits).sum() / real_logits.numel()
    return real - F.logsigmoid(-fake_logits).sum() / fake_logits.numel()


def _by_module(real_logits, fake_logits):
    criterion = nn.BCEWithLogitsLoss()
    loss = criterion(real_logits, torch.full_like(real_logits, 1.0))
    loss += criterion(fake_logits, torch.full_like(fake_logits, 0.0))
    return loss


def _by_logaddexp(real_logits, fake_logits):
    zero = torch.zeros((), device=real_logits.device)
    real = torch.stack([torch.logaddexp(zero, -x) for x in real_logits.flatten()])
    return real.mean() + torch.logaddexp(zero, fake_logits).mean()


def _by_weights(real_logits, fake_logits):
    real, fake = real_logits.flatten(), fake_logits.flatten()
    targets = torch.cat([torch.ones_like(real), torch.zeros_like(fake)])
    weights = torch.cat([torch.ones_like(real) / len(real), torch.ones_like(fake) / len(fake)])
    return bce(torch.cat([real, fake]), targets, weight=weights, reduction="sum")


WRITTEN = {
    _maximised: "what the paper maximises",
    _pooled: "one mean over real and fake logits",
    _pooled_and_doubled: "together and double it",
    _added_before_the_mean: "may differ in size",
    _no_reduction: "take every mean over all values",
    _sigmoid_twice: "sigmoid is applied twice",
    _sigmoid_forgotten: "Logits are any numbers, not probabilities",
    _log_of_sigmoid: "its logarithm is lost",
    _log_with_epsilon: "add 1e-08 to the probabilities",
    _log_with_a_large_epsilon: "add 1e-05 to the probabilities",
    _log_with_a_tiny_epsilon: "add 1e-12 to each probability",
    _log_of_clamped: "between 1e-07 and 1 − 1e-07",
    _log_of_exponential: "an exponential to infinity",
    _one_minus_log: "take −(1 − log D)",
    _cross_entropy_of_probabilities: "as F.binary_cross_entropy does",
    _fakes_detached: "no gradient reaches `fake_logits`",
    _without_gradients: "no gradient flows",
    _square_batches: "as torch.ones_like(x) does",
    _targets_of_the_real_batch: "may differ in size",
    _targets_on_the_cpu: "on the GPU",
    _pair: "a tuple of 2",
}

VALID = (
    lambda real, fake: F.softplus(-real).mean() + F.softplus(fake).mean(),
    _by_logsigmoid,
    _by_module,
    _by_logaddexp,
    _by_weights,
)
