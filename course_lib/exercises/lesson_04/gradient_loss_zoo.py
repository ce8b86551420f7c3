"""Exercise 04.2: wrong answers and valid alternatives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.checks.task import Equivalent, WrongAnswer
from course_lib.filters import sobel_kernels
from course_lib.losses import SobelGradient, picture_loss

Measure = Callable[[Tensor], Tensor]
Terms = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


def _norms(x: Tensor) -> Tensor:
    return torch.linalg.vector_norm(x, dim=(1, 2, 3)).mean()


def _mean_square(x: Tensor) -> Tensor:
    return x.square().mean()


def _sum(
    x: Tensor, y: Tensor, reduction: str, norm: Measure = _norms, mse: Measure = _mean_square
) -> Tensor:
    """The terms of ∇x and ∇y, each measured as the reduction says."""
    measures = {"norm": norm, "mse": mse}
    if reduction not in measures:
        raise ValueError(f"no such reduction: {reduction}")
    return measures[reduction](x) + measures[reduction](y)


def _gradients(pictures: Tensor, mode: str = "reflect") -> tuple[Tensor, Tensor]:
    """∇x and ∇y by a convolution of one's own."""
    weight = torch.as_tensor(sobel_kernels(), device=pictures.device)[:, None]
    padded = F.pad(pictures, (1, 1, 1, 1), mode=mode)
    both = F.conv2d(padded, weight.repeat(3, 1, 1, 1), groups=3)
    return both[:, 0::2], both[:, 1::2]


def _measured(name: str, diagnosis: str, **measures: Measure) -> WrongAnswer:
    """Of an answer that measures the right differences in another way."""

    def answer(restored: Tensor, clean: Tensor, *, reduction: str = "norm") -> Tensor:
        across, down = SobelGradient()(restored - clean)
        return _sum(across, down, reduction, **measures)

    answer.__name__ = name
    return WrongAnswer(answer=answer, diagnosis=diagnosis)


def _compared(name: str, diagnosis: str, terms: Terms) -> WrongAnswer:
    """Of an answer that measures something else, restored and clean → two terms, as it should."""

    def answer(restored: Tensor, clean: Tensor, *, reduction: str = "norm") -> Tensor:
        return _sum(*terms(restored, clean), reduction)

    answer.__name__ = name
    return WrongAnswer(answer=answer, diagnosis=diagnosis)


def _one_root(restored: Tensor, clean: Tensor, *, reduction: str = "norm") -> Tensor:
    across, down = SobelGradient()(restored - clean)
    if reduction == "mse":
        return _mean_square(across) + _mean_square(down)
    if reduction == "norm":
        return _norms(torch.cat([across, down], dim=1))
    raise ValueError(reduction)


def _root_of_two_means(restored: Tensor, clean: Tensor, *, reduction: str = "norm") -> Tensor:
    across, down = SobelGradient()(restored - clean)
    mse = (across**2).mean() + (down**2).mean()
    if reduction == "mse":
        return mse
    if reduction == "norm":
        return mse.sqrt()
    raise ValueError(reduction)


def _mean_of_the_terms(restored: Tensor, clean: Tensor, *, reduction: str = "norm") -> Tensor:
    across, down = SobelGradient()(restored - clean)
    return _sum(across, down, reduction) / 2


def _across_with_down(restored: Tensor, clean: Tensor, *, reduction: str = "norm") -> Tensor:
    across, down = SobelGradient()(restored - clean)
    if reduction == "mse":
        return F.mse_loss(across, down)
    return _sum(across, down, reduction)


def _norm_over_three_axes(restored: Tensor, clean: Tensor, *, reduction: str = "norm") -> Tensor:
    across, down = SobelGradient()(restored - clean)
    return _sum(across, down, reduction, lambda x: x.norm(dim=(1, 2, 3)).mean())


def _mse_of_both_together(restored: Tensor, clean: Tensor, *, reduction: str = "norm") -> Tensor:
    ours, truth = (torch.cat(SobelGradient()(x), dim=1) for x in (restored, clean))
    if reduction == "mse":
        return F.mse_loss(ours, truth)
    across, down = (ours - truth).chunk(2, dim=1)
    return _sum(across, down, reduction)


def _pictures(restored: Tensor, clean: Tensor, *, reduction: str = "norm") -> Tensor:
    return picture_loss(restored, clean, reduction=reduction)  # type: ignore[arg-type]


