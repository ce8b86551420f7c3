import errno
import json
import os
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from course_lib.data.pictures import read_picture
from course_lib.files import write_new
from course_lib.restoration import jobs as jobs_module
from course_lib.restoration.choice import Chooser
from course_lib.restoration.jobs import CannotWrite, CopySettings, not_read, plan, run
from course_lib.restoration.networks import load_network
from course_lib.restoration.register import NAME as REGISTER


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    (folder / "more").mkdir(parents=True)
    rng = np.random.default_rng(0)
    for name in ("a.png", "b.jpg", "more/a.png"):
        Image.fromarray(rng.integers(0, 256, (40, 50, 3), dtype=np.uint8)).save(folder / name)
    (folder / "notes.txt").write_text("no picture")
    return folder


def states(photos, out, networks, model="streaks", **settings):
    how = CopySettings(**settings)
    found = run(plan([photos], out, how), Chooser(model, folder=networks), how)
    return {str(one.job.out.relative_to(out)): one.state for one in found}


ALL = ("a_restored.png", "b_restored.jpg", "more/a_restored.png")


def test_a_folder_is_restored_with_its_subfolders_and_originals_stay(photos, networks, tmp_path):
    before = {path: path.read_bytes() for path in photos.rglob("*.*")}
    assert states(photos, tmp_path / "out", networks) == dict.fromkeys(ALL, "restored")
    assert {path: path.read_bytes() for path in photos.rglob("*.*")} == before
    restored = read_picture(tmp_path / "out/a_restored.png")
    network = load_network("streaks", folder=networks)
    np.testing.assert_array_equal(restored, network.restore(read_picture(photos / "a.png")))


def test_a_second_call_does_nothing_again(photos, networks, tmp_path):
    out = tmp_path / "out"
    states(photos, out, networks)
    times = {path: path.stat().st_mtime_ns for path in out.rglob("*.*")}
    assert states(photos, out, networks) == dict.fromkeys(ALL, "done before")
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*.*")} == times


def test_a_second_call_with_auto_looks_at_no_photograph(photos, networks, tmp_path, monkeypatch):
    out = tmp_path / "out"
    settings = CopySettings()
    planned = plan([photos], out, settings)
    first = list(run(planned, Chooser("auto", folder=networks), settings))
    with monkeypatch.context() as patch:
        patch.setattr("course_lib.restoration.jobs.read_photograph", lambda path: 1 / 0)
        again = list(run(planned, Chooser("auto", folder=networks), settings))
    assert [one.state for one in again] == ["done before"] * 3
    assert [(one.network, one.why) for one in again] == [(one.network, one.why) for one in first]
    # Another choice that comes to the same network finds the same copies.
    for one in again:
        (found,) = run([one.job], Chooser(one.network, folder=networks), settings)
        assert found.state == "done before"


@pytest.mark.parametrize("change", ["photo", "network", "tile", "copy"])
def test_a_copy_made_from_something_else_is_not_written_over(photos, networks, tmp_path, change):
    out = tmp_path / "out"
    states(photos, out, networks)
    if change == "photo":
        Image.fromarray(np.zeros((40, 50, 3), np.uint8)).save(photos / "a.png")
    if change == "copy":
        Image.fromarray(np.zeros((40, 50, 3), np.uint8)).save(out / "a_restored.png")
    copy = (out / "a_restored.png").read_bytes()
    model = "drops" if change == "network" else "streaks"
    found = states(photos, out, networks, model, **({"tile": 512} if change == "tile" else {}))
    assert found["a_restored.png"] == "failed"
    assert (out / "a_restored.png").read_bytes() == copy


def test_a_foreign_file_is_an_error_and_stays(photos, networks, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "b_restored.jpg").write_text("my notes")
    found = states(photos, out, networks)
    assert found == {**dict.fromkeys(ALL, "restored"), "b_restored.jpg": "failed"}
    assert (out / "b_restored.jpg").read_text() == "my notes"


def test_a_broken_picture_fails_alone(photos, networks, tmp_path):
    (photos / "b.jpg").write_bytes(b"\xff\xd8\xff broken")
    found = states(photos, tmp_path / "out", networks)
    assert found == {**dict.fromkeys(ALL, "restored"), "b_restored.jpg": "failed"}
    assert not (tmp_path / "out/b_restored.jpg").exists()


