"""Render an executed notebook as one HTML page that needs no network and no scripts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape, unescape
from html.parser import HTMLParser
from typing import Any

import nbformat
from jinja2 import Environment, PackageLoader, select_autoescape
from nbformat import NotebookNode

from course_lib.authoring.accessibility import picture_defects
from course_lib.data.photos import PHOTOS
from course_lib.results import MIMETYPE

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
# Cells about the run rather than the lesson: the runner's own, and papermill's marks.
_HIDDEN = {"footer", "colab", "papermill-error-cell-tag"}
_EXTERNAL = re.compile(r"\s*(https?:)?//", re.IGNORECASE)
_EXTERNAL_CSS = re.compile(r"(url\(|@import)\s*['\"]?\s*(https?:)?//", re.IGNORECASE)
# Lessons link to each other's notebooks; beside a page lies the other lesson's page.
_NOTEBOOK_LINK = re.compile(r'href="(\d\d_\w+)\.ipynb"')
# Code comes first: a dollar in it is no formula.
_MATH = re.compile(
    r"(?P<code>^(?P<fence>```+|~~~+).*?^(?P=fence)|(?P<ticks>`+).+?(?P=ticks)|\\\$)"
    r"|\$\$(?P<block>.+?)\$\$"
    r"|\$(?P<inline>[^\s$](?:[^$]*[^\s$])?)\$",
    re.DOTALL | re.MULTILINE,
)


def templates() -> Environment:
    """Return the page templates in this folder; each page credits the photographs."""
    environment = Environment(
        loader=PackageLoader("course_lib.authoring", "."),
        autoescape=select_autoescape(["html"]),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["photos"] = PHOTOS
    return environment


def render(
    notebook: NotebookNode, title: str, problems: Sequence[str] = ()
) -> tuple[str, list[str]]:
    """Render an executed notebook as a page, and list its defects.

    Formulas become MathML. Widgets are replaced by their stills.

    Args:
        notebook: the notebook with its outputs; it isn't changed.
        title: title of the page.
        problems: why the run failed; shown at the top.

    Returns:
        The HTML, and a line for each figure without a text of its own, each widget without a
        still, each formula that can't be shown and each resource from the network.
    """
    shown = nbformat.from_dict(notebook)
    shown.cells = [c for c in shown.cells if not _HIDDEN & set(c.metadata.get("tags", ()))]
    shown.metadata.pop("widgets", None)  # nbconvert would write their state as a script
    defects: list[str] = []
    formulas: list[str] = []
    for cell in shown.cells:
        if cell.cell_type == "markdown":
            cell.source = _take_formulas(cell.source, formulas, defects)
        else:
            cell.outputs = [kept for o in cell.outputs if (kept := _still(o, cell, defects))]
    body = _convert(shown)
    body = _NOTEBOOK_LINK.sub(r'href="\1.html"', body)
    for number, formula in enumerate(formulas):
        body = body.replace(_token(number), formula)
    html = (
        templates()
        .get_template("notebook.html")
        .render(title=title, body=body, problems=problems, highlight=_highlight_css())
    )
    return html, defects + _defects(html, shown)


def to_mathml(latex: str, display: str = "inline") -> str:
    r"""Convert a formula to MathML, which browsers can show.

    Args:
        latex: without its dollars.
        display: ``"inline"`` or ``"block"``.

    Raises:
        ValueError: it isn't LaTeX, or uses a command that can't be shown, such as ``\foo``.
    """
    from latex2mathml.converter import convert

    try:
        mathml = convert(latex.strip(), display=display)
    except Exception as error:  # latex2mathml raises a type of its own for each mistake
        raise ValueError(f"{latex!r} isn't LaTeX ({type(error).__name__})") from None
    # It leaves unknown commands in the output, and the columns of aligned.
    if unknown := re.search(r"\\[A-Za-z]+|&", unescape(re.sub(r"<[^>]*>", " ", mathml))):
        raise ValueError(f"{latex!r} uses {unknown[0]}, which latex2mathml can't turn into MathML")
    return mathml


def _take_formulas(markdown: str, formulas: list[str], defects: list[str]) -> str:
    """Replace each formula in a text by a token, and append its MathML to ``formulas``.

    Tokens, because markdown would read the stars and underscores inside MathML as emphasis.
    """

    def take(match: re.Match[str]) -> str:
        if match["code"]:
            return match[0]
        latex, display = match["block"] or match["inline"], "block" if match["block"] else "inline"
        try:
            mathml = to_mathml(latex, display)
        except ValueError as error:
            defects.append(f"a formula can't be shown: {error}")
            mathml = f"<code>{escape(match[0])}</code>"
        formulas.append(f'<span class="{display}-formula">{mathml}</span>')
        return _token(len(formulas) - 1)

    return _MATH.sub(take, markdown)


def _token(number: int) -> str:
    return f"xformulax{number}x"


def _still(output: NotebookNode, cell: NotebookNode, defects: list[str]) -> NotebookNode | None:
    """Return an output as a page shows it; None if only programs read it.

    The widget is removed, because it would need a kernel and a network.
    """
    data = output.get("data")
    if data is None:
        return output
    data.pop(MIMETYPE, None)
    # Beside HTML a page leaves it out; another viewer may take it, and has no words for it.
    if "text/html" in data and (bare := [kind for kind in data if kind.startswith("image/")]):
        defects.append(
            f"{_where(cell)} shows its HTML as a bare {bare[0]} too, without alternative text: "
            "show it with viz.show(figure, alt=…)"
        )
    if data.pop(WIDGET_VIEW, None) and "text/html" not in data:
        defects.append(f"{_where(cell)} shows a widget without a still: give it a text/html")
    return output if data else None


def _convert(notebook: NotebookNode) -> str:
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(
        template_name="basic", exclude_input_prompt=True, exclude_output_prompt=True
    )
    body, _ = exporter.from_notebook_node(notebook)
    return str(body)


def _highlight_css() -> str:
    from pygments.formatters import HtmlFormatter

    light = HtmlFormatter(style="friendly").get_style_defs(".highlight")
    dark = HtmlFormatter(style="github-dark").get_style_defs(".highlight")
    return f"{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}"


def _where(cell: NotebookNode) -> str:
    return f"the cell {cell.source.strip().partition(chr(10))[0][:60]!r}"


def _defects(html: str, notebook: NotebookNode) -> list[str]:
    places = {f"cell-id={cell.id}": _where(cell) for cell in notebook.cells}
    finder = _NetworkFinder(places)
    finder.feed(html)
    return picture_defects(html, places) + finder.defects


class _NetworkFinder(HTMLParser):
    """Finds resources that would be loaded from the network."""

    def __init__(self, cells: dict[str, str]) -> None:
        super().__init__()
        self.cells, self.cell = cells, "the page"
        self.defects: list[str] = []
        self.in_style = False

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        given = {key: value or "" for key, value in attributes}
        self.cell = self.cells.get(given.get("id", ""), self.cell)
        self.in_style = tag == "style"
        links = {"src", "data", "srcset", "poster"} | ({"href"} if tag == "link" else set())
        if any(_EXTERNAL.match(given.get(link, "")) for link in links):
            self.defects.append(f"{self.cell} loads a {tag} from the network: embed it")
        self._css(given.get("style", ""))

    def handle_data(self, data: str) -> None:
        if self.in_style:
            self._css(data)

    def handle_endtag(self, tag: str) -> None:
        self.in_style = False

    def _css(self, css: str) -> None:
        if _EXTERNAL_CSS.search(css):
            self.defects.append(f"{self.cell} loads a style's resource from the network: embed it")
