"""Lesson 06's products: finetuning by pairs and steps, online adaptation, and runs with a fault."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, partial

import numpy as np
import torch
from torch import nn

from course_lib.artifacts import metrics, semantics
from course_lib.artifacts.finetune import adapt_online, detail_kept
from course_lib.artifacts.mask import detect
from course_lib.artifacts.truth import by_reference
from course_lib.data.degradations import Degradation, Degrade
from course_lib.experiments.desra import (
    MIN_AREA,
    held_out,
    lesson_twins,
    photographs,
    usual,
)
from course_lib.experiments.lesson_05 import SEEDS, lacks
from course_lib.experiments.products import Experiment, RecordedRun, Value
from course_lib.metrics import psnr
from course_lib.profiles import Profile
from course_lib.results import recordings
from course_lib.results.recordings import Recording
from course_lib.systems import deletion, desra
from course_lib.systems.deletion import FinetuneSettings, PseudoPairs
from course_lib.systems.desra import HARD, Example
from course_lib.systems.twins import degraded_crops, enlarged
from course_lib.training.checkpoints import Record

CROPS, CROP = 128, 160  # crops to look for artifacts in, and their sides, pixels
TESTED = {"Real-ESRGAN": 16, "a small GAN": 48}  # unseen pictures
PAIRS = (12, 48)
STEPS = (10, 20, 40)
RECORDED = 1  # seed of the photographs of the recorded runs
STREAM = 12  # pictures of each kind in the online experiment
STREAM_STEPS = 10  # of the finetuning on each of them
KINDS = {
    "aliased": HARD,
    "noisy": Degradation(blur=(0.0, 0.3), noise=(25.0, 35.0), quality=(90, 95)),
}


def hard_crops(
    generator: str, seed: int, count: int, how: Degrade | None = None
) -> list[np.ndarray]:
    """Hard inputs of the photographs that a generator learns from, or other inputs of these."""
    photos = desra.scenes(photographs(generator, seed)[0], (1, 2, 3))
    how = how or lesson_twins(generator, seed).degradation
    return degraded_crops(photos, count, seed + 9, size=CROP, how=how)[0]


@cache
def pairs(generator: str, seed: int) -> PseudoPairs:
    """The pairs with the largest artifacts, at most as many as the largest of `PAIRS`."""
    twins = lesson_twins(generator, seed).pair
    settings = FinetuneSettings.of(twins)
    return deletion.make_pairs(twins, hard_crops(generator, seed, CROPS), settings, most=PAIRS[-1])


@cache
def unseen(generator: str, seed: int, how: Degrade) -> tuple[list[Example], torch.Tensor]:
    """Held-out pictures of degraded inputs, and the inputs' features."""
    twins = lesson_twins(generator, seed)
    found = held_out(twins, seed, how, TESTED[generator])
    return found, twins.pair.features([one.low for one in found])


def compared(generator: str, seed: int, network: nn.Module) -> dict[str, float]:
    """What became of the artifacts of unseen pictures, by D and by reference, and of the rest."""
    examples, features = unseen(generator, seed, lesson_twins(generator, seed).degradation)
    weights = [
        semantics.weight_map(semantics.texture_classes(one.mse), usual(generator, seed))
        for one in examples
    ]
    after = enlarged(network, features)
    found: dict[str, float] = {}
    for way in ("d", "reference"):
        masks = []
        for pictures in ([one.gan for one in examples], after):
            masks.append(
                [
                    detect(picture, one.mse, weights=weight, min_area=MIN_AREA)
                    if way == "d"
                    else by_reference(picture, one.mse, one.clean, min_area=MIN_AREA)
                    for picture, one, weight in zip(pictures, examples, weights, strict=True)
                ]
            )
        before, now = masks
        removal, addition = metrics.removal_and_addition(before, now, before)
        found |= {
            f"removal_{way}": removal,
            f"area_{way}": metrics.area_removed(now, before),
            f"addition_{way}": addition,
            f"share_{way}": float(np.mean([mask.mean() for mask in now])),
        }
        if way == "d":
            kept = [
                detail_kept(one.gan, picture, ~mask)
                for one, picture, mask in zip(examples, after, before, strict=True)
            ]
            found["detail"] = float(np.nanmean(kept))
    found["psnr"] = float(
        np.mean([psnr(a, one.clean) for a, one in zip(after, examples, strict=True)])
    )
    return found


