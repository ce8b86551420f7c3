"""Exercise 04.2: a loss in the gradient domain."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from course_lib.checks import expect
from course_lib.checks.attempt import Attempt, Call, describe, describe_error
from course_lib.checks.expect import Case
from course_lib.checks.result import Wrong
from course_lib.checks.task import Header, Task
from course_lib.exercises.lesson_03.pretended_gpu import on_gpu, try_on_gpu
from course_lib.exercises.lesson_04 import gradient_loss_zoo as zoo
from course_lib.exercises.lesson_04.gradient_losses import CUT_OFF, MISCONCEPTIONS
from course_lib.losses import gradient_loss

HEADER = Header(
    id="04.2",
    title="A loss in the gradient domain",
    difficulty=3,
    minutes=20,
    needed_for="GRASPP's training",
)

HINTS = (
    "SobelGradient()(…) gives ∇x and ∇y, each N×3×H×W. How many numbers has one picture in each "
    "of them, how many norms does a batch of N pictures have, and so: along which axes must a norm "
    "go? Try the docstring's example with two pictures, one of which is right already.",
    "The gradient of a difference is the difference of the gradients, so one call does: "
    "SobelGradient()(restored − clean). `.flatten(1)` makes one row of each picture; "
    "torch.linalg.vector_norm(…, dim=1) gives N norms, and has a finite slope at 0 too, which a "
    "root by hand hasn't. For another reduction than the two, raise a ValueError.",
    "Almost the code:\n"
    "    across, down = SobelGradient()(restored - ...)\n"
    '    if reduction == "mse":\n'
    "        return (across**2).mean() + ...\n"
    '    if reduction == "norm":\n'
    "        return (across.flatten(1).norm(dim=...) + ...).mean()\n"
    '    raise ValueError(f"no such reduction: {reduction!r}")',
)

REDUCTIONS = ("norm", "mse")

NEAR_0 = 5e-3  # what a small number under a root may leave where pictures agree


def examine(attempt: Attempt, rng: np.random.Generator) -> None:
    """Random pictures with both reductions, others that agree, gradients, a pretended GPU."""
    generator = torch.Generator().manual_seed(int(rng.integers(2**32)))
    pairs = _pairs(rng, generator)
    losses: list[tuple[Tensor, Case]] = []
    for reduction in REDUCTIONS:
        cases = [_case(on, pair, reduction) for on, pair in pairs]
        found = [_loss(attempt, case) for case in cases]
        _values([loss.item() for loss in found], cases, reduction)
        losses += zip(found, cases, strict=True)
    on, pair = pairs[0]
    _default(attempt, Case(on=f"{on} without a reduction", args=pair))
    for unknown in ("mean", "sum"):
        attempt.refuses(*pair, on=f'the reduction "{unknown}"', reduction=unknown)
    for loss, case in losses:
        _gradients(loss, case)
    for reduction in REDUCTIONS:
        _agreeing(attempt, reduction, generator)
    _two_devices(attempt, pair)


def _pairs(
    rng: np.random.Generator, generator: torch.Generator
) -> list[tuple[str, tuple[Tensor, Tensor]]]:
    """Restored and clean pictures, in words and as they are; hardly any is square."""
    a, b, c = (int(side) for side in rng.choice(range(5, 12), 3, replace=False))
    pairs = []
    for n, height, width, strength in (
        (3, a, b, 0.9),
        (1, b, c, 0.9),
        (4, c, c, 0.9),
        (2, b, a, 0.03),
    ):
        weak = " that hardly differ" if strength < 0.1 else ""
        on = f"{n} picture{'s' if n > 1 else ''} of {height}×{width} pixels{weak}"
        pairs.append((on, _pair((n, 3, height, width), strength, generator)))
    return pairs


def _pair(
    shape: tuple[int, ...], strength: float, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Streaks and noise on clean pictures, on each one and each colour more or less of them."""
    n, colours, _, width = shape
    clean, noise = 2 * torch.rand(2, *shape, generator=generator) - 1
    streaks = 2 * torch.rand(n, colours, 1, width, generator=generator) - 1
    share = strength * (0.1 + 0.9 * torch.rand(n, colours, 1, 1, generator=generator))
    restored = (1 - share) * clean + share * (0.7 * streaks + 0.3 * noise)
    # Not a leaf: working in place on a leaf is an error, on what a network puts out it isn't.
    return restored.requires_grad_() * 1, clean


