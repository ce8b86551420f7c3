"""What the checks of both steps have in common: one player learns, the other stays."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from course_lib.checks import expect
from course_lib.checks.attempt import Attempt
from course_lib.checks.result import Wrong
from course_lib.exercises.lesson_01.toys import (
    LEARNING_RATE,
    Objective,
    Player,
    Scene,
    movement_of,
)

Build = Callable[[], Scene]


def take_step(attempt: Attempt, scene: Scene, on: str) -> float:
    """Let the answer take its step; the loss that it returns.

    Raises:
        Wrong: it fails, returns no number, or changes the batch.
    """
    call = attempt.call(*scene.arguments, on=on)
    loss = expect.number(call)
    expect.finite(call, loss)
    expect.untouched(call)
    return loss


def generator_gets_rainy(scene: Scene) -> None:
    """The generator is called, with the rainy pictures.

    Raises:
        Wrong: it isn't.
    """
    if not scene.generator.seen:
        raise Wrong(
            "Your step never calls the generator: the generated pictures are "
            "generator(batch.rainy)."
        )
    for pictures in scene.generator.seen:
        if pictures.shape == scene.batch.clean.shape and torch.equal(pictures, scene.batch.clean):
            raise Wrong(
                "Your step gives the generator the clean photographs; it has to restore "
                "batch.rainy."
            )


def stays(scene: Scene, player: Player) -> None:
    """This network's parameters keep their values.

    Raises:
        Wrong: they move.
    """
    if scene.movement(player).any():
        raise Wrong(
            f"Your step moves the {player}'s parameters; this step trains the {scene.player} only."
        )


def moves(
    scene: Scene,
    build: Build,
    right: Tensor,
    misconceptions: Mapping[str, Objective],
    *,
    why_no_gradient: str,
) -> None:
    """The player's parameters move as the reference moves them.

    Args:
        scene: after the answer's step.
        build: makes the scene anew.
        right: the reference's movement.
        misconceptions: diagnosis → what was minimised instead.
        why_no_gradient: the diagnosis when no gradient reaches the player.

    Raises:
        Wrong: they move otherwise, with the reason where it is known.
    """
    moved, player = scene.movement(scene.player), scene.player
    if moved.any() and "step" not in scene.optimizer.events:
        raise Wrong(
            f"The {player}'s parameters move, but not by the optimizer that your step is given: "
            "its step() is never called. One made inside the step forgets each time what it has "
            "gathered, and has a learning rate of its own: use `optimizer`."
        )
    if _same(moved, right):
        return
    _order_of_calls(scene, moved, why_no_gradient)
    if _same(moved, right - LEARNING_RATE * scene.stale[player]):
        raise Wrong(
            "Gradients left over from earlier steps count in yours: call optimizer.zero_grad() "
            "before loss.backward(). At the end of the step it comes too late, because the other "
            "player's step leaves gradients behind too."
        )
    for diagnosis, objective in misconceptions.items():
        if _same(moved, movement_of(objective, build())):
            raise Wrong(diagnosis)
    raise Wrong(_how_it_moves(moved, right, player))


def _order_of_calls(scene: Scene, moved: Tensor, why_no_gradient: str) -> None:
    events, player = scene.optimizer.events, scene.player
    still = f"the {player}'s parameters don't move"
    if "backward" not in events:
        raise Wrong(why_no_gradient)
    if "step" not in events:
        raise Wrong(f"optimizer.step() is never called: {still}.")
    if events.count("step") > 1:
        raise Wrong(
            f"Your step calls optimizer.step() {events.count('step')} times: what comes after the "
            "first update meets another network. Add the parts of the loss, and step once."
        )
    last_backward = len(events) - 1 - events[::-1].index("backward")
    step = events.index("step")
    if step < events.index("backward"):
        raise Wrong(
            "optimizer.step() comes before loss.backward(): it moves the parameters by gradients "
            "that aren't there yet, or by old ones."
        )
    if "zero_grad" in events[last_backward:step]:
        raise Wrong(
            "optimizer.zero_grad() comes between loss.backward() and optimizer.step(): the "
            f"gradients are gone before they are used, and {still}."
        )
    if not moved.any():
        raise Wrong(f"After your step {still}: no gradient is left when optimizer.step() runs.")


def _how_it_moves(moved: Tensor, right: Tensor, player: Player) -> str:
    cosine = torch.nn.functional.cosine_similarity(moved, right, dim=0).item()
    ratio = (moved.norm() / right.norm()).item()
    if cosine > 0.999:
        return (
            f"The {player}'s parameters move in the right direction, but {ratio:.3g} times as far: "
            "is the loss scaled, or the step taken more than once?"
        )
    if cosine < -0.999:
        return (
            f"The {player}'s parameters move in the opposite direction: the loss grows. Is its "
            "sign turned?"
        )
    return (
        f"The {player}'s parameters move in another direction than the loss asks for. Which "
        "pictures, and which loss, does your step use?"
    )


def returns_loss(
    loss: float, right: float, other_losses: Mapping[str, float], *, after: float
) -> None:
    """The returned loss is that from before the update.

    Args:
        loss: what the answer returned.
        right: what it should be.
        other_losses: diagnosis → a loss that it explains.
        after: the loss after the update.

    Raises:
        Wrong: it is another one.
    """
    if expect.close(loss, right, 1e-4):
        return
    if expect.close(loss, after, 1e-4):
        raise Wrong(
            "The step is right, but you return the loss after the update, computed anew; the "
            "docstring asks for the one before it, which the step was taken by."
        )
    for diagnosis, value in other_losses.items():
        if expect.close(loss, value, 1e-4):
            raise Wrong(diagnosis)
    raise Wrong(
        f"The step is right, but you return {loss:.4g}; the loss before the update is {right:.4g}."
    )


def leaves_flags(scene: Scene) -> None:
    """Training modes and requires_grad are as before, and the modes were so all the time.

    Raises:
        Wrong: one has changed.
    """
    for player, network in (
        ("generator", scene.generator),
        ("discriminator", scene.discriminator),
    ):
        if any(not module.training for module in network.modules()):
            raise Wrong(
                f"Your step leaves the {player} in eval mode: from then on its batch norm no "
                "longer follows the pictures. Both networks keep their modes in a step: leave out "
                ".eval()."
            )
        if not all(network.modes):
            raise Wrong(
                f"Your step calls the {player} in eval mode, where batch norm takes old "
                "statistics instead of the batch's. Both networks keep their modes in a step: "
                "leave out .eval()."
            )
        if any(not parameter.requires_grad for parameter in network.parameters()):
            raise Wrong(
                f"Your step leaves requires_grad switched off in the {player}, which learns "
                "nothing in its own next step. Switch it on again at the end."
            )


def _same(moved: Tensor, expected: Tensor) -> bool:
    scale = expected.abs().max().item()
    return torch.allclose(moved, expected, rtol=1e-3, atol=1e-3 * scale + 1e-8)
