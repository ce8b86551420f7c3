"""Photographs as people have them: turned by EXIF, with colour profiles and transparency."""

from __future__ import annotations

import io
import struct
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageCms

from course_lib.data.picture_formats import FORMATS
from course_lib.data.pictures import BadPicture, open_picture, turned

# What can be written, by suffix. GIF has 256 colours, too few for a restored photograph.
WRITABLE = {suffix: name for suffix, name in FORMATS.items() if name != "GIF"}
OPAQUE = ("JPEG", "BMP", "PPM")  # formats that are written without transparency
NEVER_TRANSPARENT = ("JPEG", "PPM")  # formats whose files needn't be asked
QUALITY = 95  # of JPEG and WebP
# Tags of TIFF that say how pixels are stored, which another file doesn't share.
STORAGE = {
    *(254, 255, 256, 257, 258, 259, 262, 266, 273, 277, 278, 279, 284, 317, 320, 322, 323, 324),
    *(325, 330, 338, 339, 347, 512, 513, 514, 529, 530, 531, 532, 34675),
    700,  # XMP, which may hold an orientation of its own
}
JPEG_EXIF = 65_533  # bytes that fit into a JPEG, with `EXIF_MARK`
EXIF_MARK = b"Exif\0\0"
# Kinds of whole numbers in EXIF, as `struct` calls them.
EXIF_NUMBERS = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i"}
LONGEST_SIDE = {"JPEG": 65_500, "WEBP": 16_383}  # pixels


@dataclass(frozen=True, kw_only=True, eq=False)
class Photograph:
    """A photograph and what its file says about it.

    Attributes:
        pixels: uint8 H×W×3, upright.
        grey: whether the file holds grey levels alone, so that a copy does, too.
        alpha: uint8 H×W, or None where the file holds no transparency.
        exif: the EXIF block, with the orientation reset to upright; empty if there is none.
        profile: the ICC colour profile; empty if there is none.
        dpi: resolution for printing, or None.
    """

    pixels: np.ndarray
    grey: bool = False
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


def require_fits(path: Path, photograph: Photograph) -> str:
    """Return the format of a path's suffix, in Pillow's name, if it can hold the photograph.

    Raises:
        ValueError: no format with this suffix can be written, or it can't hold the picture, its
            transparency or its EXIF.
    """
    kind = WRITABLE.get(path.suffix.lower())
    if kind is None:
        raise ValueError(
            f"{path} can't be written: {path.suffix or 'a name without suffix'} is none of "
            f"{' '.join(sorted(WRITABLE))}"
        )
    height, width = photograph.pixels.shape[:2]
    if photograph.alpha is not None and kind in OPAQUE:
        lacks = f"the transparency of {path.name}"
    elif kind == "JPEG" and len(photograph.exif) > JPEG_EXIF:
        lacks = f"the EXIF of {path.name}, {len(photograph.exif)} bytes"
    elif max(width, height) > (most := LONGEST_SIDE.get(kind, width + height)):
        lacks = f"{path.name}, {width}×{height} pixels (at most {most} a side)"
    else:
        return kind
    raise ValueError(f"{kind} can't hold {lacks}: try --ext png")


def encode(path: Path, photograph: Photograph) -> bytes:
    """Return the content of a photograph's file, in the format of the path's suffix.

    Raises:
        ValueError: see `require_fits`; a picture that Pillow can't write for another reason.
    """
    kind = require_fits(path, photograph)
    image = Image.fromarray(np.ascontiguousarray(photograph.pixels))
    if photograph.grey:
        image = image.convert("L")
    if photograph.alpha is not None:
        image.putalpha(Image.fromarray(photograph.alpha))
    options: dict[str, object] = {"quality": QUALITY} if kind in ("JPEG", "WEBP") else {}
    if kind == "JPEG":
        options["subsampling"] = 0  # no colour is averaged over pixels
    if kind in ("JPEG", "PNG", "WEBP", "TIFF"):
        if photograph.exif:
            whole = kind != "TIFF"
            options["exif"] = photograph.exif if whole else _without_storage(photograph.exif)
        if photograph.profile:
            options["icc_profile"] = photograph.profile
    if photograph.dpi and kind in ("JPEG", "PNG", "TIFF", "BMP"):
        options["dpi"] = photograph.dpi
    file = io.BytesIO()
    try:
        image.save(file, kind, **options)
    except Exception as error:  # of many types
        raise ValueError(
            f"{path.name} can't be written as {kind} ({error}): try --ext png"
        ) from error
    return file.getvalue()


def _without_storage(block: bytes) -> Image.Exif:
    """EXIF for a TIFF, whose own tags say how its pixels are stored."""
    exif = Image.Exif()
    exif.load(block)
    for tag in STORAGE & exif.keys():
        del exif[tag]
    return exif


def uncoloured(pixels: np.ndarray) -> np.ndarray:
    """The luma of a picture, uint8 H×W×3, in all three colours: of a grey one, which stays grey."""
    luma = np.asarray(Image.fromarray(pixels).convert("L"))
    return np.stack([luma] * 3, axis=-1)


def has_transparency(path: Path) -> bool:
    """Whether a file holds a picture with transparency; False if it can't be read."""
    try:
        return open_picture(path, lambda image: image.has_transparency_data)
    except (OSError, BadPicture):
        return False


