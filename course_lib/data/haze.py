"""Haze: light lost on its way through the air, and light of the air put in its place."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from PIL import Image
from scipy.ndimage import distance_transform_edt, gaussian_filter

from course_lib.ranges import to_unit


@dataclass(frozen=True, kw_only=True)
class Haze:
    """The air of one picture.

    Attributes:
        density: β ≥ 0, a depth: after the depth d the share exp(−β·d) of the light is left.
            RESIDE (Li et al. 2019) draws it from 0.4 to 1.6 for depths scaled to 0..1.
        airlight: A, three values, the colour of endless haze. RESIDE: grey, 0.7 to 1.
    """

    density: float
    airlight: np.ndarray


def draw_haze(rng: np.random.Generator) -> Haze:
    """Haze with β and A drawn from RESIDE's ranges."""
    return Haze(
        density=float(rng.uniform(0.4, 1.6)),
        airlight=np.full(3, rng.uniform(0.7, 1.0), np.float32),
    )


def add_haze(clean: np.ndarray, depth: np.ndarray, haze: Haze) -> np.ndarray:
    """Atmospheric scattering (Koschmieder): I = J·t + A·(1 − t), t = exp(−β·d).

    Args:
        clean: J, H×W×3 floats in [0, 1].
        depth: d, H×W floats ≥ 0.
        haze: β and A.

    Returns:
        The hazy picture I, H×W×3 floats in [0, 1].
    """
    transmission = np.exp(-haze.density * depth)[..., None]
    return clean * transmission + haze.airlight * (1 - transmission)


def scale_depth(depth: np.ndarray) -> np.ndarray:
    """A depth map in any unit, with holes, as float32 in [0, 1]: the farthest pixel is 1.

    Pixels that are not finite (a stereo camera gives NaN or infinity where it saw no match)
    take the depth of the nearest pixel that has one.

    Raises:
        ValueError: not two-dimensional, no finite pixel, negative depths, or all of them zero.
    """
    depth = np.asarray(depth, np.float32)
    known = np.isfinite(depth)
    if depth.ndim != 2 or not known.any():
        raise ValueError(
            "a depth map is H×W with finite values; this one has the shape "
            f"{'×'.join(map(str, depth.shape))} and {known.sum()} finite values"
        )
    if not known.all():
        nearest = distance_transform_edt(~known, return_distances=False, return_indices=True)
        depth = depth[tuple(nearest)]
    if depth.min() < 0 or depth.max() == 0:
        raise ValueError(
            f"depths are distances ≥ 0, not all zero; these reach from {depth.min():.3g} to "
            f"{depth.max():.3g}. A disparity d becomes a depth by 1/d"
        )
    return depth / depth.max()


def guess_depth(photo: np.ndarray) -> np.ndarray:
    """A depth map for a photograph that has none: an invention, not a measurement.

    Half of it is the height in the picture (what stands higher is farther, as on a plain),
    half the large-scale luminance (skies and distances are bright). It is smooth, so the haze
    never follows the outline of a thing, which real haze does.

    Args:
        photo: uint8 H×W×3.

    Returns:
        H×W float32 in [0, 1], 1 the farthest.
    """
    height, width = photo.shape[:2]
    grey = Image.fromarray(photo).convert("L").resize((64, 64), Image.Resampling.BOX)
    luminance = gaussian_filter(to_unit(np.asarray(grey), np.float32), 4, mode="nearest")
    luminance -= luminance.min()
    luminance /= max(float(luminance.max()), 1 / 255)
    elevation = np.linspace(1, 0, 64, dtype=np.float32)[:, None]
    guess = Image.fromarray((elevation + luminance) / 2)
    return np.asarray(guess.resize((width, height), Image.Resampling.BICUBIC)).clip(0, 1)


@cache
def known_depth(name: str) -> np.ndarray | None:
    """The measured depth of an embedded photograph: the motorcycle's; None for the others.

    The motorcycle is the left picture of a stereo pair (Scharstein et al. 2014) whose
    disparity comes with scikit-image. Depth is focal length · baseline / (disparity + offset
    between the two optical axes); the constant factor falls away in the scaling to [0, 1].

    Returns:
        H×W float32 in [0, 1], read-only, or None.
    """
    if name != "motorcycle":
        return None
    with files("skimage").joinpath("data/motorcycle_disp.npz").open("rb") as file:
        disparity = np.load(file, allow_pickle=False)["arr_0"]
    depth = scale_depth(1 / np.where(np.isfinite(disparity), disparity + 31.086, np.nan))
    depth.flags.writeable = False
    return depth
