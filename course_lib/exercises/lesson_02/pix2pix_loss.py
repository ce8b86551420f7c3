"""Exercise 02.3: what the generator of Pix2Pix minimises."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.checks import expect
from course_lib.checks.attempt import Attempt, describe
from course_lib.checks.expect import Case
from course_lib.checks.result import Wrong
from course_lib.checks.task import Header, Task
from course_lib.exercises.lesson_01 import generator_loss as first_term
from course_lib.exercises.lesson_01.losses import FROM_LOGITS, LARGE, Loss, devices, logits
from course_lib.exercises.lesson_02 import pix2pix_loss_zoo as zoo
from course_lib.losses import generator_loss, pix2pix_loss

HEADER = Header(
    id="02.3",
    title="What the generator of Pix2Pix minimises",
    difficulty=2,
    minutes=10,
    needed_for="training Pix2Pix in section 5",
)

HINTS = (
    "There are two terms. One is a function that you wrote in lesson 01. What does the other one "
    "ask of the restored picture that D's verdict can't?",
    "The first term is `generator_loss` of the logits, as it is. For the second one, subtract "
    "the clean pictures from the restored ones, take absolute values, and one mean over all of "
    "them; F.l1_loss does the same. λ multiplies this second term only.",
    "Almost the code:\n"
    "    l1 = (restored - clean)....\n"
    "    return generator_loss(...) + lambda_l1 * l1",
)

Distance = Callable[[Tensor, Tensor], Tensor]


def _l1(restored: Tensor, clean: Tensor) -> Tensor:
    return (restored - clean).abs().mean()


def _with(*, adversarial: Loss = generator_loss, distance: Distance = _l1) -> Loss:
    """The loss with another first term, or another distance in the second."""

    def loss(fake: Tensor, restored: Tensor, clean: Tensor, *, lambda_l1: float) -> Tensor:
        return adversarial(fake) + lambda_l1 * distance(restored, clean)

    return loss


def _of_terms(mix: Callable[[Tensor, Tensor, float], Tensor]) -> Loss:
    """Another sum of the two right terms and λ."""

    def loss(fake: Tensor, restored: Tensor, clean: Tensor, *, lambda_l1: float) -> Tensor:
        return mix(generator_loss(fake), _l1(restored, clean), lambda_l1)

    return loss


WEIGHTS: dict[str, Loss] = {
    "λ is missing: L1 has the weight 1.": _of_terms(lambda gan, l1, weight: gan + l1),
    "λ is 100 whatever `lambda_l1` says; use the argument, which the lesson varies.": _of_terms(
        lambda gan, l1, weight: gan + 100 * l1
    ),
    "λ multiplies the adversarial term; it belongs to L1.": _of_terms(
        lambda gan, l1, weight: weight * gan + l1
    ),
    "λ multiplies both terms, as if the sum stood in brackets; it belongs to L1 only.": _of_terms(
        lambda gan, l1, weight: weight * (gan + l1)
    ),
    "you divide L1 by λ; the formula multiplies.": _of_terms(
        lambda gan, l1, weight: gan + l1 / max(weight, 1e-30)
    ),
    "you add λ and L1; the formula multiplies them.": _of_terms(
        lambda gan, l1, weight: gan + weight + l1
    ),
    "L1 is subtracted: your generator would run away from the truth.": _of_terms(
        lambda gan, l1, weight: gan - weight * l1
    ),
    "you halve the sum; the docstring doesn't.": _of_terms(
        lambda gan, l1, weight: (gan + weight * l1) / 2
    ),
    "only λ·L1 is there: the adversarial term −log D is missing.": _of_terms(
        lambda gan, l1, weight: weight * l1
    ),
    "only −log D is there: the term λ·L1 is missing.": _of_terms(lambda gan, l1, weight: gan),
    "the weights are 1 − λ and λ, as in an average; here −log D has the weight 1.": _of_terms(
        lambda gan, l1, weight: (1 - weight) * gan + weight * l1
    ),
}

DISTANCES: dict[str, Distance] = {
    "you take the mean squared difference (L2), which blurs more; the docstring asks for the mean "
    "absolute one.": F.mse_loss,
    "you take the root of the mean squared difference; the docstring asks for the mean absolute "
    "one.": lambda restored, clean: F.mse_loss(restored, clean).sqrt(),
    "you add the absolute differences up; L1 is their mean over all values, so that it "
    "doesn't grow with the pictures.": lambda restored, clean: (restored - clean).abs().sum(),
    "you add the absolute differences of a picture up and divide by the number of pictures; L1 is "
    "the mean over all values.": (
        lambda restored, clean: (restored - clean).abs().sum() / len(clean)
    ),
    "you add the differences of the three channels up; L1 is the mean over all values.": (
        lambda restored, clean: 3 * _l1(restored, clean)
    ),
    "the differences keep their signs, so that too bright and too dark cancel each other: the "
    "absolute value is missing.": lambda restored, clean: (restored - clean).mean(),
    "the differences keep their signs, clean minus restored, so that too bright and too dark "
    "cancel each other: the absolute value is missing.": (
        lambda restored, clean: (clean - restored).mean()
    ),
    "you take the absolute value of the mean difference, where too bright and too dark have "
    "cancelled each other already: first abs, then mean.": (
        lambda restored, clean: (restored - clean).mean().abs()
    ),
    "you compare only the mean brightness of the pictures; compare them value by value.": (
        lambda restored, clean: (restored.mean((1, 2, 3)) - clean.mean((1, 2, 3))).abs().mean()
    ),
    "this is the smooth L1 loss, which is quadratic for differences below 1; the docstring asks "
    "for the mean absolute difference.": F.smooth_l1_loss,
    "this is the largest difference; L1 is the mean.": (
        lambda restored, clean: (restored - clean).abs().max()
    ),
    "this is the Euclidean distance of the pictures; L1 is the mean absolute difference.": (
        lambda restored, clean: (restored - clean).norm()
    ),
    "your differences are half as large: you bring the pictures to [0, 1]; the docstring takes "
    "them as they are, in [−1, 1].": lambda restored, clean: _l1(restored, clean) / 2,
    "your L1 measures how bright the restored pictures are, not how far they are from the clean "
    "ones.": lambda restored, clean: restored.abs().mean(),
}

MISCONCEPTIONS: dict[str, Loss] = (
    WEIGHTS
    | {text: _with(distance=distance) for text, distance in DISTANCES.items()}
    | {
        f"in your first term, {text}": _with(adversarial=loss)
        for text, loss in first_term.MISCONCEPTIONS.items()
    }
)


def examine(attempt: Attempt, rng: np.random.Generator) -> None:
    """Grids of logits and single ones, pictures that aren't square, λ from 0 to 100."""
    generator = torch.Generator().manual_seed(int(rng.integers(2**32)))
    n, h, w = (int(k) for k in rng.choice(range(2, 7), 3, replace=False))
    cases = [
        _case(shape, (shape[0], 3, *size), lambda_l1, generator)
        for shape, size, lambda_l1 in (
            ((n, 1, h, w), (9, 6), 100.0),
            ((n, 1), (5, 8), float(rng.uniform(2, 20))),
            ((1, 1, w, h), (7, 7), 0.03),
            ((n, 1, 3, 3), (4, 7), 1),
        )
    ]
    without = _case((n, 1, h, w), (n, 3, 6, 4), 0, generator)  # shows nothing of L1
    losses = _values(attempt, cases)
    _values(attempt, [without])
    _large_logits(attempt)
    for loss, case in zip(losses, cases, strict=True):
        _gradients(loss, case)
    for device in devices()[1:]:
        args = [tensor.to(device) for tensor in cases[0].args]
        attempt.call(*args, on="tensors on the GPU", lambda_l1=100.0)


