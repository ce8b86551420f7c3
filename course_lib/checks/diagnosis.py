"""Diagnose the broken GAN: a recorded run, and the question which fault it has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from course_lib.checks.questions import Option, Question
from course_lib.checks.quizzes import plain

if TYPE_CHECKING:
    from course_lib import viz


@dataclass(frozen=True, kw_only=True)
class Axes:
    """What the widgets of a lesson's runs show, all on the same axes, so that they can be compared.

    Attributes:
        curves: axis → {key of the recording: label of its curve}.
        limits: axis → its lowest and highest value.
        log: the axes that are logarithmic.
    """

    curves: Mapping[str, Mapping[str, str]]
    limits: Mapping[str, tuple[float, float]]
    log: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Case:
    """A recorded run with one fault.

    Attributes:
        letter: how the lesson calls the run: ``"A"``.
        recording: its name in the assets: ``"01_a"``.
        fault: in words, which are the right option's text.
        alt: what curves and pictures show, for readers who can't see them; it tells the signs
            and not the fault.
        question: which fault it is, with the sign that tells for or against each.
    """

    letter: str
    recording: str
    fault: str
    alt: str
    question: Question


def which_fault(letter: str, fault: str, whys: Mapping[str, str]) -> Question:
    """The question of a case.

    Args:
        letter: of the case.
        fault: the right one.
        whys: each fault to choose from → the sign that tells for it or against it.
    """
    options = tuple(Option(text=text, right=text == fault, why=why) for text, why in whys.items())
    return Question(text=f"Which fault does run {letter} have?", options=options)


def show_run(recording: str, *, alt: str) -> viz.Scrubber:
    """A recorded run on the axes that all of its lesson share; the healthy one to compare with.

    Args:
        recording: its name in the assets, which begins with the lesson's number.
        alt: see `viz.Scrubber`.

    Raises:
        ValueError: there is no such recording, or its lesson has no diagnoses.
    """
    from course_lib import viz
    from course_lib.checks import declared
    from course_lib.results import recordings

    axes: Axes = declared(recording[:2], "diagnosis").AXES
    return viz.Scrubber(
        recordings.load(recording), curves=axes.curves, alt=alt, limits=axes.limits, log=axes.log
    )


class Diagnosis:
    """One case of a lesson, as `course_lib.checks.diagnose` gives it.

    As the last line of a cell it shows the recorded run and, below it, the question;
    ``print(diagnose("01", "A"))`` shows them as text.

    Attributes:
        lesson: ``"01"``.
        case: what the lesson declares.
    """

    def __init__(self, lesson: str, case: Case) -> None:
        self.lesson = lesson
        self.case = case

    def __repr__(self) -> str:
        from course_lib.viz.quiz import quiz_text

        return (
            f"Run {self.case.letter}: {self.case.alt}\n\n{quiz_text(plain([self.case.question]))}"
            f'\n\nTo answer: diagnose("{self.lesson}", "{self.case.letter}").answer("b")'
        )

    def answer(self, letter: str) -> None:
        """Print the verdict on an answer: which sign tells for it or against it.

        Raises:
            ValueError: there is no such option.
        """
        print(self.case.question.verdict(letter))

    def widgets(self) -> tuple[viz.Scrubber, viz.Quiz]:
        """The recorded run and the question.

        Raises:
            ValueError: the recording isn't there.
        """
        from course_lib import viz

        run = show_run(self.case.recording, alt=self.case.alt)
        label = f"Diagnosis of run {self.case.letter}"
        return run, viz.Quiz(plain([self.case.question]), label=label)

    def _ipython_display_(self) -> None:
        from IPython.display import display

        for widget in self.widgets():
            display(widget)
