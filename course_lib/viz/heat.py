"""A map shown as colours over a picture."""

from __future__ import annotations

import numpy as np
from matplotlib import colormaps

from course_lib.ranges import to_unit


def heat(picture: np.ndarray, values: np.ndarray, *, opacity: float = 0.6) -> np.ndarray:
    """Blend a map, in the colours of cividis, over a grey picture: dark blue is 0, yellow is 1.

    The grey keeps the map's colours readable; cividis looks alike to all kinds of colour vision.

    Args:
        picture: H×W×3, uint8 or floats in [0, 1].
        values: H×W in [0, 1], such as a confidence map.
        opacity: of the map, 0 to 1; at 0 the picture keeps its own colours.

    Returns:
        H×W×3 floats in [0, 1].

    Raises:
        ValueError: another size or range, an opacity outside 0 to 1.
    """
    below = to_unit(picture)
    if np.shape(values) != below.shape[:2]:
        raise ValueError(
            f"the map is {_size(values)} and the picture {_size(below)} (height×width): let "
            "`confidence_map` make it of the picture's size"
        )
    if not (np.min(values) >= 0 and np.max(values) <= 1):
        raise ValueError(
            f"the map reaches from {np.min(values):.3g} to {np.max(values):.3g}; it needs values "
            "from 0 to 1: take the sigmoid of logits"
        )
    if not 0 <= opacity <= 1:
        raise ValueError(f"opacity is a share from 0 to 1; it is {opacity}")
    if opacity == 0:
        return below
    grey = below.mean(axis=2, keepdims=True)
    colours = colormaps["cividis"](np.asarray(values, float))[..., :3]
    return (1 - opacity) * grey + opacity * colours


def _size(array: np.ndarray) -> str:
    return "×".join(map(str, np.shape(array)[:2]))
