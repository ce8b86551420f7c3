"""Exercise 03.2: wrong answers and valid alternatives."""

from __future__ import annotations

import random

import numpy as np
import torch
from torch import Generator, Tensor

from course_lib.checks.task import Equivalent, WrongAnswer


def _draws(labels: Tensor, generator: Generator) -> Tensor:
    draws = torch.rand(labels.shape, generator=generator, device=generator.device)
    return draws.to(labels.device)


def _generator_ignored(labels: Tensor, probability: float, generator: Generator) -> Tensor:
    return torch.where(torch.rand_like(labels) < probability, 1 - labels, labels)


def _numpy_ignores_it(labels: Tensor, probability: float, generator: Generator) -> Tensor:
    turned = torch.from_numpy(np.array(np.random.rand(*labels.shape) < probability))  # noqa: NPY002
    return torch.where(turned, 1 - labels, labels)


def _python_ignores_it(labels: Tensor, probability: float, generator: Generator) -> Tensor:
    result = labels.clone().flatten()
    for i in range(len(result)):
        if random.random() < probability:
            result[i] = 1 - result[i]
    return result.reshape(labels.shape)


def _from_nowhere(labels: Tensor, probability: float, generator: Generator) -> Tensor:
    turned = torch.tensor(np.random.default_rng().random(labels.shape) < probability)
    return torch.where(turned, 1 - labels, labels)


def _seeds_the_global_one(labels: Tensor, probability: float, generator: Generator) -> Tensor:
    torch.manual_seed(generator.initial_seed())
    return torch.where(torch.rand(labels.shape) < probability, 1 - labels, labels)


def _generator_of_its_own(labels: Tensor, probability: float, generator: Generator) -> Tensor:
    own = torch.Generator().manual_seed(0)
    return torch.where(_draws(labels, own) < probability, 1 - labels, labels)


def _seeded_anew(labels: Tensor, probability: float, generator: Generator) -> Tensor:
    generator.manual_seed(42)
    return torch.where(_draws(labels, generator) < probability, 1 - labels, labels)


def _started_over(labels: Tensor, probability: float, generator: Generator) -> Tensor:
    generator.manual_seed(generator.initial_seed())
    return torch.where(_draws(labels, generator) < probability, 1 - labels, labels)


def _numpy_from_its_seed(labels: Tensor, probability: float, generator: Generator) -> Tensor:
    rng = np.random.default_rng(generator.initial_seed())
    turned = torch.tensor(rng.random(labels.shape) < probability)
    return torch.where(turned, 1 - labels, labels)


def _whole_batch(labels: Tensor, probability: float, generator: Generator) -> Tensor:
    if torch.rand(1, generator=generator) < probability:
        return 1 - labels
    return labels.clone()


def _one_a_picture(labels: Tensor, probability: float, generator: Generator) -> Tensor:
    if labels.ndim == 0:
        return _draws_decide(labels, probability, generator)
    draws = torch.rand(len(labels), generator=generator)
    draws = draws.view(-1, *[1] * (labels.ndim - 1))
    return torch.where(draws < probability, 1 - labels, labels)


def _one_a_patch(labels: Tensor, probability: float, generator: Generator) -> Tensor:
    if labels.ndim == 0:
        return _draws_decide(labels, probability, generator)
    return torch.where(_draws(labels[0], generator) < probability, 1 - labels, labels)


def _one_a_row(labels: Tensor, probability: float, generator: Generator) -> Tensor:
    if labels.ndim < 2:
        return _draws_decide(labels, probability, generator)
    return torch.where(_draws(labels[..., :1], generator) < probability, 1 - labels, labels)


def _draws_decide(labels: Tensor, probability: float, generator: Generator) -> Tensor:
    return torch.where(_draws(labels, generator) < probability, 1 - labels, labels)


def _so_many(labels: Tensor, probability: float, generator: Generator) -> Tensor:
    order = torch.randperm(labels.numel(), generator=generator)
    result = labels.clone().flatten()
    chosen = order[: round(probability * labels.numel())]
    result[chosen] = 1 - result[chosen]
    return result.view_as(labels)


def _first_ones(labels: Tensor, probability: float, generator: Generator) -> Tensor:
    result = labels.clone().flatten()
    count = round(probability * labels.numel())
    result[:count] = 1 - result[:count]
    return result.view_as(labels)


def _wrong_way_round(labels: Tensor, probability: float, generator: Generator) -> Tensor:
    return torch.where(_draws(labels, generator) > probability, 1 - labels, labels)


def _choices_swapped(labels: Tensor, probability: float, generator: Generator) -> Tensor:
    return torch.where(_draws(labels, generator) < probability, labels, 1 - labels)


def _half(labels: Tensor, probability: float, generator: Generator) -> Tensor:
    return torch.where(_draws(labels, generator) < 0.5, 1 - labels, labels)


def _normal_draws(labels: Tensor, probability: float, generator: Generator) -> Tensor:
    draws = torch.randn(labels.shape, generator=generator)
    return torch.where(draws < probability, 1 - labels, labels)


