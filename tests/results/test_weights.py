from __future__ import annotations

import hashlib
import random
import re
import shutil
from pathlib import Path

import pytest
import torch
from torch import nn

from course_lib.results import weights
from course_lib.tensor_files import write_tensors
from course_lib.training.checkpoints import Record
from course_lib.training.loop import series

NAME = "02_tiny"
ABOUT = {
    "profile": "cpu",
    "seed": 0,
    "date": "2026-11-01T08:00:00Z",
    "device": "a CPU",
    "parent_commit": "0123456789ab",
}


def network(width: int = 4) -> nn.Sequential:
    """With weights that half precision can't hold, and statistics of batch norm."""
    made = nn.Sequential(nn.Conv2d(3, width, 3), nn.BatchNorm2d(width))
    made(torch.rand(2, 3, 8, 8))
    return made


def history(steps: int = 6, every: int = 3) -> list[Record]:
    return [
        {"step": k, "loss_d": 1 / k} | ({"psnr": 20 + k / 3} if k % every == 0 else {})
        for k in range(1, steps + 1)
    ]


def save(folder: Path, name: str = NAME, **changes) -> dict[str, nn.Module]:
    networks = changes.pop("networks", None) or {"generator": network()}
    if changes.pop("rounded", True):
        weights.round_to_half(networks)
    settings = {"history": history(), "about": ABOUT, "metrics": {"PSNR, dB": 21.5}, **changes}
    records = settings.pop("history")
    weights.save(name, networks, records, folder=folder, **settings)
    return networks


def load(folder: Path, profile: str = "cpu", seed: int = 0, **networks) -> weights.Pretrained:
    return weights.load(NAME, profile=profile, seed=seed, folder=folder, **networks)


def same(a: nn.Module, b: nn.Module) -> bool:
    return all(map(torch.equal, a.state_dict().values(), b.state_dict().values()))


def test_networks_come_back_as_they_were_measured_and_take_half_of_the_room(tmp_path) -> None:
    exact = network()
    rounded = save(tmp_path, networks={"generator": exact})["generator"]
    fresh = network()
    assert not same(fresh, rounded)
    found = load(tmp_path, generator=fresh)
    assert same(fresh, rounded)
    assert {p.dtype for p in fresh.parameters()} == {torch.float32}
    assert fresh[1].num_batches_tracked.dtype == torch.int64
    assert found.metrics == {"PSNR, dB": 21.5}
    stored = sum(p.numel() for p in network(400).state_dict().values())
    save(tmp_path, "02_wide", networks={"generator": network(400)})
    assert (tmp_path / "02_wide" / "weights.safetensors").stat().st_size < 2.2 * stored


def test_rounding_changes_weights_by_what_half_precision_leaves_out() -> None:
    before, after = network(), network()
    after.load_state_dict(before.state_dict())
    weights.round_to_half({"generator": after})
    assert not torch.equal(before[0].weight, after[0].weight)
    torch.testing.assert_close(before[0].weight, after[0].weight, rtol=2**-11, atol=2**-25)


def test_weights_that_were_not_rounded_or_cannot_be_are_refused(tmp_path) -> None:
    with pytest.raises(ValueError, match=r"0\.weight of 02_tiny's generator isn't in half"):
        save(tmp_path, rounded=False)
    large = network()
    nn.init.constant_(large[0].bias, 1e5)
    with pytest.raises(ValueError, match=r"0\.bias of .* ends at ±65504"):
        save(tmp_path, networks={"generator": large})
    assert not list(tmp_path.iterdir())


def test_history_is_plotted_as_that_of_a_run(tmp_path) -> None:
    save(tmp_path)
    found = load(tmp_path).history
    assert series(found, "loss_d") == ([1, 2, 3, 4, 5, 6], [1, 0.5, 0.333333, 0.25, 0.2, 0.166667])
    assert series(found, "psnr") == ([3, 6], [21, 22])
    assert {type(record["step"]) for record in found} == {int}


def test_long_history_is_thinned_and_keeps_what_is_seldom_measured(tmp_path) -> None:
    save(tmp_path, history=history(2_500, every=50))
    found = load(tmp_path).history
    assert 800 < len(found) < 1000
    assert series(found, "psnr")[0] == list(range(50, 2_501, 50))
    assert found[-1]["step"] == 2_500
    assert (tmp_path / NAME / "history.csv").stat().st_size < 30_000


def test_another_profile_or_seed_is_told_with_the_mend(tmp_path) -> None:
    save(tmp_path)
    with pytest.raises(ValueError, match=r'for profile cpu, .* at profile gpu.*profile = "cpu"'):
        load(tmp_path, profile="gpu")
    with pytest.raises(ValueError, match=r"seed 0; with seed 3 other photographs .* seen some"):
        load(tmp_path, seed=3)


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (network(8), r"0\.weight is 4×3×3×3 there and 8×3×3×3 in yours"),
        (nn.Sequential(network()[0]), r"1\.bias is 4 there and nothing in yours"),
        (nn.Sequential(*network(), nn.PReLU()), r"2\.weight is nothing there and 1 in yours"),
    ],
)
def test_another_network_is_told_and_nothing_is_loaded(tmp_path, other, told) -> None:
    save(tmp_path, networks={"generator": network(), "discriminator": network()})
    fitting = network()
    before = fitting[0].weight.clone()
    with pytest.raises(ValueError, match=f"{told}. Build it as the lesson does at profile cpu"):
        load(tmp_path, discriminator=fitting, generator=other)
    assert torch.equal(fitting[0].weight, before)


