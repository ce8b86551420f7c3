"""Rain made of noise: bright specks, smeared along one direction.

Image editors make rain this way, and so do several deraining sets: white noise of which only the
brightest pixels stay, then a blur along the direction of the fall, then levels that make the
darkest part black (for Rain800, Zhang et al. 2019, *Image de-raining using a conditional
generative adversarial network*, §IV). All streaks of such a picture have the same length and
angle, and they cross in dense layers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.signal import fftconvolve


@dataclass(frozen=True, kw_only=True)
class BlurredNoise:
    """One layer of this rain. Lengths are in pixels of a picture of about 480×720.

    Attributes:
        share: of the pixels that hold a speck before the blur, 0 to 1.
        length: of the blur.
        width: standard deviation of a second blur, the same in all directions.
        angle: from the vertical, degrees, at most 60 either way; positive leans like "/".
        opacity: α that one pixel in a hundred exceeds, 0 to 1.
        gain: the rain's light over the scene's, as in `StreakParameters`.
        veil: as in `StreakParameters`.
        black: share of the pixels that the levels make black, so that no rain stays there, 0 to
            below 1.
    """

    share: float = 0.02
    length: float = 20.0
    width: float = 0.7
    angle: float = 0.0
    opacity: float = 0.5
    gain: float = 1.5
    veil: float = 0.0
    black: float = 0.0

    def __post_init__(self) -> None:
        if abs(self.angle) > 60:
            raise ValueError(f"rain falls within 60° of the vertical; the angle is {self.angle}°")
        for name in ("share", "opacity", "veil"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is from 0 to 1; it is {getattr(self, name)}")
        if not 0 <= self.black < 1:
            raise ValueError(f"black is a share from 0 to below 1; it is {self.black}")
        for name in ("length", "width", "gain"):
            if not 0 <= getattr(self, name) < np.inf:
                raise ValueError(f"{name} is 0 or more; it is {getattr(self, name)}")

    def scaled(self, factor: float) -> BlurredNoise:
        """The same rain in a picture enlarged by ``factor``."""
        return replace(
            self,
            share=min(1.0, self.share / factor**2),
            length=self.length * factor,
            width=self.width * factor,
        )


def draw_noise(
    parameters: BlurredNoise, size: tuple[int, int], rng: np.random.Generator
) -> np.ndarray:
    """Draw the rain's α.

    Args:
        parameters: what falls.
        size: height and width of the canvas, pixels.
        rng: decides where the specks lie and how bright they are.

    Returns:
        α, H×W float32 in [0, 1].
    """
    height, width = size
    line = _line(parameters.length, np.radians(parameters.angle))
    border = len(line) // 2 + int(np.ceil(3 * parameters.width))
    padded = (height + 2 * border, width + 2 * border)
    specks = (rng.random(padded) < parameters.share) * rng.uniform(0.3, 1, padded)
    rain = gaussian_filter(fftconvolve(specks, line, mode="same"), parameters.width)
    rain = rain[border : border + height, border : border + width]
    rain = (rain - np.quantile(rain, parameters.black)).clip(0)
    strong = np.quantile(rain, 0.99)
    if strong <= 0:  # hardly a speck fell
        strong = rain.max(initial=1e-6)
    return (parameters.opacity * rain / strong).clip(0, 1).astype(np.float32)


def _line(length: float, angle: float) -> np.ndarray:
    """A square kernel of odd side: a line through its middle, drawn between the pixels."""
    half = int(np.ceil(length / 2)) + 1
    along = np.linspace(-length / 2, length / 2, 8 * half)
    x, y = half + along * np.sin(angle), half - along * np.cos(angle)
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    right, below = x - left, y - top  # shares of the next pixel
    kernel = np.zeros((2 * half + 1, 2 * half + 1))
    for dx, share_x in ((0, 1 - right), (1, right)):
        for dy, share_y in ((0, 1 - below), (1, below)):
            np.add.at(kernel, (top + dy, left + dx), share_x * share_y)
    return kernel
