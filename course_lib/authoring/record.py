"""The record that a lesson's run leaves: a file of JSON with a digest of what it says."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from course_lib.profiles import Budget
from course_lib.records import read_record, write_record
from course_lib.results import Measured
from course_lib.usage import Usage

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class LessonRun:
    """What came of running one lesson.

    Attributes:
        lesson: its number.
        name: its file's name without ending; notebook, page and record are called so too.
        title: its heading.
        edition: ``"instructor"`` or ``"student"``.
        profile: the size it ran at.
        problems: why it failed, a line each; empty if it passed.
        seconds: wall time, with the kernel's start.
        date: when it ended, UTC.
        device: what it trained on; empty if it never got so far.
        seed: of the run.
        measured: its table of results.
        used: None if it never reached its end.
        budget: what it may use.
        resumed: whether it went on from what a run that was cut had trained. It uses less than
            a whole run then, so its steps and CPU time aren't judged.
    """

    lesson: str
    name: str
    title: str
    edition: str
    profile: str
    problems: tuple[str, ...]
    seconds: float
    date: str
    device: str
    seed: int | None
    measured: tuple[Measured, ...]
    used: Usage | None
    budget: Budget
    resumed: bool = False

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong with it."""
        return not self.problems

    @property
    def ended(self) -> bool:
        """Whether it reached its end, so that its training is complete."""
        return self.used is not None


def path(folder: Path, name: str) -> Path:
    """Where the record of a lesson's last run in a folder lies."""
    return folder / f"{name}.json"


def write(run: LessonRun, folder: Path) -> None:
    """Write a run's record, in one step.

    Raises:
        OSError: it can't be written.
    """
    write_record(path(folder, run.name), asdict(run))


def read(folder: Path, name: str) -> LessonRun | None:
    """The record of a lesson's last run in a folder.

    Returns:
        None where there is none. A damaged record, or one of another version of the course,
        counts as none: a warning in the log names it.
    """
    file = path(folder, name)
    try:
        return _parse(read_record(file))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        _log.warning(
            "%s is damaged, or of another version of the course (%s: %s). It counts as no record, "
            "and what the lesson has trained is kept; run the lesson again to replace it",
            file,
            type(error).__name__,
            error,
        )
        return None


def _parse(content: dict[str, Any]) -> LessonRun:
    return LessonRun(
        **{
            **content,
            "problems": tuple(content["problems"]),
            "measured": tuple(Measured(**row) for row in content["measured"]),
            "used": Usage(**content["used"]) if content["used"] else None,
            "budget": Budget(**content["budget"]),
        }
    )
