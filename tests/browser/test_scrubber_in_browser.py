"""The scrubber in a real browser: keyboard, mouse, playing, no network; and its still."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path

import numpy as np
import pytest
from skimage.data import chelsea

from course_lib.results.recordings import Recording
from course_lib.viz import Scrubber

ALT = "Two crops of a cat change from one even colour to the next, while the loss falls."
CLEAN = np.stack([chelsea()[60:124, x : x + 64] for x in (100, 260)])  # 2×64×64×3
FRAMES = [1, *range(10, 401, 10)]  # 41
RIGHT, LEFT, UP, HOME, END, PAGE_UP, PAGE_DOWN, TAB, SPACE = (
    *("\ue014", "\ue012", "\ue013", "\ue011", "\ue010", "\ue00e", "\ue00f", "\ue004", " "),
)


def colour(frame: int) -> np.ndarray:
    """What the crops of a frame look like: one colour a crop, different in every frame."""
    return np.array([[6 * frame, 120, 40], [6 * frame, 40, 120]], np.uint8)


def recording() -> Recording:
    steps = list(range(1, 401))
    return Recording(
        name="drawn",
        about={},
        curves={
            "loss_d": (steps, [1.0 - step / 800 for step in steps]),
            "loss_g": (steps, [float(step) for step in steps]),
            "psnr": ([1, 100, 400], [10.0, 12.0, 15.0]),
        },
        frames=tuple(
            (step, np.broadcast_to(colour(n)[:, None, None], CLEAN.shape).copy())
            for n, step in enumerate(FRAMES)
        ),
        rainy=255 - CLEAN,
        clean=CLEAN,
    )


CURVES = {
    "loss": {"loss_d": "discriminator", "loss_g": "generator"},
    "PSNR (dB)": {"psnr": "restored"},
}

PAGE = """<!doctype html><meta charset="utf-8"><title>scrubber</title>
<style>body {{ margin: 20px }} {css} {extra}</style>
<button id="first">first</button>
<div id="one" style="width:{width}"></div><div id="two" style="width:{width}"></div>
<script>window.failed = []; addEventListener("error", e => failed.push(e.message));
addEventListener("unhandledrejection", e => failed.push(String(e.reason)));</script>
<script type="module">
const state = {state};
const bytes = Uint8Array.from(atob("{sprite}"), c => c.charCodeAt(0));
state.sprite = new DataView(bytes.buffer);
const {{ default: widget }} = await import("data:text/javascript;base64,{esm}");
const model = {{ get: key => state[key] }};
window.stop = widget.render({{ model, el: document.getElementById("one") }});
if ({both}) widget.render({{ model, el: document.getElementById("two") }});
window.ready = true;
</script>"""


@pytest.fixture(scope="module")
def widget() -> Scrubber:
    return Scrubber(recording(), curves=CURVES, alt=ALT)


@pytest.fixture
def page(browser, widget: Scrubber, tmp_path: Path):
    """A page without a kernel that shows one scrubber, or two; gives the browser."""

    def show(width: str = "auto", *, both: bool = False, extra: str = ""):
        state = widget.get_state()
        sent = {key: state[key] for key in ("alt", "crops", "figure", "plots", "steps")}
        html = PAGE.format(
            css=state["_css"],
            extra=extra,
            width=width,
            state=json.dumps(sent),
            sprite=base64.b64encode(state["sprite"]).decode(),
            esm=base64.b64encode(state["_esm"].encode()).decode(),
            both=json.dumps(both),
        )
        (tmp_path / "page.html").write_text(html, encoding="utf-8")
        browser.open(f"file://{tmp_path}/page.html")
        browser.wait("return window.ready")
        browser.wait(
            "return [...document.querySelectorAll('canvas')].every("
            "c => c.style.width && c.getContext('2d').getImageData(1, 1, 1, 1).data[3] == 255)"
        )
        return browser

    return show


def reading(browser, where: str = "#one") -> dict:
    """What one scrubber shows: step, spoken text, values, lines, and the frame's colours."""
    return browser.js(
        """
        const root = document.querySelector(arguments[0]);
        const stage = root.querySelector(".scrubber-stage").getBoundingClientRect();
        const canvas = root.querySelectorAll("canvas")[1];
        const pixel = x => [...canvas.getContext("2d").getImageData(x, 32, 1, 1).data];
        const slider = root.querySelector("input");
        return {
          step: root.querySelector(".scrubber-step").textContent,
          spoken: slider.getAttribute("aria-valuetext"),
          position: Number(slider.value),
          values: [...root.querySelectorAll(".scrubber-group")].map(g => g.textContent),
          lines: [...root.querySelectorAll(".scrubber-line")].map(
            l => (l.getBoundingClientRect().left + 1 - stage.left) / stage.width),
          label: canvas.getAttribute("aria-label"),
          pixels: [pixel(32), pixel(64 + 2 + 32)],
          word: root.querySelector("button").textContent,
        }""",
        where,
    )


