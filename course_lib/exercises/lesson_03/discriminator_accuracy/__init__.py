"""Exercise 03.3: how often the discriminator is right."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from course_lib.checks.function import Case, Function
from course_lib.checks.slips import Slip
from course_lib.checks.task import Task, texts
from course_lib.exercises.lesson_03.discriminator_accuracy import zoo
from course_lib.metrics import discriminator_accuracy

LOGIT = "D = sigmoid(logit) is above ½ where the logit is above 0."
PATCHES = "Each logit, that is each patch, counts on its own."

# When a real logit x counts as right, when a generated one → the diagnosis.
RULES = {
    ("x > 0", "x <= 0"): "A logit of exactly 0 counts as a generated picture recognised. There "
    "D = ½ says neither: a generated picture's logit is right below 0.",
    ("x >= 0", "x < 0"): "A logit of exactly 0 counts as a photograph recognised. There D = ½ says "
    "neither: a real picture's logit is right above 0.",
    ("x >= 0", "x <= 0"): "A logit of exactly 0 counts as right for both kinds. There D = ½ says "
    "neither.",
    (
        "x > 0.5",
        "x < 0.5",
    ): f"You compare the logits with ½, as if they were probabilities. {LOGIT}",
    ("x > 0.5", "x <= 0.5"): "You compare the logits with ½, as if they were probabilities, and ½ "
    f"itself counts as generated. {LOGIT}",
    ("x.round() == 1", "x.round() == 0"): "You round the logits, as if they were probabilities: "
    f"only what rounds to 1 counts as real. {LOGIT}",
    (
        "x.sigmoid() > 0",
        "x.sigmoid() < 0",
    ): "You compare probabilities with 0, which none of them is below, so "
    "that pictures count as real whatever D says. Compare logits with 0, or probabilities with ½.",
    ("x < 0", "x > 0"): "The signs are turned: this is how often D is wrong. It takes a picture "
    "for real where the logit is above 0.",
    ("x <= 0", "x >= 0"): "This is how often D is wrong, 1 minus its accuracy.",
    ("x > 0", "x > 0"): "You count how often D says real, of both kinds; for a generated picture "
    "that is wrong. It is right where the logit is below 0.",
    ("x.sigmoid() >= 0.9", "x.sigmoid() <= 0.1"): "Your D is right only where it reaches 0.9 for a "
    "photograph and 0.1 for a generated picture, the smoothed labels. The accuracy knows the true "
    "labels only: it is right where D is on the right side of ½.",
    ("x > 0.9", "x < 0.1"): "You compare with the thresholds 0.9 and 0.1, as if logits were "
    "probabilities and labels smoothed. D is on the right side of ½ where the logit is on the "
    "right side of 0.",
    ("x.mean() > 0", "x.mean() < 0"): "You judge the mean of all logits of a kind; each logit "
    "counts on its own.",
    ("rows(x).mean(1) > 0", "rows(x).mean(1) < 0"): "You take the mean of each picture's logits "
    f"first and give one verdict per picture. {PATCHES}",
    ("rows(x.sigmoid()).mean(1) > 0.5", "rows(x.sigmoid()).mean(1) < 0.5"): "You take the mean of "
    f"each picture's probabilities first and give one verdict per picture. {PATCHES}",
    ("rows((x > 0).float()).mean(1) > 0.5", "rows((x < 0).float()).mean(1) > 0.5"): "You let each "
    f"picture's patches vote and give one verdict per picture. {PATCHES}",
    (
        "rows((x > 0).float()).mean(1) >= 0.5",
        "rows((x < 0).float()).mean(1) >= 0.5",
    ): "You let each "
    "picture's patches vote, where half of them is enough, and give one verdict per picture. "
    f"{PATCHES}",
    ("rows(x).median(1).values > 0", "rows(x).median(1).values < 0"): "You take the median of each "
    f"picture's logits first and give one verdict per picture. {PATCHES}",
    ("rows(x).amax(1) > 0", "rows(x).amax(1) < 0"): "You take the largest of each picture's logits "
    f"and give one verdict per picture. {PATCHES}",
    ("rows(x > 0).all(1)", "rows(x < 0).all(1)"): "A picture counts as right only if all its "
    f"patches are: that is one verdict per picture. {PATCHES}",
    ("rows(x > 0).any(1)", "rows(x < 0).any(1)"): "A picture counts as right as soon as one patch "
    f"is: that is one verdict per picture. {PATCHES}",
    ("rows(x)[:, 0] > 0", "rows(x)[:, 0] < 0"): "You look at the first logit of each picture only. "
    f"{PATCHES}",
    ("rows(x.median() + 0 * x) > 0", "rows(x.median() + 0 * x) < 0"): "You judge the median of all "
    "logits of a kind; each logit counts on its own.",
}
SHARES = {
    "real": "Only the real logits count in your result: the share of generated pictures that D "
    "recognises is missing.",
    "fake": "Only the generated logits count in your result: the share of photographs that D "
    "recognises is missing.",
    "real + fake": "The two shares are added; the docstring takes their mean.",
    "50 * (real + fake)": "Your result is in per cent; the docstring gives a number from 0 to 1.",
    "(real.floor() + fake.floor()) / 2": "Each share is 1 only where D is right every time, "
    "and else 0, as with `//`, int(…) or .all(). Take the share itself, such as .mean() gives.",
    "(real + fake) // 2": "Your result is 1 only where D is right every time, and else 0, as with "
    "`//`, int(…) or .all(). Take the shares themselves, such as .mean() gives, and divide by `/`.",
    "0 * real": "Your result is 0 whatever the logits are. Do you ask with == whether D is equal "
    "to a label? It never is: ask on which side of ½ it lies.",
    "torch.minimum(real, fake)": "This is the smaller one of the two shares; the docstring takes "
    "their mean.",
    "torch.maximum(real, fake)": "This is the larger one of the two shares; the docstring takes "
    "their mean.",
    "real * fake": "The two shares are multiplied; the docstring takes their mean.",
    "(real * fake) ** 0.5": "This is the geometric mean of the two shares, the root of their "
    "product; the docstring takes half of their sum.",
    "(real_logits.sigmoid().mean() + 1 - fake_logits.sigmoid().mean()) / 2": "You take the mean of "
    "the probabilities that D gives to the true answer; the docstring asks how often its answer is "
    "right, however sure it is.",
    "right.mean()": "You take one mean over real and generated logits together, so that the kind "
    "with more logits counts more. Take each kind's share, then the mean of the two.",
    "right.sum()": "You count the logits that are right; the docstring asks for their share.",
    "((real_logits > 0).sum() / len(real_logits) "
    "+ (fake_logits < 0).sum() / len(fake_logits)) / 2": "You divide the numbers of right logits "
    "by the numbers of pictures; divide by the numbers of logits.",
    "right.sum() / 2": "You add the counts of right logits and halve them; the docstring asks for "
    "the shares.",
}
BOTH = "right = torch.cat([(real_logits > 0).flatten(), (fake_logits < 0).flatten()]).float()\n"


def rows(x: Tensor) -> Tensor:
    """One row for each picture."""
    return x.reshape(len(x), -1)


def _of(name: str, rule: str) -> str:
    return re.sub(r"\bx\b", name, rule)


SLIPS = (
    *(
        Slip(
            f"(real_logits > 0) → ({_of('real_logits', real)})",
            f"(fake_logits < 0) → ({_of('fake_logits', fake)})",
            says=says,
        )
        for (real, fake), says in RULES.items()
    ),
    *(
        Slip(f"(real + fake) / 2 → {share}", says=says)
        for share, says in SHARES.items()
        if "right" not in share
    ),
    *(
        Slip(f"{BOTH}return float({share})", says=says)
        for share, says in SHARES.items()
        if "right" in share
    ),
    Slip("(real_logits > 0).float() → (real_logits > 0)", gets="Input dtype must be either"),
    Slip("(real_logits > 0) → (torch.as_tensor(real_logits.numpy()) > 0)", gets="numpy can't read"),
    Slip("return float((real + fake) / 2) → return real, fake", gets="a tuple of 2"),
    Slip(
        "(real_logits > 0).float().mean() → (real_logits > 0).float().mean((1, 2, 3))",
        gets="may have any shape",
    ),
)


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Many shapes and sizes; a D that says real to all; logits of exactly 0, and infinite ones."""
    n, m, h, w = (int(k) for k in rng.choice(range(3, 9), 4, replace=False))
    for real, fake in (
        ((n, 1, h, w), (n, 1, h, w)),
        ((n, 1, h, w), (m, 1, h, w)),
        ((3 * n,), (2 * m,)),
        ((n, 1), (m, 1)),
        ((1, 1), (1, 1)),
        ((1, 1, w, h), (1, 1, w, h)),
    ):
        yield _case(_logits(rng, real, 0.5), _logits(rng, fake, -0.2))
    sure = _logits(rng, (4 * n, 1), 0).abs() + 1, _logits(rng, (3, 1), 0).abs() + 1
    yield _case(*sure, " of a D that calls everything real")
    yield _case(sure[0], -sure[1], " of a D that is always right")
    undecided = torch.tensor([[0.0], [2.0], [0.0], [-1.0], [0.0]])
    yield _case(undecided, -undecided[:4], ", some of them exactly 0")
    yield _case(torch.zeros(2, 1), torch.zeros(3, 1), ", all exactly 0")
    infinite = torch.tensor([math.inf, -math.inf, math.inf, 1.0])
    yield _case(infinite, -infinite, ", some of them infinite")
    many, few = torch.ones(300, 1, 1, 1), torch.tensor([[-1.0, 1.0], [-2.0, -3.0]])
    yield _case(many, few, " of a D that is rarely wrong")
    half = torch.tensor([[1.0, 2.0, 3.0], [-1.0, -2.0, -3.0]])
    yield _case(half, half)
    # Means of logits, means of probabilities, and votes judge these pictures differently.
    pictures = [[8, -1, -1, -1], [0.1, 0.1, 0.1, -9], [0.2, 0.3, 0.1, -9], [2, 0.3, -0.4, -1]]
    yield _case(torch.tensor(pictures), torch.tensor([[-8, 1, 1, 1], [-0.5, -3.0, 0.2, 0.5]]))


