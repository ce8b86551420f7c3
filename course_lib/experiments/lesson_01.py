"""Lesson 01's products: the baseline GAN over seeds, games with one fault, its own weights."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from course_lib.data.crops import CropDataset, make_loader
from course_lib.data.pair import Batch
from course_lib.experiments.games import (
    CROPS,
    FRAMES,
    Game,
    Played,
    held_out_drops,
    rainy_psnr,
    seed_photos,
)
from course_lib.experiments.products import Experiment, RecordedRun, TrainedWeights, Value
from course_lib.losses import discriminator_loss, generator_loss
from course_lib.models.baseline import BaselineGenerator, baseline_discriminator
from course_lib.profiles import Profile
from course_lib.ranges import from_model
from course_lib.results import recordings
from course_lib.results.recordings import Recording
from course_lib.results.weights import Trained
from course_lib.training.checkpoints import Record
from course_lib.training.loop import Step, train
from course_lib.training.observers import Monitor, Samples, measure
from course_lib.training.steps import discriminator_step, generator_step

SEEDS = (0, 1, 2, 3, 4)
LEARNING_RATE = 2e-4  # report, Experiment 1
BETAS = (0.9, 0.999)


def set_up(profile: Profile, seed: int) -> Game:
    """Photographs, crops and networks for a seed."""
    split, photos = seed_photos(profile, seed)
    dataset = CropDataset(
        {name: photos[name] for name in split.train},
        "drops",
        profile.image_size,
        seed,
        scale=1 / profile.shrink,
    )
    torch.manual_seed(seed)
    return Game(
        dataset=dataset,
        loader=make_loader(
            dataset,
            batch_size=profile.batch_size,
            steps=profile.steps,
            workers=profile.workers,
        ),
        held_out=held_out_drops(profile, seed),
        generator=BaselineGenerator(size=profile.image_size, base_channels=profile.base_channels),
        discriminator=baseline_discriminator(base_channels=profile.base_channels),
    )


def play(
    profile: Profile,
    seed: int,
    *,
    d_step: Step = discriminator_step,
    g_step: Step = generator_step,
    rate_d: float = LEARNING_RATE,
    rate_g: float = LEARNING_RATE,
) -> Played:
    """Train one game with the lesson's settings, but for those given."""
    game = set_up(profile, seed)
    samples = Samples(
        game.generator, game.held_out.rainy[:CROPS], every=max(1, profile.steps // FRAMES)
    )
    history = train(
        game.generator,
        game.discriminator,
        game.loader,
        optimizer_g=torch.optim.Adam(game.generator.parameters(), rate_g, BETAS),
        optimizer_d=torch.optim.Adam(game.discriminator.parameters(), rate_d, BETAS),
        seed=seed,
        d_step=d_step,
        g_step=g_step,
        callbacks=[
            Monitor(game.generator, game.discriminator, game.held_out, every=profile.log_every),
            samples,
        ],
    )
    return Played(game=game, history=history, frames=samples.frames)


def l1_step(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: torch.optim.Optimizer
) -> torch.Tensor:
    """G's step without an adversary: the mean absolute difference from the truth."""
    optimizer.zero_grad()
    loss = (generator(batch.rainy) - batch.clean).abs().mean()
    loss.backward()
    optimizer.step()
    return loss.detach()


def no_step(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: torch.optim.Optimizer
) -> torch.Tensor:
    """A D that doesn't play."""
    return torch.zeros(())


def _end(played: Played) -> Record:
    return measure(played.game.generator, played.game.discriminator, played.game.held_out)


def _baseline(settings: Mapping[str, Value], seed: int, profile: Profile) -> dict[str, float]:
    rate = float(settings["learning_rate"])
    played = play(profile, seed, rate_d=rate, rate_g=rate)
    end, history = _end(played), played.history
    last = history[-max(1, len(history) // 10) :]
    measured = [record for record in history if "detail" in record]
    return {
        "psnr_rainy": rainy_psnr(played.game.held_out),
        "psnr": end["psnr"],
        "diversity": 100 * end["diversity"],
        "detail": 100 * end["detail"],
        "detail_highest": 100 * max(record["detail"] for record in measured),
        "loss_d": float(np.mean([record["loss_d"] for record in last])),
        "loss_d_lowest": min(record["loss_d"] for record in history),
        "loss_g_highest": max(record["loss_g"] for record in history),
        "accuracy_d": 100 * float(np.mean([record["accuracy_d"] for record in measured])),
    }


def _l1(settings: Mapping[str, Value], seed: int, profile: Profile) -> dict[str, float]:
    played = play(profile, seed, d_step=no_step, g_step=l1_step)
    end = _end(played)
    return {
        "psnr_rainy": rainy_psnr(played.game.held_out),
        "psnr": end["psnr"],
        "diversity": 100 * end["diversity"],
        "detail": 100 * end["detail"],
    }


def _head_start(settings: Mapping[str, Value], seed: int, profile: Profile) -> dict[str, float]:
    """Only D learns; then how strong a gradient would G receive, from each of two losses?"""
    game = set_up(profile, seed)
    history = train(
        game.generator,
        game.discriminator,
        make_loader(
            game.dataset,
            batch_size=profile.batch_size,
            steps=min(int(settings["steps"]), profile.steps),
        ),
        optimizer_g=torch.optim.Adam(game.generator.parameters()),
        optimizer_d=torch.optim.Adam(game.discriminator.parameters(), 1e-3),
        seed=seed,
        g_step=no_step,
    )
    rainy = game.held_out.rainy[: profile.batch_size]
    logits = game.discriminator(game.generator(rainy))
    saturating = _gradient(F.logsigmoid(-logits).mean(), game.generator)
    non_saturating = _gradient(generator_loss(logits), game.generator)
    return {
        "loss_d": history[-1]["loss_d"],
        "loss_g": float(generator_loss(logits.detach())),
        "gradient_saturating": saturating,
        "gradient_non_saturating": non_saturating,
        "gradient_ratio": non_saturating / saturating,
    }


def _gradient(loss: torch.Tensor, network: nn.Module) -> float:
    parts = torch.autograd.grad(loss, list(network.parameters()), retain_graph=True)
    return float(nn.utils.get_total_norm(parts))


def swapped_labels_step(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: torch.optim.Optimizer
) -> torch.Tensor:
    """D's step with a fault: it is taught to call photographs fake, and fakes real."""
    with torch.no_grad():
        fake = generator(batch.rainy)
    optimizer.zero_grad()
    loss = discriminator_loss(discriminator(fake), discriminator(batch.clean))
    loss.backward()
    optimizer.step()
    return loss.detach()


def half_range_step(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: torch.optim.Optimizer
) -> torch.Tensor:
    """D's step with a fault: the photographs come in [0, 1], the fakes in [−1, 1]."""
    photographs = (batch.clean + 1) / 2
    return discriminator_step(
        generator, discriminator, batch._replace(clean=photographs), optimizer
    )


def forgotten_step(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: torch.optim.Optimizer
) -> torch.Tensor:
    """G's step with a fault: it computes its gradients, and never takes the step."""
    optimizer.zero_grad()
    loss = generator_loss(discriminator(generator(batch.rainy)))
    loss.backward()
    return loss.detach()


def piled_up_step(
    generator: nn.Module, discriminator: nn.Module, batch: Batch, optimizer: torch.optim.Optimizer
) -> torch.Tensor:
    """G's step with a fault: the gradients of all earlier steps are never cleared."""
    loss = generator_loss(discriminator(generator(batch.rainy)))
    loss.backward()
    optimizer.step()
    return loss.detach()


FAULTS: dict[str, dict[str, Step]] = {
    "none": {},
    "real and fake swapped in D's step": {"d_step": swapped_labels_step},
    "G's optimizer never takes its step": {"g_step": forgotten_step},
    "D gets photographs in [0, 1], not [−1, 1]": {"d_step": half_range_step},
    "G's gradients are never cleared": {"g_step": piled_up_step},
}
RECORDED = (
    *("loss_d", "loss_g", "grad_d", "grad_g"),
    *("psnr", "diversity", "detail", "accuracy_real", "accuracy_fake"),
)


def _recorded(name: str, fault: str, profile: Profile) -> Recording:
    """The lesson's game of seed 0, healthy or with one fault."""
    steps = {"d_step": discriminator_step, "g_step": generator_step, **FAULTS[fault]}
    played = play(profile, 0, d_step=steps["d_step"], g_step=steps["g_step"])
    held_out = played.game.held_out
    return recordings.record(
        played.history,
        played.frames,
        rainy=from_model(held_out.rainy[:CROPS]),
        clean=from_model(held_out.clean[:CROPS]),
        name=name,
        about={"lesson": "01", "fault": fault, "seed": 0, "steps": profile.steps},
        keys=RECORDED,
    )


def _trained(profile: Profile) -> Trained:
    """The networks of seed 0: both players of the lesson's game, and the one trained with L1."""
    played = play(profile, 0)
    control = play(profile, 0, d_step=no_step, g_step=l1_step).game.generator

    def measured() -> dict[str, float]:
        end = _end(played)
        return {
            "PSNR, dB": end["psnr"],
            "PSNR of the rainy crops, dB": rainy_psnr(played.game.held_out),
            "SSIM": end["ssim"],
            "diversity of the outputs, % of the clean crops'": 100 * end["diversity"],
            "fine detail, % of the clean crops'": 100 * end["detail"],
            "PSNR of the control, dB": measure(
                control, played.game.discriminator, played.game.held_out
            )["psnr"],
        }

    return Trained(
        networks={
            "generator": played.game.generator,
            "discriminator": played.game.discriminator,
            "control": control,
        },
        history=played.history,
        measure=measured,
        about={
            "what": "The generator and the discriminator of a baseline GAN, a plain encoder and "
            "decoder and a plain encoder, after a game that teaches no restoring. They are here "
            "so that the failure can be looked at without training; the numbers below say how "
            "the generator fails. The control is the same generator trained with L1 alone.",
            "seed": 0,
            "rain": "drops on a lens",
        },
    )


EXPERIMENTS = (
    Experiment(
        name="01_baseline_gan",
        about="How the baseline GAN fails, at both learning rates that the report names.",
        settings=({"learning_rate": 2e-4}, {"learning_rate": 1e-3}),
        seeds=SEEDS,
        run=_baseline,
        # Two machines drift apart within a hundred steps of a GAN, so what is compared is where
        # a game ends up, not how it gets there.
        tolerances={
            "psnr_rainy": 0.01,
            "psnr": 2.5,
            "diversity": 20,
            "detail": 60,
            "detail_highest": 80,
            "loss_d": 0.3,
            "loss_d_lowest": 0.4,
            "loss_g_highest": 1.5,
            "accuracy_d": 20,
        },
    ),
    Experiment(
        name="01_l1_control",
        about="The same generator without an adversary, trained with L1.",
        settings=({"loss": "l1"},),
        seeds=SEEDS,
        run=_l1,
        tolerances={"psnr_rainy": 0.01, "psnr": 0.3, "diversity": 5, "detail": 5},
    ),
    Experiment(
        name="01_head_start",
        about="What a D that learns alone would tell G, under both of G's losses.",
        settings=({"steps": 200},),
        seeds=SEEDS,
        run=_head_start,
        tolerances={
            "loss_d": 0.02,
            "loss_g": 2,
            "gradient_saturating": 0.2,
            "gradient_non_saturating": 10,
            "gradient_ratio": 150,
        },
    ),
)
RECORDINGS = tuple(
    RecordedRun(name=name, make=partial(_recorded, name, fault))
    for name, fault in zip(("01_healthy", "01_a", "01_b", "01_c", "01_d"), FAULTS, strict=True)
)
WEIGHTS = (TrainedWeights(name="01_baseline_gan", make=_trained),)
