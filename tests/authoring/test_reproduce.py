from __future__ import annotations

import csv
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from course_lib import hardware
from course_lib.authoring.reproduce import ProductOutcome, reproduce
from course_lib.authoring.verify import Verification, verify
from course_lib.experiments.products import (
    Declared,
    Experiment,
    RecordedRun,
    SweepRun,
    TrainedWeights,
    Value,
)
from course_lib.profiles import Profile
from course_lib.results import recordings, weights
from course_lib.results.recordings import Recording
from course_lib.results.tables import load_table
from course_lib.results.weights import Trained

NAME = "01_tiny"
SETTINGS = ({"fault": "none", "rate": 2e-4}, {"fault": "no detach", "rate": 1.0})
SEEDS = (0, 1, 2)


def measure(settings: Mapping[str, Value], seed: int, profile: Profile) -> dict[str, float]:
    """Another number for each run, of more digits than a table keeps."""
    psnr = 10 + len(str(settings["fault"])) + seed / 3
    return {"psnr": psnr, "size": profile.image_size, "threads_seen": torch.get_num_threads()}


TINY = Experiment(
    name=NAME,
    about="Nothing.",
    settings=SETTINGS,
    seeds=SEEDS,
    run=measure,
    tolerances={"psnr": 0.01, "size": 0, "threads_seen": 0},
)


class Log:
    """A watcher that remembers."""

    def __init__(self) -> None:
        self.started: list[tuple[str, int, int, float | None]] = []
        self.ended: list[float] = []

    def run_starts(self, name: str, run: str, number: int, total: int, left: float | None) -> None:
        self.started.append((run, number, total, left))

    def run_ends(self, seconds: float) -> None:
        self.ended.append(seconds)