def test_a_line_that_a_kill_cut_short_costs_only_its_picture(photos, networks, tmp_path):
    out = tmp_path / "out"
    states(photos, out, networks)
    register = out / REGISTER
    register.write_bytes(register.read_bytes()[:-30])
    (out / "b_restored.jpg").unlink()
    found = states(photos, out, networks)
    assert found == {
        "a_restored.png": "done before",
        "b_restored.jpg": "restored",
        "more/a_restored.png": "done before",
    }
    assert states(photos, out, networks) == dict.fromkeys(ALL, "done before")


def test_a_killed_command_goes_on_where_it_stopped(networks, tmp_path):
    photos, out = tmp_path / "photos", tmp_path / "out"
    photos.mkdir()
    for n in range(12):
        Image.fromarray(np.full((300, 300, 3), 20 * n, np.uint8)).save(photos / f"{n:02}.png")
    code = (
        "from pathlib import Path; from course_lib.restoration.jobs import *\n"
        "from course_lib.restoration.choice import Chooser\n"
        f"choose = Chooser('streaks', folder=Path({str(networks)!r}))\n"
        f"jobs = plan([Path({str(photos)!r})], Path({str(out)!r}), CopySettings())\n"
        "for one in run(jobs, choose, CopySettings()): print(one.state, flush=True)"
    )
    command = [sys.executable, "-c", code]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "restored\n"
    time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    again = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n")
    assert "failed" not in again
    assert again.count("done before") >= 1
    assert len(list(out.glob("*_restored.png"))) == 12
    assert not list(out.glob("*.tmp"))


@pytest.mark.parametrize("done", [True, False])
def test_what_a_killed_command_left_unfinished_is_removed(photos, networks, tmp_path, done):
    out = tmp_path / "out"
    states(photos, out, networks)
    left = out / "a_restored.png.123.tmp"
    if done:  # killed after the file had got its name
        os.link(out / "a_restored.png", left)
    else:
        (out / "a_restored.png").rename(left)
    mine = out / "b.tmp"
    mine.write_text("mine")
    found = states(photos, out, networks)
    assert found["a_restored.png"] == ("done before" if done else "restored")
    assert not left.exists()
    assert mine.exists()


def test_a_grey_photograph_stays_grey(networks, tmp_path):
    levels = np.random.default_rng(0).integers(0, 256, (40, 50), dtype=np.uint8)
    Image.fromarray(levels).save(tmp_path / "grey.png")
    Image.fromarray(np.stack([levels] * 3, -1)).save(tmp_path / "three.png")
    out = tmp_path / "out"
    for name in ("grey", "three"):
        states(tmp_path / f"{name}.png", out, networks)
    modes, pixels = [], []
    for name in ("grey", "three"):
        with Image.open(out / f"{name}_restored.png") as copy:
            modes.append(copy.mode)
            pixels.append(np.asarray(copy.convert("RGB")))
    assert modes == ["L", "RGB"]
    assert (pixels[1] == pixels[1][..., :1]).all()
    np.testing.assert_array_equal(*pixels)


def test_what_cannot_be_planned_is_refused_before_anything_is_written(photos, tmp_path):
    out = tmp_path / "out"
    with pytest.raises(ValueError, match="there is no file or folder nowhere"):
        plan([Path("nowhere")], out, CopySettings())
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="empty holds no photograph to restore"):
        plan([tmp_path / "empty"], out, CopySettings())
    with pytest.raises(ValueError, match="would both become"):
        plan([photos / "a.png", photos / "more/a.png"], out, CopySettings())
    assert not out.exists()


def test_the_same_photograph_named_twice_is_restored_once(photos, tmp_path):
    jobs = plan([photos, photos / "a.png"], tmp_path / "out", CopySettings())
    assert len(jobs) == 3


def test_results_inside_the_folder_of_photographs_are_no_photographs(photos, networks):
    out = photos / "restored"
    states(photos, out, networks)
    assert states(photos, out, networks) == dict.fromkeys(ALL, "done before")


