"""Small networks and optimizers that record what a training step does with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn


@dataclass(frozen=True, kw_only=True)
class NetworkCall:
    """One call of a network.

    Attributes:
        network: its name.
        given, returned: copies of its inputs and its output.
        modes: `training` of the network and of each of its layers.
    """

    network: str
    given: tuple[Tensor, ...]
    returned: Tensor
    modes: tuple[bool, ...]
    by_copy: bool = False


@dataclass
class CallRecord:
    """What has happened since the record was cleared.

    Attributes:
        events: ``"zero_grad"``, ``"backward"`` and ``"step"`` of the player. One backward pass
            gives as many ``"backward"`` as the player has parameters.
        calls: of all networks.
        reached: names of the networks whose parameters a backward pass has come to.
    """

    events: list[str] = field(default_factory=list)
    backward: bool = False
    calls: list[NetworkCall] = field(default_factory=list)
    reached: set[str] = field(default_factory=set)

    def __deepcopy__(self, memo: dict[int, Any]) -> CallRecord:
        """The record itself: it sees what happens to copies of a network, too."""
        return self

    def clear(self) -> None:
        """Forget everything."""
        self.events.clear()
        self.backward = False
        self.calls.clear()
        self.reached.clear()


class Watched(nn.Module):
    """A network that records its calls."""

    def __init__(self, name: str, record: CallRecord) -> None:
        super().__init__()
        self.name, self.record = name, record
        self.born_as = id(self)  # a copy has the id of the network that it was copied from

    def _seen(self, given: tuple[Tensor, ...], returned: Tensor) -> Tensor:
        self.record.calls.append(
            NetworkCall(
                network=self.name,
                given=tuple(one.detach().clone() for one in given),
                returned=returned.detach().clone(),
                modes=tuple(one.training for one in self.modules()),
                by_copy=id(self) != self.born_as,
            )
        )
        return returned


class SmallGenerator(Watched):
    """N×3×H×W → N×3×H×W in [−1, 1].

    Args:
        record: of its scene.
        norm: with batch norm. Its averages count all calls alike (momentum None), so that the
            order of calls makes no difference.
        gain: the last layer's output is multiplied by it.
    """

    def __init__(self, record: CallRecord, *, norm: bool = False, gain: float = 1.0) -> None:
        super().__init__("generator", record)
        self.gain = gain
        self.layers = nn.Sequential(
            nn.Conv2d(3, 4, 3, padding=1, bias=not norm),
            nn.BatchNorm2d(4, momentum=None) if norm else nn.Identity(),
            nn.LeakyReLU(0.2),
            nn.Conv2d(4, 3, 3, padding=1),
        )

    def forward(self, rainy: Tensor) -> Tensor:
        """The restored pictures."""
        return self._seen((rainy,), torch.tanh(self.gain * self.layers(rainy)))


class SmallDiscriminator(Watched):
    """N×3×H×W → logits, N×1×h×w or N×1.

    Args:
        record, norm, gain: as of `SmallGenerator`.
        patch: one logit for each patch, else one for each picture.
        conditional: takes the rainy pictures, too, as its first argument.
    """

    def __init__(
        self,
        record: CallRecord,
        *,
        patch: bool = True,
        norm: bool = False,
        gain: float = 1.0,
        conditional: bool = False,
    ) -> None:
        super().__init__("discriminator", record)
        self.patch, self.gain, self.conditional = patch, gain, conditional
        self.layers = nn.Sequential(
            nn.Conv2d(6 if conditional else 3, 6, 3, stride=2, padding=1, bias=not norm),
            nn.BatchNorm2d(6, momentum=None) if norm else nn.Identity(),
            nn.LeakyReLU(0.2),
            nn.Conv2d(6, 1, 3, padding=1),
        )

    def forward(self, *pictures: Tensor) -> Tensor:
        """The logits; two batches are concatenated along the channels."""
        # One batch goes in as it is: torch.cat would make an inference tensor an ordinary one.
        given = torch.cat(pictures, 1) if len(pictures) > 1 else pictures[0]
        logits = self.gain * self.layers(given)
        return self._seen(pictures, logits if self.patch else logits.mean((2, 3)))


class _Recorded:
    """Records when an optimizer is called."""

    record: CallRecord | None = None  # an optimizer that the answer makes itself has none

    def step(self, closure: Any = None) -> Any:
        self._note("step")
        return super().step(closure)  # type: ignore[misc]

    def zero_grad(self, set_to_none: bool = True) -> None:
        self._note("zero_grad")
        super().zero_grad(set_to_none)  # type: ignore[misc]

    def _note(self, event: str) -> None:
        if self.record is not None:
            self.record.events.append(event)


class WatchedSGD(_Recorded, torch.optim.SGD):
    """Plain gradient descent that records its calls."""


class WatchedAdam(_Recorded, torch.optim.Adam):
    """Adam that records its calls."""
