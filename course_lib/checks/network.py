"""The examiner of networks: with the same weights, an answer's must do what the reference's does.

The answer is a class, or a function that makes a network. Its style is free: layers as modules or
as functions, weights in layers or in parameters, stacked or one by one.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from course_lib.checks import expect
from course_lib.checks.attempt import Attempt, describe, describe_error
from course_lib.checks.devices import works_on_gpu
from course_lib.checks.function import _fresh, _shares
from course_lib.checks.layer_differences import difference
from course_lib.checks.layers import Trace, by, with_weights_of
from course_lib.checks.result import Wrong

Make = Callable[..., Any]
Inputs = tuple[Tensor, ...]
Gradients = Sequence[Tensor | None]

AGAIN = 3  # calls of a network that may remember earlier ones


@dataclass(frozen=True, kw_only=True)
class Made:
    """Arguments to make a network with, and inputs for it.

    Attributes:
        args, kwargs: what the function or class is called with.
        inputs: one tuple of tensors for each call of the network, of several sizes.
        on: the call in words; made from the arguments when left out.
    """

    args: tuple[Any, ...]
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    inputs: Sequence[Inputs]
    on: str = ""

    def words(self, make: Make) -> str:
        """The call in words: ``ASPP(6, 9, (2, 1))``."""
        texts = [_value(one) for one in self.args]
        texts += [f"{name}={_value(one)}" for name, one in self.kwargs.items()]
        return self.on or f"{make.__name__}({', '.join(texts)})"

    def by(self, make: Make) -> nn.Module:
        """A network of the library's."""
        args = [list(one) if isinstance(one, list) else one for one in self.args]
        return make(*args, **self.kwargs)


@dataclass(frozen=True, kw_only=True)
class Network:
    """Examines a class, or a function, that makes a network.

    In this order: it makes a network, in train mode, with weights of its own that an optimizer
    finds; on every input in train and eval mode, its output and its gradients are those of the
    reference with the same weights, or else a misconception that explains all of them is named,
    or else the first layer that differs; number of weights; state between calls; double
    precision; a GPU.

    Attributes:
        example: the docstring's example, which is among the cases.
        cases: arguments and inputs drawn from the generator.
        explain: more about an error while a network is made or called; empty for nothing.
        tolerance: relative, and absolute for values below 1.
    """

    example: Made
    cases: Callable[[np.random.Generator], Iterable[Made]]
    explain: Callable[[BaseException, Made], str] = lambda error, case: ""
    tolerance: float = 1e-4

    def __call__(self, attempt: Attempt, rng: np.random.Generator) -> None:
        """Examine an answer.

        Raises:
            Wrong: with the diagnosis.
        """
        if isinstance(attempt.function, nn.Module):
            raise Wrong(
                f"The check got {describe(attempt.function)}, a network that is made already: pass "
                "what makes it, without calling it."
            )
        generator = torch.Generator().manual_seed(int(rng.integers(2**32)))
        passes: list[Pass] = []
        for number, case in enumerate([*self.cases(rng), self.example]):
            maker = _Maker(attempt=attempt, case=case, explain=self.explain, seed=number)
            network = maker.network()
            passes += maker.passes(network, generator)
        self._agree(attempt, passes)
        passes[-1].maker.remembers_nothing(passes, self.tolerance)
        maker.in_double_precision(network)
        maker.on_gpu()

    def _agree(self, attempt: Attempt, passes: Sequence[Pass]) -> None:
        """The answer's network gives what the reference gives with the same weights."""
        failed = [one for one in passes if not one.like(attempt.reference, self.tolerance)]
        if not failed:
            return
        failed[0].maker.remembers_nothing(passes, self.tolerance)
        order = [*failed, *(one for one in passes if one not in failed)]
        for diagnosis, make in attempt.known.items():
            if all(one.like(make, self.tolerance) for one in order):
                raise Wrong(diagnosis)
        raise Wrong(self._fault(attempt, min(failed, key=Pass.size)))

    def _fault(self, attempt: Attempt, one: Pass) -> str:
        """How a network differs, as far as its layers, its shape or its values tell."""
        on = f"{one.case.words(attempt.reference)}, called with {_sizes(one.inputs)},"
        right, right_network = Trace(), one.case.by(attempt.reference)
        with right:
            shape = one.run(right_network).shape
        other_size = one.out is not None and one.out.shape != shape
        stopped = one.error is not None
        words = difference(one.trace, right, stopped=stopped, other_size=other_size)
        if one.error is not None:
            text = describe_error(one.error, attempt.function)
            more = _why(one.error) or self.explain(one.error, one.case)
            return f"{on} raises {text.rstrip('.')}{more or '.'} {words}".strip()
        assert one.out is not None
        if one.out.shape != shape:
            return f"{on} gives size {by(one.out.shape)}; {by(shape)} is right. {words}".strip()
        outputs = list(one.outputs_of(attempt.reference))
        alike = [same for want, same in outputs if _close(one.out, want, self.tolerance)]
        if any(alike):
            return _number_fault(one, right_network) or _gradient_fault(attempt, one)
        if alike:
            return (
                "Your network gives what is right, but the running averages of a norm move "
                "otherwise: its momentum is another. Leave it as it is unless told."
            )
        if words:
            return f"{words} So it is with {on[:-1]}."
        if outputs:
            mode = "train" if one.training else "eval"
            values = [expect.plain(tensor) for tensor in (one.out, outputs[0][0])]
            return (
                f"Your network has the right layers, but in {mode} mode it puts them together "
                f"otherwise than the docstring says. {expect.sentence(expect.where(*values))}"
            )
        have, want = (
            ", ".join(by(parameter.shape) for parameter in network.parameters())
            for network in (one.network, right_network)
        )
        return f"{on} has weights of the sizes {have}; the docstring's network has {want}."


