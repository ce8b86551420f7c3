import torch
from torch import nn

from course_lib.models.mirrored import Mirrored
from course_lib.models.residual_unet import ResidualUNet
from course_lib.models.tiles import restore_picture


class Shifted(nn.Module):
    """Moves a picture to the right, and its mirror image therefore to the left."""

    def forward(self, rainy: torch.Tensor) -> torch.Tensor:
        return rainy.roll(1, -1)


def test_the_picture_and_its_mirror_image_count_the_same():
    rainy = torch.arange(4.0).expand(1, 3, 1, 4)
    expected = (rainy.roll(1, -1) + rainy.roll(-1, -1)) / 2
    torch.testing.assert_close(Mirrored(Shifted())(rainy), expected)


def test_a_mirrored_picture_is_restored_to_the_mirrored_result():
    torch.manual_seed(0)
    network = ResidualUNet((8, 8), (1, 1))
    nn.init.normal_(network.last.weight)
    mirrored, rainy = Mirrored(network), torch.rand(1, 3, 16, 24)
    assert mirrored.multiple == network.multiple
    torch.testing.assert_close(mirrored(rainy.flip(-1)), mirrored(rainy).flip(-1))
    assert not torch.allclose(network(rainy.flip(-1)), network(rainy).flip(-1), atol=1e-3)
    picture = (255 * rainy[0].permute(1, 2, 0)).byte().numpy()
    assert restore_picture(mirrored, picture).shape == picture.shape
