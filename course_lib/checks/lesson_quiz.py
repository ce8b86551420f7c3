"""The quiz of a lesson: a widget in a notebook, and text everywhere else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from course_lib.checks.questions import Question

if TYPE_CHECKING:
    from course_lib import viz


class LessonQuiz:
    """The quiz of one lesson, as `course_lib.exercises.quiz` returns it.

    As the last line of a cell it shows itself; ``print(quiz("01"))`` shows it as text.

    Attributes:
        lesson: number of the lesson: ``"01"``.
        questions: the questions, in order.
    """

    def __init__(self, lesson: str, questions: Sequence[Question]) -> None:
        self.lesson = lesson
        self.questions = tuple(questions)

    def __repr__(self) -> str:
        from course_lib.viz.quiz import quiz_text

        return (
            f"Quiz of lesson {self.lesson}\n\n{quiz_text(plain(self.questions))}\n\n"
            f'To answer question 1: quiz("{self.lesson}").answer(1, "b"), '
            'or "ac" for a and c.'
        )

    def answer(self, number: int, letters: str | Iterable[str]) -> None:
        """Print the verdict on an answer, with the explanation of each chosen option.

        Args:
            number: the question's, from 1.
            letters: of the chosen options: ``"b"``, or where several are right ``"ac"``, which
                may also be written ``["a", "c"]``.

        Raises:
            ValueError: there is no such question or option.
        """
        if number not in range(1, len(self.questions) + 1):
            raise ValueError(
                f"no question {number!r}: the quiz of lesson {self.lesson} has questions "
                f"1 to {len(self.questions)}"
            )
        print(self.questions[number - 1].verdict(letters))

    def html(self) -> str:
        """Return the questions with folded answers, for pages where no code runs."""
        from course_lib.viz.quiz import quiz_html

        return quiz_html(plain(self.questions))

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict, dict]:
        from course_lib import viz

        label = f"Quiz of lesson {self.lesson}"
        return viz.Quiz(plain(self.questions), label=label)._repr_mimebundle_(**kwargs)


def plain(questions: Sequence[Question]) -> list[viz.quiz.Asked]:
    """Convert questions to the dicts that `viz.Quiz` takes."""
    return [asdict(question) for question in questions]  # type: ignore[misc]
