"""Papermill's engine, but it writes the notebook every few seconds, not twice a cell.

Of a notebook with figures each writing takes as long as many a cell, and the kernel waits for it.
The end is always written, whether the run succeeds, fails or is interrupted.
"""

from __future__ import annotations

import time
from typing import Any

from papermill.engines import NBClientEngine, NotebookExecutionManager, papermill_engines

NAME = "course"
SECONDS = 10  # between two writings; what the log of a killed command may lack


class CourseEngine(NBClientEngine):
    """Runs notebooks with nbclient and seldom writes them."""

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: NotebookExecutionManager, kernel_name: str, **options: Any
    ) -> None:
        """Run the manager's notebook."""
        save, due = nb_man.save, time.monotonic() + SECONDS

        def save_when_due(**given: Any) -> None:
            nonlocal due
            if time.monotonic() >= due:
                save(**given)
                due = time.monotonic() + SECONDS

        nb_man.save = save_when_due
        try:
            super().execute_managed_notebook(nb_man, kernel_name, **options)
        finally:
            nb_man.save = save


papermill_engines.register(NAME, CourseEngine)
