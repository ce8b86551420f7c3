"""The quiz widget: what it sends to the page, and the text that stands in for it."""

from __future__ import annotations

import pytest

from course_lib import viz
from course_lib.viz.quiz import quiz_html

VIEW = "application/vnd.jupyter.widget-view+json"
QUESTIONS = [
    {
        "text": "Is `a < b` & <b>bold</b>?",
        "options": [
            {"text": "*Yes*, `x*y*z`", "right": True, "why": "2 * 3 * 4 is <i>24</i>"},
            {"text": "No", "right": False, "why": "`x` is 'so'"},
        ],
    },
    {
        "text": "Which?",
        "options": [
            {"text": "this", "right": True, "why": "this is"},
            {"text": "that", "right": True, "why": "that is"},
        ],
    },
]


@pytest.fixture
def widget() -> viz.Quiz:
    return viz.Quiz(QUESTIONS, label="Quiz of <lesson> 7")


def test_texts_are_escaped_and_marked_up(widget: viz.Quiz) -> None:
    first = widget.questions[0]
    assert first["text"] == "1. Is <code>a &lt; b</code> &amp; &lt;b&gt;bold&lt;/b&gt;?"
    yes, no = first["options"]
    assert yes["text"] == "<em>Yes</em>, <code>x*y*z</code>"
    assert yes["why"] == "2 * 3 * 4 is &lt;i&gt;24&lt;/i&gt;"
    assert no["why"] == "<code>x</code> is 'so'"
    assert [option["right"] for option in first["options"]] == [True, False]


def test_a_question_on_its_own_has_no_number() -> None:
    assert viz.Quiz(QUESTIONS[1:], label="Diagnosis").questions[0]["text"] == "Which?"
    assert "1." not in quiz_html(QUESTIONS[1:])


def test_the_widget_needs_no_network(widget: viz.Quiz) -> None:
    state = widget.get_state()
    assert "http" not in state["_esm"] + state["_css"]
    assert "import" not in state["_esm"]


def test_the_still_stands_beside_the_widget(widget: viz.Quiz) -> None:
    data, _ = widget._repr_mimebundle_()
    assert set(data) == {VIEW, "text/html", "text/plain"}
    assert data["text/html"] == widget.still()
    text = data["text/plain"]
    assert text.startswith("Quiz of <lesson> 7\n\n1. Is `a < b` & <b>bold</b>? (one is right)\n")
    assert "2. Which? (more than one is right)\n   a. this\n   b. that" in text


def test_the_still_asks_and_folds_answers_up(widget: viz.Quiz, parse) -> None:
    page = parse(widget.still())
    assert len(page.all("details")) == len(page.all("summary")) == 2
    assert not {"script", "input", "button", "b", "i"} & {tag for tag, _ in page.elements}
    asked, _, answers = page.text.partition("Answer")
    assert "1. Is a < b & <b>bold</b>? (one is right)" in asked
    assert "a. Yes, x*y*z\nb. No" in asked
    assert "24" not in asked
    assert "✓ a, right: 2 * 3 * 4 is <i>24</i>\n✗ b, wrong: x is 'so'" in answers


def test_the_still_may_stand_inside_markdown(widget: viz.Quiz) -> None:
    assert "" not in widget.still().splitlines()
