"""A training step of Pix2Pix: the course's beside one that is written plainly, on the CPU.

The course's step is all that `train` does for its recipe: techniques as switches, gradient norms
and records. The plain one is Isola's as textbooks print it: the generator restores the batch, D
learns with half its loss, D is switched off, G learns. Both train networks of the same structure,
in turns inside one process, on one thread; seconds are the processor's, so that other work on the
machine counts little. Memory is the peak of a process that trains only one of the two.

"As published" is the recipe of the paper profile, with batch norm in D; "as in the lessons" that of
the others, with instance norm in D and a skip from the input. The course aims at 0.8 of the plain
step's time for the small size and 0.9 for the large one. `--profile` shows why it isn't less: which
operations take the time of a step of each, by torch's profiler.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import nn

from course_lib import hardware, usage
from course_lib.data.crops import collate
from course_lib.data.pair import Batch
from course_lib.profiles import Profile, pick
from course_lib.systems import pix2pix
from course_lib.systems.system import System
from course_lib.training.loop import make_fabric


@dataclass(frozen=True, kw_only=True)
class Size:
    """A profile of the recipe, and how many of its steps are timed."""

    profile: Profile
    steps: int
    warm_up: int

    def batch(self) -> Batch:
        """Noise; what a picture shows costs no time."""
        generator = torch.Generator().manual_seed(0)
        side = self.profile.image_size
        shape = (2, self.profile.batch_size, 3, side, side)
        rainy, clean = torch.rand(shape, generator=generator) * 2 - 1
        return Batch(rainy, clean, torch.zeros_like(rainy[:, :1]))


PAPER = replace(pick("02", "paper"), batch_size=8, workers=0)
SIZES = {
    "small": Size(profile=replace(PAPER, image_size=64, base_channels=16), steps=100, warm_up=10),
    "large": Size(profile=replace(PAPER, base_channels=64), steps=3, warm_up=1),
}
SIZES |= {
    f"{name}, as in the lessons": replace(size, profile=replace(size.profile, name="gpu"))
    for name, size in SIZES.items()
}


class PlainUNet(nn.Module):
    """Isola's U-Net, as he wrote it: a block around a block around the innermost."""

    def __init__(self, depth: int, c: int, *, input_skip: bool) -> None:
        super().__init__()
        self.input_skip = input_skip
        widths = [c * min(2**n, 8) for n in range(depth)]
        block: nn.Module = PlainBlock(widths[-2], widths[-1], None)
        for n in reversed(range(1, depth - 1)):
            block = PlainBlock(widths[n - 1], widths[n], block)
        self.model = nn.Sequential(
            nn.Conv2d(3, c, 4, 2, 1, bias=False),
            block,
            nn.ReLU(True),
            nn.ConvTranspose2d(2 * c, 3, 4, 2, 1),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        drawn = self.model(x)
        return torch.tanh(drawn + torch.atanh(0.98 * x) if self.input_skip else drawn)


class PlainBlock(nn.Module):
    """What lies between two skips: down, what is inside, up, and the skip beside it."""

    def __init__(self, outer: int, inner: int, inside: nn.Module | None) -> None:
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
        self.model = nn.Sequential(*layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([x, self.model(x)], 1)


def plain_discriminator(c: int, norm: type[nn.Module]) -> nn.Module:
    """Isola's 70×70 PatchGAN."""
    return nn.Sequential(
        nn.Conv2d(6, c, 4, 2, 1),
        nn.LeakyReLU(0.2, True),
        nn.Conv2d(c, 2 * c, 4, 2, 1, bias=False),
        norm(2 * c),
        nn.LeakyReLU(0.2, True),
        nn.Conv2d(2 * c, 4 * c, 4, 2, 1, bias=False),
        norm(4 * c),
        nn.LeakyReLU(0.2, True),
        nn.Conv2d(4 * c, 8 * c, 4, 1, 1, bias=False),
        norm(8 * c),
        nn.LeakyReLU(0.2, True),
        nn.Conv2d(8 * c, 1, 4, 1, 1),
    )


class Plain:
    """The textbook's training."""

    def __init__(self, profile: Profile) -> None:
        published = profile.name == "paper"
        c = profile.base_channels
        torch.manual_seed(0)
        self.generator = PlainUNet(pix2pix.DEPTH, c, input_skip=not published)
        self.discriminator = plain_discriminator(
            c, nn.BatchNorm2d if published else nn.InstanceNorm2d
        )
        for module in [*self.generator.modules(), *self.discriminator.modules()]:
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
                nn.init.normal_(module.weight, 0, 0.02)
        self.optimizer_g, self.optimizer_d = (
            torch.optim.Adam(network.parameters(), pix2pix.learning_rate(profile), pix2pix.BETAS)
            for network in (self.generator, self.discriminator)
        )

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


def course(profile: Profile, loader: Iterable[Batch]) -> System:
    """The course's recipe on these batches."""
    return replace(pix2pix.set_up(profile, 0), loader=loader)


def as_loaded(batch: Batch) -> Batch:
    """A batch as the course's loader lays it out in memory."""
    return collate([Batch(*item) for item in zip(*batch, strict=True)])


@dataclass
class InTurns:
    """Batches for the course's steps; after each of these, a plain one. Both with a clock."""

    size: Size
    plain: Plain
    losses: tuple[float, float] = (0, 0)
    seconds: list[tuple[float, float]] = field(default_factory=list)

    def __iter__(self) -> Iterator[Batch]:
        batch = self.size.batch()
        ours = as_loaded(batch)
        for _ in range(self.size.warm_up + self.size.steps):
            start = time.process_time()
            yield ours  # and the course takes its step
            between = time.process_time()
            self.losses = self.plain.step(batch)
            self.seconds.append((between - start, time.process_time() - between))


def count(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def compare(name: str) -> None:
    """Print a row: what a step of each takes, and how the times relate."""
    size = SIZES[name]
    torch.set_num_threads(1)
    plain = Plain(size.profile)
    turns = InTurns(size, plain)
    system = course(size.profile, turns)
    assert count(system.generator) == count(plain.generator)
    assert count(system.discriminator) == count(plain.discriminator)
    last = system.train()[-1]
    seconds = np.array(turns.seconds[size.warm_up :])
    memory = [peak_memory(name, who) for who in ("course", "plain")]
    ours = last["loss_d"], last["loss_g"]
    for who, times, mb, losses in zip(
        ("course", "plain"), seconds.T, memory, (ours, turns.losses), strict=True
    ):
        print(
            f"| {name} | {who} | {np.median(times):.3f} s "
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
    profile, batch = SIZES[name].profile, SIZES[name].batch()
    torch.set_num_threads(1)
    make_fabric()  # loads Lightning, which is no part of a step, in both processes
    if who == "course":  # Adam makes its moments at the end of the first step
        course(profile, [as_loaded(batch)] * 2).train()
    else:
        plain = Plain(profile)
        for _ in range(2):
            plain.step(batch)
    print(usage.measure().memory_mb)


def show_profile(name: str) -> None:
    """Print which operations take the time of a step of each."""
    size = SIZES[name]
    torch.set_num_threads(1)
    batch, plain = size.batch(), Plain(size.profile)
    system = course(size.profile, [as_loaded(batch)] * size.warm_up)
    system.train()
    for _ in range(size.warm_up):
        plain.step(batch)
    timed = replace(system, loader=[as_loaded(batch)] * size.steps)
    trainings: dict[str, Callable[[], object]] = {
        "course": timed.train,
        "plain": lambda: [plain.step(batch) for _ in range(size.steps)],
    }
    for who, train in trainings.items():
        with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as found:
            train()
        averages = found.key_averages()
        print(f"{who}, {size.steps} steps of {name}")
        print(averages.table(sort_by="self_cpu_time_total", row_limit=16))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--memory", nargs=2, metavar=("SIZE", "WHO"), help=argparse.SUPPRESS)
    parser.add_argument("--profile", choices=SIZES, help="show where the time of this size goes")
    arguments = parser.parse_args()
    if arguments.memory:
        only(*arguments.memory)
        return
    if arguments.profile:
        show_profile(arguments.profile)
        return
    print(f"{hardware.name()}\n")
    print("small is 16 channels and 64², large 64 channels and 256², batches of 8\n")
    print("| training | step | median | fastest | peak memory | last losses, D and G |")
    print("|---|---|---|---|---|---|")
    for name in SIZES:
        compare(name)


if __name__ == "__main__":
    main()
