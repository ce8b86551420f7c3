"""Where artifacts are, known without D: by the clean picture, or drawn by a person."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter

from course_lib.artifacts.mask import without_small_regions
from course_lib.files import read_text

MARGIN = 10.0  # levels
SIGMA = 4.0  # pixels
MIN_AREA = 200  # pixels
FILE_LIMIT = 100_000_000  # bytes; labelme may keep the picture in the file
PIXELS = 100_000_000  # of a mask


def by_reference(
    gan: np.ndarray,
    mse: np.ndarray,
    clean: np.ndarray,
    *,
    margin: float = MARGIN,
    sigma: float = SIGMA,
    min_area: int = MIN_AREA,
) -> np.ndarray:
    """Where a GAN's picture is worse than its MSE twin's, compared with the clean picture.

    Args:
        gan, mse, clean: uint8 H×W×3.
        margin: by how many levels the GAN's error is above the twin's; both are mean absolute
            errors of the colours, blurred.
        sigma: of the blur, pixels.
        min_area: regions of so many pixels or fewer are dropped.

    Returns:
        H×W bool.

    Raises:
        ValueError: sizes that differ.
    """
    if not gan.shape == mse.shape == clean.shape or clean.ndim != 3:
        raise ValueError(
            f"three pictures H×W×3 of one size are compared; these are {gan.shape}, {mse.shape} "
            f"and {clean.shape}"
        )
    errors = [
        gaussian_filter(np.abs(one.astype(np.float64) - clean).mean(-1), sigma, mode="nearest")
        for one in (gan, mse)
    ]
    return without_small_regions(errors[0] - errors[1] > margin, min_area)


def read_labelme(path: Path, label: str | None = None) -> np.ndarray:
    """Read the mask that a person drew with labelme: polygons, rectangles and circles.

    Args:
        path: labelme's JSON file.
        label: of the shapes that count; None takes all.

    Returns:
        H×W bool, of the picture's size.

    Raises:
        ValueError: no file of labelme, no size, or a shape of another kind.
        OSError: it can't be read.
    """
    try:
        found = json.loads(read_text(path, FILE_LIMIT))
        height, width = int(found["imageHeight"]), int(found["imageWidth"])
        shapes = [(one["label"], one.get("shape_type"), one["points"]) for one in found["shapes"]]
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise ValueError(
            f"{path} is no file of labelme ({type(error).__name__}: {error})"
        ) from None
    if min(height, width) < 1 or height * width > PIXELS:
        raise ValueError(f"{path} names a picture of {height}×{width} pixels")
    image = Image.new("1", (width, height))
    draw = ImageDraw.Draw(image)
    for name, kind, points in shapes:
        if label is None or name == label:
            _draw(draw, str(kind or "polygon"), points, path)
    return np.asarray(image, bool)


def polygon_mask(
    polygons: Sequence[Sequence[Sequence[float]]], height: int, width: int
) -> np.ndarray:
    """What polygons enclose: bool H×W; pixels on their edges belong to them.

    Args:
        polygons: each a list of three or more corners (x, y), pixels.
        height, width: of the picture.

    Raises:
        ValueError: fewer corners, or corners that aren't pairs of finite numbers.
    """
    image = Image.new("1", (width, height))
    draw = ImageDraw.Draw(image)
    for corners in polygons:
        _draw(draw, "polygon", corners, "the outlines")
    return np.asarray(image, bool)


def write_labelme(
    path: Path,
    polygons: Sequence[Sequence[Sequence[float]]],
    height: int,
    width: int,
    label: str = "artifact",
) -> None:
    """Write polygons in labelme's format, without the picture; `read_labelme` reads them.

    Raises:
        ValueError: as `polygon_mask`.
        FileExistsError: there is a file of this name; it stays.
        OSError: a full disk, or a folder that can't be written.
    """
    polygon_mask(polygons, height, width)  # refuses what can't be read again
    shapes: list[dict[str, Any]] = [
        {
            "label": label,
            "points": [[float(x), float(y)] for x, y in corners],
            "group_id": None,
            "shape_type": "polygon",
            "flags": {},
        }
        for corners in polygons
    ]
    found: dict[str, Any] = {
        "version": "5.0.0",
        "flags": {},
        "shapes": shapes,
        "imagePath": "",
        "imageData": None,
        "imageHeight": int(height),
        "imageWidth": int(width),
    }
    text = json.dumps(found)
    with path.open("x", encoding="utf-8") as file:
        file.write(text)


def _draw(draw: ImageDraw.ImageDraw, kind: str, points: Any, path: Path | str) -> None:
    try:
        corners = [(float(x), float(y)) for x, y in points]
    except (TypeError, ValueError):
        raise ValueError(f"{path} has a {kind} whose points aren't pairs of numbers") from None
    if not np.isfinite(corners).all():
        raise ValueError(f"{path} has a {kind} whose points aren't finite")
    if kind == "polygon" and len(corners) > 2:
        draw.polygon(corners, fill=1)
    elif kind == "rectangle" and len(corners) == 2:
        left, right = sorted(x for x, _ in corners)
        top, bottom = sorted(y for _, y in corners)
        draw.rectangle((left, top, right, bottom), fill=1)
    elif kind == "circle" and len(corners) == 2:
        (x, y), (edge_x, edge_y) = corners
        r = float(np.hypot(edge_x - x, edge_y - y))
        draw.ellipse((x - r, y - r, x + r, y + r), fill=1)
    else:
        raise ValueError(
            f"{path} has a {kind} of {len(corners)} points; polygons of three or more, rectangles "
            "and circles of two are read"
        )
