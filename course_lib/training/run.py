"""A training run on disk, which a killed kernel doesn't lose: ``train(…, run=Run("01/gan"))``."""

from __future__ import annotations

import csv
import functools
import hashlib
import io
import json
import os
import platform
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

import course_lib
from course_lib import machine
from course_lib.training import checkpoints, files
from course_lib.training.checkpoints import Checkpoint, Game, Record
from course_lib.training.files import BadCheckpoint

SECONDS = 10.0  # between two checkpoints; what a killed kernel costs at most
SHARE = 0.05  # of the time may go into writing them
# What the numbers of a run depend on; a run that goes on after they changed says so.
_CODE = ("ranges.py", "filters.py", "losses.py", "metrics.py", "data", "models", "training")


def runs_folder() -> Path:
    """Where runs lie: the environment variable COURSE_RUNS, such as a folder of a mounted Drive,
    or ``runs`` in the working folder."""
    return Path(os.environ.get("COURSE_RUNS") or "runs").expanduser()


class Run:
    """A folder with a run's checkpoints and its log.

    Training writes a checkpoint every few seconds. Started again, it goes on behind the last one
    and ends in the same bits as if nothing had happened; a run that had ended is loaded. The one
    before the last is kept too, in case that the last is ever damaged.

    The folder holds `last.safetensors`, `previous.safetensors`, and `log.csv`, a row a step,
    which is as new as the last checkpoint.

    Attributes:
        folder: where the run lies.
        told: what became of it in words: trained, gone on with, or loaded.
    """

    def __init__(
        self, folder: str | Path, *, fresh: bool = False, seconds: float = SECONDS
    ) -> None:
        """Name a run; nothing is read or written before training begins.

        Args:
            folder: under `runs_folder` unless it is absolute. Name what the run depends on:
                ``Run("01/gan-cpu-seed0")``.
            fresh: train anew whatever there is.
            seconds: between two checkpoints. They come more seldom where writing one takes
                long, as on a mounted Drive: at most one twentieth of the time goes there.
        """
        self.folder = runs_folder() / folder
        self.fresh, self.seconds = fresh, seconds
        self.told = f"Nothing has been trained in {self.folder} yet."
        self._due, self._saved = 0.0, 0
        self._about: dict[str, Any] = {}

    def __str__(self) -> str:
        return self.told

    @property
    def last(self) -> Path:
        """The newest checkpoint."""
        return self.folder / "last.safetensors"

    @property
    def previous(self) -> Path:
        """The one before it."""
        return self.folder / "previous.safetensors"

    def begin(self, game: Game, *, steps: int | None, settings: Mapping[str, Any]) -> None:
        """Put the game back to where the run had got, or begin a new one.

        Args:
            game: as it is before the first step.
            steps: of the whole run; None where nobody knows.
            settings: what makes it this run and no other, such as its seed, as JSON can hold it.
                Where a key that ends in ``_code`` differs, that is told but not refused.

        Raises:
            BadCheckpoint: the checkpoint there is damaged, or another run's.
            OSError: there is something to train, and the folder can't be written.
        """
        self._about = {
            "settings": json.loads(json.dumps(settings)),
            **_environment(),
        }
        if self.fresh:
            self._forget()
        found = self._find()
        if found:
            self._compare(found, steps)
            try:
                checkpoints.restore(game, found)
            except BadCheckpoint as error:
                raise BadCheckpoint(f"{error} {self._mend()}") from None
        done = len(game.history)
        if done and done == steps:
            self.told = (
                f"Loaded {done:,} steps from {self.folder}: this run had ended, so nothing was "
                "trained. Run(…, fresh=True) trains anew."
            )
            return
        self._prepare_folder()
        self.told = f"Trained from the first step; the run lies in {self.folder}."
        if found:
            self.told = (
                f"Went on after step {done:,}, the last that was kept in {self.folder}."
            )
        self._due = time.monotonic() + self.seconds

    def step_done(self, game: Game, *, ended: bool = False) -> None:
        """Write a checkpoint if it is time for one, or the run has ended.

        Raises:
            OSError: a full disk, say. The last checkpoint is as it was, and the run can go on
                from there.
        """
        step = len(game.history)
        if step == self._saved or (not ended and time.monotonic() < self._due):
            return
        begun = time.monotonic()
        writing = self.folder / "next.safetensors"
        try:
            files.write_whole(self.folder / "log.csv", _csv(game.history))
            checkpoints.save(writing, game, self._about)
            # Killed between these two, it goes on from the previous one, which is whole.
            if self.last.exists():
                os.replace(self.last, self.previous)
            os.replace(writing, self.last)
        except OSError as error:
            raise OSError(
                error.errno,
                f"the checkpoint of step {step} wasn't saved: "
                f"{files.explain(error, self.folder)}. {self._kept()}",
            ) from None
        self._saved = step
        took = time.monotonic() - begun
        self._due = time.monotonic() + max(self.seconds, took / SHARE)

    def _find(self) -> Checkpoint | None:
        for path in (self.last, self.previous):
            if path.exists():
                try:
                    return checkpoints.load(path)
                except BadCheckpoint as error:
                    raise BadCheckpoint(f"{error}. {self._mend(path)}") from None
        return None

    def _compare(self, found: Checkpoint, steps: int | None) -> None:
        """Refuse a checkpoint of other settings; warn of one that was made elsewhere."""
        there, here = found.about["settings"], self._about["settings"]
        for key in [*here, *there]:
            if there.get(key) != here.get(key):
                if key.endswith("_code"):
                    _warn(
                        f"the run in {self.folder} was trained with another "
                        f"{key.removesuffix('_code')} than yours. Run(…, fresh=True) trains with "
                        "yours."
                    )
                    continue
                raise BadCheckpoint(
                    f"the run in {self.folder} has {key} {there.get(key)}, not {here.get(key)}. "
                    f"{self._mend()}"
                )
        if steps is not None and found.step > steps:
            raise BadCheckpoint(
                f"the run in {self.folder} has {found.step} steps already, more than the {steps} "
                f"asked for. {self._mend()}"
            )
        for key, ended_too in (
            ("course", True),
            ("torch", False),
            ("python", False),
            ("threads", False),
            ("device", False),
        ):
            then, now = found.about.get(key), self._about[key]
            if then != now and (ended_too or found.step != steps):
                _warn(
                    f"the run in {self.folder} was begun under another {_WORDS[key]} "
                    f"({then}, now {now}). It goes on, but the last bits of its numbers will "
                    "differ from those of an unbroken run. Run(…, fresh=True) trains anew."
                    if found.step != steps
                    else f"the run in {self.folder} was trained by {_WORDS[key]} {then}, here "
                    f"is {now}: numbers may differ. Run(…, fresh=True) trains anew."
                )

    def _mend(self, damaged: Path | None = None) -> str:
        if damaged == self.last and self.previous.exists():
            return (
                f"Delete {damaged.name} there to go on from the checkpoint before it, "
                f"{self.previous.name}, or train anew with Run(…, fresh=True)."
            )
        return "Name another folder, or train anew with Run(…, fresh=True)."

    def _kept(self) -> str:
        for path in (self.last, self.previous):
            if path.exists():
                return "The checkpoint before it is whole: run this again to go on from there."
        return "There is none before it."

    def _forget(self) -> None:
        for path in (self.last, self.previous, self.folder / "log.csv"):
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise OSError(error.errno, files.explain(error, self.folder)) from None

    def _prepare_folder(self) -> None:
        """Find out before the first step, not after an hour, that nothing can be written."""
        probe = self.folder / f"probe{files.UNFINISHED}"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            files.remove_unfinished(self.folder)
            probe.write_bytes(b"can this folder be written?")
            probe.unlink()
        except OSError as error:
            raise OSError(error.errno, files.explain(error, self.folder)) from None


