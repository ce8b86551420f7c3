"""Photographs as a poor camera takes them in the rain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from course_lib.data.degradations import Degradation
from course_lib.data.rain import require_kind, synthesize

SOFT = Degradation(scale=1, blur=(0.5, 2.0), noise=(1.0, 8.0), quality=(40, 90))
SHARP = Degradation(scale=1, blur=(0.0, 0.2), noise=(3.0, 8.0), quality=(50, 75))


@dataclass(frozen=True, kw_only=True)
class RainyCamera:
    """What happens to a photograph before a derainer sees it: rain, then a camera's faults.

    Attributes:
        kinds: of rain, of which one is drawn for each picture; see `rain.KINDS`.
        camera: blur, noise and JPEG; see `Degradation`.

    Raises:
        ValueError: no kind, an unknown kind, or a camera that makes pictures smaller.
    """

    kinds: Sequence[str] = ("light", "heavy", "wide", "any_streaks")
    camera: Degradation = SOFT

    def __post_init__(self) -> None:
        if not self.kinds:
            raise ValueError("a rainy camera needs at least one kind of rain")
        for kind in self.kinds:
            require_kind(kind)
        if self.camera.scale != 1:
            raise ValueError(
                f"a derainer's input is as large as its output; the camera's scale is "
                f"{self.camera.scale}: give 1"
            )

    def __call__(self, photo: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return the rainy picture of a photograph: uint8 H×W×3, as large as the photograph."""
        kind = self.kinds[int(rng.integers(len(self.kinds)))]
        return self.camera(synthesize(photo, kind, rng).rainy, rng)
