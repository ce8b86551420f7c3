"""Exercise 04.4: parallel paths of several reaches."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from course_lib.checks.network import Made, Network
from course_lib.checks.slips import Slip
from course_lib.checks.task import Task, texts
from course_lib.exercises.lesson_04.aspp import zoo
from course_lib.models.graspp import ASPP

RATE = "dilation=rate, padding=rate"
ATROUS = 'in_channels, out_channels, 3, dilation=rate, padding=rate, padding_mode="reflect"'
LAYERS = "atrous, nn.LeakyReLU(0.2), pointwise, nn.LeakyReLU(0.2)"
JOINED = "torch.cat([path(x) for path in self.paths], dim=1)"
OUTPUTS = "[path(x) for path in self.paths]"
AS_CHANNELS = "concatenate them along the channels: torch.cat(…, dim=1)."


def _padded_by(mode: str, words: str) -> Slip:
    return Slip(
        f'padding_mode="reflect" → padding_mode="{mode}"',
        says=f"Your features are padded {words}. The docstring asks for reflection, which goes "
        'back into the picture: padding_mode="reflect", or F.pad with mode="reflect".',
    )


LEAKY = "nn.LeakyReLU(0.2)"
MIX = "out_channels, out_channels, 1"

# An edit of the reference → the whole diagnosis.
EDITS = {
    'padding=rate, padding_mode="reflect" → padding=rate': "Your features are padded with zeros, "
    'as convolutions do unless told. The docstring asks for reflection: padding_mode="reflect", '
    'or F.pad with mode="reflect".',
    "super().__init__() → super().__init__()\n        in_channels, out_channels = 8, 5": ""
    "Your network always has the channels of the docstring's example: use in_channels and "
    "out_channels.",
    f"{LAYERS} → {LEAKY}, atrous, {LEAKY}, pointwise": "Your activations come before the "
    "convolutions; each comes behind one.",
    f"{JOINED} → torch.stack({OUTPUTS}, dim=2).flatten(1, 2)": "Your channels take turns: the "
    "first of each path, then the second of each. Concatenate whole paths: torch.cat with dim=1.",
}

SLIPS = (
    *(Slip(edit, says=says) for edit, says in EDITS.items()),
    _padded_by("replicate", "with their outermost pixels, again and again"),
    _padded_by("circular", "with the pixels of the opposite side"),
    Slip(
        f"{ATROUS} → in_channels, out_channels, 3, dilation=rate",
        "pointwise, nn.LeakyReLU(0.2) → pointwise, nn.LeakyReLU(0.2)",
        "return → def symmetric(x, rate):\n"
        "            for dim in (2, 3):\n"
        "                mirror = x.flip(dim)\n"
        "                behind = mirror.narrow(dim, 0, rate)\n"
        "                x = torch.cat([mirror.narrow(dim, -rate, rate), x, behind], dim)\n"
        "            return x\n"
        "        return",
        "path(x) → path(symmetric(x, path[0].dilation[0]))",
        says="Your features are mirrored with their outermost pixels repeated. Reflection leaves "
        "these out of the mirror, so that b c d becomes c b c d c.",
    ),
    *(
        Slip(f'{RATE}, padding_mode="reflect" → {settings}', says=f"{says} padding=rate.")
        for settings, says in (
            (
                'dilation=rate, padding=1, padding_mode="reflect"',
                "Your features are padded by 1, whatever the rate. A convolution of rate r reaches "
                "r pixels to each side:",
            ),
            (
                "dilation=rate",
                "Your features aren't padded, so that height and width shrink. A convolution of "
                "rate r reaches r pixels to each side:",
            ),
            (
                'padding=rate, padding_mode="reflect"',
                "Your convolutions have the dilation 1, as they have unless told, so that the "
                "picture grows: dilation=rate moves the weights apart, besides",
            ),
            (
                'padding=1, padding_mode="reflect"',
                "Your convolutions have the dilation 1, as they have unless told: dilation=rate "
                "moves the weights apart, and asks for",
            ),
        )
    ),
    Slip(f"3, {RATE} → 5, dilation=rate, padding=2 * rate", gets="a kernel of 5×5"),
    Slip(f"3, {RATE} → 3, stride=2, {RATE}", gets="a stride of 2"),
    Slip(f"{RATE} → dilation=rate + 1, padding=rate + 1", gets="has a dilation of "),
    *(
        Slip(f"for rate in rates: → for rate in {rates}:", says=says)
        for rates, says in (
            (
                "[rates[-1] for _ in rates]",
                "All of your atrous convolutions have the last rate. Each has that of its path.",
            ),
            ("(1, 2, 4)", "Your paths have the rates 1, 2 and 4, always: go through `rates`."),
            ("(*rates, 1, 2)[:3]", "Your network always has three paths; `rates` tells how many."),
            ("sorted(rates)", "Your paths are in the order of the sorted rates: keep their order."),
            (
                "dict.fromkeys(rates)",
                "A rate that comes twice in `rates` has one path, and fewer channels come out. "
                "Each number in `rates` has a path with weights of its own.",
            ),
        )
    ),
    Slip(
        f"append(\n                nn.Sequential({LAYERS})\n            ) → "
        f"update({{str(rate): nn.Sequential({LAYERS})}})",
        "self.paths = nn.ModuleList() → self.paths, self.rates = nn.ModuleDict(), rates",
        "path(x) for path in self.paths → self.paths[str(rate)](x) for rate in self.rates",
        says="A rate that comes twice in `rates` has one path: as a key of a dictionary, it can be "
        "there only once. Each number in `rates` has a path with weights of its own.",
    ),
    Slip(
        f"{ATROUS} → out_channels, in_channels, 3, dilation=rate, padding=rate, "
        'padding_mode="reflect"',
        says="In your atrous convolutions, in_channels and out_channels are swapped.",
    ),
    Slip(
        "super().__init__() → super().__init__()\n"
        "        out_channels = out_channels // len(rates)",
        says="Your paths share out_channels. Each path has out_channels of its own, so that "
        "len(rates) · out_channels come out.",
    ),
    *(
        Slip(*edits, says=f"Your {which}convolutions have no bias. All convolutions have one.")
        for which, edits in (
            ("atrous ", [f"{ATROUS} → {ATROUS}, bias=False"]),
            ("pointwise ", [f"{MIX} → {MIX}, bias=False"]),
            ("", [f"{ATROUS} → {ATROUS}, bias=False", f"{MIX} → {MIX}, bias=False"]),
        )
    ),
    Slip(f"{LAYERS} → atrous, {LEAKY}", gets="convolutions should be called"),
    Slip(
        "nn.Conv2d(out_channels, out_channels, 1) → "
        'nn.Conv2d(out_channels, out_channels, 3, padding=1, padding_mode="reflect")',
        says="The second convolution of your paths is 3×3 too. The docstring asks for a pointwise "
        "one, 1×1.",
    ),
    Slip(
        f"{ATROUS} → {ATROUS.replace('in_', 'out_')}",
        f"{MIX} → in_channels, out_channels, 1",
        f"{LAYERS} → pointwise, {LEAKY}, atrous, {LEAKY}",
        says="Your pointwise convolution comes before the atrous one. The order is atrous "
        "convolution, LeakyReLU, pointwise convolution, LeakyReLU.",
    ),
    Slip(
        f"{ATROUS} → {ATROUS.replace('out_', 'in_')}, groups=in_channels",
        f"{MIX} → in_channels, out_channels, 1",
        says="Your atrous convolutions have groups, so that what comes out sees only one of the "
        "channels that come in: leave `groups` out.",
    ),
    Slip(
        f"{ATROUS} → {ATROUS.replace('out_', 'in_')}",
        f"{MIX} → in_channels, out_channels, 1",
        says="Your atrous convolutions keep in_channels, and only the pointwise ones make "
        "out_channels of them. The atrous ones make out_channels.",
    ),
    Slip(
        f"{LAYERS} → nn.LeakyReLU(0.2, inplace=True), atrous, {LEAKY}, pointwise",
        gets="writes over what it is called with",
    ),
    *(
        Slip(
            f"{LAYERS} → {', '.join(one for one in ('atrous', first, 'pointwise', last) if one)}",
            says=f"Behind {where} convolutions{of} comes {what}; the docstring has LeakyReLU of "
            "slope 0.2.",
        )
        for code, what in (
            ("", "no activation"),
            ("nn.ReLU()", "ReLU"),
            ("nn.LeakyReLU()", "LeakyReLU of slope 0.01, which it has unless told"),
        )
        for first, last, where, of in (
            (code, code, "both", " of your paths"),
            (code, LEAKY, "your atrous", ""),
            (LEAKY, code, "your pointwise", ""),
        )
    ),
    Slip(f"{LAYERS} → atrous, nn.PReLU(init=0.2), pointwise, {LEAKY}", gets="calls PReLU"),
    Slip(
        f"{LAYERS} → atrous, nn.BatchNorm2d(out_channels), {LEAKY}, pointwise, {LEAKY}",
        gets="calls a batch norm; the docstring asks for none",
    ),
    Slip(
        f"{LAYERS} → atrous, {LEAKY}, pointwise, nn.InstanceNorm2d(1), {LEAKY}",
        gets="calls an instance norm; the docstring asks for none",
    ),
    Slip(f"{LAYERS} → {LAYERS}, nn.Dropout(0.1)", gets="calls dropout"),
    *(
        Slip(f"{OUTPUTS} → {outputs}", says=says)
        for outputs, says in (
            (
                "[path(x) for path in reversed(self.paths)]",
                "Your outputs lie in the reverse order of `rates`: keep the order.",
            ),
            (
                "[self.paths[0](x) for path in self.paths]",
                "Your forward gives only what the first path gives, several times.",
            ),
            (
                "[self.paths[-1](x) for path in self.paths]",
                "Your forward gives only what the last path gives, several times.",
            ),
        )
    ),
    *(
        Slip(f"{JOINED} → {code}", says=f"You {words}; {AS_CHANNELS}")
        for code, words in (
            (f"torch.cat({OUTPUTS})", "concatenate the paths' outputs along the batch (dim=0)"),
            (f"torch.cat({OUTPUTS}, dim=2)", "concatenate the paths' outputs along the height"),
            (f"torch.cat({OUTPUTS}, dim=3)", "concatenate the paths' outputs along the width"),
            (f"torch.stack({OUTPUTS}, 1)", "stack the paths' outputs along an axis of their own"),
            (f"sum({OUTPUTS})", "add the paths' outputs up"),
            (f"torch.stack({OUTPUTS}).mean(0)", "average the paths' outputs"),
            (f"torch.stack({OUTPUTS}).amax(0)", "take the largest of the paths' outputs"),
        )
    ),
    Slip(f"{JOINED} → {OUTPUTS}", gets="forward returns a list of 3"),
    Slip(f"{JOINED} → print(x)", gets="forward returns None"),
    Slip(f"{JOINED} → self.paths(x)", gets="A ModuleList only keeps layers"),
    Slip(
        f"return {JOINED} → for path in self.paths:\n            out = path(x)\n        return out",
        says="Only what the last path gives comes out: collect the outputs of all paths, and "
        + AS_CHANNELS,
    ),
    Slip(
        "in_channels, out_channels, 3 → out_channels if self.paths else in_channels, "
        "out_channels, 3",
        f"return {JOINED} → outputs = []\n"
        "        for path in self.paths:\n"
        "            outputs.append(x := path(x))\n"
        "        return torch.cat(outputs, dim=1)",
        says="From the second one on, your paths get what the path before them gives. The paths "
        "lie side by side: all get forward's x.",
    ),
    Slip(
        f"return {JOINED} → for path in self.paths:\n            x = path(x)\n        return x",
        says="Your paths come one after another: each gets what the path before it gives. All get "
        f"forward's x; collect their outputs, and {AS_CHANNELS}",
    ),
    Slip("[path(x) → [x] + [path(x)", gets="gives size"),
    *(
        Slip(
            f"{LAYERS} → atrous, {LEAKY}",
            "self.paths = nn.ModuleList() → self.paths = nn.ModuleList()\n"
            f"        self.mix = nn.Conv2d(len(rates) * out_channels, {out}, 1)",
            f"{JOINED} → F.leaky_relu(self.mix({JOINED}), 0.2)",
            says=f"Your pointwise convolution comes behind the concatenation{words}. Each path has "
            "one of its own, before.",
        )
        for out, words in (
            ("len(rates) * out_channels", " and mixes all paths"),
            ("out_channels", " and makes out_channels of all paths"),
        )
    ),
    Slip(
        "self.paths = nn.ModuleList() → self.paths = nn.ModuleList([nn.Sequential("
        "nn.Conv2d(in_channels, out_channels, 1), nn.LeakyReLU(0.2))])",
        says="Your network has one more path, a pointwise convolution of forward's x, as in "
        "DeepLab's pyramid. Here each path belongs to a rate.",
    ),
    Slip(
        "self.paths = nn.ModuleList() → self.paths = nn.ModuleList()\n"
        "        self.mean = nn.Conv2d(in_channels, out_channels, 1)",
        f"{JOINED} → torch.cat([*{OUTPUTS}, "
        "self.mean(x.mean((2, 3), keepdim=True)).expand(-1, -1, *x.shape[2:])], dim=1)",
        says="Your network has one more path, of the mean over the whole picture, as in DeepLab's "
        "pyramid. Here each path belongs to a rate.",
    ),
    Slip(
        "self.paths = nn.ModuleList() → self.paths = nn.ModuleList()\n"
        "        one = nn.Conv2d(out_channels, out_channels, 1)",
        "pointwise = nn.Conv2d(out_channels, out_channels, 1) → pointwise = one",
        gets="times, with the same weights",
    ),
    Slip(
        f"pointwise = nn.Conv2d({MIX}) → pointwise = nn.Conv2d({MIX})\n"
        "            if self.paths:\n"
        "                first = self.paths[0][0]\n"
        "                atrous.weight, atrous.bias = first.weight, first.bias",
        gets="times, with the same weights",
    ),
    Slip("self.paths = nn.ModuleList() → self.paths = []", gets="plain list, `self.paths`"),
    Slip("        super().__init__() → ", gets="begins with `super().__init__()`"),
    Slip("def forward → def forwards", gets="Its second method is `def forward(self, x)`"),
    Slip("self.paths], → self.path],", gets='in the line "return torch.cat([path(x) for path in'),
    Slip("class ASPP(nn.Module) → class ASPP", gets="is no nn.Module"),
    Slip(
        "super().__init__() → super().__init__()\n        given, rates = rates, list(rates)\n"
        "        getattr(given, 'clear', list)()",
        gets="changes its input `rates`",
    ),
    Slip(
        f"append(\n                nn.Sequential({LAYERS})\n            ) → "
        f"setdefault(rate, []).append(nn.Sequential({LAYERS}))",
        "self.paths = nn.ModuleList() → self.paths = {}",
        "path(x) for path in self.paths → path(x) for (path,) in self.paths.values()",
        gets="plain dict, `self.paths`",
    ),
    Slip(
        "[path(x) for → [path(x).detach() if path is self.paths[0] else path(x) for",
        gets="gradient",
    ),
    Slip("rates: Sequence[int] = (1, 2, 4) → rates: Sequence[int]", gets="can't be called as"),
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