def test_a_network_that_was_not_saved_is_told(tmp_path) -> None:
    save(tmp_path)
    with pytest.raises(ValueError, match="hold no discriminator: there are generator"):
        load(tmp_path, discriminator=network())


def test_missing_weights_name_those_there_are_and_the_command(tmp_path) -> None:
    save(tmp_path, "02_other")
    with pytest.raises(ValueError, match=r"'02_tiny' \(there are: 02_other\); .*LESSONS=02`"):
        load(tmp_path)


def test_files_of_two_runs_or_half_a_file_are_noticed(tmp_path) -> None:
    save(tmp_path)
    file = tmp_path / NAME / "weights.safetensors"
    whole = file.read_bytes()
    file.write_bytes(whole[:-10])
    with pytest.raises(ValueError, match=r"damaged .*cut short.* install the course again"):
        load(tmp_path)
    file.write_bytes(whole)
    load(tmp_path)
    (tmp_path / NAME / "history.csv").write_text("step,loss_d\n1,9\n")
    with pytest.raises(ValueError, match=r"damaged \(history.csv isn't the file"):
        load(tmp_path)
    write_tensors(file, {"generator/a": torch.zeros(1)}, {"nothing": 1})
    with pytest.raises(ValueError, match="damaged"):
        load(tmp_path)


def test_flipped_bits_of_weights_and_history_are_named(tmp_path) -> None:
    save(tmp_path)
    rng = random.Random(0)
    for file in ("weights.safetensors", "history.csv"):
        path = tmp_path / NAME / file
        whole = path.read_bytes()
        for bit in [*range(8 * 100), *(rng.randrange(8 * len(whole)) for _ in range(300))]:
            content = bytearray(whole)
            content[bit // 8 % len(whole)] ^= 1 << bit % 8
            path.write_bytes(content)
            with pytest.raises(ValueError, match=rf"02_tiny are damaged .*{file}.*install the"):
                load(tmp_path, generator=network())
        path.write_bytes(whole)
    load(tmp_path)


@pytest.mark.parametrize("name", weights.names())
def test_flipped_bits_of_the_weights_that_are_shipped_are_named(name, tmp_path) -> None:
    shutil.copytree(weights.FOLDER / name, tmp_path / name)
    weights.read(name, tmp_path)
    path, rng = tmp_path / name / "weights.safetensors", random.Random(name)
    for _ in range(15):
        at, bit = rng.randrange(path.stat().st_size), rng.randrange(8)
        flip(path, at, bit)
        with pytest.raises(ValueError, match=rf"{name} are damaged .*weights\.safetensors"):
            weights.read(name, tmp_path)
        flip(path, at, bit)
    weights.read(name, tmp_path)


def flip(path: Path, at: int, bit: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        (byte,) = file.read(1)
        file.seek(at)
        file.write(bytes([byte ^ 1 << bit]))


@pytest.mark.parametrize("file", ["weights.safetensors", "history.csv"])
def test_larger_files_than_weights_may_have_are_not_read(tmp_path, file) -> None:
    save(tmp_path)
    with (tmp_path / NAME / file).open("r+b") as opened:
        opened.truncate(10**12)
    with pytest.raises(ValueError, match=r"02_tiny are damaged .*may have 8 MB at most"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("header", "rows", "told"),
    [
        ({"about": {}}, b"step\n1\n", "doesn't state its date, device"),
        ({"about": []}, b"step\n1\n", "list"),
        ({}, b"step\n1\n", "about"),
        ({"about": ABOUT}, b"step\n", "holds no steps"),
        ({"about": ABOUT}, b"loss\n1\n", "holds no steps"),
        ({"about": ABOUT}, b"step\n1,2\n", "."),
        ({"about": ABOUT}, b"step\n\xff\n", "."),
        ({"about": ABOUT}, b"step\n" + b"1" * 200_000, "."),
    ],
)
def test_other_content_whose_digests_are_right_is_named(tmp_path, header, rows, told) -> None:
    save(tmp_path)
    own, digest = tmp_path / NAME, hashlib.sha256(rows).hexdigest()
    (own / "history.csv").write_bytes(rows)
    write_tensors(
        own / "weights.safetensors",
        {"generator/a": torch.zeros(1)},
        {"metrics": {}, "history_sha256": digest, **header},
    )
    with pytest.raises(ValueError, match=rf"02_tiny are damaged \(.*{told}"):
        load(tmp_path)


def test_all_weights_together_stay_within_the_limit(tmp_path, monkeypatch) -> None:
    wide = {"networks": {"generator": network(400)}}
    save(tmp_path, "02_other", **wide)
    size = sum(path.stat().st_size for path in (tmp_path / "02_other").iterdir())
    monkeypatch.setattr(weights, "LIMIT", int(1.5 * size))
    save(tmp_path, "02_other", **wide)  # in the place of the older ones
    with pytest.raises(ValueError, match=r"02_tiny take .* MB, and with all others .*narrow"):
        save(tmp_path, **wide)
    assert weights.names(tmp_path) == ["02_other"]


def test_metrics_are_finite(tmp_path) -> None:
    with pytest.raises(ValueError, match="PSNR of 02_tiny is inf"):
        save(tmp_path, metrics={"PSNR": float("inf")})


def test_provenance_tells_where_they_come_from_in_a_line(tmp_path) -> None:
    save(tmp_path)
    assert re.fullmatch(
        "Pretrained weights 02_tiny: profile cpu, seed 0, 6 steps, 2026-11-01, a CPU, "
        "commit 0123456",
        load(tmp_path).provenance(),
    )
