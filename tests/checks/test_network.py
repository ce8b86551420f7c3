import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from course_lib.checks.attempt import Attempt
from course_lib.checks.network import Made, Network
from course_lib.checks.network_pass import alike
from course_lib.checks.result import Wrong
from course_lib.checks.sandbox import sandbox
from course_lib.checks.watchdog import TimeLimit
from course_lib.exercises import exercise
from course_lib.models.graspp import ASPP


class TwoPaths(nn.Module):
    """Two convolutions of one size side by side, a norm, and a transposed convolution."""

    def __init__(self, channels):
        super().__init__()
        self.first = nn.Conv2d(channels, 4, 3, padding=1)
        self.second = nn.Conv2d(channels, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.up = nn.ConvTranspose2d(8, channels, 2, stride=2)

    def features(self, x):
        """N×channels×H×W → N×8×H×W."""
        return self.norm(torch.cat([self.first(x), self.second(x)], dim=1))

    def forward(self, x):
        """N×channels×H×W → N×channels×2H×2W."""
        return self.up(F.leaky_relu(self.features(x), 0.2))


def cases(rng):
    generator = torch.Generator().manual_seed(int(rng.integers(2**32)))
    for channels in (2, 5):
        inputs = [
            (torch.randn(n, channels, h, 6, generator=generator),) for n, h in ((2, 4), (3, 5))
        ]
        yield Made(args=(channels,), inputs=inputs)


EXAMPLE = Made(args=(1,), inputs=[(torch.linspace(-1, 1, 32).reshape(2, 1, 4, 4),)])


def diagnosis(answer, reference=TwoPaths, example=EXAMPLE, cases=cases, **known):
    with sandbox(0) as printed, TimeLimit(5) as limit:
        attempt = Attempt(
            function=answer, reference=reference, limit=limit, known=known, printed=printed
        )
        try:
            Network(example=example, cases=cases)(attempt, np.random.default_rng(0))
        except Wrong as wrong:
            return str(wrong)
    return ""


class Functional(nn.Module):
    """Stacked parameters, the second path first, padding by hand."""

    def __init__(self, channels):
        super().__init__()
        self.weights = nn.Parameter(torch.randn(2, 4, channels, 3, 3))
        self.biases = nn.Parameter(torch.zeros(2, 4))
        self.norm = nn.BatchNorm2d(8)
        self.up = nn.Parameter(torch.randn(8, channels, 2, 2))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x):
        padded = F.pad(x, (1, 1, 1, 1))
        second, first = (F.conv2d(padded, self.weights[n], self.biases[n]) for n in (1, 0))
        x = self.norm(torch.cat([first, second], dim=1))
        return F.conv_transpose2d(torch.where(x > 0, x, 0.2 * x), self.up, self.bias, stride=2)


class OneConvolution(TwoPaths):
    """Both paths in one convolution in groups."""

    def __init__(self, channels):
        super().__init__(channels)
        del self.first, self.second
        self.both = nn.Conv2d(2 * channels, 8, 3, padding=1, groups=2)

    def features(self, x):
        return self.norm(self.both(torch.cat([x, x], dim=1)))


@pytest.mark.parametrize(
    "answer", [Functional, OneConvolution, lambda channels: TwoPaths(channels)]
)
def test_style_is_free(answer):
    assert diagnosis(answer) == ""


def with_forward(forward, **parts):
    return type("Answer", (TwoPaths,), {"forward": forward, **parts})


def test_a_misconception_that_explains_every_call_is_named():
    plain = with_forward(lambda self, x: self.up(F.leaky_relu(self.features(x))))
    mine = with_forward(lambda self, x: self.up(nn.LeakyReLU()(self.features(x))))
    assert diagnosis(mine, **{"The slope is 0.01.": plain}) == "The slope is 0.01."


def test_one_that_explains_only_some_calls_is_not():
    plain = with_forward(lambda self, x: self.up(F.leaky_relu(self.features(x))))

    def sometimes(self, x):
        return self.up(F.leaky_relu(self.features(x), 0.01 if x.shape[1] == 2 else 0.2))

    told = diagnosis(with_forward(sometimes), **{"The slope is 0.01.": plain})
    assert "calls LeakyReLU of slope 0.01; the docstring asks for LeakyReLU of slope 0.2" in told


class InAList(TwoPaths):
    def __init__(self, channels):
        super().__init__(channels)
        self.layers = [self.first, nn.Conv2d(channels, 4, 3, padding=1)]
        del self.second

    def features(self, x):
        return self.norm(torch.cat([layer(x) for layer in self.layers], dim=1))


class Anew(TwoPaths):
    def features(self, x):
        new = nn.Conv2d(x.shape[1], 4, 3, padding=1)
        return self.norm(torch.cat([self.first(x), new(x)], dim=1))


class Shared(TwoPaths):
    def features(self, x):
        return self.norm(torch.cat([self.first(x), self.first(x)], dim=1))


class OtherKernel(TwoPaths):
    def __init__(self, channels):
        super().__init__(channels)
        self.second = nn.Conv2d(channels, 4, 5, padding=2)


