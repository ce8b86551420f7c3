"""Exercise 03.3: answers in styles that differ from the reference's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch


def _as_probabilities(real_logits, fake_logits):
    right = [float(x > 0.5) for x in real_logits.flatten()]
    wrong = [float(x < 0.5) for x in fake_logits.flatten()]
    return (sum(right) / len(right) + sum(wrong) / len(wrong)) / 2


def _zero_is_generated(real_logits, fake_logits):
    real = (torch.sigmoid(real_logits) > 0.5).float().mean()
    return float(real + (torch.sigmoid(fake_logits) <= 0.5).float().mean()) / 2


def _probabilities_rounded(real_logits, fake_logits):
    real = torch.round(torch.sigmoid(real_logits)).mean()
    return float(real + 1 - torch.round(torch.sigmoid(fake_logits)).mean()) / 2


def _probabilities_against_zero(real_logits, fake_logits):
    real = (torch.sigmoid(real_logits) > 0).float().mean()
    fake = (torch.sigmoid(fake_logits) < 0).float().mean()
    return float(real + fake) / 2


def _pooled(real_logits, fake_logits):
    right = (real_logits > 0).sum() + (fake_logits < 0).sum()
    return float(right / (real_logits.numel() + fake_logits.numel()))


def _arguments_swapped(fake_logits, real_logits):
    return float((real_logits > 0).float().mean() + (fake_logits < 0).float().mean()) / 2


def _whole_division(real_logits, fake_logits):
    real = (real_logits > 0).float().mean().item()
    return (real + (fake_logits < 0).float().mean().item()) // 2


def _counts_divided_whole(real_logits, fake_logits):
    real = int((real_logits > 0).sum()) // real_logits.numel()
    fake = int((fake_logits < 0).sum()) // fake_logits.numel()
    return (real + fake) / 2


def _mean_of_booleans(real_logits, fake_logits):
    return ((real_logits > 0).mean() + (fake_logits < 0).mean()) / 2


def _smoothed(real_logits, fake_logits):
    real, fake = torch.sigmoid(real_logits) >= 0.9, torch.sigmoid(fake_logits) <= 0.1
    return float(real.float().mean() + fake.float().mean()) / 2


def _equal_to_the_labels(real_logits, fake_logits):
    real = (torch.sigmoid(real_logits) == 0.9).float().mean()
    return float(real + (torch.sigmoid(fake_logits) == 0.1).float().mean()) / 2


def _pictures_first(real_logits, fake_logits):
    real, fake = (x.flatten(1).mean(1) if x.ndim > 1 else x for x in (real_logits, fake_logits))
    return float((real > 0).float().mean() + (fake < 0).float().mean()) / 2


def _pictures_by_axes(real_logits, fake_logits):
    real, fake = real_logits.mean(dim=(1, 2, 3)), fake_logits.mean(dim=(1, 2, 3))
    return float((real > 0).float().mean() + (fake < 0).float().mean()) / 2


def _pictures_of_probabilities(real_logits, fake_logits):
    shares = []
    for logits, real in ((real_logits, True), (fake_logits, False)):
        verdicts = [picture.sigmoid().mean() for picture in logits]
        right = [one > 0.5 if real else one < 0.5 for one in verdicts]
        shares.append(sum(map(float, right)) / len(right))
    return sum(shares) / 2


def _pairs(real_logits, fake_logits):
    return float((real_logits > fake_logits).float().mean())


def _added_before_the_mean(real_logits, fake_logits):
    return float(((real_logits > 0).float() + (fake_logits < 0).float()).mean() / 2)


def _axis_left(real_logits, fake_logits):
    return ((real_logits > 0).float().mean(0) + (fake_logits < 0).float().mean(0)) / 2


def _as_text(real_logits, fake_logits):
    right = (real_logits > 0).float().mean() + (fake_logits < 0).float().mean()
    return f"{float(right) / 2:.2%}"


def _in_place(real_logits, fake_logits):
    real = real_logits.sigmoid_().gt(0.5).float().mean()
    return float(real + (fake_logits < 0).float().mean()) / 2


def _numpy_on_the_gpu(real_logits, fake_logits):
    return float(np.mean(real_logits.numpy() > 0) + np.mean(fake_logits.numpy() < 0)) / 2


def _by_signs(real_logits, fake_logits):  # a 0 counts as half right
    return float((real_logits.sign().mean() - fake_logits.sign().mean()) / 4 + 0.5)


def _by_probabilities(real_logits, fake_logits):
    real = (torch.sigmoid(real_logits) > 0.5).double().mean()
    fake = (torch.sigmoid(fake_logits) < 0.5).double().mean()
    return 0.5 * real + 0.5 * fake


def _by_counting(real_logits, fake_logits):
    real = torch.count_nonzero(real_logits > 0).item() / real_logits.numel()
    fake = torch.count_nonzero(fake_logits < 0).item() / fake_logits.numel()
    return (real + fake) / 2


def _by_numpy(real_logits, fake_logits):
    real, fake = real_logits.detach().cpu().numpy(), fake_logits.detach().cpu().numpy()
    return np.mean([np.mean(real > 0), np.mean(fake < 0)])


def _by_loop(real_logits, fake_logits):
    shares = []
    for logits, sign in ((real_logits, 1), (fake_logits, -1)):
        right = [sign * logit > 0 for logit in logits.flatten().tolist()]
        shares.append(sum(right) / len(right))
    return sum(shares) / len(shares)


def _by_errors(real_logits, fake_logits):
    missed = torch.where(real_logits <= 0, 1.0, 0.0).mean()
    fooled = torch.where(fake_logits >= 0, 1.0, 0.0).mean()
    return 1 - torch.stack([missed, fooled]).mean()


def _by_heaviside(real_logits, fake_logits):
    zero = torch.zeros((), device=real_logits.device)
    right = [torch.heaviside(x, zero).mean() for x in (real_logits, -fake_logits)]
    return (sum(right) / 2).item()


WRITTEN: dict[Callable[..., Any], str] = {
    _as_probabilities: "compare the logits with ½",
    _zero_is_generated: "exactly 0 counts as a generated picture",
    _probabilities_rounded: "exactly 0 counts as a generated picture",
    _probabilities_against_zero: "compare probabilities with 0",
    _pooled: "one mean over real and generated logits",
    _arguments_swapped: "how often D is wrong",
    _whole_division: "our result is 1 only where D is right every time",
    _counts_divided_whole: "Each share is 1 only where",
    _mean_of_booleans: "Input dtype must be either a floating point",
    _smoothed: "the smoothed labels",
    _equal_to_the_labels: "with == whether D is equal to a label",
    _pictures_first: "mean of each picture's logits first",
    _pictures_by_axes: "name no axis",
    _pictures_of_probabilities: "mean of each picture's probabilities first",
    _pairs: "may differ in size",
    _added_before_the_mean: "may differ in size",
    _axis_left: "one number is expected",
    _as_text: "the text",
    _in_place: "changes its input `real_logits` in place",
    _numpy_on_the_gpu: "numpy can't read",
    _by_signs: "exactly 0",
}

VALID = (_by_probabilities, _by_counting, _by_numpy, _by_loop, _by_errors, _by_heaviside)
