"""Exercise 00.4: peak signal-to-noise ratio."""

from __future__ import annotations

from collections.abc import Callable
from traceback import walk_tb

import numpy as np

from course_lib.checks import expect
from course_lib.checks.attempt import Attempt, Call, describe_error
from course_lib.checks.expect import Case
from course_lib.checks.result import Wrong
from course_lib.checks.task import Header, Task
from course_lib.exercises.lesson_00 import psnr_zoo as zoo
from course_lib.metrics import psnr, rgb_to_y
from course_lib.ranges import same_pictures, to_unit

HEADER = Header(
    id="00.4",
    title="Peak signal-to-noise ratio",
    difficulty=2,
    minutes=15,
    needed_for="every table of results in the course",
)

HINTS = (
    "`to_unit` brings both kinds of pictures to floats in [0, 1], and refuses anything else with "
    "the errors that the docstring promises. After it the peak is 1.",
    "In this order: bring both to [0, 1]; refuse what isn't two H×W×3 of one size "
    "(`same_pictures` does both at once); refuse unknown channels; for "
    '"y_matlab", replace both by their `rgb_to_y`; take the mean of the squared differences; '
    "turn it into decibels. A mean of zero has its own answer.",
    "Almost the code:\n"
    "    restored, clean = same_pictures(..., ...)  # from course_lib.ranges\n"
    '    if channel not in ("rgb", ...):\n'
    "        raise ValueError(...)\n"
    '    if channel == "y_matlab":\n'
    "        restored, clean = rgb_to_y(...), rgb_to_y(...)\n"
    "    mean_squared_error = np.mean(...)\n"
    "    if mean_squared_error == 0:\n"
    "        return ...\n"
    "    return float(-10 * np.log10(...))",
)

Formula = Callable[..., float]


def _decibels(
    error: Callable[[np.ndarray, np.ndarray], float],
    *,
    scale: float = 1.0,
    luma: Callable[[np.ndarray], np.ndarray] = rgb_to_y,
) -> Formula:
    """A wrong PSNR: −10·log₁₀ of some error between the pictures in [0, 1], times a scale."""

    def formula(restored: np.ndarray, clean: np.ndarray, *, channel: str = "rgb") -> float:
        restored, clean = to_unit(restored), to_unit(clean)
        if channel == "y_matlab":
            restored, clean = luma(restored), luma(clean)
        return -10 * scale * float(np.log10(error(restored, clean)))

    return formula


def _mse(restored: np.ndarray, clean: np.ndarray) -> float:
    return float(np.mean((restored - clean) ** 2))


def _wrapped(convert: Callable[[np.ndarray], np.ndarray], peak: float = 255) -> Formula:
    """Differences of uint8 pictures taken before they are floats."""

    def formula(restored: np.ndarray, clean: np.ndarray, *, channel: str = "rgb") -> float:
        if not restored.dtype == clean.dtype == np.uint8:
            return float("nan")  # nothing wraps round there, so this explains nothing
        return -10 * float(np.log10(np.mean(convert(restored - clean)) / peak**2))

    return formula


def _luma_of(error: Callable[[np.ndarray], np.ndarray]) -> Formula:
    """The luma of some error in the three colours, where the error of two lumas is asked for."""

    def formula(restored: np.ndarray, clean: np.ndarray, *, channel: str = "rgb") -> float:
        difference = to_unit(restored) - to_unit(clean)
        if channel != "y_matlab":
            return -10 * float(np.log10(np.mean(difference**2)))
        return -10 * float(np.log10(np.mean(error(difference))))

    return formula


def _on_bytes(restored: np.ndarray, clean: np.ndarray, *, channel: str = "rgb") -> float:
    """The pictures as they come, with the peak 1."""
    if channel == "y_matlab":
        restored, clean = rgb_to_y(restored), rgb_to_y(clean)
    return -10 * float(np.log10(_mse(restored.astype(float), clean.astype(float))))


def _mean_over_colours(restored: np.ndarray, clean: np.ndarray) -> float:
    if restored.ndim == 2:
        return _mse(restored, clean)
    return float(np.exp(np.mean(np.log([_mse(restored[..., c], clean[..., c]) for c in range(3)]))))


