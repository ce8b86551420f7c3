"""Exercise 02.5: pictures of any size."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checks import expect
from course_lib.checks.attempt import Attempt, Call, describe, describe_error
from course_lib.checks.expect import Case
from course_lib.checks.result import Wrong
from course_lib.checks.task import Header, Task
from course_lib.exercises.lesson_01.losses import devices
from course_lib.exercises.lesson_02 import pad_to_multiple_zoo as zoo
from course_lib.exercises.lesson_02.paddings import BORDERS, SIZES, SMALL_BORDERS, Pad
from course_lib.models.padding import pad_to_multiple

HEADER = Header(
    id="02.5",
    title="Pictures of any size",
    difficulty=3,
    minutes=20,
    needed_for="restoring whole photographs, whatever their size",
)

HINTS = (
    "Begin with numbers alone: how many rows does a picture of height 5 lack to a multiple of 4, "
    "and one of height 8? `-height % multiple` says it for both. Then look up F.pad: which sides "
    "do its four numbers belong to, in which order?",
    "Half of what is missing, rounded down, goes on top and to the left, the rest to the bottom "
    'and the right. F.pad takes (left, right, top, bottom). Its mode "reflect" needs borders '
    'narrower than the picture; where the widest ones aren\'t, take "replicate". The old picture '
    "begins behind the upper and left borders and is as large as before.",
    "Almost the code:\n"
    "    more_rows, more_columns = -height % multiple, ...\n"
    "    top, left = more_rows // 2, ...\n"
    "    bottom, right = more_rows - top, ...\n"
    '    mode = "reflect" if bottom < height and ... else "replicate"\n'
    "    padded = F.pad(image, (..., ..., ..., ...), mode=mode)\n"
    "    return padded, (slice(top, ...), slice(left, ...))",
)

SMALL = [
    (size, multiple)
    for short, long, multiple in (
        *((3, 17, 8), (2, 20, 16), (1, 1, 4)),  # a border is wider than its side
        *((4, 5, 11), (1, 4, 2)),  # exactly as wide
        *((4, 9, 10), (2, 6, 4), (6, 11, 8)),  # just narrower
        (4, 11, 10),  # as wide as the other side
    )
    for size in ((short, long), (long, short))
]


def examine(attempt: Attempt, rng: np.random.Generator) -> None:
    """Pictures that are large enough to be mirrored, then small ones."""
    generator = torch.Generator().manual_seed(int(rng.integers(2**32)))
    for sizes, misconceptions in ((_large(rng), BORDERS), (SMALL, SMALL_BORDERS)):
        cases = [_case(size, multiple, generator) for size, multiple in sizes]
        _compare(attempt, cases, misconceptions)
    for device in devices()[1:]:
        attempt.call(torch.zeros(1, 3, 5, 9, device=device), 4, on="a picture on the GPU")


def _large(rng: np.random.Generator) -> list[tuple[tuple[int, int], int]]:
    """Sides that lack an odd and an even number of pixels, or none; square ones too."""
    m, side = int(rng.integers(5, 9)), int(rng.integers(12, 20))
    return [
        ((5, 8), 4),
        ((2 * m + 1, 3 * m - 2), m),
        ((3 * m - 1, 2 * m), m),
        ((2 * m, 3 * m + 2), m),
        ((m, 2 * m), m),
        ((side, side), 8),
        ((side, side + 3), 1),
    ]


def _case(size: tuple[int, int], multiple: int, generator: torch.Generator) -> Case:
    n, channels = (int(number) for number in torch.randint(1, 4, (2,), generator=generator))
    low, high = ((-1, 1), (0, 1), (0, 255))[n - 1]
    image = low + (high - low) * torch.rand(n, channels, *size, generator=generator)
    return Case(
        on=f"pictures of {size[0]}×{size[1]} and the multiple {multiple}", args=(image, multiple)
    )


def _compare(attempt: Attempt, cases: list[Case], misconceptions: dict[str, Pad]) -> None:
    """Sizes, then slices, then the border's values."""
    results = [_result(attempt, case) for case in cases]
    pads = [padded for padded, _, _ in results]
    _sizes(pads, cases)
    for (padded, rows, columns), case in zip(results, cases, strict=True):
        _cuts_out(padded, rows, columns, case)
    arrays = [padded.detach().cpu().numpy() for padded in pads]
    known = {text: _nothing_where_it_fails(pad) for text, pad in misconceptions.items()}
    expect.values(arrays, cases, lambda image, m: pad_to_multiple(image, m)[0], known)


def _nothing_where_it_fails(pad: Pad) -> Pad:
    def safe(image: Tensor, multiple: int) -> Tensor:
        try:
            return pad(image, multiple)
        except (RuntimeError, ValueError):  # a border that can't be made so
            return torch.zeros(0)

    return safe


def _result(attempt: Attempt, case: Case) -> tuple[Tensor, slice, slice]:
    """What the call returns, once it is a tensor and two slices."""
    call, error = attempt.outcome(*case.args, on=case.on)
    if call is None:
        more = ""
        if "less than the corresponding input dimension" in str(error):
            more = (
                ". A border can only be mirrored where it is narrower than the picture's side; "
                'where one isn\'t, the docstring repeats the last pixels, mode="replicate"'
            )
        assert error is not None
        text = describe_error(error, attempt.function)
        raise Wrong(f"On {case.on}, your function raises {text}{more}")
    padded, cut = _pair(call)
    expect.finite(call, padded.detach().cpu().numpy())
    expect.untouched(call)
    image = case.args[0]
    if padded.ndim != 4 or padded.shape[:2] != image.shape[:2]:
        raise Wrong(
            f"On {call.on}, your padded pictures are {describe(padded)}, made of "
            f"{describe(image)}: only height and width may change."
        )
    return padded, *cut


