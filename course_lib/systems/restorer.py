"""The networks of `course restore`: one removes streaks, one drops, one tells the two apart.

They learn from computed rain on photographs: the embedded ones, and any folder of clean
photographs. No picture of a set of real rain is used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.data import Dataset

from course_lib.data.compressed import CompressedCrops
from course_lib.data.crops import CropDataset, StepLoader, make_loader
from course_lib.data.pair import Batch
from course_lib.data.photos import PHOTOS, load_photo, shrink
from course_lib.data.rain import RainMix
from course_lib.data.recolour import RecolouredCrops
from course_lib.models.classifier import RainClassifier
from course_lib.models.residual_unet import ResidualUNet
from course_lib.systems.system import System, one_network

REVISION = 2  # one more with each change that alters the bits of a training run
# Photographs that no network here learns from: settings were chosen on them. The last three
# belong to the folder of free photographs that the shipped networks learnt from.
VALIDATION = ("astronaut", "motorcycle", "bythewater", "path", "twowings")
LEAST_RAIN = 0.005  # share of a crop's pixels that show rain, below which it counts as without
CLIP = 1.0  # largest norm of all gradients together


@dataclass(frozen=True, kw_only=True)
class RestorerSettings:
    """How one of the networks is built and trained.

    Attributes:
        rain: what falls on the crops, and how often none does.
        widths, blocks: see `ResidualUNet`.
        image_size: side of the crops, pixels.
        batch_size: crops of a step.
        steps: of the training.
        learning_rate: its highest value.
        shrinks: each photograph is used at 1/1, 1/2 … of its size, as far as crops fit.
        negatives: whether each photograph of half the size or less also comes as a negative.
        canvases, renew_steps: size of the pool of drawn rains, and after how many steps one is
            replaced; see `CropDataset`.
        colours: how far the curves of the three colours lie apart, see `RecolouredCrops`.
        jpeg: share of the crops that are compressed.
        limit: of `psnr_loss`, dB.
        works_at: number of pixels; larger pictures are restored by way of a copy of that size, see
            `restore_at`. None restores pictures of any size as they are.
    """

    rain: RainMix
    widths: tuple[int, ...]
    blocks: tuple[int, ...]
    image_size: int
    batch_size: int
    steps: int
    learning_rate: float = 1e-3
    shrinks: tuple[int, ...] = (1, 2, 3)
    negatives: bool = False
    canvases: int = 96
    renew_steps: int | None = 6
    colours: float = 1.0
    jpeg: float = 0.5
    limit: float = 50.0
    works_at: int | None = None

    def network(self) -> dict[str, object]:
        """Return how the network is built, as the header of its file states it."""
        return {
            "kind": "ResidualUNet",
            "widths": list(self.widths),
            "blocks": list(self.blocks),
        }


STREAK_KINDS: Mapping[str, float] = {
    "light": 3,
    "heavy": 1,
    "wide": 1,
    "any_streaks": 4,
    "noise_streaks": 2,
}
DROP_KINDS: Mapping[str, float] = {"drops": 1, "any_drops": 1}
STREAKS = RestorerSettings(
    rain=RainMix(kinds={**STREAK_KINDS, "none": 2.5}, scales=(0.5, 1.6), veil_stays=True),
    widths=(48, 64, 80),
    blocks=(3, 3, 2),
    image_size=64,
    batch_size=8,
    steps=28_000,
    limit=40.0,
)
DROPS = RestorerSettings(
    rain=RainMix(kinds={**DROP_KINDS, "none": 0.15}, scales=(0.5, 1.6)),
    widths=(48, 64, 80, 96, 96),
    blocks=(2, 2, 2, 2, 1),
    image_size=128,
    batch_size=6,
    steps=11_500,
    canvases=48,
    renew_steps=24,
    colours=0.3,
    limit=40.0,
    works_at=350_000,
)
SETTINGS: Mapping[str, RestorerSettings] = {"streaks": STREAKS, "drops": DROPS}


@dataclass(frozen=True, kw_only=True)
class ClassifierSettings:
    """How the classifier of streaks and drops is trained.

    Attributes:
        image_size, batch_size, steps, learning_rate, canvases: as in `RestorerSettings`.
    """

    image_size: int = 160
    batch_size: int = 16
    steps: int = 4500
    learning_rate: float = 2e-3
    canvases: int = 64


CLASSIFIER = ClassifierSettings()


def scenes(
    photographs: Mapping[str, np.ndarray],
    size: int,
    *,
    shrinks: Sequence[int] = (1, 2, 3),
    negatives: bool = False,
) -> dict[str, np.ndarray]:
    """Return the photographs to learn from, each at several sizes; none of `VALIDATION`.

    Args:
        photographs: name → uint8 H×W×3.
        size: side of the crops, pixels; sizes into which no crop fits are left out.
        shrinks, negatives: see `RestorerSettings`.
    """
    found = {}
    for name, photo in photographs.items():
        if name in VALIDATION:
            continue
        for factor in shrinks:
            smaller = shrink(photo, factor)
            if min(smaller.shape[:2]) >= size:
                found[f"{name}, 1/{factor}"] = smaller
                if negatives and factor > 1:
                    found[f"{name}, 1/{factor}, negative"] = 255 - smaller
    return found


def validation_scenes(photographs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the photographs of `VALIDATION`, those that aren't embedded at half their size."""
    return {
        name: photo if name in PHOTOS else shrink(photo, 2)
        for name, photo in photographs.items()
        if name in VALIDATION
    }


def embedded() -> dict[str, np.ndarray]:
    """Return all embedded photographs, name → uint8 H×W×3."""
    return {name: load_photo(name) for name in PHOTOS}


