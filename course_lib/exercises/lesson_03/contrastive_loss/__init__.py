"""Exercise 03.5: towards the clean picture, away from the rainy one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from course_lib.checks import expect
from course_lib.checks.attempt import Attempt, Call, describe
from course_lib.checks.function import Case, Function
from course_lib.checks.result import Wrong
from course_lib.checks.slips import Slip
from course_lib.checks.task import Task, texts
from course_lib.exercises.lesson_03.contrastive_loss import zoo
from course_lib.losses import contrastive_loss

RIGHT = "near / (near + far)"
LOSS = "near / (near + far + 1e-8)"
FAR = ", (ours - bad).abs().mean()"
BOTH = f"(ours - good).abs().mean(){FAR}"
MEAN = "torch.stack(losses).mean()"
MAPS = "features(clean.detach()), features(rainy.detach())"

# What stands in place of one tensor's loss.
LOSSES = {
    "near / (far + 1e-8)": "You divide near by far, as Wu et al. do, which has no bound at the "
    f"rainy picture. The docstring's loss is {RIGHT}.",
    "far / (near + 1e-8)": "You divide far by near: the loss falls as the restored picture comes "
    f"closer to the rainy one. The docstring's loss is {RIGHT}.",
    "far / (near + far + 1e-8)": "Your loss is far / (near + far), 1 at the clean picture and 0 at "
    "the rainy one: it pulls towards the rain. Put near on top; or are clean and rainy swapped?",
    "near - far": "You subtract: near − far. The docstring's loss is near / (near + far), between "
    "0 and 1.",
    "far - near": "You subtract: far − near. The docstring's loss is near / (near + far), between "
    "0 and 1.",
    f"-{LOSS}": "The sign is turned: as your loss is minimised, the restored picture moves away "
    "from the clean one.",
    "(near - far) / (near + far + 1e-8)": "You subtract, and divide by the sum: (near − far) / "
    "(near + far). The docstring has near alone on top.",
    "near": "Only the distance to the clean picture counts in your loss: nothing pushes away from "
    f"the rainy one. The docstring's loss is {RIGHT}.",
    "far": f"Only the distance to the rainy picture counts in your loss. It is {RIGHT}.",
    "near + far": f"You add near and far. The docstring's loss is {RIGHT}.",
    "(near + 1e-8) / (near + far + 1e-8)": "Where the pictures agree, or a layer is dead, your "
    "loss is 1 and should be 0. Written as one quotient, near alone belongs on top, without the "
    "small number.",
    "torch.log(near + 1e-8) - torch.log(near + far + 1e-8)": "You take the logarithm of the "
    f"quotient. The docstring's loss is {RIGHT} itself.",
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
# What is made of the list of losses.
RESULTS = {
    "torch.stack(losses).sum()": "You add the losses of all tensors up. The docstring takes their "
    "mean.",
    "torch.stack(losses).median()": "You take the median of the tensors' losses. The docstring "
    "takes their mean.",
    "torch.stack(losses).max()": "You take the largest of the tensors' losses. The docstring takes "
    "their mean.",
    "losses[0]": "Only the first of the tensors that `features` gives counts in your loss. It is "
    "the mean of all of their losses. Is the return inside the loop?",
    "losses[-1]": "Only the last of the tensors that `features` gives counts in your loss. It is "
    "the mean of all of their losses. Is the division or the list inside the loop?",
    "torch.stack(losses).sum() / 3": "You divide the sum of the losses by 3, and `features` may "
    "give another number of tensors: divide by their number.",
    "sum(losses) / max(sum(one > 0 for one in losses), 1)": "You leave out layers whose loss is 0. "
    "They count in the mean like all others.",
}
# Other bodies.
BODIES = {
    "a, b, c = (torch.cat([m.flatten() for m in features(x)]) for x in (restored, clean.detach(), "
    "rainy.detach()))\nnear, far = (a - b).abs().mean(), (a - c).abs().mean()\nreturn "
    + LOSS: "You "
    "put the values of all tensors together, so that a tensor with more values counts more. Each "
    f"tensor has its own {RIGHT}; the result is their mean.",
    "near = far = 0\nfor a, b, c in zip(*map(features, (restored, clean.detach(), "
    "rainy.detach()))):\n    near, far = near + (a - b).abs().mean(), far + (a - c).abs().mean()\n"
    f"return {LOSS}": "You add the distances of all tensors up before you divide, so that a tensor "
    f"with larger values counts more. Each tensor has its own {RIGHT}; the result is their mean.",
    "near, far = (restored - clean.detach()).abs().mean(), (restored - rainy.detach()).abs()"
    f".mean()\nreturn {LOSS}": "You compare the pictures themselves: `features` makes no "
    "difference. Compare features(restored) with features(clean) and features(rainy).",
    "return right(*((x + 1) / 2 for x in (restored, clean, rainy)), features)": "You "
    "bring the pictures to [0, 1] before you give them to `features`, which takes them in [−1, 1] "
    "as they are.",
    "three = features(torch.cat([restored, clean.detach(), rainy.detach()]))\n"
    "return right(*torch.eye(3), lambda x: [m.chunk(3)[int(x.argmax())] for m in "
    "three])": "You give `features` restored, clean and rainy in one batch. Features may depend on "
    "the whole batch, as batch norm does: call it for each of the three on its own.",
    "return torch.stack([right(*(x[i : i + 1] for x in (restored, clean, rainy)), "
    "features) for i in range(len(restored))]).mean()": "You give `features` one picture at a "
    "time. Features may depend on the whole batch, as batch norm does: give it the batch as it is.",
    "return right(restored, clean, rainy, lambda x: [x - x.mean() for x in "
    "features(x)])": "You subtract the mean from each feature map. Compare the maps as they are.",
}
CUT_OFF = {
    f"{FAR} → , (ours.detach() - bad).abs().mean()": "far is cut off from the gradient: your loss "
    "pulls towards the clean picture and never pushes away from the rainy one. Leave out the "
    ".detach() or torch.no_grad() around it.",
    "(ours - good) → (ours.detach() - good)": "near is cut off from the gradient: your loss only "
    "pushes away from the rainy picture. Leave out the .detach() or torch.no_grad() around it.",
    f"{LOSS} → near / (near + far + 1e-8).detach()": "the denominator is cut off from the "
    "gradient. Leave out the .detach() or torch.no_grad() around near + far.",
    f"{MAPS} → features(clean), features(rainy)": "gradients flow into `clean` and `rainy`, and "
    "memory and time go into it. Take their features inside torch.no_grad(), or detach them.",
    "features(restored) → features(restored.detach())": "no gradient reaches `restored`: it is "
    "detached, or its features are taken inside torch.no_grad(). Only those of clean and rainy "
    "belong there.",
}
EVAL = (
    "was = [m.training for m in features.modules()] if isinstance(features, torch.nn.Module) else "
    "[]\n    if was: features.{mode}()\n    clean_maps, rainy_maps ="
)
BACK = (
    "for m, mode in zip(features.modules() if was else [], was): m.training = mode\n    "
    f"return {MEAN}"
)
MEASURED = "You measure far from the clean picture to the rainy one. It is the distance of the "

SLIPS = (
    *(Slip(f"{LOSS} → {loss}", says=says) for loss, says in LOSSES.items()),
    *(
        Slip(f"{BOTH} → *((lambda x: {d})(ours - x) for x in (good, bad)),", says=says)
        for d, says in DISTANCES.items()
    ),
    *(
        Slip(
            f"{BOTH} → *((lambda x: {d})(ours - x) for x in (good, bad)),",
            f"{LOSS} → ({LOSS}).mean()",
            says=says,
        )
        for d, says in QUOTIENTS.items()
    ),
    *(Slip(f"{MEAN} → {result}", says=says) for result, says in RESULTS.items()),
    *(Slip(body, says=says) for body, says in BODIES.items()),
    *(Slip(edit, says=f"The value is right, but {says}") for edit, says in CUT_OFF.items()),
    Slip(f"{FAR} → , (good - bad).abs().mean()", says=f"{MEASURED}restored picture to it."),
    Slip(
        f"{FAR} → , (good - bad).abs().mean()",
        f"{LOSS} → near / (far + 1e-8)",
        says=f"{MEASURED}restored picture to it, and near is added to it in the denominator.",
    ),
    Slip(
        "(ours - good) → (bad - good)",
        says="You measure near from the rainy picture to the clean one. It is the distance of the "
        "restored picture to the clean one.",
    ),
    Slip(f"{LOSS} → {RIGHT}", gets="your loss is NaN, as 0/0 is"),
    Slip(f"{LOSS} → near / (near + far - 1e-8)", gets="outside 0 to 1"),
    Slip("features(clean.detach()) → features(clean)", gets="a gradient flows into `clean`"),
    Slip("features(rainy.detach()) → features(rainy)", gets="a gradient flows into `rainy`"),
    Slip(
        "losses = [] → restored = restored.detach() + 0 * restored\n    losses = []",
        gets="no gradient reaches `restored`",
    ),
    Slip(f"return {MEAN} → with torch.no_grad():\n        return {MEAN}", gets="no gradient"),
    Slip(f"{MEAN} → torch.stack(losses)", gets="the mean of the tensors' losses"),
    Slip(f"{MEAN} → losses", gets="a list of"),
    Slip(f"{MEAN} → sum(losses).item() / len(losses)", gets="Leave out .item()"),
    Slip(f"{MEAN} → sum(losses, torch.zeros(1)) / len(losses)", gets="one number is expected"),
    Slip(
        f"return {MEAN} → loss = {MEAN}\n    torch.set_grad_enabled(False)\n    return loss",
        gets="switches gradients off",
    ),
    Slip(
        "losses = [] → clean.detach().clamp_(-0.9, 0.9)\n    losses = []", gets="its input `clean`"
    ),
    *(
        Slip(f"losses = [] → {code}\n    losses = []", gets=gets)
        for code, gets in {
            "getattr(features, 'train', lambda: 0)()": "in train mode",
            "getattr(features, 'zero_grad', lambda: 0)()": "without the gradients it had",
            "getattr(features, 'requires_grad_', lambda x: 0)(False)": "requires_grad switched off",
            "getattr(features, '_forward_hooks', {}).clear()": "without its hooks",
        }.items()
    ),
    Slip(
        f"clean_maps, rainy_maps = → {EVAL.format(mode='train')}",
        f"return {MEAN} → {BACK}",
        gets="with other batch-norm averages",
    ),
    Slip(
        f"clean_maps, rainy_maps = → {EVAL.format(mode='eval')}",
        f"return {MEAN} → {BACK}",
        says="You put `features` in eval mode while you call it. Dropout and batch norm compute "
        "something else there. Leave the mode to whoever calls your function.",
    ),
    Slip("(ours - good) → (ours - torch.zeros(good.shape) - good)", gets="a tensor on the CPU"),
)


class Features(nn.Module):
    """Layers in train and in eval mode, one without averages, with a hook and with gradients.

    Args:
        generator: of the weights.
        count: of tensors, 1 to 4, the later ones smaller and weaker.
        scale: of all values.
        dead: of one tensor, which is 0 whatever the pictures are.
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
        self.register_forward_hook(keep)

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """N×3×H×W → N×4×H×W, N×6×H/2×W/2, N×5×H/4×W/4, N×5, as far as the count reaches."""
        one, two, three = self.convolutions
        first = one(pictures)
        slope = 0.2 if self.training else 0.8  # the mode counts, as for dropout
        second = self.frozen(two(F.leaky_relu(self.of_batch(first), slope)))
        third = 0.2 * three(F.leaky_relu(second, 0.2))
        maps = [first, second, third, 3 * third.mean((2, 3))][: self.count]
        return [self.scale * one * (number != self.dead) for number, one in enumerate(maps)]


