"""What the scripts share that train networks which come with the course."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from course_lib.authoring import checkout
from course_lib.data.folders import PictureFolder
from course_lib.data.photos import PHOTOS
from course_lib.durations import duration
from course_lib.training.checkpoints import Record


def read_photographs(folder: Path | None) -> dict[str, np.ndarray]:
    """Read a folder of photographs: name → uint8 H×W×3; none without a folder."""
    if folder is None:
        return {}
    pictures = PictureFolder(folder)
    return {name: pictures[n] for n, name in enumerate(pictures.names)}


def credited(names: Sequence[str], credits: Path | None) -> list[dict[str, str]]:
    """Find the credit of each photograph; those without one say so.

    Args:
        names: of the photographs that a network was trained on.
        credits: text file with a line for each: file, author, licence.
    """
    lines = credits.read_text(encoding="utf-8").splitlines() if credits else []
    found = []
    for name in names:
        if name in PHOTOS:
            credit = f"{PHOTOS[name].credit}, {PHOTOS[name].licence}"
        else:
            said = [line for line in lines if line.strip("| ").startswith(f"{name}.")]
            cells = [cell.strip() for cell in said[0].strip("| ").split("|")] if said else []
            if len(cells) == 3:  # of the page of `free_photographs.py`: the second is the package
                credit = f"{cells[2]} ({cells[1]})"
            else:
                credit = ", ".join(cells[1:] or cells) or "no credit given"
        found.append({"name": name, "credit": credit})
    return found


def progress(steps: int) -> Callable[[Record], None]:
    """Return a callback that prints about forty lines a run."""
    begun, every = time.monotonic(), max(1, steps // 40)
    losses: list[Any] = []

    def show(record: Record) -> None:
        losses.append(record["loss_g"])
        if record["step"] % every == 0:
            mean, after = float(np.mean(losses)), duration(time.monotonic() - begun)
            print(f"step {record['step']:,} of {steps:,}: loss {mean:.4f}, {after}", flush=True)
            losses.clear()

    return show


def commit() -> str:
    """Return the commit of this copy of the course, if nothing in it was changed since."""
    try:
        head = checkout.head()
        checkout.require_unchanged(head)
    except ValueError:
        return "unknown, or with changes"
    return head[:7]
