"""What the checks of both losses have in common: random logits, gradients, large logits."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import torch

from course_lib.checks import expect
from course_lib.checks.attempt import Attempt
from course_lib.checks.expect import Case
from course_lib.checks.result import Wrong

Loss = Callable[..., torch.Tensor]

LARGE = (20.0, 200.0)

EPSILONS = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)  # smaller ones don't show on small logits

BCE_CAP = 99.0  # F.binary_cross_entropy cuts logarithms off at −100

FROM_LOGITS = (
    "Compute the loss from the logits: F.binary_cross_entropy_with_logits, F.logsigmoid or "
    "F.softplus."
)


def logits(shape: Sequence[int], generator: torch.Generator) -> torch.Tensor:
    """Random logits between about −6 and 6, which gradients are asked of."""
    return (2 * torch.randn(*shape, generator=generator)).requires_grad_()


def devices() -> list[str]:
    """The CPU; the GPU too when the lesson uses it already (starting it takes seconds)."""
    return ["cpu", "cuda"] if torch.cuda.is_initialized() else ["cpu"]


def examine_loss(
    attempt: Attempt,
    cases: Sequence[Case],
    large: Sequence[Case],
    reference: Loss,
    misconceptions: Mapping[str, Loss],
) -> None:
    """Scalar tensors with the right values, for large logits too, and the right gradients.

    Args:
        attempt: the answer.
        cases: logits that gradients are asked of.
        large: logits that the sigmoid rounds to 0 or 1.
        reference: the library's loss.
        misconceptions: as `expect.values` takes them.

    Raises:
        Wrong: with the misconception, where one is known.
    """
    losses = _values(attempt, cases, reference, misconceptions)
    # A small number in the logarithm spoils gradients too, but only these logits name it.
    _large_logits(attempt, large, reference)
    for loss, case in zip(losses, cases, strict=True):
        _gradients(loss, case, reference)


def _values(
    attempt: Attempt, cases: Sequence[Case], reference: Loss, misconceptions: Mapping[str, Loss]
) -> list[torch.Tensor]:
    losses, got = [], []
    for case in cases:
        call = case.call(attempt)
        loss = expect.scalar_tensor(call)
        if loss.isnan():
            raise Wrong(
                f"On {call.on}, your loss is NaN, as the logarithm of a negative number is. "
                "Logits are any numbers, not probabilities: D is the sigmoid of a logit. "
                f"{FROM_LOGITS}"
            )
        expect.finite(call, loss.item())
        expect.untouched(call)
        losses.append(loss)
        got.append(loss.item())
    expect.values(got, cases, reference, misconceptions)
    return losses


def _gradients(loss: torch.Tensor, case: Case, reference: Loss) -> None:
    names = ("real_logits", "fake_logits")[-len(case.args) :]
    if not loss.requires_grad:
        raise Wrong(
            "The value is right, but no gradient flows through your loss: something cuts it off, "
            "such as torch.no_grad(), .detach(), .item() or torch.tensor(...)."
        )
    have = torch.autograd.grad(loss, case.args, allow_unused=True)
    want = torch.autograd.grad(reference(*case.args), case.args)
    for name, mine, theirs in zip(names, have, want, strict=True):
        if mine is None or not mine.any():
            raise Wrong(
                f"The value is right, but no gradient reaches `{name}`: it is detached inside "
                "your loss, so that the network doesn't learn from it."
            )
        if not torch.allclose(mine, theirs, rtol=1e-3, atol=1e-6):
            raise Wrong(
                f"The value is right, but the gradient with respect to `{name}` isn't that of "
                "the formula: is a part of it detached, or computed without gradients?"
            )


def with_epsilons(loss: Loss) -> dict[str, Loss]:
    """Misconceptions: a small number is added to what the logarithms are taken of.

    Args:
        loss: of the logits, and of the number as the keyword ``epsilon``.
    """
    return {
        f"you add {epsilon:g} to the probabilities before the logarithm, which changes the loss. "
        f"{FROM_LOGITS}": partial(loss, epsilon=epsilon)
        for epsilon in EPSILONS
    }


def _large_logits(attempt: Attempt, cases: Sequence[Case], reference: Loss) -> None:
    for case in cases:
        loss = expect.scalar_tensor(case.call(attempt)).item()
        right = case.of(reference).item()
        if not expect.close(loss, right, 1e-4):
            raise Wrong(
                f"On {case.on}, your loss is {loss:.4g}; the formula gives {right:.4g}. "
                f"{_what_is_lost(attempt, case)} {FROM_LOGITS}"
            )


def _what_is_lost(attempt: Attempt, case: Case) -> str:
    """Why the loss is wrong in this case: a small number caps it, or a logarithm is lost."""
    larger = tuple(1000 * argument for argument in case.args)
    call = attempt.call(*larger, on="logits a thousand times as large")
    cap = expect.scalar_tensor(call).item()
    if 0 < cap < BCE_CAP:
        return (
            f"However large the logits, your loss stops near {cap:.3g}: the small number that "
            f"you add before the logarithm, or clamp to, about {math.exp(-cap):.0e}, drowns any "
            "smaller probability."
        )
    return (
        "The sigmoid of a large logit rounds to exactly 0 or 1, an exponential to infinity, and "
        "its logarithm is lost."
    )