class Unused(TwoPaths):
    def __init__(self, channels):
        super().__init__(channels)
        self.third = nn.Linear(3, 3)


class Momentum(TwoPaths):
    def __init__(self, channels):
        super().__init__(channels)
        self.norm = nn.BatchNorm2d(8, momentum=0.5)


class Spectral(TwoPaths):
    def __init__(self, channels):
        super().__init__(channels)
        nn.utils.parametrizations.spectral_norm(self.first)


class Constant(TwoPaths):
    def __init__(self, channels):
        super().__init__(channels)
        self.zero = torch.zeros(1, channels, 1, 1)

    def forward(self, x):
        return super().forward(x + self.zero)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (InAList, "plain list, `self.layers`"),
        (Anew, "made anew in each call"),
        (Shared, "calls one convolution 2 times, with the same weights"),
        (OtherKernel, "has a kernel of 5×5; the docstring asks for a kernel of 3×3"),
        (Unused, "weights of size 3×3, 3 that nothing depends on"),
        (Momentum, "running averages of a norm move otherwise"),
        (Constant, "on the CPU"),
        (Spectral, "divides weights by their size"),
        (with_forward(lambda self, x: self.features(x)), "gives size"),
        (
            with_forward(lambda self, x: self.up(F.leaky_relu(self.features(x).detach(), 0.2))),
            "the gradients aren't",
        ),
        (with_forward(lambda self, x: self.up(self.features(x))), "puts them together otherwise"),
        (with_forward(lambda self, x: x), "returns its input itself"),
        (with_forward(lambda self, x: TwoPaths.forward(self, x.view(-1, 1, 4, 6))), "raises"),
        (with_forward(lambda self, x: self.first(self.second(x))), "calls no batch norm"),
        (lambda channels: TwoPaths(channels + 1), "raises RuntimeError"),
        (TwoPaths(2), "a network that is made already"),
        (nn.ReLU(), "a network that is made already"),
    ],
)
def test_what_is_wrong_is_told(answer, words):
    assert words in diagnosis(answer)


def test_memory_is_told():
    def counts(self, x):
        self.calls = getattr(self, "calls", 0) + 1
        return TwoPaths.forward(self, x) * (1 if self.calls < 6 else 2)

    assert "keeps something from earlier calls" in diagnosis(with_forward(counts))


def test_layouts_of_the_loader_are_tried():
    def viewed(self, x):
        return TwoPaths.forward(self, x.view(len(x), -1).view(x.shape))

    assert "view size is not compatible" in diagnosis(with_forward(viewed))


class Stored(TwoPaths):
    """One parameter for both kernels, its axes in another order; no convolution makes features."""

    def __init__(self, channels):
        super().__init__(channels)
        del self.first, self.second
        self.kernels = nn.Parameter(torch.randn(2, 3, 3, channels, 4))
        self.biases = nn.Parameter(torch.zeros(2, 4))

    def features(self, x):
        h, w = x.shape[2:]
        padded = F.pad(x, (1, 1, 1, 1))
        paths = [
            sum(
                torch.einsum("io,nihw->nohw", kernel[a, b], padded[:, :, a : a + h, b : b + w])
                for a in range(3)
                for b in range(3)
            )
            + bias.view(1, -1, 1, 1)
            for kernel, bias in zip(self.kernels, self.biases, strict=True)
        ]
        return self.norm(torch.cat(paths, dim=1))


def test_weights_may_be_stored_in_any_order_of_axes():
    twice = type("Twice", (Stored,), {"forward": lambda self, x: 2 * Stored.forward(self, x)})
    assert diagnosis(Stored) == ""
    assert diagnosis(twice)


@pytest.mark.parametrize(
    ("values", "gradients", "same"),
    [
        ("YYY", "YYY", True),
        ("YYY", "YNY", True),  # an activation gets almost 0 there
        ("YYY", "NYN", False),
        ("YNY", "YYY", False),
        ("YNY", "YNN", False),
    ],
)
def test_gradients_may_differ_in_one_call_where_rounding_decides(values, gradients, same):
    class OneCall:
        def __init__(self, value, gradient):
            self.value, self.gradient = value == "Y", gradient == "Y"

        def like(self, make, tolerance, *, exactly=True):
            return self.value and (self.gradient or not exactly)

    calls = [OneCall(*pair) for pair in zip(values, gradients, strict=True)]
    assert alike(calls, nn.Identity, 1e-4) == same


@pytest.mark.parametrize("spoil", ["detached", "no_grad", "nan"])
def test_no_gradient_is_no_small_difference_not_even_in_one_call(spoil):
    class Spoilt(ASPP):
        def forward(self, x):
            if len(self.paths) > 1 or len(x) > 1:
                return super().forward(x)
            if spoil == "no_grad":
                with torch.no_grad():
                    return super().forward(x)
            out = super().forward(x.detach() if spoil == "detached" else x)
            return out + 0 * (out - out).pow(0.5) if spoil == "nan" else out

    assert exercise("04.4").run(Spoilt, seed=0).status == "wrong"
