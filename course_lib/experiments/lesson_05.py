"""Lesson 05's products: detectors compared, changed inputs, and games with a fault."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial

import numpy as np
import torch
from torch import nn

from course_lib.artifacts.finetune import detail_kept
from course_lib.artifacts.mask import detect
from course_lib.artifacts.metrics import iou
from course_lib.artifacts.truth import by_reference
from course_lib.data.pair import Batch
from course_lib.data.photos import photo_split
from course_lib.experiments.desra import (
    DETECTORS,
    GENERATORS,
    MIN_AREA,
    TRUTHS,
    held_out,
    lesson_twins,
    scored,
    short,
)
from course_lib.experiments.products import Experiment, RecordedRun, Value
from course_lib.metrics import psnr
from course_lib.profiles import Profile
from course_lib.results import recordings
from course_lib.results.recordings import Recording
from course_lib.systems import desra, real_esrgan, trained_twins, twins
from course_lib.systems.desra import CHANGED_INPUTS, HARD, rescaled
from course_lib.systems.trained_twins import SmallTwinSettings
from course_lib.training.checkpoints import Record

SEEDS = (0, 1, 2, 3, 4)
CROPS, SIDE = 16, 96  # pictures that a recorded game is measured on, and their sides, pixels
SHOWN = 4  # of these
FRAMES = 10  # of a recorded game
ITERATIONS = (50, 100, 150, 200)  # steps of the small GAN after which its artifacts are measured


def lacks(settings: Mapping[str, Value]) -> str:
    """What a run needs and this machine doesn't have."""
    if settings["generator"] == "Real-ESRGAN" and not real_esrgan.available():
        return "Real-ESRGAN's weights: course models fetch real-esrgan"
    return ""


def _detectors(settings: Mapping[str, Value], seed: int, profile: Profile) -> dict[str, float]:
    return scored(str(settings["detector"]), str(settings["generator"]), seed)


def _inputs(settings: Mapping[str, Value], seed: int, profile: Profile) -> dict[str, float]:
    """Detected area, and area by reference, of changed inputs."""
    lesson = lesson_twins(str(settings["generator"]), seed)
    areas, truths, quality = [], [], []
    for one in held_out(lesson, seed, lesson.degradation):
        gan, mse = lesson.pair.pictures(CHANGED_INPUTS[str(settings["change"])](one.low, seed))
        area = round(MIN_AREA * gan.size / one.clean.size)
        areas.append(detect(gan, mse, min_area=area).mean())
        gan, mse = (rescaled(picture, *one.clean.shape[:2]) for picture in (gan, mse))
        truths.append(by_reference(gan, mse, one.clean, min_area=MIN_AREA).mean())
        quality.append(psnr(gan, one.clean))
    return {
        "area": 100 * float(np.mean(areas)),
        "area_reference": 100 * float(np.mean(truths)),
        "psnr": float(np.mean(quality)),
    }


@cache
def _states(seed: int) -> Mapping[int, nn.Module]:
    """The small GAN of a seed, after each of `ITERATIONS`."""
    settings = SmallTwinSettings()
    learn = trained_twins.crops(desra.scenes(photo_split(seed).train), settings, seed)
    mse = lesson_twins("a small GAN", seed).pair.mse
    system = trained_twins.gan_system(mse, learn, settings, seed)
    found: dict[int, nn.Module] = {}

    def keep(record: Record) -> None:
        if record["step"] in ITERATIONS:
            fresh = trained_twins.network(settings)
            fresh.load_state_dict(system.generator.state_dict())
            found[int(record["step"])] = fresh.eval()

    system.train([keep])
    return found


def _iterations(settings: Mapping[str, Value], seed: int, profile: Profile) -> dict[str, float]:
    """Detected area of one state of the small GAN, and its IoU with that of the last state."""
    lesson = lesson_twins("a small GAN", seed)
    states = _states(seed)
    masks = []
    for step in (int(settings["step"]), ITERATIONS[-1]):
        pair = replace(lesson.pair, gan=states[step])
        pictures = held_out(replace(lesson, pair=pair), seed, HARD)
        masks.append([detect(one.gan, one.mse, min_area=MIN_AREA) for one in pictures])
    return {
        "area": 100 * float(np.mean([mask.mean() for mask in masks[0]])),
        "iou_last": float(np.mean([iou(a, b) for a, b in zip(*masks, strict=True)])),
    }


@dataclass(frozen=True, kw_only=True)
class SmallGame:
    """A training of the small GAN with at most one fault.

    Attributes:
        pixels, adversarial: factors of the losses' weights.
        swapped: whether D is taught that photographs are fake and the GAN's pictures real.
        seed: of the training.
    """

    pixels: float = 1.0
    adversarial: float = 1.0
    swapped: bool = False
    seed: int = 0


FAULTS = {
    "05_healthy": SmallGame(),
    "05_a": SmallGame(pixels=0.0),
    "05_b": SmallGame(swapped=True),
    "05_c": SmallGame(seed=1),
    "05_d": SmallGame(adversarial=20.0),
}
FAULT_NAMES = {
    "05_healthy": "none, it is a healthy game",
    "05_a": "the loss of pixels is missing",
    "05_b": "D's labels are swapped",
    "05_c": "none, it is a healthy game",
    "05_d": "the adversarial loss is twenty times as heavy",
}


