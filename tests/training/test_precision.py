"""Mixed precision: plain steps train with it, and a run goes on to the same bits."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins import MixedPrecision
from torch import nn

from course_lib.data.crops import CropDataset, make_loader
from course_lib.data.photos import load_photo
from course_lib.models.pix2pix import PatchDiscriminator, UNetGenerator
from course_lib.tensor_files import BadCheckpoint
from course_lib.training import checkpoints
from course_lib.training import run as run_module
from course_lib.training.loop import Precision, Record, make_fabric, train, usual_precision
from course_lib.training.pix2pix import Pix2Pix, Techniques
from course_lib.training.run import Run

STEPS = 6
MIXED: tuple[Precision, ...] = ("bf16-mixed", "16-mixed")


@pytest.fixture(autouse=True)
def checkpoint_each_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module, "SHARE", 1e9)


def fabric_of(precision: Precision) -> Fabric:
    """On a CPU Fabric offers no float16; torch can, scaler and all, so this stands for a GPU."""
    if precision == "16-mixed":
        return Fabric(accelerator="cpu", devices=1, plugins=MixedPrecision(precision, "cpu"))
    return make_fabric(precision=precision)


class Stop(Exception):
    """What ends a run early."""


def play(precision: Precision, run: Run | None = None, *, until: int = STEPS, **how):
    """The history, both networks and what kinds of numbers a convolution has computed."""
    torch.manual_seed(0)
    generator = UNetGenerator(depth=3, base_channels=4)
    discriminator = PatchDiscriminator(base_channels=4, n_layers=1, norm=nn.InstanceNorm2d)
    kinds = set()
    generator.downs[0][0].register_forward_hook(lambda *given: kinds.add(given[-1].dtype))
    steps = Pix2Pix(techniques=Techniques(lambda_contrastive=1.0, flips=0.1))

    def stop(record: Record) -> None:
        if record["step"] > until:
            raise Stop

    dataset = CropDataset({"cat": load_photo("chelsea")}, "light", 32, seed=0)
    history = train(
        generator,
        discriminator,
        make_loader(dataset, batch_size=4, steps=STEPS),
        # Fused: with a scaler it takes another way through torch.
        optimizer_g=torch.optim.Adam(generator.parameters(), 1e-3, fused=True),
        optimizer_d=torch.optim.Adam(discriminator.parameters(), 1e-3, fused=True),
        seed=0,
        d_step=how.get("d_step", steps.d_step),
        g_step=how.get("g_step", steps.g_step),
        callbacks=[stop],
        run=run,
        fabric=fabric_of(precision),
    )
    return history, generator, discriminator, kinds


def weights(*networks: nn.Module) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for n in networks for p in n.parameters()])


@pytest.mark.parametrize("precision", MIXED)
def test_plain_steps_train_in_16_bits_with_weights_of_32(precision: Precision) -> None:
    exact, *whole, _ = play("32-true")
    found, generator, discriminator, kinds = play(precision)
    assert kinds == {torch.bfloat16 if precision == "bf16-mixed" else torch.float16}
    assert weights(generator, discriminator).dtype == torch.float32
    losses, exactly = ([record["loss_g"] for record in one] for one in (found, exact))
    assert losses[0] == pytest.approx(exactly[0], rel=0.01)
    assert losses[-1] < losses[0]
    assert losses != exactly
    moved = weights(generator, discriminator) - weights(*whole)
    assert 0 < moved.abs().max() < 0.1


@pytest.mark.parametrize("precision", MIXED)
def test_with_mixed_precision_a_run_goes_on_to_the_same_bits(
    precision: Precision, tmp_path: Path
) -> None:
    whole, *unbroken, _ = play(precision)
    with pytest.raises(Stop):
        play(precision, Run(tmp_path, seconds=0), until=3)
    run = Run(tmp_path, seconds=0)
    history, *networks, _ = play(precision, run)
    assert "Went on after step 3" in str(run)
    # Where float16 overflows, a gradient is NaN, its step is left out, and the scale is halved.
    assert list(map(str, history)) == list(map(str, whole))
    assert weights(*networks).equal(weights(*unbroken))


def test_float16_scales_losses_and_the_checkpoint_keeps_the_scale(tmp_path: Path) -> None:
    seen = []

    def overflow(generator, discriminator, batch, optimizer) -> torch.Tensor:
        optimizer.zero_grad()
        loss = 1e36 * discriminator(batch.rainy, batch.clean).mean()  # times 65,536 it is infinite
        loss.backward()
        before = weights(discriminator)
        optimizer.step()
        seen.append(weights(discriminator).equal(before))
        return loss.detach()

    history, *_ = play("16-mixed", Run(tmp_path, seconds=0), d_step=overflow)
    assert seen[0], "a step with infinite gradients was taken"
    assert history[0]["loss_d"] < float("inf")  # the record holds the loss, not the scaled one
    state = checkpoints.load(tmp_path / "last.safetensors").rest["MixedPrecision_0"]
    assert dict(map(tuple, state["map"]))["scale"] < 65536


def test_a_run_of_another_precision_is_refused(tmp_path: Path) -> None:
    play("bf16-mixed", Run(tmp_path))
    with pytest.raises(BadCheckpoint, match="has precision bf16-mixed, not 32-true"):
        play("32-true", Run(tmp_path))


def test_torch_is_as_it_was_after_a_step_that_fails() -> None:
    def fails(*arguments: object) -> torch.Tensor:
        raise Stop

    with pytest.raises(Stop):
        play("bf16-mixed", d_step=fails)
    weight = torch.ones(1, requires_grad=True)
    (3 * weight).sum().backward()
    assert weight.grad == 3


def test_what_a_step_gives_backward_is_passed_on() -> None:
    def keeps(generator, discriminator, batch, optimizer) -> torch.Tensor:
        optimizer.zero_grad()
        loss = discriminator(batch.rainy, batch.clean).mean()
        loss.backward(retain_graph=True)
        loss.backward()
        optimizer.step()
        return loss

    assert len(play("bf16-mixed", d_step=keeps)[0]) == STEPS


@pytest.mark.parametrize(
    ("capability", "precision"),
    [(None, "32-true"), ((6, 1), "32-true"), ((7, 5), "16-mixed"), ((9, 0), "bf16-mixed")],
)
def test_the_device_decides_on_the_precision(
    capability: tuple[int, int] | None, precision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: capability is not None)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: capability)
    assert usual_precision() == precision
