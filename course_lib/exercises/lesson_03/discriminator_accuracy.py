"""Exercise 03.3: how often the discriminator is right."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from course_lib.checks import expect
from course_lib.checks.attempt import Attempt
from course_lib.checks.expect import Case
from course_lib.checks.task import Header, Task
from course_lib.exercises.lesson_03 import discriminator_accuracy_zoo as zoo
from course_lib.exercises.lesson_03.labels import size
from course_lib.exercises.lesson_03.pretended_gpu import on_gpu, try_on_gpu
from course_lib.metrics import discriminator_accuracy

HEADER = Header(
    id="03.3",
    title="How often the discriminator is right",
    difficulty=2,
    minutes=10,
    needed_for="the game of section 6",
)

HINTS = (
    "D = sigmoid(logit) is above ½ exactly where the logit is above some number. Which one? Do "
    "the docstring's example by hand with it.",
    "`real_logits > 0` holds a True for each real logit that is right. The mean of a tensor of "
    "True and False, made floats first, is the share of the True. Take the share of each kind by "
    "itself, then the mean of the two shares.",
    "Almost the code:\n"
    "    real = (real_logits > 0).float().mean()\n"
    "    fake = (...).float().mean()\n"
    "    return float((real + fake) / ...)",
)

Formula = Callable[[Tensor, Tensor], Tensor]


def _share(right: Tensor) -> Tensor:
    return right.double().mean()


def _shares(
    real: Callable[[Tensor], Tensor], fake: Callable[[Tensor], Tensor] | None = None
) -> Formula:
    """The mean of two shares: of real logits by one rule, of generated ones by another.

    Without a second rule, a generated picture is recognised where the first one fails.
    """
    other = fake or (lambda x: ~real(x))
    return lambda r, f: (_share(real(r)) + _share(other(f))) / 2


def _right(real: Tensor, fake: Tensor) -> Tensor:
    return torch.cat([(real > 0).flatten(), (fake < 0).flatten()])


def _by_picture(logits: Tensor) -> Tensor:
    """The mean logit of each picture."""
    return logits.flatten(1).mean(1) if logits.ndim > 1 else logits


def _majority(logits: Tensor) -> Tensor:
    """Each picture's share of positive logits, less ½."""
    return _by_picture((logits > 0).double()) - 0.5


MISCONCEPTIONS: dict[str, Formula] = {
    "a logit of exactly 0 counts as a generated picture recognised. There D = ½ says neither: a "
    "generated picture's logit is right below 0.": _shares(lambda x: x > 0),
    "a logit of exactly 0 counts as a photograph recognised. There D = ½ says neither: a real "
    "picture's logit is right above 0.": _shares(lambda x: x >= 0),
    "a logit of exactly 0 counts as right for both kinds. There D = ½ says neither.": (
        _shares(lambda x: x >= 0, lambda x: x <= 0)
    ),
    "you compare the logits with ½, as if they were probabilities. D = sigmoid(logit) is above ½ "
    "where the logit is above 0.": _shares(lambda x: x > 0.5, lambda x: x < 0.5),
    "you compare the logits with ½, as if they were probabilities, and ½ itself counts as real or "
    "as generated. D = sigmoid(logit) is above ½ where the logit is above 0.": (
        _shares(lambda x: x > 0.5)
    ),
    "you round the logits, as if they were probabilities: what is above ½ counts as real. "
    "D = sigmoid(logit) is above ½ where the logit is above 0.": (
        _shares(lambda x: x.round() == 1, lambda x: x.round() == 0)
    ),
    "you compare probabilities with 0, which is below every one of them, so that all pictures "
    "count as real. Compare logits with 0, or probabilities with ½.": _shares(
        lambda x: torch.ones_like(x) > 0
    ),
    "you take one mean over real and generated logits together, so that the kind with more logits "
    "counts more. Take each kind's share, then the mean of the two.": (
        lambda r, f: _share(_right(r, f))
    ),
    "only the real logits count in your result: the share of generated pictures that D recognises "
    "is missing.": lambda r, f: _share(r > 0),
    "only the generated logits count in your result: the share of photographs that D recognises "
    "is missing.": lambda r, f: _share(f < 0),
    "the signs are turned: this is how often D is wrong. It takes a picture for real where the "
    "logit is above 0.": _shares(lambda x: x < 0, lambda x: x > 0),
    "this is how often D is wrong, 1 minus its accuracy.": (
        lambda r, f: 1 - discriminator_accuracy(r, f) * torch.ones(())
    ),
    "you count how often D says real, of both kinds; for a generated picture that is wrong. It is "
    "right where the logit is below 0.": _shares(lambda x: x > 0, lambda x: x > 0),
    "the two shares are added; the docstring takes their mean.": (
        lambda r, f: _share(r > 0) + _share(f < 0)
    ),
    "your result is in per cent; the docstring gives a number from 0 to 1.": (
        lambda r, f: 50 * (_share(r > 0) + _share(f < 0))
    ),
    "your division drops what comes behind the point: `//` gives whole numbers. Use `/`.": (
        lambda r, f: (_share(r > 0).floor() + _share(f < 0).floor()) / 2
    ),
    "your division of the sum drops what comes behind the point: `//` gives whole numbers. Use "
    "`/`.": lambda r, f: (_share(r > 0) + _share(f < 0)) // 2,
    "your result is 0 whatever the logits are. Do you ask with == whether D is equal to a label? "
    "It never is: ask on which side of ½ it lies.": lambda r, f: torch.zeros(()),
    "you count the logits that are right; the docstring asks for their share.": (
        lambda r, f: _right(r, f).sum()
    ),
    "you add the counts of right logits and halve them; the docstring asks for the shares.": (
        lambda r, f: _right(r, f).sum() / 2
    ),
    "you take the mean of the probabilities that D gives to the true answer; the docstring asks "
    "how often its answer is right, however sure it is.": (
        lambda r, f: (r.sigmoid().mean() + (1 - f.sigmoid()).mean()) / 2
    ),
    "your D is right only where it reaches 0.9 for a photograph and 0.1 for a generated picture, "
    "the smoothed labels. The accuracy knows the true labels only: it is right where D is on the "
    "right side of ½.": _shares(lambda x: x.sigmoid() >= 0.9, lambda x: x.sigmoid() <= 0.1),
    "you compare with the thresholds 0.9 and 0.1, as if logits were probabilities and labels "
    "smoothed. D is on the right side of ½ where the logit is on the right side of 0.": (
        _shares(lambda x: x > 0.9, lambda x: x < 0.1)
    ),
    "you take the mean of each picture's logits first and judge pictures; each logit, that is each "
    "patch, counts on its own.": lambda r, f: (
        (_share(_by_picture(r) > 0) + _share(_by_picture(f) < 0)) / 2
    ),
    "you let each picture's patches vote and judge pictures; each logit, that is each patch, "
    "counts on its own.": lambda r, f: (_share(_majority(r) > 0) + _share(_majority(f) < 0)) / 2,
    "you judge the mean of all logits of a kind; each logit counts on its own.": (
        lambda r, f: _shares(lambda x: x.mean() > 0, lambda x: x.mean() < 0)(r, f)
    ),
    "this is the smaller one of the two shares; the docstring takes their mean.": (
        lambda r, f: torch.minimum(_share(r > 0), _share(f < 0))
    ),
    "the two shares are multiplied; the docstring takes their mean.": (
        lambda r, f: _share(r > 0) * _share(f < 0)
    ),
}


