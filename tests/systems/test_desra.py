from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from course_lib.data.degradations import Degradation
from course_lib.data.photos import PHOTOS, load_photo
from course_lib.systems import desra
from course_lib.systems.desra import EXAMPLES, SIDE, LessonTwins
from course_lib.systems.trained_twins import EASY, SmallTwinSettings
from course_lib.systems.twins import Twins

TINY = SmallTwinSettings(blocks=1, features=8, crops=8, size=32, mse_steps=4, gan_steps=3)


@pytest.fixture(scope="module")
def small() -> LessonTwins:
    return desra.small_twins(TINY, seed=0)


def test_examples_fit_into_their_photographs_and_no_twin_learns_from_them() -> None:
    learned = {name.split(" / ")[0] for name in desra.training_photographs()}
    assert learned == set(PHOTOS) - set(EXAMPLES)
    for name, corner in EXAMPLES.items():
        sides = load_photo(name).shape[:2]
        assert all(at + SIDE <= side for at, side in zip(corner, sides, strict=True))


def test_examples_are_degraded_and_enlarged_by_both_twins(small) -> None:
    found = desra.examples(small, side=64)
    assert found.keys() == EXAMPLES.keys()
    for one in found.values():
        assert one.low.shape == (16, 16, 3)
        assert one.clean.shape == one.gan.shape == one.mse.shape == (64, 64, 3)
    again = desra.examples(small, side=64)
    np.testing.assert_array_equal(found["china"].low, again["china"].low)


def test_ordinary_pictures_show_the_photographs_that_twins_learn_from(small) -> None:
    found = desra.ordinary(small, 64)
    assert len(found) == len(PHOTOS) - len(EXAMPLES)
    assert all(one.gan.shape == (64, 64, 3) for one in found)


def test_training_small_twins_repeats_to_the_bit_and_makes_two_networks() -> None:
    first, second = (desra.small_twins(TINY, seed=1).pair for _ in range(2))
    for one, other in ((first.gan, second.gan), (first.mse, second.mse)):
        pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
        assert all(torch.equal(a, b) for a, b in pairs)
    assert any(
        not torch.equal(a, b)
        for a, b in zip(first.gan.parameters(), first.mse.parameters(), strict=True)
    )


def test_a_degradation_of_its_own_changes_the_input_alone() -> None:
    twins = LessonTwins(
        pair=Twins(
            shared=nn.Identity(), gan=nn.Upsample(None, 4), mse=nn.Upsample(None, 4), scale=4
        ),
        name="none",
        degradation=EASY,
    )
    clean = load_photo("coffee")[:40, :40]
    mild = twins.example(clean, 0)
    hard = twins.example(clean, 0, Degradation(blur=(3, 3)))
    np.testing.assert_array_equal(mild.clean, hard.clean)
    assert (mild.low != hard.low).any()
