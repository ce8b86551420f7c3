"""The report of a run: one page that summarises all lessons and links their own pages."""

from __future__ import annotations

import base64
import binascii
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat

from course_lib import hardware
from course_lib.authoring import page
from course_lib.authoring.record import LessonRun
from course_lib.durations import duration
from course_lib.files import write_whole

FIGURES = "figures"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A figure of a lesson, copied out of its notebook.

    Attributes:
        file: its path, relative to the report's folder.
        alt: its alternative text.
        page: the page of its lesson.
    """

    file: str
    alt: str
    page: str


def write_report(runs: Sequence[LessonRun], folder: Path) -> Path:
    """Write `index.html`, which summarises runs, and copy their figures to `figures/`.

    Of what lies in `figures/`, only files of the names that `extract_figures` gives to figures of
    these runs are replaced or removed.

    Returns:
        The page's path.
    """
    for run in runs:
        _remove_figures(run.name, folder / FIGURES)
    html = (
        page.templates()
        .get_template("report.html")
        .render(
            runs=runs,
            figures={run.name: extract_figures(run.name, folder) for run in runs},
            there=lambda file: (folder / file).exists(),
            usage=usage_rows,
            date=lambda run: datetime.fromisoformat(run.date).strftime("%Y-%m-%d %H:%M UTC"),
            duration=duration,
            versions=hardware.versions(),
            hardware={
                "device": ", ".join(sorted({run.device for run in runs if run.device})),
                "processor": hardware.processor(),
                "memory": f"{hardware.memory_gb():.0f} GB",
                "system": hardware.system(),
            },
        )
    )
    path = folder / "index.html"
    _write(path, html.encode())
    return path


def _write(path: Path, content: bytes) -> None:
    """Write a file of the report's own: a link in its place goes, the file it leads to stays."""
    if path.is_symlink():
        path.unlink()
    write_whole(path, content)


def _remove_figures(name: str, figures: Path) -> None:
    """Remove the figures of a lesson's earlier run; in a folder that a link leads to, nothing."""
    if figures.is_symlink() or not figures.is_dir():
        return
    for old in figures.iterdir():
        if re.fullmatch(rf"{re.escape(name)}-\d\d+\.png", old.name) and old.is_file():
            old.unlink()


def usage_rows(run: LessonRun) -> list[tuple[str, float, float, str]]:
    """Return the resources of a run that are checked: name, used, allowed, unit.

    There are none for an unfinished run, and only the memory for a resumed one.
    """
    if run.used is None:
        return []
    memory = ("peak memory", run.used.memory_mb, run.budget.memory_mb, "MB")
    if run.resumed:
        return [memory]
    return [
        ("training steps", run.used.steps, run.budget.steps, ""),
        ("CPU time", run.used.cpu_seconds, run.budget.cpu_seconds, "s"),
        memory,
    ]


def extract_figures(name: str, folder: Path) -> list[Figure]:
    """Copy the figures of the executed notebook `name.ipynb` into `figures/`.

    Returns:
        The figures; none if the notebook is missing or can't be read, or if `figures` is a link or
        a file, which may be somebody else's.
    """
    try:
        notebook = nbformat.read(folder / f"{name}.ipynb", as_version=4)
    except (OSError, ValueError):
        return []
    finder = _FigureFinder()
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            finder.feed(output.get("data", {}).get("text/html", ""))
    figures: list[Figure] = []
    target = folder / FIGURES
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        _log.warning("%s is no folder of the report's own; remove it to see figures there", target)
        return figures
    target.mkdir(exist_ok=True)
    for count, (alt, png) in enumerate(finder.found, start=1):
        file = f"{FIGURES}/{name}-{count:02}.png"
        _write(folder / file, png)
        figures.append(Figure(file=file, alt=alt, page=f"{name}.html"))
    return figures


class _FigureFinder(HTMLParser):
    """Collects the alternative texts and the bytes of the PNGs in HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, bytes]] = []

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        given = {key: value or "" for key, value in attributes}
        kind, _, data = given.get("src", "").partition(",")
        if tag != "img" or kind != "data:image/png;base64":
            return
        try:
            self.found.append((given.get("alt", ""), base64.b64decode(data, validate=True)))
        except binascii.Error:  # not ours; the lesson's page shows it as broken
            return
