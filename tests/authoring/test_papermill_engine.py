from __future__ import annotations

from types import SimpleNamespace

import pytest
from papermill.engines import NBClientEngine

from course_lib.authoring import papermill_engine
from course_lib.authoring.papermill_engine import SECONDS, CourseEngine


class Manager:
    """Stands for papermill's manager of a running notebook: notes when it is written."""

    def __init__(self) -> None:
        self.written: list[float] = []
        self.now = 0.0

    def save(self, **given: object) -> None:
        self.written.append(self.now)


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> Manager:
    manager = Manager()
    clock = SimpleNamespace(monotonic=lambda: manager.now)
    monkeypatch.setattr(papermill_engine, "time", clock)
    return manager


@pytest.mark.parametrize("fails", [False, True])
def test_the_notebook_is_written_seldom_while_it_runs_and_always_at_its_end(
    manager: Manager, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    def hundred_cells(given: Manager, kernel_name: str) -> None:
        for second in range(1, 101):
            given.now = second
            given.save()
            given.save(cell="the next")
        if fails:
            raise KeyboardInterrupt

    monkeypatch.setattr(NBClientEngine, "execute_managed_notebook", hundred_cells)
    try:
        CourseEngine.execute_managed_notebook(manager, "python3")
    except KeyboardInterrupt:
        assert fails
    assert manager.written == [SECONDS * n for n in range(1, 1 + 100 // SECONDS)]
    manager.save()
    assert manager.written[-2:] == [100, 100]
