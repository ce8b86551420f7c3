"""Where the course is published, and which release: one setting, from which addresses are written.

`[tool.course]` in pyproject.toml holds it. `make build` writes it into the notebooks' Colab cells,
README.md and CITATION.cff.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from course_lib.authoring.rules import Lesson
from course_lib.files import read_text

BADGE = "https://colab.research.google.com/assets/colab-badge.svg"
_BLOCK = re.compile(r"(?<=<!-- course build -->\n).*?(?=<!-- /course build -->)", re.DOTALL)
_HELD = "hold `repository` and `tag` as strings in [tool.course]"


@dataclass(frozen=True, kw_only=True)
class Release:
    """A release of the course.

    Attributes:
        name: of the package that pip installs.
        version: such as ``"0.1.0"``.
        repository: ``"https://github.com/OWNER/REPO"``.
        tag: of the release in the repository, such as ``"v0.1.0"``.
    """

    name: str
    version: str
    repository: str
    tag: str

    @property
    def archive(self) -> str:
        """The address from which pip installs this release."""
        return f"{self.repository}/archive/refs/tags/{self.tag}.zip"

    def in_colab(self, lesson: str) -> str:
        """The address that opens the student edition of ``"01_baseline_gan"`` in Colab."""
        path = self.repository.removeprefix("https://github.com/")
        return (
            f"https://colab.research.google.com/github/{path}/blob/{self.tag}"
            f"/notebooks/{lesson}.ipynb"
        )

    def badge(self, lesson: Lesson) -> str:
        """A picture, as markdown, that opens a lesson in Colab."""
        return f"[![Open lesson {lesson.number} in Colab]({BADGE})]({self.in_colab(lesson.name)})"


def read(pyproject: Path) -> Release:
    """The release that a pyproject.toml describes.

    Raises:
        ValueError: its setting is missing or no address on GitHub, or the tag isn't the version's.
        OSError: it can't be read.
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


def pages(root: Path, release: Release, lessons: Sequence[Lesson]) -> dict[Path, str]:
    """The files below ``root`` that show addresses, with the text that they should have.

    Raises:
        ValueError: one has no place for them.
        OSError: one can't be read.
    """
    readme_path, citation_path = root / "README.md", root / "CITATION.cff"
    return {
        readme_path: readme(read_text(readme_path), release, lessons),
        citation_path: citation(read_text(citation_path), release),
    }


def readme(text: str, release: Release, lessons: Sequence[Lesson]) -> str:
    """README.md with the addresses of this release between its markers.

    Raises:
        ValueError: it hasn't one pair of markers.
    """
    rows = [f"| {one.number} | {one.title} | {release.badge(one)} |" for one in lessons]
    block = "\n".join(
        [
            f"A lesson opens in Google Colab as release {release.version} has it. Its first cell",
            "installs the course and leaves Colab's own packages as they are.",
            "",
            "| | lesson | |",
            "|---|---|---|",
            *rows,
            "",
            "On your machine, begin with a copy of the whole course:",
            "",
            "```sh",
            f"git clone {release.repository}",
            "```",
            "",
        ]
    )
    written, count = _BLOCK.subn(lambda _: block, text)
    if count != 1:
        raise ValueError(
            f"README.md has {count} places for the addresses of this release, needs one: a line "
            "`<!-- course build -->` and below it a line `<!-- /course build -->`"
        )
    return written


def citation(text: str, release: Release) -> str:
    """CITATION.cff with this release's version and address.

    Raises:
        ValueError: it hasn't exactly one line for each.
    """
    for key, value in (("version", release.version), ("repository-code", release.repository)):
        text, count = re.subn(rf"(?m)^{key}:.*$", f"{key}: {value}", text)
        if count != 1:
            raise ValueError(f"CITATION.cff has {count} lines `{key}: …`, needs one")
    return text