def keep(module: nn.Module, given: object, maps: object) -> None:
    """A hook that does nothing."""


DIFFER = "pictures that differ"


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Restored pictures between rainy and clean ones, and off the line; some that agree."""
    generator = Generator().manual_seed(int(rng.integers(2**32)))
    for count, n, scale in ((3, 4, 1.0), (4, 2, 1.0), (1, 3, 1.0), (2, 3, 0.02), (3, 3, 1e-3)):
        height, width = 8 + count, 11 - count
        clean, rainy, noise = 2 * torch.rand(3, n, 3, height, width, generator=generator) - 1
        share = 0.15 + 0.7 * torch.rand(n, 3, 1, 1, generator=generator)
        restored = 0.9 * (share * clean + (1 - share) * rainy) + 0.1 * noise
        on = f"{n} pictures of {height}×{width} pixels and {count} tensor{'s' * (count > 1)} of "
        on += f"features{f', {scale:g} times as strong' if scale != 1 else ''}"
        features = Features(generator, count, scale=scale)
        case = _case(on, restored, clean, rainy, features)
        if scale < 0.01:  # so weak that a small number of 1e-6 begins to show
            yield replace(case, tolerance=2e-3)
        else:
            yield replace(case, group=DIFFER)
    features, dead = Features(generator, 3), Features(generator, 3, dead=1)
    yield _case("features of which one layer is dead", restored, clean, rainy, dead)
    yield _case("three pictures that agree", clean, clean, clean, features)
    yield _case("a restored picture that is the clean one", clean, clean, rainy, features)
    yield _case("a restored picture that is the rainy one", rainy, clean, rainy, features)
    yield _case("a clean picture that is the rainy one", restored, clean, clean, features)
    pictures = (restored.clone().requires_grad_(), clean.clone(), rainy.clone())
    yield Case(on="the pixels as features", args=(*pictures, lambda pictures: [pictures]))


def _case(on: str, restored: Tensor, clean: Tensor, rainy: Tensor, features: object) -> Case:
    pictures = (one.clone().requires_grad_() for one in (restored, clean, rainy))
    return Case(on=on, args=(*pictures, features))


def look(call: Call, case: Case) -> None:
    """Say which mistake gives a tensor with axes, or NaN."""
    value = call.value
    if isinstance(value, Tensor) and value.ndim:
        raise Wrong(
            f"On {case.on}, your function returns {describe(value)}; one number is expected: "
            "near and far are means over all values of a tensor, and the result is the mean of "
            "the tensors' losses."
        )
    if isinstance(value, Tensor) and value.isnan():
        raise Wrong(
            f"On {case.on}, your loss is NaN, as 0/0 is, or the root of a negative number: near "
            "and far are means of absolute values, and their sum plus 1e-8 is never 0."
        )


def weak_features(attempt: Attempt, rng: np.random.Generator) -> None:
    """Where differences are as small as the small number, the loss still lies between 0 and 1.

    Raises:
        Wrong: it doesn't.
    """
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
        example=replace(
            _case(
                "a picture exactly between the rainy and the clean one, the pixels as features",
                torch.full((1, 3, 5, 4), 0.25),
                torch.full((1, 3, 5, 4), -0.5),
                torch.ones(1, 3, 5, 4),
                lambda pictures: [1 * pictures],
            ),
            group=DIFFER,
        ),
        cases=cases,
        look=look,
        then=weak_features,
    ),
    lesson_size=_lesson_size,
    slips=SLIPS,
    names={"right": contrastive_loss},
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
