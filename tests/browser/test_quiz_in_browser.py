"""The quiz in a real browser, by keyboard alone: wrong, explained, tried again, right."""

from __future__ import annotations

import base64
import json
import re
from itertools import combinations
from pathlib import Path

import pytest

from course_lib.checks.lesson_quiz import plain
from course_lib.checks.questions import Option, Question
from course_lib.viz import Quiz

DOWN, TAB, ENTER, SPACE = "\ue015", "\ue004", "\ue007", " "
SINGLE = Question(
    text="How many drops are in a `cloud`?",
    options=(
        Option(text="None", why="Then where does the rain come from?"),
        Option(text="Millions", right=True, why="More than a million in each `m³`, in fact."),
        Option(text="One large drop", why="It would burst: <b>surface tension</b> is weak."),
    ),
)
MULTIPLE = Question(
    text="What is wet?",
    options=(
        Option(text="Rain", right=True, why="Rain is water."),
        Option(text="Haze in a desert", why="That is dust."),
        Option(text="Fog", right=True, why="Fog is a cloud on the ground."),
        Option(text="Ice at −20 °C", why="That is dry to the touch."),
    ),
)
QUESTIONS = (SINGLE, MULTIPLE)
DARK = "--jp-layout-color1: #111; --jp-ui-font-color1: rgba(255, 255, 255, 0.87)"  # JupyterLab's
PAGE = """<!doctype html><meta charset="utf-8"><title>quiz</title>
<style>:root {{ {theme} }} body {{ margin: 20px; width: 800px }} {css}</style>
<button id="first">first</button><div class="widget"></div><div class="widget"></div>
<script>window.failed = [];
addEventListener("error", e => failed.push(e.message));
addEventListener("unhandledrejection", e => failed.push(String(e.reason)));</script>
<script type="module">
const state = {state};
const {{ default: widget }} = await import("data:text/javascript;base64,{esm}");
const model = {{ get: key => state[key] }};
document.querySelectorAll(".widget").forEach(el => widget.render({{ model, el }}));
window.ready = true;
</script>"""


@pytest.fixture
def page(browser, tmp_path: Path):
    """A page without a kernel that shows the quiz twice, as two views of one widget."""

    def show(theme: str = ""):
        state = Quiz(plain(QUESTIONS), label="Quiz of lesson 7").get_state()
        sent = {key: state[key] for key in ("label", "questions")}
        esm = base64.b64encode(state["_esm"].encode()).decode()
        html = PAGE.format(css=state["_css"], esm=esm, state=json.dumps(sent), theme=theme)
        (tmp_path / "page.html").write_text(html, encoding="utf-8")
        browser.open(f"file://{tmp_path}/page.html")
        browser.wait("return window.ready")
        browser.js("document.getElementById('first').focus()")
        return browser

    return show


def verdict(browser, question: int = 0) -> str:
    """What a question's live region says, folded-up parts included, a line a paragraph."""
    return browser.js(
        "const box = document.forms[arguments[0]].querySelector('[role=status]');"
        "const line = node => node.nodeName == 'DETAILS' ? [...node.children].map(line)"
        " : ['P', 'SUMMARY'].includes(node.nodeName) ? node.textContent : null;"
        "const head = [...box.childNodes].filter(n => line(n) === null).map(n => n.textContent);"
        "return [head.join(''), ...[...box.children].flatMap(line).filter(Boolean)].join('\\n')",
        question,
    )


def said(question: Question, chosen: str) -> str:
    """What Python says, as it looks on the page."""
    return question.verdict(chosen).replace("`", "")


def test_a_single_choice_is_answered_by_keyboard_alone(page) -> None:
    browser = page()
    browser.keys(TAB + SPACE + ENTER)  # Enter on an option checks, as the button does
    assert verdict(browser) == "✗ Not right yet: a.\n✗ a: Then where does the rain come from?"
    browser.keys(DOWN + TAB + SPACE)  # the next option, then the button
    assert verdict(browser) == said(SINGLE, "b")
    assert verdict(browser).startswith("✓ Right: b.\n✓ b: More than a million in each m³")


def test_a_multiple_choice_is_answered_by_keyboard_alone(page) -> None:
    browser = page()
    browser.keys(TAB * 3)  # past the first question's radio buttons and its button
    browser.keys(SPACE + TAB + SPACE + ENTER)
    assert verdict(browser, 1) == (
        "✗ Not right yet: a, b. 1 more is right.\n✓ a: Rain is water.\n✗ b: That is dust."
    )
    browser.keys(SPACE + TAB + SPACE + TAB * 2 + ENTER)  # not b but c, then the button
    assert verdict(browser, 1) == said(MULTIPLE, "ac")


def test_why_not_the_others_unfolds_by_keyboard(page) -> None:
    browser = page()
    browser.keys(TAB + SPACE + DOWN + TAB + SPACE + TAB + ENTER)
    assert browser.js("return document.querySelector('details').open") is True
    shown = browser.js("return document.querySelector('details').innerText")
    assert "✗ a: Then where does the rain come from?" in shown
    assert "<b>surface tension</b>" in shown  # escaped, not bold


def test_an_answer_without_a_choice_asks_for_one(page) -> None:
    browser = page()
    browser.keys(TAB * 2 + ENTER)
    assert verdict(browser) == "○ Choose an answer first."


