"""DeSRA as the experiments of lessons 05 and 06 measure it: twins, pictures, truths, detectors."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from torch import nn

from course_lib.artifacts import semantics
from course_lib.artifacts.detectors import LDL_THRESHOLDS, absolute_difference, ldl_map
from course_lib.artifacts.localiser import localiser_map, train_localiser
from course_lib.artifacts.mask import artifact_mask
from course_lib.artifacts.metrics import RegionCounts, count_regions, iou
from course_lib.artifacts.niqe import niqe_map
from course_lib.artifacts.planted import KINDS, plant, plant_picture
from course_lib.artifacts.texture import (
    SHAPES,
    WINDOW,
    distance_map,
    local_variance,
    relative_difference,
    valid,
)
from course_lib.artifacts.truth import by_reference
from course_lib.data.degradations import Degrade
from course_lib.data.photos import PHOTOS, photo_split
from course_lib.restoration.derainer_twins import derainer_twins
from course_lib.systems import desra, sr_gan
from course_lib.systems.desra import Example, LessonTwins, rescaled, scenes, with_noise
from course_lib.systems.restorer import VALIDATION
from course_lib.systems.sr_gan import SRGan
from course_lib.systems.trained_twins import SmallTwinSettings
from course_lib.systems.twins import degraded_crops, enlarged, unit_tensor

GENERATORS = ("Real-ESRGAN", "a small GAN", "a derainer")
PICTURES, SIDE = 16, 192  # held-out pictures, and their sides, pixels
MIN_AREA = 200  # of a region, pixels; the authors' 4000 are for pictures of a megapixel
THRESHOLD = 0.7  # of D, the paper's
REFERENCE, UNSTABLE = "by reference", "unstable training"
TRUTHS = (REFERENCE, *KINDS, UNSTABLE)
NIQE_GRID = tuple(range(4, 41, 4))
NOISY, NOISE = 4, 6.0  # inputs whose pictures are averaged, and the σ of their noise, levels


def photographs(generator: str, seed: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The embedded photographs that a generator learns from, and those that it is tested on.

    The network of `course restore` has learned from all of them but `VALIDATION`, so the derainer
    is tested on these with each seed.
    """
    if generator == "a derainer":
        held_out = tuple(name for name in VALIDATION if name in PHOTOS)
        return tuple(name for name in PHOTOS if name not in held_out), held_out
    split = photo_split(seed)
    return split.train, (*split.validation, *split.test)


@cache
def lesson_twins(generator: str, seed: int) -> LessonTwins:
    """The twins of a name in `GENERATORS`; all but Real-ESRGAN's learn from the seed's crops."""
    if generator == "Real-ESRGAN":
        return desra.released_twins()
    photos = scenes(photographs(generator, seed)[0])
    if generator == "a derainer":
        return derainer_twins(photos, seed=seed)
    return desra.small_twins(SmallTwinSettings(), seed, photos)


