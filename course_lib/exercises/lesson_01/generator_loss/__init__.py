"""Exercise 01.2: what the generator minimises."""

from __future__ import annotations

import torch

from course_lib.checks.function import Case
from course_lib.checks.logits import MINUS_LOG_D, fake_cases, loss_on_logits
from course_lib.checks.slips import Slip
from course_lib.checks.task import Task, texts
from course_lib.exercises.lesson_01.generator_loss import zoo
from course_lib.losses import generator_loss

SLIPS = (
    *(Slip(f"return {term}", says=says) for term, says in MINUS_LOG_D.items()),
    Slip(
        "return F.softplus(-fake_logits).flatten()[:len(fake_logits)].mean()",
        gets="your function gives",
    ),
    Slip("torch.ones_like(fake_logits) → torch.ones(fake_logits.shape)", gets="on the GPU"),
    Slip("torch.ones_like(fake_logits) → torch.ones(len(fake_logits), 1)", gets="torch.ones_like"),
    Slip("fake_logits, → fake_logits.detach(),", gets="no gradient flows"),
    Slip("_with_logits →", gets="Logits are any numbers, not probabilities"),
)

TASK = Task(
    **texts(__file__),
    reference=generator_loss,
    examine=loss_on_logits(
        lambda log, fake_logits: -log(fake_logits, 1).mean(),
        example=Case(on="four logits of 0", args=(torch.zeros(4, 1),)),
        cases=fake_cases,
    ),
    lesson_size=lambda rng: (torch.zeros(16, 1),),
    slips=SLIPS,
    written=zoo.WRITTEN,
    valid=zoo.VALID,
)
