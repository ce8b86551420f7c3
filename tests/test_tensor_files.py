"""Files of tensors: any damage is named, wherever it is."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

import pytest
import safetensors.torch
import torch

from course_lib import digests
from course_lib.tensor_files import BadCheckpoint, OtherFormat, is_own, read_tensors, write_tensors

ABOUT = {"step": 3, "é": ["café", 1.5]}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    tensors = {
        "weight": torch.arange(600).reshape(20, 30) / 7,
        "count": torch.tensor(3),
        # As many zeros as a digest has digits, which must not pass for the place of one.
        "frames": torch.full((4, 64), ord("0"), dtype=torch.uint8),
        "half": torch.ones(3, dtype=torch.float16),
        "empty": torch.zeros(0, 3),
    }
    write_tensors(tmp_path / "a.safetensors", tensors, ABOUT)
    return tmp_path / "a.safetensors"


def flipped(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def require_named(path: Path) -> None:
    with pytest.raises(BadCheckpoint, match=rf"{path.name} is damaged, was cut short or is no"):
        read_tensors(path)


def test_tensors_and_header_come_back(path) -> None:
    tensors, about = read_tensors(path)
    assert about == ABOUT
    assert list(tensors) == sorted(tensors)
    assert tensors["weight"].dtype == torch.float32
    assert torch.equal(tensors["weight"], torch.arange(600).reshape(20, 30) / 7)
    assert tensors["count"].shape == ()
    assert tensors["empty"].shape == (0, 3)
    tensors["weight"][0] = 1  # nobody else's memory
    assert safetensors.torch.load_file(path).keys() == tensors.keys()  # others can read it too


def test_every_flipped_bit_of_the_length_and_of_the_header_is_named(path) -> None:
    whole = path.read_bytes()
    length = 8 + int.from_bytes(whole[:8], "little")
    for bit in range(8 * length):
        path.write_bytes(flipped(whole, bit))
        require_named(path)


def test_flipped_bits_of_the_tensors_are_named(path) -> None:
    whole, rng = path.read_bytes(), random.Random(0)
    begin = 8 * (8 + int.from_bytes(whole[:8], "little"))
    for _ in range(500):
        path.write_bytes(flipped(whole, rng.randrange(begin, 8 * len(whole))))
        require_named(path)


def test_a_file_cut_short_anywhere_is_named(path) -> None:
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        require_named(path)
    path.write_bytes(whole + b"\0")
    require_named(path)


def test_a_checkpoint_of_before_digests_is_of_another_version(path) -> None:
    about = json.dumps({"format": 1, "step": 0})
    path.write_bytes(safetensors.torch.save({"a": torch.zeros(1)}, metadata={"about": about}))
    with pytest.raises(OtherFormat, match=r"a\.safetensors was written by another version"):
        read_tensors(path)
    assert is_own(path)


@pytest.mark.parametrize(
    "text", ["[]", "1", '"a"', "{}", "[" * 50_000, '{"about"', '{"sha256": "0"}']
)
def test_a_header_of_another_structure_is_named_though_its_digest_is_right(path, text) -> None:
    mark = b'\\"sha256\\": \\"'
    about = f'{{"sha256": "{digests.BLANK}", "more": {text}}}'
    content = safetensors.torch.save({"a": torch.zeros(1)}, metadata={"about": about})
    path.write_bytes(b"".join(digests.fill_in(content, mark)))
    with pytest.raises(BadCheckpoint, match=r"a\.safetensors is no checkpoint of this course"):
        read_tensors(path)


def test_a_pipe_or_too_large_a_file_is_not_read(tmp_path, path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BadCheckpoint, match=r"pipe can't be read \(not a regular file"):
        read_tensors(tmp_path / "pipe")
    with pytest.raises(BadCheckpoint, match=r"may have 0\.001 MB at most"):
        read_tensors(path, limit=1000)
    with pytest.raises(BadCheckpoint, match=r"none can't be read \(No such file"):
        read_tensors(tmp_path / "none")


def test_only_files_of_the_course_are_its_own(tmp_path, path) -> None:
    assert is_own(path)
    others = {
        "empty": b"",
        "text": b"my weights",
        "weights": safetensors.torch.save({"a": torch.zeros(1)}),
        "described": safetensors.torch.save({"a": torch.zeros(1)}, metadata={"format": "pt"}),
    }
    for name, content in others.items():
        (tmp_path / name).write_bytes(content)
        assert not is_own(tmp_path / name)
    assert not is_own(tmp_path)
    assert not is_own(tmp_path / "none")
