"""How the layers that one network calls differ from another's, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from scipy.optimize import linear_sum_assignment

from course_lib.checks.layers import NO_ACTIVATIONS, Layer, Trace, by

CONVOLUTIONS = ("convolution", "transposed convolution")
SHORT = 6  # layers of which a diagnosis lists the order


def difference(
    mine: Trace, right: Trace, *, stopped: bool = False, other_size: bool = False
) -> str:
    """The first difference, as one sentence; empty where there is none.

    Args:
        mine: what the answer's network called.
        right: what the reference called.
        stopped: whether the answer's network stopped with an error on the way.
        other_size: whether it gives another size, so that sizes on the way tell something.
    """
    return next(_differences(mine, right, stopped, other_size or stopped), "")


def _differences(mine: Trace, right: Trace, stopped: bool, other_size: bool) -> Iterator[str]:
    alike = {"linear layer": "convolution"} if "linear layer" not in _kinds(right, {}) else {}
    own, asked = _kinds(mine, alike), _kinds(right, alike)
    more, fewer = _subtract(own, asked), _subtract(asked, own)
    for kind in more:
        if kind not in asked:
            yield f"Your network calls {_a(kind)}; the docstring asks for none."
    if not stopped:
        for kind in fewer:
            if kind not in own:
                yield f"Your network calls no {kind}; the docstring's network has one."
        yield from _same_weights(mine)
    for kind in more:
        yield (
            f"Your network calls {_many(own[kind], kind)} where "
            f"{_many(asked[kind], kind)} should be called."
        )
    for kind in () if stopped else fewer:
        yield (
            f"Your network calls {_many(own[kind], kind)} where "
            f"{_many(asked[kind], kind)} should be called."
        )
    for kind in asked:
        pair = _of(mine, kind, alike), _of(right, kind, alike)
        yield from _settings(kind, *pair)
        if other_size:
            yield from _sizes(kind, *pair)
    for what, have, want in (
        ("pads with", mine.paddings, right.paddings),
        ("calls", mine.others, right.others),
    ):
        for strange in dict.fromkeys(one for one in have if one not in want):
            asked_for = " and ".join(dict.fromkeys(want))
            if strange in NO_ACTIVATIONS or not want:
                asked_for = "none"
            yield f"Your network {what} {strange}; the docstring asks for {asked_for}."
    few = len(mine.order) <= SHORT
    if few and mine.order != right.order and sorted(mine.order) == sorted(right.order):
        yield (
            f"Your network calls its layers in the order {', '.join(mine.order)}; it is "
            f"{', '.join(right.order)}."
        )


def _kinds(trace: Trace, alike: dict[str, str]) -> Counter[str]:
    return Counter(alike.get(layer.kind, layer.kind) for layer in trace.layers)


def _subtract(one: Counter[str], other: Counter[str]) -> list[str]:
    return [kind for kind, number in one.items() if number > other[kind]]


def _of(trace: Trace, kind: str, alike: dict[str, str]) -> list[Layer]:
    return [layer for layer in trace.layers if alike.get(layer.kind, layer.kind) == kind]


def _same_weights(mine: Trace) -> Iterator[str]:
    weights = [(layer.kind, one) for layer in mine.layers if (one := layer.weight) is not None]
    places = Counter((one.data_ptr(), one.shape) for _, one in weights)
    for kind, one in weights:
        if (number := places[one.data_ptr(), one.shape]) > 1:
            yield (
                f"Your network calls one {kind} {number} times, with the same weights of size "
                f"{by(one.shape)}. Each of them has weights of its own."
            )


def _settings(kind: str, mine: Sequence[Layer], right: Sequence[Layer]) -> Iterator[str]:
    """Settings of the layers of one kind, paired so that as many as possible agree."""
    owns, all_asked = [_described(one) for one in mine], [_described(one) for one in right]
    alike = [[sum(own.get(k) == asked[k] for k in asked) for own in owns] for asked in all_asked]
    for place, best in zip(*linear_sum_assignment(alike, maximize=True), strict=True):
        own, asked = owns[best], all_asked[place]
        wrong = [name for name in asked if own.get(name, asked[name]) != asked[name]]
        if wrong:
            which = f"your {kind}" if len(mine) == 1 else f"one of your {kind}s"
            have = " and ".join(own[name] for name in wrong)
            want = " and ".join(asked[name] for name in wrong)
            yield f"{which[0].upper()}{which[1:]} has {have}; the docstring asks for {want}."


def _sizes(kind: str, mine: Sequence[Layer], right: Sequence[Layer]) -> Iterator[str]:
    """Height and width of what convolutions give, where as many are called."""
    for one, other in zip(mine, right, strict=False):
        if one.out is None or other.out is None or not one.kernel:
            continue
        have, want = one.out.shape[2:], other.out.shape[2:]
        if len(mine) <= len(right) and have != want:
            which = f"Your {kind}" if len(mine) == 1 else f"One of your {kind}s"
            yield (
                f"{which}, with {_described(one)['kernel']} and {_described(one)['dilation']}, "
                f"gives {by(have)}, where {by(want)} should come out: its padding is another."
            )


def _described(layer: Layer) -> dict[str, str]:
    """What a layer is set to, in words."""
    if layer.kind not in (*CONVOLUTIONS, "linear layer"):
        words = {"channels": f"{layer.shape[0]} channels"}
        if "eps" in layer.given:
            words["eps"] = f"eps={layer.given['eps']:g}"
        return words
    into, out = layer.channels
    return {
        "channels": f"{into} channels in and {out} out",
        "kernel": f"a kernel of {by(layer.kernel or (1, 1))}",
        "stride": f"a stride of {_number(layer.setting('stride'))}",
        "dilation": f"a dilation of {_number(layer.setting('dilation'))}",
        "groups": f"{_many(layer.setting('groups'), 'group')}",
        "bias": "no bias" if layer.given.get("bias") is None else "a bias",
    }


def _number(value: Any) -> str:
    return by(value) if isinstance(value, tuple) else str(value)


def _many(number: int, kind: str) -> str:
    return f"no {kind}" if not number else f"{number} {kind}{'s' if number > 1 else ''}"


def _a(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}" if kind != "PReLU" else "PReLU"
