"""Output of the commands: the progress of a run, and tables."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
)
from rich.table import Column, Table
from rich.text import Text

from course_lib.durations import clock, duration

if TYPE_CHECKING:
    from course_lib.authoring.record import LessonRun
    from course_lib.authoring.rules import Lesson
    from course_lib.authoring.zoo import Hunt, Zoo
    from course_lib.cli.health import Finding
    from course_lib.data.photos import Photo
    from course_lib.data.rain_sets import RainSet
    from course_lib.data.registry import Listed, Report

QUIET_SECONDS = 10  # between two lines of a log
# What lies in a set's folder, by its layout.
LAYOUTS = {
    "paired": "pairs, in a subfolder of rainy and one of clean pictures",
    "side by side": "pictures, each clean on its left half and rainy on its right",
    "doubled": "rainy pictures without ground truth, each twice side by side",
    "pictures": "rainy pictures without ground truth",
}


class RunWatcher:
    """Shows the progress of runs: a bar each in a terminal, a line every 10 s in a log."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False)
        self.bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", table_column=Column(no_wrap=True, ratio=1)),
            BarColumn(bar_width=12),
            _Where(table_column=Column(no_wrap=True)),
            expand=True,
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )
        self.running: dict[str, _Running] = {}
        self.ended = threading.Event()
        self.ticker = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> RunWatcher:
        self.bar.start()
        if not self.console.is_terminal:
            self.ticker.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.ended.set()
        self.bar.stop()

    def lesson_starts(self, lesson: Lesson, cells: int, expected_seconds: float) -> None:
        """Start a new bar, or print a line."""
        expected = clock(expected_seconds)
        bar = self.bar.add_task(
            f"[bold]{lesson.number}[/] {escape(lesson.title)}", total=cells, expected=expected
        )
        self.running[lesson.number] = _Running(cells=cells, expected=expected, bar=bar)
        if not self.console.is_terminal:
            self.console.print(
                f"{lesson.number} {escape(lesson.title)}: {cells} cells, about {expected}"
            )

    def cell_starts(self, lesson: Lesson, number: int) -> None:
        """The lesson's bar moves on."""
        running = self.running[lesson.number]
        running.cell = number
        self.bar.update(running.bar, completed=number)

    def lesson_ends(self, run: LessonRun) -> None:
        """Print the outcome, with the problems."""
        self.bar.remove_task(self.running.pop(run.lesson).bar)
        state = "[green]✓ passed[/]" if run.passed else "[red]✗ failed[/]"
        self.console.print(
            f"{state} {run.lesson} {escape(run.title)}, {duration(run.seconds)}", soft_wrap=True
        )
        if run.resumed:
            self.console.print(
                "    resumed an interrupted run: its steps and CPU time aren't checked",
                soft_wrap=True,
            )
        for problem in run.problems:
            self.console.print(f"    {escape(problem)}", soft_wrap=True)

    def _tick(self) -> None:
        while not self.ended.wait(QUIET_SECONDS):
            for number, one in list(self.running.items()):
                if one.cell:
                    elapsed = clock(time.monotonic() - one.started)
                    self.console.print(
                        f"{number} cell {one.cell} of {one.cells}, "
                        f"{elapsed} of about {one.expected}"
                    )


@dataclass
class _Running:
    """A lesson that runs: its code cells, the one that runs now, how long all may take."""

    cells: int
    expected: str
    bar: TaskID
    cell: int = 0
    started: float = field(default_factory=time.monotonic)


class _Where(ProgressColumn):
    def render(self, task: Task) -> Text:
        elapsed = clock(task.elapsed or 0)
        return Text(
            f"cell {task.completed:.0f} of {task.total:.0f} · "
            f"{elapsed} of about {task.fields['expected']}"
        )


def results(runs: Sequence[LessonRun]) -> None:
    """Print the table of measured results."""
    rows = [(run, row) for run in runs for row in run.measured]
    if not rows:
        return
    table = _table("lesson", "what", "measured", "paper", "source", title="Measured results")
    for run, row in rows:
        cells = (row.name, row.text(), row.claim_text(), row.source)
        table.add_row(run.lesson, *map(escape, cells))
    Console().print(table)


def report(runs: Sequence[LessonRun], path: Path) -> None:
    """Print how many lessons failed, and the path of the report."""
    failed = sum(not run.passed for run in runs)
    if failed:
        Console().print(f"[red]{failed} of {len(runs)} lessons failed.[/]")
    # A bare line, whole at any width, so that it can be clicked or copied.
    print(f"Report: {path}")


def findings(found: Sequence[Finding]) -> None:
    """Print the findings of the doctor."""
    marks = {"ok": "[green]✓[/]", "note": "[yellow]![/]", "missing": "[red]✗[/]"}
    table = _table("", "what", "found", "how to fix it")
    for finding in found:
        table.add_row(
            marks[finding.state], finding.name, escape(finding.found), escape(finding.mend)
        )
    Console().print(table)


