"""Runs lessons from end to end and judges each: errors, profile, budget, accessibility."""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import os
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import nbformat
from nbformat import NotebookNode

from course_lib import profiles, results
from course_lib.authoring import builder, page, record
from course_lib.authoring.builder import Edition
from course_lib.authoring.execute import Limits, cell_seconds, execute, in_a_line
from course_lib.authoring.record import LessonRun
from course_lib.authoring.release import Release
from course_lib.authoring.rules import Lesson
from course_lib.authoring.side_by_side import run_side_by_side
from course_lib.data.registry import data_folder
from course_lib.files import write_whole
from course_lib.profiles import Budget

FOOTER = "footer"


class LessonWatcher(Protocol):
    """Is told how a run goes on."""

    def lesson_starts(self, lesson: Lesson, cells: int, expected_seconds: float) -> None:
        """A lesson with so many code cells starts."""

    def cell_starts(self, lesson: Lesson, number: int) -> None:
        """The lesson's ``number``-th code cell starts."""

    def lesson_ends(self, run: LessonRun) -> None:
        """The lesson has ended."""


def select(lessons: Sequence[Lesson], numbers: Sequence[str]) -> list[Lesson]:
    """The lessons with these numbers; all of them when there are none.

    Raises:
        ValueError: no such lesson.
    """
    known = {lesson.number: lesson for lesson in lessons}
    for number in numbers:
        if number not in known:
            raise ValueError(f"no lesson {number!r}: there are {', '.join(sorted(known))}")
    return [known[number] for number in sorted(set(numbers) or known)]


def run_folder(build: Path, profile: str, edition: Edition, *, pretrained: bool = False) -> Path:
    """Where runs at a profile leave what they make."""
    folder = build / "run" / profile
    if edition != "instructor":
        folder /= edition
    return folder / "pretrained" if pretrained else folder


def run_lessons(
    lessons: Sequence[Lesson],
    *,
    profile: str,
    edition: Edition,
    folder: Path,
    watcher: LessonWatcher,
    published: Release | None = None,
    pretrained: bool = False,
    limits: Limits | None = None,
    jobs: int = 1,
) -> list[LessonRun]:
    """Run lessons, each in its own fresh kernel; none hides another.

    Whatever goes wrong with one lesson becomes a line of its problems. A lesson trains anew, and
    what it had trained is deleted, only if the record of its last run says that it reached its
    end. Otherwise, because that run was cut, a cell failed, or the record is missing or damaged,
    the lesson goes on from what it had trained.

    Args:
        lessons: to run, in this order.
        profile: one of `profiles.NAMES`.
        edition: the student's runs unattempted.
        folder: `run_folder`; the kernels' working folder. Each lesson leaves its executed
            notebook there, that notebook as a page, and a record of the run.
        watcher: is told how it goes.
        published: the release that the student edition is of.
        pretrained: load pretrained weights in the lessons that have some.
        limits: of each cell; those of the profile if None.
        jobs: how many lessons run at the same time, ≥ 1.

    Raises:
        ValueError: a lesson has no such profile, or the profile no pretrained weights.
        KeyboardInterrupt: the user stopped it; by then the kernels have ended.
        ModuleNotFoundError: papermill isn't installed.
    """
    if importlib.util.find_spec("papermill") is None:  # told here, not by a lesson's own process
        raise ModuleNotFoundError("No module named 'papermill'", name="papermill")
    if jobs < 1:
        raise ValueError(f"{jobs} jobs; at least 1 lesson has to run at a time")
    for lesson in lessons:
        profiles.pick(lesson.number, profile)
    if pretrained:
        from course_lib.results.weights import require_profile  # seconds of imports

        require_profile(profile)
    folder.mkdir(parents=True, exist_ok=True)
    # The kernel must be this environment's, even where the user has another of that name.
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"
    # The kernels work in another folder, from which a relative path would lead elsewhere.
    if os.environ.get("COURSE_DATA"):
        os.environ["COURSE_DATA"] = str(data_folder())
    run = functools.partial(
        _run,
        profile=profile,
        edition=edition,
        folder=folder,
        published=published,
        pretrained=pretrained,
        limits=limits,
    )
    if min(jobs, len(lessons)) > 1:
        return run_side_by_side(run, lessons, jobs=jobs, watcher=watcher)
    return [run(lesson, watcher) for lesson in lessons]


def load_runs(folder: Path, lessons: Sequence[Lesson]) -> list[LessonRun]:
    """The last run of each of these lessons in a folder, of those that have run there."""
    return [run for lesson in lessons if (run := record.read(folder, lesson.name))]


