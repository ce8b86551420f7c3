"""An answer's network is made and called, and must be one that can learn."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from course_lib.checks import expect
from course_lib.checks.attempt import Attempt, describe, describe_error
from course_lib.checks.copies import copied
from course_lib.checks.devices import works_on_gpu
from course_lib.checks.function import _shares
from course_lib.checks.layers import Trace, by
from course_lib.checks.network_pass import Inputs, Made, Make, Pass, close, leaves, sizes
from course_lib.checks.result import Wrong

AGAIN = 3  # calls of a network that may remember earlier ones


@dataclass(frozen=True, kw_only=True)
class Maker:
    """Makes the answer's network for one case, and calls it.

    Attributes:
        attempt: the answer.
        case: what it is called with.
        explain: as in `Network`.
        seed: of torch's global generator in each call.
    """

    attempt: Attempt
    case: Made
    explain: Callable[[BaseException, Made], str]
    seed: int

    @property
    def on(self) -> str:
        """The call in words."""
        return self.case.words(self.attempt.reference)

    @functools.cached_property
    def right(self) -> nn.Module:
        """The reference's network."""
        return self.case.by(self.attempt.reference)

    def network(self) -> nn.Module:
        """A network whose weights are its own, found by optimizers and ready to learn.

        Raises:
            Wrong: it isn't so.
        """
        network, other = self._made(), self._made()
        first = self.called(network, self.case.inputs[0])
        if _hidden(first):
            raise Wrong(_why_hidden(first, self.called(network, self.case.inputs[0])))
        if any(map(is_lazy, other.parameters())):
            self.called(other, self.case.inputs[0])
        if {id(one) for one in network.parameters()} & {id(one) for one in other.parameters()}:
            raise Wrong(
                "Two networks that you make have the same weights, so that what one learns "
                "changes the other: make new layers for each."
            )
        if any(not one.requires_grad for one in network.parameters()):
            off = [name for name, one in network.named_parameters() if not one.requires_grad]
            which = "all its weights" if len(off) == len(list(network.parameters())) else off[0]
            raise Wrong(
                f"In your network, requires_grad is switched off for {which}, so that no optimizer "
                "changes them. Leave it on for all weights and biases."
            )
        return network

    def _made(self) -> nn.Module:
        attempt, case = self.attempt, self.case
        args, kwargs = copied(case.args), copied(dict(case.kwargs))
        call, error = attempt.outcome(*args, on=self.on, **kwargs)
        if call is None:
            assert error is not None
            text = describe_error(error, attempt.function)
            raise Wrong(f"{self.on} raises {text}{why(error)}{self.explain(error, case)}")
        if inspect.isclass(attempt.function) and not isinstance(call.value, nn.Module):
            name = attempt.reference.__name__
            raise Wrong(
                "Your class is no nn.Module, so that it can't be a part of a network: its first "
                f"line is `class {name}(nn.Module):`."
            )
        network = _network(expect.returned(call))
        expect.untouched(call)
        if not all(one.training for one in network.modules()):
            raise Wrong(
                "Your network comes in eval mode, so that norms and dropout don't do what they do "
                "in training: leave out .eval()."
            )
        return network

    def passes(self, network: nn.Module, generator: torch.Generator) -> list[Pass]:
        """Calls with random weights: on all inputs in train mode, then on one in eval mode."""
        _randomise(network, generator)
        first = self.case.inputs[0]
        return [
            *(
                self.called(network, inputs, channels_last=number > 0)
                for number, inputs in enumerate(self.case.inputs)
            ),
            self.called(network, first, training=False),
        ]

    def called(
        self,
        network: nn.Module,
        inputs: Inputs,
        *,
        training: bool = True,
        channels_last: bool = False,
        again: bool = False,
    ) -> Pass:
        """One call of the answer's network.

        Raises:
            Wrong: it gives no tensor, or leaves its inputs or a switch changed.
        """
        leaves = tuple(one.clone().requires_grad_(one.is_floating_point()) for one in inputs)
        layout = torch.channels_last if channels_last else torch.contiguous_format
        given = [
            one.clone(memory_format=layout if one.ndim == 4 else torch.contiguous_format)
            for one in leaves
        ]
        trace = Trace()
        network.train(training)
        modes = [one.training for one in network.modules()]

        def forward(*given: Tensor) -> Any:
            torch.default_generator.manual_seed(self.seed + again)
            with trace:
                return network(*given)

        on = f"{self.on}, called with {sizes(inputs)},"
        as_function = replace(self.attempt, function=forward, reference=self.right.forward)
        call, error = as_function.outcome(*given, on=on)
        if call is not None:
            _gives_a_tensor(call.value, given)
            if call.changed:
                raise Wrong(
                    "Your network writes over what it is called with, as an activation with "
                    "inplace=True does that comes first: whoever calls it, and every other path, "
                    "finds other values there."
                )
            expect.untouched(call)
            if modes != [one.training for one in network.modules()]:
                raise Wrong("Your network's forward switches its mode. Leave that to the caller.")
        return Pass(
            case=self.case,
            seed=self.seed,
            network=network,
            inputs=leaves,
            training=training,
            trace=trace,
            out=None if call is None else call.value,
            error=error,
        )

    def remembers_nothing(
        self, network: nn.Module, before: Sequence[Pass], tolerance: float
    ) -> None:
        """In eval mode, the network gives what it gave before for the same inputs.

        Args:
            network: one that was made here.
            before: calls of this network, and perhaps of others.

        Raises:
            Wrong: it doesn't.
        """
        for one in before:
            if one.network is not network or one.training or one.out is None:
                continue
            for _ in range(AGAIN):
                again = self.called(one.network, one.inputs, training=False, again=True)
                if again.out is None or not close(again.out, one.out, tolerance):
                    raise Wrong(
                        "Called again with the same inputs, your network gives something else than "
                        "before: it draws random numbers in eval mode, or keeps something from "
                        "earlier calls."
                    )

    def plain_weights(self, network: nn.Module) -> None:
        """The layers compute with the parameters themselves: twice the size, twice the weights.

        Raises:
            Wrong: they are divided by their size first.
        """
        before = self._weights(network)
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.mul_(2)
        for one, other in zip(before, self._weights(network), strict=True):
            if torch.allclose(one, other):
                raise Wrong(
                    "Your network divides weights by their size before it uses them, as spectral "
                    "norm does. The docstring asks for the plain weights."
                )

    def _weights(self, network: nn.Module) -> list[Tensor]:
        """The weights with which its layers compute, but for fixed ones."""
        fixed = {one.data_ptr() for one in network.buffers()}
        with Trace() as trace, torch.no_grad():
            network.eval()(*(one.clone() for one in self.case.inputs[0]))
        used = [one.weight for one in trace.layers if one.weight is not None]
        return [one.clone() for one in used if one.data_ptr() not in fixed and one.any()]

    def in_double_precision(self, network: nn.Module) -> None:
        """`network.double()` works on inputs of double precision.

        Raises:
            Wrong: it doesn't.
        """
        inputs = [one.double() for one in self.case.inputs[0]]

        def forward(*given: Tensor) -> Any:
            return network.double()(*given)

        as_function = replace(self.attempt, function=forward, reference=self.right.forward)
        call, error = as_function.outcome(*inputs, on="inputs of double precision")
        mend = "Make new tensors of the inputs' type: `torch.zeros_like(x)` or `x.new_zeros(…)`."
        if error is not None:
            text = describe_error(error, self.attempt.function)
            raise Wrong(f"After network.double(), your network raises {text}. {mend}")
        if call is not None and call.changed:
            raise Wrong(
                "Your network writes over what it is called with, where no gradients are asked of "
                "it: whoever calls it finds other values there."
            )
        if call is not None and call.value.dtype != torch.float64:
            raise Wrong(f"After network.double(), your network gives {call.value.dtype}. {mend}")

    def on_gpu(self) -> None:
        """A network that was moved to a GPU works there.

        Raises:
            Wrong: it doesn't.
        """

        def moved(make: Make) -> Make:
            return lambda *inputs: _to_gpu(self.case.by(make))(*inputs)

        attempt = self.attempt
        answer, reference = moved(attempt.function), moved(attempt.reference)
        works_on_gpu(answer, reference, self.case.inputs[0], {}, attempt.limit)


