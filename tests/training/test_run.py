import copy
import csv
import errno
import os
import pickle
import warnings
from functools import partial
from pathlib import Path

import filelock
import pytest
import torch
from torch import nn

from course_lib import usage
from course_lib.data.crops import CropDataset, make_loader
from course_lib.data.pair import Batch
from course_lib.data.photos import load_photo
from course_lib.models.baseline import BaselineGenerator, baseline_discriminator
from course_lib.models.pix2pix import PatchDiscriminator, UNetGenerator
from course_lib.tensor_files import BadCheckpoint, read_tensors, write_tensors
from course_lib.training import checkpoints
from course_lib.training import run as run_module
from course_lib.training.loop import Record, train
from course_lib.training.pix2pix import Pix2Pix, Techniques
from course_lib.training.run import Run, code_of
from course_lib.training.steps import discriminator_step

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def checkpoint_each_step(monkeypatch):
    monkeypatch.setattr(run_module, "SHARE", 1e9)


def make_networks(width: int = 4) -> tuple[nn.Module, nn.Module]:
    torch.manual_seed(0)
    return BaselineGenerator(size=16, base_channels=width), baseline_discriminator(base_channels=4)


def play(
    run: Run | None,
    steps: int = 6,
    *,
    width: int = 4,
    seed: int = 0,
    lr=1e-3,
    networks=None,
    optimizer=torch.optim.Adam,
    schedule=None,
    **settings,
):
    """The history and the generator of a small run."""
    generator, discriminator = networks or make_networks(width)
    optimizer_g = optimizer(generator.parameters(), lr)
    dataset = CropDataset({"cat": load_photo("chelsea")}, "light", 16, seed)
    history = train(
        generator,
        discriminator,
        make_loader(
            dataset,
            batch_size=settings.pop("batch_size", 4),
            steps=steps,
            workers=settings.pop("workers", 0),
        ),
        optimizer_g=optimizer_g,
        schedulers=[schedule(optimizer_g)] if schedule else (),
        optimizer_d=torch.optim.Adam(discriminator.parameters(), 1e-3),
        seed=seed,
        run=run,
        **settings,
    )
    return history, generator


def here(folder: Path, **settings) -> Run:
    return Run(folder, seconds=0, **settings)


class Stop(Exception):
    """What ends a run early."""


def stop_after(step: int):
    def callback(record: Record) -> None:
        if record["step"] == step:
            raise Stop

    return callback


def cut(folder: Path, step: int, **settings) -> None:
    """A run that was stopped in the given step, whose checkpoint is of the step before."""
    with pytest.raises(Stop):
        play(here(folder), callbacks=[stop_after(step)], **settings)


def same_weights(a: nn.Module, b: nn.Module) -> bool:
    return all(map(torch.equal, a.state_dict().values(), b.state_dict().values()))


def fused(folder: Path | None, *, stopped: int | None = None) -> nn.Module:
    """Convolutions of many shapes under a fused Adam, laid out with the channels last."""
    torch.manual_seed(0)
    generator, discriminator = (
        UNetGenerator(depth=3, base_channels=4),
        PatchDiscriminator(base_channels=4, n_layers=1),
    )
    for network in (generator, discriminator):
        network.to(memory_format=torch.channels_last)
    dataset = CropDataset({"cat": load_photo("chelsea")}, "light", 32, 0)
    steps = Pix2Pix()
    train(
        generator,
        discriminator,
        make_loader(dataset, batch_size=4, steps=6),
        optimizer_g=torch.optim.Adam(generator.parameters(), 1e-3, fused=True),
        optimizer_d=torch.optim.Adam(discriminator.parameters(), 1e-3, fused=True),
        seed=0,
        d_step=steps.d_step,
        g_step=steps.g_step,
        callbacks=[stop_after(stopped)] if stopped else [],
        run=here(folder) if folder else None,
    )
    return generator


def test_moments_of_a_fused_adam_are_laid_out_as_their_weights_again(tmp_path) -> None:
    with pytest.raises(Stop):
        fused(tmp_path, stopped=4)
    assert same_weights(fused(tmp_path), fused(None))


