"""Can everybody tell the series apart?"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from matplotlib import rcParams
from matplotlib.colors import to_rgb
from skimage.color import deltaE_ciede2000, rgb2lab

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
    nearest = min(
        deltaE_ciede2000(seen(a, sight), seen(b, sight)) for a, b in combinations(colours, 2)
    )
    assert nearest >= 20


def test_the_simulation_confuses_red_and_green_where_a_deuteranope_does() -> None:
    pair = ("#C05050", "#808000")

    def difference(sight: str) -> float:
        return deltaE_ciede2000(seen(pair[0], sight), seen(pair[1], sight))

    assert difference("deuteranope") < 0.5 * difference("trichromat")


@pytest.mark.parametrize("look", SERIES, ids=lambda look: look["color"])
def test_every_colour_stands_out_from_white(look: dict) -> None:
    luminance = linear(look["color"]) @ [0.2126, 0.7152, 0.0722]
    assert 1.05 / (luminance + 0.05) >= 3


@pytest.mark.parametrize("looks", [SERIES, ROLES.values()], ids=["series", "roles"])
def test_series_differ_without_colour_too(looks: list[dict]) -> None:
    assert len({look["marker"] for look in looks}) == len(looks)
    pairs = {(str(look["linestyle"]), look["marker"]) for look in looks}
    assert len(pairs) == len(looks)


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
