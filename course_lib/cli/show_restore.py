"""Output of `course restore` and `course models`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column, Table
from rich.text import Text

from course_lib.restoration.jobs import Job, JobOutcome

MARKS = {"restored": "[green]✓[/]", "done before": "[green]=[/]", "failed": "[red]✗[/]"}


class RestoreWatcher:
    """Shows a bar while photographs are restored, a line for each, and a summary at the end."""

    def __init__(self, total: int, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False)
        self.counts: Counter[str] = Counter()
        self.bar = Progress(
            TextColumn("{task.description}", table_column=Column(no_wrap=True, ratio=1)),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            expand=True,
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )
        self.task = self.bar.add_task("", total=total)

    def __enter__(self) -> RestoreWatcher:
        self.bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.bar.stop()
        if self.counts:
            words = [f"{self.counts[state]} {state}" for state in MARKS if self.counts[state]]
            self.console.print(f"{self.counts.total()} photographs: {', '.join(words)}")

    def progress(self, job: Job, share: float) -> None:
        """Move the bar within a photograph."""
        done = self.counts.total() + share
        self.bar.update(self.task, completed=done, description=f"{job.photo.name} {share:.0%}")

    def done(self, outcome: JobOutcome) -> None:
        """Print what became of a photograph."""
        self.counts[outcome.state] += 1
        self.bar.update(self.task, completed=self.counts.total())
        line = Text.from_markup(f"{MARKS[outcome.state]} ")
        line.append(str(outcome.job.photo))
        if outcome.state == "failed":
            line.append(f": {outcome.why}")
        else:
            before = ", done before" if outcome.state == "done before" else ""
            line.append(f" → {outcome.job.out}, {outcome.network}: {outcome.why}{before}")
        self.console.print(line, soft_wrap=True)


def networks(abouts: Mapping[str, Mapping[str, Any]]) -> None:
    """Print a table of networks, from their headers."""
    table = Table(header_style="bold", box=None, pad_edge=False)
    for column in ("network", "removes", "trained on", "measured"):
        table.add_column(column, overflow="fold")
    for name, about in abouts.items():
        measured = about.get("measured", {})
        table.add_row(
            Text(name),
            Text(str(about["removes"])),
            Text(str(about.get("trained_on", "unknown"))),
            Text("; ".join(f"{key}: {value}" for key, value in measured.items())),
        )
    Console().print(table)
