"""More training data: synthetic rain on the clean pictures of a set, and several sets merged.

Rain of our own has two forms. `rainy_pairs` is a finite set, as a photographed one is: each
picture keeps the rain that it got. `CropDataset` lets another rain fall on every crop, on the
embedded photographs or on the clean halves of any pairs:

    CropDataset(clean_pictures(open_set("raindrop/train")), "drops", size, seed)

The drops are refracting caps of water (`course_lib.data.drops`), so this is what the papers
call adding raindrops by the raindrop-on-lens effect.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from torch.utils.data import Dataset

from course_lib.data.crops import as_tensors
from course_lib.data.pair import Batch, Pair
from course_lib.data.photos import shrink
from course_lib.data.rain import apply_canvas, draw_canvas, prepare_photo


def rainy_pairs(
    photos: Mapping[str, np.ndarray],
    kind: str,
    seed: int,
    *,
    count: int | None = None,
    scale: float = 1.0,
) -> list[Pair]:
    """Whole pictures in turn, each with its own synthetic rain.

    Pair n depends on its picture and on (seed, n) only. Feed them to `PairCrops`.

    Args:
        photos: name → uint8 H×W×3.
        kind: of rain, one of `course_lib.data.rain.KINDS`.
        seed: ≥ 0.
        count: how many pairs; one a picture if None.
        scale: of all lengths in the rain; 1 suits photographs of about 480×720.

    Raises:
        ValueError: no photograph, no pair, no such kind, a seed < 0.
    """
    count = len(photos) if count is None else count
    if not photos or count < 1:
        raise ValueError(f"{count} pairs of {len(photos)} photographs: give at least one of each")
    if seed < 0:
        raise ValueError(f"a seed is 0 or more; it is {seed}")
    scenes = [prepare_photo(photo, name=name) for name, photo in photos.items()]
    pairs = []
    for n in range(count):
        scene = scenes[n % len(scenes)]
        height, width = scene.photo.shape[:2]
        rng = np.random.default_rng((seed, n, 3))
        canvas = draw_canvas(kind, (height, width), rng, scale=scale)
        pairs.append(apply_canvas(canvas, scene, window=(0, 0, height, width)))
    return pairs


def more_scenes(photos: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Four scenes from each photograph: itself, half its size, and the negatives of both.

    A handful of photographs shows little. Half as large, a scene has twice the fine texture
    beside streaks of the same width. The negative of a dark background, 255 − photo, is a bright
    and even one, such as a sky; a network that has never seen one tints it.

    Args:
        photos: name → uint8 H×W×3, at least twice as large as the crops that are to be taken.
    """
    sizes = dict(photos) | {f"{name}, half": shrink(photo, 2) for name, photo in photos.items()}
    return sizes | {f"{name}, negative": 255 - photo for name, photo in sizes.items()}


def clean_pictures(pairs: Iterable[Pair]) -> dict[str, np.ndarray]:
    """The clean pictures of pairs by name, uint8 H×W×3, for other synthetic rain.

    All of them are held in memory, and drops add 4 MB for each picture that they have fallen
    on. Several pairs may share a name if they share the clean picture too.

    Raises:
        ValueError: two pairs of one name have different clean pictures.
    """
    pictures: dict[str, np.ndarray] = {}
    for pair in pairs:
        # A half of a side-by-side file would keep the whole file in memory.
        clean = np.ascontiguousarray(pair.clean)
        if not np.array_equal(pictures.setdefault(pair.name, clean), clean):
            raise ValueError(
                f"two pairs named {pair.name!r} have different clean pictures; "
                "give each its own name: dataclasses.replace(pair, name=…)"
            )
    return pictures


class Crops(Protocol):
    """What `CropDataset`, `PairCrops` and `MergedCrops` have in common."""

    size: int

    @property
    def settings(self) -> dict[str, Any]:
        """What the crops depend on."""

    def pair(self, n: int) -> Pair:
        """Item n."""


class MergedCrops(Dataset[Batch]):
    """Several datasets in one: item n is item n of one of them, drawn from (seed, n).

    Args:
        datasets: of crops of one size.
        seed: ≥ 0, of the run.
        weights: how often each is drawn, relative to the others. Equal shares if None, since
            endless crops have no number; ``(len(folder_a), len(folder_b))`` makes every pair
            of two folders equally likely.

    Raises:
        ValueError: no dataset, crops of different sizes, not one weight ≥ 0 for each, all 0, a
            seed < 0.
    """

    def __init__(
        self, datasets: Sequence[Crops], seed: int, *, weights: Sequence[float] | None = None
    ) -> None:
        shares = np.array([1.0] * len(datasets) if weights is None else weights, np.float64)
        if not datasets or shares.shape != (len(datasets),):
            raise ValueError(
                f"{shares.size} weights for {len(datasets)} datasets: give at least one dataset, "
                "and one weight for each"
            )
        if not (np.isfinite(shares).all() and shares.min() >= 0 and shares.sum() > 0):
            raise ValueError(f"weights are 0 or more, one of them more; they are {weights}")
        sizes = [dataset.size for dataset in datasets]
        if len(set(sizes)) > 1:
            raise ValueError(
                f"crops of {', '.join(map(str, sizes))} pixels make no batch together; "
                "take the same size for all datasets"
            )
        if seed < 0:
            raise ValueError(f"a seed is 0 or more; it is {seed}")
        self.size, self._seed, self._datasets = sizes[0], seed, list(datasets)
        self._shares = shares / shares.sum()

    @property
    def settings(self) -> dict[str, Any]:
        """What the crops depend on, each dataset's own settings under its number."""
        own = {
            f"dataset {i}'s {key}": value
            for i, dataset in enumerate(self._datasets)
            for key, value in dataset.settings.items()
        }
        return {"shares": self._shares.tolist(), "seed of merging": self._seed, **own}

    def pair(self, n: int) -> Pair:
        """Item n as a `Pair` of uint8 pictures."""
        rng = np.random.default_rng((self._seed, n, 4))
        return self._datasets[rng.choice(len(self._datasets), p=self._shares)].pair(n)

    def __getitem__(self, n: int) -> Batch:
        """Item n: rainy and clean 3×size×size in [−1, 1], mask 1×size×size."""
        return as_tensors(self.pair(n))
