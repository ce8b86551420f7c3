"""Exercise 04.4: parallel paths of several reaches."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from course_lib.checks.network import Made, Network
from course_lib.checks.shorthand import slips_that_get, slips_that_say
from course_lib.checks.slips import Slip
from course_lib.checks.task import Task, texts
from course_lib.exercises.lesson_04.aspp import zoo
from course_lib.models.graspp import ASPP

SETTINGS = 'dilation=rate, padding=rate, padding_mode="reflect"'
ATROUS = f"in_channels, out_channels, 3, {SETTINGS}"
KEEPS_CHANNELS = f"{ATROUS} → in_channels, in_channels, 3, {SETTINGS}"
MIX = "out_channels, out_channels, 1"
MIX_CHANGES_THEM = f"{MIX} → in_channels, out_channels, 1"
LEAKY = "nn.LeakyReLU(0.2)"
LAYERS = f"atrous, {LEAKY}, pointwise, {LEAKY}"
APPEND = f"append(\n                nn.Sequential({LAYERS})\n            )"
START = "super().__init__() → super().__init__()\n        "
MORE = "self.paths = nn.ModuleList() → self.paths = nn.ModuleList()\n        "
OUTPUTS = "[path(x) for path in self.paths]"
JOINED = f"torch.cat({OUTPUTS}, dim=1)"
LOOP = f"return {JOINED} → for path in self.paths:\n            "
SIDE = "np.pad(range(x.shape[{}]), path[0].dilation[0], 'symmetric')"

REFLECTION = (
    "The docstring asks for reflection, which goes back into the picture: "
    'padding_mode="reflect", or F.pad with mode="reflect".'
)
REACH = "A convolution of rate r reaches r pixels to each side: padding=rate."
AS_CHANNELS = "concatenate them along the channels: torch.cat(…, dim=1)."
OWN_WEIGHTS = "Each number in `rates` has a path with weights of its own."

# Edits of the reference → the whole diagnosis.
SAYS = {
    f"{SETTINGS} → dilation=rate, padding=rate": "Your features are padded with zeros, as "
    f"convolutions do unless told. {REFLECTION}",
    '"reflect" → "replicate"': "Your features are padded with their outermost pixels, again and "
    f"again. {REFLECTION}",
    '"reflect" → "circular"': "Your features are padded with the pixels of the opposite side. "
    f"{REFLECTION}",
    (
        f"{SETTINGS} → dilation=rate",
        f"path(x) → path(x[:, :, {SIDE.format(2)}][..., {SIDE.format(3)}])",
    ): "Your features are mirrored with their outermost pixels repeated. Reflection leaves these "
    "out of the mirror, so that b c d becomes c b c d c.",
    f"{SETTINGS} → {SETTINGS.replace('padding=rate', 'padding=1')}": "Your features are padded by "
    f"1, whatever the rate. {REACH}",
    f"{SETTINGS} → dilation=rate": "Your features aren't padded, so that height and width shrink. "
    f"{REACH}",
    "dilation=rate, → ": "Your convolutions have the dilation 1, as they have unless told, so that "
    "the picture grows: dilation=rate moves the weights apart, besides padding=rate.",
    "dilation=rate, padding=rate → padding=1": "Your convolutions have the dilation 1, as they "
    "have unless told: dilation=rate moves the weights apart, and asks for padding=rate.",
    "rate in rates → rate in [rates[-1] for _ in rates]": "All of your atrous convolutions have "
    "the last rate. Each has that of its path.",
    "dilation=rate, padding=rate → dilation=2 * rate, padding=2 * rate": "Your dilations are "
    "twice the "
    "rates. A rate is the dilation itself: each weight lies so many pixels from the next.",
    "Sequence[int] = (1, 2, 4) → Sequence[int] = (1, 2, 3)": "Unless told, the rates are 1, 2 and "
    "4, and yours are 1, 2 and 3. Keep the first lines of the exercise as they are.",
    "rate in rates → rate in (1, 2, 4)": "Your paths have the rates 1, 2 and 4, always: go through "
    "`rates`.",
    "rate in rates → rate in (*rates, 1, 2)[:3]": "Your network always has three paths; `rates` "
    "tells how many.",
    "rate in rates → rate in sorted(rates)": "Your paths are in the order of the sorted rates: "
    "keep their order.",
    "rate in rates → rate in dict.fromkeys(rates)": "A rate that comes twice in `rates` has one "
    f"path, and fewer channels come out. {OWN_WEIGHTS}",
    (
        f"{APPEND} → update({{str(rate): nn.Sequential({LAYERS})}})",
        "self.paths = nn.ModuleList() → self.paths, self.rates = nn.ModuleDict(), rates",
        "path(x) for path in self.paths → self.paths[str(rate)](x) for rate in self.rates",
    ): "A rate that comes twice in `rates` has one path: as a key of a dictionary, it can be there "
    f"only once. {OWN_WEIGHTS}",
    f"{START}in_channels, out_channels = 8, 5": "Your network always has the channels of the "
    "docstring's example: use in_channels and out_channels.",
    "in_channels, out_channels, 3 → out_channels, in_channels, 3": "In your atrous convolutions, "
    "in_channels and out_channels are swapped.",
    f"{START}out_channels = out_channels // len(rates)": "Your paths share out_channels. Each path "
    "has out_channels of its own, so that len(rates) · out_channels come out.",
    f"{ATROUS} → {ATROUS}, bias=False": "Your atrous convolutions have no bias. All convolutions "
    "have one.",
    f"{MIX} → {MIX}, bias=False": "Your pointwise convolutions have no bias. All convolutions have "
    "one.",
    (f"{ATROUS} → {ATROUS}, bias=False", f"{MIX} → {MIX}, bias=False"): "Your convolutions have no "
    "bias. All convolutions have one.",
    f'{MIX} → out_channels, out_channels, 3, padding=1, padding_mode="reflect"': "The second "
    "convolution of your paths is 3×3 too. The docstring asks for a pointwise one, 1×1.",
    (
        f"{ATROUS} → out_channels, out_channels, 3, {SETTINGS}",
        MIX_CHANGES_THEM,
        f"{LAYERS} → pointwise, {LEAKY}, atrous, {LEAKY}",
    ): "Your pointwise convolution comes before the atrous one. The order is atrous convolution, "
    "LeakyReLU, pointwise convolution, LeakyReLU.",
    (f"{KEEPS_CHANNELS}, groups=in_channels", MIX_CHANGES_THEM): "Your atrous convolutions have "
    "groups, so that what comes out sees only one of the channels that come in: leave `groups` "
    "out.",
    (KEEPS_CHANNELS, MIX_CHANGES_THEM): "Your atrous convolutions keep in_channels, and only the "
    "pointwise ones make out_channels of them. The atrous ones make out_channels.",
    f"{LAYERS} → {LEAKY}, atrous, {LEAKY}, pointwise": "Your activations come before the "
    "convolutions; each comes behind one.",
    f"{JOINED} → torch.stack({OUTPUTS}, dim=2).flatten(1, 2)": "Your channels take turns: the "
    "first of each path, then the second of each. Concatenate whole paths: torch.cat with dim=1.",
    "in self.paths → in reversed(self.paths)": "Your outputs lie in the reverse order of `rates`: "
    "keep the order.",
    "path(x) → self.paths[0](x)": "Your forward gives only what the first path gives, several "
    "times.",
    "path(x) → self.paths[-1](x)": "Your forward gives only what the last path gives, several "
    "times.",
    f"{LOOP}out = path(x)\n        return out": "Only what the last path gives comes out: collect "
    f"the outputs of all paths, and {AS_CHANNELS}",
    (
        "in_channels, out_channels, 3 → out_channels if self.paths else in_channels, "
        "out_channels, 3",
        "[path(x) → [x := path(x)",
    ): "From the second one on, your paths get what the path before them gives. The paths lie side "
    "by side: all get forward's x.",
    f"{LOOP}x = path(x)\n        return x": "Your paths come one after another: each gets what the "
    f"path before it gives. All get forward's x; collect their outputs, and {AS_CHANNELS}",
    f"{MORE}self.paths.append(nn.Sequential(nn.Conv2d(in_channels, out_channels, 1), {LEAKY}))": ""
    "Your network has one more path, a pointwise convolution of forward's x, as in DeepLab's "
    "pyramid. Here each path belongs to a rate.",
    (
        f"{MORE}self.mean = nn.Conv2d(in_channels, out_channels, 1)",
        f"{JOINED} → torch.cat([*{OUTPUTS}, "
        "self.mean(x.mean((2, 3), keepdim=True)).expand(-1, -1, *x.shape[2:])], dim=1)",
    ): "Your network has one more path, of the mean over the whole picture, as in DeepLab's "
    "pyramid. Here each path belongs to a rate.",
}
# What is made of the paths' outputs → what you do.
JOINS = {
    f"torch.cat({OUTPUTS})": "concatenate the paths' outputs along the batch (dim=0)",
    f"torch.cat({OUTPUTS}, dim=2)": "concatenate the paths' outputs along the height",
    f"torch.cat({OUTPUTS}, dim=3)": "concatenate the paths' outputs along the width",
    f"torch.stack({OUTPUTS}, 1)": "stack the paths' outputs along an axis of their own",
    f"sum({OUTPUTS})": "add the paths' outputs up",
    f"torch.stack({OUTPUTS}).mean(0)": "average the paths' outputs",
    f"torch.stack({OUTPUTS}).amax(0)": "take the largest of the paths' outputs",
}
ACTIVATIONS = {
    "nn.Identity()": "no activation",
    "nn.ReLU()": "ReLU",
    "nn.LeakyReLU()": "LeakyReLU of slope 0.01, which it has unless told",
}
# Edits of the reference → words of the examiner's own diagnosis.
FOUND = {
    "3, dilation=rate, padding=rate → 5, dilation=rate, padding=2 * rate": "a kernel of 5×5",
    "3, dilation → 3, stride=2, dilation": "a stride of 2",
    "=rate, padding=rate → =rate + 1, padding=rate + 1": "has a dilation of ",
    f"{LAYERS} → atrous, {LEAKY}": "convolutions should be called",
    f"{LAYERS} → nn.LeakyReLU(0.2, inplace=True), atrous, {LEAKY}, pointwise": "writes over what "
    "it is called with",
    f"{LAYERS} → atrous, nn.PReLU(init=0.2), pointwise, {LEAKY}": "calls PReLU",
    f"{LAYERS} → atrous, nn.BatchNorm2d(out_channels), {LEAKY}, pointwise, {LEAKY}": "calls a "
    "batch norm; the docstring asks for none",
    f"{LAYERS} → atrous, {LEAKY}, pointwise, nn.InstanceNorm2d(1), {LEAKY}": "calls an instance "
    "norm; the docstring asks for none",
    f"{LAYERS} → {LAYERS}, nn.Dropout(0.1)": "calls dropout",
    f"{JOINED} → {OUTPUTS}": "forward returns a list of 3",
    f"{JOINED} → print(x)": "forward returns None",
    f"{JOINED} → self.paths(x)": "A ModuleList only keeps layers",
    "[path(x) for → [x] + [path(x) for": "gives size",
    "[path(x) for → [path(x).detach() if path is self.paths[0] else path(x) for": "gradient",
    (
        f"{MORE}one = nn.Conv2d({MIX})",
        f"pointwise = nn.Conv2d({MIX}) → pointwise = one",
    ): "times, with the same weights",
    f"pointwise = nn.Conv2d({MIX}) → pointwise = nn.Conv2d({MIX})\n"
    "            if self.paths:\n"
    "                first = self.paths[0][0]\n"
    "                atrous.weight, atrous.bias = first.weight, first.bias": "times, with the same "
    "weights",
    "self.paths = nn.ModuleList() → self.paths = []": "plain list, `self.paths`",
    (
        f"{APPEND} → setdefault(rate, []).append(nn.Sequential({LAYERS}))",
        "self.paths = nn.ModuleList() → self.paths = {}",
        "path(x) for path in self.paths → path(x) for (path,) in self.paths.values()",
    ): "plain dict, `self.paths`",
    "        super().__init__() → ": "begins with `super().__init__()`",
    "def forward → def forwards": "Its second method is `def forward(self, x)`",
    "self.paths], → self.path],": 'in the line "return torch.cat([path(x) for path in',
    "class ASPP(nn.Module) → class ASPP": "is no nn.Module",
    f"{START}given, rates = rates, list(rates)\n        getattr(given, 'clear', list)()": "changes "
    "its input `rates`",
    "rates: Sequence[int] = (1, 2, 4) → rates: Sequence[int]": "can't be called as",
}

SLIPS = (
    *slips_that_say(SAYS),
    *(
        Slip(
            f"{LAYERS} → atrous, {first}, pointwise, {last}",
            says=f"Behind {where} comes {what}; the docstring has LeakyReLU of slope 0.2.",
        )
        for other, what in ACTIVATIONS.items()
        for first, last, where in (
            (other, other, "both convolutions of your paths"),
            (other, LEAKY, "your atrous convolutions"),
            (LEAKY, other, "your pointwise convolutions"),
        )
    ),
    *(
        Slip(f"{JOINED} → {code}", says=f"You {words}; {AS_CHANNELS}")
        for code, words in JOINS.items()
    ),
    *(
        Slip(
            f"{LAYERS} → atrous, {LEAKY}",
            f"{MORE}self.mix = nn.Conv2d(len(rates) * out_channels, {out}, 1)",
            f"{JOINED} → F.leaky_relu(self.mix({JOINED}), 0.2)",
            says=f"Your pointwise convolution comes behind the concatenation and {words}. Each "
            "path has one of its own, before.",
        )
        for out, words in (
            ("len(rates) * out_channels", "mixes all paths"),
            ("out_channels", "makes out_channels of all paths"),
        )
    ),
    *slips_that_get(FOUND),
)


def cases(rng: np.random.Generator) -> Iterator[Made]:
    """Rates that are left out, sorted or not, one, many, repeated; channels in = out, multiples."""
    generator = torch.Generator().manual_seed(int(rng.integers(2**32)))
    some = (None, (2, 1, 5), (3,), [4, 2], (1, 2, 4, 3), (2, 2, 1), (1, 1))
    for number, rates in enumerate(some):
        into, out = (int(k) for k in rng.choice((3, 4, 5, 7), 2, replace=False))
        if number >= 3:
            out = (2 * into, out, into, 2)[number - 3]
        height, width = (int(k) for k in rng.choice(range(9, 13), 2, replace=False))
        yield Made(
            args=(into, out) if rates is None else (into, out, rates),
            inputs=[
                (torch.randn(n, into, h, w, generator=generator),)
                for n, h, w in ((2, height, width), (1, width, width))
            ],
        )


TASK = Task(
    **texts(__file__),
    reference=ASPP,
    examine=Network(
        example=Made(args=(8, 5), inputs=[(torch.linspace(-1, 1, 4800).reshape(1, 8, 20, 30),)]),
        cases=cases,
    ),
    lesson_size=lambda rng: (16, 16, (1, 2, 4)),
    slips=SLIPS,
    written=zoo.WRITTEN,
    valid=zoo.VALID,
    equivalent={
        "line 4: `super().__init__()` twice": "The second time, the network is still empty.",
        "line 7: `atrous = nn.Conv2d(in_channels, out_channel…` after the next statement": (
            "Which of the two layers draws its initial weights first is open."
        ),
    },
)
