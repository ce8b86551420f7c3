"""Fetch photographs with free licences from packages of Debian 12: what the networks learn from.

`free_photographs.csv` beside this script lists each one with its author and licence.
"""

from __future__ import annotations

import csv
import io
import re
import struct
import tarfile
from pathlib import Path, PurePosixPath
from typing import Annotated, NamedTuple

import typer
from PIL import Image

from course_lib.downloads import CannotFetch, fetch
from course_lib.files import write_whole

LIST = Path(__file__).with_suffix(".csv")
HEIGHT = 1080  # of the photographs at most, pixels
QUALITY = 92  # of their JPEGs
# Package → its file below pool/main of a mirror, and the file's size in bytes and SHA-256.
PACKAGES = {
    "gcompris-qt-data": (
        "g/gcompris-qt/gcompris-qt-data_3.1-2_all.deb",
        44_196_292,
        "e9cf06ab2105529068df73085784e835d2ff03f870d2a8091f09125d40abac9f",
    ),
    "lomiri-wallpapers-16.04": (
        "l/lomiri-wallpapers/lomiri-wallpapers-16.04_20.04.0-2_all.deb",
        15_783_184,
        "a99ff6a3bfe451e4cc0682ecb3cc82e71740626d59e4845ae34a0a0e45421eab",
    ),
    "lomiri-wallpapers-20.04": (
        "l/lomiri-wallpapers/lomiri-wallpapers-20.04_20.04.0-2_all.deb",
        11_377_208,
        "d44e89b8473aafe64a5b678f014862dc31335aaaf18665c544d985d854f1a709",
    ),
    "mate-backgrounds": (
        "m/mate-backgrounds/mate-backgrounds_1.26.0-1_all.deb",
        46_638_500,
        "7bf4c2209f34b4f61ba6d24c8b58c28b361e82e4b943aae6d42c030169af9e04",
    ),
    "palapeli-data": (
        "p/palapeli/palapeli-data_22.12.3-1_all.deb",
        2_136_268,
        "69a15dce2ac25ed8708ac518cd0cee5f4eb0c70ed15da2fdb8899a19ac0ee058",
    ),
    "plasma-workspace-wallpapers": (
        "p/plasma-workspace-wallpapers/plasma-workspace-wallpapers_5.27.5-2_all.deb",
        94_047_772,
        "32cd18b71c8c938a18b3b351f217c02ac590e323caa3cf322fbb875ce8892f8b",
    ),
}


class Listed(NamedTuple):
    """A line of the list; ``member`` is a file of the package, or ``archive.rcc:file``."""

    name: str
    package: str
    member: str
    author: str
    licence: str


def main(
    out: Annotated[Path, typer.Argument(help="a folder for the photographs")],
    packages: Annotated[
        Path | None, typer.Option(help="a folder with the .deb files; what it lacks is fetched")
    ] = None,
    mirror: Annotated[
        str, typer.Option(help="address of a mirror of Debian's archive, without its /pool")
    ] = "",
) -> None:
    """Fetch photographs with free licences, at most 1,080 pixels high, and their credits.

    What is already there stays, so the same command goes on after a break.
    """
    photographs = read_list()
    out.mkdir(parents=True, exist_ok=True)
    for package, (path, size, digest) in PACKAGES.items():
        wanted = [one for one in photographs if one.package == package]
        missing = [one for one in wanted if not (out / f"{one.name}.jpg").exists()]
        if missing:
            print(f"{package}: {len(missing)} photographs", flush=True)
            deb = find_package(packages or out, PurePosixPath(path).name)
            there = deb.exists()
            try:
                fetch(f"{mirror}/pool/main/{path}", deb, size=size, sha256=digest)
            except CannotFetch as error:
                raise typer.BadParameter(
                    f"{error}. Name another mirror of Debian's archive by --mirror; or get "
                    f"{deb.name} in another way, put it into a folder and name that by --packages"
                ) from error
            files = read_files(deb.read_bytes())
            if not there:
                deb.unlink()
            for archive in {one.member.partition(":")[0] for one in missing if ":" in one.member}:
                inside = read_resources(files[archive])
                files |= {f"{archive}:{name}": content for name, content in inside.items()}
            for one in missing:
                write_whole(out / f"{one.name}.jpg", as_jpeg(files[one.member]))
    write_whole(out / "README.md", credits_page(photographs).encode())
    print(f"{len(photographs)} photographs and README.md, their credits, in {out}")


def find_package(folder: Path, name: str) -> Path:
    """The package in a folder, also as apt names it, with an epoch: ``name_4%3a1.0_all.deb``."""
    for one in folder.glob("*.deb"):
        if re.sub(r"_\d+%3a", "_", one.name, count=1) == name:
            return one
    return folder / name


def read_list() -> list[Listed]:
    with LIST.open(encoding="utf-8", newline="") as file:
        return [Listed(**row) for row in csv.DictReader(file)]


def read_files(deb: bytes) -> dict[str, bytes]:
    """The files of a Debian package: an `ar` archive with a tar archive of all files in it."""
    at = len(b"!<arch>\n")
    while not deb[at:].startswith(b"data.tar"):
        at = _after(deb, at)
    with tarfile.open(fileobj=io.BytesIO(deb[at + 60 : _after(deb, at)])) as archive:
        return {
            one.name.removeprefix("./"): archive.extractfile(one).read()  # type: ignore[union-attr]
            for one in archive
            if one.isfile()
        }


def _after(deb: bytes, at: int) -> int:
    """Where the next file of an `ar` archive begins; sizes are rounded up to even numbers."""
    size = int(deb[at + 48 : at + 58])
    return at + 60 + size + size % 2


def read_resources(archive: bytes) -> dict[str, bytes]:
    """The files of a Qt resource archive of version 3, by their path below ``resource/``."""
    magic, version, tree, data, names = struct.unpack(">4s4I", archive[:20])
    if (magic, version) != (b"qres", 3):
        raise ValueError(f"a Qt resource archive of version 3 is needed, not {magic!r} {version}")
    found = {}

    def walk(entry: int, path: str) -> None:
        at = tree + 22 * entry  # offset of the name, flags, then by kind
        name, flags = struct.unpack(">IH", archive[at : at + 6])
        if entry:
            letters = int.from_bytes(archive[names + name : names + name + 2], "big")
            start = names + name + 6
            path += "/" + archive[start : start + 2 * letters].decode("utf-16-be")
        if flags & 2:  # a folder
            count, first = struct.unpack(">2I", archive[at + 6 : at + 14])
            for child in range(first, first + count):
                walk(child, path)
        elif not flags:  # a file that isn't compressed, as pictures are
            start = data + int.from_bytes(archive[at + 10 : at + 14], "big")
            size = int.from_bytes(archive[start : start + 4], "big")
            found[path.rpartition("/resource/")[2]] = archive[start + 4 : start + 4 + size]

    walk(0, "")
    return found


def as_jpeg(picture: bytes) -> bytes:
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    if image.height > HEIGHT:
        width = round(image.width * HEIGHT / image.height)
        image = image.resize((width, HEIGHT), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=QUALITY)
    return file.getvalue()


def credits_page(photographs: list[Listed]) -> str:
    lines = [
        "# Photographs with free licences",
        "",
        f"From packages of Debian 12, made at most {HEIGHT} pixels high.",
        "",
        "| file | package | author, licence |",
        "|---|---|---|",
        *(f"| {p.name}.jpg | {p.package} | {p.author}, {p.licence} |" for p in photographs),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    typer.run(main)
