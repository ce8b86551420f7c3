"""Exercise 01.3: one step of the discriminator."""

from __future__ import annotations

from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from course_lib.checks.attempt import Attempt
from course_lib.checks.result import Wrong
from course_lib.checks.task import Header, Task
from course_lib.data.pair import Batch
from course_lib.exercises.lesson_01 import discriminator_step_zoo as zoo
from course_lib.exercises.lesson_01 import steps
from course_lib.exercises.lesson_01.toys import Objective, Scene, build_scene, flat_gradients
from course_lib.losses import discriminator_loss, generator_loss
from course_lib.training.steps import discriminator_step

HEADER = Header(
    id="01.3",
    title="One step of the discriminator",
    difficulty=3,
    minutes=15,
    needed_for="the training loop of this lesson",
)

HINTS = (
    "Every step of a network is: clear old gradients, compute the loss, backward, step. Here two "
    "networks take part, but only one learns: what keeps gradients out of the generator?",
    "Make the fakes inside `with torch.no_grad():`, or `.detach()` them. Give the discriminator "
    "the clean pictures in one call and the fakes in another one, put both logits into "
    "`discriminator_loss`, and let the optimizer step.",
    "Almost the code:\n"
    "    with torch.no_grad():\n"
    "        fake = generator(...)\n"
    "    optimizer.zero_grad()\n"
    "    loss = discriminator_loss(discriminator(...), discriminator(...))\n"
    "    loss.backward()\n"
    "    optimizer....\n"
    "    return loss.detach()",
)


def _fake(g: nn.Module, b: Batch) -> Tensor:
    return g(b.rainy).detach()


def _one_batch(g: nn.Module, d: nn.Module, b: Batch) -> Tensor:
    real, fake = d(torch.cat([b.clean, _fake(g, b)])).chunk(2)
    return discriminator_loss(real, fake)


NO_GRADIENT = (
    "No gradient reaches the discriminator's parameters: loss.backward() is missing, or the "
    "discriminator is called inside torch.no_grad(), where only the generator belongs."
)

MISCONCEPTIONS: dict[str, Objective] = {
    "Real and fake are swapped: discriminator_loss takes the logits of the real pictures first, "
    "and yours learns to call photographs generated.": lambda g, d, b: discriminator_loss(
        d(_fake(g, b)), d(b.clean)
    ),
    "Your step shows the discriminator the rainy pictures as real ones; the real ones are "
    "batch.clean.": lambda g, d, b: discriminator_loss(d(b.rainy), d(_fake(g, b))),
    "Your step shows the discriminator the rainy pictures as fakes; the fakes are what the "
    "generator makes of them.": lambda g, d, b: discriminator_loss(d(b.clean), d(b.rainy)),
    "Your discriminator learns to be fooled: it minimises the generator's loss. Use "
    "discriminator_loss.": lambda g, d, b: generator_loss(d(_fake(g, b))),
    "The sigmoid is applied twice: the discriminator answers with logits, and discriminator_loss "
    "takes them as they are.": lambda g, d, b: discriminator_loss(
        d(b.clean).sigmoid(), d(_fake(g, b)).sigmoid()
    ),
    "Your step takes half of the loss, as some papers do; the docstring takes all of "
    "discriminator_loss.": lambda g, d, b: discriminator_loss(d(b.clean), d(_fake(g, b))) / 2,
}

WITH_BATCH_NORM: dict[str, Objective] = {
    "Your step sends clean and generated pictures through the discriminator in one batch. Batch "
    "norm then mixes their statistics, so that each picture's logit depends on the other kind: "
    "call the discriminator once for the clean batch and once for the fakes.": _one_batch,
}


def examine(attempt: Attempt, rng: np.random.Generator) -> None:
    """Steps on toy networks whose gradients aren't cleared, some with batch norm."""
    seed = int(rng.integers(2**31))
    on = "two toy networks and a batch of {} pictures"
    _one_step(attempt, partial(build_scene, seed, "discriminator"), on.format(3))
    one = partial(build_scene, seed + 1, "discriminator", n=1, height=8, width=5, patch=False)
    _one_step(attempt, one, on.format(1))
    normed = partial(build_scene, seed + 2, "discriminator", n=4, norm=True)
    _one_step(attempt, normed, on.format(4) + " (the discriminator has batch norm)")
    _two_steps(attempt, partial(build_scene, seed + 3, "discriminator", n=2))