def _run(
    lesson: Lesson,
    watcher: LessonWatcher,
    *,
    profile: str,
    edition: Edition,
    folder: Path,
    published: Release | None,
    pretrained: bool,
    limits: Limits | None,
) -> LessonRun:
    notebook = with_footer(builder.assemble(lesson, edition, published=published))
    last = record.read(folder, lesson.name)
    settings = profiles.pick(lesson.number, profile)
    gpu = profiles.pick_name() == "gpu"
    limits = limits or Limits(seconds=cell_seconds(settings, gpu=gpu))
    minutes = profiles.minutes(settings, gpu=gpu) or 0
    whole = last if last and last.passed and not last.resumed else None
    expected = whole.seconds if whole else 60 * minutes
    executed = folder / f"{lesson.name}.ipynb"
    runs = folder / "runs" / lesson.name
    if last and last.ended:
        shutil.rmtree(runs, ignore_errors=True)
    resumed = any(path.is_file() for path in runs.rglob("*"))
    cells = sum(cell.cell_type == "code" for cell in notebook.cells) + 1  # papermill adds one
    watcher.lesson_starts(lesson, cells, expected)
    parameters: dict[str, str | bool] = {"profile": profile}
    if pretrained and any(
        "pretrained = " in c.text for c in lesson.cells if "parameters" in c.tags
    ):
        parameters["pretrained"] = True
    start = time.monotonic()
    problems: list[str] = []
    with _told(problems, "the run never started"):
        # What an earlier run left must not pass for this one's.
        for kind in (".ipynb", ".html", ".json"):
            executed.with_suffix(kind).unlink(missing_ok=True)
    if not problems:
        with _runs_in(runs):
            starts = functools.partial(watcher.cell_starts, lesson)
            problem = execute(notebook, executed, parameters, limits, starts)
        if problem and resumed:
            problem += f" (it went on from {runs}: delete that folder to begin anew)"
        problems += [problem] if problem else []
    seconds = time.monotonic() - start
    finished = not problems
    collected = results.Collected(started=None, measured=(), used=None)
    with _told(problems, "its records can't be read"):
        if executed.exists():  # else the kernel never started
            notebook = nbformat.read(executed, as_version=4)
        found = results.collect(notebook)
        problems += judge(found, profile, settings.budget, finished=finished, resumed=resumed)
        collected = found
        if finished:
            problems += unexpected_verdicts(notebook, edition)
    with _told(problems, "its page can't be made"):
        html, defects = page.render(notebook, lesson.title, problems)
        problems += defects
        write_whole(executed.with_suffix(".html"), html.encode())
    started = collected.started
    run = LessonRun(
        lesson=lesson.number,
        name=lesson.name,
        title=lesson.title,
        edition=edition,
        profile=profile,
        problems=tuple(problems),
        seconds=round(seconds, 1),
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        device=started.device if started else "",
        seed=started.seed if started else None,
        measured=collected.measured,
        used=collected.used,
        budget=settings.budget,
        resumed=resumed,
    )
    with _told(problems, "its record can't be written"):
        record.write(run, folder)
    run = replace(run, problems=tuple(problems))
    watcher.lesson_ends(run)
    return run


@contextlib.contextmanager
def _runs_in(folder: Path) -> Iterator[None]:
    """Let kernels that start here keep their training runs in a folder."""
    before = os.environ.get("COURSE_RUNS")
    os.environ["COURSE_RUNS"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ["COURSE_RUNS"]
        else:
            os.environ["COURSE_RUNS"] = before


@contextlib.contextmanager
def _told(problems: list[str], what: str) -> Iterator[None]:
    """Any error inside becomes a line of the problems, so that the other lessons still run."""
    try:
        yield
    except Exception as error:
        problems.append(f"{what}: {in_a_line(error)}")


def with_footer(notebook: NotebookNode) -> NotebookNode:
    """The notebook with a last cell that records what the run has used."""
    code = "from course_lib import results\n\nresults.finish()"
    footer = nbformat.v4.new_code_cell(code, id=FOOTER, metadata={"tags": [FOOTER]})
    return nbformat.v4.new_notebook(cells=[*notebook.cells, footer], metadata=notebook.metadata)


def judge(
    collected: results.Collected,
    profile: str,
    budget: Budget,
    *,
    finished: bool,
    resumed: bool = False,
) -> list[str]:
    """What is wrong with a run by its own records: another profile or Python, over budget."""
    problems = []
    started, used = collected.started, collected.used
    if started is None:
        return ["the set-up cell left no record: did results.begin(…) run?"] if finished else []
    if started.profile != profile:
        problems.append(
            f"asked for profile {profile}, the lesson ran at {started.profile}: "
            "does its set-up cell pass `profile` on to results.begin(…)?"
        )
    if started.python != sys.prefix:
        problems.append(
            f"the kernel python3 belongs to {started.python}, not to {sys.prefix}: "
            f"run `{sys.executable} -m ipykernel install --sys-prefix`"
        )
    if used is None:
        return problems
    for name, spent, allowed, unit in (
        ("training steps", used.steps, budget.steps, ""),
        ("CPU time", used.cpu_seconds, budget.cpu_seconds, " s"),
        ("peak memory", used.memory_mb, budget.memory_mb, " MB"),
    ):
        # What was spent before a cut is missing, but for the peak.
        if spent > allowed and (not resumed or name == "peak memory"):
            problems.append(
                f"over budget: {name} {spent:.0f}{unit}, allowed {allowed:.0f}{unit} "
                f"at profile {profile}"
            )
    return problems


def unexpected_verdicts(notebook: NotebookNode, edition: Edition) -> list[str]:
    """Checks that don't say "passed" of an answer, or "not attempted" of a student's stub."""
    from course_lib.checks.view import LOOKS

    expected = LOOKS["passed" if edition == "instructor" else "not attempted"].word
    problems = []
    for cell in notebook.cells:
        if not builder.is_check(cell.id):
            continue
        shown = [
            str(o.data["text/plain"]) for o in cell.outputs if "text/plain" in o.get("data", {})
        ]
        verdict = shown[0] if shown else "nothing"
        if expected not in verdict.partition(":")[0]:
            problems.append(f'{cell.id} should say "{expected}" and says: {verdict}')
    return problems
