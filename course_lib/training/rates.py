"""How learning rates change over a run."""

from __future__ import annotations

import torch
from torch.optim.lr_scheduler import LambdaLR


def linear_decay(optimizer: torch.optim.Optimizer, steps: int) -> LambdaLR:
    """The learning rate as it is for the first half of a run, then in a straight line to 0.

    This is the schedule of Isola et al.'s released code, 100 epochs and 100 more. While the rate
    is high a GAN's pictures go on changing from step to step; towards the end they settle.

    Args:
        optimizer: whose rates; each parameter group keeps its own proportion.
        steps: of the whole run.
    """
    return LambdaLR(optimizer, lambda step: min(1.0, 2 * (1 - step / steps)))
