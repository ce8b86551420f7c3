import struct
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageCms

from course_lib.data.photos import load_photo
from course_lib.data.pictures import BadPicture, read_picture
from course_lib.metrics import psnr
from course_lib.restoration.photographs import Photograph, encode, read_photograph

# Wider than 255 bytes a row: decoders are told such numbers, too.
PIXELS = np.random.default_rng(0).integers(0, 256, (12, 120, 3), dtype=np.uint8)
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def write_photograph(path, photograph):
    path.write_bytes(encode(path, photograph))


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
    path.write_bytes(b"P6\n120 12\n65535\n" + PIXELS.astype(">u2").tobytes())
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
    assert photograph.pixels.shape == (120, 12, 3)
    write_photograph(tmp_path / f"b{suffix}", photograph)
    with Image.open(tmp_path / f"b{suffix}") as written:
        assert written.size == (12, 120)
        assert written.getexif().get(ExifTags.Base.Orientation, 1) == 1
        assert written.getexif()[ExifTags.Base.Make] == "A camera"
        assert written.info["icc_profile"] == PROFILE
    again = read_photograph(tmp_path / f"b{suffix}")
    assert again.pixels.shape == (120, 12, 3)


@pytest.mark.parametrize("suffix", [".png", ".webp", ".tif"])
def test_transparency_stays(tmp_path, suffix):
    alpha = np.arange(1440).astype(np.uint8).reshape(12, 120)
    options = {"lossless": True, "exact": True} if suffix == ".webp" else {}
    path = picture(tmp_path / f"a{suffix}", np.dstack([PIXELS, alpha]), **options)
    photograph = read_photograph(path)
    np.testing.assert_array_equal(photograph.pixels, PIXELS)
    write_photograph(tmp_path / "b.png", photograph)
    np.testing.assert_array_equal(read_photograph(tmp_path / "b.png").alpha, alpha)


def test_transparency_that_a_format_cannot_hold_is_an_error(tmp_path):
    photograph = read_photograph(picture(tmp_path / "a.png", np.dstack([PIXELS, PIXELS[..., 0]])))
    with pytest.raises(ValueError, match=r"the transparency of b\.jpg: try --ext png"):
        encode(tmp_path / "b.jpg", photograph)


def test_a_grey_photograph_with_a_damaged_profile_stays_as_it_is(tmp_path):
    grey = bytearray(PROFILE)
    grey[16:20] = b"GRAY"
    path = picture(tmp_path / "a.png", PIXELS[..., 0], icc_profile=bytes(grey))
    photograph = read_photograph(path)
    assert photograph.profile == b""
    assert (photograph.pixels == PIXELS[..., :1]).all()


@pytest.mark.parametrize("make", [wide_png, wide_tiff, wide_ppm])
def test_sixteen_bits_are_refused_and_not_cut(tmp_path, make):
    path = make(tmp_path / f"a.{make.__name__[5:]}")
    with pytest.raises(BadPicture, match="more than 8 bits a colour"):
        read_photograph(path)


def test_grey_values_of_sixteen_bits_are_refused(tmp_path):
    Image.fromarray(PIXELS[..., 0].astype(np.uint16)).save(tmp_path / "a.png")
    with pytest.raises(BadPicture, match="more than 8 bits a colour"):
        read_photograph(tmp_path / "a.png")


def test_an_animation_is_refused(tmp_path):
    frames = [Image.fromarray(PIXELS), Image.fromarray(255 - PIXELS)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    with pytest.raises(BadPicture, match="holds 2 pictures"):
        read_photograph(tmp_path / "a.gif")


def test_colours_for_printing_are_refused(tmp_path):
    Image.fromarray(PIXELS).convert("CMYK").save(tmp_path / "a.jpg")
    with pytest.raises(BadPicture, match="CMYK colours: convert it to RGB"):
        read_photograph(tmp_path / "a.jpg")


def test_damaged_exif_costs_only_the_exif(tmp_path):
    path = picture(tmp_path / "a.jpg", exif=b"Exif\0\0II*\0\xff\xff\xff\xff damaged")
    assert read_photograph(path).exif == b""


@pytest.mark.parametrize("name", ["a.gif", "a.heic", "a"])
def test_a_format_that_cannot_be_written_is_named(tmp_path, name):
    with pytest.raises(ValueError, match=f"{name} can't be written"):
        encode(tmp_path / name, replace(read_photograph(picture(tmp_path / "b.png"))))


def test_a_camera_s_photograph_with_a_preview_is_its_first_picture(tmp_path):
    frames = [Image.fromarray(PIXELS), Image.fromarray(PIXELS[::2, ::2])]
    frames[0].save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=frames[1:])
    assert read_photograph(tmp_path / "a.jpg").pixels.shape == PIXELS.shape


