"""Exercise 02.1: a block that halves."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from course_lib.checks import expect
from course_lib.checks.attempt import Attempt, describe, describe_error
from course_lib.checks.result import Wrong
from course_lib.checks.task import Header, Task
from course_lib.exercises.lesson_01.losses import devices
from course_lib.exercises.lesson_02 import down_block_zoo as zoo
from course_lib.exercises.lesson_02.trials import (
    WRONG_VALUES,
    Formula,
    Trial,
    fault_of_form,
    fault_of_values,
    right_values,
)
from course_lib.models.pix2pix import down_block

HEADER = Header(
    id="02.1",
    title="A block that halves",
    difficulty=2,
    minutes=12,
    needed_for="the way down of a U-Net, in the next cell",
)

HINTS = (
    "Your function makes layers and returns them as one network; pictures come later, when the "
    "network is called. Look up nn.Conv2d: which of its settings does the docstring name?",
    "Three layers, or two: nn.Conv2d with stride, padding and bias set; what `norm` gives when it "
    "is called with the number of channels that come out of the convolution, unless `norm` is "
    "None; nn.LeakyReLU with its slope set. nn.Sequential makes one network of them.",
    "Almost the code:\n"
    "    layers = [nn.Conv2d(in_channels, out_channels, 4, stride=..., padding=..., bias=...)]\n"
    "    if norm is not None:\n"
    "        layers.append(norm(...))\n"
    "    layers.append(nn.LeakyReLU(...))\n"
    "    return nn.Sequential(*layers)",
)


def group_norm(channels: int) -> nn.Module:
    """A norm that no class alone makes."""
    return nn.GroupNorm(1, channels)


def examine(attempt: Attempt, rng: np.random.Generator) -> None:
    """Blocks with batch norm, without a norm, with instance norm and with one that is made."""
    generator = torch.Generator().manual_seed(int(rng.integers(2**32)))
    for trial in _trials(rng, generator):
        _try(attempt, trial, generator)
    _blocks_of_their_own(attempt, trial)
    for device in devices()[1:]:
        _forward(attempt, _block(attempt, trial).to(device), trial.pictures.to(device), trial)


def _trials(rng: np.random.Generator, generator: torch.Generator) -> Iterator[Trial]:
    for norm, name in (
        (nn.BatchNorm2d, "nn.BatchNorm2d"),
        (None, "None"),
        (nn.InstanceNorm2d, "nn.InstanceNorm2d"),
        (group_norm, "a function that makes an nn.GroupNorm"),
    ):
        into, out = (int(n) for n in rng.choice(range(2, 9), 2, replace=False))
        height, width = (2 * int(n) for n in rng.choice(range(2, 7), 2, replace=False))
        n = int(rng.integers(1, 4))
        yield Trial(
            in_channels=into,
            out_channels=out,
            norm=norm,
            kind=nn.GroupNorm if norm is group_norm else norm,  # type: ignore[arg-type]
            name=name,
            pictures=torch.randn(n, into, height, width, generator=generator),
        )


def _try(attempt: Attempt, trial: Trial, generator: torch.Generator) -> None:
    block = _block(attempt, trial)
    half = _forward(attempt, block, trial.pictures, trial)
    if tuple(half.shape) != trial.shape:
        raise Wrong(
            fault_of_form(trial, block)
            or f"On pictures of size {_by(trial.pictures.shape)}, your block gives "
            f"{_by(half.shape)}; half of each side is {_by(trial.shape)}."
        )
    weight, norm = _weights(trial, block)
    _as_it_was_made(block)
    with torch.no_grad():
        for parameter in block.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
    for training in (True, False):
        block.train(training)
        norm.train(training)
        _values(attempt, trial, block, weight, copy.deepcopy(norm))
    _gradients(attempt, trial, block, weight, norm)


def _block(attempt: Attempt, trial: Trial) -> nn.Module:
    """What the answer returns for the trial, which is a network.

    Raises:
        Wrong: it fails, or returns something else.
    """
    call, error = attempt.outcome(
        trial.in_channels, trial.out_channels, on=trial.on, norm=trial.norm
    )
    if call is None:
        assert error is not None
        text = describe_error(error, attempt.function)
        raise Wrong(f"On {trial.on}, your function raises {text}{_why(error, trial)}")
    value = expect.returned(call)
    if inspect.isclass(value):
        raise Wrong(
            f"Your function returns the class {value.__name__}; a network is expected: call the "
            "class."
        )
    if isinstance(value, list | tuple | nn.ModuleList):
        raise Wrong(
            f"Your function returns {describe(value)}, which can't be called with pictures: "
            "nn.Sequential(*layers) makes one network of the layers."
        )
    if not isinstance(value, nn.Module):
        raise Wrong(
            f"Your function returns {describe(value)}; a network is expected, an nn.Module, so "
            "that optimizers find its weights."
        )
    expect.untouched(call)
    return value


def _why(error: BaseException, trial: Trial) -> str:
    """What an error message doesn't say."""
    message = str(error)
    if trial.norm is None and "NoneType" in message:
        return ". Where `norm` is None there is nothing to call, and no layer: leave it out."
    if "is not a Module subclass" not in message:
        return ""
    if "list" in message or "tuple" in message:
        return ". nn.Sequential takes layers one by one: nn.Sequential(*layers)."
    if "functional" in message:
        return ". That is a function; nn.Sequential takes layers, such as nn.LeakyReLU(0.2)."
    return ". `norm` makes the layer when it is called: norm(out_channels)."


