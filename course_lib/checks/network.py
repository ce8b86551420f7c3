"""The examiner of networks: with the same weights, an answer's must do what the reference's does.

The answer is a class, or a function that makes a network. Its style is free: layers as modules or
as functions, weights in layers or in parameters, stacked or one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from course_lib.checks import expect
from course_lib.checks.attempt import Attempt, describe, describe_error
from course_lib.checks.layer_differences import difference
from course_lib.checks.layers import Trace, by
from course_lib.checks.network_maker import Maker, why
from course_lib.checks.network_pass import Made, Pass, alike, close, learnt, leaves, sizes
from course_lib.checks.result import Wrong

__all__ = ["Made", "Network"]


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
        makers: dict[nn.Module, Maker] = {}
        for number, case in enumerate([*self.cases(rng), self.example]):
            maker = Maker(attempt=attempt, case=case, explain=self.explain, seed=number)
            network = maker.network()
            makers[network] = maker
            passes += maker.passes(network, generator)
        failed = []
        if not alike(passes, attempt.reference, self.tolerance):
            failed = [one for one in passes if not one.like(attempt.reference, self.tolerance)]
        for one in (*failed[:1], passes[-1]):
            makers[one.network].remembers_nothing(one.network, passes, self.tolerance)
        if failed:
            raise Wrong(self._diagnosis(attempt, failed, passes))
        maker.plain_weights(network)
        network, maker = next(iter(makers.items()))
        maker.in_double_precision(network)
        maker.on_gpu()

    def _diagnosis(self, attempt: Attempt, failed: Sequence[Pass], passes: Sequence[Pass]) -> str:
        """The misconception that explains every call, else how the smallest one differs."""
        order = [*failed, *(one for one in passes if one not in failed)]
        for diagnosis, make in attempt.known.items():
            if alike(order, make, self.tolerance):
                return diagnosis
        return self._fault(attempt, min(failed, key=Pass.size))

    def _fault(self, attempt: Attempt, one: Pass) -> str:
        """How a network differs, as far as its layers, its shape or its values tell."""
        on = f"{one.case.words(attempt.reference)}, called with {sizes(one.inputs)},"
        right, right_network = Trace(), one.case.by(attempt.reference)
        with right:
            shape = one.run(right_network).shape
        other_size = one.out is not None and one.out.shape != shape
        stopped = one.error is not None
        words = difference(one.trace, right, stopped=stopped, other_size=other_size)
        if one.error is not None:
            text = describe_error(one.error, attempt.function)
            more = why(one.error) or self.explain(one.error, one.case)
            return f"{on} raises {text.rstrip('.')}{more or '.'} {words}".strip()
        assert one.out is not None
        if one.out.shape != shape:
            return f"{on} gives size {by(one.out.shape)}; {by(shape)} is right. {words}".strip()
        outputs = list(one.outputs_of(one.case.by(attempt.reference)))
        alike = [same for want, same in outputs if close(one.out, want, self.tolerance)]
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
            text = expect.where(*(expect.plain(tensor) for tensor in (one.out, outputs[0][0])))
            return (
                f"Your network has the right layers, but in {mode} mode it puts them together "
                f"otherwise than the docstring says. {text[0].upper()}{text[1:]} So it is with "
                f"{on[:-1]}."
            )
        have, want = (
            ", ".join(by(parameter.shape) for parameter in network.parameters())
            for network in (one.network, right_network)
        )
        return f"{on} has weights of the sizes {have}; the docstring's network has {want}."


def _number_fault(one: Pass, right: nn.Module) -> str:
    """How a network learns more numbers than the reference, or fewer; empty where it doesn't."""
    used = {id(tensor) for tensor in leaves(one)}
    idle = [by(tensor.shape) for tensor in one.network.parameters() if id(tensor) not in used]
    if learnt(one.network) == learnt(right):
        return ""
    if idle:
        return (
            f"Your network has weights of size {', '.join(idle)} that nothing depends on: leave "
            "them out."
        )
    return (
        f"{one.case.words(type(right))} learns {learnt(one.network)} numbers, where the "
        f"docstring's network learns {learnt(right)}."
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
