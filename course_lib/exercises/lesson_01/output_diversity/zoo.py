"""Exercise 01.5: answers in styles that differ from the reference's."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import torch


def _refuse(outputs):
    if len(outputs) < 2:
        raise ValueError("at least two outputs are needed")
    return len(outputs)


def _half(outputs):
    n = _refuse(outputs)
    total = torch.zeros(())
    for i in range(n):
        for j in range(i + 1, n):
            total += (outputs[i] - outputs[j]).abs().mean()
    return total / (n * (n - 1))


def _double(outputs):
    n = _refuse(outputs)
    distances = (outputs[:, None] - outputs[None]).abs().mean((2, 3, 4))
    return distances.sum() / (n * (n - 1) / 2)


def _sum_of_pairs(outputs):
    _refuse(outputs)
    return torch.stack([(a - b).abs().mean() for a, b in combinations(outputs, 2)]).sum()


def _each_with_itself(outputs):
    n = _refuse(outputs)
    return (outputs[None] - outputs[None]).abs().flatten(2).mean(2).sum() / (n * (n - 1))


def _signs_kept(outputs):
    n = _refuse(outputs)
    return (outputs[:, None] - outputs[None]).mean((2, 3, 4)).sum() / (n * (n - 1))


def _abs_too_late(outputs):
    _refuse(outputs)
    return torch.stack([(a - b).mean().abs() for a, b in combinations(outputs, 2)]).mean()


def _euclidean(outputs):
    _refuse(outputs)
    return torch.pdist(outputs.flatten(1)).mean()


def _mean_over_pixels_only(outputs):
    _refuse(outputs)
    return torch.stack(
        [(a - b).abs().mean((1, 2)).sum() for a, b in combinations(outputs, 2)]
    ).mean()


def _neighbours(outputs):
    _refuse(outputs)
    return torch.stack([(a - b).abs().mean() for a, b in pairwise(outputs)]).mean()


def _channels_as_outputs(outputs):
    _refuse(outputs)
    channels = outputs.transpose(0, 1)
    n = len(channels)
    distances = (channels[:, None] - channels[None]).abs().flatten(2).mean(2)
    return distances.sum() / (n * (n - 1))


def _raises_text(outputs):
    if len(outputs) < 2:
        raise "at least two outputs are needed"  # noqa: B016
    return torch.stack([(a - b).abs().mean() for a, b in combinations(outputs, 2)]).mean()


def _by_combinations(outputs):
    _refuse(outputs)
    return torch.stack([(a - b).abs().mean() for a, b in combinations(outputs, 2)]).mean()


def _by_pdist(outputs):
    _refuse(outputs)
    flat = outputs.flatten(1)
    return torch.pdist(flat, p=1).mean() / flat.shape[1]


def _by_loops(outputs):
    n = _refuse(outputs)
    total = 0.0
    for i in range(n):
        for j in range(n):
            if i != j:
                total += float((outputs[i] - outputs[j]).abs().mean())
    return total / n / (n - 1)


def _by_numpy(outputs):
    _refuse(outputs)
    pictures = outputs.detach().cpu().numpy()
    i, j = np.triu_indices(len(pictures), k=1)
    return np.abs(pictures[i] - pictures[j]).mean(dtype=np.float64)


WRITTEN = {
    _half: "half as large",
    _double: "twice as large",
    _sum_of_pairs: "add the distances of all pairs",
    _each_with_itself: "compared with itself only",
    _signs_kept: "keep their signs",
    _abs_too_late: "the outputs' mean values",
    _euclidean: "Euclidean distance",
    _mean_over_pixels_only: "differences of the three channels",
    _neighbours: "compared with the next one only",
    _channels_as_outputs: "the docstring's formula gives",
    _raises_text: "exceptions must derive from BaseException",
}

VALID = (_by_combinations, _by_pdist, _by_loops, _by_numpy)
