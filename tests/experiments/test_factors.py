from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from course_lib.data.photos import load_photo
from course_lib.experiments import factors
from course_lib.profiles import pick
from course_lib.systems.restorer import VALIDATION

EMBEDDED = 6  # photographs that may be learnt from


@pytest.fixture
def data(tmp_path, monkeypatch):
    """An empty data folder."""
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    factors._photographs.cache_clear()
    factors._trained.cache_clear()
    yield tmp_path
    factors._photographs.cache_clear()


def put(folder, *names):
    folder.mkdir(parents=True)
    for name in names:
        Image.fromarray(load_photo("coffee")[:120, :120]).save(folder / f"{name}.png")


def test_each_row_changes_one_factor():
    for settings in factors.SETTINGS[1:]:
        assert sum(settings[key] != factors.MOST[key] for key in settings) == 1
    cpu = pick("04", "cpu")
    recipes = [factors.recipe(settings, cpu) for settings in factors.SETTINGS]
    most = recipes[0]
    assert (most.steps, most.renew_steps is None) == (900, False)
    assert [len(one.rain.kinds) - 1 for one in recipes[-4:-2]] == [1, 3]
    assert [(one.canvases, one.renew_steps) for one in recipes[-6:-4]] == [(16, None), (100, None)]
    assert [one.steps for one in recipes[-2:]] == [300, 3000]
    shares = {one.rain.kinds["none"] / sum(one.rain.kinds.values()) for one in recipes}
    assert max(shares) - min(shares) < 1e-9


def test_photographs_are_drawn_by_the_seed_and_more_of_them_keep_the_first(data):
    put(data / "free_photographs", "sea", "wood", VALIDATION[-1])
    one, five, all_ = (factors.chosen_photographs(n, 3) for n in (1, 5, 99))
    assert list(five)[:1] == list(one)
    assert list(all_)[:5] == list(five)
    assert {"sea", "wood"} <= all_.keys()
    assert not all_.keys() & {*VALIDATION}
    assert len(all_) == EMBEDDED + 2
    orders = {tuple(factors.chosen_photographs(5, seed)) for seed in range(5)}
    assert len(orders) > 1


def test_what_is_missing_is_said_in_words(data):
    held_out, real = factors.EXPERIMENTS
    assert held_out.lacks({**factors.MOST, "photographs": 5}) == ""
    said = held_out.lacks(factors.MOST)
    assert said.startswith("91 photographs, 6 are there (python data_scripts/free_photographs.py")
    assert str(data / "free_photographs") in said
    said = real.lacks({**factors.MOST, "photographs": 5})
    assert said == "sets rain100l, rain800/test_syn, spa_sample"


def test_runs_measure_what_the_tables_hold(data, monkeypatch):
    for role in ("rainy", "clean"):
        put(data / "spa_sample" / role, "a", "b")
    monkeypatch.setattr(factors, "SETS", {"spa": "spa_sample"})
    small = {"photographs": 1, "rains": 16, "kinds": 1, "steps": 30}
    smoke = pick("04", "smoke")
    held_out, real = (one.run(small, 0, smoke) for one in factors.EXPERIMENTS)
    assert list(held_out) == list(factors.EXPERIMENTS[0].tolerances)
    assert held_out["psnr"] == pytest.approx(held_out["psnr_rainy"], abs=1)  # one step
    assert held_out["psnr_clean"] > 40
    assert real["spa_rainy"] == factors.PERFECT
    assert 40 < real["spa"] <= factors.PERFECT
    assert factors._trained.cache_info().misses == 1  # both tables share the training
    assert np.isfinite([*held_out.values(), *real.values()]).all()