def assert_shows(seen: dict, frame: int, widget: Scrubber) -> None:
    """Slider, words, values, lines and pictures all are at one frame."""
    step = FRAMES[frame]
    assert seen["position"] == frame
    assert seen["step"] == f"step {step} of 400"
    assert seen["label"] == f"what G makes at step {step}"
    loss_d, psnr = f"{1 - step / 800:.3g}", 15 if step == 400 else 12 if step >= 100 else 10
    assert seen["values"] == [
        f"loss: discriminator {loss_d}generator {step}",
        f"PSNR (dB): restored {psnr}",
    ]
    assert seen["spoken"] == (
        f"step {step}: loss: discriminator {loss_d}, generator {step}; PSNR (dB): restored {psnr}"
    )
    areas = [plot["area"] for plot in widget.plots]
    expected = [left + width * step / 400 for left, _, width, _ in areas]
    assert seen["lines"] == pytest.approx(expected, abs=0.002)
    for pixel, painted in zip(seen["pixels"], colour(frame), strict=True):
        assert np.abs(np.array(pixel[:3]) - painted).max() <= 5


def test_it_starts_at_the_first_frame_and_stands_still(page, widget: Scrubber) -> None:
    browser = page()
    time.sleep(0.6)  # longer than a frame is shown when playing
    assert_shows(reading(browser), 0, widget)
    assert reading(browser)["word"] == "▶Play"


def test_the_keyboard_alone_reaches_every_frame_and_everything_moves(page, widget) -> None:
    browser = page()
    browser.js("document.getElementById('first').focus()")
    browser.keys(TAB + TAB)
    assert browser.js("return document.activeElement.type") == "range"
    for key, frame in (
        *((RIGHT, 1), (RIGHT, 2), (UP, 3), (LEFT, 2), (PAGE_UP, 6), (PAGE_UP, 10)),
        *((PAGE_DOWN, 6), (END, 40), (RIGHT, 40), (LEFT, 39), (HOME, 0), (LEFT, 0)),
    ):
        browser.keys(key)
        assert_shows(reading(browser), frame, widget)


def test_space_on_the_button_plays_and_pauses(page, widget: Scrubber) -> None:
    browser = page()
    browser.js("document.getElementById('first').focus()")
    browser.keys(TAB + SPACE)
    assert reading(browser)["word"] == "❚❚Pause"
    browser.wait("return document.querySelector('#one input').value >= 2")
    browser.keys(SPACE)
    seen = reading(browser)
    assert seen["word"] == "▶Play"
    assert_shows(seen, seen["position"], widget)
    time.sleep(0.6)
    assert reading(browser)["position"] == seen["position"]


def test_playing_ends_at_the_last_frame_and_begins_anew_from_there(page) -> None:
    browser = page()
    browser.js("document.getElementById('first').focus()")
    browser.keys(TAB + TAB + END + LEFT)
    browser.js("document.querySelector('#one button').click()")
    browser.wait("return document.querySelector('#one input').value == 40")
    assert reading(browser)["word"] == "▶Play"
    browser.js("document.querySelector('#one button').click()")
    seen = reading(browser)
    assert (seen["word"], seen["position"] < 5) == ("❚❚Pause", True)


