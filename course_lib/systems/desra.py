"""What lessons 05 and 06 work on: twins, and photographs that no twin learned from."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import nn

from course_lib.artifacts.semantics import class_weights, texture_classes
from course_lib.artifacts.texture import distance_map, valid
from course_lib.data.degradations import Degradation, Degrade
from course_lib.data.photos import PHOTOS, load_photo, shrink
from course_lib.data.pictures import read_picture
from course_lib.models.sr import SRResNet
from course_lib.profiles import Profile
from course_lib.systems import real_esrgan, trained_twins
from course_lib.systems.real_esrgan import MSETwinSettings
from course_lib.systems.system import System
from course_lib.systems.trained_twins import SmallTwinSettings
from course_lib.systems.twins import Twins, degraded_crops
from course_lib.training.best import KeepBest

# Photographs that no twin learns from, and the corner (top, left) of the part that is shown.
EXAMPLES = {"china": (171, 0), "rocket": (171, 128), "astronaut": (0, 85)}
SIDE = 256  # pixels of the shown part
SMALLEST = 64  # pixels of a side of a reader's own photograph
# Inputs of a kind that Real-ESRGAN's training doesn't have: aliased thumbnails.
HARD = Degradation(aliased=True, blur=(0.0, 0.0), noise=(3.0, 8.0), quality=(50, 75))


class Example(NamedTuple):
    """A photograph, the small picture of it, and what the twins make of that.

    Attributes:
        low: uint8 h×w×3.
        clean: uint8 sh×sw×3.
        gan, mse: uint8, of the same size as clean.
    """

    low: np.ndarray
    clean: np.ndarray
    gan: np.ndarray
    mse: np.ndarray


@dataclass(frozen=True, kw_only=True)
class LessonTwins:
    """The twins of a lesson.

    Attributes:
        pair: the networks.
        name: of the generator, such as ``"Real-ESRGAN"``.
        degradation: of the hard inputs that it is tried on.
        mild: the degradation of ordinary inputs, as in its own training.
    """

    pair: Twins
    name: str
    degradation: Degrade
    mild: Degrade = field(default_factory=Degradation)

    def example(self, clean: np.ndarray, seed: int, degradation: Degrade | None = None) -> Example:
        """Degrade a photograph and let both twins restore it.

        Args:
            clean: uint8 H×W×3, sides multiples of the scale.
            seed: of the degradation.
            degradation: None takes the twins' own.
        """
        degrade = degradation or self.degradation
        low = degrade(clean, np.random.default_rng((seed, 5)))
        return Example(low, clean, *self.pair.pictures(low))


def scenes(names: Iterable[str], sizes: Sequence[int] = (1, 2)) -> dict[str, np.ndarray]:
    """Embedded photographs, each shrunk by several whole numbers."""
    photos = {name: load_photo(name) for name in names}
    return {f"{name} / {n}": shrink(photo, n) for n in sizes for name, photo in photos.items()}


def training_photographs() -> dict[str, np.ndarray]:
    """The `scenes` that aren't in `EXAMPLES`."""
    return scenes(name for name in PHOTOS if name not in EXAMPLES)


