"""Crops in other colours, so that few photographs teach restoring and not their own colours."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from torch.utils.data import Dataset

from course_lib.data.augment import Crops
from course_lib.data.crops import as_tensors
from course_lib.data.pair import Batch, Pair

GAMMA = 0.7, 1.4
GAIN = 0.7, 1.2


class RecolouredCrops(Dataset[Batch]):
    """Another dataset's crops, each with its colours changed, rainy and clean alike.

    Red, green and blue each get a random gamma of 0.7 to 1.4 and a random gain of 0.7 to 1.2, as
    under another light, drawn from (seed, n). Rain adds to light and mixes it, so a recoloured
    rainy picture is nearly, not exactly, the recoloured clean one in the same rain.

    (Letting the three colours change places, too, teaches worse: then any colour may lie under
    a drop, and a generator invents some.)

    Args:
        dataset: of crops.
        seed: ≥ 0, of the run.
        spread: how far the three colours' curves lie apart: 1 draws each on its own, 0 gives all
            three the same.
    """

    def __init__(self, dataset: Crops, seed: int, *, spread: float = 1.0) -> None:
        if seed < 0:
            raise ValueError(f"a seed is 0 or more; it is {seed}")
        if not 0 <= spread <= 1:
            raise ValueError(f"spread is from 0 to 1; it is {spread}")
        self.size, self._dataset, self._seed, self._spread = dataset.size, dataset, seed, spread

    @property
    def settings(self) -> dict[str, Any]:
        """What the crops depend on."""
        apart = {} if self._spread == 1 else {"spread of colours": self._spread}
        return {
            **self._dataset.settings,
            "colours": "drawn",
            "seed of colours": self._seed,
            **apart,
        }

    def pair(self, n: int) -> Pair:
        """Item n as a `Pair` of uint8 pictures."""
        rng = np.random.default_rng((self._seed, n, 5))
        gamma, gain = (
            (1 - self._spread) * drawn[0] + self._spread * drawn
            for drawn in (rng.uniform(*GAMMA, 3), rng.uniform(*GAIN, 3))
        )
        levels = gain * np.linspace(0, 1, 256)[:, None] ** gamma  # 256×3
        table = np.rint(255 * levels.clip(0, 1)).astype(np.uint8)
        pair = self._dataset.pair(n)
        rainy, clean = (
            np.stack([table[picture[..., c], c] for c in range(3)], axis=-1)
            for picture in (pair.rainy, pair.clean)
        )
        return replace(pair, rainy=rainy, clean=clean)

    def __getitem__(self, n: int) -> Batch:
        """Item n: rainy and clean 3×size×size in [−1, 1], mask 1×size×size."""
        return as_tensors(self.pair(n))