def _case(
    shape: tuple[int, ...], size: tuple[int, ...], lambda_l1: float, generator: torch.Generator
) -> Case:
    restored, clean = 2 * torch.rand(2, *size, generator=generator) - 1
    # Not leaves: working in place on a leaf is an error, on what a network puts out it isn't.
    fake, restored = logits(shape, generator) * 1, restored.requires_grad_() * 1
    return Case(
        on=f"logits of size {_size(shape)}, pictures of size {_size(size)} and λ = {lambda_l1:.3g}",
        args=(fake, restored, clean),
        kwargs={"lambda_l1": lambda_l1},
    )


def _size(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))


def _values(attempt: Attempt, cases: Sequence[Case]) -> list[Tensor]:
    """The answer's losses, which have the right values."""
    losses = []
    for case in cases:
        call = case.call(attempt)
        _one_number(call.value, case)
        losses.append(expect.scalar_tensor(call))
        expect.finite(call, losses[-1].item())
        expect.untouched(call)
    expect.values([loss.item() for loss in losses], cases, pix2pix_loss, MISCONCEPTIONS)
    return losses


def _one_number(value: object, case: Case) -> None:
    fake, restored, _ = case.args
    if isinstance(value, tuple | list):
        raise Wrong(
            f"Your function returns {describe(value)}; the docstring asks for one loss: add the "
            "two terms."
        )
    if isinstance(value, Tensor) and value.shape == restored.shape != fake.shape:
        raise Wrong(
            "Your L1 has one number for each value of the pictures; L1 is the mean over all of "
            "them: .mean()."
        )


