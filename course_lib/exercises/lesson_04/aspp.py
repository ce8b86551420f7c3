"""Exercise 04.4: parallel paths of several reaches."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from course_lib.checks import expect
from course_lib.checks.attempt import Attempt, describe, describe_error
from course_lib.checks.result import Wrong
from course_lib.checks.task import Header, Task
from course_lib.exercises.lesson_01.losses import devices
from course_lib.exercises.lesson_04 import aspp_zoo as zoo
from course_lib.exercises.lesson_04.faulty_pyramids import fault_of_form, fault_of_stop
from course_lib.exercises.lesson_04.pyramid_values import fault_of_shape, fault_of_values
from course_lib.exercises.lesson_04.pyramids import (
    Trace,
    Trial,
    by,
    paths_of,
    paths_that_give,
    right_values,
)
from course_lib.models.graspp import ASPP

HEADER = Header(
    id="04.4",
    title="Parallel paths of several reaches",
    difficulty=3,
    minutes=25,
    needed_for="the middle of the generator: RASPP(aspp=ASPP)",
)

HINTS = (
    "`__init__` makes the layers, once; `forward` sends features through them. How many paths are "
    "there, and which four layers has each? Look up nn.Conv2d: which of its settings moves the "
    "weights apart, and which two see to the border?",
    "Make each path an nn.Sequential of its four layers, in a loop over `rates`, and keep the "
    "paths in an nn.ModuleList, so that optimizers find their weights. The atrous convolution has "
    "dilation and padding equal to its rate, and a padding_mode. In `forward`, every path gets the "
    "same x; torch.cat along axis 1 puts what they give behind one another.",
    "Almost the code:\n"
    "    def __init__(...):\n"
    "        super().__init__()\n"
    "        self.paths = nn.ModuleList()\n"
    "        for rate in rates:\n"
    "            atrous = nn.Conv2d(in_channels, ..., 3, dilation=..., padding=...,\n"
    "                               padding_mode=...)\n"
    "            pointwise = nn.Conv2d(..., ..., 1)\n"
    "            self.paths.append(nn.Sequential(atrous, nn.LeakyReLU(...), pointwise, ...))\n"
    "\n"
    "    def forward(self, x):\n"
    "        return torch.cat([... for path in self.paths], dim=1)",
)


def examine(attempt: Attempt, rng: np.random.Generator) -> None:
    """Pyramids of the rates that they have unless told, and of others; a batch, one picture."""
    if isinstance(attempt.function, nn.Module):
        raise Wrong(
            f"The check got {describe(attempt.function)}, a network that is made already: pass the "
            "class itself, without calling it."
        )
    generator = torch.Generator().manual_seed(int(rng.integers(2**32)))
    for trial in _trials(rng, generator):
        _try(attempt, trial, generator)
    for device in devices()[1:]:
        _forward(attempt, _network(attempt, trial).to(device), trial.features.to(device), trial)


def _trials(rng: np.random.Generator, generator: torch.Generator) -> Iterator[Trial]:
    rates: tuple[Sequence[int], ...] = ((1, 2, 4), (2, 1, 5), (3,), [4, 2], (1, 2, 4, 3))
    for number, (some, n) in enumerate(zip(rates, (2, 3, 1, 2, 1), strict=True)):
        into, out = (int(k) for k in rng.choice((6, 7, 9, 10), 2, replace=False))
        height, width = (int(k) for k in rng.choice(range(11, 16), 2, replace=False))
        yield Trial(
            in_channels=into,
            out_channels=out,
            rates=some,
            told=number > 0,
            features=torch.randn(n, into, height, width, generator=generator),
        )


def _try(attempt: Attempt, trial: Trial, generator: torch.Generator) -> None:
    network = _network(attempt, trial)
    _through(attempt, trial, network)
    _weights_of_its_own(network, _network(attempt, trial))
    _as_it_was_made(network)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(0.5 * torch.randn(parameter.shape, generator=generator))
    for training in (True, False):
        network.train(training)
        _values(attempt, trial, network)
    larger = torch.randn(1, trial.in_channels, 9, 17, generator=generator)
    _values(attempt, replace(trial, features=larger), network)
    _gradients(attempt, trial, network)


def _network(attempt: Attempt, trial: Trial) -> nn.Module:
    """What the answer makes for the trial.

    Raises:
        Wrong: it fails, or makes no network.
    """
    call, error = attempt.outcome(*trial.args, on=trial.on)
    if call is None:
        assert error is not None
        text = describe_error(error, attempt.function)
        raise Wrong(f"{trial.on} raises {text}{_why(error)}")
    if not isinstance(call.value, nn.Module) and inspect.isclass(attempt.function):
        raise Wrong(
            "Your class is no nn.Module, so that it can't be a part of a network: its first line "
            "is `class ASPP(nn.Module):`."
        )
    value = expect.returned(call)
    if not isinstance(value, nn.Module):
        raise Wrong(f"{trial.on} gives {describe(value)}; a network is expected, an nn.Module.")
    if "_modules" not in vars(value):
        raise Wrong(
            "Your __init__ doesn't begin with `super().__init__()`, so that your class isn't a "
            "network yet."
        )
    if call.changed:
        raise Wrong(
            f"Your class changes `{call.changed[0]}`, the list that it is given: work on a copy."
        )
    expect.untouched(call)
    return value


def _why(error: BaseException) -> str:
    """What the message of an error doesn't say."""
    message = str(error)
    if "before Module.__init__() call" in message:
        return ". An __init__ begins with `super().__init__()`, which makes it a network."
    if "is not a Module subclass" in message and ("list" in message or "tuple" in message):
        return ". nn.Sequential takes layers one by one: nn.Sequential(*layers)."
    if "is not a Module subclass" in message and "functional" in message:
        return ". That is a function; nn.Sequential takes layers, such as nn.LeakyReLU(0.2)."
    if 'missing the required "forward"' in message and "ModuleList" in message:
        return ". A ModuleList only keeps layers: call them one by one."
    if 'missing the required "forward"' in message:
        return ". Its second method is `def forward(self, x)`, indented as __init__ is."
    return ""


