"""Pictures in figures: every pixel where it belongs."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.data import chelsea

from course_lib import viz

ALT = "The cat's eye three times: rainy, restored and clean, from left to right."
CAT = chelsea()


def find(page: np.ndarray, picture: np.ndarray) -> list[tuple[int, int]]:
    """Every place (y, x) where the picture lies in the page, pixel by pixel."""
    h, w = picture.shape[:2]
    page, picture = (image.astype(int) @ [65536, 256, 1] for image in (page, picture))
    rows, columns = page.shape[0] - h + 1, page.shape[1] - w + 1
    # A few pixels rule out nearly every place; the others are compared as a whole.
    fits = np.ones((rows, columns), bool)
    for y in np.linspace(0, h - 1, 5, dtype=int):
        for x in np.linspace(0, w - 1, 5, dtype=int):
            fits &= page[y : y + rows, x : x + columns] == picture[y, x]
    return [
        (int(y), int(x))
        for y, x in np.argwhere(fits)
        if np.array_equal(page[y : y + h, x : x + w], picture)
    ]


def enlarge(picture: np.ndarray, scale: int) -> np.ndarray:
    return picture.repeat(scale, axis=0).repeat(scale, axis=1)


@pytest.fixture
def grid(outputs, parse):
    """Shows a grid; gives the figure's pixels."""

    def show(*args, **kwargs) -> np.ndarray:
        (output,) = outputs(lambda: viz.picture_grid(*args, alt=ALT, **kwargs))
        page = parse(output["data"]["text/html"])
        assert page.all("img")[0]["alt"] == ALT
        return page.pictures()[0]

    return show


def test_photographs_keep_their_pixels(grid) -> None:
    pictures = [CAT, CAT[::-1], CAT[:, ::-1]]
    page = grid(pictures, ["rainy", "restored", "clean"])
    places = [find(page, picture) for picture in pictures]
    assert [len(p) for p in places] == [1, 1, 1]
    (y0, x0), (y1, x1), (y2, x2) = (p[0] for p in places)
    assert y0 == y1 == y2
    assert x0 < x1 < x2


def test_small_pictures_are_enlarged_by_one_whole_number(grid) -> None:
    crops = [CAT[100:164, 60 + 30 * n : 124 + 30 * n] for n in range(6)]
    page = grid(crops, ["crop"] * 6)
    assert all(len(find(page, enlarge(crop, 9))) == 1 for crop in crops)


@pytest.mark.parametrize("width", [57, 114, 201])  # widths that floating point cuts short
def test_no_column_of_pixels_is_lost(grid, width: int) -> None:
    picture = CAT[:40, :width]
    page = grid([picture] * 3, ["a"] * 3)
    scale = 584 // width
    assert len(find(page, enlarge(picture, scale))) == 3


def test_floats_grey_maps_and_masks_are_shown_as_they_are(grid) -> None:
    grey = np.linspace(0, 1, 256).reshape(16, 16)
    page = grid([CAT[:16, :16] / 255, grey, grey > 0.5], ["float", "grey", "bool"])
    levels = np.rint(grey * 255).astype(np.uint8)
    for picture in (
        CAT[:16, :16],
        np.stack([levels] * 3, 2),
        np.stack([(levels > 127) * 255] * 3, 2),
    ):
        assert find(page, enlarge(picture.astype(np.uint8), 36))


def test_pictures_of_several_sizes_share_one_scale(grid) -> None:
    page = grid([CAT[:100, :100], CAT[100:150, 100:130]], ["a", "b"])
    assert find(page, enlarge(CAT[:100, :100], 8))
    assert find(page, enlarge(CAT[100:150, 100:130], 8))


def test_the_zoom_shows_the_same_spot_of_every_picture_below_it(grid) -> None:
    pictures = [CAT, CAT[:, ::-1]]
    page = grid(pictures, ["rainy", "clean"], zoom=(90, 120, 48))
    below = []
    for picture in pictures:
        spot = picture[90:138, 120:168]
        ((y, x),) = find(page, enlarge(spot, 9))
        below.append((y, x))
    assert below[0][0] == below[1][0] > CAT.shape[0]


def test_the_zoom_frames_its_spot_and_hides_nothing_of_it(grid) -> None:
    page = grid([CAT], ["clean"], zoom=(90, 120, 48))
    spot = enlarge(CAT[90:138, 120:168], 3)
    ((y, x),) = find(page, spot)
    side = len(spot)
    for ring in (page[y - 2, x : x + side], page[y + side + 2, x : x + side]):
        assert (ring == [213, 94, 0]).all()


def test_a_mask_tints_the_pixels_that_it_covers_and_no_other(grid) -> None:
    picture = np.full((20, 20, 3), 100, np.uint8)
    mask = np.zeros((20, 20), bool)
    mask[5:10, 3:8] = True
    expected = picture.copy()
    expected[mask] = [156, 97, 50]
    page = grid([picture, picture], ["rainy", "where it rains"], masks=[None, mask])
    assert find(page, enlarge(picture, 44))
    assert find(page, enlarge(expected, 44))


