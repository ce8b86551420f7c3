"""Check whether this machine can run the course, and how to fix it if it can't."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import psutil

from course_lib import hardware

if TYPE_CHECKING:
    from packaging.requirements import Requirement

DISTRIBUTION = "clearing-the-rain"
LAB_MEND = (
    "running and building lessons needs the lab extra: "
    f'in the course\'s folder, {sys.executable} -m pip install -e ".[lab]"'
)
NEEDED_MEMORY_GB = 3.0
NEEDED_DISK_GB = 2.0


@dataclass(frozen=True, kw_only=True)
class Finding:
    """The result of one check.

    Attributes:
        name: the thing that was checked.
        found: the state in which it was found.
        state: ``ok``; ``note``: the course works nevertheless; ``missing``: it doesn't.
        mend: how to fix it; empty if ``ok``.
    """

    name: str
    found: str
    state: Literal["ok", "note", "missing"] = "ok"
    mend: str = ""


def examine() -> list[Finding]:
    """Check everything that a lesson needs."""
    return [
        _python(),
        _versions(),
        *_packages(),
        _device(),
        _memory(),
        _disk(),
        *_folders(),
        *_kernel(),
        _photos(),
        _lessons(),
        _data(),
    ]


def _python() -> Finding:
    found = f"{hardware.versions()['python']} in {sys.prefix}"
    return Finding(name="Python", found=found)


def _versions() -> Finding:
    others = {name: version for name, version in hardware.versions().items() if name != "python"}
    return Finding(name="versions", found=", ".join(f"{k} {v}" for k, v in others.items()))


def is_of_lab(module: str) -> bool:
    """Whether a module belongs to the extra ``lab``, which running and building lessons needs."""
    package = module.partition(".")[0].replace("_", "-").lower()
    return package in {one.name for one in _required("lab")} - {one.name for one in _required()}


def _required(extra: str = "") -> list[Requirement]:
    """Return the course's requirements, with those of an extra, from its metadata."""
    from packaging.requirements import Requirement

    wanted = [Requirement(line) for line in metadata.requires(DISTRIBUTION) or ()]
    return [one for one in wanted if one.marker is None or one.marker.evaluate({"extra": extra})]


def _unfit(needed: Sequence[Requirement]) -> dict[Requirement, str]:
    """Return the requirements that aren't met, each with the version found instead."""
    found = {}
    for one in needed:
        try:
            version = metadata.version(one.name)
        except metadata.PackageNotFoundError:
            found[one] = "not installed"
            continue
        if not one.specifier.contains(version, prereleases=True):
            found[one] = version
    return found


def _packages() -> Iterator[Finding]:
    """Check all required packages; name only the unfit ones."""
    needed, lab = _required(), _required("lab")
    unfit = _unfit(needed)
    for one, version in unfit.items():
        yield Finding(
            name=one.name,
            found=version,
            state="missing",
            mend=f'{sys.executable} -m pip install "{one.name}{one.specifier}"',
        )
    yield Finding(name="packages", found=f"{len(needed) - len(unfit)} of {len(needed)} as required")
    if absent := sorted(one.name for one in _unfit(lab) if one not in needed):
        found = f"without {', '.join(absent)}"
        yield Finding(name="lab packages", found=found, state="note", mend=LAB_MEND)


def _device() -> Finding:
    try:
        import torch
        import torchvision
    except Exception as error:  # a broken build can raise anything while it loads
        return Finding(
            name="device",
            found=f"torch can't be imported: {' '.join(str(error).split())[:200]}",
            state="missing",
            mend="install torch and torchvision together, both from the same index",
        )
    found = f"{hardware.device_name()}, torch {torch.__version__}"
    try:
        torchvision.ops.nms(torch.zeros(1, 4), torch.zeros(1), 0.5)
    except RuntimeError:
        return Finding(
            name="device",
            found=f"{found}, torchvision {torchvision.__version__} is for another build of torch",
            state="missing",
            mend="install torch and torchvision together, both from the same index",
        )
    if torch.cuda.is_available():
        return Finding(name="device", found=f"{found}: profile gpu")
    return Finding(name="device", found=f"{found}: profile cpu")


