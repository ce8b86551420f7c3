from __future__ import annotations

import re

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course_lib.authoring import page
from course_lib.results import MIMETYPE

PIXEL = "data:image/png;base64,iVBORw0KGgo="


def showing(**data: object) -> NotebookNode:
    """A notebook whose one cell shows this mimebundle; dashes for slashes' sake in the keys."""
    bundle = {key.replace("__", "/"): value for key, value in data.items()}
    cell = new_code_cell("draw()", outputs=[new_output("display_data", data=bundle)])
    return new_notebook(cells=[cell])


def text(markdown: str) -> tuple[str, list[str]]:
    return page.render(new_notebook(cells=[new_markdown_cell(markdown)]), "Title")


def test_page_loads_nothing_and_runs_no_script() -> None:
    html, defects = text("# Hello\n\n$x^2$ and a [link](https://example.org)")
    assert defects == []
    assert "<script" not in html
    assert "<link" not in html
    assert 'href="https://example.org"' in html


def test_formulas_become_mathml() -> None:
    html, defects = text("Inline $\\alpha_i \\cdot x*y*z$, and\n\n$$\\frac{a}{b}$$")
    assert defects == []
    assert html.count("<math") == 2
    assert '<math xmlns="http://www.w3.org/1998/Math/MathML" display="block">' in html
    assert "<mfrac>" in html
    assert "<em>" not in html  # the stars inside the formula are no emphasis
    assert "$" not in re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)


@pytest.mark.parametrize(
    "markdown",
    ["`a $x$ b`", "```python\nprint('$x$')\n```", "~~~\n$x$\n~~~", "it costs \\$5 and \\$6"],
)
def test_dollars_in_code_and_money_are_no_formulas(markdown: str) -> None:
    html, _ = text(markdown)
    assert "<math" not in html
    assert "$" in html


def test_formula_that_cannot_be_shown_is_a_defect() -> None:
    for formula, reason in (
        (r"\nosuchcommand{x}", r"uses \nosuchcommand"),
        (r"\left( x", "isn't LaTeX"),
        (r"\begin{aligned} a &= b \end{aligned}", "uses &"),
    ):
        html, defects = text(f"${formula}$")
        assert len(defects) == 1
        assert reason in defects[0]
        assert formula.replace("&", "&amp;") in html


def test_alternative_text_is_kept() -> None:
    shown = showing(text__html=f'<img alt="Two curves" src="{PIXEL}">', text__plain="Two curves")
    html, defects = page.render(shown, "Title")
    assert defects == []
    assert '<img alt="Two curves"' in html


@pytest.mark.parametrize(
    "bundle",
    [
        {"text__html": f'<img src="{PIXEL}">'},
        {"text__html": f'<img alt=" " src="{PIXEL}">'},
        {"image__png": "iVBORw0KGgo=", "text__plain": "<Figure>"},
        {"image__svg+xml": "<svg></svg>"},
    ],
)
def test_figure_without_alternative_text_is_a_defect(bundle: dict[str, str]) -> None:
    _, defects = page.render(showing(**bundle), "Title")
    assert defects == [
        "the cell 'draw()' shows a figure without alternative text: "
        "show it with viz.show(figure, alt=…)"
    ]


def test_picture_in_text_needs_alternative_text_too() -> None:
    assert "without alternative text" in text(f"![]({PIXEL})")[1][0]
    assert text(f"![A rainy street]({PIXEL})")[1] == []


@pytest.mark.parametrize(
    "html",
    [
        '<script src="https://cdn.example.org/x.js"></script>',
        '<img alt="a" src="//example.org/a.png">',
        '<link rel="stylesheet" href="http://example.org/a.css">',
        '<p style="cursor: url(https://example.org/a.cur)">x</p>',
        "<style>@import 'https://example.org/a.css';</style>",
    ],
)
def test_resource_from_the_network_is_a_defect(html: str) -> None:
    _, defects = page.render(showing(text__html=html), "Title")
    assert len(defects) == 1
    assert "from the network" in defects[0]


def test_widget_gives_way_to_its_still() -> None:
    still = f'<img alt="Before and after" src="{PIXEL}">'
    view = {"model_id": "1", "version_major": 2, "version_minor": 0}
    shown = showing(text__html=still)
    shown.cells[0].outputs[0].data[page.WIDGET_VIEW] = view
    html, defects = page.render(shown, "Title")
    assert defects == []
    assert "Before and after" in html
    assert page.WIDGET_VIEW not in html
    assert page.WIDGET_VIEW in shown.cells[0].outputs[0].data  # the notebook keeps it


def test_state_of_widgets_is_not_in_the_page() -> None:
    shown = showing(text__plain="Box()")
    state = {"version_major": 2, "version_minor": 0, "state": {"1": {"model_name": "BoxModel"}}}
    shown.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": state}
    html, _ = page.render(shown, "Title")
    assert "<script" not in html
    assert "BoxModel" not in html
    assert "widgets" in shown.metadata  # the notebook keeps it


def test_widget_without_a_still_is_a_defect() -> None:
    view = {"model_id": "1", "version_major": 2, "version_minor": 0}
    _, defects = page.render(showing(**{page.WIDGET_VIEW: view, "text__plain": "Box()"}), "Title")
    assert defects == ["the cell 'draw()' shows a widget without a still: give it a text/html"]


def test_records_and_the_runners_own_cells_are_not_shown() -> None:
    shown = showing(**{MIMETYPE: {"measured": []}})
    footer = new_code_cell("results.finish()", metadata={"tags": ["footer"]})
    shown.cells.append(footer)
    html, _ = page.render(shown, "Title")
    assert "results.finish" not in html
    assert "measured" not in html


def test_link_to_another_lessons_notebook_leads_to_its_page() -> None:
    assert 'href="01_baseline_gan.html"' in text("[next](01_baseline_gan.ipynb)")[0]


def test_error_and_its_reason_are_shown() -> None:
    error = new_output(
        "error", ename="ValueError", evalue="no", traceback=["\x1b[31mValueError\x1b[0m: no"]
    )
    failed = new_notebook(cells=[new_code_cell("f()", outputs=[error])])
    html, _ = page.render(failed, "Title", ["code cell 1 stopped with ValueError: a < b"])
    assert "This run failed" in html
    assert "a &lt; b" in html
    assert '<span class="ansi-red-fg">ValueError</span>' in html


def test_title_is_escaped_and_the_notebook_left_alone() -> None:
    notebook = new_notebook(cells=[new_markdown_cell("$x$")])
    before = nbformat.writes(notebook)
    html, _ = page.render(notebook, "Rain < snow")
    assert "<title>Rain &lt; snow</title>" in html
    assert nbformat.writes(notebook) == before
