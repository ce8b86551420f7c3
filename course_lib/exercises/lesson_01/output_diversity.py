"""Exercise 01.5: how different a generator's outputs are."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from course_lib.checks import expect
from course_lib.checks.attempt import Attempt
from course_lib.checks.expect import Case
from course_lib.checks.result import Wrong
from course_lib.checks.task import Header, Task
from course_lib.exercises.lesson_01 import output_diversity_zoo as zoo
from course_lib.exercises.lesson_01.losses import Loss, devices
from course_lib.metrics import output_diversity

HEADER = Header(
    id="01.5",
    title="How different the outputs are",
    difficulty=3,
    minutes=12,
    needed_for="measuring the collapse of the baseline",
)

HINTS = (
    "Do the docstring's example by hand: three pictures make three pairs. What would the mean be "
    "if each picture were compared with itself as well?",
    "`outputs[:, None] - outputs[None]` holds the difference of every two pictures, N×N×3×H×W. "
    "Take its absolute value, the mean over the last three axes, and you have N×N distances with "
    "zeros on the diagonal, which must not count in the average. Two loops over i < j do as well.",
    "Almost the code:\n"
    "    n = len(outputs)\n"
    "    if n < 2:\n"
    "        raise ValueError(...)\n"
    "    distances = (outputs[:, None] - outputs[None]).abs().flatten(2).mean(...)\n"
    "    return distances.sum() / (n * ...)",
)


def _differences(outputs: Tensor) -> Tensor:
    return outputs[:, None] - outputs[None]


def _pairs(outputs: Tensor, distance: Tensor) -> Tensor:
    """The mean of an N×N distance over the pairs of two different outputs."""
    n = len(outputs)
    return distance.sum() / (n * (n - 1))


MISCONCEPTIONS: dict[str, Loss] = {
    "each output is compared with itself too, and these zeros pull the average down: leave out "
    "the N pairs of an output with itself.": lambda x: _differences(x).abs().mean(),
    "your result is half as large: if each pair is counted once, as i < j, there are N·(N−1)/2 "
    "pairs to divide by, not N·(N−1).": lambda x: output_diversity(x) / 2,
    "your result is twice as large: if each pair is counted both ways, there are N·(N−1) of them "
    "to divide by.": lambda x: output_diversity(x) * 2,
    "you divide the sum over the pairs i < j by N·N: in the mean of an N×N table the zeros on the "
    "diagonal and below it count too. Divide by the number of pairs, N·(N−1)/2.": (
        lambda x: output_diversity(x) * (len(x) - 1) / (2 * len(x))
    ),
    "you add the distances of all pairs up; the docstring asks for their average.": (
        lambda x: output_diversity(x) * len(x) * (len(x) - 1) / 2
    ),
    "you add the distances of all pairs up, each pair both ways; the docstring asks for their "
    "average.": lambda x: output_diversity(x) * len(x) * (len(x) - 1),
    "you get 0 however different the outputs are: either the differences keep their signs and "
    "cancel each other, where absolute values belong, or each output is compared with itself "
    "only.": lambda x: torch.zeros(()),
    "you take squared differences; the docstring asks for absolute ones.": (
        lambda x: _pairs(x, _differences(x).square().flatten(2).mean(2))
    ),
    "you take the root of the mean squared difference of two outputs; the docstring asks for the "
    "mean absolute one.": lambda x: _pairs(x, _differences(x).square().flatten(2).mean(2).sqrt()),
    "you take the Euclidean distance of two outputs; the docstring asks for the mean absolute "
    "difference.": lambda x: _pairs(x, _differences(x).square().flatten(2).sum(2).sqrt()),
    "you add the differences over channels and pixels up; the docstring asks for their mean, or "
    "larger pictures would look more diverse.": (
        lambda x: _pairs(x, _differences(x).abs().flatten(2).sum(2))
    ),
    "you add the differences of the three channels up; the docstring asks for the mean over "
    "channels and pixels.": lambda x: 3 * output_diversity(x),
    "this is the standard deviation over the outputs; the docstring asks for the distances "
    "between two of them.": lambda x: x.std(0).mean(),
    "this is the standard deviation over the outputs, with N below; the docstring asks for the "
    "distances between two of them.": lambda x: x.std(0, correction=0).mean(),
    "this is the spread of the values inside the outputs, which is large even when all outputs "
    "are equal; compare outputs with each other.": lambda x: x.std(),
    "this is the variance over the outputs; the docstring asks for the distances between two of "
    "them.": lambda x: x.var(0).mean(),
    "this is the distance to the mean of the outputs; the docstring asks for the distances "
    "between two of them.": lambda x: (x - x.mean(0)).abs().mean(),
    "each output is compared with the next one only; the docstring asks for all pairs.": (
        lambda x: x.diff(dim=0).abs().mean()
    ),
    "each output is compared with the first one only; the docstring asks for all pairs.": (
        lambda x: (x[1:] - x[:1]).abs().mean()
    ),
    "each output is compared with the next one, and the last with the first; the docstring asks "
    "for all pairs.": lambda x: (x - x.roll(1, 0)).abs().mean(),
    "you compare the outputs' mean values, not their pixels: two pictures that differ everywhere "
    "can have the same mean.": (
        lambda x: _pairs(x, (x.flatten(1).mean(1)[:, None] - x.flatten(1).mean(1)).abs())
    ),
    "this is the largest distance of two outputs; the docstring asks for the average over all "
    "pairs.": lambda x: _differences(x).abs().flatten(2).mean(2).max(),
}


def examine(attempt: Attempt, rng: np.random.Generator) -> None:
    """Two to six outputs of many sizes and ranges."""
    generator = torch.Generator().manual_seed(int(rng.integers(2**32)))
    height, width = (int(side) for side in rng.choice(range(4, 10), 2, replace=False))
    cases = []
    for n, h, w, low, high in (
        (5, height, width, -1, 1),
        (3, width, height, 0, 1),
        (4, height, height, 0, 255),
        (6, 1, width, -1, 1),
        (2, height, 3, -1, 1),
    ):
        # Each output has a brightness of its own, so that pairs differ much and little.
        outputs = torch.rand(n, 3, h, w, generator=generator) * torch.rand(
            n, 1, 1, 1, generator=generator
        )
        cases.append(
            Case(
                on=f"{n} outputs of {h}×{w} pixels in [{low}, {high}]",
                args=(low + (high - low) * outputs,),
            )
        )
    got = []
    for case in cases:
        call = case.call(attempt)
        got.append(expect.number(call))
        expect.finite(call, got[-1])
        expect.untouched(call)
    expect.values(got, cases, output_diversity, MISCONCEPTIONS)
    _collapsed(attempt, cases[0].args[0])
    for device in devices()[1:]:
        attempt.call(cases[0].args[0].to(device), on="outputs on the GPU")
    attempt.refuses(cases[0].args[0][:1], on="a single output")


def _collapsed(attempt: Attempt, outputs: Tensor) -> None:
    call = attempt.call(outputs[:1].expand(4, -1, -1, -1).clone(), on="four equal outputs")
    value = expect.number(call)
    if not expect.close(value, 0, 1e-5):
        raise Wrong(
            f"On four equal outputs, your function gives {value:.4g}; a collapsed generator has "
            "no diversity, 0."
        )


TASK = Task(
    header=HEADER,
    reference=output_diversity,
    hints=HINTS,
    examine=examine,
    lesson_size=lambda rng: (torch.rand(16, 3, 64, 64),),
    wrong=zoo.WRONG,
    valid=zoo.VALID,
    equivalent=zoo.EQUIVALENT,
)
