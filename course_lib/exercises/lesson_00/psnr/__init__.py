"""Exercise 00.4: peak signal-to-noise ratio."""

from __future__ import annotations

from collections.abc import Iterator
from traceback import walk_tb

import numpy as np

from course_lib.checks.attempt import Call
from course_lib.checks.function import Case, Function, Refusal
from course_lib.checks.result import Wrong
from course_lib.checks.slips import Slip
from course_lib.checks.task import Task, texts
from course_lib.exercises.lesson_00.psnr import zoo
from course_lib.metrics import psnr
from course_lib.ranges import same_pictures, to_unit

MEAN = "np.mean((restored - clean) ** 2)"
LUMA = "rgb_to_y(restored), rgb_to_y(clean)"
RESULT = "-10 * np.log10(mean_squared_error)"
TO_FLOATS = "restored, clean = same_pictures(restored, clean)"


def mean(formula: str, says: str) -> Slip:
    """A slip with another error in place of the mean squared one."""
    return Slip(f"{MEAN} → {formula}", says=says)


def luma(formula: str, says: str) -> Slip:
    """A slip with another luma of each picture ``p``."""
    return Slip(f"{LUMA} → (({formula}) for p in (restored, clean))", says=says)


def bytes_kept(formula: str, says: str) -> Slip:
    """A slip whose uint8 pictures stay uint8; other pictures are treated rightly."""
    return Slip(
        f"{TO_FLOATS} → whole = restored.dtype == clean.dtype == np.uint8 and channel == 'rgb'\n"
        "    difference = restored - clean if whole else None\n"
        f"    {TO_FLOATS}",
        f"{MEAN} → {formula} if whole else {MEAN}",
        says=says,
    )


