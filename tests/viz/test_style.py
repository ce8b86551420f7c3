"""Can everybody tell the colours apart, and read what is written in them?"""

from __future__ import annotations

import re
from importlib.resources import files
from itertools import combinations

import numpy as np
import pytest
from matplotlib import rcParams
from matplotlib.colors import to_rgb
from skimage.color import deltaE_ciede2000, rgb2lab

from course_lib.checks.view import HINT, INK, LOOKS
from course_lib.viz import panels
from course_lib.viz.style import ROLES, SERIES

# Machado, Oliveira and Fernandes (2009), severity 1.0; they act on linear RGB.
SIGHT = {
    "trichromat": np.eye(3),
    "protanope": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranope": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanope": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def linear(colour: str) -> np.ndarray:
    c = np.array(to_rgb(colour))
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def seen(colour: str, sight: str) -> np.ndarray:
    c = np.clip(np.array(SIGHT[sight]) @ linear(colour), 0, 1)
    srgb = np.where(c <= 0.0031308, c * 12.92, 1.055 * c ** (1 / 2.4) - 0.055)
    return rgb2lab(srgb)


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("looks", [SERIES, ROLES.values()], ids=["series", "roles"])
def test_every_two_colours_differ_for_every_kind_of_sight(looks: list[dict], sight: str) -> None:
    colours = [look["color"] for look in looks]
    assert nearest(colours, sight) >= 20


def nearest(colours: list[str], sight: str) -> float:
    """The smallest CIEDE2000 difference between two of the colours; 1 is just noticed."""
    pairs = combinations(colours, 2)
    return min(deltaE_ciede2000(seen(a, sight), seen(b, sight)) for a, b in pairs)


def test_the_simulation_confuses_red_and_green_where_a_deuteranope_does() -> None:
    pair = ("#C05050", "#808000")

    def difference(sight: str) -> float:
        return deltaE_ciede2000(seen(pair[0], sight), seen(pair[1], sight))

    assert difference("deuteranope") < 0.5 * difference("trichromat")


def contrast(*colours: str) -> float:
    """WCAG 2.2's ratio of two colours, 1 to 21."""
    dark, light = sorted(linear(colour) @ [0.2126, 0.7152, 0.0722] for colour in colours)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("look", [*SERIES, *ROLES.values()], ids=lambda look: look["color"])
def test_every_line_stands_out_from_white(look: dict) -> None:
    assert contrast(look["color"], "white") >= 3


@pytest.mark.parametrize("looks", [SERIES, ROLES.values()], ids=["series", "roles"])
def test_series_differ_without_colour_too(looks: list[dict]) -> None:
    assert len({look["marker"] for look in looks}) == len(looks)
    pairs = {(str(look["linestyle"]), look["marker"]) for look in looks}
    assert len(pairs) == len(looks)


def test_a_colour_has_one_marker_whether_it_is_a_roles_or_not() -> None:
    # So roles and other series in one plot differ without colour, too.
    looks = {(look["color"], look["marker"]) for look in (*SERIES, *ROLES.values())}
    assert len({colour for colour, _ in looks}) == len(looks)
    assert len({marker for _, marker in looks}) == len(looks)


# Each verdict has a sign and a word of its own: colour comes third, so that two that never stand
# for one another, such as a hint and "Not right yet", may look alike. Right and wrong may not.
@pytest.mark.parametrize("sight", SIGHT)
def test_right_and_wrong_differ_for_every_kind_of_sight(sight: str) -> None:
    edges = [LOOKS[status].edge for status in ("passed", "wrong", "not attempted")]
    assert nearest(edges, sight) >= 10
    good, bad = (re.findall(rf"--{name}: (#\w{{6}})", PAGE_STYLE) for name in ("good", "bad"))
    for pair in zip(good, bad, strict=True):  # for light pages and for dark ones
        assert nearest(list(pair), sight) >= 10


def test_verdicts_differ_without_colour_too() -> None:
    looks = [*LOOKS.values(), HINT]
    for words in ([look.sign for look in looks], [look.word for look in looks]):
        assert len(set(words)) == len(looks)


@pytest.mark.parametrize("look", [*LOOKS.values(), HINT], ids=lambda look: look.word)
def test_verdicts_are_readable_on_their_paper(look) -> None:
    for ink in (look.edge, INK):
        assert contrast(ink, look.paper) >= 4.5


@pytest.mark.parametrize(
    ("verdict", "status"),
    [
        ("", "not attempted"),
        ('[data-verdict="right"]', "passed"),
        ('[data-verdict="wrong"]', "wrong"),
    ],
)
def test_the_quiz_gives_its_verdicts_in_the_colours_of_checks(verdict: str, status) -> None:
    look = LOOKS[status]
    css = (files("course_lib.viz") / "quiz.css").read_text(encoding="utf-8")
    box = re.search(rf"\.quiz-verdict{re.escape(verdict)}[^ ]* {{(.*?)}}", css, re.DOTALL)
    word = re.search(rf"\.quiz-verdict{re.escape(verdict)} strong {{(.*?)}}", css, re.DOTALL)
    assert look.edge in box[1]
    assert f"background: {look.paper}" in box[1]
    assert f"color: {look.edge}" in word[1]


PAGE_STYLE = (files("course_lib.authoring") / "style.html").read_text(encoding="utf-8")


def test_the_reports_text_is_readable_on_light_and_dark_pages() -> None:
    themes = [
        dict(re.findall(r"--([\w-]+): (#\w{6})", block)) for block in PAGE_STYLE.split("@media")
    ]
    light, dark, *_ = themes
    assert len(light) == len(dark) == 10
    for theme in (light, dark):
        for ink in ("ink", "soft", "accent", "good", "bad", "warn"):
            for paper in ("paper", "panel"):
                assert contrast(theme[ink], theme[paper]) >= 4.5, (ink, paper)
        assert contrast(theme["ink"], theme["bad-panel"]) >= 4.5
        for fill in ("accent", "bad"):
            assert contrast(theme[fill], theme["line"]) >= 3


def test_text_stays_readable_at_half_size() -> None:
    # 100 CSS pixels an inch, so a point is 1.39 of them; 7 is the least that people read.
    assert rcParams["font.size"] * 100 / 72 / 2 >= 7
    assert rcParams["xtick.labelsize"] * 100 / 72 / 2 >= 7


@pytest.mark.parametrize("count", range(1, 7))
def test_panels_gives_axes_in_one_figure_of_standard_width(count: int) -> None:
    figure, axes = panels(count)
    assert len(axes) == count
    assert all(ax.figure is figure for ax in axes)
    assert figure.get_figwidth() == 9


@pytest.mark.parametrize("count", [0, 7])
def test_panels_refuses_what_nobody_can_read(count: int) -> None:
    with pytest.raises(ValueError, match="1 to 6 panels"):
        panels(count)
