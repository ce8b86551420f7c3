"""Exercise 01.2: wrong answers and valid alternatives."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.checks.task import WrongAnswer

bce = F.binary_cross_entropy_with_logits


def _saturating(fake_logits: Tensor) -> Tensor:
    return torch.log(1 - torch.sigmoid(fake_logits)).mean()


def _saturating_stable(fake_logits: Tensor) -> Tensor:
    return -bce(fake_logits, torch.zeros_like(fake_logits))


def _target_zero(fake_logits: Tensor) -> Tensor:
    return bce(fake_logits, torch.zeros_like(fake_logits))


def _sign(fake_logits: Tensor) -> Tensor:
    return F.logsigmoid(fake_logits).mean()


def _sum(fake_logits: Tensor) -> Tensor:
    return bce(fake_logits, torch.ones_like(fake_logits), reduction="sum")


def _no_reduction(fake_logits: Tensor) -> Tensor:
    return -F.logsigmoid(fake_logits)


def _sigmoid_twice(fake_logits: Tensor) -> Tensor:
    probability = torch.sigmoid(fake_logits)
    return nn.BCEWithLogitsLoss()(probability, torch.ones_like(probability))


def _sigmoid_forgotten(fake_logits: Tensor) -> Tensor:
    return nn.BCELoss()(fake_logits, torch.ones_like(fake_logits))


def _log_of_logits(fake_logits: Tensor) -> Tensor:
    return -torch.log(fake_logits).mean()


def _log_of_sigmoid(fake_logits: Tensor) -> Tensor:
    return -torch.log(torch.sigmoid(fake_logits)).mean()


def _log_with_epsilon(fake_logits: Tensor) -> Tensor:
    return -torch.log(torch.sigmoid(fake_logits) + 1e-7).mean()


def _log_with_a_large_epsilon(fake_logits: Tensor) -> Tensor:
    return -torch.log(torch.sigmoid(fake_logits) + 1e-4).mean()


def _log_of_clamped(fake_logits: Tensor) -> Tensor:
    return -torch.log(torch.sigmoid(fake_logits).clamp(min=1e-8)).mean()


def _cross_entropy_of_probabilities(fake_logits: Tensor) -> Tensor:
    probability = fake_logits.sigmoid()
    return F.binary_cross_entropy(probability, torch.ones_like(probability))


def _least_squares(fake_logits: Tensor) -> Tensor:
    return F.mse_loss(fake_logits, torch.ones_like(fake_logits))


def _wasserstein(fake_logits: Tensor) -> Tensor:
    return -torch.mean(fake_logits)


def _log_of_mean(fake_logits: Tensor) -> Tensor:
    return -torch.log(torch.sigmoid(fake_logits).mean())


def _number(fake_logits: Tensor) -> float:
    return bce(fake_logits, torch.ones_like(fake_logits)).item()


def _rewrapped(fake_logits: Tensor) -> Tensor:
    return torch.tensor(bce(fake_logits, torch.ones_like(fake_logits)).item())


def _rewrapped_with_gradient(fake_logits: Tensor) -> Tensor:
    loss = bce(fake_logits.detach(), torch.ones_like(fake_logits))
    return loss.requires_grad_()


def _no_return(fake_logits: Tensor) -> None:
    bce(fake_logits, torch.ones_like(fake_logits))


def _docstring_example(fake_logits: Tensor) -> Tensor:
    return torch.log(torch.tensor(2.0)) + 0 * fake_logits.sum()


def _by_softplus(fake_logits: Tensor) -> Tensor:
    return F.softplus(-fake_logits).mean()


def _by_logsigmoid(fake_logits: Tensor) -> Tensor:
    return -F.logsigmoid(fake_logits).flatten().sum() / fake_logits.numel()


def _by_module(fake_logits: Tensor) -> Tensor:
    return nn.BCEWithLogitsLoss(reduction="none")(
        fake_logits, fake_logits.new_ones(fake_logits.shape)
    ).mean()


def _by_two_classes(fake_logits: Tensor) -> Tensor:
    flat = fake_logits.reshape(-1)
    scores = torch.stack([torch.zeros_like(flat), flat], dim=1)
    return F.cross_entropy(scores, torch.ones(len(flat), dtype=torch.long, device=flat.device))


WRONG = (
    WrongAnswer(answer=_saturating, diagnosis="saturating loss log(1 − D)"),
    WrongAnswer(answer=_saturating_stable, diagnosis="saturating loss log(1 − D)"),
    WrongAnswer(answer=_target_zero, diagnosis="the discriminator's own term for fakes"),
    WrongAnswer(answer=_sign, diagnosis="you return log D"),
    WrongAnswer(answer=_sum, diagnosis="add the terms of all logits up"),
    WrongAnswer(answer=_no_reduction, diagnosis="take the mean over all logits"),
    WrongAnswer(answer=_sigmoid_twice, diagnosis="sigmoid is applied twice"),
    WrongAnswer(answer=_sigmoid_forgotten, diagnosis="between 0 and 1"),
    WrongAnswer(answer=_log_of_logits, diagnosis="Logits are any numbers, not probabilities"),
    WrongAnswer(answer=_log_of_sigmoid, diagnosis="its logarithm is lost"),
    WrongAnswer(answer=_log_with_epsilon, diagnosis="stops near 16.1"),
    WrongAnswer(answer=_log_with_a_large_epsilon, diagnosis="add 0.0001 to the probabilities"),
    WrongAnswer(answer=_log_of_clamped, diagnosis="clamp to, about 1e-08"),
    WrongAnswer(answer=_cross_entropy_of_probabilities, diagnosis="its logarithm is lost"),
    WrongAnswer(answer=_least_squares, diagnosis="LSGAN"),
    WrongAnswer(answer=_wasserstein, diagnosis="Wasserstein"),
    WrongAnswer(answer=_log_of_mean, diagnosis="logarithm of the mean of D"),
    WrongAnswer(answer=_number, diagnosis="Leave out .item()"),
    WrongAnswer(answer=_rewrapped, diagnosis="no gradient flows through your loss"),
    WrongAnswer(answer=_rewrapped_with_gradient, diagnosis="no gradient reaches `fake_logits`"),
    WrongAnswer(answer=_no_return, diagnosis="is the `return` missing"),
    WrongAnswer(answer=_docstring_example, diagnosis="whatever it is called with"),
)

VALID = (_by_softplus, _by_logsigmoid, _by_module, _by_two_classes)
