from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image
from rich.console import Console

from course_lib import cli, hardware, profiles
from course_lib.authoring import runner, zoo
from course_lib.authoring.execute import Limits
from course_lib.authoring.zoo import Hunt, Record
from course_lib.checks.mutants import Mutant
from course_lib.cli import health, show
from course_lib.data.rain_sets import SETS

LESSON = """\
# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Lesson 00: A title

# %% tags=["parameters"]
profile = "auto"
seed = 0

# %%
from course_lib import results

results.begin(lesson="00", profile=profile, seed=seed)
"""

Course = Callable[..., int]


@pytest.fixture
def course(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, publish: Callable[[Path], Path]
) -> Course:
    """course("build", "--check"): its exit status, run in a folder with one lesson."""
    publish(tmp_path)
    (tmp_path / "solutions").mkdir()
    (tmp_path / "solutions" / "00_title.py").write_text(LESSON)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "sets"))

    def course(*words: str) -> int:
        monkeypatch.setattr(sys, "argv", ["course", *words])
        with pytest.raises(SystemExit) as end:
            cli.main()
        return int(end.value.code or 0)

    return course


def test_build_writes_and_check_tells_what_is_stale(
    course: Course, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert course("build", "--check") == 1
    assert "notebooks/00_title.ipynb is missing: run `make build`" in capsys.readouterr().err
    assert course("build") == 0
    assert capsys.readouterr().out.splitlines() == [
        "wrote notebooks/00_title.ipynb", "wrote README.md", "wrote CITATION.cff",
    ]  # fmt: skip
    assert course("build", "--check") == 0
    setting = Path("pyproject.toml").read_text()
    Path("pyproject.toml").write_text(setting.replace("owner/repo", "other/place"))
    assert course("build", "--check") == 1
    said = capsys.readouterr().err
    assert "notebooks/00_title.ipynb differs from its source: run `make build`" in said
    assert "README.md is out of date: run `make build`" in said
    assert "CITATION.cff is out of date: run `make build`" in said
    assert course("build") == 0
    assert "https://github.com/other/place\n" in Path("README.md").read_text()
    assert json.loads((tmp_path / "notebooks" / "00_title.ipynb").read_text())["nbformat"] == 4


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("run", "07"), "course: no lesson '07': there are 00\n"),
        (("data", "add", "nope", "."), "course: no set 'nope'"),
        (("data", "add", "rain100l", "nowhere"), "nowhere"),
        (("data", "verify", "rain12"), "course data add rain12 PATH"),
        (("run", "--profile", "tiny"), "tiny"),
    ],
)
def test_bad_input_is_one_message_without_traceback_and_status_2(
    course: Course, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], message: str
) -> None:
    assert course(*words) == 2
    said = capsys.readouterr().err
    assert message in said
    assert "Traceback" not in said
    if said.startswith("course:"):
        assert said.count("\n") == 1


def test_lesson_that_breaks_a_rule_is_told_in_one_line(
    course: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("solutions/00_title.py").write_text(LESSON.replace("seed = 0\n", ""))
    assert course("build") == 2
    assert capsys.readouterr().err.startswith("course: 00_title, cell 2 (")


@pytest.mark.parametrize("words", [("run", "--profile", "smoke"), ("build",), ("build", "--check")])
@pytest.mark.parametrize("module", ["jupytext", "papermill", "nbformat.v4"])
def test_without_the_lab_extra_it_says_what_to_install(
    course: Course,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    module: str,
    words: tuple[str, ...],
) -> None:
    from course_lib.authoring import source

    def read_all(folder: Path) -> None:
        raise ModuleNotFoundError(f"No module named {module!r}", name=module)

    monkeypatch.setattr(source, "read_all", read_all)
    assert course(*words) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"course: {module} isn't installed; ")
    assert said.endswith('-m pip install -e ".[lab]"\n')


