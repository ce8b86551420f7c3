"""Exercise 06.2: answers in styles that differ from the reference's."""

from __future__ import annotations

import torch
import torch.nn.functional as F


def _minimised(loss, optimizer):
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    return loss.item()


def _inside_ignored(g, batch, optimizer, inside=1.0):
    return _minimised(F.l1_loss(g(batch.rainy), batch.clean), optimizer)


def _without_gradients(g, batch, optimizer, inside=1.0):
    with torch.no_grad():
        fake = g(batch.rainy)
    return _minimised(F.l1_loss(fake, batch.clean), optimizer)


def _in_train_mode(g, batch, optimizer, inside=1.0):
    g.train()
    return _minimised(_weighted(g, batch, inside), optimizer)


def _two_means(g, batch, optimizer, inside=1.0):
    error = (g(batch.rainy) - batch.clean).abs().mean(1, keepdim=True)
    mask = batch.mask.bool()
    return _minimised(inside * error[mask].mean() + error[~mask].mean(), optimizer)


def _changes_the_target(g, batch, optimizer, inside=1.0):
    batch.clean.mul_(1.0).add_(0.01)
    return _minimised(_weighted(g, batch, inside), optimizer)


def _own_optimizer(g, batch, optimizer, inside=1.0):
    own = torch.optim.SGD(g.parameters(), lr=0.1)
    return _minimised(_weighted(g, batch, inside), own)


def _weighted(g, batch, inside):
    weight = torch.where(batch.mask > 0.5, inside, 1.0)
    error = F.l1_loss(g(batch.rainy), batch.clean, reduction="none")
    return (error * weight / weight.mean()).mean()


def _by_where(g, batch, optimizer, inside=1.0):
    return _minimised(_weighted(g, batch, inside), optimizer)


def _by_sums(g, batch, optimizer, inside=1.0):
    rainy, target, mask = batch
    optimizer.zero_grad()
    error = torch.abs(target - g(rainy))
    weight = (mask * inside + (1 - mask)).expand_as(error)
    loss = (weight * error).sum() / weight.sum()
    loss.backward()
    optimizer.step()
    return float(loss)


def _by_grey(g, batch, optimizer, inside=1.0):
    error = (g(batch.rainy) - batch.clean).abs().mean(dim=1, keepdim=True)
    weight = torch.ones_like(error) + (inside - 1) * batch.mask
    return _minimised((weight * error).sum() / weight.sum(), optimizer)


def _by_named_steps(generator, batch, optimizer, inside=1.0):
    optimizer.zero_grad()
    restored = generator(batch.rainy)
    weight = torch.full_like(batch.mask, 1.0)
    weight[batch.mask == 1] = inside
    total = (weight * (restored - batch.clean).abs()).mean()
    loss = total / weight.mean()
    loss.backward()
    optimizer.step()
    return loss.detach().clone()


WRITTEN = {
    _inside_ignored: "loss",
    _without_gradients: "Nothing that learns",
    _in_train_mode: "mode",
    _two_means: "loss",
    _changes_the_target: "batch",
    _own_optimizer: "not by the optimizer",
}

VALID = (_by_where, _by_sums, _by_grey, _by_named_steps)
