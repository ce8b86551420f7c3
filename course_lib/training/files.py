"""Files of tensors that are there whole or not at all: written beside, then put in place."""

from __future__ import annotations

import contextlib
import errno
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch

UNFINISHED = ".tmp"  # what a killed process may leave of a file it was writing
_ABOUT = "about"


class BadCheckpoint(ValueError):
    """A file that can't be gone on from; the message names it, what is wrong, and the mend."""


def write_tensors(path: Path, tensors: Mapping[str, torch.Tensor], about: Any) -> int:
    """Write a safetensors file at once: whoever reads ``path`` finds the old file or the new one.

    Args:
        path: in a folder that exists.
        tensors: by name, on any device.
        about: whatever JSON can hold; it goes into the file's header.

    Returns:
        The file's size, bytes.

    Raises:
        OSError: a full disk, a folder that can't be written; what was there before still is.
    """
    packed = {
        name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
        for name, tensor in tensors.items()
    }
    content = safetensors.torch.save(packed, metadata={_ABOUT: json.dumps(about)})
    write_whole(path, content)
    return len(content)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file at once, by a temporary file in the same folder; see `write_tensors`."""
    with _beside(path) as temporary:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    sync_folder(path.parent)


def read_tensors(path: Path) -> tuple[dict[str, torch.Tensor], Any]:
    """The tensors of a file, on the CPU, and what its header says about them.

    Nothing in the file is ever run: safetensors holds numbers and text only.

    Raises:
        BadCheckpoint: it was cut short, is no file of `write_tensors`, or can't be read.
    """
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            about = json.loads((file.metadata() or {})[_ABOUT])
            # Copies: the others are windows into the file, which may change or go.
            return {name: file.get_tensor(name).clone() for name in file.keys()}, about  # noqa: SIM118
    except OSError as error:
        raise BadCheckpoint(f"{path} can't be read ({error.strerror or error})") from None
    except (safetensors.SafetensorError, KeyError, ValueError) as error:
        raise BadCheckpoint(
            f"{path} was cut short or is no checkpoint of this course "
            f"({path.stat().st_size} bytes; {error})"
        ) from None


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
