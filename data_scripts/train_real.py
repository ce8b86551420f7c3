"""Train Pix2Pix on Rain800, test it on real sets, and write docs/real_sets.md."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
import torch
import typer

from course_lib import machine
from course_lib.authoring import checkout
from course_lib.data.crops import PairCrops, make_loader
from course_lib.data.folders import PairedFolder
from course_lib.data.pair import Pair
from course_lib.data.rain_sets import SETS
from course_lib.data.registry import data_folder, open_set
from course_lib.metrics import psnr, ssim
from course_lib.models.pix2pix import PatchDiscriminator, UNetGenerator
from course_lib.models.tiles import restore_picture
from course_lib.times import duration
from course_lib.training.checkpoints import Record
from course_lib.training.loop import train
from course_lib.training.pix2pix import Pix2Pix, Techniques
from course_lib.training.run import Run

PAGE = Path(__file__).parents[1] / "docs" / "real_sets.md"
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
# A network that learns from a real set

The lessons train on rain of their own and need no download. This page shows what lesson 02's game
comes to on sets that papers report on: Pix2Pix (U-Net of depth 6, PatchGAN with two halvings,
λ = 100) learns from crops of Rain800's training part and restores the whole pictures of three
test sets. Thirteen training pairs whose backgrounds are in Rain100's test parts are left out.

Each cell shows the rainy input → the restored picture, means over the pictures. Y is MATLAB's
luma, as in most deraining papers; all numbers are of uint8 pictures.

Rain800 and Rain100L hold streaks, each drawn by another program. The last row is another
degradation: drops on a lens. Rain800 has none, so this generator can't have learnt to remove
them; the row is there to show what a streak remover does with them, not to report on.

To compute the page again, with the sets in place (`course data list` shows where they belong):

```sh
python data_scripts/train_real.py
```

It is written whole by that command, whose `--help` names the settings.
"""


class Result(NamedTuple):
    """How one set came out: its number of pairs, and rainy and restored for each of SCORES."""

    name: str
    pairs: int
    means: np.ndarray


def main(
    steps: Annotated[int, typer.Option(min=1)] = 3000,
    size: Annotated[int, typer.Option(min=64, max=128, help="of the crops, pixels")] = 96,
    batch_size: Annotated[int, typer.Option(min=1)] = 8,
    base_channels: Annotated[int, typer.Option(min=1, help="of both networks")] = 16,
    smooth: Annotated[float, typer.Option(min=0, max=0.49, help="of the labels")] = 0.1,
    input_skip: Annotated[bool, typer.Option(help="from the rainy picture to the end")] = True,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    page: Annotated[Path, typer.Option(help="where the table goes")] = PAGE,
) -> None:
    """Train Pix2Pix on Rain800, test it on real sets, and write docs/real_sets.md.

    Stop it whenever you like: the same command goes on.
    """
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
    generator = train_generator(
        list(sets[TRAIN]),  # in memory, 2 GB: to read a file for each crop takes longer
        steps=steps,
        size=size,
        batch_size=batch_size,
        base_channels=base_channels,
        smooth=smooth,
        input_skip=input_skip,
        seed=seed,
    )
    results = []
    for name in TESTS:
        print(f"testing on {name}", flush=True)
        results.append(Result(name, len(sets[name]), measure(generator, sets[name])))
    recipe = (
        f"{len(names)} pairs, {steps:,} steps, batches of {batch_size} crops of {size}×{size}, "
        f"{base_channels} base channels{', input skip' if input_skip else ''}, "
        f"labels smoothed by {smooth:g}, seed {seed}"
    )
    shown = f"{table(results)}\n\nTrained on {recipe}; {provenance()}."
    page.write_text(f"{TEXT.strip()}\n\n{shown}\n", encoding="utf-8")
    print(shown, f"written to {page}", sep="\n\n")


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
    pairs: list[Pair],
    *,
    steps: int,
    size: int,
    batch_size: int,
    base_channels: int,
    smooth: float,
    input_skip: bool,
    seed: int,
) -> UNetGenerator:
    torch.manual_seed(seed)
    generator = UNetGenerator(
        depth=6, base_channels=base_channels, dropout=0, input_skip=input_skip
    )
    discriminator = PatchDiscriminator(base_channels=base_channels, n_layers=2)
    adam = partial(torch.optim.Adam, lr=2e-4, betas=(0.5, 0.999))  # Isola et al., §3.3
    game = Pix2Pix(techniques=Techniques(smoothing=smooth))
    # A run's own settings know nothing of networks and techniques, so its name does.
    skip = "-skip" if input_skip else ""
    run = Run(f"real_sets/{size}px-{base_channels}ch-smooth{smooth:g}{skip}-seed{seed}")
    train(
        generator,
        discriminator,
        make_loader(PairCrops(pairs, size, seed), batch_size=batch_size, steps=steps),
        optimizer_g=adam(generator.parameters()),
        optimizer_d=adam(discriminator.parameters()),
        seed=seed,
        d_step=game.d_step,
        g_step=game.g_step,
        callbacks=[progress(steps)],
        run=run,
    )
    print(run)
    return generator


def progress(steps: int) -> Callable[[Record], None]:
    """Prints about twenty lines a run."""
    begun, every = time.monotonic(), max(1, steps // 20)

    def show(record: Record) -> None:
        if record["step"] % every == 0:
            losses = f"loss of D {record['loss_d']:.2f}, of G {record['loss_g']:.2f}"
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
    where = f"{machine.hardware()}{cores}, torch {torch.__version__}"
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


def table(results: list[Result]) -> str:
    lines = [f"| tested on | rain | pairs | {' | '.join(SCORES)} |", "|---|---|" + "---:|" * 5]
    for result in results:
        title, rain = TESTS[result.name]
        cells = [
            f"{rainy:{how}} → {restored:{how}}"
            for (rainy, restored), (*_, how) in zip(result.means, SCORES.values(), strict=True)
        ]
        lines.append(f"| {title} | {rain} | {result.pairs} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    typer.run(main)
