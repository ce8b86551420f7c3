from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from course_lib.data.folders import (
    BadFolder,
    PairedFolder,
    PictureFolder,
    SideBySideFolder,
    SkippedFiles,
    make_pair,
    without_role,
)
from course_lib.data.photos import load_photo
from course_lib.data.pictures import BadPicture

PHOTO = load_photo("coffee")[::8, ::8]  # 50×75×3


def write(path: Path, pixels: np.ndarray = PHOTO) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


def wetten(pixels: np.ndarray) -> np.ndarray:
    """The picture with a bright bar, rows 10 to 19, 20 levels brighter."""
    wet = pixels.astype(int)
    wet[10:20] += 20
    return wet.clip(0, 255).astype(np.uint8)


@pytest.fixture
def pairs(tmp_path) -> Path:
    """Three pairs named 1, 2 and 10."""
    for name in ("1", "2", "10"):
        write(tmp_path / f"rainy/{name}.png", wetten(PHOTO // 2 + int(name)))
        write(tmp_path / f"clean/{name}.png", PHOTO // 2 + int(name))
    return tmp_path


def test_pairs_are_matched_by_name_in_natural_order(pairs):
    folder = PairedFolder(pairs)
    assert len(folder) == 3
    assert folder.names == ["1", "2", "10"]
    for pair in folder:
        np.testing.assert_array_equal(pair.clean, PHOTO // 2 + int(pair.name))
        np.testing.assert_array_equal(pair.rainy, wetten(pair.clean))
    assert folder.check() == folder.bad == []


def test_an_index_beyond_the_end_is_an_index_error(pairs):
    assert PairedFolder(pairs)[-1].name == "10"
    with pytest.raises(IndexError):
        PairedFolder(pairs)[3]


def test_the_mask_is_where_the_luma_differs_by_more_than_12():
    clean = np.full((1, 7, 3), 100, np.uint8)
    rainy = clean.copy()
    rainy[0, :, :] += np.array([0, 12, 13, 0, 0, 0, 0], np.uint8)[:, None]
    rainy[0, 3] -= 13  # darker counts as well
    rainy[0, 4, 2] += 100  # blue weighs 0.114: 11.4 levels of luma
    rainy[0, 5, 1] += 21  # green weighs 0.587: 12.3 levels
    rainy[0, 6] -= 12
    mask = make_pair(rainy, clean, "").mask
    assert mask.tolist() == [[False, False, True, True, False, True, False]]


def test_twins_may_differ_in_their_extensions_and_strangers_are_passed_over(tmp_path):
    write(tmp_path / "rain/a.PNG")
    write(tmp_path / "norain/a.bmp")
    (tmp_path / "rain/readme.txt").write_text("hello")
    (tmp_path / "rain/._a.png").write_text("a Macintosh leaves these")
    assert PairedFolder(tmp_path, rainy="rain", clean="norain").names == ["a"]


@pytest.mark.parametrize(
    ("rainy", "clean"),
    [
        ("0_rain", "0_clean"),
        ("rain-001", "norain-001"),
        ("norain-17x2", "norain-17"),
        ("438", "438gt"),
        ("img_7_Rainy", "img_7_GT"),
        ("rain", "rain"),
        ("train_5", "train_5"),
    ],
)
def test_names_of_real_sets_match_without_their_role(rainy, clean, tmp_path):
    write(tmp_path / f"data/{rainy}.png")
    write(tmp_path / f"gt/{clean}.png")
    folder = PairedFolder(tmp_path, rainy="data", clean="gt", match=without_role)
    assert folder.names == [rainy]


@pytest.mark.parametrize("stem", ["1", "10", "terrain", "train-1", "raindrop3", "1x3", "x2"])
def test_only_whole_words_are_taken_for_roles(stem):
    assert without_role(stem) == stem


def test_a_rule_may_let_several_rainy_pictures_share_a_clean_one(tmp_path):
    for name in ("901_1", "901_2", "902_1"):
        write(tmp_path / f"rainy/{name}.png")
    for name in ("901", "902"):
        write(tmp_path / f"clean/{name}.png")
    folder = PairedFolder(tmp_path, match=lambda stem: stem.split("_")[0])
    assert folder.names == ["901_1", "901_2", "902_1"]


def test_a_missing_twin_is_named_and_may_be_skipped(pairs):
    (pairs / "clean/2.png").unlink()
    write(pairs / "clean/3.png")
    message = r"rainy/2\.png: no twin '2' in clean/ \(1 more such files\).*on_bad='skip'"
    with pytest.raises(BadFolder, match=message):
        PairedFolder(pairs)
    with pytest.warns(UserWarning, match=r"left out 2 bad files, .*the first: .*\.png: no twin"):
        folder = PairedFolder(pairs, on_bad="skip")
    assert folder.names == ["1", "10"]
    assert {(bad.path.name, bad.reason) for bad in folder.bad} == {
        ("2.png", "no twin '2' in clean/"),
        ("3.png", "no twin in rainy/"),
    }


@pytest.mark.parametrize("side", ["rainy", "clean"])
def test_two_files_that_could_both_be_the_twin_are_an_error(side, pairs):
    write(pairs / side / "1.bmp")
    with pytest.raises(BadFolder, match=r"1\.(png|bmp): (matches the same|a second file)"):
        PairedFolder(pairs)


def test_twins_of_different_size_are_named_with_their_sizes(pairs):
    write(pairs / "clean/2.png", PHOTO[:, :70])
    folder = PairedFolder(pairs)
    with pytest.raises(
        BadPicture, match=r"2\.png is 50×75, its twin .*2\.png 50×70.*on_bad='skip'"
    ):
        folder[1]
    assert [bad.path.name for bad in folder.check()] == ["2.png"]
    with pytest.warns(UserWarning, match=r"left out 1 bad file, .*50×75"):
        assert PairedFolder(pairs, on_bad="skip").names == ["1", "10"]


def test_one_bad_file_among_many_is_reported_and_the_rest_goes_on_if_asked(pairs):
    bad = pairs / "clean/2.png"
    bad.write_bytes(bad.read_bytes()[:100])
    folder = PairedFolder(pairs)
    assert folder[0].name == "1"
    with pytest.raises(BadPicture, match=r"clean/2\.png is not a sound picture.*on_bad='skip'"):
        folder[1]
    assert "clean/2.png" in folder.check()[0].reason

    with pytest.warns(UserWarning, match=r"left out 1 bad file, .*clean/2\.png is not a sound"):
        rest = PairedFolder(pairs, on_bad="skip")
    assert rest.names == ["1", "10"]
    assert [pair.name for pair in rest] == ["1", "10"]
    assert len(rest.bad) == 1
    assert "clean/2.png is not a sound picture" in rest.bad[0].reason


def test_a_folder_of_which_nothing_is_left_is_an_error_even_when_skipping(tmp_path):
    write(tmp_path / "1.png").write_bytes(b"no picture")
    with pytest.raises(BadFolder, match=r"nothing that can be used.*1\.png is not a sound"):
        PictureFolder(tmp_path, on_bad="skip")


def test_a_wrong_layout_is_answered_with_what_is_there(tmp_path):
    write(tmp_path / "input/1.png")
    with pytest.raises(BadFolder, match=r"no folder .*rainy \(.* holds input\); .*rainy="):
        PairedFolder(tmp_path)
    with pytest.raises(BadFolder, match=r"holds no picture.*name the folder that holds the files"):
        SideBySideFolder(tmp_path)
    with pytest.raises(BadFolder, match=r"no folder .*nowhere"):
        PictureFolder(tmp_path / "nowhere")


def test_a_misspelt_policy_is_refused(pairs):
    with pytest.raises(ValueError, match="on_bad is 'raise' or 'skip', not 'ignore'"):
        PairedFolder(pairs, on_bad="ignore")


def test_names_can_be_left_out(pairs):
    assert PairedFolder(pairs, leave_out=["1", "2"]).names == ["10"]


@pytest.mark.parametrize("width", [74, 75])
def test_side_by_side_the_left_half_is_clean_and_an_odd_column_is_lost(width, tmp_path):
    both = np.zeros((4, width, 3), np.uint8)
    both[:, 37:74] = 200
    write(tmp_path / "7.png", both)
    pair = SideBySideFolder(tmp_path)[0]
    assert pair.name == "7"
    np.testing.assert_array_equal(pair.clean, np.zeros((4, 37, 3)))
    np.testing.assert_array_equal(pair.rainy, np.full((4, 37, 3), 200))
    assert pair.mask.all()


def test_side_by_side_refuses_a_single_column(tmp_path):
    write(tmp_path / "thin.png", PHOTO[:, :1])
    with pytest.raises(BadPicture, match=r"thin\.png is one pixel wide"):
        SideBySideFolder(tmp_path)[0]
    with pytest.raises(BadPicture, match=r"thin\.png is one pixel wide"):
        PictureFolder(tmp_path, doubled=True)[0]


def test_odd_files_are_left_out_and_told_by_name(tmp_path):
    write(tmp_path / "1.png", PHOTO)
    os.mkfifo(tmp_path / "2.png")
    (tmp_path / "3.png").mkdir()
    (tmp_path / "4.png").symlink_to("4.png")
    (tmp_path / "5.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n")
    with pytest.warns(SkippedFiles):
        folder = PictureFolder(tmp_path, on_bad="skip")
    assert folder.names == ["1"]
    told = dict(zip("2345", map(str, folder.bad), strict=True))
    for name, why in {"2": "named pipe", "3": "a folder", "4": "circle", "5": "EPS"}.items():
        assert why in told[name]
        assert told[name].count(f"{name}.png") == 1
        assert "BadFile" not in told[name]


def test_pictures_without_truth_come_alone_and_undoubled(tmp_path):
    write(tmp_path / "2.png", np.hstack([PHOTO, PHOTO]))
    write(tmp_path / "10.png", np.hstack([PHOTO, PHOTO]))
    plain = PictureFolder(tmp_path)
    assert plain.names == ["2", "10"]
    assert plain[0].shape == (50, 150, 3)
    np.testing.assert_array_equal(PictureFolder(tmp_path, doubled=True)[1], PHOTO)


def test_rain100l_is_matched_as_its_known_psnr_says(real_data):
    folder = PairedFolder(real_data / "rain100l")
    assert folder.names == [str(k) for k in range(1, 101)]
    error = [((pair.rainy.astype(float) - pair.clean) ** 2).mean() for pair in folder]
    psnr = np.mean(10 * np.log10(255**2 / np.array(error)))
    assert psnr == pytest.approx(25.52, abs=0.01)


def test_rain800_is_cut_as_its_known_psnr_says(real_data):
    folder = SideBySideFolder(real_data / "rain800/test_syn")
    assert len(folder) == 100
    error = [((pair.rainy.astype(float) - pair.clean) ** 2).mean() for pair in folder]
    psnr = np.mean(10 * np.log10(255**2 / np.array(error)))
    assert psnr == pytest.approx(21.15, abs=0.01)


def test_real_masks_cover_what_was_measured(real_data):
    for name, share in (("rain100l", 0.134), ("raindrop_sample", 0.504), ("spa_sample", 0.157)):
        masks = [pair.mask.mean() for pair in PairedFolder(real_data / name)]
        assert np.mean(masks) == pytest.approx(share, abs=0.001)
