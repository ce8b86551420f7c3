from __future__ import annotations

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PINNED_LINE = re.compile(r"([A-Za-z0-9._-]+)==(\S+)")


def pins() -> dict[str, Version]:
    found = {}
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        if line.startswith("#"):
            continue
        match = PINNED_LINE.fullmatch(line)
        assert match, f"{line!r} in constraints.txt is no exact pin"
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
    return [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]


@pytest.mark.parametrize("line", needed())
def test_dependency_is_pinned_within_its_range(line: str) -> None:
    requirement = Requirement(line)
    name = canonicalize_name(requirement.name)
    assert name in pins(), f"{name} isn't in constraints.txt: run `make constraints`"
    assert requirement.specifier.contains(pins()[name], prereleases=True)


def test_dependencies_have_no_upper_bound() -> None:
    # One needless upper bound makes a course impossible to install beside Colab's packages.
    for line in PROJECT["dependencies"]:
        assert not re.search(r"==|<|~=", line), line


def test_torch_and_torchvision_are_the_tested_pair() -> None:
    torch, torchvision = pins()["torch"], pins()["torchvision"]
    assert (torch.major, torch.minor) == (2, 11)
    assert (torchvision.major, torchvision.minor) == (0, 26)


def test_pins_leave_out_the_project_and_pip() -> None:
    assert not {"clearing-the-rain", "pip", "setuptools"} & set(pins())


def test_conda_installs_this_project_with_these_pins() -> None:
    (pip,) = [one["pip"] for one in environment()["dependencies"] if isinstance(one, dict)]  # type: ignore[attr-defined]
    assert pip == ["-c constraints.txt", "-e ."]
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
    for line in (ROOT / ".ci" / "run").read_text().splitlines():
        if line.startswith("make "):
            assert line.split()[1] in targets


def test_make_refuses_a_python_that_is_too_old_or_missing(tmp_path: Path) -> None:
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        (tmp_path / name).write_text((ROOT / name).read_text())
    old = tmp_path / "old-python"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    outside = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    for python in (old, tmp_path / "no-python"):
        done = subprocess.run(
            ["make", "test", f"PYTHON={python}"],
            cwd=tmp_path,
            env=outside,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode != 0
        assert "no Python 3.11 or newer found" in done.stderr
        assert not (tmp_path / ".venv").exists()