def test_a_run_that_has_ended_is_loaded_and_says_so(tmp_path) -> None:
    first, trained = play(here(tmp_path))
    run, before = here(tmp_path), usage.measure().steps
    again, loaded = play(run)
    assert usage.measure().steps == before
    assert again == first
    assert [type(record["step"]) for record in again] == [int] * 6
    assert same_weights(trained, loaded)
    assert "Loaded 6 steps" in str(run)
    assert "fresh=True" in str(run)


def test_fresh_trains_anew(tmp_path) -> None:
    _, trained = play(here(tmp_path))
    before = usage.measure().steps
    run = here(tmp_path, fresh=True)
    _, again = play(run)
    assert usage.measure().steps == before + 6
    assert same_weights(trained, again)
    assert str(run).startswith("Trained from the first step")


def test_fresh_trains_networks_of_the_same_kernel_from_where_they_started(tmp_path) -> None:
    networks = make_networks()
    _, trained = play(here(tmp_path), networks=networks)
    expected = copy.deepcopy(trained)
    run = here(tmp_path, fresh=True)
    play(run, networks=networks)
    assert same_weights(networks[0], expected)
    assert "with the networks as they were before it" in str(run)
    assert "Take fresh=True out again" in str(run)


def test_stopped_before_its_first_checkpoint_a_cell_run_again_starts_from_the_start(
    tmp_path,
) -> None:
    networks = make_networks()
    with pytest.raises(Stop):
        play(Run(tmp_path, seconds=99), networks=networks, callbacks=[stop_after(4)])
    play(Run(tmp_path, seconds=99), networks=networks)
    assert same_weights(networks[0], play(None)[1])


def test_stopped_after_a_checkpoint_a_cell_run_again_goes_on_from_there(tmp_path) -> None:
    networks = make_networks()
    with pytest.raises(Stop):
        play(here(tmp_path), networks=networks, callbacks=[stop_after(4)])
    play(here(tmp_path), networks=networks)
    assert same_weights(networks[0], play(None)[1])


def test_networks_that_another_run_has_trained_are_trained_on_and_it_says_so(tmp_path) -> None:
    networks = make_networks()
    play(here(tmp_path / "first"), networks=networks)
    before = copy.deepcopy(networks[0])
    run = here(tmp_path / "second")
    play(run, networks=networks, steps=1)
    assert "had been trained before in this session" in str(run)
    assert not same_weights(before, networks[0])


def test_optimizers_that_have_taken_steps_cant_begin_anew(tmp_path) -> None:
    networks = make_networks()
    optimizer = torch.optim.Adam(networks[0].parameters(), 1e-3)
    play(here(tmp_path), networks=networks, optimizer=lambda parameters, lr: optimizer)
    with pytest.raises(ValueError, match=r"optimizer_g has taken steps.*in the cell that trains"):
        play(
            here(tmp_path, fresh=True),
            networks=networks,
            optimizer=lambda parameters, lr: optimizer,
        )


def test_a_run_used_twice_is_kept_both_times(tmp_path) -> None:
    run = here(tmp_path, fresh=True)
    play(run)
    (tmp_path / "last.safetensors").unlink()
    play(run)
    assert (tmp_path / "last.safetensors").exists()


def test_a_run_that_was_cut_goes_on_and_says_so(tmp_path) -> None:
    cut(tmp_path, 4)
    run, before = here(tmp_path), usage.measure().steps
    history, generator = play(run)
    assert usage.measure().steps == before + 3
    assert "Went on after step 3," in str(run)
    whole, unbroken = play(None)
    assert history == whole
    assert same_weights(generator, unbroken)


def test_more_steps_of_a_run_that_had_ended_train_the_rest_only(tmp_path) -> None:
    play(here(tmp_path), steps=4)
    _, longer = play(here(tmp_path), steps=6)
    assert same_weights(longer, play(None, steps=6)[1])


def test_worker_processes_change_nothing_for_a_run_that_was_cut(tmp_path) -> None:
    cut(tmp_path, 4, workers=1)
    _, generator = play(here(tmp_path), workers=1)
    assert same_weights(generator, play(None)[1])


def half_every_other_step(optimizer, gamma=0.5):
    return torch.optim.lr_scheduler.StepLR(optimizer, 2, gamma)


def test_a_schedule_goes_on_and_a_finished_one_is_loaded(tmp_path) -> None:
    cut(tmp_path, 4, schedule=half_every_other_step)
    _, generator = play(here(tmp_path), schedule=half_every_other_step)
    assert same_weights(generator, play(None, schedule=half_every_other_step)[1])
    run = here(tmp_path)
    play(run, schedule=half_every_other_step)
    assert "Loaded 6 steps" in str(run)


