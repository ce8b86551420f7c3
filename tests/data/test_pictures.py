from __future__ import annotations

import contextlib
import errno
import os
import socket
import struct
import subprocess
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image, features

from course_lib.data.photos import load_photo
from course_lib.data.picture_formats import FORMATS
from course_lib.data.pictures import MAX_FILE_BYTES, BadPicture, picture_size, read_picture


@pytest.fixture
def photo() -> np.ndarray:
    return load_photo("chelsea")[::4, ::4].copy()  # 75×113×3


def saved(image: Image.Image, path: Path, **options: object) -> Path:
    image.save(path, **options)
    return path


def test_an_rgb_png_comes_back_to_the_bit(photo, tmp_path):
    pixels = read_picture(saved(Image.fromarray(photo), tmp_path / "a.png"))
    np.testing.assert_array_equal(pixels, photo)
    assert pixels.dtype == np.uint8
    assert pixels.flags.writeable


def test_grey_becomes_three_equal_channels(photo, tmp_path):
    grey = photo[..., 1]
    pixels = read_picture(saved(Image.fromarray(grey), tmp_path / "a.png"))
    np.testing.assert_array_equal(pixels, np.repeat(grey[..., None], 3, axis=2))


def test_1_bit_becomes_black_and_white(tmp_path):
    bits = np.eye(9, dtype=bool)
    pixels = read_picture(saved(Image.fromarray(bits), tmp_path / "a.png"))
    np.testing.assert_array_equal(pixels[..., 0], bits * 255)
    assert pixels.shape == (9, 9, 3)


def test_transparent_parts_are_laid_over_white(photo, tmp_path):
    alpha = np.zeros(photo.shape[:2], np.uint8)
    alpha[:, 40:80], alpha[:, 80:] = 51, 255
    rgba = np.dstack([photo, alpha])
    pixels = read_picture(saved(Image.fromarray(rgba), tmp_path / "a.png"))
    assert (pixels[:, :40] == 255).all()
    np.testing.assert_allclose(pixels[:, 40:80], 0.8 * 255 + 0.2 * photo[:, 40:80], atol=1)
    np.testing.assert_array_equal(pixels[:, 80:], photo[:, 80:])


def test_grey_with_alpha_is_laid_over_white(tmp_path):
    pixels = read_picture(saved(Image.new("LA", (4, 3), (10, 0)), tmp_path / "a.png"))
    assert (pixels == 255).all()


def test_palette_colours_are_looked_up_and_its_transparency_kept(tmp_path):
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 200, 100, 50])
    image.putpixel((1, 0), 1)
    opaque = read_picture(saved(image, tmp_path / "opaque.png"))
    np.testing.assert_array_equal(opaque, [[[10, 20, 30], [200, 100, 50]]])
    clear = read_picture(saved(image, tmp_path / "clear.png", transparency=0))
    np.testing.assert_array_equal(clear, [[[255, 255, 255], [200, 100, 50]]])


@pytest.mark.parametrize("suffix", ["png", "tif", "pgm"])
def test_16_bit_grey_is_scaled_and_neither_clipped_nor_wrapped(suffix, tmp_path):
    values = np.array([[0, 128, 129, 257, 300, 33025, 65534, 65535]], np.uint16)
    pixels = read_picture(saved(Image.fromarray(values), tmp_path / f"a.{suffix}"))
    np.testing.assert_array_equal(pixels[0, :, 0], [0, 0, 1, 1, 1, 129, 255, 255])
    assert pixels.shape == (1, 8, 3)


def test_16_bit_colour_is_scaled(tmp_path):
    values = np.array([[[0, 300, 32768], [65535, 65534, 256]]], ">u2")
    header = struct.pack(">IIBBBBB", 2, 1, 16, 2, 0, 0, 0)
    rows = zlib.compress(b"\0" + values.tobytes())
    png = b"\x89PNG\r\n\x1a\n"
    for kind, body in ((b"IHDR", header), (b"IDAT", rows), (b"IEND", b"")):
        png += struct.pack(">I", len(body)) + kind + body
        png += struct.pack(">I", zlib.crc32(kind + body))
    (tmp_path / "a.png").write_bytes(png)
    pixels = read_picture(tmp_path / "a.png")
    np.testing.assert_allclose(pixels, values.astype(float) / 257, atol=1)