def _case(on: str, pair: tuple[Tensor, Tensor], reduction: str) -> Case:
    return Case(on=f'{on} and reduction="{reduction}"', args=pair, kwargs={"reduction": reduction})


def _loss(attempt: Attempt, case: Case) -> Tensor:
    """What the answer returns, once it is a finite scalar tensor.

    Raises:
        Wrong: it is something else.
    """
    call = _call(attempt, case)
    _one_number(call, case)
    loss = expect.scalar_tensor(call)
    expect.finite(call, loss.item())
    expect.untouched(call)
    return loss


def _call(attempt: Attempt, case: Case) -> Call:
    """Call the answer; errors whose message doesn't tell the mend get it."""
    call, error = attempt.outcome(*case.args, on=case.on, **case.kwargs)
    if call is not None:
        return call
    assert error is not None
    mends = [mend for sign, mend in MENDS.items() if sign in str(error)]
    text = describe_error(error, attempt.function)
    raise Wrong(f"On {case.on}, your function raises {text}{''.join(mends[:1])}")


MENDS = {
    "Can't call numpy()": " But detached, nothing would learn from this loss: stay with torch.",
    "SobelGradient is made of two kernels": ". The parentheses behind the name make the layer; "
    "a second pair calls it.",
    "non-iterable SobelGradient": ". SobelGradient() makes the layer, which takes the pictures "
    "when it is called: SobelGradient()(pictures).",
    "must be a 2-tuple": ". One norm over more than two axes is torch.linalg.vector_norm's; or "
    "make one row of each picture, .flatten(1), and take the norm along dim=1.",
    "'tuple'": ". SobelGradient gives a pair: across, down = SobelGradient()(pictures).",
}


def _one_number(call: Call, case: Case) -> None:
    value, (restored, _) = call.value, case.args
    if value is None and not call.printed and not call.in_place:
        raise Wrong(
            f"On {case.on}, your function returns None: is the `return` missing, or not reached "
            "with this reduction?"
        )
    if isinstance(value, tuple | list):
        raise Wrong(
            f"On {case.on}, your function returns {describe(value)}; one loss is expected: add "
            "the terms of ∇x and ∇y."
        )
    if not isinstance(value, Tensor) or value.ndim == 0:
        return
    text = f"On {case.on}, your function returns {describe(value)}; one number is expected"
    if value.shape == restored.shape[:1]:
        raise Wrong(f"{text}: take the mean over the {len(restored)} pictures.")
    if value.shape == restored.shape:
        raise Wrong(f"{text}, and yours has one for each value of the pictures.")
    raise Wrong(f"{text}. Which axes are left over?")


def _values(got: Sequence[float], cases: Sequence[Case], reduction: str) -> None:
    """The losses are the reference's.

    Raises:
        Wrong: they aren't; whichever way that is said, it names the reduction.
    """
    try:
        expect.values(got, cases, gradient_loss, MISCONCEPTIONS[reduction])
    except Wrong as wrong:
        text = str(wrong)
        if "reduction=" not in text:
            text = f'With reduction="{reduction}", {text[0].lower()}{text[1:]}'
        raise Wrong(text) from None


def _default(attempt: Attempt, case: Case) -> None:
    """Called without a reduction, the answer takes "norm".

    Raises:
        Wrong: it takes something else.
    """
    loss = _loss(attempt, case).item()
    if expect.close(loss, case.of(gradient_loss), 1e-4):
        return
    mse = float(gradient_loss(*case.args, reduction="mse"))
    what = 'what "mse" asks for' if expect.close(loss, mse, 1e-4) else f"{loss:.4g}"
    raise Wrong(
        f'On {case.on}, your function gives {what}; unless told, the reduction is "norm". Keep '
        "the first line of the exercise as it is."
    )


