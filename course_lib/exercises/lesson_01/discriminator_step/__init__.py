"""Exercise 01.3: one step of the discriminator."""

from __future__ import annotations

import copy
from functools import partial

from course_lib.checks.shorthand import slips_that_get, slips_that_say
from course_lib.checks.step_scenes import gan_scene
from course_lib.checks.step_slips import before, lesson_size, step_equivalents, step_slips
from course_lib.checks.task import Task, texts
from course_lib.checks.training_step import TrainingStep
from course_lib.exercises.lesson_01.discriminator_step import zoo
from course_lib.training.steps import discriminator_step

LOSS = "discriminator_loss(discriminator(batch.clean), discriminator(fake))"
RESTORED = "fake = generator(batch.rainy)"
BLOCK = f"with torch.no_grad():\n        {RESTORED}"
LOGITS = "real, made = discriminator(batch.clean), discriminator(fake)"
CLIP = "torch.nn.utils.clip_grad_norm_"


def _of_logits(loss: str, returned: str = "loss") -> tuple[str, str]:
    """Edits for another loss of the logits `real` and `made`."""
    return (
        f"loss = {LOSS} → {LOGITS}\n    loss = {loss}",
        f"return loss.detach() → return {returned}.detach()",
    )


SAYS: dict[str | tuple[str, ...], str] = {
    f"{LOSS} → discriminator_loss(discriminator(fake), discriminator(batch.clean))": "Real and "
    "fake are swapped: discriminator_loss takes the logits of the real pictures first, and your "
    "discriminator learns to call photographs generated.",
    "batch.clean → batch.rainy": "Your step shows the discriminator the rainy pictures as real "
    "ones; the real ones are batch.clean.",
    "discriminator(fake) → discriminator(batch.rainy)": "Your step shows the discriminator the "
    "rainy pictures as fakes; the fakes are what the generator makes of them.",
    f"{LOSS} → generator_loss(discriminator(fake))": "Your discriminator learns to be fooled: it "
    "minimises the generator's loss. Use discriminator_loss.",
    _of_logits("discriminator_loss(real.sigmoid(), made.sigmoid())"): "The sigmoid is applied "
    "twice: the discriminator answers with logits, and discriminator_loss takes them as they are.",
    f"{LOSS} → {LOSS} / 2": "Your step takes half of the loss, as some papers do; the docstring "
    "takes all of discriminator_loss.",
    _of_logits("discriminator_loss(real, made) * real.numel()"): "Your step adds up the losses of "
    "all logits. Take their mean: a larger batch must not make a larger step.",
    _of_logits("discriminator_loss(real, made) + 0.1 * real.mean()"): "Your step gives real "
    "pictures the label 0.9. Smoothing of labels comes in lesson 03; here real is 1.",
    _of_logits("discriminator_loss(real, made) + 0.1 * (real.mean() - made.mean())"): "Your step "
    "uses the labels 0.9 and 0.1. Smoothing of labels comes in lesson 03; here real is 1 and "
    "generated is 0.",
    _of_logits("made.mean() - real.mean()"): "Your step minimises the difference of the mean "
    "logits, the loss of a Wasserstein GAN. Use discriminator_loss.",
    _of_logits("((real - 1) ** 2).mean() + (made**2).mean()"): "Your step minimises squared "
    "distances, the loss of LSGAN. Use discriminator_loss.",
    _of_logits("F.relu(1 - real).mean() + F.relu(1 + made).mean()"): "Your step minimises the "
    "hinge loss. Use discriminator_loss.",
    _of_logits("F.softplus(-real).mean() + F.softplus(-made).mean()"): "Your step labels the fakes "
    "as real, too. Fakes have the label 0, as in discriminator_loss.",
    _of_logits("F.softplus(-real).mean() - F.softplus(made).mean()"): "Your step subtracts the "
    "fakes' part of the loss from the real pictures' part. Add them: discriminator_loss does.",
    f"loss = {LOSS} → both = discriminator(torch.cat([batch.clean, fake]))\n"
    "    loss = discriminator_loss(*both.chunk(2))": "Your step sends clean and generated pictures "
    "through the discriminator in one batch. Batch norm then mixes their statistics, so that each "
    "picture's logit depends on the other kind: call the discriminator once for the clean batch "
    "and once for the fakes.",
    "discriminator(fake)) → discriminator(fake).detach())": "The fakes teach your discriminator "
    "nothing, only the real pictures do: the fakes' logits are cut off. torch.no_grad() and "
    ".detach() belong to the generator's call and to what it returns, not to the discriminator's "
    "logits.",
    "discriminator(batch.clean) → discriminator(batch.clean).detach()": "The real pictures teach "
    "your discriminator nothing, only the fakes do: the real pictures' logits are cut off, by "
    ".detach() or torch.no_grad(). Nothing needs cutting off there.",
    _of_logits("discriminator_loss(real, made)", "discriminator_loss(1e4 + 0 * real, made)"): "The "
    "step is right, but you return the fakes' part of the loss only.",
    _of_logits("discriminator_loss(real, made)", "discriminator_loss(real, 0 * made - 1e4)"): "The "
    "step is right, but you return the real pictures' part of the loss only.",
    "optimizer.step() → optimizer.step()\n    for weight in discriminator.parameters():\n"
    "        weight.data.clamp_(-0.01, 0.01)": "Your step clips the discriminator's weights to "
    "±0.01, as a Wasserstein GAN does. Leave them as the optimizer makes them.",
}
FOUND = {
    **step_slips("discriminator", "generator", first=BLOCK, loss=LOSS),
    f"{BLOCK} → {RESTORED}": "still attached to the graph",
    (f"{BLOCK} → {RESTORED}", before("return loss.detach()", "generator.zero_grad()")): "Your step "
    "clears them afterwards",
    before("return loss.detach()", "generator.zero_grad()"): "clears the gradients that the "
    "generator had",
    "loss.backward() → (3 * loss).backward()": "3 times as far",
    (f"{BLOCK} → ", "discriminator(fake) → discriminator(batch.rainy)"): "pictures as fakes",
    before(BLOCK, "optimizer = type(optimizer)(discriminator.parameters(), lr=0.1)"): "not by the "
    "optimizer that your step is given",
    f"{BLOCK} → optimizer = torch.optim.SGD([*generator.parameters(), "
    f"*discriminator.parameters()], lr=0.1)\n    {RESTORED}": "moves the generator's parameters",
    before("return loss.detach()", "discriminator.requires_grad_(True)"): "leaves the "
    "discriminator with requires_grad switched on",
    "generator(batch.rainy) → copy.deepcopy(generator)(batch.rainy)": "the generator's batch norm "
    "with other averages",
    before(
        "optimizer.step()",
        f"for weight in discriminator.parameters():\n        {CLIP}([weight], 1)",
    ): "the loss that you return is right",
    before(
        "optimizer.step()",
        f"{CLIP}([*generator.parameters(), *discriminator.parameters()], 1)",
    ): "are gradients clipped or normalised",
    "batch.clean) → batch.clean + 0.05 * torch.randn(()))": "draws random numbers",
    "batch.clean) → (batch.clean + 1) / 2)": "gives the discriminator other pictures",
    _of_logits(
        "F.binary_cross_entropy_with_logits(real, torch.ones(real.shape)) + F.softplus(made).mean()"
    ): "With tensors on the GPU",
    before("return loss.detach()", "optimizer.param_groups[0]['lr'] *= 0.5"): "leaves the "
    "optimizer with lr = 0.05, not 0.1",
    before("return loss.detach()", "optimizer.state.clear()"): "leaves the optimizer in another "
    "state",
}

TASK = Task(
    **texts(__file__),
    reference=discriminator_step,
    examine=TrainingStep(build=partial(gan_scene, player="discriminator")),
    lesson_size=lesson_size("discriminator"),
    slips=(*slips_that_say(SAYS), *slips_that_get(FOUND)),
    names={"copy": copy},
    written=zoo.WRITTEN,
    valid=zoo.VALID,
    equivalent={
        "line 1: `with torch.no_grad():` after the next statement": "Clearing gradients and making "
        "fakes don't depend on each other.",
        **step_equivalents(clear=3, end=7),
    },
)
