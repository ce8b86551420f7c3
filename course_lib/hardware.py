"""What the course runs on: hardware and versions, in words."""

from __future__ import annotations

import functools
import os
import platform
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import psutil

# One convolution of `speed` and its gradient, on the machine that budgets were measured on.
REFERENCE_SECONDS = 0.00118
PACKAGES = (
    "clearing-the-rain",
    "torch",
    "torchvision",
    "lightning-fabric",
    "numpy",
    "scikit-image",
    "jupyterlab",
    "papermill",
)


def versions() -> dict[str, str]:
    """Package → installed version, ``"missing"`` where it isn't; Python is one of them."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "missing"
    return found


def device_name() -> str:
    """The hardware that training uses here: the GPU's name, or the CPU's threads."""
    import torch

    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    if torch.backends.mps.is_available():
        return "Apple GPU"
    threads = torch.get_num_threads()
    return f"CPU ({threads} thread{'s' if threads > 1 else ''})"


@functools.cache
def speed() -> float:
    """How fast one core here convolves, over the one that budgets were measured on.

    Times a small convolution and its gradient for a fifth of a second; the fastest of several
    tries counts, because other programs can only slow it down.
    """
    import torch
    from torch import nn

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            layer = nn.Conv2d(16, 16, 3, padding=1)
            pictures = torch.randn(4, 16, 64, 64)
        best, end = float("inf"), time.perf_counter() + 0.2
        while time.perf_counter() < end:
            start = time.perf_counter()
            layer(pictures).square().mean().backward()
            best = min(best, time.perf_counter() - start)
    finally:
        torch.set_num_threads(threads)
    return REFERENCE_SECONDS / best


def shortest(work: Callable[[], object], repeats: int = 3) -> float:
    """Seconds of the fastest of several tries, after one that doesn't count.

    Other programs can only slow a try down. Work on a GPU is waited for.
    """
    import torch

    times = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        work()
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    return min(times[1:])


def matrix_rate(side: int = 1024) -> float:
    """Multiply-adds a second of a product of two matrices here: what a network can reach at most.

    On a CPU the faster of two ways counts, PyTorch's product and oneDNN's, which convolutions take:
    on some processors one knows wider instructions than the other.

    Args:
        side: of the matrices, ≥ 1.
    """
    import torch
    import torch.nn.functional as F

    with torch.no_grad():
        matrix = torch.rand(side, side, device="cuda" if torch.cuda.is_available() else "cpu")
        times = [shortest(lambda: matrix @ matrix, 5)]
        if not matrix.is_cuda and torch.backends.mkldnn.is_available():
            packed = matrix.to_mkldnn()
            times.append(shortest(lambda: F.linear(packed, packed), 5))
    return side**3 / min(times)


def processor() -> str:
    """The processor's model and how many of its cores this process may use."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    name = models[0] if models else platform.processor() or platform.machine()
    return f"{name}, {usable_cores()} cores"


def name() -> str:
    """What numbers computed here depend on: the GPU's name, or the processor's model."""
    device = device_name()
    return processor() if device.startswith("CPU") else device


def usable_cores() -> int:
    """The cores that this process may run on; a container often has fewer than the machine."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def memory_gb() -> float:
    """The machine's memory, 10⁹ bytes."""
    return psutil.virtual_memory().total / 1e9


def system() -> str:
    """The operating system, such as ``"Linux 6.1 (x86_64)"``."""
    return f"{platform.system()} {platform.release()} ({platform.machine()})"
