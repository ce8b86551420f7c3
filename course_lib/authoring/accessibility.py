"""Find pictures without an alternative text, which some readers couldn't follow."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

# Text that nbconvert writes for an image without alternative text.
_PLACEHOLDER = "No description has been provided for this image"
_FILE_NAME = re.compile(r"\S*[/\\_]\S*|.*\.(png|jpe?g|gif|svg|webp|avif|bmp|tiff?)", re.IGNORECASE)
# Words that only say that there is a picture.
_KIND = re.compile(
    r"((an?|the|this) )?(image|img|picture|figure|fig\.?|photo|photograph|plot|graph|chart|diagram"
    r"|screenshot|output|widget|canvas|untitled)[\s\d.:#-]*",
    re.IGNORECASE,
)
_PAINTED = re.compile(
    r"url\(\s*['\"]?(data:image/|[^)'\"]+\.(png|jpe?g|gif|svg|webp|avif)\b)", re.IGNORECASE
)
_VOID = {"img", "input", "embed"}
_PICTURES = {"img", "svg", "canvas", "object", "embed", "video", "iframe"}
_MEND = "show it with viz.show(figure, alt=…)"


def picture_defects(html: str, places: Mapping[str, str] | None = None) -> list[str]:
    """Return a line for each picture of a page without a text of its own.

    Pictures are images, SVG, canvases, embedded objects and backgrounds. Their text is the
    alternative text, the label or the title. A file name doesn't count, nor does "figure 3" or the
    text of another picture of the page. A drawing that is hidden from screen readers needs no text;
    an image always does.

    Args:
        html: the page.
        places: id of an element → what to call the place that begins there.
    """
    finder = _PictureFinder(places or {})
    finder.feed(html)
    finder.close()
    defects, said = [], set()
    for picture in finder.found:
        words = " ".join(picture.words.split())
        if picture.kind == "background":
            what = "paints a picture as a background, which has no words: make it an <img alt=…>"
        elif words in ("", _PLACEHOLDER):
            what = f"shows a figure without alternative text: {_MEND}"
        elif _FILE_NAME.fullmatch(words):
            what = f"shows a figure whose alternative text is a file's name, {words!r}: {_MEND}"
        elif _KIND.fullmatch(words):
            what = f"shows a figure whose alternative text says only {words!r}: {_MEND}"
        elif words in said:
            what = (
                "shows a figure with the alternative text of another one: say in each what "
                f"only it shows, this one says {words[:60]!r}"
            )
        else:
            said.add(words)
            continue
        defects.append(f"{picture.place} {what}")
    return defects


@dataclass(kw_only=True)
class _Picture:
    place: str
    kind: str
    words: str


class _PictureFinder(HTMLParser):
    """Collects the pictures of a page with their texts."""

    def __init__(self, places: Mapping[str, str]) -> None:
        super().__init__()
        self.places, self.place = places, "the page"
        self.found: list[_Picture] = []
        self.around: list[_Picture | None] = []  # elements that may hold words, innermost last
        self.tag = ""

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        given = {key: value or "" for key, value in attributes}
        self.place = self.places.get(given.get("id", ""), self.place)
        self.tag = tag
        label = given.get("aria-label", "")
        if _PAINTED.search(given.get("style", "")) and not (given.get("role") == "img" and label):
            self.found.append(_Picture(place=self.place, kind="background", words=""))
        if tag not in _PICTURES and not (tag == "input" and given.get("type") == "image"):
            return
        picture = None
        if tag == "img" or given.get("aria-hidden") != "true":
            words = given.get("alt", "") or label or given.get("title", "")
            picture = _Picture(place=self.place, kind=tag, words=words)
            self.found.append(picture)
        if tag not in _VOID:
            self.around.append(picture)

    def handle_endtag(self, tag: str) -> None:
        self.tag = ""
        if tag in _PICTURES - _VOID and self.around:
            self.around.pop()

    def handle_data(self, data: str) -> None:
        if self.tag == "style" and _PAINTED.search(data):
            self.found.append(_Picture(place=self.place, kind="background", words=""))
        picture = self.around[-1] if self.around else None
        # An SVG is called what its title says; text in it is a part of the drawing.
        if picture and not picture.words and (picture.kind != "svg" or self.tag == "title"):
            picture.words = data.strip()
