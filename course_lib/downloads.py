"""Fetch a file of known size and SHA-256; a broken connection costs nothing that has arrived."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

TIMEOUT = 30.0  # seconds without a byte
TRIES = 4
PART = ".part"  # ends the name of a file of which a part has arrived
CHUNK = 1 << 20  # bytes
BROKEN = (
    urllib.error.URLError,
    http.client.HTTPException,
    TimeoutError,
    ConnectionError,
)


class CannotFetch(ValueError):
    """A file that can't be fetched; the message names its address and the cause."""


def fetch(
    url: str,
    path: Path,
    *,
    size: int,
    sha256: str,
    progress: Callable[[float], None] | None = None,
    pause: float = 1.0,
) -> None:
    """Fetch a file, unless it is there already.

    What has arrived when the connection breaks stays in ``path`` + ``.part``; the next try, or the
    next call, asks for the rest.

    Args:
        url: http or https.
        path: where the file goes, in a folder that exists. A file there that isn't the wanted one
            is an error, and stays.
        size: of the file, bytes.
        sha256: of the file.
        progress: called with the share that has arrived.
        pause: before the second try, seconds; twice as long before each further one.

    Raises:
        CannotFetch: the server can't be reached, doesn't have the file, or has another one; or
            ``path`` is another file.
        OSError: a full disk, or a folder that can't be written.
    """
    if path.exists():
        if path.stat().st_size == size and _digest(path) == sha256:
            return
        raise CannotFetch(f"{path} exists and isn't the file of {url}: move it away")
    if not url.startswith(("http://", "https://")):
        raise CannotFetch(f"{url} is no address of http or https")
    part = path.with_name(path.name + PART)
    if part.exists() and part.stat().st_size > size:
        part.unlink()
    for left in reversed(range(TRIES)):
        try:
            _fetch_rest(url, part, size, progress)
            break
        except urllib.error.HTTPError as error:
            error.close()
            if left and error.code >= 500:
                time.sleep(pause * 2 ** (TRIES - left - 1))
                continue
            raise CannotFetch(f"{url} can't be fetched: the server says {error}") from None
        except BROKEN as error:
            if not left:
                raise CannotFetch(f"{url} can't be fetched: {_words(error)}") from None
            time.sleep(pause * 2 ** (TRIES - left - 1))
    if (found := _digest(part)) != sha256:
        page = part.read_bytes()[:200].lstrip().lower().startswith((b"<!doctype", b"<html"))
        part.unlink()
        what = "a web page" if page else f"another file, SHA-256 {found}"
        raise CannotFetch(f"{url} is {what} instead of the file with the SHA-256 {sha256}")
    os.replace(part, path)


def _fetch_rest(url: str, part: Path, size: int, progress: Callable[[float], None] | None) -> None:
    """Fetch what is missing of a part; a server that can't go on in the middle begins again.

    Raises:
        CannotFetch: the server sends more than the file has.
        http.client.IncompleteRead: the connection ended early.
    """
    there = part.stat().st_size if part.exists() else 0
    if there == size:
        return
    request = urllib.request.Request(url, headers={"Range": f"bytes={there}-"} if there else {})
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
        goes_on = answer.status == 206 and answer.headers.get("Content-Range", "").startswith(
            f"bytes {there}-"
        )
        with part.open("ab" if goes_on else "wb") as file:
            arrived = there if goes_on else 0
            while chunk := answer.read(CHUNK):
                arrived += len(chunk)
                if arrived > size:
                    file.close()
                    part.unlink()
                    raise CannotFetch(f"{url} is longer than the file, which has {size:,} bytes")
                file.write(chunk)
                if progress:
                    progress(arrived / size)
    if arrived < size:
        raise http.client.IncompleteRead(b"", size - arrived)


def _words(error: Exception) -> str:
    reason = getattr(error, "reason", None)
    if isinstance(error, http.client.IncompleteRead):
        return "the connection breaks off, or the file is shorter than the one listed here"
    with contextlib.suppress(AttributeError):
        return str(reason.strerror or reason)  # type: ignore[union-attr]
    return str(reason or error) or type(error).__name__


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
