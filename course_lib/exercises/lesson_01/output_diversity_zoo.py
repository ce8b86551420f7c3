"""Exercise 01.5: wrong answers and valid alternatives."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import torch
from torch import Tensor

from course_lib.checks.task import Equivalent, WrongAnswer


def _refuse(outputs: Tensor) -> int:
    if len(outputs) < 2:
        raise ValueError("at least two outputs are needed")
    return len(outputs)


def _itself_too(outputs: Tensor) -> Tensor:
    _refuse(outputs)
    return (outputs[:, None] - outputs[None]).abs().mean()


def _half(outputs: Tensor) -> Tensor:
    n = _refuse(outputs)
    total = torch.zeros(())
    for i in range(n):
        for j in range(i + 1, n):
            total += (outputs[i] - outputs[j]).abs().mean()
    return total / (n * (n - 1))


def _mean_of_the_upper_half(outputs: Tensor) -> Tensor:
    _refuse(outputs)
    distances = (outputs[:, None] - outputs[None]).abs().flatten(2).mean(2)
    return torch.triu(distances, diagonal=1).mean()


def _double(outputs: Tensor) -> Tensor:
    n = _refuse(outputs)
    distances = (outputs[:, None] - outputs[None]).abs().mean((2, 3, 4))
    return distances.sum() / (n * (n - 1) / 2)


def _sum_of_pairs(outputs: Tensor) -> Tensor:
    _refuse(outputs)
    return torch.stack([(a - b).abs().mean() for a, b in combinations(outputs, 2)]).sum()


def _each_with_itself(outputs: Tensor) -> Tensor:
    n = _refuse(outputs)
    return (outputs[None] - outputs[None]).abs().flatten(2).mean(2).sum() / (n * (n - 1))


def _signs_kept(outputs: Tensor) -> Tensor:
    n = _refuse(outputs)
    return (outputs[:, None] - outputs[None]).mean((2, 3, 4)).sum() / (n * (n - 1))


def _abs_too_late(outputs: Tensor) -> Tensor:
    _refuse(outputs)
    return torch.stack([(a - b).mean().abs() for a, b in combinations(outputs, 2)]).mean()


def _squared(outputs: Tensor) -> Tensor:
    _refuse(outputs)
    return torch.stack([((a - b) ** 2).mean() for a, b in combinations(outputs, 2)]).mean()


def _euclidean(outputs: Tensor) -> Tensor:
    _refuse(outputs)
    return torch.pdist(outputs.flatten(1)).mean()


def _sum_over_pixels(outputs: Tensor) -> Tensor:
    _refuse(outputs)
    return torch.pdist(outputs.flatten(1), p=1).mean()


def _mean_over_pixels_only(outputs: Tensor) -> Tensor:
    _refuse(outputs)
    return torch.stack(
        [(a - b).abs().mean((1, 2)).sum() for a, b in combinations(outputs, 2)]
    ).mean()


def _standard_deviation(outputs: Tensor) -> Tensor:
    _refuse(outputs)
    return torch.std(outputs, dim=0).mean()


def _spread_inside(outputs: Tensor) -> Tensor:
    _refuse(outputs)
    return outputs.std()


def _distance_to_mean(outputs: Tensor) -> Tensor:
    _refuse(outputs)
    return (outputs - outputs.mean(0, keepdim=True)).abs().mean()


def _neighbours(outputs: Tensor) -> Tensor:
    _refuse(outputs)
    return torch.stack([(a - b).abs().mean() for a, b in pairwise(outputs)]).mean()


def _first_only(outputs: Tensor) -> Tensor:
    _refuse(outputs)
    return (outputs[0] - outputs[1:]).abs().mean()


def _channels_as_outputs(outputs: Tensor) -> Tensor:
    _refuse(outputs)
    channels = outputs.transpose(0, 1)
    n = len(channels)
    distances = (channels[:, None] - channels[None]).abs().flatten(2).mean(2)
    return distances.sum() / (n * (n - 1))


def _matrix(outputs: Tensor) -> Tensor:
    _refuse(outputs)
    return (outputs[:, None] - outputs[None]).abs().flatten(2).mean(2)


def _one_output_gives_nan(outputs: Tensor) -> Tensor:
    n = len(outputs)
    return (outputs[:, None] - outputs[None]).abs().flatten(2).mean(2).sum() / (n * (n - 1))


def _one_output_gives_zero(outputs: Tensor) -> Tensor:
    if len(outputs) < 2:
        return torch.zeros(())
    return torch.stack([(a - b).abs().mean() for a, b in combinations(outputs, 2)]).mean()


def _raises_text(outputs: Tensor) -> Tensor:
    if len(outputs) < 2:
        raise "at least two outputs are needed"  # type: ignore[misc]  # noqa: B016
    return torch.stack([(a - b).abs().mean() for a, b in combinations(outputs, 2)]).mean()


def _in_place(outputs: Tensor) -> Tensor:
    n = _refuse(outputs)
    outputs /= outputs.abs().max()
    return (outputs[:, None] - outputs[None]).abs().flatten(2).mean(2).sum() / (n * (n - 1))


def _docstring_example(outputs: Tensor) -> Tensor:
    _refuse(outputs)
    return torch.tensor(2 / 3)


def _by_combinations(outputs: Tensor) -> Tensor:
    _refuse(outputs)
    return torch.stack([(a - b).abs().mean() for a, b in combinations(outputs, 2)]).mean()


def _by_pdist(outputs: Tensor) -> Tensor:
    _refuse(outputs)
    flat = outputs.flatten(1)
    return torch.pdist(flat, p=1).mean() / flat.shape[1]


def _by_loops(outputs: Tensor) -> float:
    n = _refuse(outputs)
    total = 0.0
    for i in range(n):
        for j in range(n):
            if i != j:
                total += float((outputs[i] - outputs[j]).abs().mean())
    return total / n / (n - 1)


def _by_numpy(outputs: Tensor) -> np.floating:
    _refuse(outputs)
    pictures = outputs.detach().cpu().numpy()
    i, j = np.triu_indices(len(pictures), k=1)
    return np.abs(pictures[i] - pictures[j]).mean(dtype=np.float64)


WRONG = (
    WrongAnswer(answer=_itself_too, diagnosis="compared with itself too"),
    WrongAnswer(answer=_half, diagnosis="half as large"),
    WrongAnswer(answer=_mean_of_the_upper_half, diagnosis="on the diagonal and below it count"),
    WrongAnswer(answer=_double, diagnosis="twice as large"),
    WrongAnswer(answer=_sum_of_pairs, diagnosis="add the distances of all pairs up"),
    WrongAnswer(answer=_each_with_itself, diagnosis="compared with itself only"),
    WrongAnswer(answer=_signs_kept, diagnosis="keep their signs"),
    WrongAnswer(answer=_abs_too_late, diagnosis="the outputs' mean values"),
    WrongAnswer(answer=_squared, diagnosis="take squared differences"),
    WrongAnswer(answer=_euclidean, diagnosis="Euclidean distance"),
    WrongAnswer(answer=_sum_over_pixels, diagnosis="over channels and pixels up"),
    WrongAnswer(answer=_mean_over_pixels_only, diagnosis="differences of the three channels up"),
    WrongAnswer(answer=_standard_deviation, diagnosis="standard deviation over the outputs"),
    WrongAnswer(answer=_spread_inside, diagnosis="spread of the values inside"),
    WrongAnswer(answer=_distance_to_mean, diagnosis="distance to the mean"),
    WrongAnswer(answer=_neighbours, diagnosis="compared with the next one only"),
    WrongAnswer(answer=_first_only, diagnosis="compared with the first one only"),
    WrongAnswer(answer=_channels_as_outputs, diagnosis="the docstring's formula gives"),
    WrongAnswer(answer=_matrix, diagnosis="one number is expected"),
    WrongAnswer(answer=_one_output_gives_nan, diagnosis="On a single output"),
    WrongAnswer(answer=_one_output_gives_zero, diagnosis="On a single output"),
    WrongAnswer(answer=_raises_text, diagnosis="exceptions must derive from BaseException"),
    WrongAnswer(answer=_in_place, diagnosis="changes its input `outputs`"),
    WrongAnswer(answer=_docstring_example, diagnosis="whatever it is called with"),
)

VALID = (_by_combinations, _by_pdist, _by_loops, _by_numpy)

EQUIVALENT = (
    Equivalent(
        mutant="line 2: `if n < 2:` after the next statement",
        why="It still raises before anything is returned.",
    ),
    Equivalent(
        mutant="line 4: ….mean(2) → ….mean(2, keepdims=True)",
        why="N×N×1 distances have the same sum as N×N.",
    ),
    Equivalent(
        mutant="line 4: outputs[:, None] - outputs[None] → outputs[None] - outputs[:, None]",
        why="Absolute differences are the same both ways.",
    ),
)
