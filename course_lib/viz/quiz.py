"""Questions as a widget, and as text where no widget is shown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from pathlib import Path
from string import ascii_lowercase
from typing import Any, TypedDict

import anywidget
import traitlets

from course_lib.viz.output import with_still

_FOLDER = Path(__file__).parent
_MARKUP = re.compile(r"`([^`]+)`|\*(\S(?:[^*`]*\S)?)\*")


class AskedOption(TypedDict):
    """An option: its text, whether it is right, and why."""

    text: str
    right: bool
    why: str


class Asked(TypedDict):
    """A question and its options; more than one right option makes it multiple choice."""

    text: str
    options: Sequence[AskedOption]


class Quiz(anywidget.AnyWidget):
    """Questions with radio buttons or check boxes, each answered and explained on its own.

    Everything happens in the page, by mouse or keyboard: once shown it needs neither a kernel
    nor a network. Where widgets aren't shown, its still is: the questions, each with its answer
    and explanations folded up.
    """

    _esm = _FOLDER / "quiz.js"
    _css = _FOLDER / "quiz.css"
    _ipython_display_ = None  # ipywidgets 7, Colab's, would leave the still out

    label = traitlets.Unicode().tag(sync=True)
    questions = traitlets.List(traitlets.Dict()).tag(sync=True)

    def __init__(self, questions: Sequence[Asked], *, label: str) -> None:
        """Prepare the questions; as the last line of a cell they show themselves.

        Args:
            questions: texts are plain, with `code` and *emphasis*.
            label: what the questions are about, for readers who can't see their frame.
        """
        self._asked = questions
        super().__init__(
            label=label,
            questions=[
                {
                    "text": _numbered(_inline(question["text"]), number, len(questions)),
                    "options": [
                        {
                            "text": _inline(option["text"]),
                            "right": option["right"],
                            "why": _inline(option["why"]),
                        }
                        for option in question["options"]
                    ],
                }
                for number, question in enumerate(questions, 1)
            ],
        )

    def still(self) -> str:
        """Return all questions with folded answers, as HTML, for pages without widgets."""
        return quiz_html(self._asked)

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict, dict]:
        text = f"{self.label}\n\n{quiz_text(self._asked)}"
        return with_still(super()._repr_mimebundle_(**kwargs), self.still(), text)


def quiz_html(questions: Sequence[Asked]) -> str:
    """Return the questions as HTML without scripts: lettered options, folded answers below them.

    It has no empty line, so that it may stand inside Markdown.
    """
    return "\n".join(
        f"<p><strong>{_numbered(_inline(question['text']), number, len(questions))}</strong> "
        f"({_how_many(question)})</p>\n"
        + _list(f"{letter}. {_inline(option['text'])}" for letter, option in _by_letter(question))
        + "\n<details><summary>Answer</summary>\n"
        + _list(
            f"{'✓' if option['right'] else '✗'} {letter}, "
            f"<em>{'right' if option['right'] else 'wrong'}</em>: {_inline(option['why'])}"
            for letter, option in _by_letter(question)
        )
        + "\n</details>"
        for number, question in enumerate(questions, 1)
    )


def quiz_text(questions: Sequence[Asked]) -> str:
    """Return the questions as plain text, without their answers."""
    return "\n\n".join(
        "\n".join(
            [
                f"{_numbered(question['text'], number, len(questions))} ({_how_many(question)})",
                *(f"   {letter}. {option['text']}" for letter, option in _by_letter(question)),
            ]
        )
        for number, question in enumerate(questions, 1)
    )


def _by_letter(question: Asked) -> list[tuple[str, AskedOption]]:
    return list(zip(ascii_lowercase, question["options"], strict=False))


def _how_many(question: Asked) -> str:
    several = sum(option["right"] for option in question["options"]) > 1
    return "more than one is right" if several else "one is right"


def _numbered(text: str, number: int, of: int) -> str:
    return f"{number}. {text}" if of > 1 else text


def _inline(text: str) -> str:
    """Escape a text, and turn its `code` and *emphasis* into elements."""

    def mark(match: re.Match[str]) -> str:
        code, emphasis = match.groups()
        return f"<code>{code}</code>" if code else f"<em>{emphasis}</em>"

    return _MARKUP.sub(mark, escape(text, quote=False))


def _list(items: Any) -> str:
    lines = "\n".join(f"<li>{item}</li>" for item in items)
    return f'<ul style="list-style:none">\n{lines}\n</ul>'