@cache
def _finetuned(generator: str, count: int, seed: int) -> Mapping[int, Mapping[str, float]]:
    """What is measured after each of `STEPS`."""
    twins, some = lesson_twins(generator, seed).pair, pairs(generator, seed)
    few = PseudoPairs(
        some.inputs[:count], some.targets[:count], some.masks[:count], some.positions[:count]
    )
    system, _ = deletion.set_up(twins, few, FinetuneSettings.of(twins, steps=STEPS[-1]), seed)
    found = {0: compared(generator, seed, twins.gan)}

    def measure(record: Record) -> None:
        if record["step"] in STEPS:
            found[int(record["step"])] = compared(generator, seed, system.generator)

    system.train([measure])
    return found


def _finetuning(settings: Mapping[str, Value], seed: int, profile: Profile) -> dict[str, float]:
    count = int(settings["pairs"])
    return dict(_finetuned(str(settings["generator"]), count, seed)[int(settings["steps"])])


def _online(settings: Mapping[str, Value], seed: int, profile: Profile) -> dict[str, float]:
    """Artifacts of one kind arrive, then of another; both kinds are measured before and after."""
    pair = replace(lesson_twins("Real-ESRGAN", seed).pair, discriminator=None)
    model = copy.deepcopy(pair.gan)
    how = FinetuneSettings.of(pair, steps=STREAM_STEPS)

    def sees(model: nn.Module, low: np.ndarray) -> np.ndarray:
        features = pair.features([low])
        gan, mse = (enlarged(one, features)[0] for one in (model, pair.mse))
        return deletion.masks_of(gan, mse, how)

    def learn(model: nn.Module, pictures: list[np.ndarray]) -> None:
        try:
            few = deletion.make_pairs(pair, pictures, how)
        except ValueError:  # finetuning made an artifact where the first GAN had none
            return
        batch = replace(how, batch_size=min(how.batch_size, len(few.positions)))
        system, _ = deletion.set_up(replace(pair, gan=model), few, batch, seed)
        system.train()
        model.load_state_dict(system.generator.state_dict())

    def areas(after: str) -> dict[str, float]:
        return {
            f"{kind}_{after}_{way}": area
            for kind in KINDS
            for way, area in _artifact_area(model, seed, kind).items()
        }

    found = areas("before")
    updates = 0
    for number, kind in enumerate(KINDS):
        stream = hard_crops("Real-ESRGAN", seed + 100 * number, STREAM, KINDS[kind])
        replay = int(settings["replay"])
        updates += len(adapt_online(model, stream, detect=sees, finetune=learn, replay=replay))
        found |= areas(f"after_{kind}")
    return {**found, "updates": float(updates)}


def _artifact_area(model: nn.Module, seed: int, kind: str) -> dict[str, float]:
    """The area of a network's artifacts on unseen pictures, %, by D and by reference."""
    examples, features = unseen("Real-ESRGAN", seed, KINDS[kind])
    found: dict[str, list[float]] = {"d": [], "reference": []}
    for picture, one in zip(enlarged(model, features), examples, strict=True):
        found["d"].append(detect(picture, one.mse, min_area=MIN_AREA).mean())
        truth = by_reference(picture, one.mse, one.clean, min_area=MIN_AREA)
        found["reference"].append(truth.mean())
    return {way: 100 * float(np.mean(areas)) for way, areas in found.items()}


@dataclass(frozen=True, kw_only=True)
class FinetuneRun:
    """A finetuning of Real-ESRGAN with at most one fault.

    Attributes:
        targets: ``"pseudo"`` ground truth, or the ``"gan"``'s or the ``"mse"`` twin's pictures.
        rate: factor of the learning rate.
        seed: of the pairs' order.
    """

    targets: str = "pseudo"
    rate: float = 1.0
    seed: int = 0


