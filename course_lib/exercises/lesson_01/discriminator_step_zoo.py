"""Exercise 01.3: wrong answers and valid alternatives."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import Optimizer

from course_lib.checks.task import Equivalent, WrongAnswer
from course_lib.data.pair import Batch
from course_lib.losses import discriminator_loss, generator_loss


def _attached(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    optimizer.zero_grad()
    fake = generator(batch.rainy)
    loss = discriminator_loss(discriminator(batch.clean), discriminator(fake))
    loss.backward()
    optimizer.step()
    return loss.detach()


def _attached_and_cleared(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    optimizer.zero_grad()
    fake_logits = discriminator(generator(batch.rainy))
    loss = discriminator_loss(discriminator(batch.clean), fake_logits)
    loss.backward()
    optimizer.step()
    generator.zero_grad()
    return loss.detach()


def _zero_grad_missing(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    fake = generator(batch.rainy).detach()
    loss = discriminator_loss(discriminator(batch.clean), discriminator(fake))
    loss.backward()
    optimizer.step()
    return loss.detach()


def _zero_grad_at_the_end(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    fake = generator(batch.rainy).detach()
    loss = discriminator_loss(discriminator(batch.clean), discriminator(fake))
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return loss.detach()


def _zero_grad_before_step(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    fake = generator(batch.rainy).detach()
    loss = discriminator_loss(discriminator(batch.clean), discriminator(fake))
    loss.backward()
    optimizer.zero_grad()
    optimizer.step()
    return loss.detach()


def _step_missing(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    optimizer.zero_grad()
    fake = generator(batch.rainy).detach()
    loss = discriminator_loss(discriminator(batch.clean), discriminator(fake))
    loss.backward()
    return loss.detach()


def _backward_missing(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    optimizer.zero_grad()
    fake = generator(batch.rainy).detach()
    loss = discriminator_loss(discriminator(batch.clean), discriminator(fake))
    optimizer.step()
    return loss.detach()


def _step_before_backward(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    optimizer.zero_grad()
    fake = generator(batch.rainy).detach()
    loss = discriminator_loss(discriminator(batch.clean), discriminator(fake))
    optimizer.step()
    loss.backward()
    return loss.detach()


def _labels_swapped(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    optimizer.zero_grad()
    fake = generator(batch.rainy).detach()
    loss = discriminator_loss(discriminator(fake), discriminator(batch.clean))
    loss.backward()
    optimizer.step()
    return loss.detach()


def _rainy_as_real(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    optimizer.zero_grad()
    fake = generator(batch.rainy).detach()
    loss = discriminator_loss(discriminator(batch.rainy), discriminator(fake))
    loss.backward()
    optimizer.step()
    return loss.detach()


def _clean_into_generator(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    optimizer.zero_grad()
    fake = generator(batch.clean).detach()
    loss = discriminator_loss(discriminator(batch.clean), discriminator(fake))
    loss.backward()
    optimizer.step()
    return loss.detach()


def _no_generator(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    optimizer.zero_grad()
    loss = discriminator_loss(discriminator(batch.clean), discriminator(batch.rainy))
    loss.backward()
    optimizer.step()
    return loss.detach()


def _wrong_loss(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    optimizer.zero_grad()
    loss = generator_loss(discriminator(generator(batch.rainy).detach()))
    loss.backward()
    optimizer.step()
    return loss.detach()


def _no_grad_too_wide(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    optimizer.zero_grad()
    with torch.no_grad():
        fake_logits = discriminator(generator(batch.rainy))
    loss = discriminator_loss(discriminator(batch.clean), fake_logits)
    loss.backward()
    optimizer.step()
    return loss.detach()


def _logits_detached(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    optimizer.zero_grad()
    with torch.no_grad():
        fake = generator(batch.rainy)
    loss = discriminator_loss(discriminator(batch.clean), discriminator(fake).detach())
    loss.backward()
    optimizer.step()
    return loss.detach()


def _real_logits_detached(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    optimizer.zero_grad()
    fake = generator(batch.rainy).detach()
    loss = discriminator_loss(discriminator(batch.clean).detach(), discriminator(fake))
    loss.backward()
    optimizer.step()
    return loss.detach()


def _real_alone(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    optimizer.zero_grad()
    generator(batch.rainy)
    loss = F.softplus(-discriminator(batch.clean)).mean()
    loss.backward()
    optimizer.step()
    return loss.detach()


def _real_gradient_cleared(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    optimizer.zero_grad()
    real = F.softplus(-discriminator(batch.clean)).mean()
    real.backward()
    optimizer.zero_grad()
    fake = F.softplus(discriminator(generator(batch.rainy).detach())).mean()
    fake.backward()
    optimizer.step()
    return (real + fake).detach()


def _two_steps(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    optimizer.zero_grad()
    real = F.softplus(-discriminator(batch.clean)).mean()
    real.backward()
    optimizer.step()
    optimizer.zero_grad()
    fake = F.softplus(discriminator(generator(batch.rainy).detach())).mean()
    fake.backward()
    optimizer.step()
    return (real + fake).detach()


def _steps_twice(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    optimizer.zero_grad()
    fake = generator(batch.rainy).detach()
    loss = discriminator_loss(discriminator(batch.clean), discriminator(fake))
    loss.backward()
    optimizer.step()
    optimizer.step()
    return loss.detach()


def _ascends(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    optimizer.zero_grad()
    fake = generator(batch.rainy).detach()
    loss = discriminator_loss(discriminator(batch.clean), discriminator(fake))
    (-loss).backward()
    optimizer.step()
    return loss.detach()


def _sigmoid_twice(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    optimizer.zero_grad()
    real = torch.sigmoid(discriminator(batch.clean))
    fake = torch.sigmoid(discriminator(generator(batch.rainy).detach()))
    loss = discriminator_loss(real, fake)
    loss.backward()
    optimizer.step()
    return loss.detach()


def _one_batch(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    optimizer.zero_grad()
    fake = generator(batch.rainy).detach()
    logits = discriminator(torch.cat([batch.clean, fake]))
    loss = discriminator_loss(logits[: len(fake)], logits[len(fake) :])
    loss.backward()
    optimizer.step()
    return loss.detach()


def _eval_for_good(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    generator.eval()
    optimizer.zero_grad()
    fake = generator(batch.rainy).detach()
    loss = discriminator_loss(discriminator(batch.clean), discriminator(fake))
    loss.backward()
    optimizer.step()
    return loss.detach()


def _discriminator_in_eval(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    discriminator.eval()
    optimizer.zero_grad()
    fake = generator(batch.rainy).detach()
    loss = discriminator_loss(discriminator(batch.clean), discriminator(fake))
    loss.backward()
    optimizer.step()
    discriminator.train()
    return loss.detach()


def _generator_in_eval(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    optimizer.zero_grad()
    generator.eval()
    fake = generator(batch.rainy).detach()
    generator.train()
    loss = discriminator_loss(discriminator(batch.clean), discriminator(fake))
    loss.backward()
    optimizer.step()
    return loss.detach()


def _fresh_adam(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    own = torch.optim.Adam(discriminator.parameters(), lr=2e-4)
    own.zero_grad()
    fake = generator(batch.rainy).detach()
    loss = discriminator_loss(discriminator(batch.clean), discriminator(fake))
    loss.backward()
    own.step()
    return loss.detach()


def _fresh_and_alike(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    own = torch.optim.SGD(discriminator.parameters(), lr=optimizer.param_groups[0]["lr"])
    own.zero_grad()
    fake = generator(batch.rainy).detach()
    loss = discriminator_loss(discriminator(batch.clean), discriminator(fake))
    loss.backward()
    own.step()
    return loss.detach()


def _frozen_for_good(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    generator.requires_grad_(False)
    optimizer.zero_grad()
    loss = discriminator_loss(discriminator(batch.clean), discriminator(generator(batch.rainy)))
    loss.backward()
    optimizer.step()
    return loss.detach()


def _trains_both(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    parameters = [*generator.parameters(), *discriminator.parameters()]
    both = torch.optim.SGD(parameters, lr=0.1)
    both.zero_grad()
    loss = discriminator_loss(discriminator(batch.clean), discriminator(generator(batch.rainy)))
    loss.backward()
    both.step()
    return loss.detach()


def _loss_after(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    fake = generator(batch.rainy).detach()
    optimizer.zero_grad()
    discriminator_loss(discriminator(batch.clean), discriminator(fake)).backward()
    optimizer.step()
    return discriminator_loss(discriminator(batch.clean), discriminator(fake)).detach()


def _returns_the_real_part(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    optimizer.zero_grad()
    real = F.softplus(-discriminator(batch.clean)).mean()
    fake = F.softplus(discriminator(generator(batch.rainy).detach())).mean()
    (real + fake).backward()
    optimizer.step()
    return real.detach()


def _no_return(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> None:
    optimizer.zero_grad()
    fake = generator(batch.rainy).detach()
    discriminator_loss(discriminator(batch.clean), discriminator(fake)).backward()
    optimizer.step()


def _halved(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    optimizer.zero_grad()
    fake = generator(batch.rainy).detach()
    loss = 0.5 * discriminator_loss(discriminator(batch.clean), discriminator(fake))
    loss.backward()
    optimizer.step()
    return loss.detach()


def _until_it_wins(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    fake = generator(batch.rainy).detach()
    while True:
        optimizer.zero_grad()
        loss = discriminator_loss(discriminator(batch.clean), discriminator(fake))
        loss.backward()
        optimizer.step()
        if loss < 0:
            return loss.detach()


def _by_detach(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    discriminator.zero_grad()
    fake = generator(batch.rainy).detach()
    loss = discriminator_loss(discriminator(batch.clean), discriminator(fake))
    loss.backward()
    optimizer.step()
    return loss


def _two_backward_calls(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> float:
    rainy, clean, _ = batch
    optimizer.zero_grad(set_to_none=False)
    real = F.softplus(-discriminator(clean)).mean()
    real.backward()
    fake = F.softplus(discriminator(generator(rainy).detach())).mean()
    fake.backward()
    optimizer.step()
    return real.item() + fake.item()


def _frozen_and_thawed(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    generator.requires_grad_(False)
    fake_logits = discriminator(generator(batch.rainy))
    loss = discriminator_loss(discriminator(batch.clean), fake_logits)
    generator.requires_grad_(True)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return loss.detach()


def _attached_but_not_followed(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    optimizer.zero_grad()
    fake_logits = discriminator(generator(batch.rainy))
    loss = discriminator_loss(discriminator(batch.clean), fake_logits)
    loss.backward(inputs=list(discriminator.parameters()))
    optimizer.step()
    return loss.detach()


def _in_training_mode(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: Optimizer
) -> Tensor:
    generator.train()
    discriminator.train()
    generator.zero_grad()
    optimizer.zero_grad()
    with torch.no_grad():
        fake = generator(batch.rainy)
    fake_logits, real_logits = discriminator(fake), discriminator(batch.clean)
    loss = discriminator_loss(real_logits, fake_logits)
    for parameter, gradient in zip(
        discriminator.parameters(),
        torch.autograd.grad(loss, list(discriminator.parameters())),
        strict=True,
    ):
        parameter.grad = gradient
    optimizer.step()
    return loss.detach()


WRONG = (
    WrongAnswer(answer=_attached, diagnosis="still attached to the graph"),
    WrongAnswer(answer=_attached_and_cleared, diagnosis="Your step clears them afterwards"),
    WrongAnswer(answer=_zero_grad_missing, diagnosis="Gradients left over from earlier steps"),
    WrongAnswer(answer=_zero_grad_at_the_end, diagnosis="Gradients left over from earlier steps"),
    WrongAnswer(answer=_zero_grad_before_step, diagnosis="comes between loss.backward()"),
    WrongAnswer(answer=_step_missing, diagnosis="optimizer.step() is never called"),
    WrongAnswer(answer=_backward_missing, diagnosis="loss.backward() is missing"),
    WrongAnswer(answer=_step_before_backward, diagnosis="comes before loss.backward()"),
    WrongAnswer(answer=_labels_swapped, diagnosis="Real and fake are swapped"),
    WrongAnswer(answer=_rainy_as_real, diagnosis="rainy pictures as real ones"),
    WrongAnswer(answer=_clean_into_generator, diagnosis="gives the generator the clean"),
    WrongAnswer(answer=_no_generator, diagnosis="never calls the generator"),
    WrongAnswer(answer=_wrong_loss, diagnosis="learns to be fooled"),
    WrongAnswer(answer=_no_grad_too_wide, diagnosis="only the real pictures do: it gives their"),
    WrongAnswer(answer=_logits_detached, diagnosis="real pictures do: their logits are detached"),
    WrongAnswer(answer=_real_logits_detached, diagnosis="the fakes do: their logits are detached"),
    WrongAnswer(answer=_real_alone, diagnosis="real pictures do: it never gives logits for them"),
    WrongAnswer(answer=_real_gradient_cleared, diagnosis="the fakes do: a second zero_grad()"),
    WrongAnswer(answer=_two_steps, diagnosis="calls optimizer.step() 2 times"),
    WrongAnswer(answer=_steps_twice, diagnosis="calls optimizer.step() 2 times"),
    WrongAnswer(answer=_ascends, diagnosis="the opposite direction"),
    WrongAnswer(answer=_sigmoid_twice, diagnosis="The sigmoid is applied twice"),
    WrongAnswer(answer=_one_batch, diagnosis="Batch norm then mixes their statistics"),
    WrongAnswer(answer=_eval_for_good, diagnosis="leaves the generator in eval mode"),
    WrongAnswer(answer=_discriminator_in_eval, diagnosis="calls the discriminator in eval mode"),
    WrongAnswer(answer=_generator_in_eval, diagnosis="calls the generator in eval mode"),
    WrongAnswer(answer=_fresh_adam, diagnosis="not by the optimizer that your step is given"),
    WrongAnswer(answer=_fresh_and_alike, diagnosis="not by the optimizer that your step is given"),
    WrongAnswer(answer=_frozen_for_good, diagnosis="requires_grad switched off in the generator"),
    WrongAnswer(answer=_trains_both, diagnosis="moves the generator's parameters"),
    WrongAnswer(answer=_loss_after, diagnosis="the loss after the update"),
    WrongAnswer(answer=_returns_the_real_part, diagnosis="real pictures' part of the loss only"),
    WrongAnswer(answer=_no_return, diagnosis="is the `return` missing"),
    WrongAnswer(answer=_halved, diagnosis="half of the loss"),
    WrongAnswer(answer=_until_it_wins, diagnosis="doesn't come back"),
)

VALID = (
    _by_detach,
    _two_backward_calls,
    _frozen_and_thawed,
    _attached_but_not_followed,
    _in_training_mode,
)

EQUIVALENT = (
    Equivalent(
        mutant="line 1: `with torch.no_grad():` after the next statement",
        why="Clearing gradients and making fakes don't depend on each other.",
    ),
    Equivalent(
        mutant="line 3: `optimizer.zero_grad()` twice",
        why="What is cleared stays so.",
    ),
    Equivalent(
        mutant="line 3: `optimizer.zero_grad()` after the next statement",
        why="Gradients must be cleared before loss.backward(), which still comes later.",
    ),
    Equivalent(
        mutant="line 7: loss.detach() → loss",
        why="The docstring asks for the value; the training loop takes float() of it.",
    ),
)