@pytest.mark.parametrize(("reduced", "pause"), [("false", 250), ("true", 1000)])
def test_frames_change_at_most_four_times_a_second_or_once_for_who_asks_for_calm(
    page, reduced: str, pause: int
) -> None:
    browser = page()
    browser.js(
        f"window.matchMedia = query => ({{ matches: {reduced} && /reduced-motion/.test(query) }})"
    )
    browser.js("window.setInterval = (step, pause) => { window.pause = pause; return 1 }")
    browser.js("document.querySelector('#one button').click()")
    assert browser.js("return window.pause") == pause


def test_taking_the_slider_stops_the_playing(page) -> None:
    browser = page()
    browser.js("document.getElementById('first').focus()")
    browser.keys(TAB + SPACE + TAB + END)
    seen = reading(browser)
    assert (seen["word"], seen["position"]) == ("▶Play", 40)


def test_dragging_the_slider_moves_everything(page, widget: Scrubber) -> None:
    browser = page()
    box = browser.js(
        "const b = document.querySelector('#one input').getBoundingClientRect();"
        "return [b.left, b.top, b.width, b.height]"
    )
    y = box[1] + box[3] / 2
    browser.drag([(box[0] + 8, y), (box[0] + box[2] / 2, y)])
    assert_shows(reading(browser), 20, widget)


def test_two_scrubbers_on_a_page_keep_out_of_each_others_way(page, widget: Scrubber) -> None:
    browser = page(both=True)
    browser.js("document.getElementById('first').focus()")
    browser.keys(TAB + TAB + RIGHT)
    browser.keys(TAB + TAB + END)
    assert_shows(reading(browser, "#one"), 1, widget)
    assert_shows(reading(browser, "#two"), 40, widget)
    browser.js("document.querySelector('#two button').click()")
    browser.wait("return document.querySelector('#two input').value >= 1")
    assert_shows(reading(browser, "#one"), 1, widget)


def test_a_removed_scrubber_stops_playing(page) -> None:
    browser = page()
    browser.js("document.querySelector('#one button').click(); window.stop()")
    seen = reading(browser)
    time.sleep(0.6)
    assert reading(browser)["position"] == seen["position"]
    assert browser.js("return window.failed") == []


def test_rainy_and_clean_crops_stand_around_the_frame(page) -> None:
    browser = page()
    script = (
        "return [...document.querySelectorAll('canvas')].map("
        "c => [c.getAttribute('aria-label'), [...c.getContext('2d').getImageData(0, 0, c.width,"
        " c.height).data]])"
    )
    rows = dict(browser.js(script))
    assert list(rows) == ["rainy", "what G makes at step 1", "clean"]
    for label, crops in (("rainy", 255 - CLEAN), ("clean", CLEAN)):
        seen = np.reshape(rows[label], (64, 64 + 2 + 64, 4))
        for n, crop in enumerate(crops):
            shown = seen[:, 66 * n : 66 * n + 64, :3].astype(float)
            assert np.abs(shown - crop).mean() < 6
        assert (seen[:, 64:66, 3] == 0).all()  # between two crops the page is seen


def crop_rows(browser) -> list[float]:
    """How wide the rows of crops are shown."""
    return browser.js(
        "return [...document.querySelectorAll('canvas')].map(c => c.getBoundingClientRect().width)"
    )


@pytest.mark.parametrize(
    ("width", "expected"),
    [("1000px", 260), ("700px", 260), ("350px", 260), ("340px", 130), ("230px", 130)],
)
def test_crops_are_enlarged_by_a_whole_number(page, width: str, expected: int) -> None:
    browser = page(width=width)
    assert crop_rows(browser) == [expected] * 3


@pytest.mark.parametrize("width", ["1000px", "320px", "200px"])
def test_nothing_sticks_out_of_a_narrow_page(page, width: str) -> None:
    browser = page(width=width)
    assert browser.js(
        "const root = document.querySelector('#one').getBoundingClientRect();"
        "return [...document.querySelectorAll('#one *')].every("
        "e => e.getBoundingClientRect().right <= root.right + 0.5)"
    )