RUNS = {
    "06_healthy": FinetuneRun(),
    "06_a": FinetuneRun(targets="mse"),
    "06_b": FinetuneRun(rate=100.0),
    "06_c": FinetuneRun(targets="gan"),
    "06_d": FinetuneRun(seed=1),
}
FAULTS = {
    "06_healthy": "none, it is a healthy finetuning",
    "06_a": "the targets are the MSE twin's pictures",
    "06_b": "the learning rate is a hundred times as high",
    "06_c": "the targets are the GAN's own pictures",
    "06_d": "none, it is a healthy finetuning",
}


def _target(kind: str, mse: np.ndarray, gan: np.ndarray, mask: np.ndarray) -> np.ndarray:
    return {"mse": mse, "gan": gan}[kind]


def _run(name: str, profile: Profile) -> Recording:
    run, lesson, settings = RUNS[name], desra.released_twins(), FinetuneSettings()
    pair, low = lesson.pair, hard_crops("Real-ESRGAN", RECORDED, CROPS)
    target = None if run.targets == "pseudo" else partial(_target, run.targets)
    some = deletion.make_pairs(pair, low, settings, most=PAIRS[-1], target=target)
    settings = replace(settings, rate=run.rate * settings.rate)
    system, _ = deletion.set_up(pair, some, settings, run.seed)
    examples = sorted(
        held_out(lesson, RECORDED, HARD),
        key=lambda one: -detect(one.gan, one.mse, min_area=MIN_AREA).mean(),
    )[:4]
    features = pair.features([one.low for one in examples])
    masks = [detect(one.gan, one.mse, min_area=MIN_AREA) for one in examples]
    frames = [(0, np.stack([one.gan for one in examples]))]
    history: list[Record] = []

    def watch(record: Record) -> None:
        if record["step"] % 4 == 0:
            pictures = enlarged(system.generator, features)
            frames.append((int(record["step"]), np.stack(pictures)))
            now = [
                detect(picture, one.mse, min_area=MIN_AREA)
                for picture, one in zip(pictures, examples, strict=True)
            ]
            record["area"] = 100 * float(np.mean([mask.mean() for mask in now]))
            record["detail"] = 100 * float(
                np.nanmean(
                    [
                        detail_kept(one.gan, picture, ~mask)
                        for one, picture, mask in zip(examples, pictures, masks, strict=True)
                    ]
                )
            )
        history.append(record)

    system.train([watch])
    return recordings.record(
        history,
        frames,
        rainy=np.stack([one.mse for one in examples]),
        clean=np.stack([one.clean for one in examples]),
        name=name,
        about={"lesson": "06", "fault": FAULTS[name], "seed": run.seed, "steps": settings.steps},
        keys=["loss_g", "area", "detail"],
    )


TOLERANCES = {
    f"{what}_{way}": 0.3
    for way in ("d", "reference")
    for what in ("removal", "area", "addition", "share")
}
ORDER = [
    *(f"{what}_d" for what in ("removal", "area", "addition", "share")),
    "detail",
    *(f"{what}_reference" for what in ("removal", "area", "addition", "share")),
    "psnr",
]
EXPERIMENTS = (
    Experiment(
        name="06_finetuning",
        about="What finetuning removes from unseen pictures, by pairs and steps.",
        settings=tuple(
            {"generator": generator, "pairs": count, "steps": steps}
            for generator in TESTED
            for count in PAIRS
            for steps in (0, *STEPS)
        ),
        seeds=SEEDS,
        run=_finetuning,
        lacks=lacks,
        tolerances={key: (TOLERANCES | {"detail": 0.1, "psnr": 0.5})[key] for key in ORDER},
    ),
    Experiment(
        name="06_online",
        about="Artifacts of one kind and then of another arrive, with and without replay.",
        settings=tuple({"generator": "Real-ESRGAN", "replay": replay} for replay in (0, 3)),
        seeds=SEEDS,
        run=_online,
        lacks=lacks,
        tolerances={
            **{
                f"{kind}_{when}_{way}": 3.0
                for when in ("before", *(f"after_{kind}" for kind in KINDS))
                for kind in KINDS
                for way in ("d", "reference")
            },
            "updates": 8.0,
        },
    ),
)
RECORDINGS = tuple(RecordedRun(name=name, make=partial(_run, name)) for name in RUNS)
