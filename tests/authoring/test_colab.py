from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from types import ModuleType, SimpleNamespace

import nbformat
import pytest

from course_lib.authoring import builder, colab, page, release
from course_lib.authoring.release import Release
from course_lib.authoring.rules import Lesson

PUBLISHED = Release(
    name="a-course", version="0.3.0", repository="https://github.com/owner/repo", tag="v0.3.0"
)
LESSON = Lesson(number="07", name="07_a_lesson", title="A lesson", cells=())
ARCHIVE = "https://github.com/owner/repo/archive/refs/tags/v0.3.0.zip"
OPEN = "https://colab.research.google.com/github/owner/repo/blob/v0.3.0/notebooks/07_a_lesson.ipynb"


def code(published: Release = PUBLISHED) -> str:
    return str(colab.cells(LESSON, published)[1].source)


def run(source: str) -> subprocess.CompletedProcess[str]:
    """The cell in a Python of its own, where a connection is an error."""
    guard = (
        "import socket, sys\n"
        "def refuse(*given): raise AssertionError('it wants a network')\n"
        "socket.socket.connect = refuse\n"
    )
    outside = {key: value for key, value in os.environ.items() if key != "COURSE_RUNS"}
    return subprocess.run(
        [sys.executable, "-c", f"{guard}{source}\nassert 'google.colab.drive' not in sys.modules"],
        env=outside,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def in_colab(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., list[list[str]]]:
    """in_colab(source, installed=…, pip=…): runs the cell as if in Colab; what it asked of pip."""

    def in_colab(
        source: str, *, installed: str = "", returncode: int = 0, stdout: str = ""
    ) -> list[list[str]]:
        asked = []

        def pip(command: list[str], **options: object) -> SimpleNamespace:
            asked.append(command)
            return SimpleNamespace(returncode=returncode, stdout=stdout)

        there = {"torch": "2.10.0+cu128", "ipykernel": "6.17.1"}
        if installed:
            there["a-course"] = installed

        def distributions(name: str | None = None) -> list[SimpleNamespace]:
            found = [SimpleNamespace(name=key, version=value) for key, value in there.items()]
            # A folder that pip left half-deleted has metadata without a name.
            found.append(SimpleNamespace(name=None, version=None))
            return [one for one in found if name in (None, one.name)]

        monkeypatch.setenv("COURSE_RUNS", "")  # so that what the cell sets is undone
        monkeypatch.delenv("COURSE_RUNS")
        monkeypatch.setattr(metadata, "distributions", distributions)
        monkeypatch.setattr(metadata, "version", there.__getitem__)
        monkeypatch.setattr(subprocess, "run", pip)
        package, drive = ModuleType("google.colab"), ModuleType("google.colab.drive")
        drive.mount = lambda folder: asked.append(["mount", folder])  # type: ignore[attr-defined]
        package.drive = drive  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "google", ModuleType("google"))
        monkeypatch.setitem(sys.modules, "google.colab", package)
        monkeypatch.setitem(sys.modules, "google.colab.drive", drive)
        exec(compile(source.replace("/tmp", str(tmp_path)), "<cell>", "exec"), {})
        return asked

    return in_colab


def test_badge_has_alt_text_and_opens_this_release_of_the_notebook() -> None:
    badge = colab.cells(LESSON, PUBLISHED)[0]
    assert badge.cell_type == "markdown"
    assert badge.source.startswith("[![Open lesson 07 in Colab](https://")
    assert f"]({OPEN})" in badge.source


def test_cells_stand_under_the_title_of_the_student_edition_only(
    write: Callable[..., Path], library_root: Path
) -> None:
    from course_lib.authoring.source import read

    lesson = read(write(), library_root)
    student = builder.assemble(
        lesson, "student", published=PUBLISHED, header=lambda exercise: exercise
    )
    assert [cell.id for cell in student.cells[1:3]] == ["colab-badge", "colab-install"]
    assert student.cells[0].source.startswith("# Doubling")
    assert student.cells[3].metadata.tags == ["parameters"]
    nbformat.validate(student)
    instructor = builder.assemble(
        lesson, "instructor", published=PUBLISHED, header=lambda exercise: exercise
    )
    assert not [cell for cell in instructor.cells if cell.id.startswith("colab")]


def test_notebook_asks_for_a_gpu() -> None:
    notebook = nbformat.v4.new_notebook(metadata=colab.METADATA)
    nbformat.validate(notebook)
    assert notebook.metadata.accelerator == "GPU"
    assert notebook.metadata.colab.gpuType == "T4"


