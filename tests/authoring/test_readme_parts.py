"""The parts of README.md that `make build` writes."""

from __future__ import annotations

import pytest

from course_lib.authoring import library, overview, readme
from course_lib.authoring.release import Release
from course_lib.authoring.rules import Lesson
from course_lib.authoring.source import read_all

PUBLISHED = Release(
    name="a-course", version="0.3.0", repository="https://github.com/owner/repo", tag="v0.3.0"
)
LESSON = Lesson(number="07", name="07_a_lesson", title="A lesson", cells=())
TEXT = """\
Above.
<!-- course build: lessons -->
old
<!-- /course build: lessons -->
Between.
<!-- course build: release -->
<!-- /course build: release -->
Below.
"""


def test_the_parts_between_the_markers_are_written_and_the_rest_stays() -> None:
    written = readme.write(TEXT, PUBLISHED, [LESSON])
    assert written.startswith("Above.\n<!-- course build: lessons -->\n| | | lesson")
    assert "|\n<!-- /course build: lessons -->\nBetween.\n<!-- course build: release" in written
    assert written.endswith("```\n<!-- /course build: release -->\nBelow.\n")
    assert "git clone https://github.com/owner/repo\n" in written
    assert "\nold\n" not in written
    assert readme.write(written, PUBLISHED, [LESSON]) == written


@pytest.mark.parametrize("part", ["lessons", "release"])
def test_a_missing_or_doubled_place_is_refused(part: str) -> None:
    with pytest.raises(ValueError, match=rf"has 0 places .* '{part}'"):
        readme.write(TEXT.replace(f"build: {part}", "build: other"), PUBLISHED, [LESSON])
    with pytest.raises(ValueError, match="has 2 places"):
        readme.write(TEXT + TEXT, PUBLISHED, [LESSON])


def test_a_row_links_the_lesson_and_names_its_exercises_its_hours_and_its_badge() -> None:
    lesson = read_all(library.ROOT / "solutions")[0]
    (row,) = (line for line in readme.table(PUBLISHED, [lesson]).splitlines() if "| 00 |" in line)
    assert f"[{lesson.title}](notebooks/{lesson.name}.ipynb)" in row
    assert all(header.title in row for header in overview.headers(lesson))
    assert f"| {overview.hours(lesson):g} | ready | {PUBLISHED.badge(lesson)} |" in row


def test_lessons_are_planned_until_they_are_there() -> None:
    rows = readme.table(PUBLISHED, [LESSON]).splitlines()[2:]
    assert [row[2:4] for row in rows if "| ready |" in row] == [LESSON.number]
    planned = [row[2:4] for row in rows if "| planned |" in row]
    assert planned == [number for number in readme.PLANNED if number != LESSON.number]


def test_every_lesson_has_its_picture() -> None:
    for lesson in read_all(library.ROOT / "solutions"):
        assert (library.ROOT / f"docs/lessons/{lesson.number}.jpg").is_file()
