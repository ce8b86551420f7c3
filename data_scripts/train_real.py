"""Train a system of the course on Rain800, test it on real sets, and write docs/real_sets.md."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from torch import nn
from torch.utils.data import Dataset

from course_lib import hardware
from course_lib.authoring import checkout
from course_lib.data.augment import MergedCrops, clean_pictures
from course_lib.data.crops import CropDataset, PairCrops
from course_lib.data.folders import PairedFolder
from course_lib.data.pair import Batch, Pair
from course_lib.data.rain_sets import SETS
from course_lib.data.registry import data_folder, open_set
from course_lib.durations import duration
from course_lib.files import write_whole
from course_lib.metrics import psnr, ssim
from course_lib.models.tiles import restore_picture
from course_lib.profiles import Profile
from course_lib.records import read_record, write_record
from course_lib.systems import graspp, pix2pix
from course_lib.training.checkpoints import Record
from course_lib.training.run import Run

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "real_sets.md"
RESULTS = ROOT / "docs" / "real_sets.json"  # of all systems; the page is made of it
TRAIN = "rain800/train"
DROPS = "raindrop_sample"  # four pairs of Qian's set, which has no name of its own in SETS
TESTS = {
    "rain100l": ("Rain100L", "streaks"),
    "rain800/test_syn": ("Rain800, test part", "streaks"),
    DROPS: ("Raindrop, four real pairs", "drops, never trained on"),
}
SCORES = {
    "PSNR, Y (dB)": (psnr, "y_matlab", ".2f"),
    "SSIM, Y": (ssim, "y_matlab", ".4f"),
    "PSNR, RGB (dB)": (psnr, "rgb", ".2f"),
    "SSIM, RGB": (ssim, "rgb", ".4f"),
}


TEXT = """
# Networks that learn from a real set

The lessons train on rain of their own and need no download. This page shows what their systems
come to on sets that papers report on. Each learns from crops of Rain800's training part and
restores the whole pictures of three test sets. Thirteen training pairs whose backgrounds are in
Rain100's test parts are left out.

Each cell shows the rainy input → the restored picture, means over the pictures. Y is MATLAB's
luma, as in most deraining papers; all numbers are of uint8 pictures.

Rain800 and Rain100L hold streaks, each drawn by another program. The last set is another
degradation: drops on a lens. Rain800 has none, so these generators can't have learnt to remove
them; the row is there to show what a streak remover does with them, not to report on.

To compute a system's rows again, with the sets in place (`course data list` shows where they
belong):

```sh
python data_scripts/train_real.py graspp
```

Other systems are {others}. The page is written whole by that command,
whose `--help` names the settings, from `docs/real_sets.json`.
"""


class System(StrEnum):
    """What can be trained."""

    PIX2PIX = "pix2pix"
    GRASPP = "graspp"
    GRASPP_OWN_RAIN = "graspp-own-rain"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A part of the page: a system, and what its recipe is called with.

    Attributes:
        title: of the part.
        size: steps, batches, size of the crops and width, from the system's recipe.
        how: anything else that a reader should know.
        own_rain: the course's light rain falls on half of the crops, on clean halves of Rain800.
    """

    title: str
    size: Profile
    how: str
    own_rain: bool = False


GRASPP = Entry(
    title="GRASPP-GAN, lesson 04",
    size=graspp.RAIN800,
    how=f"G alone for {graspp.ALONE / graspp.RAIN800.epochs:.0%} of the steps",
)
ENTRIES = {
    System.PIX2PIX: Entry(
        title="Pix2Pix, lesson 02",
        size=pix2pix.RAIN800,
        how=f"input skip, labels smoothed by {pix2pix.SMOOTHING:g}",
    ),
    System.GRASPP: GRASPP,
    System.GRASPP_OWN_RAIN: replace(
        GRASPP,
        title=f"{GRASPP.title}, half of its rain the course's own",
        size=replace(GRASPP.size, steps=graspp.RAIN800_OWN_RAIN_STEPS),
        own_rain=True,
    ),
}


