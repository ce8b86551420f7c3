"""Callbacks that watch a training run: held-out measurements, samples."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import torch
from torch import nn

from course_lib.data.pair import Batch
from course_lib.metrics import (
    discriminator_accuracy,
    high_frequency_energy,
    output_diversity,
    psnr,
    ssim,
)
from course_lib.models.tiles import evaluating
from course_lib.ranges import from_model, to_uint8
from course_lib.training.checkpoints import Record


@torch.no_grad()
def restore(generator: nn.Module, rainy: torch.Tensor) -> torch.Tensor:
    """The generator's answer in eval mode, on its own device; its mode is put back after.

    rainy: N×3×H×W in [−1, 1] → restored, the same.
    """
    with evaluating(generator):
        return generator(rainy.to(next(generator.parameters()).device))


@torch.no_grad()
def judge(
    discriminator: nn.Module, pictures: torch.Tensor, rainy: torch.Tensor | None = None
) -> torch.Tensor:
    """The discriminator's logits as in training: in train mode, on this batch.

    In eval mode its batch norm would use running statistics: a mean over photographs and fakes,
    which no batch in training has. Its logits would then say little about training. The
    discriminator stays as it is, and so do its running statistics.

    pictures: N×3×H×W in [−1, 1], all real or all generated, on any device.
    rainy: what they were made from; only a conditional discriminator is shown it.
    """
    device = next(discriminator.parameters()).device
    shown = [pictures.to(device)]
    if getattr(discriminator, "conditional", False):
        if rainy is None:
            raise ValueError("this discriminator is conditional: judge(discriminator, …, rainy)")
        shown.insert(0, rainy.to(device))
    return copy.deepcopy(discriminator).train()(*shown)


def measure(generator: nn.Module, discriminator: nn.Module, held_out: Batch) -> Record:
    """Both networks measured on held-out pairs.

    Returns:
        psnr, ssim: means over the pictures, of all colours; PSNR in dB.
        diversity: of the outputs, as a share of the clean pictures' own; 0 is collapse.
        detail: high-frequency energy of the outputs as a share of the clean pictures'.
        accuracy_real, accuracy_fake: how often D recognises clean and generated pictures, 0..1.
        accuracy_d: the mean of the two; 0.5 is guessing.
    """
    restored = restore(generator, held_out.rainy)
    clean = held_out.clean.to(restored.device)
    real_logits = judge(discriminator, clean, held_out.rainy)
    fake_logits = judge(discriminator, restored, held_out.rainy)
    outputs, truths = from_model(restored), from_model(clean)
    diversity = output_diversity(restored) / output_diversity(clean)
    return {
        "psnr": float(np.mean([psnr(x, y) for x, y in zip(outputs, truths, strict=True)])),
        "ssim": float(np.mean([ssim(x, y) for x, y in zip(outputs, truths, strict=True)])),
        "diversity": diversity.item(),
        "detail": float(
            np.mean([high_frequency_energy(x) for x in outputs])
            / np.mean([high_frequency_energy(y) for y in truths])
        ),
        "accuracy_real": float((real_logits > 0).float().mean()),
        "accuracy_fake": float((fake_logits < 0).float().mean()),
        "accuracy_d": discriminator_accuracy(real_logits, fake_logits),
    }


class Monitor:
    """Adds `measure` on held-out pairs to the record of every ``every``-th step.

    Not to the first: in eval mode an untrained network with batch norm shows the statistics it
    was made with, which settle within some dozen steps, whether anything is learnt or not.
    """

    def __init__(
        self, generator: nn.Module, discriminator: nn.Module, held_out: Batch, *, every: int
    ) -> None:
        self.generator, self.discriminator = generator, discriminator
        self.held_out, self.every = held_out, every

    def __call__(self, record: Record) -> None:
        """Measure, if it is time."""
        if record["step"] % self.every == 0:
            record.update(measure(self.generator, self.discriminator, self.held_out))


class Samples:
    """Keeps what the generator makes of the same rainy pictures at every ``every``-th step.

    Attributes:
        frames: (step, pictures) with pictures N×H×W×3 uint8.
    """

    def __init__(self, generator: nn.Module, rainy: torch.Tensor, *, every: int) -> None:
        self.generator, self.rainy, self.every = generator, rainy, every
        self.frames: list[tuple[int, np.ndarray]] = []

    def __call__(self, record: Record) -> None:
        """Restore and keep, if it is time."""
        if record["step"] % self.every == 0:
            restored = to_uint8(from_model(restore(self.generator, self.rainy)))
            self.frames.append((int(record["step"]), restored))

    def state_dict(self) -> dict[str, Any]:
        """The frames so far, for a checkpoint."""
        return {"frames": [[step, torch.from_numpy(frame)] for step, frame in self.frames]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The frames of a checkpoint."""
        self.frames = [(step, frame.numpy()) for step, frame in state["frames"]]
