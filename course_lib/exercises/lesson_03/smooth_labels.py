"""Exercise 03.1: labels that leave room for doubt."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from course_lib.checks import expect
from course_lib.checks.attempt import Attempt
from course_lib.checks.expect import Case
from course_lib.checks.result import Wrong
from course_lib.checks.task import Header, Task
from course_lib.exercises.lesson_03 import smooth_labels_zoo as zoo
from course_lib.exercises.lesson_03.labels import one_for_each, size
from course_lib.exercises.lesson_03.pretended_gpu import on_gpu, try_on_gpu
from course_lib.losses import smooth_labels

HEADER = Header(
    id="03.1",
    title="Labels that leave room for doubt",
    difficulty=1,
    minutes=8,
    needed_for="the discriminator's step with soft labels",
)

HINTS = (
    "Write the two numbers down first: which target does a photograph's logit get, which a "
    "generated picture's? Then look up torch.full_like.",
    "A photograph's target is 1 − smoothing, a generated picture's is smoothing. "
    "torch.full_like(logits, number) makes a new tensor with the shape, type and device of the "
    "logits, which all holds that number; the values of the logits play no part.",
    "Almost the code:\n"
    "    target = 1 - smoothing if is_real else ...\n"
    "    return torch.full_like(..., target)",
)

MEND = "torch.full_like(logits, …) copies all three of the logits: shape, type and device."

Labels = Callable[..., Tensor]


def _targets(real: Callable[[float], float], fake: Callable[[float], float]) -> Labels:
    """Labels by another formula of the smoothing."""

    def labels(logits: Tensor, is_real: bool, *, smoothing: float) -> Tensor:
        return torch.full_like(logits, (real if is_real else fake)(smoothing))

    return labels


def _of_logits(formula: Callable[[Tensor, Tensor, float], Tensor]) -> Labels:
    """Labels by a formula of the logits, the hard labels and the smoothing."""

    def labels(logits: Tensor, is_real: bool, *, smoothing: float) -> Tensor:
        logits = logits.detach()
        return formula(logits, torch.full_like(logits, float(is_real)), smoothing)

    return labels


MISCONCEPTIONS: dict[str, Labels] = {
    "the two kinds are swapped: your photographs get the target smoothing, and your generated "
    "pictures 1 − smoothing. D would learn to call photographs generated.": (
        _targets(lambda s: s, lambda s: 1 - s)
    ),
    "you smooth the photographs' labels only: generated pictures get the target 0, which is called "
    "one-sided smoothing. Here they get smoothing.": _targets(lambda s: 1 - s, lambda s: 0),
    "you smooth the generated pictures' labels only: photographs get the target 1. Here they get "
    "1 − smoothing.": _targets(lambda s: 1, lambda s: s),
    "your labels are 1 and 0: nothing is smoothed.": _targets(lambda s: 1, lambda s: 0),
    "your labels are 0.9 and 0.1 whatever the smoothing is: use the argument.": (
        _targets(lambda s: 0.9, lambda s: 0.1)
    ),
    "your labels stay half of smoothing away from 1 and 0. That is the smoothing of classifiers, "
    "t·(1 − s) + s/2; here a photograph's target is 1 − smoothing.": (
        _targets(lambda s: 1 - s / 2, lambda s: s / 2)
    ),
    "your labels stay twice the smoothing away from 1 and 0; a photograph's target is "
    "1 − smoothing.": _targets(lambda s: 1 - 2 * s, lambda s: 2 * s),
    "your photographs get the target 1 − 2·smoothing; it is 1 − smoothing.": (
        _targets(lambda s: 1 - 2 * s, lambda s: s)
    ),
    "generated pictures get the target 1 − smoothing too: `is_real` makes no difference.": (
        _targets(lambda s: 1 - s, lambda s: 1 - s)
    ),
    "photographs get the target smoothing too: `is_real` makes no difference.": (
        _targets(lambda s: s, lambda s: s)
    ),
    "a generated picture's label is minus the smoothing, below 0, where no probability is: it is "
    "the smoothing itself.": _targets(lambda s: 1 - s, lambda s: -s),
    "a photograph's label is 1 + smoothing, above 1, where no probability is: smoothing is taken "
    "away from 1.": _targets(lambda s: 1 + s, lambda s: s),
    "a photograph's label is smoothing − 1, a negative number: turn the difference round.": (
        _targets(lambda s: s - 1, lambda s: s)
    ),
    "you smooth the logits, not the labels: your result changes with what D says. A target is "
    "a fixed number.": _of_logits(lambda x, t, s: x * (1 - s)),
    "you smooth the logits towards ½, not the labels: your result changes with what D says. A "
    "target is a fixed number.": _of_logits(lambda x, t, s: x * (1 - s) + s / 2),
    "you mix the logits with the hard labels: your result changes with what D says. A target is "
    "a fixed number.": _of_logits(lambda x, t, s: x * s + t * (1 - s)),
    "you smooth D's probabilities, the sigmoids of the logits: your result changes with what D "
    "says. A target is a fixed number.": _of_logits(lambda x, t, s: x.sigmoid() * (1 - s)),
    "you return the sigmoids of the logits, what D says; a target is what D ought to say.": (
        _of_logits(lambda x, t, s: x.sigmoid())
    ),
    "you return the logits as they are; a target is what D ought to say.": (
        _of_logits(lambda x, t, s: x)
    ),
    "you clamp the logits between smoothing and 1 − smoothing: your result changes with what D "
    "says. A target is a fixed number.": _of_logits(lambda x, t, s: x.clamp(s, 1 - s)),
}


def examine(attempt: Attempt, rng: np.random.Generator) -> None:
    """Both kinds, many shapes and smoothings; then types, gradients, another device."""
    generator = torch.Generator().manual_seed(int(rng.integers(2**32)))
    n, h, w = (int(k) for k in rng.choice(range(2, 8), 3, replace=False))
    smoothings = [0.1, 0.0, *(round(float(s), 3) for s in rng.uniform(0.12, 0.45, 3))]
    shapes = [(n, 1), (n, 1, h, w), (1, 1), (w,), (2, 1, 1, h)]
    cases = [
        Case(
            on=f"logits of size {size(shape)} and a smoothing of {smoothing:g}",
            args=(2 * torch.randn(*shape, generator=generator),),
            kwargs={"smoothing": smoothing},
        )
        for shape, smoothing in zip(shapes, smoothings, strict=True)
    ]
    got = [_both_kinds(attempt, case) for case in cases]
    for case, first in zip(cases, got, strict=True):
        if not np.array_equal(_both_kinds(attempt, case), first):
            raise Wrong(
                f"On {case.on}, two calls give different labels: you draw them. The docstring "
                "gives every logit of a kind the same target, without any chance in it."
            )
    misconceptions = {words: _both(formula) for words, formula in MISCONCEPTIONS.items()}
    expect.values(got, cases, _both(smooth_labels), misconceptions)
    logits = cases[1].args[0]
    _type(attempt, logits)
    _no_gradient(attempt, logits)
    try_on_gpu(attempt, on_gpu(logits), True, smoothing=0.1, on="logits on the GPU", mend=MEND)


def _both(labels: Labels) -> Labels:
    """Photographs' labels, then generated pictures', so that a mistake is judged by both."""
    return lambda logits, smoothing: torch.stack(
        [labels(logits, is_real, smoothing=smoothing) for is_real in (True, False)]
    )


def _both_kinds(attempt: Attempt, case: Case) -> np.ndarray:
    """The answer's labels for photographs, then for generated pictures."""
    (logits,) = case.args
    values = []
    for is_real, kind in ((True, "photographs"), (False, "generated pictures")):
        call = attempt.call(logits, is_real, on=f"{case.on} for {kind}", **case.kwargs)
        labels = one_for_each(call, logits, "logits", MEND).detach().numpy()
        expect.finite(call, labels)
        expect.untouched(call)
        values.append(labels)
    return np.stack(values)