@dataclass(frozen=True, kw_only=True, eq=False)
class Pass:
    """One call of the answer's network, and what the reference's or another gives there.

    Attributes:
        maker: of the network.
        network: the answer's; its weights stay until all calls have been compared.
        inputs: what it was called with, each a leaf.
        training: its mode.
        trace: the layers that it called.
        out: what it gave, or None.
        error: what it raised, or None.
    """

    maker: _Maker
    network: nn.Module
    inputs: Inputs
    training: bool
    trace: Trace
    out: Tensor | None
    error: BaseException | None

    @functools.cached_property
    def learnt(self) -> int:
        """How many numbers the answer's network learns."""
        return _learnt(self.network)

    @property
    def case(self) -> Made:
        """What the network was made with."""
        return self.maker.case

    def size(self) -> int:
        """How many numbers went in."""
        return sum(one.numel() for one in self.inputs)

    def run(self, network: nn.Module) -> Tensor:
        """What another network gives for the same inputs."""
        torch.manual_seed(self.maker.seed)
        return network.train(self.training)(*(one.clone() for one in self.inputs))

    @functools.cached_property
    def gradients(self) -> Gradients:
        """Of the answer's output; see `gradients_of`.

        Raises:
            RuntimeError: they can't be computed.
        """
        assert self.out is not None
        return self.gradients_of(self.out)

    def gradients_of(self, out: Tensor) -> Gradients:
        """Of a weighted sum of the output, with respect to inputs and the answer's parameters."""
        wanted = [*self.inputs, *self.network.parameters()]
        if not out.requires_grad:
            return [None] * len(wanted)
        weights = torch.linspace(0.5, 1.5, out.numel()).reshape(out.shape)
        total = (out * weights).sum()
        return torch.autograd.grad(total, wanted, allow_unused=True, retain_graph=True)

    def outputs_of(self, make: Make) -> Iterator[tuple[Tensor, bool]]:
        """What a network of the library's gives with the answer's weights, each time they fit.

        Nothing where it has other weights. The layers that were called tell which weight belongs
        where; else the shapes of the parameters do.

        Yields:
            The output, and whether running averages moved as the answer's.
        """
        network, paired = self.case.by(make), False
        for output in with_weights_of(self.trace.layers, lambda: self.run(network)):
            paired = True
            yield output
        tensors = None if paired else _tensors(network, self.network)
        if tensors is not None:
            torch.manual_seed(self.maker.seed)
            inputs = tuple(one.clone() for one in self.inputs)
            network.train(self.training)
            yield torch.func.functional_call(network, tensors, inputs), True

    def like(self, make: Make, tolerance: float) -> bool:
        """Whether a network of the library's with the same weights does the same."""
        try:
            for out, same_averages in self.outputs_of(make):
                if self.out is None or not same_averages or not _close(self.out, out, tolerance):
                    continue
                if _same_gradients(self.gradients, self.gradients_of(out)):
                    return self.learnt == _learnt(self.case.by(make))
        except Exception as error:
            return type(error) is type(self.error) and str(error) == str(self.error)
        return False


@dataclass(frozen=True, kw_only=True)
class _Maker:
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
        if not all(one.requires_grad for one in network.parameters()):
            raise Wrong(
                "Your network's weights have requires_grad switched off, so that it learns nothing."
            )
        return network

    def _made(self) -> nn.Module:
        attempt, case = self.attempt, self.case
        args, kwargs = _fresh(case.args), _fresh(dict(case.kwargs))
        call, error = attempt.outcome(*args, on=self.on, **kwargs)
        if call is None:
            assert error is not None
            text = describe_error(error, attempt.function)
            raise Wrong(f"{self.on} raises {text}{_why(error)}{self.explain(error, case)}")
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
            torch.manual_seed(self.seed + again)
            with trace:
                return network(*given)

        on = f"{self.on}, called with {_sizes(inputs)},"
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
            maker=self,
            network=network,
            inputs=leaves,
            training=training,
            trace=trace,
            out=None if call is None else call.value,
            error=error,
        )

    def remembers_nothing(self, before: Sequence[Pass], tolerance: float) -> None:
        """In eval mode, the network gives what it gave before for the same inputs.

        Args:
            before: calls of this network, and perhaps of others.

        Raises:
            Wrong: it doesn't.
        """
        for one in before:
            if one.maker is not self or one.training or one.out is None:
                continue
            for _ in range(AGAIN):
                again = self.called(one.network, one.inputs, training=False, again=True)
                if again.out is None or not _close(again.out, one.out, tolerance):
                    raise Wrong(
                        "Called again with the same inputs, your network gives something else than "
                        "before: it draws random numbers in eval mode, or keeps something from "
                        "earlier calls."
                    )

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


