"""The examiner of functions: what one returns, and nothing else that it does, is compared."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.checks import expect
from course_lib.checks.attempt import Attempt, Call, describe, describe_error, names_of
from course_lib.checks.copies import copied
from course_lib.checks.devices import works_on_gpu
from course_lib.checks.result import Wrong
from course_lib.checks.snapshot import hooks_on_all_networks
from course_lib.checks.static_analysis import arrays_from_outside

SHOWN = 12  # numbers of an input that a diagnosis prints whole


@dataclass(frozen=True, kw_only=True, eq=False)
class Case:
    """Arguments to try a function on.

    Attributes:
        args, kwargs: each call gets fresh copies of tensors, arrays, networks and generators.
        on: what they are, in words: ``"a picture of 5×9 pixels"``. Left out, the arguments are
            described by their sizes.
        group: cases of one group are diagnosed together when no diagnosis explains all of them.
        tolerance: where a right answer may be further off than in other cases.
    """

    args: tuple[Any, ...]
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    on: str = ""
    group: str = ""
    tolerance: float = 0

    def fresh(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Copies of the arguments."""
        return copied(self.args), {key: copied(value) for key, value in self.kwargs.items()}

    @property
    def size(self) -> int:
        """How many numbers the arguments hold."""
        return sum(map(_numbers, [*self.args, *self.kwargs.values()]))

    @property
    def words(self) -> str:
        """The arguments in words, with their values where they are few."""
        texts = [_value(one) for one in self.args]
        texts += [f"{key}={_value(one)}" for key, one in self.kwargs.items()]
        values = f"({', '.join(texts)})"
        if not self.on:
            return values if self.size <= SHOWN else f"({', '.join(map(describe, self.args))})"
        return f"{self.on} {values}" if 0 < self.size <= SHOWN and len(values) < 160 else self.on


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Arguments that the docstring promises an error for.

    Attributes:
        args, kwargs: the arguments.
        on: what is wrong with them, in words.
        promised: the error of the docstring.
    """

    args: tuple[Any, ...]
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    on: str
    promised: type[Exception] = ValueError


Explain = Callable[[BaseException, Case], str]
Look = Callable[[Call, Case], None]
Formula = Callable[..., Any]


@dataclass(frozen=True, kw_only=True)
class Function:
    """Examines a function of numbers, arrays, tensors or networks.

    In this order: it can be called; type and shape; inputs, networks and global switches left
    alone; the same value for the same arguments whatever was called before; values on all cases,
    with the misconception that explains all of them, else NaN and infinity; gradients; refusals;
    a GPU.

    What is right is what the reference does. Type and shape of its value are asked for too.

    Attributes:
        example: the docstring's example, which is among the cases.
        cases: random and degenerate inputs, drawn from the generator.
        meaning: the shape of the result in the docstring's words: ``"H×W"``.
        tolerance: relative, and absolute for values below 1.
        unit: of the values: ``" dB"``.
        look: exercise's own look at every call, before its type and shape.
        explain: more about an error that the function raises; empty for nothing.
        notebook: name of an array that a cell above has made → the argument that belongs there.
        not_finite: more about NaN or infinity in a case whose right value is finite, where no
            value is wrong otherwise.
        more_known: further diagnoses → formulas, for the values that the answer gave.
        rare: further cases, tried only where all others are right, and without looking for a
            misconception: those whose error or value would hide what is wrong otherwise.
        refusals: arguments that must raise an error.
        read: the value of a call for comparison, next to the reference's value; raises `Wrong`
            where type or shape are others. `expect.like` unless given.
        any_number: whether a number, an array or a tensor without axes are all right.
        may_share: whether the result may be a part of the input itself.
        on_gpu: whether to try tensors on a GPU.
        then: the exercise's own checks, after all others.
    """

    example: Case
    cases: Callable[[np.random.Generator], Iterable[Case]]
    meaning: str = "as the docstring says"
    tolerance: float = 1e-4
    unit: str = ""
    look: Look = lambda call, case: None
    explain: Explain = lambda error, case: ""
    notebook: Mapping[str, str] = field(default_factory=dict)
    not_finite: Callable[[Case], str] = lambda case: ""
    more_known: Callable[[Sequence[Any], Sequence[Case]], Mapping[str, Formula]] = (
        lambda got, cases: {}
    )
    rare: Callable[[np.random.Generator], Iterable[Case]] = lambda rng: ()
    refusals: Callable[[np.random.Generator], Iterable[Refusal]] = lambda rng: ()
    read: Callable[[Call, Any], Any] | None = None
    any_number: bool = False
    may_share: bool = False
    on_gpu: bool = True
    then: Callable[[Attempt, np.random.Generator], None] = lambda attempt, rng: None

    def __call__(self, attempt: Attempt, rng: np.random.Generator) -> None:
        """Examine an answer.

        Raises:
            Wrong: with the diagnosis.
        """
        try:
            self._examine(attempt, rng)
        except Wrong:
            for name in sorted(arrays_from_outside(attempt.function) & self.notebook.keys()):
                raise Wrong(
                    f"Your function uses the notebook's `{name}`, which a cell above has made, "
                    f"not its own argument: `{self.notebook[name]}`. So it fits a single picture."
                ) from None
            raise

    def _examine(self, attempt: Attempt, rng: np.random.Generator) -> None:
        drawn = _drawn(self.cases, self.example, json.dumps(rng.bit_generator.state))
        rng.bit_generator.state = drawn.state
        cases, rights = drawn.cases, drawn.outcomes(attempt.reference)
        tried = [self._try(attempt, *pair) for pair in zip(cases, rights, strict=True)]
        self._no_memory(attempt, cases, tried)
        self._values(attempt, drawn, rights, tried)
        for case in self.rare(rng):
            self._value(attempt, case)
        for case, mine, right in zip(cases, tried, rights, strict=True):
            if mine.shares and not right.shares and not self.may_share:
                raise Wrong(
                    f"On {case.words}, your function returns its input itself, or a view of it: "
                    "whoever writes into the result changes the input. Return a new one."
                )
        for refusal in self.refusals(rng):
            args, kwargs = copied(refusal.args), copied(dict(refusal.kwargs))
            attempt.refuses(*args, on=refusal.on, promised=refusal.promised, **kwargs)
        if self.on_gpu and any(isinstance(one, Tensor) for one in cases[-1].args):
            for case in (cases[0], cases[-1]):
                args, kwargs = case.fresh()
                works_on_gpu(attempt.function, attempt.reference, args, kwargs, attempt.limit)
        self.then(attempt, rng)

    def _try(self, attempt: Attempt, case: Case, right: Outcome) -> Outcome:
        """Value and gradients of the answer.

        Raises:
            Wrong: it fails, or returns another type or shape, or leaves something changed.
        """
        args, kwargs = case.fresh()
        call, error = attempt.outcome(*args, on=case.words, **kwargs)
        if call is None:
            assert error is not None
            text = f"On {case.words}, your function raises "
            text += describe_error(error, attempt.function) + self.explain(error, case)
            return Outcome(error=type(error), message=text)
        self.look(call, case)
        message = ""
        try:
            wanted = float(right.value) if self.any_number else right.returned
            if self.read:
                value = self.read(call, wanted)
            else:
                value = expect.like(call, wanted, self.meaning, finite=False)
        except Wrong as wrong:
            value, message = expect.plain(call.value), str(wrong)
        value = copied(value)  # what the answer may write over later
        if not message:
            expect.untouched(call)
            expect.networks_untouched(call)
        tried = Outcome.from_call(attempt.reference, call.value, value, args, kwargs)
        return replace(tried, message=message)

    def _value(self, attempt: Attempt, case: Case) -> None:
        """One of the rare cases."""
        right = Outcome.of(attempt.reference, case)
        mine = self._try(attempt, case, right)
        if mine.message:
            raise Wrong(mine.message)
        tolerance = max(self.tolerance, case.tolerance)
        if not mine.agrees(right, tolerance, values=True):
            if text := expect.lost(mine.value, right.value):
                raise Wrong(f"On {case.words}, {text}{self.not_finite(case)}")
            raise Wrong(expect.mismatch([mine.value], [right.value], 0, case.words, self.unit))
        if not mine.agrees(right, tolerance):
            raise Wrong(_gradient_fault(mine, right, case))

    def _no_memory(self, attempt: Attempt, cases: Sequence[Case], tried: Sequence[Outcome]) -> None:
        for case, one in zip(cases, tried, strict=True):
            now = expect.plain(one.returned)
            if not one.message and not _unchanged(now, one.value):
                raise Wrong(
                    f"What your function returned on {case.words} has changed since, when it was "
                    "called again: each call writes into the same array. Make a new one each time."
                )
        for case, before in zip(reversed(cases), reversed(tried), strict=True):
            if before.message:
                continue
            args, kwargs = case.fresh()
            repeated = attempt.call(*args, on=case.words, **kwargs)
            if not self.may_share and _shares(repeated.value, [before.returned]):
                raise Wrong(
                    "Your function returns the same array in each call: whoever writes into it "
                    "changes what later calls return. Make a new one each time, or return a copy."
                )
            again = self.read(repeated, before.value) if self.read else expect.plain(repeated.value)
            if not expect.close(again, before.value, self.tolerance):
                raise Wrong(
                    f"Called again on {case.words}, your function gives another value than before. "
                    "It draws random numbers, or keeps something from earlier calls: in a global "
                    "name, in a default argument, or on the function itself."
                )

    def _values(
        self,
        attempt: Attempt,
        drawn: Drawn,
        rights: Sequence[Outcome],
        tried: Sequence[Outcome],
    ) -> None:
        cases = drawn.cases
        tolerances = [max(self.tolerance, case.tolerance) for case in cases]
        failed = [
            n
            for n, (mine, right) in enumerate(zip(tried, rights, strict=True))
            if mine.message or not mine.agrees(right, tolerances[n])
        ]
        if not failed:
            return
        known = dict(attempt.known)
        if not any(one.message for one in tried):
            known |= self.more_known([one.value for one in tried], cases)
        order = sorted(range(len(cases)), key=lambda n: cases[n].size)  # the quick ones first
        groups = [order]
        groups += [
            [n for n in order if cases[n].group == group]
            for group in dict.fromkeys(cases[n].group for n in failed if cases[n].group)
        ]
        values = [n for n in failed if not tried[n].agrees(rights[n], tolerances[n], values=True)]
        # Where values are wrong, gradients may be wrong for another reason.
        for group, only_values in product(groups, (False, True)):
            if not set(group) & set(values if only_values else failed):
                continue
            for diagnosis, formula in known.items():
                if all(
                    self._explains(drawn.outcome(formula, n), tried[n], rights[n], only_values)
                    for n in group
                ):
                    where = cases[group[0]].group if len(group) < len(cases) else ""
                    raise Wrong(f"On {where}: {diagnosis}" if where else diagnosis)
        for n in failed:
            if tried[n].message:
                raise Wrong(tried[n].message)
        if not values:
            # Where most arguments ask for gradients, it shows best which of them is left out.
            n = min(failed, key=lambda n: (-len(rights[n].gradients), cases[n].size))
            raise Wrong(_gradient_fault(tried[n], rights[n], cases[n]))
        smallest = min(values, key=lambda n: cases[n].size)
        lost = [n for n in values if expect.lost(tried[n].value, rights[n].value)]
        if lost == values:
            text = expect.lost(tried[smallest].value, rights[smallest].value)
            raise Wrong(f"On {cases[smallest].words}, {text}{self.not_finite(cases[smallest])}")
        raise Wrong(
            expect.mismatch(
                [one.value for one in tried],
                [one.value for one in rights],
                smallest,
                cases[smallest].words,
                self.unit,
            )
        )

    def _explains(self, other: Outcome, mine: Outcome, right: Outcome, only_values: bool) -> bool:
        if other.error:
            return mine.error is other.error
        if mine.message and other.agrees(right, self.tolerance):
            return False  # the type is wrong, and not the value
        return mine.agrees(other, self.tolerance, values=only_values)


@dataclass(frozen=True, kw_only=True, eq=False)
class Drawn:
    """The cases of one seed, and what functions of the library's and slips give there.

    Attributes:
        cases: the cases.
        state: of the generator, after they were drawn.
    """

    cases: Sequence[Case]
    state: Mapping[str, Any]
    _found: dict[tuple[Formula, int], Outcome] = field(default_factory=dict)

    def outcome(self, formula: Formula, number: int) -> Outcome:
        """What a formula gives in one case, or the kind of its error."""
        key = formula, number
        if key in self._found:
            return self._found[key]
        try:
            outcome = Outcome.of(formula, self.cases[number])
        except Exception as error:
            outcome = Outcome(error=type(error))
        if not hooks_on_all_networks():  # an answer's would spoil what others are compared with
            self._found[key] = outcome
        return outcome

    def outcomes(self, reference: Formula) -> list[Outcome]:
        """What the reference gives in all cases."""
        return [self.outcome(reference, number) for number in range(len(self.cases))]


@functools.lru_cache(maxsize=1)  # whoever checks many answers with one seed computes it once
def _drawn(
    draw: Callable[[np.random.Generator], Iterable[Case]], example: Case, state: str
) -> Drawn:
    rng = np.random.default_rng()
    rng.bit_generator.state = json.loads(state)
    cases = [*draw(rng), example]
    return Drawn(cases=cases, state=rng.bit_generator.state)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a function gives in one case.

    Attributes:
        returned: as it came back.
        value: without tensors; see `expect.plain`.
        gradients: of the result's sum with fixed weights, by argument; None where none flows.
            Empty where no argument asks for gradients.
        flows: whether gradients flow through the result.
        shares: whether the result is a part of the input itself.
        error: the kind of the error that the function raised instead.
        message: what is wrong besides the values: that error, the type or the shape.
    """

    returned: Any = None
    value: Any = None
    gradients: Mapping[str, np.ndarray | None] = field(default_factory=dict)
    flows: bool = False
    shares: bool = False
    error: type[BaseException] | None = None
    message: str = ""

    @classmethod
    def of(cls, function: Callable[..., Any], case: Case) -> Outcome:
        """Call a function of the library's on fresh arguments."""
        args, kwargs = case.fresh()
        value = function(*args, **kwargs)
        return cls.from_call(function, value, expect.plain(value), args, kwargs)

    @classmethod
    def from_call(
        cls,
        function: Callable[..., Any],
        value: Any,
        plain: Any,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
    ) -> Outcome:
        """From a value and the arguments of the function that it was computed from."""
        named = {**dict(zip(names_of(function), args, strict=False)), **kwargs}
        asked = {
            name: one
            for name, one in named.items()
            if isinstance(one, Tensor) and one.requires_grad
        }
        gradients: dict[str, np.ndarray | None] = dict.fromkeys(asked)
        if asked and isinstance(value, Tensor) and value.requires_grad:
            weights = torch.linspace(0.5, 1.5, max(value.numel(), 1))[: value.numel()]
            total = (value * weights.reshape(value.shape).to(value)).sum()
            found = torch.autograd.grad(total, list(asked.values()), allow_unused=True)
            for name, one in zip(asked, found, strict=True):
                gradients[name] = None if one is None else one.detach().cpu().numpy()
        return cls(
            returned=value,
            value=plain,
            gradients=gradients,
            flows=isinstance(value, Tensor) and value.requires_grad,
            shares=_shares(value, [args, kwargs]),
        )

    def agrees(self, other: Outcome, tolerance: float, *, values: bool = False) -> bool:
        """The same value and the same gradients, or only the same value."""
        if self.error or not expect.close(self.value, other.value, tolerance):
            return False
        if values:
            return True
        return (self.flows or not (other.flows and other.gradients)) and all(
            _same_gradient(self.gradients.get(name), one) for name, one in other.gradients.items()
        )