@pytest.mark.parametrize("suffix", [".png", ".webp"])
def test_animations_of_other_formats_are_refused_too(tmp_path, suffix):
    frames = [Image.fromarray(PIXELS), Image.fromarray(255 - PIXELS)]
    frames[0].save(tmp_path / f"a{suffix}", save_all=True, append_images=frames[1:])
    with pytest.raises(BadPicture, match="holds 2 pictures"):
        read_photograph(tmp_path / f"a{suffix}")


@pytest.mark.parametrize("ext", [".tif", ".png", ".jpg", ".webp"])
def test_what_a_phone_writes_survives_in_every_format(tmp_path, ext):
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2026:11:30 08:00:00"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "N"
    photograph = read_photograph(picture(tmp_path / "a.jpg", exif=exif))
    write_photograph(tmp_path / f"b{ext}", photograph)
    with Image.open(tmp_path / f"b{ext}") as written:
        found = written.getexif()
        times = found.get_ifd(ExifTags.IFD.Exif)
        assert times[ExifTags.Base.DateTimeOriginal] == "2026:11:30 08:00:00"
        assert found.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] == "N"


def test_exif_too_long_for_a_jpeg_is_an_error(tmp_path):
    photograph = replace(read_photograph(picture(tmp_path / "a.png")), exif=b"Exif\0\0" * 12_000)
    with pytest.raises(ValueError, match=r"the EXIF of b\.jpg, 72000 bytes: try --ext png"):
        encode(tmp_path / "b.jpg", photograph)


def test_a_turned_photograph_states_its_new_size_and_resolution(tmp_path):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    details = exif.get_ifd(ExifTags.IFD.Exif)
    details[ExifTags.Base.ExifImageWidth], details[ExifTags.Base.ExifImageHeight] = 120, 12
    photograph = read_photograph(picture(tmp_path / "a.jpg", exif=exif, dpi=(300, 72)))
    assert photograph.dpi == (72, 300)
    write_photograph(tmp_path / "b.jpg", photograph)
    with Image.open(tmp_path / "b.jpg") as written:
        found = written.getexif().get_ifd(ExifTags.IFD.Exif)
        assert found[ExifTags.Base.ExifImageWidth] == 12
        assert found[ExifTags.Base.ExifImageHeight] == 120


@pytest.mark.parametrize("why", ["damaged text", "large profile"])
def test_a_profile_survives_what_pillow_stumbles_over(tmp_path, why):
    path = tmp_path / "a.png"
    profile = PROFILE if why == "damaged text" else PROFILE + bytes(2_000_000)
    Image.fromarray(PIXELS).save(path, icc_profile=profile)
    if why == "damaged text":
        content = path.read_bytes()
        at = content.index(b"IDAT") - 4
        path.write_bytes(content[:at] + b"\0\0\0\3tEXtabcdamg" + content[at:])
    assert read_photograph(path).profile == profile


@pytest.mark.parametrize("dpi", [(2.0**32, 300.0), (float("nan"), 1.0), (0.0, 0.0)])
def test_an_impossible_resolution_is_left_out(tmp_path, dpi, monkeypatch):
    path = picture(tmp_path / "a.png")
    opened = Image.open(path)
    opened.info["dpi"] = dpi
    monkeypatch.setattr(Image, "open", lambda *_, **__: opened)
    assert read_photograph(path).dpi is None


