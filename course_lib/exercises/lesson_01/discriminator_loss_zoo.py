"""Exercise 01.1: wrong answers and valid alternatives."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.checks.task import Equivalent, WrongAnswer

bce = F.binary_cross_entropy_with_logits


def _labels_swapped(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    real = bce(real_logits, torch.zeros_like(real_logits))
    fake = bce(fake_logits, torch.ones_like(fake_logits))
    return real + fake


def _both_ones(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    return bce(real_logits, torch.ones_like(real_logits)) + bce(
        fake_logits, torch.ones_like(fake_logits)
    )


def _maximised(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    return F.logsigmoid(real_logits).mean() + F.logsigmoid(-fake_logits).mean()


def _halved(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    real = bce(real_logits, torch.ones_like(real_logits))
    fake = bce(fake_logits, torch.zeros_like(fake_logits))
    return (real + fake) * 0.5


def _pooled(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    both = torch.cat([real_logits.flatten(), fake_logits.flatten()])
    targets = torch.cat([torch.ones(real_logits.numel()), torch.zeros(fake_logits.numel())])
    return bce(both, targets)


def _pooled_and_doubled(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    return 2 * _pooled(real_logits, fake_logits)


def _added_before_the_mean(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    return (F.softplus(-real_logits) + F.softplus(fake_logits)).mean()


def _sum(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    real = bce(real_logits, torch.ones_like(real_logits), reduction="sum")
    return real + bce(fake_logits, torch.zeros_like(fake_logits), reduction="sum")


def _no_reduction(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    real = bce(real_logits, torch.ones_like(real_logits), reduction="none")
    return real + bce(fake_logits, torch.zeros_like(fake_logits), reduction="none")


def _sigmoid_twice(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    real, fake = torch.sigmoid(real_logits), torch.sigmoid(fake_logits)
    return bce(real, torch.ones_like(real)) + bce(fake, torch.zeros_like(fake))


def _sigmoid_forgotten(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    real = F.binary_cross_entropy(real_logits, torch.ones_like(real_logits))
    return real + F.binary_cross_entropy(fake_logits, torch.zeros_like(fake_logits))


def _log_of_logits(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    return -torch.log(real_logits).mean() - torch.log(1 - fake_logits).mean()


def _log_of_sigmoid(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    real, fake = torch.sigmoid(real_logits), torch.sigmoid(fake_logits)
    return -torch.log(real).mean() - torch.log(1 - fake).mean()


def _log_with_epsilon(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    real, fake = torch.sigmoid(real_logits), torch.sigmoid(fake_logits)
    return -torch.log(real + 1e-8).mean() - torch.log(1 - fake + 1e-8).mean()


def _log_with_a_large_epsilon(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    real, fake = torch.sigmoid(real_logits), torch.sigmoid(fake_logits)
    return -(torch.log(real + 1e-5).mean() + torch.log(1 - fake + 1e-5).mean())


def _log_with_a_tiny_epsilon(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    real, fake = torch.sigmoid(real_logits), torch.sigmoid(-fake_logits)
    return -(torch.log(real + 1e-12).mean() + torch.log(fake + 1e-12).mean())


def _log_of_clamped(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    real = torch.sigmoid(real_logits).clamp(1e-7, 1 - 1e-7)
    fake = torch.sigmoid(fake_logits).clamp(1e-7, 1 - 1e-7)
    return -torch.log(real).mean() - torch.log(1 - fake).mean()


def _log_of_exponential(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    return torch.log(1 + torch.exp(-real_logits)).mean() + torch.log(1 + fake_logits.exp()).mean()


def _one_minus_log(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    return -(F.logsigmoid(real_logits).mean() + (1 - F.logsigmoid(fake_logits)).mean())


def _one_minus_log_added(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    return -F.logsigmoid(real_logits).mean() + (1 - F.logsigmoid(fake_logits)).mean()


def _cross_entropy_of_probabilities(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    real, fake = torch.sigmoid(real_logits), torch.sigmoid(fake_logits)
    return F.binary_cross_entropy(real, torch.ones_like(real)) + F.binary_cross_entropy(
        fake, torch.zeros_like(fake)
    )


def _only_real(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    return bce(real_logits, torch.ones_like(real_logits))


def _only_fake(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    return bce(fake_logits, torch.zeros_like(fake_logits))


def _smoothed(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    real = bce(real_logits, 0.9 * torch.ones_like(real_logits))
    return real + bce(fake_logits, torch.zeros_like(fake_logits))


def _least_squares(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    return F.mse_loss(real_logits, torch.ones_like(real_logits)) + fake_logits.square().mean()


def _wasserstein(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    return -(real_logits.mean() - fake_logits.mean())


def _number(real_logits: Tensor, fake_logits: Tensor) -> float:
    return (F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()).item()


def _fakes_detached(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    fake_logits = fake_logits.detach()
    return F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()


def _without_gradients(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    with torch.no_grad():
        return F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()


def _square_batches(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    n = real_logits.shape[0]
    ones, zeros = torch.ones(n, 1), torch.zeros(n, 1)
    return bce(real_logits, ones) + bce(fake_logits, zeros)


def _pair(real_logits: Tensor, fake_logits: Tensor) -> tuple[Tensor, Tensor]:
    return F.softplus(-real_logits).mean(), F.softplus(fake_logits).mean()


def _by_softplus(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    return F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()


def _by_logsigmoid(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    real = -F.logsigmoid(real_logits).sum() / real_logits.numel()
    return real - F.logsigmoid(-fake_logits).sum() / fake_logits.numel()


def _by_module(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    criterion = nn.BCEWithLogitsLoss()
    loss = criterion(real_logits, torch.full_like(real_logits, 1.0))
    loss += criterion(fake_logits, torch.full_like(fake_logits, 0.0))
    return loss


def _by_logaddexp(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    zero = torch.zeros((), device=real_logits.device)
    real = torch.stack([torch.logaddexp(zero, -x) for x in real_logits.flatten()])
    return real.mean() + torch.logaddexp(zero, fake_logits).mean()


WRONG = (
    WrongAnswer(answer=_labels_swapped, diagnosis="call real pictures fake"),
    WrongAnswer(answer=_both_ones, diagnosis="terms have the target 1"),
    WrongAnswer(answer=_maximised, diagnosis="what the paper maximises"),
    WrongAnswer(answer=_halved, diagnosis="the mean of the two terms"),
    WrongAnswer(answer=_pooled, diagnosis="one mean over real and fake logits"),
    WrongAnswer(answer=_pooled_and_doubled, diagnosis="together and double it"),
    WrongAnswer(answer=_added_before_the_mean, diagnosis="must match the size"),
    WrongAnswer(answer=_sum, diagnosis="add the terms of all logits up"),
    WrongAnswer(answer=_no_reduction, diagnosis="take the mean over all logits"),
    WrongAnswer(answer=_sigmoid_twice, diagnosis="sigmoid is applied twice"),
    WrongAnswer(answer=_sigmoid_forgotten, diagnosis="between 0 and 1"),
    WrongAnswer(answer=_log_of_logits, diagnosis="Logits are any numbers, not probabilities"),
    WrongAnswer(answer=_log_of_sigmoid, diagnosis="its logarithm is lost"),
    WrongAnswer(answer=_log_with_epsilon, diagnosis="stops near 18.4"),
    WrongAnswer(answer=_log_with_a_large_epsilon, diagnosis="before the logarithm"),
    WrongAnswer(answer=_log_with_a_tiny_epsilon, diagnosis="clamp to, about 1e-12"),
    WrongAnswer(answer=_log_of_clamped, diagnosis="stops near 16.1"),
    WrongAnswer(answer=_log_of_exponential, diagnosis="an exponential to infinity"),
    WrongAnswer(answer=_one_minus_log, diagnosis="take −(1 − log D)"),
    WrongAnswer(answer=_one_minus_log_added, diagnosis="add 1 − log D"),
    WrongAnswer(answer=_cross_entropy_of_probabilities, diagnosis="its logarithm is lost"),
    WrongAnswer(answer=_only_real, diagnosis="the real term is there"),
    WrongAnswer(answer=_only_fake, diagnosis="the fake term is there"),
    WrongAnswer(answer=_smoothed, diagnosis="label smoothing"),
    WrongAnswer(answer=_least_squares, diagnosis="LSGAN"),
    WrongAnswer(answer=_wasserstein, diagnosis="Wasserstein"),
    WrongAnswer(answer=_number, diagnosis="Leave out .item()"),
    WrongAnswer(answer=_fakes_detached, diagnosis="no gradient reaches `fake_logits`"),
    WrongAnswer(answer=_without_gradients, diagnosis="no gradient flows through your loss"),
    WrongAnswer(answer=_square_batches, diagnosis="1×"),
    WrongAnswer(answer=_pair, diagnosis="a tuple of 2"),
)

VALID = (_by_softplus, _by_logsigmoid, _by_module, _by_logaddexp)

EQUIVALENT = (
    Equivalent(
        mutant="line 1: `real = F.binary_cross_entropy_with_logits(r…` after the next statement",
        why="The two terms don't depend on each other.",
    ),
)
