"""Exercise 01.4: wrong answers and valid alternatives."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import Optimizer

from course_lib.checks.task import Equivalent, WrongAnswer
from course_lib.data.pair import Batch
from course_lib.losses import discriminator_loss, generator_loss


def _detached(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    optimizer.zero_grad()
    fake = generator(batch.rainy).detach()
    loss = generator_loss(discriminator(fake))
    loss.backward()
    optimizer.step()
    return loss.detach()


def _generator_without_gradients(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    with torch.no_grad():
        fake = generator(batch.rainy)
    optimizer.zero_grad()
    loss = generator_loss(discriminator(fake))
    loss.backward()
    optimizer.step()
    return loss.detach()


def _discriminator_without_gradients(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    optimizer.zero_grad()
    fake = generator(batch.rainy)
    with torch.no_grad():
        logits = discriminator(fake)
    loss = generator_loss(logits)
    loss.backward()
    optimizer.step()
    return loss.detach()


def _zero_grad_missing(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    loss = generator_loss(discriminator(generator(batch.rainy)))
    loss.backward()
    optimizer.step()
    return loss.detach()


def _clears_the_other(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    discriminator.zero_grad()
    loss = generator_loss(discriminator(generator(batch.rainy)))
    loss.backward()
    optimizer.step()
    return loss.detach()


def _zero_grad_before_step(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    loss = generator_loss(discriminator(generator(batch.rainy)))
    loss.backward()
    optimizer.zero_grad()
    optimizer.step()
    return loss.detach()


def _step_missing(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    optimizer.zero_grad()
    loss = generator_loss(discriminator(generator(batch.rainy)))
    loss.backward()
    return loss.detach()


def _backward_missing(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    optimizer.zero_grad()
    loss = generator_loss(discriminator(generator(batch.rainy)))
    optimizer.step()
    return loss.detach()


def _step_before_backward(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    optimizer.zero_grad()
    loss = generator_loss(discriminator(generator(batch.rainy)))
    optimizer.step()
    loss.backward()
    return loss.detach()


def _target_zero(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    optimizer.zero_grad()
    logits = discriminator(generator(batch.rainy))
    loss = F.binary_cross_entropy_with_logits(logits, torch.zeros_like(logits))
    loss.backward()
    optimizer.step()
    return loss.detach()


def _saturating(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    optimizer.zero_grad()
    loss = torch.log(1 - torch.sigmoid(discriminator(generator(batch.rainy)))).mean()
    loss.backward()
    optimizer.step()
    return loss.detach()


def _ascends(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    optimizer.zero_grad()
    loss = -generator_loss(discriminator(generator(batch.rainy)))
    loss.backward()
    optimizer.step()
    return -loss.detach()


def _sigmoid_twice(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    optimizer.zero_grad()
    loss = generator_loss(torch.sigmoid(discriminator(generator(batch.rainy))))
    loss.backward()
    optimizer.step()
    return loss.detach()


def _clean_into_generator(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    optimizer.zero_grad()
    loss = generator_loss(discriminator(generator(batch.clean)))
    loss.backward()
    optimizer.step()
    return loss.detach()


def _rainy_into_discriminator(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    optimizer.zero_grad()
    generator(batch.rainy)
    loss = generator_loss(discriminator(batch.rainy))
    loss.backward()
    optimizer.step()
    return loss.detach()


def _with_l1(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    optimizer.zero_grad()
    restored = generator(batch.rainy)
    loss = generator_loss(discriminator(restored)) + F.l1_loss(restored, batch.clean)
    loss.backward()
    optimizer.step()
    return loss.detach()


def _l1_alone(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    optimizer.zero_grad()
    loss = F.l1_loss(generator(batch.rainy), batch.clean)
    loss.backward()
    optimizer.step()
    return loss.detach()


def _moves_both(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    parameters = [*generator.parameters(), *discriminator.parameters()]
    both = torch.optim.Adam(parameters, lr=2e-4)
    both.zero_grad()
    loss = generator_loss(discriminator(generator(batch.rainy)))
    loss.backward()
    both.step()
    return loss.detach()


def _discriminator_loss(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    optimizer.zero_grad()
    fake_logits = discriminator(generator(batch.rainy))
    loss = discriminator_loss(discriminator(batch.clean), fake_logits)
    loss.backward()
    optimizer.step()
    return loss.detach()


def _scaled(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    optimizer.zero_grad()
    loss = generator_loss(discriminator(generator(batch.rainy)))
    (0.01 * loss).backward()
    optimizer.step()
    return loss.detach()


def _frozen_for_good(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    discriminator.requires_grad_(False)
    optimizer.zero_grad()
    loss = generator_loss(discriminator(generator(batch.rainy)))
    loss.backward()
    optimizer.step()
    return loss.detach()


def _eval_for_good(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    generator.train()
    discriminator.eval()
    optimizer.zero_grad()
    loss = generator_loss(discriminator(generator(batch.rainy)))
    loss.backward()
    optimizer.step()
    return loss.detach()


def _discriminator_in_eval(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    discriminator.eval()
    optimizer.zero_grad()
    loss = generator_loss(discriminator(generator(batch.rainy)))
    loss.backward()
    optimizer.step()
    discriminator.train()
    return loss.detach()


def _fresh_adam(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    own = torch.optim.Adam(generator.parameters(), lr=2e-4)
    own.zero_grad()
    loss = generator_loss(discriminator(generator(batch.rainy)))
    loss.backward()
    own.step()
    return loss.detach()


def _loss_after(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    optimizer.zero_grad()
    generator_loss(discriminator(generator(batch.rainy))).backward()
    optimizer.step()
    return generator_loss(discriminator(generator(batch.rainy))).detach()


def _no_return(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> None:
    optimizer.zero_grad()
    generator_loss(discriminator(generator(batch.rainy))).backward()
    optimizer.step()


def _returns_pictures(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    optimizer.zero_grad()
    restored = generator(batch.rainy)
    generator_loss(discriminator(restored)).backward()
    optimizer.step()
    return restored.detach()


def _attached(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    generator.zero_grad()
    loss = generator_loss(discriminator(generator(batch.rainy)))
    loss.backward()
    optimizer.step()
    return loss


def _toggled(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> float:
    for parameter in discriminator.parameters():
        parameter.requires_grad = False
    loss = generator_loss(discriminator(generator(batch.rainy)))
    optimizer.zero_grad(set_to_none=False)
    loss.backward()
    optimizer.step()
    for parameter in discriminator.parameters():
        parameter.requires_grad = True
    return loss.item()


def _cleans_up(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    generator.train()
    optimizer.zero_grad()
    loss = F.softplus(-discriminator(generator(batch.rainy))).mean()
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    discriminator.zero_grad()
    return loss.detach().clone()


def _by_autograd(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    loss = generator_loss(discriminator(generator(batch.rainy)))
    parameters = list(generator.parameters())
    for parameter, gradient in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
        parameter.grad = gradient
    optimizer.step()
    return loss.detach()


WRONG = (
    WrongAnswer(answer=_detached, diagnosis="cut off from it"),
    WrongAnswer(answer=_generator_without_gradients, diagnosis="cut off from it"),
    WrongAnswer(answer=_discriminator_without_gradients, diagnosis="block too wide"),
    WrongAnswer(answer=_zero_grad_missing, diagnosis="Gradients left over from earlier steps"),
    WrongAnswer(answer=_clears_the_other, diagnosis="Gradients left over from earlier steps"),
    WrongAnswer(answer=_zero_grad_before_step, diagnosis="comes between loss.backward()"),
    WrongAnswer(answer=_step_missing, diagnosis="optimizer.step() is never called"),
    WrongAnswer(answer=_backward_missing, diagnosis="loss.backward() is missing"),
    WrongAnswer(answer=_step_before_backward, diagnosis="comes before loss.backward()"),
    WrongAnswer(answer=_target_zero, diagnosis="learns to be recognised"),
    WrongAnswer(answer=_saturating, diagnosis="saturating log(1 − D)"),
    WrongAnswer(answer=_ascends, diagnosis="the opposite direction"),
    WrongAnswer(answer=_sigmoid_twice, diagnosis="The sigmoid is applied twice"),
    WrongAnswer(answer=_clean_into_generator, diagnosis="gives the generator the clean"),
    WrongAnswer(answer=_rainy_into_discriminator, diagnosis="show the discriminator the rainy"),
    WrongAnswer(answer=_with_l1, diagnosis="adds the absolute difference"),
    WrongAnswer(answer=_l1_alone, diagnosis="never asks the discriminator"),
    WrongAnswer(answer=_moves_both, diagnosis="moves the discriminator's parameters"),
    WrongAnswer(answer=_discriminator_loss, diagnosis="learns to be recognised"),
    WrongAnswer(answer=_scaled, diagnosis="0.01 times as far"),
    WrongAnswer(answer=_frozen_for_good, diagnosis="switched off in the discriminator"),
    WrongAnswer(answer=_eval_for_good, diagnosis="leaves the discriminator in eval mode"),
    WrongAnswer(answer=_discriminator_in_eval, diagnosis="calls the discriminator in eval mode"),
    WrongAnswer(answer=_fresh_adam, diagnosis="not by the optimizer that your step is given"),
    WrongAnswer(answer=_loss_after, diagnosis="the loss after the update"),
    WrongAnswer(answer=_no_return, diagnosis="is the `return` missing"),
    WrongAnswer(answer=_returns_pictures, diagnosis="one number is expected"),
)

VALID = (_attached, _toggled, _cleans_up, _by_autograd)

EQUIVALENT = (
    Equivalent(
        mutant="line 1: `optimizer.zero_grad()` twice",
        why="What is cleared stays so.",
    ),
    Equivalent(
        mutant="line 1: `optimizer.zero_grad()` after the next statement",
        why="Gradients must be cleared before loss.backward(), which still comes later.",
    ),
    Equivalent(
        mutant="line 5: loss.detach() → loss",
        why="The docstring asks for the value; the training loop takes float() of it.",
    ),
)
