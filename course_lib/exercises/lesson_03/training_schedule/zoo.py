"""Exercise 03.4: answers in styles that differ from the reference's."""

from __future__ import annotations

import math

import numpy as np


def _else(step, *, d_every, g_every):
    if step % d_every == 0:
        return True, False
    if step % g_every == 0:
        return False, True
    return False, False


def _phases(step, *, d_every, g_every):
    place = (step - 1) % (d_every + g_every)
    return place < d_every, place >= d_every


def _endless(step, *, d_every, g_every):
    turn = 0
    while turn != step:
        turn += d_every
    return True, True


WRITTEN = {
    _else: "G learns only where D doesn't",
    _phases: "in `d_every` steps, then G in `g_every` steps",
    _endless: "doesn't come back",
    lambda step, *, d_every, g_every: (step < d_every, step < g_every): "below its number and",
    lambda step, *, d_every, g_every: (bool(step % d_every), bool(step % g_every)): "but its own",
    lambda step, *, d_every, g_every: (
        step in range(0, 1000, d_every),
        step in range(0, 1000, g_every),
    ): "the docstring's formula gives (True,",
    lambda step, *, d_every, g_every: (step == 3, True): "the docstring's formula gives",
    lambda step, *, d_every, g_every: (
        step / d_every == round(step / d_every, 3),
        math.lcm(step, g_every) == g_every,
    ): "the docstring's formula gives",
}


def _by_branches(step, *, d_every, g_every):
    d_learns = g_learns = False
    if step % d_every == 0:
        d_learns = True
    if step % g_every < 1:
        g_learns = True
    return d_learns, g_learns


VALID = (
    lambda step, *, d_every, g_every: (not step % d_every, not step % g_every),
    lambda step, *, d_every, g_every: [(step // n) * n == step for n in (d_every, g_every)],
    lambda step, *, d_every, g_every: tuple(math.gcd(step, n) == n for n in (d_every, g_every)),
    lambda step, *, d_every, g_every: tuple(np.mod(step, np.array([d_every, g_every])) == 0),
    _by_branches,
)
