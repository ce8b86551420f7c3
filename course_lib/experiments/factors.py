"""What matters most for a network that removes real rain: photographs, rains, kinds or time?"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from torch import nn

from course_lib.data.folders import PictureFolder
from course_lib.data.photos import PHOTOS
from course_lib.data.rain import synthesize
from course_lib.data.registry import data_folder, pairs_if_there
from course_lib.experiments.products import Experiment, Value
from course_lib.metrics import psnr
from course_lib.models.tiles import restore_picture
from course_lib.profiles import Profile, pick
from course_lib.systems import restorer
from course_lib.systems.restorer import STREAK_KINDS, STREAKS, VALIDATION

SEEDS = (0, 1, 2, 3, 4)
ROLLING = "rolling"
# The best of each factor; the other rows change one of them. The embedded photographs are taken
# first, so that rows of few photographs need no others. They are smaller than most of the others.
MOST: Mapping[str, Value] = {"photographs": 91, "rains": ROLLING, "kinds": 5, "steps": 900}
LEVELS: Mapping[str, tuple[Value, ...]] = {
    "photographs": (1, 5, 28),
    "rains": (16, 100),
    "kinds": (1, 3),
    "steps": (300, 3000),
}
SETTINGS = (
    MOST,
    *({**MOST, factor: level} for factor, levels in LEVELS.items() for level in levels),
)
NETWORK = replace(STREAKS, widths=(32, 48), blocks=(2, 2), image_size=48)
CLEAN = 0.2  # share of the crops without rain
PERFECT = 60.0  # dB, stands for a picture that comes back without a change
RAINS = 2  # on each held-out photograph, of each kind
EVERY = 5  # of a set's pairs one in five is measured
SETS = {"rain100l": "rain100l", "rain800": "rain800/test_syn", "spa": "spa_sample"}
FETCH = "python data_scripts/free_photographs.py"


def free_folder() -> Path:
    """Where `make reproduce` looks for photographs with free licences."""
    return data_folder() / "free_photographs"


@cache
def _photographs() -> dict[str, np.ndarray]:
    """All photographs to learn from, the embedded ones first."""
    found = restorer.embedded()
    if free_folder().is_dir():
        pictures = PictureFolder(free_folder())
        found |= {name: pictures[n] for n, name in enumerate(pictures.names)}
    return {name: photo for name, photo in found.items() if name not in VALIDATION}


def lacks_photographs(settings: Mapping[str, Value]) -> str:
    """What a run needs and this machine doesn't have."""
    needed, there = int(settings["photographs"]), len(_photographs())
    if needed <= there:
        return ""
    return f"{needed} photographs, {there} are there ({FETCH} {free_folder()} --mirror …)"


def lacks_sets(settings: Mapping[str, Value]) -> str:
    """The same for runs that are measured on real sets too."""
    missing = [name for name in SETS.values() if pairs_if_there(name) is None]
    words = [lacks_photographs(settings), f"sets {', '.join(missing)}" if missing else ""]
    return "; ".join(word for word in words if word)


def chosen_photographs(count: int, seed: int) -> dict[str, np.ndarray]:
    """Some of the photographs, drawn by the seed; the embedded ones come first."""
    photos = _photographs()
    rng = np.random.default_rng((seed, 9))
    order = [
        name
        for group in (PHOTOS, photos.keys() - PHOTOS.keys())
        for name in rng.permutation(sorted(group & photos.keys())).tolist()
    ]
    return {name: photos[name] for name in order[:count]}


def recipe(settings: Mapping[str, Value], profile: Profile) -> restorer.RestorerSettings:
    """The recipe of a row; at other profiles than cpu its steps follow the profile's."""
    kinds = dict(list(STREAK_KINDS.items())[: int(settings["kinds"])])
    none = CLEAN * sum(kinds.values()) / (1 - CLEAN)
    rolling = settings["rains"] == ROLLING
    return replace(
        NETWORK,
        rain=replace(NETWORK.rain, kinds={**kinds, "none": none}),
        steps=max(1, int(settings["steps"]) * profile.steps // pick("04", "cpu").steps),
        canvases=STREAKS.canvases if rolling else int(settings["rains"]),
        renew_steps=STREAKS.renew_steps if rolling else None,
    )


@cache
def _trained(
    photographs: int, rains: Value, kinds: int, steps: int, seed: int, profile: Profile
) -> tuple[nn.Module, float]:
    """A trained network, and the CPU seconds that it took."""
    settings = {"photographs": photographs, "rains": rains, "kinds": kinds, "steps": steps}
    photos = chosen_photographs(photographs, seed)
    system = restorer.set_up(photos, recipe(settings, profile), seed, workers=profile.workers)
    begun = time.process_time()
    system.train()
    return system.generator, time.process_time() - begun


def _train(settings: Mapping[str, Value], seed: int, profile: Profile) -> tuple[nn.Module, float]:
    return _trained(**settings, seed=seed, profile=profile)


def _luma_psnr(pictures: np.ndarray, clean: np.ndarray) -> float:
    return min(PERFECT, psnr(pictures, clean, channel="y_matlab"))


def _held_out(settings: Mapping[str, Value], seed: int, profile: Profile) -> dict[str, float]:
    """Scores on the embedded photographs that were not learnt from."""
    network, seconds = _train(settings, seed, profile)
    rows, same = [], []
    for n, (name, photo) in enumerate(restorer.validation_scenes(restorer.embedded()).items()):
        same.append(_luma_psnr(restore_picture(network, photo), photo))
        for kind in STREAK_KINDS:
            for rain in range(RAINS):
                rng = np.random.default_rng((7, rain, n))
                pair = synthesize(photo, kind, rng, name=name, veil_stays=NETWORK.rain.veil_stays)
                shown = pair.rainy, restore_picture(network, pair.rainy)
                rows.append([_luma_psnr(one, pair.clean) for one in shown])
    before, after = np.mean(rows, axis=0).tolist()
    return {
        "psnr_rainy": before,
        "psnr": after,
        "psnr_clean": float(np.mean(same)),
        "cpu_seconds": seconds,
    }


def _real(settings: Mapping[str, Value], seed: int, profile: Profile) -> dict[str, float]:
    """Scores on real sets."""
    network, _ = _train(settings, seed, profile)
    found = {}
    for name, set_name in SETS.items():
        pairs = pairs_if_there(set_name)
        assert pairs is not None
        chosen = [pairs[n] for n in range(0, len(pairs), EVERY if len(pairs) > EVERY else 1)]
        found[f"{name}_rainy"] = float(np.mean([_luma_psnr(p.rainy, p.clean) for p in chosen]))
        found[name] = float(
            np.mean([_luma_psnr(restore_picture(network, p.rainy), p.clean) for p in chosen])
        )
    return found


EXPERIMENTS = (
    Experiment(
        name="04_factors",
        about="Which matters most: photographs, drawn rains, kinds of rain, or time?",
        settings=SETTINGS,
        seeds=SEEDS,
        revision=restorer.REVISION,
        run=_held_out,
        tolerances={"psnr_rainy": 0.01, "psnr": 0.7, "psnr_clean": 2.0, "cpu_seconds": 300.0},
        times=("cpu_seconds",),
        lacks=lacks_photographs,
    ),
    Experiment(
        name="04_factors_real",
        about="The same networks on real rain.",
        settings=SETTINGS,
        seeds=SEEDS,
        revision=restorer.REVISION,
        run=_real,
        tolerances={
            f"{name}{end}": allowed
            for name in SETS
            for end, allowed in (("_rainy", 0.01), ("", 0.7))
        },
        lacks=lacks_sets,
    ),
)
