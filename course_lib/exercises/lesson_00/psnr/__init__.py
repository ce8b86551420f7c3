"""Exercise 00.4: peak signal-to-noise ratio."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from course_lib.checks.attempt import Call
from course_lib.checks.function import Case, Formula, Function, Refusal
from course_lib.checks.layers import by
from course_lib.checks.result import Wrong
from course_lib.checks.shorthand import mends, slips_that_get, slips_that_say
from course_lib.checks.task import Task, texts
from course_lib.exercises.lesson_00.psnr import zoo
from course_lib.metrics import psnr
from course_lib.ranges import to_uint8

MEAN = "np.mean((restored - clean) ** 2)"
LUMA = "rgb_to_y(restored), rgb_to_y(clean)"
LUMAS = f"restored, clean = {LUMA}"
RESULT = "-10 * np.log10(mean_squared_error)"
TO_FLOATS = "restored, clean = same_pictures(restored, clean)"
WITHOUT_UNIT = f"{TO_FLOATS} → restored, clean = restored.astype(float), clean.astype(float)"
# A difference of pictures that are still uint8; None for other pictures.
OF_BYTES = (
    f"{TO_FLOATS} → whole = restored.dtype == clean.dtype == np.uint8 and channel == 'rgb'\n"
    f"    difference = restored - clean if whole else None\n    {TO_FLOATS}"
)

HIDDEN = "A small number that you add to the error hides that two pictures are equal."
INFINITE = 'Without any error the PSNR is infinite: float("inf").'

# Edits of the reference → the whole diagnosis.
SAYS = {
    f"{RESULT} → 10 * np.log10(mean_squared_error)": "The sign is wrong: a small error must give a "
    "large PSNR.",
    f"{RESULT} → -20 * np.log10(mean_squared_error)": "You take 20·log₁₀ of the mean squared "
    "error. 20 belongs to its root; the square itself has 10.",
    f"{RESULT} → -5 * np.log10(mean_squared_error)": "You take 10·log₁₀ of the root of the mean "
    "squared error. 10 belongs to the squared error itself; its root has 20.",
    f"{RESULT} → -10 * np.log(mean_squared_error)": "You take the natural logarithm; decibels have "
    "the one to base 10, np.log10.",
    f"{RESULT} → 10 * np.log10(255**2 / mean_squared_error)": "The result is 48.13 dB too high: "
    "the peak is 255 in your formula, or you divide by 255, where the pictures are floats in "
    "[0, 1] already.",
    f"{MEAN} → np.abs(restored - clean).mean()": "You take the mean absolute error, not the mean "
    "squared one.",
    f"{MEAN} → abs((restored - clean).mean())": "You take the mean of the errors without squaring "
    "them, so that those above and below 0 cancel each other.",
    f"{MEAN} → np.sum((restored - clean) ** 2)": "You add the squared errors; PSNR has their mean.",
    f"{MEAN} → {MEAN} * (3 if clean.ndim == 3 else 1)": "You add the squared errors of the three "
    "colours; PSNR has the mean over pixels and colours.",
    f"{MEAN} → np.exp(np.log(((restored - clean) ** 2).mean((0, 1))).mean())": "You take the PSNR "
    "of each colour and then their mean. Take the mean of the squared errors over all three "
    "colours, and one logarithm of it.",
    f"{MEAN} → {MEAN} / (clean.max() or 1) ** 2": "The peak is the brightest value of the picture "
    "in your formula. It is that of the range, 1, or a darker picture would get another score for "
    "the same error.",
    f"{MEAN} → {MEAN} / (np.ptp(clean) or 1) ** 2": "The peak is the difference between the "
    "largest and the smallest value of the picture in your formula. It is that of the range, 1.",
    (
        OF_BYTES,
        f"{MEAN} → np.mean(difference.astype(float) ** 2) / 255**2 if whole else {MEAN}",
    ): "You "
    "take the difference while the pictures are still uint8. There 3 − 5 is 254, because numbers "
    "below 0 wrap around: turn both into floats first.",
    (OF_BYTES, f"{MEAN} → np.mean(difference**2) / 255**2 if whole else {MEAN}"): "You square the "
    "difference while the pictures are still uint8, where numbers beyond 255 wrap around: turn "
    "both into floats first.",
    f"{LUMAS} → pass": 'The channel makes no difference: "y_matlab" compares the lumas of '
    "`rgb_to_y`.",
    f"{LUMA} → (p @ [0.299, 0.587, 0.114] for p in (restored, clean))": "This is the score of a "
    "full-range luma, about 1.3 dB too low. Either your luma is 0.299·R + 0.587·G + 0.114·B, where "
    "`rgb_to_y` is asked for, or you take 219/255 for the peak of `rgb_to_y`, where the docstring "
    "takes 1.",
    f"{LUMAS} → restored, clean = rgb_to_y(restored - clean), 0": "You take `rgb_to_y` of the "
    "difference, so that its offset 16/255 counts as an error. Take Y of each picture first, then "
    "the difference, in which the two offsets cancel.",
    f"{LUMAS} → restored, clean = np.sqrt(rgb_to_y((restored - clean) ** 2)), 0": "You take "
    "`rgb_to_y` of the squared differences. Take Y of each picture first, then the difference of "
    "the two, then its square.",
    f"{LUMA} → restored.mean(-1), clean.mean(-1)": "The luma is the plain mean of the three "
    "colours; use `rgb_to_y`.",
    f"{MEAN} → {MEAN} / ((235 / 255) ** 2 if clean.ndim == 2 else 1)": "The peak of the luma is "
    "235/255 in your formula; the docstring takes 1 for both channels.",
    f"{LUMA} → 255 * rgb_to_y(restored), 255 * rgb_to_y(clean)": "The luma is still in 16 to 235 "
    "in your formula, with the peak 1.",
    f"{TO_FLOATS} → {TO_FLOATS}\n"
    "    restored, clean = (np.round(255 * one) / 255 for one in (restored, clean))": "You round "
    "the pictures to 8 bits before you compare them. Pictures of floats are compared as they are.",
    f"{TO_FLOATS} → scale = 255 if restored.dtype == np.uint8 else 1\n"
    "    restored, clean = restored / scale, clean / scale": "You look at the type of one picture "
    "and "
    "divide both by 255, or neither. One may be uint8 and the other float: bring each to [0, 1] by "
    "its own type.",
    'channel: str = "rgb" → channel: str = "y_matlab"': 'Unless told, the channel is "rgb", and '
    'yours is "y_matlab". Keep the first line of the exercise as it is.',
    f"{LUMA} → rgb_to_y(restored[..., ::-1]), rgb_to_y(clean[..., ::-1])": "You give `rgb_to_y` "
    "pictures whose colours are in the order blue, green, red.",
    WITHOUT_UNIT: "The peak is 1 in your formula, but uint8 pictures are still in 0 to 255: their "
    "result is 48.13 dB too low. Bring them to [0, 1] first.",
    f"{TO_FLOATS} → pass": "You never turn the uint8 pictures into floats in [0, 1]: their "
    "differences and squares wrap around at 256, and the peak 1 isn't theirs. Give both to "
    "`to_unit` first.",
    (WITHOUT_UNIT, f"{RESULT} → 10 * np.log10(255**2 / mean_squared_error)"): "For all pictures "
    "you take the peak 255, or you divide by 255, where the pictures are floats in [0, 1] already: "
    "the result of floats is 48.13 dB too high.",
}
# Edits of the reference → words of the examiner's own diagnosis.
FOUND = {
    f"{MEAN} → {MEAN} + 1e-12": f"{HIDDEN} {INFINITE}",
    f"{MEAN} → {MEAN} + 1e-8": f"{HIDDEN} {INFINITE}",
    f"{MEAN} → max({MEAN}, 1e-10)": f"Your PSNR is never above 100 dB. {INFINITE}",
    'float("inf") → 100.0': f"You give equal pictures 100 dB. {INFINITE}",
    (
        "if mean_squared_error == 0: → if mean_squared_error < 0:",
        f"float({RESULT}) → float(10 * __import__('math').log10(1 / float(mean_squared_error)))",
    ): "A zero error has its own answer",
    "same_pictures(restored, clean) → to_unit(restored), to_unit(clean)": "promises a ValueError",
    'if channel not in ("rgb", "y_matlab"): → if channel == "":': 'On channel="Y"',
    f"{MEAN} → np.mean(restored - clean)": "squar",
    "return 20.0": "whatever it is called with",
    f"{TO_FLOATS} → assert restored.shape == clean.shape\n    {TO_FLOATS}": "raises AssertionError",
    f"float({RESULT}) → -10 * np.log10(((restored - clean) ** 2).mean((0, 1)))": "one number is "
    "expected",
}


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Random pairs: uint8, float64, float32 and mixed, both channels, not square; equal ones."""
    for kind in ("float", "uint8", "float32", "float and uint8"):
        for channel in ("rgb", "y_matlab"):
            restored, clean = _pair(kind, rng)
            height, width = clean.shape[:2]
            yield Case(
                on=f'{kind} pictures of {height}×{width} pixels and channel="{channel}"',
                args=(restored, clean),
                kwargs={"channel": channel},
                group=f'{kind} pictures and channel="{channel}"',
            )
    restored, clean = _pair("uint8", rng)
    on = "two uint8 pictures and no channel named"
    yield Case(on=on, args=(restored, clean), group='uint8 pictures and channel="rgb"')
    faint = rng.integers(0, 2, (2, 4, 6, 3)).astype(np.uint8)
    yield Case(on="two uint8 pictures of values 0 and 1", args=tuple(faint))
    black = np.zeros(clean.shape)
    yield Case(on="a black and a white picture", args=(black, black + 1))
    for channel in ("rgb", "y_matlab"):
        on = f'equal pictures and channel="{channel}"'
        yield Case(on=on, args=(clean, clean.copy()), kwargs={"channel": channel})
    yield Case(on="two pictures that differ by 10⁻⁷", args=(black, black + 1e-7))


