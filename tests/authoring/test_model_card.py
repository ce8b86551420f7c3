from __future__ import annotations

import torch

from course_lib.authoring import model_card
from course_lib.data.photos import PHOTOS, photo_split
from course_lib.results.weights import Pretrained


def card(seed: int) -> str:
    return model_card.text(
        Pretrained(
            name="02_tiny",
            about={
                "what": "A generator.",
                "seed": seed,
                "rain": "drops",
                "profile": "cpu",
                "batch_size": 8,
                "image_size": 64,
                "shrink": 3,
                "base_channels": 4,
                "date": "2026-11-01T08:00:00Z",
                "seconds": 77.7,
                "device": "a CPU, 2 cores",
                "threads": 1,
                "versions": "python 3.11.7; torch 2.11.0",
                "parent_commit": "0123456789ab",
            },
            metrics={"PSNR, dB": 21.4567},
            history=[{"step": 1500, "loss_d": 1.0}],
            states={"generator": {"a.weight": torch.zeros(30, 50), "a.running_var": torch.ones(7)}},
        )
    )


def test_card_credits_the_photographs_that_were_seen_and_no_others() -> None:
    split = photo_split(1)
    rows = [line for line in card(1).splitlines() if line.startswith("| ")]
    for name, photo in PHOTOS.items():
        (row,) = [row for row in rows if row.startswith(f"| {name} |")] or [""]
        assert bool(row) == (name in split.train)
        if row:
            assert all(part in row for part in (photo.credit, photo.licence, photo.source))
    assert f"held out at seed 1: {split.test[0]} and {split.test[1]}" in card(1)


def test_card_says_which_photographs_may_not_be_free() -> None:
    assert "rocket" in photo_split(1).train
    assert "**rocket** (seen in training): public domain according to" in card(1)
    assert "its page on Flickr says CC BY-NC 2.0." in card(1)
    assert "rocket" in photo_split(0).test
    assert "**rocket** (only measured on, not learnt from)" in card(0)
    assert "**chelsea**" not in card(0) + card(1)


def test_card_states_the_training_what_was_measured_and_limits() -> None:
    text = card(0)
    for row in (
        "| generator | 1,500 |",
        "| steps | 1,500 |",
        "| seed | 0 |",
        "| commit | 0123456789ab |",
        "| device | a CPU, 2 cores |",
        "| PSNR, dB | 21.46 |",
    ):
        assert row in text
    assert "MIT License" in text
    assert "not for use" in text
    assert "64-pixel crops at 1/3 of their size" in text
