from __future__ import annotations

import numpy as np
import pytest

from course_lib.artifacts.mask import detect
from course_lib.artifacts.semantics import (
    class_weights,
    released_classes,
    released_weights,
    texture_classes,
    weight_map,
)
from course_lib.data.photos import load_photo


def test_a_class_weighs_by_the_value_that_most_of_its_pixels_reach() -> None:
    d = np.linspace(0, 1, 101)[None]
    labels = np.zeros((1, 101), int)
    labels[0, 51:] = 3
    found = class_weights([d], [labels], percentile=85)
    assert found == {0: pytest.approx(0.075), 3: pytest.approx(0.51 + 0.15 * 0.49)}
    for label, a in found.items():
        assert (d[labels == label] >= a).mean() == pytest.approx(0.85, abs=0.02)
    several = class_weights([d[:, :51], d[:, 51:]], [labels[:, :51], labels[:, 51:]])
    assert several == found
    weights = weight_map(np.array([[0, 3, 9]]), found)
    np.testing.assert_allclose(weights, [[1 / found[0], 1 / found[3], 1]])


def test_the_released_table_has_all_classes_and_the_papers_examples() -> None:
    classes = {one.name: one.weight for one in released_classes()}
    assert len(classes) == 150
    assert released_classes()[2].name == "sky"
    for name, a in {"sky": 1, "tree": 0.75, "building": 0.8}.items():  # A.2
        assert classes[name] == pytest.approx(1 / a)
    found = released_weights(np.array([[2, 4], [1, 2]]))
    np.testing.assert_allclose(found, [[1, 1 / 0.75], [1 / 0.8, 1]])


def test_classes_of_texture_go_from_smooth_to_rough() -> None:
    photo = np.asarray(load_photo("rocket"))
    classes = texture_classes(photo)
    assert classes.shape == photo.shape[:2]
    assert set(np.unique(classes)) <= set(range(6))
    assert classes[20:120, 250:300].max() <= 1  # the sky
    assert classes[100:300, 20:80].mean() > 2  # a lattice
    np.testing.assert_array_equal(texture_classes(photo), classes)
    flat = np.full((40, 40, 3), 90, np.uint8)
    assert texture_classes(flat).max() <= 1


def test_a_class_map_weighs_by_the_released_table() -> None:
    mse = np.asarray(load_photo("coffee"))[:200, :200]
    noise = np.random.default_rng(0).integers(-25, 26, mse.shape)
    gan = (mse + noise).clip(0, 255).astype(np.uint8)
    tree, sky = (
        detect(gan, mse, class_map=np.full((200, 200), index), min_area=100) for index in (4, 2)
    )
    assert tree.sum() < sky.sum()
    weights = np.full((200, 200), 1 / 0.75)
    np.testing.assert_array_equal(detect(gan, mse, weights=weights, min_area=100), tree)
    with pytest.raises(ValueError, match="a class map or weights, not both"):
        detect(gan, mse, class_map=np.full((200, 200), 4), weights=weights)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: class_weights([], []), "0 maps of D and 0 of classes"),
        (lambda: class_weights([np.ones((2, 2))], [np.ones((2, 3), int)]), "crop them alike"),
        (
            lambda: class_weights([np.ones(2)], [np.ones(2, int)], percentile=120),
            "0 to 100; it is 120",
        ),
        (lambda: weight_map(np.ones((1, 1), int), {1: 0.0}), "that of class 1 is 0.0"),
        (lambda: released_weights(np.array([[150]])), "the map has 150 to 150"),
        (lambda: released_weights(np.array([[1.0]])), "classes are integers; this map is float64"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(call, words) -> None:
    with pytest.raises(ValueError, match=words):
        call()
