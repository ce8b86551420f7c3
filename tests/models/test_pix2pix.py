from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from course_lib.models.pix2pix import (
    PatchDiscriminator,
    UNetGenerator,
    convolutions,
    receptive_field,
    up_block,
)


def pictures(*size: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(*size, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def count(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def test_the_networks_have_as_many_parameters_as_isolas() -> None:
    assert count(UNetGenerator(depth=8, base_channels=64)) == 54_413_955
    assert count(PatchDiscriminator()) == 2_768_705


def test_the_reports_network_has_six_downs_five_ups_and_four_pixels_at_its_bottleneck() -> None:
    generator = UNetGenerator(depth=6, base_channels=2)
    assert (len(generator.downs), len(generator.ups)) == (6, 5)
    sizes = []
    for block in [*generator.downs, *generator.ups, generator.output]:
        block.register_forward_hook(lambda _block, _given, made: sizes.append(made.shape[-1]))
    generator(pictures(1, 3, 256, 256))
    assert sizes == [128, 64, 32, 16, 8, 4, 8, 16, 32, 64, 128, 256]


def test_first_and_innermost_blocks_have_no_norm_and_wide_inner_ones_drop_out() -> None:
    generator = UNetGenerator(depth=8, base_channels=2)
    normed = [any(isinstance(m, nn.BatchNorm2d) for m in down) for down in generator.downs]
    assert normed == [False, *[True] * 6, False]
    drops = [any(isinstance(m, nn.Dropout) for m in up) for up in generator.ups]
    assert drops == [False, True, True, True, False, False, False]
    assert [up[1].out_channels for up in generator.ups] == [16, 16, 16, 16, 8, 4, 2]


@pytest.mark.parametrize("size", [(1, 1), (37, 53), (321, 481)])
def test_pictures_of_any_size_come_back_in_their_size_and_range(size) -> None:
    restored = UNetGenerator(depth=5, base_channels=2)(pictures(2, 3, *size))
    assert restored.shape == (2, 3, *size)
    assert restored.abs().max() <= 1


@pytest.mark.parametrize("skips", [True, False])
def test_without_skips_all_that_is_drawn_comes_through_the_bottleneck(skips) -> None:
    generator = UNetGenerator(depth=3, base_channels=4, skips=skips).eval()
    nn.init.zeros_(generator.ups[0][1].weight)  # nothing leaves the bottleneck
    one, other = generator(pictures(2, 3, 32, 32))
    assert torch.equal(one, other) != skips


def test_the_input_skip_hands_the_rainy_picture_to_the_end_in_its_place() -> None:
    generator = UNetGenerator(depth=3, base_channels=2, input_skip=True)
    nn.init.zeros_(generator.output[1].weight)
    rainy = pictures(1, 3, 13, 18)
    rainy[..., :2, :] = 1  # pure white
    torch.testing.assert_close(generator(rainy), 0.98 * rainy)


@pytest.mark.parametrize(
    "settings",
    [{}, {"norm": None}, {"skips": False}, {"upsampling": "nearest"}, {"input_skip": True}],
)
def test_gradients_reach_every_parameter_of_the_generator(settings) -> None:
    torch.manual_seed(0)
    generator = UNetGenerator(depth=4, base_channels=4, **settings)
    generator(pictures(2, 3, 32, 32)).square().mean().backward()
    for name, parameter in generator.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


def test_gradients_reach_every_parameter_of_the_discriminator() -> None:
    torch.manual_seed(0)
    discriminator = PatchDiscriminator(base_channels=4)
    discriminator(pictures(2, 3, 32, 32), pictures(2, 3, 32, 32, seed=1)).square().mean().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in discriminator.parameters())


def test_working_in_place_changes_neither_pictures_nor_gradients() -> None:
    torch.manual_seed(0)
    generator = UNetGenerator(depth=4, base_channels=4, dropout=0)
    plain = copy.deepcopy(generator)
    for module in plain.modules():
        if hasattr(module, "inplace"):
            module.inplace = False
    for network in (generator, plain):
        network(pictures(2, 3, 32, 32)).square().mean().backward()
    for (name, ours), theirs in zip(generator.named_parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(ours.grad, theirs.grad, msg=name)


@pytest.mark.parametrize(("n_layers", "patch"), [(1, 16), (2, 34), (3, 70), (4, 142)])
def test_one_logit_sees_a_patch_as_wide_as_its_receptive_field(n_layers, patch) -> None:
    torch.manual_seed(0)
    discriminator = PatchDiscriminator(
        in_channels=3, base_channels=2, n_layers=n_layers, norm=None
    ).double()
    for module in discriminator.modules():
        if isinstance(module, nn.Conv2d):  # all positive: no two paths cancel
            module.weight.data.abs_()
    picture = torch.rand(1, 3, 320, 320, dtype=torch.float64).requires_grad_()
    logits = discriminator(picture)
    middle = logits.shape[-1] // 2
    logits[0, 0, middle, middle].backward()
    assert picture.grad is not None
    seen = picture.grad.abs().sum((0, 1))
    for direction in (0, 1):
        where = seen.sum(direction).nonzero()
        assert int(where.max() - where.min()) + 1 == patch
    assert receptive_field(convolutions(discriminator)) == patch


def test_isolas_discriminator_answers_for_thirty_by_thirty_patches() -> None:
    discriminator = PatchDiscriminator(base_channels=1)
    rainy, clean = pictures(2, 1, 3, 256, 256)
    assert discriminator(rainy, clean).shape == (1, 1, 30, 30)


def test_the_conditional_discriminator_looks_at_both_pictures() -> None:
    torch.manual_seed(0)
    discriminator = PatchDiscriminator(base_channels=2).eval()
    rainy, clean, other = pictures(3, 1, 3, 32, 32)
    judged = discriminator(rainy, clean)
    assert not torch.equal(judged, discriminator(rainy, other))
    assert not torch.equal(judged, discriminator(other, clean))
    assert discriminator.conditional
    assert not PatchDiscriminator(in_channels=3, base_channels=2).conditional


def test_features_are_what_each_block_but_the_last_sees() -> None:
    discriminator = PatchDiscriminator(in_channels=3, base_channels=2).eval()
    seen = discriminator.features(pictures(1, 3, 64, 64))
    assert [tuple(x.shape[1:]) for x in seen] == [(2, 32, 32), (4, 16, 16), (8, 8, 8), (16, 7, 7)]
    torch.testing.assert_close(discriminator.logit(seen[-1]), discriminator(pictures(1, 3, 64, 64)))


def test_wrong_pictures_are_refused_with_the_mend() -> None:
    generator = UNetGenerator(depth=2, base_channels=2)
    with pytest.raises(ValueError, match=r"takes N×3×H×W, got 3×16×16.*picture\[None\]"):
        generator(torch.zeros(3, 16, 16))
    with pytest.raises(ValueError, match="got 1×4×16×16"):
        generator(torch.zeros(1, 4, 16, 16))
    conditional = PatchDiscriminator(base_channels=2)
    with pytest.raises(ValueError, match=r"6 channels, got 3; call discriminator\(rainy, picture"):
        conditional(torch.zeros(1, 3, 32, 32))
    alone = PatchDiscriminator(in_channels=3, base_channels=2)
    with pytest.raises(ValueError, match=r"3 channels, got 6; call discriminator\(picture\)"):
        alone(torch.zeros(1, 3, 32, 32), torch.zeros(1, 3, 32, 32))


@pytest.mark.parametrize("n_layers", [1, 3])
def test_the_smallest_pictures_that_are_not_refused_have_an_answer(n_layers) -> None:
    discriminator = PatchDiscriminator(in_channels=3, base_channels=2, n_layers=n_layers)
    side = discriminator.smallest
    assert discriminator(torch.zeros(2, 3, side, side)).shape == (2, 1, 1, 1)
    with pytest.raises(
        ValueError, match=f"too small for this discriminator: give it {side}×{side}"
    ):
        discriminator(torch.zeros(2, 3, side, side - 1))


def test_networks_that_make_no_sense_are_not_built() -> None:
    with pytest.raises(ValueError, match="halves at least twice; depth is 1"):
        UNetGenerator(depth=1)
    with pytest.raises(ValueError, match="halves at least once; n_layers is 0"):
        PatchDiscriminator(n_layers=0)
    with pytest.raises(ValueError, match="not 'bilinear'"):
        UNetGenerator(depth=2, upsampling="bilinear")


@pytest.mark.parametrize("make", [UNetGenerator, PatchDiscriminator])
def test_initial_weights_are_isolas(make) -> None:
    torch.manual_seed(0)
    network = make(base_channels=16).requires_grad_(False)
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            assert module.weight.std() == pytest.approx(0.02, rel=0.1)
            assert module.weight.mean() == pytest.approx(0, abs=0.003)
        elif isinstance(module, nn.BatchNorm2d):
            assert 0.01 < module.weight.std() < 0.03
            assert module.weight.mean() == pytest.approx(1, abs=0.02)
        else:
            continue
        assert module.bias is None or not module.bias.any()


@pytest.mark.parametrize("make", [UNetGenerator, PatchDiscriminator])
def test_the_same_seed_gives_the_same_weights(make) -> None:
    def weights(seed: int) -> list[torch.Tensor]:
        torch.manual_seed(seed)
        return [p.detach() for p in make(base_channels=2).parameters()]

    assert all(torch.equal(a, b) for a, b in zip(weights(1), weights(1), strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(weights(1), weights(2), strict=True))


@pytest.mark.parametrize("upsampling", ["nearest", "transposed"])
def test_only_transposed_convolutions_draw_a_checkerboard_into_a_plain_area(upsampling) -> None:
    torch.manual_seed(0)
    block = up_block(3, 2, norm=None, upsampling=upsampling)
    drawn = block(torch.ones(1, 3, 8, 8))
    assert drawn.shape == (1, 2, 16, 16)
    inside = drawn[..., 2:-2, 2:-2]
    spread = float(inside.detach().std((-2, -1)).max())
    assert (spread < 1e-6) == (upsampling == "nearest")
