from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
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
        assert os.access(ROOT / script.split()[0], os.X_OK), script


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflow_may_only_read_and_pins_each_action_by_commit(path: Path) -> None:
    workflow = load(path.name)
    assert workflow["permissions"] == {"contents": "read"}
    assert all("permissions" not in job for job in workflow["jobs"].values())
    lines = [line for line in path.read_text().splitlines() if "uses:" in line]
    assert lines
    for line in lines:
        assert re.search(r"@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), line


def pythons(workflow: dict[str, Any], job: str) -> list[str]:
    """The versions that a job of a workflow runs on."""
    one = workflow["jobs"][job]
    (given,) = (s["with"] for s in one["steps"] if "setup-python" in s.get("uses", ""))
    if given["python-version"] == "${{ matrix.python }}":
        return list(one["strategy"]["matrix"]["python"])
    return given["python-version"].split()


def parts(workflow: dict[str, Any]) -> dict[str, str]:
    """Job → the parts of `.ci/run` that it runs, in all its copies."""
    found = {}
    for name, job in workflow["jobs"].items():
        (script,) = (s["run"] for s in job["steps"] if "run" in s)
        matrix = job.get("strategy", {}).get("matrix", {})
        found[name] = script.replace("${PARTS}", " ".join(matrix.get("parts", [])))
    return {name: script.removeprefix(".ci/run ") for name, script in found.items()}


def test_ci_covers_the_pythons_that_the_package_declares() -> None:
    declared = re.findall(r":: (3\.\d+)$", "\n".join(PROJECT["classifiers"]), re.MULTILINE)
    ci = load("ci.yml")
    oldest = f"{PROJECT['requires-python'].removeprefix('>=')}"
    assert pythons(ci, "check") == pythons(ci, "course") == [oldest]
    assert [oldest, *pythons(ci, "pythons")] == declared


def test_ci_checks_first_and_runs_every_part_once_on_the_oldest_python() -> None:
    ci = load("ci.yml")
    (default,) = re.findall(r"set -- (.*)", (ROOT / ".ci" / "run").read_text())
    ran = parts(ci)
    assert f"{ran['check']} {ran['course']}" == default
    assert ran["pythons"] == "portable"
    assert all(ci["jobs"][job]["needs"] == "check" for job in ("course", "pythons"))


def test_colab_is_met_weekly_and_when_what_is_installed_changes() -> None:
    on = load("colab.yml")["on"]
    assert on["push"]["paths"] == on["pull_request"]["paths"]
    for path in on["push"]["paths"]:
        assert list(ROOT.glob(path)), path
    assert {"pyproject.toml", "constraints.txt"} <= set(on["push"]["paths"])
    (weekly,) = on["schedule"]
    assert re.fullmatch(r"\d+ \d+ \* \* \d", weekly["cron"])


def test_the_zoo_has_more_seeds_at_night() -> None:
    zoo = load("zoo.yml")
    (weekly,) = zoo["on"]["schedule"]
    assert re.fullmatch(r"\d+ \d+ \* \* \*", weekly["cron"])
    (run,) = (step for step in steps(zoo) if "run" in step)
    assert run["run"] == ".ci/run zoo && make zoo SEEDS="
    assert int(run["env"]["SEEDS"]) == 3
    assert "$(if $(SEEDS),--seeds $(SEEDS))" in (ROOT / "Makefile").read_text()


@pytest.mark.parametrize("name", ["ci.yml", "colab.yml", "zoo.yml"])
def test_ci_cancels_what_a_newer_commit_supersedes_and_caches_pip(name: str) -> None:
    workflow = load(name)
    assert workflow["concurrency"]["cancel-in-progress"] == "true"
    set_up = [step["with"] for step in steps(workflow) if "setup-python" in step.get("uses", "")]
    assert len(set_up) == len(workflow["jobs"])
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
    assert "PROFILE=smoke .ci/gpu" in (ROOT / ".ci" / "run").read_text()


@pytest.fixture
def ci(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """ci(failing, *parts): `.ci/run` of these parts, with a `make` that fails in some targets."""
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci" / "run")
    fake(tmp_path / ".ci" / "gpu", "make lessons")

    def ci(failing: str, *parts: str) -> subprocess.CompletedProcess[str]:
        told = '[ "$1" != test ] || echo "3 passed, 1 skipped in 5.00s"'
        fake(
            tmp_path / "bin" / "make",
            f'echo "made $*"; {told}\ncase "$*" in {failing}) exit 3;; esac',
        )
        environment = os.environ | {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}
        return subprocess.run(
            [str(tmp_path / ".ci" / "run"), *parts],
            env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip

    return ci


def summary(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    """Part → how it ended, from the table at the end."""
    table = done.stdout.partition("== Parts, wall time\n")[2]
    return {line.split()[0]: line.split()[-1] for line in table.splitlines() if " s  " in line}


def test_ci_runs_all_parts_and_ends_with_their_times_and_the_tests_last_line(ci) -> None:
    done = ci("never")
    assert done.returncode == 0, done.stderr
    parts = ("set-up", "check", "tests", "zoo", "lessons", "pretrained")
    assert summary(done) == dict.fromkeys(parts, "passed")
    assert done.stdout.splitlines()[-1] == "3 passed, 1 skipped in 5.00s"
    assert "LESSONS" not in (ROOT / ".ci" / "run").read_text()


def test_ci_goes_on_after_a_failing_part_and_fails(ci) -> None:
    done = ci("zoo*|lessons")
    assert done.returncode == 1
    assert {part for part, state in summary(done).items() if state == "FAILED"} == {
        "zoo",
        "lessons",
    }
    assert "made run PROFILE=cpu PRETRAINED=1" in done.stdout
    assert done.stderr.splitlines()[-1] == "Failed: zoo lessons"


@pytest.mark.parametrize("failing", ["check", "*.ready"])
def test_ci_ends_when_the_checks_or_the_set_up_fail(ci, failing: str) -> None:
    done = ci(failing)
    assert done.returncode == 1
    assert "made test" not in done.stdout


def test_ci_fails_when_tests_fail(ci) -> None:
    assert ci("test", "tests").returncode == 1


def test_ci_names_a_part_that_it_does_not_have(ci) -> None:
    done = ci("never", "teste")
    assert done.returncode == 1
    assert "no part teste: there are check, tests" in done.stdout


def test_other_pythons_run_neither_browser_nor_mutants(ci) -> None:
    said = ci("never", "portable").stdout
    assert "made test BROWSER=0" in said
    assert "made zoo SEED=0 MUTANTS=0" in said
    makefile = (ROOT / "Makefile").read_text()
    assert "$(if $(filter 0,$(BROWSER)),--ignore=tests/browser)" in makefile
    assert "$(if $(filter 0,$(MUTANTS)),--no-mutants)" in makefile