def held_out(twins: LessonTwins, seed: int, how: Degrade, count: int = PICTURES) -> list[Example]:
    """Pictures of the photographs that a seed doesn't train on."""
    photos = scenes(photographs(twins.name, seed)[1])
    low, clean = degraded_crops(photos, count, seed, size=SIDE, how=how)
    return [Example(a, b, *twins.pair.pictures(a)) for a, b in zip(low, clean, strict=True)]


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What a detector looks at.

    Attributes:
        twins: of the generator.
        low: the small picture, h×w×3.
        gan, mse: the pictures of both twins, of which gan may hold a planted artifact.
        truth: bool H×W, the true mask.
    """

    twins: LessonTwins
    low: np.ndarray
    gan: np.ndarray
    mse: np.ndarray
    truth: np.ndarray


def unstable_head(twins: LessonTwins, seed: int) -> nn.Module:
    """The GAN after forty steps in which the adversarial loss outweighs the pixels by far."""
    photos = scenes(photographs(twins.name, seed)[0])
    low, high = degraded_crops(photos, 16, seed, size=96, how=twins.mild)
    head = copy.deepcopy(twins.pair.gan)
    losses = SRGan(pixels=1.0, features=0.0, adversarial=3.0)
    inputs, targets = twins.pair.features(low), unit_tensor(high)
    sr_gan.set_up(
        head, inputs, targets, losses, steps=40, seed=seed, batch_size=4, rate=5e-4
    ).train()
    return head.eval()


@cache
def subjects(generator: str, seed: int) -> Mapping[str, list[Subject]]:
    """Truth → the pictures with that truth's artifacts.

    Artifacts by reference are the generator's own, on hard inputs. The others are planted into its
    pictures of ordinary inputs, if these have no artifact by reference.
    """
    twins = lesson_twins(generator, seed)
    found: dict[str, list[Subject]] = {truth: [] for truth in TRUTHS}
    for one in held_out(twins, seed, twins.degradation):
        truth = by_reference(one.gan, one.mse, one.clean, min_area=MIN_AREA)
        if truth.any():
            found[REFERENCE].append(
                Subject(twins=twins, low=one.low, gan=one.gan, mse=one.mse, truth=truth)
            )
    head = unstable_head(twins, seed)
    for n, one in enumerate(held_out(twins, seed, twins.mild)):
        if by_reference(one.gan, one.mse, one.clean, min_area=MIN_AREA).any():
            continue
        spoilt = enlarged(head, twins.pair.features([one.low]))[0]
        for kind in (*KINDS, UNSTABLE):
            rng = np.random.default_rng((seed, n, 21))
            planted = (
                plant_picture(one.gan, spoilt, rng)
                if kind == UNSTABLE
                else plant(one.gan, kind, rng)
            )
            found[kind].append(
                Subject(
                    twins=twins,
                    low=one.low,
                    gan=planted.picture,
                    mse=one.mse,
                    truth=planted.mask,
                )
            )
    return found


@cache
def usual(generator: str, seed: int) -> Mapping[int, float]:
    """A of each class of texture, from ordinary pictures of the seed's training photographs."""
    twins = lesson_twins(generator, seed)
    photos = scenes(photographs(generator, seed)[0])
    low, _ = degraded_crops(photos, PICTURES, seed, size=SIDE, how=twins.mild)
    pairs = [twins.pair.pictures(one) for one in low]
    distances = [valid(distance_map(gan, mse)) for gan, mse in pairs]
    labels = [valid(semantics.texture_classes(mse)) for _, mse in pairs]
    return semantics.class_weights(distances, labels)


def class_weight(subject: Subject, seed: int) -> np.ndarray:
    """1/A at each pixel of a subject."""
    labels = semantics.texture_classes(subject.mse)
    return semantics.weight_map(labels, usual(subject.twins.name, seed))


def clean_up(suspicious: np.ndarray) -> np.ndarray:
    """The official clean-up of a mask, the same for all detectors."""
    return artifact_mask(np.where(suspicious, 0.0, 1.0), min_area=MIN_AREA)


