from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal

import nbformat
import papermill
import psutil
import pytest
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook, new_output
from papermill.exceptions import PapermillExecutionError

from course_lib import profiles
from course_lib.authoring import execute, page, runner
from course_lib.authoring.execute import Limits, cell_seconds
from course_lib.authoring.report import write_report
from course_lib.authoring.rules import Lesson
from course_lib.authoring.runner import LessonRun
from course_lib.authoring.source import read_all
from course_lib.data.registry import data_folder
from course_lib.profiles import Budget, Profile
from course_lib.records import read_record, write_record
from course_lib.results import MIMETYPE, Collected, Started
from course_lib.usage import Usage

BUDGET = Budget(steps=40, cpu_seconds=60, memory_mb=4000)
SMOKE = Profile(
    name="smoke", image_size=8, batch_size=1, steps=40,
    base_channels=1, log_every=1, workers=0, budget=BUDGET,
)  # fmt: skip

EXERCISE = (
    '# %% exercise="00.1"\nfrom course_lib.fake import double\n\n# %%\nex = exercise("00.1")\n'
)
TO_PLAIN = (
    ("from course_lib.exercises import exercise\n", ""),
    (EXERCISE + "ex.check(double)\ndouble = ex.use(double)\n", "# %%\ndouble = len\n"),
    ("double(np.ones(2))", "1 + 1"),
)
GOOD = """
from pathlib import Path
from IPython.display import display
from course_lib.results import Measured, bundle
from course_lib.usage import count_steps

count_steps(30)
Path("here.txt").write_text("written into the working folder")
display(bundle([Measured(name="PSNR", value=27.5, unit="dB")]), raw=True)
"""
BAD = """
from IPython.display import HTML, display
from course_lib.usage import count_steps

count_steps(41)
display(HTML('<img src="data:image/png;base64,AAAA">'))
"""


class Watcher:
    def __init__(self) -> None:
        self.told: list[object] = []

    def lesson_starts(self, lesson: Lesson, cells: int, expected_seconds: float) -> None:
        self.told.append((lesson.number, cells, expected_seconds))

    def cell_starts(self, lesson: Lesson, number: int) -> None:
        self.told.append(number)

    def lesson_ends(self, run: LessonRun) -> None:
        self.told.append(run.passed)


