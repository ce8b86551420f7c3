from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from course_lib.models.graspp import ASPP, RASPP, RainDiscriminator, effective_receptive_field


def pictures(*size: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(*size, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def of(network: nn.Module, *kinds: type[nn.Module]) -> list[Any]:
    return [module for module in network.modules() if isinstance(module, kinds)]


def without_chance(network: nn.Module) -> nn.Module:
    """In eval mode, with running statistics that aren't those of a new norm."""
    for norm in of(network, nn.BatchNorm2d):
        norm.running_mean.uniform_(-0.5, 0.5)
        norm.running_var.uniform_(0.5, 2)
        nn.init.uniform_(norm.weight, 0.5, 1.5)
        nn.init.uniform_(norm.bias, -0.5, 0.5)
    return network.eval()


# The generator


@pytest.fixture(scope="module")
def papers() -> RASPP:
    """As large as the paper's text has it; without memory for its weights."""
    with torch.device("meta"):
        return RASPP(width=64, stages=(64, 128, 256, 512))


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("size", [(5, 5), (5, 12), (31, 9), (16, 24)])
@pytest.mark.parametrize("output", ["residual", "direct"])
def test_pictures_of_any_size_come_back_in_their_size(output, size, batch) -> None:
    generator = RASPP(width=2, stages=(2,), output=output)
    rainy = pictures(batch, 3, *size)
    before = rainy.clone()
    assert generator(rainy).shape == (batch, 3, *size)
    assert torch.equal(rainy, before)


def test_what_the_network_draws_is_taken_from_the_picture_or_is_the_picture() -> None:
    rainy = pictures(2, 3, 9, 7)
    drawn = {}
    for output in ("residual", "direct"):
        torch.manual_seed(0)
        generator = RASPP(width=2, stages=(2, 3), output=output).eval()
        if output == "residual":
            assert torch.equal(generator(rainy), rainy), "training starts from the rainy picture"
        torch.manual_seed(1)
        nn.init.normal_(generator.fusion[-1].weight)
        nn.init.normal_(generator.fusion[-1].bias)
        drawn[output] = generator(rainy)
    torch.testing.assert_close(drawn["residual"], rainy - drawn["direct"])
    assert drawn["direct"].abs().min() > 0


def test_the_encoder_is_resnet_18_at_stride_1_without_pooling(papers) -> None:
    convolutions = of(papers.encoder, nn.Conv2d)
    assert [c.kernel_size for c in convolutions if c.kernel_size != (1, 1)] == [
        (7, 7),
        *[(3, 3)] * 16,
    ]
    projections = [(c.in_channels, c.out_channels) for c in convolutions if c.kernel_size == (1, 1)]
    assert projections == [(64, 128), (128, 256), (256, 512)]
    # torchvision's resnet18 without its last layer
    assert sum(p.numel() for p in papers.encoder.parameters()) == 11_176_512
    assert all(c.stride == (1, 1) for c in of(papers, nn.Conv2d))
    assert not of(papers, nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d)


def test_every_convolution_that_looks_around_mirrors_the_border(papers) -> None:
    around = [c for c in of(papers, nn.Conv2d) if c.kernel_size != (1, 1)]
    assert len(around) == 17 + 3 + 3
    assert all(c.padding_mode == "reflect" for c in around)


def test_activations_are_leaky_in_the_encoder_and_plain_in_the_fusion(papers) -> None:
    leaky = of(papers.encoder, nn.LeakyReLU)
    assert len(leaky) == 17
    assert all(one.negative_slope == 0.2 for one in leaky)
    assert not of(papers.encoder, nn.ReLU)
    assert [type(layer) for layer in papers.fusion] == [
        *[nn.Conv2d, nn.BatchNorm2d, nn.ReLU] * 2,
        nn.Conv2d,
    ]
    assert all(c.kernel_size == (3, 3) for c in of(papers.fusion, nn.Conv2d))


def test_the_pyramid_has_the_papers_rates_on_the_last_stages_features(papers) -> None:
    atrous = [c for c in of(papers.aspp, nn.Conv2d) if c.kernel_size == (3, 3)]
    assert [c.dilation for c in atrous] == [(1, 1), (2, 2), (4, 4)]
    assert [(c.in_channels, c.out_channels) for c in atrous] == [(512, 64)] * 3


def test_unless_told_all_stages_are_as_wide_as_the_stem() -> None:
    widths = {c.out_channels for c in of(RASPP(width=5).encoder, nn.Conv2d)}
    assert widths == {5}
    assert len(of(RASPP(width=5).encoder, nn.Conv2d)) == 17


def test_the_border_is_as_in_a_picture_that_goes_on_mirrored() -> None:
    torch.manual_seed(0)
    generator = without_chance(RASPP(width=3, stages=(4,)).double())
    for convolution in of(generator, nn.Conv2d):  # kernels that look alike in a mirror
        weight = convolution.weight.data
        weight += weight.flip(-1)
        weight += weight.flip(-2)
    rainy = pictures(1, 3, 17, 20).double()
    reach = 3 + 4 + 4 + 3  # stem, two blocks, the widest path, fusion
    wider = F.pad(rainy, (reach,) * 4, mode="reflect")
    inside = generator(wider)[..., reach:-reach, reach:-reach]
    torch.testing.assert_close(generator(rainy), inside)


def test_gradients_reach_every_parameter() -> None:
    torch.manual_seed(0)
    generator = RASPP(width=3, stages=(3, 4), output="direct")
    generator(pictures(2, 3, 12, 10)).square().mean().backward()
    for name, parameter in generator.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


@pytest.mark.parametrize(
    "make", [lambda: RASPP(width=3, stages=(3, 4)), lambda: RainDiscriminator(base_channels=2)]
)
def test_working_in_place_changes_no_gradient(make) -> None:
    torch.manual_seed(0)
    network = make()
    plain = copy.deepcopy(network)
    for module in plain.modules():
        if hasattr(module, "inplace"):
            module.inplace = False
    shown = pictures(2, 2, 3, 16, 16)[: 1 + isinstance(network, RainDiscriminator)]
    for one in (network, plain):
        one(*shown).square().mean().backward()
    for (name, ours), theirs in zip(network.named_parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(ours.grad, theirs.grad, msg=name)


def test_a_block_adds_what_it_was_given() -> None:
    generator = RASPP(width=3, stages=(3,)).eval()
    block = generator.encoder[3]
    for convolution in of(block.body, nn.Conv2d):
        nn.init.zeros_(convolution.weight)
    features = pictures(1, 3, 6, 6)
    torch.testing.assert_close(block(features), F.leaky_relu(features, 0.2))


def test_the_encoders_norm_is_the_one_asked_for() -> None:
    generator = RASPP(width=3, stages=(3, 4), norm=nn.InstanceNorm2d)
    assert not of(generator.encoder, nn.BatchNorm2d)
    assert len(of(generator.encoder, nn.InstanceNorm2d)) == 1 + 4 * 2 + 1
    assert len(of(generator.fusion, nn.BatchNorm2d)) == 2


def test_the_learners_pyramid_is_the_one_that_is_built_and_run() -> None:
    asked: list[Any] = []

    class Mine(nn.Module):
        def __init__(self, in_channels: int, out_channels: int, rates: Sequence[int]) -> None:
            super().__init__()
            asked.append((in_channels, out_channels, tuple(rates)))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            asked.append(tuple(x.shape))
            return x.new_zeros(len(x), 2 * 4, *x.shape[-2:])

    generator = RASPP(width=4, stages=(4, 6), rates=(1, 3), aspp=Mine).eval()
    one, other = generator(pictures(2, 3, 8, 9)) - pictures(2, 3, 8, 9)
    assert asked == [(6, 4, (1, 3)), (2, 6, 8, 9)]
    torch.testing.assert_close(one, other)  # all that is drawn comes through the pyramid


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"width": 0}, "one channel everywhere and one stage; width is 0"),
        ({"stages": ()}, r"one stage; width is 16, stages is \(\)"),
        ({"stages": (16, 0)}, r"stages is \(16, 0\)"),
        ({"rates": ()}, r"rates are 1 or more, one at least; they are \(\)"),
        ({"rates": (1, 0)}, r"rates are 1 or more, one at least; they are \(1, 0\)"),
        ({"output": "other"}, '"residual" or "direct", not \'other\''),
    ],
)
def test_generators_that_make_no_sense_are_not_built(settings, message) -> None:
    with pytest.raises(ValueError, match=message):
        RASPP(**settings)


