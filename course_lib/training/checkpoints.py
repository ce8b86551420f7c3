"""All that a training run changes, as one file, and back again to the same bits."""

from __future__ import annotations

import json
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from course_lib.tensor_files import BadCheckpoint, OtherFormat, read_tensors, write_tensors

Record = MutableMapping[str, float]  # of one step
FORMAT = 1


@dataclass(kw_only=True)
class TrainingState:
    """What changes while two networks train.

    Attributes:
        networks: name → network, such as ``"generator"``.
        optimizers: name → optimizer.
        schedulers: of learning rates, in order.
        watchers: callbacks that keep something of their own; they have ``state_dict`` and
            ``load_state_dict`` as torch's objects do.
        history: one record a step.
    """

    networks: Mapping[str, nn.Module]
    optimizers: Mapping[str, torch.optim.Optimizer]
    schedulers: Sequence[torch.optim.lr_scheduler.LRScheduler] = ()
    watchers: Sequence[Any] = ()
    history: list[Record] = field(default_factory=list)

    def parts(self) -> dict[str, Any]:
        """Everything with a ``state_dict``, by name."""
        return {
            **self.networks,
            **self.optimizers,
            **{f"scheduler_{n}": scheduler for n, scheduler in enumerate(self.schedulers)},
            **{f"{type(watcher).__name__}_{n}": watcher for n, watcher in enumerate(self.watchers)},
        }


def save(
    path: Path, state: TrainingState, about: Mapping[str, Any], keep: Path | None = None
) -> int:
    """Write a checkpoint; see `write_tensors` for what can fail and what it returns.

    Args:
        path: of the file.
        state: as it stands between two steps.
        about: settings and versions, for whoever goes on from it.
        keep: where the checkpoint goes that was at ``path`` before.
    """
    tensors: dict[str, torch.Tensor] = {}
    rest = {
        name: _take_tensors(part.state_dict(), name, tensors)
        for name, part in state.parts().items()
    }
    for name, network in state.networks.items():
        for key, parameter in network.named_parameters():
            if parameter.grad is not None:  # a step may build on what the last one left
                tensors[f"gradient/{name}/{key}"] = parameter.grad
    keys = list(dict.fromkeys(key for record in state.history for key in record))
    for key in keys:
        rows = [row for row, record in enumerate(state.history) if key in record]
        tensors[f"history/{key}/rows"] = torch.tensor(rows)
        values = [_number(state.history[row][key], key, row + 1) for row in rows]
        tensors[f"history/{key}/values"] = torch.tensor(values, dtype=torch.float64)
    header = {
        "format": FORMAT,
        "step": len(state.history),
        "about": dict(about),
        "keys": keys,
        "rest": rest,
    }
    return write_tensors(path, tensors, header, keep)


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """A checkpoint that has been read.

    Attributes:
        path: where from.
        step: how many steps it holds.
        about: what `save` was told.
        history: one record a step.
    """

    path: Path
    step: int
    about: dict[str, Any]
    history: list[Record]
    rest: dict[str, Any]
    tensors: dict[str, torch.Tensor]


