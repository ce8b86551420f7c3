"""RASPP on a picture of 512×512: milliseconds and peak memory, narrow and as the paper writes it.

Beside each time stands what share of this machine's matrix-multiply rate the network reaches: its
multiply-adds a second over those of a product of two large matrices (`hardware.matrix_rate`), timed
just before in the same process with as many threads. Lesson 02's U-Net stands beside them. Memory
is the peak of a process that restores one picture and does nothing else, less what such a process
holds before.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable

import torch
from torch import nn

from course_lib import hardware, usage
from course_lib.hardware import device_name, matrix_rate, shortest
from course_lib.models.cost import multiply_adds
from course_lib.models.graspp import RASPP
from course_lib.models.pix2pix import UNetGenerator

SIDE = 512
NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "RASPP, 16 throughout": RASPP,
    "RASPP, the paper's text": lambda: RASPP(width=64, stages=(64, 128, 256, 512)),
    "U-Net of lesson 02, 12": lambda: UNetGenerator(depth=6, base_channels=12, dropout=0),
    "U-Net of lesson 02, 64": lambda: UNetGenerator(depth=6, base_channels=64, dropout=0),
}
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


@torch.no_grad()
def compare(name: str, threads: int) -> None:
    """Print a row."""
    torch.set_num_threads(threads)
    network = NETWORKS[name]().eval()
    cost = multiply_adds(network, 64) * (SIDE // 64) ** 2  # a cost a pixel, as all these have
    network.to(DEVICE)
    picture = torch.zeros(1, 3, SIDE, SIDE, device=DEVICE)
    rate = matrix_rate()
    repeats = 5 if cost < 1e11 else 1
    took = shortest(lambda: network(picture), repeats)
    print(
        f"| {name} | {threads} | {cost / 1e9:,.0f} | {1000 * took:,.0f} "
        f"| {peak_memory(name, threads):,.0f} | {rate / 1e9:,.0f} | {cost / took / rate:.0%} |",
        flush=True,
    )


def peak_memory(name: str, threads: int) -> float:
    """Megabytes that one picture takes, of a process of its own."""
    command = [sys.executable, __file__, "--memory", name, "--threads", str(threads)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


@torch.no_grad()
def only(name: str, threads: int) -> None:
    """Print by how much restoring one picture raises the peak of this process's memory."""
    torch.set_num_threads(threads)
    network = NETWORKS[name]().eval().to(DEVICE)
    picture = torch.zeros(1, 3, SIDE, SIDE, device=DEVICE)
    if DEVICE == "cuda":
        held = torch.cuda.memory_allocated()
        network(picture)
        print((torch.cuda.max_memory_allocated() - held) / 1e6)
        return
    before = usage.measure().memory_mb
    network(picture)
    print(usage.measure().memory_mb - before)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--memory", metavar="NETWORK", help=argparse.SUPPRESS)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    arguments = parser.parse_args()
    if arguments.memory:
        only(arguments.memory, arguments.threads)
        return
    print(f"{hardware.name()}; {device_name()}\n")
    print(
        f"| network, {SIDE}×{SIDE} | threads | 10⁹ multiply-adds | ms | MB "
        "| matrix rate (10⁹ multiply-adds/s) | share of it |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|")
    for name in NETWORKS:
        compare(name, arguments.threads)


if __name__ == "__main__":
    main()