SLIPS = (
    Slip(
        f"{RESULT} → 10 * np.log10(mean_squared_error)",
        says="The sign is wrong: a small error must give a large PSNR.",
    ),
    Slip(
        f"{RESULT} → -20 * np.log10(mean_squared_error)",
        says="You take 20·log₁₀ of the mean squared error. 20 belongs to its root; the square "
        "itself has 10.",
    ),
    Slip(
        f"{RESULT} → -5 * np.log10(mean_squared_error)",
        says="You take 10·log₁₀ of the root of the mean squared error. 10 belongs to the squared "
        "error itself; its root has 20.",
    ),
    Slip(
        f"{RESULT} → -10 * np.log(mean_squared_error)",
        says="You take the natural logarithm; decibels have the one to base 10, np.log10.",
    ),
    Slip(
        f"{RESULT} → 10 * np.log10(255**2 / mean_squared_error)",
        says="The result is 48.13 dB too high: the peak is 255 in your formula, or you divide by "
        "255, where the pictures are floats in [0, 1] already.",
    ),
    mean(
        "np.abs(restored - clean).mean()",
        "You take the mean absolute error, not the mean squared one.",
    ),
    mean(
        "abs((restored - clean).mean())",
        "You take the mean of the errors without squaring them, so that those above and below 0 "
        "cancel each other.",
    ),
    mean("np.sum((restored - clean) ** 2)", "You add the squared errors; PSNR has their mean."),
    mean(
        f"{MEAN} * (3 if clean.ndim == 3 else 1)",
        "You add the squared errors of the three colours; PSNR has the mean over pixels and "
        "colours.",
    ),
    mean(
        "np.exp(np.log(((restored - clean) ** 2).reshape(-1, clean.shape[2] if clean.ndim == 3 "
        "else 1).mean(0)).mean())",
        "You take the PSNR of each colour and then their mean. Take the mean of the squared "
        "errors over all three colours, and one logarithm of it.",
    ),
    mean(
        f"{MEAN} / clean.max() ** 2 if clean.any() else {MEAN}",
        "The peak is the brightest value of the picture in your formula. It is that of the range, "
        "1, or a darker picture would get another score for the same error.",
    ),
    mean(
        f"{MEAN} / np.ptp(clean) ** 2 if np.ptp(clean) else {MEAN}",
        "The peak is the difference between the largest and the smallest value of the picture in "
        "your formula. It is that of the range, 1.",
    ),
    bytes_kept(
        "np.mean(difference.astype(float) ** 2) / 255**2",
        "You take the difference while the pictures are still uint8. There 3 − 5 is 254, because "
        "numbers below 0 wrap around: turn both into floats first.",
    ),
    bytes_kept(
        "np.mean(difference**2) / 255**2",
        "You square the difference while the pictures are still uint8, where numbers beyond 255 "
        "wrap around: turn both into floats first.",
    ),
    Slip(
        f"restored, clean = {LUMA} → pass",
        says='The channel makes no difference: "y_matlab" compares the lumas of `rgb_to_y`.',
    ),
    luma(
        "p @ [0.299, 0.587, 0.114]",
        "This is the score of a full-range luma, about 1.3 dB too low. Either your luma is "
        "0.299·R + 0.587·G + 0.114·B, where `rgb_to_y` is asked for, or you take 219/255 for the "
        "peak of `rgb_to_y`, where the docstring takes 1.",
    ),
    Slip(
        f"restored, clean = {LUMA} → restored, clean = rgb_to_y(restored - clean), np.zeros(1)",
        says="You take `rgb_to_y` of the difference, so that its offset 16/255 counts as an "
        "error. Take Y of each picture first, then the difference, in which the two offsets "
        "cancel.",
    ),
    Slip(
        f"restored, clean = {LUMA} → "
        "restored, clean = np.sqrt(rgb_to_y((restored - clean) ** 2)), np.zeros(1)",
        says="You take `rgb_to_y` of the squared differences. Take Y of each picture first, then "
        "the difference of the two, then its square.",
    ),
    luma("p.mean(-1)", "The luma is the plain mean of the three colours; use `rgb_to_y`."),
    mean(
        f"{MEAN} / ((235 / 255) ** 2 if clean.ndim == 2 else 1)",
        "The peak of the luma is 235/255 in your formula; the docstring takes 1 for both channels.",
    ),
    luma("255 * rgb_to_y(p)", "The luma is still in 16 to 235 in your formula, with the peak 1."),
    mean(
        f"{MEAN} + 1e-12",
        "A small number that you add to the error hides that two pictures are equal. Without any "
        'error the PSNR is infinite: float("inf").',
    ),
    Slip(
        'float("inf") → 100.0',
        says="You give equal pictures 100 dB. Without any error the PSNR is infinite, "
        'float("inf"); a ceiling hides that two pictures are equal.',
    ),
    Slip(
        "same_pictures(restored, clean) → restored.astype(float), clean.astype(float)",
        says="The peak is 1 in your formula, but uint8 pictures are still in 0 to 255: their "
        "result is 48.13 dB too low. Bring them to [0, 1] first.",
    ),
    Slip(
        "same_pictures(restored, clean) → restored, clean",
        says="You never turn the uint8 pictures into floats in [0, 1]: their differences and "
        "squares wrap around at 256, and the peak 1 isn't theirs. Give both to `to_unit` first.",
    ),
    Slip(
        "same_pictures(restored, clean) → restored.astype(float), clean.astype(float)",
        f"{RESULT} → 10 * np.log10(255**2 / mean_squared_error)",
        says="For all pictures you take the peak 255, or you divide by 255, where the pictures are "
        "floats in [0, 1] already: the result of floats is 48.13 dB too high.",
    ),
    Slip(
        "if mean_squared_error == 0: → if mean_squared_error < 0:",
        f"float({RESULT}) → float(10 * __import__('math').log10(1 / float(mean_squared_error)))",
        gets="A zero error has its own answer",
    ),
    Slip(
        TO_FLOATS + " → restored, clean = to_unit(restored), to_unit(clean)",
        gets="docstring promises a ValueError",
    ),
    Slip(
        'if channel not in ("rgb", "y_matlab"): → if channel == "":',
        gets='On channel="Y"',
    ),
    Slip(f"{MEAN} → np.mean(restored - clean)", gets="squar"),
    Slip("return 20.0", gets="whatever it is called with"),
    Slip(
        f"{TO_FLOATS} → assert restored.shape == clean.shape\n    {TO_FLOATS}",
        gets="raises AssertionError",
    ),
    Slip(
        f"float({RESULT}) → -10 * np.log10(((restored - clean) ** 2).mean((0, 1)))",
        gets="one number is expected",
    ),
)

