"""Two processes that train together do what one does with the whole batch."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from course_lib.data.crops import CropDataset, make_loader
from course_lib.data.pair import Batch
from course_lib.models.pix2pix import PatchDiscriminator, UNetGenerator
from course_lib.training import run as run_module
from course_lib.training.loop import Record, make_fabric, train
from course_lib.training.observers import Monitor
from course_lib.training.pix2pix import Pix2Pix, Techniques
from course_lib.training.run import Run

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (torch.distributed.is_available() and torch.distributed.is_gloo_available()),
        reason="this torch has no gloo, by which processes on CPUs talk to one another",
    ),
]
STEPS = 6
KILLED_AFTER = 3
SECONDS = 300  # until processes that wait for one another are given up; others may need the cores
# Both ways add up the same products of float32 in another order: each sum is off by some 1e-7
# of itself, and six steps of Adam hardly spread that. What a wrong slice, or gradients that
# nobody exchanges, would change is thousands of times as large.
CLOSE = {"rel": 1e-5, "abs": 1e-6}


def play(
    folder: Path,
    devices: int,
    *,
    killed: int | None = None,
    seed: int = 0,
    norm: type[nn.Module] = nn.InstanceNorm2d,
    techniques: Techniques | None = None,
) -> None:
    """Train Pix2Pix as one of the processes; the one of rank ``killed`` dies on the way."""
    warnings.simplefilter("error")  # DDP warns of what it finds strange
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    generator = UNetGenerator(depth=3, base_channels=4, norm=norm)
    discriminator = PatchDiscriminator(base_channels=4, n_layers=2, norm=norm)
    photo = np.random.default_rng(0).integers(0, 256, (60, 60, 3), np.uint8)
    dataset = CropDataset({"noise": photo}, "light", 32, seed=0, scale=0.2)
    held_out = Batch(*map(torch.stack, zip(dataset[98], dataset[99], strict=True)))
    game = Pix2Pix(techniques=techniques or Techniques())
    rank = int(os.environ["LOCAL_RANK"])
    seen = []

    def d_step(*arguments) -> torch.Tensor:
        seen.append(len(arguments[2].rainy))
        return game.d_step(*arguments)

    def die(record: Record) -> None:
        if rank == killed and record["step"] == KILLED_AFTER:
            os.kill(os.getpid(), signal.SIGKILL)

    run_module.SHARE = 1e9  # a checkpoint a step
    history = train(
        generator,
        discriminator,
        make_loader(dataset, batch_size=4, steps=STEPS),
        optimizer_g=torch.optim.Adam(generator.parameters(), 2e-4),
        optimizer_d=torch.optim.Adam(discriminator.parameters(), 2e-4),
        seed=seed,
        d_step=d_step,
        g_step=game.g_step,
        callbacks=[Monitor(generator, discriminator, held_out, every=2), die],
        run=Run(folder, seconds=0),
        fabric=make_fabric(devices),
    )
    parameters = [*generator.parameters(), *discriminator.parameters()]
    found = {"history": history, "parameters": parameters, "seen": sum(seen)}
    torch.save(found, folder / f"{rank}.pt")


def refuse(folder: Path, devices: int) -> None:
    """Train on a list of batches, which can't be dealt out."""
    network = nn.Conv2d(3, 3, 1)
    optimizer = torch.optim.SGD(network.parameters(), 1e-3)
    try:
        train(
            *(network, network, [Batch(*torch.zeros(3, 4, 3, 8, 8))]),
            optimizer_g=optimizer,
            optimizer_d=optimizer,
            seed=0,
            fabric=make_fabric(devices),
        )
    except ValueError as error:
        (folder / f"{os.environ['LOCAL_RANK']}.txt").write_text(str(error))


def as_one_of_several(rank: int, port: int, function, folder: Path, devices: int, how) -> None:
    os.environ |= {
        "CUDA_VISIBLE_DEVICES": "",
        "OMP_NUM_THREADS": "1",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "NODE_RANK": "0",
        "LOCAL_RANK": str(rank),
        "WORLD_SIZE": str(devices),
    }
    function(folder, devices, **how)


@pytest.fixture(scope="module")
def processes():
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        [
            "course_lib.training.loop",
            "course_lib.training.observers",
            "course_lib.training.pix2pix",
            "course_lib.models.pix2pix",
            "lightning_fabric",
            "torch._dynamo",
        ]
    )
    return context


