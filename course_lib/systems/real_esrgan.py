"""Real-ESRGAN's released GAN and an MSE twin of it (DeSRA, §3.2).

The authors train the MSE twin first and the GAN from it. Real-ESRGAN's own MSE twin isn't in any
package, so here the order is reversed: the last blocks of the released GAN are trained on the mean
squared error alone. The layers in front of them never change, so their features are computed once
for each crop.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from course_lib.data.degradations import Degradation
from course_lib.models.released import load_released, path_of
from course_lib.models.sr import RRDBHead, RRDBNet
from course_lib.systems import twins
from course_lib.systems.system import System
from course_lib.systems.twins import Twins
from course_lib.tensor_files import BadCheckpoint, read_tensors
from course_lib.training.best import KeepBest

NAME, TWIN = "real-esrgan", "real-esrgan-mse"
BLOCKS = 2  # of the heads
# Free photographs that the shipped MSE twin doesn't learn from. The first three decide when its
# training stops; on the others, nothing is trained or chosen.
HELD_OUT = ("bythewater", "path", "twowings")
UNSEEN = (
    *("colorfulcups", "garden", "kite", "ladybird"),
    *("onestandsout", "storm", "wood", "yellowflower"),
)


@dataclass(frozen=True, kw_only=True)
class MSETwinSettings:
    """How an MSE twin of Real-ESRGAN is trained.

    Attributes:
        crops, held_out: how many crops it learns from, and on how many it is scored.
        size: side of the crops, pixels.
        steps: of the training.
        every: steps between two scores; the weights with the best one are kept.
        rate: Adam's highest learning rate.
        degradation: of the small pictures.
    """

    crops: int
    held_out: int
    size: int = 160
    steps: int
    every: int
    rate: float = twins.RATE
    degradation: Degradation = field(default_factory=Degradation)


SHIPPED = MSETwinSettings(
    crops=320,
    held_out=24,
    steps=480,
    every=40,
    degradation=Degradation(twice=True, blur=(0.4, 3.0), noise=(1.0, 14.0), quality=(40, 95)),
)


SHIPPED_FILE = Path(__file__).parent.parent / "assets/twins/real_esrgan_mse.safetensors"
LIMIT = 10_000_000  # bytes of it


def available() -> bool:
    """Whether Real-ESRGAN's weights are on this machine."""
    return path_of(NAME).exists()


def set_up(network: RRDBNet | None = None) -> Twins:
    """Real-ESRGAN and a twin that equals it, until it is trained or given weights.

    Args:
        network: None loads the released weights.

    Raises:
        FileNotFoundError, ValueError: see `load_released`.
    """
    network = network or load_released(NAME)
    gan = RRDBHead.of(network, BLOCKS).eval()
    shared = partial(network.eval().features, blocks=BLOCKS)
    return Twins(shared=shared, gan=gan, mse=copy.deepcopy(gan), scale=4)


def released_pair(path: Path = SHIPPED_FILE) -> Twins:
    """Real-ESRGAN and its shipped MSE twin.

    Args:
        path: of the twin, as `data_scripts/train_mse_twin.py` writes it.

    Raises:
        FileNotFoundError: Real-ESRGAN's weights aren't on this machine, see `load_released`.
        ValueError: the twin's file is damaged, or of another network.
    """
    pair = set_up()
    tensors, _ = _read(path)
    sizes = [{k: v.shape for k, v in one.items()} for one in (pair.mse.state_dict(), tensors)]
    if sizes[0] != sizes[1]:
        raise ValueError(f"{path} doesn't hold the last blocks of {NAME}: install the course again")
    pair.mse.load_state_dict({key: one.float() for key, one in tensors.items()})
    return pair


def about_shipped(path: Path = SHIPPED_FILE) -> dict[str, Any]:
    """Return the header of the twin's file: what its card says.

    Raises:
        ValueError: see `released_pair`.
    """
    return _read(path)[1]


def _read(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    try:
        return read_tensors(path, limit=LIMIT)
    except (BadCheckpoint, OSError) as error:
        raise ValueError(f"{error}: install the course again") from None


def mse_training(
    pair: Twins,
    photographs: Mapping[str, np.ndarray],
    held_out: Mapping[str, np.ndarray],
    settings: MSETwinSettings,
    seed: int = 0,
) -> tuple[System, KeepBest]:
    """Set up the training of the MSE twin.

    Args:
        pair: whose twin is trained in place.
        photographs, held_out: name → uint8 H×W×3, to learn from and to score on.
        settings: such as `SHIPPED`.
        seed: of the crops.

    Returns:
        The system, one of whose callbacks scores the twin by the PSNR on held-out crops, dB; and
        that callback, which can restore the best weights after the training.
    """
    low, high = twins.degraded_crops(
        photographs, settings.crops, seed, size=settings.size, how=settings.degradation
    )
    low_held, high_held = twins.degraded_crops(
        held_out, settings.held_out, seed + 1, size=settings.size, how=settings.degradation
    )
    features = pair.features(low_held)
    keep = KeepBest(
        pair.mse, lambda: twins.mean_psnr(pair.mse, features, high_held), settings.every
    )
    system = twins.set_up(
        pair.mse,
        pair.features(low),
        twins.unit_tensor(high),
        steps=settings.steps,
        seed=seed,
        rate=settings.rate,
    )
    return replace(system, callbacks=[keep]), keep