def test_titles_never_run_into_the_next_picture(grid) -> None:
    titles = ["restored by a generator with a very long name indeed\n27.31 dB, SSIM 0.912"] * 3
    pictures = [CAT, CAT, CAT]
    page = grid(pictures, titles)
    ((y, _), *_) = find(page, CAT)
    gap = page[:y, CAT.shape[1] : CAT.shape[1] + 24]
    assert (gap == 255).all()
    assert (page[:y] < 100).any()


def test_nothing_of_the_titles_is_cut_off(grid) -> None:
    page = grid([CAT[:64, :64]] * 3, ["Ågq|\nÅgq|"] * 3)
    assert (page[0] == 255).all()
    assert (page[:, -1] == 255).any()


@pytest.mark.parametrize(
    ("pictures", "titles", "settings", "message"),
    [
        ([], [], {}, "1 to 6 pictures, not 0; contact_sheet"),
        ([CAT] * 7, ["cat"] * 7, {}, "1 to 6 pictures, not 7; contact_sheet"),
        ([CAT] * 2, ["cat"], {}, "2 pictures and 1 titles"),
        ([CAT] * 2, ["cat"] * 2, {"masks": [None]}, "2 pictures and 1 masks"),
        ([CAT], ["cat"], {"masks": [np.ones((3, 3), bool)]}, "3×3 lies over a picture of 300×451"),
        ([CAT], ["cat"], {"zoom": (280, 0, 48)}, "outside a picture of 300×451"),
        ([CAT, CAT[1:]], ["a", "b"], {"zoom": (0, 0, 48)}, "299×451, 300×451"),
        ([CAT.transpose(2, 0, 1)], ["cat"], {}, r"shape \(3, 300, 451\).*from_model"),
        ([CAT / 127.5 - 1], ["cat"], {}, r"values in \[0, 1\]"),
        ([np.zeros((9, 2000, 3), np.uint8)] * 3, ["wide"] * 3, {}, "columns=2"),
    ],
)
def test_what_cannot_be_shown_is_refused_with_the_mend(pictures, titles, settings, message) -> None:
    with pytest.raises(ValueError, match=message):
        viz.picture_grid(pictures, titles, alt=ALT, **settings)


def test_a_contact_sheet_keeps_rows_columns_and_pixels(outputs, parse) -> None:
    crops = [CAT[100:164, 60 + 30 * n : 124 + 30 * n] for n in range(6)]
    rows = {
        "rainy": crops,
        "restored": [c[::-1] for c in crops],
        "clean": [c[:, ::-1] for c in crops],
    }
    titles = [f"{n}.5 dB" for n in range(6)]
    (output,) = outputs(lambda: viz.contact_sheet(rows, titles=titles, alt=ALT))
    page = parse(output["data"]["text/html"]).pictures()[0]
    places = [[find(page, enlarge(p, 4)) for p in row] for row in rows.values()]
    assert all(len(place) == 1 for row in places for place in row)
    ys = [[place[0][0] for place in row] for row in places]
    xs = [[place[0][1] for place in row] for row in places]
    assert all(len(set(row)) == 1 for row in ys)
    assert ys[0] < ys[1] < ys[2]
    assert xs[0] == xs[1] == xs[2] == sorted(xs[0])


def test_a_wide_label_keeps_clear_of_the_pictures(outputs, parse) -> None:
    crops = [CAT[100:164, 60:124]]
    (output,) = outputs(lambda: viz.contact_sheet({"WW-WWWW": crops, "": crops}, alt=ALT))
    page = parse(output["data"]["text/html"]).pictures()[0]
    places = (find(page, enlarge(crops[0], scale)) for scale in range(1, 19))
    left = next(found[0][1] for found in places if found)
    written = np.nonzero((page[:, :left] != 255).any(axis=(0, 2)))[0]
    assert written.max() < left - 8


@pytest.mark.parametrize(
    ("rows", "titles", "message"),
    [
        ({}, (), "same number of pictures"),
        ({"rainy": []}, (), "same number of pictures"),
        ({"rainy": [CAT], "clean": [CAT, CAT]}, (), "{'rainy': 1, 'clean': 2}"),
        ({"rainy": [CAT], "clean": [CAT[1:]]}, (), "299×451, 300×451"),
        ({"rainy": [CAT[:9, :9]] * 2}, ("one",), "2 columns and 1 titles"),
        ({"rainy": [CAT] * 8}, (), "don't fit beside each other"),
    ],
)
def test_a_contact_sheet_refuses_what_does_not_line_up(rows, titles, message) -> None:
    with pytest.raises(ValueError, match=message):
        viz.contact_sheet(rows, titles=titles, alt=ALT)