def piling_step(generator, discriminator, batch, optimizer):
    loss = discriminator(generator(batch.rainy)).mean()
    loss.backward()
    optimizer.step()
    return loss.detach()


def test_gradients_that_a_step_builds_on_are_kept(tmp_path) -> None:
    cut(tmp_path, 4, g_step=piling_step)
    _, generator = play(here(tmp_path), g_step=piling_step)
    assert same_weights(generator, play(None, g_step=piling_step)[1])


def test_a_record_holds_numbers_only_and_the_error_names_the_other(tmp_path) -> None:
    with pytest.raises(TypeError, match="step 1 has note='bright', a str"):
        play(here(tmp_path), callbacks=[lambda record: record.update(note="bright")])


def test_the_order_of_the_log_does_not_tell_that_a_run_was_cut(tmp_path) -> None:
    cut(tmp_path / "cut", 4)
    play(here(tmp_path / "cut"))
    play(here(tmp_path / "whole"))
    logs = [(tmp_path / name / "log.csv").read_bytes() for name in ("cut", "whole")]
    assert logs[0] == logs[1]


def test_callbacks_hear_what_there_is_when_a_run_goes_on(tmp_path) -> None:
    class Listener:
        told: list[int]

        def resume(self, history) -> None:
            self.told = [record["step"] for record in history]

        def __call__(self, record) -> None:
            self.told.append(record["step"])

    cut(tmp_path, 4)
    listener = Listener()
    play(here(tmp_path), callbacks=[listener])
    assert listener.told == [1, 2, 3, 4, 5, 6]


def test_the_log_has_a_row_a_step_even_of_a_run_that_was_cut(tmp_path) -> None:
    cut(tmp_path, 4)
    history, _ = play(here(tmp_path))
    with (tmp_path / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["step"]) for row in rows] == [1, 2, 3, 4, 5, 6]
    assert [float(row["loss_d"]) for row in rows] == [record["loss_d"] for record in history]


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_is_told_and_costs_nothing_that_was_saved(tmp_path, monkeypatch, call) -> None:
    real, calls = getattr(os, call), 0

    def full(*arguments):
        nonlocal calls
        calls += 1
        if calls > 12:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(*arguments)

    monkeypatch.setattr(os, call, full)
    with pytest.raises(
        OSError, match=r"wasn't saved: no space is left.*checkpoint before it is whole"
    ):
        play(here(tmp_path))
    monkeypatch.undo()
    monkeypatch.setattr(run_module, "SHARE", 1e9)
    assert not list(tmp_path.glob("*.tmp"))
    before = usage.measure().steps
    _, generator = play(here(tmp_path))
    assert 0 < usage.measure().steps - before < 6
    assert same_weights(generator, play(None)[1])


def test_a_folder_that_cant_be_written_is_told_before_the_first_step() -> None:
    before = usage.measure().steps
    with pytest.raises(OSError, match=r"/proc/run can't be written.*choose another run folder"):
        play(here(Path("/proc/run")))
    assert usage.measure().steps == before


def test_a_run_that_has_ended_is_loaded_from_a_folder_that_cant_be_written(
    tmp_path, monkeypatch
) -> None:
    _, trained = play(here(tmp_path))

    def refuse(*arguments, **settings):
        raise OSError(errno.EROFS, "Read-only file system")

    for name in ("mkdir", "write_bytes", "unlink"):
        monkeypatch.setattr(Path, name, refuse)
    assert same_weights(play(here(tmp_path))[1], trained)


@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.99])
def test_a_checkpoint_cut_short_is_named_and_the_one_before_it_goes_on(tmp_path, share) -> None:
    play(here(tmp_path))
    last = tmp_path / "last.safetensors"
    content = last.read_bytes()
    last.write_bytes(content[: int(share * len(content))])
    before = usage.measure().steps
    with pytest.warns(UserWarning, match=r"last.safetensors .* was cut short.* previous"):
        _, generator = play(here(tmp_path))
    assert usage.measure().steps == before + 1
    assert same_weights(generator, play(None)[1])


