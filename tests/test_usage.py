from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

BURN = "import time\nwhile time.process_time() < 0.5: pass"


def measured_in_a_process(code: str) -> dict[str, Any]:
    script = (
        "import dataclasses, json, subprocess, sys, time\n"
        "from course_lib import usage\n"
        f"{code}\n"
        "print(json.dumps(dataclasses.asdict(usage.measure())))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_steps_add_up() -> None:
    assert measured_in_a_process("usage.count_steps()\nusage.count_steps(5)")["steps"] == 6


def test_cpu_time_counts_own_work_but_not_waiting() -> None:
    idle = measured_in_a_process("time.sleep(0.6)")["cpu_seconds"]
    busy = measured_in_a_process(BURN)["cpu_seconds"]
    assert busy >= 0.5
    assert idle < busy


def test_cpu_time_counts_children_ended_and_alive() -> None:
    ended = f"subprocess.run([sys.executable, '-c', {BURN!r}], check=True)"
    assert measured_in_a_process(ended)["cpu_seconds"] >= 0.5
    say = BURN + "\nprint(flush=True)\ntime.sleep(30)"
    alive = (
        f"child = subprocess.Popen([sys.executable, '-c', {say!r}], stdout=subprocess.PIPE)\n"
        "child.stdout.readline()\n"
        "import atexit; atexit.register(child.kill)"
    )
    assert measured_in_a_process(alive)["cpu_seconds"] >= 0.5


def test_memory_is_the_peak_of_this_process_alone() -> None:
    before = measured_in_a_process("")["memory_mb"]
    peak = measured_in_a_process("x = bytearray(b'1') * 200_000_000\ndel x")["memory_mb"]
    assert 190 < peak - before < 300


def test_memory_does_not_count_what_the_parent_held() -> None:
    before = measured_in_a_process("")["memory_mb"]
    held = b"1" * 400_000_000
    assert measured_in_a_process("")["memory_mb"] - before < 100
    assert len(held) == 400_000_000