def _type(attempt: Attempt, logits: Tensor) -> None:
    """Labels for logits of other float types have their type."""
    for dtype in (torch.float64, torch.float16):
        call = attempt.call(logits.to(dtype), True, smoothing=0.1, on=f"logits of the type {dtype}")
        one_for_each(call, logits.to(dtype), "logits", MEND)


def _no_gradient(attempt: Attempt, logits: Tensor) -> None:
    logits = logits.clone().requires_grad_()
    call = attempt.call(logits, True, smoothing=0.1, on="logits that gradients are asked of")
    labels = one_for_each(call, logits, "logits", MEND)
    expect.untouched(call)
    if not labels.requires_grad:
        return
    if labels.is_leaf:
        raise Wrong(
            "The values are right, but your labels ask for gradients (requires_grad is set), as "
            "parameters do. Targets are fixed: leave it out."
        )
    raise Wrong(
        "The values are right, but gradients flow from your labels into the logits: they are "
        "computed from the logits' values. Targets are fixed: torch.full_like takes the shape "
        "alone."
    )


def _lesson_size(rng: np.random.Generator) -> tuple[Tensor, bool]:
    return torch.zeros(16, 1, 6, 6), True


TASK = Task(
    header=HEADER,
    reference=smooth_labels,
    hints=HINTS,
    examine=examine,
    lesson_size=_lesson_size,
    lesson_keywords={"smoothing": 0.1},
    wrong=zoo.WRONG,
    valid=zoo.VALID,
    equivalent=zoo.EQUIVALENT,
)
