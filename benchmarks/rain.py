"""Synthesis of rain on one core: pairs a second, and what drawing once and sliding windows saves.

The plain way draws the rain anew for each crop. Both ways are measured in turns, so that a busy
machine slows both; the ratio is what counts, the rates depend on the machine.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before NumPy is imported

import numpy as np

from course_lib.data.crops import MARGIN
from course_lib.data.pair import Pair
from course_lib.data.photos import load_photo
from course_lib.data.rain import KINDS, apply_canvas, draw_canvas, prepare_photo
from course_lib.data.scene import Scene

ROUNDS = 5


def windowed(kind: str, side: int, scene: Scene) -> Callable[[np.random.Generator], Pair]:
    """A crop under a window of rain that was drawn once."""
    canvas = draw_canvas(kind, (side + MARGIN, side + MARGIN), np.random.default_rng(0))

    def make(rng: np.random.Generator) -> Pair:
        window = (*_corner(scene, side, rng), side, side)
        y, x = rng.integers(0, MARGIN + 1, 2).tolist()
        return apply_canvas(canvas, scene, window=window, corner=(y, x))

    return make


def redrawn(kind: str, side: int, scene: Scene) -> Callable[[np.random.Generator], Pair]:
    """A crop under rain drawn for it alone."""

    def make(rng: np.random.Generator) -> Pair:
        window = (*_corner(scene, side, rng), side, side)
        return apply_canvas(draw_canvas(kind, (side, side), rng), scene, window=window)

    return make


def _corner(scene: Scene, side: int, rng: np.random.Generator) -> tuple[int, int]:
    height, width = scene.photo.shape[:2]
    return int(rng.integers(height - side + 1)), int(rng.integers(width - side + 1))


def seconds_each(make: Callable[[np.random.Generator], Pair], count: int) -> float:
    """Processor time, not wall time: other work on the machine doesn't count."""
    rng = np.random.default_rng(1)
    start = time.process_time()
    for _ in range(count):
        make(rng)
    return (time.process_time() - start) / count


def main() -> None:
    scene = prepare_photo(load_photo("astronaut"), name="astronaut")  # 512×512

    print("| kind | side | drawn once: pairs/s | ms a pair | drawn anew: pairs/s | ratio |")
    print("|---|---|---|---|---|---|")
    for kind in KINDS:
        for side, often, seldom in ((64, 500, 20), (512, 10, 2)):
            once, anew = windowed(kind, side, scene), redrawn(kind, side, scene)
            once(np.random.default_rng(0))  # what the photograph needs, once
            times = [(seconds_each(once, often), seconds_each(anew, seldom)) for _ in range(ROUNDS)]
            fast, slow = np.median(times, axis=0)
            print(
                f"| {kind} | {side} | {1 / fast:,.0f} | {1e3 * fast:.2f} "
                f"| {1 / slow:,.0f} | {slow / fast:.1f}× |",
                flush=True,
            )


if __name__ == "__main__":
    main()
