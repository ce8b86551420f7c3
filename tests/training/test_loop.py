from functools import partial
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from course_lib import usage
from course_lib.data.pair import Batch
from course_lib.models.baseline import BaselineGenerator, baseline_discriminator
from course_lib.training.loop import Record, gradient_norm, series, step_seed, train
from course_lib.training.observers import Monitor, Samples, judge, measure, restore
from course_lib.training.steps import training_schedule


def batches(steps: int, start: int = 0) -> list[Batch]:
    def batch(k: int) -> Batch:
        generator = torch.Generator().manual_seed(k)
        rainy, clean = torch.rand(2, 4, 3, 16, 16, generator=generator) * 2 - 1
        return Batch(rainy, clean, torch.zeros(4, 1, 16, 16))

    return [batch(k) for k in range(start, start + steps)]


def noise_step(*arguments) -> torch.Tensor:
    return torch.rand(())


def play(
    steps: int | list[Batch] = 3, seed: int = 0, **settings
) -> tuple[list[Record], nn.Module, nn.Module]:
    torch.manual_seed(0)
    generator = BaselineGenerator(size=16, base_channels=4)
    discriminator = nn.Sequential(nn.Dropout(0.5), baseline_discriminator(base_channels=4))
    callbacks = [make(generator, discriminator) for make in settings.pop("callbacks", ())]
    history = train(
        generator,
        discriminator,
        batches(steps) if isinstance(steps, int) else steps,
        optimizer_g=torch.optim.Adam(generator.parameters(), 1e-3),
        optimizer_d=torch.optim.Adam(discriminator.parameters(), 1e-3),
        seed=seed,
        callbacks=callbacks,
        **settings,
    )
    return history, generator, discriminator


def test_same_seed_same_bits_whatever_the_global_generator_did() -> None:
    first, generator, _ = play()
    torch.rand(17)
    second, again, _ = play()
    assert first == second
    assert all(
        torch.equal(a, b) for a, b in zip(generator.parameters(), again.parameters(), strict=True)
    )


def test_another_seed_draws_other_dropout() -> None:
    assert play(seed=0)[0] != play(seed=1)[0]


def test_measuring_does_not_change_the_training() -> None:
    held_out = batches(1, start=99)[0]
    plain = play()[1]
    watched = play(callbacks=[lambda g, d: Monitor(g, d, held_out, every=1)])[1]
    for a, b in zip(plain.state_dict().values(), watched.state_dict().values(), strict=True):
        assert torch.equal(a, b)


def test_the_learners_steps_are_the_ones_that_run() -> None:
    calls: list[str] = []

    def d_step(*arguments) -> torch.Tensor:
        calls.append("d")
        return torch.tensor(7.0)

    def g_step(*arguments) -> torch.Tensor:
        calls.append("g")
        return torch.tensor(3.0)

    history, *_ = play(steps=2, d_step=d_step, g_step=g_step)
    assert calls == ["d", "g", "d", "g"]
    assert [(r["step"], r["loss_d"], r["loss_g"]) for r in history] == [(1, 7, 3), (2, 7, 3)]


def test_a_player_that_the_schedule_skips_neither_moves_nor_is_recorded() -> None:
    states: list[tuple[list[torch.Tensor], list[torch.Tensor]]] = []

    def keep(generator: nn.Module, discriminator: nn.Module):
        def snapshot(record: Record | None = None) -> None:
            states.append(
                tuple(
                    [p.detach().clone() for p in network.parameters()]
                    for network in (generator, discriminator)
                )
            )

        snapshot()
        return snapshot

    schedule = partial(training_schedule, d_every=3, g_every=2)
    history, *_ = play(steps=6, schedule=schedule, callbacks=[keep])
    moved = [
        tuple(
            any(not torch.equal(a, b) for a, b in zip(before, after, strict=True))
            for before, after in zip(*pair, strict=True)
        )
        for pair in pairwise(states)
    ]
    assert [g for g, _ in moved] == [False, True, False, True, False, True]
    assert [d for _, d in moved] == [False, False, True, False, False, True]
    for record, (g_moved, d_moved) in zip(history, moved, strict=True):
        assert ("loss_g" in record, "grad_g" in record) == (g_moved, g_moved)
        assert ("loss_d" in record, "grad_d" in record) == (d_moved, d_moved)
    assert series(history, "loss_d")[0] == [3, 6]


