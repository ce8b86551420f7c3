from dataclasses import replace

import pytest
import torch

from course_lib import profiles
from course_lib.profiles import LESSONS, NAMES, minutes, pick, pick_name


@pytest.mark.parametrize(("cuda", "name"), [(True, "gpu"), (False, "cpu")])
def test_auto_looks_at_the_hardware(monkeypatch: pytest.MonkeyPatch, cuda: bool, name: str) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    assert pick_name("auto") == name
    assert pick("01").name == name


def test_unknown_names_are_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"'fast'.*smoke, cpu, gpu, paper"):
        pick("00", "fast")
    with pytest.raises(ValueError, match=r"'99'.*00, 01"):
        pick("99", "cpu")


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_lesson_has_the_four_profiles_within_the_courses_limits(lesson: str) -> None:
    assert set(LESSONS[lesson]) == set(NAMES)
    assert all(name == profile.name for name, profile in LESSONS[lesson].items())
    assert minutes(LESSONS[lesson]["smoke"], gpu=False) <= 20 / 60 + 0.01
    assert minutes(LESSONS[lesson]["cpu"], gpu=False) <= 3
    assert (LESSONS[lesson]["gpu"].gpu_minutes or 0) <= 20


def test_minutes_follow_the_budget_and_the_speed_of_the_cpu() -> None:
    cpu, gpu = pick("01", "cpu"), pick("01", "gpu")
    assert minutes(cpu, gpu=False) == pytest.approx(cpu.budget.cpu_seconds / profiles.HEADROOM / 60)
    assert minutes(cpu, gpu=False, speed=0.5) == pytest.approx(2 * minutes(cpu, gpu=False))
    assert minutes(gpu, gpu=False, speed=2) == pytest.approx(30 * gpu.cpu_hours)
    assert minutes(replace(gpu, gpu_minutes=None), gpu=True) is None
    assert minutes(replace(gpu, gpu_minutes=7.0), gpu=True) == 7
