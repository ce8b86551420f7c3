"""Crops that went through a JPEG file, as most photographs of rain have."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image
from torch.utils.data import Dataset

from course_lib.data.augment import Crops
from course_lib.data.crops import as_tensors
from course_lib.data.pair import Batch, Pair


class CompressedCrops(Dataset[Batch]):
    """Another dataset's crops, some of them compressed as JPEG, rainy and clean alike.

    The clean crop keeps the artifacts of its compression: a network that learns from these pairs
    removes rain and leaves JPEG's blocks alone. Whether a crop is compressed, and its quality,
    are drawn from (seed, n).

    Args:
        dataset: of crops.
        seed: ≥ 0, of the run.
        share: of the crops that are compressed, 0 to 1.
        quality: the lowest and the highest, 1 to 95, as Pillow counts.

    Raises:
        ValueError: a share or a quality out of its range, a seed < 0.
    """

    def __init__(
        self,
        dataset: Crops,
        seed: int,
        *,
        share: float = 0.5,
        quality: tuple[int, int] = (50, 95),
    ) -> None:
        if seed < 0:
            raise ValueError(f"a seed is 0 or more; it is {seed}")
        if not 0 <= share <= 1:
            raise ValueError(f"share is from 0 to 1; it is {share}")
        if not 1 <= quality[0] <= quality[1] <= 95:
            raise ValueError(
                f"quality is the lowest and the highest, from 1 to 95; it is {quality}"
            )
        self.size, self._dataset, self._seed = dataset.size, dataset, seed
        self._share, self._quality = share, quality

    @property
    def settings(self) -> dict[str, Any]:
        """What the crops depend on."""
        return {
            **self._dataset.settings,
            "share of JPEG": self._share,
            "quality of JPEG": list(self._quality),
            "seed of JPEG": self._seed,
        }

    def pair(self, n: int) -> Pair:
        """Item n as a `Pair` of uint8 pictures."""
        rng = np.random.default_rng((self._seed, n, 6))
        pair = self._dataset.pair(n)
        if rng.random() >= self._share:
            return pair
        quality = int(rng.integers(self._quality[0], self._quality[1] + 1))
        rainy, clean = (through_jpeg(one, quality) for one in (pair.rainy, pair.clean))
        return replace(pair, rainy=rainy, clean=clean)

    def __getitem__(self, n: int) -> Batch:
        """Item n: rainy and clean 3×size×size in [−1, 1], mask 1×size×size."""
        return as_tensors(self.pair(n))


def through_jpeg(picture: np.ndarray, quality: int) -> np.ndarray:
    """A uint8 picture after it was saved as a JPEG of this quality, 1 to 95, and read again."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))