def _forward(
    attempt: Attempt, network: nn.Module, features: Tensor, trial: Trial
) -> tuple[Tensor, Trace]:
    """What the network makes of features, and what it calls for that.

    Raises:
        Wrong: it fails, gives no tensor, or writes over the features.
    """
    trace = Trace()

    def called_with(x: Tensor) -> Tensor:
        with trace:
            return network(x)

    as_function = replace(attempt, function=called_with, reference=called_with)
    call, error = as_function.outcome(features, on=f"features of size {by(features.shape)}")
    if call is None:
        assert error is not None
        known = fault_of_stop(trial, network, trace) if isinstance(error, RuntimeError) else ""
        raise Wrong(
            known
            or f"Called with features of size {by(features.shape)}, the network of "
            f"{trial.on} raises {describe_error(error, attempt.function)}{_why(error)}"
        )
    if isinstance(call.value, list | tuple):
        raise Wrong(
            f"Your forward returns {describe(call.value)}; torch.cat with dim=1 puts the paths' "
            "outputs behind one another, in one tensor."
        )
    if not isinstance(call.value, Tensor):
        raise Wrong(
            f"Your forward returns {describe(call.value)}; a tensor is expected."
            + (" Is its `return` missing?" if call.value is None else "")
        )
    if call.changed:
        raise Wrong(
            "Your forward writes over the features that it is called with, as an activation with "
            "inplace=True does before the first convolution: the other paths, and whoever calls "
            "it, find other values there."
        )
    expect.untouched(call)
    return call.value, trace


def _through(attempt: Attempt, trial: Trial, network: nn.Module) -> tuple[Tensor, Trace]:
    """What the network makes of the trial's features, and what it calls for that.

    Raises:
        Wrong: other layers than the docstring's, or another shape.
    """
    out, trace = _forward(attempt, network, trial.features, trial)
    _must_have_the_weights(trial, network, trace)
    if tuple(out.shape) != trial.shape:
        raise Wrong(
            fault_of_form(trial, network, trace)
            or fault_of_shape(trial.features, paths_of(trial, trace), out)
            or fault_of_stop(trial, network, trace)
            or f"On features of size {by(trial.features.shape)}, {trial.on} gives {describe(out)}; "
            f"{by(trial.shape)} is expected: out_channels for each rate, height and width as "
            "they are."
        )
    return out, trace


