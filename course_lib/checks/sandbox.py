"""What an answer may disturb while it is checked, and how everything is put back."""

from __future__ import annotations

import builtins
import contextlib
import contextvars
import io
import math
import os
import random
import signal
import sys
import threading
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from types import FrameType, ModuleType
from typing import Any, TypeAlias

import numpy as np
import torch
import torch.nn.functional as F
from torch.overrides import _get_current_function_mode_stack as _function_modes
from torch.overrides import _pop_mode as _pop_function_mode
from torch.overrides import _push_mode as _push_function_mode
from torch.utils import _device
from torch.utils._python_dispatch import _get_current_dispatch_mode_stack as _dispatch_modes
from torch.utils._python_dispatch import _pop_mode as _pop_dispatch_mode

from course_lib.checks.snapshot import GLOBAL_HOOKS

PRINTED_CHARACTERS = 2000

# What an answer might overwrite by mistake, as in ``np.random.seed = 0``: names of modules, and
# methods of classes.
MODULES: tuple[ModuleType, ...] = (builtins, math, random, np, np.random, torch, torch.nn, F)
CLASSES: tuple[type, ...] = (
    torch.Tensor,
    torch.nn.Parameter,
    torch.autograd.Function,
    *dict.fromkeys(one for one in vars(torch.nn).values() if isinstance(one, type)),
    *dict.fromkeys(one for one in vars(torch.optim).values() if isinstance(one, type)),
)


Names: TypeAlias = list[tuple[ModuleType | type, dict[str, Any]]]
_names: contextvars.ContextVar[Names] = contextvars.ContextVar("names at the start of a check")


class Printed(io.StringIO):
    """Collects what is printed, up to `PRINTED_CHARACTERS`; the rest is dropped."""

    def write(self, text: str) -> int:
        """Keep what still fits."""
        super().write(text[: max(0, PRINTED_CHARACTERS - self.tell())])
        return len(text)

    def close(self) -> None:
        """Stay open, whatever the answer does to its output."""


