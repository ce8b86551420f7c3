"""Lesson 02's products: Pix2Pix with one thing changed at a time, and games with one fault."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from functools import partial

import torch
from torch import nn

from course_lib.data.pair import Batch
from course_lib.experiments.lesson_01 import train_baseline
from course_lib.experiments.pix2pix import SEEDS, end, train_once, train_pix2pix
from course_lib.experiments.products import Experiment, RecordedRun, TrainedWeights, Value
from course_lib.experiments.trained import CROPS, TrainedSystem, last_quarter, rainy_psnr
from course_lib.profiles import Profile, pick
from course_lib.ranges import from_model
from course_lib.results import recordings
from course_lib.results.recordings import Recording
from course_lib.results.weights import Trained
from course_lib.systems import baseline, pix2pix
from course_lib.systems.pix2pix import Pix2PixSettings
from course_lib.training.loop import Step
from course_lib.training.observers import measure
from course_lib.training.pix2pix import Pix2Pix, Techniques

VARIANTS: dict[str, Pix2PixSettings] = {
    "pix2pix": Pix2PixSettings(),
    "no skips": Pix2PixSettings(skips=False, input_skip=False),
    "the report's skips": Pix2PixSettings(input_skip=False),
    "own colours": Pix2PixSettings(data="drops"),
    "L1 alone": Pix2PixSettings(techniques=Techniques(adversarial="none")),
    "lambda 0": Pix2PixSettings(techniques=Techniques(lambda_l1=0)),
    "lambda 1": Pix2PixSettings(techniques=Techniques(lambda_l1=1)),
    "lambda 10": Pix2PixSettings(techniques=Techniques(lambda_l1=10)),
}


def _pix2pix(settings: Mapping[str, Value], seed: int, profile: Profile) -> dict[str, float]:
    return end(train_once(profile, seed, VARIANTS[str(settings["variant"])]))


def _baseline(settings: Mapping[str, Value], seed: int, profile: Profile) -> dict[str, float]:
    patches = profile if settings["head"] == "patches" else None
    trained = train_baseline(pick("01", profile.name), seed, patches=patches)
    now = measure(trained.system.generator, trained.system.discriminator, trained.held_out)
    return {
        "psnr": now["psnr"],
        "ssim": now["ssim"],
        "detail": 100 * now["detail"],
        "diversity": 100 * now["diversity"],
        "accuracy_d": 100 * last_quarter(trained.history, "accuracy_d"),
    }


def blind_step(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: torch.optim.Optimizer
) -> torch.Tensor:
    """D's step with a fault: it never takes the step, so that D stays as it was made."""
    still = torch.optim.SGD(discriminator.parameters(), lr=0.0)
    return Pix2Pix().d_step(generator, discriminator, batch, still)


def rainy_target_step(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: torch.optim.Optimizer
) -> torch.Tensor:
    """G's step with a fault: L1 compares the restored picture with the rainy one."""
    return Pix2Pix().g_step(generator, discriminator, batch._replace(clean=batch.rainy), optimizer)


def swapped_d_step(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: torch.optim.Optimizer
) -> torch.Tensor:
    """D's step in a game whose rainy and clean pictures are swapped."""
    return Pix2Pix().d_step(generator, discriminator, _swapped(batch), optimizer)


def swapped_g_step(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: torch.optim.Optimizer
) -> torch.Tensor:
    """G's step in a game whose rainy and clean pictures are swapped."""
    return Pix2Pix().g_step(generator, discriminator, _swapped(batch), optimizer)


def no_l1_step(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: torch.optim.Optimizer
) -> torch.Tensor:
    """G's step with a fault: L1 is left out."""
    techniques = Techniques(lambda_l1=0)
    return Pix2Pix(techniques=techniques).g_step(generator, discriminator, batch, optimizer)


def _swapped(batch: Batch) -> Batch:
    return batch._replace(rainy=batch.clean, clean=batch.rainy)


FAULTS: dict[str, dict[str, Step]] = {
    "none": {},
    "L1 compares with the rainy picture, not with the clean one": {"g_step": rainy_target_step},
    "D never takes its step": {"d_step": blind_step},
    "rainy and clean pictures are swapped": {"d_step": swapped_d_step, "g_step": swapped_g_step},
    "L1 is left out of G's loss": {"g_step": no_l1_step},
}

