"""Folders of real rain: pairs in two subfolders, pairs side by side, pictures without a twin.

All three are sequences in natural order (2 before 10) that read a file when it is asked for.
A thousand files hold a bad one sooner or later. By default it is an error that names the file;
with ``on_bad="skip"`` every file is read once in advance, what is bad is left out with a
warning, and ``folder.bad`` says what and why.
"""

from __future__ import annotations

import re
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Literal, NamedTuple, TypeVar

import numpy as np

from course_lib.data.pair import Pair, visible_change
from course_lib.data.pictures import SUFFIXES, BadPicture, read_picture

OnBad = Literal["raise", "skip"]
Content = TypeVar("Content", Pair, np.ndarray)


class BadFolder(ValueError):
    """A folder that isn't laid out as expected; the message says what to do about it."""


class SkippedFiles(UserWarning):
    """Bad files were left out of a folder that was opened with ``on_bad="skip"``."""


@dataclass(frozen=True, kw_only=True)
class BadFile:
    """A file that can't be used, and why.

    Attributes:
        path: the file; of a pair that can't be read together, the rainy one.
        reason: what is wrong, naming the other file where that is the bad one.
    """

    path: Path
    reason: str

    def __str__(self) -> str:
        return self.reason if str(self.path) in self.reason else f"{self.path}: {self.reason}"


class FolderItem(NamedTuple):
    """Name and files of a picture or pair, known before it is read."""

    name: str
    paths: tuple[Path, ...]


def same_stem(stem: str) -> str:
    """Twins have the same name, whatever their extensions: ``7.png`` and ``7.jpg``."""
    return stem


def without_role(stem: str) -> str:
    """A file's name without the word that tells rainy and clean pictures apart.

    ``0_rain`` and ``0_clean`` become ``0``, ``rain-001`` and ``norain-001`` become ``001``,
    ``norain-1x2`` and ``norain-1`` become ``1``, ``12`` and ``12gt`` become ``12``.
    """
    role = r"(?<![a-z])(norain|rainy|rain|clean|gt)(?![a-z])|(?<=\d)x2$"
    return re.sub(role, "", stem, flags=re.IGNORECASE).strip("-_ ") or stem


class Folder(ABC, Generic[Content]):
    """What the three kinds of folder share.

    Attributes:
        path: where the pictures are.
        names: one a picture or pair, the rainy file's name without its extension.
        bad: what was left out, and why; empty unless ``on_bad="skip"``.
    """

    def __init__(self, path: Path | str, on_bad: OnBad, leave_out: Collection[str]) -> None:
        if on_bad not in ("raise", "skip"):
            raise ValueError(f"on_bad is 'raise' or 'skip', not {on_bad!r}")
        self.path = Path(path)
        entries, self.bad = self._list()
        self._entries = [entry for entry in entries if entry.name not in leave_out]
        if on_bad == "raise" and self.bad:
            first, others = self.bad[0], len(self.bad) - 1
            more = f" ({others} more such files)" if others else ""
            raise BadFolder(f"{first}{more}; mend it, or leave out what is bad with on_bad='skip'")
        if on_bad == "skip":
            faults = self.check()
            faulty = {fault.path for fault in faults}
            self.bad += faults
            self._entries = [e for e in self._entries if e.paths[0] not in faulty]
        if not self._entries:
            why = f"; the first of {len(self.bad)} bad files: {self.bad[0]}" if self.bad else ""
            raise BadFolder(f"{self.path} holds nothing that can be used{why}")
        if self.bad:
            first, count = self.bad[0], len(self.bad)
            warnings.warn(
                f"{self.path}: left out {count} bad file{'s' if count > 1 else ''}, all in "
                f"folder.bad; the first: {first}",
                SkippedFiles,
                stacklevel=3,  # who opened the folder
            )

    @property
    def names(self) -> list[str]:
        """One name a picture or pair, in the order of the indices."""
        return [entry.name for entry in self._entries]

    @property
    def files(self) -> list[tuple[Path, ...]]:
        """What each item is read from: one file, or the rainy and the clean one."""
        return [entry.paths for entry in self._entries]

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, index: int) -> Content:
        try:
            return self._read(self._entries[index])
        except BadPicture as error:
            raise BadPicture(
                f"{error}. To leave out all that is bad, open the folder with on_bad='skip'"
            ) from error

    def __iter__(self) -> Iterator[Content]:
        return (self[index] for index in range(len(self)))

    def check(self) -> list[BadFile]:
        """Read every file, which takes a while, and report those that can't be used."""
        faults = []
        for entry in self._entries:
            try:
                self._read(entry)
            except (BadPicture, OSError) as error:
                faults.append(BadFile(path=entry.paths[0], reason=str(error)))
        return faults

    @abstractmethod
    def _list(self) -> tuple[list[FolderItem], list[BadFile]]:
        """The folder's items by their file names, and what is wrong with these."""

    @abstractmethod
    def _read(self, entry: FolderItem) -> Content:
        """The item itself."""


