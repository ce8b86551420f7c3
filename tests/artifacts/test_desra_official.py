"""D and masks are those of the authors' code, on pictures with planted noise.

`desra_official.json` holds what their code gave: for each picture the noise's seed, sums, samples
of D, and how many pixels each step leaves.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import skimage.data

from course_lib.artifacts.mask import artifact_mask, detect, regions
from course_lib.artifacts.texture import distance_map, valid

CASES = json.loads((Path(__file__).parent / "desra_official.json").read_text())


def pictures(case: dict) -> tuple[np.ndarray, np.ndarray]:
    mse = getattr(skimage.data, case["image"])()
    rng = np.random.default_rng(case["seed"])
    noise, gan = rng.integers(-60, 61, mse.shape), mse.astype(int)
    for y, x, side in case["boxes"]:
        box = np.s_[y : y + side, x : x + side]
        gan[box] += noise[box]
    gan = gan.clip(0, 255).astype(np.uint8)
    assert gan.sum() == case["gan_sum"]
    return gan, mse


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['image']}-{case['final']}")
def test_maps_and_masks_are_those_of_the_official_code(case) -> None:
    gan, mse = pictures(case)
    whole = distance_map(gan, mse, variant="official")
    assert whole.shape == gan.shape[:2]
    distance = valid(whole)
    assert list(distance.shape) == case["D_shape"]
    found = distance.mean(), distance.min(), distance.max()
    assert found == pytest.approx((case["D_mean"], case["D_min"], case["D_max"]), abs=1e-9)
    for y, x, expected in case["D_samples"]:
        assert distance[y, x] == pytest.approx(expected, abs=1e-9)

    weight = case["semantic_weight"]
    bare = {"erosions": 0, "dilations": 0, "holes": False, "min_area": 0}
    assert artifact_mask(distance, weight, **bare).sum() == case["below_threshold"]
    grown = artifact_mask(distance, weight, min_area=0)
    assert grown.sum() == case["after_morphology"]
    mask = detect(gan, mse, weights=np.full(gan.shape[:2], weight), min_area=case["area"])
    assert mask.shape == gan.shape[:2]
    assert (mask.sum(), regions(mask)[1]) == (case["final"], case["components"])