def test_names_and_formats_follow_the_settings(photos, tmp_path):
    jobs = plan([photos / "b.jpg"], tmp_path, CopySettings(suffix="dry", ext="PNG"))
    assert [job.out.name for job in jobs] == ["b_dry.png"]
    jobs = plan([photos / "b.jpg"], tmp_path, CopySettings(suffix="", ext="pgm"))
    assert [job.out.name for job in jobs] == ["b.ppm"]


def test_a_photograph_with_transparency_becomes_a_png(photos, networks, tmp_path):
    Image.fromarray(np.full((20, 20, 4), 99, np.uint8)).save(photos / "c.png")
    found = states(photos, tmp_path / "out", networks, ext="jpg")
    assert found == {
        **dict.fromkeys(("a_restored.jpg", "b_restored.jpg", "c_restored.png"), "restored"),
        "more/a_restored.jpg": "restored",
    }


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"ext": "gif"}, "--ext is auto or one of"),
        ({"suffix": "a/b"}, "--suffix"),
        ({"tile": -1}, "--tile"),
        ({"tile": 128}, "--tile is 0, or 256 pixels or more; it is 128"),
    ],
)
def test_impossible_settings_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        CopySettings(**settings)


def test_an_ext_may_have_a_dot_and_capitals():
    assert CopySettings(ext=".PNG").ext == "png"


def test_the_register_names_each_copy_with_its_digest(photos, networks, tmp_path):
    states(photos, tmp_path / "out", networks)
    lines = (tmp_path / "out" / REGISTER).read_text().splitlines()
    assert [json.loads(line)["file"] for line in lines] == ["a_restored.png", "b_restored.jpg"]


