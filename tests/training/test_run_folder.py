"""What a run does to its folder: damaged checkpoints, and files that aren't its own."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import torch
from torch import nn

from course_lib import usage
from course_lib.data.pair import Batch
from course_lib.tensor_files import BadCheckpoint
from course_lib.training import run as run_module
from course_lib.training.loop import train
from course_lib.training.run import Run

LAST, PREVIOUS, FIRST = "last.safetensors", "previous.safetensors", "first.safetensors"


@pytest.fixture(autouse=True)
def checkpoint_each_step(monkeypatch):
    monkeypatch.setattr(run_module, "SHARE", 1e9)


def learn(generator, discriminator, batch: Batch, optimizer) -> torch.Tensor:
    optimizer.zero_grad()
    loss = (generator(batch.rainy) - batch.clean).square().mean()
    loss.backward()
    optimizer.step()
    return loss.detach()


def play(run: Run | None, steps: int = 4, networks=None) -> nn.Module:
    """The generator of a small run with a checkpoint a step."""
    generator, discriminator = networks or make_networks()
    picture = torch.linspace(-1, 1, 48).reshape(1, 3, 4, 4)
    train(
        generator,
        discriminator,
        [Batch(picture * k / steps, picture, picture[:, :1]) for k in range(steps)],
        optimizer_g=torch.optim.Adam(generator.parameters(), 1e-2),
        optimizer_d=torch.optim.Adam(discriminator.parameters()),
        d_step=lambda *arguments: torch.zeros(()),
        g_step=learn,
        seed=0,
        run=run,
    )
    return generator


def make_networks() -> tuple[nn.Module, nn.Module]:
    torch.manual_seed(0)
    return nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 1, 3)


def here(folder: Path, **settings) -> Run:
    return Run(folder, seconds=0, **settings)


def flip(path: Path, bit: int) -> bytes:
    """Flip a bit of a file; what it holds now."""
    content = bytearray(path.read_bytes())
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(content)
    return bytes(content)


def contents(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()}


def same(a: nn.Module, b: nn.Module) -> bool:
    return all(map(torch.equal, a.state_dict().values(), b.state_dict().values()))


def bits() -> list[int]:
    """In the length of the header, in the header, and in the tensors."""
    rng = random.Random(0)
    return [3, 62, *(rng.randrange(64, 8 * 400) for _ in range(3)), -9, -4000]


@pytest.mark.parametrize("bit", bits())
def test_a_flipped_bit_of_the_last_checkpoint_costs_the_steps_since_the_one_before(
    tmp_path, bit
) -> None:
    expected = play(here(tmp_path))
    last = tmp_path / LAST
    damaged = flip(last, bit % (8 * last.stat().st_size))
    run, before = here(tmp_path), usage.measure().steps
    with pytest.warns(UserWarning, match=r"last\.safetensors is damaged.* previous\.safetensors"):
        generator = play(run)
    assert usage.measure().steps == before + 1
    assert same(generator, expected)
    assert "last.safetensors is damaged, so previous.safetensors was used. Went on" in str(run)
    assert (tmp_path / "damaged.safetensors").read_bytes() == damaged
    assert same(play(here(tmp_path)), expected)  # and is whole again


def test_each_damaged_checkpoint_is_kept(tmp_path) -> None:
    play(here(tmp_path))
    kept = []
    for _ in range(2):
        kept.append(flip(tmp_path / LAST, -1000 % (8 * (tmp_path / LAST).stat().st_size)))
        with pytest.warns(UserWarning, match="is damaged"):
            play(here(tmp_path))
    assert kept == [(tmp_path / f"damaged{n}.safetensors").read_bytes() for n in ("", "1")]


def test_killed_after_damage_the_checkpoint_before_it_is_still_there(tmp_path) -> None:
    play(here(tmp_path))
    whole = (tmp_path / PREVIOUS).read_bytes()
    flip(tmp_path / LAST, 4000)

    class Killed(Run):
        def step_done(self, game, *, ended: bool = False) -> None:
            raise KeyboardInterrupt  # before it writes anything

    with pytest.warns(UserWarning, match="is damaged"), pytest.raises(KeyboardInterrupt):
        play(Killed(tmp_path))
    assert (tmp_path / PREVIOUS).read_bytes() == whole
    run = here(tmp_path)
    play(run)
    assert "Went on after step 3" in str(run)


def test_both_damaged_is_an_error_that_says_what_to_do_and_deletes_nothing(tmp_path) -> None:
    play(here(tmp_path))
    for name in (LAST, PREVIOUS):
        flip(tmp_path / name, 4000)
    before = contents(tmp_path)
    with pytest.raises(
        BadCheckpoint,
        match=r"last\.saf.* damaged.*previous\.saf.* damaged.*Name another folder.*fresh=True",
    ):
        play(here(tmp_path))
    assert contents(tmp_path) == before
    run = here(tmp_path, fresh=True)  # as it says
    play(run)
    assert str(run).startswith("Trained from the first step")


@pytest.mark.parametrize("length", [0, 7, 100])
def test_the_only_checkpoint_cut_short_is_an_error_and_fresh_mends_it(tmp_path, length) -> None:
    play(here(tmp_path), steps=1)
    last = tmp_path / LAST
    last.write_bytes(last.read_bytes()[:length])
    with pytest.raises(BadCheckpoint, match=rf"was cut short.*\({length} bytes.*fresh=True"):
        play(here(tmp_path))
    play(here(tmp_path, fresh=True))


def test_damaged_first_networks_are_told_and_made_again(tmp_path) -> None:
    networks = make_networks()
    play(here(tmp_path), networks=networks)
    flip(tmp_path / FIRST, 4000)
    with pytest.raises(BadCheckpoint, match=r"first\.safetensors is damaged.*run the cell that"):
        play(here(tmp_path, fresh=True), networks=networks)
    assert same(play(here(tmp_path, fresh=True)), play(None))


FOREIGN = {
    "thesis.tmp": b"chapter 1",
    "next.safetensors": b"my weights",
    "log.csv": b"day,mood\n",
    "lock": b"my lock",
    "probe.tmp": b"my probe",
}


@pytest.mark.parametrize("fresh", [False, True])
@pytest.mark.parametrize("name", [*FOREIGN, LAST])
def test_a_folder_of_other_files_is_refused_and_stays_as_it_was(tmp_path, name, fresh) -> None:
    (tmp_path / name).write_bytes(FOREIGN.get(name, b"my best weights"))
    before, steps = contents(tmp_path), usage.measure().steps
    with pytest.raises(BadCheckpoint, match=f"{name}") as told:
        play(here(tmp_path, fresh=fresh))
    if fresh or name != LAST:
        assert f"no checkpoint: {name}. Name a new folder" in str(told.value)
    assert contents(tmp_path) == before
    assert usage.measure().steps == steps


def test_many_other_files_are_counted_and_a_link_to_their_folder_is_no_way_in(tmp_path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    for n in range(9):
        (mine / f"{n}.txt").write_text("mine")
    (tmp_path / "link").symlink_to(mine)
    before = contents(mine)
    with pytest.raises(BadCheckpoint, match=r"0\.txt, 1\.txt, 2\.txt, 3\.txt, 4\.txt and 4 more"):
        play(here(tmp_path / "link"))
    assert contents(mine) == before


def test_what_systems_leave_anywhere_and_other_folders_are_no_reason_to_refuse(tmp_path) -> None:
    for name in (".DS_Store", "Thumbs.db"):
        (tmp_path / name).write_bytes(b"system")
    for name in (".ipynb_checkpoints", "lost+found", "another-run"):
        (tmp_path / name).mkdir()
    (tmp_path / "another-run" / LAST).write_bytes(b"its own")
    play(here(tmp_path))
    play(here(tmp_path, fresh=True))
    assert (tmp_path / "another-run" / LAST).read_bytes() == b"its own"
    assert (tmp_path / ".DS_Store").read_bytes() == b"system"


def test_what_a_killed_run_left_goes_and_the_users_files_beside_a_run_stay(tmp_path) -> None:
    (tmp_path / f"{FIRST}.12.tmp").write_bytes(b"half a file")
    (tmp_path / "lock").touch()
    play(here(tmp_path))  # killed before its first checkpoint, it had left no more
    assert not list(tmp_path.glob("*.tmp"))
    theirs = {name: FOREIGN[name] for name in ("thesis.tmp", "next.safetensors", "probe.tmp")}
    for name, content in theirs.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / f"{LAST}.12.tmp").write_bytes(b"half a file")
    (tmp_path / "log.csv.12.tmp").write_bytes(b"half a file")
    play(here(tmp_path), steps=5)
    play(here(tmp_path, fresh=True))
    assert theirs.items() <= contents(tmp_path).items()
    assert {path.name for path in tmp_path.glob("*.tmp")} == {"thesis.tmp", "probe.tmp"}