def test_wrong_pictures_are_refused_with_the_mend() -> None:
    generator = RASPP(width=2, stages=(2,))
    with pytest.raises(ValueError, match=r"takes N×3×H×W, got 3×16×16.*picture\[None\]"):
        generator(torch.zeros(3, 16, 16))
    with pytest.raises(ValueError, match="got 2×1×16×16"):
        generator(torch.zeros(2, 1, 16, 16))
    with pytest.raises(ValueError, match=r"pictures of 4×4 are too small.*5×5 or more"):
        generator(torch.zeros(1, 3, 4, 4))


@pytest.mark.parametrize(("rates", "side"), [((1,), 4), ((1, 2, 4), 5), ((8, 3), 9)])
def test_the_smallest_pictures_that_are_not_refused_are_restored(rates, side) -> None:
    generator = RASPP(width=2, stages=(2,), rates=rates)
    assert generator(torch.zeros(2, 3, side, side)).shape == (2, 3, side, side)
    with pytest.raises(ValueError, match=f"pictures of {side}×{side - 1} .* {side}×{side} or more"):
        generator(torch.zeros(2, 3, side, side - 1))


# The pyramid


def test_paths_lie_behind_one_another_in_the_order_of_their_rates() -> None:
    torch.manual_seed(0)
    pyramid = ASPP(4, 5, (1, 3))
    features = pictures(2, 4, 8, 11)
    both = pyramid(features)
    assert both.shape == (2, 10, 8, 11)
    for n, path in enumerate(pyramid.paths):
        torch.testing.assert_close(both[:, 5 * n : 5 * n + 5], path(features))