def _large_logits(attempt: Attempt) -> None:
    picture = torch.zeros(1, 3, 2, 2)
    for size in LARGE:
        for logit in (-size, size):
            case = Case(
                on=f"logits of {logit:g}",
                args=(torch.full((1, 1, 2, 2), logit), picture, picture),
                kwargs={"lambda_l1": 1.0},
            )
            loss = expect.scalar_tensor(case.call(attempt)).item()
            right = case.of(pix2pix_loss).item()
            if not expect.close(loss, right, 1e-4):
                raise Wrong(
                    f"On {case.on}, your loss is {loss:.4g}; the formula gives {right:.4g}. The "
                    "sigmoid of a large logit rounds to exactly 0 or 1, and its logarithm is "
                    f"lost, or cut off by a small number. {FROM_LOGITS} Or call generator_loss, "
                    "which does."
                )


def _gradients(loss: Tensor, case: Case) -> None:
    """Gradients reach the logits and the restored pictures; the clean ones need none."""
    if not loss.requires_grad:
        raise Wrong(
            "The value is right, but no gradient flows through your loss: something cuts it off, "
            "such as torch.no_grad(), .detach(), .item() or torch.tensor(...)."
        )
    inputs = case.args[:2]
    have = torch.autograd.grad(loss, inputs, allow_unused=True)
    want = torch.autograd.grad(pix2pix_loss(*case.args, **case.kwargs), inputs)
    for what, mine, theirs in zip(("the logits", "the restored pictures"), have, want, strict=True):
        if mine is None or not mine.any():
            raise Wrong(
                f"The value is right, but no gradient reaches {what}: "
                + (
                    "D's verdict teaches the generator nothing. `fake_logits` is detached inside "
                    "your loss."
                    if what == "the logits"
                    else "L1 teaches the generator nothing. `restored` is detached inside your "
                    "loss; if anything is, it is `clean`."
                )
            )
        if not torch.allclose(mine, theirs, rtol=1e-3, atol=1e-6):
            raise Wrong(
                f"The value is right, but the gradient with respect to {what} isn't that of the "
                "formula: is a part of it detached, or computed without gradients?"
            )


def _lesson_size(rng: np.random.Generator) -> tuple[Tensor, ...]:
    return torch.zeros(4, 1, 14, 14), torch.zeros(4, 3, 128, 128), torch.ones(4, 3, 128, 128)


TASK = Task(
    header=HEADER,
    reference=pix2pix_loss,
    hints=HINTS,
    examine=examine,
    lesson_size=_lesson_size,
    lesson_keywords={"lambda_l1": 100.0},
    wrong=zoo.WRONG,
    valid=zoo.VALID,
    equivalent=zoo.EQUIVALENT,
)
