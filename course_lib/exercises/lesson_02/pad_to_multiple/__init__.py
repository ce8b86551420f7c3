"""Exercise 02.5: pictures of any size."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checks import expect
from course_lib.checks.attempt import Call, describe
from course_lib.checks.function import Case, Function
from course_lib.checks.result import Wrong
from course_lib.checks.slips import Slip
from course_lib.checks.task import Task, texts
from course_lib.exercises.lesson_02.pad_to_multiple import zoo
from course_lib.models.padding import pad_to_multiple

FITS = "bottom < height and right < width"
MODE = f'"reflect" if {FITS} else "replicate"'
PAD = "F.pad(image, (left, right, top, bottom), mode=mode)"
CUT = "(slice(top, top + height), slice(left, left + width))"
WIDTHS = "((0, 0), (0, 0), (top, bottom), (left, right))"

MISSING = {
    "multiple - height % multiple, multiple - width % multiple": "A side that is a "
    "multiple already grows by a whole multiple: for it, -side % multiple is 0.",
    "height % multiple, width % multiple": "Each side grows by side % multiple, what it has too "
    "much.",
    "multiple, multiple": "Every side grows by the multiple. It should grow by what it lacks.",
    "-height % multiple, 0": "Only the height grows.",
    "0, -width % multiple": "Only the width grows.",
    "0, 0": "Nothing grows.",
    "-width % multiple, -height % multiple": "Height and width are swapped: the height grows by "
    "what the width lacks.",
    "(max(multiple, 2 ** (s - 1).bit_length()) - s for s in (height, width))": "Your sides grow to "
    "a power of two. They should grow to the next multiple.",
}
ENDS = {
    "top, bottom, top, bottom": "The same border goes round all sides.",
    "more_rows, more_rows, more_columns, more_columns": "All that is missing is added at both "
    "ends, twice in all.",
    "top, top, left, left": "Both halves are rounded down, so that an odd pixel gets lost.",
    "bottom, bottom, right, right": "Both halves are rounded up, so that odd ones get a "
    "pixel too many.",
    "0, more_rows, 0, more_columns": "The whole border is at the bottom and the right. Deal it "
    "out to both ends.",
    "more_rows, 0, more_columns, 0": "The whole border is at the top and the left. Deal it out to "
    "both ends.",
    "bottom, top, right, left": "The odd pixel is at the top or the left.",
}
MODES = {
    '"constant"': 'The new border is filled with zeros: F.pad takes the mode "constant" unless '
    'told. The docstring mirrors the picture, "reflect".',
    '"replicate"': "The last pixels are repeated even where the picture is large enough to be "
    'mirrored: "reflect" is for those, "replicate" for the small ones.',
    f'"reflect" if {FITS} else "constant"': "Small pictures get zeros around them. The docstring "
    'repeats their last pixels ("replicate").',
    '"reflect" if max(bottom, right) < min(height, width) else "replicate"': "You compare the "
    "widest border with the shortest side. Each border has to be narrower than the side that it "
    "lengthens.",
    '"reflect" if more_rows < height and more_columns < width else "replicate"': "You compare all "
    "that a side lacks with the side. Only half of it, rounded up, goes to one end, and that "
    "decides whether the picture can be mirrored.",
    '"reflect" if min(height, width) >= multiple else "replicate"': "Pictures smaller than the "
    "multiple get their last pixels repeated. What decides is whether a border is as wide as the "
    "picture's side.",
}
PADS = {
    f'torch.from_numpy(np.pad(image.numpy(), {WIDTHS}, "wrap"))': "The border is taken from the "
    "opposite side of the picture (circular). The docstring mirrors the picture.",
    f'torch.from_numpy(np.pad(image.numpy(), {WIDTHS}, "symmetric"))': "Your mirror stands on the "
    'picture\'s edge, so that its last pixel comes twice. With "reflect" it stands in the middle '
    "of the last pixel.",
    f'torch.from_numpy(np.pad(image.numpy(), {WIDTHS}, "reflect"))': "Small pictures are mirrored "
    "again and again, as numpy does. Where one mirror image isn't enough, the docstring repeats "
    'the last pixels ("replicate").',
    'F.pad(F.pad(image, (left, right, 0, 0), mode="reflect" if right < width else "replicate"), '
    '(0, 0, top, bottom), mode="reflect" if bottom < height else "replicate")': "Where only one "
    "side is too small to be mirrored, your other side is mirrored nevertheless. The docstring "
    "repeats the last pixels on all sides then.",
}
RESULTS = {
    "padded": "the padded pictures alone",
    f"padded, *{CUT}": "three things",
    "padded, (top, top + height, left, left + width)": "two slices are expected",
    f"padded.numpy(), {CUT}": "a tensor is expected",
    f"F.pad(padded, (0, 0, 0, 0, 0, 1)), {CUT}": "only height and width may change",
    f"(padded + 1) / 2, {CUT}": "only the border may be new",
    "padded, (slice(left, left + width), slice(top, top + height))": "in the wrong order",
    "padded, (slice(top, -bottom), slice(left, -right))": "-0 is 0",
    "padded, (slice(top, height), slice(left, width))": "the old ones lie in slice(",
    "padded, (slice(0, height), slice(0, width))": "they begin behind the border",
    "padded, (slice(top, top + height - 1), slice(left, left + width - 1))": "as large as before",
    "padded, (slice(top / 1, top + height), slice(left, left + width))": "must be integers",
    f"padded, ({CUT}[0], slice(left, left + width, 2))": "your `columns` is slice(",
}
SLIPS = (
    *(
        Slip(f"-height % multiple, -width % multiple → {missing}", says=says)
        for missing, says in MISSING.items()
    ),
    *(
        Slip(
            f"mode = → top, bottom, left, right = {ends}\n    mode =",
            f"{FITS} → max(top, bottom) < height and max(left, right) < width",
            says=says,
        )
        for ends, says in ENDS.items()
    ),
    *(Slip(f"{MODE} → {mode}", says=says) for mode, says in MODES.items()),
    *(Slip(f"{PAD} → {pad}", says=says) for pad, says in PADS.items()),
    *(
        Slip(f"return padded, {CUT} → return {result}", gets=gets)
        for result, gets in RESULTS.items()
    ),
    Slip(f"{MODE} → 'reflect'", gets="A border can only be mirrored where"),
    Slip(f"{FITS} → bottom <= height and right <= width", gets="A border can only be mirrored"),
    Slip(
        "(left, right, top, bottom), mode → (top, bottom, left, right), mode",
        says="Rows and columns are swapped: F.pad takes the last axis first, (left, right, top, "
        "bottom).",
    ),
    Slip(
        "h, w = image.shape[-2] // multiple * multiple, image.shape[-1] // multiple * multiple\n"
        "return image[..., :h, :w], (slice(0, h), slice(0, w))",
        says="You cut the picture down to the multiple below. It should grow to the next one.",
    ),
    Slip("return padded → image.clamp_(-0.5, 0.5)\n    return padded", gets="its input `image`"),
    Slip(
        "padded = → image = image + torch.zeros(image.shape)\n    padded =", gets="on the CPU and"
    ),
)


LARGE = "pictures that are large enough to be mirrored"


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Sides that lack an odd and an even number of pixels, or none; square and small pictures."""
    generator = torch.Generator().manual_seed(int(rng.integers(2**32)))
    m, side = int(rng.integers(5, 9)), int(rng.integers(12, 20))
    sizes = [(2 * m + 1, 3 * m - 2, m), (3 * m - 1, 2 * m, m), (2 * m, 3 * m + 2, m)]
    sizes += [(m, 2 * m, m), (side, side, 8), (side, side + 3, 1), (7, 10, 3), (1, 1, 4)]
    for short, long, multiple in (
        *((3, 17, 8), (2, 20, 16), (4, 5, 11), (1, 4, 2)),  # a border as wide as its side, or wider
        *((4, 9, 10), (2, 6, 4), (6, 11, 8), (4, 11, 10)),  # just narrower
    ):
        sizes += [(short, long, multiple), (long, short, multiple)]
    for h, w, multiple in sizes:
        n, channels = (int(number) for number in torch.randint(1, 4, (2,), generator=generator))
        low, high = ((-1, 1), (0, 1), (0, 255))[n - 1]
        image = low + (high - low) * torch.rand(n, channels, h, w, generator=generator)
        on = f"pictures of {h}×{w} and the multiple {multiple}"
        large = all((-side % multiple + 1) // 2 < side for side in (h, w))
        yield Case(on=on, args=(image, multiple), group=LARGE if large else "small pictures")


def read(call: Call, right: tuple[Any, Any]) -> tuple[np.ndarray, tuple[slice, slice]]:
    """The padded pictures and two slices that count from the beginning.

    Raises:
        Wrong: something else, another size, or slices that don't cut the old pictures out.
    """
    padded, cut = pair(expect.returned(call))
    mine, theirs = np.asarray(expect.plain(padded)), np.asarray(expect.plain(right[0]))
    image = theirs[(..., *right[1])]
    expect.finite(call, mine)
    if mine.ndim != 4 or mine.shape[:2] != image.shape[:2]:
        raise Wrong(
            f"On {call.on}, your padded pictures are {describe(padded)}, made of pictures of size "
            f"{'×'.join(map(str, image.shape))}: only height and width may change."
        )
    if mine.shape != theirs.shape:
        (h, w), (rows, columns) = mine.shape[2:], theirs.shape[2:]
        raise Wrong(
            f"On {call.on}, yours become {h}×{w}, not {rows}×{columns}. Each side grows to the "
            "next multiple, by as little as it can."
        )
    cuts_out(call, mine, cut, image, right[1])
    rows, columns = (slice(*one.indices(n)[:2]) for one, n in zip(cut, mine.shape[2:], strict=True))
    return mine, (rows, columns)


def pair(value: object) -> tuple[Tensor, tuple[slice, slice]]:
    """The padded pictures and two slices.

    Raises:
        Wrong: something else.
    """
    parts = tuple(value) if isinstance(value, tuple | list) else (value,)
    if len(parts) != 2:
        text = "three things" if len(parts) == 3 else describe(value)
        text = "the padded pictures alone" if isinstance(value, Tensor) else text
        raise Wrong(
            f"Your function returns {text}; the padded pictures are expected, and a pair of slices "
            "that cut the old ones out: return padded, (rows, columns)."
        )
    padded, cut = parts
    if not isinstance(padded, Tensor):
        raise Wrong(f"Your padded pictures are {describe(padded)}; a tensor is expected.")
    if not isinstance(cut, tuple | list) or [type(one) for one in cut] != [slice, slice]:
        raise Wrong(
            f"Beside the padded pictures, your function returns {describe(cut)}; two slices are "
            "expected, slice(first row, row behind the last one) and the same for the columns."
        )
    return padded, (cut[0], cut[1])


def cuts_out(call: Call, padded: np.ndarray, cut: Any, image: np.ndarray, right: Any) -> None:
    """The slices cut the picture out of the padded one.

    Raises:
        Wrong: they don't.
    """
    try:
        there = padded[(..., *cut)]
    except (TypeError, ValueError, IndexError) as error:  # slices of floats
        raise Wrong(
            f"`padded[..., rows, columns]` raises {type(error).__name__}: {error}."
        ) from None
    if expect.close(there, image, 1e-4):
        return
    if expect.close(padded[(..., *cut[::-1])], image, 1e-4):
        raise Wrong("Your two slices are in the wrong order: that of the rows comes first.")
    if not expect.close(padded[(..., *right)], image, 1e-4):
        raise Wrong(
            f"On {call.on}, your slices don't cut the old pictures out: only the border may be new."
        )
    name, mine, theirs = next(
        (name, mine, theirs)
        for name, mine, theirs, side in zip(
            ("rows", "columns"), cut, right, padded.shape[2:], strict=True
        )
        if range(side)[mine] != range(side)[theirs]
    )
    text = f"On {call.on}, your `{name}` is slice({mine.start}, {mine.stop})"
    if mine.stop == 0:
        raise Wrong(
            f"{text} and holds nothing: where no border is added, -0 is 0, the beginning. Count "
            "the end from the beginning too: the border plus the picture's side."
        )
    raise Wrong(
        f"{text}; in your padded pictures, the old ones lie in slice({theirs.start}, "
        f"{theirs.stop}): they begin behind the border and are as large as before."
    )


def explain(error: BaseException, case: Case) -> str:
    """More about a border that can't be mirrored."""
    if "less than the corresponding input dimension" not in str(error):
        return ""
    return (
        ". A border can only be mirrored where it is narrower than the picture's side; "
        'where one isn\'t, the docstring repeats the last pixels, mode="replicate"'
    )


TASK = Task(
    **texts(__file__),
    reference=pad_to_multiple,
    examine=Function(
        example=Case(
            on="a picture of 5×8 and the multiple 4",
            args=(torch.arange(40.0).reshape(1, 1, 5, 8), 4),
            group=LARGE,
        ),
        cases=cases,
        read=read,
        explain=explain,
        may_share=True,
    ),
    lesson_size=lambda rng: (torch.zeros(1, 3, 250, 330), 64),
    slips=SLIPS,
    written=zoo.WRITTEN,
    valid=zoo.VALID,
    equivalent={
        "line 1: -2 → 2": "Of the four axes of N×C×H×W, the last two are those from the third on."
    },
)
