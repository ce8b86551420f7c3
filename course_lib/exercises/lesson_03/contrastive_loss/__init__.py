"""Exercise 03.5: towards the clean picture, away from the rainy one."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from course_lib.checks import expect
from course_lib.checks.attempt import Attempt, Call, describe
from course_lib.checks.function import Case, Function
from course_lib.checks.layers import by
from course_lib.checks.result import Wrong
from course_lib.checks.shorthand import slips_that_get, slips_that_say
from course_lib.checks.task import Task, texts
from course_lib.exercises.lesson_03.contrastive_loss import zoo
from course_lib.losses import contrastive_loss

LOSS = "near / (near + far + 1e-8)"
FAR = ", (ours - bad).abs().mean()"
BOTH = f"(ours - good).abs().mean(){FAR}"
DISTANCE = f"{BOTH} → *((lambda x: {{}})(ours - x) for x in (good, bad)),"
OF_MANY = f"{LOSS} → ({LOSS}).mean()"
MEAN = "torch.stack(losses).mean()"
MAPS = "features(clean.detach()), features(rainy.detach())"
FIRST = "clean_maps, rainy_maps = → {}\n    clean_maps, rainy_maps ="

RIGHT = "The docstring's loss is near / (near + far)"
OWN_LOSS = "Each tensor has its own near / (near + far); the result is their mean."
MEASURED = "You measure far from the clean picture to the rainy one. It is the distance of the "
MEASURED += "restored picture to it"
ONE_BATCH = "Features may depend on the whole batch, as batch norm does: "
LEAVE_OUT = "Leave out the .detach() or torch.no_grad() around"

# What stands in place of one tensor's loss.
LOSSES = {
    "near / (far + 1e-8)": "You divide near by far, as Wu et al. do, which has no bound at the "
    f"rainy picture. {RIGHT}.",
    "far / (near + 1e-8)": "You divide far by near: the loss falls as the restored picture comes "
    f"closer to the rainy one. {RIGHT}.",
    "far / (near + far + 1e-8)": "Your loss is far / (near + far), 1 at the clean picture and 0 at "
    "the rainy one: it pulls towards the rain. Put near on top; or are clean and rainy swapped?",
    "near - far": f"You subtract: near − far. {RIGHT}, between 0 and 1.",
    "far - near": f"You subtract: far − near. {RIGHT}, between 0 and 1.",
    f"-{LOSS}": "The sign is turned: as your loss is minimised, the restored picture moves away "
    "from the clean one.",
    "(near - far) / (near + far + 1e-8)": "You subtract, and divide by the sum: (near − far) / "
    "(near + far). The docstring has near alone on top.",
    "near": "Only the distance to the clean picture counts in your loss: nothing pushes away from "
    f"the rainy one. {RIGHT}.",
    "far": f"Only the distance to the rainy picture counts in your loss. {RIGHT}.",
    "near + far": f"You add near and far. {RIGHT}.",
    "(near + 1e-8) / (near + far + 1e-8)": "Where the pictures agree, or a layer is dead, your "
    "loss is 1 and should be 0. Written as one quotient, near alone belongs on top, without the "
    "small number.",
    "torch.log(near + 1e-8) - torch.log(near + far + 1e-8)": "You take the logarithm of the "
    f"quotient. {RIGHT} itself.",
    **{
        f"near / (near + far + {epsilon})": "The small number in your denominator, about "
        f"{epsilon}, is too large: where features are weak, it decides your loss. Add 1e-8."
        for epsilon in ("1", "0.1", "0.01", "0.001", "0.0001", "1e-05", "1e-06")
    },
}
# A distance in place of the mean absolute one.
DISTANCES = {
    "x.square().mean()": "You take squared differences. The docstring asks for absolute ones.",
    "x.square().mean().sqrt()": "You take the root of the squared differences' mean or sum, a "
    "Euclidean norm. The docstring asks for the mean absolute difference.",
    "F.smooth_l1_loss(x, 0 * x)": "You take the smooth L1 loss, squares where differences are "
    "small. The docstring asks for the mean absolute difference.",
    "x.mean().abs()": "You take the mean of the differences before their absolute value, so that "
    "those above and below 0 cancel each other.",
    "x.mean()": "The differences keep their signs and cancel each other: take absolute values.",
    "x.abs().amax()": "You take the largest difference. The docstring asks for the mean.",
    "x.abs().median()": "You take the median difference. The docstring asks for the mean.",
}
# Quotients of more values than one a tensor.
QUOTIENTS = {
    "x.abs()": "You divide value by value and take the mean of the quotients. near and far are "
    "means themselves, and are divided once for each tensor.",
    "x.abs().flatten(1).mean(1)": "You divide picture by picture and take the mean of the "
    "quotients. near and far are means over the whole batch.",
    "x.abs().transpose(0, 1).flatten(1).mean(1)": "You divide channel by channel and take the mean "
    "of the quotients. near and far are means over all values of a tensor.",
}
SAYS: dict[str | tuple[str, ...], str] = {
    **{f"{LOSS} → {loss}": says for loss, says in LOSSES.items()},
    **{DISTANCE.format(one): says for one, says in DISTANCES.items()},
    **{(DISTANCE.format(one), OF_MANY): says for one, says in QUOTIENTS.items()},
    f"{MEAN} → sum(losses)": "You add the losses of all tensors up. Take their mean.",
    f"{MEAN} → torch.stack(losses).median()": "You take the median of the losses. Take their mean.",
    f"{MEAN} → max(losses)": "You take the largest of the tensors' losses. Take their mean.",
    f"{MEAN} → losses[0]": "Only the first of the tensors that `features` gives counts in your "
    "loss. It is the mean of all of their losses. Is the return inside the loop?",
    f"{MEAN} → losses[-1]": "Only the last of the tensors that `features` gives counts in your "
    "loss. It is the mean of all of their losses. Is the division or the list inside the loop?",
    f"{MEAN} → sum(losses) / 3": "You divide the sum of the losses by 3, and `features` may give "
    "another number of tensors: divide by their number.",
    f"{MEAN} → sum(losses) / max(sum(one > 0 for one in losses), 1)": "You leave out layers whose "
    "loss is 0. They count in the mean like all others.",
    "return right(restored, clean, rainy, lambda x: [torch.cat([m.flatten() for m in features(x)])"
    "])": "You put the values of all tensors together, so that a tensor with more values counts "
    f"more. {OWN_LOSS}",
    "near = far = 0\nfor a, b, c in zip(*map(features, (restored, clean.detach(), "
    "rainy.detach()))):\n    near, far = near + (a - b).abs().mean(), far + (a - c).abs().mean()\n"
    f"return {LOSS}": "You add the distances of all tensors up before you divide, so that a tensor "
    f"with larger values counts more. {OWN_LOSS}",
    "return right(restored, clean, rainy, lambda x: [x])": "You compare the pictures themselves: "
    "`features` makes no difference. Compare features(restored) with features(clean) and "
    "features(rainy).",
    "return right(*((x + 1) / 2 for x in (restored, clean, rainy)), features)": "You bring the "
    "pictures to [0, 1] before you give them to `features`, which takes them in [−1, 1] as they "
    "are.",
    "three = features(torch.cat([restored, clean.detach(), rainy.detach()]))\n"
    "return right(*torch.eye(3), lambda x: [m.chunk(3)[int(x.argmax())] for m in three])": "You "
    f"give `features` restored, clean and rainy in one batch. {ONE_BATCH}call it for each of the "
    "three on its own.",
    "return torch.stack([right(*(x[i : i + 1] for x in (restored, clean, rainy)), features) "
    "for i in range(len(restored))]).mean()": "You give `features` one picture at a time. "
    f"{ONE_BATCH}give it the batch as it is.",
    "return right(restored, clean, rainy, lambda x: [x - x.mean() for x in features(x)])": "You "
    "subtract the mean from each feature map. Compare the maps as they are.",
    f"{FAR} → , (ours.detach() - bad).abs().mean()": "The value is right, but far is cut off from "
    "the gradient: your loss pulls towards the clean picture and never pushes away from the rainy "
    f"one. {LEAVE_OUT} it.",
    "(ours - good) → (ours.detach() - good)": "The value is right, but near is cut off from the "
    f"gradient: your loss only pushes away from the rainy picture. {LEAVE_OUT} it.",
    f"{LOSS} → near / (near + far + 1e-8).detach()": "The value is right, but the denominator is "
    f"cut off from the gradient. {LEAVE_OUT} near + far.",
    f"{MAPS} → features(clean), features(rainy)": "The value is right, but gradients flow into "
    "`clean` and `rainy`, and memory and time go into it. Take their features inside "
    "torch.no_grad(), or detach them.",
    "features(restored) → features(restored.detach())": "The value is right, but no gradient "
    "reaches `restored`: it is detached, or its features are taken inside torch.no_grad(). Only "
    "those of clean and rainy belong there.",
    f"{FAR} → , (good - bad).abs().mean()": f"{MEASURED}.",
    (f"{FAR} → , (good - bad).abs().mean()", f"{LOSS} → near / (far + 1e-8)"): f"{MEASURED}, and "
    "near is added to it in the denominator.",
    "(ours - good) → (bad - good)": "You measure near from the rainy picture to the clean one. It "
    "is the distance of the restored picture to the clean one.",
    FIRST.format("features = deepcopy(features)\n    getattr(features, 'eval', int)()"): "You put "
    "`features` in eval mode while you call it. Dropout and batch norm compute something else "
    "there. Leave the mode to whoever calls your function.",
}
FOUND = {
    f"{LOSS} → near / (near + far)": "returns NaN, which is not a number. So are 0/0",
    f"{LOSS} → near / (near + far - 1e-8)": "outside 0 to 1",
    "features(clean.detach()) → features(clean)": "a gradient flows into `clean`",
    "features(rainy.detach()) → features(rainy)": "a gradient flows into `rainy`",
    FIRST.format("restored = restored.detach() + 0 * restored"): "no gradient reaches `restored`",
    f"return {MEAN} → with torch.no_grad():\n        return {MEAN}": "no gradient",
    f"{MEAN} → torch.stack(losses)": "the mean of the tensors' losses",
    f"{MEAN} → losses": "a list of",
    f"{MEAN} → sum(losses).item() / len(losses)": "Leave out .item()",
    f"{MEAN} → sum(losses, torch.zeros(1)) / len(losses)": "one number is expected",
    FIRST.format("torch.set_grad_enabled(False)"): "switches gradients off",
    FIRST.format("clean.detach().clamp_(-0.9, 0.9)"): "its input `clean`",
    FIRST.format("getattr(features, 'train', int)()"): "in train mode",
    FIRST.format("getattr(features, 'zero_grad', int)()"): "without the gradients it had",
    FIRST.format("getattr(features, 'requires_grad_', bool)(False)"): "requires_grad switched off",
    FIRST.format("getattr(features, '_forward_hooks', {}).clear()"): "without its hooks",
    (
        FIRST.format(
            "was = {m: m.training for m in getattr(features, 'modules', list)()}\n"
            "    getattr(features, 'train', int)()"
        ),
        f"return {MEAN} → for m, mode in was.items(): m.training = mode\n    return {MEAN}",
    ): "with other batch-norm averages",
    "(ours - good) → (ours - torch.zeros(good.shape) - good)": "a tensor on the CPU",
}


class Features(nn.Module):
    """Layers in train and in eval mode, one without averages, with a hook and with gradients.

    They give 1 to 4 tensors, the later ones smaller and weaker. The dead one is always 0.
    """

    def __init__(
        self, generator: Generator, count: int, *, scale: float = 1, dead: int | None = None
    ) -> None:
        super().__init__()
        self.count, self.scale, self.dead = count, scale, dead
        self.convolutions = nn.ModuleList()
        for into, out, stride in ((3, 4, 1), (4, 6, 2), (6, 5, 2)):
            layer = nn.Conv2d(into, out, 3, stride=stride, padding=1, bias=False)
            nn.init.normal_(layer.weight, std=0.4, generator=generator)
            layer.weight.grad = torch.ones_like(layer.weight)
            self.convolutions.append(layer)
        self.of_batch = nn.BatchNorm2d(4, track_running_stats=False)
        self.frozen = nn.BatchNorm2d(6).eval()
        self.frozen.running_mean = torch.rand(6, generator=generator) - 0.5
        self.register_forward_hook(lambda module, given, maps: None)

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """N×3×H×W → N×4×H×W, N×6×H/2×W/2, N×5×H/4×W/4, N×5, as far as the count reaches."""
        one, two, three = self.convolutions
        first = one(pictures)
        slope = 0.2 if self.training else 0.8  # the mode counts, as for dropout
        second = self.frozen(two(F.leaky_relu(self.of_batch(first), slope)))
        third = 0.2 * three(F.leaky_relu(second, 0.2))
        maps = [first, second, third, 3 * third.mean((2, 3))][: self.count]
        return [self.scale * one * (number != self.dead) for number, one in enumerate(maps)]


DIFFER = "pictures that differ"


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Restored pictures between rainy and clean ones, and off the line; some that agree."""
    generator = Generator().manual_seed(int(rng.integers(2**32)))
    for count, n, scale in ((3, 4, 1.0), (4, 2, 1.0), (1, 3, 1.0), (2, 3, 0.02), (3, 3, 1e-3)):
        clean, rainy, noise = (
            2 * torch.rand(3, n, 3, 8 + count, 11 - count, generator=generator) - 1
        )
        share = 0.15 + 0.7 * torch.rand(n, 3, 1, 1, generator=generator)
        restored = 0.9 * (share * clean + (1 - share) * rainy) + 0.1 * noise
        on = f"pictures of size {by(clean.shape)} and {count} tensor{'s' * (count > 1)} of features"
        on += f", {scale:g} times as strong" if scale != 1 else ""
        features = Features(generator, count, scale=scale)
        # The last ones are so weak that a small number of 1e-6 begins to show.
        settings = {"group": DIFFER} if scale > 0.01 else {"tolerance": 2e-3}
        yield _case(on, restored, clean, rainy, features=features, **settings)
    features, dead = Features(generator, 3), Features(generator, 3, dead=1)
    yield _case("features of which one layer is dead", restored, clean, rainy, features=dead)
    yield _case("three pictures that agree", clean, clean, clean, features=features)
    yield _case("a restored picture that is the clean one", clean, clean, rainy, features=features)
    yield _case("a restored picture that is the rainy one", rainy, clean, rainy, features=features)
    yield _case("a clean picture that is the rainy one", restored, clean, clean, features=features)
    pictures = (restored.clone().requires_grad_(), clean.clone(), rainy.clone())
    yield Case(on="the pixels as features", args=(*pictures, lambda pictures: [pictures]))


