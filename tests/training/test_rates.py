from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from course_lib.data.pair import Batch
from course_lib.models.graspp import RASPP, RainDiscriminator
from course_lib.training import run as run_module
from course_lib.training.graspp import Graspp, generator_first
from course_lib.training.loop import train
from course_lib.training.rates import PlateauDecay, linear_decay, warm_up_then_decay
from course_lib.training.run import Run


def test_rate_holds_for_half_a_run_and_then_falls_to_nothing() -> None:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.4)
    scheduler = linear_decay(optimizer, 8)
    rates = []
    for _ in range(8):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    assert torch.allclose(
        torch.tensor(rates), torch.tensor([0.4, 0.4, 0.4, 0.4, 0.4, 0.3, 0.2, 0.1])
    )
    assert optimizer.param_groups[0]["lr"] == 0


def test_rate_rises_at_first_and_then_falls_to_nothing() -> None:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.4)
    scheduler = warm_up_then_decay(optimizer, 10, warm_up=0.2)
    rates = []
    for _ in range(10):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    expected = [0.02, 0.21, 0.4, 0.35, 0.3, 0.25, 0.2, 0.15, 0.1, 0.05]
    assert torch.allclose(torch.tensor(rates), torch.tensor(expected))
    assert optimizer.param_groups[0]["lr"] == 0


def optimizer_with(rate: float) -> torch.optim.Optimizer:
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=rate)


def rates_after(losses: Sequence[float | None], **settings: Any) -> list[float]:
    """The rate after each step, as a share of that before the first; None: G didn't learn."""
    optimizers = [optimizer_with(0.8), optimizer_with(0.008)]
    decay = PlateauDecay(optimizers, **settings)
    shares = []
    for step, loss in enumerate(losses, start=1):
        decay({"step": step} if loss is None else {"step": step, "loss_g": loss})
        first, second = (one.param_groups[0]["lr"] for one in optimizers)
        assert first == pytest.approx(100 * second)  # each falls from where it was
        shares.append(first / 0.8)
    return shares


def test_rates_fall_after_an_epoch_that_is_no_better_and_not_before() -> None:
    # Means of two steps: 4, 3, 3 (no better), 2, 6 (worse).
    losses = [5.0, 3.0, 2.0, 4.0, 3.0, 3.0, 3.0, 1.0, 2.0, 10.0]
    expected = [1, 1, 1, 1, 1, 0.1, 0.1, 0.1, 0.1, 0.01]
    assert rates_after(losses, epoch=2) == pytest.approx(expected)


def test_an_epoch_is_held_against_the_best_so_far_and_the_least_progress_counts() -> None:
    losses = [2.0, 4.0, 3.0, 2.0, 1.999999]  # better than the last isn't enough
    assert rates_after(losses, epoch=1) == pytest.approx([1, 0.1, 0.01, 0.001, 0.001])


def test_patience_lets_so_many_epochs_pass_and_then_counts_anew() -> None:
    worse = [1.0, 2.0, 3.0, 4.0, 5.0]
    shares = rates_after(worse, epoch=1, patience=1, factor=0.5)
    assert shares == pytest.approx([1, 1, 0.5, 0.5, 0.25])
    with_a_good_one = [2.0, 3.0, 1.0, 2.0, 2.0]
    shares = rates_after(with_a_good_one, epoch=1, patience=1, factor=0.5)
    assert shares == pytest.approx([1, 1, 1, 1, 0.5])


def test_steps_in_which_the_generator_rests_tell_nothing() -> None:
    # G learns in every second step; its means are 3, 2 and 2.
    losses = [None, 4.0, None, 2.0, None, 1.0, None, 3.0, None, 2.0, None, 2.0]
    expected = [1] * 11 + [0.1]
    assert rates_after(losses, epoch=4) == pytest.approx(expected)


def test_the_mean_is_over_the_steps_in_which_the_generator_learnt() -> None:
    # One, two and one of three steps: means of 4, 3 and 2.9. A sum would get worse, then better.
    losses = [None, 4.0, None, 3.0, None, 3.0, None, 2.9, None, None, None, None]
    assert rates_after(losses, epoch=3) == pytest.approx([1] * 12)


