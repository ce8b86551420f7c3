"""What the checks of losses on logits share: cases, known mistakes, and where a loss stops."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.checks.function import Case, Formula, Function

Log = Callable[[Tensor, int], Tensor]

LARGE = (2000.0, 200.0, 20.0)
ORDINARY = "logits of ordinary size"  # a group of cases

FROM_LOGITS = (
    "Compute the loss from the logits: F.binary_cross_entropy_with_logits, F.logsigmoid or "
    "F.softplus."
)

# Wrong terms −log D, as expressions of fake_logits → the diagnosis.
MINUS_LOG_D: Mapping[str, str] = {
    "-F.softplus(fake_logits).mean()": "This is the saturating loss log(1 − D), as the minimax "
    "game is written. It has almost no gradient while the discriminator is sure; the docstring "
    "asks for −log D.",
    "F.softplus(fake_logits).mean()": "This is −log(1 − D), the discriminator's own term for "
    "fakes: minimising it makes the pictures look more like fakes. The target is 1.",
    "F.logsigmoid(fake_logits).mean()": "The sign is wrong: you return log D, which is to be "
    "maximised. We minimise, so it gets a minus.",
    "F.softplus(-fake_logits).sum()": "You add the terms of all logits up; the docstring asks for "
    "their mean. With a sum, a larger batch would mean larger steps.",
    "F.softplus(-fake_logits).sum() / len(fake_logits)": "You add the terms of a picture's logits "
    "up and divide by the number of pictures; the docstring asks for the mean over all logits.",
    "F.softplus(-fake_logits).reshape(len(fake_logits), -1).mean(1).sum()": "You take the mean of "
    "each picture's terms and add the pictures up; the docstring asks for one mean over all "
    "logits. With a sum over the batch, a larger batch would mean larger steps.",
    "F.softplus(-torch.sigmoid(fake_logits)).mean()": "The sigmoid is applied twice: "
    "F.binary_cross_entropy_with_logits and F.logsigmoid have it inside and take the logits as "
    "they are.",
    "F.softplus(-fake_logits).mean() / 2": "You take half of the loss; the docstring doesn't.",
    "-torch.log(fake_logits).mean()": "You take the logarithm of the logits, which is NaN where "
    f"they are negative. D is the sigmoid of a logit. {FROM_LOGITS}",
    "-torch.sigmoid(fake_logits).mean().log()": "You take the logarithm of the mean of D; the "
    "docstring asks for the mean of the logarithms.",
    "F.softplus(-fake_logits.mean())": "You take the mean of the logits first; the docstring asks "
    "for the mean of the logarithms.",
    "F.softplus(-fake_logits).mean() / math.log(10)": "This is the logarithm to the base 10; the "
    "docstring's is the natural one, torch.log.",
    "F.softplus(-fake_logits).mean() / math.log(2)": "This is the logarithm to the base 2; the "
    "docstring's is the natural one, torch.log.",
    "-torch.sigmoid(fake_logits).mean()": "You take the mean of D itself: the logarithm is "
    "missing.",
    "1 - torch.sigmoid(fake_logits).mean()": "This is 1 − D; the docstring asks for −log D.",
    "-fake_logits.mean()": "You take the mean of the logits, as in a Wasserstein GAN; here "
    "it is −log D.",
    "F.mse_loss(fake_logits, torch.ones_like(fake_logits))": "This is a squared error of the "
    "logits, the loss of LSGAN; here it is −log D.",
    "F.mse_loss(torch.sigmoid(fake_logits), torch.ones_like(fake_logits))": "This is a squared "
    "error of D; here it is −log D.",
    "F.relu(1 - fake_logits).mean()": "This is the hinge loss; here it is −log D.",
    "-F.log_softmax(fake_logits, dim=-1).mean()": "A softmax compares the logits along an axis "
    "with each other. Each logit has a D of its own, its sigmoid.",
    "F.binary_cross_entropy_with_logits(fake_logits, torch.full_like(fake_logits, 0.9))": "The "
    "target is 0.9, a smoothed label. Smoothing is for the discriminator; here the target is 1.",
}


def random_logits(rng: np.random.Generator, *shape: int) -> Tensor:
    """Normal logits of standard deviation 2, which gradients are asked of."""
    return torch.from_numpy(2 * rng.normal(size=shape)).float().requires_grad_()


def equal_logits(value: float, *shape: int) -> Tensor:
    """Logits of one value, which gradients are asked of where they are large."""
    return torch.full(shape, value, requires_grad=abs(value) >= min(LARGE))


def fake_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Logits of many shapes, equal ones, batches of one and large ones; for ``loss(logits)``."""
    n, h, w = (int(k) for k in rng.choice(range(2, 9), 3, replace=False))
    # The first one asks for no gradients: writing over what does would be an error of its own.
    yield Case(on="three equal logits", args=(equal_logits(0.7, 3, 1),), group=ORDINARY)
    for shape in ((n, 1), (n, 1, h, w), (1, 1), (n,), (1, 1, h, w)):
        words = f"logits of size {'×'.join(map(str, shape))}"
        yield Case(on=words, args=(random_logits(rng, *shape),), group=ORDINARY)
    for value in (sign * large for large in LARGE for sign in (-1, 1)):
        yield Case(on=f"logits of {value:g}", args=(equal_logits(value, 4, 1),))
    yield Case(on="logits of -200 and 0.5", args=(mixed_logits(-200.0),))


