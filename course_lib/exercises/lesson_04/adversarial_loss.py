"""Exercise 04.6: the sign of the adversarial loss."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.checks.attempt import Attempt
from course_lib.checks.expect import Case
from course_lib.checks.task import Header, Task
from course_lib.exercises.lesson_01.losses import (
    LARGE,
    Loss,
    examine_loss,
    logits,
    with_epsilons,
)
from course_lib.exercises.lesson_03.pretended_gpu import on_gpu, try_on_gpu
from course_lib.exercises.lesson_04 import adversarial_loss_zoo as zoo
from course_lib.losses import adversarial_loss

HEADER = Header(
    id="04.6",
    title="The sign of the adversarial loss",
    difficulty=2,
    minutes=8,
    needed_for="the third term of the generator's loss",
)

HINTS = (
    "Put the docstring's example into the formula as it is printed: log D of a picture that D "
    "takes for clean, and of one that it sees through. Which of the two is larger, and which ought "
    "to cost G more?",
    "log D is below 0, and rises towards 0 as D becomes surer that the picture is clean. Whoever "
    "minimises it makes D surer that it isn't. Turn the sign round, and take the mean over all "
    "logits. F.logsigmoid gives log D of a logit without losing large ones.",
    "Almost the code:\n    return ...F.logsigmoid(...).mean()",
)

AS_PRINTED = (
    "your sign is the paper's as printed, E[log D(G(x))]: a generator that minimises it learns to "
    "be recognised, since log D falls as D becomes surer that its pictures aren't clean"
)

# What may be wrong besides the sign, → the loss with the right one.
SIZES: dict[str, Loss] = {
    "you add the terms of all logits up; the docstring asks for their mean, or a larger batch "
    "would mean larger steps": lambda fake: F.softplus(-fake).sum(),
    "you add the logits' terms of a picture up and divide by the number of pictures; the docstring "
    "asks for the mean over all logits": lambda fake: F.softplus(-fake).sum() / len(fake),
    "the sigmoid is applied twice: F.logsigmoid and F.binary_cross_entropy_with_logits have it "
    "inside and take the logits as they are": lambda fake: F.softplus(-fake.sigmoid()).mean(),
    "your loss is half of what the docstring asks for": lambda fake: F.softplus(-fake).mean() / 2,
    "your loss is 0.001 times as large: β multiplies it later, where the terms are added": (
        lambda fake: 0.001 * F.softplus(-fake).mean()
    ),
    "you take the logarithm of the mean of D; the docstring asks for the mean of the logarithms": (
        lambda fake: -fake.sigmoid().mean().log()
    ),
    "you take the mean of the logits first; the docstring asks for the mean of the logarithms": (
        lambda fake: F.softplus(-fake.mean())
    ),
    "this is the logarithm to the base 10; the docstring's is the natural one, torch.log": (
        lambda fake: F.softplus(-fake).mean() / np.log(10)
    ),
    "this is the logarithm to the base 2; the docstring's is the natural one, torch.log": (
        lambda fake: F.softplus(-fake).mean() / np.log(2)
    ),
    "you take the mean of D itself: the logarithm is missing": lambda fake: -fake.sigmoid().mean(),
    "you take the mean of the logits, the loss of a Wasserstein GAN: the logarithm of D is "
    "missing, and D is the sigmoid of a logit": lambda fake: -fake.mean(),
}


def _turned(loss: Loss) -> Loss:
    """The loss with its sign turned."""
    return lambda fake: -loss(fake)


MISCONCEPTIONS: dict[str, Loss] = {
    f"{AS_PRINTED}. Give it a minus.": _turned(adversarial_loss),
    "this is log(1 − D). Its sign is right. But here D is the probability that a picture is clean: "
    "keep log D. (log(1 − D) belongs to a D that says how surely a picture comes from our network; "
    "or to the minimax game, where it has almost no gradient while D is sure.)": (
        lambda fake: -F.softplus(fake).mean()
    ),
    "this is −log(1 − D), the discriminator's own term for restored pictures: minimising it makes "
    "D surer that they aren't clean. D is the probability that a picture is clean: keep log D.": (
        lambda fake: F.softplus(fake).mean()
    ),
    **{f"{text}.": loss for text, loss in SIZES.items()},
    **{f"{text}. And {AS_PRINTED}.": _turned(loss) for text, loss in SIZES.items()},
    "this is 1 − D; the docstring asks for the logarithm of D.": (
        lambda fake: 1 - fake.sigmoid().mean()
    ),
    "the target of your cross-entropy is 0.9, a smoothed label. Smoothing is for the "
    "discriminator's loss; here log D stands alone, which the target 1 gives.": (
        lambda fake: F.binary_cross_entropy_with_logits(fake, torch.full_like(fake, 0.9))
    ),
    "this is a squared error of the logits, the loss of LSGAN; here it is the logarithm of D.": (
        lambda fake: ((fake - 1) ** 2).mean()
    ),
    "this is a squared error of D; here it is the logarithm of D.": (
        lambda fake: ((fake.sigmoid() - 1) ** 2).mean()
    ),
    "the softmax, whose logarithm you take, compares the logits along an axis with each other. "
    "Each logit has a D of its own, its sigmoid.": (
        lambda fake: -F.log_softmax(fake, dim=-1).mean()
    ),
    **with_epsilons(lambda fake, epsilon: -(fake.sigmoid() + epsilon).log().mean()),
    **{
        f"{text} And {AS_PRINTED}.": loss
        for text, loss in with_epsilons(
            lambda fake, epsilon: (fake.sigmoid() + epsilon).log().mean()
        ).items()
    },
}

MEND = "Take shape, type and device from the logits: torch.ones_like(fake_logits)."


def examine(attempt: Attempt, rng: np.random.Generator) -> None:
    """Random logits of many shapes, batches of one among them, and logits on a GPU."""
    generator = torch.Generator().manual_seed(int(rng.integers(2**32)))
    n, h, w = (int(k) for k in rng.choice(range(2, 9), 3, replace=False))
    cases = [
        Case(
            on=f"logits of size {'×'.join(map(str, shape))}",
            # Not leaves: working in place on a leaf is an error, on what a network puts out
            # it isn't.
            args=(logits(shape, generator) * 1,),
        )
        for shape in ((n, 1), (n, 1, h, w), (1, 1), (n,), (1, 1, h, w))
    ]
    large = [
        Case(on=f"logits of {size:g}", args=(torch.full((4, 1), size),))
        for large in LARGE
        for size in (-large, large)
    ]
    examine_loss(attempt, cases, large, adversarial_loss, MISCONCEPTIONS)
    there = on_gpu(logits((n, 1), generator))
    try_on_gpu(attempt, there, on="logits on the GPU", mend=MEND)


def _lesson_size(rng: np.random.Generator) -> tuple[Tensor]:
    return (torch.zeros(4, 1),)


TASK = Task(
    header=HEADER,
    reference=adversarial_loss,
    hints=HINTS,
    examine=examine,
    lesson_size=_lesson_size,
    wrong=zoo.WRONG,
    valid=zoo.VALID,
)
