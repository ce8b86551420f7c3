"""A training run on disk, which a killed kernel doesn't lose: ``train(…, run=Run("01/gan"))``."""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import errno
import functools
import hashlib
import io
import itertools
import json
import os
import platform
import time
import types
import warnings
import weakref
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import filelock
import torch
from torch import nn

import course_lib
from course_lib import files, hardware
from course_lib.tensor_files import BadCheckpoint, OtherFormat, is_own
from course_lib.training import checkpoints
from course_lib.training.checkpoints import Checkpoint, Record, TrainingState

SECONDS = 10.0  # between two checkpoints; what a killed kernel costs at most
SHARE = 0.05  # of the time may go into writing them
LAST, PREVIOUS, FIRST = "last.safetensors", "previous.safetensors", "first.safetensors"
LOG, LOCK = "log.csv", "lock"
DAMAGED = "damaged"  # begins the name of a checkpoint that was put aside
NAMED = 5  # files that a message names before it counts the rest
# What systems put into any folder; it says nothing about whose the folder is.
_ANYWHERE = {"lost+found", "Thumbs.db", "desktop.ini"}
# What the numbers of a run depend on; a run that goes on after they changed says so.
_CODE = (
    "ranges.py",
    "filters.py",
    "losses.py",
    "metrics.py",
    "data",
    "models",
    "training",
    "systems",
)


def runs_folder() -> Path:
    """Where runs lie: the environment variable COURSE_RUNS, such as a folder of a mounted Drive,
    or ``runs`` in the working folder."""
    return Path(os.environ.get("COURSE_RUNS") or "runs").expanduser()