def mixed_logits(large: float) -> Tensor:
    """A large logit among others: it tells a clamped loss from clamped terms."""
    return torch.tensor([[large], [0.5], [-0.5], [0.1]], requires_grad=True)


def explain(error: BaseException, case: Case) -> str:
    """More about the errors of cross-entropies."""
    if "between 0 and 1" in str(error):
        return f". Logits are any numbers, not probabilities. {FROM_LOGITS}"
    if isinstance(error, IndexError):
        return ". Logits may have any shape: name no axes, and take one mean over all logits."
    if "must be the same as" in str(error) or "same size" in str(error):
        return ". Logits may have any shape: give the targets theirs, as torch.ones_like(x) does."
    return ""


def not_finite(case: Case) -> str:
    """Why NaN or infinity comes of large logits."""
    numbers = [one for one in case.args if isinstance(one, Tensor)]
    if max(float(one.abs().max()) for one in numbers) < min(LARGE):
        return ""
    return (
        " The sigmoid of a large logit rounds to exactly 0 or 1, an exponential to infinity, and "
        f"its logarithm is lost. {FROM_LOGITS}"
    )


def loss_on_logits(
    loss: Callable[..., Tensor],
    *,
    others: Mapping[str, Callable[..., Tensor]] = MappingProxyType({}),
    **settings: Any,
) -> Function:
    """The examiner of a loss that is made of logarithms of D and 1 − D.

    Args:
        loss: ``loss(log, …)``, the right one, with the arguments of the docstring behind ``log``.
            ``log(logits, 1)`` are the logarithms of D, ``log(logits, 0)`` those of 1 − D.
        others: what else may be wrong, in a sentence → the loss that comes of it.
        settings: of `Function`.
    """

    def more_known(got: Sequence[Any], cases: Sequence[Case]) -> Mapping[str, Formula]:
        large = [abs(float(one)) for one, case in zip(got, cases, strict=True) if not case.group]
        stops = dict.fromkeys(round(one, 5) for one in large if 1 < one < 150)
        whole: dict[str, Formula] = {
            f"Your loss is clamped to at most {round(stop)}, so that larger logits get no "
            "gradient. Leave the clamp out.": partial(
                _capped, partial(loss, _right_log), round(stop)
            )
            for stop in stops
            if abs(stop - round(stop)) < 0.01
        }
        return whole | {
            f"{text} {more}".strip(): partial(wrong, log)
            for more, wrong in {"": loss, **others}.items()
            for stop in stops
            for text, log in _stopping(stop).items()
        }

    return Function(
        more_known=more_known,
        **{"explain": explain, "not_finite": not_finite, "tolerance": 1e-5, **settings},
    )


def _right_log(x: Tensor, target: int) -> Tensor:
    return F.logsigmoid(x if target else -x)


def _capped(loss: Callable[..., Tensor], stop: int, *args: Any, **kwargs: Any) -> Tensor:
    return loss(*args, **kwargs).clamp(max=stop)


def _log_of(both: Callable[[Tensor], tuple[Tensor, Tensor]], x: Tensor, target: int) -> Tensor:
    return both(x)[target].log()


def _stopping(stop: float) -> dict[str, Log]:
    """Diagnoses of what makes a loss stop at a value → logarithms that do."""
    epsilon = float(f"{math.exp(-stop):.4g}")
    ends = f"which changes the loss: no logarithm falls below −{stop:.3g}. {FROM_LOGITS}"
    add, clamp = f"You add {epsilon:g} to", "You clamp"
    kept: dict[str, Callable[[Tensor], tuple[Tensor, Tensor]]] = {
        f"{add} the probabilities before the logarithm, {ends}": lambda x: (
            1 - x.sigmoid() + epsilon,
            x.sigmoid() + epsilon,
        ),
        f"{add} each probability before the logarithm, {ends}": lambda x: (
            (-x).sigmoid() + epsilon,
            x.sigmoid() + epsilon,
        ),
        f"{clamp} the probabilities to at least {epsilon:g}, {ends}": lambda x: (
            (1 - x.sigmoid()).clamp(epsilon),
            x.sigmoid().clamp(epsilon),
        ),
        f"{clamp} each probability to at least {epsilon:g}, {ends}": lambda x: (
            (-x).sigmoid().clamp(epsilon),
            x.sigmoid().clamp(epsilon),
        ),
        f"{clamp} D to between {epsilon:g} and 1 − {epsilon:g}, {ends}": lambda x: (
            1 - x.sigmoid().clamp(epsilon, 1 - epsilon),
            x.sigmoid().clamp(epsilon, 1 - epsilon),
        ),
    }
    known: dict[str, Log] = {text: partial(_log_of, both) for text, both in kept.items()}
    if abs(stop - 100) < 0.01:
        known = {
            "Your loss stops at 100, as F.binary_cross_entropy does: it cuts each logarithm off "
            "at −100, because the sigmoid of a large logit rounds to exactly 0 or 1 and its "
            f"logarithm is lost. {FROM_LOGITS}": lambda x, target: (
                -F.binary_cross_entropy(
                    x.sigmoid(), torch.full_like(x, float(target)), reduction="none"
                )
            )
        }
    elif abs(stop - round(stop)) < 0.01:
        known = {
            f"You clamp the logits to ±{round(stop)}: the loss stops there, and larger logits get "
            "no gradient. Leave the clamp out.": lambda x, target: F.logsigmoid(
                x.clamp(-round(stop), round(stop)) * (2 * target - 1)
            )
        }
    return known