def test_a_pickle_in_a_checkpoints_place_is_not_opened(tmp_path) -> None:
    class Trap:
        def __reduce__(self):
            return Path.touch, (tmp_path / "sprung",)

    tmp_path.joinpath("last.safetensors").write_bytes(pickle.dumps(Trap()))
    with pytest.raises(BadCheckpoint, match="no checkpoint of this course"):
        play(here(tmp_path))
    assert not (tmp_path / "sprung").exists()


def test_weights_of_someone_else_are_no_checkpoint(tmp_path) -> None:
    write_tensors(tmp_path / "last.safetensors", {"a": torch.zeros(1)}, {"format": 1})
    with pytest.raises(BadCheckpoint, match="no checkpoint of this course"):
        play(here(tmp_path))


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"width": 8}, r"another generator: encoder.*is 4×3×3×3 there and 8×3×3×3 here"),
        ({"seed": 1}, "has seed 0, not 1"),
        ({"lr": 1e-2}, "has optimizer_g's lr 0.001, not 0.01"),
        ({"batch_size": 2}, "has batch_size 4, not 2"),
        ({"optimizer": torch.optim.SGD}, "has optimizer_g Adam, not SGD"),
        ({"steps": 3}, "has 6 steps already, more than the 3 asked for"),
    ],
)
def test_another_runs_checkpoint_is_refused_and_stays(tmp_path, other, told) -> None:
    play(here(tmp_path))
    content = (tmp_path / "last.safetensors").read_bytes()
    with pytest.raises(BadCheckpoint, match=told) as error:
        play(here(tmp_path), **other)
    assert "Run(…, fresh=True)" in str(error.value)
    assert (tmp_path / "last.safetensors").read_bytes() == content


def test_another_schedule_is_refused(tmp_path) -> None:
    play(here(tmp_path), schedule=half_every_other_step)
    with pytest.raises(BadCheckpoint, match=r"has scheduler 0's gamma 0\.5, not 0\.9"):
        play(here(tmp_path), schedule=partial(half_every_other_step, gamma=0.9))


def test_two_kernels_dont_train_in_one_folder(tmp_path) -> None:
    lock = filelock.FileLock(tmp_path / "lock")
    lock.acquire()
    with pytest.raises(OSError, match=r"another kernel or program trains in .* now"):
        play(here(tmp_path))
    lock.release()
    play(here(tmp_path))


def test_fresh_takes_nothing_from_a_kernel_that_trains(tmp_path) -> None:
    play(here(tmp_path))
    lock = filelock.FileLock(tmp_path / "lock")
    lock.acquire()
    with pytest.raises(OSError, match="another kernel"):
        play(here(tmp_path, fresh=True))
    lock.release()
    assert (tmp_path / "last.safetensors").exists()


def test_a_run_that_could_not_begin_leaves_the_folder_and_the_networks_alone(
    tmp_path, monkeypatch
) -> None:
    networks = make_networks()

    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    run = here(tmp_path)  # kept, as a notebook keeps it
    with pytest.raises(OSError, match="the networks weren't saved: no space is left"):
        play(run, networks=networks)
    monkeypatch.undo()
    again = here(tmp_path)
    play(again, networks=networks)
    assert str(again).startswith("Trained from the first step; the run lies in")


