"""Plots and progress that update in place, and leave one figure behind."""

from __future__ import annotations

import io
import sys
import time

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

from course_lib import viz

ALT = "Losses and PSNR over the steps: the discriminator's loss falls to nearly 0."


class Clock:
    """Stands for time.perf_counter."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "perf_counter", clock)
    return clock


def record(step: int) -> dict[str, float]:
    return {"step": step, "loss_d": 1.4 / step, "loss_g": 0.7 + step, "grad_d": 3.0}


def test_the_plot_is_displayed_once_and_then_updated(outputs, clock) -> None:
    def train() -> None:
        live = viz.LivePlot(steps=5)
        for step in range(1, 6):
            clock.now += 2
            live(record(step))
        live.close(alt=ALT)

    figures = [o for o in outputs(train) if "<img" in o["data"]["text/html"]]
    assert [bool(o["update"]) for o in figures] == [False] + [True] * 5
    assert len({o["transient"]["display_id"] for o in figures}) == 1


def test_the_plot_is_redrawn_at_most_once_a_second(outputs, clock) -> None:
    def train() -> None:
        live = viz.LivePlot(steps=1000)
        for step in range(1, 1001):
            clock.now += 0.01
            live(record(step))

    figures = [o for o in outputs(train) if "<img" in o["data"]["text/html"]]
    assert len(figures) == 9


def test_slow_drawing_takes_two_percent_of_the_time(outputs, clock, monkeypatch) -> None:
    from course_lib.viz import live as module

    drawn = []

    def slow(figure, *, fast):
        clock.now += 1.0
        drawn.append(clock.now)
        return real(figure, fast=fast)

    real = module.figure_png
    monkeypatch.setattr(module, "figure_png", slow)

    def train() -> None:
        live = viz.LivePlot(steps=1000)
        for step in range(1, 1001):
            clock.now += 0.2
            live(record(step))

    outputs(train)
    assert 2 < len(drawn) <= 0.02 * clock.now + 1


def test_the_alternative_text_tells_the_last_values(outputs, parse) -> None:
    def train() -> None:
        live = viz.LivePlot(steps=2)
        live({"step": 1, "loss_d": 1.4, "loss_g": 0.7, "psnr": 21.0})
        live({"step": 2, "loss_d": 0.35, "loss_g": 2.5})
        live.close(alt=ALT)

    (img,) = parse(outputs(train)[-1]["data"]["text/html"]).all("img")
    assert img["alt"] == (
        f"{ALT} At step 2 of 2: discriminator 0.35 (loss), generator 2.5 (loss), "
        "restored 21 (PSNR on held-out pictures (dB))."
    )


def test_plots_choose_the_keys_and_a_run_without_them_is_no_error(outputs) -> None:
    def train() -> None:
        live = viz.LivePlot({"gradient norm": {"grad_d": "discriminator"}}, steps=1)
        live({"step": 1})
        live.close(alt=ALT)

    assert "no values" in outputs(train)[-1]["data"]["text/plain"]


def test_nan_losses_are_drawn_as_gaps_not_as_errors(outputs) -> None:
    def train() -> None:
        live = viz.LivePlot(steps=3)
        for step in (1, 2, 3):
            live({"step": step, "loss_d": np.nan, "loss_g": np.inf})
        live.close(alt=ALT)

    assert "discriminator nan" in outputs(train)[-1]["data"]["text/plain"]


def test_closing_twice_draws_once(outputs) -> None:
    live = viz.LivePlot(steps=1)

    def close() -> None:
        live.close(alt=ALT)

    assert outputs(close)
    assert outputs(close) == []


def test_outside_notebooks_the_progress_and_the_final_words_are_printed(capsys) -> None:
    live = viz.LivePlot(steps=3)
    for step in (1, 2, 3):
        live(record(step))
    live.close(alt=ALT)
    printed = capsys.readouterr()
    assert printed.out.startswith(ALT)
    assert printed.err.count("\n") == 1
    assert "step 3/3" in printed.err


def test_progress_tells_the_elapsed_and_the_expected_time(clock) -> None:
    progress = viz.Progress(1200)
    clock.now = 20  # starting up
    progress.update(1)
    assert progress.text() == "step 1/1200 · 0:20"
    clock.now = 21
    progress.update(13)
    assert progress.text() == "step 13/1200 · 0:21"  # too early to tell
    clock.now = 44
    progress.update(301)
    assert progress.text() == "step 301/1200 · 0:44 · 1:12 left"
    clock.now = 3700
    progress.update(1200)
    progress.close()
    assert progress.text() == "step 1200/1200 · 1:01:40"


def test_progress_of_a_run_that_goes_on_says_so_and_forecasts_from_new_steps(clock) -> None:
    progress = viz.Progress(1200)
    progress.resume([{"step": float(n)} for n in range(1, 901)])
    for step in (901, 1001):
        clock.now += 10
        progress({"step": step})
    assert progress.text() == "step 1001/1200 · 0:20 · resumed after 900 · 0:20 left"


def test_progress_counts_the_steps_of_a_thinned_history_and_of_none(clock) -> None:
    progress = viz.Progress(1200)
    progress.resume([{"step": float(n)} for n in range(3, 901, 3)])
    assert progress.text() == "step 900/1200 · 0:00 · resumed after 900"
    progress.resume([])
    assert progress.text() == "step 0/1200 · 0:00"


def test_progress_is_one_output_that_updates(outputs, clock, parse) -> None:
    def cell() -> None:
        progress = viz.Progress(4, "seed")
        for n in range(1, 5):
            clock.now += 1
            progress.update(n)
        progress.close()
        progress.close()

    shown = outputs(cell)
    assert [bool(o["update"]) for o in shown] == [False] + [True] * 4
    (bar,) = parse(shown[-1]["data"]["text/html"]).all("progress")
    assert (bar["value"], bar["max"]) == ("4", "4")
    assert shown[-1]["data"]["text/plain"] == "seed 4/4 · 0:04"


def test_progress_rewrites_one_line_of_a_terminal(monkeypatch, clock) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    progress = viz.Progress(2)
    for n in (1, 2):
        clock.now += 2
        progress.update(n)
    progress.close()
    lines = terminal.getvalue().split("\r\033[K")
    assert lines == [
        "",
        "step 1/2 · 0:02",
        "step 2/2 · 0:04 · 0:00 left",
        "step 2/2 · 0:04\n",
    ]


def test_progress_counts_to_at_least_one() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        viz.Progress(0)


CELLS = (
    """
import time
from course_lib import viz
now = 0.0
time.perf_counter = lambda: now  # a clock that the training below moves
live = viz.LivePlot(steps=40)
""",
    """
for step in range(1, 41):
    now += 0.08
    live({"step": step, "loss_d": 1 / step, "loss_g": step / 9})
""",
    f"""
live.close(alt={ALT!r})
""",
)


@pytest.mark.filterwarnings("default")  # jupyter_client's own
def test_an_executed_notebook_holds_one_final_figure(parse) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in CELLS])
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    outputs = [output for cell in notebook.cells for output in cell.outputs]
    pages = [parse(output["data"]["text/html"]) for output in outputs]
    (img,) = [img for page in pages for img in page.all("img")]
    assert img["alt"].startswith(f"{ALT} At step 40 of 40")
    assert not any("image/png" in output["data"] for output in outputs)
    assert len(outputs) == 2
    assert "step 40/40" in pages[0].text