_WORDS = {
    "course": "course_lib",
    "torch": "version of torch",
    "python": "version of Python",
    "threads": "number of threads",
    "device": "device",
}


def code_of(function: Callable[..., Any]) -> str:
    """A digest of what a function does, which comments and its name don't change."""
    function = getattr(function, "__wrapped__", function)
    code = getattr(function, "__code__", None)
    if code is None:
        return type(function).__name__
    return hashlib.sha256(repr((code.co_code, code.co_names)).encode()).hexdigest()[:12]


def _environment() -> dict[str, Any]:
    return {
        "course": f"{course_lib.__version__}+{_code_digest()}",
        "torch": torch.__version__,
        "python": platform.python_version(),
        "threads": torch.get_num_threads(),
        "device": machine.device_name() if torch.cuda.is_available() else machine.processor(),
    }


@functools.cache
def _code_digest() -> str:
    """What the course's training, data and losses are, in eight letters."""
    package = Path(course_lib.__file__).parent
    digest = hashlib.sha256()
    for name in _CODE:
        path = package / name
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            digest.update(file.read_bytes())
    return digest.hexdigest()[:8]


def _csv(history: list[Record]) -> bytes:
    columns = list(dict.fromkeys(key for record in history for key in record))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    writer.writerows(history)
    return text.getvalue().encode()


def _warn(text: str) -> None:
    warnings.warn(text[0].upper() + text[1:], stacklevel=5)
