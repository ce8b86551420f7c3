"""Toy features for exercise 03.5, and what its wrong formulas give on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.losses import contrastive_loss

Maps = Sequence[Tensor]
Formula = Callable[[Tensor, Tensor, Tensor, "Features"], Tensor]


class Features:
    """Fixed convolutions and a norm over the batch: N×3×H×W → tensors of unequal sizes.

    Attributes:
        seen: what it was called with.
    """

    def __init__(self, generator: torch.Generator, count: int, scale: float = 1.0) -> None:
        self.count, self.scale = count, scale
        self.weights = [
            0.4 * torch.randn(out, into, 3, 3, generator=generator)
            for into, out in ((3, 4), (4, 6), (6, 5))
        ]
        self.seen: list[Tensor] = []

    def __call__(self, pictures: Tensor) -> Maps:
        """One to four tensors, the later ones smaller and weaker; pixels for a count of 0."""
        self.seen.append(pictures.detach())
        if self.count == 0:
            return (self.scale * pictures,)
        one, two, three = (weight.to(pictures.device) for weight in self.weights)
        first = F.conv2d(pictures, one, padding=1)
        normed = F.leaky_relu(first - first.mean((0, 2, 3), keepdim=True), 0.2)
        second = F.conv2d(normed, two, stride=2, padding=1)
        third = 0.2 * F.conv2d(F.leaky_relu(second, 0.2), three, stride=2, padding=1)
        maps = [first, second, third, 3 * third.mean((2, 3))][: self.count]
        return [self.scale * one for one in maps]


def _ratio(near: Tensor, far: Tensor) -> Tensor:
    return near / (near + far + 1e-8)


def _mean_abs(x: Tensor) -> Tensor:
    return x.abs().mean()


def _by_maps(
    combine: Callable[[Tensor, Tensor], Tensor] = _ratio,
    distance: Callable[[Tensor], Tensor] = _mean_abs,
    *,
    picked: slice = slice(None),
    reduce: Callable[[Tensor], Tensor] = torch.mean,
) -> Formula:
    """A loss of the same build with one part exchanged."""

    def loss(restored: Tensor, clean: Tensor, rainy: Tensor, features: Features) -> Tensor:
        maps = zip(features(restored), features(clean), features(rainy), strict=True)
        parts = [combine(distance(o - g), distance(o - b)) for o, g, b in list(maps)[picked]]
        return reduce(torch.stack(parts))

    return loss


def _of_distances(formula: Callable[[Tensor, Tensor, Tensor], Tensor]) -> Formula:
    """Each tensor's loss by a formula of ours, good and bad."""

    def loss(restored: Tensor, clean: Tensor, rainy: Tensor, features: Features) -> Tensor:
        maps = zip(features(restored), features(clean), features(rainy), strict=True)
        return torch.stack([formula(*three) for three in maps]).mean()

    return loss


def _all_values(restored: Tensor, clean: Tensor, rainy: Tensor, features: Features) -> Tensor:
    ours, good, bad = (
        torch.cat([one.flatten() for one in features(pictures)])
        for pictures in (restored, clean, rainy)
    )
    return _ratio(_mean_abs(ours - good), _mean_abs(ours - bad))


def _added_distances(restored: Tensor, clean: Tensor, rainy: Tensor, features: Features) -> Tensor:
    near, far = (
        torch.stack([_mean_abs(o - x) for o, x in zip(features(restored), theirs, strict=True)])
        for theirs in (features(clean), features(rainy))
    )
    return _ratio(near.sum(), far.sum())


def _by_picture(ours: Tensor, good: Tensor, bad: Tensor) -> Tensor:
    near, far = ((ours - x).abs().flatten(1).mean(1) for x in (good, bad))
    return _ratio(near, far).mean()


def _by_channel(ours: Tensor, good: Tensor, bad: Tensor) -> Tensor:
    near, far = ((ours - x).abs().transpose(0, 1).flatten(1).mean(1) for x in (good, bad))
    return _ratio(near, far).mean()


def _unit_range(restored: Tensor, clean: Tensor, rainy: Tensor, features: Features) -> Tensor:
    restored, clean, rainy = ((x + 1) / 2 for x in (restored, clean, rainy))
    return contrastive_loss(restored, clean, rainy, features)