def _same_gradient(mine: np.ndarray | None, other: np.ndarray | None) -> bool:
    if other is None or mine is None:
        one = mine if other is None else other
        return one is None or not one.any()
    scale = np.abs(other[np.isfinite(other)]).max(initial=0)
    return np.allclose(mine, other, rtol=1e-3, atol=1e-4 * scale + 1e-7, equal_nan=True)


def _gradient_fault(mine: Outcome, right: Outcome, case: Case) -> str:
    if not mine.flows or all(one is None for one in mine.gradients.values()):
        return (
            f"On {case.words}, the value is right, but no gradient flows through your function, so "
            "that .backward() raises an error: something cuts it off, such as torch.no_grad(), "
            ".detach(), .item() or torch.tensor(…)."
        )
    for name, theirs in right.gradients.items():
        own = mine.gradients[name]
        if _same_gradient(own, theirs):
            continue
        if theirs is None:
            return (
                f"The values are right, but a gradient flows into `{name}`, and time and memory "
                "go into it. The docstring asks for none: detach it, or use torch.no_grad()."
            )
        if own is None or not own.any():
            return (
                f"The values are right, but no gradient reaches `{name}`: it is detached inside "
                "your function, so that nothing is learnt from it."
            )
        if np.isnan(own).any():
            return (
                f"The values are right, but on {case.words} the gradient with respect to `{name}` "
                "is NaN, as where 0 is divided by 0, a root is taken of 0, or an exponential "
                "overflows in the branch that torch.where doesn't take."
            )
        return (
            f"The values are right, but on {case.words} the gradient with respect to `{name}` "
            f"isn't the formula's: {expect.where(own, theirs)} Is a part of it detached, or "
            "computed without gradients?"
        )
    return "The values are right, but the gradients aren't."  # pragma: no cover


