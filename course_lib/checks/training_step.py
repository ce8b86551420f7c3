"""The examiner of training steps: one network learns, and everything else stays as it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from course_lib.checks import expect
from course_lib.checks.attempt import Attempt, describe_error
from course_lib.checks.devices import works_on_gpu
from course_lib.checks.result import Wrong
from course_lib.checks.step_differences import differences
from course_lib.checks.step_faults import facts
from course_lib.checks.step_outcomes import Build, Play, StepOutcome, outcomes_of
from course_lib.checks.step_scenes import SETTINGS, Setting, StepScene


@dataclass(frozen=True, kw_only=True)
class TrainingStep:
    """Examines a function that moves one network's parameters once, by an optimizer.

    The reference says what is right. It takes its step in one copy of a scene, the answer in
    another one; then these are compared: the movement of every parameter of every network, the
    returned loss, modes during and after the step, requires_grad, hooks, batch-norm averages, the
    optimizer's settings and state, and the gradients of each network whose gradients the
    reference leaves alone. A slip with ``says`` is a wrong step; it is named only if it does the
    same as the answer in all scenes.

    Attributes:
        build: makes a scene from a seed; the same one each time.
        settings: what the scenes are like. The first one is tried on a GPU, too.
    """

    build: Build
    settings: Sequence[Setting] = SETTINGS

    def __call__(self, attempt: Attempt, rng: np.random.Generator) -> None:
        """Examine an answer.

        Raises:
            Wrong: with the diagnosis.
        """
        plays: list[Play] = []
        for setting in self.settings:
            if play := self._play(attempt, int(rng.integers(2**31)), setting):
                for fact in facts(play, plays):
                    raise Wrong(fact)
                plays.append(play)
        _takes_the_same_step_again(attempt, plays[0])
        if not all(play.is_right for play in plays):
            self._diagnose(attempt, plays)
        works_on_gpu(
            attempt.function,
            attempt.reference,
            plays[0].scene().calls[0],
            {},
            attempt.limit,
            may_return_from_cpu=True,
        )

    def _play(self, attempt: Attempt, seed: int, setting: Setting) -> Play | None:
        """What the answer and the reference do; None where the answer may fail, and does."""
        right = outcomes_of(attempt.reference, self.build, seed, setting)
        scene = self.build(seed, setting)
        mine = _steps_of_answer(attempt, scene, setting)
        if mine is None:
            return None
        return Play(seed, setting, self.build, scene.player, attempt.reference, mine, right)

    def _diagnose(self, attempt: Attempt, plays: Sequence[Play]) -> None:
        moves_otherwise = not all(play.moves_right for play in plays)
        for exactly in (True, False) if moves_otherwise else (True,):
            for diagnosis, slip in attempt.known.items():
                if all(play.is_explained_by(slip, exactly=exactly) for play in plays):
                    raise Wrong(diagnosis)
        raise Wrong(differences(plays))


def _steps_of_answer(
    attempt: Attempt, scene: StepScene, setting: Setting
) -> list[StepOutcome] | None:
    """The outcomes of the answer's steps; None where it may raise an error, and does.

    Raises:
        Wrong: it fails, returns no number, or changes the batch.
    """

    def take(arguments: tuple[Any, ...]) -> float:
        call, error = attempt.outcome(*arguments, on=setting.on)
        if call is None:
            assert error is not None
            if setting.frozen and isinstance(error, RuntimeError):
                raise _MayRaise
            text = describe_error(error, attempt.function)
            raise Wrong(f"On {setting.on}, your step raises {text}")
        loss = expect.number(call)
        expect.finite(call, loss)
        expect.untouched(call)
        return loss

    try:
        return [StepOutcome.of(scene, lambda one=one: take(one)) for one in scene.calls]  # type: ignore[misc]
    except _MayRaise:
        return None


class _MayRaise(Exception):
    """An error that the docstring doesn't rule out."""


def _takes_the_same_step_again(attempt: Attempt, play: Play) -> None:
    again = _steps_of_answer(attempt, play.scene(), play.setting)
    if again is None or not all(one.is_as(two) for one, two in zip(again, play.mine, strict=True)):
        raise Wrong(
            "Called again on equal networks and pictures, your step does something else. It draws "
            "random numbers, or keeps something from earlier calls: in a global name, in a default "
            "argument, or on the function itself."
        )
