"""Write whole files: a reader finds the old file or the new one, never half of one."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

UNFINISHED = ".tmp"  # what a killed process may leave of a file it was writing


def write_whole(path: Path, content: bytes) -> None:
    """Replace a file's content in one step, by a temporary file in the same folder.

    Args:
        path: in a folder that exists.
        content: of the new file.

    Raises:
        OSError: a full disk, or a folder that can't be written; the old file is still there.
    """
    with _beside(path) as temporary:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    sync_folder(path.parent)


def remove_unfinished(folder: Path) -> None:
    """Delete what killed processes left of files they were writing."""
    for path in folder.glob(f"*{UNFINISHED}"):
        with contextlib.suppress(OSError):
            path.unlink()


@contextlib.contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """A temporary path in the same folder, gone in the end."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}{UNFINISHED}")
    try:
        yield temporary
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def sync_folder(folder: Path) -> None:
    """The new name survives a power cut too, where the file system can promise that."""
    with contextlib.suppress(OSError):  # Windows and some network drives can't
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def explain(error: OSError, folder: Path) -> str:
    """Why a folder can't be written, and what to do, in words."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return f"no space is left for {folder}: free some, or choose another run folder"
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return f"{folder} can't be written: choose another run folder, or mend its permissions"
    return f"{folder} can't be written ({error.strerror or error}): choose another run folder"