def load(path: Path) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        OtherFormat: another version of the course wrote it.
        BadCheckpoint: the file is damaged, was cut short, or isn't one.
    """
    tensors, header = read_tensors(path)
    try:
        if header["format"] != FORMAT:
            raise OtherFormat(
                f"{path} was written by another version of the course (its format is "
                f"{header['format']}, this version reads {FORMAT})"
            )
        history: list[Record] = [{} for _ in range(header["step"])]
        for key in header["keys"]:
            rows = tensors[f"history/{key}/rows"].tolist()
            values = tensors[f"history/{key}/values"].tolist()
            for row, value in zip(rows, values, strict=True):
                history[row][key] = int(value) if key == "step" else value
        return Checkpoint(
            path=path,
            step=header["step"],
            about=header["about"],
            history=history,
            rest=header["rest"],
            tensors=tensors,
        )
    except BadCheckpoint:
        raise
    except (KeyError, TypeError, IndexError, ValueError) as error:
        raise BadCheckpoint(
            f"{path} is no checkpoint of this course ({type(error).__name__}: {error})"
        ) from None


def restore(state: TrainingState, checkpoint: Checkpoint) -> None:
    """Put everything back as it was, to the bit.

    Raises:
        BadCheckpoint: it is another run's; then no network has been changed.
    """
    parts = state.parts()
    if missing := sorted(parts.keys() ^ checkpoint.rest.keys()):
        raise BadCheckpoint(
            f"{checkpoint.path} is of another kind of run: {', '.join(missing)} "
            f"{'is' if len(missing) == 1 else 'are'} on one side only"
        )
    try:
        states = {
            name: _put_tensors(checkpoint.rest[name], name, checkpoint.tensors) for name in parts
        }
        for name, network in state.networks.items():
            _same_network(name, network.state_dict(), states[name], checkpoint.path)
        for name, optimizer in state.optimizers.items():
            _same_optimizer(name, optimizer, states[name], checkpoint.path)
    except (KeyError, TypeError) as error:  # of another version of torch, say
        raise BadCheckpoint(
            f"{checkpoint.path} holds states of another form ({type(error).__name__}: {error})"
        ) from None
    for name, part in parts.items():
        part.load_state_dict(states[name])
    for optimizer in state.optimizers.values():
        _lay_out(optimizer)
    for name, network in state.networks.items():
        for key, parameter in network.named_parameters():
            gradient = checkpoint.tensors.get(f"gradient/{name}/{key}")
            if gradient is None:
                parameter.grad = None
            else:  # laid out in memory as torch would have it
                parameter.grad = torch.empty_like(parameter).copy_(gradient)
    state.history[:] = checkpoint.history


def restore_networks(state: TrainingState, checkpoint: Checkpoint) -> bool:
    """Put the networks alone back, if they are the same networks.

    Returns:
        Whether they are; else nothing has been changed.
    """
    for name, network in state.networks.items():
        there = _put_tensors(checkpoint.rest.get(name), name, checkpoint.tensors)
        try:
            _same_network(name, network.state_dict(), there or {}, checkpoint.path)
        except BadCheckpoint:
            return False
    for name, network in state.networks.items():
        network.load_state_dict(_put_tensors(checkpoint.rest[name], name, checkpoint.tensors))
        network.zero_grad(set_to_none=True)
    return True


def _lay_out(optimizer: torch.optim.Optimizer) -> None:
    """Lay an optimizer's moments out in memory as their parameters are.

    Files keep no such order, and a fused Adam that meets two orders mixes up the values.
    """
    for parameter, state in optimizer.state.items():
        for key, value in state.items():
            if isinstance(value, torch.Tensor) and value.shape == parameter.shape:
                state[key] = torch.empty_like(parameter, dtype=value.dtype).copy_(value)


def _number(value: Any, key: str, step: int) -> float:
    if isinstance(value, int | float):
        return value
    raise TypeError(
        f"the record of step {step} has {key}={value!r}, a {type(value).__name__}; callbacks may "
        "add numbers only, such as float(…)"
    )


def _take_tensors(value: Any, name: str, tensors: dict[str, torch.Tensor]) -> Any:
    """The value as JSON can hold it; its tensors go into ``tensors``, their places are marked."""
    if isinstance(value, torch.Tensor):
        tensors[name] = value
        return {"tensor": name}
    if isinstance(value, Mapping):
        # A list of pairs, because the keys of an optimizer's state are numbers.
        return {"map": [[k, _take_tensors(v, f"{name}/{k}", tensors)] for k, v in value.items()]}
    if isinstance(value, list | tuple):
        return {"list": [_take_tensors(v, f"{name}/{n}", tensors) for n, v in enumerate(value)]}
    try:
        json.dumps(value)
    except TypeError:
        raise TypeError(
            f"the state of {name} holds a {type(value).__name__}, which a checkpoint can't: "
            "it holds tensors, numbers, text, and lists and dictionaries of these"
        ) from None
    return value


def _put_tensors(value: Any, name: str, tensors: Mapping[str, torch.Tensor]) -> Any:
    match value:
        case {"tensor": str(key)}:
            return tensors[key]
        case {"map": list(pairs)}:
            return {k: _put_tensors(v, f"{name}/{k}", tensors) for k, v in pairs}
        case {"list": list(items)}:
            return [_put_tensors(v, f"{name}/{n}", tensors) for n, v in enumerate(items)]
    return value


def _same_network(
    name: str, here: Mapping[str, torch.Tensor], there: Mapping[str, torch.Tensor], path: Path
) -> None:
    for key in [*here, *there]:
        mine = "nothing" if key not in here else _shape(here[key])
        theirs = "nothing" if key not in there else _shape(there[key])
        if mine != theirs:
            raise BadCheckpoint(
                f"{path} holds another {name}: {key} is {theirs} there and {mine} here. "
                "Is it another profile or width?"
            )


def _same_optimizer(
    name: str, optimizer: torch.optim.Optimizer, there: Mapping[str, Any], path: Path
) -> None:
    here = [len(group["params"]) for group in optimizer.param_groups]
    saved = [len(group["params"]) for group in there["param_groups"]]
    if here != saved:
        raise BadCheckpoint(
            f"{path} holds another {name}: it moves {saved} tensors in its groups there, "
            f"{here} here"
        )


def _shape(tensor: torch.Tensor) -> str:
    return "×".join(map(str, tensor.shape)) or "a number"
