"""Slips: wrong answers written as small edits of the reference's source."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from course_lib.checks.sources import compiled, source_of

ARROW = " → "
COMMON: Mapping[str, Any] = {"math": math, "np": np, "torch": torch, "nn": nn, "F": F}


class Slip:
    """A wrong answer: the reference with some text replaced, or with another body.

    ``Slip("batch.clean → batch.rainy", says="…")`` replaces text that occurs once below the
    docstring, or else in the signature. Several edits are made one after
    the other. An edit with nothing behind the arrow deletes the text, and its line if that is all
    there is. A text without an arrow is the whole body: ``Slip("return image.mean(-1)", …)``.

    Args:
        edits: replacements ``"old → new"``, or one whole body.
        says: the whole diagnosis. The edited source is also the formula that recognises this
            mistake in a learner's answer, whatever its style.
        gets: words of the diagnosis that the examiner finds by itself. Give one of the two.

    Raises:
        ValueError: neither or both of says and gets are given, or there is no edit.
    """

    def __init__(self, *edits: str, says: str = "", gets: str = "") -> None:
        if bool(says) == bool(gets):
            raise ValueError(f"the slip {edits} needs either says= or gets=")
        if not edits:
            raise ValueError("a slip needs at least one edit")
        self.edits, self.says, self.gets = edits, says, gets

    @property
    def label(self) -> str:
        """The edits in one line."""
        return "; ".join(" ".join(edit.split()) for edit in self.edits)

    @property
    def expected(self) -> str:
        """Words that the diagnosis must hold."""
        return self.says or self.gets

    def answer(self, reference: Callable[..., Any], names: Mapping[str, Any]) -> Any:
        """The wrong function or class.

        Args:
            reference: the library's.
            names: what the edits use besides the names of the reference's module and `COMMON`.

        Raises:
            ValueError: a text to replace isn't there exactly once, or the result is no Python.
        """
        head, docstring, body = source_of(reference)
        for edit in self.edits:
            if ARROW not in edit + " ":
                body = textwrap.indent(textwrap.dedent(edit).strip("\n") + "\n", "    ")
                continue
            old, new = (edit + " ").split(ARROW, 1)
            new = new[:-1]
            parts = [part for part in (body, head) if part.count(old)]
            if not parts or parts[0].count(old) > 1:
                raise ValueError(
                    f"the slip of {reference.__name__} edits {old!r}, which is there "
                    f"{body.count(old)} times below the docstring; give more of the line"
                )
            if parts[0] is body:
                body = _replaced(body, old, new)
            else:
                head = head.replace(old, new)
        module = vars(__import__(reference.__module__, fromlist=["_"]))
        filename = f"<slip of {reference.__name__}: {self.label}>"
        namespace = {**COMMON, **module, **names}
        try:
            return compiled(head + docstring + body, filename, reference.__name__, namespace)
        except SyntaxError as error:
            raise ValueError(f"the slip {self.label!r} is no Python: {error}") from None


def _replaced(body: str, old: str, new: str) -> str:
    """The body with one text replaced, without the line that this leaves empty."""
    begin = body.index(old)
    start, end = body.rfind("\n", 0, begin) + 1, body.find("\n", begin + len(old)) + 1
    line = body[start:end].replace(old, new)
    return body[:start] + (line if line.strip() else "") + body[end:]