@contextlib.contextmanager
def sandbox(seed: int) -> Iterator[Printed]:
    """Run a whole check: random states, streams and settings are those from before afterwards.

    Inside, the global generators are seeded, so that an answer that draws from them gets the
    same verdict for the same ``seed``; gradients are on and torch's default type is float32,
    wherever the check was called from; keyboard input raises instead of waiting.

    Args:
        seed: for the global generators of Python, numpy and torch.

    Yields:
        What is printed inside, standard error included.
    """
    printed = Printed()
    numpy_state, python_state = np.random.get_state(), random.getstate()  # noqa: NPY002
    cuda = list(range(torch.cuda.device_count())) if torch.cuda.is_initialized() else []
    streams = sys.stdout, sys.stderr, sys.stdin
    folder, recursion = os.getcwd(), sys.getrecursionlimit()
    keyboard = builtins.input, sys.breakpointhook
    hooks = [(one, dict(one)) for one in GLOBAL_HOOKS.values()]
    token = None
    with (
        torch.random.fork_rng(devices=cuda),
        torch.inference_mode(False),
        torch.enable_grad(),
        _torch_settings(),
        np.errstate(),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        np.random.seed(seed)  # noqa: NPY002
        random.seed(seed)
        torch.manual_seed(seed)
        torch.set_default_dtype(torch.float32)
        try:
            sys.stdout = sys.stderr = printed
            sys.stdin = io.StringIO()
            builtins.input = _no_input
            sys.breakpointhook = _no_input
            token = _names.set(_names_of((*MODULES, *CLASSES)))
            yield printed
        finally:
            sys.stdout, sys.stderr, sys.stdin = streams
            builtins.input, sys.breakpointhook = keyboard
            for now, before in hooks:
                now.clear()
                now.update(before)
            if token:
                _names.reset(token)
            sys.setrecursionlimit(recursion)
            os.chdir(folder)
            random.setstate(python_state)
            np.random.set_state(numpy_state)  # noqa: NPY002


@dataclass
class Seen:
    """What happened during one call of the answer.

    Attributes:
        switched: the global switches that the call left in another position, in words.
        interrupted: whether the user interrupted it. Without that, a KeyboardInterrupt is the
            answer's own.
    """

    switched: list[str] = field(default_factory=list)
    interrupted: bool = False


@contextlib.contextmanager
def one_call(modules: tuple[ModuleType, ...] = ()) -> Iterator[Seen]:
    """Run one call of the answer, so that nothing which it leaves behind reaches the check.

    Args:
        modules: whose names are put back besides those of `MODULES`.
    """
    seen = Seen()
    before = _names.get(None) or _names_of((*MODULES, *CLASSES))
    with _interrupts(seen), _put_back([*before, *_names_of(modules)]), _modes_put_back(seen):
        try:
            yield seen
        finally:
            if not torch.is_grad_enabled():
                seen.switched.append("gradients off (torch.set_grad_enabled(False))")
                torch.set_grad_enabled(True)
            if torch.get_default_dtype() is not torch.float32:
                seen.switched.append(f"torch's default type to {torch.get_default_dtype()}")
                torch.set_default_dtype(torch.float32)


def _names_of(owners: Iterable[ModuleType | type]) -> Names:
    return [(owner, dict(vars(owner))) for owner in owners]


@contextlib.contextmanager
def _put_back(before: Names) -> Iterator[None]:
    """Names that were overwritten, deleted or added are as before afterwards."""
    # Bound here, because the answer may delete a builtin.
    missing, write, delete = object(), setattr, delattr
    names_of, is_a, module, error = vars, isinstance, ModuleType, Exception
    try:
        yield
    finally:
        for owner, names in before:
            now = names_of(owner)
            try:
                if now == names:  # fast, since it looks whether values are identical first
                    continue
            except error:  # an array in place of a value doesn't compare
                pass
            for name, value in names.items():
                if now.get(name, missing) is not value:
                    write(owner, name, value)
            for name in now.keys() - names.keys():
                if not is_a(now[name], module):  # a part that was imported meanwhile stays
                    delete(owner, name)


@contextlib.contextmanager
def _modes_put_back(seen: Seen) -> Iterator[None]:
    """Modes that decide what torch's functions do are as before afterwards.

    An answer may enter one and not leave it, and a time limit may strike while one is left.
    """
    device, functions, dispatch = _device.CURRENT_DEVICE, _function_modes(), _dispatch_modes()
    try:
        yield
    finally:
        if _function_modes() != functions:  # the default device is one of them
            for _ in _function_modes():
                _pop_function_mode()
            moved = _device.CURRENT_DEVICE
            if moved != device:
                seen.switched.append(f"torch's default device to {moved}")
                torch.set_default_device(device)
            for mode in functions:
                if moved == device or not isinstance(mode, _device.DeviceContext):
                    _push_function_mode(mode)
        for _ in _dispatch_modes()[len(dispatch) :]:
            _pop_dispatch_mode()


@contextlib.contextmanager
def _interrupts(seen: Seen) -> Iterator[None]:
    """Note whether the user interrupts. Signals reach the main thread only."""
    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(handler):
        yield
        return

    def note(number: int, frame: FrameType | None) -> Any:
        seen.interrupted = True
        return handler(number, frame)

    signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)


@contextlib.contextmanager
def _torch_settings() -> Iterator[None]:
    default, threads = torch.get_default_dtype(), torch.get_num_threads()
    deterministic = torch.are_deterministic_algorithms_enabled()
    anomaly = torch.is_anomaly_enabled()
    try:
        yield
    finally:
        torch.set_default_dtype(default)
        torch.use_deterministic_algorithms(deterministic)
        torch.autograd.set_detect_anomaly(anomaly)
        if torch.get_num_threads() != threads:
            torch.set_num_threads(threads)


def _no_input(*prompt: Any, **kwargs: Any) -> str:
    raise RuntimeError("a function that is checked can't wait for the keyboard")
