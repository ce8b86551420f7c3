"""Restore many photographs into a folder, so that a stop loses one of them at most."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np

from course_lib.data.pictures import SUFFIXES, BadPicture, explained
from course_lib.files import remove_unfinished, write_new
from course_lib.restoration.networks import TILE, Restorer
from course_lib.restoration.photographs import (
    NEVER_TRANSPARENT,
    OPAQUE,
    WRITABLE,
    encode,
    has_transparency,
    read_photograph,
    require_fits,
    uncoloured,
)
from course_lib.restoration.register import (
    CannotWrite,
    Register,
    digest_of,
    opened,
    read_entries,
    require_own,
    unwritable,
)
from course_lib.text import words

SMALLEST_TILE = 256  # pixels; smaller ones change the picture
WHOLE = 2**30  # pixels, side of a tile that no picture exceeds
LONGEST_NAME = 235  # bytes; a file that is being written has a longer name
# Suffixes of pictures that aren't read, so that nobody takes them for done.
UNREAD = frozenset(
    {
        *(".heic", ".heif", ".avif", ".jxl", ".jp2", ".psd", ".svg", ".tga", ".apng"),
        *(".mpo", ".jpe", ".pbm", ".pnm", ".dib", ".ico", ".exr", ".hdr"),
        *(".raw", ".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2", ".raf", ".pef", ".srw"),
    }
)
# What keeps every further picture from being written, too.
NO_MORE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM}
State = Literal["restored", "done before", "failed"]


@dataclass(frozen=True, kw_only=True)
class CopySettings:
    """How restored pictures are made and named.

    Attributes:
        suffix: goes behind the name and ``_``: ``storm.jpg`` becomes ``storm_restored.jpg``; an
            empty one adds nothing.
        ext: ``"auto"`` keeps the format, another one names it: ``"png"``. A photograph with
            transparency becomes a PNG where that format can't hold it.
        tile: side of the tiles, pixels; 0 restores each picture in one piece.
    """

    suffix: str = "restored"
    ext: str = "auto"
    tile: int = TILE

    def __post_init__(self) -> None:
        object.__setattr__(self, "ext", self.ext.lower().removeprefix("."))
        if self.ext != "auto" and f".{self.ext}" not in WRITABLE:
            raise ValueError(
                f"--ext is auto or one of {', '.join(sorted(one[1:] for one in WRITABLE))}; "
                f"it is {self.ext!r}"
            )
        if "/" in self.suffix or "\\" in self.suffix or "\0" in self.suffix:
            raise ValueError(f"--suffix is a part of a name, without / and \\: {self.suffix!r}")
        if self.tile and self.tile < SMALLEST_TILE:
            raise ValueError(f"--tile is 0, or {SMALLEST_TILE} pixels or more; it is {self.tile}")


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


class Choose(Protocol):
    """Chooses the network for each picture, such as a `Chooser`."""

    @property
    def digest(self) -> str:
        """SHA-256 of all that decides."""

    def __call__(self, picture: np.ndarray, /) -> tuple[Restorer, str]:
        """Return the network for a picture, uint8 H×W×3, and why it was chosen."""


def plan(photos: Iterable[Path], out: Path, settings: CopySettings) -> list[Job]:
    """List the jobs for photographs and folders of them.

    Folders are searched with their subfolders, which the copies keep; links to folders aren't
    followed. Left out are files without a picture's suffix, copies that this command made, and
    the files that macOS puts beside each picture (``._name``).

    Raises:
        ValueError: nothing there, no picture in a folder, something that can't be read, or two
            photographs whose copies would have one name.
    """
    jobs: list[Job] = []
    for path in photos:
        try:
            is_folder, exists = path.is_dir(), os.path.lexists(path)
            if is_folder:
                found = list(_files(path, SUFFIXES))
                jobs += [_job(one, out / one.relative_to(path).parent, settings) for one in found]
        except OSError as error:
            raise ValueError(_words(explained(error, Path(error.filename or path)))) from None
        if is_folder and not found:
            unread = not_read([path])
            if unread:
                raise ValueError(
                    f"the pictures in {path} have formats that aren't read, such as "
                    f"{unread[0].name}: convert them to JPEG or PNG"
                )
            raise ValueError(
                f"{path} holds no photograph to restore: their names end with "
                f"{' '.join(sorted(SUFFIXES))}, and copies made by this command don't count"
            )
        if not is_folder and not exists:
            raise ValueError(f"there is no file or folder {path}")
        if not is_folder:
            jobs.append(_job(path, out, settings))
    taken: dict[Path, Path] = {}
    for job in jobs:
        other = taken.setdefault(job.out, job.photo)
        if os.path.realpath(other) != os.path.realpath(job.photo):
            keep = "" if settings.ext == "auto" else "keep their formats (--ext auto), "
            raise ValueError(
                f"{other} and {job.photo} would both become {job.out}: {keep}rename one of them, "
                "or restore them with two commands into two folders"
            )
    return list({job.out: job for job in reversed(jobs)}.values())[::-1]


def not_read(photos: Iterable[Path]) -> list[Path]:
    """List the pictures in folders whose formats aren't read, such as a phone's HEIC."""
    with suppress(OSError):
        return [one for path in photos if path.is_dir() for one in _files(path, UNREAD)]
    return []


def _files(folder: Path, suffixes: frozenset[str]) -> Iterator[Path]:
    """The files in a folder with such suffixes that aren't copies made by this command."""

    def stop(error: OSError) -> None:
        raise error

    for parent, folders, names in os.walk(folder, onerror=stop):
        folders.sort()
        copies = read_entries(Path(parent))
        for name in sorted(names):
            path = Path(parent, name)
            if path.suffix.lower() not in suffixes or name.startswith("._") or not path.is_file():
                continue
            if name in copies:
                digest = digest_of(path)  # another photograph may have taken the place of a copy
                if any(entry["sha256"] == digest for entry in copies[name]):
                    continue
            yield path


