from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.data.photos import (
    PHOTOS,
    load_photo,
    photo_credits,
    photo_split,
    shrink,
    split_by_photo,
)


def test_photographs_are_those_that_the_packages_themselves_load():
    import matplotlib.cbook
    import matplotlib.image
    import skimage.data
    from sklearn.datasets import load_sample_image

    hopper = matplotlib.cbook.get_sample_data("grace_hopper.jpg", asfileobj=False)
    originals = {
        "astronaut": skimage.data.astronaut(),
        "chelsea": skimage.data.chelsea(),
        "coffee": skimage.data.coffee(),
        "rocket": skimage.data.rocket(),
        "motorcycle": skimage.data.stereo_motorcycle()[0],
        "china": load_sample_image("china.jpg"),
        "flower": load_sample_image("flower.jpg"),
        "hopper": matplotlib.image.imread(hopper),
    }
    assert originals.keys() == PHOTOS.keys()
    for name, original in originals.items():
        np.testing.assert_array_equal(load_photo(name), original, err_msg=name)


def test_a_photograph_is_read_once_and_cannot_be_changed_by_a_caller():
    photo = load_photo("coffee")
    assert load_photo("coffee") is photo
    with pytest.raises(ValueError, match="read-only"):
        photo[0, 0] = 0


def test_photographs_load_without_importing_the_packages_that_hold_them():
    code = (
        "import sys\n"
        "from course_lib.data.photos import PHOTOS, load_photo\n"
        "[load_photo(name) for name in PHOTOS]\n"
        "print([p for p in ('skimage', 'sklearn', 'matplotlib', 'torch', 'scipy')"
        " if p in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_unknown_photograph_is_answered_with_the_known_ones():
    with pytest.raises(ValueError, match=r"no photograph 'lena': there are astronaut, chelsea"):
        load_photo("lena")


def test_every_photograph_is_credited():
    rows = photo_credits()
    assert [row["name"] for row in rows] == list(PHOTOS)
    assert all(all(row.values()) for row in rows)
    credit = {row["name"]: row["credit"] for row in rows}
    assert credit["flower"] == "vultilion"  # scikit-learn's own note names china's author
    size = {row["name"]: row["size"] for row in rows}
    assert size["chelsea"] == "451×300"


@given(st.integers(0, 10_000))
def test_a_split_puts_each_photograph_into_exactly_one_part(seed):
    split = photo_split(seed)
    assert [len(part) for part in split] == [5, 1, 2]
    assert sorted(split.train + split.validation + split.test) == sorted(PHOTOS)
    assert photo_split(seed) == split


@given(st.integers(0, 2_000))
def test_four_consecutive_seeds_test_each_photograph_once(round_):
    splits = [photo_split(4 * round_ + turn) for turn in range(4)]
    assert sorted(name for split in splits for name in split.test) == sorted(PHOTOS)
    assert len({split.validation for split in splits}) == 4


def test_28_seeds_test_28_different_pairs():
    assert len({frozenset(photo_split(seed).test) for seed in range(28)}) == 28


@given(
    names=st.lists(st.sampled_from("abcdefghijkl"), min_size=1, max_size=60),
    weights=st.lists(st.integers(1, 10), min_size=1, max_size=4),
    seed=st.integers(0, 100),
)
def test_split_by_photo_never_shares_a_photograph_and_loses_no_picture(names, weights, seed):
    fractions = [weight / sum(weights) for weight in weights]
    parts = split_by_photo(names, fractions, np.random.default_rng(seed))
    assert sorted(i for part in parts for i in part) == list(range(len(names)))
    photos = [{names[i] for i in part} for part in parts]
    for k, part in enumerate(photos):
        assert all(part.isdisjoint(other) for other in photos[k + 1 :])
        assert abs(len(part) - fractions[k] * len(set(names))) <= 1
        assert list(parts[k]) == sorted(parts[k])
    assert parts == split_by_photo(names, fractions, np.random.default_rng(seed))


def test_split_by_photo_refuses_fractions_that_do_not_sum_to_1():
    with pytest.raises(ValueError, match="not to 1"):
        split_by_photo(["a", "b"], (0.5, 0.4), np.random.default_rng(0))


def test_shrinking_averages_blocks_and_keeps_what_is_left_over():
    photo = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)
    small = shrink(photo, 3)
    assert small.shape == (2, 3, 3)
    blocks = photo[:3, :6].reshape(3, 2, 3, 3).mean(axis=(0, 2))
    np.testing.assert_allclose(small[0, :2], blocks, atol=0.5)
    np.testing.assert_allclose(small[1, 2], photo[3:, 6:].mean(axis=(0, 1)), atol=0.5)
    np.testing.assert_array_equal(shrink(photo, 1), photo)
