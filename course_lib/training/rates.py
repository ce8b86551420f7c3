"""How learning rates change over a run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.optim.lr_scheduler import LambdaLR, ReduceLROnPlateau

from course_lib.training.checkpoints import Record


def linear_decay(optimizer: torch.optim.Optimizer, steps: int) -> LambdaLR:
    """The learning rate as it is for the first half of a run, then in a straight line to 0.

    This is the schedule of Isola et al.'s released code, 100 epochs and 100 more. While the rate
    is high a GAN's pictures go on changing from step to step; towards the end they settle.

    Args:
        optimizer: whose rates; each parameter group keeps its own proportion.
        steps: of the whole run.
    """
    return LambdaLR(optimizer, lambda step: min(1.0, 2 * (1 - step / steps)))


def warm_up_then_decay(
    optimizer: torch.optim.Optimizer, steps: int, *, warm_up: float = 0.02
) -> LambdaLR:
    """Raise the learning rate from a twentieth in the first steps, then let it fall to 0.

    Both happen in a straight line. A high rate in the first steps would throw away what a network
    that begins as the identity knows.

    Args:
        optimizer: whose rates; each parameter group keeps its own proportion.
        steps: of the whole run.
        warm_up: share of the steps in which the rate rises, 0 to below 1.
    """

    def rate(step: int) -> float:
        share = step / steps
        if share < warm_up:
            return 0.05 + 0.95 * share / warm_up
        return max(0.0, (1 - share) / (1 - warm_up))

    return LambdaLR(optimizer, rate)


class PlateauDecay:
    """Learning rates that fall when the generator's loss stops improving, a callback of `train`.

    After each epoch, if its mean loss isn't lower than that of the best epoch so far, every rate
    is multiplied by ``factor`` (Wang et al., *Gradient information guided deraining*, §4.1:
    "decrease them after each epoch by multiplying 0.1 when the loss stops improving").

    Args:
        optimizers: whose rates.
        epoch: steps of one; endless crops have no epochs of their own.
        factor: 0.1 in the paper.
        patience: how many such epochs in a row are let pass; the paper names none.
        begin: steps before the first epoch that counts. Where a term joins the loss later, the
            loss jumps, and what came before is no measure.
    """

    def __init__(
        self,
        optimizers: Sequence[torch.optim.Optimizer],
        *,
        epoch: int,
        factor: float = 0.1,
        patience: int = 0,
        begin: int = 0,
    ) -> None:
        if epoch < 1:
            raise ValueError(f"an epoch has one step or more; it is {epoch}")
        self.epoch, self.begin = epoch, begin
        self.total, self.count = 0.0, 0  # of the losses of this epoch
        self._waiting: list[Record] = []  # of it, those not yet in the total
        self.schedulers = [
            # Without the threshold: torch's own takes 0.01 % less for no improvement.
            ReduceLROnPlateau(one, factor=factor, patience=patience, threshold=0)
            for one in optimizers
        ]

    def __call__(self, record: Record) -> None:
        """Add the step's loss; at the end of an epoch, look whether it has improved."""
        steps = record["step"] - self.begin
        if steps <= 0:
            return
        if "loss_g" in record:
            self._waiting.append(record)
        if steps % self.epoch == 0:
            self._add_up()
            if self.count:
                for scheduler in self.schedulers:
                    scheduler.step(self.total / self.count)
            self.total, self.count = 0.0, 0

    def _add_up(self) -> None:
        """Add what waits: seldom, because a loss may have to be read from a GPU."""
        for record in self._waiting:
            self.total, self.count = self.total + record["loss_g"], self.count + 1
        self._waiting.clear()

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint must keep: what the losses were like.

        The rates themselves are the optimizers', and factor, patience and epochs are the call's.
        """
        self._add_up()
        return {
            "total": self.total,
            "count": self.count,
            "schedulers": [_learnt(one.state_dict()) for one in self.schedulers],
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """What a checkpoint kept, also one that kept more."""
        self.total, self.count = state["total"], state["count"]
        self._waiting.clear()
        for scheduler, one in zip(self.schedulers, state["schedulers"], strict=True):
            scheduler.load_state_dict(_learnt(one))


def _learnt(state: dict[str, Any]) -> dict[str, Any]:
    """Of a scheduler's state, what isn't a setting."""
    return {key: state[key] for key in ("best", "num_bad_epochs", "last_epoch")}
