"""Formats of picture files: which one a name promises, which one the bytes hold."""

from __future__ import annotations

import struct
import zlib

# Suffix → Pillow's name of the one format that a file of this name may hold.
FORMATS = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".jfif": "JPEG",
    ".bmp": "BMP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".webp": "WEBP",
    ".ppm": "PPM",
    ".pgm": "PPM",
    ".gif": "GIF",
}
# Where a format begins, its first bytes, its name.
_MAGIC = (
    (0, b"\x89PNG", "PNG"),
    (0, b"\xff\xd8\xff", "JPEG"),
    (0, b"BM", "BMP"),
    (0, b"II*\0", "TIFF"),
    (0, b"MM\0*", "TIFF"),
    (0, b"II+\0", "TIFF"),
    (0, b"MM\0+", "TIFF"),
    (8, b"WEBP", "WEBP"),
    (0, b"P5", "PPM"),
    (0, b"P6", "PPM"),
    (0, b"GIF8", "GIF"),
    (0, b"%!PS", "EPS (PostScript)"),
    (0, b"\xc5\xd0\xd3\xc6", "EPS (PostScript)"),
    (0, b"%PDF", "PDF"),
    (4, b"ftypavi", "AVIF"),
    (4, b"ftyphei", "HEIC"),
    (4, b"ftyphev", "HEIC"),
    (4, b"ftypmif1", "HEIF"),
    (4, b"ftyp", "MP4"),
    (4, b"jP  ", "JPEG 2000"),
    (0, b"\xff\x4f\xff\x51", "JPEG 2000"),
    (0, b"\xff\x0a", "JPEG XL"),
    (4, b"JXL ", "JPEG XL"),
    (0, b"\0\0\1\0", "ICO"),
    (0, b"\0\0\2\0", "CUR"),
    (0, b"icns", "ICNS"),
    (0, b"8BPS", "PSD (Photoshop)"),
    (0, b"PK\3\4", "a ZIP archive"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"<!doctype", "a web page"),
    (0, b"<html", "a web page"),
    (0, b"<svg", "SVG"),
    (0, b"<?xml", "XML, perhaps SVG"),
    (0, b"version https://git-lfs", "a pointer of Git LFS"),
)
HEAD = 32  # bytes that `held` looks at


def held(head: bytes) -> str:
    """Name what a file holds by its first `HEAD` bytes; ``""`` if they belong to no known format.

    Formats of `FORMATS` are called by Pillow's names.
    """
    for start, magic, name in _MAGIC:
        found = head[start : start + len(magic)]
        if found == magic or (magic[:1] == b"<" and found.lower() == magic):
            return name
    return ""


def png_without_metadata(content: bytes) -> bytes:
    """A PNG without chunks that say nothing about its pixels, so that none of them can spoil it.

    Pillow refuses the whole picture for one damaged chunk of text. EXIF, which holds the
    orientation, and the colour profile stay if their checksums are right. Whatever follows a
    broken chain of chunks stays too.
    """
    kept, at = [content[:8]], 8
    while at + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, at)
        chunk = content[at : at + 12 + length]
        kind, checksum = chunk[4:8], int.from_bytes(chunk[-4:], "big")
        sound = kind in (b"eXIf", b"iCCP") and zlib.crc32(chunk[4:-4]) == checksum
        if sound or kind == b"tRNS" or kind[:1].isupper():  # a capital: no reader may skip it
            kept.append(chunk)
        at += len(chunk)
    return b"".join(kept)
