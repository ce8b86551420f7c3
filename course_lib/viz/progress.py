"""Progress of a long computation, with the remaining time."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from IPython.core.getipython import get_ipython
from IPython.display import display

from course_lib.durations import clock

SETTLED = 2.0  # seconds; a forecast from less is unreliable


class Progress:
    """A progress bar with the elapsed and the remaining time.

    In a notebook it updates in place; in a terminal it rewrites one line of stderr; otherwise, in
    a log file for instance, only the last line is written.

    Example:
        ``progress = Progress(len(seeds), "seed")``, then ``progress.update(n)`` after the
        n-th, and ``progress.close()``.
    """

    def __init__(self, total: int, what: str = "step") -> None:
        """Start the clock.

        Args:
            total: number of items, at least 1.
            what: the word for one item.

        Raises:
            ValueError: ``total`` below 1.
        """
        if total < 1:
            raise ValueError(f"progress counts to at least 1, total is {total}")
        self.total, self.what, self.done = total, what, 0
        self._before = 0
        self._pace: tuple[float, int] | None = None  # when, and with how many, it was set
        self._started = time.perf_counter()
        self._shown = -math.inf
        self._handle: Any = None
        self._closed = False

    def update(self, done: int) -> None:
        """Set the number of finished items; the bar is redrawn at most once a second."""
        self.done = done
        now = time.perf_counter()
        if self._pace is None:
            self._pace = (now, done)  # the time before the first item says nothing about the pace
        if now - self._shown >= 1:
            self._shown = now
            self._show()

    def __call__(self, record: Mapping[str, float]) -> None:
        """Take the record of one step; lets the bar serve as a training callback."""
        self.update(int(record["step"]))

    def resume(self, history: Sequence[Mapping[str, float]]) -> None:
        """Take the history of a resumed run; lets the bar serve as a training callback."""
        # A history may be thinned, as that of pretrained weights is.
        self.done = self._before = int(history[-1]["step"]) if history else 0

    def close(self) -> None:
        """Show the final state and time; calling it again changes nothing."""
        if not self._closed:
            self._closed = True
            self._show()

    def text(self) -> str:
        """Return the line, such as ``step 300/1200 · 0:24 · 1:12 left``."""
        now = time.perf_counter()
        line = f"{self.what} {self.done}/{self.total} · {clock(now - self._started)}"
        if self._before:
            line += f" · resumed after {self._before}"
        if self._closed or self._pace is None:
            return line
        began, first = self._pace
        if self.done == first or now - began < SETTLED:
            return line
        left = (now - began) / (self.done - first) * (self.total - self.done)
        return f"{line} · {clock(left)} left"

    def _show(self) -> None:
        text = self.text()
        if get_ipython() is not None:
            html = (
                f'<label style="font-variant-numeric:tabular-nums"><progress max="{self.total}" '
                f'value="{self.done}"></progress> {escape(text)}</label>'
            )
            bundle = {"text/html": html, "text/plain": text}
            if self._handle is None:
                self._handle = display(bundle, raw=True, display_id=True)
            else:
                self._handle.update(bundle, raw=True)
        elif sys.stderr.isatty():
            print(f"\r\033[K{text}", end="\n" if self._closed else "", file=sys.stderr, flush=True)
        elif self._closed:
            print(text, file=sys.stderr)
