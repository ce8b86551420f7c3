"""What may be wrong with the layers of a pyramid that an answer to exercise 04.4 makes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from torch import nn

from course_lib.exercises.lesson_04.pyramids import Convolution, Trace, Trial, by


def fault_of_form(trial: Trial, network: nn.Module, trace: Trace) -> str:
    """What is wrong with the layers that a whole forward called; empty where nothing is."""
    return next(_faults_of_form(trial, network, trace), "")


def _faults_of_form(trial: Trial, network: nn.Module, trace: Trace) -> Iterator[str]:
    yield from _hidden(network, trace)
    yield from _kernels(trace)
    yield from _lacking(trial, trace)
    yield from _channels(trial, trace)
    yield from _numbers(trial, trace)
    yield from _rates(trial, [one.dilation for one in trace.atrous])
    yield from _paddings(trace)
    for strange in trace.strange:
        yield f"Your forward calls {strange}; the docstring asks for none."
    if any(one.bias is None for one in trace.convolutions):
        yield "Your convolutions have no bias; the docstring gives one to all of them."
    yield from _never_called(network, trace)


def fault_of_stop(trial: Trial, network: nn.Module, trace: Trace) -> str:
    """Why a forward stopped, as far as the layers that it called tell; empty if they don't."""
    return next(_faults_of_stop(trial, network, trace), "")


def _faults_of_stop(trial: Trial, network: nn.Module, trace: Trace) -> Iterator[str]:
    yield from _hidden(network, trace)
    yield from _kernels(trace)
    yield from _channels(trial, trace)
    if len(trace.atrous) == len(trial.rates):
        yield from _rates(trial, [one.dilation for one in trace.atrous])
    yield from _sizes(trial, trace)


def _hidden(network: nn.Module, trace: Trace) -> Iterator[str]:
    """Layers that no optimizer finds."""
    found = {id(one) for one in network.parameters()}
    for module in network.modules():
        for name, value in vars(module).items():
            layers = _inside(value) if name != "_modules" else ()
            if any(id(one) not in found for layer in layers for one in layer.parameters()):
                kind = "ModuleDict" if isinstance(value, dict) else "ModuleList"
                yield (
                    f"Your network keeps layers in a plain {type(value).__name__}, `self.{name}`, "
                    f"where no optimizer finds their weights: make it an nn.{kind}."
                )
    if any(not one.weight.is_leaf for one in trace.convolutions):
        yield (
            "Your convolutions' weights are computed anew in each call, as weight_norm does; the "
            "docstring asks for convolutions that learn their weights themselves."
        )
    if any(one.weight.is_leaf and id(one.weight) not in found for one in trace.convolutions):
        yield (
            "Your forward calls convolutions whose weights aren't among the network's parameters, "
            "so that no optimizer finds them. Make the layers once, in __init__, as attributes or "
            "in an nn.ModuleList; not anew in each call."
        )


def _inside(value: Any) -> Iterator[nn.Module]:
    """The layers in lists and dictionaries, however deep."""
    if isinstance(value, dict):
        value = list(value.values())
    for one in value if isinstance(value, list | tuple) else ():
        if isinstance(one, nn.Module):
            yield one
        else:
            yield from _inside(one)


def _kernels(trace: Trace) -> Iterator[str]:
    for one in trace.convolutions:
        if one.kernel not in ((3, 3), (1, 1)):
            yield (
                f"One of your convolutions has a kernel of {by(one.kernel)}; atrous ones have 3×3, "
                "pointwise ones 1×1."
            )
        if one.stride != 1:
            yield (
                f"One of your convolutions has the stride {one.stride}; height and width stay as "
                "they are at stride 1."
            )


def _lacking(trial: Trial, trace: Trace) -> Iterator[str]:
    if not trace.convolutions:
        yield "Your forward never calls a convolution."
    if not trace.atrous:
        yield "Your forward calls no 3×3 convolution; each path begins with one."
    if not trace.pointwise and len(trace.atrous) == 2 * len(trial.rates):
        yield (
            "The second convolution of your paths is 3×3 too; the docstring asks for a pointwise "
            "one, 1×1."
        )
    if not trace.pointwise:
        yield "Your paths have no pointwise (1×1) convolution behind the atrous one."