def _forward(attempt: Attempt, block: nn.Module, pictures: Tensor, trial: Trial) -> Tensor:
    """What the block makes of pictures.

    Raises:
        Wrong: it fails, gives no tensor, or writes over the pictures.
    """

    def called_with(pictures: Tensor) -> None: ...

    on = f"pictures of size {_by(pictures.shape)}"
    as_function = replace(attempt, function=block, reference=called_with)
    call, error = as_function.outcome(pictures, on=on)
    if call is None:
        assert error is not None
        text = describe_error(error, attempt.function)
        raise Wrong(
            fault_of_form(trial, block)
            or f"On {trial.on}, the block that your function returns raises {text}"
            + _why(error, trial)
        )
    if not isinstance(call.value, Tensor):
        raise Wrong(
            f"Called with pictures, your block returns {describe(call.value)}; a tensor is "
            "expected. Is a `return` missing in its forward?"
        )
    if call.changed:
        raise Wrong(
            "Your block writes over the pictures that it is called with, as an activation with "
            "inplace=True does that comes first: the order is convolution, norm, activation."
        )
    expect.untouched(call)
    return call.value


def _weights(trial: Trial, block: nn.Module) -> tuple[Tensor, nn.Module]:
    """The convolution's weight and the norm (nn.Identity where there is none).

    Raises:
        Wrong: there are more numbers to learn than theirs, or fewer.
    """
    norms = [one for one in block.modules() if trial.kind and isinstance(one, trial.kind)]
    fresh = trial.norm(trial.out_channels) if trial.norm else nn.Identity()
    norm = norms[0] if norms else fresh
    in_norm = {id(parameter) for parameter in norm.parameters()}
    others = [one for one in block.parameters() if id(one) not in in_norm]
    right = (trial.out_channels, trial.in_channels, 4, 4)
    complete = norms or not in_norm
    if complete and _sizes(norm) == _sizes(fresh) and [one.shape for one in others] == [right]:
        return others[0], norm
    if not list(block.parameters()):
        raise Wrong(
            "Your block has no weights that an optimizer finds: layers in a plain list, or made "
            "anew in each call, are hidden from it. Make them once, as attributes of an nn.Module "
            "or in nn.Sequential."
        )
    if fault := fault_of_form(trial, block):
        raise Wrong(fault)
    if not complete:
        raise Wrong(
            f"With norm={trial.name}, your block has no norm: is `norm` left out, called anew each "
            "time that pictures come, or its layer hidden in a plain list?"
        )
    raise Wrong(
        f"On {trial.on}, your block's weights have the sizes {', '.join(_sizes(block))}; the "
        f"convolution has {_by(right)}"
        + (f", the norm {', '.join(_sizes(fresh))}." if in_norm else ", and nothing else has any.")
    )


