"""Read the convolutions of a network in the files of ncnn: its layers (.param), weights (.bin).

ncnn (Tencent, BSD-3-Clause) runs networks on phones. The format is simple, and nothing in the files
is run.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

MAGIC = "7767517"
HALF, SINGLE = 0x01306B47, 0  # tags before the weights of a layer
# Keys of a convolution in .param.
OUTPUTS, SIDE, BIAS, WEIGHTS = "0", "1", "5", "6"


class Convolution(NamedTuple):
    """One convolution.

    Attributes:
        weight: out×in×k×k, float16 or float32 as stored.
        bias: out, float32; zeros where the layer has none.
    """

    weight: torch.Tensor
    bias: torch.Tensor


def read_convolutions(param: str, weights: bytes) -> list[Convolution]:
    """Return the convolutions of a network in the order of its layers.

    Args:
        param: text of the .param file.
        weights: the .bin file.

    Raises:
        ValueError: the text isn't ncnn's, a layer isn't as expected, or the files don't belong
            together: bytes are missing or left.
    """
    lines = param.split("\n")
    if lines[0].strip() != MAGIC:
        raise ValueError(
            f"an ncnn .param file begins with {MAGIC}, this one with {lines[0][:20]!r}"
        )
    found, at = [], 0
    for line in lines[2:]:
        words = line.split()
        if not words or words[0] != "Convolution":
            continue
        keys = dict(word.split("=", 1) for word in words if "=" in word)
        try:
            outputs, side, count = (int(keys[key]) for key in (OUTPUTS, SIDE, WEIGHTS))
        except (KeyError, ValueError):
            raise ValueError(f"this layer isn't a convolution as expected: {line[:100]}") from None
        if min(outputs, side, count) < 1 or count % (outputs * side * side):
            raise ValueError(
                f"{count} weights don't make {outputs} kernels of {side}×{side}: {line}"
            )
        tag = int.from_bytes(_take(weights, at, 4), "little")
        if tag not in (HALF, SINGLE):
            raise ValueError(
                f"layer {words[1]} is stored as {tag:#x}; float16 or float32 is needed"
            )
        size = np.dtype(np.float16 if tag == HALF else np.float32)
        kernel = np.frombuffer(_take(weights, at + 4, count * size.itemsize), size)
        at += 4 + (count * size.itemsize + 3) // 4 * 4  # padded to four bytes
        bias = np.zeros(outputs, np.float32)
        if keys.get(BIAS) == "1":
            bias = np.frombuffer(_take(weights, at, 4 * outputs), np.float32)
            at += 4 * outputs
        found.append(
            Convolution(
                torch.from_numpy(kernel.reshape(outputs, -1, side, side).copy()),
                torch.from_numpy(bias.copy()),
            )
        )
    if at != len(weights):
        raise ValueError(f"the .bin file has {len(weights) - at:,} bytes more than its layers need")
    return found


def state_dict(
    convolutions: list[Convolution], expected: dict[str, torch.Tensor]
) -> dict[str, torch.Tensor]:
    """Give convolutions the names of a network whose parameters come in the same order.

    Args:
        convolutions: of `read_convolutions`.
        expected: state dict of the network.

    Returns:
        The same keys as ``expected``, with float32 tensors.

    Raises:
        ValueError: another number of parameters, or another shape.
    """
    tensors = [one for convolution in convolutions for one in convolution]
    shapes = [tuple(one.shape) for one in tensors]
    if shapes != [tuple(one.shape) for one in expected.values()]:
        raise ValueError(
            f"these {len(convolutions)} convolutions aren't those of the network, which has "
            f"{len(expected)} parameters"
        )
    return {key: one.float() for key, one in zip(expected, tensors, strict=True)}


def _take(data: bytes, at: int, size: int) -> bytes:
    if at + size > len(data):
        raise ValueError(f"the .bin file ends after {len(data):,} bytes, in the middle of a layer")
    return data[at : at + size]