def _channels(trial: Trial, trace: Trace) -> Iterator[str]:
    into, out, n = trial.in_channels, trial.out_channels, len(trial.rates)
    atrous, pointwise = _widths(trace.atrous), _widths(trace.pointwise)
    if pointwise[:1] == [(out, into)] and (out, out) in atrous:
        yield (
            "Your pointwise convolution comes before the atrous one; the order is atrous "
            "convolution, LeakyReLU, pointwise convolution, LeakyReLU."
        )
    if any(one.groups != 1 for one in trace.atrous):
        yield (
            "Your atrous convolutions have groups, so that what comes out sees only some of the "
            "channels that come in: leave `groups` out."
        )
    given = [one.channels for one in trace.atrous]
    if pointwise and 1 < len(given) <= n and given == [into] + [out] * (len(given) - 1):
        yield (
            "From the second one on, your atrous convolutions get what a path before them gives. "
            "The paths lie side by side: all get forward's x."
        )
    if (into, out) in atrous:
        yield "in_channels and out_channels are swapped in your atrous convolutions."
    if n > 1 and any(width[0] in (out // n, -(-out // n)) for width in atrous):
        yield (
            f"On {trial.on}, your paths share out_channels, {atrous[0][0]} for each; each path "
            f"has out_channels of its own, so that {n * out} come out."
        )
    if n > 1 and any(one.channels == n * out for one in trace.pointwise):
        yield (
            "Your pointwise convolution comes behind the concatenation and mixes all paths; each "
            "path has one of its own, before."
        )
    if (out, into) in atrous and (out, into) in pointwise:
        yield (
            "One of your pointwise convolutions gets forward's x, as in DeepLab's pyramid; here "
            "each comes behind the atrous convolution of its path."
        )
    for name, widths, right in (
        ("atrous", atrous, (out, into)),
        ("pointwise", pointwise, (out, out)),
    ):
        for width in widths:
            if width != right:
                yield (
                    f"On {trial.on}, one of your {name} convolutions makes {width[0]} channels of "
                    f"{width[1]}; it makes {right[0]} of {right[1]}."
                )


def _widths(convolutions: Sequence[Convolution]) -> list[tuple[int, ...]]:
    """How many channels each makes of how many."""
    return [tuple(one.weight.shape[:2]) for one in convolutions]


def _numbers(trial: Trial, trace: Trace) -> Iterator[str]:
    atrous, pointwise, n = trace.atrous, trace.pointwise, len(trial.rates)
    for name, calls in (("atrous", atrous), ("pointwise", pointwise)):
        if len({id(one.weight) for one in calls}) < len(calls):
            yield (
                f"Your paths share one {name} convolution. Each rate has a path of its own, with "
                "weights of its own: make new layers for each rate, in __init__."
            )
    if [one.dilation for one in atrous] == [1, 2, 4] != list(trial.rates):
        yield f"On {trial.on}, your paths have the rates 1, 2 and 4: go through `rates` instead."
    rates = "1 rate" if n == 1 else f"{n} rates"
    for name, calls in (("atrous (3×3)", atrous), ("pointwise (1×1)", pointwise)):
        if len(calls) != n:
            times = "once" if len(calls) == 1 else f"{len(calls)} times"
            yield (
                f"On {trial.on}, with {rates}, your forward calls {name} convolutions {times}: "
                "there is one for each of `rates`."
            )


def _rates(trial: Trial, dilations: list[int]) -> Iterator[str]:
    if sorted(dilations) == sorted(trial.rates):
        return
    if set(dilations) == {1}:
        yield (
            "Your convolutions all have the dilation 1, as they have unless told: dilation=rate "
            "moves the weights apart."
        )
    if len(set(dilations)) == 1 < len(dilations):
        yield (
            f"On {trial.on}, your atrous convolutions all have the dilation {dilations[0]}; each "
            "has the rate of its path: dilation=rate."
        )
    yield (
        f"On {trial.on}, your atrous convolutions have the dilations "
        f"{', '.join(map(str, dilations))}; each has the rate of its path: dilation=rate."
    )


def _paddings(trace: Trace) -> Iterator[str]:
    if any(one.padding for one in trace.atrous) or "constant" in trace.modes:
        yield (
            "Your features are padded with zeros, as convolutions do unless told; the docstring "
            'asks for reflection: padding_mode="reflect".'
        )
    for mode in trace.modes:
        if mode != "reflect":
            yield f'Your features are padded by "{mode}"; the docstring asks for "reflect".'


def _never_called(network: nn.Module, trace: Trace) -> Iterator[str]:
    called = {id(part) for one in trace.convolutions for part in (one.weight, one.bias)}
    idle = [by(one.shape) for one in network.parameters() if id(one) not in called]
    if idle:
        yield (
            "Your network has weights that belong to none of the convolutions which its forward "
            f"calls, of size {', '.join(idle)}: leave them out."
        )


def _sizes(trial: Trial, trace: Trace) -> Iterator[str]:
    """Atrous convolutions that aren't padded as far as they reach."""
    for one in trace.atrous:
        padding = (one.height - trial.features.shape[2]) // 2 + one.padding
        if padding != one.dilation:
            yield (
                f"On {trial.on}, your convolution of dilation {one.dilation} reaches "
                f"{one.dilation} pixel{'s' if one.dilation > 1 else ''} to each side, and its "
                f"features are padded by {padding}, so that height and width change: padding=rate."
            )
