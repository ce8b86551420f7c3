"""Exercise 01.4: answers in styles that differ from the reference's."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from course_lib.exercises.lesson_01.discriminator_step.zoo import (
    bce,
    in_eval_mode,
    minimised,
    minimised_by_autograd,
)
from course_lib.losses import generator_loss


def _generator_without_gradients(g, d, batch, optimizer):
    with torch.no_grad():
        fake = g(batch.rainy)
    return minimised(generator_loss(d(fake)), optimizer)


def _discriminator_without_gradients(g, d, batch, optimizer):
    fake = g(batch.rainy)
    with torch.no_grad():
        logits = d(fake)
    return minimised(generator_loss(logits), optimizer)


def _target_zero(g, d, batch, optimizer):
    logits = d(g(batch.rainy))
    return minimised(bce(logits, torch.zeros_like(logits)), optimizer)


def _saturating(g, d, batch, optimizer):
    return minimised(torch.log(1 - torch.sigmoid(d(g(batch.rainy)))).mean(), optimizer)


def _rainy_into_discriminator(g, d, batch, optimizer):
    g(batch.rainy)
    return minimised(generator_loss(d(batch.rainy)), optimizer)


def _l1_alone(g, d, batch, optimizer):
    return minimised(F.l1_loss(g(batch.rainy), batch.clean), optimizer)


def _with_l1_by_hand(g, d, batch, optimizer):
    rainy, clean, _ = batch
    restored = g(rainy)
    return minimised(F.softplus(-d(restored)).mean() + (restored - clean).abs().mean(), optimizer)


def _frozen_and_saturating(g, d, batch, optimizer):
    d.requires_grad_(False)
    loss = minimised(-F.softplus(d(g(batch.rainy))).mean(), optimizer)
    d.requires_grad_(True)
    return loss


def _moves_both(g, d, batch, optimizer):
    both = torch.optim.Adam([*g.parameters(), *d.parameters()], lr=2e-4)
    return minimised(generator_loss(d(g(batch.rainy))), both)


def _discriminator_in_eval(g, d, batch, optimizer):
    return in_eval_mode(lambda: _attached(g, d, batch, optimizer), d)


def _by_hand(g, d, batch, optimizer):
    loss = generator_loss(d(g(batch.rainy)))
    parameters = [one for one in g.parameters() if one.requires_grad]
    with torch.no_grad():
        for one, gradient in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
            one -= optimizer.param_groups[0]["lr"] * gradient
    return loss.item()


def _asks_again(g, d, batch, optimizer):
    loss = _attached(g, d, batch, optimizer)
    with torch.no_grad():
        d(g(batch.rainy)).sigmoid().mean()  # how often D is fooled, for a log
    return loss


def _labels_on_the_cpu(g, d, batch, optimizer):
    logits = d(g(batch.rainy))
    return minimised(bce(logits, torch.ones(logits.shape)), optimizer)


def _attached(g, d, batch, optimizer):
    g.zero_grad()
    loss = generator_loss(d(g(batch.rainy)))
    loss.backward()
    optimizer.step()
    return loss


def _toggled(g, d, batch, optimizer):
    for parameter in d.parameters():
        parameter.requires_grad = False
    loss = generator_loss(d(g(batch.rainy)))
    optimizer.zero_grad(set_to_none=False)
    loss.backward()
    optimizer.step()
    for parameter in d.parameters():
        parameter.requires_grad = True
    return loss.item()


def _cleans_up(g, d, batch, optimizer):
    optimizer.zero_grad()
    loss = F.softplus(-d(g(batch.rainy))).mean()
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    d.zero_grad()
    return loss.detach().clone()


def _by_autograd(g, d, batch, optimizer):
    return minimised_by_autograd(generator_loss(d(g(batch.rainy))), g, optimizer)


def _modes_put_back(g, d, batch, optimizer):
    modes = [(one, one.training) for net in (g, d) for one in net.modules()]
    logits = d(g(batch.rainy))
    loss = minimised(bce(logits, logits.new_ones(logits.shape)), optimizer)
    for one, mode in modes:
        one.train(mode)
    return loss


def _by_logsigmoid(g, d, batch, optimizer):
    optimizer.zero_grad()
    loss = -F.logsigmoid(d(g(batch.rainy))).mean()
    loss.backward(inputs=[one for one in g.parameters() if one.requires_grad])
    optimizer.step()
    return loss.detach().cpu().numpy()[()]


WRITTEN = {
    _generator_without_gradients: "cut off from it",
    _discriminator_without_gradients: "block too wide",
    _target_zero: "learns to be recognised",
    _saturating: "saturating log(1 − D)",
    _rainy_into_discriminator: "gives the discriminator batch.rainy",
    _l1_alone: "never calls the discriminator",
    _with_l1_by_hand: "adds the absolute difference",
    _frozen_and_saturating: "saturating log(1 − D)",
    _moves_both: "moves the discriminator's parameters",
    _discriminator_in_eval: "calls the discriminator in eval mode",
    _by_hand: "not by the optimizer that your step is given",
    _asks_again: "calls the generator 2 times",
    _labels_on_the_cpu: "With tensors on the GPU",
}

VALID = (_attached, _toggled, _cleans_up, _by_autograd, _modes_put_back, _by_logsigmoid)
