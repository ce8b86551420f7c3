"""Lessons that run at the same time: stand-ins for them, which wait for one another."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from course_lib import hardware
from course_lib.authoring.rules import Lesson
from course_lib.authoring.side_by_side import LostProcess, run_side_by_side
from course_lib.authoring.source import read

PATIENCE = 120  # seconds, for what takes one on an idle machine


class Watcher:
    """Keeps what it is told; ``when`` is called of each event."""

    def __init__(self, when: Callable[[str, str], None] = lambda event, number: None) -> None:
        self.told: list[tuple[str, str]] = []
        self.when = when

    def note(self, event: str, number: str) -> None:
        self.told.append((event, number))
        self.when(event, number)

    def lesson_starts(self, lesson: Lesson, cells: int, expected_seconds: float) -> None:
        self.note("starts", lesson.number)

    def cell_starts(self, lesson: Lesson, number: int) -> None:
        self.note(f"cell {number}", lesson.number)

    def lesson_ends(self, run: dict[str, str]) -> None:
        self.note("ends", run["number"])


@pytest.fixture
def lessons(write: Callable[..., Path], library_root: Path) -> list[Lesson]:
    numbers = ("00", "01", "02")
    return [read(write(("00", n), name=f"{n}_doubling.py"), library_root) for n in numbers]


def wait_for(path: Path) -> None:
    give_up = time.monotonic() + PATIENCE
    while not path.exists():
        assert time.monotonic() < give_up, f"{path.name} never came"
        time.sleep(0.05)


def meets(lesson: Lesson, watcher: Any, *, folder: Path) -> dict[str, str]:
    """Lessons 00 and 01 end only after each has seen the other; 02 sees how many run."""
    watcher.lesson_starts(lesson, 1, 1.0)
    watcher.cell_starts(lesson, 1)
    (folder / lesson.number).touch()
    if lesson.number != "02":
        wait_for(folder / {"00": "01", "01": "00"}[lesson.number])
    run = {
        "number": lesson.number,
        "process": str(os.getpid()),
        "threads": os.environ["OMP_NUM_THREADS"],
        "greeting": os.environ["GREETING"],
    }
    watcher.lesson_ends(run)
    return run


def test_lessons_run_at_the_same_time_and_come_back_in_order(
    lessons: list[Lesson], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setenv("GREETING", "hello")
    monkeypatch.setattr(hardware, "usable_cores", lambda: 8)
    watcher = Watcher()
    runs = run_side_by_side(partial(meets, folder=tmp_path), lessons, jobs=2, watcher=watcher)
    assert [run["number"] for run in runs] == ["00", "01", "02"]
    assert len({run["process"] for run in runs} - {str(os.getpid())}) == 3
    assert {run["threads"] for run in runs} == {"4"}
    assert {run["greeting"] for run in runs} == {"hello"}
    for number in ("00", "01", "02"):
        assert [e for e, n in watcher.told if n == number] == ["starts", "cell 1", "ends"]
    ended = watcher.told.index(("starts", "02"))
    assert ("ends", "00") in watcher.told[:ended] or ("ends", "01") in watcher.told[:ended]


def test_threads_that_the_user_chose_stay(
    lessons: list[Lesson], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.setenv("GREETING", "hello")
    run = partial(meets, folder=tmp_path)
    runs = run_side_by_side(run, lessons[:2], jobs=2, watcher=Watcher())
    assert {run["threads"] for run in runs} == {"3"}


def dies(lesson: Lesson, watcher: Any, *, folder: Path) -> dict[str, str]:
    watcher.lesson_starts(lesson, 1, 1.0)
    if lesson.number == "01":
        wait_for(folder / "00")
        os.kill(os.getpid(), signal.SIGKILL)
    return works_on(lesson, folder)


def works_on(lesson: Lesson, folder: Path) -> dict[str, str]:
    """A lesson that never ends of itself, and says when it was interrupted."""
    (folder / lesson.number).touch()
    try:
        time.sleep(PATIENCE)
    except KeyboardInterrupt:
        (folder / f"{lesson.number} interrupted").touch()
        raise
    return {}


def test_a_killed_process_is_named_and_the_others_are_ended(
    lessons: list[Lesson], tmp_path: Path
) -> None:
    with pytest.raises(LostProcess, match="process of lesson 01 ended with -9; did the machine"):
        run_side_by_side(partial(dies, folder=tmp_path), lessons[:2], jobs=2, watcher=Watcher())
    assert (tmp_path / "00 interrupted").exists()


def starts_and_works_on(lesson: Lesson, watcher: Any, *, folder: Path) -> dict[str, str]:
    watcher.lesson_starts(lesson, 1, 1.0)
    return works_on(lesson, folder)


def test_an_interrupt_reaches_every_lesson(lessons: list[Lesson], tmp_path: Path) -> None:
    def interrupt(event: str, number: str) -> None:
        if {number for _, number in watcher.told} == {"00", "01"}:
            for number in ("00", "01"):
                wait_for(tmp_path / number)
            raise KeyboardInterrupt

    watcher = Watcher(interrupt)
    with pytest.raises(KeyboardInterrupt):
        run_side_by_side(
            partial(starts_and_works_on, folder=tmp_path), lessons, jobs=2, watcher=watcher
        )
    found = {path.name for path in tmp_path.iterdir() if path.is_file()}
    assert found == {"00", "01", "00 interrupted", "01 interrupted"}
