"""Model cards: what a network is for, how it was trained, what was measured, on what terms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def text(name: str, about: Mapping[str, Any]) -> str:
    """Return a card as Markdown, from the header of a network's file."""
    how = dict(about["network"])
    kind = how.pop("kind", "unknown")
    settings = ", ".join(f"{key} {value}" for key, value in how.items())
    parts = [
        f"# {name}",
        _line(about["title"]),
        _table(
            [
                ("removes", about["removes"]),
                ("network", f"{kind}: {settings}" if settings else kind),
                *((key, about[key]) for key in ("parameters", "licence") if key in about),
            ]
        ),
    ]
    if training := about.get("training"):
        parts += ["## Training", _table(training.items())]
    if measured := about.get("measured"):
        parts += ["## Measured", _table(measured.items())]
    if limits := about.get("limits"):
        parts += ["## Limits", _line(limits)]
    if photographs := about.get("photographs"):
        parts += [
            "## Photographs that it was trained on",
            _table(
                (
                    (one.get("name"), one.get("credit"))
                    for one in photographs
                    if isinstance(one, dict)
                ),
                ("photograph", "credit"),
            ),
        ]
    return "\n\n".join(parts) + "\n"


def _table(rows: Iterable[tuple[Any, Any]], head: tuple[str, str] = ("", "")) -> str:
    lines = [head, ("---", "---"), *rows]
    return "\n".join(f"| {_cell(left)} | {_cell(right)} |" for left, right in lines)


def _cell(value: Any) -> str:
    return _line(value).replace("\\", "\\\\").replace("|", "\\|")


def _line(value: Any) -> str:
    return " ".join(str(value).split())