def _game(name: str, profile: Profile) -> Recording:
    game, settings = FAULTS[name], desra.small_settings(profile)
    losses = replace(
        settings.losses,
        pixels=game.pixels * settings.losses.pixels,
        adversarial=game.adversarial * settings.losses.adversarial,
    )
    split = photo_split(0)
    learn = trained_twins.crops(desra.scenes(split.train), settings, game.seed)
    first = trained_twins.mse_system(learn, settings, game.seed)
    first.train()
    system = trained_twins.gan_system(
        first.generator, learn, replace(settings, losses=losses), game.seed
    )
    if game.swapped:
        system = replace(system, d_step=_swapped(losses.d_step))
    low, clean = twins.degraded_crops(
        desra.scenes(split.test), CROPS, 5, size=SIDE, how=settings.degradation
    )
    inputs = twins.unit_tensor(low)
    smooth = twins.enlarged(system.generator, inputs)  # the GAN begins as its MSE twin
    frames = [(0, np.stack(smooth[:SHOWN]))]
    history: list[Record] = []
    every = max(1, settings.gan_steps // FRAMES)
    everywhere = np.ones((SIDE, SIDE), bool)

    def watch(record: Record) -> None:
        if record["step"] % every == 0:
            pictures = twins.enlarged(system.generator, inputs)
            frames.append((int(record["step"]), np.stack(pictures[:SHOWN])))
            record["psnr"] = float(
                np.mean([psnr(*both) for both in zip(pictures, clean, strict=True)])
            )
            more = [detail_kept(a, b, everywhere) for a, b in zip(smooth, pictures, strict=True)]
            record["detail"] = float(np.mean(more))
        history.append(record)

    system.train([watch])
    return recordings.record(
        history,
        frames,
        rainy=np.stack(
            [one.repeat(settings.scale, 0).repeat(settings.scale, 1) for one in low[:SHOWN]]
        ),
        clean=np.stack(clean[:SHOWN]),
        name=name,
        about={
            "lesson": "05",
            "fault": FAULT_NAMES[name],
            "seed": game.seed,
            "steps": settings.gan_steps,
        },
        keys=["loss_d", "loss_g", "psnr", "detail"],
    )


def _swapped(step: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    def swapped(
        generator: nn.Module,
        discriminator: nn.Module,
        batch: Batch,
        optimizer: torch.optim.Optimizer,
    ) -> torch.Tensor:
        """D's step with a fault: photographs and the GAN's pictures change places."""
        with torch.no_grad():
            fake = generator(batch.rainy)
        photographs = batch.clean
        return step(lambda _: photographs, discriminator, batch._replace(clean=fake), optimizer)

    return swapped


def _real_esrgan(profile: Profile) -> Recording:
    """Real-ESRGAN's pictures of the lesson's examples, and those of the shipped MSE twin."""
    found = list(desra.examples(desra.released_twins()).values())
    first, last = (np.stack([getattr(one, who) for one in found]) for who in ("gan", "mse"))
    return recordings.record(
        [{"step": 1.0, "psnr": float(np.mean([psnr(one.mse, one.clean) for one in found]))}],
        [(0, first), (1, last)],
        rainy=np.stack([one.low.repeat(4, 0).repeat(4, 1) for one in found]),
        clean=np.stack([one.clean for one in found]),
        name="05_real_esrgan",
        about={"lesson": "05", "fault": "none", "seed": 0, "steps": 1},
        keys=["psnr"],
    )


EXPERIMENTS = (
    Experiment(
        name="05_detectors",
        about="Detectors of artifacts by each truth, and parts of DeSRA's detector.",
        settings=tuple(
            {"generator": generator, "detector": detector}
            for generator in GENERATORS
            for detector in DETECTORS
        ),
        seeds=SEEDS,
        run=_detectors,
        lacks=lacks,
        tolerances={
            f"{metric}_{short(truth)}": 0.15
            for truth in TRUTHS
            for metric in ("iou", "precision", "recall")
        },
    ),
    Experiment(
        name="05_inputs",
        about="How much is detected after a change of the input (Fig. 3a and 3b).",
        settings=tuple(
            {"generator": generator, "change": change}
            for generator in GENERATORS
            for change in CHANGED_INPUTS
        ),
        seeds=SEEDS,
        run=_inputs,
        lacks=lacks,
        tolerances={"area": 2.0, "area_reference": 2.0, "psnr": 0.5},
    ),
    Experiment(
        name="05_iterations",
        about="How much is detected after different numbers of steps of a GAN (Fig. 3c).",
        settings=tuple({"step": step} for step in ITERATIONS),
        seeds=SEEDS,
        run=_iterations,
        tolerances={"area": 2.0, "iou_last": 0.2},
    ),
)
RECORDINGS = (
    *(RecordedRun(name=name, make=partial(_game, name)) for name in FAULTS),
    RecordedRun(name="05_real_esrgan", make=_real_esrgan),
)