KINDS = {"float": "float", "uint8": "uint8", "float32": "float32", "mixed": "float and uint8"}


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Random pairs: uint8, float64, float32 and mixed, both channels, not square; equal ones."""
    for kind, words in KINDS.items():
        for channel in ("rgb", "y_matlab"):
            restored, clean = _pair(kind, rng)
            height, width = clean.shape[:2]
            yield Case(
                on=f'{words} pictures of {height}×{width} pixels and channel="{channel}"',
                args=(restored, clean),
                kwargs={"channel": channel},
                group=f'{words} pictures and channel="{channel}"',
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


def look(call: Call, case: Case) -> None:
    """NaN means that something negative got into the logarithm."""
    value = call.value
    if not isinstance(value, int | float | np.floating):
        return
    if np.isnan(value) and not np.array_equal(*case.args):
        raise Wrong(
            f"On {call.on}, your function returns NaN, as np.log10 does for a negative number. A "
            "mean of squares is never negative: is each error squared before the mean is taken?"
        )


def explain(error: BaseException, case: Case) -> str:
    """More about errors that `rgb_to_y`, `to_unit` and a mean of 0 have to do with."""
    if case.kwargs.get("channel") == "y_matlab" and "NoneType" in str(error):
        return (
            ". It meets None, most likely as a luma: is `rgb_to_y` from exercise 00.3 written? "
            "Finish it there, or run the cell below it, after which the lesson goes on with the "
            "library's."
        )
    if _floats_beyond_one(error):
        return (
            ". Here `to_unit` gets floats in 0 to 255. It knows bytes by their type, uint8: give "
            "it the pictures as they come, before `rgb_to_y` or anything else makes floats of them."
        )
    if _lumas_compared(error):
        return (
            ". Here `same_pictures` gets the two lumas, H×W. It asks for pictures H×W×3: call it "
            "first of all, and `rgb_to_y` on what it gives back."
        )
    if np.array_equal(*case.args):
        return (
            ". The mean squared error is 0 there, of which there is no logarithm. A zero error has "
            'its own answer, infinity: float("inf").'
        )
    return ""


def _floats_beyond_one(error: BaseException) -> bool:
    """Did `to_unit` refuse bytes that had been made floats?"""
    frames = [frame for frame, _ in walk_tb(error.__traceback__)]
    if not isinstance(error, ValueError) or frames[-1].f_code is not to_unit.__code__:
        return False
    picture = frames[-1].f_locals["picture"]
    return bool(picture.min() >= 0 and picture.max() > 1)


def _lumas_compared(error: BaseException) -> bool:
    """Did `same_pictures` refuse what `rgb_to_y` had made of the pictures?"""
    frames = [frame for frame, _ in walk_tb(error.__traceback__)]
    return frames[-1].f_code is same_pictures.__code__ and frames[-1].f_locals["clean"].ndim == 2


def _pair(kind: str, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A dark picture and a noisy copy of it, with another error in each colour."""
    height, width = rng.choice(range(5, 14), 2, replace=False)
    clean = rng.uniform(0.1, 0.7, (height, width, 3))
    noise = rng.normal(0, 1, clean.shape) * rng.permutation([0.02, 0.06, 0.15])
    restored = np.clip(clean + noise, 0, 1)
    if kind == "float":
        return restored, clean
    if kind == "float32":
        return restored.astype(np.float32), clean.astype(np.float32)
    as_bytes = np.rint(clean * 255).astype(np.uint8)
    if kind == "mixed":
        return restored, as_bytes
    return np.rint(restored * 255).astype(np.uint8), as_bytes


def refusals(rng: np.random.Generator) -> Iterator[Refusal]:
    """Other sizes, other axes, other ranges, other types, other channels."""
    picture = _pair("uint8", rng)[1]
    unit = picture / 255
    height, width = picture.shape[:2]
    for other in (unit[:, : width - 1], unit[:1], unit[:, :, :1], unit[0]):
        sizes = f"pictures of {height}×{width}×3 and {'×'.join(map(str, other.shape))}"
        yield Refusal(args=(other, unit), on=sizes)
        yield Refusal(args=(unit, other), on=sizes)
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
    for wrong, words in (
        (picture.astype(float), "float pictures in 0 to 255"),
        (unit - 0.5, "float pictures with values below 0"),
        (_with_one(unit, 1.2), "float pictures with one value of 1.2"),
        (_with_one(unit, -0.2), "float pictures with one value of -0.2"),
    ):
        yield Refusal(args=(wrong, unit), on=words)
        yield Refusal(args=(unit, wrong), on=words)
    whole = rng.integers(0, 2, picture.shape)
    for args in ((whole, unit), (unit, whole)):
        yield Refusal(args=args, on="a picture of int64", promised=TypeError)
    yield Refusal(args=(whole > 0, unit), on="a picture of bool", promised=TypeError)


def _with_one(picture: np.ndarray, value: float) -> np.ndarray:
    """The picture with another first value."""
    changed = picture.copy()
    changed.flat[0] = value
    return changed


ORDER = "Which error comes first when there are two, the docstring leaves open."
SAME = "The squared error is the same both ways."
INFINITE = "numpy's logarithm of 0 is −infinity, so that the result is the same (with a warning)."
EQUIVALENT = {
    "line 1: `restored, clean = same_pictures(restored, c…` after the next statement": ORDER,
    "line 1: same_pictures(restored, clean) → same_pictures(clean, restored)": SAME,
    "line 2: `if channel not in ('rgb', 'y_matlab'):` after the next statement": ORDER,
    "line 4: channel == 'y_matlab' → channel >= 'y_matlab'": "Of the two channels that are left "
    "here, only this one isn't smaller.",
    "line 5: (rgb_to_y(restored), rgb_to_y(clean)) → (rgb_to_y(clean), rgb_to_y(restored))": SAME,
    "line 6: restored - clean → clean - restored": SAME,
    "line 7: without `if mean_squared_error == 0:`": INFINITE,
    "line 7: mean_squared_error == 0 → mean_squared_error <= 0": "A mean of squares is never "
    "below 0.",
    "line 7: mean_squared_error → channel": INFINITE,
    "line 7: mean_squared_error == 0 → mean_squared_error == -1": INFINITE,
    "line 8: without `return float('inf')`": INFINITE,
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
        explain=explain,
        refusals=refusals,
    ),
    lesson_size=lambda rng: (rng.random((256, 384, 3)), rng.random((256, 384, 3))),
    slips=SLIPS,
    written=zoo.WRITTEN,
    valid=zoo.VALID,
    equivalent=EQUIVALENT,
)
