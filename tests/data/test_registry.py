from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from course_lib.data import registry
from course_lib.data.folders import BadFolder, PictureFolder
from course_lib.data.rain_sets import SETS, parts
from course_lib.data.registry import add, data_folder, find, list_sets, open_set, verify


@pytest.fixture(autouse=True)
def own_data_folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def fill(folder: Path, names: list[str], size: tuple[int, int] = (48, 32)) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        Image.new("RGB", size, "teal").save(folder / name)
    return folder


def numbered(count: int) -> list[str]:
    return [f"{k}.png" for k in range(1, count + 1)]


def make_rain12(root: Path, count: int = 12) -> Path:
    fill(root / "rainy", numbered(count))
    fill(root / "clean", numbered(count))
    return root


def test_a_registered_set_is_found_opened_and_verified(tmp_path):
    root = make_rain12(tmp_path / "somewhere")
    assert add("rain12", root) == root
    assert find("rain12") == root
    assert open_set("rain12").names == [str(k) for k in range(1, 13)]
    (report,) = verify("rain12")
    assert report.sound
    assert (report.name, report.path, report.count) == ("rain12", root, 12)
    assert (report.bad, report.remarks) == ((), ())


def test_a_set_in_the_data_folder_needs_no_registering(own_data_folder):
    make_rain12(own_data_folder / "rain12")
    assert find("rain12") == own_data_folder / "rain12"
    assert len(open_set("rain12")) == 12


def test_the_data_folder_is_the_users_own_where_none_is_named(monkeypatch):
    monkeypatch.delenv("COURSE_DATA")
    assert data_folder().name == "clearing-the-rain"
    monkeypatch.setenv("COURSE_DATA", "~/rain")
    assert data_folder() == Path.home() / "rain"


