"""A network run with the weights of another one, whose calls were traced."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from course_lib.checks.layers import LAYERS, Layer, averages, by_name

COMPARED = 8  # layers of one size, to find the one that gave the same values
WAYS = 24  # to pair the layers of two networks


class WithWeightsOf(TorchFunctionMode):
    """Runs a network with the weights of another one, whose calls were traced.

    Each layer gets the weights of a layer that takes as much and gives as much: of one that gave
    the same values, else of one with the same settings, else of the first one. A convolution in
    groups may stand for several.

    Args:
        layers: the calls of the other network.
        choices: which one to take, each time that several layers gave the same values; the first
            one from there on.

    Attributes:
        chosen: the choices, and how many there were.
        same_averages: whether all running statistics moved as those of the other network.
    """

    def __init__(self, layers: Sequence[Layer], choices: Sequence[int] = ()) -> None:
        super().__init__()
        self.chosen: list[tuple[int, int]] = []
        self.same_averages = True
        self._choices = choices
        self._left = list(layers)
        self._missing = False
        self._pairs: set[tuple[int, int]] = set()  # addresses of weights

    @property
    def complete(self) -> bool:
        """Whether all layers have their counterparts; those that share weights share them there."""
        each = all(len({pair[n] for pair in self._pairs}) == len(self._pairs) for n in (0, 1))
        return each and not self._left and not self._missing

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func not in LAYERS:
            return func(*args, **kwargs)
        layer = Layer(function=func, given=by_name(func, args, kwargs))
        mine = self._counterpart(layer)
        if mine is None:
            self._missing = True
            return func(*args, **kwargs)
        self._left.remove(mine)
        if layer.weight is not None:
            self._pairs.add((_address(layer), _address(mine)))
        given = _with_weights(layer, mine)
        out = func(**given)
        after = averages(given)
        if any(not _close(*pair) for pair in zip(after, mine.averages[1], strict=False)):
            self.same_averages = False
        return out

    def _counterpart(self, layer: Layer) -> Layer | None:
        some = [one for one in self._left if one.key == layer.key]
        if not some:
            self._left = [part for one in self._left for part in one.parts()]
            some = [one for one in self._left if one.key == layer.key]
        if len(some) < 2:
            return some[0] if some else None
        settings = ("stride", "dilation", "groups")
        alike = [one for one in some if all(one.setting(k) == layer.setting(k) for k in settings)]
        alike += [one for one in some if one not in alike]
        distinct = {_address(one): one for one in reversed(alike[:COMPARED])}.values()
        same = [one for one in reversed(distinct) if _gives_the_same(layer, one)]
        if len(same) < 2:
            return (same or alike)[0]
        place = len(self.chosen)
        choice = self._choices[place] if place < len(self._choices) else 0
        self.chosen.append((choice, len(same)))
        return same[choice % len(same)]


def with_weights_of(
    layers: Sequence[Layer], run: Callable[[], Tensor]
) -> Iterator[tuple[Tensor, bool]]:
    """What a network gives with the weights of another one; of few ways to pair them, for each.

    Nothing where their weights can't be paired. Layers that get the same and have the same size,
    such as two paths of one rate, can be paired in several ways.

    Args:
        layers: the calls of the other network.
        run: runs the network.

    Yields:
        The output, and whether running averages moved as those of the other network.
    """
    choices: list[int] | None = []
    for _ in range(WAYS):
        if choices is None:
            return
        with WithWeightsOf(layers, choices) as weights:
            out = run()
        if weights.complete:
            yield out, weights.same_averages
        choices = _next(weights.chosen)


def _next(chosen: Sequence[tuple[int, int]]) -> list[int] | None:
    """The choices to try after these; None behind the last ones."""
    for place in reversed(range(len(chosen))):
        choice, among = chosen[place]
        if choice + 1 < among:
            return [*(one for one, _ in chosen[:place]), choice + 1]
    return None


def _address(layer: Layer) -> int:
    """The same for layers that share their weights."""
    return id(layer) if layer.weight is None else layer.weight.data_ptr()


def _gives_the_same(layer: Layer, other: Layer) -> bool:
    """Whether a layer with the other's weights gives what the other one gave, in any order."""
    if other.out is None:
        return False
    with torch.no_grad():
        out = layer.function(**_with_weights(layer, other))
    return _same_numbers(out, other.out)


def _with_weights(layer: Layer, mine: Layer) -> dict[str, Any]:
    """The layer's arguments with the weights of another one."""
    given = dict(layer.given)
    for name in ("weight", "bias"):
        if (own := given.get(name)) is not None:
            given[name] = mine.given[name].reshape(own.shape)
    if given.get("running_mean") is not None and mine.averages[0]:
        given["running_mean"], given["running_var"] = (one.clone() for one in mine.averages[0])
    return given


def _same_numbers(one: Tensor, other: Tensor) -> bool:
    """The same values, in whatever order."""
    return one.numel() == other.numel() and _close(
        one.detach().flatten().sort().values, other.flatten().sort().values
    )


def _close(one: Tensor, other: Tensor) -> bool:
    return one.shape == other.shape and torch.allclose(one, other, rtol=1e-3, atol=1e-4)
