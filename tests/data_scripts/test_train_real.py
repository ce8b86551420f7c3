from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner, Result

from course_lib.data.photos import load_photo
from course_lib.metrics import psnr, ssim
from course_lib.models import tiles
from course_lib.records import read_record

SCRIPT = Path(__file__).parents[2] / "data_scripts/train_real.py"
BRIGHTER = 20


@pytest.fixture
def sets(tmp_path, monkeypatch) -> Path:
    """A folder for sets, empty, and another for runs."""
    monkeypatch.setenv("TERMINAL_WIDTH", "1000")  # messages are compared
    monkeypatch.setenv("COLUMNS", "1000")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COURSE_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "sets"))
    return tmp_path / "sets"


def scene(
    top: int, height: int = 70, width: int = 80, brighter: int = BRIGHTER
) -> tuple[np.ndarray, np.ndarray]:
    """Rainy and clean; the rain brightens by some levels."""
    clean = np.minimum(load_photo("coffee")[top : top + height, 100 : 100 + width], 200)
    return clean + np.uint8(brighter), clean


def save(picture: np.ndarray, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(file)


def fill(sets: Path) -> None:
    """Two pairs to train on and two that overlap with Rain100, one or two for each test."""
    for n, name in enumerate(("1", "2", "12", "458")):
        rainy, clean = scene(20 * n)
        save(np.hstack([clean, rainy]), sets / f"rain800/train/{name}.png")
    rainy, clean = scene(100, 75, 131)
    save(np.hstack([clean, rainy]), sets / "rain800/test_syn/1.png")
    for folder, count in (("rain100l", 2), ("raindrop_sample", 1)):
        for n in range(count):
            rainy, clean = scene(150, brighter=BRIGHTER * (n + 1))
            for side, picture in (("rainy", rainy), ("clean", clean)):
                save(picture, sets / folder / side / f"{n}.png")


def train_real(*arguments: object) -> Result:
    app = typer.Typer()
    app.command()(runpy.run_path(str(SCRIPT))["main"])
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def quick(page: Path, *options: str, system: str = "pix2pix") -> Result:
    return train_real(
        system,
        f"--page={page}",
        f"--results={page.with_suffix('.json')}",
        "--steps=2",
        "--size=64",
        "--batch-size=2",
        "--base-channels=2",
        *options,
    )


def rows(page: Path) -> list[list[str]]:
    lines = page.read_text(encoding="utf-8").splitlines()
    return [line.strip("| ").split(" | ") for line in lines if line.startswith("| ")][1:]


@pytest.mark.parametrize("content", ['{"pix2pix": ', "", "[]", "[" * 10**5])
def test_damaged_results_are_named_before_anything_is_trained(content, sets, tmp_path):
    results = tmp_path / "page.json"
    results.write_text(content)
    done = quick(tmp_path / "page.md")
    assert done.exit_code == 2
    assert "page.json is damaged" in " ".join(done.output.replace("│", " ").split())
    assert results.read_text() == content
    assert not (tmp_path / "page.md").exists()


def test_the_page_compares_rainy_and_restored_on_whole_pictures(sets, tmp_path, monkeypatch):
    fill(sets)
    # Two steps teach nothing: this stands for a network that takes half of the rain away.
    monkeypatch.setattr(tiles, "restore_picture", lambda generator, rainy: rainy - BRIGHTER // 2)
    done = quick(tmp_path / "page.md")
    assert done.exit_code == 0, done.output
    table = rows(tmp_path / "page.md")
    assert [row[:3] for row in table] == [
        ["Rain100L", "streaks", "2"],
        ["Rain800, test part", "streaks", "1"],
        ["Raindrop, four real pairs", "drops, never trained on", "1"],
    ]
    rainy, clean = scene(100, 75, 131)
    for cell, score, channel, digits in zip(
        table[1][3:],
        (psnr, ssim, psnr, ssim),
        ("y_matlab", "y_matlab", "rgb", "rgb"),
        (2, 4, 2, 4),
        strict=True,
    ):
        values = [score(p, clean, channel=channel) for p in (rainy, rainy - BRIGHTER // 2)]
        assert cell == " → ".join(f"{value:.{digits}f}" for value in values)
        assert cell in done.output
    levels = np.array([[20, 40], [10, 30]])  # off the truth: two rainy pictures, two restored
    means = (20 * np.log10(255 / levels)).mean(axis=1)
    assert table[0][5] == f"{means[0]:.2f} → {means[1]:.2f}"


def test_pairs_that_overlap_with_a_test_set_are_left_out_and_named(sets, tmp_path):
    fill(sets)
    done = quick(tmp_path / "page.md")
    assert "training on 2 pairs of Rain800" in done.output
    assert "the test parts of Rain100: 2 (12, 458)" in done.output
    page = (tmp_path / "page.md").read_text(encoding="utf-8")
    assert "Trained on 2 pairs, 2 steps, batches of 2 crops of 64×64, 2 base channels" in page


@pytest.mark.parametrize("system", ["graspp", "graspp-own-rain"])
def test_every_system_has_its_part_of_the_page_and_leaves_others_alone(sets, tmp_path, system):
    fill(sets)
    page = tmp_path / "page.md"
    quick(page)
    before = rows(page)
    done = quick(page, system=system)
    assert done.exit_code == 0, done.output
    assert rows(page)[:3] == before
    assert [row[0] for row in rows(page)[3:]] == ["tested on", *(row[0] for row in before)]
    text = page.read_text(encoding="utf-8")
    assert text.index("## Pix2Pix, lesson 02") < text.index("## GRASPP-GAN, lesson 04")
    assert ("half of them under the course's light rain" in text) == (system == "graspp-own-rain")
    theirs = rows(page)[4:]
    quick(page, "--seed=1")
    assert "seed 1" in page.read_text(encoding="utf-8")
    assert rows(page)[4:] == theirs


def test_the_same_command_goes_on_and_other_settings_begin_a_run_of_their_own(sets, tmp_path):
    fill(sets)
    _, again = (quick(tmp_path / f"{n}.md") for n in range(2))
    assert "Loaded 2 steps" in again.output
    assert rows(tmp_path / "0.md") == rows(tmp_path / "1.md")
    for option in ("--seed=1", "--base-channels=3"):
        other = quick(tmp_path / "other.md", option)
        assert "Trained from the first step" in other.output
    logs = {log.read_text() for log in (tmp_path / "runs").rglob("log.csv")}
    assert len(logs) == 3


@pytest.mark.parametrize("content", [b"<<<<<<< HEAD", b"{}", b"\xff\xfe"])
def test_damaged_numbers_of_other_systems_are_told_before_training(sets, tmp_path, content):
    fill(sets)
    (tmp_path / "page.json").write_bytes(content)
    done = quick(tmp_path / "page.md")
    assert done.exit_code == 2
    assert "page.json is damaged" in done.output
    assert "take it from the last commit" in done.output
    assert not (tmp_path / "runs").exists()
    assert (tmp_path / "page.json").read_bytes() == content


def test_a_folder_that_is_not_there_is_told_before_training(sets, tmp_path):
    fill(sets)
    done = quick(tmp_path / "nowhere" / "page.md")
    assert done.exit_code == 2
    assert f"there is no folder {tmp_path / 'nowhere'}" in done.output
    assert not (tmp_path / "runs").exists()


def test_the_committed_numbers_are_whole_and_the_page_is_made_of_them():
    write_page = runpy.run_path(str(SCRIPT))["write_page"]
    everything = read_record(SCRIPT.parents[1] / "docs" / "real_sets.json")
    page = SCRIPT.parents[1] / "docs" / "real_sets.md"
    assert write_page(everything) == page.read_text(encoding="utf-8")


def test_missing_sets_are_all_named_with_what_to_do(sets, tmp_path):
    done = quick(tmp_path / "page.md")
    assert done.exit_code == 1
    assert isinstance(done.exception, SystemExit), "a traceback"
    for name in ("rain800/train", "rain100l", "rain800/test_syn"):
        assert f"- {name}: the set {name} is not in {sets / name}" in done.output
        assert f"course data add {name} PATH" in done.output
    assert f"there is no folder {sets / 'raindrop_sample'}; put pairs of real drops" in done.output
    assert not (tmp_path / "page.md").exists()
    fill(sets)
    (sets / "rain100l/clean/1.png").unlink()
    done = quick(tmp_path / "page.md")
    assert done.exit_code == 1
    assert "- rain100l:" in done.output
    assert "rain800" not in done.output
