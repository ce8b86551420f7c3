"""Records whose numbers stay on the device until somebody asks."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from course_lib.data.pair import Batch
from course_lib.training import loop
from course_lib.training.loop import READ_EVERY, Record, train
from course_lib.training.records import StepRecord, read_together


def test_a_record_is_a_mapping_of_floats_in_the_order_of_the_step() -> None:
    record = StepRecord({"step": 3, "loss_d": torch.tensor(0.1), "grad_d": 2.0})
    assert list(record) == ["step", "loss_d", "grad_d"]
    assert dict(record) == {"step": 3, "loss_d": torch.tensor(0.1).item(), "grad_d": 2.0}
    assert all(isinstance(value, int | float) for value in record.values())
    record["psnr"] = 20.0
    record["loss_d"] = 5.0
    record.update(even=1.0)
    del record["grad_d"]
    assert {**record} == {"step": 3, "loss_d": 5, "psnr": 20, "even": 1}
    with pytest.raises(KeyError):
        record["grad_d"]


def test_nothing_is_read_before_it_is_asked_for() -> None:
    away = torch.zeros((), device="meta")  # whose numbers nobody can read
    record = StepRecord({"step": 1, "loss_d": away})
    record["psnr"] = 20.0
    assert "loss_d" in record
    assert len(record) == 3
    assert (record["step"], record["psnr"]) == (1, 20)
    with pytest.raises((RuntimeError, NotImplementedError)):
        record["loss_d"]


def test_a_record_keeps_the_number_of_its_step_though_the_tensor_changes() -> None:
    total = torch.tensor([1.0], requires_grad=True)
    record = StepRecord({"loss": total})
    with torch.no_grad():
        total += 1
    assert record["loss"] == 1


def test_many_records_are_read_at_once() -> None:
    records = [
        StepRecord(
            {"step": n, "loss": torch.tensor(float(n))} | ({"x": torch.tensor(-n)} if n % 2 else {})
        )
        for n in range(5)
    ]
    assert records[2]["loss"] == 2
    read_together(records)
    assert [dict(r) for r in records][1:3] == [
        {"step": 1, "loss": 1, "x": -1},
        {"step": 2, "loss": 2},
    ]
    assert not any(len(r.unread) for r in records)
    read_together([])


def test_training_reads_at_intervals_and_callbacks_read_when_they_like(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network = nn.Conv2d(3, 3, 1)
    batch = Batch(*torch.zeros(2, 1, 3, 8, 8), torch.zeros(1, 1, 8, 8))
    readings: list[int] = []
    asked: list[float] = []

    def counted(records: list[StepRecord]) -> None:
        readings.append(sum(len(record.unread) > 0 for record in records))
        read_together(records)

    def callback(record: Record) -> None:
        if record["step"] == 2:
            asked.append(record["loss_d"])

    monkeypatch.setattr(loop, "read_together", counted)
    history = train(
        network,
        network,
        [batch] * (READ_EVERY + 3),
        optimizer_g=torch.optim.SGD(network.parameters()),
        optimizer_d=torch.optim.SGD(network.parameters()),
        seed=0,
        d_step=lambda *_: torch.tensor(0.5),
        g_step=lambda *_: 0.25,
        callbacks=[callback],
    )
    assert readings == [READ_EVERY - 1, 3]
    assert asked == [0.5]
    assert [type(record) for record in history] == [dict] * (READ_EVERY + 3)
    assert history[-1] == {
        "step": READ_EVERY + 3,
        "loss_d": 0.5,
        "grad_d": 0,
        "loss_g": 0.25,
        "grad_g": 0,
    }
