"""What the wrong formulas of exercise 04.2 give."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from course_lib.exercises.lesson_04.gradient_differences import (
    DIFFERENCES,
    Differences,
    differences,
)
from course_lib.losses import gradient_loss

Formula = Callable[..., Tensor]
Measure = Callable[[Tensor], Tensor]  # N×3×H×W → one number
Mix = Callable[[Tensor, Tensor], Tensor]

EPSILONS = (1.0, 0.1, 1e-2, 1e-3, 1e-4, 1e-5)


def norm(x: Tensor) -> Tensor:
    """The Euclidean norm of each picture, the mean over the pictures."""
    return x.flatten(1).norm(dim=1).mean()


def mean_square(x: Tensor) -> Tensor:
    """The mean square over all values."""
    return x.square().mean()


MEASURES: dict[str, Measure] = {"norm": norm, "mse": mean_square}


def _measured(measure: Measure) -> Formula:
    """The sum of two terms, each measured so."""
    return _mixed(lambda across, down: measure(across) + measure(down))


def _mixed(mix: Mix) -> Formula:
    """A formula of the differences in ∇x and ∇y."""
    return lambda restored, clean, **_: mix(*differences(restored, clean))


def _of_differences(terms: Differences, measure: Measure) -> Formula:
    """Right norms or mean squares of something else than the right differences."""

    def loss(restored: Tensor, clean: Tensor, **_: Any) -> Tensor:
        across, down = terms(restored, clean)
        return measure(across) + measure(down)

    return loss


def _guarded(epsilon: float) -> Measure:
    return lambda x: (x.square().flatten(1).sum(1) + epsilon).sqrt().mean()


# What these give for both reductions is half or a quarter of the right loss, whatever the cause.
SHARES: dict[str, dict[str, float]] = {
    "norm": {
        "your loss is half of the docstring's: is it the mean of the two norms, or that of "
        "pictures brought to [0, 1]? Add the norms, and take the pictures as they are.": 0.5,
    },
    "mse": {
        "your loss is half of the docstring's: one mean over ∇x and ∇y together halves it. Add the "
        "mean of each.": 0.5,
        "your loss is a quarter of the docstring's, as if the pictures were brought to [0, 1]: "
        "take them as they are, in [−1, 1].": 0.25,
    },
}

MIXES: dict[str, Callable[[Measure], Mix]] = {
    "you subtract the term of ∇y; the two are added.": lambda m: lambda x, y: m(x) - m(y),
    "you multiply the two terms; they are added.": lambda m: lambda x, y: m(x) * m(y),
    "you take the larger of the two terms; they are added.": (
        lambda m: lambda x, y: torch.maximum(m(x), m(y))
    ),
    "you add the difference in ∇y to that in ∇x before you square, so that one makes up for the "
    "other. Each has its own term.": lambda m: lambda x, y: m(x + y),
    "you compare the two differences, that in ∇x with that in ∇y. Each has its own term, and both "
    "should be 0.": lambda m: lambda x, y: m(x - y),
    "the sign is turned: minimising this loss drives the pictures apart.": (
        lambda m: lambda x, y: -m(x) - m(y)
    ),
    "you add the absolute differences up, over everything; the docstring squares them.": (
        lambda m: lambda x, y: x.abs().sum() + y.abs().sum()
    ),
    "you take the mean absolute difference (L1); the docstring squares the differences.": (
        lambda m: lambda x, y: x.abs().mean() + y.abs().mean()
    ),
    "you add the absolute differences of each picture up (its L1 norm); the docstring squares "
    "them.": lambda m: lambda x, y: (x.abs().sum() + y.abs().sum()) / len(x),
    "the differences keep their signs, so that those above and below 0 cancel each other: squares "
    "are missing.": lambda m: lambda x, y: x.mean() + y.mean(),
}


def _together(x: Tensor, y: Tensor) -> Tensor:
    return torch.cat([x, y], dim=1)


ONE_ROOT = "you add the squares of ∇x and ∇y up under one root. Each has a norm of its own: "

NORMS: dict[str, Formula] = {
    "you take one norm over the whole batch. Each picture has its own, and the loss is their "
    "mean: .flatten(1) makes one row of each picture, and the norm goes along dim=1.": (
        _measured(torch.norm)
    ),
    "you take one norm over the whole batch and divide it by N. Each picture has its own norm, and "
    "the loss is their mean.": _measured(lambda x: x.norm() / len(x)),
    "you take the norm over the whole batch, and the root of N from it. Each picture has its own "
    "norm, and the loss is their mean.": _measured(lambda x: x.norm() / len(x) ** 0.5),
    "you add the norms of the pictures up; the loss is their mean over the batch.": (
        _measured(lambda x: norm(x) * len(x))
    ),
    "each colour of a picture has its own norm, and you take the mean of the three. All values of "
    "all colours go under one root.": _measured(lambda x: x.flatten(2).norm(dim=2).mean()),
    "each colour of a picture has its own norm, and you add the three up. All values of all "
    "colours go under one root.": _measured(lambda x: x.flatten(2).norm(dim=2).sum(1).mean()),
    "each colour of each picture has its own norm, and you add all of them up. All values of a "
    "picture go under one root, and the loss is the mean over the pictures.": (
        _measured(lambda x: x.flatten(2).norm(dim=2).sum())
    ),
    "you take the norm of each row of pixels alone, and their mean: the norm goes over the last "
    "axis only. All values of a picture go under one root: .flatten(1) makes one row of them.": (
        _measured(lambda x: x.norm(dim=3).mean())
    ),
    "you take the norm of each column of pixels alone, and their mean. All values of a picture go "
    "under one root: .flatten(1) makes one row of them.": (
        _measured(lambda x: x.norm(dim=2).mean())
    ),
    "you take the norm over the three colours of each pixel alone, and their mean. All values of a "
    "picture go under one root: .flatten(1) makes one row of them.": (
        _measured(lambda x: x.norm(dim=1).mean())
    ),
    "you take the norm over the pictures of the batch, for each pixel alone. All values of a "
    "picture go under one root, and the mean is over the pictures.": (
        _measured(lambda x: x.norm(dim=0).mean())
    ),
    "the root is missing: these are the squared norms.": (
        _measured(lambda x: x.square().sum() / len(x))
    ),
    "the root is missing, and you add the squares of all pictures up. Each picture has a norm, and "
    "the loss is their mean.": _measured(lambda x: x.square().sum()),
    "you take the mean of the squares under the root; a norm has their sum.": (
        _measured(lambda x: x.square().flatten(1).mean(1).sqrt().mean())
    ),
    "you take the root of the mean square over the whole batch. A norm has the sum of the squares "
    "under its root, and each picture has its own.": _measured(lambda x: mean_square(x).sqrt()),
    'this is what "mse" asks for, the mean square.': _measured(mean_square),
    'this is half of what "mse" asks for, the mean square of ∇x and ∇y together.': (
        _mixed(lambda x, y: mean_square(_together(x, y)))
    ),
    f"{ONE_ROOT}‖∇x‖ + ‖∇y‖.": _mixed(lambda x, y: norm(_together(x, y))),
    f"{ONE_ROOT}‖∇x‖ + ‖∇y‖; and so has each picture, while yours is over the whole batch.": (
        _mixed(lambda x, y: _together(x, y).norm())
    ),
    f"{ONE_ROOT}‖∇x‖ + ‖∇y‖; and you take their mean and not their sum.": (
        _mixed(lambda x, y: _together(x, y).square().flatten(1).mean(1).sqrt().mean())
    ),
    'you take the root of what "mse" asks for, the two mean squares under one root. Each picture '
    "has two norms, ‖∇x‖ + ‖∇y‖, and each norm has a sum of squares under its root.": (
        _mixed(lambda x, y: (mean_square(x) + mean_square(y)).sqrt())
    ),
    "you take √(∇x² + ∇y²) of the differences in each pixel, and the mean of that. The norm of ∇x "
    "goes over all values of a picture, and so does that of ∇y; the two are added.": (
        _mixed(lambda x, y: (x**2 + y**2).sqrt().mean())
    ),
    "you take √(∇x² + ∇y²) of the differences in each pixel, and add that up. The norm of ∇x goes "
    "over all values of a picture, and so does that of ∇y; the two are added.": (
        _mixed(lambda x, y: (x**2 + y**2).sqrt().sum() / len(x))
    ),
    "you divide each norm by the number of values; the docstring takes it as it is.": (
        _measured(lambda x: norm(x) / x[0].numel())
    ),
    "this is the largest difference of each picture; the Euclidean norm has all of them.": (
        _measured(lambda x: x.abs().flatten(1).amax(1).mean())
    ),
} | {
    f"the small number that you add under the root, about {epsilon:g}, is too large: where "
    "differences are small, it decides your loss. 1e-8 is enough.": _measured(_guarded(epsilon))
    for epsilon in EPSILONS
}

MEAN_SQUARES: dict[str, Formula] = {
    'this is what "norm" asks for. Here it is the mean of the squares over all values, without a '
    "root.": _measured(norm),
    "you add the squares up; the docstring takes their mean over all values.": (
        _measured(lambda x: x.square().sum())
    ),
    "you add the squares of each picture up and take the mean over the pictures; the docstring "
    "takes the mean over all values.": _measured(lambda x: x.square().sum() / len(x)),
    "you take the root of the mean squares; there is none here.": (
        _measured(lambda x: mean_square(x).sqrt())
    ),
    "you take the root of the two mean squares together; there is none here.": (
        _mixed(lambda x, y: (mean_square(x) + mean_square(y)).sqrt())
    ),
    "you take the square of the mean difference, where those above and below 0 have cancelled each "
    "other. First square, then take the mean.": _measured(lambda x: x.mean() ** 2),
    "you add the squares of the three colours up; the docstring takes the mean over all values.": (
        _measured(lambda x: 3 * mean_square(x))
    ),
}


def _misconceptions(reduction: str) -> dict[str, Formula]:
    """What an answer may have made of a reduction; diagnosis → formula."""
    measure = MEASURES[reduction]
    formulas = {text: _of_differences(terms, measure) for text, terms in DIFFERENCES.items()}
    formulas |= NORMS if reduction == "norm" else MEAN_SQUARES
    formulas |= {
        text: lambda r, c, share=share, **_: share * gradient_loss(r, c, reduction=reduction)  # type: ignore[arg-type]
        for text, share in SHARES[reduction].items()
    }
    formulas |= {text: _mixed(mix(measure)) for text, mix in MIXES.items()}
    return formulas


MISCONCEPTIONS = {reduction: _misconceptions(reduction) for reduction in MEASURES}


def _cut_off(*, across: bool, measure: Measure) -> Formula:
    """The right loss with one of its terms cut off from the graph."""

    def mix(x: Tensor, y: Tensor) -> Tensor:
        return measure(x.detach() if across else x) + measure(y if across else y.detach())

    return _mixed(mix)


# Right values, wrong gradients.
CUT_OFF: dict[str, dict[str, Formula]] = {
    reduction: {
        f'With reduction="{reduction}", the value is right, but the term of {name} is cut off '
        "from the gradient: G learns nothing from it. Leave out the .detach(), .item() or "
        "torch.no_grad() around it.": _cut_off(across=across, measure=measure)
        for name, across in (("∇x", True), ("∇y", False))
    }
    for reduction, measure in MEASURES.items()
}