def test_a_screen_reader_is_told_what_is_there(page, widget: Scrubber) -> None:
    browser = page()
    assert browser.js("return document.querySelector('[role=group]').ariaLabel") == ALT
    assert browser.js("return document.querySelector('input').ariaLabel") == "Step of the run"
    (alt,) = browser.js("return [...document.images].map(i => i.alt)")
    assert alt == widget.figure["alt"]


def test_jupyterlab_leaves_the_keys_to_the_controls(page) -> None:
    browser = page()
    quiet = "return [...document.querySelectorAll('#one button, #one input')].map("
    assert browser.js(quiet + "e => e.dataset.lmSuppressShortcuts)") == ["true", "true"]
    browser.js("window.heard = []; addEventListener('keydown', e => heard.push(e.key))")
    browser.js("document.querySelector('#one input').focus()")
    browser.keys(RIGHT + "b")
    assert browser.js("return window.heard") == ["b"]


def test_the_focus_is_seen(page) -> None:
    browser = page()
    browser.js("document.getElementById('first').focus()")
    for _ in range(2):
        browser.keys(TAB)
        look = "const s = getComputedStyle(document.activeElement);"
        assert browser.js(look + "return [s.outlineStyle, s.outlineWidth]") == ["solid", "3px"]


def test_words_are_read_on_dark_pages(page) -> None:
    browser = page(extra="body { background: #111; --jp-ui-font-color1: #eee }")
    colours = browser.js(
        "return ['.scrubber-label', '.scrubber-step', 'button', '.scrubber-pair'].map("
        "s => getComputedStyle(document.querySelector('#one ' + s)).color)"
    )
    assert colours == [*["rgb(238, 238, 238)"] * 3, "rgb(17, 17, 17)"]
    paper = "return getComputedStyle(document.querySelector('.scrubber-paper')).backgroundColor"
    assert browser.js(paper) == "rgb(255, 255, 255)"


def test_the_scrubber_needs_no_network_and_raises_no_error(page) -> None:
    browser = page()
    browser.js("document.querySelector('#one input').focus()")
    browser.keys(END)
    fetched = browser.js("return performance.getEntriesByType('resource').map(e => e.name)")
    assert all(name.startswith("data:") for name in fetched)
    assert browser.js("return window.failed") == []


def test_pictures_that_cannot_be_read_are_said_so(page, widget: Scrubber) -> None:
    browser = page()
    browser.js(
        "const get = key => ({alt: 'a', sprite: new DataView(new ArrayBuffer(9)),"
        " crops: {count: 1, height: 8, width: 8, enlarged: 2}, plots: [], steps: [1],"
        " figure: {src: '', width: 100, alt: ''}})[key];"
        "const esm = arguments[0];"
        "import('data:text/javascript;base64,' + esm).then(m => m.default.render("
        "{model: {get}, el: document.getElementById('two')}))",
        base64.b64encode(widget.get_state()["_esm"].encode()).decode(),
    )
    alert = browser.wait("return document.querySelector('#two [role=alert]')?.textContent")
    assert alert.startswith("The pictures can't be shown: ")


def test_without_scripts_the_still_is_read(browser, widget: Scrubber, tmp_path: Path) -> None:
    still = widget._repr_mimebundle_()[0]["text/html"]
    assert "<script" not in still
    (tmp_path / "still.html").write_text(
        f'<!doctype html><meta charset="utf-8"><div style="width:600px">{still}</div>'
    )
    browser.open(f"file://{tmp_path}/still.html")
    browser.wait("return [...document.images].every(i => i.complete)")
    images = browser.js("return [...document.images].map(i => [i.naturalWidth, i.width, i.alt])")
    assert len(images) == 2
    for natural, shown, alt in images:
        assert natural > 1000
        assert 300 < shown <= 600
        assert len(alt) > 50