def restored_by(code: str, *paths: Path) -> list[str]:
    """Another process's program, and what it printed."""
    command = [sys.executable, "-c", code, *map(str, paths)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n")


def test_copies_beside_their_originals_are_no_photographs(photos, networks):
    assert states(photos, photos, networks) == dict.fromkeys(ALL, "restored")
    assert states(photos, photos, networks) == dict.fromkeys(ALL, "done before")
    assert states(photos, photos / "dry", networks) == dict.fromkeys(ALL, "restored")
    assert states(photos, photos / "dry2", networks) == dict.fromkeys(ALL, "restored")


def test_names_of_any_bytes_are_done_before_the_second_time(networks, tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    names = [b"caf\xe9.png", "line\u2028end.png".encode(), "\u00e9.png".encode()]
    for name in names:
        Image.fromarray(np.zeros((20, 20, 3), np.uint8)).save(photos / os.fsdecode(name))
    found = states(photos, tmp_path / "out", networks)
    assert list(found.values()) == ["restored"] * 3
    assert list(states(photos, tmp_path / "out", networks).values()) == ["done before"] * 3
    register = tmp_path / "out" / REGISTER
    for cut in range(1, 40):  # whatever a kill leaves of the last line
        register.write_bytes(register.read_bytes()[:-1])
        list(states(photos, tmp_path / "out", networks))
        assert register.exists(), cut


def test_two_networks_in_turn_keep_what_each_made(photos, networks, tmp_path):
    out = tmp_path / "out"
    states(photos, out, networks)
    (out / "a_restored.png").unlink()
    states(photos, out, networks, "drops")  # makes the one that is missing
    found = states(photos, out, networks)
    assert found["b_restored.jpg"] == "done before"
    assert found["a_restored.png"] == "failed"


def test_a_second_process_in_the_same_folder_is_refused(photos, networks, tmp_path):
    out = tmp_path / "out"
    settings = CopySettings()
    running = run(plan([photos], out, settings), Chooser("streaks", folder=networks), settings)
    assert next(running).state == "restored"
    code = (
        "import sys; from pathlib import Path; from course_lib.restoration.jobs import *\n"
        "from course_lib.restoration.choice import Chooser\n"
        "photos, out, networks = map(Path, sys.argv[1:])\n"
        "choose = Chooser('streaks', folder=networks)\n"
        "try: list(run(plan([photos], out, CopySettings()), choose, CopySettings()))\n"
        "except CannotWrite as error: print(error)"
    )
    said = restored_by(code, photos, out, networks)
    assert f"another process restores photographs into {out}: wait until it ends" in said
    assert [one.state for one in running] == ["restored"] * 2


def test_a_file_that_appears_while_a_picture_is_restored_stays(photos, networks, tmp_path):
    out = tmp_path / "out"

    def appears(job, share):
        job.out.parent.mkdir(parents=True, exist_ok=True)
        job.out.write_text("mine")

    settings = CopySettings()
    jobs = plan([photos / "a.png"], out, settings)
    choose = Chooser("streaks", folder=networks)
    [outcome] = run(jobs, choose, settings, progress=appears)
    assert "appeared meanwhile" in outcome.why
    assert (out / "a_restored.png").read_text() == "mine"
    assert not list(out.glob("*.tmp"))


@pytest.mark.parametrize("kind", ["foreign", "link", "folder"])
def test_what_is_no_register_of_ours_stops_the_command_and_stays(photos, networks, tmp_path, kind):
    out = tmp_path / "out"
    out.mkdir()
    target = tmp_path / "bashrc"
    target.write_text("alias ls=ls\n")
    if kind == "foreign":
        (out / REGISTER).write_text('{"mine": 1}\n')
    elif kind == "link":
        (out / REGISTER).symlink_to(target)
    else:
        (out / REGISTER).mkdir()
    with pytest.raises(CannotWrite, match="isn't a file of this command"):
        states(photos, out, networks)
    assert target.read_text() == "alias ls=ls\n"
    assert not list(out.glob("*.png"))


def test_an_output_that_cannot_be_written_is_told_before_any_picture(photos, networks, tmp_path):
    out = tmp_path / "out"
    out.write_text("a file")
    looked = []

    def choose(picture):
        looked.append(picture)
        return Chooser("streaks", folder=networks)(picture)

    choose.digest = ""
    with pytest.raises(CannotWrite, match="out isn't a folder: choose another --out"):
        list(run(plan([photos], out, CopySettings()), choose, CopySettings()))
    assert not looked


NO_MORE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM)


@pytest.mark.parametrize("number", NO_MORE, ids=errno.errorcode.get)
def test_a_full_disk_ends_the_command_and_loses_nothing(
    photos, networks, tmp_path, monkeypatch, number
):
    out = tmp_path / "out"
    written = []

    def full(path, content):
        if written:
            raise OSError(number, os.strerror(number), str(path))
        written.append(path)
        write_new(path, content)

    monkeypatch.setattr(jobs_module, "write_new", full)
    with pytest.raises(CannotWrite, match=os.strerror(number)):
        states(photos, out, networks)
    monkeypatch.undo()
    assert states(photos, out, networks) == {
        **dict.fromkeys(ALL, "restored"),
        "a_restored.png": "done before",
    }


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), "there is too little memory"),
        (MemoryError(), "there is too little memory"),
        (OverflowError("too large"), "OverflowError: too large"),
    ],
)
def test_an_unforeseen_error_costs_only_its_picture(photos, networks, tmp_path, error, words):
    chooser = Chooser("streaks", folder=networks)

    looked = []

    def choose(picture):
        looked.append(picture)
        if len(looked) == 2:
            raise error
        return chooser(picture)

    choose.digest = chooser.digest
    settings = CopySettings()
    found = list(run(plan([photos], tmp_path / "out", settings), choose, settings))
    assert [one.state for one in found] == ["restored", "failed", "restored"]
    assert found[1].why.startswith(words)


def test_loops_of_links_and_hidden_twins_are_left_out(photos, tmp_path):
    (photos / "loop.png").symlink_to(photos / "loop.png")
    (photos / "circle").symlink_to(photos)
    (photos / "._a.png").write_bytes(b"of macOS")
    assert len(plan([photos], tmp_path / "out", CopySettings())) == 3


def test_a_photograph_named_by_two_paths_is_one(photos, tmp_path, monkeypatch):
    monkeypatch.chdir(photos.parent)
    jobs = plan([Path("photos/a.png"), photos / "a.png"], tmp_path / "out", CopySettings())
    assert len(jobs) == 1


