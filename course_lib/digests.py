"""A file's SHA-256, kept in the file itself, so that a single flipped bit is noticed.

The digest is that of all the file's bytes, with zeros where the digest stands. The same bytes,
a mark, stand before it in every file of a kind.
"""

from __future__ import annotations

import hashlib

BLANK = "0" * 64  # stands for the digest until it is known


def fill_in(content: bytes, mark: bytes) -> tuple[bytes, bytes, memoryview]:
    """Put the digest of a file's content into it.

    Args:
        content: with `BLANK` behind the first ``mark``.
        mark: what stands before the digest.

    Returns:
        The new content, in three parts.
    """
    begin = content.index(mark + BLANK.encode()) + len(mark)
    digest = hashlib.sha256(content).hexdigest()
    return content[:begin], digest.encode(), memoryview(content)[begin + len(BLANK) :]


def is_whole(content: bytes, mark: bytes) -> bool:
    """Whether a file's content is what `fill_in` made, to the last bit."""
    begin = content.find(mark) + len(mark)
    end = begin + len(BLANK)
    if begin < len(mark):
        return False
    digest = hashlib.sha256(content[:begin])
    digest.update(BLANK.encode())
    digest.update(memoryview(content)[end:])
    return digest.hexdigest().encode() == content[begin:end]
