"""Cost of the networks of `course restore` per pixel, over that of RASPP with 24 channels.

All restore one picture on one thread, in turns; the smallest time of each counts. The course allows
a ratio of 4. Each network of `course restore` sees the picture twice, see `Mirrored`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import torch

from course_lib.models.graspp import RASPP
from course_lib.models.tiles import restore_picture
from course_lib.restoration.networks import load_network, names

TURNS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=768, help="of the picture, pixels")
    side = parser.parse_args().side
    torch.set_num_threads(1)
    picture = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
    raspp = RASPP(width=24)
    restorers: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "RASPP": partial(restore_picture, raspp)
    }
    restorers |= {name: load_network(name).restore for name in names()}
    seconds = {name: float("inf") for name in restorers}
    for _ in range(TURNS):
        for name, restore in restorers.items():
            begun = time.perf_counter()
            restore(picture)
            seconds[name] = min(seconds[name], time.perf_counter() - begun)
    for name, one in seconds.items():
        microseconds, ratio = 1e6 * one / side**2, one / seconds["RASPP"]
        print(f"{name:8} {microseconds:.2f} µs a pixel, {ratio:.2f} of RASPP's")


if __name__ == "__main__":
    main()
