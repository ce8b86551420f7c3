"""What a reader's page shows, and the parts of HTML that readers rely on."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator
from html.parser import HTMLParser

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from PIL import Image


class Page(HTMLParser):
    """Elements of HTML as (tag, attributes), its text, and whether all tags were closed."""

    EMPTY = ("img", "br", "meta", "input")

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == [], f"never closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self.EMPTY:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def pictures(self) -> list[np.ndarray]:
        """The pixels of every picture, H×W×3 uint8."""
        files = [img["src"].removeprefix("data:image/png;base64,") for img in self.all("img")]
        opened = [Image.open(io.BytesIO(base64.b64decode(file))) for file in files]
        return [np.asarray(picture.convert("RGB")) for picture in opened]


@pytest.fixture(scope="session")
def parse() -> Callable[[str], Page]:
    return Page


@pytest.fixture
def outputs() -> Iterator[Callable[[Callable[[], object]], list[dict]]]:
    """Run something as a notebook cell would; gives its outputs as {"data", "update"}."""
    InteractiveShell.instance()

    def run(cell: Callable[[], object]) -> list[dict]:
        with capture_output() as captured:
            cell()
        return captured._outputs

    yield run
    InteractiveShell.clear_instance()
