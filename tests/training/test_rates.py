from __future__ import annotations

import torch

from course_lib.training.rates import linear_decay


def test_rate_holds_for_half_a_run_and_then_falls_to_nothing() -> None:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.4)
    scheduler = linear_decay(optimizer, 8)
    rates = []
    for _ in range(8):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    assert torch.allclose(
        torch.tensor(rates), torch.tensor([0.4, 0.4, 0.4, 0.4, 0.4, 0.3, 0.2, 0.1])
    )
    assert optimizer.param_groups[0]["lr"] == 0
