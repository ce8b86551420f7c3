"""The picture to draw outlines on, in a real browser: mouse and keyboard."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from skimage.data import chelsea

from course_lib.viz import Outline

PICTURE = chelsea()[60:160, 100:260]
ENTER, BACKSPACE, RIGHT, DOWN = "\ue007", "\ue003", "\ue014", "\ue015"
PAGE = """<!doctype html><meta charset="utf-8"><title>outline</title>
<style>body {{ margin: 20px }} {css}</style><div id="widget"></div>
<script>window.failed = []; addEventListener("error", e => failed.push(e.message));
addEventListener("unhandledrejection", e => failed.push(String(e.reason)));</script>
<script type="module">
window.state = {state};
const {{ default: widget }} = await import("data:text/javascript;base64,{esm}");
window.listeners = [];
const model = {{
  get: key => state[key],
  set: (key, value) => {{ state[key] = value; }},
  save_changes: () => {{
    state.verdict = state.outlines.length + " outlines";
    listeners.forEach(one => one());
  }},
  on: (_, listener) => listeners.push(listener),
  off: () => {{}},
}};
widget.render({{ model, el: document.getElementById("widget") }});
window.ready = true;
</script>"""


@pytest.fixture
def page(browser, tmp_path: Path):
    """A page with the picture and without a kernel; gives the browser."""
    widget = Outline(PICTURE, score=lambda mask: "", alt="A cat looks at the camera, close up.")
    state = widget.get_state()
    sent = {key: state[key] for key in ("picture", "alt", "size", "width", "outlines", "verdict")}
    esm = base64.b64encode(state["_esm"].encode()).decode()
    html = PAGE.format(css=state["_css"], esm=esm, state=json.dumps(sent))
    (tmp_path / "page.html").write_text(html, encoding="utf-8")
    browser.open(f"file://{tmp_path}/page.html")
    browser.wait("return window.ready && document.images[0].complete")
    return browser


def box(page) -> tuple[float, float, float, float]:
    stage = "document.querySelector('.outline-stage').getBoundingClientRect()"
    found = page.js(f"const b = {stage}; return [b.left, b.top, b.width, b.height]")
    return found[0], found[1], found[2], found[3]


def status(page) -> str:
    return str(page.js("return document.querySelector('[role=status]').textContent"))


def test_clicks_set_corners_and_a_click_on_the_first_closes_the_outline(page) -> None:
    left, top, width, height = box(page)
    assert width == pytest.approx(640)
    assert width / height == pytest.approx(1.6, abs=0.01)
    shares = ((0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75))
    for n, (x, y) in enumerate(shares):
        page.drag([(left + x * width, top + y * height)])
        assert status(page).startswith(f"{n + 1} corner")
    page.drag([(left + 0.25 * width, top + 0.25 * height)])
    [outline] = page.js("return state.outlines")
    for corner, (x, y) in zip(outline, shares, strict=True):
        assert corner == pytest.approx([160 * x, 100 * y], abs=0.5)
    assert status(page) == "1 outlines"
    assert page.js("return document.querySelectorAll('.outline-done').length") == 1
    assert page.js("return failed") == []


def test_the_keyboard_alone_draws_takes_back_and_closes(page) -> None:
    page.js("document.querySelector('.outline-stage').focus()")
    page.keys(" ")
    page.keys(RIGHT * 5 + " ")
    page.keys(DOWN * 5 + " ")
    assert status(page).startswith("3 corners")
    page.keys(" " + BACKSPACE)
    page.keys(ENTER)
    assert page.js("return state.outlines") == [[[80, 50], [90, 50], [90, 60]]]
    page.keys(BACKSPACE)
    assert page.js("return state.outlines") == []
    assert page.js("return failed") == []


def test_two_corners_make_no_outline_and_clear_removes_all(page) -> None:
    page.js("document.querySelector('.outline-stage').focus()")
    page.keys(" " + RIGHT + " " + ENTER)
    assert page.js("return state.outlines") == []
    page.keys(DOWN * 4 + " " + ENTER)
    assert len(page.js("return state.outlines")) == 1
    page.js("[...document.querySelectorAll('button')].at(-1).click()")
    assert page.js("return state.outlines") == []
