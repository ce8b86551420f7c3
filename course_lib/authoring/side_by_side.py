"""Runs several lessons at the same time, each in a process of its own."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess, parent_process
from typing import Any, TypeVar

from course_lib import hardware
from course_lib.authoring.rules import Lesson

Result = TypeVar("Result")
PRELOADED = ["course_lib.authoring.runner", "papermill"]  # seconds of imports, spent once


class LostProcess(RuntimeError):
    """A lesson's process ended without a word, as when the system runs out of memory."""


def run_side_by_side(
    run: Callable[[Lesson, Any], Result], lessons: Sequence[Lesson], *, jobs: int, watcher: Any
) -> list[Result]:
    """Run each lesson, at most ``jobs`` of them at a time.

    The processes share the usable cores: each kernel gets its part of the threads, unless
    ``OMP_NUM_THREADS`` says otherwise.

    Args:
        run: runs one lesson and tells a watcher of it; it is pickled, and so is the result,
            which it hands to the watcher's ``lesson_ends``.
        lessons: to run; they start in this order.
        jobs: ≥ 1.
        watcher: a `runner.LessonWatcher`, told of all lessons from this thread.

    Returns:
        What came of each lesson, in the order of ``lessons``.

    Raises:
        LostProcess: a lesson's process was killed.
        KeyboardInterrupt: the user stopped it; by then all kernels have ended.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    threads = str(max(1, hardware.usable_cores() // jobs))
    environment = {"OMP_NUM_THREADS": threads, **os.environ}
    waiting = list(lessons)
    running: dict[Connection, tuple[Lesson, BaseProcess]] = {}
    begun: set[str] = set()
    done: dict[str, Result] = {}
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                lesson = waiting.pop(0)
                ours, theirs = context.Pipe(duplex=False)
                arguments = (run, lesson, environment, theirs)
                process: BaseProcess = context.Process(target=_work, args=arguments)
                process.start()
                theirs.close()  # so that its end is seen here
                running[ours] = lesson, process
            for connection in wait(list(running)):
                assert isinstance(connection, Connection)
                lesson, process = running[connection]
                try:
                    event, *what = connection.recv()
                except EOFError:
                    process.join()
                    del running[connection]
                    if lesson.number not in done:
                        raise LostProcess(
                            f"the process of lesson {lesson.number} ended with "
                            f"{process.exitcode}; did the machine run out of memory?"
                        ) from None
                    continue
                begun.add(lesson.number)
                getattr(watcher, event)(*what)
                if event == "lesson_ends":
                    (done[lesson.number],) = what
    finally:
        for lesson, process in running.values():
            _end(process, has_kernel=lesson.number in begun)
    return [done[lesson.number] for lesson in lessons]


def _end(process: BaseProcess, *, has_kernel: bool) -> None:
    """End a process, and the kernel that it may have."""
    if has_kernel and process.pid and process.is_alive():
        os.kill(process.pid, signal.SIGINT)
    else:
        process.terminate()
    process.join()


def _work(
    run: Callable[[Lesson, Any], object],
    lesson: Lesson,
    environment: dict[str, str],
    events: Connection,
) -> None:
    os.setpgid(0, 0)  # Ctrl-C reaches the command alone, which passes it on once
    threading.Thread(target=_end_with_the_command, daemon=True).start()
    os.environ.clear()
    os.environ.update(environment)
    try:
        run(lesson, _Sender(events))
    except KeyboardInterrupt:
        logging.disable()  # asyncio would speak of the kernel's end when the process ends


def _end_with_the_command() -> None:
    """End this process when the one that started it was killed; the kernel ends after it."""
    command = parent_process()
    assert command
    command.join()
    os._exit(1)


class _Sender:
    """The watcher in a lesson's process: passes on what it is told."""

    def __init__(self, events: Connection) -> None:
        self.events = events

    def lesson_starts(self, lesson: Lesson, cells: int, expected_seconds: float) -> None:
        self.events.send(("lesson_starts", lesson, cells, expected_seconds))

    def cell_starts(self, lesson: Lesson, number: int) -> None:
        self.events.send(("cell_starts", lesson, number))

    def lesson_ends(self, run: object) -> None:
        self.events.send(("lesson_ends", run))
