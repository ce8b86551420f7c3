import pytest
import torch
from torch import nn

from course_lib.models.baseline import BaselineGenerator, baseline_discriminator


def test_the_network_is_the_reports() -> None:
    generator = BaselineGenerator(size=64)
    kinds = [type(m) for m in generator.encoder.modules()]
    convolutions = [m for m in generator.encoder.modules() if isinstance(m, nn.Conv2d)]
    assert [(c.out_channels, c.kernel_size) for c in convolutions] == [
        (32, (3, 3)),
        (32, (3, 3)),
        (64, (3, 3)),
        (64, (3, 3)),
    ]
    assert kinds.count(nn.AvgPool2d) == 2
    assert kinds.count(nn.BatchNorm2d) == 4
    assert generator.encoder.head.out_features == 128
    decoder_kinds = [type(m) for m in generator.decoder.draw]
    assert [decoder_kinds.count(k) for k in (nn.BatchNorm2d, nn.ReLU, nn.Conv2d, nn.Upsample)] == [
        4,
        4,
        4,
        2,
    ]
    assert baseline_discriminator().head.out_features == 1


@pytest.mark.parametrize("size", [32, 64, 100])
def test_generator_keeps_shape_and_range(size: int) -> None:
    rainy = torch.rand(2, 3, size, size) * 2 - 1
    restored = BaselineGenerator(size=size, base_channels=4)(rainy)
    assert restored.shape == rainy.shape
    assert restored.abs().max() <= 1


@pytest.mark.parametrize("shape", [(16, 16), (64, 96), (33, 21)])
def test_discriminator_gives_one_logit_for_any_size(shape: tuple[int, int]) -> None:
    assert baseline_discriminator(base_channels=4)(torch.zeros(2, 3, *shape)).shape == (2, 1)


def test_last_convolution_draws_at_full_resolution() -> None:
    restored = BaselineGenerator(size=32, base_channels=4)(torch.rand(2, 3, 32, 32))
    doubled = restored[..., ::2, ::2].repeat_interleave(2, -1).repeat_interleave(2, -2)
    assert not torch.equal(restored, doubled)


def test_wrong_sizes_are_refused_with_the_mend() -> None:
    with pytest.raises(ValueError, match="size=62 is not a multiple of 4; use 60"):
        BaselineGenerator(size=62)
    with pytest.raises(ValueError, match="draws 32×32 pictures, got 32×40"):
        BaselineGenerator(size=32, base_channels=4)(torch.zeros(1, 3, 32, 40))
