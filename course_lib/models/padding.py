"""Pictures of any size for networks that halve them again and again."""

from __future__ import annotations

import torch
import torch.nn.functional as F


def pad_to_multiple(image: torch.Tensor, multiple: int) -> tuple[torch.Tensor, tuple[slice, slice]]:
    """Enlarge pictures at their borders until both sides are multiples, and say how to undo it.

    Each side grows by as little as it can. What is missing is dealt out to both ends, the odd
    pixel to the bottom or the right. The new border mirrors the picture ("reflect"). Where the
    picture is too small for that, because a border would be as wide as the picture's side or
    wider, its last pixels are repeated instead ("replicate"), on all sides.

    Args:
        image: N×C×H×W, any range.
        multiple: ≥ 1, such as 64 for six halvings.

    Returns:
        The padded pictures, N×C×H'×W', and two slices that cut the old ones out of them:
        ``padded[..., rows, columns]`` has the values of ``image``.

    Example:
        A picture of 5×8 and the multiple 4: one row is missing above and two are below, no
        column. The result is 8×8, ``rows`` is ``slice(1, 6)`` and ``columns`` ``slice(0, 8)``.
    """
    height, width = image.shape[-2:]
    more_rows, more_columns = -height % multiple, -width % multiple
    top, left = more_rows // 2, more_columns // 2
    bottom, right = more_rows - top, more_columns - left
    mode = "reflect" if bottom < height and right < width else "replicate"
    padded = F.pad(image, (left, right, top, bottom), mode=mode)
    return padded, (slice(top, top + height), slice(left, left + width))
