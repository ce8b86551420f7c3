"""The lessons as a learner meets them: opened in JupyterLab, cells run, widgets by keyboard."""

from __future__ import annotations

import base64
import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import test_outline_in_browser as outlined
from jupyterlab_driver import (
    DOWN,
    END,
    ENTER,
    HOME,
    LEFT,
    NOTEBOOKS,
    PAGE_UP,
    PATIENCE,
    RIGHT,
    SHIFT,
    SPACE,
    TAB,
    Notebook,
    copy_notebooks,
    start_server,
    wait_for_server,
)

from course_lib import viz
from course_lib.checks.questions import Question
from course_lib.exercises import faulty_runs_of, having, lessons, quiz

pytest.importorskip("jupyterlab")
pytestmark = pytest.mark.slow

NUMBERS = lessons()


@pytest.fixture(scope="module")
def lab(browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A browser on a JupyterLab of its own, offline, with the student notebooks at `smoke`."""
    home = tmp_path_factory.mktemp("lab")
    copy_notebooks(home / "work")
    server = start_server(home)
    try:
        url = wait_for_server(home, server)
        browser.resize(1300, 1000)
        browser.open(url)
        browser.wait("return !!window.jupyterapp?.shell.currentWidget", PATIENCE)
        yield browser
    finally:
        browser.open("about:blank")
        browser.resize()
        server.terminate()
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


@pytest.fixture(scope="module")
def lesson(lab) -> Callable[[str], Notebook]:
    """lesson("00"): it in front, each of its cells run, no exercise attempted at first."""
    opened: dict[str, Notebook] = {}

    def lesson(number: str) -> Notebook:
        first = number not in opened
        (path,) = NOTEBOOKS.glob(f"{number}_*.ipynb")
        notebook = opened.setdefault(number, Notebook(lab, path.name))
        notebook.to_front()
        if first:
            notebook.run_all()
        return notebook

    return lesson


@pytest.fixture
def look(lab, tmp_path: Path) -> Callable[[str], None]:
    """look(name): a screenshot, in the folder that COURSE_SCREENSHOTS names or a temporary one."""
    folder = Path(os.environ.get("COURSE_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)

    def look(name: str) -> None:
        (folder / f"{name}.png").write_bytes(base64.b64decode(lab.screenshot()))

    return look


@pytest.mark.parametrize("number", NUMBERS)
def test_every_cell_runs_unattempted(lesson, number: str) -> None:
    notebook = lesson(number)
    errors = notebook.js(
        "return book.widgets.filter(w => w.model.type == 'code').flatMap("
        "w => w.model.outputs.toJSON().filter(o => o.output_type == 'error').map(o => o.evalue))"
    )
    assert errors == []


ANSWERS = {
    "00.3": (
        "return 16 + (image @ np.array([65.481, 128.553, 24.966])) / 255",
        "return (16 + image @ np.array([65.481, 128.553, 24.966])) / 255",
    ),
    "01.2": (
        "return -F.logsigmoid(fake_logits).sum()",
        "return -F.logsigmoid(fake_logits).mean()",
    ),
}


@pytest.mark.parametrize(("exercise", "diagnosis"), [("00.3", "dividing"), ("01.2", "mean")])
def test_a_wrong_answer_is_diagnosed_and_a_right_one_passes(
    lesson, look, exercise: str, diagnosis: str
) -> None:
    notebook = lesson(exercise[:2])
    cell = notebook.find(f"exercise-{exercise.replace('.', '-')}")
    assert "Not attempted" in notebook.said(cell + 1)
    wrong, right = ANSWERS[exercise]
    for line, expected in ((wrong, "Not right yet"), (right, "Passed")):
        notebook.write_last_line(cell, line)
        notebook.run(cell)
        said = notebook.run(cell + 1)
        assert f"{expected} · exercise {exercise}" in said
        assert (diagnosis in said) == (line == wrong)
        look(f"{exercise} {expected}")


# The slider that has the focus, once the picture is the one for its value.
DRAWN = r"""
const shown = cell(arguments[0]).node, row = document.activeElement.closest('.widget-hslider');
const [label, value] = row.innerText.split("\n"), picture = shown.querySelector('figure img');
return picture.alt.includes(`${label} ${Number(value)}`) && {
  label, value: Number(value), picture: picture.src,
  line: shown.querySelector('figcaption').textContent,
};
"""


def test_a_slider_of_the_rain_explorer_is_moved_by_keyboard(lesson, look) -> None:
    notebook = lesson("00")
    number = notebook.widget("viz.RainExplorer(", "[role=slider]")
    with notebook.undisturbed():
        notebook.tab_to("[role=slider]")
        seen = [notebook.wait(DRAWN, number)]
        for key in (PAGE_UP, LEFT, HOME):
            notebook.browser.keys(key)
            seen.append(notebook.wait(DRAWN, number))
    look("explorer")
    assert {s["label"] for s in seen} == {"density (in 100×100)"}
    first, more, less, none = (s["value"] for s in seen)
    assert none == 0 < first < less < more
    assert len({s["picture"] for s in seen}) == 4
    *decibels, without_rain = (s["line"].split()[1] for s in seen)
    first, more, less = map(float, decibels)
    assert (first > less >= more, without_rain) == (True, "∞")


def test_the_boundary_between_before_and_after_is_moved_by_keyboard(lesson, look) -> None:
    notebook = lesson("00")
    notebook.widget("viz.BeforeAfter(", ".before-after-handle")
    with notebook.undisturbed():
        notebook.tab_to(".before-after-handle")
        seen = []
        for key in (RIGHT, RIGHT, LEFT, DOWN, PAGE_UP, HOME, SPACE, RIGHT):
            notebook.browser.keys(key)
            seen.append(int(notebook.js("return document.activeElement.ariaValueNow")))
    assert seen == [52, 54, 52, 50, 60, 0, 0, 2]
    notebook.browser.keys(PAGE_UP * 3)
    look("before after")


@pytest.mark.parametrize("number", having("quiz"))
def test_the_quiz_is_answered_by_keyboard(lesson, look, number: str) -> None:
    notebook = lesson(number)
    cell = notebook.widget(f'quiz("{number}")', ".quiz-question input")
    answer_all(notebook, cell, quiz(number).questions)
    look(f"quiz {number}")


def answer_all(notebook: Notebook, cell: int, questions: Sequence[Question]) -> None:
    """Answer each of the cell's questions wrongly at first, and rightly then."""
    with notebook.undisturbed():
        for n, question in enumerate(questions, 1):
            notebook.tab_to(f".quiz-question:nth-child({n}) input")
            wrong = next(letter for letter in question.letters if letter not in question.right)
            for letters in (wrong, question.right):
                choose(notebook, letters, question)
                notebook.browser.keys(ENTER)
                said = notebook.js(
                    "return cell(arguments[0]).node.querySelector(arguments[1]).textContent",
                    cell,
                    f".quiz-question:nth-child({n}) [role=status]",
                )
                heading, why, *_ = question.verdict(letters).splitlines()
                assert said.startswith(plain(heading))
                assert plain(why) in said


def choose(notebook: Notebook, letters: str, question: Question) -> None:
    """Choose these options and no others; the focus is on one of them."""
    browser, count = notebook.browser, len(question.letters)
    options = "[...document.activeElement.form.option]"
    if len(question.right) == 1:
        at = notebook.js(f"return {options}.findIndex(o => o.checked)")
        if at < 0:
            browser.keys(SPACE)
        browser.keys(DOWN * ((question.letters.index(letters) - max(at, 0)) % count))
        return
    for _ in range(notebook.js(f"return {options}.indexOf(document.activeElement)")):
        browser.chord(SHIFT + TAB)
    for letter in question.letters:
        if notebook.js("return document.activeElement.checked") != (letter in letters):
            browser.keys(SPACE)
        if letter != question.letters[-1]:
            browser.keys(TAB)


def plain(text: str) -> str:
    return text.replace("`", "").replace("*", "")


def test_a_recorded_run_is_scrubbed_and_diagnosed_by_keyboard(lesson, look) -> None:
    notebook = lesson("01")
    case = faulty_runs_of("01").runs["A"]
    cell = notebook.widget(f'diagnose("01", "{case.letter}")', ".scrubber-slider")
    notebook.wait("return !!cell(arguments[0]).node.querySelector('.quiz-question')", cell)
    restored = "return cell(arguments[0]).node.querySelectorAll('canvas')[1].toDataURL()"
    step = "return +cell(arguments[0]).node.querySelector('.scrubber-slider').value"
    word = "return cell(arguments[0]).node.querySelector('.scrubber-play').innerText.slice(-5)"
    with notebook.undisturbed():
        notebook.tab_to(".scrubber-slider")
        pictures = []
        for key in (HOME, RIGHT, END):
            notebook.browser.keys(key)
            pictures.append(notebook.js(restored, cell))
        assert len(set(pictures)) == 3
        look("scrubber")
        notebook.browser.keys(HOME + RIGHT + RIGHT + LEFT)
        assert notebook.js(step, cell) == 1
        notebook.browser.chord(SHIFT + TAB)
        notebook.browser.keys(SPACE)
        assert notebook.js(word, cell) == "Pause"
        notebook.wait(f"return (() => {{ {step} }})() > 1", cell)
        notebook.browser.keys(SPACE)
        assert notebook.js(word, cell).endswith("Play")
    answer_all(notebook, cell, [case.question])
    look("diagnosis")


# Pictures and controls of the outputs that a screen reader can't name.
NAMELESS = """
const words = e => e.alt || e.ariaLabel || e.labels?.[0]?.textContent || e.textContent?.trim()
  || e.querySelector('title')?.textContent;
// ipywidgets names neither the handle of a slider nor its number (8.1).
const theirs = '.widget-slider *';
return [...book.node.querySelectorAll('.jp-OutputArea-output')].flatMap(output => [
  ...output.querySelectorAll('img, svg, canvas, a, button, input, select, summary, [tabindex="0"]')
]).filter(e => !e.matches(theirs) && !words(e)).map(e => e.outerHTML.slice(0, 200));
"""


@pytest.mark.parametrize("number", NUMBERS)
def test_a_screen_reader_can_name_every_picture_and_control(lesson, number: str) -> None:
    notebook = lesson(number)
    assert notebook.js("return book.node.querySelectorAll('.jp-OutputArea-output img').length") > 5
    assert notebook.js(NAMELESS) == []


# Every text of the outputs, its colour, and the colours behind it down to an opaque one.
TEXTS = """
const texts = [];
for (const output of book.node.querySelectorAll('.jp-OutputArea-output')) {
  const walker = document.createTreeWalker(output, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode, e = text.parentElement;
    if (!text.data.trim() || e.closest('[hidden], style, script, option, progress')) continue;
    if (!e.checkVisibility()) continue;
    const papers = [];
    for (let up = e; up; up = up.parentElement) papers.push(getComputedStyle(up).backgroundColor);
    texts.push([text.data.trim().slice(0, 60), getComputedStyle(e).color, papers]);
  }
}
return texts;
"""


# The beginnings of cells whose looks tell most, where a lesson has them.
TELLING = (
    "exercise-{}-1-help",
    "exercise-{}-1-check",
    "viz.RainExplorer(",
    "viz.Explorer(",
    "viz.BeforeAfter(",
    "viz.show_source(",
    "viz.table(rows",
    "live = viz.LivePlot(",
    'diagnose("{}", "A")',
    'quiz("{}")',
)


@pytest.mark.parametrize("theme", ["JupyterLab Dark", "JupyterLab Light"])
@pytest.mark.parametrize("number", NUMBERS)
def test_every_text_that_cells_show_is_readable(
    lesson, look, contrast, number: str, theme: str
) -> None:
    notebook = lesson(number)
    help_cell = notebook.find(f"exercise-{number}-1-help")
    ask = f'exercise("{number}.1")'
    notebook.write_last_line(help_cell, f"{ask}.hint(); {ask}.solution()")
    assert "Hint" in notebook.run(help_cell)
    notebook.js(
        "jupyterapp.commands.execute('apputils:change-theme', {theme: arguments[0]})", theme
    )
    notebook.wait(
        "return document.body.dataset.jpThemeName == arguments[0]"
        " && !document.getElementById('jupyterlab-splash')",
        theme,
    )
    for text in (text.format(number) for text in TELLING):
        for cell in notebook.find_all(text)[:1]:
            notebook.select(cell)
            look(f"{number} {theme} {text.partition('(')[0]}")
    texts = notebook.js(TEXTS)
    assert len(texts) > 50
    faint = {}
    for text, ink, papers in texts:
        if (ratio := contrast(ink, papers)) < 4.5:
            faint[text] = (round(ratio, 2), ink)
    assert faint == {}


def test_a_blind_preference_is_given_by_keyboard(lesson, look) -> None:
    notebook = lesson("06")
    cell = notebook.widget("fewer artifacts?", "button")
    asked = "return cell(arguments[0]).node.querySelector('[role=status]').textContent"
    count = int(notebook.js(asked, cell).partition(" of ")[2].partition(":")[0])
    with notebook.undisturbed():
        notebook.tab_to("button.jupyter-button")
        look("preference")
        for n in range(1, count + 1):
            assert notebook.js(asked, cell).startswith(f"{n} of {count}: ")
            notebook.browser.keys(ENTER)
            notebook.wait(f"return !(() => {{ {asked} }})().startsWith('{n} of')", cell)
    assert "p = " in notebook.js(asked, cell)
    look("preference answered")


# A new widget needs a line here, and so a test of its keys. An explorer's are those of its sliders.
MOVED_BY_KEYBOARD = {
    viz.BeforeAfter: test_the_boundary_between_before_and_after_is_moved_by_keyboard,
    viz.Explorer: test_a_slider_of_the_rain_explorer_is_moved_by_keyboard,
    viz.RainExplorer: test_a_slider_of_the_rain_explorer_is_moved_by_keyboard,
    viz.Quiz: test_the_quiz_is_answered_by_keyboard,
    viz.Scrubber: test_a_recorded_run_is_scrubbed_and_diagnosed_by_keyboard,
    viz.Preference: test_a_blind_preference_is_given_by_keyboard,
    viz.Outline: outlined.test_the_keyboard_alone_draws_takes_back_and_closes,
}


def test_every_widget_has_a_test_by_keyboard() -> None:
    widgets = {c for c in vars(viz).values() if isinstance(c, type) and hasattr(c, "still")}
    assert set(MOVED_BY_KEYBOARD) == widgets