def _job(photo: Path, folder: Path, settings: CopySettings) -> Job:
    behind = f"_{settings.suffix}" if settings.suffix else ""
    if photo.suffix.lower() not in SUFFIXES:  # reading it will tell what is wrong
        return Job(photo=photo, out=folder / f"{photo.name}{behind}.png")
    ext = photo.suffix if settings.ext == "auto" else f".{settings.ext}"
    if ext.lower() not in WRITABLE:
        ext = ".png"  # of a GIF
    elif settings.ext == "pgm":
        ext = ".ppm"  # which holds colours too
    if (
        WRITABLE[ext.lower()] in OPAQUE
        and WRITABLE.get(photo.suffix.lower()) not in NEVER_TRANSPARENT
        and has_transparency(photo)
    ):
        ext = ".png"
    return Job(photo=photo, out=folder / f"{photo.stem}{behind}{ext}")


def run(
    jobs: Sequence[Job],
    choose: Choose,
    settings: CopySettings,
    *,
    progress: Callable[[Job, float], None] | None = None,
) -> Iterator[JobOutcome]:
    """Restore the photographs of jobs, one after another.

    A file that exists is never written over. A copy counts as done before if this function made
    it from the same photograph with the same network and settings; any other file of its name is
    an error. Before a copy is written, a line in the folder's register names it with its
    digest, so that a killed process leaves nothing behind that would be taken for somebody
    else's.

    Args:
        jobs: of `plan`.
        choose: chooses the network for a photograph.
        settings: of the copies.
        progress: called with a job and the share of it that is done.

    Yields:
        What became of each job, as soon as it ends.

    Raises:
        CannotWrite: a folder can't be written, is full, holds another program's file of the
            register's name, or another process restores into it.
    """
    for folder in dict.fromkeys(job.out.parent for job in jobs):
        require_own(folder)
    for folder, together in groupby(jobs, key=lambda job: job.out.parent):
        with opened(folder) as register:
            with suppress(OSError):  # a folder that can't be listed
                remove_unfinished(folder, *register.names())
            for job in together:
                try:
                    yield _run_one(job, register, choose, settings, progress)
                except CannotWrite:
                    raise
                except Exception as error:  # torch tells of too little memory with a RuntimeError
                    yield JobOutcome(job=job, state="failed", why=_words(error))


def _words(error: Exception) -> str:
    """An error in words; one that nobody foresaw has its type with it."""
    text = " ".join(str(error).split())
    if isinstance(error, MemoryError) or ("memory" in text and isinstance(error, RuntimeError)):
        return "there is too little memory for this picture: make it smaller, or try --tile 256"
    if isinstance(error, BadPicture | ValueError | OSError):
        return words(error)
    return f"{type(error).__name__}: {text}"


def _run_one(
    job: Job,
    register: Register,
    choose: Choose,
    settings: CopySettings,
    progress: Callable[[Job, float], None] | None,
) -> JobOutcome:
    if len(os.fsencode(job.out.name)) > LONGEST_NAME:
        raise ValueError(
            f"the name of the copy is too long: rename {job.photo.name}, or take a shorter --suffix"
        )
    made_by: dict[str, Any] = {"photograph": digest_of(job.photo), "tile": settings.tile}
    known = register.entries(job.out.name)
    exists = os.path.lexists(job.out)
    digest = digest_of(job.out) if job.out.is_file() else ""
    ours = [entry for entry in known if entry["sha256"] == digest]
    for entry in ours:  # the same choice would be made again: no need to look at the photograph
        if entry["chosen_by"] == choose.digest and made_by.items() <= entry["made_by"].items():
            return JobOutcome(
                job=job, state="done before", network=entry["network"], why=entry["why"]
            )
    if exists and not ours:
        raise ValueError(
            f"{job.out} exists and was not made by this command, or was changed since: choose "
            "another --out or --suffix"
        )
    photograph = read_photograph(job.photo)
    require_fits(job.out, photograph)  # before the minutes that a large picture takes
    network, why = choose(photograph.pixels)
    made_by["network"] = network.digest
    if made_by in [entry["made_by"] for entry in ours]:
        return JobOutcome(job=job, state="done before", network=network.name, why=why)
    if exists:
        raise ValueError(
            f"{job.out} exists and was made from another photograph, or with another network or "
            "--tile: choose another --out or --suffix"
        )

    def report(share: float) -> None:
        if progress:
            progress(job, share)

    pixels = network.restore(photograph.pixels, tile=settings.tile or WHOLE, progress=report)
    if (photograph.pixels == photograph.pixels[..., :1]).all():
        pixels = uncoloured(pixels)
    restored = encode(job.out, replace(photograph, pixels=pixels))
    entry = {
        "file": job.out.name,
        "sha256": hashlib.sha256(restored).hexdigest(),
        "made_by": made_by,
        "network": network.name,
        "chosen_by": choose.digest,
        "why": why,
    }
    try:
        register.note(entry)
        write_new(job.out, restored)
    except FileExistsError:
        raise ValueError(f"{job.out} appeared meanwhile: choose another --out") from None
    except OSError as error:
        if error.errno in NO_MORE:
            raise CannotWrite(unwritable(job.out.parent, error)) from None
        raise
    return JobOutcome(job=job, state="restored", network=network.name, why=why)