def test_a_name_that_is_too_long_is_told_before_the_picture_is_restored(networks, tmp_path):
    photo = tmp_path / f"{'s' * 240}.png"
    Image.fromarray(np.zeros((20, 20, 3), np.uint8)).save(photo)
    found = states(photo, tmp_path / "out", networks)
    assert list(found.values()) == ["failed"]
    assert not (tmp_path / "out" / REGISTER).exists()


def test_what_a_format_cannot_hold_is_told_before_the_picture_is_restored(networks, tmp_path):
    photo = tmp_path / "wide.png"
    Image.fromarray(np.zeros((2, 16_400, 3), np.uint8)).save(photo)
    settings = CopySettings(ext="webp")
    told = []
    jobs = plan([photo], tmp_path / "out", settings)
    choose = Chooser("streaks", folder=networks)
    [outcome] = run(jobs, choose, settings, progress=lambda job, share: told.append(share))
    assert (
        "WEBP can't hold wide_restored.webp, 16400×2 pixels (at most 16383 a side): try --ext png"
    ) in outcome.why
    assert not told


def test_a_file_too_large_for_a_picture_is_not_read(networks, tmp_path):
    photo = tmp_path / "huge.jpg"
    with photo.open("wb") as file:
        file.truncate(2**30 + 1)
    settings = CopySettings()
    jobs = plan([photo], tmp_path / "out", settings)
    [outcome] = run(jobs, Chooser("streaks", folder=networks), settings)
    assert "too large to read safely" in outcome.why


def test_without_tiles_a_picture_goes_through_in_one_piece(networks, tmp_path):
    photo = tmp_path / "a.png"
    Image.fromarray(np.zeros((900, 200, 3), np.uint8)).save(photo)
    for tile, pieces in ((0, 1), (256, 7)):
        settings = CopySettings(tile=tile, suffix=str(tile))
        told = []
        jobs = plan([photo], tmp_path / "out", settings)
        choose = Chooser("streaks", folder=networks)
        list(run(jobs, choose, settings, progress=lambda job, share: told.append(share)))  # noqa: B023
        assert len(told) == pieces


def test_files_of_the_user_stay_whatever_their_names_are(photos, networks, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "restored.lock").write_text("my notes")
    states(photos, out, networks)
    assert (out / "restored.lock").read_text() == "my notes"
    assert sorted(path.name for path in out.iterdir()) == [
        "a_restored.png",
        "b_restored.jpg",
        "more",
        "restored.jsonl",
        "restored.lock",
    ]


def test_a_tree_of_more_folders_than_files_can_be_open(networks, tmp_path):
    photos, out = tmp_path / "photos", tmp_path / "out"
    for n in range(40):
        (photos / f"{n:02}").mkdir(parents=True)
        Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(photos / f"{n:02}/a.png")
    code = (
        "import resource, sys; from pathlib import Path\n"
        "from course_lib.restoration.jobs import *\n"
        "from course_lib.restoration.choice import Chooser\n"
        "photos, out, networks = map(Path, sys.argv[1:])\n"
        "choose, how = Chooser('streaks', folder=networks), CopySettings()\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (30, 30))\n"
        "for one in run(plan([photos], out, how), choose, how): print(one.state, one.why)"
    )
    said = restored_by(code, photos, out, networks)
    assert [line.split()[0] for line in said if line] == ["restored"] * 40


@pytest.mark.parametrize("size", [(1, 1), (20, 20), (121, 77)])
def test_without_tiles_any_size_goes_through_in_one_piece(networks, tmp_path, size):
    photo = tmp_path / "a.png"
    Image.fromarray(np.zeros((*size, 3), np.uint8)).save(photo)
    settings, told = CopySettings(tile=0), []
    choose = Chooser("streaks", folder=networks)
    jobs = plan([photo], tmp_path / "out", settings)
    [outcome] = run(jobs, choose, settings, progress=lambda job, share: told.append(share))
    assert (outcome.state, told) == ("restored", [1])


def test_a_line_that_cannot_be_understood_costs_nothing(photos, networks, tmp_path):
    out = tmp_path / "out"
    states(photos, out, networks)
    with (out / REGISTER).open("a") as file:
        file.write("[" * 200_000 + "\n")
        file.write('{"file": ["x"], "sha256": 1}\n')
    assert states(photos, out, networks) == dict.fromkeys(ALL, "done before")
    (photos / REGISTER).write_text('{"file": "x"}\n' + "[" * 200_000)
    assert len(plan([photos], out, CopySettings())) == 3


