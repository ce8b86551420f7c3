import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAIN = "from course_lib.cli import main; main()"
PAGES = ["README.md", "CONTRIBUTING.md"]


def text(page: str) -> str:
    return (ROOT / page).read_text()


@pytest.mark.parametrize("page", PAGES)
def test_every_make_target_exists(page: str) -> None:
    targets = set(re.findall(r"\bmake ([a-z][a-z-]*)", text(page)))
    known = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert targets
    assert targets <= known


@pytest.mark.parametrize("page", PAGES)
def test_every_course_command_exists(page: str) -> None:
    shown = re.findall(r"^(?:\S*/)?course ([a-z -]+)", text(page), re.MULTILINE)
    shown += re.findall(r"`(?:\S*/)?course ([a-z -]+)`", text(page))
    assert shown
    for command in shown:
        run = subprocess.run(
            [sys.executable, "-c", MAIN, *command.split()[:2], "--help"],
            capture_output=True,
            text=True,
        )
        assert run.returncode == 0, f"{page}: course {command}\n{run.stderr}"


PAGES_OF_DATA = (
    "docs/several_gpus.md",
    "docs/rain_statistics.md",
    "docs/photographs.md",
    "docs/real_sets.md",
    "docs/results.md",
)


@pytest.mark.parametrize("page", [*PAGES, *PAGES_OF_DATA])
def test_every_link_to_a_file_leads_somewhere(page: str) -> None:
    folder = (ROOT / page).parent
    for link in re.findall(r"\]\(([^)#]+)\)", text(page)):
        if "://" not in link:
            assert (folder / link).exists(), f"{page}: {link}"


def test_lesson_links_lead_to_lessons() -> None:
    for lesson in (ROOT / "solutions").glob("*.py"):
        for link in re.findall(r"\]\(([\w.]+\.ipynb)\)", lesson.read_text()):
            assert (ROOT / "notebooks" / link).exists(), f"{lesson.name}: {link}"


def test_the_readme_names_every_lesson() -> None:
    for notebook in (ROOT / "notebooks").glob("*.ipynb"):
        assert f"notebooks/{notebook.name}" in text("README.md")
