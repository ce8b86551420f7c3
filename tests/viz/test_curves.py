"""Curves: the spread is shown, roles keep their looks."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_hex

from course_lib import viz
from course_lib.viz.style import ROLES

ALT = "PSNR over steps: restored climbs from 20 dB to 24 dB, rainy stays level."
LABELS = {"xlabel": "step", "ylabel": "PSNR (dB)"}


def test_curves_shows_one_figure_with_its_alternative_text(outputs, parse) -> None:
    (output,) = outputs(lambda: viz.curves({"restored": ([1, 2], [20, 24])}, **LABELS, alt=ALT))
    assert parse(output["data"]["text/html"]).all("img")[0]["alt"] == ALT


def test_several_seeds_become_their_mean_and_a_band_of_their_range() -> None:
    _, (axes,) = viz.panels()
    runs = np.array([[1.0, 2.0], [3.0, 7.0], [5.0, 3.0]])
    viz.draw_curves(axes, {"restored": ([10, 20], runs)}, **LABELS)
    (line,), (band,) = axes.lines, axes.collections
    assert np.array_equal(line.get_ydata(), [3, 4])
    corners = {tuple(map(float, v)) for path in band.get_paths() for v in path.vertices}
    assert corners == {(10, 1), (10, 5), (20, 2), (20, 7)}
    assert axes.get_legend().get_title().get_text() == "mean and range of 3 seeds"


def test_axes_are_labelled_and_every_series_is_named() -> None:
    _, (axes,) = viz.panels()
    viz.draw_curves(axes, {"rainy": ([1, 2], [3, 4]), "Pix2Pix": ([1, 2], [4, 3])}, **LABELS)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("step", "PSNR (dB)")
    assert [t.get_text() for t in axes.get_legend().get_texts()] == ["rainy", "Pix2Pix"]


def test_a_role_looks_the_same_in_all_figures_and_no_other_series_takes_its_colour() -> None:
    series = {name: ([1, 2], [3, 4]) for name in ("first", "second", "generator", "restored")}
    _, (axes,) = viz.panels()
    viz.draw_curves(axes, series, **LABELS)
    colours = {line.get_label(): to_hex(line.get_color()) for line in axes.lines}
    assert colours["generator"] == ROLES["generator"]["color"].lower()
    assert colours["restored"] == ROLES["restored"]["color"].lower()
    assert len(set(colours.values())) == 4


def test_the_legend_hides_no_curve() -> None:
    figure, (axes,) = viz.panels()
    series = {f"series {n}": ([1, 2], [n, 9 - n]) for n in range(6)}
    viz.draw_curves(axes, series, **LABELS, title="Six systems")
    figure.draw_without_rendering()
    legend, plot = axes.get_legend().get_window_extent(), axes.get_window_extent()
    assert legend.y0 >= plot.y1
    assert legend.y1 <= figure.bbox.y1


@pytest.mark.parametrize(
    ("series", "message"),
    [
        ({}, "1 to 6 series"),
        ({str(n): ([1], [1]) for n in range(7)}, "two panels"),
        ({"a": ([1, 2, 3], [1, 2])}, r"'a' has x of the shape \(3,\) and y of \(2,\)"),
        ({"a": ([1, 2], [[1], [2]])}, "S×N for S seeds"),
    ],
)
def test_series_that_cannot_be_drawn_are_refused(series, message) -> None:
    _, (axes,) = viz.panels()
    with pytest.raises(ValueError, match=message):
        viz.draw_curves(axes, series, **LABELS)