def main(
    system: Annotated[System, typer.Argument(help="what to train")],
    steps: Annotated[int | None, typer.Option(min=1)] = None,
    size: Annotated[int | None, typer.Option(min=32, max=128, help="of the crops")] = None,
    batch_size: Annotated[int | None, typer.Option(min=1)] = None,
    base_channels: Annotated[int | None, typer.Option(min=1, help="of both networks")] = None,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    page: Annotated[Path, typer.Option(help="where the tables go")] = PAGE,
    results: Annotated[Path, typer.Option(help="where all systems' numbers lie")] = RESULTS,
) -> None:
    """Train a system on Rain800, test it on real sets, and write docs/real_sets.md.

    Stop it whenever you like: the same command goes on.
    """
    usual = ENTRIES[system]
    profile = replace(
        usual.size,
        steps=steps or usual.size.steps,
        image_size=size or usual.size.image_size,
        batch_size=batch_size or usual.size.batch_size,
        base_channels=base_channels or usual.size.base_channels,
    )
    entry = replace(usual, size=profile)
    for folder in (page.parent, results.parent):
        if not folder.is_dir():
            raise typer.BadParameter(f"there is no folder {folder}")
    try:  # before the training, not after it
        everything = read_record(results) if results.exists() else {}
    except (ValueError, OSError) as error:
        raise typer.BadParameter(
            f"{error}; take it from the last commit, or move it away"
        ) from None
    sets = open_sets()
    names = sets[TRAIN].names
    left_out = [name for name in open_set(TRAIN, overlaps=True).names if name not in names]
    if set(names) & set(SETS[TRAIN].overlaps):
        raise RuntimeError(f"{TRAIN} still holds pictures that are in a test set")
    print(
        f"training on {len(names)} pairs of Rain800; left out, because their backgrounds are in "
        f"the test parts of Rain100: {len(left_out)} ({', '.join(left_out)})",
        flush=True,
    )
    # In memory, 2 GB: to read a file for each crop takes longer.
    begun = time.process_time()
    generator, whole = train_generator(system, entry, list(sets[TRAIN]), seed)
    hours = (time.process_time() - begun) / 3600 if whole else None
    measured = {}
    for name in TESTS:
        print(f"testing on {name}", flush=True)
        measured[name] = {
            "pairs": len(sets[name]),
            "means": measure(generator, sets[name]).tolist(),
        }
    own = ", half of them under the course's light rain" if entry.own_rain else ""
    everything[system] = {
        "recipe": f"{len(names)} pairs, {profile.steps:,} steps, batches of {profile.batch_size} "
        f"crops of {profile.image_size}×{profile.image_size}{own}, {profile.base_channels} base "
        f"channels, {entry.how}, seed {seed}",
        "cpu_hours": None if hours is None else round(hours, 2),  # None where a run went on
        "provenance": provenance(),
        "sets": measured,
    }
    write_record(results, everything)
    write_whole(page, write_page(everything).encode())
    print(table(measured), f"written to {page}", sep="\n\n")


def write_page(everything: Mapping[str, Any]) -> str:
    """The page, from the numbers of all systems."""
    others = ", ".join(f"`{name}`" for name in ENTRIES if name != System.GRASPP)
    parts = [TEXT.strip().replace("{others}", others)]
    for name, entry in ENTRIES.items():
        if name in everything:
            one = everything[name]
            hours = f"; {one['cpu_hours']:g} hours of CPU" if one["cpu_hours"] else ""
            parts += [
                f"## {entry.title}",
                table(one["sets"]),
                f"Trained on {one['recipe']}{hours}; {one['provenance']}.",
            ]
    return "\n\n".join(parts) + "\n"


def open_sets() -> dict[str, Any]:
    """The set to train on and those to test on; says which are missing, and exits."""
    found, missing = {}, []
    for name in (TRAIN, *TESTS):
        try:
            found[name] = open_sample() if name == DROPS else open_set(name)
        except (ValueError, OSError) as error:
            missing.append(f"- {name}: {error}")
    if missing:
        typer.echo(
            "\n".join(["This needs real sets, and some can't be opened:", *missing]), err=True
        )
        raise typer.Exit(1)
    return found


