"""Exercise 04.2: answers in styles that differ from the reference's."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from course_lib.filters import sobel_kernels
from course_lib.losses import SobelGradient, picture_loss


def _norms(x):
    return torch.linalg.vector_norm(x, dim=(1, 2, 3)).mean()


def _mean_square(x):
    return x.square().mean()


def _sum(x, y, reduction, norm=_norms, mse=_mean_square):
    """The terms of ∇x and ∇y, each measured as the reduction says."""
    measures = {"norm": norm, "mse": mse}
    if reduction not in measures:
        raise ValueError(f"no such reduction: {reduction}")
    return measures[reduction](x) + measures[reduction](y)


def _gradients(pictures, device):
    """∇x and ∇y by a convolution of one's own."""
    weight = torch.as_tensor(sobel_kernels(), device=device)[:, None]
    padded = F.pad(pictures, (1, 1, 1, 1), mode="reflect")
    both = F.conv2d(padded, weight.repeat(3, 1, 1, 1), groups=3)
    return both[:, 0::2], both[:, 1::2]


def _one_root(restored, clean, *, reduction="norm"):
    across, down = SobelGradient()(restored - clean)
    if reduction == "norm":
        return _norms(torch.cat([across, down], dim=1))
    return _sum(across, down, reduction)


def _root_of_two_means(restored, clean, *, reduction="norm"):
    mse = _sum(*SobelGradient()(restored - clean), "mse")
    return mse if reduction == "mse" else mse.sqrt()


def _across_with_down(restored, clean, *, reduction="norm"):
    across, down = SobelGradient()(restored - clean)
    if reduction == "mse":
        return F.mse_loss(across, down)
    return _sum(across, down, reduction)


def _mse_of_both_together(restored, clean, *, reduction="norm"):
    ours, truth = (torch.cat(SobelGradient()(x), dim=1) for x in (restored, clean))
    if reduction == "mse":
        return F.mse_loss(ours, truth)
    return _sum(*(ours - truth).chunk(2, dim=1), reduction)


def _steepness_compared(restored, clean, *, reduction="norm"):
    (ours_x, ours_y), (x, y) = SobelGradient()(restored), SobelGradient()(clean)
    steeper = (ours_x**2 + ours_y**2).sqrt() - (x**2 + y**2).sqrt()
    return _sum(steeper, 0 * steeper, reduction)


def _unpacked_crosswise(restored, clean, *, reduction="norm"):
    (ours_x, ours_y), (y, x) = SobelGradient()(restored), SobelGradient()(clean)
    return _sum(ours_x - x, ours_y - y, reduction)


def _down_detached(restored, clean, *, reduction="norm"):
    (ours_x, ours_y), (x, y) = SobelGradient()(restored), SobelGradient()(clean)
    return _sum(ours_x - x, (ours_y - y).detach(), reduction)


def _square_pictures_only(restored, clean, *, reduction="norm"):
    shape = (len(clean), 3, clean.shape[2], clean.shape[2])
    return _sum(*(x.reshape(shape) for x in SobelGradient()(restored - clean)), reduction)


def _kernels_on_the_cpu(restored, clean, *, reduction="norm"):
    return _sum(*_gradients(restored - clean, "cpu"), reduction)


def _by_two_gradients(restored, clean, *, reduction="norm"):
    sobel = SobelGradient()
    ours_x, ours_y = sobel(restored)
    x, y = sobel(clean)
    if reduction == "mse":
        return F.mse_loss(ours_x, x) + F.mse_loss(ours_y, y)
    elif reduction == "norm":
        return sum(_norms(ours - truth) for ours, truth in ((ours_x, x), (ours_y, y)))
    raise ValueError(f"unknown reduction {reduction}")


def _by_loops(restored, clean, *, reduction="norm"):
    if reduction not in ("norm", "mse"):
        raise ValueError(reduction)
    total = restored.new_zeros(())
    for ours, truth in zip(restored, clean, strict=True):
        for gradient in SobelGradient()(ours[None] - truth[None]):
            total = total + (gradient.norm() if reduction == "norm" else gradient.pow(2).mean())
    return total / len(restored)


def _by_own_convolution(restored, clean, *, reduction="norm"):
    across, down = _gradients(clean.detach() - restored, clean.device)
    match reduction:
        case "norm":
            return (across.flatten(1).norm(dim=1) + down.flatten(1).norm(dim=1)).mean()
        case "mse":
            return (across.square().sum() + down.square().sum()) / across.numel()
        case _:
            raise ValueError("norm or mse")


def _by_guarded_root(restored, clean, *, reduction="norm"):
    across, down = SobelGradient().to(restored.device)(restored - clean)
    if reduction == "mse":
        return nn.MSELoss()(across, torch.zeros_like(across)) + nn.MSELoss()(down, 0 * down)
    if reduction == "norm":
        squares = torch.stack([across, down]).square().sum(dim=(2, 3, 4))
        return torch.sqrt(squares + 1e-8).mean(1).sum()
    raise ValueError(reduction)


def _by_einsum(restored, clean, *, reduction="norm"):
    both = torch.stack(SobelGradient()(restored - clean))
    squares = torch.einsum("gnchw,gnchw->gn", both, both)
    if reduction == "mse":
        return squares.sum() / clean.numel()
    if reduction == "norm":
        return squares.clamp(min=1e-12).sqrt().sum() / len(clean)
    raise ValueError(reduction)


def _by_shifting(restored, clean, *, reduction="norm"):
    d = F.pad(restored - clean, (1, 1, 1, 1), mode="reflect")
    smooth_rows = d[:, :, :-2] + 2 * d[:, :, 1:-1] + d[:, :, 2:]
    smooth_columns = d[..., :-2] + 2 * d[..., 1:-1] + d[..., 2:]
    across = smooth_rows[..., 2:] - smooth_rows[..., :-2]
    down = smooth_columns[:, :, 2:] - smooth_columns[:, :, :-2]
    return _sum(across, down, reduction)


WRITTEN = {
    _one_root: "under one root",
    _root_of_two_means: 'the root of what "mse" asks for',
    _across_with_down: "that in ∇x with that in ∇y",
    _mse_of_both_together: "one mean over ∇x and ∇y together halves it",
    _steepness_compared: "how steep the pictures are, √",
    _unpacked_crosswise: "∇x of one picture with ∇y of the other",
    _down_detached: "the term of ∇y is cut off",
    _square_pictures_only: "your function raises RuntimeError",
    _kernels_on_the_cpu: "makes a tensor on the CPU and computes with both",
    picture_loss: "You compare the pictures themselves: this is",
}

VALID = (
    _by_two_gradients,
    _by_loops,
    _by_own_convolution,
    _by_guarded_root,
    _by_einsum,
    _by_shifting,
)
