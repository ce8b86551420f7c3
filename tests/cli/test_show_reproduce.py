from __future__ import annotations

import functools
import io
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import torch
from rich.console import Console

from course_lib import cli, experiments
from course_lib.authoring import checkout, reproduce, verify
from course_lib.cli import show_reproduce
from course_lib.experiments.products import Declared, Experiment, Value
from course_lib.profiles import Profile

Course = Callable[..., int]
offset = 0.0
stop_at: int | None = None


def measure(settings: Mapping[str, Value], seed: int, profile: Profile) -> dict[str, float]:
    if seed == stop_at:
        raise KeyboardInterrupt
    return {"psnr": 20 + seed + offset}


TINY = Experiment(
    name="01_tiny",
    about="Nothing.",
    settings=({"fault": "none"},),
    seeds=(0, 1),
    run=measure,
    tolerances={"psnr": 0.1},
)


@pytest.fixture
def course(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Course:
    """course("01", "--verify"): the exit status of `course reproduce 01 --verify`."""
    declared = Declared(lesson="01", experiments=(TINY,))
    monkeypatch.setattr(experiments, "lessons", lambda: ["01"])
    monkeypatch.setattr(experiments, "of", lambda lesson: declared)
    monkeypatch.setattr(checkout, "head", lambda root: 40 * "a")
    monkeypatch.setattr(checkout, "require_unchanged", lambda commit, root: None)
    for module, name in ((reproduce, "reproduce"), (verify, "verify")):
        there = functools.partial(getattr(module, name), root=tmp_path)
        monkeypatch.setattr(module, name, there)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)

    def course(*words: str) -> int:
        monkeypatch.setattr(sys, "argv", ["course", "reproduce", *words])
        with pytest.raises(SystemExit) as end:
            cli.main()
        return int(end.value.code or 0)

    return course


def rows(tmp_path: Path) -> list[str]:
    path = tmp_path / "course_lib" / "assets" / "tables" / "01_tiny.csv"
    return path.read_text().splitlines()[1:]


def test_reproduce_tells_each_run_and_what_was_there(
    course: Course, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert course("01") == 0
    said = capsys.readouterr().out
    assert "01_tiny 1 of 2: fault=none, seed 0\n✓ took 0 s\n" in said
    assert "01_tiny 2 of 2: fault=none, seed 1, about 0 s left\n✓ took 0 s\n" in said
    assert said.endswith("01_tiny: computed 2 of 2 runs, 0 existed\n")
    assert [",cpu," in row for row in rows(tmp_path)] == [True, True]
    assert course() == 0
    assert capsys.readouterr().out == "01_tiny: computed 0 of 2 runs, 2 existed\n"
    assert course("--fresh", "--profile", "smoke") == 0
    assert "computed 2 of 2 runs" in capsys.readouterr().out


def test_stale_rows_end_with_status_1(
    course: Course, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    course("01")
    path = tmp_path / "course_lib" / "assets" / "tables" / "01_tiny.csv"
    path.write_text(path.read_text().replace("none,1,", "none,9,"))
    assert course("01") == 1
    assert (
        "stale: fault=none, seed 9, profile cpu: no experiment declares" in capsys.readouterr().out
    )


def test_verify_shows_old_new_difference_and_what_is_allowed(
    course: Course,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert course("01", "--verify") == 1
    assert "lacks 2 of 2 runs at profile cpu: `make reproduce LESS" in capsys.readouterr().out
    course("01")
    capsys.readouterr()
    assert course("01", "--verify") == 0
    said = capsys.readouterr().out
    assert "01_tiny: fault=none, seed" in said
    assert re.search(r"✓  psnr +2[01] +2[01] +\+0 +exact\n", said)
    assert "exact: the row was made on this device with the same threads and versions" in said
    assert "All products exist, and the repeated runs agree with their tables" in said
    monkeypatch.setattr(sys.modules[__name__], "offset", 0.05)
    assert course("01", "--verify") == 1
    said = capsys.readouterr().out
    assert re.search(r"✗  psnr +2[01] +2[01]\.05 +\+0\.05 +exact\n", said)
    assert "stale: 01_tiny" in said
    assert "unless this is another processor of the same name" in said
    assert "All products exist" not in said

    path = tmp_path / "course_lib" / "assets" / "tables" / "01_tiny.csv"
    path.write_text(path.read_text().replace("torch ", "torch 0."))
    assert course("01", "--verify") == 0
    said = capsys.readouterr().out
    assert re.search(r"✓  psnr +2[01] +2[01]\.05 +\+0\.05 +0\.1\n", said)
    assert "exact" not in said
    monkeypatch.setattr(sys.modules[__name__], "offset", 0.5)
    assert course("01", "--verify") == 1
    said = capsys.readouterr().out
    assert re.search(r"✗  psnr +2[01] +2[01]\.5 +\+0\.5 +0\.1\n", said)
    assert "stale: 01_tiny" in said
    assert "unless" not in said


def test_verify_says_that_recordings_and_weights_were_not_made_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = verify.Verification(comparisons=(), problems=(), whole=("01_a", "weights of 01_b"))
    show_reproduce.verification(found)
    said = " ".join(capsys.readouterr().out.split())
    assert (
        "01_a, weights of 01_b: complete; recorded runs and weights aren't made again "
        "to verify them" in said
    )


def test_verify_looks_at_cpu_rows_even_beside_a_gpu(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    course("01", "--profile", "cpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "NVIDIA T4")
    assert course("01", "--verify") == 0
    assert course("01", "--verify", "--profile", "gpu") == 1


def test_auto_is_the_gpu_where_there_is_one(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "NVIDIA T4")
    assert course("01") == 0
    assert all(",gpu," in row and ",NVIDIA T4,4," in row for row in rows(tmp_path))


def test_interrupt_says_what_is_kept_with_status_130(
    course: Course,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys.modules[__name__], "stop_at", 1)
    assert course("01") == 130
    assert capsys.readouterr().err == (
        "course: interrupted; finished runs are on disk: 1 in this session\n"
    )
    assert len(rows(tmp_path)) == 1


def test_verify_and_fresh_exclude_each_other(
    course: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    assert course("01", "--verify", "--fresh") == 2
    assert "use one of them" in capsys.readouterr().err


def test_in_a_terminal_a_clock_runs_and_one_line_a_run_stays() -> None:
    file = io.StringIO()
    with show_reproduce.RowWatcher(
        Console(file=file, force_terminal=True, highlight=False)
    ) as watcher:
        watcher.run_starts("01_tiny", "fault=[none], seed 0", 3, 10, 90)
        watcher.clock.refresh()
        watcher.run_ends(12)
    said = file.getvalue()
    assert "01_tiny 3 of 10: fault=[none], seed 0, about 1 min 30 s left" in said
    assert "01_tiny 3 of 10: fault=[none], seed 0 took 12 s" in said


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ((), "reproduce --profile auto"),
        (("LESSONS=01", "PROFILE=gpu"), "reproduce --profile gpu 01"),
        (("LESSONS=00 01", "VERIFY=1"), "reproduce --profile auto --verify 00 01"),
        (("FRESH=1", "VERIFY=0"), "reproduce --profile auto --fresh"),
    ],
)
def test_make_passes_its_words_on(words: tuple[str, ...], command: str) -> None:
    root = Path(__file__).parents[2]
    done = subprocess.run(
        ["make", "--no-print-directory", "-n", "-o", ".venv/.ready", "reproduce", *words],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    assert " ".join(done.stdout.replace("\\\n", " ").split()).endswith(f"bin/course {command}")
