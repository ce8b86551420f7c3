"""Exercise 04.5: what a network costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from course_lib.checks import expect
from course_lib.checks.attempt import Attempt, Call, describe, describe_error
from course_lib.checks.result import Wrong
from course_lib.checks.task import Header, Task
from course_lib.exercises.lesson_04 import multiply_adds_zoo as zoo
from course_lib.exercises.lesson_04.miscounts import explained
from course_lib.exercises.lesson_04.networks import AsItWas, Trial, torch_put_back, trials
from course_lib.models.cost import multiply_adds
from course_lib.models.graspp import RainDiscriminator

HEADER = Header(
    id="04.5",
    title="What a network costs",
    difficulty=3,
    minutes=20,
    needed_for="testing the paper's running time by arithmetic",
)

HINTS = (
    "Do the docstring's example by hand: how many values come out, and how many products is each "
    "the sum of? A forward hook sees a layer together with what goes in and what comes out of it. "
    "Which layers does model.modules() give you, and which of them count?",
    "Register one hook on every module. It adds to a total of your function (`nonlocal total`) if "
    "isinstance says that the layer counts: output.numel() * layer.weight[0].numel(), or with "
    "inputs[0] in place of output for transposed convolutions. Note every module's `training`, "
    "switch to eval mode, pass zeros through inside torch.no_grad(), then remove the hooks and put "
    "the modes back.",
    "Almost the code:\n"
    "    total = 0\n"
    "    def count(layer, inputs, output):\n"
    "        nonlocal total\n"
    "        if isinstance(layer, nn.Conv2d | nn.Linear):\n"
    "            total += ...\n"
    "        elif isinstance(layer, nn.ConvTranspose2d):\n"
    "            total += ...\n"
    "    modes = [(layer, layer.training) for layer in model.modules()]\n"
    "    hooks = [layer.register_forward_hook(count) for layer in model.modules()]\n"
    "    pictures = [torch.zeros(1, 3, size, size)] * (2 if getattr(...) else 1)\n"
    "    with torch.no_grad():\n"
    "        model.eval()(*pictures)\n"
    "    for hook in hooks: ...\n"
    "    for layer, mode in modes: ...\n"
    "    return total",
)


def examine(attempt: Attempt, rng: np.random.Generator) -> None:
    """Small networks, each with something of its own that a count may miss."""
    with torch_put_back():
        some = trials(rng)
        first, *others = some
        counts = [_count(attempt, first)]
        _starts_at_zero(counts[0], _count(attempt, first))
        counts += [_count(attempt, trial) for trial in others]
        _values(counts, some)


def _count(attempt: Attempt, trial: Trial) -> int:
    """What the answer counts for the trial, whose network stays as it is.

    Raises:
        Wrong: it fails, counts no whole number, or leaves the network changed.
    """
    before = AsItWas(trial.model)
    call, error = attempt.outcome(trial.model, trial.size, on=trial.on)
    if call is None:
        assert error is not None
        text = describe_error(error, attempt.function)
        raise Wrong(f"On {trial.on}, your function raises {text}{_why(error, trial)}")
    count = _whole_number(call)
    if fault := before.fault():
        raise Wrong(fault)
    expect.untouched(call)
    return count


def _why(error: BaseException, trial: Trial) -> str:
    """What the message of an error doesn't say."""
    message = str(error)
    if "must be Tensor, not" in message or "has no attribute 'dim'" in message:
        return (
            ". What a hook returns takes the place of what the layer put out, if it isn't None: "
            "let your hook return nothing."
        )
    if "'tuple' object has no attribute" in message:
        return ". A hook gets what goes in as a tuple, `inputs`: inputs[0] is the first tensor."
    if "this network's `conditional`" in message:
        return '. Ask for the attribute: getattr(model, "conditional", False).'
    if "has no attribute 'conditional'" in message:
        return '. Not every network has it: getattr(model, "conditional", False).'
    if "Expected more than 1 value per channel" in message:
        return ". In train mode a batch norm wants more than one value: switch to eval mode."
    if isinstance(error, UnboundLocalError):
        return (
            ". A hook that adds to a variable of the function around it has to declare it first: "
            "`nonlocal`, and its name."
        )
    return ""


def _whole_number(call: Call) -> int:
    value: Any = expect.returned(call)
    if isinstance(value, torch.Tensor) and value.ndim == 0:
        raise Wrong(
            f"Your function returns {describe(value)}; a Python int is expected, as numel() gives "
            "it: .item() makes one of a tensor."
        )
    number = expect.number(call)
    expect.finite(call, number)
    if np.asarray(value).dtype.kind not in "iu":
        raise Wrong(
            f"On {call.on}, your function returns {describe(value)} as a float. Multiplications "
            "are counted: an int is expected. Divide whole numbers with //, and start from 0."
        )
    return int(value)


def _starts_at_zero(first: int, second: int) -> None:
    if first != second:
        raise Wrong(
            f"Called twice with the same network, your function gives {first:,} first and then "
            f"{second:,}: its total has to start at 0 in each call, and what it hangs on the "
            "network has to go."
        )


def _values(counts: Sequence[int], some: Sequence[Trial]) -> None:
    """The counts are the reference's."""
    right = [multiply_adds(trial.model, trial.size) for trial in some]
    wrong = [n for n, count in enumerate(counts) if count != right[n]]
    if not wrong:
        return
    if diagnosis := explained(some, counts):
        raise Wrong(diagnosis)
    if len(set(counts)) == 1:
        raise Wrong(f"Your function gives {counts[0]:,} whatever it is called with.")
    n = wrong[0]
    raise Wrong(
        f"On {some[n].on}, your function counts {counts[n]:,} multiplications; there are "
        f"{right[n]:,}." + (f" On {some[0].on}, your count is right." if n > 0 else "")
    )


def _lesson_size(rng: np.random.Generator) -> tuple[nn.Module, int]:
    return RainDiscriminator(base_channels=32), 64


TASK = Task(
    header=HEADER,
    reference=multiply_adds,
    hints=HINTS,
    examine=examine,
    lesson_size=_lesson_size,
    wrong=zoo.WRONG,
    valid=zoo.VALID,
    equivalent=zoo.EQUIVALENT,
)
