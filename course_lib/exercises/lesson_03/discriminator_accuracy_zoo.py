"""Exercise 03.3: wrong answers and valid alternatives."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from course_lib.checks.task import Equivalent, WrongAnswer


def _as_probabilities(real_logits: Tensor, fake_logits: Tensor) -> float:
    real = (real_logits > 0.5).float().mean()
    fake = (fake_logits < 0.5).float().mean()
    return ((real + fake) / 2).item()


def _as_probabilities_or_else(real_logits: Tensor, fake_logits: Tensor) -> float:
    real = (real_logits > 0.5).float().mean()
    return ((real + 1 - (fake_logits > 0.5).float().mean()) / 2).item()


def _logits_rounded(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    real = (real_logits.round() == 1).float().mean()
    return (real + (fake_logits.round() == 0).float().mean()) / 2


def _probabilities_against_zero(real_logits: Tensor, fake_logits: Tensor) -> float:
    real = (torch.sigmoid(real_logits) > 0).float().mean()
    fake = (torch.sigmoid(fake_logits) < 0).float().mean()
    return float(real + fake) / 2


def _zero_is_generated(real_logits: Tensor, fake_logits: Tensor) -> float:
    real = (torch.sigmoid(real_logits) > 0.5).float().mean()
    return float(real + (torch.sigmoid(fake_logits) <= 0.5).float().mean()) / 2


def _probabilities_rounded(real_logits: Tensor, fake_logits: Tensor) -> float:
    real = torch.round(torch.sigmoid(real_logits)).mean()
    return float(real + 1 - torch.round(torch.sigmoid(fake_logits)).mean()) / 2


def _zero_is_real(real_logits: Tensor, fake_logits: Tensor) -> float:
    return float((real_logits >= 0).float().mean() + (fake_logits < 0).float().mean()) / 2


def _zero_is_both(real_logits: Tensor, fake_logits: Tensor) -> float:
    return float((real_logits >= 0).float().mean() + (fake_logits <= 0).float().mean()) / 2


def _pooled(real_logits: Tensor, fake_logits: Tensor) -> float:
    right = (real_logits > 0).sum() + (fake_logits < 0).sum()
    return float(right / (real_logits.numel() + fake_logits.numel()))


def _only_real(real_logits: Tensor, fake_logits: Tensor) -> float:
    return float((real_logits > 0).float().mean())


def _only_fake(real_logits: Tensor, fake_logits: Tensor) -> float:
    return float((fake_logits < 0).float().mean())


def _signs_turned(real_logits: Tensor, fake_logits: Tensor) -> float:
    return float((real_logits < 0).float().mean() + (fake_logits > 0).float().mean()) / 2


def _arguments_swapped(fake_logits: Tensor, real_logits: Tensor) -> float:
    return float((real_logits > 0).float().mean() + (fake_logits < 0).float().mean()) / 2


def _says_real(real_logits: Tensor, fake_logits: Tensor) -> float:
    return float((real_logits > 0).float().mean() + (fake_logits > 0).float().mean()) / 2


def _added(real_logits: Tensor, fake_logits: Tensor) -> float:
    return float((real_logits > 0).float().mean() + (fake_logits < 0).float().mean())


def _per_cent(real_logits: Tensor, fake_logits: Tensor) -> float:
    right = (real_logits > 0).float().mean() + (fake_logits < 0).float().mean()
    return 100 * float(right) / 2


def _whole_division(real_logits: Tensor, fake_logits: Tensor) -> float:
    real = (real_logits > 0).float().mean().item()
    return (real + (fake_logits < 0).float().mean().item()) // 2


def _counts_divided_whole(real_logits: Tensor, fake_logits: Tensor) -> float:
    real = int((real_logits > 0).sum()) // real_logits.numel()
    fake = int((fake_logits < 0).sum()) // fake_logits.numel()
    return (real + fake) / 2


def _counted(real_logits: Tensor, fake_logits: Tensor) -> float:
    return float((real_logits > 0).sum() + (fake_logits < 0).sum())


def _mean_of_booleans(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    return ((real_logits > 0).mean() + (fake_logits < 0).mean()) / 2


def _how_sure(real_logits: Tensor, fake_logits: Tensor) -> float:
    real, fake = torch.sigmoid(real_logits), torch.sigmoid(fake_logits)
    return float(real.mean() + 1 - fake.mean()) / 2


def _smoothed(real_logits: Tensor, fake_logits: Tensor) -> float:
    real, fake = torch.sigmoid(real_logits) >= 0.9, torch.sigmoid(fake_logits) <= 0.1
    return float(real.float().mean() + fake.float().mean()) / 2


def _equal_to_the_labels(real_logits: Tensor, fake_logits: Tensor) -> float:
    real = (torch.sigmoid(real_logits) == 0.9).float().mean()
    return float(real + (torch.sigmoid(fake_logits) == 0.1).float().mean()) / 2


def _pictures_first(real_logits: Tensor, fake_logits: Tensor) -> float:
    real, fake = (x.flatten(1).mean(1) if x.ndim > 1 else x for x in (real_logits, fake_logits))
    return float((real > 0).float().mean() + (fake < 0).float().mean()) / 2


def _all_first(real_logits: Tensor, fake_logits: Tensor) -> float:
    return (float(real_logits.mean() > 0) + float(fake_logits.mean() < 0)) / 2


def _pairs(real_logits: Tensor, fake_logits: Tensor) -> float:
    return float((real_logits > fake_logits).float().mean())


def _added_before_the_mean(real_logits: Tensor, fake_logits: Tensor) -> float:
    return float(((real_logits > 0).float() + (fake_logits < 0).float()).mean() / 2)


def _axis_left(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    return ((real_logits > 0).float().mean(0) + (fake_logits < 0).float().mean(0)) / 2


def _pair(real_logits: Tensor, fake_logits: Tensor) -> tuple[Tensor, Tensor]:
    return (real_logits > 0).float().mean(), (fake_logits < 0).float().mean()


def _as_text(real_logits: Tensor, fake_logits: Tensor) -> str:
    right = (real_logits > 0).float().mean() + (fake_logits < 0).float().mean()
    return f"{float(right) / 2:.2%}"


def _in_place(real_logits: Tensor, fake_logits: Tensor) -> float:
    real = real_logits.sigmoid_().gt(0.5).float().mean()
    return float(real + (fake_logits < 0).float().mean()) / 2


def _numpy_on_the_gpu(real_logits: Tensor, fake_logits: Tensor) -> float:
    return float(np.mean(real_logits.numpy() > 0) + np.mean(fake_logits.numpy() < 0)) / 2


def _by_probabilities(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    real = (torch.sigmoid(real_logits) > 0.5).double().mean()
    fake = (torch.sigmoid(fake_logits) < 0.5).double().mean()
    return 0.5 * real + 0.5 * fake


def _by_counting(real_logits: Tensor, fake_logits: Tensor) -> float:
    real = torch.count_nonzero(real_logits > 0).item() / real_logits.numel()
    fake = torch.count_nonzero(fake_logits < 0).item() / fake_logits.numel()
    return (real + fake) / 2


def _by_numpy(real_logits: Tensor, fake_logits: Tensor) -> np.floating:
    real, fake = real_logits.detach().cpu().numpy(), fake_logits.detach().cpu().numpy()
    return np.mean([np.mean(real > 0), np.mean(fake < 0)])


def _by_loop(real_logits: Tensor, fake_logits: Tensor) -> float:
    shares = []
    for logits, sign in ((real_logits, 1), (fake_logits, -1)):
        right = [sign * logit > 0 for logit in logits.flatten().tolist()]
        shares.append(sum(right) / len(right))
    return sum(shares) / len(shares)


def _by_errors(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    missed = torch.where(real_logits <= 0, 1.0, 0.0).mean()
    fooled = torch.where(fake_logits >= 0, 1.0, 0.0).mean()
    return 1 - torch.stack([missed, fooled]).mean()


WRONG = (
    WrongAnswer(answer=_as_probabilities, diagnosis="compare the logits with ½"),
    WrongAnswer(answer=_as_probabilities_or_else, diagnosis="compare the logits with ½"),
    WrongAnswer(answer=_logits_rounded, diagnosis="round the logits"),
    WrongAnswer(answer=_probabilities_against_zero, diagnosis="compare probabilities with 0"),
    WrongAnswer(answer=_zero_is_generated, diagnosis="exactly 0 counts as a generated picture"),
    WrongAnswer(answer=_probabilities_rounded, diagnosis="exactly 0 counts as a generated picture"),
    WrongAnswer(answer=_zero_is_real, diagnosis="exactly 0 counts as a photograph"),
    WrongAnswer(answer=_zero_is_both, diagnosis="exactly 0 counts as right for both"),
    WrongAnswer(answer=_pooled, diagnosis="one mean over real and generated logits"),
    WrongAnswer(answer=_only_real, diagnosis="nly the real logits count"),
    WrongAnswer(answer=_only_fake, diagnosis="nly the generated logits count"),
    WrongAnswer(answer=_signs_turned, diagnosis="how often D is wrong"),
    WrongAnswer(answer=_arguments_swapped, diagnosis="how often D is wrong"),
    WrongAnswer(answer=_says_real, diagnosis="how often D says real"),
    WrongAnswer(answer=_added, diagnosis="two shares are added"),
    WrongAnswer(answer=_per_cent, diagnosis="in per cent"),
    WrongAnswer(
        answer=_whole_division, diagnosis="division of the sum drops what comes behind the point"
    ),
    WrongAnswer(answer=_counts_divided_whole, diagnosis="drops what comes behind the point"),
    WrongAnswer(answer=_counted, diagnosis="count the logits that are right"),
    WrongAnswer(answer=_mean_of_booleans, diagnosis="Input dtype must be either a floating point"),
    WrongAnswer(answer=_how_sure, diagnosis="mean of the probabilities"),
    WrongAnswer(answer=_smoothed, diagnosis="the smoothed labels"),
    WrongAnswer(answer=_equal_to_the_labels, diagnosis="with == whether D is equal to a label"),
    WrongAnswer(answer=_pictures_first, diagnosis="mean of each picture's logits first"),
    WrongAnswer(answer=_all_first, diagnosis="mean of all logits of a kind"),
    WrongAnswer(answer=_pairs, diagnosis="must match the size"),
    WrongAnswer(answer=_added_before_the_mean, diagnosis="must match the size"),
    WrongAnswer(answer=_axis_left, diagnosis="one number is expected"),
    WrongAnswer(answer=_pair, diagnosis="a tuple of 2"),
    WrongAnswer(answer=_as_text, diagnosis="the text"),
    WrongAnswer(answer=_in_place, diagnosis="changes its input `real_logits` in place"),
    WrongAnswer(answer=_numpy_on_the_gpu, diagnosis="numpy can't read a tensor on the GPU"),
)

VALID = (_by_probabilities, _by_counting, _by_numpy, _by_loop, _by_errors)

EQUIVALENT = (
    Equivalent(
        mutant="line 1: `real = (real_logits > 0).float().mean()` after the next statement",
        why="The two shares don't depend on each other.",
    ),
    Equivalent(
        mutant="line 3: float((real + fake) / 2) → (real + fake) / 2",
        why="A tensor without axes is a number too.",
    ),
)
