"""Exercise 01.4: one step of the generator."""

from __future__ import annotations

from functools import partial

import numpy as np

from course_lib.checks.slips import Slip
from course_lib.checks.step_scenes import Setting, gan_scene
from course_lib.checks.task import Task, texts
from course_lib.checks.training_step import TrainingStep
from course_lib.exercises.lesson_01.generator_step import zoo
from course_lib.training.steps import generator_step

LOGITS = "discriminator(generator(batch.rainy))"
LOSS = f"generator_loss({LOGITS})"
WITH_RESTORED = (
    f"loss = {LOSS} → restored = generator(batch.rainy)\n"
    "    loss = generator_loss(discriminator(restored))"
)


def _before(line: str, more: str) -> str:
    return f"{line} → {more}\n    {line}"


SLIPS = (
    Slip(
        "generator(batch.rainy) → generator(batch.rainy).detach()",
        says="No gradient reaches the generator: the generated pictures come to the discriminator "
        "cut off from it. .detach() and torch.no_grad() belong in the discriminator's step, not in "
        "this one.",
    ),
    Slip(
        f"{LOSS} → F.softplus({LOGITS}).mean()",
        says="Your generator learns to be recognised: it minimises the discriminator's term for "
        "fakes, −log(1 − D). Use generator_loss.",
    ),
    Slip(
        f"{LOSS} → -F.softplus({LOGITS}).mean()",
        says="Your generator minimises the saturating log(1 − D). Use generator_loss, −log D.",
    ),
    Slip(
        f"{LOSS} → generator_loss({LOGITS}.sigmoid())",
        says="The sigmoid is applied twice: the discriminator answers with logits, and "
        "generator_loss takes them as they are.",
    ),
    Slip(
        f"{LOSS} → discriminator_loss(discriminator(batch.clean), {LOGITS})",
        says="Your generator learns to be recognised: it minimises discriminator_loss. Use "
        "generator_loss, in which the clean pictures play no part.",
    ),
    Slip(
        f"{LOSS} → discriminator_loss({LOGITS}, discriminator(batch.clean))",
        says="Your generator minimises the discriminator's loss with the labels swapped, so that "
        "the real pictures' term comes in too; generator_loss of the fakes' logits is all.",
    ),
    Slip(
        f"{WITH_RESTORED} + F.l1_loss(restored, batch.clean)",
        says="Your step adds the absolute difference to the clean pictures to the loss. That comes "
        "in a later lesson; here generator_loss is all.",
    ),
    Slip(
        f"{WITH_RESTORED} + 100 * F.l1_loss(restored, batch.clean)",
        says="Your step adds 100 times the absolute difference to the clean pictures to the loss, "
        "as Pix2Pix does. That comes in a later lesson; here generator_loss is all.",
    ),
    Slip(
        f"{WITH_RESTORED} + F.mse_loss(restored, batch.clean)",
        says="Your step adds the mean squared difference to the clean pictures to the loss. Here "
        "generator_loss is all.",
    ),
    Slip(
        f"loss = {LOSS} → logits = {LOGITS}\n    loss = generator_loss(logits) * logits.numel()",
        says="Your step adds up the losses of all logits. Take their mean: a larger batch must not "
        "make a larger step.",
    ),
    Slip(
        f"{LOSS} → -{LOGITS}.mean()",
        says="Your step minimises minus the mean logit, the loss of a Wasserstein GAN. Use "
        "generator_loss.",
    ),
    Slip(
        f"{LOSS} → (({LOGITS} - 1) ** 2).mean()",
        says="Your step minimises squared distances, the loss of LSGAN. Use generator_loss.",
    ),
    Slip(
        f"loss = {LOSS} → logits = {LOGITS}\n"
        "    loss = generator_loss(logits) + 0.1 * logits.mean()",
        says="Your step takes 0.9 as the label. Smoothing of labels comes in lesson 03, for the "
        "discriminator; use generator_loss, whose label is 1.",
    ),
    Slip("optimizer.zero_grad() → ", gets="Gradients left over from earlier steps"),
    Slip(
        "optimizer.zero_grad() → discriminator.zero_grad()",
        gets="Gradients left over from earlier steps",
    ),
    Slip(
        "optimizer.zero_grad() → ",
        _before("return loss.detach()", "optimizer.zero_grad()"),
        gets="Gradients left over from earlier steps",
    ),
    Slip(_before("optimizer.step()", "optimizer.zero_grad()"), gets="comes between loss.backward"),
    Slip("optimizer.step() → ", gets="optimizer.step() is never called"),
    Slip("loss.backward() → ", gets="loss.backward() is missing"),
    Slip(
        "loss.backward()\n    optimizer.step() → optimizer.step()\n    loss.backward()",
        gets="comes before loss.backward()",
    ),
    Slip(_before("optimizer.step()", "optimizer.step()"), gets="calls optimizer.step() 2 times"),
    Slip("batch.rainy → batch.clean", gets="gives the generator batch.clean"),
    Slip(f"{LOGITS} → discriminator(batch.rainy)", gets="never calls the generator"),
    Slip("loss.backward() → (-loss).backward()", gets="the opposite direction"),
    Slip("loss.backward() → (0.01 * loss).backward()", gets="0.01 times as far"),
    Slip(
        _before("optimizer.step()", "torch.nn.utils.clip_grad_norm_(generator.parameters(), 100)"),
        gets="clip_grad_norm_",
    ),
    Slip(
        _before("optimizer.step()", "torch.nn.utils.clip_grad_value_(generator.parameters(), 10)"),
        gets="clip_grad_value_",
    ),
    Slip("return loss.detach() → return -loss.detach()", gets="you return -1 times the loss"),
    Slip(
        f"return loss.detach() → with torch.no_grad():\n        return {LOSS}",
        gets="the loss after the update",
    ),
    Slip(
        f"loss = {LOSS} → restored = generator(batch.rainy)\n"
        "    loss = generator_loss(discriminator(restored))",
        "return loss.detach() → return restored.detach()",
        gets="one number is expected",
    ),
    Slip(
        _before("optimizer.zero_grad()", "discriminator.requires_grad_(False)"),
        gets="leaves the discriminator with requires_grad switched off",
    ),
    Slip(
        _before("optimizer.zero_grad()", "discriminator.eval()"),
        gets="leaves the discriminator in eval mode",
    ),
    Slip(
        _before("optimizer.zero_grad()", "generator.train()"),
        gets="in train mode",
    ),
    Slip(
        _before("return loss.detach()", "discriminator._forward_hooks.clear()"),
        gets="without its hooks",
    ),
    Slip(
        _before(
            "optimizer.zero_grad()",
            "optimizer = torch.optim.Adam(generator.parameters(), lr=2e-4)",
        ),
        gets="not by the optimizer that your step is given",
    ),
    Slip(
        _before("optimizer.step()", "generator.layers[0].weight.grad = None"),
        gets="parameter `layers.0.weight` doesn't move",
    ),
    Slip(
        _before("optimizer.zero_grad()", "fake = generator(batch.rainy).detach()"),
        gets="calls the generator 2 times",
    ),
)

BUILD = partial(gan_scene, player="generator")


def _lesson_size(rng: np.random.Generator) -> tuple[object, ...]:
    return BUILD(0, Setting(on="the lesson's size", n=8, height=64, width=64)).calls[0]


TASK = Task(
    **texts(__file__),
    reference=generator_step,
    examine=TrainingStep(build=BUILD),
    lesson_size=_lesson_size,
    slips=SLIPS,
    written=zoo.WRITTEN,
    valid=zoo.VALID,
    equivalent={
        "line 1: `optimizer.zero_grad()` twice": "What is cleared stays so.",
        "line 1: `optimizer.zero_grad()` after the next statement": "Gradients must be cleared "
        "before loss.backward(), which still comes later.",
        "line 5: loss.detach() → loss": "The docstring asks for the value; the training loop takes "
        "float() of it.",
    },
)
