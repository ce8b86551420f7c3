from __future__ import annotations

import base64
import re
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from markupsafe import escape
from nbformat.v4 import new_code_cell, new_notebook, new_output

from course_lib.authoring import page, report
from course_lib.authoring.accessibility import picture_defects
from course_lib.authoring.record import LessonRun
from course_lib.data.photos import PHOTOS
from course_lib.profiles import Budget
from course_lib.results import Measured
from course_lib.usage import Usage


def run(name: str, *problems: str, used: Usage | None = None) -> LessonRun:
    return LessonRun(
        lesson=name[:2],
        name=name,
        title=f"Title of <{name}>",
        edition="instructor",
        profile="smoke",
        problems=problems,
        seconds=125.4,
        date="2026-01-02T03:04:05+00:00",
        device="CPU (2 threads)",
        seed=3,
        measured=(
            Measured(name="PSNR", value=27.345, unit="dB", spread=0.41, over="5 seeds",
                     claim=28.1, source="report 1"),
        ),
        used=used,
        budget=Budget(steps=40, cpu_seconds=20, memory_mb=1500),
    )  # fmt: skip


def write_notebook(folder: Path, name: str, html: str = "") -> None:
    outputs = [new_output("display_data", data={"text/html": html})] if html else []
    notebook = new_notebook(cells=[new_code_cell("draw()", outputs=outputs)])
    nbformat.write(notebook, folder / f"{name}.ipynb")


def test_report_shows_status_results_usage_versions_and_hardware(tmp_path: Path) -> None:
    used = Usage(steps=30, cpu_seconds=12.3, memory_mb=579.0)
    runs = [run("00_a", used=used), run("01_b", "code cell 4 stopped with KeyError: <x>")]
    for one in runs:
        write_notebook(tmp_path, one.name)
        (tmp_path / f"{one.name}.html").touch()
    path = report.write_report(runs, tmp_path)
    assert path == tmp_path / "index.html"
    html = path.read_text()
    assert "1 of 2 lessons failed" in html
    assert "code cell 4 stopped with KeyError: &lt;x&gt;" in html
    assert "Title of &lt;00_a&gt;" in html
    assert 'href="00_a.html"' in html
    assert 'href="00_a.ipynb"' in html
    assert "27.34 ± 0.41 dB (5 seeds)" in html
    assert "28.10 dB" in html
    assert 'training steps: 30 <span class="soft">of 40' in html
    assert "2 min 5 s · 2026-01-02 03:04 UTC · seed 3 · CPU (2 threads)" in html
    assert "torchvision" in html
    assert "processor" in html
    assert not re.search(r"<script|<link|src=.http", html)


def test_report_and_pages_credit_the_photographs(tmp_path: Path) -> None:
    html, defects = page.render(new_notebook(cells=[]), "Title")
    assert defects == []
    for shown in (report.write_report([run("00_a")], tmp_path).read_text(), html):
        for photo in PHOTOS.values():
            for text in (photo.title, photo.credit, photo.licence, photo.source):
                assert escape(text) in shown


def test_report_shows_each_figure_with_its_alternative_text(tmp_path: Path) -> None:
    png = b"\x89PNG rain"
    source = f"data:image/png;base64,{base64.b64encode(png).decode()}"
    write_notebook(tmp_path, "00_a", f'<img alt="Rain &lt; snow" src="{source}">')
    html = report.write_report([run("00_a")], tmp_path).read_text()
    assert 'src="figures/00_a-01.png" alt="Rain &lt; snow"' in html
    assert (tmp_path / "figures" / "00_a-01.png").read_bytes() == png


def test_every_picture_of_the_report_has_words_of_its_own(tmp_path: Path) -> None:
    source = f"data:image/png;base64,{base64.b64encode(b'PNG').decode()}"
    alts = ("Two curves rise until step 40", "A street in the rain", "The same street, clean")
    write_notebook(tmp_path, "00_a", "".join(f'<img alt="{a}" src="{source}">' for a in alts))
    html = report.write_report([run("00_a")], tmp_path).read_text()
    assert html.count("<img") == 3
    assert picture_defects(html) == []


