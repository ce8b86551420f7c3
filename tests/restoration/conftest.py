from pathlib import Path

import pytest
import torch

from course_lib.models.classifier import RainClassifier
from course_lib.models.residual_unet import ResidualUNet
from course_lib.restoration.networks import save_network

SMALL = {"kind": "ResidualUNet", "widths": [4], "blocks": [1]}


def about(**more):
    return {"title": "A small network for tests.", "removes": "little", "network": SMALL, **more}


@pytest.fixture
def networks(tmp_path: Path) -> Path:
    """A folder with small networks of the course's names."""
    folder = tmp_path / "networks"
    folder.mkdir()
    for seed, name in enumerate(("streaks", "drops")):
        torch.manual_seed(seed)
        network = ResidualUNet((4,), (1,))
        torch.nn.init.normal_(network.last.weight, std=0.02)
        save_network(folder / f"{name}.safetensors", network, about(title=name))
    classifier = RainClassifier(widths=(4, 4))
    how = {"kind": "RainClassifier", "widths": [4, 4]}
    save_network(folder / "rain_kind.safetensors", classifier, about(network=how))
    return folder
