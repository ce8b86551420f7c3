"""Reading pictures as they come: any file that Pillow knows, as uint8 H×W×3."""

from __future__ import annotations

import io
import warnings
from os import PathLike
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from course_lib.files import write_whole
from course_lib.ranges import to_uint8

SUFFIXES = frozenset(
    (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".ppm", ".pgm", ".gif")
)


class BadPicture(ValueError):
    """A file that can't be used as a picture; the message names it and says how to mend it."""


def read_picture(path: str | PathLike[str]) -> np.ndarray:
    """The picture in a file, as a viewer would show it on a white page.

    Grey, palette, 1-bit and CMYK pictures become RGB. Transparent parts are laid over white.
    16-bit values are scaled, 65535 → 255. The EXIF orientation is applied. Of an animation,
    the first frame is read. Colour profiles are ignored, as in all deraining sets.

    Args:
        path: of a file that Pillow can read.

    Returns:
        uint8 H×W×3, RGB, writable.

    Raises:
        FileNotFoundError: there is no such file.
        BadPicture: the file is no picture, is cut short or damaged, holds values whose range
            is unknown, or is larger than `PIL.Image.MAX_IMAGE_PIXELS` (89 million pixels).
    """
    path = Path(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(path)
        with image:
            # Pillow reads 16-bit files as I;16, or as I where their format knows no 32 bits.
            sixteen_bits = image.mode.startswith("I;16") or image.format in ("PNG", "PPM")
            return _as_rgb(ImageOps.exif_transpose(image), path, sixteen_bits=sixteen_bits)
    except (FileNotFoundError, BadPicture):
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise BadPicture(
            f"{path} is too large to read safely ({error}); "
            "scale it down or cut it into parts first"
        ) from error
    # What broken bytes make of Pillow's decoders has no common type: OSError, SyntaxError,
    # struct.error, ValueError, IndexError and others have been seen.
    except Exception as error:
        raise BadPicture(
            f"{path} is not a sound picture ({path.stat().st_size} bytes: {error}); "
            "fetch or save it again, or leave it out"
        ) from error


def write_picture(path: Path, picture: np.ndarray) -> None:
    """Write a picture as a PNG, whole.

    Args:
        path: in a folder that exists.
        picture: H×W×3 or H×W, uint8.

    Raises:
        OSError: a full disk, or a folder that can't be written.
    """
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(buffer, format="png")
    write_whole(path, buffer.getvalue())


def _as_rgb(image: Image.Image, path: Path, *, sixteen_bits: bool) -> np.ndarray:
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        grey = _from_wide(np.asarray(image), path, sixteen_bits=sixteen_bits)
        return np.repeat(grey[..., None], 3, axis=2)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return np.array(image.convert("RGB"))


def _from_wide(values: np.ndarray, path: Path, *, sixteen_bits: bool) -> np.ndarray:
    """Grey values wider than 8 bits, as uint8; Pillow's own conversion would clip them."""
    low, high = values.min(), values.max()
    if sixteen_bits and low >= 0 and high <= 65535:
        return to_uint8(values / 65535)
    if np.issubdtype(values.dtype, np.floating) and low >= 0 and high <= 1:
        return to_uint8(values)
    raise BadPicture(
        f"{path} holds {values.dtype} values from {low:.6g} to {high:.6g}, whose white is unknown; "
        "save it with 8 or 16 bits"
    )
