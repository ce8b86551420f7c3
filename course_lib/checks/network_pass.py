"""One call of an answer's network, and what another network gives there with its weights."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from course_lib.checks import expect
from course_lib.checks.layer_weights import with_weights_of
from course_lib.checks.layers import Trace, by
from course_lib.checks.stored_weights import pairings

Make = Callable[..., Any]
Inputs = tuple[Tensor, ...]
Gradients = Sequence[Tensor | None]


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


@dataclass(frozen=True, kw_only=True, eq=False)
class Pass:
    """One call of the answer's network, and what the reference's or another gives there.

    Attributes:
        case: what the network was made with.
        seed: of torch's global generator.
        network: the answer's; its weights stay until all calls have been compared.
        inputs: what it was called with, each a leaf.
        training: its mode.
        trace: the layers that it called.
        out: what it gave, or None.
        error: what it raised, or None.
    """

    case: Made
    seed: int
    network: nn.Module
    inputs: Inputs
    training: bool
    trace: Trace
    out: Tensor | None
    error: BaseException | None

    def size(self) -> int:
        """How many numbers went in."""
        return sum(one.numel() for one in self.inputs)

    def run(self, network: nn.Module) -> Tensor:
        """What another network gives for the same inputs."""
        torch.default_generator.manual_seed(self.seed)
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

    def outputs_of(self, network: nn.Module) -> Iterator[tuple[Tensor, bool]]:
        """What another network gives with the answer's weights, each time they fit.

        Nothing where it has other weights. The layers that were called tell which weight belongs
        where; else the shapes of the parameters do.

        Yields:
            The output, and whether running averages moved as the answer's.
        """
        paired = False
        for output in with_weights_of(self.trace.layers, lambda: self.run(network)):
            paired = True
            yield output
        for tensors in () if paired else pairings(network, self.network):
            torch.default_generator.manual_seed(self.seed)
            inputs = tuple(one.clone() for one in self.inputs)
            network.train(self.training)
            yield torch.func.functional_call(network, tensors, inputs), True

    def like(self, make: Make, tolerance: float, *, exactly: bool = True) -> bool:
        """Whether a network of the library's with the same weights does the same.

        Args:
            make: makes the network.
            tolerance: of the values.
            exactly: gradients are the same up to rounding; else up to single activations.
        """
        try:
            network = self.case.by(make)
            ready = self.out is not None and not any(map(is_lazy, network.parameters()))
            if ready and learnt(self.network) != learnt(network):
                return False
            for out, same_averages in self.outputs_of(network):
                if self.out is None or not same_averages or not close(self.out, out, tolerance):
                    continue
                same = _same_gradients if exactly else _similar_gradients
                if same(self.gradients, self.gradients_of(out)):
                    return learnt(self.network) == learnt(network)
        except Exception as error:
            return type(error) is type(self.error) and str(error) == str(self.error)
        return False


def alike(passes: Sequence[Pass], make: Make, tolerance: float) -> bool:
    """Whether a network of the library's does the same in all calls.

    In one of them gradients may differ a little: where an activation gets almost 0, rounding
    decides which slope it has.
    """
    excused = False
    for one in passes:
        if one.like(make, tolerance):
            continue
        if excused or not one.like(make, tolerance, exactly=False):
            return False
        excused = True
    return True


def leaves(one: Pass) -> list[Tensor]:
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


def learnt(network: nn.Module) -> int:
    """How many numbers a network learns."""
    return sum(one.numel() for one in network.parameters() if not is_lazy(one))


def close(one: Tensor, other: Tensor, tolerance: float) -> bool:
    """Equal within the tolerance."""
    return expect.close(expect.plain(one), expect.plain(other), tolerance)


def _same_gradients(mine: Gradients, right: Gradients) -> bool:
    """Equal, as far as rounding allows: behind a norm, a bias has a gradient of rounding errors."""
    largest = max(
        (one.abs().max().item() for one in right if one is not None and one.numel()), default=0.0
    )
    for one, other in zip(mine, right, strict=True):
        scale = other.abs().max().item() if other is not None and other.numel() else 0.0
        have, want = (torch.zeros(1) if gradient is None else gradient for gradient in (one, other))
        if not torch.allclose(have, want, rtol=1e-3, atol=1e-3 * scale + 3e-4 * largest):
            return False
    return True


def _similar_gradients(mine: Gradients, right: Gradients) -> bool:
    """Equal but for what one activation of another slope changes."""
    return all(
        one is other
        or (
            one is not None
            and other is not None
            and bool((one - other).norm() <= 0.1 * other.norm())  # false for NaN
        )
        for one, other in zip(mine, right, strict=True)
    )


def sizes(inputs: Inputs) -> str:
    """The inputs' sizes in words."""
    return "size " + " and ".join(by(one.shape) for one in inputs)


def _value(value: Any) -> str:
    """An argument as it is written in code."""
    if isinstance(value, functools.partial):
        return f"partial({_value(value.func)}, …)"
    if callable(value):
        name = getattr(value, "__name__", type(value).__name__)
        return f"nn.{name}" if getattr(nn, name, None) is value else name
    return repr(value)