def _memory() -> Finding:
    free, total = psutil.virtual_memory().available / 1e9, hardware.memory_gb()
    found = f"{free:.1f} GB free of {total:.1f} GB"
    if free < NEEDED_MEMORY_GB:
        mend = f"close other programs: lessons need up to {NEEDED_MEMORY_GB:.0f} GB"
        return Finding(name="memory", found=found, state="note", mend=mend)
    return Finding(name="memory", found=found)


def _disk() -> Finding:
    free = shutil.disk_usage(Path.cwd()).free / 1e9
    found = f"{free:.1f} GB free here"
    if free < NEEDED_DISK_GB:
        mend = f"free {NEEDED_DISK_GB:.0f} GB; `make clean` deletes earlier runs"
        return Finding(name="disk", found=found, state="note", mend=mend)
    return Finding(name="disk", found=found)


def _folders() -> Iterator[Finding]:
    try:
        temporary = tempfile.gettempdir()
    except FileNotFoundError:  # it found none that can be written
        temporary = os.environ.get("TMPDIR", "/tmp")
    looked_at = [
        ("build folder", "build", "change into a folder of yours"),
        ("temporary folder", temporary, "set TMPDIR to a folder of yours"),
    ]
    with contextlib.suppress(ModuleNotFoundError):  # without the lab extra no kernel starts
        from jupyter_core.paths import jupyter_runtime_dir

        jupyter = jupyter_runtime_dir()
        looked_at.append(("Jupyter's folder", jupyter, f"make it yours: chown -R $USER {jupyter}"))
    for name, folder, mend in looked_at:
        path = Path(folder).absolute()
        if is_writable(path):
            yield Finding(name=name, found=str(path))
        else:
            yield Finding(
                name=name,
                found=f"{path} can't be written",
                state="missing",
                mend=mend,
            )


def is_writable(folder: Path) -> bool:
    """Whether files can be created in a folder, or in its nearest existing parent."""
    while not folder.exists():
        folder = folder.parent
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)


def _kernel() -> Iterator[Finding]:
    try:
        from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
    except ModuleNotFoundError:
        return  # told of with the lab packages
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"  # as the runner does
    try:
        spec = KernelSpecManager().get_kernel_spec("python3")
    except NoSuchKernel:
        yield Finding(
            name="notebook kernel",
            found="there is no kernel python3",
            state="missing",
            mend=f"{sys.executable} -m ipykernel install --sys-prefix",
        )
        return
    yield Finding(name="notebook kernel", found=str(spec.resource_dir))


def _photos() -> Finding:
    from course_lib.data.photos import PHOTOS, load_photo

    missing = []
    for name in PHOTOS:
        try:
            load_photo(name)
        except (OSError, ValueError):
            missing.append(name)
    if missing:
        return Finding(
            name="photographs",
            found=f"{', '.join(missing)} can't be read",
            state="missing",
            mend=f"{sys.executable} -m pip install --force-reinstall --no-deps "
            "scikit-image scikit-learn matplotlib",
        )
    return Finding(name="photographs", found=f"{len(PHOTOS)}, none to download")


def _lessons() -> Finding:
    from course_lib.profiles import LESSONS

    return Finding(name="lessons", found=f"{len(LESSONS)}: {', '.join(LESSONS)}")


def _data() -> Finding:
    from course_lib.data import registry

    folder = registry.data_folder()
    found = f"{folder} (optional)"
    if not is_writable(folder):
        return Finding(
            name="real rain sets",
            found=f"{folder} can't be written",
            state="note",
            mend="set COURSE_DATA to a folder of yours, if you want real sets",
        )
    return Finding(name="real rain sets", found=found)
