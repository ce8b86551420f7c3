"""Exercise 03.2: answers in styles that differ from the reference's."""

from __future__ import annotations

import random

import numpy as np
import torch


def _draws(labels, generator):
    return torch.rand(labels.shape, generator=generator, device=generator.device).to(labels.device)


def _where(flipped):
    """An answer that flips the labels for which `flipped` says so."""
    return lambda labels, probability, generator: torch.where(
        flipped(labels, probability, generator), 1 - labels, labels
    )


def _array(draws):
    """An answer whose draws are an array."""
    return _where(lambda t, p, g: torch.tensor(draws(t, g) < p))


def _global_state_borrowed(labels, probability, generator):
    with torch.random.fork_rng(devices=[]):
        torch.set_rng_state(generator.get_state())
        flipped = torch.rand(labels.shape) < probability
    return torch.where(flipped, 1 - labels, labels)


def _so_many(labels, probability, generator):
    order = torch.randperm(labels.numel(), generator=generator)
    chosen = (order < round(probability * labels.numel())).view(labels.shape)
    return torch.where(chosen, 1 - labels, labels)


def _input_where_nothing_flips(labels, probability, generator):
    flipped = _draws(labels, generator) < probability
    return torch.where(flipped, 1 - labels, labels) if flipped.any() else labels


def _like_the_labels(labels, probability, generator):
    draws = labels.clone().uniform_(generator=generator)
    return labels.lerp(1 - labels, (draws < probability).to(labels))


WRITTEN = {
    _array(lambda t, g: np.random.rand(*t.shape)): "numpy's global generator",  # noqa: NPY002
    _array(lambda t, g: np.vectorize(lambda _: random.random())(t)): "Python's module random",
    _array(lambda t, g: np.random.default_rng().random(t.shape)): "or from something else",
    _array(lambda t, g: np.random.default_rng(g.initial_seed()).random(t.shape)): "Calls in a row",
    _array(lambda t, g: _draws(t, g).numpy()): "numpy can't read what is on",
    _where(lambda t, p, g: (_draws(t, g) < p) & (t > 0.5)): "Only labels above ½, photographs'",
    _global_state_borrowed: "Calls in a row with one generator",
    _so_many: "exactly 18 are flipped in each call",
    _input_where_nothing_flips: "returns its input itself",
    _like_the_labels: "generator on the CPU can't draw numbers on the GPU",
    lambda t, p, generator: ((t > 0.5) ^ (_draws(t, generator) < p)).to(t): "smoothing is lost",
    lambda t, p, generator: (_draws(t, generator) < p).to(t) - t: "Labels that aren't flipped",
}


def _by_bernoulli(labels, probability, generator):
    chances = torch.full(labels.shape, probability, device=generator.device)
    flipped = torch.bernoulli(chances, generator=generator).to(labels)
    return labels + flipped * (1 - 2 * labels)


def _by_distance(labels, probability, generator):
    draws = torch.empty(labels.shape, device=generator.device).uniform_(generator=generator)
    return ((draws >= 1 - probability).to(labels) - labels).abs()


def _by_mask(labels, probability, generator):
    noisy = labels.clone()
    flipped = _draws(labels, generator) < probability
    noisy[flipped] = 1 - noisy[flipped]
    return noisy


def _by_loop(labels, probability, generator):
    noisy = []
    for label in labels.flatten():
        draw = torch.rand((), generator=generator, device=generator.device).item()
        noisy.append(1 - label if draw < probability else label)
    return torch.stack(noisy).reshape(labels.shape)


def _by_numpy(labels, probability, generator):
    draws, clean = _draws(labels, generator).cpu().numpy(), labels.cpu().numpy()
    return torch.tensor(np.where(draws < probability, 1 - clean, clean)).to(labels)


def _by_sign(labels, probability, generator):
    draws = torch.rand(labels.numel(), generator=generator, device=generator.device)
    stays = (draws.to(labels.device) >= probability).reshape(labels.shape)
    return stays * labels + ~stays * (1 - labels)


def _from_a_drawn_seed(labels, probability, generator):
    seed = torch.randint(2**31, (), generator=generator, device=generator.device).item()
    draws = np.random.default_rng(seed).random(tuple(labels.shape))
    return torch.as_tensor(draws < probability, device=labels.device)


def _by_count(labels, probability, generator):
    """How many are flipped is drawn first, which ones afterwards."""
    noisy, count = labels.flatten().clone(), (_draws(labels, generator) < probability).sum()
    order = torch.randperm(labels.numel(), generator=generator, device=generator.device)
    chosen = order[:count].to(labels.device)
    noisy[chosen] = 1 - noisy[chosen]
    return noisy.view(labels.shape)


VALID = (
    _by_bernoulli, _by_distance, _by_mask, _by_loop, _by_numpy, _by_sign, _by_count,
    _where(_from_a_drawn_seed),
)  # fmt: skip
