"""Compare synthetic rain with real rain: the table of statistics, and a sheet of pictures."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from course_lib.data.folders import PairedFolder, SideBySideFolder
from course_lib.data.pair import Pair
from course_lib.data.photos import PHOTOS, load_photo
from course_lib.data.pictures import write_picture
from course_lib.data.rain import KINDS, synthesize
from course_lib.data.rain_statistics import TABLE_HEAD, measure, table_row

PAIRED = ("rain100l", "raindrop_sample", "spa_sample")
SIDE_BY_SIDE = ("rain800/train",)
TILE, COLUMNS = 320, 4  # pixels, and tiles a row: shown at their pixels, four fit a screen


def main(
    sets: Annotated[
        Path | None,
        typer.Argument(help="a folder of real sets; else COURSE_DATA; else synthetic rain only"),
    ] = None,
    sheet: Annotated[Path | None, typer.Option(help="write a sheet of pictures, a PNG")] = None,
    seeds: Annotated[int, typer.Option(min=1, help="rains on each photograph")] = 3,
) -> None:
    """Print a Markdown table: real sets that are there, then each kind of synthetic rain."""
    folder = sets or (Path(os.environ["COURSE_DATA"]) if "COURSE_DATA" in os.environ else None)
    if folder is not None and not folder.is_dir():
        raise typer.BadParameter(f"there is no folder {folder}")
    real = real_pairs(folder) if folder else {}
    tiles = []
    print(TABLE_HEAD)
    for name, pairs in (real | {kind: synthetic_pairs(kind, seeds) for kind in KINDS}).items():
        measured = [measure(pair.rainy, pair.clean) for pair in pairs]
        print(table_row(name, measured), flush=True)
        tiles += [tile(pairs[i * len(pairs) // COLUMNS].rainy) for i in range(COLUMNS)]
    if sheet is not None:
        rows = [np.hstack(tiles[i : i + COLUMNS]) for i in range(0, len(tiles), COLUMNS)]
        try:
            write_picture(sheet, np.vstack(rows))
        except OSError as error:
            raise typer.BadParameter(str(error)) from error


def real_pairs(folder: Path) -> dict[str, list[Pair]]:
    """The sets that the folder holds; of the side-by-side ones the first 80 files by name."""
    found: dict[str, list[Pair]] = {}
    for name in PAIRED:
        if (folder / name).is_dir():
            found[name] = list(PairedFolder(folder / name))
    for name in SIDE_BY_SIDE:
        if (folder / name).is_dir():
            pairs = SideBySideFolder(folder / name)
            found[name] = [pairs[pairs.names.index(stem)] for stem in sorted(pairs.names)[:80]]
    return found


def synthetic_pairs(kind: str, seeds: int) -> list[Pair]:
    return [
        synthesize(load_photo(name), kind, np.random.default_rng((seed, i)), name=name)
        for seed in range(seeds)
        for i, name in enumerate(PHOTOS)
    ]


def tile(picture: np.ndarray) -> np.ndarray:
    """The upper left of a picture at its own pixels, on black where it is smaller."""
    out = np.zeros((TILE + 4, TILE + 4, 3), np.uint8)
    piece = picture[:TILE, :TILE]
    out[: piece.shape[0], : piece.shape[1]] = piece
    return out


if __name__ == "__main__":
    typer.run(main)
