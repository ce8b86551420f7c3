"""The record of one training step, whose numbers may still lie on a GPU."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping

import torch


class StepRecord(MutableMapping[str, float]):
    """What is known of one step, as floats; tensors are read from their device when asked for.

    Reading a number from a GPU waits until the GPU has computed it, and then the GPU waits for
    its next work. So a record leaves its tensors there until somebody asks for one of them;
    `read_together` reads those of many records with one wait.
    """

    def __init__(self, found: Mapping[str, float | torch.Tensor]) -> None:
        """Take numbers, and tensors of one element each, on whichever devices."""
        tensors = {key: one.detach() for key, one in found.items() if isinstance(one, torch.Tensor)}
        # Where a tensor waits to be read, its key holds its place in the order with a NaN.
        self._values = {
            key: float("nan") if isinstance(one, torch.Tensor) else one
            for key, one in found.items()
        }
        self._waiting = list(tensors)
        device = next((one.device for one in tensors.values() if one.device.type != "cpu"), "cpu")
        # A copy: a step may go on changing its own tensor.
        self.unread = (
            torch.stack([one.reshape(()).to(device) for one in tensors.values()])
            if tensors
            else torch.empty(0)
        )

    def take(self, numbers: Iterable[float]) -> None:
        """The numbers of `unread`, read."""
        self._values |= zip(self._waiting, numbers, strict=True)
        self._waiting, self.unread = [], torch.empty(0)

    def __getitem__(self, key: str) -> float:
        if key in self._waiting:
            self.take(self.unread.tolist())
        return self._values[key]

    def __setitem__(self, key: str, value: float) -> None:
        if key in self._waiting:
            self.take(self.unread.tolist())
        self._values[key] = value

    def __delitem__(self, key: str) -> None:
        if key in self._waiting:
            self.take(self.unread.tolist())
        del self._values[key]

    def __contains__(self, key: object) -> bool:
        return key in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return repr(dict(self))


def read_together(records: Iterable[StepRecord]) -> None:
    """Read what still lies on a device, of all records at once."""
    waiting = [record for record in records if len(record.unread)]
    if waiting:
        numbers = iter(torch.cat([record.unread for record in waiting]).tolist())
        for record in waiting:
            record.take([next(numbers) for _ in range(len(record.unread))])
