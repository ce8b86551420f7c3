"""The scrubber: what it sends to the page, and the still that stands in for it."""

from __future__ import annotations

import dataclasses
import io
import json

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image
from skimage.data import chelsea

from course_lib.results.recordings import Recording
from course_lib.viz import Scrubber, scrubber

ALT = "Three crops of a cat clear up over 400 steps, while the loss falls."
CLEAN = np.stack([chelsea()[60:92, x : x + 48] for x in (100, 180, 260)])  # 3×32×48×3
RAINY = 255 - CLEAN
STEPS = list(range(1, 401))
FRAMES = [1, *range(20, 401, 20)]  # 21
# A loss with one spike, by which the line is found.
LOSS = [1.0 - step / 800 + 3.0 * (step == 200) for step in STEPS]
RUN = Recording(
    name="drawn",
    about={"seed": 0},
    curves={
        "loss_d": (STEPS, LOSS),
        "loss_g": (STEPS, [step / 100 for step in STEPS]),
        "psnr": ([50, 100, 400], [10.0, 12.0, 15.0]),
    },
    frames=tuple(
        (step, np.rint(RAINY + (CLEAN * 1.0 - RAINY) * step / 400).astype(np.uint8))
        for step in FRAMES
    ),
    rainy=RAINY,
    clean=CLEAN,
)
LOSSES = {"loss": {"loss_d": "discriminator", "loss_g": "generator"}}
PSNR = {"PSNR on held-out crops (dB)": {"psnr": "restored"}}


def test_all_pictures_are_sent_in_the_order_that_the_page_expects() -> None:
    state = Scrubber(RUN, curves=LOSSES, alt=ALT).get_state()
    assert state["steps"] == FRAMES
    assert state["crops"] == {"count": 3, "height": 32, "width": 48, "enlarged": 2}
    pixels = np.asarray(Image.open(io.BytesIO(state["sprite"])).reduce(2)).astype(float)
    assert pixels.shape == (23 * 32, 3 * 48, 3)
    rows = [RAINY, CLEAN, *(pictures for _, pictures in RUN.frames)]
    for n, row in enumerate(rows):
        sent = pixels[32 * n : 32 * n + 32]
        assert np.abs(sent - np.concatenate(list(row), axis=1)).mean() < 8


def test_values_are_the_last_ones_up_to_each_frame() -> None:
    loss, psnr = Scrubber(RUN, curves=LOSSES | PSNR, alt=ALT).get_state()["plots"]
    assert [loss["axis"], psnr["axis"]] == [*LOSSES, *PSNR]
    discriminator, generator = loss["curves"]
    assert (discriminator["label"], generator["label"]) == ("discriminator", "generator")
    assert generator["values"] == [f"{step / 100:.3g}" for step in FRAMES]
    assert discriminator["values"][10] == "3.75"  # the spike
    values = dict(zip(FRAMES, psnr["curves"][0]["values"], strict=True))
    # None was measured before step 50, so the first one has to do.
    assert [values[step] for step in (1, 40, 60, 80, 100, 380, 400)] == [
        *("10", "10", "10", "10", "12", "12", "15")
    ]


def test_runs_to_be_compared_share_their_axes(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Figure] = []
    png = scrubber.figure_png
    monkeypatch.setattr(scrubber, "figure_png", lambda figure: drawn.append(figure) or png(figure))
    Scrubber(RUN, curves=LOSSES | PSNR, alt=ALT, limits={"loss": (1e-3, 1e3)}, log=["loss"])
    loss, psnr = drawn[0].axes
    assert (loss.get_ylim(), loss.get_yscale()) == ((1e-3, 1e3), "log")
    assert (psnr.get_ylim() != (1e-3, 1e3), psnr.get_yscale()) == (True, "linear")


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_the_line_of_a_step_lies_on_the_curve_at_that_step(count: int) -> None:
    spike = {"loss_d": "discriminator"}
    widget = Scrubber(RUN, curves={f"loss {n}": spike for n in range(count)}, alt=ALT)
    png = Image.open(io.BytesIO(widget._png)).convert("RGB")
    pixels = np.asarray(png).astype(int)
    assert len(widget.plots) == count
    for plot in widget.plots:
        left, top, width, height = plot["area"]
        x = round((left + width * 200 / plot["last"]) * pixels.shape[1])
        # The spike alone reaches into the upper half of its plot.
        y0, y1 = (round((top + share * height) * pixels.shape[0]) for share in (0.15, 0.4))
        x0, x1 = (round((left + share * width) * pixels.shape[1]) for share in (0.02, 0.98))
        found = x0 + np.flatnonzero((np.ptp(pixels[y0:y1, x0:x1], axis=2) > 20).any(axis=0))
        assert len(found)
        assert abs(found.mean() - x) < 4


