"""Exercise 04.6: the sign of the adversarial loss."""

from __future__ import annotations

import torch

from course_lib.checks.function import Case
from course_lib.checks.logits import MINUS_LOG_D, fake_cases, loss_on_logits
from course_lib.checks.slips import Slip
from course_lib.checks.task import Task, texts
from course_lib.exercises.lesson_04.adversarial_loss import zoo
from course_lib.losses import adversarial_loss

AS_PRINTED = (
    "And your sign is the paper's as printed, E[log D(G(x))]: a generator that minimises it learns "
    "to be recognised. Give it a minus."
)
# The paper's sign and its D need other words than lesson 01's.
SIGNS = {
    "F.logsigmoid(fake_logits).mean()": "Your sign is the paper's as printed, E[log D(G(x))]. A "
    "generator that minimises it learns to be recognised, because log D falls as D becomes surer "
    "that its pictures aren't clean. Give it a minus.",
    "-F.softplus(fake_logits).mean()": "This is log(1 − D). Its sign is right. But here D is the "
    "probability that a picture is clean: keep log D. (log(1 − D) belongs to a D that says how "
    "surely a picture comes from our network; or to the minimax game, where it has almost no "
    "gradient while D is sure.)",
    "F.softplus(fake_logits).mean()": "This is −log(1 − D), the discriminator's own term for "
    "restored pictures: minimising it makes D surer that they aren't clean. D is the probability "
    "that a picture is clean: keep log D.",
}
SIZES = {
    "0.001 * F.softplus(-fake_logits).mean()": "Your loss is 0.001 times as large: β multiplies it "
    "later, where the terms are added.",
    **{
        term: says.replace("−log D", "the logarithm of D")
        for term, says in MINUS_LOG_D.items()
        if term not in SIGNS
    },
}

SLIPS = (
    *(Slip(f"return {term}", says=says) for term, says in {**SIGNS, **SIZES}.items()),
    *(
        Slip(f"return -({term})", says=f"{says} {AS_PRINTED}")
        for term, says in SIZES.items()
        if any(part in term for part in ("softplus", "-torch.sigmoid", "-fake_logits.mean"))
    ),
    Slip("return -F.logsigmoid(fake_logits)[0].mean()", gets="your function gives"),
    Slip("fake_logits). → fake_logits.detach()).", gets="no gradient flows"),
)

TASK = Task(
    **texts(__file__),
    reference=adversarial_loss,
    examine=loss_on_logits(
        lambda log, fake_logits: -log(fake_logits, 1).mean(),
        others={AS_PRINTED: lambda log, fake_logits: log(fake_logits, 1).mean()},
        example=Case(on="the docstring's two pictures", args=(torch.tensor([[5.0], [-5.0]]),)),
        cases=fake_cases,
    ),
    lesson_size=lambda rng: (torch.zeros(4, 1),),
    slips=SLIPS,
    written=zoo.WRITTEN,
    valid=zoo.VALID,
)