def test_the_page_says_of_every_choice_what_python_says(page) -> None:
    browser = page()
    for number, question in enumerate(QUESTIONS):
        sizes = range(1, 2 if question is SINGLE else len(question.options) + 1)
        for chosen in (set(c) for size in sizes for c in combinations(question.letters, size)):
            browser.js(
                "const form = document.forms[arguments[0]];"
                "[...form.option].forEach((o, i) => o.checked = arguments[1][i]);"
                "form.querySelector('button').click()",
                number,
                [letter in chosen for letter in question.letters],
            )
            assert verdict(browser, number) == said(question, "".join(chosen))


def test_two_views_keep_their_answers_apart(page) -> None:
    browser = page()
    browser.keys(TAB + SPACE)
    checked = "return [...document.forms].map(f => [...f.option].filter(o => o.checked).length)"
    assert browser.js(checked) == [1, 0, 0, 0]
    browser.js("document.forms[2].option[1].click()")
    assert browser.js(checked) == [1, 0, 1, 0]


def test_jupyterlab_leaves_the_keys_to_whatever_has_the_focus(page) -> None:
    browser = page()
    browser.js("document.forms[0].option[1].click()")
    browser.js("document.forms[0].querySelector('button').click()")
    without = browser.js(
        "return [...document.querySelectorAll('.quiz input, .quiz button, .quiz summary')]"
        ".filter(e => e.dataset.lmSuppressShortcuts !== 'true').length"
    )
    assert without == 0


def test_a_screen_reader_finds_groups_names_and_a_live_region(page) -> None:
    browser = page()
    found = browser.js(
        "const f = document.forms[1];"
        "return {quiz: document.querySelector('[role=group]').getAttribute('aria-label'),"
        " legend: f.querySelector('fieldset > legend').textContent,"
        " types: [...f.option].map(o => o.type), names: [...f.option].map(o =>"
        " o.labels[0].textContent), live: f.querySelectorAll('[role=status]').length}"
    )
    assert found == {
        "quiz": "Quiz of lesson 7",
        "legend": "2. What is wet? (more than one is right)",
        "types": ["checkbox"] * 4,
        "names": ["a. Rain", "b. Haze in a desert", "c. Fog", "d. Ice at −20 °C"],
        "live": 1,
    }


COLOURS = """
const opaque = e => { for (; e; e = e.parentElement) {
  const c = getComputedStyle(e).backgroundColor; if (!/, 0\\)$/.test(c)) return c; } };
const texts = [...document.querySelectorAll(
  '.quiz legend, .quiz label, .quiz button, .quiz code, .quiz strong, .quiz p, .quiz summary')];
return texts.map(e => [e.textContent, getComputedStyle(e).color, opaque(e)])
"""


def channels(colour: str) -> tuple[list[float], float]:
    values = [float(value) for value in re.findall(r"[\d.]+", colour)]
    return values[:3], values[3] if len(values) > 3 else 1.0


def luminance(rgb: list[float]) -> float:
    """WCAG 2.2, relative luminance."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(ink: str, paper: str) -> float:
    (front, alpha), (back, _) = channels(ink), channels(paper)
    mixed = [alpha * f + (1 - alpha) * b for f, b in zip(front, back, strict=True)]
    light, dark = sorted((luminance([c / 255 for c in rgb]) for rgb in (mixed, back)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["", DARK], ids=["light", "dark"])
def test_every_text_is_readable_and_told_by_words_too(page, theme: str) -> None:
    browser = page(theme)
    for form, option in ((0, 0), (1, 0), (2, 1)):  # wrong; one missing; right
        browser.js(
            "const f = document.forms[arguments[0]]; f.option[arguments[1]].click();"
            "f.querySelector('button').click()",
            form,
            option,
        )
    browser.js("document.forms[3].querySelector('button').click()")  # no choice
    texts = browser.js(COLOURS)
    heads = [text for text, _, _ in texts if text[0] in "✓✗○" and ":" not in text]
    words = ["✗ Not right yet", "✗ Not right yet", "✓ Right", "○ Choose an answer first."]
    assert heads == words
    for text, ink, paper in texts:
        assert contrast(ink, paper) >= 4.5, (text, ink, paper)
    papers = {paper for text, _, paper in texts if text.startswith("1. ")}
    assert papers == {"rgb(17, 17, 17)" if theme else "rgb(255, 255, 255)"}


@pytest.mark.parametrize("theme", ["", DARK], ids=["light", "dark"])
def test_the_focus_is_seen(page, theme: str) -> None:
    browser = page(theme)
    look = "return getComputedStyle(document.activeElement)"
    for _ in range(2):  # an option, the button
        browser.keys(TAB)
        assert browser.js(f"{look}.outlineStyle") == "solid"
        ring = browser.js(f"{look}.outlineColor")
        assert contrast(ring, "rgb(17, 17, 17)" if theme else "rgb(255, 255, 255)") >= 3


def test_the_quiz_needs_no_network_and_raises_no_error(page) -> None:
    browser = page()
    browser.keys(TAB + SPACE + TAB + ENTER)
    fetched = browser.js("return performance.getEntriesByType('resource').map(e => e.name)")
    assert all(name.startswith("data:") for name in fetched)
    assert browser.js("return window.failed") == []


def test_enter_on_an_option_sends_no_form(page) -> None:
    """Chromium sends none without a submit button; other browsers would leave the page."""
    went_on = page().js(
        "return document.forms[0].option[0].dispatchEvent(new KeyboardEvent('keydown',"
        "{key: 'Enter', bubbles: true, cancelable: true}))"
    )
    assert went_on is False
