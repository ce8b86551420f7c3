from __future__ import annotations

import pytest
import torch

from course_lib.models.sr import RRDBHead, RRDBNet, SRResNet


def test_the_whole_rrdbnet_has_the_size_of_the_released_one() -> None:
    with torch.device("meta"):
        network = RRDBNet()
    assert sum(one.numel() for one in network.parameters()) == 16_697_987
    keys = list(network.state_dict())
    assert keys[:2] == ["conv_first.weight", "conv_first.bias"]
    assert "body.22.rdb3.conv5.weight" in keys
    assert [key for key in keys if "body." not in key][-2:] == [
        "conv_last.weight",
        "conv_last.bias",
    ]


def test_rrdbnet_enlarges_four_times_and_its_tail_goes_on_from_features() -> None:
    torch.manual_seed(0)
    network = RRDBNet(blocks=1, features=8, growth=4)
    low = torch.rand(2, 3, 7, 9)
    high = network(low)
    assert high.shape == (2, 3, 28, 36)
    first = network.conv_first(low)
    torch.testing.assert_close(network.tail(first, network.body(first)), high)


def test_dense_blocks_add_a_fifth_of_what_they_compute() -> None:
    network = RRDBNet(blocks=1, features=8, growth=4)
    block = network.body[0].rdb1
    torch.nn.init.zeros_(block.conv5.weight)
    torch.nn.init.ones_(block.conv5.bias)
    x = torch.rand(1, 8, 5, 5)
    torch.testing.assert_close(block(x), x + 0.2)


@pytest.mark.parametrize("scale", [2, 4])
def test_a_fresh_srresnet_enlarges_bilinearly(scale) -> None:
    low = torch.rand(1, 3, 6, 8)
    expected = torch.nn.functional.interpolate(low, scale_factor=scale, mode="bilinear")
    torch.testing.assert_close(SRResNet(scale, blocks=1, features=8)(low), expected)


def test_another_scale_is_refused() -> None:
    with pytest.raises(ValueError, match="scale is 2 or 4; it is 3"):
        SRResNet(3)


def test_a_head_goes_on_from_the_features_of_its_network() -> None:
    torch.manual_seed(0)
    network = RRDBNet(blocks=3, features=8, growth=4)
    head, low = RRDBHead.of(network, 2), torch.rand(2, 3, 7, 9)
    with torch.no_grad():
        features = network.features(low, 2)
        assert features.shape == (2, 16, 7, 9)
        torch.testing.assert_close(head(features), network(low))
    head.conv_last.bias.data += 1  # a copy
    assert (network.conv_last.bias != head.conv_last.bias).all()


def test_the_head_of_the_released_network_is_a_tenth_of_it() -> None:
    with torch.device("meta"):
        head = RRDBHead()
    assert sum(one.numel() for one in head.parameters()) == 1_588_291


@pytest.mark.parametrize("blocks", [0, 4])
def test_a_head_has_no_more_blocks_than_its_network(blocks) -> None:
    with pytest.raises(ValueError, match=f"1 to 3 blocks; it is to have {blocks}"):
        RRDBHead.of(RRDBNet(blocks=3, features=8, growth=4), blocks)
