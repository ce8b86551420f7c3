"""What this course wrote into a folder: a line for each picture, which outlives a kill."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import filelock
import platformdirs

from course_lib.data.pictures import MAX_FILE_BYTES, BadPicture, explained
from course_lib.files import TooLarge, read_whole, sync

NAME = "restored.jsonl"
BEGIN = b'{"file": "'  # of every line
KEPT = "sha256", "made_by", "network", "chosen_by", "why"  # of each line
LIMIT = 100_000_000  # bytes

Entries = dict[str, list[dict[str, Any]]]


class CannotWrite(ValueError):
    """The folder for the copies can't be written; no further picture would get there."""


class Register:
    """The register of one folder, which no other process writes meanwhile; see `opened`."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._entries = read_entries(folder)

    def names(self) -> set[str]:
        """The names of all files that this course wrote, or began to write."""
        return set(self._entries)

    def entries(self, name: str) -> list[dict[str, Any]]:
        """What is known of a file: one entry for each time that it was made."""
        return self._entries.get(name, [])

    def note(self, entry: dict[str, Any]) -> None:
        """Add a line, on its own even if a killed process left a part of one.

        Raises:
            OSError: a full disk, or a folder that can't be written.
        """
        with self._path.open("a+b") as file:
            if file.tell():
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":
                    file.write(b"\n")
            file.write(json.dumps(entry).encode() + b"\n")
            file.flush()
            sync(file.fileno())
        self._entries.setdefault(entry["file"], []).append(entry)


@contextmanager
def opened(folder: Path) -> Iterator[Register]:
    """Make a folder, keep other processes from restoring into it, and read its register.

    The lock lies in the user's cache, not among the photographs. Folders that were made and stay
    empty are removed.

    Raises:
        CannotWrite: the folder can't be written, another process restores into it, or it holds
            another program's file of the register's name.
    """
    made = [one for one in (folder, *folder.parents) if not one.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotWrite(unwritable(folder, error)) from None
    locks = platformdirs.user_cache_path("clearing-the-rain", appauthor=False) / "locks"
    digest = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()
    lock = filelock.FileLock(locks / f"{digest}.lock", timeout=0)
    try:
        locks.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except filelock.Timeout:
        raise CannotWrite(
            f"another process restores photographs into {folder}: wait until it ends"
        ) from None
    except (OSError, NotImplementedError):
        pass  # without a lock, nothing is written over either
    try:
        require_own(folder)
        yield Register(folder)
    finally:
        lock.release()
        with suppress(OSError):
            for one in made:
                one.rmdir()


def require_own(folder: Path) -> None:
    """Refuse a folder with a file of the register's name that isn't one.

    Raises:
        CannotWrite: it is another program's file, or no file.
    """
    path = folder / NAME
    if not os.path.lexists(path):
        return
    own = False
    if path.is_file() and not path.is_symlink():
        with suppress(OSError), path.open("rb") as file:
            begin = file.read(len(BEGIN))
            own = BEGIN.startswith(begin)  # a killed process may have written a part of it
    if not own:
        raise CannotWrite(
            f"{path} isn't a file of this command: move it away, or choose another --out"
        )


def read_entries(folder: Path) -> Entries:
    """The entries of each file; a line that can't be understood is left out.

    Raises:
        OSError: the register can't be read.
        ValueError: it is too large to be one.
    """
    found: Entries = {}
    path = folder / NAME
    if path.is_symlink() or not path.is_file():
        return found
    try:
        lines = read_whole(path, LIMIT).split(b"\n")
    except TooLarge as error:
        raise ValueError(f"{error}: move it away, or choose another --out") from None
    for line in lines:
        with suppress(ValueError, KeyError, TypeError, RecursionError):
            read: Mapping[str, Any] = json.loads(line)
            entry = {key: read[key] for key in KEPT}
            if isinstance(entry["made_by"], dict):
                found.setdefault(read["file"], []).append(entry)
    return found


def digest_of(path: Path) -> str:
    """SHA-256 of a regular file that isn't too large for a picture.

    Raises:
        BadPicture: it is too large.
        OSError: it can't be read; says what to do.
    """
    try:
        if (size := path.stat().st_size) > MAX_FILE_BYTES:
            raise BadPicture(f"{path} is too large to read safely ({size} bytes)")
        return hashlib.sha256(read_whole(path)).hexdigest()
    except OSError as error:
        raise explained(error, path) from None


def unwritable(folder: Path, error: OSError) -> str:
    """Why a folder can't be written, and what to do."""
    if isinstance(error, FileExistsError | NotADirectoryError):
        return f"{folder} isn't a folder: choose another --out"
    return (
        f"{folder} can't be written ({error.strerror or error}): choose another --out, or free "
        "space and check the permissions there"
    )
