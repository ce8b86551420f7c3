"""Real rain sets on this machine: registered by name, found, opened, verified.

A set lies where the user registered it with `add`, or in a folder of its own name in
`data_folder`. Nothing here downloads anything.
"""

from __future__ import annotations

import contextlib
import json
import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from course_lib.data.folders import (
    BadFile,
    BadFolder,
    OnBad,
    PairedFolder,
    PictureFolder,
    SideBySideFolder,
    SkippedFiles,
    picture_files,
    without_role,
)
from course_lib.data.pictures import picture_size
from course_lib.data.rain_sets import SETS, RainSet, parts
from course_lib.files import write_whole

LOCK_SECONDS = 30  # another process holds the register for milliseconds
MAX_REGISTER_BYTES = 10**6

# What the copies in circulation call the subfolders of rainy and of clean pictures.
SUBFOLDERS = (
    ("rainy", "clean"),
    ("rain/X2", "norain"),
    ("rain", "norain"),
    ("rain", "gt"),
    ("data", "gt"),
    ("input", "target"),
    ("rainy", "groundtruth"),
    ("rainy", "."),
    ("rain", "."),
)


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A set, or a part of one, and the folder that holds it, None where there is none."""

    name: str
    spec: RainSet
    path: Path | None


@dataclass(frozen=True, kw_only=True)
class Report:
    """What `verify` found in one set, or one part of a set.

    Attributes:
        name, path: the set and where it lies.
        count: how many pairs or pictures can be used.
        bad: files that can't, and files of a size that this set doesn't have.
        remarks: what else to know.
    """

    name: str
    path: Path
    count: int
    bad: tuple[BadFile, ...]
    remarks: tuple[str, ...]

    @property
    def partial(self) -> bool:
        """Whether pairs are missing: fine to work with, but not what papers report on."""
        return self.count < SETS[self.name].count[0]

    @property
    def sound(self) -> bool:
        """Whether this is the whole set, and nothing is wrong with it."""
        return not (self.bad or self.partial or self.count > SETS[self.name].count[1])


def data_folder() -> Path:
    """Where sets lie, absolute: the variable COURSE_DATA, else the user's data folder.

    Raises:
        ValueError: COURSE_DATA begins with the home folder of an unknown user.
    """
    import platformdirs

    if chosen := os.environ.get("COURSE_DATA"):
        return _absolute(chosen, "COURSE_DATA")
    return platformdirs.user_data_path("clearing-the-rain", appauthor=False)


def add(name: str, path: Path | str) -> Path:
    """Register the folder of a set.

    Args:
        name: a name in `SETS`, or of a set in parts when the folder holds any of them.
        path: the folder, which stays as it is.

    Returns:
        The folder's absolute path, now recorded in ``registered.json`` in `data_folder`. Links
        in it stay links, so that a set moves along with the link that leads to it.

    Raises:
        ValueError: no such set; the register is damaged; the path isn't valid UTF-8, which the
            register can't hold.
        BadFolder: the folder isn't there, or isn't laid out as this set.
        OSError: `data_folder` can't be written to.
    """
    parts(name)
    folder = _absolute(path, "the path")
    try:
        str(folder).encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError(
            f"the name of {os.fsencode(folder).decode('utf-8', 'backslashreplace')} isn't valid "
            "UTF-8, so the course can't remember it; rename the folder, or add a link to it"
        ) from None
    if not folder.is_dir():
        raise BadFolder(f"there is no folder {folder}")
    if name in SETS:
        _require_layout(name, folder)
    else:
        here = [part for part in parts(name) if (folder / part.split("/")[1]).is_dir()]
        if not here:
            raise BadFolder(
                f"{folder} holds no part of {name} ({', '.join(parts(name))}); if it is one of "
                f"them itself, add it by that name: course data add {parts(name)[0]} {folder}"
            )
        for part in here:
            _require_layout(part, folder / part.split("/")[1])
    with _locked_register() as register:
        registered = _registered() | {name: str(folder)}
        content = json.dumps(registered, indent=2, sort_keys=True, ensure_ascii=False)
        write_whole(register, f"{content}\n".encode())
    return folder


def _absolute(path: Path | str, what: str) -> Path:
    """A path from the root, its links left as they are."""
    try:
        return Path(path).expanduser().absolute()
    except RuntimeError:
        raise ValueError(
            f"{what} is {path}, and there is no such home folder here; write it from the root"
        ) from None


def find(name: str) -> Path:
    """The folder of a set, registered or in `data_folder`.

    Raises:
        ValueError: no such set.
        FileNotFoundError: this machine has no copy, or it is gone from where it was.
    """
    parts(name)
    registered = _registered()
    whole, _, part = name.partition("/")
    if name in registered:
        folder = Path(registered[name])
    elif whole in registered and (Path(registered[whole]) / part).is_dir():
        folder = Path(registered[whole]) / part
    else:
        folder = data_folder() / name
    if not folder.is_dir():
        where = "where it was registered" if name in registered else "nor is it registered"
        raise FileNotFoundError(
            f"the set {name} is not in {folder}, {where}. If you have it, say where: "
            f"course data add {name} PATH. The course does not need it: its own photographs "
            "need no download"
        )
    return folder


def open_set(
    name: str, *, on_bad: OnBad = "raise", overlaps: bool = False
) -> PairedFolder | SideBySideFolder | PictureFolder:
    """A set, ready to read.

    Args:
        name: a name in `SETS`.
        on_bad: ``"raise"``, or ``"skip"`` to read all files once and leave out the bad ones.
        overlaps: keep pairs whose backgrounds are in another set's test part.

    Raises:
        ValueError: no such set, or one in parts.
        FileNotFoundError: this machine has no copy.
        BadFolder: the copy isn't laid out as this set.
    """
    if parts(name) != [name]:
        raise ValueError(f"{name} has parts: open one of {', '.join(parts(name))}")
    spec, path = SETS[name], find(name)
    leave_out = () if overlaps else spec.overlaps
    match spec.layout:
        case "paired":
            rainy, clean = _subfolders(path)
            return PairedFolder(path, rainy=rainy, clean=clean, match=without_role, on_bad=on_bad)
        case "side by side":
            return SideBySideFolder(path, on_bad=on_bad, leave_out=leave_out)
        case _:
            return PictureFolder(path, doubled=spec.layout == "doubled", on_bad=on_bad)


def pairs_if_there(name: str) -> PairedFolder | SideBySideFolder | None:
    """The pairs of a set, or of a folder of `data_folder` with `rainy` and `clean` in it.

    Args:
        name: a name in `SETS`, or of any folder there.

    Returns:
        The pairs; None where they aren't on this machine.

    Raises:
        ValueError: what is there isn't a set of pairs.
    """
    if name not in SETS:
        folder = data_folder() / name
        return PairedFolder(folder) if folder.is_dir() else None
    try:
        found = open_set(name)
    except FileNotFoundError:
        return None
    if isinstance(found, PictureFolder):
        raise ValueError(f"{name} has no clean twins")
    return found


def list_sets() -> list[Listed]:
    """Every set that has a name here, and where this machine has it."""
    listed = []
    for name, spec in SETS.items():
        try:
            path = find(name)
        except FileNotFoundError:
            path = None
        listed.append(Listed(name=name, spec=spec, path=path))
    return listed


def verify(name: str) -> list[Report]:
    """Read a whole set and report missing and damaged files, for each part that is there.

    Raises:
        ValueError: no such set.
        FileNotFoundError: this machine has no copy.
        BadFolder: the copy isn't laid out as this set, or nothing in it can be used.
    """
    here = [listed.name for listed in list_sets() if listed.path and listed.name in parts(name)]
    if not here:
        raise BadFolder(f"{find(name)} holds none of {', '.join(parts(name))}")
    return [_verify(part) for part in here]


def _verify(name: str) -> Report:
    spec = SETS[name]
    with warnings.catch_warnings():  # the report says it all
        warnings.simplefilter("ignore", SkippedFiles)
        folder = open_set(name, on_bad="skip", overlaps=True)
    bad, remarks = list(folder.bad), []
    if spec.sides:
        short, long = spec.sides
        for path in (path for paths in folder.files for path in paths):
            sides = sorted(picture_size(path))
            if sides[0] not in short or sides[1] not in long:
                expected = " × ".join(" or ".join(map(str, side)) for side in spec.sides)
                size = f"{sides[0]} × {sides[1]} pixels, where this set has {expected}"
                bad.append(BadFile(path=path, reason=size))
    fewest, most = spec.count
    if len(folder) < fewest:
        remarks.append(f"partial: {len(folder)} of {fewest}; fine to work with, not to report on")
    if len(folder) > most:
        remarks.append(f"{len(folder)} instead of at most {most}: is something else mixed in?")
    overlaps = [name for name in folder.names if name in spec.overlaps]
    if overlaps:
        remarks.append(
            f"{len(overlaps)} backgrounds are in another set's test part, and left out of "
            f"training: {', '.join(overlaps)}"
        )
    return Report(
        name=name, path=folder.path, count=len(folder), bad=tuple(bad), remarks=tuple(remarks)
    )


def _subfolders(path: Path) -> tuple[str, str]:
    """What this copy calls its subfolders of rainy and of clean pictures."""
    for rainy, clean in SUBFOLDERS:
        if (path / rainy).is_dir() and (path / clean).is_dir():
            return rainy, clean
    there = sorted(p.name for p in path.iterdir())
    raise BadFolder(
        f"{path} holds {', '.join(there[:8]) or 'nothing'}, where a set of pairs has subfolders "
        f"such as {' and '.join(SUBFOLDERS[0])}, or {' and '.join(SUBFOLDERS[-4])}; rename them"
    )


def _require_layout(name: str, folder: Path) -> None:
    """Raise `BadFolder` unless the folder's outer shape is that of the set; reads no picture."""
    subfolders = _subfolders(folder) if SETS[name].layout == "paired" else (".",)
    for subfolder in subfolders:
        picture_files(folder / subfolder)


