"""Read picture files as uint8 H×W×3, whatever their colours: the one place that opens them."""

from __future__ import annotations

import errno
import io
import os
import stat
import warnings
from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import BinaryIO, TypeVar

import numpy as np
from PIL import ExifTags, Image, PngImagePlugin, UnidentifiedImageError

from course_lib.data.picture_formats import FORMATS, HEAD, held, png_without_metadata
from course_lib.files import write_whole
from course_lib.ranges import to_uint8

SUFFIXES = frozenset(FORMATS)
MAX_FILE_BYTES = 2**30  # the largest picture below Pillow's limit of pixels, unpacked, is smaller
T = TypeVar("T")
# The largest text and colour profile that Pillow unpacks from a PNG; it refuses larger ones, by
# default from 1 MB on, which some colour profiles exceed.
PngImagePlugin.MAX_TEXT_CHUNK = 16 * 2**20
# The turn that an EXIF orientation asks for.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


class BadPicture(ValueError):
    """A file that can't be used as a picture; the message names it and says how to mend it."""


def read_picture(path: str | PathLike[str]) -> np.ndarray:
    """The picture in a file, as a viewer would show it on a white page.

    Grey, palette, 1-bit and CMYK pictures become RGB. Transparent parts are laid over white.
    16-bit values are scaled, 65535 → 255. The EXIF orientation is applied if it can be read;
    other metadata is ignored, damaged or not. Of an animation, the first frame is read. Colour
    profiles are ignored, as in all deraining sets.

    Args:
        path: of a file whose suffix is one of `SUFFIXES`, in capitals or not. The file must
            hold the format that the suffix names; no other decoder is ever started.

    Returns:
        uint8 H×W×3, RGB, writable.

    Raises:
        FileNotFoundError: there is no such file.
        OSError: it can't be read, for want of permission for example.
        BadPicture: it is no regular file, holds another format than its suffix says, is cut
            short or damaged, holds values whose range is unknown, or is larger than
            `PIL.Image.MAX_IMAGE_PIXELS` (89 million pixels) or `MAX_FILE_BYTES` (1 GiB).
    """
    path = Path(path)
    return open_picture(path, lambda image: _pixels(image, path))


def picture_size(path: str | PathLike[str]) -> tuple[int, int]:
    """Width and height of a picture as it is stored, from the first bytes of its file.

    Raises:
        FileNotFoundError, OSError, BadPicture: as `read_picture`, except for damaged pixels.
    """
    return open_picture(Path(path), lambda image: image.size)


def open_picture(path: Path, use: Callable[[Image.Image], T]) -> T:
    """Return what a function makes of the picture that Pillow opened.

    Raises:
        FileNotFoundError, OSError, BadPicture: as `read_picture`.
    """
    if (suffix := path.suffix.lower()) not in FORMATS:
        raise BadPicture(
            f"{path} has the suffix {path.suffix!r}, and pictures are read by it: convert it to a "
            f"format of {' '.join(sorted(SUFFIXES))}, or rename it if it is one"
        )
    expected, size = FORMATS[suffix], 0
    try:
        with _open_regular(path) as file:
            head, size = file.read(HEAD), os.fstat(file.fileno()).st_size
            found = held(head)
            if size > MAX_FILE_BYTES:
                raise BadPicture(f"{path} is too large to read safely ({size} bytes)")
            if found in FORMATS.values() and found != expected:
                right = next(suffix for suffix, name in FORMATS.items() if name == found)
                raise BadPicture(
                    f"{path} holds {found}, not the {expected} that its name promises; rename it "
                    f"to {path.stem}{right}"
                )
            if found and found != expected:
                raise BadPicture(
                    f"{path} is not a sound picture ({size} bytes: it holds {found}, not "
                    f"{expected}); fetch it again or convert it to {expected}, or leave it out"
                )
            try:
                return _decode(file, expected, use)
            except BadPicture:
                raise
            except Exception:
                if expected != "PNG":
                    raise
                file.seek(0)
                content = file.read()
                bare = png_without_metadata(content)
                if bare == content:
                    raise
                return _decode(io.BytesIO(bare), expected, use)
    except (BadPicture, MemoryError):
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise BadPicture(
            f"{path} is too large to read safely ({error}); "
            "scale it down or cut it into parts first"
        ) from error
    # What broken bytes make of Pillow's decoders has no common type: OSError, SyntaxError,
    # struct.error, ValueError, IndexError and others have been seen.
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None:  # the system's, not Pillow's
            raise explained(error, path) from error
        unknown = isinstance(error, UnidentifiedImageError)
        why = f"they can't be read as {expected}" if unknown else error
        raise BadPicture(
            f"{path} is not a sound picture ({size} bytes: {why}); "
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


def _open_regular(path: Path) -> BinaryIO:
    """Open a file for reading, never a pipe or a device, on which a program may wait for ever."""
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode):
        kind = _KINDS.get(stat.S_IFMT(mode), "something else")
        raise BadPicture(f"{path} is {kind}, not a file; leave it out, or name a picture")
    # What was a file a moment ago may be a pipe now.
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    return os.fdopen(handle, "rb")


def _decode(file: BinaryIO, expected: str, use: Callable[[Image.Image], T]) -> T:
    """Open a picture of one format, and no other, with Pillow."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of damaged metadata
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        file.seek(0)
        with Image.open(file, formats=[expected]) as image:
            return use(image)


def explained(error: OSError, path: Path) -> OSError:
    """The system's error with what to do about it; of the same type and number."""
    if isinstance(error, FileNotFoundError):
        return error
    mend = {
        errno.EACCES: "; give yourself the permission to read it, or leave it out",
        errno.EPERM: "; give yourself the permission to read it, or leave it out",
        errno.ELOOP: "; its symbolic links lead in a circle: let them point to a file",
        errno.EINVAL: "; leave it out, or name a picture",  # a pipe, a device
    }.get(error.errno or 0, "")
    return type(error)(error.errno, f"{error.strerror}{mend}", str(path))


def _pixels(image: Image.Image, path: Path) -> np.ndarray:
    # Pillow reads 16-bit files as I;16, or as I where their format knows no 32 bits.
    sixteen_bits = image.mode.startswith("I;16") or image.format in ("PNG", "PPM")
    return _as_rgb(turned(image), path, sixteen_bits=sixteen_bits)


def turned(image: Image.Image) -> Image.Image:
    """Turn a picture upright as its EXIF orientation says, if that can be read."""
    image.load()  # damage of the pixels is told here
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation)
    except Exception:  # damaged EXIF, which Pillow's reader meets with errors of many types
        return image
    turn = _TURNS.get(orientation) if isinstance(orientation, int) else None
    return image if turn is None else image.transpose(turn)


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
