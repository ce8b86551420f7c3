from __future__ import annotations

import re
import runpy
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import typer
from PIL import Image
from typer.testing import CliRunner

from course_lib.data.photos import load_photo
from course_lib.models.sr import RRDBNet
from course_lib.systems import real_esrgan

SCRIPT = Path(__file__).parents[2] / "data_scripts/train_mse_twin.py"


@pytest.fixture
def train(tmp_path, monkeypatch):
    """The script as a function, with a small network and small crops."""
    monkeypatch.setenv("COURSE_RUNS", str(tmp_path / "runs"))
    torch.manual_seed(0)
    network = RRDBNet(blocks=3, features=8, growth=4)
    monkeypatch.setattr(real_esrgan, "load_released", lambda name: network)
    small = replace(real_esrgan.SHIPPED, crops=6, held_out=2, size=48, steps=6, every=2)
    monkeypatch.setattr(real_esrgan, "SHIPPED", small)
    script = runpy.run_path(str(SCRIPT))
    app = typer.Typer()
    app.command()(script["main"])
    photos = tmp_path / "photos"
    photos.mkdir()
    for n, name in enumerate((*real_esrgan.HELD_OUT, "sea", real_esrgan.UNSEEN[0])):
        part = load_photo("coffee")[20 * n : 20 * n + 200, :200]
        Image.fromarray(part).save(photos / f"{name}.png")
    (photos / "README.md").write_text("| sea.png | a-package | A Sailor, CC0 |\n")
    arguments = [photos, "--out", tmp_path / "twin.safetensors"]
    return lambda: CliRunner().invoke(app, [str(one) for one in arguments])


def test_a_twin_is_trained_and_its_file_says_how(train, tmp_path):
    said = train()
    assert said.exit_code == 0, said.output
    about = real_esrgan.about_shipped(tmp_path / "twin.safetensors")
    assert about["photographs"] == [{"name": "sea", "credit": "A Sailor, CC0 (a-package)"}]
    assert about["training"]["best step"] in {"2", "4", "6"}
    assert "dB" in " ".join(about["measured"])
    pair = real_esrgan.released_pair(tmp_path / "twin.safetensors")
    assert any(
        not torch.equal(a, b)
        for a, b in zip(pair.mse.parameters(), pair.gan.parameters(), strict=True)
    )


def test_photographs_that_score_the_twin_are_asked_for(train, tmp_path):
    (tmp_path / "photos" / "path.png").unlink()
    said = train()
    assert said.exit_code == 2
    assert "lacks path, which score the twin" in re.sub(r"[│\s]+", " ", said.output)