def _normal_draws_above(labels: Tensor, probability: float, generator: Generator) -> Tensor:
    draws = torch.randn(labels.shape, generator=generator)
    return torch.where(draws > probability, 1 - labels, labels)


def _hard_coded(labels: Tensor, probability: float, generator: Generator) -> Tensor:
    return torch.where(_draws(labels, generator) < 0.05, 1 - labels, labels)


def _all(labels: Tensor, probability: float, generator: Generator) -> Tensor:
    return 1 - labels


def _none(labels: Tensor, probability: float, generator: Generator) -> Tensor:
    _draws(labels, generator)
    return labels.clone()


def _twice(labels: Tensor, probability: float, generator: Generator) -> Tensor:
    once = torch.where(_draws(labels, generator) < probability, 1 - labels, labels)
    return torch.where(_draws(labels, generator) < probability, 1 - once, once)


def _real_only(labels: Tensor, probability: float, generator: Generator) -> Tensor:
    turned = (_draws(labels, generator) < probability) & (labels > 0.5)
    return torch.where(turned, 1 - labels, labels)


def _negated(labels: Tensor, probability: float, generator: Generator) -> Tensor:
    return torch.where(_draws(labels, generator) < probability, -labels, labels)


def _minus_one(labels: Tensor, probability: float, generator: Generator) -> Tensor:
    return torch.where(_draws(labels, generator) < probability, labels - 1, labels)


def _to_zero(labels: Tensor, probability: float, generator: Generator) -> Tensor:
    return labels * (_draws(labels, generator) >= probability)


def _to_zero_or_one(labels: Tensor, probability: float, generator: Generator) -> Tensor:
    turned = _draws(labels, generator) < probability
    return torch.where(turned, (labels < 0.5).to(labels.dtype), labels)


def _rounded(labels: Tensor, probability: float, generator: Generator) -> Tensor:
    labels = labels.round()
    return torch.where(_draws(labels, generator) < probability, 1 - labels, labels)


def _logical_not(labels: Tensor, probability: float, generator: Generator) -> Tensor:
    turned = _draws(labels, generator) < probability
    return torch.logical_xor(labels > 0.5, turned).to(labels.dtype)


def _mixture(labels: Tensor, probability: float, generator: Generator) -> Tensor:
    return labels * (1 - probability) + (1 - labels) * probability


def _noise_added(labels: Tensor, probability: float, generator: Generator) -> Tensor:
    return labels + probability * _draws(labels, generator)


def _mask(labels: Tensor, probability: float, generator: Generator) -> Tensor:
    return _draws(labels, generator) < probability


def _turned_only(labels: Tensor, probability: float, generator: Generator) -> Tensor:
    return 1 - labels[_draws(labels, generator) < probability]


def _in_place(labels: Tensor, probability: float, generator: Generator) -> Tensor:
    turned = _draws(labels, generator) < probability
    labels[turned] = 1 - labels[turned]
    return labels


def _draws_on_the_cpu(labels: Tensor, probability: float, generator: Generator) -> Tensor:
    draws = torch.rand(labels.shape, generator=generator)
    return torch.where(draws < probability, 1 - labels, labels)


def _draws_with_the_labels(labels: Tensor, probability: float, generator: Generator) -> Tensor:
    draws = torch.rand(labels.shape, generator=generator, device=labels.device)
    return torch.where(draws < probability, 1 - labels, labels)


def _draws_on_the_cpu_and_moved(labels: Tensor, probability: float, generator: Generator) -> Tensor:
    draws = torch.rand(labels.shape, generator=generator).to(labels.device)
    return torch.where(draws < probability, 1 - labels, labels)


def _numpy_on_the_gpu(labels: Tensor, probability: float, generator: Generator) -> Tensor:
    turned = _draws(labels, generator).numpy() < probability
    return torch.tensor(np.where(turned, 1 - labels.numpy(), labels.numpy()), dtype=labels.dtype)


def _by_bernoulli(labels: Tensor, probability: float, generator: Generator) -> Tensor:
    chances = torch.full(labels.shape, probability, device=generator.device)
    turned = torch.bernoulli(chances, generator=generator).to(labels)
    return labels + turned * (1 - 2 * labels)


def _by_distance(labels: Tensor, probability: float, generator: Generator) -> Tensor:
    draws = torch.empty(labels.shape, device=generator.device).uniform_(generator=generator)
    turned = (draws >= 1 - probability).to(device=labels.device, dtype=labels.dtype)
    return (turned - labels).abs()


def _by_mask(labels: Tensor, probability: float, generator: Generator) -> Tensor:
    noisy = labels.clone()
    turned = torch.rand(noisy.size(), generator=generator, device=generator.device) < probability
    noisy[turned] = 1 - noisy[turned]
    return noisy


def _by_loop(labels: Tensor, probability: float, generator: Generator) -> Tensor:
    noisy = []
    for label in labels.flatten():
        draw = torch.rand((), generator=generator, device=generator.device).item()
        noisy.append(1 - label if draw < probability else label)
    return torch.stack(noisy).reshape(labels.shape)