def test_floats_in_unit_range_are_read_and_others_refused(tmp_path):
    ramp = np.linspace(0, 1, 6, dtype=np.float32)[None]
    pixels = read_picture(saved(Image.fromarray(ramp), tmp_path / "a.tif"))
    np.testing.assert_array_equal(pixels[0, :, 0], [0, 51, 102, 153, 204, 255])
    with pytest.raises(BadPicture, match=r"b\.tif holds float32 values from 0 to 2.*8 or 16 bits"):
        read_picture(saved(Image.fromarray(2 * ramp), tmp_path / "b.tif"))


def test_cmyk_becomes_rgb(photo, tmp_path):
    cmyk = Image.fromarray(photo).convert("CMYK")
    pixels = read_picture(saved(cmyk, tmp_path / "a.jpg", quality=100, subsampling=0))
    assert np.abs(pixels.astype(int) - photo).mean() < 2


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(orientation, photo, tmp_path):
    undo = {
        1: lambda p: p,
        2: lambda p: p[:, ::-1],
        3: lambda p: p[::-1, ::-1],
        4: lambda p: p[::-1],
        5: lambda p: p.swapaxes(0, 1),
        6: lambda p: np.rot90(p, 1),
        7: lambda p: p[::-1, ::-1].swapaxes(0, 1),
        8: lambda p: np.rot90(p, -1),
    }
    stored = np.ascontiguousarray(undo[orientation](photo))
    exif = Image.Exif()
    exif[0x0112] = orientation
    pixels = read_picture(saved(Image.fromarray(stored), tmp_path / "a.png", exif=exif))
    np.testing.assert_array_equal(pixels, photo)


