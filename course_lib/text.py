"""Texts of others, such as names of files, made safe to print."""

from __future__ import annotations


def printable(text: object) -> str:
    """Return a text without control characters, which would command the terminal."""
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in str(text))


def words(error: Exception) -> str:
    """An error in one line: of the system's errors the file and what is wrong, without numbers."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return " ".join(str(error).split())