def test_a_checkpoint_of_another_version_is_told_apart_from_a_damaged_one(
    tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr(checkpoints, "FORMAT", 99)
    play(here(tmp_path))
    monkeypatch.undo()
    with pytest.raises(BadCheckpoint, match="another version of the course") as told:
        play(here(tmp_path))
    assert "Delete" not in str(told.value)


def test_a_checkpoint_may_go_once_it_is_read(tmp_path) -> None:
    write_tensors(tmp_path / "a", {"a": torch.arange(4096)}, {})
    tensors, _ = read_tensors(tmp_path / "a")
    (tmp_path / "a").write_bytes(b"")  # in place: memory that were mapped would be gone
    assert tensors["a"].sum() == 4095 * 2048


def test_another_kind_of_run_is_refused(tmp_path) -> None:
    class Watcher:
        def state_dict(self):
            return {}

        def __call__(self, record):
            pass

    play(here(tmp_path))
    with pytest.raises(BadCheckpoint, match="another kind of run: Watcher_0 is on one side only"):
        play(here(tmp_path), callbacks=[Watcher()])


def test_other_threads_are_warned_of_and_the_run_goes_on(tmp_path) -> None:
    cut(tmp_path, 4)
    torch.set_num_threads(2)
    try:
        with pytest.warns(UserWarning, match=r"another number of threads \(1, now 2\).*fresh=True"):
            history, _ = play(here(tmp_path))
    finally:
        torch.set_num_threads(1)
    assert len(history) == 6


@pytest.mark.parametrize("key", ["torch", "python", "course"])
def test_another_version_is_warned_of_and_the_run_goes_on(tmp_path, monkeypatch, key) -> None:
    cut(tmp_path, 4)
    environment = run_module._environment()
    monkeypatch.setattr(run_module, "_environment", lambda: {**environment, key: "9.9"})
    with pytest.warns(UserWarning, match=r"now 9\.9"):
        history, _ = play(here(tmp_path))
    assert len(history) == 6


def test_a_finished_run_of_another_course_lib_is_loaded_with_a_warning(
    tmp_path, monkeypatch
) -> None:
    play(here(tmp_path))
    environment = run_module._environment()
    monkeypatch.setattr(run_module, "_environment", lambda: {**environment, "threads": 9})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        play(here(tmp_path))
    monkeypatch.setattr(run_module, "_environment", lambda: {**environment, "course": "9"})
    with pytest.warns(UserWarning, match="was trained by course_lib"):
        play(here(tmp_path))


def test_other_step_functions_are_told_of(tmp_path) -> None:
    def mine(generator, discriminator, batch: Batch, optimizer) -> torch.Tensor:
        return discriminator_step(generator, discriminator, batch, optimizer)

    play(here(tmp_path))
    with pytest.warns(UserWarning, match="trained with another d_step than yours"):
        play(here(tmp_path), d_step=mine)


def test_a_wrong_step_is_told_of_again_whenever_the_run_is_used(tmp_path) -> None:
    def mine(*arguments) -> torch.Tensor:
        return discriminator_step(*arguments)

    cut(tmp_path, 4, d_step=mine)
    for _ in range(2):  # goes on, then is loaded
        with pytest.warns(UserWarning, match="another d_step") as told:
            play(here(tmp_path))
        assert len(told) == 1


def test_functions_differ_by_what_they_do() -> None:
    def scaled(factor, note=""):
        def step(x):
            """A step."""
            return x * factor

        return step

    def documented(x):
        """Another text."""
        return x * 2  # and a comment

    def plain(x):
        return x * 2

    assert code_of(plain) == code_of(documented)
    others = [
        plain,
        lambda x: x * 3,
        scaled(2),
        scaled(3),
        partial(plain, x=1),
        partial(plain, x=2),
    ]
    assert len({code_of(function) for function in others}) == len(others)


def test_a_game_played_by_other_rules_is_another_step() -> None:
    smooth = Pix2Pix(techniques=Techniques(smoothing=0.1))
    games = [Pix2Pix(), smooth, Pix2Pix(loss=lambda *arguments, lambda_l1: arguments[0].mean())]
    assert len({code_of(game.d_step) for game in games}) == len(games)
    assert code_of(Pix2Pix().g_step) == code_of(Pix2Pix().g_step)
    assert code_of(Pix2Pix().g_step) != code_of(Pix2Pix().d_step)


def test_runs_lie_where_the_environment_says(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("COURSE_RUNS", str(tmp_path / "drive"))
    assert Run("01/gan").folder == tmp_path / "drive" / "01" / "gan"
    monkeypatch.delenv("COURSE_RUNS")
    assert Run("01/gan").folder == Path("runs/01/gan")


def test_checkpoints_take_a_twentieth_of_the_time_at_most(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(run_module, "SHARE", 0.05)
    now = 0.0

    class Clock:
        @staticmethod
        def monotonic() -> float:
            return now

    saves: list[float] = []

    def slow_save(path: Path, *arguments) -> int:
        nonlocal now
        if path.name == "first.safetensors":
            return 0
        saves.append(now)
        now += 2.0
        (tmp_path / "next.safetensors").touch()
        return 0

    monkeypatch.setattr(run_module, "time", Clock)
    monkeypatch.setattr(run_module.checkpoints, "save", slow_save)

    def tick(record: Record) -> None:
        nonlocal now
        now += 1.0

    play(Run(tmp_path, seconds=10), steps=120, callbacks=[tick])
    assert saves[0] == 10
    assert saves[1] - saves[0] == 2 + 40