def test_an_orientation_in_xmp_does_not_turn_a_copy_again(tmp_path):
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf tiff:Orientation="6"/></x:xmpmeta>'
    path = tmp_path / "a.tif"
    Image.fromarray(PIXELS).save(path, tiffinfo={274: 6, 700: xmp})
    write_photograph(tmp_path / "b.tif", read_photograph(path))
    assert read_picture(tmp_path / "b.tif").shape == (120, 12, 3)


def test_a_picture_too_wide_for_its_format_is_told_so(tmp_path):
    wide = replace(
        read_photograph(picture(tmp_path / "a.png")), pixels=np.zeros((1, 70_000, 3), np.uint8)
    )
    with pytest.raises(ValueError, match=r"JPEG can't hold b\.jpg, 70000×1 pixels"):
        encode(tmp_path / "b.jpg", wide)


def phone_exif(orientation: int = 6) -> bytes:
    """A block with names in Latin-1 and UTF-8, an odd kind of number, and a maker's own bytes."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.Artist] = "Ren#e M#ller"
    exif[ExifTags.Base.Copyright] = "## 2026"
    details = exif.get_ifd(ExifTags.IFD.Exif)
    details[ExifTags.Base.MakerNote] = bytes(range(256))
    details[ExifTags.Base.ExifImageWidth], details[ExifTags.Base.ExifImageHeight] = 120, 12
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "N"
    return exif.tobytes().replace(b"n#e M#", b"n\xe9e M\xfc").replace(b"## 2026", b"\xc2\xa9 2026")


@pytest.mark.parametrize("ext", [".jpg", ".png", ".webp"])
def test_all_of_exif_but_the_orientation_and_the_size_stays_to_the_byte(tmp_path, ext):
    Image.fromarray(PIXELS).save(tmp_path / f"a{ext}", exif=phone_exif())
    before = read_photograph(tmp_path / f"a{ext}")
    write_photograph(tmp_path / f"b{ext}", before)
    with Image.open(tmp_path / f"b{ext}") as written:
        block = written.info["exif"].removeprefix(b"Exif\0\0")
    changed = phone_exif(orientation=1).removeprefix(b"Exif\0\0")
    assert b"Ren\xe9e M\xfcller" in block
    assert b"\xc2\xa9 2026" in block
    different = [
        n for n, (one, other) in enumerate(zip(block, changed, strict=True)) if one != other
    ]
    assert len(different) <= 4  # the two sides, which have changed places
    assert read_picture(tmp_path / f"b{ext}").shape == before.pixels.shape


def test_a_damaged_block_of_exif_costs_no_photograph(tmp_path):
    whole = phone_exif()
    for end in range(0, len(whole), 7):
        Image.fromarray(PIXELS).save(tmp_path / "a.png", exif=whole[:end] or None)
        assert read_photograph(tmp_path / "a.png").pixels.size == PIXELS.size


@pytest.mark.parametrize("ext", [".jpg", ".webp"])
def test_a_compressed_copy_keeps_the_detail(tmp_path, ext):
    pixels = np.asarray(load_photo("coffee"))[:200, :200]
    (tmp_path / f"a{ext}").write_bytes(encode(Path(f"a{ext}"), Photograph(pixels=pixels)))
    assert psnr(read_picture(tmp_path / f"a{ext}"), pixels) > 36


@pytest.mark.parametrize(
    "tags",
    [{256: 12, 257: 120, 274: 6}, {256: 4000, 257: 3000}, {262: 6}, {266: 2}, {284: 2}, {339: 3}],
    ids=str,
)
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_tags_of_a_jpeg_do_not_spoil_a_tiff(tmp_path, tags, mode):
    exif = Image.Exif()
    for tag, value in tags.items():
        exif[tag] = value
    path = tmp_path / ("a.jpg" if mode == "RGB" else "a.png")
    Image.fromarray(PIXELS).convert(mode).save(path, exif=exif)
    photograph = read_photograph(path)
    write_photograph(tmp_path / "b.tif", photograph)
    np.testing.assert_array_equal(read_picture(tmp_path / "b.tif"), photograph.pixels)


def raw_exif(entry: bytes, order: str = "<") -> bytes:
    """A block with one entry."""
    header = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8)
    return b"Exif\0\0" + header + struct.pack(f"{order}H", 1) + entry + bytes(4)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("kind", "many", "value"),
    [(1, 1, "Bxxx"), (3, 1, "Hxx"), (4, 1, "I"), (6, 1, "bxxx"), (8, 1, "hxx"), (9, 1, "i")],
)
def test_an_orientation_of_any_kind_of_number_turns_once(tmp_path, order, kind, many, value):
    entry = struct.pack(f"{order}HHI{value}", 274, kind, many, 6)
    Image.fromarray(PIXELS).save(tmp_path / "a.jpg", exif=raw_exif(entry, order))
    photograph = read_photograph(tmp_path / "a.jpg")
    write_photograph(tmp_path / "b.jpg", photograph)
    assert read_picture(tmp_path / "b.jpg").shape == photograph.pixels.shape
    with Image.open(tmp_path / "b.jpg") as copy:
        assert copy.getexif().get(274, 1) == 1


def test_an_orientation_of_several_numbers_is_not_left_turned(tmp_path):
    entry = struct.pack("<HHII", 274, 3, 3, 26)
    block = raw_exif(entry) + struct.pack("<HHH", 6, 6, 6)
    Image.fromarray(PIXELS).save(tmp_path / "a.jpg", exif=block)
    photograph = read_photograph(tmp_path / "a.jpg")
    write_photograph(tmp_path / "b.jpg", photograph)
    assert read_picture(tmp_path / "b.jpg").shape == photograph.pixels.shape


def test_a_thumbnail_that_shows_the_rain_is_not_kept(tmp_path):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    block = bytearray(exif.tobytes())
    begin = len(b"Exif\0\0")
    count = struct.unpack_from(
        ">H" if block[begin : begin + 2] == b"MM" else "<H", block, begin + 8
    )
    order = ">" if block[begin : begin + 2] == b"MM" else "<"
    struct.pack_into(f"{order}I", block, begin + 10 + 12 * count[0], len(block) - begin)
    block += struct.pack(f"{order}H", 1) + struct.pack(f"{order}HHIHxx", 274, 3, 1, 6) + bytes(4)
    Image.fromarray(PIXELS).save(tmp_path / "a.jpg", exif=bytes(block))
    with Image.open(tmp_path / "a.jpg") as before:
        assert before.getexif().get_ifd(ExifTags.IFD.IFD1)
    write_photograph(tmp_path / "b.jpg", read_photograph(tmp_path / "a.jpg"))
    with Image.open(tmp_path / "b.jpg") as after:
        assert not after.getexif().get_ifd(ExifTags.IFD.IFD1)


def test_the_longest_exif_that_a_jpeg_holds_is_kept(tmp_path):
    block = raw_exif(struct.pack("<HHIHxx", 274, 3, 1, 1))
    block += bytes(65_533 - len(block))
    Image.fromarray(PIXELS).save(tmp_path / "a.jpg", exif=block)
    write_photograph(tmp_path / "b.jpg", read_photograph(tmp_path / "a.jpg"))
    with Image.open(tmp_path / "b.jpg") as copy:
        assert copy.info["exif"] == block


@pytest.mark.parametrize("mode", ["1", "L"])
def test_grey_with_a_profile_keeps_its_transparency(tmp_path, mode):
    profile = bytearray(PROFILE)
    profile[16:20] = b"GRAY"
    grey = Image.fromarray(PIXELS).convert(mode)
    value = grey.getpixel((0, 0))
    grey.save(tmp_path / "a.png", icc_profile=bytes(profile), transparency=value)
    with Image.open(tmp_path / "a.png") as image:
        expected = np.asarray(image.convert("RGBA"))[..., 3]
    alpha = read_photograph(tmp_path / "a.png").alpha
    assert alpha is not None
    np.testing.assert_array_equal(alpha, expected)


def test_the_resolution_of_a_turned_tiff_is_turned_too(tmp_path):
    image = Image.fromarray(PIXELS)
    image.save(tmp_path / "a.tif", tiffinfo={274: 6}, dpi=(300, 150))
    assert read_photograph(tmp_path / "a.tif").dpi == (150, 300)
