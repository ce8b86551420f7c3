"""Whole photographs through a network, in overlapping tiles where they are large."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise

import numpy as np
import torch
from torch import nn

from course_lib.models.padding import pad_to_multiple
from course_lib.ranges import from_model, to_model, to_uint8, to_unit

# A picture of up to LARGEST × LARGEST pixels goes through at once. For that a U-Net of 64
# channels needs some 350 bytes a pixel beside its weights: 1.5 GB for the largest.
LARGEST = 2048
# What neighbouring tiles share unless told: pixels, and multiples of the generator's `multiple`.
# With half of that, seams of three grey levels came up in U-Nets trained for 100 steps.
SHARED, FAR = 128, 4


@torch.no_grad()
def restore_picture(
    generator: nn.Module,
    rainy: np.ndarray,
    *,
    tile: int | None = None,
    overlap: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> np.ndarray:
    """Restore a whole picture of any size, in tiles where it is large.

    The generator answers in eval mode, on its own device; its mode is put back after. Tiles
    begin at multiples of ``generator.multiple`` (1 where it has none), so that the grids of its
    strides agree. Across an overlap one tile gives way to the next smoothly. The outer quarter
    of the overlap doesn't count at all: what a tile shows there, it made beside a border that
    the picture doesn't have.

    So tiles give the very picture that a single pass gives, where no output depends on an input
    farther away than a quarter of the overlap. A deep U-Net sees farther, in a tile no farther
    than the tile: then the two differ a little. With the overlap that is chosen for tiles of 256
    pixels and eight multiples or more, the difference changes by less than a grey level from
    one pixel to the next, so there is no seam to see.

    Args:
        generator: N×3×H×W in [−1, 1] → the same, such as a `UNetGenerator`.
        rainy: H×W×3, uint8 or floats in [0, 1].
        tile: side of the tiles, pixels, rounded down to a multiple of the generator's. Without
            it, the picture goes through at once, or in tiles of 2048 pixels where it has more
            than 2048×2048.
        overlap: pixels that neighbouring tiles share at least; 128 or four multiples without it,
            whichever is more, but not more than half a tile.
        progress: called after each tile with the share of the tiles that are done.

    Returns:
        The restored picture, with the shape and the type of ``rainy``.

    Raises:
        ValueError: not one picture H×W×3, floats outside [0, 1], a tile too small for the
            generator or the overlap, a generator that changes the size.
        TypeError: neither uint8 nor floating point.
        torch.OutOfMemoryError: too little GPU memory even for the smallest tiles.

    Warns:
        UserWarning: the GPU's memory didn't suffice, so tiles of half the size are tried.
    """
    rainy = np.asarray(rainy)
    if rainy.ndim != 3 or rainy.shape[2] != 3 or not rainy.size:
        raise ValueError(
            f"restore_picture takes one picture H×W×3, got the shape {rainy.shape}; give the "
            "pictures of a batch one by one, make grey ones np.dstack([grey] * 3), and leave "
            "out transparency with picture[..., :3]"
        )
    multiple = getattr(generator, "multiple", 1)
    if tile is not None:  # one that won't do is an error for a small picture, too
        _step(tile, overlap, multiple)
    padded, (rows, columns) = pad_to_multiple(to_model([rainy]), multiple)
    longest = max(padded.shape[-2:])
    if tile is None:
        height, width = rainy.shape[:2]
        tile = LARGEST if height * width > LARGEST**2 else longest
    with evaluating(generator):
        tile = min(tile, longest)
        restored = _with_enough_memory(generator, padded, tile, overlap, multiple, progress)
    picture = from_model(restored[0, :, rows, columns])
    return to_uint8(picture) if rainy.dtype == np.uint8 else picture.astype(rainy.dtype, copy=False)


def restore_at(
    generator: nn.Module,
    rainy: np.ndarray,
    pixels: int,
    *,
    tile: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> np.ndarray:
    """Restore a large picture by way of a small copy.

    The generator restores the copy. The change that it makes is enlarged and added to the picture,
    whose fine detail stays. So a generator that was trained on small pictures can remove drops
    that cover hundreds of pixels.

    Args:
        generator, rainy, tile, progress: as `restore_picture` takes them.
        pixels: how many the copy may have; a picture of no more is restored as it is.

    Returns:
        The restored picture, with the shape and the type of ``rainy``.

    Raises:
        ValueError, TypeError, torch.OutOfMemoryError: see `restore_picture`.
    """
    rainy = np.asarray(rainy)
    if rainy.ndim != 3 or rainy.shape[2] != 3 or rainy.shape[0] * rainy.shape[1] <= pixels:
        return restore_picture(generator, rainy, tile=tile, progress=progress)
    height, width = rainy.shape[:2]
    small = shrunk(rainy, pixels)
    restored = restore_picture(generator, small, tile=tile, progress=progress)
    change = torch.from_numpy(restored - small).permute(2, 0, 1)[None]
    enlarged = nn.functional.interpolate(change, size=(height, width), mode="bicubic")
    picture = to_unit(rainy, np.float32) + enlarged[0].permute(1, 2, 0).numpy()
    np.clip(picture, 0, 1, out=picture)
    return to_uint8(picture) if rainy.dtype == np.uint8 else picture.astype(rainy.dtype, copy=False)


def shrunk(picture: np.ndarray, pixels: int) -> np.ndarray:
    """A copy of a picture H×W×3 with so many pixels at most: float32 in [0, 1], h×w×3."""
    height, width = picture.shape[:2]
    factor = max(1.0, (height * width / pixels) ** 0.5)
    shorter = max(1, int(min(height, width) / factor))
    longer = max(1, min(int(max(height, width) / factor), pixels // shorter))
    size = (shorter, longer) if height <= width else (longer, shorter)
    planes = torch.from_numpy(np.array(to_unit(picture, np.float32), order="C"))
    planes = planes.permute(2, 0, 1)[None]
    if size != (height, width):
        planes = nn.functional.interpolate(planes, size=size, mode="bilinear", antialias=True)
    return planes[0].permute(1, 2, 0).clamp(0, 1).contiguous().numpy()


@contextmanager
def evaluating(network: nn.Module) -> Iterator[None]:
    """The network in eval mode; after, each of its modules is in the mode that it had."""
    modes = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


def _with_enough_memory(
    generator: nn.Module,
    padded: torch.Tensor,
    tile: int,
    overlap: int | None,
    multiple: int,
    progress: Callable[[float], None] | None,
) -> torch.Tensor:
    """`_in_tiles`, with tiles of half the side as often as a GPU runs out of memory."""
    while True:
        try:
            return _in_tiles(generator, padded, tile, overlap, multiple, progress)
        except torch.OutOfMemoryError:
            if tile // 2 < smallest_tile(overlap, multiple):
                raise
        # Out here, because in there the error still holds on to what filled the memory.
        tile //= 2
        warnings.warn(
            f"the GPU has too little memory for this picture in one piece or in tiles of {2 * tile}"
            f" pixels; trying tile={tile}",
            stacklevel=4,  # whoever called restore_picture, which torch.no_grad wraps
        )


def _in_tiles(
    generator: nn.Module,
    padded: torch.Tensor,
    tile: int,
    overlap: int | None,
    multiple: int,
    progress: Callable[[float], None] | None,
) -> torch.Tensor:
    """1×3×H×W → restored, on the CPU; both sides are multiples."""
    device = next((p.device for p in generator.parameters()), torch.device("cpu"))
    vertical, horizontal = (
        _windows(length, tile, overlap, multiple) for length in padded.shape[-2:]
    )
    restored = torch.zeros_like(padded)
    done = 0
    for rows, row_weights in vertical:
        for columns, column_weights in horizontal:
            piece = padded[..., rows, columns].to(device)
            answer = generator(piece)
            if answer.shape != piece.shape:
                raise ValueError(
                    f"this generator made {'×'.join(map(str, answer.shape))} of "
                    f"{'×'.join(map(str, piece.shape))}; a picture can only be restored by one "
                    "that keeps the size"
                )
            weights = row_weights[:, None] * column_weights
            restored[..., rows, columns] += weights * answer.float().cpu()
            done += 1
            if progress:
                progress(done / (len(vertical) * len(horizontal)))
    return restored


def smallest_tile(overlap: int | None, multiple: int) -> int:
    """The side from which on tiles that overlap so much get anywhere."""
    least = multiple if overlap is None else overlap
    return (-(-least // multiple) + 1) * multiple


def _step(tile: int, overlap: int | None, multiple: int) -> int:
    """By how much each tile is farther along than the one before, at most."""
    if overlap is not None and overlap < 0:
        raise ValueError(
            f"overlap={overlap} is negative; neighbouring tiles share 0 pixels or more"
        )
    smallest = smallest_tile(overlap, multiple)
    if tile < smallest:
        raise ValueError(
            f"tile={tile} is too small: with this generator, tiles begin at multiples of "
            f"{multiple}, and overlap by {smallest - multiple} then; take tile={smallest} or "
            "more, or a smaller overlap"
        )
    tile = tile // multiple * multiple
    if overlap is None:
        overlap = min(max(SHARED, FAR * multiple), tile // 2)
    return (tile - overlap) // multiple * multiple


def _windows(
    length: int, tile: int, overlap: int | None, multiple: int
) -> list[tuple[slice, torch.Tensor]]:
    """Where tiles lie along one side of the picture, and how much each of their pixels counts.

    The weights of all tiles at one pixel add up to 1.
    """
    if tile >= length:
        return [(slice(0, length), torch.ones(length))]
    step = _step(tile, overlap, multiple)
    tile = tile // multiple * multiple
    steps = -(-(length - tile) // step)
    starts = [(length - tile) // multiple * n // steps * multiple for n in range(steps + 1)]
    weights = torch.ones(len(starts), tile, dtype=torch.float64)
    for n, (before, after) in enumerate(pairwise(starts)):
        shared = before + tile - after
        rise = _rise(shared)
        weights[n + 1, :shared] *= rise
        weights[n, tile - shared :] *= 1 - rise
    windows = [slice(start, start + tile) for start in starts]
    total = torch.zeros(length, dtype=torch.float64)  # not 1 where three tiles meet
    for window, weight in zip(windows, weights, strict=True):
        total[window] += weight
    return [(w, (x / total[w]).float()) for w, x in zip(windows, weights, strict=True)]


def _rise(shared: int) -> torch.Tensor:
    """From 0 to 1 over the middle half of what two tiles share, as sin² of a right angle."""
    share = (torch.arange(shared, dtype=torch.float64) + 0.5) / shared
    return torch.sin(torch.pi / 2 * (2 * share - 0.5).clamp(0, 1)) ** 2
