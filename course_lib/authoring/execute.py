"""Run a notebook in a kernel of its own, with limits on the time and the output of each cell."""

from __future__ import annotations

import contextlib
import logging
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from course_lib import profiles
from course_lib.durations import duration
from course_lib.profiles import Profile

GRACE_SECONDS = 20  # from a cell's interruption to the end of its kernel
_TOO_LONG = "CellTookTooLong"


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one cell may take and make.

    Attributes:
        seconds: until it is interrupted; None waits for ever.
        text: characters printed to stdout, and as many to stderr.
        output: bytes of displayed outputs.
    """

    seconds: int | None
    text: int = 10**6
    output: int = 20 * 10**6


def cell_seconds(settings: Profile, *, gpu: bool) -> int:
    """How long one cell of a lesson may run: ten times what the whole lesson is expected to take.

    At least ten minutes. A slow or busy machine stays far below; a cell that hangs doesn't.
    """
    minutes = profiles.minutes(settings, gpu=gpu)
    expected = settings.budget.cpu_seconds if minutes is None else 60 * minutes
    return max(600, math.ceil(10 * expected))


def execute(
    notebook: NotebookNode,
    executed: Path,
    parameters: Mapping[str, str | bool],
    limits: Limits,
    cell_starts: Callable[[int], None],
) -> str:
    """Run a notebook into a file.

    A cell that runs too long is interrupted; if it goes on, its kernel is killed.

    Args:
        notebook: with a kernelspec; left as it is.
        executed: where the executed notebook goes. Its folder is the kernel's working folder.
        parameters: replace those of the notebook.
        limits: of each cell.
        cell_starts: is told each code cell's number, from 1.

    Returns:
        What stopped it, ``""`` if nothing did.
    """
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    from course_lib.authoring import papermill_engine

    at, source, late = 0, "", False

    def start(cell: NotebookNode, cell_index: int) -> None:
        nonlocal at, source
        if cell.cell_type == "code":
            at, source = at + 1, cell.source
            cell_starts(at)

    def fail(cell: NotebookNode, cell_index: int, execute_reply: dict[str, Any]) -> None:
        nonlocal late
        late = execute_reply["content"].get("ename") == _TOO_LONG

    too_long = {"ename": _TOO_LONG, "evalue": "", "traceback": []}
    problem = ""
    try:
        with _unlogged():
            papermill.execute_notebook(
                notebook,
                str(executed),
                parameters=dict(parameters),
                engine_name=papermill_engine.NAME,
                kernel_name="python3",
                cwd=str(executed.parent),
                progress_bar=False,
                on_cell_start=start,
                on_cell_error=fail,
                execution_timeout=limits.seconds,
                interrupt_on_timeout=True,
                error_on_timeout=too_long,
                iopub_timeout=GRACE_SECONDS,
                extra_arguments=[
                    "--log-level=CRITICAL",  # else it warns of TCP and its own end
                    "--IPKernelApp.exec_lines=__import__('course_lib.authoring.output_limit', "
                    f"fromlist=['install']).install({limits.text}, {limits.output})",
                ],
            )
    except PapermillExecutionError as error:
        problem = f"{_cell(at, source)} stopped with {error.ename}: {error.evalue}"[:1000]
    except CellTimeoutError:
        late = True
    except DeadKernelError:
        problem = f"the kernel died in code cell {at}; did it run out of memory?"
    except Exception as error:  # a kernel that doesn't start, a full disk, and what else there is
        where = f"stopped in code cell {at}" if at else "never started"
        problem = f"the run {where}: {in_a_line(error)}"
    if late and limits.seconds:
        return (
            f"{_cell(at, source)} ran longer than {duration(limits.seconds)}, the limit of a cell, "
            "and was stopped; if it needs more, allow it with --cell-minutes"
        )
    return problem


def in_a_line(error: Exception) -> str:
    """An error's type and message, the message cut after 300 characters."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"


def _cell(number: int, source: str) -> str:
    first = source.strip().partition("\n")[0][:60]
    return f"code cell {number} ({first!r})"


@contextlib.contextmanager
def _unlogged() -> Iterator[None]:
    """Keep nbclient and asyncio from logging that a kernel died; what it means is told here."""
    logging.disable()
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
