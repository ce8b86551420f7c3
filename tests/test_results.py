from __future__ import annotations

import json
import sys

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course_lib import profiles, results
from course_lib.profiles import Budget, Profile
from course_lib.results import MIMETYPE, Measured


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


def test_begin_resolves_auto_and_says_what_the_run_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiles, "pick_name", lambda name: {"auto": "cpu"}.get(name, name))
    cpu = Profile(
        name="cpu", minutes=2.5, image_size=64, batch_size=4, steps=100, base_channels=16,
        log_every=10, workers=0, budget=Budget(steps=100, cpu_seconds=300, memory_mb=1500),
    )  # fmt: skip
    monkeypatch.setitem(profiles.LESSONS, "01", {"cpu": cpu})
    started = results.begin(lesson="01", seed=0)
    assert (started.profile, started.python) == ("cpu", sys.prefix)
    line = started._repr_mimebundle_()["text/plain"]
    assert line.startswith("Lesson 01, profile cpu, on ")
    assert line.endswith("seed 0: about 2.5 min, at most 1500 MB.")
    assert started._repr_mimebundle_()[MIMETYPE]["started"]["profile"] == "cpu"


def test_begin_refuses_an_unknown_profile() -> None:
    with pytest.raises(ValueError, match="no profile 'tiny'"):
        results.begin(lesson="01", profile="tiny", seed=0)


@pytest.mark.parametrize("key", ["value", "spread", "claim"])
def test_results_are_finite(key: str) -> None:
    with pytest.raises(ValueError, match=f"{key} of 'PSNR' is inf; a result is a finite number"):
        Measured(**{"name": "PSNR", "value": 1.0, key: float("inf")})  # type: ignore[arg-type]
