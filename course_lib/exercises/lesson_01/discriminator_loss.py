"""Exercise 01.1: what the discriminator minimises."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from course_lib.checks.attempt import Attempt
from course_lib.checks.expect import Case
from course_lib.checks.task import Header, Task
from course_lib.exercises.lesson_01 import discriminator_loss_zoo as zoo
from course_lib.exercises.lesson_01.losses import (
    LARGE,
    Loss,
    devices,
    examine_loss,
    logits,
    with_epsilons,
)
from course_lib.losses import discriminator_loss

HEADER = Header(
    id="01.1",
    title="What the discriminator minimises",
    difficulty=2,
    minutes=15,
    needed_for="the discriminator's step in exercise 01.3",
)

HINTS = (
    "Look up F.binary_cross_entropy_with_logits. What does it give when all its targets are "
    "ones, and what when they are zeros?",
    "With targets 1 the cross-entropy is −log D, with targets 0 it is −log(1 − D), and the mean "
    "is taken for you. It takes logits: the sigmoid is inside. Real pictures have the target 1, "
    "fakes 0; add the two.",
    "Almost the code:\n"
    "    real = F.binary_cross_entropy_with_logits(real_logits, torch.ones_like(real_logits))\n"
    "    fake = F.binary_cross_entropy_with_logits(..., ...)\n"
    "    return real + fake",
)

bce = F.binary_cross_entropy_with_logits


def _targets(real_target: float, fake_target: float) -> Loss:
    def loss(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
        return bce(real, torch.full_like(real, real_target)) + bce(
            fake, torch.full_like(fake, fake_target)
        )

    return loss


def _each(function: Loss) -> Loss:
    """The right loss of ``function`` of the logits."""
    return lambda real, fake: discriminator_loss(function(real), function(fake))


def _pooled(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    return torch.cat([F.softplus(-real).flatten(), F.softplus(fake).flatten()]).mean()


def _with_epsilon(real: torch.Tensor, fake: torch.Tensor, epsilon: float) -> torch.Tensor:
    return -((real.sigmoid() + epsilon).log().mean() + (1 - fake.sigmoid() + epsilon).log().mean())


def _sum(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    return F.softplus(-real).sum() + F.softplus(fake).sum()


MISCONCEPTIONS: dict[str, Loss] = {
    "the labels are swapped: your discriminator learns to call real pictures fake. Real has the "
    "target 1, fake 0.": _targets(0, 1),
    "both terms have the target 1: for fakes the discriminator minimises −log(1 − D), so their "
    "target is 0.": _targets(1, 1),
    "both terms have the target 0: for real pictures the discriminator minimises −log D, so "
    "their target is 1.": _targets(0, 0),
    "the sign is turned: log D + log(1 − D) is what the paper maximises. We minimise, so it gets "
    "a minus.": lambda real, fake: -discriminator_loss(real, fake),
    "you take the mean of the two terms; the docstring adds them, so that logits of 0 give "
    "2·log 2.": lambda real, fake: discriminator_loss(real, fake) / 2,
    "you take one mean over real and fake logits together. Each term has the mean over its own "
    "batch, and the two means are added.": _pooled,
    "you take one mean over real and fake logits together and double it, which is right only for "
    "batches of one size. Each term has the mean over its own batch.": (
        lambda real, fake: 2 * _pooled(real, fake)
    ),
    "you add the terms of all logits up; each term is the mean over its batch, or a larger batch "
    "would mean larger steps.": _sum,
    "you add the logits of a picture up and divide by the number of pictures; each term is the "
    "mean over all logits.": (
        lambda real, fake: F.softplus(-real).sum() / len(real) + F.softplus(fake).sum() / len(fake)
    ),
    "the sigmoid is applied twice: F.binary_cross_entropy_with_logits has it inside and takes "
    "the logits as they are.": _each(torch.sigmoid),
    "only the real term is there: the fakes' −log(1 − D) is missing.": (
        lambda real, fake: F.softplus(-real).mean()
    ),
    "only the fake term is there: the real pictures' −log D is missing.": (
        lambda real, fake: F.softplus(fake).mean()
    ),
    "the real pictures have the target 0.9, one-sided label smoothing. That comes in a later "
    "lesson; here it is 1.": _targets(0.9, 0),
    "these are squared errors, the loss of LSGAN; here it is the cross-entropy.": (
        lambda real, fake: ((real - 1) ** 2).mean() + (fake**2).mean()
    ),
    "these are squared errors of the probabilities; here it is the cross-entropy.": (
        lambda real, fake: ((real.sigmoid() - 1) ** 2).mean() + (fake.sigmoid() ** 2).mean()
    ),
    "this is the difference of the means, the loss of a Wasserstein GAN; here it is the "
    "cross-entropy.": lambda real, fake: fake.mean() - real.mean(),
    "this is the hinge loss; here it is the cross-entropy.": (
        lambda real, fake: F.relu(1 - real).mean() + F.relu(1 + fake).mean()
    ),
    "for the fakes you take −(1 − log D); the formula has −log(1 − D), the logarithm of the whole "
    "bracket, and 1 − D is the sigmoid of minus the logit.": (
        lambda real, fake: F.softplus(-real).mean() - 1 - F.softplus(-fake).mean()
    ),
    "for the fakes you add 1 − log D; the formula has −log(1 − D), the logarithm of the whole "
    "bracket, and 1 − D is the sigmoid of minus the logit.": (
        lambda real, fake: F.softplus(-real).mean() + 1 + F.softplus(-fake).mean()
    ),
} | with_epsilons(_with_epsilon)


def examine(attempt: Attempt, rng: np.random.Generator) -> None:
    """Random logits of many shapes, batches of two sizes, batches of one."""
    generator = torch.Generator().manual_seed(int(rng.integers(2**32)))
    n, m, h, w = (int(k) for k in rng.choice(range(2, 9), 4, replace=False))
    cases = [
        Case(
            on=f"real logits of size {_size(real)} and fake ones of size {_size(fake)}",
            args=(logits(real, generator), logits(fake, generator)),
        )
        for real, fake in (
            ((n, 1), (n, 1)),
            ((n, 1, h, w), (n, 1, h, w)),
            ((1, 1), (1, 1)),
            ((n,), (m,)),
            ((n, 1, h, w), (m, 1, h, w)),
        )
    ]
    large = [
        Case(
            on=f"real logits of {real:g} and fake ones of {fake:g}",
            args=(torch.full((4, 1), real), torch.full((4, 1), fake)),
        )
        for size in LARGE
        for real, fake in ((size, -size), (-size, -size), (size, size), (-size, size))
    ]
    examine_loss(attempt, cases, large, discriminator_loss, MISCONCEPTIONS)
    for device in devices()[1:]:
        pair = (logits((n, 1), generator).to(device), logits((n, 1), generator).to(device))
        attempt.call(*pair, on="logits on the GPU")


def _size(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))


def _lesson_size(rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.zeros(16, 1), torch.zeros(16, 1)


TASK = Task(
    header=HEADER,
    reference=discriminator_loss,
    hints=HINTS,
    examine=examine,
    lesson_size=_lesson_size,
    wrong=zoo.WRONG,
    valid=zoo.VALID,
    equivalent=zoo.EQUIVALENT,
)
