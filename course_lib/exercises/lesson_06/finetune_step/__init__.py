"""Exercise 06.2: one step of finetuning."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from course_lib.artifacts.finetune import finetune_step
from course_lib.checks.shorthand import slips_that_get, slips_that_say
from course_lib.checks.step_scenes import SETTINGS, Setting, StepScene, gan_scene
from course_lib.checks.step_slips import LESSON, before, step_equivalents, step_slips
from course_lib.checks.task import Task, texts
from course_lib.checks.training_step import TrainingStep
from course_lib.exercises.lesson_06.finetune_step import zoo

ERROR = "(generator(batch.rainy) - batch.clean).abs()"
LOSS = "(weight * error).mean() / weight.mean()"
WEIGHT = "1 + (inside - 1) * batch.mask"


def scene(seed: int, setting: Setting) -> StepScene:
    """A generator, batches with masks, and a weight for the masks."""
    found = gan_scene(seed, setting, player="generator")
    number = SETTINGS.index(setting) if setting in SETTINGS else 1
    inside: tuple[float, ...] = ((), (3.0,), (0.5,))[number % 3]  # the first takes the default
    return replace(
        found,
        calls=tuple((g, batch, optimizer, *inside) for g, _, batch, optimizer in found.calls),
        pictures=tuple(
            {**pictures, "batch.mask": call[2].mask}
            for pictures, call in zip(found.pictures, found.calls, strict=True)
        ),
    )


SAYS = {
    f"{LOSS} → (weight * error).mean()": "You don't divide by the mean weight. Then the step is "
    "larger for a batch with larger masks.",
    f"{WEIGHT} → batch.mask * inside": "Pixels outside the mask weigh 0 in your loss. They must "
    "weigh 1, so that the GAN's detail stays.",
    f"{WEIGHT} → 1 + inside * batch.mask": "A masked pixel weighs 1 + inside in your loss. It must "
    "weigh inside.",
    f"{WEIGHT} → 1 + (inside - 1) * (1 - batch.mask)": "The mask is the other way round: you give "
    "the weight inside to the pixels outside.",
    f"{ERROR} → (generator(batch.rainy) - batch.clean).square()": "Your loss is a mean of squared "
    "errors. The docstring asks for absolute errors.",
    f"{ERROR} → (generator(batch.rainy) - batch.rainy).abs()": "You compare with the input. The "
    "target is the pseudo ground truth, batch.clean.",
    f"{LOSS} → (weight * error).sum() / weight.sum()": "Your weighted mean counts each colour "
    "whole: the weights have one channel, the errors three. The loss is three times too large.",
}
FOUND = {
    **{
        edit: words
        for edit, words in step_slips(
            "generator", "discriminator", first="optimizer.zero_grad()", loss=LOSS
        ).items()
        if "discriminator" not in str(edit) and "with torch.no_grad()" not in str(edit)
    },
    "loss.backward() → (0.01 * loss).backward()": "0.01 times as far",
    "return loss.detach() → return -loss.detach()": "you return -1 times the loss",
    before("optimizer.step()", "generator.layers[0].weight.grad = None"): "parameter "
    "`layers.0.weight` doesn't move",
}


def lesson_size(rng: np.random.Generator) -> tuple[Any, ...]:
    """The arguments of a step at the lesson's size."""
    return scene(1, LESSON).calls[0]


TASK = Task(
    **texts(__file__),
    reference=finetune_step,
    examine=TrainingStep(build=scene),
    lesson_size=lesson_size,
    slips=(*slips_that_say(SAYS), *slips_that_get(FOUND)),
    written=zoo.WRITTEN,
    valid=zoo.VALID,
    equivalent={
        **step_equivalents(clear=1, end=7),
        "line 2: `weight = 1 + (inside - 1) * batch.mask` after the next statement": "The error "
        "doesn't depend on the weights.",
        "line 3: generator(batch.rainy) - batch.clean → batch.clean - generator(batch.rainy)": "An "
        "absolute value has no sign.",
    },
)
