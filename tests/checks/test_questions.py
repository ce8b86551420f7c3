"""Questions are valid, verdicts explain every choice, and each lesson's quiz is well made."""

from __future__ import annotations

from itertools import combinations

import pytest

from course_lib.checks.questions import Option, Question
from course_lib.exercises import having, quiz

VIEW = "application/vnd.jupyter.widget-view+json"
A = Option(text="one", right=True, why="because it is")
B = Option(text="two", why="that is too many")
C = Option(text="three", right=True, why="this one, too")
D = Option(text="four", why="that is far too many")
SINGLE = Question(text="How many?", options=(B, A, D))
MULTIPLE = Question(text="Which are odd?", options=(A, B, C, D))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((A,), "has 1 options; it needs 2 to 26"),
        ((B, D), "no right option"),
        ((A, Option(text="one", why="no")), "the same option twice"),
        ((A, B, Option(text="three", why=B.why)), "explains two options alike"),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused(options, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Question(text="How many?", options=options)


@pytest.mark.parametrize(
    ("text", "why", "message"),
    [
        (" ", "because", "an option's text is empty"),
        ("one", "", "why of the option 'one' is empty"),
        ("$1$", "because", "an option's text contains a formula"),
        ("one", "$1$", "why of the option 'one' contains a formula"),
    ],
)
def test_an_option_without_words_is_refused(text: str, why: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Option(text=text, why=why)


def test_a_question_without_text_is_refused() -> None:
    with pytest.raises(ValueError, match="a question's text is empty"):
        Question(text="", options=(A, B))


def test_a_wrong_choice_gets_its_own_explanation_and_no_other() -> None:
    assert SINGLE.verdict("c") == "✗ Not right yet: c.\n✗ c: that is far too many"


def test_the_right_choice_is_confirmed_and_the_others_explained() -> None:
    assert SINGLE.verdict("b").splitlines() == [
        "✓ Right: b.",
        "✓ b: because it is",
        "Why not the others?",
        "✗ a: that is too many",
        "✗ c: that is far too many",
    ]


def test_what_is_missing_is_counted_and_not_named() -> None:
    assert MULTIPLE.verdict("c").splitlines() == [
        "✗ Not right yet: c. 1 more is right.",
        "✓ c: this one, too",
    ]


def test_right_ones_beside_wrong_choices_alone_are_called_others() -> None:
    assert MULTIPLE.verdict("b").startswith("✗ Not right yet: b. 2 others are right.\n")
    assert MULTIPLE.verdict("bd").startswith("✗ Not right yet: b, d. 2 others are right.\n")
    assert MULTIPLE.verdict("ab").startswith("✗ Not right yet: a, b. 1 more is right.\n")


def test_a_wrong_choice_beside_all_right_ones_is_not_right() -> None:
    assert MULTIPLE.verdict("abc").splitlines() == [
        "✗ Not right yet: a, b, c.",
        "✓ a: because it is",
        "✗ b: that is too many",
        "✓ c: this one, too",
    ]


@pytest.mark.parametrize(
    "chosen", ["ac", "ca", "a, c", "A C", "aac", ["a", "c"], ("C", "a"), ["ac"], {"a", "c"}]
)
def test_letters_may_be_written_as_people_write_them(chosen) -> None:
    assert MULTIPLE.verdict(chosen).startswith("✓ Right: a, c.")


@pytest.mark.parametrize("chosen", ["", "x", "1", "ab", [], ["x"], 2, [2], None, [None]])
def test_what_is_no_answer_is_refused_with_what_would_be(chosen) -> None:
    with pytest.raises(ValueError, match=r'give one letter from a to c, such as "a"'):
        SINGLE.verdict(chosen)


def test_a_multiple_choice_question_asks_for_letters() -> None:
    with pytest.raises(ValueError, match=r'give letters from a to d, such as "ab"'):
        MULTIPLE.verdict("ae")


def test_a_question_where_all_are_right_has_no_others_to_explain() -> None:
    verdict = Question(text="Which?", options=(A, C)).verdict("ab")
    assert verdict.startswith("✓ Right: a, b.")
    assert "others" not in verdict


@pytest.fixture(params=having("quiz"))
def lesson(request: pytest.FixtureRequest) -> str:
    return request.param


def test_a_quiz_has_five_questions_both_kinds_among_them(lesson: str) -> None:
    counts = [len(question.right) for question in quiz(lesson).questions]
    assert len(counts) == 5
    assert min(counts) == 1
    assert max(counts) > 1


def test_right_options_are_not_given_away_by_place_or_length(lesson: str) -> None:
    questions = quiz(lesson).questions
    assert len({question.right for question in questions}) >= 4
    longest = [max(q.options, key=lambda option: len(option.text)) for q in questions]
    assert 1 <= sum(option.right for option in longest) <= 3


def test_wrong_options_lead_back_to_the_lesson(lesson: str) -> None:
    """All but at most one: what refutes it may be plain arithmetic."""
    for question in quiz(lesson).questions:
        wrong = [option for option in question.options if not option.right]
        assert sum("ection " in option.why for option in wrong) >= len(wrong) - 1, question.text


def test_only_the_verdict_is_printed_by_an_answer(capsys: pytest.CaptureFixture[str]) -> None:
    asked = quiz("01")
    asked.answer(3, "ac")
    assert capsys.readouterr().out == asked.questions[2].verdict("ac") + "\n"


@pytest.mark.parametrize("number", [0, 6, -1])
def test_answering_a_question_that_is_not_there_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="has questions 1 to 5"):
        quiz("00").answer(number, "a")


def test_a_lesson_without_a_quiz_is_refused_with_those_that_have_one() -> None:
    with pytest.raises(ValueError, match="lesson '77' has no quiz; these lessons have: 00, 01"):
        quiz("77")


def test_as_text_a_quiz_asks_and_answers_nothing(lesson: str) -> None:
    asked = quiz(lesson)
    for number, question in enumerate(asked.questions, 1):
        assert f"{number}. {question.text}" in repr(asked)
        for letter, option in zip(question.letters, question.options, strict=True):
            assert f"   {letter}. {option.text}\n" in repr(asked)
            assert option.why not in repr(asked)
    assert f'quiz("{lesson}").answer(1, "b")' in repr(asked)


def test_in_a_notebook_the_quiz_is_the_widget_with_its_still(lesson: str) -> None:
    asked = quiz(lesson)
    data, _ = asked._repr_mimebundle_()
    assert set(data) == {VIEW, "text/html", "text/plain"}
    assert data["text/html"] == asked.html()
    assert data["text/plain"].startswith(f"Quiz of lesson {lesson}\n\n1. ")


def test_the_verdict_is_right_for_the_right_options_alone(lesson: str) -> None:
    for question in quiz(lesson).questions:
        sizes = range(1, 2 if len(question.right) == 1 else len(question.options) + 1)
        chosen = ["".join(c) for size in sizes for c in combinations(question.letters, size)]
        right = [letters for letters in chosen if question.verdict(letters).startswith("✓")]
        assert right == [question.right]
