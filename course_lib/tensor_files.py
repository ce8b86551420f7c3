"""Files of tensors, written whole, and read without running anything that they hold."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch

from course_lib.files import write_whole

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