def test_each_path_sees_nine_pixels_as_far_apart_as_its_rate() -> None:
    pyramid = ASPP(2, 3).double()
    for parameter in pyramid.parameters():
        parameter.data.abs_()  # no two ways cancel, and no activation sleeps
    features = torch.rand(1, 2, 21, 21, dtype=torch.float64).requires_grad_()
    out = pyramid(features)
    for n, rate in enumerate((1, 2, 4)):
        (seen,) = torch.autograd.grad(out[0, 3 * n, 10, 10], features, retain_graph=True)
        places = seen.sum((0, 1)).nonzero().tolist()
        steps = (10 - rate, 10, 10 + rate)
        assert places == [[row, column] for row in steps for column in steps]


# The discriminator


@pytest.mark.parametrize("size", [(16, 16), (17, 40), (33, 21)])
def test_the_discriminator_gives_one_logit_a_picture(size) -> None:
    discriminator = RainDiscriminator(base_channels=2)
    assert discriminator(*pictures(2, 3, 3, *size)).shape == (3, 1)
    assert discriminator.conditional


def test_its_four_blocks_halve_and_all_but_the_first_have_a_norm() -> None:
    discriminator = RainDiscriminator(base_channels=2)
    assert [type(layer) for layer in discriminator.blocks] == [
        *[nn.Conv2d, nn.LeakyReLU],
        *[nn.Conv2d, nn.BatchNorm2d, nn.LeakyReLU] * 3,
    ]
    convolutions = of(discriminator, nn.Conv2d)
    assert [(c.in_channels, c.out_channels) for c in convolutions] == [
        (6, 2),
        (2, 4),
        (4, 8),
        (8, 16),
    ]
    assert {(c.kernel_size, c.stride) for c in convolutions} == {((4, 4), (2, 2))}
    assert {one.negative_slope for one in of(discriminator, nn.LeakyReLU)} == {0.2}
    assert discriminator.linear.in_features == 16
    assert discriminator.blocks(pictures(1, 6, 48, 32)).shape[-2:] == (3, 2)
    grouped = RainDiscriminator(base_channels=2, norm=lambda n: nn.GroupNorm(1, n))
    assert len(of(grouped, nn.GroupNorm)) == 3
    assert not of(grouped, nn.BatchNorm2d)


