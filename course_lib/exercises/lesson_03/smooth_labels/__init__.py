"""Exercise 03.1: labels that leave room for doubt."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from course_lib.checks.attempt import Call
from course_lib.checks.function import Case, Function
from course_lib.checks.result import Wrong
from course_lib.checks.slips import Slip
from course_lib.checks.task import Task, texts
from course_lib.exercises.lesson_03.smooth_labels import zoo
from course_lib.losses import smooth_labels

FIXED = "Your result changes with what D says. A target is a fixed number."

# The targets of real, and of generated pictures → the diagnosis.
TARGETS = {
    ("smoothing", "1 - smoothing"): "The two kinds are swapped: your photographs get the target "
    "smoothing, and your generated pictures 1 − smoothing. D would learn to call photographs "
    "generated.",
    ("1 - smoothing", "0"): "You smooth the photographs' labels only: generated pictures get the "
    "target 0, which is called one-sided smoothing. Here they get smoothing.",
    ("1", "smoothing"): "You smooth the generated pictures' labels only: photographs get the "
    "target 1. Here they get 1 − smoothing.",
    ("1", "0"): "Your labels are 1 and 0: nothing is smoothed.",
    ("0.9", "0.1"): "Your labels are 0.9 and 0.1 whatever the smoothing is: use the argument.",
    ("0.9", "smoothing"): "Your photographs get 0.9 whatever the smoothing is; it is "
    "1 − smoothing.",
    ("1 - smoothing", "0.1"): "Your generated pictures get 0.1 whatever the smoothing is; they get "
    "smoothing itself.",
    ("1 - smoothing / 2", "smoothing / 2"): "Your labels stay half of smoothing away from 1 and 0. "
    "That is the smoothing of classifiers, t·(1 − s) + s/2; here a photograph's target is "
    "1 − smoothing.",
    ("1 - 2 * smoothing", "2 * smoothing"): "Your labels stay twice the smoothing away from 1 and "
    "0; a photograph's target is 1 − smoothing.",
    ("1 - 2 * smoothing", "smoothing"): "Your photographs get the target 1 − 2·smoothing; it is "
    "1 − smoothing.",
    ("1 - smoothing", "1 - smoothing"): "Generated pictures get the target 1 − smoothing too: "
    "`is_real` makes no difference.",
    ("smoothing", "smoothing"): "Photographs get the target smoothing too: `is_real` makes no "
    "difference.",
    ("1 - smoothing", "-smoothing"): "A generated picture's label is minus the smoothing, below 0, "
    "where no probability is: it is the smoothing itself.",
    ("1 + smoothing", "smoothing"): "A photograph's label is 1 + smoothing, above 1, where no "
    "probability is: take the smoothing away from 1.",
    ("smoothing - 1", "smoothing"): "A photograph's label is smoothing − 1, a negative number: "
    "turn the difference round.",
}
# Labels computed from the logits → the diagnosis.
OF_LOGITS = {
    "torch.where(logits > 0, 1 - smoothing, smoothing)": "You take the targets from the sign of "
    "the logits: where D says real, your target is real. `is_real` says what the pictures are, "
    "whatever D says.",
    "torch.where(logits < 0, 1 - smoothing, smoothing)": "You take the targets from the sign of "
    "the logits, against what D says. `is_real` says what the pictures are, whatever D says.",
    "logits * (1 - smoothing)": f"You smooth the logits, not the labels. {FIXED}",
    "logits * (1 - smoothing) + smoothing / 2": "You smooth the logits towards ½, not the labels. "
    f"{FIXED}",
    "logits * smoothing + float(is_real) * (1 - smoothing)": "You mix the logits with the hard "
    f"labels. {FIXED}",
    "logits.sigmoid() * (1 - smoothing)": "You smooth D's probabilities, the sigmoids of the "
    f"logits. {FIXED}",
    "logits.sigmoid() * (1 - 2 * smoothing) + smoothing": "You smooth D's probabilities, the "
    f"sigmoids of the logits, towards ½. {FIXED}",
    "logits.sigmoid()": "You return the sigmoids of the logits, what D says; a target is what D "
    "ought to say.",
    "logits.clamp(smoothing, 1 - smoothing)": "You clamp the logits between smoothing and "
    f"1 − smoothing. {FIXED}",
}
TARGET = "1 - smoothing if is_real else smoothing"

SLIPS = (
    *(
        Slip(f"{TARGET} → {real} if is_real else {fake}", says=says)
        for (real, fake), says in TARGETS.items()
    ),
    *(Slip(f"return ({labels}).to(logits)", says=says) for labels, says in OF_LOGITS.items()),
    Slip(f"return torch.full(logits.shape, {TARGET}).to(logits.device)", gets="torch.float64"),
    Slip(f"return torch.full(logits.shape, {TARGET}, dtype=logits.dtype)", gets="on the CPU"),
    Slip(f"return torch.full((len(logits), 1), {TARGET})", gets="one label for each of the logits"),
    Slip(f"return {TARGET}", gets="a tensor is expected, one label for each"),
    Slip(f"return logits.detach().fill_({TARGET})", gets="changes its input `logits` in place"),
    Slip(f"return logits * 0 + ({TARGET})", gets="returns NaN"),
    Slip(f"return logits.nan_to_num().clamp(-9, 9) * 0 + ({TARGET})", gets="gradients flow from"),
    Slip(f"{TARGET}) → {TARGET}, requires_grad=True)", gets="requires_grad is set"),
)


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Both kinds, logits of many shapes and infinite ones, many amounts of smoothing."""
    n, h, w = (int(k) for k in rng.choice(range(2, 8), 3, replace=False))
    amounts = [0.1, 0.0, *(round(float(s), 3) for s in rng.uniform(0.12, 0.45, 4))]
    shapes = [(n, 1, h, w), (n, 1), (1, 1), (w,), (2, 1, 1, h), (1, 2)]
    for shape, amount in zip(shapes, amounts, strict=True):
        logits = torch.from_numpy(2 * rng.normal(size=shape)).float()
        if shape == (1, 2):
            logits = torch.tensor([[math.inf, -math.inf]])
        words = f"logits of size {'×'.join(map(str, shape))}"
        yield from _both_kinds(logits, amount, words if shape != (1, 2) else "infinite logits")


