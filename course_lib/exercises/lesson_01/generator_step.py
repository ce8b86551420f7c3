"""Exercise 01.4: one step of the generator."""

from __future__ import annotations

from functools import partial

import numpy as np
import torch
import torch.nn.functional as F

from course_lib.checks.attempt import Attempt
from course_lib.checks.result import Wrong
from course_lib.checks.task import Header, Task
from course_lib.exercises.lesson_01 import generator_step_zoo as zoo
from course_lib.exercises.lesson_01 import steps
from course_lib.exercises.lesson_01.toys import Objective, Scene, build_scene
from course_lib.losses import discriminator_loss, generator_loss
from course_lib.training.steps import generator_step

HEADER = Header(
    id="01.4",
    title="One step of the generator",
    difficulty=2,
    minutes=10,
    needed_for="the training loop of this lesson",
)

HINTS = (
    "Start from your discriminator_step. Which of its lines keep gradients out of the generator, "
    "and would now keep it from learning?",
    "The fakes stay attached this time: gradients flow from the loss through the discriminator "
    "into the generator. The optimizer holds the generator's parameters only, so the "
    "discriminator doesn't move, though it collects gradients that its own step clears.",
    "Almost the code:\n"
    "    optimizer.zero_grad()\n"
    "    loss = generator_loss(discriminator(generator(...)))\n"
    "    loss.backward()\n"
    "    optimizer....\n"
    "    return loss.detach()",
)

DETACHED = (
    "No gradient reaches the generator: the generated pictures come to the discriminator cut off "
    "from it. .detach() and torch.no_grad() belong in the discriminator's step, not in this one."
)

MISCONCEPTIONS: dict[str, Objective] = {
    "Your generator learns to be recognised: it minimises the discriminator's term for fakes, "
    "−log(1 − D). Use generator_loss.": lambda g, d, b: F.softplus(d(g(b.rainy))).mean(),
    "Your generator minimises the saturating log(1 − D). Use generator_loss, −log D.": (
        lambda g, d, b: -F.softplus(d(g(b.rainy))).mean()
    ),
    "The sigmoid is applied twice: the discriminator answers with logits, and generator_loss "
    "takes them as they are.": lambda g, d, b: generator_loss(d(g(b.rainy)).sigmoid()),
    "Your generator minimises the discriminator's loss with the labels swapped, so that the real "
    "pictures' term comes in too; generator_loss of the fakes' logits is all.": (
        lambda g, d, b: discriminator_loss(d(g(b.rainy)), d(b.rainy))
    ),
    "Your step adds the absolute difference to the clean pictures to the loss. That comes in a "
    "later lesson; here generator_loss is all.": (
        lambda g, d, b: generator_loss(d(g(b.rainy))) + F.l1_loss(g(b.rainy), b.clean)
    ),
}


def examine(attempt: Attempt, rng: np.random.Generator) -> None:
    """Steps on toy networks whose gradients aren't cleared."""
    seed = int(rng.integers(2**31))
    on = "two toy networks and a batch of {} pictures"
    _one_step(attempt, partial(build_scene, seed, "generator"), on.format(3))
    one = partial(build_scene, seed + 1, "generator", n=1, height=8, width=5, patch=False)
    _one_step(attempt, one, on.format(1))
    build = partial(build_scene, seed + 2, "generator", n=2)
    scene, right = build(), build()
    for _ in range(2):
        steps.take_step(attempt, scene, "two steps in a row")
        generator_step(*right.arguments)
    steps.moves(scene, build, right.movement("generator"), {}, why_no_gradient=DETACHED)


def _one_step(attempt: Attempt, build: steps.Build, on: str) -> None:
    scene, right = build(), build()
    right_loss = generator_step(*right.arguments).item()
    loss = steps.take_step(attempt, scene, on)
    steps.generator_gets_rainy(scene)
    if not scene.discriminator.seen:
        raise Wrong(
            "Your step never asks the discriminator: its logits for the generated pictures are "
            "what generator_loss takes."
        )
    steps.stays(scene, "discriminator")
    steps.moves(
        scene,
        build,
        right.movement("generator"),
        MISCONCEPTIONS,
        why_no_gradient=_why_no_gradient(scene),
    )
    steps.returns_loss(loss, right_loss, {}, after=_loss(scene))
    steps.leaves_flags(scene)


def _why_no_gradient(scene: Scene) -> str:
    if any(scene.discriminator.attached):
        return "No gradient reaches the generator's parameters: loss.backward() is missing."
    same = any(
        seen.shape == scene.batch.rainy.shape and torch.equal(seen, scene.batch.rainy)
        for seen in scene.discriminator.seen
    )
    if same:
        return (
            "No gradient reaches the generator: you show the discriminator the rainy pictures, "
            "not what the generator makes of them."
        )
    return DETACHED


def _loss(scene: Scene) -> float:
    g, d, b, _ = scene.arguments
    with torch.no_grad():
        return generator_loss(d(g(b.rainy))).item()


def _lesson_size(rng: np.random.Generator) -> tuple[object, ...]:
    return build_scene(0, "generator", n=8, height=64, width=64).arguments


TASK = Task(
    header=HEADER,
    reference=generator_step,
    hints=HINTS,
    examine=examine,
    lesson_size=_lesson_size,
    wrong=zoo.WRONG,
    valid=zoo.VALID,
    equivalent=zoo.EQUIVALENT,
)