def _network(value: Any) -> nn.Module:
    """What the answer returned, which is a network."""
    if inspect.isclass(value):
        raise Wrong(
            f"Your function returns the class {value.__name__}; a network is expected: call the "
            "class."
        )
    if isinstance(value, list | tuple) or type(value) is nn.ModuleList:
        raise Wrong(
            f"Your function returns {describe(value)}, which can't be called with pictures: "
            "nn.Sequential(*layers) makes one network of the layers."
        )
    if not isinstance(value, nn.Module):
        raise Wrong(
            f"Your function returns {describe(value)}; a network is expected, an nn.Module, so "
            "that optimizers find its weights."
        )
    if "_modules" not in vars(value):
        raise Wrong(
            "Your __init__ doesn't begin with `super().__init__()`, so that your class isn't a "
            "network yet."
        )
    return value


def _gives_a_tensor(value: Any, given: Sequence[Tensor]) -> None:
    if isinstance(value, list | tuple):
        raise Wrong(
            f"Your forward returns {describe(value)}; one tensor is expected. torch.cat with dim=1 "
            "joins tensors along the channels."
        )
    if not isinstance(value, Tensor):
        raise Wrong(
            f"Your forward returns {describe(value)}; a tensor is expected."
            + (" Is its `return` missing?" if value is None else "")
        )
    if _shares(value, list(given)):
        raise Wrong("Your forward returns its input itself, or a view of it.")