def _by_numpy(labels: Tensor, probability: float, generator: Generator) -> Tensor:
    draws = torch.rand(labels.shape, generator=generator, device=generator.device).cpu().numpy()
    clean = labels.cpu().numpy()
    return torch.tensor(np.where(draws < probability, 1 - clean, clean)).to(labels)


def _by_sign(labels: Tensor, probability: float, generator: Generator) -> Tensor:
    draws = torch.rand(labels.numel(), generator=generator, device=generator.device)
    stays = (draws.to(labels.device) >= probability).reshape(labels.shape)
    return stays * labels + ~stays * (1 - labels)


WRONG = (
    WrongAnswer(answer=_generator_ignored, diagnosis="torch's global generator moves on instead"),
    WrongAnswer(answer=_numpy_ignores_it, diagnosis="numpy's global generator moves on instead"),
    WrongAnswer(answer=_python_ignores_it, diagnosis="Python's module random moves on instead"),
    WrongAnswer(answer=_from_nowhere, diagnosis="its chance comes from elsewhere"),
    WrongAnswer(answer=_seeds_the_global_one, diagnosis="seeds or uses torch's global generator"),
    WrongAnswer(answer=_generator_of_its_own, diagnosis="Every seed turns the same labels"),
    WrongAnswer(answer=_seeded_anew, diagnosis="seeded anew with a number of your own"),
    WrongAnswer(answer=_started_over, diagnosis="Two calls in a row with one generator"),
    WrongAnswer(answer=_numpy_from_its_seed, diagnosis="Two calls in a row with one generator"),
    WrongAnswer(answer=_whole_batch, diagnosis="One draw decides for the whole batch"),
    WrongAnswer(answer=_one_a_picture, diagnosis="One draw decides for a picture"),
    WrongAnswer(answer=_one_a_patch, diagnosis="All pictures of the batch share their draws"),
    WrongAnswer(answer=_one_a_row, diagnosis="share their draws along axis 3"),
    WrongAnswer(answer=_so_many, diagnosis="exactly 12 are turned, each time"),
    WrongAnswer(answer=_first_ones, diagnosis="Every seed turns the same labels"),
    WrongAnswer(answer=_wrong_way_round, diagnosis="the comparison is the wrong way round"),
    WrongAnswer(answer=_choices_swapped, diagnosis="turned with 1 − probability"),
    WrongAnswer(answer=_half, diagnosis="bout half of the labels are turned"),
    WrongAnswer(
        answer=_normal_draws, diagnosis="from torch.randn, a normal distribution, of which"
    ),
    WrongAnswer(
        answer=_normal_draws_above, diagnosis="and the comparison is the wrong way round too"
    ),
    WrongAnswer(answer=_hard_coded, diagnosis="of the labels are turned."),
    WrongAnswer(answer=_all, diagnosis="very label is turned, whatever"),
    WrongAnswer(answer=_none, diagnosis="o label is ever turned"),
    WrongAnswer(answer=_twice, diagnosis="some are turned twice"),
    WrongAnswer(answer=_real_only, diagnosis="Only labels above ½, photographs'"),
    WrongAnswer(answer=_negated, diagnosis="turned labels become −t"),
    WrongAnswer(answer=_minus_one, diagnosis="turned labels become t − 1"),
    WrongAnswer(answer=_to_zero, diagnosis="labels are replaced by 0"),
    WrongAnswer(answer=_to_zero_or_one, diagnosis="so that their smoothing is lost"),
    WrongAnswer(answer=_rounded, diagnosis="so that their smoothing is lost"),
    WrongAnswer(answer=_logical_not, diagnosis="so that their smoothing is lost"),
    WrongAnswer(answer=_mixture, diagnosis="every label becomes a mixture"),
    WrongAnswer(answer=_noise_added, diagnosis="it either stays"),
    WrongAnswer(answer=_mask, diagnosis="of the type torch.bool"),
    WrongAnswer(answer=_turned_only, diagnosis="there is one label for each of the labels"),
    WrongAnswer(answer=_in_place, diagnosis="changes its input `labels` in place"),
    WrongAnswer(answer=_draws_on_the_cpu, diagnosis="a tensor on the GPU and one on the CPU"),
    WrongAnswer(answer=_draws_with_the_labels, diagnosis="generator on the CPU can't draw numbers"),
    WrongAnswer(answer=_draws_on_the_cpu_and_moved, diagnosis="generator on the GPU can't draw"),
    WrongAnswer(answer=_numpy_on_the_gpu, diagnosis="numpy can't read a tensor on the GPU"),
)

VALID = (_by_bernoulli, _by_distance, _by_mask, _by_loop, _by_numpy, _by_sign)

EQUIVALENT = (
    Equivalent(
        mutant="line 2: draws.to(labels.device) < probability → draws.to(labels.device) <= "
        "probability",
        why="A draw is equal to the probability about once in sixteen million: as chance has it.",
    ),
)
