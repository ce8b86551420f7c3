"""Write whole files, so that a reader finds the old file or the new one; read them, if small."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
from pathlib import Path

UNFINISHED = ".tmp"  # ends the name of a file that is being written
# What a file system answers that has no fsync, such as some network drives.
_UNSUPPORTED = {errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP}


class TooLarge(ValueError):
    """A file that is larger than its kind may be; it has not been read."""


def write_whole(path: Path, *content: bytes | memoryview, keep: Path | None = None) -> None:
    """Replace a file's content in one step, by a temporary file in the same folder.

    A symbolic link stays one: the file that it points to is replaced. The new file has the
    permissions of the old one.

    Args:
        path: in a folder that exists.
        content: of the new file, in one or several parts.
        keep: where the old file goes, if there is one; without it the old file is gone.

    Raises:
        OSError: a full disk, or a folder that can't be written; it names the file. The old file
            is still there, under its own name or as ``keep``.
    """
    path = Path(os.path.realpath(path))
    temporary = _fresh(path)
    try:
        with temporary.open("xb") as file:
            for part in content:
                file.write(part)
            file.flush()
            sync(file.fileno())
        with contextlib.suppress(OSError):  # none before it, or a drive without permissions
            temporary.chmod(stat.S_IMODE(path.stat().st_mode))
        if keep and path.exists():
            os.replace(path, keep)
        os.replace(temporary, path)
        _sync_folder(path.parent)
    except BaseException as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        if isinstance(error, OSError) and error.filename is None:
            error.filename = str(path)  # of a full disk, the system doesn't say which file
        raise


def write_new(path: Path, content: bytes) -> None:
    """Write a new file in one step; a file that is there already stays as it is.

    Args:
        path: in a folder that exists.
        content: of the file.

    Raises:
        FileExistsError: there is something of this name.
        OSError: a full disk, or a folder that can't be written; it names the file.
    """
    temporary = _fresh(path)
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            sync(file.fileno())
        try:
            os.link(temporary, path)  # fails where something of this name exists
        except FileExistsError:
            raise
        except OSError:  # a drive without hard links
            if os.path.lexists(path):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from None
            os.replace(temporary, path)
        _sync_folder(path.parent)
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def unfinished(path: Path) -> Path:
    """The temporary file by which this process writes a file."""
    return path.with_name(f"{path.name}.{os.getpid()}{UNFINISHED}")


def _fresh(path: Path) -> Path:
    """The same, without what an earlier process of this number left, be it a link."""
    temporary = unfinished(path)
    with contextlib.suppress(OSError):
        temporary.unlink()
    return temporary


def is_unfinished(path: Path, *finished: str) -> bool:
    """Whether a file is what a killed process left of writing a file of one of these names."""
    found = re.fullmatch(rf"(.+)\.[0-9]+{re.escape(UNFINISHED)}", path.name, re.DOTALL)
    return found is not None and found[1] in finished


def remove_unfinished(folder: Path, *finished: str) -> None:
    """Delete what killed processes left of writing files of these names, and nothing else."""
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        if is_unfinished(path, *finished):
            with contextlib.suppress(OSError):
                path.unlink()


def read_whole(path: Path, limit: int | None = None) -> bytes:
    """The content of a file, if it is one and isn't too large.

    Args:
        path: of a regular file; a pipe or a device might never end.
        limit: the largest size, bytes; a larger file isn't read.

    Raises:
        TooLarge: the file is larger.
        OSError: it isn't there, isn't a regular file, or can't be read.
    """
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    if limit is not None and found.st_size > limit:
        raise TooLarge(
            f"{path} has {found.st_size / 1e6:,.1f} MB, and may have {limit / 1e6:g} MB at most"
        )
    return path.read_bytes()


def read_text(path: Path, limit: int | None = None) -> str:
    """The text of a UTF-8 file, without a byte order mark, its lines ended by ``\\n``.

    Raises:
        TooLarge, OSError: see `read_whole`.
        ValueError: it isn't UTF-8; the message names the file and the line.
    """
    content = read_whole(path, limit)
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        number = content.count(b"\n", 0, error.start) + 1
        raise ValueError(
            f"{path}, line {number} isn't UTF-8 (byte {content[error.start]:#04x}): save the file "
            "as UTF-8"
        ) from None


def explain(error: OSError, folder: Path) -> str:
    """Why a folder can't be written, and what to do, in words."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return f"no space is left for {folder}: free some, or choose another run folder"
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return f"{folder} can't be written: choose another run folder, or mend its permissions"
    return f"{folder} can't be written ({error.strerror or error}): choose another run folder"


def sync(handle: int) -> None:
    """Put a file on the disk now, where the file system can; a full or broken disk is an error."""
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise


def _sync_folder(folder: Path) -> None:
    """The new name survives a power cut too, where the file system can promise that."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except PermissionError:  # Windows, or a folder that may be written and not read
        return
    try:
        sync(handle)
    finally:
        os.close(handle)