def _register() -> Path:
    return data_folder() / "registered.json"


def _registered() -> dict[str, str]:
    register = _register()
    try:
        if not register.exists():
            return {}
        if not register.is_file() or register.stat().st_size > MAX_REGISTER_BYTES:
            raise ValueError("it isn't a file of text as the course writes it")
        registered = json.loads(register.read_text(encoding="utf-8"))
        if not isinstance(registered, dict) or not all(
            isinstance(path, str) for path in registered.values()
        ):
            raise ValueError("it isn't a table of names and paths")
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"{register}, where registered sets are remembered, is damaged ({error}). It was left "
            "as it is: mend it in a text editor; or note the folders in it, delete it and add "
            "your sets again: course data add NAME PATH"
        ) from error
    return registered


@contextlib.contextmanager
def _locked_register() -> Iterator[Path]:
    """The file that holds the register, which no other process changes meanwhile.

    Where the register is a link, this is the file that it leads to.
    """
    register = Path(os.path.realpath(_register()))
    try:
        register.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{register}.lock", timeout=LOCK_SECONDS):
            yield register
    except Timeout:
        raise OSError(
            f"another process has held {register}.lock for {LOCK_SECONDS} s; end it and try again"
        ) from None
    except OSError as error:
        raise type(error)(
            f"{register} can't be written ({error}); name a folder that can in the environment "
            "variable COURSE_DATA"
        ) from error
