"""The generated parts of README.md: the table of lessons, and the addresses of the release.

Each part lies between the markers ``<!-- course build: NAME -->`` and
``<!-- /course build: NAME -->``, on lines of their own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from course_lib.authoring import overview
from course_lib.authoring.release import Release
from course_lib.authoring.rules import Lesson

# Written by data_scripts/thumbnails.py.
PICTURE = '<img src="docs/lessons/{0}.jpg" width="160" alt="A result of lesson {0}">'
PLANNED = {
    "05": "DeSRA: find a GAN's artifacts without ground truth",
    "06": "DeSRA: finetune them away",
    "07": "An artifact localiser",
    "08": "Three derainers and their fusion",
    "09": "Reading tables of results",
}


def write(text: str, release: Release, lessons: Sequence[Lesson]) -> str:
    """Return README.md's text with its generated parts brought up to date.

    Raises:
        ValueError: the text doesn't have exactly one place for each part.
    """
    for name, part in (("lessons", table(release, lessons)), ("release", addresses(release))):
        start, end = f"<!-- course build: {name} -->", f"<!-- /course build: {name} -->"
        pattern = re.compile(f"(?<={start}\n).*?(?={end})", re.DOTALL)
        text, count = pattern.subn(lambda _, part=part: part, text)  # type: ignore[misc]
        if count != 1:
            raise ValueError(
                f"README.md has {count} places for the generated part {name!r}, needs one: a line "
                f"`{start}` and below it a line `{end}`"
            )
    return text


def table(release: Release, lessons: Sequence[Lesson]) -> str:
    """Return the table of lessons, as Markdown: pictures, links, exercises, hours, badges."""
    lines = ["| | | lesson | exercises | hours | status | |", "|---|---|---|---|--:|---|---|"]
    for lesson in lessons:
        titles = " · ".join(header.title for header in overview.headers(lesson))
        link = f"[{lesson.title}](notebooks/{lesson.name}.ipynb)"
        lines.append(
            f"| {lesson.number} | {PICTURE.format(lesson.number)} | {link} | {titles} "
            f"| {overview.hours(lesson):g} | ready | {release.badge(lesson)} |"
        )
    there = {lesson.number for lesson in lessons}
    lines += [
        f"| {number} | | {title} | | | planned | |"
        for number, title in PLANNED.items()
        if number not in there
    ]
    return "\n".join(lines) + "\n"


def addresses(release: Release) -> str:
    """Return the paragraphs that name the release and its repository, as Markdown."""
    return (
        f"The badges above open the lessons of release {release.version} in Google Colab. The\n"
        "first cell of a lesson installs the course and leaves Colab's own packages unchanged.\n\n"
        "On your machine, begin with a copy of the whole course:\n\n"
        f"```sh\ngit clone {release.repository}\n```\n"
    )
