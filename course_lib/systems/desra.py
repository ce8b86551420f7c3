"""What lessons 05 and 06 work on: twins, and photographs that no twin learned from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from course_lib.data.degradations import Degradation, degrade
from course_lib.data.photos import PHOTOS, load_photo, shrink
from course_lib.systems import real_esrgan, small_sr
from course_lib.systems.small_sr import SmallSRSettings
from course_lib.systems.twins import Twins

# Photographs that no twin learns from, and the corner (top, left) of the part that is shown.
EXAMPLES = {"astronaut": (0, 96), "china": (60, 20), "rocket": (150, 300)}
SIDE = 256  # pixels of the shown part
# Harder than the inputs that Real-ESRGAN was trained on: blurred, noisy and compressed twice.
HARD = Degradation(twice=True, blur=(1.0, 3.0), noise=(5.0, 15.0), quality=(40, 70))


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
        name: of the generator, ``"Real-ESRGAN"`` or ``"a small GAN"``.
        degradation: of the small pictures that it is tried on.
    """

    pair: Twins
    name: str
    degradation: Degradation

    def example(
        self, clean: np.ndarray, seed: int, degradation: Degradation | None = None
    ) -> Example:
        """Degrade a photograph and let both twins enlarge it.

        Args:
            clean: uint8 H×W×3, sides multiples of the scale.
            seed: of the degradation.
            degradation: None takes the twins' own.
        """
        how = degradation or self.degradation
        low = degrade(clean, np.random.default_rng((seed, 5)), how)
        return Example(low, clean, *self.pair.pictures(low))


def training_photographs() -> dict[str, np.ndarray]:
    """The embedded photographs that aren't in `EXAMPLES`, each at full and at half size."""
    photos = {name: load_photo(name) for name in PHOTOS if name not in EXAMPLES}
    return photos | {f"{name}, half": shrink(photo, 2) for name, photo in photos.items()}


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
        found.append(twins.example(clean, n, Degradation(scale=twins.pair.scale)))
    return found


def released_twins() -> LessonTwins:
    """Real-ESRGAN and its shipped MSE twin.

    Raises:
        FileNotFoundError, ValueError: see `real_esrgan.released_pair`.
    """
    return LessonTwins(pair=real_esrgan.released_pair(), name="Real-ESRGAN", degradation=HARD)


def small_twins(settings: SmallSRSettings, seed: int) -> LessonTwins:
    """Small twins, trained now."""
    pair = small_sr.train(training_photographs(), settings, seed)
    return LessonTwins(pair=pair, name="a small GAN", degradation=settings.degradation)


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