def inside(distance: np.ndarray, weight: np.ndarray | float, threshold: float) -> np.ndarray:
    """The mask of a map H×W, cleaned up as in `mask.detect`: D isn't known at the border."""
    share = weight if isinstance(weight, float) else valid(weight)
    mask = artifact_mask(valid(distance), share, threshold=threshold, min_area=MIN_AREA)
    return np.pad(mask, WINDOW // 2)


def by_texture(
    subject: Subject, seed: int, *, threshold: float = THRESHOLD, classes: bool = True
) -> np.ndarray:
    """DeSRA."""
    weight = class_weight(subject, seed) if classes else 1.0
    return inside(distance_map(subject.gan, subject.mse), weight, threshold)


def unnormalised(subject: Subject, seed: int) -> np.ndarray:
    """d' as a share of the picture's largest, taken from 1, in the place of D."""
    x, y = (
        local_variance(one, shape=SHAPES["official"]) ** 0.5 for one in (subject.gan, subject.mse)
    )
    apart = relative_difference(x, y).mean(-1)
    alike = 1 - apart / max(apart.max(), 1e-9)
    return inside(np.pad(alike, WINDOW // 2), class_weight(subject, seed), THRESHOLD)


def absolute(subject: Subject, seed: int) -> np.ndarray:
    """d in the place of d': 1 / (1 + d), the threshold stays."""
    found = 1 / (1 + absolute_difference(subject.gan, subject.mse))
    return inside(found, class_weight(subject, seed), THRESHOLD)


def by_ldl(subject: Subject, seed: int, *, threshold: float) -> np.ndarray:
    """LDL's map with the MSE twin in place of the truth."""
    return clean_up(ldl_map(subject.gan, subject.mse) > threshold)


@cache
def _niqe_threshold(generator: str, seed: int) -> float:
    pictures = [one for found in subjects(generator, seed).values() for one in found]
    maps = [niqe_map(one.gan) for one in pictures]

    def fit(threshold: float) -> float:
        masks = [clean_up(found > threshold) for found in maps]
        return float(np.mean([iou(a, one.truth) for a, one in zip(masks, pictures, strict=True)]))

    return max(NIQE_GRID, key=fit)


def by_niqe(subject: Subject, seed: int) -> np.ndarray:
    """A local NIQE, at the threshold that fits these very pictures best."""
    return clean_up(niqe_map(subject.gan) > _niqe_threshold(subject.twins.name, seed))


@cache
def _localiser(names: tuple[str, ...], seed: int) -> nn.Module:
    return train_localiser(list(scenes(names).values()), seed=seed)


def by_localiser(subject: Subject, seed: int) -> np.ndarray:
    """A localiser that learned from filled holes."""
    network = _localiser(photographs(subject.twins.name, seed)[0], seed)
    return clean_up(localiser_map(network, subject.gan) > 0.5)  # type: ignore[arg-type]


def bicubic(subject: Subject) -> np.ndarray:
    """The small picture, enlarged without a network."""
    return rescaled(subject.low, *subject.gan.shape[:2])


def mean_over_noise(subject: Subject, seed: int) -> np.ndarray:
    """The mean of the GAN's pictures of inputs with a little noise."""
    pair = subject.twins.pair
    total = np.zeros(subject.gan.shape)
    for n in range(NOISY):
        low = with_noise(subject.low, NOISE, NOISY * seed + n)
        total += enlarged(pair.gan, pair.features([low]))[0]
    return np.rint(total / NOISY).astype(np.uint8)


def against_bicubic(subject: Subject, seed: int) -> np.ndarray:
    """D against the bicubic enlargement, without classes, whose A belong to the MSE twin."""
    return inside(distance_map(subject.gan, bicubic(subject)), 1.0, THRESHOLD)


def against_mean(subject: Subject, seed: int) -> np.ndarray:
    """D against the mean over noisy inputs, without classes."""
    reference = mean_over_noise(subject, seed)
    return inside(distance_map(subject.gan, reference), 1.0, THRESHOLD)


Detector = Callable[[Subject, int], np.ndarray]


def _threshold(value: float) -> Detector:
    return lambda subject, seed: by_texture(subject, seed, threshold=value)


def _ldl(value: float) -> Detector:
    return lambda subject, seed: by_ldl(subject, seed, threshold=value)


DETECTORS: dict[str, Detector] = {
    "DeSRA": by_texture,
    "NIQE": by_niqe,
    "localiser": by_localiser,
    **{f"LDL {value}": _ldl(value) for value in LDL_THRESHOLDS[::-1]},
    "without relative difference": absolute,
    "without normalisation": unnormalised,
    "without classes": lambda subject, seed: by_texture(subject, seed, classes=False),
    **{f"threshold {value}": _threshold(value) for value in (0.9, 0.8, 0.6)},
    "bicubic reference": against_bicubic,
    "mean over noise": against_mean,
}


def short(truth: str) -> str:
    """The last word of a truth's name, for the columns of tables."""
    return truth.split()[-1]


def scored(detector: str, generator: str, seed: int) -> dict[str, float]:
    """IoU, precision and recall of a detector by each truth, named after it."""
    found = {}
    for truth, pictures in subjects(generator, seed).items():
        masks = [DETECTORS[detector](one, seed) for one in pictures]
        counts = sum(
            (count_regions(mask, one.truth) for mask, one in zip(masks, pictures, strict=True)),
            RegionCounts(),
        )
        word = short(truth)
        overlaps = [iou(mask, one.truth) for mask, one in zip(masks, pictures, strict=True)]
        found[f"iou_{word}"] = float(np.mean(overlaps)) if overlaps else 0.0
        found[f"precision_{word}"] = counts.precision
        found[f"recall_{word}"] = counts.recall
    return found
