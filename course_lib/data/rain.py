"""Kinds of rain, drawn once on a canvas and laid over photographs.

Drawing takes milliseconds, laying a drawn piece over a crop a fraction of one. So training
draws a few large canvases and slides windows over them:

    scene = prepare_photo(load_photo("china"), name="china")
    canvas = draw_canvas("heavy", (512, 512), rng)
    pair = apply_canvas(canvas, scene, window=(y, x, 64, 64), corner=(cy, cx))

`synthesize` does the same for a whole picture, with a canvas of its size. All chance is in
drawing: `apply_canvas` always gives the same pair for the same arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeAlias

import numpy as np

from course_lib.data.blurred_noise import BlurredNoise, draw_noise
from course_lib.data.drops import DropParameters, Drops, draw_drops, lay_drops
from course_lib.data.haze import Haze, add_haze, draw_haze
from course_lib.data.pair import Pair, visible_change
from course_lib.data.presets import (
    any_drops,
    any_streaks,
    between,
    heavy_rain,
    light_rain,
    noise_streaks,
    wet_lens,
    wide_rain,
)
from course_lib.data.scene import Scene
from course_lib.data.streaks import StreakParameters, Streaks, composite_streaks, draw_alpha
from course_lib.ranges import to_uint8, to_unit


class FallingRain(NamedTuple):
    """Streaks on a canvas, without their light, which depends on the scene.

    Attributes:
        alpha: H×W float32 in [0, 1].
        gain: the drops' light over the scene's.
        veil: share of the background that far rain replaces, 0 to 1.
    """

    alpha: np.ndarray
    gain: float
    veil: float


@dataclass(frozen=True, kw_only=True)
class Canvas:
    """Drawn rain, larger than the crops it will fall on; what a kind lacks is None.

    Attributes:
        size: height and width, pixels.
        haze, streaks, drops: from far to near, the order in which they cover the scene.
        veil_stays: whether the clean picture of a pair keeps the streaks' veil, as a photograph
            of the same scene does from which only the streaks are gone.
    """

    size: tuple[int, int]
    haze: Haze | None = None
    streaks: FallingRain | None = None
    drops: Drops | None = None
    veil_stays: bool = False


DrawParameters: TypeAlias = Callable[[np.random.Generator], StreakParameters | BlurredNoise]


def _draw_streaks(
    kinds: Sequence[DrawParameters],
    size: tuple[int, int],
    rng: np.random.Generator,
    scale: float,
) -> FallingRain:
    """Streaks of one or several types at once, in the same wind."""
    drawn = [kind(rng) for kind in kinds]
    clear = np.ones(size, np.float32)
    for parameters in drawn:
        wind = replace(parameters, angle=drawn[0].angle).scaled(scale)
        if isinstance(wind, BlurredNoise):
            clear *= 1 - draw_noise(wind, size, rng)
        else:
            clear *= 1 - draw_alpha(wind, size, rng)
    return FallingRain(
        alpha=1 - clear,
        gain=float(np.mean([parameters.gain for parameters in drawn])),
        veil=1 - float(np.prod([1 - parameters.veil for parameters in drawn])),
    )


class _Parts(NamedTuple):
    """What a kind of rain is made of."""

    streaks: tuple[DrawParameters, ...] = ()
    drops: Callable[[np.random.Generator], DropParameters] | None = None
    haze: bool = False


_PARTS = {
    "light": _Parts(streaks=(light_rain,)),
    "heavy": _Parts(streaks=(heavy_rain,)),
    "wide": _Parts(streaks=(wide_rain,)),
    "drops": _Parts(drops=wet_lens),
    "haze": _Parts(haze=True),
    "mixture": _Parts(streaks=(light_rain, wide_rain)),
    "rain_haze": _Parts(streaks=(light_rain,), haze=True),
    "any_streaks": _Parts(streaks=(any_streaks,)),
    "noise_streaks": _Parts(streaks=(noise_streaks,)),
    "any_drops": _Parts(drops=any_drops),
}
KINDS = tuple(_PARTS)


def require_kind(kind: str) -> None:
    """Raise ValueError, naming those there are, unless this is one of `KINDS`."""
    if kind not in KINDS:
        raise ValueError(f"no kind of rain {kind!r}: there are {', '.join(KINDS)}")


@dataclass(frozen=True, kw_only=True)
class RainMix:
    """Rain of several kinds and sizes: each canvas draws one.

    Attributes:
        kinds: how often each kind of `KINDS` comes, relative to the others; the kind ``"none"``
            leaves the picture clean, so that a network learns to leave clean pictures alone.
        scales: the smallest and the largest scale, see `draw_canvas`; their logarithm is spread
            evenly between them.
        veil_stays: see `Canvas`.

    Raises:
        ValueError: no such kind, weights below 0 or all 0, no scale or one that isn't above 0.
    """

    kinds: Mapping[str, float]
    scales: tuple[float, float] = (1.0, 1.0)
    veil_stays: bool = False

    def __post_init__(self) -> None:
        for kind in self.kinds:
            if kind != "none":
                require_kind(kind)
        weights = list(self.kinds.values())
        if not weights or min(weights) < 0 or not 0 < sum(weights) < np.inf:
            raise ValueError(
                f"weights of kinds are 0 or more, one of them more; they are {dict(self.kinds)}"
            )
        if not 0 < self.scales[0] <= self.scales[1] < np.inf:
            raise ValueError(
                "scales are the smallest and the largest, both above 0; they are "
                f"{self.scales[0]} and {self.scales[1]}"
            )

    def draw(
        self, size: tuple[int, int], rng: np.random.Generator, *, scale: float = 1.0
    ) -> Canvas:
        """A canvas of one kind at one of the scales; arguments as for `draw_canvas`."""
        weights = np.array(list(self.kinds.values()), np.float64)
        kind = list(self.kinds)[rng.choice(len(weights), p=weights / weights.sum())]
        scale *= between(rng, *self.scales)
        if kind == "none":
            return Canvas(size=size)
        return draw_canvas(kind, size, rng, scale=scale, veil_stays=self.veil_stays)


def prepare_photo(photo: np.ndarray, *, name: str = "", depth: np.ndarray | None = None) -> Scene:
    """A photograph ready for rain; what rain needs of it is computed once and kept.

    Args:
        photo: uint8 H×W×3, any size.
        name: what the pairs are called. ``"motorcycle"`` brings its measured depth along.
        depth: H×W distances ≥ 0 in any unit, for haze; holes (NaN, infinity) are filled.
            Without it, haze uses an invented depth (`haze.guess_depth`).

    Raises:
        TypeError, ValueError: of `Scene`, for another dtype or shape.
    """
    return Scene(photo=photo, name=name, depth=depth)


def draw_canvas(
    kind: str,
    size: tuple[int, int],
    rng: np.random.Generator,
    *,
    scale: float = 1.0,
    veil_stays: bool = False,
) -> Canvas:
    """Draw rain of one kind, with random parameters from the kind's ranges.

    Args:
        kind: one of `KINDS`.
        size: height and width, pixels.
        rng: the only source of chance: the same state gives the same canvas.
        scale: of all lengths. 1 suits pictures of about 480×720.
        veil_stays: see `Canvas`.

    Raises:
        ValueError: no such kind.
    """
    require_kind(kind)
    parts = _PARTS[kind]
    return Canvas(
        size=size,
        haze=draw_haze(rng) if parts.haze else None,
        streaks=_draw_streaks(parts.streaks, size, rng, scale) if parts.streaks else None,
        drops=draw_drops(parts.drops(rng).scaled(scale), size, rng) if parts.drops else None,
        veil_stays=veil_stays,
    )


def apply_canvas(
    canvas: Canvas,
    scene: Scene,
    *,
    window: tuple[int, int, int, int],
    corner: tuple[int, int] = (0, 0),
) -> Pair:
    """Add a piece of drawn rain to a piece of a photograph.

    Args:
        canvas: of `draw_canvas`.
        scene: of `prepare_photo`.
        window: top, left, height and width of the piece of the photograph.
        corner: top and left of the piece of the canvas, which is as large.

    Returns:
        The pair. Its mask is True where streaks and haze changed the luminance by more than
        12 of 255 levels, and where drops cover more than half of the pixel.

    Raises:
        ValueError: the window leaves the photograph, or its twin the canvas.
    """
    top, left, height, width = window
    on_photo = np.s_[top : top + height, left : left + width]
    on_canvas = np.s_[corner[0] : corner[0] + height, corner[1] : corner[1] + width]
    _require_inside("photograph", scene.photo.shape[:2], (top, left), (height, width))
    _require_inside("canvas", canvas.size, corner, (height, width))

    photo = scene.photo[on_photo]
    clean = rainy = to_unit(photo, np.float32)
    if canvas.haze is not None:
        rainy = add_haze(rainy, scene.distance[on_photo], canvas.haze)
    if canvas.streaks is not None:
        light = scene.light * np.float32(canvas.streaks.gain)
        if canvas.streaks.veil:
            rainy = rainy + np.float32(canvas.streaks.veil) * (light.clip(0, 1) - rainy)
            if canvas.veil_stays:
                clean, photo = rainy, to_uint8(rainy)
        rainy = composite_streaks(rainy, Streaks(canvas.streaks.alpha[on_canvas], light))
    mask = visible_change(rainy, clean)
    if canvas.drops is not None:
        alpha, seen, weight, mist = canvas.drops
        piece = Drops(alpha[on_canvas], seen[:, *on_canvas], weight[:, *on_canvas], mist)
        rainy = lay_drops(rainy, piece, scene.wide_views)
        mask |= piece.alpha > 0.5
    return Pair(rainy=to_uint8(rainy), clean=photo, mask=mask, name=scene.name)


def synthesize(
    photo: np.ndarray,
    kind: str,
    rng: np.random.Generator,
    *,
    name: str = "",
    depth: np.ndarray | None = None,
    veil_stays: bool = False,
) -> Pair:
    """Add synthetic rain to a whole photograph.

    Pictures larger than 480×720 get rain enlarged in proportion, so that it looks the same.

    Args:
        photo, name, depth: as for `prepare_photo`.
        kind: one of `KINDS`.
        rng: the only source of chance: the same state gives the same pair.
        veil_stays: see `Canvas`.

    Returns:
        The pair; ``clean`` is the photograph itself, unless the veil stays. The mask is that of
        `apply_canvas`.

    Raises:
        TypeError, ValueError: the photograph isn't uint8 H×W×3, or there is no such kind.
    """
    scene = prepare_photo(photo, name=name, depth=depth)
    height, width = photo.shape[:2]
    scale = max(1.0, float(np.sqrt(height * width / (480 * 720))))
    canvas = draw_canvas(kind, (height, width), rng, scale=scale, veil_stays=veil_stays)
    return _cover(canvas, scene)


def synthesize_streaks(
    photo: np.ndarray, parameters: StreakParameters, rng: np.random.Generator
) -> Pair:
    """Add rain of given parameters to a whole photograph (uint8 H×W×3), unscaled.

    Quick enough to follow a slider: 256×256 pixels of heavy rain take some 30 ms.
    """
    scene = prepare_photo(photo)
    alpha = draw_alpha(parameters, photo.shape[:2], rng)
    rain = FallingRain(alpha=alpha, gain=parameters.gain, veil=parameters.veil)
    return _cover(Canvas(size=photo.shape[:2], streaks=rain), scene)


def _cover(canvas: Canvas, scene: Scene) -> Pair:
    """The whole photograph, in strips: a picture 7800 pixels wide fits the memory that way."""
    height, width = canvas.size
    strips = [
        apply_canvas(canvas, scene, window=(y, 0, min(256, height - y), width), corner=(y, 0))
        for y in range(0, height, 256)
    ]
    return Pair(
        rainy=np.concatenate([strip.rainy for strip in strips]),
        clean=np.concatenate([s.clean for s in strips]) if canvas.veil_stays else scene.photo,
        mask=np.concatenate([strip.mask for strip in strips]),
        name=scene.name,
    )


def _require_inside(
    what: str, size: tuple[int, int], corner: tuple[int, int], piece: tuple[int, int]
) -> None:
    if any(c < 0 or c + p > s for c, p, s in zip(corner, piece, size, strict=True)):
        raise ValueError(
            f"a piece of {piece[0]}×{piece[1]} at {corner} leaves the {what} of "
            f"{size[0]}×{size[1]}; take a smaller piece or another corner"
        )
