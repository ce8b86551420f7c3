"""Exercise 02.3: what the generator of Pix2Pix minimises."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from course_lib.checks import logits
from course_lib.checks.attempt import Attempt, Call, describe
from course_lib.checks.function import Case
from course_lib.checks.logits import MINUS_LOG_D, equal_logits, loss_on_logits, random_logits
from course_lib.checks.result import Wrong
from course_lib.checks.slips import Slip
from course_lib.checks.task import Task, texts
from course_lib.exercises.lesson_02.pix2pix_loss import zoo
from course_lib.losses import pix2pix_loss

GAN, L1 = "generator_loss(fake_logits)", "(restored - clean).abs().mean()"

# The whole loss, as an expression → the diagnosis.
SUMS = {
    f"{GAN} + {L1}": "λ is missing: L1 has the weight 1.",
    f"{GAN} + 100 * {L1}": "λ is 100 whatever `lambda_l1` says; use the argument, which the lesson "
    "varies.",
    f"lambda_l1 * {GAN} + {L1}": "λ multiplies the adversarial term; it belongs to L1.",
    f"lambda_l1 * ({GAN} + {L1})": "λ multiplies both terms, as if the sum stood in brackets; it "
    "belongs to L1 only.",
    f"{GAN} + {L1} / lambda_l1": "You divide L1 by λ; the formula multiplies.",
    f"{GAN} + lambda_l1 + {L1}": "You add λ and L1; the formula multiplies them.",
    f"{GAN} - lambda_l1 * {L1}": "L1 is subtracted: your generator would run away from the truth.",
    f"({GAN} + lambda_l1 * {L1}) / 2": "You take half of the sum; the docstring doesn't.",
    f"lambda_l1 * {L1}": "Only λ·L1 is there: the adversarial term −log D is missing.",
    GAN: "Only −log D is there: the term λ·L1 is missing.",
    f"(1 - lambda_l1) * {GAN} + lambda_l1 * {L1}": "The weights are 1 − λ and λ, as in an average; "
    "here −log D has the weight 1.",
    f"({GAN} + lambda_l1 * {L1}) / (1 + lambda_l1)": "You divide by the sum of the weights, 1 + λ, "
    "as in an average; the docstring adds the terms.",
    f"len(clean) * ({GAN} + lambda_l1 * {L1})": "You add the losses of the pictures up; the "
    "docstring takes means. With a sum over the batch, a larger batch would mean larger steps.",
}
# What stands in the place of L1 → the diagnosis.
DISTANCES = {
    "F.mse_loss(restored, clean)": "You take the mean squared difference (L2), which blurs more; "
    "the docstring asks for the mean absolute one.",
    "F.mse_loss(restored, clean).sqrt()": "You take the root of the mean squared difference; the "
    "docstring asks for the mean absolute one.",
    "(restored - clean).abs().sum()": "You add the absolute differences up. L1 is their mean over "
    "all values, so that it doesn't grow with the pictures.",
    "(restored - clean).abs().sum() / len(clean)": "You add the absolute differences of a picture "
    "up and divide by the number of pictures; L1 is the mean over all values.",
    "(restored - clean).abs().mean((1, 2, 3)).sum()": "You take the mean of each picture's "
    "absolute differences and add the pictures up. L1 is one mean over all values: with a sum over "
    "the batch, a larger batch would give L1 more weight.",
    "3 * (restored - clean).abs().mean()": "You add the differences of the three channels up; L1 "
    "is the mean over all values.",
    "(restored - clean).mean()": "The differences keep their signs, so that too bright and too "
    "dark cancel each other: the absolute value is missing.",
    "(clean - restored).mean()": "The differences keep their signs, clean minus restored, so that "
    "too bright and too dark cancel each other: the absolute value is missing.",
    "(restored - clean).mean().abs()": "You take the absolute value of the mean difference, where "
    "too bright and too dark have cancelled each other already: first abs, then mean.",
    "(restored.mean((1, 2, 3)) - clean.mean((1, 2, 3))).abs().mean()": "You compare only the mean "
    "brightness of the pictures; compare them value by value.",
    "F.smooth_l1_loss(restored, clean)": "This is the smooth L1 loss, which is quadratic for "
    "differences below 1; the docstring asks for the mean absolute difference.",
    "(restored - clean).abs().max()": "This is the largest difference; L1 is the mean.",
    "(restored - clean).norm()": "This is the Euclidean distance of the pictures; L1 is the mean "
    "absolute difference.",
    "(restored - clean).abs().mean() / 2": "Your differences are half as large: you bring the "
    "pictures to [0, 1]; the docstring takes them as they are, in [−1, 1].",
    "(restored - clean).abs().mean() * 127.5": "Your differences are 127.5 times as large: you "
    "bring the pictures to 0 to 255; the docstring takes them as they are, in [−1, 1].",
    "(restored - clean).abs().mean() * 2": "Your differences are twice as large; L1 counts each "
    "one once.",
    "restored.abs().mean()": "Your L1 measures how bright the restored pictures are, not how far "
    "they are from the clean ones.",
    "(restored.abs() - clean.abs()).abs().mean()": "You take absolute values before you subtract: "
    "a dark value −0.5 and a bright one 0.5 count as equal.",
}

SLIPS = (
    *(Slip(f"return {loss}", says=says) for loss, says in SUMS.items()),
    *(Slip(f"{L1} → {distance}", says=says) for distance, says in DISTANCES.items()),
    *(
        Slip(f"{GAN} → ({term})", says=f"Look at your first term. {says}")
        for term, says in MINUS_LOG_D.items()
    ),
    Slip("(restored - clean) → (restored.detach() - clean)", gets="gradient reaches `restored`"),
    Slip("fake_logits) → fake_logits.detach())", gets="gradient reaches `fake_logits`"),
    Slip(f"{L1} → (restored - clean).abs()", gets="one number for each value of the pictures"),
    Slip(f"{L1} → ((restored - clean) ** 2).sqrt().mean()", gets="agree, the gradient"),
    Slip(
        f"{GAN} → F.binary_cross_entropy_with_logits(fake_logits, torch.ones(fake_logits.shape))",
        gets="on the GPU",
    ),
)


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Grids of logits and single ones, pictures that aren't square, λ from 0 to 100."""
    n, h, w = (int(k) for k in rng.choice(range(2, 7), 3, replace=False))
    # The first one asks for no gradients: writing over what does would be an error of its own.
    # Its restored pictures are too dark, those of the docstring's example too bright.
    dark, bright = torch.from_numpy(rng.uniform(0, 1, (2, n, 3, 4, 6))).float()
    yield Case(
        on=f"restored pictures that are too dark, of size {n}×3×4×6, and λ = 10",
        args=(random_logits(rng, n, 1, 2, 2).detach(), dark - 1, bright),
        kwargs={"lambda_l1": 10.0},
        group=logits.ORDINARY,
    )
    yield Case(
        on="two restored pictures, one too dark and one too bright, and λ = 10",
        args=(
            random_logits(rng, 2, 1, 2, 2),
            torch.stack([dark[0] - 1, bright[0]]).requires_grad_(),
            torch.stack([bright[0], dark[0] - 1]),
        ),
        kwargs={"lambda_l1": 10.0},
        group=logits.ORDINARY,
    )
    for shape, size, lambda_l1 in (
        ((n, 1, h, w), (9, 6), 100.0),
        ((n, 1), (5, 8), round(float(rng.uniform(2, 20)), 2)),
        ((1, 1, w, h), (7, 7), 0.03),
        ((n, 1, 3, 3), (4, 7), 1),
        ((n, 1, h, w), (6, 4), 0),
    ):
        yield _case(rng, shape, size, lambda_l1)
    clean = torch.from_numpy(rng.uniform(-1, 1, (n, 3, 5, 5))).float()
    yield Case(
        on="restored pictures that are the clean ones, and λ = 10",
        args=(random_logits(rng, n, 1, 2, 2), clean.clone(), clean),
        kwargs={"lambda_l1": 10.0},
        group=logits.ORDINARY,
    )
    for value in (sign * large for large in logits.LARGE for sign in (-1, 1)):
        picture = torch.full((1, 3, 2, 2), 0.5)
        yield Case(
            on=f"logits of {value:g} and equal pictures",
            args=(equal_logits(value, 1, 1, 2, 2), picture, picture.clone()),
            kwargs={"lambda_l1": 1.0},
        )


