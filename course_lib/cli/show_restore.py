"""Output of `course restore` and `course models`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column, Table
from rich.text import Text

from course_lib.restoration.jobs import Job, JobOutcome
from course_lib.text import printable

NAMED = 5  # pictures that a line names before it counts the rest
MARKS = {"restored": "[green]✓[/]", "done before": "[green]=[/]", "failed": "[red]✗[/]"}


class RestoreWatcher:
    """Shows a bar while photographs are restored, a line for each, and a summary at the end."""

    def __init__(self, total: int, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False)
        self.total = total
        self.counts: Counter[str] = Counter()
        self.failed: list[str] = []
        self.bar = Progress(
            TextColumn(
                "{task.description}",
                markup=False,
                table_column=Column(no_wrap=True, ratio=1),
            ),
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
        words = [f"{self.counts[state]} {state}" for state in MARKS if self.counts[state]]
        if left := self.total - self.counts.total():
            goes_on = "; the same command goes on" if kind is KeyboardInterrupt else ""
            words.append(f"{left} left{goes_on}")
        photographs = "photograph" if self.total == 1 else "photographs"
        self.console.print(f"{self.total} {photographs}: {', '.join(words)}", soft_wrap=True)
        if self.failed:
            self.console.print(Text("Failed: " + ", ".join(self.failed)), soft_wrap=True)

    def progress(self, job: Job, share: float) -> None:
        """Move the bar within a photograph."""
        done = self.counts.total() + share
        name = printable(job.photo.name)
        self.bar.update(self.task, completed=done, description=f"{name} {share:.0%}")

    def done(self, outcome: JobOutcome) -> None:
        """Print what became of a photograph."""
        self.counts[outcome.state] += 1
        self.bar.update(self.task, completed=self.counts.total())
        line = Text.from_markup(f"{MARKS[outcome.state]} ")
        photo = printable(outcome.job.photo)
        if outcome.state == "failed":
            self.failed.append(photo)
            why = printable(outcome.why)
            named = why.startswith((f"{photo} ", f"{photo}:"))
            line.append(why if named else f"{photo}: {why}")
        else:
            before = ", done before" if outcome.state == "done before" else ""
            network = printable(f"{outcome.network}: {outcome.why}")
            line.append(f"{photo} → {printable(outcome.job.out)}, {network}{before}")
        self.console.print(line, soft_wrap=True)


def not_read(photos: Sequence[Path]) -> None:
    """Say which pictures in the folders are left out, and what to do."""
    if photos:
        names = ", ".join(printable(one) for one in photos[:NAMED])
        more = f" and {len(photos) - NAMED} more" if len(photos) > NAMED else ""
        text = f"Left out: {names}{more}. Convert them to JPEG or PNG."
        Console(highlight=False).print(Text(text), soft_wrap=True)


def compared(pages: Sequence[Path], left_out: Sequence[str]) -> None:
    """Say where the pages of comparisons are, and which pictures they lack."""
    print(f"Before and after: {', '.join(printable(page) for page in pages)}")
    for why in left_out:
        print(f"Not on the page: {printable(why)}")


def released() -> None:
    """Print a table of weights that others have released, and whether they were fetched."""
    from course_lib.models.released import RELEASED, path_of

    table = Table(header_style="bold", box=None, pad_edge=False)
    for column in ("released by others", "what", "licence", "on this machine"):
        table.add_column(column, overflow="fold")
    for name, one in RELEASED.items():
        there = "yes" if path_of(name).exists() else f"no, `course models fetch {name}` gets them"
        table.add_row(name, one.title, one.licence, there)
    console = Console()
    console.print()
    console.print(table)


@contextmanager
def bar(what: str) -> Iterator[Callable[[float], None]]:
    """Show a bar on a terminal; gives the function that moves it to a share."""
    console = Console()
    with Progress(console=console, transient=True, disable=not console.is_terminal) as shown:
        task = shown.add_task(what, total=1.0)
        yield lambda share: shown.update(task, completed=share)


def card(text: str) -> None:
    """Print a model card."""
    print("\n".join(printable(line) for line in text.split("\n")))


def networks(abouts: Mapping[str, Mapping[str, Any]]) -> None:
    """Print a table of networks, from their headers."""
    table = Table(header_style="bold", box=None, pad_edge=False)
    for column in ("network", "removes", "trained on", "measured"):
        table.add_column(column, overflow="fold")
    for name, about in abouts.items():
        measured = about.get("measured", {})
        table.add_row(
            printable(name),
            Text(printable(about["removes"])),
            Text(printable(about.get("trained_on", "unknown"))),
            Text(printable("; ".join(f"{key}: {value}" for key, value in measured.items()))),
        )
    Console().print(table)
