"""What the exercises about a step of one player of a GAN share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from course_lib.checks.step_scenes import Setting, gan_scene

Player = Literal["generator", "discriminator"]
LESSON = Setting(on="the lesson's size", n=8, height=64, width=64)


def lesson_size(player: Player) -> Callable[[np.random.Generator], tuple[Any, ...]]:
    """A task's `lesson_size`: the arguments of a player's step."""
    return lambda rng: gan_scene(0, LESSON, player=player).calls[0]


def before(line: str, more: str) -> str:
    """An edit: other lines, and then the line itself."""
    return f"{line} → {more}\n    {line}"


def step_slips(player: Player, other: Player, *, first: str, loss: str) -> dict[Any, str]:
    """Edits of a step → words of its diagnosis, for `slips_that_get`.

    Args:
        player: the network that learns.
        other: the network that doesn't.
        first: what the step begins with.
        loss: of the step, in code.
    """
    optimizer_of_its_own = f"optimizer = torch.optim.Adam({player}.parameters(), lr=2e-4)"
    clip = f"torch.nn.utils.clip_grad_{{}}_({player}.parameters(), {{}})"
    cleared_afterwards = before("return loss.detach()", "optimizer.zero_grad()")
    return {
        "optimizer.zero_grad() → ": "Gradients left over from earlier steps",
        ("optimizer.zero_grad() → ", cleared_afterwards): "Gradients left over from earlier steps",
        before("optimizer.step()", "optimizer.zero_grad()"): "comes between loss.backward",
        "optimizer.step() → ": "optimizer.step() is never called",
        "loss.backward() → ": "loss.backward() is missing",
        "loss.backward()\n    optimizer.step() → optimizer.step()\n    loss.backward()": "comes "
        "before loss.backward()",
        before("optimizer.step()", "optimizer.step()"): "calls optimizer.step() 2 times",
        "loss.backward() → (-loss).backward()": "the opposite direction",
        before("optimizer.step()", clip.format("norm", 100)): "clip_grad_norm_",
        before("optimizer.step()", clip.format("value", 10)): "clip_grad_value_",
        "generator(batch.rainy) → generator(batch.clean)": "gives the generator batch.clean",
        before(first, "generator(batch.rainy)"): "calls the generator 2 times",
        f"return loss.detach() → with torch.no_grad():\n        return {loss}": "the loss after "
        "the update",
        before(first, f"{player}.train()"): "in train mode",
        before(first, f"{other}.eval()"): f"leaves the {other} in eval mode",
        before(first, f"{other}.requires_grad_(False)"): f"leaves the {other} with requires_grad "
        "switched off",
        before("return loss.detach()", f"{other}._forward_hooks.clear()"): "without its hooks",
        before(first, optimizer_of_its_own): "not by the optimizer that your step is given",
    }


def step_equivalents(*, clear: int, end: int) -> dict[str, str]:
    """Mutants of a step that may pass, and why.

    Args:
        clear: the line that clears gradients.
        end: the line that returns the loss.
    """
    return {
        f"line {clear}: `optimizer.zero_grad()` twice": "What is cleared stays so.",
        f"line {clear}: `optimizer.zero_grad()` after the next statement": "Gradients must be "
        "cleared before loss.backward(), which still comes later.",
        f"line {end}: loss.detach() → loss": "The docstring asks for the value; the training loop "
        "takes float() of it.",
    }