def test_the_data_folder_is_absolute_wherever_the_shell_goes_next(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COURSE_DATA", "rain")
    assert data_folder() == tmp_path / "rain"


def test_a_registered_folder_goes_before_the_data_folder(tmp_path, own_data_folder):
    make_rain12(own_data_folder / "rain12")
    add("rain12", make_rain12(tmp_path / "mine"))
    assert find("rain12") == tmp_path / "mine"


def test_an_unknown_set_is_answered_with_the_known_ones_and_a_way_out():
    for ask in (find, open_set, verify, lambda name: add(name, ".")):
        with pytest.raises(ValueError, match=r"no set 'rain200'.*rain100l.*spa.*PairedFolder"):
            ask("rain200")


def test_a_set_that_is_not_there_is_answered_with_how_to_add_it():
    for ask in (find, open_set, verify):
        with pytest.raises(FileNotFoundError, match="course data add spa PATH"):
            ask("spa")


def test_a_registered_folder_that_is_gone_is_said_to_be_gone(tmp_path):
    root = make_rain12(tmp_path / "usb")
    add("rain12", root)
    root.rename(tmp_path / "elsewhere")
    with pytest.raises(FileNotFoundError, match="usb, where it was registered"):
        find("rain12")


@pytest.mark.parametrize(("rainy", "clean"), registry.SUBFOLDERS)
def test_every_layout_in_circulation_is_recognised(rainy, clean, tmp_path):
    fill(tmp_path / "set" / rainy, numbered(3))
    fill(tmp_path / "set" / clean, numbered(3))
    add("rain12", tmp_path / "set")
    assert len(open_set("rain12")) == 3


def test_twins_of_registered_sets_may_be_named_by_their_role(tmp_path):
    fill(tmp_path / "data", ["0_rain.png", "1_rain.png"], (720, 480))
    fill(tmp_path / "gt", ["0_clean.png", "1_clean.png"], (720, 480))
    add("raindrop/test_a", tmp_path)
    assert open_set("raindrop/test_a").names == ["0_rain", "1_rain"]


def test_a_wrong_layout_is_refused_when_it_is_added(tmp_path):
    fill(tmp_path / "wet", ["1.png"])
    with pytest.raises(BadFolder, match=r"holds wet, where a set of pairs has .*rainy and clean"):
        add("rain100l", tmp_path)
    with pytest.raises(BadFolder, match="holds no picture"):
        add("real_rain", tmp_path)
    with pytest.raises(BadFolder, match=r"there is no folder .*nowhere"):
        add("real_rain", tmp_path / "nowhere")
    assert not (data_folder() / "registered.json").exists()


def test_a_set_in_parts_is_refused_for_one_wrong_part(tmp_path):
    fill(tmp_path / "test_syn", numbered(2))
    (tmp_path / "train").mkdir()
    with pytest.raises(BadFolder, match="train holds no picture"):
        add("rain800", tmp_path)


def test_a_relative_path_is_remembered_from_the_root(tmp_path, monkeypatch):
    make_rain12(tmp_path / "here")
    monkeypatch.chdir(tmp_path)
    add("rain12", "here")
    monkeypatch.chdir(Path.home())
    assert find("rain12") == tmp_path / "here"


def test_a_set_in_parts_is_added_whole_or_by_part(tmp_path):
    root = tmp_path / "rain800"
    fill(root / "test_syn", numbered(100))
    fill(root / "test_nature", numbered(50))
    with pytest.raises(BadFolder, match=r"no part of raindrop .*course data add raindrop/train"):
        add("raindrop", root)
    add("rain800", root)
    assert find("rain800/test_syn") == root / "test_syn"
    assert [report.name for report in verify("rain800")] == [
        "rain800/test_syn",
        "rain800/test_nature",
    ]
    with pytest.raises(ValueError, match="rain800 has parts: open one of rain800/train"):
        open_set("rain800")
    with pytest.raises(FileNotFoundError, match="rain800/train"):
        find("rain800/train")
    train = fill(tmp_path / "elsewhere", numbered(3))
    add("rain800/train", train)
    assert find("rain800/train") == train
    assert len(verify("rain800")) == 3


def test_rain800s_real_pictures_are_undoubled_and_without_truth(tmp_path):
    fill(tmp_path / "rain800/test_nature", ["1.jpg"], (80, 30))
    add("rain800", tmp_path / "rain800")
    folder = open_set("rain800/test_nature")
    assert isinstance(folder, PictureFolder)
    assert folder[0].shape == (30, 40, 3)


def test_pairs_that_overlap_a_test_set_are_left_out_unless_wanted(tmp_path):
    add("rain800/train", fill(tmp_path / "train", ["11.png", "12.png", "13.png", "14.png"]))
    assert open_set("rain800/train").names == ["11", "14"]
    assert len(open_set("rain800/train", overlaps=True)) == 4
    (report,) = verify("rain800/train")
    assert any("2 backgrounds" in remark and "12, 13" in remark for remark in report.remarks)


def test_a_part_of_a_set_can_be_used_and_is_called_partial(tmp_path):
    add("rain12", make_rain12(tmp_path / "some", count=4))
    assert len(open_set("rain12")) == 4
    (report,) = verify("rain12")
    assert report.partial
    assert not report.sound
    assert report.remarks[0].startswith("partial: 4 of 12")


def test_more_pictures_than_the_set_has_are_not_sound(tmp_path):
    add("rain12", make_rain12(tmp_path / "much", count=13))
    (report,) = verify("rain12")
    assert not report.sound
    assert not report.partial
    assert "13 instead of at most 12" in report.remarks[0]


def test_verify_names_unreadable_files_missing_twins_and_foreign_sizes(tmp_path):
    root = tmp_path / "raindrop"
    fill(root / "data", numbered(57), (720, 480))
    fill(root / "gt", numbered(57), (720, 480))
    (root / "data/5.png").write_bytes(b"<html>")
    (root / "gt/6.png").unlink()
    fill(root / "data", ["7.png"], (360, 240))
    fill(root / "gt", ["7.png"], (360, 240))
    fill(root / "data", ["8.png"], (480, 720))
    add("raindrop/test_a", root)
    (report,) = verify("raindrop/test_a")
    assert not report.sound
    assert report.count == 54
    reasons = {bad.path.relative_to(root).as_posix(): bad.reason for bad in report.bad}
    assert "not a sound picture" in reasons["data/5.png"]
    assert "no twin" in reasons["data/6.png"]
    assert "240 × 360 pixels, where this set has 480 × 720" in reasons["gt/7.png"]
    assert "720×480" in reasons["data/8.png"]
    assert len(report.bad) == 5  # 7 in both folders


def test_list_names_every_set_with_or_without_a_folder(tmp_path):
    add("rain12", make_rain12(tmp_path / "here"))
    listed = {item.name: item.path for item in list_sets()}
    assert listed.keys() == SETS.keys()
    assert {name for name, path in listed.items() if path} == {"rain12"}


def test_every_set_names_its_licence_and_citation():
    assert all(spec.licence and spec.citation for spec in SETS.values())
    assert parts("raindrop") == ["raindrop/train", "raindrop/test_a", "raindrop/test_b"]
    assert parts("spa") == ["spa"]


def test_a_crash_while_registering_leaves_the_old_register(tmp_path, monkeypatch):
    add("rain12", make_rain12(tmp_path / "a"))

    def crash(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", crash)
    with pytest.raises(KeyboardInterrupt):
        add("rain12", make_rain12(tmp_path / "b"))
    monkeypatch.undo()
    assert sorted(os.listdir(tmp_path / "data")) == ["registered.json", "registered.json.lock"]
    assert json.loads((tmp_path / "data/registered.json").read_text()) == {
        "rain12": str(tmp_path / "a")
    }


@pytest.mark.parametrize(
    "content",
    [b'{"rain12": ', b"", b"5", b'{"rain12": 5}', b"\xff", b"[" * 10**5, b" " * 10**6 + b"{}"],
    ids=["cut short", "empty", "a number", "no path", "no UTF-8", "deep", "huge"],
)
def test_a_damaged_register_is_named_and_kept(own_data_folder, content, tmp_path):
    own_data_folder.mkdir()
    register = own_data_folder / "registered.json"
    register.write_bytes(content)
    told = r"registered\.json, where .* is damaged.*left as it is.*delete it.*course data add"
    for ask in (lambda: find("rain12"), lambda: add("rain12", make_rain12(tmp_path / "set"))):
        with pytest.raises(ValueError, match=told):
            ask()
    assert register.read_bytes() == content


def test_a_register_that_is_a_pipe_keeps_nobody_waiting(own_data_folder):
    own_data_folder.mkdir()
    os.mkfifo(own_data_folder / "registered.json")
    with pytest.raises(ValueError, match="is damaged"):
        find("rain12")


# Reads the register, waits for the other process to have read it too, or not, and goes on.
SLOW_ADD = """
import sys, time
from course_lib.data import registry

read = registry._registered

def read_slowly():
    found = read()
    time.sleep(1)
    return found

registry._registered = read_slowly
registry.add(sys.argv[1], sys.argv[2])
"""


def test_two_processes_that_add_at_the_same_time_keep_both_entries(tmp_path, own_data_folder):
    names = {"rain12": make_rain12(tmp_path / "a"), "rain100l": make_rain12(tmp_path / "b")}
    running = [
        subprocess.Popen([sys.executable, "-c", SLOW_ADD, name, str(path)])
        for name, path in names.items()
    ]
    assert [process.wait(timeout=120) for process in running] == [0, 0]
    assert json.loads((own_data_folder / "registered.json").read_text()) == {
        name: str(path) for name, path in names.items()
    }


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o002, 0o664), (0o077, 0o600)])
def test_who_may_read_the_register_is_for_the_umask_to_say(umask, mode, tmp_path, own_data_folder):
    before = os.umask(umask)
    try:
        add("rain12", make_rain12(tmp_path / "set"))
    finally:
        os.umask(before)
    assert (own_data_folder / "registered.json").stat().st_mode & 0o777 == mode


