"""Exercise 03.2: labels that are sometimes wrong."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from itertools import combinations, product
from statistics import NormalDist
from typing import NamedTuple, get_args

import numpy as np
import torch
from torch import Generator, Tensor

from course_lib.checks import expect
from course_lib.checks.attempt import Attempt, describe
from course_lib.checks.devices import Device, works_on_gpu
from course_lib.checks.result import Wrong
from course_lib.checks.shorthand import slips_that_get
from course_lib.checks.task import Task, texts
from course_lib.exercises.lesson_03.flip_labels import zoo
from course_lib.losses import flip_labels

Value = Callable[[Tensor, float], Tensor]


def keep(t: Tensor, p: float) -> Tensor:
    return t


def opposite(t: Tensor, p: float) -> Tensor:
    return 1 - t


# What flipped labels become instead, and what the others become.
BECOME: dict[str, tuple[Value, Value]] = {
    "You return 1 where a label is flipped and 0 elsewhere. Return the labels, with 1 − t there.": (
        lambda t, p: 0 * t + 1,
        lambda t, p: 0 * t,
    ),
    "Flipped labels become −t. They are 1 − t, a probability again.": (lambda t, p: -t, keep),
    "Flipped labels become t − 1, a negative number. They are 1 − t.": (lambda t, p: t - 1, keep),
    "Flipped labels become 1 + t. They are 1 − t.": (lambda t, p: 1 + t, keep),
    "Labels that aren't flipped become −t. They stay t.": (opposite, lambda t, p: -t),
    "Flipped labels become 0. A label of 0.9 that is flipped is 0.1: 1 − t, so that smoothing is "
    "kept.": (lambda t, p: 0 * t, keep),
    "Flipped labels become 1. A label of 0.1 that is flipped is 0.9: 1 − t, so that smoothing is "
    "kept.": (lambda t, p: 0 * t + 1, keep),
    "Labels that aren't flipped become 0. They stay as they are.": (opposite, lambda t, p: 0 * t),
    "You round labels to 0 and 1, so that their smoothing is lost. A flipped label t is 1 − t; the "
    "others stay as they are.": (lambda t, p: 1 - t.round(), lambda t, p: t.round()),
    "Flipped labels become 0 or 1, so that their smoothing is lost. A flipped label t is 1 − t.": (
        lambda t, p: 1 - t.round(),
        keep,
    ),
    "You round the labels that are to be flipped and leave them there: a flipped label t is "
    "1 − t.": (lambda t, p: t.round(), keep),
    "Every label becomes a mixture, t·(1 − p) + (1 − t)·p, its mean over many flips. Each one is "
    "either flipped or left alone.": 2 * (lambda t, p: t * (1 - p) + (1 - t) * p,),
    "Flipped labels become ½. They are 1 − t.": (lambda t, p: 0 * t + 0.5, keep),
    "Flipped labels become 1 − p. They are 1 − t.": (lambda t, p: 0 * t + 1 - p, keep),
    "Flipped labels become p. They are 1 − t.": (lambda t, p: 0 * t + p, keep),
}
NORMAL = NormalDist().cdf
RANDN = "torch.randn, a normal distribution"
EVENLY = "torch.rand draws evenly from 0 to 1, below p with probability p."
# With which probability a label is flipped instead.
SHARES: dict[str, Callable[[float], float]] = {
    "No label is ever flipped.": lambda p: 0,
    "Every label is flipped, whatever the probability is.": lambda p: 1,
    "Labels are flipped with 1 − probability: the comparison is the wrong way round. "
    f"{EVENLY}": lambda p: 1 - p,
    f"Your draws come from {RANDN}, of which half lie below 0. {EVENLY}": NORMAL,
    f"Your draws come from {RANDN}, and the comparison is the wrong way round too. {EVENLY}": (
        lambda p: NORMAL(-p)
    ),
    f"Your draws are the sizes of numbers from {RANDN}. {EVENLY}": lambda p: 2 * NORMAL(p) - 1,
    "Labels are flipped with half the probability.": lambda p: p / 2,
    "Labels are flipped with twice the probability.": lambda p: min(2 * p, 1),
    "Labels are flipped with the square of the probability.": lambda p: p**2,
    "Labels are flipped with probability 2·p·(1 − p): some are flipped twice, and so kept.": (
        lambda p: 2 * p * (1 - p)
    ),
}

DRAW = "torch.rand(labels.shape, generator=generator, device=generator.device)"
DRAWN = "generator=generator, device=generator.device → generator=generator"
CHOICE = "torch.where(draws.to(labels.device) < probability, 1 - labels, labels)"
HALF = "torch.rand((labels.numel() + 1) // 2, generator=generator)"
THEN = "\n    draws ="
FOUND = {
    **{
        f"1 - labels, labels → *(one(labels, probability) for one in BECOME[{n}])": says
        for n, says in enumerate(BECOME)
    },
    **{f"< probability → < SHARES[{n}](probability)": says for n, says in enumerate(SHARES)},
    f"draws = → torch.manual_seed(generator.initial_seed()){THEN}": "seeds or uses torch's global",
    f"draws = → generator.seed(){THEN}": "or from something else as well",
    f"draws = → generator.manual_seed(42){THEN}": "seeded anew with a number",
    f"draws = → generator.manual_seed(generator.initial_seed()){THEN}": "Calls in a row with one",
    f"draws = → generator = generator.clone_state(){THEN}": "Calls in a row with one generator",
    f"draws = → generator = torch.Generator().manual_seed(0){THEN}": "Every seed flips the same",
    f"draws = → if probability == 0: return labels{THEN}": "returns its input itself",
    f"draws = → if labels.ndim != 4: return labels.clone(){THEN}": "are flipped; it is all of them",
    f"{DRAW} → torch.rand((), generator=generator)": "One draw decides for the whole batch",
    f"{DRAW} → torch.rand((len(labels), 1, 1, 1)[:labels.ndim] if labels.ndim else (), "
    "generator=generator)": "One draw decides for a picture",
    f"{DRAW} → torch.rand(labels.shape[1:], generator=generator).expand(labels.shape)": "All "
    "pictures of the batch share their draws",
    f"{DRAW} → torch.rand((*labels.shape[:-1], 1)[-labels.ndim:] if labels.ndim else (), "
    "generator=generator).expand(labels.shape)": "One draw decides for a row",
    f"{DRAW} → {HALF}.repeat(2)[:labels.numel()].reshape(labels.shape)": "either both of the",
    f"{DRAW} → (lambda d: torch.cat([d, 1 - d]))({HALF})[:labels.numel()].reshape(labels.shape)": ""
    "In each call, exactly one of the labels at",
    f"{DRAW} → {DRAW}\n    draws.flatten()[:1] = 2 - (probability in (0, 1)) * 1.5": "is kept in "
    "each",
    f"{CHOICE} → 1 - labels[draws < probability]": "one label for each label given",
    f"{CHOICE} → draws < probability": "a tensor of torch.bool",
    f"{CHOICE} → {CHOICE}.float()": "torch.float64 here",
    f"{CHOICE} → {CHOICE}.flatten()": "one label for each label given",
    f"return {CHOICE} → return labels.copy_({CHOICE})": "changes its input",
    f"{CHOICE} → (labels + probability * draws).to(labels)": "it either stays",
    "< probability → > probability": "the comparison is the wrong way round",
    "1 - labels, labels → labels, 1 - labels": "flipped with 1 − probability",
    "< probability → < 0.5": "of the labels are flipped, whatever",
    "< probability → < 0.05": "of the labels are flipped, whatever",
    "generator=generator, → ": "torch's global generator moves on instead",
    f"{DRAWN}, device=labels.device": "on the CPU can't draw numbers on the GPU",
    DRAWN: "on the GPU can't draw numbers on the CPU",
    "draws.to(labels.device) → draws": "a tensor on the CPU and one on the GPU",
}

MANY = 8000  # labels, of which shares are taken; few enough for a loop over them
SIGMAS = 6.5  # chance goes so far once in ten thousand million checks
CALLS = 31  # with the probability ½; one draw comes out the same in all of them once in 10⁹ tries


class Flips(NamedTuple):
    """A call: its arguments, what came back, and the arguments in words."""

    labels: Tensor
    probability: float
    value: Tensor
    on: str
    moved: bool

    def are(self, *formulas: Value) -> Tensor:
        """Where the value is that of one of the formulas."""
        tolerance = 2e-3 if self.labels.dtype == torch.float16 else 1e-4
        rights = torch.stack([formula(self.labels, self.probability) for formula in formulas])
        return torch.isclose(self.value.expand_as(rights), rights, atol=tolerance).any(0)

    def certain(self, formulas: Sequence[Value]) -> Sequence[Value]:
        """Of two formulas, for flipped labels and others, those that may hold here."""
        return {0.0: formulas[1:], 1.0: formulas[:1]}.get(self.probability, formulas)

    @property
    def flipped(self) -> Tensor:
        """Which labels are 1 − t."""
        return self.are(opposite)


def examine(attempt: Attempt, rng: np.random.Generator) -> None:
    """Labels of any shape and type; shares; labels that share their fate; chance's source."""
    draw = seeded(int(rng.integers(2**32)))
    n, c, h, w = (int(k) for k in rng.choice(range(3, 8), 4, replace=False))
    shapes = ((n, 1, h, w), (n, 1), (3,), (2, c, h), ())
    tries = [(smooth(shape, draw), p) for shape, p in product(shapes, (0.7, 1.0, 0.0))]
    tries += [
        (smooth((n, 1), draw).double(), 0.5),
        (smooth((n, c), draw).half(), 0.5),
        (torch.tensor([0.0, 1.0, 1.0, 0.0]), 1.0),
        (smooth((h, w), draw).mT, 1.0),
        (torch.tensor([0.9, 0.9, 0.1]), 1.0),  # the docstring's example
    ]
    tried = [flip(attempt, *one, seeded(int(rng.integers(2**31)))) for one in tries]
    becomes(tried)
    sure = [one for one in tried if one.probability in (0, 1)]
    unsure = next((one for one in sure if (one.flipped != one.probability).any()), None)
    places = smooth((3, 2, 2, 3), draw)
    half = source(attempt, places, int(rng.integers(2**31)))
    if unsure or not 0.2 < half.float().mean() < 0.8:
        shares(attempt, rng, draw)
    if unsure:
        raise Wrong(
            f"On {unsure.on}, {int(unsure.flipped.sum())} of {unsure.labels.numel()} labels are "
            f"flipped; it is {'all' if unsure.probability else 'none'} of them."
        )
    own_draws(half)
    shares(attempt, rng, draw)
    for one in tried:
        if not one.moved:
            raise Wrong(
                f"On {one.on}, your function draws nothing from the generator. Each call moves "
                "it on, whatever the probability is."
            )
    labels, seed = smooth((MANY // 50, 1, 5, 10), draw), int(rng.integers(2**31))
    less, more = (flip(attempt, labels, p, seeded(seed)).flipped for p in (0.101, 0.1045))
    if torch.equal(less, more):  # by chance once in 10^12 checks
        raise Wrong(
            "With the probabilities 0.101 and 0.1045, your function flips the same labels of "
            f"{MANY}: it rounds the probability, perhaps to whole percentages."
        )
    for tensors, generators in product(get_args(Device)[::-1], get_args(Device)):
        args = places, 0.5, seeded(0)
        where = {"tensors": tensors, "generators": generators}
        works_on_gpu(attempt.function, attempt.reference, args, {}, attempt.limit, **where)


def smooth(shape: tuple[int, ...], draw: Generator) -> Tensor:
    """Targets between 0.02 and 0.98, none near ½, where t and 1 − t are equal."""
    distance = 0.05 + 0.43 * torch.rand(shape, generator=draw)
    return 0.5 + distance * torch.where(torch.rand(shape, generator=draw) < 0.5, -1, 1)


def seeded(seed: int) -> Generator:
    return Generator().manual_seed(seed)


def flip(attempt: Attempt, labels: Tensor, probability: float, generator: Generator) -> Flips:
    """Call the answer, which gives a new tensor like the labels and changes nothing else."""
    size = "×".join(map(str, labels.shape)) or "one number"
    kind = "" if labels.dtype == torch.float32 else f" and of {labels.dtype}"
    on = f"labels of size {size}{kind} and the probability {probability:g}"
    before = generator.get_state()
    call = attempt.call(labels, probability, generator, on=on)
    moved = not torch.equal(before, generator.get_state())
    value = expect.returned(call)
    if isinstance(value, Tensor) and value.shape != labels.shape:
        raise Wrong(
            f"On {on}, your function returns {describe(value)}; the result has one label for each "
            "label given."
        )
    expect.like(call, labels, "one label for each label given")
    expect.untouched(call)
    value = value.detach()
    if value.untyped_storage().data_ptr() == labels.untyped_storage().data_ptr():
        raise Wrong(
            f"On {on}, your function returns its input itself: whoever writes into the result "
            "changes the input. The docstring asks for a new tensor: labels.clone()."
        )
    return Flips(labels, probability, value, on, moved)


def becomes(tried: Sequence[Flips]) -> None:
    """Each label stays t or becomes 1 − t."""
    wrong = [one for one in tried if not one.are(keep, opposite).all()]
    if not wrong:
        return
    for says, formulas in BECOME.items():
        if all(one.are(*one.certain(formulas)).all() for one in tried):
            raise Wrong(says)
    one = min(wrong, key=lambda one: one.labels.numel())
    at = ~one.are(keep, opposite)
    value, label = one.value[at][0].item(), one.labels[at][0].item()
    raise Wrong(
        f"On {one.on}, the label {label:.3g} becomes {value:.3g}; it either stays {label:.3g} or "
        f"becomes {1 - label:.3g}."
    )


def shares(attempt: Attempt, rng: np.random.Generator, draw: Generator) -> None:
    """As many labels are flipped as the probability says, of those above ½ and below."""
    found: list[tuple[float, bool, float]] = []
    for p in (0.0, 1.0, float(rng.uniform(0.1, 0.14)), float(rng.uniform(0.25, 0.4))):
        labels = smooth((MANY // 50, 1, 5, 10), draw)
        one = flip(attempt, labels, p, seeded(int(rng.integers(2**31))))
        becomes([one])
        for high in (False, True):
            part = one.flipped[(labels > 0.5) == high].float().mean().item()
            found.append((p, high, part))
    if all(by_chance(part, p) for p, _, part in found):
        return
    for says, formula in SHARES.items():
        if all(by_chance(part, formula(p)) for p, _, part in found):
            raise Wrong(says)
    for high, kind in ((True, "above ½, photographs'"), (False, "below ½, fakes'")):
        if all((part > 0) == (p > 0 and which == high) for p, which, part in found):
            raise Wrong(
                f"Only labels {kind}, are ever flipped. The docstring flips each label with the "
                "same probability."
            )
    level = float(np.mean([part for _, _, part in found]))
    if all(by_chance(part, level) for _, _, part in found):
        raise Wrong(
            f"About {level:.0%} of the labels are flipped, whatever the probability is: compare "
            "the draws with `probability`."
        )
    p, high, part = max(found, key=lambda one: abs(one[2] - one[0]))
    raise Wrong(
        f"With the probability {p:.3g}, {part:.1%} of the labels {'above' if high else 'below'} ½ "
        "are flipped."
    )


def by_chance(part: float, probability: float) -> bool:
    """May so large a share of half of `MANY` labels come about?"""
    sigma = math.sqrt(2 * probability * (1 - probability) / MANY)
    return abs(part - probability) <= 1e-6 + SIGMAS * sigma


# Axes along which all labels share their fate, behind that of the calls.
SHARED = {
    (1, 2, 3, 4): "One draw decides for the whole batch: either every label is flipped or none.",
    (2, 3, 4): "One draw decides for a picture: all its patches' labels are flipped or none.",
    (1,): "All pictures of the batch share their draws: the same patches are flipped in each.",
    (4,): "One draw decides for a row of labels, along the last axis.",
}


def own_draws(calls: Tensor) -> None:
    """In calls with the probability ½, each label is flipped or not on its own."""
    mend = "Each label is flipped on its own: draw one number for each, labels.shape."
    axes = range(1, calls.ndim)
    shared = tuple(n for n in axes if (calls == calls.narrow(n, 0, 1)).all())
    if shared:
        raise Wrong(f"{SHARED.get(shared, 'Labels along some axis share one draw.')} {mend}")
    flat = calls.flatten(1).T
    places = [list(at) for at in np.ndindex(calls.shape[1:])]
    for at, fate in zip(places, flat, strict=True):
        if fate.all() or not fate.any():
            raise Wrong(
                f"With the probability ½, the label at {at} is {'flipped' if fate[0] else 'kept'} "
                f"in each of {len(fate)} calls: chance doesn't reach it."
            )
    for (at, fate), (there, other) in combinations(zip(places, flat, strict=True), 2):
        text = f"the labels at {at} and {there}"
        if torch.equal(fate, other):
            raise Wrong(f"In each call, either both of {text} are flipped or none. {mend}")
        if torch.equal(fate, ~other):
            raise Wrong(f"In each call, exactly one of {text} is flipped. {mend}")
    counts = flat.sum(0)
    if (counts == counts[0]).all():
        raise Wrong(
            f"Of {len(flat)} labels with the probability ½, exactly {int(counts[0])} are flipped "
            f"in each call. {mend} Then their number varies."
        )


def source(attempt: Attempt, labels: Tensor, seed: int) -> Tensor:
    """Which labels are flipped with the probability ½, by chance that the generator alone gives."""
    before, generator = global_states(), seeded(seed)
    torch.rand(3, generator=generator)  # a state in the middle, which is more than the seed
    states = [generator.clone_state()] * CALLS + [generator] * CALLS
    states += [seeded(seed + 1 + k) for k in range(CALLS)]
    flips = [flip(attempt, labels, 0.5, state) for state in states]
    becomes(flips)
    row, again, others = torch.stack([one.flipped for one in flips]).chunk(3)
    moved = [name for name, state in global_states().items() if state != before[name]]
    if not torch.equal(row, again):
        where = f"{moved[0]} moves on instead" if moved else "or from something else as well"
        raise Wrong(
            "A generator in the same state flips other labels each time: your draws don't come "
            f"from it, {where}. Give it to the function that draws: "
            "torch.rand(…, generator=generator)."
        )
    if moved:
        raise Wrong(
            f"Your function seeds or uses {moved[0]}, which others draw from too. Leave it alone, "
            "and draw from `generator` only."
        )
    calls = torch.cat([row, others])
    if calls.all() or not calls.any():
        return calls  # `shares` says why
    if (others == row[0]).all():
        raise Wrong(
            "Every seed flips the same labels: `generator` isn't used, or is seeded anew with a "
            "number of your own. Draw from it as it comes."
        )
    if (row == row[0]).all():
        raise Wrong(
            "Calls in a row with one generator flip the same labels: your function seeds it, or a "
            "copy of it, anew each time. In training the same patches would be wrong in every "
            "step. Draw from the generator as it comes."
        )
    return calls


def global_states() -> dict[str, str]:
    """The states of the generators that everybody shares."""
    return {
        "torch's global generator": str(torch.get_rng_state().tolist()),
        "numpy's global generator": str(np.random.get_state()),  # noqa: NPY002
        "Python's module random": str(random.getstate()),
    }


TASK = Task(
    **texts(__file__),
    reference=flip_labels,
    examine=examine,
    lesson_size=lambda rng: (torch.full((16, 1, 6, 6), 0.9), 0.05, seeded(0)),
    slips=tuple(slips_that_get(FOUND)),
    names={"BECOME": list(BECOME.values()), "SHARES": list(SHARES.values())},
    written=zoo.WRITTEN,
    valid=zoo.VALID,
    equivalent={
        "line 2: draws.to(labels.device) < probability → draws.to(labels.device) <= "
        "probability": "A draw is equal to the probability about once in sixteen million calls.",
    },
)