def test_it_looks_at_both_pictures_in_their_order() -> None:
    torch.manual_seed(0)
    discriminator = RainDiscriminator(base_channels=2).eval()
    rainy, clean, other = pictures(3, 1, 3, 16, 16)
    judged = discriminator(rainy, clean)
    assert not torch.equal(judged, discriminator(rainy, other))
    assert not torch.equal(judged, discriminator(other, clean))
    assert not torch.equal(judged, discriminator(clean, rainy))


def test_its_answer_is_the_mean_of_what_it_sees_in_places() -> None:
    torch.manual_seed(0)
    discriminator = RainDiscriminator(base_channels=2).eval()
    rainy, clean = pictures(2, 1, 3, 32, 48)
    places = discriminator.blocks(torch.cat([rainy, clean], 1))
    of_each = [discriminator.linear(place) for place in places.flatten(2)[0].T]
    torch.testing.assert_close(discriminator(rainy, clean)[0], torch.stack(of_each).mean(0))


def test_pictures_that_it_cannot_judge_are_refused_with_the_mend() -> None:
    discriminator = RainDiscriminator(base_channels=2)
    good = torch.zeros(1, 3, 16, 16)
    for rainy, picture, message in (
        (good, torch.zeros(1, 3, 16, 20), "got 1×3×16×16 and 1×3×16×20"),
        (good[0], good[0], "each N×3×H×W; got 3×16×16 and 3×16×16"),
        (good[:, :1], good[:, :1], "got 1×1×16×16"),
        (good[..., 1:], good[..., 1:], "16×15 can't be halved four times; give.*16×16 or more"),
    ):
        with pytest.raises(ValueError, match=message):
            discriminator(rainy, picture)


def test_gradients_reach_all_of_the_discriminator() -> None:
    torch.manual_seed(0)
    discriminator = RainDiscriminator(base_channels=2)
    discriminator(*pictures(2, 4, 3, 32, 32)).square().mean().backward()
    for name, parameter in discriminator.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


# Which pixels a chain sees


@pytest.mark.parametrize(
    ("rates", "kernel_size"), [((1, 1), 3), ((2, 2), 3), ((1, 2, 4), 3), ((3, 1), 5), ((2, 5), 1)]
)
def test_ways_through_a_chain_are_the_gradients_of_its_convolutions(rates, kernel_size) -> None:
    ways = effective_receptive_field(rates, kernel_size)
    convolutions = [nn.Conv2d(1, 1, kernel_size, dilation=rate, bias=False) for rate in rates]
    chain = nn.Sequential(*convolutions).double()
    for parameter in chain.parameters():
        nn.init.ones_(parameter)
    side = 1 + sum((kernel_size - 1) * rate for rate in rates)
    pixels = torch.zeros(1, 1, side, side, dtype=torch.float64).requires_grad_()
    answer = chain(pixels)
    assert answer.shape == (1, 1, 1, 1)
    (seen,) = torch.autograd.grad(answer.sum(), pixels)
    np.testing.assert_array_equal(np.outer(ways, ways), seen[0, 0].numpy())
    assert ways.dtype.kind == "i"


def test_the_paths_of_the_docstring_and_none_at_all() -> None:
    assert effective_receptive_field([1, 1], 3).tolist() == [1, 2, 3, 2, 1]
    assert effective_receptive_field([2, 2], 3).tolist() == [1, 0, 2, 0, 3, 0, 2, 0, 1]
    assert effective_receptive_field([], 3).tolist() == [1]


def test_a_discriminator_without_norms_has_biases_in_their_place() -> None:
    network = RainDiscriminator(base_channels=2, norm=None)
    assert not of(network, nn.BatchNorm2d)
    assert all(one.bias is not None for one in of(network, nn.Conv2d))
    normed = of(RainDiscriminator(base_channels=2), nn.Conv2d)
    assert [one.bias is None for one in normed] == [False, True, True, True]


def test_differences_between_pictures_come_through_an_untrained_discriminator() -> None:
    torch.manual_seed(0)
    network = RainDiscriminator(base_channels=16, norm=None)
    rainy, clean = pictures(8, 3, 32, 32, seed=1), pictures(8, 3, 32, 32, seed=2)
    features = network.blocks(torch.cat([rainy, clean], dim=1))
    # From picture to picture, in the same channel at the same place.
    assert 0.2 < features.std(0).mean() / clean.std(0).mean() < 5
