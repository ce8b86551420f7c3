"""What checks ask of an answer's calls, each with the diagnosis when it isn't so.

In the order in which a check asks: type and shape, finiteness, inputs left alone, values.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from course_lib.checks.attempt import Call, describe
from course_lib.checks.result import Wrong
from course_lib.checks.snapshot import Left

ROUNDED_TO = {  # parts of 1 → in words
    1: "whole numbers",
    10: "one decimal",
    100: "two decimals",
    255: "parts of 255, as in a picture of 8 bits",
    1000: "three decimals",
}


def returned(call: Call) -> Any:
    """The call's value, which is something.

    Raises:
        Wrong: it is None.
    """
    if call.value is None and call.printed:
        raise Wrong(
            "Your function prints and returns None: give the result back with `return`, "
            "so that the lesson can go on with it."
        )
    if call.value is None and call.in_place:
        raise Wrong(f"Your function returns None: {call.in_place}")
    if call.value is None:
        raise Wrong("Your function returns None: is the `return` missing?")
    return call.value


def array(call: Call, shape: tuple[int, ...], meaning: str) -> np.ndarray:
    """The call's value as an array of floats of this shape.

    Args:
        call: what came back.
        shape: the expected one; for ``()`` numpy scalars and Python floats will do.
        meaning: the shape in the docstring's words: ``"H×W×3"``.

    Raises:
        Wrong: another type or shape.
    """
    value = returned(call)
    if isinstance(value, torch.Tensor):
        raise Wrong(
            f"Your function returns {describe(value)}; the lesson goes on with numpy: "
            "return result.numpy()."
        )
    if not isinstance(value, np.ndarray | np.generic) and not (shape == () and _is_number(value)):
        raise Wrong(f"Your function returns {describe(value)}; a numpy array is expected.")
    value = np.asarray(value)
    if not np.issubdtype(value.dtype, np.floating):
        raise Wrong(f"Your function returns {describe(value)}; floats are expected.")
    if value.shape != shape:
        raise Wrong(
            f"On {call.on}, your function returns {describe(value)}; "
            f"the result is {meaning}, here {'×'.join(map(str, shape)) or 'one number'}."
        )
    return value


def number(call: Call) -> float:
    """The call's value as one number: a float, or an array or tensor without axes.

    Raises:
        Wrong: anything else.
    """
    value = returned(call)
    if not _is_number(value):
        raise Wrong(
            f"On {call.on}, your function returns {describe(value)}; one number is expected."
        )
    return float(value)


def scalar_tensor(call: Call) -> torch.Tensor:
    """The call's value as a tensor without axes.

    Raises:
        Wrong: anything else.
    """
    value = returned(call)
    if not isinstance(value, torch.Tensor):
        raise Wrong(
            f"Your function returns {describe(value)}; a scalar tensor is expected, so that "
            "gradients can flow through it. Leave out .item(), float() and numpy."
        )
    if value.shape != ():
        raise Wrong(
            f"On {call.on}, your function returns {describe(value)}; a scalar tensor is "
            "expected: take every mean over all values."
        )
    return value


def finite(call: Call, values: np.ndarray | float) -> None:
    """No NaN and no infinity.

    Raises:
        Wrong: there is one.
    """
    if text := lost(values, np.zeros(())):
        raise Wrong(f"On {call.on}, {text}")


def lost(value: Any, right: Any) -> str:
    """NaN or infinity where the right value is finite, in a sentence; empty for neither."""
    numbers = float | np.ndarray | np.floating
    if not (isinstance(value, numbers) and isinstance(right, numbers) and np.isfinite(right).all()):
        return ""
    if np.isnan(value).any():
        return "your function returns NaN, which is not a number."
    return "your function returns infinity." if np.isinf(value).any() else ""


def untouched(call: Call) -> None:
    """The arguments have kept their values, and no global switch was moved.

    Raises:
        Wrong: one has not.
    """
    if call.changed:
        name = call.changed[0]
        raise Wrong(
            f"Your function changes its input `{name}` in place: whoever calls it finds other "
            f"values in `{name}` afterwards. Work on a copy."
        )
    if call.switched:
        raise Wrong(
            f"Your function switches {call.switched[0]} for everything that runs after it. "
            "Use a `with` block, which switches back."
        )


def networks_untouched(call: Call) -> None:
    """The networks among the arguments are as they were: modes, flags, hooks, gradients, buffers.

    Raises:
        Wrong: one is not.
    """
    for name, kind, words in call.left:
        raise Wrong(f"Your function leaves the network `{name}` {words}: {MEND_NETWORK[kind]}")


MEND_NETWORK: Mapping[Left, str] = {
    "mode": "whoever calls it goes on in another mode. Leave out .eval() and .train(), or put "
    "each layer's mode back at the end.",
    "requires_grad": "it learns otherwise afterwards. Leave the flag alone, or put it back at the "
    "end.",
    "hooks": "remove each hook that you register, by `handle.remove()`, and no other one.",
    "forward": "every later call runs it. Put back what was there.",
    "buffers": "they are saved with its weights. Keep what you count in a variable of your own.",
    "gradients": "they belong to whoever calls your function. `torch.autograd.grad` computes "
    "gradients without storing them; leave out zero_grad() and backward().",
    "averages": "a network in train mode moves its averages with each call. Put it in eval mode "
    "for your calls, and back afterwards.",
    "weights": "your function is asked to look at it, not to train it.",
}


def like(call: Call, right: Any, meaning: str, *, finite: bool = True) -> Any:
    """The call's value, of the same type and shape as what is right.

    Args:
        call: what came back.
        right: the reference's value.
        meaning: its shape in the docstring's words: ``"H×W×3"``.
        finite: whether to look for NaN and infinity too.

    Returns:
        The value as `plain` gives it.

    Raises:
        Wrong: another type or shape, or NaN or infinity where the right value is finite.
    """
    value = _of_type(call, right, meaning)
    if finite and (text := lost(value, plain(right))):
        raise Wrong(f"On {call.on}, {text}")
    return value


def _of_type(call: Call, right: Any, meaning: str) -> Any:
    if isinstance(right, torch.Tensor):
        tensor = returned(call)
        if right.shape == ():
            scalar_tensor(call)
        elif not isinstance(tensor, torch.Tensor):
            raise Wrong(
                f"Your function returns {describe(tensor)}; a tensor is expected, {meaning}."
            )
        if tensor.shape != right.shape:
            raise Wrong(
                f"On {call.on}, your function returns {describe(tensor)}; the result is {meaning}, "
                f"here {'×'.join(map(str, right.shape))}."
            )
        if right.shape and tensor.dtype != right.dtype:
            raise Wrong(
                f"Your function returns a tensor of {tensor.dtype}; the docstring asks for "
                f"{right.dtype} here."
            )
        return plain(tensor)
    if isinstance(right, np.ndarray | np.floating):
        return array(call, right.shape, meaning)
    if isinstance(right, bool):
        value = returned(call)
        if isinstance(value, torch.Tensor | np.ndarray) or value not in (True, False):
            raise Wrong(f"Your function returns {describe(value)}; True or False is expected.")
        return bool(value)
    if isinstance(right, int | float | np.number):
        value = number(call)
        if isinstance(right, int) and np.asarray(call.value).dtype.kind == "f":
            finite(call, value)
            raise Wrong(
                f"On {call.on}, your function returns {describe(call.value)} as a float; an int is "
                "expected. Is there a division, or a float to start from?"
            )
        if isinstance(right, int):
            return int(call.value)
        return value
    value = returned(call)
    if isinstance(right, list | tuple):
        if not isinstance(value, list | tuple) or len(value) != len(right):
            raise Wrong(
                f"On {call.on}, your function returns {describe(value)}; the result is {meaning}."
            )
        return type(right)(
            _of_type(replace(call, value=one), wanted, meaning)
            for one, wanted in zip(value, right, strict=True)
        )
    return value


def plain(value: Any) -> Any:
    """A value without torch: tensors become arrays; in lists, tuples and dictionaries too."""
    if isinstance(value, torch.Tensor):
        return np.asarray(value.detach().cpu().double())
    if type(value) in (list, tuple):
        return type(value)(map(plain, value))
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    return value


def mismatch(
    got: Sequence[Any], right: Sequence[Any], smallest: int, on: str, unit: str = ""
) -> str:
    """How values differ from the right ones, in a sentence.

    A factor or an offset is named if it explains every value; else the smallest input on which
    they differ is shown, with both values.

    Args:
        got: the answer's, one each case.
        right: the reference's.
        smallest: the number of the case to show.
        on: its input, in words.
        unit: of the values.
    """
    kinds = int | float | np.ndarray | np.number
    numbers = all(isinstance(one, kinds) and not isinstance(one, bool) for one in (*got, *right))
    if numbers and all(np.shape(x) == np.shape(y) for x, y in zip(got, right, strict=True)):
        have = np.concatenate([np.ravel(one) for one in got]).astype(float)
        want = np.concatenate([np.ravel(one) for one in right]).astype(float)
        if text := _one_rule(have, want):
            return text
    return f"On {on}: {where(got[smallest], right[smallest], unit)}"


def _one_rule(have: np.ndarray, want: np.ndarray) -> str:
    if len(have) > 1 and (have == have[0]).all() and not (want == want[0]).all():
        return f"Your function gives {_digits(have[0])} whatever it is called with."
    finite_ones = np.isfinite(want) & np.isfinite(have)
    if not np.array_equal(have[~finite_ones], want[~finite_ones], equal_nan=True):
        return ""
    have, want = have[finite_ones], want[finite_ones]
    if len(have) < 2 or np.ptp(want) <= 1e-3:
        return ""
    factor = (have @ want) / (want @ want)
    if _explains(factor * want, have, want):
        digits = 3 if abs(factor - 1) > 0.005 else 6
        return f"Your values are {factor:.{digits}g} times what the docstring's formula gives."
    offset = (have - want).mean()
    if _explains(want + offset, have, want):
        more = "more" if offset > 0 else "less"
        return f"Your values are {abs(offset):.4g} {more} than the docstring's formula gives."
    for steps, words in ROUNDED_TO.items():
        ways = np.round(steps * want), np.floor(steps * want)
        if any(np.abs(steps * have - rounded).max() < 1e-3 for rounded in ways):
            return f"Your values are those of the docstring's formula, rounded to {words}."
    return ""


def where(value: Any, right: Any, unit: str = "") -> str:
    """Both values, and where they differ first, in a sentence."""
    several = isinstance(right, tuple) and any(isinstance(one, np.ndarray) for one in right)
    if several and isinstance(value, tuple | list) and len(value) == len(right):
        n = next(n for n, one in enumerate(right) if not close(value[n], one, 1e-4))
        return f"of what is returned, part {n + 1} is wrong: {where(value[n], right[n], unit)}"
    other_shape = np.shape(value) != np.shape(right)
    if not isinstance(right, np.ndarray) or right.size == 1 or other_shape:
        have, want = _both(value, right)
        return f"your function gives {have}{unit}; the docstring's formula gives {want}{unit}."
    wrong = ~np.isclose(value, right, rtol=1e-4, atol=1e-4, equal_nan=True)
    share = wrong.mean()
    much = "all values differ" if share == 1 else f"{share:.0%} of the values differ"
    if share < 0.01:
        much = f"{wrong.sum()} of {wrong.size} values differ"
    if not share:  # small numbers and large counts may differ by less than that
        off = np.nan_to_num(np.abs(np.asarray(value, float) - right))
        wrong, much = off == off.max(), "the values differ a little"
    at = tuple(int(i[0]) for i in np.nonzero(wrong))
    have, want = _both(float(value[at]), float(right[at]))
    return (
        f"{much}; at {list(at)}, your function gives {have}{unit}, and the docstring's formula "
        f"{want}{unit}."
    )


def _both(value: Any, right: Any) -> tuple[str, str]:
    """Both values, with as many digits as it takes to tell them from each other."""
    pairs = [(_short(value, digits), _short(right, digits)) for digits in (4, 7, 10)]
    return next((pair for pair in pairs if pair[0] != pair[1]), pairs[-1])


def _short(value: Any, digits: int = 4) -> str:
    if isinstance(value, bool | str):
        return repr(value)
    if isinstance(value, int | float | np.ndarray | np.number) and np.ndim(value) == 0:
        whole = isinstance(value, int)
        return f"{value:,}" if whole else _digits(float(np.asarray(value).item()), digits)
    text = repr(value.tolist() if isinstance(value, np.ndarray) else value)
    return text if len(text) < 200 else text[:199] + "…"


def close(value: Any, expected: Any, tolerance: float) -> bool:
    """Equal within the tolerance, relative or absolute; NaN equals NaN.

    Tuples, lists and dictionaries are compared item by item; whole numbers, truth values, texts
    and everything else must be equal.
    """
    if isinstance(expected, dict):
        return (
            isinstance(value, dict)
            and value.keys() == expected.keys()
            and all(close(value[key], expected[key], tolerance) for key in expected)
        )
    if isinstance(expected, list | tuple):
        return (
            isinstance(value, list | tuple)
            and len(value) == len(expected)
            and all(close(x, y, tolerance) for x, y in zip(value, expected, strict=True))
        )
    if not isinstance(expected, float | np.ndarray | np.floating):
        return bool(np.shape(value) == () and value == expected)
    if not isinstance(value, int | float | np.ndarray | np.generic):
        return False
    numbers = np.asarray(value)
    if isinstance(expected, np.ndarray) and expected.dtype.kind in "biu":
        return bool(numbers.dtype.kind in "biuf" and np.array_equal(numbers, expected))
    return bool(
        numbers.shape == np.shape(expected)
        and numbers.dtype.kind in "biuf"
        and np.allclose(numbers, expected, rtol=tolerance, atol=tolerance, equal_nan=True)
    )


def _explains(model: np.ndarray, have: np.ndarray, want: np.ndarray) -> bool:
    """Is the model as good as equal to what there is, and much nearer to it than the right one?"""
    nearer = np.abs(have - model).max() <= 0.1 * np.abs(have - want).max()
    return bool(nearer and np.allclose(have, model, rtol=1e-3, atol=1e-5))


def _digits(value: float, digits: int = 4) -> str:
    if math.isinf(value):
        return "infinity"
    if 1e4 <= abs(value) < 1e15 and value == int(value):
        return f"{value:,.0f}"
    return f"{value + 0.0:.{digits}g}"  # + 0.0: −0 is 0


def _is_number(value: object) -> bool:
    if isinstance(value, torch.Tensor):
        return value.shape == () and not value.is_complex()
    if isinstance(value, np.ndarray):
        return value.shape == () and np.issubdtype(value.dtype, np.number)
    return type(value) in (int, float) or isinstance(value, np.floating | np.integer)
