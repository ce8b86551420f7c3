"""Exercise 03.1: wrong answers and valid alternatives."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from course_lib.checks.task import Equivalent, WrongAnswer


def _swapped(logits: Tensor, is_real: bool, *, smoothing: float) -> Tensor:
    return torch.full_like(logits, smoothing if is_real else 1 - smoothing)


def _one_sided(logits: Tensor, is_real: bool, *, smoothing: float) -> Tensor:
    if is_real:
        return torch.ones_like(logits) * (1 - smoothing)
    return torch.zeros_like(logits)


def _hard_labels_scaled(logits: Tensor, is_real: bool, *, smoothing: float) -> Tensor:
    return torch.full_like(logits, float(is_real)) * (1 - smoothing)


def _fakes_only(logits: Tensor, is_real: bool, *, smoothing: float) -> Tensor:
    return torch.ones_like(logits) if is_real else torch.full_like(logits, smoothing)


def _hard(logits: Tensor, is_real: bool, *, smoothing: float) -> Tensor:
    return torch.ones_like(logits) if is_real else torch.zeros_like(logits)


def _hard_coded(logits: Tensor, is_real: bool, *, smoothing: float) -> Tensor:
    return torch.full_like(logits, 0.9 if is_real else 0.1)


def _as_in_classifiers(logits: Tensor, is_real: bool, *, smoothing: float) -> Tensor:
    return torch.full_like(logits, float(is_real)) * (1 - smoothing) + smoothing / 2


def _twice(logits: Tensor, is_real: bool, *, smoothing: float) -> Tensor:
    return torch.full_like(logits, 1 - 2 * smoothing if is_real else 2 * smoothing)


def _twice_for_photographs(logits: Tensor, is_real: bool, *, smoothing: float) -> Tensor:
    return torch.full_like(logits, 1 - 2 * smoothing if is_real else smoothing)


def _always_real(logits: Tensor, is_real: bool, *, smoothing: float) -> Tensor:
    return torch.full_like(logits, 1 - smoothing)


def _always_fake(logits: Tensor, is_real: bool, *, smoothing: float) -> Tensor:
    return torch.full_like(logits, smoothing)


def _function_of_the_class(logits: Tensor, is_real: bool, *, smoothing: float) -> Tensor:
    target = 1 - smoothing if is_real is None else smoothing
    return torch.full_like(logits, target)


def _below_zero(logits: Tensor, is_real: bool, *, smoothing: float) -> Tensor:
    labels = torch.ones_like(logits) if is_real else torch.zeros_like(logits)
    return labels - smoothing


def _above_one(logits: Tensor, is_real: bool, *, smoothing: float) -> Tensor:
    labels = torch.ones_like(logits) if is_real else torch.zeros_like(logits)
    return labels + smoothing


def _of_the_logits(logits: Tensor, is_real: bool, *, smoothing: float) -> Tensor:
    return logits * (1 - smoothing)


def _of_the_logits_towards_half(logits: Tensor, is_real: bool, *, smoothing: float) -> Tensor:
    return logits * (1 - smoothing) + smoothing / 2


def _of_the_probabilities(logits: Tensor, is_real: bool, *, smoothing: float) -> Tensor:
    return torch.sigmoid(logits) * (1 - smoothing)


def _logits_clamped(logits: Tensor, is_real: bool, *, smoothing: float) -> Tensor:
    return logits.clamp(smoothing, 1 - smoothing)


def _random(logits: Tensor, is_real: bool, *, smoothing: float) -> Tensor:
    noise = torch.rand_like(logits) * smoothing
    return 1 - noise if is_real else noise


def _number(logits: Tensor, is_real: bool, *, smoothing: float) -> float:
    return 1 - smoothing if is_real else smoothing


def _one_number_in_a_tensor(logits: Tensor, is_real: bool, *, smoothing: float) -> Tensor:
    return torch.tensor(1 - smoothing if is_real else smoothing)


def _one_a_picture(logits: Tensor, is_real: bool, *, smoothing: float) -> Tensor:
    return torch.full((logits.shape[0], 1), 1 - smoothing if is_real else smoothing)


def _list(logits: Tensor, is_real: bool, *, smoothing: float) -> list[float]:
    return [1 - smoothing if is_real else smoothing] * len(logits)


def _plain_type(logits: Tensor, is_real: bool, *, smoothing: float) -> Tensor:
    return torch.full(logits.shape, 1 - smoothing if is_real else smoothing)


def _stays_on_the_cpu(logits: Tensor, is_real: bool, *, smoothing: float) -> Tensor:
    target = 1 - smoothing if is_real else smoothing
    return torch.full(logits.shape, target, dtype=logits.dtype)


def _in_place(logits: Tensor, is_real: bool, *, smoothing: float) -> Tensor:
    return logits.detach().fill_(1 - smoothing if is_real else smoothing)


def _asks_for_gradients(logits: Tensor, is_real: bool, *, smoothing: float) -> Tensor:
    target = 1 - smoothing if is_real else smoothing
    return torch.full_like(logits, target, requires_grad=True)


def _attached(logits: Tensor, is_real: bool, *, smoothing: float) -> Tensor:
    return logits * 0 + (1 - smoothing if is_real else smoothing)


def _returns_none(logits: Tensor, is_real: bool, *, smoothing: float) -> None:
    torch.full_like(logits, 1 - smoothing if is_real else smoothing)


def _without_keyword(logits: Tensor, is_real: bool) -> Tensor:
    return torch.full_like(logits, 0.9 if is_real else 0.1)


def _by_arithmetic(logits: Tensor, is_real: bool, *, smoothing: float) -> Tensor:
    return torch.ones_like(logits) * abs((not is_real) - (1 - smoothing))


def _from_hard_labels(logits: Tensor, is_real: bool, *, smoothing: float) -> Tensor:
    labels = torch.ones_like(logits) if is_real else torch.zeros_like(logits)
    return labels.clamp(smoothing, 1 - smoothing)


def _detached(logits: Tensor, is_real: bool, *, smoothing: float) -> Tensor:
    labels = logits.detach().clone()
    labels[...] = 1 - smoothing
    return labels if is_real else 1 - labels


def _told_everything(logits: Tensor, is_real: bool, *, smoothing: float) -> Tensor:
    target = {True: 1.0 - smoothing, False: smoothing}[is_real]
    return torch.full(logits.size(), target, dtype=logits.dtype, device=logits.device)


def _by_numpy(logits: Tensor, is_real: bool, *, smoothing: float) -> Tensor:
    return torch.tensor(np.full(logits.shape, 1 - smoothing if is_real else smoothing)).to(logits)


def _by_linear_interpolation(logits: Tensor, is_real: bool, *, smoothing: float) -> Tensor:
    labels = torch.full_like(logits, is_real)
    return labels.lerp(1 - labels, smoothing)


WRONG = (
    WrongAnswer(answer=_swapped, diagnosis="two kinds are swapped"),
    WrongAnswer(answer=_one_sided, diagnosis="one-sided smoothing"),
    WrongAnswer(answer=_hard_labels_scaled, diagnosis="get the target 0"),
    WrongAnswer(answer=_fakes_only, diagnosis="generated pictures' labels only"),
    WrongAnswer(answer=_hard, diagnosis="nothing is smoothed"),
    WrongAnswer(answer=_hard_coded, diagnosis="0.9 and 0.1 whatever the smoothing is"),
    WrongAnswer(answer=_as_in_classifiers, diagnosis="the smoothing of classifiers"),
    WrongAnswer(answer=_twice, diagnosis="twice the smoothing away"),
    WrongAnswer(answer=_twice_for_photographs, diagnosis="the target 1 − 2·smoothing"),
    WrongAnswer(answer=_always_real, diagnosis="the target 1 − smoothing"),
    WrongAnswer(answer=_always_fake, diagnosis="the target smoothing too"),
    WrongAnswer(answer=_function_of_the_class, diagnosis="`is_real` makes no difference"),
    WrongAnswer(answer=_below_zero, diagnosis="minus the smoothing, below 0"),
    WrongAnswer(answer=_above_one, diagnosis="above 1, where no probability is"),
    WrongAnswer(answer=_of_the_logits, diagnosis="smooth the logits, not the labels"),
    WrongAnswer(answer=_of_the_logits_towards_half, diagnosis="smooth the logits towards ½"),
    WrongAnswer(answer=_of_the_probabilities, diagnosis="smooth D's probabilities"),
    WrongAnswer(answer=_logits_clamped, diagnosis="clamp the logits"),
    WrongAnswer(answer=_random, diagnosis="you draw them"),
    WrongAnswer(answer=_number, diagnosis="a tensor is expected, with one label for each"),
    WrongAnswer(answer=_one_number_in_a_tensor, diagnosis="one label for each of the logits"),
    WrongAnswer(answer=_one_a_picture, diagnosis="one label for each of the logits, here"),
    WrongAnswer(answer=_list, diagnosis="a list of"),
    WrongAnswer(answer=_plain_type, diagnosis="of the type torch.float32"),
    WrongAnswer(answer=_stays_on_the_cpu, diagnosis="returns a tensor on the CPU"),
    WrongAnswer(answer=_in_place, diagnosis="changes its input `logits` in place"),
    WrongAnswer(answer=_asks_for_gradients, diagnosis="requires_grad is set"),
    WrongAnswer(answer=_attached, diagnosis="gradients flow from your labels into the logits"),
    WrongAnswer(answer=_returns_none, diagnosis="is the `return` missing?"),
    WrongAnswer(answer=_without_keyword, diagnosis="can't be called as the lesson calls it"),
)

VALID = (
    _by_arithmetic,
    _from_hard_labels,
    _detached,
    _told_everything,
    _by_numpy,
    _by_linear_interpolation,
)

EQUIVALENT: tuple[Equivalent, ...] = ()