def _pair(kind: str, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A dark picture and a noisy copy of it, with another error in each colour."""
    height, width = rng.choice(range(5, 14), 2, replace=False)
    clean = rng.uniform(0.1, 0.7, (height, width, 3))
    noise = rng.normal(0, 1, clean.shape) * rng.permutation([0.02, 0.06, 0.15])
    restored = np.clip(clean + noise, 0, 1)
    if kind == "float32":
        return restored.astype(np.float32), clean.astype(np.float32)
    return (
        to_uint8(restored) if kind == "uint8" else restored,
        clean if kind == "float" else to_uint8(clean),
    )


def look(call: Call, case: Case) -> None:
    """NaN means that something negative got into the logarithm."""
    is_nan = isinstance(call.value, float | np.floating) and np.isnan(call.value)
    if is_nan and not np.array_equal(*case.args):
        raise Wrong(
            f"On {call.on}, your function returns NaN, as np.log10 does for a negative number. A "
            "mean of squares is never negative: is each error squared before the mean is taken?"
        )


def more_known(got: Sequence[Any], cases: Sequence[Case]) -> dict[str, Formula]:
    """What makes the PSNR of equal pictures finite, of whatever size it is."""
    equal = [value for value, case in zip(got, cases, strict=True) if np.array_equal(*case.args)]
    top = float(equal[0])
    if not np.isfinite(top) or all(one == top for one in got):
        return {}

    def error(*pictures: np.ndarray, **channel: Any) -> float:
        return 10 ** (-psnr(*pictures, **channel) / 10)

    return {
        f"You give equal pictures {top:g} dB. {INFINITE}": lambda *pictures, **channel: (
            top if np.array_equal(*pictures) else psnr(*pictures, **channel)
        ),
        f"Your PSNR is never above {top:g} dB. {INFINITE}": lambda *pictures, **channel: min(
            top, psnr(*pictures, **channel)
        ),
        f"{HIDDEN} {INFINITE}": (
            lambda *pictures, **channel: (
                -10 * np.log10(error(*pictures, **channel) + 10 ** (-top / 10))
            )
        ),
    }


MENDS = {
    "NoneType": ". It meets None, most likely as a luma: is `rgb_to_y` from exercise 00.3 written? "
    "Finish it there, or run the cell below it, after which the lesson goes on with the library's.",
    "this one has [-": "",
    "this one has [": ". Here `to_unit` gets floats in 0 to 255. It knows bytes by their type, "
    "uint8: give it the pictures as they come, before `rgb_to_y` or anything else makes floats of "
    "them.",
    "two pictures H×W×3 are compared": ". Here `same_pictures` gets something else, such as the "
    "two lumas, H×W: call it first of all, and `rgb_to_y` on what it gives back.",
    **dict.fromkeys(
        ("ZeroDivisionError", "math domain error", "expected a positive input"),
        ". The mean squared error is 0 there, of which there is no logarithm. A zero error has its "
        'own answer, infinity: float("inf").',
    ),
}


def refusals(rng: np.random.Generator) -> Iterator[Refusal]:
    """Other sizes, other axes, other ranges, other types, other channels."""
    picture = _pair("uint8", rng)[1]
    unit, whole = picture / 255, rng.integers(0, 2, picture.shape)
    refused = {
        f"pictures of {by(unit.shape)} and {by(other.shape)}": other
        for other in (unit[:, :-1], unit[:1], unit[:, :, :1], unit[0])
    }
    refused["float pictures in 0 to 255"] = picture.astype(float)
    refused["float pictures with values below 0"] = unit - 0.5
    for value in (1.2, -0.2):
        refused[f"float pictures with one value of {value}"] = changed = unit.copy()
        changed.flat[0] = value
    refused["a picture of int64"] = whole
    refused["a picture of bool"] = whole > 0
    for on, wrong in refused.items():
        promised = ValueError if wrong.dtype == float else TypeError
        yield Refusal(args=(wrong, unit), on=on, promised=promised)
        yield Refusal(args=(unit, wrong), on=on, promised=promised)
    for one, words in (
        (unit[..., 0], "two grey pictures H×W"),
        (unit[..., :1], "two pictures of one colour, H×W×1"),
        (np.stack([unit, unit / 2]), "two batches N×H×W×3"),
    ):
        yield Refusal(args=(one, one * 0.9), on=words)
    for channel in ("Y", "grey", "rg", "", "RGB"):
        on = f'channel="{channel}"'
        yield Refusal(args=(unit, unit * 0.9), kwargs={"channel": channel}, on=on)
        equal = (unit, unit.copy())
        yield Refusal(args=equal, kwargs={"channel": channel}, on=f"{on} and equal pictures")


ORDER = "Which error comes first when there are two, the docstring leaves open."
SAME = "The squared error is the same both ways."
NO_LOGARITHM = (
    "numpy's logarithm of 0 is −infinity, so that the result is the same (with a warning)."
)
EQUIVALENT = {
    "line 1: `restored, clean = same_pictures(restored, c…` after the next statement": ORDER,
    "line 1: same_pictures(restored, clean) → same_pictures(clean, restored)": SAME,
    "line 2: `if channel not in ('rgb', 'y_matlab'):` after the next statement": ORDER,
    "line 4: channel == 'y_matlab' → channel >= 'y_matlab'": "Of the two channels that are left "
    "here, only this one isn't smaller.",
    "line 5: (rgb_to_y(restored), rgb_to_y(clean)) → (rgb_to_y(clean), rgb_to_y(restored))": SAME,
    "line 6: restored - clean → clean - restored": SAME,
    "line 7: without `if mean_squared_error == 0:`": NO_LOGARITHM,
    "line 7: mean_squared_error == 0 → mean_squared_error <= 0": "A mean of squares is never "
    "below 0.",
    "line 7: mean_squared_error → channel": NO_LOGARITHM,
    "line 7: mean_squared_error == 0 → mean_squared_error == -1": NO_LOGARITHM,
    "line 8: without `return float('inf')`": NO_LOGARITHM,
    "line 9: float(…) → -10 * …": "numpy's float64 is a float.",
}

TASK = Task(
    **texts(__file__),
    reference=psnr,
    examine=Function(
        example=Case(
            on="pictures that differ by 0.1 everywhere",
            args=(np.full((2, 3, 3), 0.6), np.full((2, 3, 3), 0.5)),
        ),
        cases=cases,
        tolerance=2e-5,
        unit=" dB",
        any_number=True,
        look=look,
        more_known=more_known,
        explain=mends(MENDS),
        refusals=refusals,
    ),
    lesson_size=lambda rng: (rng.random((256, 384, 3)), rng.random((256, 384, 3))),
    slips=(*slips_that_say(SAYS), *slips_that_get(FOUND)),
    written=zoo.WRITTEN,
    valid=zoo.VALID,
    equivalent=EQUIVALENT,
)
