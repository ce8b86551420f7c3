"""Delete artifacts: targets without them, a step towards these, what changes (DeSRA, §3.3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
from scipy.ndimage import gaussian_filter
from torch import nn

from course_lib.artifacts.mask import require_mask
from course_lib.data.pair import Batch
from course_lib.filters import high_pass

SIGMA = 1.5  # of the blur that takes fine detail away, pixels


def pseudo_ground_truth(
    mse: np.ndarray, gan: np.ndarray, mask: np.ndarray, *, feather: float = 0.0
) -> np.ndarray:
    """The GAN's picture with the MSE twin's in place of its artifacts: ỹ = M·y_MSE + (1−M)·y_GAN.

    This is eq. 10. A soft border avoids edges that no photograph has.

    Args:
        mse, gan: uint8 H×W×3.
        mask: M, bool H×W, True where there are artifacts.
        feather: σ of the blur of the mask, pixels; 0 gives eq. 10 as it is printed.

    Returns:
        uint8 H×W×3.

    Raises:
        ValueError: sizes that differ, a mask that isn't bool, or a feather below 0.

    Example:
        Where the mask is True, the result is the MSE twin's pixel: levels 90 (MSE) and 200 (GAN)
        give 90. Elsewhere it is the GAN's, 200.
    """
    if mse.shape != gan.shape:
        raise ValueError(f"the pictures are {mse.shape} and {gan.shape}: give two of one size")
    require_mask(mask, gan.shape[:2])
    if not 0 <= feather < np.inf:
        raise ValueError(f"feather is 0 or more pixels; it is {feather}")
    share = mask.astype(np.float64)
    if feather:
        share = gaussian_filter(share, feather)
    share = share[..., None]
    return np.rint(share * mse + (1 - share) * gan).astype(np.uint8)


def detail_kept(before: np.ndarray, after: np.ndarray, outside: np.ndarray) -> float:
    """How much fine detail a picture has outside of masks, compared with an earlier one.

    Fine detail is the mean absolute difference of the grey picture from itself, blurred.

    Args:
        before, after: uint8 H×W×3.
        outside: bool H×W, where to measure.

    Returns:
        1 when nothing is lost; the MSE twin has about half. NaN where there is nothing to measure.

    Raises:
        ValueError: sizes that differ, or a mask that isn't bool.
    """
    if before.shape != after.shape:
        raise ValueError(f"the pictures are {before.shape} and {after.shape}: give two of one size")
    require_mask(outside, before.shape[:2])
    fine = [np.abs(high_pass(one.mean(axis=-1), SIGMA))[outside] for one in (before, after)]
    if not outside.any() or not fine[0].any():
        return float("nan")
    return float(fine[1].mean() / fine[0].mean())


def finetune_step(
    generator: nn.Module,
    batch: Batch,
    optimizer: torch.optim.Optimizer,
    inside: float = 1.0,
) -> torch.Tensor:
    """One step of the generator towards pseudo ground truth.

    The loss is a weighted mean of the absolute errors of all pixels and colours. A pixel of the
    mask weighs ``inside``, another one 1. The weights are divided by their mean, so that the loss
    doesn't grow with the area of the mask.

    Args:
        generator: inputs → pictures N×3×H×W.
        batch: ``rainy``, the inputs; ``clean``, the pseudo ground truth N×3×H×W; ``mask``,
            N×1×H×W, 1 where an artifact was and 0 elsewhere.
        optimizer: of the generator.
        inside: weight of a masked pixel, above 0.

    Returns:
        The loss before the update, without a graph.

    Example:
        Errors of 0.2 on the mask, a quarter of the picture, and 0.1 elsewhere: with inside = 3,
        the loss is (0.25·3·0.2 + 0.75·0.1) / (0.25·3 + 0.75) = 0.15.
    """
    optimizer.zero_grad()
    weight = 1 + (inside - 1) * batch.mask
    error = (generator(batch.rainy) - batch.clean).abs()
    loss = (weight * error).mean() / weight.mean()
    loss.backward()
    optimizer.step()
    return loss.detach()


def adapt_online(
    model: Any,
    stream: Iterable[np.ndarray],
    *,
    detect: Callable[[Any, np.ndarray], np.ndarray],
    finetune: Callable[[Any, list[np.ndarray]], None],
    replay: int,
) -> list[int]:
    """Finetune a model while pictures arrive, each time one shows an artifact (A.1, discussion 6).

    The model is finetuned on the new picture and on up to ``replay`` earlier ones that had
    artifacts: those that arrived last, in the order of arrival, with the new one at the end.

    Args:
        model: that is finetuned in place.
        stream: of inputs, one after another; it may be a generator.
        detect: (model, input) → mask, bool H×W, of the model as it is now.
        finetune: (model, inputs) → None; trains the model on them.
        replay: number of earlier inputs, 0 or more.

    Returns:
        The positions in the stream, from 0, at which the model was finetuned.

    Example:
        Inputs a, b, c, d, of which a, c and d show artifacts when they arrive, and replay = 1:
        the model is finetuned on [a], [a, c] and [c, d]. The result is [0, 2, 3].
    """
    seen: list[np.ndarray] = []
    when = []
    for position, picture in enumerate(stream):
        if not detect(model, picture).any():
            continue
        recent = seen[-replay:] if replay else []
        finetune(model, [*recent, picture])
        seen.append(picture)
        when.append(position)
    return when
