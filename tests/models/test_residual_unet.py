import pytest
import torch

from course_lib.models.residual_unet import ResidualUNet


def randomised(network: torch.nn.Module) -> torch.nn.Module:
    torch.manual_seed(0)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.05)
    return network


def test_a_fresh_network_changes_nothing():
    picture = torch.rand(2, 3, 32, 48) * 2 - 1
    assert torch.equal(ResidualUNet((8, 12), (1, 2))(picture), picture)


@pytest.mark.parametrize("size", [(8, 8), (7, 13), (1, 1), (33, 50)])
def test_pictures_of_any_size_keep_it(size):
    network = randomised(ResidualUNet((8, 12, 16), (1, 1, 1)))
    assert network(torch.rand(1, 3, *size)).shape == (1, 3, *size)


def test_what_the_network_answers_moves_with_the_picture():
    network = randomised(ResidualUNet((8, 12), (1, 1))).eval()
    wide = torch.rand(1, 3, 64, 128)
    moved = network(wide[..., network.multiple :])
    torch.testing.assert_close(network(wide)[..., 52:76], moved[..., 48:72], rtol=0, atol=1e-5)


def test_every_parameter_gets_a_gradient():
    network = randomised(ResidualUNet((8, 12), (2, 1)))
    network(torch.rand(2, 3, 16, 16)).square().mean().backward()
    assert all(one.grad is not None and one.grad.any() for one in network.parameters())


def test_each_level_has_its_own_width_and_number_of_blocks():
    network = ResidualUNet((4, 6, 8), (1, 2, 3))
    assert [len(level) for level in network.down] == [1, 2, 3]
    assert [len(level) for level in network.up] == [1, 2]
    assert network.down[2][0].first.weight.shape == (8, 8, 3, 3)
    assert network.multiple == 8


@pytest.mark.parametrize(
    ("widths", "blocks"), [((), ()), ((8, 8), (1,)), ((8, 0), (1, 1)), ((8, 8), (1, 0))]
)
def test_impossible_networks_are_refused(widths, blocks):
    with pytest.raises(ValueError, match="at least one level"):
        ResidualUNet(widths, blocks)


def test_a_picture_without_a_batch_axis_is_refused():
    with pytest.raises(ValueError, match=r"got 3×8×8; a single picture needs a batch axis"):
        ResidualUNet()(torch.zeros(3, 8, 8))