def test_a_register_that_is_a_link_stays_one(tmp_path, own_data_folder):
    shared = tmp_path / "shared" / "sets.json"
    shared.parent.mkdir()
    shared.write_text('{"spa": "/somewhere"}')
    own_data_folder.mkdir()
    (own_data_folder / "registered.json").symlink_to(shared)
    add("rain12", make_rain12(tmp_path / "set"))
    assert (own_data_folder / "registered.json").is_symlink()
    assert json.loads(shared.read_text()) == {
        "spa": "/somewhere",
        "rain12": str(tmp_path / "set"),
    }


def test_a_set_moves_along_with_the_link_that_leads_to_it(tmp_path):
    link = tmp_path / "current"
    link.symlink_to(make_rain12(tmp_path / "old"))
    add("rain12", link)
    link.unlink()
    link.symlink_to(make_rain12(tmp_path / "new"))
    shutil.rmtree(tmp_path / "old")
    assert find("rain12") == link
    assert len(open_set("rain12")) == 12


def test_a_name_that_is_no_utf8_is_refused_before_it_is_registered(tmp_path, own_data_folder):
    good, bad = make_rain12(tmp_path / "set"), os.fsdecode(os.fsencode(tmp_path) + b"/\xe9t\xe9")
    good.rename(bad)
    with pytest.raises(ValueError, match=r"\\xe9t\\xe9 isn't valid UTF-8.*rename") as caught:
        add("rain12", bad)
    str(caught.value).encode("utf-8")  # so any terminal can show it
    assert not own_data_folder.exists()
    (tmp_path / "link").symlink_to(bad)
    add("rain12", tmp_path / "link")
    assert len(open_set("rain12")) == 12


