"""Which differences in texture are natural where: a weight for each class (DeSRA, §3.2, eq. 8).

Foliage of a GAN differs from that of its MSE twin, and looks right; a sky that differs looks wrong.
So D is divided by A, which is small for classes whose D is small on ordinary pictures. The map of
classes may come from a segmentation network, or, without one, from the texture itself.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter, sobel

from course_lib.artifacts.texture import local_variance
from course_lib.data.photos import load_photo, photo_split, shrink

TABLE = Path(__file__).parent.parent / "assets/desra_classes.csv"
INTERVALS = 20  # into which the authors divide D's values from 0 to 1
CLASSES = 6  # of texture
WINDOWS = 5, 11, 21  # of the local standard deviations that tell textures apart
SAMPLES = 4000  # pixels of each photograph to learn the classes from


class ReleasedClass(NamedTuple):
    """A class of ADE20K in the authors' table.

    Attributes:
        name: of the class.
        interval: below which 15 % of D lie, of 20; 0 to 11.
    """

    name: str
    interval: int

    @property
    def weight(self) -> float:
        """1/A: what D is multiplied by, 1 or more."""
        return INTERVALS / (INTERVALS - self.interval)


@cache
def released_classes() -> tuple[ReleasedClass, ...]:
    """The authors' table, in the order of ADE20K's 150 classes."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return tuple(ReleasedClass(row["name"], int(row["interval"])) for row in rows)


def released_weights(class_map: np.ndarray) -> np.ndarray:
    """1/A for each pixel, by the authors' table.

    Args:
        class_map: H×W integers, indices of ADE20K's classes, 0 to 149.

    Raises:
        ValueError: another type or index.
    """
    if not np.issubdtype(class_map.dtype, np.integer):
        raise ValueError(f"classes are integers; this map is {class_map.dtype}")
    weights = np.array([one.weight for one in released_classes()])
    if class_map.size and not 0 <= class_map.min() <= class_map.max() < len(weights):
        raise ValueError(
            f"ADE20K's classes are 0 to {len(weights) - 1}; the map has {class_map.min()} to "
            f"{class_map.max()}"
        )
    return weights[class_map]


def class_weights(
    distances: Sequence[np.ndarray], labels: Sequence[np.ndarray], *, percentile: float = 85
) -> dict[int, float]:
    """A of each class: the D that a share of the class's pixels reaches (eq. 8).

    With percentile 85, 85 % of the class's pixels, over all pictures, have this D or more: it is
    the 85th percentile of D in descending order, interpolated as `np.percentile` does.

    Args:
        distances: D on ordinary pictures, one H×W map for each.
        labels: class of each pixel, H×W integers for each picture.
        percentile: 0 to 100.

    Returns:
        Class → A, for the classes that occur.

    Example:
        D of 0.0, 0.1, 0.2 … 1.0, all of class 4, and percentile 80: class 4 gets 0.2, because nine
        of eleven values are 0.2 or more.
    """
    require_maps(distances, labels, percentile)
    values = np.concatenate([np.ravel(one) for one in distances])
    classes = np.concatenate([np.ravel(one) for one in labels])
    return {
        int(label): float(np.percentile(values[classes == label], 100 - percentile))
        for label in np.unique(classes)
    }


def require_maps(
    distances: Sequence[np.ndarray], labels: Sequence[np.ndarray], percentile: float
) -> None:
    """Raise ValueError for arguments that `class_weights` can't use.

    There is no picture, maps don't belong together, or a percentile is out of range.
    """
    if not 0 <= percentile <= 100:
        raise ValueError(f"a percentile is 0 to 100; it is {percentile}")
    if not len(distances) or len(distances) != len(labels):
        raise ValueError(f"{len(distances)} maps of D and {len(labels)} of classes: give as many")
    for distance, label in zip(distances, labels, strict=True):
        if np.shape(distance) != np.shape(label):
            raise ValueError(
                f"D is {np.shape(distance)}, its classes {np.shape(label)}: crop them alike"
            )


def weight_map(labels: np.ndarray, weights: Mapping[int, float]) -> np.ndarray:
    """1/A for each pixel, from the A of each class; 1 for classes without one.

    Args:
        labels: H×W integers.
        weights: class → A, above 0, such as `class_weights` gives.

    Raises:
        ValueError: an A that isn't above 0.
    """
    found = np.ones(labels.shape)
    for label, value in weights.items():
        if not value > 0:
            raise ValueError(f"A is above 0; that of class {label} is {value}")
        found[labels == label] = 1 / value
    return found


def texture_classes(picture: np.ndarray) -> np.ndarray:
    """Divide a picture into classes of texture, from smooth (0) to rough.

    The classes are those of the course's training photographs: k-means on the local standard
    deviations in windows of three sizes, and on how much the gradients agree in direction.

    Args:
        picture: uint8 H×W×3; of the MSE twin, because the GAN's has artifacts.

    Returns:
        H×W integers, 0 to 5.
    """
    centres, mean, spread = _centres()
    features = (_features(picture) - mean) / spread
    distances = ((features[..., None, :] - centres) ** 2).sum(-1)
    return distances.argmin(-1)


@cache
def _centres() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    from sklearn.cluster import KMeans

    rng = np.random.default_rng(0)
    samples = []
    for name in photo_split(0).train:
        features = _features(shrink(load_photo(name), 2)).reshape(-1, len(WINDOWS) + 1)
        samples.append(features[rng.integers(len(features), size=SAMPLES)])
    found = np.concatenate(samples)
    mean, spread = found.mean(0), found.std(0)
    model = KMeans(CLASSES, random_state=0, n_init=4).fit((found - mean) / spread)
    centres = model.cluster_centers_
    return centres[np.argsort(centres[:, 0])], mean, spread


def _features(picture: np.ndarray) -> np.ndarray:
    """H×W×4: logarithms of σ in three windows, and how much gradients agree, 0 to 1."""
    luma = picture.astype(np.float64).mean(-1)
    layers = [
        np.log1p(local_variance(np.pad(luma, window // 2, mode="reflect"), window=window) ** 0.5)
        for window in WINDOWS
    ]
    across, down = sobel(luma, axis=1), sobel(luma, axis=0)
    xx, yy, xy = (
        gaussian_filter(one, 4.0) for one in (across * across, down * down, across * down)
    )
    layers.append(np.hypot(xx - yy, 2 * xy) / (xx + yy + 1.0))
    return np.stack(layers, axis=-1)