def _both_kinds(logits: Tensor, smoothing: float, words: str) -> Iterator[Case]:
    for is_real, kind in ((True, "photographs"), (False, "generated pictures")):
        yield Case(
            on=f"{words} for {kind} and a smoothing of {smoothing:g}",
            args=(logits, is_real),
            kwargs={"smoothing": smoothing},
        )


def other_logits(rng: np.random.Generator) -> Iterator[Case]:
    """Logits of other float types, and logits that gradients are asked of."""
    for dtype in (torch.float64, torch.float16):
        yield from _both_kinds(torch.zeros(3, 1, dtype=dtype), 0.1, f"logits of the type {dtype}")
    yield from _both_kinds(torch.tensor(2.0), 0.1, "a single logit without axes")
    asked = torch.ones(3, 1, requires_grad=True)
    yield from _both_kinds(asked, 0.1, "logits that gradients are asked of")


def no_logits(call: Call, case: Case) -> None:
    """The result isn't the logits themselves."""
    many, value = case.args[0].numel() > 20 and case.kwargs["smoothing"], call.value
    if many and isinstance(value, Tensor) and torch.equal(value, case.args[0]):
        raise Wrong("You return the logits as they are; a target is what D ought to say.")


def no_gradient(call: Call, case: Case) -> None:
    """Targets are fixed."""
    if not isinstance(call.value, Tensor) or not call.value.requires_grad:
        return
    if call.value.is_leaf:
        raise Wrong(
            "The values are right, but your labels ask for gradients (requires_grad is set), as "
            "parameters do. Targets are fixed: leave it out."
        )
    raise Wrong(
        "The values are right, but gradients flow from your labels into the logits: they are "
        "computed from the logits' values. Targets are fixed: torch.full_like takes the shape "
        "alone."
    )


EXAMPLE = Case(
    on="real logits and a smoothing of 0.1",
    args=(torch.tensor([[2.0], [-1.0]]), True),
    kwargs={"smoothing": 0.1},
)
MEANING = "one label for each of the logits"

TASK = Task(
    **texts(__file__),
    reference=smooth_labels,
    examine=Function(
        example=EXAMPLE,
        cases=cases,
        meaning=MEANING,
        look=no_logits,
        not_finite=lambda case: (
            " Your labels are computed from the logits' values, and ∞ · 0 and ∞ − ∞ are NaN. "
            "torch.full_like takes the shape alone."
        ),
        then=Function(
            example=EXAMPLE, cases=other_logits, meaning=MEANING, look=no_gradient, tolerance=0.01
        ),
    ),
    lesson_size=lambda rng: (torch.zeros(16, 1, 6, 6), True),
    lesson_keywords={"smoothing": 0.1},
    slips=SLIPS,
    written=zoo.WRITTEN,
    valid=zoo.VALID,
)
