"""Exercise 02.4: wrong answers and valid alternatives."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.checks.task import Equivalent, WrongAnswer

Size = tuple[int, int]


def _no_sigmoid(logits: Tensor, size: Size) -> Tensor:
    return F.interpolate(logits, size=size, mode="bilinear", align_corners=False)


def _sigmoid_afterwards(logits: Tensor, size: Size) -> Tensor:
    enlarged = F.interpolate(logits, size=size, mode="bilinear", align_corners=False)
    return torch.sigmoid(enlarged)


def _sigmoid_twice(logits: Tensor, size: Size) -> Tensor:
    confidence = logits.sigmoid().sigmoid()
    return F.interpolate(confidence, size=size, mode="bilinear", align_corners=False)


def _sigmoid_before_and_after(logits: Tensor, size: Size) -> Tensor:
    return _sigmoid_then_bilinear(logits, size).sigmoid()


def _nearest(logits: Tensor, size: Size) -> Tensor:
    return F.interpolate(torch.sigmoid(logits), size=size)


def _nearest_exact(logits: Tensor, size: Size) -> Tensor:
    return F.interpolate(torch.sigmoid(logits), size=size, mode="nearest-exact")


def _nearest_without_sigmoid(logits: Tensor, size: Size) -> Tensor:
    return F.interpolate(logits, size)


def _corners_aligned(logits: Tensor, size: Size) -> Tensor:
    return F.interpolate(logits.sigmoid(), size=size, mode="bilinear", align_corners=True)


def _corners_aligned_by_module(logits: Tensor, size: Size) -> Tensor:
    return nn.UpsamplingBilinear2d(size)(logits.sigmoid())


def _bicubic(logits: Tensor, size: Size) -> Tensor:
    return F.interpolate(logits.sigmoid(), size=size, mode="bicubic", align_corners=False)


def _bicubic_clamped(logits: Tensor, size: Size) -> Tensor:
    enlarged = F.interpolate(logits.sigmoid(), size=size, mode="bicubic", align_corners=False)
    return enlarged.clamp(0, 1)


def _upside_down(logits: Tensor, size: Size) -> Tensor:
    return 1 - _sigmoid_then_bilinear(logits, size)


def _tanh(logits: Tensor, size: Size) -> Tensor:
    return F.interpolate(logits.tanh(), size=size, mode="bilinear", align_corners=False)


def _softmax(logits: Tensor, size: Size) -> Tensor:
    shares = F.softmax(logits.flatten(1), dim=1).view_as(logits)
    return F.interpolate(shares, size=size, mode="bilinear", align_corners=False)


def _clamped(logits: Tensor, size: Size) -> Tensor:
    return F.interpolate(logits.clamp(0, 1), size=size, mode="bilinear", align_corners=False)


def _thresholded(logits: Tensor, size: Size) -> Tensor:
    real = (logits > 0).float()
    return F.interpolate(real, size=size, mode="bilinear", align_corners=False)


def _stretched(logits: Tensor, size: Size) -> Tensor:
    low = logits.amin(dim=(1, 2, 3), keepdim=True)
    high = logits.amax(dim=(1, 2, 3), keepdim=True)
    share = (logits - low) / (high - low + 1e-8)
    return F.interpolate(share, size=size, mode="bilinear", align_corners=False)


def _one_verdict(logits: Tensor, size: Size) -> Tensor:
    return logits.sigmoid().mean(dim=(2, 3), keepdim=True).expand(-1, -1, *size)


def _height_and_width_swapped(logits: Tensor, size: Size) -> Tensor:
    width, height = size
    confidence = logits.sigmoid()
    return F.interpolate(confidence, size=(height, width), mode="bilinear", align_corners=False)


def _square(logits: Tensor, size: Size) -> Tensor:
    return F.interpolate(logits.sigmoid(), size=size[0], mode="bilinear", align_corners=False)


def _one_factor(logits: Tensor, size: Size) -> Tensor:
    factor = size[0] / logits.shape[-1]
    return F.interpolate(logits.sigmoid(), scale_factor=factor, mode="bilinear")


def _whole_factors(logits: Tensor, size: Size) -> Tensor:
    factors = (size[0] // logits.shape[2], size[1] // logits.shape[3])
    return F.interpolate(logits.sigmoid(), scale_factor=factors, mode="bilinear")


def _squeezed(logits: Tensor, size: Size) -> Tensor:
    return _sigmoid_then_bilinear(logits, size).squeeze()


def _without_channel(logits: Tensor, size: Size) -> Tensor:
    return _sigmoid_then_bilinear(logits, size)[:, 0]


def _first_picture_only(logits: Tensor, size: Size) -> Tensor:
    return _sigmoid_then_bilinear(logits[:1], size)


def _in_colour(logits: Tensor, size: Size) -> Tensor:
    return _sigmoid_then_bilinear(logits, size).repeat(1, 3, 1, 1)


def _not_enlarged(logits: Tensor, size: Size) -> Tensor:
    return torch.sigmoid(logits)


def _linear(logits: Tensor, size: Size) -> Tensor:
    return F.interpolate(logits.sigmoid(), size=size, mode="linear")


def _scale_instead_of_size(logits: Tensor, size: Size) -> Tensor:
    return F.interpolate(logits.sigmoid(), None, size, "bilinear")


def _numpy(logits: Tensor, size: Size) -> np.ndarray:
    return _sigmoid_then_bilinear(logits, size).numpy()


def _uint8(logits: Tensor, size: Size) -> Tensor:
    return (255 * _sigmoid_then_bilinear(logits, size)).to(torch.uint8)


def _in_place(logits: Tensor, size: Size) -> Tensor:
    logits.sigmoid_()
    return F.interpolate(logits, size=size, mode="bilinear", align_corners=False)


def _exponentials(logits: Tensor, size: Size) -> Tensor:
    confidence = logits.exp() / (1 + logits.exp())
    return F.interpolate(confidence, size=size, mode="bilinear", align_corners=False)


def _no_return(logits: Tensor, size: Size) -> None:
    F.interpolate(logits.sigmoid(), size=size, mode="bilinear", align_corners=False)


def _docstring_example(logits: Tensor, size: Size) -> Tensor:
    return torch.full((len(logits), 1, *size), 0.5)


def _sigmoid_then_bilinear(logits: Tensor, size: Size) -> Tensor:
    return F.interpolate(torch.sigmoid(logits), size, mode="bilinear")


def _by_module(logits: Tensor, size: Size) -> Tensor:
    network = nn.Sequential(nn.Sigmoid(), nn.Upsample(size=size, mode="bilinear"))
    return network(logits)


def _by_grid_sample(logits: Tensor, size: Size) -> Tensor:
    confidence = 1 / (1 + torch.exp(-logits))
    rows, columns = ((2 * torch.arange(side, device=logits.device) + 1) / side - 1 for side in size)
    grid = torch.stack(torch.meshgrid(columns, rows, indexing="xy"), dim=-1)
    grid = grid.expand(len(logits), -1, -1, -1)
    return F.grid_sample(confidence, grid, padding_mode="border", align_corners=False)


def _weights(patches: int, side: int) -> np.ndarray:
    """What each patch contributes to each pixel: side×patches."""
    at = np.clip((np.arange(side) + 0.5) * patches / side - 0.5, 0, patches - 1)
    return np.maximum(0, 1 - np.abs(at[:, None] - np.arange(patches)))


def _by_numpy(logits: Tensor, size: Size) -> Tensor:
    confidence = 1 / (1 + np.exp(-logits.double().cpu().numpy()))
    rows, columns = _weights(logits.shape[2], size[0]), _weights(logits.shape[3], size[1])
    enlarged = np.einsum("yh,nchw,xw->ncyx", rows, confidence, columns, optimize=True)
    return torch.from_numpy(enlarged).to(logits)


def _picture_by_picture(logits: Tensor, size: Size) -> Tensor:
    maps = []
    for logit in logits:
        maps.append(F.interpolate(logit.sigmoid()[None], size=tuple(size), mode="bilinear"))
    return torch.cat(maps)


WRONG = (
    WrongAnswer(answer=_no_sigmoid, diagnosis="he sigmoid is missing: your map holds logits"),
    WrongAnswer(answer=_sigmoid_afterwards, diagnosis="take the sigmoid afterwards"),
    WrongAnswer(answer=_sigmoid_twice, diagnosis="he sigmoid is taken twice: your map only"),
    WrongAnswer(answer=_sigmoid_before_and_after, diagnosis="before and after"),
    WrongAnswer(answer=_nearest, diagnosis='as mode="nearest" makes'),
    WrongAnswer(answer=_nearest_exact, diagnosis='as mode="nearest-exact" makes'),
    WrongAnswer(answer=_nearest_without_sigmoid, diagnosis="missing, and besides, each patch"),
    WrongAnswer(answer=_corners_aligned, diagnosis="align_corners=True"),
    WrongAnswer(answer=_corners_aligned_by_module, diagnosis="align_corners=True"),
    WrongAnswer(answer=_bicubic, diagnosis="which overshoots"),
    WrongAnswer(answer=_bicubic_clamped, diagnosis="ou interpolate bicubically;"),
    WrongAnswer(answer=_upside_down, diagnosis="upside down"),
    WrongAnswer(answer=_tanh, diagnosis="take the tanh"),
    WrongAnswer(answer=_softmax, diagnosis="softmax over the patches"),
    WrongAnswer(answer=_clamped, diagnosis="cut the logits off"),
    WrongAnswer(answer=_thresholded, diagnosis="round each patch's verdict"),
    WrongAnswer(answer=_stretched, diagnosis="stretch each picture's logits"),
    WrongAnswer(answer=_one_verdict, diagnosis="one value for the whole picture"),
    WrongAnswer(answer=_height_and_width_swapped, diagnosis="height and width are swapped"),
    WrongAnswer(answer=_square, diagnosis="both sides come from one number"),
    WrongAnswer(answer=_one_factor, diagnosis="the map is N×1×H×W"),
    WrongAnswer(answer=_whole_factors, diagnosis="the map is N×1×H×W"),
    WrongAnswer(answer=_squeezed, diagnosis="an axis of length one"),
    WrongAnswer(answer=_without_channel, diagnosis="an axis of length one"),
    WrongAnswer(answer=_first_picture_only, diagnosis="one map for each picture"),
    WrongAnswer(answer=_in_colour, diagnosis="no colours"),
    WrongAnswer(answer=_not_enlarged, diagnosis="isn't enlarged"),
    WrongAnswer(answer=_linear, diagnosis="your function raises"),
    WrongAnswer(answer=_scale_instead_of_size, diagnosis="the map is N×1×H×W"),
    WrongAnswer(answer=_numpy, diagnosis="a tensor is expected"),
    WrongAnswer(answer=_uint8, diagnosis="floats are expected"),
    WrongAnswer(answer=_in_place, diagnosis="changes its input `logits`"),
    WrongAnswer(answer=_exponentials, diagnosis="exponential of a large logit"),
    WrongAnswer(answer=_no_return, diagnosis="is the `return` missing"),
    WrongAnswer(answer=_docstring_example, diagnosis="whatever it is called with"),
)

VALID = (
    _sigmoid_then_bilinear,
    _by_module,
    _by_grid_sample,
    _by_numpy,
    _picture_by_picture,
)

EQUIVALENT = (
    Equivalent(
        mutant="line 1: without `align_corners=False`",
        why="F.interpolate doesn't align corners unless told.",
    ),
)
