"""Photographs as people have them: turned by EXIF, with colour profiles and transparency."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image

from course_lib.data.picture_formats import FORMATS
from course_lib.data.pictures import BadPicture, open_picture, turned
from course_lib.files import write_whole

# What can be written, by suffix. GIF has 256 colours, too few for a restored photograph.
WRITABLE = {suffix: name for suffix, name in FORMATS.items() if name != "GIF"}
OPAQUE = ("JPEG", "BMP", "PPM")  # formats that hold no transparency
QUALITY = 95  # of JPEG and WebP
# Tags of TIFF that say how pixels are stored, which another file doesn't share.
STORAGE = {
    *(254, 255, 256, 257, 258, 259, 262, 266, 273, 277, 278, 279, 284, 317, 320, 322, 323, 324),
    *(325, 330, 338, 339, 347, 512, 513, 514, 529, 530, 531, 532, 34675),
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Photograph:
    """A photograph and what its file says about it.

    Attributes:
        pixels: uint8 H×W×3, upright.
        alpha: uint8 H×W, or None where the file holds no transparency.
        exif: the EXIF block, with the orientation reset to upright; empty if there is none.
        profile: the ICC colour profile; empty if there is none.
        dpi: resolution for printing, or None.
    """

    pixels: np.ndarray
    alpha: np.ndarray | None = None
    exif: bytes = b""
    profile: bytes = b""
    dpi: tuple[float, float] | None = None


def read_photograph(path: Path) -> Photograph:
    """Read a photograph with everything that a restored copy should keep.

    Args:
        path: of a file in a format that `read_picture` reads.

    Raises:
        FileNotFoundError, OSError: see `read_picture`.
        BadPicture: see `read_picture`; also for more than 8 bits a colour, several frames, and
            CMYK colours, which would be lost.
    """
    return open_picture(path, lambda image: _photograph(image, path))


def write_photograph(path: Path, photograph: Photograph) -> bytes:
    """Encode a photograph in the format of its suffix and write the file whole.

    Returns:
        The file's content.

    Raises:
        ValueError: see `encode`.
        OSError: a full disk, or a folder that can't be written.
    """
    content = encode(path, photograph)
    write_whole(path, content)
    return content


def encode(path: Path, photograph: Photograph) -> bytes:
    """Return the content of a photograph's file, in the format of the path's suffix.

    Raises:
        ValueError: no format with this suffix can be written, or it can't hold the transparency.
    """
    kind = WRITABLE.get(path.suffix.lower())
    if kind is None:
        raise ValueError(
            f"{path} can't be written: {path.suffix or 'a name without suffix'} is none of "
            f"{' '.join(sorted(WRITABLE))}"
        )
    pixels = photograph.pixels
    if photograph.alpha is not None:
        if kind in OPAQUE:
            raise ValueError(f"{kind} can't hold the transparency of {path.name}: write a PNG")
        pixels = np.dstack([pixels, photograph.alpha])
    options: dict[str, object] = {"quality": QUALITY} if kind in ("JPEG", "WEBP") else {}
    if kind == "JPEG":
        options["subsampling"] = 0  # no colour is averaged over pixels
    if kind == "TIFF":
        options["compression"] = "tiff_deflate"
    if kind in ("JPEG", "PNG", "WEBP", "TIFF"):
        for key, value in (("exif", photograph.exif), ("icc_profile", photograph.profile)):
            if value:
                options[key] = value
    if photograph.dpi and kind in ("JPEG", "PNG", "TIFF", "BMP"):
        options["dpi"] = photograph.dpi
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(file, kind, **options)
    return file.getvalue()


def _photograph(image: Image.Image, path: Path) -> Photograph:
    if (frames := getattr(image, "n_frames", 1)) > 1:
        raise BadPicture(
            f"{path} holds {frames} pictures; save the one that is to be restored by itself"
        )
    if (bits := _bits(image)) > 8:
        raise BadPicture(
            f"{path} has {bits} bits a colour, and the networks work with 8: save it with 8 bits, "
            "for example as a PNG or a JPEG"
        )
    if image.mode in ("CMYK", "YCCK", "LAB", "HSV"):
        raise BadPicture(
            f"{path} has {image.mode} colours, made for printing: convert it to RGB first"
        )
    upright = turned(image)
    exif, profile = _metadata(image)  # after turning, which the orientation decides
    dpi = image.info.get("dpi")
    alpha = None
    if upright.has_transparency_data:
        upright = upright.convert("RGBA")
        alpha = np.array(upright.getchannel("A"))
    pixels = np.array(upright.convert("RGB"))
    return Photograph(pixels=pixels, alpha=alpha, exif=exif, profile=profile, dpi=dpi)


def _metadata(image: Image.Image) -> tuple[bytes, bytes]:
    """EXIF with the orientation reset, and the profile if it is one for RGB; damage is left out."""
    profile = image.info.get("icc_profile") or b""
    try:
        exif = image.getexif()
        for tag in STORAGE & exif.keys():
            del exif[tag]
        if ExifTags.Base.Orientation in exif:
            exif[ExifTags.Base.Orientation] = 1
        block = exif.tobytes() if exif else b""
    except Exception:  # damaged EXIF, which Pillow meets with errors of many types
        block = b""
    return block, profile if profile[16:20] == b"RGB " else b""


def _bits(image: Image.Image) -> int:
    """Bits of the widest colour in the file; Pillow cuts more than 8 without a word."""
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return 16
    if image.format == "TIFF":
        return max(image.tag_v2.get(258, (8,)))  # type: ignore[attr-defined]
    # Pillow's decoders of PNG and PPM are told what the file holds: "RGB;16B", or the maximum.
    arguments = [
        one
        for tile in getattr(image, "tile", ())
        for one in np.ravel(np.array(tile[3], dtype=object))
    ]
    wide = any(";16" in one for one in arguments if isinstance(one, str))
    wide |= any(one > 255 for one in arguments if isinstance(one, int))
    return 16 if wide else 8