def _case(on: str, *pictures: Tensor, features: object, **settings: Any) -> Case:
    asked = (one.clone().requires_grad_() for one in pictures)
    return Case(on=on, args=(*asked, features), **settings)


def look(call: Call, case: Case) -> None:
    """Say which mistake gives a tensor with axes."""
    if isinstance(call.value, Tensor) and call.value.ndim:
        raise Wrong(
            f"On {case.on}, your function returns {describe(call.value)}; one number is expected: "
            "near and far are means over all values of a tensor, and the result is the mean of "
            "the tensors' losses."
        )


def weak_features(attempt: Attempt, rng: np.random.Generator) -> None:
    """Where differences are as small as the small number, the loss still lies between 0 and 1."""
    generator = Generator().manual_seed(int(rng.integers(2**32)))
    clean, rainy = 2 * torch.rand(2, 2, 3, 8, 9, generator=generator) - 1
    on = "features that hardly differ, by about 1e-10,"
    weak = Features(generator, 2, scale=1e-10)
    loss = expect.scalar_tensor(attempt.call((clean + rainy) / 2, clean, rainy, weak, on=on))
    if not -1e-4 <= loss.item() <= 1 + 1e-4:
        raise Wrong(
            f"On {on} your loss is {loss.item():.4g}, outside 0 to 1: the small number is added to "
            "the denominator, not taken away."
        )


