"""Rain streaks: falling drops, smeared by the exposure."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Streaks(NamedTuple):
    """Drawn rain, ready to lie over a photograph.

    Attributes:
        alpha: H×W in [0, 1], the share of the exposure during which a drop covered the pixel.
        light: three values ≥ 0, the colour seen in the drops. A bright sky may exceed 1,
            which is white.
    """

    alpha: np.ndarray
    light: np.ndarray


def composite_streaks(clean: np.ndarray, streaks: Streaks) -> np.ndarray:
    """Lay rain streaks over a photograph: I = (1 − α)·B + α·L, saturated at white.

    While a drop covers a pixel, for the share α of the exposure, the camera sees the
    drop's light L there instead of the background B. What exceeds 1 is clipped to 1,
    as in a camera.

    Args:
        clean: B, H×W×3 floats in [0, 1].
        streaks: ``streaks.alpha`` is α, H×W in [0, 1], one value a pixel for all three
            colours; ``streaks.light`` is L, three values, one a colour.

    Returns:
        The rainy picture I, H×W×3 floats in [0, 1].

    Example:
        A pixel of value 0.2 that a drop of light 0.8 covers for half of the exposure
        becomes 0.5·0.2 + 0.5·0.8 = 0.5.
    """
    alpha = streaks.alpha[..., None]  # H×W → H×W×1, so that it meets all three colours
    rainy = (1 - alpha) * clean + alpha * streaks.light
    return np.clip(rainy, 0, 1)
