from __future__ import annotations

import os
import re
import subprocess
import tomllib
from glob import glob
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import course_lib
from course_lib.authoring import release

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PINNED_LINE = re.compile(r"([A-Za-z0-9._-]+)==(\S+)")


def pins(path: Path = ROOT / "constraints.txt") -> dict[str, Version]:
    found = {}
    for line in path.read_text().splitlines():
        if line.startswith("#"):
            continue
        match = PINNED_LINE.fullmatch(line)
        assert match, f"{line!r} in {path.name} is no exact pin"
        found[canonicalize_name(match[1])] = Version(match[2])
    return found


def environment() -> dict[str, object]:
    found = yaml.safe_load((ROOT / "environment.yml").read_text())
    assert isinstance(found, dict)
    return found


def python_of_conda() -> str:
    (line,) = [
        str(one)
        for one in environment()["dependencies"]
        if str(one).startswith("python=")  # type: ignore[attr-defined]
    ]
    return line.removeprefix("python=")


def needed() -> list[str]:
    extras = PROJECT["optional-dependencies"]
    (own,) = (line for line in extras["dev"] if line.startswith(PROJECT["name"]))
    assert own == f"{PROJECT['name']}[lab]"
    dev = [line for line in extras["dev"] if line != own]
    return [*PROJECT["dependencies"], *extras["lab"], *dev]


@pytest.mark.parametrize("line", needed())
def test_dependency_is_pinned_within_its_range(line: str) -> None:
    requirement = Requirement(line)
    name = canonicalize_name(requirement.name)
    assert name in pins(), f"{name} isn't in constraints.txt: run `make constraints`"
    assert requirement.specifier.contains(pins()[name], prereleases=True)


def test_dependencies_have_no_upper_bound() -> None:
    # One needless upper bound makes a course impossible to install beside Colab's packages.
    for line in [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["lab"]]:
        assert not re.search(r"==|<|~=", line), line


def test_colabs_own_packages_meet_every_bound() -> None:
    colab = pins(ROOT / ".ci" / "colab_packages.txt")
    missing = {"lightning-fabric", "torchmetrics", "jupyterlab", "latex2mathml", "papermill"}
    for line in [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["lab"]]:
        requirement = Requirement(line)
        name = canonicalize_name(requirement.name)
        if name not in missing:
            assert requirement.specifier.contains(colab[name]), f"{line}: Colab has {colab[name]}"
    ours = pins()["torch"]
    assert (colab["torch"].major, colab["torch"].minor) != (ours.major, ours.minor)


def test_what_only_a_machine_of_ones_own_needs_is_in_the_lab_extra() -> None:
    base = {canonicalize_name(Requirement(line).name) for line in PROJECT["dependencies"]}
    lab = {Requirement(line).name for line in PROJECT["optional-dependencies"]["lab"]}
    assert {"jupyterlab", "ipykernel", "papermill", "jupytext", "nbconvert"} <= lab
    assert not base & lab


def test_release_is_that_of_the_package_and_its_citation() -> None:
    published = release.read(ROOT / "pyproject.toml")
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert published.version == course_lib.__version__ == str(citation["version"])
    assert published.tag == f"v{PROJECT['version']}"
    assert citation["repository-code"] == published.repository


def test_every_file_that_the_library_reads_is_installed_with_it() -> None:
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    package = ROOT / "course_lib"
    data = {
        package / name
        for pattern in tool["setuptools"]["package-data"]["course_lib"]
        for name in glob(pattern, root_dir=package, recursive=True)
    }
    others = {
        path
        for path in package.rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc", ".tmp")
    }
    assert others <= data


def test_torch_and_torchvision_are_the_tested_pair() -> None:
    torch, torchvision = pins()["torch"], pins()["torchvision"]
    assert (torch.major, torch.minor) == (2, 11)
    assert (torchvision.major, torchvision.minor) == (0, 26)


def test_pins_leave_out_the_project_and_pip() -> None:
    assert not {"clearing-the-rain", "pip", "setuptools"} & set(pins())


def test_conda_installs_this_project_with_these_pins() -> None:
    (pip,) = [one["pip"] for one in environment()["dependencies"] if isinstance(one, dict)]  # type: ignore[attr-defined]
    assert pip == ["-c constraints.txt", "-e .[lab]"]
    assert environment()["name"] == PROJECT["name"]


def test_python_versions_agree() -> None:
    oldest = PROJECT["requires-python"].removeprefix(">=")
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    assert python_of_conda() == oldest
    assert config["mypy"]["python_version"] == oldest
    assert config["ruff"]["target-version"] == "py" + oldest.replace(".", "")
    assert f"python{oldest}" in (ROOT / "Makefile").read_text()


def test_makefile_and_ci_install_with_the_pins_and_name_real_targets() -> None:
    makefile = (ROOT / "Makefile").read_text()
    assert '-c constraints.txt -e ".[dev]"' in makefile
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    assert {"run", "test", "lab", "build", "bench", "check", "clean", "help"} <= targets
    called = set(re.findall(r"\bmake ([a-z]+)", (ROOT / ".ci" / "run").read_text()))
    assert {"check", "test", "zoo", "run"} <= called <= targets


def make(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    outside = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    return subprocess.run(
        ["make", *words], cwd=folder, env=outside, capture_output=True, text=True, check=False
    )


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with what `make` reads, and nothing set up."""
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        (tmp_path / name).write_text((ROOT / name).read_text())
    return tmp_path


def test_make_refuses_a_python_that_is_too_old_or_missing(checkout: Path) -> None:
    old = script(checkout / "old-python", "exit 1")
    for python in (old, checkout / "no-python"):
        done = make(checkout, "test", f"PYTHON={python}")
        assert done.returncode != 0
        assert "no Python 3.11 or newer found" in done.stderr
        assert not (checkout / ".venv").exists()


def test_make_leaves_no_half_made_environment(checkout: Path) -> None:
    # As on a Debian without python3-venv, where the folder has a Python and no pip.
    half = 'if [ "$1" = -m ]; then mkdir -p .venv/bin; cp "$0" .venv/bin/python; exit 1; fi'
    done = make(checkout, "test", f"PYTHON={script(checkout / 'half-python', half)}")
    assert done.returncode != 0
    assert "Creating .venv" in done.stdout
    assert not (checkout / ".venv").exists()


def test_make_lab_opens_copies_and_never_overwrites_them(checkout: Path) -> None:
    (checkout / "notebooks").mkdir()
    for name in ("00_first", "01_second"):
        (checkout / f"notebooks/{name}.ipynb").write_text("ours")
    script(checkout / ".venv/bin/jupyter", 'echo "jupyter $*"')
    (checkout / ".venv/.ready").touch()
    script(checkout / ".venv/bin/course", "exit 1")  # no weights to be had
    first = make(checkout, "lab")
    assert "train two small networks; the next make tries again" in first.stdout
    assert not (checkout / ".venv/.weights").exists()
    assert first.stdout.splitlines()[-1] == "jupyter lab work/00_first.ipynb", first.stderr
    assert "work/01_second.ipynb is a fresh copy of notebooks/01_second.ipynb" in first.stdout
    (checkout / "work/00_first.ipynb").write_text("mine")
    (checkout / "work/01_second.ipynb").unlink()
    assert "work/00_first.ipynb is yours and stays" in make(checkout, "lab").stdout
    assert (checkout / "work/00_first.ipynb").read_text() == "mine"
    assert (checkout / "work/01_second.ipynb").read_text() == "ours"
    assert "work/" in (ROOT / ".gitignore").read_text().splitlines()
