"""Exercise 01.3: one step of the discriminator."""

from __future__ import annotations

import copy
from functools import partial

import numpy as np

from course_lib.checks.slips import Slip
from course_lib.checks.step_scenes import Setting, gan_scene
from course_lib.checks.task import Task, texts
from course_lib.checks.training_step import TrainingStep
from course_lib.exercises.lesson_01.discriminator_step import zoo
from course_lib.training.steps import discriminator_step

LOSS = "discriminator_loss(discriminator(batch.clean), discriminator(fake))"
RESTORED = "fake = generator(batch.rainy)"
BLOCK = f"with torch.no_grad():\n        {RESTORED}"
LOGITS = "real, made = discriminator(batch.clean), discriminator(fake)"


def _of_logits(loss: str, returned: str = "loss") -> tuple[str, str]:
    """Edits for another loss of the logits `real` and `made`."""
    return (
        f"loss = {LOSS} → {LOGITS}\n    loss = {loss}",
        f"return loss.detach() → return {returned}.detach()",
    )


def _before(line: str, more: str) -> str:
    return f"{line} → {more}\n    {line}"


SLIPS = (
    Slip(
        f"{LOSS} → discriminator_loss(discriminator(fake), discriminator(batch.clean))",
        says="Real and fake are swapped: discriminator_loss takes the logits of the real pictures "
        "first, and your discriminator learns to call photographs generated.",
    ),
    Slip(
        "batch.clean → batch.rainy",
        says="Your step shows the discriminator the rainy pictures as real ones; the real ones are "
        "batch.clean.",
    ),
    Slip(
        "discriminator(fake) → discriminator(batch.rainy)",
        says="Your step shows the discriminator the rainy pictures as fakes; the fakes are what "
        "the generator makes of them.",
    ),
    Slip(
        f"{LOSS} → generator_loss(discriminator(fake))",
        says="Your discriminator learns to be fooled: it minimises the generator's loss. Use "
        "discriminator_loss.",
    ),
    Slip(
        *_of_logits("discriminator_loss(real.sigmoid(), made.sigmoid())"),
        says="The sigmoid is applied twice: the discriminator answers with logits, and "
        "discriminator_loss takes them as they are.",
    ),
    Slip(
        f"{LOSS} → {LOSS} / 2",
        says="Your step takes half of the loss, as some papers do; the docstring takes all of "
        "discriminator_loss.",
    ),
    Slip(
        *_of_logits("discriminator_loss(real, made) * real.numel()"),
        says="Your step adds up the losses of all logits. Take their mean: a larger batch must not "
        "make a larger step.",
    ),
    Slip(
        *_of_logits("discriminator_loss(real, made) + 0.1 * real.mean()"),
        says="Your step gives real pictures the label 0.9. Smoothing of labels comes in lesson 03; "
        "here real is 1.",
    ),
    Slip(
        *_of_logits("discriminator_loss(real, made) + 0.1 * (real.mean() - made.mean())"),
        says="Your step uses the labels 0.9 and 0.1. Smoothing of labels comes in lesson 03; here "
        "real is 1 and generated is 0.",
    ),
    Slip(
        *_of_logits("made.mean() - real.mean()"),
        says="Your step minimises the difference of the mean logits, the loss of a Wasserstein "
        "GAN. Use discriminator_loss.",
    ),
    Slip(
        *_of_logits("((real - 1) ** 2).mean() + (made**2).mean()"),
        says="Your step minimises squared distances, the loss of LSGAN. Use discriminator_loss.",
    ),
    Slip(
        *_of_logits("F.relu(1 - real).mean() + F.relu(1 + made).mean()"),
        says="Your step minimises the hinge loss. Use discriminator_loss.",
    ),
    Slip(
        *_of_logits("F.softplus(-real).mean() + F.softplus(-made).mean()"),
        says="Your step labels the fakes as real, too. Fakes have the label 0, as in "
        "discriminator_loss.",
    ),
    Slip(
        *_of_logits("F.softplus(-real).mean() - F.softplus(made).mean()"),
        says="Your step subtracts the fakes' part of the loss from the real pictures' part. Add "
        "them: discriminator_loss does.",
    ),
    Slip(
        f"loss = {LOSS} → both = discriminator(torch.cat([batch.clean, fake]))\n"
        "    loss = discriminator_loss(*both.chunk(2))",
        says="Your step sends clean and generated pictures through the discriminator in one batch. "
        "Batch norm then mixes their statistics, so that each picture's logit depends on the "
        "other kind: call the discriminator once for the clean batch and once for the fakes.",
    ),
    Slip(
        "discriminator(fake)) → discriminator(fake).detach())",
        says="The fakes teach your discriminator nothing, only the real pictures do: the fakes' "
        "logits are cut off. torch.no_grad() and .detach() belong to the generator's call and to "
        "what it returns, not to the discriminator's logits.",
    ),
    Slip(
        "discriminator(batch.clean) → discriminator(batch.clean).detach()",
        says="The real pictures teach your discriminator nothing, only the fakes do: the real "
        "pictures' logits are cut off, by .detach() or torch.no_grad(). Nothing needs cutting off "
        "there.",
    ),
    Slip(
        *_of_logits("discriminator_loss(real, made)", "discriminator_loss(1e4 + 0 * real, made)"),
        says="The step is right, but you return the fakes' part of the loss only.",
    ),
    Slip(
        *_of_logits("discriminator_loss(real, made)", "discriminator_loss(real, 0 * made - 1e4)"),
        says="The step is right, but you return the real pictures' part of the loss only.",
    ),
    Slip(
        "optimizer.step() → optimizer.step()\n"
        "    for weight in discriminator.parameters():\n"
        "        weight.data.clamp_(-0.01, 0.01)",
        says="Your step clips the discriminator's weights to ±0.01, as a Wasserstein GAN does. "
        "Leave them as the optimizer makes them.",
    ),
    Slip(f"{BLOCK} → {RESTORED}", gets="still attached to the graph"),
    Slip(
        f"{BLOCK} → {RESTORED}",
        _before("return loss.detach()", "generator.zero_grad()"),
        gets="Your step clears them afterwards",
    ),
    Slip(
        _before("return loss.detach()", "generator.zero_grad()"),
        gets="clears the gradients that the generator had",
    ),
    Slip("optimizer.zero_grad() → ", gets="Gradients left over from earlier steps"),
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
    Slip("generator(batch.rainy) → generator(batch.clean)", gets="the generator batch.clean"),
    Slip("loss.backward() → (-loss).backward()", gets="the opposite direction"),
    Slip("loss.backward() → (3 * loss).backward()", gets="3 times as far"),
    Slip(
        _before(
            "optimizer.step()",
            "torch.nn.utils.clip_grad_norm_(discriminator.parameters(), 100)",
        ),
        gets="clip_grad_norm_",
    ),
    Slip(
        _before(
            "optimizer.step()", "torch.nn.utils.clip_grad_value_(discriminator.parameters(), 10)"
        ),
        gets="clip_grad_value_",
    ),
    Slip(
        "return loss.detach() → with torch.no_grad():\n"
        "        return discriminator_loss(discriminator(batch.clean), discriminator(fake))",
        gets="the loss after the update",
    ),
    Slip(_before(BLOCK, "generator.eval()"), gets="leaves the generator in eval mode"),
    Slip(_before(BLOCK, "discriminator.train()"), gets="leaves the discriminator with its layer"),
    Slip(
        _before(BLOCK, "generator.requires_grad_(False)"),
        gets="leaves the generator with requires_grad switched off",
    ),
    Slip(
        _before("return loss.detach()", "generator._forward_hooks.clear()"),
        gets="without its hooks",
    ),
    Slip(_before(BLOCK, RESTORED), gets="calls the generator 2 times"),
    Slip(
        f"{BLOCK} → ", "discriminator(fake) → discriminator(batch.rainy)", gets="pictures as fakes"
    ),
    Slip(
        _before(BLOCK, "optimizer = torch.optim.Adam(discriminator.parameters(), lr=2e-4)"),
        gets="not by the optimizer that your step is given",
    ),
    Slip(
        _before(BLOCK, "optimizer = type(optimizer)(discriminator.parameters(), lr=0.1)"),
        gets="not by the optimizer that your step is given",
    ),
    Slip(
        f"{BLOCK} → optimizer = torch.optim.SGD([*generator.parameters(), "
        f"*discriminator.parameters()], lr=0.1)\n    {RESTORED}",
        gets="moves the generator's parameters",
    ),
    Slip(
        _before("return loss.detach()", "discriminator.requires_grad_(True)"),
        gets="leaves the discriminator with requires_grad switched on",
    ),
    Slip(
        "generator(batch.rainy) → copy.deepcopy(generator)(batch.rainy)",
        gets="the generator's batch norm with other averages",
    ),
    Slip(
        _before(
            "optimizer.step()",
            "for weight in discriminator.parameters():\n"
            "        torch.nn.utils.clip_grad_norm_([weight], 1)",
        ),
        gets="the loss that you return is right",
    ),
    Slip(
        _before(
            "optimizer.step()",
            "both = [*generator.parameters(), *discriminator.parameters()]\n"
            "    torch.nn.utils.clip_grad_norm_(both, 1)",
        ),
        gets="are gradients clipped or normalised",
    ),
    Slip(
        "discriminator(batch.clean) → discriminator(batch.clean + 0.05 * torch.randn(()))",
        gets="draws random numbers",
    ),
    Slip(
        "discriminator(batch.clean) → discriminator((batch.clean + 1) / 2)",
        gets="gives the discriminator other pictures",
    ),
    Slip(
        *_of_logits(
            "F.binary_cross_entropy_with_logits(real, torch.ones(real.shape))"
            " + F.softplus(made).mean()"
        ),
        gets="With tensors on the GPU",
    ),
    Slip(
        _before("return loss.detach()", "optimizer.param_groups[0]['lr'] *= 0.5"),
        gets="leaves the optimizer with lr = 0.05, not 0.1",
    ),
    Slip(
        _before("return loss.detach()", "optimizer.state.clear()"),
        gets="leaves the optimizer in another state",
    ),
)

BUILD = partial(gan_scene, player="discriminator")


def _lesson_size(rng: np.random.Generator) -> tuple[object, ...]:
    return BUILD(0, Setting(on="the lesson's size", n=8, height=64, width=64)).calls[0]


TASK = Task(
    **texts(__file__),
    reference=discriminator_step,
    examine=TrainingStep(build=BUILD),
    lesson_size=_lesson_size,
    slips=SLIPS,
    names={"copy": copy},
    written=zoo.WRITTEN,
    valid=zoo.VALID,
    equivalent={
        "line 1: `with torch.no_grad():` after the next statement": "Clearing gradients and making "
        "fakes don't depend on each other.",
        "line 3: `optimizer.zero_grad()` twice": "What is cleared stays so.",
        "line 3: `optimizer.zero_grad()` after the next statement": "Gradients must be cleared "
        "before loss.backward(), which still comes later.",
        "line 7: loss.detach() → loss": "The docstring asks for the value; the training loop takes "
        "float() of it.",
    },
)