def git(root: Path, *words: str) -> str:
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(
        ["git", "-C", str(root), *identity, *words], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture(autouse=True)
def _no_outer_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    """A git hook that runs these tests names its own repository in the environment."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A git checkout with a course_lib of two files."""
    package = tmp_path / "checkout" / "course_lib"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text('"""A library."""\n')
    (package / "losses.py").write_text("half = 0.5\n")
    git(package.parent, "init", "-q")
    git(package.parent, "add", "-A")
    git(package.parent, "commit", "-qm", "Begin")
    return package.parent


def table(root: Path) -> Path:
    return root / "course_lib" / "assets" / "tables" / f"{NAME}.csv"


def rows(root: Path) -> list[dict[str, str]]:
    with table(root).open(newline="") as file:
        return list(csv.DictReader(file))


def go(
    root: Path, experiment: Experiment = TINY, *, profile: str = "smoke", fresh: bool = False
) -> tuple[ProductOutcome, Log]:
    log = Log()
    declared = Declared(lesson="01", experiments=(experiment,))
    (outcome,) = reproduce(declared, profile=profile, watcher=log, fresh=fresh, root=root)
    return outcome, log


def check(
    root: Path,
    experiment: Experiment = TINY,
    *,
    seed: int = 0,
    recorded: tuple[RecordedRun, ...] = (),
) -> tuple[Verification, Log]:
    log = Log()
    declared = Declared(lesson="01", experiments=(experiment,), recordings=recorded)
    rng = np.random.default_rng(seed)
    return verify(declared, profile="smoke", rng=rng, watcher=log, root=root), log


def failing(at: int, error: BaseException | None = None, **changes: float) -> Experiment:
    """The experiment whose run number ``at`` (from 0 on) raises, or returns other values."""
    count = 0

    def run(settings: Mapping[str, Value], seed: int, profile: Profile) -> dict[str, float]:
        nonlocal count
        count += 1
        if count - 1 == at and error:
            raise error
        return measure(settings, seed, profile) | (changes if count - 1 == at else {})

    return replace(TINY, run=run)


def test_table_holds_a_row_a_run_as_declared(root: Path) -> None:
    outcome, log = go(root)
    assert outcome == ProductOutcome(name=NAME, computed=6, skipped=0)
    found = rows(root)
    assert [(r["fault"], r["rate"], r["seed"]) for r in found] == [
        *(("none", "0.0002", str(seed)) for seed in SEEDS),
        *(("no detach", "1", str(seed)) for seed in SEEDS),
    ]
    assert [r["psnr"] for r in found[:3]] == ["14", "14.3333", "14.6667"]
    assert {r["size"] for r in found} == {"32"}
    assert [number for _, number, _, _ in log.started] == [1, 2, 3, 4, 5, 6]
    assert log.started[4][0] == "fault=no detach, rate=1.0, seed 1"
    text = table(root).read_bytes().decode()
    assert text.endswith("\n")
    assert "\r" not in text


def test_experiment_without_settings_has_a_row_a_seed(root: Path) -> None:
    bare = replace(
        TINY,
        settings=({},),
        run=lambda settings, seed, profile: {"psnr": seed},
        tolerances={"psnr": 0},
    )
    go(root, replace(bare, seeds=(1, 2)))
    go(root, bare)
    assert [(row["seed"], row["psnr"]) for row in rows(root)] == [
        ("0", "0"),
        ("1", "1"),
        ("2", "2"),
    ]
    assert check(root, bare)[0].passed
    go(root, bare, profile="cpu")
    measured = load_table(NAME, folder=table(root).parent).measured("psnr", name="PSNR")
    assert (measured.value, measured.spread, measured.over) == (1, 1, "3 seeds")


def test_settings_stand_in_full_and_metrics_with_six_digits(root: Path) -> None:
    exact = replace(TINY, settings=({"fault": "none", "rate": 0.1 + 0.2},), seeds=(0,))
    go(root, replace(exact, run=failing(0, psnr=2 / 3, size=1_234_567).run))
    (row,) = rows(root)
    assert (row["rate"], row["psnr"], row["size"]) == (
        *("0.30000000000000004", "0.666667", "1234567"),
    )
    assert go(root, exact)[0].skipped == 1


@pytest.fixture
def _far_from_greenwich(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("_far_from_greenwich")
def test_each_row_says_where_it_comes_from(root: Path) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    go(root)
    for row in rows(root):
        assert list(row)[-7:] == [
            *("profile", "seconds", "date", "device", "threads", "versions", "parent_commit"),
        ]
        assert row["profile"] == "smoke"
        assert float(row["seconds"]) >= 0
        assert row["date"].endswith("Z")
        assert before <= datetime.fromisoformat(row["date"]) <= datetime.now(UTC)
        assert row["device"] in (hardware.processor(), hardware.device_name())
        assert row["threads"] == "1"
        for name in ("python", "torch", "numpy", "scikit-image", "clearing-the-rain"):
            assert f"{name} {hardware.versions()[name]}" in row["versions"].split("; ")
        assert len(row["parent_commit"]) == 12
        assert git(root, "rev-parse", "HEAD").startswith(row["parent_commit"])


@pytest.fixture
def two_threads() -> Iterator[None]:
    """Another number of threads than that of the profiles, to begin with."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("two_threads")
def test_runs_have_the_threads_of_the_profile_and_leave_them_as_they_were(root: Path) -> None:
    go(root)
    assert {row["threads_seen"] for row in rows(root)} == {"1"}
    assert torch.get_num_threads() == 2
    assert check(root)[0].passed
    assert torch.get_num_threads() == 2


def test_lesson_reads_the_table_that_was_computed(root: Path) -> None:
    go(root, profile="cpu")
    loaded = load_table(NAME, folder=table(root).parent)
    row = loaded.measured("psnr", name="PSNR", rate=2e-4)
    assert row.value == pytest.approx(14 + 1 / 3, abs=1e-4)
    assert row.spread == pytest.approx(1 / 3, abs=1e-4)
    assert loaded.measured("size", name="size", rate=1.0).over == "3 seeds"


def test_rows_that_are_there_are_skipped_and_stay_as_they_are(root: Path) -> None:
    go(root, replace(TINY, seeds=(0, 2)))
    before = table(root).read_text().splitlines()
    outcome, log = go(root)
    assert (outcome.computed, outcome.skipped) == (2, 4)
    assert [(run[-6:], *of) for run, *of, _ in log.started] == [
        ("seed 1", 5, 6),
        ("seed 1", 6, 6),
    ]
    after = table(root).read_text().splitlines()
    assert set(before) < set(after)
    assert [row["seed"] for row in rows(root)] == ["0", "1", "2"] * 2
    unchanged = table(root).stat().st_mtime_ns
    assert go(root)[0] == ProductOutcome(name=NAME, computed=0, skipped=6)
    assert table(root).stat().st_mtime_ns == unchanged


def test_expected_time_comes_from_the_rows_of_the_same_settings(root: Path) -> None:
    go(root, replace(TINY, seeds=(0,)))
    text = table(root).read_text()
    for fault, seconds in (("none", 100), ("no detach", 7)):
        text = re.sub(rf"^({fault},.*,smoke),[^,]+,", rf"\g<1>,{seconds},", text, flags=re.M)
    table(root).write_text(text)
    _, log = go(root, replace(TINY, seeds=(0, 1)))
    assert [left for _, _, _, left in log.started] == [107, 7]
    assert go(root, profile="cpu")[1].started[0][3] is None


def test_profiles_stand_in_one_table_and_fresh_redoes_its_own(root: Path) -> None:
    go(root)
    go(root, profile="cpu")
    assert [row["profile"] for row in rows(root)] == ["smoke"] * 6 + ["cpu"] * 6
    changed = replace(TINY, run=lambda s, seed, p: measure(s, seed, p) | {"psnr": 1})
    outcome, _ = go(root, changed, profile="smoke", fresh=True)
    assert (outcome.computed, outcome.skipped) == (6, 0)
    assert [row["psnr"] == "1" for row in rows(root)] == [True] * 6 + [False] * 6


def test_fresh_that_fails_at_once_has_taken_nothing(root: Path) -> None:
    go(root)
    before = table(root).read_text()
    with pytest.raises(RuntimeError):
        go(root, failing(0, RuntimeError()), fresh=True)
    assert table(root).read_text() == before


@pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError("out of memory")])
def test_interrupted_run_loses_the_running_row_only(root: Path, error: BaseException) -> None:
    with pytest.raises(type(error)):
        go(root, failing(4, error))
    assert len(rows(root)) == 4
    outcome, _ = go(root)
    assert (outcome.computed, outcome.skipped) == (2, 4)
    assert len(rows(root)) == 6


SLOW = """
import sys, time
from pathlib import Path
sys.path.insert(0, {tests!r})
import test_reproduce as t

def run(settings, seed, profile):
    if (settings["fault"], seed) == ("no detach", 0):
        Path({begun!r}).touch()
        time.sleep(600)
    return t.measure(settings, seed, profile)

t.go(Path({root!r}), t.replace(t.TINY, run=run))
"""


def test_sigkill_loses_the_running_row_only(root: Path, tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    here = str(Path(__file__).parent)
    code = SLOW.format(tests=here, begun=str(begun), root=str(root))
    child = subprocess.Popen([sys.executable, "-c", code])
    try:
        while not begun.exists():
            assert child.poll() is None, "the child ended before it was killed"
            time.sleep(0.02)
        with pytest.raises(ValueError, match="another process is computing tables"):
            go(root)
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
    assert len(rows(root)) == 3
    outcome, _ = go(root)
    assert (outcome.computed, outcome.skipped) == (3, 3)
    assert [path.name for path in table(root).parent.iterdir()] == [f"{NAME}.csv"]


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
import test_reproduce as t

def kill(*given):
    os.kill(os.getpid(), signal.SIGKILL)

os.replace = kill  # the temporary file is there, whole; its table isn't
t.go(Path({root!r}))
"""


def test_what_a_kill_during_writing_leaves_is_swept_up(root: Path) -> None:
    code = KILLED.format(tests=str(Path(__file__).parent), root=str(root))
    done = subprocess.run([sys.executable, "-c", code], check=False)
    assert done.returncode == -signal.SIGKILL
    (left,) = table(root).parent.iterdir()
    assert left.suffix == ".tmp"
    half = root / "course_lib" / "assets" / "recordings" / "01_healthy" / "run.json.7.tmp"
    half.parent.mkdir(parents=True)
    half.touch()
    mine = [table(root).parent / "mine.tmp", half.with_name("mine.tmp")]
    for path in mine:
        path.write_text("precious")
    go(root)
    assert sorted(path.name for path in table(root).parent.iterdir()) == [f"{NAME}.csv", "mine.tmp"]
    record(root, RecordedRun(name="01_healthy", make=recording))
    assert {path.name for path in half.parent.iterdir()} == {
        *("run.json", "frames.webp", "mine.tmp")
    }
    assert [path.read_text() for path in mine] == ["precious", "precious"]


def edit(root: Path) -> None:
    (root / "course_lib" / "losses.py").write_text("half = 0.6\n")


def stage(root: Path) -> None:
    edit(root)
    git(root, "add", "-A")


def add(root: Path) -> None:
    (root / "course_lib" / "models").mkdir()
    (root / "course_lib" / "models" / "baseline.py").touch()


def delete(root: Path) -> None:
    (root / "course_lib" / "losses.py").unlink()


@pytest.mark.parametrize(
    ("change", "file"),
    [
        (edit, "losses.py"),
        (stage, "losses.py"),
        (add, "models/baseline.py"),
        (delete, "losses.py"),
    ],
)
def test_uncommitted_change_of_the_library_is_refused(
    root: Path, change: Callable[[Path], None], file: str
) -> None:
    change(root)
    message = rf"course_lib isn't as in commit \w{{7}}.*: course_lib/{file}\. Commit these"
    with pytest.raises(ValueError, match=message):
        go(root)
    assert not table(root).exists()


def test_a_file_whose_name_is_not_utf8_is_told(root: Path) -> None:
    (root / "course_lib" / os.fsdecode(b"fr\xfch.py")).touch()
    with pytest.raises(ValueError, match=r"isn't as in commit .*course_lib/fr\\xfch\.py"):
        go(root)


def test_change_during_a_run_stops_it_before_the_next_row(root: Path) -> None:
    def run(settings: Mapping[str, Value], seed: int, profile: Profile) -> dict[str, float]:
        if seed == 1:
            edit(root)
            git(root, "commit", "-qam", "Change the library")
        return measure(settings, seed, profile)

    with pytest.raises(ValueError, match=r"losses\.py.* rows that are done stay"):
        go(root, replace(TINY, run=run))
    assert len(rows(root)) == 2


def test_changes_of_assets_and_outside_the_library_are_allowed(root: Path) -> None:
    go(root, replace(TINY, seeds=(0,)))
    git(root, "add", "-A")
    git(root, "commit", "-qm", "Add a table")
    (root / "course_lib" / "assets" / "weights.bin").touch()
    (root / "README.md").touch()
    (root / "course_lib" / "__pycache__").mkdir()
    (root / ".gitignore").write_text("__pycache__/\n")
    (root / "course_lib" / "__pycache__" / "x.pyc").touch()
    assert go(root)[0].computed == 4


def test_folder_without_git_or_in_a_foreign_checkout_is_told(root: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"is no git checkout of the course.*clone"):
        go(tmp_path)
    # A course installed in an environment that lies, ignored, in somebody's own repository.
    (root / ".gitignore").write_text(".venv\n")
    installed = root / ".venv"
    (installed / "course_lib").mkdir(parents=True)
    (installed / "course_lib" / "__init__.py").touch()
    with pytest.raises(ValueError, match="is no git checkout of the course"):
        go(installed)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_metric_that_is_no_finite_number_stops_and_loses_nothing(root: Path, value: float) -> None:
    with pytest.raises(ValueError, match=rf"{NAME} \(fault=none.*seed 2\): psnr is {value}"):
        go(root, failing(2, psnr=value))
    assert len(rows(root)) == 2
    assert go(root)[0].computed == 4


def test_other_metrics_than_declared_are_refused(root: Path) -> None:
    wrong = "returned the metrics psnr, size, ssim, threads_seen; its tolerances name psnr, size, t"
    with pytest.raises(ValueError, match=wrong):
        go(root, failing(1, ssim=0.5))
    assert len(rows(root)) == 1
    with pytest.raises(ValueError, match="returned the metrics psnr; its tolerances name"):
        go(root, replace(TINY, run=lambda settings, seed, profile: {"psnr": 1.0}))


def test_rows_that_nothing_declares_are_reported_and_stay(root: Path) -> None:
    go(root)
    fewer = replace(TINY, settings=SETTINGS[:1], seeds=(0, 1))
    stale = (
        "fault=none, rate=0.0002, seed 2, profile smoke",
        *(f"fault=no detach, rate=1, seed {seed}, profile smoke" for seed in SEEDS),
    )
    outcome, _ = go(root, fewer)
    assert outcome == ProductOutcome(name=NAME, computed=0, skipped=2, stale=stale)
    outcome, _ = go(root, replace(fewer, seeds=(0, 5)))
    assert len(rows(root)) == 7
    assert [row["seed"] for row in rows(root)[:2]] == ["0", "5"]
    assert go(root, fewer, fresh=True)[0].stale == ()
    assert len(rows(root)) == 2


def test_row_that_is_there_twice_is_told_by_its_line(root: Path) -> None:
    go(root)
    lines = table(root).read_text().splitlines(keepends=True)
    table(root).write_text("".join([*lines, lines[1]]))
    with pytest.raises(ValueError, match=r"01_tiny\.csv, line 8 has .* of line 2.*delete the line"):
        go(root)


def test_row_of_an_unknown_profile_is_stale(root: Path) -> None:
    go(root)
    table(root).write_text(table(root).read_text().replace(",smoke,", ",tiny,", 1))
    outcome, _ = go(root)
    assert outcome.computed == 1
    assert outcome.stale == ("fault=none, rate=0.0002, seed 0, profile tiny",)
    assert [row["profile"] for row in rows(root)] == ["smoke"] * 6 + ["tiny"]


def test_table_with_other_columns_is_refused_with_the_mend(root: Path) -> None:
    go(root)
    before = table(root).read_text()
    more = replace(TINY, tolerances={"ssim": 0.1, **TINY.tolerances})
    with pytest.raises(ValueError, match=r"has the columns fault, .*declares fault, .* Delete the"):
        go(root, more)
    assert table(root).read_text() == before


@pytest.mark.parametrize(
    "change",
    [
        (",14.6667,", ",,"),
        (",14.6667,", ",nan,"),
        (",32,", ","),
        ("\n", ",more\n"),
        (",smoke,", ","),
    ],
)
def test_row_with_a_gap_is_told_by_its_line(root: Path, change: tuple[str, str]) -> None:
    go(root)
    head, *lines = table(root).read_text().splitlines(keepends=True)
    lines[2] = lines[2].replace(*change)
    table(root).write_text("".join([head, *lines]))
    with pytest.raises(ValueError, match=r"01_tiny\.csv, line 4 has .*delete the line and run"):
        go(root)


def test_verify_passes_where_nothing_has_changed_and_changes_nothing(root: Path) -> None:
    go(root)
    before = table(root).read_text()
    edit(root)  # it has to tell whether a change matters before it is committed
    found, log = check(root)
    assert found.passed
    assert [(one.metric, one.difference) for one in found.comparisons] == [
        ("psnr", 0),
        ("size", 0),
        ("threads_seen", 0),
    ]
    assert len(log.started) == 1
    assert table(root).read_text() == before


def test_verify_does_another_random_run_with_another_seed(root: Path) -> None:
    go(root)
    seen = {check(root, seed=seed)[1].started[0][0] for seed in range(40)}
    assert len(seen) == 6


def shifted(shift: float) -> Experiment:
    """The experiment whose runs all measure another PSNR."""

    def run(settings: Mapping[str, Value], seed: int, profile: Profile) -> dict[str, float]:
        found = measure(settings, seed, profile)
        return found | {"psnr": found["psnr"] + shift}

    return replace(TINY, run=run)


def change(root: Path, column: str, old: str, new: str) -> None:
    """Let all rows of the table come from elsewhere."""
    found = rows(root)
    for row in found:
        assert old in row[column]
        row[column] = row[column].replace(old, new)
    with table(root).open("w", newline="") as file:
        writer = csv.DictWriter(file, found[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(found)


@pytest.mark.parametrize(
    ("shift", "passes"), [(0, True), (1e-7, True), (2e-4, False), (-2e-4, False)]
)
def test_verify_asks_for_the_same_digits_of_a_row_that_was_made_here(
    root: Path, shift: float, passes: bool
) -> None:
    go(root)
    # An older release of the course: whether its changes moved a number is the question.
    change(root, "versions", f"clearing-the-rain {hardware.versions()['clearing-the-rain']}", "x")
    change(root, "versions", "x", "clearing-the-rain 0.0.1")
    found, _ = check(root, shifted(shift))
    assert found.passed is passes
    psnr, *others = found.comparisons
    assert psnr.ok is passes
    assert {one.allowed for one in found.comparisons} == {None}
    assert all(one.ok for one in others)


@pytest.mark.parametrize(("shift", "passes"), [(0.009, True), (0.012, False)])
def test_verify_grants_a_time_its_tolerance_even_where_the_row_was_made(
    root: Path, shift: float, passes: bool
) -> None:
    go(root)
    found, _ = check(root, replace(shifted(shift), times=("psnr",)))
    assert found.passed is passes
    assert [one.allowed for one in found.comparisons] == [0.01, None, None]


@pytest.mark.parametrize(
    ("column", "old", "new"),
    [
        ("device", hardware.processor(), "Another CPU, 4 cores"),
        ("threads", "1", "2"),
        ("versions", "torch ", "torch 0."),
    ],
)
@pytest.mark.parametrize(("shift", "passes"), [(0.009, True), (0.012, False), (-0.012, False)])
def test_verify_compares_a_row_from_elsewhere_with_the_stated_tolerance(
    root: Path, column: str, old: str, new: str, shift: float, passes: bool
) -> None:
    go(root)
    change(root, column, old, new)
    found, _ = check(root, shifted(shift))
    assert found.passed is passes
    psnr, *others = found.comparisons
    assert psnr.ok is passes
    assert psnr.difference == pytest.approx(shift, abs=2e-4)
    assert [one.allowed for one in found.comparisons] == list(TINY.tolerances.values())
    assert all(one.ok for one in others)


@pytest.mark.parametrize(("shift", "passes"), [(0.009, True), (0.012, False)])
def test_verify_grants_the_tolerance_to_a_row_of_an_earlier_revision_of_its_recipe(
    root: Path, shift: float, passes: bool
) -> None:
    go(root)
    revised = replace(shifted(shift), revision=2)
    found, _ = check(root, revised)
    assert found.passed is passes
    assert [one.allowed for one in found.comparisons] == list(TINY.tolerances.values())
    go(root, replace(TINY, revision=2), fresh=True)
    assert all(row["versions"].endswith("; recipe 2") for row in rows(root))
    found, _ = check(root, revised)
    assert {one.allowed for one in found.comparisons} == {None}


def test_verify_grants_a_gpu_the_tolerance(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "device_name", lambda: "NVIDIA T4")
    go(root)
    assert check(root, shifted(0.009))[0].passed
    assert not check(root, shifted(0.012))[0].passed


def lacks(settings: Mapping[str, Value]) -> str:
    """What runs with a fault need and this machine hasn't got."""
    return "" if settings["fault"] == "none" else "the folder of photographs isn't there"


def test_runs_that_lack_something_are_left_out_and_told(root: Path) -> None:
    part = replace(TINY, lacks=lacks)
    outcome, _ = go(root, part)
    assert (outcome.computed, outcome.skipped) == (3, 0)
    assert outcome.left_out == tuple(
        f"fault=no detach, rate=1.0, seed {seed}: the folder of photographs isn't there"
        for seed in SEEDS
    )
    assert {row["fault"] for row in rows(root)} == {"none"}
    outcome, _ = go(root)  # on a machine that has it
    assert (outcome.computed, outcome.skipped, outcome.left_out) == (3, 3, ())


def test_verify_repeats_only_rows_that_lack_nothing_and_tells_of_the_others(root: Path) -> None:
    go(root)
    part = replace(TINY, lacks=lacks)
    for seed in range(6):
        found, log = check(root, part, seed=seed)
        assert found.passed
        assert log.started[0][0].startswith("fault=none")
        assert found.left_out == (
            "01_tiny: 3 of 6 rows can't be repeated here: the folder of photographs isn't there",
        )
    nothing = replace(TINY, lacks=lambda settings: "the folder of photographs isn't there")
    found, log = check(root, nothing)
    assert not log.started
    assert found.passed


def test_verify_fails_where_rows_are_missing_or_stale(root: Path) -> None:
    found, log = check(root)
    assert found.problems == (
        f"table {NAME} lacks 6 of 6 runs at profile smoke: "
        "`make reproduce LESSONS=01 PROFILE=smoke` computes them",
    )
    assert not found.passed
    assert not log.started
    go(root, replace(TINY, seeds=(0, 7)))
    found, log = check(root)
    assert not found.passed
    assert len(log.started) == 1
    lacks, stale = found.problems
    assert "lacks 4 of 6" in lacks
    assert "fault=none, rate=0.0002, seed 7, profile smoke" in stale


def recording(profile: Profile, name: str = "01_healthy") -> Recording:
    pictures = np.zeros((2, 8, 8, 3), dtype=np.uint8)
    return Recording(
        name=name,
        about={"seed": 3, "learning_rate": profile.steps / 1000},
        curves={"loss_d": ([1.0, 2.0], [1.4, 1.3])},
        frames=((1, pictures),),
        rainy=pictures,
        clean=pictures,
    )


def record(
    root: Path, made: RecordedRun, *, profile: str = "cpu", fresh: bool = False
) -> ProductOutcome:
    declared = Declared(lesson="01", recordings=(made,))
    (outcome,) = reproduce(declared, profile=profile, watcher=Log(), fresh=fresh, root=root)
    return outcome


@pytest.mark.usefixtures("two_threads")
def test_recorded_run_is_made_once_and_says_where_it_comes_from(root: Path) -> None:
    calls = []
    folder = root / "course_lib" / "assets" / "recordings"

    def make(profile: Profile) -> Recording:
        calls.append(torch.get_num_threads())
        return recording(profile)

    healthy = RecordedRun(name="01_healthy", make=make)
    assert not check(root, recorded=(healthy,))[0].passed
    assert record(root, healthy) == ProductOutcome(name="01_healthy", computed=1, skipped=0)
    assert record(root, healthy) == ProductOutcome(name="01_healthy", computed=0, skipped=1)
    about = recordings.load("01_healthy", folder).about
    assert (about["seed"], about["profile"], about["threads"]) == (3, "cpu", 1)
    assert git(root, "rev-parse", "HEAD").startswith(str(about["parent_commit"]))
    found, _ = check(root, recorded=(healthy,))
    assert not any("recording" in line for line in found.problems)
    assert found.whole == ("01_healthy",)
    assert record(root, healthy, fresh=True).computed == 1
    # As a process that was killed while it wrote would leave it.
    (folder / "01_healthy" / "frames.webp").write_bytes(b"RIFF")
    damaged = (
        "recording 01_healthy is missing, damaged or not of profile cpu: "
        "`make reproduce LESSONS=01` makes it"
    )
    found, _ = check(root, recorded=(healthy,))
    assert damaged in found.problems
    assert found.whole == ()
    assert record(root, healthy).computed == 1
    assert calls == [1, 1, 1]


def test_recordings_are_of_profile_cpu_whichever_is_asked_for(root: Path) -> None:
    folder = root / "course_lib" / "assets" / "recordings"
    sizes = []

    def make(profile: Profile) -> Recording:
        sizes.append(profile.image_size)
        return recording(profile)

    healthy = RecordedRun(name="01_healthy", make=make)
    assert record(root, healthy, profile="smoke").computed == 1
    assert recordings.load("01_healthy", folder).about["profile"] == "cpu"
    # Fresh smoke rows are no reason to redo what isn't of smoke.
    assert record(root, healthy, profile="smoke", fresh=True).skipped == 1
    assert record(root, healthy, fresh=True).computed == 1
    of_smoke = recordings.load("01_healthy", folder)
    recordings.save(replace(of_smoke, about={**of_smoke.about, "profile": "smoke"}), folder)
    assert not check(root, recorded=(healthy,))[0].whole
    assert record(root, healthy).computed == 1
    assert sizes == [64, 64, 64]


def test_recording_of_another_name_is_refused(root: Path) -> None:
    with pytest.raises(ValueError, match="declared as 01_a recorded '01_healthy'"):
        record(root, RecordedRun(name="01_a", make=recording))


def trained(profile: Profile) -> Trained:
    """A network whose weight is ⅓, and what it is when it is measured."""
    network = nn.Linear(1, 1)
    nn.init.constant_(network.weight, 1 / 3)
    return Trained(
        networks={"generator": network},
        history=[{"step": 1, "loss_g": float(torch.get_num_threads())}],
        measure=lambda: {"weight": float(network.weight.detach())},
        about={"what": "A line.", "seed": 0, "rain": "drops"},
    )


LINE = TrainedWeights(name="01_line", make=trained)


def weigh(root: Path, **settings) -> tuple[ProductOutcome, Log]:
    log = Log()
    declared = Declared(lesson="01", weights=(settings.pop("declared", LINE),))
    settings = {"profile": "cpu", "watcher": log, **settings}
    (outcome,) = reproduce(declared, root=root, **settings)
    return outcome, log


@pytest.mark.usefixtures("two_threads")
def test_weights_are_made_once_and_say_where_they_come_from(root: Path) -> None:
    folder = root / "course_lib" / "assets" / "weights"
    assert weigh(root)[0] == ProductOutcome(name="weights of 01_line", computed=1, skipped=0)
    outcome, log = weigh(root)
    assert (outcome.computed, outcome.skipped, log.started) == (0, 1, [])
    found = weights.read("01_line", folder)
    about = found.about
    assert (about["what"], about["profile"], about["threads"]) == ("A line.", "cpu", 1)
    assert about["batch_size"] == 8
    assert found.history == [{"step": 1, "loss_g": 1}]
    assert git(root, "rev-parse", "HEAD").startswith(str(about["parent_commit"]))
    assert weigh(root, fresh=True)[0].computed == 1


def test_weights_are_measured_as_they_are_loaded(root: Path) -> None:
    weigh(root)
    found = weights.read("01_line", root / "course_lib" / "assets" / "weights")
    assert found.metrics["weight"] == 0.333251953125  # ⅓ in half precision
    assert float(found.states["generator"]["weight"]) == 0.333251953125


def test_weights_are_of_profile_cpu_whichever_is_asked_for(root: Path) -> None:
    sizes = []

    def make(profile: Profile) -> Trained:
        sizes.append(profile.name)
        return trained(profile)

    declared = TrainedWeights(name="01_line", make=make)
    assert weigh(root, declared=declared, profile="smoke")[0].computed == 1
    assert weigh(root, declared=declared, profile="smoke", fresh=True)[0].skipped == 1
    assert sizes == ["cpu"]


def test_killed_between_two_files_weights_are_made_again(root: Path) -> None:
    own = root / "course_lib" / "assets" / "weights" / "01_line"
    weigh(root)
    (own / "weights.safetensors.7.tmp").touch()
    (own / "history.csv").write_text("step\n")
    assert weigh(root)[0].computed == 1
    assert weigh(root)[0].skipped == 1
    assert sorted(path.name for path in own.iterdir()) == [
        *("card.md", "history.csv", "weights.safetensors")
    ]


def test_verify_looks_for_weights_and_for_a_card_that_fits(root: Path) -> None:
    card = root / "course_lib" / "assets" / "weights" / "01_line" / "card.md"
    declared = Declared(lesson="01", weights=(LINE,))

    def look() -> Verification:
        rng = np.random.default_rng(0)
        return verify(declared, profile="cpu", rng=rng, watcher=Log(), root=root)

    assert look().problems == (
        "weights 01_line are missing, damaged or not of profile cpu: "
        "`make reproduce LESSONS=01` makes them",
    )
    weigh(root)
    assert (look().passed, look().whole) == (True, ("weights of 01_line",))
    card.write_bytes(b"Fit for every use. \xff")
    assert look().problems == (
        "card of weights 01_line is out of date: `make reproduce LESSONS=01` writes it",
    )
    assert weigh(root)[0].skipped == 1
    assert look().passed


def test_run_in_words() -> None:
    assert str(SweepRun(settings=SETTINGS[0], seed=3)) == "fault=none, rate=0.0002, seed 3"
