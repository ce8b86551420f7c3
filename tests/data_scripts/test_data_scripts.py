from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner, Result

from course_lib.data.folders import PairedFolder
from course_lib.data.photos import load_photo
from course_lib.data.pictures import read_picture

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch, tmp_path):
    """Messages are compared, so they mustn't be broken into lines."""
    monkeypatch.setenv("COLUMNS", "1000")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERMINAL_WIDTH", "1000")
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))


def script(name: str, *arguments: object) -> Result:
    app = typer.Typer()
    app.command()(runpy.run_path(str(ROOT / "data_scripts" / f"{name}.py"))["main"])
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_synthesised_pairs_are_read_back_and_repeat_with_the_seed(tmp_path):
    for out in ("a", "b"):
        done = script("synthesise", tmp_path / out, "--kind=drops", "--count=3", "--size=64")
        assert done.exit_code == 0, done.output
    a, b = PairedFolder(tmp_path / "a"), PairedFolder(tmp_path / "b")
    assert len(a) == 3
    for first, second in zip(a, b, strict=True):
        np.testing.assert_array_equal(first.rainy, second.rainy)
        assert first.rainy.shape == (64, 64, 3)
        mask = read_picture(tmp_path / "a/mask" / f"{first.name}.png")
        assert set(np.unique(mask)) <= {0, 255}


def test_whole_pictures_of_a_folder_are_made_rainy(tmp_path):
    (tmp_path / "mine").mkdir()
    for name in ("one", "two"):
        Image.fromarray(load_photo("chelsea")[:90, :120]).save(tmp_path / f"mine/{name}.png")
    done = script("synthesise", tmp_path / "out", "--count=2", "--folder", tmp_path / "mine")
    assert done.exit_code == 0, done.output
    folder = PairedFolder(tmp_path / "out")
    assert folder.names == ["0_one", "1_two"]
    np.testing.assert_array_equal(folder[1].clean, load_photo("chelsea")[:90, :120])
    assert (folder[1].rainy != folder[1].clean).any()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--size=4000",), "crops of 4000×4000 don't fit"),
        (("--photo=lena",), "no photograph 'lena'"),
        (("--folder=nowhere",), "no folder nowhere"),
        (("--kind=snow",), "no kind of rain 'snow'"),
    ],
)
def test_synthesise_refuses_what_it_cannot_do(arguments, message, tmp_path):
    done = script("synthesise", tmp_path / "out", *arguments)
    assert done.exit_code == 2
    assert message in done.output


def test_synthesise_never_writes_into_a_full_folder(tmp_path):
    (tmp_path / "mine.txt").write_text("precious")
    done = script("synthesise", tmp_path)
    assert done.exit_code == 2
    assert "isn't empty" in done.output


def test_synthesise_refuses_a_file(tmp_path):
    (tmp_path / "mine.txt").write_text("precious")
    done = script("synthesise", tmp_path / "mine.txt")
    assert done.exit_code == 2
    assert "isn't a folder" in done.output
    assert (tmp_path / "mine.txt").read_text() == "precious"


def test_the_page_of_photographs_is_what_its_script_writes():
    page = runpy.run_path(str(ROOT / "data_scripts/photographs.py"))["page"]()
    assert page == (ROOT / "docs/photographs.md").read_text(encoding="utf-8"), (
        "run python data_scripts/photographs.py"
    )
