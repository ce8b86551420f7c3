"""Lessons, tables, benchmarks and data scripts train by the recipes of course_lib.systems."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from course_lib import experiments, profiles
from course_lib.profiles import Profile
from course_lib.systems import baseline, graspp, pix2pix
from course_lib.systems.system import System

ROOT = Path(__file__).parents[2]
LESSONS = ("01", "02", "03", "04")


def solution(lesson: str) -> ast.Module:
    (path,) = (ROOT / "solutions").glob(f"{lesson}_*.py")
    return ast.parse(path.read_text(encoding="utf-8"))


def of_lesson(lesson: str, profile: Profile) -> dict[str, System]:
    """What the lesson sets up, by the name that it gives it: its own calls, with its own parts."""
    known: dict[str, Any] = {"settings": profile, "seed": 0, "profile": profile.name}
    systems = {}
    for node in solution(lesson).body:
        if isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef):
            exec(compile(ast.Module([node], []), lesson, "exec"), known)
        call = getattr(node, "value", None)
        if (
            isinstance(node, ast.Assign)
            and isinstance(call, ast.Call)
            and isinstance(call.func, ast.Attribute)
            and call.func.attr in ("set_up", "head_start")
        ):
            systems[ast.unparse(node.targets[0])] = eval(ast.unparse(call), known)
    return systems


class Caught(Exception):
    """Carries a system out of an experiment that was about to train it."""


def of_table(name: str, row: int, profile: Profile, monkeypatch: pytest.MonkeyPatch) -> System:
    """What a table's row trains."""

    def catch(system: System, *arguments: Any, **more: Any) -> None:
        raise Caught(system)

    (experiment,) = (one for one in experiments.of(name[:2]).experiments if one.name == name)
    with monkeypatch.context() as patch:
        patch.setattr(System, "train", catch)
        with pytest.raises(Caught) as caught:
            experiment.run(experiment.settings[row], 0, profile)
    return caught.value.args[0]


def how(system: System) -> dict[str, Any]:
    """All that decides how it is trained, as far as it can be compared."""
    return {
        "optimizers": [
            (type(one), {k: v for k, v in one.param_groups[0].items() if k != "params"})
            for one in (system.optimizer_g, system.optimizer_d)
        ],
        "weights": [
            torch.cat([p.detach().flatten() for p in network.parameters()]).tolist()
            for network in (system.generator, system.discriminator)
        ],
        "loader": (len(system.loader), system.loader.settings),
        "schedule": [system.schedule(step) for step in range(1, 9)],
        "schedulers": [type(one) for one in system.schedulers],
        "callbacks": [type(one) for one in system.callbacks],
    }


# Lesson, the name of what it sets up, the table, its row, the recipe and a rate of it.
SAME = [
    ("01", "plain", "01_l1_control", 0, baseline, "LEARNING_RATE"),
    ("01", "alone", "01_head_start", 0, baseline, "HEAD_START_RATE"),
    ("02", "system", "02_pix2pix", 0, pix2pix, "SHORT_LEARNING_RATE"),
    ("02", "before", "02_baseline", 1, baseline, "LEARNING_RATE"),
    ("03", "system", "03_techniques", 6, pix2pix, "SHORT_LEARNING_RATE"),
    ("04", "system", "04_rains", 0, graspp, "LEARNING_RATE"),
]


@pytest.mark.parametrize(("lesson", "name", "table", "row", "recipe", "rate"), SAME)
def test_a_rate_that_changes_in_a_recipe_changes_in_lesson_and_table_together(
    lesson: str,
    name: str,
    table: str,
    row: int,
    recipe: ModuleType,
    rate: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    profile = profiles.pick(lesson, "smoke")
    before = how(of_lesson(lesson, profile)[name])
    assert how(of_table(table, row, profile, monkeypatch)) == before
    monkeypatch.setattr(recipe, rate, 0.123)
    after = how(of_lesson(lesson, profile)[name])
    assert after["optimizers"] != before["optimizers"]
    assert how(of_table(table, row, profile, monkeypatch)) == after


def test_the_lessons_main_training_is_that_of_the_baselines_table(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    profile = profiles.pick("01", "smoke")
    ours = how(of_lesson("01", profile)["system"])
    assert how(of_table("01_baseline_gan", 0, profile, monkeypatch)) == ours


def test_optimizers_are_made_nowhere_but_in_recipes() -> None:
    places = ["solutions", "data_scripts", "benchmarks", "course_lib/experiments"]
    made = {
        f"{path.name}: {line.strip()}"
        for place in places
        for path in (ROOT / place).glob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(r"optim\.(?!Optimizer\b)", line)
    }
    textbook = "pix2pix.py: torch.optim.Adam("  # in benchmarks, to compare with
    blind = "lesson_02.py: still = torch.optim.SGD("  # a fault: a step of length 0
    assert all(one.startswith((textbook, blind)) for one in made), made


@pytest.mark.parametrize("lesson", LESSONS)
def test_cells_that_train_are_short(lesson: str) -> None:
    (path,) = (ROOT / "solutions").glob(f"{lesson}_*.py")
    cells = re.split(r"^# %%.*$", path.read_text(encoding="utf-8"), flags=re.M)
    training = [
        cell.strip().splitlines() for cell in cells if ".train([" in cell or "train(\n" in cell
    ]
    assert training
    assert max(map(len, training)) <= 25