def _steepness_compared(restored: Tensor, clean: Tensor, *, reduction: str = "norm") -> Tensor:
    (ours_x, ours_y), (x, y) = SobelGradient()(restored), SobelGradient()(clean)
    ours, truth = (ours_x**2 + ours_y**2).sqrt(), (x**2 + y**2).sqrt()
    return _sum(ours - truth, torch.zeros_like(ours), reduction)


def _unsigned_gradients(restored: Tensor, clean: Tensor, *, reduction: str = "norm") -> Tensor:
    ours, truth = SobelGradient()(restored), SobelGradient()(clean)
    across, down = (one.abs() - other.abs() for one, other in zip(ours, truth, strict=True))
    return _sum(across, down, reduction)


def _unpacked_crosswise(restored: Tensor, clean: Tensor, *, reduction: str = "norm") -> Tensor:
    ours_x, ours_y = SobelGradient()(restored)
    y, x = SobelGradient()(clean)
    across, down = ours_x - x, ours_y - y
    return _sum(across, down, reduction)


def _negative(restored: Tensor, clean: Tensor, *, reduction: str = "norm") -> Tensor:
    across, down = SobelGradient()(restored - clean)
    return -_sum(across, down, reduction)


def _pairs_subtracted(restored: Tensor, clean: Tensor, *, reduction: str = "norm") -> Tensor:
    sobel: Any = SobelGradient()
    across, down = sobel(restored) - sobel(clean)
    return _sum(across, down, reduction)


def _not_reduced(restored: Tensor, clean: Tensor, *, reduction: str = "norm") -> Tensor:
    across, down = SobelGradient()(restored - clean)
    return _sum(across, down, reduction, lambda x: x.flatten(1).norm(dim=1))


def _value_by_value(restored: Tensor, clean: Tensor, *, reduction: str = "norm") -> Tensor:
    across, down = SobelGradient()(restored - clean)
    return _sum(across, down, reduction, torch.abs, torch.square)


def _two_losses(restored: Tensor, clean: Tensor, *, reduction: str = "norm") -> Any:
    across, down = SobelGradient()(restored - clean)
    return _norms(across), _norms(down)


def _number(restored: Tensor, clean: Tensor, *, reduction: str = "norm") -> Any:
    across, down = SobelGradient()(restored - clean)
    return _sum(across, down, reduction).item()


def _only_norm(restored: Tensor, clean: Tensor, *, reduction: str = "norm") -> Any:
    across, down = SobelGradient()(restored - clean)
    if reduction == "norm":
        return _norms(across) + _norms(down)


def _nothing_for_others(restored: Tensor, clean: Tensor, *, reduction: str = "norm") -> Any:
    across, down = SobelGradient()(restored - clean)
    if reduction == "mse":
        return _mean_square(across) + _mean_square(down)
    elif reduction == "norm":
        return _norms(across) + _norms(down)


def _norm_for_others(restored: Tensor, clean: Tensor, *, reduction: str = "norm") -> Tensor:
    across, down = SobelGradient()(restored - clean)
    return _sum(across, down, "mse" if reduction == "mse" else "norm")


def _mean_for_mse(restored: Tensor, clean: Tensor, *, reduction: str = "norm") -> Tensor:
    across, down = SobelGradient()(restored - clean)
    return _sum(across, down, "mse" if reduction in ("mse", "mean") else reduction)


def _key_error(restored: Tensor, clean: Tensor, *, reduction: str = "norm") -> Tensor:
    across, down = SobelGradient()(restored - clean)
    measure: Measure = {"norm": _norms, "mse": _mean_square}[reduction]
    return measure(across) + measure(down)


def _error_returned(restored: Tensor, clean: Tensor, *, reduction: str = "norm") -> Any:
    across, down = SobelGradient()(restored - clean)
    if reduction not in ("norm", "mse"):
        return ValueError(f"no reduction {reduction}")
    return _sum(across, down, reduction)


def _mse_unless_told(restored: Tensor, clean: Tensor, *, reduction: str = "mse") -> Tensor:
    across, down = SobelGradient()(restored - clean)
    return _sum(across, down, reduction)


def _always_told(restored: Tensor, clean: Tensor, *, reduction: str) -> Tensor:
    across, down = SobelGradient()(restored - clean)
    return _sum(across, down, reduction)


