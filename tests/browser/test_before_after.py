"""The before/after slider in a real browser: mouse, touch, keyboard, no network."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage.data import chelsea

from course_lib.viz import BeforeAfter

ALTS = "A cat looks at the camera, in false colours.", "The same cat looks at the camera."
CLEAN = chelsea()[60:260, 100:400]
RAINY = 255 - CLEAN
RIGHT, LEFT, HOME, END, PAGE_UP, TAB, ENTER = (
    *("\ue014", "\ue012", "\ue011"),
    *("\ue010", "\ue00e", "\ue004", "\ue007"),
)

PAGE = """<!doctype html><meta charset="utf-8"><title>slider</title>
<style>body {{ margin: 20px }} {css}</style>
<button id="first">first</button><div id="widget" style="width:{width}"></div>
<script>window.failed = []; addEventListener("error", e => failed.push(e.message));
addEventListener("unhandledrejection", e => failed.push(String(e.reason)));</script>
<script type="module">
const state = {state};
const {{ default: widget }} = await import("data:text/javascript;base64,{esm}");
widget.render({{ model: {{ get: key => state[key] }}, el: document.getElementById("widget") }});
window.ready = true;
</script>"""


@pytest.fixture
def page(browser, tmp_path: Path):
    """A page without a kernel that shows the slider; gives the browser."""

    def show(width: str = "auto"):
        state = BeforeAfter(RAINY, CLEAN, alts=ALTS).get_state()
        sent = {key: state[key] for key in ("before", "after", "labels", "alts", "size", "width")}
        esm = base64.b64encode(state["_esm"].encode()).decode()
        html = PAGE.format(css=state["_css"], esm=esm, state=json.dumps(sent), width=width)
        (tmp_path / "page.html").write_text(html, encoding="utf-8")
        browser.open(f"file://{tmp_path}/page.html")
        browser.wait("return window.ready")
        images = "[...document.images]"
        browser.wait(f"return {images}.length == 2 && {images}.every(i => i.complete)")
        return browser

    return show


def position(browser) -> int:
    slider = "document.querySelector('[role=slider]')"
    return int(browser.js(f"return {slider}.getAttribute('aria-valuenow')"))


def box(browser) -> dict[str, float]:
    return browser.js(
        "const b = document.querySelector('.before-after-stage').getBoundingClientRect();"
        "return {left: b.left, top: b.top, width: b.width, height: b.height}"
    )


def point(browser, share: float) -> tuple[float, float]:
    b = box(browser)
    return b["left"] + share * b["width"], b["top"] + 0.9 * b["height"]


def pixel(browser, share: float) -> np.ndarray:
    """The colour on the screen at this share of the slider's width, away from the handle."""
    picture = Image.open(io.BytesIO(base64.b64decode(browser.screenshot()))).convert("RGB")
    x, y = point(browser, share)
    return np.asarray(picture)[round(y), round(x)].astype(int)


def colours(share: float) -> tuple[np.ndarray, np.ndarray]:
    y, x = round(0.9 * 200), round(share * 300)
    return RAINY[y - 2 : y + 3, x - 2 : x + 3], CLEAN[y - 2 : y + 3, x - 2 : x + 3]


def shows_rainy(browser, share: float) -> bool:
    rainy, clean = (np.abs(c - pixel(browser, share)).sum(axis=2).min() for c in colours(share))
    assert min(rainy, clean) < 30
    return bool(rainy < clean)


def test_left_of_the_boundary_is_rainy_and_right_of_it_clean(page) -> None:
    browser = page()
    assert position(browser) == 50
    assert shows_rainy(browser, 0.3)
    assert not shows_rainy(browser, 0.7)


@pytest.mark.parametrize("pointer", ["mouse", "touch"])
def test_dragging_moves_the_boundary(page, pointer: str) -> None:
    browser = page()
    browser.drag([point(browser, share) for share in (0.5, 0.6, 0.8)], pointer=pointer)
    assert position(browser) == pytest.approx(80, abs=1)
    assert shows_rainy(browser, 0.7)


@pytest.mark.parametrize("pointer", ["mouse", "touch"])
def test_dragging_beyond_the_edge_stops_there(page, pointer: str) -> None:
    browser = page()
    b = box(browser)
    outside = b["left"] + b["width"] + 30, b["top"] + b["height"] + 40
    browser.drag([point(browser, 0.5), point(browser, 0.9), outside], pointer=pointer)
    assert position(browser) == 100


def test_moving_the_mouse_without_pressing_changes_nothing(page) -> None:
    browser = page()
    browser.drag([point(browser, 0.2), point(browser, 0.2)])
    x, y = point(browser, 0.9)
    browser.js(
        "document.querySelector('.before-after-stage').dispatchEvent(new PointerEvent("
        "'pointermove', {clientX: arguments[0], clientY: arguments[1], bubbles: true}))",
        x,
        y,
    )
    assert position(browser) == pytest.approx(20, abs=1)


def test_the_keyboard_reaches_the_slider_and_moves_it(page) -> None:
    browser = page()
    browser.js("document.getElementById('first').focus()")
    browser.keys(TAB)
    assert browser.js("return document.activeElement.getAttribute('role')") == "slider"
    seen = []
    for key in (RIGHT, LEFT, LEFT, PAGE_UP, END, RIGHT, HOME, LEFT):
        browser.keys(key)
        seen.append(position(browser))
    assert seen == [52, 50, 48, 58, 100, 100, 0, 0]


def test_the_focus_is_seen(page) -> None:
    browser = page()
    look = "return getComputedStyle(document.querySelector('[role=slider]')).boxShadow"
    before = browser.js(look)
    browser.js("document.getElementById('first').focus()")
    browser.keys(TAB)
    assert browser.js(look) != before


def test_a_screen_reader_is_told_what_is_shown(page) -> None:
    browser = page()
    browser.drag([point(browser, 0.3), point(browser, 0.3)])
    slider = browser.js(
        "const s = document.querySelector('[role=slider]');"
        "return Object.fromEntries([...s.attributes].map(a => [a.name, a.value]))"
    )
    assert slider["aria-label"] == "Boundary between rainy (left) and clean (right)"
    assert (slider["aria-valuemin"], slider["aria-valuemax"]) == ("0", "100")
    assert slider["aria-valuetext"] == "30 % rainy, 70 % clean"
    alts = browser.js("return [...document.images].map(i => i.alt)")
    assert alts == [f"rainy: {ALTS[0]}", f"clean: {ALTS[1]}"]
    group = "return document.querySelector('[role=group]').getAttribute('aria-label')"
    assert browser.js(group) == "Two pictures under a slider: rainy and clean"


def test_pictures_keep_their_shape_and_fit_a_narrow_page(page) -> None:
    wide = box(page())
    assert (wide["width"], wide["height"]) == (300, 200)
    narrow = box(page(width="150px"))
    assert (narrow["width"], narrow["height"]) == (150, 100)


def test_the_slider_needs_no_network_and_raises_no_error(page) -> None:
    browser = page()
    browser.drag([point(browser, 0.5), point(browser, 0.1)])
    fetched = browser.js("return performance.getEntriesByType('resource').map(e => e.name)")
    assert all(name.startswith("data:") for name in fetched)
    assert browser.js("return window.failed") == []