def _sizes(network: nn.Module) -> list[str]:
    return [_by(parameter.shape) for parameter in network.parameters()]


def _as_it_was_made(block: nn.Module) -> None:
    if not all(one.training for one in block.modules()):
        raise Wrong(
            "Your block comes in eval mode, so that its norm won't follow the pictures of a "
            "training: leave out .eval()."
        )
    if not all(one.requires_grad for one in block.parameters()):
        raise Wrong(
            "Your block's weights have requires_grad switched off, so that it learns nothing."
        )


def _values(
    attempt: Attempt, trial: Trial, block: nn.Module, weight: Tensor, norm: nn.Module
) -> None:
    """The block gives what its weights give in the docstring's order."""

    def gives(formula: Formula) -> np.ndarray:
        return formula(trial.pictures, weight, copy.deepcopy(norm)).detach().numpy()

    got = _forward(attempt, block, trial.pictures, trial).detach().numpy()
    right = gives(right_values)
    if expect.close(got, right, 1e-4):
        return
    if fault := fault_of_values(block, trial.pictures):
        raise Wrong(fault)
    for diagnosis, formula in WRONG_VALUES.items():
        if expect.close(got, gives(formula), 1e-4):
            raise Wrong(diagnosis)
    mode = "train" if block.training else "eval"
    raise Wrong(
        f"Your block has the right weights, but in {mode} mode it gives something else than "
        "convolution, norm and LeakyReLU of slope 0.2 with these weights. "
        + expect.difference([got], [right], trial.on)
    )


def _gradients(
    attempt: Attempt, trial: Trial, block: nn.Module, weight: Tensor, norm: nn.Module
) -> None:
    """Gradients reach the weights and the pictures, as they do in the formula."""
    pictures = trial.pictures.clone().requires_grad_()
    inputs = [pictures, *block.parameters()]
    out = _forward(attempt, block, pictures, trial)
    have = (
        torch.autograd.grad(out.square().sum(), inputs, allow_unused=True)
        if out.requires_grad
        else [None] * len(inputs)
    )
    right = right_values(pictures, weight, norm).square().sum()
    want = torch.autograd.grad(right, inputs)
    for mine, theirs in zip(have, want, strict=True):
        if mine is None:
            raise Wrong(
                "The values are right, but gradients don't flow through all of your block: is "
                "there a torch.no_grad() or .detach() in its forward?"
            )
        if not torch.allclose(mine, theirs, rtol=1e-3, atol=1e-4 * theirs.abs().max().item()):
            raise Wrong(
                "The values are right, but the gradients aren't those of convolution, norm and "
                "activation: is a part of your block detached?"
            )


def _blocks_of_their_own(attempt: Attempt, trial: Trial) -> None:
    first, second = (_block(attempt, trial) for _ in range(2))
    if {id(one) for one in first.parameters()} & {id(one) for one in second.parameters()}:
        raise Wrong(
            "Two calls of your function return blocks with the same weights, so that what one "
            "block of the U-Net learns changes another: make new layers in each call."
        )


def _by(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))


TASK = Task(
    header=HEADER,
    reference=down_block,
    hints=HINTS,
    examine=examine,
    lesson_size=lambda rng: (64, 128),
    lesson_keywords={"norm": nn.BatchNorm2d},
    wrong=zoo.WRONG,
    valid=zoo.VALID,
    equivalent=zoo.EQUIVALENT,
)
