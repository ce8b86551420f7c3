"""Finetune a GAN on pseudo ground truth, so that its artifacts go (DeSRA, §3.3)."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn
from torch.utils.data import Dataset

from course_lib.artifacts.finetune import finetune_step, pseudo_ground_truth
from course_lib.artifacts.mask import artifact_mask
from course_lib.artifacts.texture import distance_map, valid
from course_lib.data.crops import StepLoader, make_loader
from course_lib.data.pair import Batch
from course_lib.models.sr import RRDBHead
from course_lib.systems.sr_gan import BETAS, SRGan
from course_lib.systems.system import System, adam, one_network
from course_lib.systems.twins import CachedCrops, Twins, enlarged, unit_tensor
from course_lib.training.best import KeepBest
from course_lib.training.rates import warm_up_then_decay

FineStep = Callable[[nn.Module, Batch, torch.optim.Optimizer], torch.Tensor]
Target = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True, kw_only=True)
class FinetuneSettings:
    """How a GAN is finetuned.

    Attributes:
        steps, rate, batch_size: of the training; 1e-4 is the paper's rate (§4.1).
        threshold: of the masks to learn from. Above that of detection, 0.7, so that the
            surroundings of an artifact go with it.
        min_area: of a region, pixels.
        feather: σ of the masks' blur, pixels.
        features, adversarial: weights of the GAN's losses, if its discriminator is known; each
            step towards pseudo ground truth is then followed by one of the game.
        every: steps between two scores on held-out pairs; the best weights are kept.
    """

    steps: int = 40
    rate: float = 1e-4
    batch_size: int = 4
    threshold: float = 0.8
    min_area: int = 200
    feather: float = 3.0
    features: float = 0.3
    adversarial: float = 0.02
    every: int = 10

    @classmethod
    def of(cls, twins: Twins, **settings: Any) -> FinetuneSettings:
        """The settings for twins: a small network needs a higher rate."""
        return cls(**{"rate": 1e-4 if isinstance(twins.gan, RRDBHead) else 3e-4} | settings)


class PseudoPairs(NamedTuple):
    """Inputs and pseudo ground truth.

    Attributes:
        inputs: N×C×h×w, features of the small pictures.
        targets: N×3×sh×sw in [0, 1].
        masks: N×1×sh×sw, 1 where an artifact was.
        positions: of the pictures among those that were looked at. The pairs with the largest
            artifacts come first.
    """

    inputs: torch.Tensor
    targets: torch.Tensor
    masks: torch.Tensor
    positions: list[int]


class MaskedCrops(Dataset[Batch]):
    """`CachedCrops` with a mask beside each target."""

    def __init__(self, pairs: PseudoPairs, seed: int) -> None:
        self._crops = CachedCrops(pairs.inputs, torch.cat([pairs.targets, pairs.masks], 1), seed)
        self.settings = self._crops.settings

    def __getitem__(self, n: int) -> Batch:
        """Item n: an input, its target and its mask."""
        both = self._crops[n]
        return Batch(both.rainy, both.clean[:3], both.clean[3:])


def masks_of(gan: np.ndarray, mse: np.ndarray, settings: FinetuneSettings) -> np.ndarray:
    """The mask to learn from: bool H×W."""
    distance = valid(distance_map(gan, mse))
    found = artifact_mask(distance, threshold=settings.threshold, min_area=settings.min_area)
    return np.pad(found, (gan.shape[0] - found.shape[0]) // 2)


def make_pairs(
    twins: Twins,
    low: Sequence[np.ndarray],
    settings: FinetuneSettings,
    *,
    most: int | None = None,
    target: Target | None = None,
) -> PseudoPairs:
    """Look for artifacts in a GAN's pictures, and make pairs of those that have some.

    Args:
        twins: the GAN and its MSE twin.
        low: small pictures of one size, uint8 h×w×3.
        settings: see `FinetuneSettings`.
        most: keep so many pairs, those with the largest artifacts; None keeps all.
        target: (mse, gan, mask) → pseudo ground truth, such as the learner's; None takes
            `pseudo_ground_truth` with the settings' feather.

    Raises:
        ValueError: no picture has an artifact.
    """

    def feathered(mse: np.ndarray, gan: np.ndarray, mask: np.ndarray) -> np.ndarray:
        return pseudo_ground_truth(mse, gan, mask, feather=settings.feather)

    make = target or feathered
    found = []
    for position, picture in enumerate(low):
        features = twins.features([picture])
        gan, mse = (enlarged(one, features)[0] for one in (twins.gan, twins.mse))
        mask = masks_of(gan, mse, settings)
        if mask.any():
            found.append((position, features, make(mse, gan, mask), mask))
    if not found:
        raise ValueError(
            f"none of {len(low)} pictures has an artifact of more than {settings.min_area} pixels: "
            "give more pictures, or harder ones"
        )
    found.sort(key=lambda one: -one[-1].mean())
    positions, inputs, targets, masks = zip(*found[:most], strict=True)
    stacked = torch.from_numpy(np.stack(masks))[:, None].float()
    return PseudoPairs(torch.cat(inputs), unit_tensor(targets), stacked, list(positions))


def set_up(
    twins: Twins,
    pairs: PseudoPairs,
    settings: FinetuneSettings,
    seed: int = 0,
    *,
    held_out: PseudoPairs | None = None,
    step: FineStep = finetune_step,
) -> tuple[System, KeepBest | None]:
    """A copy of the GAN's last layers that learns from pairs.

    Args:
        twins: whose GAN is copied.
        pairs: to learn from.
        settings: of the training.
        seed: of the order.
        held_out: pairs to score on, for stopping early; None trains to the end.
        step: one step, such as the learner's.

    Returns:
        The system, whose generator is the copy, and the callback that can restore the weights
        with the smallest error on held-out pairs.
    """
    network = copy.deepcopy(twins.gan)
    loader = make_loader(
        MaskedCrops(pairs, seed), batch_size=settings.batch_size, steps=settings.steps
    )
    if twins.discriminator is None:
        system = one_network(network, loader, settings.rate, seed, lambda g, _, b, o: step(g, b, o))
    else:
        system = _with_discriminator(
            network, copy.deepcopy(twins.discriminator), loader, settings, seed, step
        )
    if held_out is None:
        return system, None

    def score() -> float:
        errors = [
            float((network(one[None]) - target).abs().mean())
            for one, target in zip(held_out.inputs, held_out.targets, strict=True)
        ]
        return -float(np.mean(errors))

    keep = KeepBest(network, score, settings.every)
    return replace(system, callbacks=[keep]), keep


def _with_discriminator(
    generator: nn.Module,
    discriminator: nn.Module,
    loader: StepLoader,
    settings: FinetuneSettings,
    seed: int,
    step: FineStep,
) -> System:
    """The GAN's game goes on, with pseudo ground truth in the place of photographs."""
    losses = SRGan(pixels=0.0, features=settings.features, adversarial=settings.adversarial)

    def g_step(
        generator: nn.Module,
        discriminator: nn.Module,
        batch: Batch,
        optimizer: torch.optim.Optimizer,
    ) -> torch.Tensor:
        loss = step(generator, batch, optimizer)
        losses.g_step(generator, discriminator, batch, optimizer)
        return loss

    optimizers = [adam(one, settings.rate, BETAS) for one in (generator, discriminator)]
    return System(
        seed=seed,
        generator=generator,
        discriminator=discriminator,
        loader=loader,
        optimizer_g=optimizers[0],
        optimizer_d=optimizers[1],
        d_step=losses.d_step,
        g_step=g_step,
        schedulers=[warm_up_then_decay(one, settings.steps) for one in optimizers],
    )


def finetuned(twins: Twins, network: nn.Module) -> Twins:
    """The twins with another network in the GAN's place."""
    return replace(twins, gan=network.eval())
