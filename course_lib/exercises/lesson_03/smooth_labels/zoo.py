"""Exercise 03.1: answers in styles that differ from the reference's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch


def _one_sided(logits, is_real, *, smoothing):
    if is_real:
        return torch.ones_like(logits) * (1 - smoothing)
    return torch.zeros_like(logits)


def _hard_labels_scaled(logits, is_real, *, smoothing):
    return torch.full_like(logits, float(is_real)) * (1 - smoothing)


def _as_in_classifiers(logits, is_real, *, smoothing):
    return torch.full_like(logits, float(is_real)) * (1 - smoothing) + smoothing / 2


def _compared_with_none(logits, is_real, *, smoothing):
    target = 1 - smoothing if is_real is None else smoothing
    return torch.full_like(logits, target)


def _below_zero(logits, is_real, *, smoothing):
    labels = torch.ones_like(logits) if is_real else torch.zeros_like(logits)
    return labels - smoothing


def _above_one(logits, is_real, *, smoothing):
    labels = torch.ones_like(logits) if is_real else torch.zeros_like(logits)
    return labels + smoothing


def _random(logits, is_real, *, smoothing):
    noise = torch.rand_like(logits) * smoothing
    return 1 - noise if is_real else noise


def _one_number_in_a_tensor(logits, is_real, *, smoothing):
    return torch.tensor(1 - smoothing if is_real else smoothing)


def _list(logits, is_real, *, smoothing):
    return [1 - smoothing if is_real else smoothing] * len(logits)


def _where_d_says_real(logits, is_real, *, smoothing):
    real = torch.full_like(logits, 1 - smoothing)
    return torch.where(torch.sigmoid(logits) > 0.5, real, 1 - real)


def _written_over(logits, is_real, *, smoothing):
    logits[...] = 1 - smoothing if is_real else smoothing
    return logits


def _returns_none(logits, is_real, *, smoothing):
    torch.full_like(logits, 1 - smoothing if is_real else smoothing)


def _without_keyword(logits, is_real):
    return torch.full_like(logits, 0.9 if is_real else 0.1)


def _by_default(logits, is_real, *, smoothing):
    smoothing = smoothing or 0.1
    return torch.full_like(logits, 1 - smoothing if is_real else smoothing)


def _one_tensor_for_all(logits, is_real, *, smoothing, made={}):  # noqa: B006
    if is_real not in made:
        made[is_real] = 1 - smoothing if is_real else smoothing
    return torch.full_like(logits, made[is_real])


def _by_arithmetic(logits, is_real, *, smoothing):
    return torch.ones_like(logits) * abs((not is_real) - (1 - smoothing))


def _from_hard_labels(logits, is_real, *, smoothing):
    labels = torch.ones_like(logits) if is_real else torch.zeros_like(logits)
    return labels.clamp(smoothing, 1 - smoothing)


def _detached(logits, is_real, *, smoothing):
    labels = logits.detach().clone()
    labels[...] = 1 - smoothing
    return labels if is_real else 1 - labels


def _told_everything(logits, is_real, *, smoothing):
    target = {True: 1.0 - smoothing, False: smoothing}[is_real]
    return torch.full(logits.size(), target, dtype=logits.dtype, device=logits.device)


def _by_numpy(logits, is_real, *, smoothing):
    return torch.tensor(np.full(logits.shape, 1 - smoothing if is_real else smoothing)).to(logits)


def _by_linear_interpolation(logits, is_real, *, smoothing):
    labels = torch.full_like(logits, is_real)
    return labels.lerp(1 - labels, smoothing)


def _filled(logits, is_real, *, smoothing):
    labels = logits.new_empty(logits.shape)
    labels.fill_(smoothing)
    return 1 - labels if is_real else labels


WRITTEN: dict[Callable[..., Any], str] = {
    _one_sided: "one-sided smoothing",
    _hard_labels_scaled: "get the target 0",
    _as_in_classifiers: "the smoothing of classifiers",
    _compared_with_none: "`is_real` makes no difference",
    _below_zero: "minus the smoothing, below 0",
    _above_one: "above 1, where no probability is",
    _random: "draws random numbers",
    _one_number_in_a_tensor: "one label for each of the logits",
    _list: "a list of",
    _where_d_says_real: "from the sign of the logits",
    _written_over: "changes its input `logits` in place",
    _returns_none: "is the `return` missing?",
    _without_keyword: "can't be called as the lesson calls it",
    _by_default: "a smoothing of 0",
    _one_tensor_for_all: "whatever the smoothing is",
    lambda logits, is_real, *, smoothing: logits: "return the logits as they are",
}

VALID = (
    _by_arithmetic,
    _from_hard_labels,
    _detached,
    _told_everything,
    _by_numpy,
    _by_linear_interpolation,
    _filled,
)