@pytest.fixture
def write_plain(
    write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> Callable[[str, str], Path]:
    """write_plain(number, code): a lesson without exercises whose last cell is that code."""

    def write_plain(number: str, code: str) -> Path:
        monkeypatch.setitem(profiles.LESSONS, number, {"smoke": SMOKE})
        return write(*TO_PLAIN, ("1 + 1", code), ("00", number), name=f"{number}_plain.py")

    return write_plain


@pytest.mark.slow
def test_a_good_a_failing_and_a_costly_lesson_run_side_by_side(
    write_plain: Callable[[str, str], Path], tmp_path: Path
) -> None:
    write_plain("00", 'raise KeyError("first")')
    write_plain("01", BAD)
    lessons = read_all(write_plain("02", GOOD).parent)
    folder = runner.run_folder(tmp_path / "build", "smoke", "instructor")
    watcher = Watcher()
    failing, costly, good = runner.run_lessons(
        lessons, profile="smoke", edition="instructor", folder=folder, watcher=watcher
    )

    assert not failing.passed
    assert "code cell 5 (" in failing.problems[0]
    assert "stopped with KeyError: 'first'" in failing.problems[0]
    assert failing.used is None
    page = (folder / "00_plain.html").read_text()
    assert "This run failed" in page
    assert "Traceback" in page

    assert len(costly.problems) == 2
    over, alt = costly.problems
    assert over == "over budget: training steps 41, allowed 40 at profile smoke"
    assert "figure without alternative text" in alt

    assert good.passed, good.problems
    assert good.used is not None
    assert good.used.steps == 30
    assert good.used.cpu_seconds > 0
    assert [row.name for row in good.measured] == ["PSNR"]
    assert (folder / "here.txt").exists()
    executed = nbformat.read(folder / "02_plain.ipynb", as_version=4)
    assert any(cell.get("execution_count") for cell in executed.cells)
    assert watcher.told[0] == ("00", 6, 30.0)
    assert watcher.told[-7:] == [1, 2, 3, 4, 5, 6, True]

    assert runner.load_runs(folder, lessons) == [failing, costly, good]
    (again,) = runner.run_lessons(
        lessons[2:], profile="smoke", edition="instructor", folder=folder, watcher=watcher
    )
    assert again.passed
    assert ("02", 6, good.seconds) in watcher.told  # expected: as long as the last time


@pytest.mark.slow
def test_a_dead_kernel_is_told_and_does_not_hang(
    write_plain: Callable[[str, str], Path], tmp_path: Path
) -> None:
    path = write_plain("00", "import os\nos._exit(1)")
    (run,) = runner.run_lessons(
        read_all(path.parent),
        profile="smoke",
        edition="student",
        folder=tmp_path / "run",
        watcher=Watcher(),
    )
    assert run.problems == ("the kernel died in code cell 5; did it run out of memory?",)
    executed = nbformat.read(tmp_path / "run" / "00_plain.ipynb", as_version=4)
    assert [bool(cell.get("outputs")) for cell in executed.cells].count(True) == 1  # its set-up


def kernel(pid_file: Path, course: subprocess.Popen[str]) -> psutil.Process:
    """The kernel that wrote its number there, once it has."""
    while not (pid_file.exists() and pid_file.read_text()):
        assert course.poll() is None, course.communicate()
        time.sleep(0.1)
    return psutil.Process(int(pid_file.read_text()))


def run_limited(path: Path, folder: Path, **limits: int) -> LessonRun:
    """The only lesson beside ``path``, whose cells are limited so."""
    (done,) = runner.run_lessons(
        read_all(path.parent),
        profile="smoke",
        edition="student",
        folder=folder,
        watcher=Watcher(),
        limits=Limits(**{"seconds": 120, **limits}),
    )
    return done


OBEYS = "import time\ntime.sleep(600)"
GOES_ON = """
while True:
    try:
        time.sleep(600)
    except KeyboardInterrupt:
        print("goes on")
"""
SWALLOWS = """
try:
    time.sleep(600)
except KeyboardInterrupt:
    print("as if nothing had happened")
"""


@pytest.mark.slow
@pytest.mark.parametrize("code", [OBEYS, GOES_ON, SWALLOWS], ids=["obeys", "goes on", "swallows"])
def test_a_cell_that_runs_too_long_is_stopped_and_named(
    code: str,
    write_plain: Callable[[str, str], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(execute, "GRACE_SECONDS", 2)
    pid = tmp_path / "pid"
    begin = f"import os, time\nopen({str(pid)!r}, 'w').write(str(os.getpid()))\n"
    run = run_limited(write_plain("00", begin + code), tmp_path / "run", seconds=15)
    assert run.problems == (
        "code cell 5 ('import os, time') ran longer than 15 s, the limit of a cell, and was "
        "stopped; if it needs more, allow it with --cell-minutes",
    )
    assert run.used is None
    assert not psutil.pid_exists(int(pid.read_text()))


PRINTS_MUCH = """
import sys
print("the first line")
for k in range(20):
    print("x" * 10**7)  # 200 MB in all
print("y" * 10**7, file=sys.stderr)
print("the last line")
"""
PRINTS_OFTEN = """
print("the first line")
for k in range(2 * 10**6):
    print(k)
print("the last line")
"""


@pytest.mark.slow
@pytest.mark.parametrize("code", [PRINTS_MUCH, PRINTS_OFTEN], ids=["long lines", "many lines"])
def test_of_a_cell_that_prints_much_the_first_and_the_last_are_kept(
    code: str, write_plain: Callable[[str, str], Path], tmp_path: Path
) -> None:
    run = run_limited(write_plain("00", code), tmp_path / "run", text=10_000)
    assert run.passed, run.problems
    page = (tmp_path / "run" / "00_plain.html").read_text()
    assert "the first line" in page
    assert "the last line" in page
    assert re.search(r"\[… [\d,]{9,} characters dropped here", page)
    assert len(page) < 10**6
    assert (tmp_path / "run" / "00_plain.ipynb").stat().st_size < 10**5
    assert run.used
    assert run.used.memory_mb < 1000


SHOWS_MUCH = """
from IPython.display import HTML, clear_output, display
for k in range(30):
    display(HTML(f"<p>figure {k}</p>" + "<!-- -->" * 12_500))  # 100 kB each
    clear_output()
for k in range(30):
    display(HTML(f"<p>output {k}</p>" + "<!-- -->" * 12_500))
handle = display("small", display_id=True)
handle.update(HTML("<!-- -->" * 10**6))
"z" * 10**7
"""


@pytest.mark.slow
def test_outputs_beyond_the_limit_are_left_out_and_counted(
    write_plain: Callable[[str, str], Path], tmp_path: Path
) -> None:
    run = run_limited(write_plain("00", SHOWS_MUCH), tmp_path / "run", output=10**6)
    assert run.passed, run.problems
    page = (tmp_path / "run" / "00_plain.html").read_text()
    assert [f"<p>output {k}</p>" in page for k in range(30)] == [True] * 9 + [False] * 21
    assert "<p>figure" not in page
    assert "[… 23 outputs of 20.1 MB left out: a cell may show 1.0 MB …]" in page
    assert len(page) < 2 * 10**6


@pytest.mark.slow
def test_a_huge_error_makes_no_huge_page(
    write_plain: Callable[[str, str], Path], tmp_path: Path
) -> None:
    path = write_plain("00", 'raise ValueError("begins " + "x" * 10**7 + " ends")')
    run = run_limited(path, tmp_path / "run", text=10_000)
    (problem,) = run.problems
    assert "stopped with ValueError: begins x" in problem
    assert len(problem) <= 1000
    page = (tmp_path / "run" / "00_plain.html").read_text()
    assert "characters dropped here" in page
    assert len(page) < 10**6


@pytest.mark.slow
def test_outputs_below_the_limits_are_untouched(
    write_plain: Callable[[str, str], Path], tmp_path: Path
) -> None:
    code = 'import sys\nprint("out", flush=True)\nprint("err", file=sys.stderr)\n'
    path = write_plain("00", code + 'print("x" * 9000)\n"value"')
    run = run_limited(path, tmp_path / "run", text=20_000)
    assert run.passed, run.problems
    executed = nbformat.read(tmp_path / "run" / "00_plain.ipynb", as_version=4)
    outputs = executed.cells[-2].outputs
    printed = {"stdout": "", "stderr": ""}
    for output in outputs[:-1]:
        printed[output.name] += output.text
    assert printed == {"stdout": f"out\n{'x' * 9000}\n", "stderr": "err\n"}
    assert outputs[-1].data["text/plain"] == "'value'"
    assert executed.cells[-2].execution_count == 5


def test_a_cell_may_run_ten_times_as_long_as_the_lesson_is_expected_to() -> None:
    assert cell_seconds(SMOKE, gpu=False) == 600
    slow = replace(SMOKE, budget=replace(BUDGET, cpu_seconds=400))
    assert cell_seconds(slow, gpu=False) == 10 * 200
    on_cpu = profiles.LESSONS["01"]["gpu"]
    assert cell_seconds(on_cpu, gpu=False) == 10 * 11 * 3600
    assert cell_seconds(on_cpu, gpu=True) == 10 * 6000  # not measured yet
    for lesson in profiles.LESSONS.values():
        assert all(cell_seconds(one, gpu=False) >= 600 for one in lesson.values())


@pytest.mark.slow
@pytest.mark.parametrize("numbers", [("00",), ("00", "01")], ids=["one", "two side by side"])
def test_interrupt_ends_the_kernels_too(
    write_plain: Callable[[str, str], Path], tmp_path: Path, numbers: tuple[str, ...]
) -> None:
    for number in numbers:
        pid_file = tmp_path / f"pid {number}"
        say = f"open({str(pid_file)!r}, 'w').write(str(os.getpid()))"
        write_plain(number, f"import os, time\n{say}\ntime.sleep(99)")
    shutil.copy(Path(__file__).parents[2] / "pyproject.toml", tmp_path)
    script = (
        # A shell that starts the tests in the background has them ignore interrupts.
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from course_lib.cli import main\n"
        "import sys; sys.argv = ['course', 'run', '--profile', 'smoke', '--jobs', '2']\n"
        "main()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as course:
        try:
            kernels = [kernel(tmp_path / f"pid {number}", course) for number in numbers]
            os.kill(course.pid, signal.SIGINT)
            _, errors = course.communicate(timeout=60)
        finally:
            course.kill()
    assert course.returncode == 130
    assert errors.strip() == "course: interrupted; the lesson's kernel has ended"
    assert not any(one.is_running() for one in kernels)


def write_run(notebook: NotebookNode, path: str, outputs: list[dict[str, object]]) -> None:
    """As if a kernel had run it, and its first code cell had shown these records."""
    executed = nbformat.from_dict(notebook)
    first = next(cell for cell in executed.cells if cell.cell_type == "code")
    first.outputs = [new_output("display_data", data={MIMETYPE: payload}) for payload in outputs]
    nbformat.write(executed, path)


Execute = Callable[[NotebookNode, str], None]
BEGUN = {
    "started": {
        "lesson": "00", "profile": "smoke", "seed": 0, "device": "CPU", "python": sys.prefix,
    }
}  # fmt: skip


def kernel_does_not_start(notebook: NotebookNode, path: str) -> None:
    raise RuntimeError("Kernel didn't respond\nin 60 seconds")


def disk_is_full(notebook: NotebookNode, path: str) -> None:
    raise OSError(28, "No space left on device")


def measures_nan(notebook: NotebookNode, path: str) -> None:
    row = {"name": "PSNR", "value": float("nan")}
    write_run(notebook, path, [BEGUN, {"measured": [row]}])


def leaves_foreign_records(notebook: NotebookNode, path: str) -> None:
    write_run(
        notebook, path, [{"used": {"steps": "many", "cpu_seconds": 1, "memory_mb": 1}}, BEGUN]
    )


def leaves_no_notebook_that_can_be_read(notebook: NotebookNode, path: str) -> None:
    Path(path).write_text("<<<<<<< HEAD")


@pytest.mark.parametrize(
    ("execute", "problem"),
    [
        (kernel_does_not_start, "never started: RuntimeError: Kernel didn't respond in 60 seconds"),
        (disk_is_full, "never started: OSError: [Errno 28] No space left"),
        (measures_nan, "its records can't be read: ValueError: value of 'PSNR' is nan"),
        (leaves_foreign_records, "its records can't be read: TypeError"),
        (leaves_no_notebook_that_can_be_read, "its records can't be read: NotJSONError"),
    ],
)
def test_whatever_breaks_in_one_lesson_is_its_problem_and_the_others_run(
    write_plain: Callable[[str, str], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    execute: Execute,
    problem: str,
) -> None:
    def execute_notebook(notebook: NotebookNode, path: str, **options: object) -> None:
        if Path(path).name.startswith("00"):
            execute(notebook, path)
        else:
            write_run(notebook, path, [BEGUN])

    write_plain("00", "1")
    lessons = read_all(write_plain("01", "1").parent)
    for kind in ("ipynb", "html", "json"):
        (tmp_path / f"00_plain.{kind}").write_text("of an earlier run")
    monkeypatch.setattr(papermill, "execute_notebook", execute_notebook)
    watcher = Watcher()
    broken, good = runner.run_lessons(
        lessons, profile="smoke", edition="instructor", folder=tmp_path, watcher=watcher
    )
    (told,) = broken.problems
    assert problem in told
    assert "\n" not in told
    assert good.passed, good.problems
    assert runner.load_runs(tmp_path, lessons) == [broken, good]
    assert watcher.told[-1] is True
    assert "This run failed" in (tmp_path / "00_plain.html").read_text()
    write_report([broken, good], tmp_path)


def test_a_page_or_record_that_cannot_be_made_is_the_lessons_problem(
    write_plain: Callable[[str, str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def render(*given: object) -> tuple[str, list[str]]:
        (tmp_path / "00_plain.json").mkdir()
        raise ValueError("no page")

    lessons = read_all(write_plain("00", "1").parent)
    monkeypatch.setattr(
        papermill, "execute_notebook", lambda nb, path, **options: write_run(nb, path, [BEGUN])
    )
    monkeypatch.setattr(page, "render", render)
    (run,) = runner.run_lessons(
        lessons, profile="smoke", edition="instructor", folder=tmp_path, watcher=Watcher()
    )
    no_page, no_record = run.problems
    assert no_page == "its page can't be made: ValueError: no page"
    assert no_record.startswith("its record can't be written: IsADirectoryError")


def test_kernels_find_the_data_that_a_relative_path_names(
    write_plain: Callable[[str, str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lessons = read_all(write_plain("00", "1").parent)
    seen = []
    monkeypatch.setattr(
        papermill, "execute_notebook", lambda *given, **options: seen.append(data_folder())
    )
    monkeypatch.setenv("COURSE_DATA", "sets")
    monkeypatch.chdir(tmp_path)
    runner.run_lessons(
        lessons, profile="smoke", edition="student", folder=tmp_path / "run", watcher=Watcher()
    )
    assert seen == [tmp_path / "sets"]


def test_pretrained_weights_are_asked_for_where_a_lesson_has_the_switch(
    write_plain: Callable[[str, str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = write_plain("00", "1")
    switch = plain.read_text().replace('profile = "auto"', 'profile = "auto"\npretrained = False')
    assert "pretrained" in switch
    write_plain("01", "1").write_text(switch.replace("00", "01"))
    lessons = read_all(plain.parent)
    for number in ("00", "01"):
        monkeypatch.setitem(profiles.LESSONS, number, {"smoke": SMOKE, "cpu": SMOKE})
    asked: list[dict[str, object]] = []
    monkeypatch.setattr(
        papermill, "execute_notebook", lambda *given, parameters, **_: asked.append(parameters)
    )

    def run(profile: str, *, pretrained: bool) -> None:
        folder = runner.run_folder(tmp_path, profile, "student", pretrained=pretrained)
        runner.run_lessons(
            lessons,
            profile=profile,
            edition="student",
            folder=folder,
            watcher=Watcher(),
            pretrained=pretrained,
        )

    run("cpu", pretrained=True)
    run("cpu", pretrained=False)
    assert asked == [
        {"profile": "cpu"},
        {"profile": "cpu", "pretrained": True},
        {"profile": "cpu"},
        {"profile": "cpu"},
    ]
    with pytest.raises(ValueError, match="this lesson runs at profile smoke"):
        run("smoke", pretrained=True)


def judged(*, started: Started | None = None, used: Usage | None = None) -> list[str]:
    collected = Collected(started=started, measured=(), used=used)
    return runner.judge(collected, "smoke", BUDGET, finished=True)


def started(profile: str = "smoke", python: str = sys.prefix) -> Started:
    return Started(lesson="00", profile=profile, seed=0, device="CPU", python=python)


def test_a_run_at_another_profile_than_asked_for_fails() -> None:
    assert judged(started=started()) == []
    (problem,) = judged(started=started(profile="cpu"))
    assert "asked for profile smoke, the lesson ran at cpu" in problem


def test_a_run_without_its_record_fails() -> None:
    (problem,) = judged()
    assert "the set-up cell left no record" in problem


def test_a_run_in_another_python_fails() -> None:
    (problem,) = judged(started=started(python="/elsewhere"))
    assert "the kernel python3 belongs to /elsewhere" in problem


@pytest.mark.parametrize(
    ("used", "problem"),
    [
        ({"steps": 41}, "training steps 41, allowed 40"),
        ({"cpu_seconds": 61.0}, "CPU time 61 s, allowed 60 s"),
        ({"memory_mb": 4001.0}, "peak memory 4001 MB, allowed 4000 MB"),
    ],
)
def test_each_budget_gates_and_is_inclusive(used: dict[str, float], problem: str) -> None:
    limits: dict[str, float] = {"steps": 40, "cpu_seconds": 60.0, "memory_mb": 4000.0}
    assert judged(started=started(), used=Usage(**limits)) == []  # type: ignore[arg-type]
    (found,) = judged(started=started(), used=Usage(**(limits | used)))  # type: ignore[arg-type]
    assert problem in found


@pytest.mark.parametrize(
    ("edition", "verdict", "problems"),
    [
        ("instructor", "✓ Passed: exercise 00.1, double", 0),
        ("instructor", "✗ Not right yet: exercise 00.1, double\nIt adds 1.", 1),
        ("instructor", "≡ The library's own: exercise 00.1, double", 1),
        ("instructor", None, 1),
        ("student", "○ Not attempted: exercise 00.1, double", 0),
        ("student", "✓ Passed: exercise 00.1, double", 1),
    ],
)
def test_checks_must_pass_answers_and_recognise_stubs(
    edition: Literal["student", "instructor"], verdict: str | None, problems: int
) -> None:
    outputs = [new_output("display_data", data={"text/plain": verdict})] if verdict else []
    cells = [
        new_code_cell("double", id="exercise-00-1"),
        new_code_cell("ex.check(double)", id="exercise-00-1-check", outputs=outputs),
    ]
    found = runner.unexpected_verdicts(new_notebook(cells=cells), edition)
    assert len(found) == problems
    assert all("exercise-00-1-check should say" in problem for problem in found)


def test_an_unknown_lesson_is_refused(write_plain: Callable[[str, str], Path]) -> None:
    lessons = read_all(write_plain("00", "1").parent)
    assert runner.select(lessons, []) == lessons
    with pytest.raises(ValueError, match="no lesson '07': there are 00"):
        runner.select(lessons, ["07"])


def test_a_record_of_another_version_counts_as_none(
    write_plain: Callable[[str, str], Path], tmp_path: Path
) -> None:
    lessons = read_all(write_plain("00", "1").parent)
    (tmp_path / "00_plain.json").write_text('{"lesson": "00"}')
    assert runner.load_runs(tmp_path, lessons) == []


RESUMABLE = """
import os
from pathlib import Path

mark = Path(os.environ["COURSE_RUNS"]) / "checkpoint"
Path("said.txt").write_text("goes on" if mark.exists() else "begins anew")
mark.parent.mkdir(parents=True, exist_ok=True)
mark.touch()
"""


@pytest.mark.slow
def test_a_lesson_whose_kernel_died_goes_on_and_one_that_ended_begins_anew(
    write_plain: Callable[[str, str], Path], tmp_path: Path
) -> None:
    folder = runner.run_folder(tmp_path / "build", "smoke", "instructor")

    def run(code: str) -> tuple[str, bool]:
        lessons = read_all(write_plain("00", code).parent)
        (done,) = runner.run_lessons(
            lessons, profile="smoke", edition="instructor", folder=folder, watcher=Watcher()
        )
        return (folder / "said.txt").read_text(), done.resumed

    assert run(RESUMABLE + "os._exit(1)") == ("begins anew", False)
    assert run(RESUMABLE) == ("goes on", True)
    assert run(RESUMABLE) == ("begins anew", False)


USED = {"used": {"steps": 1, "cpu_seconds": 1.0, "memory_mb": 1.0}}


def ends(notebook: NotebookNode, path: str) -> None:
    write_run(notebook, path, [BEGUN, USED])


def breaks_its_budgets(notebook: NotebookNode, path: str) -> None:
    write_run(
        notebook, path, [BEGUN, {"used": {"steps": 41, "cpu_seconds": 61, "memory_mb": 4001}}]
    )


def dies(notebook: NotebookNode, path: str) -> None:
    write_run(notebook, path, [BEGUN])
    raise DeadKernelError


def raises(notebook: NotebookNode, path: str) -> None:
    write_run(notebook, path, [BEGUN])
    raise PapermillExecutionError(0, 1, "train()", "OSError", "No space left on device", [])


def is_interrupted(notebook: NotebookNode, path: str) -> None:
    raise KeyboardInterrupt


Run = Callable[[Execute], LessonRun | None]


@pytest.fixture
def watcher() -> Watcher:
    return Watcher()


@pytest.fixture
def run(
    write_plain: Callable[[str, str], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    watcher: Watcher,
) -> Run:
    """run(ends): a lesson that trains, then ends so; where it goes on, it finds a checkpoint."""
    lessons = read_all(write_plain("00", "1").parent)

    def run(execute: Execute) -> LessonRun | None:
        found = []

        def execute_notebook(notebook: NotebookNode, path: str, **options: object) -> None:
            checkpoint = Path(os.environ["COURSE_RUNS"]) / "gan" / "last.safetensors"
            found.append(checkpoint.exists())
            checkpoint.parent.mkdir(parents=True, exist_ok=True)
            checkpoint.touch()
            execute(notebook, path)

        monkeypatch.setattr(papermill, "execute_notebook", execute_notebook)
        try:
            (done,) = runner.run_lessons(
                lessons,
                profile="smoke",
                edition="instructor",
                folder=tmp_path / "run",
                watcher=watcher,
            )
        except KeyboardInterrupt:
            return None
        assert found == [done.resumed]
        assert runner.load_runs(tmp_path / "run", lessons) == [done]
        return done

    return run


@pytest.mark.parametrize("cut", [dies, raises, is_interrupted])
def test_only_a_run_that_reached_its_end_begins_anew(run: Run, cut: Execute) -> None:
    run(ends)
    run(cut)
    again = run(ends)
    assert again
    assert again.resumed
    assert again.passed, again.problems
    for end in (breaks_its_budgets, ends):
        anew = run(end)
        assert anew
        assert not anew.resumed


def test_a_run_that_went_on_is_judged_by_its_memory_only(run: Run) -> None:
    run(dies)
    again = run(breaks_its_budgets)
    assert again
    assert again.problems == ("over budget: peak memory 4001 MB, allowed 4000 MB at profile smoke",)
    anew = run(breaks_its_budgets)
    assert anew
    assert len(anew.problems) == 3


def test_a_run_that_went_on_does_not_tell_how_long_a_whole_one_takes(
    run: Run, watcher: Watcher
) -> None:
    run(dies)
    run(ends)
    whole = run(ends)
    run(ends)
    assert whole
    expected = [told[2] for told in watcher.told if isinstance(told, tuple)]
    as_budgeted = BUDGET.cpu_seconds / profiles.HEADROOM
    assert expected == [as_budgeted, as_budgeted, as_budgeted, whole.seconds]


def test_a_run_that_went_on_and_fails_tells_how_to_begin_anew(run: Run, tmp_path: Path) -> None:
    kept = tmp_path / "run" / "runs" / "00_plain"
    begin_anew = f"it went on from {kept}: delete that folder to begin anew"
    failed, again = run(raises), run(raises)
    assert failed
    assert begin_anew not in failed.problems[0]
    assert again
    assert begin_anew in again.problems[0]


def truncate(record: Path) -> None:
    record.write_bytes(record.read_bytes()[: record.stat().st_size // 2])


def empty(record: Path) -> None:
    record.write_bytes(b"")


def flip_a_digit(record: Path) -> None:
    content = record.read_text()
    assert '"steps": 1,' in content
    record.write_text(content.replace('"steps": 1,', '"steps": 3,'))


def take_the_end_away(record: Path) -> None:
    content = json.loads(record.read_text())
    content["used"] = None
    record.write_text(json.dumps(content))


def write_as_an_earlier_version(record: Path) -> None:
    content = json.loads(record.read_text())
    del content["sha256"]
    record.write_text(json.dumps(content))


def write_as_a_later_version(record: Path) -> None:
    write_record(record, {**read_record(record), "new": 1})


def write_no_utf8(record: Path) -> None:
    record.write_bytes(b"\xff" + record.read_bytes())


def write_a_list(record: Path) -> None:
    record.write_text("[]")


def write_deep_json(record: Path) -> None:
    record.write_text("[" * 10**5)


def write_much(record: Path) -> None:
    record.write_bytes(record.read_bytes() + b" " * 10**7)


def replace_by_a_pipe(record: Path) -> None:
    record.unlink()
    os.mkfifo(record)


@pytest.mark.parametrize(
    "damage",
    [truncate, empty, flip_a_digit, take_the_end_away, write_as_an_earlier_version,
     write_as_a_later_version, write_no_utf8, write_a_list, write_deep_json, write_much,
     replace_by_a_pipe, Path.unlink],
)  # fmt: skip
def test_a_damaged_record_is_named_and_no_training_is_deleted_for_it(
    run: Run, damage: Callable[[Path], None], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run(ends)
    record = tmp_path / "run" / "00_plain.json"
    damage(record)
    again = run(ends)
    assert again
    assert again.resumed
    if damage is not Path.unlink:
        (line,) = {one.getMessage() for one in caplog.records}
        assert f"{record} is damaged, or of another version" in line
        assert "what the lesson has trained is kept" in line
    anew = run(ends)
    assert anew
    assert not anew.resumed


def test_no_flipped_bit_of_a_record_deletes_training_or_passes_for_another_result(
    run: Run, tmp_path: Path
) -> None:
    kept = run(ends)
    record = tmp_path / "run" / "00_plain.json"
    whole = record.read_bytes()
    (lesson,) = read_all(tmp_path / "solutions")
    rng = random.Random(0)
    for _ in range(400):
        damaged = bytearray(whole)
        damaged[rng.randrange(len(whole))] ^= 1 << rng.randrange(8)
        record.write_bytes(damaged)
        assert runner.load_runs(tmp_path / "run", [lesson]) in ([], [kept])  # spaces may change


def test_a_record_that_cannot_be_written_leaves_no_half_of_one(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def disk_is_full(_: int) -> None:
        raise OSError(28, "No space left on device")

    def ends_on_a_full_disk(notebook: NotebookNode, path: str) -> None:
        ends(notebook, path)
        monkeypatch.setattr(os, "fsync", disk_is_full)

    with pytest.raises(AssertionError):  # of the fixture: it finds no record
        run(ends_on_a_full_disk)
    monkeypatch.undo()
    assert not (tmp_path / "run" / "00_plain.json").exists()


@pytest.mark.parametrize("end", [ends, raises, is_interrupted])
@pytest.mark.parametrize("chosen", ["/somewhere", None])
def test_the_users_own_folder_of_runs_is_theirs_again(
    run: Run, monkeypatch: pytest.MonkeyPatch, end: Execute, chosen: str | None
) -> None:
    monkeypatch.setenv("COURSE_RUNS", chosen or "")
    if chosen is None:
        monkeypatch.delenv("COURSE_RUNS")
    run(end)
    assert os.environ.get("COURSE_RUNS") == chosen


def test_without_papermill_no_lesson_begins(monkeypatch, tmp_path):
    monkeypatch.setattr(runner.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match="papermill") as caught:
        runner.run_lessons(
            [],
            profile="smoke",
            edition="student",
            folder=tmp_path / "run",
            watcher=None,
            published=None,
            jobs=2,
        )
    assert caught.value.name == "papermill"
    assert not (tmp_path / "run").exists()
