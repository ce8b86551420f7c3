"""A time limit for calls, in whichever thread they run.

Signals reach the main thread only, and widget callbacks run in other ones. So a watchdog
thread raises `TimeUp` inside the calling thread. Code such as ``except BaseException: pass``
swallows it; but a swallowed exception is destroyed, and a destroyed `TimeUp` has the next one
raised, one handler further out, until the call has been left.
"""

from __future__ import annotations

import ctypes
import gc
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

T = TypeVar("T")

TICK = 0.01  # seconds between two looks
PATIENCE = 4  # wall seconds granted for each CPU second, for calls that sleep, on busy machines
CHECKS = os.path.dirname(__file__)
IMPORT_SYSTEM = "<frozen importlib._bootstrap>"

_active: dict[int, TimeLimit] = {}  # thread → the innermost limit whose call it is in

_raise_in = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_ulong, ctypes.py_object)(
    ("PyThreadState_SetAsyncExc", ctypes.pythonapi)
)
_NOTHING = ctypes.py_object()  # a null pointer: withdraws an exception that is on its way


class TimedOut(Exception):
    """The call did not return within its time."""


class TimeUp(BaseException):
    """Raised inside a call whose time is up. No ``Exception``, so that few handlers catch it."""

    def __del__(self) -> None:
        thread_id = threading.get_ident()
        limit = _active.get(thread_id)
        if limit is not None and limit.passed and limit.holds(sys._getframe()):
            # Taken from an iterator, not called: after a call Python looks whether an exception
            # is on its way, and would raise it in here instead of where this one was swallowed.
            [_] = map(_raise_in, (thread_id,), (TimeUp,))


class TimeLimit:
    """So many seconds for all the calls made through it.

    ``with TimeLimit(1.5) as limit: limit.call(function)``

    What counts is the CPU time of this thread, where the system tells it, so that a busy
    machine doesn't make a right answer late; `PATIENCE` times as many seconds by the wall clock
    are the limit otherwise. Importing a module is free: it happens once. One call into compiled
    code can't be interrupted; the limit strikes when it returns.

    Attributes:
        passed: the time is up, whatever the calls made of that.
        waited: seconds by the wall clock that the calls took so far, to a `TICK` each.
    """

    _LATE = 0.5  # seconds: an exception that comes later was held up, by one call or a context

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.passed = False
        self.waited = 0.0
        self._patience = 0.0
        self._struck: tuple[float, FrameType, int, int] | None = None  # when, where, in which line
        self._held_up = 0.0  # seconds that the innermost frame stood still after that
        self._thread_id = threading.get_ident()
        self._clock = _thread_clock(self._thread_id)
        self._outer = _active.get(self._thread_id)
        self._base: FrameType | None = None
        self._done = threading.Event()
        self._watchdog = threading.Thread(target=self._watch, name="check watchdog", daemon=True)
        self._lock = threading.RLock()

    def __enter__(self) -> TimeLimit:
        self._watchdog.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._done.set()
        self._leave()
        # A watchdog that outlives the check may free the answer's tensors while Python shuts
        # down, which ends the process with "terminate called without an active exception".
        self._watchdog.join()

    def call(self, function: Callable[[], T], *, patience: float = 0.0) -> T:
        """``function()``, called in this thread.

        Args:
            function: what is called.
            patience: seconds that pass before `TimeUp` strikes, for calls that look at `passed`
                themselves. PyTorch's dispatch to Python, as in FakeTensorMode, is such a call:
                struck inside it, the process ends.

        Raises:
            TimedOut: the time is up.
            BaseException: whatever else the function raises.
        """
        self._patience = patience
        try:
            try:
                value = self._enter(function)
            finally:
                self._leave()
        except KeyboardInterrupt:
            self._leave()
            raise
        except BaseException:
            self._leave()  # again: `TimeUp` may have struck inside the first one
            if not self.passed:
                raise
        if self.passed:
            raise TimedOut(f"not done within {self.seconds:g} seconds")
        return value

    def why(self) -> str:
        """Why a call timed out, in words: it goes on and on, or one call into C took long."""
        if self._held_up > self._LATE and self._struck:
            return (
                f"one call in line {self._struck[3]} of your code takes {self.waited:.2g} seconds "
                "or more on this small input. Does it sleep, or compute far too much?"
            )
        return (
            f"your function doesn't come back; the check stopped it after {self.waited:.2g} "
            "seconds. Is there a loop that never ends?"
        )

    def holds(self, frame: FrameType | None) -> bool:
        """Does this frame belong to the call?"""
        while frame is not None and frame is not self._base:
            frame = frame.f_back
        return frame is not None and self._base is not None

    def _enter(self, function: Callable[[], T]) -> T:
        self._base = sys._getframe()
        _active[self._thread_id] = self
        return function()

    def _leave(self) -> None:
        """After this no `TimeUp` comes. Calling it twice does no harm."""
        with self._lock:
            self._base = None
            if self._outer is None:
                _active.pop(self._thread_id, None)
            else:
                _active[self._thread_id] = self._outer
        _raise_in(self._thread_id, _NOTHING)

    def _line_of_answer(self, frame: FrameType | None) -> int:
        """The line of the outermost frame that isn't a check's."""
        line = 0
        while frame is not None and frame.f_code is not TimeLimit._enter.__code__:
            if not frame.f_code.co_filename.startswith(CHECKS):
                line = frame.f_lineno
            frame = frame.f_back
        return line

    def _watch(self) -> None:
        used, cpu, wall = 0.0, self._clock(), time.monotonic()
        while not self._done.wait(TICK):
            cpu_before, cpu = cpu, self._clock()
            wall_before, wall = wall, time.monotonic()
            with self._lock, _no_collection():
                frame = sys._current_frames().get(self._thread_id)
                if frame is None or not self.holds(frame) or _imports(frame):
                    continue
                self.waited += wall - wall_before
                used += max(cpu - cpu_before, (wall - wall_before) / PATIENCE)
                if used > self.seconds:
                    self.passed = True
                    late = used - self.seconds
                    if late < self._patience or (late < self._LATE and _enters_or_leaves(frame)):
                        continue
                    if self._struck and self._struck[1:3] == (frame, frame.f_lasti):
                        self._held_up = wall - self._struck[0]
                    elif not self._struck:
                        line = self._line_of_answer(frame)
                        self._struck = wall, frame, frame.f_lasti, line
                    _raise_in(self._thread_id, TimeUp)


@contextmanager
def _no_collection() -> Iterator[None]:
    """No garbage is collected meanwhile.

    Looking at another thread's frames builds objects. If a collection begins there and lets the
    other thread run, its frames are gone when the building goes on, and the process ends.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _thread_clock(thread_id: int) -> Callable[[], float]:
    """The CPU seconds of a thread; stands still where the system doesn't tell (macOS, Windows)."""
    if not hasattr(time, "pthread_getcpuclockid"):
        return lambda: 0.0
    clock = time.pthread_getcpuclockid(thread_id)
    return lambda: time.clock_gettime(clock)


def _enters_or_leaves(frame: FrameType | None) -> bool:
    """Is a ``with`` block being entered or left? Struck there, it might put nothing back."""
    while frame is not None and frame.f_code is not TimeLimit._enter.__code__:
        if frame.f_code.co_name in ("__enter__", "__exit__"):
            return True
        frame = frame.f_back
    return False


def _imports(frame: FrameType | None) -> bool:
    """Is a module being imported in this frame?"""
    while frame is not None and frame.f_code.co_filename != IMPORT_SYSTEM:
        frame = frame.f_back
    return frame is not None