def test_epochs_count_from_when_the_loss_has_all_its_terms() -> None:
    losses = [1.0, 1.0, 8.0, 8.0, 7.0, 7.0, 7.0, 7.0]  # the discriminator comes in at step 3
    assert rates_after(losses, epoch=2, begin=2)[:7] == pytest.approx([1] * 7)
    assert rates_after(losses, epoch=2, begin=2)[7] == pytest.approx(0.1)
    assert rates_after(losses, epoch=2)[3] == pytest.approx(0.1)


@pytest.mark.parametrize("epoch", [0, -3])
def test_an_epoch_without_steps_is_refused(epoch) -> None:
    with pytest.raises(ValueError, match=f"one step or more; it is {epoch}"):
        PlateauDecay([optimizer_with(1)], epoch=epoch)


@pytest.mark.parametrize("kept_all", [False, True])
def test_settings_are_those_of_the_call_and_not_of_the_checkpoint(kept_all) -> None:
    before, optimizer = PlateauDecay([optimizer_with(1)], epoch=1, patience=3), optimizer_with(1)
    for step, loss in enumerate([2.0, 3.0, 3.0], start=1):  # two epochs without progress
        before({"step": step, "loss_g": loss})
    state = before.state_dict()
    if kept_all:
        state["schedulers"] = [one.state_dict() for one in before.schedulers]
    after = PlateauDecay([optimizer], epoch=1, factor=0.5, patience=2)
    after.load_state_dict(state)
    after({"step": 4, "loss_g": 2.5})  # the third: the best so far is 2
    assert optimizer.param_groups[0]["lr"] == 0.5


STEPS = 10


class Stop(Exception):
    """What ends a run early."""


def ever_worse() -> list[Batch]:
    """Batches whose rain grows from step to step, so that G's loss does too."""
    generator = torch.Generator().manual_seed(0)
    batches = []
    for step in range(STEPS):
        clean, rain = torch.rand(2, 2, 3, 16, 16, generator=generator)
        batches.append(Batch(clean + step * rain, clean, torch.zeros(2, 1, 16, 16)))
    return batches


def play(folder: Path, *, cut: int = 0) -> dict[str, Any]:
    """A small game of GRASPP-GAN whose rates fall, stopped in step ``cut`` if that isn't 0."""
    torch.manual_seed(0)
    generator, discriminator = RASPP(width=2, stages=(2,)), RainDiscriminator(base_channels=2)
    optimizers = {
        "optimizer_g": torch.optim.Adam(generator.parameters(), 1e-3),
        "optimizer_d": torch.optim.Adam(discriminator.parameters(), 1e-2),
    }
    decay = PlateauDecay(list(optimizers.values()), epoch=3, factor=0.5)
    game, rates = Graspp(), []

    def watch(record: dict[str, float]) -> None:
        rates.append([one.param_groups[0]["lr"] for one in optimizers.values()])
        if record["step"] == cut:
            raise Stop

    history = train(
        generator,
        discriminator,
        ever_worse(),
        **optimizers,
        seed=0,
        d_step=game.d_step,
        g_step=game.g_step,
        schedule=partial(generator_first, alone=4),
        callbacks=[decay, watch],
        run=Run(folder, seconds=0),
    )
    return {
        "weights": [*generator.state_dict().values(), *discriminator.state_dict().values()],
        "history": history,
        "rates": rates,
        "decay": decay.state_dict(),
    }


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory) -> dict[str, Any]:
    return play(tmp_path_factory.mktemp("unbroken"))


# The checkpoint is of the step before: inside the first epoch, of which there is no best yet; at
# the end of one; inside one whose sum has begun; after the last fall.
@pytest.mark.parametrize("cut", [2, 4, 6, 10])
def test_a_run_that_is_cut_falls_on_as_if_nothing_had_happened(
    cut, unbroken, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr(run_module, "SHARE", 1e9)  # a checkpoint a step
    assert unbroken["rates"][-1] == [1e-3 / 4, 1e-2 / 4]  # after steps 6 and 9
    with pytest.raises(Stop):
        play(tmp_path, cut=cut)
    resumed = play(tmp_path)
    assert resumed["rates"] == unbroken["rates"][cut - 1 :]
    assert resumed["history"] == unbroken["history"]
    assert resumed["decay"] == unbroken["decay"]
    assert all(map(torch.equal, resumed["weights"], unbroken["weights"]))
