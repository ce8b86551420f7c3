from __future__ import annotations

import pytest
import torch
from torch import nn

from course_lib.systems import twins
from course_lib.training.best import KeepBest
from course_lib.training.run import Run


def system(score_of, every=2, steps=10):
    torch.manual_seed(0)
    network = nn.Conv2d(3, 3, 1)
    inputs = torch.rand(4, 3, 5, 5)
    keep = KeepBest(network, lambda: score_of(network), every)
    return network, keep, twins.set_up(network, inputs, inputs.flip(1), steps=steps, rate=0.1)


def test_the_best_weights_come_back_and_scores_are_recorded() -> None:
    scores = iter([1.0, 3.0, 2.0, 0.0, 3.0])
    network, keep, ready = system(lambda _: next(scores))
    seen = []
    records = ready.train([keep, lambda r: seen.append(network.weight.detach().clone())])
    assert [r.get("score") for r in records[1::2]] == [1, 3, 2, 0, 3]
    assert "score" not in records[0]
    assert (keep.best, keep.step) == (3, 4)
    keep.restore()
    assert torch.equal(network.weight, seen[3])


def test_a_run_that_was_stopped_knows_its_best(tmp_path) -> None:
    def score(network):
        return -float(network.weight.square().sum())

    whole, keep, ready = system(score)
    ready.train([keep])
    keep.restore()

    class Stop(Exception):
        pass

    def stop(record):
        if record["step"] == 7:
            raise Stop

    _, first, begun = system(score)
    with pytest.raises(Stop):
        begun.train([first, stop], run=Run(tmp_path / "run", seconds=0))
    network, again, goes_on = system(score)
    goes_on.train([again], run=Run(tmp_path / "run", seconds=0))
    again.restore()
    assert (again.best, again.step) == (keep.best, keep.step)
    assert torch.equal(network.weight, whole.weight)


def test_before_the_first_score_nothing_changes() -> None:
    network, keep, _ = system(lambda _: 0.0)
    before = network.weight.detach().clone()
    keep.restore()
    assert torch.equal(network.weight, before)
    with pytest.raises(ValueError, match="every is 0"):
        KeepBest(network, lambda: 0.0, 0)