@pytest.mark.parametrize("module", ["numpy", "course_lib.nowhere"])
def test_a_module_that_is_no_extra_is_an_error_of_ours(
    course: Course, monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    from course_lib.authoring import source

    def read_all(folder: Path) -> None:
        raise ModuleNotFoundError(f"No module named {module!r}", name=module)

    monkeypatch.setattr(source, "read_all", read_all)
    with pytest.raises(ModuleNotFoundError):
        course("build")


def test_doctor_notes_a_missing_lab_extra_and_lives_with_it(
    course: Course, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        health.metadata,
        "requires",
        lambda name: ["numpy", "no-such-lab>=1; extra == 'lab'", "no-such-tool; extra == 'dev'"],
    )
    for module in ("jupyter_client", "jupyter_client.kernelspec", "jupyter_core.paths"):
        monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setattr(show, "Console", lambda: Console(width=200))
    assert course("doctor") == 0
    shown = capsys.readouterr().out
    assert "1 of 1 as required" in shown
    assert "without no-such-lab" in shown
    assert '-m pip install -e ".[lab]"' in shown
    assert "no-such-tool" not in shown


def test_outside_the_course_folder_it_says_where_to_run(
    course: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("solutions/00_title.py").unlink()
    assert course("build") == 2
    assert "run this from the course's own folder" in capsys.readouterr().err


@pytest.mark.slow
def test_run_ends_with_the_reports_path_and_status_1_if_a_lesson_failed(
    course: Course,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    smoke = profiles.LESSONS["00"]["smoke"]
    assert course("run", "--profile", "smoke", "--edition", "student", "00") == 0
    said = capsys.readouterr().out
    assert "✓ passed 00 A title" in said
    report = tmp_path / "build" / "run" / "smoke" / "student" / "index.html"
    assert said.endswith(f"Report: {report}\n")
    assert report.exists()
    stingy = replace(smoke, budget=replace(smoke.budget, memory_mb=1))
    monkeypatch.setitem(profiles.LESSONS, "00", {"smoke": stingy})
    assert course("run", "--profile", "smoke") == 1
    assert "over budget: peak memory" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "seconds"),
    [((), "default"), (("--cell-minutes", "1.5"), 90), (("--cell-minutes", "0"), None)],
)
def test_the_time_limit_of_a_cell_can_be_set(
    words: tuple[str, ...], seconds: object, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def run_lessons(*given: object, limits: Limits | None, **options: object) -> None:
        asked.append(limits.seconds if limits else "default")
        raise ValueError("that is all this test wants to know")

    monkeypatch.setattr(runner, "run_lessons", run_lessons)
    assert course("run", "--profile", "smoke", *words) == 2
    assert asked == [seconds]


def test_data_list_shows_which_sets_are_here(
    course: Course, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "sets" / "rain12").mkdir(parents=True)
    assert course("data", "list") == 0
    paragraphs = re.split(r"\n(?=\S)", capsys.readouterr().out)
    here = {text.split(":")[0]: "here:    no" not in text for text in paragraphs}
    assert list(here) == list(SETS)
    assert [name for name, there in here.items() if there] == ["rain12"]


def test_data_list_tells_layout_count_licence_and_citation_of_every_set(
    course: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    assert course("data", "list") == 0
    shown = capsys.readouterr().out
    for spec in SETS.values():
        assert f"  licence: {spec.licence}\n" in shown
        assert f"  cite:    {spec.citation}\n" in shown
        assert show.LAYOUTS[spec.layout] in shown
    assert "  holds:   100 to 200 pairs, in a subfolder of rainy" in shown
    assert "  holds:   12 pairs" in shown


def test_data_add_and_verify_tell_the_terms_and_verify_fails_on_a_bad_file(
    course: Course, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for side in ("rainy", "clean"):
        (tmp_path / "mine" / side).mkdir(parents=True)
        for k in range(12):
            Image.new("RGB", (9, 9)).save(tmp_path / "mine" / side / f"{k}.png")
    terms = "  holds:   12 pairs, in a subfolder of rainy and one of clean pictures\n  licence: "
    assert course("data", "add", "rain12", str(tmp_path / "mine")) == 0
    added = capsys.readouterr().out
    assert added.startswith(f"rain12 is {tmp_path / 'mine'}\n")
    assert terms in added
    assert "rain100l" not in added
    assert course("data", "verify", "rain12") == 0
    sound = capsys.readouterr().out
    assert "12 usable, a whole, sound copy\n" in sound
    assert terms in sound
    (tmp_path / "mine" / "clean" / "3.png").write_bytes(b"")
    assert course("data", "verify", "rain12") == 1
    shown = capsys.readouterr().out
    assert "clean/3.png is not a sound picture" in shown
    assert "BadFile" not in shown


@pytest.mark.parametrize("encoding", ["latin-1", "ascii"])
def test_a_terminal_that_lacks_a_character_ends_no_command(encoding: str, tmp_path: Path) -> None:
    folder = tmp_path / "pluie \N{HEAVY CHECK MARK}"
    for side in ("rainy", "clean"):
        (folder / side).mkdir(parents=True)
        Image.new("RGB", (9, 9)).save(folder / side / "1.png")
        # A file name that is no UTF-8 can't be printed anywhere.
        (folder / side / os.fsdecode(b"\xe9.png")).write_bytes(b"")
    environment = os.environ | {"PYTHONIOENCODING": encoding, "COURSE_DATA": str(tmp_path / "data")}
    shown = []
    for words in (["add", "rain12", str(folder)], ["list"], ["verify", "rain12"]):
        done = subprocess.run(
            [sys.executable, "-c", "from course_lib.cli import main; main()", "data", *words],
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == (words[0] == "verify"), done.stderr
        shown.append(done.stdout)
    assert all(r"pluie \u2714" in text for text in shown)
    assert r"\udce9.png is not a sound picture" in shown[2]


def test_data_credits_names_everybody(course: Course, capsys: pytest.CaptureFixture[str]) -> None:
    from course_lib.data.photos import PHOTOS

    assert course("data", "credits") == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in PHOTOS)
    assert "licence" in shown


def test_doctor_finds_this_machine_well(course: Course, capsys: pytest.CaptureFixture[str]) -> None:
    assert course("doctor") == 0
    shown = capsys.readouterr().out
    assert "✗" not in shown
    for what in ("Python", "packages", "device", "memory", "disk", "photographs", "lessons"):
        assert what in shown


def test_doctor_names_a_missing_package_and_the_mend(
    course: Course, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        health.metadata,
        "requires",
        lambda name: ["numpy", "torch>=99", "no-such-package>=1", "pytest; extra == 'dev'"],
    )
    monkeypatch.setattr(show, "Console", lambda: Console(width=200))
    assert course("doctor") == 1
    shown = capsys.readouterr().out
    assert "1 of 3 as required" in shown
    assert '-m pip install "no-such-package>=1"' in shown
    assert '-m pip install "torch>=99"' in shown


def test_doctor_finds_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert health.is_writable(tmp_path / "not" / "yet" / "there")
    assert not health.is_writable(file / "below")


def test_doctor_tells_the_versions(
    course: Course, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(show, "Console", lambda: Console(width=400))
    course("doctor")
    shown = capsys.readouterr().out
    for name, version in hardware.versions().items():
        if name != "python":
            assert f"{name} {version}" in shown


@pytest.mark.parametrize("raises", [False, True])
def test_doctor_never_tells_to_take_over_the_machines_temporary_folder(
    monkeypatch: pytest.MonkeyPatch, raises: bool
) -> None:
    def no_folder() -> str:
        raise FileNotFoundError("No usable temporary directory found")

    if raises:
        monkeypatch.setattr(health.tempfile, "gettempdir", no_folder)
    monkeypatch.setattr(health, "is_writable", lambda folder: False)
    mends = {finding.name: finding.mend for finding in health._folders()}
    assert mends["temporary folder"] == "set TMPDIR to a folder of yours"


RECORD = Record(
    exercise="00.1", kind="wrong", name="sum_of_squares", status="wrong",
    diagnosis="It sums.", expected="sums", ok=True, milliseconds=3, seed=7,
)  # fmt: skip
HUNT = Hunt(exercise="00.1", made=7, killed=5, justified=2, survivors=(), stale=())


@pytest.mark.parametrize(
    ("record", "hunt", "status", "told"),
    [
        (RECORD, HUNT, 0, "1 wrong answers, 0 valid ones: all judged rightly"),
        (RECORD, HUNT, 0, "7 mutants: 5 killed, 2 justified as equivalent, 0 surviving"),
        (replace(RECORD, ok=False), HUNT, 1, "1 not judged as they must be"),
        (
            RECORD,
            replace(HUNT, survivors=(Mutant(label="line 1: a → b", line="f(b)", answer=None),)),
            1,
            "✗ 00.1 survives: line 1: a → b\n    f(b)\n",
        ),
        (RECORD, replace(HUNT, stale=("line 1: a → b",)), 1, "is called: line 1: a → b"),
        (RECORD, None, 0, "1 wrong answers, 0 valid ones: all judged rightly\n"),
    ],
)
def test_zoo_tells_what_it_found_and_fails_if_a_check_errs(
    course: Course, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
    record: Record, hunt: Hunt | None, status: int, told: str,
) -> None:  # fmt: skip
    toured = zoo.Zoo(records=(record,), hunts=(hunt,) if hunt else ())
    asked: list[dict[str, object]] = []
    monkeypatch.setattr(
        zoo, "run_zoo", lambda ids, **how: asked.append({"ids": ids, **how}) or toured
    )
    monkeypatch.setenv("COLUMNS", "120")
    assert course("check-zoo", "01.3", "--seed", "3", "--jobs", "1") == status
    assert asked == [{"ids": ["01.3"], "seed": 3, "mutants": True, "jobs": 1}]
    assert told in capsys.readouterr().out


class Log(io.StringIO):
    """A log that says when a text has come."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text, self.came = text, threading.Event()

    def write(self, text: str) -> int:
        count = super().write(text)
        if self.text in self.getvalue():
            self.came.set()
        return count


def test_a_log_gets_whole_lines_and_no_control_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(show, "QUIET_SECONDS", 0.01)
    log = Log("01 cell 1 of 4, ")
    lessons = [SimpleNamespace(number=n, title=f"Title {n}") for n in ("00", "01")]
    with show.RunWatcher(Console(file=log, highlight=False, width=100)) as watcher:
        watcher.lesson_starts(lessons[0], 3, 90.0)  # type: ignore[arg-type]
        watcher.lesson_starts(lessons[1], 4, 60.0)  # type: ignore[arg-type]
        watcher.cell_starts(lessons[0], 2)  # type: ignore[arg-type]
        watcher.cell_starts(lessons[1], 1)  # type: ignore[arg-type]
        assert log.came.wait(60)
        run = SimpleNamespace(
            passed=False, lesson="00", title="Title 00", seconds=61.0, problems=["it [broke]"],
            resumed=True,
        )  # fmt: skip
        watcher.lesson_ends(run)  # type: ignore[arg-type]
        lines = log.getvalue().splitlines()
    assert lines[:2] == ["00 Title 00: 3 cells, about 1:30", "01 Title 01: 4 cells, about 1:00"]
    assert re.search(r"^00 cell 2 of 3, 0:\d\d of about 1:30$", log.getvalue(), re.MULTILINE)
    assert re.search(r"^01 cell 1 of 4, 0:\d\d of about 1:00$", log.getvalue(), re.MULTILINE)
    ended = lines.index("✗ failed 00 Title 00, 1 min 1 s")
    assert lines[ended + 1 : ended + 3] == [
        "    resumed an interrupted run: its steps and CPU time aren't checked",
        "    it [broke]",
    ]
    assert "\x1b" not in log.getvalue()
