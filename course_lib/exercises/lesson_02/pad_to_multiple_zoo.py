"""Exercise 02.5: wrong answers and valid alternatives."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.checks.task import Equivalent, WrongAnswer

Padded = tuple[Tensor, tuple[slice, slice]]


def _borders(image: Tensor, multiple: int) -> tuple[int, int, int, int]:
    """What is missing on top, at the bottom, to the left and to the right."""
    rows, columns = -image.shape[-2] % multiple, -image.shape[-1] % multiple
    return rows // 2, rows - rows // 2, columns // 2, columns - columns // 2


def _filled(
    image: Tensor, top: int, bottom: int, left: int, right: int, mode: str | None = None
) -> Padded:
    """A right end to wrong borders: mode and slices as they should be for these."""
    height, width = image.shape[-2:]
    fits = max(top, bottom) < height and max(left, right) < width
    mode = mode or ("reflect" if fits else "replicate")
    padded = F.pad(image, (left, right, top, bottom), mode=mode)
    return padded, (slice(top, top + height), slice(left, left + width))


def _zeros(image: Tensor, multiple: int) -> Padded:
    return _filled(image, *_borders(image, multiple), mode="constant")


def _always_replicate(image: Tensor, multiple: int) -> Padded:
    return _filled(image, *_borders(image, multiple), mode="replicate")


def _always_reflect(image: Tensor, multiple: int) -> Padded:
    return _filled(image, *_borders(image, multiple), mode="reflect")


def _circular(image: Tensor, multiple: int) -> Padded:
    return _filled(image, *_borders(image, multiple), mode="circular")


def _zeros_for_small_ones(image: Tensor, multiple: int) -> Padded:
    top, bottom, left, right = _borders(image, multiple)
    small = bottom >= image.shape[-2] or right >= image.shape[-1]
    return _filled(image, top, bottom, left, right, "constant" if small else "reflect")


def _symmetric(image: Tensor, multiple: int) -> Padded:
    top, bottom, left, right = _borders(image, multiple)
    width = ((0, 0), (0, 0), (top, bottom), (left, right))
    padded = torch.from_numpy(np.pad(image.numpy(), width, mode="symmetric"))
    _, cut = _filled(image, top, bottom, left, right)
    return padded, cut


def _mirrored_again_and_again(image: Tensor, multiple: int) -> Padded:
    top, bottom, left, right = _borders(image, multiple)
    width = ((0, 0), (0, 0), (top, bottom), (left, right))
    padded = torch.from_numpy(np.pad(image.numpy(), width, mode="reflect"))
    return padded, (slice(top, padded.shape[2] - bottom), slice(left, padded.shape[3] - right))


def _each_side_alone(image: Tensor, multiple: int) -> Padded:
    top, bottom, left, right = _borders(image, multiple)
    tall, (rows, _) = _filled(image, top, bottom, 0, 0)
    padded, (_, columns) = _filled(tall, 0, 0, left, right)
    return padded, (rows, columns)


def _smaller_than_the_multiple(image: Tensor, multiple: int) -> Padded:
    small = min(image.shape[-2:]) < multiple
    return _filled(image, *_borders(image, multiple), "replicate" if small else "reflect")


def _all_that_is_missing(image: Tensor, multiple: int) -> Padded:
    height, width = image.shape[-2:]
    top, bottom, left, right = _borders(image, multiple)
    fits = top + bottom < height and left + right < width
    return _filled(image, top, bottom, left, right, "reflect" if fits else "replicate")


def _widest_against_shortest(image: Tensor, multiple: int) -> Padded:
    borders = _borders(image, multiple)
    fits = max(borders) < min(image.shape[-2:])
    return _filled(image, *borders, "reflect" if fits else "replicate")


def _as_wide_as_the_side(image: Tensor, multiple: int) -> Padded:
    height, width = image.shape[-2:]
    top, bottom, left, right = _borders(image, multiple)
    mode = "replicate" if bottom > height or right > width else "reflect"
    return _filled(image, top, bottom, left, right, mode)


def _bottom_and_right(image: Tensor, multiple: int) -> Padded:
    height, width = image.shape[-2:]
    return _filled(image, 0, -height % multiple, 0, -width % multiple)


def _top_and_left(image: Tensor, multiple: int) -> Padded:
    height, width = image.shape[-2:]
    return _filled(image, -height % multiple, 0, -width % multiple, 0)


def _odd_pixel_on_top(image: Tensor, multiple: int) -> Padded:
    top, bottom, left, right = _borders(image, multiple)
    return _filled(image, bottom, top, right, left)


def _a_whole_multiple_more(image: Tensor, multiple: int) -> Padded:
    height, width = image.shape[-2:]
    rows, columns = multiple - height % multiple, multiple - width % multiple
    return _filled(image, rows // 2, rows - rows // 2, columns // 2, columns - columns // 2)


def _what_is_too_much(image: Tensor, multiple: int) -> Padded:
    height, width = image.shape[-2:]
    rows, columns = height % multiple, width % multiple
    return _filled(image, rows // 2, rows - rows // 2, columns // 2, columns - columns // 2)


def _rows_first(image: Tensor, multiple: int) -> Padded:
    height, width = image.shape[-2:]
    top, bottom, left, right = _borders(image, multiple)
    padded = F.pad(image, (top, bottom, left, right), mode="reflect")
    return padded, (slice(top, top + height), slice(left, left + width))


def _width_by_height(image: Tensor, multiple: int) -> Padded:
    width, height = image.shape[-2:]
    rows, columns = -height % multiple, -width % multiple
    return _filled(image, rows // 2, rows - rows // 2, columns // 2, columns - columns // 2)


def _square(image: Tensor, multiple: int) -> Padded:
    top, bottom, _, _ = _borders(image, multiple)
    return _filled(image, top, bottom, top, bottom)


def _both_ends_everything(image: Tensor, multiple: int) -> Padded:
    rows, columns = -image.shape[-2] % multiple, -image.shape[-1] % multiple
    return _filled(image, rows, rows, columns, columns)


def _odd_pixel_lost(image: Tensor, multiple: int) -> Padded:
    top, _, left, _ = _borders(image, multiple)
    return _filled(image, top, top, left, left)


def _odd_pixel_twice(image: Tensor, multiple: int) -> Padded:
    _, bottom, _, right = _borders(image, multiple)
    return _filled(image, bottom, bottom, right, right)


def _power_of_two(image: Tensor, multiple: int) -> Padded:
    sides = [max(multiple, 2 ** math.ceil(math.log2(side))) for side in image.shape[-2:]]
    rows, columns = sides[0] - image.shape[-2], sides[1] - image.shape[-1]
    return _filled(image, rows // 2, rows - rows // 2, columns // 2, columns - columns // 2)


def _cropped(image: Tensor, multiple: int) -> Padded:
    height, width = (side // multiple * multiple for side in image.shape[-2:])
    return image[..., :height, :width], (slice(0, height), slice(0, width))


def _resized(image: Tensor, multiple: int) -> Padded:
    height, width = (math.ceil(side / multiple) * multiple for side in image.shape[-2:])
    return F.interpolate(image, size=(height, width)), (slice(0, height), slice(0, width))


def _nothing(image: Tensor, multiple: int) -> Padded:
    return image, (slice(0, image.shape[-2]), slice(0, image.shape[-1]))


def _negative_ends(image: Tensor, multiple: int) -> Padded:
    top, bottom, left, right = _borders(image, multiple)
    padded, _ = _filled(image, top, bottom, left, right)
    return padded, (slice(top, -bottom), slice(left, -right))


def _slices_swapped(image: Tensor, multiple: int) -> Padded:
    padded, (rows, columns) = _filled(image, *_borders(image, multiple))
    return padded, (columns, rows)


def _ends_at_the_old_side(image: Tensor, multiple: int) -> Padded:
    top, bottom, left, right = _borders(image, multiple)
    padded, _ = _filled(image, top, bottom, left, right)
    return padded, (slice(top, image.shape[-2]), slice(left, image.shape[-1]))


def _begins_at_zero(image: Tensor, multiple: int) -> Padded:
    padded, _ = _filled(image, *_borders(image, multiple))
    return padded, (slice(0, image.shape[-2]), slice(0, image.shape[-1]))


def _last_one_left_out(image: Tensor, multiple: int) -> Padded:
    padded, (rows, columns) = _filled(image, *_borders(image, multiple))
    return padded, (slice(rows.start, rows.stop - 1), slice(columns.start, columns.stop - 1))


def _slices_of_floats(image: Tensor, multiple: int) -> Padded:
    padded, (rows, columns) = _filled(image, *_borders(image, multiple))
    return padded, (slice(rows.start / 1, rows.stop / 1), columns)


def _no_slices(image: Tensor, multiple: int) -> Tensor:
    return _filled(image, *_borders(image, multiple))[0]


def _three_things(image: Tensor, multiple: int) -> tuple[Tensor, slice, slice]:
    padded, (rows, columns) = _filled(image, *_borders(image, multiple))
    return padded, rows, columns


def _numbers(image: Tensor, multiple: int) -> tuple[Tensor, tuple[int, ...]]:
    padded, (rows, columns) = _filled(image, *_borders(image, multiple))
    return padded, (rows.start, rows.stop, columns.start, columns.stop)


def _a_module(image: Tensor, multiple: int) -> tuple[nn.Module, Any]:
    top, bottom, left, right = _borders(image, multiple)
    return nn.ReflectionPad2d((left, right, top, bottom)), _filled(image, 0, 0, 0, 0)[1]


def _channels_too(image: Tensor, multiple: int) -> Padded:
    padded, cut = _filled(image, *_borders(image, multiple))
    return F.pad(padded, (0, 0, 0, 0, 0, -image.shape[1] % multiple)), cut


def _brightened(image: Tensor, multiple: int) -> Padded:
    return _filled((image + 1) / 2, *_borders(image, multiple))


def _in_place(image: Tensor, multiple: int) -> Padded:
    padded, cut = _filled(image, *_borders(image, multiple))
    image.clamp_(-0.5, 0.5)
    return padded, cut


def _by_ceil(image: Tensor, multiple: int) -> Padded:
    height, width = image.shape[2], image.shape[3]
    new_height = math.ceil(height / multiple) * multiple
    new_width = (width + multiple - 1) // multiple * multiple
    top, left = (new_height - height) // 2, (new_width - width) // 2
    bottom, right = new_height - height - top, new_width - width - left
    try:
        padded = F.pad(image, (left, right, top, bottom), mode="reflect")
    except RuntimeError:
        padded = F.pad(image, (left, right, top, bottom), mode="replicate")
    return padded, (slice(top, new_height - bottom), slice(left, new_width - right))


def _by_modules(image: Tensor, multiple: int) -> Padded:
    height, width = image.shape[-2:]
    missing = [(multiple - side % multiple) % multiple for side in (height, width)]
    (top, bottom), (left, right) = [(m // 2, math.ceil(m / 2)) for m in missing]
    layer = nn.ReplicationPad2d if bottom >= height or right >= width else nn.ReflectionPad2d
    padded = layer((left, right, top, bottom))(image)
    rows = slice(top, -bottom if bottom else None)
    return padded, (rows, slice(left, -right or None))


def _by_indices(image: Tensor, multiple: int) -> Padded:
    ats, cuts, mirror = [], [], True
    for side in image.shape[-2:]:
        more = -side % multiple
        ats.append(torch.arange(-(more // 2), side + more - more // 2))
        cuts.append(slice(more // 2, more // 2 + side, 1))
        mirror = mirror and more - more // 2 < side
    for n, side in enumerate(image.shape[-2:]):
        if mirror:
            folded = ats[n].abs()
            ats[n] = torch.where(folded < side, folded, 2 * (side - 1) - folded)
        else:
            ats[n] = ats[n].clamp(0, side - 1)
    return image[:, :, ats[0]][:, :, :, ats[1]], (cuts[0], cuts[1])


def _by_numpy(image: Tensor, multiple: int) -> list[Any]:
    top, bottom, left, right = _borders(image, multiple)
    mode = "reflect" if bottom < image.shape[2] and right < image.shape[3] else "edge"
    array = image.detach().cpu().numpy()
    padded = np.pad(array, ((0, 0), (0, 0), (top, bottom), (left, right)), mode=mode)  # type: ignore[call-overload]
    cut = [slice(top, top + image.shape[2]), slice(left, left + image.shape[3])]
    return [torch.from_numpy(padded).to(image), cut]


WRONG = (
    WrongAnswer(answer=_zeros, diagnosis="filled with zeros"),
    WrongAnswer(answer=_always_replicate, diagnosis="even where the picture is large enough"),
    WrongAnswer(answer=_always_reflect, diagnosis="A border can only be mirrored where"),
    WrongAnswer(answer=_circular, diagnosis="opposite side of the picture"),
    WrongAnswer(answer=_zeros_for_small_ones, diagnosis="mall pictures get zeros"),
    WrongAnswer(answer=_symmetric, diagnosis="your mirror stands on the picture's edge"),
    WrongAnswer(answer=_mirrored_again_and_again, diagnosis="mirrored again and again"),
    WrongAnswer(answer=_each_side_alone, diagnosis="your other side is mirrored nevertheless"),
    WrongAnswer(answer=_smaller_than_the_multiple, diagnosis="pictures smaller than the multiple"),
    WrongAnswer(answer=_all_that_is_missing, diagnosis="compare all that a side lacks"),
    WrongAnswer(answer=_widest_against_shortest, diagnosis="widest border with the shortest side"),
    WrongAnswer(answer=_as_wide_as_the_side, diagnosis="A border can only be mirrored where"),
    WrongAnswer(answer=_bottom_and_right, diagnosis="at the bottom and the right. Deal"),
    WrongAnswer(answer=_top_and_left, diagnosis="at the top and the left. Deal"),
    WrongAnswer(answer=_odd_pixel_on_top, diagnosis="odd pixel is at the top or the left"),
    WrongAnswer(answer=_a_whole_multiple_more, diagnosis="grows by a whole multiple"),
    WrongAnswer(answer=_what_is_too_much, diagnosis="what it has too much"),
    WrongAnswer(answer=_rows_first, diagnosis="rows and columns are swapped"),
    WrongAnswer(answer=_width_by_height, diagnosis="rows and columns are swapped"),
    WrongAnswer(answer=_square, diagnosis="the same border goes round all sides"),
    WrongAnswer(answer=_both_ends_everything, diagnosis="added at both ends, twice in all"),
    WrongAnswer(answer=_odd_pixel_lost, diagnosis="an odd pixel gets lost"),
    WrongAnswer(answer=_odd_pixel_twice, diagnosis="odd ones get a pixel too many"),
    WrongAnswer(answer=_power_of_two, diagnosis="to a power of two"),
    WrongAnswer(answer=_cropped, diagnosis="cut the picture down"),
    WrongAnswer(answer=_resized, diagnosis="nowhere in your padded ones"),
    WrongAnswer(answer=_nothing, diagnosis="nothing grows"),
    WrongAnswer(answer=_negative_ends, diagnosis="-0 is 0"),
    WrongAnswer(answer=_slices_swapped, diagnosis="slices are in the wrong order"),
    WrongAnswer(answer=_ends_at_the_old_side, diagnosis="the old ones lie in slice("),
    WrongAnswer(answer=_begins_at_zero, diagnosis="they begin behind the border"),
    WrongAnswer(answer=_last_one_left_out, diagnosis="are as large as before"),
    WrongAnswer(answer=_slices_of_floats, diagnosis="slice indices must be integers"),
    WrongAnswer(answer=_no_slices, diagnosis="the padded pictures alone"),
    WrongAnswer(answer=_three_things, diagnosis="three things"),
    WrongAnswer(answer=_numbers, diagnosis="two slices are expected"),
    WrongAnswer(answer=_a_module, diagnosis="a tensor is expected"),
    WrongAnswer(answer=_channels_too, diagnosis="only height and width may change"),
    WrongAnswer(answer=_brightened, diagnosis="nowhere in your padded ones"),
    WrongAnswer(answer=_in_place, diagnosis="changes its input `image`"),
)

VALID = (_by_ceil, _by_modules, _by_indices, _by_numpy)

EQUIVALENT = (
    Equivalent(
        mutant="line 1: -2 → 2",
        why="Of the four axes of N×C×H×W, the last two are those from the third on.",
    ),
)
