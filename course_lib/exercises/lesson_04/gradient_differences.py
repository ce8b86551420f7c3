"""What the answers to exercise 04.2 may compare instead of gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.filters import sobel_kernels
from course_lib.losses import SobelGradient

Terms = tuple[Tensor, Tensor]
Differences = Callable[[Tensor, Tensor], Terms]  # restored and clean → in ∇x and in ∇y


def differences(restored: Tensor, clean: Tensor) -> Terms:
    """The right ones."""
    return SobelGradient()(restored - clean)


def _of_both(what: Callable[[Tensor, Tensor], Tensor]) -> Differences:
    """Something of ∇x and ∇y of each picture, subtracted; nothing is left for a second term."""

    def terms(restored: Tensor, clean: Tensor) -> Terms:
        ours, truth = SobelGradient()(restored), SobelGradient()(clean)
        difference = what(*ours) - what(*truth)
        return difference, torch.zeros_like(difference)

    return terms


def _of_each(what: Callable[[Tensor], Tensor]) -> Differences:
    """Something of ∇x, and the same of ∇y, of each picture, subtracted."""

    def terms(restored: Tensor, clean: Tensor) -> Terms:
        ours, truth = SobelGradient()(restored), SobelGradient()(clean)
        across, down = (what(one) - what(other) for one, other in zip(ours, truth, strict=True))
        return across, down

    return terms


def _laid_on(kernels: Tensor, **border: Any) -> Differences:
    """The differences of two kernels' responses, with another border (none where none is named)."""

    def terms(restored: Tensor, clean: Tensor) -> Terms:
        planes = (restored - clean).flatten(0, 1)[:, None]
        padded = F.pad(planes, (1, 1, 1, 1), **border) if border else planes
        both = F.conv2d(padded, kernels[:, None]).unflatten(0, restored.shape[:2])
        return both[:, :, 0], both[:, :, 1]

    return terms


def _steps(restored: Tensor, clean: Tensor) -> Terms:
    difference = restored - clean
    return difference.diff(dim=3), difference.diff(dim=2)


def _crossed(restored: Tensor, clean: Tensor) -> Terms:
    (across, down), (theirs_across, theirs_down) = (SobelGradient()(x) for x in (restored, clean))
    return across - theirs_down, down - theirs_across


def _zero(x: Tensor) -> Tensor:
    return torch.zeros_like(x)


SOBEL = torch.from_numpy(sobel_kernels())

DIFFERENCES: dict[str, Differences] = {
    "you compare the pictures themselves: this is the `picture_loss`. Compare what SobelGradient "
    "gives for them.": lambda r, c: (r - c, _zero(c)),
    "you compare the pictures themselves, and twice. Compare what SobelGradient gives for them.": (
        lambda r, c: (r - c, r - c)
    ),
    "only ∇x counts: SobelGradient gives two, and ∇y has the same weight.": (
        lambda r, c: (differences(r, c)[0], _zero(c))
    ),
    "only ∇y counts: SobelGradient gives two, and ∇x has the same weight.": (
        lambda r, c: (_zero(c), differences(r, c)[1])
    ),
    "∇x counts twice and ∇y not at all.": lambda r, c: (differences(r, c)[0],) * 2,
    "∇y counts twice and ∇x not at all.": lambda r, c: (differences(r, c)[1],) * 2,
    "you never look at `clean`: this measures how rough the restored pictures are, so that a "
    "plain grey would be best. Subtract the gradients of `clean`.": lambda r, c: SobelGradient()(r),
    "you never look at `restored`: this is how rough the clean pictures are, and nothing that G "
    "does changes it.": lambda r, c: SobelGradient()(c),
    "you add the gradients of the two pictures; the loss measures their difference, restored minus "
    "clean.": lambda r, c: differences(r, -c),
    "you compare how steep the pictures are, √(∇x² + ∇y²) of each: an edge that lies in another "
    "direction costs nothing. Subtract ∇x from ∇x and ∇y from ∇y.": (
        _of_both(lambda across, down: (across**2 + down**2).sqrt())
    ),
    "you compare how steep the pictures are, |∇x| + |∇y| of each: an edge that lies in another "
    "direction costs nothing. Subtract ∇x from ∇x and ∇y from ∇y.": (
        _of_both(lambda across, down: across.abs() + down.abs())
    ),
    "you add ∇x and ∇y of each picture before you compare, so that one makes up for the other. "
    "Each has its own term.": _of_both(lambda across, down: across + down),
    "you take absolute values of the gradients before you compare them, so that an edge from dark "
    "to bright counts as one from bright to dark. Subtract them with their signs.": (
        _of_each(torch.abs)
    ),
    "you square the gradients before you compare them. Subtract them as they are, then square.": (
        _of_each(torch.square)
    ),
    "you compare ∇x of one picture with ∇y of the other. SobelGradient gives ∇x first, for each "
    "of them.": _crossed,
    "you mix the colours to grey before you take gradients; each colour has its own.": (
        lambda r, c: differences(r.mean(1, keepdim=True), c.mean(1, keepdim=True))
    ),
    "you take the mean over the batch before you measure, so that one picture's error makes up "
    "for another's.": lambda r, c: differences(r.mean(0, keepdim=True), c.mean(0, keepdim=True)),
    "you divide the gradients by 8. SobelGradient's values count as they are.": (
        lambda r, c: differences(r / 8, c / 8)
    ),
    "you put zeros around the picture, whose edges then count as gradients. SobelGradient mirrors "
    "the border.": _laid_on(SOBEL, mode="constant"),
    "you repeat the outermost pixels around the picture; SobelGradient mirrors the border.": (
        _laid_on(SOBEL, mode="replicate")
    ),
    "you continue the picture at its border with the opposite side; SobelGradient mirrors the "
    "border.": _laid_on(SOBEL, mode="circular"),
    "you leave out the outermost pixels, whose gradients SobelGradient gives too: it mirrors the "
    "border.": _laid_on(SOBEL),
    "you take differences of neighbouring pixels, as in total variation. Take what SobelGradient "
    "gives.": _steps,
    "your kernels smooth with the weights 1, 1 and 1; SobelGradient's smooth with 1, 2 and 1.": (
        _laid_on(SOBEL.sign(), mode="reflect")
    ),
}
