"""Figures reach readers, also those who can't see them."""

from __future__ import annotations

import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest

from course_lib import viz

ALT = 'PSNR over steps: "restored" <climbs> from 24 dB to 27 dB & stays there.'


def test_a_figure_is_html_with_its_escaped_alternative_text(outputs, parse) -> None:
    figure, _ = viz.panels()
    (output,) = outputs(lambda: viz.show(figure, alt=ALT))
    assert set(output["data"]) == {"text/html", "text/plain"}
    assert output["data"]["text/plain"] == ALT
    (img,) = parse(output["data"]["text/html"]).all("img")
    assert img["alt"] == ALT


def test_a_figure_never_overflows_and_is_twice_as_sharp_as_shown(outputs, parse) -> None:
    figure, _ = viz.panels()
    (output,) = outputs(lambda: viz.show(figure, alt=ALT))
    page = parse(output["data"]["text/html"])
    (img,), (pixels,) = page.all("img"), page.pictures()
    assert "max-width:100%" in img["style"]
    assert int(img["width"]) == pixels.shape[1] / 2 == 900


def test_a_figure_has_a_white_background_for_dark_pages(outputs, parse) -> None:
    figure, _ = viz.panels()
    (output,) = outputs(lambda: viz.show(figure, alt=ALT))
    (pixels,) = parse(output["data"]["text/html"]).pictures()
    assert (pixels[[0, 0, -1, -1], [0, -1, 0, -1]] == 255).all()


def test_a_pyplot_figure_is_closed_so_that_it_is_shown_once(outputs) -> None:
    with mpl.rc_context({"backend": "agg"}):
        from matplotlib import pyplot as plt

        plt.switch_backend("agg")
        figure, _ = plt.subplots()
        shown = outputs(lambda: viz.show(figure, alt=ALT))
        assert len(shown) == 1
        assert figure.number not in plt.get_fignums()


def test_outside_notebooks_the_alternative_text_is_printed(capsys) -> None:
    figure, _ = viz.panels()
    viz.show(figure, alt=ALT)
    assert capsys.readouterr().out == ALT + "\n"


def test_line_breaks_in_the_alternative_text_become_spaces(capsys) -> None:
    figure, _ = viz.panels()
    viz.show(figure, alt="The loss of the generator\n        falls over 300 steps.")
    assert capsys.readouterr().out == "The loss of the generator falls over 300 steps.\n"


@pytest.mark.parametrize(
    "alt", ["", "  ", "figure", "the loss over all the steps.png", "a b c d e"]
)
def test_an_alternative_text_that_says_nothing_is_refused(alt: str) -> None:
    figure, _ = viz.panels()
    with pytest.raises(ValueError, match="at least one sentence"):
        viz.show(figure, alt=alt)


def test_an_alternative_text_that_is_no_text_is_refused() -> None:
    figure, _ = viz.panels()
    with pytest.raises(TypeError, match="alt is a text"):
        viz.show(figure, alt=None)


def test_importing_viz_loads_neither_torch_nor_pyplot() -> None:
    code = "import sys, course_lib.viz; print({'torch', 'matplotlib.pyplot'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_a_figures_pixels_survive_the_png(outputs, parse) -> None:
    figure, (ax,) = viz.panels()
    ax.set_axis_off()
    figure.patch.set_facecolor("#123456")
    (output,) = outputs(lambda: viz.show(figure, alt=ALT))
    (pixels,) = parse(output["data"]["text/html"]).pictures()
    assert np.array_equal(pixels[10, 10], [0x12, 0x34, 0x56])