RECORDED = (
    *("loss_d", "loss_g", "grad_d", "grad_g"),
    *("psnr", "detail", "accuracy_real", "accuracy_fake", "accuracy_d"),
)


def record(
    name: str,
    profile: Profile,
    *,
    settings: Pix2PixSettings | None = None,
    fault: str = "none",
    steps: Mapping[str, Step] | None = None,
    all_frames: bool = True,
) -> Recording:
    """A game of seed 0 as a recording; without `all_frames`, only the last pictures of it."""
    how = settings or Pix2PixSettings()
    trained = train_pix2pix(profile, 0, how, **steps) if steps else train_once(profile, 0, how)
    held_out = trained.held_out
    return recordings.record(
        trained.history,
        trained.frames if all_frames else trained.frames[-1:],
        rainy=from_model(held_out.rainy[:CROPS]),
        clean=from_model(held_out.clean[:CROPS]),
        name=name,
        about={"lesson": name[:2], "fault": fault, "seed": 0, "steps": profile.steps},
        keys=[key for key in RECORDED if any(key in one for one in trained.history)],
    )


def _faulty(name: str, fault: str, profile: Profile) -> Recording:
    return record(name, profile, fault=fault, steps=FAULTS[fault])


def _shown(name: str, variant: str, profile: Profile) -> Recording:
    """One variant's last pictures, to lie beside others'."""
    return record(name, profile, settings=VARIANTS[variant], all_frames=False)


def weights_of(trained: TrainedSystem, what: str) -> Trained:
    """Both networks of a trained system as pretrained weights; the system stays as it is."""
    system, held_out = trained.system, trained.held_out
    generator, discriminator = copy.deepcopy((system.generator, system.discriminator))

    def measured() -> dict[str, float]:
        now = measure(generator, discriminator, held_out)
        return {
            "PSNR, dB": now["psnr"],
            "PSNR of the rainy crops, dB": rainy_psnr(held_out),
            "SSIM": now["ssim"],
        }

    return Trained(
        networks={"generator": generator, "discriminator": discriminator},
        history=trained.history,
        measure=measured,
        about={"what": what, "seed": 0, "rain": "drops on a lens"},
    )


def _weights(profile: Profile) -> Trained:
    return weights_of(
        train_once(profile, 0),
        "The generator and the discriminator of Pix2Pix after lesson 02's game, which teaches "
        "them to take drops off a lens.",
    )


TOLERANCES = {
    "psnr_rainy": 0.01,
    "psnr": 0.6,
    "ssim": 0.05,
    "detail": 25,
    "loss_g": 4,
    "loss_d": 0.3,
    "accuracy_d": 15,
    "accuracy_seen": 15,
}
EXPERIMENTS = (
    Experiment(
        name="02_pix2pix",
        about="Pix2Pix, and what becomes of it when one thing is changed.",
        settings=tuple({"variant": variant} for variant in VARIANTS),
        seeds=SEEDS,
        revision=pix2pix.REVISION,
        run=_pix2pix,
        tolerances=TOLERANCES,
    ),
    Experiment(
        name="02_baseline",
        about="Lesson 01's GAN on the same crops, with its one logit and with a patch head.",
        settings=({"head": "one logit"}, {"head": "patches"}),
        seeds=SEEDS,
        revision=baseline.REVISION,
        run=_baseline,
        tolerances={"psnr": 2.5, "ssim": 0.1, "detail": 60, "diversity": 20, "accuracy_d": 20},
    ),
)
# Name of the recording → the variant that it shows.
SHOWN = {
    "02_no_skips": "no skips",
    "02_report_skips": "the report's skips",
    "02_l1_alone": "L1 alone",
    "02_lambda_0": "lambda 0",
    "02_lambda_1": "lambda 1",
    "02_lambda_10": "lambda 10",
}
RECORDINGS = (
    *(
        RecordedRun(name=name, make=partial(_faulty, name, fault))
        for name, fault in zip(("02_healthy", "02_a", "02_b", "02_c", "02_d"), FAULTS, strict=True)
    ),
    *(
        RecordedRun(name=name, make=partial(_shown, name, variant))
        for name, variant in SHOWN.items()
    ),
)
WEIGHTS = (TrainedWeights(name="02_pix2pix", make=_weights),)
