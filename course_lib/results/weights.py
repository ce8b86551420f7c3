"""Pretrained weights: networks that `make reproduce` trained, for who can't wait for training.

A folder holds ``weights.safetensors``, the networks in half precision, ``history.csv``, the
records of their training, and ``card.md``, which says for people what they are. Nothing in it is
ever run: safetensors holds numbers and text only.
"""

from __future__ import annotations

import csv
import hashlib
import io
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from course_lib.files import read_whole, write_whole
from course_lib.results.tables import COMPLETE, remake
from course_lib.tensor_files import read_tensors, write_tensors
from course_lib.training.checkpoints import Record

FOLDER = Path(__file__).parent.parent / "assets" / "weights"
LIMIT = 8_000_000  # bytes, the weights of all lessons together
RECORDS = 1000  # of one run; longer histories are thinned
FILES = _WEIGHTS, _HISTORY = "weights.safetensors", "history.csv"
_STATED = {"profile", "seed", "date", "device", "parent_commit"}  # of where weights come from


@dataclass(frozen=True, kw_only=True)
class Trained:
    """Networks that have been trained, before they are saved.

    Attributes:
        networks: name → network, such as ``"generator"``.
        history: what `training.loop.train` returned.
        measure: how good the networks are as they stand when it is called: in words, with the
            unit → a finite number, such as ``{"PSNR, dB": 24.1}``. It is called after their
            weights were rounded to half precision.
        about: ``what`` they are and what for, in sentences; ``seed``; ``rain``.
    """

    networks: Mapping[str, nn.Module]
    history: Sequence[Record]
    measure: Callable[[], Mapping[str, float]]
    about: Mapping[str, str | int | float]


@dataclass(frozen=True, kw_only=True, eq=False)
class Pretrained:
    """Weights that have been read.

    Attributes:
        name: such as ``"01_baseline_gan"``.
        about: settings and where they come from: seed, profile, commit, date and the like.
        metrics: measured on held-out photographs with these very weights.
        history: the records of their training, at most about 1000, to be plotted as those of
            `training.loop.train`.
        states: network → its ``state_dict`` in float32; whole numbers stay whole.
    """

    name: str
    about: dict[str, str | int | float]
    metrics: dict[str, float]
    history: list[Record]
    states: dict[str, dict[str, torch.Tensor]]

    def provenance(self) -> str:
        """Where the weights come from, in one line for readers."""
        about = {key: str(value) for key, value in self.about.items()}
        return (
            f"Pretrained weights {self.name}: profile {about['profile']}, seed {about['seed']}, "
            f"{int(self.history[-1]['step']):,} steps, {about['date'][:10]}, {about['device']}, "
            f"commit {about['parent_commit'][:7]}"
        )


def load(
    name: str, *, profile: str, seed: int, folder: Path = FOLDER, **networks: nn.Module
) -> Pretrained:
    """Put pretrained weights into networks.

    Args:
        name: such as ``"02_pix2pix"``.
        profile, seed: of the lesson that asks. There are weights for one of each: other profiles
            have other networks, and with another seed other photographs are held out.
        folder: where weights lie.
        **networks: those to fill, by the names they were saved with, such as
            ``generator=generator``. Each has to fit in every tensor; its mode and device stay.

    Returns:
        What is known of the weights, and the history of their training.

    Raises:
        ValueError: no such weights, another profile, seed or network, a damaged file; then no
            network has been changed.
    """
    require_profile(profile)
    found = read(name, folder)
    if seed != found.about["seed"]:
        raise ValueError(
            f"the pretrained weights {name} are those of seed {found.about['seed']}; with seed "
            f"{seed} other photographs are held out, and they have seen some of these. Set "
            f"seed = {found.about['seed']}, or pretrained = False to train"
        )
    for which, network in networks.items():
        _require_fitting(found, which, network)
    for which, network in networks.items():
        network.load_state_dict(found.states[which])
    return found


def require_profile(profile: str) -> None:
    """Make sure that there can be pretrained weights for a profile.

    Raises:
        ValueError: it isn't ``cpu``.
    """
    if profile != COMPLETE:
        raise ValueError(
            f"pretrained weights are for profile {COMPLETE}, and this lesson runs at profile "
            f'{profile}, whose networks are others: set profile = "{COMPLETE}", or '
            "pretrained = False to train"
        )


def read(name: str, folder: Path = FOLDER) -> Pretrained:
    """Pretrained weights as they lie in the folder.

    Raises:
        ValueError: none of that name, or its files are damaged.
    """
    own = folder / name
    if not (own / _WEIGHTS).exists():
        raise ValueError(
            f"there are no pretrained weights {name!r} (there are: "
            f"{', '.join(names(folder)) or 'none'}); `{remake(name)}` makes them"
        )
    try:
        tensors, header = read_tensors(own / _WEIGHTS, limit=LIMIT)
        rows = read_whole(own / _HISTORY, LIMIT)
        if hashlib.sha256(rows).hexdigest() != header["history_sha256"]:
            raise ValueError(f"{_HISTORY} isn't the file that {_WEIGHTS} knows")
        states: dict[str, dict[str, torch.Tensor]] = {}
        for key, tensor in tensors.items():
            which, _, inside = key.partition("/")
            whole = not tensor.is_floating_point()
            states.setdefault(which, {})[inside] = tensor if whole else tensor.float()
        history = _records(rows)
        if lacking := _STATED - header["about"].keys():
            raise ValueError(f"{_WEIGHTS} doesn't state its {', '.join(sorted(lacking))}")
        if not history or "step" not in history[-1]:
            raise ValueError(f"{_HISTORY} holds no steps")
        return Pretrained(
            name=name,
            about=header["about"],
            metrics=header["metrics"],
            history=history,
            states=states,
        )
    except (ValueError, TypeError, KeyError, AttributeError, csv.Error, OSError) as error:
        raise ValueError(
            f"the pretrained weights in {own} are damaged ({error}): install the course again, or "
            f"let `{remake(name)}` make them"
        ) from error


