"""Lesson 04's products: GRASPP-GAN taken apart, over kinds of rain, and games with one fault."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import torch
from torch import nn

from course_lib.data.pair import Batch
from course_lib.experiments import factors
from course_lib.experiments.graspp import (
    SEEDS,
    Contestant,
    end,
    scores,
    shown,
    train_contestant,
    train_once,
)
from course_lib.experiments.products import Experiment, RecordedRun, TrainedWeights, Value
from course_lib.experiments.trained import TrainedSystem
from course_lib.losses import Reduction, adversarial_loss, gradient_loss
from course_lib.profiles import Profile
from course_lib.ranges import from_model
from course_lib.results import recordings
from course_lib.results.recordings import Recording
from course_lib.results.weights import Trained
from course_lib.systems import graspp, pix2pix
from course_lib.systems.graspp import PRINTED_RATE_D, STREAKS, GrasppSettings, held_out_rain
from course_lib.training.graspp import Graspp, LossWeights
from course_lib.training.loop import Step

ALL_RAIN = GrasppSettings(rain="all")
ABLATION: dict[str, Contestant] = {
    "RASPP": Contestant(settings=replace(ALL_RAIN, weights=LossWeights(alpha=0, beta=0))),
    "GRASPP": Contestant(settings=replace(ALL_RAIN, weights=LossWeights(beta=0))),
    "GRASPP-GAN": Contestant(settings=ALL_RAIN),
    "Pix2Pix": Contestant(settings=ALL_RAIN, system="pix2pix"),
}
GRASPP_GAN = Contestant()
SYSTEMS = {"GRASPP-GAN": GRASPP_GAN, "Pix2Pix": Contestant(system="pix2pix")}


def as_printed(fake_logits: torch.Tensor) -> torch.Tensor:
    """L_gan with the sign of eq. 5: a generator that minimises it helps its discriminator."""
    return -adversarial_loss(fake_logits)


LOUD = LossWeights(beta=30)  # so that the sign of L_gan can be seen in the pictures
LOUD_GAN = Contestant(settings=GrasppSettings(weights=LOUD))
CHOICES: dict[str, Contestant] = {
    "mean squares": Contestant(settings=GrasppSettings(weights=LossWeights(reduction="mse"))),
    "direct output": Contestant(settings=GrasppSettings(output="direct")),
    "D's printed rate": Contestant(settings=GrasppSettings(rate_d=PRINTED_RATE_D)),
    "rates fall on a plateau": Contestant(settings=GrasppSettings(plateau=True)),
    "the printed sign": Contestant(adversarial=as_printed),
    "beta 30": LOUD_GAN,
    "beta 30, the printed sign": replace(LOUD_GAN, adversarial=as_printed),
}
# The games to diagnose. With β = 0.001 nobody could see what goes wrong between the players.
FAULTS: dict[str, Contestant] = {
    "none": LOUD_GAN,
    "the adversarial loss has the printed sign": CHOICES["beta 30, the printed sign"],
    "L_g compares with the rainy picture": LOUD_GAN,  # and `rainy_edges_step`
    "D's learning rate is the printed 0.1": Contestant(
        settings=GrasppSettings(weights=LOUD, rate_d=PRINTED_RATE_D)
    ),
    "the rates may fall after every step": Contestant(
        settings=GrasppSettings(weights=LOUD, plateau=True, epoch=1)
    ),
}
RAINY_EDGES = "L_g compares with the rainy picture"


def rainy_edges_step(game: Graspp) -> Step:
    """G's step with a fault: the gradient loss asks for the edges of the rainy picture."""

    def step(
        generator: nn.Module,
        discriminator: nn.Module,
        batch: Batch,
        optimizer: torch.optim.Optimizer,
    ) -> torch.Tensor:
        def towards_rainy(
            restored: torch.Tensor, clean: torch.Tensor, *, reduction: Reduction
        ) -> torch.Tensor:
            return gradient_loss(restored, batch.rainy, reduction=reduction)

        game.gradient = towards_rainy
        return game.g_step(generator, discriminator, batch, optimizer)

    return step


def _on_streaks(trained: TrainedSystem, profile: Profile, seed: int) -> dict[str, float]:
    """The scores on each of the three test mixtures, named after it."""
    return {
        f"{metric}_{kind}": value
        for kind in STREAKS
        for metric, value in scores(
            trained.system.generator, held_out_rain(profile, seed, kind)
        ).items()
    }


def _measured(contestant: Contestant, seed: int, profile: Profile) -> dict[str, float]:
    trained, seconds = train_once(profile, seed, contestant)
    return {**_on_streaks(trained, profile, seed), **end(trained), "cpu_seconds": seconds}


def _ablation(settings: Mapping[str, Value], seed: int, profile: Profile) -> dict[str, float]:
    return _measured(ABLATION[str(settings["variant"])], seed, profile)


def _choices(settings: Mapping[str, Value], seed: int, profile: Profile) -> dict[str, float]:
    return _measured(CHOICES[str(settings["choice"])], seed, profile)


def _rains(settings: Mapping[str, Value], seed: int, profile: Profile) -> dict[str, float]:
    rain = GrasppSettings(rain=str(settings["trained_on"]))
    return _measured(replace(SYSTEMS[str(settings["system"])], settings=rain), seed, profile)


def _haze(settings: Mapping[str, Value], seed: int, profile: Profile) -> dict[str, float]:
    rain = GrasppSettings(rain=str(settings["rain"]))
    trained, seconds = train_once(profile, seed, Contestant(settings=rain))
    hazy = held_out_rain(profile, seed, "haze")
    return {**scores(trained.system.generator, hazy), **end(trained), "cpu_seconds": seconds}