def why(error: BaseException) -> str:
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


def _hidden(one: Pass) -> list[Tensor]:
    """What the output depends on and is neither a parameter of the network nor a buffer."""
    mine = {id(tensor) for tensor in (*one.network.parameters(), *one.network.buffers())}
    return [tensor for tensor in leaves(one) if id(tensor) not in mine]


def _why_hidden(first: Pass, again: Pass) -> str:
    """Where weights are that no optimizer finds, as two calls of one network tell."""
    hidden = [_hidden(one) for one in (first, again)]
    anew = {id(one) for one in hidden[0]}.isdisjoint(map(id, hidden[1]))
    for module in first.network.modules():
        for name, value in vars(module).items():
            if name in ("_modules", "_parameters", "_buffers") or anew:
                continue
            if any(one is other for one in _inside(value) for other in hidden[0]):
                kind = type(value).__name__
                if isinstance(value, Tensor):
                    text = f"keeps weights in a plain tensor, `self.{name}`"
                    mend = "make it an nn.Parameter"
                else:
                    text = f"keeps layers in a plain {kind}, `self.{name}`"
                    mend = f"make it an nn.{'ModuleDict' if kind == 'dict' else 'ModuleList'}"
                return f"Your network {text}, where no optimizer finds their weights: {mend}."
    sizes = ", ".join(by(one.shape) for one in hidden[0])
    return (
        f"Your network uses weights of size {sizes} that aren't among its parameters, so that no "
        "optimizer finds them. "
        + ("They are made anew in each call. " if anew else "")
        + "Make the layers once, in __init__, as attributes of an nn.Module or in nn.Sequential."
    )


def _inside(value: Any) -> Iterator[Tensor]:
    """Tensors, and weights of layers, in lists and dictionaries, however deep."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, nn.Module):
        yield from value.parameters()
    elif isinstance(value, dict):
        yield from _inside(list(value.values()))
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _inside(one)


def _randomise(network: nn.Module, generator: torch.Generator) -> None:
    """Other weights and averages, so that none is 0 or 1 as layers begin."""
    with torch.no_grad():
        for parameter in network.parameters():
            if not is_lazy(parameter):
                scale = max(1, parameter.shape[1:].numel()) ** -0.5
                parameter.copy_(scale * torch.randn(parameter.shape, generator=generator))
        for name, buffer in network.named_buffers():
            if name.endswith(("running_mean", "running_var")) and not is_lazy(buffer):
                buffer.copy_(0.5 + torch.rand(buffer.shape, generator=generator))


def _to_gpu(network: nn.Module) -> nn.Module:
    """The network with fake weights and buffers on a GPU in place of its own."""
    moved: dict[Tensor, Tensor] = {}
    for module in network.modules():
        for tensors in (module._parameters, module._buffers):
            for name, one in tensors.items():
                if one is None:
                    continue
                if one not in moved:
                    fake = torch.empty(one.shape, dtype=one.dtype, device="cuda")
                    moved[one] = nn.Parameter(fake) if isinstance(one, nn.Parameter) else fake
                tensors[name] = moved[one]  # type: ignore[assignment]
    return network
