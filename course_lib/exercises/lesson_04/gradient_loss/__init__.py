"""Exercise 04.2: a loss in the gradient domain."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from course_lib.checks.attempt import Call, describe
from course_lib.checks.function import Case, Function, Refusal
from course_lib.checks.result import Wrong
from course_lib.checks.shorthand import mends, slips_that_get
from course_lib.checks.slips import Slip
from course_lib.checks.task import Task, texts
from course_lib.exercises.lesson_04.gradient_loss import zoo
from course_lib.losses import gradient_loss

TERMS = "SobelGradient()(restored - clean)"
NORM = "(across.flatten(1).norm(dim=1) + down.flatten(1).norm(dim=1)).mean()"
MSE = "(across**2).mean() + (down**2).mean()"
INSIDE = "(x[..., 1:-1, 1:-1] for x in S({}))"

STEEPNESS = "an edge in another direction costs nothing. Subtract ∇x from ∇x and ∇y from ∇y."
# Terms in place of the differences in ∇x and ∇y; S is SobelGradient(), r and c are the pictures.
COMPARED = {
    "r - c, 0 * r": "You compare the pictures themselves: this is the `picture_loss`. Compare what "
    "SobelGradient gives for them.",
    "(r - c,) * 2": "You compare the pictures themselves, twice, and not what SobelGradient gives.",
    "S(r - c)[0], 0 * r": "Only ∇x counts: SobelGradient gives two, and ∇y has the same weight.",
    "0 * r, S(r - c)[1]": "Only ∇y counts: SobelGradient gives two, and ∇x has the same weight.",
    "(S(r - c)[0],) * 2": "∇x counts twice and ∇y not at all.",
    "(S(r - c)[1],) * 2": "∇y counts twice and ∇x not at all.",
    "S(r)": "You never look at `clean`: you measure how rough the restored pictures are, so that a "
    "plain grey would be best. Subtract the gradients of `clean`.",
    "S(c)": "You never look at `restored`: you measure how rough the clean pictures are, and "
    "nothing that G does changes it.",
    "S(r + c)": "You add the gradients of the two pictures. Subtract: restored minus clean.",
    "torch.hypot(*S(r)) - torch.hypot(*S(c)), 0 * r": "You compare how steep the pictures are, "
    f"√(∇x² + ∇y²) of each: {STEEPNESS}",
    "sum(map(torch.abs, S(r))) - sum(map(torch.abs, S(c))), 0 * r": "You compare how steep the "
    f"pictures are, |∇x| + |∇y| of each: {STEEPNESS}",
    "sum(S(r)) - sum(S(c)), 0 * r": "You add ∇x and ∇y of each picture before you compare, so that "
    "one makes up for the other. Each has its own term.",
    "(a.abs() - b.abs() for a, b in zip(S(r), S(c)))": "You take absolute values of the gradients "
    "before you compare them, so that an edge from dark to bright counts as one from bright to "
    "dark. Subtract them with their signs.",
    "(a**2 - b**2 for a, b in zip(S(r), S(c)))": "You square the gradients before you compare "
    "them. Subtract them as they are, then square.",
    "(a - b for a, b in zip(S(r), S(c)[::-1]))": "You compare ∇x of one picture with ∇y of the "
    "other. SobelGradient gives ∇x first, for each of them.",
    "S((r - c).mean(1, keepdim=True))": "You mix the colours to grey before you take gradients; "
    "each colour has its own.",
    "S((r - c).mean(0, keepdim=True))": "You take the mean over the batch before you measure, so "
    "that one picture's error makes up for another's.",
    "S((r - c) / 8)": "You divide the gradients by 8. SobelGradient's values count as they are.",
    INSIDE.format("F.pad(r - c, (1, 1, 1, 1))"): "You put zeros around the picture, whose edges "
    "then count as gradients. SobelGradient mirrors the border.",
    INSIDE.format("F.pad(r - c, (1, 1, 1, 1), 'replicate')"): "You repeat the outermost pixels "
    "around the picture; SobelGradient mirrors the border.",
    INSIDE.format("F.pad(r - c, (1, 1, 1, 1), 'circular')"): "You continue the picture at its "
    "border with the opposite side; SobelGradient mirrors the border.",
    INSIDE.format("r - c"): "You leave out the outermost pixels, whose gradients SobelGradient "
    "gives too: it mirrors the border.",
    "(r - c).diff(dim=3), (r - c).diff(dim=2)": "You take differences of neighbouring pixels, as "
    "in total variation. Take what SobelGradient gives.",
    "SobelGradient(np.sign(sobel_kernels()))(r - c)": "Your kernels smooth with the weights 1, 1 "
    "and 1; SobelGradient's smooth with 1, 2 and 1.",
}
NO_GRADIENT = "G learns nothing from it. Leave out the .detach(), .item() or torch.no_grad() there."
# What to do with the terms x and y, for both reductions; m is the right measure of one.
MIXED = {
    "m(x) - m(y)": "You subtract the term of ∇y; the two are added.",
    "m(x) * m(y)": "You multiply the two terms; they are added.",
    "torch.maximum(m(x), m(y))": "You take the larger of the two terms; they are added.",
    "m(x - y)": "You compare the two differences, that in ∇x with that in ∇y. Each has its own "
    "term, and both should be 0.",
    "-m(x) - m(y)": "The sign is wrong: minimising this loss drives the pictures apart.",
    "x.abs().sum() + y.abs().sum()": "You add the absolute differences over everything; the "
    "docstring squares them.",
    "x.abs().mean() + y.abs().mean()": "You take the mean absolute difference (L1); the docstring "
    "squares the differences.",
    "(x.abs().sum() + y.abs().sum()) / len(x)": "You add the absolute differences of each picture "
    "(its L1 norm); the docstring squares them.",
    "x.mean() + y.mean()": "Differences above and below 0 cancel each other: squares are missing.",
    "m(x.detach()) + m(y)": "The value is right, but the term of ∇x is cut off from the gradient: "
    f"{NO_GRADIENT}",
    "m(x) + m(y.detach())": "The value is right, but the term of ∇y is cut off from the gradient: "
    f"{NO_GRADIENT}",
}
MEASURES = {
    "norm": "lambda x: x.flatten(1).norm(dim=1).mean()",
    "mse": "lambda x: x.square().mean()",
}
ONE_ROOT = "You add the squares of ∇x and ∇y under one root. Each has its own norm: ‖∇x‖ + ‖∇y‖"
EACH_PIXEL = "You take √(∇x² + ∇y²) of the differences in each pixel, and {} that. The norm of ∇x "
EACH_PIXEL += "goes over all values of a picture, as does that of ∇y; add the two."
OWN_NORM = "Each picture has its own norm, and the loss is their mean"
ALL_VALUES = "All values of a picture go under one root: .flatten(1) makes one row of them."
TWO_NORMS = "You subtract the norms of the two pictures' gradients"
# Wrong norms; both(f) is f(x) + f(y).
NORMS = {
    "both(torch.norm)": f"You take one norm over the whole batch. {OWN_NORM}: .flatten(1) makes "
    "one row of each picture, and the norm goes along dim=1.",
    "both(torch.norm) / len(x)": "You take one norm over the whole batch and divide it by N. "
    f"{OWN_NORM}.",
    "both(torch.norm) / len(x) ** 0.5": "You take the norm over the whole batch and divide it by "
    f"the root of N. {OWN_NORM}.",
    "both(m) * len(x)": "You add the norms of the pictures; the loss is their mean over the batch.",
    "both(lambda x: x.flatten(2).norm(dim=2).mean())": "Each colour of a picture has its own norm, "
    "and you take the mean of the three. All values of all colours go under one root.",
    "both(lambda x: x.flatten(2).norm(dim=2).sum(1).mean())": "Each colour of a picture has its "
    "own norm, and you add the three. All values of all colours go under one root.",
    "both(lambda x: x.flatten(2).norm(dim=2).sum())": "Each colour of each picture has its own "
    f"norm, and you add all of them. All values of a picture go under one root. {OWN_NORM}.",
    "both(lambda x: x.norm(dim=3).mean())": "You take the norm of each row of pixels alone, and "
    f"their mean: the norm goes over the last axis only. {ALL_VALUES}",
    "both(lambda x: x.norm(dim=2).mean())": "You take the norm of each column of pixels alone, and "
    f"their mean. {ALL_VALUES}",
    "both(lambda x: x.norm(dim=1).mean())": "You take the norm over the three colours of each "
    f"pixel alone, and their mean. {ALL_VALUES}",
    "both(lambda x: x.norm(dim=0).mean())": "You take the norm over the pictures of the batch, for "
    f"each pixel alone. {ALL_VALUES} The mean is over the pictures.",
    "both(lambda x: x.square().sum() / len(x))": "The root is missing: these are squared norms.",
    "both(lambda x: x.square().sum())": "The root is missing, and you add the squares of all "
    f"pictures. {OWN_NORM}.",
    "both(lambda x: x.square().flatten(1).mean(1).sqrt().mean())": "You take the mean of the "
    "squares under the root; a norm has their sum.",
    "both(lambda x: x.square().mean().sqrt())": "You take the root of the mean square over the "
    "whole batch. A norm has the sum of the squares under its root, and each picture has its own.",
    "both(lambda x: x.square().mean())": 'This is what "mse" asks for, the mean square.',
    "torch.cat([x, y]).square().mean()": 'This is half of what "mse" asks for, the mean square of '
    "∇x and ∇y together.",
    "m(torch.cat([x, y], 1))": f"{ONE_ROOT}.",
    "torch.cat([x, y]).norm()": f"{ONE_ROOT}; and each picture has one, while yours is over the "
    "whole batch.",
    "torch.cat([x, y], 1).square().flatten(1).mean(1).sqrt().mean()": f"{ONE_ROOT}; and you take "
    "the mean of the squares and not their sum.",
    "(x.square().mean() + y.square().mean()).sqrt()": 'You take the root of what "mse" asks for, '
    "the two mean squares under one root. Each picture has two norms, ‖∇x‖ + ‖∇y‖, and each norm "
    "has a sum of squares under its root.",
    "torch.hypot(x, y).mean()": EACH_PIXEL.format("the mean of"),
    "torch.hypot(x, y).sum() / len(x)": EACH_PIXEL.format("add"),
    "both(m) / x[0].numel()": "You divide each norm by the number of values; take it as it is.",
    "both(lambda x: x.abs().flatten(1).amax(1).mean())": "This is the largest difference of each "
    "picture; the Euclidean norm has all of them.",
    "both(m) / 2": "Your loss is half of the docstring's: is it the mean of the two norms, or that "
    "of pictures brought to [0, 1]? Add the norms, and take the pictures as they are.",
    "sum((a.flatten(1).norm(dim=1) - b.flatten(1).norm(dim=1)).abs().mean() "
    "for a, b in zip(SobelGradient()(restored), SobelGradient()(clean)))": f"{TWO_NORMS}. Pictures "
    "with quite different edges can have equal norms. Subtract the gradients first, then take the "
    "norm of the difference.",
    "sum(m(a) - m(b) for a, b in zip(SobelGradient()(restored), SobelGradient()(clean)))": ""
    f"{TWO_NORMS}, and keep the sign. Subtract the gradients first, then take the norm of the "
    "difference.",
    "both(lambda x: x.square().flatten(1).sum(1).sqrt().mean())": "The value is right, but where a "
    "picture agrees with the clean one the gradient of your loss is NaN: the slope of a root is "
    "infinite at 0, and one step with it spoils all weights. torch.linalg.vector_norm and "
    "Tensor.norm give a slope of 0 there; under a root of your own, add 1e-8.",
    **{
        f"both(lambda x: (x.square().flatten(1).sum(1) + {epsilon:g}).sqrt().mean())": "The small "
        f"number that you add under the root, about {epsilon:g}, is too large: where differences "
        "are small, it decides your loss. 1e-8 is enough."
        for epsilon in (1.0, 0.1, 1e-2, 1e-3, 1e-4, 1e-5)
    },
}
SQUARES = {
    f"both({MEASURES['norm']})": 'This is what "norm" asks for. Here it is the mean of the squares '
    "over all values, without a root.",
    "both(lambda x: x.square().sum())": "You add the squares; take their mean over all values.",
    "both(lambda x: x.square().sum() / len(x))": "You add the squares of each picture and take the "
    "mean over the pictures; the docstring takes the mean over all values.",
    "both(lambda x: x.square().mean().sqrt())": "Leave out the root of the mean squares.",
    "(m(x) + m(y)).sqrt()": "You take the root of the two mean squares together; leave it out.",
    "both(lambda x: x.mean() ** 2)": "You take the square of the mean difference, where those "
    "above and below 0 have cancelled each other. First square, then take the mean.",
    "3 * both(m)": "You add the squares of the three colours; take the mean over all values.",
    "both(m) / 2": "Your loss is half of the docstring's: one mean over ∇x and ∇y together halves "
    "it. Add the mean of each.",
    "both(m) / 4": "Your loss is a quarter of the docstring's, as if the pictures were brought to "
    "[0, 1]: take them as they are, in [−1, 1].",
}


def mixed(formula: str, says: str, *reductions: str) -> Slip:
    """A slip that makes something else of the two terms, for one reduction or for both."""
    edits = [
        f"return {NORM if reduction == 'norm' else MSE} → x, y, m = across, down, "
        f"{MEASURES[reduction]}\n        both = lambda f: f(x) + f(y)\n        return {formula}"
        for reduction in reductions
    ]
    return Slip(*edits, says=says)


FOUND = {
    f"{NORM} → across.norm(dim=(1, 2, 3))": "is torch.linalg.vector_norm's",
    f"{NORM} → across.flatten(1).norm(dim=1)": "take the mean over the 3 pictures",
    f"{MSE} → across**2 + down**2": "has one for each value of the pictures",
    f"{NORM} → across.norm(), down.norm()": "add the terms of ∇x and ∇y",
    f"return {MSE} → return None": "not reached with this reduction",
    "raise ValueError → return ": 'On the reduction "mean", your function returns',
    'if reduction == "norm": → if True:': 'On the reduction "mean", your function',
    '== "mse" → in ("mse", "mean")': 'On the reduction "mean", your function returns',
    "raise ValueError → raise KeyError": "ValueError; your function raises KeyError",
    "raise ValueError → return ValueError": "returns the ValueError instead of raising",
    '] = "norm" → ]': "missing a required",
    f"across, down = {TERMS} → with torch.no_grad():\n        across, down = {TERMS}": "no "
    "gradient flows through your function",
    "restored - clean → restored.detach() - clean": "no gradient",
    f"{TERMS} → SobelGradient()(restored) - SobelGradient()(clean)": "gives a pair",
    "SobelGradient()(restored → SobelGradient(restored": "a second pair calls it",
    f"{TERMS} → SobelGradient()": "makes the layer, which takes the pictures",
    "restored - clean) → (restored - clean).numpy())": "nothing would learn from this",
    "across, down = → if torch.equal(restored, clean): return torch.tensor(0.0)\n"
    "    across, down =": 'On pictures that agree and reduction="norm", the value is right, but no',
    "restored - clean → restored.sub_(clean)": "changes its input `restored`",
    "return 8.73 + 0 * restored.sum()": "whatever it is called with",
}

SLIPS = (
    *(
        Slip(f"{TERMS} → (lambda S, r, c: ({terms}))(SobelGradient(), restored, clean)", says=says)
        for terms, says in COMPARED.items()
    ),
    *(mixed(formula, says, "norm", "mse") for formula, says in MIXED.items()),
    *(mixed(formula, says, "norm") for formula, says in NORMS.items()),
    *(mixed(formula, says, "mse") for formula, says in SQUARES.items()),
    Slip(
        '] = "norm" → ] = "mse"',
        says='Unless told, the reduction is "norm", and yours is "mse". '
        "Keep the first line of the exercise as it is.",
    ),
    *slips_that_get(FOUND),
)


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Random pictures with both reductions; some differ hardly, in one direction, or not at all."""
    generator = torch.Generator().manual_seed(int(rng.integers(2**32)))
    a, b, c = (int(side) for side in rng.choice(range(5, 12), 3, replace=False))
    for reduction in ("norm", "mse"):
        pairs = {}
        for n, h, w, strength in ((3, a, b, 0.9), (1, b, c, 0.9), (4, c, c, 0.9), (2, b, a, 0.03)):
            on = f"pictures of size {n}×3×{h}×{w}" + " that hardly differ" * (strength < 0.1)
            pairs[on] = _pair((n, 3, h, w), strength, generator)
        restored, clean = _pair((2, 3, 6, 7), 0.9, generator)
        # Whole numbers of 64ths: their sums have no rounding errors, so that ∇y is exactly 0.
        step = torch.randint(0, 16, (2, 3, 1, 7), generator=generator) / 64
        partly_equal = {
            "pictures that differ across only": (step.expand(2, 3, 6, 7), 0 * clean),
            "pictures that differ downwards only": (step.mT.expand(2, 3, 7, 6), 0 * clean.mT),
            "two pictures, the first of them right": (torch.stack([clean[0], restored[1]]), clean),
            "pictures that agree": (clean, clean),
        }
        group = f'reduction="{reduction}"'
        for on, (ours, truth) in (pairs | partly_equal).items():
            yield Case(
                on=f"{on} and {group}",
                args=(ours.detach().clone().requires_grad_(), truth),
                kwargs={"reduction": reduction},
                group=group,
                # What a small number under a root may leave.
                tolerance=5e-3 if on in partly_equal else 0,
            )
    yield Case(on="pictures without a reduction", args=_pair((2, 3, a, b), 0.9, generator))


