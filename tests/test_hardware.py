"""What is measured of the machine, on a clock that only work moves."""

from __future__ import annotations

import time

import pytest

from course_lib import hardware


class Clock:
    """Stands for time.perf_counter."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "perf_counter", clock)
    return clock


def test_the_shortest_of_several_tries_counts_and_the_first_does_not(clock: Clock) -> None:
    takes = iter([0.1, 3.0, 2.0, 4.0])

    def work() -> None:
        clock.now += next(takes)

    assert hardware.shortest(work, repeats=3) == pytest.approx(2)
    assert not list(takes)


def test_the_matrix_rate_is_that_of_the_faster_product(monkeypatch: pytest.MonkeyPatch) -> None:
    takes = iter([0.5, 0.25])
    made = []

    def shortest(work, repeats: int) -> float:
        made.append(tuple(work().shape))
        return next(takes)

    monkeypatch.setattr(hardware, "shortest", shortest)
    rate = hardware.matrix_rate(64)
    assert set(made) == {(64, 64)}
    assert rate == 64**3 / (0.25 if len(made) == 2 else 0.5)
