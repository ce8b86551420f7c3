"""Exercise 02.3: wrong answers and valid alternatives."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.checks.task import Equivalent, WrongAnswer
from course_lib.losses import generator_loss

bce = F.binary_cross_entropy_with_logits


def _sum(fake_logits: Tensor, restored: Tensor, clean: Tensor, *, lambda_l1: float) -> Tensor:
    return generator_loss(fake_logits) + lambda_l1 * (restored - clean).abs().sum()


def _sum_a_picture(
    fake_logits: Tensor, restored: Tensor, clean: Tensor, *, lambda_l1: float
) -> Tensor:
    distances = (restored - clean).abs().flatten(1).sum(1)
    return generator_loss(fake_logits) + lambda_l1 * distances.mean()


def _sum_of_channels(
    fake_logits: Tensor, restored: Tensor, clean: Tensor, *, lambda_l1: float
) -> Tensor:
    return generator_loss(fake_logits) + lambda_l1 * (restored - clean).abs().sum(1).mean()


def _squared(fake_logits: Tensor, restored: Tensor, clean: Tensor, *, lambda_l1: float) -> Tensor:
    return generator_loss(fake_logits) + lambda_l1 * F.mse_loss(restored, clean)


def _root_of_squares(
    fake_logits: Tensor, restored: Tensor, clean: Tensor, *, lambda_l1: float
) -> Tensor:
    return generator_loss(fake_logits) + lambda_l1 * F.mse_loss(restored, clean) ** 0.5


def _smooth(fake_logits: Tensor, restored: Tensor, clean: Tensor, *, lambda_l1: float) -> Tensor:
    return generator_loss(fake_logits) + lambda_l1 * nn.SmoothL1Loss()(restored, clean)


def _euclidean(fake_logits: Tensor, restored: Tensor, clean: Tensor, *, lambda_l1: float) -> Tensor:
    return generator_loss(fake_logits) + lambda_l1 * torch.norm(restored - clean)


def _signed(fake_logits: Tensor, restored: Tensor, clean: Tensor, *, lambda_l1: float) -> Tensor:
    return generator_loss(fake_logits) + lambda_l1 * (restored - clean).mean()


def _signed_the_other_way(
    fake_logits: Tensor, restored: Tensor, clean: Tensor, *, lambda_l1: float
) -> Tensor:
    return generator_loss(fake_logits) + lambda_l1 * torch.mean(clean - restored)


def _abs_of_mean(
    fake_logits: Tensor, restored: Tensor, clean: Tensor, *, lambda_l1: float
) -> Tensor:
    return generator_loss(fake_logits) + lambda_l1 * (restored - clean).mean().abs()


def _no_mean(fake_logits: Tensor, restored: Tensor, clean: Tensor, *, lambda_l1: float) -> Tensor:
    return generator_loss(fake_logits) + lambda_l1 * (restored - clean).abs()


def _of_pictures_in_0_1(
    fake_logits: Tensor, restored: Tensor, clean: Tensor, *, lambda_l1: float
) -> Tensor:
    restored, clean = (restored + 1) / 2, (clean + 1) / 2
    return generator_loss(fake_logits) + lambda_l1 * F.l1_loss(restored, clean)


def _against_nothing(
    fake_logits: Tensor, restored: Tensor, clean: Tensor, *, lambda_l1: float
) -> Tensor:
    return generator_loss(fake_logits) + lambda_l1 * restored.abs().mean()


def _no_weight(fake_logits: Tensor, restored: Tensor, clean: Tensor, *, lambda_l1: float) -> Tensor:
    return generator_loss(fake_logits) + F.l1_loss(restored, clean)


def _weight_of_the_paper(
    fake_logits: Tensor, restored: Tensor, clean: Tensor, *, lambda_l1: float
) -> Tensor:
    return generator_loss(fake_logits) + 100 * F.l1_loss(restored, clean)


def _weight_on_the_wrong_term(
    fake_logits: Tensor, restored: Tensor, clean: Tensor, *, lambda_l1: float
) -> Tensor:
    return lambda_l1 * generator_loss(fake_logits) + F.l1_loss(restored, clean)


def _weight_on_both(
    fake_logits: Tensor, restored: Tensor, clean: Tensor, *, lambda_l1: float
) -> Tensor:
    return lambda_l1 * (generator_loss(fake_logits) + F.l1_loss(restored, clean))


def _weighted_average(
    fake_logits: Tensor, restored: Tensor, clean: Tensor, *, lambda_l1: float
) -> Tensor:
    l1 = F.l1_loss(restored, clean)
    return (1 - lambda_l1) * generator_loss(fake_logits) + lambda_l1 * l1


def _subtracted(
    fake_logits: Tensor, restored: Tensor, clean: Tensor, *, lambda_l1: float
) -> Tensor:
    return generator_loss(fake_logits) - lambda_l1 * F.l1_loss(restored, clean)


def _only_l1(fake_logits: Tensor, restored: Tensor, clean: Tensor, *, lambda_l1: float) -> Tensor:
    return lambda_l1 * F.l1_loss(restored, clean)


def _only_adversarial(
    fake_logits: Tensor, restored: Tensor, clean: Tensor, *, lambda_l1: float
) -> Tensor:
    return generator_loss(fake_logits)


def _target_zero(
    fake_logits: Tensor, restored: Tensor, clean: Tensor, *, lambda_l1: float
) -> Tensor:
    adversarial = bce(fake_logits, torch.zeros_like(fake_logits))
    return adversarial + lambda_l1 * F.l1_loss(restored, clean)


def _saturating(
    fake_logits: Tensor, restored: Tensor, clean: Tensor, *, lambda_l1: float
) -> Tensor:
    adversarial = torch.log(1 - torch.sigmoid(fake_logits)).mean()
    return adversarial + lambda_l1 * F.l1_loss(restored, clean)


def _maximised(fake_logits: Tensor, restored: Tensor, clean: Tensor, *, lambda_l1: float) -> Tensor:
    return F.logsigmoid(fake_logits).mean() + lambda_l1 * F.l1_loss(restored, clean)


def _sigmoid_twice(
    fake_logits: Tensor, restored: Tensor, clean: Tensor, *, lambda_l1: float
) -> Tensor:
    adversarial = generator_loss(torch.sigmoid(fake_logits))
    return adversarial + lambda_l1 * F.l1_loss(restored, clean)


def _least_squares(
    fake_logits: Tensor, restored: Tensor, clean: Tensor, *, lambda_l1: float
) -> Tensor:
    adversarial = F.mse_loss(fake_logits, torch.ones_like(fake_logits))
    return adversarial + lambda_l1 * F.l1_loss(restored, clean)


def _sum_of_patches(
    fake_logits: Tensor, restored: Tensor, clean: Tensor, *, lambda_l1: float
) -> Tensor:
    adversarial = F.softplus(-fake_logits).sum()
    return adversarial + lambda_l1 * F.l1_loss(restored, clean)


def _log_of_sigmoid(
    fake_logits: Tensor, restored: Tensor, clean: Tensor, *, lambda_l1: float
) -> Tensor:
    adversarial = -torch.log(torch.sigmoid(fake_logits)).mean()
    return adversarial + lambda_l1 * F.l1_loss(restored, clean)


def _log_with_epsilon(
    fake_logits: Tensor, restored: Tensor, clean: Tensor, *, lambda_l1: float
) -> Tensor:
    adversarial = -torch.log(torch.sigmoid(fake_logits) + 1e-8).mean()
    return adversarial + lambda_l1 * F.l1_loss(restored, clean)


def _log_with_a_large_epsilon(
    fake_logits: Tensor, restored: Tensor, clean: Tensor, *, lambda_l1: float
) -> Tensor:
    adversarial = -torch.log(torch.sigmoid(fake_logits) + 1e-2).mean()
    return adversarial + lambda_l1 * F.l1_loss(restored, clean)


def _restored_detached(
    fake_logits: Tensor, restored: Tensor, clean: Tensor, *, lambda_l1: float
) -> Tensor:
    return generator_loss(fake_logits) + lambda_l1 * F.l1_loss(restored.detach(), clean)


def _logits_detached(
    fake_logits: Tensor, restored: Tensor, clean: Tensor, *, lambda_l1: float
) -> Tensor:
    return generator_loss(fake_logits.detach()) + lambda_l1 * F.l1_loss(restored, clean)


def _without_gradients(
    fake_logits: Tensor, restored: Tensor, clean: Tensor, *, lambda_l1: float
) -> Tensor:
    with torch.no_grad():
        return generator_loss(fake_logits) + lambda_l1 * F.l1_loss(restored, clean)


def _number(fake_logits: Tensor, restored: Tensor, clean: Tensor, *, lambda_l1: float) -> float:
    loss = generator_loss(fake_logits) + lambda_l1 * F.l1_loss(restored, clean)
    return loss.item()


def _pair(
    fake_logits: Tensor, restored: Tensor, clean: Tensor, *, lambda_l1: float
) -> tuple[Tensor, Tensor]:
    return generator_loss(fake_logits), lambda_l1 * F.l1_loss(restored, clean)


def _in_place(fake_logits: Tensor, restored: Tensor, clean: Tensor, *, lambda_l1: float) -> Tensor:
    restored -= clean
    return generator_loss(fake_logits) + lambda_l1 * restored.abs().mean()


def _own_name(fake_logits: Tensor, restored: Tensor, clean: Tensor, lam: float = 100) -> Tensor:
    return generator_loss(fake_logits) + lam * F.l1_loss(restored, clean)


def _docstring_example(
    fake_logits: Tensor, restored: Tensor, clean: Tensor, *, lambda_l1: float
) -> Tensor:
    return 10.693 + 0 * (fake_logits.sum() + restored.sum())


def _by_functions(
    fake_logits: Tensor, restored: Tensor, clean: Tensor, *, lambda_l1: float
) -> Tensor:
    return F.softplus(-fake_logits).mean() + lambda_l1 * F.l1_loss(restored, clean.detach())


def _by_modules(
    fake_logits: Tensor, restored: Tensor, clean: Tensor, lambda_l1: float = 100.0
) -> Tensor:
    adversarial = nn.BCEWithLogitsLoss()(fake_logits, torch.ones_like(fake_logits))
    reconstruction = nn.L1Loss()(restored, clean)
    loss = adversarial
    loss += reconstruction * lambda_l1
    return loss


def _by_hand(fake_logits: Tensor, restored: Tensor, clean: Tensor, *, lambda_l1: float) -> Tensor:
    total = -F.logsigmoid(fake_logits).sum() / fake_logits.numel()
    for ours, truth in zip(restored, clean, strict=True):
        difference = torch.where(ours > truth, ours - truth, truth - ours)
        total = total + lambda_l1 * difference.sum() / restored.numel()
    return total


def _by_norm(fake_logits: Tensor, restored: Tensor, clean: Tensor, *, lambda_l1: float) -> Tensor:
    l1 = torch.linalg.vector_norm(clean - restored, ord=1) / clean.numel()
    return torch.stack([generator_loss(fake_logits), lambda_l1 * l1]).sum()


WRONG = (
    WrongAnswer(answer=_sum, diagnosis="add the absolute differences up"),
    WrongAnswer(answer=_sum_a_picture, diagnosis="divide by the number of pictures"),
    WrongAnswer(answer=_sum_of_channels, diagnosis="of the three channels up"),
    WrongAnswer(answer=_squared, diagnosis="mean squared difference (L2)"),
    WrongAnswer(answer=_root_of_squares, diagnosis="root of the mean squared difference"),
    WrongAnswer(answer=_smooth, diagnosis="smooth L1 loss"),
    WrongAnswer(answer=_euclidean, diagnosis="Euclidean distance"),
    WrongAnswer(answer=_signed, diagnosis="he differences keep their signs, so"),
    WrongAnswer(answer=_signed_the_other_way, diagnosis="signs, clean minus restored"),
    WrongAnswer(answer=_abs_of_mean, diagnosis="first abs, then mean"),
    WrongAnswer(answer=_no_mean, diagnosis="one number for each value of the pictures"),
    WrongAnswer(answer=_of_pictures_in_0_1, diagnosis="bring the pictures to [0, 1]"),
    WrongAnswer(answer=_against_nothing, diagnosis="how bright the restored pictures are"),
    WrongAnswer(answer=_no_weight, diagnosis="λ is missing"),
    WrongAnswer(answer=_weight_of_the_paper, diagnosis="λ is 100 whatever `lambda_l1` says"),
    WrongAnswer(answer=_weight_on_the_wrong_term, diagnosis="λ multiplies the adversarial term"),
    WrongAnswer(answer=_weight_on_both, diagnosis="λ multiplies both terms"),
    WrongAnswer(answer=_weighted_average, diagnosis="he weights are 1 − λ and λ"),
    WrongAnswer(answer=_subtracted, diagnosis="1 is subtracted"),
    WrongAnswer(answer=_only_l1, diagnosis="nly λ·L1 is there"),
    WrongAnswer(answer=_only_adversarial, diagnosis="nly −log D is there"),
    WrongAnswer(answer=_target_zero, diagnosis="the discriminator's own term for fakes"),
    WrongAnswer(answer=_saturating, diagnosis="n your first term, this is the saturating loss"),
    WrongAnswer(answer=_maximised, diagnosis="you return log D"),
    WrongAnswer(answer=_sigmoid_twice, diagnosis="n your first term, the sigmoid is applied twice"),
    WrongAnswer(answer=_least_squares, diagnosis="the loss of LSGAN"),
    WrongAnswer(answer=_sum_of_patches, diagnosis="n your first term, you add the terms"),
    WrongAnswer(answer=_log_of_sigmoid, diagnosis="logarithm is lost"),
    WrongAnswer(answer=_log_with_epsilon, diagnosis="cut off by a small number"),
    WrongAnswer(answer=_log_with_a_large_epsilon, diagnosis="add 0.01 to the probabilities"),
    WrongAnswer(answer=_restored_detached, diagnosis="`restored` is detached"),
    WrongAnswer(answer=_logits_detached, diagnosis="`fake_logits` is detached"),
    WrongAnswer(answer=_without_gradients, diagnosis="no gradient flows through your loss"),
    WrongAnswer(answer=_number, diagnosis="Leave out .item()"),
    WrongAnswer(answer=_pair, diagnosis="add the two terms"),
    WrongAnswer(answer=_in_place, diagnosis="changes its input `restored`"),
    WrongAnswer(answer=_own_name, diagnosis="can't be called as the lesson calls it"),
    WrongAnswer(answer=_docstring_example, diagnosis="whatever it is called with"),
)

VALID = (_by_functions, _by_modules, _by_hand, _by_norm)

EQUIVALENT = (
    Equivalent(
        mutant="line 1: restored - clean → clean - restored",
        why="The absolute value is the same either way round.",
    ),
)
