"""A run that is killed and started again ends as if nothing had happened."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from course_lib.data.crops import CropDataset, make_loader
from course_lib.models.baseline import BaselineGenerator, baseline_discriminator
from course_lib.models.pix2pix import PatchDiscriminator, UNetGenerator
from course_lib.training import run as run_module
from course_lib.training.loop import Step, train
from course_lib.training.observers import Samples
from course_lib.training.pix2pix import Pix2Pix, Techniques
from course_lib.training.run import Run
from course_lib.training.steps import discriminator_step, training_schedule

pytestmark = pytest.mark.slow

STEPS = 20
KILLS = 20


def baseline() -> tuple[nn.Module, nn.Module, dict[str, Any]]:
    """Lesson 01's players, and how they play."""
    generator = BaselineGenerator(size=16, base_channels=4)
    discriminator = nn.Sequential(nn.Dropout(0.2), baseline_discriminator(base_channels=4))
    return generator, discriminator, {"d_step": discriminator_step}


def pix2pix() -> tuple[nn.Module, nn.Module, dict[str, Any]]:
    """Lesson 02's, with all that is random or skips steps: dropout, flips, a schedule."""
    generator = UNetGenerator(depth=6, base_channels=2)
    discriminator = PatchDiscriminator(base_channels=2, n_layers=1)
    game = Pix2Pix(techniques=Techniques(smoothing=0.1, flips=0.3, lambda_contrastive=1))
    schedule = partial(training_schedule, d_every=2, g_every=3)
    return (
        generator,
        discriminator,
        {"d_step": game.d_step, "g_step": game.g_step, "schedule": schedule},
    )


def play(folder: Path, kill: str = "", begun=None, players=baseline) -> None:
    """Train a small game in a run folder, until it is killed as asked or has ended."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    generator, discriminator, how = players()
    photo = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    dataset = CropDataset({"noise": photo}, "light", 16, seed=0, scale=0.2)
    optimizer_g = torch.optim.Adam(generator.parameters(), 1e-3)
    optimizer_d = torch.optim.Adam(discriminator.parameters(), 1e-3)
    samples = Samples(generator, dataset[0].rainy[None], every=5)
    run_module.SHARE = 1e9  # a checkpoint a step
    where, _, number = kill.partition(" ")
    if where == "writing":
        kill_while_writing(int(number))
    if where == "between":
        how["d_step"] = Between(how["d_step"], int(number))
    history = train(
        generator,
        discriminator,
        make_loader(dataset, batch_size=4, steps=STEPS),
        optimizer_g=optimizer_g,
        optimizer_d=optimizer_d,
        schedulers=[torch.optim.lr_scheduler.CosineAnnealingLR(optimizer_g, STEPS)],
        seed=0,
        callbacks=[samples, lambda record: begun and begun.set()],
        run=Run(folder, seconds=0),
        **how,
    )
    torch.save(
        {
            "generator": generator.state_dict(),
            "discriminator": discriminator.state_dict(),
            "optimizer_g": optimizer_g.state_dict(),
            "history": history,
            "frames": [(step, torch.from_numpy(frame)) for step, frame in samples.frames],
        },
        folder / "result.pt",
    )


class Between:
    """D's step, after whose n-th time the process is killed, before G has taken its step."""

    def __init__(self, step: Step, number: int) -> None:
        self.step, self.left = step, number

    def __call__(self, *arguments) -> torch.Tensor:
        loss = self.step(*arguments)
        self.left -= 1
        if not self.left:
            os.kill(os.getpid(), signal.SIGKILL)
        return loss


def kill_while_writing(number: int) -> None:
    """The process dies at its n-th call that puts something on the disk, whichever that is."""
    left = number

    def counted(function):
        def call(*arguments):
            nonlocal left
            left -= 1
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*arguments)

        return call

    os.fsync, os.replace = counted(os.fsync), counted(os.replace)


@pytest.fixture(scope="module")
def processes():
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        [
            "course_lib.training.loop",
            "course_lib.models.baseline",
            "course_lib.training.pix2pix",
            "lightning_fabric",
            "torch._dynamo",
        ]
    )
    return context


def run_in_child(processes, *arguments) -> bool:
    """Whether the child came to its end."""
    child = processes.Process(target=play, args=arguments)
    child.start()
    child.join()
    assert child.exitcode in (0, -signal.SIGKILL)
    return child.exitcode == 0


def kill_in_training(processes, folder: Path, share: float, seconds: float) -> None:
    """Kill a child some time after its first step; sooner where it was done before that."""
    for attempt in range(20):
        begun = processes.Event()
        child = processes.Process(target=play, args=(folder / str(attempt), "", begun))
        child.start()
        assert begun.wait(60)
        time.sleep(share * seconds / 2**attempt)
        child.kill()
        child.join()
        if child.exitcode == -signal.SIGKILL:
            (folder / str(attempt)).rename(folder / "run")
            return
    raise AssertionError("the child always came to its end first")


def never_killed(processes, folder: Path, players=baseline) -> dict:
    begun = processes.Event()
    child = processes.Process(target=play, args=(folder, "", begun, players))
    child.start()
    assert begun.wait(60)
    started = time.monotonic()
    child.join()
    result = torch.load(folder / "result.pt", weights_only=True)
    return {"seconds": time.monotonic() - started, **result}


@pytest.fixture(scope="module")
def unbroken(processes, tmp_path_factory) -> dict:
    return never_killed(processes, tmp_path_factory.mktemp("unbroken"))


@pytest.fixture(scope="module")
def unbroken_pix2pix(processes, tmp_path_factory) -> dict:
    return never_killed(processes, tmp_path_factory.mktemp("unbroken"), pix2pix)


def same(a, b) -> bool:
    if isinstance(a, torch.Tensor):
        return torch.equal(a, b) and a.dtype == b.dtype
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


def moments() -> list[str]:
    rng = random.Random(0)
    return [
        *(f"between {rng.randint(1, STEPS)}" for _ in range(4)),
        *(f"writing {rng.randint(1, 6 * STEPS)}" for _ in range(6)),
        *(f"time {rng.random():.3f}" for _ in range(KILLS - 10)),
    ]


@pytest.mark.parametrize("moment", moments())
def test_killed_at_any_moment_it_ends_in_the_same_bits(moment, processes, unbroken, tmp_path):
    kind, _, number = moment.partition(" ")
    if kind == "time":
        kill_in_training(processes, tmp_path, float(number), unbroken["seconds"])
    else:
        assert not run_in_child(processes, tmp_path / "run", moment)
    assert run_in_child(processes, tmp_path / "run")
    require_same_end(tmp_path / "run", unbroken)


# D learns in every second step, G in every third, so the third of D's is the first before one of
# G's; 50 is in the middle of a checkpoint that is written.
@pytest.mark.parametrize("moment", ["between 2", "between 3", "writing 50"])
def test_pix2pix_with_flips_dropout_and_skipped_steps_ends_in_the_same_bits_too(
    moment, processes, unbroken_pix2pix, tmp_path
):
    assert [r["step"] for r in unbroken_pix2pix["history"] if "loss_d" in r][:2] == [2, 4]
    assert not run_in_child(processes, tmp_path / "run", moment, None, pix2pix)
    assert run_in_child(processes, tmp_path / "run", "", None, pix2pix)
    require_same_end(tmp_path / "run", unbroken_pix2pix)


def require_same_end(folder: Path, unbroken: dict) -> None:
    result = torch.load(folder / "result.pt", weights_only=True)
    for part in ("generator", "discriminator", "optimizer_g", "history", "frames"):
        assert same(result[part], unbroken[part]), part
