"""What a training step did, and whether two steps did the same."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor

from course_lib.checks import expect
from course_lib.checks.snapshot import Left, Snapshot, hooks_on_all_networks
from course_lib.checks.step_scenes import Setting, StepScene
from course_lib.checks.watched_networks import CallRecord

Step = Callable[..., Any]
Build = Callable[[int, Setting], StepScene]
Tensors = Mapping[str, Tensor]
AS_FOUND: tuple[Left, ...] = ("mode", "requires_grad", "hooks")


@dataclass(frozen=True, kw_only=True)
class StepOutcome:
    """What one step did.

    Attributes:
        loss: that it returned.
        moved: network → parameter → how far it moved.
        gradients, before: network → parameter → its gradient after the step, and before it.
        averages: network → buffer → its value after the step.
        left: network, kind and words of modes, flags and hooks that it left otherwise.
        settings, state: of the optimizer, after the step.
        record: its calls and events.
    """

    loss: float
    moved: Mapping[str, Tensors]
    gradients: Mapping[str, Tensors]
    before: Mapping[str, Tensors]
    averages: Mapping[str, Tensors]
    left: tuple[tuple[str, Left, str], ...]
    settings: Sequence[Mapping[str, Any]]
    state: Tensors
    record: CallRecord

    @classmethod
    def of(cls, scene: StepScene, take: Callable[[], float]) -> StepOutcome:
        """Take a step in a scene."""
        scene.record.clear()
        before = {name: Snapshot(network) for name, network in scene.networks.items()}
        backward = torch.autograd.backward

        def noted(*args: Any, **kwargs: Any) -> None:
            scene.record.backward = True
            backward(*args, **kwargs)

        with patch.object(torch.autograd, "backward", noted):
            loss = take()
        after = {name: Snapshot(network) for name, network in scene.networks.items()}
        return cls(
            loss=loss,
            moved={
                name: {key: one - before[name].weights[key] for key, one in now.weights.items()}
                for name, now in after.items()
            },
            gradients={name: _tensors(now.gradients) for name, now in after.items()},
            before={name: _tensors(then.gradients) for name, then in before.items()},
            averages={name: now.buffers for name, now in after.items()},
            left=tuple(
                (name, kind, words)
                for name, then in before.items()
                for kind, words in then.changes()
                if kind in AS_FOUND
            ),
            settings=[
                {key: value for key, value in group.items() if key != "params"}
                for group in scene.optimizer.param_groups
            ],
            state=_state_of(scene.optimizer),
            record=replace(
                scene.record,
                events=list(scene.record.events),
                calls=list(scene.record.calls),
                reached=set(scene.record.reached),
            ),
        )

    def keeps_gradients(self, network: str, other: StepOutcome) -> bool:
        """Whether the network has the gradients from before, if the other outcome leaves them."""
        return close(self.gradients[network], self.before[network]) or not close(
            other.gradients[network], other.before[network]
        )

    @property
    def modes(self) -> set[tuple[str, tuple[bool, ...]]]:
        """The modes in which networks were called."""
        return {(call.network, call.modes) for call in self.record.calls}

    def moves_as(self, other: StepOutcome) -> bool:
        """The same movement of every network."""
        return all(close(self.moved[name], one) for name, one in other.moved.items())

    def returns_as(self, other: StepOutcome) -> bool:
        """The same loss."""
        return expect.close(self.loss, other.loss, 1e-4)

    def leaves_as(self, other: StepOutcome) -> bool:
        """All the rest is the same."""
        return (
            self.left == other.left
            and self.modes <= other.modes
            and self.record.reached <= other.record.reached
            and bool(self.record.reached) == bool(other.record.reached)
            and all(self.keeps_gradients(name, other) for name in self.moved)
            and all(close(self.averages[name], one) for name, one in other.averages.items())
            and self.settings == other.settings
            and close(self.state, other.state)
        )

    def is_as(self, other: StepOutcome) -> bool:
        """The same in every respect; gradients may stay where the other one changes them."""
        return self.moves_as(other) and self.returns_as(other) and self.leaves_as(other)


@dataclass(frozen=True)
class Play:
    """What the answer and the reference do in one scene."""

    seed: int
    setting: Setting
    build: Build
    player: str
    reference: Step
    mine: Sequence[StepOutcome]
    right: Sequence[StepOutcome]

    def scene(self) -> StepScene:
        """The scene, anew."""
        return self.build(self.seed, self.setting)

    @property
    def pairs(self) -> list[tuple[StepOutcome, StepOutcome]]:
        """The answer's and the reference's outcome of each step."""
        return list(zip(self.mine, self.right, strict=True))

    @property
    def is_right(self) -> bool:
        """The answer does what the reference does."""
        return all(mine.is_as(right) for mine, right in self.pairs)

    @property
    def moves_right(self) -> bool:
        """All networks move as the reference moves them."""
        return all(mine.moves_as(right) for mine, right in self.pairs)

    def is_explained_by(self, slip: Step, *, exactly: bool = True) -> bool:
        """The answer does what this wrong step does.

        Args:
            slip: the step.
            exactly: in every respect; else movement and loss are enough.
        """
        try:
            theirs = outcomes_of(slip, self.build, self.seed, self.setting)
        except Exception:
            return False
        return all(
            mine.is_as(one) if exactly else mine.moves_as(one) and mine.returns_as(one)
            for mine, one in zip(self.mine, theirs, strict=True)
        )

    def with_gradients(self, change: Callable[[Sequence[Tensor], Sequence[Tensor]], Any]) -> bool:
        """Whether the answer's first step is the reference's with these changes to gradients.

        Args:
            change: gets the player's parameters, and the gradients left over in them, just before
                the optimizer's step.
        """
        scene = self.scene()
        learning = [one for one in scene.networks[scene.player].parameters() if one.requires_grad]
        stale = [one.grad.clone() for one in learning if one.grad is not None]

        def before_step(*_: Any) -> None:
            change(learning, stale)

        scene.optimizer.register_step_pre_hook(before_step)
        first = StepOutcome.of(scene, lambda: float(self.reference(*scene.calls[0])))
        return self.mine[0].moves_as(first)


def outcomes_of(step: Step, build: Build, seed: int, setting: Setting) -> list[StepOutcome]:
    """What a step of the library's or a slip does in the scene of a seed."""
    known = _outcomes_of.__wrapped__ if hooks_on_all_networks() else _outcomes_of
    return known(step, build, seed, setting)


