from __future__ import annotations

import json

import numpy as np
import pytest

from course_lib.artifacts.truth import by_reference, read_labelme
from course_lib.data.photos import load_photo

CLEAN = np.asarray(load_photo("coffee"))[:120, :160]


def test_artifacts_are_where_the_gan_errs_more_than_its_twin() -> None:
    mse, gan = CLEAN.copy(), CLEAN.copy()
    gan[20:60, 20:60] ^= 64  # an artifact
    gan[80:84, 100:104] ^= 64  # too small
    gan[70:110, 20:60] ^= 64  # an error that both make
    mse[70:110, 20:60] ^= 64
    found = by_reference(gan, mse, CLEAN)
    assert found[25:55, 25:55].all()
    assert not found[:, 80:].any()
    assert not found[75:].any()
    assert not by_reference(mse, gan, CLEAN)[:65].any()
    assert by_reference(gan, mse, CLEAN, min_area=0).sum() >= found.sum()
    assert not by_reference(gan, mse, CLEAN, margin=70).any()
    with pytest.raises(ValueError, match="three pictures H×W×3 of one size"):
        by_reference(gan, mse, CLEAN[1:])


def labelme(*shapes, **more):
    named = [
        {"label": label, "shape_type": kind, "points": points} for label, kind, points in shapes
    ]
    return json.dumps({"imageHeight": 40, "imageWidth": 60, "shapes": named, **more})


def test_what_a_person_drew_is_read(tmp_path) -> None:
    path = tmp_path / "drawn.json"
    path.write_text(
        labelme(
            ("artifact", "polygon", [[10, 10], [30, 10], [30, 20], [10, 20]]),
            ("artifact", "rectangle", [[50, 35], [40, 30]]),
            ("other", "circle", [[10, 30], [14, 30]]),
        )
    )
    mask = read_labelme(path)
    assert mask.shape == (40, 60)
    assert mask[12:19, 12:29].all()
    assert mask[31:35, 41:50].all()
    assert mask[30, 10]
    assert mask[33, 10]
    assert not mask[36, 10]
    assert not read_labelme(path, "artifact")[30, 10]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<html>", "is no file of labelme"),
        ("[]", "is no file of labelme"),
        (labelme(imageHeight=10**6, imageWidth=10**6), "a picture of 1000000×1000000 pixels"),
        (labelme(("a", "line", [[1, 1], [2, 2]])), "has a line of 2 points"),
        (labelme(("a", "polygon", [[1, 1], [2, 2]])), "has a polygon of 2 points"),
        (labelme(("a", "polygon", [[1], [2]])), "whose points aren't pairs of numbers"),
        (labelme(("a", "circle", [[1, 1], [1e999, 2]])), "whose points aren't finite"),
    ],
)
def test_other_files_are_refused_in_words(tmp_path, text, words) -> None:
    path = tmp_path / "drawn.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=words):
        read_labelme(path)