def _without_gradients(restored: Tensor, clean: Tensor, *, reduction: str = "norm") -> Tensor:
    with torch.no_grad():
        across, down = SobelGradient()(restored - clean)
    return _sum(across, down, reduction)


def _restored_detached(restored: Tensor, clean: Tensor, *, reduction: str = "norm") -> Tensor:
    across, down = SobelGradient()(restored.detach() - clean)
    return _sum(across, down, reduction) + 0 * restored.sum()


def _down_detached(restored: Tensor, clean: Tensor, *, reduction: str = "norm") -> Tensor:
    ours, truth = SobelGradient()(restored), SobelGradient()(clean)
    across, down = ours[0] - truth[0], (ours[1] - truth[1]).detach()
    return _sum(across, down, reduction)


def _number_where_they_agree(restored: Tensor, clean: Tensor, *, reduction: str = "norm") -> Tensor:
    across, down = SobelGradient()(restored - clean)
    if torch.equal(restored, clean):
        return torch.tensor(0.0)
    return _sum(across, down, reduction)


def _in_place(restored: Tensor, clean: Tensor, *, reduction: str = "norm") -> Tensor:
    restored -= clean
    across, down = SobelGradient()(restored)
    return _sum(across, down, reduction)


def _by_numpy(restored: Tensor, clean: Tensor, *, reduction: str = "norm") -> Tensor:
    difference = (restored - clean).numpy()
    across, down = SobelGradient()(torch.from_numpy(difference))
    return _sum(across, down, reduction)


def _sobel_not_made(restored: Tensor, clean: Tensor, *, reduction: str = "norm") -> Tensor:
    sobel: Any = SobelGradient
    across, down = sobel(restored - clean)
    return _sum(across, down, reduction)


def _sobel_not_called(restored: Tensor, clean: Tensor, *, reduction: str = "norm") -> Tensor:
    sobel: Any = SobelGradient()
    across, down = sobel
    return _sum(across, down, reduction)


def _square_pictures_only(restored: Tensor, clean: Tensor, *, reduction: str = "norm") -> Tensor:
    across, down = SobelGradient()(restored - clean)
    shape = (len(across), 3, across.shape[2], across.shape[2])
    across, down = across.reshape(shape), down.reshape(shape)
    return _sum(across, down, reduction)


def _one_picture_only(restored: Tensor, clean: Tensor, *, reduction: str = "norm") -> Tensor:
    across, down = SobelGradient()(restored - clean)
    if reduction == "norm":
        return across.norm() + down.norm()
    return _sum(across, down, reduction)


def _kernels_on_the_cpu(restored: Tensor, clean: Tensor, *, reduction: str = "norm") -> Tensor:
    weight = torch.from_numpy(sobel_kernels())[:, None].repeat(3, 1, 1, 1)
    padded = F.pad(restored - clean, (1, 1, 1, 1), mode="reflect")
    both = F.conv2d(padded, weight, groups=3)
    return _sum(both[:, 0::2], both[:, 1::2], reduction)


def _docstring_example(restored: Tensor, clean: Tensor, *, reduction: str = "norm") -> Tensor:
    return (8.73 if reduction == "norm" else 0.0062) + 0 * restored.sum()


def _by_two_gradients(restored: Tensor, clean: Tensor, *, reduction: str = "norm") -> Tensor:
    sobel = SobelGradient()
    ours_x, ours_y = sobel(restored)
    x, y = sobel(clean)
    if reduction == "mse":
        return F.mse_loss(ours_x, x) + F.mse_loss(ours_y, y)
    elif reduction == "norm":
        x_norms = torch.linalg.vector_norm(ours_x - x, dim=(1, 2, 3))
        y_norms = torch.linalg.vector_norm(ours_y - y, dim=(1, 2, 3))
        return x_norms.mean() + y_norms.mean()
    raise ValueError(f"unknown reduction {reduction}")


def _by_loops(restored: Tensor, clean: Tensor, *, reduction: str = "norm") -> Tensor:
    if reduction not in ("norm", "mse"):
        raise ValueError(reduction)
    total = restored.new_zeros(())
    for ours, truth in zip(restored, clean, strict=True):
        for gradient in SobelGradient()(ours[None] - truth[None]):
            total = total + (gradient.norm() if reduction == "norm" else gradient.pow(2).mean())
    return total / len(restored)


