from __future__ import annotations

import copy
from collections.abc import Sequence
from itertools import pairwise

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from course_lib.models.baseline import BaselineGenerator, baseline_discriminator
from course_lib.models.cost import multiply_adds
from course_lib.models.graspp import RASPP, RainDiscriminator
from course_lib.models.pix2pix import PatchDiscriminator, UNetGenerator


def raspp_a_pixel(width: int, stages: Sequence[int], rates: int = 3) -> int:
    """RASPP's products, by hand: it never halves, so that each pixel costs the same."""
    stem = 7 * 7 * 3 * width
    encoder = 0
    for before, after in pairwise((width, *stages)):
        first_block = 9 * before * after + 9 * after * after
        projection = before * after if before != after else 0
        second_block = 2 * 9 * after * after
        encoder += first_block + projection + second_block
    pyramid = rates * (9 * stages[-1] * width + width * width)
    fusion = 9 * rates * width * width + 9 * width * width + 9 * width * 3
    return stem + encoder + pyramid + fusion


def test_the_papers_text_costs_twelve_million_a_pixel() -> None:
    stages = (64, 128, 256, 512)
    assert raspp_a_pixel(64, stages) == 12_213_120
    with torch.device("meta"):
        generator = RASPP(width=64, stages=stages)
    generator = generator.to_empty(device="cpu")  # what the weights are costs nothing
    assert multiply_adds(generator, 8) == 8 * 8 * 12_213_120


def test_the_courses_generator_costs_a_two_hundredth_of_it() -> None:
    assert raspp_a_pixel(16, (16,) * 4) == 56_544
    assert multiply_adds(RASPP(), 9) == 9 * 9 * 56_544


def test_rates_cost_a_path_each_whatever_their_reach() -> None:
    generator = RASPP(width=3, stages=(4,), rates=(2, 5))
    assert multiply_adds(generator, 12) == 12 * 12 * raspp_a_pixel(3, (4,), rates=2)


def test_a_u_net_costs_what_goes_in_where_it_doubles_and_what_comes_out_where_it_halves() -> None:
    down = 4 * (4 * 4) * (3 * 16) + 8 * (2 * 2) * (4 * 16)  # 8×8 → 4×4 → 2×2
    up = 8 * (2 * 2) * (4 * 16) + (4 + 4) * (4 * 4) * (3 * 16)  # the second beside its skip
    assert multiply_adds(UNetGenerator(depth=2, base_channels=4), 8) == down + up


def test_a_picture_that_is_padded_costs_its_padding_too() -> None:
    generator = UNetGenerator(depth=2, base_channels=2)
    assert multiply_adds(generator, 5) == multiply_adds(generator, 8)


def test_the_baseline_costs_its_convolutions_and_its_linear_layers() -> None:
    encoder = (16 * 16) * (2 * 3 * 9 + 2 * 2 * 9) + (8 * 8) * (4 * 2 * 9 + 4 * 4 * 9)
    bottleneck = (4 * 4 * 4) * 5 + 5 * (4 * 4 * 4)
    decoder = (8 * 8) * (4 * 4 * 9 + 2 * 4 * 9) + (16 * 16) * (2 * 2 * 9 + 3 * 2 * 9)
    generator = BaselineGenerator(size=16, base_channels=2, latent=5)
    assert multiply_adds(generator, 16) == encoder + bottleneck + decoder


def test_a_conditional_discriminator_is_shown_two_pictures() -> None:
    by_hand = (8 * 8) * (2 * 6 * 16) + (7 * 7) * (4 * 2 * 16) + (6 * 6) * (1 * 4 * 16)
    assert multiply_adds(PatchDiscriminator(base_channels=2, n_layers=1), 16) == by_hand
    alone = PatchDiscriminator(in_channels=3, base_channels=2, n_layers=1)
    assert multiply_adds(alone, 16) == by_hand - (8 * 8) * (2 * 3 * 16)


def test_the_discriminator_of_rain_costs_four_blocks_and_a_linear_layer() -> None:
    blocks = [(16, 2, 6), (8, 4, 2), (4, 8, 4), (2, 16, 8)]  # side, channels out, channels in
    by_hand = sum(side**2 * out * into * 16 for side, out, into in blocks) + 16
    assert multiply_adds(RainDiscriminator(base_channels=2), 32) == by_hand


def test_the_docstrings_convolution_and_one_in_groups() -> None:
    assert multiply_adds(nn.Conv2d(3, 8, 5, padding=2), 10) == 60_000
    assert multiply_adds(nn.Conv2d(3, 6, 5, groups=3), 10) == 6 * 6 * 6 * 25


def test_a_layer_that_runs_twice_counts_twice() -> None:
    layer = nn.Conv2d(3, 3, 1)
    assert multiply_adds(nn.Sequential(layer, nn.ReLU(), layer), 4) == 2 * 16 * 9


@pytest.mark.parametrize(
    ("make", "size"),
    [
        (lambda: RASPP(width=3, stages=(3, 5)), 12),
        (lambda: UNetGenerator(depth=3, base_channels=2), 16),
        (lambda: UNetGenerator(depth=2, base_channels=2, upsampling="nearest"), 13),
        (lambda: BaselineGenerator(size=16, base_channels=2), 16),
        (lambda: baseline_discriminator(base_channels=2), 20),
        (lambda: PatchDiscriminator(base_channels=2), 32),
        (lambda: RainDiscriminator(base_channels=2), 40),
    ],
)
def test_torchs_own_counter_finds_twice_as_many_operations(make, size) -> None:
    network = make().eval()
    shown = [torch.zeros(1, 3, size, size)] * (1 + getattr(network, "conditional", False))
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(*shown)
    assert multiply_adds(network, size) == counter.get_total_flops() // 2


def test_the_network_stays_as_it_was() -> None:
    generator = UNetGenerator(depth=3, base_channels=2).train()
    generator.downs[1].eval()
    modes = [module.training for module in generator.modules()]
    state = copy.deepcopy(generator.state_dict())
    random = torch.get_rng_state()
    multiply_adds(generator, 16)
    assert [module.training for module in generator.modules()] == modes
    for name, value in generator.state_dict().items():
        assert torch.equal(value, state[name]), name
    assert all(p.grad is None for p in generator.parameters())
    assert not any(module._forward_hooks for module in generator.modules())
    assert torch.equal(torch.get_rng_state(), random)  # no dropout has drawn


def test_the_network_stays_as_it_was_where_the_picture_does_not_pass() -> None:
    discriminator = RainDiscriminator(base_channels=2)
    discriminator.blocks[1].eval()
    modes = [module.training for module in discriminator.modules()]
    with pytest.raises(ValueError, match="8×8 can't be halved four times"):
        multiply_adds(discriminator, 8)
    assert [module.training for module in discriminator.modules()] == modes
    assert not any(module._forward_hooks for module in discriminator.modules())
