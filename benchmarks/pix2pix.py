"""A training step of Pix2Pix: the course's beside one that is written plainly, on the CPU.

The course's step is all that `train` does for it, techniques as switches, gradient norms and
records, with the fused Adam that lessons 02 and 03 take.
The plain one is Isola's as textbooks print it: the generator restores the batch, D learns with half
its loss, D is switched off, G learns. Both play the same game with networks of the same structure,
in turns inside one process; seconds are the processor's, on one thread, so that other work on the
machine counts little. Memory is the peak of a process that plays only one of the two.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import nn

from course_lib import hardware, usage
from course_lib.data.pair import Batch
from course_lib.models.pix2pix import PatchDiscriminator, UNetGenerator
from course_lib.training.loop import make_fabric, train
from course_lib.training.pix2pix import Pix2Pix


def adam(network: nn.Module, *, fused: bool | None = None) -> torch.optim.Adam:
    return torch.optim.Adam(network.parameters(), lr=2e-4, betas=(0.5, 0.999), fused=fused)


@dataclass(frozen=True, kw_only=True)
class Size:
    """One game: U-Net depth and width, side of the pictures, and how many steps are timed."""

    depth: int
    base_channels: int
    side: int
    steps: int
    warm_up: int
    batch_size: int = 8

    def batches(self, steps: int) -> list[Batch]:
        """Noise; what a picture shows costs no time."""
        generator = torch.Generator().manual_seed(0)
        shape = (2, self.batch_size, 3, self.side, self.side)
        rainy, clean = torch.rand(shape, generator=generator) * 2 - 1
        return [Batch(rainy, clean, torch.zeros_like(rainy[:, :1]))] * steps


SIZES = {
    "small": Size(depth=6, base_channels=16, side=64, steps=100, warm_up=10),
    "large": Size(depth=8, base_channels=64, side=256, steps=3, warm_up=1),
}


class PlainUNet(nn.Module):
    """Isola's U-Net, as he wrote it: a block around a block around the innermost."""

    def __init__(self, depth: int, c: int) -> None:
        super().__init__()
        widths = [c * min(2**n, 8) for n in range(depth)]
        block: nn.Module = PlainBlock(widths[-2], widths[-1], None)
        for n in reversed(range(1, depth - 1)):
            block = PlainBlock(widths[n - 1], widths[n], block, dropout=n >= 4)
        self.model = nn.Sequential(
            nn.Conv2d(3, c, 4, 2, 1, bias=False),
            block,
            nn.ReLU(True),
            nn.ConvTranspose2d(2 * c, 3, 4, 2, 1),
            nn.Tanh(),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.model(x)


class PlainBlock(nn.Module):
    """What lies between two skips: down, what is inside, up, and the skip beside it."""

    def __init__(
        self, outer: int, inner: int, inside: nn.Module | None, *, dropout: bool = False
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = [
            nn.LeakyReLU(0.2, True),
            nn.Conv2d(outer, inner, 4, 2, 1, bias=False),
        ]
        if inside is not None:
            layers += [nn.BatchNorm2d(inner), inside]
        layers += [
            nn.ReLU(True),
            nn.ConvTranspose2d(inner if inside is None else 2 * inner, outer, 4, 2, 1, bias=False),
            nn.BatchNorm2d(outer),
        ]
        if dropout:
            layers.append(nn.Dropout(0.5))
        self.model = nn.Sequential(*layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([x, self.model(x)], 1)


def plain_discriminator(c: int) -> nn.Module:
    """Isola's 70×70 PatchGAN."""
    return nn.Sequential(
        nn.Conv2d(6, c, 4, 2, 1),
        nn.LeakyReLU(0.2, True),
        nn.Conv2d(c, 2 * c, 4, 2, 1, bias=False),
        nn.BatchNorm2d(2 * c),
        nn.LeakyReLU(0.2, True),
        nn.Conv2d(2 * c, 4 * c, 4, 2, 1, bias=False),
        nn.BatchNorm2d(4 * c),
        nn.LeakyReLU(0.2, True),
        nn.Conv2d(4 * c, 8 * c, 4, 1, 1, bias=False),
        nn.BatchNorm2d(8 * c),
        nn.LeakyReLU(0.2, True),
        nn.Conv2d(8 * c, 1, 4, 1, 1),
    )


class Plain:
    """The textbook's game."""

    def __init__(self, size: Size) -> None:
        torch.manual_seed(0)
        self.generator = PlainUNet(size.depth, size.base_channels)
        self.discriminator = plain_discriminator(size.base_channels)
        for module in [*self.generator.modules(), *self.discriminator.modules()]:
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
                nn.init.normal_(module.weight, 0, 0.02)
        self.optimizer_g = adam(self.generator)
        self.optimizer_d = adam(self.discriminator)

    def step(self, batch: Batch) -> tuple[float, float]:
        """Both losses."""
        bce = nn.functional.binary_cross_entropy_with_logits
        rainy, clean, _ = batch
        restored = self.generator(rainy)

        self.discriminator.requires_grad_(True)
        self.optimizer_d.zero_grad()
        fake = self.discriminator(torch.cat([rainy, restored.detach()], 1))
        real = self.discriminator(torch.cat([rainy, clean], 1))
        loss_d = bce(fake, torch.zeros_like(fake)) + bce(real, torch.ones_like(real))
        (loss_d / 2).backward()
        self.optimizer_d.step()

        self.discriminator.requires_grad_(False)
        self.optimizer_g.zero_grad()
        fake = self.discriminator(torch.cat([rainy, restored], 1))
        loss_g = bce(fake, torch.ones_like(fake))
        loss_g = loss_g + 100 * nn.functional.l1_loss(restored, clean)
        loss_g.backward()
        self.optimizer_g.step()
        return loss_d.item(), loss_g.item()


class Course:
    """The course's game, and what `train` does around it."""

    def __init__(self, size: Size) -> None:
        torch.manual_seed(0)
        self.generator = UNetGenerator(depth=size.depth, base_channels=size.base_channels)
        self.discriminator = PatchDiscriminator(base_channels=size.base_channels)

    def play(self, batches: list[Batch] | Iterator[Batch]) -> tuple[float, float]:
        """Both losses of the last step."""
        game = Pix2Pix()
        history = train(
            self.generator,
            self.discriminator,
            batches,
            optimizer_g=adam(self.generator, fused=True),
            optimizer_d=adam(self.discriminator, fused=True),
            seed=0,
            d_step=game.d_step,
            g_step=game.g_step,
        )
        return history[-1]["loss_d"], history[-1]["loss_g"]


@dataclass
class InTurns:
    """Batches for the course's steps; after each of these, a plain one. Both with a clock."""

    batches: list[Batch]
    plain: Plain
    losses: tuple[float, float] = (0, 0)
    seconds: list[tuple[float, float]] = field(default_factory=list)

    def __iter__(self) -> Iterator[Batch]:
        for batch in self.batches:
            start = time.process_time()
            yield batch  # and the course takes its step
            between = time.process_time()
            self.losses = self.plain.step(batch)
            self.seconds.append((between - start, time.process_time() - between))


def count(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def compare(name: str) -> None:
    """Print a row: what a step of each takes, and how the times relate."""
    size = SIZES[name]
    torch.set_num_threads(1)
    course, plain = Course(size), Plain(size)
    assert count(course.generator) == count(plain.generator)
    assert count(course.discriminator) == count(plain.discriminator)
    turns = InTurns(size.batches(size.warm_up + size.steps), plain)
    ours = course.play(iter(turns))
    seconds = np.array(turns.seconds[size.warm_up :])
    memory = [peak_memory(name, who) for who in ("course", "plain")]
    for who, times, mb, losses in zip(
        ("course", "plain"), seconds.T, memory, (ours, turns.losses), strict=True
    ):
        print(
            f"| {size.base_channels} channels, {size.side}² | {who} | {np.median(times):.3f} s "
            f"| {times.min():.3f} s | {mb:,.0f} MB | {losses[0]:.2f}, {losses[1]:.1f} |"
        )
    median, least = np.median(seconds[:, 0] / seconds[:, 1]), np.divide(*seconds.min(axis=0))
    print(
        f"| | course / plain | {median:.2f} | {least:.2f} | {memory[0] / memory[1]:.2f} | |",
        flush=True,
    )


def peak_memory(name: str, who: str) -> float:
    """Megabytes, of a process of its own."""
    command = [sys.executable, __file__, "--memory", name, who]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def only(name: str, who: str) -> None:
    """Print the peak of this process's memory in a few steps."""
    size = SIZES[name]
    torch.set_num_threads(1)
    make_fabric()  # loads Lightning, which is no part of a step, in both processes
    batches = size.batches(2)  # Adam makes its moments at the end of the first
    if who == "course":
        Course(size).play(batches)
    else:
        plain = Plain(size)
        for batch in batches:
            plain.step(batch)
    print(usage.measure().memory_mb)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--memory", nargs=2, metavar=("SIZE", "WHO"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.memory:
        only(*arguments.memory)
        return
    print(f"{hardware.name()}\n")
    print("| game | step | median | fastest | peak memory | last losses, D and G |")
    print("|---|---|---|---|---|---|")
    for name in SIZES:
        compare(name)


if __name__ == "__main__":
    main()
