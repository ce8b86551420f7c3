import numpy as np
import pytest

from course_lib.data.compressed import CompressedCrops
from course_lib.data.crops import CropDataset
from course_lib.data.photos import load_photo

CROPS = CropDataset({"china": load_photo("china")}, "light", 48, 0)


def same(a, b):
    return np.array_equal(a.rainy, b.rainy) and np.array_equal(a.clean, b.clean)


def test_a_share_of_the_crops_is_compressed_rainy_and_clean_alike():
    compressed = CompressedCrops(CROPS, 0, share=0.5, quality=(40, 60))
    changed = 0
    for n in range(100):
        before, after = CROPS.pair(n), compressed.pair(n)
        changed += not same(before, after)
        differ = [
            np.abs(getattr(before, which).astype(int) - getattr(after, which)).mean()
            for which in ("rainy", "clean")
        ]
        assert (differ[0] > 0) == (differ[1] > 0)
        assert max(differ) < 20
        np.testing.assert_array_equal(before.mask, after.mask)
    assert 35 < changed < 65


def test_items_depend_on_seed_and_number_alone():
    first, again, other = (CompressedCrops(CROPS, seed, share=1) for seed in (0, 0, 1))
    assert all(same(first.pair(n), again.pair(n)) for n in (5, 2))
    assert not all(same(first.pair(n), other.pair(n)) for n in range(5))


def test_a_lower_quality_changes_more():
    def change(quality):
        compressed = CompressedCrops(CROPS, 0, share=1, quality=(quality, quality))
        differences = [
            np.abs(CROPS.pair(n).clean.astype(int) - compressed.pair(n).clean) for n in range(10)
        ]
        return np.mean(differences)

    assert change(30) > 1.5 * change(90)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"share": 1.5}, "share is from 0 to 1"), ({"quality": (60, 40)}, "quality is the lowest")],
)
def test_impossible_settings_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        CompressedCrops(CROPS, 0, **wrong)


def test_what_the_crops_depend_on_is_among_the_settings():
    assert CompressedCrops(CROPS, 3).settings | CROPS.settings == CompressedCrops(CROPS, 3).settings