def _case(
    rng: np.random.Generator, shape: tuple[int, ...], size: tuple[int, int], lambda_l1: float
) -> Case:
    restored, clean = rng.uniform(-1, 1, (2, shape[0], 3, *size))
    return Case(
        on=f"logits of size {'×'.join(map(str, shape))}, pictures of size "
        f"{shape[0]}×3×{size[0]}×{size[1]} and λ = {lambda_l1:g}",
        args=(
            random_logits(rng, *shape),
            torch.from_numpy(restored).float().requires_grad_(),
            torch.from_numpy(clean).float(),
        ),
        kwargs={"lambda_l1": lambda_l1},
        group=logits.ORDINARY,
    )


def look(call: Call, case: Case) -> None:
    """One number, not one of each term or of each value."""
    fake, restored, _ = case.args
    if isinstance(call.value, tuple | list):
        raise Wrong(
            f"Your function returns {describe(call.value)}; the docstring asks for one loss: add "
            "the two terms."
        )
    if isinstance(call.value, Tensor) and call.value.shape == restored.shape != fake.shape:
        raise Wrong(
            "Your L1 has one number for each value of the pictures; L1 is the mean over all of "
            "them: .mean()."
        )


def where_pictures_agree(attempt: Attempt, rng: np.random.Generator) -> None:
    """Any slope of |x| at 0, from −1 to 1, is right there; NaN isn't."""
    clean = torch.from_numpy(rng.uniform(-1, 1, (2, 3, 4, 5))).float()
    restored = clean.clone().requires_grad_()
    words = "restored pictures that are the clean ones"
    loss = attempt.call(torch.zeros(2, 1), restored, clean, lambda_l1=1.0, on=words).value
    (gradient,) = torch.autograd.grad(loss, restored)
    if not bool((gradient.abs() <= 1.01 / clean.numel()).all()):
        what = "NaN" if gradient.isnan().any() else f"up to {float(gradient.abs().max()):.3g}"
        raise Wrong(
            f"Where restored and clean pictures agree, the gradient of your L1 is {what}: one such "
            "value spoils the network. Take the absolute value with .abs() or F.l1_loss; a root of "
            "a square has no slope at 0."
        )


TASK = Task(
    **texts(__file__),
    reference=pix2pix_loss,
    examine=loss_on_logits(
        lambda log, fake_logits, restored, clean, *, lambda_l1: (
            -log(fake_logits, 1).mean() + lambda_l1 * (restored - clean).abs().mean()
        ),
        example=Case(
            on="logits of 0, pictures that are off by 0.1 everywhere and λ = 100",
            args=(torch.zeros(1, 1, 2, 2), torch.full((1, 3, 4, 4), 0.1), torch.zeros(1, 3, 4, 4)),
            kwargs={"lambda_l1": 100.0},
        ),
        cases=cases,
        look=look,
        then=where_pictures_agree,
    ),
    lesson_size=lambda rng: (
        torch.zeros(4, 1, 14, 14),
        torch.zeros(4, 3, 128, 128),
        torch.ones(4, 3, 128, 128),
    ),
    lesson_keywords={"lambda_l1": 100.0},
    slips=SLIPS,
    written=zoo.WRITTEN,
    valid=zoo.VALID,
    equivalent={
        "line 1: restored - clean → clean - restored": (
            "The absolute value is the same either way round."
        )
    },
)
