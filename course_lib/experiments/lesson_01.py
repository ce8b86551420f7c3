"""Lesson 01's products: the baseline GAN over seeds, games with one fault, its own weights."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from course_lib.data.pair import Batch
from course_lib.experiments.products import Experiment, RecordedRun, TrainedWeights, Value
from course_lib.experiments.trained import CROPS, TrainedSystem, rainy_psnr, train_watched
from course_lib.losses import discriminator_loss, generator_loss
from course_lib.profiles import Profile
from course_lib.ranges import from_model
from course_lib.results import recordings
from course_lib.results.recordings import Recording
from course_lib.results.weights import Trained
from course_lib.systems import baseline
from course_lib.systems.baseline import l1_step
from course_lib.systems.system import held_out_drops, no_step
from course_lib.training.checkpoints import Record
from course_lib.training.loop import Step
from course_lib.training.observers import measure
from course_lib.training.steps import discriminator_step, generator_step

SEEDS = (0, 1, 2, 3, 4)
OTHER_RATE = 1e-3  # report, Models section and slides


def train_baseline(
    profile: Profile, seed: int, *, patches: Profile | None = None, **parts: Any
) -> TrainedSystem:
    """Train the baseline GAN and watch it; all but the profile goes to its recipe."""
    return train_watched(
        baseline.set_up(profile, seed, patches=patches, **parts),
        held_out_drops(profile, seed),
        profile=profile,
        steps=profile.steps,
    )


def _end(trained: TrainedSystem) -> Record:
    return measure(trained.system.generator, trained.system.discriminator, trained.held_out)


def _baseline(settings: Mapping[str, Value], seed: int, profile: Profile) -> dict[str, float]:
    rate = float(settings["learning_rate"])
    trained = train_baseline(profile, seed, learning_rate=rate)
    end, history = _end(trained), trained.history
    last = history[-max(1, len(history) // 10) :]
    measured = [record for record in history if "detail" in record]
    return {
        "psnr_rainy": rainy_psnr(trained.held_out),
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
    trained = train_baseline(profile, seed, d_step=no_step, g_step=l1_step)
    end = _end(trained)
    return {
        "psnr_rainy": rainy_psnr(trained.held_out),
        "psnr": end["psnr"],
        "diversity": 100 * end["diversity"],
        "detail": 100 * end["detail"],
    }


def _head_start(settings: Mapping[str, Value], seed: int, profile: Profile) -> dict[str, float]:
    """Only D learns; then how strong a gradient would G receive, from each of two losses?"""
    system = baseline.head_start(profile, seed)
    history = system.train()
    held_out = held_out_drops(profile, seed)
    rainy = held_out.rainy[: profile.batch_size]
    logits = system.discriminator(system.generator(rainy))
    saturating = _gradient(F.logsigmoid(-logits).mean(), system.generator)
    non_saturating = _gradient(generator_loss(logits), system.generator)
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
    trained = train_baseline(profile, 0, d_step=steps["d_step"], g_step=steps["g_step"])
    held_out = trained.held_out
    return recordings.record(
        trained.history,
        trained.frames,
        rainy=from_model(held_out.rainy[:CROPS]),
        clean=from_model(held_out.clean[:CROPS]),
        name=name,
        about={"lesson": "01", "fault": fault, "seed": 0, "steps": profile.steps},
        keys=RECORDED,
    )


def _weights(profile: Profile) -> Trained:
    """The networks of seed 0: both players of the lesson's game, and the one trained with L1."""
    trained = train_baseline(profile, 0)
    control = train_baseline(profile, 0, d_step=no_step, g_step=l1_step).system.generator

    def measured() -> dict[str, float]:
        end = _end(trained)
        return {
            "PSNR, dB": end["psnr"],
            "PSNR of the rainy crops, dB": rainy_psnr(trained.held_out),
            "SSIM": end["ssim"],
            "diversity of the outputs, % of the clean crops'": 100 * end["diversity"],
            "fine detail, % of the clean crops'": 100 * end["detail"],
            "PSNR of the control, dB": measure(
                control, trained.system.discriminator, trained.held_out
            )["psnr"],
        }

    return Trained(
        networks={
            "generator": trained.system.generator,
            "discriminator": trained.system.discriminator,
            "control": control,
        },
        history=trained.history,
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
        settings=({"learning_rate": baseline.LEARNING_RATE}, {"learning_rate": OTHER_RATE}),
        seeds=SEEDS,
        revision=baseline.REVISION,
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
        revision=baseline.REVISION,
        run=_l1,
        tolerances={"psnr_rainy": 0.01, "psnr": 0.3, "diversity": 5, "detail": 5},
    ),
    Experiment(
        name="01_head_start",
        about="What a D that learns alone would tell G, under both of G's losses.",
        settings=({"steps": baseline.HEAD_START_STEPS},),
        seeds=SEEDS,
        revision=baseline.REVISION,
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
WEIGHTS = (TrainedWeights(name="01_baseline_gan", make=_weights),)
