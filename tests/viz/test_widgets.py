"""Widgets: what they send to the page, and the still that stands in for them."""

from __future__ import annotations

import re

import ipywidgets
import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter
from skimage.data import chelsea

from course_lib import viz
from course_lib.metrics import psnr
from course_lib.viz import rain_explorer

VIEW = "application/vnd.jupyter.widget-view+json"
ALT = 'A cat looks at the camera, "rainy" and clean.'
ALTS = ('A cat looks at the camera, "rainy" and pale.', "The same cat in its own colours.")
CLEAN = chelsea()[100:164, 60:124]
RAINY = np.clip(CLEAN.astype(int) + 40, 0, 255).astype(np.uint8)


def test_before_after_holds_both_pictures_without_a_network() -> None:
    widget = viz.BeforeAfter(RAINY, CLEAN, alts=ALTS)
    state = widget.get_state()
    assert state["before"].startswith("data:image/png;base64,")
    assert state["after"].startswith("data:image/png;base64,")
    assert state["before"] != state["after"]
    assert "http" not in state["_esm"] + state["_css"]
    assert "import" not in state["_esm"]


def test_before_after_puts_its_still_beside_the_widget(parse) -> None:
    data, _ = viz.BeforeAfter(RAINY, CLEAN, alts=ALTS)._repr_mimebundle_()
    assert set(data) == {VIEW, "text/html", "text/plain"}
    page = parse(data["text/html"])
    alts = [img["alt"] for img in page.all("img")]
    assert alts == [f"rainy: {ALTS[0]}", f"clean: {ALTS[1]}"]
    assert data["text/plain"].splitlines() == alts
    for picture, expected in zip(page.pictures(), (RAINY, CLEAN), strict=True):
        assert np.array_equal(picture, expected)


def test_before_after_shows_one_output_in_a_notebook(outputs) -> None:
    from IPython.display import display

    (output,) = outputs(lambda: display(viz.BeforeAfter(RAINY, CLEAN, alts=ALTS)))
    assert set(output["data"]) == {VIEW, "text/html", "text/plain"}


def test_before_after_takes_floats_and_names_of_its_own(parse) -> None:
    widget = viz.BeforeAfter(RAINY / 255, CLEAN / 255, labels=("<rainy>", "restored"), alts=ALTS)
    page = parse(widget.still())
    assert "<rainy>" in page.text
    assert np.array_equal(page.pictures()[1], CLEAN)


def test_before_after_refuses_pictures_of_two_sizes() -> None:
    with pytest.raises(ValueError, match="before is 64×64 and after 63×64"):
        viz.BeforeAfter(RAINY, CLEAN[1:], alts=ALTS)


def test_before_after_refuses_an_empty_alternative_text() -> None:
    with pytest.raises(ValueError, match="at least one sentence"):
        viz.BeforeAfter(RAINY, CLEAN, alts=(ALTS[0], "cat"))


def brighten(level: float, flip: bool) -> tuple[np.ndarray, str]:
    if level > 0.9:
        raise ValueError("level <1> is too bright")
    picture = CLEAN[::-1] if flip else CLEAN
    return np.clip(picture / 255 + level, 0, 1), f"{level:.2f} brighter"


@pytest.fixture
def explorer() -> viz.Explorer:
    slider = ipywidgets.FloatSlider(0.25, min=0, max=1, description="light & shade")
    return viz.Explorer(brighten, alt=ALT, level=slider, flip=ipywidgets.Checkbox(False))


def test_the_explorer_shows_the_picture_for_the_first_values(explorer, parse) -> None:
    page = parse(explorer.still())
    expected = np.rint(np.clip(CLEAN / 255 + 0.25, 0, 1).astype(np.float32) * 255)
    assert np.array_equal(page.pictures()[0], expected)
    (img,) = page.all("img")
    assert img["alt"] == f"{ALT} light & shade 0.25, flip False. 0.25 brighter"
    assert "0.25 brighter" in page.text


def test_moving_a_control_redraws(explorer, parse) -> None:
    before = parse(explorer.still()).pictures()[0]
    explorer.controls["flip"].value = True
    assert np.array_equal(parse(explorer.still()).pictures()[0], before[::-1])


def test_the_picture_on_the_page_is_the_still(explorer) -> None:
    explorer.controls["level"].value = 0.5
    assert explorer.children[-1].value == explorer.still()


def test_an_error_in_a_callback_is_shown_and_the_next_value_draws_again(explorer, parse) -> None:
    explorer.controls["level"].value = 0.95
    page = parse(explorer.still())
    assert page.text == "ValueError: level <1> is too bright"
    explorer.controls["level"].value = 0.5
    assert len(parse(explorer.still()).all("img")) == 1


def test_an_error_at_the_start_is_raised() -> None:
    with pytest.raises(ValueError, match="too bright"):
        viz.Explorer(brighten, alt=ALT, level=(0.0, 1.0, 0.95), flip=(0, 1, 0))