MISCONCEPTIONS: dict[str, Formula] = {
    "you divide near by far, as Wu et al. do, which has no bound at the rainy picture; here the "
    "loss is near / (near + far).": _by_maps(lambda near, far: near / (far + 1e-8)),
    "you divide far by near: the loss falls as the restored picture comes closer to the rainy one. "
    "It is near / (near + far).": _by_maps(lambda near, far: far / (near + 1e-8)),
    "your loss is far / (near + far), 1 at the clean picture and 0 at the rainy one: it pulls "
    "towards the rain. near belongs on top, or clean and rainy are swapped.": (
        _by_maps(lambda near, far: _ratio(far, near))
    ),
    "you subtract: near − far. The docstring's loss is near / (near + far), between 0 and 1.": (
        _by_maps(lambda near, far: near - far)
    ),
    "you subtract: far − near. The docstring's loss is near / (near + far), between 0 and 1.": (
        _by_maps(lambda near, far: far - near)
    ),
    "the sign is turned: what falls as your loss is minimised is the likeness to the clean "
    "picture.": lambda *args: -contrastive_loss(*args),
    "you subtract, and divide by the sum: (near − far) / (near + far). The docstring has near "
    "alone on top.": _by_maps(lambda near, far: (near - far) / (near + far + 1e-8)),
    "only the distance to the clean picture counts in your loss: nothing pushes away from the "
    "rainy one. It is near / (near + far).": _by_maps(lambda near, far: near),
    "only the distance to the rainy picture counts in your loss. It is near / (near + far).": (
        _by_maps(lambda near, far: far)
    ),
    "you add near and far; the loss is near / (near + far).": (
        _by_maps(lambda near, far: near + far)
    ),
    "you add the losses of all tensors up; the docstring takes their mean.": (
        _by_maps(reduce=torch.sum)
    ),
    "you take the largest of the tensors' losses; the docstring takes their mean.": (
        _by_maps(reduce=torch.max)
    ),
    "only the first of the tensors that `features` gives counts in your loss; it is the mean of "
    "all of their losses.": _by_maps(picked=slice(1)),
    "only the last of the tensors that `features` gives counts in your loss; it is the mean of "
    "all of their losses. Is the return or the division inside the loop?": (
        _by_maps(picked=slice(-1, None))
    ),
    "you put the values of all tensors together, so that a tensor with more values counts more. "
    "Each tensor has its own near / (near + far); the result is their mean.": _all_values,
    "you add the distances of all tensors up before you divide, so that a tensor with larger "
    "values counts more. Each tensor has its own near / (near + far); the result is their "
    "mean.": _added_distances,
    "you take squared differences; the docstring asks for absolute ones.": (
        _by_maps(distance=lambda x: x.square().mean())
    ),
    "you take the root of the mean squared difference; the docstring asks for the mean absolute "
    "one.": _by_maps(distance=lambda x: x.square().mean().sqrt()),
    "you take the mean of the differences before their absolute value, so that those above and "
    "below 0 cancel each other.": _by_maps(distance=lambda x: x.mean().abs()),
    "the differences keep their signs and cancel each other: absolute values are missing.": (
        _by_maps(distance=torch.mean)
    ),
    "you divide by the distance between the clean and the rainy picture; the docstring divides by "
    "near + far, both measured from the restored one.": _of_distances(
        lambda o, g, b: _mean_abs(o - g) / (_mean_abs(g - b) + 1e-8)
    ),
    "you divide value by value and take the mean of the quotients; near and far are means "
    "themselves, and are divided once for each tensor.": _of_distances(
        lambda o, g, b: _ratio((o - g).abs(), (o - b).abs()).mean()
    ),
    "you divide picture by picture and take the mean of the quotients; near and far are means "
    "over the whole batch.": _of_distances(_by_picture),
    "you divide channel by channel and take the mean of the quotients; near and far are means "
    "over all values of a tensor.": _of_distances(_by_channel),
    **{
        f"the small number in your denominator, about {epsilon:g}, is too large: where features "
        "are weak, it decides your loss. Add 1e-8.": _by_maps(
            lambda near, far, epsilon=epsilon: near / (near + far + epsilon)  # type: ignore[misc]
        )
        for epsilon in (1.0, 0.1, 1e-2, 1e-3, 1e-4, 1e-5)
    },
    "you compare the pictures themselves: `features` makes no difference.": (
        lambda restored, clean, rainy, features: _ratio(
            _mean_abs(restored - clean), _mean_abs(restored - rainy)
        )
    ),
    "you bring the pictures to [0, 1] before you give them to `features`, which takes them in "
    "[−1, 1] as they are.": _unit_range,
}


def _detached(near: bool, far: bool, below: bool) -> Formula:
    """The right loss with near, far or the whole denominator cut off from the graph."""

    def combine(one: Tensor, other: Tensor) -> Tensor:
        one, other = one.detach() if near else one, other.detach() if far else other
        sum_of_both = one + other + 1e-8
        return one / (sum_of_both.detach() if below else sum_of_both)

    return _by_maps(combine)


CUT_OFF: dict[str, Formula] = {
    "The value is right, but far is cut off from the gradient: your loss pulls towards the clean "
    "picture and never pushes away from the rainy one. Leave out the .detach() or torch.no_grad() "
    "around it.": _detached(False, True, False),
    "The value is right, but near is cut off from the gradient: your loss only pushes away from "
    "the rainy picture. Leave out the .detach() or torch.no_grad() around it.": (
        _detached(True, False, False)
    ),
    "The value is right, but the denominator is cut off from the gradient. Leave out the "
    ".detach() or torch.no_grad() around near + far.": _detached(False, False, True),
}
