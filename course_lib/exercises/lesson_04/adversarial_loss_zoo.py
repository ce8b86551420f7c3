"""Exercise 04.6: wrong answers and valid alternatives."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.checks.task import WrongAnswer
from course_lib.losses import generator_loss

bce = F.binary_cross_entropy_with_logits


def _as_printed(fake_logits: Tensor) -> Tensor:
    return F.logsigmoid(fake_logits).mean()


def _as_printed_in_pieces(fake_logits: Tensor) -> Tensor:
    d = torch.sigmoid(fake_logits)
    return torch.log(d + 1e-8).mean()


def _as_printed_with_epsilon(fake_logits: Tensor) -> Tensor:
    return torch.log(torch.sigmoid(fake_logits) + 1e-3).mean()


def _from_our_network(fake_logits: Tensor) -> Tensor:
    return F.logsigmoid(-fake_logits).mean()


def _minimax(fake_logits: Tensor) -> Tensor:
    return torch.log(1 - torch.sigmoid(fake_logits)).mean()


def _from_our_network_turned(fake_logits: Tensor) -> Tensor:
    return -F.logsigmoid(-fake_logits).mean()


def _target_zero(fake_logits: Tensor) -> Tensor:
    return bce(fake_logits, torch.zeros_like(fake_logits))


def _sum(fake_logits: Tensor) -> Tensor:
    return -F.logsigmoid(fake_logits).sum()


def _sum_as_printed(fake_logits: Tensor) -> Tensor:
    return F.logsigmoid(fake_logits).sum()


def _sum_a_picture(fake_logits: Tensor) -> Tensor:
    return -F.logsigmoid(fake_logits).sum() / fake_logits.shape[0]


def _no_mean(fake_logits: Tensor) -> Tensor:
    return -F.logsigmoid(fake_logits)


def _mean_of_a_picture(fake_logits: Tensor) -> Tensor:
    return -F.logsigmoid(fake_logits).mean(0)


def _sigmoid_twice(fake_logits: Tensor) -> Tensor:
    return -F.logsigmoid(torch.sigmoid(fake_logits)).mean()


def _sigmoid_twice_as_printed(fake_logits: Tensor) -> Tensor:
    d = torch.sigmoid(fake_logits)
    return -bce(d, torch.ones_like(d))


def _log_of_logits(fake_logits: Tensor) -> Tensor:
    return -torch.log(fake_logits).mean()


def _log_of_sigmoid(fake_logits: Tensor) -> Tensor:
    return -torch.log(torch.sigmoid(fake_logits)).mean()


def _log_with_epsilon(fake_logits: Tensor) -> Tensor:
    return -torch.log(torch.sigmoid(fake_logits) + 1e-7).mean()


def _log_with_a_large_epsilon(fake_logits: Tensor) -> Tensor:
    return -torch.log(torch.sigmoid(fake_logits) + 1e-3).mean()


def _log_of_clamped(fake_logits: Tensor) -> Tensor:
    return -torch.log(torch.sigmoid(fake_logits).clamp(min=1e-8)).mean()


def _log_of_mean(fake_logits: Tensor) -> Tensor:
    return -torch.log(torch.sigmoid(fake_logits).mean())


def _mean_before_the_logarithm(fake_logits: Tensor) -> Tensor:
    return -F.logsigmoid(fake_logits.mean())


def _decimal(fake_logits: Tensor) -> Tensor:
    return -torch.log10(torch.sigmoid(fake_logits)).mean()


def _beta_inside(fake_logits: Tensor) -> Tensor:
    return -0.001 * F.logsigmoid(fake_logits).mean()


def _wasserstein(fake_logits: Tensor) -> Tensor:
    return -fake_logits.mean()


def _logarithm_forgotten(fake_logits: Tensor) -> Tensor:
    return -torch.sigmoid(fake_logits).mean()


def _probability_of_failure(fake_logits: Tensor) -> Tensor:
    return (1 - torch.sigmoid(fake_logits)).mean()


def _least_squares(fake_logits: Tensor) -> Tensor:
    return F.mse_loss(fake_logits, torch.ones_like(fake_logits))


def _smoothed(fake_logits: Tensor) -> Tensor:
    return bce(fake_logits, torch.full_like(fake_logits, 0.9))


def _softmax(fake_logits: Tensor) -> Tensor:
    return -F.log_softmax(fake_logits, dim=-1).mean()


def _targets_of_one_size(fake_logits: Tensor) -> Tensor:
    return bce(fake_logits, torch.ones(len(fake_logits), 1))


def _targets_on_the_cpu(fake_logits: Tensor) -> Tensor:
    return bce(fake_logits, torch.ones(fake_logits.shape))


def _by_numpy(fake_logits: Tensor) -> Tensor:
    return torch.tensor(np.logaddexp(0, -fake_logits.detach().numpy()).mean())


def _number(fake_logits: Tensor) -> float:
    return -F.logsigmoid(fake_logits).mean().item()


def _detached(fake_logits: Tensor) -> Tensor:
    return -F.logsigmoid(fake_logits.detach()).mean()


def _detached_with_gradient(fake_logits: Tensor) -> Tensor:
    return (-F.logsigmoid(fake_logits.detach()).mean()).requires_grad_()


def _in_place(fake_logits: Tensor) -> Tensor:
    return F.softplus(fake_logits.neg_()).mean()


def _no_return(fake_logits: Tensor) -> None:
    -F.logsigmoid(fake_logits).mean()


def _whatever_it_is_called_with(fake_logits: Tensor) -> Tensor:
    return torch.log(torch.tensor(2.0)) + 0 * fake_logits.sum()


def _by_generator_loss(fake_logits: Tensor) -> Tensor:
    return generator_loss(fake_logits)


def _by_softplus(fake_logits: Tensor) -> Tensor:
    return F.softplus(-fake_logits).mean()


def _by_module(fake_logits: Tensor) -> Tensor:
    return nn.BCEWithLogitsLoss()(fake_logits, torch.ones_like(fake_logits))


def _by_absolute_value(fake_logits: Tensor) -> Tensor:
    return nn.LogSigmoid()(fake_logits).abs().mean()


def _by_loop(fake_logits: Tensor) -> Tensor:
    loss = fake_logits.new_zeros(())
    for logit in fake_logits.flatten():
        loss = loss - F.logsigmoid(logit)
    return loss / fake_logits.numel()


def _by_logaddexp(fake_logits: Tensor) -> Tensor:
    return torch.logaddexp(torch.zeros_like(fake_logits), -fake_logits).mean()


WRONG = (
    WrongAnswer(answer=_as_printed, diagnosis="our sign is the paper's as printed, E[log D(G("),
    WrongAnswer(answer=_as_printed_in_pieces, diagnosis="learns to be recognised"),
    WrongAnswer(answer=_as_printed_with_epsilon, diagnosis="add 0.001 to the probabilities"),
    WrongAnswer(answer=_from_our_network, diagnosis="his is log(1 − D). Its sign is right"),
    WrongAnswer(answer=_minimax, diagnosis="his is log(1 − D). Its sign is right"),
    WrongAnswer(answer=_from_our_network_turned, diagnosis="his is −log(1 − D), the discriminat"),
    WrongAnswer(answer=_target_zero, diagnosis="own term for restored pictures"),
    WrongAnswer(answer=_sum, diagnosis="add the terms of all logits up"),
    WrongAnswer(answer=_sum_as_printed, diagnosis="larger steps. And your sign is the paper's"),
    WrongAnswer(answer=_sum_a_picture, diagnosis="divide by the number of pictures"),
    WrongAnswer(answer=_no_mean, diagnosis="take the mean over all logits"),
    WrongAnswer(answer=_mean_of_a_picture, diagnosis="take the mean over all logits"),
    WrongAnswer(answer=_sigmoid_twice, diagnosis="sigmoid is applied twice"),
    WrongAnswer(answer=_sigmoid_twice_as_printed, diagnosis="as they are. And your sign is the"),
    WrongAnswer(answer=_log_of_logits, diagnosis="Logits are any numbers, not probabilities"),
    WrongAnswer(answer=_log_of_sigmoid, diagnosis="its logarithm is lost"),
    WrongAnswer(answer=_log_with_epsilon, diagnosis="stops near 16.1"),
    WrongAnswer(answer=_log_with_a_large_epsilon, diagnosis="add 0.001 to the probabilities"),
    WrongAnswer(answer=_log_of_clamped, diagnosis="clamp to, about 1e-08"),
    WrongAnswer(answer=_log_of_mean, diagnosis="the logarithm of the mean of D"),
    WrongAnswer(answer=_mean_before_the_logarithm, diagnosis="the mean of the logits first"),
    WrongAnswer(answer=_decimal, diagnosis="to the base 10"),
    WrongAnswer(answer=_beta_inside, diagnosis="β multiplies it later"),
    WrongAnswer(answer=_wasserstein, diagnosis="Wasserstein"),
    WrongAnswer(answer=_logarithm_forgotten, diagnosis="the mean of D itself"),
    WrongAnswer(answer=_probability_of_failure, diagnosis="his is 1 − D"),
    WrongAnswer(answer=_least_squares, diagnosis="LSGAN"),
    WrongAnswer(answer=_smoothed, diagnosis="he target of your cross-entropy is 0.9"),
    WrongAnswer(answer=_softmax, diagnosis="compares the logits along an axis"),
    WrongAnswer(answer=_targets_of_one_size, diagnosis="your function raises ValueError"),
    WrongAnswer(answer=_targets_on_the_cpu, diagnosis="On logits on the GPU, your function stops"),
    WrongAnswer(answer=_by_numpy, diagnosis="no gradient flows through your loss"),
    WrongAnswer(answer=_number, diagnosis="Leave out .item()"),
    WrongAnswer(answer=_detached, diagnosis="no gradient flows through your loss"),
    WrongAnswer(answer=_detached_with_gradient, diagnosis="no gradient reaches `fake_logits`"),
    WrongAnswer(answer=_in_place, diagnosis="changes its input `fake_logits` in place"),
    WrongAnswer(answer=_no_return, diagnosis="is the `return` missing"),
    WrongAnswer(answer=_whatever_it_is_called_with, diagnosis="whatever it is called with"),
)

VALID = (
    _by_generator_loss,
    _by_softplus,
    _by_module,
    _by_absolute_value,
    _by_loop,
    _by_logaddexp,
)
