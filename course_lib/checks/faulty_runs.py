"""Faulty runs: recorded trainings of broken GANs, and the question which fault each has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course_lib.checks.lesson_quiz import plain
from course_lib.checks.questions import Option, Question
from course_lib.checks.texts import read_texts

if TYPE_CHECKING:
    from course_lib import viz


@dataclass(frozen=True, kw_only=True)
class Axes:
    """The axes on which all recorded runs of a lesson are drawn, so that they can be compared.

    Attributes:
        curves: axis → {key of the recording: label of its curve}.
        limits: axis → its lowest and highest value.
        log: the axes that are logarithmic.
    """

    curves: Mapping[str, Mapping[str, str]]
    limits: Mapping[str, tuple[float, float]]
    log: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class FaultyRun:
    """A recorded run with one fault.

    Attributes:
        letter: the lesson's name for the run: ``"A"``.
        recording: name of the recording in the assets: ``"01_a"``.
        fault: the fault in words; also the text of the right option.
        alt: description of curves and pictures for readers who can't see them. It describes the
            symptoms and doesn't name the fault.
        question: which fault it is, with the symptom that speaks for or against each.
    """

    letter: str
    recording: str
    fault: str
    alt: str
    question: Question


@dataclass(frozen=True, kw_only=True)
class FaultyRuns:
    """The recorded runs that a lesson lets learners diagnose.

    Attributes:
        axes: on which they are drawn.
        runs: letter → run.
    """

    axes: Axes
    runs: Mapping[str, FaultyRun]


def read_faulty_runs(path: Path, lesson: str) -> FaultyRuns:
    """Read a lesson's ``faulty_runs.toml``.

    It holds ``faults``, a name for each → its words, in the order of the question's options;
    ``axes``; and ``runs``, each with its fault's name, alternative text and ``why``, the symptom
    that speaks for or against each fault. The recording of run A of lesson 01 is ``01_a``.

    Raises:
        ValueError: the file is malformed; the message names it and what is missing.
    """
    stated = read_texts(path)
    try:
        faults: Mapping[str, str] = stated["faults"]
        axes: Mapping[str, Any] = stated["axes"]
        limits = {name: map(float, axis["limits"]) for name, axis in axes.items()}
        return FaultyRuns(
            axes=Axes(
                curves={name: axis["curves"] for name, axis in axes.items()},
                limits={name: (low, high) for name, (low, high) in limits.items()},
                log=tuple(name for name, axis in axes.items() if axis.get("log")),
            ),
            runs={
                letter: FaultyRun(
                    letter=letter,
                    recording=f"{lesson}_{letter.lower()}",
                    fault=faults[run["fault"]],
                    alt=run["alt"],
                    question=Question(
                        text=f"Which fault does run {letter} have?",
                        options=tuple(
                            Option(text=words, right=name == run["fault"], why=run["why"][name])
                            for name, words in faults.items()
                        ),
                    ),
                )
                for letter, run in stated["runs"].items()
            },
        )
    except KeyError as error:
        raise ValueError(f"{path}: {error} is missing") from None


def show_run(recording: str, axes: Axes, *, alt: str) -> viz.Scrubber:
    """Return a recorded run, drawn on the axes that all runs of its lesson share.

    Args:
        recording: name of the recording in the assets.
        axes: the lesson's axes.
        alt: alternative text, see `viz.Scrubber`.

    Raises:
        ValueError: there is no such recording.
    """
    from course_lib import viz
    from course_lib.results import recordings

    return viz.Scrubber(
        recordings.load(recording), curves=axes.curves, alt=alt, limits=axes.limits, log=axes.log
    )


class FaultQuestion:
    """A faulty run with its question, as `course_lib.exercises.diagnose` returns it.

    As the last line of a cell it shows the recorded run and, below it, the question;
    ``print(diagnose("01", "A"))`` shows them as text.

    Attributes:
        lesson: number of the lesson: ``"01"``.
        run: the faulty run that the lesson declares.
        axes: the axes that the lesson declares.
    """

    def __init__(self, lesson: str, run: FaultyRun, axes: Axes) -> None:
        self.lesson = lesson
        self.run = run
        self.axes = axes

    def __repr__(self) -> str:
        from course_lib.viz.quiz import quiz_text

        return (
            f"Run {self.run.letter}: {self.run.alt}\n\n{quiz_text(plain([self.run.question]))}"
            f'\n\nTo answer: diagnose("{self.lesson}", "{self.run.letter}").answer("b")'
        )

    def answer(self, letter: str) -> None:
        """Print the verdict on an answer, with the symptom that speaks for it or against it.

        Raises:
            ValueError: there is no such option.
        """
        print(self.run.question.verdict(letter))

    def widgets(self) -> tuple[viz.Scrubber, viz.Quiz]:
        """Return the recorded run and the question.

        Raises:
            ValueError: there is no such recording.
        """
        from course_lib import viz

        run = show_run(self.run.recording, self.axes, alt=self.run.alt)
        label = f"Question about run {self.run.letter}"
        return run, viz.Quiz(plain([self.run.question]), label=label)

    def _ipython_display_(self) -> None:
        from IPython.display import display

        for widget in self.widgets():
            display(widget)
