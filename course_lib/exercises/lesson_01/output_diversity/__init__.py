"""Exercise 01.5: how different a generator's outputs are."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from course_lib.checks.function import Case, Function, Refusal
from course_lib.checks.slips import Slip
from course_lib.checks.task import Task, texts
from course_lib.exercises.lesson_01.output_diversity import zoo
from course_lib.metrics import output_diversity

# In these bodies d are the N×N×3×H×W differences, and p(…) is the mean of N×N over the pairs.
SETUP = (
    "n, x = len(outputs), outputs\nif n < 2:\n    raise ValueError\n"
    "d = x[:, None] - x[None]\np = lambda table: table.sum() / (n * (n - 1))\nreturn "
)


def slip(formula: str, says: str) -> Slip:
    """A slip whose body returns the formula."""
    return Slip(SETUP + formula, says=says)


RIGHT = "p(d.abs().flatten(2).mean(2))"

SLIPS = (
    slip(
        "d.abs().mean()",
        "Each output is compared with itself too, and these zeros pull the average down. Leave "
        "out the N pairs of an output with itself.",
    ),
    slip(
        f"{RIGHT} / 2",
        "Your result is half as large. If each pair is counted once, as i < j, divide by the "
        "N·(N−1)/2 pairs, not by N·(N−1). If the outputs are brought to [0, 1], leave that out.",
    ),
    slip(
        f"{RIGHT} * 2",
        "Your result is twice as large. If each pair is counted both ways, there are N·(N−1) "
        "pairs to divide by.",
    ),
    slip(
        f"{RIGHT} * (n - 1) / (2 * n)",
        "You divide the sum over the pairs i < j by N·N: in the mean of an N×N table the zeros on "
        "the diagonal and below it count too. Divide by the number of pairs, N·(N−1)/2.",
    ),
    slip(
        f"{RIGHT} * n * (n - 1) / 2",
        "You add the distances of all pairs. The docstring asks for their average.",
    ),
    slip(
        f"{RIGHT} * n * (n - 1)",
        "You add the distances of all pairs, each pair both ways. The docstring asks for their "
        "average.",
    ),
    slip(
        "torch.zeros(())",
        "You get 0 however different the outputs are. Either the differences keep their signs "
        "and cancel each other, where absolute values belong, or each output is compared with "
        "itself only.",
    ),
    slip(
        "p(d.square().flatten(2).mean(2))",
        "You take squared differences. The docstring asks for absolute ones.",
    ),
    slip(
        "p(d.square().flatten(2).mean(2).sqrt())",
        "You take the root of the mean squared difference of two outputs. The docstring asks for "
        "the mean absolute difference.",
    ),
    slip(
        "p(d.square().flatten(2).sum(2).sqrt())",
        "You take the Euclidean distance of two outputs. The docstring asks for the mean absolute "
        "difference.",
    ),
    slip(
        "p(d.abs().flatten(2).sum(2))",
        "You add the differences over channels and pixels. The docstring asks for their mean, or "
        "larger pictures would look more diverse.",
    ),
    slip(
        f"3 * {RIGHT}",
        "You add the differences of the three channels. The docstring asks for the mean over "
        "channels and pixels.",
    ),
    slip(
        "x.std(0).mean()",
        "This is the standard deviation over the outputs. The docstring asks for the distances "
        "between two of them.",
    ),
    slip(
        "x.std(0, correction=0).mean()",
        "This is the standard deviation over the outputs, divided by N. The docstring asks for "
        "the distances between two of them.",
    ),
    slip(
        "x.std()",
        "This is the spread of the values inside the outputs, which is large even when all "
        "outputs are equal. Compare outputs with each other.",
    ),
    slip(
        "x.var(0).mean()",
        "This is the variance over the outputs. The docstring asks for the distances between two "
        "of them.",
    ),
    slip(
        "(x - x.mean(0)).abs().mean()",
        "This is the distance to the mean of the outputs. The docstring asks for the distances "
        "between two of them.",
    ),
    slip(
        "x.diff(dim=0).abs().mean()",
        "Each output is compared with the next one only. The docstring asks for all pairs.",
    ),
    slip(
        "(x[1:] - x[:1]).abs().mean()",
        "Each output is compared with the first one only. The docstring asks for all pairs.",
    ),
    slip(
        "(x - x.roll(1, 0)).abs().mean()",
        "Each output is compared with the next one, and the last with the first. The docstring "
        "asks for all pairs.",
    ),
    slip(
        "p((x.flatten(1).mean(1)[:, None] - x.flatten(1).mean(1)).abs())",
        "You compare the outputs' mean values, not their pixels. Two pictures that differ "
        "everywhere can have the same mean.",
    ),
    slip(
        "d.abs().flatten(2).mean(2).max()",
        "This is the largest distance of two outputs. The docstring asks for the average over all "
        "pairs.",
    ),
    slip(
        "d[d != 0].abs().mean() if d.any() else torch.zeros(())",
        "You leave out every difference that is 0. Leave out only the pairs of an output with "
        "itself: two different outputs may agree in some pixels, or everywhere.",
    ),
    slip(
        "p(torch.stack([d.abs().flatten(2).mean(2)[i, j] for i in range(n) for j in range(n) "
        "if not torch.equal(x[i], x[j])] or [torch.zeros(())])) * n * (n - 1) "
        "/ max(sum(not torch.equal(a, b) for a in x for b in x), 1)",
        "You leave out the pairs whose outputs are equal. A pair is two different outputs by "
        "their index; that their values agree is what the diversity has to show.",
    ),
    Slip("raise ValueError → return torch.zeros(())  # ", gets="On a single output"),
    Slip("n < 2 → n < 1", gets="On a single output"),
    Slip("distances.sum() / (n * (n - 1)) → distances", gets="one number is expected"),
    Slip(
        "return distances → outputs /= outputs.abs().max()\n    return distances",
        gets="changes its input `outputs`",
    ),
    Slip(SETUP + "torch.tensor(2 / 3)", gets="whatever it is called with"),
)


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Two to six outputs of many sizes and ranges; some equal, in part or all of them."""
    generator = torch.Generator().manual_seed(int(rng.integers(2**32)))
    height, width = (int(side) for side in rng.choice(range(4, 10), 2, replace=False))
    for n, h, w, low, high in (
        (5, height, width, -1, 1),
        (3, width, height, 0, 1),
        (4, height, height, 0, 255),
        (6, 1, width, -1, 1),
        (9, 2, 3, -1, 1),
        (2, height, 3, -1, 1),
    ):
        # Each output has a brightness of its own, so that pairs differ much and little.
        outputs = torch.rand(n, 3, h, w, generator=generator)
        outputs *= torch.rand(n, 1, 1, 1, generator=generator)
        on = f"{n} outputs of {h}×{w} pixels in [{low}, {high}]"
        yield Case(on=on, args=(low + (high - low) * outputs,))
    yield Case(on="four equal outputs", args=(outputs[:1].repeat(4, 1, 1, 1),))
    yield Case(on="two equal outputs and another one", args=(outputs[[0, 1, 1]],))
    half = outputs.clone()
    half[1, :, :, :1] = half[0, :, :, :1]
    yield Case(on="two outputs with one equal column", args=(half,))


def flat(*values: float) -> torch.Tensor:
    """Flat pictures of these values."""
    return torch.tensor(values)[:, None, None, None].repeat(1, 3, 1, 1)


TASK = Task(
    **texts(__file__),
    reference=output_diversity,
    examine=Function(
        example=Case(on="three flat pictures of value 0, 0 and 1", args=(flat(0.0, 0.0, 1.0),)),
        cases=cases,
        any_number=True,
        refusals=lambda rng: [
            Refusal(args=(flat(0.5),), on="a single output"),
            Refusal(args=(flat(),), on="no output at all"),
        ],
    ),
    lesson_size=lambda rng: (torch.rand(16, 3, 64, 64),),
    slips=SLIPS,
    written=zoo.WRITTEN,
    valid=zoo.VALID,
    equivalent={
        "line 2: `if n < 2:` after the next statement": "It still raises before it returns.",
        "line 4: ….mean(2) → ….mean(2, keepdims=True)": "N×N×1 distances have the same sum.",
        "line 4: outputs[:, None] - outputs[None] → outputs[None] - outputs[:, None]": "Absolute "
        "differences are the same both ways.",
    },
)
