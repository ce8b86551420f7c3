"""Small pictures as cameras and the web make them: blur, fewer pixels, noise, JPEG."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

from course_lib.data.compressed import through_jpeg

KERNELS = Image.Resampling.BOX, Image.Resampling.BILINEAR, Image.Resampling.BICUBIC
NEAREST = (Image.Resampling.NEAREST,)
# A photograph, uint8 H×W×3, and the only source of chance → what a network sees of it.
Degrade: TypeAlias = Callable[[np.ndarray, np.random.Generator], np.ndarray]


@dataclass(frozen=True, kw_only=True)
class Degradation:
    """What happens to a photograph before a network sees it; each range is drawn from evenly.

    The order and the parts are those of Real-ESRGAN's first order (Wang et al. 2021, §3.1), with
    Gaussian kernels alone.

    Attributes:
        scale: how many times smaller the picture becomes.
        blur: standard deviation of the Gaussian, pixels of the photograph.
        noise: standard deviation of the Gaussian noise, levels of 0..255.
        grey_noise: share of the pictures whose noise is the same in all colours.
        quality: of the JPEG, as Pillow counts.
        aliased: whether the picture becomes smaller by keeping one pixel of each square and
            dropping the others. Some programs make thumbnails like this. Fine detail then turns
            into false patterns. Real-ESRGAN's training has no such inputs.
        twice: whether blur, noise and JPEG come a second time, as in Real-ESRGAN's second order
            (§3.2), half as strong.

    Raises:
        ValueError: a range that is out of order, or leaves the possible values.
    """

    scale: int = 4
    blur: tuple[float, float] = (0.2, 2.0)
    noise: tuple[float, float] = (1.0, 10.0)
    grey_noise: float = 0.4
    quality: tuple[int, int] = (45, 95)
    aliased: bool = False
    twice: bool = False

    def __post_init__(self) -> None:
        if self.scale < 1:
            raise ValueError(f"scale is 1 or more; it is {self.scale}")
        for name, least, most in (("blur", 0, 50), ("noise", 0, 255), ("quality", 1, 95)):
            low, high = getattr(self, name)
            if not least <= low <= high <= most:
                raise ValueError(
                    f"{name} is the lowest and the highest, from {least} to {most}; it is "
                    f"{low} and {high}"
                )
        if not 0 <= self.grey_noise <= 1:
            raise ValueError(f"grey_noise is a share from 0 to 1; it is {self.grey_noise}")

    def __call__(self, photo: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Degrade a photograph; see `degrade`."""
        return degrade(photo, rng, self)


def degrade(
    photo: np.ndarray, rng: np.random.Generator, how: Degradation | None = None
) -> np.ndarray:
    """Make the small, noisy picture of a photograph.

    Args:
        photo: uint8 H×W×3, both sides multiples of the scale.
        rng: the only source of chance.
        how: see `Degradation`; None takes its defaults.

    Returns:
        uint8, H/scale × W/scale × 3.

    Raises:
        ValueError: sides that the scale doesn't divide.
        TypeError: another dtype.
    """
    how = how or Degradation()
    if photo.dtype != np.uint8:
        raise TypeError(f"a photograph is uint8; this one is {photo.dtype}")
    height, width = photo.shape[:2]
    if photo.ndim != 3 or height % how.scale or width % how.scale:
        raise ValueError(
            f"a photograph is H×W×3, sides multiples of {how.scale}; this one is {photo.shape}: "
            "crop it"
        )
    size = width // how.scale, height // how.scale
    picture = _once(photo, rng, how, 1.0, size)
    return _once(picture, rng, how, 0.5, size) if how.twice else picture


def _once(
    picture: np.ndarray,
    rng: np.random.Generator,
    how: Degradation,
    strength: float,
    size: tuple[int, int],
) -> np.ndarray:
    sigma = strength * rng.uniform(*how.blur)
    blurred = gaussian_filter(picture.astype(np.float32), (sigma, sigma, 0), mode="nearest")
    kernels = NEAREST if how.aliased else KERNELS
    kernel = kernels[rng.integers(len(kernels))]
    image = Image.fromarray(np.rint(blurred).astype(np.uint8)).resize(size, kernel)
    small = np.asarray(image, np.float32)
    channels = 1 if rng.random() < how.grey_noise else 3
    noise = rng.normal(0, strength * rng.uniform(*how.noise), (*small.shape[:2], channels))
    noisy = np.rint(small + noise).clip(0, 255).astype(np.uint8)
    return through_jpeg(noisy, int(rng.integers(how.quality[0], how.quality[1] + 1)))
