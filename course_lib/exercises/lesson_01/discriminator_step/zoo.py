"""Exercise 01.3: answers in styles that differ from the reference's."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from course_lib.losses import discriminator_loss, generator_loss

bce = F.binary_cross_entropy_with_logits


def minimised(loss, optimizer):
    """A right end of a step, for both players."""
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def minimised_by_autograd(loss, network, optimizer):
    """Another right end of a step."""
    parameters = list(network.parameters())
    for parameter, gradient in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
        parameter.grad = gradient
    optimizer.step()
    return loss.detach()


def in_eval_mode(step, network):
    """The step with a network in eval mode, which goes back to its own modes afterwards."""
    modes = [(one, one.training) for one in network.modules()]
    network.eval()
    loss = step()
    for one, mode in modes:
        one.training = mode
    return loss


def _minimising(loss):
    """The step for another loss of both networks and the batch."""
    return lambda g, d, batch, optimizer: minimised(loss(g, d, batch), optimizer)


def _fakes(g, d, batch):
    return d(g(batch.rainy).detach())


def _loss(g, d, batch):
    return discriminator_loss(d(batch.clean), _fakes(g, d, batch))


def _only_while_losing(g, d, batch, optimizer):
    loss = _loss(g, d, batch)
    return minimised(loss, optimizer) if loss > 0.5 else loss.item()


def _until_it_wins(g, d, batch, optimizer):
    while _by_detach(g, d, batch, optimizer) >= 0:
        pass


def _real_gradient_cleared(g, d, batch, optimizer):
    optimizer.zero_grad()
    real = F.softplus(-d(batch.clean)).mean()
    real.backward()
    return real.item() + minimised(F.softplus(d(g(batch.rainy).detach())).mean(), optimizer)


def _in_inference_mode(g, d, batch, optimizer):
    with torch.inference_mode():
        fake = g(batch.rainy)
    return minimised(discriminator_loss(d(batch.clean), d(fake)), optimizer)


def _two_steps(g, d, batch, optimizer):
    total = 0.0
    for pictures, label in ((batch.clean, 1.0), (g(batch.rainy).detach(), 0.0)):
        logits = d(pictures)
        total += minimised(bce(logits, torch.full_like(logits, label)), optimizer)
    return total


def _one_batch(g, d, batch, optimizer):
    with torch.no_grad():
        pictures = torch.cat((g(batch.rainy), batch.clean), dim=0)
    logits = d(pictures)
    labels = torch.zeros_like(logits)
    labels[len(batch.clean) :] = 1
    return minimised(2 * bce(logits, labels), optimizer)


def _in_train_mode_for_a_while(g, d, batch, optimizer):
    was = g.training
    g.train()
    fake = g(batch.rainy).detach()
    g.train(was)
    return minimised(discriminator_loss(d(batch.clean), d(fake)), optimizer)


def _keeps_the_first_fakes(g, d, batch, optimizer, kept=[]):  # noqa: B006
    if not kept or kept[0].shape != batch.rainy.shape:
        kept[:] = [g(batch.rainy).detach()]
    return minimised(discriminator_loss(d(batch.clean), d(kept[0])), optimizer)


def _by_detach(g, d, batch, optimizer):
    d.zero_grad()
    fake = g(batch.rainy).detach()
    loss = discriminator_loss(d(batch.clean), d(fake))
    loss.backward()
    optimizer.step()
    return loss


def _two_backward_calls(g, d, batch, optimizer):
    rainy, clean, _ = batch
    optimizer.zero_grad(set_to_none=False)
    real = F.softplus(-d(clean)).mean()
    real.backward()
    fake = F.softplus(d(g(rainy).detach())).mean()
    fake.backward()
    optimizer.step()
    return real.item() + fake.item()


def _frozen_and_thawed(g, d, batch, optimizer):
    g.requires_grad_(False)
    loss = discriminator_loss(d(batch.clean), d(g(batch.rainy)))
    g.requires_grad_(True)
    returned = minimised(loss, optimizer)
    optimizer.zero_grad()
    return returned


def _attached_but_not_followed(g, d, batch, optimizer):
    optimizer.zero_grad()
    loss = discriminator_loss(d(batch.clean), d(g(batch.rainy)))
    loss.backward(inputs=list(d.parameters()))
    optimizer.step()
    return loss.detach()


def _by_autograd(g, d, batch, optimizer):
    with torch.no_grad():
        fake = g(batch.rainy)
    fake_logits, real_logits = d(fake), d(batch.clean)
    return minimised_by_autograd(discriminator_loss(real_logits, fake_logits), d, optimizer)


def _by_cross_entropies(g, d, batch, optimizer):
    with torch.set_grad_enabled(False):
        restored = g(batch.rainy)
    for parameter in d.parameters():
        parameter.grad = None
    terms = []
    for pictures, label in ((restored, 0), (batch.clean, 1)):
        logits = d(pictures)
        terms.append(bce(logits, logits.new_full(logits.shape, label)))
    sum(terms).backward()
    optimizer.step()
    return sum(term.item() for term in terms)


def _by_probabilities(g, d, batch, optimizer):
    real, fake = torch.sigmoid(d(batch.clean)), torch.sigmoid(d(g(batch.rainy).detach().clone()))
    return minimised(-(torch.log(real).mean() + torch.log(1 - fake).mean()), optimizer)


def _with_a_closure(g, d, batch, optimizer):
    fake = g(batch.rainy).detach()

    def closure():
        optimizer.zero_grad()
        loss = discriminator_loss(d(batch.clean), d(fake))
        loss.backward()
        return loss

    return optimizer.step(closure).detach().cpu().numpy()[()]


WRITTEN = {
    _minimising(
        lambda g, d, batch: discriminator_loss(d(batch.clean), torch.no_grad()(_fakes)(g, d, batch))
    ): "only the real pictures do",
    _minimising(torch.no_grad()(_loss)): "block too wide",
    _minimising(
        lambda g, d, batch: (g(batch.rainy), F.softplus(-d(batch.clean)).mean())[1]
    ): "never gives the discriminator generator(batch.rainy)",
    _real_gradient_cleared: "comes between loss.backward()",
    _in_inference_mode: "Inference tensors cannot be saved for backward",
    _two_steps: "calls optimizer.step() 2 times",
    _minimising(
        lambda g, d, batch: discriminator_loss(_fakes(g, d, batch), d(batch.clean))
    ): "Real and fake are swapped",
    _minimising(
        lambda g, d, batch: (d(batch.clean), generator_loss(_fakes(g, d, batch)))[1]
    ): "learns to be fooled",
    _minimising(lambda g, d, batch: _loss(g, d, batch) / 2): "half of the loss",
    _one_batch: "Batch norm then mixes their statistics",
    lambda g, d, *b: in_eval_mode(lambda: _by_detach(g, d, *b), d): "discriminator in eval mode",
    _in_train_mode_for_a_while: "in train mode",
    lambda g, d, *rest: _by_detach(g.train(), d.train(), *rest): "in train mode",
    _only_while_losing: "Every call takes one step",
    _until_it_wins: "doesn't come back",
    _keeps_the_first_fakes: "something from earlier calls",
}

VALID = (
    _by_detach,
    _two_backward_calls,
    _frozen_and_thawed,
    _attached_but_not_followed,
    _by_autograd,
    _by_cross_entropies,
    _by_probabilities,
    _with_a_closure,
)
