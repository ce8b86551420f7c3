"""Model cards of pretrained weights: their training, data, metrics and limits."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from course_lib.data.photos import PHOTOS, photo_split
from course_lib.files import write_whole
from course_lib.results import weights
from course_lib.results.tables import remake
from course_lib.results.weights import Pretrained

FILE = "card.md"
_TRAINING = {  # without seconds: a training that several rows share counts for the first only
    "seed": "seed",
    "profile": "profile",
    "batch_size": "pairs a step",
    "image_size": "pixels, side of a crop",
    "base_channels": "channels of the first block",
    "date": "date",
    "device": "device",
    "threads": "threads",
    "versions": "versions",
    "parent_commit": "commit",
}
_STATISTICS = ("running_mean", "running_var", "num_batches_tracked")  # no parameters
_FREE = ("public domain", "CC0", "CC BY 2.0")  # licences that let anyone use a picture


def write(name: str, folder: Path) -> None:
    """Write the card of the weights in a folder.

    Raises:
        ValueError: there are no such weights, or their files are damaged.
    """
    write_whole(folder / name / FILE, text(weights.read(name, folder)).encode())


def is_current(name: str, folder: Path) -> bool:
    """Whether the card of weights is the one that this code would write."""
    path = folder / name / FILE
    return path.exists() and path.read_bytes() == text(weights.read(name, folder)).encode()


def text(found: Pretrained) -> str:
    """Return the card as Markdown; the same weights give the same bytes."""
    about, name, steps = found.about, found.name, found.history[-1]["step"]
    split = photo_split(int(about["seed"]))
    size = f" at 1/{about['shrink']} of their size" if about["shrink"] != 1 else ""
    parts = [
        f"# {name}",
        str(about["what"]),
        f"For lesson {name[:2]} of [Clearing the Rain](../../../../README.md). They are rounded to "
        "half precision; `course_lib.results.weights.load` puts them into float32 networks.",
        _table(("network", "parameters"), _parameters(found)),
        "## Training",
        _table(
            ("setting", "value"),
            [("steps", f"{steps:,}"), *((said, str(about[k])) for k, said in _TRAINING.items())],
        ),
        "The curves are in `history.csv`. To make all this again, delete the folder and run "
        f"`{remake(name)}`.",
        "## Measured",
        f"With these very weights, after rounding, on crops of the photographs held out at seed "
        f"{about['seed']}: {' and '.join(split.test)}.",
        _table(
            ("measure", "value"),
            ((metric, f"{value:.4g}") for metric, value in found.metrics.items()),
        ),
        "## Photographs they have seen",
        _table(
            ("photograph", "title", "credit", "licence", "source"),
            (
                (name, PHOTOS[name].title, PHOTOS[name].credit, PHOTOS[name].licence, _source(name))
                for name in split.train
            ),
        ),
        f"Clean pictures are crops of these; the rain on them, {about['rain']}, is computed. No "
        "set of real rain was used.",
        "## Licence",
        "The weights are part of `course_lib` and, as far as its authors have rights in them, "
        "under the MIT License, see LICENSE. The photographs keep their authors' terms. Whether "
        "weights are bound by the terms of pictures they were learnt from is not settled.",
        _terms(split.train, split.test),
        "## Limits",
        "Made for lessons, not for use: they learnt from five photographs, in "
        f"{about['image_size']}-pixel crops{size}, under one kind of computed rain, in minutes "
        "on a CPU. Expect nothing of them on other photographs, other rain or larger pictures, "
        "and don't measure other methods against them.",
    ]
    return "\n\n".join(parts) + "\n"


def _parameters(found: Pretrained) -> Iterable[tuple[str, str]]:
    for which, state in found.states.items():
        learnt = (tensor for key, tensor in state.items() if not key.endswith(_STATISTICS))
        yield which, f"{sum(tensor.numel() for tensor in learnt):,}"


def _source(name: str) -> str:
    source = PHOTOS[name].source
    return f"<{source}>" if "://" in source else source


def _terms(train: tuple[str, ...], test: tuple[str, ...]) -> str:
    """List the photographs with doubtful licences that were used for training or testing."""
    lines = []
    for names, role in ((train, "seen in training"), (test, "only measured on, not learnt from")):
        lines += [
            f"- **{name}** ({role}): {PHOTOS[name].licence}."
            for name in names
            if PHOTOS[name].licence not in _FREE
        ]
    if not lines:
        return "All photographs that they were trained and measured on are free for any use."
    return (
        "Not free for any use beyond doubt are:\n\n"
        + "\n".join(lines)
        + "\n\nIf you have to be sure, for a commercial use say, train anew without them."
    )


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