class Run:
    """A folder with a run's checkpoints and its log.

    Training writes a checkpoint every few seconds. Started again, it goes on behind the last one
    and ends in the same bits as if nothing had happened; a run that had ended is loaded.

    The folder holds `last.safetensors`; `previous.safetensors`, the one before it, which is used
    if the last is damaged; `first.safetensors`, the networks before the first step; and
    `log.csv`, a row a step, as new as the last checkpoint. A damaged checkpoint is kept, as
    `damaged.safetensors`. Other files in the folder are never touched, and a run doesn't begin
    in a folder of other files.

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
            fresh: train anew whatever there is. Networks that this run has trained before start
                from where it started, others as they are.
            seconds: between two checkpoints. They come more seldom where writing one takes
                long, as on a mounted Drive: at most one twentieth of the time goes there.
        """
        self.folder = runs_folder() / folder
        self.fresh, self.seconds = fresh, seconds
        self.told = f"Nothing has been trained in {self.folder} yet."
        self._due, self._saved = 0.0, 0
        self._about: dict[str, Any] = {}
        self._damaged: list[Path] = []  # checkpoints that were found to be so
        self._lock: filelock.BaseFileLock | None = None

    def __str__(self) -> str:
        return self.told

    @property
    def last(self) -> Path:
        """The newest checkpoint."""
        return self.folder / LAST

    @property
    def previous(self) -> Path:
        """The one before it."""
        return self.folder / PREVIOUS

    @property
    def first(self) -> Path:
        """The networks before the first step."""
        return self.folder / FIRST

    def begin(
        self,
        state: TrainingState,
        *,
        steps: int | None,
        settings: Mapping[str, Any],
        codes: Mapping[str, str],
        writes: bool = True,
    ) -> None:
        """Put the training state back to where the run had got, or begin a new one.

        Args:
            state: as it is before the first step.
            steps: of the whole run; None where nobody knows.
            settings: what makes it this run and no other, such as its seed, as JSON can hold it.
            codes: digests of functions that it trains with; others are told of, not refused.
            writes: whether this process is the one that writes; of several, one does.

        Raises:
            BadCheckpoint: the checkpoints there are damaged or another run's, or the folder
                holds no checkpoint and files that no run wrote.
            OSError: there is something to train, and the folder can't be written, or another
                process trains there.
        """
        settings = json.loads(json.dumps(settings))
        self._damaged = []
        if self.fresh and writes:
            self._prepare_folder()  # first, lest it takes a run away from under another kernel
            self._forget()
        found = None if self.fresh else self._find()
        if found:
            self._compare(found, steps, settings, codes)
            try:
                checkpoints.restore(state, found)
            except BadCheckpoint as error:
                raise BadCheckpoint(f"{error} {_MEND}") from None
            _TRAINED.update(state.networks.values())
        done = self._saved = len(state.history)
        if done and done == steps:
            self.told = (
                f"{self._told_damage()}Loaded {done:,} steps from {self.folder}: this run had "
                "ended, so nothing was trained. Run(…, fresh=True) trains anew."
            )
            return
        sessions = found.about["sessions"] if found else []
        session = {"from_step": done, **_environment(), "codes": dict(codes)}
        self._about = {"settings": settings, "sessions": [*sessions, session]}
        if writes and not self.fresh:
            self._prepare_folder()
            self._put_damaged_aside()
        if found:
            self.told = (
                f"{self._told_damage()}Went on after step {done:,}, the last that was kept in "
                f"{self.folder}."
            )
        else:
            trained_before = any(network in _TRAINED for network in state.networks.values())
            self._begin_anew(state, trained_before=trained_before, writes=writes)
            _TRAINED.update(state.networks.values())
        self._due = time.monotonic() + self.seconds

    def step_done(self, state: TrainingState, *, ended: bool = False) -> None:
        """Write a checkpoint if it is time for one, or the run has ended.

        Raises:
            OSError: a full disk, say. The last checkpoint is as it was, and the run can go on
                from there.
            TypeError: a callback added something other than a number to a record.
        """
        step = len(state.history)
        if step == self._saved or (not ended and time.monotonic() < self._due):
            return
        begun = time.monotonic()
        with self._explained(f"the checkpoint of step {step} wasn't saved"):
            files.write_whole(self.folder / LOG, _csv(state.history))
            # Killed in the middle, it goes on from the previous one, which is whole.
            checkpoints.save(self.last, state, self._about, self.previous)
        self._saved = step
        took = time.monotonic() - begun
        self._due = time.monotonic() + max(self.seconds, took / SHARE)

    def leave(self) -> None:
        """Let others train in this folder; `train` calls this however it ends."""
        if self._lock:
            self._lock.release()
            self._lock = None

    def _begin_anew(self, state: TrainingState, *, trained_before: bool, writes: bool) -> None:
        """Start from networks as they were made, though a cell that trains may be run again."""
        self.told = f"Trained from the first step; the run lies in {self.folder}."
        back = (
            trained_before
            and self.first.exists()
            and checkpoints.restore_networks(state, self._load_first())
        )
        if back:
            for name, optimizer in state.optimizers.items():
                _require_new(name, taken=bool(optimizer.state))
            for n, scheduler in enumerate(state.schedulers):
                _require_new(f"scheduler {n}", taken=scheduler.last_epoch > 0)
            self.told = (
                "Trained from the first step, with the networks as they were before it; "
                f"the run lies in {self.folder}."
            )
        elif trained_before:
            self.told = (
                "Trained networks that had been trained before in this session, as they were; "
                f"the run lies in {self.folder}."
            )
        if self.fresh:
            self.told += " Take fresh=True out again, or the next start begins anew too."
        if writes and not back:
            with self._explained("the networks weren't saved"):
                checkpoints.save(self.first, state, self._about)

    def _load_first(self) -> Checkpoint:
        try:
            return checkpoints.load(self.first)
        except BadCheckpoint as error:
            raise BadCheckpoint(
                f"{error}. It holds the networks as they were before the first step: run the cell "
                "that makes them again, then this one"
            ) from None

    def _find(self) -> Checkpoint | None:
        """The newest checkpoint that is whole."""
        problems: list[str] = []
        for path in (self.last, self.previous):
            if not path.exists():
                continue
            try:
                found = checkpoints.load(path)
            except OtherFormat as error:
                raise BadCheckpoint(f"{'; '.join([*problems, str(error)])}. {_MEND}") from None
            except BadCheckpoint as error:
                problems.append(str(error))
                self._damaged.append(path)
                continue
            if not {"settings", "sessions"} <= found.about.keys():
                raise BadCheckpoint(f"{path} is no checkpoint of this course. {_MEND}")
            if problems:
                _warn(f"{problems[0]}. The checkpoint before it, {path.name}, is used instead.")
            return found
        if problems:
            raise BadCheckpoint(f"{'; '.join(problems)}. No other checkpoint is there. {_MEND}")
        return None

    def _told_damage(self) -> str:
        if not self._damaged:
            return ""
        return f"{self._damaged[0].name} is damaged, so {PREVIOUS} was used. "

    def _put_damaged_aside(self) -> None:
        """Rename damaged checkpoints, lest the next ones replace them or those before them."""
        for path in self._damaged:
            names = (f"{DAMAGED}{n or ''}.safetensors" for n in itertools.count())
            free = next(name for name in names if not (self.folder / name).exists())
            try:
                path.rename(self.folder / free)
            except OSError as error:
                raise OSError(error.errno, files.explain(error, self.folder)) from None

    def _compare(
        self,
        found: Checkpoint,
        steps: int | None,
        settings: Mapping[str, Any],
        codes: Mapping[str, str],
    ) -> None:
        """Refuse a checkpoint of other settings; warn of one that was made elsewhere."""
        there = found.about["settings"]
        for key in there:  # another version may know of other settings
            if key in settings and there[key] != settings[key]:
                raise BadCheckpoint(
                    f"the run in {self.folder} has {key} {there[key]}, not {settings[key]}. {_MEND}"
                )
        if steps is not None and found.step > steps:
            raise BadCheckpoint(
                f"the run in {self.folder} has {found.step} steps already, more than the {steps} "
                f"asked for. {_MEND}"
            )
        now, ended = _environment(), found.step == steps
        for key, what in _WORDS.items():
            then = [s[key] for s in found.about["sessions"] if s[key] != now[key]]
            if then and ended and key == "course":
                _warn(
                    f"the run in {self.folder} was trained by {what} {then[0]}, here is "
                    f"{now[key]}: numbers may differ. Run(…, fresh=True) trains anew."
                )
            elif then and not ended:
                _warn(
                    f"the run in {self.folder} was trained under another {what} ({then[0]}, now "
                    f"{now[key]}). It goes on, but the last bits of its numbers will differ from "
                    "those of an unbroken run. Run(…, fresh=True) trains anew."
                )
        for name, code in codes.items():
            # Another Python compiles the same function to other code.
            sessions = [s for s in found.about["sessions"] if s["python"] == now["python"]]
            if any(s["codes"].get(name) != code for s in sessions):
                _warn(
                    f"the run in {self.folder} was trained with another {name} than yours. "
                    "Run(…, fresh=True) trains with yours."
                )

    @contextlib.contextmanager
    def _explained(self, what: str) -> Iterator[None]:
        """A failure to write says what is lost and what isn't."""
        try:
            yield
        except OSError as error:
            there = self.last.exists() or self.previous.exists()
            kept = (
                "The checkpoint before it is whole: run this again to go on from there."
                if there
                else "There is none before it."
            )
            why = files.explain(error, self.folder)
            raise OSError(error.errno, f"{what}: {why}. {kept}") from None

    def _forget(self) -> None:
        # The older one first: killed between the two, the newer one is still the last.
        for path in (self.previous, self.last, self.folder / LOG):
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise OSError(error.errno, files.explain(error, self.folder)) from None

    def _require_own_folder(self) -> None:
        """Refuse a folder of files that no run wrote; a run might take them for its own."""
        if any(is_own(path) for path in (self.last, self.previous, self.first)):
            return
        written = (LAST, PREVIOUS, FIRST, LOG)
        foreign = [
            path.name
            for path in (sorted(self.folder.iterdir()) if self.folder.is_dir() else ())
            if not path.is_dir()
            and not path.name.startswith(".")
            and path.name not in _ANYWHERE
            and not files.is_unfinished(path, *written)
            and not (path.name in (LAST, PREVIOUS, FIRST, LOCK) and not path.lstat().st_size)
        ]
        if foreign:
            names = ", ".join(foreign[:NAMED])
            if len(foreign) > NAMED:
                names += f" and {len(foreign) - NAMED} more"
            raise BadCheckpoint(
                f"{self.folder} holds files that no run of this course wrote, and no checkpoint: "
                f"{names}. Name a new folder for the run, or move these files away"
            )

    def _prepare_folder(self) -> None:
        """Find out before the first step, not after an hour, that nothing can be written."""
        probe = files.unfinished(self.last)
        try:
            self._require_own_folder()
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = filelock.FileLock(self.folder / LOCK)
            with contextlib.suppress(NotImplementedError):  # a file system without locks
                lock.acquire(timeout=0)
                self._lock = lock
            files.remove_unfinished(self.folder, LAST, PREVIOUS, FIRST, LOG)
            probe.write_bytes(b"can this folder be written?")
            probe.unlink()
        except filelock.Timeout:
            raise OSError(
                errno.EBUSY,
                f"another kernel or program trains in {self.folder} now: stop it (in JupyterLab: "
                "Kernel, Shut Down All Kernels), or name another folder",
            ) from None
        except OSError as error:
            raise OSError(error.errno, files.explain(error, self.folder)) from None


