"""What rain needs to know of a whole photograph before it can fall on any crop of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PIL import Image

from course_lib.data import drops, haze
from course_lib.ranges import to_unit


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A photograph, and what the rain models need of it, computed once, at the first use.

    Attributes:
        photo: uint8 H×W×3.
        name: the photograph's name, for messages and for photographs of known depth.
        depth: the depth given with the photograph, or None; `distance` is always there.
    """

    photo: np.ndarray
    name: str = ""
    depth: np.ndarray | None = None

    def __post_init__(self) -> None:
        photo, label = self.photo, f"the photograph {self.name!r}" if self.name else "a photograph"
        if not isinstance(photo, np.ndarray) or photo.dtype != np.uint8:
            kind = photo.dtype if isinstance(photo, np.ndarray) else type(photo).__name__
            raise TypeError(
                f"{label} is a uint8 array, this one is {kind}; "
                "floats in [0, 1] become one with course_lib.ranges.to_uint8"
            )
        if photo.ndim != 3 or photo.shape[2] != 3 or 0 in photo.shape:
            raise ValueError(
                f"{label} has the shape H×W×3, this one {'×'.join(map(str, photo.shape))}; "
                "a grey picture becomes one with np.dstack([grey] * 3), "
                "a fourth channel (transparency) goes with photo[..., :3]"
            )
        if self.depth is not None and self.depth.shape != photo.shape[:2]:
            raise ValueError(
                f"{label} is {photo.shape[0]}×{photo.shape[1]}, its depth map "
                f"{'×'.join(map(str, self.depth.shape))}: resize the depth to the picture"
            )

    @cached_property
    def miniature(self) -> np.ndarray:
        """The scene in 64×64 pixels, float32 in [0, 1]: each is the mean of its share."""
        small = Image.fromarray(self.photo).resize((64, 64), Image.Resampling.BOX)
        return to_unit(np.asarray(small), np.float32)

    @cached_property
    def light(self) -> np.ndarray:
        """The light of the rain, three float32 in [0, 1]: what a drop sees, blurred into one.

        Half of it is the mean colour of the picture's upper half, half an overcast sky beyond
        the frame, taken as white: a falling drop gathers light from a hemisphere and more.
        """
        return (self.miniature[:32].mean(axis=(0, 1)) + 1) / 2

    @cached_property
    def wide_views(self) -> np.ndarray:
        """What drops on the lens look at, see `drops.wide_views`."""
        return drops.wide_views(self.miniature, 2.3 * self.light)

    @cached_property
    def distance(self) -> np.ndarray:
        """Depth of each pixel, H×W float32 in [0, 1], 1 the farthest: given, known or guessed."""
        if self.depth is not None:
            return haze.scale_depth(self.depth)
        known = haze.known_depth(self.name)
        if known is not None and known.shape == self.photo.shape[:2]:
            return known
        return haze.guess_depth(self.photo)
