"""Source shown in a lesson is the library's own."""

from __future__ import annotations

import pytest

from course_lib import viz
from course_lib.ranges import to_uint8


def test_the_source_is_complete_and_names_its_file(outputs, parse) -> None:
    (output,) = outputs(lambda: viz.show_source(to_uint8))
    place, first, *_ = output["data"]["text/plain"].splitlines()
    assert place.startswith("# course_lib/ranges.py, line ")
    assert first == "def to_uint8(picture: np.ndarray) -> np.ndarray:"
    page = parse(output["data"]["text/html"])
    source = output["data"]["text/plain"].split("\n", 1)[1]
    assert source.strip() in page.text


def test_the_source_is_coloured_on_its_own_white(outputs, parse) -> None:
    (output,) = outputs(lambda: viz.show_source(to_uint8))
    page = parse(output["data"]["text/html"])
    assert len({span.get("style") for span in page.all("span")}) > 3
    assert "background:#fff" in page.all("pre")[0]["style"].replace(" ", "")


def test_a_method_is_shown_from_its_own_margin(outputs) -> None:
    (output,) = outputs(lambda: viz.show_source(viz.Progress.text))
    assert output["data"]["text/plain"].splitlines()[1].startswith("def text(self)")


@pytest.mark.parametrize("thing", [3, len, viz.Progress(2)])
def test_what_has_no_source_is_refused_with_the_mend(thing) -> None:
    with pytest.raises(TypeError, match="give a function or class itself"):
        viz.show_source(thing)
