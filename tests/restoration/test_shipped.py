"""The networks that come with the course, on photographs that they haven't learnt from."""

import numpy as np
import pytest
from PIL import Image

from course_lib.data.photos import load_photo
from course_lib.data.rain import synthesize
from course_lib.metrics import psnr
from course_lib.restoration.choice import decided, kind_of_rain
from course_lib.restoration.networks import CLASSIFIER, FOLDER, load_network, names, read_about
from course_lib.systems.restorer import VALIDATION

HELD_OUT = ("astronaut", "motorcycle")
LIMITS = {"streaks": 2 * 2**20, "drops": 4e6, CLASSIFIER: 0.2e6}  # bytes


def rainy(kind: str, name: str, seed: int = 0):
    photo = load_photo(name)[:256, :384]
    return synthesize(photo, kind, np.random.default_rng((11, seed)), name=name)


@pytest.mark.parametrize(
    ("network", "kind", "gain"),
    [
        ("streaks", "light", 3),
        ("streaks", "heavy", 5),
        ("streaks", "wide", 2),
        ("drops", "drops", 1),
    ],
)
def test_rain_is_removed_from_photographs_that_were_not_learnt_from(network, kind, gain):
    restorer = load_network(network)
    gains = []
    for name in HELD_OUT:
        pair = rainy(kind, name)
        before, after = (psnr(x, pair.clean) for x in (pair.rainy, restorer.restore(pair.rainy)))
        gains.append(after - before)
    assert np.mean(gains) > gain


def test_clean_photographs_come_back_nearly_as_they_were():
    restorer = load_network("streaks")
    for name in HELD_OUT:
        photo = load_photo(name)[:256, :384]
        assert psnr(restorer.restore(photo), photo) > 30


def test_streaks_drops_and_no_rain_are_told_apart():
    classifier = load_network(CLASSIFIER).network
    for kind, expected in (("light", "streaks"), ("heavy", "streaks"), ("drops", "drops")):
        for name in HELD_OUT:
            assert decided(kind_of_rain(classifier, rainy(kind, name).rainy)) == expected
    for name in HELD_OUT:
        assert decided(kind_of_rain(classifier, load_photo(name))) == ""


def test_drops_are_removed_from_large_photographs_too():
    restorer = load_network("drops")
    photo = np.asarray(Image.fromarray(load_photo("astronaut")).resize((1536, 1536)))
    pair = synthesize(photo, "drops", np.random.default_rng(5))
    before, after = (psnr(x, pair.clean) for x in (pair.rainy, restorer.restore(pair.rainy)))
    assert after > before + 3


def test_cards_credit_every_photograph_that_was_learnt_from():
    assert names() == ["drops", "streaks"]
    for name in (*names(), CLASSIFIER):
        about = read_about(name)
        learnt = {one["name"] for one in about["photographs"]}
        assert not learnt & set(VALIDATION)
        assert {"china", "coffee"} <= learnt
        assert all(one["credit"] != "no credit given" for one in about["photographs"])
        assert about["measured"]
        assert "commit" in about["training"]["revision"]


@pytest.mark.parametrize("name", LIMITS)
def test_files_stay_small(name):
    assert (FOLDER / f"{name}.safetensors").stat().st_size < LIMITS[name]
