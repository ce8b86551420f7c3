from __future__ import annotations

import struct

import numpy as np
import pytest
import torch
from torch import nn

from course_lib.models.ncnn import HALF, SINGLE, read_convolutions, state_dict

HEAD = "7767517\n4 4\nInput  data  0 1 data\n"


def stored(network: nn.Sequential, half: bool = True) -> tuple[str, bytes]:
    """A chain of convolutions in ncnn's files."""
    lines, data = [HEAD.rstrip()], b""
    for n, layer in enumerate(network):
        count, (side, _) = layer.weight.numel(), layer.kernel_size
        bias = int(layer.bias is not None)
        lines.append(
            f"Convolution  Conv_{n}  1 1 {n} {n + 1} 0={layer.out_channels} 1={side} 4=1 5={bias} "
            f"6={count} 9=2 -23310=1,2.000000e-01"
        )
        weight = layer.weight.detach().numpy().astype(np.float16 if half else np.float32).tobytes()
        data += struct.pack("<I", HALF if half else SINGLE) + weight + b"\0" * (-len(weight) % 4)
        if bias:
            data += layer.bias.detach().numpy().tobytes()
    return "\n".join([*lines, "BinaryOp  Add  2 1 a b c", ""]), data


@pytest.fixture
def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 5, 3), nn.Conv2d(5, 3, 1, bias=False), nn.Conv2d(3, 1, 3))


@pytest.mark.parametrize("half", [True, False])
def test_convolutions_are_read_as_stored(network, half) -> None:
    found = read_convolutions(*stored(network, half))
    assert [one.weight.dtype for one in found] == [torch.float16 if half else torch.float32] * 3
    for one, layer in zip(found, network, strict=True):
        expected = layer.weight.half() if half else layer.weight
        assert torch.equal(one.weight, expected)
        torch.testing.assert_close(
            one.bias, torch.zeros(3) if layer.bias is None else layer.bias.detach()
        )


def test_they_get_the_names_of_a_network_of_the_same_form(network) -> None:
    network[1] = nn.Conv2d(5, 3, 1)
    named = state_dict(read_convolutions(*stored(network, half=False)), network.state_dict())
    fresh = nn.Sequential(nn.Conv2d(3, 5, 3), nn.Conv2d(5, 3, 1), nn.Conv2d(3, 1, 3))
    fresh.load_state_dict(named)
    picture = torch.rand(1, 3, 8, 8)
    torch.testing.assert_close(fresh(picture), network(picture))
    other = nn.Sequential(nn.Conv2d(3, 4, 3))
    with pytest.raises(ValueError, match="these 3 convolutions aren't those of the network"):
        state_dict(read_convolutions(*stored(network)), other.state_dict())


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda param, data: ("<html>", data), "begins with 7767517, this one with '<html>'"),
        (lambda param, data: (param, data[:-3]), "ends after .* bytes, in the middle of a layer"),
        (lambda param, data: (param, data + b"more"), "has 4 bytes more than its layers need"),
        (
            lambda param, data: (param.replace(" 6=", " 7="), data),
            "isn't a convolution as expected",
        ),
        (lambda param, data: (param.replace("6=135", "6=136"), data), "136 weights don't make 5"),
        (
            lambda param, data: (param, b"\1\2\3\4" + data[4:]),
            "layer Conv_0 is stored as 0x4030201",
        ),
    ],
)
def test_spoilt_files_are_refused_in_words(network, spoil, words) -> None:
    with pytest.raises(ValueError, match=words):
        read_convolutions(*spoil(*stored(network)))
