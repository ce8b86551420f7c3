"""What this process has used so far: training steps, CPU time, memory. Budgets gate on these."""

from __future__ import annotations

import resource
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil

_steps = 0


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What a process has used since it started.

    Attributes:
        steps: training steps, as told to `count_steps`.
        cpu_seconds: user and system time, of this process and of its children, ended or alive.
        memory_mb: the peak of this process's resident memory, 10⁶ bytes.
    """

    steps: int
    cpu_seconds: float
    memory_mb: float


def count_steps(number: int = 1) -> None:
    """Note that training steps were taken; every training loop calls this once a step."""
    global _steps
    _steps += number


def measure() -> Usage:
    """What this process has used since it started."""
    return Usage(
        steps=_steps,
        cpu_seconds=round(_cpu_seconds(), 2),
        memory_mb=round(_peak_bytes() / 1e6, 1),
    )


def _cpu_seconds() -> float:
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    own = resource.getrusage(resource.RUSAGE_SELF)
    seconds = own.ru_utime + own.ru_stime + ended.ru_utime + ended.ru_stime
    for child in psutil.Process().children(recursive=True):
        try:
            times = child.cpu_times()
        except psutil.Error:  # ended meanwhile, or another user's
            continue
        seconds += times.user + times.system
    return seconds


def _peak_bytes() -> float:
    # On Linux ru_maxrss also counts what the parent held when it started this process.
    status = Path("/proc/self/status")
    if status.exists():
        line = next(x for x in status.read_text().splitlines() if x.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