def test_pages_of_a_run_leave_the_cells_out() -> None:
    cells = [nbformat.v4.new_markdown_cell("# A lesson"), *colab.cells(LESSON, PUBLISHED)]
    html, defects = page.render(nbformat.v4.new_notebook(cells=cells), "A lesson")
    assert defects == []
    assert "colab" not in html.lower().partition("<body")[2]


def test_cell_is_short_and_its_switch_is_a_literal() -> None:
    lines = code().splitlines()
    assert len(lines) <= 25
    assert max(map(len, lines)) <= 110
    assert any(line.startswith("keep_on_drive = False  # @param") for line in lines)


def test_elsewhere_the_cell_says_nothing_installs_nothing_and_needs_no_network() -> None:
    done = run(code() + "\nassert 'COURSE_RUNS' not in os.environ")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_in_colab_it_installs_this_release_beside_exactly_what_is_there(
    in_colab: Callable[..., list[list[str]]], capsys: pytest.CaptureFixture[str]
) -> None:
    (command,) = in_colab(code())
    assert command[:4] == [sys.executable, "-m", "pip", "install"]
    assert command[-1] == f"a-course @ {ARCHIVE}"
    kept = Path(command[command.index("-c") + 1]).read_text()
    assert kept.splitlines() == ["ipykernel==6.17.1", "torch==2.10.0+cu128"]
    said = capsys.readouterr().out
    assert said == "Course 0.3.0 is here; runs go to this machine\n"


def test_installed_already_it_calls_no_pip_and_another_release_is_replaced(
    in_colab: Callable[..., list[list[str]]],
) -> None:
    assert in_colab(code(), installed="0.3.0") == []
    (command,) = in_colab(code(), installed="0.2.0")
    kept = Path(command[command.index("-c") + 1]).read_text()
    assert "a-course" not in kept


def test_drive_is_mounted_only_at_the_learners_word(
    in_colab: Callable[..., list[list[str]]], capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = code().replace("keep_on_drive = False", "keep_on_drive = True")
    assert in_colab(wanted, installed="0.3.0") == [["mount", "/content/drive"]]
    runs = "/content/drive/MyDrive/a-course/runs"
    assert os.environ["COURSE_RUNS"] == runs
    assert capsys.readouterr().out == f"Course 0.3.0 is here; runs go to {runs}\n"


def test_when_pip_fails_it_says_what_to_do_and_what_pip_said(
    in_colab: Callable[..., list[list[str]]],
) -> None:
    noise = "\n".join(f"line {k}" for k in range(99))
    with pytest.raises(RuntimeError) as failed:
        in_colab(code(), returncode=1, stdout=f"{noise}\nERROR: no network")
    said = str(failed.value)
    assert "Run this cell again" in said
    assert "Disconnect and delete runtime" in said
    assert said.endswith("ERROR: no network")
    assert said.count("\n") < 12


def setting(tmp_path: Path, repository: str, tag: str = "v0.3.0") -> Path:
    path = tmp_path / "pyproject.toml"
    path.write_text(
        '[project]\nname = "a-course"\nversion = "0.3.0"\n'
        f'[tool.course]\nrepository = "{repository}"\ntag = "{tag}"\n'
    )
    return path


def test_one_setting_gives_the_release_and_its_addresses(tmp_path: Path) -> None:
    published = release.read(setting(tmp_path, "https://github.com/owner/repo"))
    assert published == PUBLISHED
    assert published.archive == ARCHIVE
    assert published.in_colab("07_a_lesson") == OPEN


@pytest.mark.parametrize(
    ("repository", "tag", "message"),
    [
        ("https://gitlab.com/owner/repo", "v0.3.0", "isn't like https://github.com/OWNER/REPO"),
        ("https://github.com/owner/repo/", "v0.3.0", "isn't like"),
        ("https://github.com/owner/repo", "v0.4.0", "isn't that of version 0.3.0"),
    ],
)
def test_a_setting_that_leads_nowhere_is_refused(
    tmp_path: Path, repository: str, tag: str, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        release.read(setting(tmp_path, repository, tag))


def test_a_missing_setting_is_named(tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text('[project]\nname = "a"\nversion = "1"\n[tool.course]\ntag = "v1"\n')
    with pytest.raises(ValueError, match=r"no 'repository': hold .* in \[tool.course\]"):
        release.read(path)


def test_citation_without_a_line_for_the_address_is_refused() -> None:
    with pytest.raises(ValueError, match="0 lines `repository-code"):
        release.citation("version: 0.1.0\n", PUBLISHED)