def _must_have_the_weights(trial: Trial, network: nn.Module, trace: Trace) -> None:
    into, out = trial.in_channels, trial.out_channels
    parts = [(trace.atrous, (out, into, 3, 3)), (trace.pointwise, (out, out))]
    called = {id(part) for one in trace.convolutions for part in (one.weight, one.bias)}
    complete = all(
        one.bias is not None and tuple(one.weight.shape[: len(shape)]) == shape
        for convolutions, shape in parts
        for one in convolutions
    ) and all(
        len({id(one.weight) for one in some}) == len(some) == len(trial.rates) for some, _ in parts
    )
    if complete and called == {id(one) for one in network.parameters()}:
        return
    if fault := fault_of_form(trial, network, trace):
        raise Wrong(fault)
    sizes = ", ".join(by(one.shape) for one in network.parameters()) or "none"
    raise Wrong(
        f"On {trial.on}, your network's weights have the sizes {sizes}; those of a path are "
        f"{by((out, into, 3, 3))}, {out}, {by((out, out, 1, 1))} and {out}."
    )


def _weights_of_its_own(network: nn.Module, other: nn.Module) -> None:
    if {id(one) for one in network.parameters()} & {id(one) for one in other.parameters()}:
        raise Wrong(
            "Two networks of your class have the same weights, so that what one learns changes the "
            "other: make the layers in __init__, as attributes of `self`."
        )


def _as_it_was_made(network: nn.Module) -> None:
    if not all(one.training for one in network.modules()):
        raise Wrong(
            "Your network comes in eval mode; a network is in train mode when it is made: leave "
            "out .eval()."
        )
    if not all(one.requires_grad for one in network.parameters()):
        raise Wrong(
            "Your network's weights have requires_grad switched off, so that it learns nothing."
        )


def _values(attempt: Attempt, trial: Trial, network: nn.Module) -> None:
    """The network gives what the docstring's paths give with its weights."""
    out, trace = _through(attempt, trial, network)
    with torch.no_grad():
        if paths_that_give(out, trial, trace):
            return
        paths = paths_of(trial, trace)
        right = right_values(trial.features, paths)
        fault = fault_of_values(trial.features, paths, out)
    if fault := fault_of_form(trial, network, trace) or fault:
        raise Wrong(fault)
    mode = "train" if network.training else "eval"
    raise Wrong(
        f"Your network has the right weights, but in {mode} mode it gives something else than the "
        "docstring's paths with these weights. "
        + expect.difference([out.detach().numpy()], [right.numpy()], trial.on)
    )


def _gradients(attempt: Attempt, trial: Trial, network: nn.Module) -> None:
    """Gradients reach the features and all weights, as they do in the formula."""
    features = trial.features.clone().requires_grad_()
    inputs = [features, *network.parameters()]
    trial = replace(trial, features=features)
    out, trace = _through(attempt, trial, network)
    if not out.requires_grad:
        raise Wrong(
            "The values are right, but no gradient flows through your network: is there a "
            "torch.no_grad() or .detach() in its forward?"
        )
    try:
        have = torch.autograd.grad(out.square().sum(), inputs, allow_unused=True)
    except RuntimeError as error:
        raise Wrong(
            "The values are right, but gradients can't be computed: "
            f"{describe_error(error, attempt.function)}. Is something changed in place that is "
            "needed for them?"
        ) from None
    paths = paths_that_give(out, trial, trace) or paths_of(trial, trace)
    want = torch.autograd.grad(right_values(features, paths).square().sum(), inputs)
    for mine, theirs in zip(have, want, strict=True):
        close = mine is not None and torch.allclose(
            mine, theirs, rtol=1e-3, atol=1e-4 * theirs.abs().max().item()
        )
        if not close:
            raise Wrong(
                "The values are right, but the gradients aren't those of the docstring's paths: "
                "is a part of your forward detached, or computed inside torch.no_grad()?"
            )


TASK = Task(
    header=HEADER,
    reference=ASPP,
    hints=HINTS,
    examine=examine,
    lesson_size=lambda rng: (16, 16, (1, 2, 4)),
    wrong=zoo.WRONG,
    valid=zoo.VALID,
    equivalent=zoo.EQUIVALENT,
)
