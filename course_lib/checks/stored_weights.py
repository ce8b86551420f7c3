"""Which parameter of a network stands for which of another one's, as their sizes tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice, permutations, product

from torch import Size, Tensor, nn
from torch.nn.parameter import is_lazy

WAYS = 64  # to see parameters of one size as those of another
CUTS = 1024  # choices of parameters that are stacks


def pairings(network: nn.Module, other: nn.Module) -> Iterator[dict[str, Tensor]]:
    """The name of each parameter and buffer → that of another network.

    The other network may stack its parameters along a first axis, keep their axes in another
    order, or flatten them. Of several that fit, the first one goes to the first one, path by path
    or layer by layer.

    Args:
        network: whose names are wanted.
        other: whose tensors are taken; those of parameters keep their gradients.

    Yields:
        Nothing where the sizes don't fit.
    """
    wanted = dict(network.named_parameters())
    layers = [name.split(".")[-2:] for name in wanted]
    by_layers = sorted(wanted, key=lambda name: layers.index(name.split(".")[-2:]))
    averages = _assigned(network.named_buffers(), [one.clone() for one in other.buffers()])
    stacks = [one for one in other.parameters() if not is_lazy(one) and one.numel()]
    orders = dict.fromkeys((tuple(wanted), tuple(by_layers)))
    for pieces, names in product(_unstacked(stacks, list(wanted.values())), orders):
        pairs = _assigned(((name, wanted[name]) for name in names), pieces)
        if pairs is None or averages is None:
            continue
        kinds = dict.fromkeys((pairs[name].shape, wanted[name].shape) for name in names)
        for ways in islice(product(*(_ways(*kind) for kind in kinds)), WAYS):
            way = dict(zip(kinds, ways, strict=True))
            seen = {n: way[pairs[n].shape, wanted[n].shape](pairs[n]) for n in names}
            yield seen | averages


def _unstacked(stacks: Sequence[Tensor], wanted: Sequence[Tensor]) -> Iterator[list[Tensor]]:
    """Some of the tensors cut along their first axis, so that all have the wanted sizes."""
    sizes = Counter(one.numel() for one in wanted)
    if sum(one.numel() for one in stacks) != sum(one.numel() for one in wanted):
        return
    parts = [
        [cuts for cuts in ([one], one.unbind() if one.ndim else ()) if _fits(cuts, sizes)]
        for one in stacks
    ]
    for chosen in islice(product(*parts), CUTS):
        pieces = [piece for part in chosen for piece in part]
        if Counter(one.numel() for one in pieces) == sizes:
            yield pieces


def _fits(pieces: Sequence[Tensor], sizes: Counter[int]) -> bool:
    """Are so many tensors of this size wanted?"""
    return 0 < len(pieces) <= sizes[pieces[0].numel()]


def _assigned(
    wanted: Iterator[tuple[str, Tensor]], pieces: Sequence[Tensor]
) -> dict[str, Tensor] | None:
    """A tensor for each name: one of the same axes, else one of as many numbers."""
    found, left = {}, list(pieces)
    for name, tensor in wanted:
        same = [one for one in left if _axes(one.shape) == _axes(tensor.shape)]
        same += [one for one in left if one.numel() == tensor.numel()]
        if not same:
            return None
        found[name] = same[0]
        left = [one for one in left if one is not same[0]]
    return None if left else found


def _ways(shape: Size, wanted: Size) -> list[Callable[[Tensor], Tensor]]:
    """Ways to see a tensor of one shape as one of another."""
    mine, theirs = _axes(shape), _axes(wanted)
    orders = [
        order
        for order in permutations(range(len(mine)))
        if [mine[axis] for axis in order] == theirs
    ]
    if not orders:
        return [lambda one: one.reshape(wanted)]
    return [
        lambda one, order=order: one.reshape(mine).permute(order).reshape(wanted)  # type: ignore[misc]
        for order in orders
    ]


def _axes(shape: Size) -> list[int]:
    """The sizes of its axes, but for those of size 1."""
    return [size for size in shape if size > 1]
