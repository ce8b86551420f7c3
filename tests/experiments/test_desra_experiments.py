from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from course_lib.artifacts.localiser import HoleLocaliser
from course_lib.experiments import desra as experiments
from course_lib.experiments.desra import DETECTORS, TRUTHS, short
from course_lib.experiments.lesson_05 import lacks
from course_lib.systems import real_esrgan
from course_lib.systems.desra import HARD, LessonTwins
from course_lib.systems.twins import Twins

SEED = 1


class Bicubic(nn.Module):
    """A bicubic enlargement, sharpened by a parameter."""

    def __init__(self, sharper: float) -> None:
        super().__init__()
        self.sharper = nn.Parameter(torch.tensor(sharper))

    def forward(self, low: torch.Tensor) -> torch.Tensor:
        large = nn.functional.interpolate(low, scale_factor=4.0, mode="bicubic")
        fine = large - nn.functional.avg_pool2d(large, 5, 1, 2, count_include_pad=False)
        return large + self.sharper * fine


@pytest.fixture(scope="module")
def scores() -> dict[str, dict[str, float]]:
    """Detector → its scores with simple twins."""
    pair = Twins(shared=nn.Identity(), gan=Bicubic(0.3), mse=Bicubic(0.0), scale=4)
    simple = LessonTwins(pair=pair, name="a small GAN", degradation=HARD)
    caches = [
        experiments.subjects, experiments.usual, experiments.lesson_twins,
        experiments._localiser, experiments._niqe_threshold,
    ]  # fmt: skip
    for one in caches:
        one.cache_clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(experiments, "lesson_twins", lambda generator, seed: simple)
        patch.setattr(experiments, "_localiser", lambda names, seed: HoleLocaliser(8).eval())
        patch.setattr(experiments, "NIQE_GRID", (10, 30))
        patch.setattr(experiments, "PICTURES", 5)
        patch.setattr(experiments, "held_out", partial(experiments.held_out, count=5))
        found = {name: experiments.scored(name, "a small GAN", SEED) for name in DETECTORS}
        subjects = experiments.subjects("a small GAN", SEED)
    assert {one for one in subjects if subjects[one]} >= set(TRUTHS[1:])
    for one in caches:
        one.cache_clear()
    return found


def test_each_detector_has_each_score_of_each_truth(scores) -> None:
    columns = {
        f"{metric}_{short(truth)}" for metric in ("iou", "precision", "recall") for truth in TRUTHS
    }
    for name, found in scores.items():
        assert set(found) == columns, name
        assert all(0 <= value <= 1 for value in found.values()), name


def test_d_finds_planted_texture_and_is_blind_to_colour(scores) -> None:
    assert scores["DeSRA"]["iou_texture"] > 0.4
    assert scores["DeSRA"]["recall_colour"] < 0.1


def test_parts_of_the_detector_do_what_the_paper_says_of_them(scores) -> None:
    absolute, full = scores["without relative difference"], scores["DeSRA"]
    assert absolute["recall_texture"] >= full["recall_texture"]
    assert absolute["precision_texture"] < full["precision_texture"]
    recalls = [
        scores[name]["recall_texture"] for name in ("threshold 0.6", "DeSRA", "threshold 0.9")
    ]
    assert recalls == sorted(recalls)


def test_without_the_weights_rows_of_real_esrgan_are_left_out(monkeypatch) -> None:
    monkeypatch.setattr(real_esrgan, "available", lambda: False)
    assert "course models fetch real-esrgan" in lacks({"generator": "Real-ESRGAN"})
    assert not lacks({"generator": "a small GAN"})
    monkeypatch.setattr(real_esrgan, "available", lambda: True)
    assert not lacks({"generator": "Real-ESRGAN"})


def test_pictures_of_a_seed_show_none_of_its_training_photographs() -> None:
    from course_lib.data.photos import photo_split

    split = photo_split(SEED)
    assert not set(split.train) & {*split.validation, *split.test}
    pair = Twins(shared=nn.Identity(), gan=Bicubic(0.3), mse=Bicubic(0.0), scale=4)
    twins = LessonTwins(pair=pair, name="none", degradation=HARD)
    first, again = (experiments.held_out(twins, SEED, HARD, 2) for _ in range(2))
    np.testing.assert_array_equal(first[1].gan, again[1].gan)
    assert first[0].clean.shape == (192, 192, 3)