@functools.lru_cache(maxsize=1000)  # a few MB: the slips of one exercise in all its scenes
def _outcomes_of(step: Step, build: Build, seed: int, setting: Setting) -> list[StepOutcome]:
    return steps_of(step, build(seed, setting))


def steps_of(step: Step, scene: StepScene) -> list[StepOutcome]:
    """The outcome of every step of a scene."""

    def take(arguments: tuple[Any, ...]) -> float:
        return float(step(*arguments))

    return [StepOutcome.of(scene, lambda one=one: take(one)) for one in scene.calls]  # type: ignore[misc]


def moves(moved: Tensors) -> bool:
    """Whether any parameter moves."""
    return any(bool(one.any()) for one in moved.values())


def close(some: Tensors, others: Tensors) -> bool:
    """Every tensor is the same, up to rounding."""
    if some.keys() != others.keys():
        return False
    largest = max((float(one.abs().max()) for one in others.values() if one.numel()), default=0.0)
    for name, other in others.items():
        scale = float(other.abs().max()) if other.numel() else 0.0
        tolerance = 1e-4 * scale + 1e-6 * largest + 1e-7
        if not torch.allclose(some[name], other, rtol=1e-3, atol=tolerance, equal_nan=True):
            return False
    return True


def _tensors(some: Mapping[str, Tensor | None]) -> Tensors:
    """Without what isn't there, or is zero everywhere."""
    return {name: one for name, one in some.items() if one is not None and one.any()}


def _state_of(optimizer: torch.optim.Optimizer) -> Tensors:
    return {
        f"{number}.{name}": torch.as_tensor(value).detach().clone()
        for number, parameter in enumerate(optimizer.param_groups[0]["params"])
        for name, value in optimizer.state.get(parameter, {}).items()
        if value is not None
    }
