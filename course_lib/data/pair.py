"""What every source of training data gives: a rainy picture, its clean twin, and where it rains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import torch


LUMA = np.array([0.299, 0.587, 0.114])  # Y of ITU-R BT.601, full range
VISIBLE = 12  # levels of 0..255; a smaller change of luma doesn't count as rain


@dataclass(frozen=True, kw_only=True)
class Pair:
    """One picture with and without rain.

    Attributes:
        rainy: uint8 H×W×3.
        clean: uint8 H×W×3.
        mask: bool H×W, True where the rain changed the picture.
        name: what messages call this pair, such as a file's name.
    """

    rainy: np.ndarray
    clean: np.ndarray
    mask: np.ndarray
    name: str = ""

    def __post_init__(self) -> None:
        if self.rainy.shape != self.clean.shape:
            (h, w), (h2, w2) = self.rainy.shape[:2], self.clean.shape[:2]
            raise ValueError(
                f"rainy and clean differ in size: {h}×{w} and {h2}×{w2} (pair {self.name!r}); "
                "are the folders matched by name?"
            )


def visible_change(rainy: np.ndarray, clean: np.ndarray) -> np.ndarray:
    """Where rain is seen: True where the lumas differ by more than 12 of 255 levels.

    Args:
        rainy, clean: H×W×3, both uint8 or both floats in [0, 1].

    Returns:
        bool H×W.
    """
    white = 255 if rainy.dtype == np.uint8 else 1
    change = np.subtract(rainy, clean, dtype=np.float64) @ LUMA
    # Many changes are 12 exactly, grey ones: how their luma is rounded mustn't decide.
    return np.abs(change) > white * (VISIBLE / 255 + 1e-6)


class Batch(NamedTuple):
    """Pairs as the networks see them.

    Attributes:
        rainy: N×3×H×W float32 in [−1, 1].
        clean: N×3×H×W float32 in [−1, 1].
        mask: N×1×H×W float32, 1 where the rain changed the picture, else 0.
    """

    rainy: torch.Tensor
    clean: torch.Tensor
    mask: torch.Tensor
