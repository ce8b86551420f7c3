"""Twins that derain: they begin as the network of `course restore` for streaks."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from course_lib.data.rainy_camera import SHARP, RainyCamera
from course_lib.models.residual_unet import UnitRange
from course_lib.restoration.networks import load_network
from course_lib.systems import trained_twins
from course_lib.systems.desra import LessonTwins
from course_lib.systems.trained_twins import DERAINER, SmallTwinSettings

START = "streaks"
# Sharp rain on sharp, noisy pictures: the training has no such inputs. A GAN takes some of this
# rain for texture.
HARD_RAIN = RainyCamera(kinds=("heavy",), camera=SHARP)


def derainer_twins(
    photographs: Mapping[str, np.ndarray],
    settings: SmallTwinSettings = DERAINER,
    seed: int = 0,
) -> LessonTwins:
    """Train an MSE twin from the network for streaks, and a GAN from that.

    Args:
        photographs: name → uint8 H×W×3, to learn from. The network has learned from all embedded
            ones but `restorer.VALIDATION`, so only these are unseen.
        settings: of both trainings.
        seed: of the crops and the rain.
    """
    start = UnitRange(load_network(START).network)
    pair = trained_twins.train(photographs, settings, seed, start=start)
    return LessonTwins(
        pair=pair, name="a derainer", degradation=HARD_RAIN, mild=settings.degradation
    )
