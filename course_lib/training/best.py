"""Stop early: keep the weights of the step that scored best."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from course_lib.training.checkpoints import Record


class KeepBest:
    """Scores a network now and then and keeps its best weights, a callback of `train`.

    A network that trains on few pictures gets worse on others after a while. The run still ends at
    its last step; `restore` then goes back to the best.

    Args:
        network: that is scored.
        score: gives a number, higher is better; such as the PSNR on held-out pictures.
        every: how many steps lie between two scores.

    Attributes:
        best: the highest score so far, −∞ before the first.
        step: the step that had it.
    """

    def __init__(self, network: nn.Module, score: Callable[[], float], every: int) -> None:
        if every < 1:
            raise ValueError(f"scores lie at least one step apart; every is {every}")
        self._network, self._score, self._every = network, score, every
        self.best, self.step = float("-inf"), 0
        self._weights: dict[str, torch.Tensor] = {}

    def __call__(self, record: Record) -> None:
        """Score the network, if it is time, and write the score into the step's record."""
        if record["step"] % self._every:
            return
        self._network.eval()
        with torch.no_grad():
            found = self._score()
        record["score"] = found
        if found > self.best:
            self.best, self.step = found, int(record["step"])
            self._weights = {k: v.clone() for k, v in self._network.state_dict().items()}

    def restore(self) -> None:
        """Give the network its best weights back; before the first score, leave it as it is."""
        if self._weights:
            self._network.load_state_dict(self._weights)

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {"best": self.best, "step": self.step, "weights": self._weights}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        self.best, self.step = float(state["best"]), int(state["step"])
        self._weights = dict(state["weights"])