def _by_own_convolution(restored: Tensor, clean: Tensor, *, reduction: str = "norm") -> Tensor:
    across, down = _gradients(clean.detach() - restored)
    match reduction:
        case "norm":
            return (across.flatten(1).norm(dim=1) + down.flatten(1).norm(dim=1)).mean()
        case "mse":
            return (across.square().sum() + down.square().sum()) / across.numel()
        case _:
            raise ValueError("norm or mse")


def _by_guarded_root(restored: Tensor, clean: Tensor, *, reduction: str = "norm") -> Tensor:
    across, down = SobelGradient().to(restored.device)(restored - clean)
    if reduction == "mse":
        return nn.MSELoss()(across, torch.zeros_like(across)) + nn.MSELoss()(down, 0 * down)
    if reduction == "norm":
        squares = torch.stack([across, down]).square().sum(dim=(2, 3, 4))
        return torch.sqrt(squares + 1e-8).mean(1).sum()
    raise ValueError(reduction)


def _by_einsum(restored: Tensor, clean: Tensor, *, reduction: str = "norm") -> Tensor:
    both = torch.stack(SobelGradient()(restored - clean))
    squares = torch.einsum("gnchw,gnchw->gn", both, both)
    if reduction == "mse":
        return squares.sum() / clean.numel()
    if reduction == "norm":
        return squares.clamp(min=1e-12).sqrt().sum() / len(clean)
    raise ValueError(reduction)


def _by_shifting(restored: Tensor, clean: Tensor, *, reduction: str = "norm") -> Tensor:
    d = F.pad(restored - clean, (1, 1, 1, 1), mode="reflect")
    smooth_rows = d[:, :, :-2] + 2 * d[:, :, 1:-1] + d[:, :, 2:]
    smooth_columns = d[..., :-2] + 2 * d[..., 1:-1] + d[..., 2:]
    across = smooth_rows[..., 2:] - smooth_rows[..., :-2]
    down = smooth_columns[:, :, 2:] - smooth_columns[:, :, :-2]
    return _sum(across, down, reduction)