def test_figures_of_earlier_runs_are_gone(tmp_path: Path) -> None:
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "00_a-07.png").write_bytes(b"old")
    write_notebook(tmp_path, "00_a")
    report.write_report([run("00_a")], tmp_path)
    assert list((tmp_path / "figures").iterdir()) == []


FIGURE = f'<img alt="Rain" src="data:image/png;base64,{base64.b64encode(b"PNG").decode()}">'


def test_files_of_others_among_the_figures_stay(tmp_path: Path) -> None:
    figures = tmp_path / "figures"
    figures.mkdir()
    others = ("holiday.png", "00_a-01.jpg", "00_a-1.png", "100_a-01.png", "02_c-01.png", "00_a.png")
    for name in others:
        (figures / name).write_bytes(b"mine")
    (figures / "album").mkdir()
    (figures / "00_a-03.png").mkdir()
    write_notebook(tmp_path, "00_a", FIGURE)
    report.write_report([run("00_a")], tmp_path)
    assert {path.name for path in figures.iterdir()} == {
        *others, "album", "00_a-01.png", "00_a-03.png"
    }  # fmt: skip
    assert all((figures / name).read_bytes() == b"mine" for name in others)


def test_a_link_leads_the_report_to_no_file_of_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    for name in ("holiday.jpg", "00_a-01.png", "00_a-02.png"):
        (mine / name).write_bytes(b"mine")
    (mine / "page.html").write_text("mine")
    build = tmp_path / "build"
    build.mkdir()
    (build / "figures").symlink_to(mine)
    (build / "index.html").symlink_to(mine / "page.html")
    write_notebook(build, "00_a", FIGURE)
    html = report.write_report([run("00_a")], build).read_text()
    assert "Title of &lt;00_a&gt;" in html
    assert "<img" not in html
    assert f"{build / 'figures'} is no folder of the report's own" in caplog.text
    assert {path.name: path.read_bytes() for path in mine.iterdir()} == {
        "holiday.jpg": b"mine",
        "00_a-01.png": b"mine",
        "00_a-02.png": b"mine",
        "page.html": b"mine",
    }


def test_a_build_folder_that_is_a_link_loses_nothing_of_others(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    (mine / "figures").mkdir(parents=True)
    (mine / "figures" / "holiday.jpg").write_bytes(b"mine")
    (tmp_path / "build").symlink_to(mine)
    write_notebook(tmp_path / "build", "00_a", FIGURE)
    report.write_report([run("00_a")], tmp_path / "build")
    assert {path.name for path in (mine / "figures").iterdir()} == {"holiday.jpg", "00_a-01.png"}


def test_over_budget_is_marked(tmp_path: Path) -> None:
    write_notebook(tmp_path, "00_a")
    used = Usage(steps=41, cpu_seconds=1.0, memory_mb=5.0)
    html = report.write_report([run("00_a", "over", used=used)], tmp_path).read_text()
    assert html.count('class="over"') == 1


def test_report_says_of_a_run_that_went_on_what_was_not_judged(tmp_path: Path) -> None:
    used = Usage(steps=41, cpu_seconds=21.0, memory_mb=5.0)
    whole = run("00_a", used=used)
    note = "Went on from a run that was cut: its steps and CPU time aren't judged."
    assert note not in report.write_report([whole], tmp_path).read_text()
    html = report.write_report([replace(whole, resumed=True)], tmp_path).read_text()
    assert note in html
    assert "peak memory: 5" in html
    assert "training steps" not in html
    assert 'class="over"' not in html


def test_report_survives_a_deleted_and_a_broken_notebook_and_links_only_what_is_there(
    tmp_path: Path,
) -> None:
    (tmp_path / "01_b.ipynb").write_text("<<<<<<< HEAD")
    html = report.write_report([run("00_a"), run("01_b")], tmp_path).read_text()
    assert "27.34 ± 0.41 dB" in html
    assert "Title of &lt;00_a&gt;" in html
    assert 'href="00_a' not in html
    assert 'href="01_b.ipynb"' in html