class PairedFolder(Folder[Pair]):
    """Rainy pictures in one subfolder, their clean twins in another, matched by name.

    ``folder[i]`` is a `Pair` whose mask is True where the luma differs by more than 12 of 255.
    Several rainy pictures may share a clean one, if ``match`` says so.

    Args:
        path: the folder that holds both subfolders.
        rainy, clean: names of the subfolders.
        match: makes from a file's stem (its name without extension) what twins have in common:
            `same_stem`, `without_role`, or a function of yours.
        on_bad: ``"raise"``, or ``"skip"`` to read all files once and leave out the bad ones.
        leave_out: names of pairs to pass over.

    Raises:
        BadFolder: a subfolder is missing, twins are missing or ambiguous, nothing is left.
        BadPicture: on reading, a file is bad or the two of a pair differ in size.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        rainy: str = "rainy",
        clean: str = "clean",
        match: Callable[[str], str] = same_stem,
        on_bad: OnBad = "raise",
        leave_out: Collection[str] = (),
    ) -> None:
        self._rainy, self._clean, self._match = rainy, clean, match
        super().__init__(path, on_bad, leave_out)

    def _list(self) -> tuple[list[FolderItem], list[BadFile]]:
        mend = "name the subfolders with rainy= and clean="
        rainy_files = picture_files(self.path / self._rainy, mend)
        clean_files = picture_files(self.path / self._clean, mend)
        twins: dict[str, Path] = {}
        bad = []
        for file in clean_files:
            twin = twins.setdefault(self._match(file.stem), file)
            if twin is not file:
                bad.append(BadFile(path=file, reason=f"matches the same rainy pictures as {twin}"))
        entries: dict[str, FolderItem] = {}
        for file in rainy_files:
            key = self._match(file.stem)
            if key not in twins:
                bad.append(BadFile(path=file, reason=f"no twin {key!r} in {self._clean}/"))
            elif file.stem in entries:
                bad.append(BadFile(path=file, reason=f"a second file of the name {file.stem!r}"))
            else:
                entries[file.stem] = FolderItem(file.stem, (file, twins[key]))
        used = {entry.paths[1] for entry in entries.values()}
        lonely = [file for file in twins.values() if file not in used]
        bad += [BadFile(path=f, reason=f"no twin in {self._rainy}/") for f in lonely]
        return list(entries.values()), bad

    def _read(self, entry: FolderItem) -> Pair:
        rainy_file, clean_file = entry.paths
        rainy, clean = read_picture(rainy_file), read_picture(clean_file)
        if rainy.shape != clean.shape:
            (h, w), (h2, w2) = rainy.shape[:2], clean.shape[:2]
            raise BadPicture(
                f"{rainy_file} is {h}×{w}, its twin {clean_file} {h2}×{w2}; "
                "are the right files matched? Otherwise crop them alike, or leave the pair out"
            )
        return make_pair(rainy, clean, entry.name)


class SideBySideFolder(Folder[Pair]):
    """One file a pair, as in Rain800: the left half is clean, the right half rainy.

    ``folder[i]`` is a `Pair`, cut at half the width; of an odd width, the last column is lost.

    Args:
        path: the folder that holds the files.
        on_bad: ``"raise"``, or ``"skip"`` to read all files once and leave out the bad ones.
        leave_out: names of pairs to pass over.

    Raises:
        BadFolder: the folder is missing, or nothing is left.
        BadPicture: on reading, a file is bad.
    """

    def __init__(
        self, path: Path | str, *, on_bad: OnBad = "raise", leave_out: Collection[str] = ()
    ) -> None:
        super().__init__(path, on_bad, leave_out)

    def _list(self) -> tuple[list[FolderItem], list[BadFile]]:
        return [FolderItem(file.stem, (file,)) for file in picture_files(self.path)], []

    def _read(self, entry: FolderItem) -> Pair:
        clean, rainy = _halves(read_picture(entry.paths[0]), entry.paths[0])
        return make_pair(rainy, clean, entry.name)


class PictureFolder(Folder[np.ndarray]):
    """Rainy pictures without ground truth; ``folder[i]`` is uint8 H×W×3.

    Args:
        path: the folder that holds the files.
        doubled: each file holds its picture twice, side by side, as Rain800's real photographs
            do; the left one is taken.
        on_bad: ``"raise"``, or ``"skip"`` to read all files once and leave out the bad ones.
        leave_out: names of pictures to pass over.

    Raises:
        BadFolder: the folder is missing, or nothing is left.
        BadPicture: on reading, a file is bad.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        doubled: bool = False,
        on_bad: OnBad = "raise",
        leave_out: Collection[str] = (),
    ) -> None:
        self._doubled = doubled
        super().__init__(path, on_bad, leave_out)

    def _list(self) -> tuple[list[FolderItem], list[BadFile]]:
        return [FolderItem(file.stem, (file,)) for file in picture_files(self.path)], []

    def _read(self, entry: FolderItem) -> np.ndarray:
        picture = read_picture(entry.paths[0])
        return _halves(picture, entry.paths[0])[0] if self._doubled else picture