def test_the_still_shows_four_frames_between_rainy_and_clean_and_the_curves(parse) -> None:
    page = parse(Scrubber(RUN, curves=LOSSES | PSNR, alt=ALT).still())
    sheet, curves = page.all("img")
    assert sheet["alt"] == (
        f"{ALT} Rows: rainy; G, step 1; G, step 140; G, step 260; G, step 400; clean."
    )
    assert curves["alt"] == (
        "Curves over the steps of the run. loss: discriminator begins at 0.999, ends at 0.5, and "
        "stays between 0.5 and 3.75; generator begins at 0.01, ends at 4, and stays between 0.01 "
        "and 4. PSNR on held-out crops (dB): restored begins at 10, ends at 15, and stays between "
        "10 and 15."
    )
    pictures = page.pictures()
    assert len(pictures) == 2
    rows = np.flatnonzero((pictures[0][:, -1] != 255).any(axis=1))
    scale = len(rows) // (6 * 32)
    assert len(rows) == 6 * 32 * scale
    corner = pictures[0][rows[:: 32 * scale], -1]
    expected = [RAINY, *(dict(RUN.frames)[n] for n in (1, 140, 260, 400)), CLEAN]
    assert np.array_equal(corner, [row[-1, 0, -1] for row in expected])


def test_a_run_of_two_frames_has_a_still_too(parse) -> None:
    short = dataclasses.replace(RUN, frames=(RUN.frames[0], RUN.frames[-1]))
    sheet, _ = parse(Scrubber(short, curves=PSNR, alt=ALT).still()).all("img")
    assert sheet["alt"].endswith("Rows: rainy; G, step 1; G, step 400; clean.")


def test_the_still_and_the_text_stand_beside_the_widget() -> None:
    widget = Scrubber(RUN, curves=LOSSES, alt=ALT)
    data, _ = widget._repr_mimebundle_()
    assert set(data) == {"application/vnd.jupyter.widget-view+json", "text/html", "text/plain"}
    assert data["text/html"] == widget.still()
    assert data["text/plain"] == ALT


def test_the_page_gets_neither_network_nor_the_answer() -> None:
    widget = Scrubber(dataclasses.replace(RUN, name="lazy-d"), curves=LOSSES, alt=ALT)
    state = widget.get_state()
    assert "http" not in state["_esm"] + state["_css"]
    assert "import" not in state["_esm"]
    shown = {key: state[key] for key in ("alt", "crops", "figure", "plots", "steps")}
    # A recording's name and settings say what is wrong with its run: the reader is to find out.
    assert "lazy" not in json.dumps(shown) + widget.still()


def test_the_state_of_the_largest_recording_stays_below_two_megabytes() -> None:
    values = list(np.random.default_rng(0).normal(size=1000))
    steps = list(range(1, 1001))
    keys = [f"k{n}" for n in range(16)]
    frames = tuple((step, RAINY) for step in range(1, 240))
    curves = {f"plot {n}": {k: k for k in keys[4 * n : 4 * n + 4]} for n in range(4)}
    run = dataclasses.replace(RUN, curves=dict.fromkeys(keys, (steps, values)), frames=frames)
    state = Scrubber(run, curves=curves, alt=ALT).get_state()
    shown = {key: state[key] for key in ("alt", "crops", "figure", "plots", "steps", "_css")}
    assert len(json.dumps(shown)) + len(state["_esm"]) + 1_500_000 < 2_200_000


@pytest.mark.parametrize("curves", [{}, {f"loss {n}": {"loss_d": "D"} for n in range(5)}])
def test_no_plots_or_too_many_are_refused(curves: dict) -> None:
    with pytest.raises(ValueError, match=f"1 to 4 plots, not {len(curves)}"):
        Scrubber(RUN, curves=curves, alt=ALT)


def test_curves_that_were_not_recorded_are_refused_with_those_that_were() -> None:
    with pytest.raises(ValueError, match=r"'loss' wants 'lost'.*there are loss_d, loss_g, psnr"):
        Scrubber(RUN, curves={"loss": {"loss_d": "D", "lost": "G"}}, alt=ALT)


def test_a_plot_without_curves_is_refused() -> None:
    with pytest.raises(ValueError, match="1 to 6 series"):
        Scrubber(RUN, curves={"loss": {}}, alt=ALT)


def test_an_alternative_text_that_says_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one sentence"):
        Scrubber(RUN, curves=LOSSES, alt="a run")