def _pair(call: Call) -> tuple[Tensor, tuple[slice, slice]]:
    value = expect.returned(call)
    if isinstance(value, Tensor):
        raise Wrong(
            "Your function returns the padded pictures alone; the lesson also needs the two slices "
            "that cut the old ones out: return padded, (rows, columns)."
        )
    parts = tuple(value) if isinstance(value, tuple | list) else ()
    if len(parts) == 3 and all(isinstance(part, slice) for part in parts[1:]):
        raise Wrong(
            "Your function returns three things; the slices are a pair of their own: "
            "return padded, (rows, columns)."
        )
    if len(parts) != 2:
        raise Wrong(
            f"Your function returns {describe(value)}; the padded pictures and a pair of slices "
            "are expected: return padded, (rows, columns)."
        )
    padded, cut = parts
    if not isinstance(padded, Tensor):
        raise Wrong(f"Your padded pictures are {describe(padded)}; a tensor is expected.")
    pair = tuple(cut) if isinstance(cut, tuple | list) else ()
    if len(pair) != 2 or not all(isinstance(one, slice) for one in pair):
        held = f" that holds {describe(pair[0])}" if pair else ""
        raise Wrong(
            f"Beside the padded pictures, your function returns {describe(cut)}{held}; two slices "
            "are expected, slice(first row, row behind the last one) and the same for the columns."
        )
    return padded, pair


def _sizes(pads: list[Tensor], cases: list[Case]) -> None:
    """Heights and widths are the next multiples."""

    def size(padded: Tensor) -> tuple[int, ...]:
        return tuple(padded.shape[-2:])

    right = [size(pad_to_multiple(*case.args)[0]) for case in cases]
    failed = [n for n in range(len(cases)) if size(pads[n]) != right[n]]
    if not failed:
        return
    first = failed[0]
    (h, w), (rows, columns) = size(pads[first]), right[first]
    text = f"On {cases[first].on}, yours become {h}×{w}, not {rows}×{columns}"
    for diagnosis, pad in SIZES.items():
        safe = _nothing_where_it_fails(pad)
        if all(size(safe(*cases[n].args)) == size(pads[n]) for n in failed):
            raise Wrong(f"{text}: {diagnosis}.")
    raise Wrong(f"{text}. Each side grows to the next multiple, by as little as it can.")


def _cuts_out(padded: Tensor, rows: slice, columns: slice, case: Case) -> None:
    """The slices cut the picture out of the padded one, wherever that has it."""
    image = case.args[0]
    height, width = image.shape[-2:]

    def is_image(there: Tensor) -> bool:
        return there.shape == image.shape and torch.allclose(there.to(image), image)

    if is_image(_cut(padded, rows, columns)):
        return
    places = [
        (top, left)
        for top in range(padded.shape[-2] - height + 1)
        for left in range(padded.shape[-1] - width + 1)
        if is_image(padded[..., top : top + height, left : left + width])
    ]
    if not places:
        raise Wrong(
            f"On {case.on}, the values of the old pictures are nowhere in your padded ones: only "
            "the border may be new."
        )
    if is_image(_cut(padded, columns, rows)):
        raise Wrong("Your two slices are in the wrong order: that of the rows comes first.")
    top, left = places[0]
    for name, cut, start, length, side in (
        ("rows", rows, top, height, padded.shape[-2]),
        ("columns", columns, left, width, padded.shape[-1]),
    ):
        have = range(side)[cut]
        if have == range(start, start + length):
            continue
        if not have and cut.stop == 0:
            raise Wrong(
                f"On {case.on}, your `{name}` is {_text(cut)} and holds nothing: where no border "
                "is added, -0 is 0, the beginning. Count the end from the beginning too: the "
                "border plus the picture's side."
            )
        raise Wrong(
            f"On {case.on}, your `{name}` is {_text(cut)}; in your padded pictures, the old ones "
            f"lie in slice({start}, {start + length}): they begin behind the border and are as "
            "large as before."
        )


def _cut(padded: Tensor, rows: slice, columns: slice) -> Tensor:
    try:
        return padded[..., rows, columns]
    except (TypeError, ValueError, IndexError) as error:  # slices of floats, a negative step
        raise Wrong(
            f"`padded[..., rows, columns]` with your {_text(rows)} and {_text(columns)} raises "
            f"{type(error).__name__}: {error}."
        ) from None


def _text(cut: slice) -> str:
    return f"slice({cut.start}, {cut.stop})"


def _lesson_size(rng: np.random.Generator) -> tuple[Any, ...]:
    return torch.zeros(1, 3, 250, 330), 64


TASK = Task(
    header=HEADER,
    reference=pad_to_multiple,
    hints=HINTS,
    examine=examine,
    lesson_size=_lesson_size,
    wrong=zoo.WRONG,
    valid=zoo.VALID,
    equivalent=zoo.EQUIVALENT,
)