def open_sample() -> PairedFolder:
    folder = data_folder() / DROPS
    if not folder.is_dir():
        raise FileNotFoundError(
            f"there is no folder {folder}; put pairs of real drops there, as the subfolders rainy "
            "and clean with files of the same names"
        )
    return PairedFolder(folder)


def train_generator(
    system: System, entry: Entry, pairs: list[Pair], seed: int
) -> tuple[nn.Module, bool]:
    """The generator, and whether this call trained it from the first step on."""
    size, dataset = entry.size, crops(entry, pairs, seed)
    if system is System.PIX2PIX:
        ready = pix2pix.set_up(size, seed, pix2pix.RAIN800_SETTINGS, dataset=dataset)
    else:
        ready = graspp.set_up(size, seed, dataset=dataset)
    # A run's own settings know nothing of networks and techniques, so its name does.
    run = Run(
        f"real_sets/{system}-{size.image_size}px-{size.base_channels}ch-{size.steps}-seed{seed}"
    )
    records: list[Record] = []  # of this call
    ready.train([progress(size.steps), records.append], run=run)
    print(run)
    return ready.generator, bool(records) and records[0]["step"] == 1


def crops(entry: Entry, pairs: list[Pair], seed: int) -> Dataset[Batch]:
    size = entry.size.image_size
    real = PairCrops(pairs, size, seed)
    if not entry.own_rain:
        return real
    photos = {
        f"{pair.name} {n}": picture
        for n, pair in enumerate(pairs)
        for picture in clean_pictures([pair]).values()
        if min(picture.shape[:2]) >= size
    }
    return MergedCrops([real, CropDataset(photos, "light", size, seed)], seed)


def progress(steps: int) -> Callable[[Record], None]:
    """Prints about twenty lines a run."""
    begun, every = time.monotonic(), max(1, steps // 20)

    def show(record: Record) -> None:
        if record["step"] % every == 0:
            losses = f"loss of D {record.get('loss_d', 0):.2f}, of G {record['loss_g']:.2f}"
            after = duration(time.monotonic() - begun)
            print(f"step {record['step']:,} of {steps:,}: {losses}, {after}", flush=True)

    return show


def measure(generator: torch.nn.Module, pairs: Iterable[Pair]) -> np.ndarray:
    """Means over whole pictures: a row for each of SCORES, columns rainy and restored."""
    measured = []
    for pair in pairs:
        shown = pair.rainy, restore_picture(generator, pair.rainy)
        measured.append(
            [
                [f(picture, pair.clean, channel=c) for picture in shown]
                for f, c, _ in SCORES.values()
            ]
        )
    return np.mean(measured, axis=0)


def provenance() -> str:
    threads = torch.get_num_threads()
    cores = "" if torch.cuda.is_available() else f", {threads} thread{'s' if threads > 1 else ''}"
    where = f"{hardware.name()}{cores}, torch {torch.__version__}"
    return f"{datetime.now(UTC):%Y-%m-%d}, {where}, {commit()}"


def commit() -> str:
    try:
        head = checkout.head()
    except ValueError:
        return "no git checkout"
    try:
        checkout.require_unchanged(head)
    except ValueError:
        return f"commit {head[:7]} with changes"
    return f"commit {head[:7]}"


def table(measured: Mapping[str, Any]) -> str:
    """Rows of the tests, from ``{"pairs": …, "means": rows of SCORES by rainy and restored}``."""
    lines = [f"| tested on | rain | pairs | {' | '.join(SCORES)} |", "|---|---|" + "---:|" * 5]
    for name, result in measured.items():
        title, rain = TESTS[name]
        cells = [
            f"{rainy:{how}} → {restored:{how}}"
            for (rainy, restored), (*_, how) in zip(result["means"], SCORES.values(), strict=True)
        ]
        lines.append(f"| {title} | {rain} | {result['pairs']} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    typer.run(main)
