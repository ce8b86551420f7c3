"""Wrong ways to pad a picture to a multiple, for the diagnoses of exercise 02.5."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

Borders = tuple[int, int, int, int]  # left, right, top, bottom, as F.pad takes them
Pad = Callable[[Tensor, int], Tensor]


def _borders(image: Tensor, multiple: int) -> Borders:
    """The right ones."""
    height, width = image.shape[-2:]
    rows, columns = -height % multiple, -width % multiple
    return columns // 2, columns - columns // 2, rows // 2, rows - rows // 2


def _fits(image: Tensor, borders: Borders) -> bool:
    """Can the picture be mirrored so far?"""
    height, width = image.shape[-2:]
    return max(borders[2:]) < height and max(borders[:2]) < width


def _to_sides(new: Callable[[int, int], int]) -> Pad:
    """An empty picture whose sides another formula gives, of the old side and the multiple."""
    return lambda image, multiple: image.new_empty(
        *(new(side, multiple) for side in image.shape[-2:])
    )


def _dealt_out(change: Callable[..., Borders]) -> Pad:
    """Other borders, made of (left, right, top, bottom) and filled in the right way."""

    def pad(image: Tensor, multiple: int) -> Tensor:
        borders = change(*_borders(image, multiple))
        return F.pad(image, borders, mode="reflect" if _fits(image, borders) else "replicate")

    return pad


def _in_mode(mode: str, *, small: str | None = None) -> Pad:
    """The right borders, filled in another way, where the picture is small in a way of its own."""

    def pad(image: Tensor, multiple: int) -> Tensor:
        borders = _borders(image, multiple)
        return F.pad(image, borders, mode=mode if _fits(image, borders) else small or mode)

    return pad


def _mirrored_if(condition: Callable[[Tensor, int], bool]) -> Pad:
    """The right borders, mirrored under another condition."""
    return lambda image, multiple: F.pad(
        image,
        _borders(image, multiple),
        mode="reflect" if condition(image, multiple) else "replicate",
    )


def _by_numpy(mode: str) -> Pad:
    """The right borders, filled in one of numpy's ways."""

    def pad(image: Tensor, multiple: int) -> Tensor:
        left, right, top, bottom = _borders(image, multiple)
        widths = ((0, 0), (0, 0), (top, bottom), (left, right))
        return torch.from_numpy(np.pad(image.numpy(), widths, mode))  # type: ignore[call-overload]

    return pad


def _each_side_alone(image: Tensor, multiple: int) -> Tensor:
    left, right, top, bottom = _borders(image, multiple)
    for borders in ((left, right, 0, 0), (0, 0, top, bottom)):
        image = F.pad(image, borders, mode="reflect" if _fits(image, borders) else "replicate")
    return image


# By size alone: diagnosis → a function with such sizes, whatever it puts there.
SIZES: dict[str, Pad] = {
    "a side that is a multiple already grows by a whole multiple: `multiple - side % multiple` is "
    "then the multiple itself, `-side % multiple` is 0": _to_sides(lambda s, m: s + m - s % m),
    "each side grows by side % multiple, what it has too much; what it lacks is -side % multiple": (
        _to_sides(lambda s, m: s + s % m)
    ),
    "rows and columns are swapped: F.pad takes the last axis first, (left, right, top, bottom)": (
        _dealt_out(lambda left, right, top, bottom: (top, bottom, left, right))
    ),
    "the same border goes round all sides; height and width lack different numbers of pixels": (
        _dealt_out(lambda left, right, top, bottom: (top, bottom, top, bottom))
    ),
    "all that is missing is added at both ends, twice in all; deal it out between them": (
        _dealt_out(lambda left, right, top, bottom: (*2 * (left + right,), *2 * (top + bottom,)))
    ),
    "each end gets half of what is missing, rounded down, so that an odd pixel gets lost": (
        _dealt_out(lambda left, right, top, bottom: (left, left, top, top))
    ),
    "each end gets half of what is missing, rounded up, so that odd ones get a pixel too many": (
        _dealt_out(lambda left, right, top, bottom: (right, right, bottom, bottom))
    ),
    "every side grows by the multiple; it grows by what it lacks": _to_sides(lambda s, m: s + m),
    "only the height grows": _dealt_out(lambda left, right, top, bottom: (0, 0, top, bottom)),
    "only the width grows": _dealt_out(lambda left, right, top, bottom: (left, right, 0, 0)),
    "nothing grows": lambda image, multiple: image,
    "you cut the picture down to the multiple below; it grows to the next one": _to_sides(
        lambda s, m: s // m * m
    ),
    "your sides grow to a power of two; they should to the next multiple": _to_sides(
        lambda s, m: max(m, 2 ** (s - 1).bit_length())
    ),
}

BORDERS: dict[str, Pad] = {
    'the new border is filled with zeros: F.pad takes the mode "constant" unless told. The '
    'docstring mirrors the picture, "reflect".': _in_mode("constant"),
    "the last pixels are repeated even where the picture is large enough to be mirrored: "
    '"reflect" is for those, "replicate" for the small ones.': _in_mode("replicate"),
    "the border is taken from the opposite side of the picture (circular); the docstring "
    "mirrors it.": _in_mode("circular"),
    "your mirror stands on the picture's edge, so that its last pixel comes twice; with "
    '"reflect" it stands in the middle of the last pixel.': _by_numpy("symmetric"),
    "the whole border is at the bottom and the right. Deal it out to both ends, the odd pixel to "
    "the bottom or the right.": _dealt_out(
        lambda left, right, top, bottom: (0, left + right, 0, top + bottom)
    ),
    "the whole border is at the top and the left. Deal it out to both ends, the odd pixel to the "
    "bottom or the right.": _dealt_out(
        lambda left, right, top, bottom: (left + right, 0, top + bottom, 0)
    ),
    "the odd pixel is at the top or the left; the docstring has it at the bottom or the right.": (
        _dealt_out(lambda left, right, top, bottom: (right, left, bottom, top))
    ),
}

# Where pictures that are large enough are right; the last ones explain what others do too.
SMALL_BORDERS: dict[str, Pad] = {
    "small pictures are mirrored again and again, as numpy does; where one mirror image isn't "
    'enough, the docstring repeats the last pixels ("replicate").': _by_numpy("reflect"),
    "where only one side is too small to be mirrored, your other side is mirrored nevertheless; "
    "the docstring repeats the last pixels on all sides then.": _each_side_alone,
    "small pictures get zeros around them; the docstring repeats their last pixels "
    '("replicate").': _in_mode("reflect", small="constant"),
    "you compare the widest border with the shortest side; each border has to be narrower than "
    "the side that it lengthens.": _mirrored_if(
        lambda image, multiple: max(_borders(image, multiple)) < min(image.shape[-2:])
    ),
    "you compare all that a side lacks with the side; only half of it, rounded up, goes to one "
    "end, and that decides whether the picture can be mirrored.": _mirrored_if(
        lambda image, multiple: all(-side % multiple < side for side in image.shape[-2:])
    ),
    "pictures smaller than the multiple get their last pixels repeated; what decides is whether a "
    "border is as wide as the picture's side.": _mirrored_if(
        lambda image, multiple: min(image.shape[-2:]) >= multiple
    ),
    "the last pixels are repeated although every border is narrower than the side that it "
    "lengthens, so that the picture can be mirrored.": _in_mode("replicate"),
}
