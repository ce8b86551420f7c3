from __future__ import annotations

from course_lib.durations import clock, duration


def test_clock_shows_hours_only_where_there_are_any() -> None:
    assert [clock(s) for s in (0, 7.6, 125, 3780)] == ["0:00", "0:08", "2:05", "1:03:00"]


def test_durations_as_people_say_them() -> None:
    assert [duration(s) for s in (7.6, 59.4, 125, 3780)] == [
        "8 s", "59 s", "2 min 5 s", "1 h 3 min",
    ]  # fmt: skip