def _case(real: Tensor, fake: Tensor, words: str = "") -> Case:
    sizes = ("×".join(map(str, one.shape)) for one in (real, fake))
    return Case(
        on="real logits of size {} and generated ones of size {}".format(*sizes) + words,
        args=(real, fake),
    )


def _logits(rng: np.random.Generator, shape: tuple[int, ...], mean: float) -> Tensor:
    """Random logits of both signs, none near 0, where sigmoids round."""
    logits = torch.from_numpy(rng.normal(mean, 1.5, shape)).float()
    return torch.where(logits.abs() < 0.01, torch.tensor(0.3), logits)


def explain(error: BaseException, case: Case) -> str:
    """More about axes, and about batches of two sizes."""
    real, fake = case.args
    if isinstance(error, IndexError) or "calar" in str(error):
        return (
            ". Logits may have any shape, so name no axis: compare each logit, then take the mean "
            "over all of them."
        )
    if real.shape != fake.shape and "must match" in str(error):
        return ". The two kinds may differ in size: take the share of each by itself, then add."
    return ""


TASK = Task(
    **texts(__file__),
    reference=discriminator_accuracy,
    examine=Function(
        example=Case(
            on="the docstring's logits",
            args=(torch.tensor([2.0, 1.0, -1.0, 3.0]), torch.tensor([-1.0, 1.0])),
        ),
        cases=cases,
        meaning="one number",
        explain=explain,
    ),
    lesson_size=lambda rng: (torch.ones(16, 1, 6, 6), torch.ones(16, 1, 6, 6)),
    slips=SLIPS,
    names={"rows": rows},
    written=zoo.WRITTEN,
    valid=zoo.VALID,
    equivalent={
        "line 1: `real = (real_logits > 0).float().mean()` after the next statement": (
            "The two shares don't depend on each other."
        ),
        "line 3: float((real + fake) / 2) → (real + fake) / 2": (
            "A tensor without axes is a number too."
        ),
    },
)