def _photograph(image: Image.Image, path: Path) -> Photograph:
    frames = getattr(image, "n_frames", 1)
    if frames > 1 and image.format != "MPO":  # a camera's photograph with its previews
        raise BadPicture(
            f"{path} holds {frames} pictures; save the one that is to be restored by itself"
        )
    if _is_wide(image):
        raise BadPicture(
            f"{path} has more than 8 bits a colour, and the networks work with 8: save it with 8 "
            "bits, for example as a PNG or a JPEG"
        )
    if image.mode in ("CMYK", "YCCK", "LAB", "HSV"):
        raise BadPicture(f"{path} has {image.mode} colours: convert it to RGB first")
    on_its_side = False
    with suppress(Exception):  # damaged EXIF, which Pillow meets with errors of many types
        on_its_side = image.getexif().get(ExifTags.Base.Orientation) in (5, 6, 7, 8)
    upright = turned(image)
    exif, profile = _metadata(image, upright.size)  # after turning, which the orientation decides
    grey = upright.mode in ("1", "L", "LA")
    alpha = None
    if upright.has_transparency_data:
        alpha = np.array(upright.convert("RGBA").getchannel("A"))
    if profile[16:20] == b"GRAY":
        upright, profile = _without_grey_profile(upright, profile), b""
    dpi = image.info.get("dpi")
    if dpi is not None and not all(1 <= one <= 65_535 for one in dpi):  # damaged
        dpi = None
    if dpi is not None and on_its_side:
        dpi = dpi[::-1]
    pixels = np.array(upright.convert("RGB"))
    return Photograph(pixels=pixels, grey=grey, alpha=alpha, exif=exif, profile=profile, dpi=dpi)


def _without_grey_profile(image: Image.Image, profile: bytes) -> Image.Image:
    """A grey picture in sRGB, which needs no profile; with a damaged profile as it was."""
    if image.mode not in ("1", "L", "LA"):
        return image
    try:
        grey = image.convert("L")
        colours = ImageCms.profileToProfile(
            grey, io.BytesIO(profile), ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image
    assert colours is not None
    return colours


def _metadata(image: Image.Image, size: tuple[int, int]) -> tuple[bytes, bytes]:
    """EXIF of the upright picture, and the profile if it is for RGB or grey; damage is left out."""
    profile = image.info.get("icc_profile") or b""
    return _exif(image, size), profile if profile[16:20] in (b"RGB ", b"GRAY") else b""


def _exif(image: Image.Image, size: tuple[int, int]) -> bytes:
    if block := image.info.get("exif"):
        if not block.startswith(EXIF_MARK):
            block = EXIF_MARK + block
        with suppress(struct.error, KeyError):
            changed = upright_exif(block, size)
            found = Image.Exif()
            found.load(changed)
            if found.get(ExifTags.Base.Orientation, 1) == 1:
                return changed
    try:  # of a TIFF, whose tags aren't a block of their own; or of a damaged block
        exif = image.getexif()
        for tag in STORAGE & exif.keys():
            del exif[tag]
        if ExifTags.Base.Orientation in exif:
            exif[ExifTags.Base.Orientation] = 1
        details = exif.get_ifd(ExifTags.IFD.Exif) if ExifTags.IFD.Exif in exif else {}
        sides = (ExifTags.Base.ExifImageWidth, ExifTags.Base.ExifImageHeight)
        for tag, pixels in zip(sides, size, strict=True):
            if tag in details:
                details[tag] = pixels
        return exif.tobytes() if exif else b""
    except Exception:  # damaged EXIF, which Pillow meets with errors of many types
        return b""


def upright_exif(block: bytes, size: tuple[int, int]) -> bytes:
    """Return an EXIF block that states the orientation upright and a size.

    The thumbnail is no longer found, because it shows the rain. All else stays to the byte.

    Args:
        block: begins with `EXIF_MARK`.
        size: width and height of the upright picture, pixels.

    Raises:
        struct.error, KeyError: a damaged block.
    """
    base = len(EXIF_MARK)
    order = {b"II": "<", b"MM": ">"}[block[base : base + 2]]
    changed = bytearray(block)
    values = {
        ExifTags.Base.Orientation: 1,
        ExifTags.Base.ExifImageWidth: size[0],
        ExifTags.Base.ExifImageHeight: size[1],
    }
    (first,) = struct.unpack_from(f"{order}I", block, base + 4)
    folders = [first]
    for offset in folders:
        (count,) = struct.unpack_from(f"{order}H", block, base + offset)
        for n in range(count):
            at = base + offset + 2 + 12 * n
            tag, kind, many = struct.unpack_from(f"{order}HHI", block, at)
            if tag == ExifTags.IFD.Exif and len(folders) == 1:
                folders += struct.unpack_from(f"{order}I", block, at + 8)
            elif tag in values and kind in EXIF_NUMBERS and many == 1:
                with suppress(struct.error):  # a side that the kind can't hold
                    struct.pack_into(f"{order}{EXIF_NUMBERS[kind]}", changed, at + 8, values[tag])
        if offset == first:  # what follows the first folder is the thumbnail's
            struct.pack_into(f"{order}I", changed, base + offset + 2 + 12 * count, 0)
    return bytes(changed)


def _is_wide(image: Image.Image) -> bool:
    """Whether the file holds more than 8 bits a colour, which Pillow cuts without a word."""
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return True
    if image.format == "TIFF":
        return max(image.tag_v2.get(258, (8,))) > 8  # type: ignore[attr-defined]
    # Pillow's decoders are told what the file holds: "RGB;16B" of a PNG, the maximum of a PPM.
    arguments = [tile[3] for tile in getattr(image, "tile", ())]
    if image.format == "PNG":
        return any(";16" in str(one) for one in arguments)
    if image.format == "PPM":
        return any(
            isinstance(number, int) and number > 255
            for one in arguments
            for number in (one if isinstance(one, tuple) else (one,))
        )
    return False