_MEND = "Name another folder, or train anew with Run(…, fresh=True)."
# Networks that a run of this process has trained or loaded: they are no longer as they were made.
_TRAINED: weakref.WeakSet[nn.Module] = weakref.WeakSet()
_WORDS = {
    "course": "course_lib",
    "torch": "version of torch",
    "python": "version of Python",
    "threads": "number of threads",
    "device": "device",
}


def _require_new(name: str, *, taken: bool) -> None:
    """An optimizer or a scheduler can't be sent back to its beginning; it has to be made anew."""
    if taken:
        raise ValueError(
            f"{name} has taken steps already, and the run begins anew: make optimizers and "
            "schedulers in the cell that trains"
        )


def code_of(function: Callable[..., Any]) -> str:
    """A digest of what a function does, which comments and its docstring don't change."""
    return hashlib.sha256(repr(_parts(function)).encode()).hexdigest()[:12]


def _parts(thing: Any) -> Any:
    """All that decides what a function does, as far as it can be told from outside."""
    if isinstance(thing, functools.partial):
        return _parts(thing.func), [_parts(a) for a in thing.args], sorted(thing.keywords.items())
    if isinstance(thing, types.MethodType):
        return _parts(thing.__func__), _parts(thing.__self__)
    if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
        settings = [f.name for f in dataclasses.fields(thing) if f.init]
        return type(thing).__name__, [(name, _parts(getattr(thing, name))) for name in settings]
    if isinstance(thing, types.CodeType):
        return thing.co_code, thing.co_names, [_parts(constant) for constant in thing.co_consts]
    if isinstance(thing, types.FunctionType):
        code = thing.__code__
        constants = [_parts(c) for c in code.co_consts if c != thing.__doc__]
        closure = [_parts(cell.cell_contents) for cell in thing.__closure__ or ()]
        return code.co_code, code.co_names, constants, closure, thing.__defaults__
    return thing if isinstance(thing, int | float | str | tuple | None) else type(thing).__name__


def _environment() -> dict[str, Any]:
    return {
        "course": f"{course_lib.__version__}+{_code_digest()}",
        "torch": torch.__version__,
        "python": platform.python_version(),
        "threads": torch.get_num_threads(),
        "device": hardware.name(),
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