def _gradients(loss: Tensor, case: Case) -> None:
    """The gradient reaches restored, and is the formula's.

    Raises:
        Wrong: it doesn't, or it isn't.
    """
    restored = case.args[0]
    if not loss.requires_grad:
        raise Wrong(
            f"On {case.on}, the value is right, but no gradient flows through your loss: something "
            "cuts it off, such as torch.no_grad(), .detach(), .data, .item() or torch.tensor(...)."
        )
    reached = _gradient(loss, restored)
    if reached is None or not reached.any():
        raise Wrong(
            f"On {case.on}, the value is right, but no gradient reaches `restored`: it is detached "
            "inside your loss, so that G doesn't learn. If anything is detached, it is `clean`."
        )
    right = _gradient(gradient_loss(*case.args, **case.kwargs), restored)
    assert right is not None
    if _same(reached, right):
        return
    for diagnosis, formula in CUT_OFF[case.kwargs["reduction"]].items():
        other = _gradient(formula(*case.args), restored)
        if other is not None and _same(reached, other):
            raise Wrong(diagnosis)
    raise Wrong(
        f"On {case.on}, the value is right, but the gradient isn't that of the formula: is a part "
        "of it detached, or computed without gradients?"
    )


def _gradient(loss: Tensor, restored: Tensor) -> Tensor | None:
    (gradient,) = torch.autograd.grad(loss, [restored], allow_unused=True, retain_graph=True)
    return gradient


def _same(gradient: Tensor, other: Tensor) -> bool:
    return torch.allclose(gradient, other, rtol=1e-3, atol=1e-4 * other.abs().max().item())


def _agreeing(attempt: Attempt, reduction: str, generator: torch.Generator) -> None:
    """Where all pictures agree, or one of two does, the gradient is finite; where all, it is 0.

    Raises:
        Wrong: it isn't.
    """
    restored, clean = _pair((2, 3, 6, 7), 0.9, generator)
    one_right = torch.stack([clean[0], restored[1].detach()])
    for right, words, ours in (
        (0, "pictures that agree", clean.clone()),
        (None, "two pictures, the first of which is right already,", one_right),
    ):
        case = _case(words, (ours.requires_grad_() * 1, clean), reduction)
        loss = _loss(attempt, case)
        if right == 0 and abs(loss.item()) > NEAR_0:
            raise Wrong(
                f"On {case.on}, your loss is {loss.item():.4g}; it is 0 there. Is a small number "
                "added, under the root or beside it? 1e-8 is enough."
            )
        _finite_gradient(loss, case)


def _finite_gradient(loss: Tensor, case: Case) -> None:
    if not loss.requires_grad:
        raise Wrong(
            f"On {case.on}, no gradient flows through your loss, so that .backward() raises an "
            "error: a number or a new tensor takes the place of the formula there."
        )
    gradient = _gradient(loss, case.args[0])
    if gradient is None or gradient.isfinite().all():
        return
    raise Wrong(
        f"On {case.on}, the gradient of your loss is NaN or infinite, and one step with it spoils "
        "all weights: the slope of a root is infinite at 0. torch.linalg.vector_norm and "
        "Tensor.norm give a slope of 0 there; under a root of your own, add 1e-8."
    )


def _two_devices(attempt: Attempt, pair: Sequence[Tensor]) -> None:
    mend = "Kernels and new tensors belong where the pictures are: kernels.to(restored.device)."
    for reduction in REDUCTIONS:
        far = map(on_gpu, pair)
        try_on_gpu(attempt, *far, on="pictures on the GPU", mend=mend, reduction=reduction)


def _lesson_size(rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    return _pair((8, 3, 64, 64), 0.9, generator)


TASK = Task(
    header=HEADER,
    reference=gradient_loss,
    hints=HINTS,
    examine=examine,
    lesson_size=_lesson_size,
    wrong=zoo.WRONG,
    valid=zoo.VALID,
    equivalent=zoo.EQUIVALENT,
)
