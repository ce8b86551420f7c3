import struct
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageCms

from course_lib.data.pictures import BadPicture
from course_lib.restoration.photographs import encode, read_photograph, write_photograph

PIXELS = np.random.default_rng(0).integers(0, 256, (12, 20, 3), dtype=np.uint8)
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def picture(path: Path, pixels: np.ndarray = PIXELS, **options) -> Path:
    Image.fromarray(pixels).save(path, **options)
    return path


def wide_png(path: Path) -> Path:
    """16 bits a colour, which Pillow can't write."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + checksum

    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in PIXELS)
    header = struct.pack(">IIBBBBB", PIXELS.shape[1], PIXELS.shape[0], 16, 2, 0, 0, 0)
    parts = (b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts))
    return path


def wide_tiff(path: Path) -> Path:
    import tifffile

    tifffile.imwrite(path, PIXELS.astype(np.uint16))
    return path


def wide_ppm(path: Path) -> Path:
    path.write_bytes(b"P6\n20 12\n65535\n" + PIXELS.astype(">u2").tobytes())
    return path


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tif", ".ppm", ".PNG"])
def test_pixels_survive_reading_and_writing(tmp_path, suffix):
    before = read_photograph(picture(tmp_path / f"a{suffix}"))
    write_photograph(tmp_path / f"b{suffix}", before)
    np.testing.assert_array_equal(read_photograph(tmp_path / f"b{suffix}").pixels, PIXELS)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif"])
def test_a_turned_photograph_is_upright_once_and_keeps_what_its_file_says(tmp_path, suffix):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.Base.Make] = "A camera"
    path = picture(tmp_path / f"a{suffix}", exif=exif, icc_profile=PROFILE)
    photograph = read_photograph(path)
    assert photograph.pixels.shape == (20, 12, 3)
    write_photograph(tmp_path / f"b{suffix}", photograph)
    with Image.open(tmp_path / f"b{suffix}") as written:
        assert written.size == (12, 20)
        assert written.getexif().get(ExifTags.Base.Orientation, 1) == 1
        assert written.getexif()[ExifTags.Base.Make] == "A camera"
        assert written.info["icc_profile"] == PROFILE
    again = read_photograph(tmp_path / f"b{suffix}")
    assert again.pixels.shape == (20, 12, 3)


@pytest.mark.parametrize("suffix", [".png", ".webp", ".tif"])
def test_transparency_stays(tmp_path, suffix):
    alpha = np.arange(240, dtype=np.uint8).reshape(12, 20)
    options = {"lossless": True, "exact": True} if suffix == ".webp" else {}
    path = picture(tmp_path / f"a{suffix}", np.dstack([PIXELS, alpha]), **options)
    photograph = read_photograph(path)
    np.testing.assert_array_equal(photograph.pixels, PIXELS)
    write_photograph(tmp_path / "b.png", photograph)
    np.testing.assert_array_equal(read_photograph(tmp_path / "b.png").alpha, alpha)


def test_transparency_that_a_format_cannot_hold_is_an_error(tmp_path):
    photograph = read_photograph(picture(tmp_path / "a.png", np.dstack([PIXELS, PIXELS[..., 0]])))
    with pytest.raises(ValueError, match=r"the transparency of b\.jpg: write a PNG"):
        encode(tmp_path / "b.jpg", photograph)


def test_a_grey_photograph_loses_its_grey_profile(tmp_path):
    grey = bytearray(PROFILE)
    grey[16:20] = b"GRAY"
    path = picture(tmp_path / "a.png", PIXELS[..., 0], icc_profile=bytes(grey))
    photograph = read_photograph(path)
    assert photograph.profile == b""
    assert (photograph.pixels == PIXELS[..., :1]).all()


@pytest.mark.parametrize("make", [wide_png, wide_tiff, wide_ppm])
def test_sixteen_bits_are_refused_and_not_cut(tmp_path, make):
    path = make(tmp_path / f"a.{make.__name__[5:]}")
    with pytest.raises(BadPicture, match="16 bits a colour, and the networks work with 8"):
        read_photograph(path)


def test_grey_values_of_sixteen_bits_are_refused(tmp_path):
    Image.fromarray(PIXELS[..., 0].astype(np.uint16)).save(tmp_path / "a.png")
    with pytest.raises(BadPicture, match="16 bits a colour"):
        read_photograph(tmp_path / "a.png")


def test_an_animation_is_refused(tmp_path):
    frames = [Image.fromarray(PIXELS), Image.fromarray(255 - PIXELS)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    with pytest.raises(BadPicture, match="holds 2 pictures"):
        read_photograph(tmp_path / "a.gif")


def test_colours_for_printing_are_refused(tmp_path):
    Image.fromarray(PIXELS).convert("CMYK").save(tmp_path / "a.jpg")
    with pytest.raises(BadPicture, match="CMYK colours, made for printing"):
        read_photograph(tmp_path / "a.jpg")


def test_damaged_exif_costs_only_the_exif(tmp_path):
    path = picture(tmp_path / "a.jpg", exif=b"Exif\0\0II*\0\xff\xff\xff\xff damaged")
    assert read_photograph(path).exif == b""


@pytest.mark.parametrize("name", ["a.gif", "a.heic", "a"])
def test_a_format_that_cannot_be_written_is_named(tmp_path, name):
    with pytest.raises(ValueError, match=f"{name} can't be written"):
        encode(tmp_path / name, replace(read_photograph(picture(tmp_path / "b.png"))))
