"""The one place where pixels change their range.

Three ranges are in use, each with its own home:

- ``uint8`` 0..255, H×W×3: photographs on disk and in figures;
- unit, floats in [0, 1], H×W×3: metrics and the physics of rain;
- model, float32 tensors in [−1, 1], N×3×H×W: what the networks see.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import torch


def to_unit(picture: np.ndarray, dtype: Any = np.float64) -> np.ndarray:
    """A uint8 picture divided by 255, or a float picture in [0, 1] as it is.

    Args:
        picture: any shape; uint8, or floats in [0, 1].
        dtype: the float type to return.

    Raises:
        TypeError: neither uint8 nor floating point.
        ValueError: floats outside [0, 1], or NaN.
    """
    picture = np.asarray(picture)
    if picture.dtype == np.uint8:
        return picture.astype(dtype) / dtype(255)
    if not np.issubdtype(picture.dtype, np.floating):
        raise TypeError(
            f"a picture is uint8 or float in [0, 1], this one is {picture.dtype}; "
            "convert it with picture.astype(np.uint8) if its values are 0..255"
        )
    if picture.size and not (picture.min() >= 0 and picture.max() <= 1):
        low, high = picture.min(), picture.max()
        raise ValueError(
            f"a float picture has values in [0, 1], this one has [{low:.3g}, {high:.3g}]; "
            "a network's output in [−1, 1] is brought there by ranges.from_model, "
            "values that merely overshoot by picture.clip(0, 1)"
        )
    return picture.astype(dtype, copy=False)


def same_pictures(restored: np.ndarray, clean: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two pictures that are to be compared, as floats in [0, 1]: both H×W×3, of one size.

    Args:
        restored, clean: uint8, or floats in [0, 1].

    Raises:
        ValueError: the sizes differ, or this is a batch, or a grey picture H×W.
        TypeError, ValueError: as `to_unit`.
    """
    restored, clean = to_unit(restored), to_unit(clean)
    if restored.shape != clean.shape:
        raise ValueError(f"restored is {restored.shape} and clean {clean.shape}: crop them alike")
    if clean.ndim != 3 or clean.shape[2] != 3:
        raise ValueError(
            f"two pictures H×W×3 are compared, these have the shape {clean.shape}; score the "
            "pictures of a batch one by one and average, make grey ones np.dstack([grey] * 3)"
        )
    return restored, clean


def to_uint8(picture: np.ndarray) -> np.ndarray:
    """A picture in [0, 1] (or uint8 already) as uint8, rounded to the nearest level.

    Truncating instead of rounding would darken every picture by half a level.

    Raises:
        TypeError, ValueError: as `to_unit`.
    """
    picture = np.asarray(picture)
    if picture.dtype == np.uint8:
        return picture
    return np.rint(to_unit(picture, np.float32) * np.float32(255)).astype(np.uint8)


def to_model(pictures: Sequence[np.ndarray] | np.ndarray) -> torch.Tensor:
    """Pictures (uint8 or [0, 1], each H×W×3) as one float32 tensor N×3×H×W in [−1, 1].

    Raises:
        ValueError: the pictures differ in size, or aren't H×W×3.
    """
    import torch

    shapes = {np.shape(picture) for picture in pictures}
    if len(shapes) != 1 or len(shape := shapes.pop()) != 3 or shape[2] != 3:
        raise ValueError(
            "to_model takes pictures of one size, each H×W×3; got the shapes "
            f"{sorted({np.shape(p) for p in pictures})}"
        )
    stacked = np.stack([to_unit(picture, np.float32) for picture in pictures])  # N×H×W×3
    return torch.from_numpy(stacked).permute(0, 3, 1, 2).contiguous() * 2 - 1


def from_model(tensor: torch.Tensor) -> np.ndarray:
    """A network's pictures, N×3×H×W or 3×H×W in [−1, 1], as floats in [0, 1], …×H×W×3.

    Values beyond the range, which a linear output layer can give, are clipped.
    """
    unit = ((tensor.detach().float().cpu() + 1) / 2).clamp(0, 1)
    return unit.movedim(-3, -1).numpy()