RECORDED = (
    *("loss_d", "loss_g", "grad_d", "grad_g"),
    *("psnr", "detail", "accuracy_real", "accuracy_fake", "accuracy_d"),
)


def record(
    name: str, trained: TrainedSystem, *, fault: str = "none", all_frames: bool
) -> Recording:
    """A training of seed 0 as a recording; without `all_frames`, only the last pictures of it."""
    pairs = shown(trained.held_out)
    history = trained.history
    return recordings.record(
        history,
        trained.frames if all_frames else trained.frames[-1:],
        rainy=from_model(pairs.rainy),
        clean=from_model(pairs.clean),
        name=name,
        about={"lesson": "04", "fault": fault, "seed": 0, "steps": len(history)},
        keys=[key for key in RECORDED if any(key in one for one in history)],
    )


def _faulty(name: str, fault: str, profile: Profile) -> Recording:
    contestant = FAULTS[fault]
    if fault == RAINY_EDGES:
        steps = Graspp(weights=contestant.settings.weights)
        trained = train_contestant(
            profile, 0, contestant, d_step=steps.d_step, g_step=rainy_edges_step(steps)
        )
    else:
        trained, _ = train_once(profile, 0, contestant)
    return record(name, trained, fault=fault, all_frames=True)


def _shown(name: str, contestant: Contestant, profile: Profile) -> Recording:
    """The last pictures of one training, to lie beside others'."""
    trained, _ = train_once(profile, 0, contestant)
    return record(name, trained, all_frames=False)


def _weights(profile: Profile) -> Trained:
    trained, _ = train_once(profile, 0, GRASPP_GAN)
    system = trained.system
    generator, discriminator = copy.deepcopy((system.generator, system.discriminator))
    held_out = {kind: held_out_rain(profile, 0, kind) for kind in STREAKS}

    def measured() -> dict[str, float]:
        found = {kind: scores(generator, crops) for kind, crops in held_out.items()}
        return {
            f"{words}, {kind} streaks{unit}": found[kind][metric]
            for kind in STREAKS
            for words, metric, unit in (
                ("PSNR", "psnr", ", dB"),
                ("PSNR of the rainy crops", "psnr_rainy", ", dB"),
                ("SSIM", "ssim", ""),
            )
        }

    return Trained(
        networks={"generator": generator, "discriminator": discriminator},
        history=trained.history,
        measure=measured,
        about={
            "what": "The generator and the discriminator of GRASPP-GAN after lesson 04's game, "
            "which teaches them to take rain streaks off photographs.",
            "seed": 0,
            "rain": "light streaks",
        },
    )


TIMES = ("cpu_seconds",)
END = {"loss_g": 8.0, "loss_d": 0.4, "accuracy_d": 20.0, "cpu_seconds": 100.0}
TOLERANCES = {
    f"{metric}_{kind}": allowed
    for kind in STREAKS
    for metric, allowed in (("psnr_rainy", 0.01), ("psnr", 1.0), ("ssim", 0.05))
} | END
BOTH = graspp.REVISION + pix2pix.REVISION  # of tables that hold rows of Pix2Pix too
EXPERIMENTS = (
    Experiment(
        name="04_ablation",
        about="RASPP, GRASPP and GRASPP-GAN, and Pix2Pix for as long, trained on all streaks.",
        settings=tuple({"variant": variant} for variant in ABLATION),
        seeds=SEEDS,
        revision=BOTH,
        run=_ablation,
        tolerances=TOLERANCES,
        times=TIMES,
    ),
    Experiment(
        name="04_rains",
        about="Trained on one kind of streaks, tested on each.",
        settings=tuple(
            {"system": system, "trained_on": kind} for system in SYSTEMS for kind in STREAKS
        ),
        seeds=SEEDS,
        revision=BOTH,
        run=_rains,
        tolerances=TOLERANCES,
        times=TIMES,
    ),
    Experiment(
        name="04_choices",
        about="GRASPP-GAN with one thing as the paper prints it, or as it might have meant it.",
        settings=tuple({"choice": choice} for choice in CHOICES),
        seeds=SEEDS,
        revision=graspp.REVISION,
        run=_choices,
        # With a wrong sign or rate nothing holds the losses, so they tell nothing elsewhere.
        tolerances=TOLERANCES | {"loss_g": 1e6, "loss_d": 1e3},
        times=TIMES,
    ),
    Experiment(
        name="04_haze",
        about="GRASPP-GAN on haze, without a change of the network.",
        settings=({"rain": "haze"},),
        seeds=SEEDS,
        revision=graspp.REVISION,
        run=_haze,
        tolerances={"psnr_rainy": 0.01, "psnr": 1.5, "ssim": 0.05} | END,
        times=TIMES,
    ),
    *factors.EXPERIMENTS,
)
# Name of the recording → the contestant whose last pictures it shows.
SHOWN = {
    "04_raspp": ABLATION["RASPP"],
    "04_graspp": ABLATION["GRASPP"],
    "04_all_rain": ABLATION["GRASPP-GAN"],
    "04_pix2pix": ABLATION["Pix2Pix"],
    "04_graspp_gan": GRASPP_GAN,
    "04_haze": Contestant(settings=GrasppSettings(rain="haze")),
}
RECORDINGS = (
    *(
        RecordedRun(name=name, make=partial(_faulty, name, fault))
        for name, fault in zip(("04_healthy", "04_a", "04_b", "04_c", "04_d"), FAULTS, strict=True)
    ),
    *(
        RecordedRun(name=name, make=partial(_shown, name, contestant))
        for name, contestant in SHOWN.items()
    ),
)
WEIGHTS = (TrainedWeights(name="04_graspp_gan", make=_weights),)