def _hidden(one: Pass) -> list[Tensor]:
    """What the output depends on and is neither a parameter of the network nor a buffer."""
    mine = {id(tensor) for tensor in (*one.network.parameters(), *one.network.buffers())}
    return [tensor for tensor in _leaves(one) if id(tensor) not in mine]


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


def _leaves(one: Pass) -> list[Tensor]:
    """What the output of a call was computed from and could learn, the inputs left out."""
    found = {
        id(tensor): tensor
        for layer in one.trace.layers
        for name in ("weight", "bias")
        if (tensor := layer.given.get(name)) is not None
        and tensor.grad_fn is None
        and tensor._base is None
    }
    todo, seen = [one.out.grad_fn if one.out is not None else None], set()
    while todo:
        node = todo.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if (leaf := getattr(node, "variable", None)) is not None:
            found[id(leaf)] = leaf
        todo += [other for other, _ in node.next_functions]
    given = {id(tensor) for tensor in one.inputs}
    return [tensor for key, tensor in found.items() if key not in given]


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


def _learnt(network: nn.Module) -> int:
    return sum(one.numel() for one in network.parameters() if not is_lazy(one))


def _number_fault(one: Pass, right: nn.Module) -> str:
    """How a network learns more numbers than the reference, or fewer; empty where it doesn't."""
    used = {id(tensor) for tensor in _leaves(one)}
    idle = [by(tensor.shape) for tensor in one.network.parameters() if id(tensor) not in used]
    if one.learnt == _learnt(right):
        return ""
    if idle:
        return (
            f"Your network has weights of size {', '.join(idle)} that nothing depends on: leave "
            "them out."
        )
    return (
        f"{one.maker.on} learns {one.learnt} numbers, where the docstring's network learns "
        f"{_learnt(right)}."
    )


def _gradient_fault(attempt: Attempt, one: Pass) -> str:
    try:
        have = one.gradients
    except RuntimeError as error:
        return (
            "The values are right, but gradients can't be computed: "
            f"{describe_error(error, attempt.function)}. Is something changed in place that is "
            "needed for them?"
        )
    if all(gradient is None for gradient in have):
        return (
            "The values are right, but no gradient flows through your network: is there a "
            "torch.no_grad() or .detach() in its forward?"
        )
    return (
        "The values are right, but the gradients aren't those of the docstring's network: is a "
        "part of your forward detached, or computed inside torch.no_grad()?"
    )


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


def _tensors(network: nn.Module, other: nn.Module) -> dict[str, Tensor] | None:
    """The name of each parameter and buffer → that of another network, of the same size.

    None where the sizes differ. Among several of a size, the first one goes to the first one.
    """
    found = {}
    for of in (nn.Module.named_parameters, nn.Module.named_buffers):
        left = [one for _, one in of(other) if not is_lazy(one)]
        for name, tensor in of(network):
            mine = next((one for one in left if one.shape == tensor.shape), None)
            if mine is None:
                return None
            left = [one for one in left if one is not mine]
            found[name] = mine if mine.requires_grad else mine.clone()
        if left:
            return None
    return found


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
                tensors[name] = moved[one]
    return network


def _close(one: Tensor, other: Tensor, tolerance: float) -> bool:
    return expect.close(expect.plain(one), expect.plain(other), tolerance)


def _same_gradients(mine: Gradients, right: Gradients) -> bool:
    """Equal, as far as rounding allows: behind a norm, a bias has a gradient of rounding errors."""
    largest = max(
        (one.abs().max().item() for one in right if one is not None and one.numel()), default=0.0
    )
    for one, other in zip(mine, right, strict=True):
        scale = other.abs().max().item() if other is not None and other.numel() else 0.0
        have, want = (torch.zeros(1) if gradient is None else gradient for gradient in (one, other))
        if not torch.allclose(have, want, rtol=1e-3, atol=1e-3 * scale + 1e-5 * largest):
            return False
    return True


def _sizes(inputs: Inputs) -> str:
    return "size " + " and ".join(by(one.shape) for one in inputs)


def _value(value: Any) -> str:
    """An argument as it is written in code."""
    if isinstance(value, functools.partial):
        return f"partial({_value(value.func)}, …)"
    if callable(value):
        name = getattr(value, "__name__", type(value).__name__)
        return f"nn.{name}" if getattr(nn, name, None) is value else name
    return repr(value)