def together(processes, function, folder: Path, devices: int, **how) -> Sequence[int | None]:
    """Run a function in so many processes that know of each other; their exit codes."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    children = [
        processes.Process(
            target=as_one_of_several, args=(rank, port, function, folder, devices, how)
        )
        for rank in range(devices)
    ]
    for child in children:
        child.start()
    deadline = time.monotonic() + SECONDS
    for child in children:
        child.join(max(0, deadline - time.monotonic()))
    waiting = [child for child in children if child.is_alive()]
    for child in waiting:
        child.kill()
        child.join()
    assert not waiting, f"{len(waiting)} of {devices} processes never came to an end"
    return [child.exitcode for child in children]


def result(folder: Path, rank: int = 0) -> dict:
    return torch.load(folder / f"{rank}.pt", weights_only=True)


@pytest.fixture(scope="module")
def one(processes, tmp_path_factory) -> dict:
    folder = tmp_path_factory.mktemp("one")
    assert together(processes, play, folder, 1) == [0]
    return result(folder)


@pytest.fixture(scope="module")
def two(processes, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("two")
    assert together(processes, play, folder, 2) == [0, 0]
    return folder


def same_parameters(a: dict, b: dict) -> bool:
    return all(map(torch.equal, a["parameters"], b["parameters"]))


def test_two_processes_learn_what_one_learns_from_the_whole_batch(one, two) -> None:
    for ours, theirs in zip(result(two)["history"], one["history"], strict=True):
        assert ours == pytest.approx(theirs, **CLOSE)
    torch.testing.assert_close(
        result(two)["parameters"], one["parameters"], rtol=CLOSE["rel"], atol=CLOSE["abs"]
    )
    assert ["psnr" in record for record in one["history"]] == [False, True] * 3


def test_each_process_does_half_of_the_work(one, two) -> None:
    assert [result(two, rank)["seen"] for rank in (0, 1)] == [one["seen"] // 2] * 2


def test_all_processes_tell_and_know_the_same(two) -> None:
    assert result(two, 0)["history"] == result(two, 1)["history"]
    assert same_parameters(result(two, 0), result(two, 1))


def test_when_one_is_killed_the_other_ends_and_both_go_on_to_the_same_bits(
    processes, two, tmp_path
) -> None:
    codes = together(processes, play, tmp_path, 2, killed=1)
    assert codes[1] == -signal.SIGKILL
    assert codes[0] not in (0, None)
    assert together(processes, play, tmp_path, 2) == [0, 0]
    for rank in (0, 1):
        assert result(tmp_path, rank)["history"] == result(two, rank)["history"]
        assert same_parameters(result(tmp_path, rank), result(two, rank))


def test_a_run_that_the_first_process_refuses_ends_them_all(processes, two) -> None:
    assert together(processes, play, two, 2, seed=1) == [1, 1]


def test_batch_norm_and_steps_that_ask_for_features_run_too(processes, tmp_path) -> None:
    how = {"norm": nn.BatchNorm2d, "techniques": Techniques(lambda_contrastive=1.0)}
    assert together(processes, play, tmp_path, 2, **how) == [0, 0]
    assert same_parameters(result(tmp_path, 0), result(tmp_path, 1))


def test_batches_that_cannot_be_dealt_out_are_refused(processes, tmp_path) -> None:
    assert together(processes, refuse, tmp_path, 2) == [0, 0]
    for rank in (0, 1):
        assert "a list can't be dealt out to 2 processes" in (tmp_path / f"{rank}.txt").read_text()


def test_the_script_of_the_page_on_gpus_trains_on_two_devices(tmp_path) -> None:
    page = (Path(__file__).parents[2] / "docs/several_gpus.md").read_text()
    script = page.split("```python\n# together.py\n")[1].split("```")[0]
    for large, small in {
        "UNetGenerator()": "UNetGenerator(depth=2, base_channels=2)",
        "PatchDiscriminator()": "PatchDiscriminator(base_channels=2, n_layers=1)",
        '"drops", 256': '"light", 32',
        "steps=4000": "steps=2",
    }.items():
        assert large in script
        script = script.replace(large, small)
    (tmp_path / "together.py").write_text(script)
    done = subprocess.run(
        [sys.executable, "together.py"],
        cwd=tmp_path,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": "", "COURSE_RUNS": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "MEMBER: 2/2" in done.stderr
    assert len((tmp_path / "together" / "log.csv").read_text().splitlines()) == 3
