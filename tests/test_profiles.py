from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from course_lib import profiles
from course_lib.profiles import BASE, LESSONS, NAMES, minutes, pick, pick_name, read_all


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


COMPLETE = """
steps = 7
base_channels = 3
budget = { steps = 7, cpu_seconds = 5 }
"""


@pytest.fixture
def declare(tmp_path: Path) -> Callable[[str, str], Path]:
    """declare("07", text): a folder of lessons, in which that one has these profiles."""

    def declare(lesson: str, text: str) -> Path:
        path = tmp_path / f"lesson_{lesson}" / "profiles.toml"
        path.parent.mkdir()
        path.write_text(text)
        return tmp_path

    return declare


def test_a_lesson_states_what_differs_from_the_base(declare: Callable[[str, str], Path]) -> None:
    folder = declare("07", f"{COMPLETE}[cpu]\nbase_channels = 5\nbudget = {{ steps = 9 }}\n")
    found = read_all(folder)["07"]
    assert tuple(found) == NAMES
    assert found["cpu"].image_size == BASE["cpu"]["image_size"]
    assert (found["cpu"].steps, found["cpu"].base_channels, found["gpu"].base_channels) == (7, 5, 3)
    assert found["cpu"].budget == profiles.Budget(steps=9, cpu_seconds=5, memory_mb=2000)


def test_a_lesson_may_build_on_another(declare: Callable[[str, str], Path]) -> None:
    declare("07", COMPLETE)
    found = read_all(declare("08", 'like = "07"\n[cpu]\nsteps = 9\n'))
    assert found["08"]["cpu"] == replace(found["07"]["cpu"], steps=9)
    assert found["08"]["gpu"] == found["07"]["gpu"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("steps = ", "can't be read as TOML: Invalid value"),
        ("", "profile smoke missing 2 required .* 'steps' and 'cpu_seconds'"),
        (f"{COMPLETE}colour = 1", "can't be read|unexpected keyword argument 'colour'"),
        (f"{COMPLETE}[cpu.budget]\nminutes = 1", "profile cpu .*unexpected .* 'minutes'"),
        (f"{COMPLETE}[huge]\nsteps = 1", "unexpected keyword argument 'huge'"),
        ('like = "77"', "like = '77' names no other lesson: 08"),
        ('like = "07"', "like = '07' names no other lesson: 08"),
        ('like = "08"', "like = '07' names no other lesson"),
    ],
)
def test_profiles_that_cannot_be_built_are_refused_with_their_file(
    declare: Callable[[str, str], Path], text: str, message: str
) -> None:
    declare("08", 'like = "07"')
    with pytest.raises(ValueError, match=rf"profiles\.toml(: )?.*{message}"):
        read_all(declare("07", text))


def test_minutes_follow_the_budget_and_the_speed_of_the_cpu() -> None:
    cpu, gpu = pick("01", "cpu"), pick("01", "gpu")
    assert minutes(cpu, gpu=False) == pytest.approx(cpu.budget.cpu_seconds / profiles.HEADROOM / 60)
    assert minutes(cpu, gpu=False, speed=0.5) == pytest.approx(2 * minutes(cpu, gpu=False))
    assert minutes(gpu, gpu=False, speed=2) == pytest.approx(30 * gpu.cpu_hours)
    assert minutes(replace(gpu, gpu_minutes=None), gpu=True) is None
    assert minutes(replace(gpu, gpu_minutes=7.0), gpu=True) == 7
