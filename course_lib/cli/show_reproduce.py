"""Output of `course reproduce`: the progress of the runs, and their outcome."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from course_lib.durations import duration

if TYPE_CHECKING:
    from course_lib.authoring.reproduce import ProductOutcome
    from course_lib.authoring.verify import Verification


class RowWatcher:
    """Shows the progress of runs: a clock in a terminal, and a line for each finished run."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False)
        self.clock = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )
        self.task = self.clock.add_task("", visible=False)
        self.line = ""
        self.ended = 0  # runs

    def __enter__(self) -> RowWatcher:
        self.clock.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.clock.stop()

    def run_starts(self, name: str, run: str, number: int, total: int, left: float | None) -> None:
        """Start the clock, or print a line if there is no terminal."""
        self.line = escape(f"{name} {number} of {total}: {run}")
        expected = "" if left is None else f", about {duration(left)} left"
        self.clock.reset(self.task, description=f"{self.line}{expected}", visible=True)
        if not self.console.is_terminal:
            self.console.print(f"{self.line}{expected}", soft_wrap=True)

    def run_ends(self, seconds: float) -> None:
        """Print a line that stays."""
        self.ended += 1
        self.clock.update(self.task, visible=False)
        done = "" if not self.console.is_terminal else f"{self.line} "
        self.console.print(f"[green]✓[/] {done}took {duration(seconds)}", soft_wrap=True)


def outcomes(found: Sequence[ProductOutcome]) -> None:
    """Print how many runs of each product were computed, and which rows are stale."""
    console = Console(highlight=False, soft_wrap=True)
    for one in found:
        total = one.computed + one.skipped
        console.print(
            f"{escape(one.name)}: computed {one.computed} of {total} runs, {one.skipped} existed"
        )
        for words in one.left_out:
            console.print(f"    [yellow]![/] left out: {escape(words)}")
        for row in one.stale:
            console.print(
                f"    [red]✗[/] stale: {escape(row)}: no experiment declares this row, or it "
                "occurs twice; delete its line from the table"
            )


def verification(found: Verification) -> None:
    """Print old and new values of each repeated run, and whether everything agrees."""
    console = Console(highlight=False)
    for (name, run), metrics in itertools.groupby(
        found.comparisons, lambda one: (one.table, one.run)
    ):
        table = Table(
            title=escape(f"{name}: {run}"), title_justify="left", box=None, pad_edge=False
        )
        table.add_column("")
        table.add_column("metric", overflow="fold")
        for column in ("old", "new", "difference", "allowed"):
            table.add_column(column, justify="right")
        for one in metrics:
            mark = "[green]✓[/]" if one.ok else "[red]✗[/]"
            old, new = f"{one.old:.6g}", f"{one.new:.6g}"
            allowed = "exact" if one.allowed is None else f"{one.allowed:g}"
            table.add_row(mark, one.metric, old, new, f"{one.difference:+.3g}", allowed)
        console.print(table)
    if any(one.allowed is None for one in found.comparisons):
        console.print(
            "exact: the row was made on this device with the same threads and versions",
            soft_wrap=True,
        )
    if found.whole:
        console.print(
            f"{', '.join(found.whole)}: complete; recorded runs and weights aren't made again to "
            "verify them",
            soft_wrap=True,
        )
    for words in found.left_out:
        console.print(f"[yellow]![/] {escape(words)}", soft_wrap=True)
    for problem in found.problems:
        console.print(f"[red]✗[/] {escape(problem)}", soft_wrap=True)
    off = [one for one in found.comparisons if not one.ok]
    if off:
        # Clouds give several processors one name.
        unless = any(one.allowed is None for one in off)
        console.print(
            f"[red]✗[/] stale: {', '.join(sorted({one.table for one in off}))}. The code no longer "
            "measures what the table says"
            f"{', unless this is another processor of the same name' if unless else ''}; "
            "FRESH=1 computes it again",
            soft_wrap=True,
        )
    if found.passed:
        console.print("All products exist, and the repeated runs agree with their tables.")