def training_crops(
    photographs: Mapping[str, np.ndarray], settings: RestorerSettings, seed: int
) -> Dataset[Batch]:
    """Return the training crops: rain, then another light, then JPEG."""
    renew = settings.renew_steps and settings.renew_steps * settings.batch_size
    rainy = CropDataset(
        scenes(
            photographs,
            settings.image_size,
            shrinks=settings.shrinks,
            negatives=settings.negatives,
        ),
        settings.rain,
        settings.image_size,
        seed,
        canvases=settings.canvases,
        renew_every=renew,
    )
    recoloured = RecolouredCrops(rainy, seed, spread=settings.colours)
    return CompressedCrops(recoloured, seed, share=settings.jpeg)


def set_up(
    photographs: Mapping[str, np.ndarray],
    settings: RestorerSettings,
    seed: int = 0,
    *,
    workers: int = 0,
) -> System:
    """Return a fresh network with everything that trains it.

    Args:
        photographs: name → uint8 H×W×3, to learn from, less those of `VALIDATION`.
        settings: `STREAKS`, `DROPS`, or yours.
        seed: of the crops and the initial weights.
        workers: processes that prepare batches.
    """
    torch.manual_seed(seed)
    generator = ResidualUNet(settings.widths, settings.blocks)
    nn.utils.convert_conv2d_weight_memory_format(generator, torch.channels_last)
    crops = training_crops(photographs, settings, seed)
    step = partial(restoration_step, limit=settings.limit)
    return one_network(
        generator, _loader(crops, settings, workers), settings.learning_rate, seed, step
    )


class KindCrops(Dataset[Batch]):
    """Crops with the number of their kind in place of a mask: streaks 0, drops 1, no rain 2.

    A crop on which hardly any rain fell counts as one without rain.

    Args:
        photographs, seed: as `set_up` takes them.
        settings: how large the crops are.
    """

    def __init__(
        self, photographs: Mapping[str, np.ndarray], settings: ClassifierSettings, seed: int
    ) -> None:
        size = settings.image_size
        photos = scenes(photographs, size, shrinks=(1, 2))
        self._kinds = [
            CompressedCrops(
                RecolouredCrops(
                    CropDataset(
                        photos,
                        RainMix(kinds=kinds, scales=(0.5, 2)),
                        size,
                        seed,
                        canvases=settings.canvases,
                        renew_every=4 * settings.batch_size,
                    ),
                    seed,
                ),
                seed,
            )
            for kinds in (STREAK_KINDS, DROP_KINDS, {"none": 1.0})
        ]
        self.size = size

    @property
    def settings(self) -> dict[str, Any]:
        """What the crops depend on."""
        return {
            f"kind {n}'s {key}": value
            for n, one in enumerate(self._kinds)
            for key, value in one.settings.items()
        }

    def __getitem__(self, n: int) -> Batch:
        """Item n: rainy and clean 3×size×size in [−1, 1], and the kind as 1×1×1."""
        kind = n % len(self._kinds)
        rainy, clean, mask = self._kinds[kind][n]
        if mask.mean() < LEAST_RAIN:
            kind = len(self._kinds) - 1
        return Batch(rainy, clean, torch.full((1, 1, 1), float(kind)))


def set_up_classifier(
    photographs: Mapping[str, np.ndarray],
    settings: ClassifierSettings = CLASSIFIER,
    seed: int = 0,
    *,
    workers: int = 0,
) -> System:
    """Return a fresh classifier of kinds of rain, in the place of a generator.

    Arguments are those of `set_up`.
    """
    torch.manual_seed(seed)
    classifier, crops = RainClassifier(), KindCrops(photographs, settings, seed)
    return one_network(
        classifier,
        _loader(crops, settings, workers),
        settings.learning_rate,
        seed,
        classification_step,
    )


def _loader(
    crops: Dataset[Batch], settings: RestorerSettings | ClassifierSettings, workers: int
) -> StepLoader:
    return make_loader(crops, batch_size=settings.batch_size, steps=settings.steps, workers=workers)


def classification_step(
    classifier: nn.Module, unused: nn.Module, batch: Batch, optimizer: torch.optim.Optimizer
) -> torch.Tensor:
    """One step of the classifier by cross entropy; returns the loss before the update."""
    optimizer.zero_grad()
    kinds = batch.mask[:, 0, 0, 0].long()
    loss = nn.functional.cross_entropy(classifier(batch.rainy), kinds)
    loss.backward()
    optimizer.step()
    return loss.detach()


def psnr_loss(restored: torch.Tensor, clean: torch.Tensor, *, limit: float = 50.0) -> torch.Tensor:
    """The mean over the pictures of the logarithm of their mean squared error.

    Up to a factor it is the mean PSNR with its sign changed (Chen et al. 2021, *HINet*), so
    it asks as much of a picture with little rain as of one with much.

    Args:
        restored, clean: N×3×H×W in [−1, 1].
        limit: PSNR, dB, above which little more is asked of a picture.
    """
    errors = (restored - clean).square().mean((1, 2, 3))
    return (errors + 4 * 10 ** (-limit / 10)).log().mean()


def restoration_step(
    generator: nn.Module,
    discriminator: nn.Module,
    batch: Batch,
    optimizer: torch.optim.Optimizer,
    *,
    limit: float = 50.0,
) -> torch.Tensor:
    """One step of the network by `psnr_loss`; returns the loss before the update."""
    optimizer.zero_grad()
    loss = psnr_loss(generator(batch.rainy), batch.clean, limit=limit)
    loss.backward()
    nn.utils.clip_grad_norm_(generator.parameters(), CLIP)
    optimizer.step()
    return loss.detach()