def test_colabs_ipywidgets_7_shows_stills_too(explorer, monkeypatch: pytest.MonkeyPatch) -> None:
    def show_without_still(widget: ipywidgets.Widget) -> None:
        raise AssertionError("ipywidgets 7 shows the widget by itself")

    slider = viz.BeforeAfter(RAINY, CLEAN, alts=ALTS)
    monkeypatch.setattr(ipywidgets.Widget, "_ipython_display_", show_without_still, raising=False)
    monkeypatch.delattr(ipywidgets.Widget, "_repr_mimebundle_")
    for widget in (explorer, slider):
        data, _ = DisplayFormatter().format(widget)
        assert data["text/html"] == widget.still()
        assert data[VIEW]["model_id"] == widget.model_id
    for kind in (viz.Quiz, viz.Scrubber):
        assert kind._ipython_display_ is None


def test_every_control_is_described(explorer) -> None:
    assert [c.description for c in explorer.controls.values()] == ["light & shade", "flip"]


def test_the_explorer_puts_its_still_beside_the_widget(explorer, parse) -> None:
    data, _ = explorer._repr_mimebundle_()
    assert set(data) == {VIEW, "text/html", "text/plain"}
    assert data["text/html"] == explorer.still()
    assert not re.search(r"https?://", data["text/html"])


def test_controls_are_made_from_ranges_and_words() -> None:
    seen = []

    def render(**values) -> np.ndarray:
        seen.append(values)
        return CLEAN

    words = ["light", "heavy"]
    explorer = viz.Explorer(
        render, alt=ALT, depth_of_rain=(0.5, 2.5, 1.0), seed=(0, 9, 3), kind=words
    )
    assert seen == [{"depth_of_rain": 1.0, "seed": 3, "kind": "light"}]
    slider, seed, kind = explorer.controls.values()
    assert (slider.min, slider.max, slider.description) == (0.5, 2.5, "depth of rain")
    assert isinstance(seed, ipywidgets.IntSlider)
    assert kind.options == ("light", "heavy")


@pytest.mark.parametrize("control", [(0, 1), (0, 1, 2), (1, 0, 0.5), "words", ()])
def test_what_makes_no_control_is_refused(control) -> None:
    with pytest.raises(ValueError, match="control 'level' is"):
        viz.Explorer(brighten, alt=ALT, level=control)


def test_an_explorer_without_controls_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one control"):
        viz.Explorer(brighten, alt=ALT)


PHOTO = chelsea()[60:188, 100:228]


def test_the_rain_explorer_draws_the_rain_of_its_values_and_its_psnr(parse) -> None:
    explorer = viz.RainExplorer(PHOTO, alt=ALT)
    (rainy,) = parse(explorer.still()).pictures()
    assert rainy.shape == PHOTO.shape
    assert f"PSNR {psnr(rainy, PHOTO):.1f} dB" in explorer.still()
    explorer.controls["density"].value = 0
    assert np.array_equal(parse(explorer.still()).pictures()[0], PHOTO)


def test_the_seed_alone_decides_where_drops_fall() -> None:
    explorer = viz.RainExplorer(PHOTO, alt=ALT)
    first = explorer.still()
    explorer.controls["seed"].value = 1
    assert explorer.still() != first
    explorer.controls["seed"].value = 0
    assert explorer.still() == first


def test_moving_a_slider_leaves_numpys_global_generator_alone() -> None:
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    viz.RainExplorer(PHOTO, alt=ALT).controls["angle"].value = 30
    assert np.array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_choosing_a_kind_sets_the_sliders_and_draws_once(parse, monkeypatch) -> None:
    explorer = viz.RainExplorer(PHOTO, alt=ALT)
    drawn = []
    explorer.children[-1].observe(drawn.append, names="value")
    explorer.controls["kind"].value = "wide"
    assert len(drawn) == 1
    assert explorer.still() == viz.RainExplorer(PHOTO, kind="wide", alt=ALT).still()
    explorer.controls["width"].value = 1
    assert len(drawn) == 2


def test_every_kind_lies_within_the_sliders() -> None:
    for kind in ("light", "heavy", "wide"):
        explorer = viz.RainExplorer(PHOTO, kind=kind, alt=ALT)
        values = {name: control.value for name, control in explorer.controls.items()}
        shower = rain_explorer._shower(kind)
        for name in rain_explorer._SLIDERS:
            assert values[name] == getattr(shower, name), (kind, name)
        other = viz.RainExplorer(PHOTO, kind="wide" if kind == "light" else "light", alt=ALT)
        other.controls["kind"].value = kind
        assert {name: control.value for name, control in other.controls.items()} == values


def test_the_rain_explorer_refuses_other_kinds() -> None:
    with pytest.raises(ValueError, match="no kind of streaks 'snow'"):
        viz.RainExplorer(PHOTO, kind="snow", alt=ALT)