def _lesson_size(rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor, Features]:
    generator = Generator().manual_seed(0)
    restored, clean, rainy = 2 * torch.rand(3, 8, 3, 64, 64, generator=generator) - 1
    return restored.requires_grad_(), clean, rainy, Features(generator, 3)


ABS = "The absolute value doesn't know which of the two comes first."
ONE_AXIS = "The losses are a tensor with one axis."
SAME_COUNT = "`features` gives as many tensors for each batch, so zip never has to complain."

TASK = Task(
    **texts(__file__),
    reference=contrastive_loss,
    examine=Function(
        example=_case(
            "a picture exactly between the rainy and the clean one, the pixels as features",
            *(torch.full((1, 3, 5, 4), value) for value in (0.25, -0.5, 1.0)),
            features=lambda pictures: [1 * pictures],
            group=DIFFER,
        ),
        cases=cases,
        look=look,
        not_finite=lambda case: (
            " So are 0/0 and the root of a negative number: near and far are means of absolute "
            "values, and their sum plus 1e-8 is never 0."
        ),
        then=weak_features,
    ),
    lesson_size=_lesson_size,
    slips=(*slips_that_say(SAYS), *slips_that_get(FOUND)),
    names={"right": contrastive_loss, "deepcopy": deepcopy},
    written=zoo.WRITTEN,
    valid=zoo.VALID,
    equivalent={
        "line 1: `clean_maps, rainy_maps = (features(clean.de…` after the next statement": "The "
        "empty list doesn't depend on the features.",
        "line 3: without `strict=True`": SAME_COUNT,
        "line 3: strict=True → strict=False": SAME_COUNT,
        "line 4: ours - good → good - ours": ABS,
        "line 4: ours - bad → bad - ours": ABS,
        "line 5: `losses.append(near / (near + far + 1e-08))` twice": "Each loss counts twice, so "
        "their mean is the same.",
        "line 5: near + far + 1e-08 → near + far + 2e-08": "The docstring asks for a small number, "
        "against 0/0; this one shows only where features differ by less than float32 can tell.",
        "line 6: torch.stack(losses).mean() → torch.stack(losses).mean(axis=0)": ONE_AXIS,
        "line 6: torch.stack(losses).mean() → torch.stack(losses).mean(axis=-1)": ONE_AXIS,
    },
)
