"""Exercise 01.1: what the discriminator minimises."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from course_lib.checks import logits
from course_lib.checks.function import Case
from course_lib.checks.logits import equal_logits, loss_on_logits, random_logits
from course_lib.checks.shorthand import slips_that_get, slips_that_say
from course_lib.checks.task import Task, texts
from course_lib.exercises.lesson_01.discriminator_loss import zoo
from course_lib.losses import discriminator_loss

ONES, ZEROS = "torch.ones_like(real_logits)", "torch.zeros_like(fake_logits)"
POOLED = "torch.cat([F.softplus(-real_logits).flatten(), F.softplus(fake_logits).flatten()])"

SAYS: dict[str | tuple[str, ...], str] = {
    (
        f"{ONES} → torch.zeros_like(real_logits)",
        f"{ZEROS} → torch.ones_like(fake_logits)",
    ): "The labels are swapped: your discriminator learns to call real pictures fake. Real has the "
    "target 1, fake 0.",
    f"{ZEROS} → torch.ones_like(fake_logits)": "Both terms have the target 1. For fakes the "
    "discriminator minimises −log(1 − D), so their target is 0.",
    f"{ONES} → torch.zeros_like(real_logits)": "Both terms have the target 0. For real pictures "
    "the discriminator minimises −log D, so their target is 1.",
    "real + fake → -(real + fake)": "The sign is wrong: log D + log(1 − D) is what the paper "
    "maximises. We minimise, so it gets a minus.",
    "return real + fake → return real - fake": "You subtract the fakes' term; the docstring adds "
    "the two.",
    "return real + fake → return fake - real": "You subtract the real pictures' term: log D is to "
    "be maximised, and we minimise. Both terms have a minus in front of the logarithm.",
    "real + fake → (real + fake) / 2": "You take the mean of the two terms; the docstring adds "
    "them, so that logits of 0 give 2·log 2.",
    f"return {POOLED}.mean()": "You take one mean over real and fake logits together. Each term "
    "has the mean over its own batch, and the two means are added.",
    f"return 2 * {POOLED}.mean()": "You take one mean over real and fake logits together and "
    "double it, which is right only for batches of one size. Each term has the mean over its own "
    "batch.",
    f"return {POOLED}.sum()": "You add the terms of all logits up. Each term is the mean over its "
    "batch; with a sum, a larger batch would mean larger steps.",
    "return F.softplus(-real_logits).sum() / len(real_logits) "
    "+ F.softplus(fake_logits).sum() / len(fake_logits)": "You add the terms of a picture's logits "
    "up and divide by the number of pictures. Each term is the mean over all logits.",
    "real = F.softplus(-real_logits).reshape(len(real_logits), -1).mean(1).sum()\n"
    "return real + F.softplus(fake_logits).reshape(len(fake_logits), -1).mean(1).sum()": "You take "
    "the mean of each picture's terms and add the pictures up. Each term is one mean over all "
    "logits; with a sum, a larger batch would mean larger steps.",
    "return F.softplus(-real_logits.sigmoid()).mean() "
    "+ F.softplus(fake_logits.sigmoid()).mean()": "The sigmoid is applied twice: "
    "F.binary_cross_entropy_with_logits has it inside and takes the logits as they are.",
    "real + fake → real": "Only the real term is there: the fakes' −log(1 − D) is missing.",
    "real + fake → fake": "Only the fake term is there: the real pictures' −log D is missing.",
    f"{ONES} → torch.full_like(real_logits, 0.9)": "The real pictures have the target 0.9, "
    "one-sided label smoothing. That comes in a later lesson; here it is 1.",
    (
        f"{ONES} → torch.full_like(real_logits, 0.9)",
        f"{ZEROS} → torch.full_like(fake_logits, 0.1)",
    ): "The targets are 0.9 and 0.1, label smoothing. That comes in a later lesson; here they are "
    "1 and 0.",
    "return F.mse_loss(real_logits, torch.ones_like(real_logits)) + (fake_logits**2).mean()": ""
    "These are squared errors, the loss of LSGAN; here it is the cross-entropy.",
    "return ((1 - real_logits.sigmoid()) ** 2).mean() + (fake_logits.sigmoid() ** 2).mean()": ""
    "These are squared errors of the probabilities; here it is the cross-entropy.",
    "return 1 - real_logits.sigmoid().mean() + fake_logits.sigmoid().mean()": "You add the "
    "probabilities of a mistake, 1 − D and D; the logarithms are missing.",
    "return fake_logits.mean() - real_logits.mean()": "This is the difference of the means, the "
    "loss of a Wasserstein GAN; here it is the cross-entropy.",
    "return F.relu(1 - real_logits).mean() + F.relu(1 + fake_logits).mean()": "This is the hinge "
    "loss; here it is the cross-entropy.",
    "return F.softplus(-real_logits).mean() - 1 - F.softplus(-fake_logits).mean()": "For the fakes "
    "you take −(1 − log D). The formula has −log(1 − D), the logarithm of the whole bracket, and 1 "
    "− D is the sigmoid of minus the logit.",
    "return F.softplus(-real_logits).mean() + 1 + F.softplus(-fake_logits).mean()": "For the fakes "
    "you add 1 − log D. The formula has −log(1 − D), the logarithm of the whole bracket, and 1 − D "
    "is the sigmoid of minus the logit.",
    "return -real_logits.sigmoid().mean().log() - (1 - fake_logits.sigmoid().mean()).log()": "You "
    "take the logarithms of the means of D; the docstring asks for the means of the logarithms.",
    "return F.softplus(-real_logits.mean()) + F.softplus(fake_logits.mean())": "You take the means "
    "of the logits first; the docstring asks for the means of the logarithms.",
    "return -torch.log(real_logits).mean() - torch.log(1 - fake_logits).mean()": "You take "
    "logarithms of the logits, which are NaN where a number below 0 comes in. "
    f"Logits are any numbers, not probabilities: D is the sigmoid. {logits.FROM_LOGITS}",
}
FOUND = {
    "real = F. → real_logits = real_logits.detach(); real = F.": "no gradient reaches "
    "`real_logits`",
    f"{ZEROS} → torch.zeros(fake_logits.shape)": "on the GPU",
    f"{ONES} → torch.ones(len(real_logits), 1)": "as torch.ones_like(x) does",
}


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Logits of many shapes, batches of two sizes and of one, equal logits, large ones."""
    n, m, h, w = (int(k) for k in rng.choice(range(2, 9), 4, replace=False))
    # The first one asks for no gradients: writing over what does would be an error of its own.
    equal = equal_logits(0.7, 3, 1), equal_logits(0.4, 3, 1)
    yield Case(on="equal logits", args=equal, group=logits.ORDINARY)
    for real, fake in (
        ((n, 1), (n, 1)),
        ((n, 1, h, w), (n, 1, h, w)),
        ((1, 1), (1, 1)),
        ((n,), (m,)),
        ((n, 1, h, w), (m, 1, h, w)),
    ):
        words = f"real logits of size {_size(real)} and fake ones of size {_size(fake)}"
        pair = random_logits(rng, *real), random_logits(rng, *fake)
        yield Case(on=words, args=pair, group=logits.ORDINARY)
    for large in logits.LARGE:
        for r, f in ((large, -large), (-large, -large), (large, large), (-large, large)):
            words = f"real logits of {r:g} and fake ones of {f:g}"
            pair = equal_logits(r, 4, 1), equal_logits(f, 4, 1)
            yield Case(on=words, args=pair)


def explain(error: BaseException, case: Case) -> str:
    """More about batches of two sizes that are added or stacked."""
    real, fake = case.args
    if real.shape != fake.shape and "size" in str(error):
        return ". The two batches may differ in size: take the mean of each term, then add."
    return logits.explain(error, case)


def _size(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))


TASK = Task(
    **texts(__file__),
    reference=discriminator_loss,
    examine=loss_on_logits(
        lambda log, real_logits, fake_logits: (
            -log(real_logits, 1).mean() - log(fake_logits, 0).mean()
        ),
        example=Case(on="logits of 0", args=(torch.zeros(4, 1), torch.zeros(4, 1))),
        cases=cases,
        explain=explain,
    ),
    lesson_size=lambda rng: (torch.zeros(16, 1), torch.zeros(16, 1)),
    slips=(*slips_that_say(SAYS), *slips_that_get(FOUND)),
    written=zoo.WRITTEN,
    valid=zoo.VALID,
    equivalent={
        "line 1: `real = F.binary_cross_entropy_with_logits(r…` after the next statement": (
            "The two terms don't depend on each other."
        )
    },
)
