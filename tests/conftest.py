"""Fixtures that tests in several folders use."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

# The networks of the tests are small: a second thread gains nothing, and costs much as soon as
# another program wants its core. Said before torch is imported, here and in what tests start.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch

from course_lib import hardware

torch.set_num_threads(1)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """For ``-n auto`` one worker more than cores, for tests that wait; 2 GB of memory for each."""
    return max(1, min(hardware.usable_cores() + 1, int(hardware.memory_gb() // 2)))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Bring files with slow tests to the front, so that none is left to one worker at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


PUBLISHED = """\
[project]
name = "a-course"
version = "0.3.0"

[tool.course]
repository = "https://github.com/owner/repo"
tag = "v0.3.0"
"""


@pytest.fixture(scope="session", autouse=True)
def cache_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Locks and fetched weights of the tests don't go into the user's cache."""
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session", autouse=True)
def interrupts() -> None:
    """Ctrl-C works, also where the tests run in the background of a script, which ignores it."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def publish() -> Callable[[Path], Path]:
    """publish(folder): a release's setting there, and the files that show its addresses."""

    def publish(folder: Path) -> Path:
        (folder / "pyproject.toml").write_text(PUBLISHED)
        (folder / "README.md").write_text(
            "# Course\n\n"
            "<!-- course build: lessons -->\nold\n<!-- /course build: lessons -->\n\n"
            "<!-- course build: release -->\nold\n<!-- /course build: release -->\n\nMore.\n"
        )
        (folder / "CITATION.cff").write_text("version: 0\nrepository-code: nowhere\ntitle: A\n")
        return folder

    return publish


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with real rain sets: rain100l/, rain800/, raindrop_sample/, spa_sample/."""
    folder = os.environ.get("COURSE_TEST_DATA")
    if not folder:
        pytest.skip("COURSE_TEST_DATA is not set; it names a folder with real rain sets")
    return Path(folder)