def names(folder: Path = FOLDER) -> list[str]:
    """The names of all pretrained weights, sorted."""
    return sorted(path.parent.name for path in folder.glob(f"*/{_WEIGHTS}"))


def round_to_half(networks: Mapping[str, nn.Module]) -> None:
    """Round the weights of networks, in place, to what half precision can hold."""
    for network in networks.values():
        network.load_state_dict(
            {
                key: tensor.half().to(tensor.dtype) if tensor.is_floating_point() else tensor
                for key, tensor in network.state_dict().items()
            }
        )


def save(
    name: str,
    networks: Mapping[str, nn.Module],
    history: Sequence[Record],
    *,
    about: Mapping[str, str | int | float],
    metrics: Mapping[str, float],
    folder: Path = FOLDER,
) -> None:
    """Write pretrained weights; older ones of the name are replaced.

    ``weights.safetensors`` is written last and knows the checksum of the history, so that files
    of two runs, which a killed process may leave, are noticed when they are read.

    Args:
        name: of their folder, lesson first.
        networks: rounded by `round_to_half`, as they were when they were measured.
        history, about: see `Pretrained`; a history of more than 1000 steps is thinned.
        metrics: see `Pretrained`.
        folder: where weights lie.

    Raises:
        ValueError: weights that half precision can't hold, metrics that aren't finite, or more
            than 8 MB together with the other weights in the folder; nothing has been written.
    """
    tensors = {}
    for which, network in networks.items():
        for key, tensor in network.state_dict().items():
            tensors[f"{which}/{key}"] = _half(tensor, f"{key} of {name}'s {which}")
    for metric, value in metrics.items():
        if not math.isfinite(value):
            raise ValueError(f"{metric} of {name} is {value}; a card holds finite numbers")
    rows = _csv(_thinned(history))
    size = sum(tensor.nbytes for tensor in tensors.values()) + len(rows)
    others = [path for path in folder.glob("*/*") if path.parent.name != name]
    together = size + sum(path.stat().st_size for path in others)
    if together > LIMIT:
        raise ValueError(
            f"the weights {name} take {size / 1e6:.1f} MB, and with all others "
            f"{together / 1e6:.1f}; all may take {LIMIT / 1e6:.0f}: narrow the networks, or save "
            "fewer of them"
        )
    own = folder / name
    own.mkdir(parents=True, exist_ok=True)
    write_whole(own / _HISTORY, rows)
    header = {
        "about": dict(about),
        "metrics": dict(metrics),
        "history_sha256": hashlib.sha256(rows).hexdigest(),
    }
    write_tensors(own / _WEIGHTS, tensors, header)


def _require_fitting(found: Pretrained, which: str, network: nn.Module) -> None:
    """Refuse a network whose tensors aren't those that were saved."""
    if which not in found.states:
        raise ValueError(
            f"the pretrained weights {found.name} hold no {which}: there are "
            f"{', '.join(found.states)}"
        )
    here, there = network.state_dict(), found.states[which]
    for key in [*here, *there]:
        yours, saved = _shape(here, key), _shape(there, key)
        if yours != saved:
            raise ValueError(
                f"the pretrained {which} {found.name} is another network than yours: {key} is "
                f"{saved} there and {yours} in yours. Build it as the lesson does at profile "
                f"{COMPLETE}, with the same width, depth and norm, or set pretrained = False"
            )


def _shape(state: Mapping[str, torch.Tensor], key: str) -> str:
    if key not in state:
        return "nothing"
    return "×".join(map(str, state[key].shape)) or "a number"


def _half(tensor: torch.Tensor, what: str) -> torch.Tensor:
    """The tensor in half precision, which has to lose nothing; whole numbers as they are."""
    if not tensor.is_floating_point():
        return tensor
    half = tensor.half()
    if not (half.isfinite().all() and torch.equal(half.to(tensor.dtype), tensor)):
        raise ValueError(
            f"{what} isn't in half precision, which ends at ±65504: let round_to_half round it "
            "before it is measured, and save no network with weights that are larger or not finite"
        )
    return half


def _thinned(history: Sequence[Record]) -> list[Record]:
    """Every so many records, and all that hold what is measured now and then."""
    every = -(-len(history) // RECORDS)
    counts = Counter(key for record in history for key in record)
    seldom = {key for key, count in counts.items() if count < len(history) / 2}
    return [
        record
        for record in history
        if record["step"] % every == 0 or seldom & record.keys() or record is history[-1]
    ]


def _csv(history: Sequence[Record]) -> bytes:
    """A row a record: numbers with six digits, and nothing where it has no such key."""
    columns = list(dict.fromkeys(key for record in history for key in record))
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for record in history:
        texts = {key: f"{value:.6g}" for key, value in record.items()}
        writer.writerow({**texts, "step": str(record["step"])}.get(key, "") for key in columns)
    return text.getvalue().encode()


def _records(rows: bytes) -> list[Record]:
    lines = csv.DictReader(io.StringIO(rows.decode()))
    return [
        {key: int(cell) if key == "step" else float(cell) for key, cell in line.items() if cell}
        for line in lines
    ]