def test_a_photograph_in_the_place_of_a_copy_is_a_photograph(photos, networks):
    states(photos, photos, networks)
    Image.fromarray(np.full((30, 30, 3), 7, np.uint8)).save(photos / "a_restored.png")
    found = states(photos, photos, networks)
    assert found["a_restored_restored.png"] == "restored"
    assert found["a_restored.png"] == "failed"


def test_pictures_of_formats_that_are_not_read_are_told(photos, tmp_path):
    for name in ("c.HEIC", "more/d.dng", "._e.heic", "f.txt"):
        (photos / name).write_bytes(b"")
    assert [path.name for path in not_read([photos, photos / "a.png"])] == ["c.HEIC", "d.dng"]
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "a.nef").write_bytes(b"")
    with pytest.raises(ValueError, match=r"formats that aren't read, such as a\.nef: convert"):
        plan([tmp_path / "raw"], tmp_path / "out", CopySettings())


@pytest.mark.parametrize("kind", ["folder", "dangling", "loop"])
def test_a_name_that_is_taken_by_anything_is_told(photos, networks, tmp_path, kind):
    out = tmp_path / "out"
    out.mkdir()
    taken = out / "a_restored.png"
    if kind == "folder":
        taken.mkdir()
    else:
        taken.symlink_to(taken if kind == "loop" else tmp_path / "nowhere")
    settings = CopySettings()
    jobs = plan([photos / "a.png"], out, settings)
    [outcome] = run(jobs, Chooser("streaks", folder=networks), settings)
    assert "was not made by this command" in outcome.why
    assert os.path.lexists(taken)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
def test_what_cannot_be_read_is_told_without_numbers(networks, tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "loop.png").symlink_to(tmp_path / "loop.png")
    settings = CopySettings()
    for name, words in (("pipe.png", "leave it out"), ("loop.png", "let them point to a file")):
        jobs = plan([tmp_path / name], tmp_path / "out", settings)
        [outcome] = run(jobs, Chooser("streaks", folder=networks), settings)
        assert words in outcome.why
        assert "Errno" not in outcome.why
    assert not (tmp_path / "out").exists()  # nothing was written
    with pytest.raises(ValueError, match=r"x+\.png: File name too long"):
        plan([tmp_path / f"{'x' * 300}.png"], tmp_path / "out", settings)


def test_two_photographs_with_one_name_are_told_what_helps(photos, tmp_path):
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(photos / "a.gif")
    with pytest.raises(ValueError, match=r"restored\.png: rename one of them"):
        plan([photos], tmp_path / "out", CopySettings())
    with pytest.raises(ValueError, match=r"keep their formats \(--ext auto\), rename"):
        plan([photos], tmp_path / "out", CopySettings(ext="png"))


def test_a_bmp_with_transparency_becomes_a_png(tmp_path, networks):
    photo = tmp_path / "a.bmp"
    pixels = np.random.default_rng(0).integers(0, 256, (20, 30, 4), dtype=np.uint8)
    header = struct.pack("<2sIHHI", b"BM", 14 + 124 + pixels.nbytes, 0, 0, 14 + 124)
    masks = struct.pack("<IIII", 0xFF, 0xFF00, 0xFF0000, 0xFF000000)
    info = struct.pack("<IiiHHIIiiII", 124, 30, -20, 1, 32, 3, pixels.nbytes, 0, 0, 0, 0)
    photo.write_bytes(header + (info + masks).ljust(124, b"\0") + pixels.tobytes())
    assert states(photo, tmp_path / "out", networks) == {"a_restored.png": "restored"}
    with Image.open(tmp_path / "out/a_restored.png") as copy:
        np.testing.assert_array_equal(np.asarray(copy)[..., 3], pixels[..., 3])


def test_a_folder_of_jpegs_is_planned_without_reading_them(photos, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(jobs_module, "has_transparency", asked.append)
    plan([photos], tmp_path / "out", CopySettings())
    assert asked == []
