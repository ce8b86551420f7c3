"""Limit what a cell may send, inside the kernel: a page stays readable, and memory bounded.

The runner has every kernel call `install` when it starts. Cutting here, and not where messages
arrive, spares both processes a message of 200 MB.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any

LARGE = frozenset(("display_data", "execute_result", "update_display_data"))
LEAST = 1000  # bytes that an output counts for, however small: its frame costs a page as much


def install(text: int, output: int) -> None:
    """Limit the cells of the kernel that this runs in.

    Args:
        text: characters that a cell may print to stdout, and as many to stderr. The first and
            the last half are kept, with a line between them that says how much was dropped.
        output: bytes of figures, tables, widgets and other displayed outputs of a cell. Those
            beyond are left out, and a line at the end of the cell says so.
    """
    from IPython import get_ipython

    shell: Any = get_ipython()
    streams = [TextLimit(text), TextLimit(text)]
    session = shell.kernel.session
    outputs = OutputLimit(session.send, output, text)
    session.send = outputs.send

    def begin(info: object) -> None:
        # Anew in each cell, because IPython too sets ``write`` in each, to keep what is printed.
        for limited, stream in zip(streams, (sys.stdout, sys.stderr), strict=True):
            limited.begin(stream)

    def end(result: object) -> None:
        if note := outputs.end():
            sys.stdout.write(note)
        for limited in streams:
            limited.end()

    shell.events.register("pre_run_cell", begin)
    shell.events.register("post_run_cell", end)


class TextLimit:
    """Limits a stream: the first half of the limit is written at once, the last half at the end.

    Args:
        limit: characters.
    """

    def __init__(self, limit: int) -> None:
        self.half = limit // 2
        self.stream: Any = None
        self._renew_lock()
        os.register_at_fork(after_in_child=self._renew_lock)

    def begin(self, stream: Any) -> None:
        """Take the place of a stream's ``write``."""
        self.stream, self.write = stream, stream.write
        self.passed = self.kept = self.held = 0
        self.tail: list[str] = []
        stream.write = self

    def __call__(self, text: str) -> int:
        """Write text, or keep it for the end."""
        if not isinstance(text, str):
            return int(self.write(text))  # whose error it is
        with self.lock:
            head = text[: self.half - self.passed]
            if head:
                self.passed += len(head)
                self.write(head)
            if len(head) < len(text):
                self._keep(text, len(text) - len(head))
        return len(text)

    def end(self) -> None:
        """Write the end of what was kept, and how much lies between; give ``write`` back."""
        if self.stream is None:
            return
        with self.lock:
            tail = "".join(self.tail)[-self.half :]
            if dropped := self.kept - len(tail):
                self.write(
                    f"\n[… {dropped:,} characters dropped here: of what a cell prints, the first "
                    f"and the last {self.half:,} are kept …]\n"
                )
            if tail:
                self.write(tail)
            self.stream.write, self.stream = self.write, None

    def _keep(self, text: str, count: int) -> None:
        self.kept += count
        self.tail.append(text[-min(count, self.half) :])
        self.held += len(self.tail[-1])
        if self.held > 2 * self.half or len(self.tail) > 10_000:
            self.tail = ["".join(self.tail)[-self.half :]]
            self.held = len(self.tail[0])

    def _renew_lock(self) -> None:
        self.lock = threading.RLock()


class OutputLimit:
    """A session's ``send`` that leaves out what is too large.

    Args:
        send: of the kernel's `jupyter_client.session.Session`.
        limit: bytes of displayed outputs in one cell, and of any single message.
        text: characters of an error's message, and of its traceback.
    """

    def __init__(self, send: Callable[..., Any], limit: int, text: int) -> None:
        self._send, self.limit, self.text = send, limit, text
        self._begin()

    def send(
        self, stream: Any, msg_or_type: Any, content: Any = None, *more: Any, **options: Any
    ) -> Any:
        """Send a message as `Session.send` does, unless it is too large."""
        whole = isinstance(msg_or_type, dict)
        kind = msg_or_type["header"]["msg_type"] if whole else msg_or_type
        inside = msg_or_type["content"] if whole else content
        if kind == "clear_output":
            self.shown = 0
        elif kind in LARGE or str(kind).startswith("comm_"):
            size = max(LEAST, _size(inside) + _size(options.get("buffers")))
            # An update replaces what it updates, and a widget's state what it was before.
            adds = kind in ("display_data", "execute_result")
            if size + (self.shown if adds else 0) > self.limit:
                self.dropped += 1
                self.bytes += size
                return None
            self.shown += size if adds else 0
        elif kind in ("error", "execute_reply") and _size(inside) > self.text:
            content = {key: self._cut(value) for key, value in inside.items()}
        return self._send(stream, msg_or_type, content, *more, **options)

    def end(self) -> str:
        """What was left out since the last call, in a line; ``""`` if nothing was."""
        dropped, size = self.dropped, self.bytes
        self._begin()
        if not dropped:
            return ""
        return (
            f"\n[… {dropped:,} output{'s' * (dropped > 1)} of {size / 1e6:,.1f} MB left out: a "
            f"cell may show {self.limit / 1e6:,.1f} MB …]\n"
        )

    def _begin(self) -> None:
        self.shown = self.dropped = self.bytes = 0

    def _cut(self, text: Any) -> Any:
        if isinstance(text, list):
            return [self._cut("\n".join(map(str, text)))]
        if not isinstance(text, str) or len(text) <= self.text:
            return text
        half = self.text // 2
        dropped = len(text) - 2 * half
        return f"{text[:half]}\n[… {dropped:,} characters dropped here …]\n{text[-half:]}"


def _size(value: Any) -> int:
    """About how many bytes a message's content takes as JSON."""
    if isinstance(value, str | bytes | bytearray):
        return len(value)
    if isinstance(value, memoryview):
        return value.nbytes
    if isinstance(value, Mapping):
        return sum(len(str(key)) + _size(one) for key, one in value.items())
    if isinstance(value, list | tuple):
        return sum(map(_size, value))
    return 8
