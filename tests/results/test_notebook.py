from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course_lib import hardware, profiles, results
from course_lib.profiles import Budget, Profile
from course_lib.results import MIMETYPE, Measured, notebook


def test_records_come_back_from_an_executed_notebook() -> None:
    rows = [
        Measured(name="PSNR", value=27.5, unit="dB", spread=0.5, over="5 seeds", claim=28.0),
        Measured(name="LPIPS", value=None),
    ]
    started = results.begin(lesson="01", profile="smoke", seed=3)
    finished = results.finish()
    bundles = [started._repr_mimebundle_(), results.bundle(rows), finished._repr_mimebundle_()]
    cells = [
        new_code_cell(outputs=[new_output("display_data", data=json.loads(json.dumps(bundle)))])
        for bundle in bundles
    ]
    collected = results.collect(new_notebook(cells=[new_markdown_cell("text"), *cells]))
    assert collected.started == started
    assert collected.measured == tuple(rows)
    assert collected.used == finished.used


def test_notebook_that_never_began_has_no_records() -> None:
    collected = results.collect(new_notebook(cells=[new_code_cell("1")]))
    assert collected == results.Collected(started=None, measured=(), used=None)


def test_begin_resolves_auto_and_says_what_the_run_costs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(profiles, "pick_name", lambda name: {"auto": "cpu"}.get(name, name))
    cpu = Profile(
        name="cpu", image_size=64, batch_size=4, steps=100, base_channels=16,
        log_every=10, workers=0, budget=Budget(steps=100, cpu_seconds=300, memory_mb=1500),
    )  # fmt: skip
    monkeypatch.setitem(profiles.LESSONS, "01", {"cpu": cpu})
    monkeypatch.setattr(hardware, "speed", lambda: 0.5)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(notebook, "ASSETS", tmp_path)
    started = results.begin(lesson="01", seed=0)
    assert (started.profile, started.python) == ("cpu", sys.prefix)
    line = started._repr_mimebundle_()["text/plain"]
    assert line.startswith("Lesson 01, profile cpu, on ")
    assert line.endswith("seed 0: about 5 min 0 s, at most 1500 MB.")
    assert started._repr_mimebundle_()[MIMETYPE]["started"]["profile"] == "cpu"
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "01_seeds.csv").touch()
    assert str(started).endswith("MB. Tables over seeds come ready-made; the rest is computed now.")
    (tmp_path / "recordings" / "01_healthy").mkdir(parents=True)
    assert "Tables over seeds and recorded runs come ready-made" in str(started)


def test_begin_says_whether_pretrained_weights_are_used() -> None:
    line = str(results.begin(lesson="01", profile="cpu", seed=0, pretrained=True))
    assert " with training, less with pretrained weights, at most " in line
    assert "Tables over seeds, recorded runs and pretrained weights come ready-made" in line
    assert "pretrained" not in str(results.begin(lesson="01", profile="cpu", seed=0))
    with pytest.raises(ValueError, match=r'for profile cpu, and this .* smoke.* profile = "cpu"'):
        results.begin(lesson="01", profile="smoke", seed=0, pretrained=True)


def test_begin_warns_of_a_profile_that_is_made_for_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "speed", lambda: 1.0)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    started = results.begin(lesson="01", profile="gpu", seed=0)
    assert 'about 11 h 0 min without a GPU (profile = "cpu" is the size' in str(started)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert "on a GPU hasn't been measured yet" in str(started)


def test_begin_refuses_an_unknown_profile() -> None:
    with pytest.raises(ValueError, match="no profile 'tiny'"):
        results.begin(lesson="01", profile="tiny", seed=0)


@pytest.mark.parametrize("key", ["value", "spread", "claim"])
def test_results_are_finite(key: str) -> None:
    with pytest.raises(ValueError, match=f"{key} of 'PSNR' is inf; a result is a finite number"):
        Measured(**{"name": "PSNR", "value": 1.0, key: float("inf")})  # type: ignore[arg-type]


@pytest.mark.parametrize("number", [np.float32(0.5), np.array(0.5), torch.tensor(0.5)])
def test_numbers_of_arrays_become_plain_ones_that_json_can_hold(number: object) -> None:
    row = Measured(name="PSNR", value=number, spread=number, claim=number)  # type: ignore[arg-type]
    assert row == Measured(name="PSNR", value=0.5, spread=0.5, claim=0.5)
    assert json.loads(json.dumps(results.bundle([row])))[MIMETYPE]["measured"][0]["spread"] == 0.5


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ({"value": 27.345, "spread": 0.412, "unit": "dB"}, "27.34 ± 0.41 dB"),
        (
            {"value": 0.5, "spread": 0.1, "unit": "dB", "over": "5 seeds"},
            "0.50 ± 0.10 dB (5 seeds)",
        ),
        ({"value": 3, "unit": "%"}, "3.0 %"),
        ({"value": 0.012345}, "0.0123"),
        ({"value": 1234.5}, "1234"),
        ({"value": 5}, "5"),
        ({"value": -0.5, "spread": 0.123}, "−0.500 ± 0.123"),
        ({"value": 0}, "0"),
        ({"value": 0, "spread": 0.0123}, "0.0000 ± 0.0123"),
        ({"value": None, "unit": "dB"}, "n/a"),
    ],
)
def test_a_measurement_shows_its_units_decimals_or_three_digits(
    row: dict[str, Any], text: str
) -> None:
    assert Measured(name="x", **row).text() == text


def test_a_claim_is_written_like_a_measurement() -> None:
    assert Measured(name="x", value=27.0, claim=28.1, unit="dB").claim_text() == "28.10 dB"
    assert Measured(name="x", value=1.0, claim=-0.25).claim_text() == "−0.250"
    assert Measured(name="x", value=1.0).claim_text() == ""


def test_a_claim_that_nobody_measured_says_what_it_is() -> None:
    row = Measured(name="x", value=21.0, claim=20.0, claim_is="acceptable above", unit="dB")
    assert row.claim_text() == "acceptable above 20.00 dB"
