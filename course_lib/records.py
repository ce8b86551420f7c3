"""Small JSON files that the course writes and reads again, with a digest of their own content."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from course_lib import digests, files

KEY = "sha256"
LIMIT = 10_000_000  # bytes
_MARK = f'"{KEY}": "'.encode()


class DamagedRecord(ValueError):
    """A file that isn't a whole record; the message names it and says what is wrong."""


def write_record(path: Path, record: Mapping[str, Any]) -> None:
    """Write a record, whole.

    Args:
        path: in a folder that exists.
        record: what JSON can hold, without the key ``"sha256"``.

    Raises:
        TypeError: something in it that JSON can't hold.
        OSError: see `files.write_whole`.
    """
    if KEY in record:
        raise ValueError(f"a record can't have the key {KEY!r}: its digest has it")
    content = json.dumps({KEY: digests.BLANK, **record}, ensure_ascii=False, indent=1) + "\n"
    write_text(path, content)


def write_text(path: Path, content: str) -> None:
    """Write a record whose JSON text is made elsewhere.

    Args:
        path: in a folder that exists.
        content: JSON that begins with ``"sha256": "000…"``, 64 zeros.
    """
    files.write_whole(path, b"".join(digests.fill_in(content.encode(), _MARK)))


def read_record(path: Path, *, limit: int = LIMIT) -> dict[str, Any]:
    """Read a record as `write_record` was given it.

    Args:
        path: of the file.
        limit: the largest size, bytes; a larger file isn't read.

    Raises:
        DamagedRecord: a bit was flipped, the file was cut short or edited, is larger than the
            limit, or no record of this version of the course.
        FileNotFoundError: there is none.
        OSError: it can't be read.
    """
    try:
        content = files.read_whole(path, limit)
    except files.TooLarge as error:
        raise DamagedRecord(str(error)) from None
    if not digests.is_whole(content, _MARK):
        raise DamagedRecord(
            f"{path} is damaged, was edited, or isn't of this version of the course "
            f"({len(content)} bytes, whose SHA-256 isn't the one that they hold)"
        )
    try:
        record = json.loads(content)
        del record[KEY]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise DamagedRecord(f"{path} is no record ({type(error).__name__}: {error})") from None
    return record
