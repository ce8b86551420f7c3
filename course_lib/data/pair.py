"""What every source of training data gives: a rainy picture, its clean twin, and where it rains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import torch


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
