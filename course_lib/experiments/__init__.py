"""Experiments: the sweeps, recorded runs and trainings that `make reproduce` computes.

A lesson declares them in a module ``lesson_NN``: ``EXPERIMENTS``, sweeps that become result tables;
``RECORDINGS``, runs that become recordings for the widgets; and, if learners may skip the training,
``WEIGHTS``, networks that become pretrained weights. Each may be empty.
"""

from __future__ import annotations

import importlib
import pkgutil

from course_lib.experiments.products import Declared


def of(lesson: str) -> Declared:
    """Return the products that a lesson declares, such as ``of("01")``.

    Raises:
        ValueError: the lesson has no experiments.
    """
    if lesson not in lessons():
        known = ", ".join(lessons()) or "none yet"
        raise ValueError(f"lesson {lesson!r} has nothing to reproduce; lessons that do: {known}")
    module = importlib.import_module(f"{__name__}.lesson_{lesson}")
    return Declared(
        lesson=lesson,
        experiments=tuple(module.EXPERIMENTS),
        recordings=tuple(module.RECORDINGS),
        weights=tuple(getattr(module, "WEIGHTS", ())),
    )


def lessons() -> list[str]:
    """Return the numbers of the lessons that have experiments."""
    names = (module.name for module in pkgutil.iter_modules(__path__))
    return sorted(name.removeprefix("lesson_") for name in names if name.startswith("lesson_"))
