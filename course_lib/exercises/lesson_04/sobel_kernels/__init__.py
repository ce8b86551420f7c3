"""Exercise 04.1: the Sobel kernels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from course_lib.checks import expect
from course_lib.checks.attempt import Attempt, Call, describe
from course_lib.checks.result import Wrong
from course_lib.checks.slips import Slip
from course_lib.checks.task import Task, texts
from course_lib.exercises.lesson_04.sobel_kernels import zoo
from course_lib.filters import sobel_kernels

KERNELS = ("∇x", "∇y")


def _outer(smoothing: list[int], difference: list[int]) -> np.ndarray:
    return np.outer(smoothing, difference).astype(float)


SOBEL = ""

# What may be wrong with the weights → the kernel that looks across. Its multiples count too.
OPERATORS: dict[str, np.ndarray] = {
    SOBEL: _outer([1, 2, 1], [-1, 0, 1]),
    "the smoothing has the weights 1, 1 and 1, as in Prewitt's operator; Sobel's are 1, 2 and 1.": (
        _outer([1, 1, 1], [-1, 0, 1])
    ),
    "the smoothing has the weights 3, 10 and 3, as in Scharr's operator; Sobel's are 1, 2 and 1.": (
        _outer([3, 10, 3], [-1, 0, 1])
    ),
    "the smoothing has the weights 47, 162 and 47, as in a later operator of Scharr's; Sobel's "
    "are 1, 2 and 1.": _outer([47, 162, 47], [-1, 0, 1]),
    "nothing is smoothed: this is the plain difference of the next pixel and the last. The lines "
    "on both sides count too, the middle one twice as much: weights 1, 2 and 1.": (
        _outer([0, 1, 0], [-1, 0, 1])
    ),
    "a pixel is compared with its next neighbour, and nothing is smoothed. The docstring takes the "
    "next pixel minus the last, −1, 0 and 1, and smooths with 1, 2 and 1 in the other "
    "direction.": _outer([0, 1, 0], [0, -1, 1]),
    "a pixel is compared with the one before it, and nothing is smoothed. The docstring takes the "
    "next pixel minus the last, −1, 0 and 1, and smooths with 1, 2 and 1 in the other "
    "direction.": _outer([0, 1, 0], [-1, 1, 0]),
    "a pixel is compared with its next neighbour. The docstring takes the next pixel minus the "
    "last: −1, 0 and 1.": _outer([1, 2, 1], [0, -1, 1]),
    "a pixel is compared with the one before it. The docstring takes the next pixel minus the "
    "last: −1, 0 and 1.": _outer([1, 2, 1], [-1, 1, 0]),
    "nothing is subtracted: with 1, 2 and 1 in both directions, this is a blur. One of the two "
    "directions needs the difference, −1, 0 and 1.": _outer([1, 2, 1], [1, 2, 1]),
    "the difference is taken in both directions, so that a ramp gives 0. One of the two needs the "
    "smoothing, 1, 2 and 1.": _outer([-1, 0, 1], [-1, 0, 1]),
    "this is the Laplacian, a second derivative, which is 0 on every ramp: it looks in no "
    "direction of its own.": np.array([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]]),
    "this is the Laplacian with all eight neighbours, a second derivative, which is 0 on every "
    "ramp: it looks in no direction of its own.": np.array([[1.0, 1, 1], [1, -8, 1], [1, 1, 1]]),
    "the difference is taken along a diagonal; ∇x looks along a row, ∇y along a column.": (
        np.array([[-2.0, -1, 0], [-1, 0, 1], [0, 1, 2]])
    ),
    "the difference is taken along a diagonal, from the lower left to the upper right; ∇x looks "
    "along a row, ∇y along a column.": np.array([[0.0, 1, 2], [-1, 0, 1], [-2, -1, 0]]),
}


STACK = "np.stack([across, across.T]).astype(np.float32)"
SMOOTHING, DIFFERENCE = "[1, 2, 1]", "[-1, 0, 1]"
PREWITT = "np.array([[-1, -1, -1], [0, 0, 0], [1, 1, 1]])"

SLIPS = (
    Slip("[across, across.T] → [across.T, across]", gets="have changed places"),
    Slip("(smoothing, difference) → (difference, smoothing)", gets="have changed places"),
    Slip("[across, across.T] → [-across.T, -across]", gets="have changed places"),
    Slip(f"{DIFFERENCE} → [1, 0, -1]", gets="Your kernels are rotated by 180°"),
    Slip("across.T → -across.T", gets="Your ∇y has the wrong sign"),
    Slip("across.T → np.rot90(across)", gets="Your ∇y has the wrong sign"),
    Slip("[across, → [-across,", gets="Your ∇x has the wrong sign"),
    Slip("across.T → across", gets="Both of your kernels look across"),
    Slip("across.T → np.outer(smoothing.T, difference.T)", gets="Both of your kernels look across"),
    Slip("[across, → [across.T,", gets="Both of your kernels look downwards"),
    Slip(f"{STACK} → {STACK} / 8", gets="Your kernels are divided by 8"),
    Slip(f"{SMOOTHING} → [0.25, 0.5, 0.25]", gets="Your kernels are divided by 4"),
    Slip(f"{STACK} → {STACK} / np.float32(12**0.5)", gets="Your kernels are divided by 3.464"),
    Slip("across.T → across.T / 2", gets="Your ∇y is divided by 2"),
    Slip(f"{DIFFERENCE} → [-0.5, 0, 0.5]", gets="Your kernels are divided by 2"),
    Slip(f"{SMOOTHING} → [2, 4, 2]", gets="Your kernels are multiplied by 2"),
    Slip(f"{SMOOTHING} → [1, 1, 1]", gets="In both of your kernels, the smoothing has the"),
    Slip(f"{SMOOTHING} → [3, 10, 3]", gets="as in Scharr's operator"),
    Slip(f"{SMOOTHING} → [3 / 32, 10 / 32, 3 / 32]", gets="as in Scharr's operator"),
    Slip(f"{SMOOTHING} → [0, 1, 0]", gets="this is the plain difference"),
    Slip(
        f"{SMOOTHING} → [0, 1, 0]",
        f"{DIFFERENCE} → [0, -1, 1]",
        gets="next neighbour, and nothing is smoothed",
    ),
    Slip(f"{DIFFERENCE} → [0, -1, 1]", gets="is compared with its next neigh"),
    Slip(f"{DIFFERENCE} → [1 / 16, 2 / 16, 1 / 16]", gets="this is a blur"),
    Slip(f"{SMOOTHING} → [-1, 0, 1]", gets="the difference is taken in both directions"),
    Slip(
        "np.outer(smoothing, difference) → np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]])",
        gets="this is the Laplacian",
    ),
    Slip(f"across.T] → {PREWITT}]", gets="In your ∇y, the smoothing has the weights 1"),
    Slip(
        "[across, → [np.array([[-2, -1, 0], [-1, 0, 1], [0, 1, 2]]),",
        gets="In your ∇x, the difference is taken along a diag",
    ),
    Slip("return np → across[2, 2] = -1\n    return np", gets="at [2, 2] stands -1 where 1"),
    Slip("return np → across *= 0\n    return np", gets="In your ∇x, 6 of the 9 weights differ"),
    Slip("across.T] → 0 * across]", gets="In your ∇y, 6 of the 9 weights differ"),
    Slip("np.float32 → float", gets="are float64; float32 is asked for"),
    Slip(".astype(np.float32) → ", gets=", whole numbers; float32 is asked for"),
    Slip("np.float32 → np.float16", gets="are float16; float32 is asked for"),
    Slip(f"{STACK} → {STACK}[:, None]", gets="SobelGradient adds it"),
    Slip("across.T] → across.T], -1", gets="stack them along the first axis"),
    Slip("np.stack( → np.concatenate(", gets="only below each other"),
    Slip("np.outer(smoothing, difference) → smoothing * difference", gets="np.outer makes a 3×3"),
    Slip(f"{STACK} → across.astype(np.float32)", gets="one of them is missing"),
    Slip(f"{STACK} → across.astype(np.float32), across.T", gets="a tuple of 2; one array"),
    Slip(f"{STACK} → {STACK}.tolist()", gets="and np.array of nested lists"),
    Slip("[across, across.T] → across, across.T", gets="On being called, your function raises"),
)


@dataclass(frozen=True, kw_only=True)
class Kernel:
    """What a 3×3 kernel is a multiple of.

    Attributes:
        operator: one of `OPERATORS`.
        axis: 0 where it looks across, 1 where downwards.
        factor: below 0 where its sign is turned.
    """

    operator: str
    axis: int
    factor: float


def examine(attempt: Attempt, rng: np.random.Generator) -> None:
    """Two calls: the right kernels, and each time an array of its own."""
    first = _array(attempt.call(on="being called"))
    _values(first)
    again = _array(attempt.call(on="being called again"))
    if np.shares_memory(first, again) and again.flags.writeable:
        raise Wrong(
            "Your function hands out the same array in each call: whoever changes the kernels "
            "changes them for all who call it later. Make the array inside the function, or "
            "return a copy of it."
        )
    if not np.array_equal(first, again):
        raise Wrong(
            "Your function returns other kernels when it is called again: something that lives "
            "on between the calls is changed in each of them. Make all arrays inside the function."
        )


def _array(call: Call) -> np.ndarray:
    """The call's value, once it is a 2×3×3 array of float32.

    Raises:
        Wrong: it is something else.
    """
    value = expect.returned(call)
    if isinstance(value, list | tuple):
        raise Wrong(
            f"Your function returns {describe(value)}; one array of size 2×3×3 is expected, which "
            "np.stack makes of two 3×3 arrays, and np.array of nested lists."
        )
    if isinstance(value, torch.Tensor):
        raise Wrong(
            f"Your function returns {describe(value)}; the docstring asks for a numpy array. "
            "SobelGradient makes a tensor of it."
        )
    if not isinstance(value, np.ndarray):
        raise Wrong(f"Your function returns {describe(value)}; a numpy array is expected.")
    if value.shape != (2, 3, 3):
        raise Wrong(
            f"Your function returns {describe(value)}; the two kernels are 2×3×3"
            f"{WHAT_SHAPE.get(value.shape, '')}."
        )
    if value.dtype != np.float32:
        raise Wrong(
            f"Your kernels are {value.dtype}{WHAT_TYPE.get(value.dtype.kind, '')}; float32 is "
            "asked for, so that they meet float32 pictures, because a convolution takes both of "
            "one type: .astype(np.float32)."
        )
    if not np.isfinite(value).all():
        raise Wrong("Your kernels hold NaN or infinity: is there a division by 0?")
    expect.untouched(call)
    return value


WHAT_SHAPE = {
    (2, 1, 3, 3): ", without the axis that a convolution has for the channels; SobelGradient adds "
    "it",
    (1, 2, 3, 3): ", without an axis of length 1",
    (3, 3, 2): ": stack them along the first axis, as np.stack does unless told",
    (3, 2, 3): ": stack them along the first axis, as np.stack does unless told",
    (3, 3): ", one behind the other: one of them is missing, or both are added into one",
    (1, 3, 3): ", one behind the other: one of them is missing",
    (6, 3): ": np.stack puts two arrays behind each other along a new axis, np.concatenate and "
    "np.vstack only below each other",
    (3, 6): ": np.stack puts two arrays behind each other along a new axis, np.concatenate and "
    "np.hstack only side by side",
    (2, 3): ": each has three rows; np.outer makes a 3×3 table of two rows of three weights",
    (2, 9): ": each has three rows of three weights, .reshape(2, 3, 3)",
    (2, 1, 3): ": each has three rows; np.outer makes a 3×3 table of two rows of three weights",
}

WHAT_TYPE = {"f": "", "i": ", whole numbers", "u": ", whole numbers that can't be negative"}


def _values(kernels: np.ndarray) -> None:
    """The kernels are Sobel's.

    Raises:
        Wrong: with the first thing that isn't.
    """
    right = sobel_kernels()
    if expect.close(kernels, right, 1e-5):
        return
    known = [_recognised(kernel) for kernel in kernels]
    for name, kernel, theirs, one in zip(KERNELS, kernels, right, known, strict=True):
        if one is None:
            raise Wrong(_difference(name, kernel, theirs))
    recognised = [one for one in known if one is not None]
    raise Wrong(
        _wrong_operator(recognised)
        or _wrong_axis(recognised)
        or _wrong_sign(recognised)
        or _wrong_size(recognised)
    )


def _recognised(kernel: np.ndarray) -> Kernel | None:
    for operator, across in OPERATORS.items():
        for axis, model in enumerate((across, across.T)):
            factor = float((kernel * model).sum() / (model**2).sum())
            if abs(factor) > 1e-6 and np.allclose(kernel / factor, model, rtol=0, atol=1e-5):
                return Kernel(operator=operator, axis=axis, factor=factor)
    return None


def _wrong_operator(kernels: list[Kernel]) -> str:
    wrong = [one.operator != SOBEL for one in kernels]
    if not any(wrong):
        return ""
    if all(wrong) and kernels[0].operator == kernels[1].operator:
        return f"In both of your kernels, {kernels[0].operator}"
    n = wrong.index(True)
    return f"In your {KERNELS[n]}, {kernels[n].operator}"


def _wrong_axis(kernels: list[Kernel]) -> str:
    return {
        (1, 0): "Your two kernels have changed places: the first one sees how a picture changes "
        "downwards, the second one how it changes across. ∇x comes first: each of its rows "
        "holds the difference −1, 0, 1, because x counts columns.",
        (0, 0): "Both of your kernels look across. ∇y looks downwards: it is ∇x with rows and "
        "columns exchanged.",
        (1, 1): "Both of your kernels look downwards. ∇x, the first one, looks across: it is ∇y "
        "with rows and columns exchanged.",
    }.get((kernels[0].axis, kernels[1].axis), "")


def _wrong_sign(kernels: list[Kernel]) -> str:
    return {
        (True, True): "Your kernels are rotated by 180°: they are positive where a picture gets "
        "darker to the right and downwards. A mathematical convolution flips its kernel and would "
        "want them so. Layers of a network compute a cross-correlation and don't flip, so the "
        "negative weights are on the left in ∇x, and on top in ∇y.",
        (True, False): "Your ∇x has the wrong sign: it is positive where a picture gets brighter "
        "to the left. The negative weights are on the left.",
        (False, True): "Your ∇y has the wrong sign: it is positive where a picture gets brighter "
        "upwards, where y points in mathematics. Rows of pictures are counted downwards, so the "
        "negative weights are on top.",
    }.get((kernels[0].factor < 0, kernels[1].factor < 0), "")


def _wrong_size(kernels: list[Kernel]) -> str:
    factors = [one.factor for one in kernels]
    same = abs(factors[0] - factors[1]) < 1e-4
    n = 0 if abs(factors[0] - 1) > 1e-5 else 1
    factor = factors[n]
    how = f"divided by {1 / factor:.4g}" if factor < 1 else f"multiplied by {factor:.4g}"
    whose = "your kernels are" if same else f"your {KERNELS[n]} is"
    return (
        f"{whose.capitalize()} {how}. The docstring takes the weights as they are: on a ramp that "
        f"gains 1 a pixel, the operator gives 8, yours {8 * factor:.3g}."
    )


def _difference(name: str, kernel: np.ndarray, right: np.ndarray) -> str:
    """Where a kernel that has no name differs, and what it gives on two ramps."""
    off = np.argwhere(~np.isclose(kernel, right, rtol=1e-5, atol=1e-5))
    row, column = off[0]
    text = (
        f"In your {name}, {len(off)} of the 9 weights {'differs' if len(off) == 1 else 'differ'}: "
        f"at [{row}, {column}] stands {kernel[row, column]:.4g} where {right[row, column]:g} "
        "belongs."
    )
    ramps, expected = _on_ramps(kernel), _on_ramps(right)
    if expect.close(ramps, expected, 1e-5):
        return text
    return (
        f"{text} On a ramp that gains 1 a pixel to the right it gives {ramps[0]:.4g}, on one that "
        f"gains 1 downwards {ramps[1]:.4g}; {expected[0]:g} and {expected[1]:g} are right."
    )


def _on_ramps(kernel: np.ndarray) -> np.ndarray:
    """What a kernel gives on a ramp to the right, and on one downwards."""
    return np.array([kernel.sum(0), kernel.sum(1)]) @ [-1, 0, 1] + 0.0  # no −0


LISTS = "np.outer takes a list as it takes an array."

TASK = Task(
    **texts(__file__),
    reference=sobel_kernels,
    examine=examine,
    lesson_size=lambda rng: (),
    slips=SLIPS,
    written=zoo.WRITTEN,
    valid=zoo.VALID,
    equivalent={
        "line 1: np.array([1, 2, 1]) → [1, 2, 1]": LISTS,
        "line 1: np.array([-1, 0, 1]) → [-1, 0, 1]": LISTS,
    },
)
