"""Lesson 02's products: Pix2Pix with one thing changed at a time, and games with one fault."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import torch
from torch import nn

from course_lib.data.pair import Batch
from course_lib.experiments import lesson_01
from course_lib.experiments.games import CROPS, Played, rainy_psnr
from course_lib.experiments.pix2pix import (
    SEEDS,
    Variant,
    any_game,
    end,
    first_game,
    last_quarter,
    play,
)
from course_lib.experiments.products import Experiment, RecordedRun, TrainedWeights, Value
from course_lib.models.pix2pix import PatchDiscriminator
from course_lib.profiles import Profile, pick
from course_lib.ranges import from_model
from course_lib.results import recordings
from course_lib.results.recordings import Recording
from course_lib.results.weights import Trained
from course_lib.training.loop import Step, train
from course_lib.training.observers import Monitor, Samples, measure
from course_lib.training.pix2pix import Pix2Pix, Techniques

VARIANTS: dict[str, Variant] = {
    "pix2pix": Variant(),
    "no skips": Variant(skips=False, input_skip=False),
    "the report's skips": Variant(input_skip=False),
    "own colours": Variant(data="drops"),
    "L1 alone": Variant(techniques=Techniques(adversarial="none")),
    "lambda 0": Variant(techniques=Techniques(lambda_l1=0)),
    "lambda 1": Variant(techniques=Techniques(lambda_l1=1)),
    "lambda 10": Variant(techniques=Techniques(lambda_l1=10)),
}


def play_baseline(profile: Profile, seed: int, *, patches: bool) -> Played:
    """Lesson 01's game at its own settings; its discriminator may get a patch head."""
    size = pick("01", profile.name)
    game = lesson_01.set_up(size, seed)
    discriminator = game.discriminator
    if patches:
        torch.manual_seed(seed)
        discriminator = PatchDiscriminator(
            in_channels=3, base_channels=profile.base_channels, n_layers=profile.patch_layers
        )
    samples = Samples(game.generator, game.held_out.rainy[:CROPS], every=size.steps)
    optimizers = [
        torch.optim.Adam(network.parameters(), lesson_01.LEARNING_RATE, lesson_01.BETAS)
        for network in (game.generator, discriminator)
    ]
    history = train(
        game.generator,
        discriminator,
        game.loader,
        optimizer_g=optimizers[0],
        optimizer_d=optimizers[1],
        seed=seed,
        callbacks=[
            Monitor(game.generator, discriminator, game.held_out, every=size.log_every),
            samples,
        ],
    )
    return Played(
        game=replace(game, discriminator=discriminator), history=history, frames=samples.frames
    )


def _pix2pix(settings: Mapping[str, Value], seed: int, profile: Profile) -> dict[str, float]:
    return end(any_game(profile, seed, VARIANTS[str(settings["variant"])]))


def _baseline(settings: Mapping[str, Value], seed: int, profile: Profile) -> dict[str, float]:
    played = play_baseline(profile, seed, patches=settings["head"] == "patches")
    now = measure(played.game.generator, played.game.discriminator, played.game.held_out)
    return {
        "psnr": now["psnr"],
        "ssim": now["ssim"],
        "detail": 100 * now["detail"],
        "diversity": 100 * now["diversity"],
        "accuracy_d": 100 * last_quarter(played.history, "accuracy_d"),
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
    variant: Variant | None = None,
    fault: str = "none",
    steps: Mapping[str, Step] | None = None,
    all_frames: bool = True,
) -> Recording:
    """A game of seed 0 as a recording; without `all_frames`, only the last pictures of it."""
    how = variant or Variant()
    played = play(profile, 0, how, **steps) if steps else first_game(profile, how)
    held_out = played.game.held_out
    return recordings.record(
        played.history,
        played.frames if all_frames else played.frames[-1:],
        rainy=from_model(held_out.rainy[:CROPS]),
        clean=from_model(held_out.clean[:CROPS]),
        name=name,
        about={"lesson": name[:2], "fault": fault, "seed": 0, "steps": profile.steps},
        keys=[key for key in RECORDED if any(key in one for one in played.history)],
    )


def _faulty(name: str, fault: str, profile: Profile) -> Recording:
    return record(name, profile, fault=fault, steps=FAULTS[fault])


def _shown(name: str, variant: str, profile: Profile) -> Recording:
    """One variant's last pictures, to lie beside others'."""
    return record(name, profile, variant=VARIANTS[variant], all_frames=False)


def trained(played: Played, what: str) -> Trained:
    """Both networks of a game as pretrained weights; the game itself stays as it is."""
    generator, discriminator = copy.deepcopy((played.game.generator, played.game.discriminator))

    def measured() -> dict[str, float]:
        now = measure(generator, discriminator, played.game.held_out)
        return {
            "PSNR, dB": now["psnr"],
            "PSNR of the rainy crops, dB": rainy_psnr(played.game.held_out),
            "SSIM": now["ssim"],
        }

    return Trained(
        networks={"generator": generator, "discriminator": discriminator},
        history=played.history,
        measure=measured,
        about={"what": what, "seed": 0, "rain": "drops on a lens"},
    )


def _trained(profile: Profile) -> Trained:
    return trained(
        first_game(profile, Variant()),
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
        run=_pix2pix,
        tolerances=TOLERANCES,
    ),
    Experiment(
        name="02_baseline",
        about="Lesson 01's GAN on the same crops, with its one logit and with a patch head.",
        settings=({"head": "one logit"}, {"head": "patches"}),
        seeds=SEEDS,
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
WEIGHTS = (TrainedWeights(name="02_pix2pix", make=_trained),)