def _one_step(attempt: Attempt, build: steps.Build, on: str) -> None:
    scene, right = build(), build()
    right_loss = discriminator_step(*right.arguments).item()
    loss = steps.take_step(attempt, scene, on)
    steps.generator_gets_rainy(scene)
    if not scene.discriminator.seen:
        raise Wrong("Your step never calls the discriminator.")
    steps.stays(scene, "generator")
    _generator_without_gradient(scene)
    steps.moves(
        scene,
        build,
        right.movement("discriminator"),
        MISCONCEPTIONS | _one_kind_only(scene) | WITH_BATCH_NORM,
        why_no_gradient=NO_GRADIENT,
    )
    _returned(loss, right_loss, build(), scene)
    steps.leaves_flags(scene)


def _generator_without_gradient(scene: Scene) -> None:
    """No backward pass has come to its parameters; clearing them afterwards is no help."""
    if "generator" not in scene.reached:
        return
    cleared = not flat_gradients(scene.generator).any()
    raise Wrong(
        "The generator's parameters receive gradients in the discriminator's step: the fake "
        "batch is still attached to the graph. "
        + (
            "Your step clears them afterwards, but the backward pass through the generator is "
            "time wasted. "
            if cleared
            else ""
        )
        + "Call the generator inside torch.no_grad(), or use .detach() on what it returns."
    )


def _one_kind_only(scene: Scene) -> dict[str, Objective]:
    """The misconceptions that leave only the real pictures or only the fakes to learn from."""
    return {
        "The fakes teach your discriminator nothing, only the real pictures do: "
        + _why_nothing_learnt(scene, real=False): (
            lambda g, d, b: discriminator_loss(d(b.clean), d(_fake(g, b)).detach())
        ),
        "The real pictures teach your discriminator nothing, only the fakes do: "
        + _why_nothing_learnt(scene, real=True): (
            lambda g, d, b: discriminator_loss(d(b.clean).detach(), d(_fake(g, b)))
        ),
    }


def _why_nothing_learnt(scene: Scene, *, real: bool) -> str:
    shown = [
        recorded
        for pictures, recorded in zip(
            scene.discriminator.seen, scene.discriminator.recorded, strict=True
        )
        if torch.equal(pictures, scene.batch.clean) == real
        or len(pictures) > len(scene.batch.clean)
    ]
    parameters = list(scene.discriminator.parameters())
    if not shown:
        return "it never gives logits for them."
    if not any(shown):
        return "it gives their logits inside torch.no_grad(), where only the generator belongs."
    if scene.optimizer.events.count("backward") > len(parameters):
        return "a second zero_grad() clears their gradients before optimizer.step()."
    if real:
        return "their logits are detached, or left out of the loss. Nothing needs detaching there."
    return (
        "their logits are detached, or left out of the loss. Detach what the generator returns, "
        "not what the discriminator makes of it."
    )


def _returned(loss: float, right: float, fresh: Scene, after: Scene) -> None:
    g, d, b, _ = fresh.arguments
    with torch.no_grad():
        real, fake = d(b.clean), d(g(b.rainy))
        sure = torch.full_like(real, 1e4)  # a logit that adds nothing to the loss
        steps.returns_loss(
            loss,
            right,
            {
                "The step is right, but you return the fakes' part of the loss only.": (
                    discriminator_loss(sure, fake).item()
                ),
                "The step is right, but you return the real pictures' part of the loss only.": (
                    discriminator_loss(real, -sure).item()
                ),
                "The step is right, but you return half of the loss.": right / 2,
            },
            after=discriminator_loss(
                after.discriminator(b.clean), after.discriminator(after.generator(b.rainy))
            ).item(),
        )


def _two_steps(attempt: Attempt, build: steps.Build) -> None:
    scene, right = build(), build()
    for _ in range(2):
        steps.take_step(attempt, scene, "two steps in a row")
        discriminator_step(*right.arguments)
    steps.moves(scene, build, right.movement("discriminator"), {}, why_no_gradient=NO_GRADIENT)


def _lesson_size(rng: np.random.Generator) -> tuple[object, ...]:
    return build_scene(0, "discriminator", n=8, height=64, width=64).arguments


TASK = Task(
    header=HEADER,
    reference=discriminator_step,
    hints=HINTS,
    examine=examine,
    lesson_size=_lesson_size,
    wrong=zoo.WRONG,
    valid=zoo.VALID,
    equivalent=zoo.EQUIVALENT,
)