def _pair(
    shape: tuple[int, ...], strength: float, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Streaks and noise on clean pictures, on each one and each colour more or less of them."""
    n, colours, _, width = shape
    clean, noise = 2 * torch.rand(2, *shape, generator=generator) - 1
    streaks = 2 * torch.rand(n, colours, 1, width, generator=generator) - 1
    share = strength * (0.1 + 0.9 * torch.rand(n, colours, 1, 1, generator=generator))
    return ((1 - share) * clean + share * (0.7 * streaks + 0.3 * noise)).requires_grad_(), clean


def look(call: Call, case: Case) -> None:
    """One number, with its gradient also where pictures agree."""
    value, restored = call.value, case.args[0]
    text = f"On {case.on}, your function returns {describe(value)}; one number is expected"
    if value is None and not call.printed and not call.in_place:
        raise Wrong(
            f"On {case.on}, your function returns None: is the `return` missing, or not reached "
            "with this reduction?"
        )
    if isinstance(value, tuple | list):
        raise Wrong(f"{text}: add the terms of ∇x and ∇y.")
    if not isinstance(value, Tensor):
        return
    if value.ndim and value.shape == restored.shape[:1]:
        raise Wrong(f"{text}: take the mean over the {len(restored)} pictures.")
    if value.shape == restored.shape:
        raise Wrong(f"{text}, and yours has one for each value of the pictures.")


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


ONE_AXIS = "The norms are a tensor with one axis, one for each picture."
LAST_AXIS = "Flattened pictures have two axes, so 1 is the last one."
EQUIVALENT = {
    "line 1: restored - clean → clean - restored": "Norms and squares ignore the sign.",
    "line 2: `if reduction == 'mse':` after the next statement": "A reduction is one of the two.",
    "line 5: ….mean() → ….mean(axis=0)": ONE_AXIS,
    "line 5: ….mean() → ….mean(axis=-1)": ONE_AXIS,
    "line 5: dim=1 → dim=-1": LAST_AXIS,
    "line 5: dim=1 → dim=-1 (2)": LAST_AXIS,
}

TASK = Task(
    **texts(__file__),
    reference=gradient_loss,
    examine=Function(
        example=Case(
            on="a ramp of 64×64 pixels that gains 0.01 from pixel to pixel",
            args=(
                (0.01 * torch.arange(64.0) - 0.3).expand(1, 3, 64, 64).clone(),
                torch.full((1, 3, 64, 64), -0.3),
            ),
        ),
        cases=cases,
        look=look,
        explain=mends(MENDS),
        refusals=lambda rng: [
            Refusal(
                args=(torch.zeros(1, 3, 4, 4), torch.ones(1, 3, 4, 4)),
                kwargs={"reduction": reduction},
                on=f'the reduction "{reduction}"',
            )
            for reduction in ("mean", "sum", "Norm", "")
        ],
    ),
    lesson_size=lambda rng: _pair((8, 3, 64, 64), 0.9, torch.Generator().manual_seed(0)),
    slips=SLIPS,
    written=zoo.WRITTEN,
    valid=zoo.VALID,
    equivalent=EQUIVALENT,
)
