"""Exercise 01.4: one step of the generator."""

from __future__ import annotations

from functools import partial

from course_lib.checks.shorthand import slips_that_get, slips_that_say
from course_lib.checks.step_scenes import gan_scene
from course_lib.checks.step_slips import before, lesson_size, step_equivalents, step_slips
from course_lib.checks.task import Task, texts
from course_lib.checks.training_step import TrainingStep
from course_lib.exercises.lesson_01.generator_step import zoo
from course_lib.training.steps import generator_step

LOGITS = "discriminator(generator(batch.rainy))"
LOSS = f"generator_loss({LOGITS})"
WITH_LOGITS = f"loss = {LOSS} → logits = {LOGITS}\n    loss = generator_loss(logits)"
WITH_RESTORED = (
    f"loss = {LOSS} → restored = generator(batch.rainy)\n"
    "    loss = generator_loss(discriminator(restored))"
)

SAYS = {
    "generator(batch.rainy) → generator(batch.rainy).detach()": "No gradient reaches the "
    "generator: the generated pictures come to the discriminator cut off from it. .detach() and "
    "torch.no_grad() belong in the discriminator's step, not in this one.",
    f"{LOSS} → F.softplus({LOGITS}).mean()": "Your generator learns to be recognised: it minimises "
    "the discriminator's term for fakes, −log(1 − D). Use generator_loss.",
    f"{LOSS} → -F.softplus({LOGITS}).mean()": "Your generator minimises the saturating "
    "log(1 − D). Use generator_loss, −log D.",
    f"{LOSS} → generator_loss({LOGITS}.sigmoid())": "The sigmoid is applied twice: the "
    "discriminator answers with logits, and generator_loss takes them as they are.",
    f"{LOSS} → discriminator_loss(discriminator(batch.clean), {LOGITS})": "Your generator learns "
    "to be recognised: it minimises discriminator_loss. Use generator_loss, in which the clean "
    "pictures play no part.",
    f"{LOSS} → discriminator_loss({LOGITS}, discriminator(batch.clean))": "Your generator "
    "minimises the discriminator's loss with the labels swapped, so that the real pictures' term "
    "comes in too; generator_loss of the fakes' logits is all.",
    f"{WITH_RESTORED} + F.l1_loss(restored, batch.clean)": "Your step adds the absolute difference "
    "to the clean pictures to the loss. That comes in a later lesson; here generator_loss is all.",
    f"{WITH_RESTORED} + 100 * F.l1_loss(restored, batch.clean)": "Your step adds 100 times the "
    "absolute difference to the clean pictures to the loss, as Pix2Pix does. That comes in a later "
    "lesson; here generator_loss is all.",
    f"{WITH_RESTORED} + F.mse_loss(restored, batch.clean)": "Your step adds the mean squared "
    "difference to the clean pictures to the loss. Here generator_loss is all.",
    f"{WITH_LOGITS} * logits.numel()": "Your step adds up the losses of all logits. Take their "
    "mean: a larger batch must not make a larger step.",
    f"{LOSS} → -{LOGITS}.mean()": "Your step minimises minus the mean logit, the loss of a "
    "Wasserstein GAN. Use generator_loss.",
    f"{LOSS} → (({LOGITS} - 1) ** 2).mean()": "Your step minimises squared distances, the loss of "
    "LSGAN. Use generator_loss.",
    f"{WITH_LOGITS} + 0.1 * logits.mean()": "Your step takes 0.9 as the label. Smoothing of labels "
    "comes in lesson 03, for the discriminator; use generator_loss, whose label is 1.",
}
FOUND = {
    **step_slips("generator", "discriminator", first="optimizer.zero_grad()", loss=LOSS),
    "optimizer.zero_grad() → discriminator.zero_grad()": "Gradients left over from earlier steps",
    f"{LOGITS} → discriminator(batch.rainy)": "never calls the generator",
    "loss.backward() → (0.01 * loss).backward()": "0.01 times as far",
    "return loss.detach() → return -loss.detach()": "you return -1 times the loss",
    (WITH_RESTORED, "return loss.detach() → return restored.detach()"): "one number is expected",
    before("optimizer.step()", "generator.layers[0].weight.grad = None"): "parameter "
    "`layers.0.weight` doesn't move",
}

TASK = Task(
    **texts(__file__),
    reference=generator_step,
    examine=TrainingStep(build=partial(gan_scene, player="generator")),
    lesson_size=lesson_size("generator"),
    slips=(*slips_that_say(SAYS), *slips_that_get(FOUND)),
    written=zoo.WRITTEN,
    valid=zoo.VALID,
    equivalent=step_equivalents(clear=1, end=5),
)
