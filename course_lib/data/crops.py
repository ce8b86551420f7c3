"""Endless training crops. Crop n depends on the seed and n, and on nothing else.

Item n is drawn from ``default_rng((seed, n))``, and step k takes the items k·B … k·B+B−1. So
there is no position in the data to save: training resumes at step k by asking for step k, and
neither the number of worker processes nor of devices changes what is seen.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from course_lib.data.folders import Folder
from course_lib.data.pair import Batch, Pair
from course_lib.data.rain import (
    Canvas,
    RainMix,
    apply_canvas,
    draw_canvas,
    prepare_photo,
    require_kind,
)
from course_lib.ranges import to_model

# Rains drawn for one dataset, and by how much their canvases are larger than a crop: each
# rain can fall on a crop in 193·193 places, mirrored or not.
CANVASES = 16
MARGIN = 192
PREFETCHED = 4  # batches that a worker process has ready


class CropDataset(Dataset[Batch]):
    """An endless dataset: crops of photographs with synthetic rain.

    Item n is a photograph, a place in it, one of the pool's rains, a place in that, and whether
    the pair is mirrored, all drawn from ``default_rng((seed, n))``. The pool holds as many drawn
    rains as ``canvases`` says. It may roll: after every ``renew_every`` items the oldest rain is
    replaced. So the pool at item n depends on the seed and n too, and on nothing else.

    Args:
        photos: name → uint8 H×W×3, at least ``size`` in both directions.
        kind: of rain, one of `course_lib.data.rain.KINDS`, or several in a `RainMix`.
        size: side of the crops, pixels.
        seed: ≥ 0, of the run.
        scale: of all lengths in the rain; 1 suits photographs of about 480×720. A `RainMix` has
            scales of its own, which are multiplied by it.
        canvases: how many rains the pool holds. A canvas of streaks takes (size + 192)² · 4 bytes
            of memory, one of drops five times as much.
        renew_every: how many items pass before the next rain is replaced; None keeps all.

    Raises:
        ValueError: no photograph, one that is smaller than the crops, no such kind, a seed < 0,
            a pool without rain.
    """

    def __init__(
        self,
        photos: Mapping[str, np.ndarray],
        kind: str | RainMix,
        size: int,
        seed: int,
        *,
        scale: float = 1.0,
        canvases: int = CANVASES,
        renew_every: int | None = None,
    ) -> None:
        if not photos:
            raise ValueError("photos is empty: give at least one, name → uint8 H×W×3")
        for name, photo in photos.items():
            _require_room(photo, size, f"the photograph {name!r}")
        if isinstance(kind, str):
            require_kind(kind)
        _require_seed(seed)
        if canvases < 1 or (renew_every is not None and renew_every < 1):
            raise ValueError(
                "a pool holds at least one rain, and replaces one after at least one item; "
                f"canvases is {canvases}, renew_every is {renew_every}"
            )
        self._scenes = [prepare_photo(photo, name=name) for name, photo in photos.items()]
        self._kind, self.size, self._seed, self._scale = kind, size, seed, scale
        self._count, self._renew_every = canvases, renew_every
        self._canvases: dict[int, tuple[int, Canvas]] = {}  # place in the pool → number, rain

    @property
    def settings(self) -> dict[str, Any]:
        """What the crops depend on, beside the photographs' pixels."""
        return {
            "photographs": [scene.name for scene in self._scenes],
            "kind of rain": str(self._kind),
            "size of crops": self.size,
            "scale of rain": self._scale,
            "drawn rains": self._count,
            "items between two new rains": self._renew_every or 0,
            "seed of data": self._seed,
        }

    def pair(self, n: int) -> Pair:
        """Item n as a `Pair` of uint8 pictures, named after its photograph."""
        rng = np.random.default_rng((self._seed, n))
        scene = self._scenes[rng.integers(len(self._scenes))]
        window = (*_random_place(scene.photo, self.size, rng), self.size, self.size)
        canvas = self._canvas(int(rng.integers(self._count)), n)
        top, left = rng.integers(0, MARGIN + 1, 2).tolist()
        pair = apply_canvas(canvas, scene, window=window, corner=(top, left))
        return _mirrored(pair) if rng.random() < 0.5 else pair

    def __getitem__(self, n: int) -> Batch:
        """Item n: rainy and clean 3×size×size in [−1, 1], mask 1×size×size."""
        return as_tensors(self.pair(n))

    def _canvas(self, place: int, n: int) -> Canvas:
        """The rain that lies at a place of the pool when item n falls, drawn when it first does.

        Rain number m lies at place m % count; the first ones lie there from the start.
        """
        replaced = n // self._renew_every if self._renew_every else 0  # rains, place after place
        number = place + self._count * ((replaced - place + self._count - 1) // self._count)
        held, canvas = self._canvases.get(place, (None, None))
        if held != number or canvas is None:
            canvas = self._draw(number)
            self._canvases[place] = number, canvas
        return canvas

    def _draw(self, number: int) -> Canvas:
        side = self.size + MARGIN
        if isinstance(self._kind, RainMix):
            rng = np.random.default_rng((self._seed, number, 1))
            return self._kind.draw((side, side), rng, scale=self._scale)
        return _drawn(self._kind, side, self._scale, self._seed, number)


@lru_cache(maxsize=2 * CANVASES)
def _drawn(kind: str, side: int, scale: float, seed: int, number: int) -> Canvas:
    """One rain of a pool. Several runs of a lesson share a pool, and drawing takes its time."""
    rng = np.random.default_rng((seed, number, 1))
    return draw_canvas(kind, (side, side), rng, scale=scale)


class Pairs(Protocol):
    """A folder of pairs, or a list of them."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> Pair: ...


class PairCrops(Dataset[Batch]):
    """An endless dataset of existing pairs: each epoch has one crop of every pair, shuffled.

    Item n belongs to epoch n // len(pairs), whose order is drawn from (seed, epoch); the place
    of the crop and whether it is mirrored are drawn from (seed, n). With both switches off, each
    epoch shows the same crops in another order.

    Nothing is turned upside down: rain doesn't fall upwards, and a drop's heavy end hangs down.

    Args:
        pairs: a `PairedFolder` or `SideBySideFolder`, which is read from disk at each crop, so
            use worker processes; or a list, which the memory holds: ``list(folder)``, or the
            first 860 items of another dataset, ``[dataset.pair(n) for n in range(860)]``.
        size: side of the crops, pixels.
        seed: ≥ 0, of the run.
        mirror: exchange left and right in half of the items.
        random_crops: anywhere in the picture; else always its centre.

    Raises:
        ValueError: no pair, a seed < 0; on reading, a pair is smaller than the crops.
        BadPicture: on reading, a file is bad; open the folder with ``on_bad="skip"``.
    """

    def __init__(
        self, pairs: Pairs, size: int, seed: int, *, mirror: bool = True, random_crops: bool = True
    ) -> None:
        if not len(pairs):
            raise ValueError("there is no pair to take crops of: give at least one")
        _require_seed(seed)
        self._pairs, self.size, self._seed = pairs, size, seed
        self._mirror, self._random_crops = mirror, random_crops

    @property
    def settings(self) -> dict[str, Any]:
        """What the crops depend on; a folder's pictures count as its name and number only."""
        source = (
            {"folder": self._pairs.path.name}
            if isinstance(self._pairs, Folder)
            else {"pixels of pairs": _digest(self._pairs)}
        )
        return {
            **source,
            "pairs": len(self._pairs),
            "size of crops": self.size,
            "mirrored": self._mirror,
            "random crops": self._random_crops,
            "seed of data": self._seed,
        }

    def pair(self, n: int) -> Pair:
        """Item n as a `Pair` of uint8 pictures."""
        epoch, position = divmod(n, len(self._pairs))
        order = np.random.default_rng((self._seed, epoch, 1)).permutation(len(self._pairs))
        pair = self._pairs[int(order[position])]
        where = f" of {self._pairs.path}" if isinstance(self._pairs, Folder) else ""
        _require_room(pair.clean, self.size, f"the pair {pair.name!r}{where}")
        rng = np.random.default_rng((self._seed, n))
        place = _random_place(pair.clean, self.size, rng)  # drawn in any case: mirroring stays
        if not self._random_crops:
            height, width = pair.clean.shape[:2]
            place = (height - self.size) // 2, (width - self.size) // 2
        crop = _crop(pair, *place, self.size)
        return _mirrored(crop) if rng.random() < 0.5 and self._mirror else crop

    def __getitem__(self, n: int) -> Batch:
        """Item n: rainy and clean 3×size×size in [−1, 1], mask 1×size×size."""
        return as_tensors(self.pair(n))


class StepSampler(Sampler[list[int]]):
    """For each step k from ``start`` to ``steps`` − 1, the items of its batch.

    These are k·B … k·B+B−1. Of several processes that train together, each takes its own
    equal slice of the batch, in the order of the ranks.

    Args:
        batch_size: B, over all processes together.
        steps: of the whole run.
        start: the first step to give, where a resumed run goes on.
        rank, world_size: this process, and how many there are.

    Raises:
        ValueError: the batch can't be dealt out evenly, or there is no such rank.
    """

    def __init__(
        self, batch_size: int, steps: int, start: int = 0, rank: int = 0, world_size: int = 1
    ) -> None:
        if batch_size < 1 or batch_size % world_size:
            raise ValueError(
                f"a batch of {batch_size} can't be dealt out to {world_size} processes; "
                f"take a multiple of {world_size}"
            )
        if not 0 <= rank < world_size:
            raise ValueError(f"rank {rank} is not one of {world_size} processes, 0 is the first")
        self.batch_size, self.steps, self.start = batch_size, steps, start
        self.rank, self.world_size = rank, world_size

    def __len__(self) -> int:
        return max(0, self.steps - self.start)

    def __iter__(self) -> Iterator[list[int]]:
        share = self.batch_size // self.world_size
        for step in range(self.start, self.steps):
            first = step * self.batch_size + self.rank * share
            yield list(range(first, first + share))

    def from_step(self, start: int) -> StepSampler:
        """The same steps less the first ``start``."""
        return StepSampler(self.batch_size, self.steps, start, self.rank, self.world_size)

    def for_rank(self, rank: int, world_size: int) -> StepSampler:
        """The same steps, of each batch the slice of one of several processes."""
        return StepSampler(self.batch_size, self.steps, self.start, rank, world_size)


class StepLoader(DataLoader[Batch]):
    """One `Batch` for each step of a run, from its first or any later one; see `make_loader`."""

    def __init__(self, dataset: Dataset[Batch], sampler: StepSampler, workers: int) -> None:
        super().__init__(
            dataset,
            batch_sampler=sampler,
            num_workers=workers if len(sampler) else 0,
            collate_fn=collate,
            pin_memory=torch.cuda.is_available(),
            prefetch_factor=PREFETCHED if workers and len(sampler) else None,
            # Starting to iterate draws a number, which else would come from the global generator.
            generator=torch.Generator(),
        )
        self._sampler = sampler

    @property
    def settings(self) -> dict[str, Any]:
        """What the batches depend on, as JSON can hold it."""
        of_data: dict[str, Any] = getattr(self.dataset, "settings", {})
        return {"batch_size": self._sampler.batch_size, **of_data}

    def from_step(self, start: int) -> StepLoader:
        """The same batches less those of the first ``start`` steps."""
        return StepLoader(self.dataset, self._sampler.from_step(start), self.num_workers)

    def for_rank(self, rank: int, world_size: int) -> StepLoader:
        """Of the same batches the slice of one of several processes; `train` asks for it."""
        return StepLoader(self.dataset, self._sampler.for_rank(rank, world_size), self.num_workers)


def collate(items: Sequence[Batch]) -> Batch:
    """Items without a batch axis as one batch, laid out with the channels last."""
    parts = (torch.stack(part) for part in zip(*items, strict=True))
    return Batch(*(part.contiguous(memory_format=torch.channels_last) for part in parts))


def make_loader(
    dataset: Dataset[Batch],
    *,
    batch_size: int,
    steps: int,
    start: int = 0,
    workers: int = 0,
    rank: int = 0,
    world_size: int = 1,
) -> StepLoader:
    """One `Batch` for each step from ``start`` to ``steps`` − 1.

    Args:
        dataset: `CropDataset`, `PairCrops`, or several of them in `augment.MergedCrops`.
        batch_size, steps, start, rank, world_size: as `StepSampler` takes them.
        workers: processes that prepare batches beside training; 0 does it in this one. What
            the batches hold doesn't depend on it.
    """
    return StepLoader(dataset, StepSampler(batch_size, steps, start, rank, world_size), workers)


def held_out_batch(
    photos: Mapping[str, np.ndarray],
    kind: str,
    size: int,
    seed: int,
    count: int,
    *,
    scale: float = 1.0,
) -> Batch:
    """Fixed pairs to measure on: crops spread over held-out photographs, each with its own rain.

    The photographs take turns. The first crop of each is its centre, the others spread evenly.

    Args:
        photos: name → uint8 H×W×3, those that no network trains on.
        kind, size, scale: as `CropDataset` takes them.
        seed: ≥ 0, of the rain; the places don't depend on it.
        count: N, how many pairs.

    Returns:
        N×3×size×size in [−1, 1] twice, and masks N×1×size×size.

    Raises:
        ValueError: no photograph, one that is smaller than the crops, no such kind, a seed < 0.
    """
    if not photos or count < 1:
        raise ValueError(f"{count} pairs of {len(photos)} photographs: give at least one of each")
    _require_seed(seed)
    scenes = [prepare_photo(photo, name=name) for name, photo in photos.items()]
    items = []
    for n in range(count):
        scene = scenes[n % len(scenes)]
        _require_room(scene.photo, size, f"the photograph {scene.name!r}")
        height, width = scene.photo.shape[:2]
        # The additive sequence with the plastic number covers a square most evenly
        # (M. Roberts 2018); it starts in the middle.
        y, x = (0.5 + n // len(scenes) * np.array([0.7548776662, 0.5698402910])) % 1
        window = (int(y * (height - size + 1)), int(x * (width - size + 1)), size, size)
        rng = np.random.default_rng((seed, n, 2))
        canvas = draw_canvas(kind, (size, size), rng, scale=scale)
        items.append(as_tensors(apply_canvas(canvas, scene, window=window)))
    return Batch(*(torch.stack(parts) for parts in zip(*items, strict=True)))


def as_tensors(pair: Pair) -> Batch:
    """One pair without a batch axis: 3×H×W in [−1, 1] twice, and the mask 1×H×W, 0 or 1."""
    rainy, clean = to_model([pair.rainy, pair.clean])
    return Batch(rainy, clean, torch.from_numpy(pair.mask[None].astype(np.float32)))


def _require_seed(seed: int) -> None:
    if seed < 0:
        raise ValueError(f"a seed is 0 or more; it is {seed}")


def _digest(pairs: Pairs) -> str:
    """The pixels of all pairs, in eight letters."""
    checksum = 0
    for index in range(len(pairs)):
        for picture in (pairs[index].rainy, pairs[index].clean):
            checksum = zlib.crc32(np.ascontiguousarray(picture).data, checksum)
    return f"{checksum:08x}"


def _require_room(picture: np.ndarray, size: int, what: str) -> None:
    height, width = picture.shape[:2]
    if min(height, width) < size or size < 1:
        raise ValueError(
            f"{what} is {height}×{width}, crops of {size}×{size} don't fit; take crops of at most "
            f"{min(height, width)}, or leave it out"
        )


def _random_place(picture: np.ndarray, size: int, rng: np.random.Generator) -> tuple[int, int]:
    """Top and left of a crop that lies wholly inside, every place equally likely."""
    height, width = picture.shape[:2]
    return int(rng.integers(height - size + 1)), int(rng.integers(width - size + 1))


def _crop(pair: Pair, top: int, left: int, size: int) -> Pair:
    part = np.s_[top : top + size, left : left + size]
    return Pair(
        rainy=pair.rainy[part], clean=pair.clean[part], mask=pair.mask[part], name=pair.name
    )


def _mirrored(pair: Pair) -> Pair:
    """Left and right exchanged: the scene stays natural, and the rain falls from the other side."""
    return Pair(
        rainy=pair.rainy[:, ::-1],
        clean=pair.clean[:, ::-1],
        mask=pair.mask[:, ::-1],
        name=pair.name,
    )