def ordinary(twins: LessonTwins, side: int) -> list[Example]:
    """The middle of each training photograph, with an input as in the GAN's own training.

    Args:
        twins: that enlarge them.
        side: of the parts, pixels, a multiple of the scale.
    """
    found = []
    for n, name in enumerate(name for name in PHOTOS if name not in EXAMPLES):
        photo = load_photo(name)
        top, left = ((length - side) // 2 for length in photo.shape[:2])
        clean = photo[top : top + side, left : left + side]
        found.append(twins.example(clean, n, twins.mild))
    return found


def usual_texture(twins: LessonTwins, side: int) -> dict[int, float]:
    """A of each class of texture: the D that 85 % of its pixels on `ordinary` pictures reach."""
    pictures = ordinary(twins, side)
    return class_weights(
        [valid(distance_map(one.gan, one.mse)) for one in pictures],
        [valid(texture_classes(one.mse)) for one in pictures],
    )


def released_twins() -> LessonTwins:
    """Real-ESRGAN and its shipped MSE twin.

    Raises:
        FileNotFoundError, ValueError: see `real_esrgan.released_pair`.
    """
    return LessonTwins(pair=real_esrgan.released_pair(), name="Real-ESRGAN", degradation=HARD)


def small_twins(
    settings: SmallTwinSettings, seed: int, photographs: Mapping[str, np.ndarray] | None = None
) -> LessonTwins:
    """Small twins, trained now, on `training_photographs` unless others are given."""
    chosen = training_photographs() if photographs is None else photographs
    pair = trained_twins.train(chosen, settings, seed)
    return LessonTwins(pair=pair, name="a small GAN", degradation=HARD)


def twins_at_hand(profile: Profile, seed: int) -> LessonTwins:
    """Real-ESRGAN's twins if its weights are here, else small ones, trained now; says which."""
    if real_esrgan.available():
        twins = released_twins()
    else:
        print("Real-ESRGAN's weights aren't here, so two small networks are trained.")
        twins = small_twins(small_settings(profile), seed)
    print(f"This lesson works on {twins.name}.")
    return twins


def examples(twins: LessonTwins, *, side: int = SIDE) -> dict[str, Example]:
    """The photographs of `EXAMPLES`, enlarged by both twins.

    Args:
        twins: of `released_twins` or `small_twins`.
        side: of the parts, pixels, a multiple of the scale, at most `SIDE`.
    """
    found = {}
    for n, (name, (top, left)) in enumerate(EXAMPLES.items()):
        clean = load_photo(name)[top : top + side, left : left + side]
        found[name] = twins.example(clean, seed=n)
    return found


def hard_inputs(count: int, seed: int, *, size: int = 160, how: Degrade = HARD) -> list[np.ndarray]:
    """Small, degraded crops of photographs that aren't in `EXAMPLES`: uint8 h×w×3 each.

    Args:
        count: how many.
        seed: ≥ 0.
        size: side of the crops before they are shrunk, pixels, at most 160.
        how: they are degraded.
    """
    names = [name for name in PHOTOS if name not in EXAMPLES]
    return degraded_crops(scenes(names, (1, 2, 3)), count, seed, size=size, how=how)[0]


def small_settings(profile: Profile) -> SmallTwinSettings:
    """Small twins as a profile trains them."""
    if profile.name == "smoke":
        return SmallTwinSettings(
            blocks=1,
            features=8,
            crops=16,
            size=64,
            mse_steps=profile.steps,
            gan_steps=profile.steps,
        )
    return SmallTwinSettings()


def mse_training(twins: LessonTwins, profile: Profile, seed: int) -> tuple[Twins, System, KeepBest]:
    """Set up the training of a fresh MSE twin on `training_photographs`.

    Real-ESRGAN's begins as the GAN; a small one begins anew.

    Args:
        twins: whose GAN gets another twin.
        profile: of the lesson, for the number of steps.
        seed: of the crops.

    Returns:
        The new twins, the system, and the callback that keeps the best weights by the PSNR on crops
        of `EXAMPLES`; see `real_esrgan.mse_training`.
    """
    small = profile.name == "smoke"
    settings = MSETwinSettings(
        crops=8 if small else profile.steps,
        held_out=2 if small else 8,
        size=64 if small else 160,
        steps=profile.steps,
        every=profile.log_every,
        degradation=real_esrgan.SHIPPED.degradation,
    )
    if isinstance(twins.pair.gan, SRResNet):
        torch.manual_seed(seed)
        fresh: nn.Module = trained_twins.network(small_settings(profile))
        settings = replace(settings, rate=small_settings(profile).mse_rate)
    else:
        fresh = copy.deepcopy(twins.pair.gan)
    pair = replace(twins.pair, mse=fresh)
    held_out = scenes(EXAMPLES)
    return pair, *real_esrgan.mse_training(pair, training_photographs(), held_out, settings, seed)


def with_noise(low: np.ndarray, sigma: float, seed: int) -> np.ndarray:
    """A small picture with Gaussian noise of σ levels: uint8 h×w×3."""
    noise = np.random.default_rng((seed, 22)).normal(0, sigma, low.shape)
    return np.rint(low + noise).clip(0, 255).astype(np.uint8)


def rescaled(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    """A picture, bicubically resized to height × width."""
    image = Image.fromarray(picture).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(image)


def _resized_by(low: np.ndarray, factor: float) -> np.ndarray:
    return rescaled(low, *(round(factor * side) for side in low.shape[:2]))


# Changes of a small picture that may weaken artifacts (DeSRA, Fig. 3): (picture, seed) → picture.
CHANGED_INPUTS: dict[str, Callable[[np.ndarray, int], np.ndarray]] = {
    "none": lambda low, seed: low,
    "noise 3": lambda low, seed: with_noise(low, 3, seed),
    "noise 6": lambda low, seed: with_noise(low, 6, seed),
    "noise 12": lambda low, seed: with_noise(low, 12, seed),
    "resized by 0.9": lambda low, seed: _resized_by(low, 0.9),
    "resized by 1.1": lambda low, seed: _resized_by(low, 1.1),
    "resized by 1.2": lambda low, seed: _resized_by(low, 1.2),
}


def own_picture(twins: LessonTwins, path: str | None, pixels: int = 40_000) -> Example:
    """Shrink a photograph and enlarge it again with both twins.

    Args:
        twins: that enlarge it.
        path: of a picture file; None takes an embedded photograph.
        pixels: of the small picture, at most.

    Raises:
        ValueError: a picture that is smaller than 64 pixels on a side once it is shrunk.
        OSError, ValueError: see `data.pictures.read_picture`.
    """
    photo = load_photo("chelsea") if path is None else read_picture(path)
    scale = twins.pair.scale
    height, width = photo.shape[:2]
    factor = min(1.0, scale * (pixels / (height * width)) ** 0.5)
    sides = [int(side * factor) // scale * scale for side in (height, width)]
    if min(sides) < SMALLEST:
        raise ValueError(
            f"the photograph has {height}×{width} pixels, and {sides[0]}×{sides[1]} once it is "
            f"shrunk; both sides have to be {SMALLEST} or more: take a larger or less narrow one"
        )
    return twins.example(rescaled(photo, *sides), seed=0)
