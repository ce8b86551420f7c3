import csv
import errno
import os
import pickle
import warnings
from pathlib import Path

import pytest
import torch
from torch import nn

from course_lib import usage
from course_lib.data.crops import CropDataset, make_loader
from course_lib.data.pair import Batch
from course_lib.data.photos import load_photo
from course_lib.models.baseline import BaselineGenerator, baseline_discriminator
from course_lib.training import files
from course_lib.training import run as run_module
from course_lib.training.files import BadCheckpoint
from course_lib.training.loop import Record, train
from course_lib.training.run import Run
from course_lib.training.steps import discriminator_step


@pytest.fixture(autouse=True)
def checkpoint_each_step(monkeypatch):
    monkeypatch.setattr(run_module, "SHARE", 1e9)


def play(run: Run | None, steps: int = 6, *, width: int = 4, seed: int = 0, lr=1e-3, **settings):
    """The history, the generator, and what a callback was told."""
    torch.manual_seed(0)
    generator = BaselineGenerator(size=16, base_channels=width)
    discriminator = baseline_discriminator(base_channels=4)
    dataset = CropDataset({"cat": load_photo("chelsea")}, "light", 16, seed)
    history = train(
        generator,
        discriminator,
        make_loader(dataset, batch_size=settings.pop("batch_size", 4), steps=steps),
        optimizer_g=torch.optim.Adam(generator.parameters(), lr),
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
    with pytest.raises(BadCheckpoint, match=r"last.safetensors was cut short.*Delete last") as told:
        play(here(tmp_path))
    assert "previous.safetensors" in str(told.value)
    last.unlink()
    before = usage.measure().steps
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
    files.write_tensors(tmp_path / "last.safetensors", {"a": torch.zeros(1)}, {"format": 1})
    with pytest.raises(BadCheckpoint, match="no checkpoint of this course"):
        play(here(tmp_path))


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"width": 8}, r"another generator: encoder.*is 4×3×3×3 there and 8×3×3×3 here"),
        ({"seed": 1}, "has seed 0, not 1"),
        ({"lr": 1e-2}, "has optimizer_g's lr 0.001, not 0.01"),
        ({"batch_size": 2}, "has batch_size 4, not 2"),
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

    def slow_save(*arguments) -> int:
        nonlocal now
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
