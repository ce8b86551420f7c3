from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def load(name: str) -> dict[str, Any]:
    # YAML 1.1 reads the key `on` as true; the base loader leaves every scalar a string.
    found = yaml.load((ROOT / ".github" / "workflows" / name).read_text(), yaml.BaseLoader)
    assert isinstance(found, dict)
    return found


def steps(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def program(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


@pytest.mark.parametrize(
    "linter",
    [
        ["check-jsonschema", "--builtin-schema", "vendor.github-workflows"],
        ["zizmor", "--offline", "--quiet"],
    ],
    ids=lambda words: words[0],
)
def test_linter_finds_nothing_and_make_check_and_pre_commit_run_it(linter: list[str]) -> None:
    done = subprocess.run(
        [program(linter[0]), *linter[1:], *map(str, WORKFLOWS)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"$(BIN)/{' '.join(linter)} .github/workflows" in (ROOT / "Makefile").read_text()
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    assert f".venv/bin/{' '.join(linter)}" in [hook["entry"] for hook in hooks]


def test_linters_find_what_is_wrong(tmp_path: Path) -> None:
    text = (ROOT / ".github" / "workflows" / "gpu.yml").read_text()
    bad = tmp_path / "bad.yml"
    bad.write_text(text.replace("runs-on:", "runs-at:"))
    schema = [program("check-jsonschema"), "--builtin-schema", "vendor.github-workflows", str(bad)]
    assert subprocess.run(schema, capture_output=True).returncode == 1
    bad.write_text(text.replace("run: .ci/gpu", "run: .ci/gpu ${{ github.head_ref }}"))
    safety = [program("zizmor"), "--offline", "--quiet", str(bad)]
    assert subprocess.run(safety, capture_output=True).returncode > 1


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_script_exists_and_can_be_run(path: Path) -> None:
    scripts = [step["run"] for step in steps(load(path.name)) if ".ci/" in step.get("run", "")]
    assert scripts
    for script in scripts:
        assert os.access(ROOT / script, os.X_OK), script


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflow_may_only_read_and_pins_each_action_by_commit(path: Path) -> None:
    workflow = load(path.name)
    assert workflow["permissions"] == {"contents": "read"}
    assert all("permissions" not in job for job in workflow["jobs"].values())
    lines = [line for line in path.read_text().splitlines() if "uses:" in line]
    assert lines
    for line in lines:
        assert re.search(r"@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), line


def test_ci_covers_the_pythons_that_the_package_declares() -> None:
    declared = re.findall(r":: (3\.\d+)$", "\n".join(PROJECT["classifiers"]), re.MULTILINE)
    matrix = load("ci.yml")["jobs"]["course"]["strategy"]["matrix"]["python"]
    assert matrix == declared
    assert f">={matrix[0]}" == PROJECT["requires-python"]


def test_ci_cancels_what_a_newer_commit_supersedes_and_caches_pip() -> None:
    ci = load("ci.yml")
    assert ci["concurrency"]["cancel-in-progress"] == "true"
    assert "github.ref" in ci["concurrency"]["group"]
    set_up = [step["with"] for step in steps(ci) if "setup-python" in step.get("uses", "")]
    assert len(set_up) == len(ci["jobs"])
    for given in set_up:
        assert given["cache"] == "pip"
        for file in given["cache-dependency-path"].split():
            assert (ROOT / file).exists()


def test_gpu_runs_nightly_and_by_hand_but_never_for_a_pull_request() -> None:
    gpu = load("gpu.yml")
    assert set(gpu["on"]) == {"schedule", "workflow_dispatch"}
    (job,) = gpu["jobs"].values()
    assert job["runs-on"] == ["self-hosted", "gpu"]
    assert "timeout-minutes" in job
    profile = gpu["on"]["workflow_dispatch"]["inputs"]["profile"]
    assert profile["options"] == ["smoke", "cpu", "gpu", "paper"]
    assert profile["default"] == "gpu"


def test_gpu_keeps_what_a_failed_run_left() -> None:
    upload = next(step for step in steps(load("gpu.yml")) if "upload" in step.get("uses", ""))
    assert upload["if"] == "${{ always() }}"
    assert upload["with"]["path"] == "build/artifact/"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with `.ci/gpu` and a `make` that leaves what a run would."""
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "gpu", tmp_path / ".ci" / "gpu")
    tables = tmp_path / "course_lib" / "assets" / "tables"
    tables.mkdir(parents=True)
    (tables / "collapse.csv").write_text("seed\n")
    run = tmp_path / "build" / "run" / "smoke"
    (run / "figures").mkdir(parents=True)
    (run / "student").mkdir()
    for name in ("00_a.ipynb", "00_a.html", "00_a.json", "index.html", "figures/1.png"):
        (run / name).touch()
    old = tmp_path / "build" / "artifact"
    old.mkdir()
    (old / "of_an_earlier_run.html").touch()
    fake(tmp_path / "bin" / "make", 'case "$*" in *" run "*) exit 3;; esac')
    return tmp_path


def fake(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def collect(folder: Path, profile: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "PROFILE": profile, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
    }  # fmt: skip
    return subprocess.run(
        [str(folder / ".ci" / "gpu")], env=environment, capture_output=True, text=True, check=False
    )


def test_gpu_script_collects_a_failed_run_and_fails_like_it(checkout: Path) -> None:
    done = collect(checkout, "smoke")
    assert done.returncode == 3
    assert "1 notebooks, 1 tables" in done.stdout
    artifact = checkout / "build" / "artifact"
    found = {str(path.relative_to(artifact)) for path in artifact.rglob("*") if path.is_file()}
    assert found == {
        "00_a.ipynb", "00_a.html", "00_a.json", "index.html", "figures/1.png",
        "tables/collapse.csv",
    }  # fmt: skip


def test_gpu_script_refuses_to_train_for_days_without_a_gpu(checkout: Path) -> None:
    fake(checkout / ".venv" / "bin" / "python", "exit 1")
    done = collect(checkout, "gpu")
    assert done.returncode == 2
    assert "torch sees no GPU here" in done.stderr


def test_every_commit_runs_the_script_of_the_gpu_runner() -> None:
    assert "PROFILE=smoke .ci/gpu" in (ROOT / ".ci" / "run").read_text().splitlines()
