from __future__ import annotations

import json

import numpy as np
import pytest
import traitlets

from course_lib import viz
from course_lib.artifacts.truth import read_labelme

PICTURE = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
SQUARE = [[10.0, 5.0], [30.0, 5.0], [30.0, 25.0], [10.0, 25.0]]
ALT = "A small picture of coloured noise."


def outline() -> viz.Outline:
    return viz.Outline(PICTURE, score=lambda mask: f"{mask.sum()} pixels", alt=ALT)


def test_outlines_become_a_mask_and_are_scored() -> None:
    widget = outline()
    assert "No outline yet" in widget.verdict
    assert not widget.mask.any()
    widget.outlines = [SQUARE]
    assert widget.mask.shape == (40, 60)
    assert widget.mask[5:26, 10:31].all()
    assert widget.mask.sum() == 21 * 21
    assert widget.verdict == "441 pixels"
    assert "441 pixels" in widget.still()
    widget.outlines = []
    assert "No outline yet" in widget.verdict


def test_the_still_shows_what_was_outlined() -> None:
    widget = outline()
    before = widget.still()
    widget.outlines = [SQUARE]
    assert widget.still() != before
    data, _ = widget._repr_mimebundle_()
    assert data["text/html"] == widget.still()
    assert data["text/plain"] == ALT


def test_outlines_are_saved_for_labelme_and_never_over_a_file(tmp_path) -> None:
    widget = outline()
    widget.outlines = [SQUARE]
    path = tmp_path / "mine.json"
    widget.save(path)
    np.testing.assert_array_equal(read_labelme(path), widget.mask)
    assert json.loads(path.read_text())["shapes"][0]["label"] == "artifact"
    with pytest.raises(FileExistsError):
        widget.save(path)


def test_a_score_that_fails_is_told_in_the_widget() -> None:
    def fail(mask: np.ndarray) -> str:
        raise ValueError("masks differ")

    widget = viz.Outline(PICTURE, score=fail, alt=ALT)
    widget.outlines = [SQUARE]
    assert widget.verdict == "ValueError: masks differ"


@pytest.mark.parametrize(
    "corners", [[[1, 2]], [[1, 2], [3, 4]], [[1, 2], [3, 4], [5, float("nan")]]]
)
def test_outlines_that_enclose_nothing_are_refused_and_the_old_ones_stay(corners) -> None:
    widget = outline()
    widget.outlines = [SQUARE]
    with pytest.raises(traitlets.TraitError):
        widget.outlines = [corners]
    assert widget.outlines == [SQUARE]
