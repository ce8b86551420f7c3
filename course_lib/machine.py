"""What the course runs on: hardware and versions, in words."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path

import psutil

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


def processor() -> str:
    """The processor's model and how many of its cores this process may use."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    name = models[0] if models else platform.processor() or platform.machine()
    return f"{name}, {usable_cores()} cores"


def usable_cores() -> int:
    """The cores that this process may run on; a container often has fewer than the machine."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def memory_gb() -> float:
    """The machine's memory, 10⁹ bytes."""
    return psutil.virtual_memory().total / 1e9


def system() -> str:
    """The operating system, such as ``"Linux 6.1 (x86_64)"``."""
    return f"{platform.system()} {platform.release()} ({platform.machine()})"
