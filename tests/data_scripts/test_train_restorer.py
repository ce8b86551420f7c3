from __future__ import annotations

import runpy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from course_lib.data.photos import load_photo
from course_lib.data.rain import RainMix
from course_lib.restoration.networks import load_network
from course_lib.systems import restorer

SCRIPT = Path(__file__).parents[2] / "data_scripts/train_restorer.py"
TINY = replace(
    restorer.STREAKS,
    rain=RainMix(kinds={"light": 1, "none": 1}),
    widths=(4,),
    blocks=(1,),
    image_size=32,
    batch_size=2,
    steps=3,
    canvases=1,
    renew_steps=None,
)


@pytest.fixture
def train(tmp_path, monkeypatch):
    """The script as a function, with small settings and one photograph to validate on."""
    monkeypatch.setenv("COURSE_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr(restorer, "SETTINGS", {"streaks": TINY, "drops": TINY})
    small = replace(restorer.CLASSIFIER, image_size=48, batch_size=2, steps=2, canvases=1)
    monkeypatch.setattr(restorer, "CLASSIFIER", small)
    monkeypatch.setattr(restorer, "VALIDATION", ("hopper", "held"))
    script = runpy.run_path(str(SCRIPT))
    script["main"].__globals__["RAINS"] = 1
    app = typer.Typer()
    app.command()(script["main"])
    return lambda *arguments: CliRunner().invoke(app, [str(one) for one in arguments])


def test_a_network_is_trained_and_its_file_says_how(train, tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    for name in ("sea", "held"):
        Image.fromarray(load_photo("coffee")[:200, :200]).save(photos / f"{name}.png")
    credits = tmp_path / "credits.md"
    credits.write_text("| sea.png | A Sailor, CC0 |\n")
    command = (
        "streaks",
        "--photographs",
        photos,
        "--credits",
        credits,
        "--out",
        tmp_path,
        "--workers",
        0,
    )
    said = train(*command)
    assert said.exit_code == 0, said.output
    restorer_ = load_network(tmp_path / "streaks.safetensors")
    assert restorer_.about["removes"] == "streaks"
    assert restorer_.about["training"]["steps"] == "3"
    assert set(restorer_.about["measured"]) == {"light, dB", "clean pictures, dB"}
    credited = {one["name"]: one["credit"] for one in restorer_.about["photographs"]}
    assert credited["sea"] == "A Sailor, CC0"
    assert "held" not in credited
    assert "hopper" not in credited
    assert "James" not in credited["china"]
    picture = np.asarray(load_photo("chelsea"))
    assert restorer_.restore(picture).shape == picture.shape
    again = train(*command)
    assert again.exit_code == 0
    about = load_network(tmp_path / "streaks.safetensors").about
    assert about["training"]["time"] == "a resumed run"
    assert about["measured"] == restorer_.about["measured"]


def test_the_classifier_is_trained_and_measured(train, tmp_path):
    said = train("rain_kind", "--out", tmp_path, "--workers", 0)
    assert said.exit_code == 0, said.output
    about = load_network(tmp_path / "rain_kind.safetensors").about
    measured = about["measured"]
    assert measured["network for streaks chosen for streaks"].endswith(" of 20")
    assert measured["network for drops chosen for drops"].endswith(" of 8")
    assert measured["photographs without rain in which none is seen"].endswith(" of 1")
