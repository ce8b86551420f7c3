"""Tables: headers, numbers, what the runner reads."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from course_lib import viz
from course_lib.results import MIMETYPE, Measured

CAPTION = "Restoring <100> pictures"
ROWS = [
    {"system": "rainy & untouched", "PSNR": 24.125, "steps": 0},
    {"system": "baseline", "PSNR": np.float32(-3.5), "steps": 1200},
    {"system": "oracle", "PSNR": float("inf"), "steps": None},
]
MEASURED = [
    Measured(
        name="PSNR", value=24.314, unit="dB", spread=0.42, over="5 seeds", claim=25.4, source="§ 3"
    ),
    Measured(name="LPIPS", value=None),
    Measured(name="steps", value=1200.0),
]


@pytest.fixture
def shown(outputs):
    def run(call) -> dict:
        (output,) = outputs(call)
        return output["data"]

    return run


def test_a_table_has_a_caption_and_headers_for_columns_and_rows(shown, parse) -> None:
    page = parse(shown(lambda: viz.table(ROWS, caption=CAPTION))["text/html"])
    assert len(page.all("caption")) == 1
    assert [th["scope"] for th in page.all("th")] == ["col"] * 3 + ["row"] * 3
    assert CAPTION in page.text
    assert "rainy & untouched" in page.text


def test_numbers_are_rounded_and_stand_at_the_right(shown, parse) -> None:
    data = shown(lambda: viz.table(ROWS, caption=CAPTION))
    page = parse(data["text/html"])
    assert all("text-align:right" in td["style"] for td in page.all("td"))
    assert data["text/plain"].splitlines() == [
        CAPTION,
        "system              PSNR  steps",
        "rainy & untouched  24.12      0",
        "baseline           −3.50   1200",
        "oracle                 ∞    n/a",
    ]


def test_a_wide_table_scrolls_in_its_own_box(shown, parse) -> None:
    page = parse(shown(lambda: viz.table(ROWS, caption=CAPTION))["text/html"])
    (box,) = [div for div in page.all("div") if div.get("role") == "region"]
    assert "overflow-x:auto" in box["style"]
    assert box["tabindex"] == "0"


def test_a_data_frame_gives_the_same_table(shown) -> None:
    frame = pd.DataFrame({"system": ["a", "b"], "PSNR": [24.0, 25.5]})
    rows = [{"system": "a", "PSNR": 24.0}, {"system": "b", "PSNR": 25.5}]
    from_frame = shown(lambda: viz.table(frame, caption=CAPTION))
    assert from_frame == shown(lambda: viz.table(rows, caption=CAPTION))


def test_columns_keep_their_order_and_the_index_is_not_shown(shown) -> None:
    frame = pd.DataFrame({"b": [1], "a": [2]}, index=["hidden"])
    text = shown(lambda: viz.table(frame, caption=CAPTION))["text/plain"]
    assert text.splitlines()[1:] == ["b  a", "1  2"]


@pytest.mark.parametrize(
    ("rows", "caption", "message"),
    [
        ([], CAPTION, "no rows"),
        (ROWS, " ", "needs a caption"),
        ([{"a": 1}, {"b": 1}], CAPTION, r"row 1 .* \['b'\], row 0 has \['a'\]"),
    ],
)
def test_a_table_that_nobody_could_read_is_refused(rows, caption, message) -> None:
    with pytest.raises(ValueError, match=message):
        viz.table(rows, caption=caption)


def test_results_stand_beside_their_claims_with_spread_and_unit(shown) -> None:
    data = shown(lambda: viz.results_table(MEASURED, caption="Results", provenance="cpu, seed 0"))
    assert data["text/plain"].splitlines() == [
        "Results",
        "what                    measured   claimed  claimed in",
        "PSNR   24.31 ± 0.42 dB (5 seeds)  25.40 dB  § 3",
        "LPIPS                        n/a",
        "steps                       1200",
        "± is one standard deviation. cpu, seed 0",
    ]


def test_results_carry_the_records_for_the_runner(shown) -> None:
    from course_lib.results import collect

    data = shown(lambda: viz.results_table(MEASURED, caption="Results"))
    assert json.loads(json.dumps(data[MIMETYPE], allow_nan=False)) == data[MIMETYPE]
    from nbformat import NotebookNode

    cell = NotebookNode(outputs=[NotebookNode(data=data)])
    assert collect(NotebookNode(cells=[cell])).measured == tuple(MEASURED)


def test_without_claims_there_are_no_columns_for_them(shown) -> None:
    text = shown(lambda: viz.results_table(MEASURED[1:], caption="Results"))["text/plain"]
    assert "claimed" not in text
    assert "±" not in text
