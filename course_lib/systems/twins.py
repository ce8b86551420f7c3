"""A GAN and its MSE twin: what the recipes of such pairs share (DeSRA, §3).

Training data are small pictures, or features of them, that are computed once and kept in memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.data import Dataset

from course_lib.data.crops import make_loader
from course_lib.data.degradations import Degradation, Degrade
from course_lib.data.pair import Batch
from course_lib.metrics import psnr
from course_lib.ranges import to_uint8
from course_lib.systems.system import System, one_network

BATCH = 4
RATE = 1e-4  # of Adam; DeSRA, §4.1


class CachedCrops(Dataset[Batch]):
    """An endless dataset of inputs and targets in memory: each epoch has all, in a new order.

    Args:
        inputs: N×C×H×W, as the network takes them.
        targets: N×3×H×W.
        seed: ≥ 0, of the order.

    Raises:
        ValueError: none, or not as many inputs as targets.
    """

    def __init__(self, inputs: torch.Tensor, targets: torch.Tensor, seed: int) -> None:
        if not len(inputs) or len(inputs) != len(targets):
            raise ValueError(
                f"as many inputs as targets are needed, at least one of each; there are "
                f"{len(inputs)} and {len(targets)}"
            )
        self._inputs, self._targets, self._seed = inputs, targets, seed

    @property
    def settings(self) -> dict[str, Any]:
        """What the batches depend on."""
        digest = hashlib.sha256()
        for one in (self._inputs, self._targets):
            digest.update(one.contiguous().numpy().tobytes())
        return {"crops": digest.hexdigest(), "seed of data": self._seed}

    def __getitem__(self, n: int) -> Batch:
        """Item n: an input and its target, and an empty mask 1×1×1."""
        epoch, position = divmod(n, len(self._inputs))
        order = np.random.default_rng((self._seed, epoch, 2)).permutation(len(self._inputs))
        chosen = int(order[position])
        return Batch(self._inputs[chosen], self._targets[chosen], torch.zeros(1, 1, 1))


def degraded_crops(
    photographs: Mapping[str, np.ndarray],
    count: int,
    seed: int,
    *,
    size: int = 160,
    how: Degrade | None = None,
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Draw crops of photographs, and the small, noisy picture of each.

    Args:
        photographs: name → uint8 H×W×3, both sides at least ``size``.
        count: how many crops.
        seed: ≥ 0.
        size: side of the crops, pixels, a multiple of the scale.
        how: each crop is degraded; None takes `Degradation`.

    Returns:
        The small pictures and the crops, each uint8.

    Raises:
        ValueError: no photograph is large enough, or as `degrade`.
    """
    photos = [one for one in photographs.values() if min(one.shape[:2]) >= size]
    if not photos:
        raise ValueError(f"no photograph has {size} pixels on both sides")
    degrade = how or Degradation()
    low, high = [], []
    for n in range(count):
        rng = np.random.default_rng((seed, n, 3))
        photo = photos[rng.integers(len(photos))]
        top, left = (int(rng.integers(side - size + 1)) for side in photo.shape[:2])
        high.append(photo[top : top + size, left : left + size])
        low.append(degrade(high[-1], rng))
    return low, high


def unit_tensor(pictures: Sequence[np.ndarray]) -> torch.Tensor:
    """Pictures of one size, uint8 H×W×3 → N×3×H×W float32 in [0, 1]."""
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 255


def pictures_of(tensor: torch.Tensor) -> list[np.ndarray]:
    """N×3×H×W → pictures, uint8 H×W×3; values outside [0, 1] are clipped."""
    return [to_uint8(one.permute(1, 2, 0).clamp(0, 1).numpy()) for one in tensor]


@dataclass(frozen=True, kw_only=True)
class Twins:
    """A GAN and its MSE twin, for super-resolution or deraining, which share their first layers.

    Attributes:
        shared: those layers, small pictures N×3×h×w in [0, 1] → features N×C×h×w; an
            `nn.Identity` if the twins share none.
        gan, mse: the other layers of each, features → N×3×sh×sw.
        scale: s; 1 for derainers.
        discriminator: of the GAN's training, if it is known.
    """

    shared: Callable[[torch.Tensor], torch.Tensor]
    gan: nn.Module
    mse: nn.Module
    scale: int
    discriminator: nn.Module | None = None

    @torch.no_grad()
    def features(self, low: Sequence[np.ndarray]) -> torch.Tensor:
        """Compute the features of small pictures of one size, uint8 h×w×3: N×C×h×w."""
        return torch.cat([self.shared(unit_tensor([one])) for one in low])

    def pictures(self, low: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Enlarge a small picture with the GAN and with its MSE twin: uint8 sh×sw×3 each."""
        features = self.features([low])
        return enlarged(self.gan, features)[0], enlarged(self.mse, features)[0]


@torch.no_grad()
def enlarged(network: nn.Module, inputs: torch.Tensor) -> list[np.ndarray]:
    """Pictures of a network, one input at a time: uint8 H×W×3."""
    network.eval()
    return [pictures_of(network(one[None]))[0] for one in inputs]


def set_up(
    network: nn.Module,
    inputs: torch.Tensor,
    targets: torch.Tensor,
    *,
    steps: int,
    seed: int = 0,
    loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor] = nn.functional.mse_loss,
    rate: float = RATE,
    batch_size: int = BATCH,
) -> System:
    """A network that learns from inputs and targets in memory.

    Args:
        network: such as an `RRDBHead`, whose inputs are features.
        inputs, targets: see `CachedCrops`.
        steps, seed, batch_size, rate: of the training; the rate rises and falls, see
            `warm_up_then_decay`.
        loss: of output and target. The mean squared error makes an MSE twin.
    """
    loader = make_loader(CachedCrops(inputs, targets, seed), batch_size=batch_size, steps=steps)
    return one_network(network, loader, rate, seed, partial(pixel_step, loss=loss))


def pixel_step(
    generator: nn.Module,
    discriminator: nn.Module,
    batch: Batch,
    optimizer: torch.optim.Optimizer,
    *,
    loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
) -> torch.Tensor:
    """One step by a loss of output and target; returns the loss before the update."""
    optimizer.zero_grad()
    found = loss(generator(batch.rainy), batch.clean)
    found.backward()
    optimizer.step()
    return found.detach()


def mean_psnr(network: nn.Module, inputs: torch.Tensor, photographs: Sequence[np.ndarray]) -> float:
    """Mean PSNR of a network's pictures, dB; photographs are uint8 H×W×3."""
    pictures = enlarged(network, inputs)
    return float(np.mean([psnr(*both) for both in zip(pictures, photographs, strict=True)]))
