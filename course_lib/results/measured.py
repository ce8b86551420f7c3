"""A measured value beside the paper's claim, as the tables of lessons show both."""

from __future__ import annotations

import math
from dataclasses import dataclass

# Decimals shown for these units; others show three significant digits.
_DECIMALS = {"dB": 2, "%": 1}


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One row of a lesson's table of results.

    Attributes:
        name: the measured quantity, such as ``"PSNR of the restored pictures"``.
        value: the measured value, or the mean of several; None if it isn't available ("n/a"),
            such as LPIPS without its weights.
        unit: ``"dB"``, ``"%"``; empty for a pure number.
        spread: standard deviation over seeds or pictures, in the same unit.
        over: what the spread is taken over, such as ``"5 seeds"``.
        claim: the paper's value in the same unit.
        source: place in the paper, such as ``"report 1, table 2"``.
        claim_is: words before the claimed value: ``"acceptable above"`` for a threshold that
            the paper didn't measure, ``"70 to"`` for a range.
    """

    name: str
    value: float | None
    unit: str = ""
    spread: float | None = None
    over: str = ""
    claim: float | None = None
    source: str = ""
    claim_is: str = ""

    def __post_init__(self) -> None:
        for key in ("value", "spread", "claim"):
            given = getattr(self, key)
            if given is None:
                continue
            number = float(given)  # NumPy's and torch's numbers can't be written as JSON
            if not math.isfinite(number):
                raise ValueError(
                    f"{key} of {self.name!r} is {number}; a result is a finite number, "
                    "or None where there is none"
                )
            object.__setattr__(self, key, number)

    def text(self) -> str:
        """Return the measured value: ``"27.34 ± 0.41 dB (5 seeds)"``, ``"n/a"`` without a value."""
        if self.value is None:
            return "n/a"
        decimals = _decimals(self.unit, self.value, self.spread)
        spread = "" if self.spread is None else f" ± {self.spread:.{decimals}f}"
        over = f" ({self.over})" if self.over else ""
        return f"{_signed(self.value, decimals)}{spread} {self.unit}".rstrip() + over

    def claim_text(self) -> str:
        """Return the paper's value: ``"28.10 dB"``, ``"acceptable above 20.00 dB"``, or ``""``."""
        if self.claim is None:
            return ""
        number = _signed(self.claim, _decimals(self.unit, self.claim))
        return f"{self.claim_is} {number} {self.unit}".strip()


def _decimals(unit: str, value: float, spread: float | None = None) -> int:
    if unit in _DECIMALS:
        return _DECIMALS[unit]
    largest = max(abs(value), spread or 0)
    if largest == 0 or (spread is None and value.is_integer()):
        return 0
    return max(0, 2 - math.floor(math.log10(largest)))


def _signed(number: float, decimals: int) -> str:
    return f"{number:.{decimals}f}".replace("-", "−")
