"""The release of the course: its version, tag and repository, and the addresses made of them.

`[tool.course]` in pyproject.toml states them. `make build` writes the addresses into the notebooks'
Colab cells, README.md and CITATION.cff.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from course_lib.authoring.rules import Lesson
from course_lib.files import read_text

BADGE = "https://colab.research.google.com/assets/colab-badge.svg"
_HELD = "hold `repository` and `tag` as strings in [tool.course]"


@dataclass(frozen=True, kw_only=True)
class Release:
    """A release of the course.

    Attributes:
        name: name of the package that pip installs.
        version: version, such as ``"0.1.0"``.
        repository: address, ``"https://github.com/OWNER/REPO"``.
        tag: tag of the release in the repository, such as ``"v0.1.0"``.
    """

    name: str
    version: str
    repository: str
    tag: str

    @property
    def archive(self) -> str:
        """Return the address from which pip installs this release."""
        return f"{self.repository}/archive/refs/tags/{self.tag}.zip"

    def in_colab(self, lesson: str) -> str:
        """Return the address that opens the student edition of ``"01_baseline_gan"`` in Colab."""
        path = self.repository.removeprefix("https://github.com/")
        return (
            f"https://colab.research.google.com/github/{path}/blob/{self.tag}"
            f"/notebooks/{lesson}.ipynb"
        )

    def badge(self, lesson: Lesson) -> str:
        """Return the badge, as Markdown, that opens a lesson in Colab."""
        return f"[![Open lesson {lesson.number} in Colab]({BADGE})]({self.in_colab(lesson.name)})"


def read(pyproject: Path) -> Release:
    """Read the release that a pyproject.toml describes.

    Raises:
        ValueError: a setting is missing, the repository isn't on GitHub, or the tag doesn't
            belong to the version.
        OSError: the file can't be read.
    """
    try:
        settings = tomllib.loads(read_text(pyproject))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{pyproject} is no TOML: {error}") from None
    course = settings.get("tool", {}).get("course", {})
    try:
        repository, tag = str(course["repository"]), str(course["tag"])
        name, version = settings["project"]["name"], settings["project"]["version"]
    except KeyError as error:
        raise ValueError(f"{pyproject} has no {error.args[0]!r}: {_HELD}") from None
    if not re.fullmatch(r"https://github\.com/[\w.-]+/[\w.-]+", repository):
        raise ValueError(
            f"repository {repository!r} in {pyproject} isn't like https://github.com/OWNER/REPO, "
            "and Colab opens notebooks of GitHub only"
        )
    if tag != f"v{version}":
        raise ValueError(
            f"tag {tag!r} in {pyproject} isn't that of version {version}: set both for the same "
            f"release, tag = 'v{version}'"
        )
    return Release(name=name, version=version, repository=repository, tag=tag)


def citation(text: str, release: Release) -> str:
    """Return CITATION.cff's text with this release's version and repository.

    Raises:
        ValueError: the text doesn't have exactly one line for each.
    """
    for key, value in (("version", release.version), ("repository-code", release.repository)):
        text, count = re.subn(rf"(?m)^{key}:.*$", f"{key}: {value}", text)
        if count != 1:
            raise ValueError(f"CITATION.cff has {count} lines `{key}: …`, needs one")
    return text
