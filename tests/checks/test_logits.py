import numpy as np
import pytest
import torch
import torch.nn.functional as F

from course_lib.checks.attempt import Attempt
from course_lib.checks.function import Case
from course_lib.checks.logits import MINUS_LOG_D, fake_cases, loss_on_logits
from course_lib.checks.result import Wrong
from course_lib.checks.sandbox import sandbox
from course_lib.checks.watchdog import TimeLimit
from course_lib.losses import generator_loss


def diagnosis(answer, seed=0, **settings):
    examine = loss_on_logits(
        lambda log, fake_logits: -log(fake_logits, 1).mean(),
        others={"And the sign is turned.": lambda log, fake_logits: log(fake_logits, 1).mean()},
        example=Case(on="two logits", args=(torch.zeros(2, 1),)),
        cases=fake_cases,
        **settings,
    )
    with sandbox(0) as printed, TimeLimit(5) as limit:
        attempt = Attempt(function=answer, reference=generator_loss, limit=limit, printed=printed)
        try:
            examine(attempt, np.random.default_rng(seed))
        except Wrong as wrong:
            return str(wrong)
    return ""


@pytest.mark.parametrize(
    "right",
    [
        lambda x: F.softplus(-x).mean(),
        lambda x: -F.logsigmoid(x).mean(),
        lambda x: (torch.clamp(-x, min=0) + torch.log1p(torch.exp(-x.abs()))).mean(),
    ],
)
def test_losses_that_are_stable_pass(right):
    assert diagnosis(right) == ""


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda x: -(x.sigmoid() + 1e-8).log().mean(), "add 1e-08 to the probabilities"),
        (lambda x: -(x.sigmoid() + 2e-3).log().mean(), "add 0.002 to the probabilities"),
        (lambda x: (x.sigmoid() + 1e-5).log().mean(), "add 1e-05 to the probabilities"),
        (lambda x: (x.sigmoid() + 1e-5).log().mean(), "And the sign is turned."),
        (lambda x: -x.sigmoid().clamp(min=1e-6).log().mean(), "to at least 1e-06"),
        (lambda x: -x.sigmoid().clamp(0.01, 0.99).log().mean(), "between 0.01 and 1 − 0.01"),
        (lambda x: F.softplus(-x.clamp(-12, 12)).mean(), "clamp the logits to ±12"),
        (lambda x: F.binary_cross_entropy(x.sigmoid(), torch.ones_like(x)), "cuts each logarithm"),
        (lambda x: -x.sigmoid().log().mean(), "its logarithm is lost"),
        (lambda x: -x.double().sigmoid().log().mean(), "its logarithm is lost"),
        (lambda x: torch.log(1 + torch.exp(-x)).mean(), "an exponential to infinity"),
        (lambda x: F.binary_cross_entropy(x, torch.ones_like(x)), "not probabilities"),
        (lambda x: F.softplus(-x.mean((1, 2, 3))).mean(), "name no axes"),
        (
            lambda x: F.binary_cross_entropy_with_logits(x, torch.ones(len(x), 1)),
            "give the targets theirs",
        ),
        (lambda x: F.binary_cross_entropy_with_logits(x, torch.ones(x.shape)), "on the GPU"),
        (
            lambda x: torch.where(x < -30, -x, torch.log1p(torch.exp(-x))).mean(),
            "is NaN",
        ),
    ],
)
def test_what_spoils_large_logits_is_told_with_its_number(wrong, words):
    for seed in range(3):
        assert words in diagnosis(wrong, seed)


def test_infinity_is_put_down_to_large_logits_only_where_all_else_is_right():
    told = diagnosis(lambda x: 3.3 * torch.log(1 + torch.exp(-x)).mean() + 1)
    assert "logarithm is lost" not in told
    assert "your function gives" in told


def test_known_mistakes_are_told_from_each_other():
    x = torch.linspace(-3, 5, 12).reshape(2, 6)
    names = {"F": F, "torch": torch, "math": __import__("math"), "fake_logits": x}
    values = [float(eval(term, names)) for term in MINUS_LOG_D]
    assert len({round(value, 5) for value in values}) == len(values)
