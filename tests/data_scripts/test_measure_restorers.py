from __future__ import annotations

import re
import runpy
import shutil
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
import typer
from PIL import Image
from typer.testing import CliRunner

from course_lib.data.photos import load_photo
from course_lib.metrics import psnr
from course_lib.models.residual_unet import ResidualUNet
from course_lib.records import read_record
from course_lib.restoration.networks import load_network, save_network

SCRIPT = Path(__file__).parents[2] / "data_scripts/measure_restorers.py"


def darker(levels: int) -> ResidualUNet:
    """A network that takes so many levels from every pixel."""
    network = ResidualUNet((2,), (1,))
    torch.nn.init.constant_(network.last.bias, 2 * levels / 255)
    return network


@pytest.fixture
def measure(tmp_path, monkeypatch):
    """The script as a function; networks that darken, and small sets."""
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "sets"))
    clean = np.asarray(load_photo("coffee"))[:80, :100].clip(0, 200)
    for name in ("rain100l", "raindrop_sample"):
        for side, picture in (("rainy", clean + np.uint8(20)), ("clean", clean)):
            folder = tmp_path / "sets" / name / side
            folder.mkdir(parents=True)
            Image.fromarray(picture).save(folder / "1.png")
    (tmp_path / "sets/real_rain").mkdir()
    Image.fromarray(clean).save(tmp_path / "sets/real_rain/street.png")
    for name in ("streaks", "drops"):
        how = {"kind": "ResidualUNet", "widths": [2], "blocks": [1]}
        about = {"title": name, "removes": name, "network": how}
        save_network(tmp_path / f"{name}.safetensors", darker(16), about)
    script = runpy.run_path(str(SCRIPT))
    script["main"].__globals__["load_network"] = partial(load_network, folder=tmp_path)
    app = typer.Typer()
    app.command()(script["main"])
    (tmp_path / "README.md").write_text("Above\n<!-- results -->\nold\n<!-- /results -->\nBelow\n")
    command = ["--page", tmp_path / "results.md", "--results", tmp_path / "results.json"]
    command += ["--readme", tmp_path / "README.md"]

    def run(*more: object) -> str:
        said = CliRunner().invoke(app, [str(one) for one in (*command, *more)])
        assert said.exit_code == 0, said.output
        return said.output

    run.script = script
    return run


def test_the_page_has_what_was_measured_on_the_sets_that_are_there(measure, tmp_path):
    said = measure("--sheets", tmp_path / "sheets")
    assert "SPA, two real pairs: the set isn't there" in said
    record = read_record(tmp_path / "results.json")
    clean = np.asarray(load_photo("coffee"))[:80, :100].clip(0, 200)
    levels = [psnr(clean + np.uint8(n), clean, channel="y_matlab") for n in (20, 4)]
    assert record["sets"]["rain100l"]["psnr"] == pytest.approx(levels, abs=0.3)
    assert record["sets"]["rain100l"]["worse"] == 0
    assert record["sets"].keys() == {"rain100l", "raindrop_sample"}
    assert record["clean"]["worst"] == pytest.approx(25, abs=1)
    page = (tmp_path / "results.md").read_text()
    assert f"| Rain100L | streaks | 1 | {levels[0]:.2f} → " in page
    assert "The networks were measured once, after all choices." in page
    assert re.search(r"\| specks: .* \| street", page)
    assert "{" not in page
    assert "| Rain100L, 1 | " in page
    readme = (tmp_path / "README.md").read_text()
    assert readme.startswith("Above\n<!-- results -->\n| tested on |")
    assert readme.endswith("measure_restorers.py`.\n<!-- /results -->\nBelow\n")
    assert "old" not in readme
    with Image.open(tmp_path / "before_after.jpg") as sheet:
        assert sheet.width == 960
    with Image.open(tmp_path / "restored_failures.jpg") as sheet:
        assert sheet.size == (6 * 160, 2 * 160)
    for name in ("streaks", "drops"):
        with Image.open(tmp_path / f"restored_{name}.jpg") as sheet:
            assert sheet.size[0] == 4 * 320
    with Image.open(tmp_path / "sheets/rain100l_worst.jpg") as sheet:
        assert sheet.size == (960, 256)  # rainy, restored and clean
    with Image.open(tmp_path / "sheets/street.jpg") as sheet:
        assert sheet.size == (640, 256)


def test_sets_that_went_away_keep_their_numbers_and_new_networks_have_none(measure, tmp_path):
    measure()
    shutil.rmtree(tmp_path / "sets/rain100l")
    measure()
    assert "rain100l" in read_record(tmp_path / "results.json")["sets"]
    how = {"kind": "ResidualUNet", "widths": [2], "blocks": [1]}
    about = {"title": "", "removes": "", "network": how}
    save_network(tmp_path / "streaks.safetensors", darker(3), about)
    measure()
    assert read_record(tmp_path / "results.json")["sets"].keys() == {"raindrop_sample"}


def test_the_worst_place_is_where_the_error_is(measure):
    place = measure.script["worst_place"]
    clean = np.zeros((300, 400, 3), np.uint8)
    restored = clean.copy()
    restored[120, 390] = 255
    top, left = place(restored, clean)
    assert top <= 120 < top + 160
    assert left + 160 == 400 or left <= 390 < left + 160
