"""Write synthetic pairs as files: rainy/, clean/ and mask/, as PairedFolder reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from course_lib.data.crops import CropDataset
from course_lib.data.folders import PictureFolder
from course_lib.data.pair import Pair
from course_lib.data.photos import PHOTOS, load_photo
from course_lib.data.pictures import write_picture
from course_lib.data.rain import KINDS, synthesize


def main(
    out: Annotated[Path, typer.Argument(help="a new or empty folder")],
    kind: Annotated[str, typer.Option(help=f"one of {', '.join(KINDS)}")] = "light",
    count: Annotated[int, typer.Option(min=1, help="how many pairs")] = 8,
    size: Annotated[int | None, typer.Option(help="crop to size×size; whole if absent")] = None,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    folder: Annotated[
        Path | None, typer.Option(help="take these pictures, not the embedded photographs")
    ] = None,
    photo: Annotated[list[str] | None, typer.Option(help="take this one only; repeatable")] = None,
) -> None:
    """Write synthetic pairs as files: rainy/, clean/ and mask/, as PairedFolder reads them."""
    if out.exists() and not out.is_dir():
        raise typer.BadParameter(f"{out} isn't a folder; name a new one")
    if out.exists() and any(out.iterdir()):
        raise typer.BadParameter(f"{out} isn't empty; name a new folder")
    try:
        pictures = read_sources(folder, photo or [])
        crops = CropDataset(pictures, kind, size, seed) if size else None
        names = list(pictures)
        for n in range(count):
            name = names[n % len(names)]
            rng = np.random.default_rng((seed, n))
            pair = crops.pair(n) if crops else synthesize(pictures[name], kind, rng, name=name)
            write_pair(pair, out, f"{n:0{len(str(count - 1))}d}_{pair.name}.png")
    except (ValueError, OSError) as error:
        raise typer.BadParameter(str(error)) from error
    print(f"{count} pairs of {kind} in {out}")


def read_sources(folder: Path | None, chosen: list[str]) -> dict[str, np.ndarray]:
    if folder is None:
        return {name: load_photo(name) for name in chosen or PHOTOS}
    pictures = PictureFolder(folder)
    unknown = sorted(set(chosen) - set(pictures.names))
    if unknown:
        raise ValueError(f"{folder} holds no picture {', '.join(unknown)}")
    return {
        name: pictures[i] for i, name in enumerate(pictures.names) if not chosen or name in chosen
    }


def write_pair(pair: Pair, out: Path, file: str) -> None:
    for part, pixels in (("rainy", pair.rainy), ("clean", pair.clean), ("mask", pair.mask)):
        (out / part).mkdir(parents=True, exist_ok=True)
        write_picture(out / part / file, pixels)


if __name__ == "__main__":
    typer.run(main)
