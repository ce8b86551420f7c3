"""Exercise 01.2: what the generator minimises."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from course_lib.checks.attempt import Attempt
from course_lib.checks.expect import Case
from course_lib.checks.task import Header, Task
from course_lib.exercises.lesson_01 import generator_loss_zoo as zoo
from course_lib.exercises.lesson_01.losses import (
    LARGE,
    Loss,
    devices,
    examine_loss,
    logits,
    with_epsilons,
)
from course_lib.losses import generator_loss

HEADER = Header(
    id="01.2",
    title="What the generator minimises",
    difficulty=1,
    minutes=6,
    needed_for="the generator's step in exercise 01.4",
)

HINTS = (
    "Compare the formula with the two terms of `discriminator_loss`. Which of them has −log D?",
    "The generator wants its pictures to be taken for real. So it uses the cross-entropy of the "
    "fakes' logits with the target of real pictures, 1.",
    "Almost the code:\n"
    "    return F.binary_cross_entropy_with_logits(fake_logits, torch...._like(fake_logits))",
)

MISCONCEPTIONS: dict[str, Loss] = {
    "this is the saturating loss log(1 − D), as the minimax game is written. It has almost no "
    "gradient while the discriminator is sure; the docstring asks for −log D.": (
        lambda fake: -F.softplus(fake).mean()
    ),
    "this is −log(1 − D), the discriminator's own term for fakes: minimising it makes the "
    "pictures look more like fakes. The target for the generator is 1.": (
        lambda fake: F.softplus(fake).mean()
    ),
    "the sign is turned: you return log D, which is to be maximised. We minimise, so it gets a "
    "minus.": lambda fake: -F.softplus(-fake).mean(),
    "you add the terms of all logits up; the loss is their mean, or a larger batch would mean "
    "larger steps.": lambda fake: F.softplus(-fake).sum(),
    "you add the logits of a picture up and divide by the number of pictures; the loss is the "
    "mean over all logits.": lambda fake: F.softplus(-fake).sum() / len(fake),
    "the sigmoid is applied twice: F.binary_cross_entropy_with_logits has it inside and takes "
    "the logits as they are.": lambda fake: generator_loss(fake.sigmoid()),
    "you halve the loss; the docstring doesn't.": lambda fake: generator_loss(fake) / 2,
    "the target is 0.9, label smoothing. It is for the discriminator, and in a later lesson; "
    "here it is 1.": lambda fake: F.binary_cross_entropy_with_logits(
        fake, torch.full_like(fake, 0.9)
    ),
    "this is a squared error, the loss of LSGAN; here it is −log D.": (
        lambda fake: ((fake - 1) ** 2).mean()
    ),
    "this is the negative mean of the logits, the loss of a Wasserstein GAN; here it is −log D.": (
        lambda fake: -fake.mean()
    ),
    "this is minus the mean of D; the logarithm is missing.": lambda fake: -fake.sigmoid().mean(),
    "this is 1 − D; the loss is −log D.": lambda fake: 1 - fake.sigmoid().mean(),
    "you take the logarithm of the mean of D; the loss is the mean of the logarithms.": (
        lambda fake: -fake.sigmoid().mean().log()
    ),
} | with_epsilons(lambda fake, epsilon: -(fake.sigmoid() + epsilon).log().mean())


def examine(attempt: Attempt, rng: np.random.Generator) -> None:
    """Random logits of many shapes, batches of one among them."""
    generator = torch.Generator().manual_seed(int(rng.integers(2**32)))
    n, h, w = (int(k) for k in rng.choice(range(2, 9), 3, replace=False))
    cases = [
        Case(on=f"logits of size {'×'.join(map(str, shape))}", args=(logits(shape, generator),))
        for shape in ((n, 1), (n, 1, h, w), (1, 1), (n,), (1, 1, h, w))
    ]
    large = [
        Case(on=f"logits of {size:g}", args=(torch.full((4, 1), size),))
        for large in LARGE
        for size in (-large, large)
    ]
    examine_loss(attempt, cases, large, generator_loss, MISCONCEPTIONS)
    for device in devices()[1:]:
        attempt.call(logits((n, 1), generator).to(device), on="logits on the GPU")


TASK = Task(
    header=HEADER,
    reference=generator_loss,
    hints=HINTS,
    examine=examine,
    lesson_size=lambda rng: (torch.zeros(16, 1),),
    wrong=zoo.WRONG,
    valid=zoo.VALID,
)