def _unchanged(now: Any, then: Any) -> bool:
    if isinstance(now, np.ndarray) and isinstance(then, np.ndarray):
        return now.shape == then.shape and np.array_equal(
            now, then, equal_nan=now.dtype.kind == "f"
        )
    return True


def _numbers(value: Any) -> int:
    if isinstance(value, Tensor | np.ndarray):
        return int(np.prod(value.shape))
    if isinstance(value, list | tuple):
        return sum(map(_numbers, value))
    return 1 if isinstance(value, int | float) else 0


def _value(value: Any) -> str:
    """A value as a learner would write it, if it is small."""
    if isinstance(value, Tensor | np.ndarray):
        return (
            str([round(float(one), 4) for one in value.flatten()])
            if value.ndim == 1
            else str(
                np.round(
                    np.asarray(value.detach() if isinstance(value, Tensor) else value, float), 4
                ).tolist()
            )
        )
    return repr(value) if isinstance(value, str | int | float | tuple | list) else describe(value)


def _shares(value: Any, given: Any) -> bool:
    """Does the value lie in the same memory as a tensor or an array that was given?"""
    mine = {_memory(one) for one in _arrays(value)}
    return bool(mine & {_memory(one) for one in _arrays(given)} - {0})


def _memory(one: Tensor | np.ndarray) -> int:
    if isinstance(one, Tensor):
        return one.untyped_storage().data_ptr()
    while isinstance(one.base, np.ndarray):
        one = one.base
    return one.__array_interface__["data"][0]


def _arrays(value: Any) -> list[Tensor | np.ndarray]:
    if isinstance(value, Tensor | np.ndarray):
        return [value]
    if isinstance(value, dict):
        return _arrays(list(value.values()))
    if isinstance(value, list | tuple):
        return [array for one in value for array in _arrays(one)]
    return []
