import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from course_lib.data.pictures import read_picture
from course_lib.restoration.choice import Chooser
from course_lib.restoration.jobs import REGISTER, CopySettings, plan, run
from course_lib.restoration.networks import load_network


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


def test_what_cannot_be_planned_is_refused_before_anything_is_written(photos, tmp_path):
    out = tmp_path / "out"
    with pytest.raises(ValueError, match="there is no file or folder nowhere"):
        plan([Path("nowhere")], out, CopySettings())
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="empty holds no picture"):
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
    jobs = plan([photos / "b.jpg"], tmp_path, CopySettings(suffix="-dry", ext="PNG"))
    assert [job.out.name for job in jobs] == ["b-dry.PNG"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"ext": "gif"}, "--ext is auto or one of"),
        ({"suffix": "a/b"}, "--suffix"),
        ({"tile": -1}, "--tile"),
    ],
)
def test_impossible_settings_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        CopySettings(**settings)


def test_the_register_names_each_copy_with_its_digest(photos, networks, tmp_path):
    states(photos, tmp_path / "out", networks)
    lines = (tmp_path / "out" / REGISTER).read_text().splitlines()
    assert [json.loads(line)["file"] for line in lines] == ["a_restored.png", "b_restored.jpg"]
