"""Choose the network for a photograph: is it rain in the air, or drops on the lens?"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import nn

from course_lib.models.classifier import RainClassifier
from course_lib.models.tiles import evaluating, shrunk
from course_lib.ranges import to_model
from course_lib.restoration.networks import CLASSIFIER, FOLDER, Restorer, load_network

AUTO = "auto"
NETWORKS = ("streaks", "drops")  # between which the classifier decides
CLASSES = (*NETWORKS, "no rain")  # in the order of the classifier's logits
CROP = 160  # pixels, side of the pieces that the classifier looks at
CROPS = 12
LOOK = 350_000  # pixels of the copy that it looks at; drops grow with the picture
SEEN = 0.3  # share of a picture, below which a kind of rain counts as not seen


class Chooser:
    """Chooses a network for each picture, and loads it once.

    Args:
        model: `AUTO`, one of `networks.names`, or the path of a file.
        device: on which the networks compute.
        folder: where the course's own networks lie.

    Raises:
        ValueError: see `load_network`.
    """

    def __init__(self, model: str, *, device: str = "cpu", folder: Path = FOLDER) -> None:
        self._model, self._device, self._folder = model, device, folder
        self._loaded: dict[str, Restorer] = {}
        loaded = self._load(CLASSIFIER if model == AUTO else model)
        if model != AUTO and isinstance(loaded.network, RainClassifier):
            raise ValueError(f"{model} only classifies rain and can't restore: choose --model auto")

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the networks and the rule that decide: the same one, the same copies."""
        if self._model != AUTO:
            return self._load(self._model).digest
        digests = [self._load(name).digest for name in (CLASSIFIER, *NETWORKS)]
        rule = f"{LOOK} {SEEN}"
        return hashlib.sha256("".join([*digests, rule]).encode()).hexdigest()

    def __call__(self, picture: np.ndarray) -> tuple[Restorer, str]:
        """Return the network for a picture, uint8 H×W×3, and why it was chosen, in a few words."""
        if self._model != AUTO:
            return self._load(self._model), "chosen by --model"
        found = kind_of_rain(self._load(CLASSIFIER).network, picture)
        if kind := decided(found):
            return self._load(kind), f"it looks like {kind} ({found[kind]:.0%})"
        # Rain that is overlooked is mostly faint streaks.
        return self._load("streaks"), "it shows hardly any rain; check that no fine detail was lost"

    def _load(self, name: str) -> Restorer:
        if name not in self._loaded:
            self._loaded[name] = load_network(name, device=self._device, folder=self._folder)
        return self._loaded[name]


@torch.no_grad()
def kind_of_rain(classifier: nn.Module, picture: np.ndarray) -> dict[str, float]:
    """Return in what share of a picture each of `CLASSES` is seen, together 1.

    Pieces without rain don't vote for a kind: drops often cover a part of the lens only.

    Args:
        classifier: N×3×H×W in [−1, 1] → N×3 logits, in the order of `CLASSES`.
        picture: uint8 or floats in [0, 1], H×W×3.
    """
    device = next(classifier.parameters()).device
    with evaluating(classifier):
        shown = to_model(pieces(shrunk(picture, LOOK))).to(device)
        chances = classifier(shown).softmax(1).mean(0)
    return dict(zip(CLASSES, chances.tolist(), strict=True))


def decided(found: Mapping[str, float]) -> str:
    """Return the kind of rain that a picture shows, of `NETWORKS`; empty if it shows hardly any.

    Args:
        found: of `kind_of_rain`.
    """
    kind = max(NETWORKS, key=lambda one: found[one])
    return kind if found[kind] >= SEEN else ""


def pieces(picture: np.ndarray) -> list[np.ndarray]:
    """Cut `CROPS` pieces or so out of a picture, spread evenly; a small picture is one piece."""
    height, width = picture.shape[:2]
    side_y, side_x = min(CROP, height), min(CROP, width)
    rows = min(CROPS, max(1, round(np.sqrt(CROPS * height / width))))
    columns = max(1, round(CROPS / rows))
    tops = np.linspace(0, height - side_y, rows if height > side_y else 1).astype(int)
    lefts = np.linspace(0, width - side_x, columns if width > side_x else 1).astype(int)
    return [picture[y : y + side_y, x : x + side_x] for y in tops for x in lefts]