def test_a_home_folder_of_nobody_is_named(monkeypatch):
    with pytest.raises(ValueError, match=r"the path is ~nosuchuser/x.*no such home folder"):
        add("rain12", "~nosuchuser/x")
    monkeypatch.setenv("COURSE_DATA", "~nosuchuser/x")
    with pytest.raises(ValueError, match=r"COURSE_DATA is ~nosuchuser/x"):
        find("rain12")


def test_a_data_folder_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "file"))
    with pytest.raises(OSError, match=r"registered\.json can't be written.*COURSE_DATA"):
        add("rain12", make_rain12(tmp_path / "set"))


def test_real_copies_are_sound_and_samples_partial(real_data, monkeypatch):
    add("raindrop/test_a", real_data / "raindrop_sample")
    add("spa", real_data / "spa_sample")
    add("rain100l", real_data / "rain100l")
    add("rain800/test_syn", real_data / "rain800/test_syn")
    sound = {name: verify(name)[0] for name in ("rain100l", "rain800/test_syn")}
    assert all(report.sound and report.count == 100 for report in sound.values())
    for name, count in (("raindrop/test_a", 4), ("spa", 2)):
        (report,) = verify(name)
        assert report.partial
        assert (report.count, report.bad) == (count, ())


@pytest.mark.slow
def test_real_rain800_training_set_overlaps_rain100_where_the_registry_says(real_data):
    """Backgrounds are compared as miniatures; JPEG and a crop of one pixel change them little."""
    add("rain800", real_data / "rain800")
    add("rain100l", real_data / "rain100l")

    def miniature(picture: np.ndarray) -> np.ndarray:
        small = Image.fromarray(np.ascontiguousarray(picture)).resize((16, 16))
        return np.asarray(small, float).ravel()

    test = np.stack([miniature(pair.clean) for pair in open_set("rain100l")])
    folder = open_set("rain800/train", overlaps=True)
    train = np.stack([miniature(pair.clean) for pair in folder])
    nearest = np.abs(train[:, None] - test[None]).mean(axis=2).min(axis=1)
    twins = {name for name, distance in zip(folder.names, nearest, strict=True) if distance < 3}
    assert twins == set(SETS["rain800/train"].overlaps)