def _halves(both: np.ndarray, file: Path) -> tuple[np.ndarray, np.ndarray]:
    """The left and the right half of a picture; of an odd width, the last column is lost."""
    half = both.shape[1] // 2
    if not half:
        raise BadPicture(
            f"{file} is one pixel wide: there is no right half; fetch it again, or leave it out"
        )
    return both[:, :half], both[:, half : 2 * half]


def make_pair(rainy: np.ndarray, clean: np.ndarray, name: str) -> Pair:
    """The `Pair` of two uint8 H×W×3 pictures; the mask is where their lumas differ visibly."""
    return Pair(rainy=rainy, clean=clean, mask=visible_change(rainy, clean), name=name)


def picture_files(folder: Path, mend: str = "name the folder that holds the files") -> list[Path]:
    """The picture files right inside a folder, in natural order; hidden files are passed over."""
    if not folder.is_dir():
        beside = folder.parent
        there = sorted(p.name for p in beside.iterdir()) if beside.is_dir() else []
        found = f" ({beside} holds {', '.join(there[:8])})" if there else ""
        raise BadFolder(f"there is no folder {folder}{found}; {mend}")
    files = [
        file
        for file in folder.iterdir()
        if file.suffix.lower() in SUFFIXES and not file.name.startswith(".")
    ]
    if not files:
        raise BadFolder(f"{folder} holds no picture ({' '.join(sorted(SUFFIXES))}); {mend}")
    return sorted(files, key=lambda file: _natural(file.name))


def _natural(name: str) -> list[tuple[int, str]]:
    parts = re.split(r"(\d+)", name)
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]
