"""What learners read about an exercise, a quiz or a faulty run, kept as TOML beside the code."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

# Long texts are wrapped in the files. A line break between two lines of words is a space; lines
# of code are indented and keep theirs.
WRAPPED = re.compile(r"(?m)^(\S.*)\n(?=\S)")


def read_texts(path: Path) -> dict[str, Any]:
    """Read a TOML file; paragraphs that are wrapped there come as one line.

    Raises:
        ValueError: the file is no TOML; the message names it.
    """
    try:
        return _unwrapped(tomllib.loads(path.read_text(encoding="utf-8")))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path} is not valid TOML: {error}") from None


def _unwrapped(value: Any) -> Any:
    if isinstance(value, str):
        return WRAPPED.sub(r"\1 ", value)
    if isinstance(value, list):
        return [_unwrapped(one) for one in value]
    if isinstance(value, dict):
        return {key: _unwrapped(one) for key, one in value.items()}
    return value