def test_gradient_norm_is_the_length_of_all_gradients() -> None:
    network = nn.Linear(2, 1)
    network.weight.grad, network.bias.grad = torch.tensor([[3.0, 0.0]]), torch.tensor([4.0])
    assert float(gradient_norm(network)) == pytest.approx(5)
    assert gradient_norm(nn.Linear(1, 1)) == 0


def test_step_seeds_differ_by_run_step_and_rank() -> None:
    seeds = {step_seed(s, k, r) for s in range(5) for k in range(50) for r in range(3)}
    assert len(seeds) == 750


def test_restore_uses_running_statistics_and_puts_the_mode_back() -> None:
    generator = BaselineGenerator(size=16, base_channels=4).train()
    pictures = batches(1)[0].rainy
    before = [b.clone() for b in generator.buffers()]
    whole = restore(generator, pictures)
    assert generator.training
    assert all(torch.equal(a, b) for a, b in zip(before, generator.buffers(), strict=True))
    torch.testing.assert_close(whole[:1], restore(generator, pictures[:1]))


def test_the_judge_brings_pictures_to_the_discriminators_device() -> None:
    discriminator = baseline_discriminator(base_channels=4).to("meta")
    assert judge(discriminator, batches(1)[0].clean).shape == (4, 1)


def test_the_judge_leaves_the_discriminator_as_it_was() -> None:
    discriminator = baseline_discriminator(base_channels=4).eval()
    before = {key: value.clone() for key, value in discriminator.state_dict().items()}
    judge(discriminator, batches(1)[0].clean)
    assert not discriminator.training
    assert all(torch.equal(before[k], v) for k, v in discriminator.state_dict().items())


def test_measures_of_a_perfect_and_of_a_collapsed_generator() -> None:
    held_out = batches(1)[0]

    class Constant(nn.Module):
        def __init__(self, answer: torch.Tensor) -> None:
            super().__init__()
            self.answer = nn.Parameter(answer)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.answer.expand(len(x), *self.answer.shape[1:])

    class AlwaysReal(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bias = nn.Parameter(torch.ones(1))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.bias.expand(len(x), 1)

    perfect = measure(Constant(held_out.clean), AlwaysReal(), held_out)
    assert perfect["psnr"] > 100
    assert perfect["diversity"] == pytest.approx(1)
    assert perfect["detail"] == pytest.approx(1)
    assert (perfect["accuracy_real"], perfect["accuracy_fake"], perfect["accuracy_d"]) == (
        1,
        0,
        0.5,
    )
    collapsed = measure(Constant(held_out.clean[:1]), AlwaysReal(), held_out)
    assert collapsed["diversity"] == 0


def test_monitor_and_samples_keep_their_rhythm() -> None:
    held_out = batches(1)[0]
    samples: list[Samples] = []

    def keep_samples(g: nn.Module, d: nn.Module) -> Samples:
        samples.append(Samples(g, held_out.rainy[:2], every=2))
        return samples[0]

    history, *_ = play(
        steps=5,
        callbacks=[
            lambda g, d: Monitor(g, d, held_out, every=2),
            keep_samples,
        ],
    )
    assert ["psnr" in record for record in history] == [False, True, False, True, False]
    assert [step for step, _ in samples[0].frames] == [2, 4]
    assert samples[0].frames[0][1].shape == (2, 16, 16, 3)
    assert samples[0].frames[0][1].dtype == np.uint8


def test_series_skips_steps_without_the_measurement_and_names_what_there_is() -> None:
    history = [{"step": 1, "loss_d": 1.0, "psnr": 9.0}, {"step": 2, "loss_d": 0.5}]
    assert series(history, "psnr") == ([1], [9.0])
    assert series(history, "loss_d") == ([1, 2], [1.0, 0.5])
    with pytest.raises(ValueError, match="'ssim'; there are loss_d, psnr, step"):
        series(history, "ssim")


def test_every_step_counts_towards_the_budget() -> None:
    before = usage.measure().steps
    play(steps=3)
    assert usage.measure().steps == before + 3