MISCONCEPTIONS: dict[str, Formula] = {
    "the sign is turned: a small error must give a large PSNR.": _decibels(_mse, scale=-1),
    "you take 20·log₁₀ of the mean squared error. 20 belongs to its root; the square itself has "
    "10.": _decibels(_mse, scale=2),
    "you take 10·log₁₀ of the root of the mean squared error. 10 belongs to the squared error "
    "itself; its root has 20.": _decibels(_mse, scale=0.5),
    "you take the natural logarithm; decibels have the one to base 10, np.log10.": (
        _decibels(_mse, scale=np.log(10))
    ),
    "the result is 48.13 dB too high: the peak is 255 in your formula, or you divide by 255, where "
    "the pictures are floats in [0, 1] already.": _decibels(lambda r, c: _mse(r, c) / 255**2),
    "the peak is 1 in your formula, but the pictures are still in 0 to 255: the result is "
    "48.13 dB too low. Bring them to [0, 1] first.": _on_bytes,
    "you take the mean absolute error, not the mean squared one.": (
        _decibels(lambda r, c: float(np.abs(r - c).mean()))
    ),
    "you take the mean of the errors without squaring them, so that those above and below 0 cancel "
    "each other.": _decibels(lambda r, c: abs(float((r - c).mean()))),
    "you add the squared errors up; PSNR has their mean.": (
        _decibels(lambda r, c: float(((r - c) ** 2).sum()))
    ),
    "you add the squared errors of the three colours; PSNR has the mean over pixels and "
    "colours.": _decibels(lambda r, c: _mse(r, c) * (3 if r.ndim == 3 else 1)),
    "you take the PSNR of each colour and then their mean. Take the mean of the squared errors "
    "over all three colours, and one logarithm of it.": _decibels(_mean_over_colours),
    "the peak is the brightest value of the picture in your formula. It is that of the range, 1, "
    "or a darker picture would get another score for the same error.": (
        _decibels(lambda r, c: _mse(r, c) / c.max() ** 2)
    ),
    "the peak is the difference between the largest and the smallest value of the picture in "
    "your formula. It is that of the range, 1.": (
        _decibels(lambda r, c: _mse(r, c) / (c.max() - c.min()) ** 2)
    ),
    "you take the difference while the pictures are still uint8. There 3 − 5 is 254, because "
    "numbers below 0 wrap round: turn both into floats first.": (
        _wrapped(lambda d: d.astype(float) ** 2)
    ),
    "you square the difference while the pictures are still uint8, where numbers beyond 255 wrap "
    "round: turn both into floats first.": _wrapped(lambda d: d**2),
    "you never turn the uint8 pictures into floats in [0, 1]: their differences and squares wrap "
    "round at 256, and the peak 1 isn't theirs. Give both to `to_unit` first.": (
        _wrapped(lambda d: d**2, peak=1)
    ),
    "you take the difference while the pictures are still uint8, where 3 − 5 is 254, and the peak "
    "1 isn't theirs either. Give both to `to_unit` first.": (
        _wrapped(lambda d: d.astype(float) ** 2, peak=1)
    ),
    'the channel makes no difference: "y_matlab" compares the lumas of `rgb_to_y`.': (
        _decibels(_mse, luma=lambda picture: picture)
    ),
    "this is the score of a full-range luma, about 1.3 dB too low. Either your luma is 0.299·R + "
    "0.587·G + 0.114·B, where `rgb_to_y` is asked for, or you take 219/255 for the peak of "
    "`rgb_to_y`, where the docstring takes 1.": _decibels(
        _mse, luma=lambda p: p @ [0.299, 0.587, 0.114]
    ),
    "you take `rgb_to_y` of the difference, so that its offset 16/255 counts as an error. Take Y "
    "of each picture first, then the difference, in which the two offsets cancel.": (
        _luma_of(lambda difference: rgb_to_y(difference) ** 2)
    ),
    "you take `rgb_to_y` of the squared differences. Take Y of each picture first, then the "
    "difference of the two, then its square.": _luma_of(lambda difference: rgb_to_y(difference**2)),
    "the luma is the plain mean of the three colours; use `rgb_to_y`.": (
        _decibels(_mse, luma=lambda p: p.mean(-1))
    ),
    "the peak of the luma is 235/255 in your formula; the docstring takes 1 for both channels.": (
        _decibels(lambda r, c: _mse(r, c) / ((235 / 255) ** 2 if r.ndim == 2 else 1))
    ),
    "the luma is still in 16 to 235 in your formula, with the peak 1.": (
        _decibels(lambda r, c: _mse(r, c) * (255**2 if r.ndim == 2 else 1))
    ),
}


def examine(attempt: Attempt, rng: np.random.Generator) -> None:
    """Random pairs: uint8, float64, float32 and mixed, both channels, not square."""
    cases = []
    for kind in ("float", "uint8", "float32", "mixed"):
        for channel in ("rgb", "y_matlab"):
            restored, clean = _pair(kind, rng)
            height, width = clean.shape[:2]
            cases.append(
                Case(
                    on=f'{KINDS[kind]} pictures of {height}×{width} pixels and channel="{channel}"',
                    args=(restored, clean),
                    kwargs={"channel": channel},
                )
            )
    restored, clean = _pair("uint8", rng)
    cases.append(Case(on="two uint8 pictures and no channel named", args=(restored, clean)))
    black = np.zeros(clean.shape)
    cases.append(Case(on="a black and a white picture", args=(black, black + 1)))
    got = []
    for case in cases:
        call = _call(attempt, case)
        got.append(expect.number(call))
        if np.isnan(got[-1]):
            raise Wrong(
                f"On {call.on}, your function returns NaN, as np.log10 does for a negative number. "
                "A mean of squares is never negative: is each error squared before the mean is "
                "taken?"
            )
        expect.finite(call, got[-1])
        expect.untouched(call)
    # Kind by kind, so that one misconception is told although another one comes with it.
    for group in dict.fromkeys(map(_kind, cases)):
        of_kind = [n for n, case in enumerate(cases) if _kind(case) == group]
        expect.values(
            [got[n] for n in of_kind],
            [cases[n] for n in of_kind],
            psnr,
            MISCONCEPTIONS,
            tolerance=2e-5,
            unit=" dB",
        )
    _equal_pictures(attempt, clean)
    _refusals(attempt, clean, rng)


