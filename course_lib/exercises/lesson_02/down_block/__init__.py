"""Exercise 02.1: a block that halves."""

from __future__ import annotations

import functools
from collections.abc import Iterator

import numpy as np
import torch
from torch import nn

from course_lib.checks.network import Made, Network
from course_lib.checks.slips import Slip
from course_lib.checks.task import Task, texts
from course_lib.exercises.lesson_02.down_block import zoo
from course_lib.models.pix2pix import down_block

CONV = "nn.Conv2d(in_channels, out_channels, 4, stride=2, padding=1, bias=False)"
APPEND_NORM = "if norm is not None:\n        layers.append(norm(out_channels))"
ACTIVATION = "layers.append(nn.LeakyReLU(0.2, inplace=True))"

# An edit of the reference → the whole diagnosis.
EDITS = {
    "bias=False → bias=True": "Your convolution has a bias, as convolutions have unless told. The "
    "docstring asks for none, whatever `norm` is: bias=False.",
    "bias=False → bias=norm is None": "With norm=None, your convolution has a bias. The docstring "
    "asks for none, whatever `norm` is: bias=False.",
    "bias=False → bias=norm is nn.InstanceNorm2d": "With norm=nn.InstanceNorm2d, your convolution "
    "has a bias, as in the authors' code. The docstring asks for none, whatever `norm` is: "
    "bias=False.",
    "bias=False → bias=norm is not nn.BatchNorm2d": "Your convolution has a bias unless `norm` is "
    "nn.BatchNorm2d. The docstring asks for none, whatever `norm` is: bias=False.",
    "4, stride=2 → 3, stride=2": "Your convolution's kernel is 3×3. The docstring asks for 4×4, "
    "which a stride of 2 divides evenly.",
    "4, stride=2, padding=1 → 2, stride=2, padding=0": "Your convolution's kernel is 2×2. The "
    "docstring asks for 4×4 with padding 1, so that neighbouring values share pixels.",
    "padding=1 → padding=0": "Your convolution's padding is 0, as it is unless told, so that "
    "pictures don't come out half as large. The docstring asks for 1.",
    "stride=2 → stride=1": "Your convolution's stride is 1, as it is unless told. A stride of 2 "
    "halves the size.",
    "padding=1 → padding=1, padding_mode='reflect'": "Your convolution mirrors the picture at its "
    "border; padding=1 means zeros.",
    "padding=1 → padding=1, padding_mode='replicate'": "Your convolution repeats the outermost "
    "pixels around the picture; padding=1 means zeros.",
    "nn.Conv2d → nn.ConvTranspose2d": "Your convolution is a transposed one, which doubles the "
    "size: nn.Conv2d halves it.",
    "Conv2d(in_channels, out_channels → Conv2d(out_channels, in_channels": "In your convolution, "
    "in_channels and out_channels are swapped.",
    "norm(out_channels) → nn.BatchNorm2d(out_channels)": "Your block has a BatchNorm2d whatever "
    "`norm` makes: it doesn't use `norm`. Call what you are given, norm(out_channels).",
    "norm(out_channels) → nn.InstanceNorm2d(out_channels)": "Your block has an InstanceNorm2d "
    "whatever `norm` makes: it doesn't use `norm`. Call what you are given, norm(out_channels).",
    "layers.append(norm(out_channels)) → layers += [nn.LeakyReLU(0.2), norm(out_channels)]": "Your "
    "block has an activation before the norm, too; one is right, behind the norm.",
    f"{ACTIVATION} → if norm is not None:\n        {ACTIVATION}": "Your block has no activation "
    "where `norm` is None. LeakyReLU comes last with a norm or without.",
    f"{APPEND_NORM} → ": "Your block has no norm, though `norm` makes one: call it with "
    "out_channels, and put it between convolution and activation.",
    "norm is not None → norm not in (None, nn.InstanceNorm2d)": "With norm=nn.InstanceNorm2d, "
    "your block has no norm, though `norm` makes one. It has no weights, but it changes the "
    "values.",
    "norm(out_channels) → norm(in_channels)": "Your norm is made for in_channels. It comes after "
    "the convolution, where there are out_channels.",
    "layers.append(norm(out_channels)) → layers.insert(0, norm(in_channels))": "Your norm comes "
    "before the convolution; the order is convolution, norm, activation.",
    f"{ACTIVATION} → layers.insert(1, nn.LeakyReLU(0.2))": "Your norm comes after the activation; "
    "the order is convolution, norm, activation.",
    f"{ACTIVATION} → layers.insert(0, nn.LeakyReLU(0.2))": "Your activation comes before the "
    "convolution; the order is convolution, norm, activation.",
    f"{ACTIVATION} → ": "Your block has no activation, or one of slope 1, which changes nothing: "
    "LeakyReLU of slope 0.2 comes last. Its first argument is the slope; inplace is given by name.",
    f"{ACTIVATION} → layers += [nn.LeakyReLU(0.2), nn.LeakyReLU(0.2)]": "Your block has two "
    "activations; one is right.",
    "0.2, inplace → inplace": "Your LeakyReLU has the slope 0.01, as it has unless told; it "
    "should be 0.2.",
    "LeakyReLU(0.2, inplace=True) → ReLU()": "Your activation is ReLU, which lets nothing "
    "negative through. The docstring asks for LeakyReLU of slope 0.2.",
    "LeakyReLU(0.2, inplace=True) → ELU(0.2)": "Your activation is ELU; the docstring asks for "
    "LeakyReLU.",
    "LeakyReLU(0.2, inplace=True) → PReLU(init=0.2)": "Your activation is PReLU, which learns its "
    "slope. LeakyReLU keeps 0.2.",
}

