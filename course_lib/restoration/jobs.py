"""Restore many photographs into a folder, so that a stop loses one of them at most."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, Protocol

import filelock

from course_lib.data.pictures import MAX_FILE_BYTES, SUFFIXES, BadPicture
from course_lib.files import read_whole, remove_unfinished, write_new
from course_lib.restoration.networks import TILE, Restorer
from course_lib.restoration.photographs import WRITABLE, encode, read_photograph

REGISTER = "restored.jsonl"  # what this course wrote into a folder, a line for each picture
BEGIN = b'{"file": "'  # of every line in it
KEPT = "sha256", "made_by", "network", "chosen_by", "why"  # of each line
LOCK = "restored.lock"
REGISTER_LIMIT = 100_000_000  # bytes
SMALLEST_TILE = 64
LONGEST_NAME = 235  # bytes; a file that is being written has a longer name
# What keeps every further picture from being written, too.
NO_MORE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM}
State = Literal["restored", "done before", "failed"]


class CannotWrite(ValueError):
    """The folder for the copies can't be written; no further picture would get there."""


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
    """Chooses the network for each photograph, such as a `Chooser`."""

    @property
    def digest(self) -> str:
        """SHA-256 of all that decides."""

    def __call__(self, photo: Path, /) -> tuple[Restorer, str]:
        """Return the network for a photograph, and why it was chosen."""


def plan(photos: Iterable[Path], out: Path, settings: CopySettings) -> list[Job]:
    """List the jobs for photographs and folders of them.

    Folders are searched with their subfolders, which the copies keep; links to folders aren't
    followed. Left out are files without a picture's suffix, copies that this command made, and
    the files that macOS puts beside each picture (``._name``).

    Raises:
        ValueError: nothing there, no picture in a folder, a folder that can't be read, or two
            photographs whose copies would have one name.
    """
    jobs: list[Job] = []
    for path in photos:
        if path.is_dir():
            found = _pictures(path)
            if not found:
                raise ValueError(
                    f"{path} holds no photograph to restore: their names end with "
                    f"{' '.join(sorted(SUFFIXES))}, and copies made by this command don't count"
                )
            jobs += [_job(one, out / one.relative_to(path).parent, settings) for one in found]
        elif path.exists():
            jobs.append(_job(path, out, settings))
        else:
            raise ValueError(f"there is no file or folder {path}")
    taken: dict[Path, Path] = {}
    for job in jobs:
        other = taken.setdefault(job.out, job.photo)
        if other.resolve() != job.photo.resolve():
            raise ValueError(
                f"{other} and {job.photo} would both become {job.out}: keep their formats "
                "(--ext auto), or restore them with two commands into two folders"
            )
    return list({job.out: job for job in reversed(jobs)}.values())[::-1]


def _pictures(folder: Path) -> list[Path]:
    def stop(error: OSError) -> None:
        raise ValueError(
            f"{error.filename} can't be read ({error.strerror}): give yourself the permission, or "
            "name the photographs one by one"
        )

    found = []
    for parent, folders, names in os.walk(folder, onerror=stop):
        folders.sort()
        copies = _entries(Path(parent) / REGISTER)
        for name in sorted(names):
            path = Path(parent, name)
            known = name in copies or name.startswith("._")
            if path.suffix.lower() in SUFFIXES and not known and path.is_file():
                found.append(path)
    return found


def _job(photo: Path, folder: Path, settings: CopySettings) -> Job:
    ext = f".{settings.ext}"
    if settings.ext == "auto":
        ext = photo.suffix
        if ext.lower() not in WRITABLE:
            ext = ".png"  # of a GIF
        elif ext.lower() == ".pgm":
            ext = ".ppm"  # which holds colours
    return Job(photo=photo, out=folder / f"{photo.stem}{settings.suffix}{ext}")


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
    an error. Before a copy is written, a line in the folder's `REGISTER` names it with its
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
        CannotWrite: the folder can't be written, is full, holds another program's file of the
            register's name, or another process restores into it.
    """
    if not jobs:
        return
    with ExitStack() as locks:
        for folder in dict.fromkeys(job.out.parent for job in jobs):
            locks.enter_context(_alone(folder))
            _require_own(folder / REGISTER)
        for job in jobs:
            try:
                yield _run_one(job, choose, settings, progress)
            except CannotWrite:
                raise
            except Exception as error:  # torch tells of too little memory with a RuntimeError
                yield JobOutcome(job=job, state="failed", why=_words(error))


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Make a folder, and keep other processes from restoring into it at the same time."""
    lock = filelock.FileLock(folder / LOCK, timeout=0)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except filelock.Timeout:
        raise CannotWrite(
            f"another process restores photographs into {folder}: wait until it ends"
        ) from None
    except OSError as error:
        raise CannotWrite(_unwritable(folder, error)) from None
    try:
        yield
    finally:
        lock.release()
        with suppress(OSError):
            (folder / LOCK).unlink()


