"""Exercise 03.2: labels that are sometimes wrong."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from course_lib.checks import expect
from course_lib.checks.attempt import Attempt
from course_lib.checks.result import Wrong
from course_lib.checks.task import Header, Task
from course_lib.exercises.lesson_03 import flip_labels_zoo as zoo
from course_lib.exercises.lesson_03.labels import one_for_each, size
from course_lib.exercises.lesson_03.pretended_gpu import GeneratorOnGPU, on_gpu, try_on_gpu
from course_lib.losses import flip_labels

HEADER = Header(
    id="03.2",
    title="Labels that are sometimes wrong",
    difficulty=2,
    minutes=12,
    needed_for="the discriminator's step with noisy labels",
)

HINTS = (
    "torch.rand gives numbers from 0 to 1. How often is one of them below 0.1? You need one such "
    "number for each label. What does torch.rand take as generator= and as device=?",
    "Draw torch.rand(labels.shape, …) from the generator, on the generator's device, and bring "
    "the draws to the labels' device. Where a draw is below the probability, the label is 1 − t, "
    "elsewhere t: torch.where chooses entry by entry and makes a new tensor.",
    "Almost the code:\n"
    "    draws = torch.rand(labels.shape, generator=..., device=generator.device)\n"
    "    turned = draws.to(labels.device) < ...\n"
    "    return torch.where(turned, ..., labels)",
)

MEND = "torch.where(turned, 1 - labels, labels) keeps shape, type and device."

DEVICES = (
    "Draw where the generator lives, torch.rand(…, generator=generator, device=generator.device), "
    "and bring the draws to the labels: .to(labels.device)."
)

SAME = "nothing in the batch is turned on its own. Draw one number for each label: labels.shape."

# What turned labels become instead, entry by entry, and kept ones too where `everywhere` says so.
Formula = Callable[[Tensor, float], Tensor]

MISCONCEPTIONS: dict[str, Formula] = {
    "turned labels become −t; turned round they are 1 − t, a probability again.": (lambda t, p: -t),
    "turned labels become t − 1, a negative number; they are 1 − t.": lambda t, p: t - 1,
    "turned labels become 1 + t; they are 1 − t.": lambda t, p: 1 + t,
    "labels are replaced by 0. A label of 0.9 that is turned round is 0.1: 1 − t, so that "
    "smoothing is kept.": lambda t, p: torch.zeros_like(t),
    "labels are replaced by 1. A label of 0.1 that is turned round is 0.9: 1 − t, so that "
    "smoothing is kept.": lambda t, p: torch.ones_like(t),
    "labels are rounded to 0 and 1, so that their smoothing is lost. Turned round, t is 1 − t; "
    "the others stay as they are.": lambda t, p: t.round(),
    "labels are rounded to 0 and 1 before they are turned, so that their smoothing is lost: "
    "turned round, t is 1 − t as it stands.": lambda t, p: 1 - t.round(),
    "every label becomes a mixture, t·(1 − p) + (1 − t)·p, its mean over many flips. Each one is "
    "either turned round or left alone.": lambda t, p: t * (1 - p) + (1 - t) * p,
    "turned labels become ½; they are 1 − t.": lambda t, p: torch.full_like(t, 0.5),
    "turned labels become 1 − p; they are 1 − t.": lambda t, p: torch.full_like(t, 1 - p),
    "turned labels become p; they are 1 − t.": lambda t, p: torch.full_like(t, p),
}

# With which probability a label is turned instead.
SHARES: dict[str, Callable[[float], float]] = {
    "no label is ever turned.": lambda p: 0,
    "every label is turned, whatever the probability is.": lambda p: 1,
    "labels are turned with 1 − probability: the comparison is the wrong way round. A draw of "
    "torch.rand is *below* p with probability p.": lambda p: 1 - p,
    "about half of the labels are turned, whatever the probability is: compare the draws with "
    "`probability`.": lambda p: 0.5,
    "your draws come from torch.randn, a normal distribution, of which half lie below 0. "
    "torch.rand draws evenly from 0 to 1.": lambda p: 0.5 * (1 + math.erf(p / math.sqrt(2))),
    "your draws come from torch.randn, a normal distribution, and the comparison is the wrong "
    "way round too. torch.rand draws evenly from 0 to 1, below p with probability p.": (
        lambda p: 0.5 * (1 - math.erf(p / math.sqrt(2)))
    ),
    "your draws are the sizes of numbers from torch.randn, a normal distribution. torch.rand "
    "draws evenly from 0 to 1.": lambda p: math.erf(p / math.sqrt(2)),
    "labels are turned with half the probability.": lambda p: p / 2,
    "labels are turned with twice the probability.": lambda p: min(2 * p, 1),
    "labels are turned with the square of the probability.": lambda p: p**2,
    "labels are turned with probability 2·p·(1 − p): some are turned twice, and are back where "
    "they were.": lambda p: 2 * p * (1 - p),
}

LARGE = 3000  # labels, of which shares are taken; few enough for a loop over them
SIGMAS = 6.5  # chance goes so far once in ten thousand million checks


def examine(attempt: Attempt, rng: np.random.Generator) -> None:
    """Certain flips first, then what chance does, then where it comes from."""
    draw = torch.Generator().manual_seed(int(rng.integers(2**32)))
    n, c, h, w = (int(k) for k in rng.choice(range(3, 8), 4, replace=False))
    certain = []
    for shape in ((n, 1, h, w), (n, 1), (w,), (2, c, h), ()):
        labels = _labels(shape, draw)
        for probability in (0.7, 1.0, 0.0):
            turned = _turned(attempt, labels, probability, int(rng.integers(2**31)))
            certain.append(probability == 0.7 or bool((turned == bool(probability)).all()))
    _types(attempt, _labels((n, 1), draw))
    if not all(certain):
        _shares(attempt, rng, draw)
    _one_draw_each(attempt, _labels((12, 3, 2, 4), draw), int(rng.integers(2**31)))
    _shares(attempt, rng, draw)
    _counts_and_places(attempt, _labels((2, 1, 3, 4), draw), int(rng.integers(2**31)))
    _source(attempt, _labels((n, 1, h, w), draw), int(rng.integers(2**31)))
    _devices(attempt, _labels((n, 1, h, w), draw))


def _labels(shape: tuple[int, ...], draw: torch.Generator) -> Tensor:
    """Targets between 0.02 and 0.98, none near ½, where t and 1 − t are one."""
    distance = 0.05 + 0.43 * torch.rand(shape, generator=draw)
    return torch.where(torch.rand(shape, generator=draw) < 0.5, 0.5 - distance, 0.5 + distance)


def _seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _turned(
    attempt: Attempt, labels: Tensor, probability: float, generator: int | torch.Generator
) -> Tensor:
    """Which labels the answer turns round, of the labels' shape.

    Args:
        generator: a generator or the seed of a new one.

    Raises:
        Wrong: it doesn't give a label or its 1 − t for each one.
    """
    on = f"labels of size {size(labels.shape)} and the probability {probability:g}"
    generator = _seeded(generator) if isinstance(generator, int) else generator
    call = attempt.call(labels, probability, generator, on=on)
    value = one_for_each(call, labels, "labels", MEND).detach()
    expect.finite(call, value.numpy())
    expect.untouched(call)
    kept, turned = (torch.isclose(value, one, atol=1e-4) for one in (labels, 1 - labels))
    if not (kept | turned).all():
        raise Wrong(_what_they_become(value, labels, probability, kept | turned, on))
    return turned


def _what_they_become(
    value: Tensor, labels: Tensor, probability: float, right: Tensor, on: str
) -> str:
    """What stands where neither t nor 1 − t does."""
    for diagnosis, formula in MISCONCEPTIONS.items():
        if torch.allclose(value[~right], formula(labels, probability)[~right], atol=1e-4):
            return f"On {on}, {diagnosis}"
    if ((value[~right] == 0) | (value[~right] == 1)).all():
        return (
            f"On {on}, labels become 0 or 1, so that their smoothing is lost. Turned round, a "
            "label t is 1 − t; the others stay as they are."
        )
    wrong, label = value[~right][0].item(), labels[~right][0].item()
    where = ", outside 0 to 1" if not 0 <= wrong <= 1 else ""
    return (
        f"On {on}, the label {label:.3g} becomes {wrong:.3g}{where}; it either stays {label:.3g} "
        f"or turns into {1 - label:.3g}."
    )


def _types(attempt: Attempt, labels: Tensor) -> None:
    for dtype in (torch.float64, torch.float16):
        call = attempt.call(
            labels.to(dtype), 0.5, _seeded(0), on=f"labels of the type {dtype} and probability 0.5"
        )
        one_for_each(call, labels.to(dtype), "labels", MEND)


def _one_draw_each(attempt: Attempt, labels: Tensor, seed: int) -> None:
    """No axis along which all labels share their fate.

    Raises:
        Wrong: there is one.
    """
    masks = torch.stack([_turned(attempt, labels, 0.5, seed + k) for k in range(16)])
    if torch.equal(masks, masks[:1].expand_as(masks)):
        return  # `_source` says why
    shared = [
        axis
        for axis in range(labels.ndim)
        if torch.equal(masks, masks.narrow(axis + 1, 0, 1).expand_as(masks))
    ]
    if len(shared) == labels.ndim:
        raise Wrong(
            "One draw decides for the whole batch: either every label is turned or none, and "
            f"{SAME}"
        )
    if shared == [1, 2, 3]:
        raise Wrong(
            "One draw decides for a picture: all its patches' labels are turned or none. Each "
            "label is turned on its own: draw one number for each, labels.shape."
        )
    if shared == [0]:
        raise Wrong(
            "All pictures of the batch share their draws: the same patches are turned in each. "
            "Draw one number for each label: labels.shape."
        )
    if shared:
        raise Wrong(
            f"On labels of size {size(labels.shape)}, labels share their draws along axis "
            f"{shared[0]}: turned together, or left alone together. Draw one number for each "
            "label: labels.shape."
        )


def _shares(attempt: Attempt, rng: np.random.Generator, draw: torch.Generator) -> None:
    """As many labels are turned as the probability says, of either kind.

    Raises:
        Wrong: more or fewer.
    """
    tries = []
    for p, count in (
        (0.0, 500),
        (1.0, 500),
        (float(rng.uniform(0.1, 0.14)), LARGE),
        (float(rng.uniform(0.25, 0.4)), LARGE),
    ):
        labels = _labels((count // 50, 1, 5, 10), draw)
        turned = _turned(attempt, labels, p, int(rng.integers(2**31)))
        tries.append((p, turned.float().mean().item(), count, labels[turned]))
    off = [(p, share) for p, share, count, _ in tries if not _by_chance(share, p, count)]
    if not off:
        return
    ever = torch.cat([labels for *_, labels in tries])
    for spared, kind in ((ever < 0.5, "above ½, photographs'"), (ever > 0.5, "below ½, fakes'")):
        if len(ever) and not spared.any():
            raise Wrong(
                f"Only labels {kind}, are ever turned. The docstring turns each label with the "
                "same probability."
            )
    for diagnosis, formula in SHARES.items():
        if all(_by_chance(share, formula(p), count) for p, share, count, _ in tries):
            raise Wrong(expect.sentence(diagnosis))
    p, share = off[-1]
    raise Wrong(f"With the probability {p:.3g}, {share:.1%} of the labels are turned.")


def _by_chance(share: float, probability: float, count: int) -> bool:
    """May so large a share come about?"""
    return abs(share - probability) <= SIGMAS * math.sqrt(probability * (1 - probability) / count)


def _counts_and_places(attempt: Attempt, labels: Tensor, seed: int) -> None:
    """How many labels are turned, and which, differs from call to call.

    Raises:
        Wrong: one of them doesn't.
    """
    generator = _seeded(seed)
    masks = torch.stack([_turned(attempt, labels, 0.5, generator) for _ in range(40)])
    if torch.equal(masks, masks[:1].expand_as(masks)):
        return  # `_source` says why
    counts = masks.flatten(1).sum(1)
    if (counts == counts[0]).all():
        raise Wrong(
            f"Of {labels.numel()} labels with the probability 0.5, exactly {int(counts[0])} are "
            "turned, each time. Each label is turned on its own, so that their number varies: "
            "compare one draw for each with the probability."
        )
    fixed = (masks == masks[0]).all(0)
    if fixed.any():
        at = fixed.nonzero()[0].tolist()
        fate = "turned" if masks[0][fixed][0] else "left alone"
        raise Wrong(
            f"With the probability 0.5, the label at {at} is {fate} in each of 40 calls: chance "
            "doesn't reach it."
        )


def _source(attempt: Attempt, labels: Tensor, seed: int) -> None:
    """All chance comes from the generator, which moves on, and nothing else does.

    Raises:
        Wrong: it comes from elsewhere.
    """
    before = _global_states()
    first = _turned(attempt, labels, 0.5, seed)
    again = _turned(attempt, labels, 0.5, seed)
    moved = [name for name, state in _global_states().items() if state != before[name]]
    if not torch.equal(first, again):
        where = f"{moved[0]} moves on instead" if moved else "its chance comes from elsewhere"
        raise Wrong(
            "The same seed turns other labels each time: your draws don't come from `generator`; "
            f"{where}. Give it to the function that draws: torch.rand(…, generator=generator)."
        )
    if moved:
        raise Wrong(
            f"Your function seeds or uses {moved[0]}, which others draw from too. Leave it alone, "
            "and draw from `generator` only."
        )
    others = [_turned(attempt, labels, 0.5, seed + 1 + k) for k in range(3)]
    if all(torch.equal(first, other) for other in others):
        raise Wrong(
            "Every seed turns the same labels: `generator` isn't used, or is seeded anew with a "
            "number of your own. Draw from it as it comes."
        )
    generator = _seeded(seed)
    if torch.equal(*(_turned(attempt, labels, 0.5, generator) for _ in range(2))):
        raise Wrong(
            "Two calls in a row with one generator turn the same labels: your function seeds it "
            "anew each time, or a copy of it. In training the same patches would be wrong in "
            "every step. Draw from the generator as it comes."
        )


def _global_states() -> dict[str, object]:
    return {
        "torch's global generator": torch.get_rng_state().tolist(),
        "numpy's global generator": str(np.random.get_state()),  # noqa: NPY002
        "Python's module random": random.getstate(),
    }


def _devices(attempt: Attempt, labels: Tensor) -> None:
    for there, generator, on in (
        (on_gpu(labels), _seeded(0), "labels on the GPU and a generator on the CPU"),
        (labels, GeneratorOnGPU(), "labels on the CPU and a generator on the GPU"),
        (on_gpu(labels), GeneratorOnGPU(), "labels and a generator on the GPU"),
    ):
        try_on_gpu(attempt, there, 0.5, generator, on=on, mend=DEVICES)


def _lesson_size(rng: np.random.Generator) -> tuple[Tensor, float, torch.Generator]:
    return torch.full((16, 1, 6, 6), 0.9), 0.05, _seeded(0)


TASK = Task(
    header=HEADER,
    reference=flip_labels,
    hints=HINTS,
    examine=examine,
    lesson_size=_lesson_size,
    wrong=zoo.WRONG,
    valid=zoo.VALID,
    equivalent=zoo.EQUIVALENT,
)