SLIPS = (
    *(Slip(edit, says=says) for edit, says in EDITS.items()),
    Slip(
        f"{CONV} → nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False)",
        f"{ACTIVATION} → layers += [nn.LeakyReLU(0.2), nn.MaxPool2d(2)]",
        says="Your block halves by max-pooling. In a U-Net the convolution halves, by its stride "
        "of 2.",
    ),
    Slip(
        "Conv2d(in_channels, out_channels → Conv2d(3, 16",
        "norm(out_channels) → norm(16)",
        says="Your block always makes 16 channels of 3, as in the docstring's example: use "
        "in_channels and out_channels.",
    ),
    Slip(
        "if norm is not None → if True",
        "norm(out_channels) → nn.BatchNorm2d(out_channels)",
        says="Your block always has a BatchNorm2d. Call what you are given, norm(out_channels), "
        "and leave the norm out where `norm` is None.",
    ),
    Slip(
        f"{ACTIVATION} → layers.insert(0, nn.LeakyReLU(0.2, inplace=True))",
        gets="writes over what it is called with",
    ),
    Slip("0.2, inplace=True → True", gets="one of slope 1, which changes nothing"),
    Slip("LeakyReLU(0.2, inplace=True) → LeakyReLU(0.1)", gets="calls LeakyReLU of slope 0.1;"),
    Slip(f"{CONV} → {CONV}, nn.Conv2d(out_channels, out_channels, 1)", gets="calls 2 convolutions"),
    Slip(f"{ACTIVATION} → layers += [nn.LeakyReLU(0.2), nn.Dropout(0.5)]", gets="calls dropout"),
    Slip(
        "layers.append(norm(out_channels)) → layers += [norm(out_channels), norm(out_channels)]",
        gets="norms where 1 ",
    ),
    Slip("norm(out_channels) → norm", gets="`norm` makes the layer when it is called"),
    Slip("if norm is not None → if True", gets="there is nothing to call, and no layer"),
    Slip("nn.Sequential(*layers) → nn.Sequential(layers)", gets="layers one by one"),
    Slip("nn.Sequential(*layers) → layers", gets="makes one network of the layers"),
    Slip("nn.Sequential(*layers) → nn.ModuleList(layers)", gets="a ModuleList, which can't be"),
    Slip("nn.Sequential(*layers) → nn.Sequential", gets="the class Sequential"),
    Slip("nn.Sequential(*layers) → nn.Sequential(*layers).forward", gets="returns a function"),
    Slip(
        "nn.Sequential(*layers) → nn.Sequential(*layers)(torch.zeros(1, in_channels, 8, 8))",
        gets="returns a tensor",
    ),
    Slip(
        "layers.append(nn.LeakyReLU(0.2, inplace=True)) → layers.append(F.leaky_relu)",
        gets="That is a function; nn.Sequential takes layers",
    ),
)


def group_norm(channels: int) -> nn.Module:
    """A norm that no class alone makes."""
    return nn.GroupNorm(1, channels)


def cases(rng: np.random.Generator) -> Iterator[Made]:
    """Batch norm, no norm, instance norm and norms that are made; in ≠ out, and in = out."""
    plain = functools.partial(nn.BatchNorm2d, affine=False, eps=0.1, momentum=0.3)
    generator = torch.Generator().manual_seed(int(rng.integers(2**32)))
    norms = (nn.BatchNorm2d, None, nn.InstanceNorm2d, group_norm, plain, nn.BatchNorm2d, None)
    for number, norm in enumerate(norms):
        into, out = (int(n) for n in rng.choice(range(2, 9), 2, replace=False))
        if number >= 4:  # as in a U-Net's innermost blocks; a multiple; one channel
            out = (into, 2 * into, 1)[number - 4]
        height, width = (2 * int(n) for n in rng.choice(range(2, 7), 2, replace=False))
        yield Made(
            args=(into, out),
            kwargs={"norm": norm},
            inputs=[
                (torch.randn(n, into, h, w, generator=generator),)
                for n, h, w in ((int(rng.integers(2, 4)), height, width), (1, width, width + 2))
            ],
        )


def explain(error: BaseException, case: Made) -> str:
    """What errors about `norm` don't say."""
    message = str(error)
    if case.kwargs["norm"] is None and "NoneType" in message:
        return ". Where `norm` is None there is nothing to call, and no layer: leave it out."
    if "is not a Module subclass" in message:
        return ". `norm` makes the layer when it is called: norm(out_channels)."
    return ""


TASK = Task(
    **texts(__file__),
    reference=down_block,
    examine=Network(
        example=Made(args=(3, 16), kwargs={"norm": None}, inputs=[(torch.ones(1, 3, 64, 64),)]),
        cases=cases,
        explain=explain,
    ),
    lesson_size=lambda rng: (64, 128),
    lesson_keywords={"norm": nn.BatchNorm2d},
    slips=SLIPS,
    written=zoo.WRITTEN,
    valid=zoo.VALID,
    equivalent={
        f"line 6: {change}": "In place, the activation gives the same and takes less memory."
        for change in ("without `inplace=True`", "inplace=True → inplace=False")
    },
)
