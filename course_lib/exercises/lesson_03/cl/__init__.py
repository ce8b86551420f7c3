"""Exercise 03.5: towards the clean picture, away from the rainy one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from course_lib.checks import expect
from course_lib.checks.attempt import Attempt, Call, describe
from course_lib.checks.expect import Case
from course_lib.checks.result import Wrong
from course_lib.checks.task import Header, Task
from course_lib.exercises.lesson_03 import contrastive_loss_zoo as zoo
from course_lib.exercises.lesson_03.contrasts import CUT_OFF, MISCONCEPTIONS, Features
from course_lib.exercises.lesson_03.pretended_gpu import on_gpu, try_on_gpu
from course_lib.losses import contrastive_loss

HEADER = Header(
    id="03.5",
    title="Towards the clean picture, away from the rainy one",
    difficulty=3,
    minutes=15,
    needed_for="the contrastive row of the table",
)

HINTS = (
    "Do the docstring's example by hand: where restored lies between rainy and clean, how large "
    "are near and far? Then ask which of the three calls of features gradients have to pass.",
    "features(restored), features(clean) and features(rainy) give three lists; zip walks through "
    "them tensor by tensor. near = |ours − good|, far = |ours − bad|, each the mean over all "
    "values, and near / (near + far + 1e-8) is one tensor's loss. Clean and rainy are fixed "
    "points: take their features inside torch.no_grad(), those of restored outside.",
    "Almost the code:\n"
    "    with torch.no_grad():\n"
    "        clean_maps, rainy_maps = features(clean), ...\n"
    "    losses = []\n"
    "    for ours, good, bad in zip(features(restored), clean_maps, rainy_maps):\n"
    "        near, far = (ours - good).abs().mean(), ...\n"
    "        losses.append(near / (...))\n"
    "    return torch.stack(losses).mean()",
)


def examine(attempt: Attempt, rng: np.random.Generator) -> None:
    """Random pictures and features, those that agree, and then gradients."""
    generator = torch.Generator().manual_seed(int(rng.integers(2**32)))
    cases = [
        _case(generator, count=count, n=n, scale=scale)
        for count, n, scale in ((0, 3, 1.0), (3, 4, 1.0), (4, 2, 1.0), (2, 1, 1.0), (3, 3, 0.02))
    ]
    losses, got = [], []
    for case in cases:
        call, loss = _call(attempt, case)
        expect.finite(call, loss.item())
        expect.untouched(call)
        losses.append(loss)
        got.append(loss.item())
    _one_at_a_time(cases)
    expect.values(got, cases, contrastive_loss, MISCONCEPTIONS)
    _extremes(attempt, generator)
    for loss, case in zip(losses, cases, strict=True):
        _gradients(loss, case)
    far = map(on_gpu, cases[1].args[:3])
    mend = "New tensors belong where the features are: use tensors made from theirs."
    on = "pictures on the GPU"
    try_on_gpu(attempt, *far, Features(generator, 3), on=on, mend=mend)


def _case(generator: torch.Generator, *, count: int, n: int, scale: float) -> Case:
    """Restored pictures that lie somewhere between rainy and clean ones, and off the line."""
    height, width = 5 + count, 8
    clean, rainy, noise = 2 * torch.rand(3, n, 3, height, width, generator=generator) - 1
    share = 0.15 + 0.7 * torch.rand(n, 3, 1, 1, generator=generator)
    restored = 0.9 * (share * clean + (1 - share) * rainy) + 0.1 * noise
    tensors = f"{count or 1} tensor{'s' if count > 1 else ''} of features"
    kind = "the pixels as features" if count == 0 else tensors
    weak = f", {scale:g} times as strong" if scale != 1 else ""
    return Case(
        on=f"{n} picture{'s' if n > 1 else ''} of {height}×{width} pixels and {kind}{weak}",
        args=(
            restored.requires_grad_(),
            clean.requires_grad_(),
            rainy.requires_grad_(),
            Features(generator, count, scale),
        ),
    )


def _call(attempt: Attempt, case: Case) -> tuple[Call, Tensor]:
    case.args[3].seen.clear()
    call = case.call(attempt)
    if isinstance(call.value, Tensor) and call.value.ndim:
        raise Wrong(
            f"On {case.on}, your function returns {describe(call.value)}; one number is expected: "
            "near and far are means over all values of a tensor, and the result is the mean of "
            "the tensors' losses."
        )
    loss = expect.scalar_tensor(call)
    if loss.isnan():
        raise Wrong(
            f"On {case.on}, your loss is NaN, as 0/0 is, or the root of a negative number: near "
            "and far are means of absolute values, and their sum plus 1e-8 is never 0."
        )
    return call, loss


def _one_at_a_time(cases: Sequence[Case]) -> None:
    """`features` was given the three batches, each by itself.

    Raises:
        Wrong: something else.
    """
    for case in cases:
        restored, _, _, features = case.args
        seen = {len(pictures) for pictures in features.seen}
        if not seen:
            raise Wrong(
                "Your function never calls `features`: it compares the pictures themselves. "
                "Compare features(restored) with features(clean) and features(rainy)."
            )
        wrong = seen - {len(restored)}
        if wrong:
            raise Wrong(
                f"Your function gives `features` batches of {wrong.pop()} where the pictures come "
                f"in batches of {len(restored)}. Features may depend on the whole batch, as batch "
                "norm does: call it for restored, clean and rainy in turn, with the batch as it "
                "is."
            )


def _extremes(attempt: Attempt, generator: torch.Generator) -> None:
    """0 at the clean picture, 1 at the rainy one, 0 where all agree, between them elsewhere.

    Raises:
        Wrong: it isn't.
    """
    features = Features(generator, 3)
    clean, rainy = 2 * torch.rand(2, 2, 3, 6, 7, generator=generator) - 1
    for restored, other, right, words in (
        (clean, rainy, 0, "a restored picture that is the clean one"),
        (rainy, rainy, 1, "a restored picture that is the rainy one"),
        (clean, clean, 0, "three pictures that agree"),
    ):
        ours = restored.clone().requires_grad_()
        _, loss = _call(
            attempt, Case(on=words, args=(ours, clean.clone(), other.clone(), features))
        )
        if not expect.close(loss.item(), right, 1e-4):
            raise Wrong(
                f"On {words}, your loss is {loss.item():.4g}; it is {right} there. The small "
                "number that keeps 0/0 away belongs in the denominator only, and is about 1e-8."
            )
    weak = Features(generator, 2, 1e-10)
    case = Case(
        on="features that hardly differ",
        args=(((clean + rainy) / 2).requires_grad_(), clean, rainy, weak),
    )
    _, loss = _call(attempt, case)
    if not -1e-4 <= loss.item() <= 1 + 1e-4:
        raise Wrong(
            f"On {case.on}, by about 1e-10, your loss is {loss.item():.4g}, outside 0 to 1: the "
            "small number is added to the denominator, not taken away."
        )


def _gradients(loss: Tensor, case: Case) -> None:
    """The gradient reaches restored, is the formula's, and reaches nothing else.

    Raises:
        Wrong: it doesn't.
    """
    restored, clean, rainy, features = case.args
    pictures = [restored, clean, rainy]
    if not loss.requires_grad:
        raise Wrong(
            "The value is right, but no gradient flows through your loss: are the features of "
            "restored taken inside torch.no_grad() too, or detached? Only those of clean and "
            "rainy belong there."
        )
    reached, *fixed = torch.autograd.grad(loss, pictures, allow_unused=True, retain_graph=True)
    for gradient, name in zip(fixed, ("clean", "rainy"), strict=True):
        if gradient is not None and gradient.any():
            raise Wrong(
                f"The value is right, but a gradient flows into `{name}`, and memory and time go "
                "into it: take the features of clean and rainy inside torch.no_grad()."
            )
    if reached is None or not reached.any():
        raise Wrong(
            "The value is right, but no gradient reaches `restored`: its features are detached or "
            "taken inside torch.no_grad(), so that the generator doesn't learn from them."
        )
    (right,) = torch.autograd.grad(contrastive_loss(*case.args), pictures[:1])
    if _same(reached, right):
        return
    for diagnosis, formula in CUT_OFF.items():
        (other,) = torch.autograd.grad(formula(restored, clean, rainy, features), pictures[:1])
        if _same(reached, other):
            raise Wrong(diagnosis)
    raise Wrong(
        "The value is right, but the gradient with respect to `restored` isn't that of the "
        "formula: is a part of it detached, or computed without gradients?"
    )


def _same(gradient: Tensor, other: Tensor) -> bool:
    scale = other.abs().max().item()
    return torch.allclose(gradient, other, rtol=1e-3, atol=1e-4 * scale)


def _lesson_size(rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor, Features]:
    generator = torch.Generator().manual_seed(0)
    restored, clean, rainy = 2 * torch.rand(3, 8, 3, 64, 64, generator=generator) - 1
    return restored.requires_grad_(), clean, rainy, Features(generator, 3)


TASK = Task(
    header=HEADER,
    reference=contrastive_loss,
    hints=HINTS,
    examine=examine,
    lesson_size=_lesson_size,
    wrong=zoo.WRONG,
    valid=zoo.VALID,
    equivalent=zoo.EQUIVALENT,
)
