from __future__ import annotations

import json
import subprocess
import sys
from itertools import pairwise
from typing import Any

BURN = """
import time
end = time.process_time() + 0.5
while time.process_time() < end: pass
"""


def measured_in_a_process(code: str) -> list[dict[str, Any]]:
    """What was measured before and after each part of the code; ``measure()`` ends a part."""
    script = (
        "import dataclasses, json, subprocess, sys, time\n"
        "from course_lib import usage\n"
        "def measure(): print(json.dumps(dataclasses.asdict(usage.measure())))\n"
        f"measure()\n{code}\nmeasure()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def spent(code: str) -> list[float]:
    """CPU seconds of each part of the code."""
    told = [one["cpu_seconds"] for one in measured_in_a_process(code)]
    return [after - before for before, after in pairwise(told)]


def test_steps_add_up() -> None:
    assert measured_in_a_process("usage.count_steps()\nusage.count_steps(5)")[-1]["steps"] == 6


def test_cpu_time_counts_own_work_but_not_waiting() -> None:
    waiting, working = spent(f"time.sleep(1)\nmeasure()\n{BURN}")
    assert waiting < 0.5
    assert working >= 0.49  # of 0.5, rounded


def test_cpu_time_counts_children_ended_and_alive() -> None:
    ended = f"subprocess.run([sys.executable, '-c', {BURN!r}], check=True)\nmeasure()\n"
    say = BURN + "\nprint(flush=True)\ntime.sleep(30)"
    alive = (
        f"child = subprocess.Popen([sys.executable, '-c', {say!r}], stdout=subprocess.PIPE)\n"
        "child.stdout.readline()\n"
        "import atexit; atexit.register(child.kill)"
    )
    of_ended, of_alive = spent(ended + alive)
    assert of_ended >= 0.49
    assert of_alive >= 0.49


def test_memory_is_the_peak_of_this_process_alone() -> None:
    before, after = measured_in_a_process("x = bytearray(b'1') * 400_000_000\ndel x")
    assert 300 < after["memory_mb"] - before["memory_mb"] < 600


def test_memory_does_not_count_what_the_parent_held() -> None:
    held = b"1" * 1_000_000_000
    (before, _) = measured_in_a_process("")
    assert before["memory_mb"] < 500
    assert len(held) == 1_000_000_000
