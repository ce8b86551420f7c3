"""Files of tensors, written whole, with a digest; read without running anything in them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch

from course_lib import digests
from course_lib.files import TooLarge, read_whole, write_whole

_ABOUT = "about"
# How every file begins, behind eight bytes that hold the length of its header.
_START = b'{"__metadata__":{"about":"{\\"'
_MARK = b'\\"sha256\\": \\"'
_WITHOUT_DIGEST = _START + b'format\\": 1,'  # checkpoints of older versions of the course


class BadCheckpoint(ValueError):
    """A checkpoint or a run folder that can't be resumed; the message names it and the fix."""


class OtherFormat(BadCheckpoint):
    """A checkpoint that another version of the course has written."""


def write_tensors(
    path: Path, tensors: Mapping[str, torch.Tensor], about: Any, keep: Path | None = None
) -> int:
    """Write a safetensors file in one step: a reader finds the old file or the new one.

    The file holds the SHA-256 of all its bytes.

    Args:
        path: in a folder that exists.
        tensors: by name, on any device.
        about: what JSON can hold; it goes into the file's header.
        keep: where the file goes that was there before; without it, that file is gone.

    Returns:
        The file's size, bytes.

    Raises:
        OSError: a full disk, a folder that can't be written; what was there before still is.
    """
    packed = {
        name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
        for name, tensor in tensors.items()
    }
    header = json.dumps({"sha256": digests.BLANK, _ABOUT: about})
    content = safetensors.torch.save(packed, metadata={_ABOUT: header})
    write_whole(path, *digests.fill_in(content, _MARK), keep=keep)
    return len(content)


def read_tensors(path: Path, *, limit: int | None = None) -> tuple[dict[str, torch.Tensor], Any]:
    """The tensors of a file, on the CPU, by name, and what its header says about them.

    Nothing in the file is ever run: safetensors holds numbers and text only.

    Args:
        path: of the file.
        limit: the largest size, bytes; a larger file isn't read.

    Raises:
        OtherFormat: an older version of the course wrote it, without a digest.
        BadCheckpoint: a bit was flipped, it was cut short, is larger than the limit, is no file
            of `write_tensors`, or can't be read.
    """
    try:
        content = read_whole(path, limit)
    except TooLarge as error:
        raise BadCheckpoint(str(error)) from None
    except OSError as error:
        raise BadCheckpoint(f"{path} can't be read ({error.strerror or error})") from None
    if content.startswith(_WITHOUT_DIGEST, 8):
        raise OtherFormat(
            f"{path} was written by another version of the course, which kept no digest of it"
        )
    if not digests.is_whole(content, _MARK):
        raise BadCheckpoint(
            f"{path} is damaged, was cut short or is no checkpoint of this course "
            f"({len(content)} bytes, whose SHA-256 isn't the one that they hold)"
        )
    try:
        length = int.from_bytes(content[:8], "little")
        header = json.loads(content[8 : 8 + length])["__metadata__"][_ABOUT]
        about = json.loads(header)[_ABOUT]
        tensors = safetensors.torch.load(content)  # in an order that changes
        # Copies: the others lie wherever Python had put the bytes.
        return {name: tensors.pop(name).clone() for name in sorted(tensors)}, about
    except (safetensors.SafetensorError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise BadCheckpoint(
            f"{path} is no checkpoint of this course ({type(error).__name__}: {error})"
        ) from None


def is_own(path: Path) -> bool:
    """Whether a file begins as the files of `write_tensors` do, of this version or an older one."""
    try:
        with path.open("rb") as file:
            return file.read(8 + len(_START))[8:] == _START
    except OSError:
        return False