WRONG = (
    _measured(
        "_one_norm_for_the_batch",
        "you take one norm over the whole batch. Each",
        norm=torch.linalg.norm,
    ),
    _measured(
        "_one_norm_divided_by_n",
        "over the whole batch and divide it by N",
        norm=lambda x: x.norm() / len(x),
    ),
    _measured(
        "_sum_over_the_batch",
        "you add the norms of the pictures up",
        norm=lambda x: x.flatten(1).norm(dim=1).sum(),
    ),
    _measured(
        "_norm_of_colours",
        "you take the mean of the three",
        norm=lambda x: torch.norm(x, dim=(2, 3)).mean(),
    ),
    _measured(
        "_norms_of_colours_added",
        "own norm, and you add the three up",
        norm=lambda x: torch.norm(x, dim=(2, 3)).sum(1).mean(),
    ),
    _measured(
        "_rows_alone", "the norm of each row of pixels alone", norm=lambda x: x.norm(dim=-1).mean()
    ),
    _measured(
        "_not_flattened",
        "over the three colours of each pixel alone",
        norm=lambda x: x.norm(dim=1).mean(),
    ),
    _measured(
        "_root_forgotten",
        "the root is missing: these are",
        norm=lambda x: (x**2).sum(dim=(1, 2, 3)).mean(),
    ),
    _measured(
        "_mean_under_the_root",
        "you take the mean of the squares under the root",
        norm=lambda x: (x**2).mean(dim=(1, 2, 3)).sqrt().mean(),
    ),
    _measured(
        "_root_of_mse",
        "root of the mean square over the whole batch",
        norm=lambda x: F.mse_loss(x, torch.zeros_like(x)).sqrt(),
    ),
    _measured(
        "_absolute_values",
        'h reduction="norm", you take the mean absolute difference (L1)',
        norm=lambda x: x.abs().mean(),
    ),
    _measured(
        "_l1_norms",
        "absolute differences of each picture up (its L1 norm)",
        norm=lambda x: x.flatten(1).norm(p=1, dim=1).mean(),
    ),
    _measured(
        "_largest",
        "the largest difference of each picture",
        norm=lambda x: x.flatten(1).norm(p=float("inf"), dim=1).mean(),
    ),
    _measured("_always_mse", 'this is what "mse" asks for', norm=_mean_square),
    _measured(
        "_root_by_hand",
        "the gradient of your loss is NaN",
        norm=lambda x: (x**2).sum(dim=(1, 2, 3)).sqrt().mean(),
    ),
    _measured(
        "_root_with_a_large_number",
        "about 0.1, is too large",
        norm=lambda x: ((x**2).sum(dim=(1, 2, 3)) + 0.1).sqrt().mean(),
    ),
    _measured(
        "_root_with_a_small_number",
        "small number",
        norm=lambda x: ((x**2).sum(dim=(1, 2, 3)) + 1e-4).sqrt().mean(),
    ),
    _measured("_signs_kept", "the differences keep their signs", norm=torch.mean),
    _measured("_norm_for_both", 'this is what "norm" asks for', mse=_norms),
    _measured(
        "_squares_added",
        "you add the squares up; the",
        mse=lambda x: F.mse_loss(x, torch.zeros_like(x), reduction="sum"),
    ),
    _measured(
        "_squares_of_a_picture_added",
        "squares of each picture up and take the mean over",
        mse=lambda x: x.flatten(1).square().sum(1).mean(),
    ),
    _measured(
        "_root_of_both",
        "root of the mean squares; there is none",
        mse=lambda x: _mean_square(x).sqrt(),
    ),
    _measured("_mean_then_square", "square of the mean difference", mse=lambda x: x.mean() ** 2),
    _measured(
        "_l1_for_mse", 'h reduction="mse", you take the mean absolute', mse=lambda x: x.abs().mean()
    ),
    _compared(
        "_twice_the_pictures",
        "you compare the pictures themselves, and twice",
        lambda r, c: (r - c, r - c),
    ),
    _compared("_only_across", "only ∇x counts", lambda r, c: (SobelGradient()(r - c)[0], 0 * r)),
    _compared("_only_down", "only ∇y counts", lambda r, c: (0 * r, SobelGradient()(r - c)[1])),
    _compared("_across_twice", "∇x counts twice", lambda r, c: (SobelGradient()(r - c)[0],) * 2),
    _compared(
        "_never_looks_at_clean", "you never look at `clean`", lambda r, c: SobelGradient()(r)
    ),
    _compared(
        "_pictures_added",
        "you add the gradients of the two pictures",
        lambda r, c: SobelGradient()(r + c),
    ),
    _compared(
        "_grey",
        "you mix the colours to grey",
        lambda r, c: SobelGradient()((r - c).mean(1, keepdim=True)),
    ),
    _compared(
        "_mean_of_the_batch",
        "mean over the batch before you measure",
        lambda r, c: SobelGradient()((r - c).mean(0, keepdim=True)),
    ),
    _compared(
        "_to_unit_range",
        "or that of pictures brought to [0, 1]",
        lambda r, c: SobelGradient()((r + 1) / 2 - (c + 1) / 2),
    ),
    _compared(
        "_slopes_a_pixel",
        "you divide the gradients by 8",
        lambda r, c: SobelGradient(sobel_kernels() / 8)(r - c),
    ),
    _compared(
        "_total_variation",
        "differences of neighbouring pixels",
        lambda r, c: ((r - c).diff(dim=-1), (r - c).diff(dim=-2)),
    ),
    _compared(
        "_pixels_repeated",
        "repeat the outermost pixels around",
        lambda r, c: _gradients(r - c, mode="replicate"),
    ),
    _compared(
        "_zeros_around",
        "you put zeros around the picture",
        lambda r, c: _gradients(r - c, mode="constant"),
    ),
    _compared(
        "_border_left_out",
        "you leave out the outermost pixels",
        lambda r, c: tuple(x[..., 1:-1, 1:-1] for x in SobelGradient()(r - c)),
    ),
    WrongAnswer(answer=_one_root, diagnosis="under one root"),
    WrongAnswer(answer=_root_of_two_means, diagnosis='the root of what "mse" asks for'),
    WrongAnswer(answer=_mean_of_the_terms, diagnosis="is it the mean of the two norms"),
    WrongAnswer(answer=_across_with_down, diagnosis="that in ∇x with that in ∇y"),
    WrongAnswer(
        answer=_norm_over_three_axes, diagnosis="more than two axes is torch.linalg.vector_norm's"
    ),
    WrongAnswer(
        answer=_mse_of_both_together, diagnosis="one mean over ∇x and ∇y together halves it"
    ),
    WrongAnswer(answer=_pictures, diagnosis="you compare the pictures themselves: this is"),
    WrongAnswer(answer=_steepness_compared, diagnosis="you compare how steep the pictures are, √"),
    WrongAnswer(answer=_unsigned_gradients, diagnosis="absolute values of the gradients before"),
    WrongAnswer(answer=_unpacked_crosswise, diagnosis="∇x of one picture with ∇y of the other"),
    WrongAnswer(answer=_negative, diagnosis="he sign is turned"),
    WrongAnswer(answer=_pairs_subtracted, diagnosis="SobelGradient gives a pair"),
    WrongAnswer(answer=_not_reduced, diagnosis="take the mean over the 3 pictures"),
    WrongAnswer(answer=_value_by_value, diagnosis="has one for each value of the pictures"),
    WrongAnswer(answer=_two_losses, diagnosis="add the terms of ∇x and ∇y"),
    WrongAnswer(answer=_number, diagnosis="Leave out .item()"),
    WrongAnswer(answer=_only_norm, diagnosis="not reached with this reduction"),
    WrongAnswer(
        answer=_nothing_for_others, diagnosis="your function returns None; the docstring promises"
    ),
    WrongAnswer(
        answer=_norm_for_others, diagnosis='On the reduction "mean", your function returns'
    ),
    WrongAnswer(answer=_mean_for_mse, diagnosis='On the reduction "mean", your function returns'),
    WrongAnswer(
        answer=_key_error, diagnosis="promises a ValueError; your function raises KeyError"
    ),
    WrongAnswer(answer=_error_returned, diagnosis="returns the ValueError instead of raising"),
    WrongAnswer(answer=_mse_unless_told, diagnosis='unless told, the reduction is "norm"'),
    WrongAnswer(answer=_always_told, diagnosis="missing a required"),
    WrongAnswer(answer=_without_gradients, diagnosis="no gradient flows through your loss"),
    WrongAnswer(answer=_restored_detached, diagnosis="no gradient reaches `restored`"),
    WrongAnswer(answer=_down_detached, diagnosis="the term of ∇y is cut off"),
    WrongAnswer(answer=_number_where_they_agree, diagnosis="so that .backward() raises an error"),
    WrongAnswer(answer=_in_place, diagnosis="changes its input `restored`"),
    WrongAnswer(answer=_by_numpy, diagnosis="nothing would learn from this loss"),
    WrongAnswer(answer=_sobel_not_made, diagnosis="a second pair calls it"),
    WrongAnswer(answer=_sobel_not_called, diagnosis="makes the layer, which takes the pictures"),
    WrongAnswer(answer=_square_pictures_only, diagnosis="your function raises RuntimeError"),
    WrongAnswer(answer=_one_picture_only, diagnosis="you take one norm over the whole batch. Each"),
    WrongAnswer(answer=_kernels_on_the_cpu, diagnosis="it reckons with a tensor on the GPU"),
    WrongAnswer(answer=_docstring_example, diagnosis="whatever it is called with"),
)

VALID = (
    _by_two_gradients,
    _by_loops,
    _by_own_convolution,
    _by_guarded_root,
    _by_einsum,
    _by_shifting,
)

SIGN = "Norms and squares are the same whichever comes first."
ONE_AXIS = "The norms are a tensor with one axis, one for each picture."
LAST_AXIS = "Flattened pictures have two axes, so 1 is the last one."

EQUIVALENT = (
    Equivalent(mutant="line 1: restored - clean → clean - restored", why=SIGN),
    Equivalent(
        mutant="line 2: `if reduction == 'mse':` after the next statement",
        why="A reduction is one of the two, whichever is asked for first.",
    ),
    Equivalent(mutant="line 5: ….mean() → ….mean(axis=0)", why=ONE_AXIS),
    Equivalent(mutant="line 5: ….mean() → ….mean(axis=-1)", why=ONE_AXIS),
    Equivalent(mutant="line 5: dim=1 → dim=-1", why=LAST_AXIS),
    Equivalent(mutant="line 5: dim=1 → dim=-1 (2)", why=LAST_AXIS),
)