def _unwritable(folder: Path, error: OSError) -> str:
    return (
        f"{folder} can't be written ({error.strerror or error}): choose another --out, or free "
        "space and mend permissions there"
    )


def _words(error: Exception) -> str:
    """An error in words; one that nobody foresaw has its type with it."""
    text = " ".join(str(error).split())
    if isinstance(error, MemoryError) or ("memory" in text and isinstance(error, RuntimeError)):
        return "there is too little memory for this picture: make it smaller, or try --tile 256"
    if isinstance(error, BadPicture | ValueError | OSError):
        return text
    return f"{type(error).__name__}: {text}"


def _run_one(
    job: Job,
    choose: Choose,
    settings: CopySettings,
    progress: Callable[[Job, float], None] | None,
) -> JobOutcome:
    if len(os.fsencode(job.out.name)) > LONGEST_NAME:
        raise ValueError(f"the name of the copy is too long: rename {job.photo.name}")
    made_by = {"photograph": _digest(job.photo), "tile": settings.tile}
    register = job.out.parent / REGISTER
    known = _entries(register).get(job.out.name, [])
    exists = os.path.lexists(job.out)
    digest = _digest(job.out) if exists else ""
    ours = [entry for entry in known if entry["sha256"] == digest]
    for entry in ours:  # the same choice would be made again: no need to look at the photograph
        if entry["chosen_by"] == choose.digest and made_by.items() <= entry["made_by"].items():
            return JobOutcome(
                job=job, state="done before", network=entry["network"], why=entry["why"]
            )
    network, why = choose(job.photo)
    made_by["network"] = network.digest
    if exists:
        if made_by in [entry["made_by"] for entry in ours]:
            return JobOutcome(job=job, state="done before", network=network.name, why=why)
        made = (
            "was made from another photograph, or with another network or --tile"
            if ours
            else "was not made by this command"
        )
        raise ValueError(f"{job.out} exists and {made}: choose another --out or --suffix")
    photograph = read_photograph(job.photo)

    def report(share: float) -> None:
        if progress:
            progress(job, share)

    tile = settings.tile or max(photograph.pixels.shape)
    pixels = network.restore(photograph.pixels, tile=tile, progress=report)
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
        job.out.parent.mkdir(parents=True, exist_ok=True)
        if known:  # a killed process may have begun to write it
            remove_unfinished(job.out.parent, job.out.name)
        _note(register, entry)
        write_new(job.out, restored)
    except FileExistsError:
        raise ValueError(f"{job.out} appeared meanwhile: choose another --out") from None
    except OSError as error:
        if error.errno in NO_MORE:
            raise CannotWrite(_unwritable(job.out.parent, error)) from None
        raise
    return JobOutcome(job=job, state="restored", network=network.name, why=why)


def _digest(path: Path) -> str:
    """SHA-256 of a regular file that isn't too large for a picture."""
    if (size := path.stat().st_size) > MAX_FILE_BYTES:
        raise BadPicture(f"{path} is too large to read safely ({size} bytes)")
    return hashlib.sha256(read_whole(path)).hexdigest()


def _require_own(register: Path) -> None:
    """Refuse a file of the register's name that isn't one.

    Raises:
        CannotWrite: it is another program's file, or no file.
    """
    if not os.path.lexists(register):
        return
    own = False
    if register.is_file() and not register.is_symlink():
        with suppress(OSError), register.open("rb") as file:
            begin = file.read(len(BEGIN))
            own = BEGIN.startswith(begin)  # a killed process may have written a part of it
    if not own:
        raise CannotWrite(
            f"{register} isn't a file of this command: move it away, or choose another --out"
        )


def _note(register: Path, entry: Mapping[str, Any]) -> None:
    """Add a line, on its own even if a killed process left a part of one."""
    with register.open("a+b") as file:
        if file.tell():
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                file.write(b"\n")
        file.write(json.dumps(entry).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def _entries(register: Path) -> dict[str, list[dict[str, Any]]]:
    """The entries of each file; a line that a killed process cut short is left out."""
    found: dict[str, list[dict[str, Any]]] = {}
    if register.is_symlink() or not register.is_file():
        return found
    for line in _lines(register):
        try:
            entry = {key: line[key] for key in KEPT}
            if isinstance(entry["made_by"], dict):
                found.setdefault(line["file"], []).append(entry)
        except (KeyError, TypeError):
            continue
    return found


def _lines(register: Path) -> Iterator[Any]:
    for line in read_whole(register, REGISTER_LIMIT).split(b"\n"):
        with suppress(ValueError):
            yield json.loads(line)