def test_of_an_animation_the_first_frame_is_read(tmp_path):
    frames = [Image.new("RGB", (5, 4), colour) for colour in ("red", "blue")]
    path = saved(frames[0], tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    np.testing.assert_array_equal(read_picture(path), np.full((4, 5, 3), [255, 0, 0]))


def test_a_7814_pixel_wide_picture_is_read(tmp_path):
    pixels = read_picture(saved(Image.new("RGB", (7814, 400), "teal"), tmp_path / "a.png"))
    assert pixels.shape == (400, 7814, 3)


@pytest.mark.parametrize("suffix", ["png", "jpg", "bmp", "tif", "webp", "gif"])
def test_a_file_cut_short_is_refused_by_name(suffix, photo, tmp_path):
    path = saved(Image.fromarray(photo), tmp_path / f"cut.{suffix}")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(BadPicture, match=rf"cut\.{suffix} is not a sound picture.*again"):
        read_picture(path)


def test_damaged_bytes_give_a_picture_or_our_error_and_nothing_else(photo, tmp_path):
    rng = np.random.default_rng(0)
    refused = 0
    for suffix in ("png", "jpg", "tif", "gif", "webp"):
        path = saved(Image.fromarray(photo), tmp_path / f"a.{suffix}")
        whole = np.frombuffer(path.read_bytes(), np.uint8)
        for _ in range(40):
            damaged = whole.copy()
            damaged[rng.integers(0, len(whole), 8)] ^= rng.integers(1, 256, 8, dtype=np.uint8)
            path.write_bytes(damaged.tobytes())
            try:
                assert read_picture(path).dtype == np.uint8
            except BadPicture:
                refused += 1
    assert refused > 40


@pytest.mark.parametrize(
    "content", [b"", b"<html>404 not found</html>", b"version https://git-lfs"]
)
def test_what_is_no_picture_is_refused_by_name(content, tmp_path):
    (tmp_path / "page.jpg").write_bytes(content)
    with pytest.raises(BadPicture, match=rf"page\.jpg .*\({len(content)} bytes"):
        read_picture(tmp_path / "page.jpg")


@pytest.mark.parametrize("factor", [1.5, 3])  # Pillow warns at the first, raises at the second
def test_a_decompression_bomb_is_refused_before_it_is_unpacked(factor, tmp_path, monkeypatch):
    path = saved(Image.new("1", (1000, 1000)), tmp_path / "bomb.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", int(1e6 / factor))
    with pytest.raises(BadPicture, match=r"bomb\.png is too large to read safely.*scale it down"):
        read_picture(path)


def test_a_missing_file_stays_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        read_picture(tmp_path / "nowhere.png")


def test_32_bit_integers_are_refused_because_their_white_is_unknown(tmp_path):
    path = tmp_path / "wide.tif"
    Image.fromarray(np.full((8, 8), 198, np.int32)).save(path)
    with pytest.raises(BadPicture, match=r"wide\.tif holds int32 values.*8 or 16 bits"):
        read_picture(path)


def png_chunk(kind: bytes, body: bytes, *, sound: bool = True) -> bytes:
    checksum = zlib.crc32(kind + body) ^ (not sound)
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", checksum)


EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 4 4\n%%EndComments\nshowpage\n%%EOF\n"


@pytest.mark.parametrize("suffix", sorted(FORMATS))
def test_postscript_under_a_pictures_name_starts_no_program(suffix, tmp_path, monkeypatch):
    def start(*command: object, **options: object) -> None:
        pytest.fail(f"{command} was started")

    monkeypatch.setattr(subprocess, "Popen", start)
    for name in ("run", "call", "check_call", "check_output"):
        monkeypatch.setattr(subprocess, name, start)
    path = tmp_path / f"rain{suffix}"
    path.write_bytes(EPS)
    with pytest.raises(BadPicture, match=rf"rain\{suffix} .*holds EPS \(PostScript\)"):
        read_picture(path)


@pytest.mark.parametrize("suffix", sorted(FORMATS))
@pytest.mark.parametrize(
    "held", ["AVIF", "JPEG2000", "ICO", "PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "TGA",
             "PCX", "DDS", "SGI", "EPS", "PDF", "XBM", "ICNS"]
)  # fmt: skip
def test_a_file_of_another_format_than_its_name_says_is_refused_and_not_decoded(
    suffix, held, photo, tmp_path
):
    if held == FORMATS[suffix]:
        return
    Image.init()
    if held not in Image.SAVE:
        pytest.skip(f"this Pillow can't write {held}")
    path = tmp_path / f"rain{suffix}"
    image = Image.fromarray(photo)
    (image.convert("1") if held == "XBM" else image).save(path, format=held)
    with pytest.raises(BadPicture, match=rf"rain\{suffix} .*(rename it to rain\.|leave it out)"):
        read_picture(path)


def test_what_a_wrongly_named_file_holds_is_told(photo, tmp_path):
    path = tmp_path / "rain.png"
    for held, told in {
        "AVIF": "holds AVIF, not PNG",
        "JPEG2000": "holds JPEG 2000, not PNG",
        "ICO": "holds ICO, not PNG",
        "JPEG": "holds JPEG, not the PNG that its name promises; rename it to rain.jpg",
        "GIF": "rename it to rain.gif",
    }.items():
        if held == "AVIF" and not features.check("avif"):
            continue
        Image.fromarray(photo).save(path, format=held)
        with pytest.raises(BadPicture, match=told):
            read_picture(path)


@pytest.mark.parametrize("name", ["rain.avif", "rain.eps", "rain.jp2", "rain", "rain.txt"])
def test_a_suffix_that_promises_no_format_of_ours_is_refused(name, photo, tmp_path):
    Image.fromarray(photo).save(tmp_path / name, format="PNG")
    with pytest.raises(BadPicture, match=rf"{name} has the suffix .*\.bmp .* \.webp"):
        read_picture(tmp_path / name)


def test_a_suffix_may_be_in_capitals(photo, tmp_path):
    path = saved(Image.fromarray(photo), tmp_path / "a.PNG", format="PNG")
    np.testing.assert_array_equal(read_picture(path), photo)


def test_a_phones_jpeg_of_several_pictures_is_read(photo, tmp_path):
    image = Image.fromarray(photo)
    path = tmp_path / "a.jpg"
    image.save(path, format="MPO", save_all=True, append_images=[image])
    assert read_picture(path).shape == photo.shape


@pytest.mark.parametrize("kind", ["named pipe", "folder", "socket", "device"])
def test_what_is_no_file_is_refused_without_waiting(kind, tmp_path):
    path = tmp_path / "a.png"
    match kind:
        case "named pipe":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case "socket":
            with contextlib.closing(socket.socket(socket.AF_UNIX)) as server:
                server.bind(os.path.relpath(path))  # an absolute path may be too long for it
        case "device":
            path.symlink_to("/dev/zero")
    with pytest.raises(BadPicture, match=rf"a\.png is a {kind}, not a file"):
        read_picture(path)


def test_a_circle_of_links_is_told(tmp_path):
    (tmp_path / "a.png").symlink_to("b.png")
    (tmp_path / "b.png").symlink_to("a.png")
    with pytest.raises(OSError, match=r"circle.*a\.png"):
        read_picture(tmp_path / "a.png")


def test_a_lack_of_permission_is_not_called_damage(photo, tmp_path, monkeypatch):
    path = saved(Image.fromarray(photo), tmp_path / "a.png")

    def refuse(*given: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(os, "open", refuse)  # root, who may run the tests, can read everything
    with pytest.raises(PermissionError, match=r"give yourself the permission.*a\.png"):
        read_picture(path)


def test_a_failing_disk_is_not_called_damage(photo, tmp_path, monkeypatch):
    path = saved(Image.fromarray(photo), tmp_path / "a.png")

    def fail(image: Image.Image) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", fail)
    with pytest.raises(OSError, match=r"Input/output error.*a\.png") as caught:
        read_picture(path)
    assert caught.value.errno == errno.EIO


@pytest.mark.parametrize("sound", [True, False], ids=["its checksum", "a wrong checksum"])
@pytest.mark.parametrize("after_pixels", [True, False])
@pytest.mark.parametrize(
    ("kind", "body"),
    [(b"eXIf", b"MM\0*\xff\xff\xff\xff"), (b"eXIf", b"\0" * 9), (b"zTXt", b"Comment\0\0not zlib"),
     (b"iCCP", b"name\0\0not zlib"), (b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0\xff"),
     (b"pHYs", b"short"), (b"tEXt", b"\xff"), (b"gAMA", b"")],
)  # fmt: skip
def test_damaged_metadata_of_a_png_costs_no_pixel(kind, body, after_pixels, sound, photo, tmp_path):
    path = saved(Image.fromarray(photo), tmp_path / "a.png")
    content = path.read_bytes()
    at = len(content) - 12 if after_pixels else 33  # before IEND, or after IHDR
    chunk = png_chunk(kind, body, sound=sound)
    path.write_bytes(content[:at] + chunk + content[at:])
    np.testing.assert_array_equal(read_picture(path), photo)


@pytest.mark.parametrize("suffix", ["jpg", "webp", "png"])
def test_flipped_bits_of_exif_cost_no_pixel(suffix, photo, tmp_path):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 1
    exif[ExifTags.Base.Make] = "Maker"
    exif[ExifTags.Base.XResolution] = 72.0
    path = saved(Image.fromarray(photo), tmp_path / f"a.{suffix}", exif=exif)
    whole, body = path.read_bytes(), exif.tobytes()[6:]  # without "Exif\0\0"
    pixels = read_picture(path)
    start = whole.index(body)
    for at in range(start, start + len(body)):
        for bit in (0, 3, 7):
            damaged = bytearray(whole)
            damaged[at] ^= 1 << bit
            path.write_bytes(damaged)
            assert read_picture(path).size == pixels.size  # it may be turned
    path.write_bytes(whole.replace(body, b"\xff" * len(body)))
    np.testing.assert_array_equal(read_picture(path), pixels)


def test_a_file_too_large_to_read_is_refused_by_its_size(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n")
    os.truncate(path, MAX_FILE_BYTES + 1)  # takes no room on disk
    with pytest.raises(BadPicture, match=r"a\.png is too large to read safely"):
        read_picture(path)


def test_the_size_is_read_without_the_pixels(photo, tmp_path):
    path = saved(Image.fromarray(photo), tmp_path / "a.png")
    path.write_bytes(path.read_bytes()[:200])
    assert picture_size(path) == (113, 75)
    (tmp_path / "b.png").write_bytes(EPS)
    with pytest.raises(BadPicture, match="EPS"):
        picture_size(tmp_path / "b.png")