def zoo(toured: Zoo) -> None:
    """Tables of the zoo: every answer, then the mutants of every reference; a total of each."""
    table = _table("", "exercise", "kind", "answer", "seed", "what the check says")
    for one in toured.records:
        said = f"{one.status}: {one.diagnosis}" if one.diagnosis else one.status
        if not one.ok and one.kind == "wrong":
            said += f"\nexpected: {one.expected}"
        mark = "[green]✓[/]" if one.ok else "[red]✗[/]"
        # As `Text`: an answer's own words may hold brackets that no escaping keeps from being
        # read as markup, such as "[/" without an end.
        table.add_row(mark, one.exercise, one.kind, one.name, str(one.seed), Text(said))
    console = Console()
    console.print(table)
    if toured.hunts:
        console.print(_hunts(toured))
    for hunt in toured.hunts:
        for mutant in hunt.survivors:
            console.print(f"[red]✗[/] {hunt.exercise} survives:", Text(mutant.label))
            console.print("   ", Text(mutant.line))
        for label in hunt.stale:
            console.print(
                f"[red]✗[/] {hunt.exercise} declares equivalent what no passing mutant is called: "
                + escape(label)
            )
    failed = sum(not one.ok for one in toured.records)
    wrong = sum(one.kind == "wrong" for one in toured.records)
    console.print(
        f"{wrong} wrong answers, {len(toured.records) - wrong} valid ones: "
        + (f"[red]{failed} not judged as they must be[/]" if failed else "all judged rightly")
    )
    if not toured.hunts:
        return
    made, killed, justified, surviving = (
        sum(counts) for counts in zip(*map(_counts, toured.hunts), strict=True)
    )
    console.print(
        f"{made} mutants: {killed} killed, {justified} justified as equivalent, "
        + (f"[red]{surviving} surviving[/]" if surviving else "0 surviving")
    )


def seeds(judged: Iterable[Mapping[str, Any]]) -> bool:
    """Each wrong verdict at once; then the answers that get some, and a row for each exercise.

    Returns:
        Whether every answer is judged rightly with at least 999 of 1,000 seeds.
    """
    lines = []
    for line in judged:
        lines.append(line)
        for kind, name, status, _ in line["misjudged"]:
            print(f"{line['exercise']} {kind} {name}, seed {line['seed']}: {status}", flush=True)
    table = _table("exercise", "answers", "seeds", "verdicts", "misjudged")
    good = True
    for exercise in dict.fromkeys(line["exercise"] for line in lines):
        mine = [line for line in lines if line["exercise"] == exercise]
        misjudged = [(line["seed"], *one) for line in mine for one in line["misjudged"]]
        for kind, name in dict.fromkeys(one[1:3] for one in misjudged):
            found = [one for one in misjudged if one[1:3] == (kind, name)]
            seed, *_, status, diagnosis = found[0]
            share = f"{len(found)} of {len(mine)} seeds misjudge it"
            print(f"{exercise} {kind} {name}: {share}, seed {seed}: {status}: {diagnosis}")
            good &= len(found) <= len(mine) / 1000
        counts = (
            mine[0]["answers"],
            len(mine),
            sum(line["answers"] for line in mine),
            len(misjudged),
        )
        table.add_row(exercise, *(f"{count:,}" for count in counts))
    Console().print(table)
    return good


def _hunts(toured: Zoo) -> Table:
    table = _table("", "exercise", "wrong", "valid", "mutants", "killed", "justified", "surviving")
    for hunt in toured.hunts:
        kinds = [one.kind for one in toured.records if one.exercise == hunt.exercise]
        counts = (kinds.count("wrong"), kinds.count("valid"), *_counts(hunt))
        mark = "[green]✓[/]" if hunt.ok else "[red]✗[/]"
        table.add_row(mark, hunt.exercise, *map(str, counts))
    return table


def _counts(hunt: Hunt) -> tuple[int, int, int, int]:
    return hunt.made, hunt.killed, hunt.justified, len(hunt.survivors)


def sets(listed: Sequence[Listed]) -> None:
    """Print a paragraph per set of real rain: title, place, contents, terms."""
    for one in listed:
        print(f"{one.name}: {one.spec.title}")
        print(f"  here:    {one.path or 'no'}")
        _terms(one.spec)


def verified(reports: Sequence[Report]) -> None:
    """Print the outcome of verifying a set, a paragraph per part."""
    from course_lib.data.rain_sets import SETS

    for part in reports:
        state = "a whole, sound copy" if part.sound else "a part of the set" * part.partial
        print(f"{part.name} in {part.path}: {part.count} usable{', ' + state if state else ''}")
        for line in (*part.bad, *part.remarks):
            print(f"  {line}")
        _terms(SETS[part.name])


def _terms(spec: RainSet) -> None:
    fewest, most = spec.count
    count = str(most) if fewest == most else f"{fewest} to {most}"
    print(f"  holds:   {count} {LAYOUTS[spec.layout]}")
    print(f"  licence: {spec.licence}")
    print(f"  cite:    {spec.citation}")


def credits(photos: Mapping[str, Photo]) -> None:
    """Print the credits of the photographs."""
    table = _table("photograph", "what", "by", "licence", "found at")
    for name, photo in photos.items():
        table.add_row(name, photo.title, photo.credit, photo.licence, photo.source)
    Console().print(table)


def _table(*columns: str, title: str | None = None) -> Table:
    table = Table(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