KINDS = {"float": "float", "uint8": "uint8", "float32": "float32", "mixed": "float and uint8"}


def _kind(case: Case) -> tuple[object, ...]:
    """What decides which misconceptions show: bytes among the pictures, and the channel."""
    return *(picture.dtype == np.uint8 for picture in case.args), case.kwargs.get("channel", "rgb")


def _call(attempt: Attempt, case: Case) -> Call:
    """Call the answer; errors that `rgb_to_y` has to do with say so."""
    call, error = attempt.outcome(*case.args, on=case.on, **case.kwargs)
    if call is not None:
        return call
    assert error is not None
    if case.kwargs.get("channel") == "y_matlab" and "NoneType" in str(error):
        raise Wrong(
            f"On {case.on}, your function meets None, most likely as a luma: is `rgb_to_y` from "
            "exercise 00.3 written? Finish it there, or run the cell below it, after which the "
            "lesson goes on with the library's."
        )
    if _floats_beyond_one(error):
        raise Wrong(
            f"On {case.on}, `to_unit` gets floats in 0 to 255. It knows bytes by their type, "
            "uint8: give it the pictures as they come, before `rgb_to_y` or anything else makes "
            "floats of them."
        )
    if _lumas_compared(error):
        raise Wrong(
            f"On {case.on}, `same_pictures` gets the two lumas, H×W. It asks for pictures H×W×3: "
            "call it first of all, and `rgb_to_y` on what it gives back."
        )
    raise Wrong(f"On {case.on}, your function raises {describe_error(error, attempt.function)}")


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


def _equal_pictures(attempt: Attempt, picture: np.ndarray) -> None:
    for channel in ("rgb", "y_matlab"):
        on = f'equal pictures and channel="{channel}"'
        call, error = attempt.outcome(picture, picture.copy(), channel=channel, on=on)
        if call is None:
            assert error is not None
            raise Wrong(
                f"On {on}, your function raises {describe_error(error, attempt.function)}. The "
                "mean squared error is 0 there, of which there is no logarithm. A zero error has "
                'its own answer, infinity: float("inf").'
            )
        value = expect.number(call)
        if np.isnan(value) or value < 0:
            raise Wrong(
                f"On {call.on}, your function gives {value}; without any error the PSNR is "
                'infinite: float("inf").'
            )
        if np.isfinite(value):
            raise Wrong(
                f"On {call.on}, your function gives {value:.4g} dB; without any error the PSNR "
                "is infinite. A small number added to the error, or a ceiling, hides that two "
                "pictures are equal."
            )


def _refusals(attempt: Attempt, picture: np.ndarray, rng: np.random.Generator) -> None:
    unit = picture / 255
    height, width = picture.shape[:2]
    for other in (unit[:, : width - 1], unit[:1], unit[:, :, :1], unit[0]):
        sizes = f"{height}×{width}×3 and {'×'.join(map(str, other.shape))}"
        attempt.refuses(other, unit, on=f"pictures of {sizes}")
        attempt.refuses(unit, other, on=f"pictures of {sizes}")
    for one, words in (
        (unit[..., 0], "two grey pictures H×W"),
        (unit[..., :1], "two pictures of one colour, H×W×1"),
        (np.stack([unit, unit / 2]), "two batches N×H×W×3"),
    ):
        attempt.refuses(one, one * 0.9, on=words)
    for channel in ("Y", "grey"):
        attempt.refuses(unit, unit * 0.9, channel=channel, on=f'channel="{channel}"')
    for wrong, words in (
        (picture.astype(float), "float pictures in 0 to 255"),
        (unit - 0.5, "float pictures with values below 0"),
        (_with_one(unit, 1.2), "float pictures with one value of 1.2"),
        (_with_one(unit, -0.2), "float pictures with one value of -0.2"),
    ):
        attempt.refuses(wrong, unit, on=words)
        attempt.refuses(unit, wrong, on=words)
    whole = rng.integers(0, 2, picture.shape)
    attempt.refuses(whole, unit, on="a picture of int64", promised=TypeError)
    attempt.refuses(unit, whole, on="a picture of int64", promised=TypeError)
    attempt.refuses(whole > 0, unit, on="a picture of bool", promised=TypeError)


def _with_one(picture: np.ndarray, value: float) -> np.ndarray:
    """The picture with another first value."""
    changed = picture.copy()
    changed.flat[0] = value
    return changed


def _lesson_size(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    return rng.random((256, 384, 3)), rng.random((256, 384, 3))


TASK = Task(
    header=HEADER,
    reference=psnr,
    hints=HINTS,
    examine=examine,
    lesson_size=_lesson_size,
    wrong=zoo.WRONG,
    valid=zoo.VALID,
    equivalent=zoo.EQUIVALENT,
)
