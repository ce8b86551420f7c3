"""The git checkout of the library: its commit, and whether files differ from that commit.

A row of a result table names the commit whose code made it. So the library's files must be those of
the commit, except for ``course_lib/assets``, which holds no code.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import course_lib

ROOT = Path(course_lib.__file__).parents[1]
CODE = ("--", "course_lib", ":(exclude)course_lib/assets")
NAMED = 5  # files that a message names before it counts the rest


def head(root: Path = ROOT) -> str:
    """Return the commit that is checked out, 40 hex digits.

    Raises:
        ValueError: ``root`` isn't a git checkout of the course, or git isn't installed.
    """
    try:
        _git(root, "ls-files", "--error-unmatch", "course_lib/__init__.py")
        return _git(root, "rev-parse", "HEAD").strip()
    except (OSError, ValueError) as error:
        raise ValueError(
            f"{root} is no git checkout of the course ({error}); each row names the commit that "
            "made it, so clone the course with git and run this in the clone"
        ) from None


def require_unchanged(commit: str, root: Path = ROOT) -> None:
    """Check that the library's code is that of a commit.

    Raises:
        ValueError: files differ; the message names them.
    """
    changed = _files(root, "diff", "--name-only", "--relative", "-z", commit, *CODE)
    changed |= _files(root, "ls-files", "--others", "--exclude-standard", "-z", *CODE)
    if not changed:
        return
    names = ", ".join(sorted(changed)[:NAMED])
    if len(changed) > NAMED:
        names += f" and {len(changed) - NAMED} more"
    raise ValueError(
        f"course_lib isn't as in commit {commit[:7]}, so a row could not say which code made it: "
        f"{names}. Commit these changes or undo them, then give the same command again; rows "
        "that are done stay. To go on editing meanwhile, run it in a second checkout: "
        "`git worktree add ../reproduce`"
    )


def _files(root: Path, *words: str) -> set[str]:
    return set(_git(root, *words).split("\0")) - {""}


def _git(root: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(root), *words],
        capture_output=True,
        encoding="utf-8",
        errors="backslashreplace",  # names of files need not be UTF-8
        check=False,
    )
    if done.returncode:
        raise ValueError(" ".join(done.stderr.split()) or f"git {words[0]} failed")
    return done.stdout
