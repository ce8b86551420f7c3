"""Recorded training runs: curves, and what G made of the same crops along the way.

A recording is a folder of two files that a browser could read too: ``run.json`` with settings
and curves, and ``frames.webp`` with all pictures in one.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from numbers import Real
from pathlib import Path

import numpy as np
from PIL import Image

from course_lib import digests, files, records
from course_lib.ranges import to_uint8

FOLDER = Path(__file__).parent.parent / "assets" / "recordings"
FILES = _PICTURES, _RUN = "frames.webp", "run.json"
LIMIT = 1_500_000  # bytes of one recording
PIXELS = 16_000_000  # of its picture, which decoded takes four bytes a pixel
POINTS = 1000  # of one curve; longer ones are thinned

# WebP keeps colour at half of the resolution, which turns the coloured noise of a failing GAN
# grey. So each pixel is stored as 2×2 of them: for the noise of a baseline GAN that gives 26 dB
# where quality 85 of the bare pixels gives 22, and a file a third larger.
ENLARGED = 2
_QUALITY = 40
_LONGEST_SIDE = 16383  # pixels; WebP's own
_NAME = re.compile(r"[a-z0-9]+([_-][a-z0-9]+)*")
_MEND = "keep fewer frames or crops, or smaller ones"


@dataclass(frozen=True, kw_only=True, eq=False)
class Recording:
    """One training run that can be looked at again.

    Attributes:
        name: of its folder: small letters and digits, in words joined by ``-`` or ``_``.
        about: settings and where it comes from: seed, profile, commit, date and the like.
        curves: what was measured, such as ``"loss_d"`` → (steps, values).
        frames: (step, pictures), pictures being what G made of the N rainy crops after that
            step, N×H×W×3 uint8; in the order of the steps.
        rainy, clean: the N held-out crops and their truths, N×H×W×3 uint8.

    Raises:
        ValueError: a name that is no folder's, nothing recorded, steps out of order, curves
            of unequal length, values that aren't finite, pictures that don't agree.
        TypeError: pictures other than uint8, settings other than text and numbers, steps that are
            no numbers.
    """

    name: str
    about: dict[str, str | int | float]
    curves: dict[str, tuple[list[float], list[float]]]
    frames: tuple[tuple[int, np.ndarray], ...]
    rainy: np.ndarray
    clean: np.ndarray
    # The file it was loaded from: encoding the pictures again would cost a second and quality.
    _sprite: bytes | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(
                f"a recording can't be named {self.name!r}: use small letters and digits, in "
                "words joined by - or _, such as 'lesson-01-a'"
            )
        for key, setting in self.about.items():
            if not isinstance(key, str) or not isinstance(setting, str | int | float):
                raise TypeError(
                    f"about[{key!r}] is a {type(setting).__name__}; what a recording says about "
                    "itself is text, int or float"
                )
            if isinstance(setting, float) and not math.isfinite(setting):
                raise ValueError(f"about[{key!r}] is {setting}, which isn't finite")
        if not self.curves or not self.frames:
            raise ValueError(
                f"a recording holds curves and frames; {self.name!r} has {len(self.curves)} "
                f"curves and {len(self.frames)} frames"
            )
        for key, (steps, values) in self.curves.items():
            _require_curve(key, steps, values)
        _require_ascending("the frames", [step for step, _ in self.frames])
        _require_pictures(self)

    def provenance(self) -> str:
        """Where the run comes from, in one line for readers, as far as ``about`` says."""
        about = {key: str(setting) for key, setting in self.about.items()}
        parts = (
            f"profile {about['profile']}" if "profile" in about else "",
            f"seed {about['seed']}" if "seed" in about else "",
            about.get("date", "")[:10],
            about.get("device", ""),
            f"commit {about['parent_commit'][:7]}" if "parent_commit" in about else "",
        )
        return f"Recorded run {self.name}: {', '.join(filter(None, parts))}"


def record(
    history: Sequence[Mapping[str, float]],
    frames: Sequence[tuple[int, np.ndarray]],
    *,
    rainy: np.ndarray,
    clean: np.ndarray,
    name: str,
    about: Mapping[str, str | int | float],
    keys: Sequence[str] = (),
) -> Recording:
    """A recording of a training run.

    A curve of more than 1000 points becomes means over blocks of steps, each at its block's
    last step, so that a point never knows of steps to come.

    Args:
        history: what `training.loop.train` returns, or the records so far.
        frames: as `training.observers.Samples` keeps them; pictures uint8 or in [0, 1].
        rainy, clean: the crops that the frames show, and their truths; uint8 or in [0, 1].
        name, about: see `Recording`.
        keys: of the records that become curves; without them all but the step.

    Raises:
        ValueError, TypeError: as `Recording`; no record has one of the keys.
    """
    found = dict.fromkeys(key for entry in history for key in entry if key != "step")
    curves = {}
    for key in keys or found:
        points = [(float(e["step"]), float(e[key])) for e in history if key in e]
        if not points:
            raise ValueError(f"no record has {key!r}; there are {', '.join(found) or 'none'}")
        curves[key] = _thinned(points)
    return Recording(
        name=name,
        about=dict(about),
        curves=curves,
        frames=tuple((int(step), to_uint8(pictures)) for step, pictures in frames),
        rainy=to_uint8(rainy),
        clean=to_uint8(clean),
    )


def save(recording: Recording, folder: Path = FOLDER) -> Path:
    """Write a recording; an older one of its name is replaced.

    Numbers keep four digits, pictures lose a little: see `sprite`. The same recording gives
    the same bytes. ``run.json`` is written last and holds the SHA-256 of the pictures and its
    own, so damage to either file is noticed when they are loaded.

    Args:
        recording: to write.
        folder: of all recordings; made if it isn't there.

    Returns:
        The recording's own folder, ``folder/NAME``.

    Raises:
        ValueError: the recording would take more than 1.5 MB, or its picture can't be a WebP.
        OSError: the folder can't be written.
    """
    pictures = sprite(recording)
    run = _run_json(recording, hashlib.sha256(pictures).hexdigest())
    _require_small(recording.name, len(run.encode()) + len(pictures))
    own = folder / recording.name
    own.mkdir(parents=True, exist_ok=True)
    files.write_whole(own / _PICTURES, pictures)
    records.write_text(own / _RUN, run)
    return own


def load(name: str, folder: Path = FOLDER) -> Recording:
    """A recording by its name; its pictures are read-only.

    Raises:
        ValueError: there is none of that name, or its files are damaged or larger than a
            recording's may be.
    """
    known = names(folder)
    if name not in known:
        raise ValueError(f"no recording {name!r}: there are {', '.join(known) or 'none'}")
    own = folder / name
    try:
        run = records.read_record(own / _RUN, limit=LIMIT)
        pictures = files.read_whole(own / _PICTURES, LIMIT)
        if hashlib.sha256(pictures).hexdigest() != run["frames_sha256"]:
            raise ValueError("frames.webp isn't the file that run.json describes")
        rows = _unpacked(pictures, len(run["frames"]) + 2, *run["crops"])
        curves = {key: (steps, values) for key, (steps, values) in run["curves"].items()}
        recording = Recording(
            name=name,
            about=run["about"],
            curves=curves,
            frames=tuple(zip(run["frames"], rows[2:], strict=True)),
            rainy=rows[0],
            clean=rows[1],
        )
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, OSError) as error:
        raise ValueError(
            f"the recording in {own} is damaged ({error}): install the course again, or record "
            "the run anew"
        ) from error
    object.__setattr__(recording, "_sprite", pictures)
    return recording


def names(folder: Path = FOLDER) -> list[str]:
    """The names of all recordings, sorted."""
    return sorted(path.parent.name for path in folder.glob(f"*/{_RUN}"))


def sprite(recording: Recording) -> bytes:
    """All pictures as one lossy WebP file: each pixel 2×2 of its own, no gaps.

    Its rows from the top: rainy, clean, and each frame; its columns are the crops.

    Raises:
        ValueError: more than 1.5 MB or 16 million pixels, or a side that WebP doesn't allow.
    """
    if recording._sprite is not None:
        return recording._sprite
    rows = [recording.rainy, recording.clean, *(pictures for _, pictures in recording.frames)]
    # R×N×H×W×3 → (R·H)×(N·W)×3
    sheet = np.concatenate([np.concatenate(list(row), axis=1) for row in rows])
    enlarged = sheet.repeat(ENLARGED, axis=0).repeat(ENLARGED, axis=1)
    if max(enlarged.shape) > _LONGEST_SIDE:
        height, width = enlarged.shape[:2]
        raise ValueError(
            f"the frames of {recording.name!r} make a picture of {height}×{width} pixels, and "
            f"WebP's sides have at most {_LONGEST_SIDE}: {_MEND}"
        )
    if (pixels := enlarged.shape[0] * enlarged.shape[1]) > PIXELS:
        raise ValueError(
            f"the frames of {recording.name!r} make a picture of {pixels / 1e6:.0f} million "
            f"pixels, and one may have {PIXELS / 1e6:.0f}: {_MEND}"
        )
    buffer = io.BytesIO()
    Image.fromarray(enlarged).save(buffer, format="webp", quality=_QUALITY, method=6)
    _require_small(recording.name, buffer.tell())
    return buffer.getvalue()


def _unpacked(webp: bytes, rows: int, count: int, height: int, width: int) -> np.ndarray:
    """The pictures of a sprite, R×N×H×W×3."""
    expected = (count * width * ENLARGED, rows * height * ENLARGED)
    if expected[0] * expected[1] > PIXELS:
        raise ValueError(
            f"{rows} rows of {count} crops of {height}×{width} are more than {PIXELS / 1e6:.0f} "
            f"million pixels, each pixel {ENLARGED}×{ENLARGED}"
        )
    try:
        picture = Image.open(io.BytesIO(webp), formats=["webp"])
    except Image.DecompressionBombError as error:
        raise ValueError(f"frames.webp: {error}") from None
    with picture:
        # Before it is decoded: the file might claim any size, or any number of frames.
        if picture.size != expected or getattr(picture, "n_frames", 1) != 1:
            raise ValueError(
                f"frames.webp is {picture.height}×{picture.width} pixels in "
                f"{getattr(picture, 'n_frames', 1)} frames, not {rows} rows of {count} crops of "
                f"{height}×{width}, each pixel {ENLARGED}×{ENLARGED}, in one"
            )
        # Averages each ENLARGED×ENLARGED square.
        pixels = np.asarray(picture.convert("RGB").reduce(ENLARGED))
    unpacked = pixels.reshape(rows, height, count, width, 3).swapaxes(1, 2).copy()
    unpacked.setflags(write=False)  # else they could come to differ from the file
    return unpacked


def _thinned(points: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    """Steps and values, of at most `POINTS` blocks: each block's last step and mean value."""
    size = -(-len(points) // POINTS)
    blocks = [points[n : n + size] for n in range(0, len(points), size)]
    return (
        [block[-1][0] for block in blocks],
        [float(np.mean([value for _, value in block])) for block in blocks],
    )


def _run_json(recording: Recording, frames_sha256: str) -> str:
    """The text of ``run.json``: a line for each curve, so that a change to one shows as such."""
    parts = {
        records.KEY: json.dumps(digests.BLANK),
        "about": json.dumps(recording.about, ensure_ascii=False),
        "crops": json.dumps(recording.rainy.shape[:3]),
        "frames": json.dumps([step for step, _ in recording.frames]),
        "frames_sha256": json.dumps(frames_sha256),
    }
    lines = [f"{json.dumps(key)}: {value}" for key, value in parts.items()]
    curves = [
        f"{json.dumps(key)}: [[{_numbers(steps, 12)}], [{_numbers(values, 4)}]]"
        for key, (steps, values) in recording.curves.items()
    ]
    lines.append('"curves": {\n' + ",\n".join(curves) + "\n}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _numbers(numbers: Sequence[float], digits: int) -> str:
    return ", ".join(f"{float(number):.{digits}g}" for number in numbers)


def _require_curve(key: str, steps: Sequence[float], values: Sequence[float]) -> None:
    if len(steps) != len(values) or not steps:
        raise ValueError(f"the curve {key!r} has {len(steps)} steps and {len(values)} values")
    for step, value in zip(steps, values, strict=True):
        if not (math.isfinite(step) and math.isfinite(value)):
            raise ValueError(
                f"the curve {key!r} is {value} at step {step}, which isn't finite: end the "
                "recording before that step"
            )
    _require_ascending(f"the curve {key!r}", steps)


def _require_ascending(what: str, steps: Sequence[float]) -> None:
    for step in steps:
        if not isinstance(step, Real):
            raise TypeError(f"a step of {what} is {step!r}, and steps are numbers")
    for before, after in pairwise(steps):
        if not before < after:
            raise ValueError(f"the steps of {what} must grow, but {after} follows {before}")


def _require_pictures(recording: Recording) -> None:
    named = {
        "rainy": recording.rainy,
        "clean": recording.clean,
        **{f"the frame of step {step}": pictures for step, pictures in recording.frames},
    }
    for what, pictures in named.items():
        if pictures.dtype != np.uint8:
            raise TypeError(f"{what} is {pictures.dtype}; pictures are recorded as uint8")
        if pictures.ndim != 4 or pictures.shape[3] != 3 or not pictures.size:
            raise ValueError(f"{what} has the shape {pictures.shape}; it should be N×H×W×3")
        if pictures.shape != recording.rainy.shape:
            raise ValueError(
                f"{what} has the shape {pictures.shape} and rainy {recording.rainy.shape}: "
                "record the same crops in each"
            )


def _require_small(name: str, size: int) -> None:
    if size > LIMIT:
        raise ValueError(
            f"the recording {name!r} would take {size / 1e6:.2f} MB, and one may take "
            f"{LIMIT / 1e6:.1f}: {_MEND}"
        )