def examine(attempt: Attempt, rng: np.random.Generator) -> None:
    """Shapes and sizes of many kinds; a D that says real to all; logits of exactly 0."""
    generator = torch.Generator().manual_seed(int(rng.integers(2**32)))
    n, m, h, w = (int(k) for k in rng.choice(range(3, 9), 4, replace=False))
    cases = [
        _case(_logits(real, 0.5, generator), _logits(fake, -0.2, generator))
        for real, fake in (
            ((n, 1, h, w), (n, 1, h, w)),
            ((n, 1, h, w), (m, 1, h, w)),
            ((3 * n,), (2 * m,)),
            ((n, 1), (m, 1)),
            ((1, 1), (1, 1)),
            ((1, 1, w, h), (1, 1, w, h)),
        )
    ]
    sure = _logits((4 * n, 1), 0, generator).abs() + 1, _logits((3, 1), 0, generator).abs() + 1
    cases.append(_case(*sure, " of a D that calls everything real"))
    cases.append(_case(sure[0], -sure[1], " of a D that is always right"))
    undecided = torch.tensor([[0.0], [2.0], [0.0], [-1.0], [0.0]])
    cases.append(_case(undecided, -undecided[:4], ", some of them exactly 0"))
    got = []
    for case in cases:
        call = case.call(attempt)
        got.append(expect.number(call))
        expect.finite(call, got[-1])
        expect.untouched(call)
    expect.values(got, cases, discriminator_accuracy, MISCONCEPTIONS)
    try_on_gpu(
        attempt,
        *map(on_gpu, cases[0].args),
        on="logits on the GPU",
        mend="Stay in torch until the end: float(…) brings the one number over.",
    )


def _case(real: Tensor, fake: Tensor, words: str = "") -> Case:
    return Case(
        on=f"real logits of size {size(real.shape)} and generated ones of size "
        f"{size(fake.shape)}{words}",
        args=(real, fake),
    )


def _logits(shape: tuple[int, ...], mean: float, generator: torch.Generator) -> Tensor:
    """Random logits of both signs, none near 0, where sigmoids round."""
    logits = mean + 1.5 * torch.randn(*shape, generator=generator)
    return torch.where(logits.abs() < 0.01, torch.tensor(0.3), logits)


def _lesson_size(rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    return torch.ones(16, 1, 6, 6), torch.ones(16, 1, 6, 6)


TASK = Task(
    header=HEADER,
    reference=discriminator_accuracy,
    hints=HINTS,
    examine=examine,
    lesson_size=_lesson_size,
    wrong=zoo.WRONG,
    valid=zoo.VALID,
    equivalent=zoo.EQUIVALENT,
)
