"""Every picture of a page has words of its own, or the page has a defect."""

from __future__ import annotations

import tempfile
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from course_lib import viz
from course_lib.authoring import page
from course_lib.authoring.accessibility import picture_defects
from course_lib.exercises import faulty_runs_of
from course_lib.results.recordings import Recording

AXES = faulty_runs_of("01").axes

SRC = 'src="data:image/png;base64,iVBORw0KGgo="'
WORDS = "Two curves rise until step 40"


@pytest.mark.parametrize(
    "html",
    [
        f'<img alt="{WORDS}" {SRC}>',
        f'<svg role="img" aria-label="{WORDS}"><path d="M0 0"/></svg>',
        f"<svg><title>{WORDS}</title><text>40</text></svg>",
        '<svg aria-hidden="true"><path d="M0 0"/></svg>',
        f'<canvas role="img" aria-label="{WORDS}"></canvas>',
        f"<canvas>{WORDS}</canvas>",
        f'<iframe title="{WORDS}" srcdoc="x"></iframe>',
        f'<div role="img" aria-label="{WORDS}" style="background: url(data:image/png;base64,i)">',
        '<p style="fill: url(#gradient)">x</p>',
        "<style>p { color: red }</style>",
        "<svg aria-hidden='true'></svg><p>a paragraph</p>",
    ],
)
def test_pictures_with_words_are_no_defects(html: str) -> None:
    assert picture_defects(html) == []


@pytest.mark.parametrize(
    "html",
    [
        f"<img {SRC}>",
        f"<img {SRC}><p>Words behind it</p>",
        f'<img aria-hidden="true" {SRC}>',
        f'<img alt="No description has been provided for this image" {SRC}>',
        '<svg><path d="M0 0"/></svg>',
        "<svg><text>40</text></svg>",
        "<canvas></canvas>",
        "<canvas></canvas><p>Words behind it</p>",
        '<input type="image">',
        "<object></object>",
        "<video></video>",
        "<embed>",
    ],
)
def test_a_picture_without_words_is_a_defect(html: str) -> None:
    (defect,) = picture_defects(html)
    assert defect.startswith("the page shows a figure without alternative text: ")


@pytest.mark.parametrize(
    "html",
    [
        '<div style="background-image: url(data:image/png;base64,i)"></div>',
        "<div style=\"background: url('rain.webp')\"></div>",
        '<div role="img" style="background: url(rain.png)"></div>',
        "<style>.rain { background: url(data:image/gif;base64,i) }</style>",
    ],
)
def test_a_picture_painted_as_a_background_is_a_defect(html: str) -> None:
    (defect,) = picture_defects(html)
    assert defect.startswith("the page paints a picture as a background")


@pytest.mark.parametrize(
    "words",
    ["rain.png", "A curve.JPEG", "figures/00_a-01", "output_12_0", r"C:\rain"],
)
def test_a_files_name_is_no_alternative_text(words: str) -> None:
    (defect,) = picture_defects(f'<img alt="{words}" {SRC}>')
    assert "is a file's name" in defect


@pytest.mark.parametrize("words", ["image", "Figure 3", "fig. 2", "a plot", "The picture:", "IMG"])
def test_a_word_for_the_kind_of_picture_is_no_alternative_text(words: str) -> None:
    (defect,) = picture_defects(f'<img alt="{words}" {SRC}>')
    assert "says only" in defect


def test_two_pictures_with_the_same_words_are_a_defect_of_the_second_ones_place() -> None:
    html = f'<i id="1"></i><img alt="{WORDS}"><i id="2"></i><img alt=" {WORDS}\n"><img alt="Else">'
    (defect,) = picture_defects(html, {"1": "cell 1", "2": "cell 2"})
    assert defect.startswith("cell 2 shows a figure with the alternative text of another one")
    assert WORDS in defect


def notebook(*shown: dict) -> nbformat.NotebookNode:
    """A notebook with a cell for each mimebundle."""
    cells = [
        new_code_cell(f"draw({n})", outputs=[new_output("display_data", data=data)])
        for n, data in enumerate(shown)
    ]
    return new_notebook(cells=cells)


def test_two_cells_of_a_lesson_with_the_same_words_are_a_defect_of_the_lesson() -> None:
    figure = {"text/html": f'<img alt="{WORDS}" {SRC}>'}
    _, defects = page.render(notebook(figure, figure), "Title")
    assert len(defects) == 1
    assert defects[0].startswith("the cell 'draw(1)' shows a figure with the alternative text")


def test_a_png_beside_the_html_of_a_figure_is_a_defect() -> None:
    figure = {"text/html": f'<img alt="{WORDS}" {SRC}>', "image/png": "iVBORw0KGgo="}
    _, defects = page.render(notebook(figure), "Title")
    assert len(defects) == 1
    assert "a bare image/png too" in defects[0]


PHOTO = np.random.default_rng(0).integers(0, 256, (48, 48, 3), np.uint8)
CROPS = PHOTO[None, :16, :16]
CURVE = ([0.0, 1.0], [2.0, 3.0])
RECORDING = Recording(
    name="a",
    about={},
    curves={key: CURVE for labels in AXES.curves.values() for key in labels},
    frames=((0, CROPS), (1, CROPS)),
    rainy=CROPS,
    clean=CROPS,
)
ASKED = {"text": "Wet?", "options": [{"text": "Yes", "right": True, "why": "It rains."}] * 2}
WIDGETS = {
    viz.BeforeAfter: lambda: viz.BeforeAfter(PHOTO, PHOTO, alts=(WORDS, WORDS)),
    viz.Explorer: lambda: viz.Explorer(lambda n: PHOTO, n=(0, 3, 1), alt=WORDS),
    viz.RainExplorer: lambda: viz.RainExplorer(PHOTO, alt=WORDS),
    viz.Scrubber: lambda: viz.Scrubber(RECORDING, curves=AXES.curves, alt=WORDS),
    viz.Quiz: lambda: viz.Quiz([ASKED], label="Quiz"),
    viz.Outline: lambda: viz.Outline(PHOTO, score=lambda mask: "", alt=WORDS),
    viz.Preference: lambda: viz.Preference(
        {"one": {"before": PHOTO, "after": PHOTO}},
        question="?",
        path=Path(tempfile.mkdtemp()) / "answers.csv",
        seed=0,
        alt=WORDS,
    ),
}


def test_every_widget_class_is_among_those_that_are_looked_at() -> None:
    shown = vars(viz).values()
    assert {c for c in shown if isinstance(c, type) and hasattr(c, "still")} == set(WIDGETS)


@pytest.mark.parametrize("widget", WIDGETS, ids=lambda widget: widget.__name__)
def test_the_pictures_of_every_widgets_still_have_words_of_their_own(widget: type) -> None:
    still = WIDGETS[widget]().still()
    assert ("<img" in still) == (widget is not viz.Quiz)
    assert picture_defects(still) == []
