"""Drops on the lens: small caps of water, each with the whole scene upside down in it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

WATER = 1.33  # refractive index

# The wide view is what the drops look at: the scene and what surrounds it. Directions in it are
# tangents of the angle from the optical axis, −REACH to REACH both ways.
REACH = 0.8
FRAME = 0.32, 0.24  # where the photograph's right and upper border lie, as through a normal lens
GRID = 192  # cells along each side
BLURS = tuple(2 ** (1 + k / 2) for k in range(9))  # σ in cells: the wide view is kept at each


@dataclass(frozen=True, kw_only=True)
class DropParameters:
    """One wet lens. Lengths are in pixels of a picture of about 480×720.

    Attributes:
        coverage: share of the picture that lies under water, 0 to below 1.
        radius: median radius of the drops as they fall.
        largest: radius beyond which a drop is too heavy to stay, and most of it runs off.
        radius_spread: standard deviation of the logarithm of the radius.
        defocus: radius of the blur disc; the camera looks far away, not at its lens.
        mist: α of the droplets between the drops, too fine to be seen one by one, 0 to 1.
        contact_angle: between glass and water at the drop's upper edge, degrees.
        sag: how far the drop hangs, over its radius; its lower edge is steeper by it.
    """

    coverage: float = 0.35
    radius: float = 8.0
    largest: float = 30.0
    radius_spread: float = 0.5
    defocus: float = 4.0
    mist: float = 0.0
    contact_angle: float = 38.0
    sag: float = 0.3

    def __post_init__(self) -> None:
        if not 0 <= self.coverage < 1:
            raise ValueError(f"drops cover a share from 0 to below 1; coverage is {self.coverage}")
        for name in ("radius_spread", "defocus", "sag"):
            if not 0 <= getattr(self, name) < np.inf:
                raise ValueError(f"{name} is 0 or more; it is {getattr(self, name)}")
        for name in ("radius", "largest"):
            if not 0 < getattr(self, name) < np.inf:
                raise ValueError(f"{name} is greater than 0; it is {getattr(self, name)}")
        if not 0 <= self.mist <= 1:
            raise ValueError(f"mist is a share from 0 to 1; it is {self.mist}")
        if not 0 < self.contact_angle < 90:
            raise ValueError(f"contact_angle is between 0° and 90°; it is {self.contact_angle}°")

    def scaled(self, factor: float) -> DropParameters:
        """The same lens in a picture enlarged by ``factor``."""
        return replace(
            self,
            radius=self.radius * factor,
            largest=self.largest * factor,
            defocus=self.defocus * factor,
        )


class Drops(NamedTuple):
    """A drawn wet lens, ready to lie over any scene.

    Out of focus, two neighbours can share a pixel: each pixel keeps its two strongest drops.

    Attributes:
        alpha: H×W float32 in [0, 1], the share of each pixel's blur disc that is water.
        seen: 2×H×W int32, the cells of the flattened wide views that the drops show there.
        weight: 2×H×W float32 in [0, 1], how much of their light arrives. The sum is α less
            what the water keeps back, most of it at the rim.
        mist: α of the droplets beneath the drops.
    """

    alpha: np.ndarray
    seen: np.ndarray
    weight: np.ndarray
    mist: float


def draw_drops(
    parameters: DropParameters, size: tuple[int, int], rng: np.random.Generator
) -> Drops:
    """Draw a lens with drops.

    Args:
        parameters: how wet it is.
        size: height and width of the canvas, pixels.
        rng: decides where each drop sits and how large it is.
    """
    layers = (  # of the strongest drop at each pixel, and the next
        np.zeros((2, *size), np.float32),  # α
        np.zeros((2, *size), np.float32),  # share of its light that passes
        np.zeros((2, *size), np.int32),  # the cell that it shows
    )
    x, y, radius = _rain_on_glass(parameters, size, rng)
    bends = rng.uniform(0, 2 * np.pi, (len(x), 2))
    for centre_x, centre_y, r, bend in zip(x, y, radius, bends, strict=True):
        reach = 1.11 * r + parameters.defocus + 1
        hang = 1.11 * 1.5 * parameters.sag * r
        top, bottom = _span(centre_y - reach, centre_y + reach + hang, size[0])
        left, right = _span(centre_x - reach, centre_x + reach, size[1])
        if bottom <= top or right <= left:
            continue
        dy = (np.arange(top, bottom) - centre_y).astype(np.float32)[:, None]
        dx = (np.arange(left, right) - centre_x).astype(np.float32)
        drawn = _draw_one(dx, dy, float(r), bend, parameters)
        held = [layer[:, top:bottom, left:right] for layer in layers]
        strongest = drawn[0] > held[0][0]
        second = ~strongest & (drawn[0] > held[0][1])
        for old, new in zip(held, drawn, strict=True):
            old[1] = np.where(strongest, old[0], np.where(second, new, old[1]))
            old[0] = np.where(strongest, new, old[0])

    each, passed, seen = layers
    alpha = 1 - (1 - each[0]) * (1 - each[1])
    share = each**2 / np.maximum((each**2).sum(0), 1e-6)
    return Drops(alpha, seen, alpha * share * passed, parameters.mist)


def lay_drops(clean: np.ndarray, drops: Drops, views: np.ndarray) -> np.ndarray:
    """A picture seen through a lens with drops: I = (1 − α)·B + α·(the water's light).

    Args:
        clean: B, H×W×3 floats in [0, 1].
        drops: of the same size.
        views: of `wide_views`.

    Returns:
        The rainy picture I, H×W×3 floats in [0, 1].
    """
    everything = views[-GRID * GRID // 2 - GRID // 2]  # the middle of the most blurred view
    misty = clean + np.float32(drops.mist) * (everything - clean)
    rainy = (1 - drops.alpha)[..., None] * misty
    for seen, weight in zip(drops.seen, drops.weight, strict=True):
        rainy += views[seen] * weight[..., None]
    return np.clip(rainy, 0, 1)


def wide_views(miniature: np.ndarray, sky: np.ndarray) -> np.ndarray:
    """What drops show: the scene and its surroundings, at each blur of `BLURS`.

    A drop sees far more than the camera: above the frame its lower part looks into the sky.
    No photograph says what is there, so this is an invention: the colours at the frame's
    border go on, and upwards fade into the sky.

    Args:
        miniature: M×M×3 floats in [0, 1], the whole scene.
        sky: three floats ≥ 0.

    Returns:
        (blurs · 192 · 192)×3 float32, the views flattened.
    """
    m = len(miniature)
    tangent = (np.arange(GRID) + 0.5) / GRID * 2 * REACH - REACH
    column = ((tangent / FRAME[0] + 1) / 2 * m).astype(int).clip(0, m - 1)
    row = ((tangent / FRAME[1] + 1) / 2 * m).astype(int).clip(0, m - 1)
    scene = miniature[row[:, None], column]
    upwards = ((-tangent - FRAME[1]) / 0.15).clip(0, 1)[:, None, None]
    view = scene + upwards * (sky - scene)
    blurred = [gaussian_filter(view, (s, s, 0), mode="nearest") for s in BLURS]
    return np.stack(blurred).reshape(-1, 3).astype(np.float32)


def merge_touching(
    x: np.ndarray, y: np.ndarray, radius: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Let drops that touch become one, until none do.

    The new drop sits at the mean place of the old ones, weighted by their area, and covers
    as much glass as they did: its radius is √Σr².
    """
    while len(x) > 1:
        tree = cKDTree(np.column_stack([x, y]))
        a, b = tree.query_pairs(2 * radius.max(), output_type="ndarray").T
        touch = np.hypot(x[a] - x[b], y[a] - y[b]) < radius[a] + radius[b]
        if not touch.any():
            break
        links = coo_matrix((np.ones(touch.sum()), (a[touch], b[touch])), shape=(len(x), len(x)))
        _, group = connected_components(links, directed=False)
        area = np.bincount(group, radius**2)
        x, y = np.bincount(group, radius**2 * x) / area, np.bincount(group, radius**2 * y) / area
        radius = np.sqrt(area)
    return x, y, radius


def refract(sin_incidence: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A ray that leaves water into air: how far it bends, and how much light passes.

    Args:
        sin_incidence: sine of the angle between the ray in water and the surface's normal.

    Returns:
        The bend away from the normal, radians, and the transmitted share by Fresnel's
        equations for unpolarised light: 0 beyond the angle of total reflection (48.8°),
        where the bend is that of the limit.
    """
    sin_out = np.minimum(WATER * sin_incidence, 1)
    cos_in = np.sqrt(1 - np.minimum(sin_incidence, 1) ** 2)
    cos_out = np.sqrt(1 - sin_out**2)
    perpendicular = (WATER * cos_in - cos_out) / (WATER * cos_in + cos_out)
    parallel = (WATER * cos_out - cos_in) / (WATER * cos_out + cos_in)
    bend = np.arcsin(sin_out) - np.arcsin(np.minimum(sin_incidence, 1 / WATER))
    return bend, 1 - (perpendicular**2 + parallel**2) / 2


def _rain_on_glass(
    parameters: DropParameters, size: tuple[int, int], rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Short showers until enough glass is covered; after each, neighbours merge.

    Running off keeps some glass free however long it rains, so the showers come to an end.
    """
    margin = 2 * parameters.largest
    height, width = size[0] + 2 * margin, size[1] + 2 * margin
    mean_area = np.pi * parameters.radius**2 * np.exp(2 * parameters.radius_spread**2)
    x, y, radius = np.zeros((3, 0))
    for _ in range(25):
        missing = parameters.coverage - np.pi * (radius**2).sum() / (height * width)
        if missing <= 0:
            break
        n = rng.poisson(min(missing, 0.06) * height * width / mean_area)
        fallen = parameters.radius * np.exp(parameters.radius_spread * rng.standard_normal(n))
        x, y, radius = merge_touching(
            np.concatenate([x, rng.uniform(-margin, width - margin, n)]),
            np.concatenate([y, rng.uniform(-margin, height - margin, n)]),
            np.concatenate([radius, fallen]),
        )
        heavy = radius > parameters.largest  # they run off and leave a part behind
        radius[heavy] = parameters.largest * rng.uniform(0.3, 0.8, heavy.sum())
    return x, y, radius


def _draw_one(
    dx: np.ndarray, dy: np.ndarray, r: float, bend: np.ndarray, parameters: DropParameters
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """α, light passed and cell seen at the offsets (dx, dy) from the middle of one drop.

    ``bend`` are the phases of the waves in the outline, which make it the drop's own.
    """
    sag = parameters.sag
    turn = np.arctan2(dy, dx)
    uneven = 1 + 0.06 * np.cos(2 * turn + bend[0]) + 0.05 * np.cos(3 * turn + bend[1])
    circle = np.hypot(dx, dy)
    oval = np.hypot(dx / 0.9, (dy - sag * r) / (1 + sag / 2))
    # 0 in the middle, 1 on the outline, which is that of circle and oval together.
    out = np.minimum(circle, oval) / (r * uneven)

    blur = max(parameters.defocus, 0.7)  # no camera is sharper than its pixels
    edge = ((1 - out) * r / blur).clip(-1, 1)
    # Share of the blur disc beyond a straight edge; a drop smaller than the disc never fills it.
    alpha = 0.5 + (edge * np.sqrt(1 - edge**2) + np.arcsin(edge)) / np.pi
    alpha *= min(1.0, (r / blur) ** 2)

    circle = np.maximum(circle, 1e-3)
    steepness = np.radians(parameters.contact_angle + 50 * sag * (dy / circle).clip(0, 1))
    angle, passed = refract(out.clip(0, 1) * np.sin(steepness))
    away = -np.tan(angle) / circle  # what lies left is seen right, what lies above, below
    return alpha, *_through_blur(out < 1, away * dx, away * dy, passed, blur)


def _through_blur(
    water: np.ndarray, right: np.ndarray, down: np.ndarray, passed: np.ndarray, blur: float
) -> tuple[np.ndarray, np.ndarray]:
    """The light passed, and the cell of the wide views, that each pixel's blur disc averages.

    The disc looks through all of the ``water`` within ``blur`` pixels: on average into one
    direction (tangents ``right`` and ``down``), spread around it. The cell there, in the view
    blurred by about that spread, is what it sees.
    """
    planes = np.stack([np.ones_like(right), passed, passed * right, passed * down])
    planes = np.concatenate([planes, passed[None] * (right**2 + down**2)]) * water
    # A Gaussian as wide-spread as the disc; the disc's own sum would not be separable.
    sums = gaussian_filter(planes, (0, blur / 2, blur / 2), mode="constant", truncate=2.5)
    mean_passed = sums[1] / np.maximum(sums[0], 1e-6)
    mean_right, mean_down, square = sums[2:] / np.maximum(sums[1], 1e-6)
    spread = np.sqrt(np.maximum(square - mean_right**2 - mean_down**2, 0) / 2)

    cells = GRID / (2 * REACH)  # a tangent of 1
    level = 2 * np.log2(np.maximum(spread * cells / BLURS[0], 1))  # views are half octaves apart
    level = np.rint(level).astype(np.int32).clip(0, len(BLURS) - 1)
    column = ((mean_right + REACH) * cells).astype(np.int32).clip(0, GRID - 1)
    row = ((mean_down + REACH) * cells).astype(np.int32).clip(0, GRID - 1)
    return mean_passed, (level * GRID + row) * GRID + column


def _span(low: float, high: float, end: int) -> tuple[int, int]:
    return max(0, int(np.floor(low))), min(end, int(np.ceil(high)) + 1)
