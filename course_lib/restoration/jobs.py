"""Restore many photographs into a folder, so that a stop loses one of them at most."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from course_lib.data.pictures import SUFFIXES, BadPicture
from course_lib.files import read_text, read_whole, remove_unfinished, write_whole
from course_lib.restoration.networks import TILE, Restorer
from course_lib.restoration.photographs import WRITABLE, encode, read_photograph

REGISTER = "restored.jsonl"  # what this course wrote into a folder, a line for each picture
State = Literal["restored", "done before", "failed"]


@dataclass(frozen=True, kw_only=True)
class CopySettings:
    """How restored pictures are made and named.

    Attributes:
        suffix: goes behind the name: ``storm.jpg`` becomes ``storm_restored.jpg``.
        ext: ``"auto"`` keeps the format, another one names it: ``"png"``.
        tile: side of the tiles, pixels; 0 restores each picture in one piece.
    """

    suffix: str = "_restored"
    ext: str = "auto"
    tile: int = TILE

    def __post_init__(self) -> None:
        if self.ext != "auto" and f".{self.ext.lower()}" not in WRITABLE:
            raise ValueError(
                f"--ext is auto or one of {', '.join(sorted(one[1:] for one in WRITABLE))}; "
                f"it is {self.ext!r}"
            )
        if "/" in self.suffix or "\\" in self.suffix or "\0" in self.suffix:
            raise ValueError(f"--suffix is a part of a name, without / and \\: {self.suffix!r}")
        if self.tile < 0:
            raise ValueError(f"--tile is 0 or more; it is {self.tile}")


@dataclass(frozen=True, kw_only=True)
class Job:
    """One photograph and where its restored copy goes."""

    photo: Path
    out: Path


@dataclass(frozen=True, kw_only=True)
class JobOutcome:
    """What became of a job.

    Attributes:
        job: which one.
        state: whether the picture was restored now, was done before, or failed.
        network: name of the network that was used; empty if it failed.
        why: why this network was chosen, or why the job failed.
    """

    job: Job
    state: State
    network: str = ""
    why: str = ""


Choose = Callable[[Path], tuple[Restorer, str]]  # photograph → network, and why it was chosen


def plan(photos: Iterable[Path], out: Path, settings: CopySettings) -> list[Job]:
    """List the jobs for photographs and folders of them.

    Folders are searched with their subfolders, which the copies keep. Files of a folder with
    another suffix than a picture's are left out.

    Raises:
        ValueError: nothing there, no picture in a folder, or two copies of one name.
    """
    jobs: list[Job] = []
    for path in photos:
        if path.is_dir():
            found = sorted(one for one in path.rglob("*") if _is_picture(one, out))
            if not found:
                raise ValueError(
                    f"{path} holds no picture: their names end with {' '.join(sorted(SUFFIXES))}"
                )
            jobs += [_job(one, out / one.relative_to(path).parent, settings) for one in found]
        elif path.exists():
            jobs.append(_job(path, out, settings))
        else:
            raise ValueError(f"there is no file or folder {path}")
    taken: dict[Path, Path] = {}
    for job in jobs:
        if (other := taken.setdefault(job.out, job.photo)) != job.photo:
            raise ValueError(
                f"{other} and {job.photo} would both become {job.out}: restore them into "
                "different folders"
            )
    return list({job.out: job for job in jobs}.values())


def _is_picture(path: Path, out: Path) -> bool:
    own = out.resolve() in path.resolve().parents  # an earlier result
    return path.suffix.lower() in SUFFIXES and path.is_file() and not own


def _job(photo: Path, folder: Path, settings: CopySettings) -> Job:
    ext = photo.suffix if settings.ext == "auto" else f".{settings.ext}"
    if settings.ext == "auto" and ext.lower() not in WRITABLE:
        ext = ".png"  # of a GIF
    return Job(photo=photo, out=folder / f"{photo.stem}{settings.suffix}{ext}")


def run(
    jobs: Sequence[Job],
    choose: Choose,
    settings: CopySettings,
    *,
    progress: Callable[[Job, float], None] | None = None,
) -> Iterator[JobOutcome]:
    """Restore the photographs of jobs, one after another.

    A copy that exists is never written over. It counts as done before if this function made it
    from the same photograph with the same network and settings, and failed otherwise. Before a
    copy is written, a line in the folder's `REGISTER` names it with its digest, so that a killed
    process leaves nothing behind that would be taken for somebody else's.

    Args:
        jobs: of `plan`.
        choose: chooses the network for a photograph.
        settings: of the copies.
        progress: called with a job and the share of it that is done.

    Yields:
        What became of each job, as soon as it ends.
    """
    for job in jobs:
        try:
            yield _run_one(job, choose, settings, progress)
        except (BadPicture, ValueError, OSError, MemoryError) as error:
            why = (
                "too little memory: try a smaller --tile"
                if isinstance(error, MemoryError)
                else error
            )
            yield JobOutcome(job=job, state="failed", why=" ".join(str(why).split()))


def _run_one(
    job: Job,
    choose: Choose,
    settings: CopySettings,
    progress: Callable[[Job, float], None] | None,
) -> JobOutcome:
    content = read_whole(job.photo)
    network, why = choose(job.photo)
    made_by = {
        "photograph": hashlib.sha256(content).hexdigest(),
        "network": network.digest,
        "tile": settings.tile,
    }
    register = job.out.parent / REGISTER
    if job.out.exists() or job.out.is_symlink():
        known = _entries(register).get(job.out.name)
        if known and known["sha256"] == hashlib.sha256(read_whole(job.out)).hexdigest():
            if known["made_by"] == made_by:
                return JobOutcome(job=job, state="done before", network=network.name, why=why)
            raise ValueError(
                f"{job.out} exists and was made from another photograph, or with another network "
                "or --tile: choose another --out or --suffix"
            )
        raise ValueError(
            f"{job.out} exists and was not made by this command: choose another --out or --suffix"
        )
    photograph = read_photograph(job.photo)

    def report(share: float) -> None:
        if progress:
            progress(job, share)

    pixels = network.restore(photograph.pixels, tile=settings.tile or None, progress=report)
    restored = encode(job.out, replace(photograph, pixels=pixels))
    job.out.parent.mkdir(parents=True, exist_ok=True)
    remove_unfinished(job.out.parent, job.out.name)
    entry = {
        "file": job.out.name,
        "sha256": hashlib.sha256(restored).hexdigest(),
        "made_by": made_by,
        "network": network.name,
    }
    _note(register, entry)
    if job.out.exists() or job.out.is_symlink():
        raise ValueError(f"{job.out} appeared meanwhile: choose another --out or --suffix")
    write_whole(job.out, restored)
    return JobOutcome(job=job, state="restored", network=network.name, why=why)


def _note(register: Path, entry: Mapping[str, Any]) -> None:
    """Add a line, on its own even if a killed process left a part of one."""
    with register.open("a+b") as file:
        if file.tell():
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                file.write(b"\n")
        file.write(json.dumps(entry, ensure_ascii=False).encode() + b"\n")


def _entries(register: Path) -> dict[str, dict[str, Any]]:
    """The last entry of each file; a line that a killed process cut short is left out."""
    found: dict[str, dict[str, Any]] = {}
    if not register.is_file():
        return found
    for line in read_text(register).splitlines():
        try:
            entry = json.loads(line)
            found[entry["file"]] = {"sha256": entry["sha256"], "made_by": entry["made_by"]}
        except (ValueError, KeyError, TypeError):
            continue
    return found
