"""Small records: what was written comes back, and any damage to it is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from course_lib.records import DamagedRecord, read_record, write_record

RECORD = {"lesson": "00", "problems": ["× is no x"], "used": None, "budget": {"steps": 3}}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write_record(tmp_path / "record.json", RECORD)
    return tmp_path / "record.json"


def test_a_record_comes_back_and_can_be_read_as_json(path) -> None:
    assert read_record(path) == RECORD
    assert json.loads(path.read_text(encoding="utf-8"))["problems"] == RECORD["problems"]


def test_the_same_record_gives_the_same_bytes(path, tmp_path) -> None:
    write_record(tmp_path / "again.json", RECORD)
    assert (tmp_path / "again.json").read_bytes() == path.read_bytes()


def test_every_flipped_bit_is_named(path) -> None:
    whole = path.read_bytes()
    for bit in range(8 * len(whole)):
        content = bytearray(whole)
        content[bit // 8] ^= 1 << bit % 8
        path.write_bytes(content)
        with pytest.raises(DamagedRecord, match=r"record\.json is damaged"):
            read_record(path)


def test_a_record_cut_short_anywhere_is_named(path) -> None:
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(DamagedRecord, match=rf"record\.json is damaged.*\({length} bytes"):
            read_record(path)


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(RECORD).encode(),
        b"[]",
        b"\xff\xfe",
        json.dumps(RECORD).encode("utf-16"),
        b"[" * 100_000,
        b"<<<<<<< HEAD\n",
    ],
)
def test_anything_else_is_named(path, content) -> None:
    path.write_bytes(content)
    with pytest.raises(DamagedRecord, match=r"record\.json is damaged, was edited"):
        read_record(path)


def test_too_large_a_record_is_not_read(path) -> None:
    with path.open("r+b") as file:
        file.truncate(10**12)
    with pytest.raises(DamagedRecord, match=r"record\.json has 1,000,000\.0 MB"):
        read_record(path)


def test_a_missing_record_is_a_missing_file(tmp_path) -> None:
    with pytest.raises(FileNotFoundError):
        read_record(tmp_path / "none.json")


def test_a_record_has_no_digest_of_its_own(tmp_path) -> None:
    with pytest.raises(ValueError, match="can't have the key 'sha256'"):
        write_record(tmp_path / "a.json", {"sha256": "1"})
